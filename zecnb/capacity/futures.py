"""Where daily series may go: many possible futures of each, and the days on which they reach a threshold.

The futures of all series are made from the same chances, and all but their middle depends only on what is left of a
series when a line is taken away. So a series with load added has the same futures with that load added: no date moves
later. What counts is the most used by a day, since who runs out once has run out.
"""

from __future__ import annotations

from functools import cache
from statistics import NormalDist
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from zecnb.capacity.trend import Matrix, Trend, Vector

__all__ = ["band", "crossings", "spread"]

_FUTURES = 250  # ranks of a decile are then known to a few percent
_CELLS = 1_000_000  # of futures and days held at once
_HAIR = 1e-6  # sums of fractions may miss a whole number by so much


class _Chance(NamedTuple):
    """Standard normal chances of each future, and per day; ``kind`` is even, ``walk`` adds up over the days."""

    slope: Vector
    level: Vector
    scale: Vector
    bend: Vector
    kind: Vector
    noise: Matrix
    walk: Matrix


def crossings(
    trend: Trend, thresholds: tuple[Vector, ...], horizon: int, interval: float
) -> list[tuple[NDArray[np.int64], NDArray[np.int64]]]:
    """Return the days between which so many of the futures reach each threshold for the first time.

    Args:
        trend: of every series.
        thresholds: of every series, in addresses.
        horizon: days to look ahead.
        interval: share of the futures between the two, 0..1.

    Returns:
        Per threshold, days from 1 on, 0 where too few of the futures reach it within the horizon.
    """
    reached = [np.full((len(trend.days), _FUTURES), horizon + 1, np.int16) for _ in thresholds]
    for day, used in _days(trend, horizon):
        for first, threshold in zip(reached, thresholds, strict=True):
            beyond = used >= threshold[:, None, None] - _HAIR
            np.minimum(first, np.where(beyond.any(1), beyond.argmax(1) + day, horizon + 1), out=first, casting="unsafe")
    found = []
    for first in reached:
        early, late = _edges(first, horizon, interval)
        found.append((np.where(early > horizon, 0, early), np.where(late > horizon, 0, late)))
    return found


