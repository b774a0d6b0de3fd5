"""The emulator with 50,000 vNICs in one account: start-up, a page, an assign, over HTTP."""

from __future__ import annotations

import itertools
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx

from tests.bench.measure import Line, measure
from zecnb.emulator import Emulator
from zecnb.emulator.exports import export

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["emulator"]

_NICS = 50_000


def emulator() -> Iterator[Line]:
    """50,000 vNICs: start-up under 3 s, a page of 1,000 under 100 ms, an assign under 20 ms."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "state.sqlite")

        def start(seed: str, db: Path | None) -> None:
            Emulator(seed, db=db).start().stop()

        seconds, peak = measure(lambda: start(f"random:1:{_NICS}", None), 2, warm=False)
        yield Line("emulator", "start, random account", seconds, None, peak, 2, "under 3 s")
        with Emulator(f"random:1:{_NICS}", db=path) as running:
            yield from _calls(running)
            saved = Path(folder, "account.json")
            saved.write_text(export(running.state), encoding="utf-8")
        seconds, peak = measure(lambda: start("empty", path), 3)
        yield Line("emulator", "start, file kept", seconds, None, peak, 3, "under 3 s")
        seconds, peak = measure(lambda: start(str(saved), None), 2, warm=False)
        yield Line(
            "emulator",
            "start, exported account",
            seconds,
            None,
            peak,
            2,
            f"under 3 s; {saved.stat().st_size / 1e6:.0f} MB",
        )


def _calls(running: Emulator) -> Iterator[Line]:
    with httpx.Client(base_url=running.url, headers={"authorization": f"Bearer {running.token}"}) as client:

        def call(action: str, **body: Any) -> Any:
            answer = client.post("/api/v2/zec", json=body, headers={"x-zc-action": action})
            assert answer.status_code == 200, answer.text
            return answer.json()["response"]

        for name, number in (("first", 1), ("last", _NICS // 1000)):

            def page(number: int = number) -> None:
                answer = call("DescribeNetworkInterfaces", pageSize=1000, pageNum=number)
                assert len(answer["dataSet"]) == 1000

            seconds, peak = measure(page, 20)
            yield Line("emulator", f"page of 1,000, {name}", seconds, None, peak, 20, "under 100 ms")
        rows = running.state.rows("SELECT owner FROM held GROUP BY owner HAVING COUNT(*) = 1 LIMIT 400")
        nics = itertools.cycle([row["owner"] for row in rows])

        def assign() -> None:
            call("BatchAssignNetworkInterfaceIpv4", nicId=next(nics), ipAddressCount=1)

        seconds, peak = measure(assign, 100)
        yield Line("emulator", "assign one by count, durable", seconds, None, peak, 100, "under 20 ms")
        seconds, peak = measure(lambda: call("DescribeSubnets", pageSize=1000), 10)
        yield Line("emulator", "all subnets with usage", seconds, None, peak, 10)
