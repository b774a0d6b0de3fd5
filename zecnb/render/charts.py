"""Many subnets in one picture: ranked by utilisation, or tile by tile under their VPCs."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from matplotlib.patches import Rectangle

from zecnb.errors import UsageError
from zecnb.render.cells import percent
from zecnb.render.figures import Chart, blank_axes, label, new_figure, plural, write
from zecnb.render.palette import TONES, theme
from zecnb.render.text import table_text

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from zecnb.render.palette import Theme

__all__ = ["LEVELS", "UtilisationChart", "VpcChart"]

LEVELS = ("normal", "warning", "critical")
"""Below ``warn_at``, from there on, and from ``critical_at`` on."""

_WIDTH, _MARGIN = 7.7, 0.15
_FILL = {"normal": "#56B4E9", "warning": "#E69F00", "critical": "#D55E00"}
_NEEDED = ("subnet_id", "cidr", "usable", "used", "utilisation")


def _ranked(frame: pd.DataFrame, warn_at: float, critical_at: float) -> pd.DataFrame:
    """Return subnets from full to empty with their level.

    Raises:
        UsageError: a column is missing, or the thresholds are not 0 < warn_at <= critical_at <= 1.
    """
    missing = [name for name in _NEEDED if name not in frame.columns]
    if missing:
        raise UsageError(f"a picture of utilisation needs the columns {', '.join(_NEEDED)}; {missing[0]} is missing")
    if not 0 < warn_at <= critical_at <= 1:
        raise UsageError(f"thresholds are 0 < warn_at <= critical_at <= 1, not {warn_at} and {critical_at}")
    share = frame["utilisation"].to_numpy(np.float64)
    level = np.select([share >= critical_at, share >= warn_at], [LEVELS[2], LEVELS[1]], LEVELS[0])
    optional = [name for name in ("name", "vpc_id", "vpc_name", "unseen") if name in frame.columns]
    ranked = frame[[*_NEEDED, *optional]].assign(level=level)
    return ranked.sort_values("utilisation", ascending=False, kind="stable", ignore_index=True)


def _name_of(row: dict[str, object], number: int, *, anonymous: bool, limit: int) -> str:
    """Return what to call a subnet: its name, else its id; a number when no names may be shown."""
    if anonymous:
        return f"subnet {number}"
    name = row.get("name")
    return label(name if isinstance(name, str) and name.strip() else str(row["subnet_id"]), limit)


def _where(row: dict[str, object], *, anonymous: bool) -> str:
    cidr = str(row["cidr"])
    return "/" + cidr.partition("/")[2] if anonymous else cidr


def _levels_said(ranked: pd.DataFrame) -> str:
    counts = ranked["level"].value_counts()
    said = [f"{counts[level]:,} {level}" for level in reversed(LEVELS) if level in counts]
    return " · ".join([plural(len(ranked), "subnet"), *said])


def _legend(axes: Axes, paint: Theme, warn_at: float, critical_at: float, *, hatched: bool) -> None:
    axes.set_xlim(0, _WIDTH)
    axes.set_ylim(0.3, 0)
    meaning = (f"below {percent(warn_at)}", f"from {percent(warn_at)}", f"from {percent(critical_at)}")
    x = _MARGIN
    for level, words in zip(LEVELS, meaning, strict=True):
        axes.add_patch(Rectangle((x, 0.07), 0.16, 0.16, facecolor=_FILL[level], linewidth=0))
        symbol = "" if level == "normal" else TONES[level].symbol
        write(axes, x + 0.08, 0.15, symbol, colour="#000000", size=7.5, ha="center", weight="bold")
        write(axes, x + 0.24, 0.15, f"{level}: {words}", colour=paint.text, size=8)
        x += 1.75
    if hatched:
        _hatch(axes, x, 0.07, 0.16, 0.16, paint)
        write(axes, x + 0.24, 0.15, "of it unseen by any listing", colour=paint.text, size=8)


def _hatch(axes: Axes, x: float, y: float, width: float, height: float, paint: Theme) -> None:
    box = Rectangle((x, y), width, height, fill=False, hatch="//////", edgecolor=paint.text, linewidth=0.4)
    box.set_hatch_linewidth(0.5)
    axes.add_patch(box)


def _head(figure: Figure, title: str, line: str, paint: Theme) -> None:
    head = blank_axes(figure, 0, 0, _WIDTH, 0.62)
    head.set_xlim(0, _WIDTH)
    head.set_ylim(0.62, 0)
    write(head, _MARGIN, 0.23, title, colour=paint.text, size=11, weight="bold")
    write(head, _MARGIN, 0.47, line, colour=paint.quiet, size=8.5)


@dataclass(frozen=True, eq=False, repr=False)
class UtilisationChart(Chart):
    """Subnets ranked by utilisation against two thresholds.

    Attributes:
        frame: one row per subnet: ``subnet_id, cidr, usable, used, utilisation`` and, if there, ``name, unseen``
            (``Inventory.occupancy()`` has them).
        warn_at, critical_at: utilisation, 0..1.
        top: subnets drawn at most; the others are counted below.
        dark: for dark backgrounds.
        anonymous: no names, ids or addresses.

    Raises:
        UsageError: a column is missing, or the thresholds make no sense.
    """

    frame: pd.DataFrame
    warn_at: float = 0.75
    critical_at: float = 0.9
    top: int = 40
    dark: bool = False
    anonymous: bool = False

    def __post_init__(self) -> None:
        _ = self._subnets  # checks

    @cached_property
    def _subnets(self) -> pd.DataFrame:
        return _ranked(self.frame, self.warn_at, self.critical_at)

    @property
    def counts(self) -> pd.DataFrame:
        """Subnets from full to empty, with ``level``: normal, warning or critical."""
        return self._subnets.copy()

    def redacted(self) -> UtilisationChart:
        """Return the same picture without names and addresses."""
        return replace(self, anonymous=True)

    def draw(self) -> Figure:
        """Return a new figure of this chart."""
        paint = theme(dark=self.dark)
        rows = self._subnets.head(self.top).to_dict("records")
        step, left, bars = 0.25, 2.75, 3.3
        tall = max(len(rows), 1) * step
        rest = len(self._subnets) - len(rows)
        figure = new_figure(_WIDTH, 0.9 + tall + 0.45 + (0.22 if rest else 0), paint)
        _head(figure, "Utilisation of subnets", _levels_said(self._subnets), paint)
        axes = blank_axes(figure, left, 0.9, bars, tall)
        axes.set_xlim(0, 1)
        axes.set_ylim(tall, 0)
        for place, row in enumerate(rows):
            self._draw_row({str(key): value for key, value in row.items()}, place, step, axes, paint)
        # Thresholds close to each other share one line of text, or they would overlap.
        same = self.critical_at - self.warn_at < 0.13
        for at, align in (
            (self.warn_at, "right" if same else "center"),
            (self.critical_at, "left" if same else "center"),
        ):
            axes.plot([at, at], [-0.04, tall], color=paint.text, linewidth=0.9, linestyle=(0, (4, 3)), zorder=3)
            write(axes, at, -0.13, percent(at), colour=paint.text, size=7.5, ha=align)
        if rest:
            foot = blank_axes(figure, 0, 0.9 + tall + 0.03, _WIDTH, 0.22)
            foot.set_xlim(0, _WIDTH)
            foot.set_ylim(1, 0)
            least = percent(self._subnets["utilisation"].iloc[len(rows) - 1])
            write(foot, left, 0.5, f"… {plural(rest, 'more subnet')}, {least} or less", colour=paint.quiet, size=8)
        legend = blank_axes(figure, 0, 0.9 + tall + (0.25 if rest else 0.03) + 0.05, _WIDTH, 0.3)
        hatched = "unseen" in self._subnets and bool((self._subnets["unseen"].head(self.top) > 0).any())
        _legend(legend, paint, self.warn_at, self.critical_at, hatched=hatched)
        return figure

    def _draw_row(self, row: dict[str, object], place: int, step: float, axes: Axes, paint: Theme) -> None:
        level, share = str(row["level"]), min(float(str(row["utilisation"])), 1.0)
        top, thick, middle = place * step + 0.035, step - 0.07, (place + 0.5) * step
        axes.add_patch(Rectangle((0, top), 1, thick, facecolor=paint.free, linewidth=0))
        axes.add_patch(Rectangle((0, top), share, thick, facecolor=_FILL[level], linewidth=0, zorder=2))
        usable, used = int(str(row["usable"])), int(str(row["used"]))
        unseen = min(int(str(row.get("unseen", 0))) / max(usable, 1), share)
        if unseen > 0:
            _hatch(axes, share - unseen, top, unseen, thick, paint)
        name = _name_of(row, place + 1, anonymous=self.anonymous, limit=20)
        write(axes, -0.43, middle, name, colour=paint.text, size=8, ha="right")
        write(
            axes,
            -0.03,
            middle,
            _where(row, anonymous=self.anonymous),
            colour=paint.quiet,
            size=7.5,
            mono=True,
            ha="right",
        )
        symbol = "" if level == "normal" else TONES[level].symbol
        write(axes, 1.02, middle, symbol, colour=paint.text, size=8, weight="bold")
        write(axes, 1.2, middle, percent(share), colour=paint.text, size=8, ha="right")
        write(axes, 1.23, middle, f"{usable - used:,} free", colour=paint.quiet, size=8)

    def text(self) -> str:
        """Return the ranking as a table of text."""
        return f"Utilisation of subnets: {_levels_said(self._subnets)}\n{table_text(_listed(self), limit=self.top, width=110)}"

    def __repr__(self) -> str:
        return f"UtilisationChart({_levels_said(self._subnets)})"


def _listed(chart: UtilisationChart | VpcChart) -> pd.DataFrame:
    """Return the subnets as a table to read, without names when they may not be shown."""
    shown = chart.counts
    if not chart.anonymous:
        return shown
    shown["cidr"] = "/" + shown["cidr"].str.partition("/")[2]
    shown["subnet_id"] = [f"subnet {place + 1}" for place in range(len(shown))]
    return shown.drop(columns=[name for name in ("name", "vpc_id", "vpc_name") if name in shown])


@dataclass(frozen=True, eq=False, repr=False)
class VpcChart(Chart):
    """Every subnet as a tile under its VPC, filled up to its utilisation, fullest first.

    Attributes:
        frame: as for ``UtilisationChart``, and ``vpc_id`` and, if there, ``vpc_name``.
        warn_at, critical_at: utilisation, 0..1.
        top: tiles drawn at most per VPC; the others are counted.
        dark: for dark backgrounds.
        anonymous: no names, ids or addresses.

    Raises:
        UsageError: a column is missing, or the thresholds make no sense.
    """

    frame: pd.DataFrame
    warn_at: float = 0.75
    critical_at: float = 0.9
    top: int = 48
    dark: bool = False
    anonymous: bool = False

    def __post_init__(self) -> None:
        if "vpc_id" not in self.frame.columns:
            raise UsageError("an overview of VPCs needs the column vpc_id")
        _ = self._subnets  # checks

    @cached_property
    def _subnets(self) -> pd.DataFrame:
        return _ranked(self.frame, self.warn_at, self.critical_at)

    @cached_property
    def _vpcs(self) -> list[tuple[str, pd.DataFrame]]:
        """Return each VPC's title and subnets, in the order in which the VPCs came."""
        groups = []
        for number, vpc_id in enumerate(self.frame["vpc_id"].drop_duplicates(), 1):
            subnets = self._subnets[self._subnets["vpc_id"] == vpc_id]
            name = subnets["vpc_name"].iloc[0] if "vpc_name" in subnets else None
            called = name if isinstance(name, str) and name.strip() else str(vpc_id)
            title = f"VPC {number}" if self.anonymous else label(called, 40)
            used, usable = int(subnets["used"].sum()), int(subnets["usable"].sum())
            share = f"{percent(used / usable)} of {usable:,} used" if usable else "nothing usable"
            groups.append((f"{title} · {plural(len(subnets), 'subnet')} · {share}", subnets))
        return groups

    @property
    def counts(self) -> pd.DataFrame:
        """Subnets from full to empty, with ``vpc_id`` and ``level``."""
        return self._subnets.copy()

    def redacted(self) -> VpcChart:
        """Return the same picture without names and addresses."""
        return replace(self, anonymous=True)

    def draw(self) -> Figure:
        """Return a new figure of this chart."""
        paint = theme(dark=self.dark)
        across, tile, gap, heading = 5, 0.62, 0.08, 0.34
        rows = [-(-min(len(subnets), self.top) // across) for _, subnets in self._vpcs]
        rests = [max(len(subnets) - self.top, 0) for _, subnets in self._vpcs]
        tall = sum(
            heading + count * (tile + gap) + (0.2 if rest else 0) for count, rest in zip(rows, rests, strict=True)
        )
        figure = new_figure(_WIDTH, 0.62 + tall + 0.5, paint)
        _head(figure, "Subnets by VPC", _levels_said(self._subnets), paint)
        axes = blank_axes(figure, 0, 0.62, _WIDTH, max(tall, 0.01))
        axes.set_xlim(0, _WIDTH)
        axes.set_ylim(max(tall, 0.01), 0)
        wide = (_WIDTH - 2 * _MARGIN + gap) / across - gap
        y = 0.0
        for (title, subnets), rest in zip(self._vpcs, rests, strict=True):
            write(axes, _MARGIN, y + heading * 0.55, title, colour=paint.text, size=9, weight="bold")
            y += heading
            shown = subnets.head(self.top).to_dict("records")
            for place, row in enumerate(shown):
                corner = (_MARGIN + place % across * (wide + gap), y + place // across * (tile + gap))
                self._draw_tile(
                    {str(key): value for key, value in row.items()}, place, corner, (wide, tile), axes, paint
                )
            y += -(-len(shown) // across) * (tile + gap)
            if rest:
                write(axes, _MARGIN, y + 0.06, f"… {plural(rest, 'more subnet')}", colour=paint.quiet, size=8)
                y += 0.2
        legend = blank_axes(figure, 0, 0.62 + tall + 0.1, _WIDTH, 0.3)
        _legend(legend, paint, self.warn_at, self.critical_at, hatched=False)
        return figure

    def _draw_tile(
        self,
        row: dict[str, object],
        place: int,
        corner: tuple[float, float],
        size: tuple[float, float],
        axes: Axes,
        paint: Theme,
    ) -> None:
        (x, y), (wide, tall) = corner, size
        level, share = str(row["level"]), min(float(str(row["utilisation"])), 1.0)
        axes.add_patch(Rectangle((x, y), wide, tall, facecolor=paint.free, linewidth=0))
        axes.add_patch(Rectangle((x, y + tall - 0.1), wide, 0.1, facecolor=paint.line, linewidth=0))
        axes.add_patch(Rectangle((x, y + tall - 0.1), wide * share, 0.1, facecolor=_FILL[level], linewidth=0))
        name = _name_of(row, place + 1, anonymous=self.anonymous, limit=16)
        write(axes, x + 0.07, y + 0.14, name, colour=paint.text, size=8)
        cidr = _where(row, anonymous=self.anonymous)
        write(axes, x + 0.07, y + 0.36, cidr, colour=paint.quiet, size=6.5, mono=True)
        said = percent(share) if level == "normal" else f"{TONES[level].symbol} {percent(share)}"
        weight = "normal" if level == "normal" else "bold"
        write(axes, x + wide - 0.07, y + 0.36, said, colour=paint.text, size=7.5, ha="right", weight=weight)

    def text(self) -> str:
        """Return the VPCs in words and their subnets as a table of text."""
        titles = [title for title, _ in self._vpcs]
        return "\n".join(["Subnets by VPC", *titles, table_text(_listed(self), limit=self.top, width=110)])

    def __repr__(self) -> str:
        return f"VpcChart({plural(len(self._vpcs), 'VPC')}, {_levels_said(self._subnets)})"
