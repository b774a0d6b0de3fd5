"""Subnets cut into parts or widened, as making them anew would give them.

Of this ZEC has one action: a subnet that is IPv4 only takes a larger CIDR (ModifySubnetAttribute, contract.md 7.1).
"""

from __future__ import annotations

from ipaddress import IPv4Network
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from zecnb import addresses
from zecnb.capacity.room import LARGEST, SMALLEST, cidrs_of
from zecnb.capacity.steps import NIC_KINDS, Change, holders_of
from zecnb.columns import column, is_whole, positions, strings
from zecnb.errors import UsageError
from zecnb.tokens import spans

if TYPE_CHECKING:
    from zecnb.snapshot import Snapshot

__all__ = ["claims_by_vpc", "split", "widen"]


def split(snapshot: Snapshot, subnet_id: str, prefix: int) -> Change:
    """Cut a subnet into equal parts; who holds what stays where it is, as far as it can.

    An address that becomes a part's network, gateway or broadcast address, and one in another part than its vNIC's
    primary, cannot stay: it is left out and said.

    Raises:
        UsageError: the subnet is not there, or the prefix cuts nothing.
    """
    at, whole = _network(snapshot, subnet_id)
    if not is_whole(prefix) or not whole.prefixlen < prefix <= SMALLEST:
        raise UsageError(f"{subnet_id} is {whole}: it splits into /{whole.prefixlen + 1} to /{SMALLEST}, not /{prefix}")
    parts = list(whole.subnets(new_prefix=int(prefix)))
    ids = pd.array([f"{subnet_id}#{number}" for number in range(1, len(parts) + 1)], dtype="str")
    row = snapshot.subnets.iloc[[at] * len(parts)].reset_index(drop=True)
    row["name"] = row["name"].fillna(subnet_id) + " #" + pd.Series(range(1, len(parts) + 1)).astype("str")
    row["subnet_id"], row["cidr_block"] = ids, pd.array([str(part) for part in parts], dtype="str")
    row["gateway_ip_address"] = pd.Series(pd.NA, index=row.index, dtype=row["gateway_ip_address"].dtype)

    held = holders_of(snapshot)
    inside = (held["subnet_id"] == subnet_id).to_numpy()
    own = held[inside].reset_index(drop=True)
    value, _ = addresses.parse(column(own["address"]))
    size = np.uint32(parts[0].num_addresses)
    part, offset = np.divmod(value - np.uint32(int(whole.network_address)), size)
    reserved = (offset <= 1) | (offset == size - 1)
    nics = snapshot.nics.copy()
    mine = nics["subnet_id"] == subnet_id
    of_nic = own["kind"].isin(NIC_KINDS).to_numpy()
    seat = np.zeros(len(nics), np.int64)  # the part a vNIC sits in: that of its primary, else of its lowest address
    order = np.lexsort((value, own["kind"] != NIC_KINDS[0]))[::-1]
    nic = positions(snapshot.nic_ids, column(own["holder_id"]))
    seat[nic[order][nic[order] >= 0]] = part[order][nic[order] >= 0]
    astray = of_nic & (nic >= 0) & (part != seat[np.maximum(nic, 0)])
    nics.loc[mine, "subnet_id"] = ids[seat[mine.to_numpy()]]
    own["subnet_id"] = ids[part.astype(np.int64)]
    problems = _said(own[reserved], "becomes an address no vNIC can have") + _said(
        own[astray & ~reserved], "lies in another part than its vNIC"
    )
    stay = ~(reserved | astray)
    usage = np.bincount(part[stay].astype(np.int64), minlength=len(parts))
    if hidden := int(snapshot.unseen[at]):
        usage[0] += hidden
        problems.append(("subnet", subnet_id, hidden, "no listing shows where these are; counted in the first part"))
    if pd.notna(snapshot.subnets["usage_ipv4_count"].iloc[at]):
        row["usage_ipv4_count"] = pd.array(usage, dtype="Int64")
    subnets = snapshot.subnets
    return Change(
        pd.concat([subnets.iloc[:at], row, subnets.iloc[at + 1 :]], ignore_index=True),
        nics,
        pd.concat([held[~inside], own[stay]], ignore_index=True),
        f"split {subnet_id} {whole} into {len(parts):,} of /{prefix}",
        problems,
    )


