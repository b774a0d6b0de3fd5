"""How often the truth falls inside the forecast's interval: ``python -m tests.backtest [--series N]``.

Synthetic histories of known kinds are cut at a day, forecast, and compared with what came then. A range without an
end claims that the subnet is not full before the horizon, or not before its beginning; "not filling" and "later"
claim that it is not full within the horizon.
"""

from __future__ import annotations

import argparse
from typing import NamedTuple

import numpy as np
import pandas as pd

from zecnb.capacity.forecast import forecast

__all__ = ["KINDS", "NOMINAL", "Outcome", "backtest", "histories"]

KINDS = ("linear", "noisy", "steps", "weekly", "flat", "saturating")
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
        width: median days of the ranges that have one, NaN without any.
    """

    kind: str
    series: int
    inside: float
    early: float
    late: float
    open: float
    width: float


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
    ended = last <= _AHEAD
    width = float(np.median((last - first)[ended])) if ended.any() else float("nan")
    inside = ~early & ~late
    return Outcome(kind, series, inside.mean(), early.mean(), late.mean(), ((first <= _AHEAD) & ~ended).mean(), width)


def main() -> None:
    """Print one line per kind and the mean of all."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--series", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    print(f"nominal {NOMINAL:.0%}, {given.series} histories of 28 to 90 days of each kind, {_AHEAD} days ahead")
    print(f"{'kind':12} {'inside':>7} {'came earlier':>13} {'later':>7} {'open end':>9} {'median width':>13}")
    outcomes = [backtest(kind, given.series, given.seed) for kind in KINDS]
    for each in outcomes:
        shares = f"{each.inside:7.1%} {each.early:13.1%} {each.late:7.1%} {each.open:9.1%}"
        print(f"{each.kind:12} {shares} {each.width:8.0f} days")
    print(f"{'all':12} {np.mean([each.inside for each in outcomes]):7.1%}")


if __name__ == "__main__":
    main()
