"""One method per action; paging, retry of reads, error mapping."""

from __future__ import annotations

import logging
import math
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Generic, Self, TypeVar

import httpx
import msgspec
import stamina

from zecnb.cloud.answers import plain, read_answer, transport_error
from zecnb.cloud.lanes import Lanes
from zecnb.cloud.throttle import Throttle
from zecnb.cloud.wire import LISTINGS, Assigned, Eip, HaVip, LoadBalancer, Nic, Page, Subnet, Vpc, decode
from zecnb.errors import CloudError, ProtocolError, ReadOnlyError, ThrottledError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from types import TracebackType

    from zecnb.cloud.settings import Settings

__all__ = ["AssignResult", "Client", "Listing"]

_log = logging.getLogger("zecnb")
for _name in ("zecnb", "stamina"):  # who configures no logging sees none, retries included
    logging.getLogger(_name).addHandler(logging.NullHandler())
_VERSIONS = {"zec": "2025-09-01", "zlb": "2025-04-01"}
_IDS_PER_CALL = 100  # contract.md 4
_CONNECTIONS = 64
_R = TypeVar("_R")


@dataclass(frozen=True)
class Listing(Generic[_R]):
    """All records of a listing.

    Attributes:
        records: each id once.
        complete: whether they are all that the API counted.
        detail: why they are not.
        total: how many the API counted.
    """

    records: list[_R]
    complete: bool = True
    detail: str = ""
    total: int = 0


@dataclass(frozen=True)
class AssignResult:
    """What a write returned.

    Attributes:
        ip_addresses: addresses the API says it assigned; empty for a release.
        request_id: the API's requestId.
        http_status: HTTP status.
    """

    ip_addresses: tuple[str, ...]
    request_id: str
    http_status: int = 200


