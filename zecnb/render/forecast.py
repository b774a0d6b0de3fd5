"""How full something was, and when it will be full: history, the band of where it goes, thresholds and dates."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd

from zecnb.errors import UsageError
from zecnb.render.cells import percent
from zecnb.render.figures import Chart, blank_axes, draw_heading, label, new_figure, write
from zecnb.render.palette import TONES, theme
from zecnb.render.text import table_text

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from zecnb.render.palette import Theme

__all__ = ["ForecastChart"]

_WIDTH, _LEFT, _TOP, _ACROSS, _TALL = 7.7, 0.75, 0.72, 5.1, 2.75
_USED, _STEP = "#0072B2", "#CC79A7"  # Okabe-Ito, as everywhere
_BAND = "#56B4E9"
_LINES = {"warning": "#E69F00", "critical": "#D55E00", "full": ""}
_EVERY = (7, 14, 28, 56, 91, 182, 365)  # days between marks of the time axis
_DAY = pd.Timedelta(days=1)


class _Threshold(NamedTuple):
    """One threshold, and the days between which it is reached."""

    name: str
    share: float
    addresses: float
    first: pd.Timestamp
    last: pd.Timestamp


@dataclass(frozen=True, eq=False, repr=False)
class ForecastChart(Chart):
    """What was used day by day, the band of the most that will be used by a day, and when it reaches thresholds.

    Attributes:
        title: name of the subnet or VPC, untrusted text.
        status: full, filling, later, not filling, or not enough data.
        slope: addresses per day, and its interval.
        usable: addresses that can be assigned.
        used: addresses by day.
        band: ``low, middle, high`` by day; empty where nothing can be said.
        thresholds: ``threshold`` (warning, critical, full), ``share`` (0..1), ``addresses``, ``from``, ``to`` (NaT
            when beyond the horizon).
        steps: ``day, change``: jumps of the use.
        interval: how often the truth is to lie within a range, 0..1.
        dark: for dark backgrounds.
        anonymous: no name.

    Raises:
        UsageError: a column is missing, or no day was observed.
    """

    title: str
    status: str
    slope: tuple[float, float, float]
    usable: int
    used: pd.Series
    band: pd.DataFrame
    thresholds: pd.DataFrame
    steps: pd.DataFrame
    interval: float = 0.8
    dark: bool = False
    anonymous: bool = False

    def __post_init__(self) -> None:
        needed = (
            (self.band, ("low", "middle", "high")),
            (self.thresholds, ("threshold", "share", "addresses", "from", "to")),
            (self.steps, ("day", "change")),
        )
        for frame, names in needed:
            if missing := [name for name in names if name not in frame.columns]:
                raise UsageError(f"a picture of a forecast needs the column {missing[0]}")
        if not len(self.used):
            raise UsageError("a picture of a forecast needs a day that was observed")

    @property
    def counts(self) -> pd.DataFrame:
        """When each threshold is reached: ``threshold, share, addresses, from, to``."""
        return self.thresholds.copy()

    def redacted(self) -> ForecastChart:
        """Return the same picture without the name."""
        return replace(self, anonymous=True)

    def draw(self) -> Figure:
        """Return a new figure of this chart."""
        paint = theme(dark=self.dark)
        figure = new_figure(_WIDTH, _TOP + _TALL + 0.78, paint)
        draw_heading(figure, f"Forecast of {self._called}", self._line(), paint)
        axes = blank_axes(figure, _LEFT, _TOP, _ACROSS, _TALL)
        last = self.used.index[-1]
        days = (self.used.index - last) / _DAY
        begin, end = float(days[0]), float(len(self.band) or 7)
        top = max(self.usable, float(self.used.max()), 1.0) * 1.07
        axes.set_xlim(begin, end)
        axes.set_ylim(0, top)
        self._scales(axes, paint, last)
        self._ahead(axes, paint, top)
        colour = _BAND if self.dark else _USED
        axes.plot(days, self.used.to_numpy(), color=colour, linewidth=1.6, zorder=5, solid_joinstyle="round")
        axes.plot([0], [self.used.iloc[-1]], "o", color=colour, markersize=4, zorder=6)
        shown = self.steps[self.steps["day"].isin(self.used.index)]
        for day, change in zip(shown["day"], shown["change"], strict=True):
            at = self.used.get(day, np.nan)
            shape = "^" if change > 0 else "v"
            axes.plot(
                [(day - last) / _DAY], [at], shape, color=_STEP, markeredgecolor=paint.paper, markersize=8, zorder=7
            )
        self._legend(figure, paint)
        return figure

    def _scales(self, axes: Axes, paint: Theme, last: pd.Timestamp) -> None:
        """Draw lines of addresses and of days with their numbers, and the last day of data."""
        (begin, end), (_, top) = axes.get_xlim(), axes.get_ylim()
        step = _round(self.usable / 4)
        for value in np.arange(0, top, step):
            axes.plot([begin, end], [value, value], color=paint.line, linewidth=0.6, zorder=0)
            write(axes, begin - (end - begin) * 0.012, value, f"{value:,.0f}", colour=paint.quiet, size=8, ha="right")
        every = next((days for days in _EVERY if (end - begin) / days <= 7), _EVERY[-1] * 2)
        year = last.year
        for day in np.arange(np.ceil(begin / every) * every, end + 0.5, every):
            axes.plot([day, day], [0, top], color=paint.line, linewidth=0.6, zorder=0)
            when = last + day * _DAY
            if (end - day) / (end - begin) > 0.03 and (day - begin) / (end - begin) > 0.03:
                said = f"{when.day} {when:%b}" if when.year == year else f"{when.day} {when:%b %Y}"
                year = when.year
                write(axes, day, -top * 0.055, said, colour=paint.quiet, size=8, ha="center")
        axes.plot([0, 0], [0, top], color=paint.quiet, linewidth=1, linestyle=(0, (1, 2)), zorder=1)

    def _ahead(self, axes: Axes, paint: Theme, top: float) -> None:
        """Draw the band, and each threshold with the days on which it is reached."""
        last, (begin, end) = self.used.index[-1], axes.get_xlim()
        if len(self.band):
            start = float(self.used.iloc[-1])
            x = np.arange(len(self.band) + 1)
            low, middle, high = (np.minimum(np.append(start, self.band[n]), top) for n in ("low", "middle", "high"))
            axes.fill_between(x, low, high, color=_BAND, alpha=0.35, linewidth=0, zorder=2)
            seen = np.append(start, self.band["middle"]) <= top
            axes.plot(x[seen], middle[seen], color=paint.text, linewidth=1.1, linestyle=(0, (4, 2)), zorder=4)
        for each in self._reached():
            colour, level = _LINES[each.name] or paint.text, each.addresses
            axes.plot([begin, end], [level, level], color=colour, linewidth=1, zorder=3)
            first, until = ((day - last) / _DAY for day in (each.first, each.last))  # NaN without a day
            if not first > 0:
                continue
            endless = not until <= end
            until = end if endless else until
            axes.plot([first, until], [level, level], color=colour, linewidth=4.5, zorder=8)
            axes.plot([first], [level], "|", color=colour, markersize=12, markeredgewidth=2, zorder=8)
            shape, size = (">", 7) if endless else ("|", 12)
            axes.plot([until], [level], shape, color=colour, markersize=size, markeredgewidth=2, zorder=8)
        self._names(axes, paint, top)

    def _names(self, axes: Axes, paint: Theme, top: float) -> None:
        """Write the thresholds and their dates right of the picture, apart from each other."""
        end, (begin, _) = axes.get_xlim()[1], axes.get_xlim()
        places = []
        floor = -np.inf
        for level in self.thresholds["addresses"]:
            floor = max(float(level), floor + 0.15 * top)
            places.append(floor)
        over = max(places[-1] - top * 0.97, 0)
        x = end + (end - begin) * 0.015
        for each, place in zip(self._reached(), places, strict=True):
            symbol = TONES[each.name].symbol if each.name in TONES else ""
            said = f"{each.name} {each.share * 100:g} % {symbol}" if each.share < 1 else f"full {self.usable:,}"
            axes.plot([x], [place - over], "s", color=_LINES[each.name] or paint.text, markersize=6, clip_on=False)
            shift, when = (end - begin) * 0.02, self._when(each.first, each.last)
            write(axes, x + shift, place - over, said, colour=paint.text, size=8, weight="bold")
            write(axes, x + shift, place - over - 0.062 * top, when, colour=paint.quiet, size=7.5)

    def _reached(self) -> list[_Threshold]:
        columns = (self.thresholds[name] for name in ("threshold", "share", "addresses", "from", "to"))
        return [_Threshold(*row) for row in zip(*columns, strict=True)]

    def _when(self, first: pd.Timestamp, last: pd.Timestamp) -> str:
        if pd.isna(first):
            return "not told" if self.status == "not enough data" else "not in sight"
        if first <= self.used.index[-1]:
            return "reached"
        begin = f"{first.day} {first:%b}"
        if pd.isna(last):
            return f"{begin} {first:%Y} or later"
        close = f"{last.day} {last:%b} {last:%Y}"
        return (
            close
            if first == last
            else f"{begin} to {close}"
            if first.year == last.year
            else f"{begin} {first:%Y} to {close}"
        )

    def _legend(self, figure: Figure, paint: Theme) -> None:
        axes = blank_axes(figure, 0, _TOP + _TALL + 0.38, _WIDTH, 0.3)
        axes.set_xlim(0, _WIDTH)
        axes.set_ylim(0.3, 0)
        x = _LEFT
        colour = _BAND if self.dark else _USED
        axes.plot([x, x + 0.25], [0.15, 0.15], color=colour, linewidth=1.6)
        write(axes, x + 0.32, 0.15, "used", colour=paint.text, size=8)
        x += 0.85
        if len(self.band):
            axes.fill_between([x, x + 0.25], 0.07, 0.23, color=_BAND, alpha=0.35, linewidth=0)
            axes.plot([x, x + 0.25], [0.15, 0.15], color=paint.text, linewidth=1.1, linestyle=(0, (4, 2)))
            said = f"most used by then, {self.interval:.0%} of futures".replace("%", " %")
            write(axes, x + 0.32, 0.15, said, colour=paint.text, size=8)
            x += 2.85
        if len(self.steps):
            shape = "^" if (self.steps["change"] > 0).any() else "v"
            axes.plot([x + 0.1], [0.15], shape, color=_STEP, markeredgecolor=paint.paper, markersize=8)
            write(axes, x + 0.27, 0.15, "step change", colour=paint.text, size=8)
            x += 1.25
        axes.plot([x + 0.1, x + 0.1], [0.03, 0.27], color=paint.quiet, linewidth=1, linestyle=(0, (1, 2)))
        write(axes, x + 0.2, 0.15, "last day of data", colour=paint.text, size=8)

    def text(self) -> str:
        """Return the dates and the steps as tables of text."""
        told = self.counts.assign(addresses=self.thresholds["addresses"].round().astype("int64"))
        when = zip(self.thresholds["from"], self.thresholds["to"], strict=True)
        told = told.drop(columns=["from", "to"]).assign(when=[self._when(*pair) for pair in when])
        told["share"] = told["share"].map(percent)
        lines = [f"Forecast of {self._called}: {self._line()}", table_text(told, width=110)]
        if len(self.steps):
            steps = self.steps.assign(day=self.steps["day"].dt.strftime("%Y-%m-%d"))
            lines += ["", "Step changes:", table_text(steps, width=110)]
        return "\n".join(lines)

    def __repr__(self) -> str:
        return f"ForecastChart({self._called}: {self._line()})"

    @property
    def _called(self) -> str:
        return "a subnet or VPC" if self.anonymous else label(self.title, 40)

    def _line(self) -> str:
        used = int(self.used.iloc[-1])
        said = [f"{used:,} of {self.usable:,} used", self.status]
        if np.isfinite(self.slope[0]) and self.status not in ("full", "not filling"):
            slope, low, high = (round(each, 2) + 0.0 for each in self.slope)  # no -0.00
            said.append(f"{slope:+,.2f} a day ({low:+,.2f} to {high:+,.2f})")
        full = self.thresholds.iloc[-1]
        if pd.notna(full["from"]) and self.status != "full":
            said.append(f"full {self._when(full['from'], full['to'])}")
        return " · ".join(said)


def _round(value: float) -> float:
    """Return the next 1, 2, 2.5 or 5 times a power of ten; whole numbers only."""
    power = 10 ** np.floor(np.log10(max(value, 1)))
    steps = (1, 2, 2.5, 5, 10) if power >= 10 else (1, 2, 5, 10)
    return float(next(step * power for step in steps if step * power >= value))
