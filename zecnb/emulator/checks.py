"""What an account can be: one that comes from outside is looked through, so that no call stumbles over it later."""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING

from zecnb.emulator.parameters import STACKS
from zecnb.emulator.tables import TABLES, columns_of

if TYPE_CHECKING:
    from sqlite3 import Connection

__all__ = ["STATUSES", "check_account"]

STATUSES = ("PENDING", "AVAILABLE", "ATTACHING", "USED", "DETACHING", "DELETING", "CREATE_FAILED")
"""What a vNIC can be (contract.md 6)."""

_BALANCERS = ("CREATING", "RUNNING", "RECYCLED", "CREATE_FAILED", "RELEASING")
_MAY_BE_NULL = {
    "vpc": {"ipv6_cidr", "security_group_id"},
    "subnet": {"cidr", "ipv6_type", "ipv6_cidr", "ipv6_mask"},
    "nic": {"instance_id", "ipv6", "security_group_id"},
    "havip": {"security_group_id"},
    "lb": {"subnet_id", "security_group_id"},
    "eip": {"nic_id", "address"},
}
_KINDS = {"TEXT": "'text'", "INTEGER": "'integer'", "REAL": "'real', 'integer'"}
_WRONG = {
    "a subnet is in no VPC": "SELECT id FROM subnet WHERE vpc_id NOT IN (SELECT id FROM vpc)",
    "a subnet has no such stack": f"SELECT id FROM subnet WHERE stack NOT IN {STACKS}",
    "a subnet's IPv4 CIDR does not fit its stack": (
        "SELECT id FROM subnet WHERE (COALESCE(cidr, '') = '') <> (stack = 'IPv6')"
    ),
    "a subnet's IPv6 does not fit its stack": (
        "SELECT id FROM subnet WHERE (ipv6_cidr IS NULL) <> (stack = 'IPv4') "
        "OR (stack <> 'IPv4' AND COALESCE(ipv6_type, '') NOT IN ('Private', 'Public'))"
    ),
    "an IPv6 prefix length is not from 64 to 96": "SELECT id FROM subnet WHERE ipv6_mask NOT BETWEEN 64 AND 96",
    "a vNIC is in no subnet of its VPC": (
        "SELECT nic.id FROM nic LEFT JOIN subnet ON subnet.id = nic.subnet_id AND subnet.vpc_id = nic.vpc_id "
        "WHERE subnet.id IS NULL OR (nic.ipv6 IS NOT NULL AND subnet.ipv6_cidr IS NULL)"
    ),
    "a vNIC has no such status, or no such type": (
        f"SELECT id FROM nic WHERE status NOT IN {STATUSES} OR type NOT IN ('Primary', 'Secondary')"
    ),
    "a vNIC's stack does not fit its subnet, or its IPv6 address": (
        f"SELECT nic.id FROM nic JOIN subnet ON subnet.id = nic.subnet_id WHERE nic.stack NOT IN {STACKS} "
        "OR subnet.stack NOT IN (nic.stack, 'IPv4_IPv6') OR (nic.ipv6 IS NULL) <> (nic.stack = 'IPv4')"
    ),
    "an address is held that its subnet does not have, or reserves": (
        "SELECT held.owner FROM held LEFT JOIN subnet ON subnet.id = held.subnet_id WHERE subnet.cidr IS NULL "
        "OR held.address NOT BETWEEN network + 2 AND network + (1 << (32 - prefix)) - 2"
    ),
    "an address is held by nobody": (
        "SELECT owner FROM held WHERE CASE WHEN kind IN ('primary', 'secondary') THEN owner NOT IN "
        "(SELECT id FROM nic) WHEN kind = 'havip' THEN owner NOT IN (SELECT id FROM havip) "
        "WHEN kind IN ('lb', 'lb_health') THEN owner NOT IN (SELECT id FROM lb) ELSE kind <> 'hidden' END"
    ),
    "a vNIC or HaVip holds an address of another subnet": (
        "SELECT owner FROM held JOIN nic ON nic.id = owner WHERE nic.subnet_id <> held.subnet_id UNION ALL "
        "SELECT owner FROM held JOIN havip ON havip.id = owner WHERE havip.subnet_id <> held.subnet_id"
    ),
    "a vNIC has two primary addresses": (
        "SELECT owner FROM held WHERE kind = 'primary' GROUP BY owner HAVING COUNT(*) > 1"
    ),
    "a vNIC has no primary address": (
        "SELECT id FROM nic WHERE stack <> 'IPv6' AND status <> 'CREATE_FAILED' "
        "AND NOT EXISTS (SELECT 1 FROM held WHERE owner = nic.id AND kind = 'primary')"
    ),
    "a HaVip is in no subnet of its VPC": (
        "SELECT havip.id FROM havip LEFT JOIN subnet ON subnet.id = havip.subnet_id "
        "AND subnet.vpc_id = havip.vpc_id WHERE subnet.id IS NULL"
    ),
    "a HaVip has not exactly one address": (
        "SELECT id FROM havip WHERE (SELECT COUNT(*) FROM held WHERE owner = havip.id) <> 1"
    ),
    "an EIP is bound to an address that its vNIC does not have": (
        "SELECT id FROM eip WHERE nic_id IS NOT NULL AND NOT EXISTS "
        "(SELECT 1 FROM held WHERE held.owner = eip.nic_id AND held.address = eip.address)"
    ),
    "a load balancer is in no VPC": "SELECT id FROM lb WHERE vpc_id NOT IN (SELECT id FROM vpc)",
    "a load balancer is in no subnet of its VPC": (
        "SELECT lb.id FROM lb LEFT JOIN subnet ON subnet.id = lb.subnet_id AND subnet.vpc_id = lb.vpc_id "
        "WHERE lb.subnet_id IS NOT NULL AND subnet.id IS NULL"
    ),
    "a load balancer has no such stack, or no such status": (
        f"SELECT id FROM lb WHERE stack NOT IN {STACKS} OR status NOT IN {_BALANCERS}"
    ),
    "the public addresses of a load balancer are no list": "SELECT id FROM lb WHERE json_type(public) <> 'array'",
    "the public addresses of a load balancer are no texts": (
        "SELECT lb.id FROM lb, json_each(lb.public) AS item WHERE item.type <> 'text'"
    ),
}
"""What no account can be, and the query that finds it."""

