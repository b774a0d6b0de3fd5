"""VPCs with their address blocks, and subnets: what is refused, and what it leaves behind."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.emulator.account import Account
from zecnb.emulator import Settings, resources

if TYPE_CHECKING:
    from pathlib import Path

REGION = "asia-east-1"


def _vpc(**changed: Any) -> dict[str, Any]:
    return {"name": "new-vpc", "cidrBlock": "10.9.0.0/16", "mtu": 1500, **changed}


def _subnet(vpc: str, **changed: Any) -> dict[str, Any]:
    given = {"vpcId": vpc, "name": "new-net", "regionId": REGION, "stackType": "IPv4", "cidrBlock": "10.0.9.0/24"}
    return {**given, **changed}


# -- VPCs ----------------------------------------------------------------------------------------------------------


def test_make_and_remove_a_vpc(account: Account) -> None:
    """A VPC appears with what was asked, and goes when it has no subnets."""
    vpc = account.ask("CreateVpc", **_vpc(enablePriIpv6=True))["vpcId"]
    [shown] = account.ask("DescribeVpcs", vpcIds=[vpc])["dataSet"]
    assert (shown["name"], shown["cidrBlock"], shown["mtu"]) == ("new-vpc", "10.9.0.0/16", 1500)
    assert shown["ipv6CidrBlock"].endswith("::/48")
    account.ask("DeleteVpc", vpcId=vpc)
    assert account.code("DeleteVpc", vpcId=vpc) == "INVALID_VPC_NOT_FOUND"


@pytest.mark.parametrize(
    ("cidr", "code"),
    [
        ("10.0.0.0/9", "OK"),
        ("10.128.0.0/9", "OK"),
        ("172.16.0.0/12", "OK"),
        ("192.168.0.0/16", "OK"),
        ("192.168.1.0/28", "OK"),
        ("192.168.1.0/29", "INVALID_CIDR_BLOCK_NETMASK_RANGE"),
        ("10.0.0.0/8", "INVALID_CIDR_BLOCK_NETMASK_RANGE"),
        ("0.0.0.0/0", "INVALID_CIDR_BLOCK_NETMASK_RANGE"),
        ("11.0.0.0/16", "INVALID_CIDR_BLOCK_NOT_LAN_IP"),
        ("100.64.0.0/16", "INVALID_CIDR_BLOCK_NOT_LAN_IP"),
        ("10.0.0.1/16", "INVALID_CIDR_BLOCK_FORMAT"),
        ("10.0.0.0", "INVALID_CIDR_BLOCK_FORMAT"),
        ("10.0.0.0/33", "INVALID_CIDR_BLOCK_FORMAT"),
        ("10.0.0.0/-1", "INVALID_CIDR_BLOCK_FORMAT"),
        ("010.0.0.0/16", "INVALID_CIDR_BLOCK_FORMAT"),
        ("10.128.0.0/09", "INVALID_CIDR_BLOCK_FORMAT"),
        ("fd00::/48", "INVALID_CIDR_BLOCK_FORMAT"),
        ("", "INVALID_CIDR_BLOCK_FORMAT"),
    ],
)
def test_cidr_of_a_vpc(account: Account, cidr: str, code: str) -> None:
    """A VPC lies inside one of four private ranges, without host bits (A5)."""
    assert account.code("CreateVpc", **_vpc(cidrBlock=cidr)) == code


def test_vpc_with_subnets_stays(account: Account) -> None:
    """A VPC that has subnets, or is the default one, cannot go."""
    vpc = account.vpc()
    subnet = account.subnet(vpc=vpc)
    assert account.call("DeleteVpc", vpcId=vpc)[0] == 409
    assert account.code("DeleteVpc", vpcId=vpc) == "INVALID_VPC_SUBNET_ASSOCIATED"
    account.ask("DeleteSubnet", subnetId=subnet)
    with account.state.write() as connection:
        connection.execute("UPDATE vpc SET is_default = 1")
    assert account.code("DeleteVpc", vpcId=vpc) == "OPERATION_DENIED_DEFAULT_VPC"


# -- subnets -------------------------------------------------------------------------------------------------------


def test_make_and_remove_a_subnet(account: Account) -> None:
    """A subnet appears in its region, and goes when nothing is in it."""
    vpc = account.vpc()
    subnet = account.ask("CreateSubnet", **_subnet(vpc))["subnetId"]
    [shown] = account.ask("DescribeSubnets", subnetIds=[subnet])["dataSet"]
    assert (shown["cidrBlock"], shown["regionId"], shown["vpcName"]) == ("10.0.9.0/24", REGION, "main")
    account.ask("DeleteSubnet", subnetId=subnet)
    assert account.code("DeleteSubnet", subnetId=subnet) == "INVALID_SUBNET_NOT_FOUND"


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"vpcId": "nobody"}, "INVALID_VPC_NOT_FOUND"),
        ({"regionId": "moon-1"}, "INVALID_REGION_NOT_FOUND"),
        ({"cidrBlock": None}, "INVALID_CIDR_BLOCK_NOT_EMPTY"),
        ({"cidrBlock": "10.0.0.0/16"}, "OPERATION_DENIED_SUBNET_CIDR_CONFLICT"),
        ({"cidrBlock": "10.0.1.128/25"}, "OPERATION_DENIED_SUBNET_CIDR_CONFLICT"),
        ({"cidrBlock": "10.0.2.0/29"}, "OK"),
        ({"cidrBlock": "10.0.2.0/30"}, "INVALID_CIDR_BLOCK_NETMASK_RANGE"),
        ({"cidrBlock": "10.0.0.0/15"}, "INVALID_CIDR_BLOCK_NETMASK_RANGE"),
        ({"cidrBlock": "0.0.0.0/0"}, "INVALID_CIDR_BLOCK_NETMASK_RANGE"),
        ({"cidrBlock": "10.1.0.0/24"}, "INVALID_PARAMETER_SUBNET_CIDR_NOT_BELONG_VPC"),
        ({"cidrBlock": "10.0.2.1/24"}, "INVALID_CIDR_BLOCK_FORMAT"),
        ({"stackType": "IPv6", "ipv6Type": "Private"}, "INVALID_CIDR_IPV6_ONLY"),
        ({"stackType": "IPv6", "cidrBlock": None, "ipv6Type": "Private"}, "OK"),
        ({"stackType": "IPv4_IPv6"}, "INVALID_PARAMETER_SUBNET_IPV6_TYPE_NOT_FOUND"),
        ({"stackType": "IPv4_IPv6", "ipv6Type": "Public"}, "OK"),
        ({"stackType": "ipv4"}, "INVALID_PARAMETER_VALUE"),
        ({"name": "a"}, "INVALID_PARAMETER_LESS_LENGTH"),
        ({"name": "a" * 64}, "INVALID_PARAMETER_EXCEED_LENGTH"),
        ({"name": "a_b"}, "INVALID_PARAMETER_PATTERN_ERROR"),
        ({"name": "-ab"}, "INVALID_PARAMETER_PATTERN_ERROR"),
        ({"name": "a.b-c"}, "OK"),
        ({"name": None}, "MISSING_PARAMETER"),
    ],
)
def test_what_a_subnet_may_be(account: Account, changed: dict[str, Any], code: str) -> None:
    """Inside its VPC, beside its siblings, with what its stack needs and a name of allowed characters (A2, A5)."""
    vpc = account.vpc()
    account.subnet("10.0.1.0/24", vpc=vpc)
    before = account.everything()
    assert account.code("CreateSubnet", **_subnet(vpc, **changed)) == code
    assert (account.everything() == before) == (code != "OK")


def test_smallest_subnet_is_a_setting() -> None:
    """The longest prefix can be set (A5)."""
    with Account(settings=Settings(smallest_subnet_prefix=30)) as account:
        assert account.code("CreateSubnet", **_subnet(account.vpc(), cidrBlock="10.0.2.0/30")) == "OK"


@pytest.mark.parametrize("holder", ["nic", "six", "vip", "lb", "hidden"])
def test_subnet_in_use_stays(account: Account, holder: str) -> None:
    """Whatever is in a subnet keeps it: vNICs without an IPv4 address and unseen holders too."""
    subnet = account.subnet(stack="IPv4_IPv6")
    if holder in ("nic", "six"):
        account.nic(subnet, stack="IPv6" if holder == "six" else "IPv4")
    elif holder == "vip":
        account.ha_vip(subnet)
    elif holder == "lb":
        resources.create_load_balancer(account.state, subnet, "lb")
    else:
        resources.hold_hidden(account.state, subnet)
    status, content = account.call("DeleteSubnet", subnetId=subnet)
    assert (status, content["code"]) == (409, "INVALID_SUBNET_IN_USE")


def test_subnet_behind_something_else_stays(account: Account) -> None:
    """What is not modelled here, such as a NAT gateway, keeps a subnet too when it is put there."""
    subnet = account.subnet()
    resources.obstruct(account.state, subnet, "INVALID_SUBNET_IN_USE")
    status, content = account.call("DeleteSubnet", subnetId=subnet)
    assert (status, content["code"]) == (409, "INVALID_SUBNET_IN_USE")


# -- many subnets at once ------------------------------------------------------------------------------------------


def _items(*cidrs: str) -> list[dict[str, Any]]:
    return [{"name": "new-net", "regionId": REGION, "stackType": "IPv4", "cidrBlock": cidr} for cidr in cidrs]


def _cidrs(account: Account) -> list[str]:
    return sorted(each["cidrBlock"] for each in account.ask("DescribeSubnets")["dataSet"])


def test_subnets_at_once(account: Account) -> None:
    """Each subnet asked for is there, and the ids come in the order asked."""
    made = account.ask("CreateSubnets", vpcId=account.vpc(), subnets=_items("10.0.2.0/24", "10.0.1.0/24"))["subnetIds"]
    shown = {each["subnetId"]: each["cidrBlock"] for each in account.ask("DescribeSubnets")["dataSet"]}
    assert [shown[each] for each in made] == ["10.0.2.0/24", "10.0.1.0/24"]


@pytest.mark.parametrize(
    ("items", "code"),
    [
        (_items("10.0.1.0/24", "10.0.1.128/25"), "OPERATION_DENIED_SUBNET_CIDR_CONFLICT"),
        (_items("10.0.1.0/24", "10.7.0.0/24"), "INVALID_PARAMETER_SUBNET_CIDR_NOT_BELONG_VPC"),
        ([*_items("10.0.1.0/24"), {"name": "x", "regionId": REGION, "stackType": "IPv4"}],
         "INVALID_PARAMETER_LESS_LENGTH"),
        ([*_items("10.0.1.0/24"), {"regionId": REGION, "stackType": "IPv4"}], "MISSING_PARAMETER"),
        (_items(*(f"10.0.{n}.0/24" for n in range(11))), "INVALID_PARAMETER_EXCEED_LENGTH"),
        ([], "MISSING_PARAMETER"),
        (["10.0.1.0/24"], "INVALID_PARAMETER_TYPE"),
    ],
    ids=["overlap", "outside", "short name", "no name", "eleven", "none", "texts"],
)  # fmt: skip
def test_all_subnets_or_none(account: Account, items: list[Any], code: str) -> None:
    """One subnet that cannot be made keeps the others from being made (contract.md 4)."""
    assert account.code("CreateSubnets", vpcId=account.vpc(), subnets=items) == code
    assert _cidrs(account) == []


def test_deleting_subnets_reports_those_that_stay(account: Account) -> None:
    """What cannot be deleted is named with its code; the others are gone."""
    used, empty = account.subnet("10.0.1.0/24"), account.subnet("10.0.2.0/24")
    account.nic(used)
    failed = account.ask("DeleteSubnets", subnetIds=[used, empty, "1"])["failedSubnets"]
    assert [(each["subnetId"], each["errorCode"]) for each in failed] == [
        (used, "INVALID_SUBNET_IN_USE"),
        ("1", "INVALID_SUBNET_NOT_FOUND"),
    ]
    assert all(each["errorMsg"] for each in failed)
    assert _cidrs(account) == ["10.0.1.0/24"]


def test_deleting_no_subnets(account: Account) -> None:
    """An empty list is no request."""
    assert account.code("DeleteSubnets", subnetIds=[]) == "MISSING_PARAMETER"


# -- more blocks of a VPC ------------------------------------------------------------------------------------------


def _blocks(account: Account, vpc: str) -> list[str]:
    [shown] = account.ask("DescribeVpcs", vpcIds=[vpc])["dataSet"]
    found: list[str] = shown["secondaryCidrBlocks"]
    return found


def test_block_is_shown_and_takes_subnets(account: Account) -> None:
    """A subnet may lie in a secondary block, which the VPC then lists."""
    vpc = account.vpc()
    assert account.code("CreateSubnet", **_subnet(vpc, cidrBlock="192.168.4.0/24")).endswith("NOT_BELONG_VPC")
    for block in ("192.168.0.0/16", "172.16.0.0/16"):
        account.ask("AssociateVpcCidrBlock", vpcId=vpc, cidrBlock=block)
    assert _blocks(account, vpc) == ["192.168.0.0/16", "172.16.0.0/16"]
    subnet = account.ask("CreateSubnet", **_subnet(vpc, cidrBlock="192.168.4.0/24"))["subnetId"]
    nic = account.ask("CreateNetworkInterface", name="vm", subnetId=subnet)["nicId"]
    assert account.show(nic)["primaryIpv4"] == "192.168.4.2"


@pytest.mark.parametrize(
    ("cidr", "code"),
    [
        ("10.0.128.0/17", "OPERATION_DENIED_VPC_CIDR_CONFLICT"),
        ("10.0.0.0/9", "OPERATION_DENIED_VPC_CIDR_CONFLICT"),
        ("192.168.0.0/24", "OPERATION_DENIED_VPC_CIDR_CONFLICT"),
        ("192.168.1.0/29", "INVALID_CIDR_BLOCK_NETMASK_RANGE"),
        ("11.0.0.0/16", "INVALID_CIDR_BLOCK_NOT_LAN_IP"),
        ("10.9.0.1/16", "INVALID_CIDR_BLOCK_FORMAT"),
    ],
)
def test_what_a_block_may_be(account: Account, cidr: str, code: str) -> None:
    """A block follows the rules of a VPC's own, and overlaps none that the VPC has."""
    vpc = account.vpc("10.0.0.0/16")
    account.ask("AssociateVpcCidrBlock", vpcId=vpc, cidrBlock="192.168.0.0/24")
    assert account.code("AssociateVpcCidrBlock", vpcId=vpc, cidrBlock=cidr) == code
    assert _blocks(account, vpc) == ["192.168.0.0/24"]


