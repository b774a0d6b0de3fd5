"""Frames for spreadsheets: what looks like a formula is made text."""

from __future__ import annotations

import re
from pathlib import Path

import pandas as pd

from zecnb.files import whole

__all__ = ["defuse", "write_csv"]

# Spreadsheets read these as the start of a formula; the full-width ones count in some, and leading blanks are skipped.
_FORMULA = re.compile(r"^[\s\x00]*[=+\-@\uff1d\uff0b\uff0d\uff20\t\r\n]")
_NUMBER = re.compile(r"^[+-]?\d+([.,]\d+)?([eE][+-]?\d+)?$", re.ASCII)


def defuse(frame: pd.DataFrame) -> pd.DataFrame:
    """Return a copy fit for CSV or Excel: no cell or heading that a spreadsheet would run as a formula.

    Text that starts like a formula gets a leading apostrophe; plain numbers such as ``-5`` stay. Lists become text
    with commas. Doing it twice changes nothing more.
    """
    done = [_defuse_column(frame.iloc[:, at]) for at in range(frame.shape[1])]
    result = pd.concat(done, axis=1) if done else frame.copy()
    result.columns = pd.Index([_defuse(name) for name in frame.columns], dtype=object)
    return result


def write_csv(frame: pd.DataFrame, path: str | Path) -> Path:
    """Write a frame for spreadsheets, see ``defuse``; the file appears whole or not at all.

    Raises:
        UsageError: it cannot be written.
    """
    with whole(path) as partial:
        defuse(frame).to_csv(partial, index=False)
    return Path(path)


def _defuse_column(series: pd.Series) -> pd.Series:
    if pd.api.types.is_numeric_dtype(series) or pd.api.types.is_datetime64_any_dtype(series):
        return series
    return series.astype(object).map(_defuse)


def _defuse(value: object) -> object:
    if isinstance(value, list | tuple | frozenset):
        value = ", ".join(map(str, value))
    if isinstance(value, str) and _FORMULA.match(value) and not _NUMBER.match(value):
        return "'" + value
    return value
