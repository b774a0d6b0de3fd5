"""Asked to slow down, everybody slows down: the calls of many subnets at once share one brake."""

from __future__ import annotations

import threading
import time

import pytest

from tests.execution.world import ASSIGN, World
from tests.torture.account import make_account
from zecnb.cloud.client import Client
from zecnb.cloud.settings import resolve
from zecnb.emulator import Emulator
from zecnb.emulator.settings import Settings
from zecnb.session import Session
from zecnb.store import Store

SUBNETS = 12


def session_on(emulator: Emulator) -> Session:
    """Return a session whose brake waits in real time."""
    settings = resolve(
        access_key_id=emulator.access_key_id,
        access_key_password=emulator.access_key_password,
        endpoint=emulator.url,
    )
    return Session(Client(settings), "acme", store=Store("sqlite://"), progress=False)


def test_one_refusal_holds_everybody(world: World) -> None:
    """One call of many is refused with Retry-After: until then nobody calls, neither that subnet nor any other."""
    with Emulator("empty") as emulator:
        account = make_account(subnets=SUBNETS, nics=4, emulator=emulator)
        zec = world.kept(session_on(emulator))
        plan = zec.plan([{"nic_id": nic, "ip_address_count": 1} for mine in account.nics for nic in mine])
        times: list[float] = []
        lock = threading.Lock()

        def arrived(_: object) -> None:
            with lock:
                times.append(time.monotonic())

        emulator.faults.add("actor_before", times=0, actor=arrived)
        refused: list[float] = []
        emulator.faults.add("actor_before", ASSIGN, nth=1, actor=lambda _: refused.append(time.monotonic()))
        emulator.faults.add("throttle", ASSIGN, nth=1, seconds=2)
        receipt = zec.apply(plan)
        assert receipt.states == {"assigned": SUBNETS * 4}
        assert emulator.faults.calls[ASSIGN] == SUBNETS * 4 + 1
        after = [at - refused[0] for at in times]
        assert [at for at in after if 1.0 < at < 1.95] == []
        assert len([at for at in after if at >= 1.95]) > SUBNETS * 3, "most of the run came after the wait"


@pytest.mark.parametrize("rate", [20.0])
def test_account_with_a_rate_limit(world: World, rate: float) -> None:
    """Many subnets at once under a limit that they exceed: slower, and all of it is done."""
    with Emulator("empty", settings=Settings(rate_per_second=rate)) as emulator:
        account = make_account(subnets=30, nics=1, emulator=emulator)
        zec = world.kept(session_on(emulator))
        plan = zec.plan([{"nic_id": nic, "ip_address_count": 1} for mine in account.nics for nic in mine])
        assert zec.apply(plan).states == {"assigned": 30}
        refused = zec.journal()["code"].eq("REQUEST_LIMIT_EXCEEDED").sum()
        assert 0 < refused < 40
