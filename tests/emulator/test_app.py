"""One callable from request to response: bodies, methods, rates, and defects of its own."""

from __future__ import annotations

import json
import logging
import re
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from tests.emulator.account import ASSIGN, NICS, UNASSIGN, Account
from zecnb.emulator import Settings
from zecnb.emulator.app import App
from zecnb.emulator.auth import Keys
from zecnb.emulator.faults import Faults
from zecnb.emulator.state import State
from zecnb.emulator.wire import Request

if TYPE_CHECKING:
    from collections.abc import Iterator

REQUEST_ID = r"T[0-9A-F]{8}-[0-9A-F]{4}-4[0-9A-F]{3}-[89AB][0-9A-F]{3}-[0-9A-F]{12}"
TOKEN = {"authorization": "Bearer t", "x-zc-action": NICS, "content-type": "application/json"}


@pytest.fixture
def timed() -> Iterator[tuple[App, Faults, list[float]]]:
    """An app that does not sleep but notes for how long it would."""
    state, faults, slept = State(), Faults(), []
    yield App(state, Keys("k", "p", "t"), faults, sleep=slept.append), faults, slept
    state.close()


def test_envelope_of_success(account: Account) -> None:
    """Outer and inner request id are the same, and another one each time."""
    seen = set()
    for _ in range(3):
        status, content = account.call(NICS)
        assert status == 200
        assert set(content) == {"requestId", "response"}
        assert content["response"]["requestId"] == content["requestId"]
        assert re.fullmatch(REQUEST_ID, content["requestId"])
        seen.add(content["requestId"])
    assert len(seen) == 3


def test_envelope_of_failure(account: Account) -> None:
    """Request id, code and message, and nothing else."""
    _, content = account.call(ASSIGN, nicId="nobody", ipAddressCount=1)
    assert set(content) == {"requestId", "code", "message"}
    assert re.fullmatch(REQUEST_ID, content["requestId"])


@pytest.mark.parametrize(
    "body",
    [b"{", b"nicId=1", b"[]", b'"text"', b"1", b"null", b"\xff\xfe{}", b'{"a": "\xe9"}', b"{} {}", b"[" * 100_000,
     b"1" * 10_000],
)  # fmt: skip
def test_bodies_that_are_no_object(account: Account, body: bytes) -> None:
    """What is no JSON object in UTF-8 has a code of the caller's fault."""
    status, content = account.send(body)
    assert (status, content["code"]) == (400, "INVALID_PARAMETER_TYPE")


def test_empty_body(account: Account) -> None:
    """No body is a body without parameters."""
    assert account.send(b"", {"x-zc-action": NICS})[0] == 200


def test_oversized_body(account: Account) -> None:
    """More than four megabytes are not read as JSON."""
    status, content = account.send(b'{"nicId": "' + b"1" * (4 << 20) + b'"}')
    assert (status, content["code"]) == (400, "INVALID_PARAMETER_EXCEED_LENGTH")


@pytest.mark.parametrize("amount", [10_000, 10_001, 60_000])
def test_long_list_of_addresses(account: Account, amount: int) -> None:
    """Thousands of addresses in one call are judged like any others (A20)."""
    nic = account.nic(account.subnet("10.0.0.0/16"))
    wanted = [f"10.0.{n >> 8}.{n & 255}" for n in range(1024, 1024 + amount)]
    code = account.code(ASSIGN, nicId=nic, ipAddresses=wanted)
    assert code == "OPERATION_DENIED_NIC_ATTACH_LAN_IP_EXCEED_LIMIT"


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "OPTIONS"])
def test_only_post(account: Account, method: str) -> None:
    """Other methods are not served, even with a good token."""
    headers = {"authorization": f"Bearer {account.emulator.token}", "x-zc-action": NICS}
    answer = account.emulator.handle(Request(method, "/api/v2/zec", headers))
    assert (answer.status, json.loads(answer.body)["code"]) == (403, "AUTHFAILURE_UNAUTHORIZED_OPERATION")


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ("application/json", "OK"),
        ("application/json; charset=utf-8", "OK"),
        ("Application/JSON;charset=UTF-8", "OK"),
        ("", "INVALID_PARAMETER_TYPE"),
        ("text/plain", "INVALID_PARAMETER_TYPE"),
        ("application/json; charset=latin-1", "INVALID_PARAMETER_TYPE"),
    ],
)
def test_content_type(account: Account, given: str, code: str) -> None:
    """Bodies are JSON in UTF-8 and say so, in the forms that official clients send (contract.md 1)."""
    _, content = account.send(b"{}", {"x-zc-action": NICS, "content-type": given})
    assert content.get("code", "OK") == code


def test_parameter_without_effect_is_logged(account: Account, caplog: pytest.LogCaptureFixture) -> None:
    """A parameter that changes nothing here is taken, and whoever runs the emulator is told so."""
    with caplog.at_level(logging.WARNING, "zecnb.emulator"):
        asked = {"regionId": "asia-east-1", "name": "eip", "internetChargeType": "ByBandwidth"}
        account.ask("CreateEips", **asked, instanceIds=["1"], publicIp="203.0.113.1")
    assert [record.getMessage() for record in caplog.records] == [
        "publicIp and instanceIds changes nothing here: it is unimplemented"
    ]


