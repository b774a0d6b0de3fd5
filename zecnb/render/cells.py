"""How one value of a frame is shown, in HTML and in a terminal alike.

What a value is, is told by its column's name (``schema.py``) and dtype. All text is untrusted: line breaks and
characters that steer terminals or reverse the reading order become visible stand-ins here, markup is escaped by
whoever writes markup.
"""

from __future__ import annotations

import math
import unicodedata
from datetime import UTC, datetime
from enum import Enum
from typing import TYPE_CHECKING, NamedTuple

import pandas as pd

from zecnb.render.palette import TONES, Tone, tone_of

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = [
    "ID_LIMIT",
    "NOTHING",
    "Kind",
    "Shown",
    "clock",
    "duration",
    "free_words",
    "heading",
    "kind_of",
    "percent",
    "plain",
    "plural",
    "records",
    "shorten",
    "show",
]

NOTHING = "\u2013"
"""What stands for a missing value."""

ID_LIMIT = 14
"""Characters shown of an identifier, its two ends; the whole one is in the frame and in the cell's title."""

_SHARES = ("utilisation", "coverage", "fragmentation")
_TONED = ("verdict", "severity", "state", "predicted", "source_status", "level")
_CODES = ("api_code", "code", "request_id", "run_id", "digest")
_MONO_ENDS = ("_id", "address", "cidr", "cidr_block", "primary_ipv4")
_PLAIN_NUMBERS = ("row", "call")
_LONGEST_LIST = 3
_LONGEST_FULL = 1000  # characters of a full value kept beside its short form


class Kind(Enum):
    """What a column holds, which decides how it is aligned, shortened and drawn."""

    TEXT = "text"
    MONO = "mono"
    NUMBER = "number"
    SHARE = "share"
    WORD = "word"
    LIST = "list"
    CODE = "code"


class Shown(NamedTuple):
    """One value as shown.

    Attributes:
        text: short form.
        full: the whole value where ``text`` leaves something out, else "".
        tone: how to show a verdict or state.
        share: 0..1 for a bar.
    """

    text: str
    full: str = ""
    tone: Tone | None = None
    share: float | None = None


def kind_of(name: str, series: pd.Series) -> Kind:
    """Return what a column holds."""
    if name.startswith(_SHARES) and pd.api.types.is_float_dtype(series):
        return Kind.SHARE
    if name in _TONED:
        return Kind.WORD
    if pd.api.types.is_numeric_dtype(series) and not pd.api.types.is_bool_dtype(series):
        return Kind.NUMBER
    if name in _CODES:
        return Kind.CODE
    if name.endswith(_MONO_ENDS):
        return Kind.MONO
    if series.dtype == object and series.map(lambda value: isinstance(value, list | tuple | frozenset)).any():
        return Kind.LIST
    return Kind.TEXT


def heading(name: object) -> str:
    """Return a column's name as people write it."""
    return plain(str(name)).replace("_", " ")


def plain(text: str) -> str:
    """Return untrusted text on one line, without characters that steer what shows it.

    Blanks and line breaks become one blank each, control and format characters (escape sequences, reversed reading
    order) and lone surrogates U+FFFD.
    """
    return "".join(map(_harmless, text)) if not text.isascii() or not text.isprintable() else text


def _harmless(letter: str) -> str:
    if letter.isspace():
        return " "
    return "\ufffd" if unicodedata.category(letter) in {"Cc", "Cf", "Co", "Cs"} else letter


def shorten(text: str, limit: int, *, middle: bool = False) -> str:
    """Return text of at most ``limit`` characters, an ellipsis where something was left out."""
    if len(text) <= limit:
        return text
    if middle:
        tail = (limit - 1) // 2
        return f"{text[: limit - 1 - tail]}…{text[-tail:]}"
    return text[: limit - 1].rstrip() + "…"


