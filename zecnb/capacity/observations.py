"""Observations of utilisation: of a snapshot, of a file, checked."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from zecnb import addresses, schema
from zecnb.columns import column
from zecnb.errors import UsageError
from zecnb.render.cells import shorten
from zecnb.schema import HISTORY
from zecnb.sheets import TABLE_ENDINGS, read_rows

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from zecnb.snapshot import Snapshot

__all__ = ["checked_history", "latest", "observation", "past_only", "read_history_file"]

_NEEDED = ("at", "subnet_id", "cidr", "usable", "used")
_LONGEST_ID = 64
_CUT_ID = r"\d(\.\d+)?[eE]\+\d+"
_MOST = 1 << 32  # addresses there are


def observation(snapshot: Snapshot) -> pd.DataFrame:
    """Return how full each IPv4 subnet of a snapshot is, columns of ``schema.HISTORY``."""
    kept = snapshot.geometry.ipv4
    used = (snapshot.seen + snapshot.unseen)[kept]
    return pd.DataFrame(
        {
            "at": pd.Timestamp(snapshot.observed_at),
            "subnet_id": snapshot.subnets["subnet_id"].array[kept],
            "vpc_id": snapshot.subnets["vpc_id"].array[kept],
            "cidr": snapshot.subnets["cidr_block"].array[kept],
            "usable": snapshot.geometry.usable[kept],
            "used": used,
            "peak": used,
            "largest_run": pd.array(snapshot.largest_run[kept], dtype="Int64"),
        },
        columns=list(HISTORY),
    )


def read_history_file(path: str | Path) -> pd.DataFrame:
    """Read observations from CSV, Excel or Parquet.

    Raises:
        UsageError: it is none of them, cannot be read, misses a column, or holds what cannot be; names the row.
    """
    if not isinstance(path, str | Path):
        raise UsageError(f"history is read from the path of a file, not from {type(path).__name__}")
    source = Path(path)
    ending = source.suffix.lower()
    if ending not in (*TABLE_ENDINGS, ".parquet"):
        raise UsageError(f"{source.name}: history is read from {', '.join(TABLE_ENDINGS)} or .parquet")
    if ending != ".parquet":
        return checked_history(*read_rows(source))
    try:
        return checked_history(pd.read_parquet(source))
    except (OSError, ValueError) as error:
        if isinstance(error, UsageError):
            raise
        raise UsageError(f"{source.name} cannot be read: {error}") from error


def checked_history(frame: pd.DataFrame, row: NDArray[np.int64] | None = None) -> pd.DataFrame:
    """Return observations with the columns and dtypes of ``schema.HISTORY``; ``peak`` is never below ``used``.

    Args:
        frame: observations.
        row: the numbers by which the caller knows the rows; their positions by default.

    Raises:
        UsageError: it is no DataFrame, a column is missing, or a value cannot be; names the row and the value.
    """
    if not isinstance(frame, pd.DataFrame):
        raise UsageError(f"history is a DataFrame with the columns {', '.join(_NEEDED)}, not {type(frame).__name__}")
    names = schema.match_columns(frame.columns, HISTORY)
    if missing := [name for name in _NEEDED if name not in names.values()]:
        there = ", ".join(map(str, frame.columns)) or "no columns"
        raise UsageError(f"history: column{'s' * (len(missing) > 1)} {', '.join(missing)} missing; there are {there}")
    given = frame[list(names)].rename(columns=names).set_axis(range(len(frame)) if row is None else row)
    text = given.select_dtypes(["object", "str"])
    given = given.assign(**text.mask(text == ""))  # empty cells of a file
    done = {"at": _times(given["at"])}
    for name in ("subnet_id", "vpc_id"):
        if name in given:
            done[name] = _ids(given[name], needed=name in _NEEDED)
    done["cidr"] = _cidrs(given["cidr"])
    for name in ("usable", "used", "peak", "largest_run"):
        if name in given:
            done[name] = _numbers(given[name], needed=name in _NEEDED)
    peak = done.get("peak", done["used"])
    done["peak"] = peak.where(peak > done["used"], done["used"]).fillna(done["used"])
    return schema.conform(pd.DataFrame(done), HISTORY, required=_NEEDED, what="history")


def latest() -> pd.Timestamp:
    """Return the latest time that an observation may be of: clocks differ a little, and days by time zone."""
    return pd.Timestamp.now("UTC") + pd.Timedelta(days=1)


def past_only(checked: pd.DataFrame) -> pd.DataFrame:
    """Return checked observations as they are.

    Raises:
        UsageError: one is of a day that is still to come.
    """
    if (early := np.flatnonzero(checked["at"] > latest())).size:
        when = checked["at"].iloc[early[0]]
        raise UsageError(f"history, row {early[0]}: at is {when:%Y-%m-%d}, which is still to come")
    return checked


def _times(given: pd.Series) -> pd.Series:
    done = pd.to_datetime(given, utc=True, format="ISO8601", errors="coerce")
    _refuse(given, done.isna(), "no time; write 2026-03-02 or 2026-03-02T06:00:00+00:00")
    return done


def _ids(given: pd.Series, *, needed: bool) -> pd.Series:
    if pd.api.types.is_float_dtype(given.dtype) and given.notna().any():
        raise UsageError(f"history: {given.name} arrived as floating-point numbers: ids lose digits; read it as text")
    done = given.astype("str")
    wrong = done.str.len() > _LONGEST_ID
    cut = done.str.fullmatch(_CUT_ID).fillna(value=False).astype(bool)
    _refuse(given, cut, "an id that a spreadsheet cut to 15 digits; format its column as text, and enter it again")
    _refuse(given, wrong | done.isna() if needed else wrong, f"no id of 1 to {_LONGEST_ID} letters")
    return done


def _cidrs(given: pd.Series) -> pd.Series:
    done = given.astype("str")
    _, prefix, _ = addresses.parse_cidr(column(done))
    _refuse(given, prefix < 0, "no CIDR such as 10.0.4.0/22")
    return done


def _numbers(given: pd.Series, *, needed: bool) -> pd.Series:
    """Return whole numbers of 0 or more as Int64; NA where there is none and none is needed."""
    number = pd.to_numeric(given, errors="coerce").astype("Float64")
    good = ((number >= 0) & (number <= _MOST) & (number % 1 == 0)).fillna(value=False)
    _refuse(given, ~good if needed else ~good & given.notna(), "no whole number of 0 or more")
    return number.astype("Int64")


def _refuse(given: pd.Series, wrong: ArrayLike, why: str) -> None:
    """Raise for the first wrong value, if there is one."""
    at = np.flatnonzero(np.asarray(wrong, np.bool_))
    if len(at):
        value: Any = given.iloc[int(at[0])]
        shown = "nothing" if pd.isna(value) else shorten(repr(value) if isinstance(value, str) else str(value), 60)
        raise UsageError(f"history, row {given.index[at[0]]}: {given.name} is {shown}, {why}")
