"""What others would do with the same data: scripts of a good engineer, and the ways of well-known systems."""

from __future__ import annotations

import heapq
import ipaddress
import itertools
from typing import TYPE_CHECKING, Any

import netaddr
import numpy as np
import pandas as pd

from zecnb.addresses import parse
from zecnb.columns import column

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import pyarrow as pa
    from numpy.typing import NDArray

    from tests.bench.data import Judged

_SMALL = 1 << 16  # texts that are parsed without threads

__all__ = ["bare", "floor", "interval_sweep", "ip_set", "script", "with_our_threads", "with_ours"]


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


def bare(texts: pa.LargeStringArray) -> NDArray[np.uint32]:
    """Read addresses as anybody would with numpy alone: whole columns, by where the dots are; 0 for what is none."""
    offsets = np.frombuffer(texts.buffers()[1], np.int64)[texts.offset : texts.offset + len(texts) + 1]
    data = np.frombuffer(texts.buffers()[2], np.uint8)[: offsets[-1]]
    digit, dots = data - np.uint8(ord("0")), np.flatnonzero(data == ord("."))
    first = np.searchsorted(dots, offsets)
    good = np.diff(first) == 3
    good[np.searchsorted(offsets, np.flatnonzero((digit > 9) & (data != ord("."))), "right") - 1] = False
    rows = np.flatnonzero(good)
    inner = [dots[first[rows] + at] for at in range(3)]
    value, fine = np.zeros(len(rows), np.uint32), np.ones(len(rows), np.bool_)
    for before, after in itertools.pairwise([offsets[rows] - 1, *inner, offsets[rows + 1]]):
        length = after - before - 1
        octet = digit[after - 1].astype(np.uint32)
        octet += np.where(length > 1, digit[after - 2], 0).astype(np.uint32) * np.uint32(10)
        octet += np.where(length > 2, digit[after - 3], 0).astype(np.uint32) * np.uint32(100)
        fine &= (length > 0) & (length < 4) & (octet < 256) & ((length == 1) | (digit[before + 1] > 0))
        value = (value << np.uint32(8)) | octet
    values = np.zeros(len(texts), np.uint32)
    values[rows[fine]] = value[fine]
    return values


def floor(data: Judged, read: Callable[[pa.LargeStringArray], NDArray[np.uint32]]) -> Callable[[], object]:
    """Return the least that any columnar judge must do: read the texts, sort them, search the held ones."""
    texts = column(data.requests["ip_addresses"])
    held = np.sort(parse(column(data.holders["address"]))[0].astype(np.uint64))
    assert np.array_equal(read(texts), parse(texts)[0]), "all read the same"

    def work() -> object:
        keys = np.sort(read(texts).astype(np.uint64))
        return np.searchsorted(held, keys)

    return work


def with_ours(texts: pa.LargeStringArray) -> NDArray[np.uint32]:
    """Read addresses with our own parser, in pieces that it has no threads for."""
    return np.concatenate([parse(texts[at : at + _SMALL])[0] for at in range(0, len(texts), _SMALL)])


def with_our_threads(texts: pa.LargeStringArray) -> NDArray[np.uint32]:
    """Read addresses with our own parser as it is."""
    return parse(texts)[0]


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
