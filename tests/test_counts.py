"""Counts in every form people have them in."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from zecnb.counts import COUNT_CEILING, CountState, no_counts, read_column, read_values

if TYPE_CHECKING:
    from zecnb.counts import Counts

ABSENT, GIVEN, NOT_POSITIVE, NOT_INTEGER = CountState


def entries(counts: Counts) -> list[tuple[int, int, str | None]]:
    """Return number, state and text of each count."""
    return list(zip(counts.value.tolist(), counts.state.tolist(), counts.text.to_pylist(), strict=True))


COUNTS: list[tuple[Any, int, CountState, str]] = [
    (None, 0, ABSENT, ""),
    (float("nan"), 0, ABSENT, ""),
    (np.float64("nan"), 0, ABSENT, ""),
    (pd.NA, 0, ABSENT, ""),
    (pd.NaT, 0, ABSENT, ""),
    ("", 0, ABSENT, ""),
    ("  ", 0, ABSENT, ""),
    (1, 1, GIVEN, ""),
    ("4", 4, GIVEN, ""),
    (" 4 ", 4, GIVEN, ""),
    (4.0, 4, GIVEN, ""),
    (np.int32(4), 4, GIVEN, ""),
    (np.uint8(4), 4, GIVEN, ""),
    (np.float32(4), 4, GIVEN, ""),
    (10**9, 10**9, GIVEN, ""),
    (10**30, COUNT_CEILING, GIVEN, ""),
    ("9" * 30, COUNT_CEILING, GIVEN, ""),
    (0, 0, NOT_POSITIVE, "0"),
    (-1, -1, NOT_POSITIVE, "-1"),
    ("-1", -1, NOT_POSITIVE, "-1"),
    (-0.0, 0, NOT_POSITIVE, "0"),
    (-(10**30), -COUNT_CEILING, NOT_POSITIVE, "-1000000000000000000000000000000"),
    (True, 0, NOT_INTEGER, "True"),
    (np.True_, 0, NOT_INTEGER, "True"),
    (3.7, 0, NOT_INTEGER, "3.7"),
    (np.float64(3.7), 0, NOT_INTEGER, "3.7"),
    (float("inf"), 0, NOT_INTEGER, "inf"),
    (Decimal("3.7"), 0, NOT_INTEGER, "3.7"),
    ("3.7", 0, NOT_INTEGER, "3.7"),
    ("1e3", 0, NOT_INTEGER, "1e3"),
    ("four", 0, NOT_INTEGER, "four"),
    ("-", 0, NOT_INTEGER, "-"),
    ("--4", 0, NOT_INTEGER, "--4"),
    ("4-", 0, NOT_INTEGER, "4-"),
    ("+4", 0, NOT_INTEGER, "+4"),
    ("1_000", 0, NOT_INTEGER, "1_000"),
    ("1,000", 0, NOT_INTEGER, "1,000"),
    ("\uff14", 0, NOT_INTEGER, "\uff14"),
    ("\u00b2", 0, NOT_INTEGER, "\u00b2"),
    ("9" * 31, 0, NOT_INTEGER, "9" * 31),
    ("=1+1", 0, NOT_INTEGER, "=1+1"),
    ([4], 0, NOT_INTEGER, "[4]"),
]
"""A count, and what it is taken for: number, state, and how it is shown."""


@pytest.mark.parametrize(("cell", "number", "state", "shown"), COUNTS, ids=[repr(case[0])[:20] for case in COUNTS])
def test_counts(cell: Any, number: int, state: CountState, shown: str) -> None:
    """Whole numbers are counts, nothing is none, and anything else is shown as it was given; alone or in a frame."""
    for counts in (read_values([cell]), read_column(pd.Series([cell], dtype=object))):
        assert entries(counts) == [(number, state, shown or None)]


@pytest.mark.parametrize("dtype", ["Int64", "float64", "object", "str", "int64[pyarrow]"])
def test_counts_in_a_column(dtype: str) -> None:
    """A missing value beside counts leaves them whole numbers, whatever the column's dtype makes of them."""
    cells = pd.Series(["3", None, "5"] if dtype == "str" else [3, None, 5], dtype=dtype)
    assert entries(read_column(cells)) == [(3, GIVEN, None), (0, ABSENT, None), (5, GIVEN, None)]


TEXTS = st.one_of(
    st.none(),
    st.text(max_size=6),
    st.text("09-.e "),
    st.integers().map(str),
    st.from_regex(r"\A\s?-?0{0,3}[0-9]{0,32}\s?\Z"),
)


@given(st.lists(TEXTS))
@example(["-0", "00", "-007", "0" * 29 + "7", "9" * 18, "9" * 19, "-" + "9" * 30])
def test_a_column_of_texts_is_read_as_its_cells_are(texts: list[str | None]) -> None:
    """A whole column is read at once, with the number and the state that each cell would have alone."""
    at_once, one_by_one = (read(pd.Series(texts, dtype="str")) for read in (read_column, read_values))
    assert entries(at_once) == entries(one_by_one)


@given(st.lists(st.integers(-(2**63), 2**63 - 1)))
def test_a_column_of_numbers_is_read_as_its_cells_are(numbers: list[int]) -> None:
    """A whole column is read at once, with the number and the state that each cell would have alone."""
    assert entries(read_column(pd.Series(numbers, dtype="int64"))) == entries(read_values(numbers))


def test_no_counts() -> None:
    """A column that is not there gives none to any row."""
    assert entries(no_counts(2)) == [(0, ABSENT, None)] * 2


def test_long_counts_are_shortened() -> None:
    """What is shown of a count that is none is at most 40 characters."""
    for counts in (read_values(["x" * 1000]), read_column(pd.Series(["x" * 1000], dtype="str"))):
        assert counts.text.to_pylist() == ["x" * 40]
