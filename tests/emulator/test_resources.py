"""Making and removing resources: what is refused, and what it does to addresses."""

from __future__ import annotations

from typing import Any

import pytest

from tests.emulator.account import ASSIGN, Account
from zecnb.emulator import Settings, resources

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


# -- vNICs ---------------------------------------------------------------------------------------------------------


def test_new_nic_gets_the_lowest_free_primary(account: Account) -> None:
    """A new vNIC is a secondary one, available, and has the lowest free address."""
    subnet = account.subnet()
    account.nic(subnet, primary="10.0.1.3")
    got = [account.ask("CreateNetworkInterface", name="vm-1", subnetId=subnet)["nicId"] for _ in range(2)]
    shown = [account.show(each) for each in got]
    assert [each["primaryIpv4"] for each in shown] == ["10.0.1.2", "10.0.1.4"]
    assert {(each["status"], each["nicType"]) for each in shown} == {("AVAILABLE", "Secondary")}
    assert len({each["macAddress"] for each in shown}) == 2


@pytest.mark.parametrize(
    ("net", "nic", "made"),
    [
        ("IPv4", None, "IPv4"),
        ("IPv6", None, "IPv6"),
        ("IPv4_IPv6", None, "IPv4"),
        ("IPv4_IPv6", "IPv4_IPv6", "IPv4_IPv6"),
        ("IPv4_IPv6", "IPv6", "IPv6"),
        ("IPv4", "IPv6", "INVALID_SUBNET_IPSTACK_NOT_SUPPORT"),
        ("IPv6", "IPv4_IPv6", "INVALID_SUBNET_IPSTACK_NOT_SUPPORT"),
    ],
)
def test_stack_of_a_new_nic(account: Account, net: str, nic: str | None, made: str) -> None:
    """The subnet's stack decides what a vNIC may have, and what it has when nothing is said."""
    subnet = account.subnet(None if net == "IPv6" else "10.0.1.0/24", stack=net)
    status, content = account.call("CreateNetworkInterface", name="vm-1", subnetId=subnet, nicStackType=nic)
    got = account.show(content["response"]["nicId"])["nicSubnetType"] if status == 200 else content["code"]
    assert got == made


def test_no_room_for_a_new_nic(account: Account) -> None:
    """A full subnet has no address for a new vNIC, and no vNIC is left behind."""
    subnet = account.subnet("10.0.1.0/29")
    for _ in range(5):
        account.nic(subnet)
    before = account.everything()
    code = account.code("CreateNetworkInterface", name="vm-1", subnetId=subnet)
    assert code == "OPERATION_DENIED_SUBNET_IP_INSUFFICIENT"
    assert account.everything() == before


def test_unknown_subnet(account: Account) -> None:
    """A vNIC needs a subnet that exists."""
    assert account.code("CreateNetworkInterface", name="vm-1", subnetId="nobody") == "INVALID_SUBNET_NOT_FOUND"


@pytest.mark.parametrize(
    ("name", "code"),
    [("web/1_a.b-c", "OK"), ("w", "INVALID_PARAMETER_LESS_LENGTH"), ("web 1", "INVALID_PARAMETER_PATTERN_ERROR"),
     ("測試", "INVALID_PARAMETER_PATTERN_ERROR"), ("web-", "INVALID_PARAMETER_PATTERN_ERROR")],
)  # fmt: skip
def test_name_of_a_nic(account: Account, name: str, code: str) -> None:
    """Names of vNICs may also have slashes and underscores inside (A2)."""
    assert account.code("CreateNetworkInterface", name=name, subnetId=account.subnet()) == code


def test_deleted_nic_frees_its_addresses(account: Account) -> None:
    """When a vNIC goes, all of its addresses are free at once."""
    subnet = account.subnet()
    nic = account.nic(subnet, "10.0.1.9")
    other = account.nic(subnet)
    account.ask("DeleteNetworkInterface", nicId=nic)
    assert account.code("DeleteNetworkInterface", nicId=nic) == "INVALID_NIC_NOT_FOUND"
    assert account.code(ASSIGN, nicId=other, ipAddresses=["10.0.1.2", "10.0.1.9"]) == "OK"


@pytest.mark.parametrize(
    ("status", "kind", "code"),
    [
        ("AVAILABLE", "Secondary", "OK"),
        ("CREATE_FAILED", "Secondary", "OK"),
        ("USED", "Secondary", "INVALID_NIC_ATTACHED"),
        ("USED", "Primary", "INVALID_NIC_PRIMARY_CANT_DELETE"),
        ("PENDING", "Secondary", "INVALID_NIC_STATUS"),
        ("DELETING", "Secondary", "INVALID_NIC_STATUS"),
    ],
)
def test_which_nics_can_be_deleted(account: Account, status: str, kind: str, code: str) -> None:
    """Not the instance's own, not one in use, not one that is on its way."""
    nic = account.nic(account.subnet(), status=status, kind=kind)
    assert account.code("DeleteNetworkInterface", nicId=nic) == code


