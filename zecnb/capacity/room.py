"""Room for subnets: what of each VPC's CIDRs no subnet has, where a new one fits, which VPCs overlap.

CIDRs either contain one another or are apart, which makes everything here a sort and a search.
"""

from __future__ import annotations

from ipaddress import IPv4Network
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa

from zecnb import addresses
from zecnb.capacity.asked import snapshot_of
from zecnb.columns import column, is_whole, joined, strings
from zecnb.errors import UsageError
from zecnb.schema import FREE_BLOCKS, OVERLAPS, PLACES
from zecnb.typos import why_not

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from zecnb.capacity.whatif import Scenario
    from zecnb.snapshot import Snapshot

__all__ = ["LARGEST", "SMALLEST", "cidrs_of", "free_blocks", "overlaps", "places"]

LARGEST, SMALLEST = 8, 29
"""Prefixes of the largest and the smallest subnet ZEC makes (contract.md A5)."""


class _Spans(NamedTuple):
    """CIDRs as numbers: owner (position of a VPC), first address, one after the last."""

    owner: NDArray[np.int64]
    start: NDArray[np.int64]
    end: NDArray[np.int64]


def free_blocks(snapshot: Snapshot | Scenario[Any], vpc_id: str | None = None) -> pd.DataFrame:
    """Return the largest CIDRs that no subnet has, columns of ``schema.FREE_BLOCKS``, by VPC and address.

    Args:
        snapshot: an inventory or a scenario: its VPCs and subnets.
        vpc_id: only this VPC.

    Raises:
        UsageError: no such VPC, or the CIDR of a VPC is not an IPv4 CIDR.
    """
    snapshot = snapshot_of(snapshot)
    blocks = _blocks(snapshot, vpc_id)
    prefix = _prefix(blocks)
    return pd.DataFrame(
        {
            "vpc_id": snapshot.vpcs["vpc_id"].array.take(blocks.owner),
            "cidr": _text(blocks.start, prefix),
            "prefix": prefix,
            "size": blocks.end - blocks.start,
        },
        columns=list(FREE_BLOCKS),
    )


def places(snapshot: Snapshot | Scenario[Any], prefix: int, vpc_id: str | None = None) -> pd.DataFrame:
    """Return where a new subnet of ``/prefix`` fits, columns of ``schema.PLACES``: in the smallest blocks first.

    Args:
        snapshot: an inventory or a scenario: its VPCs and subnets.
        prefix: 8 to 29 (contract.md A5).
        vpc_id: only this VPC.

    Raises:
        UsageError: no such VPC or prefix, or the CIDR of a VPC is not an IPv4 CIDR.
    """
    snapshot = snapshot_of(snapshot)
    if not is_whole(prefix) or not LARGEST <= prefix <= SMALLEST:
        raise UsageError(f"prefix is {LARGEST} to {SMALLEST}, not {prefix!r}")
    prefix = int(prefix)
    blocks = _blocks(snapshot, vpc_id)
    have, size = _prefix(blocks), 1 << (32 - prefix)
    order = np.lexsort((blocks.start, -have, blocks.owner))
    order = order[have[order] <= prefix]
    first = blocks.start[order]
    return pd.DataFrame(
        {
            "vpc_id": snapshot.vpcs["vpc_id"].array.take(blocks.owner[order]),
            "cidr": _text(first, np.full(len(first), prefix)),
            "inside": _text(first, have[order]),
            "places": (blocks.end[order] - first) // size,
        },
        columns=list(PLACES),
    )


def overlaps(snapshot: Snapshot | Scenario[Any]) -> pd.DataFrame:
    """Return pairs of VPCs that share addresses, columns of ``schema.OVERLAPS``; they cannot be routed together.

    Args:
        snapshot: an inventory or a scenario: its VPCs.

    Raises:
        UsageError: the CIDR of a VPC is not an IPv4 CIDR.
    """
    snapshot = snapshot_of(snapshot)
    spans = _vpc_spans(snapshot)
    order = np.lexsort((spans.owner, -spans.end, spans.start))
    owner, start, end = (part[order] for part in spans)
    inside = np.searchsorted(start, end) - np.arange(1, len(start) + 1)  # those after it that begin inside it
    outer = np.repeat(np.arange(len(start)), inside)
    inner = outer + 1 + np.arange(len(outer)) - np.repeat(np.cumsum(inside) - inside, inside)
    apart = owner[outer] != owner[inner]
    outer, inner = outer[apart], inner[apart]
    ids, cidrs = snapshot.vpcs["vpc_id"].array, _text(start, _prefix(_Spans(owner, start, end)))
    return pd.DataFrame(
        {
            "vpc_id": ids.take(owner[outer]),
            "cidr": cidrs.take(outer),
            "other_vpc_id": ids.take(owner[inner]),
            "other_cidr": cidrs.take(inner),
            "shared": end[inner] - start[inner],
        },
        columns=list(OVERLAPS),
    )


