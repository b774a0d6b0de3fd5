"""The emulator on a port: who can reach it, what it sends, and what outlives its process."""

from __future__ import annotations

import ast
import contextlib
import json
import logging
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest

import zecnb.emulator
from tests.emulator.account import ASSIGN, NICS, Account
from zecnb.emulator import Emulator

if TYPE_CHECKING:
    from collections.abc import Iterator


def _client(url: str, token: str) -> httpx.Client:
    headers = {"authorization": f"Bearer {token}", "content-type": "application/json"}
    return httpx.Client(base_url=url, headers=headers, timeout=10, trust_env=False)


def _post(client: httpx.Client, action: str, **body: Any) -> httpx.Response:
    return client.post("/api/v2/zec", json=body, headers={"x-zc-action": action})


@pytest.fixture(scope="module")
def served() -> Iterator[tuple[Emulator, httpx.Client]]:
    """A small account on a port, and a client with its token."""
    with Emulator("random:1:20") as emulator, _client(emulator.url, emulator.token) as client:
        _post(client, NICS)  # its worker thread starts outside of any test
        yield emulator, client


@contextmanager
def _command(*options: str) -> Iterator[tuple[subprocess.Popen[str], dict[str, str]]]:
    """Run ``zecnb emulator``; yield the process and what it printed."""
    command = [sys.executable, "-m", "zecnb", "emulator", "--json", "--port", "0", *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield process, json.loads(process.stdout.readline())
        finally:
            process.terminate()


def _reachable(host: str, url: str) -> bool:
    try:
        with socket.create_connection((host, int(url.rpartition(":")[2])), timeout=2):
            return True
    except OSError:
        return False


# -- who can reach it ----------------------------------------------------------------------------------------------


def test_listens_on_one_address_only(served: tuple[Emulator, httpx.Client]) -> None:
    """It listens on 127.0.0.1 and on no other address of this machine, not even a neighbour on loopback."""
    emulator, _ = served
    assert emulator.url.startswith("http://127.0.0.1:")
    assert emulator._server is not None
    [listener] = [each for server in emulator._server.servers for each in server.sockets]
    assert listener.getsockname()[0] == "127.0.0.1"
    assert [_reachable(host, emulator.url) for host in ("127.0.0.1", "127.0.0.2")] == [True, False]


def test_command_listens_on_one_address_only() -> None:
    """The command does so too, and says in one line of JSON where, and with which credentials."""
    with _command("--seed", "empty") as (_, access):
        assert set(access) == {"url", "access_key_id", "access_key_password", "token"}
        assert [_reachable(host, access["url"]) for host in ("127.0.0.1", "127.0.0.2")] == [True, False]


@pytest.mark.parametrize("host", ["evil.example", "evil.example:80", "127.0.0.1.evil.example", "", "169.254.169.254"])
def test_foreign_host_names(served: tuple[Emulator, httpx.Client], host: str) -> None:
    """A web page that points its own name here is turned away, whatever it sends."""
    _, client = served
    answer = client.post("/api/v2/zec", json={}, headers={"x-zc-action": NICS, "host": host})
    assert (answer.status_code, answer.json()["code"]) == (403, "AUTHFAILURE_UNAUTHORIZED_OPERATION")


@pytest.mark.parametrize(
    "host", ["localhost", "localhost:1", "127.0.0.1", "LOCALHOST", "[::1]:80", "[::1]", "http://127.0.0.1:80"]
)
def test_own_host_names(served: tuple[Emulator, httpx.Client], host: str) -> None:
    """Names of loopback are its own, in the spellings that clients send."""
    _, client = served
    answer = client.post("/api/v2/zec", json={}, headers={"x-zc-action": NICS, "host": host})
    assert answer.status_code == 200


def test_keys_are_new_each_start() -> None:
    """Id, password and token are long, random, different from each other and from those of the last start."""
    made: list[str] = []
    for _ in range(3):
        emulator = Emulator("empty")
        made += [emulator.access_key_id, emulator.access_key_password, emulator.token]
        emulator.stop()
    assert len(set(made)) == 9
    assert min(map(len, made)) >= 20


def test_keys_can_be_given() -> None:
    """Whoever needs the same credentials each time can choose them."""
    emulator = Emulator("empty", access_key_id="a", access_key_password="b", token="c")
    emulator.stop()
    assert (emulator.access_key_id, emulator.access_key_password, emulator.token) == ("a", "b", "c")


def test_printing_tells_no_secret(served: tuple[Emulator, httpx.Client]) -> None:
    """The emulator's own text says where it is and no more."""
    emulator, _ = served
    assert repr(emulator) == f"Emulator({emulator.url})"


# -- what it sends -------------------------------------------------------------------------------------------------


def test_headers_of_an_answer(served: tuple[Emulator, httpx.Client]) -> None:
    """JSON with its length, and nothing about the server."""
    _, client = served
    answer = _post(client, NICS)
    assert answer.headers["content-type"] == "application/json;charset=UTF-8"
    assert int(answer.headers["content-length"]) == len(answer.content)
    assert "server" not in answer.headers


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "OPTIONS"])
def test_other_methods(served: tuple[Emulator, httpx.Client], method: str) -> None:
    """Other methods get a JSON error like any other."""
    _, client = served
    answer = client.request(method, "/api/v2/zec", headers={"x-zc-action": NICS})
    assert (answer.status_code, answer.json()["code"]) == (403, "AUTHFAILURE_UNAUTHORIZED_OPERATION")


