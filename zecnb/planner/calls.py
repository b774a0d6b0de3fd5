"""Rows -> the API calls they stand for, and what the API would answer to each.

The order of the API's checks is contract.md A8, ``Options.limit_checked`` says when the limit's turn is. Calls are
judged as if sent in their order, each seeing what the accepted ones before it took.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple, Self

import numpy as np
import pandas as pd

from zecnb.columns import strings, texts_at
from zecnb.counts import CountState
from zecnb.planner.findings import CATALOGUE, PLANNED, bit
from zecnb.planner.rows import SERVER_COUNT, Rows

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from zecnb.planner.options import Options

__all__ = ["ACCEPTED", "UNKNOWN", "Answers", "Calls"]

ACCEPTED, UNKNOWN = "ACCEPTED", "UNKNOWN"

# The API's order of checking (contract.md A8); codes that it does not know stand nowhere.
_PARAMETERS = ("EMPTY_REQUEST", "COUNT_NOT_INTEGER", "COUNT_NOT_POSITIVE")
_NIC = ("NIC_NOT_FOUND", "NIC_STATE", "NIC_PRIMARY", "SUBNET_NOT_IPV4", "NIC_STACK_NOT_IPV4")
_ADDRESS = tuple(
    code
    for code in PLANNED
    if CATALOGUE[code].about == "address" and CATALOGUE[code].severity == "BLOCK" and CATALOGUE[code].api_code
)
_ROOM = ("NIC_LIMIT", "SUBNET_INSUFFICIENT")
_ORDER = (*_PARAMETERS, *_NIC, *_ADDRESS, *_ROOM)
_LIMIT_FIRST = (*_PARAMETERS, *_NIC, "NIC_LIMIT", *_ADDRESS, "SUBNET_INSUFFICIENT")

_ALONE = np.uint64(sum(bit(code) for code in _ADDRESS if code != "DUPLICATE_ACROSS_PLAN"))
_CLASH = np.uint64(bit("DUPLICATE_ACROSS_PLAN"))
_ROOM_CODE = CATALOGUE["SUBNET_INSUFFICIENT"].api_code
_CLASH_CODE = CATALOGUE["DUPLICATE_ACROSS_PLAN"].api_code


class Answers(NamedTuple):
    """What the API answers to findings.

    Attributes:
        codes: to each alone, "" where it would not notice.
        order: which it answers first.
    """

    codes: dict[str, str]
    order: tuple[str, ...]

    @classmethod
    def of(cls, options: Options) -> Self:
        """Take the catalogue's answers, but for what the options expect."""
        codes = {code: entry.api_code for code, entry in CATALOGUE.items()}
        limit = dict.fromkeys(("NIC_LIMIT", "NIC_LIMIT_UNKNOWN"), options.nic_limit_code)
        order = _LIMIT_FIRST if options.limit_checked == "first" else _ORDER
        return cls(codes | limit | {"NIC_NOT_FOUND": options.nic_not_found}, order)

    def first(self, mask: int, among: tuple[str, ...] = ()) -> str | None:
        """Return what the API answers first for a set of findings, None when it would accept."""
        return next((self.codes[code] for code in among or self.order if mask & bit(code)), None)


