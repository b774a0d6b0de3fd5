"""The client: paging, retry of reads, writes that are sent once, and what errors carry."""

from __future__ import annotations

import json
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from tests.cloud.scripted import (
    ASSIGN,
    NICS,
    NOWHERE,
    REQUEST_ID,
    FakeTime,
    Script,
    beside,
    connected,
    failed,
    ok,
    scripted,
    settings,
    vpcs,
)
from zecnb.cloud.client import Client
from zecnb.cloud.settings import resolve
from zecnb.emulator import Emulator, resources
from zecnb.emulator.seeds import APP_SIN, WEB_07
from zecnb.errors import (
    ApiError,
    AuthError,
    CloudError,
    ProtocolError,
    ReadOnlyError,
    RefusedError,
    ThrottledError,
    TransportError,
    UsageError,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

HTML = "<!DOCTYPE html><title>Sign in</title>"


@pytest.fixture(scope="module")
def demo() -> Iterator[Emulator]:
    """The demo account, without a port; for tests that change nothing."""
    emulator = Emulator("demo")
    yield emulator
    emulator.stop()


@pytest.fixture
def small() -> Iterator[Emulator]:
    """A running account of 25 vNICs."""
    with Emulator("random:7:25") as emulator:
        yield emulator


def assign(client: Client) -> Any:
    """Assign an address."""
    return client.batch_assign_network_interface_ipv4("nic-1", ip_addresses=["10.0.0.9"])


def unassign(client: Client) -> Any:
    """Release an address."""
    return client.unassign_network_interface_ipv4("nic-1", ["10.0.0.9"])


WRITES = pytest.mark.parametrize("write", [assign, unassign])


# -- requests --------------------------------------------------------------------------------------------------------


def test_request_on_the_wire() -> None:
    """Path, headers and body of a call are what contract.md 1 asks for."""
    script = Script(vpcs(0, 1, 1))
    with scripted(script, page_size=50) as client:
        client.describe_vpcs()
    (request,) = script.requests
    assert (request.method, str(request.url)) == ("POST", f"{NOWHERE}/api/v2/zec")
    assert {name: request.headers[name] for name in request.headers if name.startswith("x-zc-") or name == "host"} == {
        "host": "127.0.0.1:1",
        "x-zc-action": "DescribeVpcs",
        "x-zc-version": "2025-09-01",
        "x-zc-service": "zec",
        "x-zc-signature-method": "ZC2-HMAC-SHA256",
        "x-zc-timestamp": request.headers["x-zc-timestamp"],
    }
    assert request.headers["content-type"] == "application/json"
    assert json.loads(request.content) == {"pageSize": 50, "pageNum": 1}


def test_load_balancers_are_another_service() -> None:
    """Load balancers are read from service zlb, with its own version (contract.md 5.16)."""
    script = Script(ok({"totalCount": 0, "dataSet": []}))
    with scripted(script) as client:
        client.describe_load_balancers(vpc_id="v")
    (request,) = script.requests
    assert request.url.path == "/api/v2/zlb"
    assert (request.headers["x-zc-version"], request.headers["x-zc-service"]) == ("2025-04-01", "zlb")
    assert script.bodies[0]["vpcId"] == "v"


@pytest.mark.parametrize(
    ("call", "action", "filters"),
    [
        (lambda c: c.describe_vpcs(vpc_ids=["v"]), "DescribeVpcs", {"vpcIds": ["v"]}),
        (
            lambda c: c.describe_subnets(subnet_ids=["s"], region_id="r", vpc_ids=("v",)),
            "DescribeSubnets",
            {"subnetIds": ["s"], "regionId": "r", "vpcIds": ["v"]},
        ),
        (
            lambda c: c.describe_network_interfaces(nic_ids=["n"], region_id="r", vpc_id="v", subnet_id="s", name="x"),
            NICS,
            {"nicIds": ["n"], "regionId": "r", "vpcId": "v", "subnetId": "s", "name": "x"},
        ),
        (
            lambda c: c.describe_ha_vips(subnet_ids=["s"], region_id="r", vpc_ids=["v"]),
            "DescribeHaVips",
            {"subnetIds": ["s"], "regionId": "r", "vpcIds": ["v"]},
        ),
        (lambda c: c.describe_load_balancers(region_id="r"), "DescribeLoadBalancers", {"regionId": "r"}),
        (lambda c: c.describe_eips(private_ip_address="10.0.0.1"), "DescribeEips", {"privateIpAddress": "10.0.0.1"}),
    ],
)
def test_filters(call: Callable[[Client], Any], action: str, filters: dict[str, Any]) -> None:
    """Each listing sends the filters that are given, under the API's names, and no others."""
    script = Script(ok({"totalCount": 0, "dataSet": []}))
    with scripted(script) as client:
        assert call(client).records == []
    assert script.actions == [action]
    assert script.bodies == [{**filters, "pageSize": 1000, "pageNum": 1}]


@pytest.mark.parametrize(
    ("asked", "body"),
    [
        ({"ip_addresses": ("10.0.0.9", "10.0.0.8")}, {"ipAddresses": ["10.0.0.9", "10.0.0.8"]}),
        ({"ip_address_count": 3}, {"ipAddressCount": 3}),
        ({"ip_addresses": [], "ip_address_count": 3}, {"ipAddressCount": 3}),
    ],
)
def test_assign_body(asked: dict[str, Any], body: dict[str, Any]) -> None:
    """A list or a count is sent, in the order given, never both."""
    script = Script(ok({"ipAddresses": ["10.0.0.9"]}))
    with scripted(script) as client:
        result = client.batch_assign_network_interface_ipv4("nic-1", **asked)
    assert script.bodies == [{"nicId": "nic-1", **body}]
    assert (result.ip_addresses, result.request_id, result.http_status) == (("10.0.0.9",), REQUEST_ID, 200)


def test_unassign_body() -> None:
    """A release names vNIC and addresses; its answer holds a requestId and nothing else."""
    script = Script(ok())
    with scripted(script) as client:
        result = client.unassign_network_interface_ipv4("nic-1", ["10.0.0.9"])
    assert script.bodies == [{"nicId": "nic-1", "ipAddresses": ["10.0.0.9"]}]
    assert (result.ip_addresses, result.request_id) == ((), REQUEST_ID)


@pytest.mark.parametrize(
    "call",
    [
        lambda c: c.batch_assign_network_interface_ipv4("n"),
        lambda c: c.batch_assign_network_interface_ipv4("n", ip_addresses=[]),
        lambda c: c.batch_assign_network_interface_ipv4("n", ip_addresses=["10.0.0.9"], ip_address_count=1),
        lambda c: c.batch_assign_network_interface_ipv4("n", ip_addresses="10.0.0.9"),
        lambda c: c.unassign_network_interface_ipv4("n", "10.0.0.9"),
        lambda c: c.unassign_network_interface_ipv4("n", []),
        lambda c: c.describe_network_interfaces(nic_ids="1680855999352675875"),
        lambda c: c.describe_subnets(subnet_ids="1272168087751233112"),
    ],
)
def test_meaningless_arguments(call: Callable[[Client], Any]) -> None:
    """What cannot mean anything is refused before it is sent; a text is never taken for a list of letters."""
    script = Script(ok())
    with scripted(script) as client, pytest.raises(UsageError):
        call(client)
    assert script.requests == []


# -- paging ----------------------------------------------------------------------------------------------------------


def test_every_page_of_an_account(small: Emulator) -> None:
    """Over HTTP all pages together give each vNIC once, as one large page does."""
    with connected(small, page_size=4) as client:
        paged = client.describe_network_interfaces()
    with connected(small) as client:
        whole = client.describe_network_interfaces()
    assert paged == whole
    assert (len(paged.records), paged.complete, paged.detail) == (25, True, "")
    assert small.faults.calls[NICS] == 7 + 1


def test_pages_are_read_side_by_side() -> None:
    """After the first page the others are under way at the same time."""
    together = threading.Barrier(4, timeout=10)

    def page(body: dict[str, Any]) -> httpx.Response:
        number = body["pageNum"]
        if number > 1:
            together.wait()  # breaks, and fails the read, unless four calls are here at once
        return vpcs((number - 1) * 2, 2, 10)

    with scripted(Script(page), page_size=2) as client:
        listing = client.describe_vpcs()
    assert [vpc.vpc_id for vpc in listing.records] == [f"vpc-{n}" for n in range(10)]


@pytest.mark.parametrize(("total", "calls"), [(0, 1), (1, 1), (3, 1), (4, 2), (6, 2), (7, 3)])
def test_number_of_calls(total: int, calls: int) -> None:
    """No more pages are asked for than the total needs."""
    script = Script(lambda body: vpcs((body["pageNum"] - 1) * 3, min(3, total - (body["pageNum"] - 1) * 3), total))
    with scripted(script, page_size=3) as client:
        assert len(client.describe_vpcs().records) == total
    assert sorted(body["pageNum"] for body in script.bodies) == list(range(1, calls + 1))


def test_total_that_moves_once() -> None:
    """A total that differs between pages makes the listing be read again, from its first page."""
    script = Script(vpcs(0, 2, 3), vpcs(2, 2, 4), lambda body: vpcs((body["pageNum"] - 1) * 2, 2, 4))
    with scripted(script, page_size=2) as client:
        listing = client.describe_vpcs()
    assert (len(listing.records), listing.complete, listing.detail) == (4, True, "")
    assert [body["pageNum"] for body in script.bodies] == [1, 2, 1, 2]


def test_same_id_twice() -> None:
    """A record that slid onto the next page while paging makes the listing be read again."""
    script = Script(vpcs(0, 2, 4), vpcs(1, 2, 4), lambda body: vpcs((body["pageNum"] - 1) * 2, 2, 4))
    with scripted(script, page_size=2) as client:
        listing = client.describe_vpcs()
    assert [vpc.vpc_id for vpc in listing.records] == ["vpc-0", "vpc-1", "vpc-2", "vpc-3"]
    assert listing.complete


def test_total_that_keeps_moving() -> None:
    """A listing that never holds still is read three times, then given as partial, each id once."""
    totals = iter(range(4, 100))
    script = Script(lambda body: vpcs((body["pageNum"] - 1) * 2, 2, next(totals)))
    with scripted(script, page_size=2) as client:
        listing = client.describe_vpcs()
    assert not listing.complete
    assert "DescribeVpcs" in listing.detail
    assert "while they changed" in listing.detail
    ids = [vpc.vpc_id for vpc in listing.records]
    assert len(ids) == len(set(ids))
    assert [body["pageNum"] for body in script.bodies].count(1) == 3


@pytest.mark.parametrize("total", [5, 1, -1])
def test_total_that_is_wrong(total: int) -> None:
    """A total that never fits what is listed makes the listing partial, and says both numbers."""
    script = Script(vpcs(0, 2, total))
    with scripted(script) as client:
        listing = client.describe_vpcs()
    assert (len(listing.records), listing.complete) == (2, False)
    assert f"2 records read of {total}" in listing.detail
    assert len(script.requests) == 3


def test_account_that_changes_while_paging(small: Emulator) -> None:
    """A vNIC that a colleague makes between two pages is in the listing, which is complete."""
    with connected(small, page_size=10) as client:
        subnet = client.describe_subnets().records[0].subnet_id
        asked = {"name": "late", "subnetId": subnet, "nicStackType": None, "securityGroupId": None}
        small.faults.add("actor_after", NICS, actor=lambda state: resources.create_nic(state, asked))
        listing = client.describe_network_interfaces()
    assert (len(listing.records), listing.complete) == (26, True)


def test_failing_page_fails_the_listing() -> None:
    """One page that cannot be read is an error, not a shorter listing."""

    def page(body: dict[str, Any]) -> httpx.Response:
        return vpcs(0, 2, 6) if body["pageNum"] == 1 else failed(400, "INVALID_PARAMETER_TYPE")

    with scripted(Script(page), page_size=2) as client, pytest.raises(ApiError, match="INVALID_PARAMETER_TYPE"):
        client.describe_vpcs()


def test_many_ids(demo: Emulator) -> None:
    """More ids than one call takes are read in several; unknown ones are simply not there."""
    sizes: list[int] = []

    def note(request: httpx.Request) -> None:
        sizes.append(len(json.loads(request.content).get("nicIds") or []))

    with beside(demo, note) as client:
        everything = [nic.nic_id for nic in client.describe_network_interfaces().records]
        sizes.clear()
        listing = client.describe_network_interfaces(nic_ids=[*everything[:250], "unknown"])
    assert [nic.nic_id for nic in listing.records] == everything[:250]
    assert listing.complete
    assert sizes == [100, 100, 51]


def test_same_id_in_two_calls(demo: Emulator) -> None:
    """An id given twice is in the listing once, however far apart the two are."""
    with beside(demo, lambda _: None) as client:
        everything = [nic.nic_id for nic in client.describe_network_interfaces().records][:120]
        listing = client.describe_network_interfaces(nic_ids=[*everything, everything[0]])
    assert [nic.nic_id for nic in listing.records] == everything


def test_one_partial_chunk_makes_all_partial() -> None:
    """Of a listing in several calls the partial one decides, and says why."""

    def page(body: dict[str, Any]) -> httpx.Response:
        ids = body["vpcIds"]
        records = [{"vpcId": each} for each in ids if each != "vpc-100"]
        return ok({"totalCount": len(ids), "dataSet": records})

    with scripted(Script(page)) as client:
        listing = client.describe_vpcs(vpc_ids=[f"vpc-{n}" for n in range(150)])
    assert (len(listing.records), listing.complete) == (149, False)
    assert "49 records read of 50" in listing.detail


def test_no_ids() -> None:
    """An empty list of ids is nothing to read, not everything."""
    script = Script(vpcs(0, 1, 1))
    with scripted(script) as client:
        assert client.describe_vpcs(vpc_ids=[]).records == []
    assert script.requests == []


def test_unknown_fields_and_missing_ones() -> None:
    """Fields that no document knows are ignored, absent ones are None."""
    answer = ok({"totalCount": 1, "dataSet": [{"vpcId": "v", "colour": "red", "cidrBlock": None}], "more": 1})
    with scripted(Script(answer)) as client:
        (vpc,) = client.describe_vpcs().records
    assert (vpc.vpc_id, vpc.name, vpc.cidr_block) == ("v", None, None)


@pytest.mark.parametrize(
    "payload",
    [
        {},
        {"totalCount": 1},
        {"dataSet": []},
        {"totalCount": "1", "dataSet": []},
        {"totalCount": 1, "dataSet": None},
        {"totalCount": 1, "dataSet": {}},
        {"totalCount": 1, "dataSet": [{}]},
        {"totalCount": 1, "dataSet": [{"vpcId": 7}]},
        {"totalCount": 1, "dataSet": [None]},
    ],
)
def test_page_of_another_shape(payload: dict[str, Any]) -> None:
    """A page without its keys is a ``ProtocolError`` with the requestId to quote; it is not read again."""
    script = Script(ok(payload))
    with scripted(script) as client, pytest.raises(ProtocolError) as caught:
        client.describe_vpcs()
    error = caught.value
    assert (error.action, error.code, error.http_status, error.request_id, error.retryable) == (
        "DescribeVpcs", "PROTOCOL_BODY", 200, REQUEST_ID, False,
    )  # fmt: skip
    assert error.advice
    assert len(script.requests) == 1


# -- retry of reads --------------------------------------------------------------------------------------------------

TROUBLE = [
    pytest.param(failed(429, "REQUEST_LIMIT_EXCEEDED"), id="429"),
    pytest.param(httpx.Response(429, text="slow down"), id="429 of an edge"),
    pytest.param(failed(500, "INTERNAL_SERVER_ERROR"), id="500"),
    pytest.param(failed(503, "SERVICE_TEMPORARY_UNAVAILABLE"), id="503"),
    pytest.param(failed(400, "REQUEST_TIMED_OUT"), id="a code"),
    pytest.param(httpx.Response(502, html=HTML), id="502 of a proxy"),
    pytest.param(httpx.ConnectError("refused"), id="no connection"),
    pytest.param(httpx.ReadTimeout("slow"), id="no answer"),
    pytest.param(httpx.ReadError("reset"), id="broken"),
    pytest.param(httpx.RemoteProtocolError("half"), id="half an answer"),
]


@pytest.mark.usefixtures("quick_retries")
@pytest.mark.parametrize("trouble", TROUBLE)
def test_read_is_tried_again(trouble: httpx.Response | Exception) -> None:
    """A read survives trouble that passes."""
    script = Script(trouble, trouble, vpcs(0, 1, 1))
    with scripted(script) as client:
        assert len(client.describe_vpcs().records) == 1
    assert len(script.requests) == 3


@pytest.mark.usefixtures("quick_retries")
@pytest.mark.parametrize("trouble", TROUBLE)
def test_read_gives_up(trouble: httpx.Response | Exception) -> None:
    """Trouble that stays is the last try's error, after as many tries as were allowed."""
    script = Script(trouble)
    with scripted(script, attempts=4) as client, pytest.raises(CloudError) as caught:
        client.describe_vpcs()
    assert len(script.requests) == 4
    assert caught.value.retryable


@pytest.mark.usefixtures("quick_retries")
@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (failed(400, "INVALID_PARAMETER_TYPE"), ApiError),
        (failed(401, "AUTHFAILURE_SIGNATURE_FAILURE"), AuthError),
        (httpx.Response(403, html=HTML, headers={"cf-mitigated": "challenge"}), RefusedError),
        (httpx.Response(451), RefusedError),
        (httpx.Response(200, html=HTML), ProtocolError),
        (httpx.Response(200, content=b'{"requestId": "T1", "resp'), ProtocolError),
        (httpx.Response(302, headers={"location": "https://login.test"}), ProtocolError),
    ],
)
def test_read_is_final(answer: httpx.Response, kind: type[CloudError]) -> None:
    """What another try cannot change is said at once."""
    script = Script(answer)
    with scripted(script) as client, pytest.raises(kind) as caught:
        client.describe_vpcs()
    assert type(caught.value) is kind
    assert len(script.requests) == 1


