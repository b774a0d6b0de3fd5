"""One run at a time on a subnet: locks in the store that a crash does not leave behind.

A lock belongs to one process. It is over when the run releases it, when that process is gone (asked of the operating
system, where it runs here), or when its heartbeat stood still for a lease (seen by the waiting process's own clock,
so that no two hosts need the same time). A process that was only asleep finds before its next call that its lock was
taken over, and makes no call any more.
"""

from __future__ import annotations

import os
import socket
import threading
import time
import uuid
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import sqlalchemy as sa

from zecnb.errors import JournalError, LockedError
from zecnb.store import METADATA, actor

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from zecnb.execution.journal import Run
    from zecnb.store import Store

__all__ = ["LEASE", "WAIT", "Lease", "Process", "at_work"]

LEASE = 20.0
"""Seconds without a heartbeat after which a run on another machine is taken for dead."""

WAIT = 30.0
"""Seconds that a run waits for another one's lock; longer than a lease, so that a dead one's is waited out."""

_POLL = 0.2  # seconds between looks at a lock that somebody else has
_BEATS = 5  # heartbeats in a lease

LOCKS = sa.Table(
    "subnet_lock",
    METADATA,
    sa.Column("subnet_id", sa.String(64), primary_key=True),
    sa.Column("holder", sa.String(32), nullable=False),
    sa.Column("run_id", sa.String(40), nullable=False),
    sa.Column("kind", sa.String(8), nullable=False),
    sa.Column("actor", sa.String(128), nullable=False),
    sa.Column("host", sa.String(255), nullable=False),
    sa.Column("machine", sa.String(128)),
    sa.Column("pid", sa.Integer, nullable=False),
    sa.Column("born", sa.String(32)),
    sa.Column("since", sa.String(32), nullable=False),
    sa.Column("beat", sa.Integer, nullable=False),
)


class Process(NamedTuple):
    """A process, told apart from every other one on any machine at any time.

    Attributes:
        machine: this boot of this machine and its space of process ids; None where it cannot be told.
        pid: process id.
        born: when it began, in the system's own ticks; None where it cannot be told.
    """

    machine: str | None
    pid: int
    born: str | None

    @classmethod
    def this(cls) -> Process:
        """Return the one that asks."""
        pid = os.getpid()
        try:
            boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
            return cls(f"{boot}/{Path('/proc/self/ns/pid').readlink()}", pid, _born(pid))
        except OSError:  # no Linux
            return cls(None, pid, None)

    def is_gone(self) -> bool:
        """Return whether it has certainly ended; False where that cannot be seen from here."""
        here = Process.this()
        if self.machine is None or self.born is None or here.machine != self.machine:
            return False
        return _born(self.pid) != self.born