@dataclass(frozen=True, eq=False)
class Calls:
    """The calls of a plan, in order of sending: those with addresses first, then those with a count.

    Attributes:
        rows: the plan's rows.
    """

    rows: Rows

    @cached_property
    def _apart(self) -> NDArray[np.bool_]:
        """Requests that need a call of their own: they send a count, or are sent as wrong as they are."""
        requests = self.rows.board.requests
        counted = self.rows.board.counted.copy()
        if self.rows.board.options.mode != "server_count":
            counted[self.rows.request[self.rows.pick >= 0]] = False
        return (
            counted
            | (requests.count_state > CountState.ABSENT) & ~self.rows.board.counted
            | ~(self.rows.board.listed | self.rows.board.counted)
            | (requests.nic < 0)
        )

    @cached_property
    def _of_row(self) -> NDArray[np.int64]:
        """Call of each row, -1 for a row that is in none."""
        return self._layout[0]

    @cached_property
    def _layout(self) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
        """Call of each row; slot of each call; request of each call that is apart, else -1."""
        rows = self.rows
        slots = len(rows.board.nic)
        apart = self._apart[rows.request]
        token = np.where(apart, slots + rows.request, rows.slot)
        member = np.flatnonzero(rows.sent | apart)
        distinct, first, inverse = np.unique(token[member], return_index=True, return_inverse=True)
        request = np.where(distinct >= slots, distinct - slots, -1)
        named = np.bincount(inverse, self._named[member], minlength=len(distinct)) > 0
        served = np.full(len(rows.board.requests), -1)
        served[rows.room.demands] = np.arange(len(rows.room.demands))
        rank = np.where(named, first, served[request])
        order = np.lexsort((first, rank, ~named))
        number = np.empty(len(distinct), np.int64)
        number[order] = np.arange(len(distinct))
        call = np.full(len(token), -1)
        call[member] = number[inverse]
        request = request[order]
        slot = np.where(request >= 0, rows.board.request_slot[request], distinct[order])
        return call, slot, request

    @cached_property
    def _named(self) -> NDArray[np.bool_]:
        """Rows whose address is sent by name."""
        return np.asarray(
            self.rows.sent & (self.rows.mode != SERVER_COUNT) & ((self.rows.ask >= 0) | (self.rows.pick >= 0))
        )

    @cached_property
    def slot(self) -> NDArray[np.int64]:
        """Slot of each call's vNIC."""
        return self._layout[1]

    @cached_property
    def request(self) -> NDArray[np.int64]:
        """Request of each call that stands for one alone, -1 for one that gathers a vNIC's rows."""
        return self._layout[2]

    @cached_property
    def members(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Rows sent by name, by call and row, and where each call's begin (one more entry at the end)."""
        at = np.flatnonzero(self._named & (self._of_row >= 0))
        at = at[np.argsort(self._of_row[at], kind="stable")]
        return at, np.searchsorted(self._of_row[at], np.arange(len(self.slot) + 1))

    @cached_property
    def count(self) -> NDArray[np.int64]:
        """Count each call sends, 0 for none."""
        requests = self.rows.board.requests
        usable = np.append(np.where(requests.count_state == CountState.NOT_INTEGER, 0, requests.count), 0)
        return usable[self.request]

    @cached_property
    def has_count(self) -> NDArray[np.bool_]:
        """Whether each call sends a count."""
        return (self.request >= 0) & (np.append(self.rows.board.requests.count_state, 0)[self.request] > 0)

    # -- what the API would answer -----------------------------------------------------------------------------

    @cached_property
    def answers(self) -> Answers:
        """What it answers to findings."""
        return Answers.of(self.rows.board.options)

    @cached_property
    def predicted(self) -> list[str]:
        """``ACCEPTED``, the API's code, or ``UNKNOWN`` where the vNIC's subnet is not known."""
        rows = self.rows
        request_mask = np.append(rows.request_mask, np.uint64(0))
        answer: list[str | None] = []
        for slot, request in zip(self.slot.tolist(), self.request.tolist(), strict=True):
            mask = int(request_mask[request] | rows.nic_mask[slot])
            code = self.answers.first(mask, (*_PARAMETERS, *_NIC))
            answer.append(UNKNOWN if code is None and mask & bit("NIC_SUBNET_UNKNOWN") else code)
        return self._in_turn(answer)

    @cached_property
    def _first_wrong(self) -> dict[int, tuple[int, str | None]]:
        """By call: place among ``members`` of the first address that is wrong in itself, and its code."""
        at, _ = self.members
        wrong = np.flatnonzero((self.rows.own_mask[at] & _ALONE) != 0)
        owner, first = np.unique(self._of_row[at[wrong]], return_index=True)
        codes = [self.answers.first(int(mask)) for mask in self.rows.own_mask[at[wrong[first]]] & _ALONE]
        return dict(zip(owner.tolist(), zip(wrong[first].tolist(), codes, strict=True), strict=True))

    def _in_turn(self, answer: list[str | None]) -> list[str]:
        """Let the calls that nothing speaks against take their addresses, one after the other.

        Addresses are checked in their order, so one that an earlier call took decides before a wrong one behind it.
        """
        rows, board = self.rows, self.rows.board
        limit = board.options.cap or np.iinfo(np.int64).max
        limit_code, limit_first = self.answers.codes["NIC_LIMIT"], board.options.limit_checked == "first"
        at, edges = self.members
        entry = np.searchsorted(rows.room.subnets, board.usable_subnet[self.slot]).tolist()
        clashing = (rows.own_mask[at] & _CLASH) != 0
        # One call after the other needs plain numbers: looking into an array for each costs several times as much.
        clashes, first = np.append(0, np.cumsum(clashing)).tolist(), edges.tolist()
        used, free = board.nic_used.tolist(), rows.room.available.tolist()
        slot, count, wrongs = self.slot.tolist(), self.count.tolist(), self._first_wrong
        taken: set[int] = set()
        done: list[str] = []
        for call, code in enumerate(answer):
            outcome = code
            if outcome is None:
                low, high = first[call], first[call + 1]
                wrong, wrong_code = wrongs.get(call, (high, None))
                wanted = high - low or count[call]
                keys: set[int] = set()
                if clashes[wrong] > clashes[low]:
                    keys.update(rows.key[at[low:wrong][clashing[low:wrong]]].tolist())
                too_many = used[slot[call]] + wanted > limit
                if too_many and limit_first:
                    outcome = limit_code
                elif keys & taken:
                    outcome = _CLASH_CODE
                elif wrong < high:
                    outcome = wrong_code
                elif too_many:
                    outcome = limit_code
                elif low == high and wanted > free[entry[call]]:
                    outcome = _ROOM_CODE
                else:
                    taken |= keys
                    used[slot[call]] += wanted
                    free[entry[call]] -= wanted
            done.append(outcome or ACCEPTED)
        return done

    def frame(self) -> pd.DataFrame:
        """One row per call, columns of ``schema.CALLS``."""
        at, edges = self.members
        text = texts_at(self.rows.text, at).to_pylist()
        addresses = np.empty(len(self.slot), object)
        addresses[:] = [tuple(text[low:high]) for low, high in itertools.pairwise(edges.tolist())]
        shown = self.has_count & ((self.count != 0) | (np.append(self._zero, False)[self.request]))
        return pd.DataFrame(
            {
                "call": np.arange(len(self.slot)),
                "nic_id": strings(texts_at(self.rows.board.slot_ids, self.slot)),
                "addresses": addresses,
                "ip_address_count": pd.arrays.IntegerArray(self.count, ~shown),
                "predicted": pd.array(self.predicted, dtype="str"),
            },
            copy=False,
        )

    @cached_property
    def _zero(self) -> NDArray[np.bool_]:
        return np.asarray(self.rows.board.requests.count_state == CountState.NOT_POSITIVE)
