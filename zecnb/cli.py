"""The same verbs for a shell.

Exit codes: 0 nothing to do or all done; 1 error or blocked, nothing written; 2 changes pending; 3 partly applied;
4 drift since the plan, nothing written.
"""

from __future__ import annotations

import json
import logging
import signal
import sqlite3
import sys
import threading
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from zecnb.errors import PlanDriftedError, UsageError, ZecnbError

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pandas as pd

    from zecnb.execution.receipt import Receipt
    from zecnb.planner.plan import Plan
    from zecnb.session import Session

__all__ = ["app", "main"]

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,  # its tracebacks print local variables
    help="See what ZEC will answer before you assign private IPv4 addresses, then do exactly that.",
)

_FAILED, _PENDING, _DRIFTED, _INTERRUPTED = 1, 2, 4, 130

Endpoint = Annotated[str | None, typer.Option(help="Host, host:port or URL; console.zenlayer.com by default.")]
Profile = Annotated[str | None, typer.Option(help="Profile of ~/.zenlayer/credentials.json.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of tables.")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]


def main() -> None:
    """Run the command line; an error becomes one line and an exit code."""
    try:
        code = app(standalone_mode=False)
    except PlanDriftedError as error:
        _fail(str(error), _DRIFTED)
    except ZecnbError as error:
        _fail(str(error), _FAILED)
    except typer.TyperException as error:  # a wrong option or argument
        _fail(str(error), _FAILED)
    except (typer.Abort, KeyboardInterrupt):
        _fail("stopped", _INTERRUPTED)
    sys.exit(code if isinstance(code, int) else 0)


@app.callback()
def _common(
    *, verbose: Annotated[int, typer.Option("--verbose", "-v", count=True, help="Log what is called.")] = 0
) -> None:
    if verbose:
        logging.basicConfig(stream=sys.stderr, format="%(asctime)s %(name)s %(message)s")
        logging.getLogger("zecnb").setLevel(logging.DEBUG if verbose > 1 else logging.INFO)


# -- the local ZEC -----------------------------------------------------------------------------------------------


@app.command()
def demo(
    *, out: Annotated[Path, typer.Option(help="Folder for the table, the chart and the report.")] = Path("zecnb-demo")
) -> int:
    """Do the main job, end to end, on an embedded emulator: preview, apply, verify, undo."""
    from zecnb.showcase import run_demo

    return run_demo(out)


@app.command()
def lab(
    folder: Annotated[Path, typer.Argument(help="Where the notebooks go.")] = Path("zecnb-notebooks"),
    *,
    demo: Annotated[bool, typer.Option("--demo", help="Open the runbook on the demo account.")] = False,
) -> int:
    """Open JupyterLab on a copy of the notebooks; files you changed are kept."""
    from zecnb.showcase import run_lab

    return run_lab(folder, open_runbook=demo)


@app.command()
def emulator(
    *,
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 takes a free one.")] = 0,
    db: Annotated[
        Path | None, typer.Option(help="File that keeps the state; forgotten at the end without one.")
    ] = None,
    seed: Annotated[str, typer.Option(help="demo, empty, random:SEED:SIZE, or an exported JSON file.")] = "demo",
    as_json: AsJson = False,
) -> int:
    """Run a local ZEC on 127.0.0.1 until it is stopped; prints one line when it is ready."""
    from zecnb.emulator import Emulator

    try:
        running = Emulator(seed=seed, db=str(db) if db else None, port=port).start()
    except (ValueError, OSError, sqlite3.Error) as error:
        raise UsageError(f"the emulator cannot start: {error}") from error
    with running, _stoppable() as stop:
        access = {
            "url": running.url,
            "access_key_id": running.access_key_id,
            "access_key_password": running.access_key_password,
            "token": running.token,
        }
        words = "ZEC emulator at {url}   access key {access_key_id} / {access_key_password}   token {token}"
        print(json.dumps(access) if as_json else words.format(**access), flush=True)
        stop.wait()
    return 0


# -- reading -----------------------------------------------------------------------------------------------------


@app.command()
def inventory(
    *,
    out: Annotated[Path | None, typer.Option(help="Folder to save it in, as Parquet.")] = None,
    as_json: AsJson = False,
    endpoint: Endpoint = None,
    profile: Profile = None,
) -> int:
    """Read what the account holds; print how full each subnet is and how much of it is accounted for."""
    with _session(endpoint, profile) as zec:
        held = zec.inventory()
    if out is not None:
        held.save(out)
    if as_json:
        _print_json({"occupancy": held.occupancy(), "coverage": held.coverage, "sources": held.sources})
    else:
        print(held)
        _print_table(held.occupancy())
        if len(held.partial):
            _print_table(held.partial)
    return 0