def _born(pid: int) -> str | None:
    """Return when a process of this machine began, None when there is none, or only what is left of a dead one."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    state, *rest = stat.rpartition(")")[2].split()  # the name before it may hold anything
    return None if state in "ZX" else rest[18]


def at_work(store: Store) -> set[str]:
    """Return the runs that live processes of this machine are working on; of other machines that cannot be told.

    Raises:
        JournalError: the store cannot be used.
    """
    with store.begin() as connection:
        rows = connection.execute(sa.select(LOCKS.c.run_id, LOCKS.c.machine, LOCKS.c.pid, LOCKS.c.born)).all()
    here = Process.this().machine
    return {row.run_id for row in rows if row.machine == here and not Process(*row[1:]).is_gone()}


class Lease:
    """The locks of one run.

    Args:
        store: the database that runs share.
        run: the run.
        wait: seconds to wait for another run before refusing.
        lease: seconds without a heartbeat after which another run is taken for dead.
        clock: monotonic seconds.
    """

    def __init__(
        self,
        store: Store,
        run: Run,
        *,
        wait: float = WAIT,
        lease: float = LEASE,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._store = store
        self._run = run
        self._wait, self._lease, self._clock = wait, lease, clock
        self._holder = uuid.uuid4().hex
        self._process = Process.this()
        self._seen: dict[tuple[str, str, int], float] = {}

    @contextmanager
    def hold(
        self,
        subnet_ids: Sequence[str],
        *,
        stop: threading.Event | None = None,
        tell: Callable[[str], None] | None = None,
    ) -> Iterator[None]:
        """Have the subnets to oneself while the block runs; all of them, or none.

        Args:
            subnet_ids: none needs no lock.
            stop: set it to wait no longer.
            tell: told, in words, for whom it waits.

        Raises:
            LockedError: another run has one of them; says which, whose, where and since when.
            JournalError: the store cannot be used.
        """
        wanted = sorted(set(subnet_ids))
        if not wanted:
            yield
            return
        self._acquire(wanted, stop or threading.Event(), tell)
        over = threading.Event()
        beating = threading.Thread(target=self._beat, args=(over,), name="zecnb-lease", daemon=True)
        beating.start()
        try:
            yield
        finally:
            over.set()
            beating.join()
            with suppress(JournalError), self._store.begin() as connection:  # else it goes by itself: no heartbeat
                connection.execute(sa.delete(LOCKS).where(LOCKS.c.holder == self._holder))

    def check(self, subnet_id: str) -> None:
        """Make sure, right before a call, that the subnet is still this run's.

        Raises:
            LockedError: another run took it over while this process slept.
        """
        mine = sa.select(LOCKS.c.pid).where(LOCKS.c.subnet_id == subnet_id, LOCKS.c.holder == self._holder)
        with self._store.begin() as connection:
            if connection.execute(mine).first() is not None:
                return
            taker = connection.execute(sa.select(LOCKS).where(LOCKS.c.subnet_id == subnet_id)).mappings().first()
        by = f"; {_words(taker)} has it now" if taker else ""
        raise LockedError(
            f"this run lost its lock on subnet {subnet_id}: it gave no sign of life for {self._lease:.0f} seconds{by}. "
            f"It makes no more calls; resume run {self._run.run_id} to finish it"
        )

    def _acquire(self, wanted: list[str], stop: threading.Event, tell: Callable[[str], None] | None) -> None:
        deadline = self._clock() + self._wait
        told = ""
        while (other := self._try(wanted)) is not None:
            words = _words(other)
            if stop.is_set() or self._clock() >= deadline:
                raise LockedError(
                    f"subnet {other['subnet_id']} is in use: {words} has it. Waited {self._wait:.0f} seconds; this run "
                    "did nothing. Try again when that run has ended; if it crashed, its lock goes by itself within "
                    f"{self._lease:.0f} seconds"
                )
            if tell is not None and words != told:
                tell(f"waiting for {words}")
            told = words
            stop.wait(_POLL)

    def _try(self, wanted: list[str]) -> dict[str, Any] | None:
        """Take every lock, or none; return one that somebody else has."""
        found = sa.select(LOCKS).where(LOCKS.c.subnet_id.in_(wanted)).order_by(LOCKS.c.subnet_id)
        with self._store.begin() as connection:
            there = [dict(row) for row in connection.execute(found).mappings()]
        over = [row for row in there if self._is_over(row)]
        if len(over) < len(there):
            return next(row for row in there if row not in over)
        try:
            with self._store.begin() as connection:
                for row in over:  # unless its heart beat meanwhile
                    same = (LOCKS.c[name] == row[name] for name in ("subnet_id", "holder", "beat"))
                    connection.execute(sa.delete(LOCKS).where(*same))
                connection.execute(sa.insert(LOCKS), [self._row(subnet) for subnet in wanted])
        except JournalError as error:
            if not isinstance(error.__cause__, sa.exc.IntegrityError):
                raise
            with self._store.begin() as connection:  # somebody was quicker
                first = connection.execute(found).mappings().first()
            return dict(first) if first else self._try(wanted)
        return None

    def _row(self, subnet_id: str) -> dict[str, Any]:
        run, process = self._run, self._process
        return {
            "subnet_id": subnet_id,
            "holder": self._holder,
            "run_id": run.run_id,
            "kind": run.kind,
            "actor": actor(),
            "host": socket.gethostname(),
            **process._asdict(),
            "since": datetime.now(UTC).isoformat(sep=" ", timespec="seconds"),
            "beat": 0,
        }

    def _is_over(self, row: dict[str, Any]) -> bool:
        if Process(row["machine"], row["pid"], row["born"]).is_gone():
            return True
        now = self._clock()
        seen = self._seen.setdefault((row["subnet_id"], row["holder"], row["beat"]), now)
        return now - seen >= self._lease

    def _beat(self, over: threading.Event) -> None:
        """Show that the run is alive; when it cannot be shown, ``check`` decides what that means."""
        alive = sa.update(LOCKS).where(LOCKS.c.holder == self._holder).values(beat=LOCKS.c.beat + 1)
        while not over.wait(self._lease / _BEATS):
            try:
                with self._store.begin() as connection:
                    connection.execute(alive)
            except JournalError:
                continue


def _words(row: Any) -> str:
    return (
        f"run {row['run_id']} ({row['kind']}, by {row['actor']} on {row['host']}, process {row['pid']}, "
        f"since {row['since'].removesuffix('+00:00')} UTC)"
    )
