"""Counts -> chosen addresses, by policy.

Demands are served in an order of their own (larger first, then by vNIC id), so that the order of the input rows
never changes who gets what. All subnets are served at once: the block policies loop over distinct counts, ``near``,
where each choice depends on the one before it in its subnet, over the demands of the busiest subnet.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from zecnb.ledger import Runs, merge, subnets_of
from zecnb.planner.packing import EFFORT, blocks_of, pack, slots

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Demand", "Own", "Placed", "each", "longest", "place", "running_total"]

_FAR = np.iinfo(np.int64).max


class Own(NamedTuple):
    """Addresses that vNICs hold already.

    Attributes:
        demand: int64[h], the demand of the vNIC, ascending.
        key: uint64[h], the address, ascending within a demand.
    """

    demand: NDArray[np.int64]
    key: NDArray[np.uint64]


class Demand(NamedTuple):
    """Counts to place, sorted by subnet, within it in serving order.

    Attributes:
        subnet: int64[d], subnet position.
        wanted: int64[d], addresses wanted, at least 1.
        own: what their vNICs hold already, for ``near``.
    """

    subnet: NDArray[np.int64]
    wanted: NDArray[np.int64]
    own: Own | None = None


class Placed(NamedTuple):
    """Chosen addresses; the addresses of one demand stand together, ascending.

    Attributes:
        demand: int64[p], the demand each address serves.
        key: uint64[p], the address.
        run_start: uint64[p], key of the first address of the free run it was taken from.
        run_length: int64[p], length of that run.
        fills: bool[p], whether the policy's own choice would not do: it fills small runs because none holds the whole
            count, or is in another run so that others fit, too.
        unmet: bool[d], whether the policy could not be met; then nothing is chosen for the demand.
        largest: int64[d], longest free run left for a demand that is not met.
        largest_at: uint64[d], key of its first address; 0 where there is none.
    """

    demand: NDArray[np.int64]
    key: NDArray[np.uint64]
    run_start: NDArray[np.uint64]
    run_length: NDArray[np.int64]
    fills: NDArray[np.bool_]
    unmet: NDArray[np.bool_]
    largest: NDArray[np.int64]
    largest_at: NDArray[np.uint64]

    def of(self, kept: NDArray[np.bool_]) -> Placed:
        """Return what was chosen for some of the demands, as if there were no others."""
        if kept.all():
            return self
        mine, number = kept[self.demand], np.cumsum(kept) - 1
        return Placed(
            number[self.demand[mine]],
            self.key[mine],
            self.run_start[mine],
            self.run_length[mine],
            self.fills[mine],
            self.unmet[kept],
            self.largest[kept],
            self.largest_at[kept],
        )


def place(policy: str, demand: Demand, taken: NDArray[np.uint64]) -> Placed:
    """Choose addresses for every demand.

    Args:
        policy: one of ``options.POLICIES``.
        demand: in each subnet there are at least as many free addresses as its demands want together.
        taken: sorted keys that must not be chosen, network and broadcast of every subnet among them.
    """
    sink = _Sink(len(demand.wanted))
    if not len(demand.wanted):
        return sink.placed()
    match policy:
        case "lowest":
            _lowest(demand, taken, sink)
        case "spread":
            _spread(demand, taken, sink)
        case "near":
            _near(demand, taken, sink)
        case "dense":
            _blocks(policy, demand, taken, sink)
        case _:
            _blocks(policy, demand, taken, sink)
            if sink.unmet.any():
                _pack(demand, taken, sink, aligned=policy == "aligned")
                _tell_largest(demand, taken, sink, aligned=policy == "aligned")
    return sink.placed()


def running_total(group: NDArray[np.integer], value: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the sum of ``value`` before each entry within its group; ``group`` is sorted."""
    before = np.cumsum(value) - value
    return before - before[np.searchsorted(group, group)]


