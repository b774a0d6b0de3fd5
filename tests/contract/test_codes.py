"""Every documented code of every action, through the official SDK and our own client, without a socket and with one.

With ``ZECNB_LIVE=1`` and credentials the reading calls run against the real API too, and nothing is written there.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import httpx
import msgspec
import pytest
from zenlayercloud.common.config import Config
from zenlayercloud.common.credential import Credential
from zenlayercloud.common.excpetion.zenlayer_cloud_sdk_exception import ZenlayerCloudSdkException
from zenlayercloud.common.response import BaseResponse
from zenlayercloud.zec.v20240401 import models as old_zec
from zenlayercloud.zec.v20250901 import models as zec
from zenlayercloud.zec.v20250901.zec_client import ZecClient
from zenlayercloud.zlb.v20250401 import models as zlb
from zenlayercloud.zlb.v20250401.zlb_client import ZlbClient

from tests.contract.cases import CASES, CLOSED, DEFAULTS, ELSEWHERE, plant, with_ids
from tests.contract.documented import COMMON, DOCUMENTED
from tests.contract.test_sdk import Access, Sdk, fill
from tests.emulator.account import ASSIGN, UNASSIGN, Account
from zecnb.cloud.client import Client
from zecnb.cloud.settings import resolve
from zecnb.emulator import Settings
from zecnb.emulator.actions import _ZEC, _ZLB
from zecnb.emulator.wire import Request
from zecnb.errors import CloudError

if TYPE_CHECKING:
    from collections.abc import Iterator

MODELS = {"zec": zec, "old": old_zec, "zlb": zlb}
PATIENT_READS = ("DescribeVpcs", "DescribeSubnets", "DescribeHaVips", "DescribeEips", "DescribeLoadBalancers")


class Theirs:
    """The official SDK."""

    def __init__(self, account: Account, *, loopback: bool) -> None:
        emulator = account.emulator
        self.sdk = Sdk(Access(emulator.url, emulator.access_key_id, emulator.access_key_password, emulator.token))
        if not loopback:
            for client in (self.sdk.zec, self.sdk.old, self.sdk.zlb):
                self._shortcut(client, account)

    def _shortcut(self, client: Any, account: Account) -> None:
        def send(request: Any) -> BaseResponse:
            headers = {name.lower(): value for name, value in request.header.items()}
            path = f"/api/v2/{headers['x-zc-service']}"
            answer = account.emulator.handle(Request("POST", path, headers, request.data.encode()))
            self.sdk.statuses.append(answer.status)
            return BaseResponse(status=answer.status, header=answer.headers, data=answer.body.decode())

        client._send_request = send

    def ask(self, action: str, asked: dict[str, Any], client: str = "") -> Any:
        """Call an action; return the SDK's answer."""
        client = client or ("zlb" if "LoadBalancer" in action else "zec")
        known = action.replace("NetworkInterfaces", "Nics") if client == "old" else action  # a name of the SDK alone
        request = getattr(MODELS[client], f"{known}Request")()
        return getattr(getattr(self.sdk, client), action)(fill(request, **asked))

    def refusal(self, action: str, asked: dict[str, Any]) -> tuple[str, int]:
        """Call an action that is refused; return code and HTTP status."""
        with pytest.raises(ZenlayerCloudSdkException) as caught:
            self.ask(action, asked)
        assert caught.value.message
        assert caught.value.request_id
        return caught.value.code, self.sdk.statuses[-1]


class Ours:
    """Our client: its own methods where it has them, and its one way of calling for the other actions."""

    def __init__(self, account: Account, *, loopback: bool) -> None:
        def answer(request: httpx.Request) -> httpx.Response:
            headers = {name.lower(): value for name, value in request.headers.items()}
            found = account.emulator.handle(Request(request.method, request.url.path, headers, request.content))
            return httpx.Response(found.status, headers=found.headers, content=found.body)

        emulator = account.emulator
        settings = resolve(
            access_key_id=emulator.access_key_id,
            access_key_password=emulator.access_key_password,
            endpoint=emulator.url if loopback else "http://127.0.0.1:1",
        )
        transport = None if loopback else httpx.MockTransport(answer)
        self.client = Client(settings, transport=transport, attempts=1, sleep=lambda _seconds: None)

    def ask(self, action: str, asked: dict[str, Any]) -> Any:
        """Call an action."""
        addresses, count = asked.get("ipAddresses"), asked.get("ipAddressCount")
        if action == ASSIGN and bool(addresses) != (count is not None):
            nic = asked["nicId"]
            return self.client.batch_assign_network_interface_ipv4(nic, ip_addresses=addresses, ip_address_count=count)
        if action == UNASSIGN and addresses:
            return self.client.unassign_network_interface_ipv4(asked["nicId"], addresses)
        if action in PATIENT_READS:
            return self.client._read(action, asked, "zlb" if "LoadBalancer" in action else "zec")
        return self.client._call(action, asked, "zlb" if "LoadBalancer" in action else "zec")

    def refusal(self, action: str, asked: dict[str, Any]) -> tuple[str, int | None]:
        """Call an action that is refused; return code and HTTP status."""
        with pytest.raises(CloudError) as caught:
            self.ask(action, asked)
        assert caught.value.args[0]
        assert caught.value.request_id
        return caught.value.code, caught.value.http_status


