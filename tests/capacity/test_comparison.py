"""Scenarios side by side."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pandas as pd
import pytest

from tests.planner.accounts import EVIL, WEB1, account
from tests.render.layout import check_texts
from zecnb.capacity.comparison import compare
from zecnb.capacity.headroom import headroom
from zecnb.errors import UsageError
from zecnb.render.cells import NOTHING
from zecnb.render.scenarios import ScenarioChart


def test_one_row_per_subnet_that_differs() -> None:
    """The table has now and each scenario, and only the subnets some scenario changes."""
    inventory = account()
    more, less = inventory.what_if("more").add_nics("sub-app", 5, 2), inventory.what_if("less").drain(WEB1)
    frame = compare(more, less).frame.set_index("subnet_id")
    assert frame.index.tolist() == ["sub-app"]
    row = frame.loc["sub-app"]
    assert (row["used_now"], row["used_more"], row["used_less"]) == (18, 28, 16)
    assert (row["free_now"], row["free_more"]) == (235, 225)
    assert row["utilisation_more"] == pytest.approx(28 / 253)


def test_everything_is_every_ipv4_subnet() -> None:
    """On request the unchanged subnets are there too."""
    assert len(compare(account().what_if().drain(WEB1), everything=True).frame) == 1 + 7


def test_reserved_is_neither_used_nor_free() -> None:
    """A reserved range takes from free and from the largest run and adds nothing to used."""
    inventory = account()
    row = compare(inventory.what_if("a").reserve("10.0.4.110-10.0.4.254")).frame.iloc[0]
    assert row["used_a"] == row["used_now"]
    assert row["free_now"] - row["free_a"] == 145
    assert (row["largest_run_now"], row["largest_run_a"]) == (145, 58)


def test_used_reserved_and_free_add_up() -> None:
    """The three are all that is usable, in every scenario."""
    frame = compare(account().what_if("a").reserve("10.0.4.0/25").add_nics("sub-app", 3, 4), everything=True).frame
    for name in ("now", "a"):
        added = frame[f"used_{name}"] + frame[f"reserved_{name}"] + frame[f"free_{name}"]
        assert added.tolist() == account().occupancy()["usable"].tolist()
    assert frame.set_index("subnet_id").loc["sub-app", "reserved_a"] == 126 - 18 - 12 + 12


def test_claims_that_all_began_with_are_there_now() -> None:
    """What was claimed before any step is reserved now too, unless a scenario began without it."""
    inventory = account()
    claims = pd.DataFrame({"range": ["10.0.4.200-209", "10.0.4.210"], "owner": ["Ann", None]})
    both = [inventory.what_if(name, claims=claims).grow(1, nic_ids=[WEB1]) for name in "ab"]
    row = compare(*both).frame.iloc[0]
    assert (row["reserved_now"], row["reserved_a"], row["free_now"] - row["free_a"]) == (11, 11, 1)
    some = inventory.what_if("c", claims=claims.iloc[:1])
    assert compare(both[0], some).frame["reserved_now"].iloc[0] == 10
    assert compare(both[0], inventory.what_if("d")).frame["reserved_now"].iloc[0] == 0


def test_split_subnets_are_na_where_they_are_not() -> None:
    """A subnet that only one side has is empty on the other."""
    frame = compare(account().what_if("a").split("sub-app", 25)).frame.set_index("subnet_id")
    assert frame.loc["sub-app#1"].isna()["used_now"]
    assert frame.loc["sub-app"].isna()["used_a"]


def test_problems_name_their_scenario() -> None:
    """What could not be done is listed with the scenario's name."""
    inventory = account()
    problems = compare(inventory.what_if("a"), inventory.what_if("b").add_nics("sub-db", 99)).problems
    assert problems[["scenario", "id"]].to_numpy().tolist() == [["b", "sub-db"]]


def test_equal_names_get_numbers() -> None:
    """Scenarios with one name stay apart."""
    inventory = account()
    assert compare(inventory.what_if(), inventory.what_if()).names == ("now", "what if", "what if 2")


def test_scenarios_of_different_inventories() -> None:
    """What did not begin from the same inventory is not compared; nor is nothing."""
    with pytest.raises(UsageError, match="same inventory"):
        compare(account().what_if(), account().what_if())
    with pytest.raises(UsageError, match="one scenario or more"):
        compare()
    with pytest.raises(UsageError, match="one scenario or more"):
        compare(account())  # type: ignore[arg-type]


def test_table_is_for_people() -> None:
    """It has a row per subnet and scenario that has it, subnet by subnet, with the frame's numbers."""
    inventory = account()
    table = compare(inventory.what_if("a").split("sub-app", 25), inventory.what_if("b").drain(WEB1)).table
    assert table[["subnet_id", "scenario", "used"]].to_numpy().tolist() == [
        ["sub-app", "now", 18],
        ["sub-app", "b", 16],
        ["sub-app#1", "a", 18],
        ["sub-app#2", "a", 0],
    ]
    assert list(table.columns[3:]) == ["cidr", "used", "reserved", "free", "utilisation", "largest_run"]


