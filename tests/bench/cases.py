"""The cases of the bench; each yields its lines."""

from __future__ import annotations

import subprocess
import sys
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from tests.bench import network, peers
from tests.bench.data import one_subnet, to_judge, to_place
from tests.bench.emulator import emulator
from tests.bench.measure import Line, in_turn, measure
from tests.bench.scale import scale
from zecnb.addresses import to_text
from zecnb.ledger import addresses_of
from zecnb.planner.options import POLICIES
from zecnb.tokens import expand, split

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.bench.data import Judged
    from zecnb.inventory import Inventory

__all__ = ["CASES"]

_ANY_NUMBER = 1_000_000
"""Limit per vNIC for the judge: 500 addresses each would all be beyond the documented 10."""


def judge() -> Iterator[Line]:
    """1,000,000 addresses over 2,000 vNICs and 500 subnets with 1.5 million held: to rows, findings and holders."""
    data = to_judge()
    inventory, prepared = _prepared(data)

    def ours() -> object:
        plan = inventory.plan(data.requests, nic_limit=_ANY_NUMBER)
        return plan.frame, plan.findings, plan.summary

    def with_calls() -> object:
        plan = inventory.plan(data.requests, nic_limit=_ANY_NUMBER)
        return plan.frame, plan.findings, plan.summary, plan.calls

    floors = {
        "numpy floor": peers.floor(data, peers.bare),
        "floor, our parser": peers.floor(data, peers.with_ours),
        "floor, our threads too": peers.floor(data, peers.with_our_threads),
    }
    (seconds, peak), *rest = in_turn([ours, *floors.values()], 9)
    findings = len(inventory.plan(data.requests, nic_limit=_ANY_NUMBER).findings)
    yield Line(
        "judge", "zecnb", seconds, 1.0, peak, 9, f"{findings:,} findings; inventory from frames {prepared:.2f} s"
    )
    for name, (least, high) in zip(floors, rest, strict=True):
        yield Line("judge", name, least, seconds / least, high, 9, "ratio: ours to it")
    for name, peer in (("ipaddress + dict", peers.with_ipaddress), ("netaddr + dict", peers.with_netaddr)):
        taken, peak = measure(peer(data), 2, warm=False)
        yield Line("judge", name, taken, taken / seconds, peak, 2)
    more, peak = measure(with_calls, 3)
    yield Line("judge", "zecnb, calls too", more, more / seconds, peak, 3, "a tuple of texts per call")


def memory() -> Iterator[Line]:
    """Bytes that an inventory of 5 million holders keeps per row, beside names."""
    data = to_judge(10 / 3)
    inventory, prepared = _prepared(data)
    ledger = inventory.ledger
    kept = ledger.keys.nbytes + ledger.kind.nbytes + ledger.holder.nbytes + inventory.holder_nic.nbytes
    each = kept / len(ledger.keys)
    yield Line("memory", "zecnb", prepared, None, kept / 1e6, 1, f"{len(ledger.keys):,} held, {each:.1f} bytes each")


def pick() -> Iterator[Line]:
    """100 addresses in a /16 with 39,321 held."""
    inventory = one_subnet()
    values = addresses_of(inventory.ledger.keys)
    texts, numbers = to_text(values).to_pylist(), values.tolist()

    def ours() -> list[str]:
        return inventory.free("big", 100)

    seconds, peak = measure(ours, 50)
    yield Line("pick", "zecnb", seconds, 1.0, peak, 50)
    sweep = peers.interval_sweep("10.0.0.0/16", numbers, 100)
    sets = peers.ip_set("10.0.0.0/16", texts, 100)
    assert ours() == sweep() == sets(), "all pick the same addresses"
    for name, peer, runs in (("interval sweep", sweep, 20), ("netaddr IPSet", sets, 2)):
        taken, peak = measure(peer, runs)
        yield Line("pick", name, taken, taken / seconds, peak, runs)


