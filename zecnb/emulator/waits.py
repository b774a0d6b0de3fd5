"""Scripted waits, which whoever clears the faults or stops the emulator cuts short."""

from __future__ import annotations

import asyncio
import concurrent.futures
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Waits"]


class Waits:
    """Waiting of threads and of coroutines, on any loop."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: set[concurrent.futures.Future[None]] = set()
        self._ended = False

    def sleep(self, seconds: float) -> None:
        """Wait in this thread."""
        with self._alarm() as alarm:
            concurrent.futures.wait([alarm], seconds)

    async def pause(self, seconds: float) -> None:
        """Wait in this coroutine: no thread is kept."""
        with self._alarm() as alarm:
            await asyncio.wait([asyncio.wrap_future(alarm)], timeout=seconds)

    def wake(self) -> None:
        """End the waits of this moment."""
        with self._lock:
            for alarm in self._waiting:
                alarm.set_result(None)
            self._waiting.clear()

    def end(self) -> None:
        """End the waits of this moment, and let nobody wait again."""
        with self._lock:
            self._ended = True
        self.wake()

    @contextmanager
    def _alarm(self) -> Iterator[concurrent.futures.Future[None]]:
        alarm: concurrent.futures.Future[None] = concurrent.futures.Future()
        with self._lock:
            if self._ended:
                alarm.set_result(None)
            else:
                self._waiting.add(alarm)
        try:
            yield alarm
        finally:
            with self._lock:
                self._waiting.discard(alarm)
