"""Scripted faults: when they strike, and what a client meets on the wire."""

from __future__ import annotations

import contextlib
import logging
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from tests.emulator.account import ASSIGN, NICS, Account
from zecnb.emulator.faults import KINDS, Faults

if TYPE_CHECKING:
    from collections.abc import Iterator

    from zecnb.emulator.state import State

# -- when ----------------------------------------------------------------------------------------------------------


def _struck(faults: Faults, calls: int, action: str = "A") -> list[bool]:
    return [bool(faults.strike(action)) for _ in range(calls)]


def test_strikes_once_unless_told_otherwise() -> None:
    """A fault strikes the next call, and then is spent."""
    faults = Faults()
    faults.add("error")
    assert _struck(faults, 3) == [True, False, False]


def test_times() -> None:
    """It strikes as often as it is told; 0 is always."""
    faults = Faults()
    twice = faults.add("error", times=2)
    assert _struck(faults, 3) == [True, True, False]
    assert faults.fired(twice) == 2
    faults.add("error", times=0)
    assert all(_struck(faults, 20))


def test_nth_call_of_its_action() -> None:
    """The nth call is counted from when the fault was added, and only calls of its action."""
    faults = Faults()
    faults.strike("A")
    faults.add("error", "A", nth=2, times=0)
    assert [bool(faults.strike(action)) for action in ("A", "B", "A", "A")] == [False, False, True, False]


def test_other_actions_are_spared() -> None:
    """A fault of one action does not strike another; one without an action strikes all."""
    faults = Faults()
    faults.add("error", "A", times=0)
    assert (_struck(faults, 2, "B"), _struck(faults, 1)) == ([False, False], [True])
    faults = Faults()
    faults.add("latency", "A", times=0)
    faults.add("garbage", times=0)
    assert [[fault.kind for fault in faults.strike(action)] for action in "AB"] == [["latency", "garbage"], ["garbage"]]


@pytest.mark.parametrize(
    ("kinds", "acting"),
    [
        (["error", "throttle"], [0]),
        (["latency", "error", "latency"], [0, 1]),
        (["reset_after", "actor_before", "throttle"], [1, 2]),
        (["lag", "reset_after", "error_after", "actor_after"], [0, 1, 3]),
        (["error_after", "reset_after"], [0, 1]),
    ],
)
def test_faults_that_come_too_late_are_not_used_up(kinds: list[str], acting: list[int]) -> None:
    """What a fault before it leaves nothing to act on is kept for the next call, and does not count as fired."""
    faults = Faults()
    numbers = [faults.add(kind) for kind in kinds]
    assert [fault.kind for fault in faults.strike(ASSIGN)] == [kinds[at] for at in acting]
    assert [at for at, number in enumerate(numbers) if faults.fired(number)] == acting


def test_one_fault_after_the_other(account: Account) -> None:
    """Two that answer in place of the API strike two calls."""
    account.emulator.faults.add("error", NICS)
    account.emulator.faults.add("throttle", NICS)
    assert [account.call(NICS)[0] for _ in range(3)] == [500, 429, 200]


def test_probability_is_repeatable() -> None:
    """By chance, but the same chance each time."""
    runs = []
    for _ in range(2):
        faults = Faults(seed=7)
        faults.add("error", times=0, probability=0.3)
        runs.append(_struck(faults, 200))
    assert runs[0] == runs[1]
    assert 40 < sum(runs[0]) < 80


def test_clear_takes_all_back() -> None:
    """After clearing nothing strikes; calls are counted on."""
    faults = Faults()
    faults.add("error", times=0)
    faults.clear()
    assert _struck(faults, 2) == [False, False]
    assert faults.calls["A"] == 2


def test_unknown_kind() -> None:
    """A kind that is none is refused, and the kinds are named."""
    with pytest.raises(ValueError, match=r"latency, error.*'flood'"):
        Faults().add("flood")


