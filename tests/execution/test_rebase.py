"""A plan that a colleague overtook: refused, made again, applied."""

from __future__ import annotations

import pytest

from tests.execution.world import ASSIGN, World
from zecnb.emulator.seeds import WEB_07
from zecnb.errors import PlanBlockedError, PlanDriftedError


def test_picked_addresses_move_out_of_the_way(world: World) -> None:
    """A pick that somebody took is refused, replaced by ``rebase``, and then assigned; the others stay."""
    zec = world.session()
    plan = zec.plan(WEB_07, ip_address_count=3)
    first, *others = plan.frame["address"]
    world.client().batch_assign_network_interface_ipv4(world.nic("web-06"), ip_addresses=[first])
    with pytest.raises(PlanDriftedError, match="rebase the plan"):
        zec.apply(plan)
    again = zec.rebase(plan)
    assert zec.apply(again).states == {"assigned": 3}
    assert set(others) < set(again.frame["address"])
    assert first not in set(again.frame["address"])
    assert world.calls(ASSIGN) == 2


def test_named_addresses_stop_it(world: World) -> None:
    """A named address that somebody took is blocked with the name of who has it, and nothing is sent."""
    zec = world.session()
    address = zec.plan(WEB_07, ip_address_count=1).frame["address"].iloc[0]
    plan = zec.plan(WEB_07, ip_addresses=[address])
    world.client().batch_assign_network_interface_ipv4(world.nic("web-06"), ip_addresses=[address])
    again = zec.rebase(plan)
    assert again.frame["verdict"].tolist() == ["BLOCK"]
    assert "web-06" in again.frame["reason"].iloc[0]
    with pytest.raises(PlanBlockedError, match="1 of its 1 rows are blocked"):
        zec.apply(again)
    assert world.calls(ASSIGN) == 1


def test_finishing_by_plan_what_was_stopped(world: World) -> None:
    """After a run that did a part, the rebased plan does the rest and keeps what is there."""
    zec = world.session()
    nics = [world.nic(name) for name in ("web-01", "web-02")]
    plan = zec.plan([{"nic_id": nic, "ip_address_count": 1} for nic in nics])
    world.emulator.faults.add("error", ASSIGN, nth=1, code="INVALID_NIC_STATUS", status=409)
    assert zec.apply(plan).states == {"rejected": 1, "assigned": 1}
    assert zec.apply(zec.rebase(plan)).frame["state"].tolist() == ["assigned", "already_present"]
