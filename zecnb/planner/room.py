"""Room: which counts fit, what they become, and how full the subnets are before and after."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from zecnb.ledger import count_by_subnet, find, keys_of, merge, subnets_of
from zecnb.planner.findings import CATALOGUE, bit
from zecnb.planner.options import WHOLE
from zecnb.planner.placement import Demand, Own, Placed, each, place, running_total

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from zecnb.planner.board import Board

__all__ = ["Room"]

_UNPLACEABLE = sum(bit(c) for c, code in CATALOGUE.items() if code.about == "nic" and code.severity == "BLOCK")


@dataclass(frozen=True, eq=False)
class Room:
    """Room for a plan's counts.

    Attributes:
        board: what is asked for.
        nic_mask: findings by slot; counts of a blocked vNIC are not placed.
    """

    board: Board
    nic_mask: NDArray[np.uint64]

    @cached_property
    def subnets(self) -> NDArray[np.int64]:
        """Positions of the subnets the plan touches, sorted."""
        touched = self.board.usable_subnet
        return np.unique(touched[touched >= 0])

    @cached_property
    def held(self) -> NDArray[np.uint64]:
        """Keys held in those subnets, sorted."""
        return self.board.snapshot.ledger.of_subnets(self.subnets)

    @cached_property
    def named(self) -> NDArray[np.uint64]:
        """Free keys that the plan asks for by name, sorted, distinct."""
        return self.board.sorted_keys(self.board.inside & (self.board.entry < 0))

    @cached_property
    def untouchable(self) -> NDArray[np.uint64]:
        """Keys that must not be picked: held, asked for by name or reserved; sorted, distinct."""
        return merge(self.held, self.named, self.reserved)

    @cached_property
    def reserved(self) -> NDArray[np.uint64]:
        """Keys that nothing holds, yet must not be picked: excluded, claimed, refused before, a subnet's first host."""
        board, geometry = self.board, self.board.snapshot.geometry
        first = np.minimum(geometry.network + np.uint32(1), geometry.broadcast)[self.subnets]
        refused = board.memory.refused_keys()
        if len(refused):
            refused = refused[np.isin(subnets_of(refused), self.subnets)]
        return merge(board.reservations.binding_keys(self.subnets), keys_of(self.subnets, first), refused)

    @cached_property
    def avoided(self) -> NDArray[np.uint64]:
        """Keys released a moment ago, which are picked only where too few others are left; sorted.

        Those that are needed all the same, the ones released longest ago, are not among them. The API, when it
        gets a count, knows nothing of this.
        """
        memory, options = self.board.memory, self.board.options
        if not len(memory.keys) or options.mode == "server_count":
            return np.zeros(0, np.uint64)
        recent = np.flatnonzero(memory.recent(options.cool_down) & np.isin(subnets_of(memory.keys), self.subnets))
        recent = recent[find(self.untouchable, memory.keys[recent]) < 0][::-1]  # of equal ones the lower goes first
        entry = np.searchsorted(self.subnets, subnets_of(memory.keys[recent]))
        order = np.lexsort((memory.age[recent], entry))
        recent, entry = recent[order], entry[order]
        count = self.board.requests.count[self.demands[self.placeable]]
        wanted = np.bincount(self._place[self.placeable], count, len(self.subnets)).astype(np.int64)
        spare = (self.pickable - wanted)[entry]
        return np.sort(memory.keys[recent[np.arange(len(entry)) - np.searchsorted(entry, entry) < spare]])

    @cached_property
    def free_places(self) -> NDArray[np.int64]:
        """Places in the snapshot's table that are free after the plan, and at last their end; needs that table."""
        table = self.board.snapshot.table
        assert table is not None
        others = [table.places_of(keys) for keys in (self.reserved, self.avoided, self.placed.key)]
        begin, free = table.free(self.subnets, self.board.named_places, *others)
        places = np.flatnonzero(np.append(free, True))
        places += begin
        return places

    @cached_property
    def available(self) -> NDArray[np.int64]:
        """Free addresses by the API's own count, per entry of ``subnets``."""
        return self.board.snapshot.left[self.subnets]

    @cached_property
    def pickable(self) -> NDArray[np.int64]:
        """Free addresses that may be picked, per entry of ``subnets``."""
        geometry = self.board.snapshot.geometry
        size = (geometry.broadcast - geometry.network)[self.subnets].astype(np.int64) + 1
        return np.asarray(size - count_by_subnet(self.untouchable, self.subnets))

    @cached_property
    def demands(self) -> NDArray[np.int64]:
        """Requests that ask for a count on a vNIC that may get one, in serving order, by subnet."""
        board = self.board
        slot, asked = board.requests.nic, np.flatnonzero(board.counted)
        refused = self.nic_mask[slot[asked]] & np.uint64(_UNPLACEABLE & ~bit("NIC_LIMIT"))
        asked = np.asarray(asked[refused == 0])
        if not len(asked):
            return asked
        nic = slot[asked]
        order = np.lexsort((asked, board.nic_rank[nic], -board.modest_count[asked], board.usable_subnet[nic]))
        return np.asarray(asked[order])

    @cached_property
    def _place(self) -> NDArray[np.int64]:
        """Entry of ``subnets`` of each demand."""
        return np.searchsorted(self.subnets, self.board.usable_subnet[self.board.requests.nic[self.demands]])

    @cached_property
    def before(self) -> NDArray[np.int64]:
        """Addresses that the rest of the plan wants before each demand is served."""
        board = self.board
        return count_by_subnet(self.named, self.subnets)[self._place] + running_total(
            self._place, board.modest_count[self.demands]
        )

    @cached_property
    def left(self) -> NDArray[np.int64]:
        """Free addresses left for each demand, by the API's own count."""
        return np.asarray(np.maximum(self.available[self._place] - self.before, 0))

    @cached_property
    def insufficient(self) -> NDArray[np.bool_]:
        """Demands for which the subnet has not enough free addresses.

        A demand that does not fit still counts for those behind it, so that one more holder can never make
        room for anybody.
        """
        if not len(self.demands):
            return np.zeros(0, np.bool_)
        return np.asarray(self.before + self.board.requests.count[self.demands] > self.available[self._place])

    @cached_property
    def crowded_out(self) -> NDArray[np.bool_]:
        """Demands that would fit, were it not for exclusions, claims and addresses asked for by name."""
        if self.board.options.mode == "server_count" or not len(self.demands):
            return np.zeros(len(self.demands), np.bool_)
        count = self.board.modest_count[self.demands]
        return ~self.insufficient & (running_total(self._place, count) + count > self.pickable[self._place])

    @cached_property
    def placeable(self) -> NDArray[np.int64]:
        """Positions in ``demands`` that are placed."""
        return self._fitting[~self._limited[self._fitting]]

    @property
    def _fitting(self) -> NDArray[np.int64]:
        return np.flatnonzero(~self.insufficient & ~self.crowded_out)

    @property
    def _limited(self) -> NDArray[np.bool_]:
        """Demands beyond their vNIC's limit."""
        return np.asarray((self.nic_mask[self.board.requests.nic[self.demands]] & np.uint64(bit("NIC_LIMIT"))) != 0)

    @cached_property
    def placed(self) -> Placed:
        """What the placed demands become; ``Placed.demand`` counts along ``placeable``."""
        if self.board.options.policy not in WHOLE:
            return self._placed(self.placeable)
        # Runs are kept for those beyond their vNIC's limit, too: see ``insufficient``.
        return self._placed(self._fitting).of(~self._limited[self._fitting])

    def _placed(self, which: NDArray[np.int64]) -> Placed:
        board = self.board
        requests = self.demands[which]
        slot = board.requests.nic[requests]
        own = self._own(board.nic[slot]) if board.options.policy == "near" else None
        demand = Demand(board.usable_subnet[slot], board.modest_count[requests], own)
        if not len(requests) or not len(self.avoided):
            return place(board.options.policy, demand, self.untouchable if len(requests) else self.held)
        placed = place(board.options.policy, demand, merge(self.untouchable, self.avoided))
        if not placed.unmet.any():
            return placed
        tight = demand.subnet[placed.unmet]  # a run may be there once nothing is avoided
        avoided = self.avoided[~np.isin(subnets_of(self.avoided), tight)]
        return place(board.options.policy, demand, merge(self.untouchable, avoided))

    def _own(self, nics: NDArray[np.int64]) -> Own:
        """Return what each demand's vNIC holds."""
        snapshot = self.board.snapshot
        part = snapshot.ledger.entries_of(self.subnets)
        keys, nic = self.held, snapshot.holder_nic[snapshot.ledger.holder[part]]
        at = np.flatnonzero((nic >= 0) & (snapshot.nic_subnet[nic] == subnets_of(keys)))
        at = at[np.argsort(nic[at], kind="stable")]
        keys, nic = keys[at], nic[at]
        low = np.searchsorted(nic, nics)
        count = np.searchsorted(nic, nics, "right") - low
        which, within = each(count)
        return Own(which, keys[low[which] + within])
