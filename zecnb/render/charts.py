"""Many subnets in one picture: ranked by utilisation, or tile by tile under their VPCs."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from matplotlib.patches import Rectangle

from zecnb.errors import UsageError
from zecnb.render.cells import ID_LIMIT, percent, plural, shorten
from zecnb.render.figures import Chart, blank_axes, draw_heading, hatch, label, new_figure, write
from zecnb.render.palette import TONES, theme
from zecnb.render.text import table_text

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from zecnb.render.palette import Theme
    from zecnb.render.redact import Redactor

__all__ = ["LEVELS", "UtilisationChart", "VpcChart"]

LEVELS = ("normal", "warning", "critical")
"""Below ``warn_at``, from there on, and from ``critical_at`` on."""

_WIDTH, _MARGIN = 7.7, 0.15
_FILL = {"normal": "#56B4E9", "warning": "#E69F00", "critical": "#D55E00"}
_INK = "#000000"
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


class _Subnet(NamedTuple):
    """One subnet as drawn; ``share`` and ``unseen`` are parts of the usable addresses, 0..1."""

    name: str
    cidr: str
    level: str
    share: float
    unseen: float
    free: int

    @property
    def symbol(self) -> str:
        return "" if self.level == "normal" else TONES[self.level].symbol

    @property
    def weight(self) -> str:
        return "normal" if self.level == "normal" else "bold"


def _drawn(ranked: pd.DataFrame, *, anonymous: bool) -> list[_Subnet]:
    """Return subnets with names cleaned: the name, else the id; its rank when no names may be shown."""
    ids = ranked["subnet_id"].astype(object)
    names = ranked["name"].astype(object).fillna("") if "name" in ranked else ids.map(lambda _: "")
    unseen = ranked["unseen"] if "unseen" in ranked else ranked["used"] * 0
    numbers = zip(ranked["level"], ranked["utilisation"], unseen, ranked["used"], ranked["usable"], strict=True)
    drawn = []
    for place, (level, share, hidden, used, usable) in enumerate(numbers):
        cidr = str(ranked["cidr"].iloc[place])
        if anonymous:
            name, cidr = f"subnet {ranked.index[place] + 1}", "/" + cidr.partition("/")[2]
        else:
            name = label(str(names.iloc[place]).strip() or shorten(str(ids.iloc[place]), ID_LIMIT, middle=True))
        full = min(float(share), 1.0)
        part = min(int(hidden) / max(int(usable), 1), full)
        drawn.append(_Subnet(name, cidr, str(level), full, part, int(usable) - int(used)))
    return drawn


def _levels_said(ranked: pd.DataFrame) -> str:
    counts = ranked["level"].value_counts()
    said = [f"{counts[level]:,} {level}" for level in reversed(LEVELS) if level in counts]
    return " · ".join([plural(len(ranked), "subnet"), *said])


def _threshold(share: float) -> str:
    return f"{share * 100:.4g} %"


def _legend(figure: Figure, top: float, paint: Theme, chart: UtilisationChart | VpcChart, *, hatched: bool) -> None:
    axes = blank_axes(figure, 0, top, _WIDTH, 0.3)
    axes.set_xlim(0, _WIDTH)
    axes.set_ylim(0.3, 0)
    warn, critical = _threshold(chart.warn_at), _threshold(chart.critical_at)
    words = (f"normal: below {warn}", f"warning: from {warn}", f"critical: from {critical}")
    x = _MARGIN
    for level, said in zip(LEVELS, words, strict=True):
        axes.add_patch(Rectangle((x, 0.07), 0.16, 0.16, facecolor=_FILL[level], linewidth=0))
        symbol = "" if level == "normal" else TONES[level].symbol
        write(axes, x + 0.08, 0.15, symbol, colour=_INK, size=7.5, ha="center", weight="bold")
        write(axes, x + 0.24, 0.15, said, colour=paint.text, size=8)
        x += 1.75
    if hatched:
        axes.add_patch(Rectangle((x, 0.07), 0.16, 0.16, facecolor=_FILL["normal"], linewidth=0))
        hatch(axes, x, 0.07, 0.16, 0.16)
        write(axes, x + 0.24, 0.15, "of it unseen by any listing", colour=paint.text, size=8)


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

    def pseudonymous(self, redactor: Redactor) -> UtilisationChart:
        """Return the same picture with the pseudonyms that the tables beside it have."""
        return replace(self, frame=redactor.frame(self.frame))

    def draw(self) -> Figure:
        """Return a new figure of this chart."""
        paint = theme(dark=self.dark)
        subnets = _drawn(self._subnets.head(self.top), anonymous=self.anonymous)
        step, left, bars, top = 0.25, 2.75, 3.3, 0.9
        tall = max(len(subnets), 1) * step
        rest = len(self._subnets) - len(subnets)
        legend_top = top + tall + (0.3 if rest else 0.08)
        figure = new_figure(_WIDTH, legend_top + 0.38, paint)
        draw_heading(figure, "Utilisation of subnets", _levels_said(self._subnets), paint)
        axes = blank_axes(figure, left, top, bars, tall)
        axes.set_xlim(0, bars)
        axes.set_ylim(tall, 0)
        for place, subnet in enumerate(subnets):
            y, middle = place * step + 0.035, (place + 0.5) * step
            axes.add_patch(Rectangle((0, y), bars, step - 0.07, facecolor=paint.free, linewidth=0))
            bar = Rectangle(
                (0, y), subnet.share * bars, step - 0.07, facecolor=_FILL[subnet.level], linewidth=0, zorder=2
            )
            axes.add_patch(bar)
            if subnet.unseen > 0:
                hatch(axes, (subnet.share - subnet.unseen) * bars, y, subnet.unseen * bars, step - 0.07)
            write(axes, _MARGIN - left, middle, subnet.name, colour=paint.text, size=8, width=1.3)
            write(axes, -0.1, middle, subnet.cidr, colour=paint.quiet, size=7.5, mono=True, ha="right")
            write(axes, bars + 0.07, middle, subnet.symbol, colour=paint.text, size=8, weight="bold")
            write(axes, bars + 0.75, middle, percent(subnet.share), colour=paint.text, size=8, ha="right")
            write(axes, bars + 0.85, middle, f"{subnet.free:,} free", colour=paint.quiet, size=8)
        # The texts of thresholds close to each other would overlap, so they go to the two sides.
        sides = ("right", "left") if self.critical_at - self.warn_at < 0.13 else ("center", "center")
        for at, side in zip((self.warn_at * bars, self.critical_at * bars), sides, strict=True):
            axes.plot([at, at], [-0.04, tall], color=paint.text, linewidth=0.9, linestyle=(0, (4, 3)), zorder=4)
            write(axes, at, -0.13, _threshold(at / bars), colour=paint.text, size=7.5, ha=side)
        if rest:
            said = f"… {plural(rest, 'more subnet')}, {percent(subnets[-1].share)} or less"
            write(axes, 0, tall + 0.12, said, colour=paint.quiet, size=8)
        _legend(figure, legend_top, paint, self, hatched=any(subnet.unseen > 0 for subnet in subnets))
        return figure

    def text(self) -> str:
        """Return the ranking as a table of text."""
        table = table_text(_listed(self), limit=self.top, width=110)
        return f"Utilisation of subnets: {_levels_said(self._subnets)}\n{table}"

    def __repr__(self) -> str:
        return f"UtilisationChart({_levels_said(self._subnets)})"


def _listed(chart: UtilisationChart | VpcChart) -> pd.DataFrame:
    """Return the subnets as a table to read, without names when they may not be shown; the VPC where it matters."""
    shown = chart.counts
    if not chart.anonymous:
        vpcs = [name for name in ("vpc_id", "vpc_name") if name in shown]
        if isinstance(chart, UtilisationChart):
            return shown.drop(columns=vpcs)
        names = shown[vpcs[-1]].fillna("").astype("str")
        return shown.drop(columns=vpcs).assign(vpc=names.where(names.str.strip() != "", shown["vpc_id"]))
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

    def pseudonymous(self, redactor: Redactor) -> VpcChart:
        """Return the same picture with the pseudonyms that the tables beside it have."""
        return replace(self, frame=redactor.frame(self.frame))

    def draw(self) -> Figure:
        """Return a new figure of this chart."""
        paint = theme(dark=self.dark)
        across, tall, gap, heading, note = 5, 0.8, 0.08, 0.34, 0.2
        wide = (_WIDTH - 2 * _MARGIN + gap) / across - gap
        shown = [_drawn(subnets.head(self.top), anonymous=self.anonymous) for _, subnets in self._vpcs]
        rests = [len(subnets) - len(tiles) for (_, subnets), tiles in zip(self._vpcs, shown, strict=True)]
        heights = [heading + -(-len(tiles) // across) * (tall + gap) for tiles in shown]
        total = sum(heights) + note * sum(rest > 0 for rest in rests)
        figure = new_figure(_WIDTH, 0.62 + total + 0.5, paint)
        draw_heading(figure, "Subnets by VPC", _levels_said(self._subnets), paint)
        axes = blank_axes(figure, 0, 0.62, _WIDTH, max(total, 0.01))
        axes.set_xlim(0, _WIDTH)
        axes.set_ylim(max(total, 0.01), 0)
        y = 0.0
        for (title, _), tiles, rest, height in zip(self._vpcs, shown, rests, heights, strict=True):
            write(axes, _MARGIN, y + heading * 0.55, title, colour=paint.text, size=9, weight="bold", width=7.4)
            for place, subnet in enumerate(tiles):
                corner = (_MARGIN + place % across * (wide + gap), y + heading + place // across * (tall + gap))
                _draw_tile(axes, subnet, corner, (wide, tall), paint)
            y += height
            if rest:
                write(axes, _MARGIN, y + 0.06, f"… {plural(rest, 'more subnet')}", colour=paint.quiet, size=8)
                y += note
        _legend(figure, 0.62 + total + 0.1, paint, self, hatched=False)
        return figure

    def text(self) -> str:
        """Return the VPCs in words and their subnets as a table of text."""
        titles = [title for title, _ in self._vpcs]
        return "\n".join(
            [
                f"Subnets by VPC: {_levels_said(self._subnets)}",
                *titles,
                table_text(_listed(self), limit=self.top, width=120),
            ]
        )

    def __repr__(self) -> str:
        return f"VpcChart({plural(len(self._vpcs), 'VPC')}, {_levels_said(self._subnets)})"


def _draw_tile(
    axes: Axes, subnet: _Subnet, corner: tuple[float, float], size: tuple[float, float], paint: Theme
) -> None:
    (x, y), (wide, tall) = corner, size
    axes.add_patch(Rectangle((x, y), wide, tall, facecolor=paint.free, linewidth=0))
    axes.add_patch(Rectangle((x, y + tall - 0.1), wide, 0.1, facecolor=paint.line, linewidth=0))
    axes.add_patch(Rectangle((x, y + tall - 0.1), wide * subnet.share, 0.1, facecolor=_FILL[subnet.level], linewidth=0))
    write(axes, x + 0.07, y + 0.14, subnet.name, colour=paint.text, size=8, width=wide - 0.14)
    write(axes, x + 0.07, y + 0.34, subnet.cidr, colour=paint.quiet, size=7, mono=True)
    share = f"{subnet.symbol} {percent(subnet.share)}".strip()
    write(axes, x + 0.07, y + 0.55, share, colour=paint.text, size=8, weight=subnet.weight)
    write(axes, x + wide - 0.07, y + 0.55, f"{subnet.free:,} free", colour=paint.quiet, size=7.5, ha="right")