class Client:
    """The ZEC API, safe for several threads.

    Args:
        settings: where to call and as whom.
        transport: an httpx transport, for proxies and tests.
        read_only: refuse every write before it reaches the network.
        timeout: seconds to wait for a connection or for the next byte.
        page_size: records a page, 1..1000.
        attempts: how often a read is tried.
        retry_timeout: seconds after which a read is not tried again.
        clock: monotonic seconds.
        sleep: waits for seconds.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        transport: httpx.BaseTransport | None = None,
        read_only: bool = False,
        timeout: float = 60.0,
        page_size: int = 1000,
        attempts: int = 5,
        retry_timeout: float = 90.0,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.read_only = read_only
        self._closed = False
        self._page_size = page_size
        self._throttle = Throttle(clock, sleep)
        self._retry = stamina.RetryingCaller(
            attempts=attempts, timeout=retry_timeout, wait_initial=0.2, wait_max=8.0, wait_jitter=0.5
        )
        context = httpx.create_ssl_context() if settings.base_url.startswith("https") else False

        def connect(limits: httpx.Limits) -> httpx.Client:
            return httpx.Client(
                base_url=settings.base_url,
                auth=settings.auth,
                transport=transport,
                verify=context,
                mounts={"http://": None},  # plain HTTP is loopback (settings.py): no environment's proxy may see it
                timeout=httpx.Timeout(timeout, connect=min(timeout, 10.0)),
                limits=limits,
                headers={"content-type": "application/json", "user-agent": "zecnb"},
                follow_redirects=False,
            )

        self._lanes = Lanes(connect, _CONNECTIONS if transport is None else 1)
        self._pool = ThreadPoolExecutor(max_workers=16, thread_name_prefix="zecnb-page")

    # -- reads ---------------------------------------------------------------------------------------------------

    def describe_vpcs(self, *, vpc_ids: Sequence[str] | None = None) -> Listing[Vpc]:
        """List VPCs."""
        return self._list_by_ids("DescribeVpcs", "vpcIds", vpc_ids, {})

    def describe_subnets(
        self,
        *,
        subnet_ids: Sequence[str] | None = None,
        region_id: str | None = None,
        vpc_ids: Sequence[str] | None = None,
    ) -> Listing[Subnet]:
        """List subnets; both kinds of ids by as many calls as it takes."""
        if subnet_ids is None:
            return self._list_by_ids("DescribeSubnets", "vpcIds", vpc_ids, {"regionId": region_id})
        filters = {"regionId": region_id, "vpcIds": list(vpc_ids) if vpc_ids is not None else None}
        return self._list_by_ids("DescribeSubnets", "subnetIds", subnet_ids, filters)

    def describe_network_interfaces(
        self,
        *,
        nic_ids: Sequence[str] | None = None,
        region_id: str | None = None,
        vpc_id: str | None = None,
        subnet_id: str | None = None,
        name: str | None = None,
        at_most: int | None = None,
    ) -> Listing[Nic]:
        """List vNICs; when there are more than ``at_most``, only the first page, which says how many there are."""
        filters = {"regionId": region_id, "vpcId": vpc_id, "subnetId": subnet_id, "name": name}
        if at_most is not None:
            return self._list("DescribeNetworkInterfaces", filters, at_most=at_most)
        return self._list_by_ids("DescribeNetworkInterfaces", "nicIds", nic_ids, filters)

    def describe_ha_vips(
        self,
        *,
        subnet_ids: Sequence[str] | None = None,
        region_id: str | None = None,
        vpc_ids: Sequence[str] | None = None,
    ) -> Listing[HaVip]:
        """List HaVips."""
        filters = {"regionId": region_id, "vpcIds": list(vpc_ids) if vpc_ids is not None else None}
        return self._list_by_ids("DescribeHaVips", "subnetIds", subnet_ids, filters)

    def describe_load_balancers(
        self, *, region_id: str | None = None, vpc_id: str | None = None
    ) -> Listing[LoadBalancer]:
        """List load balancers (service zlb, contract.md 5.16)."""
        return self._list("DescribeLoadBalancers", {"regionId": region_id, "vpcId": vpc_id}, service="zlb")

    def describe_eips(self, *, private_ip_address: str | None = None) -> Listing[Eip]:
        """List elastic IPs."""
        return self._list("DescribeEips", {"privateIpAddress": private_ip_address})

    def bound_addresses(self, nic_ids: Sequence[str]) -> dict[tuple[str, str], str]:
        """Return which private addresses of some vNICs an EIP is bound to, and in words to which."""
        wanted = set(nic_ids)
        bound = {}
        for eip in self.describe_eips().records:
            if eip.nic_id in wanted and eip.private_ip_address:
                public = ", ".join(eip.public_ip_addresses or [])
                words = " ".join(filter(None, ("EIP", eip.name, eip.eip_id, public)))
                bound[eip.nic_id, eip.private_ip_address] = f"{words} is bound to it"
        return bound

    # -- writes --------------------------------------------------------------------------------------------------

    def batch_assign_network_interface_ipv4(
        self, nic_id: str, *, ip_addresses: Sequence[str] | None = None, ip_address_count: int | None = None
    ) -> AssignResult:
        """Assign addresses to a vNIC, by list or by count; sent once, whatever happens (contract.md 5.1).

        Raises:
            UsageError: both or neither are given.
            ReadOnlyError: the client is read-only; nothing was sent.
            CloudError: it failed; ``may_have_happened`` says whether it can have taken effect.
        """
        if (not ip_addresses) == (ip_address_count is None):
            raise UsageError("give either ip_addresses or ip_address_count")
        if isinstance(ip_addresses, str):
            raise UsageError("ip_addresses is a list of addresses, not one text")
        asked = {"ipAddresses": list(ip_addresses)} if ip_addresses else {"ipAddressCount": ip_address_count}
        request_id, raw = self._write("BatchAssignNetworkInterfaceIpv4", {"nicId": nic_id, **asked})
        try:
            assigned = decode(raw, Assigned)
        except (msgspec.ValidationError, msgspec.DecodeError) as error:
            raise _unreadable("BatchAssignNetworkInterfaceIpv4", error, request_id) from error
        return AssignResult(tuple(assigned.ip_addresses or ()), request_id)

    def unassign_network_interface_ipv4(self, nic_id: str, ip_addresses: Sequence[str]) -> AssignResult:
        """Release secondary addresses of a vNIC; sent once (contract.md 5.3).

        Raises:
            UsageError: there are none.
            ReadOnlyError: the client is read-only; nothing was sent.
            CloudError: it failed; ``may_have_happened`` says whether it can have taken effect.
        """
        if isinstance(ip_addresses, str) or not ip_addresses:
            raise UsageError("ip_addresses is a list of one address or more")
        asked = {"nicId": nic_id, "ipAddresses": list(ip_addresses)}
        request_id, _ = self._write("UnassignNetworkInterfaceIpv4", asked)
        return AssignResult((), request_id)

    # -- one call ------------------------------------------------------------------------------------------------

    def _write(self, action: str, body: dict[str, Any]) -> tuple[str, msgspec.Raw]:
        if self.read_only:
            raise ReadOnlyError(f"{action}: this client is read-only; nothing was sent")
        return self._call(action, body, "zec")

    def _read(self, action: str, body: dict[str, Any], service: str) -> tuple[str, msgspec.Raw]:
        return self._retry(_is_retryable, self._call, action, body, service)

    def _call(self, action: str, body: dict[str, Any], service: str) -> tuple[str, msgspec.Raw]:
        if self._closed:
            raise UsageError("the connection is closed; connect again")
        self._throttle.wait()
        headers = {"x-zc-action": action, "x-zc-version": _VERSIONS[service], "x-zc-service": service}
        began = time.monotonic()
        try:
            with self._lanes.lane() as http:
                answer = http.post(f"/api/v2/{service}", content=msgspec.json.encode(body), headers=headers)
        except httpx.HTTPError as error:
            # The request that was sent has the credential, and errors travel: to a worker's client, for one.
            error.request = httpx.Request("POST", self._lanes.first.base_url)
            raise transport_error(action, error) from error
        finally:
            _log.debug("%s took %.0f ms", action, (time.monotonic() - began) * 1000)
        try:
            payload = read_answer(action, answer)
        except ThrottledError as error:
            self._throttle.refused(error.retry_after)
            raise
        self._throttle.accepted()
        return payload

    # -- listings ------------------------------------------------------------------------------------------------

    def _list_by_ids(self, action: str, field: str, ids: Sequence[str] | None, filters: dict[str, Any]) -> Listing[Any]:
        """List by ids, as many calls as it takes; an unknown id is simply not there."""
        if ids is None:
            return self._list(action, filters)
        if isinstance(ids, str):
            raise UsageError(f"{field} is a list of ids, not one text")
        ids = list(dict.fromkeys(ids))
        chunks = [ids[i : i + _IDS_PER_CALL] for i in range(0, len(ids), _IDS_PER_CALL)]
        parts = [self._list(action, {**filters, field: chunk}) for chunk in chunks]
        detail = "; ".join(part.detail for part in parts if part.detail)
        records, total = [r for part in parts for r in part.records], sum(part.total for part in parts)
        return Listing(records, all(part.complete for part in parts), detail, total)

    def _list(
        self, action: str, filters: dict[str, Any], service: str = "zec", *, at_most: int | None = None
    ) -> Listing[Any]:
        """Read every page: the first tells the total, the others are fetched side by side.

        A total that moves, or an id twice, means that the account changed meanwhile: the listing is read again,
        and is partial when it will not hold still.
        """
        kind, key = LISTINGS[action]
        id_of = attrgetter(key)
        body = {name: value for name, value in filters.items() if value is not None}
        detail = ""
        found: list[Any] = []
        totals: set[int] = set()
        for _ in range(3):
            pages = self._pages(action, body, service, kind, at_most)
            totals = {total for total, _ in pages}
            found = [record for _, page in pages for record in page]
            distinct = len(set(map(id_of, found)))
            if len(totals) == 1 and distinct == len(found) == next(iter(totals)):
                return Listing(found, total=len(found))
            if at_most is not None and max(totals) > at_most:
                return Listing(found, complete=False, detail=f"more than {at_most}", total=max(totals))
            detail = f"{action}: {distinct} records read of {'/'.join(map(str, sorted(totals)))} while they changed"
        records = {id_of(record): record for record in found}
        return Listing(list(records.values()), complete=False, detail=detail, total=max(totals))

    def _pages(
        self, action: str, body: dict[str, Any], service: str, kind: Any, at_most: int | None
    ) -> list[tuple[int, list[Any]]]:
        def page(number: int) -> tuple[int, list[Any]]:
            request_id, raw = self._read(action, {**body, "pageSize": self._page_size, "pageNum": number}, service)
            try:
                read = decode(raw, Page)
                return read.total_count, decode(read.data_set, list[kind])
            except (msgspec.ValidationError, msgspec.DecodeError) as error:
                raise _unreadable(action, error, request_id) from error

        first = page(1)
        more = range(2, math.ceil(first[0] / self._page_size) + 1)
        if not more or (at_most is not None and first[0] > at_most):
            return [first]
        return [first, *self._pool.map(page, more)]

    def close(self) -> None:
        """Close every connection."""
        self._closed = True
        self._pool.shutdown(wait=False, cancel_futures=True)
        self._lanes.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"Client({self._lanes.first.base_url.host}{', read-only' if self.read_only else ''})"


def _is_retryable(error: Exception) -> bool:
    return isinstance(error, CloudError) and error.retryable


def _unreadable(action: str, error: Exception, request_id: str) -> ProtocolError:
    return ProtocolError(
        f"the answer is not the API's JSON: {plain(error)}",
        action=action,
        code="PROTOCOL_BODY",
        http_status=200,
        request_id=request_id,
        may_have_happened=True,
        advice="Quote the requestId to support; after a write, read before repeating it.",
    )
