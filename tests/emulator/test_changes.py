"""Changing VPCs, subnets, vNICs and HaVips: what it does to listings and addresses."""

from __future__ import annotations

from tests.emulator.account import ASSIGN, Account
from zecnb.emulator import Settings


def test_vpc_grows_and_is_renamed(account: Account) -> None:
    """A VPC gets a name, IPv6, a security group that exists, and a CIDR that keeps its subnets."""
    vpc = account.vpc("10.0.0.0/16")
    account.subnet(vpc=vpc)
    other = account.ask("DescribeVpcs", vpcIds=[account.vpc("10.4.0.0/16", "other")])["dataSet"][0]["securityGroupId"]
    account.ask("ModifyVpcAttribute", vpcId=vpc, vpcName="a/b_c", cidrBlock="10.0.0.0/12", securityGroupId=other)
    [shown] = account.ask("DescribeVpcs", vpcIds=[vpc])["dataSet"]
    assert (shown["name"], shown["cidrBlock"], shown["securityGroupId"]) == ("a/b_c", "10.0.0.0/12", other)
    assert shown["ipv6CidrBlock"].endswith("::/48")


def test_ipv6_of_a_vpc_once_and_for_all(account: Account) -> None:
    """IPv6 is enabled once, keeps its block when asked again, and never goes."""
    given = account.ask("CreateVpc", name="new", cidrBlock="10.9.0.0/16", mtu=1500)["vpcId"]
    account.ask("ModifyVpcAttribute", vpcId=given, enableIPv6=False)
    account.ask("ModifyVpcAttribute", vpcId=given, enableIPv6=True)
    [first] = account.ask("DescribeVpcs", vpcIds=[given])["dataSet"]
    account.ask("ModifyVpcAttribute", vpcId=given, enableIPv6=True)
    [again] = account.ask("DescribeVpcs", vpcIds=[given])["dataSet"]
    assert first["ipv6CidrBlock"]
    assert again["ipv6CidrBlock"] == first["ipv6CidrBlock"]
    assert account.code("ModifyVpcAttribute", vpcId=given, enableIPv6=False) == "OPERATION_DENIED_VPC_CANT_DISABLE_IPV6"


def test_code_for_a_vpc_cidr_is_a_setting() -> None:
    """The code whose end the documents cut off can be put right."""
    with Account(settings=Settings(vpc_cidr_code="OPERATION_DENIED_VPC_CIDR_X")) as account:
        vpc = account.vpc()
        account.subnet(vpc=vpc)
        assert account.code("ModifyVpcAttribute", vpcId=vpc, cidrBlock="10.1.0.0/16") == "OPERATION_DENIED_VPC_CIDR_X"
        assert account.code("ModifyVpcAttribute", vpcId=account.vpc(), cidrBlock="10.1.0.0/16") == "OK"


def test_subnet_in_use_only_grows(account: Account) -> None:
    """A subnet in use keeps what it holds; its former broadcast address becomes one like others."""
    subnet = account.subnet("10.0.0.0/25")
    nic = account.nic(subnet, "10.0.0.9")
    assert account.code("ModifySubnetAttribute", subnetId=subnet, cidrBlock="10.0.0.0/26") == "INVALID_SUBNET_IN_USE"
    account.ask("ModifySubnetAttribute", subnetId=subnet, cidrBlock="10.0.0.0/24", subnetName="wide")
    [shown] = account.ask("DescribeSubnets", subnetIds=[subnet])["dataSet"]
    assert (shown["name"], shown["cidrBlock"], shown["usageIpv4Count"]) == ("wide", "10.0.0.0/24", 2)
    assert account.ask(ASSIGN, nicId=nic, ipAddresses=["10.0.0.127"])["ipAddresses"] == ["10.0.0.127"]


def test_empty_subnet_moves(account: Account) -> None:
    """A subnet that nothing is in can get any CIDR of its VPC."""
    subnet = account.subnet("10.0.0.0/25")
    account.ask("ModifySubnetAttribute", subnetId=subnet, cidrBlock="10.0.7.0/26")
    assert account.ask(ASSIGN, nicId=account.nic(subnet), ipAddressCount=1)["ipAddresses"] == ["10.0.7.3"]


