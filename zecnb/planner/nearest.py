"""The free address nearest to one that cannot be had."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from zecnb.ledger import addresses_of, keys_of, merge, subnets_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from zecnb.lookup import AddressTable
    from zecnb.planner.room import Room

__all__ = ["nearest_free"]


def nearest_free(
    room: Room, subnet: NDArray[np.int64], key: NDArray[np.uint64]
) -> tuple[NDArray[np.uint64], NDArray[np.bool_]]:
    """Return the address of the same subnet nearest to each that is free after the plan, the lower of two as near.

    Args:
        room: what is held, asked for by name, reserved and picked.
        subnet: position of each key's subnet, an IPv4 one.
        key: addresses; one outside its subnet is taken for the end it lies beyond.

    Returns:
        Keys, and whether there is one at all.
    """
    geometry, table = room.board.snapshot.geometry, room.board.snapshot.table
    first, last = keys_of(subnet, geometry.network[subnet]), keys_of(subnet, geometry.broadcast[subnet])
    key = np.clip(key, first, last)
    low, high = _around(room, key) if table is None else _around_in(table, room, key)
    low_ok, high_ok = low > first, high < last
    return np.where(low_ok & (~high_ok | (key - low <= high - key)), low, high), low_ok | high_ok


def _around(room: Room, key: NDArray[np.uint64]) -> tuple[NDArray[np.uint64], NDArray[np.uint64]]:
    """Return the keys below and above each taken one that nothing takes, subnets' ends not minded."""
    taken = merge(room.untouchable, room.placed.key)
    block = taken - np.arange(len(taken), dtype=np.uint64)  # neighbours among the taken share a number
    place = block[np.searchsorted(taken, key)]
    low = taken[np.searchsorted(block, place)] - np.uint64(1)
    high = taken[np.searchsorted(block, place, "right") - 1] + np.uint64(1)
    return low, high


def _around_in(
    table: AddressTable, room: Room, key: NDArray[np.uint64]
) -> tuple[NDArray[np.uint64], NDArray[np.uint64]]:
    """Do the same with the table, and without sorting what is asked for."""
    free = room.free_places
    subnet = subnets_of(key)
    place = table.places(subnet, addresses_of(key))
    order = np.argsort(place, kind="stable")  # in order, the search stays in the processor's cache
    above = np.empty(len(place), np.int64)
    above[order] = np.searchsorted(free, place[order])
    begin, end = table.base[subnet], np.append(table.base, len(table.entry))[subnet + 1]
    low, high = np.where(above > 0, free[above - 1], -1), free[above]
    first = table.network[subnet].astype(np.int64) - begin
    return (
        keys_of(subnet, (first + np.maximum(low, begin)).astype(np.uint32)),
        keys_of(subnet, (first + np.minimum(high, end - 1)).astype(np.uint32)),
    )
