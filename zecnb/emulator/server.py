"""The emulator on a port: Starlette's types on uvicorn, in a thread of its own."""

from __future__ import annotations

import secrets
import socket
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import uvicorn
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect
from starlette.requests import Request as HttpRequest
from starlette.responses import Response as HttpResponse

from zecnb.emulator.app import App
from zecnb.emulator.auth import Keys
from zecnb.emulator.faults import Faults
from zecnb.emulator.seeds import plant
from zecnb.emulator.state import State
from zecnb.emulator.wire import ApiFailure, Request, Response, failure, new_request_id

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

    from starlette.types import Receive, Scope, Send

    from zecnb.emulator.settings import Settings

__all__ = ["Emulator"]

_LOOPBACK = ("127.0.0.1", "localhost", "::1")
_LARGEST_BODY = 5 << 20


class Emulator:
    """A local ZEC.

    Args:
        seed: ``demo``, ``empty``, ``random:SEED:SIZE``, or the path of an exported JSON file.
        db: file that keeps the state; seeded only when it is new. Forgotten at the end when None.
        host: where to listen; anything but loopback must be wanted.
        port: 0 takes a free one.
        settings: the assumptions.
        access_key_id, access_key_password, token: random per start unless given.
        clock: Unix seconds.
    """

    def __init__(
        self,
        seed: str = "demo",
        *,
        db: str | Path | None = None,
        host: str = "127.0.0.1",
        port: int = 0,
        settings: Settings | None = None,
        access_key_id: str | None = None,
        access_key_password: str | None = None,
        token: str | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.state = _open_state(seed, db, settings, clock)
        self.faults = Faults()
        self._keys = Keys(
            access_key_id or secrets.token_hex(10).upper(),
            access_key_password or secrets.token_urlsafe(30),
            token or secrets.token_urlsafe(30),
        )
        self._app = App(self.state, self._keys, self.faults, clock=clock)
        self._host, self._port = host, port
        self._server: _Server | None = None
        self._thread: threading.Thread | None = None

    @property
    def access_key_id(self) -> str:
        """Id of the access key."""
        return self._keys.access_key_id

    @property
    def access_key_password(self) -> str:
        """Password of the access key."""
        return self._keys.access_key_password

    @property
    def token(self) -> str:
        """The personal access token."""
        return self._keys.token

    @property
    def url(self) -> str:
        """Where it listens, once started."""
        shown = f"[{self._host}]" if ":" in self._host else self._host
        return f"http://{shown}:{self._port}"

    def handle(self, request: Request) -> Response:
        """Answer a request without a socket."""
        return self._app.handle(request)

    def start(self) -> Self:
        """Listen; ready when this returns.

        Raises:
            OSError: the port is taken.
        """
        if self._server is not None:
            return self
        family = socket.AF_INET6 if ":" in self._host else socket.AF_INET
        # The protocol is named so that asyncio knows it for TCP and sends small answers at once (TCP_NODELAY).
        listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((self._host, self._port))
        except OSError:
            listener.close()
            raise
        self._port = listener.getsockname()[1]
        config = uvicorn.Config(
            self._serve,
            log_config=None,
            access_log=False,
            lifespan="off",
            interface="asgi3",
            proxy_headers=False,
            server_header=False,
            timeout_keep_alive=60,
            h11_max_incomplete_event_size=65536,
        )
        self._server = _Server(config)
        self._thread = threading.Thread(target=self._server.run, args=([listener],), name="zecnb-emulator", daemon=True)
        self._thread.start()
        self._server.ready.wait(30)
        return self

    def stop(self) -> None:
        """Stop listening; a state without a file is gone."""
        if self._server is not None and self._thread is not None:
            self._server.should_exit = True
            self._server.force_exit = True
            self._thread.join(10)
            self._server = self._thread = None
        self.state.close()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def __repr__(self) -> str:
        return f"Emulator({self.url if self._thread else 'not started'})"

    # -- ASGI ----------------------------------------------------------------------------------------------------

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        http = HttpRequest(scope, receive)
        answer = await self._answer(http)
        if answer.aborted:
            _abort(send)
            return
        response = HttpResponse(answer.body, answer.status, dict(answer.headers))
        if answer.length is not None:
            response.headers["content-length"] = str(answer.length)
        try:
            await response(scope, receive, send)
        except RuntimeError:  # fewer bytes than announced: that is the fault
            if answer.length is None:
                raise
        if answer.length is not None:
            _abort(send)

    async def _answer(self, http: HttpRequest) -> Response:
        if not self._knows(http.headers.get("host", "")):
            # A page on the web that resolves its own name to loopback must not reach a local service.
            return failure(new_request_id(), ApiFailure("AUTHFAILURE_UNAUTHORIZED_OPERATION", "Unknown host."))
        body = bytearray()
        try:
            async for chunk in http.stream():
                body += chunk
                if len(body) > _LARGEST_BODY:
                    return failure(
                        new_request_id(), ApiFailure("INVALID_PARAMETER_EXCEED_LENGTH", "The body is too large.", 413)
                    )
        except ClientDisconnect:
            return Response(0, aborted=True)
        request = Request(http.method, http.url.path, dict(http.headers), bytes(body))
        return await run_in_threadpool(self._app.handle, request)

    def _knows(self, host: str) -> bool:
        name = host.rsplit("://", maxsplit=1)[-1].lower()
        name = name[1:].partition("]")[0] if name.startswith("[") else name.partition(":")[0]
        return name in _LOOPBACK or name == self._host.lower() or self._host not in _LOOPBACK


def _open_state(seed: str, db: str | Path | None, settings: Settings | None, clock: Callable[[], float]) -> State:
    """Open the file that keeps the state; a new one appears only when it is wholly seeded."""
    if db is not None and Path(db).exists():
        return State(db, settings, clock=clock)
    planted = State(None, settings, clock=clock, seed=20260101 if seed == "demo" else None)
    try:
        plant(planted, seed)
        if db is None:
            return planted
        planted.save(Path(db))
    except BaseException:
        planted.close()
        raise
    planted.close()
    opened = State(db, settings, clock=clock)
    opened.random = planted.random
    return opened


def _abort(send: Any) -> None:
    """Break the connection under the response."""
    transport = getattr(getattr(send, "__self__", None), "transport", None)
    if transport is not None:
        transport.abort()


class _Server(uvicorn.Server):
    """Says when it listens."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.ready = threading.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.ready.set()

    def install_signal_handlers(self) -> None:
        """Leave signals to the program this runs in."""
