"""The emulator on a port: Starlette's types on uvicorn, in a thread of its own."""

from __future__ import annotations

import asyncio
import errno
import ipaddress
import logging
import secrets
import shutil
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
from zecnb.emulator.certificate import Certificate, make_certificate
from zecnb.emulator.control import PREFIX
from zecnb.emulator.exports import export
from zecnb.emulator.faults import Faults
from zecnb.emulator.patience import most_connections, patient
from zecnb.emulator.seeds import plant
from zecnb.emulator.state import State
from zecnb.emulator.wire import ApiFailure, Request, Response, failure, new_request_id

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

    from starlette.types import Receive, Scope, Send

    from zecnb.emulator.settings import Settings

__all__ = ["Emulator"]

_log = logging.getLogger("zecnb.emulator")
_LOOPBACK = ("127.0.0.1", "localhost", "::1")
_LARGEST_BODY = 5 << 20
"""What is read at all: a little more than ``app`` takes, so that who sends a little too much hears the answer."""

_LARGEST_STATE = 64 << 20
"""What ``GET /_zecnb/state`` gives of 80,000 vNICs can be put back."""

_GRACE = 3.0
"""Seconds that calls under way have when it stops."""


class Emulator:
    """A local ZEC.

    Args:
        seed: ``demo``, ``empty``, ``random:SEED:SIZE``, or the path of an exported JSON file or of a saved inventory.
        db: file that keeps the state; seeded only when it is new. Forgotten at the end when None.
        host: where to listen.
        allow_remote: listen elsewhere than on loopback, where others can reach it.
        port: 0 takes a free one.
        settings: the assumptions.
        access_key_id, access_key_password, token: random per start unless given.
        control_token: opens ``/_zecnb/``, see ``control``; random per start unless given.
        fault_seed: of the probabilities of faults.
        tls: answer HTTPS, with a certificate made at start.
        patience: seconds a client has for the head and for the body of a request, and for reading the answer.
        clock: Unix seconds.

    Raises:
        ValueError: no such seed, or a host that others can reach without ``allow_remote``.
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
        control_token: str | None = None,
        fault_seed: int = 0,
        allow_remote: bool = False,
        tls: bool = False,
        patience: float = 30.0,
        clock: Callable[[], float] = time.time,
    ) -> None:
        if host not in _LOOPBACK and not allow_remote:
            raise ValueError(f"others can reach {host}; say allow_remote (--allow-remote) if that is wanted")
        self.state = _open_state(seed, db, settings, clock)
        self.faults = Faults(fault_seed)
        self.control_token = control_token or secrets.token_urlsafe(30)
        """Opens the control path, ``/_zecnb/``."""
        self._keys = Keys(
            access_key_id or secrets.token_hex(10).upper(),
            access_key_password or secrets.token_urlsafe(30),
            token or secrets.token_urlsafe(30),
        )
        self._app = App(self.state, self._keys, self.faults, clock=clock, control_token=self.control_token)
        self._host, self._port = host, port
        self._tls, self._patience = tls, patience
        self._certificate: Certificate | None = None
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
        return f"{'https' if self._tls else 'http'}://{shown}:{self._port}"

    @property
    def certificate(self) -> Path | None:
        """PEM file of the authority that clients must trust; None without TLS."""
        return self._certificate.authority if self._certificate else None

    def skip_waits(self) -> None:
        """Let faults that wait not wait: their effects stay."""
        self.faults.waits.end()

    def export(self) -> str:
        """Return the whole account as JSON, to begin another emulator with."""
        return export(self.state)

    def save_export(self, path: Path) -> None:
        """Write the whole account as JSON to a file, which appears whole or not at all."""
        new = path.with_name(f"{path.name}.new")
        new.write_text(self.export(), encoding="utf-8")
        new.replace(path)

    def handle(self, request: Request) -> Response:
        """Answer a request without a socket."""
        return self._app.handle(request)

    def start(self) -> Self:
        """Listen; ready when this returns.

        Raises:
            OSError: the port is taken.
            ValueError: TLS is wanted and its package is not there, or it has been stopped.
        """
        if self._server is not None:
            return self
        if self.state.closed:
            raise ValueError("this emulator has been stopped; make another, on the same file if it had one")
        try:
            self._listen()
        except BaseException:
            self.stop()
            raise
        return self

    def _listen(self) -> None:
        if self._host not in _LOOPBACK:
            _log.warning("listening on %s, where others can reach it; its keys are all that protects it", self._host)
        if self._tls and self._certificate is None:
            self._certificate = make_certificate(self._host)
        family = socket.AF_INET6 if ":" in self._host else socket.AF_INET
        # The protocol is named so that asyncio knows it for TCP and sends small answers at once (TCP_NODELAY).
        listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((self._host, self._port))
        except OSError as error:
            listener.close()
            raise OSError(error.errno, f"{self._host} port {self._port}: {error.strerror}") from error
        self._port = listener.getsockname()[1]
        most = most_connections()
        config = uvicorn.Config(
            self._serve,
            log_config=None,
            access_log=False,
            lifespan="off",
            interface="asgi3",
            proxy_headers=False,
            server_header=False,
            timeout_keep_alive=60,
            backlog=min(128, most),  # as many are taken at a time
            h11_max_incomplete_event_size=65536,
            http=patient(self._patience, most),
            ws="none",
            **_files(self._certificate),
        )
        self._server = _Server(config, self._patience)
        self._thread = threading.Thread(target=self._server.run, args=([listener],), name="zecnb-emulator", daemon=True)
        self._thread.start()
        if not self._server.ready.wait(30):
            raise OSError(f"nothing listens at {self.url} after 30 seconds")
        if self._certificate is not None:
            self._certificate.key.unlink(missing_ok=True)  # read by now

    def stop(self) -> None:
        """Stop listening, for good: calls under way are answered, for a few seconds; a state without a file is gone."""
        self.faults.waits.end()
        if self._server is not None and self._thread is not None:
            self._server.should_exit = True
            self._thread.join(10)
            self._server = self._thread = None
        if self._certificate is not None:
            shutil.rmtree(self._certificate.authority.parent, ignore_errors=True)
            self._certificate = None
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
        try:
            answer = await self._answer(http)
        except asyncio.CancelledError:  # its connection is gone and the loop ends, see ``_Server``
            return
        if answer.aborted:
            await _hang_up(receive, send)
            return
        response = HttpResponse(answer.body, answer.status, dict(answer.headers))
        try:
            async with asyncio.timeout(self._patience):
                if answer.length is None:
                    await response(scope, receive, send)
                    return
                response.headers["content-length"] = str(answer.length)
                await send({"type": "http.response.start", "status": answer.status, "headers": response.raw_headers})
                await send({"type": "http.response.body", "body": answer.body, "more_body": True})
        except TimeoutError:  # a client that does not read
            await _hang_up(receive, send)
        else:
            await _hang_up(receive, send, politely=True)

    async def _answer(self, http: HttpRequest) -> Response:
        if not self._knows(http.headers.get("host", "")):
            # A page on the web that resolves its own name to loopback must not reach a local service.
            return failure(new_request_id(), ApiFailure("AUTHFAILURE_UNAUTHORIZED_OPERATION", "Unknown host."))
        body, largest = bytearray(), _LARGEST_STATE if http.url.path == f"{PREFIX}state" else _LARGEST_BODY
        try:
            async with asyncio.timeout(self._patience):
                async for chunk in http.stream():
                    body += chunk
                    if len(body) > largest:
                        too_large = ApiFailure("INVALID_PARAMETER_EXCEED_LENGTH", "The request body is too large.")
                        return failure(new_request_id(), too_large)
        except (ClientDisconnect, TimeoutError):
            return Response(0, aborted=True)
        request = Request(http.method, http.url.path, dict(http.headers), bytes(body))
        steps = self._app.steps(request)
        while not isinstance(step := await run_in_threadpool(next, steps), Response):
            await self.faults.waits.pause(step)
        return step

    def _knows(self, host: str) -> bool:
        name = host.rsplit("://", maxsplit=1)[-1].lower()
        name = name[1:].partition("]")[0] if name.startswith("[") else name.partition(":")[0]
        if name in _LOOPBACK or name == self._host.lower():
            return True
        # Elsewhere than on loopback it has addresses and names of its own; a page's name is none of them.
        return self._host not in _LOOPBACK and (_is_address(name) or name == socket.gethostname().lower())


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def _files(certificate: Certificate | None) -> dict[str, Any]:
    return {"ssl_certfile": certificate.chain, "ssl_keyfile": certificate.key} if certificate else {}


def _open_state(seed: str, db: str | Path | None, settings: Settings | None, clock: Callable[[], float]) -> State:
    """Open the file that keeps the state; a new one appears only when it is wholly seeded."""
    kept = None if db is None else Path(db)
    if kept is not None and kept.exists() and not kept.is_file():
        raise ValueError(f"{kept} is no file")
    if kept is not None and kept.exists() and kept.stat().st_size:
        return State(kept, settings, clock=clock)
    planted = State(None, settings, clock=clock, seed=20260101 if seed == "demo" else None)
    try:
        plant(planted, seed)
        if kept is None:
            return planted
        planted.save(kept)
    except BaseException:
        planted.close()
        raise
    planted.close()
    opened = State(kept, settings, clock=clock)
    opened.random = planted.random
    return opened


async def _hang_up(receive: Receive, send: Any, *, politely: bool = False) -> None:
    """Break the connection under the response, politely: what was said still arrives; wait until it is broken."""
    transport = getattr(getattr(send, "__self__", None), "transport", None)
    if transport is None:
        return
    if politely:
        transport.close()
    else:
        transport.abort()
    while (await receive())["type"] != "http.disconnect":
        pass


class _Server(uvicorn.Server):
    """Says when it listens, and ends without a call cut off in the middle."""

    def __init__(self, config: uvicorn.Config, patience: float) -> None:
        super().__init__(config)
        self.ready = threading.Event()
        self._patience = patience
        self._quiet_until = 0.0

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Listen as uvicorn does, which knows no patience for the handshakes of TLS."""
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(self._note)
        kind: Any = self.config.http_protocol_class
        patience: dict[str, Any] = {}
        if self.config.ssl is not None:
            patience = {"ssl_handshake_timeout": self._patience, "ssl_shutdown_timeout": self._patience}
        self.servers = [
            await loop.create_server(
                lambda: kind(config=self.config, server_state=self.server_state, app_state={}),
                sock=each,
                ssl=self.config.ssl,
                backlog=self.config.backlog,
                **patience,
            )
            for each in sockets or []
        ]
        self.started = True
        self.ready.set()

    def _note(self, loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        """Log what goes wrong in the loop; when there are no more files that is said now and then, in a line."""
        error = context.get("exception")
        if not isinstance(error, OSError) or error.errno not in (errno.EMFILE, errno.ENFILE):
            loop.default_exception_handler(context)
        elif loop.time() >= self._quiet_until:
            self._quiet_until = loop.time() + 60
            _log.warning("no more connections for now: this process may open no more files (ulimit -n)")

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        for server in self.servers:
            server.close()
        for connection in list(self.server_state.connections):
            connection.shutdown()  # at once when idle, else with its answer
        deadline = time.monotonic() + _GRACE
        while self._busy() and time.monotonic() < deadline:  # noqa: ASYNC110 - uvicorn tells nobody
            await asyncio.sleep(0.01)
        for connection in list(self.server_state.connections):
            connection.transport.abort()
        self.force_exit = True
        await super().shutdown(sockets)

    def _busy(self) -> bool:
        state = self.server_state
        return bool(state.tasks) or any(each.transport.get_write_buffer_size() for each in state.connections)

    def install_signal_handlers(self) -> None:
        """Leave signals to the program this runs in."""
