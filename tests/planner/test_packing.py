"""Counts that each need one run, held against trying everything."""

from __future__ import annotations

from itertools import groupby

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from zecnb.planner.packing import blocks_of, pack, slots


def runs_of(free: set[int]) -> list[tuple[int, int]]:
    """Return the runs of some addresses: first address and length."""
    groups = groupby(enumerate(sorted(free)), key=lambda each: each[1] - each[0])
    return [(members[0][1], len(members)) for members in (list(group) for _, group in groups)]


def most(free: frozenset[int], counts: list[int], *, aligned: bool) -> int:
    """Return how many of the counts, from the first on, fit at most, by trying every place for each."""
    if not counts:
        return 0
    count = counts[0]
    step = 1 << (count - 1).bit_length() if aligned else 1
    places = [frozenset(range(begin, begin + count)) for begin in free if begin % step == 0]
    left = [1 + most(free - place, counts[1:], aligned=aligned) for place in places if place <= free]
    return max(left, default=0)


def test_blocks() -> None:
    """The least power of two that is no less."""
    counts = np.arange(1, 5000)
    blocks = blocks_of(counts)
    assert (blocks >= counts).all()
    assert (blocks < 2 * counts).all()
    assert (blocks & (blocks - 1) == 0).all()


@given(start=st.integers(0, 40), length=st.integers(1, 40), count=st.integers(1, 12), aligned=st.booleans())
def test_slots(start: int, length: int, count: int, aligned: bool) -> None:
    """As many as one gets by taking the next place as long as there is one."""
    block = int(blocks_of(np.array(count))) if aligned else 1
    skip, fitting = slots(np.array([start]), np.array([length]), count, block)
    at, taken = start, []
    while at + count <= start + length:
        if at % block == 0:
            taken.append(at)
        at += count if at % block == 0 else 1
    assert fitting.tolist() == [len(taken)]
    assert not taken or skip.tolist() == [taken[0] - start]


@pytest.mark.parametrize("aligned", [False, True])
@given(free=st.sets(st.integers(0, 14)), counts=st.lists(st.integers(1, 6), min_size=1, max_size=4))
def test_as_many_as_fit(free: set[int], counts: list[int], aligned: bool) -> None:
    """No more of them fit together, and those that do are apart, inside free runs and aligned."""
    counts = sorted(counts, reverse=True)
    begins = pack(runs_of(free), counts, aligned=aligned)
    assert len(begins) == most(frozenset(free), counts, aligned=aligned)
    taken: set[int] = set()
    for begin, count in zip(begins, counts, strict=False):
        place = set(range(begin, begin + count))
        assert place <= free - taken
        assert not aligned or begin % (1 << (count - 1).bit_length()) == 0
        taken |= place


def test_effort_is_bounded() -> None:
    """A subnet in which nothing fits well takes a moment, and what was found counts."""
    runs = [(at * 100, 20 + at % 7) for at in range(300)]
    counts = sorted((7 + at % 6 for at in range(700)), reverse=True)
    assert len(pack(runs, counts, aligned=False)) > 300
    assert 0 < len(pack(runs, counts, aligned=False, looks=5000)) < 100


def test_many_counts() -> None:
    """As many counts as a subnet may have addresses are no matter of depth."""
    assert pack([(0, 4096)], [2] * 1000 + [1] * 2000, aligned=False) == [*range(0, 2000, 2), *range(2000, 4000)]
