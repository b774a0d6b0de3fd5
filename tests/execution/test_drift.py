"""What changed between plan and apply: said before anything is sent."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.execution.world import ASSIGN, World
from zecnb.emulator import resources
from zecnb.emulator.seeds import APP_SIN, WEB_07
from zecnb.errors import PlanDriftedError
from zecnb.execution.drift import CHANGES, changes, is_clear, rejudge
from zecnb.execution.steps import Step, steps_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from zecnb.session import Session

PAIR = ("10.0.4.7", "10.0.4.8")
STEP = Step(0, WEB_07, APP_SIN, PAIR)


@pytest.fixture
def zec(world: World) -> Session:
    """A session on the demo account."""
    return world.session()


# -- refused, with what changed ------------------------------------------------------------------------------------


def test_colleague_takes_an_address(world: World, zec: Session) -> None:
    """An address that a colleague's session took is named, with who holds it; nothing is sent or journaled."""
    plan = zec.plan(WEB_07, ip_addresses=PAIR)
    colleague, other = world.session(), world.nic("web-06")
    assert colleague.apply(colleague.plan(other, ip_addresses=PAIR[1])).ok
    calls = world.calls(ASSIGN)
    with pytest.raises(PlanDriftedError, match="the cloud changed since the plan was made, in 1 place;") as caught:
        zec.apply(plan)
    (change,) = caught.value.changes.to_dict("records")
    assert tuple(change) == CHANGES
    assert change["nic_id"] == WEB_07
    assert change["address"] == PAIR[1]
    assert change["was"] == "free"
    assert "web-06" in change["now"]
    assert change["api_code"] == "INVALID_SUBNET_PRIVATE_IPV4_IN_USED"
    assert "web-06" in str(caught.value)
    assert "Nothing was sent; plan again" in str(caught.value)
    assert world.calls(ASSIGN) == calls
    assert zec.journal().empty
    assert len(world.held(WEB_07)) == 3


def test_planning_again_after_drift(world: World, zec: Session) -> None:
    """The next plan sees the change, without asking for a refresh, and goes through."""
    plan = zec.plan(WEB_07, ip_address_count=2)
    world.client().batch_assign_network_interface_ipv4(world.nic("web-06"), ip_addresses=[PAIR[1]])
    with pytest.raises(PlanDriftedError):
        zec.apply(plan)
    again = zec.plan(WEB_07, ip_address_count=2)
    assert again.frame["address"].tolist() == [PAIR[0], "10.0.4.11"]
    assert zec.apply(again).states == {"assigned": 2}


def test_every_change_is_told(world: World, zec: Session) -> None:
    """Changes of several vNICs and kinds are told at once."""
    first, second = world.nic("web-01"), world.nic("mgmt-01")
    plan = zec.plan([{"nic_id": first, "ip_addresses": PAIR[0]}, {"nic_id": second, "ip_address_count": 1}])
    free = plan.frame["address"].tolist()[1]
    client = world.client()
    client.batch_assign_network_interface_ipv4(world.nic("web-06"), ip_addresses=[PAIR[0]])
    client.batch_assign_network_interface_ipv4(world.nic("mgmt-02"), ip_addresses=[free])
    with pytest.raises(PlanDriftedError, match="in 2 places") as caught:
        zec.apply(plan)
    assert caught.value.changes["address"].tolist() == [PAIR[0], free]
    assert caught.value.changes["nic_id"].tolist() == [first, second]


def delete_nic(world: World) -> None:
    """The vNIC is deleted."""
    with world.emulator.state.write() as connection:
        connection.execute("DELETE FROM held WHERE owner = ?", (WEB_07,))
        connection.execute("DELETE FROM nic WHERE id = ?", (WEB_07,))


def detach_nic(world: World) -> None:
    """The vNIC is being detached."""
    with world.emulator.state.write() as connection:
        connection.execute("UPDATE nic SET status = 'DETACHING' WHERE id = ?", (WEB_07,))


def fill_nic(world: World) -> None:
    """The vNIC gets so many addresses that there is no room for two more."""
    world.client().batch_assign_network_interface_ipv4(WEB_07, ip_addresses=[f"10.0.4.{n}" for n in range(15, 21)])


def make_havip(world: World) -> None:
    """A HaVip is made on the address."""
    asked = {"subnetId": APP_SIN, "name": "vip-new", "ipAddress": PAIR[0], "securityGroupId": None}
    resources.create_ha_vip(world.emulator.state, asked)


@pytest.mark.parametrize(
    ("act", "code", "word"),
    [
        (delete_nic, "INVALID_NIC_NOT_FOUND", WEB_07),
        (detach_nic, "INVALID_NIC_STATUS", "DETACHING"),
        (fill_nic, "OPERATION_DENIED_NIC_ATTACH_LAN_IP_EXCEED_LIMIT", "1 too many"),
        (make_havip, "INVALID_SUBNET_PRIVATE_IPV4_IN_USED", "vip-new"),
    ],
)
def test_kinds_of_change(world: World, zec: Session, act: Callable[[World], None], code: str, word: str) -> None:
    """Whatever else the plan relies on is looked at again too, and its change named."""
    plan = zec.plan(WEB_07, ip_addresses=PAIR)
    act(world)
    calls = world.calls(ASSIGN)
    with pytest.raises(PlanDriftedError) as caught:
        zec.apply(plan)
    assert code in caught.value.changes["api_code"].tolist()
    assert caught.value.changes["now"].str.contains(word).any()
    assert set(caught.value.changes["was"]) == {"free" if code.endswith("IN_USED") else "accepted"}
    assert world.calls(ASSIGN) == calls


