"""The things a finding speaks of, in words: vNICs, subnets, addresses and who holds them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from zecnb import addresses
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
_KINDS = pa.array(HOLDER_KINDS, _TEXT)
_LEAD = pa.array([_KIND_WORDS[kind].partition("{}")[0] for kind in HOLDER_KINDS], _TEXT)
_TAIL = pa.array([_KIND_WORDS[kind].partition("{}")[2] for kind in HOLDER_KINDS], _TEXT)
_NAMED = pa.array(["{}" in _KIND_WORDS[kind] for kind in HOLDER_KINDS])


@dataclass(frozen=True, eq=False)
class Naming:
    """Names for the rows of a plan; each method takes row positions and returns one text per row.

    A method with a leading underscore fills the template name of the catalogue that it is called after.
    """

    rows: Rows

    def nic_id(self, at: NDArray[np.int64]) -> pa.LargeStringArray:
        """Id of each row's vNIC, null when none was given."""
        return self.rows.board.slot_ids.take(pa.array(self.rows.slot[at]))

    def nic_name(self, at: NDArray[np.int64]) -> pa.LargeStringArray:
        """Name of each row's vNIC, null when it is not known."""
        return self.rows.board.nic_values("name").take(pa.array(self.rows.slot[at]))

    def holder(self, at: NDArray[np.int64]) -> tuple[pa.LargeStringArray, pa.LargeStringArray, pa.LargeStringArray]:
        """Kind, id and name of each row's holder, null where the address is free."""
        snapshot = self.rows.board.snapshot
        entry = self.rows.entry[at]
        where = pa.array(entry, mask=entry < 0)
        kind = pa.array(snapshot.ledger.kind).take(where)
        who = pa.array(snapshot.ledger.holder).take(where)
        return _KINDS.take(kind), snapshot.holder_ids.take(who), snapshot.holder_names.take(who)

    # -- the names of templates -------------------------------------------------------------------------------------

    def _address(self, at: NDArray[np.int64]) -> pa.LargeStringArray:
        return self.rows.text.take(pa.array(at))

    def _cidr(self, at: NDArray[np.int64]) -> pa.LargeStringArray:
        return pc.fill_null(self.subnet_values("cidr_block", at), "the vNIC's subnet")

    def _gateway(self, at: NDArray[np.int64]) -> pa.LargeStringArray:
        return addresses.to_text(self.rows.board.snapshot.geometry.gateway[self.home(at)])

    def _holder(self, at: NDArray[np.int64]) -> pa.LargeStringArray:
        """Kind, name and id of the holder, as in ``vNIC web-03 16808 (primary)``."""
        _, who, name = self.holder(at)
        label = pc.if_else(
            pc.fill_null(pc.not_equal(name, ""), fill_value=False),
            pc.binary_join_element_wise(name, who, pa.scalar(" ", _TEXT)),
            who,
        )
        entry = self.rows.entry[at]
        kind = pa.array(np.append(self.rows.board.snapshot.ledger.kind, 0)[entry], mask=entry < 0)
        label = pc.fill_null(label, "without an id")
        named = pc.if_else(_NAMED.take(kind), label, pa.scalar("", _TEXT))
        return pc.binary_join_element_wise(_LEAD.take(kind), named, _TAIL.take(kind), pa.scalar("", _TEXT))

    def _holder_state(self, at: NDArray[np.int64]) -> pa.LargeStringArray:
        """Status and instance of the vNIC that holds the address, as in ``, USED on instance 17``; blank if unknown."""
        snapshot = self.rows.board.snapshot
        nic = snapshot.holder_nic[snapshot.ledger.holder[self.rows.entry[at]]]
        here = (nic >= 0) & (np.append(snapshot.nic_subnet, -1)[nic] == self.home(at))
        status, instance = (
            snapshot.texts("nics", name).take(pa.array(nic, mask=~here)) for name in ("status", "instance_id")
        )
        on = pc.binary_join_element_wise(pa.scalar(" on instance ", _TEXT), instance, pa.scalar("", _TEXT))
        state = pc.binary_join_element_wise(pa.scalar(", ", _TEXT), status, pc.fill_null(on, ""), pa.scalar("", _TEXT))
        return pc.fill_null(state, "")

    def _nic(self, at: NDArray[np.int64]) -> pa.LargeStringArray:
        """Name and id of the vNIC."""
        name = self.nic_name(at)
        both = pc.binary_join_element_wise(name, self._nic_id(at), pa.scalar(" ", _TEXT))
        return pc.if_else(pc.fill_null(pc.not_equal(name, ""), fill_value=False), both, self._nic_id(at))

    def _nic_id(self, at: NDArray[np.int64]) -> pa.LargeStringArray:
        return self.nic_id(at)

    def _nic_stack(self, at: NDArray[np.int64]) -> pa.LargeStringArray:
        return self.rows.board.nic_values("nic_subnet_type").take(pa.array(self.rows.slot[at]))

    def _stack_type(self, at: NDArray[np.int64]) -> pa.LargeStringArray:
        return self.subnet_values("stack_type", at)

    def _status(self, at: NDArray[np.int64]) -> pa.LargeStringArray:
        return self.rows.board.nic_values("status").take(pa.array(self.rows.slot[at]))

    def _subnet(self, at: NDArray[np.int64]) -> pa.LargeStringArray:
        return self.rows.board.snapshot.kin.label.take(pa.array(self.rows.board.subnet[self.rows.slot[at]]))

    # -- shared -----------------------------------------------------------------------------------------------------

    def home(self, at: NDArray[np.int64]) -> NDArray[np.int64]:
        """Position of the subnet in which each row's address is judged, -1 for none."""
        return self.rows.board.usable_subnet[self.rows.slot[at]]

    def subnet_values(self, name: str, at: NDArray[np.int64]) -> pa.LargeStringArray:
        """Column of the subnets frame for each row, null where the subnet is not known."""
        subnet = self.rows.board.subnet[self.rows.slot[at]]
        return self.rows.board.snapshot.texts("subnets", name).take(pa.array(subnet, mask=subnet < 0))


def same(text: str, at: NDArray[np.int64]) -> pa.LargeStringArray:
    """Return one text for every row."""
    return pa.repeat(pa.scalar(text, _TEXT), len(at))


def numbers(values: NDArray[np.number], say: Callable[[Any], str] = "{:,}".format) -> pa.LargeStringArray:
    """Return numbers as text, by default with thousands separators; each distinct one is worded once."""
    index, distinct = pd.factorize(values)
    return pa.array(map(say, distinct.tolist()), _TEXT).take(pa.array(index))
