"""Waits that are cut short, of threads and of coroutines."""

from __future__ import annotations

import asyncio
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from zecnb.emulator.waits import Waits

if TYPE_CHECKING:
    from collections.abc import Callable


def _pause(waits: Waits, seconds: float) -> None:
    with ThreadPoolExecutor(1) as pool:  # a browser's driver leaves a running loop in the thread of the tests
        pool.submit(lambda: asyncio.run(waits.pause(seconds))).result()


@pytest.mark.parametrize("wait", [Waits.sleep, _pause], ids=["thread", "coroutine"])
def test_waking_ends_the_waits_of_the_moment(wait: Callable[[Waits, float], None]) -> None:
    """Whoever waits goes on, and who waits afterwards waits again."""
    waits = Waits()
    with ThreadPoolExecutor(3) as pool:
        for _ in range(2):
            waiting = [pool.submit(wait, waits, 3600.0) for _ in range(3)]
            while len(waits._waiting) < 3:
                time.sleep(0.01)
            waits.wake()
            assert [each.result(timeout=30) for each in waiting] == [None] * 3


@pytest.mark.parametrize("wait", [Waits.sleep, _pause], ids=["thread", "coroutine"])
def test_nobody_waits_after_the_end(wait: Callable[[Waits, float], None]) -> None:
    """After the end an hour takes no time."""
    waits = Waits()
    waits.end()
    wait(waits, 3600.0)


@pytest.mark.parametrize("wait", [Waits.sleep, _pause], ids=["thread", "coroutine"])
def test_a_wait_that_is_over_leaves_nothing(wait: Callable[[Waits, float], None]) -> None:
    """What has been waited for is forgotten."""
    waits = Waits()
    wait(waits, 0.001)
    assert not waits._waiting
    waits.wake()
