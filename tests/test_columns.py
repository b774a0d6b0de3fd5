"""Columns: sparse text, and work side by side."""

from __future__ import annotations

import threading

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from zecnb import columns
from zecnb.columns import at_once, spread

CELLS = st.lists(st.one_of(st.none(), st.just("-"), st.text(max_size=5)), max_size=20)


@given(CELLS, CELLS)
def test_spread_puts_texts_where_they_belong(cells: list[str | None], before: list[str | None]) -> None:
    """Null everywhere else, empty and null texts as they are, and a part of a longer column too."""
    at = np.array([i for i, cell in enumerate(cells) if cell != "-"], np.int64)
    values = pa.array([*before, *(cell for cell in cells if cell != "-")], pa.large_string())[len(before) :]
    found = spread(values, at, len(cells))
    found.validate(full=True)
    assert found.to_pylist() == [None if cell == "-" else cell for cell in cells]


def test_small_work_stays_in_its_thread() -> None:
    """A preview of a few addresses must not wait for threads to start."""
    here = threading.get_ident()
    assert at_once(3, [threading.get_ident] * 3) == [here] * 3


def test_large_work_is_shared_and_keeps_its_order(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two pieces that wait for each other can only end when they run side by side."""
    monkeypatch.setattr(columns.os, "cpu_count", lambda: 2)
    both = threading.Barrier(2, timeout=20)
    found = at_once(columns._LARGE, [lambda: ("a", both.wait()), lambda: ("b", both.wait())])
    assert [name for name, _ in found] == ["a", "b"]


def test_an_error_in_one_piece_is_raised() -> None:
    """Not lost in its thread."""

    def fail() -> None:
        raise KeyError("x")

    with pytest.raises(KeyError, match="x"):
        at_once(columns._LARGE, [fail, lambda: None])
