"""Does it fit: so many more addresses, so many per vNIC, or every vNIC to its limit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from zecnb.capacity.asked import MOST, snapshot_of, whole
from zecnb.capacity.filling import filling
from zecnb.capacity.freshness import read_ago
from zecnb.capacity.steps import growable
from zecnb.capacity.whatif import Scenario
from zecnb.errors import UsageError
from zecnb.planner.claimed import with_claims
from zecnb.planner.options import DOCUMENTED_LIMIT
from zecnb.render.cells import plural
from zecnb.render.tables import table_html

if TYPE_CHECKING:
    from datetime import datetime

    from numpy.typing import NDArray

    from zecnb.snapshot import Snapshot

__all__ = ["Headroom", "headroom"]


@dataclass(frozen=True, repr=False, eq=False)
class Headroom:
    """Whether something fits, and where.

    Attributes:
        frame: one row per subnet: ``subnet_id, name, cidr, usable, used, reserved, free, nics`` (those that can take
            addresses), ``nic_room`` (addresses they may still have, NA without a limit), ``wanted, short,
            over_limit`` (vNICs that would exceed their limit), ``fits``.
        wanted: addresses wanted in all.
        short: addresses for which there is no room; for a VPC and ``more`` what is missing in all its subnets.
        over_limit: vNICs that would exceed their limit.
        observed_at: when what is held was read, UTC.
    """

    frame: pd.DataFrame
    wanted: int
    short: int
    over_limit: int
    observed_at: datetime

    @property
    def fits(self) -> bool:
        """Whether all of it fits."""
        return self.short == 0 and self.over_limit == 0

    def __bool__(self) -> bool:
        return self.fits

    def __repr__(self) -> str:
        room = f"{int(self.frame['free'].sum()):,} free in {plural(len(self.frame), 'subnet')}"
        short = [f"short by {self.short:,}"] if self.short else []
        if self.over_limit:
            short.append(f"{plural(self.over_limit, 'vNIC')} beyond the limit")
        return f"Headroom({self.wanted:,} wanted, {room}: {', '.join(short) or 'fits'}{read_ago(self.observed_at)})"

    def _repr_html_(self) -> str:
        return table_html(self.frame, caption=repr(self))


def headroom(
    snapshot: Snapshot | Scenario[Any],
    *,
    subnet_id: str | None = None,
    vpc_id: str | None = None,
    more: int | None = None,
    per_nic: int | None = None,
    to_limit: bool = False,
    nic_limit: int | None = DOCUMENTED_LIMIT,
    claims: pd.DataFrame | None = None,
) -> Headroom:
    """Say whether a subnet, a VPC or everything can hold more.

    Args:
        snapshot: what is held, or a scenario, with its claims; what no listing shows takes room too.
        subnet_id: only this subnet.
        vpc_id: only this VPC; ``more`` may lie in any of its subnets.
        more: so many addresses more, for vNICs that exist or new ones.
        per_nic: so many more on each vNIC.
        to_limit: each vNIC up to ``nic_limit``.
        nic_limit: addresses a vNIC may have, its primary included (contract.md A9), None for no limit.
        claims: reservations, which take room.

    Raises:
        UsageError: not exactly one of ``more``, ``per_nic``, ``to_limit``, a number that cannot be, no such subnet or
            VPC, or a claim whose range is no address, range or CIDR.
    """
    if isinstance(snapshot, Scenario):
        claims = snapshot.claims if claims is None else with_claims(snapshot.claims, claims)
    snapshot = snapshot_of(snapshot)
    if (more is not None) + (per_nic is not None) + bool(to_limit) != 1:
        raise UsageError("say exactly one of more=, per_nic= and to_limit=True")
    whole(0, **{name: value for name, value in (("more", more), ("per_nic", per_nic)) if value is not None})
    if nic_limit is not None:
        whole(nic_limit=nic_limit)
    elif to_limit:
        raise UsageError("to_limit=True needs the limit: nic_limit is a whole number of 1 or more, not None")
    at = _subnets(snapshot, subnet_id, vpc_id)
    full = filling(snapshot, at, claims)
    free = full["free"].to_numpy()
    able = growable(snapshot)
    home = snapshot.nic_subnet[able]
    room = np.maximum((MOST if nic_limit is None else nic_limit) - snapshot.nic_used[able], 0)
    size = len(snapshot.subnets)
    nics, nic_room = (np.bincount(home, weights, size)[at].astype(np.int64) for weights in (None, room))
    over = np.zeros(len(at), np.int64)
    if more is not None:
        wanted = np.full(len(at), more) if subnet_id is not None else _shared(free, more)
    elif per_nic is not None:
        wanted = nics * per_nic
        over = np.bincount(home[room < per_nic], minlength=size)[at]
    else:
        wanted = nic_room
    short = np.maximum(wanted - free, 0)
    frame = full[["subnet_id", "name", "cidr", "usable", "used", "reserved", "free"]].assign(
        nics=nics,
        nic_room=pd.Series(pd.NA if nic_limit is None else nic_room, index=full.index, dtype="Int64"),
        wanted=wanted,
        short=short,
        over_limit=over,
        fits=(short == 0) & (over == 0),
    )
    total = int(wanted.sum()) if more is None else more
    missing = int(short.sum()) if more is None else max(more - int(free.sum()), 0)
    return Headroom(frame, total, missing, int(over.sum()), snapshot.observed_at)


def _shared(free: NDArray[np.int64], more: int) -> NDArray[np.int64]:
    """Return how many of ``more`` each subnet would take, filled in order; what is left over goes to the last."""
    before = np.cumsum(free) - free
    taken: NDArray[np.int64] = np.clip(more - before, 0, free)
    if len(taken):
        taken[-1] += more - int(taken.sum())
    return taken


def _subnets(snapshot: Snapshot, subnet_id: str | None, vpc_id: str | None) -> NDArray[np.int64]:
    if subnet_id is not None:
        at = snapshot.ipv4_position(subnet_id)
        if vpc_id is not None and snapshot.subnets["vpc_id"].iloc[at] != vpc_id:
            raise UsageError(f"subnet {subnet_id} is not in VPC {vpc_id}")
        return np.array([at])
    chosen = snapshot.geometry.ipv4
    if vpc_id is not None:
        inside = (snapshot.subnets["vpc_id"] == vpc_id).to_numpy()
        if not inside.any():
            snapshot.vpc_position(vpc_id)
        chosen = chosen & inside
    return np.flatnonzero(chosen)
