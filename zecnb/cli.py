"""The same verbs for a shell.

Exit codes: 0 nothing to do or all done; 1 error or blocked, nothing written; 2 changes pending; 3 partly applied;
4 drift since the plan, nothing written; 130 stopped, the journal knows how far it came.
"""

from __future__ import annotations

import json
import logging
import os
import sqlite3
import sys
from pathlib import Path  # noqa: TC003 - typer reads the annotations when it runs
from typing import Annotated, Any

import typer

from zecnb.errors import PlanDriftedError, UsageError, ZecnbError
from zecnb.gate import check
from zecnb.shell import (
    DRIFTED,
    FAILED,
    INTERRUPTED,
    AsJson,
    Endpoint,
    Profile,
    confirm,
    fail,
    open_session,
    print_json,
    print_plan,
    print_receipt,
    print_table,
    running,
    stoppable,
)
from zecnb.workbench import demo, lab, runbook

__all__ = ["app", "main"]

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,  # its tracebacks print local variables
    help="See what ZEC will answer before you assign private IPv4 addresses, then do exactly that.",
)

Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]


def main() -> None:
    """Run the command line; an error becomes one line and an exit code."""
    try:
        code = app(standalone_mode=False)
    except PlanDriftedError as error:
        fail(str(error), DRIFTED)
    except ZecnbError as error:
        fail(str(error), FAILED)
    except typer.TyperException as error:  # a wrong option or argument
        fail(error.format_message(), FAILED)
    except (typer.Abort, KeyboardInterrupt):
        fail("stopped", INTERRUPTED)
    sys.exit(code if isinstance(code, int) else 0)


@app.callback()
def _common(
    *, verbose: Annotated[int, typer.Option("--verbose", "-v", count=True, help="Log what is called.")] = 0
) -> None:
    if verbose:
        logging.basicConfig(stream=sys.stderr, format="%(asctime)s %(name)s %(message)s")
        logging.getLogger("zecnb").setLevel(logging.DEBUG if verbose > 1 else logging.INFO)


# -- notebooks, and the local ZEC ---------------------------------------------------------------------------------


for command in (demo, lab, runbook):
    app.command()(command)


