"""Free runs and where they are."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.render.layout import check_texts
from tests.render.subnets import subnet
from zecnb.errors import UsageError
from zecnb.render.palette import Cell
from zecnb.render.runs import BLOCKS, FragmentationChart, FreeRunChart, free_runs

_CELLS = st.lists(st.sampled_from([Cell.FREE, Cell.FREE, Cell.OTHER_NIC]), min_size=64, max_size=64).map(
    lambda states: np.array(states, np.uint8)
)


def _runs_one_by_one(cells: np.ndarray) -> list[tuple[int, int]]:
    runs: list[tuple[int, int]] = []
    for place, state in enumerate(cells.tolist()):
        if state == Cell.FREE and runs and sum(runs[-1]) == place:
            runs[-1] = (runs[-1][0], runs[-1][1] + 1)
        elif state == Cell.FREE:
            runs.append((place, 1))
    return runs


@given(_CELLS)
def test_runs_equal_those_counted_by_hand(cells: np.ndarray):
    """Starts and lengths are those that a loop over the addresses finds."""
    starts, lengths = free_runs(cells)
    assert list(zip(starts.tolist(), lengths.tolist(), strict=True)) == _runs_one_by_one(cells)


@given(_CELLS)
def test_every_free_address_is_in_one_class(cells: np.ndarray):
    """The addresses of the classes sum to the free ones."""
    counts = FreeRunChart("10.0.4.0/26", cells).counts
    assert counts["addresses"].sum() == (cells == Cell.FREE).sum()
    assert counts["runs"].sum() == len(_runs_one_by_one(cells))


@given(_CELLS)
def test_blocks_equal_those_counted_by_hand(cells: np.ndarray):
    """An aligned block counts when all its addresses are free."""
    blocks = FragmentationChart("10.0.4.0/26", cells).blocks
    by_hand = [int((cells.reshape(-1, size) == Cell.FREE).all(axis=1).sum()) for size in BLOCKS]
    assert blocks["blocks"].tolist() == by_hand


def test_classes_of_length():
    """A run of 3 is in class 2-3, one of 4 in 4-7, one of 32 and more in the last."""
    cells = np.full(256, Cell.OTHER_NIC, np.uint8)
    cells[0:3] = cells[10:14] = cells[100:140] = Cell.FREE
    counts = FreeRunChart("10.0.4.0/24", cells).counts.set_index("length")
    assert counts.loc["2-3"].tolist() == [1, 3]
    assert counts.loc["4-7"].tolist() == [1, 4]
    assert counts.loc["32+"].tolist() == [1, 40]


def test_bars_are_as_high_as_their_counts():
    """A bar's height is the number of addresses."""
    chart = FreeRunChart("10.0.4.0/24", subnet(24))
    bars = chart.figure.axes[1].patches
    assert [bar.get_height() for bar in bars] == chart.counts["addresses"].tolist()


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("prefix", [12, 16, 18, 20, 22, 24, 28, 32])
@pytest.mark.parametrize("kind", [FreeRunChart, FragmentationChart])
def test_no_text_is_cut_off_or_covered(kind: type[FreeRunChart | FragmentationChart], prefix: int, *, dark: bool):
    """Headings, numbers and legend have room, whatever the size of the subnet."""
    check_texts(kind(f"10.208.0.0/{prefix}", subnet(prefix), "W" * 60, dark).draw())


@pytest.mark.parametrize("kind", [FreeRunChart, FragmentationChart])
def test_full_subnet(kind: type[FreeRunChart | FragmentationChart]):
    """A subnet without a free address has a picture that says so."""
    chart = kind("10.0.4.0/24", np.full(256, Cell.OTHER_NIC, np.uint8))
    assert chart.png(scale=1)
    assert "no free address" in repr(chart)


def test_numbered_cells_tell_the_length():
    """Where cells are large enough, the first of each run says how long it is."""
    cells = np.full(256, Cell.OTHER_NIC, np.uint8)
    cells[16:33] = Cell.FREE
    texts = [text for text in FragmentationChart("10.0.4.0/24", cells).figure.axes[1].texts if text.get_text() == "17"]
    assert [text.get_position() for text in texts] == [(0.5, 1.52)]


def test_legend_equals_the_counts():
    """The legend's numbers are those of the table."""
    chart = FragmentationChart("10.0.4.0/24", subnet(24))
    texts = {text.get_text() for axes in chart.figure.axes for text in axes.texts}
    assert {f"{length}: {addresses:,}" for length, _, addresses in chart.counts.itertuples(index=False)} <= texts


@pytest.mark.parametrize("kind", [FreeRunChart, FragmentationChart])
def test_redacted_picture_names_nothing(kind: type[FreeRunChart | FragmentationChart]):
    """Neither picture nor words hold a name or an address."""
    chart = kind("10.0.4.0/24", subnet(24), "app-sin").redacted()
    texts = [text.get_text() for axes in chart.figure.axes for text in axes.texts]
    said = " ".join([*texts, chart.text(), repr(chart)])
    assert "10.0" not in said
    assert "app-sin" not in said


@pytest.mark.parametrize("kind", [FreeRunChart, FragmentationChart])
def test_wrong_cells_are_refused_at_once(kind: type[FreeRunChart | FragmentationChart]):
    """A chart that cannot be drawn is refused when it is made."""
    with pytest.raises(UsageError, match="256 addresses"):
        kind("10.0.4.0/24", subnet(25))
