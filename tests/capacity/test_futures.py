"""Possible futures: the same for everybody, and one picture with the dates that are told."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zecnb.capacity.futures import band, crossings
from zecnb.capacity.trend import estimate

USED = np.random.default_rng(3).poisson(2.0, (6, 60)).cumsum(axis=1) + 50.0


def test_edges_are_in_order_and_never_fall() -> None:
    """Most used by a day: the lower edge is below the middle, the middle below the upper, and none goes back."""
    low, middle, high = band(estimate(USED), 120, 0.8)
    assert low.shape == middle.shape == high.shape == (6, 120)
    assert ((low <= middle) & (middle <= high)).all()
    assert all((np.diff(edge, axis=1) >= 0).all() for edge in (low, middle, high))


def test_band_and_dates_are_one() -> None:
    """The upper edge reaches a threshold when the range begins, the lower when it ends, within a day."""
    trend = estimate(USED)
    threshold = np.full(6, 300.0)
    low, _, high = band(trend, 365, 0.8)
    [(early, late)] = crossings(trend, (threshold,), 365, 0.8)
    for edge, told in ((high, early), (low, late)):
        reached = (edge >= threshold[:, None]).argmax(1) + 1
        assert (told > 0).all()
        assert np.abs(reached - told).max() <= 1


def test_futures_are_the_same_each_time() -> None:
    """Chance is fixed: the same history has the same futures, alone or among others."""
    together = band(estimate(USED), 90, 0.8)[2]
    alone = np.concatenate([band(estimate(row[None]), 90, 0.8)[2] for row in USED])
    np.testing.assert_allclose(together, alone)


@pytest.mark.parametrize("horizon", [1, 7, 3650])
def test_any_horizon(horizon: int) -> None:
    """From tomorrow to ten years; what is not reached by then is 0."""
    [(early, late)] = crossings(estimate(USED), (np.full(6, 1e9),), horizon, 0.8)
    assert not early.any()
    assert not late.any()


@settings(max_examples=25)
@given(
    st.lists(st.integers(0, 500), min_size=14, max_size=60),
    st.integers(0, 300),
    st.integers(0, 4),
)
def test_added_load_lifts_every_edge(used: list[int], more: int, per_day: int) -> None:
    """With load added, at once or day by day, no edge of the band is lower on any day."""
    plain = np.array(used, float)[None]
    loaded = plain + more + per_day * np.arange(len(used))
    before, after = band(estimate(plain), 60, 0.8), band(estimate(loaded), 60, 0.8)
    for was, now in zip(before, after, strict=True):
        assert (now >= was - 1e-6).all()
