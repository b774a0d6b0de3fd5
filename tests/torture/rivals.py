"""Two processes that apply overlapping plans at once: nothing is promised twice, and who loses is told to whom."""

from __future__ import annotations

import random
import tempfile
import time
from collections import Counter
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.torture.account import make_account, read_held
from tests.torture.children import Cloud, Job, Result, do_job, forks, hurry, session_on

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

__all__ = ["Rivals"]


def _rival(pipe: Connection, together: Any) -> None:
    """Apply plans as they come, each at the moment the other one does."""
    hurry()
    while (job := pipe.recv()) is not None:
        zec = session_on(job.url, job.store)
        together.wait(60)
        pipe.send(do_job(zec, job))
        zec.close()


class Rivals:
    """Two processes and their rounds.

    Args:
        rounds: how many; in every second one the rivals share a store, else only the cloud.
        seed: of every choice.
    """

    def __init__(self, rounds: int, seed: int) -> None:
        self.rounds = rounds
        self.chance = random.Random(seed)
        self.counts: Counter[str] = Counter()
        self.problems: list[str] = []
        self.seconds = 0.0

    def run(self) -> None:
        """Do it."""
        began = time.monotonic()
        context = forks()
        with ExitStack() as stack:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="zecnb-rivals-")))
            db = folder / "cloud.sqlite"
            account = make_account(db, subnets=4, nics=6)
            cloud = stack.enter_context(Cloud(context, db))
            together = context.Barrier(2)
            pipes = []
            for _ in range(2):
                ours, theirs = context.Pipe()
                process = context.Process(target=_rival, args=(theirs, together), daemon=True)
                process.start()
                stack.callback(process.join, 30)
                stack.callback(ours.send, None)
                pipes.append(ours)
            zec = stack.enter_context(session_on(cloud.url, "sqlite://"))
            for number in range(self.rounds):
                shared = number % 2 == 0
                before = read_held(db)
                plans = []
                for rival in range(2):
                    rows = self._rows(account.nics, rival)
                    plan = zec.plan(rows)
                    assert plan.ok, plan.findings.to_string()
                    path = plan.save(folder / f"plan-{rival}.json")
                    store = f"sqlite:///{folder / f'{number // 20}-{0 if shared else rival}.sqlite'}"
                    pipes[rival].send(Job("apply", str(path), cloud.url, store))
                    plans.append({(nic, a) for nic, a in zip(plan.frame["nic_id"], plan.frame["address"], strict=True)})
                said = [pipe.recv() if pipe.poll(120) else Result(error="hangs") for pipe in pipes]
                gained = read_held(db) - before
                self._judge(f"round {number}", plans, said, gained)
                for nic in sorted({nic for nic, _ in gained}):
                    zec._client.unassign_network_interface_ipv4(nic, sorted(a for owner, a in gained if owner == nic))
                zec.refresh()
        self.seconds = time.monotonic() - began

    def _rows(self, nics: list[list[str]], rival: int) -> list[dict[str, Any]]:
        """Ask, for vNICs of one's own, for addresses that the other wants too: some by name, some picked."""
        rows: list[dict[str, Any]] = []
        for subnet, mine in enumerate(nics):
            own = mine[rival * 3 : rival * 3 + 3]
            named = [f"10.0.{subnet}.{n}" for n in self.chance.sample(range(120, 124), 2)]
            rows.append({"nic_id": own[0], "ip_addresses": named})
            rows.append({"nic_id": own[1], "ip_address_count": self.chance.randint(1, 2)})
        self.chance.shuffle(rows)
        return rows

    def _judge(self, when: str, plans: list[set[tuple[str, str]]], said: list[Result], gained: Any) -> None:
        mine = [{(nic, a) for nic, a, state, _ in each.rows if state == "assigned"} for each in said]
        wanted = [{a for _, a in plan} for plan in plans]
        owner = {a: nic for nic, a in gained}
        contested = wanted[0] & wanted[1]
        self.counts["rounds"] += 1
        self.counts["contested addresses"] += len(contested)
        self.counts["promised twice"] += len({a for _, a in mine[0]} & {a for _, a in mine[1]})
        self.counts["refused before anything was sent"] += sum(1 for each in said if each.error)
        if mine[0] | mine[1] != gained:
            self.problems.append(f"{when}: {len(mine[0] | mine[1])} promised, {len(gained)} gained")
        if self.counts["promised twice"]:
            self.problems.append(f"{when}: promised twice")
        for rival, each in enumerate(said):
            for address in sorted(contested):
                if address not in owner or owner[address] in {nic for nic, _ in plans[rival]}:
                    continue
                winner = owner[address]
                told = each.error or " ".join(str(reason) for _, a, _, reason in each.rows if a == address)
                self.counts["lost to the other"] += 1
                if each.error:
                    # One of the changes is told in the message; that it is a rival's is what counts.
                    good = any(nic in told for nic, _ in plans[1 - rival])
                else:
                    good = winner in told or "refused together with" in told
                if not good:
                    self.problems.append(f"{when}: {address} went to {winner}, and the loser is told {told!r}")
