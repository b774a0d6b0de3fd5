"""Applying a plan to a local ZEC over real HTTP, and what networks and clouds do to it meanwhile."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
from typing import TYPE_CHECKING, Any

import pytest

import zecnb
from tests.execution.world import ASSIGN, World, unfinished
from zecnb.emulator import resources
from zecnb.emulator.addressing import assign
from zecnb.emulator.seeds import WEB_07
from zecnb.emulator.settings import Settings
from zecnb.errors import CloudError, PlanBlockedError, UsageError
from zecnb.planner.plan import Plan
from zecnb.schema import RECEIPT

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from zecnb.execution.receipt import Receipt
    from zecnb.execution.steps import Progress
    from zecnb.session import Session

PAIR = ["10.0.4.7", "10.0.4.8"]
FREE = [*PAIR, "10.0.4.11", "10.0.4.14", "10.0.4.15", "10.0.4.16", "10.0.4.17", "10.0.4.18"]
"""The lowest free addresses of the demo's subnet ``app-sin``."""

TIMEOUT = 0.5  # seconds that a client waits for an answer where a test lets it wait in vain


@pytest.fixture
def zec(world: World) -> Session:
    """A session on the demo account."""
    return world.session()


def states(receipt: Receipt) -> dict[str, str]:
    """Return the state of each address."""
    return dict(zip(receipt.frame["address"], receipt.frame["state"], strict=True))


def taken_by(nic: str, *addresses: str) -> Callable[[Any], None]:
    """Return a colleague who assigns addresses to a vNIC."""

    def act(state: Any) -> None:
        assign(state, nic, list(addresses), None)

    return act


# -- as it should go -----------------------------------------------------------------------------------------------


def test_demo_assigns_and_says_so() -> None:
    """On the demo account, as a user starts it, a plan is carried out and each row says assigned."""
    with zecnb.demo(progress=False) as zec:
        plan = zec.plan(WEB_07, ip_address_count=2)
        receipt = zec.apply(plan)
        assert states(receipt) == dict.fromkeys(plan.frame["address"], "assigned")
        assert set(PAIR) <= zec.inventory(nic_id=WEB_07).addresses_of_nic(WEB_07)
        assert receipt.ok
        assert receipt.exit_code == 0


def test_receipt_has_the_documented_columns(world: World, zec: Session) -> None:
    """Columns and dtypes are those of the schema; the request id is the API's."""
    receipt = zec.apply(zec.plan(WEB_07, ip_addresses=PAIR))
    assert {name: str(receipt.frame[name].dtype) for name in receipt.frame} == {n: c.dtype for n, c in RECEIPT.items()}
    journal = zec.journal()
    (told,) = journal.loc[journal["event"] == "outcome", "request_id"]
    assert receipt.frame["request_id"].tolist() == [told, told]
    assert receipt.frame["api_code"].isna().all()
    assert world.calls(ASSIGN) == 1


def test_only_what_was_planned_changes(world: World, zec: Session) -> None:
    """The vNIC has its old addresses and the new ones, in order, and the subnet nothing else."""
    held, usage = world.held(WEB_07), world.emulator.state.row("SELECT COUNT(*) AS n FROM held")
    zec.apply(zec.plan(WEB_07, ip_addresses=PAIR))
    after = world.emulator.state.row("SELECT COUNT(*) AS n FROM held")
    assert world.held(WEB_07) == [*held, *PAIR]
    assert (usage is not None and usage["n"] + 2) == (after is not None and after["n"])


def test_same_plan_twice_assigns_once(world: World, zec: Session) -> None:
    """Applied again, the plan finds everything in place and sends nothing."""
    plan = zec.plan(WEB_07, ip_address_count=3)
    zec.apply(plan)
    held = world.held(WEB_07)
    again = zec.apply(plan)
    assert again.states == {"already_present": 3}
    assert again.exit_code == 0
    assert world.calls(ASSIGN) == 1
    assert world.held(WEB_07) == held


def test_same_plan_file_twice_in_two_sessions(world: World, tmp_path: Path) -> None:
    """The same from a file, by two people with journals of their own."""
    first, second = world.session(), world.session()
    first.plan(WEB_07, ip_addresses=PAIR).save(tmp_path / "plan.json")
    first.apply(Plan.load(tmp_path / "plan.json"))
    assert second.apply(Plan.load(tmp_path / "plan.json")).states == {"already_present": 2}
    assert world.calls(ASSIGN) == 1