def show(value: object, name: str, kind: Kind, *, limit: int | None = None) -> Shown:
    """Return how a value is shown.

    Args:
        value: any cell of a frame.
        name: its column.
        kind: see ``kind_of``.
        limit: characters of text shown at most; None for all.
    """
    if kind is Kind.LIST:
        return _list(value, limit)
    if _missing(value):
        return Shown(NOTHING)
    match kind:
        case Kind.SHARE:
            return Shown(percent(value), share=min(max(float(str(value)), 0.0), 1.0))
        case Kind.NUMBER:
            return Shown(str(value) if name in _PLAIN_NUMBERS else _number(value))
        case Kind.WORD:
            word = plain(str(value))
            tone = tone_of(word) if name == "predicted" else TONES.get(word)
            return Shown(word.replace("_", " ") if word in TONES else word, tone=tone)
    text = value.isoformat(" ", "seconds") if isinstance(value, datetime) else plain(str(value))
    if limit is None:
        return Shown(text)
    # The ends of an identifier tell it apart, the start of a sentence does.
    if kind is Kind.MONO and name.endswith("_id"):
        limit = ID_LIMIT
    short = shorten(text, limit, middle=kind is not Kind.TEXT)
    return Shown(short, "" if short == text else shorten(text, _LONGEST_FULL))


def percent(value: object) -> str:
    """Return a share of 0..1 as ``61.2 %``; never rounded to 0 or 100 when it is not."""
    share = float(str(value))
    if 0 < share < 0.001:
        return "< 0.1 %"
    if 0.999 < share < 1:
        return "> 99.9 %"
    return f"{share:.1%}".replace("%", " %")


def plural(count: int, one: str, many: str = "") -> str:
    """Return ``1 address``, ``1,024 addresses``."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def free_words(free: int, *, unseen: int = 0, claimed: int = 0) -> str:
    """Return how many addresses are free, as ``plan.summary`` counts them, and what in a picture adds up to it.

    Args:
        free: cells that nothing listed holds; claimed ones among them, since a claim holds nothing.
        unseen: addresses used by something no listing shows; some of the cells shown free are those.
        claimed: how many of ``free`` are claimed.
    """
    notes = [f"{free:,} shown less {unseen:,} unseen"] if unseen else []
    notes += [f"{claimed:,} of them claimed"] if claimed else []
    return f"{max(free - unseen, 0):,} free" + (f" ({', '.join(notes)})" if notes else "")


def duration(seconds: float) -> str:
    """Return a time span as people say it: ``40 s``, ``12 min``, ``3.5 h``, ``6 days``."""
    if seconds < 120:
        return f"{seconds:.0f} s"
    if seconds < 7200:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.1f} h" if seconds < 172_800 else f"{seconds / 86_400:.0f} days"


def clock(at: datetime, *, seconds: bool = False) -> str:
    """Return a time as a clock on the wall shows it; with the date when it is not today's.

    Args:
        at: any time with a zone.
        seconds: say those too.
    """
    local = at.astimezone()
    day = "" if local.date() == datetime.now(UTC).astimezone().date() else f"{local:%Y-%m-%d} "
    return f"{day}{local:%H:%M:%S}" if seconds else f"{day}{local:%H:%M}"


def records(content: Mapping[str, object]) -> dict[str, object]:
    """Return content for JSON: frames as lists of records, missing values as null, tuples as lists."""
    return {key: _plain_rows(value) if isinstance(value, pd.DataFrame) else value for key, value in content.items()}


def _plain_rows(frame: pd.DataFrame) -> list[dict[str, object]]:
    names = [str(name) for name in frame.columns]
    columns = [frame.iloc[:, at].astype(object).tolist() for at in range(len(names))]
    return [{name: _json(value) for name, value in zip(names, row, strict=True)} for row in zip(*columns, strict=True)]


def _json(value: object) -> object:
    if isinstance(value, list | tuple):
        return [_json(item) for item in value]
    if _missing(value):
        return None
    return value.isoformat() if isinstance(value, datetime) else value


def _list(value: object, limit: int | None) -> Shown:
    items = [plain(str(item)) for item in value] if isinstance(value, list | tuple | frozenset) else []
    if not items:
        return Shown(NOTHING)
    full = ", ".join(items)
    if limit is None or (len(items) <= _LONGEST_LIST and len(full) <= limit):
        return Shown(full)
    kept = [shorten(item, limit) for item in items[:_LONGEST_LIST]]
    rest = len(items) - len(kept)
    return Shown(", ".join(kept) + (f" … {rest:,} more" if rest else ""), shorten(full, _LONGEST_FULL))


def _number(value: object) -> str:
    number = float(str(value))
    if not math.isfinite(number) or number != int(number):
        return f"{number:,.3g}"
    return f"{int(str(value)) if isinstance(value, int) else int(number):,}"


def _missing(value: object) -> bool:
    return value is None or value is pd.NA or value is pd.NaT or (isinstance(value, float) and math.isnan(value))
