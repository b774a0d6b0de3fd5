"""Utilisation, gaps and fragmentation of subnets, and the cells of a subnet map."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pyarrow as pa

from zecnb.addresses import to_text
from zecnb.ledger import Runs, addresses_of
from zecnb.render.palette import Cell
from zecnb.schema import HOLDER_KINDS, KIND_CODES, OCCUPANCY, REGAIN

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from zecnb.snapshot import Snapshot

__all__ = ["BLOCKS", "cells", "occupancy", "occupancy_of", "regain"]

BLOCKS = (4, 8, 16, 32)
"""Sizes of aligned blocks that are counted."""

_CELL_OF_KIND = {
    "nic_primary": Cell.OTHER_NIC,
    "nic_secondary": Cell.OTHER_NIC,
    "havip": Cell.HAVIP,
    "lb": Cell.LB,
    "lb_health": Cell.LB,
}
_PRIMARY, _SECONDARY = KIND_CODES["nic_primary"], KIND_CODES["nic_secondary"]
_CELL = np.array([_CELL_OF_KIND.get(kind, Cell.RESERVED) for kind in HOLDER_KINDS], np.uint8)


def occupancy(snapshot: Snapshot, subnets: NDArray[np.integer]) -> pd.DataFrame:
    """Return how full and how fragmented subnets are, one row each, columns of ``schema.OCCUPANCY``.

    Args:
        snapshot: what is held.
        subnets: sorted unique positions of IPv4 subnets.
    """
    return occupancy_of(snapshot, subnets, snapshot.ledger.of_subnets(subnets))


def occupancy_of(snapshot: Snapshot, subnets: NDArray[np.integer], taken: NDArray[np.uint64]) -> pd.DataFrame:
    """Return the same for another set of taken keys, for example after a plan."""
    free = Runs.between(taken)
    at = np.searchsorted(subnets, free.subnet)
    free_seen, largest = free.totals(subnets), free.longest(subnets)
    usable = snapshot.geometry.usable[subnets]
    unseen = np.minimum(snapshot.unseen[subnets], free_seen)
    used = usable - free_seen + unseen
    columns = {
        "subnet_id": snapshot.subnets["subnet_id"].array.take(subnets),
        "cidr": snapshot.subnets["cidr_block"].array.take(subnets),
        "usable": usable,
        "used": used,
        "unseen": unseen,
        "utilisation": np.where(usable > 0, used / np.maximum(usable, 1), 1.0),
        "free": usable - used,
        "runs": np.bincount(at, minlength=len(subnets)).astype(np.int64),
        "largest_run": largest,
        "fragmentation": np.where(free_seen > 0, 1 - largest / np.maximum(free_seen, 1), 0.0),
    }
    for size in BLOCKS:
        skip = (-free.start.astype(np.int64)) % size
        blocks = np.maximum(free.length - skip, 0) // size
        columns[f"blocks_{size}"] = np.bincount(at, blocks, minlength=len(subnets)).astype(np.int64)
    return pd.DataFrame(columns, columns=list(OCCUPANCY))


def regain(snapshot: Snapshot, subnet: int, size: int, most: int = 10) -> pd.DataFrame:
    """Return which blocks could be had by releasing the fewest addresses, best first, columns of ``schema.REGAIN``.

    Args:
        snapshot: what is held.
        subnet: position of an IPv4 subnet.
        size: addresses of an aligned block, a power of two.
        most: rows at most.
    """
    part = snapshot.ledger.within(subnet)
    address = addresses_of(snapshot.ledger.keys[part]).astype(np.int64)
    kind, first = snapshot.ledger.kind[part], int(snapshot.geometry.network[subnet])
    blocks = (int(snapshot.geometry.broadcast[subnet]) - first + 1) // size
    at = (address - first) // size
    held = np.bincount(at, minlength=blocks)
    stuck = np.bincount(at, kind != _SECONDARY, minlength=blocks).astype(np.int64)
    reserved = np.bincount(at, kind < _PRIMARY, minlength=blocks)
    open_to = np.flatnonzero((held > 0) & (reserved == 0))
    best = open_to[np.lexsort((open_to, held[open_to], stuck[open_to]))][:most]
    low = first + best * size
    rows = [np.flatnonzero(at == block) + part.start for block in best]
    ends = (to_text(low.astype(np.uint32)), to_text((low + size - 1).astype(np.uint32)))
    return pd.DataFrame(
        {
            "block": pd.array(
                [f"{a}-{b}" for a, b in zip(*(end.to_pylist() for end in ends), strict=True)], dtype="str"
            ),
            "to_release": held[best].astype(np.int64),
            "stuck": stuck[best],
            "addresses": pd.Series([tuple(_texts(snapshot, row)) for row in rows], dtype=object),
            "holders": pd.Series([tuple(_holders(snapshot, row)) for row in rows], dtype=object),
        },
        columns=list(REGAIN),
    )


def _texts(snapshot: Snapshot, entries: NDArray[np.int64]) -> list[str]:
    return list(to_text(addresses_of(snapshot.ledger.keys[entries])).to_pylist())


def _holders(snapshot: Snapshot, entries: NDArray[np.int64]) -> list[str]:
    who = pa.array(snapshot.ledger.holder[entries])
    ids, names = snapshot.holder_ids.take(who).to_pylist(), snapshot.holder_names.take(who).to_pylist()
    kinds = [HOLDER_KINDS[kind] for kind in snapshot.ledger.kind[entries]]
    return [" ".join(part for part in parts if part) for parts in zip(kinds, names, ids, strict=True)]


def cells(snapshot: Snapshot, subnet: int, nic: int = -1) -> NDArray[np.uint8]:
    """Return one cell code (``render.palette.Cell``) per address of a subnet.

    Args:
        snapshot: what is held.
        subnet: position of an IPv4 subnet.
        nic: position of the vNIC whose addresses are "this vNIC", -1 for none.
    """
    last = snapshot.drawn.get("last")  # the panel draws one subnet again and again
    if last is None or last[0] != (subnet, nic):
        last = (subnet, nic), _cells(snapshot, subnet, nic)
        snapshot.drawn["last"] = last
    return last[1].copy()


def _cells(snapshot: Snapshot, subnet: int, nic: int) -> NDArray[np.uint8]:
    network, broadcast = int(snapshot.geometry.network[subnet]), int(snapshot.geometry.broadcast[subnet])
    codes = np.zeros(broadcast - network + 1, np.uint8)
    part = snapshot.ledger.within(subnet)
    state = _CELL[snapshot.ledger.kind[part]]
    if nic >= 0:
        state = np.where(snapshot.holder_nic[snapshot.ledger.holder[part]] == nic, Cell.THIS_NIC, state)
    codes[addresses_of(snapshot.ledger.keys[part]) - np.uint32(network)] = state
    return codes
