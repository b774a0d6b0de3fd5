"""Subnets as numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Self

import numpy as np

from zecnb import addresses
from zecnb.columns import column
from zecnb.errors import UsageError
from zecnb.typos import why_not

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

__all__ = ["RESERVED", "Geometry"]

RESERVED = 3
"""Addresses that no vNIC can have in a subnet: network, first (gateway), broadcast (contract.md 7.1)."""


class Geometry(NamedTuple):
    """Subnets as numbers, by subnet position; zeros in a subnet without IPv4.

    Attributes:
        network, broadcast, gateway: uint32, first, last and gateway address.
        ipv4: bool, whether the subnet has IPv4.
        usable: int64, addresses that can be assigned: size - 3.
    """

    network: NDArray[np.uint32]
    broadcast: NDArray[np.uint32]
    gateway: NDArray[np.uint32]
    ipv4: NDArray[np.bool_]
    usable: NDArray[np.int64]

    def contains(self, subnet: NDArray[np.int64], value: NDArray[np.uint32]) -> NDArray[np.bool_]:
        """Return whether each address lies in the CIDR of its subnet (given by position)."""
        low, high = self.network[subnet], self.broadcast[subnet]
        return np.asarray(self.ipv4[subnet] & (value >= low) & (value <= high), np.bool_)

    @classmethod
    def of(cls, subnets: pd.DataFrame) -> Self:
        """Read the geometry of a conformed subnets frame.

        Raises:
            UsageError: what is not an IPv4 CIDR, a gateway that is not an IPv4 address or outside its subnet; names the
                subnet.
        """
        ipv4 = subnets["cidr_block"].notna().to_numpy() & (subnets["stack_type"] != "IPv6").to_numpy()
        network, prefix, reason = addresses.parse_cidr(column(subnets["cidr_block"]))
        if (wrong := ipv4 & (reason != addresses.Reason.OK)).any():
            at = int(np.flatnonzero(wrong)[0])
            why, _ = why_not(str(subnets["cidr_block"].iloc[at]), int(reason[at]))
            raise UsageError(f"subnets, row {at} ({subnets['subnet_id'].iloc[at]}): cidr_block {why}")
        size = np.where(ipv4, np.left_shift(1, np.clip(32 - prefix, 0, 32)), 0)
        network = np.where(ipv4, network, 0).astype(np.uint32)
        broadcast = (network + np.maximum(size - 1, 0)).astype(np.uint32)
        gateway, told = addresses.parse(column(subnets["gateway_ip_address"]))
        if (wrong := ipv4 & subnets["gateway_ip_address"].notna().to_numpy() & ~told).any():
            at = int(np.flatnonzero(wrong)[0])
            raise UsageError(f"subnets, row {at}: gateway_ip_address is not an IPv4 address")
        # As a held address it would be counted for whichever subnet comes next.
        if (wrong := ipv4 & told & ((gateway < network) | (gateway > broadcast))).any():
            at = int(np.flatnonzero(wrong)[0])
            who, given, block = (subnets[name].iloc[at] for name in ("subnet_id", "gateway_ip_address", "cidr_block"))
            raise UsageError(f"subnets, row {at} ({who}): gateway_ip_address {given} is not in {block}")
        first = np.minimum(network + np.uint32(1), broadcast)
        return cls(
            network,
            broadcast,
            np.where(told, gateway, first).astype(np.uint32),
            ipv4,
            np.maximum(size - RESERVED, 0),
        )
