"""Utilisation of subnets now and in scenarios, bar under bar."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import pandas as pd
from matplotlib.patches import Rectangle

from zecnb.errors import UsageError
from zecnb.render.cells import ID_LIMIT, percent, shorten
from zecnb.render.figures import Chart, blank_axes, draw_heading, label, new_figure, plural, write
from zecnb.render.palette import theme
from zecnb.render.text import table_text

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["ScenarioChart"]

_WIDTH, _MARGIN, _LEFT, _BARS = 7.7, 0.15, 3.4, 2.8
_STEP, _GAP, _TOP = 0.21, 0.14, 0.75
_FILLS = ("#999999", "#56B4E9", "#E69F00", "#009E73", "#CC79A7", "#F0E442")  # Okabe-Ito; grey is what is now


@dataclass(frozen=True, eq=False, repr=False)
class ScenarioChart(Chart):
    """Each subnet's utilisation, one bar per scenario.

    Attributes:
        frame: one row per subnet: ``subnet_id, name`` and per scenario ``utilisation_NAME`` (0..1, NA where there is
            no such subnet) and ``free_NAME``.
        names: the scenarios, the first is what is now; six at most.
        top: subnets drawn at most; the others are counted.
        dark: for dark backgrounds.
        anonymous: no names or ids.

    Raises:
        UsageError: a column is missing, or there are too many scenarios.
    """

    frame: pd.DataFrame
    names: tuple[str, ...]
    top: int = 20
    dark: bool = False
    anonymous: bool = False

    def __post_init__(self) -> None:
        if not 1 <= len(self.names) <= len(_FILLS):
            raise UsageError(f"a picture compares 1 to {len(_FILLS)} scenarios, not {len(self.names)}")
        wanted = ["subnet_id", "name", *(f"{what}_{name}" for name in self.names for what in ("utilisation", "free"))]
        if missing := [name for name in wanted if name not in self.frame.columns]:
            raise UsageError(f"a picture of scenarios needs the column {missing[0]}")

    @property
    def counts(self) -> pd.DataFrame:
        """Utilisation and free addresses per subnet and scenario."""
        shown = ["subnet_id", "name", *(f"{what}_{name}" for name in self.names for what in ("utilisation", "free"))]
        return self.frame[shown].copy()

    def redacted(self) -> ScenarioChart:
        """Return the same picture without names."""
        return replace(self, anonymous=True)

    def draw(self) -> Figure:
        """Return a new figure of this chart."""
        paint = theme(dark=self.dark)
        rows = self.counts.head(self.top)
        block = _STEP * len(self.names) + _GAP
        tall = max(len(rows), 1) * block
        rest = len(self.frame) - len(rows)
        figure = new_figure(_WIDTH, _TOP + tall + (0.35 if rest else 0.1), paint)
        draw_heading(figure, "Utilisation by scenario", self._line(), paint)
        axes = blank_axes(figure, _LEFT, _TOP, _BARS, tall)
        axes.set_xlim(0, _BARS)
        axes.set_ylim(tall, 0)
        for place, title in enumerate(self._titles(rows)):
            y = place * block + _STEP / 2
            write(axes, _MARGIN - _LEFT, y, title, colour=paint.text, size=8, weight="bold", width=1.7)
            for number, name in enumerate(self.names):
                y = place * block + number * _STEP
                share, free = rows[f"utilisation_{name}"].iloc[place], rows[f"free_{name}"].iloc[place]
                write(axes, 1.95 - _LEFT, y + _STEP / 2, label(name, 30), colour=paint.quiet, size=7.5, width=1.35)
                if pd.isna(share):
                    write(axes, 0, y + _STEP / 2, "no such subnet", colour=paint.quiet, size=7.5)
                    continue
                axes.add_patch(Rectangle((0, y + 0.03), _BARS, _STEP - 0.06, facecolor=paint.free, linewidth=0))
                wide = min(float(share), 1.0) * _BARS
                bar = Rectangle((0, y + 0.03), wide, _STEP - 0.06, facecolor=_FILLS[number], linewidth=0, zorder=2)
                axes.add_patch(bar)
                write(axes, _BARS + 0.55, y + _STEP / 2, percent(share), colour=paint.text, size=7.5, ha="right")
                write(axes, _BARS + 0.65, y + _STEP / 2, f"{int(free):,} free", colour=paint.quiet, size=7.5)
        if rest:
            write(axes, 0, tall + 0.12, f"… {plural(rest, 'more subnet')}", colour=paint.quiet, size=8)
        return figure

    def _titles(self, rows: pd.DataFrame) -> list[str]:
        if self.anonymous:
            return [f"subnet {place + 1}" for place in range(len(rows))]
        names = rows["name"].astype(object).fillna("").tolist()
        ids = [shorten(str(each), ID_LIMIT, middle=True) for each in rows["subnet_id"]]
        return [label(str(name).strip() or each) for name, each in zip(names, ids, strict=True)]

    def text(self) -> str:
        """Return the numbers as a table of text."""
        shown = self.counts
        if self.anonymous:
            shown = shown.drop(columns="name")
            shown["subnet_id"] = self._titles(shown)
        return f"Utilisation by scenario: {self._line()}\n{table_text(shown, limit=self.top, width=110)}"

    def __repr__(self) -> str:
        return f"ScenarioChart({self._line()})"

    def _line(self) -> str:
        return f"{plural(len(self.frame), 'subnet')} · {', '.join(label(name, 30) for name in self.names)}"