@pytest.mark.parametrize("path", ["/", "/api/v2/none", "/api/v2/zec/../zlb", "/api/v2/zec?x=1#y", "/%00"])
def test_other_paths(served: tuple[Emulator, httpx.Client], path: str) -> None:
    """Any path gets a JSON answer; only the query is no part of it."""
    _, client = served
    answer = client.post(path, json={}, headers={"x-zc-action": NICS})
    assert answer.status_code == (200 if path.startswith("/api/v2/zec?") else 403)
    assert "requestId" in answer.json()


def test_oversized_body_on_the_wire(served: tuple[Emulator, httpx.Client]) -> None:
    """A body far too large, of a length not told, is answered in the end, and so is the next call."""
    _, client = served
    body = (b"x" * (1 << 20) for _ in range(32))
    answer = client.post("/api/v2/zec", content=body, headers={"x-zc-action": NICS})
    assert (answer.status_code, answer.json()["code"]) == (400, "INVALID_PARAMETER_EXCEED_LENGTH")
    assert _post(client, NICS).status_code == 200


def test_body_just_too_large(served: tuple[Emulator, httpx.Client]) -> None:
    """A body that ends, a little above what is read, gets its answer."""
    _, client = served
    answer = client.post("/api/v2/zec", content=b" " * ((4 << 20) + 1), headers={"x-zc-action": NICS})
    assert (answer.status_code, answer.json()["code"]) == (400, "INVALID_PARAMETER_EXCEED_LENGTH")


def test_large_account_over_the_control_path(served: tuple[Emulator, httpx.Client]) -> None:
    """An exported account may be larger than any call: what was given comes back."""
    emulator, client = served
    key = {"authorization": f"Bearer {emulator.control_token}"}
    given = client.get("/_zecnb/state", headers=key).json()["response"]["state"]
    body = json.dumps(given).encode() + b" " * (8 << 20)
    assert client.put("/_zecnb/state", content=body, headers=key).status_code == 200
    assert client.post("/_zecnb/faults", content=body, headers=key).status_code == 400


def test_chunked_body(served: tuple[Emulator, httpx.Client]) -> None:
    """A body in pieces is put together."""
    _, client = served
    answer = client.post("/api/v2/zec", content=iter([b'{"page', b'Size": 3}']), headers={"x-zc-action": NICS})
    assert len(answer.json()["response"]["dataSet"]) == 3


def test_client_that_hangs_up(served: tuple[Emulator, httpx.Client]) -> None:
    """A client that goes away in the middle of its request does no harm."""
    emulator, client = served
    port = int(emulator.url.rpartition(":")[2])
    with socket.create_connection(("127.0.0.1", port), timeout=5) as half:
        half.sendall(b"POST /api/v2/zec HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 100\r\n\r\n{")
    assert _post(client, NICS).status_code == 200


def test_many_clients_at_once() -> None:
    """16 clients on real connections: no address is given twice, and each answer is the client's own."""
    with Account() as account:
        subnet = account.subnet("10.0.0.0/22")
        nics = [account.nic(subnet) for _ in range(16)]
        emulator = account.emulator.start()

        def run(nic: str) -> list[str]:
            with _client(emulator.url, emulator.token) as client:
                answers = [_post(client, ASSIGN, nicId=nic, ipAddressCount=3) for _ in range(3)]
            return [each for answer in answers for each in answer.json()["response"]["ipAddresses"]]

        with ThreadPoolExecutor(16) as pool:
            given = dict(zip(nics, pool.map(run, nics), strict=True))
        assert len({each for got in given.values() for each in got}) == 16 * 9
        assert all(account.show(nic)["secondaryIpv4s"] == got for nic, got in given.items())


