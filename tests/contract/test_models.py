"""The emulator's actions, parameters and fields against the official SDK's own: nothing missing, nothing invented."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from zenlayercloud.zec.v20240401.zec_client import ZecClient as OldZecClient
from zenlayercloud.zec.v20250901 import models as zec
from zenlayercloud.zec.v20250901.zec_client import ZecClient
from zenlayercloud.zlb.v20250401 import models as zlb
from zenlayercloud.zlb.v20250401.zlb_client import ZlbClient

from tests.contract.cases import DEFAULTS, ITEM, REGION, plant, with_ids
from tests.emulator.account import Account
from zecnb.emulator import Settings, resources
from zecnb.emulator.actions import _ZEC, _ZLB, find_action
from zecnb.emulator.wire import NotHereFailure

if TYPE_CHECKING:
    from collections.abc import Iterator

CLIENTS = {("zec", "2025-09-01"): ZecClient, ("zec", "2024-04-01"): OldZecClient, ("zlb", "2025-04-01"): ZlbClient}
ACTIONS = {"zec": _ZEC, "zlb": _ZLB}
EVERY = [(service, name) for service, actions in ACTIONS.items() for name in actions]


def _is_there(service: str, version: str, name: str) -> bool:
    try:
        find_action(f"/api/v2/{service}", name, version, Settings())
    except NotHereFailure:
        return False
    return True


@pytest.mark.parametrize(("service", "version"), CLIENTS)
def test_versions(service: str, version: str) -> None:
    """A version has exactly those of the actions that its SDK client has."""
    known = {name: hasattr(CLIENTS[service, version], name) for name in ACTIONS[service]}
    assert {name: _is_there(service, version, name) for name in ACTIONS[service]} == known


@pytest.mark.parametrize(("service", "name"), EVERY)
def test_parameters(service: str, name: str) -> None:
    """An action's parameters are those that the SDK can send."""
    models = zlb if service == "zlb" else zec
    assert {field.name for field in ACTIONS[service][name].fields} == set(vars(getattr(models, f"{name}Request")()))


def test_parameters_of_parts() -> None:
    """So are those of a subnet among several."""
    subnets = next(field for field in _ZEC["CreateSubnets"].fields if field.name == "subnets")
    assert subnets.items is dict
    declared = {field.name for field in _ZEC["CreateSubnet"].fields} - {"vpcId"}
    assert declared == set(vars(zec.SubnetCreateItem()))


@pytest.fixture(scope="module")
def account() -> Iterator[Account]:
    """One of everything."""
    with Account() as made:
        vpc = made.vpc()
        made.ask("AssociateVpcCidrBlock", vpcId=vpc, cidrBlock="192.168.0.0/24")
        subnet = made.subnet(stack="IPv4_IPv6", vpc=vpc)
        nic = made.nic(subnet, "10.0.1.9", stack="IPv4_IPv6", status="USED")
        made.ha_vip(subnet)
        resources.create_load_balancer(made.state, subnet, "lb")
        asked = {"regionId": REGION, "internetChargeType": "ByBandwidth", "name": "eip", "amount": 2}
        bound, _ = made.ask("CreateEips", **asked)["eipIds"]
        made.ask("AssociateEipAddress", eipIds=[bound], nicId=nic)
        yield made


def _shape(value: Any) -> Any:
    """Return the names of an SDK object's attributes that have a value, in depth."""
    if isinstance(value, list):
        return [_shape(each) for each in value[:1]]
    if hasattr(value, "_deserialize"):
        return {name: _shape(each) for name, each in vars(value).items() if each is not None}
    return None


def _wire(value: Any) -> Any:
    """Return the names of a JSON object's members in the same way."""
    if isinstance(value, list):
        return [_wire(each) for each in value[:1]]
    if isinstance(value, dict):
        return {name: _wire(each) for name, each in value.items() if each is not None}
    return None


