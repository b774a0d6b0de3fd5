"""Who holds what in a subnet: every address of it in one picture."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from matplotlib.patches import Rectangle

from zecnb.addresses import to_text
from zecnb.render.cellmap import Grid, check_cells, draw_map, draw_mark, network_of, unnamed
from zecnb.render.cells import free_words, plural
from zecnb.render.figures import Chart, blank_axes, draw_heading, label, new_figure, write
from zecnb.render.palette import MARKS, UNSEEN, Cell, Mark, become, theme

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

    from zecnb.render.palette import Theme
    from zecnb.render.redact import Redactor

__all__ = [
    "OccupancyChart",
    "counts_of",
    "counts_with_plan",
    "draw_legend",
    "legend_height",
    "longest_free_run",
]

_LEFT, _RIGHT, _TOP = 1.15, 0.15, 0.68  # inches around the map
_WIDTH = 6.4
_LEGEND_COLUMNS, _LEGEND_ROW = 5, 0.24
_TEXT_COLUMNS, _TEXT_CELLS = 64, 2048


def counts_of(cells: NDArray[np.uint8]) -> pd.DataFrame:
    """Return how many addresses are in each state: ``state``, ``count``; the counts sum to the subnet's size."""
    counts = np.bincount(cells, minlength=len(Cell))
    return pd.DataFrame({"state": [MARKS[cell].word for cell in Cell], "count": counts.astype(np.int64)})


def counts_with_plan(cells: NDArray[np.uint8], before: NDArray[np.uint8]) -> pd.DataFrame:
    """Return how many addresses are in each state with a plan drawn in: ``state``, ``count``.

    What is in conflict stays what it was and is counted as that, and as a conflict too: the counts but that of
    conflicts sum to the subnet's size.
    """
    counts = counts_of(become(cells, before))
    counts.loc[Cell.CONFLICT, "count"] = np.count_nonzero(cells == Cell.CONFLICT)
    return counts


def _free_said(cells: NDArray[np.uint8], unseen: int) -> str:
    """Return how many of them are free, in words."""
    claimed = int((cells == Cell.CLAIMED).sum())
    return free_words(int((cells == Cell.FREE).sum()) + claimed, unseen=unseen, claimed=claimed)


def longest_free_run(cells: NDArray[np.uint8]) -> int:
    """Return how many addresses the longest stretch of free ones has; a claim holds nothing."""
    taken = np.flatnonzero((cells != Cell.FREE) & (cells != Cell.CLAIMED))
    return int(np.diff(taken, prepend=-1, append=len(cells)).max() - 1)


