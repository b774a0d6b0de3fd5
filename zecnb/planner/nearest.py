"""What to offer instead of what cannot be had: free addresses, near and none to two rows; runs of other subnets."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from zecnb.columns import texts_at
from zecnb.ledger import Runs, addresses_of, keys_of, merge
from zecnb.planner.packing import blocks_of
from zecnb.planner.placement import longest

if TYPE_CHECKING:
    import pyarrow as pa
    from numpy.typing import NDArray

    from zecnb.lookup import AddressTable
    from zecnb.planner.room import Room

__all__ = ["Offers", "offer", "run_elsewhere"]


class Offers(NamedTuple):
    """Addresses to take instead, one per address that cannot be had.

    Attributes:
        key: uint64, the address; meaningless where there is none.
        some: bool, whether there is one.
        nearest: bool, whether no free one is nearer; else those were offered to others.
        any_free: bool, whether the subnet has any to offer at all.
    """

    key: NDArray[np.uint64]
    some: NDArray[np.bool_]
    nearest: NDArray[np.bool_]
    any_free: NDArray[np.bool_]


class _Free(NamedTuple):
    """The free addresses around some keys, by their number among all free ones.

    Attributes:
        above: number of the first free one above each key.
        begin: number of the first free one of each key's subnet.
        end: number after its last one.
    """

    above: NDArray[np.int64]
    begin: NDArray[np.int64]
    end: NDArray[np.int64]


def offer(room: Room, subnet: NDArray[np.int64], key: NDArray[np.uint64], rank: NDArray[np.int64]) -> Offers:
    """Offer an address of the same subnet that is free after the plan: the nearest, the lower of two as near.

    One that was released a moment ago is not offered.

    Where several are nearest to the same one, the first gets it and the others what is free next to it: whoever
    follows all the advice of a plan has no new conflict.

    Args:
        room: what is held, asked for by name, reserved and picked.
        subnet: position of each key's subnet, an IPv4 one.
        key: addresses that are taken; one outside its subnet is taken for the end it lies beyond.
        rank: who is served first of those that want the same address; equal ones get the same.
    """
    if not len(key):
        return Offers(key, *[np.zeros(0, np.bool_)] * 3)
    geometry, table = room.board.snapshot.geometry, room.board.snapshot.table
    first, last = keys_of(subnet, geometry.network[subnet]), keys_of(subnet, geometry.broadcast[subnet])
    key = np.clip(key, first, last)
    numbers = _Ranks.of(room) if table is None else _Places(table, room.free_places)
    free = numbers.around(subnet, key, first, last)
    low_ok, high_ok = free.above > free.begin, free.above < free.end
    low = numbers.keys(subnet, np.maximum(free.above - 1, free.begin))
    high = numbers.keys(subnet, np.minimum(free.above, free.end - 1))
    wanted = free.above - (low_ok & (~high_ok | (key - low <= high - key)))
    given = _apart(subnet, wanted, free, key, rank)
    any_free = free.begin < free.end
    some = any_free & (given >= free.begin)
    return Offers(numbers.keys(subnet, np.where(some, given, free.begin)), some, some & (given == wanted), any_free)


def _apart(
    subnet: NDArray[np.int64],
    wanted: NDArray[np.int64],
    free: _Free,
    key: NDArray[np.uint64],
    rank: NDArray[np.int64],
) -> NDArray[np.int64]:
    """Return numbers of free addresses, no two alike, at or behind the wanted ones as long as there are some.

    Args:
        subnet: of each address that cannot be had.
        wanted: number of the free one nearest to it.
        free: the bounds of its subnet.
        key: the address; those of one key and rank get the same.
        rank: who is served first of those that want the same.
    """
    order = np.lexsort((rank, key, wanted, subnet))
    new = np.ones(len(order), np.bool_)
    new[1:] = (np.diff(key[order]) != 0) | (np.diff(rank[order]) != 0)
    at = order[new]
    begin = np.searchsorted(subnet[at], subnet[at])  # of each subnet's part
    end = np.searchsorted(subnet[at], subnet[at], "right")
    number = np.arange(len(at))
    place = number - begin
    # The first in a subnet wants one beyond all that were wanted before it, so no subnet pushes the next.
    given = np.maximum.accumulate(wanted[at] - place) + place
    result = np.empty(len(order), np.int64)
    result[order] = np.minimum(given, free.end[at] - (end - number))[np.cumsum(new) - 1]
    return result


class _Places(NamedTuple):
    """Free addresses numbered by their place in the table."""

    table: AddressTable
    free: NDArray[np.int64]

    def around(
        self, subnet: NDArray[np.int64], key: NDArray[np.uint64], first: NDArray[np.uint64], last: NDArray[np.uint64]
    ) -> _Free:
        del first, last
        place = self.table.places(subnet, addresses_of(key))
        order = np.argsort(place, kind="stable")  # in order, the search stays in the processor's cache
        above = np.empty(len(place), np.int64)
        above[order] = np.searchsorted(self.free, place[order])
        edges = np.searchsorted(self.free, np.append(self.table.base, len(self.table.entry)))
        return _Free(above, edges[subnet], edges[subnet + 1])

    def keys(self, subnet: NDArray[np.int64], number: NDArray[np.int64]) -> NDArray[np.uint64]:
        first = self.table.network[subnet].astype(np.int64) - self.table.base[subnet]
        return keys_of(subnet, (first + self.free[number]).astype(np.uint32))


class _Ranks(NamedTuple):
    """Free addresses numbered by how many lie below them, whatever their subnet."""

    taken: NDArray[np.uint64]
    below: NDArray[np.int64]

    @classmethod
    def of(cls, room: Room) -> _Ranks:
        taken = merge(room.untouchable, room.avoided, room.placed.key)
        return cls(taken, taken.astype(np.int64) - np.arange(len(taken)))

    def around(
        self, subnet: NDArray[np.int64], key: NDArray[np.uint64], first: NDArray[np.uint64], last: NDArray[np.uint64]
    ) -> _Free:
        del subnet
        return _Free(*(self.below[np.searchsorted(self.taken, each)] for each in (key, first, last)))

    def keys(self, subnet: NDArray[np.int64], number: NDArray[np.int64]) -> NDArray[np.uint64]:
        del subnet
        return (number + np.searchsorted(self.below, number, "right")).astype(np.uint64)


def run_elsewhere(
    room: Room, subnet: NDArray[np.int64], count: NDArray[np.int64]
) -> tuple[pa.LargeStringArray, NDArray[np.int64]]:
    """Name another subnet of the same VPC and region that has a run (or aligned block) for what a subnet has not.

    Args:
        room: what is held and reserved.
        subnet: position of each subnet without.
        count: addresses wanted.

    Returns:
        The CIDR of the one with the longest, null where none has one, and how many addresses that holds.
    """
    board, kin = room.board, room.board.snapshot.kin
    geometry, place = board.snapshot.geometry, kin.place
    near = np.flatnonzero(geometry.ipv4 & np.isin(place[: len(geometry.ipv4)], place[subnet]))
    free = Runs.between(merge(board.snapshot.ledger.of_subnets(near), board.reservations.binding_keys(near)))
    block = blocks_of(count) if board.options.policy == "aligned" else np.zeros_like(count)
    found, held = np.full(len(subnet), -1), np.zeros(len(subnet), np.int64)
    for size in np.unique(block).tolist():
        length = np.minimum(longest(free, near, size).length, kin.left[near])
        order = np.lexsort((near, -length, place[near]))
        first = np.searchsorted(place[near][order], place[subnet])
        first += near[order][first] == subnet  # the longest but its own
        inside = np.minimum(first, len(order) - 1)
        best, reach = near[order][inside], length[order][inside]
        good = (block == size) & (first == inside) & (place[best] == place[subnet]) & (reach >= count)
        found[good], held[good] = best[good], reach[good]
    return texts_at(kin.block, found), held
