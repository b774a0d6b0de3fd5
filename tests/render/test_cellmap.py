"""Layouts: every address has one place, whatever the size of the subnet."""

from __future__ import annotations

import numpy as np
import pytest
from matplotlib.collections import PathCollection
from matplotlib.image import AxesImage

from tests.render.subnets import subnet
from zecnb.errors import UsageError
from zecnb.render.cellmap import FOLDED_CELLS, Grid, check_cells, dominant, draw_map, network_of
from zecnb.render.figures import blank_axes, new_figure
from zecnb.render.palette import LIGHT, Cell


@pytest.mark.parametrize("prefix", range(8, 33))
def test_each_address_has_one_place(prefix: int):
    """Columns times rows times the fold is exactly the size of the subnet."""
    grid = Grid.of(f"10.0.0.0/{prefix}")
    assert grid.columns * grid.rows * grid.fold == 1 << (32 - prefix)
    assert grid.columns * grid.rows <= FOLDED_CELLS


@pytest.mark.parametrize("prefix", range(8, 33))
def test_pictures_stay_small(prefix: int):
    """No layout is wider than a notebook or higher than it is wide."""
    grid = Grid.of(f"10.0.0.0/{prefix}")
    assert grid.width <= 6.41
    assert grid.height <= 6.41


@pytest.mark.parametrize("prefix", range(8, 33))
def test_row_labels_do_not_touch(prefix: int):
    """Labels are at least their own height apart, and the first row always has one."""
    grid = Grid.of(f"10.0.0.0/{prefix}")
    rows = [row for row, _ in grid.row_labels(redacted=False)]
    assert rows[0] == 0
    assert all(step * grid.cell_height >= 7.5 / 72 for step in np.diff(rows)) or grid.rows == 1


def test_rows_start_at_round_addresses():
    """A row of a /24 holds sixteen addresses, one of a /22 thirty-two."""
    assert Grid.of("10.0.4.0/24").row_labels(redacted=False)[1] == (1, "10.0.4.16")
    assert Grid.of("10.0.4.0/22").row_labels(redacted=False)[1] == (1, "10.0.4.32")


def test_redacted_rows_show_offsets():
    """Without addresses, rows say how far they are from the first."""
    assert Grid.of("10.0.4.0/24").row_labels(redacted=True)[1] == (1, "+16")


def test_dominant_state_of_a_fold():
    """The state that matters most wins: a conflict over a plan over anything held over free."""
    cells = np.array([0, 0, 2, 5, 2, 6, 6, 7], np.uint8)
    assert dominant(cells, 2).tolist() == [Cell.FREE, Cell.OTHER_NIC, Cell.PLANNED, Cell.CONFLICT]
    assert dominant(cells, 1) is cells


@pytest.mark.parametrize("cidr", ["10.0.4.1/24", "10.0.4.0", "10.0.4.0/33", "", "fd00::/64"])
def test_what_is_no_cidr(cidr: str):
    """What is no CIDR is refused with an example."""
    with pytest.raises(UsageError, match="IPv4 CIDR such as"):
        network_of(cidr)


def test_cells_must_fit():
    """One known state per address, no more, no less."""
    with pytest.raises(UsageError, match="256 addresses"):
        check_cells("10.0.4.0/24", np.zeros(255, np.uint8))
    with pytest.raises(UsageError, match="9 is no state"):
        check_cells("10.0.4.0/24", np.full(256, 9, np.uint8))


def _drawn(prefix: int, cells: np.ndarray):
    grid = Grid.of(f"10.0.0.0/{prefix}")
    axes = blank_axes(new_figure(8, 8, LIGHT), 1, 0.5, grid.width, grid.height)
    draw_map(axes, grid, cells, LIGHT)
    return grid, axes


def test_shapes_stand_where_their_addresses_are():
    """The conflict's shape is at its row and column, not only of its colour."""
    cells = np.zeros(1024, np.uint8)
    cells[32 * 3 + 7] = Cell.CONFLICT
    _, axes = _drawn(22, cells)
    marks = [item for item in axes.collections if isinstance(item, PathCollection) and len(item.get_offsets())]
    assert [mark.get_offsets().tolist() for mark in marks] == [[[7.5, 3.5]]]


def test_folded_picture_is_one_image():
    """A /16 is drawn as one image of 256 by 256 pixels, in the order of the addresses."""
    cells = np.zeros(65536, np.uint8)
    cells[256 * 5 + 9] = Cell.HAVIP
    _, axes = _drawn(16, cells)
    (image,) = [child for child in axes.get_children() if isinstance(child, AxesImage)]
    pixels = np.asarray(image.get_array())
    assert pixels.shape == (256, 256, 3)
    assert np.argwhere((pixels != pixels[0, 0]).any(axis=2)).tolist() == [[5, 9]]


def test_single_planned_address_of_a_large_subnet_is_visible():
    """One planned cell among 65,536 has a marker of its own."""
    cells = np.zeros(65536, np.uint8)
    cells[30000] = Cell.PLANNED
    _, axes = _drawn(16, cells)
    offsets = np.concatenate([item.get_offsets() for item in axes.collections])
    assert offsets.tolist() == [[30000 % 256 + 0.5, 30000 // 256 + 0.5]]


def test_many_planned_addresses_stay_readable():
    """Ten thousand planned addresses get one marker per patch, not ten thousand."""
    cells = np.zeros(65536, np.uint8)
    cells[:10240] = Cell.PLANNED
    _, axes = _drawn(16, cells)
    count = sum(len(item.get_offsets()) for item in axes.collections)
    assert 100 < count < 600


def test_numbers_are_the_last_octets():
    """In a /28 that starts at .16 the cells are numbered 16 to 31."""
    grid = Grid.of("10.0.4.16/28")
    axes = blank_axes(new_figure(8, 1, LIGHT), 1, 0.1, grid.width, grid.height)
    draw_map(axes, grid, subnet(28), LIGHT, labels=False)
    assert [text.get_text() for text in axes.texts] == [str(number) for number in range(16, 32)]
