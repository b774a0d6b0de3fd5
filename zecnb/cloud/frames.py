"""Records of listings -> frames, a column at a time."""

from __future__ import annotations

from itertools import chain
from operator import attrgetter
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pyarrow as pa

from zecnb import addresses
from zecnb.ledger import keys_of
from zecnb.schema import NICS, SUBNETS, VPCS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from zecnb.cloud.wire import HaVip, LoadBalancer, Nic, Subnet, Vpc
    from zecnb.schema import Column

__all__ = ["frames_of"]

_TEXT = pa.large_string()


def frames_of(
    vpcs: Sequence[Vpc],
    subnets: Sequence[Subnet],
    nics: Sequence[Nic],
    havips: Sequence[HaVip],
    balancers: Sequence[LoadBalancer],
    *,
    beside: Sequence[Subnet] = (),
    called: Sequence[Nic] = (),
) -> dict[str, pd.DataFrame]:
    """Return records as ``Inventory.from_frames`` takes them.

    Args:
        vpcs: with what they are called and have.
        subnets: those that were read.
        nics: their vNICs.
        havips: their HaVips.
        balancers: load balancers of their VPCs.
        beside: other subnets of those VPCs.
        called: vNICs of which only who they are matters: what they hold is left out.
    """
    frames = {
        "vpcs": _columns(vpcs, VPCS, absent=("secondary_cidr_blocks",)).assign(
            secondary_cidr_blocks=pd.array([", ".join(vpc.secondary_cidr_blocks or ()) or None for vpc in vpcs], "str")
        ),
        "subnets": _subnets(subnets),
        "beside": _subnets(beside),
        "nics": _columns([*nics, *called], NICS, absent=("secondary_ipv4_count",)),
    }
    parts = [
        _held([n for n in nics if n.primary_ipv4], "nic_primary", lambda n: (n.primary_ipv4,)),
        _held([n for n in nics if n.secondary_ipv4s], "nic_secondary", lambda n: n.secondary_ipv4s),
        _held([h for h in havips if h.ip_address], "havip", lambda h: (h.ip_address,), lambda h: h.ha_vip_id),
    ]
    for kind, of in (("lb", "private_ip_address"), ("lb_health", "health_check_private_ips")):
        with_any = [lb for lb in balancers if getattr(lb, of)]
        part = _held(
            with_any,
            kind,
            attrgetter(of),
            lambda lb: lb.load_balancer_id,
            lambda lb: lb.load_balancer_name,
            home=lambda _: None,
        )
        vpc = [lb.vpc_id for lb in with_any for _ in getattr(lb, of)]
        parts.append(_settle(part, vpc, frames["subnets"]))
    frames["holders"] = pd.concat(parts, ignore_index=True)
    return frames


def _columns(records: Sequence[Any], columns: Mapping[str, Column], absent: Iterable[str] = ()) -> pd.DataFrame:
    """Turn records into a frame, one column at a time."""
    types = {"str": _TEXT, "Int64": pa.int64()}
    done: dict[str, Any] = {}
    for name, column in columns.items():
        if name not in absent:
            done[name] = pd.array(
                pa.array([getattr(record, name) for record in records], types[column.dtype]), dtype=column.dtype
            )
    return pd.DataFrame(done)


def _subnets(records: Sequence[Subnet]) -> pd.DataFrame:
    """Return subnets; a gateway that is no address of its subnet is one not told, for there it reserves nothing."""
    frame = _columns(records, SUBNETS)
    network, prefix, _ = addresses.parse_cidr(pa.array(frame["cidr_block"].array, _TEXT))
    gateway, good = addresses.parse(pa.array(frame["gateway_ip_address"].array, _TEXT))
    bits = np.clip(32 - prefix, 0, 32).astype(np.uint64)
    inside = good & (prefix >= 0) & (gateway >> bits == network >> bits)
    return frame.assign(gateway_ip_address=frame["gateway_ip_address"].where(inside))


def _held(
    records: Sequence[Any],
    kind: str,
    held: Callable[[Any], Iterable[str]],
    id_of: Callable[[Any], str] = lambda r: r.nic_id,
    name_of: Callable[[Any], str | None] = lambda r: r.name,
    home: Callable[[Any], str | None] = lambda r: r.subnet_id,
) -> pd.DataFrame:
    """Return one row per address that records hold."""
    lists = [list(held(record)) for record in records]
    repeat = pa.array(np.repeat(np.arange(len(lists)), [len(each) for each in lists]))

    def column(of: Callable[[Any], str | None]) -> Any:
        return pd.array(pa.array([of(record) for record in records], _TEXT).take(repeat), dtype="str")

    texts = pd.array(pa.array(list(chain.from_iterable(lists)), _TEXT), dtype="str")
    return pd.DataFrame(
        {"subnet_id": column(home), "address": texts, "holder_id": column(id_of), "holder_name": column(name_of)}
    ).assign(kind=pd.array([kind] * len(texts), dtype="str"))


def _settle(part: pd.DataFrame, vpcs: list[str | None], subnets: pd.DataFrame) -> pd.DataFrame:
    """Put each address of a load balancer into the subnet of its VPC that contains it; others are not ours."""
    ipv4 = subnets[subnets["cidr_block"].notna()].reset_index(drop=True)
    if part.empty or ipv4.empty:
        return part.iloc[:0]
    codes = {vpc: at for at, vpc in enumerate(ipv4["vpc_id"].unique())}
    network, prefix, _ = addresses.parse_cidr(pa.array(ipv4["cidr_block"].array, _TEXT))
    low = keys_of(ipv4["vpc_id"].map(codes).to_numpy(np.int64), network)
    order = np.argsort(low)
    value, good = addresses.parse(pa.array(part["address"].array, _TEXT))
    vpc = np.array([codes.get(v, -1) for v in vpcs], np.int64)
    key = keys_of(vpc, value)
    at = order[np.maximum(np.searchsorted(low[order], key, "right") - 1, 0)]
    size = np.left_shift(1, np.clip(32 - prefix[at], 0, 32)).astype(np.uint64)
    inside = good & (vpc >= 0) & (key >= low[at]) & (key < low[at] + size)
    settled = part.assign(subnet_id=ipv4["subnet_id"].array.take(at))
    return settled[inside]