def test_waits_between_tries(monkeypatch: pytest.MonkeyPatch) -> None:
    """Waits between tries grow and are never longer than the cap."""
    slept: list[float] = []
    monkeypatch.setattr("tenacity.nap.time.sleep", slept.append)
    script = Script(failed(500, "INTERNAL_SERVER_ERROR"))
    with scripted(script, attempts=12) as client, pytest.raises(ApiError):
        client.describe_vpcs()
    assert len(slept) == 11
    for number, seconds in enumerate(slept):
        assert min(8.0, 0.2 * 2**number) <= seconds <= min(8.0, 0.2 * 2**number + 0.5)


def test_time_limit_of_tries() -> None:
    """After the time limit a read is not tried again, whatever number of tries is left."""
    script = Script(failed(500, "INTERNAL_SERVER_ERROR"))
    with scripted(script, attempts=5, retry_timeout=1e-9) as client, pytest.raises(ApiError):
        client.describe_vpcs()
    assert len(script.requests) == 1


@pytest.mark.usefixtures("quick_retries")
@pytest.mark.parametrize(
    ("header", "waited"), [({"retry_after": "7"}, [7.0]), ({"retry_after": "86400"}, [300.0]), ({}, [1.0])]
)
def test_retry_after(header: dict[str, str], waited: list[float]) -> None:
    """After a 429 the next try waits as long as the answer says, at most five minutes; a second when it does not."""
    fake = FakeTime()
    script = Script(failed(429, "REQUEST_LIMIT_EXCEEDED", **header), vpcs(0, 1, 1))
    with scripted(script, fake) as client:
        client.describe_vpcs()
    assert fake.slept == waited


