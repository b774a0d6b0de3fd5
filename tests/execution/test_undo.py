"""Taking a run back: what it added, and nothing else."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import pytest

from tests.execution.world import ASSIGN, UNASSIGN, World
from zecnb.emulator import resources
from zecnb.emulator.seeds import WEB_07
from zecnb.emulator.settings import Settings
from zecnb.errors import UsageError

if TYPE_CHECKING:
    from zecnb.execution.receipt import Receipt
    from zecnb.session import Session

PAIR = ["10.0.4.7", "10.0.4.8"]


@pytest.fixture
def zec(world: World) -> Session:
    """A session on the demo account."""
    return world.session()


def states(receipt: Receipt) -> dict[str, str]:
    """Return the state of each address."""
    return dict(zip(receipt.frame["address"], receipt.frame["state"], strict=True))


def test_takes_back_what_was_added(world: World, zec: Session) -> None:
    """After an undo the vNIC holds what it held before the run."""
    held = world.held(WEB_07)
    undone = zec.undo(zec.apply(zec.plan(WEB_07, ip_addresses=PAIR)))
    assert states(undone) == dict.fromkeys(PAIR, "released")
    assert undone.kind == "undo"
    assert undone.exit_code == 0
    assert undone.frame["request_id"].notna().all()
    assert world.held(WEB_07) == held
    assert world.calls(UNASSIGN) == 1


def test_leaves_what_was_there_before(world: World, zec: Session) -> None:
    """A row that was in place already when the plan was applied is not the run's to release."""
    held = world.held(WEB_07)
    receipt = zec.apply(zec.plan(WEB_07, ip_addresses=[held[1], PAIR[0]]))
    assert states(zec.undo(receipt)) == {PAIR[0]: "released"}
    assert world.held(WEB_07) == held


def test_leaves_what_came_after(world: World, zec: Session) -> None:
    """What a colleague added to the vNIC since then stays."""
    receipt = zec.apply(zec.plan(WEB_07, ip_addresses=PAIR))
    world.client().batch_assign_network_interface_ipv4(WEB_07, ip_addresses=["10.0.4.20"])
    zec.undo(receipt)
    assert world.held(WEB_07)[3:] == ["10.0.4.20"]


def test_leaves_what_a_refused_call_asked_for(world: World, zec: Session) -> None:
    """Addresses that a run asked for in vain, and that a later run got, are the later run's."""
    world.emulator.faults.add("error", ASSIGN, code="INVALID_NIC_STATUS", status=409)
    first = zec.apply(zec.plan(WEB_07, ip_addresses=PAIR))
    assert first.states == {"rejected": 2}
    zec.apply(zec.plan(WEB_07, ip_addresses=PAIR))
    undone = zec.undo(first)
    assert undone.frame.empty
    assert undone.ok
    assert world.calls(UNASSIGN) == 0
    assert world.held(WEB_07)[3:] == PAIR


def test_leaves_what_lost_calls_asked_for_in_vain(world: World, zec: Session) -> None:
    """The same when the calls were lost without an effect, as a read-back showed."""
    world.emulator.faults.add("reset_before", ASSIGN, times=3)
    first = zec.apply(zec.plan(WEB_07, ip_addresses=PAIR))
    assert first.states == {"not_attempted": 2}
    zec.apply(zec.plan(WEB_07, ip_addresses=PAIR))
    assert zec.undo(first).frame.empty
    assert world.held(WEB_07)[3:] == PAIR


def test_takes_back_what_was_found_after_a_lost_answer(world: World, zec: Session) -> None:
    """Addresses whose assignment was seen only by reading back are the run's."""
    world.emulator.faults.add("reset_after", ASSIGN)
    receipt = zec.apply(zec.plan(WEB_07, ip_addresses=PAIR))
    assert zec.undo(receipt).states == {"released": 2}
    assert len(world.held(WEB_07)) == 3


