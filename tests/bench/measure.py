"""Timing in one process: best of several runs, and how far memory rose meanwhile."""

from __future__ import annotations

import gc
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

__all__ = ["Line", "in_turn", "measure"]

_PAGE = 4096


class Line(NamedTuple):
    """One line of the bench.

    Attributes:
        case, who: what was done, by whom.
        seconds: best of ``runs``.
        ratio: how many times longer it took than ours, or what ``note`` says.
        peak_mb: how far the process's memory rose above what it was before, in MB (10^6 bytes).
        runs: how often it was run.
        note: what else to know.
    """

    case: str
    who: str
    seconds: float
    ratio: float | None
    peak_mb: float
    runs: int
    note: str = ""


def _resident() -> int:
    return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * _PAGE


def measure(work: Callable[[], object], runs: int = 3, *, warm: bool = True) -> tuple[float, float]:
    """Return the best time of some runs in seconds, and the peak memory of them in MB.

    Args:
        work: what to do.
        runs: how often.
        warm: do it once before, untimed.
    """
    if warm:
        work()
    gc.collect()
    before, highest, done = _resident(), [0], threading.Event()

    def watch() -> None:
        while not done.wait(0.01):
            highest[0] = max(highest[0], _resident())

    watcher = threading.Thread(target=watch)
    watcher.start()
    best = float("inf")
    try:
        for _ in range(runs):
            began = time.perf_counter()
            result = work()
            best = min(best, time.perf_counter() - began)
            highest[0] = max(highest[0], _resident())
            del result
    finally:
        done.set()
        watcher.join()
    return best, max(highest[0] - before, 0) / 1e6


def in_turn(works: Sequence[Callable[[], object]], runs: int) -> list[tuple[float, float]]:
    """Measure several works, a run of each in turn: what slows the machine down meanwhile slows them all."""
    rounds = [[measure(work, 1, warm=not done) for work in works] for done in range(runs)]
    return [(min(seconds for seconds, _ in each), max(peak for _, peak in each)) for each in zip(*rounds, strict=True)]
