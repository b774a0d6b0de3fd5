"""Trends of many daily series at once: robust slope, noise, weekday pattern, and the band of where they go.

Everything is a matrix of one row per series and one column per day, the last column the last day; NaN where there is
no observation. All estimates except the level and the slope depend on what is left after a straight line is taken
away, so adding a line to a series moves its band by that line: forecasts are monotone in added load.
"""

from __future__ import annotations

from statistics import NormalDist
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Matrix = NDArray[np.float64]
    Vector = NDArray[np.float64]

__all__ = ["Trend", "crossings", "estimate", "jumps", "quantile"]

_WEEK = 7
_LAGS = (1, 2, 3, 5, 7)
_WEEKS_NEEDED = 3
_EXPLAINED = 0.5  # part of the short-term variance that a weekday pattern must explain to be believed
_CURVED = 2.5  # standard errors by which the slopes of the two halves differ in a series that bends
_FAINT = 0.1  # drift per noise that so few days cannot tell from none
_RARE = 16  # how much less a day says of steps than of independent deviations
_PAIRS = 4_000_000  # pairwise slopes held at once


class Trend(NamedTuple):
    """What is known of each series.

    Attributes:
        days: int64, observations.
        level: where it is on the last day, without noise and weekday pattern.
        slope, slope_sd: per day, and its standard error.
        noise: variance of one day's deviation, which is gone the next day.
        drift: variance that every day adds and that stays, as steps do.
        bend: change of the slope per day, 0 unless the two halves differ clearly.
        recent: slope of the later half where the series bends, else ``slope``.
        pattern: [series, 7], deviation by days after the last day, 0 where no pattern was found.
        weekly: bool, whether one was.
    """

    days: NDArray[np.int64]
    level: Vector
    slope: Vector
    slope_sd: Vector
    noise: Vector
    drift: Vector
    bend: Vector
    recent: Vector
    pattern: Matrix
    weekly: NDArray[np.bool_]


