"""The official SDK against the emulator: what a foreign client, written by others, makes of it."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

import pytest
from zenlayercloud.common.config import Config
from zenlayercloud.common.credential import Credential, TokenCredential
from zenlayercloud.common.excpetion.zenlayer_cloud_sdk_exception import ZenlayerCloudSdkException
from zenlayercloud.zec.v20240401 import models as old_zec
from zenlayercloud.zec.v20240401.zec_client import ZecClient as OldZecClient
from zenlayercloud.zec.v20250901 import models as zec
from zenlayercloud.zec.v20250901.zec_client import ZecClient
from zenlayercloud.zlb.v20250401 import models as zlb
from zenlayercloud.zlb.v20250401.zlb_client import ZlbClient

from tests.emulator.account import Account
from zecnb.emulator import Emulator, exports, resources

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

REQUEST_ID = r"T[0-9A-F]{8}-[0-9A-F]{4}-4[0-9A-F]{3}-[89AB][0-9A-F]{3}-[0-9A-F]{12}"


@dataclass
class Access:
    """Where an emulator is and who may call it."""

    url: str
    access_key_id: str
    access_key_password: str
    token: str

    @property
    def domain(self) -> str:
        """Host and port, as the SDK wants them."""
        return self.url.removeprefix("http://")


class Sdk:
    """The SDK's clients; the HTTP status, which the SDK hides, is noted on the way."""

    def __init__(self, access: Access, credential: Any = None) -> None:
        self.statuses: list[int] = []
        credential = credential or Credential(access.access_key_id, access.access_key_password)
        self.zec = self._make(ZecClient, access, credential)
        self.old = self._make(OldZecClient, access, credential)
        self.zlb = self._make(ZlbClient, access, credential)

    def _make(self, kind: type, access: Access, credential: Any) -> Any:
        config = Config(scheme="http", domain=access.domain, request_timeout=10, rate_limit_retry_duration=lambda _: 0)
        client = kind(credential, config)
        send = client._send_request

        def noted(request: Any) -> Any:
            response = send(request)
            self.statuses.append(response.status)
            return response

        client._send_request = noted
        return client

    def pages(self, method: str, request: Any, size: int = 7, client: str = "zec") -> list[Any]:
        """Read a listing page by page, the way the SDK's users do."""
        found: list[Any] = []
        request.pageSize, request.pageNum = size, 0
        while True:
            request.pageNum += 1
            page = getattr(getattr(self, client), method)(request)
            found += page.dataSet
            if len(page.dataSet) < size:
                assert page.totalCount == len(found)
                return found

    def nic(self, nic_id: str) -> Any:
        """Read one vNIC."""
        [nic] = self.zec.DescribeNetworkInterfaces(
            fill(zec.DescribeNetworkInterfacesRequest(), nicIds=[nic_id])
        ).dataSet
        return nic

    def assign(self, **asked: Any) -> Any:
        """Call BatchAssignNetworkInterfaceIpv4."""
        return self.zec.BatchAssignNetworkInterfaceIpv4(fill(zec.BatchAssignNetworkInterfaceIpv4Request(), **asked))

    def unassign(self, **asked: Any) -> Any:
        """Call UnassignNetworkInterfaceIpv4."""
        return self.zec.UnassignNetworkInterfaceIpv4(fill(zec.UnassignNetworkInterfaceIpv4Request(), **asked))


def fill(request: Any, **values: Any) -> Any:
    """Set fields of an SDK request."""
    for name, value in values.items():
        setattr(request, name, value)
    return request


def _plant(account: Account) -> dict[str, str]:
    """Make one account in which every code can be met; return ids by name."""
    vpc = account.vpc()
    for number in range(1, 9):
        account.vpc(f"10.{number}.0.0/16", f"other-{number}")
    wide = account.subnet("10.0.1.0/24", "wide", vpc=vpc)
    behind = account.subnet("10.0.3.0/26", "behind", vpc=vpc)
    tight = account.subnet("10.0.2.0/29", "tight", vpc=vpc)
    six = account.subnet(None, "six", "IPv6", vpc=vpc)
    for number in range(16, 24):
        account.subnet(f"10.0.{number}.0/28", f"spare-{number}", vpc=vpc)
    ids = {"wide": wide, "tight": tight, "vpc": vpc}
    ids["plain"] = account.nic(wide, name="plain")
    ids["other"] = account.nic(wide, name="other", status="USED")
    ids["full"] = account.nic(wide, *(f"10.0.1.{n}" for n in range(101, 110)), name="full")
    ids["pending"] = account.nic(wide, name="pending", status="PENDING")
    ids["public"] = account.nic(wide, "10.0.1.120", name="public")
    ids["six"] = account.nic(six, name="six", stack="IPv6")
    ids["cramped"] = account.nic(tight, name="cramped")
    for number in range(24):
        account.nic(wide, name=f"vm-{number:02d}")
    for number in range(9):
        ids["ha_vip"] = account.ha_vip(wide, name=f"vip-{number}")
        resources.create_load_balancer(account.state, behind, f"lb-{number}", public=[f"198.51.100.{number}"])
        resources.bind_eip(account.state, ids["public"], "10.0.1.120", f"eip-{number}", f"203.0.113.{number}")
    return ids


