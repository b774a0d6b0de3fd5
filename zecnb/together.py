"""What several threads want done at the same moment, done once for all of them."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Together"]

_PATIENCE = 8
_MOST = 64  # items in one piece of work

_Item = TypeVar("_Item")
_Result = TypeVar("_Result")


class _Batch(Generic[_Item, _Result]):
    """One piece of work and those who wait for it."""

    def __init__(self) -> None:
        self.items: list[_Item] = []
        self.done = threading.Event()
        self.results: list[_Result] = []
        self.error: BaseException | None = None


class Together(Generic[_Item, _Result]):
    """Does a piece of work for many callers: who comes while it is being done shares the next one.

    The work that a caller's item is part of always begins after the caller came. When work for several fails, each
    of them does it alone, so that nobody is told of an error that is another's.

    Args:
        work: takes the items of all callers, in the order they came, and returns what each of them gets.
        gather: seconds without another caller after which nobody is waited for, when there were several the last
            time; the wait is at most ``_PATIENCE`` times as long.
    """

    def __init__(self, work: Callable[[list[_Item]], _Result], *, gather: float = 0.0) -> None:
        self._work = work
        self._gather = gather
        self._lock = threading.Lock()
        self._turn = threading.Lock()
        self._open: _Batch[_Item, _Result] | None = None
        self._crowded = False

    def __call__(self, item: _Item) -> _Result:
        """Return what the work gave; raises what the work raises."""
        with self._lock:
            batch = self._open
            leads = batch is None or len(batch.items) >= _MOST
            if batch is None or leads:
                batch = self._open = _Batch()
            batch.items.append(item)
        if leads:
            self._lead(batch)
        else:
            batch.done.wait()
        if batch.results:
            return batch.results[0]
        if batch.error is not None and len(batch.items) == 1:
            raise batch.error
        with self._turn:
            return self._work([item])

    def _wait_for_others(self, batch: _Batch[_Item, _Result]) -> None:
        """Wait until nobody came for a while, or for long enough."""
        for _ in range(_PATIENCE):
            before = len(batch.items)
            time.sleep(self._gather)
            if len(batch.items) in (before, _MOST):
                break

    def _lead(self, batch: _Batch[_Item, _Result]) -> None:
        """Wait for one's turn and for others, then do it for all of them."""
        try:
            with self._turn:
                if self._crowded:
                    self._wait_for_others(batch)
                with self._lock:
                    self._crowded = len(batch.items) > 1
                    if self._open is batch:
                        self._open = None
                batch.results.append(self._work(batch.items))
        except BaseException as error:  # noqa: BLE001 - raised by the caller it is about
            batch.error = error
        finally:
            batch.done.set()
