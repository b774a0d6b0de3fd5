"""Every documented code of every action, through the official SDK, without a socket and with one.

With ``ZECNB_LIVE=1`` and credentials the reading calls run against the real API too, and nothing is written there.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import pytest
from zenlayercloud.common.config import Config
from zenlayercloud.common.credential import Credential
from zenlayercloud.common.excpetion.zenlayer_cloud_sdk_exception import ZenlayerCloudSdkException
from zenlayercloud.common.response import BaseResponse
from zenlayercloud.zec.v20240401 import models as old_zec
from zenlayercloud.zec.v20250901 import models as zec
from zenlayercloud.zec.v20250901.zec_client import ZecClient
from zenlayercloud.zlb.v20250401 import models as zlb

from tests.contract.test_sdk import Access, Sdk, fill
from tests.emulator.account import Account
from zecnb.emulator import Settings, attachments, resources
from zecnb.emulator.wire import Request

if TYPE_CHECKING:
    from collections.abc import Iterator

NOWHERE = "1000000000000000000"
REGION, ELSEWHERE, CLOSED = "asia-east-1", "na-west-1", "asia-north-1"
MODELS = {"zec": zec, "old": old_zec, "zlb": zlb}
BEHIND = (
    "INVALID_VPC_BANDWIDTH_ASSOCIATED", "INVALID_VPC_NAT_ASSOCIATED", "INVALID_VPC_UNMANAGED_EGRESS_IP_ASSOCIATED",
    "INVALID_VPC_ZBG_ASSOCIATED",
)  # fmt: skip

CASES: list[tuple[str, str, int, dict[str, Any]]] = [
    # -- addresses of vNICs (the codes of BatchAssign and Unassign are in test_sdk) --
    ("AssignNetworkInterfaceIpv4", "INVALID_NIC_NOT_FOUND", 404, {"nicId": NOWHERE, "ipAddress": "10.0.1.99"}),
    ("AssignNetworkInterfaceIpv4", "INVALID_NIC_STATUS", 400, {"nicId": "@pending", "ipAddress": "10.0.1.99"}),
    ("AssignNetworkInterfaceIpv4", "OPERATION_DENIED_SUBNET_TYPE_NOT_SUPPORT_IPV4", 400,
     {"nicId": "@six", "ipAddress": "10.0.1.99"}),
    ("AssignNetworkInterfaceIpv4", "INVALID_IP_OUT_OF_RANGE", 400, {"nicId": "@plain", "ipAddress": "10.0.9.9"}),
    ("AssignNetworkInterfaceIpv4", "INVALID_IP_NETWORK_ADDRESS", 400, {"nicId": "@plain", "ipAddress": "10.0.1.0"}),
    ("AssignNetworkInterfaceIpv4", "INVALID_IP_FIRST_ADDRESS", 400, {"nicId": "@plain", "ipAddress": "10.0.1.1"}),
    ("AssignNetworkInterfaceIpv4", "INVALID_IP_BROADCAST_ADDRESS", 400,
     {"nicId": "@plain", "ipAddress": "10.0.1.255"}),
    ("AssignNetworkInterfaceIpv4", "INVALID_SUBNET_PRIVATE_IPV4_IN_USED", 409,
     {"nicId": "@plain", "ipAddress": "10.0.1.101"}),
    ("AssignNetworkInterfaceIpv4", "OPERATION_DENIED_NIC_ATTACH_LAN_IP_EXCEED_LIMIT", 400,
     {"nicId": "@full", "ipAddress": "10.0.1.99"}),
    ("AssignNetworkInterfaceIpv4", "MISSING_PARAMETER", 400, {"nicId": "@plain"}),
    ("UnassignNetworkInterfaceIpv4", "INVALID_NIC_LB_ASSOCIATED", 409,
     {"nicId": "@backend", "ipAddresses": ["10.0.1.150"]}),
    ("ReplaceNetworkInterfacePrimaryIpv4", "INVALID_NIC_NOT_FOUND", 404, {"nicId": NOWHERE}),
    ("ReplaceNetworkInterfacePrimaryIpv4", "INVALID_NIC_STATUS", 400, {"nicId": "@pending"}),
    ("ReplaceNetworkInterfacePrimaryIpv4", "OPERATION_DENIED_SUBNET_TYPE_NOT_SUPPORT_IPV4", 400, {"nicId": "@six"}),
    ("ReplaceNetworkInterfacePrimaryIpv4", "INVALID_IP_OUT_OF_RANGE", 400,
     {"nicId": "@plain", "primaryIpAddress": "10.0.9.9"}),
    ("ReplaceNetworkInterfacePrimaryIpv4", "INVALID_IP_NETWORK_ADDRESS", 400,
     {"nicId": "@plain", "primaryIpAddress": "10.0.1.0"}),
    ("ReplaceNetworkInterfacePrimaryIpv4", "INVALID_IP_FIRST_ADDRESS", 400,
     {"nicId": "@plain", "primaryIpAddress": "10.0.1.1"}),
    ("ReplaceNetworkInterfacePrimaryIpv4", "INVALID_IP_BROADCAST_ADDRESS", 400,
     {"nicId": "@plain", "primaryIpAddress": "10.0.1.255"}),
    ("ReplaceNetworkInterfacePrimaryIpv4", "INVALID_SUBNET_PRIVATE_IPV4_IN_USED", 409,
     {"nicId": "@plain", "primaryIpAddress": "10.0.1.101"}),
    ("ReplaceNetworkInterfacePrimaryIpv4", "INVALID_PARAMETER_PRIVATE_IP_ILLEGAL", 400,
     {"nicId": "@plain", "primaryIpAddress": "x"}),
    ("ReplaceNetworkInterfacePrimaryIpv4", "OPERATION_DENIED_SUBNET_IP_INSUFFICIENT", 400, {"nicId": "@crammed"}),
    # -- vNICs --
    ("CreateNetworkInterface", "INVALID_SUBNET_NOT_FOUND", 404, {"name": "new", "subnetId": NOWHERE}),
    ("CreateNetworkInterface", "INVALID_SECURITY_GROUP_NOT_FOUND", 404,
     {"name": "new", "subnetId": "@wide", "securityGroupId": NOWHERE}),
    ("CreateNetworkInterface", "OPERATION_DENIED_SUBNET_IP_INSUFFICIENT", 400, {"name": "new", "subnetId": "@tight"}),
    ("CreateNetworkInterface", "INVALID_SUBNET_IPSTACK_NOT_SUPPORT", 400,
     {"name": "new", "subnetId": "@wide", "nicStackType": "IPv6"}),
    ("CreateNetworkInterface", "INVALID_PARAMETER_VALUE", 400,
     {"name": "new", "subnetId": "@wide", "nicStackType": "ipv4"}),
    ("CreateNetworkInterface", "INVALID_PARAMETER_PATTERN_ERROR", 400, {"name": "-new", "subnetId": "@wide"}),
    ("CreateNetworkInterface", "INVALID_PARAMETER_LESS_LENGTH", 400, {"name": "n", "subnetId": "@wide"}),
    ("CreateNetworkInterface", "INVALID_PARAMETER_EXCEED_LENGTH", 400, {"name": "n" * 64, "subnetId": "@wide"}),
    ("CreateNetworkInterface", "MISSING_PARAMETER", 400, {"subnetId": "@wide"}),
    ("DeleteNetworkInterface", "INVALID_NIC_NOT_FOUND", 404, {"nicId": NOWHERE}),
    ("DeleteNetworkInterface", "INVALID_NIC_ATTACHED", 400, {"nicId": "@used"}),
    ("DeleteNetworkInterface", "INVALID_NIC_PRIMARY_CANT_DELETE", 409, {"nicId": "@primary"}),
    ("DeleteNetworkInterface", "INVALID_NIC_STATUS", 400, {"nicId": "@pending"}),
    ("AttachNetworkInterface", "INVALID_NIC_NOT_FOUND", 404, {"nicId": NOWHERE, "instanceId": "@running"}),
    ("AttachNetworkInterface", "INVALID_INSTANCE_NOT_FOUND", 404, {"nicId": "@plain", "instanceId": NOWHERE}),
    ("AttachNetworkInterface", "INVALID_NIC_ATTACHED", 400, {"nicId": "@used", "instanceId": "@running"}),
    ("AttachNetworkInterface", "INVALID_NIC_STATUS", 400, {"nicId": "@pending", "instanceId": "@running"}),
    ("AttachNetworkInterface", "INVALID_NIC_INSTANCE_REGION_MISMATCH", 409,
     {"nicId": "@plain", "instanceId": "@far"}),
    ("AttachNetworkInterface", "OPERATION_DENIED_INSTANCE_STATUS_NOT_SUPPORT", 400,
     {"nicId": "@plain", "instanceId": "@stopped"}),
    ("AttachNetworkInterface", "INVALID_INSTANCE_PRECHECK_ABNORMAL", 400,
     {"nicId": "@plain", "instanceId": "@abnormal"}),
    ("AttachNetworkInterface", "INVALID_INSTANCE_NIC_LIMIT", 400, {"nicId": "@plain", "instanceId": "@laden"}),
    ("DetachNetworkInterface", "INVALID_NIC_NOT_FOUND", 404, {"nicId": NOWHERE}),
    ("DetachNetworkInterface", "INVALID_NIC_STATUS", 400, {"nicId": "@pending"}),
    ("DetachNetworkInterface", "INVALID_NIC_PRIMARY_CANT_DETACH", 409, {"nicId": "@primary"}),
    ("DetachNetworkInterface", "INVALID_NIC_LB_ASSOCIATED", 409, {"nicId": "@backend"}),
    ("DetachNetworkInterface", "OPERATION_DENIED_INSTANCE_STATUS_NOT_SUPPORT", 400, {"nicId": "@halted"}),
    ("DetachNetworkInterface", "OPERATION_DENIED_NIC_NOT_EXIST_INSTANCE", 403, {"nicId": "@plain"}),
    ("ModifyNetworkInterfaceAttribute", "INVALID_NIC_NOT_FOUND", 404, {"nicId": NOWHERE, "name": "new"}),
    ("ModifyNetworkInterfaceAttribute", "INVALID_NIC_STATUS", 400, {"nicId": "@pending", "name": "new"}),
    ("ModifyNetworkInterfaceAttribute", "INVALID_SECURITY_GROUP_NOT_FOUND", 404,
     {"nicId": "@plain", "securityGroupId": NOWHERE}),
    ("ModifyNetworkInterfacesAttribute", "INVALID_NIC_NOT_FOUND", 404, {"nicIds": ["@plain", NOWHERE], "name": "new"}),
    ("ModifyNetworkInterfacesAttribute", "INVALID_PARAMETER_EXCEED_LENGTH", 400,
     {"nicIds": [NOWHERE] * 101, "name": "new"}),
    ("ModifyNetworkInterfacesAttribute", "MISSING_PARAMETER", 400, {"nicIds": [], "name": "new"}),
    ("DescribeNetworkInterfaces", "INVALID_PARAMETER_EXCEED_MAXIMUM", 400, {"pageSize": 1001}),
    ("DescribeNetworkInterfaces", "INVALID_PARAMETER_LESS_MINIMUM", 400, {"pageNum": 0}),
    ("DescribeNetworkInterfaces", "INVALID_PARAMETER_EXCEED_LENGTH", 400, {"nicIds": [NOWHERE] * 101}),
    ("DescribeNetworkInterfaces", "INVALID_PARAMETER_TYPE", 400, {"pageSize": "20"}),
    ("DescribeNetworkInterfaces", "INVALID_PARAMETER_VALUE", 400, {"status": "Available"}),
    # -- VPCs --
    ("CreateVpc", "INVALID_CIDR_BLOCK_FORMAT", 400, {"name": "new", "cidrBlock": "10.9.0.0", "mtu": 1500}),
    ("CreateVpc", "INVALID_CIDR_BLOCK_NETMASK_RANGE", 400, {"name": "new", "cidrBlock": "10.0.0.0/8", "mtu": 1500}),
    ("CreateVpc", "INVALID_CIDR_BLOCK_NOT_LAN_IP", 400, {"name": "new", "cidrBlock": "11.0.0.0/16", "mtu": 1500}),
    ("CreateVpc", "INVALID_PARAMETER_VALUE", 400, {"name": "new", "cidrBlock": "10.9.0.0/16", "mtu": 1400}),
    ("DeleteVpc", "INVALID_VPC_NOT_FOUND", 404, {"vpcId": NOWHERE}),
    ("DeleteVpc", "OPERATION_DENIED_DEFAULT_VPC", 400, {"vpcId": "@default_vpc"}),
    ("DeleteVpc", "INVALID_VPC_SUBNET_ASSOCIATED", 409, {"vpcId": "@vpc"}),
    ("DeleteVpc", "INVALID_VPC_LB_ASSOCIATED", 409, {"vpcId": "@balanced"}),
    *(("DeleteVpc", code, 409, {"vpcId": f"@{code}"}) for code in BEHIND),
    ("ModifyVpcAttribute", "INVALID_VPC_NOT_FOUND", 404, {"vpcId": NOWHERE, "vpcName": "new"}),
    ("ModifyVpcAttribute", "OPERATION_DENIED_DEFAULT_VPC", 400, {"vpcId": "@default_vpc", "vpcName": "new"}),
    ("ModifyVpcAttribute", "OPERATION_DENIED_VPC_CANT_DISABLE_IPV6", 400, {"vpcId": "@vpc", "enableIPv6": False}),
    ("ModifyVpcAttribute", "OPERATION_DENIED_VPC_CIDR_CONFLICT", 400, {"vpcId": "@vpc", "cidrBlock": "10.0.1.0/24"}),
    ("ModifyVpcAttribute", "INVALID_CIDR_BLOCK_FORMAT", 400, {"vpcId": "@vpc", "cidrBlock": "10.0.0.0"}),
    # -- subnets --
    ("CreateSubnet", "INVALID_VPC_NOT_FOUND", 404, {"vpcId": NOWHERE}),
    ("CreateSubnet", "INVALID_REGION_NOT_FOUND", 404, {"regionId": "moon-1"}),
    ("CreateSubnet", "INVALID_REGION_NOT_ON_SALE", 400, {"regionId": CLOSED}),
    ("CreateSubnet", "INVALID_CIDR_BLOCK_FORMAT", 400, {"cidrBlock": "10.0.9.1/24"}),
    ("CreateSubnet", "INVALID_CIDR_BLOCK_NETMASK_RANGE", 400, {"cidrBlock": "10.0.9.0/30"}),
    ("CreateSubnet", "INVALID_CIDR_BLOCK_NOT_EMPTY", 400, {"cidrBlock": None}),
    ("CreateSubnet", "INVALID_CIDR_BLOCK_NOT_LAN_IP", 400, {"cidrBlock": "8.8.8.0/24"}),
    ("CreateSubnet", "INVALID_CIDR_IPV6_ONLY", 400, {"stackType": "IPv6", "ipv6Type": "Private"}),
    ("CreateSubnet", "INVALID_IP_BROADCAST_ADDRESS", 400, {"cidrBlock": "10.0.9.255/24"}),
    ("CreateSubnet", "INVALID_PARAMETER_SUBNET_CIDR_NOT_BELONG_VPC", 400, {"cidrBlock": "10.77.0.0/24"}),
    ("CreateSubnet", "INVALID_PARAMETER_SUBNET_IPV6_TYPE_NOT_FOUND", 400, {"stackType": "IPv4_IPv6"}),
    ("CreateSubnet", "OPERATION_DENIED_REGION_NOT_SUPPORT_PUB_IPV6", 400,
     {"stackType": "IPv4_IPv6", "ipv6Type": "Public", "regionId": ELSEWHERE}),
    ("CreateSubnet", "OPERATION_DENIED_SUBNET_CIDR_CONFLICT", 400, {"cidrBlock": "10.0.1.0/25"}),
    ("DeleteSubnet", "INVALID_SUBNET_NOT_FOUND", 404, {"subnetId": NOWHERE}),
    ("DeleteSubnet", "INVALID_SUBNET_IN_USE", 409, {"subnetId": "@wide"}),
    ("DeleteSubnet", "OPERATION_DENIED_DEFAULT_SUBNET", 400, {"subnetId": "@default_subnet"}),
    ("ModifySubnetAttribute", "INVALID_SUBNET_NOT_FOUND", 404, {"subnetId": NOWHERE, "subnetName": "new"}),
    ("ModifySubnetAttribute", "INVALID_SUBNET_IN_USE", 409, {"subnetId": "@wide", "cidrBlock": "10.0.1.0/25"}),
    ("ModifySubnetAttribute", "OPERATION_DENIED_SUBNET_CIDR_CONFLICT", 400,
     {"subnetId": "@wide", "cidrBlock": "10.0.0.0/22"}),
    ("ModifySubnetAttribute", "OPERATION_DENIED_SUBNET_TYPE_NOT_SUPPORT", 400,
     {"subnetId": "@six_net", "cidrBlock": "10.0.9.0/24"}),
    ("ModifySubnetStackType", "INVALID_SUBNET_NOT_FOUND", 404, {"subnetId": NOWHERE, "stackType": "IPv4_IPv6"}),
    ("ModifySubnetStackType", "OPERATION_DENIED_DEFAULT_SUBNET", 400,
     {"subnetId": "@default_subnet", "stackType": "IPv4_IPv6"}),
    ("ModifySubnetStackType", "OPERATION_DENIED_SUBNET_TYPE_NOT_SUPPORT", 400,
     {"subnetId": "@wide", "stackType": "IPv6"}),
    ("ModifySubnetStackType", "INVALID_PARAMETER_SUBNET_IPV6_TYPE_NOT_FOUND", 400,
     {"subnetId": "@wide", "stackType": "IPv4_IPv6"}),
    # -- HaVips --
    ("CreateHaVip", "INVALID_SUBNET_NOT_FOUND", 404, {"subnetId": NOWHERE, "name": "vip"}),
    ("CreateHaVip", "INVALID_SECURITY_GROUP_NOT_FOUND", 404,
     {"subnetId": "@wide", "name": "vip", "securityGroupId": NOWHERE}),
    ("CreateHaVip", "INVALID_SUBNET_PRIVATE_IPV4_IN_USED", 409,
     {"subnetId": "@wide", "name": "vip", "ipAddress": "10.0.1.101"}),
    ("ModifyHaVipAttribute", "INVALID_HAVIP_NOT_FOUND", 404, {"haVipId": "havip-none", "name": "new"}),
    ("ModifyHaVipAttribute", "INVALID_SECURITY_GROUP_NOT_FOUND", 404,
     {"haVipId": "@ha_vip", "securityGroupId": NOWHERE}),
    ("DeleteHaVip", "INVALID_HAVIP_NOT_FOUND", 404, {"haVipId": "havip-none"}),
    # -- elastic IPs --
    ("CreateEips", "INVALID_REGION_NOT_FOUND", 404, {"regionId": "moon-1", "internetChargeType": "ByBandwidth"}),
    ("CreateEips", "INVALID_PARAMETER_TYPE", 400,
     {"regionId": REGION, "internetChargeType": "ByBandwidth", "amount": "2"}),
    ("CreateEips", "INVALID_PARAMETER_LESS_MINIMUM", 400,
     {"regionId": REGION, "internetChargeType": "ByBandwidth", "amount": 0}),
    ("DeleteEip", "INVALID_EIP_NOT_FOUND", 404, {"eipId": NOWHERE}),
    ("DeleteEip", "OPERATION_DENIED_EIP_STATUS_NOT_SUPPORT", 400, {"eipId": "@bound_eip"}),
    ("AssociateEipAddress", "INVALID_EIP_NOT_FOUND", 404, {"eipIds": [NOWHERE], "nicId": "@plain"}),
    ("AssociateEipAddress", "INVALID_NIC_NOT_FOUND", 404, {"eipIds": ["@free_eip"], "nicId": NOWHERE}),
    ("AssociateEipAddress", "INVALID_NIC_STATUS", 400, {"eipIds": ["@free_eip"], "nicId": "@pending"}),
    ("AssociateEipAddress", "OPERATION_FAILED_RESOURCE_NOT_FOUND", 404, {"eipIds": ["@free_eip"], "natId": NOWHERE}),
    ("AssociateEipAddress", "OPERATION_DENIED_EIP_STATUS_NOT_SUPPORT", 400,
     {"eipIds": ["@bound_eip"], "nicId": "@plain"}),
    ("AssociateEipAddress", "OPERATION_DENIED_EIP_ZONE_NOT_SAME", 400, {"eipIds": ["@far_eip"], "nicId": "@plain"}),
    ("AssociateEipAddress", "OPERATION_DENIED_EIP_INSTANCE_EXCEED_LIMIT", 400,
     {"eipIds": ["@free_eip"], "nicId": "@public", "lanIp": "10.0.1.120"}),
    ("AssociateEipAddress", "INVALID_PARAMETER_PRIVATE_IP_ILLEGAL", 400,
     {"eipIds": ["@free_eip"], "nicId": "@plain", "lanIp": "10.0.1.120"}),
    ("UnassociateEipAddress", "INVALID_EIP_NOT_FOUND", 404, {"eipIds": [NOWHERE]}),
    ("UnassociateEipAddress", "OPERATION_DENIED_EIP_NOT_ASSIGNED", 400, {"eipIds": ["@free_eip"]}),
    ("AvailableLanIp", "INVALID_EIP_NOT_FOUND", 404, {"eipId": NOWHERE}),
    # -- load balancers --
    ("CreateLoadBalancer", "INVALID_SUBNET_IPV4_INSUFFICIENT", 400, {"subnetId": "@tight"}),
    ("CreateLoadBalancer", "INVALID_VPC_NOT_FOUND", 404, {"vpcId": NOWHERE}),
    ("CreateLoadBalancer", "INVALID_SUBNET_NOT_FOUND", 404, {"subnetId": NOWHERE}),
    ("CreateLoadBalancer", "INVALID_REGION_NOT_FOUND", 404, {"regionId": "moon-1"}),
    ("TerminateLoadBalancer", "INVALID_LB_NOT_FOUND", 404, {"loadBalancerId": "zlb-none"}),
    ("TerminateLoadBalancer", "OPERATION_FAILED_FOR_RECYCLE_RESOURCE", 400, {"loadBalancerId": "@recycled"}),
]  # fmt: skip

DEFAULTS = {
    "CreateSubnet": {"vpcId": "@vpc", "name": "new", "regionId": REGION, "stackType": "IPv4",
                     "cidrBlock": "10.0.9.0/24"},
    "CreateLoadBalancer": {"regionId": REGION, "vpcId": "@vpc", "loadBalancerName": "new"},
}  # fmt: skip


def plant(account: Account) -> dict[str, str]:
    """Make one account in which every code can be met; return ids by name."""
    state, vpc = account.state, account.vpc()
    wide = account.subnet("10.0.1.0/24", "wide", vpc=vpc)
    tight = account.subnet("10.0.2.0/29", "tight", vpc=vpc)
    six_net = account.subnet(None, "six", "IPv6", vpc=vpc)
    ids = {"vpc": vpc, "wide": wide, "tight": tight, "six_net": six_net}
    ids["plain"] = account.nic(wide, name="plain")
    ids["full"] = account.nic(wide, *(f"10.0.1.{n}" for n in range(101, 110)), name="full")
    ids["pending"] = account.nic(wide, name="pending", status="PENDING")
    ids["used"] = account.nic(wide, name="used", status="USED")
    ids["primary"] = account.nic(wide, name="primary", status="USED", kind="Primary")
    ids["backend"] = account.nic(wide, "10.0.1.150", name="backend", status="USED")
    ids["halted"] = account.nic(wide, name="halted", status="USED")
    ids["public"] = account.nic(wide, "10.0.1.120", name="public")
    ids["six"] = account.nic(six_net, name="six", stack="IPv6")
    ids["crammed"] = account.nic(tight, *(f"10.0.2.{n}" for n in range(3, 7)), name="crammed")
    ids["running"] = attachments.create_instance(state, "running", REGION)
    ids["far"] = attachments.create_instance(state, "far", ELSEWHERE)
    ids["stopped"] = attachments.create_instance(state, "stopped", REGION, "STOPPED")
    ids["abnormal"] = attachments.create_instance(state, "abnormal", REGION)
    ids["laden"] = attachments.create_instance(state, "laden", REGION)
    resources.obstruct(state, ids["abnormal"], "INVALID_INSTANCE_PRECHECK_ABNORMAL")
    for number in range(8):
        nic = account.nic(wide, name=f"load-{number}")
        account.ask("AttachNetworkInterface", nicId=nic, instanceId=ids["laden"])
    ids["ha_vip"] = account.ha_vip(wide)
    ids["lb"] = resources.create_load_balancer(state, wide, "lb")
    ids["recycled"] = resources.create_load_balancer(state, wide, "gone", status="RECYCLED")
    for number in range(4):
        ids["bound_eip"] = resources.bind_eip(state, ids["public"], "10.0.1.120", f"e{number}", f"203.0.113.{number}")
    [ids["free_eip"]] = account.ask("CreateEips", regionId=REGION, internetChargeType="ByBandwidth")["eipIds"]
    [ids["far_eip"]] = account.ask("CreateEips", regionId=ELSEWHERE, internetChargeType="ByBandwidth")["eipIds"]
    ids["balanced"] = account.vpc("10.3.0.0/16", "balanced")
    account.ask("CreateLoadBalancer", service="zlb", regionId=REGION, vpcId=ids["balanced"], loadBalancerName="bare")
    for number, code in enumerate(BEHIND, 4):
        ids[code] = account.vpc(f"10.{number}.0.0/16", f"behind-{number}")
        resources.obstruct(state, ids[code], code)
    ids["default_vpc"] = account.vpc("10.2.0.0/16", "default")
    ids["default_subnet"] = account.subnet("10.2.0.0/24", "default", vpc=ids["default_vpc"])
    with state.write() as connection:
        connection.execute("UPDATE vpc SET is_default = 1 WHERE id = ?", (ids["default_vpc"],))
        connection.execute("UPDATE subnet SET is_default = 1 WHERE id = ?", (ids["default_subnet"],))
        connection.execute("INSERT INTO backend VALUES (?, ?, ?)", (ids["lb"], ids["backend"], (10 << 24) + 406))
        connection.execute(
            "UPDATE instance SET status = 'STOPPED' WHERE id = (SELECT instance_id FROM nic WHERE id = ?)",
            (ids["halted"],),
        )
    return ids


@pytest.fixture(scope="module", params=["without a socket", "loopback"])
def target(request: pytest.FixtureRequest) -> Iterator[tuple[Sdk, dict[str, str], Account]]:
    """The SDK, ids by name, and the account; the SDK's requests go straight to it, or over a socket."""
    settings = Settings(regions_not_on_sale=(CLOSED,), regions_without_public_ipv6=(ELSEWHERE,))
    with Account(settings=settings) as account:
        ids = plant(account)
        emulator = account.emulator
        if request.param == "loopback":
            emulator.start()
        access = Access(emulator.url, emulator.access_key_id, emulator.access_key_password, emulator.token)
        sdk = Sdk(access)
        if request.param == "without a socket":
            for client in (sdk.zec, sdk.old, sdk.zlb):
                _shortcut(client, sdk, account)
        yield sdk, ids, account


