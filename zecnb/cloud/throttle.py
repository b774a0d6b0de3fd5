"""One brake for all callers of a client: when the API asks to slow down, everybody waits, not each alone."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Throttle"]


class Throttle:
    """Makes callers wait until the API may be called again.

    Args:
        clock: monotonic seconds.
        sleep: waits for seconds.
    """

    def __init__(self, clock: Callable[[], float], sleep: Callable[[float], None]) -> None:
        self._clock = clock
        self._sleep = sleep
        self._lock = threading.Lock()
        self._until = 0.0

    def hold(self, seconds: float) -> None:
        """Let nobody call for so many seconds from now."""
        with self._lock:
            self._until = max(self._until, self._clock() + seconds)

    def wait(self) -> None:
        """Return once calling is allowed."""
        while (left := self._until - self._clock()) > 0:
            self._sleep(left)
