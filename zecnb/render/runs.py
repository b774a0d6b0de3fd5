"""Free space of a subnet: how long its stretches are, and where."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from matplotlib.patches import Rectangle

from zecnb.render.cellmap import Grid, check_cells, draw_colours, draw_labels, unnamed
from zecnb.render.cells import plural
from zecnb.render.figures import Chart, blank_axes, draw_heading, label, new_figure, write
from zecnb.render.palette import Cell, rgb, theme
from zecnb.render.text import table_text

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

    from zecnb.render.palette import Theme
    from zecnb.render.redact import Redactor

__all__ = ["BLOCKS", "FragmentationChart", "FreeRunChart", "free_runs"]

BLOCKS = (4, 8, 16, 32)
"""Sizes of aligned free blocks that are counted."""

_WIDTH, _MARGIN, _LEFT = 7.7, 0.15, 1.15
_BOUNDS = (1, 2, 4, 8, 16, 32)  # shortest run of each class; the last has no end
_CLASSES = ("1", "2-3", "4-7", "8-15", "16-31", "32+")


def free_runs(cells: NDArray[np.uint8]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return start (offset in the subnet) and length of each maximal run of free cells."""
    free = np.concatenate([[False], cells == Cell.FREE, [False]])
    edges = np.flatnonzero(free[1:] != free[:-1])
    return edges[::2], edges[1::2] - edges[::2]


def _class_of(lengths: NDArray[np.int64]) -> NDArray[np.int64]:
    return np.searchsorted(_BOUNDS, lengths, "right") - 1


def _by_class(lengths: NDArray[np.int64]) -> pd.DataFrame:
    """Return ``length, runs, addresses``, one row per class of length."""
    kind = _class_of(lengths)
    runs = np.bincount(kind, minlength=len(_CLASSES))
    addresses = np.bincount(kind, lengths, minlength=len(_CLASSES)).astype(np.int64)
    return pd.DataFrame({"length": list(_CLASSES), "runs": runs.astype(np.int64), "addresses": addresses})


def _where(cidr: str, *, anonymous: bool) -> str:
    return f"{unnamed(cidr)} subnet" if anonymous else cidr


def _summary(lengths: NDArray[np.int64]) -> str:
    if not len(lengths):
        return "no free address"
    free, longest = int(lengths.sum()), int(lengths.max())
    return f"{free:,} free in {plural(len(lengths), 'run')} · longest {longest:,}"


@dataclass(frozen=True, eq=False, repr=False)
class FreeRunChart(Chart):
    """How the free addresses of a subnet are spread over runs of which length.

    Attributes:
        cidr: the subnet.
        cells: uint8, one ``palette.Cell`` code per address.
        title: the subnet's name, untrusted text.
        dark: for dark backgrounds.
        anonymous: no names or addresses.

    Raises:
        UsageError: ``cidr`` is no CIDR, or ``cells`` does not fit it.
    """

    cidr: str
    cells: NDArray[np.uint8]
    title: str = ""
    dark: bool = False
    anonymous: bool = False

    def __post_init__(self) -> None:
        check_cells(self.cidr, self.cells)

    @property
    def counts(self) -> pd.DataFrame:
        """Runs and the addresses in them by length: ``length, runs, addresses``."""
        return _by_class(free_runs(self.cells)[1])

    def redacted(self) -> FreeRunChart:
        """Return the same picture without names and addresses."""
        return replace(self, title="", anonymous=True)

    def pseudonymous(self, redactor: Redactor) -> FreeRunChart:
        """Return the same picture with the pseudonyms that the tables beside it have."""
        return replace(self.redacted(), title=redactor.text(self.cidr))

    def draw(self) -> Figure:
        """Return a new figure of this chart."""
        paint = theme(dark=self.dark)
        counts = self.counts
        tall = 1.9
        figure = new_figure(_WIDTH, 0.95 + tall + 0.5, paint)
        draw_heading(figure, self._heading(), _summary(free_runs(self.cells)[1]), paint, after=self._place())
        axes = blank_axes(figure, _MARGIN, 0.95, _WIDTH - 2 * _MARGIN, tall)
        most = max(int(counts["addresses"].max()), 1)
        axes.set_xlim(-0.5, len(_CLASSES) - 0.5)
        axes.set_ylim(0, most)
        axes.plot([-0.5, len(_CLASSES) - 0.5], [0, 0], color=paint.quiet, linewidth=0.8, clip_on=False)
        per_inch = most / tall
        columns = zip(counts["length"], counts["runs"], counts["addresses"], paint.ramp, strict=True)
        for place, (length, runs, addresses, colour) in enumerate(columns):
            edge = paint.quiet if addresses else "none"
            axes.add_patch(
                Rectangle((place - 0.36, 0), 0.72, addresses, facecolor=colour, edgecolor=edge, linewidth=0.5)
            )
            write(axes, place, addresses + 0.2 * per_inch, f"{addresses:,}", colour=paint.text, size=8.5, ha="center")
            write(
                axes,
                place,
                addresses + 0.07 * per_inch,
                f"in {plural(runs, 'run')}",
                colour=paint.quiet,
                size=7,
                ha="center",
            )
            write(axes, place, -0.14 * per_inch, length, colour=paint.text, size=8.5, ha="center")
        centre = len(_CLASSES) / 2 - 0.5
        words = "free addresses, by the length of the run they lie in"
        write(axes, centre, -0.34 * per_inch, words, colour=paint.quiet, size=8, ha="center")
        return figure

    def text(self) -> str:
        """Return the numbers as a table of text."""
        lines = [
            f"{self._heading()} · {self._place()}",
            _summary(free_runs(self.cells)[1]),
            table_text(self.counts, width=80),
        ]
        return "\n".join(lines)

    def __repr__(self) -> str:
        where = unnamed(self.cidr) if self.anonymous else self.cidr
        return f"FreeRunChart({where}: {_summary(free_runs(self.cells)[1])})"

    def _place(self) -> str:
        return _where(self.cidr, anonymous=self.anonymous)

    def _heading(self) -> str:
        return " · ".join(filter(None, ("Free runs", label(self.title, 30))))