@pytest.mark.usefixtures("quick_retries")
def test_brake_is_for_the_whole_client() -> None:
    """What one call is told about slowing down, the next one keeps to: writes as well."""
    fake = FakeTime()
    script = Script(failed(429, "REQUEST_LIMIT_EXCEEDED", retry_after="7"), ok({"ipAddresses": []}))
    with scripted(script, fake, attempts=1) as client:
        with pytest.raises(ThrottledError):
            client.describe_vpcs()
        assert fake.slept == []
        assign(client)
    assert fake.slept == [7.0]


@pytest.mark.usefixtures("quick_retries")
def test_each_try_is_signed_anew(small: Emulator) -> None:
    """A read that is tried again passes the verifier again, over HTTP."""
    small.faults.add("error", "DescribeVpcs", code="INTERNAL_SERVER_ERROR", times=2)
    with connected(small) as client:
        assert client.describe_vpcs().complete
    assert small.faults.calls["DescribeVpcs"] == 3


@pytest.mark.usefixtures("quick_retries")
@pytest.mark.parametrize("kind", ["reset_before", "reset_after", "truncated", "throttle"])
def test_real_connections_that_break(small: Emulator, kind: str) -> None:
    """A read survives connections that really break, answers that really end half way, and a real 429."""
    small.faults.add(kind, NICS, times=2, seconds=0.01)
    with connected(small) as client:
        assert len(client.describe_network_interfaces().records) == 25
    assert small.faults.calls[NICS] == 3


