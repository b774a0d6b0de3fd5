"""What earlier runs taught of addresses, from the journal into plans."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.execution.world import ASSIGN
from zecnb.emulator.seeds import WEB_07
from zecnb.execution.memory import read_memory
from zecnb.schema import MEMORY

if TYPE_CHECKING:
    from tests.execution.world import World


def test_nothing_is_remembered_at_first(world: World) -> None:
    """An empty journal teaches nothing."""
    zec = world.session()
    memory = read_memory(zec._journal, zec.account)
    assert list(memory.columns) == list(MEMORY)
    assert not len(memory)


def test_what_was_released_is_a_risk_for_a_while(world: World) -> None:
    """An address that an undo released is a risk for another vNIC, and no word for its own."""
    zec = world.session()
    receipt = zec.apply(zec.plan(WEB_07, ip_address_count=1))
    address = receipt.frame["address"].iloc[0]
    zec.undo(receipt)
    memory = read_memory(zec._journal, zec.account)
    assert memory[["address", "event", "nic_id"]].to_numpy().tolist() == [[address, "released", WEB_07]]
    nics = zec.inventory().nics
    home = nics.set_index("nic_id")["subnet_id"][WEB_07]
    other = nics[(nics["subnet_id"] == home) & (nics["status"] == "USED") & (nics["secondary_ipv4_count"] < 3)]
    neighbour = next(nic for nic in other["nic_id"] if nic != WEB_07)
    assert "RECENTLY_RELEASED" in zec.plan(neighbour, ip_addresses=address).frame["codes"].iloc[0]
    later = zec.plan(neighbour, ip_addresses=address, cool_down=0)
    assert later.frame["verdict"].tolist() == ["OK"]
    assert "HISTORIC_HOLDER" in later.frame["codes"].iloc[0]
    assert zec.plan(WEB_07, ip_addresses=address).frame["codes"].tolist() == [()]


def test_what_the_api_refused_is_held_by_something_unseen(world: World) -> None:
    """A lone address that was refused though nothing shows a holder is blocked in the next plan, and never picked."""
    zec = world.session()
    coverage = zec.inventory().coverage
    dark = coverage.set_index("subnet_id")["unseen"].idxmax()
    nics = zec.inventory().nics
    nic = nics[(nics["subnet_id"] == dark) & nics["status"].isin(["USED", "AVAILABLE"])]["nic_id"].iloc[0]
    address = zec.plan(nic, ip_address_count=1).frame["address"].iloc[0]
    world.emulator.faults.add("error", ASSIGN, code="INVALID_SUBNET_PRIVATE_IPV4_IN_USED", status=409)
    assert zec.apply(zec.plan(nic, ip_addresses=address)).states == {"rejected": 1}
    plan = zec.plan(nic, ip_addresses=address)
    assert plan.frame["codes"].iloc[0][0] == "HELD_BY_UNSEEN"
    assert not plan.ok
    assert address not in set(zec.plan(nic, ip_address_count=3).frame["address"])
