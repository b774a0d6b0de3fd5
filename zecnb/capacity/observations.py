"""Observations of utilisation: of a snapshot, of a file, checked."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from zecnb import schema
from zecnb.errors import UsageError
from zecnb.schema import HISTORY

if TYPE_CHECKING:
    from zecnb.snapshot import Snapshot

__all__ = ["checked_history", "observation", "read_history_file"]


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
    """Read observations from CSV or Parquet.

    Raises:
        UsageError: it is neither, cannot be read, or misses a column.
    """
    source = Path(path)
    try:
        if source.suffix.lower() == ".parquet":
            frame = pd.read_parquet(source)
        elif source.suffix.lower() == ".csv":
            frame = pd.read_csv(source, dtype=str, keep_default_na=False, na_values=[""], encoding="utf-8-sig")
        else:
            raise UsageError(f"{source.name}: history is read from .csv or .parquet")
    except (OSError, ValueError) as error:
        if isinstance(error, UsageError):
            raise
        raise UsageError(f"{source.name} cannot be read: {error}") from error
    return checked_history(frame)


def checked_history(frame: pd.DataFrame) -> pd.DataFrame:
    """Return observations with the columns and dtypes of ``schema.HISTORY``; ``peak`` is ``used`` when not given.

    Raises:
        UsageError: a column is missing, or a value cannot be; names the row.
    """
    names = schema.match_columns(frame.columns, HISTORY)
    given = frame.rename(columns=names)
    if "at" in given:
        try:
            given = given.assign(at=pd.to_datetime(given["at"], utc=True, format="ISO8601"))
        except (ValueError, TypeError) as error:
            raise UsageError(f"history: column at holds no times: {error}") from error
    for name in ("usable", "used", "peak", "largest_run"):
        if name in given and not pd.api.types.is_numeric_dtype(given[name]):
            try:
                given[name] = pd.to_numeric(given[name])
            except (ValueError, TypeError) as error:
                raise UsageError(f"history: column {name} must be numbers: {error}") from error
    if "peak" not in given and "used" in given:
        given = given.assign(peak=given["used"])
    done = schema.conform(given, HISTORY, required=("at", "subnet_id", "cidr", "usable", "used"), what="history")
    done["peak"] = done["peak"].fillna(done["used"])
    missing = done[["at", "subnet_id", "cidr", "usable", "used"]].isna().any(axis=1)
    wrong = missing | (done["used"] < 0) | (done["usable"] < 0)
    if wrong.fillna(value=True).any():
        at = int(wrong.fillna(value=True).to_numpy().argmax())
        raise UsageError(f"history, row {at}: a value is missing or negative: {done.iloc[at].to_dict()}")
    return done
