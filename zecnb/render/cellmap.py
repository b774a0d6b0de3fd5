"""The picture of a subnet's addresses, without legend or title: how it is laid out and how it is drawn.

Three layouts, by size: a grid with numbers (to /24), a grid of squares (to /20), and folded rows (beyond).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.collections import LineCollection, PatchCollection
from matplotlib.patches import Rectangle
from matplotlib.path import Path

from zecnb.addresses import parse_cidr, to_text
from zecnb.errors import UsageError
from zecnb.render.figures import write
from zecnb.render.palette import MARKS, Cell, Mark, fills

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from numpy.typing import NDArray

    from zecnb.render.palette import Theme

__all__ = [
    "FOLDED_CELLS",
    "Grid",
    "check_cells",
    "dominant",
    "draw_colours",
    "draw_labels",
    "draw_map",
    "draw_mark",
    "network_of",
    "unnamed",
]

FOLDED_CELLS = 1 << 16
"""Cells a picture has at most: above a /16 a cell stands for several addresses."""

_RANK = np.array([MARKS[cell].rank for cell in Cell], np.uint8)
_BY_RANK = np.argsort(_RANK).astype(np.uint8)
_SEEN_FROM_AFAR = (Cell.PLANNED, Cell.CONFLICT)


def network_of(cidr: str) -> tuple[int, int]:
    """Return the first address and the size of a CIDR.

    Raises:
        UsageError: it is not an IPv4 CIDR.
    """
    network, prefix, _ = parse_cidr([cidr])
    if prefix[0] < 0:
        raise UsageError(f"{cidr!r} is not an IPv4 CIDR such as 10.0.4.0/22")
    return int(network[0]), 1 << (32 - int(prefix[0]))


def unnamed(cidr: str) -> str:
    """Return what may be said of a CIDR where it must not be named: ``a /24``."""
    return f"a /{cidr.partition('/')[2]}"


def check_cells(cidr: str, cells: NDArray[np.uint8]) -> None:
    """Make sure that there is one known state for each address.

    Raises:
        UsageError: there is not.
    """
    size = network_of(cidr)[1]
    if cells.shape != (size,):
        raise UsageError(f"{cidr} has {size:,} addresses, but there are cells of shape {cells.shape}")
    if int(cells.max()) >= len(Cell):
        raise UsageError(f"cell {int(cells.max())} is no state; there are 0..{len(Cell) - 1}")


def dominant(cells: NDArray[np.uint8], fold: int) -> NDArray[np.uint8]:
    """Return one state for each ``fold`` addresses: the one with the highest rank among them."""
    if fold == 1:
        return cells
    winner: NDArray[np.uint8] = _BY_RANK[_RANK[cells].reshape(-1, fold).max(axis=1)]
    return winner


@dataclass(frozen=True)
class Grid:
    """Where each address goes.

    Attributes:
        network: first address.
        size: addresses.
        fold: addresses per cell.
        columns, rows: cells across and down.
        cell_width, cell_height: inches.
    """

    network: int
    size: int
    fold: int
    columns: int
    rows: int
    cell_width: float
    cell_height: float

    @classmethod
    def of(cls, cidr: str, width: float = 6.4) -> Grid:
        """Return the layout of a subnet.

        Args:
            cidr: the subnet.
            width: inches for a full row.
        """
        network, size = network_of(cidr)
        fold = max(1, size // FOLDED_CELLS)
        cells = size // fold
        full = 16 if cells <= 1 << 8 else 32 if cells <= 1 << 10 else 64 if cells <= 1 << 12 else 256
        rows = max(1, cells // full)
        across = width / full
        tall = across * 0.75 if full == 16 else across if full < 256 else max(across, min(0.1, width / 2 / rows))
        return cls(network, size, fold, min(cells, full), rows, across, tall)

    @property
    def width(self) -> float:
        """Inches that the cells need."""
        return self.columns * self.cell_width

    @property
    def height(self) -> float:
        """Inches that the cells need."""
        return self.rows * self.cell_height

    @property
    def folded(self) -> bool:
        """Whether cells are too many for a square each."""
        return self.columns == 256

    @property
    def tiny(self) -> bool:
        """Whether single cells are too small to hold a shape."""
        return self.cell_width < 0.08

    @property
    def numbered(self) -> bool:
        """Whether cells are large enough for the last octet beside the shape."""
        return self.cell_width >= 0.36

    def row_labels(self, *, redacted: bool) -> list[tuple[int, str]]:
        """Return rows that are labelled, and their first address (an offset when redacted)."""
        per_row = self.columns * self.fold
        tallest = 1 if self.cell_height >= 0.18 else max(1, round(0.2 / self.cell_height))
        step = 1 << (tallest - 1).bit_length()
        if self.rows // step < 2 and self.cell_height >= 0.09:
            step = 1  # a subnet of few rows has room for all its labels
        rows = list(range(0, self.rows, step))
        if redacted:
            return [(row, f"+{row * per_row:,}") for row in rows]
        texts = to_text(np.array([self.network + row * per_row for row in rows], np.uint32)).to_pylist()
        return list(zip(rows, texts, strict=True))

    def centre(self, cell: NDArray[np.integer]) -> tuple[NDArray[np.floating], NDArray[np.floating]]:
        """Return x and y of cells' middles, in cells from the upper left."""
        return cell % self.columns + 0.5, cell // self.columns + 0.5


