"""Held addresses as sorted integer columns, and the questions planning asks of them.

A *key* is ``subnet position << 32 | address`` as uint64: one number that sorts by subnet, then address, so that
one sort and one binary search answer for every subnet at once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Ledger", "Runs", "addresses_of", "keys_of", "member", "subnets_of"]

_SHIFT = np.uint64(32)


def keys_of(subnet: NDArray[np.integer], address: NDArray[np.uint32]) -> NDArray[np.uint64]:
    """Return the keys of addresses in subnets (given by position)."""
    return (subnet.astype(np.uint64) << _SHIFT) | address


def subnets_of(keys: NDArray[np.uint64]) -> NDArray[np.int32]:
    """Return the subnet position of each key."""
    return (keys >> _SHIFT).astype(np.int32)


def addresses_of(keys: NDArray[np.uint64]) -> NDArray[np.uint32]:
    """Return the address of each key."""
    return keys.astype(np.uint32)


def member(sorted_keys: NDArray[np.uint64], wanted: NDArray[np.uint64]) -> NDArray[np.bool_]:
    """Return which of ``wanted`` are among ``sorted_keys``."""
    if not len(sorted_keys):
        return np.zeros(len(wanted), np.bool_)
    at = np.searchsorted(sorted_keys, wanted)
    np.minimum(at, len(sorted_keys) - 1, out=at)
    return np.asarray(sorted_keys[at] == wanted)


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
        gap = np.diff(taken)
        same = (taken[1:] >> _SHIFT) == (taken[:-1] >> _SHIFT)
        where = np.flatnonzero((gap > 1) & same)
        return Runs(taken[where] + np.uint64(1), gap[where].astype(np.int64) - 1)

    def expand(self) -> NDArray[np.uint64]:
        """Return the key of every address in the runs, in their order."""
        before = np.cumsum(self.length) - self.length
        within = np.arange(int(self.length.sum())) - np.repeat(before, self.length)
        return np.repeat(self.start, self.length) + within.astype(np.uint64)


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
        if not len(self.keys):
            return np.full(len(wanted), -1)
        at = np.searchsorted(self.keys, wanted)
        np.minimum(at, len(self.keys) - 1, out=at)
        at[self.keys[at] != wanted] = -1
        return at

    def within(self, subnet: int) -> slice:
        """Return the entries of one subnet."""
        low, high = np.searchsorted(self.keys, [np.uint64(subnet) << _SHIFT, np.uint64(subnet + 1) << _SHIFT])
        return slice(int(low), int(high))

    def of_subnets(self, subnets: NDArray[np.integer]) -> NDArray[np.uint64]:
        """Return the keys held in some subnets, sorted; ``subnets`` are sorted unique positions."""
        low = np.searchsorted(self.keys, subnets.astype(np.uint64) << _SHIFT)
        high = np.searchsorted(self.keys, (subnets.astype(np.uint64) + np.uint64(1)) << _SHIFT)
        if len(subnets) == 1:
            return self.keys[low[0] : high[0]]
        length = high - low
        within = np.arange(int(length.sum())) - np.repeat(np.cumsum(length) - length, length)
        return self.keys[np.repeat(low, length) + within]
