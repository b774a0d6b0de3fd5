"""The processes that torture kills: one that works on plans, and one that is the cloud.

They are forked from a server that has imported everything: a fork can be killed as dead as any other process and is
there a hundred times sooner.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import signal
import time
from contextlib import contextmanager
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, Self

import pandas as pd

from zecnb import session as sessions
from zecnb.cloud.client import Client
from zecnb.cloud.settings import resolve
from zecnb.emulator import Emulator
from zecnb.errors import ZecnbError
from zecnb.execution.journal import Journal
from zecnb.execution.locks import Lease
from zecnb.execution.stepper import Context
from zecnb.planner.plan import Plan
from zecnb.session import Session
from zecnb.store import Store

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from multiprocessing.connection import Connection
    from multiprocessing.process import BaseProcess

    from zecnb.execution.steps import Observe
    from zecnb.inventory import Inventory

__all__ = [
    "BOUNDARIES",
    "KEY",
    "PASSWORD",
    "Cloud",
    "Job",
    "Result",
    "boundaries_of",
    "do_job",
    "forks",
    "hurry",
    "killed_in_the_end",
    "session_on",
    "start_job",
    "take_result",
]

KEY, PASSWORD = "TORTURE", "torture-password"

_EVENTS = ("started", "intent", "outcome", "resolved", "finished")
BOUNDARIES = (
    *(f"{edge} {what}" for what in ("lock", "observe", "call", *_EVENTS) for edge in ("before", "after")),
    "before the end",
)
"""Where a step begins or ends, and a process can be made to die."""


def boundaries_of(what: str) -> tuple[str, ...]:
    """Return the boundaries that a kind of job reaches; what is resumed has been started."""
    return tuple(each for each in BOUNDARIES if what != "resume" or not each.endswith("started"))


_HURRY = 0.01  # of a second that a waiting run really waits: nothing here is as slow as a real cloud


def forks() -> Any:
    """Return a way to make processes that need no imports."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.torture.children", "psycopg", "zecnb.emulator.server", "pandas", "httpx"])
    return context


# -- the cloud -----------------------------------------------------------------------------------------------------


def _serve(db: str, port: int, ready: Connection) -> None:
    emulator = Emulator(db=db, port=port, access_key_id=KEY, access_key_password=PASSWORD)
    with emulator:
        ready.send(emulator.url)
        signal.pause()


class Cloud:
    """An emulator process on a file; it can be killed and comes back where it was.

    Args:
        context: see ``forks``.
        db: the file, made before.
    """

    def __init__(self, context: Any, db: Path) -> None:
        self._context = context
        self._db = db
        self._port = 0
        self._process: BaseProcess | None = None
        self.url = ""

    def start(self) -> None:
        """Listen, on the same port each time."""
        ours, theirs = self._context.Pipe()
        self._process = self._context.Process(target=_serve, args=(str(self._db), self._port, theirs), daemon=True)
        self._process.start()
        theirs.close()
        self.url = ours.recv()
        self._port = int(self.url.rsplit(":", 1)[1])
        ours.close()

    def kill(self) -> None:
        """Kill it."""
        assert self._process is not None
        self._process.kill()
        self._process.join()
        self._process.close()
        self._process = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._process is not None:
            self.kill()


# -- the worker ----------------------------------------------------------------------------------------------------


class Job(NamedTuple):
    """What a worker does.

    Attributes:
        what: ``apply``, ``resume`` or ``undo``.
        target: the plan's file; else the run.
        url, store: the cloud, the journal.
        trap: where to die: a boundary and the how manieth time it is reached.
    """

    what: str
    target: str
    url: str
    store: str
    trap: tuple[str, int] | None = None


class Result(NamedTuple):
    """What a worker that lived to tell says: the receipt's rows and whether all is done, or an error."""

    ok: bool = False
    rows: tuple[tuple[str | None, ...], ...] = ()
    error: str = ""