def test_nic_stays_pending_for_a_while() -> None:
    """With a lifecycle a new vNIC is PENDING, refuses addresses, and is AVAILABLE when its time has come."""
    now = [1000.0]
    with Account(settings=Settings(lifecycle_seconds=5.0), clock=lambda: now[0]) as account:
        nic = account.ask("CreateNetworkInterface", name="vm-1", subnetId=account.subnet())["nicId"]
        assert account.show(nic)["status"] == "PENDING"
        now[0] += 4.9
        assert account.code(ASSIGN, nicId=nic, ipAddressCount=1) == "INVALID_NIC_STATUS"
        now[0] += 0.1
        assert account.code(ASSIGN, nicId=nic, ipAddressCount=1) == "OK"
        assert account.show(nic)["status"] == "AVAILABLE"


# -- HaVips and what listings do not make --------------------------------------------------------------------------


def test_ha_vip_takes_and_frees_an_address(account: Account) -> None:
    """A HaVip has the address asked for, or the lowest free one, until it goes."""
    subnet = account.subnet()
    asked = account.ask("CreateHaVip", subnetId=subnet, name="vip", ipAddress="10.0.1.9")["haVipId"]
    lowest = account.ask("CreateHaVip", subnetId=subnet, name="vip")["haVipId"]
    assert account.held(subnet) == ["10.0.1.2", "10.0.1.9"]
    account.ask("DeleteHaVip", haVipId=asked)
    assert account.held(subnet) == ["10.0.1.2"]
    assert account.code("DeleteHaVip", haVipId=asked) == "INVALID_HAVIP_NOT_FOUND"
    [shown] = account.ask("DescribeHaVips")["dataSet"]
    assert (shown["haVipId"], shown["ipAddress"]) == (lowest, "10.0.1.2")


@pytest.mark.parametrize(
    ("address", "code"),
    [
        ("10.0.1.9", "INVALID_SUBNET_PRIVATE_IPV4_IN_USED"),
        ("10.0.2.9", "INVALID_IP_OUT_OF_RANGE"),
        ("x", "INVALID_PARAMETER_PRIVATE_IP_ILLEGAL"),
        ("10.0.1.1", "INVALID_IP_FIRST_ADDRESS"),
    ],
)
def test_address_of_a_ha_vip(account: Account, address: str, code: str) -> None:
    """A HaVip cannot have what is taken, elsewhere, reserved or no address."""
    subnet = account.subnet()
    account.nic(subnet, "10.0.1.9")
    before = account.everything()
    assert account.code("CreateHaVip", subnetId=subnet, name="vip", ipAddress=address) == code
    assert account.everything() == before


def test_ha_vip_needs_ipv4(account: Account) -> None:
    """There is no HaVip in an IPv6 subnet, nor in one that does not exist."""
    six = account.subnet(None, stack="IPv6")
    code = account.code("CreateHaVip", subnetId=six, name="vip")
    assert code == "OPERATION_DENIED_SUBNET_TYPE_NOT_SUPPORT_IPV4"
    assert account.code("CreateHaVip", subnetId="nobody", name="vip") == "INVALID_SUBNET_NOT_FOUND"


def test_load_balancer_holds_three(account: Account) -> None:
    """A load balancer holds one virtual address and two for its health checks, at random."""
    subnet = account.subnet()
    balancer = resources.create_load_balancer(account.state, subnet, "lb", public=["198.51.100.1"])
    [shown] = account.ask("DescribeLoadBalancers", service="zlb", loadBalancerIds=[balancer])["dataSet"]
    assert (len(shown["privateIpAddress"]), len(shown["healthCheckPrivateIps"])) == (1, 2)
    assert set(account.held(subnet)) == {*shown["privateIpAddress"], *shown["healthCheckPrivateIps"]}
    assert shown["publicIpAddress"] == ["198.51.100.1"]


def test_unseen_holder_is_in_no_listing(account: Account) -> None:
    """An unseen holder shows in the subnet's count, and nowhere else."""
    subnet = account.subnet()
    nic = account.nic(subnet)
    address = resources.hold_hidden(account.state, subnet)
    [shown] = account.ask("DescribeSubnets")["dataSet"]
    assert shown["usageIpv4Count"] == 2
    assert address not in account.show(nic)["privateIpList"]
    assert account.ask("DescribeHaVips")["totalCount"] == 0