@pytest.mark.usefixtures("quick_retries")
def test_real_timeout(small: Emulator) -> None:
    """No answer within the timeout is a ``TransportError`` that says so."""
    small.faults.add("latency", "DescribeVpcs", times=0, seconds=0.4)
    with connected(small, timeout=0.05, attempts=2) as client, pytest.raises(TransportError) as caught:
        client.describe_vpcs()
    assert caught.value.code == "TRANSPORT_TIMEOUT"


@pytest.mark.usefixtures("quick_retries")
def test_real_refused_connection() -> None:
    """Nobody listening is a ``TransportError`` that says nothing can have happened."""
    with Client(settings(), attempts=2) as client, pytest.raises(TransportError) as caught:
        client.describe_vpcs()
    assert (caught.value.code, caught.value.may_have_happened) == ("TRANSPORT_CONNECT", False)


# -- writes ----------------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("quick_retries")
@pytest.mark.parametrize("trouble", TROUBLE)
@WRITES
def test_write_is_sent_once(write: Callable[[Client], Any], trouble: httpx.Response | Exception) -> None:
    """A write is never repeated, however harmless the trouble looks."""
    script = Script(trouble, ok({"ipAddresses": ["10.0.0.9"]}))
    with scripted(script) as client, pytest.raises(CloudError):
        write(client)
    assert len(script.requests) == 1