def widen(snapshot: Snapshot, subnet_id: str, prefix: int) -> Change:
    """Give a subnet the larger CIDR around its own.

    Raises:
        UsageError: the subnet is not there, the prefix widens nothing, it would leave the CIDRs of its VPC (where
            they are known), or the VPC's other subnets are in the way.
    """
    at, narrow = _network(snapshot, subnet_id)
    if not is_whole(prefix) or not LARGEST <= prefix < narrow.prefixlen:
        wider = f"/{LARGEST} to /{narrow.prefixlen - 1}"
        raise UsageError(f"{subnet_id} is {narrow}: it widens to {wider}, not /{prefix}")
    wide = narrow.supernet(new_prefix=int(prefix))
    around = cidrs_of(snapshot, str(snapshot.subnets["vpc_id"].iloc[at]))
    if around and not any(wide.subnet_of(each) for each in around):
        inside = ", ".join(map(str, around))
        raise UsageError(f"{subnet_id} cannot widen to {wide}: its VPC has {inside}; widen that first")
    shapes = snapshot.geometry
    touched = shapes.ipv4 & (shapes.network <= int(wide.broadcast_address)) & (shapes.broadcast >= int(wide[0]))
    touched &= (snapshot.subnets["vpc_id"] == snapshot.subnets["vpc_id"].iloc[at]).to_numpy()
    touched[at] = False
    if touched.any():
        others = (snapshot.subnets["subnet_id"] + " " + snapshot.subnets["cidr_block"])[touched]
        raise UsageError(f"{subnet_id} cannot widen to {wide}: {', '.join(others.head(3))} in the way")
    subnets = snapshot.subnets.copy()
    subnets.loc[at, "cidr_block"] = str(wide)
    if int(shapes.gateway[at]) == int(narrow[1]):  # the first address is the gateway; it moves with the first address
        subnets.loc[at, "gateway_ip_address"] = pd.NA
    return Change(subnets, snapshot.nics, holders_of(snapshot), f"widen {subnet_id} {narrow} to {wide}", [])


def claims_by_vpc(snapshot: Snapshot, claims: pd.DataFrame, subnet_id: str) -> pd.DataFrame:
    """Return claims with those of one subnet narrowed down to the same addresses by its VPC instead of by its id."""
    at, whole = _network(snapshot, subnet_id)
    vpc_id = str(snapshot.subnets["vpc_id"].iloc[at])
    low, high, _ = spans(column(claims["range"]))
    first, last = np.uint32(int(whole[0])), np.uint32(int(whole[-1]))
    mine = (claims["subnet_id"] == subnet_id) & (claims["vpc_id"].fillna(vpc_id) == vpc_id)
    mine &= (low <= last) & (high >= first)
    inside = pd.Series(strings(addresses.ranges(np.maximum(low, first), np.minimum(high, last))), claims.index)
    return claims.assign(
        range=claims["range"].mask(mine & ((low < first) | (high > last)), inside),
        vpc_id=claims["vpc_id"].mask(mine, vpc_id),
        subnet_id=claims["subnet_id"].mask(mine),
    )


def _network(snapshot: Snapshot, subnet_id: str) -> tuple[int, IPv4Network]:
    at = snapshot.ipv4_position(subnet_id)
    return at, IPv4Network(str(snapshot.subnets["cidr_block"].iloc[at]))


def _said(rows: pd.DataFrame, problem: str) -> list[tuple[str, str, int, str]]:
    return [
        (str(kind).partition("_")[0], str(holder), 1, f"{address} {problem}")
        for kind, holder, address in zip(rows["kind"], rows["holder_id"], rows["address"], strict=True)
    ]
