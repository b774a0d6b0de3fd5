"""Making and removing vNICs and HaVips: what is refused, and what it does to addresses."""

from __future__ import annotations

import pytest

from tests.emulator.account import ASSIGN, NICS, Account
from zecnb.emulator import Settings, resources

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


def test_security_group_of_a_ha_vip(account: Account) -> None:
    """A HaVip made without a security group has that of its VPC (contract.md 5.14)."""
    subnet = account.subnet()
    made = account.ask("CreateHaVip", subnetId=subnet, name="vip")["haVipId"]
    [vip], [vpc] = account.ask("DescribeHaVips", haVipIds=[made])["dataSet"], account.ask("DescribeVpcs")["dataSet"]
    assert vip["securityGroupId"] == vpc["securityGroupId"]


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


@pytest.mark.parametrize(("mask", "prefixes"), [(64, 1), (65, 2), (80, 6), (96, 6)])
def test_every_nic_has_an_ipv6_address_of_its_own(account: Account, mask: int, prefixes: int) -> None:
    """Where a subnet's mask leaves too few prefixes, vNICs share them, and no address."""
    asked = {"vpcId": account.vpc(), "name": "six", "regionId": "asia-east-1", "stackType": "IPv6"}
    net = account.ask("CreateSubnet", **asked, ipv6Type="Public", ipv6MaskLength=mask)["subnetId"]
    for _ in range(6):
        account.ask("CreateNetworkInterface", name="vm", subnetId=net, internetChargeType="ByBandwidth")
    shown = account.ask(NICS)["dataSet"]
    assert len({each["primaryIpv6"] for each in shown}) == 6
    assert len({each["ipv6Cidr"] for each in shown}) == prefixes