def test_lag_where_nothing_can_lag() -> None:
    """Only what is assigned or released shows later: other calls do not use the fault up, and cannot be named."""
    faults = Faults()
    number = faults.add("lag", seconds=5)
    assert _struck(faults, 3, "CreateHaVip") == [False, False, False]
    assert [fault.kind for fault in faults.strike(ASSIGN)] == ["lag"]
    assert faults.fired(number) == 1
    with pytest.raises(ValueError, match=r"BatchAssign.* can show later"):
        faults.add("lag", "CreateHaVip", seconds=5)


# -- what ----------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def served() -> Iterator[tuple[Account, str, httpx.Client]]:
    """An emulator on a port with one vNIC, and a client with the token."""
    with Account() as account:
        nic = account.nic(account.subnet("10.0.0.0/20"))
        emulator = account.emulator.start()
        headers = {"authorization": f"Bearer {emulator.token}", "content-type": "application/json"}
        with httpx.Client(base_url=emulator.url, headers=headers, timeout=5, trust_env=False) as client:
            _post(client, NICS)  # its worker thread starts outside of any test
            yield account, nic, client


@pytest.fixture
def live(served: tuple[Account, str, httpx.Client]) -> Iterator[tuple[Account, str, httpx.Client]]:
    """The same without faults, the vNIC with nothing but its primary."""
    account, _, _ = served
    account.emulator.faults.clear()
    with account.state.write() as connection:
        connection.execute("DELETE FROM held WHERE kind != 'primary'")
    yield served
    account.emulator.faults.clear()


def _post(client: httpx.Client, action: str, **body: Any) -> httpx.Response:
    return client.post("/api/v2/zec", json=body, headers={"x-zc-action": action})


def _assign(client: httpx.Client, nic: str) -> httpx.Response:
    return _post(client, ASSIGN, nicId=nic, ipAddresses=["10.0.0.9"])


def _has(account: Account, nic: str) -> bool:
    return account.show(nic)["secondaryIpv4s"] == ["10.0.0.9"]


def test_latency(live: tuple[Account, str, httpx.Client]) -> None:
    """The call waits, and then is done as if nothing were."""
    account, nic, client = live
    account.emulator.faults.add("latency", ASSIGN, seconds=0.15)
    begun = time.monotonic()
    assert _assign(client, nic).status_code == 200
    assert time.monotonic() - begun >= 0.15


@pytest.mark.parametrize(("kind", "done"), [("error", False), ("error_after", True)])
def test_errors(live: tuple[Account, str, httpx.Client], kind: str, done: bool) -> None:
    """An error is answered with the scripted code and status; the call is done or not, by kind."""
    account, nic, client = live
    account.emulator.faults.add(kind, ASSIGN, code="SERVICE_TEMPORARY_UNAVAILABLE")
    answer = _assign(client, nic)
    assert (answer.status_code, answer.json()["code"]) == (503, "SERVICE_TEMPORARY_UNAVAILABLE")
    assert set(answer.json()) == {"requestId", "code", "message"}
    assert _has(account, nic) is done


def test_error_with_any_status(live: tuple[Account, str, httpx.Client]) -> None:
    """The status may be another than the code's own."""
    account, nic, client = live
    account.emulator.faults.add("error", ASSIGN, code="INVALID_OPERATION_TIMEOUT", status=502)
    assert _assign(client, nic).status_code == 502


@pytest.mark.parametrize(("seconds", "header"), [(0.0, None), (2.0, "2"), (0.5, "1")])
def test_throttle(live: tuple[Account, str, httpx.Client], seconds: float, header: str | None) -> None:
    """429 with its code, a Retry-After in whole seconds when told, and nothing is done."""
    account, nic, client = live
    account.emulator.faults.add("throttle", ASSIGN, seconds=seconds)
    answer = _assign(client, nic)
    assert (answer.status_code, answer.json()["code"]) == (429, "REQUEST_LIMIT_EXCEEDED")
    assert answer.headers.get("retry-after") == header
    assert not _has(account, nic)


