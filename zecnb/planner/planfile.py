"""Plans as JSON files: sorted, readable in ``git diff``, without secrets, and unusable once edited."""

from __future__ import annotations

import hashlib
import json
import zlib
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from zecnb import schema
from zecnb.errors import PlanEditedError, UsageError
from zecnb.files import whole
from zecnb.planner.options import Options

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from zecnb.planner.plan import Plan

__all__ = ["VERSION", "PlanFile", "digest_of", "document_of", "read_plan_file", "write_plan_file"]

VERSION = 3
"""Of the file's layout; a reader refuses another one, and says why."""

_OLDER = {
    1: "its approvals could be edited unnoticed",
    2: "it has no place for the columns of your own, nor for every expectation",
}

_FRAMES = {"rows": schema.PLAN, "calls": schema.CALLS, "findings": schema.FINDINGS, "summary": schema.SUMMARY}
_SINGLE = ("inventory", "options", "carried")
_SECTIONS = (*_SINGLE, *_FRAMES)
_CHECKED = (*_SECTIONS, "approvals")


def document_of(plan: Plan) -> dict[str, Any]:
    """Return a plan's content, without digests and approvals; the caller's own columns are text in it."""
    frames = {"rows": plan.frame, "calls": plan.calls, "findings": plan.findings, "summary": plan.summary}
    records = {name: _records(frame[list(_FRAMES[name])]) for name, frame in frames.items()}
    own = plan.frame.loc[:, [name not in schema.PLAN for name in plan.frame.columns]]
    texts = [[_as_text(value) for value in own.iloc[:, at].tolist()] for at in range(own.shape[1])]
    for record, carried in zip(records["rows"], zip(*texts, strict=True), strict=bool(texts)):
        record["carried"] = list(carried)
    return {
        "inventory": {"observed_at": plan.observed_at.isoformat(timespec="seconds"), "subnets": plan.fingerprints},
        "options": asdict(plan.options),
        "carried": {"columns": [str(name) for name in own.columns]},
        **records,
    }


def _records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    columns = {name: [_plain(value) for value in frame[name].tolist()] for name in frame.columns}
    return [dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)]


def _absent(value: object) -> bool:
    return value is None or value is pd.NA or value is pd.NaT or (isinstance(value, float) and bool(np.isnan(value)))


def _as_text(value: object) -> str | None:
    return None if _absent(value) else str(value)


def _plain(value: object) -> object:
    if _absent(value):
        return None
    if isinstance(value, float):
        return round(value, 9)
    return list(value) if isinstance(value, tuple) else value


def _text(content: object) -> str:
    return json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=True)


def _digest(content: object) -> str:
    return hashlib.sha256(_text(content).encode()).hexdigest()


def digest_of(document: Mapping[str, Any]) -> str:
    """Return the SHA-256 of a plan's content, 64 hex digits.

    When the inventory was read does not count: the same inventory and request are the same plan.
    """
    content = {name: document[name] for name in _SECTIONS}
    content["inventory"] = document["inventory"]["subnets"]
    return _digest(content)


def _field_checks(record: Mapping[str, Any]) -> str:
    """Return three hex digits per field, in the order of their names: enough to say which one was edited.

    That something was edited is what the digests say; these only say where.
    """
    return "".join(f"{zlib.crc32(_text(record[name]).encode()) & 0xFFF:03x}" for name in sorted(record))


def write_plan_file(plan: Plan, path: str | Path) -> Path:
    """Write a plan; the file appears whole or not at all.

    Raises:
        UsageError: it cannot be written.
    """
    document = document_of(plan) | {"approvals": list(plan.approvals)}
    for name in (*_FRAMES, "approvals"):
        document[name] = [{**record, "check": _field_checks(record)} for record in document[name]]
    for name in _SINGLE:
        document[name]["check"] = _field_checks(document[name])
    document["checks"] = {name: _digest(document[name]) for name in _CHECKED}
    document |= {"zecnb_plan": VERSION, "digest": plan.digest}
    text = json.dumps(document, sort_keys=True, indent=1, ensure_ascii=True) + "\n"
    with whole(path) as partial:
        partial.write_text(text, encoding="utf-8")
    return Path(path)