def test_unknown_action_is_logged(account: Account, caplog: pytest.LogCaptureFixture) -> None:
    """Whoever runs the emulator sees what a client missed; the name is cut and cannot forge a line."""
    with caplog.at_level(logging.WARNING, "zecnb.emulator"):
        account.call("NoSuch\nAction" + "x" * 500)
    [record] = caplog.records
    assert "unimplemented here" in record.getMessage()
    assert "`NoSuch\\nAction" in record.getMessage()
    assert len(record.getMessage()) < 250


def test_spelling_of_the_older_version(account: Account) -> None:
    """The release as version 2024-04-01's clients spell it is the same action to faults; newer clients write it so."""
    nic = account.nic(account.subnet(), "10.0.1.9")
    asked = {"nicId": nic, "ipAddresses": ["10.0.1.9"]}
    account.emulator.faults.add("error", UNASSIGN, code="SERVICE_TEMPORARY_UNAVAILABLE")
    statuses = [account.call("UnAssignNetworkInterfaceIpv4", version="2024-04-01", **asked)[0] for _ in range(2)]
    assert statuses == [503, 200]
    assert account.call("UnAssignNetworkInterfaceIpv4", version="2025-09-01", **asked)[0] == 403


def test_own_defect_is_answered_and_logged(
    account: Account, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A defect inside is 500 with the usual envelope, a trace in the log, and no detail in the answer."""

    def broken(*_: object) -> None:
        raise ZeroDivisionError("the secret reason")

    monkeypatch.setattr(account.state, "rows", broken)
    with caplog.at_level(logging.ERROR, "zecnb.emulator"):
        status, content = account.call(NICS)
    assert (status, content["code"]) == (500, "INTERNAL_SERVER_ERROR")
    assert "secret" not in json.dumps(content)
    assert "ZeroDivisionError" in caplog.text


def test_stopped_in_the_middle_is_no_defect(
    account: Account, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A read that loses its connection because the emulator stops is answered so, and nothing is logged."""

    def closing(*_: object) -> None:
        account.state.close()
        raise sqlite3.ProgrammingError("Cannot operate on a closed database.")

    monkeypatch.setattr(account.state, "rows", closing)
    status, content = account.call(NICS)
    assert (status, content["code"]) == (503, "SERVICE_TEMPORARY_UNAVAILABLE")
    assert caplog.records == []


def test_credentials_are_not_logged(account: Account, caplog: pytest.LogCaptureFixture) -> None:
    """No log line has the token."""
    with caplog.at_level(logging.DEBUG):
        account.call("NoSuchAction")
        account.call(NICS)
    assert account.emulator.token not in caplog.text


def test_rate_per_action() -> None:
    """With a rate, the call too many in a second is throttled, for its action alone, until the second is over (A22)."""
    now = [1000.0]
    with Account(settings=Settings(rate_per_second=3), clock=lambda: now[0]) as account:
        assert [account.call(NICS)[0] for _ in range(5)] == [200, 200, 200, 429, 429]
        assert account.code("DescribeVpcs") == "OK"
        now[0] += 0.9
        assert account.code(NICS) == "REQUEST_LIMIT_EXCEEDED"
        now[0] += 0.2
        assert account.code(NICS) == "OK"


@pytest.mark.parametrize(("rate", "admitted"), [(0.5, 5), (1.5, 15), (2.5, 25), (4.0, 40)])
def test_rate_that_is_no_whole_number(rate: float, admitted: int) -> None:
    """Ten seconds let ten times the rate through, fractions too."""
    now = [1000.0]
    with Account(settings=Settings(rate_per_second=rate), clock=lambda: now[0]) as account:
        statuses = []
        for tenth in range(100):
            now[0] = 1000.0 + tenth / 10
            statuses.append(account.call(NICS)[0])
    assert abs(statuses.count(200) - admitted) <= 1


def test_rate_off_by_default(account: Account) -> None:
    """Nobody is throttled unless it is wanted."""
    assert {account.call(NICS)[0] for _ in range(100)} == {200}


def test_rate_holds_for_many_threads() -> None:
    """Callers at the same time share the rate."""
    with (
        Account(settings=Settings(rate_per_second=5), clock=lambda: 1000.0) as account,
        ThreadPoolExecutor(16) as pool,
    ):
        statuses = list(pool.map(lambda _: account.call(NICS)[0], range(200)))
    assert (statuses.count(200), statuses.count(429)) == (5, 195)


@pytest.mark.parametrize(
    ("kind", "slept"), [("latency", [9.0]), ("timeout_before", [9.0]), ("timeout_after", [9.0]), ("lag", [])]
)
def test_waiting_kinds(timed: tuple[App, Faults, list[float]], kind: str, slept: list[float]) -> None:
    """Kinds that wait, wait as long as they are told, once."""
    app, faults, waits = timed
    faults.add(kind, seconds=9.0)
    app.handle(Request("POST", "/api/v2/zec", TOKEN))
    assert waits == slept


def test_refused_calls_do_not_use_faults_up(timed: tuple[App, Faults, list[float]]) -> None:
    """A call that is turned away, or names no action, does not count as one."""
    app, faults, _ = timed
    number = faults.add("error")
    app.handle(Request("POST", "/api/v2/zec", {**TOKEN, "authorization": "Bearer wrong"}))
    app.handle(Request("POST", "/api/v2/zec", {**TOKEN, "x-zc-action": "NoSuchAction"}))
    assert faults.fired(number) == 0
    assert sum(faults.calls.values()) == 0
