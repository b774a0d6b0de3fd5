"""An account made from a saved inventory holds what the inventory saw."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

import zecnb
from tests.emulator.account import ASSIGN, NICS, Account
from zecnb.emulator import Emulator, networks
from zecnb.emulator.seeds import WEB_07

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo account as an inventory in a folder."""
    with zecnb.demo(progress=False) as zec:
        return zec.inventory().save(tmp_path_factory.mktemp("saved") / "monday")


def test_inventory_of_the_copy_is_the_same(folder: Path) -> None:
    """Read again, the account made from an inventory differs from it in nothing."""
    before = zecnb.Inventory.load(folder)
    with zecnb.demo(str(folder), progress=False) as zec:
        after = zec.inventory()
    assert before.diff(after).empty
    assert after.coverage.unseen.sum() == before.coverage.unseen.sum() > 0


def test_copy_can_be_worked_on(folder: Path) -> None:
    """Tomorrow's change runs on it: assigning, detaching, deleting."""
    with Account(seed=str(folder)) as account:
        assert len(account.ask(ASSIGN, nicId=WEB_07, ipAddressCount=1)["ipAddresses"]) == 1
        used = account.ask(NICS, status="USED", nicType="Secondary")["dataSet"][0]["nicId"]
        account.ask("DetachNetworkInterface", nicId=used)
        group = account.show(used)["securityGroupId"]
        account.ask("ModifyNetworkInterfaceAttribute", nicId=used, securityGroupId=group)


def test_blocks_of_vpcs_come_along(tmp_path: Path) -> None:
    """The copy knows a VPC's secondary blocks, and takes subnets in them."""
    with zecnb.demo("empty", progress=False) as zec:
        state = zec.emulator.state
        vpc = networks.create_vpc(state, {"name": "main", "cidrBlock": "10.0.0.0/16", "mtu": 1500, "enablePriIpv6": 0})
        for block in ("192.168.0.0/16", "172.16.0.0/16"):
            networks.associate_block(state, {**vpc, "cidrBlock": block})
        saved = zec.inventory().save(tmp_path / "monday")
    with Account(seed=str(saved)) as copy:
        [shown] = copy.ask("DescribeVpcs")["dataSet"]
        assert shown["secondaryCidrBlocks"] == ["192.168.0.0/16", "172.16.0.0/16"]
        copy.subnet("172.16.1.0/24", vpc=vpc["vpcId"])


@pytest.mark.parametrize("broken", ["holders.parquet", "nics.parquet", "inventory.json"])
def test_folder_that_is_no_inventory(folder: Path, tmp_path: Path, broken: str) -> None:
    """A folder that cannot be read says which, and makes no account."""
    copy = tmp_path / "copy"
    copy.mkdir()
    for path in folder.iterdir():
        (copy / path.name).write_bytes(b"{}" if path.name == broken else path.read_bytes())
    with pytest.raises(ValueError, match="copy is neither a seed's name nor an exported account"):
        Emulator(str(copy), db=tmp_path / "state.sqlite")
    assert not (tmp_path / "state.sqlite").exists()


def test_regions_that_no_document_names(tmp_path: Path) -> None:
    """An account in a region that the documents do not name can grow there."""
    with Account() as account:
        account.subnet()
        with account.state.write() as connection:
            connection.execute("UPDATE subnet SET region_id = 'sa-east-9'")
        with account.emulator as emulator:
            keys = {"access_key_id": emulator.access_key_id, "access_key_password": emulator.access_key_password}
            with zecnb.connect(**keys, endpoint=emulator.url) as zec:
                folder = zec.inventory().save(tmp_path / "saved")
    with Account(seed=str(folder)) as copy:
        assert "sa-east-9" in copy.ask("DescribeNetworkInterfaceRegions")["regionIds"]
        [vpc] = copy.ask("DescribeVpcs")["dataSet"]
        asked = {"vpcId": vpc["vpcId"], "name": "more", "stackType": "IPv4", "cidrBlock": "10.0.9.0/24"}
        assert copy.code("CreateSubnet", **asked, regionId="sa-east-9") == "OK"
        assert copy.code("CreateSubnet", **asked, regionId="sa-east-8") == "INVALID_REGION_NOT_FOUND"
