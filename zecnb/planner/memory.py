"""What earlier runs taught about addresses that no listing shows as held: refusals, releases."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, NamedTuple, Self

import numpy as np
import pandas as pd
import pyarrow as pa

from zecnb import addresses
from zecnb.columns import column, positions, texts_at
from zecnb.ledger import find, keys_of
from zecnb.schema import MEMORY, conform

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from zecnb.snapshot import Snapshot

__all__ = ["REFUSED", "RELEASED", "Memory"]

REFUSED, RELEASED = "refused", "released"


class Memory(NamedTuple):
    """The last thing known of each address, sorted by key.

    Attributes:
        keys: uint64, distinct.
        refused: bool, the API said in use, and no listing shows a holder.
        age: float64, seconds since.
        nic_ids: Arrow strings, the vNIC that released it or was refused it.
    """

    keys: NDArray[np.uint64]
    refused: NDArray[np.bool_]
    age: NDArray[np.float64]
    nic_ids: pa.LargeStringArray

    @classmethod
    def of(cls, snapshot: Snapshot, events: pd.DataFrame | None, now: datetime | None = None) -> Self:
        """Read events, columns of ``schema.MEMORY``, for the subnets of a snapshot.

        A refusal counts only while the API counts more addresses in its subnet than listings show.

        Raises:
            UsageError: a column is missing.
        """
        if events is None or not len(events):
            none = np.zeros(0, np.uint64)
            return cls(none, np.zeros(0, np.bool_), np.zeros(0), pa.array([], pa.large_string()))
        events = conform(events, MEMORY, required=("subnet_id", "address", "event", "at"), what="memory")
        home = positions(snapshot.subnet_ids, column(events["subnet_id"]))
        value, good = addresses.parse(column(events["address"]))
        refused = (events["event"] == REFUSED).to_numpy()
        usable = good & (home >= 0) & (refused | (events["event"] == RELEASED).to_numpy())
        usable[usable] &= snapshot.geometry.contains(home[usable], value[usable])
        usable[usable] &= ~refused[usable] | (snapshot.unseen[home[usable]] > 0)
        at = np.flatnonzero(usable)
        keys = keys_of(home[at], value[at])
        age = (pd.Timestamp(now or datetime.now(UTC)) - events["at"].iloc[at]).dt.total_seconds().to_numpy()
        order = np.lexsort((age, keys))
        last = order[np.append(True, keys[order][1:] != keys[order][:-1])[: len(order)]]
        return cls(keys[last], refused[at[last]], age[last], texts_at(column(events["nic_id"]), at[last]))

    def find(self, keys: NDArray[np.uint64]) -> NDArray[np.int64]:
        """Return the entry about each key, -1 where there is none."""
        return find(self.keys, keys)

    def recent(self, cool_down: float) -> NDArray[np.bool_]:
        """Return which addresses were released less than ``cool_down`` seconds ago."""
        return np.asarray(~self.refused & (self.age < cool_down))

    def refused_keys(self) -> NDArray[np.uint64]:
        """Return the keys that must not be picked, sorted."""
        return self.keys[self.refused]
