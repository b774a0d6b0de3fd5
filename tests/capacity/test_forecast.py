"""Forecasts: what is said, what is not said, and laws they keep."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.backtest import KINDS, NOMINAL, backtest
from zecnb.capacity.forecast import forecast, step_changes
from zecnb.capacity.trend import estimate
from zecnb.errors import UsageError
from zecnb.schema import FORECAST, HISTORY, STEPS, empty

LAST = pd.Timestamp("2026-06-01", tz="UTC")
DATES = [name for name in FORECAST if name.endswith(("_from", "_to"))]


def history(used: Any, *, usable: int = 253, subnet: str = "s", vpc: str | None = "v", every: int = 1) -> pd.DataFrame:
    """Return one observation per day, the last on ``LAST``."""
    values = np.round(np.asarray(used, float)).astype(np.int64)
    days = np.arange(len(values)) - (len(values) - 1)
    return pd.DataFrame(
        {
            "at": LAST + pd.to_timedelta(days * every, unit="D"),
            "subnet_id": subnet,
            "vpc_id": vpc,
            "cidr": "10.0.0.0/24",
            "usable": usable,
            "used": values,
        }
    )


def of_subnet(frame: pd.DataFrame, **options: Any) -> pd.Series:
    """Return the forecast of the only subnet."""
    return forecast(frame, **options).iloc[0]


def noisy(seed: int = 1, days: int = 60, slope: float = 1.0, size: float = 3.0) -> Any:
    """Return a line with noise, from 100 on its last day."""
    return 100 + slope * (np.arange(days) - days + 1) + np.random.default_rng(seed).normal(0, size, days)


# -- what is said --------------------------------------------------------------------------------------------------


def test_straight_line_is_told_to_the_day() -> None:
    """Two addresses a day with 53 left: full in 27 days, give or take one."""
    row = of_subnet(history(np.arange(40) * 2 + 122))
    assert (row["status"], row["used"], row["days"]) == ("filling", 200, 40)
    assert row["slope"] == pytest.approx(2)
    expected = (LAST + pd.Timedelta(days=27)).tz_localize(None)
    assert row["full_from"] <= expected <= row["full_to"]
    assert row["full_to"] - row["full_from"] <= pd.Timedelta(days=2)


def test_thresholds_come_in_order() -> None:
    """Warning, critical and full follow each other, and each range has its beginning before its end."""
    row = of_subnet(history(noisy()), horizon=1000)
    assert row["warn_from"] < row["critical_from"] < row["full_from"]
    assert row["warn_to"] < row["critical_to"] < row["full_to"]
    assert row["full_from"] < row["full_to"]


def test_passed_thresholds_are_now() -> None:
    """A threshold that is behind has the last day of data as its date."""
    row = of_subnet(history(np.arange(40) + 190))
    assert row["warn_from"] == row["warn_to"] == LAST.tz_localize(None)
    assert row["critical_from"] == row["last_day"]


def test_full_subnet_is_full_now() -> None:
    """A subnet without a free address is full now, whether it still grows or not."""
    for used in ([253] * 20, np.arange(20) + 234):
        row = of_subnet(history(used))
        assert (row["status"], row["full_from"]) == ("full", row["last_day"])


@pytest.mark.parametrize("days", [1, 2, 6])
def test_too_few_days(days: int) -> None:
    """Below seven distinct days nothing is said."""
    row = of_subnet(history(np.arange(days) * 20 + 100))
    assert row["status"] == "not enough data"
    assert row[DATES].isna().all()
    assert np.isnan(row["slope"])


def test_many_observations_of_few_days() -> None:
    """Days count, not observations."""
    frame = pd.concat(
        [history(np.arange(6) * 9 + k).assign(at=lambda f, k=k: f["at"] + pd.Timedelta(hours=k)) for k in range(5)]
    )
    row = of_subnet(frame)
    assert (row["status"], row["days"]) == ("not enough data", 6)


def test_seven_days_are_enough() -> None:
    """From seven distinct days on there is a forecast."""
    assert of_subnet(history(np.arange(7) * 9 + 100))["status"] == "filling"


@pytest.mark.parametrize("used", [[100] * 30, np.arange(130, 70, -2), 100 + np.tile([0, 4], 20)])
def test_flat_and_falling(used: Any) -> None:
    """What does not grow is not filling, and gets no dates."""
    row = of_subnet(history(used))
    assert row["status"] == "not filling"
    assert row[DATES].isna().all()


def test_what_never_changes_is_not_filling() -> None:
    """One free address that nobody took for weeks is not about to be taken."""
    row = of_subnet(history([252] * 60))
    assert row["status"] == "not filling"
    assert pd.isna(row["full_from"])


def test_growth_that_slows_down_fades_out() -> None:
    """Growth that is slower by the week is not taken to go on as it began."""
    ahead = np.arange(-89, 1)
    fading = 200 - 100 * np.exp(-(ahead + 89) / 40)
    row = of_subnet(history(fading, usable=253))
    assert row["slope"] < 0.6 * (fading[-1] - fading[0]) / 89
    assert row["status"] in ("later", "not filling")


def test_slow_growth_is_later() -> None:
    """What grows, but cannot be full before the horizon, is later."""
    assert of_subnet(history(np.arange(60) // 4 + 10, usable=1021), horizon=100)["status"] == "later"


def test_dates_beyond_the_horizon_are_not_told() -> None:
    """The end of a range that lies beyond the horizon is open."""
    steps = np.cumsum(np.where(np.arange(60) % 17 == 0, 20, 0)) + 100
    row = of_subnet(history(steps), horizon=60)
    assert pd.notna(row["full_from"])
    assert pd.isna(row["full_to"])


def test_gaps_do_not_matter() -> None:
    """A line observed every third day forecasts as the line does."""
    row = of_subnet(history(np.arange(0, 60, 3) + 100, every=3))
    assert row["slope"] == pytest.approx(1)
    assert row["days"] == 20


def test_outliers_do_not_tilt() -> None:
    """Some wild days do not change the slope."""
    used = np.arange(60) + 100.0
    used[[5, 20, 33]] = [250, 0, 240]
    assert of_subnet(history(used))["slope"] == pytest.approx(1, abs=0.05)


# -- weekdays ------------------------------------------------------------------------------------------------------


def weekend(days: int) -> Any:
    """Return a slow line with 30 fewer on two days a week."""
    at = np.arange(days)
    return 100 + 0.5 * at - 30 * (at % 7 > 4)


def test_weekday_pattern_is_used() -> None:
    """With weeks of data the dips of weekends are a pattern, not noise."""
    frame = history(weekend(60))
    assert of_subnet(frame)["weekly"]
    assert of_subnet(frame)["slope"] == pytest.approx(0.5, abs=0.05)


def test_weekends_are_no_steps() -> None:
    """Dips that come every week are a pattern, not changes."""
    assert len(step_changes(history(weekend(60)))) == 0


def test_weekday_pattern_needs_data() -> None:
    """Two weeks are no pattern; nor is noise."""
    assert not of_subnet(history(weekend(16)))["weekly"]
    assert not of_subnet(history(noisy()))["weekly"]


# -- levels --------------------------------------------------------------------------------------------------------


def test_vpc_is_the_sum_of_its_subnets() -> None:
    """A VPC's forecast is of its subnets together; a day that one of them misses does not dent it."""
    one, two = history(np.arange(30) + 100), history(np.arange(30) * 2 + 50, subnet="t")
    frame = forecast(pd.concat([one, two.drop(index=[7, 12, 13])]))
    assert frame[["level", "id"]].to_numpy().tolist() == [["subnet", "s"], ["subnet", "t"], ["vpc", "v"]]
    vpc = frame.iloc[2]
    assert (vpc["used"], vpc["usable"], vpc["steps"]) == (129 + 108, 506, 0)
    assert vpc["slope"] == pytest.approx(3, abs=0.05)


