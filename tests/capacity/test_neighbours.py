"""NetBox and phpIPAM: what is written for them, and what theirs says differently."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pandas as pd
import pytest

from tests.planner.accounts import account
from zecnb.capacity.neighbours import differences, netbox_addresses, netbox_prefixes, phpipam_addresses
from zecnb.errors import UsageError
from zecnb.inventory import Inventory

if TYPE_CHECKING:
    from pathlib import Path


def named(name: str) -> Inventory:
    """Return the account with every holder of one name."""
    base = account()
    return Inventory.from_frames(
        subnets=base.subnets.assign(name=name), nics=base.nics, holders=base.holders.assign(holder_name=name)
    )


def test_netbox_addresses_have_their_mask() -> None:
    """NetBox takes address and prefix length in one cell, roles of its own, and descriptions of 200 letters."""
    frame = netbox_addresses(named("n" * 500)).set_index("address")
    assert list(frame.columns) == ["vrf", "status", "role", "description"]
    assert frame.loc["10.0.4.11/24", ["status", "role"]].tolist() == ["active", "secondary"]
    assert frame.loc["10.0.4.30/24", "role"] == "vip"
    assert frame.loc["10.0.5.1/28", "status"] == "reserved"
    assert frame["description"].str.len().max() == 200


def test_network_and_broadcast_are_no_addresses() -> None:
    """Neither neighbour wants network and broadcast addresses."""
    assert not netbox_addresses(account())["address"].isin(["10.0.4.0/24", "10.0.4.255/24"]).any()


def test_vrf_by_vpc() -> None:
    """Each VPC may be a VRF; the others go to the global table."""
    frame = netbox_addresses(account(), {"vpc-b": "blue"})
    assert frame.groupby("vrf")["address"].count().to_dict() == {"": len(frame) - 2, "blue": 2}


def test_netbox_prefixes_are_the_subnets() -> None:
    """Every IPv4 subnet is a prefix."""
    assert netbox_prefixes(account())["prefix"].tolist() == account().occupancy()["cidr"].tolist()


def test_phpipam_takes_what_is_written() -> None:
    """Required columns are filled, the gateway is marked, and no description has letters that its import refuses."""
    frame = phpipam_addresses(named('it\'s; "x"'), "Cloud")
    assert (frame[["section", "ip_addr", "subnet"]] != "").all(axis=None)
    assert not frame["description"].str.contains("[;'\"]").any()
    assert frame["description"].str.len().max() <= 64
    assert frame[frame["is_gateway"] == "yes"]["ip_addr"].iloc[0] == "10.0.4.1"
    assert set(frame["tag"]) == {"Used", "Reserved"}


@pytest.mark.parametrize("name", ["=cmd|' /C calc'!A0", "@SUM(1)", "+A1", "\t=1", "-2+3"])
def test_no_cell_is_a_formula(name: str) -> None:
    """Whatever names say, no cell of any export starts like a formula."""
    inventory = named(name)
    vrfs = {"vpc-a": name}
    for frame in (
        netbox_addresses(inventory, vrfs),
        netbox_prefixes(inventory, vrfs),
        phpipam_addresses(inventory, name),
    ):
        cells = frame.astype(str).to_numpy().ravel()
        assert not [cell for cell in cells if re.match(r"\s*[=+\-@\t]", cell)]


@pytest.mark.parametrize("kind", ["netbox", "phpipam"])
def test_their_copy_does_not_differ(tmp_path: Path, kind: str) -> None:
    """What was exported, read back, has no difference."""
    path = tmp_path / "theirs.csv"
    (netbox_addresses(account()) if kind == "netbox" else phpipam_addresses(account(), "s")).to_csv(path, index=False)
    assert len(differences(account(), path)) == 0


def test_each_difference_is_told() -> None:
    """Addresses that only one side has are told by address, with who holds them here and what is said there."""
    theirs = netbox_addresses(account())
    theirs = pd.concat(
        [
            theirs[theirs["address"] != "10.0.4.30/24"],
            pd.DataFrame(
                {
                    "address": ["10.0.4.77/24", "192.168.1.1/24", "nonsense", "2001:db8::1/64"],
                    "description": ["printer", "home", "?", "six"],
                }
            ),
        ],
        ignore_index=True,
    )
    found = differences(account(), theirs)
    assert found[["address", "difference"]].to_numpy().tolist() == [
        ["10.0.4.30", "only here"],
        ["10.0.4.77", "only there, free here"],
        ["192.168.1.1", "only there, in no subnet here"],
        ["nonsense", "unreadable"],
    ]
    assert found["holder_id"].iloc[0] == "havip-1"
    assert found["theirs"].iloc[1] == "printer"
    assert found["row"].iloc[1] == len(theirs) - 4


def test_reserved_addresses_are_not_free() -> None:
    """A network or broadcast address that they list is reserved here, whatever it is called there."""
    theirs = pd.DataFrame({"address": ["10.0.4.0/24", "10.0.4.255", "10.0.4.254"]})
    found = differences(account(), theirs).query("row.notna()")
    assert found["difference"].tolist() == [
        "only there, reserved here",
        "only there, free here",
        "only there, reserved here",
    ]


SHAPES: dict[str, str] = {
    "netbox, table.csv": "ID,IP Address,VRF,Status,Description\n1,10.0.4.77/24,,Active,printer\n",
    "netbox, raw.csv": "id,address,family,description\n1,10.0.4.77/24,4,printer\n",
    "phpipam.csv": "net 1,,\n10.0.4.0/24,,\nvlan: 4,,\n,,\nip address,ip state,description\n10.0.4.77,Used,printer\n",
    "semicolons.csv": "\ufeffaddress;description\n10.0.4.77/24;printer\n;\n",
    "tabs.tsv": "hostname\tip_addr\nprinter\t10.0.4.77\n",
}


@pytest.mark.parametrize("name", [*SHAPES, "phpipam.xlsx"])
def test_exports_of_other_shapes(tmp_path: Path, name: str) -> None:
    """Their exports are read as they come: other headings, a title above them, other separators, Excel."""
    path = tmp_path / name
    if name in SHAPES:
        path.write_text(SHAPES[name], encoding="utf-8")
    else:
        rows = [["net 1", ""], ["10.0.4.0/24", ""], ["", ""], ["ip address", "description"], ["10.0.4.77", "printer"]]
        pd.DataFrame(rows).to_excel(path, index=False, header=False)
    found = differences(account(), path).query("difference != 'only here'")
    assert found[["address", "theirs"]].to_numpy().tolist() == [["10.0.4.77", "printer"]]


def test_account_of_nothing() -> None:
    """Without addresses every export is empty, with all its columns, and what they have is in no subnet."""
    base = account()
    none = Inventory.from_frames(subnets=base.subnets.iloc[:0], nics=base.nics.iloc[:0], holders=base.holders.iloc[:0])
    for frame in (netbox_addresses(none), netbox_prefixes(none), phpipam_addresses(none, "s")):
        assert len(frame) == 0
        assert len(frame.columns) >= 4
    assert len(differences(none, pd.DataFrame({"address": []}))) == 0
    assert differences(none, pd.DataFrame({"address": ["10.0.0.1"]}))["difference"].tolist() == [
        "only there, in no subnet here"
    ]


def test_one_vpc_alone() -> None:
    """With a VPC named, only its addresses are missed."""
    found = differences(account(), pd.DataFrame({"address": ["10.0.4.1", "10.0.4.10"]}), vpc_id="vpc-b")
    assert found[["address", "difference"]].to_numpy().tolist() == [
        ["10.0.4.10", "only there, free here"],
        ["10.0.4.50", "only here"],
    ]


def test_what_cannot_be_compared(tmp_path: Path) -> None:
    """No column of addresses, no such file, no such VPC: each is said."""
    with pytest.raises(UsageError, match="a column address or ip_addr"):
        differences(account(), pd.DataFrame({"prefix": ["10.0.0.0/24"]}))
    with pytest.raises(UsageError, match=r"theirs\.csv cannot be read"):
        differences(account(), tmp_path / "theirs.csv")
    with pytest.raises(UsageError, match="no VPC 'x'"):
        differences(account(), pd.DataFrame({"address": ["10.0.4.1"]}), vpc_id="x")
    with pytest.raises(UsageError, match="theirs is a DataFrame or the path of a CSV or Excel file, not list"):
        differences(account(), ["10.0.4.1"])  # type: ignore[arg-type]


def test_what_cannot_be_exported() -> None:
    """A section without a name, and VRFs that are no names by VPC, are each said."""
    for section in ("", " ", None):
        with pytest.raises(UsageError, match="phpIPAM imports into a section"):
            phpipam_addresses(account(), section)  # type: ignore[arg-type]
    for vrfs in ("blue", {"vpc-a": 5}):
        with pytest.raises(UsageError, match="vrfs is the name of a VRF for each VPC id"):
            netbox_addresses(account(), vrfs)  # type: ignore[arg-type]


def test_a_scenario_is_exported_as_what_it_results_in() -> None:
    """Neighbours get what a scenario would hold."""
    scenario = account().what_if().add_nics("sub-app", 1)
    assert "10.0.4.2/24" in set(netbox_addresses(scenario)["address"])
    assert "10.0.4.2" in set(phpipam_addresses(scenario, "zec")["ip_addr"])


def test_title_narrower_than_the_table(tmp_path: Path) -> None:
    """The title above a table may have fewer cells than the table."""
    path = tmp_path / "theirs.csv"
    path.write_text("Our subnet\n\nip address,hostname,tag\n10.0.4.10,web,used\n10.0.4.200,new,used\n")
    found = differences(account(), path).query("difference.str.startswith('only there')")
    assert found[["address", "theirs"]].to_numpy().tolist() == [["10.0.4.200", "new"]]


def test_old_excel_files(tmp_path: Path) -> None:
    """Of Excel's old format it is said what to do."""
    (tmp_path / "theirs.xls").write_bytes(b"x")
    with pytest.raises(UsageError, match=r"\.xls: a table ends in .*; save it as one of these"):
        differences(account(), tmp_path / "theirs.xls")
