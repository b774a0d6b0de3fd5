"""Scenarios side by side: one table, one chart."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from zecnb.capacity.placing import claimed_keys
from zecnb.errors import UsageError
from zecnb.ledger import count_by_subnet, merge
from zecnb.planner.occupancy import occupancy_of
from zecnb.render.tables import table_html

if TYPE_CHECKING:
    from zecnb.capacity.whatif import Scenario
    from zecnb.render.scenarios import ScenarioChart
    from zecnb.snapshot import Snapshot

__all__ = ["Comparison", "compare"]

_NOW = "now"
_MEASURES = ("used", "free", "utilisation", "largest_run")


@dataclass(frozen=True, repr=False, eq=False)
class Comparison:
    """Scenarios of one inventory side by side.

    Attributes:
        names: what is compared, ``now`` first.
        frame: one row per subnet that any scenario changes: ``subnet_id, name``, and for each of ``names`` with its
            name appended ``cidr, used, free, utilisation`` (0..1), ``largest_run``; NA where it has no such subnet.
            Reserved addresses are neither used nor free.
        problems: what could not be done, ``scenario`` and the columns of ``schema.PROBLEMS``.
    """

    names: tuple[str, ...]
    frame: pd.DataFrame
    problems: pd.DataFrame

    def chart(self, *, dark: bool = False) -> ScenarioChart:
        """Draw the utilisation of each subnet in each scenario.

        Args:
            dark: for dark backgrounds.
        """
        from zecnb.render.scenarios import ScenarioChart

        return ScenarioChart(self.frame, self.names, dark=dark)

    def __repr__(self) -> str:
        return f"Comparison({', '.join(self.names)}: {len(self.frame):,} subnets differ)"

    def _repr_html_(self) -> str:
        problems = table_html(self.problems, caption="Could not be done") if len(self.problems) else ""
        return table_html(self.frame, caption="Subnets that differ") + problems


def compare(*scenarios: Scenario[Any], everything: bool = False) -> Comparison:
    """Put scenarios of one inventory side by side, and beside what is now.

    Args:
        scenarios: one or more; of several with one name the later ones get a number.
        everything: also the subnets that none of them changes.

    Raises:
        UsageError: there is none, or they began from different inventories.
    """
    if not scenarios:
        raise UsageError("compare takes one scenario or more")
    base = scenarios[0].base
    if any(scenario.base is not base for scenario in scenarios):
        raise UsageError("scenarios are compared when they began from the same inventory")
    names = _distinct([_NOW, *(scenario.name for scenario in scenarios)])
    empty = scenarios[0].claims.head(0)
    sides = [_side(base, empty), *(_side(each.inventory, each.claims) for each in scenarios)]
    order = pd.Index(pd.unique(pd.concat([pd.Series(side.index) for side in sides])), name="subnet_id")
    parts = [
        side.reindex(order).drop(columns="name").add_suffix(f"_{name}") for side, name in zip(sides, names, strict=True)
    ]
    title = sides[0]["name"].reindex(order)
    for side in sides[1:]:
        title = title.fillna(side["name"].reindex(order))
    frame = pd.concat([title, *parts], axis=1).reset_index()
    if not everything:
        was = sides[0].reindex(order)
        differs = np.zeros(len(order), np.bool_)
        for side in sides[1:]:
            now = side.reindex(order)
            for name in ("cidr", *_MEASURES):
                same = (was[name] == now[name]) | (was[name].isna() & now[name].isna())
                differs |= ~same.fillna(value=False).to_numpy(np.bool_)
        frame = frame[differs].reset_index(drop=True)
    said = [each.problems.assign(scenario=name) for each, name in zip(scenarios, names[1:], strict=True)]
    problems = pd.concat(said, ignore_index=True)
    return Comparison(names, frame, problems[["scenario", *problems.columns[:-1]]])


def _side(snapshot: Snapshot, claims: pd.DataFrame) -> pd.DataFrame:
    at = np.flatnonzero(snapshot.geometry.ipv4)
    claimed = claimed_keys(snapshot, claims, at)
    held = snapshot.ledger.of_subnets(at)
    full = occupancy_of(snapshot, at, merge(held, claimed) if len(claimed) else held)
    used = full["used"].to_numpy() - count_by_subnet(claimed, at)
    usable = full["usable"].to_numpy()
    return pd.DataFrame(
        {
            "name": snapshot.subnets["name"].array.take(at),
            "cidr": full["cidr"].array,
            "used": pd.array(used, dtype="Int64"),
            "free": full["free"].astype("Int64").array,
            "utilisation": np.where(usable > 0, used / np.maximum(usable, 1), 1.0),
            "largest_run": full["largest_run"].astype("Int64").array,
        },
        index=pd.Index(full["subnet_id"].array, name="subnet_id"),
    )


def _distinct(names: list[str]) -> tuple[str, ...]:
    done: list[str] = []
    for name in names:
        number, fresh = 1, name
        while fresh in done:
            number += 1
            fresh = f"{name} {number}"
        done.append(fresh)
    return tuple(done)