def band(trend: Trend, horizon: int, interval: float) -> tuple[Matrix, Matrix, Matrix]:
    """Return the lower edge, the middle and the upper edge of the most used by each day.

    Args:
        trend: of every series.
        horizon: days to look ahead.
        interval: share of the futures between the edges, 0..1.

    Returns:
        float64[series, horizon] each; an edge reaches a threshold within a day of what ``crossings`` says.
    """
    most = np.full((len(trend.days), 1, _FUTURES), -np.inf)
    low, high = _ranks(interval)
    parts = []
    for _, used in _days(trend, horizon):
        rising = np.maximum(np.maximum.accumulate(used, axis=1), most)
        most = rising[:, -1:]
        parts.append(np.sort(rising, axis=2)[:, :, [low, _FUTURES // 2, high]])
    edges = np.concatenate(parts, axis=1)
    return edges[:, :, 0], edges[:, :, 1], edges[:, :, 2]


def spread(trend: Trend, interval: float) -> Vector:
    """Return half the width of the slope's interval, addresses per day: Student's t by Cornish and Fisher."""
    z, freedom = NormalDist().inv_cdf((1 + interval) / 2), trend.around.mean("freedom")
    t = z + (z**3 + z) / (4 * freedom) + (5 * z**5 + 16 * z**3 + 3 * z) / (96 * freedom**2)
    return np.asarray(t * trend.recent_sd)


def _days(trend: Trend, horizon: int) -> Iterator[tuple[int, Matrix]]:
    """Return days ahead in parts: the first day of each, from 1, and float64[series, days, futures] of what is used."""
    chance = _chances(horizon)
    around = trend.around
    kind = (np.cumsum(around.weight, axis=1)[:, None, :-1] < chance.kind[:, None]).sum(2)  # how each future deviates

    def of(values: Matrix) -> Matrix:
        return np.take_along_axis(values, kind, axis=1)

    # Few observations say little of how they are spread: a chi-square scale, by Wilson and Hilferty.
    ninth = 2 / (9 * of(around.freedom))
    scale = np.maximum(1 - ninth + chance.scale * np.sqrt(ninth), 0.25) ** -1.5
    error = scale * of(around.slope_sd) * chance.slope
    bend = trend.bend[:, None] + scale * trend.bend_sd[:, None] * chance.bend
    span = trend.span[:, None]
    slope = trend.slope[:, None] + error
    base = of(around.level) + error * of(around.pivot) + scale * of(around.level_sd) * chance.level
    base += bend * span**2 / 12  # a bend with no line in it, seen from its end
    noise, drift = scale * np.sqrt(of(around.noise)), scale * np.sqrt(of(around.drift))
    step = max(_CELLS // max(base.size, 1), 1)
    for begin in range(0, horizon, step):
        part = slice(begin, min(begin + step, horizon))
        day = np.arange(part.start + 1.0, part.stop + 1)[:, None]
        ahead = _ahead(slope[:, None], bend[:, None], span[:, None], day)
        pattern = trend.pattern[:, np.arange(part.start + 1, part.stop + 1) % 7, None]
        wander = noise[:, None] * chance.noise[part] + drift[:, None] * chance.walk[part]
        yield begin + 1, base[:, None] + ahead + pattern + wander


def _ahead(slope: Matrix, bend: Matrix, span: Matrix, day: Matrix) -> Matrix:
    """Return how much is added by a day: growth that slows down fades out, growth that speeds up does so for a while.

    The larger the slope, the larger the answer, whatever the bend.
    """
    if not bend.any():
        return slope * day
    early, late = slope - bend * span / 4, slope + bend * span / 4  # slopes of the two halves
    grown = np.minimum(day, span)
    faster = (late + bend * span / 4) * day + bend * grown * (day - grown / 2)
    pace = span / 2 / np.maximum(np.log(np.maximum(early, 1e-9) / np.maximum(late, 1e-9)), 1e-9)
    fading = np.where(late > 0, late * np.exp(-span / 4 / pace) * pace * -np.expm1(-day / pace), late * day)
    return np.where(bend >= 0, faster, fading)


def _edges(first: NDArray[np.int16], horizon: int, interval: float) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the days between which so many futures fall; one whose chance lies outside by more than half is left out.

    Without that, ranges of a few whole days would hold the truth far more often than they are to.
    """
    first = np.sort(first, axis=1)
    low = _ranks(interval)[0]
    early, middle, late = (first[:, rank, None] for rank in (low, _FUTURES // 2, _FUTURES - 1 - low))
    before = (first < early).sum(1) + (first <= early).sum(1) < 2 * low
    after = ((first > late).sum(1) + (first >= late).sum(1) < 2 * low) & (late[:, 0] <= horizon)
    begin, end = early[:, 0] + before, late[:, 0] - after
    return np.minimum(begin, middle[:, 0]).astype(np.int64), np.maximum(end, middle[:, 0]).astype(np.int64)


def _ranks(interval: float) -> tuple[int, int]:
    low = int((1 - interval) / 2 * _FUTURES)
    return low, _FUTURES - 1 - low


@cache
def _chances(horizon: int) -> _Chance:
    """Return the chances all series share: even ones in chance order, so that few futures stand for all."""
    chance = np.random.default_rng(20260601)
    even = (np.arange(_FUTURES) + 0.5) / _FUTURES
    normal = np.array([NormalDist().inv_cdf(share) for share in even])
    slope, level, scale, bend = (chance.permutation(normal) for _ in range(4))
    noise, walk = chance.standard_normal((2, horizon, _FUTURES))
    return _Chance(slope, level, scale, bend, chance.permutation(even), noise, np.cumsum(walk, axis=0))