@pytest.mark.parametrize(
    ("trouble", "happened"),
    [
        (failed(400, "INVALID_IP_OUT_OF_RANGE"), False),
        (failed(401, "AUTHFAILURE_SIGNATURE_FAILURE"), False),
        (failed(429, "REQUEST_LIMIT_EXCEEDED"), False),
        (httpx.Response(403, headers={"cf-mitigated": "challenge"}), False),
        (httpx.Response(451), False),
        (httpx.ConnectError("refused"), False),
        (httpx.ConnectTimeout("slow"), False),
        (failed(500, "INTERNAL_SERVER_ERROR"), True),
        (failed(504, "REQUEST_TIMED_OUT"), True),
        (failed(400, "INVALID_OPERATION_TIMEOUT"), True),
        (httpx.Response(502, html=HTML), True),
        (httpx.Response(200, html=HTML), True),
        (httpx.Response(200, content=b'{"requestId"'), True),
        (httpx.Response(204), True),
        (httpx.ReadTimeout("slow"), True),
        (httpx.ReadError("reset"), True),
    ],
)
@WRITES
def test_write_that_may_have_happened(
    write: Callable[[Client], Any], trouble: httpx.Response | Exception, happened: bool
) -> None:
    """Each failure of a write says whether it can have taken effect."""
    with scripted(Script(trouble)) as client, pytest.raises(CloudError) as caught:
        write(client)
    assert caught.value.may_have_happened is happened