# -- starting and stopping -----------------------------------------------------------------------------------------


def test_port_can_be_chosen_and_is_freed() -> None:
    """The port asked for is the one it has; after stopping it is free again."""
    with Emulator("empty") as first:
        url = first.url
    with Emulator("empty", port=int(url.rpartition(":")[2])) as second:
        assert second.url == url
    assert not _reachable("127.0.0.1", url)


def test_port_that_is_taken(served: tuple[Emulator, httpx.Client]) -> None:
    """A port that is taken is an error at the start, which names it and leaves nothing on the disk."""
    taken = int(served[0].url.rpartition(":")[2])
    other = Emulator("empty", port=taken)
    folder = other.state._path.parent
    assert folder.exists()
    with pytest.raises(OSError, match=f"127.0.0.1 port {taken}: .*in use"):
        other.start()
    assert not folder.exists()


def test_stopping_ends_its_thread() -> None:
    """After stopping there is no thread of it, and stopping again does nothing."""
    with Emulator("empty") as emulator:
        assert any(each.name == "zecnb-emulator" for each in threading.enumerate())
        mine = emulator._thread
    assert mine is not None
    assert not mine.is_alive()
    emulator.stop()
    assert repr(emulator) == "Emulator(not started)"


def _call_under_way(emulator: Emulator, pool: ThreadPoolExecutor) -> Future[httpx.Response]:
    """Begin a call that waits for an hour; return when it does."""
    fault = emulator.faults.add("latency", "CreateVpc", seconds=3600)

    def call() -> httpx.Response:
        with _client(emulator.url, emulator.token) as client:
            return _post(client, "CreateVpc", name="late", cidrBlock="10.0.0.0/16", mtu=1500)

    answer = pool.submit(call)
    while not emulator.faults.fired(fault):
        time.sleep(0.01)
    return answer


