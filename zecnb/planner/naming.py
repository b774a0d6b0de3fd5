"""The things a finding speaks of, in words: vNICs, subnets, addresses and who holds them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from zecnb import addresses
from zecnb.columns import FEW, joined, named, texts_at
from zecnb.schema import HOLDER_KINDS

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from zecnb.planner.rows import Rows

__all__ = ["Naming", "numbers", "same"]

_KIND_WORDS = {
    "network": "the subnet (network address)",
    "gateway": "the subnet (gateway)",
    "broadcast": "the subnet (broadcast address)",
    "nic_primary": "vNIC {} (primary)",
    "nic_secondary": "vNIC {} (secondary)",
    "havip": "HaVip {}",
    "lb": "load balancer {}",
    "lb_health": "the health checks of load balancer {}",
}
_TEXT = pa.large_string()
_NOTHING = pa.scalar("", _TEXT)
_KINDS = pa.array(HOLDER_KINDS, _TEXT)
_LEAD = pa.array([_KIND_WORDS[kind].partition("{}")[0] for kind in HOLDER_KINDS], _TEXT)
_TAIL = pa.array([_KIND_WORDS[kind].partition("{}")[2] for kind in HOLDER_KINDS], _TEXT)
_NAMED = np.array(["{}" in _KIND_WORDS[kind] for kind in HOLDER_KINDS])


@dataclass(frozen=True, eq=False)
class Naming:
    """Names for the rows of a plan; each method takes row positions and returns one text per row.

    A method with a leading underscore fills the template name of the catalogue that it is called after.
    """

    rows: Rows

    def nic_id(self, at: NDArray[np.int64]) -> pa.LargeStringArray:
        """Id of each row's vNIC, null when none was given."""
        return texts_at(self.rows.board.slot_ids, self.rows.slot[at])

    def nic_name(self, at: NDArray[np.int64]) -> pa.LargeStringArray:
        """Name of each row's vNIC, null when it is not known."""
        return texts_at(self.rows.board.nic_values("name"), self.rows.slot[at])

    def holder(self, at: NDArray[np.int64]) -> tuple[pa.LargeStringArray, pa.LargeStringArray, pa.LargeStringArray]:
        """Kind, id and name of the holder of each of some rows whose addresses are held."""
        snapshot, kind, who = self.rows.board.snapshot, *self._holding(at)
        return texts_at(_KINDS, kind), texts_at(snapshot.holder_ids, who), texts_at(snapshot.holder_names, who)

    def _holding(self, at: NDArray[np.int64]) -> tuple[NDArray[np.uint8], NDArray[np.int32]]:
        """Position in ``HOLDER_KINDS`` and among all holders of what holds each row's address."""
        ledger, entry = self.rows.board.snapshot.ledger, self.rows.entry[at]
        return ledger.kind[entry], ledger.holder[entry]

    # -- the names of templates -------------------------------------------------------------------------------------

    def _address(self, at: NDArray[np.int64]) -> pa.LargeStringArray:
        return texts_at(self.rows.text, at)

    def _cidr(self, at: NDArray[np.int64]) -> pa.LargeStringArray:
        return pc.fill_null(self.subnet_values("cidr_block", at), "the vNIC's subnet")

    def _gateway(self, at: NDArray[np.int64]) -> pa.LargeStringArray:
        return addresses.to_text(self.rows.board.snapshot.geometry.gateway[self.home(at)])

    def _holder(self, at: NDArray[np.int64]) -> pa.LargeStringArray:
        """Kind, name and id of the holder, as in ``vNIC web-03 16808 (primary)``."""
        snapshot, kind, who = self.rows.board.snapshot, *self._holding(at)
        label = named(texts_at(snapshot.holder_names, who), texts_at(snapshot.holder_ids, who))
        label = pc.if_else(pa.array(_NAMED[kind]), pc.fill_null(label, "without an id"), _NOTHING)
        return joined(texts_at(_LEAD, kind), label, texts_at(_TAIL, kind))

    def _holder_state(self, at: NDArray[np.int64]) -> pa.LargeStringArray:
        """Status and instance of the vNIC that holds the address, as in ``, USED on instance 17``; blank if unknown."""
        snapshot = self.rows.board.snapshot
        nic = snapshot.holder_nic[snapshot.ledger.holder[self.rows.entry[at]]]
        here = (nic >= 0) & (snapshot.nic_subnet[nic] == self.home(at))
        status, instance = (
            texts_at(snapshot.texts("nics", name), np.where(here, nic, -1)) for name in ("status", "instance_id")
        )
        on = pc.fill_null(joined(" on instance ", instance), _NOTHING)
        return pc.fill_null(joined(", ", status, on), _NOTHING)

    def _nic(self, at: NDArray[np.int64]) -> pa.LargeStringArray:
        """Name and id of the vNIC."""
        return named(self.nic_name(at), self.nic_id(at))

    def _nic_id(self, at: NDArray[np.int64]) -> pa.LargeStringArray:
        return self.nic_id(at)

    def _nic_stack(self, at: NDArray[np.int64]) -> pa.LargeStringArray:
        return texts_at(self.rows.board.nic_values("nic_subnet_type"), self.rows.slot[at])

    def _stack_type(self, at: NDArray[np.int64]) -> pa.LargeStringArray:
        return self.subnet_values("stack_type", at)

    def _status(self, at: NDArray[np.int64]) -> pa.LargeStringArray:
        return texts_at(self.rows.board.nic_values("status"), self.rows.slot[at])

    def _subnet(self, at: NDArray[np.int64]) -> pa.LargeStringArray:
        return texts_at(self.rows.board.snapshot.kin.label, self.rows.board.subnet[self.rows.slot[at]])

    # -- shared -----------------------------------------------------------------------------------------------------

    def home(self, at: NDArray[np.int64]) -> NDArray[np.int64]:
        """Position of the subnet in which each row's address is judged, -1 for none."""
        return self.rows.board.usable_subnet[self.rows.slot[at]]

    def subnet_values(self, name: str, at: NDArray[np.int64]) -> pa.LargeStringArray:
        """Column of the subnets frame for each row, null where the subnet is not known."""
        subnet = self.rows.board.subnet[self.rows.slot[at]]
        return texts_at(self.rows.board.snapshot.texts("subnets", name), subnet)


def same(text: str, at: NDArray[np.int64]) -> pa.LargeStringArray:
    """Return one text for every row."""
    return pa.repeat(pa.scalar(text, _TEXT), len(at))


def numbers(values: NDArray[np.number], say: Callable[[Any], str] = "{:,}".format) -> pa.LargeStringArray:
    """Return numbers as text, by default with thousands separators; each distinct one is worded once."""
    if len(values) <= FEW:
        return pa.array(map(say, values.tolist()), _TEXT)
    index, distinct = pd.factorize(values)
    return texts_at(pa.array(map(say, distinct.tolist()), _TEXT), index)