def _shortcut(client: Any, sdk: Sdk, account: Account) -> None:
    def send(request: Any) -> BaseResponse:
        headers = {name.lower(): value for name, value in request.header.items()}
        service = headers["x-zc-service"]
        answer = account.emulator.handle(Request("POST", f"/api/v2/{service}", headers, request.data.encode()))
        sdk.statuses.append(answer.status)
        return BaseResponse(status=answer.status, header=answer.headers, data=answer.body.decode())

    client._send_request = send


def _named(value: Any, ids: dict[str, str]) -> Any:
    if isinstance(value, list):
        return [_named(each, ids) for each in value]
    return ids[value[1:]] if isinstance(value, str) and value.startswith("@") else value


def call(sdk: Sdk, ids: dict[str, str], action: str, asked: dict[str, Any], client: str = "") -> Any:
    """Call an action through the SDK; ids are named by ``@name``."""
    client = client or ("zlb" if "LoadBalancer" in action else "zec")
    request = getattr(MODELS[client], f"{action}Request")()
    given = {name: _named(value, ids) for name, value in {**DEFAULTS.get(action, {}), **asked}.items()}
    return getattr(getattr(sdk, client), action)(fill(request, **given))


@pytest.mark.parametrize(("action", "code", "status", "asked"), CASES, ids=[f"{a}-{c}" for a, c, *_ in CASES])
def test_code(
    target: tuple[Sdk, dict[str, str], Account], action: str, code: str, status: int, asked: dict[str, Any]
) -> None:
    """The SDK raises the documented code, with its HTTP status; the call changes nothing."""
    sdk, ids, account = target
    before = account.everything()
    with pytest.raises(ZenlayerCloudSdkException) as caught:
        call(sdk, ids, action, asked)
    assert (caught.value.code, sdk.statuses[-1]) == (code, status)
    assert account.everything() == before


