"""An account made from a saved inventory holds what the inventory saw."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

import zecnb
from tests.emulator.account import ASSIGN, NICS, Account
from zecnb.emulator import Emulator
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
