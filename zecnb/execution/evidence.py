"""The journal as a file, for whoever has to prove what was done."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq

from zecnb.errors import UsageError
from zecnb.files import whole
from zecnb.render.export import write_csv

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["write_events"]

_LISTS = ("pre_image", "asked", "returned")
_NUMBERS = {"id": pa.int64(), "call": pa.int64(), "ip_address_count": pa.int64(), "http_status": pa.int64()}
_OTHERS = {"at": pa.timestamp("ms", "UTC"), "duration_ms": pa.float64(), **dict.fromkeys(_LISTS, pa.list_(pa.string()))}
_TYPES = {**_NUMBERS, **_OTHERS}


def write_events(events: pd.DataFrame, path: str | Path) -> Path:
    """Write events of the journal; the file appears whole or not at all.

    Args:
        events: ``Journal.frame()`` or rows of it.
        path: ``.csv`` (for spreadsheets: what looks like a formula is text) or ``.parquet``.

    Raises:
        UsageError: it ends in something else, or cannot be written.
    """
    target = Path(path)
    kind = target.suffix.lower()
    if kind not in (".csv", ".parquet"):
        raise UsageError(f"{target.name} does not end in .csv or .parquet")
    if kind == ".csv":
        return write_csv(events.assign(at=events["at"].map(lambda at: at.isoformat(timespec="milliseconds"))), target)
    schema = pa.schema([(name, _TYPES.get(name, pa.string())) for name in events.columns])
    with whole(target) as partial:
        pq.write_table(pa.Table.from_pandas(events, schema, preserve_index=False), partial)
    return target
