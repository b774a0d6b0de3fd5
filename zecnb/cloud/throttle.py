"""One brake for all callers of a client: when the API asks to slow down, everybody waits, not each alone."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Throttle"]


_SHORTEST, _LONGEST = 1.0, 16.0  # seconds to wait when the API does not say how long


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
        self._pause = 0.0

    def refused(self, retry_after: float | None) -> None:
        """Hold everybody after a refusal.

        Args:
            retry_after: seconds the API asked to wait; when None, a second, and twice as long each time nothing got
                through since the last wait. Calls that were under way together and are refused together count once.
        """
        with self._lock:
            now = self._clock()
            if retry_after is None:
                if now >= self._until:
                    self._pause = min(max(2 * self._pause, _SHORTEST), _LONGEST)
                retry_after = self._pause if now >= self._until else 0.0
            self._until = max(self._until, now + retry_after)

    def accepted(self) -> None:
        """Note that a call got through."""
        self._pause = 0.0

    def wait(self) -> None:
        """Return once calling is allowed."""
        while (left := self._until - self._clock()) > 0:
            self._sleep(left)