@pytest.fixture(scope="module")
def planted(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, str]]:
    """An exported account, and its ids by name."""
    path = tmp_path_factory.mktemp("account") / "account.json"
    with Account() as account:
        ids = _plant(account)
        path.write_text(exports.export(account.state), encoding="utf-8")
    return path, ids


@pytest.fixture(scope="module", params=["in this process", "zecnb emulator"])
def access(request: pytest.FixtureRequest, planted: tuple[Path, dict[str, str]]) -> Iterator[Access]:
    """The same account in an emulator of this process, and in one started from the command line."""
    path, _ = planted
    if request.param == "in this process":
        with Emulator(str(path)) as emulator:
            made = Access(emulator.url, emulator.access_key_id, emulator.access_key_password, emulator.token)
            Sdk(made).zec.DescribeVpcs(zec.DescribeVpcsRequest())  # its worker thread starts outside of any test
            yield made
        return
    command = [sys.executable, "-m", "zecnb", "emulator", "--json", "--port", "0", "--seed", str(path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            said = json.loads(process.stdout.readline())
            yield Access(**{each.name: said[each.name] for each in fields(Access)})
        finally:
            process.terminate()
        assert process.wait(10) == 0


@pytest.fixture
def sdk(access: Access) -> Sdk:
    """The SDK with the account's key."""
    return Sdk(access)


@pytest.fixture
def ids(planted: tuple[Path, dict[str, str]]) -> dict[str, str]:
    """Ids of the account by name."""
    return planted[1]


# -- listings ------------------------------------------------------------------------------------------------------


def test_vpcs_by_pages(sdk: Sdk) -> None:
    """Pages of VPCs add up to all of them, each once, with the nested parts the SDK expects."""
    found = sdk.pages("DescribeVpcs", zec.DescribeVpcsRequest(), size=4)
    assert sorted(each.name for each in found) == ["main", *(f"other-{n}" for n in range(1, 9))]
    assert len({each.vpcId for each in found}) == 9
    assert {each.resourceGroup.resourceGroupId for each in found} == {"default"}
    assert all(each.tags.tags == [] for each in found)


def test_subnets_by_pages(sdk: Sdk, ids: dict[str, str]) -> None:
    """Pages of subnets add up, filters hold, and an IPv6 subnet has no CIDR."""
    found = {each.name: each for each in sdk.pages("DescribeSubnets", zec.DescribeSubnetsRequest(), size=3)}
    assert len(found) == 12
    assert found["wide"].subnetId == ids["wide"]
    assert (found["wide"].cidrBlock, found["wide"].gatewayIpAddress) == ("10.0.1.0/24", "10.0.1.1")
    assert (found["six"].cidrBlock, found["six"].stackType) == (None, "IPv6")
    spare = sdk.pages("DescribeSubnets", fill(zec.DescribeSubnetsRequest(), name="spare", vpcIds=[ids["vpc"]]))
    assert len(spare) == 8


def test_nics_by_pages(sdk: Sdk) -> None:
    """Pages of vNICs add up to all of them, each once."""
    found = sdk.pages("DescribeNetworkInterfaces", zec.DescribeNetworkInterfacesRequest())
    assert len(found) == len({each.nicId for each in found}) == 31
    assert {each.status for each in found} == {"AVAILABLE", "USED", "PENDING"}


def test_nic_has_every_field(sdk: Sdk, ids: dict[str, str]) -> None:
    """A vNIC has what the SDK's model declares; what a vNIC does not have is None, not empty text."""
    nic = sdk.nic(ids["public"])
    assert (nic.nicType, nic.nicSubnetType, nic.instanceId, nic.ipv6Cidr) == ("Secondary", "IPv4", None, None)
    assert nic.privateIpList == [nic.primaryIpv4, "10.0.1.120"]
    assert nic.secondaryIpv4s == ["10.0.1.120"]
    assert nic.publicIpList == [f"203.0.113.{n}" for n in range(9)]
    missing = [name for name, value in vars(nic).items() if value is None]
    assert sorted(missing) == ["instanceId", "ipv6Cidr", "primaryIpv6"]
    assert (nic.resourceGroup.resourceGroupName, nic.tags.tags) == ("Default Resource Group", [])


def test_ha_vips_by_pages(sdk: Sdk, ids: dict[str, str]) -> None:
    """Pages of HaVips add up; each has one address of its subnet."""
    found = sdk.pages("DescribeHaVips", fill(zec.DescribeHaVipsRequest(), subnetIds=[ids["wide"]]), size=4)
    assert sorted(each.name for each in found) == [f"vip-{n}" for n in range(9)]
    assert len({each.ipAddress for each in found}) == 9
    assert all(each.ipAddress.startswith("10.0.1.") and each.associatedEips == [] for each in found)


def test_eips_by_pages(sdk: Sdk, ids: dict[str, str]) -> None:
    """Pages of elastic IPs add up; each names the vNIC and the private address it is bound to."""
    with pytest.warns(DeprecationWarning, match="nicId"):  # the SDK says so of an answer that has it
        found = sdk.pages("DescribeEips", fill(zec.DescribeEipsRequest(), associatedId=ids["public"]), size=4)
    assert sorted(each.publicIpAddresses[0] for each in found) == [f"203.0.113.{n}" for n in range(9)]
    assert {(each.nicId, each.privateIpAddress) for each in found} == {(ids["public"], "10.0.1.120")}
    assert {each.resourceGroupId for each in found} == {"default"}


def test_load_balancers_by_pages(sdk: Sdk, ids: dict[str, str]) -> None:
    """Pages of load balancers add up; each holds one virtual address and two health-check sources."""
    request = fill(zlb.DescribeLoadBalancersRequest(), vpcId=ids["vpc"])
    found = sdk.pages("DescribeLoadBalancers", request, size=4, client="zlb")
    assert sorted(each.loadBalancerName for each in found) == [f"lb-{n}" for n in range(9)]
    held = [ip for each in found for ip in (*each.privateIpAddress, *each.healthCheckPrivateIps)]
    assert len(set(held)) == len(held) == 27


def test_older_version_lists_too(sdk: Sdk, ids: dict[str, str]) -> None:
    """Version 2024-04-01 of the same service answers."""
    request = fill(old_zec.DescribeNicsRequest(), nicIds=[ids["plain"]])
    [nic] = sdk.old.DescribeNetworkInterfaces(request).dataSet
    assert nic.nicId == ids["plain"]


def test_older_version_assigns_and_releases(sdk: Sdk, ids: dict[str, str]) -> None:
    """Version 2024-04-01 does too, though its SDK client spells the release otherwise: ``UnAssign...``."""
    asked = {"nicId": ids["other"], "ipAddresses": ["10.0.1.231"]}
    sdk.old.BatchAssignNetworkInterfaceIpv4(fill(old_zec.BatchAssignNetworkInterfaceIpv4Request(), **asked))
    assert sdk.nic(ids["other"]).secondaryIpv4s == ["10.0.1.231"]
    sdk.old.UnassignNetworkInterfaceIpv4(fill(old_zec.UnassignNetworkInterfaceIpv4Request(), **asked))
    assert sdk.nic(ids["other"]).secondaryIpv4s == []


# -- assigning and releasing ---------------------------------------------------------------------------------------


def test_assign_by_list(sdk: Sdk, ids: dict[str, str]) -> None:
    """Listed addresses come back in the order asked, and the listing shows them at once; releasing undoes it."""
    answer = sdk.assign(nicId=ids["plain"], ipAddresses=["10.0.1.203", "10.0.1.201"])
    assert answer.ipAddresses == ["10.0.1.203", "10.0.1.201"]
    assert sdk.nic(ids["plain"]).secondaryIpv4s == ["10.0.1.203", "10.0.1.201"]
    sdk.unassign(nicId=ids["plain"], ipAddresses=["10.0.1.201", "10.0.1.203"])
    assert sdk.nic(ids["plain"]).secondaryIpv4s == []
    assert set(sdk.statuses) == {200}


def test_assign_by_count(sdk: Sdk, ids: dict[str, str]) -> None:
    """A count gets that many addresses that nobody held, ascending."""
    before = {ip for nic in sdk.pages("DescribeNetworkInterfaces", zec.DescribeNetworkInterfacesRequest())
              for ip in nic.privateIpList}  # fmt: skip
    answer = sdk.assign(nicId=ids["other"], ipAddressCount=3)
    assert len(answer.ipAddresses) == 3
    assert answer.ipAddresses == sorted(answer.ipAddresses, key=lambda ip: int(ip.rpartition(".")[2]))
    assert not before & set(answer.ipAddresses)
    assert sdk.nic(ids["other"]).secondaryIpv4s == answer.ipAddresses
    sdk.unassign(nicId=ids["other"], ipAddresses=answer.ipAddresses)


def test_empty_list_that_the_sdk_sends(sdk: Sdk, ids: dict[str, str]) -> None:
    """The SDK sends an empty list; it counts as absent, and the count beside it is followed."""
    answer = sdk.assign(nicId=ids["other"], ipAddresses=[], ipAddressCount=1)
    assert len(answer.ipAddresses) == 1
    sdk.unassign(nicId=ids["other"], ipAddresses=answer.ipAddresses)


def test_release_by_the_deprecated_field(sdk: Sdk, ids: dict[str, str]) -> None:
    """The single address of older callers is released as well."""
    sdk.assign(nicId=ids["other"], ipAddresses=["10.0.1.222"])
    sdk.unassign(nicId=ids["other"], ipAddress="10.0.1.222")
    assert sdk.nic(ids["other"]).secondaryIpv4s == []


# -- errors --------------------------------------------------------------------------------------------------------


def test_refusal_has_code_status_message_and_request_id(sdk: Sdk, ids: dict[str, str]) -> None:
    """The SDK reads all four of a refusal; every code is in test_codes."""
    with pytest.raises(ZenlayerCloudSdkException) as caught:
        sdk.assign(nicId=ids["pending"], ipAddressCount=1)
    assert (caught.value.code, sdk.statuses) == ("INVALID_NIC_STATUS", [400])
    assert caught.value.message
    assert re.fullmatch(REQUEST_ID, caught.value.request_id)


# -- who calls -----------------------------------------------------------------------------------------------------


def test_token(access: Access) -> None:
    """A personal access token does what a key does."""
    assert Sdk(access, TokenCredential(access.token)).zec.DescribeVpcs(zec.DescribeVpcsRequest()).totalCount == 9


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ("password", "AUTHFAILURE_SIGNATURE_FAILURE"),
        ("key", "AUTHFAILURE_INVALID_AUTHORIZATION"),
        ("token", "AUTHFAILURE_INVALID_AUTHORIZATION"),
    ],
)
def test_wrong_credentials(access: Access, given: str, code: str) -> None:
    """A wrong password, an unknown key and a wrong token are turned away with 401."""
    credential = {
        "password": Credential(access.access_key_id, "wrong"),
        "key": Credential("unknown", access.access_key_password),
        "token": TokenCredential("wrong"),
    }[given]
    sdk = Sdk(access, credential)
    with pytest.raises(ZenlayerCloudSdkException) as caught:
        sdk.zec.DescribeVpcs(zec.DescribeVpcsRequest())
    assert (caught.value.code, sdk.statuses) == (code, [401])


