"""Tables for terminals: aligned, as wide as the terminal, long texts wrapped rather than cut."""

from __future__ import annotations

import shutil
import unicodedata
from typing import TYPE_CHECKING

from zecnb.render.cells import Kind, Shown, heading, kind_of, show

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

__all__ = ["table_text"]

_GAP = "  "
_NARROWEST = 8
_LONGEST_WORD = 20  # letters of a word that is not split as long as another column can give way; ids have 19
_NUMBERS = frozenset({Kind.NUMBER, Kind.SHARE})


def table_text(
    frame: pd.DataFrame, columns: Sequence[str] | None = None, *, limit: int | None = 50, width: int | None = None
) -> str:
    """Return a frame as an aligned table of text.

    Args:
        frame: any frame.
        columns: those to show, in order; all by default.
        limit: rows shown at most, None for all; how many are left out is said.
        width: characters per line; the terminal's by default.
    """
    names = [str(name) for name in (frame.columns if columns is None else columns)]
    shown = frame if limit is None else frame.head(limit)
    kinds = [kind_of(name, frame[name]) for name in names]
    table: list[list[str]] = [[heading(name) for name in names]]
    values = [shown[name].astype(object).tolist() for name in names]
    for row in zip(*values, strict=True):
        cells = [show(value, name, kind) for value, name, kind in zip(row, names, kinds, strict=True)]
        table.append([_signed(cell) for cell in cells])
    room = shutil.get_terminal_size((120, 24)).columns if width is None else width
    widths = _fit(table, kinds, room)
    lines = [line for row in table for line in _lines(row, widths, kinds)]
    rule = _GAP.join("-" * across for across in widths)
    heads = len(_lines(table[0], widths, kinds))
    lines.insert(heads, rule)
    if not len(frame):
        lines.append("(no rows)")
    if len(shown) < len(frame):
        lines.append(f"... {len(frame) - len(shown):,} more rows")
    return "\n".join(lines)


def _signed(cell: Shown) -> str:
    return f"{cell.tone.symbol} {cell.text}" if cell.tone else cell.text


def _fit(table: list[list[str]], kinds: list[Kind], room: int) -> list[int]:
    """Return column widths that fit, taken from the widest column of text first.

    Numbers, ids, addresses and networks keep theirs: half of one is another one, or none. Where they stand in a text,
    they are split only when there is no other way.
    """
    widths, whole = [], []
    for at, (head, *cells) in enumerate(zip(*table, strict=True)):
        longest = max(map(_width, cells), default=0)
        wide = max(map(_width, head.split(" "))) if kinds[at] in _NUMBERS else _width(head)  # headings may wrap
        widths.append(max(longest, wide))
        words = (_width(word) for cell in cells for word in cell.split(" "))
        whole.append(min(max(words, default=0), _LONGEST_WORD))
    soft = [at for at, kind in enumerate(kinds) if kind not in {*_NUMBERS, Kind.WORD, Kind.MONO}]
    excess = sum(widths) + len(_GAP) * (len(widths) - 1) - room
    for least in (whole, [_NARROWEST] * len(widths)):
        floor = [min(across, max(few, _NARROWEST)) for across, few in zip(widths, least, strict=True)]
        while excess > 0:
            widest = max(soft, key=lambda at: widths[at] - floor[at], default=None)
            if widest is None or widths[widest] <= floor[widest]:
                break  # too many columns: lines that are too long say more than columns left out
            widths[widest] -= 1
            excess -= 1
    return widths


def _lines(row: list[str], widths: list[int], kinds: list[Kind]) -> list[str]:
    """Return one row as lines, each cell wrapped to its column."""
    wrapped = [_wrap(cell, across) for cell, across in zip(row, widths, strict=True)]
    tall = max((len(parts) for parts in wrapped), default=0)
    lines = []
    for at in range(tall):
        parts = [parts[at] if at < len(parts) else "" for parts in wrapped]
        padded = [_pad(part, across, kind) for part, across, kind in zip(parts, widths, kinds, strict=True)]
        lines.append(_GAP.join(padded).rstrip())
    return lines


def _wrap(text: str, across: int) -> list[str]:
    lines = [""]
    for word in text.split(" "):
        joined = f"{lines[-1]} {word}" if lines[-1] else word
        if _width(joined) <= across:
            lines[-1] = joined
            continue
        if lines[-1]:
            lines.append("")
        for letter in word:  # a word longer than the column is split
            if lines[-1] and _width(lines[-1]) + _width(letter) > across:
                lines.append("")
            lines[-1] += letter
    return lines


def _pad(text: str, across: int, kind: Kind) -> str:
    blanks = " " * (across - _width(text))
    return blanks + text if kind in _NUMBERS else text + blanks


def _width(text: str) -> int:
    """Return how many columns of a terminal a text takes: East Asian letters take two, combining ones none."""
    if text.isascii():
        return len(text)
    return sum(0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)
