"""The lowest free addresses of many subnets at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from zecnb.ledger import Runs, count_by_subnet, merge
from zecnb.planner.reservations import Reservations

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from zecnb.snapshot import Snapshot

__all__ = ["Placed", "claimed_keys", "place", "rank_within"]


class Placed(NamedTuple):
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


def place(snapshot: Snapshot, claims: pd.DataFrame, subnet: NDArray[np.int64], count: NDArray[np.int64]) -> Placed:
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
    keys = _lowest(merge(snapshot.ledger.of_subnets(homes), claimed), homes, wanted)
    return Placed(fits, np.repeat(served, count[served]), keys)


def _served(group: NDArray[np.int64], count: NDArray[np.int64], room: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Return whether each owner gets what it wants of its group's room, in the order they stand in."""
    fits = np.zeros(len(group), np.bool_)
    waiting = np.argsort(group, kind="stable")
    while len(waiting):  # each time the first that finds too few is passed over, and all that want as many
        home, wanted = group[waiting], count[waiting]
        good = rank_within(home, wanted) + wanted <= room[home]
        fits[waiting[good]] = True
        room = room - np.bincount(home[good], wanted[good], len(room)).astype(np.int64)
        waiting = waiting[~good & (wanted <= room[home])]
    return fits


def _lowest(taken: NDArray[np.uint64], subnets: NDArray[np.int64], wanted: NDArray[np.int64]) -> NDArray[np.uint64]:
    """Return the lowest free keys, as many per subnet (sorted positions) as wanted."""
    free = Runs.between(taken)
    home = np.searchsorted(subnets, free.subnet)
    take = np.clip(wanted[home] - rank_within(home, free.length), 0, free.length)
    start, take = free.start[take > 0], take[take > 0]
    within = np.arange(int(take.sum())) - np.repeat(np.cumsum(take) - take, take)
    return np.asarray(np.repeat(start, take) + within.astype(np.uint64))


def rank_within(group: NDArray[np.integer], size: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the sum of the sizes before each entry in its own group; ``group`` is sorted."""
    if not len(group):
        return np.zeros(0, np.int64)
    before = np.cumsum(size) - size
    first = np.append(True, group[1:] != group[:-1])
    return np.asarray(before - before[first][np.cumsum(first) - 1])
