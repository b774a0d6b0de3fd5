"""The occupancy chart: legend, counts, words and limits."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from tests.render.layout import check_texts
from tests.render.subnets import subnet
from zecnb.errors import UsageError
from zecnb.render.occupancy import OccupancyChart, longest_free_run
from zecnb.render.palette import MARKS, Cell


def _texts(chart: OccupancyChart) -> list[str]:
    return [text.get_text() for axes in chart.figure.axes for text in axes.texts]


@pytest.mark.parametrize("prefix", [32, 31, 30, 29, 28, 24, 23, 22, 20, 18, 16, 12])
def test_counts_sum_to_the_subnet(prefix: int):
    """Every address is in exactly one state."""
    chart = OccupancyChart(f"10.0.0.0/{prefix}", subnet(prefix))
    assert chart.counts["count"].sum() == 1 << (32 - prefix)
    assert chart.counts["state"].tolist() == [mark.word for mark in MARKS.values()]


def test_a_conflict_is_counted_as_what_it_is():
    """What cannot be had stays free, or with whoever has it: the counts but that of conflicts sum to the subnet."""
    before = np.full(16, Cell.FREE, np.uint8)
    before[[0, 1, 15]], before[4] = Cell.RESERVED, Cell.OTHER_NIC
    cells = before.copy()
    cells[[4, 5]], cells[6] = Cell.CONFLICT, Cell.PLANNED
    chart = OccupancyChart("10.0.0.0/28", cells, before=before)
    counts = chart.counts.set_index("state")["count"]
    assert counts[["free", "other vNIC", "planned", "conflict"]].tolist() == [11, 1, 1, 2]
    assert counts.sum() == 16 + 2
    assert "16 addresses · 11 free · longest free run 8" in _texts(chart)
    assert "free 11" in _texts(chart)
    assert "x 2 in conflict stay what they are and are counted as that too." in chart.text()
    assert repr(chart) == "OccupancyChart(10.0.0.0/28: 11 free, 1 planned, 2 conflict)"


@pytest.mark.parametrize("prefix", [30, 24, 22, 16])
def test_legend_equals_the_counts(prefix: int):
    """The legend shows each state with the number that the table has, zeros too."""
    chart = OccupancyChart(f"10.0.0.0/{prefix}", subnet(prefix), unseen=7)
    texts = _texts(chart)
    for state, count in chart.counts.itertuples(index=False):
        assert f"{state} {count:,}" in texts
    assert "unseen 7" in texts


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("cells", [np.zeros(256, np.uint8), np.full(256, Cell.OTHER_NIC, np.uint8)])
def test_empty_and_full_subnets_can_be_drawn(cells: np.ndarray, *, dark: bool):
    """No free address and nothing but free addresses are pictures too."""
    chart = OccupancyChart("10.0.4.0/24", cells, dark=dark)
    assert chart.png(scale=1).startswith(b"\x89PNG")
    assert f"{(cells == 0).sum():,} free" in chart.text()


@pytest.mark.parametrize("prefix", range(12, 33))
def test_no_text_is_cut_off_or_covered(prefix: int):
    """Labels, numbers, legend and notes have room, whatever the size of the subnet."""
    name = "W" * 100
    check_texts(OccupancyChart(f"10.208.0.0/{prefix}", subnet(prefix), unseen=12, title=name, nic_name=name).draw())


def test_a_large_subnet_is_small():
    """A /16 with 39,000 held addresses is a picture of under 300 kB (anchors.md, performance bar)."""
    assert len(OccupancyChart("10.0.0.0/16", subnet(16)).png()) < 300_000


def test_colours_are_those_of_the_palette():
    """The picture shows each state in its colour (within the rounding of 256 colours)."""
    cells = np.full(65536, Cell.CONFLICT, np.uint8)
    picture = Image.open(io.BytesIO(OccupancyChart("10.0.0.0/17", cells[:32768]).png())).convert("RGB")
    pixel = picture.getpixel((picture.width // 2 + 3, picture.height // 2 + 3))
    assert isinstance(pixel, tuple)
    assert max(abs(a - b) for a, b in zip(pixel, (0xD5, 0x5E, 0x00), strict=True)) < 24


def test_unseen_is_said_and_not_drawn():
    """Addresses whose place is not known are a number and a sentence, never a cell."""
    chart = OccupancyChart("10.0.4.0/24", subnet(24), unseen=12)
    assert chart.counts["count"].sum() == 256
    assert any("12 more addresses are used by something no listing shows" in text for text in _texts(chart))
    assert "? unseen 12" in chart.text()
    without = OccupancyChart("10.0.4.0/24", subnet(24))
    assert not any("no listing shows" in text for text in _texts(without))


def test_folding_is_said():
    """Above a /16 the picture says for how many addresses a cell stands."""
    chart = OccupancyChart("10.0.0.0/14", subnet(14))
    assert any("Each cell stands for 4 addresses" in text for text in _texts(chart))


def test_repr_is_one_line_without_names():
    """What a log gets is short and names nothing."""
    chart = OccupancyChart("10.0.4.0/26", subnet(26), unseen=2, title="secret name", nic_name="web-07")
    counts = chart.counts.set_index("state")["count"]
    free = counts["free"] + counts["claimed"]
    said = f"{free - 2} free ({free} shown less 2 unseen, 1 of them claimed), 3 planned, 1 conflict"
    assert repr(chart) == f"OccupancyChart(10.0.4.0/26: {said})"


def test_text_shows_every_address():
    """A /26 is one line of 64 signs, in the order of the addresses."""
    cells = subnet(26)
    lines = OccupancyChart("10.0.4.64/26", cells, title="app").text().splitlines()
    assert lines[0] == "app · 10.0.4.64/26"
    address, signs = lines[2].split(maxsplit=1)
    assert address == "10.0.4.64"
    assert signs.replace(" ", "") == "".join(MARKS[Cell(state)].sign for state in cells.tolist())


def test_text_of_a_large_subnet_says_how_full():
    """A /16 is 32 lines; a sign tells how much of 32 addresses is taken, and where the plan is."""
    cells = np.zeros(65536, np.uint8)
    cells[:32] = Cell.OTHER_NIC
    cells[32:40] = Cell.OTHER_NIC
    cells[64:90] = Cell.OTHER_NIC
    cells[100] = Cell.PLANNED
    lines = OccupancyChart("10.0.0.0/16", cells).text().splitlines()
    assert lines[2].split(maxsplit=1)[1].startswith("#-%+....")
    assert "Each sign stands for 32 addresses" in lines[-1]
    assert len(lines) == 2 + 32 + 2


def test_redacted_picture_names_nothing():
    """Without names, neither the picture nor its words hold an address, a title or a vNIC's name."""
    chart = OccupancyChart("10.0.4.0/24", subnet(24), title="app-sin", nic_name="web-07").redacted()
    said = " ".join([*_texts(chart), chart.text(), repr(chart)])
    assert "10.0" not in said
    assert "app-sin" not in said
    assert "web-07" not in said
    assert "a /24 subnet" in said


def test_wrong_cells_are_refused_at_once():
    """A chart that cannot be drawn is refused when it is made, not when it is shown."""
    with pytest.raises(UsageError, match="256 addresses"):
        OccupancyChart("10.0.4.0/24", subnet(25))


@pytest.mark.parametrize(
    ("cells", "longest"),
    [([0, 0, 2, 0, 0, 0, 5, 0], 3), ([2, 2], 0), ([0, 0, 0, 0], 4), ([0], 1), ([6, 0], 1), ([0, 8, 0], 3)],
)
def test_longest_free_run(cells: list[int], longest: int):
    """Only free cells count, claimed ones with them, planned ones do not, and runs may touch either end."""
    assert longest_free_run(np.array(cells, np.uint8)) == longest