def test_block_of_another_vpc_may_overlap(account: Account) -> None:
    """VPCs know nothing of each other's blocks."""
    first, second = account.vpc(name="first"), account.vpc("10.1.0.0/16", "second")
    account.ask("AssociateVpcCidrBlock", vpcId=first, cidrBlock="10.1.0.0/16")
    assert (_blocks(account, first), _blocks(account, second)) == (["10.1.0.0/16"], [])


def test_block_goes_when_no_subnet_lies_in_it(account: Account) -> None:
    """A block that holds a subnet stays; the VPC's own block is no secondary one."""
    vpc = account.vpc()
    account.ask("AssociateVpcCidrBlock", vpcId=vpc, cidrBlock="192.168.0.0/16")
    subnet = account.subnet("192.168.1.0/24", vpc=vpc)
    gone = {"vpcId": vpc, "cidrBlock": "192.168.0.0/16"}
    assert account.call("UnassociateVpcCidrBlock", **gone)[0] == 409
    assert account.code("UnassociateVpcCidrBlock", **gone) == "INVALID_VPC_SUBNET_ASSOCIATED"
    account.ask("DeleteSubnet", subnetId=subnet)
    account.ask("UnassociateVpcCidrBlock", **gone)
    assert _blocks(account, vpc) == []
    for block in ("192.168.0.0/16", "10.0.0.0/16"):
        asked = {"vpcId": vpc, "cidrBlock": block}
        assert account.code("UnassociateVpcCidrBlock", **asked) == "OPERATION_FAILED_RESOURCE_NOT_FOUND"


