"""Findings in words: templates of the catalogue filled for whole columns of rows at once."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from functools import cached_property
from string import Formatter
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from zecnb import addresses
from zecnb.ledger import Runs, addresses_of, keys_of, subnets_of
from zecnb.planner.checks import SPECIAL_RANGES, special_range
from zecnb.planner.findings import CATALOGUE
from zecnb.planner.rows import Change
from zecnb.schema import HOLDER_KINDS
from zecnb.snapshot import column

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import pandas as pd
    from numpy.typing import NDArray

    from zecnb.planner.rows import Rows

__all__ = ["Wording", "percent"]

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
_STATUS_FIX = {
    "PENDING": "wait until it is created, then refresh",
    "ATTACHING": "wait until it is attached, then refresh",
    "DETACHING": "wait until it is detached, then refresh",
    "DELETING": "it is going away; use another vNIC",
    "CREATE_FAILED": "it was never created; use another vNIC",
}
_TEXT = pa.large_string()


def percent(value: float) -> str:
    """Return a utilisation as people read it; never rounded up to full or down to empty."""
    shown = f"{value * 100:.1f}"
    if shown == "100.0" and value < 1:
        shown = "99.9"
    return f"{shown} %"


@dataclass(frozen=True, eq=False)
class Wording:
    """Words for the rows of a plan; each method takes row positions and returns one text per row."""

    rows: Rows

    def say(self, code: str, field: str, at: NDArray[np.int64]) -> pa.LargeStringArray:
        """Fill the ``message`` or ``fix`` template of a code for rows."""
        return self._fill(getattr(CATALOGUE[code], field), at)

    def why(self, at: NDArray[np.int64]) -> pa.LargeStringArray:
        """Say why each picked address was picked."""
        rows, placed = self.rows, self.rows.room.placed
        pick = rows.pick[at]
        start, length = placed.run_start[pick], placed.run_length[pick]
        last = addresses.to_text(addresses_of(start + (length - 1).astype(np.uint64)))
        run = pc.binary_join_element_wise(addresses.to_text(addresses_of(start)), last, pa.scalar("-", _TEXT))
        if rows.board.options.mode == "server_count":
            return pa.array(["a prediction: the API chooses when the count is sent"] * len(at), _TEXT)
        words = {
            "lowest": "lowest free address",
            "spread": "evenly spread over the free addresses",
            "near": "nearest free address to those the vNIC has",
            "contiguous": "lowest run that holds them all, ",
            "aligned": "lowest aligned block that holds them all, in ",
            "dense": "smallest run that holds them all, ",
        }[rows.board.options.policy]
        if rows.board.options.policy in ("lowest", "spread", "near"):
            return pa.array([words] * len(at), _TEXT)
        lead = pc.if_else(
            pa.array(placed.fills[pick]),
            pa.scalar("no run holds them all; fills the smallest ones first, ", _TEXT),
            pa.scalar(words, _TEXT),
        )
        return pc.binary_join_element_wise(lead, run, pa.scalar("", _TEXT))

    def _fill(self, template: str, at: NDArray[np.int64]) -> pa.LargeStringArray:
        parts: list[pa.Scalar | pa.LargeStringArray] = []
        for literal, name, _, _ in Formatter().parse(template):
            if literal:
                parts.append(pa.scalar(literal, _TEXT))
            if name:
                parts.append(getattr(self, f"_{name}")(at))
        if not parts:
            return pa.nulls(len(at), _TEXT)
        if not any(isinstance(part, pa.Array) for part in parts):
            return pa.array([template] * len(at), _TEXT)
        if len(parts) == 1:
            return parts[0]
        known = (pc.fill_null(part, "?") if isinstance(part, pa.Array) else part for part in parts)
        return pc.binary_join_element_wise(*known, pa.scalar("", _TEXT))

    # -- the names of templates, in alphabetical order -----------------------------------------------------------

    def _address(self, at: NDArray[np.int64]) -> pa.LargeStringArray:
        return self.rows.text.take(pa.array(at))

    def _age(self, at: NDArray[np.int64]) -> pa.LargeStringArray:
        seconds = self.rows.board.age
        text = f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.0f} min"
        return _same(text if seconds < 7200 else f"{seconds / 3600:.1f} h", at)

    def _available(self, at: NDArray[np.int64]) -> pa.LargeStringArray:
        return _numbers(self.rows.room.available[self.rows.subnet_entry[at]])

    def _blind(self, at: NDArray[np.int64]) -> pa.LargeStringArray:
        partial = self.rows.board.snapshot.partial
        sources = [
            f"{row.source} {row.status}" + (f" ({row.detail})" if row.detail else "") for row in partial.itertuples()
        ]
        return _same("; ".join(sources), at)

    def _cap(self, at: NDArray[np.int64]) -> pa.LargeStringArray:
        return _same(str(self.rows.board.options.nic_limit), at)

    def _cidr(self, at: NDArray[np.int64]) -> pa.LargeStringArray:
        return pc.fill_null(self._subnet_values("cidr_block", at), "the vNIC's subnet")

    def _claim(self, at: NDArray[np.int64]) -> pa.LargeStringArray:
        reservations = self.rows.board.reservations
        label = reservations.find(self.rows.key[at])
        return pa.array(reservations.words, _TEXT).take(pa.array(label))

    def _count(self, at: NDArray[np.int64]) -> pa.LargeStringArray:
        return _numbers(self.rows.board.requests.count[self.rows.request[at]])

    def _count_text(self, at: NDArray[np.int64]) -> pa.LargeStringArray:
        texts = self.rows.board.requests.count_text
        return pa.array([texts.get(i, "") for i in self.rows.request[at].tolist()], _TEXT)

    def _gateway(self, at: NDArray[np.int64]) -> pa.LargeStringArray:
        return addresses.to_text(self.rows.board.snapshot.geometry.gateway[self._home(at)])

    def _holder(self, at: NDArray[np.int64]) -> pa.LargeStringArray:
        """Kind, name and id of the holder, as in ``vNIC web-03 16808 (primary)``."""
        kind, who, name = self.holder(at)
        label = pc.if_else(
            pc.fill_null(pc.not_equal(name, ""), fill_value=False),
            pc.binary_join_element_wise(name, who, pa.scalar(" ", _TEXT)),
            who,
        )
        result = pa.nulls(len(at), _TEXT)
        for each, template in _KIND_WORDS.items():
            lead, _, tail = template.partition("{}")
            words = pc.binary_join_element_wise(
                pa.scalar(lead, _TEXT),
                label if "{}" in template else _same("", at),
                pa.scalar(tail, _TEXT),
                pa.scalar("", _TEXT),
            )
            result = pc.if_else(pc.fill_null(pc.equal(kind, each), fill_value=False), words, result)
        return result

    def _largest_run(self, at: NDArray[np.int64]) -> pa.LargeStringArray:
        room = self.rows.room
        longest = np.zeros(len(self.rows.board.requests), np.int64)
        longest[room.demands[room.placeable]] = room.placed.largest
        return _numbers(longest[self.rows.request[at]])

    def _left(self, at: NDArray[np.int64]) -> pa.LargeStringArray:
        return _numbers(self._by_demand(self.rows.room.left, at))

    def _missing(self, at: NDArray[np.int64]) -> pa.LargeStringArray:
        no_nic = pa.array(self.rows.board.requests.nic[self.rows.request[at]] < 0)
        return pc.if_else(
            no_nic,
            pa.scalar("no vNIC is given", _TEXT),
            pa.scalar("neither addresses nor a count is given", _TEXT),
        )

    def _near_nic(self, at: NDArray[np.int64]) -> pa.LargeStringArray:
        nics = self.rows.board.snapshot.nics
        names = dict(zip(nics["name"].fillna(""), nics["nic_id"], strict=True))
        wanted = self._nic_id(at).to_pylist()
        words: dict[str, str] = {}
        for text in dict.fromkeys(wanted):
            close = [names[text]] if text in names else difflib.get_close_matches(text, nics["nic_id"], 2, 0.9)
            label = " or ".join(f"{nic} ({_named(nics, nic)})" for nic in close)
            words[text] = f"did you mean {label}?" if close else "check the id; a vNIC just made needs a refresh"
        return pa.array([words[text] for text in wanted], _TEXT)

    def _nearest(self, at: NDArray[np.int64]) -> pa.LargeStringArray:
        """Nearest address that is free after the plan, in the same subnet."""
        key = self.rows.key[at]
        free = Runs.between(self._unusable)
        if not len(free.start):
            return _same("no address of the subnet is free", at)
        above = np.minimum(np.searchsorted(free.start, key, "right"), len(free.start) - 1)
        below = np.maximum(np.searchsorted(free.start, key, "right") - 1, 0)
        low = free.start[below] + (free.length[below] - 1).astype(np.uint64)
        high = free.start[above]
        subnet = subnets_of(key)
        low_ok = (subnets_of(low) == subnet) & (low <= key)
        high_ok = (subnets_of(high) == subnet) & (high >= key)
        nearer = np.where(low_ok & (~high_ok | (key - low <= high - key)), low, high)
        text = pc.binary_join_element_wise(
            addresses.to_text(addresses_of(nearer)),
            pa.scalar("is the nearest free", _TEXT),
            pa.scalar(" ", _TEXT),
        )
        return pc.if_else(pa.array(low_ok | high_ok), text, pa.scalar("no address of the subnet is free", _TEXT))

    def _nic(self, at: NDArray[np.int64]) -> pa.LargeStringArray:
        """Name and id of the vNIC."""
        name = self.nic_name(at)
        both = pc.binary_join_element_wise(name, self._nic_id(at), pa.scalar(" ", _TEXT))
        return pc.if_else(pc.fill_null(pc.not_equal(name, ""), fill_value=False), both, self._nic_id(at))

    def _nic_after(self, at: NDArray[np.int64]) -> pa.LargeStringArray:
        slot = self.rows.slot[at]
        return _numbers(self.rows.board.nic_used[slot] + self.rows.board.wanted[slot])

    def _nic_id(self, at: NDArray[np.int64]) -> pa.LargeStringArray:
        return self.nic_id(at)

    def _nic_room(self, at: NDArray[np.int64]) -> pa.LargeStringArray:
        limit = self.rows.board.options.nic_limit or 0
        return _numbers(np.maximum(limit - self.rows.board.nic_used[self.rows.slot[at]], 0))

    def _nic_stack(self, at: NDArray[np.int64]) -> pa.LargeStringArray:
        return self.rows.board.nic_values("nic_subnet_type").take(
            pa.array(self.rows.slot[at] % len(self.rows.board.nic))
        )

    def _nic_used(self, at: NDArray[np.int64]) -> pa.LargeStringArray:
        return _numbers(self.rows.board.nic_used[self.rows.slot[at]])

    def _other_nic(self, at: NDArray[np.int64]) -> pa.LargeStringArray:
        slots = self.rows.board.slot[self._twin[self.rows.ask[at]]]
        return self.rows.board.requests.nic_ids.take(pa.array(slots))

    def _other_row(self, at: NDArray[np.int64]) -> pa.LargeStringArray:
        return _numbers(self.rows.board.requests.ask_row[self._twin[self.rows.ask[at]]], "d")

    def _overflow(self, at: NDArray[np.int64]) -> pa.LargeStringArray:
        slot, board = self.rows.slot[at], self.rows.board
        return _numbers(board.nic_used[slot] + board.wanted[slot] - (board.options.nic_limit or 0))

    def _pickable(self, at: NDArray[np.int64]) -> pa.LargeStringArray:
        return _numbers(self.rows.room.pickable[self.rows.subnet_entry[at]])

    def _roomy(self, at: NDArray[np.int64]) -> pa.LargeStringArray:
        room = self.rows.room
        number = np.full(len(self.rows.board.requests), -1)
        number[room.demands] = np.arange(len(room.demands))
        words = {i: room.roomier(i) for i in set(number[self.rows.request[at]].tolist())}
        said = {i: f"room in {w}" if w else "no subnet of this VPC has that much room" for i, w in words.items()}
        return pa.array([said[i] for i in number[self.rows.request[at]].tolist()], _TEXT)

    def _run_fix(self, at: NDArray[np.int64]) -> pa.LargeStringArray:
        longest = self._largest_run(at)
        return pc.binary_join_element_wise(
            pa.scalar("ask for", _TEXT),
            longest,
            pa.scalar("at most, or use policy dense", _TEXT),
            pa.scalar(" ", _TEXT),
        )

    def _shape(self, at: NDArray[np.int64]) -> pa.LargeStringArray:
        return _same("aligned block" if self.rows.board.options.policy == "aligned" else "run", at)

    def _sibling(self, at: NDArray[np.int64]) -> pa.LargeStringArray:
        """Subnet of the same VPC that does contain the address."""
        snapshot = self.rows.board.snapshot
        geometry, ipv4 = snapshot.geometry, np.flatnonzero(snapshot.geometry.ipv4)
        vpc = column(snapshot.subnets["vpc_id"]).dictionary_encode()
        codes = np.asarray(pc.fill_null(vpc.indices, 0)).astype(np.int64)
        low = keys_of(codes[ipv4], geometry.network[ipv4])
        order = np.argsort(low)
        key = keys_of(codes[self._home(at)], addresses_of(self.rows.key[at]))
        found = ipv4[order[np.maximum(np.searchsorted(low[order], key, "right") - 1, 0)]]
        inside = (
            (codes[found] == codes[self._home(at)])
            & (addresses_of(key) >= geometry.network[found])
            & (addresses_of(key) <= geometry.broadcast[found])
        )
        where = pc.binary_join_element_wise(
            pa.scalar("it is in subnet", _TEXT), self._subnet_label(found), pa.scalar(" ", _TEXT)
        )
        return pc.if_else(pa.array(inside), where, pa.scalar("no subnet of this VPC contains it", _TEXT))

    def _special(self, at: NDArray[np.int64]) -> pa.LargeStringArray:
        names = pa.array([name for name, _, _ in SPECIAL_RANGES], _TEXT)
        return names.take(pa.array(special_range(self.rows.board.requests.asks.value[self.rows.ask[at]])))

    def _stack_type(self, at: NDArray[np.int64]) -> pa.LargeStringArray:
        return self._subnet_values("stack_type", at)

    def _status(self, at: NDArray[np.int64]) -> pa.LargeStringArray:
        return self.rows.board.nic_values("status").take(pa.array(self.rows.slot[at] % len(self.rows.board.nic)))

    def _status_fix(self, at: NDArray[np.int64]) -> pa.LargeStringArray:
        return pa.array([_STATUS_FIX.get(s, "use another vNIC") for s in self._status(at).to_pylist()], _TEXT)

    def _subnet(self, at: NDArray[np.int64]) -> pa.LargeStringArray:
        return self._subnet_label(self.rows.board.subnet[self.rows.slot[at]])

    def _suggestion(self, at: NDArray[np.int64]) -> pa.LargeStringArray:
        return self._tokens(addresses.suggest, at)

    def _syntax(self, at: NDArray[np.int64]) -> pa.LargeStringArray:
        return self._tokens(addresses.describe, at)

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
        return pa.array(words, _TEXT).take(pa.array(critical.astype(np.int8)))

    def _unseen(self, at: NDArray[np.int64]) -> pa.LargeStringArray:
        return _numbers(self.rows.board.snapshot.unseen[self._home(at)])

    def _util_after(self, at: NDArray[np.int64]) -> pa.LargeStringArray:
        return self._utilisation(self.rows.change.used_after, at)

    def _util_before(self, at: NDArray[np.int64]) -> pa.LargeStringArray:
        return self._utilisation(self.rows.change.used_before, at)

    def _wanted(self, at: NDArray[np.int64]) -> pa.LargeStringArray:
        return _numbers(self.rows.board.wanted[self.rows.slot[at]])

    # -- shared ------------------------------------------------------------------------------------------------

    def nic_id(self, at: NDArray[np.int64]) -> pa.LargeStringArray:
        """Id of each row's vNIC, null when none was given."""
        ids = pa.concat_arrays([self.rows.board.requests.nic_ids, pa.nulls(1, _TEXT)])
        return ids.take(pa.array(self.rows.slot[at] % len(ids)))

    def nic_name(self, at: NDArray[np.int64]) -> pa.LargeStringArray:
        """Name of each row's vNIC, null when it is not known."""
        return self.rows.board.nic_values("name").take(pa.array(self.rows.slot[at] % len(self.rows.board.nic)))

    def holder(self, at: NDArray[np.int64]) -> tuple[pa.LargeStringArray, pa.LargeStringArray, pa.LargeStringArray]:
        """Kind, id and name of each row's holder, null where the address is free."""
        snapshot = self.rows.board.snapshot
        entry = self.rows.entry[at]
        where = pa.array(entry, mask=entry < 0)
        kind = pa.array(snapshot.ledger.kind).take(where)
        who = pa.array(snapshot.ledger.holder).take(where)
        kinds = pa.array(list(HOLDER_KINDS), _TEXT)
        return kinds.take(kind), snapshot.holder_ids.take(who), snapshot.holder_names.take(who)

    @cached_property
    def _unusable(self) -> NDArray[np.uint64]:
        rows = self.rows
        return np.unique(np.concatenate([rows.room.untouchable, rows.room.placed.key]))

    @cached_property
    def _twin(self) -> NDArray[np.int64]:
        twin = np.full(len(self.rows.board.slot), -1)
        at, other, _ = self.rows.board.twins
        twin[at] = other
        return twin

    def _home(self, at: NDArray[np.int64]) -> NDArray[np.int64]:
        return self.rows.board.usable_subnet[self.rows.slot[at]]

    def _by_demand(self, values: NDArray[np.int64], at: NDArray[np.int64]) -> NDArray[np.int64]:
        by_request = np.zeros(len(self.rows.board.requests), np.int64)
        by_request[self.rows.room.demands] = values
        return by_request[self.rows.request[at]]

    def _subnet_values(self, name: str, at: NDArray[np.int64]) -> pa.LargeStringArray:
        subnet = self.rows.board.subnet[self.rows.slot[at]]
        return column(self.rows.board.snapshot.subnets[name]).take(pa.array(subnet, mask=subnet < 0))

    def _subnet_label(self, positions: NDArray[np.int64]) -> pa.LargeStringArray:
        subnets = self.rows.board.snapshot.subnets
        name = pc.fill_null(column(subnets["name"]), "")
        lead = pc.if_else(pc.equal(name, ""), column(subnets["subnet_id"]), name)
        block = pc.fill_null(column(subnets["cidr_block"]), "")
        label = pc.utf8_trim_whitespace(pc.binary_join_element_wise(lead, block, pa.scalar(" ", _TEXT)))
        return label.take(pa.array(positions))

    def _tokens(self, say: Callable[[str, int], str], at: NDArray[np.int64]) -> pa.LargeStringArray:
        """Word bad tokens: each distinct one once."""
        tokens = self._address(at).dictionary_encode()
        reasons = self.rows.board.requests.asks.reason[self.rows.ask[at]]
        codes, first = np.unique(np.asarray(tokens.indices), return_index=True)
        words = [say(tokens.dictionary[int(c)].as_py(), int(reasons[i])) for c, i in zip(codes, first, strict=True)]
        return pa.array(words, _TEXT).take(tokens.indices)

    def _utilisation(self, used: NDArray[np.int64], at: NDArray[np.int64]) -> pa.LargeStringArray:
        usable = self.rows.board.snapshot.geometry.usable[self.rows.room.subnets]
        share = Change.utilisation(used, usable)
        return pa.array([percent(value) for value in share], _TEXT).take(pa.array(self.rows.subnet_entry[at]))


def _same(text: str, at: NDArray[np.int64]) -> pa.LargeStringArray:
    return pa.array([text] * len(at), _TEXT)


def _numbers(values: NDArray[np.integer] | Sequence[int], form: str = ",") -> pa.LargeStringArray:
    """Return numbers as text, each distinct one formatted once."""
    distinct, inverse = np.unique(np.asarray(values), return_inverse=True)
    return pa.array([format(int(v), form) for v in distinct], _TEXT).take(pa.array(inverse))


def _named(nics: pd.DataFrame, nic_id: str) -> str:
    return str(nics.loc[nics["nic_id"] == nic_id, "name"].iloc[0])
