"""From a plan to the subnet map of its vNIC: what is held, what is planned, who holds what."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from zecnb.planner.occupancy import cells
from zecnb.render.cells import free_words
from zecnb.render.palette import Cell, become
from zecnb.schema import HOLDER_KINDS
from zecnb.widgets.subnetmap import LARGEST, SubnetMap

if TYPE_CHECKING:
    from zecnb.planner.plan import Plan
    from zecnb.snapshot import Snapshot

__all__ = ["draw", "subnets_of"]


def draw(picture: SubnetMap, plan: Plan, nic_id: str) -> bool:
    """Show the subnet of a vNIC with the plan drawn in.

    Returns:
        Whether there is anything to show: not without the vNIC, and not for subnets beyond a /12.
    """
    snapshot = plan.snapshot
    nic = snapshot.nic_position(nic_id) if snapshot is not None else -1
    if snapshot is None or nic < 0:
        return False
    subnet = int(snapshot.nic_subnet[nic])
    if subnet < 0 or not snapshot.geometry.ipv4[subnet]:
        return False
    network = int(snapshot.geometry.network[subnet])
    if int(snapshot.geometry.broadcast[subnet]) - network >= LARGEST:
        return False
    row = snapshot.subnets.iloc[subnet]
    touched = np.flatnonzero(plan.summary["subnet_id"].array == row["subnet_id"])
    if len(touched):
        drawn = plan.cells(row["subnet_id"])
        base, shown = drawn.before, drawn.cells
        longest = int(plan.summary["largest_run_after"].iloc[touched[0]])
    else:
        base = shown = cells(snapshot, subnet, nic)
        longest = int(snapshot.largest_run[subnet])
    after = become(shown, base)
    free, claimed = (int((after == cell).sum()) for cell in (Cell.FREE, Cell.CLAIMED))
    unseen = int(snapshot.unseen[subnet])
    said = free_words(free + claimed, unseen=unseen, claimed=claimed)
    title = row["name"] if isinstance(row["name"], str) and row["name"].strip() else row["subnet_id"]
    note = f"{unseen:,} more are used by something no listing shows: a cell shown free may be taken." if unseen else ""
    picture.show(
        network,
        base,
        shown,
        heading=f"{title} · {row['cidr_block']} · {said} · largest free run {longest:,}",
        note=note,
        unseen=unseen,
        holder_of=partial(_holder, snapshot, subnet, network),
    )
    return True


def subnets_of(plan: Plan, snapshot: Snapshot, nic_id: str) -> list[int]:
    """Return the positions of the subnets that a plan is about.

    Args:
        plan: what was planned.
        snapshot: what it was planned against.
        nic_id: the vNIC asked for, "" for a batch.
    """
    if not nic_id:
        return [snapshot.subnet_position(subnet) for subnet in plan.summary["subnet_id"]]
    nic = snapshot.nic_position(nic_id)
    return [int(snapshot.nic_subnet[nic])] if nic >= 0 and snapshot.nic_subnet[nic] >= 0 else []


def _holder(snapshot: Snapshot, subnet: int, network: int, offset: int) -> str:
    """Return who holds an address: kind, name and id; "" when nobody does."""
    key = np.array([subnet << 32 | network + offset], np.uint64)
    entry = int(snapshot.ledger.find(key)[0])
    if entry < 0:
        return ""
    kind = HOLDER_KINDS[int(snapshot.ledger.kind[entry])]
    at = pa.array(snapshot.ledger.holder[entry : entry + 1])
    (name,), (identity,) = snapshot.holder_names.take(at).to_pylist(), snapshot.holder_ids.take(at).to_pylist()
    return " · ".join(part for part in (kind.replace("_", " "), name, identity) if part)