def test_same_count_twice_assigns_once(world: World, zec: Session) -> None:
    """A plan that sends a count, applied again while its addresses are there, sends nothing either."""
    plan = zec.plan(WEB_07, ip_address_count=2, mode="server_count")
    first = zec.apply(plan)
    held = world.held(WEB_07)
    again = zec.apply(plan)
    assert first.states == {"assigned": 2}
    assert again.states == {"already_present": 2}
    assert again.frame["address"].tolist() == first.frame["address"].tolist()
    assert world.calls(ASSIGN) == 1
    assert world.held(WEB_07) == held


def test_same_count_after_undo_assigns_again(world: World, zec: Session) -> None:
    """Once its addresses were taken back, a plan with a count can be applied again."""
    plan = zec.plan(WEB_07, ip_address_count=2, mode="server_count")
    zec.undo(zec.apply(plan))
    assert zec.apply(plan).states == {"assigned": 2}
    assert len(world.held(WEB_07)) == 5


def test_rows_already_there_are_not_sent(world: World, zec: Session) -> None:
    """A row that is in place already is reported and left out of the call."""
    there = world.held(WEB_07)[1]
    receipt = zec.apply(zec.plan(WEB_07, ip_addresses=[there, PAIR[0]]))
    assert states(receipt) == {there: "already_present", PAIR[0]: "assigned"}
    journal = zec.journal()
    assert journal.loc[journal["event"] == "intent", "asked"].tolist() == [[PAIR[0]]]


def test_nothing_to_do_is_done(world: World, zec: Session) -> None:
    """A plan of rows in place ends well without a single call."""
    receipt = zec.apply(zec.plan(WEB_07, ip_addresses=world.held(WEB_07)[1:]))
    assert receipt.states == {"already_present": 2}
    assert receipt.exit_code == 0
    assert world.calls(ASSIGN) == 0


def test_batch_over_subnets(world: World, zec: Session) -> None:
    """Several vNICs of several subnets: one call each, rows in the order they were asked for."""
    nics = [world.nic(name) for name in ("web-01", "mgmt-01", "api-01", "web-02")]
    receipt = zec.apply(zec.plan([{"nic_id": nic, "ip_address_count": 1} for nic in nics]))
    assert receipt.frame["nic_id"].tolist() == nics
    assert receipt.states == {"assigned": 4}
    assert world.calls(ASSIGN) == 4
    for nic, address in zip(nics, receipt.frame["address"], strict=True):
        assert world.owner(address) == nic


def test_many_subnets_at_once_with_a_journal_in_memory(world: World, zec: Session) -> None:
    """Calls of many subnets run side by side, their events all in one journal."""
    rows = world.emulator.state.rows(
        "SELECT MIN(nic.id) AS id FROM nic JOIN subnet ON subnet.id = nic.subnet_id "
        "WHERE subnet.name IN ('mgmt-sin','api-sin','app-hkg','app-tyo','log-tyo','k8s-fra','app-dxb','cdn-lax') "
        "AND nic.status = 'USED' GROUP BY subnet.id"
    )
    plan = zec.plan([{"nic_id": row["id"], "ip_address_count": 1} for row in rows], nic_limit=None)
    receipt = zec.apply(plan)
    assert len(rows) == 8
    assert receipt.states == {"assigned": 8}
    journal = zec.journal()
    assert journal["event"].value_counts().to_dict() == {
        "started": 1, "intent": 8, "outcome": 8, "resolved": 8, "finished": 1,
    }  # fmt: skip


def test_count_the_server_answers_as_predicted(zec: Session) -> None:
    """A count that the API fills as predicted is assigned, row by row."""
    receipt = zec.apply(zec.plan(WEB_07, ip_address_count=2, mode="server_count"))
    assert states(receipt) == dict.fromkeys(PAIR, "assigned")


def test_count_the_server_answers_otherwise() -> None:
    """A count that the API fills with other addresses says which, and that all is done."""
    with World(settings=Settings(count_pick="random")) as world:
        world.emulator.state.random.seed(5)
        receipt = world.session().apply(world.session().plan(WEB_07, ip_address_count=2, mode="server_count"))
        assert receipt.states == {"assigned_other": 2}
        assert receipt.ok
        assert sorted(receipt.frame["address"]) == sorted(world.held(WEB_07)[3:])


def test_progress_is_told(world: World, zec: Session) -> None:
    """Whoever asks is told after each call how far the run is."""
    nics = [world.nic("web-01"), world.nic("web-02")]
    told: list[Progress] = []
    zec.apply(zec.plan([{"nic_id": nic, "ip_address_count": 1} for nic in nics]), report=told.append)
    assert [(progress.done, progress.total) for progress in told] == [(1, 2), (2, 2)]
    assert all(nic in progress.doing for nic, progress in zip(nics, told, strict=True))


