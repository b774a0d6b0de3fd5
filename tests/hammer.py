"""Many clients on one nearly full subnet, a kill, and a checker of what they saw.

``python -m tests.hammer --seconds 60 --threads 32``. Prints what was done; exits 1 when the history has no order in
which one account could have given these answers (linearizability of the whole subnet, see ``tests.linear``), when an
acknowledged write is missing after SIGKILL and restart, or when counts and rows differ.
"""

from __future__ import annotations

import argparse
import json
import random
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from pathlib import Path
from typing import Any

import httpx

from tests.emulator.account import ASSIGN, NICS, UNASSIGN, Account
from tests.linear import LOST, NOBODY, OK, Call, disorder

FREE = 30
"""Addresses that are free at the beginning."""


class Server:
    """``zecnb emulator`` in a process of its own, on a file."""

    def __init__(self, db: Path, seed: Path) -> None:
        command = [sys.executable, "-m", "zecnb", "emulator", "--json", "--db", str(db), "--seed", str(seed)]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout is not None
        self.access = json.loads(self.process.stdout.readline())

    def client(self) -> httpx.Client:
        """Return a client with the token."""
        headers = {"authorization": f"Bearer {self.access['token']}"}
        return httpx.Client(base_url=self.access["url"], headers=headers, timeout=60, trust_env=False)

    def kill(self) -> None:
        """End it without warning."""
        self.process.kill()
        self.process.wait()
        assert self.process.stdout is not None
        self.process.stdout.close()


def call(client: httpx.Client, action: str, **body: Any) -> Any:
    """Call an action; return the envelope."""
    return client.post("/api/v2/zec", json=body, headers={"x-zc-action": action}).json()


def prepare(path: Path, nics: int) -> tuple[list[str], dict[str, str | None]]:
    """Write an account with a subnet of 253 usable addresses, ``FREE`` of them free; return vNICs and holders."""
    with Account() as account:
        subnet = account.subnet("10.0.1.0/24")
        names = [account.nic(subnet, name=f"vm-{number}") for number in range(nics)]
        holders: dict[str, str | None] = {f"10.0.1.{n}": None for n in range(2, 255)}
        for nic in names:
            holders[account.show(nic)["primaryIpv4"]] = nic
        for _ in range(253 - nics - FREE):
            vip = account.ha_vip(subnet)
            holders[account.ask("DescribeHaVips", haVipIds=[vip])["dataSet"][0]["ipAddress"]] = vip
        path.write_text(account.everything(), encoding="utf-8")
    return names, holders


class Hammer:
    """The clients and what they did."""

    def __init__(self, nics: list[str], spots: list[str]) -> None:
        self.nics, self.spots = nics, spots
        self.numbers = {address: number for number, address in enumerate(spots)}
        self.calls: list[Call] = []
        self.answers: Counter[str] = Counter()
        self.lock = threading.Lock()
        self.over = threading.Event()

    def work(self, server: Server, seed: int) -> None:
        """Call until the server is gone."""
        chance = random.Random(seed)
        with server.client() as client:
            while not self.over.is_set():
                nic, kind = chance.choice(self.nics), chance.choice(("one", "list", "count", "give", "give"))
                amount = {"one": 1, "list": 2, "count": chance.randint(1, 3), "give": chance.randint(1, 2)}[kind]
                asked = chance.sample(self.spots, amount)
                if kind == "give" and chance.random() < 0.8:
                    shown = self._call(client, "look", nic, [], 0)
                    if shown is None:
                        return  # killed while it read
                    asked = shown[:amount] or asked
                if self._call(client, kind, nic, [] if kind == "count" else asked, amount) is None:
                    return

    def _call(self, client: httpx.Client, kind: str, nic: str, asked: list[str], amount: int) -> list[str] | None:
        """Call and note what was answered; return the addresses in the answer, None when there was no answer."""
        action, body = {
            "look": (NICS, {"nicIds": [nic]}),
            "give": (UNASSIGN, {"nicId": nic, "ipAddresses": asked}),
            "count": (ASSIGN, {"nicId": nic, "ipAddressCount": amount}),
        }.get(kind, (ASSIGN, {"nicId": nic, "ipAddresses": asked}))
        start = time.monotonic()
        try:
            said, end = call(client, action, **body), time.monotonic()
        except (httpx.HTTPError, ValueError):
            said, end = {"code": LOST}, float("inf")
        code, found = said.get("code", OK), asked
        if code == OK and kind == "look":
            found = said["response"]["dataSet"][0]["secondaryIpv4s"]
        elif code == OK and kind != "give":
            found = said["response"]["ipAddresses"]
        spots, count = tuple(self.numbers[each] for each in found), amount if kind == "count" else 0
        noted = Call(start, end, kind if kind in ("look", "give") else "take", nic, spots, count, code)
        with self.lock:
            self.answers[f"{kind} {code}"] += 1
            if kind != "look" or code == OK:
                self.calls.append(noted)
        return None if code == LOST else found


def run(seconds: float, threads: int, seed: int) -> list[str]:
    """Hammer, kill, restart, check; return what is wrong."""
    with tempfile.TemporaryDirectory() as folder:
        db, account = Path(folder, "state.sqlite"), Path(folder, "account.json")
        nics, holders = prepare(account, max(8, threads))
        hammer = Hammer(nics, [address for address, holder in holders.items() if holder is None])
        server = Server(db, account)
        try:
            pool = [threading.Thread(target=hammer.work, args=(server, seed + n)) for n in range(threads)]
            for thread in pool:
                thread.start()
            time.sleep(seconds)
        finally:
            server.kill()
            hammer.over.set()
        for thread in pool:
            thread.join(60)
        server = Server(db, account)
        try:
            wrong = _check(server, hammer)
        finally:
            server.kill()
    for answer, times in sorted(hammer.answers.items()):
        print(f"{times:8}  {answer}")
    print(f"{hammer.answers.total():,} calls of {threads} clients")
    return wrong


def _check(server: Server, hammer: Hammer) -> list[str]:
    wrong = []
    with server.client() as client:
        [subnet] = call(client, "DescribeSubnets")["response"]["dataSet"]
        nics = call(client, NICS, pageSize=1000)["response"]["dataSet"]
        vips = call(client, "DescribeHaVips", pageSize=1000)["response"]["dataSet"]
    rows = [address for each in nics for address in each["privateIpList"]] + [each["ipAddress"] for each in vips]
    if len(set(rows)) != len(rows):
        wrong.append("an address has two owners")
    if subnet["usageIpv4Count"] != len(rows):
        wrong.append(f"the subnet counts {subnet['usageIpv4Count']}, the rows are {len(rows)}")
    now = time.monotonic()
    for each in nics:
        spots = tuple(hammer.numbers[address] for address in each["secondaryIpv4s"])
        hammer.calls.append(Call(now, now + 1, "look", each["nicId"], spots))
    if odd := disorder(hammer.calls, (NOBODY,) * len(hammer.spots)):
        wrong.append(f"no order explains {odd}")
    return wrong


def main() -> int:
    """Run once."""
    parser = argparse.ArgumentParser(prog="python -m tests.hammer", description=__doc__)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--threads", type=int, default=32)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    wrong = run(arguments.seconds, arguments.threads, arguments.seed)
    print("\n".join(wrong) or "the history is one that a single account can give; nothing acknowledged was lost")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
