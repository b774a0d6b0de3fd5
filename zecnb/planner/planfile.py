"""Plans as JSON files: sorted, readable in ``git diff``, without secrets, and unusable once edited."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from zecnb import schema
from zecnb.errors import PlanEditedError, UsageError
from zecnb.planner.options import Options

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from zecnb.planner.plan import Plan

__all__ = ["VERSION", "PlanFile", "digest_of", "document_of", "read_plan_file", "write_plan_file"]

VERSION = 1
"""Of the file's layout; a reader refuses a newer one."""

_FRAMES = {"rows": schema.PLAN, "calls": schema.CALLS, "findings": schema.FINDINGS, "summary": schema.SUMMARY}
_SECTIONS = ("inventory", "options", *_FRAMES)


def document_of(plan: Plan) -> dict[str, Any]:
    """Return a plan's content, without digests and approvals."""
    frames = {"rows": plan.frame, "calls": plan.calls, "findings": plan.findings, "summary": plan.summary}
    return {
        "inventory": {"observed_at": plan.observed_at.isoformat(timespec="seconds"), "subnets": plan.fingerprints},
        "options": asdict(plan.options),
        **{name: _records(frame[list(_FRAMES[name])]) for name, frame in frames.items()},
    }


def _records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    columns = {name: [_plain(value) for value in frame[name].tolist()] for name in frame.columns}
    return [dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)]


def _plain(value: object) -> object:
    if value is None or value is pd.NA or (isinstance(value, float) and np.isnan(value)):
        return None
    if isinstance(value, float):
        return round(value, 9)
    return list(value) if isinstance(value, tuple) else value


def _digest(content: object) -> str:
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()


def digest_of(document: Mapping[str, Any]) -> str:
    """Return the SHA-256 of a plan's content, 64 hex digits.

    When the inventory was read does not count: the same inventory and request are the same plan.
    """
    content = {name: document[name] for name in _SECTIONS}
    content["inventory"] = document["inventory"]["subnets"]
    return _digest(content)


def write_plan_file(plan: Plan, path: str | Path) -> Path:
    """Write a plan; the file appears whole or not at all."""
    document = document_of(plan)
    for name in _FRAMES:
        document[name] = [{**record, "check": _digest(record)[:8]} for record in document[name]]
    document["checks"] = {name: _digest(document[name]) for name in _SECTIONS}
    document |= {"zecnb_plan": VERSION, "digest": plan.digest, "approvals": plan.approvals}
    target = Path(path)
    partial = target.with_name(target.name + ".part")
    partial.write_text(json.dumps(document, sort_keys=True, indent=1, ensure_ascii=True) + "\n", encoding="utf-8")
    partial.replace(target)
    return target


def read_plan_file(path: str | Path) -> PlanFile:
    """Read a plan.

    Raises:
        UsageError: the file cannot be read, is no plan, or is of a newer version.
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
    try:
        edited = _edited(document)
        if edited:
            raise PlanEditedError(f"{name} was edited since it was written: {', '.join(edited)}; plan again")
        for section in _FRAMES:
            document[section] = [{k: v for k, v in record.items() if k != "check"} for record in document[section]]
        if digest_of(document) != document["digest"]:
            raise PlanEditedError(f"{name} was edited since it was written: digest; plan again")
        return PlanFile(document)
    except (KeyError, TypeError, AttributeError) as error:
        raise PlanEditedError(
            f"{name} was edited since it was written: {error} is missing or of another type"
        ) from error


def _edited(document: Mapping[str, Any]) -> list[str]:
    """Name the parts of a file that are not what was written."""
    found = []
    for name in _SECTIONS:
        if _digest(document[name]) == document["checks"][name]:
            continue
        if name not in _FRAMES:
            found.append(name)
            continue
        wrong = [
            f"{name}[{at}] {record.get('address') or record.get('nic_id') or record.get('subnet_id') or ''}".rstrip()
            for at, record in enumerate(document[name])
            if _digest({k: v for k, v in record.items() if k != "check"})[:8] != record.get("check")
        ]
        found.extend(wrong or [f"{name} (entries added, removed or moved)"])
    return found


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
        """Return the rows."""
        return self._frame("rows")

    def calls(self) -> pd.DataFrame:
        """Return the calls."""
        return self._frame("calls")

    def findings(self) -> pd.DataFrame:
        """Return the findings."""
        return self._frame("findings")

    def summary(self) -> pd.DataFrame:
        """Return the summary."""
        return self._frame("summary")
