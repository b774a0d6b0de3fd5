"""Tables too long to read: found, filtered, sorted and turned over in the kernel, a page at a time in the browser.

Only the rows in view travel, as the same escaped HTML as every other table here, so 100,000 rows neither fill the page
nor the notebook's file, nothing is loaded from anywhere, and what a verdict is stays in words and colour.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

import ipywidgets as w
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from zecnb.addresses import parse
from zecnb.errors import UsageError
from zecnb.render.cells import Kind, heading, kind_of, plain
from zecnb.render.panel import STYLE, quiet_html
from zecnb.render.tables import bare_table, table_html, wrap
from zecnb.schema import VERDICTS
from zecnb.widgets.worker import Worker

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Explorer", "explore"]

_QUIET = 0.15  # seconds without a keystroke before rows are sought
_PAGE = 20  # rows in view: more would push the fields that choose them off the screen
_ANY = ""  # no choice made


def explore(what: object) -> Explorer:
    """Return a table to look around in: search, filter by verdict or state, sort, turn pages.

    Args:
        what: any DataFrame, ``zec.journal()`` or ``inventory.holders``; or what has a ``frame``, a plan or a receipt.

    Raises:
        UsageError: it is neither.
    """
    frame = getattr(what, "frame", what)
    if not isinstance(frame, pd.DataFrame):
        raise UsageError(f"explore takes a DataFrame, a plan or a receipt, not {type(what).__name__}")
    return Explorer(frame)


class Explorer(w.VBox):  # type: ignore[misc]  # ipywidgets is untyped
    """A frame, a page at a time.

    Args:
        frame: any frame; columns without any value are left out.
    """

    def __init__(self, frame: pd.DataFrame) -> None:
        full = frame.loc[:, frame.notna().any().to_numpy()] if len(frame) else frame
        self._frame = full.reset_index(drop=True).set_axis([str(name) for name in full.columns], axis=1)
        self._names = list(self._frame.columns)
        kinds = {name: kind_of(name, self._frame[name]) for name in self._names}
        self._word = next((name for name in self._names if kinds[name] is Kind.WORD), None)
        self._worker = Worker(quiet=_QUIET, on_error=self._show_error)
        self._build()
        super().__init__(children=[w.HTML(STYLE), self._bar, self._words, self._table])
        self.add_class("zecnb-panel")
        self.add_class("zecnb-explorer")
        for field in (self.find, self.only, self.sort, self.down, self.page):
            field.observe(lambda change: self._changed(change.owner), names="value")
        self._render()

    def __repr__(self) -> str:
        return f"Explorer({len(self._frame):,} rows of {', '.join(self._names[:6])})"

    def _repr_mimebundle_(self, **options: Any) -> dict[str, Any]:
        """Add the first rows as a plain table, for pages that load no widgets."""
        bundle: dict[str, Any] = super()._repr_mimebundle_(**options)
        return {**bundle, "text/html": table_html(self._frame)}

    def _build(self) -> None:
        label = {"description_width": "auto"}
        counts = self._frame[self._word].value_counts().to_dict() if self._word else {}
        known = [word for word in VERDICTS[::-1] if word in counts]
        words = [*known, *(word for word in counts if word not in known)]
        self.find = w.Text(
            description="Find", placeholder="words that a row must have", layout=w.Layout(width="230px"), style=label
        )
        self.only = w.Dropdown(
            description=heading(self._word or "").capitalize(),
            options=[("all", _ANY), *((f"{plain(str(word))} ({counts[word]:,})", word) for word in words)],
            layout=w.Layout(width="190px", display=None if self._word else "none"),
            style=label,
        )
        self.sort = w.Dropdown(
            description="Sort by",
            options=[("as given", _ANY), *((heading(name), name) for name in self._names)],
            layout=w.Layout(width="210px"),
            style=label,
        )
        self.down = w.Checkbox(description="descending", indent=False, layout=w.Layout(width="110px"))
        self.page = w.BoundedIntText(
            description="Page", value=1, min=1, max=1, layout=w.Layout(width="110px"), style=label
        )
        self.back, self.on = (
            w.Button(description=word, layout=w.Layout(width="80px")) for word in ("Previous", "Next")
        )
        self.back.on_click(lambda _: self._turn(-1))
        self.on.on_click(lambda _: self._turn(1))
        self._words, self._table = w.HTML(), w.HTML()
        parts = [self.find, self.only, self.sort, self.down, self.page, self.back, self.on]
        self._bar = w.HBox(parts, layout=w.Layout(flex_flow="row wrap", align_items="center"))

    def _turn(self, pages: int) -> None:
        self.page.value = min(max(self.page.value + pages, 1), self.page.max)

    def _changed(self, field: w.Widget) -> None:
        if field is not self.page and self.page.value != 1:
            self.page.value = 1  # comes here again
        else:
            self._worker.soon(self._render)

    def _show_error(self, error: Exception) -> None:
        self._words.value = quiet_html(f"{type(error).__name__}: {error}")

    def _render(self) -> None:
        """Show the page asked for; runs in the worker."""
        rows = self._rows()
        self.page.max = max(-(-len(rows) // _PAGE), 1)
        page = min(self.page.value, self.page.max)
        first = (page - 1) * _PAGE
        shown = self._frame.iloc[rows[first : first + _PAGE]]
        self.back.disabled, self.on.disabled = page == 1, page == self.page.max
        found = f"{len(rows):,} of {len(self._frame):,} rows"
        place = f"rows {first + 1:,} to {first + len(shown):,}, page {page:,} of {self.page.max:,}"
        words = quiet_html(f"{found}: {place}" if len(rows) else "no row has that")
        self._words.value = f"<div role='status'>{words}</div>"
        self._table.value = wrap(bare_table(shown)) if len(shown) else ""

    def _rows(self) -> NDArray[np.int64]:
        """Return the positions of the rows asked for, in the order asked for."""
        keep = np.ones(len(self._frame), bool)
        if self._word and self.only.value != _ANY:
            keep &= (self._frame[self._word] == self.only.value).fillna(value=False).to_numpy(bool)
        for word in self.find.value.split():
            keep &= np.asarray(pc.match_substring(self._texts, word, ignore_case=True))
        rows = np.flatnonzero(keep)
        if self.sort.value == _ANY:
            return rows[::-1] if self.down.value else rows
        key = _key(self._frame[self.sort.value].iloc[rows], self.sort.value)
        order = key.reset_index(drop=True).sort_values(ascending=not self.down.value, kind="stable")
        return np.asarray(rows[order.index.to_numpy()])

    @cached_property
    def _texts(self) -> pa.Array:
        """What each row says, for the search."""
        columns = [self._frame[name].astype("str").fillna("") for name in self._names]
        texts = [pa.array(column.tolist(), pa.large_string()) for column in columns]
        return pc.binary_join_element_wise(*texts, pa.scalar("\n", pa.large_string()))


def _key(column: pd.Series, name: str) -> pd.Series:
    """Return what a column is sorted by: addresses by number, verdicts by how bad they are, words as in a lexicon."""
    if name.endswith(("address", "primary_ipv4")):
        value, good = parse(column.fillna("").astype("str").tolist())
        return pd.Series(np.where(good, value, np.nan), column.index)
    if name in ("verdict", "severity"):
        return column.map({verdict: place for place, verdict in enumerate(VERDICTS)})
    if pd.api.types.is_numeric_dtype(column) or pd.api.types.is_datetime64_any_dtype(column):
        return column
    return column.astype("str").str.casefold()
