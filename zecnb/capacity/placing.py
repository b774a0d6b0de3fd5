"""The lowest free addresses of many subnets at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from zecnb.ledger import count_by_subnet, merge
from zecnb.planner.placement import Demand, place, running_total
from zecnb.planner.reservations import Reservations

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from zecnb.snapshot import Snapshot

__all__ = ["Allotted", "allot", "claimed_keys"]


class Allotted(NamedTuple):
    """Who gets which addresses.

    Attributes:
        fits: bool[m], whether each owner gets all it wants; one that does not gets none.
        owner: int64[p], the owner of each address, position among the m.
        key: uint64[p], the address (``ledger.keys_of``).
    """

    fits: NDArray[np.bool_]
    owner: NDArray[np.int64]
    key: NDArray[np.uint64]


def claimed_keys(snapshot: Snapshot, claims: pd.DataFrame | None, subnets: NDArray[np.int64]) -> NDArray[np.uint64]:
    """Return the keys that claims keep from being picked in some subnets (sorted positions), sorted."""
    reservations = Reservations.of(snapshot, claims=claims)
    keys = reservations.binding_keys(subnets)
    return keys[snapshot.ledger.find(keys) < 0]  # what is held already needs no keeping


def allot(snapshot: Snapshot, claims: pd.DataFrame, subnet: NDArray[np.int64], count: NDArray[np.int64]) -> Allotted:
    """Give each owner the lowest free addresses of its subnet, first come first served.

    Args:
        snapshot: what is held. Addresses that the API counts and no listing shows take room too.
        claims: reservations to keep clear of.
        subnet: int64[m], position of each owner's subnet.
        count: int64[m], how many addresses each wants, 0 or more; who finds too few leaves them to the next.
    """
    order = np.argsort(subnet, kind="stable")
    homes = np.unique(subnet)
    claimed = claimed_keys(snapshot, claims, homes)
    room = np.maximum(snapshot.left[homes] - count_by_subnet(claimed, homes), 0)
    fits = _served(np.searchsorted(homes, subnet), count, room)
    served = order[fits[order]]
    wanted = np.bincount(np.searchsorted(homes, subnet[served]), count[served], len(homes)).astype(np.int64)
    asked = wanted > 0
    taken = merge(snapshot.ledger.of_subnets(homes), claimed)
    keys = place("lowest", Demand(homes[asked], wanted[asked]), taken).key
    return Allotted(fits, np.repeat(served, count[served]), keys)


def _served(group: NDArray[np.int64], count: NDArray[np.int64], room: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Return whether each owner gets what it wants of its group's room, in the order they stand in."""
    fits = np.zeros(len(group), np.bool_)
    waiting = np.argsort(group, kind="stable")
    while len(waiting):  # each time the first that finds too few is passed over, and all that want as many
        home, wanted = group[waiting], count[waiting]
        good = running_total(home, wanted) + wanted <= room[home]
        fits[waiting[good]] = True
        room = room - np.bincount(home[good], wanted[good], len(room)).astype(np.int64)
        waiting = waiting[~good & (wanted <= room[home])]
    return fits