def test_limit_of_the_plan_holds_for_drift(world: World, zec: Session) -> None:
    """A plan made for a higher limit is not refused for the documented one."""
    fill_nic(world)
    plan = zec.plan(WEB_07, ip_addresses=PAIR, nic_limit=20)
    assert plan.ok
    receipt = zec.apply(plan)
    assert set(receipt.frame["api_code"]) == {"OPERATION_DENIED_NIC_ATTACH_LAN_IP_EXCEED_LIMIT"}
    assert world.calls(ASSIGN) == 2


# -- not refused ---------------------------------------------------------------------------------------------------


def test_changes_elsewhere_do_not_matter(world: World, zec: Session) -> None:
    """Other addresses of the subnet may come and go."""
    plan = zec.plan(WEB_07, ip_addresses=PAIR)
    world.client().batch_assign_network_interface_ipv4(world.nic("web-06"), ip_addresses=["10.0.4.20"])
    world.client().unassign_network_interface_ipv4(world.nic("web-01"), ["10.0.4.25"])
    assert zec.apply(plan).states == {"assigned": 2}


def test_colleague_did_part_of_it(world: World, zec: Session) -> None:
    """An address that the same vNIC got meanwhile is no obstacle: it is there already."""
    plan = zec.plan(WEB_07, ip_addresses=PAIR)
    world.client().batch_assign_network_interface_ipv4(WEB_07, ip_addresses=[PAIR[0]])
    assert zec.apply(plan).frame["state"].tolist() == ["already_present", "assigned"]


def test_count_does_not_rely_on_its_prediction(world: World, zec: Session) -> None:
    """A count that the API fills with others than predicted is no drift while there is room."""
    plan = zec.plan(WEB_07, ip_address_count=2, mode="server_count")
    world.client().batch_assign_network_interface_ipv4(world.nic("web-06"), ip_addresses=[PAIR[0]])
    receipt = zec.apply(plan)
    states = dict(zip(receipt.frame["address"], receipt.frame["state"], strict=True))
    assert states == {PAIR[1]: "assigned", "10.0.4.11": "assigned_other"}


def test_exclusions_are_not_asked_again(world: World, zec: Session) -> None:
    """What was excluded when it was planned does not come back as a change."""
    plan = zec.plan(WEB_07, ip_address_count=2, exclude=[PAIR[0]])
    assert len(changes(zec._observe([WEB_07]), steps_of(plan), 10)) == 0
    assert zec.apply(plan).states == {"assigned": 2}
    assert PAIR[0] not in world.held(WEB_07)


# -- the quick look before each call -------------------------------------------------------------------------------


def test_clear_when_nothing_stands_in_the_way(zec: Session) -> None:
    """Free addresses of a ready vNIC with room are clear, and the full judgement agrees."""
    snapshot = zec._observe([WEB_07])
    assert is_clear(snapshot, STEP, 10)
    assert rejudge(snapshot, [STEP], 10).verdicts == {"OK": 2}


@pytest.mark.parametrize(
    "step",
    [
        STEP._replace(addresses=("10.0.4.7", "10.0.4.9")),
        STEP._replace(addresses=("10.0.4.86",)),
        STEP._replace(addresses=("10.0.4.1",)),
        STEP._replace(addresses=("10.0.4.0",)),
        STEP._replace(addresses=("10.0.7.255",)),
        STEP._replace(addresses=("10.9.9.9",)),
        STEP._replace(addresses=("nonsense",)),
        STEP._replace(nic_id="1680000000000000000"),
        STEP._replace(addresses=tuple(f"10.0.4.{n}" for n in (7, 8, 11, 14, 15, 16, 17, 18))),
        STEP._replace(ip_address_count=1),
    ],
    ids=["held", "own", "gateway", "network", "broadcast", "outside", "nonsense", "no vNIC", "too many", "count"],
)
def test_not_clear(zec: Session, step: Step) -> None:
    """Anything else wants the full judgement."""
    assert not is_clear(zec._observe([WEB_07]), step, 10)


def test_clear_agrees_with_the_full_judgement(world: World, zec: Session) -> None:
    """For every address of a range, what is called clear is not blocked."""
    snapshot = zec._observe([WEB_07])
    steps = [STEP._replace(call=n, addresses=(f"10.0.4.{n}",)) for n in range(130)]
    clear = [is_clear(snapshot, step, 10) for step in steps]
    blocked = [bool(len(changes(snapshot, [step], 10))) for step in steps if clear[step.call]]
    assert any(clear)
    assert not all(clear)
    assert not any(blocked)
    assert [step.call for step in steps if clear[step.call]] == [
        n for n in range(2, 130) if world.owner(f"10.0.4.{n}") is None
    ]


def test_vnic_that_is_not_ready_is_not_clear(world: World, zec: Session) -> None:
    """A vNIC in transition is not clear."""
    detach_nic(world)
    assert not is_clear(zec._observe([WEB_07]), STEP, 10)


def test_no_limit_known(zec: Session) -> None:
    """Without a known limit, the number of addresses stands in nobody's way."""
    step = STEP._replace(addresses=tuple(f"10.0.4.{n}" for n in (7, 8, 11, 14, 15, 16, 17, 18)))
    assert is_clear(zec._observe([WEB_07]), step, None)


def test_changes_of_nothing_have_their_columns(zec: Session) -> None:
    """Without changes the frame is empty and still has its columns."""
    frame = changes(zec._observe([WEB_07]), [STEP], 10)
    assert frame.empty
    assert tuple(frame) == CHANGES
