"""A forecast as a value: its table, the step changes behind it, and a picture of each subnet and VPC."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from zecnb.capacity.asked import snapshot_of
from zecnb.capacity.daily import levels
from zecnb.capacity.forecast import MINIMUM_DAYS, forecast, step_changes
from zecnb.capacity.futures import band
from zecnb.capacity.loading import loaded
from zecnb.capacity.observations import checked_history
from zecnb.capacity.trend import estimate
from zecnb.errors import UsageError
from zecnb.render.cells import NOTHING
from zecnb.render.tables import table_html
from zecnb.schema import HISTORY, empty

if TYPE_CHECKING:
    from zecnb.capacity.whatif import Scenario
    from zecnb.render.forecast import ForecastChart
    from zecnb.snapshot import Snapshot

__all__ = ["Forecast", "outlook"]

_SHOWN = ["name", "of", "status", "full", "critical", "warn", "used", "usable", "slope", "days", "steps"]
_ORDER = ["full", "filling", "later", "not enough data", "not filling"]
_LONGEST = 3650  # days a picture may look ahead
_OPTIONS: dict[str, Any] = forecast.__kwdefaults__ or {}


@dataclass(frozen=True, repr=False, eq=False)
class Forecast:
    """When subnets and VPCs run out.

    Attributes:
        frame: columns of ``schema.FORECAST`` and ``name``, the earliest full first.
        steps: days on which use jumped, columns of ``schema.STEPS``.
        history: what it was made from, columns of ``schema.HISTORY``.
        options: ``warn_at, critical_at, interval, window, horizon`` as ``forecast`` takes them.
    """

    frame: pd.DataFrame
    steps: pd.DataFrame
    history: pd.DataFrame
    options: dict[str, Any]

    @property
    def table(self) -> pd.DataFrame:
        """The frame for people: ranges of days in words, what fills first."""
        told = self.frame.rename(columns={"level": "of"})
        last = told["last_day"]
        for name in ("warn", "critical", "full"):
            ranges = zip(told[f"{name}_from"], told[f"{name}_to"], last, strict=True)
            told[name] = pd.Series([_words(*each) for each in ranges], index=told.index, dtype="str")
        rank = told["status"].map({status: place for place, status in enumerate(_ORDER)})
        return told[_SHOWN].iloc[np.argsort(rank, kind="stable")].round({"slope": 2}).reset_index(drop=True)

    def after(self, scenario: Scenario[Any]) -> Forecast:
        """Return the forecast of the past with what a scenario adds on top, or takes away, see ``loading.loaded``.

        Subnets that only the scenario has have no past and no forecast; nor have those it no longer has.

        Args:
            scenario: of an inventory with these subnets.

        Raises:
            UsageError: it is no scenario.
        """
        from zecnb.capacity.whatif import Scenario

        if not isinstance(scenario, Scenario):
            raise UsageError(f"after takes a scenario, as inventory.what_if() begins it, not {type(scenario).__name__}")
        made = outlook(loaded(self.history, scenario), inventory=scenario.base, **self.options)
        gone = set(scenario.base.subnets["subnet_id"]) - set(scenario.inventory.subnets["subnet_id"])
        stays = (made.frame["level"] != "subnet") | ~made.frame["id"].isin(gone)
        return replace(made, frame=made.frame[stays].reset_index(drop=True))

    def chart(self, what: str | None = None, *, dark: bool = False) -> ForecastChart:
        """Draw what was used and where it goes.

        Args:
            what: id or name of a subnet or VPC; the one that is full first when None.
            dark: for dark backgrounds.

        Raises:
            UsageError: there is no such subnet or VPC in the history, or several have that name.
        """
        from zecnb.render.forecast import ForecastChart

        row = self._row(what)
        series = dict(levels(self.history, self.options["window"]))[str(row["level"])]
        at = int(np.flatnonzero(series.ids == row["id"])[0])
        one = series.part(slice(at, at + 1))
        seen = np.isfinite(one.used[0])
        days = row["last_day"] + pd.to_timedelta(np.arange(1 - len(seen), 1), unit="D")
        steps = self.steps[self.steps["subnet_id"] == row["id"]] if row["level"] == "subnet" else self.steps.iloc[:0]
        thresholds = {"warning": self.options["warn_at"], "critical": self.options["critical_at"], "full": 1.0}
        names = ("warn", "critical", "full")
        return ForecastChart(
            title=str(row["name"]),
            status=str(row["status"]),
            slope=(float(row["slope"]), float(row["slope_low"]), float(row["slope_high"])),
            usable=int(row["usable"]),
            used=pd.Series(one.used[0][seen], index=days[seen]),
            band=self._band(one.used, row),
            thresholds=pd.DataFrame(
                {
                    "threshold": list(thresholds),
                    "share": list(thresholds.values()),
                    "addresses": [share * int(row["usable"]) for share in thresholds.values()],
                    "from": pd.to_datetime([row[f"{name}_from"] for name in names]),
                    "to": pd.to_datetime([row[f"{name}_to"] for name in names]),
                }
            ),
            steps=steps[["day", "change"]].reset_index(drop=True),
            interval=float(self.options["interval"]),
            dark=dark,
        )

    def _row(self, what: str | None) -> pd.Series:
        if not len(self.frame):
            raise UsageError("there is nothing to draw: the history is empty")
        if what is None:
            return self.frame.iloc[0]
        found = self.frame[(self.frame["id"] == what) | (self.frame["name"] == what)]
        if len(found) != 1:
            raise UsageError(
                f"{'several have the name' if len(found) else 'no subnet or VPC in the history is'} {what!r}"
            )
        return found.iloc[0]

    def _band(self, used: np.ndarray, row: pd.Series) -> pd.DataFrame:
        """Return ``low, middle, high`` by day, as far as there is something to see."""
        columns = ["low", "middle", "high"]
        if row["days"] < MINIMUM_DAYS:
            return pd.DataFrame(columns=columns, dtype="float64", index=pd.DatetimeIndex([]))
        told = [row[f"{name}_{edge}"] for name in ("warn", "critical", "full") for edge in ("from", "to")]
        last = max((day for day in told if pd.notna(day)), default=row["last_day"])
        far = int((last - row["last_day"]).days * 1.15) + 7
        ahead = min(max(far, 30 if pd.notna(row["full_to"]) else 120), self.options["horizon"], _LONGEST)
        edges = band(estimate(used), ahead, self.options["interval"])
        index = row["last_day"] + pd.to_timedelta(np.arange(1, ahead + 1), unit="D")
        return pd.DataFrame({name: edge[0] for name, edge in zip(columns, edges, strict=True)}, index=index)

    def __repr__(self) -> str:
        counts = self.frame["status"].value_counts()
        said = ", ".join(f"{count:,} {status}" for status, count in counts.items())
        return f"Forecast({said or 'no history'})"

    def _repr_html_(self) -> str:
        return table_html(self.table, caption=repr(self))


def outlook(
    history: pd.DataFrame, *, inventory: Snapshot | None = None, journal: pd.DataFrame | None = None, **options: float
) -> Forecast:
    """Say when each subnet and VPC runs out, see ``forecast``.

    Args:
        history: columns of ``schema.HISTORY``.
        inventory: gives names, and the subnets of the journal's vNICs.
        journal: ``Session.journal()``, to say which run was behind a step.
        options: ``warn_at, critical_at, interval, window, horizon``.

    Raises:
        UsageError: a column is missing, or an option is not known or cannot be.
    """
    if unknown := sorted(set(options) - set(_OPTIONS)):
        raise UsageError(f"forecast has no option {unknown[0]}; there are {', '.join(_OPTIONS)}")
    chosen: dict[str, Any] = {**_OPTIONS, **options}
    history = empty(HISTORY) if isinstance(history, pd.DataFrame) and not len(history) else checked_history(history)
    frame = forecast(history, **chosen)
    names: dict[str, str] = {}
    if inventory is not None:
        inventory = snapshot_of(inventory)
        for held, key in ((inventory.vpcs, "vpc_id"), (inventory.subnets, "subnet_id")):
            names |= dict(zip(held[key], held["name"].fillna(""), strict=True))
    frame.insert(2, "name", pd.Series([names.get(each) or each for each in frame["id"]], dtype="str"))
    frame = frame.sort_values(["full_from", "full_to"], kind="stable", na_position="last", ignore_index=True)
    nics = inventory.nics if inventory is not None else None
    steps = step_changes(history, journal=journal, nics=nics, window=chosen["window"])
    return Forecast(frame, steps, history, chosen)


def _words(first: pd.Timestamp, last: pd.Timestamp, today: pd.Timestamp) -> str:
    """Return a range of days in words; ``today`` is the last day of data."""
    if pd.isna(first):
        return NOTHING
    if first <= today:
        return "reached"
    if pd.isna(last):
        return f"{first:%Y-%m-%d} or later"
    return f"{first:%Y-%m-%d}" if first == last else f"{first:%Y-%m-%d} to {last:%Y-%m-%d}"
