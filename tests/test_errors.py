"""The exception tree: its drawing, its words, its way through processes."""

from __future__ import annotations

import pickle

import pandas as pd
import pytest

from zecnb import errors


def test_the_tree_is_drawn_in_full() -> None:
    """Each exception stands in the module's docstring and in ``__all__``, sorted."""
    kinds = [name for name, value in vars(errors).items() if isinstance(value, type) and issubclass(value, Exception)]
    assert sorted(kinds) == sorted(errors.__all__)
    assert errors.__all__ == sorted(errors.__all__)
    assert all(name in (errors.__doc__ or "") for name in kinds)


def test_a_cloud_error_says_what_who_and_what_next() -> None:
    """Action, words, status, code, requestId and advice are in its text."""
    error = errors.ApiError(
        "no such vNIC", action="X", code="INVALID_NIC_NOT_FOUND", http_status=404, request_id="T1", advice="Look."
    )
    assert str(error) == "X: no such vNIC (HTTP 404, INVALID_NIC_NOT_FOUND, requestId T1). Look."


@pytest.mark.parametrize(
    "error",
    [
        errors.UsageError("so"),
        errors.ThrottledError("slow", action="X", code="REQUEST_LIMIT_EXCEEDED", http_status=429, retryable=True),
        errors.TransportError("gone", action="X", code="TRANSPORT_TIMEOUT", may_have_happened=True),
        errors.PlanDriftedError("moved", pd.DataFrame({"now": ["held"]})),
    ],
    ids=lambda error: type(error).__name__,
)
def test_errors_survive_pickling(error: errors.ZecnbError) -> None:
    """An error raised in another process arrives whole."""
    again = pickle.loads(pickle.dumps(error))
    assert type(again) is type(error)
    assert str(again) == str(error)
    assert {k: str(v) for k, v in vars(again).items()} == {k: str(v) for k, v in vars(error).items()}
