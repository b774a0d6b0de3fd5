"""When subnets and VPCs run out, as ranges of dates."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd

from zecnb.capacity.observations import checked_history
from zecnb.capacity.trend import crossings, estimate, jumps, quantile
from zecnb.errors import UsageError
from zecnb.schema import FORECAST, STEPS, conform, empty

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

__all__ = ["MINIMUM_DAYS", "forecast", "step_changes"]

MINIMUM_DAYS = 7
"""Distinct days below which nothing is said."""

_CHUNK = 4096  # series whose band is held at once
_DAY = np.timedelta64(1, "D")


class _Series(NamedTuple):
    """Daily series of one level.

    Attributes:
        ids: what each row is.
        used: float64[n, window], the last column is each row's own last day; NaN without observation.
        last: datetime64[D], last day with an observation.
        usable: addresses on it.
    """

    ids: NDArray[np.object_]
    used: NDArray[np.float64]
    last: NDArray[np.datetime64]
    usable: NDArray[np.int64]


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
    if not 0 < warn_at <= critical_at <= 1:
        raise UsageError(f"thresholds are 0 < warn_at <= critical_at <= 1, not {warn_at} and {critical_at}")
    if not 0 < interval < 1 or not MINIMUM_DAYS <= window <= 365 or not 1 <= horizon <= 3650:
        raise UsageError("interval is between 0 and 1, window 7..365 days, horizon 1..3650 days")
    shares = {"warn": warn_at, "critical": critical_at, "full": 1.0}
    parts = [
        _of_level(level, chunk, shares, interval, horizon)
        for level, series in _levels(history, window)
        for chunk in _chunks(series)
    ]
    return pd.concat(parts, ignore_index=True) if parts else empty(FORECAST)


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
        UsageError: a column is missing.
    """
    levels = dict(_levels(history, window))
    if not levels:
        return empty(STEPS)
    series = levels["subnet"]
    trend = estimate(series.used)
    far = jumps(series.used, trend.slope) & (trend.days >= MINIMUM_DAYS)[:, None]
    row, at = np.nonzero(far)
    change = series.used[row, at] - series.used[row, at - 1]
    found = pd.DataFrame(
        {
            "subnet_id": pd.Series(series.ids[row], dtype="str"),
            "day": (series.last[row] - (window - 1 - at) * _DAY).astype("datetime64[us]"),
            "change": change.astype(np.int64),
        }
    )
    runs = _runs(journal, nics)
    found = found.merge(runs, on=["subnet_id", "day"], how="left")
    return conform(found, STEPS, required=(), what="steps")


def _runs(journal: pd.DataFrame | None, nics: pd.DataFrame | None) -> pd.DataFrame:
    """Return the runs that touched each subnet on each day: the first run's plan, and how many there were."""
    names = ["subnet_id", "day", "run_id", "plan_digest"]
    if journal is None or nics is None or not len(journal):
        return pd.DataFrame({name: pd.Series([], dtype="str") for name in names}).astype({"day": "datetime64[us]"})
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


def _of_level(level: str, series: _Series, shares: dict[str, float], interval: float, horizon: int) -> pd.DataFrame:
    trend = estimate(series.used)
    now = series.used[:, -1]
    last = series.last.astype("datetime64[us]")
    columns: dict[str, object] = {}
    edges = {}
    for name, share in shares.items():
        threshold = np.asarray(share * series.usable, np.float64)
        early, late = crossings(trend, threshold, horizon, interval)
        passed = now >= threshold
        edges[name] = early, late, passed
    early, _, full = edges["full"]
    spread = quantile(trend, interval) * trend.slope_sd
    few = trend.days < MINIMUM_DAYS
    status = np.select(
        [few, full, trend.recent <= 0, early > 0, trend.recent > spread],
        ["not enough data", "filling", "not filling", "filling", "later"],
        "not filling",
    )
    silent = few | ((status == "not filling") & ~full)
    for name, (first, second, passed) in edges.items():
        for edge, days in (("from", first), ("to", second)):
            dates = last + np.where(passed, 0, days) * _DAY
            unknown = (~passed & (silent | (days == 0))) | few
            columns[f"{name}_{edge}"] = np.where(unknown, np.datetime64("NaT", "us"), dates)
    steps = (jumps(series.used, trend.slope) & ~few[:, None]).sum(1)
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
            "slope_low": np.where(few, np.nan, trend.recent - spread),
            "slope_high": np.where(few, np.nan, trend.recent + spread),
            **columns,
            "weekly": trend.weekly,
            "steps": steps.astype(np.int64),
        },
        columns=list(FORECAST),
    )


