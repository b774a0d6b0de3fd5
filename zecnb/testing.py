"""A pytest plugin: a local ZEC per test, and a session on it.

It is there as soon as zecnb is installed, and imports nothing heavy until a test asks for it::

    @pytest.mark.zec(seed="random:1:50", nic_limit=5)
    def test_my_job(zec_session, zec_emulator):
        zec_emulator.faults.add("throttle", "BatchAssignNetworkInterfaceIpv4", seconds=30)
        my_job(zec_session)  # the 30 seconds pass at once

``zec_emulator`` has ``url``, ``access_key_id``, ``access_key_password`` and ``token`` for clients of any kind.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from zecnb.emulator import Emulator
    from zecnb.session import Session

__all__ = ["pytest_configure", "zec_emulator", "zec_session"]

_MARKER = (
    "zec(seed='demo', zero_sleep=True, **settings): the account zec_emulator begins with; whether zec_session and the "
    "emulator's faults only pretend to wait; and the emulator's assumptions"
)
_ATTEMPTS = 5
"""As often as a session that waits tries a read."""


def pytest_configure(config: pytest.Config) -> None:
    """Tell pytest about the marker."""
    config.addinivalue_line("markers", _MARKER)


class _Clock:
    """Time that passes only when somebody waits."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        """Pretend to wait."""
        self.now += max(seconds, 0.0)


def _asked(request: pytest.FixtureRequest) -> dict[str, Any]:
    marker = request.node.get_closest_marker("zec")
    if marker is None:
        return {}
    if marker.args:
        raise pytest.UsageError(f"the marker is {_MARKER.partition(':')[0]}")
    return dict(marker.kwargs)


@pytest.fixture
def zec_emulator(request: pytest.FixtureRequest) -> Iterator[Emulator]:
    """A local ZEC on loopback, of this test alone; see the marker ``zec``."""
    from zecnb.emulator import Emulator, Settings

    asked = _asked(request)
    seed, zero_sleep = asked.pop("seed", "demo"), asked.pop("zero_sleep", True)
    emulator = Emulator(seed, settings=Settings(**asked))
    if zero_sleep:
        emulator.skip_waits()
    with emulator:
        yield emulator


@pytest.fixture
def zec_session(
    request: pytest.FixtureRequest, zec_emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Session]:
    """A session on ``zec_emulator``; its journal is forgotten with it."""
    import stamina

    from zecnb.cloud.client import Client
    from zecnb.cloud.settings import resolve
    from zecnb.execution.stepper import Context
    from zecnb.session import Session
    from zecnb.store import Store

    settings = resolve(
        access_key_id=zec_emulator.access_key_id,
        access_key_password=zec_emulator.access_key_password,
        endpoint=zec_emulator.url,
    )
    zero_sleep = _asked(request).get("zero_sleep", True)
    if zero_sleep:
        clock = _Clock()
        client = Client(settings, clock=clock, sleep=clock.sleep)
        monkeypatch.setattr("zecnb.session.Context", functools.partial(Context, sleep=clock.sleep))
    else:
        client = Client(settings)
    with (
        stamina.set_testing(zero_sleep, attempts=_ATTEMPTS, cap=True),
        Session(client, "zec_emulator", store=Store("sqlite://"), progress=False) as session,
    ):
        yield session
