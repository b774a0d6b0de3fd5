"""Work done once for several threads: who shares it, who is told of which error."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from zecnb.together import Together


class Slow:
    """Work that waits to be let go and notes what it was given."""

    def __init__(self) -> None:
        self.given: list[list[int]] = []
        self.begun = threading.Semaphore(0)
        self.go = threading.Semaphore(0)
        self.bad: set[int] = set()

    def __call__(self, items: list[int]) -> int:
        """Return the sum of the items."""
        self.given.append(list(items))
        self.begun.release()
        assert self.go.acquire(timeout=10)
        if self.bad & set(items):
            raise ValueError(str(sorted(self.bad & set(items))))
        return sum(items)


def crowd(together: Together[int, int], work: Slow, size: int, pool: ThreadPoolExecutor) -> list:
    """Let one caller begin and others come while it is under way."""
    futures = [pool.submit(together, 1)]
    assert work.begun.acquire(timeout=10)
    futures += [pool.submit(together, n) for n in range(2, size + 1)]
    while sum(map(len, work.given)) + len(together._open.items if together._open else ()) < size:
        pass
    return futures


def test_one_caller_works_alone() -> None:
    """Without company it is a plain call."""
    assert Together(sum)(7) == 7


def test_those_who_come_meanwhile_share_the_next_piece() -> None:
    """What was begun before a caller came does not serve it; the next piece serves all who wait."""
    work = Slow()
    with ThreadPoolExecutor(8) as pool:
        futures = crowd(Together(work), work, 6, pool)
        work.go.release(2)
        assert [future.result(10) for future in futures] == [1, 20, 20, 20, 20, 20]
    assert work.given[0] == [1]
    assert sorted(work.given[1]) == [2, 3, 4, 5, 6]


def test_a_piece_has_so_many_items_at_most(monkeypatch: pytest.MonkeyPatch) -> None:
    """More callers than that make more pieces."""
    monkeypatch.setattr("zecnb.together._MOST", 2)
    work = Slow()
    with ThreadPoolExecutor(8) as pool:
        futures = [pool.submit(Together(work), 1)]
        together = Together(work)
        futures = [*futures, *(pool.submit(together, n) for n in range(2, 7))]
        work.go.release(10)
        assert sum(future.result(10) > 0 for future in futures) == 6
    assert max(map(len, work.given)) <= 2


def test_an_error_is_told_only_to_whom_it_is_about() -> None:
    """When shared work fails each does it alone."""
    work = Slow()
    work.bad = {3}
    with ThreadPoolExecutor(8) as pool:
        futures = crowd(Together(work), work, 4, pool)
        work.go.release(10)
        assert [futures[at].result(10) for at in (0, 1, 3)] == [1, 2, 4]
        with pytest.raises(ValueError, match=r"\[3\]"):
            futures[2].result(10)


def test_an_error_of_one_is_raised() -> None:
    """Work for one is not repeated."""
    calls = []

    def fail(items: list[int]) -> int:
        calls.append(items)
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        Together(fail)(1)
    assert len(calls) == 1


def test_it_waits_for_a_crowd_while_it_comes() -> None:
    """After shared work, the next waits for those who come one after the other, and no longer than they do."""
    given: list[int] = []

    def work(items: list[int]) -> int:
        given.append(len(items))
        return 0

    together = Together(work, gather=0.1)
    together._crowded = True
    with ThreadPoolExecutor(4) as pool:
        for n in range(4):
            pool.submit(together, n)
            time.sleep(0.02)
    assert given == [4]
    together(5)
    assert given == [4, 1]
