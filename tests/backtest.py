"""How often the truth falls inside the forecast's interval: ``python -m tests.backtest [--series N]``.

Synthetic histories of known kinds are cut at a day, forecast, and compared with what came then. A range without an
end claims that the subnet is not full before its beginning; "not filling" and "later" claim that it is not full within
the horizon.

How often the truth is inside is to be near the nominal share. Two kinds are judged otherwise. Flat histories have no
day to be right about: what counts is how often they are called "not filling" or "later". A straight line is known to
the day, and a range of whole days cannot be so short that it misses one in five: there the width counts. So that no
range is right by being wide, the table has its median width, and the bias: the middle of the range less the truth.
"""

from __future__ import annotations

import argparse
from typing import NamedTuple

import numpy as np
import pandas as pd

from zecnb.capacity.forecast import forecast

__all__ = ["KINDS", "NOMINAL", "Outcome", "backtest", "histories"]

KINDS = ("linear", "noisy", "steps", "weekly", "flat", "saturating", "mixed")
NOMINAL = 0.8
_USABLE, _AHEAD = 1021, 365


class Outcome(NamedTuple):
    """What came of the forecasts of one kind.

    Attributes:
        kind: of history.
        series: forecasts made.
        inside: share of them that held the truth, 0..1.
        early, late: share in which it came before, and after, the range.
        open: share of ranges without an end.
        width: median days of the ranges that have an end, NaN without any.
        bias: median days by which the middle of such a range lies after the truth, NaN without any.
        silent: share of them called "not filling" or "later".
        right: share of these that were not full within the horizon, NaN without any.
    """

    kind: str
    series: int
    inside: float
    early: float
    late: float
    open: float
    width: float
    bias: float
    silent: float
    right: float


def histories(kind: str, series: int, seed: int = 1) -> tuple[np.ndarray, np.ndarray]:
    """Return use by day, and on which column each history ends; what follows is the truth.

    Args:
        kind: one of ``KINDS``.
        series: how many.
        seed: of the chance.
    """
    chance = np.random.default_rng([seed, KINDS.index(kind)])
    past = chance.integers(28, 91, series)
    day = np.arange(90 + _AHEAD) - 89  # the last day of the past is 0
    per_day = chance.uniform(1, 6, (series, 1))
    now = chance.uniform(0.4, 0.8, (series, 1)) * _USABLE
    line = now + per_day * day
    if kind == "noisy":
        line = line + chance.normal(0, chance.uniform(2, 15, (series, 1)), line.shape)
    elif kind == "steps":
        every = chance.uniform(2, 8, (series, 1))
        size = chance.poisson(per_day * every, line.shape)
        walk = np.cumsum(np.where(chance.random(line.shape) < 1 / every, size, 0), axis=1)
        line = now + walk - walk[:, 89:90]
    elif kind == "weekly":
        swing = chance.uniform(5, 25, (series, 1)) * np.isin((day + chance.integers(0, 7, (series, 1))) % 7, (5, 6))
        line = line - swing + chance.normal(0, 2, line.shape)
    elif kind == "flat":
        line = now + chance.normal(0, chance.uniform(0, 8, (series, 1)), line.shape)
    elif kind == "saturating":
        pace = chance.uniform(40, 150, (series, 1))
        line = now + per_day * pace * (1 - np.exp(-day / pace)) + chance.normal(0, 2, line.shape)
    elif kind == "mixed":
        jumps = np.where(chance.random(line.shape) < 0.1, chance.poisson(5 * per_day, line.shape), 0)
        weekend = np.isin((day + chance.integers(0, 7, (series, 1))) % 7, (5, 6))
        walk = np.cumsum(jumps, axis=1)
        line = now + per_day / 2 * day + walk - walk[:, 89:90] - 15 * weekend + chance.normal(0, 3, line.shape)
    return np.clip(np.round(line), 0, _USABLE), past


def backtest(kind: str, series: int = 300, seed: int = 1) -> Outcome:
    """Forecast histories of one kind and compare with what came."""
    used, past = histories(kind, series, seed)
    today = pd.Timestamp("2026-06-01", tz="UTC")
    row, column = np.nonzero((np.arange(90) > 89 - past[:, None]) & (used[:, :90] >= 0))
    frame = forecast(
        pd.DataFrame(
            {
                "at": today + pd.to_timedelta(column - 89, unit="D"),
                "subnet_id": pd.Series(row).astype("str").str.zfill(6),
                "cidr": "10.0.0.0/22",
                "usable": _USABLE,
                "used": used[row, column].astype(np.int64),
            }
        ),
        interval=NOMINAL,
        horizon=_AHEAD,
    )
    full = used[:, 90:] >= _USABLE
    truth = np.where(full.any(1), full.argmax(1) + 1, _AHEAD + 1)
    first, last = (
        ((frame[name] - frame["last_day"]).dt.days.fillna(_AHEAD + 1)).to_numpy() for name in ("full_from", "full_to")
    )
    early, late = truth < first, truth > last
    ended, came = last <= _AHEAD, truth <= _AHEAD
    silent = first > _AHEAD
    return Outcome(
        kind,
        series,
        float((~early & ~late).mean()),
        float(early.mean()),
        float(late.mean()),
        float(((first <= _AHEAD) & ~ended).mean()),
        _median((last - first)[ended]),
        _median(((first + last) / 2 - truth)[ended & came]),
        float(silent.mean()),
        float((~came)[silent].mean()) if silent.any() else float("nan"),
    )


def _median(days: np.ndarray) -> float:
    return float(np.median(days)) if len(days) else float("nan")


def main() -> None:
    """Print one line per kind."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--series", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    print(f"nominal {NOMINAL:.0%}, {given.series} histories of 28 to 90 days of each kind, {_AHEAD} days ahead")
    heads = ("inside", "earlier", "later", "open end", "median width", "bias", "not filling", "and right")
    print(f"{'kind':10} " + " ".join(f"{head:>12}" for head in heads))
    for each in (backtest(kind, given.series, given.seed) for kind in KINDS):
        inside = "-" if each.kind == "flat" else f"{each.inside:.1%}"
        days = (f"{each.width:.0f} days", f"{each.bias:+.1f} days")
        told = (f"{each.early:.1%}", f"{each.late:.1%}", f"{each.open:.1%}", *days)
        cells = (inside, *told, f"{each.silent:.1%}", f"{each.right:.1%}")
        print(f"{each.kind:10} " + " ".join(f"{cell:>12}" for cell in cells))


if __name__ == "__main__":
    main()
