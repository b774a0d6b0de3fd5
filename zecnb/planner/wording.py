"""Findings in words: templates of the catalogue filled for whole columns of rows at once."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, cached_property
from string import Formatter
from typing import TYPE_CHECKING, NamedTuple, TypeVar

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from zecnb import addresses
from zecnb.columns import FEW, column, joined, texts_at
from zecnb.ledger import addresses_of, subnets_of
from zecnb.planner.checks import SPECIAL_RANGES, special_range
from zecnb.planner.findings import CATALOGUE, bit
from zecnb.planner.naming import Naming, numbers, same
from zecnb.planner.nearest import offer, run_elsewhere
from zecnb.planner.options import DOCUMENTED_LIMIT
from zecnb.planner.rows import Change
from zecnb.planner.strangers import meant
from zecnb.render.cells import duration, percent
from zecnb.typos import describe, suggest

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from zecnb.planner.nearest import Offers

__all__ = ["Said", "Wording"]

_T = TypeVar("_T", bound=np.generic)

_STATUS_FIX = {
    "PENDING": "wait until it is created, then refresh",
    "ATTACHING": "wait until it is attached, then refresh",
    "DETACHING": "wait until it is detached, then refresh",
    "DELETING": "it is going away; use another vNIC",
    "CREATE_FAILED": "it was never created; use another vNIC",
}
_TEXT = pa.large_string()
_NEAREST_WORDS = pa.array([" is the next free", " is the nearest free"], _TEXT)
_OFFERED = np.uint64(sum(bit(code) for code, entry in CATALOGUE.items() if "{nearest}" in entry.fix))


class Said(NamedTuple):
    """One code in words.

    Attributes:
        rows: the rows that have it.
        text: which of the texts is each row's.
        first: the first row each text is about.
        message, fix: the texts.
    """

    rows: NDArray[np.int64]
    text: NDArray[np.int64]
    first: NDArray[np.int64]
    message: pa.LargeStringArray
    fix: pa.LargeStringArray


@cache
def _parsed(template: str) -> list[tuple[str, str | None]]:
    """Return the literal texts of a template, each with the name that follows it."""
    return [(literal, name) for literal, name, _, _ in Formatter().parse(template)]


@dataclass(frozen=True, eq=False)
class Wording(Naming):
    """Words for the rows of a plan; each method takes row positions and returns one text per row."""

    def say(self, code: str, at: NDArray[np.int64]) -> Said:
        """Word a code for the rows that have it; what rows share is worded once."""
        rows, entry = self.rows, CATALOGUE[code]
        match entry.about:
            case "nic":
                unit = rows.slot[at]
            case "request":
                unit = rows.request[at]
            case "subnet":
                unit = rows.subnet_entry[at]
            case "plan":
                unit = np.zeros(len(at), np.int64)
            case _:
                return Said(at, np.arange(len(at)), at, self._fill(entry.message, at), self._fill(entry.fix, at))
        index, distinct = pd.factorize(unit)
        first = np.zeros(len(distinct), np.int64)
        first[index[::-1]] = at[::-1]
        return Said(at, index, first, self._fill(entry.message, first), self._fill(entry.fix, first))

    def why(self, at: NDArray[np.int64]) -> pa.LargeStringArray:
        """Say why each picked address was picked."""
        if not len(at):
            return pa.nulls(0, _TEXT)
        rows, placed = self.rows, self.rows.room.placed
        if rows.board.options.mode == "server_count":
            return same("a prediction: the API chooses when the count is sent", at)
        words = {
            "lowest": "lowest free address",
            "spread": "evenly spread over the free addresses",
            "near": "nearest free address to those the vNIC has",
            "contiguous": "lowest run that holds them all, ",
            "aligned": "lowest aligned block that holds them all, in ",
            "dense": "smallest run that holds them all, ",
        }[rows.board.options.policy]
        if rows.board.options.policy in ("lowest", "spread", "near"):
            return same(f"{words}, those just released left out" if len(rows.room.avoided) else words, at)
        start, other = placed.run_start[rows.pick[at]], placed.fills[rows.pick[at]]
        new = np.append(True, (start[1:] != start[:-1]) | (other[1:] != other[:-1]))
        pick, start = rows.pick[at[new]], start[new]  # picks from one run follow each other, and are worded once
        last = addresses.to_text(addresses_of(start + (placed.run_length[pick] - 1).astype(np.uint64)))
        fills, packed = "no run holds them all; fills the smallest ones first, ", "leaves room for the others, in "
        lead = pa.array([words, fills if rows.board.options.policy == "dense" else packed], _TEXT)
        why = joined(texts_at(lead, other[new].astype(np.int8)), addresses.to_text(addresses_of(start)), "-", last)
        return texts_at(why, np.cumsum(new) - 1)

    def _fill(self, template: str, at: NDArray[np.int64]) -> pa.LargeStringArray:
        parts: list[str | pa.LargeStringArray] = []
        for literal, name in _parsed(template):
            if literal:
                parts.append(literal)
            if name:
                parts.append(getattr(self, f"_{name}")(at))
        if not parts:
            return pa.nulls(len(at), _TEXT)
        if not any(isinstance(part, pa.Array) for part in parts):
            return same(template, at)
        if len(parts) == 1:
            return parts[0]
        return joined(*parts, null="?")

    # -- the names of templates, in alphabetical order -----------------------------------------------------------

    def _age(self, at: NDArray[np.int64]) -> pa.LargeStringArray:
        return same(duration(self.rows.board.age), at)

    def _available(self, at: NDArray[np.int64]) -> pa.LargeStringArray:
        return numbers(self.rows.room.available[self.rows.subnet_entry[at]])

    def _beside(self, at: NDArray[np.int64]) -> pa.LargeStringArray:
        others = pa.scalar(" beside the larger counts of this plan, which come first", _TEXT)
        return pc.if_else(self._crowded(at), others, "")

    def _blind(self, at: NDArray[np.int64]) -> pa.LargeStringArray:
        partial = self.rows.board.snapshot.partial
        sources = [
            f"{row['source']} {row['status']}" + (f" ({row['detail']})" if row["detail"] else "")
            for row in partial.to_dict("records")
        ]
        return same("; ".join(sources), at)

    def _cap(self, at: NDArray[np.int64]) -> pa.LargeStringArray:
        return same(str(self.rows.board.options.cap), at)

    def _cap_source(self, at: NDArray[np.int64]) -> pa.LargeStringArray:
        limit = self.rows.board.options.nic_limit
        documented = limit == DOCUMENTED_LIMIT
        return same(f"{limit} is {'the documented limit' if documented else 'what nic_limit says'}", at)

    def _claim(self, at: NDArray[np.int64]) -> pa.LargeStringArray:
        reservations = self.rows.board.reservations
        label = reservations.find(self.rows.key[at])
        return texts_at(reservations.words, label)

    def _memory_age(self, at: NDArray[np.int64]) -> pa.LargeStringArray:
        memory = self.rows.board.memory
        return numbers(memory.age[memory.find(self.rows.key[at])], duration)

    def _memory_nic(self, at: NDArray[np.int64]) -> pa.LargeStringArray:
        memory = self.rows.board.memory
        return texts_at(memory.nic_ids, memory.find(self.rows.key[at]))

    def _override(self, at: NDArray[np.int64]) -> pa.LargeStringArray:
        return same(self.rows.board.options.override_claims, at)

    def _other_vpc(self, at: NDArray[np.int64]) -> pa.LargeStringArray:
        snapshot = self.rows.board.snapshot
        subnet = snapshot.elsewhere(self.rows.key[at])
        vpc = texts_at(column(snapshot.subnets["vpc_id"]), subnet)
        return joined("VPC ", vpc, " subnet ", texts_at(snapshot.kin.label, subnet))

    def _count(self, at: NDArray[np.int64]) -> pa.LargeStringArray:
        return numbers(self.rows.board.requests.count[self.rows.request[at]])

    def _count_text(self, at: NDArray[np.int64]) -> pa.LargeStringArray:
        return texts_at(self.rows.board.requests.count_text, self.rows.request[at])

    def _earlier_row(self, at: NDArray[np.int64]) -> pa.LargeStringArray:
        return self._row_of(self.rows.board.twins.earlier, at)

    def _largest_run(self, at: NDArray[np.int64]) -> pa.LargeStringArray:
        return numbers(self._by_demand(self.rows.room.placed.largest, at, placed=True))

    def _left(self, at: NDArray[np.int64]) -> pa.LargeStringArray:
        return numbers(self._by_demand(self.rows.room.left, at))

    def _missing(self, at: NDArray[np.int64]) -> pa.LargeStringArray:
        no_nic = pa.array(self.rows.board.requests.nic[self.rows.request[at]] < 0)
        return pc.if_else(
            no_nic,
            pa.scalar("no vNIC is given", _TEXT),
            pa.scalar("neither addresses nor a count is given", _TEXT),
        )

    def _near_nic(self, at: NDArray[np.int64]) -> pa.LargeStringArray:
        """What may be meant by ids that no vNIC has."""
        snapshot, asked = self.rows.board.snapshot, self._nic_id(at).dictionary_encode()
        names = pc.fill_null(snapshot.texts("nics", "name"), "")
        return pa.array(meant(snapshot.nic_ids, names, asked.dictionary.to_pylist()), _TEXT).take(asked.indices)

    def _nearest(self, at: NDArray[np.int64]) -> pa.LargeStringArray:
        """An address that is free after the plan, in the same subnet, and offered to no other row."""
        rows, offers = self.offers
        here = np.searchsorted(rows, at)
        word = texts_at(_NEAREST_WORDS, offers.nearest[here].astype(np.int8))
        text = joined(addresses.to_text(addresses_of(offers.key[here])), word)
        if offers.some[here].all():
            return text
        fresh = pa.array(np.isin(self.home(at), subnets_of(self.rows.room.avoided)))
        free_now = pa.array(self.rows.board.snapshot.largest_run[self.home(at)] > 0)
        none = pc.case_when(
            pa.StructArray.from_arrays([pa.array(offers.any_free[here]), fresh, free_now], ["few", "fresh", "taken"]),
            pa.scalar("the few free addresses are offered to other rows", _TEXT),
            pa.scalar("all that are free were released a moment ago", _TEXT),
            pa.scalar("this plan, claims or exclusions have every free address of the subnet", _TEXT),
            pa.scalar("no address of the subnet is free", _TEXT),
        )
        return pc.if_else(pa.array(offers.some[here]), text, none)

    @cached_property
    def offers(self) -> tuple[NDArray[np.int64], Offers]:
        """Rows that are told of another address, ascending, and the addresses; several findings speak of them."""
        rows, board = self.rows, self.rows.board
        at = rows.marked[(rows.mask[rows.marked] & _OFFERED) != 0]
        return at, offer(rows.room, self.home(at), rows.key[at], board.nic_rank[rows.slot[at]])

    def _nic_after(self, at: NDArray[np.int64]) -> pa.LargeStringArray:
        slot = self.rows.slot[at]
        return numbers(self.rows.board.nic_used[slot] + self.rows.board.wanted[slot])

    def _nic_room(self, at: NDArray[np.int64]) -> pa.LargeStringArray:
        limit = self.rows.board.options.cap or 0
        return numbers(np.maximum(limit - self.rows.board.nic_used[self.rows.slot[at]], 0))

    def _nic_used(self, at: NDArray[np.int64]) -> pa.LargeStringArray:
        return numbers(self.rows.board.nic_used[self.rows.slot[at]])

    def _overflow(self, at: NDArray[np.int64]) -> pa.LargeStringArray:
        slot, board = self.rows.slot[at], self.rows.board
        return numbers(board.nic_used[slot] + board.wanted[slot] - (board.options.cap or 0))

    def _overflow_row(self, at: NDArray[np.int64]) -> pa.LargeStringArray:
        board = self.rows.board
        return pa.array(board.first_beyond(board.options.cap or 0)[self.rows.slot[at]]).cast(_TEXT)

    def _pickable(self, at: NDArray[np.int64]) -> pa.LargeStringArray:
        return numbers(self.rows.room.pickable[self.rows.subnet_entry[at]])

    def _rival_nic(self, at: NDArray[np.int64]) -> pa.LargeStringArray:
        slots = self.rows.board.slot[self._twin(self.rows.board.twins.rival, at)]
        return texts_at(self.rows.board.requests.nic_ids, slots)

    def _rival_row(self, at: NDArray[np.int64]) -> pa.LargeStringArray:
        return self._row_of(self.rows.board.twins.rival, at)

    def _roomy(self, at: NDArray[np.int64]) -> pa.LargeStringArray:
        count = self.rows.board.requests.count[self.rows.request[at]]
        where = self.rows.board.snapshot.kin.roomier(self.home(at), count)
        return pc.if_else(pc.equal(where, ""), "no subnet of this VPC has that much room", joined("room in ", where))

    def _run_fix(self, at: NDArray[np.int64]) -> pa.LargeStringArray:
        count = self.rows.board.requests.count[self.rows.request[at]]
        here = joined("ask for ", self._largest_run(at), " at most, or use policy dense")
        here = pc.if_else(self._crowded(at), "ask for less where more is asked for, or use policy dense", here)
        block, longest = run_elsewhere(self.rows.room, self.home(at), count)
        there = joined(block, f" has {self._run_word} of ", numbers(longest))
        return pc.fill_null(joined(here, "; ", there), here)

    def _run_range(self, at: NDArray[np.int64]) -> pa.LargeStringArray:
        first = addresses_of(self._by_demand(self.rows.room.placed.largest_at, at, placed=True))
        length = self._by_demand(self.rows.room.placed.largest, at, placed=True)
        return addresses.ranges(first, first + np.maximum(length - 1, 0).astype(np.uint32))

    def _shape(self, at: NDArray[np.int64]) -> pa.LargeStringArray:
        return same(self._run_word.partition(" ")[2], at)

    def _sibling(self, at: NDArray[np.int64]) -> pa.LargeStringArray:
        """Subnet of the same VPC that does contain the address."""
        kin = self.rows.board.snapshot.kin
        found = kin.containing(self.home(at), addresses_of(self.rows.key[at]))
        label = texts_at(kin.label, found)
        return pc.fill_null(joined("it is in subnet ", label), "no subnet of this VPC contains it")

    def _special(self, at: NDArray[np.int64]) -> pa.LargeStringArray:
        names = pa.array([name for name, _, _ in SPECIAL_RANGES], _TEXT)
        return texts_at(names, special_range(self.rows.board.requests.asks.value[self.rows.ask[at]]))

    def _status_fix(self, at: NDArray[np.int64]) -> pa.LargeStringArray:
        known = pc.index_in(self._status(at), pa.array(_STATUS_FIX, _TEXT))
        return pc.fill_null(pa.array(_STATUS_FIX.values(), _TEXT).take(known), "use another vNIC")

    def _suggestion(self, at: NDArray[np.int64]) -> pa.LargeStringArray:
        return self._tokens(suggest, at)

    def _syntax(self, at: NDArray[np.int64]) -> pa.LargeStringArray:
        return self._tokens(describe, at)

    def _threshold(self, at: NDArray[np.int64]) -> pa.LargeStringArray:
        options = self.rows.board.options
        change = self.rows.change
        usable = self.rows.board.snapshot.geometry.usable[self.rows.room.subnets]
        high = Change.utilisation(change.used_after, usable)[self.rows.subnet_entry[at]]
        low = Change.utilisation(change.used_before, usable)[self.rows.subnet_entry[at]]
        critical = (high >= options.critical_at) & (low < options.critical_at)
        words = [
            f"{name} {percent(value)}"
            for name, value in (("warning", options.warn_at), ("critical", options.critical_at))
        ]
        return texts_at(pa.array(words, _TEXT), critical.astype(np.int8))

    def _unseen(self, at: NDArray[np.int64]) -> pa.LargeStringArray:
        return numbers(self.rows.board.snapshot.unseen[self.home(at)])

    def _util_after(self, at: NDArray[np.int64]) -> pa.LargeStringArray:
        return self._utilisation(self.rows.change.used_after, at)

    def _util_before(self, at: NDArray[np.int64]) -> pa.LargeStringArray:
        return self._utilisation(self.rows.change.used_before, at)

    def _wanted(self, at: NDArray[np.int64]) -> pa.LargeStringArray:
        return numbers(self.rows.board.wanted[self.rows.slot[at]])

    # -- shared ------------------------------------------------------------------------------------------------

    @property
    def _run_word(self) -> str:
        return "an aligned block" if self.rows.board.options.policy == "aligned" else "a run"

    def _twin(self, which: NDArray[np.int64], at: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the twin of each row's address, by its position among the addresses asked for."""
        twin = np.full(len(self.rows.board.slot), -1)
        twin[self.rows.board.twins.at] = which
        return np.asarray(twin[self.rows.ask[at]])

    def _row_of(self, which: NDArray[np.int64], at: NDArray[np.int64]) -> pa.LargeStringArray:
        return pa.array(self.rows.board.requests.ask_row[self._twin(which, at)]).cast(_TEXT)

    def _crowded(self, at: NDArray[np.int64]) -> pa.BooleanArray:
        """Whether each count would get a run, were it not for larger ones that come first."""
        count = self.rows.board.requests.count[self.rows.request[at]]
        return pa.array(self._by_demand(self.rows.room.placed.largest, at, placed=True) >= count)

    def _by_demand(self, values: NDArray[_T], at: NDArray[np.int64], *, placed: bool = False) -> NDArray[_T]:
        room = self.rows.room
        by_request = np.zeros(len(self.rows.board.requests), values.dtype)
        by_request[room.demands[room.placeable] if placed else room.demands] = values
        return by_request[self.rows.request[at]]

    def _tokens(
        self, say: Callable[[pa.LargeStringArray, NDArray[np.uint8]], pa.LargeStringArray], at: NDArray[np.int64]
    ) -> pa.LargeStringArray:
        """Word bad tokens: each distinct one once."""
        texts, reason = self._address(at), self.rows.board.requests.asks.reason[self.rows.ask[at]]
        if len(texts) <= FEW:
            return say(texts, reason)
        tokens = texts.dictionary_encode()
        reasons = np.zeros(len(tokens.dictionary), np.uint8)
        reasons[np.asarray(tokens.indices)] = reason
        return say(tokens.dictionary, reasons).take(tokens.indices)

    def _utilisation(self, used: NDArray[np.int64], at: NDArray[np.int64]) -> pa.LargeStringArray:
        usable = self.rows.board.snapshot.geometry.usable[self.rows.room.subnets]
        share = Change.utilisation(used, usable)
        return numbers(share[self.rows.subnet_entry[at]], percent)
