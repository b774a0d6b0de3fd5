"""Plans applied and undone by processes that are killed all the time, on a cloud that is killed too."""

from __future__ import annotations

import random
import tempfile
import time
from collections import Counter
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.torture.account import Held, make_account, read_held
from tests.torture.children import (
    Cloud,
    Job,
    Result,
    boundaries_of,
    forks,
    killed_in_the_end,
    session_on,
    start_job,
    take_result,
)
from zecnb.execution.history import read_record
from zecnb.execution.journal import Journal
from zecnb.store import Store

if TYPE_CHECKING:
    from collections.abc import Callable

    from zecnb.planner.plan import Plan

__all__ = ["Torture"]

_PATIENCE = 180  # seconds after which a process that does not end is a bug


class Torture:
    """Kill until enough were killed, and compare the account with the plans.

    Args:
        kills: how many.
        seed: of every choice.
        new_store: makes the URL of an empty PostgreSQL store; every second round is on it when given.
        calls: fewest and most calls of a plan.
        say: told, in a line, how each round went.
    """

    def __init__(
        self,
        kills: int,
        seed: int,
        *,
        new_store: Callable[[], str] | None = None,
        calls: tuple[int, int] = (50, 200),
        say: Callable[[str], None] = print,
    ) -> None:
        self.wanted = kills
        self.chance = random.Random(seed)
        self.counts: Counter[str] = Counter()
        self.covered: Counter[str] = Counter()
        self.problems: list[str] = []
        self._new_store = new_store
        self._calls = calls
        self._say = say
        self._context = forks()
        self._stack = ExitStack()
        self._folder = Path(self._stack.enter_context(tempfile.TemporaryDirectory(prefix="zecnb-torture-")))

    @property
    def kills(self) -> int:
        """How often something was killed."""
        return self.counts["workers killed"] + self.counts["clouds killed"]

    @property
    def _cloud_dies(self) -> bool:
        return self.kills >= self.wanted * 2 // 3

    def run(self) -> None:
        """Do it: two thirds of the kills hit workers alone, the rest the cloud or both."""
        began = time.monotonic()
        with self._stack:
            db = self._folder / "cloud.sqlite"
            self.account = make_account(db)
            self.cloud = self._stack.enter_context(Cloud(self._context, db))
            self.expected = read_held(db)
            self._db = db
            number = 0
            while self.kills < self.wanted and not self.problems:  # after one, what is counted means nothing
                self._round(number)
                number += 1
        self.counts["rounds"] = number
        self.seconds = time.monotonic() - began

    # -- one round -----------------------------------------------------------------------------------------------

    def _round(self, number: int) -> None:
        """Make a plan, have it applied, look, have it undone, look."""
        postgres = self._new_store is not None and number % 2 == 1
        store = self._new_store() if postgres and self._new_store else f"sqlite:///{self._folder / f'{number}.sqlite'}"
        with ExitStack() as stack:
            shared = Store(store)
            stack.callback(shared.close)
            self.journal = Journal(shared)
            self.zec = stack.enter_context(session_on(self.cloud.url, store))
            self._store = store
            mode = "server_count" if self.chance.random() < 0.3 else "picked"
            plan = self._plan(mode)
            before = self.kills
            result = self._until_applied(plan, mode)
            for run in self._runs("apply")[:-1]:  # an earlier run that was begun anew knows not yet what became of it
                self._work("resume", run, False, 0)
            gained = self._compare(plan, mode, result, f"round {number} applied")
            applied = self.kills
            for run in self._runs("apply"):
                self._until_undone(run)
            self.expected -= gained
            self._same(f"round {number} undone")
            self._say(
                f"round {number}: {'PostgreSQL' if postgres else 'SQLite'}, {mode}, {len(plan.calls)} calls, "
                f"{len(plan.frame)} addresses, killed {applied - before} times while applied and "
                f"{self.kills - applied} while undone, {len(self.problems)} problems"
            )
            self.counts["calls"] += len(plan.calls)
            self.counts["addresses"] += len(plan.frame)

    def _plan(self, mode: str) -> Plan:
        nics = [(subnet, nic) for subnet, mine in enumerate(self.account.nics) for nic in mine]
        chosen = self.chance.sample(nics, self.chance.randint(*self._calls))
        free = {subnet: list(range(61, 99)) for subnet in range(len(self.account.nics))}
        rows: list[dict[str, Any]] = []
        for subnet, nic in chosen:
            if self.chance.random() < 0.4 and len(free[subnet]) > 3:
                named = self.chance.sample(free[subnet], self.chance.randint(1, 3))
                free[subnet] = [each for each in free[subnet] if each not in named]
                rows.append({"nic_id": nic, "ip_addresses": [f"10.0.{subnet}.{each}" for each in named]})
            else:
                rows.append({"nic_id": nic, "ip_address_count": self.chance.randint(1, 3)})
        plan = self.zec.plan(rows, mode=mode)
        assert plan.ok, plan.findings.to_string()
        self._file = plan.save(self._folder / "plan.json")
        return plan

    def _runs(self, kind: str) -> list[str]:
        frame = self.journal.frame()
        return [str(run) for run in frame.loc[(frame["event"] == "started") & (frame["kind"] == kind), "run_id"]]

    # -- killing -------------------------------------------------------------------------------------------------

    def _until_applied(self, plan: Plan, mode: str) -> Result:
        """Start the plan, and whoever is to finish it, until somebody lives to say that it is done."""
        left = self.chance.randint(8, 16)
        tries = 0
        while True:
            runs = self._runs("apply")
            again = mode == "picked" and self.chance.random() < 0.15
            if not runs or again:
                what, target = "apply", str(self._file)
            else:
                what, target = "resume", runs[-1]
                self.counts["resumes"] += 1
            result, killed = self._work(what, target, left > 0 and self.kills < self.wanted, len(plan.calls))
            left -= killed
            if result is None:
                if self.problems:
                    return Result(error=self.problems[-1])
                continue
            done = result.ok or (mode == "server_count" and what == "resume" and not result.error and not killed)
            if done:
                return result
            tries += not killed
            if tries > 5:
                self.problems.append(f"{what} of {target} does not end: {result}")
                return result

    def _until_undone(self, run: str) -> None:
        left, tries = self.chance.randint(2, 5), 0
        while True:
            result, killed = self._work("undo", run, left > 0 and self.kills < self.wanted, 60)
            left -= killed
            if self.problems or (result is not None and result.ok):
                return
            tries += not killed
            if tries > 5:
                self.problems.append(f"undo of {run} does not end: {result}")
                return

    def _work(self, what: str, target: str, kill: bool, calls: int) -> tuple[Result | None, int]:
        """Let a worker work; return what it says, None when it was killed, and how often something was killed."""
        trap = None
        if kill and not self._cloud_dies and self.chance.random() < 0.6:
            boundary = self._next_boundary(what)
            once = boundary.split(" ", 1)[1] in ("lock", "started", "finished", "the end")
            trap = (boundary, 1 if once else self.chance.randint(1, self.chance.randint(1, max(calls // 8, 2))))
        out = self._folder / "out.json"
        job = Job(what, target, self.cloud.url, self._store, trap)
        killed = 0
        with killed_in_the_end(start_job(self._context, job, out)) as worker:
            while kill and trap is None and worker.is_alive() and self.kills < self.wanted:
                worker.join(self.chance.uniform(0.0, 1.2))
                if not worker.is_alive():
                    break
                if self._cloud_dies and (not self.counts["clouds killed"] or self.chance.random() < 0.7):
                    self.cloud.kill()
                    self.cloud.start()
                    self.counts["clouds killed"] += 1
                else:
                    worker.kill()
                    worker.join()
                    self.counts["workers killed"] += worker.exitcode == -9
                killed += 1
            worker.join(_PATIENCE)
            if worker.is_alive():
                self.problems.append(f"{what} of {target} hangs")
                return None, killed
            code = worker.exitcode
        self._colleague()
        if code == 0:
            return take_result(out), killed
        if code != -9:
            self.problems.append(f"{what} of {target} ended with {code}")
        if trap is not None:
            self.counts["workers killed"] += 1
            self.covered[f"{what}: {trap[0]}"] += 1
            killed += 1
        return None, killed

    def _next_boundary(self, what: str) -> str:
        """Return the boundary that was hit least."""
        hits = {each: self.covered[f"{what}: {each}"] for each in boundaries_of(what)}
        least = min(hits.values())
        return self.chance.choice([each for each, count in hits.items() if count == least])

    def _colleague(self) -> None:
        """Let somebody else work next to the run now and then."""
        if self.chance.random() > 0.3:
            return
        subnet = self.chance.randrange(len(self.account.neighbours))
        nic, address = self.account.neighbours[subnet], f"10.0.{subnet}.{self.chance.randint(200, 240)}"
        if (nic, address) in self.expected:
            self.zec._client.unassign_network_interface_ipv4(nic, [address])
            self.expected -= {(nic, address)}
        elif len([owner for owner, _ in self.expected if owner == nic]) < 10:
            self.zec._client.batch_assign_network_interface_ipv4(nic, ip_addresses=[address])
            self.expected |= {(nic, address)}
        self.counts["colleague's calls"] += 1

    # -- looking -------------------------------------------------------------------------------------------------

    def _compare(self, plan: Plan, mode: str, result: Result, when: str) -> Held:
        """Compare account, plan, receipt and journal; return what was gained."""
        now = read_held(self._db)
        rows = [tuple(row) for row in plan.frame[["nic_id", "address", "mode"]].itertuples(index=False, name=None)]
        done = {(nic, address) for nic, address, state, _ in result.rows if state in _DONE}
        if mode == "picked":
            wanted = frozenset((nic, address) for nic, address, _ in rows)
        else:
            missing = Counter(row[0] for row in result.rows if row[2] == "not_attempted" and _IN_DOUBT in str(row[3]))
            self.counts["rows of a count in doubt, said so"] += missing.total()
            named = {(nic, address) for nic, address, how in rows if how == "explicit"}
            asked = Counter(nic for nic, _, how in rows if how == "server_count")
            got = Counter(owner for owner, address in now - self.expected if (owner, address) not in named)
            for nic in asked | got:
                if got[nic] + missing[nic] != asked[nic]:
                    told = f"{missing[nic]} said to be missing"
                    self.problems.append(f"{when}: {nic} was to get {asked[nic]}, got {got[nic]}, {told}")
            wanted = frozenset(done)
            if not named <= wanted:
                self.problems.append(f"{when}: {sorted(named - wanted)[:3]} named and not done")
        gained = wanted - self.expected
        self.expected |= gained
        if done != wanted:
            self.problems.append(f"{when}: the receipt says {len(done)} of {len(wanted)} done")
        self._same(when)
        sure: set[tuple[str, str]] = set()
        for run in self._runs("apply"):
            record = read_record(self.journal, run)
            for step in record.steps:
                past = record.past[step.call]
                sure |= {(step.nic_id, address) for address in past.returned - past.pre_image}
        if sure != gained:
            self.counts["journal and cloud disagree"] += len(sure ^ gained)
            differ = sorted(sure ^ gained)[:3]
            self.problems.append(f"{when}: the journal has {len(sure)} addresses, {len(gained)} were gained: {differ}")
        return gained

    def _same(self, when: str) -> None:
        now = read_held(self._db)
        mine = {nic for nics in self.account.nics for nic in nics}
        lost, more = self.expected - now, now - self.expected
        for what, which in (
            ("lost", {each for each in lost if each[0] in mine}),
            ("double", {each for each in more if each[0] in mine}),
            ("foreign touched", {each for each in lost | more if each[0] not in mine}),
        ):
            self.counts[what] += len(which)
            if which:
                self.problems.append(f"{when}: {len(which)} {what}: {sorted(which)[:3]}")
        self.expected = now


_IN_DOUBT = "never sent twice"  # how a receipt words it that a count has no effect that shows
_DONE = ("assigned", "already_present", "assigned_other")
