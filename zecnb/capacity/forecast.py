"""When subnets and VPCs run out, as ranges of dates."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from zecnb.capacity.daily import levels
from zecnb.capacity.futures import crossings, spread
from zecnb.capacity.trend import changes, estimate
from zecnb.columns import is_whole
from zecnb.errors import UsageError
from zecnb.schema import FORECAST, STEPS, conform, empty

if TYPE_CHECKING:
    from zecnb.capacity.daily import Series

__all__ = ["MINIMUM_DAYS", "forecast", "step_changes"]

MINIMUM_DAYS = 7
"""Distinct days below which nothing is said."""

_CHUNK = 1024  # series whose band is held at once
_OF_JOURNAL = ("at", "nic_id", "run_id", "plan_digest")
_DAY = np.timedelta64(1, "D")


def forecast(
    history: pd.DataFrame,
    *,
    warn_at: float = 0.75,
    critical_at: float = 0.9,
    interval: float = 0.8,
    window: int = 90,
    horizon: int = 365,
) -> pd.DataFrame:
    """Say when each subnet and each VPC reaches its thresholds and runs out.

    Args:
        history: columns of ``schema.HISTORY``; of each UTC day the last observation counts.
        warn_at: utilisation from which it is said to be filling, 0..1.
        critical_at: utilisation from which it is urgent, 0..1.
        interval: how often the truth is to lie within a range, 0..1, neither included.
        window: days back from the last one that count, 7..365.
        horizon: days ahead that are looked at, 1..3650.

    Returns:
        Columns of ``schema.FORECAST``, VPCs after subnets; a date beyond the horizon is NaT, one that has passed is
        the last day of data.

    Raises:
        UsageError: a column is missing, or an option cannot be.
    """
    _check(warn_at=warn_at, critical_at=critical_at, interval=interval)
    if not 0 < warn_at <= critical_at <= 1:
        raise UsageError(f"thresholds are 0 < warn_at <= critical_at <= 1, not {warn_at} and {critical_at}")
    if not 0 < interval < 1:
        raise UsageError(f"interval is a share between 0 and 1, neither included, not {interval}")
    for name, days, (least, most) in (("window", window, (MINIMUM_DAYS, 365)), ("horizon", horizon, (1, 3650))):
        if not is_whole(days) or not least <= days <= most:
            raise UsageError(f"{name} is a whole number of {least} to {most} days, not {days!r}")
    shares = {"warn": warn_at, "critical": critical_at, "full": 1.0}
    parts = [
        _of_level(level, chunk, shares, interval, horizon)
        for level, series in levels(history, window)
        for chunk in (series.part(slice(at, at + _CHUNK)) for at in range(0, len(series.ids), _CHUNK))
    ]
    return pd.concat(parts, ignore_index=True) if parts else empty(FORECAST)


def _check(**shares: float) -> None:
    for name, share in shares.items():
        if isinstance(share, bool) or not isinstance(share, int | float | np.floating):
            raise UsageError(f"{name} is a number of 0 to 1, not {share!r}")


def step_changes(
    history: pd.DataFrame, *, journal: pd.DataFrame | None = None, nics: pd.DataFrame | None = None, window: int = 90
) -> pd.DataFrame:
    """Return the days on which a subnet's use jumped, columns of ``schema.STEPS``.

    Args:
        history: columns of ``schema.HISTORY``.
        journal: ``Session.journal()``; with ``nics`` it says which run was behind a jump.
        nics: ``Inventory.nics``, to know the subnets of the journal's vNICs.
        window: days back from the last one that count.

    Raises:
        UsageError: a column of the history or of the journal is missing.
    """
    series = dict(levels(history, window)).get("subnet")
    if series is None:
        return empty(STEPS)
    trend = estimate(series.used)
    row, at = np.nonzero(trend.steps & (trend.days >= MINIMUM_DAYS)[:, None])
    change, _ = changes(series.used)
    found = pd.DataFrame(
        {
            "subnet_id": pd.Series(series.ids[row], dtype="str"),
            "day": (series.last[row] - (window - 1 - at) * _DAY).astype("datetime64[us]"),
            "change": change[row, at].astype(np.int64),
        }
    )
    runs = _runs(journal, nics)
    found = found.merge(runs, on=["subnet_id", "day"], how="left")
    return conform(found, STEPS, required=(), what="steps")


def _runs(journal: pd.DataFrame | None, nics: pd.DataFrame | None) -> pd.DataFrame:
    """Return the first run that touched each subnet on each day."""
    names = ["subnet_id", "day", "run_id", "plan_digest"]
    if journal is not None and not isinstance(journal, pd.DataFrame):
        raise UsageError(f"journal is what Session.journal() returns, not {type(journal).__name__}")
    if journal is None or nics is None or not len(journal):
        return pd.DataFrame({name: pd.Series([], dtype="str") for name in names}).astype({"day": "datetime64[us]"})
    if missing := [name for name in _OF_JOURNAL if name not in journal]:
        raise UsageError(f"journal is what Session.journal() returns; column {missing[0]} is missing")
    done = journal[journal["nic_id"].notna()]
    homes = nics.drop_duplicates("nic_id").set_index("nic_id")["subnet_id"]
    touched = pd.DataFrame(
        {
            "subnet_id": done["nic_id"].astype("str").map(homes).astype("str"),
            "day": done["at"].dt.tz_convert("UTC").dt.tz_localize(None).dt.floor("D").astype("datetime64[us]"),
            "run_id": done["run_id"].astype("str"),
            "plan_digest": done["plan_digest"].astype("str"),
        }
    )
    return touched.dropna(subset="subnet_id").drop_duplicates(["subnet_id", "day"])


def _of_level(level: str, series: Series, shares: dict[str, float], interval: float, horizon: int) -> pd.DataFrame:
    trend = estimate(series.used)
    now = series.used[:, -1]
    last = series.last.astype("datetime64[us]")
    columns: dict[str, object] = {}
    thresholds = tuple(np.asarray(share * series.usable, np.float64) for share in shares.values())
    found = crossings(trend, thresholds, horizon, interval)
    edges = {
        name: (early, late, now >= threshold)
        for name, threshold, (early, late) in zip(shares, thresholds, found, strict=True)
    }
    early, _, full = edges["full"]
    around = spread(trend, interval)
    few = trend.days < MINIMUM_DAYS
    status = np.select(
        [few, full, early > 0, trend.recent > around],
        ["not enough data", "full", "filling", "later"],
        "not filling",
    )
    silent = few | (status == "not filling")
    for name, (first, second, passed) in edges.items():
        for edge, days in (("from", first), ("to", second)):
            dates = last + np.where(passed, 0, days) * _DAY
            unknown = (~passed & (silent | (days == 0))) | few
            columns[f"{name}_{edge}"] = np.where(unknown, np.datetime64("NaT", "us"), dates)
    steps = (trend.steps & ~few[:, None]).sum(1)
    return pd.DataFrame(
        {
            "level": pd.Series([level] * len(now), dtype="str"),
            "id": pd.Series(series.ids, dtype="str"),
            "status": pd.Series(status, dtype="str"),
            "days": trend.days,
            "last_day": last,
            "usable": series.usable,
            "used": now.astype(np.int64),
            "slope": np.where(few, np.nan, trend.recent),
            "slope_low": np.where(few, np.nan, trend.recent - around),
            "slope_high": np.where(few, np.nan, trend.recent + around),
            **columns,
            "weekly": trend.weekly,
            "steps": steps.astype(np.int64),
        },
        columns=list(FORECAST),
    )
