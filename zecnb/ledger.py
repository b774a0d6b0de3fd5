"""Held addresses as sorted integer columns, and the questions planning asks of them.

A *key* is ``subnet position << 32 | address`` as uint64: one number that sorts by subnet, then address, so that
one sort and one binary search answer for every subnet at once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Ledger", "Runs", "addresses_of", "count_by_subnet", "distinct", "find", "keys_of", "merge", "subnets_of"]

_SHIFT = np.uint64(32)


def keys_of(subnet: NDArray[np.integer], address: NDArray[np.uint32]) -> NDArray[np.uint64]:
    """Return the keys of addresses in subnets (given by position)."""
    keys = subnet.astype(np.uint64)
    keys <<= _SHIFT
    keys |= address
    return keys


def subnets_of(keys: NDArray[np.uint64]) -> NDArray[np.int32]:
    """Return the subnet position of each key."""
    return (keys >> _SHIFT).astype(np.int32)


def addresses_of(keys: NDArray[np.uint64]) -> NDArray[np.uint32]:
    """Return the address of each key."""
    return keys.astype(np.uint32)


def distinct(sorted_keys: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Return sorted keys without repetitions."""
    again = sorted_keys[1:] == sorted_keys[:-1]
    return sorted_keys[np.append(True, ~again)] if again.any() else sorted_keys


def find(sorted_keys: NDArray[np.uint64], wanted: NDArray[np.uint64]) -> NDArray[np.int64]:
    """Return where each wanted key stands among sorted ones, -1 where it does not."""
    if not len(sorted_keys):
        return np.full(len(wanted), -1)
    at = np.searchsorted(sorted_keys, wanted)
    np.minimum(at, len(sorted_keys) - 1, out=at)
    at[sorted_keys[at] != wanted] = -1
    return at


def merge(*parts: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Return the distinct keys of several columns, sorted.

    Columns that are sorted already merge in linear time; ``np.unique`` would hash them, a hundred times slower.
    """
    keys = np.concatenate(parts)
    keys.sort(kind="stable")
    return distinct(keys)


def count_by_subnet(sorted_keys: NDArray[np.uint64], subnets: NDArray[np.integer]) -> NDArray[np.int64]:
    """Return how many keys lie in each subnet (given by position)."""
    low, high = _edges(sorted_keys, subnets)
    return high - low


def _edges(sorted_keys: NDArray[np.uint64], subnets: NDArray[np.integer]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    first = subnets.astype(np.uint64)
    return (
        np.searchsorted(sorted_keys, first << _SHIFT),
        np.searchsorted(sorted_keys, (first + np.uint64(1)) << _SHIFT),
    )


class Runs(NamedTuple):
    """Maximal runs of free addresses, sorted by subnet, then address.

    Attributes:
        start: uint64, key of the first free address.
        length: int64, number of addresses.
    """

    start: NDArray[np.uint64]
    length: NDArray[np.int64]

    @property
    def subnet(self) -> NDArray[np.int32]:
        """Subnet position of each run."""
        return subnets_of(self.start)

    @staticmethod
    def between(taken: NDArray[np.uint64]) -> Runs:
        """Return the gaps between sorted taken keys.

        Each subnet's network and broadcast address must be among them: they bound its gaps.
        """
        where = np.flatnonzero(np.diff(taken) > 1)
        low, high = taken[where], taken[where + 1]
        same = (low >> _SHIFT) == (high >> _SHIFT)
        low, high = low[same], high[same]
        return Runs(low + np.uint64(1), (high - low).astype(np.int64) - 1)

    def take(self, at: NDArray[np.intp]) -> Runs:
        """Return some of the runs, in that order."""
        return Runs(self.start[at], self.length[at])

    def within(self, subnet: int, *, most: int) -> Runs:
        """Return the first runs of one subnet, ``most`` of them at most."""
        low, high = np.searchsorted(self.start, [np.uint64(subnet) << _SHIFT, np.uint64(subnet + 1) << _SHIFT])
        part = slice(int(low), min(int(high), int(low) + max(most, 0)))
        return Runs(self.start[part], self.length[part])

    def totals(self, subnets: NDArray[np.integer]) -> NDArray[np.int64]:
        """Return how many addresses are free in each subnet (given by position)."""
        total = np.append(0, np.cumsum(self.length))
        low, high = _edges(self.start, subnets)
        return np.asarray(total[high] - total[low])

    def longest(self, subnets: NDArray[np.integer]) -> NDArray[np.int64]:
        """Return the longest run of each subnet (given by position), 0 where nothing is free."""
        low, high = _edges(self.start, subnets)
        longest = np.zeros(len(subnets), np.int64)
        some = np.flatnonzero(low < high)
        if len(some):
            edges = np.ravel(np.column_stack([low[some], high[some]]))
            padded = np.append(self.length, 0)  # reduceat takes no edge at the very end
            longest[some] = np.maximum.reduceat(padded, edges)[::2]
        return longest


class Ledger(NamedTuple):
    """Held addresses, one entry per address and subnet, sorted by key: 13 bytes each.

    Attributes:
        keys: uint64, sorted, unique.
        kind: uint8, position in ``schema.HOLDER_KINDS``.
        holder: int32, position in the snapshot's table of holders.
    """

    keys: NDArray[np.uint64]
    kind: NDArray[np.uint8]
    holder: NDArray[np.int32]

    @staticmethod
    def build(keys: NDArray[np.uint64], kind: NDArray[np.uint8], holder: NDArray[np.int32]) -> Ledger:
        """Sort entries; of several for one address the one of the lowest kind (reserved before vNICs) stays."""
        order = np.lexsort((kind, keys))
        keys = keys[order]
        first = np.ones(len(keys), np.bool_)
        np.not_equal(keys[1:], keys[:-1], out=first[1:])
        return Ledger(keys[first], kind[order][first], holder[order][first])

    def find(self, wanted: NDArray[np.uint64]) -> NDArray[np.int64]:
        """Return the entry that holds each wanted key, -1 where none does. Fastest for sorted ``wanted``."""
        return find(self.keys, wanted)

    def within(self, subnet: int) -> slice:
        """Return the entries of one subnet."""
        low, high = np.searchsorted(self.keys, [np.uint64(subnet) << _SHIFT, np.uint64(subnet + 1) << _SHIFT])
        return slice(int(low), int(high))

    def entries_of(self, subnets: NDArray[np.integer]) -> slice | NDArray[np.int64]:
        """Return the entries of some subnets, in order; ``subnets`` are sorted unique positions."""
        low, high = _edges(self.keys, subnets)
        if not len(subnets):
            return slice(0)
        if (low[1:] == high[:-1]).all():  # neighbours, as all subnets of a snapshot are: no copy
            return slice(int(low[0]), int(high[-1]))
        length = high - low
        return np.repeat(low - (np.cumsum(length) - length), length) + np.arange(length.sum())

    def of_subnets(self, subnets: NDArray[np.integer]) -> NDArray[np.uint64]:
        """Return the keys held in some subnets, sorted; ``subnets`` are sorted unique positions."""
        return self.keys[self.entries_of(subnets)]
