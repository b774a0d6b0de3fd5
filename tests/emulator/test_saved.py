"""An account made from a saved inventory holds what the inventory saw."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pandas as pd
import pytest

import zecnb
from tests.emulator.account import ASSIGN, NICS, Account
from zecnb.emulator import Emulator, networks
from zecnb.emulator.exports import replace
from zecnb.emulator.seeds import WEB_07

if TYPE_CHECKING:
    from pathlib import Path

VPC_CIDR = "OPERATION_DENIED_VPC_CIDR_CONFLICT"


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


def _minimum(**columns: list[dict[str, str]]) -> zecnb.Inventory:
    """Return what a user with a spreadsheet has: the columns that must be there."""
    frames: dict[str, list[dict[str, str]]] = {
        "subnets": [{"subnet_id": "s1", "vpc_id": "v1", "cidr_block": "10.0.1.0/24", "stack_type": "IPv4"}],
        "nics": [{"nic_id": "n1", "subnet_id": "s1", "status": "USED"}],
        "holders": [{"subnet_id": "s1", "address": "10.0.1.9", "kind": "nic_primary", "holder_id": "n1"}],
    } | columns
    return zecnb.Inventory.from_frames(**{name: pd.DataFrame(rows) for name, rows in frames.items()})


def test_smallest_inventory_makes_a_whole_account(tmp_path: Path) -> None:
    """Where only the columns are there that must be, nothing is null that clients rely on, and calls are answered."""
    with Account(seed=str(_minimum().save(tmp_path / "saved"))) as account:
        shown = account.show("n1")
        assert (shown["nicType"], shown["vpcId"], shown["name"]) == ("Secondary", "v1", "n1")
        assert shown["instanceId"]
        [vpc] = account.ask("DescribeVpcs")["dataSet"]
        assert (vpc["name"], vpc["cidrBlock"]) == ("v1", "10.0.0.0/9")
        asked = {"vpcId": "v1", "regionId": "asia-east-1", "name": "more", "stackType": "IPv4"}
        assert account.code("CreateSubnet", **asked, cidrBlock="10.0.9.0/24") == "OK"
        assert account.code("ModifyVpcAttribute", vpcId="v1", cidrBlock="10.0.0.0/9") == "OK"
        assert account.code("ModifyVpcAttribute", vpcId="v1", cidrBlock="10.0.0.0/16") == VPC_CIDR
        assert account.code("AssociateVpcCidrBlock", vpcId="v1", cidrBlock="192.168.0.0/16") == "OK"
        assert account.code("ModifySubnetAttribute", subnetId="s1", cidrBlock="10.0.0.0/23") == "OK"
        assert account.code("DetachNetworkInterface", nicId="n1") == "OK"


def test_holders_that_no_listing_shows_hold_unseen(tmp_path: Path) -> None:
    """Who is not listed, or not there, or beyond what it can hold, keeps its address as somebody unseen."""
    held = [
        *(("10.0.1.9", "nic_primary", "n1"), ("10.0.1.13", "nic_primary", "n1"), ("10.0.1.1", "nic_secondary", "n1")),
        *(("10.0.1.10", "nic_primary", "ghost"), ("10.0.1.11", "havip", "vip"), ("10.0.1.12", "havip", "vip")),
    ]
    holders = [{"subnet_id": "s1", "address": where, "kind": kind, "holder_id": who} for where, kind, who in held]
    with Account(seed=str(_minimum(holders=holders).save(tmp_path / "saved"))) as account:
        assert account.held("s1") == ["10.0.1.9", "10.0.1.10", "10.0.1.11", "10.0.1.12", "10.0.1.13"]
        shown = account.show("n1")
        assert (shown["primaryIpv4"], shown["secondaryIpv4s"]) == ("10.0.1.9", ["10.0.1.13"])
        assert [vip["ipAddress"] for vip in account.ask("DescribeHaVips")["dataSet"]] == ["10.0.1.11"]
        replace(account.state, json.loads(account.everything()))  # it passes its own door


def test_nic_without_primary_address_gets_one(tmp_path: Path) -> None:
    """A vNIC has a primary address, also one that was saved without."""
    holders = [{"subnet_id": "s1", "address": "10.0.1.2", "kind": "nic_secondary", "holder_id": "n1"}]
    with Account(seed=str(_minimum(holders=holders).save(tmp_path / "saved"))) as account:
        shown = account.show("n1")
        assert (shown["primaryIpv4"], shown["secondaryIpv4s"]) == ("10.0.1.3", ["10.0.1.2"])


def test_subnets_outside_their_vpc_have_a_block(tmp_path: Path) -> None:
    """A VPC saved without its further blocks has one for each subnet that lies in none."""
    vpcs = [{"vpc_id": "v1", "cidr_block": "10.0.0.0/16"}]
    subnets = [
        {"subnet_id": "s1", "vpc_id": "v1", "cidr_block": "10.0.1.0/24", "stack_type": "IPv4"},
        {"subnet_id": "s2", "vpc_id": "v1", "cidr_block": "192.168.4.0/24", "stack_type": "IPv4"},
    ]
    with Account(seed=str(_minimum(vpcs=vpcs, subnets=subnets).save(tmp_path / "saved"))) as account:
        [vpc] = account.ask("DescribeVpcs")["dataSet"]
        assert (vpc["cidrBlock"], vpc["secondaryCidrBlocks"]) == ("10.0.0.0/16", ["192.168.4.0/24"])


def test_inventory_that_no_account_can_be_like(tmp_path: Path) -> None:
    """What cannot be filled in is refused in words."""
    nics = [{"nic_id": "n1", "subnet_id": "s1", "status": "Available"}]
    with pytest.raises(ValueError, match="a vNIC has no such status, or no such type: n1"):
        Emulator(str(_minimum(nics=nics).save(tmp_path / "saved")))


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
