"""Trends of many daily series at once: steps, robust slope, bend, weekday pattern, and how they deviate from all that.

Everything is a matrix of one row per series and one column per day, the last column the last day; NaN where there is
no observation. All estimates except the level and the slope depend on what is left after a straight line is taken
away, so adding a line to a series changes the line only: forecasts are monotone in added load.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Matrix = NDArray[np.float64]
    Vector = NDArray[np.float64]

__all__ = ["Trend", "changes", "estimate"]

_WEEK = 7
_WEEKS_NEEDED = 3
_EXPLAINED = 0.5  # part of the short-term variance that a weekday pattern must explain to be believed
_CURVED = 1.6  # standard errors by which the slopes of the two halves differ in a series that bends
_SHAPELESS = 1.25  # how much wider the error of a bend is because nobody knows how it goes on
_ROUNDED = 1 / 12  # variance of whole addresses
_PAIRS = 4_000_000  # pairwise slopes held at once
_RARE = 0.9  # share of the changes that are no steps: what comes more often is how a series grows
_FAR = 6  # standard deviations of the usual changes that make a step
_LEAST = 3  # addresses that make a step
_ALMOST = 4 / 6  # part of that which another change must not reach for a step to be the only one
_HAIR = 1e-9  # sums of fractions may differ by so much

DRIFTS = np.array([0, 0.03, 0.1, 0.3, 0.6, 0.9, 1])
"""Shares of a day's variance that may stay for good: 0 for deviations that are gone the next day, 1 for steps."""

_ROBUST = 1.05 + 0.2 * DRIFTS  # how much more a median of slopes varies than the best estimate
_BELIEVED = np.array([0.8, *[0.2 / 6] * 6])  # before anything is seen


class Deviations(NamedTuple):
    """How a series deviates from its line, float64[series, drifts]: once for each of ``DRIFTS``.

    Attributes:
        weight: how likely each is, adding up to 1.
        level, level_sd: of the series on the last day without noise, and its standard error.
        pivot: days before the last one at which an error of the slope does not matter.
        slope_sd: standard error of the slope.
        noise: variance of one day that is gone the next day.
        drift: variance that every day adds and that stays.
        freedom: how many independent deviations so well known a variance is worth.
    """

    weight: Matrix
    level: Matrix
    level_sd: Matrix
    pivot: Matrix
    slope_sd: Matrix
    noise: Matrix
    drift: Matrix
    freedom: Matrix

    def mean(self, name: str) -> Vector:
        """Return one of the others, each by how likely it is."""
        return np.asarray((self.weight * getattr(self, name)).sum(1))


class Trend(NamedTuple):
    """What is known of each series.

    Attributes:
        days: int64, observations.
        steps: bool[series, days], where it changed far more than it usually does from one observation to the next.
        span: days from the first observation to the last.
        slope: per day, over all of it, without a step that came only once.
        bend, bend_sd: change of the slope per day and its standard error, 0 unless the halves differ clearly.
        pattern: [series, 7], deviation by days after the last day, 0 where no pattern was found.
        weekly: bool, whether one was.
        around: how it deviates from its line.
    """

    days: NDArray[np.int64]
    steps: NDArray[np.bool_]
    span: Vector
    slope: Vector
    bend: Vector
    bend_sd: Vector
    pattern: Matrix
    weekly: NDArray[np.bool_]
    around: Deviations

    @property
    def recent(self) -> Vector:
        """Return the slope on the last day: of growth that slows down as it fades out, of other growth as it bends."""
        early, late = self.slope - self.bend * self.span / 4, self.slope + self.bend * self.span / 4
        faded = late * np.sqrt(np.clip(late / np.where(early > 0, early, 1), 0, 1))
        return np.where(self.bend < 0, np.where(late > 0, faded, late), late + self.bend * self.span / 4)

    @property
    def recent_sd(self) -> Vector:
        """Return its standard error."""
        return np.asarray(np.hypot(self.around.mean("slope_sd"), self.bend_sd * self.span / 2))


