"""Listings -> Inventory: what is needed, read side by side; what could not be read is said."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

import pandas as pd

from zecnb.cloud.frames import frames_of
from zecnb.errors import AuthError, CloudError
from zecnb.inventory import Inventory
from zecnb.schema import SOURCES

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from concurrent.futures import Future

    from zecnb.cloud.client import Client, Listing
    from zecnb.cloud.wire import HaVip, LoadBalancer, Nic, Subnet, Vpc

__all__ = ["read_inventory"]

_WORKERS = 16


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
        reading = _Reading(pool, progress)
        found: list[Nic] = []
        called: list[Nic] = []
        if nic_ids is not None:
            found = reading.must("nics", f"{len(nic_ids)} ids", client.describe_network_interfaces, nic_ids=nic_ids)
            called = _called(reading, client, {*nic_ids} - {nic.nic_id for nic in found})
            subnet_ids = sorted({nic.subnet_id for nic in found})
            if not subnet_ids:
                nothing = frames_of([], [], [], [], [], called=called)
                return Inventory.from_frames(**nothing, observed_at=began, sources=reading.sources())
            homes = {nic.subnet_id: nic.vpc_id for nic in found if nic.vpc_id}
        elif homes is not None:
            subnet_ids = sorted(homes)
        homes = homes or {}
        narrow = subnet_ids is not None
        scope = f"{len(subnet_ids)} subnets" if subnet_ids is not None else vpc_id or region_id or "all"
        vpcs = [vpc_id] if vpc_id else None
        where: dict[str, Any] = {"subnet_ids": subnet_ids, "region_id": region_id, "vpc_ids": vpcs}
        listing = _Subnets(reading, client, scope, where, homes)
        havips_later = reading.begin("havips", scope, client.describe_ha_vips, **where)
        members = _Members(reading, client, homes)
        if subnet_ids is not None and (homes or len(subnet_ids) <= _EACH):
            members.begin(subnet_ids)
        else:
            members.begin_all(scope, region_id=region_id, vpc_id=vpc_id)
        around = listing.around()
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
        subnets, beside = listing.end()
        listed = {subnet.subnet_id for subnet in subnets}
        asked = {nic.nic_id for nic in found}  # they exist, whether their subnet is shown or not
        nics = [nic for nic in members.end() if not narrow or nic.subnet_id in listed or nic.nic_id in asked]
        havips: list[HaVip] = reading.end(havips_later)
        balancers: list[LoadBalancer] = [lb for later in balancers_later for lb in reading.end(later)]
        held_vpcs: list[Vpc] = reading.end(vpcs_later)
    there = {nic.nic_id for nic in nics}
    called = [nic for nic in called if nic.nic_id not in there]
    frames = frames_of(held_vpcs, subnets, nics, havips, balancers, beside=beside, called=called)
    return Inventory.from_frames(**frames, observed_at=began, sources=reading.sources())


class _Subnets:
    """The subnets asked for, and those beside them in their VPCs: advice must know what is there.

    Where the VPCs are known before, one listing has both.
    """

    def __init__(
        self, reading: _Reading, client: Client, scope: str, where: Mapping[str, Any], homes: Mapping[str, str]
    ) -> None:
        self._reading, self._list, self._where = reading, client.describe_subnets, where
        wanted = where["subnet_ids"]
        self._known = wanted is not None and len(homes) == len(wanted)
        self._around = sorted(set(homes.values())) if self._known else []
        filters = {"vpc_ids": self._around} if self._known else where
        self._later = reading.begin("subnets", scope, self._list, **filters)
        self._subnets: list[Subnet] = []
        self._beside: _Later | None = None

    def around(self) -> list[str]:
        """Return their VPCs."""
        if not self._known:
            self._subnets = self._reading.end_must(self._later)
            self._around = sorted({subnet.vpc_id for subnet in self._subnets})
            part = self._where["subnet_ids"] is not None or self._where["region_id"]
            if part and self._around:
                self._beside = self._reading.begin("subnets", "beside them", self._list, vpc_ids=self._around)
        return self._around

    def end(self) -> tuple[list[Subnet], list[Subnet]]:
        """Wait for them: those asked for, and the others."""
        if self._known:
            every: list[Subnet] = self._reading.end_must(self._later)
            wanted = set(self._where["subnet_ids"])
            self._subnets = [subnet for subnet in every if subnet.subnet_id in wanted]
        else:
            every = self._reading.end(self._beside) if self._beside is not None else []
            wanted = {subnet.subnet_id for subnet in self._subnets}
        return self._subnets, [subnet for subnet in every if subnet.subnet_id not in wanted]


_NAMES = 20
"""Names looked up at most of what was given as ids and is none."""


def _called(reading: _Reading, client: Client, unknown: set[str]) -> list[Nic]:
    """Return the vNICs that have what was given as an id in their name: advice tells their ids.

    Ids are numbers (contract.md 5) and names have 2 to 63 characters, so a wrong id costs no call.
    """
    names = sorted(text for text in unknown if not text.isdecimal() and text.isprintable() and 2 <= len(text) <= 63)
    look = partial(client.describe_network_interfaces, at_most=_NAMES)
    later = [reading.aside(look, name=name) for name in names[:_NAMES]]
    nics: dict[str, Nic] = {}
    for each in later:
        with suppress(CloudError):  # nothing rests on it
            nics |= {nic.nic_id: nic for nic in each.result().records}
    return list(nics.values())


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
        self._later: list[_Later] = []
        self._whole: list[tuple[list[str], int, _Later]] = []

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
            if later.future.result().total > most:
                self._one_by_one(subnets)
            else:
                self._later.append(later)
        nics = {nic.nic_id: nic for later in self._later for nic in self._reading.end_must(later)}
        return list(nics.values())


class _Later(NamedTuple):
    """A listing under way: of what, by which filter."""

    source: str
    scope: str
    future: Future[Listing[Any]]


class _Reading:
    """Listings under way, and how each of them ended."""

    def __init__(self, pool: ThreadPoolExecutor, progress: Callable[[int, int], None] | None) -> None:
        self._pool = pool
        self._progress = progress
        self._begun = 0
        self._rows: list[tuple[str, str, str, int, str]] = []

    def begin(self, source: str, scope: str, call: Callable[..., Listing[Any]], **filters: Any) -> _Later:
        self._begun += 1
        return _Later(source, scope, self._pool.submit(call, **filters))

    def aside(self, call: Callable[..., Listing[Any]], **filters: Any) -> Future[Listing[Any]]:
        """Begin a listing that nothing rests on: it is no source."""
        return self._pool.submit(call, **filters)

    def must(self, source: str, scope: str, call: Callable[..., Listing[Any]], **filters: Any) -> list[Any]:
        return self.end_must(self.begin(source, scope, call, **filters))

    def end_must(self, later: _Later) -> list[Any]:
        """Wait for a listing without which nothing can be said."""
        listing = later.future.result()
        self._note(later, "complete" if listing.complete else "partial", listing.records, listing.detail)
        return listing.records

    def end(self, later: _Later) -> list[Any]:
        """Wait for a listing whose failure makes the inventory partial."""
        try:
            return self.end_must(later)
        except CloudError as error:
            if isinstance(error, AuthError) and error.code != "AUTHFAILURE_UNAUTHORIZED_OPERATION":
                raise
            self._note(later, "failed", [], str(error))
            return []

    def _note(self, later: _Later, status: str, records: Sequence[object], detail: str) -> None:
        self._rows.append((later.source, later.scope, status, len(records), detail))
        if self._progress is not None:
            self._progress(len(self._rows), max(self._begun, len(self._rows)))

    def sources(self) -> pd.DataFrame:
        return pd.DataFrame(self._rows, columns=list(SOURCES))