def draw_mark(axes: Axes, x: object, y: object, mark: Mark, size: float, *, edge: str = "none") -> None:
    """Draw a state's shape at points; ``size`` in points."""
    if mark.shape:
        axes.scatter(
            x,  # type: ignore[arg-type]
            y,  # type: ignore[arg-type]
            s=size**2,
            marker=mark.shape if isinstance(mark.shape, str) else Path(mark.shape),
            c=mark.ink if edge == "none" else mark.fill,
            linewidths=0 if edge == "none" else size / 10,
            edgecolors=edge,
            clip_on=False,
            zorder=4,
        )


def draw_map(
    axes: Axes, grid: Grid, cells: NDArray[np.uint8], paint: Theme, *, redacted: bool = False, labels: bool = True
) -> None:
    """Draw the state of each address, with its shape.

    Args:
        axes: blank ones of ``grid.width`` by ``grid.height`` inches.
        grid: the layout.
        cells: one state per address.
        paint: the theme.
        redacted: show offsets instead of addresses.
        labels: write the first address of rows beside them.
    """
    states = dominant(cells, grid.fold)
    draw_colours(axes, grid, fills(paint)[states], paint)
    if grid.tiny:
        _draw_from_afar(axes, grid, states, paint)
    else:
        _draw_shapes(axes, grid, states, paint, redacted=redacted)
    if labels:
        draw_labels(axes, grid, paint, redacted=redacted)


def draw_colours(axes: Axes, grid: Grid, colours: NDArray[np.uint8], paint: Theme) -> None:
    """Draw one colour per cell, uint8 RGB."""
    axes.set_xlim(0, grid.columns)
    axes.set_ylim(grid.rows, 0)
    if not grid.folded:
        _draw_squares(axes, grid, colours / 255, paint)
        return
    axes.imshow(
        colours.reshape(grid.rows, grid.columns, 3),
        extent=(0, grid.columns, grid.rows, 0),
        aspect="auto",
        interpolation="nearest",
        origin="upper",
        resample=False,
    )


def draw_labels(axes: Axes, grid: Grid, paint: Theme, *, redacted: bool) -> None:
    """Write the first address of rows to the left of them."""
    gap = -0.1 / grid.cell_width
    for row, text in grid.row_labels(redacted=redacted):
        write(axes, gap, row + 0.5, text, colour=paint.quiet, size=7.5, mono=True, ha="right")


def _draw_squares(axes: Axes, grid: Grid, colours: NDArray[np.float64], paint: Theme) -> None:
    x, y = grid.centre(np.arange(len(colours)))
    gap = 0.02 / grid.cell_width
    squares = [
        Rectangle((left - 0.5 + gap / 2, top - 0.5 + gap / 2), 1 - gap, 1 - gap) for left, top in zip(x, y, strict=True)
    ]
    axes.add_collection(PatchCollection(squares, facecolors=colours.tolist(), linewidths=0, zorder=1))
    octet_rows = 256 // grid.columns
    if grid.rows > octet_rows:
        breaks = [[(0, row), (grid.columns, row)] for row in range(octet_rows, grid.rows, octet_rows)]
        axes.add_collection(LineCollection(breaks, colors=paint.quiet, linewidths=0.8, zorder=2))


def _draw_shapes(axes: Axes, grid: Grid, states: NDArray[np.uint8], paint: Theme, *, redacted: bool) -> None:
    points = min(grid.cell_width, grid.cell_height) * 72
    for cell, mark in MARKS.items():
        x, y = grid.centre(np.flatnonzero(states == cell))
        draw_mark(axes, x - 0.24 if grid.numbered else x, y, mark, points * (0.36 if grid.numbered else 0.5))
    if not grid.numbered:
        return
    first = 0 if redacted else grid.network
    for place, state in enumerate(states.tolist()):
        mark = MARKS[Cell(state)]
        number = str((first + place) & 0xFF)
        middle = 0.5 if not mark.shape else 0.66
        colour = paint.quiet if not mark.shape else mark.ink
        _write_number(axes, place % grid.columns + middle, place // grid.columns + 0.52, number, colour)


def _write_number(axes: Axes, x: float, y: float, number: str, colour: str) -> None:
    write(axes, x, y, number, colour=colour, size=7, ha="center")


def _draw_from_afar(axes: Axes, grid: Grid, states: NDArray[np.uint8], paint: Theme) -> None:
    """Point at what a person looks for: one cell among 65,536 would be lost.

    One marker for each patch of cells about as large as the marker, so that a thousand planned addresses stay a
    readable picture.
    """
    patch_columns = 0.13 / grid.cell_width
    patch_rows = 0.13 / grid.cell_height
    for cell in _SEEN_FROM_AFAR:
        x, y = grid.centre(np.flatnonzero(states == cell))
        patch = np.column_stack([x // patch_columns, y // patch_rows])
        _, first = np.unique(patch, axis=0, return_index=True)
        draw_mark(axes, x[first], y[first], MARKS[cell], 7.5, edge=paint.paper)