def test_chart_can_be_read() -> None:
    """No text of the chart is cut off or covered, with long names and subnets that are missing."""
    inventory = account()
    chart = compare(
        inventory.what_if("a very long name for a scenario, really").split("sub-app", 27),
        inventory.what_if("b").grow(3),
        everything=True,
    ).chart()
    check_texts(chart.figure)
    assert "no such subnet" in [text.get_text() for axes in chart.figure.axes for text in axes.texts]


def test_chart_draws_the_shares() -> None:
    """A bar is as long as the utilisation it stands for."""
    comparison = compare(account().what_if("a").add_nics("sub-app", 40, 5))
    axes = comparison.chart().figure.axes[1]
    bars = [patch.get_width() / axes.get_xlim()[1] for patch in axes.patches if patch.get_zorder() == 2]
    assert bars == pytest.approx([18 / 253, 218 / 253])


def test_reserved_part_is_striped() -> None:
    """What is reserved follows what is used, striped and as long as its share, and a legend says what it is."""
    chart = compare(account().what_if("a").reserve("10.0.4.0/25")).chart()
    axes = chart.figure.axes[1]
    bars = [patch for patch in axes.patches if patch.get_hatch()]
    reserved = int(chart.frame["reserved_a"].iloc[0])
    assert bars[0].get_x() / axes.get_xlim()[1] == pytest.approx(18 / 253)
    assert bars[0].get_width() / axes.get_xlim()[1] == pytest.approx(reserved / 253)
    texts = [text.get_text() for text in axes.texts]
    assert f"{235 - reserved} free · {reserved} reserved" in texts
    assert "reserved: neither used nor free" in texts
    check_texts(chart.figure)


def test_text_has_a_line_per_subnet_and_scenario() -> None:
    """In a terminal the numbers stand under each other, NA where there is no such subnet."""
    lines = compare(account().what_if("a").split("sub-app", 25)).chart().text().splitlines()
    assert [line.split() for line in lines[3:7]] == [
        ["app", "now", "7.1", "%", "0", "235"],
        ["app", "a", *[NOTHING] * 3],
        ["app", "#1", "now", *[NOTHING] * 3],
        ["app", "#1", "a", "14.4", "%", "0", "107"],
    ]


def test_nothing_to_draw() -> None:
    """Where nothing differs the picture says so."""
    chart = compare(account().what_if("a")).chart()
    assert "no subnet differs" in [text.get_text() for axes in chart.figure.axes for text in axes.texts]


def test_more_subnets_than_a_picture_has_room_for() -> None:
    """The first are drawn, the others counted, in the picture and in words; the frame has all."""
    frame = compare(account().what_if("a").split("sub-app", 29).split("sub-gw", 29).reserve("10.0.4.2")).frame
    chart = ScenarioChart(frame, ("now", "a"))
    assert len(frame) > 60
    check_texts(chart.figure)
    rest = f"{len(frame) - 20} more subnets"
    assert f"… {rest}" in [text.get_text() for axes in chart.figure.axes for text in axes.texts]
    assert chart.text().endswith(f"... {rest}")
    assert repr(chart) == f"ScenarioChart({len(frame)} subnets · now, a)"


def test_picture_of_another_frame() -> None:
    """A frame that is no comparison's is refused with the column that it lacks."""
    frame = compare(account().what_if("a").drain(WEB1)).frame
    with pytest.raises(UsageError, match="needs the column reserved_a"):
        ScenarioChart(frame.drop(columns="reserved_a"), ("now", "a"))


def test_repr_counts_what_differs() -> None:
    """The repr has the names and how many subnets differ."""
    assert repr(compare(account().what_if("a").drain(WEB1))) == "Comparison(now, a: 1 subnet differs)"
    assert repr(compare(account().what_if("a"))) == "Comparison(now, a: 0 subnets differ)"


def test_old_inventories_are_said() -> None:
    """What rests on an old inventory says so wherever it is shown."""
    old = account(observed_at=datetime.now(UTC) - timedelta(days=696, minutes=1)).what_if("a")
    assert repr(old.drain(WEB1)) == f"Scenario(a: {old.drain(WEB1).steps[0]}, read 696 days ago)"
    assert repr(compare(old)) == "Comparison(now, a: 0 subnets differ, read 696 days ago)"
    assert "Subnets that differ, read 696 days ago" in compare(old)._repr_html_()
    assert repr(headroom(old.inventory, subnet_id="sub-app", more=1)).endswith(": fits, read 696 days ago)")


def test_too_many_scenarios_for_a_picture() -> None:
    """There are as many colours as can be told apart."""
    inventory = account()
    with pytest.raises(UsageError, match="what is now and 5 scenarios, not 6"):
        compare(*(inventory.what_if(str(number)) for number in range(6))).chart()


def test_redacted_chart_has_no_names() -> None:
    """Neither picture nor text of a redacted chart has names or ids."""
    chart = compare(account().what_if("a").drain(WEB1)).chart().redacted()
    texts = [text.get_text() for axes in chart.figure.axes for text in axes.texts]
    assert not any("app" in text for text in [*texts, chart.text()])


def test_html_escapes_names() -> None:
    """Names that hold markup are shown as text."""
    assert EVIL not in compare(account().what_if(EVIL).drain(WEB1))._repr_html_()