def estimate(used: Matrix) -> Trend:
    """Fit every row; rows with fewer than two observations get zeros."""
    width = used.shape[1]
    x = np.arange(width) - (width - 1.0)
    there = np.isfinite(used)
    days = there.sum(1)
    slope = _theil_sen(used)
    pattern, weekly = _weekday(used - slope[:, None] * x)
    flat = used - np.tile(pattern, width // _WEEK + 2)[:, _phase(width)]
    slope = np.where(weekly, _theil_sen(flat), slope) if weekly.any() else slope

    begin = np.where(there.any(1), there.argmax(1), 0)
    half = (begin + width) // 2  # column where the later half begins
    late = np.arange(width) >= half[:, None]
    span = np.maximum(width - begin, 2).astype(np.float64)
    noise, drift = _variances(flat - slope[:, None] * x)
    slope_sd = np.sqrt(_slope_variance(noise, drift, np.maximum(days, 2), span))

    early_slope, late_slope = _theil_sen(np.where(late, np.nan, flat)), _theil_sen(np.where(late, flat, np.nan))
    half_sd = np.sqrt(2 * _slope_variance(noise, drift, np.maximum(days / 2, 2), span / 2))
    change = late_slope - early_slope
    bends = (days >= 2 * _WEEK) & (np.abs(change) > _CURVED * half_sd + 1e-9)
    recent = np.where(bends, late_slope, slope)
    slope_sd = np.where(bends, half_sd / np.sqrt(2), slope_sd)
    level = _level(flat - recent[:, None] * x, noise, drift, late | ~bends[:, None], x)
    return Trend(
        days, level, slope, slope_sd, noise, drift, np.where(bends, change / (span / 2), 0.0), recent, pattern, weekly
    )


def crossings(trend: Trend, threshold: Vector, horizon: int, interval: float) -> tuple[NDArray[np.int64], ...]:
    """Return the first days after the last one on which the band's upper and lower edge reach a threshold.

    Args:
        trend: of every series.
        threshold: of every series.
        horizon: days to look ahead.
        interval: how often the truth is to lie between the two, 0..1.

    Returns:
        Days from 1 on, 0 where the edge does not reach it within the horizon.
    """
    ahead = np.arange(1.0, horizon + 1)
    z = quantile(trend, interval)
    bend, recent = trend.bend[:, None], trend.recent[:, None]
    variance = ahead**2 * trend.slope_sd[:, None] ** 2 + ahead * trend.drift[:, None] + trend.noise[:, None]
    spread = z[:, None] * np.sqrt(variance)
    # Where a series bends, one edge goes on as straight as of late, the other bends on; a slope bends to 0, not below.
    bent = np.cumsum(
        np.where(bend < 0, np.maximum(recent + bend * ahead, np.minimum(recent, 0)), recent + bend * ahead), axis=1
    )
    straight = recent * ahead
    base = trend.level[:, None] + trend.pattern[:, (np.arange(1, horizon + 1)) % _WEEK]
    high = base + np.maximum(straight, bent) + spread
    low = base + np.minimum(straight, bent) - spread
    reach = threshold[:, None] - 1e-6  # sums of fractions may miss a whole number by a hair
    return _first(high >= reach), _first(low >= reach)


def jumps(used: Matrix, slope: Vector) -> NDArray[np.bool_]:
    """Return on which days a series changed far more than it usually does from day to day; column 0 never."""
    change = np.diff(used, axis=1) - slope[:, None]
    usual = 1.4826 * _median(np.abs(change - _median(change)[:, None]))
    far = np.abs(change) > np.maximum(6 * usual, 3)[:, None]
    return np.column_stack([np.zeros(len(used), np.bool_), far])


def quantile(trend: Trend, interval: float) -> Vector:
    """Return the two-sided quantile of Student's t, by Cornish-Fisher.

    Independent deviations are known well after some days; a few steps say little of how steps are spread.
    """
    z = NormalDist().inv_cdf((1 + interval) / 2)
    stays = trend.drift / (trend.drift + trend.noise)
    freedom = np.maximum(trend.days / (4 + _RARE * stays), 2)
    return np.asarray(z + (z**3 + z) / (4 * freedom) + (5 * z**5 + 16 * z**3 + 3 * z) / (96 * freedom**2))


def _slope_variance(noise: Vector, drift: Vector, days: Vector | NDArray[np.int64], span: Vector) -> Vector:
    """Return the variance of a robust slope under independent deviations and under a random walk."""
    return np.asarray(1.05 * 12 * noise / (days * span**2) + 1.2 * drift / span)


def _phase(width: int) -> NDArray[np.int64]:
    """Return each column's place in the week, the last day's being 0."""
    return (np.arange(width) - (width - 1)) % _WEEK


def _median(values: Matrix) -> Vector:
    """Return each row's median without NaN, 0 in rows of nothing else."""
    count = np.isfinite(values).sum(1)
    ordered = np.sort(values, axis=1)  # NaN last
    rows = np.arange(len(values))
    low, high = np.maximum(count - 1, 0) // 2, np.minimum(count // 2, max(values.shape[1] - 1, 0))
    if not values.shape[1]:
        return np.zeros(len(values))
    return np.where(count > 0, (ordered[rows, low] + ordered[rows, high]) / 2, 0.0)


def _theil_sen(used: Matrix) -> Vector:
    """Return the median of the slopes between every two days."""
    width = used.shape[1]
    first, second = np.triu_indices(width, 1)
    apart = (second - first).astype(np.float64)
    step = max(_PAIRS // max(len(first), 1), 1)
    parts = [
        _median((used[at : at + step, second] - used[at : at + step, first]) / apart)
        for at in range(0, len(used), step)
    ]
    return np.concatenate(parts) if parts else np.zeros(0)


def _weekday(rest: Matrix) -> tuple[Matrix, NDArray[np.bool_]]:
    """Return the weekday pattern of each row, and whether there are data for one and it explains enough."""
    rows, width = rest.shape
    none = np.zeros((rows, _WEEK)), np.zeros(rows, np.bool_)
    if width < _WEEK * _WEEKS_NEEDED:
        return none
    window = np.lib.stride_tricks.sliding_window_view(rest, _WEEK, axis=1).mean(2)  # NaN unless a whole week is there
    short = rest[:, 3:-3] - window
    phase = _phase(width)[3:-3]
    groups = [short[:, phase == at] for at in range(_WEEK)]
    enough = np.column_stack([np.isfinite(group).sum(1) for group in groups]).min(1) >= _WEEKS_NEEDED - 1
    pattern = np.column_stack([_median(group) for group in groups])
    pattern -= pattern.mean(1, keepdims=True)
    there = np.isfinite(short)
    before = np.where(there, short, 0)
    after = np.where(there, short - pattern[:, phase], 0)
    explained = (after**2).sum(1) < (1 - _EXPLAINED) * (before**2).sum(1)
    weekly = enough & explained & (np.ptp(pattern, axis=1) >= 1)
    return np.where(weekly[:, None], pattern, 0.0), weekly


def _variances(rest: Matrix) -> tuple[Vector, Vector]:
    """Split short-term variance into what is gone the next day and what stays.

    The mean square change over k days is ``2 noise + k drift``; a line through it for several k gives both. Changes
    are taken from their own trend, so that a slope that bends evenly does not look like drift.
    """
    lags = np.array([lag for lag in _LAGS if lag < rest.shape[1] // 2], np.float64)
    if not len(lags):
        return np.full(len(rest), 1 / 12), np.zeros(len(rest))
    seen = np.column_stack([_mean_square(rest[:, int(lag) :] - rest[:, : -int(lag)], int(lag)) for lag in lags])
    weight = np.where(np.isfinite(seen), 1 / lags, 0.0)
    seen = np.where(np.isfinite(seen), seen, 0.0)
    w, wx, wy = weight.sum(1), (weight * lags).sum(1), (weight * seen).sum(1)
    wxx, wxy = (weight * lags**2).sum(1), (weight * lags * seen).sum(1)
    drift = (w * wxy - wx * wy) / np.maximum(w * wxx - wx**2, 1e-12)
    twice = (wy - drift * wx) / np.maximum(w, 1e-12)
    only_noise, only_drift = drift < 0, twice < 0
    twice = np.where(only_noise, wy / np.maximum(w, 1e-12), np.maximum(twice, 0))
    drift = np.where(only_drift, wxy / np.maximum(wxx, 1e-12), np.maximum(drift, 0))
    noise = np.maximum(twice / 2, 1 / 12)  # whole addresses are rounded: never less than a twelfth
    share = drift / noise
    return noise, drift * share / (share + _FAINT)


def _mean_square(change: Matrix, lag: int) -> Vector:
    """Return each row's mean square deviation from a straight line; NaN where too little is known for one."""
    inside = np.isfinite(change)
    count = inside.sum(1)
    x = np.where(inside, np.arange(change.shape[1]), 0.0)
    y = np.where(inside, change, 0.0)
    many = np.maximum(count, 1)
    x_mean, y_mean = x.sum(1) / many, y.sum(1) / many
    dx, dy = np.where(inside, x - x_mean[:, None], 0), np.where(inside, y - y_mean[:, None], 0)
    tilt = (dx * dy).sum(1) / np.maximum((dx**2).sum(1), 1e-12)
    left = count - 1.0 - lag  # overlapping changes share what they know
    squares = ((dy - tilt[:, None] * dx) ** 2).sum(1)
    return np.where(left > 0, squares / np.maximum(left, 1), np.nan)


def _level(rest: Matrix, noise: Vector, drift: Vector, use: NDArray[np.bool_], x: Vector) -> Vector:
    """Return the mean of what a line leaves, recent days the heavier the more of the variance stays."""
    ratio = drift / noise
    weight_of_last = (np.sqrt(ratio**2 + 4 * ratio) - ratio) / 2
    weight = np.where(use & np.isfinite(rest), np.power(1 - weight_of_last[:, None] + 1e-12, -x), 0.0)
    return np.asarray((weight * np.where(np.isfinite(rest), rest, 0)).sum(1) / np.maximum(weight.sum(1), 1e-300))


def _first(reached: NDArray[np.bool_]) -> NDArray[np.int64]:
    return np.where(reached.any(1), reached.argmax(1) + 1, 0)