def test_renaming_with_the_cidr_that_is_there(account: Account) -> None:
    """Terraform sends the unchanged CIDR with a new name; a subnet of two stacks is renamed all the same."""
    subnet = account.subnet("10.0.1.0/24", stack="IPv4_IPv6")
    account.ask("ModifySubnetAttribute", subnetId=subnet, subnetName="other", cidrBlock="10.0.1.0/24")
    assert account.ask("DescribeSubnets", name="other")["totalCount"] == 1
    code = account.code("ModifySubnetAttribute", subnetId=subnet, cidrBlock="10.0.0.0/23")
    assert code == "OPERATION_DENIED_SUBNET_TYPE_NOT_SUPPORT"


def test_subnet_gets_ipv6(account: Account) -> None:
    """IPv6 can be added to an IPv4 subnet; asked again it changes nothing."""
    subnet = account.subnet()
    asked = {"subnetId": subnet, "stackType": "IPv4_IPv6", "ipv6Type": "Private"}
    block = account.ask("ModifySubnetStackType", **asked)["ipv6CidrBlock"]
    assert account.ask("ModifySubnetStackType", **asked)["ipv6CidrBlock"] == block
    [shown] = account.ask("DescribeSubnets", subnetIds=[subnet])["dataSet"]
    assert (shown["stackType"], shown["ipv6CidrBlock"], shown["ipv6Type"]) == ("IPv4_IPv6", block, "Private")
    assert account.show(account.nic(subnet, stack="IPv4_IPv6"))["primaryIpv6"]


def test_nic_is_renamed(account: Account) -> None:
    """Empty text, which Terraform sends for a security group it does not know, changes nothing."""
    nic = account.nic(account.subnet())
    group = account.show(nic)["securityGroupId"]
    account.ask("ModifyNetworkInterfaceAttribute", nicId=nic, name="new/name_1", securityGroupId="")
    shown = account.show(nic)
    assert (shown["name"], shown["securityGroupId"]) == ("new/name_1", group)
    account.ask("ModifyNetworkInterfaceAttribute", nicId=nic, securityGroupId=group)
    assert account.show(nic)["name"] == "new/name_1"


def test_many_nics_are_renamed(account: Account) -> None:
    """One name for all of them, or for none when one does not exist."""
    subnet = account.subnet()
    nics = [account.nic(subnet, name=f"vm-{number}") for number in range(3)]
    account.ask("ModifyNetworkInterfacesAttribute", nicIds=nics[:2], name="fleet")
    asked = {"nicIds": [nics[2], "nobody"], "name": "lost"}
    assert account.code("ModifyNetworkInterfacesAttribute", **asked) == "INVALID_NIC_NOT_FOUND"
    assert [account.show(nic)["name"] for nic in nics] == ["fleet", "fleet", "vm-2"]


def test_ha_vip_is_renamed(account: Account) -> None:
    """A HaVip gets another name, and keeps its address."""
    vip = account.ha_vip(account.subnet(), "10.0.1.9")
    account.ask("ModifyHaVipAttribute", haVipId=vip, name="x" * 64)
    [shown] = account.ask("DescribeHaVips", haVipIds=[vip])["dataSet"]
    assert (shown["name"], shown["ipAddress"]) == ("x" * 64, "10.0.1.9")


def test_primary_is_replaced(account: Account) -> None:
    """The address asked for, or the lowest free one, becomes the primary; the former one is free again."""
    subnet = account.subnet()
    nic = account.nic(subnet, "10.0.1.3")
    answer = account.ask("ReplaceNetworkInterfacePrimaryIpv4", nicId=nic, primaryIpAddress="10.0.1.50")
    assert (answer["nicId"], answer["primaryIpAddress"]) == (nic, "10.0.1.50")
    assert account.show(nic)["privateIpList"] == ["10.0.1.50", "10.0.1.3"]
    assert account.ask("ReplaceNetworkInterfacePrimaryIpv4", nicId=nic)["primaryIpAddress"] == "10.0.1.2"
    assert account.held(subnet) == ["10.0.1.2", "10.0.1.3"]


def test_same_primary_again(account: Account) -> None:
    """The primary it has already is no error and no change."""
    nic = account.nic(account.subnet())
    before = account.everything()
    answer = account.ask("ReplaceNetworkInterfacePrimaryIpv4", nicId=nic, primaryIpAddress="10.0.1.2")
    assert answer["primaryIpAddress"] == "10.0.1.2"
    assert account.everything() == before