def test_action_that_does_not_exist_here(sdk: Sdk) -> None:
    """An action that is not there is not permitted: one code for both."""
    with pytest.raises(ZenlayerCloudSdkException) as caught:
        sdk.zec.DescribeZones(zec.DescribeZonesRequest())
    assert (caught.value.code, sdk.statuses) == ("AUTHFAILURE_UNAUTHORIZED_OPERATION", [403])


# -- what goes wrong on the way ------------------------------------------------------------------------------------


@pytest.fixture
def local() -> Iterator[tuple[Emulator, Sdk]]:
    """An emulator whose faults a test can script, and the SDK on it."""
    with Emulator("random:1:5") as emulator:
        access = Access(emulator.url, emulator.access_key_id, emulator.access_key_password, emulator.token)
        yield emulator, Sdk(access)


def test_sdk_waits_and_repeats_when_throttled(local: tuple[Emulator, Sdk]) -> None:
    """The SDK knows the throttling answer and repeats the call until it is let through."""
    emulator, sdk = local
    emulator.faults.add("throttle", "DescribeVpcs", times=2)
    assert sdk.zec.DescribeVpcs(zec.DescribeVpcsRequest()).totalCount == 1
    assert sdk.statuses == [429, 429, 200]


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        ("challenge", "SECURITY_CHALLENGE"),
        ("blocked", "REQUEST_BLOCKED"),
        ("reset_before", "NETWORK_ERROR"),
        ("error", "INTERNAL_SERVER_ERROR"),
    ],
)
def test_sdk_tells_faults_apart(local: tuple[Emulator, Sdk], kind: str, code: str) -> None:
    """The SDK names each fault as it names the real one."""
    emulator, sdk = local
    emulator.faults.add(kind, "DescribeVpcs")
    with pytest.raises(ZenlayerCloudSdkException) as caught:
        sdk.zec.DescribeVpcs(zec.DescribeVpcsRequest())
    assert caught.value.code == code
