"""Observations as daily series: one row per subnet or VPC, one column per day, the last column its own last day."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd

from zecnb.capacity.observations import checked_history

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

__all__ = ["Series", "levels"]

_DAY = np.timedelta64(1, "D")


class Series(NamedTuple):
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

    def part(self, rows: slice) -> Series:
        """Return some of the rows."""
        return Series(self.ids[rows], self.used[rows], self.last[rows], self.usable[rows])


def levels(history: pd.DataFrame, window: int) -> Iterator[tuple[str, Series]]:
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
) -> Series:
    """Shift each row so that its last observation stands in the last column; rows without any are left out."""
    there = np.isfinite(grid)
    kept = np.flatnonzero(there.any(1))
    end = grid.shape[1] - 1 - there[kept, ::-1].argmax(1)
    source = end[:, None] - np.arange(window - 1, -1, -1)
    used = np.where(source >= 0, grid[kept[:, None], np.maximum(source, 0)], np.nan)
    return Series(ids[kept], used, days[end], room[kept, end])