def estimate(used: Matrix) -> Trend:
    """Fit every row; rows with fewer than two observations get zeros."""
    width = used.shape[1]
    x = np.arange(width) - (width - 1.0)
    there = np.isfinite(used)
    days = there.sum(1)
    slope, pattern, weekly = _straight(used)
    steps, once = _steps(_without(used, pattern))
    if len(again := np.flatnonzero(once.any(1))):
        # A step that came only once is no growth: the slope is that of what lies between two of them.
        slope[again], pattern[again], weekly[again] = _straight(used[again], np.cumsum(once[again], axis=1))
        used = used + _lift(_without(used, pattern) - slope[:, None] * x, once)
    flat = _without(used, pattern)

    begin = np.where(there.any(1), there.argmax(1), 0)
    span = np.maximum(width - begin, 2).astype(np.float64)
    late = np.arange(width) >= ((begin + width) // 2)[:, None]
    change = _theil_sen(np.where(late, flat, np.nan)) - _theil_sen(np.where(late, np.nan, flat))
    bend = change / (span / 2)
    line = flat - slope[:, None] * x
    curved = _deviations(line - bend[:, None] / 2 * (x**2 + span[:, None] * x), once)
    # Each half has half the days, so its slope varies eight times as much, and the difference of two twice that.
    bend_sd = 4 * _SHAPELESS * curved.mean("slope_sd") / (span / 2)
    bends = (days >= 2 * _WEEK) & (np.abs(bend) > _CURVED * bend_sd + 1e-9)
    around = _deviations(line, once)
    around = Deviations(*(np.where(bends[:, None], *pair) for pair in zip(curved, around, strict=True)))
    return Trend(days, steps, span, slope, bend * bends, bend_sd * bends, pattern, weekly, around)


def changes(used: Matrix) -> tuple[Matrix, Matrix]:
    """Return how much more each observation is than the one before, and the days between; NaN where there is none."""
    rows, width = used.shape
    at = np.broadcast_to(np.arange(width), used.shape)
    last = np.maximum.accumulate(np.where(np.isfinite(used), at, -1), axis=1)
    before = np.column_stack([np.full(rows, -1), last[:, :-1]])
    known = np.isfinite(used) & (before >= 0)
    change = np.where(known, used - used[np.arange(rows)[:, None], before], np.nan)
    return change, np.where(known, at - before, np.nan)


def _steps(flat: Matrix) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Return where series without their pattern have steps, and which of them came only once in their direction.

    Steps that came again, or almost, are how a series grows.
    """
    change, apart = changes(flat)
    size = change - _median(change / apart)[:, None] * apart
    far = np.abs(size) / np.sqrt(apart)  # deviations that stay add up
    middling, rare = 1.4826 * _quantile(far, 0.5), _quantile(far, _RARE) / 1.645
    limit = np.maximum(_FAR * np.maximum(middling, rare), _LEAST)[:, None] + _HAIR
    steps = far > limit
    once = np.zeros_like(steps)
    large = far > limit * _ALMOST
    for way in (size > 0, size < 0):
        once |= steps & way & ((large & way).sum(1, keepdims=True) == 1)
    return steps, once


def _lift(rest: Matrix, once: NDArray[np.bool_]) -> Matrix:
    """Return what to add to bring what was before each step to where it would be now, by the week on either side."""
    rows, columns = np.nonzero(once)
    week = np.arange(_WEEK)[:, None]
    size = np.zeros_like(rest)
    size[rows, columns] = _around(rest, rows, columns + week) - _around(rest, rows, columns - 1 - week)
    return np.asarray(size.sum(1, keepdims=True) - np.cumsum(size, axis=1))


def _around(rest: Matrix, rows: NDArray[np.int64], columns: NDArray[np.int64]) -> Vector:
    """Return the median of some days of some series; days that there are not are left out."""
    there = (columns >= 0) & (columns < rest.shape[1])
    return _median(np.where(there, rest[rows, np.clip(columns, 0, rest.shape[1] - 1)], np.nan).T)


def _straight(used: Matrix, part: Matrix | None = None) -> tuple[Vector, Matrix, NDArray[np.bool_]]:
    """Return the slope of each row, its weekday pattern, and whether it has one; by days of the same part only."""
    width = used.shape[1]
    slope = _theil_sen(used, part)
    line = slope[:, None] * (np.arange(width) - (width - 1.0))
    pattern, weekly = _weekday(used - line)
    if weekly.any():
        slope = np.where(weekly, _theil_sen(_without(used, pattern), part), slope)
    return slope, pattern, weekly


def _without(used: Matrix, pattern: Matrix) -> Matrix:
    """Take the weekday pattern away."""
    return used - pattern[:, _phase(used.shape[1])]


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


def _quantile(values: Matrix, share: float) -> Vector:
    """Return the entry of each row, NaN left out, that so many of the others do not exceed; 0 in rows of nothing."""
    count = np.isfinite(values).sum(1)
    if not values.shape[1]:
        return np.zeros(len(values))
    rank = (share * np.maximum(count - 1, 0)).astype(np.int64)
    return np.where(count > 0, np.sort(values, axis=1)[np.arange(len(values)), rank], 0.0)


def _theil_sen(used: Matrix, part: Matrix | None = None) -> Vector:
    """Return the median of the slopes between every two days, of the same part if there are parts."""
    width = used.shape[1]
    first, second = np.triu_indices(width, 1)
    apart = (second - first).astype(np.float64)
    step = max(_PAIRS // max(len(first), 1), 1)
    found = np.zeros(len(used))
    for at in range(0, len(used), step):
        slopes = (used[at : at + step, second] - used[at : at + step, first]) / apart
        if part is not None:
            slopes[part[at : at + step, second] != part[at : at + step, first]] = np.nan
        found[at : at + step] = _median(slopes)
    return found


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


def _deviations(rest: Matrix, once: NDArray[np.bool_]) -> Deviations:
    """Say how a series deviates from a line, once for each of ``DRIFTS``: a Kalman filter of a level that wanders.

    At a step that came only once nothing is known of the level any more.


    The filter runs over the series and over the days, so that a line that is left in the series costs what a line
    that had to be estimated costs (restricted likelihood).
    """
    rows, width = rest.shape
    shape = rows, len(DRIFTS)
    there = np.isfinite(rest)
    level, day = np.zeros(shape), np.zeros(shape)
    known = np.zeros((rows, 1), np.bool_)
    uncertain = np.zeros(shape)
    squares, fourth, crossed, turned, volume = (np.zeros(shape) for _ in range(5))
    for at in range(width):
        uncertain = uncertain + DRIFTS
        known = known & ~once[:, at, None]
        seen, y = there[:, at, None], np.where(there[:, at], rest[:, at], 0.0)[:, None]
        total = uncertain + (1 - DRIFTS)
        gain = np.where(seen, np.where(known, uncertain / total, 1.0), 0.0)
        counts = seen & known
        miss, late = np.where(counts, y - level, 0.0), np.where(counts, at - (width - 1.0) - day, 0.0)
        squares += miss**2 / total
        fourth += miss**4 / total**2
        crossed += miss * late / total
        turned += late**2 / total
        volume += np.where(counts, np.log(total), 0.0)
        level, day = level + gain * (y - level), day + gain * (at - (width - 1.0) - day)
        uncertain = np.where(seen, np.where(known, uncertain * (1 - gain), 1 - DRIFTS), uncertain)
        known = known | seen
    free = np.maximum((there.sum(1) - once.sum(1))[:, None] - 2, 1)
    turned = np.maximum(turned, 1e-12)
    left = np.maximum(squares - crossed**2 / turned, 0) + _ROUNDED
    scale = left / free
    likely = -0.5 * (volume + np.log(turned) + free * np.log(left)) + np.log(_BELIEVED)
    # What never leaves its line tells nothing of how long deviations stay: there are none.
    likely[:, 1:] -= np.where(squares.max(1, keepdims=True) < 1e-9, np.inf, 0.0)
    weight = np.exp(likely - likely.max(1, keepdims=True))
    peaked = np.maximum(fourth * (free + 1) / np.maximum(squares, 1e-12) ** 2, 1.5)
    return Deviations(
        weight / weight.sum(1, keepdims=True),
        level,
        np.sqrt(scale * uncertain),
        -day,
        np.sqrt(_ROBUST * scale / turned),
        scale * (1 - DRIFTS),
        scale * DRIFTS,
        np.maximum(free / (peaked - 1), 2),
    )
