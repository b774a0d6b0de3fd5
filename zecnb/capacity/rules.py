"""Rules from a small TOML file.

This is one, with every key there is::

minimum_free = 16              # addresses, in every subnet
maximum_utilisation = 0.9      # 0..1
minimum_largest_run = 8        # addresses in one run
minimum_days_to_full = 30      # by the earliest day of the forecast
maximum_age_hours = 24         # of what is judged, since it was read
unknown = "fail"               # what cannot be judged fails; it passes by default

[[subnets]]                    # these have limits of their own; later tables win over earlier ones
match = ["db-*", "10.0.5.0/24"]  # names, ids or CIDRs, with * and ?; one that matches nothing fails
minimum_free = 4
"""

from __future__ import annotations

import difflib
import math
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from zecnb.errors import UsageError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from zecnb.snapshot import Snapshot

__all__ = ["RULES", "Rules", "read_rules"]

RULES = ("minimum_free", "maximum_utilisation", "minimum_largest_run", "minimum_days_to_full")

_AGE = "maximum_age_hours"  # of the inventory, not of subnets
_OTHERS = ("subnets", "unknown")
_HIGHEST = {"maximum_utilisation": 1.0}
_MOST = 1 << 53  # more is no number of addresses or days, nor is infinity


class _Group(NamedTuple):
    """Limits of the subnets that match one of the patterns; no pattern means all."""

    patterns: tuple[str, ...]
    limits: dict[str, float]


@dataclass(frozen=True)
class Rules:
    """Limits for subnets.

    Attributes:
        groups: limits, from general to special.
        unknown_fails: whether what cannot be judged fails.
        maximum_age_hours: hours since it was read, beyond which what is judged fails.
    """

    groups: tuple[_Group, ...]
    unknown_fails: bool = False
    maximum_age_hours: float = math.inf

    @classmethod
    def of(cls, content: Mapping[str, Any]) -> Rules:
        """Check the content of a rules file.

        Raises:
            UsageError: a name is not known, a value cannot be, or there is no rule at all.
        """
        if not isinstance(content, Mapping):
            raise UsageError(f"rules are a mapping or the path of a TOML file, not {type(content).__name__}")
        top = _limits(
            {name: value for name, value in content.items() if name not in _OTHERS}, "rules", _OTHERS, (_AGE,)
        )
        age = top.pop(_AGE, math.inf)
        groups = [_Group((), top)]
        tables = content.get("subnets", [])
        if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
            raise UsageError("rules: subnets are tables that begin with [[subnets]]")
        for number, table in enumerate(tables, 1):
            where = f"rules, [[subnets]] {number}"
            given = table.get("match")
            patterns = [given] if isinstance(given, str) else given
            if not isinstance(patterns, list) or not patterns or not all(isinstance(each, str) for each in patterns):
                raise UsageError(f'{where}: say which with match = "NAME" or match = ["NAME", "ID"]')
            rest = {name: value for name, value in table.items() if name != "match"}
            groups.append(_Group(tuple(patterns), _limits(rest, where, ("match",))))
        if age == math.inf and not any(group.limits for group in groups):
            raise UsageError(f"rules: there is none; there are {', '.join((*RULES, _AGE))}")
        unknown = content.get("unknown", "pass")
        if unknown not in ("pass", "fail"):
            raise UsageError(f'rules: unknown is "pass" or "fail", not {unknown!r}')
        return cls(tuple(groups), unknown == "fail", age)

    def limits(self, snapshot: Snapshot, rule: str) -> NDArray[np.float64]:
        """Return a rule's limit for each subnet by position, NaN where it has none."""
        limit = np.full(len(snapshot.subnets), math.nan)
        for group in self.groups:
            if rule in group.limits:
                limit[_matching(snapshot, group.patterns)] = group.limits[rule]
        return limit

    def unmatched(self, snapshot: Snapshot) -> list[str]:
        """Return the patterns that match no IPv4 subnet: a gate that guards nothing."""
        each = [pattern for group in self.groups for pattern in group.patterns]
        return [pattern for pattern in each if not (_matching(snapshot, (pattern,)) & snapshot.geometry.ipv4).any()]


def read_rules(path: str | Path) -> Rules:
    """Read a rules file.

    Raises:
        UsageError: it cannot be read, is no TOML, or says what cannot be; names what.
    """
    source = Path(path)
    try:
        content = tomllib.loads(source.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError) as error:
        raise UsageError(f"{source.name} cannot be read: {error}") from error
    return Rules.of(content)


def _limits(
    given: Mapping[str, Any], where: str, others: tuple[str, ...], more: tuple[str, ...] = ()
) -> dict[str, float]:
    known = (*RULES, *more)
    for name, value in given.items():
        if name not in known:
            near = difflib.get_close_matches(str(name), [*known, *others], 1)
            hint = f"; did you mean {near[0]}?" if near else f"; there are {', '.join(known)}"
            raise UsageError(f"{where}: there is no {name!s}{hint}")
        top = _HIGHEST.get(name)
        if (
            isinstance(value, bool)
            or not isinstance(value, int | float | np.integer)
            or not 0 <= value <= (top or _MOST)
        ):
            raise UsageError(f"{where}: {name} is a number of 0 {f'to {top:g}' if top else 'or more'}, not {value!r}")
    return {name: float(value) for name, value in given.items()}


def _matching(snapshot: Snapshot, patterns: tuple[str, ...]) -> NDArray[np.bool_]:
    if not patterns:
        return np.ones(len(snapshot.subnets), np.bool_)
    words = (re.escape(pattern).replace(r"\*", ".*").replace(r"\?", ".") for pattern in patterns)
    wanted = f"(?:{'|'.join(words)})"
    found = np.zeros(len(snapshot.subnets), np.bool_)
    for name in ("name", "subnet_id", "cidr_block"):
        found |= snapshot.subnets[name].fillna("").str.fullmatch(wanted).to_numpy(np.bool_)
    return found
