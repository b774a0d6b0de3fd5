"""Every address of the subnets as one row of numbers, where that is small enough: looking up takes one step.

Sorting and searching answer the same questions for subnets of any size; this answers them several times faster.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Self

import numpy as np

from zecnb.ledger import addresses_of, keys_of, subnets_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from zecnb.geometry import Geometry
    from zecnb.ledger import Ledger

__all__ = ["AddressTable"]

_ALWAYS = 1 << 20  # addresses: 4 MB
_PER_HOLDER = 8  # beyond that, addresses per held one: a mostly empty /8 is not worth a table
_NEVER = 1 << 26


class AddressTable(NamedTuple):
    """The subnets' addresses laid end to end, in the order of the subnets; a *place* is a position among them.

    Attributes:
        base: int64, place of each subnet's first address.
        network: uint32, each subnet's first address.
        entry: int32, ledger entry that holds the address at each place, -1 where it is free.
    """

    base: NDArray[np.int64]
    network: NDArray[np.uint32]
    entry: NDArray[np.int32]

    @classmethod
    def of(cls, geometry: Geometry, ledger: Ledger) -> Self | None:
        """Lay the addresses out, None when there are too many for what is held."""
        low, high = geometry.network.astype(np.int64), geometry.broadcast.astype(np.int64)
        size = np.where(geometry.ipv4, high - low + 1, 0)
        total = int(size.sum())
        if total > _NEVER or total > max(_ALWAYS, _PER_HOLDER * len(ledger.keys)):
            return None
        table = cls(np.cumsum(size) - size, geometry.network, np.full(total, -1, np.int32))
        held = table.places_of(ledger.keys)
        table.entry[held] = np.arange(len(held), dtype=np.int32)
        return table

    def places(self, subnet: NDArray[np.integer], address: NDArray[np.uint32]) -> NDArray[np.int64]:
        """Return the place of each address of a subnet; meaningless for one outside of it."""
        place: NDArray[np.int64] = (self.base - self.network)[subnet]
        place += address
        return place

    def places_of(self, keys: NDArray[np.uint64]) -> NDArray[np.int64]:
        """Return the place of each key's address."""
        return self.places(subnets_of(keys), addresses_of(keys))

    def free(self, subnets: NDArray[np.int64], *taken: NDArray[np.int64]) -> tuple[int, NDArray[np.bool_]]:
        """Return the first place of some subnets, and of each up to their last whether it is neither held nor taken.

        Args:
            subnets: sorted positions.
            *taken: places in those subnets.
        """
        if not len(subnets):
            return 0, np.zeros(0, np.bool_)
        begin, end = int(self.base[subnets[0]]), np.append(self.base, len(self.entry))[subnets[-1] + 1]
        free = self.entry[begin:end] < 0
        for places in taken:
            free[places - begin] = False
        return begin, free

    def longest_free(self, subnets: NDArray[np.int64], taken: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the longest run in each subnet of addresses that are neither held nor taken.

        Args:
            subnets: sorted positions of IPv4 subnets.
            taken: places in those subnets.
        """
        begin, free = self.free(subnets, taken)
        edges = np.flatnonzero(free[1:] != free[:-1])  # a subnet's first and last address are held: edges pair up
        start, length = edges[::2], np.append(edges[1::2] - edges[::2], 0)  # reduceat takes no edge at the very end
        edge = np.append(self.base, len(self.entry)) - begin
        low, high = np.searchsorted(start, edge[subnets]), np.searchsorted(start, edge[subnets + 1])
        longest = np.maximum.reduceat(length, np.ravel(np.column_stack([low, high])))[::2]
        return np.where(low < high, longest, 0)

    def keys(self, marked: NDArray[np.bool_]) -> NDArray[np.uint64]:
        """Return the keys of the marked places, sorted."""
        place = np.flatnonzero(marked)
        edges = np.append(np.searchsorted(place, self.base), len(place))
        subnet = np.repeat(np.arange(len(self.base)), np.diff(edges))
        return keys_of(subnet, (self.network[subnet] + (place - self.base[subnet])).astype(np.uint32))
