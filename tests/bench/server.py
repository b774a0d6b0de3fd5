"""A local ZEC in a process of its own, slow by a fixed latency: ``python -m tests.bench.server SEED SECONDS``.

It prints its access as one line of JSON and ends with its standard input. A random account is only read: what a
listing answered once it answers again from memory, so that the client is measured and not the emulator's database.
"""

from __future__ import annotations

import json
import sys
import time
from typing import TYPE_CHECKING

from zecnb.emulator import Emulator, seeds
from zecnb.emulator.state import text

if TYPE_CHECKING:
    from zecnb.emulator.wire import Request, Response

_NICS = 10


def remember(emulator: Emulator, latency: float) -> None:
    """Answer listings of an account that does not change from memory, as late as ever."""
    known: dict[tuple[str, bytes], Response] = {}
    handle = emulator._app.handle

    def answer(request: Request) -> Response:
        asked = request.headers["x-zc-action"], request.body
        if asked in known:
            time.sleep(latency)
        else:
            known[asked] = handle(request)
        return known[asked]

    emulator._app.handle = answer


def main(seed: str, latency: float) -> None:
    """Serve until nobody listens any more; seed ``subnets:N`` is N subnets of 10 vNICs."""
    count = int(seed.removeprefix("subnets:")) if seed.startswith("subnets:") else 0
    with Emulator("empty" if count else seed) as emulator:
        if count:
            vpc = seeds._make_vpc(emulator.state, "bench", "10.0.0.0/9")
        for n in range(count):
            cidr = f"{text((10 << 24) + n * 256)}/24"
            subnet = seeds._make_subnet(emulator.state, vpc, f"net-{n}", "asia-east-1", cidr)
            for m in range(_NICS):
                seeds._make_nic(emulator.state, subnet, f"vm-{n}-{m}")
        if latency:
            emulator.faults.add("latency", times=0, seconds=latency)
        if not count:
            remember(emulator, latency)
        access = {"url": emulator.url, "id": emulator.access_key_id, "password": emulator.access_key_password}
        print(json.dumps(access), flush=True)
        sys.stdin.read()


if __name__ == "__main__":
    main(sys.argv[1], float(sys.argv[2]))