def test_own_block_does_not_grow_over_a_secondary_one(account: Account) -> None:
    """A VPC's new CIDR may not overlap its other blocks."""
    vpc = account.vpc("10.0.0.0/16")
    account.ask("AssociateVpcCidrBlock", vpcId=vpc, cidrBlock="10.1.0.0/16")
    asked = {"vpcId": vpc, "cidrBlock": "10.0.0.0/15"}
    assert account.code("ModifyVpcAttribute", **asked) == "OPERATION_DENIED_VPC_CIDR_CONFLICT"
    account.ask("UnassociateVpcCidrBlock", vpcId=vpc, cidrBlock="10.1.0.0/16")
    account.ask("ModifyVpcAttribute", **asked)


def test_blocks_leave_with_their_vpc_and_survive_an_export(account: Account, tmp_path: Path) -> None:
    """A deleted VPC leaves no block behind; an exported one takes its blocks along."""
    kept, gone = account.vpc(name="kept"), account.vpc("10.1.0.0/16", "gone")
    for vpc in (kept, gone):
        account.ask("AssociateVpcCidrBlock", vpcId=vpc, cidrBlock="192.168.0.0/16")
    account.ask("DeleteVpc", vpcId=gone)
    path = tmp_path / "account.json"
    path.write_text(account.everything(), encoding="utf-8")
    assert gone not in path.read_text(encoding="utf-8")
    with Account(seed=str(path)) as copy:
        assert _blocks(copy, kept) == ["192.168.0.0/16"]


@pytest.mark.parametrize(
    "action", ["CreateSubnets", "DeleteSubnets", "AssociateVpcCidrBlock", "UnassociateVpcCidrBlock"]
)
def test_newest_version_alone_has_them(account: Account, action: str) -> None:
    """The vendor's clients of version 2024-04-01 know none of these."""
    status, answer = account.call(action, version="2024-04-01")
    assert (status, answer["code"]) == (403, "AUTHFAILURE_UNAUTHORIZED_OPERATION")
    assert account.call(action, version="2025-09-01")[1]["code"] == "MISSING_PARAMETER"
