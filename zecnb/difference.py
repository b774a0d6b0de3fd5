"""What changed between two snapshots."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from zecnb import addresses
from zecnb.columns import column, positions, strings, texts_at
from zecnb.ledger import addresses_of, find, keys_of, merge, subnets_of
from zecnb.schema import DIFFERENCE

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from zecnb.snapshot import Snapshot

__all__ = ["difference"]

_WATCHED = {
    "vpc": ("vpcs", "vpc_id", ("name", "cidr_block", "secondary_cidr_blocks")),
    "subnet": ("subnets", "subnet_id", ("name", "vpc_id", "cidr_block", "gateway_ip_address", "stack_type")),
    "nic": ("nics", "nic_id", ("name", "status", "subnet_id", "nic_subnet_type", "primary_ipv4", "instance_id")),
}
_TEXT = pa.large_string()


def difference(old: Snapshot, new: Snapshot) -> pd.DataFrame:
    """Return what changed, columns of ``schema.DIFFERENCE``: resources first, then addresses by subnet."""
    parts = [_resources(what, old, new) for what in _WATCHED]
    parts.append(_addresses(old, new))
    return pd.concat([part for part in parts if len(part)] or parts[:1], ignore_index=True)


def _frame(columns: dict[str, object]) -> pd.DataFrame:
    size = max(len(value) for value in columns.values() if hasattr(value, "__len__") and not isinstance(value, str))
    blank = pd.Series(pa.nulls(size, _TEXT), dtype="str")
    return pd.DataFrame({name: columns.get(name, blank) for name in DIFFERENCE}, index=range(size)).astype("str")


def _resources(what: str, old: Snapshot, new: Snapshot) -> pd.DataFrame:
    frame, key, fields = _WATCHED[what]
    was, now = getattr(old, frame), getattr(new, frame)
    home = "subnet_id" if what != "vpc" else None
    parts = []
    for change, here, there in (("removed", was, now), ("added", now, was)):
        gone = here[~here[key].isin(there[key])].sort_values(key).reset_index(drop=True)
        place = {"subnet_id": gone["subnet_id"]} if home else {}
        parts.append(_frame({"what": what, "id": gone[key], "change": change, **place}))
    at = positions(column(was[key]), column(now[key]))
    common = np.flatnonzero(at >= 0)
    for field in fields:
        if field not in was or field not in now:
            continue
        before = was[field].astype("str").take(at[common]).reset_index(drop=True)
        after = now[field].astype("str").take(common).reset_index(drop=True)
        differs = np.flatnonzero((before.fillna("") != after.fillna("")).to_numpy())
        rows = now.take(common[differs]).reset_index(drop=True)
        place = {"subnet_id": rows["subnet_id"]} if home else {}
        parts.append(
            _frame(
                {
                    "what": what,
                    "id": rows[key],
                    "change": "changed",
                    "field": field,
                    "was": before.take(differs).reset_index(drop=True),
                    "now": after.take(differs).reset_index(drop=True),
                    **place,
                }
            )
        )
    return pd.concat([part for part in parts if len(part)] or parts[:1], ignore_index=True)


def _addresses(old: Snapshot, new: Snapshot) -> pd.DataFrame:
    ids = pa.chunked_array([column(old.subnets["subnet_id"]), column(new.subnets["subnet_id"])])
    ids = pc.unique(ids)
    (was_keys, was_ids), (now_keys, now_ids) = (_held(side, positions(ids, side.subnet_ids)) for side in (old, new))
    keys = merge(was_keys, now_keys)
    was, now = find(was_keys, keys), find(now_keys, keys)
    before = texts_at(was_ids, was)
    after = texts_at(now_ids, now)
    changed = np.asarray(pc.fill_null(pc.not_equal(before, after), fill_value=True))
    where = np.flatnonzero(changed)
    kind = np.where(was[where] < 0, 0, np.where(now[where] < 0, 1, 2))
    text = strings(addresses.to_text(addresses_of(keys[where])))
    return _frame(
        {
            "what": "address",
            "id": text,
            "subnet_id": strings(texts_at(ids, subnets_of(keys[where]))),
            "change": strings(texts_at(pa.array(["taken", "released", "moved"], _TEXT), kind)),
            "was": strings(texts_at(before, where)),
            "now": strings(texts_at(after, where)),
        }
    )


def _held(snapshot: Snapshot, home: NDArray[np.int64]) -> tuple[NDArray[np.uint64], pa.LargeStringArray]:
    """Return sorted keys of the held addresses over the common subnets, and who holds each."""
    part = np.flatnonzero(snapshot.is_used)
    keys = snapshot.ledger.keys[part]
    common = keys_of(home[subnets_of(keys)], addresses_of(keys))
    order = np.argsort(common, kind="stable")
    return common[order], texts_at(snapshot.holder_ids, snapshot.ledger.holder[part][order])
