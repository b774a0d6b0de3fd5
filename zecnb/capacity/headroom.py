"""Does it fit: so many more addresses, so many per vNIC, or every vNIC to its limit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from zecnb.capacity.placing import claimed_keys
from zecnb.capacity.steps import growable
from zecnb.errors import UsageError
from zecnb.ledger import count_by_subnet
from zecnb.planner.options import DOCUMENTED_LIMIT
from zecnb.render.tables import table_html

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from zecnb.snapshot import Snapshot

__all__ = ["Headroom", "headroom"]


@dataclass(frozen=True, repr=False, eq=False)
class Headroom:
    """Whether something fits, and where.

    Attributes:
        frame: one row per subnet: ``subnet_id, name, cidr, usable, used, free, nics`` (those that can take
            addresses), ``nic_room`` (addresses they may still have), ``wanted, short, over_limit`` (vNICs that would
            exceed their limit), ``fits``.
        wanted: addresses wanted in all.
        short: addresses for which there is no room; for a VPC and ``more`` what is missing in all its subnets.
        over_limit: vNICs that would exceed their limit.
    """

    frame: pd.DataFrame
    wanted: int
    short: int
    over_limit: int

    @property
    def fits(self) -> bool:
        """Whether all of it fits."""
        return self.short == 0 and self.over_limit == 0

    def __bool__(self) -> bool:
        return self.fits

    def __repr__(self) -> str:
        room = f"{int(self.frame['free'].sum()):,} free in {len(self.frame):,} subnets"
        limit = f", {self.over_limit:,} vNICs beyond their limit" if self.over_limit else ""
        verdict = "fits" if self.fits else f"short by {self.short:,}{limit}"
        return f"Headroom({self.wanted:,} wanted, {room}: {verdict})"

    def _repr_html_(self) -> str:
        return table_html(self.frame, caption=repr(self))


def headroom(
    snapshot: Snapshot,
    *,
    subnet_id: str | None = None,
    vpc_id: str | None = None,
    more: int | None = None,
    per_nic: int | None = None,
    to_limit: bool = False,
    nic_limit: int = DOCUMENTED_LIMIT,
    claims: pd.DataFrame | None = None,
) -> Headroom:
    """Say whether a subnet, a VPC or everything can hold more.

    Args:
        snapshot: what is held; what no listing shows takes room too.
        subnet_id: only this subnet.
        vpc_id: only this VPC; ``more`` may lie in any of its subnets.
        more: so many addresses more, for vNICs that exist or new ones.
        per_nic: so many more on each vNIC.
        to_limit: each vNIC up to ``nic_limit``.
        nic_limit: addresses a vNIC may have, its primary included (contract.md A9).
        claims: reservations, which take room.

    Raises:
        UsageError: not exactly one of ``more``, ``per_nic``, ``to_limit``, or no such subnet or VPC.
    """
    if (more is not None) + (per_nic is not None) + to_limit != 1:
        raise UsageError("say exactly one of more=, per_nic= and to_limit=True")
    for name, value in (("more", more), ("per_nic", per_nic)):
        if value is not None and (isinstance(value, bool) or not isinstance(value, int | np.integer) or value < 0):
            raise UsageError(f"{name} is a whole number of 0 or more, not {value!r}")
    at = _subnets(snapshot, subnet_id, vpc_id)
    free = np.maximum(snapshot.left[at] - _claimed(snapshot, claims, at), 0)
    able = growable(snapshot)
    home = snapshot.nic_subnet[able]
    room = np.maximum(nic_limit - snapshot.nic_used[able], 0)
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
    shapes = snapshot.geometry
    frame = pd.DataFrame(
        {
            "subnet_id": snapshot.subnets["subnet_id"].array.take(at),
            "name": snapshot.subnets["name"].array.take(at),
            "cidr": snapshot.subnets["cidr_block"].array.take(at),
            "usable": shapes.usable[at],
            "used": (snapshot.seen + snapshot.unseen)[at],
            "free": free,
            "nics": nics,
            "nic_room": nic_room,
            "wanted": wanted,
            "short": short,
            "over_limit": over,
            "fits": (short == 0) & (over == 0),
        }
    )
    total = int(wanted.sum()) if more is None else more
    missing = int(short.sum()) if more is None else max(more - int(free.sum()), 0)
    return Headroom(frame, total, missing, int(over.sum()))


def _shared(free: NDArray[np.int64], more: int) -> NDArray[np.int64]:
    """Return how many of ``more`` each subnet would take, filled in order; what is left over goes to the last."""
    before = np.cumsum(free) - free
    taken: NDArray[np.int64] = np.clip(more - before, 0, free)
    if len(taken):
        taken[-1] += more - int(taken.sum())
    return taken


def _subnets(snapshot: Snapshot, subnet_id: str | None, vpc_id: str | None) -> NDArray[np.int64]:
    if subnet_id is not None:
        at = snapshot.subnet_position(subnet_id)
        if not snapshot.geometry.ipv4[at]:
            raise UsageError(f"subnet {subnet_id} has no IPv4")
        if vpc_id is not None and snapshot.subnets["vpc_id"].iloc[at] != vpc_id:
            raise UsageError(f"subnet {subnet_id} is not in VPC {vpc_id}")
        return np.array([at])
    chosen = snapshot.geometry.ipv4
    if vpc_id is not None:
        inside = (snapshot.subnets["vpc_id"] == vpc_id).to_numpy()
        if not inside.any() and vpc_id not in set(snapshot.vpcs["vpc_id"]):
            raise UsageError(f"no VPC {vpc_id!r} in this inventory of {len(snapshot.vpcs)} VPCs")
        chosen = chosen & inside
    return np.flatnonzero(chosen)


def _claimed(snapshot: Snapshot, claims: pd.DataFrame | None, at: NDArray[np.int64]) -> NDArray[np.int64]:
    if claims is None or not len(claims):
        return np.zeros(len(at), np.int64)
    return count_by_subnet(claimed_keys(snapshot, claims, at), at)