def preview() -> Iterator[Line]:
    """One vNIC in that /16, as the panel calls it: rows, subnet before and after, cells of the map."""
    inventory = one_subnet()

    def look(held: Inventory) -> object:
        plan = held.plan("nic-7", ip_addresses="10.0.0.10-13, 10.0.0.300", nic_limit=None)
        return plan.frame, plan.summary, plan.cells()

    def count() -> object:
        plan = inventory.plan("nic-7", ip_address_count=8, policy="dense", nic_limit=None)
        return plan.frame, plan.summary, plan.cells()

    fresh = iter([one_subnet() for _ in range(6)])
    seconds, peak = measure(lambda: look(next(fresh)), 5, warm=False)
    yield Line("preview", "cold", seconds, None, peak, 5, "an inventory nobody asked yet; under 30 ms")
    for name, work in (("addresses", lambda: look(inventory)), ("count, dense", count)):
        seconds, peak = measure(work, 200)
        yield Line("preview", f"warm, {name}", seconds, None, peak, 200, "under 5 ms")
    data = to_judge(10 / 3)
    many, _ = _prepared(data)
    nic = data.nics["nic_id"].iloc[len(data.nics) // 2]

    def among_many() -> object:
        plan = many.plan(nic, ip_address_count=8, policy="dense", nic_limit=None)
        return plan.frame, plan.summary, plan.cells()

    seconds, peak = measure(among_many, 200)
    yield Line("preview", "warm, one of 5 million held", seconds, None, peak, 200, "no slower in a large account")


def paste() -> Iterator[Line]:
    """5 MB of addresses as they are pasted: to columns."""
    text = "\n".join(to_text(np.arange(380_000, dtype=np.uint32) + np.uint32(10 << 24)).to_pylist())
    seconds, peak = measure(lambda: expand(split(text)), 5)
    yield Line("paste", "zecnb", seconds, None, peak, 5, f"{len(text) / 1e6:.1f} MB")


def picture() -> Iterator[Line]:
    """The occupancy of a /16 with 39,321 held as a picture."""
    chart = one_subnet().chart("big")
    seconds, peak = measure(chart.png, 3)
    yield Line("picture", "zecnb", seconds, None, peak, 3, f"{len(chart.png()) / 1e3:.0f} kB; under 1 s and 300 kB")


def start() -> Iterator[Line]:
    """Importing, each in an interpreter of its own."""
    ours, _ = measure(lambda: subprocess.run([sys.executable, "-c", "import zecnb"], check=True), 5)
    yield Line("start", "import zecnb", ours, 1.0, 0, 5)
    for name, code in (("nothing", ""), ("pandas", "import pandas")):
        seconds, _ = measure(lambda code=code: subprocess.run([sys.executable, "-c", code], check=True), 5)
        yield Line("start", f"import {name}" if code else name, seconds, seconds / ours, 0, 5)


def batch_pick() -> Iterator[Line]:
    """10,000 vNICs, 8 addresses each, in 1,000 subnets 60-95 % full and fragmented; every policy."""
    data = to_place()
    inventory, _ = _prepared(data)
    for policy in POLICIES:
        seconds, peak = measure(lambda policy=policy: _placed(inventory, data, policy), 5)
        verdicts = inventory.plan(data.requests, policy=policy, nic_limit=None).verdicts
        yield Line("batch-pick", policy, seconds, None, peak, 5, str(verdicts))
    counts = np.random.default_rng(11).integers(1, 9, len(data.requests))
    mixed = data._replace(requests=data.requests.assign(ip_address_count=counts))
    for policy in ("contiguous", "aligned"):
        seconds, peak = measure(lambda policy=policy: _placed(inventory, mixed, policy), 5)
        yield Line("batch-pick", f"{policy}, 1 to 8", seconds, None, peak, 5, "runs for counts that differ are packed")


def _placed(inventory: Inventory, data: Judged, policy: str) -> object:
    plan = inventory.plan(data.requests, policy=policy, nic_limit=None)
    return plan.frame, plan.findings, plan.summary


def growth() -> Iterator[Line]:
    """Time per row at 1x, 3x and 10x: up to the million of ``judge``, and from ``batch-pick`` to ten times it."""
    for name, make, work in (
        ("judge", to_judge, lambda i, d: (p := i.plan(d.requests, nic_limit=_ANY_NUMBER)).frame is p.findings),
        ("batch-pick", to_place, lambda i, d: _placed(i, d, "dense")),
    ):
        sizes = [make(size) for size in ((0.1, 0.3, 1.0) if name == "judge" else (1.0, 3.0, 10.0))]
        works = [partial(work, _prepared(data)[0], data) for data in sizes]
        first = 0.0
        for data, (seconds, peak) in zip(sizes, in_turn(works, 7), strict=True):
            each = seconds / len(data.requests)
            first = first or each
            rows = f"{len(data.requests):,} rows"
            yield Line("growth", f"{name}, {rows}", seconds, each / first, peak, 7, "ratio: time per row to the first")


def _prepared(data: Judged) -> tuple[Inventory, float]:
    kept: list[Inventory] = []
    seconds, _ = measure(lambda: kept.append(data.inventory()), 1, warm=False)
    return kept[-1], seconds


CASES: dict[str, Callable[[], Iterator[Line]]] = {
    "judge": judge,
    "memory": memory,
    "pick": pick,
    "batch-pick": batch_pick,
    "preview": preview,
    "paste": paste,
    "picture": picture,
    "start": start,
    "growth": growth,
    "fetch": network.fetch,
    "apply": network.apply,
    "emulator": emulator,
    "scale": scale,
}
