"""The columns a plan is judged on: requests joined to the snapshot, as integers."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from zecnb.addresses import Reason
from zecnb.columns import positions, texts_at
from zecnb.counts import CountState
from zecnb.ledger import distinct, keys_of
from zecnb.planner.placement import running_total

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from zecnb.planner.memory import Memory
    from zecnb.planner.options import Options
    from zecnb.planner.reservations import Reservations
    from zecnb.requests import Requests
    from zecnb.snapshot import Snapshot

__all__ = ["Board"]


_SPARSE = 100  # addresses of the table per one looked for, beyond which sorting is faster than looking through it


class Twins(NamedTuple):
    """Addresses asked for more than once, by key, vNIC and input order.

    Attributes:
        at: positions among the addresses asked for.
        earlier: where the same vNIC asked for it first, -1 where this is that place.
        rival: where another vNIC asked for it, -1 where none did.
    """

    at: NDArray[np.int64]
    earlier: NDArray[np.int64]
    rival: NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Board:
    """Requests joined to the snapshot.

    A vNIC asked for is a *slot*: its position in ``requests.nic_ids``; the last slot, one more than there are ids,
    stands for "none given". A subnet position is -1 where it is unknown.

    Attributes:
        snapshot, requests, options: as given.
        reservations: exclusions and claims as key intervals.
        memory: what earlier runs taught.
        age: seconds since the snapshot was observed, as the caller says.
    """

    snapshot: Snapshot
    requests: Requests
    options: Options
    reservations: Reservations
    memory: Memory
    age: float

    # -- by slot ---------------------------------------------------------------------------------------------

    @cached_property
    def nic(self) -> NDArray[np.int64]:
        """VNIC position by slot, -1 when there is none."""
        found = positions(self.snapshot.nic_ids, self.requests.nic_ids)
        return np.append(found, -1)

    @cached_property
    def subnet(self) -> NDArray[np.int64]:
        """Subnet position by slot."""
        if not len(self.snapshot.nics):
            return np.full(len(self.nic), -1)
        return np.where(self.nic >= 0, self.snapshot.nic_subnet[self.nic], -1)

    @cached_property
    def usable_subnet(self) -> NDArray[np.int64]:
        """Subnet position by slot where its addresses can be judged: listed, and with IPv4."""
        if not len(self.snapshot.subnets):
            return np.full(len(self.nic), -1)
        return np.where(self.snapshot.geometry.ipv4[self.subnet], self.subnet, -1)

    @cached_property
    def nic_rank(self) -> NDArray[np.int64]:
        """Place of each slot's vNIC id in their order, so that who comes first does not depend on the rows'."""
        return np.append(np.asarray(pc.rank(self.requests.nic_ids, tiebreaker="dense")).astype(np.int64), 0)

    # -- by address asked ------------------------------------------------------------------------------------

    @cached_property
    def request_slot(self) -> NDArray[np.int64]:
        """Slot of each request."""
        nic = self.requests.nic
        return np.where(nic < 0, len(self.requests.nic_ids), nic)

    @cached_property
    def slot(self) -> NDArray[np.int64]:
        """Slot of each address."""
        return self.request_slot if self.requests.one_each else self.request_slot[self.requests.ask_request]

    @cached_property
    def home(self) -> NDArray[np.int64]:
        """Subnet position of each address's vNIC, -1 where its addresses cannot be judged."""
        return self.usable_subnet[self.slot]

    @cached_property
    def parsed(self) -> NDArray[np.bool_]:
        """Whether each address is one."""
        return np.asarray(self.requests.asks.reason == Reason.OK)

    @cached_property
    def judged(self) -> NDArray[np.bool_]:
        """Whether each address is one and its subnet is known."""
        return self.parsed & (self.home >= 0)

    @cached_property
    def inside(self) -> NDArray[np.bool_]:
        """Whether each address lies in its subnet's CIDR."""
        value, at = self.requests.asks.value, self.home
        if not len(self.snapshot.subnets):
            return np.zeros(len(value), np.bool_)
        geometry = self.snapshot.geometry
        return self.judged & (value >= geometry.network[at]) & (value <= geometry.broadcast[at])

    @cached_property
    def key(self) -> NDArray[np.uint64]:
        """Key of each address; meaningless where it is not judged."""
        return keys_of(self.home, self.requests.asks.value)

    @cached_property
    def place(self) -> NDArray[np.int64]:
        """Place of each address in the snapshot's table, 0 where it lies in no subnet."""
        table = self.snapshot.table
        if table is None or not len(table.entry):
            return np.zeros(len(self.home), np.int64)
        place = table.places(self.home, self.requests.asks.value)
        place[~self.inside] = 0
        return place

    @cached_property
    def _sorted(self) -> tuple[NDArray[np.intp], NDArray[np.uint64]]:
        """Positions of judged addresses by key, then input order, and their keys."""
        return self._sort(np.flatnonzero(self.judged))

    def _sort(self, at: NDArray[np.intp]) -> tuple[NDArray[np.intp], NDArray[np.uint64]]:
        """Sort ascending positions by key; return them and their keys."""
        keys = self.key if len(at) == len(self.key) else self.key[at]
        bits = int(keys.max(initial=0)).bit_length()
        width = max(len(keys) - 1, 1).bit_length()
        if bits + width <= 64:
            # Key and position fit one number: sorting plain numbers is several times faster than sorting an index.
            packed = np.sort((keys << np.uint64(width)) | np.arange(len(keys), dtype=np.uint64))
            order = (packed & np.uint64((1 << width) - 1)).astype(np.intp)
            return at[order], packed >> np.uint64(width)
        order = np.argsort(keys, kind="stable")
        return at[order], keys[order]

    def sorted_keys(self, which: NDArray[np.bool_]) -> NDArray[np.uint64]:
        """Return the distinct keys of some addresses that lie in their subnets, sorted."""
        table = self.snapshot.table
        if table is None:
            order, keys = self._sorted
            return distinct(keys[which[order]])
        place = self.place[which]
        if len(place) < len(table.entry) // _SPARSE:
            return distinct(np.sort(self.key[which]))
        marked = np.zeros(len(table.entry), np.bool_)
        marked[place] = True
        return table.keys(marked)

    @property
    def named_places(self) -> NDArray[np.int64]:
        """Places in the snapshot's table of the free addresses asked for by name."""
        return np.asarray(self.place[self.inside & (self.entry < 0)])

    @cached_property
    def entry(self) -> NDArray[np.int32]:
        """Ledger entry that holds each address, -1 where it is free or not judged."""
        table = self.snapshot.table
        if table is not None:
            if not len(table.entry):
                return np.full(len(self.key), -1, np.int32)
            entry = table.entry[self.place]
            entry[~self.inside] = -1
            return entry
        order, keys = self._sorted
        found = np.full(len(self.key), -1, np.int32)
        found[order] = self.snapshot.ledger.find(keys)
        return found

    @cached_property
    def held(self) -> NDArray[np.intp]:
        """Positions of the addresses that are held."""
        return np.flatnonzero(self.entry >= 0)

    @cached_property
    def held_kind(self) -> NDArray[np.uint8]:
        """Kind of the holder of each held address, position in ``HOLDER_KINDS``."""
        return self.snapshot.ledger.kind[self.entry[self.held]]

    @cached_property
    def on_own_nic(self) -> NDArray[np.bool_]:
        """Whether the holder of each address is the vNIC that asks for it."""
        own = np.zeros(len(self.entry), np.bool_)
        holder = self.snapshot.holder_nic[self.snapshot.ledger.holder[self.entry[self.held]]]
        own[self.held] = (holder >= 0) & (holder == self.nic[self.slot[self.held]])
        return own

    @cached_property
    def twins(self) -> Twins:
        """Addresses asked for more than once."""
        order, keys = self._suspects
        same = keys[1:] == keys[:-1]
        grouped = np.zeros(len(keys), np.bool_)
        grouped[1:] |= same
        grouped[:-1] |= same
        at, keys = order[grouped], keys[grouped]
        if not len(at):
            return Twins(at, at, at)
        slot = self.slot[at]
        by_slot = np.lexsort((at, slot, keys))
        at, keys, slot = at[by_slot], keys[by_slot], slot[by_slot]
        new_key = np.append(True, keys[1:] != keys[:-1])[: len(keys)]
        new_pair = new_key | np.append(True, slot[1:] != slot[:-1])[: len(keys)]
        pair_first = np.maximum.accumulate(np.where(new_pair, np.arange(len(keys)), 0))
        key_first = np.maximum.accumulate(np.where(new_key, np.arange(len(keys)), 0))
        key_last = np.minimum.accumulate(
            np.where(np.append(new_key[1:], True)[: len(keys)], np.arange(len(keys)), len(keys))[::-1]
        )[::-1]
        rival = np.where(slot[key_first] != slot, key_first, key_last)
        return Twins(
            at,
            np.where(new_pair, -1, at[pair_first]),
            np.where(slot[rival] != slot, at[rival], -1),
        )

    @cached_property
    def _suspects(self) -> tuple[NDArray[np.intp], NDArray[np.uint64]]:
        """Positions by key of the addresses that may be asked for more than once, and their keys."""
        table = self.snapshot.table
        if table is None or not len(table.entry) or len(self.key) < len(table.entry) // _SPARSE:
            return self._sorted
        places = np.sort(self.place.astype(np.int32))
        many = np.zeros(len(table.entry), np.bool_)
        many[places[1:][places[1:] == places[:-1]]] = True
        return self._sort(np.flatnonzero(np.where(self.inside, many[self.place], self.judged)))

    @cached_property
    def repeated(self) -> NDArray[np.bool_]:
        """Whether the same vNIC asked for the address earlier."""
        again = np.zeros(len(self.key), np.bool_)
        again[self.twins.at[self.twins.earlier >= 0]] = True
        return again

    # -- by request ------------------------------------------------------------------------------------------

    @cached_property
    def listed(self) -> NDArray[np.bool_]:
        """Whether each request names addresses."""
        listed = np.zeros(len(self.requests), np.bool_)
        listed[self.requests.ask_request] = True
        return listed

    @cached_property
    def counted(self) -> NDArray[np.bool_]:
        """Whether each request asks for a usable count and nothing else."""
        return np.asarray((self.requests.count_state == CountState.GIVEN) & ~self.listed & (self.requests.nic >= 0))

    @cached_property
    def modest_count(self) -> NDArray[np.int64]:
        """Count of each counted request, at most what a vNIC may have; 0 for the others.

        One absurd count must not use up the room of every other request.
        """
        size = self.snapshot.geometry.usable.max(initial=0)
        limit = self.options.cap or int(size)
        return np.where(self.counted, np.minimum(self.requests.count, limit), 0)

    @cached_property
    def wanted(self) -> NDArray[np.int64]:
        """New addresses each slot wants: distinct ones not on it already, and its counts."""
        old = np.flatnonzero(~self.parsed | self.on_own_nic | self.repeated)
        named = np.bincount(self.slot, minlength=len(self.nic)) - np.bincount(self.slot[old], minlength=len(self.nic))
        named[-1] = 0
        counted = np.flatnonzero(self.counted)
        np.add.at(named, self.requests.nic[counted], self.requests.count[counted])
        return named

    @cached_property
    def nic_used(self) -> NDArray[np.int64]:
        """Private IPv4 addresses each slot's vNIC has."""
        if not len(self.snapshot.nics):
            return np.zeros(len(self.nic), np.int64)
        return np.where(self.nic >= 0, self.snapshot.nic_used[self.nic], 0)

    def first_beyond(self, limit: int) -> NDArray[np.int64]:
        """Return, by slot, the caller's row that takes the vNIC beyond a limit of addresses, -1 for none."""
        requests, over = self.requests, self.nic_used + self.wanted > limit
        asks = np.flatnonzero(over[self.slot] & self.parsed & ~self.on_own_nic & ~self.repeated)
        counts = np.flatnonzero(self.counted)
        slot = np.concatenate([self.slot[asks], requests.nic[counts]])
        row = np.concatenate([requests.ask_row[asks], requests.row[counts]])
        more = np.concatenate([np.ones(len(asks), np.int64), np.minimum(requests.count[counts], limit + 1)])
        order = np.lexsort((row, slot))
        slot, row, more = slot[order], row[order], more[order]
        beyond = np.flatnonzero(self.nic_used[slot] + running_total(slot, more) + more > limit)[::-1]
        first = np.full(len(self.nic), -1)
        first[slot[beyond]] = row[beyond]  # of several the last one stays, which is the first
        return first

    @cached_property
    def slot_ids(self) -> pa.LargeStringArray:
        """Id of each slot's vNIC as it was given, null for "none given"."""
        return pa.concat_arrays([self.requests.nic_ids, pa.nulls(1, pa.large_string())])

    @cached_property
    def slot_subnet_ids(self) -> pa.LargeStringArray:
        """Id of the subnet of each slot's vNIC, null where it is not known."""
        return texts_at(self.snapshot.subnet_ids, self.subnet)

    def nic_values(self, name: str) -> pa.LargeStringArray:
        """Return a column of the vNICs frame by slot, null where there is no vNIC."""
        if name not in self._nic_values:
            self._nic_values[name] = texts_at(self.snapshot.texts("nics", name), self.nic)
        return self._nic_values[name]

    @cached_property
    def _nic_values(self) -> dict[str, pa.LargeStringArray]:
        return {}