class _Sink:
    """Collects chosen addresses."""

    def __init__(self, demands: int) -> None:
        self.parts: list[tuple[NDArray[np.int64], NDArray[np.uint64], NDArray[np.uint64], NDArray[np.int64], bool]] = []
        self.unmet = np.zeros(demands, np.bool_)
        self.largest = np.zeros(demands, np.int64)
        self.largest_at = np.zeros(demands, np.uint64)

    def add(
        self,
        demand: NDArray[np.int64],
        key: NDArray[np.uint64],
        run: NDArray[np.intp],
        free: Runs,
        *,
        fills: bool = False,
    ) -> None:
        self.parts.append((demand, key, free.start[run], free.length[run], fills))

    def drop(self, gone: NDArray[np.bool_]) -> None:
        """Forget what was chosen for some demands."""
        for at, (demand, key, start, length, fills) in enumerate(self.parts):
            kept = ~gone[demand]
            self.parts[at] = demand[kept], key[kept], start[kept], length[kept], fills

    def placed(self) -> Placed:
        left = self.unmet, self.largest, self.largest_at
        if not self.parts:
            nothing = np.zeros(0, np.int64)
            none = np.zeros(0, np.uint64)
            return Placed(nothing, none, none, nothing, np.zeros(0, np.bool_), *left)
        demand, key, start, length = (np.concatenate([part[i] for part in self.parts]) for i in range(4))
        fills = np.repeat([part[4] for part in self.parts], [len(part[0]) for part in self.parts])
        order = np.lexsort((key, demand))
        return Placed(demand[order], key[order], start[order], length[order], fills[order], *left)


def _nth(
    free: Runs, subnet: NDArray[np.int64], index: NDArray[np.int64]
) -> tuple[NDArray[np.uint64], NDArray[np.intp]]:
    """Return the ``index``-th free address of each subnet, in the order of the runs, and its run."""
    before = np.cumsum(free.length) - free.length
    place = before[np.searchsorted(free.subnet, subnet)] + index
    run = np.searchsorted(before, place, "right") - 1
    return free.start[run] + (place - before[run]).astype(np.uint64), run


