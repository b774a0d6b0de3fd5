"""A subnet before and after, side by side."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from matplotlib.patches import Rectangle

from zecnb.render.cellmap import Grid, check_cells, draw_map, draw_mark, unnamed
from zecnb.render.figures import Chart, blank_axes, draw_heading, label, new_figure, write
from zecnb.render.occupancy import counts_of, counts_with_plan, longest_free_run
from zecnb.render.palette import MARKS, Cell, become, theme
from zecnb.render.text import table_text

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

    from zecnb.render.palette import Theme
    from zecnb.render.redact import Redactor

__all__ = ["BeforeAfterChart"]

_LEFT, _GAP, _MARGIN, _MAP = 1.15, 0.3, 0.15, 3.9
_TOP = 0.95
_WIDTH = _LEFT + 2 * _MAP + _GAP + _MARGIN
_LEGEND_COLUMNS, _LEGEND_ROW = 3, 0.24


@dataclass(frozen=True, eq=False, repr=False)
class BeforeAfterChart(Chart):
    """The same subnet twice: as it is, and as it would be or became.

    Attributes:
        cidr: the subnet.
        before, after: uint8, one ``palette.Cell`` code per address.
        title: the subnet's name, untrusted text.
        captions: what the two are called.
        unseen: addresses used by something no listing shows; where they are is not known.
        dark: for dark backgrounds.
        anonymous: offsets instead of addresses, no names.

    Raises:
        UsageError: ``cidr`` is no CIDR, or the cells do not fit it.
    """

    cidr: str
    before: NDArray[np.uint8]
    after: NDArray[np.uint8]
    title: str = ""
    captions: tuple[str, str] = ("before", "after")
    unseen: int = 0
    dark: bool = False
    anonymous: bool = False

    def __post_init__(self) -> None:
        check_cells(self.cidr, self.before)
        check_cells(self.cidr, self.after)

    @property
    def counts(self) -> pd.DataFrame:
        """Addresses in each state: ``state, before, after, change``.

        A conflict changes nothing: what it is drawn over counts too.
        """
        before, after = counts_of(self.before), counts_with_plan(self.after, self.before)["count"]
        return pd.DataFrame(
            {"state": before["state"], "before": before["count"], "after": after, "change": after - before["count"]}
        )

    @property
    def _become(self) -> NDArray[np.uint8]:
        return become(self.after, self.before)

    def redacted(self) -> BeforeAfterChart:
        """Return the same picture without names and addresses."""
        return replace(self, title="", anonymous=True)

    def pseudonymous(self, redactor: Redactor) -> BeforeAfterChart:
        """Return the same picture with the pseudonyms that the tables beside it have."""
        return replace(self.redacted(), title=redactor.text(self.cidr))

    def draw(self) -> Figure:
        """Return a new figure of this chart."""
        paint = theme(dark=self.dark)
        grid = Grid.of(self.cidr, _MAP)
        rows = -(-len(MARKS) // _LEGEND_COLUMNS)
        legend_top = _TOP + grid.height + 0.16
        figure = new_figure(_WIDTH, legend_top + rows * _LEGEND_ROW + 0.12, paint)
        head = draw_heading(figure, label(self.title), self._line(), paint, after=self._where())
        for place, (cells, caption) in enumerate(zip((self.before, self.after), self.captions, strict=True)):
            x = _LEFT + place * (_MAP + _GAP)
            write(head, x, 0.8, label(caption, 30), colour=paint.text, size=9, weight="bold")
            axes = blank_axes(figure, x, _TOP, grid.width, grid.height)
            draw_map(axes, grid, cells, paint, redacted=self.anonymous, labels=not place)
        self._draw_legend(blank_axes(figure, _MARGIN, legend_top, _WIDTH - 2 * _MARGIN, rows * _LEGEND_ROW), paint)
        return figure

    def _draw_legend(self, axes: Axes, paint: Theme) -> None:
        width = _WIDTH - 2 * _MARGIN
        rows = -(-len(MARKS) // _LEGEND_COLUMNS)
        axes.set_xlim(0, width)
        axes.set_ylim(rows * _LEGEND_ROW, 0)
        numbers = self.counts[["before", "after", "change"]].to_numpy()
        for place, (mark, (before, after, change)) in enumerate(zip(MARKS.values(), numbers, strict=True)):
            x = width / _LEGEND_COLUMNS * (place % _LEGEND_COLUMNS)
            y = _LEGEND_ROW * (place // _LEGEND_COLUMNS + 0.5)
            axes.add_patch(Rectangle((x, y - 0.08), 0.16, 0.16, facecolor=mark.fill or paint.free, linewidth=0))
            draw_mark(axes, [x + 0.08], [y], mark, 6)
            said = f"{before:,} → {after:,} ({change:+,})" if change else f"{after:,}"
            colour = paint.text if before or after else paint.quiet
            weight = "bold" if change else "normal"
            write(axes, x + 0.24, y, f"{mark.word} {said}", colour=colour, size=8, weight=weight)

    def text(self) -> str:
        """Return the numbers as a table of text."""
        return "\n".join([self._heading(), self._line(), table_text(self.counts, width=80)])

    def __repr__(self) -> str:
        where = unnamed(self.cidr) if self.anonymous else self.cidr
        return f"BeforeAfterChart({where}: {self._line()})"

    def _where(self) -> str:
        return f"{unnamed(self.cidr)} subnet" if self.anonymous else self.cidr

    def _heading(self) -> str:
        return " · ".join(filter(None, (label(self.title), self._where())))

    def _line(self) -> str:
        both = (self.before, self._become)
        free = [max(int(np.isin(cells, (Cell.FREE, Cell.CLAIMED)).sum()) - self.unseen, 0) for cells in both]
        runs = [longest_free_run(cells) for cells in both]
        said = [f"free {free[0]:,} → {free[1]:,}", f"longest free run {runs[0]:,} → {runs[1]:,}"]
        claimed, conflicts = (int((self.after == cell).sum()) for cell in (Cell.CLAIMED, Cell.CONFLICT))
        said += [f"{self.unseen:,} unseen taken off"] if self.unseen else []
        said += [f"{claimed:,} claimed counted as free"] if claimed else []
        said += [f"{conflicts:,} in conflict stay as they are"] if conflicts else []
        return " · ".join(said)
