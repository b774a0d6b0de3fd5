"""HTTP/1.1 for clients that may be slow, broken or hostile: they get JSON or are let go."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

from zecnb.emulator.wire import ApiFailure, failure, new_request_id

if TYPE_CHECKING:
    import asyncio

__all__ = ["patient"]


class _Patient(H11Protocol):
    """Lets a client go that does not finish the head of its request in time."""

    seconds = 30.0

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._deadline = self.loop.call_later(self.seconds, transport.abort)

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        answering = self.cycle is not None and not self.cycle.response_complete
        if answering:
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
        answer = failure(new_request_id(), ApiFailure("INVALID_PARAMETER_TYPE", msg))
        headers = [
            (b"content-type", b"application/json;charset=UTF-8"),
            (b"content-length", str(len(answer.body)).encode()),
            (b"connection", b"close"),
        ]
        for event in (
            h11.Response(status_code=400, headers=headers, reason=b"Bad Request"),
            h11.Data(data=answer.body),
            h11.EndOfMessage(),
        ):
            self.transport.write(self.conn.send(event) or b"")
        self.transport.close()

    def _rest(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None


def patient(seconds: float) -> type[H11Protocol]:
    """Return the protocol with the seconds that a request's head may take."""
    return type("Patient", (_Patient,), {"seconds": seconds})
