"""A local ZEC in a process of its own, slow by a fixed latency: ``python -m tests.bench.server SEED SECONDS``.

It prints its access as one line of JSON and ends with its standard input.
"""

from __future__ import annotations

import json
import sys

from zecnb.emulator import Emulator, seeds
from zecnb.emulator.seeds import text

_PER_SUBNET = 10


def main(seed: str, latency: float) -> None:
    """Serve until nobody listens any more; ``rows:N`` is N vNICs, ten to a subnet of its own."""
    rows = int(seed.removeprefix("rows:")) if seed.startswith("rows:") else 0
    with Emulator("empty" if rows else seed) as emulator:
        if rows:
            vpc = seeds._make_vpc(emulator.state, "bench", "10.0.0.0/9")
            for n in range(rows // _PER_SUBNET):
                cidr = f"{text((10 << 24) + n * 256)}/24"
                subnet = seeds._make_subnet(emulator.state, vpc, f"net-{n}", "asia-east-1", cidr)
                for m in range(_PER_SUBNET):
                    seeds._make_nic(emulator.state, subnet, f"vm-{n}-{m}")
        if latency:
            emulator.faults.add("latency", times=0, seconds=latency)
        access = {"url": emulator.url, "id": emulator.access_key_id, "password": emulator.access_key_password}
        print(json.dumps(access), flush=True)
        sys.stdin.read()


if __name__ == "__main__":
    main(sys.argv[1], float(sys.argv[2]))
