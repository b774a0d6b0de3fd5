"""Columns: sparse text, and work side by side."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from zecnb import columns
from zecnb.columns import among, at_once, joined, named, spread, texts_at

CELLS = st.lists(st.one_of(st.none(), st.just("-"), st.text(max_size=5)), max_size=20)
PAIRS = st.lists(st.tuples(*[st.none() | st.text("ab ", max_size=2)] * 2), max_size=60)
"""Rows of two texts, few and many."""


def two(rows: list[tuple[str | None, str | None]]) -> tuple[pa.LargeStringArray, pa.LargeStringArray]:
    """Return rows as two columns."""
    left, right = (pa.array([row[at] for row in rows], pa.large_string()) for at in (0, 1))
    return left, right


@given(PAIRS)
def test_joined(rows: list[tuple[str | None, str | None]]) -> None:
    """Row by row; a null makes a row null, or is said as told."""
    left, right = two(rows)
    plain = [None if None in row else f"<{row[0]}-{row[1]}" for row in rows]
    assert joined("<", left, "-", right).to_pylist() == plain
    said = ["/".join("?" if text is None else text for text in row) for row in rows]
    assert joined(left, "/", right, null="?").to_pylist() == said


@given(PAIRS)
def test_named(rows: list[tuple[str | None, str | None]]) -> None:
    """Without a name the id stands alone; without an id there is nothing to say."""
    expected = [who if who is None or not name else f"{name} {who}" for name, who in rows]
    assert named(*two(rows)).to_pylist() == expected


@given(PAIRS)
def test_among(rows: list[tuple[str | None, str | None]]) -> None:
    """A null is among nothing."""
    left, _ = two(rows)
    assert among(left, ("a", "ab")).tolist() == [name in ("a", "ab") for name, _ in rows]


@given(st.lists(st.integers(-1, 2), max_size=60), st.sampled_from([np.int8, np.int64]))
def test_texts_at(at: list[int], kind: type[np.signedinteger]) -> None:
    """A negative position is nowhere, whether few or many are asked for."""
    texts = ["a", None, ""]
    found = texts_at(pa.array(texts, pa.large_string()), np.array(at, kind))
    assert found.to_pylist() == [texts[place] if place >= 0 else None for place in at]


@given(CELLS | st.lists(st.sampled_from([None, "-", "", "x"]), min_size=30, max_size=60), CELLS)
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


def test_work_within_work_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    """However many share work out at once, nobody waits for a helper that waits for them."""
    monkeypatch.setattr(columns.os, "cpu_count", lambda: 4)

    def halves(depth: int) -> int:
        return sum(at_once(columns._LARGE, [lambda: halves(depth - 1)] * 2)) if depth else 1

    assert halves(6) == 64


def test_without_helpers_the_caller_does_all(monkeypatch: pytest.MonkeyPatch) -> None:
    """As in a process forked from one that had some."""
    monkeypatch.setattr(columns, "_HELPERS", ThreadPoolExecutor(1))
    stop = threading.Event()
    busy = columns._HELPERS.submit(stop.wait)
    assert at_once(columns._LARGE, [lambda at=at: at for at in range(9)]) == list(range(9))
    stop.set()
    busy.result(5)
    columns._HELPERS.shutdown()


def test_an_error_in_one_piece_is_raised() -> None:
    """Not lost in its thread."""

    def fail() -> None:
        raise KeyError("x")

    with pytest.raises(KeyError, match="x"):
        at_once(columns._LARGE, [fail, lambda: None])
