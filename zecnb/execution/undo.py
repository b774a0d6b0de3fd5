"""Releasing what a run added, and nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zecnb.errors import UsageError
from zecnb.execution.apply import make_receipt, run_steps
from zecnb.execution.history import Record, read_record
from zecnb.execution.stepper import Outcome

if TYPE_CHECKING:
    from zecnb.execution.receipt import Receipt
    from zecnb.execution.stepper import Context
    from zecnb.execution.steps import Step

__all__ = ["undo_run"]


def undo_run(context: Context, run_id: str) -> Receipt:
    """Release the addresses that a run added; called again, it finishes what an interrupted undo left.

    Addresses that something depends on (an EIP, a load-balancer backend) and primaries stay, with the reason; so do
    those that an earlier undo of the run released and somebody assigned again.

    Raises:
        UsageError: there is no such run, or it is an undo itself.
        LockedError: the run is not over yet, or another one works on one of its subnets.
        CloudError: the state before the first call could not be read; nothing was sent.
        JournalError: the journal cannot be read or written.
    """
    with context.alone(read_record(context.journal, run_id).steps):
        return _undo(context, run_id)


def _undo(context: Context, run_id: str) -> Receipt:
    record = read_record(context.journal, run_id)
    if record.kind != "apply":
        raise UsageError(f"run {run_id} is an undo; apply the plan again to take it back")
    added = _added(record)
    if not added:
        context.journal.started(context.run, [], [], None)
        return make_receipt(context, [], [], run_steps([], context))
    nics = sorted({step.nic_id for step in added})
    snapshot = context.observe(nics)
    bound = context.api.bound_addresses(nics)
    primaries = set(zip(snapshot.nics["nic_id"], snapshot.nics["primary_ipv4"].fillna(""), strict=True))
    before, lost = _earlier_undos(context, run_id)
    known: dict[int, Outcome] = {}
    steps: list[Step] = []
    for number, step in enumerate(added):
        held = snapshot.addresses_of_nic(step.nic_id)
        states: dict[str, str] = {}
        reasons: dict[str, str] = {}
        for address in step.addresses:
            key = (step.nic_id, address)
            if key in before and address not in held:
                states[address] = "already_absent"
            elif key in before:
                reasons[address] = f"run {before[key]} released it, and it was assigned again since"
            elif key in bound or key in primaries:
                reasons[address] = bound.get(key) or f"{address} is the primary address now"
        if states | reasons:
            known[-1 - number] = Outcome(states | dict.fromkeys(reasons, "kept"), reasons=reasons)
        left = tuple(a for a in step.addresses if a not in states and a not in reasons)
        if left:
            steps.append(step._replace(call=number, addresses=left, ip_address_count=None))
    rows = [[row, step.nic_id, address, False] for row, step, address in _rows(record, added)]
    context.journal.started(context.run, steps, rows, None)
    doubtful = {step.call for step in steps if any((step.nic_id, address) in lost for address in step.addresses)}
    outcomes = run_steps(steps, context, doubtful=doubtful, release=True)
    stays = [added[-1 - call]._replace(call=call) for call in known]
    return make_receipt(context, [*steps, *stays], rows, {**outcomes, **known})


def _earlier_undos(context: Context, run_id: str) -> tuple[dict[tuple[str, str], str], set[tuple[str, str]]]:
    """Return what earlier undos released for certain, and which of them; and what they may be releasing yet.

    What was released for certain is no longer the run's.
    """
    released: dict[tuple[str, str], str] = {}
    lost: set[tuple[str, str]] = set()
    for undo in context.journal.runs_of("undo", context.run.account, run_id):
        record = read_record(context.journal, undo)
        for step in record.steps:
            past = record.past[step.call]
            released |= {(step.nic_id, address): undo for address in past.returned}
            lost |= {(step.nic_id, address) for address in past.asked if not past.clear}
    return released, lost


def _added(record: Record) -> list[Step]:
    """Return, per step, the addresses that were not there before it; what is sure is enough for a count."""
    found = []
    for step in record.steps:
        past = record.past[step.call]
        ours = past.returned - past.pre_image if step.ip_address_count is not None else past.ours
        if ours:
            found.append(step._replace(addresses=tuple(sorted(ours))))
    return found


def _rows(record: Record, added: list[Step]) -> list[tuple[int, Step, str]]:
    """Say which row of the run each address belongs to; one that the API chose, to the first row of its call."""
    row_of = {(nic, address): row for row, nic, address, _ in record.rows}
    first = {step.call: row_of[step.nic_id, step.addresses[0]] for step in record.steps}
    return [(row_of.get((s.nic_id, a), first[s.call]), s, a) for s in added for a in s.addresses]