@pytest.mark.parametrize("payload", [{"ipAddresses": "10.0.0.9"}, {"ipAddresses": [7]}, {"ipAddresses": {}}])
def test_unreadable_result_of_a_write(payload: dict[str, Any]) -> None:
    """A success that cannot be read may have happened, and gives the requestId to ask about."""
    with scripted(Script(ok(payload))) as client, pytest.raises(ProtocolError) as caught:
        assign(client)
    assert (caught.value.request_id, caught.value.may_have_happened) == (REQUEST_ID, True)
    assert caught.value.advice


@pytest.mark.parametrize("payload", [{}, {"ipAddresses": None}])
def test_result_without_addresses(payload: dict[str, Any]) -> None:
    """A success that lists no addresses is a success that lists none."""
    with scripted(Script(ok(payload))) as client:
        assert assign(client).ip_addresses == ()


@WRITES
def test_read_only(write: Callable[[Client], Any]) -> None:
    """A read-only client refuses writes before the network, and still reads."""
    script = Script(vpcs(0, 1, 1))
    with scripted(script, read_only=True) as client:
        with pytest.raises(ReadOnlyError, match="nothing was sent"):
            write(client)
        assert script.requests == []
        assert client.describe_vpcs().complete


def test_real_write_and_release() -> None:
    """Over HTTP addresses are assigned as asked, seen by the next read, and released again."""
    with Emulator("demo") as emulator, connected(emulator) as client:
        before = client.describe_network_interfaces(nic_ids=[WEB_07]).records[0]
        assert before.subnet_id == APP_SIN
        result = client.batch_assign_network_interface_ipv4(WEB_07, ip_address_count=2)
        assert len(result.ip_addresses) == 2
        assert result.request_id.startswith("T")
        after = client.describe_network_interfaces(nic_ids=[WEB_07]).records[0]
        assert set(after.secondary_ipv4s) - set(before.secondary_ipv4s) == set(result.ip_addresses)
        client.unassign_network_interface_ipv4(WEB_07, result.ip_addresses)
        assert client.describe_network_interfaces(nic_ids=[WEB_07]).records == [before]


