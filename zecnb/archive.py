"""A snapshot in a folder: one Parquet file per frame and a small JSON file beside them."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd
import pyarrow as pa

from zecnb.errors import UsageError

if TYPE_CHECKING:
    from zecnb.snapshot import Snapshot

__all__ = ["read_archive", "write_archive"]

_VERSION = 1
_ABOUT = "inventory.json"
_FRAMES = ("vpcs", "subnets", "nics", "holders", "sources")
_BESIDE = "beside"  # a frame that older folders have not


def write_archive(snapshot: Snapshot, folder: str | Path) -> Path:
    """Write a snapshot; the folder appears whole or not at all, and replaces an older inventory of that name.

    Raises:
        UsageError: the folder holds something else, or cannot be written.
    """
    target = Path(folder)
    if target.exists() and not (target / _ABOUT).is_file() and (not target.is_dir() or any(target.iterdir())):
        raise UsageError(f"{target} is there and is no saved inventory; choose another folder")
    frames = {name: getattr(snapshot, name) for name in (*_FRAMES, _BESIDE)}
    about = {
        "version": _VERSION,
        "observed_at": snapshot.observed_at.isoformat(),
        "rows": {name: len(frame) for name, frame in frames.items()},
    }
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=target.parent, prefix=f".{target.name}-") as name:
            fresh = Path(name, "new")
            fresh.mkdir()
            for frame_name, frame in frames.items():
                frame.to_parquet(fresh / f"{frame_name}.parquet", index=False)
            (fresh / _ABOUT).write_text(json.dumps(about, indent=1, sort_keys=True) + "\n", encoding="utf-8")
            if target.exists():
                os.rename(target, Path(name, "old"))  # noqa: PTH104 - swept away with the temporary folder
            shutil.move(fresh, target)
    except OSError as error:
        raise UsageError(f"the inventory cannot be written to {target}: {error}") from error
    return target


def read_archive(folder: str | Path) -> dict[str, Any]:
    """Read what ``Snapshot.from_frames`` takes.

    Raises:
        UsageError: the folder is no saved inventory, or one of a newer version; a file of it is missing or was cut.
    """
    if not isinstance(folder, str | Path):
        raise UsageError(f"a saved inventory is the path of a folder, not {type(folder).__name__}")
    source = Path(folder)
    try:
        about = json.loads((source / _ABOUT).read_text(encoding="utf-8"))
        version, observed_at = int(about["version"]), datetime.fromisoformat(about["observed_at"])
        saved = {name: int(rows) for name, rows in about.get("rows", {}).items()}  # older folders do not say
    except FileNotFoundError as error:
        raise UsageError(f"{source} is no saved inventory: {_ABOUT} is missing") from error
    except (OSError, ValueError, KeyError, TypeError, AttributeError, OverflowError) as error:
        raise UsageError(f"{source} is no saved inventory that can be read: {error}") from error
    if version > _VERSION:
        raise UsageError(f"{source} was saved by a newer zecnb (version {version}); update zecnb to read it")
    files = {name: source / f"{name}.parquet" for name in (*_FRAMES, _BESIDE)}
    for name in _FRAMES:
        if not files[name].exists():
            raise UsageError(f"{source} is no saved inventory: {files[name].name} is missing")
    try:
        frames = {name: pd.read_parquet(file) for name, file in files.items() if file.exists()}
    except (OSError, ValueError, pa.ArrowException) as error:
        raise UsageError(f"{source} is no saved inventory that can be read: {error}") from error
    for name, frame in frames.items():
        if (rows := saved.get(name, len(frame))) != len(frame):
            raise UsageError(f"{source}: {name}.parquet has {len(frame):,} rows, {rows:,} were saved; save it again")
    return {**frames, "observed_at": observed_at}