# -- refused before anything is sent -------------------------------------------------------------------------------


def test_blocked_plan_is_refused(world: World, zec: Session) -> None:
    """A plan with a blocked row is not carried out in part; nothing is sent and nothing journaled."""
    plan = zec.plan(WEB_07, ip_addresses=[PAIR[0], "10.0.4.9"])
    with pytest.raises(PlanBlockedError, match="1 of its 2 rows are blocked"):
        zec.apply(plan)
    assert world.calls(ASSIGN) == 0
    assert zec.journal().empty


def test_empty_plan_is_refused(world: World, zec: Session) -> None:
    """So is a plan of nothing."""
    plan = zec.plan([])
    with pytest.raises(PlanBlockedError, match="it is empty"):
        zec.apply(plan)
    assert world.calls(ASSIGN) == 0


def test_what_is_no_plan_is_refused(zec: Session) -> None:
    """A frame, or anything else, is not taken for a plan."""
    with pytest.raises(UsageError, match="apply takes a Plan, not DataFrame"):
        zec.apply(zec.plan(WEB_07, ip_address_count=1).frame)  # type: ignore[arg-type]


def test_state_that_cannot_be_read_is_refused(world: World, zec: Session) -> None:
    """When the state before the first call cannot be read, nothing is sent."""
    plan = zec.plan(WEB_07, ip_addresses=PAIR)
    world.emulator.faults.add(
        "error", "DescribeNetworkInterfaces", times=0, code="AUTHFAILURE_UNAUTHORIZED_OPERATION", status=403
    )
    with pytest.raises(CloudError, match="AUTHFAILURE_UNAUTHORIZED_OPERATION"):
        zec.apply(plan)
    assert world.calls(ASSIGN) == 0
    assert zec.journal().empty


# -- an answer that says no ----------------------------------------------------------------------------------------


def test_conflict_names_the_guilty_row(world: World, zec: Session) -> None:
    """The API names no address; the receipt does: who took it, and which others fell with it."""
    other = world.nic("web-06")
    world.emulator.faults.add("actor_before", ASSIGN, actor=taken_by(other, PAIR[1]))
    receipt = zec.apply(zec.plan(WEB_07, ip_addresses=[*PAIR, FREE[2]]))
    rows = receipt.frame.set_index("address")
    assert rows["state"].tolist() == ["rejected"] * 3
    assert set(rows["api_code"]) == {"INVALID_SUBNET_PRIVATE_IPV4_IN_USED"}
    assert "web-06" in rows.loc[PAIR[1], "reason"]
    assert rows.loc[PAIR[0], "reason"] == f"refused together with {PAIR[1]}"
    assert rows.loc[FREE[2], "reason"] == f"refused together with {PAIR[1]}"
    assert rows["request_id"].notna().all()
    assert receipt.exit_code == 1
    assert world.calls(ASSIGN) == 1
    assert len(world.held(WEB_07)) == 3


def test_conflict_with_something_unseen(world: World, zec: Session) -> None:
    """When no listing shows who holds it, the receipt says that and nothing made up."""
    world.emulator.faults.add(
        "actor_before", ASSIGN, actor=lambda state: resources.hold_hidden(state, zec_subnet(state), PAIR[1])
    )
    receipt = zec.apply(zec.plan(WEB_07, ip_addresses=PAIR))
    assert receipt.states == {"rejected": 2}
    assert receipt.frame["reason"].str.contains("No listing shows why").all()


def zec_subnet(state: Any) -> str:
    """Return the subnet of web-07."""
    return str(state.row("SELECT subnet_id FROM nic WHERE id = ?", WEB_07)["subnet_id"])


def test_refusal_of_a_count(world: World, zec: Session) -> None:
    """A count that is refused for certain is rejected, with the API's code, and sent once."""
    world.emulator.faults.add("error", ASSIGN, code="OPERATION_DENIED_SUBNET_IP_INSUFFICIENT", status=409)
    receipt = zec.apply(zec.plan(WEB_07, ip_address_count=2, mode="server_count"))
    assert receipt.states == {"rejected": 2}
    assert set(receipt.frame["api_code"]) == {"OPERATION_DENIED_SUBNET_IP_INSUFFICIENT"}
    assert world.calls(ASSIGN) == 1