def test_subnets_end_on_their_own_last_day() -> None:
    """A subnet that is no longer observed is judged as of its last day, and no longer counts in its VPC."""
    gone = history(np.arange(30) + 100, subnet="gone").assign(at=lambda f: f["at"] - pd.Timedelta(days=20))
    frame = forecast(pd.concat([history(np.arange(60) + 50), gone])).set_index("id")
    assert frame.loc["gone", "last_day"] == (LAST - pd.Timedelta(days=20)).tz_localize(None)
    assert frame.loc["v", "used"] == 109


def test_subnets_without_vpc() -> None:
    """Where no VPC is told there are subnets only."""
    assert forecast(history(np.arange(30), vpc=None))["level"].tolist() == ["subnet"]


def test_nothing_in_nothing_out() -> None:
    """An empty history gives an empty forecast with all columns."""
    frame = forecast(empty(HISTORY))
    assert list(frame.columns) == list(FORECAST)
    assert len(frame) == 0
    assert len(step_changes(empty(HISTORY))) == 0


def test_columns_are_as_documented() -> None:
    """Names and dtypes are those of the schema."""
    frame = forecast(history(noisy()))
    assert {name: str(dtype) for name, dtype in frame.dtypes.items()} == {k: v.dtype for k, v in FORECAST.items()}