def test_takes_back_what_may_have_happened(world: World, zec: Session) -> None:
    """Addresses of a call that nobody knows the end of are released if they are there."""
    world.emulator.faults.add("lag", ASSIGN, seconds=30)
    world.emulator.faults.add("reset_after", ASSIGN)
    receipt = zec.apply(zec.plan(WEB_07, ip_addresses=PAIR))
    assert receipt.states == {"unknown": 2}
    world.waited.append(60)
    assert zec.undo(receipt).states == {"released": 2}
    assert len(world.held(WEB_07)) == 3


@pytest.mark.parametrize("pick", ["lowest", "random"])
def test_takes_back_a_count(pick: str) -> None:
    """What the API chose is released, predicted or not; each row is the one it was asked for in."""
    with World(settings=Settings(count_pick=pick)) as world:
        world.emulator.state.random.seed(11)
        zec = world.session()
        nics = [world.nic("mgmt-01"), WEB_07]
        receipt = zec.apply(
            zec.plan(
                [{"nic_id": n, "ip_address_count": c} for n, c in zip(nics, (1, 2), strict=True)], mode="server_count"
            )
        )
        assert receipt.ok
        undone = zec.undo(receipt)
        assert undone.states == {"released": 3}
        columns = ["row", "nic_id", "address"]
        assert sorted(undone.frame[columns].to_numpy().tolist()) == sorted(receipt.frame[columns].to_numpy().tolist())
        assert len(world.held(WEB_07)) == 3


def test_by_run_id_from_another_session(world: World, store_url: str) -> None:
    """The id of the run and the store are enough."""
    receipt = world.session(store_url).apply(world.session(store_url).plan(WEB_07, ip_addresses=PAIR))
    assert world.session(store_url).undo(receipt.run_id).states == {"released": 2}
    assert len(world.held(WEB_07)) == 3


def test_of_a_run_that_added_nothing(world: World, zec: Session) -> None:
    """A run that found everything in place leaves nothing to take back."""
    undone = zec.undo(zec.apply(zec.plan(WEB_07, ip_addresses=world.held(WEB_07)[1:])))
    assert undone.frame.empty
    assert undone.exit_code == 0
    assert world.calls(UNASSIGN) == 0


# -- what something depends on -------------------------------------------------------------------------------------


def test_keeps_what_an_eip_is_bound_to() -> None:
    """An address with an EIP stays and its row says which; the others of the run go."""
    with World(settings=Settings(eip_blocks="bound")) as world:
        zec = world.session()
        receipt = zec.apply(zec.plan(WEB_07, ip_addresses=PAIR))
        resources.bind_eip(world.emulator.state, WEB_07, PAIR[0], "eip-shop", "203.0.113.200")
        undone = zec.undo(receipt)
        assert states(undone) == {PAIR[0]: "kept", PAIR[1]: "released"}
        why = undone.frame.set_index("address")["reason"]
        assert "EIP eip-shop" in why[PAIR[0]]
        assert "203.0.113.200" in why[PAIR[0]]
        assert not undone.ok
        assert undone.exit_code == 3
        assert world.held(WEB_07)[3:] == [PAIR[0]]


def test_keeps_what_the_api_will_not_release(world: World, zec: Session) -> None:
    """Where an EIP on one address holds the whole vNIC, the others stay too, with the API's reason."""
    receipt = zec.apply(zec.plan(WEB_07, ip_addresses=PAIR))
    resources.bind_eip(world.emulator.state, WEB_07, PAIR[0], "eip-shop", "203.0.113.200")
    undone = zec.undo(receipt)
    rows = undone.frame.set_index("address")
    assert rows["state"].tolist() == ["kept", "kept"]
    assert rows.loc[PAIR[1], "api_code"] == "INVALID_NIC_HAS_PUBLIC_IP_CANT_DETACH"
    assert "Unbind the vNIC's EIPs first" in rows.loc[PAIR[1], "reason"]
    assert undone.exit_code == 1
    assert world.held(WEB_07)[3:] == PAIR


