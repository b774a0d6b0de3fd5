"""Who gets in and how: TLS, hosts, slow and broken clients."""

from __future__ import annotations

import json
import logging
import socket
import ssl
import subprocess
import sys
import time
from contextlib import ExitStack
from typing import TYPE_CHECKING

import httpx
import pytest
from zenlayercloud.common.config import Config
from zenlayercloud.common.credential import Credential
from zenlayercloud.zec.v20250901 import models as zec
from zenlayercloud.zec.v20250901.zec_client import ZecClient

from zecnb.emulator import Emulator

if TYPE_CHECKING:
    from collections.abc import Iterator

HEAD = b"POST /api/v2/zec HTTP/1.1\r\nHost: 127.0.0.1\r\n"


@pytest.fixture(scope="module")
def hasty() -> Iterator[Emulator]:
    """An emulator that waits half a second for anybody."""
    with Emulator("empty", patience=0.5) as emulator:
        httpx.post(f"{emulator.url}/api/v2/zec")  # its worker thread starts outside of any test
        yield emulator


def _connect(emulator: Emulator) -> socket.socket:
    connection = socket.create_connection(("127.0.0.1", int(emulator.url.rpartition(":")[2])), timeout=10)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return connection


def _answer(connection: socket.socket) -> bytes:
    heard = b""
    while not heard.endswith(b"}"):
        heard += connection.recv(65536)
    return heard


def _ended(connection: socket.socket) -> bool:
    """Return whether the other side ends the connection, by itself, within the socket's ten seconds."""
    try:
        while connection.recv(65536):
            pass
    except ConnectionResetError:
        return True
    except TimeoutError:
        return False
    return True


def test_official_sdk_over_tls() -> None:
    """The SDK insists on a certificate it can trust, and is given one; the private key is not left on the disk."""
    with Emulator("random:1:3", tls=True) as emulator:
        assert emulator.url.startswith("https://127.0.0.1:")
        assert emulator.certificate is not None
        folder = emulator.certificate.parent
        assert not (folder / "key.pem").exists()
        config = Config(domain=emulator.url.removeprefix("https://"), certification=str(emulator.certificate))
        client = ZecClient(Credential(emulator.access_key_id, emulator.access_key_password), config)
        assert client.DescribeVpcs(zec.DescribeVpcsRequest()).totalCount == 1
        with pytest.raises(httpx.ConnectError, match="CERTIFICATE_VERIFY_FAILED"):
            httpx.post(emulator.url)
        context = ssl.create_default_context(cafile=emulator.certificate)
        assert httpx.post(emulator.url.replace("127.0.0.1", "localhost"), verify=context).status_code == 401
    assert not folder.exists()


def test_plain_http_on_the_tls_port_is_let_go() -> None:
    """Who speaks HTTP to TLS gets no answer, and breaks nothing."""
    with Emulator("empty", tls=True) as emulator:
        with pytest.raises(httpx.TransportError):
            httpx.post(emulator.url.replace("https", "http"))
        assert emulator.certificate is not None
        context = ssl.create_default_context(cafile=emulator.certificate)
        assert httpx.post(emulator.url, verify=context).status_code == 401


@pytest.mark.parametrize("host", ["0.0.0.0", "127.0.0.2", "example.org", ""])
def test_others_reach_it_only_when_that_is_wanted(host: str) -> None:
    """Anything but loopback has to be allowed."""
    with pytest.raises(ValueError, match="allow_remote"):
        Emulator("empty", host=host)


def test_host_names_elsewhere_than_on_loopback(caplog: pytest.LogCaptureFixture) -> None:
    """A warning is logged; addresses reach it, names that a page on the web could have do not."""
    with (
        caplog.at_level(logging.WARNING, "zecnb.emulator"),
        Emulator("empty", host="0.0.0.0", allow_remote=True) as emulator,
    ):
        port = emulator.url.rpartition(":")[2]
        found = {
            host: httpx.post(f"http://127.0.0.1:{port}", headers={"host": host}).json()["code"]
            for host in ("127.0.0.1", "192.0.2.7:80", "localhost", socket.gethostname(), "evil.example")
        }
    assert "others can reach it" in caplog.text
    assert found.pop("evil.example") == "AUTHFAILURE_UNAUTHORIZED_OPERATION"
    assert set(found.values()) == {"AUTHFAILURE_INVALID_AUTHORIZATION"}


@pytest.mark.parametrize(
    "said",
    [b"", b"POST /api/v2/zec HT", HEAD, HEAD + b"Content-Length: 100\r\n\r\n{"],
    ids=["nothing", "line", "head", "body"],
)
def test_client_that_stops_in_the_middle(hasty: Emulator, said: bytes) -> None:
    """Whoever does not go on is let go, wherever it stopped."""
    with _connect(hasty) as connection:
        connection.sendall(said)
        assert _ended(connection)


def test_client_that_drips(hasty: Emulator) -> None:
    """A byte now and then buys no time."""
    with _connect(hasty) as connection:
        ended = False
        connection.sendall(HEAD)
        for _ in range(400):
            time.sleep(0.05)
            try:
                connection.sendall(b"x")
            except (BrokenPipeError, ConnectionResetError):
                ended = True
                break
        assert ended