def test_one_refusal_leaves_the_other_calls_alone(world: World, zec: Session) -> None:
    """A refused call is rows of the receipt; the other calls go on, and the exit code says partly."""
    first, second = world.nic("web-01"), world.nic("web-02")
    world.emulator.faults.add("error", ASSIGN, nth=1, code="INVALID_NIC_STATUS", status=409)
    receipt = zec.apply(zec.plan([{"nic_id": n, "ip_address_count": 1} for n in (first, second)]))
    assert receipt.frame["state"].tolist() == ["rejected", "assigned"]
    assert receipt.exit_code == 3
    assert not receipt.ok


def test_taken_between_two_calls(world: World, zec: Session) -> None:
    """What a colleague takes while earlier calls run is seen before its own call, which is not made."""
    first, second, other = world.nic("web-01"), world.nic("web-02"), world.nic("web-06")
    requests = [{"nic_id": first, "ip_addresses": PAIR[0]}, {"nic_id": second, "ip_addresses": PAIR[1]}]
    world.emulator.faults.add("actor_after", ASSIGN, actor=taken_by(other, PAIR[1]))
    receipt = zec.apply(zec.plan(requests))
    assert receipt.frame["state"].tolist() == ["assigned", "not_attempted"]
    assert "web-06" in receipt.frame["reason"].iloc[1]
    assert world.calls(ASSIGN) == 1
    assert receipt.exit_code == 3


# -- asked to slow down --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", ["picked", "server_count"])
def test_throttled_is_waited_out(world: World, zec: Session, mode: str) -> None:
    """A refusal for the rate did nothing: it is waited out as long as the answer asks, and sent again."""
    world.emulator.faults.add("throttle", ASSIGN, times=2, seconds=7)
    receipt = zec.apply(zec.plan(WEB_07, ip_address_count=2, mode=mode))
    assert receipt.states == {"assigned": 2}
    assert world.calls(ASSIGN) == 3
    assert sum(world.waited) >= 14
    assert len(world.held(WEB_07)) == 5


def test_throttled_for_ever_ends(world: World, zec: Session) -> None:
    """An API that never lets the call through ends it as rejected, after longer and longer waits."""
    world.emulator.faults.add("throttle", ASSIGN, times=0)
    receipt = zec.apply(zec.plan(WEB_07, ip_addresses=PAIR))
    assert receipt.states == {"rejected": 2}
    assert set(receipt.frame["api_code"]) == {"REQUEST_LIMIT_EXCEEDED"}
    assert world.calls(ASSIGN) == 6
    assert sum(world.waited) >= 31


# -- ends that say nothing of what happened ------------------------------------------------------------------------

AFTER = {
    "timeout after": ("timeout_after", {"seconds": 2 * TIMEOUT}),
    "500 after": ("error_after", {"code": "INTERNAL_SERVER_ERROR", "status": 500}),
    "502 after": ("error_after", {"code": "BAD_GATEWAY", "status": 502}),
    "503 after": ("error_after", {"code": "SERVICE_TEMPORARY_UNAVAILABLE", "status": 503}),
    "operation timeout after": ("error_after", {"code": "INVALID_OPERATION_TIMEOUT", "status": 400}),
    "reset after": ("reset_after", {}),
    "truncated": ("truncated", {}),
    "garbage": ("garbage", {}),
}
BEFORE = {
    "timeout before": ("timeout_before", {"seconds": 2 * TIMEOUT}),
    "500 before": ("error", {"code": "INTERNAL_SERVER_ERROR", "status": 500}),
    "503 before": ("error", {"code": "SERVICE_TEMPORARY_UNAVAILABLE", "status": 503}),
    "504 before": ("error", {"code": "REQUEST_TIMED_OUT", "status": 504}),
    "operation timeout before": ("error", {"code": "INVALID_OPERATION_TIMEOUT", "status": 400}),
    "reset before": ("reset_before", {}),
}


def hurried(world: World, fault: tuple[str, dict[str, Any]], **options: Any) -> Session:
    """Return a session whose writes meet a fault, with a client of little patience where the fault is silence."""
    kind, settings = fault
    world.emulator.faults.add(kind, ASSIGN, **settings, **options)
    return world.session(timeout=TIMEOUT if kind.startswith("timeout") else 30.0)


@pytest.mark.parametrize("fault", AFTER.values(), ids=AFTER)
def test_list_that_took_effect_is_not_sent_again(world: World, fault: tuple[str, dict[str, Any]]) -> None:
    """A list whose answer was lost after the effect: read, found in place, assigned; one call."""
    zec = hurried(world, fault)
    receipt = zec.apply(zec.plan(WEB_07, ip_addresses=PAIR))
    assert states(receipt) == dict.fromkeys(PAIR, "assigned")
    assert receipt.exit_code == 0
    assert world.calls(ASSIGN) == 1
    assert world.held(WEB_07)[3:] == PAIR


