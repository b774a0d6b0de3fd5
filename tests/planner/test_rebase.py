"""A plan made again on what the cloud holds now: what was named stays, what was picked may move."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.planner.accounts import one_subnet
from zecnb.errors import UsageError
from zecnb.planner.options import POLICIES
from zecnb.planner.plan import Plan, approve
from zecnb.planner.rebase import rebase

if TYPE_CHECKING:
    from pathlib import Path

    from zecnb.inventory import Inventory


def subnet(*held: int, nics: int = 3) -> Inventory:
    """Return a subnet of which some addresses are held."""
    return one_subnet("10.0.0.0/26", held, nics=nics)


def rows(plan: Plan) -> list[tuple[Any, ...]]:
    """Return who gets what, and who chose it."""
    return list(plan.frame[["row", "nic_id", "address", "mode"]].itertuples(index=False, name=None))


REQUESTS = [
    {"nic_id": "n0", "ip_addresses": "10.0.0.20"},
    {"nic_id": "n1", "ip_address_count": 3},
    {"nic_id": "n2", "ip_address_count": 1},
]


def test_nothing_changed() -> None:
    """On the same account the same addresses are planned, chosen by whom they were."""
    plan = subnet().plan(REQUESTS)
    assert rows(rebase(plan, subnet())) == rows(plan)
    assert rebase(plan, subnet()).ok


def test_only_the_pick_that_is_gone_is_picked_anew() -> None:
    """A pick that somebody took is replaced; the others stay, lower addresses that became free or not."""
    plan = subnet(2).plan(REQUESTS)
    again = rebase(plan, subnet(4))
    assert [row[2] for row in rows(plan)] == ["10.0.0.20", "10.0.0.3", "10.0.0.4", "10.0.0.5", "10.0.0.6"]
    assert sorted(row[2] for row in rows(again)) == ["10.0.0.2", "10.0.0.20", "10.0.0.3", "10.0.0.5", "10.0.0.6"]
    assert {row[1] for row in rows(again) if row[2] == "10.0.0.2"} == {"n1"}
    assert {row[3] for row in rows(again) if row[1] != "n0"} == {"picked"}
    assert again.ok


def test_what_was_named_is_never_replaced() -> None:
    """An address that somebody named and somebody else took is blocked: the reader decides."""
    again = rebase(subnet().plan(REQUESTS), subnet(20))
    named = again.frame[again.frame["mode"] == "explicit"]
    assert named[["address", "verdict"]].to_numpy().tolist() == [["10.0.0.20", "BLOCK"]]
    assert not again.ok


def test_picks_that_are_there_already_stay() -> None:
    """What an interrupted run assigned already is nothing to do."""
    plan = subnet().plan("n1", ip_address_count=2)
    taken = plan.frame["address"].iloc[0]
    now = one_subnet("10.0.0.0/26", nics=3, more=[("s", taken, "nic_secondary", "n1")])
    assert rebase(plan, now).frame["verdict"].tolist() == ["NOOP", "OK"]


@pytest.mark.parametrize("policy", ["contiguous", "aligned"])
def test_a_block_moves_as_a_whole(policy: str) -> None:
    """One address of a run is gone: the run is picked elsewhere, not torn."""
    plan = subnet().plan("n0", ip_address_count=4, policy=policy)
    offset = int(plan.frame["address"].iloc[1].rsplit(".", 1)[1])
    got = [int(address.rsplit(".", 1)[1]) for address in rebase(plan, subnet(offset)).frame["address"]]
    assert got == list(range(got[0], got[0] + 4))
    assert offset not in got


def test_counts_that_are_sent_stay_counts() -> None:
    """A count stays a count; what it will get is predicted anew."""
    plan = subnet().plan(REQUESTS, mode="server_count")
    again = rebase(plan, subnet(2, 3))
    assert again.calls["ip_address_count"].dropna().tolist() == [3, 1]
    assert [row[3] for row in rows(again)] == [row[3] for row in rows(plan)]
    assert "10.0.0.2" not in {row[2] for row in rows(again)}


def test_again_and_again() -> None:
    """What was picked is known to be picked after any number of times, and from a file."""
    plan = subnet().plan("n0", ip_address_count=1)
    for held in ([2], [2, 3], [2, 3, 4]):
        plan = rebase(plan, subnet(*held))
    assert rows(plan) == [(0, "n0", "10.0.0.5", "picked")]


def test_from_a_file_without_its_approval(tmp_path: Path) -> None:
    """A plan from a file is rebased as well; who approved the old one has not seen the new one."""
    approve(subnet().plan(REQUESTS), "Ada").save(tmp_path / "plan.json")
    plan = Plan.load(tmp_path / "plan.json")
    again = rebase(plan, subnet(2))
    assert len(again.frame) == 5
    assert plan.approved
    assert not again.approved


def test_the_callers_columns_stay() -> None:
    """Columns that the planner does not read are carried through again."""
    plan = subnet().plan([{**REQUESTS[1], "ticket": "OPS-1"}, {**REQUESTS[0], "ticket": "OPS-2"}])
    again = rebase(plan, subnet(2))
    assert again.frame.groupby("row")["ticket"].unique().map(list).to_dict() == {0: ["OPS-1"], 1: ["OPS-2"]}


def test_no_room_left() -> None:
    """A pick for which there is no room any more is blocked, and nothing is made up."""
    again = rebase(subnet().plan("n0", ip_address_count=1), subnet(*range(2, 63)))
    assert again.frame["verdict"].tolist() == ["BLOCK"]


def test_plan_that_never_held_together() -> None:
    """A plan whose counts were not met does not say how many were asked for: plan again."""
    with pytest.raises(UsageError, match="plan again from the requests"):
        rebase(subnet(*range(2, 63)).plan("n0", ip_address_count=4), subnet())


@settings(max_examples=30, deadline=None)
@given(
    counts=st.lists(st.integers(1, 6), min_size=1, max_size=3),
    taken=st.sets(st.integers(2, 62), max_size=30),
    policy=st.sampled_from(POLICIES),
)
def test_what_every_rebase_promises(counts: list[int], taken: set[int], policy: str) -> None:
    """As many addresses for everybody as before, or a block; none that is taken; kept ones only where they are free."""
    requests = [{"nic_id": f"n{at}", "ip_address_count": count} for at, count in enumerate(counts)]
    plan = subnet().plan(requests, policy=policy)
    again = rebase(plan, subnet(*taken))
    held = {f"10.0.0.{at}" for at in taken}
    if again.ok:
        assert again.frame["nic_id"].value_counts().to_dict() == plan.frame["nic_id"].value_counts().to_dict()
        assert not set(again.frame["address"]) & held
        assert again.frame["address"].is_unique
    if policy not in ("contiguous", "aligned"):
        assert set(plan.frame["address"]) - held <= set(again.frame["address"])
