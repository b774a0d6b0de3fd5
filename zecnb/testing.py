"""A pytest plugin: a local ZEC per test, and a session on it.

It is there as soon as zecnb is installed, and imports nothing heavy until a test asks for it::

    @pytest.mark.zec(seed="random:1:50", nic_limit=5)
    def test_my_job(zec_session, zec_emulator):
        zec_emulator.faults.add("throttle", "BatchAssignNetworkInterfaceIpv4", seconds=30)
        my_job(zec_session)  # the 30 seconds pass at once

``zec_emulator`` has ``url``, ``access_key_id``, ``access_key_password`` and ``token`` for clients of any kind.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from zecnb.emulator import Emulator, Settings
    from zecnb.session import Session

__all__ = ["pytest_configure", "zec_emulator", "zec_session"]

_MARKER = (
    "zec(seed='demo', zero_sleep=True, **settings): the account zec_emulator begins with; whether zec_session and the "
    "emulator's faults only pretend to wait; and the emulator's assumptions. Of several markers the closest wins"
)
_ATTEMPTS = 5
"""As often as a session that waits tries a read."""


def pytest_configure(config: pytest.Config) -> None:
    """Tell pytest about the marker."""
    config.addinivalue_line("markers", _MARKER)


class _Clock:
    """Time that also passes when somebody pretends to wait."""

    def __init__(self) -> None:
        self._pretended = 0.0

    def __call__(self) -> float:
        """Return Unix seconds."""
        return time.time() + self._pretended

    def sleep(self, seconds: float) -> None:
        """Pretend to wait."""
        self._pretended += max(seconds, 0.0)


def _asked(request: pytest.FixtureRequest) -> dict[str, Any]:
    """Return what the markers of a test, its class and its module say; the closest has the last word on each."""
    asked: dict[str, Any] = {}
    for marker in reversed(list(request.node.iter_markers("zec"))):
        if marker.args:
            raise pytest.UsageError(f"the marker is {_MARKER.partition(':')[0]}")
        asked |= marker.kwargs
    return asked


def _settings(asked: dict[str, Any]) -> Settings:
    from zecnb.emulator import Settings, assumptions

    known = [each["name"] for each in assumptions()]
    if unknown := sorted(asked.keys() - set(known)):
        raise pytest.UsageError(
            f"the marker zec has no {', '.join(unknown)}; it takes seed, zero_sleep and the emulator's assumptions: "
            f"{', '.join(known)}"
        )
    try:
        return Settings(**asked)
    except ValueError as error:
        raise pytest.UsageError(f"the marker zec: {error}") from error


@pytest.fixture
def _zec_clock(request: pytest.FixtureRequest) -> _Clock | None:
    """The time that a session and its local ZEC share, None where waits are real."""
    return _Clock() if _asked(request).get("zero_sleep", True) else None


@pytest.fixture
def zec_emulator(request: pytest.FixtureRequest, _zec_clock: _Clock | None) -> Iterator[Emulator]:
    """A local ZEC on loopback, of this test alone; see the marker ``zec``."""
    from zecnb.emulator import Emulator

    asked = _asked(request)
    seed, _ = asked.pop("seed", "demo"), asked.pop("zero_sleep", True)
    emulator = Emulator(seed, settings=_settings(asked), clock=_zec_clock or time.time)
    if _zec_clock is not None:
        emulator.skip_waits()
    with emulator:
        yield emulator


@pytest.fixture
def zec_session(zec_emulator: Emulator, _zec_clock: _Clock | None) -> Iterator[Session]:
    """A session on ``zec_emulator``; its journal is forgotten with it."""
    import stamina

    from zecnb.cloud.client import Client
    from zecnb.cloud.settings import resolve
    from zecnb.session import Session
    from zecnb.store import Store

    # A token has no timestamp: pretended waits do not make it expire.
    settings = resolve(token=zec_emulator.token, endpoint=zec_emulator.url)
    wait = _zec_clock.sleep if _zec_clock is not None else time.sleep
    client = Client(settings, clock=_zec_clock or time.monotonic, sleep=wait)
    with (
        stamina.set_testing(_zec_clock is not None, attempts=_ATTEMPTS, cap=True),
        Session(client, "zec_emulator", store=Store("sqlite://"), progress=False, sleep=wait) as session,
    ):
        yield session
