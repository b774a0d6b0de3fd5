"""Plan -> Receipt: re-read, refuse on drift, send, read back; and finishing what was interrupted."""

from __future__ import annotations

import threading
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pandas as pd

from zecnb.errors import PlanBlockedError, PlanDriftedError, UsageError
from zecnb.execution.drift import changes
from zecnb.execution.history import read_record
from zecnb.execution.journal import Event
from zecnb.execution.receipt import DONE_STATES, Receipt
from zecnb.execution.stepper import Outcome, Stepper
from zecnb.execution.steps import Progress, Step, steps_of
from zecnb.render.cells import plural
from zecnb.schema import RECEIPT, conform

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from zecnb.execution.history import Past, Record
    from zecnb.execution.stepper import Context
    from zecnb.inventory import Inventory
    from zecnb.planner.plan import Plan

__all__ = ["apply_plan", "make_receipt", "resume_run", "run_steps"]

_WORKERS = 64


def apply_plan(plan: Plan, context: Context) -> Receipt:
    """Do what a plan says, or nothing.

    Returns:
        The receipt; calls that the API refused are rows of it, not errors.

    Raises:
        PlanBlockedError: the plan has blocked rows; nothing was sent.
        PlanDriftedError: something the plan relies on has changed; nothing was sent.
        UsageError: an earlier run of this plan sent a count, and what became of it is not clear; nothing was sent.
        LockedError: another run works on one of its subnets and did not end in time; nothing was sent.
        CloudError: the state before the first call could not be read; nothing was sent.
        JournalError: the journal cannot be written; nothing is sent after that.
    """
    if not plan.ok:
        blocked = plan.verdicts.get("BLOCK", 0)
        what = f"{blocked} of its {len(plan.frame)} rows are blocked; see plan.findings" if blocked else "it is empty"
        raise PlanBlockedError(f"the plan cannot be applied: {what}")
    with context.alone(steps_of(plan)):
        return _apply(plan, context)


def _apply(plan: Plan, context: Context) -> Receipt:
    steps, rows = steps_of(plan), _rows_of(plan)
    before = context.observe([step.nic_id for step in steps]) if steps else None
    if before is not None:
        steps, rows = _without_filled_counts(context, steps, rows, before)
    if before is not None and steps and len(drifted := changes(before, steps, context.nic_limit)):
        first = drifted.iloc[0]
        raise PlanDriftedError(
            f"the cloud changed since the plan was made, in {plural(len(drifted), 'place')}; the first: "
            f"{first['now']}. Nothing was sent; plan again, or rebase the plan",
            drifted,
        )
    context.journal.started(context.run, steps, rows, context.nic_limit)
    return make_receipt(context, steps, rows, run_steps(steps, context, before=before))


def _without_filled_counts(
    context: Context, steps: Sequence[Step], rows: Sequence[Sequence[Any]], before: Inventory
) -> tuple[list[Step], list[list[Any]]]:
    """Leave out counts that an earlier run of this very plan filled: sent again they would assign again.

    Lists need no such care: an address that is there is seen to be there.
    """
    counts = {step.call for step in steps if step.ip_address_count is not None}
    runs = context.journal.runs_of("apply", context.run.account, context.run.plan_digest) if counts else []
    filled: dict[int, set[str]] = {call: set() for call in counts}
    for run_id in runs:
        for call, past in read_record(context.journal, run_id).past.items():
            if call in counts and not past.clear:
                raise UsageError(
                    f"run {run_id} of this plan sent a count, and what became of it is not clear: resume it first; "
                    "nothing was sent"
                )
            if call in counts:
                filled[call] |= past.returned - past.pre_image
    left: list[Step] = []
    there: dict[tuple[str, str], str] = {}
    for step in steps:
        got = sorted(filled.get(step.call, set()) & before.addresses_of_nic(step.nic_id))
        if got and len(got) < len(step.addresses):
            raise UsageError(
                f"an earlier run of this plan assigned {len(step.addresses)} addresses to vNIC {step.nic_id}, and "
                f"only {', '.join(got)} is left of them: plan again; nothing was sent"
            )
        if got:
            there |= {(step.nic_id, a): b for a, b in zip(step.addresses, got, strict=False)}
        else:
            left.append(step)
    known = [[row, nic, there.get((nic, a), a), present or (nic, a) in there] for row, nic, a, present in rows]
    return left, known