def session_on(url: str, store: str, **options: Any) -> Session:
    """Return a session on the cloud."""
    settings = resolve(access_key_id=KEY, access_key_password=PASSWORD, endpoint=url)
    return Session(Client(settings, **options), "torture", store=Store(store), progress=False)


def hurry(reach: Callable[[str, str], None] = lambda _edge, _what: None) -> None:
    """Let runs of this process wait a hundredth of what they would, and say when they look at the cloud."""

    def context(*, observe: Observe, sleep: Callable[[float], None], **options: Any) -> Context:
        def look(nic_ids: Sequence[str]) -> Inventory:
            reach("before", "observe")
            found = observe(nic_ids)
            reach("after", "observe")
            return found

        return Context(observe=look, sleep=lambda seconds: sleep(seconds * _HURRY), **options)

    sessions.Context = context  # type: ignore[assignment,misc]


def start_job(context: Any, job: Job, out: Path) -> Any:
    """Start a worker; what it says is in ``out`` when it ends well."""
    out.unlink(missing_ok=True)
    process = context.Process(target=_work, args=(job, str(out)), daemon=True)
    process.start()
    return process


def take_result(out: Path) -> Result:
    """Read what a worker said."""
    content = json.loads(out.read_text(encoding="utf-8"))
    return Result(content["ok"], tuple(tuple(row) for row in content["rows"]), content["error"])


def do_job(zec: Session, job: Job) -> Result:
    """Do a job; what zecnb raises on purpose is a result too."""
    try:
        receipt = zec.apply(Plan.load(job.target)) if job.what == "apply" else getattr(zec, job.what)(job.target)
    except ZecnbError as error:
        return Result(error=f"{type(error).__name__}: {error}")
    rows = receipt.frame[["nic_id", "address", "state", "reason"]].itertuples(index=False, name=None)
    return Result(receipt.ok, tuple(tuple(None if pd.isna(value) else str(value) for value in row) for row in rows))


def _work(job: Job, out: str) -> None:
    if job.trap is None:
        hurry()
    else:
        _set_trap(*job.trap)
    said = do_job(session_on(job.url, job.store), job)
    partial_file = Path(out + ".part")
    partial_file.write_text(json.dumps(said._asdict()), encoding="utf-8")
    partial_file.replace(out)
    os._exit(0)


def _set_trap(boundary: str, nth: int) -> None:
    """Make this process die where a boundary is reached the nth time."""
    edge, _, what = boundary.partition(" ")
    left = nth

    def reach(here: str, name: str) -> None:
        nonlocal left
        if (here, name) == (edge, what):
            left -= 1
            if left == 0:
                os.kill(os.getpid(), signal.SIGKILL)
                time.sleep(60)  # the signal may take a moment to arrive at this thread

    def wrap(owner: Any, method: str, name_of: Callable[..., str]) -> None:
        inner = getattr(owner, method)

        @wraps(inner)
        def outer(*arguments: Any, **options: Any) -> Any:
            name = name_of(*arguments)
            reach("before", name)
            answer = inner(*arguments, **options)
            reach("after", name)
            return answer

        setattr(owner, method, outer)

    wrap(Journal, "write", lambda _journal, _run, event: event.event)
    wrap(Client, "batch_assign_network_interface_ipv4", lambda *_: "call")
    wrap(Client, "unassign_network_interface_ipv4", lambda *_: "call")
    wrap(Lease, "_acquire", lambda *_: "lock")
    hurry(reach)
    finish = Path.write_text

    def last(path: Path, *arguments: Any, **options: Any) -> int:
        reach("before", "the end")
        return finish(path, *arguments, **options)

    Path.write_text = last  # type: ignore[method-assign]


@contextmanager
def killed_in_the_end(process: Any) -> Iterator[Any]:
    """Leave no process behind."""
    try:
        yield process
    finally:
        if process.is_alive():
            process.kill()
        process.join()
        process.close()
