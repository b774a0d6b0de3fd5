"""An account made from a saved inventory: tomorrow's change on today's account, offline.

It reads the Parquet files itself: the emulator knows nothing of what saved them but their names and columns.
"""

from __future__ import annotations

import ipaddress
import json
import sqlite3
from typing import TYPE_CHECKING, Any

from zecnb.emulator.resources import new_ipv6
from zecnb.emulator.state import number
from zecnb.emulator.tables import complete

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from sqlite3 import Connection

    from zecnb.emulator.state import Row, State

__all__ = ["ABOUT", "plant_saved"]

ABOUT = "inventory.json"
"""The file by which a folder is known for a saved inventory."""

_VERSION = 1
_HELD = {"nic_primary": "primary", "nic_secondary": "secondary", "havip": "havip", "lb": "lb", "lb_health": "lb_health"}


def plant_saved(state: State, folder: Path) -> None:
    """Fill an empty state from a saved inventory.

    What listings do not show is made up: MACs, security groups, IPv6 blocks. Addresses that the API counted and
    nobody was seen to hold are held by something unseen, at random places.

    Raises:
        ValueError: the folder is no saved inventory, or one of a newer version.
    """
    import pyarrow as pa

    try:
        about = json.loads((folder / ABOUT).read_text(encoding="utf-8"))
        if about["version"] > _VERSION:
            raise ValueError(f"it is of version {about['version']}")  # noqa: TRY301 - one message for all of them
        created = f"{about['observed_at'][:19]}Z"
        with state.bulk() as connection:
            _plant_networks(state, connection, folder, created)
            _plant_nics(state, connection, folder, created)
            _plant_holders(state, connection, folder, created)
            _plant_unseen(state, folder)
            complete(connection)
    except (OSError, KeyError, TypeError, ValueError, pa.ArrowException, sqlite3.Error) as error:
        raise ValueError(f"{folder.name} is no saved inventory that can be read: {error}") from error


def _rows(folder: Path, name: str) -> Iterator[tuple[int, dict[str, Any]]]:
    import pyarrow.parquet as pq

    return enumerate(reversed(pq.read_table(folder / f"{name}.parquet").to_pylist()), 1)


def _plant_networks(state: State, connection: Connection, folder: Path, created: str) -> None:
    for at, row in _rows(folder, "vpcs"):
        made = (row["vpc_id"], at, row["name"], row["cidr_block"], 1500, state.new_id(), created)
        columns = "id, seq, name, cidr, mtu, security_group_id, created"
        connection.execute(f"INSERT INTO vpc ({columns}) VALUES (?, ?, ?, ?, ?, ?, ?)", made)
        for place, block in enumerate((row.get("secondary_cidr_blocks") or "").split(",")):  # older ones have no column
            if block.strip():
                values = (row["vpc_id"], place, block.strip())
                connection.execute("INSERT INTO vpc_block (vpc_id, seq, cidr) VALUES (?, ?, ?)", values)
    for at, row in _rows(folder, "subnets"):
        network = ipaddress.IPv4Network(row["cidr_block"]) if row["cidr_block"] else None
        six = row["stack_type"] != "IPv4"
        net: tuple[Any, ...] = (
            row["subnet_id"], at, row["vpc_id"], row["region_id"] or "asia-east-1", row["name"], row["cidr_block"],
            int(network.network_address) if network else 0, network.prefixlen if network else 32, row["stack_type"],
            "Private" if six else None, f"fd00:{at:x}::/64" if six else None, created,
        )  # fmt: skip
        connection.execute(
            "INSERT INTO subnet (id, seq, vpc_id, region_id, name, cidr, network, prefix, stack, ipv6_type, ipv6_cidr, "
            "created) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            net,
        )


def _plant_nics(state: State, connection: Connection, folder: Path, created: str) -> None:
    nets, groups = _known(state)
    made: list[tuple[Any, ...]] = []
    for at, row in _rows(folder, "nics"):
        mac = f"fa:16:3e:{at >> 16 & 255:02x}:{at >> 8 & 255:02x}:{at & 255:02x}"
        subnet = nets.get(row["subnet_id"])
        if subnet is None:
            raise ValueError(f"the vNIC {row['nic_id']} is in a subnet that is not there")
        six = row["nic_subnet_type"] != "IPv4" and subnet["ipv6_cidr"]
        made.append((
            row["nic_id"], at, row["name"], row["region_id"] or subnet["region_id"], row["vpc_id"], row["subnet_id"],
            row["status"], row["nic_type"], row["nic_subnet_type"], mac, row["instance_id"],
            groups.get(row["vpc_id"], ""), new_ipv6(state, subnet, at) if six else None, 0.0, created, created,
        ))  # fmt: skip
    connection.executemany(f"INSERT INTO nic VALUES ({', '.join('?' * 16)})", made)


def _plant_holders(state: State, connection: Connection, folder: Path, created: str) -> None:
    nets, groups = _known(state)
    positions: dict[str, int] = {}
    held: list[tuple[Any, ...]] = []
    for _, row in reversed(list(_rows(folder, "holders"))):
        kind, owner, address = _HELD.get(row["kind"]), row["holder_id"], number(row["address"])
        if kind is None:
            continue
        if address is None:
            raise ValueError(f"{row['address']!r} is no address")
        place = 0
        if kind != "primary":
            place = positions[owner] = positions.get(owner, 0) + 1
        held.append((row["subnet_id"], address, kind, owner, place, 0.0))
        if kind in ("havip", "lb", "lb_health") and place == 1:
            subnet = nets[row["subnet_id"]]
            where = (row["holder_name"], subnet["region_id"], subnet["vpc_id"], row["subnet_id"])
            if kind == "havip":
                vip = (owner, state.next_seq("havip"), *where, groups.get(subnet["vpc_id"]), created)
                connection.execute("INSERT INTO havip VALUES (?, ?, ?, ?, ?, ?, ?, ?)", vip)
            else:
                balancer = (owner, state.next_seq("lb"), *where, "RUNNING", "[]", created)
                columns = "id, seq, name, region_id, vpc_id, subnet_id, status, public, created"
                connection.execute(f"INSERT INTO lb ({columns}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", balancer)
    connection.executemany("INSERT INTO held VALUES (?, ?, ?, ?, ?, ?)", sorted(held))


def _known(state: State) -> tuple[dict[str, Row], dict[str, str]]:
    """Return subnets by id, and the security group of each VPC."""
    nets = {row["id"]: row for row in state.rows("SELECT * FROM subnet")}
    return nets, {row["id"]: row["security_group_id"] for row in state.rows("SELECT id, security_group_id FROM vpc")}


def _plant_unseen(state: State, folder: Path) -> None:
    for _, row in _rows(folder, "subnets"):
        subnet = state.row("SELECT * FROM subnet WHERE id = ?", row["subnet_id"])
        assert subnet is not None
        missing = (row["usage_ipv4_count"] or 0) - state.usage(row["subnet_id"])
        free = state.free_addresses(subnet) if missing > 0 and subnet["cidr"] else []
        for address in state.random.sample(free, min(max(missing, 0), len(free))):
            state.hold(row["subnet_id"], address, "hidden", "")
