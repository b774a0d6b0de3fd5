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
    about = {"version": _VERSION, "observed_at": snapshot.observed_at.isoformat(), "fingerprint": snapshot.fingerprint}
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=target.parent, prefix=f".{target.name}-") as name:
            fresh = Path(name, "new")
            fresh.mkdir()
            for frame in (*_FRAMES, _BESIDE):
                getattr(snapshot, frame).to_parquet(fresh / f"{frame}.parquet", index=False)
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
        UsageError: the folder is no saved inventory, or one of a newer version.
    """
    source = Path(folder)
    try:
        about = json.loads((source / _ABOUT).read_text(encoding="utf-8"))
        version, observed_at = int(about["version"]), datetime.fromisoformat(about["observed_at"])
        if version > _VERSION:
            raise UsageError(f"{source} was saved by a newer zecnb (version {version}); update zecnb to read it")
        there = [*_FRAMES, *([_BESIDE] if (source / f"{_BESIDE}.parquet").exists() else [])]
        frames = {name: pd.read_parquet(source / f"{name}.parquet") for name in there}
    except FileNotFoundError as error:
        raise UsageError(f"{source} is no saved inventory: {Path(error.filename).name} is missing") from error
    except (OSError, ValueError, KeyError, TypeError, pa.ArrowException) as error:
        raise UsageError(f"{source} is no saved inventory that can be read: {error}") from error
    return {**frames, "observed_at": observed_at}
