"""The one palette: each state of an address, and each verdict, as colour, shape, sign and word.

Colours are those of Okabe and Ito, "Color Universal Design" (2008), which people with any kind of colour blindness
can tell apart. No state is told by its colour alone: pictures add a shape, terminals a sign, tables a word.
"""

from __future__ import annotations

from enum import IntEnum
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

__all__ = [
    "DARK",
    "LIGHT",
    "MARKS",
    "TONES",
    "UNSEEN",
    "Cell",
    "Mark",
    "Theme",
    "Tone",
    "become",
    "fills",
    "rgb",
    "theme",
    "tone_of",
    "tones",
]

_BLACK, _WHITE, _GREY, _NAVY = "#000000", "#FFFFFF", "#8A8F98", "#073B5C"
_ORANGE, _SKY, _GREEN, _YELLOW = "#E69F00", "#56B4E9", "#009E73", "#F0E442"
_BLUE, _VERMILLION, _PURPLE = "#0072B2", "#D55E00", "#CC79A7"
_BAR = ((-1.0, -0.3), (1.0, -0.3), (1.0, 0.3), (-1.0, 0.3), (-1.0, -0.3))


class Cell(IntEnum):
    """State of one address in a picture; the codes of a subnet's uint8 array.

    Addresses that are used by something no listing shows have no cell: how many they are is known, not where.
    """

    FREE = 0
    THIS_NIC = 1
    OTHER_NIC = 2
    HAVIP = 3
    LB = 4
    RESERVED = 5
    PLANNED = 6
    CONFLICT = 7
    CLAIMED = 8


def become(cells: NDArray[np.uint8], before: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return what addresses with a plan drawn in really become: what is in conflict stays what it was before."""
    return np.where(cells == Cell.CONFLICT, before, cells)


class Mark(NamedTuple):
    """How one state looks.

    Attributes:
        word: its name in legends and tables.
        meaning: the same in a sentence.
        fill: colour of its cell, "" for the theme's colour of free space.
        ink: colour of the shape on it.
        shape: matplotlib marker or outline, "" for none.
        sign: one ASCII character, for terminals.
        rank: who wins when several addresses share one cell; the highest does.
    """

    word: str
    meaning: str
    fill: str
    ink: str
    shape: str | tuple[tuple[float, float], ...]
    sign: str
    rank: int


MARKS: Mapping[Cell, Mark] = {
    Cell.FREE: Mark("free", "nothing that is listed holds it", "", _GREY, "", ".", 0),
    Cell.THIS_NIC: Mark("this vNIC", "already on the vNIC asked for", _BLUE, _WHITE, "o", "@", 5),
    Cell.OTHER_NIC: Mark("other vNIC", "primary or secondary of another vNIC", _SKY, _NAVY, ".", "#", 2),
    Cell.HAVIP: Mark("HaVip", "a high-availability virtual IP", _PURPLE, _BLACK, "D", "H", 3),
    Cell.LB: Mark("load balancer", "its own or a health-check address", _ORANGE, _BLACK, "^", "L", 4),
    Cell.RESERVED: Mark("reserved", "network, gateway or broadcast", _GREY, _BLACK, _BAR, "=", 1),
    Cell.PLANNED: Mark("planned", "would be assigned by this plan", _GREEN, _BLACK, "P", "+", 7),
    Cell.CONFLICT: Mark("conflict", "asked for, but it cannot be had", _VERMILLION, _BLACK, "X", "x", 8),
    Cell.CLAIMED: Mark("claimed", "set aside by a claim or an exclusion", _YELLOW, _BLACK, "*", "*", 6),
}

UNSEEN = Mark("unseen", "used by something no listing shows; where is not known", "", _GREY, "$?$", "?", -1)
"""Not a cell: the number is known, the places are not."""

_RAMP = ("#E3EFF7", "#BBDDF0", "#8CC8EC", "#62B5E8", "#3E98D3", "#1F7AB8")  # sky blue to blue; black reads on all


class Theme(NamedTuple):
    """Colours of everything that is no state.

    Attributes:
        paper: background.
        text: main text.
        quiet: secondary text and ticks.
        line: separators.
        free: cells of free space.
        shut: cells without free space, where free space is what is looked for.
        ramp: from small to large, ever further from the paper in lightness.
    """

    paper: str
    text: str
    quiet: str
    line: str
    free: str
    shut: str
    ramp: tuple[str, ...]


LIGHT = Theme(
    paper="#FFFFFF", text="#1F2328", quiet="#59636E", line="#D1D9E0", free="#EEF1F4", shut="#3A4048", ramp=_RAMP
)
DARK = Theme(
    paper="#111418", text="#F0F3F6", quiet="#A9B4BF", line="#3D444D", free="#262C33", shut="#2B3138", ramp=_RAMP[::-1]
)


def theme(*, dark: bool) -> Theme:
    """Return the theme for a light or a dark background."""
    return DARK if dark else LIGHT


def fills(paint: Theme) -> NDArray[np.uint8]:
    """Return the cell colours as uint8 RGB, one row per ``Cell`` code."""
    return rgb([MARKS[cell].fill or paint.free for cell in Cell])


def rgb(colours: Sequence[str]) -> NDArray[np.uint8]:
    """Return ``#RRGGBB`` colours as uint8 RGB, one row each."""
    return np.array([[int(colour[i : i + 2], 16) for i in (1, 3, 5)] for colour in colours], np.uint8)


class Tone(NamedTuple):
    """How a verdict or state is shown in a table: its own word, with a colour and a symbol before it."""

    name: str
    colour: str
    symbol: str


_GOOD = Tone("good", _GREEN, "✓")
_SAME = Tone("same", _BLUE, "=")
_CARE = Tone("care", _ORANGE, "!")
_BAD = Tone("bad", _VERMILLION, "✕")
_NONE = Tone("none", _GREY, "·")

TONES: Mapping[str, Tone] = {
    # verdicts and severities
    "OK": _GOOD,
    "NOOP": _SAME,
    "RISK": _CARE,
    "BLOCK": _BAD,
    # predicted answers of the API
    "ACCEPTED": _GOOD,
    # states of a receipt
    "assigned": _GOOD,
    "already_present": _SAME,
    "assigned_other": _CARE,
    "rejected": _BAD,
    "not_attempted": _NONE,
    "unknown": _CARE,
    "released": _GOOD,
    "already_absent": _SAME,
    "kept": _CARE,
    # states of a source that was read
    "complete": _GOOD,
    "partial": _CARE,
    "failed": _BAD,
    # levels of utilisation
    "normal": _GOOD,
    "warning": _CARE,
    "critical": _BAD,
}


def tone_of(word: str) -> Tone:
    """Return how a word is shown; one that is no known state is an error code of the API, which is bad."""
    return TONES.get(word, _BAD)


def tones() -> list[Tone]:
    """Return every tone once."""
    return list(dict.fromkeys(TONES.values()))