@dataclass(frozen=True, eq=False, repr=False)
class FragmentationChart(Chart):
    """Where the free space is: each free address coloured by the length of the run it lies in.

    Above a /16 a cell stands for several addresses and shows the longest run among them.

    Attributes:
        cidr: the subnet.
        cells: uint8, one ``palette.Cell`` code per address.
        title: the subnet's name, untrusted text.
        dark: for dark backgrounds.
        anonymous: offsets instead of addresses, no names.

    Raises:
        UsageError: ``cidr`` is no CIDR, or ``cells`` does not fit it.
    """

    cidr: str
    cells: NDArray[np.uint8]
    title: str = ""
    dark: bool = False
    anonymous: bool = False

    def __post_init__(self) -> None:
        check_cells(self.cidr, self.cells)

    @property
    def counts(self) -> pd.DataFrame:
        """Runs and the addresses in them by length: ``length, runs, addresses``."""
        return _by_class(free_runs(self.cells)[1])

    @property
    def blocks(self) -> pd.DataFrame:
        """Aligned free blocks that do not overlap: ``size, blocks``."""
        starts, lengths = free_runs(self.cells)
        counts = [int((np.maximum(lengths - (-starts) % size, 0) // size).sum()) for size in BLOCKS]
        return pd.DataFrame({"size": list(BLOCKS), "blocks": counts})

    def redacted(self) -> FragmentationChart:
        """Return the same picture without names and addresses."""
        return replace(self, title="", anonymous=True)

    def pseudonymous(self, redactor: Redactor) -> FragmentationChart:
        """Return the same picture with the pseudonyms that the tables beside it have."""
        return replace(self.redacted(), title=redactor.text(self.cidr))

    def draw(self) -> Figure:
        """Return a new figure of this chart."""
        paint = theme(dark=self.dark)
        grid = Grid.of(self.cidr)
        figure = new_figure(_WIDTH, 0.66 + grid.height + 0.55, paint)
        draw_heading(figure, self._heading(), self._line(), paint, after=self._place())
        axes = blank_axes(figure, _LEFT, 0.66, grid.width, grid.height)
        kinds = self._kinds().reshape(-1, grid.fold).max(axis=1)
        colours = [paint.shut, *paint.ramp]
        draw_colours(axes, grid, rgb(colours)[kinds], paint)
        draw_labels(axes, grid, paint, redacted=self.anonymous)
        if grid.numbered:
            for start, length in zip(*free_runs(self.cells), strict=True):
                x, y = start % grid.columns + 0.5, start // grid.columns + 0.52
                write(axes, x, y, str(length), colour="#000000", size=7, ha="center")
        legend = blank_axes(figure, 0, 0.66 + grid.height + 0.15, _WIDTH, 0.3)
        self._draw_legend(legend, colours, paint)
        return figure

    def _kinds(self) -> NDArray[np.uint8]:
        """Return per address 0 where it is not free, else 1 + the class of its run."""
        starts, lengths = free_runs(self.cells)
        edges = np.zeros(len(self.cells) + 1, np.int64)
        kind = _class_of(lengths) + 1
        edges[starts] += kind
        edges[starts + lengths] -= kind
        return np.cumsum(edges[:-1]).astype(np.uint8)

    def _draw_legend(self, axes: Axes, colours: list[str], paint: Theme) -> None:
        axes.set_xlim(0, _WIDTH)
        axes.set_ylim(0.3, 0)
        taken = int((self.cells != Cell.FREE).sum())
        words = [f"not free {taken:,}"]
        words += [f"{length}: {count:,}" for length, count in self.counts[["length", "addresses"]].to_numpy()]
        for place, (colour, word) in enumerate(zip(colours, words, strict=True)):
            x = _MARGIN + (0 if not place else 1.35 + (place - 1) * 1.02)
            axes.add_patch(Rectangle((x, 0.07), 0.16, 0.16, facecolor=colour, edgecolor=paint.quiet, linewidth=0.5))
            write(axes, x + 0.23, 0.15, word, colour=paint.text, size=8)

    def text(self) -> str:
        """Return the numbers as tables of text."""
        return "\n".join([f"{self._heading()} · {self._place()}", self._line(), table_text(self.counts, width=80)])

    def __repr__(self) -> str:
        where = unnamed(self.cidr) if self.anonymous else self.cidr
        return f"FragmentationChart({where}: {self._line()})"

    def _place(self) -> str:
        return _where(self.cidr, anonymous=self.anonymous)

    def _heading(self) -> str:
        return " · ".join(filter(None, ("Free space by run length", label(self.title, 30))))

    def _line(self) -> str:
        blocks = ", ".join(f"{count:,} of {size}" for size, count in self.blocks.to_numpy())
        return f"{_summary(free_runs(self.cells)[1])} · aligned free blocks: {blocks}"