Target = tuple[Theirs | Ours, dict[str, str], Account]


@pytest.fixture(scope="module", params=["without a socket", "loopback"])
def account(request: pytest.FixtureRequest) -> Iterator[tuple[Account, dict[str, str], bool]]:
    """The account with ids by name, and whether it listens."""
    settings = Settings(
        regions_not_on_sale=(CLOSED,),
        regions_without_public_ipv6=(ELSEWHERE,),
        eip_batch="fail",  # otherwise their codes are told by failedEipIds alone
        eip_loosened_again="refused",
    )
    with Account(settings=settings) as made:
        ids = plant(made)
        if request.param == "loopback":
            made.emulator.start()
        yield made, ids, request.param == "loopback"


@pytest.fixture(scope="module", params=[Theirs, Ours], ids=["sdk", "zecnb"])
def target(request: pytest.FixtureRequest, account: tuple[Account, dict[str, str], bool]) -> Iterator[Target]:
    """A client, ids by name, and the account it works on."""
    made, ids, loopback = account
    client = request.param(made, loopback=loopback)
    yield client, ids, made
    if isinstance(client, Ours):
        client.client.close()


def _asked(action: str, asked: dict[str, Any], ids: dict[str, str]) -> dict[str, Any]:
    """Return the parameters of a call, with those that it always has."""
    return with_ids({**DEFAULTS.get(action, {}), **asked}, ids)


@pytest.mark.parametrize(("action", "code", "status", "asked"), CASES, ids=[f"{a}-{c}" for a, c, *_ in CASES])
def test_code(target: Target, action: str, code: str, status: int, asked: dict[str, Any]) -> None:
    """The client tells the documented code and its HTTP status; the call changes nothing."""
    client, ids, account = target
    before = account.everything()
    assert client.refusal(action, _asked(action, asked, ids)) == (code, status)
    assert account.everything() == before


@pytest.mark.parametrize("code", COMMON)
def test_common_code(target: Target, code: str) -> None:
    """A code that any action can answer arrives with its HTTP status."""
    client, _, account = target
    account.emulator.faults.add("error", "DescribeVpcs", code=code, times=0)
    try:
        assert client.refusal("DescribeVpcs", {}) == (code, COMMON[code])
    finally:
        account.emulator.faults.clear()


def test_no_documented_code_is_left_out() -> None:
    """Every code of every action has a case with the documented status."""
    met: dict[str, dict[str, int]] = {action: {} for action in DOCUMENTED}
    for action, code, status, _ in CASES:
        met.setdefault(action, {})[code] = status
    assert {
        action: {code: met[action].get(code) for code in codes} for action, codes in DOCUMENTED.items()
    } == DOCUMENTED


def test_every_documented_action_is_there() -> None:
    """The emulator has the actions of contract.md section 5, and no other."""
    assert sorted([*_ZEC, *_ZLB]) == sorted(DOCUMENTED)


def test_subnets_that_stay_are_told_with_their_codes(target: Target) -> None:
    """DeleteSubnets answers 200 and names what it could not delete."""
    client, ids, _ = target
    asked = {"subnetIds": [ids["wide"], "1000000000000000000", ids["default_subnet"]]}
    if isinstance(client, Theirs):
        codes = [each.errorCode for each in client.ask("DeleteSubnets", asked).failedSubnets]
    else:
        codes = [each["errorCode"] for each in _payload(client, "DeleteSubnets", asked)["failedSubnets"]]
    assert codes == ["INVALID_SUBNET_IN_USE", "INVALID_SUBNET_NOT_FOUND", "OPERATION_DENIED_DEFAULT_SUBNET"]


def _payload(client: Ours, action: str, asked: dict[str, Any]) -> dict[str, Any]:
    payload: dict[str, Any] = msgspec.json.decode(client.ask(action, asked)[1])
    return payload


@pytest.fixture(scope="module")
def sdk(account: tuple[Account, dict[str, str], bool]) -> tuple[Theirs, dict[str, str], Account]:
    """The SDK alone, ids by name, and the account."""
    made, ids, loopback = account
    return Theirs(made, loopback=loopback), ids, made