def test_client_that_drips_its_second_request(hasty: Emulator) -> None:
    """A connection that has had an answer is no better off."""
    with _connect(hasty) as connection:
        connection.sendall(HEAD + b"Content-Length: 2\r\n\r\n{}")
        assert _answer(connection).startswith(b"HTTP/1.1 401")
        connection.sendall(HEAD)
        assert _ended(connection)


def test_client_that_stops_in_its_second_request(hasty: Emulator) -> None:
    """Nor is one whose second request began in the same bytes as the first."""
    with _connect(hasty) as connection:
        connection.sendall(HEAD + b"Content-Length: 2\r\n\r\n{}" + HEAD)
        assert _answer(connection).startswith(b"HTTP/1.1 401")
        assert _ended(connection)


def test_client_that_begins_no_handshake() -> None:
    """With TLS, whoever does not shake hands is let go as well."""
    with Emulator("empty", tls=True, patience=0.5) as emulator, _connect(emulator) as connection:
        assert _ended(connection)


def test_more_clients_than_there_is_room_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever has said nothing for longest makes room for the next; those that wait for an answer keep theirs."""
    monkeypatch.setattr("zecnb.emulator.server.most_connections", lambda: 3)
    with Emulator("empty") as emulator, ExitStack() as stack:
        fault = emulator.faults.add("latency", "DescribeVpcs", times=0, seconds=3600)
        busy = [stack.enter_context(_connect(emulator)) for _ in range(2)]
        asked = f"Authorization: Bearer {emulator.token}\r\nx-zc-action: DescribeVpcs\r\n".encode()
        for each in busy:
            each.sendall(HEAD + asked + b"Content-Type: application/json\r\nContent-Length: 2\r\n\r\n{}")
        while emulator.faults.fired(fault) < 2:
            time.sleep(0.01)
        first, second = (stack.enter_context(_connect(emulator)) for _ in range(2))
        assert _ended(first)
        second.sendall(HEAD + b"Content-Length: 2\r\n\r\n{}")
        assert _answer(second).startswith(b"HTTP/1.1 401")
        emulator.faults.clear()
        assert all(_answer(each).startswith(b"HTTP/1.1 200") for each in busy)


def test_no_room_at_all(monkeypatch: pytest.MonkeyPatch) -> None:
    """When everybody waits for an answer, the next is told so."""
    monkeypatch.setattr("zecnb.emulator.server.most_connections", lambda: 1)
    with Emulator("empty") as emulator, _connect(emulator) as busy:
        busy.sendall(HEAD + b"Content-Length: 2\r\n\r\n{")
        assert emulator._server is not None
        while not emulator._server.server_state.tasks:
            time.sleep(0.01)
        with _connect(emulator) as connection:
            heard = _answer(connection)
    assert heard.startswith(b"HTTP/1.1 503 Service Unavailable")
    assert json.loads(heard.partition(b"\r\n\r\n")[2])["code"] == "SERVICE_TEMPORARY_UNAVAILABLE"


def test_running_out_of_files_is_a_line_in_the_log() -> None:
    """A process with few files serves those it can, and does not fill its log about the others."""
    script = (
        "import resource, socket, sys\n"
        "resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))\n"
        "from zecnb.emulator import Emulator\n"
        "kept = [open(sys.executable) for _ in range(46)]\n"
        "with Emulator('empty') as emulator:\n"
        "    print(emulator.url, flush=True)\n"
        "    sys.stdin.read()\n"
    )
    command = [sys.executable, "-c", script]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, text=True) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        port = int(process.stdout.readline().rpartition(":")[2])
        with ExitStack() as stack:
            for _ in range(40):
                stack.enter_context(socket.create_connection(("127.0.0.1", port), timeout=10))
            first = process.stderr.readline()
        _, more = process.communicate("", timeout=30)
    assert first.endswith("may open no more files (ulimit -n)\n")
    assert more == ""


def test_client_that_waits_between_requests(hasty: Emulator) -> None:
    """A connection that only rests is kept: pools of clients rely on it."""
    with _connect(hasty) as connection:
        for _ in range(2):
            connection.sendall(HEAD + b"Content-Length: 2\r\n\r\n{}")
            assert _answer(connection).startswith(b"HTTP/1.1 401")
            time.sleep(0.8)


@pytest.mark.parametrize(
    "said",
    [b"nonsense\r\n\r\n", b"\x00\xff\x00\r\n\r\n", b"POST / HTTP/9.9\r\n\r\n", HEAD + b"Content-Length: x\r\n\r\n",
     HEAD + b"bad header\r\n\r\n", HEAD + b"x: " + b"y" * 70000 + b"\r\n\r\n", b"\x16\x03\x01\x02\x00\x01\x00"],
    ids=["words", "bytes", "version", "length", "header", "large", "tls"],
)  # fmt: skip
def test_what_is_no_http_gets_json(hasty: Emulator, said: bytes) -> None:
    """Whatever is sent, the answer is an error in the API's shape, or the end; never a traceback."""
    with _connect(hasty) as connection:
        connection.sendall(said)
        heard = b""
        try:
            while not heard.endswith(b"}") and (more := connection.recv(65536)):
                heard += more
        except ConnectionResetError:
            pass
    if heard:
        head, _, body = heard.partition(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 40")
        assert set(json.loads(body)) == {"requestId", "code", "message"}
    assert httpx.post(f"{hasty.url}/api/v2/zec").status_code == 401