def read_plan_file(path: str | Path) -> PlanFile:
    """Read a plan.

    Raises:
        UsageError: the file cannot be read, is no plan, or is of another version.
        PlanEditedError: it was edited; the message names what differs.
    """
    name = Path(path).name
    try:
        document = json.loads(Path(path).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise UsageError(f"{name} cannot be read as a plan: {error}") from error
    version = document.get("zecnb_plan") if isinstance(document, dict) else None
    if not isinstance(version, int):
        raise UsageError(f"{name} is not a zecnb plan")
    if version > VERSION:
        raise UsageError(f"{name} is of layout {version}; this zecnb reads up to {VERSION}: upgrade it")
    if version < VERSION:
        why = _OLDER.get(version, "no release wrote it")
        raise UsageError(f"{name} is of layout {version}, which is not read any more ({why}): plan again")
    try:
        if found := _edited(document):
            raise PlanEditedError(f"{name} was edited since it was written: {', '.join(found)}; plan again")
        for section in (*_FRAMES, "approvals"):
            document[section] = [_unchecked(record) for record in document[section]]
        document |= {section: _unchecked(document[section]) for section in _SINGLE}
        if digest_of(document) != document["digest"]:
            raise PlanEditedError(f"{name} was edited since it was written: digest; plan again")
        return PlanFile(document)
    except (KeyError, TypeError, AttributeError) as error:
        raise PlanEditedError(
            f"{name} was edited since it was written: {error} is missing or of another type"
        ) from error


def _unchecked(record: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in record.items() if name != "check"}


def _edited(document: Mapping[str, Any]) -> list[str]:
    """Name the parts of a file that are not what was written."""
    found = []
    for name in _CHECKED:
        if _digest(document[name]) == document["checks"][name]:
            continue
        if isinstance(document[name], dict):
            found.append(_difference(name, document[name]) or name)
            continue
        wrong = [_difference(f"{name}[{at}]{_named(record)}", record) for at, record in enumerate(document[name])]
        found.extend(list(filter(None, wrong)) or [f"{name} (entries added, removed or moved)"])
    return found


def _named(record: Mapping[str, Any]) -> str:
    """Return what a person would call a record."""
    known = next(filter(None, map(record.get, ("address", "nic_id", "subnet_id", "by"))), "")
    return f" {known}" if known else ""


def _difference(what: str, record: Mapping[str, Any]) -> str | None:
    """Name a record and the fields of it that were edited; None when it is as it was written."""
    now, then = _field_checks(_unchecked(record)), str(record.get("check", ""))
    if now == then:
        return None
    names = sorted(_unchecked(record))
    if len(now) != len(then):
        return f"{what} (fields added or removed)"
    wrong = [name for at, name in enumerate(names) if now[3 * at : 3 * at + 3] != then[3 * at : 3 * at + 3]]
    return f"{what}: {', '.join(wrong)}"


class PlanFile:
    """A plan read from a file: the source of a ``Plan``'s frames."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        self._document = document
        options = dict(document["options"])
        options["exclude"] = options["exclude"] if isinstance(options["exclude"], str) else tuple(options["exclude"])
        self.options = Options(**options)
        self.fingerprints: dict[str, str] = dict(document["inventory"]["subnets"])
        self.observed_at: datetime = pd.Timestamp(document["inventory"]["observed_at"]).to_pydatetime()
        self.approvals: list[dict[str, str]] = list(document["approvals"])

    def _frame(self, name: str) -> pd.DataFrame:
        columns = _FRAMES[name]
        records = self._document[name]
        done = {}
        for column, (dtype, _) in columns.items():
            values = [record[column] for record in records]
            if dtype == "object":
                values = [tuple(value) for value in values]
            done[column] = pd.Series(values, dtype=object).astype(pd.api.types.pandas_dtype(dtype))
        return pd.DataFrame(done, columns=list(columns))

    def frame(self) -> pd.DataFrame:
        """Return the rows, with the caller's own columns."""
        frame = self._frame("rows")
        for at, name in enumerate(self._document["carried"]["columns"]):
            texts = [record["carried"][at] for record in self._document["rows"]]
            frame.insert(len(frame.columns), name, pd.Series(texts, dtype="str"), allow_duplicates=True)
        return frame

    def calls(self) -> pd.DataFrame:
        """Return the calls."""
        return self._frame("calls")

    def findings(self) -> pd.DataFrame:
        """Return the findings."""
        return self._frame("findings")

    def summary(self) -> pd.DataFrame:
        """Return the summary."""
        return self._frame("summary")
