"""Tags and resource groups: what creations give, what listings show and filter by (contract.md 4, 5, 6)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from zecnb.emulator.fields import Field, read_fields
from zecnb.emulator.wire import ApiFailure

if TYPE_CHECKING:
    from sqlite3 import Connection

    from zecnb.emulator.state import Row, State

__all__ = ["GROUP", "drop_tags", "keep_labels", "tag_condition", "tags_of"]

GROUP = {"resourceGroupId": "default", "resourceGroupName": "Default Resource Group"}
"""The only resource group: no action of contract.md 5 makes another."""

_MOST = 20
_TAG = (
    Field("key", str, required=True, shortest=1, longest=64),
    Field("value", str, required=True, shortest=1, longest=64),
)
_TAG_FILTER = (_TAG[0], _TAG[1]._replace(required=False))


def keep_labels(connection: Connection, resource_id: str, asked: dict[str, Any]) -> None:
    """Give something new its tags; inside a write.

    Raises:
        ApiFailure: there is no such resource group, or a tag has no key and value of 1-64 characters, or a key is
            there twice.
    """
    group = asked.get("resourceGroupId")
    if group and group != GROUP["resourceGroupId"]:
        raise ApiFailure("OPERATION_FAILED_RESOURCE_GROUP_NOT_FOUND", f"The resource group `{group}` does not exist.")
    given = read_fields(asked.get("tags") or {}, (Field("tags", list, longest=_MOST, items=dict),))["tags"] or []
    tags = [read_fields(each, _TAG) for each in given]
    if len({tag["key"] for tag in tags}) < len(tags):
        raise ApiFailure("INVALID_PARAMETER_VALUE", "A tag key is given twice.")
    values = [(resource_id, tag["key"], tag["value"]) for tag in tags]
    connection.executemany("INSERT INTO tag (resource_id, key, value) VALUES (?, ?, ?)", values)


def drop_tags(connection: Connection, resource_id: str) -> None:
    """Forget the tags of something that is gone; inside a write."""
    connection.execute("DELETE FROM tag WHERE resource_id = ?", (resource_id,))


def tags_of(state: State, rows: list[Row]) -> dict[str, dict[str, Any]]:
    """Return the tags of each resource, in the shape that listings have, by id."""
    found: dict[str, dict[str, Any]] = {row["id"]: {"tags": []} for row in rows}
    marks = ",".join("?" * len(found))
    for row in state.rows(f"SELECT * FROM tag WHERE resource_id IN ({marks}) ORDER BY key", *found):
        found[row["resource_id"]]["tags"].append({"key": row["key"], "value": row["value"]})
    return found


def tag_condition(asked: dict[str, Any]) -> tuple[str, list[str | None]]:
    """Return SQL about ``id``, and its values: every tag key and every tag asked for is there; "" for none."""
    parts: list[str] = []
    values: list[str | None] = []
    for key in asked.get("tagKeys") or []:
        read_fields({"key": key}, _TAG[:1])
        parts.append("id IN (SELECT resource_id FROM tag WHERE key = ?)")
        values.append(key)
    for tag in asked.get("tags") or []:
        given = read_fields(tag, _TAG_FILTER)
        parts.append("id IN (SELECT resource_id FROM tag WHERE key = ? AND value = COALESCE(?, value))")
        values += [given["key"], given["value"]]
    return " AND ".join(parts), values