@pytest.mark.parametrize("fault", BEFORE.values(), ids=BEFORE)
def test_list_without_effect_is_sent_again(world: World, fault: tuple[str, dict[str, Any]]) -> None:
    """A list whose call was lost before the effect: read, found missing after patience, sent again."""
    zec = hurried(world, fault)
    receipt = zec.apply(zec.plan(WEB_07, ip_addresses=PAIR))
    assert states(receipt) == dict.fromkeys(PAIR, "assigned")
    assert world.calls(ASSIGN) == 2
    assert world.held(WEB_07)[3:] == PAIR
    assert sum(world.waited) >= 7, "effects may lag: it takes patience to call something missing"


@pytest.mark.parametrize("fault", AFTER.values(), ids=AFTER)
def test_count_that_took_effect_is_not_sent_again(world: World, fault: tuple[str, dict[str, Any]]) -> None:
    """A count whose answer was lost after the effect: what is new on the vNIC is what it was given; one call."""
    zec = hurried(world, fault)
    receipt = zec.apply(zec.plan(WEB_07, ip_address_count=2, mode="server_count"))
    assert states(receipt) == dict.fromkeys(PAIR, "assigned")
    assert world.calls(ASSIGN) == 1
    assert world.held(WEB_07)[3:] == PAIR


@pytest.mark.parametrize("fault", BEFORE.values(), ids=BEFORE)
def test_count_without_effect_is_not_sent_again(world: World, fault: tuple[str, dict[str, Any]]) -> None:
    """A count whose call was lost before the effect is not repeated all the same: it could take effect yet."""
    zec = hurried(world, fault)
    receipt = zec.apply(zec.plan(WEB_07, ip_address_count=2, mode="server_count"))
    assert receipt.states == {"not_attempted": 2}
    assert receipt.frame["reason"].str.contains("a count is never sent twice").all()
    assert receipt.frame["api_code"].notna().all()
    assert receipt.exit_code == 1
    assert world.calls(ASSIGN) == 1
    assert len(world.held(WEB_07)) == 3


def test_list_that_never_gets_through(world: World) -> None:
    """After three calls without effect it ends: nothing is claimed that is not so."""
    zec = hurried(world, BEFORE["reset before"], times=0)
    receipt = zec.apply(zec.plan(WEB_07, ip_addresses=PAIR))
    assert receipt.states == {"not_attempted": 2}
    assert receipt.frame["reason"].str.contains("3 calls ended without a clear answer and had no effect").all()
    assert world.calls(ASSIGN) == 3
    assert len(world.held(WEB_07)) == 3


def test_effect_that_shows_late(world: World) -> None:
    """An effect that listings show seconds later is waited for, not sent again."""
    world.emulator.faults.add("lag", ASSIGN, seconds=5)
    zec = hurried(world, AFTER["reset after"])
    receipt = zec.apply(zec.plan(WEB_07, ip_addresses=PAIR))
    assert receipt.states == {"assigned": 2}
    assert world.calls(ASSIGN) == 1
    assert sum(world.waited) > 3


def test_effect_that_shows_after_patience_ended(world: World) -> None:
    """A list sent again because its effect showed too late meets its own addresses; that is no refusal."""
    world.emulator.faults.add("lag", ASSIGN, seconds=10)
    zec = hurried(world, AFTER["reset after"])
    receipt = zec.apply(zec.plan(WEB_07, ip_addresses=PAIR))
    assert receipt.states == {"assigned": 2}
    assert receipt.exit_code == 0
    assert world.calls(ASSIGN) == 2
    assert world.held(WEB_07)[3:] == PAIR


def test_effect_that_never_shows_is_unknown(world: World) -> None:
    """Sent again and refused, with nobody seen to hold the addresses: nobody knows, and the receipt says so."""
    world.emulator.faults.add("lag", ASSIGN, seconds=1000)
    zec = hurried(world, AFTER["reset after"])
    receipt = zec.apply(zec.plan(WEB_07, ip_addresses=PAIR))
    assert receipt.states == {"unknown": 2}
    assert receipt.exit_code == 3
    assert world.held(WEB_07)[3:] == PAIR


def test_accepted_effect_that_shows_late(world: World, zec: Session) -> None:
    """An accepted call is read back with the same patience."""
    world.emulator.faults.add("lag", ASSIGN, seconds=3)
    receipt = zec.apply(zec.plan(WEB_07, ip_addresses=PAIR))
    assert receipt.states == {"assigned": 2}
    assert world.calls(ASSIGN) == 1


