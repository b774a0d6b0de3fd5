"""Text columns as pandas and Arrow see them, and ids to row numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from pandas.api.extensions import ExtensionArray

__all__ = ["column", "positions", "strings"]

_STR = pd.StringDtype("pyarrow", na_value=np.nan)  # what "str" means in pandas 3


def column(values: pd.Series | ExtensionArray) -> pa.LargeStringArray:
    """Return a ``str`` column as one Arrow array."""
    array = pa.array(values.array if isinstance(values, pd.Series) else values, pa.large_string())
    return array.combine_chunks() if isinstance(array, pa.ChunkedArray) else array


def strings(array: pa.Array) -> ExtensionArray:
    """Return an Arrow string array as values of a ``str`` column, without a copy."""
    values: ExtensionArray = pd.array(array, dtype=_STR)
    return values


def positions(table: pa.LargeStringArray, wanted: pa.LargeStringArray) -> NDArray[np.int64]:
    """Return where each wanted id stands in a table of unique ids, -1 where it does not."""
    if len(wanted) <= 4:  # looking through the table is cheaper than building an index of it
        return np.array([pc.index(table, each).as_py() if each.is_valid else -1 for each in wanted], np.int64)
    at = pc.index_in(wanted, table, skip_nulls=True)
    return np.asarray(pc.fill_null(at, -1)).astype(np.int64)
