"""One brake for everybody."""

from __future__ import annotations

import threading
import time

import pytest

from tests.cloud.scripted import FakeTime
from zecnb.cloud.throttle import Throttle


@pytest.fixture
def fake() -> FakeTime:
    """A clock that only sleeping moves."""
    return FakeTime()


@pytest.fixture
def throttle(fake: FakeTime) -> Throttle:
    """A brake on that clock."""
    return Throttle(fake.read, fake.sleep)


def test_free_at_first(throttle: Throttle, fake: FakeTime) -> None:
    """Nobody waits before the API asked for it."""
    throttle.wait()
    assert fake.slept == []


def test_waits_as_long_as_asked(throttle: Throttle, fake: FakeTime) -> None:
    """The wait is what is left of what was asked for."""
    throttle.refused(5.0)
    fake.now += 2.0
    throttle.wait()
    assert fake.slept == [3.0]


def test_over_after_the_wait(throttle: Throttle, fake: FakeTime) -> None:
    """Who comes later does not wait again."""
    throttle.refused(5.0)
    throttle.wait()
    throttle.wait()
    assert fake.slept == [5.0]


@pytest.mark.parametrize("holds", [(5.0, 1.0), (1.0, 5.0), (5.0, 0.0), (5.0, 5.0)])
def test_longest_hold_counts(throttle: Throttle, fake: FakeTime, holds: tuple[float, ...]) -> None:
    """Of several answers the one that asks for most decides; none shortens the wait."""
    for seconds in holds:
        throttle.refused(seconds)
    throttle.wait()
    assert fake.slept == [5.0]


def test_refused_again_and_again(fake: FakeTime) -> None:
    """Where the API does not say how long, everybody waits longer each time, until something gets through."""
    throttle = Throttle(fake.read, fake.sleep)
    for _ in range(6):
        throttle.refused(None)
        throttle.wait()
    throttle.accepted()
    throttle.refused(None)
    throttle.wait()
    assert fake.slept == [1.0, 2.0, 4.0, 8.0, 16.0, 16.0, 1.0]


def test_refused_together_counts_once(fake: FakeTime) -> None:
    """Calls that were under way together and are all refused make one wait, not a longer one each."""
    throttle = Throttle(fake.read, fake.sleep)
    for _ in range(8):
        throttle.refused(None)
    throttle.wait()
    assert fake.slept == [1.0]


def test_refused_and_told_how_long(fake: FakeTime) -> None:
    """What the API says is done, and the longest of what it says."""
    throttle = Throttle(fake.read, fake.sleep)
    throttle.refused(7.0)
    throttle.refused(3.0)
    throttle.wait()
    assert fake.slept == [7.0]


def test_asleep_too_short(fake: FakeTime) -> None:
    """A sleep that ends early is continued."""

    def nap(seconds: float) -> None:
        fake.sleep(min(seconds, 2.0))

    throttle = Throttle(fake.read, nap)
    throttle.refused(5.0)
    throttle.wait()
    assert fake.slept == [2.0, 2.0, 1.0]


def test_held_again_while_waiting(fake: FakeTime) -> None:
    """A wait that is prolonged meanwhile is waited for to its end."""
    throttle = Throttle(
        fake.read, lambda seconds: (fake.sleep(seconds), len(fake.slept) == 1 and throttle.refused(4.0))
    )
    throttle.refused(1.0)
    throttle.wait()
    assert fake.slept == [1.0, 4.0]


def test_every_thread_waits() -> None:
    """A hold by one thread stops all the others, and lets all of them go."""
    throttle = Throttle(time.monotonic, time.sleep)
    began = time.monotonic()
    throttle.refused(0.2)
    ends: list[float] = []

    def call() -> None:
        throttle.wait()
        ends.append(time.monotonic() - began)

    threads = [threading.Thread(target=call) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(5)
    assert len(ends) == 8
    assert min(ends) >= 0.19
