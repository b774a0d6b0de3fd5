"""Elastic IPs: bound to a private address, in the way of its release."""

from __future__ import annotations

import pytest

from tests.emulator.account import UNASSIGN, Account
from zecnb.emulator import Settings, resources

REGION = "asia-east-1"


def _make(account: Account, amount: int = 1, region: str = REGION) -> list[str]:
    asked = {"regionId": region, "internetChargeType": "ByBandwidth", "name": "eip", "amount": amount}
    made: list[str] = account.ask("CreateEips", **asked)["eipIds"]
    return made


def test_life_of_an_eip(account: Account) -> None:
    """It is made, bound, shows on its vNIC, blocks the release of its address, is loosened and deleted."""
    nic = account.nic(account.subnet(), "10.0.1.9")
    [eip] = _make(account)
    assert account.ask("AssociateEipAddress", eipIds=[eip], nicId=nic, lanIp="10.0.1.9")["failedEipIds"] == []
    [shown] = account.ask("DescribeEips", eipIds=[eip])["dataSet"]
    assert (shown["nicId"], shown["privateIpAddress"], shown["status"]) == (nic, "10.0.1.9", "BINDED")
    assert account.show(nic)["publicIpList"] == shown["publicIpAddresses"]
    asked = {"nicId": nic, "ipAddresses": ["10.0.1.9"]}
    assert account.code(UNASSIGN, **asked) == "INVALID_NIC_HAS_PUBLIC_IP_CANT_DETACH"
    assert account.ask("UnassociateEipAddress", eipIds=[eip])["failedEipIds"] == []
    assert account.code(UNASSIGN, **asked) == "OK"
    account.ask("DeleteEip", eipId=eip)
    assert account.ask("DescribeEips")["totalCount"] == 0


def test_each_eip_has_its_own_public_address(account: Account) -> None:
    """Public addresses do not come twice, and names tell EIPs apart."""
    _make(account, 40)
    shown = account.ask("DescribeEips", pageSize=100)["dataSet"]
    assert len({each["publicIpAddresses"][0] for each in shown}) == len({each["name"] for each in shown}) == 40


def test_primary_address_unless_said_otherwise(account: Account) -> None:
    """Without ``lanIp`` an EIP is bound to the primary address, and follows when that is replaced."""
    nic = account.nic(account.subnet(), "10.0.1.9")
    [eip] = _make(account)
    account.ask("AssociateEipAddress", eipIds=[eip], nicId=nic)
    account.ask("ReplaceNetworkInterfacePrimaryIpv4", nicId=nic, primaryIpAddress="10.0.1.77")
    assert account.ask("DescribeEips")["dataSet"][0]["privateIpAddress"] == "10.0.1.77"


def test_bad_eips_are_reported(account: Account) -> None:
    """The good ones are bound and loosened, and the bad ones named, as the newest text says."""
    nic = account.nic(account.subnet())
    [eip] = _make(account)
    assert account.ask("AssociateEipAddress", eipIds=[eip, "nobody"], nicId=nic)["failedEipIds"] == ["nobody"]
    assert len(account.show(nic)["publicIpList"]) == 1
    assert account.ask("UnassociateEipAddress", eipIds=["nobody", eip])["failedEipIds"] == ["nobody"]
    assert account.show(nic)["publicIpList"] == []


def test_one_bad_eip_fails_all() -> None:
    """With the other setting nothing is bound when one cannot be."""
    with Account(settings=Settings(eip_batch="fail")) as account:
        nic = account.nic(account.subnet())
        [eip] = _make(account)
        assert account.code("AssociateEipAddress", eipIds=[eip, "nobody"], nicId=nic) == "INVALID_EIP_NOT_FOUND"
        assert account.show(nic)["publicIpList"] == []


def test_loosened_twice(account: Account) -> None:
    """An EIP that is not bound any more is loosened again without an error."""
    assert account.ask("UnassociateEipAddress", eipIds=_make(account))["failedEipIds"] == []


@pytest.mark.parametrize(("given", "shown"), [(None, "FullNat"), ("", "FullNat"), ("Passthrough", "Passthrough")])
def test_mode_of_binding(account: Account, given: str | None, shown: str) -> None:
    """An EIP shows how it is bound: as asked for, and with NAT by default; Terraform sends empty text for none."""
    nic = account.nic(account.subnet())
    [eip] = _make(account)
    account.ask("AssociateEipAddress", eipIds=[eip], nicId=nic, bindType=given)
    assert account.ask("DescribeEips")["dataSet"][0]["bindType"] == shown


