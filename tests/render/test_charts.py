"""Charts of many subnets."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from matplotlib.patches import Rectangle

from tests.render.layout import check_texts
from zecnb.errors import UsageError
from zecnb.render.charts import UtilisationChart, VpcChart
from zecnb.render.palette import LIGHT


def _frame(count: int = 12, name: str = "subnet") -> pd.DataFrame:
    usable = np.full(count, 253)
    used = np.round(np.linspace(0, 253, count)).astype(int)
    return pd.DataFrame(
        {
            "subnet_id": [f"168085599935267{n:04d}" for n in range(count)],
            "name": [f"{name}-{n}" for n in range(count)],
            "vpc_id": [f"vpc-{n % 3}" for n in range(count)],
            "vpc_name": [["prod", None, "lab"][n % 3] for n in range(count)],
            "cidr": [f"10.100.{n}.0/24" for n in range(count)],
            "usable": usable,
            "used": used,
            "utilisation": used / usable,
            "unseen": [9 * (n % 2) for n in range(count)],
        }
    )


def _texts(chart: UtilisationChart | VpcChart) -> list[str]:
    return [text.get_text() for axes in chart.figure.axes for text in axes.texts]


def test_ranked_from_full_to_empty():
    """The fullest subnet comes first, with its level."""
    counts = UtilisationChart(_frame(), warn_at=0.7, critical_at=0.9).counts
    assert counts["utilisation"].is_monotonic_decreasing
    assert counts["level"].tolist()[:5] == ["critical", "critical", "warning", "warning", "normal"]


def test_threshold_itself_counts():
    """A subnet exactly at a threshold has reached it."""
    frame = _frame(2).assign(utilisation=[0.75, 0.9])
    assert UtilisationChart(frame).counts["level"].tolist() == ["critical", "warning"]


def test_bars_have_the_length_of_the_share():
    """A bar's length is its utilisation, drawn on one common scale."""
    chart = UtilisationChart(_frame(6).assign(unseen=0))
    axes = chart.figure.axes[1]
    scale = axes.get_xlim()[1]
    bars = [p for p in axes.patches if isinstance(p, Rectangle) and p.get_zorder() == 2]
    assert [bar.get_width() / scale for bar in bars] == pytest.approx(chart.counts["utilisation"].tolist())


def test_unseen_part_is_hatched():
    """What no listing shows is told apart within the bar, and the legend says so."""
    with_unseen, without = UtilisationChart(_frame()), UtilisationChart(_frame().assign(unseen=0))
    assert any(patch.get_hatch() for patch in with_unseen.figure.axes[1].patches)
    assert not any(patch.get_hatch() for patch in without.figure.axes[1].patches)
    assert "of it unseen by any listing" in _texts(with_unseen)
    assert "of it unseen by any listing" not in _texts(without)


def test_subnets_not_drawn_are_counted():
    """Beyond the top the picture says how many there are and how full at most."""
    assert any(text.startswith("… 4 more subnets, ") for text in _texts(UtilisationChart(_frame(), top=8)))


@pytest.mark.parametrize("warn_at", [0.5, 0.75, 0.88])
@pytest.mark.parametrize("kind", [UtilisationChart, VpcChart])
def test_no_text_is_cut_off_or_covered(kind: type[UtilisationChart | VpcChart], warn_at: float):
    """Long names and close thresholds have room."""
    frame = _frame(30, "W" * 60).assign(vpc_name="M" * 80, usable=253_000, used=lambda f: f["used"] * 1000)
    check_texts(kind(frame, warn_at=warn_at, critical_at=0.9).draw())


def test_one_and_no_subnet():
    """Accounts with one or no subnet have pictures too."""
    for count in (0, 1):
        frame = _frame(2).head(count)
        for chart in (UtilisationChart(frame), VpcChart(frame)):
            assert chart.png(scale=1)
            assert f"{count} subnet" in chart.text()


