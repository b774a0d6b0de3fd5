"""Listings -> Inventory: what is needed, read side by side; what could not be read is said."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from itertools import chain
from operator import attrgetter
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pyarrow as pa

from zecnb import addresses
from zecnb.errors import AuthError, CloudError
from zecnb.inventory import Inventory
from zecnb.ledger import keys_of
from zecnb.schema import HOLDERS, NICS, SOURCES, SUBNETS, VPCS, empty

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from zecnb.cloud.client import Client, Listing
    from zecnb.cloud.wire import HaVip, LoadBalancer, Nic, Subnet, Vpc
    from zecnb.schema import Column

__all__ = ["read_inventory"]

_WORKERS = 16
_TEXT = pa.large_string()


def read_inventory(
    client: Client,
    *,
    region_id: str | None = None,
    vpc_id: str | None = None,
    subnet_ids: Sequence[str] | None = None,
    nic_ids: Sequence[str] | None = None,
    homes: Mapping[str, str] | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Inventory:
    """Read what the account, or the part of it that the filters name, holds now.

    With ``nic_ids``: those vNICs, then everything that can hold an address of their subnets.

    Args:
        client: the API.
        region_id: only this region.
        vpc_id: only this VPC.
        subnet_ids: only these subnets.
        nic_ids: only the subnets of these vNICs.
        homes: only these subnets, whose VPCs are known: subnet id -> VPC id.
        progress: told how many listings are done of how many.

    Raises:
        CloudError: the vNICs or subnets cannot be read; any other source makes the inventory partial instead.
    """
    began = datetime.now(UTC)
    with ThreadPoolExecutor(max_workers=_WORKERS, thread_name_prefix="zecnb-read") as pool:
        reading = _Reading(client, pool, progress)
        found: list[Nic] = []
        if nic_ids is not None:
            found = reading.must("nics", f"{len(nic_ids)} ids", client.describe_network_interfaces, nic_ids=nic_ids)
            subnet_ids = sorted({nic.subnet_id for nic in found})
            if not subnet_ids:
                nothing = {"subnets": SUBNETS, "nics": NICS, "holders": HOLDERS, "vpcs": VPCS}
                frames = {name: empty(columns) for name, columns in nothing.items()}
                return Inventory.from_frames(**frames, observed_at=began, sources=reading.sources())
            homes = {nic.subnet_id: nic.vpc_id for nic in found if nic.vpc_id}
        elif homes is not None:
            subnet_ids = sorted(homes)
        homes = homes or {}
        narrow = subnet_ids is not None
        scope = f"{len(subnet_ids)} subnets" if subnet_ids is not None else vpc_id or region_id or "all"
        vpcs = [vpc_id] if vpc_id else None
        where: dict[str, Any] = {"subnet_ids": subnet_ids, "region_id": region_id, "vpc_ids": vpcs}
        known = subnet_ids is not None and len(homes) == len(subnet_ids)  # before the subnets are read
        around = sorted(set(homes.values())) if known else []
        # With their VPCs the subnets beside them are listed too: advice must know what is there.
        subnets_later = reading.begin(
            "subnets", scope, client.describe_subnets, **({"vpc_ids": around} if known else where)
        )
        havips_later = reading.begin("havips", scope, client.describe_ha_vips, **where)
        members = _Members(reading, client, homes)
        if subnet_ids is not None and (homes or len(subnet_ids) <= _EACH):
            members.begin(subnet_ids)
        else:
            members.begin_all(scope, region_id=region_id, vpc_id=vpc_id)
        beside_later: Any = None
        if not known:
            subnets = reading.end_must(subnets_later)
            around = sorted({subnet.vpc_id for subnet in subnets})
            if around and (narrow or region_id):
                beside_later = reading.begin("subnets", "beside them", client.describe_subnets, vpc_ids=around)
        lb_scopes: list[str | None] = list(around) if narrow or vpc_id else [None]
        balancers_later = [
            reading.begin(
                "load_balancers",
                f"VPC {v}" if v else scope,
                client.describe_load_balancers,
                vpc_id=v,
                region_id=None if v else region_id,
            )
            for v in lb_scopes
        ]
        vpcs_later = reading.begin("vpcs", scope, client.describe_vpcs, vpc_ids=around if narrow or vpc_id else None)
        if known:
            wanted, listing = set(subnet_ids or ()), reading.end_must(subnets_later)
            subnets = [subnet for subnet in listing if subnet.subnet_id in wanted]
        else:
            listing = reading.end(beside_later) if beside_later is not None else []
        listed = {subnet.subnet_id for subnet in subnets}
        asked = {nic.nic_id for nic in found}  # they exist, whether their subnet is shown or not
        nics = [nic for nic in members.end() if not narrow or nic.subnet_id in listed or nic.nic_id in asked]
        havips: list[HaVip] = reading.end(havips_later)
        balancers: list[LoadBalancer] = [lb for later in balancers_later for lb in reading.end(later)]
        held_vpcs: list[Vpc] = reading.end(vpcs_later)
    frames = _frames(held_vpcs, subnets, nics, havips, balancers)
    frames["beside"] = _columns([subnet for subnet in listing if subnet.subnet_id not in listed], SUBNETS)
    return Inventory.from_frames(**frames, observed_at=began, sources=reading.sources())


_EACH = 64
"""Subnets read one by one at most when nothing is known of their VPCs."""

_FEW = 4
_WORTH = 125
"""A VPC is listed as a whole for more than ``_FEW`` subnets of it, unless it has more vNICs than this for each."""


class _Members:
    """The vNICs of some subnets.

    A vNIC listing takes one subnet as its filter, or one VPC: few subnets are read one by one, many of a VPC as a
    whole, if that is fewer calls.
    """

    def __init__(self, reading: _Reading, client: Client, homes: Mapping[str, str]) -> None:
        self._reading = reading
        self._list = client.describe_network_interfaces
        self._homes = homes
        self._later: list[Any] = []
        self._whole: list[tuple[list[str], int, Any]] = []

    def begin_all(self, scope: str, **filters: Any) -> None:
        self._later.append(self._reading.begin("nics", scope, self._list, **filters))

    def begin(self, subnet_ids: Sequence[str]) -> None:
        of_vpc: dict[str | None, list[str]] = {}
        for subnet in subnet_ids:
            of_vpc.setdefault(self._homes.get(subnet), []).append(subnet)
        for vpc, subnets in of_vpc.items():
            if vpc is None or len(subnets) <= _FEW:
                self._one_by_one(subnets)
                continue
            most = _WORTH * len(subnets)
            later = self._reading.begin("nics", f"VPC {vpc}", self._list, vpc_id=vpc, at_most=most)
            self._whole.append((subnets, most, later))

    def _one_by_one(self, subnets: Sequence[str]) -> None:
        self._later += [self._reading.begin("nics", f"subnet {s}", self._list, subnet_id=s) for s in subnets]

    def end(self) -> list[Nic]:
        """Wait for them; each once."""
        for subnets, most, later in self._whole:
            if later[-1].result().total > most:
                self._one_by_one(subnets)
            else:
                self._later.append(later)
        nics = {nic.nic_id: nic for later in self._later for nic in self._reading.end_must(later)}
        return list(nics.values())


class _Reading:
    """Listings under way, and how each of them ended."""

    def __init__(self, client: Client, pool: ThreadPoolExecutor, progress: Callable[[int, int], None] | None) -> None:
        self._client = client
        self._pool = pool
        self._progress = progress
        self._begun = 0
        self._rows: list[tuple[str, str, str, int, str]] = []

    def begin(self, source: str, scope: str, call: Callable[..., Listing[Any]], **filters: Any) -> Any:
        self._begun += 1
        return source, scope, self._pool.submit(call, **filters)

    def must(self, source: str, scope: str, call: Callable[..., Listing[Any]], **filters: Any) -> list[Any]:
        return self.end_must(self.begin(source, scope, call, **filters))

    def end_must(self, later: Any) -> list[Any]:
        """Wait for a listing without which nothing can be said."""
        source, scope, future = later
        listing: Listing[Any] = future.result()
        self._note(source, scope, "complete" if listing.complete else "partial", listing.records, listing.detail)
        return listing.records

    def end(self, later: Any) -> list[Any]:
        """Wait for a listing whose failure makes the inventory partial."""
        source, scope, _future = later
        try:
            return self.end_must(later)
        except CloudError as error:
            if isinstance(error, AuthError) and error.code != "AUTHFAILURE_UNAUTHORIZED_OPERATION":
                raise
            self._note(source, scope, "failed", [], str(error))
            return []

    def _note(self, source: str, scope: str, status: str, records: Sequence[object], detail: str) -> None:
        self._rows.append((source, scope, status, len(records), detail))
        if self._progress is not None:
            self._progress(len(self._rows), max(self._begun, len(self._rows)))

    def sources(self) -> pd.DataFrame:
        return pd.DataFrame(self._rows, columns=list(SOURCES))


def _frames(
    vpcs: Sequence[Vpc],
    subnets: Sequence[Subnet],
    nics: Sequence[Nic],
    havips: Sequence[HaVip],
    balancers: Sequence[LoadBalancer],
) -> dict[str, pd.DataFrame]:
    frames = {
        "vpcs": _columns(vpcs, VPCS, absent=("secondary_cidr_blocks",)).assign(
            secondary_cidr_blocks=pd.array([", ".join(vpc.secondary_cidr_blocks or ()) or None for vpc in vpcs], "str")
        ),
        "subnets": _columns(subnets, SUBNETS),
        "nics": _columns(nics, NICS, absent=("secondary_ipv4_count",)),
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