@pytest.mark.parametrize(
    ("action", "asked"),
    [
        ("ModifyVpcAttribute", {"vpcId": "@balanced", "vpcName": "renamed"}),
        ("ModifySubnetAttribute", {"subnetId": "@tight", "subnetName": "renamed"}),
        ("CreateEips", {"regionId": REGION, "internetChargeType": "ByBandwidth", "amount": 2}),
        ("DescribeSubnets", {}),
    ],
)
def test_older_version(target: tuple[Sdk, dict[str, str], Account], action: str, asked: dict[str, Any]) -> None:
    """Actions that version 2024-04-01 has too answer there as well: Terraform mixes the two."""
    sdk, ids, _ = target
    assert call(sdk, ids, action, asked, "old").requestId


def test_actions_of_the_newest_version_alone(target: tuple[Sdk, dict[str, str], Account]) -> None:
    """What version 2024-04-01 never had is not permitted there (contract.md 5.11, 5.14)."""
    _, ids, account = target
    newest = {"DescribeHaVips": {}, "ModifyNetworkInterfaceAttribute": {"nicId": ids["plain"]}}
    for action, asked in newest.items():
        assert account.call(action, version="2024-04-01", **asked)[0] == 403
        assert account.call(action, version="2025-09-01", **asked)[0] == 200


READS = ("DescribeVpcs", "DescribeSubnets", "DescribeNetworkInterfaces", "DescribeHaVips", "DescribeEips")

LIVE = [os.environ.get(f"ZENLAYER_ACCESS_KEY_{part}", "") for part in ("ID", "SECRET")]
"""Read before each test's environment is emptied."""

if os.environ.get("ZECNB_LIVE") == "1":  # pragma: no cover - needs an account

    @pytest.mark.parametrize("action", READS)
    def test_the_real_api_reads_alike(action: str) -> None:
        """The real API answers reads in the shape that the emulator's answers have."""
        client = ZecClient(Credential(*LIVE), Config())
        answer = getattr(client, action)(fill(getattr(zec, f"{action}Request")(), pageSize=1))
        assert answer.totalCount >= len(answer.dataSet)


@pytest.mark.parametrize("action", READS)
def test_reads(target: tuple[Sdk, dict[str, str], Account], action: str) -> None:
    """Reading calls answer with a count and a page."""
    sdk, ids, _ = target
    answer = call(sdk, ids, action, {"pageSize": 1})
    assert answer.totalCount >= len(answer.dataSet) == 1
