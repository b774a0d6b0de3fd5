"""Scenarios side by side."""

from __future__ import annotations

import pytest

from tests.planner.accounts import EVIL, WEB1, account
from tests.render.layout import check_texts
from zecnb.capacity.comparison import compare
from zecnb.errors import UsageError


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


def test_redacted_chart_has_no_names() -> None:
    """Neither picture nor text of a redacted chart has names or ids."""
    chart = compare(account().what_if("a").drain(WEB1)).chart().redacted()
    texts = [text.get_text() for axes in chart.figure.axes for text in axes.texts]
    assert not any("app" in text for text in [*texts, chart.text()])


def test_html_escapes_names() -> None:
    """Names that hold markup are shown as text."""
    assert EVIL not in compare(account().what_if(EVIL).drain(WEB1))._repr_html_()
