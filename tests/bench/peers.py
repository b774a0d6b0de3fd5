"""What others would do with the same data: scripts of a good engineer, and the ways of well-known systems."""

from __future__ import annotations

import heapq
import ipaddress
from typing import TYPE_CHECKING, Any

import netaddr
import numpy as np
import pandas as pd

from zecnb.addresses import parse
from zecnb.columns import column

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.bench.data import Judged

_SMALL = 1 << 16  # texts that are parsed without threads

__all__ = ["floor", "interval_sweep", "ip_set", "script"]


def script(data: Judged, address: Callable[[str], Any], network: Callable[[str], Any]) -> Callable[[], pd.DataFrame]:
    """Return the script that judges row by row with dicts; ``address`` and ``network`` parse.

    It tells all problems of a row and the holder. Its indices are built beforehand, as the inventory is.
    """
    home = dict(zip(data.nics["nic_id"], data.nics["subnet_id"], strict=True))
    blocks = {row.subnet_id: network(row.cidr_block) for row in data.subnets.itertuples()}
    edges = {name: (int(block[0]), int(block[-1])) for name, block in blocks.items()}
    held = {
        (row.subnet_id, int(address(row.address))): (row.kind, row.holder_id, row.holder_name)
        for row in data.holders.itertuples()
    }

    def judge() -> pd.DataFrame:
        seen: dict[tuple[str, int], int] = {}
        rows = []
        for at, (nic, text) in enumerate(
            zip(data.requests["nic_id"].tolist(), data.requests["ip_addresses"].tolist(), strict=True)
        ):
            codes: list[str] = []
            holder = (None, None, None)
            try:
                value = int(address(text))
            except (ValueError, netaddr.AddrFormatError):
                rows.append((at, nic, text, "BLOCK", ("SYNTAX",), *holder))
                continue
            subnet = home[nic]
            low, high = edges[subnet]
            if not low <= value <= high:
                codes.append("OUT_OF_SUBNET")
            elif value == low:
                codes.append("NETWORK_ADDRESS")
            elif value == high:
                codes.append("BROADCAST_ADDRESS")
            elif value == low + 1:
                codes.append("GATEWAY_ADDRESS")
            key = (subnet, value)
            if key in seen:
                codes.append("DUPLICATE")
            else:
                seen[key] = at
            if (found := held.get(key)) is not None:
                holder = found
                codes.append("ALREADY_ON_NIC" if found[1] == nic else "HELD_BY_NIC")
            rows.append((at, nic, text, "BLOCK" if codes else "OK", tuple(codes), *holder))
        return pd.DataFrame(
            rows,
            columns=["row", "nic_id", "address", "verdict", "codes", "holder_kind", "holder_id", "holder_name"],
        )

    return judge


def with_ipaddress(data: Judged) -> Callable[[], pd.DataFrame]:
    """Return the script on the standard library."""
    return script(data, ipaddress.IPv4Address, ipaddress.IPv4Network)


def with_netaddr(data: Judged) -> Callable[[], pd.DataFrame]:
    """Return the script on netaddr."""
    return script(data, lambda text: netaddr.IPAddress(text, flags=netaddr.INET_PTON), netaddr.IPNetwork)


def floor(data: Judged, *, threads: bool) -> Callable[[], object]:
    """Return the least that any columnar judge must do: parse the texts, sort them, search the held ones.

    Bare numpy has one thread; ours parses with several, and so does this when it may.
    """
    texts = column(data.requests["ip_addresses"])
    held = np.sort(parse(column(data.holders["address"]))[0].astype(np.uint64))
    pieces = [texts] if threads else [texts[at : at + _SMALL] for at in range(0, len(texts), _SMALL)]

    def work() -> object:
        keys = np.sort(np.concatenate([parse(piece)[0] for piece in pieces]).astype(np.uint64))
        return np.searchsorted(held, keys)

    return work


def ip_set(cidr: str, held: list[str], count: int) -> Callable[[], list[str]]:
    """Return the pick by sets of addresses, NetBox's way for years."""

    def pick() -> list[str]:
        block = netaddr.IPNetwork(cidr)
        free = netaddr.IPSet(block) - netaddr.IPSet(held)
        free -= netaddr.IPSet([block[0], block[1], block[-1]])
        return [str(address) for address, _ in zip(free, range(count), strict=False)]

    return pick


def interval_sweep(cidr: str, held: list[int], count: int) -> Callable[[], list[str]]:
    """Return the pick by sweeping merged intervals lazily, NetBox's way since 2026, on integers."""

    def pick() -> list[str]:
        block = ipaddress.IPv4Network(cidr)
        low, high = int(block[0]), int(block[-1])
        reserved = iter([low, low + 1, high])

        def free() -> Iterator[int]:
            at = low
            for taken in heapq.merge(reserved, iter(held)):
                yield from range(at, taken)
                at = max(at, taken + 1)

        return [str(ipaddress.IPv4Address(value)) for value, _ in zip(free(), range(count), strict=False)]

    return pick
