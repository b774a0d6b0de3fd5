"""Credentials that are easy to search for, scripted answers, and a clock that tests move."""

from __future__ import annotations

import json
import threading
from typing import TYPE_CHECKING, Any

import httpx

from zecnb.cloud.client import Client
from zecnb.cloud.settings import Settings, resolve
from zecnb.emulator.wire import Request

if TYPE_CHECKING:
    from collections.abc import Callable

    from zecnb.emulator import Emulator

KEY_ID = "KEY-ID-IN-THE-CLEAR"
PASSWORD = "PASSWORD-IN-THE-CLEAR"
TOKEN = "TOKEN-IN-THE-CLEAR"
REQUEST_ID = "T05992D0C-7E8B-4047-B0C0-780F2CD549D3"
NOWHERE = "http://127.0.0.1:1"
"""An endpoint that a scripted transport stands in front of; nothing listens there."""

NICS = "DescribeNetworkInterfaces"
ASSIGN = "BatchAssignNetworkInterfaceIpv4"


def ok(payload: dict[str, Any] | None = None) -> httpx.Response:
    """Return a success (contract.md 1)."""
    return httpx.Response(200, json={"requestId": REQUEST_ID, "response": {"requestId": REQUEST_ID, **(payload or {})}})


def failed(status: int, code: str, **headers: str) -> httpx.Response:
    """Return a failure (contract.md 1); ``retry_after="2"`` is a header."""
    shown = {name.replace("_", "-"): value for name, value in headers.items()}
    return httpx.Response(
        status, json={"requestId": REQUEST_ID, "code": code, "message": f"said `{code}`"}, headers=shown
    )


def vpcs(first: int, count: int, total: int) -> httpx.Response:
    """Return a page of ``DescribeVpcs`` with ids ``vpc-<first>`` and on."""
    return ok({"totalCount": total, "dataSet": [{"vpcId": f"vpc-{n}"} for n in range(first, first + count)]})


class Script:
    """Gives answers in turn, the last one for ever; raises those that are exceptions; remembers what was asked."""

    def __init__(self, *answers: httpx.Response | Exception | Callable[[dict[str, Any]], httpx.Response]) -> None:
        self._answers = list(answers)
        self._lock = threading.Lock()
        self.requests: list[httpx.Request] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        """Answer a request."""
        with self._lock:
            self.requests.append(request)
            answer = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
        if isinstance(answer, Exception):
            raise answer
        if not isinstance(answer, httpx.Response):
            return answer(json.loads(request.content))
        return httpx.Response(answer.status_code, headers=answer.headers, content=answer.content)

    @property
    def bodies(self) -> list[dict[str, Any]]:
        """What was asked, in order."""
        return [json.loads(request.content) for request in self.requests]

    @property
    def actions(self) -> list[str]:
        """Which actions were asked for, in order."""
        return [request.headers["x-zc-action"] for request in self.requests]


class FakeTime:
    """A monotonic clock that only sleeping moves."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.slept: list[float] = []

    def read(self) -> float:
        """Return seconds."""
        return self.now

    def sleep(self, seconds: float) -> None:
        """Wait in no time."""
        self.slept.append(seconds)
        self.now += seconds


def settings() -> Settings:
    """Return settings with the access key of this module."""
    return resolve(access_key_id=KEY_ID, access_key_password=PASSWORD, endpoint=NOWHERE)


def scripted(
    handler: Callable[[httpx.Request], httpx.Response], time: FakeTime | None = None, **options: Any
) -> Client:
    """Return a client whose calls a function answers."""
    fake = time or FakeTime()
    return Client(settings(), transport=httpx.MockTransport(handler), clock=fake.read, sleep=fake.sleep, **options)


def connected(emulator: Emulator, **options: Any) -> Client:
    """Return a client of a running emulator, over HTTP."""
    keys = {"access_key_id": emulator.access_key_id, "access_key_password": emulator.access_key_password}
    return Client(resolve(**keys, endpoint=emulator.url), **options)


def beside(emulator: Emulator, instead: Callable[[httpx.Request], httpx.Response | None], **options: Any) -> Client:
    """Return a client of an emulator without sockets; ``instead`` may answer in its place."""

    def answer(request: httpx.Request) -> httpx.Response:
        given = instead(request)
        if given is not None:
            return given
        headers = {name.lower(): value for name, value in request.headers.items()}
        answer = emulator.handle(Request(request.method, request.url.path, headers, request.content))
        return httpx.Response(answer.status, headers=answer.headers, content=answer.body)

    keys = {"access_key_id": emulator.access_key_id, "access_key_password": emulator.access_key_password}
    return Client(resolve(**keys, endpoint=NOWHERE), transport=httpx.MockTransport(answer), **options)
