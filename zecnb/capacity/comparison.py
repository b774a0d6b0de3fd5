"""Scenarios side by side: one table, one chart."""

from __future__ import annotations

from dataclasses import dataclass
from functools import reduce
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from zecnb.capacity.filling import filling
from zecnb.capacity.freshness import read_ago
from zecnb.capacity.whatif import Scenario
from zecnb.errors import UsageError
from zecnb.render.cells import plural
from zecnb.render.tables import table_html

if TYPE_CHECKING:
    from datetime import datetime

    from zecnb.render.scenarios import ScenarioChart
    from zecnb.snapshot import Snapshot

__all__ = ["Comparison", "compare"]

_NOW = "now"
_MEASURES = ("used", "reserved", "free", "utilisation", "largest_run")
_NUMBERS = ("used", "reserved", "free", "largest_run")


@dataclass(frozen=True, repr=False, eq=False)
class Comparison:
    """Scenarios of one inventory side by side.

    Attributes:
        names: what is compared, ``now`` first.
        frame: one row per subnet that any scenario changes: ``subnet_id, name``, and for each of ``names`` with its
            name appended ``cidr, used, reserved, free`` (addresses), ``utilisation`` (used of all three, 0..1),
            ``largest_run``; NA where it has no such subnet.
        problems: what could not be done, ``scenario`` and the columns of ``schema.PROBLEMS``.
        observed_at: when what is held now was read, UTC.
    """

    names: tuple[str, ...]
    frame: pd.DataFrame
    problems: pd.DataFrame
    observed_at: datetime

    @property
    def table(self) -> pd.DataFrame:
        """The frame for people: one row per subnet and scenario that has it."""
        about = self.frame[["subnet_id", "name"]].reset_index(drop=True)
        parts = [
            pd.concat(
                [
                    about.assign(scenario=name),
                    self.frame[[f"{each}_{name}" for each in ("cidr", *_MEASURES)]]
                    .set_axis(["cidr", *_MEASURES], axis=1)
                    .reset_index(drop=True),
                ],
                axis=1,
            )
            for name in self.names
        ]
        told = pd.concat(parts).dropna(subset="cidr")
        return told.iloc[np.argsort(told.index, kind="stable")].reset_index(drop=True)

    def chart(self, *, dark: bool = False) -> ScenarioChart:
        """Draw the utilisation of each subnet in each scenario.

        Args:
            dark: for dark backgrounds.
        """
        from zecnb.render.scenarios import ScenarioChart

        return ScenarioChart(self.frame, self.names, dark=dark)

    def __repr__(self) -> str:
        many = plural(len(self.frame), "subnet differs", "subnets differ")
        return f"Comparison({', '.join(self.names)}: {many}{read_ago(self.observed_at)})"

    def _repr_html_(self) -> str:
        problems = table_html(self.problems, caption="Could not be done") if len(self.problems) else ""
        return table_html(self.table, caption=f"Subnets that differ{read_ago(self.observed_at)}") + problems


def compare(*scenarios: Scenario[Any], everything: bool = False) -> Comparison:
    """Put scenarios of one inventory side by side, and beside what is now with the claims that all began with.

    Args:
        scenarios: one or more; of several with one name the later ones get a number.
        everything: also the subnets that none of them changes.

    Raises:
        UsageError: there is none, or they began from different inventories.
    """
    if not scenarios or not all(isinstance(each, Scenario) for each in scenarios):
        raise UsageError("compare takes one scenario or more, as inventory.what_if() begins them")
    base = scenarios[0].base
    if any(scenario.base is not base for scenario in scenarios):
        raise UsageError("scenarios are compared when they began from the same inventory")
    names = _distinct([_NOW, *(scenario.name for scenario in scenarios)])
    claims = reduce(pd.merge, (each.base_claims.drop_duplicates() for each in scenarios))  # rows that all of them have
    sides = [_side(base, claims), *(_side(each.inventory, each.claims) for each in scenarios)]
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
    return Comparison(names, frame, problems[["scenario", *problems.columns[:-1]]], base.observed_at)


def _side(snapshot: Snapshot, claims: pd.DataFrame) -> pd.DataFrame:
    full = filling(snapshot, np.flatnonzero(snapshot.geometry.ipv4), claims).set_index("subnet_id")
    numbers = full[list(_NUMBERS)].astype("Int64")
    return pd.concat([full[["name", "cidr"]], numbers, full[["utilisation"]]], axis=1)[["name", "cidr", *_MEASURES]]


def _distinct(names: list[str]) -> tuple[str, ...]:
    done: list[str] = []
    for name in names:
        number, fresh = 1, name
        while fresh in done:
            number += 1
            fresh = f"{name} {number}"
        done.append(fresh)
    return tuple(done)