LISTED = [
    ("zec", "DescribeVpcs", "VpcInfo"),
    ("zec", "DescribeSubnets", "SubnetInfo"),
    ("zec", "DescribeNetworkInterfaces", "NicInfo"),
    ("zec", "DescribeHaVips", "HaVipInfo"),
    ("zec", "DescribeEips", "EipInfo"),
    ("zlb", "DescribeLoadBalancers", "LoadBalancer"),
]


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of a field that the API still answers
@pytest.mark.parametrize(("service", "action", "record"), LISTED)
def test_records(account: Account, service: str, action: str, record: str) -> None:
    """A listing's records have the fields of the SDK's model, nested ones included, and none that it does not know."""
    models = zlb if service == "zlb" else zec
    answer = account.ask(action, service=service)
    declared = set(vars(getattr(models, record)()))
    assert [set(each) ^ declared for each in answer["dataSet"]] == [set()] * answer["totalCount"]
    read = getattr(models, f"{action}Response")()
    read._deserialize(answer)
    assert [_shape(each) for each in read.dataSet] == [_wire(each) for each in answer["dataSet"]]


@pytest.mark.parametrize(("service", "name"), EVERY)
def test_members_of_answers(service: str, name: str) -> None:
    """The payload of a success has the members that the SDK reads, and no other."""
    models = zlb if service == "zlb" else zec
    with Account() as account:
        answer = account.ask(name, service=service, **with_ids(SUCCESSES.get(name, {}), plant(account)))
    assert set(answer) == set(vars(getattr(models, f"{name}Response")()))


SUCCESSES: dict[str, dict[str, Any]] = {
    "BatchAssignNetworkInterfaceIpv4": {"nicId": "@plain", "ipAddressCount": 1},
    "AssignNetworkInterfaceIpv4": {"nicId": "@plain", "ipAddress": "10.0.1.99"},
    "UnassignNetworkInterfaceIpv4": {"nicId": "@full", "ipAddresses": ["10.0.1.101"]},
    "CreateNetworkInterface": {"name": "new", "subnetId": "@wide"},
    "DeleteNetworkInterface": {"nicId": "@plain"},
    "AttachNetworkInterface": {"nicId": "@plain", "instanceId": "@running"},
    "DetachNetworkInterface": {"nicId": "@used"},
    "ModifyNetworkInterfaceAttribute": {"nicId": "@plain", "name": "new"},
    "ModifyNetworkInterfacesAttribute": {"nicIds": ["@plain"], "name": "new"},
    "ReplaceNetworkInterfacePrimaryIpv4": {"nicId": "@plain"},
    "CreateVpc": {"name": "new", "cidrBlock": "10.9.0.0/16", "mtu": 1500},
    "ModifyVpcAttribute": {"vpcId": "@vpc", "vpcName": "new"},
    "AssociateVpcCidrBlock": {"vpcId": "@vpc", "cidrBlock": "10.9.0.0/16"},
    "UnassociateVpcCidrBlock": {"vpcId": "@balanced", "cidrBlock": "172.16.0.0/16"},
    "DeleteVpc": {"vpcId": "@empty"},
    "CreateSubnet": {"vpcId": "@vpc", **ITEM},
    "CreateSubnets": {"vpcId": "@vpc", "subnets": [ITEM]},
    "ModifySubnetAttribute": {"subnetId": "@wide", "subnetName": "new"},
    "ModifySubnetStackType": {"subnetId": "@wide", "stackType": "IPv4_IPv6", "ipv6Type": "Public"},
    "DeleteSubnet": {"subnetId": "@public_six"},
    "DeleteSubnets": {"subnetIds": ["@public_six"]},
    "CreateHaVip": {"subnetId": "@wide", "name": "new"},
    "ModifyHaVipAttribute": {"haVipId": "@ha_vip", "name": "new"},
    "DeleteHaVip": {"haVipId": "@ha_vip"},
    "CreateEips": DEFAULTS["CreateEips"],
    "DeleteEip": {"eipId": "@free_eip"},
    "AssociateEipAddress": {"eipIds": ["@free_eip"], "nicId": "@plain"},
    "UnassociateEipAddress": {"eipIds": ["@bound_eip"]},
    "AvailableLanIp": {"eipId": "@free_eip"},
    "CreateLoadBalancer": {"regionId": REGION, "vpcId": "@vpc", "loadBalancerName": "new"},
    "TerminateLoadBalancer": {"loadBalancerId": "@lb"},
}
"""Calls that succeed in the account in which the codes are met; the others need no parameters."""
