"""Subnets beside each other: which contains an address, which has room."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from zecnb.inventory import Inventory

if TYPE_CHECKING:
    from pathlib import Path

    from zecnb.kin import Kin

SUBNETS = pd.DataFrame(
    [
        ("a", "v1", "r1", "app", "10.0.0.0/28", "IPv4", None),
        ("six", "v1", "r1", None, None, "IPv6", None),
        ("b", "v2", "r1", None, "10.0.1.0/24", "IPv4", 5),
    ],
    columns=["subnet_id", "vpc_id", "region_id", "name", "cidr_block", "stack_type", "usage_ipv4_count"],
)
BESIDE = pd.DataFrame(
    [
        ("c", "v1", "r1", "db", "10.0.1.0/25", "IPv4", 100),
        ("d", "v1", "r2", "far", "10.0.2.0/24", "IPv4", 0),
        ("e", "v1", "r1", "dark", "10.0.3.0/24", "IPv4", None),
    ],
    columns=SUBNETS.columns,
)
NOTHING = {
    "nics": pd.DataFrame(columns=["nic_id", "subnet_id", "status"]),
    "holders": pd.DataFrame(columns=["subnet_id", "address", "kind", "holder_id"]),
}


def inventory() -> Inventory:
    """Return three subnets that were read, and three beside them."""
    return Inventory.from_frames(subnets=SUBNETS, beside=BESIDE, **NOTHING)


def containing(kin: Kin, subnet: int, *addresses: str) -> list[str | None]:
    """Return the label of the subnet that contains each address, seen from a subnet."""
    values = np.array([int.from_bytes(bytes(map(int, each.split("."))), "big") for each in addresses], np.uint32)
    found = kin.containing(np.full(len(values), subnet), values)
    return [kin.label[int(at)].as_py() if at >= 0 else None for at in found]


def test_the_subnet_of_the_same_vpc_contains_it() -> None:
    """Subnets of another VPC do not count, those that were only listed do."""
    kin = inventory().kin
    found = containing(kin, 0, "10.0.0.3", "10.0.1.3", "10.0.1.200", "10.0.2.9", "9.0.0.1", "255.0.0.1")
    assert found == ["app 10.0.0.0/28", "db 10.0.1.0/25", None, "far 10.0.2.0/24", None, None]
    assert containing(kin, 2, "10.0.1.200", "10.0.0.3") == ["b 10.0.1.0/24", None]


def test_room_in_the_same_vpc_and_region() -> None:
    """By the API's count; a subnet of which nothing is known has none to promise."""
    kin = inventory().kin
    words = kin.roomier(np.array([0, 0, 0, 2]), np.array([20, 25, 26, 1])).to_pylist()
    assert words == ["10.0.1.0/25 (25 free)", "10.0.1.0/25 (25 free)", "", ""]


def test_saved_and_loaded(tmp_path: Path) -> None:
    """A saved inventory keeps what is beside it; an older folder has nothing there."""
    saved = inventory().save(tmp_path / "saved")
    assert Inventory.load(saved).beside["subnet_id"].tolist() == ["c", "d", "e"]
    (saved / "beside.parquet").unlink()
    assert Inventory.load(saved).beside.empty
