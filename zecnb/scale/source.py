"""What is planned with and what for, as Dask frames."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import dask
import dask.dataframe as dd
import pandas as pd
import pyarrow as pa
from dask.dataframe.dispatch import make_meta

from zecnb.errors import UsageError
from zecnb.schema import HOLDERS, NICS, SOURCES, SUBNETS, conform, empty, match_columns

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["Source", "read_batch", "read_source"]

_ABOUT, _VERSION = "inventory.json", 1  # of the folders that ``Inventory.save`` writes
_NEEDS = {"nics": ("nic_id", "subnet_id", "status"), "holders": ("subnet_id", "address", "kind", "holder_id")}


class Source(NamedTuple):
    """An inventory.

    Attributes:
        subnets, sources: pandas frames, columns of ``schema.SUBNETS`` and ``SOURCES``.
        nics, holders: Dask frames with at least the needed columns of ``schema.NICS`` and ``HOLDERS``.
        observed_at: when this was true, UTC.
    """

    subnets: pd.DataFrame
    nics: dd.DataFrame
    holders: dd.DataFrame
    sources: pd.DataFrame
    observed_at: datetime


def read_source(inventory: object) -> Source:
    """Read an inventory's small frames, and know where its large ones are.

    Raises:
        UsageError: it is not an inventory, a file or a column is missing, or a value cannot mean anything.
    """
    if isinstance(inventory, str | Path):
        given = _of_folder(Path(inventory))
    elif isinstance(inventory, dict):
        given = inventory
    else:
        raise UsageError(
            "inventory is the folder of a saved inventory, or a dict of frames: subnets, nics, holders; "
            f"not {type(inventory).__name__}"
        )
    if missing := [name for name in ("subnets", "nics", "holders") if name not in given]:
        raise UsageError(f"inventory: {', '.join(missing)} missing; there are {', '.join(given) or 'no frames'}")
    when = given.get("observed_at") or datetime.now(UTC)
    if not isinstance(when, datetime):
        raise UsageError(f"inventory: observed_at is a datetime, not {when!r}")
    sources = given.get("sources")
    return Source(
        subnets=_small(given, "subnets"),
        nics=_large(given, "nics", NICS),
        holders=_large(given, "holders", HOLDERS),
        sources=empty(SOURCES) if sources is None else sources,
        observed_at=when.replace(tzinfo=UTC) if when.tzinfo is None else when.astimezone(UTC),
    )


def _of_folder(folder: Path) -> dict[str, Any]:
    try:
        about = json.loads((folder / _ABOUT).read_text(encoding="utf-8"))
        version, observed_at = int(about["version"]), datetime.fromisoformat(about["observed_at"])
    except FileNotFoundError as error:
        raise UsageError(f"{folder} is no saved inventory: {_ABOUT} is missing") from error
    except (OSError, ValueError, KeyError, TypeError, OverflowError) as error:
        raise UsageError(f"{folder} is no saved inventory that can be read: {error}") from error
    if version > _VERSION:
        raise UsageError(f"{folder} was saved by a newer zecnb (version {version}); update zecnb to read it")
    files = {name: folder / f"{name}.parquet" for name in ("subnets", "sources", *_NEEDS)}
    for file in files.values():
        if not file.exists():
            raise UsageError(f"{folder} is no saved inventory: {file.name} is missing")
    try:
        small = {name: pd.read_parquet(files[name]) for name in ("subnets", "sources")}
    except (OSError, ValueError, pa.ArrowException) as error:
        raise UsageError(f"{folder} is no saved inventory that can be read: {error}") from error
    return {**small, **{name: _parquet(files[name]) for name in _NEEDS}, "observed_at": observed_at}


def _parquet(path: Path) -> dd.DataFrame:
    """Read a Parquet file or a folder of such files, one partition per group of rows."""
    if not path.exists():
        raise UsageError(f"{path} is missing")
    try:
        with dask.config.set({"dataframe.convert-string": False}):  # text is what it is for pandas
            return dd.read_parquet(path, split_row_groups=True)
    except (OSError, ValueError, pa.ArrowException) as error:
        why = str(error).rpartition("Original Message: ")[2]  # Dask tells first which of its functions it is from
        raise UsageError(f"{path} cannot be read as Parquet: {why}") from error


def _small(given: Mapping[str, Any], name: str) -> pd.DataFrame:
    frame = given[name]
    frame = frame.compute() if isinstance(frame, dd.DataFrame) else frame
    return conform(frame, SUBNETS, required=("subnet_id", "vpc_id", "cidr_block", "stack_type"), what=name)


def _large(given: Mapping[str, Any], name: str, columns: Mapping[str, Any]) -> dd.DataFrame:
    frame = _as_dask(given[name], name)
    conform(make_meta(frame), columns, required=_NEEDS[name], what=name)
    return frame[list(match_columns(frame.columns, columns))]


def read_batch(requests: object) -> dd.DataFrame:
    """Return requests as a Dask frame.

    Raises:
        UsageError: they are no frame and no Parquet folder, or cannot be read.
    """
    return _parquet(Path(requests)) if isinstance(requests, str | Path) else _as_dask(requests, "requests")


def _as_dask(frame: object, name: str) -> dd.DataFrame:
    if isinstance(frame, dd.DataFrame):
        return frame
    if isinstance(frame, pd.DataFrame):
        with dask.config.set({"dataframe.convert-string": False}):  # lists of addresses stay lists
            return dd.from_pandas(frame.reset_index(drop=True), npartitions=max(1, len(frame) // 250_000))
    raise UsageError(f"{name} are a Dask or pandas DataFrame or a Parquet folder, not {type(frame).__name__}")
