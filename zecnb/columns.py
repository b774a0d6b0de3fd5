"""Text columns as pandas and Arrow see them, ids to row numbers, and work on several columns at once."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, TypeGuard, TypeVar

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from numpy.typing import NDArray
    from pandas.api.extensions import ExtensionArray

__all__ = ["at_once", "column", "is_whole", "positions", "spread", "strings", "writable"]

_T = TypeVar("_T")

_LARGE = 1 << 17  # rows from which on threads pay
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
    if values.null_count or values.offset:
        at, values = at[np.asarray(values.is_valid())], pa.concat_arrays([values.drop_null()])
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

    Numpy and Arrow compute outside the interpreter's lock.
    """
    if size < _LARGE:
        return [one() for one in work]
    with ThreadPoolExecutor(min(os.cpu_count() or 1, 4)) as pool:
        return [each.result() for each in [pool.submit(one) for one in work]]