def resume_run(context: Context) -> Receipt:
    """Finish an interrupted run from the journal alone: do what is missing, repeat nothing.

    Raises:
        UsageError: there is no such run, it was undone, or it is an undo (undo it again instead).
        LockedError: the run is not over yet, or another one works on one of its subnets.
        JournalError: the journal cannot be read or written.
    """
    with context.alone(read_record(context.journal, context.run.run_id).steps):
        return _resume(context)


def _resume(context: Context) -> Receipt:
    record = read_record(context.journal, context.run.run_id)
    if record.kind != "apply":
        raise UsageError(f"run {context.run.run_id} is an undo; call undo again for run {record.plan_digest}")
    if undos := context.journal.runs_of("undo", context.run.account, context.run.run_id):
        raise UsageError(f"run {context.run.run_id} was undone by run {undos[-1]}; plan again instead")
    outcomes = _done_before(context, record)
    pending: list[Step] = []
    for step in record.steps:
        past = record.past[step.call]
        if step.call in outcomes:
            continue
        if step.ip_address_count is not None and past.begun:
            outcomes[step.call] = _recount(context, step, past)
        else:
            pending.append(step)
    ours = {call: past.ours for call, past in record.past.items()}
    doubtful = {call for call, past in record.past.items() if not past.clear}
    outcomes |= run_steps(pending, context, ours=ours, doubtful=doubtful)
    return make_receipt(context, record.steps, record.rows, outcomes)


def _done_before(context: Context, record: Record) -> dict[int, Outcome]:
    """Say how the lists that were assigned before stand now; what somebody released since is not sent again."""
    done = [
        step
        for step in record.steps
        if step.ip_address_count is None
        and (past := record.past[step.call]).begun
        and past.clear
        and set(step.addresses) <= past.returned | past.pre_image
    ]
    outcomes: dict[int, Outcome] = {}
    now = context.observe([step.nic_id for step in done]) if done else None
    for step in done:
        past = record.past[step.call]
        held = now.addresses_of_nic(step.nic_id) if now is not None else set()
        gone = set(step.addresses) - held
        states = {a: "assigned" if a in past.returned - past.pre_image else "already_present" for a in step.addresses}
        outcomes[step.call] = Outcome(
            states | dict.fromkeys(gone, "not_attempted"),
            request_id=past.request_id,
            reasons=dict.fromkeys(gone, "this run assigned it and somebody released it since; plan again to assign it"),
        )
    return outcomes


def _recount(context: Context, step: Step, past: Past) -> Outcome:
    """Say what became of a count that was sent before; it is never sent twice."""
    got: frozenset[str] | set[str] = past.returned
    if not past.clear:
        wanted = step.ip_address_count or 0
        held = Stepper(context, step).look(lambda there: len(there - past.pre_image) >= wanted)
        if held is None:
            unreadable = "the vNIC could not be read, so what became of the call is not known"
            reasons = dict.fromkeys(step.addresses, unreadable)
            return Outcome(dict.fromkeys(step.addresses, "unknown"), None, past.request_id, reasons)
        got = held - past.pre_image
    if not past.clear and len(got) in (0, step.ip_address_count):
        event = Event("resolved", step.call, step.nic_id, returned=sorted(got), request_id=past.request_id)
        context.journal.write(context.run, event)
    if len(got) == step.ip_address_count:
        states = {a: "assigned" if a in step.addresses else "assigned_other" for a in sorted(got)}
        return Outcome(states, request_id=past.request_id)
    state = "unknown" if got else "not_attempted"
    why = f"{len(got)} new addresses instead of {step.ip_address_count}" if got else "a count is never sent twice"
    return Outcome(
        dict.fromkeys(step.addresses, state),
        request_id=past.request_id,
        reasons=dict.fromkeys(step.addresses, f"the call was begun before; {why}"),
    )


