"""Locks on subnets: who has one is told, and no crash leaves one behind."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa

from tests.execution.world import ASSIGN, World, unfinished
from tests.postgres import postgres, store_url
from zecnb.emulator.seeds import WEB_07
from zecnb.errors import JournalError, LockedError, PlanDriftedError
from zecnb.execution import locks
from zecnb.execution.journal import Run
from zecnb.execution.locks import LOCKS, Lease, Process
from zecnb.store import Store

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["postgres", "store_url"]

FIRST, SECOND = Run("run-1", "apply", "acme", "d" * 64), Run("run-2", "undo", "acme", "run-0")

CHILD = """
import sys, time
from zecnb.execution.journal import Run
from zecnb.execution.locks import Lease
from zecnb.store import Store
with Lease(Store(sys.argv[1]), Run("run-1", "apply", "acme", "")).hold(["net-1"]):
    print("held", flush=True)
    time.sleep(60)
"""


@pytest.fixture
def store(store_url: str) -> Iterator[Store]:
    """An empty store."""
    made = Store(store_url)
    yield made
    made.close()


class Clock:
    """Time that passes by a second each time somebody looks."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        self.now += 1.0
        return self.now


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who waits looks often."""
    monkeypatch.setattr(locks, "_POLL", 0.005)


def rows(store: Store) -> list[tuple[str, str]]:
    """Return which subnets are locked, and by which run."""
    with store.begin() as connection:
        found = connection.execute(sa.select(LOCKS.c.subnet_id, LOCKS.c.run_id).order_by(LOCKS.c.subnet_id))
        return [(row.subnet_id, row.run_id) for row in found]


@contextmanager
def of_another_machine(store: Store, subnet: str = "net-1", *, beating: bool = False) -> Iterator[None]:
    """Leave the lock of a process that runs on another machine; its heart beats, or it crashed."""
    away = Lease(store, FIRST)
    away._process = Process("another boot of another machine", 4711, "1")
    with store.begin() as connection:
        connection.execute(sa.insert(LOCKS), [away._row(subnet)])
    over = threading.Event()
    away._lease = 0.02
    heart = threading.Thread(target=away._beat, args=(over,))
    if beating:
        heart.start()
    yield
    over.set()
    if beating:
        heart.join()


# -- one at a time -------------------------------------------------------------------------------------------------


def test_lock_lasts_as_long_as_the_block(store: Store) -> None:
    """Every subnet is locked inside and free afterwards, whatever ended the block."""
    held = []

    def run() -> None:
        with Lease(store, FIRST).hold(["net-2", "net-1", "net-2"]):
            held.extend(rows(store))
            raise ValueError("boom")

    with pytest.raises(ValueError, match="boom"):
        run()
    assert held == [("net-1", "run-1"), ("net-2", "run-1")]
    assert rows(store) == []


def test_no_subnets_need_no_lock(store: Store) -> None:
    """A run that calls nothing locks nothing."""
    with Lease(store, FIRST).hold([]):
        assert rows(store) == []


def test_second_run_is_refused_and_told_everything(store: Store) -> None:
    """Who has the lock, for what, where, in which process and since when; and what to do."""
    with Lease(store, FIRST).hold(["net-1"]), pytest.raises(LockedError) as caught:
        Lease(store, SECOND, wait=0).hold(["net-1"]).__enter__()
    assert re.fullmatch(
        rf"subnet net-1 is in use: run run-1 \(apply, by \S+ on {re.escape(socket.gethostname())}, "
        rf"process {os.getpid()}, since \d{{4}}-\d\d-\d\d \d\d:\d\d:\d\d UTC\) has it\. Waited 0 seconds; this run did "
        r"nothing\. Try again when that run has ended; if it crashed, its lock goes by itself within 20 seconds",
        str(caught.value),
    )


def test_all_or_nothing(store: Store) -> None:
    """A run that cannot have all its subnets has none, so that two runs never wait for each other."""
    with Lease(store, FIRST).hold(["net-2"]), pytest.raises(LockedError, match="subnet net-2"):
        Lease(store, SECOND, wait=0).hold(["net-1", "net-2", "net-3"]).__enter__()
    assert rows(store) == []


def test_other_subnets_are_free(store: Store) -> None:
    """Runs on different subnets do not know of each other."""
    with Lease(store, FIRST).hold(["net-1"]), Lease(store, SECOND, wait=0).hold(["net-2"]):
        assert rows(store) == [("net-1", "run-1"), ("net-2", "run-2")]
    assert rows(store) == []


def test_second_run_waits_and_says_for_whom(store: Store) -> None:
    """A run that has time waits, says once for whom, and goes on when the other has ended."""
    told: list[str] = []
    waiting = threading.Event()

    def tell(words: str) -> None:
        told.append(words)
        waiting.set()

    def second() -> None:
        with Lease(store, SECOND).hold(["net-1"], tell=tell):
            told.append("in")

    thread = threading.Thread(target=second)
    with Lease(store, FIRST).hold(["net-1"]):
        thread.start()
        assert waiting.wait(10)
        assert len(told) == 1
    thread.join(10)
    assert told[0].startswith("waiting for run run-1 (apply, by ")
    assert told[1:] == ["in"]


def test_stop_ends_the_wait(store: Store) -> None:
    """Who is asked to stop waits no longer."""
    stop = threading.Event()
    with Lease(store, FIRST).hold(["net-1"]), pytest.raises(LockedError, match="run-1"):
        Lease(store, SECOND).hold(["net-1"], stop=stop, tell=lambda _: stop.set()).__enter__()


def test_many_at_once_take_turns(store_url: str) -> None:
    """However many runs want overlapping subnets at once, never two are in, and all get in."""
    inside: list[str] = []
    most: list[int] = []

    def work(number: int) -> None:
        own = Store(store_url)
        run = Run(f"run-{number}", "apply", "acme", "")
        with Lease(own, run).hold([f"net-{number % 2}", "net-shared"]):
            inside.append(run.run_id)
            most.append(len(inside))
            inside.remove(run.run_id)
        own.close()

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert most == [1] * 8


# -- nothing stays of a crash --------------------------------------------------------------------------------------


def test_lock_of_a_killed_process_is_gone_at_once(store: Store, store_url: str) -> None:
    """On the same machine the system tells that the process is dead, reaped or not; nobody waits for a lease."""
    child = subprocess.Popen([sys.executable, "-c", CHILD, store_url], stdout=subprocess.PIPE)
    assert child.stdout is not None
    assert child.stdout.readline() == b"held\n"
    with pytest.raises(LockedError, match=f"process {child.pid},"):
        Lease(store, SECOND, wait=0).hold(["net-1"]).__enter__()
    child.send_signal(signal.SIGKILL)
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)  # dead, and not reaped
    with Lease(store, SECOND, wait=0).hold(["net-1"]):
        assert rows(store) == [("net-1", "run-2")]
    child.wait(10)
    child.stdout.close()


def test_another_process_of_the_same_number_is_not_it(store: Store) -> None:
    """A process id that was given again does not keep a dead run's lock."""
    dead = Lease(store, FIRST)
    dead._process = Process.this()._replace(born="0")
    with store.begin() as connection:
        connection.execute(sa.insert(LOCKS), [dead._row("net-1")])
    with Lease(store, SECOND, wait=0).hold(["net-1"]):
        assert rows(store) == [("net-1", "run-2")]