def test_vpcs_keep_their_order_and_add_up():
    """Each VPC is headed by its name, else its id, with its subnets' sum."""
    frame = _frame()
    titles = [text for text in _texts(VpcChart(frame)) if "used" in text]
    assert [title.split(" · ")[0] for title in titles] == ["prod", "vpc-1", "lab"]
    share = frame[frame["vpc_id"] == "vpc-0"]["used"].sum() / (253 * 4)
    assert titles[0] == f"prod · 4 subnets · {share:.1%} of 1,012 used".replace("%", " %")


@pytest.mark.parametrize("kind", [UtilisationChart, VpcChart])
def test_words_have_whole_ids_and_networks(kind: type[UtilisationChart | VpcChart]):
    """The table in words splits neither, and names the VPC where the picture does."""
    frame = _frame().assign(vpc_id=[f"197537519024740445{n % 3}" for n in range(12)])
    said = kind(frame).text()
    assert all(id_ in said and cidr in said for id_, cidr in zip(frame["subnet_id"], frame["cidr"], strict=True))
    assert ("1975375190247404451" in said.partition("subnet id")[2]) == (kind is VpcChart)
    assert max(map(len, said.splitlines())) <= 120


def test_tiles_are_filled_by_their_share():
    """The bar at the foot of a tile is as long as the utilisation."""
    frame = _frame(3).assign(vpc_id="vpc-0", utilisation=[0.5, 0.25, 0.1])
    axes = VpcChart(frame).figure.axes[1]
    tiles, tracks, bars = (axes.patches[start::3] for start in range(3))
    assert [bar.get_width() / track.get_width() for bar, track in zip(bars, tracks, strict=True)] == pytest.approx(
        [0.5, 0.25, 0.1]
    )
    assert tiles[0].get_facecolor() == pytest.approx([int(LIGHT.free[i : i + 2], 16) / 255 for i in (1, 3, 5)] + [1])


@pytest.mark.parametrize("kind", [UtilisationChart, VpcChart])
def test_redacted_picture_names_nothing(kind: type[UtilisationChart | VpcChart]):
    """Neither picture nor words hold names, ids or addresses; sizes of networks stay."""
    chart = kind(_frame()).redacted()
    said = " ".join([*_texts(chart), chart.text(), repr(chart)])
    for secret in ("subnet-", "16808", "10.100", "prod", "vpc-", "lab"):
        assert secret not in said
    assert "/24" in said


def test_a_redacted_subnet_has_one_number():
    """The number is its rank, the same under its VPC as in the ranking."""
    ranking, vpcs = (_texts(kind(_frame()).redacted()) for kind in (UtilisationChart, VpcChart))
    wanted = [f"subnet {rank}" for rank in range(1, 13)]
    assert [text for text in ranking if text in wanted] == wanted
    assert sorted(text for text in vpcs if text in wanted) == sorted(wanted)


@pytest.mark.parametrize("kind", [UtilisationChart, VpcChart])
def test_missing_columns_are_named(kind: type[UtilisationChart | VpcChart]):
    """A frame that does not fit is refused when the chart is made."""
    with pytest.raises(UsageError, match="used is missing"):
        kind(_frame().drop(columns="used"))


def test_vpcs_need_a_vpc():
    """Without vpc_id there is nothing to group by."""
    with pytest.raises(UsageError, match="vpc_id"):
        VpcChart(_frame().drop(columns="vpc_id"))


@pytest.mark.parametrize(("warn_at", "critical_at"), [(0, 0.9), (0.95, 0.9), (0.5, 1.1)])
def test_thresholds_must_make_sense(warn_at: float, critical_at: float):
    """Thresholds are shares, and the warning comes before the alarm."""
    with pytest.raises(UsageError, match="thresholds"):
        UtilisationChart(_frame(), warn_at=warn_at, critical_at=critical_at)


def test_frame_without_optional_columns():
    """Only what is needed is needed; a subnet without a name goes by its id."""
    chart = UtilisationChart(_frame()[["subnet_id", "cidr", "usable", "used", "utilisation"]])
    assert "1680855…670011" in _texts(chart)
    assert repr(chart) == "UtilisationChart(12 subnets · 2 critical · 1 warning · 9 normal)"
