"""A plan that the cloud overtook, made again: what was picked may be picked anew, what was named never."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from zecnb.errors import UsageError
from zecnb.planner.judge import Judgement
from zecnb.planner.options import WHOLE
from zecnb.planner.plan import Plan, make_plan
from zecnb.planner.rows import EXPLICIT, PICKED, Rows
from zecnb.requests import Requests
from zecnb.schema import PLAN

if TYPE_CHECKING:
    from datetime import datetime

    from numpy.typing import NDArray

    from zecnb.snapshot import Snapshot

__all__ = ["rebase"]


def rebase(
    plan: Plan,
    snapshot: Snapshot,
    *,
    claims: pd.DataFrame | None = None,
    memory: pd.DataFrame | None = None,
    age: float = 0.0,
    now: datetime | None = None,
) -> Plan:
    """Make a plan again on what the cloud holds now; pure.

    Addresses that somebody named stay as they are, and are blocked where somebody took them meanwhile: the reader
    decides. Addresses that were picked stay where they are still free, or on the vNIC already; the others are picked
    anew by the plan's own policy. Counts that are sent as counts stay counts.

    Args:
        plan: the plan; it does not change, and its approvals are its own.
        snapshot: what is held now.
        claims: soft reservations.
        memory: what earlier runs taught of addresses.
        age: seconds since the snapshot was observed.
        now: the time by which claims have expired.

    Raises:
        UsageError: a row of the plan has no address, so that what was asked for is not in it.
    """
    frame, options = plan.frame, plan.options
    if frame["address"].isna().any():
        raise UsageError("some rows of the plan have no address, see plan.findings: plan again from the requests")
    weigh: dict[str, Any] = {"options": options, "claims": claims, "memory": memory, "age": age, "now": now}
    picked = (frame["mode"] == "picked").to_numpy()
    again = make_plan(snapshot, _asked(frame, picked)[0], **weigh).frame
    blocked = pd.MultiIndex.from_frame(again.loc[again["verdict"] == "BLOCK", ["nic_id", "address"]])
    gone = picked & pd.MultiIndex.from_frame(frame[["nic_id", "address"]]).isin(blocked)
    if options.policy in WHOLE:
        gone = picked & frame.assign(_gone=gone).groupby(["row", "nic_id"])["_gone"].transform("any").to_numpy()
    asked, kept = _asked(frame, picked & ~gone)
    made = make_plan(snapshot, asked, **weigh)
    source = made._source  # noqa: SLF001 - the same plan, but for who chose its addresses
    assert isinstance(source, Judgement)
    return Plan(Judgement(_Rebased(source.rows.board, kept)))


@dataclass(frozen=True, eq=False)
class _Rebased(Rows):
    """Rows of which some addresses that are asked for were picked before.

    Attributes:
        kept: bool, by address asked for.
    """

    kept: NDArray[np.bool_]

    @cached_property
    def mode(self) -> NDArray[np.uint8]:
        """Position in ``MODES``."""
        picked = np.append(self.kept, False)[self.ask]
        return np.where(picked & (super().mode == EXPLICIT), np.uint8(PICKED), super().mode)


def _asked(frame: pd.DataFrame, kept: NDArray[np.bool_]) -> tuple[Requests, NDArray[np.bool_]]:
    """Return a plan's rows as requests, and which of the addresses asked for are picks that are kept.

    Args:
        frame: a plan's rows.
        kept: which rows' picks to ask for by address; other picks are asked for by count.
    """
    named = (frame["mode"] == "explicit").to_numpy() | kept
    by_name = frame[named].assign(ip_addresses=frame.loc[named, "address"], ip_address_count=None, _kept=kept[named])
    rest = frame[~named]
    number = rest.groupby(["row", "nic_id"])["row"].transform("size")
    by_count = rest.assign(ip_addresses=None, ip_address_count=number, _kept=False)
    by_count = by_count[~by_count.duplicated(["row", "nic_id"])]
    both = pd.concat([by_name, by_count]).sort_values("row", kind="stable").reset_index(drop=True)
    carried = [name for name in frame.columns if name not in PLAN]
    asked = Requests.from_frame(both[["nic_id", "ip_addresses", "ip_address_count", *carried]])
    row = both["row"].to_numpy(np.int64)
    numbered = replace(asked, row=row, ask_row=row[asked.ask_request])
    return numbered, both["_kept"].to_numpy(np.bool_)[asked.ask_request]
