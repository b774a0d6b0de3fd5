"""The tables of a state file: what they are, whether a file has them, and how older files catch up."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from sqlite3 import Connection

__all__ = ["LATER", "TABLES", "columns_of", "complete", "prepare", "unindexed"]

LATER = ("instance", "security_group", "obstacle", "vpc_block", "tag")
"""Tables that exports of older emulators do not have."""

TABLES = ("vpc", "subnet", "nic", "held", "havip", "lb", "backend", "eip", *LATER)
"""Tables that make an account."""

_SCHEMA = """
CREATE TABLE IF NOT EXISTS vpc (
    id TEXT PRIMARY KEY, seq INTEGER, name TEXT, cidr TEXT, mtu INTEGER, is_default INTEGER DEFAULT 0,
    ipv6_cidr TEXT, security_group_id TEXT, created TEXT);
CREATE TABLE IF NOT EXISTS vpc_block (vpc_id TEXT, seq INTEGER, cidr TEXT, PRIMARY KEY (vpc_id, cidr));
CREATE TABLE IF NOT EXISTS tag (
    resource_id TEXT, key TEXT, value TEXT, PRIMARY KEY (resource_id, key)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS subnet (
    id TEXT PRIMARY KEY, seq INTEGER, vpc_id TEXT, region_id TEXT, name TEXT, cidr TEXT, network INTEGER,
    prefix INTEGER, stack TEXT, ipv6_type TEXT, ipv6_cidr TEXT, is_default INTEGER DEFAULT 0, created TEXT,
    ipv6_mask INTEGER);
CREATE TABLE IF NOT EXISTS nic (
    id TEXT PRIMARY KEY, seq INTEGER, name TEXT, region_id TEXT, vpc_id TEXT, subnet_id TEXT, status TEXT, type TEXT,
    stack TEXT, mac TEXT, instance_id TEXT, security_group_id TEXT, ipv6 TEXT, ready_at REAL DEFAULT 0,
    created TEXT, updated TEXT);
CREATE INDEX IF NOT EXISTS nic_subnet ON nic (subnet_id);
CREATE INDEX IF NOT EXISTS nic_seq ON nic (seq);
CREATE INDEX IF NOT EXISTS nic_instance ON nic (instance_id);
CREATE INDEX IF NOT EXISTS nic_ready ON nic (ready_at) WHERE ready_at > 0;
CREATE TABLE IF NOT EXISTS instance (id TEXT PRIMARY KEY, seq INTEGER, name TEXT, region_id TEXT, status TEXT);
CREATE TABLE IF NOT EXISTS security_group (id TEXT PRIMARY KEY);
CREATE TABLE IF NOT EXISTS held (
    subnet_id TEXT, address INTEGER, kind TEXT, owner TEXT, position INTEGER, seen_from REAL DEFAULT 0,
    PRIMARY KEY (subnet_id, address)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS held_owner ON held (owner, position);
CREATE TABLE IF NOT EXISTS lingering (
    subnet_id TEXT, address INTEGER, kind TEXT, owner TEXT, position INTEGER, until REAL);
CREATE TABLE IF NOT EXISTS havip (
    id TEXT PRIMARY KEY, seq INTEGER, name TEXT, region_id TEXT, vpc_id TEXT, subnet_id TEXT, security_group_id TEXT,
    created TEXT);
CREATE TABLE IF NOT EXISTS lb (
    id TEXT PRIMARY KEY, seq INTEGER, name TEXT, region_id TEXT, vpc_id TEXT, subnet_id TEXT, status TEXT,
    public TEXT, created TEXT, stack TEXT DEFAULT 'IPv4', security_group_id TEXT);
CREATE TABLE IF NOT EXISTS backend (lb_id TEXT, nic_id TEXT, address INTEGER);
CREATE TABLE IF NOT EXISTS eip (
    id TEXT PRIMARY KEY, seq INTEGER, name TEXT, region_id TEXT, public TEXT, nic_id TEXT, address INTEGER,
    created TEXT, charge_type TEXT DEFAULT 'ByBandwidth', bind_type TEXT DEFAULT 'FullNat');
CREATE INDEX IF NOT EXISTS eip_nic ON eip (nic_id);
CREATE TABLE IF NOT EXISTS obstacle (resource_id TEXT, code TEXT);
"""
_SINCE_3 = """
ALTER TABLE subnet ADD COLUMN ipv6_mask INTEGER;
ALTER TABLE lb ADD COLUMN stack TEXT DEFAULT 'IPv4';
ALTER TABLE lb ADD COLUMN security_group_id TEXT;
ALTER TABLE eip ADD COLUMN charge_type TEXT DEFAULT 'ByBandwidth';
ALTER TABLE eip ADD COLUMN bind_type TEXT DEFAULT 'FullNat';
"""
"""What files of the second version lack; the columns stand where the schema has them, last."""

_COMPLETE = """
UPDATE subnet SET ipv6_mask = 96 WHERE ipv6_mask IS NULL AND stack <> 'IPv4';
INSERT OR IGNORE INTO instance (id, seq, name, region_id, status)
    SELECT instance_id, seq, name, region_id, 'RUNNING' FROM nic WHERE instance_id IS NOT NULL GROUP BY instance_id;
INSERT OR IGNORE INTO security_group SELECT security_group_id FROM vpc WHERE security_group_id <> '';
INSERT OR IGNORE INTO security_group SELECT security_group_id FROM nic WHERE security_group_id <> '';
"""
_VERSION = 3
_FIRST = {"vpc", "subnet", "nic", "held", "lingering", "havip", "lb", "eip", "backend"}
"""Tables that files of every version have."""


def prepare(connection: Connection) -> None:
    """Make the tables, or bring those of an older file up to date; inside a write.

    Raises:
        ValueError: the file keeps something else, or is of a newer version, or is damaged; it is as it was.
    """
    [version] = connection.execute("PRAGMA user_version").fetchone()
    there = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    if there and not there >= _FIRST:
        raise ValueError("it is a database of something else")
    if version > _VERSION:
        raise ValueError(f"it is of version {version}, made by a newer zecnb; this one knows {_VERSION}")
    [verdict] = connection.execute("PRAGMA quick_check(1)").fetchone()
    if verdict != "ok":
        raise ValueError(f"it is damaged: {verdict}")
    if version < _VERSION:
        for statement in (_SINCE_3 if there else "").split(";"):
            connection.execute(statement)
        for statement in _SCHEMA.split(";"):
            connection.execute(statement)
        complete(connection)
        connection.execute(f"PRAGMA user_version = {_VERSION}")


def complete(connection: Connection) -> None:
    """Add what older files and exports have not: instances and security groups that are named, IPv6 prefix lengths."""
    for statement in _COMPLETE.split(";"):
        connection.execute(statement)


def columns_of(connection: Connection, table: str) -> dict[str, str]:
    """Return the names and types of a table's columns."""
    return {row[1]: row[2] for row in connection.execute(f"PRAGMA table_info({table})")}


@contextmanager
def unindexed(connection: Connection) -> Iterator[None]:
    """Write many rows: indexes are made once at the end, which takes half the time; inside a write."""
    sql = "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql <> ''"
    named = connection.execute(sql).fetchall()
    for name, _ in named:
        connection.execute(f"DROP INDEX {name}")
    yield
    for _, made in named:
        connection.execute(made)
