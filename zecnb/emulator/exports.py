"""The whole account as JSON, and back: what comes back is checked, so that no call stumbles over it later."""

from __future__ import annotations

import ipaddress
import json
import sqlite3
from typing import TYPE_CHECKING, Any

from zecnb.emulator.tables import columns_of, complete, unindexed

if TYPE_CHECKING:
    from sqlite3 import Connection

    from zecnb.emulator.state import State

__all__ = ["export", "replace"]

_TABLES = ("vpc", "subnet", "nic", "held", "havip", "lb", "backend", "eip")
_LATER = ("instance", "security_group", "obstacle", "vpc_block", "tag")
"""Tables that exports of older emulators do not have."""

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
    "a vNIC is in no subnet of its VPC": (
        "SELECT nic.id FROM nic LEFT JOIN subnet ON subnet.id = nic.subnet_id AND subnet.vpc_id = nic.vpc_id "
        "WHERE subnet.id IS NULL OR (nic.ipv6 IS NOT NULL AND subnet.ipv6_cidr IS NULL)"
    ),
    "an address is held that its subnet does not have, or reserves": (
        "SELECT held.owner FROM held LEFT JOIN subnet ON subnet.id = held.subnet_id WHERE subnet.cidr IS NULL "
        "OR held.address NOT BETWEEN network + 2 AND network + (1 << (32 - prefix)) - 2"
    ),
    "an address is held by nobody": (
        "SELECT owner FROM held WHERE kind <> 'hidden' AND owner NOT IN (SELECT id FROM nic) "
        "AND owner NOT IN (SELECT id FROM havip) AND owner NOT IN (SELECT id FROM lb)"
    ),
    "an EIP is bound to an address that its vNIC does not have": (
        "SELECT id FROM eip WHERE nic_id IS NOT NULL AND NOT EXISTS "
        "(SELECT 1 FROM held WHERE held.owner = eip.nic_id AND held.address = eip.address)"
    ),
    "the public addresses of a load balancer are no list": "SELECT id FROM lb WHERE json_type(public) <> 'array'",
}
"""What no account can be, and the query that finds it."""


def export(state: State) -> str:
    """Return the whole state as JSON, to begin another emulator with."""
    with state.snapshot():
        tables = {table: [dict(row) for row in state.rows(f"SELECT * FROM {table}")] for table in (*_TABLES, *_LATER)}
    return json.dumps({"zec_emulator": 1, **tables}, indent=1, sort_keys=True)


def replace(state: State, content: Any) -> None:
    """Put an exported account in the place of what is there, at once.

    Raises:
        ValueError: it is no exported account; nothing has changed.
    """
    try:
        if not isinstance(content, dict) or content.get("zec_emulator") != 1:
            raise ValueError("its `zec_emulator` is not 1")  # noqa: TRY301 - one kind of error for all
        with state.write() as connection:
            with unindexed(connection):
                for table in (*_TABLES, *_LATER, "lingering"):
                    connection.execute(f"DELETE FROM {table}")
                for table in (*_TABLES, *_LATER):
                    if table not in content and table not in _LATER:
                        raise ValueError(f"it has no {table}")  # noqa: TRY301
                    _fill(connection, table, content.get(table, []))
                complete(connection)
            _check(connection)
    except (ValueError, TypeError, AttributeError, sqlite3.Error, sqlite3.Warning, OverflowError) as error:
        raise ValueError(f"it is no exported account: {error}") from error


def _fill(connection: Connection, table: str, rows: list[dict[str, Any]]) -> None:
    known = columns_of(connection, table)
    alike: dict[tuple[str, ...], list[tuple[Any, ...]]] = {}
    for row in rows:
        alike.setdefault(tuple(row), []).append(tuple(row.values()))
    for names, values in alike.items():
        if not names or not set(names) <= set(known):
            raise ValueError(f"its {table} has other columns")
        marks = ", ".join("?" * len(names))
        connection.executemany(f"INSERT INTO {table} ({', '.join(names)}) VALUES ({marks})", values)


def _check(connection: Connection) -> None:
    """Fail when rows are of other types than the columns, or speak of what is not there."""
    for table in (*_TABLES, *_LATER):
        may_be_null = _MAY_BE_NULL.get(table, set())
        odd = " OR ".join(
            f"typeof({name}) NOT IN ({_KINDS[kind]}{', ' + repr('null') if name in may_be_null else ''})"
            for name, kind in columns_of(connection, table).items()
        )
        if (row := connection.execute(f"SELECT * FROM {table} WHERE {odd}").fetchone()) is not None:
            raise ValueError(f"a {table} has a member of another type, or none: {tuple(row)}")
    for cidr, prefix, network, six in connection.execute("SELECT cidr, prefix, network, ipv6_cidr FROM subnet"):
        if cidr and ipaddress.IPv4Network(cidr) != ipaddress.IPv4Network((network, prefix)):
            raise ValueError(f"a subnet's {cidr} is not its network and prefix")
        ipaddress.IPv6Network(six or "::/64")
    for (cidr,) in connection.execute("SELECT cidr FROM vpc UNION ALL SELECT cidr FROM vpc_block"):
        ipaddress.IPv4Network(cidr)
    for what, sql in _WRONG.items():
        if (row := connection.execute(f"{sql} LIMIT 1").fetchone()) is not None:
            raise ValueError(f"{what}: {row[0]}")
