"""Malformed requests: ``python -m tests.fuzz --n 100000 --seed 1``.

Headers, JSON, types, unicode and sizes, most of them straight into the emulator, some as bytes over a socket. Exits 1
on a 5xx that was not asked for, an answer that is no error or success in the API's shape, a trace of the code in it,
a log line about a defect, or memory that grows.
"""

from __future__ import annotations

import argparse
import json
import logging
import random
import socket
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

from zecnb.emulator import Emulator
from zecnb.emulator.actions import _ZEC, _ZLB
from zecnb.emulator.wire import Request

ACTIONS = {**{name: ("zec", action) for name, action in _ZEC.items()}, **{n: ("zlb", a) for n, a in _ZLB.items()}}
ATOMS: list[Any] = [
    None, True, False, 0, -1, 1, 2**31, 2**63, 2**64, 10**40, -(10**40), 1.5, 1e308, -0.0, "", " ", "x", "\x00",
    "\ud800", "\udfff\ud800", "\u202e", "\U0001f600" * 3, "a" * 5000, "'; DROP TABLE nic; --", "%s%n",
    "../../etc/passwd", "{}", "[]", "10.0.0.5", "10.0.0.0/24", "10.0.0.300", "::1", "IPv4", "asia-east-1", "AVAILABLE",
    "1000000000000000000",
]  # fmt: skip
HEADERS = ("authorization", "content-type", "host", "x-zc-action", "x-zc-version", "x-zc-timestamp",
           "x-zc-service", "x-zc-signature-method", "content-length", "transfer-encoding", "expect", "connection",
           "\u00e9")  # fmt: skip
PATHS = ("/", "/_zecnb/faults", "/_zecnb/state", "/_zecnb/", "/api/v2/" + "x" * 3000, "//", "/%00")
SIGNED = "ZC2-HMAC-SHA256 Credential=x, SignedHeaders={names}, Signature={signature}"