def test_stopping_answers_the_call_under_way(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """A scripted wait ends at once, the call is done and answered, and what was answered is kept."""
    db = tmp_path / "account.sqlite"
    with caplog.at_level(logging.WARNING), ThreadPoolExecutor(1) as pool:
        with Emulator("empty", db=db) as emulator:
            answer = _call_under_way(emulator, pool)
        made = answer.result(timeout=10).json()["response"]["vpcId"]
    assert caplog.records == []
    with Account(db=db) as account:
        assert [each["vpcId"] for each in account.ask("DescribeVpcs")["dataSet"]] == [made]


def test_stopping_lets_half_a_request_go(caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who does not end its request in the few seconds there are is let go, without a word in the log."""
    monkeypatch.setattr("zecnb.emulator.server._GRACE", 0.05)
    with caplog.at_level(logging.WARNING), Emulator("empty") as emulator:
        port = int(emulator.url.rpartition(":")[2])
        half = socket.create_connection(("127.0.0.1", port), timeout=10)
        half.sendall(b"POST /api/v2/zec HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 100\r\n\r\n{")
        assert emulator._server is not None
        while not emulator._server.server_state.tasks:
            time.sleep(0.01)
    with half, contextlib.suppress(ConnectionResetError):
        assert half.recv(100) == b""
    assert caplog.records == []


def test_what_is_stopped_stays_so(tmp_path: Path) -> None:
    """After stopping every call is refused in JSON, nothing is written any more, and it does not start again."""
    db = tmp_path / "account.sqlite"
    account = Account(db=db)
    account.emulator.stop()
    status, content = account.call("CreateVpc", name="late", cidrBlock="10.0.0.0/16", mtu=1500)
    assert (status, content["code"]) == (503, "SERVICE_TEMPORARY_UNAVAILABLE")
    with pytest.raises(ValueError, match="make another"):
        account.emulator.start()
    with Account(db=db) as again:
        assert again.ask("DescribeVpcs")["totalCount"] == 0


def test_terminated_command_ends_well() -> None:
    """SIGTERM ends the command with 0."""
    with _command("--seed", "empty") as (process, access):
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0
        assert not _reachable("127.0.0.1", access["url"])


# -- what outlives the process -------------------------------------------------------------------------------------


def test_answered_calls_survive_a_kill(tmp_path: Path) -> None:
    """What was answered before SIGKILL is there after it, and the next start has other credentials."""
    db = str(tmp_path / "account.sqlite")
    with _command("--db", db, "--seed", "random:1:3") as (process, first):
        with _client(first["url"], first["token"]) as client:
            nic = _post(client, NICS).json()["response"]["dataSet"][0]["nicId"]
            got = _post(client, ASSIGN, nicId=nic, ipAddressCount=3).json()["response"]["ipAddresses"]
            os.kill(process.pid, signal.SIGKILL)
        assert process.wait(10) == -signal.SIGKILL
    with _command("--db", db) as (_, second), _client(second["url"], second["token"]) as client:
        [shown] = _post(client, NICS, nicIds=[nic]).json()["response"]["dataSet"]
        assert shown["secondaryIpv4s"][-3:] == got
        assert not set(first.values()) & set(second.values())


def test_kill_in_the_middle_of_writing(tmp_path: Path) -> None:
    """Killed while calls are under way: every answered call is whole, and no call is half there."""
    with Account(db=tmp_path / "account.sqlite") as account:
        subnet = account.subnet("10.0.0.0/20")
        nics = [account.nic(subnet) for _ in range(400)]
    answered: dict[str, list[str]] = {}
    with _command("--db", str(tmp_path / "account.sqlite")) as (process, access):
        with _client(access["url"], access["token"]) as client:
            enough = threading.Event()

            def call(nic: str) -> None:
                try:
                    answered[nic] = _post(client, ASSIGN, nicId=nic, ipAddressCount=4).json()["response"]["ipAddresses"]
                except httpx.TransportError:
                    return
                if len(answered) >= 40:
                    enough.set()

            with ThreadPoolExecutor(4) as pool:
                for nic in nics:
                    pool.submit(call, nic)
                assert enough.wait(30)
                os.kill(process.pid, signal.SIGKILL)
        assert process.wait(10) == -signal.SIGKILL
    assert 40 <= len(answered) < 400
    with Account(db=tmp_path / "account.sqlite") as account:
        shown = {nic: account.show(nic)["secondaryIpv4s"] for nic in nics}
    assert {len(each) for each in shown.values()} == {0, 4}
    assert all(shown[nic] == got for nic, got in answered.items())
    given = [address for each in shown.values() for address in each]
    assert len(given) == len(set(given))


def test_kill_while_the_account_is_made(tmp_path: Path) -> None:
    """Killed before it was ready, it leaves no account that lacks half of its resources."""
    db = tmp_path / "account.sqlite"
    script = (
        "import os, signal, sys\n"
        "from zecnb.emulator import Emulator, seeds\n"
        "def killed(*_): os.kill(os.getpid(), signal.SIGKILL)\n"
        "seeds.resources.bind_eip = killed\n"
        "Emulator('demo', db=sys.argv[1])\n"
    )
    environment = {**os.environ, "TMPDIR": str(tmp_path)}  # what it leaves goes with the test
    done = subprocess.run([sys.executable, "-c", script, str(db)], check=False, timeout=60, env=environment)
    assert done.returncode == -signal.SIGKILL
    with Account(seed="demo", db=db) as account, Account(seed="demo") as fresh:
        assert account.everything() == fresh.everything()


# -- it stands alone -----------------------------------------------------------------------------------------------


def test_it_shares_nothing_with_the_rest() -> None:
    """It imports only itself and what serves HTTP or reads files: a rule it shared could not judge the planner."""
    known = {*sys.stdlib_module_names, "uvicorn", "starlette", "h11", "trustme", "pyarrow", "msgspec"}
    for path in Path(zecnb.emulator.__file__).parent.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [each.name for each in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom):
                assert node.level == 0, path.name
                names = [str(node.module)]
            for name in names:
                own = name == "zecnb.emulator" or name.startswith("zecnb.emulator.")
                assert own or name.split(".")[0] in known, (
                    path.name,
                    name,
                )


def test_importing_it_loads_nothing_of_the_rest() -> None:
    """Starting it loads neither client nor planner, nor pandas for them."""
    script = "import sys, zecnb.emulator; print([n for n in sys.modules if n.startswith(('zecnb', 'pandas', 'numpy'))])"
    done = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True, timeout=60)
    loaded = ast.literal_eval(done.stdout)
    assert [each for each in loaded if not each.startswith("zecnb.emulator") and each != "zecnb"] == []