def test_real_refusal() -> None:
    """Over HTTP the API's reason for refusing a write arrives with its code, status and advice."""
    with Emulator("demo") as emulator, connected(emulator) as client, pytest.raises(ApiError) as caught:
        client.batch_assign_network_interface_ipv4(WEB_07, ip_addresses=["10.0.4.1"])
    error = caught.value
    assert (error.action, error.code, error.http_status) == (ASSIGN, "INVALID_IP_FIRST_ADDRESS", 400)
    assert error.request_id is not None
    assert error.request_id.startswith("T")
    assert error.advice == "Leave out the subnet's gateway."


def test_bound_addresses(demo: Emulator) -> None:
    """Which private addresses have an EIP is said in words, for the vNICs asked about only."""
    with beside(demo, lambda _: None) as client:
        nic = next(nic for nic in client.describe_network_interfaces(name="web-03").records if nic.name == "web-03")
        bound = client.bound_addresses([nic.nic_id])
        assert client.bound_addresses([WEB_07]) == {}
    ((where, words),) = bound.items()
    assert where == (nic.nic_id, nic.secondary_ipv4s[-1] if nic.secondary_ipv4s else nic.primary_ipv4)
    assert words.startswith("EIP eip-web-03 ")
    assert words.endswith(" 203.0.113.7 is bound to it")


# -- threads and connections -----------------------------------------------------------------------------------------