def each(count: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return, for every single one of what is counted, the entry it belongs to and its number there."""
    demand = np.repeat(np.arange(len(count)), count)
    return demand, np.arange(len(demand)) - np.repeat(np.cumsum(count) - count, count)


def _lowest(demand: Demand, taken: NDArray[np.uint64], sink: _Sink) -> None:
    free = Runs.between(taken)
    which, within = each(demand.wanted)
    index = running_total(demand.subnet, demand.wanted)[which] + within
    sink.add(which, *_nth(free, demand.subnet[which], index), free)


def _spread(demand: Demand, taken: NDArray[np.uint64], sink: _Sink) -> None:
    """Take evenly spaced free addresses; each vNIC's own are spread over the whole subnet too."""
    free = Runs.between(taken)
    which, within = each(demand.wanted)
    subnet = demand.subnet[which]
    order = np.lexsort((which, (within + 0.5) / demand.wanted[which], subnet))
    which, subnet = which[order], subnet[order]
    rank = running_total(subnet, np.ones(len(subnet), np.int64))
    wanted = np.bincount(subnet)[subnet]
    there = np.bincount(free.subnet, free.length, minlength=int(subnet.max(initial=0)) + 1).astype(np.int64)[subnet]
    sink.add(which, *_nth(free, subnet, (2 * rank + 1) * there // (2 * wanted)), free)


def _blocks(policy: str, demand: Demand, taken: NDArray[np.uint64], sink: _Sink) -> None:
    """Serve whole blocks, largest counts first; ``dense`` prefers the smallest run that holds one."""
    for count in np.unique(demand.wanted)[::-1]:
        who = np.flatnonzero(demand.wanted == count)
        subnet = demand.subnet[who]
        free = Runs.between(taken)
        free = free.take(np.flatnonzero(free.length >= count))
        if policy == "dense":
            free = free.take(np.lexsort((free.length, free.subnet)))
        size = int(blocks_of(count)) if policy == "aligned" else 1
        skip, room = slots(free.start.astype(np.int64), free.length, int(count), size)
        block, fits = _share(free.subnet, room, subnet)
        before = np.cumsum(room) - room
        run = np.searchsorted(before, block, "right") - 1
        within = skip[run] + (block - before[run]) * max(size, int(count))
        first = free.start[run] + within.astype(np.uint64)
        key = (first[:, None] + np.arange(count, dtype=np.uint64)).ravel()
        sink.add(np.repeat(who[fits], count), key, np.repeat(run, count), free)
        taken = merge(taken, np.sort(key))
        rest = Demand(subnet[~fits], demand.wanted[who[~fits]])
        if not len(rest.wanted):
            continue
        if policy == "dense":
            key = _fill(rest, who[~fits], taken, sink)
            taken = merge(taken, np.sort(key))
        else:
            sink.unmet[who[~fits]] = True


def _pack(demand: Demand, taken: NDArray[np.uint64], sink: _Sink, *, aligned: bool) -> None:
    """Where lowest runs leave counts unmet, serve as many as fit together; those behind them are unmet, too.

    A count that does not get its run still counts for those behind it, so that one more holder can never make
    room for anybody.
    """
    tight = np.unique(demand.subnet[sink.unmet])
    begin, end = np.searchsorted(demand.subnet, tight), np.searchsorted(demand.subnet, tight, "right")
    mixed = demand.wanted[begin] != demand.wanted[end - 1]  # of like ones lowest runs serve the most
    if not mixed.any():
        return
    free, looks = Runs.between(taken), EFFORT // int(mixed.sum())
    first, last = np.searchsorted(free.subnet, tight), np.searchsorted(free.subnet, tight, "right")
    begins: list[int] = []
    served = np.zeros(len(demand.wanted), np.bool_)
    anew = served.copy()
    for low, high, run, stop in zip(*(edge[mixed].tolist() for edge in (begin, end, first, last)), strict=True):
        runs = list(zip(free.start[run:stop].tolist(), free.length[run:stop].tolist(), strict=True))
        wanted = demand.wanted[low:high].tolist()
        found = pack(runs, wanted, aligned=aligned, looks=looks)
        met = int(sink.unmet[low:high].argmax())
        if len(found) > met:
            met = len(found)
            begins += found
            anew[low:high] = True
            served[low : low + met] = True
        sink.unmet[low:high] = np.arange(high - low) >= met
    sink.drop(anew | sink.unmet)
    which, within = each(demand.wanted[served])
    key = np.array(begins, np.uint64)[which] + within.astype(np.uint64)
    sink.add(np.flatnonzero(served)[which], key, np.searchsorted(free.start, key, "right") - 1, free, fills=True)


def _tell_largest(demand: Demand, taken: NDArray[np.uint64], sink: _Sink, *, aligned: bool) -> None:
    """Say what is left for those who are unmet."""
    left = Runs.between(merge(taken, *(np.sort(part[1]) for part in sink.parts)))
    block = blocks_of(demand.wanted) if aligned else np.zeros_like(demand.wanted)
    for size in np.unique(block[sink.unmet]).tolist():
        who = np.flatnonzero(sink.unmet & (block == size))
        largest = longest(left, demand.subnet[who], size)
        sink.largest_at[who], sink.largest[who] = largest.start, largest.length


def longest(runs: Runs, subnet: NDArray[np.int64], block: int = 0) -> Runs:
    """Return the longest run of each subnet asked for, the lowest of equal ones; of length 0 where there is none.

    Args:
        runs: sorted.
        subnet: positions, in any order.
        block: if not 0, only what an aligned block of a power of two, at most this one, holds of each run counts.
    """
    start, length = runs
    if block:
        powers = np.array([[1 << power] for power in range(block.bit_length())])
        skip = (-start.astype(np.int64)) % powers
        held = np.minimum(powers, length - skip)
        best, every = held.argmax(axis=0), np.arange(len(start))
        start, length = start + skip[best, every].astype(np.uint64), held[best, every]
    home = runs.subnet
    order = np.lexsort((-np.arange(len(start)), length, home))
    at = np.searchsorted(home, subnet, "right") - 1
    there = at >= np.searchsorted(home, subnet)
    which = np.append(order, 0)[np.where(there, at, -1)]
    start, length = np.append(start, np.uint64(0)), np.append(length, 0)
    return Runs(np.where(there, start[which], np.uint64(0)), np.where(there, length[which], 0))


def _share(
    run_subnet: NDArray[np.int32], room: NDArray[np.int64], subnet: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Deal each subnet's blocks to its demands in order; return block numbers of those served, and who is."""
    edges = np.concatenate([[0], np.cumsum(room)])
    first = edges[np.searchsorted(run_subnet, subnet)]
    last = edges[np.searchsorted(run_subnet, subnet, "right")]
    block = first + running_total(subnet, np.ones(len(subnet), np.int64))
    fits = block < last
    return block[fits], fits


def _fill(rest: Demand, who: NDArray[np.int64], taken: NDArray[np.uint64], sink: _Sink) -> NDArray[np.uint64]:
    """Fill the smallest runs first."""
    free = Runs.between(taken)
    free = free.take(np.lexsort((free.length, free.subnet)))
    which, within = each(rest.wanted)
    key, run = _nth(free, rest.subnet[which], running_total(rest.subnet, rest.wanted)[which] + within)
    sink.add(who[which], key, run, free, fills=True)
    return key


def _near(demand: Demand, taken: NDArray[np.uint64], sink: _Sink) -> None:
    """Take the free addresses closest to what each vNIC holds: in each subnet one after the other, in all at once."""
    anchors, edges = _anchors(demand, taken)
    turn = running_total(demand.subnet, np.ones(len(demand.subnet), np.int64))
    rounds = np.split(np.argsort(turn, kind="stable"), np.cumsum(np.bincount(turn))[:-1])
    there = len(rounds[0])  # subnets among ``taken``
    for who in rounds:
        if 2 * len(who) < there:
            taken, there = taken[np.isin(subnets_of(taken), demand.subnet[who])], len(who)
        free = Runs.between(taken)
        owner, within = each(edges[who + 1] - edges[who])
        key, run = _closest(free, demand.subnet[who], demand.wanted[who], owner, anchors[edges[who][owner] + within])
        sink.add(who[np.searchsorted(demand.subnet[who], subnets_of(key))], key, run, free)
        taken = merge(taken, np.sort(key))


def _anchors(demand: Demand, taken: NDArray[np.uint64]) -> tuple[NDArray[np.uint64], NDArray[np.intp]]:
    """Return what each demand wants to be near to, ascending, and where each demand's begin (and the end).

    A vNIC that holds nothing wants to be near to the beginning of its subnet.
    """
    assert demand.own is not None
    bare = np.setdiff1d(np.arange(len(demand.wanted)), demand.own.demand)
    begin = taken[np.searchsorted(taken, demand.subnet[bare].astype(np.uint64) << np.uint64(32))]
    which = np.concatenate([demand.own.demand, bare])
    order = np.argsort(which, kind="stable")
    edges = np.searchsorted(which[order], np.arange(len(demand.wanted) + 1))
    return np.concatenate([demand.own.key, begin])[order], edges


def _closest(
    free: Runs,
    subnet: NDArray[np.int64],
    wanted: NDArray[np.int64],
    owner: NDArray[np.int64],
    anchor: NDArray[np.uint64],
) -> tuple[NDArray[np.uint64], NDArray[np.intp]]:
    """Return the free addresses closest to the anchors of one demand per subnet, the lower of two as close, and runs.

    Args:
        free: free runs.
        subnet: of each demand, ascending.
        wanted: addresses each demand wants.
        owner: demand of each anchor.
        anchor: by subnet, ascending.
    """
    before = np.cumsum(free.length) - free.length
    first, total = before[np.searchsorted(free.subnet, subnet)], free.totals(subnet)
    below = np.append(0, before + free.length)[np.searchsorted(free.start, anchor, "right")]
    # Of the free addresses below and above each anchor, as many as are wanted will do.
    span, step = each(2 * wanted[owner])
    index = below[span] + step - wanted[owner][span]
    index = np.unique(np.clip(index, first[owner[span]], (first + total)[owner[span]] - 1))
    run = np.searchsorted(before, index, "right") - 1
    key = free.start[run] + (index - before[run]).astype(np.uint64)
    mine = np.searchsorted(subnet, subnets_of(key))
    place = np.searchsorted(anchor, key)
    distance = np.full(len(key), _FAR)
    for beside in (place - 1, place):
        at = np.clip(beside, 0, len(anchor) - 1)
        near = np.abs(key.astype(np.int64) - anchor[at].astype(np.int64))
        distance = np.where(owner[at] == mine, np.minimum(distance, near), distance)
    order = np.lexsort((key, distance, mine))
    rank = np.arange(len(order)) - np.searchsorted(mine, mine)
    chosen = order[rank < wanted[mine]]
    return key[chosen], run[chosen]