class Fuzzer:
    """One emulator and what is thrown at it."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        self.emulator = Emulator("random:1:40", patience=2.0)
        self.known = [
            row["id"]
            for table in ("vpc", "subnet", "nic")
            for row in self.emulator.state.rows(f"SELECT id FROM {table}")
        ]
        self.seen: Counter[str] = Counter()

    # -- making requests -----------------------------------------------------------------------------------------

    def _value(self, depth: int = 0) -> Any:
        draw = self.chance.random()
        if depth < 3 and draw < 0.15:
            return [self._value(depth + 1) for _ in range(self.chance.choice((0, 1, 2, 3, 120)))]
        if depth < 3 and draw < 0.25:
            return {str(self._value(3)): self._value(depth + 1) for _ in range(self.chance.randint(0, 3))}
        if draw < 0.45:
            return self.chance.choice(self.known)
        if draw < 0.5:
            return "".join(chr(self.chance.randrange(0x110000)) for _ in range(self.chance.randint(1, 30)))
        return self.chance.choice(ATOMS)

    def _body(self, fields: list[str]) -> bytes:
        draw = self.chance.random()
        if draw < 0.05:
            return self.chance.randbytes(self.chance.choice((0, 1, 10, 1000)))
        if draw < 0.07:
            return b"[" * self.chance.choice((10, 100_000)) + b"1"
        if draw < 0.08:
            return b'{"pageSize": ' + b"9" * 5000 + b"}"
        if draw < 0.12:
            return json.dumps(self._value()).encode()
        content = {name: self._field(name) for name in fields if self.chance.random() < 0.7}
        text = json.dumps(content, ensure_ascii=self.chance.random() < 0.5).encode("utf-8", "surrogatepass")
        if draw < 0.2:
            at = self.chance.randrange(len(text) + 1)
            return text[:at] + self.chance.randbytes(self.chance.randint(0, 4)) + text[at + self.chance.randint(0, 3) :]
        return text

    def _field(self, name: str) -> Any:
        """Return a value for a parameter; for one that has parts, sometimes those parts with odd values."""
        parts = {"subnets": ("name", "regionId", "stackType", "cidrBlock", "ipv6Type"), "tags": ("key", "value")}
        if name not in parts or self.chance.random() < 0.3:
            return self._value()
        rows = [{part: self._value(2) for part in parts[name]} for _ in range(self.chance.choice((0, 1, 3, 25)))]
        return {"tags": rows} if name == "tags" and self.chance.random() < 0.5 else rows

    def request(self) -> Request:
        """Return a request, most of it plausible, some of it not."""
        name = self.chance.choice(list(ACTIONS))
        service, action = ACTIONS[name]
        headers = {
            "authorization": f"Bearer {self.emulator.token}", "content-type": "application/json", "host": "127.0.0.1",
            "x-zc-action": name, "x-zc-version": "",
        }  # fmt: skip
        path, method = f"/api/v2/{service}", "POST"
        while self.chance.random() < 0.25:
            headers[self.chance.choice(HEADERS)] = self._header()
        if self.chance.random() < 0.05:
            path = self.chance.choice(PATHS)
            headers["authorization"] = (
                f"Bearer {self.chance.choice((self.emulator.token, self.emulator.control_token, ''))}"
            )
            method = self.chance.choice(("POST", "PUT", "DELETE"))
        if self.chance.random() < 0.02:
            method = self.chance.choice(("GET", "OPTIONS", "TRACE", "X" * 100))
        body = self._body([field.name for field in action.fields])
        return Request(method, path, headers, body if len(path) < 9 or "_zecnb" not in path else self._control(body))

    def _header(self) -> str:
        names = self.chance.choice(("host", "content-type;host", "content-type;host;x-none", ";;;"))
        signature = self.chance.choice(("", "0", "f" * 64, "g" * 64, "\u00e9"))
        signed = SIGNED.format(names=names, signature=signature)
        return self.chance.choice(
            (signed, "", "Bearer", "Bearer \u00e9", "\x00", "x" * 9000, "2025-09-01", "-1", "9" * 400)
        )

    def _control(self, body: bytes) -> bytes:
        """Keep faults that would be asked for out of it."""
        return b"[]" if b"kind" in body else body

    # -- sending and judging -------------------------------------------------------------------------------------

    def judge(self, status: int, body: bytes) -> None:
        """Fail on what must not be."""
        self.seen[str(status)] += 1
        assert status < 500, (status, body[:300])
        assert b"Traceback" not in body
        assert b'File "' not in body
        content = json.loads(body)
        names = {"requestId", "response"} if status == 200 else {"requestId", "code", "message"}
        assert set(content) == names, content

    def send(self) -> None:
        """Throw one request at it."""
        request = self.request()
        answer = self.emulator.handle(request)
        try:
            self.judge(answer.status, answer.body)
        except AssertionError:
            print(repr(request.method), request.path, request.headers.get("x-zc-action"), request.body[:500])
            raise

    def send_bytes(self) -> None:
        """Throw bytes at its port: a request cut, mixed up, or no request at all."""
        request = self.request()
        head = "".join(f"{name}: {value}\r\n" for name, value in request.headers.items() if "\n" not in value)
        said = f"{request.method} {request.path} HTTP/1.1\r\n{head}content-length: {len(request.body)}\r\n\r\n".encode(
            "utf-8", "replace"
        )
        said += request.body[:100_000]
        if self.chance.random() < 0.7:
            for _ in range(self.chance.randint(1, 4)):
                at = self.chance.randrange(len(said))
                said = (
                    said[:at]
                    + self.chance.randbytes(self.chance.randint(0, 5))
                    + said[at + self.chance.randint(0, 9) :]
                )
        heard = b""
        port = int(self.emulator.url.rpartition(":")[2])
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
                connection.sendall(said)
                connection.shutdown(socket.SHUT_WR)
                while more := connection.recv(65536):
                    heard += more
        except ConnectionError:
            pass
        first = heard.split(b"HTTP/1.1 ")[1] if b"HTTP/1.1 " in heard else b""
        head_bytes, _, body = first.partition(b"\r\n\r\n")
        self.seen["socket"] += 1
        if b"100 Continue" in head_bytes or not body or request.method in ("HEAD", "TRACE"):
            return
        self.judge(int(head_bytes[:3]), body)


class _Defects(logging.Handler):
    """Keeps what the emulator logs about itself as a defect."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.found: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep it."""
        self.found.append(logging.Formatter().format(record))


def resident() -> float:
    """Return the process's memory in MB."""
    return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * 4096 / 1e6


def run(n: int, seed: int, *, sockets: float = 0.02) -> tuple[Counter[str], float]:
    """Send ``n`` requests; return how often each status came, and by how many MB memory grew after the first fifth."""
    defects = _Defects()
    loggers = [logging.getLogger(name) for name in ("zecnb.emulator", "uvicorn.error", "asyncio")]
    for logger in loggers:
        logger.addHandler(defects)
    fuzzer = Fuzzer(seed)
    before = 0.0
    try:
        with fuzzer.emulator:
            for number in range(n):
                if number == n // 5:
                    before = resident()
                if fuzzer.chance.random() < sockets:
                    fuzzer.send_bytes()
                else:
                    fuzzer.send()
            grown = resident() - before
    finally:
        for logger in loggers:
            logger.removeHandler(defects)
    assert not defects.found, defects.found[0]
    return fuzzer.seen, grown


def main() -> int:
    """Run once."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--n", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    logging.disable(logging.WARNING)  # an unknown action is one line each
    began = time.perf_counter()
    seen, grown = run(arguments.n, arguments.seed)
    print(dict(seen.most_common()))
    print(
        f"{arguments.n:,} requests in {time.perf_counter() - began:.0f} s, memory {grown:+.1f} MB after the first fifth"
    )
    return 1 if grown > 30 else 0


if __name__ == "__main__":
    sys.exit(main())
