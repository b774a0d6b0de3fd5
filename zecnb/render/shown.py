"""A frame as a table to read, in a notebook and in a terminal alike, without widgets."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

from zecnb.errors import UsageError
from zecnb.render.tables import ROWS, bare_table, wrap
from zecnb.render.text import table_text

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["Table", "table"]

_WIDTH = 120  # characters per line of text, whatever the terminal: the same frame reads the same everywhere


@dataclass(frozen=True, eq=False, repr=False)
class Table:
    """Some columns of a frame, to read.

    Attributes:
        frame: any frame.
        columns: those shown, in order.
        caption: above it, plain text.
        limit: rows shown at most, None for all; how many are left out is said.
    """

    frame: pd.DataFrame
    columns: Sequence[str]
    caption: str = ""
    limit: int | None = ROWS

    def __repr__(self) -> str:
        text = table_text(self.frame, self.columns, limit=self.limit, width=_WIDTH)
        return f"{self.caption}\n{text}" if self.caption else text

    def _repr_html_(self) -> str:
        return wrap(bare_table(self.frame, self.columns, caption=self.caption, limit=self.limit, whole=True))


def table(what: object, columns: Sequence[str] | None = None, *, caption: str = "", limit: int | None = ROWS) -> Table:
    """Return a frame as a table to read: nothing cut off, verdicts in words and colour, names never markup.

    Args:
        what: any DataFrame, ``plan.findings`` or ``zec.journal()``; or what has a ``frame``, a plan or a receipt.
        columns: those to show, in order; by default all that have any value.
        caption: above it, plain text.
        limit: rows shown at most, None for all; how many are left out is said. ``explore`` turns the pages of more.

    Raises:
        UsageError: it is no frame, or has no such column.
    """
    frame = getattr(what, "frame", what)
    if not isinstance(frame, pd.DataFrame):
        raise UsageError(f"a table shows a DataFrame, a plan or a receipt, not {type(what).__name__}")
    if columns is None:
        columns = [name for name in frame.columns if not len(frame) or frame[name].notna().any()]
    elif missing := [name for name in columns if name not in frame.columns]:
        raise UsageError(f"there is no column {missing[0]!r}; there are {', '.join(map(str, frame.columns))}")
    return Table(frame, columns, caption, limit)
