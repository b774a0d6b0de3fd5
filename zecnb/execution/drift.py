"""What changed since a plan was made, as far as its addresses are concerned."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from zecnb import addresses
from zecnb.ledger import keys_of
from zecnb.planner.options import Options
from zecnb.planner.plan import make_plan
from zecnb.requests import Requests
from zecnb.schema import TAKES_ADDRESSES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from zecnb.execution.steps import Step
    from zecnb.planner.plan import Plan
    from zecnb.snapshot import Snapshot

__all__ = ["CHANGES", "changes", "is_clear", "rejudge"]

CHANGES = ("nic_id", "address", "was", "now", "api_code")


def rejudge(snapshot: Snapshot, steps: Sequence[Step], nic_limit: int | None) -> Plan:
    """Judge steps again, against a fresh snapshot; what cannot change since the plan was weighed there."""
    asked = pd.DataFrame(
        {
            "nic_id": pd.Series([step.nic_id for step in steps], dtype="str"),
            "ip_addresses": pd.Series(
                [list(step.addresses) if step.ip_address_count is None else [] for step in steps], dtype=object
            ),
            "ip_address_count": pd.Series([step.ip_address_count for step in steps], dtype=object),
        }
    )
    options = Options(nic_limit=nic_limit, stack_check="subnet", mode="server_count", warn_at=1.0, critical_at=1.0)
    return make_plan(snapshot, Requests.from_frame(asked), options=options)


def changes(snapshot: Snapshot, steps: Sequence[Step], nic_limit: int | None) -> pd.DataFrame:
    """Return what stands in the way of steps now, as ``PlanDriftedError.changes``."""
    plan = rejudge(snapshot, steps, nic_limit)
    blocked = plan.frame[plan.frame["verdict"] == "BLOCK"]
    return pd.DataFrame(
        {
            "nic_id": blocked["nic_id"],
            "address": blocked["address"],
            "was": np.where(blocked["holder_kind"].notna(), "free", "accepted"),
            "now": blocked["reason"],
            "api_code": blocked["api_code"],
        },
        columns=list(CHANGES),
    ).reset_index(drop=True)


def is_clear(snapshot: Snapshot, step: Step, nic_limit: int | None) -> bool:
    """Return whether nothing at all stands in the way of a list of addresses: a quick look before each call.

    A step that is not clear may still be fine; ``changes`` tells.
    """
    if step.ip_address_count is not None:
        return False
    nic = snapshot.nic_position(step.nic_id)
    if nic < 0 or snapshot.nics["status"].iloc[nic] not in TAKES_ADDRESSES:
        return False
    subnet = int(snapshot.nic_subnet[nic])
    if subnet < 0 or not snapshot.geometry.ipv4[subnet]:
        return False
    value, good = addresses.parse(list(step.addresses))
    home = np.full(len(value), subnet)
    if not (good & snapshot.geometry.contains(home, value)).all():
        return False
    if (snapshot.ledger.find(keys_of(home, value)) >= 0).any():
        return False
    return nic_limit is None or int(snapshot.nic_used[nic]) + len(value) <= nic_limit