def cidrs_of(snapshot: Snapshot, vpc_id: str) -> list[IPv4Network]:
    """Return the CIDRs of a VPC, secondary ones too; none where they are not known.

    Raises:
        UsageError: the CIDR of a VPC is not an IPv4 CIDR.
    """
    spans = _vpc_spans(snapshot)
    own = np.flatnonzero((snapshot.vpcs["vpc_id"] == vpc_id).to_numpy()[spans.owner])
    return [IPv4Network((int(spans.start[at]), int(_prefix(spans)[at]))) for at in own]


def _vpc_spans(snapshot: Snapshot) -> _Spans:
    """Return every CIDR of every VPC, secondary ones too; a VPC whose CIDR is not known has none."""
    vpcs = snapshot.vpcs
    every = vpcs["cidr_block"].fillna("") + "," + vpcs["secondary_cidr_blocks"].fillna("")
    each = every.reset_index(drop=True).str.split(",").explode().str.strip()
    each = each[each != ""]
    owner, text = each.index.to_numpy(), column(each.astype("str"))
    network, prefix, reason = addresses.parse_cidr(text)
    if (reason != addresses.Reason.OK).any():
        at = int(np.flatnonzero(reason)[0])
        raise UsageError(f"VPC CIDR {why_not(str(text[at]), int(reason[at]))[0]}")
    start = network.astype(np.int64)
    return _Spans(owner.astype(np.int64), start, start + np.left_shift(1, 32 - prefix.astype(np.int64)))


def _blocks(snapshot: Snapshot, vpc_id: str | None) -> _Spans:
    """Return the free space of VPCs as maximal aligned blocks."""
    known = snapshot.vpcs["vpc_id"]
    wanted = None if vpc_id is None else snapshot.vpc_position(vpc_id)
    vpcs = _vpc_spans(snapshot)
    shapes = snapshot.geometry
    at = np.flatnonzero(shapes.ipv4)
    home = pd.Index(known).get_indexer(snapshot.subnets["vpc_id"].iloc[at])
    at, home = at[home >= 0], home[home >= 0].astype(np.int64)
    taken = _Spans(home, shapes.network[at].astype(np.int64), shapes.broadcast[at].astype(np.int64) + 1)
    if wanted is not None:
        vpcs, taken = (_Spans(*(part[spans.owner == wanted] for part in spans)) for spans in (vpcs, taken))
    return _aligned(_minus(vpcs, taken))


def _minus(whole: _Spans, taken: _Spans) -> _Spans:
    """Return what of one set of spans no span of the other covers: sweep over all edges at once."""
    owner = np.concatenate([whole.owner, whole.owner, taken.owner, taken.owner])
    place = np.concatenate([whole.start, whole.end, taken.start, taken.end])
    ones, many = np.ones(len(whole.owner), np.int64), np.ones(len(taken.owner), np.int64)
    inside = np.concatenate([ones, -ones, 0 * many, 0 * many])
    covered = np.concatenate([0 * ones, 0 * ones, many, -many])
    order = np.lexsort((place, owner))
    owner, place = owner[order], place[order]
    open_ = (np.cumsum(inside[order]) > 0) & (np.cumsum(covered[order]) == 0)
    if not len(owner):
        return _Spans(owner, place, place)
    same = np.append(owner[1:] == owner[:-1], False)  # the last edge begins nothing
    part = np.flatnonzero(open_ & same & (np.append(place[1:], 0) > place))
    if not len(part):
        return _Spans(part, part, part)
    start, end, home = place[part], place[part + 1], owner[part]
    joined = np.append(False, (start[1:] == end[:-1]) & (home[1:] == home[:-1]))
    first = np.flatnonzero(~joined)
    return _Spans(home[first], start[first], end[np.append(first[1:] - 1, len(end) - 1)])


def _aligned(spans: _Spans) -> _Spans:
    """Cut spans into the fewest CIDRs: from each take the largest block that begins there, all spans at once."""
    owner, start, end = spans
    parts: list[_Spans] = []
    while len(start):  # 62 times at most: blocks of a span grow, then shrink
        fits = np.left_shift(1, np.floor(np.log2(end - start)).astype(np.int64))
        size = np.where(start == 0, fits, np.minimum(start & -start, fits))
        parts.append(_Spans(owner, start, start + size))
        rest = start + size < end
        owner, start, end = owner[rest], (start + size)[rest], end[rest]
    if not parts:
        return spans
    all_ = _Spans(*(np.concatenate(columns) for columns in zip(*parts, strict=True)))
    order = np.lexsort((all_.start, all_.owner))
    return _Spans(*(part[order] for part in all_))


def _prefix(spans: _Spans) -> NDArray[np.int64]:
    return np.asarray(32 - np.round(np.log2(np.maximum(spans.end - spans.start, 1))).astype(np.int64))


def _text(start: NDArray[np.int64], prefix: NDArray[np.int64]) -> pd.api.extensions.ExtensionArray:
    return strings(joined(addresses.to_text(start.astype(np.uint32)), "/", pa.array(prefix).cast(pa.large_string())))
