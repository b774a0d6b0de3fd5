"""Sorted keys of subnet and address, held against sets of pairs."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zecnb.ledger import (
    Ledger,
    Runs,
    addresses_of,
    count_by_subnet,
    distinct,
    find,
    keys_of,
    merge,
    subnets_of,
)

MOST = (1 << 32) - 1
PAIRS = st.lists(st.tuples(st.integers(0, 5), st.sampled_from([0, 1, 2, 3, 9, 10, MOST - 1, MOST])), max_size=25)
ASKED = st.lists(st.integers(0, 6), unique=True).map(sorted)
few = settings(max_examples=50, deadline=None)


def keys(pairs: list[tuple[int, int]]) -> np.ndarray:
    """Return the keys of pairs of subnet and address."""
    return keys_of(np.array([s for s, _ in pairs], np.int64), np.array([a for _, a in pairs], np.uint32))


def pairs_of(found: np.ndarray) -> list[tuple[int, int]]:
    """Return keys as pairs again."""
    return list(zip(subnets_of(found).tolist(), addresses_of(found).tolist(), strict=True))


def ledger(pairs: list[tuple[int, int]]) -> Ledger:
    """Return a ledger in which the n-th pair has kind n modulo 8 and holder n."""
    number = np.arange(len(pairs))
    return Ledger.build(keys(pairs), (number % 8).astype(np.uint8), number.astype(np.int32))


@few
@given(st.lists(st.tuples(st.integers(0, (1 << 31) - 1), st.integers(0, MOST))))
def test_keys_and_back(pairs: list[tuple[int, int]]) -> None:
    """A key holds its subnet and its address, up to the largest of both, and sorts by the two."""
    made = keys(pairs)
    assert made.dtype == np.uint64
    assert pairs_of(made) == pairs
    assert pairs_of(np.sort(made)) == sorted(pairs)


@few
@given(PAIRS)
def test_build(pairs: list[tuple[int, int]]) -> None:
    """Entries are sorted and unique; of several for one address the one of the lowest kind stays."""
    book = ledger(pairs)
    assert pairs_of(book.keys) == sorted(set(pairs))
    for pair, kind, holder in zip(pairs_of(book.keys), book.kind.tolist(), book.holder.tolist(), strict=True):
        assert kind == min(at % 8 for at, each in enumerate(pairs) if each == pair)
        assert pairs[holder] == pair
        assert holder % 8 == kind


@few
@given(PAIRS, PAIRS)
def test_find(pairs: list[tuple[int, int]], wanted: list[tuple[int, int]]) -> None:
    """Each wanted key is found where it stands, or not at all; the same by the ledger and by keys alone."""
    book = ledger(pairs)
    where = book.find(keys(wanted)).tolist()
    there = sorted(set(pairs))
    assert where == [there.index(pair) if pair in there else -1 for pair in wanted]
    assert find(book.keys, keys(wanted)).tolist() == where


@few
@given(PAIRS, st.integers(0, 6))
def test_within(pairs: list[tuple[int, int]], subnet: int) -> None:
    """The entries of one subnet are those and no others."""
    book = ledger(pairs)
    assert pairs_of(book.keys[book.within(subnet)]) == [pair for pair in sorted(set(pairs)) if pair[0] == subnet]


@few
@given(PAIRS, ASKED)
def test_of_subnets(pairs: list[tuple[int, int]], subnets: list[int]) -> None:
    """The keys of some subnets, neighbours or not, present or not, are sorted."""
    found = ledger(pairs).of_subnets(np.array(subnets, np.int64))
    assert pairs_of(found) == [pair for pair in sorted(set(pairs)) if pair[0] in subnets]


@few
@given(PAIRS, ASKED)
def test_count_by_subnet(pairs: list[tuple[int, int]], subnets: list[int]) -> None:
    """How many keys each subnet has, none where it has none."""
    counts = count_by_subnet(ledger(pairs).keys, np.array(subnets, np.int64))
    assert counts.tolist() == [sum(s == subnet for s, _ in set(pairs)) for subnet in subnets]


@few
@given(PAIRS, PAIRS, PAIRS)
def test_merge(first: list[tuple[int, int]], second: list[tuple[int, int]], third: list[tuple[int, int]]) -> None:
    """Several columns, sorted or not, become their distinct keys, sorted."""
    assert pairs_of(merge(keys(first), keys(second), np.sort(keys(third)))) == sorted({*first, *second, *third})
    assert pairs_of(distinct(np.sort(keys(first)))) == sorted(set(first))


def test_nothing() -> None:
    """An empty ledger answers every question with nothing."""
    nothing = ledger([])
    none = np.zeros(0, np.int64)
    assert nothing.find(keys([(0, 1)])).tolist() == [-1]
    assert nothing.find(keys([])).tolist() == []
    assert nothing.within(0) == slice(0, 0)
    assert nothing.of_subnets(np.array([0, 3])).tolist() == []
    assert ledger([(0, 1)]).of_subnets(none).tolist() == []
    assert Runs.between(nothing.keys).length.tolist() == []
    assert merge(keys([]), keys([])).tolist() == []
    assert Runs.between(keys([])).longest(np.array([0, 1])).tolist() == [0, 0]


# -- runs of free addresses ------------------------------------------------------------------------------------

BOUNDS = (100, 130)
INNER = st.lists(st.sets(st.integers(BOUNDS[0] + 1, BOUNDS[1] - 1)), min_size=1, max_size=4)
"""Held addresses of some subnets, without the first and last, which always are."""


def free_of(held: set[int]) -> list[list[int]]:
    """Return the runs of addresses between the bounds that are not held."""
    found: list[list[int]] = []
    for at in range(BOUNDS[0] + 1, BOUNDS[1]):
        if at in held:
            continue
        if found and found[-1][-1] == at - 1:
            found[-1].append(at)
        else:
            found.append([at])
    return found


def runs_of(subnets: list[set[int]]) -> Runs:
    """Return the free runs of subnets."""
    pairs = [(at, address) for at, held in enumerate(subnets) for address in sorted({*held, *BOUNDS})]
    return Runs.between(keys(pairs))


@few
@given(INNER)
def test_runs(subnets: list[set[int]]) -> None:
    """Runs are the gaps between held addresses, within each subnet, never across two."""
    runs = runs_of(subnets)
    expected = [(at, run[0], len(run)) for at, held in enumerate(subnets) for run in free_of(held)]
    found = zip(runs.subnet.tolist(), addresses_of(runs.start).tolist(), runs.length.tolist(), strict=True)
    assert list(found) == expected


@few
@given(INNER, ASKED)
def test_totals_and_longest(subnets: list[set[int]], asked: list[int]) -> None:
    """Free addresses and the longest run of each subnet asked for, 0 where nothing is free or nothing there."""
    runs = runs_of(subnets)
    lengths = [[len(run) for run in free_of(subnets[at])] if at < len(subnets) else [] for at in asked]
    assert runs.totals(np.array(asked, np.int64)).tolist() == [sum(each) for each in lengths]
    assert runs.longest(np.array(asked, np.int64)).tolist() == [max(each, default=0) for each in lengths]


@few
@given(INNER, st.integers(0, 5), st.integers(0, 4))
def test_first_runs_of_a_subnet(subnets: list[set[int]], subnet: int, most: int) -> None:
    """The first runs of one subnet, so many at most."""
    part = runs_of(subnets).within(subnet, most=most)
    expected = free_of(subnets[subnet])[:most] if subnet < len(subnets) else []
    assert addresses_of(part.start).tolist() == [run[0] for run in expected]
    assert part.length.tolist() == [len(run) for run in expected]


@pytest.mark.parametrize("subnet", [0, 7])
def test_runs_at_the_end_of_all_addresses(subnet: int) -> None:
    """A subnet that is all of IPv4 has one run; nothing wraps around."""
    runs = Runs.between(keys([(subnet, 0), (subnet, MOST), (subnet + 1, 0), (subnet + 1, 1)]))
    assert (runs.subnet.tolist(), runs.length.tolist()) == ([subnet], [MOST - 1])
