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

    Addresses that something depends on (an EIP, a load-balancer backend) and primaries stay, with the reason.

    Raises:
        UsageError: there is no such run, or it is an undo itself.
        CloudError: the state before the first call could not be read; nothing was sent.
        JournalError: the journal cannot be read or written.
    """
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
    kept: dict[int, Outcome] = {}
    steps: list[Step] = []
    for number, step in enumerate(added):
        reasons = {
            a: bound.get((step.nic_id, a)) or f"{a} is the primary address now"
            for a in step.addresses
            if (step.nic_id, a) in bound or (step.nic_id, a) in primaries
        }
        if reasons:
            kept[-1 - number] = Outcome(dict.fromkeys(reasons, "kept"), reasons=reasons)
        left = tuple(a for a in step.addresses if a not in reasons)
        if left:
            steps.append(step._replace(call=number, addresses=left, ip_address_count=None))
    rows = [[row, step.nic_id, address, False] for row, step, address in _rows(record, added)]
    context.journal.started(context.run, steps, rows, None)
    outcomes = run_steps(steps, context, release=True)
    stays = [added[-1 - call]._replace(call=call) for call in kept]
    return make_receipt(context, [*steps, *stays], rows, {**outcomes, **kept})


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
    row_of = {(nic, address): row for row, nic, address, _ in record.rows}
    first = record.rows[0][0] if record.rows else 0
    return [(row_of.get((s.nic_id, a), first), s, a) for s in added for a in s.addresses]
