"""Load balancers: what they hold and when it is free again."""

from __future__ import annotations

from typing import Any

import pytest

from tests.emulator.account import Account
from zecnb.emulator import Settings
from zecnb.emulator.balancers import empty_recycle_bin

REGION = "asia-east-1"


def _make(account: Account, subnet: str | None, **asked: Any) -> list[str]:
    given = {"regionId": REGION, "vpcId": account._vpc, "subnetId": subnet, "loadBalancerName": "lb", **asked}
    made: list[str] = account.ask("CreateLoadBalancer", service="zlb", **given)["loadBalancerIds"]
    return made


def _show(account: Account, balancer: str) -> dict[str, Any]:
    found: dict[str, Any] = account.ask("DescribeLoadBalancers", service="zlb", loadBalancerIds=[balancer])["dataSet"][
        0
    ]
    return found


def test_each_holds_sources_and_its_address(account: Account) -> None:
    """Several made at once hold two sources and a virtual address each."""
    subnet = account.subnet()
    made = _make(account, subnet, number=3)
    assert [_show(account, each)["loadBalancerName"] for each in made] == ["lb-1", "lb-2", "lb-3"]
    assert all(len(_show(account, each)["healthCheckPrivateIps"]) == 2 for each in made)
    assert len(account.held(subnet)) == 9


def test_sources_that_are_asked_for(account: Account) -> None:
    """Sources can be named, when they are free."""
    subnet = account.subnet()
    asked = ["10.0.1.9", "10.0.1.8"]
    [balancer] = _make(account, subnet, healthCheckPrivateIps=asked)
    assert _show(account, balancer)["healthCheckPrivateIps"] == asked
    given = {"regionId": REGION, "vpcId": account._vpc, "subnetId": subnet, "healthCheckPrivateIps": asked}
    status, content = account.call("CreateLoadBalancer", service="zlb", loadBalancerName="lb", **given)
    assert (status, content["code"]) == (409, "INVALID_SUBNET_PRIVATE_IPV4_IN_USED")


def test_what_it_was_made_with(account: Account) -> None:
    """Stack and security group are shown, and find it; without a group it has none."""
    subnet = account.subnet()
    [vpc] = account.ask("DescribeVpcs")["dataSet"]
    [first] = _make(account, subnet, securityGroupId=vpc["securityGroupId"], ipStackType="IPv4_IPv6")
    [second] = _make(account, subnet)
    shown = [(_show(account, each)["ipStackType"], _show(account, each)["securityGroupId"]) for each in (first, second)]
    assert shown == [("IPv4_IPv6", vpc["securityGroupId"]), ("IPv4", None)]
    for asked in ({"securityGroupId": vpc["securityGroupId"]}, {"ipStackType": "IPv4_IPv6"}):
        found = account.ask("DescribeLoadBalancers", service="zlb", **asked)["dataSet"]
        assert [each["loadBalancerId"] for each in found] == [first]


def test_it_has_a_name(account: Account) -> None:
    """A load balancer without a name is not made."""
    account.subnet()
    status, content = account.call("CreateLoadBalancer", service="zlb", regionId=REGION, vpcId=account._vpc)
    assert (status, content["code"]) == (400, "MISSING_PARAMETER")


def test_without_a_subnet_nothing_is_held(account: Account) -> None:
    """A load balancer of a VPC alone holds no address, whatever sources are asked for, but keeps the VPC."""
    subnet = account.subnet()
    _make(account, None, healthCheckPrivateIps=["10.0.1.9"])
    assert account.held(subnet) == []
    account.ask("DeleteSubnet", subnetId=subnet)
    assert account.code("DeleteVpc", vpcId=account._vpc) == "INVALID_VPC_LB_ASSOCIATED"


@pytest.mark.parametrize(("holds", "left"), [(True, 3), (False, 0)])
def test_recycled_balancer(*, holds: bool, left: int) -> None:
    """In the recycle bin it keeps its addresses, or not, as the setting says (5.16)."""
    with Account(settings=Settings(recycled_balancer_holds=holds)) as account:
        subnet = account.subnet()
        [balancer] = _make(account, subnet)
        account.ask("TerminateLoadBalancer", service="zlb", loadBalancerId=balancer)
        assert _show(account, balancer)["status"] == "RECYCLED"
        assert len(account.held(subnet)) == left


def test_recycle_bin_can_be_emptied(account: Account) -> None:
    """What is terminated is in the way of its subnet and VPC until it is released; what runs stays."""
    subnet, other = account.subnet(), account.subnet("10.0.2.0/24")
    [balancer], [running] = _make(account, subnet), _make(account, other)
    account.ask("TerminateLoadBalancer", service="zlb", loadBalancerId=balancer)
    assert account.code("DeleteSubnet", subnetId=subnet) == "INVALID_SUBNET_IN_USE"
    assert empty_recycle_bin(account.state) == [balancer]
    assert account.code("DeleteSubnet", subnetId=subnet) == "OK"
    [left] = account.ask("DescribeLoadBalancers", service="zlb")["dataSet"]
    assert left["loadBalancerId"] == running


def test_recycled_without_addresses_is_in_nobodys_way() -> None:
    """A recycled balancer that holds nothing names no subnet, and goes with its VPC."""
    with Account(settings=Settings(recycled_balancer_holds=False)) as account:
        subnet = account.subnet()
        [balancer] = _make(account, subnet)
        assert account.code("DeleteVpc", vpcId=account._vpc) == "INVALID_VPC_SUBNET_ASSOCIATED"
        account.ask("TerminateLoadBalancer", service="zlb", loadBalancerId=balancer)
        assert _show(account, balancer)["subnetId"] is None
        assert account.code("DeleteSubnet", subnetId=subnet) == "OK"
        assert account.code("DeleteVpc", vpcId=account._vpc) == "OK"
        assert account.ask("DescribeLoadBalancers", service="zlb")["totalCount"] == 0


def test_virtual_addresses_are_a_setting() -> None:
    """Whether the virtual address is one of the subnet is not documented."""
    with Account(settings=Settings(balancer_addresses=0)) as account:
        subnet = account.subnet("10.0.1.0/29")
        _make(account, subnet, number=2)
        assert len(account.held(subnet)) == 4