def run_steps(
    steps: Sequence[Step],
    context: Context,
    *,
    before: Inventory | None = None,
    ours: Mapping[int, frozenset[str]] | None = None,
    doubtful: Collection[int] = (),
    release: bool = False,
) -> dict[int, Outcome]:
    """Make the calls, those of one subnet in turn, subnets side by side; return outcomes by call.

    Args:
        steps: the calls.
        context: what the run works with.
        before: what was read a moment ago.
        ours: what earlier attempts may have changed, by call.
        doubtful: calls of which an earlier attempt may take effect yet.
        release: whether to release instead of assigning.
    """
    groups: dict[str, list[Step]] = defaultdict(list)
    for step in steps:
        groups[step.subnet_id].append(step)
    outcomes: dict[int, Outcome] = {}
    lock = threading.Lock()

    def work(group: list[Step]) -> None:
        known = before  # what was read before a call of a subnet says nothing of what comes after it
        for step in group:
            if context.stop.is_set():
                return
            mine = (ours or {}).get(step.call, frozenset())
            stepper = Stepper(context, step, ours=mine, doubt=step.call in doubtful, release=release)
            outcome = stepper.run(known)
            known = stepper.seen
            with lock:
                outcomes[step.call] = outcome
                if context.report is not None:
                    context.report(Progress(len(outcomes), len(steps), f"vNIC {step.nic_id}"))

    with ThreadPoolExecutor(max_workers=min(_WORKERS, len(groups) or 1), thread_name_prefix="zecnb") as pool:
        running = [pool.submit(work, group) for group in groups.values()]
        try:
            for future in running:
                future.result()
        except BaseException:
            context.stop.set()  # the calls under way end and are recorded, no new one begins
            raise
    if not context.stop.is_set():
        context.journal.write(context.run, Event("finished"))
    return outcomes


def _rows_of(plan: Plan) -> list[list[Any]]:
    """Return a plan's rows as ``[row, nic_id, address, whether it is there already]``."""
    frame = plan.frame
    noop = frame["verdict"] == "NOOP"
    columns = (frame["row"], frame["nic_id"], frame["address"], noop)
    return [list(row) for row in zip(*(column.tolist() for column in columns), strict=True)]


def make_receipt(
    context: Context, steps: Sequence[Step], rows: Sequence[Sequence[Any]], outcomes: Mapping[int, Outcome]
) -> Receipt:
    """Say for every row what became of it.

    Args:
        context: what the run worked with.
        steps: what it set out to do.
        rows: ``[row, nic_id, address, whether it was there already]``.
        outcomes: by call; steps without one were not attempted.

    Where the API chose other addresses than predicted, they take the place of predicted ones that were not used.
    """
    found: dict[tuple[str, str], tuple[str, Outcome]] = {}
    others: dict[str, list[str]] = defaultdict(list)
    for step in steps:
        outcome = outcomes.get(step.call)
        if outcome is None:
            continue
        for address, state in outcome.states.items():
            found[step.nic_id, address] = (state, outcome)
            if state == "assigned_other":
                others[step.nic_id].append(address)
    table = []
    for row, nic_id, address, present in rows:
        shown = address
        if (nic_id, shown) not in found and others[nic_id]:
            shown = others[nic_id].pop(0)
        state, outcome = found.get((nic_id, shown), ("already_present" if present else "not_attempted", Outcome({})))
        code = None if state in DONE_STATES else outcome.api_code
        table.append((row, nic_id, shown, state, code, outcome.request_id, outcome.reasons.get(shown)))
    frame = conform(pd.DataFrame(table, columns=list(RECEIPT)), RECEIPT, required=RECEIPT, what="receipt")
    return Receipt(context.run.run_id, context.run.kind, frame, stopped=context.stop.is_set())