def test_kept_addresses_go_once_they_are_free(world: World, zec: Session) -> None:
    """After the EIP is gone the undo, asked for again, finishes."""
    receipt = zec.apply(zec.plan(WEB_07, ip_addresses=PAIR))
    eip = resources.bind_eip(world.emulator.state, WEB_07, PAIR[0], "eip-shop", "203.0.113.200")
    zec.undo(receipt)
    with world.emulator.state.write() as connection:
        connection.execute("DELETE FROM eip WHERE id = ?", (eip,))
    assert zec.undo(receipt).states == {"released": 2}
    assert len(world.held(WEB_07)) == 3


def test_keeps_the_backend_of_a_load_balancer(world: World, zec: Session) -> None:
    """An address that a load balancer sends to stays, with the API's reason."""
    receipt = zec.apply(zec.plan(WEB_07, ip_addresses=PAIR))
    with world.emulator.state.write() as connection:
        connection.execute("INSERT INTO backend SELECT 'zlb-1', owner, address FROM held WHERE owner = ?", (WEB_07,))
    undone = zec.undo(receipt)
    assert undone.states == {"kept": 2}
    assert set(undone.frame["api_code"]) == {"INVALID_NIC_LB_ASSOCIATED"}
    assert world.held(WEB_07)[3:] == PAIR


def test_keeps_what_became_the_primary(world: World, zec: Session) -> None:
    """An address that is the vNIC's primary by now stays."""
    receipt = zec.apply(zec.plan(WEB_07, ip_addresses=PAIR))
    with world.emulator.state.write() as connection:
        connection.execute(
            "UPDATE held SET kind = 'secondary', position = 9 WHERE owner = ? AND kind = 'primary'", (WEB_07,)
        )
        connection.execute(
            "UPDATE held SET kind = 'primary', position = 0 WHERE owner = ? AND address = ?", (WEB_07, 10 << 24 | 0x407)
        )
    undone = zec.undo(receipt)
    assert states(undone) == {PAIR[0]: "kept", PAIR[1]: "released"}
    assert undone.frame.set_index("address").loc[PAIR[0], "reason"] == f"{PAIR[0]} is the primary address now"


def test_gone_already(world: World, zec: Session) -> None:
    """What a colleague released meanwhile is absent, and that is well."""
    receipt = zec.apply(zec.plan(WEB_07, ip_addresses=PAIR))
    world.client().unassign_network_interface_ipv4(WEB_07, [PAIR[0]])
    undone = zec.undo(receipt)
    assert states(undone) == {PAIR[0]: "already_absent", PAIR[1]: "released"}
    assert undone.ok


def test_vnic_that_is_gone(world: World, zec: Session) -> None:
    """A vNIC that was deleted since holds nothing any more: its addresses are absent."""
    nic = str(
        world.emulator.state.row("SELECT id FROM nic WHERE status = 'AVAILABLE' AND name LIKE 'mgmt-%'")["id"]  # type: ignore[index]
    )
    receipt = zec.apply(zec.plan(nic, ip_address_count=1))
    with world.emulator.state.write() as connection:
        connection.execute("DELETE FROM held WHERE owner = ?", (nic,))
        connection.execute("DELETE FROM nic WHERE id = ?", (nic,))
    undone = zec.undo(receipt)
    assert undone.states == {"already_absent": 1}
    assert world.calls(UNASSIGN) == 0


# -- twice, interrupted, lost --------------------------------------------------------------------------------------


def test_undo_of_an_undo_is_refused(world: World, zec: Session) -> None:
    """An undo is taken back by applying the plan again, and the message says so."""
    undone = zec.undo(zec.apply(zec.plan(WEB_07, ip_addresses=PAIR)))
    with pytest.raises(UsageError, match=f"run {undone.run_id} is an undo; apply the plan again"):
        zec.undo(undone)
    assert world.calls(ASSIGN) == 1
    assert world.calls(UNASSIGN) == 1


