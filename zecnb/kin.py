"""The subnets of the VPCs at hand, those included of which only the listing was read: what advice speaks of."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Self

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from zecnb.columns import column, joined, texts_at
from zecnb.geometry import Geometry
from zecnb.ledger import addresses_of, keys_of, subnets_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Kin"]

_TEXT = pa.large_string()
_SHOWN = 3
_LAST = np.iinfo(np.uint32).max


class Kin(NamedTuple):
    """Subnets by position: first those of a snapshot, in its order, then those beside them.

    Attributes:
        label: Arrow strings, name (or id) and CIDR of each.
        block: Arrow strings, the CIDR.
        geometry: the subnets as numbers.
        vpc: int64, code of each one's VPC.
        place: int64, code of each one's VPC and region.
        left: int64, free addresses by the API's own count.
    """

    label: pa.LargeStringArray
    block: pa.LargeStringArray
    geometry: Geometry
    vpc: NDArray[np.int64]
    place: NDArray[np.int64]
    left: NDArray[np.int64]

    @classmethod
    def of(cls, subnets: pd.DataFrame, left: NDArray[np.int64], beside: pd.DataFrame) -> Self:
        """Put subnets that were read and those beside them together.

        Args:
            subnets: those read, columns of ``schema.SUBNETS``.
            left: free addresses of each.
            beside: those beside them, the same columns.
        """
        every = pd.concat([subnets, beside], ignore_index=True) if len(beside) else subnets
        geometry = Geometry.of(every)
        used = beside["usage_ipv4_count"].fillna(np.iinfo(np.int64).max).to_numpy(np.int64)
        more = np.maximum(geometry.usable[len(subnets) :] - used, 0)
        name, block = pc.fill_null(column(every["name"]), ""), column(every["cidr_block"])
        lead = pc.if_else(pc.equal(name, ""), column(every["subnet_id"]), name)
        label = joined(lead, " ", pc.fill_null(block, ""))
        vpc, _ = pd.factorize(every["vpc_id"].fillna(""))
        place, _ = pd.factorize(every["vpc_id"].fillna("") + "\n" + every["region_id"].fillna(""))
        return cls(pc.utf8_trim_whitespace(label), block, geometry, vpc, place, np.append(left, more))

    def containing(self, subnet: NDArray[np.int64], address: NDArray[np.uint32]) -> NDArray[np.int64]:
        """Return the subnet of the same VPC that contains each address, -1 where none does."""
        ipv4 = np.flatnonzero(self.geometry.ipv4)
        low = keys_of(self.vpc[ipv4], self.geometry.network[ipv4])
        order = np.argsort(low)
        at = np.searchsorted(low[order], keys_of(self.vpc[subnet], address), "right") - 1
        found = ipv4[order[np.maximum(at, 0)]]
        same = (at >= 0) & (self.vpc[found] == self.vpc[subnet])
        return np.where(same & self.geometry.contains(found, address), found, -1)

    def roomier(self, subnet: NDArray[np.int64], count: NDArray[np.int64]) -> pa.LargeStringArray:
        """Name subnets of the same VPC and region with room for counts that a subnet has none for, roomiest first.

        Where there is none the text is empty.
        """
        pair, distinct = pd.factorize(keys_of(subnet, np.minimum(count, _LAST).astype(np.uint32)))
        order = np.lexsort((np.arange(len(self.left)), -self.left, self.place))
        groups = np.split(order, np.flatnonzero(np.diff(self.place[order])) + 1)
        of_place = {int(self.place[group[0]]): group[: _SHOWN + 1].tolist() for group in groups}
        words = []
        for here, wanted in zip(subnets_of(distinct).tolist(), addresses_of(distinct).tolist(), strict=True):
            fitting = [at for at in of_place[int(self.place[here])] if self.left[at] >= wanted and at != here]
            words.append(", ".join(f"{self.block[at]} ({self.left[at]:,} free)" for at in fitting[:_SHOWN]))
        return texts_at(pa.array(words, _TEXT), pair)
