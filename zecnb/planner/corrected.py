"""The requests of a plan without what is wrong in them, to plan again or to hand back."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from zecnb.addresses import parse, ranges
from zecnb.columns import column
from zecnb.ledger import addresses_of, keys_of, subnets_of
from zecnb.schema import PLAN
from zecnb.tokens import EXPANSION_LIMIT

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["corrected"]


def corrected(frame: pd.DataFrame) -> pd.DataFrame:
    """Return what a plan's rows ask for without what is blocked, asked twice or there already.

    Args:
        frame: a plan's rows.

    Returns:
        One row per input row that keeps anything, in its order: ``nic_id``; ``ip_addresses`` as ranges or
        ``ip_address_count``; the caller's own columns; ``left_out``, what was taken away and why.
    """
    frame = frame.loc[:, ~frame.columns.duplicated()]
    others = [name for name in frame.columns if name not in PLAN]
    kind, sets = pd.factorize(frame["codes"])
    twice = np.array([any(code.startswith("DUPLICATE") for code in codes) for codes in sets], bool)[kind]
    good = frame["verdict"].isin(["OK", "RISK"]).to_numpy() & ~twice
    kept, away = frame[good], frame[~good]
    rows = kept.drop_duplicates("row").sort_values("row", kind="stable").set_index("row")
    by_name = (kept["mode"] == "explicit").to_numpy()
    counts = kept.loc[~by_name].groupby("row").size()
    why = away["reason"].fillna("")
    said = away["address"].fillna("the row") + np.where(why == "", "", ": ") + why
    return pd.DataFrame(
        {
            "nic_id": rows["nic_id"],
            "ip_addresses": _named(kept[by_name]).reindex(rows.index, fill_value=""),
            "ip_address_count": counts.astype("str").reindex(rows.index, fill_value=""),
            **{name: rows[name] for name in others},
            "left_out": _joined(said, away["row"], "; ").reindex(rows.index, fill_value=""),
        }
    ).reset_index(drop=True)


def _named(rows: pd.DataFrame) -> pd.Series:
    """Return the addresses that each input row names, as ranges, by row; none is too large to be read again."""
    labels = np.unique(rows["row"])
    keys = np.unique(keys_of(np.searchsorted(labels, rows["row"]), parse(column(rows["address"]))[0]))
    row, value = subnets_of(keys), addresses_of(keys)
    new = np.append(True, (row[1:] != row[:-1]) | (value[1:] - value[:-1] != 1))[: len(keys)]
    new |= value % EXPANSION_LIMIT == 0
    first = np.flatnonzero(new)
    last = np.append(first[1:], len(keys))[: len(first)] - 1
    texts = ranges(value[first], value[last])
    return _joined(pd.Series(texts.to_pylist(), dtype="str"), labels[row[first]], ", ")


def _joined(texts: pd.Series, rows: pd.Series | NDArray[np.int64], separator: str) -> pd.Series:
    """Return the texts of each input row as one."""
    return texts.groupby(np.asarray(rows)).agg(separator.join)