def test_twice_releases_once(world: World, zec: Session) -> None:
    """The second undo of a run finds everything gone and sends nothing."""
    receipt = zec.apply(zec.plan(WEB_07, ip_addresses=PAIR))
    zec.undo(receipt)
    again = zec.undo(receipt)
    assert again.states == {"already_absent": 2}
    assert again.ok
    assert world.calls(UNASSIGN) == 1


def test_twice_leaves_what_was_assigned_again(world: World, zec: Session) -> None:
    """Addresses that were undone and then assigned by another run are no longer the first run's."""
    plan = zec.plan(WEB_07, ip_addresses=PAIR)
    first = zec.apply(plan)
    undo = zec.undo(first)
    second = zec.apply(plan)
    again = zec.undo(first)
    assert again.states == {"kept": 2}
    assert again.frame["reason"].str.contains(f"run {undo.run_id} released it, and it was assigned again since").all()
    assert world.held(WEB_07)[3:] == PAIR
    assert zec.undo(second).states == {"released": 2}


def test_apply_again_after_undo(world: World, zec: Session) -> None:
    """The plan of a run that was taken back can be applied again."""
    plan = zec.plan(WEB_07, ip_addresses=PAIR)
    zec.undo(zec.apply(plan))
    assert zec.apply(plan).states == {"assigned": 2}
    assert world.held(WEB_07)[3:] == PAIR


def test_stopped_undo_is_finished_by_undo(world: World, zec: Session) -> None:
    """Stopped after the first of two calls, an undo asked for again does the rest."""
    nics = [world.nic("web-01"), world.nic("web-02")]
    receipt = zec.apply(zec.plan([{"nic_id": nic, "ip_address_count": 1} for nic in nics]))
    stop = threading.Event()
    world.emulator.faults.add("actor_before", UNASSIGN, actor=lambda _: stop.set())
    first = zec.undo(receipt, stop=stop)
    assert first.frame["state"].tolist() == ["released", "not_attempted"]
    assert first.stopped
    assert first.exit_code == 3
    assert zec.undo(receipt).frame["state"].tolist() == ["already_absent", "released"]
    assert world.calls(UNASSIGN) == 2


@pytest.mark.parametrize(
    ("kind", "options", "calls"),
    [
        ("reset_after", {}, 1),
        ("truncated", {}, 1),
        ("error_after", {"code": "INVALID_OPERATION_TIMEOUT", "status": 400}, 1),
        ("error_after", {"status": 500}, 1),
        ("reset_before", {}, 2),
        ("error", {"code": "INVALID_OPERATION_TIMEOUT", "status": 400}, 2),
        ("error", {"status": 503}, 2),
    ],
)
def test_lost_release(world: World, zec: Session, kind: str, options: dict[str, Any], calls: int) -> None:
    """A release whose answer was lost is read back, and sent again only when it had no effect."""
    receipt = zec.apply(zec.plan(WEB_07, ip_addresses=PAIR))
    world.emulator.faults.add(kind, UNASSIGN, **options)
    undone = zec.undo(receipt)
    assert undone.states == {"released": 2}
    assert world.calls(UNASSIGN) == calls
    assert len(world.held(WEB_07)) == 3


def test_release_that_shows_too_late_is_unknown(world: World, zec: Session) -> None:
    """Sent again because listings still showed the addresses, and refused as not there: nobody knows for sure."""
    receipt = zec.apply(zec.plan(WEB_07, ip_addresses=PAIR))
    world.emulator.faults.add("lag", UNASSIGN, seconds=1000)
    world.emulator.faults.add("reset_after", UNASSIGN)
    undone = zec.undo(receipt)
    assert undone.states == {"unknown": 2}
    assert undone.exit_code == 3
    assert len(world.held(WEB_07)) == 3


def test_unknown_run(zec: Session) -> None:
    """A run that nobody made cannot be taken back."""
    with pytest.raises(UsageError, match="there is no run 'nope'"):
        zec.undo("nope")
