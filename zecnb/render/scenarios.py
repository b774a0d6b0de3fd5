"""Utilisation of subnets now and in scenarios, bar under bar."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import pandas as pd
from matplotlib.patches import Rectangle

from zecnb.errors import UsageError
from zecnb.render.cells import ID_LIMIT, percent, plural, shorten
from zecnb.render.figures import Chart, blank_axes, draw_heading, hatch, label, new_figure, write
from zecnb.render.palette import theme
from zecnb.render.text import table_text

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from zecnb.render.palette import Theme
    from zecnb.render.redact import Redactor

__all__ = ["ScenarioChart"]

_WIDTH, _MARGIN, _LEFT, _BARS = 7.7, 0.15, 3.3, 2.25
_STEP, _GAP, _TOP, _LEGEND = 0.21, 0.14, 0.75, 0.3
_MEASURES = ("utilisation", "reserved", "free")
_FILLS = ("#999999", "#56B4E9", "#E69F00", "#009E73", "#CC79A7", "#F0E442")  # Okabe-Ito; grey is what is now


@dataclass(frozen=True, eq=False, repr=False)
class ScenarioChart(Chart):
    """Each subnet's utilisation, one bar per scenario.

    Attributes:
        frame: one row per subnet: ``subnet_id, name`` and per scenario ``utilisation_NAME`` (0..1, NA where there is
            no such subnet), ``reserved_NAME`` (neither used nor free) and ``free_NAME``.
        names: what is now, then the scenarios, five at most.
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
            raise UsageError(
                f"a picture has room for what is now and {len(_FILLS) - 1} scenarios, not {len(self.names) - 1}"
            )
        if missing := [name for name in self._columns if name not in self.frame.columns]:
            raise UsageError(f"a picture of scenarios needs the column {missing[0]}")

    @property
    def _columns(self) -> list[str]:
        return ["subnet_id", "name", *(f"{what}_{name}" for name in self.names for what in _MEASURES)]

    @property
    def counts(self) -> pd.DataFrame:
        """Utilisation, reserved and free addresses per subnet and scenario."""
        return self.frame[self._columns].copy()

    def redacted(self) -> ScenarioChart:
        """Return the same picture without names."""
        return replace(self, anonymous=True)

    def pseudonymous(self, redactor: Redactor) -> ScenarioChart:
        """Return the same picture with the pseudonyms that the tables beside it have."""
        return replace(self, frame=redactor.frame(self.frame))

    def draw(self) -> Figure:
        """Return a new figure of this chart."""
        paint = theme(dark=self.dark)
        rows = self.counts.head(self.top)
        block = _STEP * len(self.names) + _GAP
        tall = max(len(rows) * block, _STEP)
        rest = len(self.frame) - len(rows)
        kept = bool((rows[[f"reserved_{name}" for name in self.names]].fillna(0) > 0).to_numpy().any())
        high = tall + _LEGEND * (bool(rest) + kept)
        figure = new_figure(_WIDTH, _TOP + high + 0.1, paint)
        draw_heading(figure, "Utilisation by scenario", self._line(), paint)
        axes = blank_axes(figure, _LEFT, _TOP, _BARS, high)
        axes.set_xlim(0, _BARS)
        axes.set_ylim(high, 0)
        for place, title in enumerate(self._titles(rows)):
            y = place * block + _STEP / 2
            write(axes, _MARGIN - _LEFT, y, title, colour=paint.text, size=8, weight="bold", width=1.65)
            for number, name in enumerate(self.names):
                y = place * block + number * _STEP
                write(axes, 1.9 - _LEFT, y + _STEP / 2, label(name, 30), colour=paint.quiet, size=7.5, width=1.3)
                share, reserved, free = (rows[f"{what}_{name}"].iloc[place] for what in _MEASURES)
                if pd.isna(share):
                    write(axes, 0, y + _STEP / 2, "no such subnet", colour=paint.quiet, size=7.5)
                else:
                    self._bar(axes, paint, y, _FILLS[number], (float(share), int(reserved), int(free)))
        if not len(rows):
            write(axes, _MARGIN - _LEFT, _STEP / 2, "no subnet differs", colour=paint.quiet, size=8)
        if rest:
            write(axes, 0, tall + 0.12, f"… {plural(rest, 'more subnet')}", colour=paint.quiet, size=8)
        if kept:
            y = tall + 0.12 + _LEGEND * bool(rest)
            hatch(axes, 0, y - 0.08, 0.16, 0.16, paint.quiet)
            write(axes, 0.24, y, "reserved: neither used nor free", colour=paint.text, size=8)
        return figure

    def _bar(self, axes: Axes, paint: Theme, y: float, fill: str, told: tuple[float, int, int]) -> None:
        """Draw what is used, then what is reserved, of all that is usable, with its numbers."""
        share, reserved, free = told
        used = min(share, 1.0)
        part = (1 - used) * reserved / max(reserved + free, 1)
        for width, colour, order in ((1.0, paint.free, 1), (used, fill, 2)):
            box = Rectangle((0, y + 0.03), width * _BARS, _STEP - 0.06, facecolor=colour, linewidth=0, zorder=order)
            axes.add_patch(box)
        if reserved:
            hatch(axes, used * _BARS, y + 0.03, part * _BARS, _STEP - 0.06, paint.quiet)
        write(axes, _BARS + 0.55, y + _STEP / 2, percent(share), colour=paint.text, size=7.5, ha="right")
        said = f"{free:,} free" + (f" · {reserved:,} reserved" if reserved else "")
        write(axes, _BARS + 0.65, y + _STEP / 2, said, colour=paint.quiet, size=7.5, width=1.45)

    def _titles(self, rows: pd.DataFrame) -> list[str]:
        if self.anonymous:
            return [f"subnet {place + 1}" for place in range(len(rows))]
        names = rows["name"].astype(object).fillna("").tolist()
        ids = [shorten(str(each), ID_LIMIT, middle=True) for each in rows["subnet_id"]]
        return [label(str(name).strip() or each) for name, each in zip(names, ids, strict=True)]

    def text(self) -> str:
        """Return the numbers as a table of text, one line per subnet and scenario."""
        rows = self.counts.head(self.top)
        titles = self._titles(rows)
        lines = [
            (title, label(name, 30), *(rows[f"{what}_{name}"].iloc[place] for what in _MEASURES))
            for place, title in enumerate(titles)
            for name in self.names
        ]
        told = pd.DataFrame(lines, columns=["subnet", "scenario", *_MEASURES])
        told = told.astype({"utilisation": "float64", "reserved": "Int64", "free": "Int64"})
        rest = len(self.frame) - len(rows)
        more = [f"... {plural(rest, 'more subnet')}"] if rest else []
        return "\n".join([f"Utilisation by scenario: {self._line()}", table_text(told, limit=None, width=110), *more])

    def __repr__(self) -> str:
        return f"ScenarioChart({self._line()})"

    def _line(self) -> str:
        return f"{plural(len(self.frame), 'subnet')} · {', '.join(label(name, 30) for name in self.names)}"
