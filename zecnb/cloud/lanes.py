"""Several small connection pools instead of a large one.

The pool of httpcore looks at every connection for every connection whenever a request begins or ends: with 64 of
them that takes longer than the request itself. With 8 it does not show.
"""

from __future__ import annotations

import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

import httpx

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ["Lanes"]

_WIDTH = 8


class Lanes:
    """HTTP clients of a few connections each; a new one is opened when all of them are busy.

    Args:
        make: makes a client that has at most so many connections.
        most: connections in all.
    """

    def __init__(self, make: Callable[[httpx.Limits], httpx.Client], most: int) -> None:
        self._make = make
        self._most = max(most // _WIDTH, 1)
        self._lock = threading.Lock()
        self._lanes: list[httpx.Client] = []
        self._busy: list[int] = []
        self._add()

    @property
    def first(self) -> httpx.Client:
        """The client that serves whoever calls alone."""
        return self._lanes[0]

    def _add(self) -> int:
        self._lanes.append(self._make(httpx.Limits(max_connections=_WIDTH, max_keepalive_connections=_WIDTH)))
        self._busy.append(0)
        return len(self._lanes) - 1

    @contextmanager
    def lane(self) -> Iterator[httpx.Client]:
        """Lend a client for one request: the first that is not busy, so that connections are used again."""
        with self._lock:
            at = next((at for at, busy in enumerate(self._busy) if busy < _WIDTH), -1)
            if at < 0:
                at = self._add() if len(self._lanes) < self._most else self._busy.index(min(self._busy))
            self._busy[at] += 1
        try:
            yield self._lanes[at]
        finally:
            with self._lock:
                self._busy[at] -= 1

    def close(self) -> None:
        """Close every connection."""
        for lane in self._lanes:
            lane.close()
