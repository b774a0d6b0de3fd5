"""How a listing is made: conditions, one page, who holds what."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from zecnb.emulator.labels import GROUP, tag_condition

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from zecnb.emulator.state import Row, State

__all__ = ["Where", "count", "held_by", "page"]


class Where:
    """Conditions of a listing, joined by AND; what is empty or absent is none."""

    def __init__(self) -> None:
        self._parts: list[str] = []
        self._values: list[Any] = []

    def add(self, sql: str, *values: Any) -> None:
        """Add a condition."""
        self._parts.append(sql)
        self._values.extend(values)

    def equals(self, column: str, value: Any) -> None:
        """Keep what has this value."""
        if value:
            self.add(f"{column} = ?", value)

    def among(self, column: str, values: Sequence[str] | None) -> None:
        """Keep what has one of these values."""
        if values:
            self.add(f"{column} IN ({','.join('?' * len(values))})", *values)

    def like(self, column: str, value: str | None) -> None:
        """Keep what has this text somewhere: a fuzzy match."""
        if value:
            self.add(f"instr({column}, ?) > 0", value)

    def nothing(self, wanted: Any) -> None:
        """Keep nothing when something is asked for that nothing here has."""
        if wanted:
            self.add("0")

    def labels(self, asked: dict[str, Any]) -> None:
        """Keep what has the tags asked for; everything is in the one resource group, so another one has nothing."""
        self.nothing(asked.get("resourceGroupId") not in (None, "", GROUP["resourceGroupId"]))
        sql, values = tag_condition(asked)
        if sql:
            self.add(sql, *values)

    @property
    def sql(self) -> str:
        """The WHERE clause, empty without conditions."""
        return f" WHERE {' AND '.join(self._parts)}" if self._parts else ""

    @property
    def values(self) -> list[Any]:
        """Values of its marks, in order."""
        return self._values


def page(
    state: State, table: str, where: Where, asked: dict[str, Any], shape: Callable[[list[Row]], list[dict[str, Any]]]
) -> dict[str, Any]:
    """Count, cut the page and shape it; newest first, unless a setting says otherwise (5.6)."""
    size, number = asked["pageSize"] or min(20, state.settings.page_size_max), asked["pageNum"] or 1
    order = "DESC" if state.settings.listing_order == "newest" else "ASC"
    sql = f"SELECT * FROM {table}{where.sql} ORDER BY seq {order} LIMIT ? OFFSET ?"
    found = state.rows(sql, *where.values, size, min((number - 1) * size, 1 << 62))
    return {"totalCount": count(state, table + where.sql, *where.values), "dataSet": shape(found)}


def count(state: State, what: str, *values: Any) -> int:
    """Return how many rows a table has, ``what`` being its name and conditions."""
    row = state.row(f"SELECT COUNT(*) AS n FROM {what}", *values)
    assert row is not None
    return int(row["n"])


def usage_shown(state: State, subnets: str, *values: Any) -> int:
    """Return how many addresses are held (A17) as listings show it now, in subnets that a condition names.

    What a ``lag`` keeps from the lists of addresses is kept from the count as well.
    """
    now = state.clock()
    held = count(state, f"held WHERE {subnets} AND seen_from <= ?", *values, now)
    if state.row("SELECT 1 FROM lingering WHERE until > ?", now) is None:
        return held
    back = "SELECT 1 FROM held WHERE held.subnet_id = gone.subnet_id AND held.address = gone.address AND seen_from <= ?"
    gone = f"SELECT DISTINCT subnet_id, address FROM lingering AS gone WHERE {subnets} AND until > ?"
    return held + count(state, f"({gone} AND NOT EXISTS ({back}))", *values, now, now)


def held_by(state: State, owners: list[str]) -> dict[str, list[tuple[str, int]]]:
    """Return what owners hold, in order of assignment, as listings show it now."""
    now = state.clock()
    marks = ",".join("?" * len(owners))
    found: dict[str, list[tuple[str, int]]] = {}
    sql = (
        f"SELECT owner, kind, address, position FROM held WHERE owner IN ({marks}) AND seen_from <= ? "
        f"UNION ALL SELECT owner, kind, address, position FROM lingering WHERE owner IN ({marks}) AND until > ? "
        "AND NOT EXISTS (SELECT 1 FROM held AS back WHERE back.owner = lingering.owner "
        "AND back.address = lingering.address) "
        "ORDER BY owner, position"
    )
    for row in state.rows(sql, *owners, now, *owners, now):
        found.setdefault(row["owner"], []).append((row["kind"], row["address"]))
    return found
