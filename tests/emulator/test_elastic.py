"""Elastic IPs: bound to a private address, in the way of its release."""

from __future__ import annotations

from tests.emulator.account import UNASSIGN, Account
from zecnb.emulator import Settings

REGION = "asia-east-1"


def _make(account: Account, amount: int = 1, region: str = REGION) -> list[str]:
    made: list[str] = account.ask("CreateEips", regionId=region, internetChargeType="ByBandwidth", amount=amount)[
        "eipIds"
    ]
    return made


def test_life_of_an_eip(account: Account) -> None:
    """It is made, bound, shows on its vNIC, blocks the release of its address, is loosened and deleted."""
    nic = account.nic(account.subnet(), "10.0.1.9")
    [eip] = _make(account)
    assert account.ask("AssociateEipAddress", eipIds=[eip], nicId=nic, lanIp="10.0.1.9")["failedEipIds"] == []
    [shown] = account.ask("DescribeEips", eipIds=[eip])["dataSet"]
    assert (shown["nicId"], shown["privateIpAddress"], shown["status"]) == (nic, "10.0.1.9", "BOUND")
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


def test_one_bad_eip_fails_all(account: Account) -> None:
    """By default nothing is bound when one cannot be."""
    nic = account.nic(account.subnet())
    [eip] = _make(account)
    assert account.code("AssociateEipAddress", eipIds=[eip, "nobody"], nicId=nic) == "INVALID_EIP_NOT_FOUND"
    assert account.show(nic)["publicIpList"] == []


def test_bad_eips_are_reported() -> None:
    """With the other setting the good ones are bound and the bad ones named."""
    with Account(settings=Settings(eip_batch="report")) as account:
        nic = account.nic(account.subnet())
        [eip] = _make(account)
        answer = account.ask("AssociateEipAddress", eipIds=[eip, "nobody"], nicId=nic)
        assert answer["failedEipIds"] == ["nobody"]
        assert len(account.show(nic)["publicIpList"]) == 1


def test_deleting_a_vnic_loosens_its_eips(account: Account) -> None:
    """An EIP outlives the vNIC it was bound to."""
    nic = account.nic(account.subnet())
    [eip] = _make(account)
    account.ask("AssociateEipAddress", eipIds=[eip], nicId=nic)
    account.ask("DeleteNetworkInterface", nicId=nic)
    assert account.ask("DescribeEips")["dataSet"][0]["status"] == "UNBOUND"


def test_addresses_an_eip_could_have(account: Account) -> None:
    """Pairs of vNIC and private address in the EIP's region, not free addresses (5.15)."""
    nic = account.nic(account.subnet(), "10.0.1.9")
    [near], [far] = _make(account), _make(account, region="na-west-1")
    found = account.ask("AvailableLanIp", eipId=near)["lanIps"]
    assert [(each["lanIp"], each["nicId"]) for each in found] == [("10.0.1.2", nic), ("10.0.1.9", nic)]
    assert set(found[0]) == {"lanIp", "nicId", "nicName", "instanceId", "instanceName"}
    assert account.ask("AvailableLanIp", eipId=far)["lanIps"] == []


def test_new_nic_with_eips(account: Account) -> None:
    """A vNIC made with EIPs has them on its primary address; one that cannot be bound keeps it from being made."""
    subnet, [free, bound] = account.subnet(), _make(account, 2)
    nic = account.ask("CreateNetworkInterface", name="vm", subnetId=subnet, eipIds=[free])["nicId"]
    [shown] = account.ask("DescribeEips", eipIds=[free])["dataSet"]
    assert (shown["nicId"], shown["privateIpAddress"]) == (nic, account.show(nic)["primaryIpv4"])
    asked = {"name": "vm", "subnetId": subnet, "eipIds": [bound, free]}
    assert account.code("CreateNetworkInterface", **asked) == "OPERATION_DENIED_EIP_STATUS_NOT_SUPPORT"
    assert account.ask("DescribeNetworkInterfaces")["totalCount"] == 1
    assert account.ask("DescribeEips", eipIds=[bound])["dataSet"][0]["status"] == "UNBOUND"
