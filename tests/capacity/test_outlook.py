"""A forecast as a value: its table, its pictures, and what a scenario does to it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.capacity.test_forecast import LAST, history, noisy
from tests.planner.accounts import account
from zecnb.capacity.history import History
from zecnb.capacity.outlook import outlook
from zecnb.errors import UsageError
from zecnb.render.cells import NOTHING
from zecnb.store import Store

if TYPE_CHECKING:
    from pathlib import Path


def several() -> pd.DataFrame:
    """A subnet that fills, one that does not, one that is full, one nobody knows yet."""
    return pd.concat(
        [
            history(noisy(days=70), subnet="sub-app", vpc="vpc-a"),
            history([40] * 40, subnet="sub-db", vpc="vpc-a"),
            history([253] * 40, subnet="sub-full", vpc="vpc-b"),
            history(np.arange(3), subnet="sub-new", vpc="vpc-b"),
        ]
    )


def test_table_says_what_fills_first() -> None:
    """What is full comes first, then what fills, then what is not known, then what does not fill; dates in words."""
    table = outlook(several()).table
    subnets = table[table["of"] == "subnet"].set_index("name")
    assert subnets.index.tolist() == ["sub-full", "sub-app", "sub-new", "sub-db"]
    assert subnets["full"].tolist()[0] == "reached"
    assert " to " in subnets["full"]["sub-app"]
    assert subnets["full"].tolist()[2:] == [NOTHING, NOTHING]


def test_names_come_from_the_inventory() -> None:
    """With an inventory subnets and VPCs are called by name; without, by id."""
    inventory = account()
    named = outlook(several(), inventory=inventory).frame.set_index("id")["name"]
    assert named["sub-app"] == inventory.subnets.set_index("subnet_id")["name"]["sub-app"]
    assert named["sub-new"] == "sub-new"


def test_chart_of_any_of_them() -> None:
    """By id, by name, of a VPC, or of what fills first."""
    made = outlook(several(), inventory=account())
    assert made.chart().title == "sub-full"
    assert made.chart("app").title == made.chart("sub-app").title == "app"
    assert made.chart("vpc-a").usable == 506


def test_chart_that_cannot_be() -> None:
    """A subnet nobody observed, a name that several have, and an empty history are each said."""
    made = outlook(several())
    with pytest.raises(UsageError, match="no subnet or VPC in the history is 'x'"):
        made.chart("x")
    twins = outlook(pd.concat([history([9] * 9, subnet="s", vpc="s")]))
    with pytest.raises(UsageError, match="several have the name 's'"):
        twins.chart("s")
    with pytest.raises(UsageError, match="history is empty"):
        outlook(several().iloc[:0]).chart()


def test_unknown_option() -> None:
    """An option that does not exist is named, with those that do."""
    with pytest.raises(UsageError, match="no option horizonn; there are warn_at"):
        outlook(several(), horizonn=3)


def test_scenario_moves_the_dates() -> None:
    """More addresses in a scenario make it full earlier; what the scenario leaves alone keeps its dates."""
    inventory = account()
    made = outlook(several(), inventory=inventory)
    after = made.after(inventory.what_if().add_nics("sub-app", 10, 5))
    was, now = (each.frame.set_index("id") for each in (made, after))
    assert now["used"]["sub-app"] == was["used"]["sub-app"] + 50
    assert now["full_from"]["sub-app"] < was["full_from"]["sub-app"]
    assert now.loc["sub-db"].equals(was.loc["sub-db"])
    assert made.after(inventory.what_if()).frame.equals(made.frame)


def test_widened_subnet_lasts_longer() -> None:
    """A scenario that gives a subnet more room moves its dates back, and those of its VPC."""
    inventory = account()
    past = history(np.arange(40) // 4, usable=13, subnet="sub-frag", vpc="vpc-a")
    was = outlook(past, inventory=inventory)
    now = was.after(inventory.what_if().widen("sub-frag", 27))
    full = [each.frame.set_index("id")["full_from"] for each in (was, now)]
    assert (full[1] > full[0]).all()
    assert now.frame["usable"].tolist() == [29, 29]


def test_split_subnet_has_no_dates() -> None:
    """A subnet that a scenario cuts into parts is gone, its VPC still holds what it held."""
    inventory = account()
    made = outlook(several(), inventory=inventory)
    after = made.after(inventory.what_if().split("sub-app", 25)).frame.set_index("id")
    assert "sub-app" not in after.index
    assert after.loc["vpc-a"].equals(made.frame.set_index("id").loc["vpc-a"])


def test_reserved_is_not_used() -> None:
    """Reserving a range moves no date: who claims it has yet to use it."""
    inventory = account()
    made = outlook(several(), inventory=inventory)
    assert made.after(inventory.what_if().reserve("10.0.4.0/24")).frame.equals(made.frame)


def test_nothing_after_nothing() -> None:
    """Without history there is no forecast, of a scenario neither."""
    made = outlook(pd.DataFrame())
    assert repr(made.after(account().what_if().grow(1))) == repr(made) == "Forecast(no history)"
    assert len(made.table) == 0


@pytest.mark.parametrize("given", [None, [1], "past.csv"])
def test_what_is_no_history(given: object) -> None:
    """What is no DataFrame is named."""
    with pytest.raises(UsageError, match="history is a DataFrame with the columns"):
        outlook(given)  # type: ignore[arg-type]


@settings(max_examples=6)
@given(st.integers(1, 12), st.integers(1, 6), st.integers(1, 6))
def test_more_in_a_scenario_is_never_later(nics: int, each: int, more: int) -> None:
    """Of two scenarios the one that adds more is full no later."""
    inventory = account()
    made = outlook(several(), inventory=inventory)
    less = made.after(inventory.what_if().add_nics("sub-app", nics, each)).frame.set_index("id")
    much = made.after(inventory.what_if().add_nics("sub-app", nics + more, each)).frame.set_index("id")
    for name in ("warn_from", "critical_to", "full_from", "full_to"):
        assert much[name]["sub-app"] <= less[name]["sub-app"]


def test_history_forecasts_itself(tmp_path: Path) -> None:
    """What is stored is what is forecast; the journal says which run was behind a step."""
    store = Store(f"sqlite:///{tmp_path / 'journal.db'}")
    past = History(store, "demo")
    used = np.full(40, 60)
    used[30:] += 48
    past.add(history(used, subnet="sub-app", vpc="vpc-a"))
    inventory = account()
    nic = inventory.nics.query("subnet_id == 'sub-app'")["nic_id"].iloc[0]
    journal = pd.DataFrame(
        {"at": [LAST - pd.Timedelta(days=9)], "run_id": ["r1"], "nic_id": [nic], "plan_digest": ["d"]}
    )
    made = past.forecast(inventory=inventory, journal=journal)
    assert made.steps[["change", "run_id"]].to_numpy().tolist() == [[48, "r1"]]
    assert made.chart("sub-app").steps["change"].tolist() == [48]
    store.close()


def test_html_escapes_names() -> None:
    """Names that hold markup are shown as text; the headline counts."""
    made = outlook(history(noisy(), subnet="<b>x</b>", vpc=None))
    assert "<b>x</b>" not in made._repr_html_()
    assert repr(made) == "Forecast(1 filling)"


def test_what_is_no_scenario_inventory_or_journal() -> None:
    """What is of another kind is named."""
    past = several()
    with pytest.raises(UsageError, match="after takes a scenario"):
        outlook(past).after(None)  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="an inventory or a scenario is wanted"):
        outlook(past, inventory=5)  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="column at is missing"):
        outlook(past, inventory=account(), journal=pd.DataFrame({"x": [1]}))
