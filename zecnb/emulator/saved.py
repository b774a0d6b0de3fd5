"""An account made from a saved inventory: tomorrow's change on today's account, offline.

It reads the Parquet files itself: the emulator knows nothing of what saved them but their names and columns.
"""

from __future__ import annotations

import ipaddress
import json
import sqlite3
from typing import TYPE_CHECKING, Any

from zecnb.emulator.checks import check_account
from zecnb.emulator.networks import PRIVATE
from zecnb.emulator.resources import new_ipv6
from zecnb.emulator.state import number
from zecnb.emulator.tables import complete, unindexed

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

    Made up is what an inventory does not tell:

    - of every vNIC its MAC, IPv6 address and times, and the order in which it got its addresses (ascending);
      security groups; IPv6 blocks;
    - where its columns are empty: the id for a name, ``asia-east-1`` for a region, ``Secondary`` for a type, an
      instance for a vNIC that is on one, the lowest free address for a primary one;
    - of a VPC without CIDR the private ranges that its subnets are in; where a subnet is in no block of its VPC, one
      more block, the subnet's own.

    Held by something unseen is what the API counted and nobody was seen to hold, at random places, and what is held
    by a vNIC that is not listed in that subnet, or by a HaVip beyond its one address. Lost are EIPs, backends, tags and
    default marks, of which an inventory has none, so that nothing there blocks a release; and who holds an address that
    every subnet reserves here.

    Raises:
        ValueError: the folder is no saved inventory, or one of a newer version, or no account can be like it.
    """
    import pyarrow as pa

    try:
        about = json.loads((folder / ABOUT).read_text(encoding="utf-8"))
        if about["version"] > _VERSION:
            raise ValueError(f"it is of version {about['version']}")  # noqa: TRY301 - one message for all of them
        created = f"{about['observed_at'][:19]}Z"
        with state.write() as connection:
            with unindexed(connection):
                _plant_networks(state, connection, folder, created)
                _plant_nics(state, connection, folder, created)
                _plant_holders(state, connection, folder, created)
                complete(connection)
            _plant_primaries(state)
            _plant_unseen(state, folder)
            check_account(connection)
    except (OSError, KeyError, TypeError, ValueError, pa.ArrowException, sqlite3.Error) as error:
        raise ValueError(f"{folder.name} is no saved inventory that can be read: {error}") from error


def _rows(folder: Path, name: str) -> Iterator[tuple[int, dict[str, Any]]]:
    import pyarrow.parquet as pq

    return enumerate(reversed(pq.read_table(folder / f"{name}.parquet").to_pylist()), 1)


def _plant_networks(state: State, connection: Connection, folder: Path, created: str) -> None:
    subnets = list(_rows(folder, "subnets"))
    named = {row["vpc_id"]: row for _, row in _rows(folder, "vpcs")}
    within: dict[str, list[dict[str, Any]]] = {vpc_id: [] for vpc_id in named}
    for _, row in subnets:
        within.setdefault(row["vpc_id"], []).append(row)
    for at, (vpc_id, own) in enumerate(within.items(), 1):
        row = named.get(vpc_id, {})
        given = [row.get("cidr_block"), *(row.get("secondary_cidr_blocks") or "").split(",")]  # older ones: no column
        told = [ipaddress.IPv4Network(each.strip()) for each in given if each and each.strip()]
        cidr, *more = _blocks(told, [_network(each) for each in own if each["cidr_block"]])
        six = any(each["stack_type"] != "IPv4" for each in own)
        block = f"fd00:{at >> 16:x}:{at & 65535:x}::/48" if six else None
        made = (vpc_id, at, row.get("name") or vpc_id, cidr, 1500, block, state.new_id(), created)
        columns = "id, seq, name, cidr, mtu, ipv6_cidr, security_group_id, created"
        connection.execute(f"INSERT INTO vpc ({columns}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)", made)
        blocks = [(vpc_id, place, each) for place, each in enumerate(more)]
        connection.executemany("INSERT INTO vpc_block (vpc_id, seq, cidr) VALUES (?, ?, ?)", blocks)
    for at, row in subnets:
        network = _network(row) if row["cidr_block"] else None
        six = row["stack_type"] != "IPv4"
        net: tuple[Any, ...] = (
            row["subnet_id"], at, row["vpc_id"], row["region_id"] or "asia-east-1", row["name"] or row["subnet_id"],
            str(network) if network else None, int(network.network_address) if network else 0,
            network.prefixlen if network else 32, row["stack_type"], "Private" if six else None,
            f"fd00:{at >> 16:x}:{at & 65535:x}::/64" if six else None, created,
        )  # fmt: skip
        connection.execute(
            "INSERT INTO subnet (id, seq, vpc_id, region_id, name, cidr, network, prefix, stack, ipv6_type, ipv6_cidr, "
            "created) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            net,
        )


def _network(subnet: dict[str, Any]) -> ipaddress.IPv4Network:
    return ipaddress.IPv4Network(subnet["cidr_block"])


def _blocks(known: list[ipaddress.IPv4Network], nets: list[ipaddress.IPv4Network]) -> list[str]:
    """Return the blocks of a VPC, its own first, so that every subnet is in one."""
    blocks = list(known)
    for net in nets:
        if not any(net.subnet_of(block) for block in blocks):
            wide = next((each for each in PRIVATE if net.subnet_of(each)), net)
            blocks.append(net if known else wide)
    return [str(each) for each in blocks or PRIVATE[:1]]


def _plant_nics(state: State, connection: Connection, folder: Path, created: str) -> None:
    nets, groups = _known(state)
    made: list[tuple[Any, ...]] = []
    for at, row in _rows(folder, "nics"):
        mac = f"fa:16:3e:{at >> 16 & 255:02x}:{at >> 8 & 255:02x}:{at & 255:02x}"
        subnet = nets.get(row["subnet_id"])
        if subnet is None:
            raise ValueError(f"the vNIC {row['nic_id']} is in a subnet that is not there")
        on_one = row["status"] in ("USED", "DETACHING")
        six = row["nic_subnet_type"] != "IPv4" and subnet["ipv6_cidr"]
        made.append((
            row["nic_id"], at, row["name"] or row["nic_id"], row["region_id"] or subnet["region_id"], subnet["vpc_id"],
            row["subnet_id"], row["status"], row["nic_type"] or "Secondary", row["nic_subnet_type"], mac,
            row["instance_id"] or (state.new_id() if on_one else None), groups[subnet["vpc_id"]],
            new_ipv6(state, subnet, at) if six else None, 0.0, created, created,
        ))  # fmt: skip
    connection.executemany(f"INSERT INTO nic VALUES ({', '.join('?' * 16)})", made)


def _plant_holders(state: State, connection: Connection, folder: Path, created: str) -> None:
    nets, groups = _known(state)
    homes = {row["id"]: row["subnet_id"] for row in state.rows("SELECT id, subnet_id FROM nic")}
    places: dict[str, int] = {}
    primaries: set[str] = set()
    held: list[tuple[Any, ...]] = []
    for _, row in reversed(list(_rows(folder, "holders"))):
        kind, owner, address = _HELD.get(row["kind"]), row["holder_id"] or "", number(row["address"])
        subnet = nets[row["subnet_id"]]
        if kind is None:
            continue
        if address is None:
            raise ValueError(f"{row['address']!r} is no address")
        if not subnet["network"] + 2 <= address <= subnet["network"] + (1 << (32 - subnet["prefix"])) - 2:
            continue
        lost = homes.get(owner) != subnet["id"] if kind in ("primary", "secondary") else not owner
        if lost or (kind == "havip" and owner in places):
            held.append((subnet["id"], address, "hidden", "", 0, 0.0))
            continue
        if kind == "primary" and owner in primaries:
            kind = "secondary"
        place = 0
        if kind == "primary":
            primaries.add(owner)
        else:
            place = places[owner] = places.get(owner, 0) + 1
        held.append((subnet["id"], address, kind, owner, place, 0.0))
        if kind in ("havip", "lb", "lb_health") and place == 1:
            where = (row["holder_name"] or owner, subnet["region_id"], subnet["vpc_id"], subnet["id"])
            if kind == "havip":
                vip = (owner, state.next_seq("havip"), *where, groups[subnet["vpc_id"]], created)
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


def _plant_primaries(state: State) -> None:
    """Give each IPv4 vNIC that was seen without a primary address the lowest free one."""
    bare = "stack <> 'IPv6' AND status <> 'CREATE_FAILED' AND NOT EXISTS"
    sql = f"SELECT id, subnet_id FROM nic WHERE {bare} (SELECT 1 FROM held WHERE owner = nic.id AND kind = 'primary')"
    for nic in state.rows(sql):
        subnet = state.row("SELECT * FROM subnet WHERE id = ?", nic["subnet_id"])
        free = state.free_addresses(subnet, 1) if subnet and subnet["cidr"] else []
        if not free:
            raise ValueError(f"the vNIC {nic['id']} has no primary address, and its subnet has none left")
        state.hold(nic["subnet_id"], free[0], "primary", nic["id"])


def _plant_unseen(state: State, folder: Path) -> None:
    for _, row in _rows(folder, "subnets"):
        subnet = state.row("SELECT * FROM subnet WHERE id = ?", row["subnet_id"])
        assert subnet is not None
        missing = (row["usage_ipv4_count"] or 0) - state.usage(row["subnet_id"])
        free = state.free_addresses(subnet) if missing > 0 and subnet["cidr"] else []
        for address in state.random.sample(free, min(max(missing, 0), len(free))):
            state.hold(row["subnet_id"], address, "hidden", "")