def test_accepted_effect_that_never_shows_is_unknown(world: World, zec: Session) -> None:
    """What the API says it assigned and no listing shows is not called assigned."""
    world.emulator.faults.add("lag", ASSIGN, seconds=1000)
    receipt = zec.apply(zec.plan(WEB_07, ip_addresses=PAIR))
    assert receipt.states == {"unknown": 2}
    assert receipt.exit_code == 3
    assert receipt.frame["reason"].notna().all()
    assert world.calls(ASSIGN) == 1


def test_colleague_in_the_middle_of_a_lost_count(world: World) -> None:
    """When more is new on the vNIC than the count, it is not known which are ours, and nobody guesses."""
    world.emulator.faults.add("actor_after", ASSIGN, actor=taken_by(WEB_07, "10.0.4.20"))
    zec = hurried(world, AFTER["reset after"])
    receipt = zec.apply(zec.plan(WEB_07, ip_address_count=2, mode="server_count"))
    assert receipt.states == {"unknown": 2}
    assert receipt.frame["reason"].notna().all()
    assert receipt.exit_code == 3
    assert world.calls(ASSIGN) == 1


def test_lost_call_and_a_colleague_who_took_the_address(world: World) -> None:
    """Lost before the effect, then taken by somebody else: the second try is refused and names who."""
    other = world.nic("web-06")
    zec = hurried(world, BEFORE["reset before"])
    world.emulator.faults.add("actor_before", ASSIGN, nth=2, actor=taken_by(other, PAIR[1]))
    receipt = zec.apply(zec.plan(WEB_07, ip_addresses=PAIR))
    rows = receipt.frame.set_index("address")
    assert rows["state"].tolist() == ["rejected", "rejected"]
    assert "web-06" in rows.loc[PAIR[1], "reason"]
    assert world.calls(ASSIGN) == 2
    assert len(world.held(WEB_07)) == 3


