"""What the commands share: sessions, signals, questions, output."""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
from contextlib import contextmanager
from importlib.util import find_spec
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

from zecnb.errors import CloudError, JournalError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import pandas as pd

    from zecnb.execution.receipt import Receipt
    from zecnb.planner.plan import Plan
    from zecnb.session import Session

__all__ = [
    "DRIFTED",
    "FAILED",
    "INTERRUPTED",
    "PARTLY",
    "PENDING",
    "AsJson",
    "Endpoint",
    "Profile",
    "confirm",
    "fail",
    "need_lab",
    "open_session",
    "print_json",
    "print_plan",
    "print_receipt",
    "print_table",
    "running",
    "stoppable",
]

Endpoint = Annotated[str | None, typer.Option(help="Host, host:port or URL; console.zenlayer.com by default.")]
Profile = Annotated[str | None, typer.Option(help="Profile of ~/.zenlayer/credentials.json.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of tables.")]
FAILED, PENDING, PARTLY, DRIFTED, INTERRUPTED = 1, 2, 3, 4, 130
"""Exit codes; 0 is nothing to do or all done."""


def open_session(endpoint: str | None, profile: str | None) -> Session:
    """Connect, with a progress bar where there is a terminal for it."""
    from zecnb.connections import connect

    return connect(endpoint=endpoint, profile=profile, progress=sys.stderr.isatty())


def need_lab(*modules: str) -> None:
    """Make sure that what the ``lab`` extra brings is there.

    Raises:
        UsageError: it is not; says how to get it.
    """
    missing = [name for name in modules if find_spec(name) is None]
    if missing:
        raise UsageError(f"{' and '.join(missing)} not installed: pip install 'zecnb[lab]'")


# -- signals -----------------------------------------------------------------------------------------------------


@contextmanager
def stoppable(leave: Callable[[], NoReturn] | None = None) -> Iterator[threading.Event]:
    """Let the first Ctrl-C (or SIGTERM) end after the call under way, and the second end now.

    Args:
        leave: how to end now; ``KeyboardInterrupt`` when None.
    """
    stop = threading.Event()

    def on_signal(number: int, _frame: object) -> None:
        if stop.is_set():
            if leave is not None:
                leave()
            raise KeyboardInterrupt
        stop.set()
        if number == signal.SIGINT:
            print("zecnb: stopping after the call under way; once more to stop now", file=sys.stderr, flush=True)

    before = {each: signal.signal(each, on_signal) for each in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stop
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)


@contextmanager
def running(zec: Session) -> Iterator[threading.Event]:
    """Run something that writes: stoppable, and whatever ends it early says how to go on.

    To stop now is to leave at once, in the middle of whatever is under way, as in a crash: every call was in the
    journal before it was sent, so that nothing is lost by it.
    """

    def leave() -> NoReturn:
        words, _ = _left(zec.last_run)
        print(f"zecnb: stopped at once; {words}", file=sys.stderr)
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(INTERRUPTED)

    with stoppable(leave) as stop:
        try:
            yield stop
        except (CloudError, JournalError) as error:
            words, sent = _left(zec.last_run)
            fail(f"{error} {words[0].upper()}{words[1:]}", PARTLY if sent else FAILED)


def _left(run_id: str | None) -> tuple[str, bool]:
    """Say what became of a run and how to go on, from the journal, and whether a call of it may have been sent."""
    from zecnb.execution.journal import Journal
    from zecnb.store import Store

    if run_id is None:
        return "nothing was sent", False
    try:
        store = Store()  # of its own: what the run uses may be in the middle of something
        try:
            events = Journal(store).events(run_id)
        finally:
            store.close()
    except UsageError:
        return "nothing was sent", False
    except JournalError as error:
        return f"the journal cannot be read ({error}); when it can, finish the run with: zecnb resume {run_id}", True
    sent = any(event["event"] == "intent" for event in events)
    if any(event["event"] == "finished" for event in events):
        return f"run {run_id} had made its calls: zecnb journal --run {run_id}", sent
    first = events[0]
    again = f"undo {first['plan_digest']}" if first["kind"] == "undo" else f"resume {run_id}"
    return f"run {run_id} is not finished; finish it with: zecnb {again}", sent


# -- questions and output ----------------------------------------------------------------------------------------


def confirm(question: str, *, yes: bool) -> None:
    """Ask on the terminal, beside the output; without a terminal nobody is asked and nothing is done.

    Raises:
        UsageError: there is no terminal, or the answer is no.
    """
    if yes:
        return
    if not sys.stdin.isatty():
        raise UsageError("there is no terminal to ask; repeat with --yes")
    if not typer.confirm(question, err=True):
        raise UsageError("nothing was done")


def print_receipt(receipt: Receipt, *, as_json: bool) -> int:
    """Print what became of a run and how to go on; return the exit code."""
    if as_json:
        print_json({"run_id": receipt.run_id, "ok": receipt.ok, "stopped": receipt.stopped, "rows": receipt.frame})
        return receipt.exit_code
    print_table(receipt.frame)
    print(f"{receipt!r}   run {receipt.run_id}")
    if receipt.kind == "apply" and (receipt.stopped or not receipt.ok):
        print(f"finish it with: zecnb resume {receipt.run_id}")
    elif receipt.stopped:
        print("finish it with the same undo again")
    elif receipt.kind == "apply":
        print(f"take it back with: zecnb undo {receipt.run_id}")
    return receipt.exit_code


def print_plan(made: Plan) -> None:
    """Print a plan as tables."""
    print_table(made.frame[["row", "nic_name", "address", "verdict", "reason", "fix"]])
    print_table(made.calls)
    print_table(made.summary)
    print(made)
    for approval in made.approvals:
        note = f": {approval['note']}" if approval["note"] else ""
        print(_one_line(f"approved by {approval['by']} at {approval['at']}{note}"))


def _one_line(text: str) -> str:
    from zecnb.render.cells import plain

    return plain(text)


def print_table(frame: pd.DataFrame) -> None:
    """Print a frame for people."""
    from zecnb.render.text import table_text

    print(table_text(frame))


def print_json(content: dict[str, Any]) -> None:
    """Print frames as lists of records."""
    from zecnb.render.cells import records

    print(json.dumps(records(content), indent=1, ensure_ascii=True))


def fail(message: str, code: int) -> NoReturn:
    """Print one line on stderr and end."""
    print(f"zecnb: {message}", file=sys.stderr)
    sys.exit(code)
