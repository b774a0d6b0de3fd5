"""vNIC ids that no vNIC has: what may be meant by them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["meant"]

_OF_A_CELL = {
    re.compile(r"\d(\.\d+)?e\+\d+|\d{15}0{4}", re.IGNORECASE): "a spreadsheet keeps 15 digits of a number, an id has "
    "more: format its column as text, and enter the id again",
    re.compile("="): "a formula without a value: open the file in Excel and save it, or enter the id",
    re.compile("#"): "an error of the spreadsheet's formula: mend it there, or enter the id",
}
_NAMED = 3  # vNICs named as what may be meant
_GUESSES = 100  # ids that are compared with every known one; a file of nothing but unknown ids must not hang


def meant(ids: pa.LargeStringArray, names: pa.LargeStringArray, asked: Sequence[str]) -> list[str]:
    """Say for each id what to do: the vNICs of that name, or with it in theirs, or whose id differs in two places.

    Args:
        ids: of every vNIC there is.
        names: their names, "" for none.
        asked: distinct ids that are none of them.
    """
    letters = np.array(ids.to_pylist() or [""], "U").astype("U32").view(np.uint32).reshape(-1, 32)
    words: list[str] = []
    for text in asked:
        close: list[int] = []
        if len(words) < _GUESSES and len(ids):
            alike = (letters != np.array([text], "U32").view(np.uint32)).sum(axis=1) <= 2
            for found in (pc.equal(names, text), pc.match_substring(names, text), pa.array(alike)):
                close = close or np.flatnonzero(np.asarray(found))[:_NAMED].tolist()
        label = " or ".join(f"{ids[i]} ({names[i]})" if names[i].as_py() else str(ids[i]) for i in close)
        words.append(f"did you mean {label}?" if close else _of_a_cell(text))
    return words


def _of_a_cell(text: str) -> str:
    """Say what to do about an id that nothing is like, such as a spreadsheet makes of one."""
    known = (said for pattern, said in _OF_A_CELL.items() if pattern.match(text))
    return next(known, "check the id; a vNIC just made needs a refresh")
