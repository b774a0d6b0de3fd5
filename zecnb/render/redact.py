"""Pseudonyms for whoever reads a report outside: ids, names and addresses are replaced, the same by the same.

What stays is listed; everything else goes. So a column nobody thought of, such as the user's own, does not leak.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pandas as pd

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["Redactor"]

_KEPT = frozenset(
    {"verdict", "codes", "code", "severity", "api_code", "predicted", "state", "mode", "action", "level", "policy"}
)
_KEPT_KINDS = frozenset(
    {"kind", "holder_kind", "status", "source_status", "source", "stack_type", "nic_type", "nic_subnet_type"}
)
_PROSE = frozenset({"reason", "fix", "message", "why", "what to do", "detail", "scope"})
_SAMPLE = r"(?<!0\.\.255, for example )"  # what follows shows how to write an address, and is nobody's
# An address or a CIDR, wherever it stands.
_ADDRESS = re.compile(_SAMPLE + r"(?<![\d.])\d{1,3}(?:\.\d{1,3}){3}(?:/\d{1,2})?(?![\d.]*\d)")
_LONG_NUMBER = re.compile(r"(?<!\w)\d{12,}(?!\w)")  # the API's ids, such as 1680855999352675875
_INSTANCE = re.compile(r"(?<= on instance )[^\s;]+")  # no frame of a plan has a column of them
_TAIL = re.compile(r"(?<![\w.])\.\d{1,3}(?![\w.])")  # ".40", short for an address of the subnet in question


class Redactor:
    """Replaces identifiers by pseudonyms, numbered in the order they are met.

    Use one for several reports to have the same pseudonyms in all of them.
    """

    def __init__(self) -> None:
        self._known: dict[str, str] = {}
        self._counts: dict[str, int] = {}

    def learn(self, frames: Iterable[pd.DataFrame]) -> None:
        """Take note of the identifiers in frames, so that texts that mention them are redacted too."""
        for frame in frames:
            for name in frame.columns:
                if not _is_kept(str(name), frame[name]) and name not in _PROSE:
                    for value in frame[name].dropna().unique() if frame[name].dtype != object else frame[name]:
                        self._value(value, str(name))

    def text(self, text: str) -> str:
        """Return prose with every known identifier and everything that looks like one replaced."""
        text = _INSTANCE.sub(lambda found: self._alias(found.group(), "instance"), text)
        named = sorted((name for name in self._known if name in text), key=len, reverse=True)
        if named:  # longest first, so that web-1 does not hit web-10
            pattern = _SAMPLE + r"(?<![\w.])(?:" + "|".join(map(re.escape, named)) + r")(?!\w)"
            text = re.sub(pattern, lambda found: self._known[found.group()], text)
        text = _ADDRESS.sub(lambda found: self._alias(found.group(), "ip"), text)
        text = _TAIL.sub(".x", text)
        return _LONG_NUMBER.sub(lambda found: self._alias(found.group(), "id"), text)

    def frame(self, frame: pd.DataFrame) -> pd.DataFrame:
        """Return a copy of a frame with its identifiers replaced; numbers, verdicts and codes stay."""
        done = {str(name): self._column(str(name), frame[name]) for name in frame.columns}
        return pd.DataFrame(done, index=frame.index)

    def _column(self, name: str, series: pd.Series) -> pd.Series:
        if _is_kept(name, series):
            return series
        if name in _PROSE:
            return series.map(lambda value: self.text(value) if isinstance(value, str) else value)
        return series.astype(object).map(lambda value: self._value(value, name))

    def _value(self, value: object, name: str) -> object:
        if isinstance(value, list | tuple | frozenset):
            return tuple(self._value(item, name) for item in value)
        if value is None or value is pd.NA or value is pd.NaT or value != value:  # noqa: PLR0124 - NaN
            return value
        text = str(value)
        return self._alias(text, "ip" if _ADDRESS.fullmatch(text) else _prefix(name)) if text else text

    def _alias(self, text: str, prefix: str) -> str:
        if text not in self._known:
            self._counts[prefix] = self._counts.get(prefix, 0) + 1
            size = text.partition("/")[2] if prefix == "ip" else ""
            self._known[text] = f"{prefix}-{self._counts[prefix]}{'/' + size if size else ''}"
        return self._known[text]


def _is_kept(name: str, series: pd.Series) -> bool:
    if pd.api.types.is_numeric_dtype(series) or pd.api.types.is_datetime64_any_dtype(series):
        return True
    return name in _KEPT or name in _KEPT_KINDS


def _prefix(name: str) -> str:
    """Return what a pseudonym starts with: the kind of thing, so that a reader can follow."""
    stem = name.removesuffix("_id").removesuffix("_name")
    if stem == "holder":
        return "name" if name.endswith("_name") else "id"
    return re.sub(r"[^a-z]+", "-", stem.lower()).strip("-") or "value"
