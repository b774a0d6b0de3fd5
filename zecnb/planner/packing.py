"""Counts that each need one run of a subnet: how the most of them fit together, the largest first."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    Run = tuple[int, int]
    """First address and length."""

__all__ = ["effort", "pack"]

_EFFORT = 1_000_000
"""Runs looked at, in all subnets together: a second at most. Most subnets need as many looks as they have counts."""


def effort(subnets: int) -> int:
    """Return how many runs may be looked at in each of so many subnets."""
    return _EFFORT // subnets


def pack(runs: Sequence[Run], counts: Sequence[int], *, aligned: bool, looks: int = _EFFORT) -> list[int]:
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
    blocks = [1 << (count - 1).bit_length() if aligned else 1 for count in counts]
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
    slots: dict[int, int] = {}
    for at, (count, block) in enumerate(zip(counts, blocks, strict=True)):
        if count not in slots:
            size = max(block, count)
            slots[count] = sum(max(length - -start % block - count + size, 0) // size for start, length in runs)
        if slots[count] <= at:
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
