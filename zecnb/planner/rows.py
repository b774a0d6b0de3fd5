"""The rows of a plan as integer columns: one per address asked for or picked, and one per request without any."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, TypeVar

import numpy as np
import pyarrow as pa

from zecnb import addresses
from zecnb.columns import texts_at
from zecnb.ledger import Runs, addresses_of, merge
from zecnb.planner.checks import ADDRESS_RULES, NIC_RULES, PLAN_RULES, REQUEST_RULES
from zecnb.planner.findings import CATALOGUE, bit
from zecnb.planner.room import Room

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from zecnb.planner.board import Board

_T = TypeVar("_T", bound=np.generic)

__all__ = ["EXPLICIT", "MODES", "NO_KEY", "PICKED", "SERVER_COUNT", "Change", "Rows"]

MODES = ("explicit", "picked", "server_count")
EXPLICIT, PICKED, SERVER_COUNT = range(3)

NO_KEY = np.uint64((1 << 64) - 1)
"""Key of a row that has no judged address."""

BLOCKS = np.uint64(sum(bit(code) for code, entry in CATALOGUE.items() if entry.severity == "BLOCK"))
NOOPS = np.uint64(sum(bit(code) for code, entry in CATALOGUE.items() if entry.severity == "NOOP"))
_REPEATS = np.uint64(bit("DUPLICATE_IN_REQUEST"))


@dataclass(frozen=True, eq=False)
class Change:
    """What the plan does to each subnet it touches, by entry of ``room.subnets``."""

    used_before: NDArray[np.int64]
    used_after: NDArray[np.int64]
    mask: NDArray[np.uint64]

    @staticmethod
    def utilisation(used: NDArray[np.int64], usable: NDArray[np.int64]) -> NDArray[np.float64]:
        """Return used / usable; a subnet with nothing usable is full."""
        return np.where(usable > 0, used / np.maximum(usable, 1), 1.0)


@dataclass(frozen=True, eq=False)
class Rows:
    """The rows of a plan, in the order of the requests.

    Attributes:
        board: what was asked and what is held.
    """

    board: Board

    # -- findings by what they are about -----------------------------------------------------------------------

    @cached_property
    def nic_mask(self) -> NDArray[np.uint64]:
        """Findings by slot."""
        return _mask(len(self.board.nic), {code: rule(self.board) for code, rule in NIC_RULES.items()})

    @cached_property
    def room(self) -> Room:
        """Room for the counts."""
        return Room(self.board, self.nic_mask)

    @cached_property
    def request_mask(self) -> NDArray[np.uint64]:
        """Findings by request."""
        room = self.room
        found = {code: rule(self.board) for code, rule in REQUEST_RULES.items()}
        unmet = np.zeros(len(room.demands), np.bool_)
        unmet[room.placeable] = room.placed.unmet
        for code, which in (
            ("SUBNET_INSUFFICIENT", room.insufficient),
            ("EXCLUSIONS_LEAVE_TOO_FEW", room.crowded_out),
            ("NO_CONTIGUOUS_RUN", unmet),
        ):
            found[code] = np.zeros(len(self.board.requests), np.bool_)
            found[code][room.demands[which]] = True
        return _mask(len(self.board.requests), found)

    @cached_property
    def ask_mask(self) -> NDArray[np.uint64]:
        """Findings by address asked for."""
        return _mask(len(self.board.slot), {code: rule(self.board) for code, rule in ADDRESS_RULES.items()})

    @cached_property
    def plan_mask(self) -> np.uint64:
        """Findings about the whole plan."""
        return np.uint64(sum(bit(code) for code, rule in PLAN_RULES.items() if rule(self.board)))

    # -- the rows ----------------------------------------------------------------------------------------------

    @cached_property
    def _picked_request(self) -> NDArray[np.int64]:
        return self.room.demands[self.room.placeable[self.room.placed.demand]]

    @cached_property
    def _bare(self) -> NDArray[np.int64]:
        """Requests that have no address at all."""
        has = self.board.listed.copy()
        has[self._picked_request] = True
        return np.flatnonzero(~has)

    @cached_property
    def _parts(self) -> tuple[int, int, int]:
        return len(self.board.slot), len(self._picked_request), len(self._bare)

    @cached_property
    def order(self) -> NDArray[np.int64] | None:
        """Position among asks, then picks, then bare requests of each row; None when that is the order."""
        _, picks, bare = self._parts
        if not picks and not bare:
            return None
        request = np.concatenate([self.board.requests.ask_request, self._picked_request, self._bare])
        return np.argsort(request, kind="stable")

    @cached_property
    def plain(self) -> bool:
        """Whether the rows are the requests, one by one."""
        return self.order is None and self.board.requests.one_each

    def _column(self, asks: NDArray[_T], picks: NDArray[_T], bare: NDArray[_T]) -> NDArray[_T]:
        if self.order is None:
            return asks
        return np.concatenate([asks, picks, bare])[self.order]

    @cached_property
    def request(self) -> NDArray[np.int64]:
        """Request of each row."""
        return self._column(self.board.requests.ask_request, self._picked_request, self._bare)

    @cached_property
    def label(self) -> NDArray[np.int64]:
        """The caller's row number."""
        row = self.board.requests.row
        return self._column(self.board.requests.ask_row, row[self._picked_request], row[self._bare])

    @cached_property
    def slot(self) -> NDArray[np.int64]:
        """Slot of the vNIC."""
        return self.board.slot if self.order is None else self.board.request_slot[self.request]

    @cached_property
    def mode(self) -> NDArray[np.uint8]:
        """Position in ``MODES``."""
        asks, picks, _ = self._parts
        counts = SERVER_COUNT if self.board.options.mode == "server_count" else PICKED
        has_count = self.board.requests.count_state[self._bare] > 0
        return self._column(
            np.full(asks, EXPLICIT, np.uint8),
            np.full(picks, counts, np.uint8),
            np.where(has_count, counts, EXPLICIT).astype(np.uint8),
        )

    @cached_property
    def key(self) -> NDArray[np.uint64]:
        """Key of the address, ``NO_KEY`` where there is none that can be judged."""
        asks = self.board.key if self.board.judged.all() else np.where(self.board.judged, self.board.key, NO_KEY)
        return self._column(asks, self.room.placed.key, np.full(len(self._bare), NO_KEY))

    @cached_property
    def text(self) -> pa.LargeStringArray:
        """The address, or the bad token as given; null where there is none."""
        asks = self.board.requests.asks.text
        if self.order is None:
            return asks
        picks = addresses.to_text(addresses_of(self.room.placed.key))
        bare = pa.nulls(len(self._bare), pa.large_string())
        return texts_at(pa.concat_arrays([asks, picks, bare]), self.order)

    @cached_property
    def ask(self) -> NDArray[np.int64]:
        """Position among the addresses asked for, -1 for a pick or a bare request."""
        asks, picks, bare = self._parts
        return self._column(np.arange(asks), np.full(picks, -1), np.full(bare, -1))

    @cached_property
    def pick(self) -> NDArray[np.int64]:
        """Position among the picks, -1 for the others."""
        asks, picks, bare = self._parts
        return self._column(np.full(asks, -1), np.arange(picks), np.full(bare, -1))

    @cached_property
    def entry(self) -> NDArray[np.int32]:
        """Ledger entry that holds the address, -1 where it is free."""
        _, picks, bare = self._parts
        return self._column(self.board.entry, np.full(picks, -1, np.int32), np.full(bare, -1, np.int32))

    @cached_property
    def own_mask(self) -> NDArray[np.uint64]:
        """Findings about the address itself."""
        return self._column(self.ask_mask, self._pick_mask, np.zeros(len(self._bare), np.uint64))

    @cached_property
    def _pick_mask(self) -> NDArray[np.uint64]:
        """A pick is free and unreserved; that it was released a moment ago is all there is to say of it."""
        memory, key = self.board.memory, self.room.placed.key
        if not len(memory.keys):
            return np.zeros(len(key), np.uint64)
        at = memory.find(key)
        recent = (at >= 0) & memory.recent(self.board.options.cool_down)[at]
        return _mask(len(key), {"RECENTLY_RELEASED": recent})

    @cached_property
    def _settled(self) -> NDArray[np.uint64]:
        """Findings without those about the subnet, which are risks and depend on what the others do."""
        mask = self.nic_mask[self.slot]
        mask |= self.plan_mask
        mask[self.noop] = 0
        mask |= self.own_mask
        mask |= self.request_mask if self.plain else self.request_mask[self.request]
        return mask

    @cached_property
    def noop(self) -> NDArray[np.bool_]:
        """Rows whose address is on the vNIC already."""
        return np.asarray((self.own_mask & NOOPS) != 0)

    @cached_property
    def sent(self) -> NDArray[np.bool_]:
        """Rows whose address belongs into a call: not there already, not a repetition."""
        return np.asarray((self.own_mask & (NOOPS | _REPEATS)) == 0)

    @cached_property
    def done(self) -> NDArray[np.bool_]:
        """Rows that would add an address: judged, sent and not blocked. It is free now, and no two add the same."""
        _, picks, bare = self._parts
        judged = self._column(self.board.judged, np.ones(picks, np.bool_), np.zeros(bare, np.bool_))
        return np.asarray(self.sent & judged & ((self._settled & BLOCKS) == 0))

    @cached_property
    def change(self) -> Change:
        """What the plan does to each subnet."""
        room, options = self.room, self.board.options
        snapshot, subnets = self.board.snapshot, room.subnets
        usable = snapshot.geometry.usable[subnets]
        before = np.minimum(snapshot.seen[subnets] + snapshot.unseen[subnets], usable)
        added = np.bincount(self.subnet_entry[self.done], minlength=len(subnets))
        after = np.minimum(before + added, usable)
        low, high = Change.utilisation(before, usable), Change.utilisation(after, usable)
        crossed = np.zeros(len(subnets), np.bool_)
        for threshold in (options.warn_at, options.critical_at):
            crossed |= (low < threshold) & (high >= threshold)
        mask = _mask(len(subnets), {"THRESHOLD_CROSSED": crossed, "UNATTRIBUTED_USAGE": snapshot.unseen[subnets] > 0})
        return Change(before, after, mask)

    @cached_property
    def largest_after(self) -> NDArray[np.int64]:
        """Longest free run by entry of ``room.subnets`` when every row that can be done is done."""
        if not self.done.any():
            return self.board.snapshot.largest_run[self.room.subnets]
        table = self.board.snapshot.table
        if table is None:
            return Runs.between(merge(self.room.held, self.key[self.done])).longest(self.room.subnets)
        nowhere = np.zeros(len(self._bare), np.int64)
        place = self._column(self.board.place, table.places_of(self.room.placed.key), nowhere)
        return table.longest_free(self.room.subnets, place[self.done])

    @cached_property
    def subnet_entry(self) -> NDArray[np.int64]:
        """Entry of ``room.subnets`` of each row, -1 where its addresses cannot be judged."""
        home = self.board.usable_subnet
        return np.where(home >= 0, np.searchsorted(self.room.subnets, home), -1)[self.slot]

    @cached_property
    def marked(self) -> NDArray[np.int64]:
        """Rows that have findings, ascending."""
        return np.flatnonzero(self.mask != 0)

    @cached_property
    def mask(self) -> NDArray[np.uint64]:
        """All findings of each row."""
        if not self.change.mask.any():
            return self._settled
        mask = np.append(self.change.mask, np.uint64(0))[self.subnet_entry]
        mask[self.noop] = 0
        mask |= self._settled
        return mask


def _mask(length: int, found: dict[str, NDArray[np.bool_]]) -> NDArray[np.uint64]:
    mask = np.zeros(length, np.uint64)
    for code, where in found.items():
        at = where.nonzero()[0]
        if len(at):
            mask[at] |= np.uint64(bit(code))
    return mask
