"""Counts as people and programs give them -> whole numbers, and what is no count as it was given."""

from __future__ import annotations

import math
import numbers
import re
from enum import IntEnum
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from zecnb.columns import column, writable

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

__all__ = ["COUNT_CEILING", "CountState", "Counts", "no_counts", "read_column", "read_values"]

COUNT_CEILING = 1 << 40
"""Counts above it are taken as it: no subnet holds that many, and sums stay within int64."""

_TEXT = pa.large_string()
_SHOWN = 40  # characters of a count that is none
_DIGITS = 18  # any number of so many fits int64; one of more is beyond the ceiling
_WHOLE = "-?[0-9]{1,30}"


class CountState(IntEnum):
    """What the count field of a request holds."""

    ABSENT = 0
    GIVEN = 1
    NOT_POSITIVE = 2
    NOT_INTEGER = 3


class Counts(NamedTuple):
    """A column of counts.

    Attributes:
        value: int64[n], 0 when absent or no whole number.
        state: uint8[n], a ``CountState``.
        text: Arrow strings: the count as given where it is not usable, null elsewhere.
    """

    value: NDArray[np.int64]
    state: NDArray[np.uint8]
    text: pa.LargeStringArray


def no_counts(length: int) -> Counts:
    """Return a column in which nothing is given."""
    return Counts(np.zeros(length, np.int64), np.zeros(length, np.uint8), pa.nulls(length, _TEXT))


def read_column(cells: pd.Series) -> Counts:
    """Read a column of a frame, whatever its dtype."""
    if isinstance(cells.dtype, pd.StringDtype):
        return _read_texts(column(cells))
    if cells.dtype == np.int64:
        number = cells.to_numpy()
        state = np.where(number < 1, CountState.NOT_POSITIVE, CountState.GIVEN).astype(np.uint8)
        return Counts(_within(number), state, pa.array(number, mask=number >= 1).cast(_TEXT))
    return read_values(cells.tolist())


def _read_texts(texts: pa.LargeStringArray) -> Counts:
    given = pc.utf8_trim_whitespace(pc.fill_null(texts, ""))
    there = np.asarray(pc.not_equal(given, ""))
    whole = np.asarray(pc.match_substring_regex(given, f"^{_WHOLE}$"))
    digits = pc.replace_substring_regex(pc.if_else(pa.array(whole), given, "0"), "^(-?)0+([0-9])", r"\1\2")
    digits = pc.if_else(pc.equal(digits, "-0"), "0", digits)
    beyond = pc.greater(pc.utf8_length(pc.utf8_ltrim(digits, "-")), _DIGITS)
    high = pc.if_else(pc.starts_with(digits, "-"), str(-COUNT_CEILING), str(COUNT_CEILING))
    number = np.asarray(pc.if_else(beyond, high, digits).cast(pa.int64()))
    odd, low = there & ~whole, whole & (number < 1)
    state = np.select(
        [odd, low, whole], [CountState.NOT_INTEGER, CountState.NOT_POSITIVE, CountState.GIVEN], CountState.ABSENT
    )
    shown = pc.if_else(pa.array(odd), pc.utf8_slice_codeunits(given, 0, _SHOWN), digits)
    return Counts(
        _within(number), state.astype(np.uint8), pc.if_else(pa.array(odd | low), shown, pa.scalar(None, _TEXT))
    )


def _within(number: NDArray[np.int64]) -> NDArray[np.int64]:
    return np.clip(number, -COUNT_CEILING, COUNT_CEILING)


def read_values(values: Iterable[object]) -> Counts:
    """Read values of any kind; NaN and NA mean that none was given."""
    cells = [_read(value) for value in values]
    return Counts(
        np.array([number for number, _, _ in cells], np.int64),
        np.array([state for _, state, _ in cells], np.uint8),
        pa.array([text for _, _, text in cells], _TEXT),
    )


def _read(value: object) -> tuple[int, CountState, str | None]:
    nothing = value is None or value is pd.NA or value is pd.NaT
    if nothing or (isinstance(value, float | np.floating) and math.isnan(value)):
        return 0, CountState.ABSENT, None
    if isinstance(value, str):
        text = writable(value.strip())
        if not text:
            return 0, CountState.ABSENT, None
        if not re.fullmatch(_WHOLE, text):
            return 0, CountState.NOT_INTEGER, text[:_SHOWN]
        value = int(text)
    if isinstance(value, bool | np.bool_):
        return 0, CountState.NOT_INTEGER, str(value)
    if isinstance(value, float | np.floating) and float(value).is_integer():
        value = int(value)
    if not isinstance(value, numbers.Integral):
        return 0, CountState.NOT_INTEGER, str(value)[:_SHOWN]
    number = int(value)
    if number < 1:
        return max(-COUNT_CEILING, number), CountState.NOT_POSITIVE, str(number)[:_SHOWN]
    return min(number, COUNT_CEILING), CountState.GIVEN, None
