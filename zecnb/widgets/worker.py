"""Background work for a panel: the latest preview wins, jobs run in order, nothing blocks the kernel."""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Alarm", "Worker"]

_LOG = logging.getLogger("zecnb.widgets.worker")


class Worker:
    """Runs jobs one after the other in a daemon thread that ends when there is nothing left to do.

    Args:
        quiet: seconds a preview waits for a newer one before it runs.
        on_error: is given what a job raised.
    """

    def __init__(self, *, quiet: float, on_error: Callable[[Exception], None]) -> None:
        self._quiet = quiet
        self._on_error = on_error
        self._jobs: deque[Callable[[], None]] = deque()
        self._preview: tuple[float, Callable[[], None]] | None = None
        self._wake = threading.Condition()
        self._thread: threading.Thread | None = None

    def do(self, job: Callable[[], None]) -> None:
        """Run a job after those before it."""
        with self._wake:
            self._jobs.append(job)
            self._start()

    def soon(self, preview: Callable[[], None]) -> None:
        """Run a preview when nothing newer came for a moment; jobs go first."""
        with self._wake:
            self._preview = (time.monotonic() + self._quiet, preview)
            self._start()

    def idle(self, timeout: float = 10.0) -> bool:
        """Wait until there is nothing left to do; return whether that came to pass."""
        with self._wake:
            return self._wake.wait_for(lambda: self._thread is None, timeout)

    def _start(self) -> None:
        self._wake.notify_all()
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="zecnb-panel", daemon=True)
            self._thread.start()

    def _run(self) -> None:
        while (job := self._next()) is not None:
            try:
                job()
            except Exception as error:  # noqa: BLE001 - a thread has no caller: whatever it is, it is shown
                self._show(error)

    def _show(self, error: Exception) -> None:
        try:
            self._on_error(error)
        except Exception:  # noqa: BLE001 - the next job must run all the same
            _LOG.exception("an error could not be shown")

    def _next(self) -> Callable[[], None] | None:
        """Return what to run now, None when there is nothing left."""
        with self._wake:
            while True:
                if self._jobs:
                    return self._jobs.popleft()
                if self._preview is None:
                    self._thread = None  # here, under the lock, so that no job is left to a thread that ends
                    self._wake.notify_all()
                    return None
                due, preview = self._preview
                left = due - time.monotonic()
                if left <= 0:
                    self._preview = None
                    return preview
                self._wake.wait(left)


class Alarm:
    """Calls something later, once; set again, what was set before is forgotten."""

    def __init__(self) -> None:
        self._timer: threading.Timer | None = None

    def set(self, seconds: float, act: Callable[[], None]) -> None:
        """Call ``act`` in a daemon thread after some seconds."""
        self.cancel()
        self._timer = threading.Timer(seconds, act)
        self._timer.daemon = True
        self._timer.start()

    def cancel(self) -> None:
        """Forget what was set."""
        if self._timer is not None:
            self._timer.cancel()