_LARGEST = {"seq": 1 << 31, "position": 1 << 31, "ready_at": 1 << 40, "seen_from": 1 << 40}
"""Members that something is added to, or time, and how large each may be."""


def check_account(connection: Connection) -> None:
    """Fail when rows are of other types than the columns, or say what no account can be; inside a write.

    Raises:
        ValueError: says what is wrong, and of which.
    """
    for table in TABLES:
        _check_members(connection, table)
    _check_networks(connection)
    for what, sql in _WRONG.items():
        if (row := connection.execute(f"{sql} LIMIT 1").fetchone()) is not None:
            raise ValueError(f"{what}: {row[0]}")
    _check_nesting(connection)
    sixes = "SELECT nic.id, ipv6, ipv6_cidr FROM nic JOIN subnet ON subnet.id = subnet_id WHERE ipv6 IS NOT NULL"
    for nic, address, block in connection.execute(sixes):
        if ipaddress.IPv6Address(address) not in ipaddress.IPv6Network(block):
            raise ValueError(f"a vNIC's {address} is not in its subnet's {block}: {nic}")


def _check_members(connection: Connection, table: str) -> None:
    may_be_null, columns = _MAY_BE_NULL.get(table, set()), columns_of(connection, table)
    odd = " OR ".join(
        f"typeof({name}) NOT IN ({_KINDS[kind]}{', ' + repr('null') if name in may_be_null else ''})"
        for name, kind in columns.items()
    )
    if (row := connection.execute(f"SELECT * FROM {table} WHERE {odd}").fetchone()) is not None:
        raise ValueError(f"a {table} has a member of another type, or none: {tuple(row)}")
    for name in columns.keys() & _LARGEST.keys():
        sql = f"SELECT {name} FROM {table} WHERE {name} NOT BETWEEN 0 AND {_LARGEST[name]}"
        if (row := connection.execute(sql).fetchone()) is not None:
            raise ValueError(f"the {name} of a {table} is not from 0 to {_LARGEST[name]}: {row[0]}")


def _check_networks(connection: Connection) -> None:
    for cidr, prefix, network, six in connection.execute("SELECT cidr, prefix, network, ipv6_cidr FROM subnet"):
        if cidr and _read(cidr) != ipaddress.IPv4Network((network, prefix)):
            raise ValueError(f"a subnet's {cidr} is not its network and prefix")
        if ipaddress.IPv6Network(six or "::/64").prefixlen != 64:
            raise ValueError(f"a subnet's IPv6 block {six} is no /64")
    for (cidr,) in connection.execute("SELECT cidr FROM vpc UNION ALL SELECT cidr FROM vpc_block"):
        _read(cidr)
    for (six,) in connection.execute("SELECT ipv6_cidr FROM vpc WHERE ipv6_cidr IS NOT NULL"):
        ipaddress.IPv6Network(six)


def _read(cidr: str) -> ipaddress.IPv4Network:
    network = ipaddress.IPv4Network(cidr)
    if str(network) != cidr:
        raise ValueError(f"{cidr} is written {network}")
    return network


def _check_nesting(connection: Connection) -> None:
    """Each subnet lies in a block of its VPC, beside its siblings."""
    blocks: dict[str, list[ipaddress.IPv4Network]] = {}
    for vpc, cidr in connection.execute("SELECT id, cidr FROM vpc UNION ALL SELECT vpc_id, cidr FROM vpc_block"):
        blocks.setdefault(vpc, []).append(ipaddress.IPv4Network(cidr))
    before: tuple[str, ipaddress.IPv4Network] | None = None
    sql = "SELECT id, vpc_id, cidr FROM subnet WHERE cidr IS NOT NULL ORDER BY vpc_id, network, prefix"
    for subnet, vpc, cidr in connection.execute(sql):
        network = ipaddress.IPv4Network(cidr)
        if not any(network.subnet_of(block) for block in blocks[vpc]):
            raise ValueError(f"a subnet's {cidr} is not in its VPC: {subnet}")
        if before is not None and before[0] == vpc and network.overlaps(before[1]):
            raise ValueError(f"a subnet's {cidr} overlaps {before[1]} of the same VPC: {subnet}")
        before = vpc, network
