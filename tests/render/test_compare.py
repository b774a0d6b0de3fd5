"""Before and after."""

from __future__ import annotations

import numpy as np
import pytest

from tests.render.layout import check_texts
from tests.render.subnets import subnet
from zecnb.errors import UsageError
from zecnb.render.compare import BeforeAfterChart
from zecnb.render.palette import Cell


def _chart(prefix: int = 24, **more: object) -> BeforeAfterChart:
    after = subnet(prefix)
    before = after.copy()
    before[before == Cell.PLANNED] = Cell.FREE
    return BeforeAfterChart(f"10.208.0.0/{prefix}", before, after, **more)  # type: ignore[arg-type]


def test_counts_of_both():
    """The table has both counts and the change, each summing to the subnet's size."""
    counts = _chart().counts.set_index("state")
    assert counts["before"].sum() == counts["after"].sum() == 256
    assert counts.loc["planned"].tolist() == [0, 3, 3]
    assert counts.loc["free", "change"] == -3


def test_a_conflict_changes_nothing():
    """What cannot be had stays with whoever has it, and what is free stays free."""
    before = np.full(16, Cell.FREE, np.uint8)
    before[[0, 1, 15]], before[4] = Cell.RESERVED, Cell.OTHER_NIC
    after = before.copy()
    after[[4, 5]] = Cell.CONFLICT
    chart = BeforeAfterChart("10.0.0.0/28", before, after)
    assert chart.counts.set_index("state").loc[["free", "other vNIC", "conflict"], "change"].tolist() == [0, 0, 2]
    assert "free 12 → 12 · longest free run 10 → 10 · 2 in conflict stay as they are" in repr(chart)


def test_unseen_and_claimed_are_said():
    """Free is what a plan's summary counts: without the unseen, with the claimed."""
    before = np.full(16, Cell.FREE, np.uint8)
    before[[0, 1, 15]], before[4] = Cell.RESERVED, Cell.CLAIMED
    chart = BeforeAfterChart("10.0.0.0/28", before, before, unseen=3)
    said = "free 10 → 10 · longest free run 13 → 13 · 3 unseen taken off · 1 claimed counted as free"
    assert repr(chart) == f"BeforeAfterChart(10.0.0.0/28: {said})"


def test_legend_equals_the_counts():
    """The legend shows what changed with both numbers, and what did not with one."""
    chart = _chart()
    texts = {text.get_text() for axes in chart.figure.axes for text in axes.texts}
    assert "planned 0 → 3 (+3)" in texts
    others = chart.counts.set_index("state").loc["other vNIC", "after"]
    assert f"other vNIC {others}" in texts


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("prefix", [12, 16, 18, 20, 22, 24, 28, 32])
def test_no_text_is_cut_off_or_covered(prefix: int, *, dark: bool):
    """Headings, labels and legend have room, whatever the size of the subnet."""
    check_texts(_chart(prefix, title="W" * 80, dark=dark).draw())


def test_both_pictures_have_the_same_size():
    """The two maps lie side by side, equally large."""
    _, before, after, _ = _chart().figure.axes
    assert before.get_position().size == pytest.approx(after.get_position().size)
    assert before.get_position().y0 == pytest.approx(after.get_position().y0)


def test_words():
    """The line and the table say what the picture shows."""
    chart = _chart(title="app-sin")
    free = chart.counts["before"].iloc[[0, -1]].sum()  # claimed ones are free too
    assert repr(chart).startswith(f"BeforeAfterChart(10.208.0.0/24: free {free} → {free - 3} · ")
    assert chart.text().startswith("app-sin · 10.208.0.0/24\n")


def test_redacted_picture_names_nothing():
    """Neither picture nor words hold a name or an address."""
    chart = _chart(title="app-sin").redacted()
    texts = [text.get_text() for axes in chart.figure.axes for text in axes.texts]
    said = " ".join([*texts, chart.text(), repr(chart)])
    assert "10.208" not in said
    assert "app-sin" not in said


def test_both_must_fit():
    """Cells of another size are refused when the chart is made."""
    with pytest.raises(UsageError, match="256 addresses"):
        BeforeAfterChart("10.0.4.0/24", subnet(24), subnet(25))