@pytest.mark.parametrize(
    ("action", "asked"),
    [
        ("ModifyVpcAttribute", {"vpcId": "@balanced", "vpcName": "renamed"}),
        ("ModifySubnetAttribute", {"subnetId": "@tight", "subnetName": "renamed"}),
        ("CreateEips", {"amount": 2}),
        ("ModifyNetworkInterfacesAttribute", {"nicIds": ["@plain"], "name": "renamed"}),
        ("DescribeSubnets", {}),
    ],
)
def test_older_version(sdk: tuple[Theirs, dict[str, str], Account], action: str, asked: dict[str, Any]) -> None:
    """Actions that version 2024-04-01 has too answer there as well: Terraform mixes the two."""
    client, ids, _ = sdk
    assert client.ask(action, _asked(action, asked, ids), "old").requestId


def test_actions_of_the_newest_version_alone(sdk: tuple[Theirs, dict[str, str], Account]) -> None:
    """What version 2024-04-01 never had is not permitted there (contract.md 5.11, 5.14)."""
    _, ids, account = sdk
    newest = {"DescribeHaVips": {}, "ModifyNetworkInterfaceAttribute": {"nicId": ids["plain"]}}
    for action, asked in newest.items():
        assert account.call(action, version="2024-04-01", **asked)[0] == 403
        assert account.call(action, version="2025-09-01", **asked)[0] == 200


# -- reads: the only calls that the real API gets too ---------------------------------------------------------------

READS = {
    "DescribeVpcs": "describe_vpcs",
    "DescribeSubnets": "describe_subnets",
    "DescribeNetworkInterfaces": "describe_network_interfaces",
    "DescribeHaVips": "describe_ha_vips",
    "DescribeLoadBalancers": "describe_load_balancers",
    "DescribeEips": "describe_eips",
}
"""Actions, and the methods of our client that call them."""

LIVE = {name: os.environ.get(f"ZENLAYER_{name}", "") for name in ("ACCESS_KEY_ID", "ACCESS_KEY_SECRET", "ENDPOINT")}
"""Read before each test's environment is emptied; the endpoint, a URL, is the real API's unless it is given."""


def _check_theirs(sdk: Any, action: str) -> None:
    """One page is no longer than asked, and no longer than what the API counts; its models are what the SDK knows."""
    models = zlb if "LoadBalancer" in action else zec
    answer = getattr(sdk, action)(fill(getattr(models, f"{action}Request")(), pageSize=2))
    assert answer.totalCount >= len(answer.dataSet)
    assert len(answer.dataSet) <= 2
    assert all(each.tags is not None for each in answer.dataSet if hasattr(each, "securityGroupId"))


def _check_ours(client: Client, action: str) -> None:
    """Our client reads the whole listing, each record once."""
    listing = getattr(client, READS[action])()
    assert listing.complete
    assert listing.total == len(listing.records)


@pytest.mark.filterwarnings("ignore::DeprecationWarning:zenlayercloud")
@pytest.mark.parametrize("action", READS)
def test_reads(target: Target, action: str) -> None:
    """Reading calls answer with a count and a page, to both clients."""
    client, _, _ = target
    if isinstance(client, Theirs):
        _check_theirs(client.sdk.zlb if "LoadBalancer" in action else client.sdk.zec, action)
    else:
        _check_ours(client.client, action)


if os.environ.get("ZECNB_LIVE") == "1":  # pragma: no cover - needs an account

    @pytest.mark.filterwarnings("ignore::DeprecationWarning:zenlayercloud")
    @pytest.mark.parametrize("action", READS)
    def test_the_real_api_reads_alike_for_the_sdk(action: str) -> None:
        """The real API answers the SDK's reads as the emulator does."""
        credential = Credential(LIVE["ACCESS_KEY_ID"], LIVE["ACCESS_KEY_SECRET"])
        scheme, _, domain = (LIVE["ENDPOINT"] or "https://console.zenlayer.com").partition("://")
        config = Config(domain=domain, scheme=scheme)
        kind = ZlbClient if "LoadBalancer" in action else ZecClient
        _check_theirs(kind(credential, config), action)

    @pytest.mark.parametrize("action", READS)
    def test_the_real_api_reads_alike_for_our_client(action: str) -> None:
        """The real API answers our client's reads as the emulator does; it could not write if it wanted to."""
        settings = resolve(
            access_key_id=LIVE["ACCESS_KEY_ID"],
            access_key_password=LIVE["ACCESS_KEY_SECRET"],
            endpoint=LIVE["ENDPOINT"] or None,
        )
        with Client(settings, read_only=True) as client:
            _check_ours(client, action)