def legend_height() -> float:
    """Inches that ``draw_legend`` needs."""
    return _LEGEND_ROW * -(-(len(MARKS) + 1) // _LEGEND_COLUMNS)


def draw_legend(axes: Axes, counts: list[int], unseen: int, paint: Theme, width: float) -> None:
    """Draw colour, shape, word and count of every state, those that do not occur too: nothing moves.

    Args:
        axes: blank ones of ``width`` by ``legend_height()`` inches.
        counts: addresses in each state, by ``Cell`` code.
        unseen: addresses used by something no listing shows.
        paint: the theme.
        width: inches.
    """
    entries: list[tuple[Mark, int]] = [*zip(MARKS.values(), counts, strict=True), (UNSEEN, unseen)]
    rows = -(-len(entries) // _LEGEND_COLUMNS)
    axes.set_xlim(0, width)
    axes.set_ylim(rows * _LEGEND_ROW, 0)
    for place, (mark, count) in enumerate(entries):
        x = width / _LEGEND_COLUMNS * (place % _LEGEND_COLUMNS)
        y = _LEGEND_ROW * (place // _LEGEND_COLUMNS + 0.5)
        edge = paint.quiet if mark is UNSEEN else "none"
        fill = paint.paper if mark is UNSEEN else mark.fill or paint.free
        axes.add_patch(Rectangle((x, y - 0.08), 0.16, 0.16, facecolor=fill, edgecolor=edge, linewidth=0.8))
        if mark is UNSEEN:
            write(axes, x + 0.08, y + 0.003, mark.sign, colour=paint.text, size=8, ha="center", weight="bold")
        else:
            draw_mark(axes, [x + 0.08], [y], mark, 6)
        colour = paint.text if count else paint.quiet
        write(axes, x + 0.24, y, f"{mark.word} {count:,}", colour=colour, size=8)


@dataclass(frozen=True, eq=False, repr=False)
class OccupancyChart(Chart):
    """Every address of a subnet: a grid with numbers to /24, squares to /20, folded rows beyond.

    Above a /16 a cell stands for several addresses and shows the most important state among them.

    Attributes:
        cidr: the subnet.
        cells: uint8, one ``palette.Cell`` code per address.
        before: the same without the plan that is drawn in; what is in conflict is counted as what it is there.
        unseen: addresses used by something no listing shows; they have no cell, since where they are is not known.
        title: the subnet's name, untrusted text.
        nic_name: the vNIC whose addresses are "this vNIC", untrusted text.
        dark: for dark backgrounds.
        anonymous: offsets instead of addresses, no names.

    Raises:
        UsageError: ``cidr`` is no CIDR, or ``cells`` does not fit it.
    """

    cidr: str
    cells: NDArray[np.uint8]
    unseen: int = 0
    title: str = ""
    nic_name: str = ""
    dark: bool = False
    anonymous: bool = False
    before: NDArray[np.uint8] | None = None

    def __post_init__(self) -> None:
        check_cells(self.cidr, self.cells)
        if self.before is not None:
            check_cells(self.cidr, self.before)

    @property
    def counts(self) -> pd.DataFrame:
        """Addresses in each state, as in the legend: ``state``, ``count``; they sum to the subnet's size.

        Conflicts are not part of the sum when ``before`` is known: what is in conflict stays what it was.
        """
        return counts_of(self.cells) if self.before is None else counts_with_plan(self.cells, self.before)

    @property
    def _become(self) -> NDArray[np.uint8]:
        return self.cells if self.before is None else become(self.cells, self.before)

    def redacted(self) -> OccupancyChart:
        """Return the same picture without names and addresses."""
        return replace(self, title="", nic_name="", anonymous=True)

    def pseudonymous(self, redactor: Redactor) -> OccupancyChart:
        """Return the same picture with the pseudonyms that the tables beside it have."""
        return replace(self.redacted(), title=redactor.text(self.cidr))

    def draw(self) -> Figure:
        """Return a new figure of this chart."""
        paint = theme(dark=self.dark)
        grid = Grid.of(self.cidr, _WIDTH)
        notes = self._notes(grid.fold)
        width = _LEFT + _WIDTH + _RIGHT
        legend_top = _TOP + grid.height + 0.16
        notes_top = legend_top + legend_height() + 0.06
        figure = new_figure(width, notes_top + 0.19 * len(notes) + 0.1, paint)
        draw_heading(figure, label(self.title), self._subheading(), paint, after=self._where())
        area = blank_axes(figure, _LEFT, _TOP, grid.width, grid.height)
        draw_map(area, grid, self.cells, paint, redacted=self.anonymous)
        legend = blank_axes(figure, 0.15, legend_top, width - 0.3, legend_height())
        draw_legend(legend, self.counts["count"].tolist(), self.unseen, paint, width - 0.3)
        if notes:
            foot = blank_axes(figure, 0, notes_top, width, 0.19 * len(notes))
            foot.set_xlim(0, width)
            foot.set_ylim(len(notes), 0)
            for row, note in enumerate(notes):
                write(foot, 0.15, row + 0.5, note, colour=paint.text, size=8)
        return figure

    def text(self) -> str:
        """Return the picture in signs, at most 32 lines of 64, with its legend and notes."""
        network, size = network_of(self.cidr)
        fold = max(1, size // _TEXT_CELLS)
        signs = _signs(self.cells, fold)
        starts = range(0, len(signs), _TEXT_COLUMNS)
        offsets = [start * fold for start in starts]
        if self.anonymous:
            labels = [f"+{offset:,}" for offset in offsets]
        else:
            labels = to_text(np.array([network + offset for offset in offsets], np.uint32)).to_pylist()
        lines = [f"{name:<15}  {_in_eights(signs[at : at + 64])}" for name, at in zip(labels, starts, strict=True)]
        counts = zip(MARKS.values(), self.counts["count"], strict=True)
        legend = [f"{mark.sign + ' ' if fold == 1 else ''}{mark.word} {count:,}" for mark, count in counts if count]
        legend += [f"{'? ' if fold == 1 else ''}unseen {self.unseen:,}"] if self.unseen else []
        notes = self._notes(1)
        if fold > 1:
            notes.append(
                f"Each sign stands for {fold:,} addresses: . all free, - less than half taken, % more, # all taken; "
                "+ or x where any is planned or in conflict."
            )
        return "\n".join([self._heading(), self._subheading(), *lines, "   ".join(legend), *notes])

    def __repr__(self) -> str:
        counts = dict(zip(Cell, self.counts["count"].tolist(), strict=True))
        said = [_free_said(self._become, self.unseen)]
        said += [f"{counts[cell]:,} {MARKS[cell].word}" for cell in (Cell.PLANNED, Cell.CONFLICT) if counts[cell]]
        where = unnamed(self.cidr) if self.anonymous else self.cidr
        return f"OccupancyChart({where}: {', '.join(said)})"

    def _where(self) -> str:
        return f"{unnamed(self.cidr)} subnet" if self.anonymous else self.cidr

    def _heading(self) -> str:
        return " · ".join(filter(None, (label(self.title), self._where())))

    def _subheading(self) -> str:
        said = [plural(len(self.cells), "address", "addresses"), _free_said(self._become, self.unseen)]
        if longest := longest_free_run(self._become):
            said.append(f"longest free run {longest:,}")
        if self.nic_name:
            said.append(f"this vNIC: {label(self.nic_name, 40)}")
        return " · ".join(said)

    def _notes(self, fold: int) -> list[str]:
        notes = []
        conflicts = 0 if self.before is None else int((self.cells == Cell.CONFLICT).sum())
        if conflicts:
            stays = "stays what it is and is" if conflicts == 1 else "stay what they are and are"
            notes.append(f"x {conflicts:,} in conflict {stays} counted as that too.")
        if self.unseen:
            are = "address is" if self.unseen == 1 else "addresses are"
            notes.append(
                f"? {self.unseen:,} more {are} used by something no listing shows; "
                "where is not known, so a cell shown free may be taken."
            )
        if fold > 1:
            notes.append(f"Each cell stands for {fold:,} addresses and shows the most important state among them.")
        return notes


def _signs(cells: NDArray[np.uint8], fold: int) -> str:
    """Return one sign per cell, or per ``fold`` cells how many of them are taken."""
    if fold == 1:
        return "".join(MARKS[Cell(state)].sign for state in cells.tolist())
    groups = cells.reshape(-1, fold)
    taken = (groups != Cell.FREE).mean(axis=1)
    signs = np.select([taken == 0, taken < 0.5, taken < 1], [".", "-", "%"], "#")
    for cell in (Cell.PLANNED, Cell.CONFLICT):
        signs[(groups == cell).any(axis=1)] = MARKS[cell].sign
    return "".join(signs.tolist())


def _in_eights(signs: str) -> str:
    return " ".join(signs[at : at + 8] for at in range(0, len(signs), 8))
