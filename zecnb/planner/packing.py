"""Counts that each need one run of a subnet: how the most of them fit together, the largest first."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    Run = tuple[int, int]
    """First address and length."""

__all__ = ["EFFORT", "blocks_of", "pack", "slots"]

EFFORT = 1_000_000
"""Runs a plan may look at to pack its counts: about a second. Most subnets need as many looks as they have counts."""


def blocks_of(counts: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the power of two that holds each count."""
    return np.left_shift(1, np.frexp(counts - 1)[1].astype(np.int64))


def slots(
    start: NDArray[np.int64], length: NDArray[np.int64], count: int, block: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return where in each run a count may begin first, and how many of them fit in it, each on a multiple of a block.

    Args:
        start: first address of each run.
        length: its length.
        count: addresses wanted.
        block: 1, or the power of two that holds the count.
    """
    skip, size = -start % block, max(block, count)
    return skip, np.maximum(length - skip - count + size, 0) // size


def pack(runs: Sequence[Run], counts: Sequence[int], *, aligned: bool, looks: int = EFFORT) -> list[int]:
    """Return where each count begins, of as many as fit together from the first on.

    Which those are is a matter of the runs and the counts alone, not of the order in which runs are tried: with less
    room there are never more of them. Only where ``looks`` do not suffice may there be more than were found.

    Args:
        runs: first address and length of each free run, ascending.
        counts: addresses wanted, descending.
        aligned: whether each begins at a multiple of the power of two that holds it.
        looks: runs that may be looked at.
    """
    runs = [run for run in runs if run[1] >= counts[-1]]
    blocks = blocks_of(np.array(counts)).tolist() if aligned else [1] * len(counts)
    most = _bound(runs, counts, blocks)
    best: list[int] = []
    begins: list[int] = []
    state: tuple[int, tuple[Run, ...]] = 0, ()  # how many are placed, and what is left
    failed: set[tuple[int, tuple[Run, ...]]] = set()
    levels = [(runs, state, _choices(runs, counts[0], blocks[0]))] if most else []
    while levels and looks > 0:
        free, state, choices = levels[-1]
        looks -= len(free) + 1
        choice = next(choices, None)
        if choice is None:
            failed.add(state)
            levels.pop()
            begins = begins[:-1]
            continue
        begins = [*begins, choice[1]]
        best = max(best, begins, key=len)
        at = len(begins)
        if at == most:
            break
        free = [run for run in _without(free, *choice, counts[at - 1]) if run[1] >= counts[-1]]
        state = at, tuple(sorted((start % blocks[at], length) for start, length in free))
        if state in failed:
            begins = begins[:-1]
        else:
            levels.append((free, state, _choices(free, counts[at], blocks[at])))
    return best


def _bound(runs: Sequence[Run], counts: Sequence[int], blocks: Sequence[int]) -> int:
    """Return how many of the counts, from the first on, may fit at most: each has room by itself beside the larger."""
    start, length = np.array(runs, np.int64).reshape(-1, 2).T
    room: dict[int, int] = {}
    for at, (count, block) in enumerate(zip(counts, blocks, strict=True)):
        if count not in room:
            room[count] = int(slots(start, length, count, block)[1].sum())
        if room[count] <= at:
            return at
    return len(counts)


def _choices(free: Sequence[Run], count: int, block: int) -> Iterator[tuple[Run, int]]:
    """Yield runs and where in them a count may begin, the tightest first; of those that are alike only one.

    All whole blocks of a run are alike, since nothing that is still to come reaches from one into the next; the last
    one may be cut short.
    """
    seen = set()
    for start, length in sorted(free, key=lambda run: (run[1], run[0])):
        first, last = start + -start % block, start + length - count
        last -= last % block
        for begin in dict.fromkeys((last, first) if block > 1 else (first,)):
            alike = start % block, length, begin - start
            if start <= begin <= last and alike not in seen:
                seen.add(alike)
                yield (start, length), begin


def _without(free: Sequence[Run], run: Run, begin: int, count: int) -> list[Run]:
    """Return the free runs once a count has been taken from one."""
    start, length = run
    pieces = (start, begin - start), (begin + count, start + length - begin - count)
    return [*(each for each in free if each != run), *pieces]
