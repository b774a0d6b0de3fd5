"""The calls of the Terraform provider, in its order, versions and bodies (contract.md 7.4), and what it relies on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.emulator.account import ASSIGN, NICS, UNASSIGN, Account
from zecnb.emulator import attachments

if TYPE_CHECKING:
    from collections.abc import Iterator

OLD, NEW = "2024-04-01", "2025-09-01"
REGION = "asia-east-1"


class Provider:
    """What the provider has made, and its way of calling."""

    def __init__(self, account: Account) -> None:
        self.account = account
        self.vpc = self.ok("CreateVpc", NEW, name="tf", cidrBlock="10.0.0.0/16", mtu=1500, enablePriIpv6=False)["vpcId"]
        asked = {"vpcId": self.vpc, "name": "tf", "regionId": REGION, "stackType": "IPv4", "cidrBlock": "10.0.1.0/24"}
        self.subnet = self.ok("CreateSubnet", OLD, **asked)["subnetId"]
        self.nic = self.ok("CreateNetworkInterface", NEW, name="tf", subnetId=self.subnet)["nicId"]

    def ok(self, action: str, version: str, **body: Any) -> dict[str, Any]:
        """Call; only 200 is success."""
        status, content = self.account.call(action, version=version, **body)
        assert status == 200, content
        payload: dict[str, Any] = content["response"]
        return payload

    def code(self, action: str, version: str, **body: Any) -> str:
        """Call what is refused."""
        return str(self.account.call(action, version=version, **body)[1]["code"])

    def one(self, action: str, field: str, made: str) -> dict[str, Any] | None:
        """Read a resource as the provider does: a page of 100 by its id, None when it is gone."""
        found = self.ok(action, NEW, **{field: [made]}, pageSize=100, pageNum=1)
        assert found["totalCount"] == len(found["dataSet"]) <= 1
        return found["dataSet"][0] if found["dataSet"] else None

    def show(self) -> dict[str, Any]:
        """Read the vNIC."""
        nic = self.one(NICS, "nicIds", self.nic)
        assert nic is not None
        return nic


@pytest.fixture
def provider(account: Account) -> Provider:
    """A VPC, a subnet and a vNIC, applied."""
    return Provider(account)


@pytest.fixture
def account() -> Iterator[Account]:
    """An empty account."""
    with Account() as made:
        yield made


def test_what_it_dereferences(provider: Provider) -> None:
    """Members that the provider reads without looking are there."""
    nic, vpc = provider.show(), provider.one("DescribeVpcs", "vpcIds", provider.vpc)
    assert nic["status"] == "AVAILABLE"
    assert nic["nicType"] == "Secondary"
    assert nic["instanceId"] is None
    assert vpc is not None
    for each in (nic, vpc):
        assert set(each["resourceGroup"]) == {"resourceGroupId", "resourceGroupName"}
        assert each["tags"] == {"tags": []}


def test_addresses_by_count(provider: Provider) -> None:
    """It asks for a count, then for the difference when that grows, and gives back what it takes for too many."""
    provider.ok(ASSIGN, NEW, nicId=provider.nic, ipAddressCount=2)
    assert len(provider.show()["secondaryIpv4s"]) == 2
    provider.ok(ASSIGN, NEW, nicId=provider.nic, ipAddressCount=1)
    held = provider.show()["secondaryIpv4s"]
    assert len(held) == 3
    provider.ok(UNASSIGN, NEW, nicId=provider.nic, ipAddresses=held[1:])
    assert provider.show()["secondaryIpv4s"] == held[:1]


def test_attachment(provider: Provider) -> None:
    """The instance id is there right after attaching; detaching twice is told by the code that it takes for done."""
    host = attachments.create_instance(provider.account.state, "host", REGION)
    provider.ok("AttachNetworkInterface", NEW, nicId=provider.nic, instanceId=host)
    assert (provider.show()["instanceId"], provider.show()["status"]) == (host, "USED")
    provider.ok("DetachNetworkInterface", NEW, nicId=provider.nic)
    assert provider.show()["instanceId"] is None
    again = provider.code("DetachNetworkInterface", NEW, nicId=provider.nic)
    assert again == "OPERATION_DENIED_NIC_NOT_EXIST_INSTANCE"


def test_updates_repeat_what_is_there(provider: Provider) -> None:
    """A new name comes with an unchanged CIDR, and with empty text for a security group that is not set."""
    provider.ok("ModifyVpcAttribute", NEW, vpcId=provider.vpc, vpcName="tf-2", cidrBlock="10.0.0.0/16")
    provider.ok("ModifySubnetAttribute", OLD, subnetId=provider.subnet, subnetName="tf-2", cidrBlock="10.0.1.0/24")
    before = provider.show()["securityGroupId"]
    provider.ok("ModifyNetworkInterfaceAttribute", NEW, nicId=provider.nic, name="tf-2", securityGroupId="")
    assert (provider.show()["name"], provider.show()["securityGroupId"]) == ("tf-2", before)


def test_elastic_ip(provider: Provider) -> None:
    """Associating names every kind of target, with empty text for the others and for a mode that is not set."""
    asked = {"regionId": REGION, "name": "tf", "internetChargeType": "ByBandwidth", "eipV4Type": "BGPLine"}
    [eip] = provider.ok("CreateEips", NEW, **asked, bandwidth=1)["eipIds"]
    target = {"loadBalancerId": "", "nicId": provider.nic, "natId": "", "bindType": ""}
    provider.ok("AssociateEipAddress", NEW, eipIds=[eip], lanIp=provider.show()["primaryIpv4"], **target)
    shown = provider.one("DescribeEips", "eipIds", eip)
    assert shown is not None
    assert (shown["status"], shown["associatedId"], shown["associatedType"]) == ("BINDED", provider.nic, "NIC")
    provider.ok("UnassociateEipAddress", NEW, eipIds=[eip])
    provider.ok("DeleteEip", NEW, eipId=eip)
    assert provider.one("DescribeEips", "eipIds", eip) is None


def test_ha_vip(provider: Provider) -> None:
    """It is made, renamed alone, and gone when it is not found any more."""
    made = provider.ok("CreateHaVip", NEW, subnetId=provider.subnet, name="tf")["haVipId"]
    provider.ok("ModifyHaVipAttribute", NEW, haVipId=made, name="tf-2")
    shown = provider.one("DescribeHaVips", "haVipIds", made)
    assert shown is not None
    assert shown["name"] == "tf-2"
    provider.ok("DeleteHaVip", NEW, haVipId=made)
    assert provider.code("DeleteHaVip", NEW, haVipId=made) == "INVALID_HAVIP_NOT_FOUND"


def test_destroy(provider: Provider) -> None:
    """Everything goes in turn, by the older version; what is gone is told by the codes that it takes for that."""
    provider.ok(ASSIGN, NEW, nicId=provider.nic, ipAddresses=["10.0.1.9", "10.0.1.8"])
    provider.ok(UNASSIGN, NEW, nicId=provider.nic, ipAddresses=provider.show()["secondaryIpv4s"])
    provider.ok("DeleteNetworkInterface", OLD, nicId=provider.nic)
    assert provider.one(NICS, "nicIds", provider.nic) is None
    assert provider.code("DeleteNetworkInterface", OLD, nicId=provider.nic) == "INVALID_NIC_NOT_FOUND"
    provider.ok("DeleteSubnet", OLD, subnetId=provider.subnet)
    provider.ok("DeleteVpc", OLD, vpcId=provider.vpc)
    assert provider.code("DeleteVpc", OLD, vpcId=provider.vpc) == "INVALID_VPC_NOT_FOUND"
