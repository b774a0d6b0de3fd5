"""Attaching vNICs to instances and taking them off."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from tests.emulator.account import ASSIGN, Account
from zecnb.emulator import Settings, attachments, exports

if TYPE_CHECKING:
    from pathlib import Path

REGION = "asia-east-1"


def test_attach_and_detach(account: Account) -> None:
    """The instance shows at once, the vNIC keeps its addresses, and is free again at once (7.4, A26)."""
    nic = account.nic(account.subnet(), "10.0.1.9")
    instance = attachments.create_instance(account.state, "host", REGION)
    account.ask("AttachNetworkInterface", nicId=nic, instanceId=instance)
    shown = account.show(nic)
    assert (shown["status"], shown["instanceId"], shown["secondaryIpv4s"]) == ("USED", instance, ["10.0.1.9"])
    account.ask("DetachNetworkInterface", nicId=nic)
    shown = account.show(nic)
    assert (shown["status"], shown["instanceId"], shown["secondaryIpv4s"]) == ("AVAILABLE", None, ["10.0.1.9"])


def test_lifecycle_of_an_attachment() -> None:
    """With a lifecycle a vNIC is on its way for a while, to and from an instance, and then gone for good."""
    now = [1000.0]
    with Account(settings=Settings(lifecycle_seconds=5.0), clock=lambda: now[0]) as account:
        subnet = account.subnet()
        nic = account.nic(subnet)
        instance = attachments.create_instance(account.state, "host", REGION)
        account.ask("AttachNetworkInterface", nicId=nic, instanceId=instance)
        assert (account.show(nic)["status"], account.show(nic)["instanceId"]) == ("ATTACHING", instance)
        assert account.code(ASSIGN, nicId=nic, ipAddressCount=1) == "INVALID_NIC_STATUS"
        now[0] += 5
        assert account.show(nic)["status"] == "USED"
        account.ask("DetachNetworkInterface", nicId=nic)
        assert (account.show(nic)["status"], account.show(nic)["instanceId"]) == ("DETACHING", instance)
        now[0] += 5
        assert (account.show(nic)["status"], account.show(nic)["instanceId"]) == ("AVAILABLE", None)
        account.ask("DeleteNetworkInterface", nicId=nic)
        assert (account.show(nic)["status"], account.held(subnet)) == ("DELETING", ["10.0.1.2"])
        now[0] += 5
        assert account.ask("DescribeNetworkInterfaces", nicIds=[nic])["dataSet"] == []
        assert account.held(subnet) == []


def test_code_for_a_vnic_on_no_instance_is_a_setting() -> None:
    """The newer documents name another code than the one that Terraform waits for."""
    with Account(settings=Settings(detach_unattached="INVALID_NIC_STATUS")) as account:
        assert account.code("DetachNetworkInterface", nicId=account.nic(account.subnet())) == "INVALID_NIC_STATUS"


def test_nics_of_an_instance_are_limited() -> None:
    """An instance takes as many vNICs as the setting says."""
    with Account(settings=Settings(instance_nic_limit=1)) as account:
        subnet = account.subnet()
        instance = attachments.create_instance(account.state, "host", REGION)
        first, second = account.nic(subnet), account.nic(subnet)
        account.ask("AttachNetworkInterface", nicId=first, instanceId=instance)
        asked = {"nicId": second, "instanceId": instance}
        assert account.code("AttachNetworkInterface", **asked) == "INVALID_INSTANCE_NIC_LIMIT"


def test_exports_without_instances_get_them(account: Account, tmp_path: Path) -> None:
    """An account exported by an older emulator has the instances its vNICs name."""
    nic = account.nic(account.subnet(), status="USED")
    content = exports.export(account.state)
    older = {name: rows for name, rows in json.loads(content).items() if name != "instance"}
    path = tmp_path / "older.json"
    path.write_text(json.dumps(older), encoding="utf-8")
    with Account(seed=str(path)) as again:
        again.ask("DetachNetworkInterface", nicId=nic)
        assert again.show(nic)["status"] == "AVAILABLE"
