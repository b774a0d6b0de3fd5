"""Each switch changes the answer it is about, and its default does not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.emulator.account import ASSIGN, NICS, UNASSIGN, Account
from zecnb.emulator import Settings

if TYPE_CHECKING:
    from collections.abc import Callable

NOWHERE = "1000000000000000000"
LIMIT = "OPERATION_DENIED_NIC_ATTACH_LAN_IP_EXCEED_LIMIT"


def _nic(account: Account, *more: str, **options: Any) -> str:
    return account.nic(account.subnet(), *more, **options)


def _nine(account: Account) -> str:
    return _nic(account, *(f"10.0.1.{last}" for last in range(101, 110)))


def _unordered(account: Account) -> Any:
    nic = _nic(account)
    answer = account.ask(ASSIGN, nicId=nic, ipAddresses=["10.0.1.9", "10.0.1.10", "10.0.1.8"])["ipAddresses"]
    return answer, account.show(nic)["secondaryIpv4s"]


def _detached(account: Account) -> Any:
    nic = _nic(account, "10.0.1.9", status="USED")
    account.ask("DetachNetworkInterface", nicId=nic)
    return account.show(nic)["secondaryIpv4s"]


def _six_in_dual(account: Account) -> Any:
    nic = account.nic(account.subnet(stack="IPv4_IPv6"), stack="IPv6")
    return account.code(ASSIGN, nicId=nic, ipAddressCount=1)


def _eleven_vips(account: Account) -> Any:
    net = account.subnet()
    return [account.code("CreateHaVip", subnetId=net, name="vip") for _ in range(11)][-1]


def _five_eips(account: Account) -> Any:
    priced = {"regionId": "asia-east-1", "internetChargeType": "ByBandwidth", "name": "eip", "amount": 5}
    asked = {"eipIds": account.ask("CreateEips", **priced)["eipIds"], "nicId": _nic(account)}
    return len(account.ask("AssociateEipAddress", **asked)["failedEipIds"])


def _three_eips(account: Account) -> Any:
    asked = {"regionId": "asia-east-1", "internetChargeType": "ByBandwidth", "name": "eip", "amount": 3}
    return account.code("CreateEips", **asked)


def _three_balancers(account: Account) -> Any:
    asked = {"regionId": "asia-east-1", "vpcId": account.vpc(), "loadBalancerName": "lb", "number": 3}
    return account.call("CreateLoadBalancer", service="zlb", **asked)[1].get("code", "OK")


def _public_nine(account: Account) -> Any:
    return account.code(ASSIGN, nicId=_nic(account), ipAddresses=["9.9.9.9"])


def _renamed(account: Account) -> Any:
    return account.code("ModifyNetworkInterfacesAttribute", nicIds=[_nic(account)], name="a_b")


def _usage(account: Account) -> Any:
    _nic(account)
    shown = account.ask("DescribeSubnets")["dataSet"] + account.ask("DescribeVpcs")["dataSet"]
    return [each["usageIpv4Count"] for each in shown]


def _tenth(account: Account) -> Any:
    return account.code("AssignNetworkInterfaceIpv4", nicId=_nine(account), ipAddress="10.0.1.9")


def _new_nic(account: Account, **asked: Any) -> Any:
    return account.code("CreateNetworkInterface", **{"name": "vm", "subnetId": account.subnet(), **asked})


def _new_status(account: Account) -> Any:
    made = account.ask("CreateNetworkInterface", name="vm", subnetId=account.subnet())
    return account.show(made["nicId"])["status"]


def _new_subnet(account: Account, vpc: str, cidr: str, stack: str = "IPv4") -> Any:
    asked = {"vpcId": vpc, "name": "net", "regionId": "asia-east-1", "cidrBlock": cidr, "stackType": stack}
    return account.code("CreateSubnet", **asked, ipv6Type="Private")


def _overlapping(account: Account) -> Any:
    vpc = account.vpc()
    return [_new_subnet(account, vpc, "10.0.1.0/24") for _ in range(2)][1]


def _six_in_four(account: Account) -> Any:
    vpc = account.ask("CreateVpc", name="four", cidrBlock="10.0.0.0/16", mtu=1500)["vpcId"]
    return _new_subnet(account, vpc, "10.0.1.0/24", "IPv4_IPv6")


def _wrong_token(account: Account) -> Any:
    return account.send(b"{}", {"authorization": "Bearer nobody"})[1]["code"]


def _page(account: Account) -> Any:
    net = account.subnet()
    for _ in range(4):
        account.nic(net)
    return len(account.ask(NICS)["dataSet"])


def _odd_version(account: Account) -> Any:
    return account.call("DescribeVpcs", version="2020-01-01")[0]


ASKED_ORDER, ASCENDING = ["10.0.1.9", "10.0.1.10", "10.0.1.8"], ["10.0.1.8", "10.0.1.9", "10.0.1.10"]
CASES: list[tuple[str, Any, Callable[[Account], Any], Any, Any]] = [
    ("unsupported_version", "ignore", _odd_version, 403, 200),
    ("smallest_vpc_prefix", 24, lambda a: a.code("CreateVpc", name="small", cidrBlock="10.0.0.0/28", mtu=1500),
     "OK", "INVALID_CIDR_BLOCK_NETMASK_RANGE"),
    ("eips_per_address", 3, _five_eips, 1, 2),
    ("eips_per_call", 2, _three_eips, "OK", "INVALID_PARAMETER_EXCEED_MAXIMUM"),
    ("balancers_per_call", 2, _three_balancers, "OK", "INVALID_PARAMETER_EXCEED_MAXIMUM"),
    ("missing_version", "refuse", lambda a: a.code("DescribeVpcs"), "OK", "AUTHFAILURE_UNAUTHORIZED_OPERATION"),
    ("nic_name_characters", "", lambda a: a.code("ModifyNetworkInterfaceAttribute", nicId=_nic(a), name="a/b"),
     "OK", "INVALID_PARAMETER_PATTERN_ERROR"),
    ("name_characters", "_", lambda a: a.code("CreateVpc", name="a_b", cidrBlock="10.9.0.0/16", mtu=1500),
     "INVALID_PARAMETER_PATTERN_ERROR", "OK"),
    ("nic_not_found", "OPERATION_FAILED_RESOURCE_NOT_FOUND", lambda a: a.code(ASSIGN, nicId=NOWHERE, ipAddressCount=1),
     "INVALID_NIC_NOT_FOUND", "OPERATION_FAILED_RESOURCE_NOT_FOUND"),
    ("private_ip_order", "ascending", _unordered, (ASKED_ORDER, ASKED_ORDER), (ASKED_ORDER, ASCENDING)),
    ("answer_order", "ascending", _unordered, (ASKED_ORDER, ASKED_ORDER), (ASCENDING, ASKED_ORDER)),
    ("limit_checked", "first", lambda a: a.code(ASSIGN, nicId=_nine(a), ipAddresses=["10.0.1.1"]),
     "INVALID_IP_FIRST_ADDRESS", LIMIT),
    ("nic_limit_code", "INVALID_NIC_PRIVATE_IP_EXCEED_LIMIT",
     lambda a: a.call(ASSIGN, nicId=_nine(a), ipAddressCount=1)[0], 400, 403),
    ("empty_list", "refused", lambda a: a.code(ASSIGN, nicId=_nic(a), ipAddresses=[], ipAddressCount=1),
     "OK", "MISSING_PARAMETER"),
    ("count_beside_list", "ignored",
     lambda a: a.code(ASSIGN, nicId=_nic(a), ipAddresses=["10.0.1.9"], ipAddressCount=0),
     "INVALID_PARAMETER_LESS_MINIMUM", "OK"),
    ("held_by_itself", "accepted", lambda a: a.code(ASSIGN, nicId=_nic(a, "10.0.1.9"), ipAddresses=["10.0.1.9"]),
     "INVALID_SUBNET_PRIVATE_IPV4_IN_USED", "OK"),
    ("stack_check", "subnet", _six_in_dual, "OPERATION_DENIED_SUBNET_TYPE_NOT_SUPPORT_IPV4", "OK"),
    ("release_foreign", "ignored", lambda a: a.code(UNASSIGN, nicId=_nic(a), ipAddresses=["10.0.1.9"]),
     "INVALID_PARAMETER_PRIVATE_IP_ILLEGAL", "OK"),
    ("detach_keeps_addresses", False, _detached, ["10.0.1.9"], []),
    ("primary_nics_accept", False, lambda a: a.code(ASSIGN, nicId=_nic(a, kind="Primary"), ipAddressCount=1),
     "OK", "INVALID_NIC_STATUS"),
    ("nics_rename_characters", "_", _renamed, "INVALID_PARAMETER_PATTERN_ERROR", "OK"),
    ("vpc_rename_characters", "", lambda a: a.code("ModifyVpcAttribute", vpcId=a.vpc(), vpcName="a_b"),
     "OK", "INVALID_PARAMETER_PATTERN_ERROR"),
    ("nothing_asked_code", "INVALID_PARAMETER_VALUE", lambda a: a.code(ASSIGN, nicId=_nic(a)),
     "MISSING_PARAMETER", "INVALID_PARAMETER_VALUE"),
    ("leading_zeros", "accepted", lambda a: a.code(ASSIGN, nicId=_nic(a), ipAddresses=["010.00.1.09"]),
     "INVALID_PARAMETER_PRIVATE_IP_ILLEGAL", "OK"),
    ("public_address", "illegal", _public_nine, "INVALID_IP_OUT_OF_RANGE", "INVALID_PARAMETER_PRIVATE_IP_ILLEGAL"),
    ("usage_counts_reserved", True, _usage, [1, 1], [4, 4]),
    ("release_nothing", "accepted", lambda a: a.code(UNASSIGN, nicId=_nic(a), ipAddresses=[]),
     "MISSING_PARAMETER", "OK"),
    ("assign_has_limit", False, _tenth, LIMIT, "OK"),
    ("new_nic_subnet_not_found", "OPERATION_FAILED_RESOURCE_NOT_FOUND", lambda a: _new_nic(a, subnetId=NOWHERE),
     "INVALID_SUBNET_NOT_FOUND", "OPERATION_FAILED_RESOURCE_NOT_FOUND"),
    ("new_nic_stack_code", "OPERATION_DENIED_SUBNET_TYPE_NOT_SUPPORT", lambda a: _new_nic(a, nicStackType="IPv6"),
     "INVALID_SUBNET_IPSTACK_NOT_SUPPORT", "OPERATION_DENIED_SUBNET_TYPE_NOT_SUPPORT"),
    ("subnet_cidr_code", "TAKEN", _overlapping, "OPERATION_DENIED_SUBNET_CIDR_CONFLICT", "TAKEN"),
    ("private_ipv6", "enabled", _six_in_four, "OK", "OPERATION_DENIED_SUBNET_TYPE_NOT_SUPPORT_IPV6"),
    ("eip_not_found", "OPERATION_FAILED_RESOURCE_NOT_FOUND", lambda a: a.code("AvailableLanIp", eipId=NOWHERE),
     "INVALID_EIP_NOT_FOUND", "OPERATION_FAILED_RESOURCE_NOT_FOUND"),
    ("unknown_key_code", "AUTHFAILURE_SIGNATURE_FAILURE", _wrong_token,
     "AUTHFAILURE_INVALID_AUTHORIZATION", "AUTHFAILURE_SIGNATURE_FAILURE"),
    ("new_nics_become", "CREATE_FAILED", _new_status, "AVAILABLE", "CREATE_FAILED"),
    ("page_size_max", 3, _page, 4, 3),
    ("ha_vip_limit", 0, _eleven_vips, "OPERATION_DENIED_HAVIP_EXCEED_LIMIT", "OK"),
    ("ha_vip_limit_code", "QUOTA_EXCEEDED", _eleven_vips, "OPERATION_DENIED_HAVIP_EXCEED_LIMIT", "QUOTA_EXCEEDED"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "value", "ask", "as_assumed", "as_switched"), CASES, ids=[name for name, *_ in CASES])
def test_switch(name: str, value: Any, ask: Callable[[Account], Any], as_assumed: Any, as_switched: Any) -> None:
    """The same call is answered one way by default and the other way with the switch flipped."""
    with Account() as assumed, Account(settings=Settings(**{name: value})) as switched:
        assert (ask(assumed), ask(switched)) == (as_assumed, as_switched)


def test_address_that_is_already_there_is_not_counted_again() -> None:
    """Where a vNIC's own address is accepted it takes no more room and is no new one in the answer."""
    with Account(settings=Settings(held_by_itself="accepted")) as account:
        nic = _nic(account, "10.0.1.9")
        answer = account.ask(ASSIGN, nicId=nic, ipAddresses=["10.0.1.9", "10.0.1.10"])["ipAddresses"]
        assert answer == ["10.0.1.10"]
        assert account.show(nic)["secondaryIpv4s"] == ["10.0.1.9", "10.0.1.10"]


def test_failed_creation_after_a_while() -> None:
    """A vNIC is PENDING first, then CREATE_FAILED; it can only be deleted."""
    now = [1_800_000_000.0]
    failing = Settings(new_nics_become="CREATE_FAILED", lifecycle_seconds=5)
    with Account(settings=failing, clock=lambda: now[0]) as account:
        nic = account.ask("CreateNetworkInterface", name="vm", subnetId=account.subnet())["nicId"]
        assert account.show(nic)["status"] == "PENDING"
        now[0] += 5
        assert account.show(nic)["status"] == "CREATE_FAILED"
        assert account.code(ASSIGN, nicId=nic, ipAddressCount=1) == "INVALID_NIC_STATUS"
        assert account.code("DeleteNetworkInterface", nicId=nic) == "OK"