@app.command()
def plan(
    *,
    nic: Annotated[str | None, typer.Option(help="vNIC id.")] = None,
    ip: Annotated[list[str] | None, typer.Option(help="Address, range or CIDR; may be repeated.")] = None,
    count: Annotated[str | None, typer.Option(help="How many more addresses.")] = None,
    source: Annotated[Path | None, typer.Option("--from", help="CSV or Excel file with a batch.")] = None,
    policy: Annotated[str, typer.Option(help="lowest, dense, contiguous, aligned, near or spread.")] = "lowest",
    exclude: Annotated[list[str] | None, typer.Option(help="Never pick these; may be repeated.")] = None,
    out: Annotated[Path | None, typer.Option(help="File for the plan.")] = None,
    as_json: AsJson = False,
    endpoint: Endpoint = None,
    profile: Profile = None,
) -> int:
    """Say what the API would answer, and why; sends nothing. Exit 2: changes pending, 1: blocked, 0: nothing to do."""
    if (nic is None) == (source is None):
        raise UsageError("give either --nic with --ip or --count, or --from FILE")
    options: dict[str, Any] = {"policy": policy, "exclude": tuple(exclude or ())}
    with _session(endpoint, profile) as zec:
        if source is not None:
            made = zec.plan(source, **options)
        else:
            made = zec.plan(nic, ip_addresses=" ".join(ip) if ip else None, ip_address_count=count, **options)
    if out is not None:
        made.save(out)
    if as_json:
        _print_json(
            {
                "digest": made.digest,
                "ok": made.ok,
                "rows": made.frame,
                "calls": made.calls,
                "findings": made.findings,
                "summary": made.summary,
            }
        )
    else:
        _print_plan(made)
    if not made.ok:
        return _FAILED
    return _PENDING if len(made.calls) else 0


# -- writing -----------------------------------------------------------------------------------------------------


@app.command()
def apply(
    file: Annotated[Path, typer.Argument(help="A plan written by `zecnb plan --out`.")],
    *,
    yes: Yes = False,
    as_json: AsJson = False,
    endpoint: Endpoint = None,
    profile: Profile = None,
) -> int:
    """Do what a plan says, or nothing."""
    from zecnb.planner.plan import Plan

    made = Plan.load(file)
    if not as_json:
        _print_plan(made)
    if len(made.calls):
        _confirm(f"Assign {sum(made.calls['addresses'].map(len))} addresses in {len(made.calls)} calls?", yes=yes)
    with _session(endpoint, profile) as zec, _stoppable() as stop:
        return _finish(zec.apply(made, stop=stop), as_json=as_json)


@app.command()
def resume(
    run: Annotated[str, typer.Argument(help="Run id, from the journal.")],
    *,
    as_json: AsJson = False,
    endpoint: Endpoint = None,
    profile: Profile = None,
) -> int:
    """Finish an interrupted run: do what is missing, repeat nothing."""
    with _session(endpoint, profile) as zec, _stoppable() as stop:
        return _finish(zec.resume(run, stop=stop), as_json=as_json)


@app.command()
def undo(
    run: Annotated[str, typer.Argument(help="Run id, from the receipt or the journal.")],
    *,
    yes: Yes = False,
    as_json: AsJson = False,
    endpoint: Endpoint = None,
    profile: Profile = None,
) -> int:
    """Release what a run added, and nothing else."""
    _confirm(f"Release what run {run} added?", yes=yes)
    with _session(endpoint, profile) as zec, _stoppable() as stop:
        return _finish(zec.undo(run, stop=stop), as_json=as_json)


@app.command()
def journal(
    *,
    as_json: AsJson = False,
    run: Annotated[str | None, typer.Option(help="Only this run.")] = None,
) -> int:
    """Print what was done, by whom, and what the API answered."""
    from zecnb.execution.journal import Journal
    from zecnb.store import Store

    store = Store()
    try:
        events = Journal(store).frame()
    finally:
        store.close()
    if run is not None:
        events = events[events["run_id"] == run]
    if as_json:
        _print_json({"events": events})
    else:
        shown = ["at", "run_id", "kind", "event", "nic_id", "state", "code", "request_id", "duration_ms"]
        _print_table(events[shown])
    return 0


# -- shared ------------------------------------------------------------------------------------------------------


def _session(endpoint: str | None, profile: str | None) -> Session:
    from zecnb.connections import connect

    return connect(endpoint=endpoint, profile=profile, progress=sys.stderr.isatty())


@contextmanager
def _stoppable() -> Iterator[threading.Event]:
    """Let the first Ctrl-C (or SIGTERM) end after the call under way, and the second end now."""
    stop = threading.Event()

    def on_signal(number: int, _frame: object) -> None:
        if stop.is_set():
            raise KeyboardInterrupt
        stop.set()
        if number == signal.SIGINT:
            print("zecnb: stopping after the call under way; once more to stop now", file=sys.stderr)

    before = {each: signal.signal(each, on_signal) for each in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stop
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)


def _confirm(question: str, *, yes: bool) -> None:
    if yes:
        return
    if not sys.stdin.isatty():
        raise UsageError("there is no terminal to ask; repeat with --yes")
    typer.confirm(question, abort=True)


def _finish(receipt: Receipt, *, as_json: bool) -> int:
    if as_json:
        _print_json({"run_id": receipt.run_id, "ok": receipt.ok, "stopped": receipt.stopped, "rows": receipt.frame})
    else:
        _print_table(receipt.frame)
        print(f"{receipt!r}   run {receipt.run_id}")
        if receipt.stopped or not receipt.ok:
            print(f"finish it with: zecnb resume {receipt.run_id}")
        elif receipt.kind == "apply":
            print(f"take it back with: zecnb undo {receipt.run_id}")
    return receipt.exit_code


def _print_plan(made: Plan) -> None:
    _print_table(made.frame[["row", "nic_name", "address", "verdict", "reason", "fix"]])
    _print_table(made.calls)
    _print_table(made.summary)
    print(made)


def _print_table(frame: pd.DataFrame) -> None:
    from zecnb.render.text import table_text

    print(table_text(frame))


def _print_json(content: dict[str, Any]) -> None:
    """Print frames as lists of records."""
    from zecnb.render.cells import records

    print(json.dumps(records(content), indent=1, ensure_ascii=True))


def _fail(message: str, code: int) -> None:
    print(f"zecnb: {message}", file=sys.stderr)
    sys.exit(code)
