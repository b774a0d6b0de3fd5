"""A frame of held addresses -> the ledger."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from zecnb import addresses
from zecnb.columns import column, positions
from zecnb.errors import UsageError
from zecnb.ledger import Ledger, keys_of
from zecnb.schema import HOLDER_KINDS, KIND_CODES

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from zecnb.geometry import Geometry

__all__ = ["SEEN_FROM", "read_holders"]

SEEN_FROM = KIND_CODES["nic_primary"]
"""Kinds from here on count as usage (contract.md A17)."""


def read_holders(
    subnets: pd.DataFrame, geometry: Geometry, held: pd.DataFrame
) -> tuple[Ledger, pa.LargeStringArray, pa.LargeStringArray, str]:
    """Return the ledger with the reserved addresses added, its table of holders, and what was left out.

    Raises:
        UsageError: an address or a kind is none; names the row.
    """
    value, good = addresses.parse(column(held["address"]))
    if not good.all():
        at = int(np.flatnonzero(~good)[0])
        raise UsageError(f"holders, row {at}: address {held['address'].iloc[at]!r} is not an IPv4 address")
    kind = positions(pa.array(HOLDER_KINDS, pa.large_string()), column(held["kind"]))
    if (kind < 0).any():
        at = int(np.flatnonzero(kind < 0)[0])
        known = ", ".join(HOLDER_KINDS)
        raise UsageError(f"holders, row {at}: kind {held['kind'].iloc[at]!r} is none of {known}")
    home = positions(column(subnets["subnet_id"]), column(held["subnet_id"]))
    inside = home >= 0
    inside[inside] = geometry.contains(home[inside], value[inside])
    keep = inside & (kind >= SEEN_FROM)
    strays = "" if inside.all() else f"{np.count_nonzero(~inside)} addresses lie in no listed IPv4 subnet"

    codes, ids, names = _holder_table(subnets, held[keep] if not keep.all() else held)
    ipv4 = np.flatnonzero(geometry.ipv4)
    reserved = [
        keys_of(ipv4, value[ipv4]) for value in (geometry.network, geometry.gateway, geometry.broadcast)
    ]  # in the order of HOLDER_KINDS
    ledger = Ledger.build(
        np.concatenate([*reserved, keys_of(home[keep], value[keep])]),
        np.concatenate([np.repeat(np.arange(3, dtype=np.uint8), len(ipv4)), kind[keep].astype(np.uint8)]),
        np.concatenate([np.tile(ipv4.astype(np.int32), 3), codes]),
    )
    return ledger, ids, names, strays


def _holder_table(
    subnets: pd.DataFrame, held: pd.DataFrame
) -> tuple[NDArray[np.int32], pa.LargeStringArray, pa.LargeStringArray]:
    """Return each row's position in a table of distinct holders that begins with the subnets themselves."""
    ids = column(held["holder_id"]).dictionary_encode()
    names = pc.dictionary_encode(column(held["holder_name"]), null_encoding="encode")
    pair = np.asarray(pc.fill_null(ids.indices, -1)).astype(np.int64) * (len(names.dictionary) + 1)
    pair += np.asarray(names.indices)
    unique, first, codes = np.unique(pair, return_index=True, return_inverse=True)
    del unique
    own = pa.array(first)
    return (
        (codes + len(subnets)).astype(np.int32),
        pa.concat_arrays([column(subnets["subnet_id"]), column(held["holder_id"]).take(own)]),
        pa.concat_arrays([column(subnets["name"]), column(held["holder_name"]).take(own)]),
    )