@pytest.mark.parametrize("mode", ["picked", "server_count"])
def test_lost_and_then_unreadable_is_unknown(world: World, mode: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A lost call whose vNIC cannot be read either has an unknown outcome; it is not sent again."""
    zec = hurried(world, AFTER["reset after"])
    plan = zec.plan(WEB_07, ip_address_count=2, mode=mode)
    monkeypatch.setattr(zec._client, "_retry", lambda _when, call, *arguments: call(*arguments))
    world.emulator.faults.add(
        "actor_before", ASSIGN, actor=lambda _: world.emulator.faults.add("error", "DescribeSubnets", times=0)
    )
    receipt = zec.apply(plan)
    assert receipt.states == {"unknown": 2}
    assert receipt.exit_code == 3
    assert world.calls(ASSIGN) == 1
    assert world.held(WEB_07)[3:] == PAIR


@pytest.mark.parametrize("kind", ["challenge", "blocked"])
def test_edge_that_answers_instead(world: World, zec: Session, kind: str) -> None:
    """An edge that refuses the call did not pass it on: rejected, sent once."""
    world.emulator.faults.add(kind, ASSIGN, times=0)
    receipt = zec.apply(zec.plan(WEB_07, ip_addresses=PAIR))
    assert receipt.states == {"rejected": 2}
    assert world.calls(ASSIGN) == 1


# -- stopped and resumed -------------------------------------------------------------------------------------------


@pytest.fixture
def trio(world: World) -> Iterator[list[str]]:
    """Three vNICs of one subnet, whose calls are made one after the other."""
    return [world.nic(name) for name in ("web-01", "web-02", "web-05")]


def requests_for(nics: list[str]) -> list[dict[str, Any]]:
    """Ask for one address each."""
    return [{"nic_id": nic, "ip_addresses": address} for nic, address in zip(nics, FREE, strict=False)]


def test_stop_ends_after_the_call_in_flight(world: World, zec: Session, trio: list[str]) -> None:
    """The call under way when stop is set is finished and read back; the next ones are not begun."""
    stop = threading.Event()
    world.emulator.faults.add("actor_before", ASSIGN, actor=lambda _: stop.set())
    receipt = zec.apply(zec.plan(requests_for(trio)), stop=stop)
    assert receipt.frame["state"].tolist() == ["assigned", "not_attempted", "not_attempted"]
    assert receipt.stopped
    assert "stopped" in repr(receipt)
    assert receipt.exit_code == 3
    assert world.calls(ASSIGN) == 1
    assert "finished" not in zec.journal()["event"].tolist()


def test_stop_before_the_start(world: World, zec: Session, trio: list[str]) -> None:
    """Set before the first call, nothing is sent."""
    stop = threading.Event()
    stop.set()
    receipt = zec.apply(zec.plan(requests_for(trio)), stop=stop)
    assert receipt.states == {"not_attempted": 3}
    assert receipt.exit_code == 1
    assert world.calls(ASSIGN) == 0


def test_resume_does_what_is_missing(world: World, zec: Session, trio: list[str]) -> None:
    """Resumed, the run makes the calls that were not made, and its receipt tells of all."""
    stop = threading.Event()
    world.emulator.faults.add("actor_before", ASSIGN, actor=lambda _: stop.set())
    first = zec.apply(zec.plan(requests_for(trio)), stop=stop)
    receipt = zec.resume(first.run_id)
    assert receipt.run_id == first.run_id
    assert receipt.frame["state"].tolist() == ["assigned"] * 3
    assert receipt.frame["nic_id"].tolist() == trio
    assert not receipt.stopped
    assert world.calls(ASSIGN) == 3
    assert [world.owner(address) for address in FREE[:3]] == trio


def test_resume_in_another_process_of_the_same_store(world: World, store_url: str, trio: list[str]) -> None:
    """The journal alone is enough: another session, on another day, finishes the run."""
    stop = threading.Event()
    world.emulator.faults.add("actor_before", ASSIGN, actor=lambda _: stop.set())
    zec = world.session(store_url)
    first = zec.apply(zec.plan(requests_for(trio)), stop=stop)
    zec.close()
    receipt = world.session(store_url).resume(first.run_id)
    assert receipt.states == {"assigned": 3}
    assert world.calls(ASSIGN) == 3


def test_resume_of_a_finished_run_repeats_nothing(world: World, zec: Session) -> None:
    """A run that is done stays as it is."""
    first = zec.apply(zec.plan(WEB_07, ip_addresses=PAIR))
    held = world.held(WEB_07)
    receipt = zec.resume(first.run_id)
    assert states(receipt) == states(first)
    assert world.calls(ASSIGN) == 1
    assert world.held(WEB_07) == held


def test_resume_does_not_take_back_what_somebody_released(world: World, zec: Session) -> None:
    """An address that the run assigned and somebody released since stays released, and the receipt says so."""
    first = zec.apply(zec.plan(WEB_07, ip_addresses=PAIR))
    world.client().unassign_network_interface_ipv4(WEB_07, [PAIR[0]])
    receipt = zec.resume(first.run_id)
    assert receipt.frame["state"].tolist() == ["not_attempted", "assigned"]
    assert "released it since" in receipt.frame["reason"].iloc[0]
    assert world.calls(ASSIGN) == 1


def test_resume_of_a_finished_count_repeats_nothing(world: World, zec: Session) -> None:
    """So does a run that sent a count."""
    first = zec.apply(zec.plan(WEB_07, ip_address_count=2, mode="server_count"))
    assert states(zec.resume(first.run_id)) == states(first)
    assert world.calls(ASSIGN) == 1


def test_resume_of_what_was_undone_is_refused(world: World, zec: Session) -> None:
    """What was taken back is not brought back by finishing the run; the plan can be applied again."""
    first = zec.apply(zec.plan(WEB_07, ip_addresses=PAIR))
    zec.undo(first)
    with pytest.raises(UsageError, match="was undone"):
        zec.resume(first.run_id)
    assert world.calls(ASSIGN) == 1
    assert len(world.held(WEB_07)) == 3


def test_resume_of_a_count_that_was_not_sent_sends_it(world: World, zec: Session, trio: list[str]) -> None:
    """A count whose call was never begun is sent now."""
    stop = threading.Event()
    world.emulator.faults.add("actor_before", ASSIGN, actor=lambda _: stop.set())
    requests = [{"nic_id": nic, "ip_address_count": 1} for nic in trio[:2]]
    first = zec.apply(zec.plan(requests, mode="server_count"), stop=stop)
    assert first.states == {"assigned": 1, "not_attempted": 1}
    receipt = zec.resume(first.run_id)
    assert receipt.states == {"assigned": 2}
    assert world.calls(ASSIGN) == 2


def test_resume_looks_before_it_sends(world: World, zec: Session, trio: list[str]) -> None:
    """What a colleague took since then is not asked for; the row says who has it."""
    stop = threading.Event()
    world.emulator.faults.add("actor_before", ASSIGN, actor=lambda _: stop.set())
    first = zec.apply(zec.plan(requests_for(trio)), stop=stop)
    other = world.nic("web-06")
    world.client().batch_assign_network_interface_ipv4(other, ip_addresses=[FREE[1]])
    receipt = zec.resume(first.run_id)
    assert receipt.frame["state"].tolist() == ["assigned", "not_attempted", "assigned"]
    assert "web-06" in receipt.frame["reason"].iloc[1]
    assert world.owner(FREE[1]) == other


def test_resume_of_an_unknown_run(zec: Session) -> None:
    """A run that nobody made cannot be finished."""
    with pytest.raises(UsageError, match="there is no run 'nope'"):
        zec.resume("nope")


def test_resume_of_an_undo_is_refused(zec: Session) -> None:
    """An undo is finished by asking for it again, and the message names the run to ask for."""
    first = zec.apply(zec.plan(WEB_07, ip_addresses=PAIR))
    undo = zec.undo(first)
    with pytest.raises(UsageError, match=f"is an undo; call undo again for run {first.run_id}"):
        zec.resume(undo.run_id)


# -- the process dies ----------------------------------------------------------------------------------------------

CHILD = """
import os, sys
import zecnb
key, password, endpoint, store, path = sys.argv[1:]
who = {"access_key_id": key, "access_key_password": password}
with zecnb.connect(**who, endpoint=endpoint, store=store, progress=False) as zec:
    zec.apply(zecnb.Plan.load(path))
"""


@pytest.mark.parametrize("effect", [True, False], ids=["after the effect", "before the effect"])
@pytest.mark.parametrize("mode", ["picked", "server_count"])
def test_killed_in_the_middle_of_a_call(world: World, tmp_path: Path, mode: str, effect: bool) -> None:
    """Killed between intent and outcome, the run is finished from the journal, assigns once, and can be undone."""
    address = {
        "access_key_id": world.emulator.access_key_id,
        "access_key_password": world.emulator.access_key_password,
        "endpoint": world.emulator.url,
        "store": f"sqlite:///{tmp_path / 'store.sqlite'}",
    }
    zec = world.kept(zecnb.connect(**address, progress=False))
    path = zec.plan(WEB_07, ip_address_count=2, mode=mode).save(tmp_path / "plan.json")
    children: list[subprocess.Popen[bytes]] = []
    started = threading.Event()

    def kill(_: Any) -> None:
        started.wait(30)
        children[0].kill()
        children[0].wait(30)

    world.emulator.faults.add("actor_before", ASSIGN, actor=kill)
    if not effect:
        world.emulator.faults.add("reset_before", ASSIGN)
    children.append(subprocess.Popen([sys.executable, "-c", CHILD, *address.values(), str(path)]))
    started.set()
    assert children[0].wait(60) == -signal.SIGKILL
    assert zec.journal()["event"].tolist() == ["started", "intent"]
    (run_id,) = unfinished(zec)
    receipt = zec.resume(run_id)
    if mode == "server_count" and not effect:
        assert receipt.states == {"not_attempted": 2}
        assert receipt.frame["reason"].str.contains("a count is never sent twice").all()
    else:
        assert states(receipt) == dict.fromkeys(PAIR, "assigned")
    sends = 2 if mode == "picked" and not effect else 1
    assert world.calls(ASSIGN) == sends
    assert unfinished(zec) == []
    undone = zec.undo(run_id)
    assert undone.frame["address"].tolist() == [a for a, s in states(receipt).items() if s == "assigned"]
    assert undone.ok
    assert len(world.held(WEB_07)) == 3


def test_count_in_doubt_is_not_sent_by_the_same_plan(world: World) -> None:
    """Applied again while the outcome of its count is unknown, a plan is refused, until the run was resumed."""
    zec = hurried(world, BEFORE["reset before"])
    plan = zec.plan(WEB_07, ip_address_count=2, mode="server_count")
    first = zec.apply(plan)
    with pytest.raises(UsageError, match=f"run {first.run_id} of this plan sent a count"):
        zec.apply(plan)
    assert world.calls(ASSIGN) == 1
    assert zec.resume(first.run_id).states == {"not_attempted": 2}
    assert zec.apply(plan).states == {"assigned": 2}
    assert len(world.held(WEB_07)) == 5


def test_count_that_is_there_in_part(world: World, zec: Session) -> None:
    """When part of what a plan's count was given is gone again, applying it again is refused and says what is left."""
    plan = zec.plan(WEB_07, ip_address_count=2, mode="server_count")
    zec.apply(plan)
    world.client().unassign_network_interface_ipv4(WEB_07, [PAIR[0]])
    with pytest.raises(UsageError, match=f"only {PAIR[1]} is left of them"):
        zec.apply(plan)
    assert world.calls(ASSIGN) == 1