@pytest.mark.parametrize(
    "options",
    [
        {"interval": 1.0},
        {"interval": float("nan")},
        {"interval": "0.8"},
        {"window": 6},
        {"window": 30.5},
        {"window": "30"},
        {"horizon": 0},
        {"horizon": True},
        {"warn_at": 0.95},
        {"warn_at": None},
        {"critical_at": 1.2},
    ],
)
def test_options_that_cannot_be(options: dict[str, Any]) -> None:
    """Options out of range, or of another type, are refused and named."""
    with pytest.raises(UsageError, match=next(iter(options))):
        forecast(history(noisy()), **options)


# -- steps ---------------------------------------------------------------------------------------------------------


def test_steps_are_marked_with_the_run_behind_them() -> None:
    """A jump is found on its day, and the journal says which plan it was."""
    used = np.full(40, 100)
    used[25:] += 48
    day = LAST - pd.Timedelta(days=14)
    journal = pd.DataFrame(
        {
            "at": [day + pd.Timedelta(hours=9), day - pd.Timedelta(days=3)],
            "run_id": ["r2", "r1"],
            "nic_id": ["n1", "n1"],
            "plan_digest": ["9f2c", "aaaa"],
        }
    )
    nics = pd.DataFrame({"nic_id": ["n1"], "subnet_id": ["s"]})
    found = step_changes(history(used), journal=journal, nics=nics)
    assert list(found.columns) == list(STEPS)
    assert found[["change", "run_id", "plan_digest"]].to_numpy().tolist() == [[48, "r2", "9f2c"]]
    assert found["day"].iloc[0] == day.tz_localize(None)


def test_steps_nobody_journaled() -> None:
    """A jump without a run behind it is marked too, downward as well."""
    used = np.full(40, 100)
    used[25:] -= 30
    found = step_changes(history(used))
    assert found["change"].tolist() == [-30]
    assert found["run_id"].isna().all()


@pytest.mark.parametrize("days", [7, 15, 40])
def test_only_the_day_of_a_step_is_marked(days: int) -> None:
    """However much a step tilts the line through all days, the days without a change are no steps."""
    found = step_changes(history([100] * days + [148] * days))
    assert found["change"].tolist() == [48]


def test_steps_over_gaps() -> None:
    """A jump between two observations is one on the day of the second, whatever lies between."""
    every_other = step_changes(history([100] * 10 + [400] * 10, usable=1021, every=2))
    missing = step_changes(history([100] * 10 + [200] * 10).drop(index=9))
    assert [*every_other["change"], *missing["change"]] == [300, 100]
    assert missing["day"].iloc[0] == (LAST - pd.Timedelta(days=9)).tz_localize(None)


@pytest.mark.parametrize("used", [[100] * 85 + [148] * 5, [100] * 15 + [148] * 15, [148] * 15 + [100] * 15])
def test_one_step_is_no_growth(used: list[int]) -> None:
    """What was flat before a step and is flat after it is not filling, and does not grow."""
    row = of_subnet(history(used))
    assert (row["status"], row["slope"], row["steps"]) == ("not filling", 0, 1)


def test_growth_around_a_step_is_known() -> None:
    """A step that came once does not change how fast use is said to grow."""
    assert of_subnet(history(np.arange(40) + 50 + 48 * (np.arange(40) > 30)))["slope"] == pytest.approx(1)