def test_silence_from_another_machine_ends_a_lock(store: Store) -> None:
    """A run elsewhere whose heart stands still for a lease, by the clock of who waits, is taken for dead."""
    clock = Clock()
    with of_another_machine(store), Lease(store, SECOND, clock=clock).hold(["net-1"]):
        assert rows(store) == [("net-1", "run-2")]
    assert 20 <= clock.now < 30


def test_heartbeat_from_another_machine_keeps_a_lock(store: Store) -> None:
    """A run elsewhere whose heart beats keeps its lock however long one waits."""
    clock = Clock()
    with of_another_machine(store, beating=True):
        clock_of_waiting = Lease(store, SECOND, wait=60, clock=clock)
        with pytest.raises(LockedError, match="run-1"):
            clock_of_waiting.hold(["net-1"]).__enter__()
    assert rows(store) == [("net-1", "run-1")]


def test_machine_that_tells_nothing_of_processes(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where processes cannot be told apart the lease alone decides."""
    monkeypatch.setattr("pathlib.Path.read_text", lambda *_, **__: (_ for _ in ()).throw(FileNotFoundError()))
    assert Process.this() == (None, os.getpid(), None)
    with Lease(store, FIRST).hold(["net-1"]), pytest.raises(LockedError, match="run-1"):
        Lease(store, SECOND, wait=0).hold(["net-1"]).__enter__()


def test_sleeper_finds_its_lock_taken_over(store: Store) -> None:
    """Who slept through a lease is told before its next call who has the subnet now, and leaves that lock alone."""
    sleeper = Lease(store, FIRST)
    with sleeper.hold(["net-1"]):
        sleeper.check("net-1")
        with store.begin() as connection:
            connection.execute(sa.delete(LOCKS))
        with pytest.raises(LockedError, match=r"20 seconds\. It makes no more calls; resume run run-1"):
            sleeper.check("net-1")
        with Lease(store, SECOND).hold(["net-1"]):
            with pytest.raises(LockedError, match=r"run run-2 \(undo, .* has it now"):
                sleeper.check("net-1")
            assert rows(store) == [("net-1", "run-2")]


def test_store_that_is_gone_at_the_end_fails_no_run(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """A lock that cannot be released goes by itself; what the run did is told all the same."""

    def gone() -> None:
        raise JournalError("the store cannot be used")

    with Lease(store, FIRST).hold(["net-1"]):
        monkeypatch.setattr(store, "begin", gone)


# -- runs ----------------------------------------------------------------------------------------------------------


def test_apply_waits_for_an_apply_and_looks_again(world: World, store_url: str) -> None:
    """Of two runs of the same plan at once the second waits, then finds everything in place: one call."""
    first, second = world.session(store_url), world.session(store_url)
    plan = first.plan(WEB_07, ip_address_count=2)
    told: list[str] = []
    waiting = threading.Event()

    def tell(progress: object) -> None:
        told.append(progress.doing)  # type: ignore[attr-defined]
        waiting.set()

    receipts: list[object] = []
    thread = threading.Thread(target=lambda: receipts.append(second.apply(plan, report=tell)))

    def meanwhile(_: object) -> None:
        thread.start()
        waiting.wait(30)

    world.emulator.faults.add("actor_before", ASSIGN, actor=meanwhile)
    receipt = first.apply(plan)
    thread.join(30)
    assert receipt.states == {"assigned": 2}
    assert told[0].startswith(f"waiting for run {receipt.run_id} (apply, by ")
    assert [each.states for each in receipts] == [{"already_present": 2}]  # type: ignore[attr-defined]
    assert world.calls(ASSIGN) == 1
    assert rows(first._store) == []


def test_loser_is_told_who_won(world: World, store_url: str) -> None:
    """A run that waited for one that took its addresses is refused with the winner's vNIC; nothing was sent."""
    first, second = world.session(store_url), world.session(store_url)
    mine = first.plan(WEB_07, ip_address_count=1)
    theirs = second.plan(world.nic("web-06"), ip_addresses=mine.frame["address"].tolist())
    first.apply(mine)
    with pytest.raises(PlanDriftedError, match="web-07"):
        second.apply(theirs)
    assert world.calls(ASSIGN) == 1


@pytest.mark.parametrize("what", ["resume", "undo"])
def test_resume_and_undo_respect_a_lock(
    world: World, store_url: str, what: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A run that is still at work is neither resumed nor undone."""
    monkeypatch.setattr("zecnb.session.Lease", lambda store, run: Lease(store, run, wait=0))
    zec = world.session(store_url)
    receipt = zec.apply(zec.plan(WEB_07, ip_address_count=1))
    subnet = zec.inventory(nic_id=WEB_07).nics.set_index("nic_id").loc[WEB_07, "subnet_id"]
    with Lease(zec._store, FIRST).hold([str(subnet)]), pytest.raises(LockedError, match="run-1"):
        getattr(zec, what)(receipt.run_id)
    assert getattr(zec, what)(receipt.run_id).ok


def test_run_that_lost_its_lock_makes_no_more_calls(world: World, store_url: str) -> None:
    """A run whose lock was taken over between two calls ends before the next one, and can be resumed."""
    zec = world.session(store_url)
    nics = [world.nic(name) for name in ("web-01", "web-02")]
    plan = zec.plan([{"nic_id": nic, "ip_address_count": 1} for nic in nics])

    def steal(_: object) -> None:
        with zec._store.begin() as connection:
            connection.execute(sa.delete(LOCKS))

    world.emulator.faults.add("actor_after", ASSIGN, actor=steal)
    with pytest.raises(LockedError, match="lost its lock"):
        zec.apply(plan)
    assert world.calls(ASSIGN) == 1
    (run_id,) = unfinished(zec)
    assert zec.resume(run_id).states == {"assigned": 2}
    assert world.calls(ASSIGN) == 2