@pytest.mark.parametrize(
    ("kind", "done"),
    [("timeout_before", False), ("timeout_after", True), ("reset_before", False), ("reset_after", True)],
)
def test_no_answer(live: tuple[Account, str, httpx.Client], kind: str, done: bool) -> None:
    """The connection breaks without an answer; the call is done or not, by kind; the next call is answered."""
    account, nic, client = live
    account.emulator.faults.add(kind, ASSIGN, seconds=0.05)
    with pytest.raises((httpx.ReadError, httpx.RemoteProtocolError)):
        _assign(client, nic)
    assert _has(account, nic) is done
    assert _post(client, NICS).status_code == 200


@pytest.mark.parametrize("kind", ["timeout_before", "timeout_after"])
def test_client_stops_waiting(live: tuple[Account, str, httpx.Client], kind: str) -> None:
    """A client with less patience than the fault meets its own timeout."""
    account, nic, client = live
    account.emulator.faults.add(kind, ASSIGN, seconds=0.4)
    with pytest.raises(httpx.ReadTimeout):
        client.post(
            "/api/v2/zec",
            json={"nicId": nic, "ipAddresses": ["10.0.0.9"]},
            headers={"x-zc-action": ASSIGN},
            timeout=httpx.Timeout(10, read=0.1),
        )
    deadline = time.monotonic() + 30
    while kind == "timeout_after" and not _has(account, nic) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert _has(account, nic) is (kind == "timeout_after")
    time.sleep(0.4)  # the fault ends inside its test


def test_many_calls_wait_at_once(live: tuple[Account, str, httpx.Client]) -> None:
    """More calls than there are threads wait, others are answered meanwhile, and clearing the faults ends the waits."""
    account, _, client = live
    number = account.emulator.faults.add("timeout_before", NICS, seconds=3600, times=0)
    key = {"authorization": f"Bearer {account.emulator.control_token}"}
    with ThreadPoolExecutor(60) as pool:
        waiting = [pool.submit(_post, client, NICS) for _ in range(60)]
        while account.emulator.faults.fired(number) < 60:
            time.sleep(0.01)
        assert _post(client, "DescribeVpcs").status_code == 200
        assert client.delete("/_zecnb/faults", headers=key).status_code == 200
        assert {type(each.exception(timeout=30)) for each in waiting} <= {httpx.ReadError, httpx.RemoteProtocolError}
    assert _post(client, NICS).status_code == 200


def test_truncated(live: tuple[Account, str, httpx.Client]) -> None:
    """Half an answer: fewer bytes come than were announced, though the call is done."""
    account, nic, client = live
    account.emulator.faults.add("truncated", ASSIGN)
    with pytest.raises(httpx.RemoteProtocolError, match=r"incomplete|without sending complete"):
        _assign(client, nic)
    assert _has(account, nic)


@pytest.mark.parametrize("kind", ["timeout_before", "timeout_after", "reset_before", "reset_after", "truncated"])
def test_broken_connections_are_no_defects(
    live: tuple[Account, str, httpx.Client], kind: str, caplog: pytest.LogCaptureFixture
) -> None:
    """What was asked for is not logged as an error of the server: whoever scripts faults reads no tracebacks."""
    account, nic, client = live
    account.emulator.faults.add(kind, ASSIGN)
    with caplog.at_level(logging.INFO), pytest.raises(httpx.TransportError):
        _assign(client, nic)
    assert _post(client, NICS).status_code == 200
    assert [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING] == []


def test_half_an_answer_does_arrive(live: tuple[Account, str, httpx.Client]) -> None:
    """The first half of a truncated answer reaches the client, and is the half of one."""
    account, _, client = live
    account.emulator.faults.add("truncated", NICS)
    request = client.build_request("POST", "/api/v2/zec", json={}, headers={"x-zc-action": NICS})
    response = client.send(request, stream=True)
    heard: list[bytes] = []
    with pytest.raises(httpx.RemoteProtocolError):
        heard.extend(response.iter_raw(chunk_size=1))
    assert b"".join(heard).startswith(b'{"requestId":"T')
    assert int(response.headers["content-length"]) // 2 == len(heard)


