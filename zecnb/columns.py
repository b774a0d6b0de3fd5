"""Text columns as pandas and Arrow see them, ids to row numbers, and work on several columns at once."""

from __future__ import annotations

import itertools
import os
from concurrent.futures import ThreadPoolExecutor, wait
from typing import TYPE_CHECKING, TypeGuard, TypeVar

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable

    from numpy.typing import NDArray
    from pandas.api.extensions import ExtensionArray

__all__ = [
    "FEW",
    "among",
    "at_once",
    "column",
    "is_whole",
    "joined",
    "named",
    "positions",
    "spread",
    "strings",
    "texts_at",
    "writable",
]

_T = TypeVar("_T")

FEW = 32
"""Rows up to which Python has read a column before Arrow begins."""

_TEXT = pa.large_string()
_LARGE = 1 << 17  # rows from which on threads pay
_HELPERS = ThreadPoolExecutor(3, "zecnb-columns")  # kept: a thread's memory is its own, and new ones begin with none
_STR = pd.StringDtype("pyarrow", na_value=np.nan)  # what "str" means in pandas 3


def column(values: pd.Series | ExtensionArray) -> pa.LargeStringArray:
    """Return a ``str`` column as one Arrow array."""
    array = pa.array(values.array if isinstance(values, pd.Series) else values, pa.large_string())
    return array.combine_chunks() if isinstance(array, pa.ChunkedArray) else array


def strings(array: pa.Array) -> ExtensionArray:
    """Return an Arrow string array as values of a ``str`` column, without a copy."""
    return pd.arrays.ArrowStringArray(array, dtype=_STR)  # type: ignore[call-arg]  # the stubs do not know it


def writable(text: str) -> str:
    """Return text that UTF-8 can hold: halves of characters, as a shell makes of stray bytes, become escapes."""
    return text if text.isascii() else text.encode("utf-8", "backslashreplace").decode()


def texts_at(values: pa.LargeStringArray, at: NDArray[np.integer]) -> pa.LargeStringArray:
    """Return the texts at some positions, null at a negative one."""
    if len(at) <= FEW:
        return pa.array([values[place].as_py() if place >= 0 else None for place in at.tolist()], _TEXT)
    nowhere = at < 0
    return values.take(pa.array(at, mask=nowhere if nowhere.any() else None))


def joined(*parts: str | pa.LargeStringArray, null: str | None = None) -> pa.LargeStringArray:
    """Return columns and texts joined row by row; a row with a null is null.

    Args:
        parts: at least one of them a column.
        null: what is said for a null instead.
    """
    size = max(len(part) for part in parts if isinstance(part, pa.Array))
    if size <= FEW:
        columns = [part.to_pylist() if isinstance(part, pa.Array) else itertools.repeat(part, size) for part in parts]
        rows = zip(*columns, strict=True)
        if null is not None:
            return pa.array(["".join(null if text is None else text for text in row) for row in rows], _TEXT)
        return pa.array([None if None in row else "".join(row) for row in rows], _TEXT)
    known = (pa.scalar(part, _TEXT) if isinstance(part, str) else part for part in parts)
    if null is not None:
        known = (pc.fill_null(part, null) if isinstance(part, pa.Array) and part.null_count else part for part in known)
    return pc.binary_join_element_wise(*known, pa.scalar("", _TEXT))


def named(name: pa.LargeStringArray, who: pa.LargeStringArray) -> pa.LargeStringArray:
    """Return name and id of each, the id alone of what has no name."""
    if len(who) <= FEW:
        pairs = zip(name.to_pylist(), who.to_pylist(), strict=True)
        return pa.array([f"{first} {last}" if first and last is not None else last for first, last in pairs], _TEXT)
    return pc.if_else(pc.fill_null(pc.not_equal(name, ""), fill_value=False), joined(name, " ", who), who)


def among(values: pa.LargeStringArray, wanted: Collection[str]) -> NDArray[np.bool_]:
    """Return which texts are among some; null is not."""
    if len(values) <= FEW:
        return np.array([text in wanted for text in values.to_pylist()], np.bool_)
    return np.asarray(pc.is_in(values, pa.array(list(wanted), _TEXT)))


def positions(table: pa.LargeStringArray, wanted: pa.LargeStringArray) -> NDArray[np.int64]:
    """Return where each wanted id stands in a table of unique ids, -1 where it does not."""
    if len(wanted) <= 4:  # looking through the table is cheaper than building an index of it
        return np.array([pc.index(table, each).as_py() if each.is_valid else -1 for each in wanted], np.int64)
    at = pc.index_in(wanted, table, skip_nulls=True)
    return np.asarray(pc.fill_null(at, -1)).astype(np.int64)


def spread(values: pa.LargeStringArray, at: NDArray[np.int64], length: int) -> pa.LargeStringArray:
    """Return a column that has the values at some ascending positions and null elsewhere.

    Taking by an index that is mostly null gives the same, and looks at every row for it.
    """
    if length <= FEW:
        laid = dict(zip(at.tolist(), values.to_pylist(), strict=True))
        return pa.array([laid.get(place) for place in range(length)], _TEXT)
    if values.null_count:
        at, values = at[np.asarray(values.is_valid())], values.drop_null()
    if values.offset:
        values = pa.concat_arrays([values])
    lengths = np.zeros(length + 1, np.int64)
    lengths[at + 1] = np.diff(np.frombuffer(values.buffers()[1], np.int64)[: len(values) + 1])
    there = np.zeros(length, np.bool_)
    there[at] = True
    valid = pa.py_buffer(np.packbits(there, bitorder="little"))
    offsets = pa.py_buffer(np.cumsum(lengths, out=lengths))
    return pa.LargeStringArray.from_buffers(length, offsets, values.buffers()[2], valid)


def is_whole(value: object) -> TypeGuard[int]:
    """Return whether a value is a whole number, Python's or numpy's; True and False are none."""
    return isinstance(value, int | np.integer) and not isinstance(value, bool)


def at_once(size: int, work: Iterable[Callable[[], _T]]) -> list[_T]:
    """Do independent work on columns of a size, side by side where that pays.

    Numpy and Arrow compute outside the interpreter's lock. The caller does its share, so that work may be shared out
    within work; what nobody else took up it does alone.
    """
    if size < _LARGE:
        return [one() for one in work]
    left = [*enumerate(work)][::-1]
    done: dict[int, _T] = {}

    def do() -> None:
        while left:
            try:
                at, one = left.pop()
            except IndexError:  # another thread took the last one
                return
            done[at] = one()

    helpers = [_HELPERS.submit(do) for _ in range(min(os.cpu_count() or 1, 4) - 1)]
    try:
        do()
    finally:
        left.clear()
        running = [helper for helper in helpers if not helper.cancel()]
        wait(running)
    for helper in running:
        helper.result()
    return [done[at] for at in sorted(done)]
