"""The picture of a forecast."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from tests.capacity.test_forecast import history, noisy, weekend
from tests.planner.accounts import EVIL
from tests.render.layout import check_texts
from zecnb.capacity.outlook import outlook
from zecnb.errors import UsageError
from zecnb.render.forecast import ForecastChart


def chart(used: Any, *, name: str = "app-sin", dark: bool = False) -> ForecastChart:
    """Return the picture of one subnet."""
    return outlook(history(used, subnet=name, vpc=None)).chart(name, dark=dark)


STEP = np.arange(90) // 4 + 100 + np.where(np.arange(90) > 50, 30, 0)
PASTS = {
    "filling": noisy(days=80),
    "steps": STEP,
    "weekly": weekend(70),
    "flat": [100] * 30,
    "few": [9, 9, 10],
    "one day": [9],
    "full": np.minimum(np.arange(60) * 2 + 150, 253),
    "nearly full": np.minimum(np.arange(60) // 12 + 246, 253),
}


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("past", PASTS)
def test_no_text_is_cut_or_covered(past: str, dark: bool) -> None:
    """Whatever is known, every word can be read."""
    check_texts(chart(PASTS[past], name="a very long name of a subnet that does not end here", dark=dark).figure)


def test_subnet_without_room_is_drawn() -> None:
    """A subnet in which nothing can be assigned is full, and its picture has a scale all the same."""
    made = outlook(history([0] * 20, usable=0, subnet="s", vpc=None)).chart("s")
    check_texts(made.figure)
    assert repr(made) == "ForecastChart(s: 0 of 0 used · full)"


def marks(made: ForecastChart) -> list[str]:
    """Return what is written under the time axis, in order of time."""
    texts = [text for text in made.figure.axes[1].texts if text.get_position()[1] < 0]
    return [text.get_text() for text in sorted(texts, key=lambda text: text.get_position()[0])]


def test_years_are_told_where_they_change() -> None:
    """The time axis names a year where it is not that of the last day, and where another one begins."""
    past = history(np.arange(90) * 2 + 100, usable=300, subnet="s", vpc=None)
    assert marks(outlook(past).chart("s")) == ["9 Mar", "6 Apr", "4 May", "1 Jun"]
    over = outlook(past.assign(at=past["at"] + pd.Timedelta(days=250))).chart("s")
    assert marks(over) == ["14 Nov 2026", "12 Dec", "9 Jan 2027", "6 Feb"]


def test_legend_says_what_the_dotted_line_is() -> None:
    """The last day of data is marked, and the legend says so."""
    made = chart(noisy(days=80))
    assert "last day of data" in [text.get_text() for axes in made.figure.axes for text in axes.texts]


def test_dates_are_drawn_where_they_are_told() -> None:
    """The thick part of the line of full stands between its two dates, at the height of what is usable."""
    made = chart(noisy(days=80))
    last = made.used.index[-1]
    days = [(made.thresholds[edge].iloc[-1] - last).days for edge in ("from", "to")]
    thick = [line for line in made.figure.axes[1].lines if line.get_linewidth() == 4.5]
    assert [list(line.get_xdata()) for line in thick][-1] == days
    assert list(thick[-1].get_ydata()) == [253, 253]


def test_band_and_history_are_the_numbers() -> None:
    """The line is what was used; the shape ahead lies between the edges of the band."""
    made = chart(noisy(days=80))
    axes = made.figure.axes[1]
    drawn = next(line for line in axes.lines if len(line.get_xdata()) == 80)
    assert list(drawn.get_ydata()) == made.used.tolist()
    shape = axes.collections[0].get_paths()[0].vertices
    assert shape[:, 0].max() == len(made.band)
    assert shape[:, 1].max() <= axes.get_ylim()[1]


def test_steps_have_a_mark() -> None:
    """A jump is marked on its day, and in the legend."""
    made = chart(STEP)
    marks = [line for line in made.figure.axes[1].lines if line.get_marker() == "^"]
    assert [line.get_xdata()[0] for line in marks] == [-38]
    assert "step change" in [text.get_text() for axes in made.figure.axes for text in axes.texts]


def test_text_says_the_same() -> None:
    """Thresholds, dates and steps are there in words."""
    said = chart(STEP).text()
    assert said.startswith("Forecast of app-sin: 152 of 253 used · later")
    assert all(word in said for word in ("warning", "critical", "full", "Step changes:", "2026-04-24"))
    assert "not in sight" in chart(PASTS["flat"]).text()
    assert "not told" in chart(PASTS["few"]).text()
    assert "reached" in chart(PASTS["full"]).text()


def test_counts_are_the_thresholds() -> None:
    """The numbers behind the picture: one row per threshold."""
    counts = chart(noisy()).counts
    assert counts["threshold"].tolist() == ["warning", "critical", "full"]
    assert counts["addresses"].tolist() == pytest.approx([189.75, 227.7, 253])


def test_redacted_picture_has_no_name() -> None:
    """Neither picture nor text nor repr of a redacted one has the name."""
    made = chart(noisy()).redacted()
    texts = [text.get_text() for axes in made.figure.axes for text in axes.texts]
    assert not any("app-sin" in text for text in [*texts, made.text(), repr(made)])


def test_names_are_plain_text() -> None:
    """Control characters of a name do not get into the picture's words."""
    assert "\x1b" not in repr(chart(noisy(), name=EVIL + "\x1b[31m"))


def test_same_bytes_each_time() -> None:
    """The same forecast gives the same file."""
    assert chart(STEP).png(1) == chart(STEP).png(1)


def test_what_cannot_be_drawn() -> None:
    """A missing column and a history without a day are each said."""
    made = chart(noisy())
    fields = {name: getattr(made, name) for name in made.__dataclass_fields__}
    with pytest.raises(UsageError, match="the column share"):
        ForecastChart(**{**fields, "thresholds": made.thresholds.drop(columns="share")})
    with pytest.raises(UsageError, match="a day that was observed"):
        ForecastChart(**{**fields, "used": pd.Series(dtype="float64")})
