"""Finishing a run whose process died between a call and its outcome: what happened is found out, and written down."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.execution.world import ASSIGN, UNASSIGN, World, unfinished
from zecnb.emulator.seeds import WEB_07
from zecnb.execution.history import Past, read_record
from zecnb.execution.journal import Event, Journal, Run

if TYPE_CHECKING:
    from zecnb.planner.plan import Plan
    from zecnb.session import Session


class Death(BaseException):
    """The process is gone."""


def dies(zec: Session, plan: Plan, monkeypatch: pytest.MonkeyPatch, *, at: str = "outcome") -> str:
    """Apply a plan in a process that dies before it writes an event; return the run."""
    write = Journal.write

    def gone(journal: Journal, run: Run, event: Event) -> None:
        if event.event == at:
            raise Death
        write(journal, run, event)

    with monkeypatch.context() as patched:
        patched.setattr(Journal, "write", gone)
        with pytest.raises(Death):
            zec.apply(plan)
    (run_id,) = unfinished(zec)
    return run_id


def past(zec: Session, run_id: str) -> Past:
    """Return what the journal says of the only call of a run."""
    return read_record(zec._journal, run_id).past[0]


@pytest.fixture
def zec(world: World) -> Session:
    """A session on the demo account."""
    return world.session()


@pytest.mark.parametrize("mode", ["picked", "server_count"])
@pytest.mark.parametrize("at", ["outcome", "resolved"])
def test_journal_has_what_resume_found(
    world: World, zec: Session, monkeypatch: pytest.MonkeyPatch, mode: str, at: str
) -> None:
    """Found in place, addresses are the run's in the journal too, and nothing is in doubt any more."""
    plan = zec.plan(WEB_07, ip_address_count=2, mode=mode)
    run_id = dies(zec, plan, monkeypatch, at=at)
    assert zec.resume(run_id).states == {"assigned": 2}
    assert past(zec, run_id).returned == set(plan.frame["address"])
    assert past(zec, run_id).clear
    assert world.calls(ASSIGN) == 1


def test_effect_that_shows_after_the_list_was_sent_again(
    world: World, zec: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Sent again by resume because its effect did not show yet, a list meets its own addresses; that is no refusal."""
    world.emulator.faults.add("lag", ASSIGN, seconds=5)
    run_id = dies(zec, zec.plan(WEB_07, ip_address_count=2), monkeypatch)
    assert zec.resume(run_id).states == {"assigned": 2}
    assert past(zec, run_id).clear
    assert len(world.held(WEB_07)) == 5


@pytest.mark.parametrize("lag", [3.0, 0.0])
def test_count_whose_effect_shows_late(world: World, zec: Session, monkeypatch: pytest.MonkeyPatch, lag: float) -> None:
    """What became of a count is looked for with patience: its effect may lag behind the death of who sent it."""
    world.emulator.faults.add("lag", ASSIGN, seconds=lag)
    run_id = dies(zec, zec.plan(WEB_07, ip_address_count=2, mode="server_count"), monkeypatch)
    assert zec.resume(run_id).states == {"assigned": 2}
    assert len(past(zec, run_id).returned) == 2
    assert (sum(world.waited) >= 3) == bool(lag)
    assert world.calls(ASSIGN) == 1


def test_undo_finds_what_a_dead_undo_released(world: World, zec: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    """A release whose effect shows late is not refused for being done already when the undo is finished."""
    receipt = zec.apply(zec.plan(WEB_07, ip_address_count=2))
    world.emulator.faults.add("lag", UNASSIGN, seconds=5)
    write = Journal.write

    def gone(journal: Journal, run: Run, event: Event) -> None:
        if event.event == "outcome":
            raise Death
        write(journal, run, event)

    with monkeypatch.context() as patched:
        patched.setattr(Journal, "write", gone)
        with pytest.raises(Death):
            zec.undo(receipt)
    again = zec.undo(receipt)
    assert again.ok
    assert len(world.held(WEB_07)) == 3


def test_refused_again_is_still_in_doubt(world: World, zec: Session) -> None:
    """A lost list, refused when it was sent again, stays in doubt until its effect is seen; then it is the run's."""
    world.emulator.faults.add("lag", ASSIGN, seconds=60)
    world.emulator.faults.add("reset_after", ASSIGN)
    first = zec.apply(zec.plan(WEB_07, ip_address_count=2))
    assert first.states == {"unknown": 2}
    assert not past(zec, first.run_id).clear
    world.waited.append(60)
    assert zec.resume(first.run_id).states == {"assigned": 2}
    assert len(past(zec, first.run_id).returned) == 2
    assert past(zec, first.run_id).clear
