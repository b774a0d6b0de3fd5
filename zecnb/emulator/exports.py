"""The whole account as JSON, and back: what comes back is checked, so that no call stumbles over it later."""

from __future__ import annotations

import json
import sqlite3
from typing import TYPE_CHECKING, Any

from zecnb.emulator.checks import check_account
from zecnb.emulator.tables import LATER, TABLES, columns_of, complete, unindexed

if TYPE_CHECKING:
    from sqlite3 import Connection

    from zecnb.emulator.state import State

__all__ = ["export", "replace"]


def export(state: State) -> str:
    """Return the whole state as JSON, to begin another emulator with."""
    with state.snapshot():
        tables = {table: [dict(row) for row in state.rows(f"SELECT * FROM {table}")] for table in TABLES}
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
                for table in (*TABLES, "lingering"):
                    connection.execute(f"DELETE FROM {table}")
                for table in TABLES:
                    if table not in content and table not in LATER:
                        raise ValueError(f"it has no {table}")  # noqa: TRY301
                    _fill(connection, table, content.get(table, []))
                complete(connection)
            check_account(connection)
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