def test_growth_by_steps_is_growth() -> None:
    """Steps that come again and again are how a subnet grows; those that come every other day are none."""
    rare = np.cumsum(np.where(np.arange(60) % 17 == 0, 20, 0)) + 100
    assert of_subnet(history(rare))["status"] == "filling"
    assert len(step_changes(history(rare))) == 3
    assert len(step_changes(history(np.arange(40) // 2 * 8))) == 0


def test_growth_is_no_step() -> None:
    """Steady growth and noise have no steps."""
    assert len(step_changes(history(noisy()))) == 0
    assert len(step_changes(history(np.arange(60) * 4))) == 0


# -- laws ----------------------------------------------------------------------------------------------------------


@settings(max_examples=40)
@given(
    st.lists(st.integers(0, 200), min_size=7, max_size=50),
    st.integers(0, 40),
    st.integers(0, 5),
)
def test_more_load_is_never_later(used: list[int], more: int, per_day: int) -> None:
    """Adding load, at once or day by day, moves no date later; a date beyond the horizon is the latest of all."""
    loaded = np.array(used) + more + per_day * np.arange(len(used))
    before, after = of_subnet(history(used)), of_subnet(history(loaded))
    never = pd.Timestamp("2200-01-01")
    for name in DATES:
        was, now = (row[name] if pd.notna(row[name]) else never for row in (before, after))
        assert now <= was, name


@settings(max_examples=20)
@given(st.lists(st.integers(0, 253), min_size=7, max_size=40), st.integers(0, 2**32 - 1))
def test_order_of_rows_does_not_matter(used: list[int], seed: int) -> None:
    """Observations may come in any order."""
    frame = history(used)
    shuffled = frame.sample(frac=1, random_state=seed % 2**31)
    pd.testing.assert_frame_equal(forecast(frame), forecast(shuffled))


@settings(max_examples=20)
@given(st.lists(st.integers(0, 253), min_size=7, max_size=40))
def test_wider_interval_holds_the_narrower(used: list[int]) -> None:
    """A range that is to hold the truth more often begins no later and ends no earlier."""
    narrow, wide = (of_subnet(history(used), interval=share) for share in (0.5, 0.9))
    never = pd.Timestamp("2200-01-01")
    assert (wide["full_from"] if pd.notna(wide["full_from"]) else never) <= (
        narrow["full_from"] if pd.notna(narrow["full_from"]) else never
    )
    if pd.notna(wide["full_to"]) and pd.notna(narrow["full_to"]):
        assert wide["full_to"] >= narrow["full_to"]


def test_many_series_are_as_each_alone() -> None:
    """Forecasts of several subnets at once are those of each by itself."""
    parts = [history(noisy(seed, days=20 + seed), subnet=f"s{seed:02d}", vpc=None) for seed in range(12)]
    together = forecast(pd.concat(parts))
    alone = pd.concat([forecast(part) for part in parts], ignore_index=True)
    pd.testing.assert_frame_equal(together, alone)


# -- truth ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind not in ("flat", "linear")])
def test_truth_is_inside_as_often_as_promised(kind: str) -> None:
    """On histories of every kind that leaves something open the range holds the truth about as often as nominal."""
    outcome = backtest(kind, series=400, seed=7)
    assert abs(outcome.inside - NOMINAL) <= 0.08
    assert outcome.silent <= 0.1 or kind == "saturating"


def test_straight_lines_are_known_to_the_day() -> None:
    """Where nothing is uncertain the range is a day or two, and right."""
    outcome = backtest("linear", series=200, seed=7)
    assert outcome.width <= 1
    assert outcome.inside >= 0.9
    assert abs(outcome.bias) <= 0.5


def test_flat_histories_are_not_filling() -> None:
    """What does not grow gets no dates, and rightly so."""
    outcome = backtest("flat", series=300, seed=7)
    assert outcome.silent >= 0.95
    assert outcome.right == 1


def test_ranges_say_something() -> None:
    """Ranges are not right by being endless, nor off to one side: steady growth is told within days."""
    outcome = backtest("noisy", series=200, seed=7)
    assert outcome.width <= 12
    assert outcome.open < 0.1
    assert abs(outcome.bias) <= 1


def test_the_slope_beside_a_step_is_as_certain_as_is_said() -> None:
    """How large the step was nobody knows, and the interval says so: it holds the truth about four times of five."""
    chance = np.random.default_rng(1)
    days = np.arange(90)
    rising = np.round(100 + 2.6 * days + 60 * (days >= 40) + chance.normal(0, 4, (300, 90)))
    found = estimate(rising)
    off = (found.slope - 2.6) / found.around.mean("slope_sd")
    assert 0.72 < (np.abs(off) < 1.28).mean() < 0.88
    assert np.abs(found.slope - 2.6).mean() < 0.06