def test_eight_threads(small: Emulator) -> None:
    """Eight threads read and write through one client at once; each gets its own answers, no address goes twice."""
    with connected(small, page_size=5) as client:
        nics = client.describe_network_interfaces().records[:8]
        expected = {nic.nic_id: nic for nic in nics}

        def work(nic_id: str) -> list[str]:
            assigned: list[str] = []
            for _ in range(3):
                (nic,) = client.describe_network_interfaces(nic_ids=[nic_id]).records
                assert (nic.nic_id, nic.primary_ipv4) == (nic_id, expected[nic_id].primary_ipv4)
                assert len(client.describe_network_interfaces().records) == 25
                assigned += client.batch_assign_network_interface_ipv4(nic_id, ip_address_count=1).ip_addresses
            return assigned

        with ThreadPoolExecutor(8) as pool:
            results = dict(zip(expected, pool.map(work, expected), strict=True))
        now = {nic.nic_id: nic for nic in client.describe_network_interfaces(nic_ids=list(expected)).records}
    for nic_id, assigned in results.items():
        assert set(now[nic_id].secondary_ipv4s or []) == {*(expected[nic_id].secondary_ipv4s or []), *assigned}
    given = [address for assigned in results.values() for address in assigned]
    assert len(given) == len(set(given)) == 24


@pytest.mark.usefixtures("quick_retries")
def test_eight_threads_behind_one_brake() -> None:
    """When one of eight threads is told to slow down, none calls before the time is over."""
    asked: list[float] = []
    gate = threading.Barrier(8, timeout=10)
    lock = threading.Lock()

    def answer(_: dict[str, Any]) -> httpx.Response:
        with lock:
            asked.append(time.monotonic())
            first = len(asked) == 1
        return failed(429, "REQUEST_LIMIT_EXCEEDED", retry_after="0.3") if first else vpcs(0, 1, 1)

    with Client(settings(), transport=httpx.MockTransport(Script(answer))) as client:
        with pytest.raises(ThrottledError):
            client.batch_assign_network_interface_ipv4("n", ip_address_count=1)

        def work(_: int) -> int:
            gate.wait()
            return len(client.describe_vpcs().records)

        with ThreadPoolExecutor(8) as pool:
            assert list(pool.map(work, range(8))) == [1] * 8
    assert min(asked[1:]) - asked[0] >= 0.29


@pytest.mark.parametrize("variable", ["HTTP_PROXY", "http_proxy", "ALL_PROXY"])
def test_loopback_needs_no_proxy(small: Emulator, monkeypatch: pytest.MonkeyPatch, variable: str) -> None:
    """Plain HTTP goes to loopback only: a proxy in the environment never sees it."""
    monkeypatch.setenv(variable, "http://127.0.0.1:1")
    with connected(small) as client:
        assert client.describe_vpcs().complete


@pytest.mark.usefixtures("quick_retries")
def test_https_goes_through_the_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    """HTTPS uses the proxy of the environment; one that is not there is said, and nothing can have happened."""
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:1")
    with (
        Client(resolve(token="t", endpoint="zec.invalid"), attempts=1) as client,
        pytest.raises(TransportError) as caught,
    ):
        client.describe_vpcs()
    assert (caught.value.code, caught.value.may_have_happened) == ("TRANSPORT_CONNECT", False)
    assert "refused" in str(caught.value)


def test_closed_client() -> None:
    """A client closes its connections at the end of its block, and twice is once."""
    script = Script(vpcs(0, 1, 1))
    with scripted(script) as client:
        client.describe_vpcs()
    client.close()
    with pytest.raises(UsageError, match="closed; connect again"):
        client.describe_vpcs()
    assert len(script.requests) == 1


def test_repr() -> None:
    """A client shows its host and whether it writes."""
    with scripted(Script(ok())) as client, scripted(Script(ok()), read_only=True) as reader:
        assert (repr(client), repr(reader)) == ("Client(127.0.0.1)", "Client(127.0.0.1, read-only)")
