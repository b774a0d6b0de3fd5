"""Rules judged against an inventory, for people, machines and pull requests."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from zecnb.capacity.asked import snapshot_of
from zecnb.capacity.filling import filling
from zecnb.capacity.forecast import forecast
from zecnb.capacity.freshness import read_ago
from zecnb.capacity.loading import loaded
from zecnb.capacity.observations import checked_history
from zecnb.capacity.rules import RULES, Rules, read_rules
from zecnb.capacity.whatif import Scenario
from zecnb.planner.claimed import with_claims
from zecnb.render.cells import duration, percent, plain, records
from zecnb.render.tables import table_html
from zecnb.render.text import table_text
from zecnb.schema import CHECKED, conform, empty

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime
    from typing import Any

    from numpy.typing import NDArray

    from zecnb.snapshot import Snapshot

__all__ = ["Checked", "check"]

_ORDER = ("fail", "unknown", "pass")
_TEXT_LIMIT = 80
_FRESH = 7  # days after its last one that a history still says how long it lasts
_BOUNDS: dict[str, Callable[[float], str]] = {
    "minimum_free": "at least {:,.15g}".format,
    "maximum_utilisation": lambda share: f"at most {percent(share)}",
    "minimum_largest_run": "at least {:,.15g}".format,
    "minimum_days_to_full": "at least {:,.15g} days".format,
}
"""What a limit asks for, in words."""


@dataclass(frozen=True, repr=False, eq=False)
class Checked:
    """What became of the rules.

    Attributes:
        frame: one row per rule and subnet, columns of ``schema.CHECKED``, failures first.
        unknown_fails: whether what could not be judged counts as failed.
        observed_at: when what was judged was read, UTC.
    """

    frame: pd.DataFrame
    unknown_fails: bool
    observed_at: datetime

    @property
    def ok(self) -> bool:
        """Whether nothing failed."""
        failing = _ORDER[:2] if self.unknown_fails else _ORDER[:1]
        return not self.frame["result"].isin(failing).any()

    @property
    def exit_code(self) -> int:
        """0 when nothing failed, else 1."""
        return 0 if self.ok else 1

    @property
    def headline(self) -> str:
        """Passed or failed, how often, and how old what was judged is, unless it is fresh."""
        counts = self.frame["result"].value_counts()
        said = ", ".join(f"{counts[word]:,} {word}" for word in _ORDER if word in counts)
        return f"{'passed' if self.ok else 'failed'}: {said or 'nothing to judge'}{read_ago(self.observed_at)}"

    def text(self) -> str:
        """Return headline and table for a terminal."""
        return f"{self.headline}\n{table_text(self.frame[['result', 'subnet_id', 'name', 'cidr', 'rule', 'reason']])}"

    def json(self) -> str:
        """Return everything as JSON: ``ok``, ``exit_code``, ``observed_at`` and ``results``."""
        about = {"ok": self.ok, "exit_code": self.exit_code, "observed_at": self.observed_at.isoformat()}
        content = records({**about, "results": self.frame})
        return json.dumps(content, indent=1, ensure_ascii=True)

    def markdown(self, limit: int = 50) -> str:
        """Return what is not passed as Markdown for a pull request; names can neither format nor call anybody.

        Args:
            limit: rows at most; the others are counted.
        """
        rows = self.frame[self.frame["result"] != "pass"]
        lines = [f"**Address space {self.headline}**", ""]
        if len(rows):
            lines += ["| result | subnet | CIDR | rule | why |", "|---|---|---|---|---|"]
        for row in rows.head(limit).itertuples(index=False):
            name = row.name if isinstance(row.name, str) and row.name.strip() else row.subnet_id
            cells = (str(row.result), _code(name), _code(row.cidr), _code(row.rule), _code(row.reason))
            lines.append(f"| {' | '.join(cells)} |")
        if len(rows) > limit:
            lines.append(f"\n… {len(rows) - limit:,} more")
        return "\n".join(lines) + "\n"

    def __repr__(self) -> str:
        return f"Checked({self.headline})"

    def _repr_html_(self) -> str:
        return table_html(self.frame, caption=self.headline)


def check(
    held: Snapshot | Scenario[Any],
    rules: Rules | Mapping[str, Any] | str | Path,
    history: pd.DataFrame | None = None,
    *,
    claims: pd.DataFrame | None = None,
) -> Checked:
    """Judge every rule in every IPv4 subnet that it is for.

    An inventory that could be read in part only fails: a gate that cannot see does not open. So does a pattern that
    matches no IPv4 subnet: a limit with a mistyped name must not guard nothing.

    Args:
        held: what is held now; or a scenario, with its claims, and with what it adds on top of the past.
        rules: rules, their content, or the path of a TOML file.
        history: columns of ``schema.HISTORY``, for ``minimum_days_to_full``.
        claims: reservations, columns of ``schema.CLAIMS``: what they keep is neither free nor used.

    Raises:
        UsageError: the rules, the history or a claim cannot be read.
    """
    if isinstance(held, Scenario):
        inventory, history = held.inventory, None if history is None else loaded(checked_history(history), held)
        claims = held.claims if claims is None else with_claims(held.claims, claims)
    else:
        inventory = snapshot_of(held)
    if not isinstance(rules, Rules):
        rules = read_rules(rules) if isinstance(rules, str | Path) else Rules.of(rules)
    at = np.flatnonzero(inventory.geometry.ipv4)
    full = filling(inventory, at, claims)
    measured: dict[str, tuple[NDArray[np.float64], pd.Series]] = {
        "minimum_free": _measured(full["free"], "{:,.0f} free".format),
        "maximum_utilisation": _measured(full["utilisation"], lambda share: f"{percent(share)} used"),
        "minimum_largest_run": _measured(full["largest_run"], "{:,.0f} in the largest run".format),
    }
    parts = [_blind(inventory, rules)]
    for rule in RULES:
        limit = rules.limits(inventory, rule)[at]
        chosen = np.isfinite(limit)
        if not chosen.any():
            continue
        value, said = measured[rule] if rule in measured else _days(inventory, at, history)
        good = value <= limit if rule.startswith("maximum") else value >= limit
        result = np.where(np.isnan(value), "unknown", np.where(good, "pass", "fail"))
        part = pd.DataFrame(
            {
                "result": pd.Series(result, dtype="str"),
                "subnet_id": full["subnet_id"],
                "name": full["name"],
                "cidr": full["cidr"],
                "rule": rule,
                "limit": limit,
                "value": np.where(np.isinf(value), np.nan, value),
                "reason": said + ", " + pd.Series(limit).map(_BOUNDS[rule]).astype("str"),
            }
        )
        parts.append(part[chosen])
    whole = pd.concat([part for part in parts if len(part)] or [empty(CHECKED)], ignore_index=True)
    rank = whole["result"].map({word: place for place, word in enumerate(_ORDER)})
    ordered = whole.iloc[np.argsort(rank.to_numpy(), kind="stable")]
    return Checked(conform(ordered, CHECKED, required=(), what="rules"), rules.unknown_fails, inventory.observed_at)


def _measured(values: pd.Series, words: Callable[[float], str]) -> tuple[NDArray[np.float64], pd.Series]:
    numbers = values.to_numpy(np.float64)
    return numbers, pd.Series(numbers).map(words).astype("str")


def _days(
    inventory: Snapshot, at: NDArray[np.int64], history: pd.DataFrame | None
) -> tuple[NDArray[np.float64], pd.Series]:
    """Return days to the earliest day without a free address: infinite when it does not fill, NaN when unknown."""
    ids = pd.Series(inventory.subnets["subnet_id"].array.take(at))
    if history is None or not len(history):
        return np.full(len(at), np.nan), pd.Series("no history", index=ids.index)
    seen = forecast(history)
    seen = seen[seen["level"] == "subnet"].set_index("id").reindex(ids)
    today = pd.Timestamp(inventory.observed_at).tz_localize(None).floor("D")
    days = (seen["full_from"] - today).dt.days.clip(lower=0).to_numpy(np.float64)
    status = seen["status"].fillna("no history").reset_index(drop=True)
    endless = status.isin(["not filling", "later"]).to_numpy()
    old = ((today - seen["last_day"]).dt.days > _FRESH).to_numpy()
    ends = "a history that ends " + seen["last_day"].dt.strftime("%Y-%m-%d").reset_index(drop=True)
    status, days = status.mask(old, ends), np.where(old, np.nan, days)
    value = np.where(endless & ~old, np.inf, days)
    said = pd.Series(days).map("full in {:,.0f} days".format).where(np.isfinite(days), status)
    return value, said.astype("str")


def _blind(inventory: Snapshot, rules: Rules) -> pd.DataFrame:
    """Return a failure per source that was not read completely, one for old data, and what guards nothing."""
    blind = [("fail", "complete_inventory", reason) for reason in inventory.missing]
    if inventory.age / 3600 > rules.maximum_age_hours:
        most = f"at most {rules.maximum_age_hours:,.15g} hours ago"
        blind.append(("fail", "maximum_age_hours", f"read {duration(inventory.age)} ago, {most}"))
    blind += [("fail", "match", f"no IPv4 subnet matches {pattern}") for pattern in rules.unmatched(inventory)]
    if not blind and not inventory.geometry.ipv4.any():
        blind.append(("unknown", "match", "there is no IPv4 subnet"))
    frame = pd.DataFrame(blind, columns=["result", "rule", "reason"])
    return conform(frame, CHECKED, required=(), what="rules") if len(frame) else empty(CHECKED)


def _code(value: object) -> str:
    """Return untrusted text as a code span in a table cell: nothing in it formats, links or calls anybody."""
    text = " ".join(plain(value if isinstance(value, str) else "").replace("`", "'").replace("|", "¦").split())
    return f"`{text if len(text) <= _TEXT_LIMIT else text[:_TEXT_LIMIT] + '…'}`" if text else ""
