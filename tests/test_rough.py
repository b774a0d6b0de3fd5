"""Short runs of what is thrown at the emulator; ``python -m tests.fuzz`` and ``python -m tests.hammer`` are long."""

from __future__ import annotations

import logging

import pytest

from tests import fuzz, hammer
from tests.hammer import Op, explain


def test_malformed_requests() -> None:
    """Some hundreds, also over a socket: no fault of its own, answers in the API's shape."""
    logging.getLogger("zecnb.emulator").disabled = True
    try:
        seen, _ = fuzz.run(600, 3, sockets=0.05)
    finally:
        logging.getLogger("zecnb.emulator").disabled = False
    assert seen["200"] > 5
    assert seen["400"] > 100


def test_one_subnet_under_the_hammer(capsys: pytest.CaptureFixture[str]) -> None:
    """Clients at the same time, a kill, a restart: one account could have answered so, and nothing is lost."""
    assert hammer.run(1.5, 8, 1) == []
    assert "calls of 8 clients" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("ops", "possible"),
    [
        ([Op(0, 1, "take", "a"), Op(2, 3, "give", "a"), Op(4, 5, "take", "b")], True),
        ([Op(0, 1, "take", "a"), Op(2, 3, "take", "b")], False),
        ([Op(0, 3, "take", "a"), Op(1, 2, "give", "a")], True),
        ([Op(2, 3, "take", "a"), Op(0, 1, "give", "a")], False),
        ([Op(0, 5, "take", "a"), Op(0, 5, "give", "a"), Op(0, 5, "take", "b"), Op(6, 7, "is", "b")], True),
        ([Op(0, 1, "take", "a"), Op(2, 3, "is", None)], False),
        ([Op(0, float("inf"), "take", "a"), Op(2, 3, "is", None)], True),
        ([Op(0, float("inf"), "take", "a"), Op(2, 3, "is", "a")], True),
        ([Op(1, float("inf"), "take", "a"), Op(0, 0.5, "is", "a")], False),
        ([Op(0, 1, "held", "b")], False),
        ([Op(0, 3, "take", "a"), Op(1, 2, "held", "b")], True),
        ([Op(0, 1, "take", "a"), Op(2, 3, "lacked", "a")], False),
        ([Op(0, 1, "take", "a"), Op(2, 3, "lacked", "b")], True),
    ],
)
def test_checker_knows_what_cannot_be(ops: list[Op], *, possible: bool) -> None:
    """The checker finds an order where there is one, and none where there is none."""
    assert explain(ops, None) is possible
