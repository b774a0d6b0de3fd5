"""Many clients on one nearly full subnet, a kill, and a checker of what they saw.

``python -m tests.hammer --seconds 60 --threads 32``. Prints what was done; exits 1 when the history has no order in
which one account could have given these answers (linearizability, address by address), when an acknowledged write is
missing after SIGKILL and restart, or when counts and rows differ.
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
from collections import Counter, defaultdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import httpx

from tests.emulator.account import ASSIGN, NICS, UNASSIGN, Account

if TYPE_CHECKING:
    from collections.abc import Iterable

FREE = 30
"""Addresses that are free at the beginning."""

IN_USED, ILLEGAL = "INVALID_SUBNET_PRIVATE_IPV4_IN_USED", "INVALID_PARAMETER_PRIVATE_IP_ILLEGAL"


class Op(NamedTuple):
    """What a call did to one address, or saw of it.

    Attributes:
        start, end: seconds; the end is infinite when no answer came.
        kind: take, give, held (by somebody), lacked (not held by the vNIC), is (held by exactly that vNIC, or nobody).
        nic: the vNIC, None for nobody.
    """

    start: float
    end: float
    kind: str
    nic: str | None


def after(op: Op, holder: str | None) -> tuple[bool, str | None]:
    """Return whether an operation can happen when ``holder`` has the address, and who has it then."""
    match op.kind:
        case "take":
            return holder is None, op.nic
        case "give":
            return holder == op.nic, None
        case "held":
            return holder is not None, holder
        case "lacked":
            return holder != op.nic, holder
    return holder == op.nic, holder


def explain(ops: Iterable[Op], holder: str | None) -> bool:
    """Return whether some order of the operations, each between its start and end, gives these answers.

    Walks through starts and ends in time and keeps every state that is possible: who holds the address, and which
    calls under way have had their effect already.
    """
    events = sorted(
        (moment, order, number, op)
        for number, op in enumerate(ops)
        for order, moment in ((0, op.start), (1, op.end))
        if moment != float("inf")
    )
    under_way: dict[int, Op] = {}
    states: set[tuple[str | None, frozenset[int]]] = {(holder, frozenset())}
    for _, order, number, op in events:
        if order == 0:
            under_way[number] = op
            continue
        reached: set[tuple[str | None, frozenset[int]]] = set()
        waiting, known = list(states), set(states)
        while waiting:
            who, done = waiting.pop()
            if number in done:
                reached.add((who, done - {number}))
                continue
            for other, each in under_way.items():
                possible, then = after(each, who)
                if other not in done and possible and (new := (then, done | {other})) not in known:
                    known.add(new)
                    waiting.append(new)
        del under_way[number]
        states = reached
        if not states:
            return False
    return True


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
        self.history: dict[str, list[Op]] = defaultdict(list)
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
                    try:
                        shown = call(client, NICS, nicIds=[nic])["response"]["dataSet"][0]
                    except (httpx.HTTPError, ValueError):
                        return  # killed while it read
                    asked = shown["secondaryIpv4s"][:amount] or asked
                start = time.monotonic()
                try:
                    if kind == "give":
                        said = call(client, UNASSIGN, nicId=nic, ipAddresses=asked)
                    elif kind == "count":
                        said = call(client, ASSIGN, nicId=nic, ipAddressCount=amount)
                    else:
                        said = call(client, ASSIGN, nicId=nic, ipAddresses=asked)
                except (httpx.HTTPError, ValueError):
                    self._unknown(start, kind, nic, asked)
                    return
                self._note(start, time.monotonic(), kind, nic, asked, said)

    def _note(self, start: float, end: float, kind: str, nic: str, asked: list[str], said: Any) -> None:
        code = said.get("code", "OK")
        with self.lock:
            self.answers[f"{kind} {code}"] += 1
            if code == "OK":
                for address in asked if kind == "give" else said["response"]["ipAddresses"]:
                    self.history[address].append(Op(start, end, "give" if kind == "give" else "take", nic))
            elif len(asked) == 1 and kind == "one" and code == IN_USED:
                self.history[asked[0]].append(Op(start, end, "held", nic))
            elif len(asked) == 1 and kind == "give" and code == ILLEGAL:
                self.history[asked[0]].append(Op(start, end, "lacked", nic))

    def _unknown(self, start: float, kind: str, nic: str, asked: list[str]) -> None:
        """Nobody answered: it may have happened, a count to any address."""
        with self.lock:
            self.answers[f"{kind} no answer"] += 1
            for address in self.spots if kind == "count" else asked:
                self.history[address].append(Op(start, float("inf"), "give" if kind == "give" else "take", nic))


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
            wrong = _check(server, hammer, holders)
        finally:
            server.kill()
    for answer, times in sorted(hammer.answers.items()):
        print(f"{times:8}  {answer}")
    noted = sum(map(len, hammer.history.values()))
    print(f"{hammer.answers.total():,} calls of {threads} clients, {noted:,} noted effects")
    return wrong


def _check(server: Server, hammer: Hammer, holders: dict[str, str | None]) -> list[str]:
    wrong = []
    with server.client() as client:
        [subnet] = call(client, "DescribeSubnets")["response"]["dataSet"]
        nics = call(client, NICS, pageSize=1000)["response"]["dataSet"]
        vips = call(client, "DescribeHaVips", pageSize=1000)["response"]["dataSet"]
    now = time.monotonic()
    rows = [(address, each["nicId"]) for each in nics for address in each["privateIpList"]]
    rows += [(each["ipAddress"], each["haVipId"]) for each in vips]
    owners = dict(rows)
    if len(owners) != len(rows):
        wrong.append("an address has two owners")
    if subnet["usageIpv4Count"] != len(rows):
        wrong.append(f"the subnet counts {subnet['usageIpv4Count']}, the rows are {len(rows)}")
    for address, holder in holders.items():
        ops = [*hammer.history[address], Op(now, now + 1, "is", owners.get(address))]
        if not explain(ops, holder):
            wrong.append(f"{address}: no order explains what was answered about it")
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
