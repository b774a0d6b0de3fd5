"""HTTP/1.1 for clients that may be slow, broken or hostile: they get JSON or are let go."""

from __future__ import annotations

import sys
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

from zecnb.emulator.wire import ApiFailure, failure, new_request_id

if TYPE_CHECKING:
    import asyncio

if sys.platform != "win32":
    import resource

__all__ = ["most_connections", "patient"]

_MOST = 1000


class _Patient(H11Protocol):
    """Lets a client go that does not finish the head of its request in time, or is one too many."""

    seconds = 30.0
    most = _MOST

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._deadline: asyncio.TimerHandle | None = None
        self.idle_since = self.loop.time()
        """When it was made, or had its last answer."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._deadline = self.loop.call_later(self.seconds, transport.abort)
        if len(self.connections) > self.most:
            self._make_room()

    def data_received(self, data: bytes) -> None:
        if self.transport.is_closing():
            return
        super().data_received(data)
        self._watch()

    def on_response_complete(self) -> None:
        self.idle_since = self.loop.time()
        super().on_response_complete()
        if self.conn.trailing_data[0]:  # of another request, which came with the last one
            self._watch()

    def _make_room(self) -> None:
        """Let go whoever has said nothing for longest, or this one when all others wait for an answer."""
        there = [each for each in self.connections if isinstance(each, _Patient) and not each.transport.is_closing()]
        idle = [each for each in there if each is not self and not each.answering()]
        if len(there) <= self.most:
            return
        if idle:
            min(idle, key=lambda each: each.idle_since).transport.abort()
        else:
            self._refuse(ApiFailure("SERVICE_TEMPORARY_UNAVAILABLE", "There are too many connections at once."))

    def answering(self) -> bool:
        """Return whether a request waits for its answer."""
        return self.cycle is not None and not self.cycle.response_complete

    def _watch(self) -> None:
        """Give a request that has begun its time, until it can be answered."""
        if self.answering():
            self._rest()
        elif self._deadline is None and not self.transport.is_closing():
            # The first bytes of another request on this connection: uvicorn no longer counts it as idle.
            self._deadline = self.loop.call_later(self.seconds, self.transport.abort)

    def connection_lost(self, exc: Exception | None) -> None:
        self._rest()
        super().connection_lost(exc)

    def send_400_response(self, msg: str) -> None:
        """Answer what is no HTTP in the API's own shape."""
        if self.conn.our_state is not h11.IDLE:  # in the middle of another answer
            self.transport.abort()
            return
        self._refuse(ApiFailure("INVALID_PARAMETER_TYPE", msg))

    def _refuse(self, error: ApiFailure) -> None:
        answer = failure(new_request_id(), error)
        headers = [
            (b"content-type", b"application/json;charset=UTF-8"),
            (b"content-length", str(len(answer.body)).encode()),
            (b"connection", b"close"),
        ]
        for event in (
            h11.Response(status_code=answer.status, headers=headers, reason=HTTPStatus(answer.status).phrase),
            h11.Data(data=answer.body),
            h11.EndOfMessage(),
        ):
            self.transport.write(self.conn.send(event) or b"")
        self.transport.close()

    def _rest(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None


def patient(seconds: float, most: int) -> type[H11Protocol]:
    """Return the protocol with the seconds that a request's head may take, and how many connections there may be."""
    return type("Patient", (_Patient,), {"seconds": seconds, "most": most})


def most_connections() -> int:
    """Return how many connections there may be, so that there are files left for what they ask."""
    if sys.platform == "win32":
        return _MOST
    files, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if files == resource.RLIM_INFINITY:
        return _MOST
    # A call under way has two files of the state open, as has each of the pool's 40 threads; some files are others'.
    return max(min(_MOST, max((files - 32) // 3, files - 32 - 2 * 40)), 4)