def test_garbage(live: tuple[Account, str, httpx.Client]) -> None:
    """200 and no JSON, though the call is done."""
    account, nic, client = live
    account.emulator.faults.add("garbage", ASSIGN)
    answer = _assign(client, nic)
    assert answer.status_code == 200
    with pytest.raises(ValueError, match=r"codec|Expecting"):
        answer.json()
    assert _has(account, nic)


@pytest.mark.parametrize(("kind", "status"), [("challenge", 403), ("blocked", 451)])
def test_edges(live: tuple[Account, str, httpx.Client], kind: str, status: int) -> None:
    """An edge answers HTML in place of the API, and nothing is done; a challenge is marked in lower case."""
    account, nic, client = live
    account.emulator.faults.add(kind, ASSIGN)
    answer = _assign(client, nic)
    assert (answer.status_code, answer.headers["content-type"].partition(";")[0]) == (status, "text/html")
    marks = [(name, value) for name, value in answer.headers.raw if name.lower() == b"cf-mitigated"]
    assert marks == ([(b"cf-mitigated", b"challenge")] if kind == "challenge" else [])
    assert not _has(account, nic)


def test_lag_on_the_wire(live: tuple[Account, str, httpx.Client]) -> None:
    """The call is answered as ever, and a listing right after does not show it yet."""
    account, nic, client = live
    account.emulator.faults.add("lag", ASSIGN, seconds=60)
    assert _assign(client, nic).json()["response"]["ipAddresses"] == ["10.0.0.9"]
    assert _post(client, NICS, nicIds=[nic]).json()["response"]["dataSet"][0]["secondaryIpv4s"] == []


@pytest.mark.parametrize(("kind", "status"), [("actor_before", 409), ("actor_after", 200)])
def test_colleagues(live: tuple[Account, str, httpx.Client], kind: str, status: int) -> None:
    """A colleague acts before the call, or between the call and its answer."""
    account, nic, client = live
    seen: list[int] = []

    def take(state: State) -> None:
        row = state.row("SELECT subnet_id FROM nic WHERE id = ?", nic)
        assert row is not None
        seen.append(state.usage(row["subnet_id"]))
        if kind == "actor_before":
            with state.write():
                state.hold(row["subnet_id"], 0x0A000009, "hidden", "")

    account.emulator.faults.add(kind, ASSIGN, actor=take)
    assert _assign(client, nic).status_code == status
    assert seen == [1 if kind == "actor_before" else 2]


def test_two_faults_at_once(live: tuple[Account, str, httpx.Client]) -> None:
    """Faults add up: a colleague acts, and the answer is lost."""
    account, nic, client = live
    acted: list[int] = []
    account.emulator.faults.add("actor_before", ASSIGN, actor=lambda _: acted.append(1))
    account.emulator.faults.add("reset_after", ASSIGN)
    with pytest.raises((httpx.ReadError, httpx.RemoteProtocolError)):
        _assign(client, nic)
    assert (acted, _has(account, nic)) == ([1], True)


def test_two_colleagues_at_once(live: tuple[Account, str, httpx.Client]) -> None:
    """Two faults of one kind both strike."""
    account, nic, client = live
    acted: list[str] = []
    for name in "ab":
        account.emulator.faults.add("actor_before", ASSIGN, actor=lambda _, name=name: acted.append(name))
    assert _assign(client, nic).status_code == 200
    assert acted == ["a", "b"]


def test_every_kind_does_something(live: tuple[Account, str, httpx.Client]) -> None:
    """No kind is accepted and then forgotten: each strikes, and the emulator answers afterwards."""
    account, nic, client = live
    for kind in KINDS:
        number = account.emulator.faults.add(kind, ASSIGN, seconds=0.01, actor=lambda _: None)
        with contextlib.suppress(httpx.TransportError):
            _assign(client, nic)
        assert account.emulator.faults.fired(number) == 1
    assert _post(client, NICS).status_code == 200