def test_eip_shows_the_instance_of_its_vnic(account: Account) -> None:
    """The instance is that of the vNIC, and finds the EIP."""
    subnet = account.subnet()
    used, other = account.nic(subnet, status="USED"), account.nic(subnet)
    [first], [second] = _make(account), _make(account)
    account.ask("AssociateEipAddress", eipIds=[first], nicId=used)
    account.ask("AssociateEipAddress", eipIds=[second], nicId=other)
    host = account.show(used)["instanceId"]
    [shown] = account.ask("DescribeEips", instanceId=host)["dataSet"]
    assert (shown["eipId"], shown["instanceId"]) == (first, host)
    assert account.ask("DescribeEips", eipIds=[second])["dataSet"][0]["instanceId"] is None


def test_other_things_than_vnics(account: Account, caplog: pytest.LogCaptureFixture) -> None:
    """A load balancer comes before a vNIC; what is not there is told, what is there cannot be bound here."""
    subnet = account.subnet()
    nic, vip = account.nic(subnet), account.ha_vip(subnet)
    balancer = resources.create_load_balancer(account.state, subnet, "lb")
    asked = {"eipIds": _make(account)}
    assert account.code("AssociateEipAddress", **asked, nicId=nic, loadBalancerId="zlb-1") == "INVALID_LB_NOT_FOUND"
    assert account.code("AssociateEipAddress", **asked, haVipId="havip-1") == "INVALID_HAVIP_NOT_FOUND"
    assert account.code("AssociateEipAddress", **asked, natId="1") == "OPERATION_FAILED_RESOURCE_NOT_FOUND"
    assert caplog.records == []
    for other in ({"loadBalancerId": balancer}, {"haVipId": vip}):
        assert account.code("AssociateEipAddress", **asked, **other) == "AUTHFAILURE_UNAUTHORIZED_OPERATION"
    assert [record.getMessage().startswith("unimplemented here") for record in caplog.records] == [True, True]


def test_deleting_a_vnic_loosens_its_eips(account: Account) -> None:
    """An EIP outlives the vNIC it was bound to."""
    nic = account.nic(account.subnet())
    [eip] = _make(account)
    account.ask("AssociateEipAddress", eipIds=[eip], nicId=nic)
    account.ask("DeleteNetworkInterface", nicId=nic)
    assert account.ask("DescribeEips")["dataSet"][0]["status"] == "UNBIND"


def test_addresses_an_eip_could_have(account: Account) -> None:
    """Pairs of vNIC and private address in the EIP's region, not free addresses (5.15)."""
    nic = account.nic(account.subnet(), "10.0.1.9")
    [near], [far] = _make(account), _make(account, region="na-west-1")
    found = account.ask("AvailableLanIp", eipId=near)["lanIps"]
    assert [(each["lanIp"], each["nicId"]) for each in found] == [("10.0.1.2", nic), ("10.0.1.9", nic)]
    assert set(found[0]) == {"lanIp", "nicId", "nicName", "instanceId", "instanceName"}
    assert account.ask("AvailableLanIp", eipId=far)["lanIps"] == []


def test_address_with_all_its_eips_is_not_available(account: Account) -> None:
    """An address that has as many EIPs as it may have can take no other one (contract.md 4, 5.15)."""
    nic = account.nic(account.subnet(), "10.0.1.9")
    account.ask("AssociateEipAddress", eipIds=_make(account, 4), nicId=nic, lanIp="10.0.1.9")
    [eip] = _make(account)
    assert [each["lanIp"] for each in account.ask("AvailableLanIp", eipId=eip)["lanIps"]] == ["10.0.1.2"]


def test_new_nic_with_eips(account: Account) -> None:
    """A vNIC made with EIPs has them on its primary address; one that cannot be bound keeps it from being made."""
    subnet, [free, bound] = account.subnet(), _make(account, 2)
    nic = account.ask("CreateNetworkInterface", name="vm", subnetId=subnet, eipIds=[free])["nicId"]
    [shown] = account.ask("DescribeEips", eipIds=[free])["dataSet"]
    assert (shown["nicId"], shown["privateIpAddress"]) == (nic, account.show(nic)["primaryIpv4"])
    asked = {"name": "vm", "subnetId": subnet, "eipIds": [bound, free]}
    assert account.code("CreateNetworkInterface", **asked) == "OPERATION_DENIED_EIP_STATUS_NOT_SUPPORT"
    assert account.ask("DescribeNetworkInterfaces")["totalCount"] == 1
    assert account.ask("DescribeEips", eipIds=[bound])["dataSet"][0]["status"] == "UNBIND"