@app.command()
def emulator(
    *,
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 takes a free one.")] = 0,
    db: Annotated[
        Path | None,
        typer.Option(help="File that keeps the state, seeded when it is new; forgotten at the end without one."),
    ] = None,
    seed: Annotated[
        str, typer.Option(help="demo, empty, random:SEED:SIZE, an exported JSON file, or a saved inventory's folder.")
    ] = "demo",
    export: Annotated[
        Path | None, typer.Option(dir_okay=False, help="JSON file that gets the whole account at the end.")
    ] = None,
    assumptions: Annotated[
        bool, typer.Option("--assumptions", help="List what is assumed where no document says, and stop.")
    ] = False,
    switch: Annotated[
        list[str] | None, typer.Option("--set", help="NAME=VALUE of an assumption; can be repeated.")
    ] = None,
    rate: Annotated[float, typer.Option(min=0, help="Calls of one action a second before 429; 0 for no limit.")] = 0,
    lifecycle_ms: Annotated[int, typer.Option(min=0, help="How long vNICs take to change their status.")] = 0,
    tls: Annotated[bool, typer.Option("--tls", help="HTTPS, with a certificate made at start.")] = False,
    host: Annotated[str, typer.Option(help="Where to listen.")] = "127.0.0.1",
    allow_remote: Annotated[
        bool, typer.Option("--allow-remote", help="Let --host be an address that others can reach.")
    ] = False,
    control: Annotated[
        bool,
        typer.Option(
            "--control", help="Print the token of the control path: faults, state; see python -m pydoc zecnb.emulator."
        ),
    ] = False,
    as_json: AsJson = False,
) -> int:
    """Run a local ZEC on 127.0.0.1 until it is stopped; prints one line when it is ready."""
    from zecnb.emulator import Emulator, assumptions_table, parse_settings
    from zecnb.emulator import assumptions as listed

    try:
        settings = parse_settings(switch or [], rate_per_second=rate, lifecycle_seconds=lifecycle_ms / 1000)
        if assumptions:
            print(json.dumps(listed(settings), indent=1) if as_json else assumptions_table(settings))
            return 0
        if export is not None and not os.access(export.resolve().parent, os.W_OK):
            raise UsageError(f"--export {export}: its folder is not there, or cannot be written to")
        running = Emulator(
            seed=seed, db=db, host=host, port=port, settings=settings, tls=tls, allow_remote=allow_remote
        ).start()
    except (ValueError, OSError, sqlite3.Error) as error:
        raise UsageError(f"the emulator cannot start: {error}") from error
    if allow_remote:
        print(f"zecnb: others can reach {running.url}; its keys are all that protects it", file=sys.stderr)
    with running, stoppable() as stop:
        access = {
            "url": running.url,
            "access_key_id": running.access_key_id,
            "access_key_password": running.access_key_password,
            "token": running.token,
        }
        if control:
            access["control_token"] = running.control_token
        if tls:
            access["certificate"] = str(running.certificate)
        words = "ZEC emulator at {url}   access key {access_key_id} / {access_key_password}   token {token}"
        words += "   control {control_token}" if control else ""
        words += "   trust {certificate}" if tls else ""
        print(json.dumps(access) if as_json else words.format(**access), flush=True)
        stop.wait()
        if export is not None:
            try:
                running.save_export(export)
            except OSError as error:
                raise UsageError(f"the account was not written to {export}: {error}") from error
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
    with open_session(endpoint, profile) as zec:
        held = zec.inventory()
    if out is not None:
        held.save(out)
    if as_json:
        print_json({"occupancy": held.occupancy(), "coverage": held.coverage, "sources": held.sources})
    else:
        print(held)
        print_table(held.occupancy())
        if len(held.partial):
            print_table(held.partial)
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
    chosen: Annotated[
        list[str] | None, typer.Option("--set", help="NAME=VALUE of another option, such as nic_limit=20; repeatable.")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="File for the plan.")] = None,
    corrected: Annotated[Path | None, typer.Option(help="CSV file for the batch without what is blocked.")] = None,
    as_json: AsJson = False,
    endpoint: Endpoint = None,
    profile: Profile = None,
) -> int:
    """Say what the API would answer, and why; sends nothing. Exit 2: changes pending, 1: blocked, 0: nothing to do."""
    from zecnb.planner.options import parse_options

    if (nic is None) == (source is None) or (source is not None and (ip or count is not None)):
        raise UsageError("give either --nic with --ip or --count, or --from FILE, whose rows name their own")
    options: dict[str, Any] = {"policy": policy, "exclude": tuple(exclude or ()), **parse_options(chosen or [])}
    with open_session(endpoint, profile) as zec:
        if source is not None:
            made = zec.plan(source, **options)
        else:
            made = zec.plan(nic, ip_addresses=" ".join(ip) if ip else None, ip_address_count=count, **options)
    if out is not None:
        made.save(out)
    if corrected is not None:
        from zecnb.render.export import write_csv

        write_csv(made.corrected(), corrected)
    if as_json:
        print_json(
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
        print_plan(made)
    return made.exit_code


app.command()(check)


@app.command()
def report(
    file: Annotated[
        Path | None, typer.Argument(help="A plan written by `zecnb plan --out`; the account without one.")
    ] = None,
    *,
    out: Annotated[Path, typer.Option(help="HTML file; needs nothing beside it.")],
    redact: Annotated[bool, typer.Option("--redact", help="Pseudonyms instead of ids, names and addresses.")] = False,
    endpoint: Endpoint = None,
    profile: Profile = None,
) -> int:
    """Write a plan, or how full the account's subnets are and how sure that is, as one HTML file."""
    if file is not None:
        from zecnb.planner.plan import Plan

        print(f"written: {Plan.load(file).report(out, redact=redact)}")
        return 0
    with open_session(endpoint, profile) as zec:
        print(f"written: {zec.inventory().report(out, redact=redact)}")
    return 0


@app.command()
def approve(
    file: Annotated[Path, typer.Argument(help="A plan written by `zecnb plan --out`; the approval is added to it.")],
    *,
    by: Annotated[str, typer.Option(help="Who approves.")],
    note: Annotated[str, typer.Option(help="Why: a ticket, a link.")] = "",
    as_json: AsJson = False,
) -> int:
    """Approve exactly this plan; any edit voids it. Sends nothing."""
    from zecnb.planner.plan import Plan
    from zecnb.planner.plan import approve as approved

    made = approved(Plan.load(file), by, note)
    made.save(file)
    if as_json:
        print_json({"digest": made.digest, "approvals": made.approvals})
    else:
        print_plan(made)
    return 0


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
    from zecnb.render.cells import plural

    made = Plan.load(file)
    if not as_json:
        print_plan(made)
    if len(made.calls):
        what = plural(made.adds, "address", "addresses")
        confirm(f"Assign {what} in {plural(len(made.calls), 'call')}?", yes=yes)
    with open_session(endpoint, profile) as zec, running(zec) as stop:
        return print_receipt(zec.apply(made, stop=stop), as_json=as_json)


@app.command()
def resume(
    run: Annotated[str, typer.Argument(help="Run id, from the journal.")],
    *,
    as_json: AsJson = False,
    endpoint: Endpoint = None,
    profile: Profile = None,
) -> int:
    """Finish an interrupted run: do what is missing, repeat nothing."""
    with open_session(endpoint, profile) as zec, running(zec) as stop:
        return print_receipt(zec.resume(run, stop=stop), as_json=as_json)


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
    confirm(f"Release what run {run} added?", yes=yes)
    with open_session(endpoint, profile) as zec, running(zec) as stop:
        return print_receipt(zec.undo(run, stop=stop), as_json=as_json)


@app.command()
def journal(
    *,
    as_json: AsJson = False,
    run: Annotated[str | None, typer.Option(help="Only this run.")] = None,
    out: Annotated[Path | None, typer.Option(help="File for all of it, .csv or .parquet, instead of a table.")] = None,
    prune: Annotated[
        int | None, typer.Option(metavar="DAYS", help="Forget runs that ended longer ago; unfinished ones stay.")
    ] = None,
    yes: Yes = False,
) -> int:
    """Print what was done, by whom, and what the API answered."""
    from zecnb.execution.evidence import write_events
    from zecnb.execution.journal import Journal
    from zecnb.store import Store

    store = Store()
    try:
        kept = Journal(store)
        if prune is not None:
            confirm(f"Forget runs that ended more than {prune} days ago?", yes=yes)
            print(f"{kept.prune(prune):,} events forgotten")
            return 0
        events = kept.frame()
    finally:
        store.close()
    if run is not None:
        events = events[events["run_id"] == run]
    if out is not None:
        write_events(events, out)
        print(f"{len(events):,} events in {out}")
    elif as_json:
        print_json({"events": events})
    else:
        shown = ["at", "actor", "run_id", "kind", "event", "nic_id", "state", "code", "request_id", "duration_ms"]
        print_table(events[shown])
    return 0