def _levels(history: pd.DataFrame, window: int) -> Iterator[tuple[str, _Series]]:
    """Return the series of the subnets, then those of the VPCs that are known."""
    frame = checked_history(history) if len(history) else history
    if not len(frame):
        return
    day = frame["at"].dt.tz_convert("UTC").dt.tz_localize(None).to_numpy().astype("datetime64[D]")
    order = np.argsort(frame["at"].to_numpy(), kind="stable")
    code, ids = pd.factorize(frame["subnet_id"], sort=True)
    code, day = np.asarray(code)[order], day[order]
    used, usable = (frame[name].to_numpy()[order] for name in ("used", "usable"))
    vpc = frame["vpc_id"].array.take(order)
    first, width = day.min(), int((day.max() - day.min()) / _DAY) + 1
    span = min(width, 2 * window)  # own last days may lie before the last of all
    at = ((day - first) / _DAY).astype(np.int64) - (width - span)
    keep = at >= 0
    grid, room = np.full((len(ids), span), np.nan), np.zeros((len(ids), span), np.int64)
    grid[code[keep], at[keep]], room[code[keep], at[keep]] = used[keep], usable[keep]  # later ones of a day win
    home = pd.Series(vpc).groupby(code).last().reindex(range(len(ids)))
    days = first + (np.arange(span) + width - span) * _DAY
    yield "subnet", _aligned(np.asarray(ids, object), grid, room, days, window)
    groups, names = pd.factorize(home, sort=True)
    if len(names):
        grid, room = _summed(grid, room, np.asarray(groups), len(names))
        yield "vpc", _aligned(np.asarray(names, object), grid, room, days, window)


def _summed(
    grid: NDArray[np.float64], room: NDArray[np.int64], group: NDArray[np.int64], count: int
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Add up the subnets of each VPC; a day that one of them misses gets what lies between its neighbours."""
    there = np.isfinite(grid)
    width = grid.shape[1]
    days = np.arange(width)
    before = np.maximum.accumulate(np.where(there, days, -1), axis=1)
    after = np.minimum.accumulate(np.where(there, days, width)[:, ::-1], axis=1)[:, ::-1]
    alive = (before >= 0) & (after < width)
    before, after = np.where(alive, before, 0), np.where(alive, after, 0)
    rows = np.arange(len(grid))[:, None]
    part = (days - before) / np.maximum(after - before, 1)
    filled = np.where(alive, grid[rows, before] * (1 - part) + grid[rows, after] * part, 0)
    usable = np.where(alive, room[rows, before], 0)
    inside = group >= 0
    used_sum, room_sum = np.zeros((count, width)), np.zeros((count, width), np.int64)
    seen = np.zeros((count, width), np.bool_)
    np.add.at(used_sum, group[inside], filled[inside])
    np.add.at(room_sum, group[inside], usable[inside])
    np.logical_or.at(seen, group[inside], there[inside])
    return np.where(seen, used_sum, np.nan), room_sum


def _aligned(
    ids: NDArray[np.object_],
    grid: NDArray[np.float64],
    room: NDArray[np.int64],
    days: NDArray[np.datetime64],
    window: int,
) -> _Series:
    """Shift each row so that its last observation stands in the last column; rows without any are left out."""
    there = np.isfinite(grid)
    kept = np.flatnonzero(there.any(1))
    end = grid.shape[1] - 1 - there[kept, ::-1].argmax(1)
    source = end[:, None] - np.arange(window - 1, -1, -1)
    used = np.where(source >= 0, grid[kept[:, None], np.maximum(source, 0)], np.nan)
    return _Series(ids[kept], used, days[end], room[kept, end])


def _chunks(series: _Series) -> Iterator[_Series]:
    for start in range(0, len(series.ids), _CHUNK):
        part = slice(start, start + _CHUNK)
        yield _Series(series.ids[part], series.used[part], series.last[part], series.usable[part])
