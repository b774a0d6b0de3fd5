"""Each wire fault at each call of a plan: what the account, the receipt and the journal say afterwards."""

from __future__ import annotations

import time
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any, NamedTuple, Self

import httpx

from tests.torture.account import Held, make_account
from zecnb.cloud.client import Client
from zecnb.cloud.settings import resolve
from zecnb.emulator import Emulator
from zecnb.emulator.addressing import assign
from zecnb.emulator.settings import Settings
from zecnb.emulator.state import text
from zecnb.errors import PlanDriftedError
from zecnb.execution.history import read_record
from zecnb.session import Session
from zecnb.store import Store

if TYPE_CHECKING:
    from zecnb.execution.receipt import Receipt
    from zecnb.planner.plan import Plan

__all__ = ["KINDS", "MODES", "Lab"]

ASSIGN, UNASSIGN = "BatchAssignNetworkInterfaceIpv4", "UnassignNetworkInterfaceIpv4"
MODES = ("picked", "server_count", "undo")

_TIMEOUT = 0.4  # seconds that a client waits where it waits in vain
_EVER = 100_000.0  # seconds: longer than any patience
_DONE = ("assigned", "already_present", "assigned_other", "released", "already_absent")


class Kind(NamedTuple):
    """What goes wrong.

    Attributes:
        faults: kinds of ``Fault`` with their options, all at the same call.
        effect: whether the call takes effect the first time.
        refused: whether the call, and no other, ends refused.
        shown: whether the effect ever shows while the run looks.
    """

    faults: tuple[tuple[str, dict[str, Any]], ...]
    effect: bool = True
    refused: bool = False
    shown: bool = True


def _one(kind: str, *, effect: bool = True, **options: Any) -> Kind:
    return Kind(((kind, options),), effect)


KINDS: dict[str, Kind] = {
    "timeout before": _one("timeout_before", effect=False, seconds=2 * _TIMEOUT),
    "timeout after": _one("timeout_after", seconds=2 * _TIMEOUT),
    "reset before": _one("reset_before", effect=False),
    "reset after": _one("reset_after"),
    "truncated body": _one("truncated"),
    "garbage body": _one("garbage"),
    "429 burst with Retry-After": _one("throttle", times=4, nth=0, seconds=7),
    "429 burst without": _one("throttle", times=4, nth=0),
    "500 before": _one("error", effect=False, code="INTERNAL_SERVER_ERROR", status=500),
    "500 after": _one("error_after", code="INTERNAL_SERVER_ERROR", status=500),
    "503 before": _one("error", effect=False, code="SERVICE_TEMPORARY_UNAVAILABLE", status=503),
    "503 after": _one("error_after", code="SERVICE_TEMPORARY_UNAVAILABLE", status=503),
    "504 before": _one("error", effect=False, code="REQUEST_TIMED_OUT", status=504),
    "504 after": _one("error_after", code="REQUEST_TIMED_OUT", status=504),
    "operation timeout before": _one("error", effect=False, code="INVALID_OPERATION_TIMEOUT", status=400),
    "operation timeout after": _one("error_after", code="INVALID_OPERATION_TIMEOUT", status=400),
    "shown seconds later": _one("lag", seconds=5),
    "lost and shown seconds later": Kind((("lag", {"seconds": 5}), ("reset_after", {}))),
    "lost and not shown for long": Kind((("lag", {"seconds": _EVER}), ("reset_after", {})), shown=False),
    "colleague before the call": Kind((), effect=False, refused=True),
    "colleague between plan and apply": Kind((), effect=False, refused=True),
}


class Lab:
    """A small account, reached over real HTTP, on which waiting takes no time.

    Args:
        calls: how many a plan makes.
    """

    def __init__(self, calls: int = 8) -> None:
        self.calls = calls
        self._passed = 0.0
        self._stack = ExitStack()
        self.emulator = Emulator(
            "empty", clock=lambda: time.time() + self._passed, settings=Settings(skew_seconds=1e12)
        )
        self.account = make_account(subnets=4, nics=max(calls, 4), emulator=self.emulator)

    def _sleep(self, seconds: float) -> None:
        self._passed += seconds

    def __enter__(self) -> Self:
        self._stack.enter_context(self.emulator)
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def _session(self, timeout: float) -> Session:
        settings = resolve(
            access_key_id=self.emulator.access_key_id,
            access_key_password=self.emulator.access_key_password,
            endpoint=self.emulator.url,
        )
        wait: dict[str, Any] = {"sleep": self._sleep, "clock": lambda: self._passed}
        client = Client(settings, transport=httpx.HTTPTransport(verify=False), timeout=timeout, **wait)
        return Session(client, "lab", store=Store("sqlite://"), progress=False, sleep=self._sleep)

    def held(self) -> Held:
        """Return who really holds what."""
        rows = self.emulator.state.rows("SELECT owner, address FROM held")
        return frozenset((row["owner"], text(row["address"])) for row in rows)

    # -- one case ------------------------------------------------------------------------------------------------

    def case(self, name: str, mode: str, index: int) -> list[str]:
        """Let a fault strike the call of an index (0-based); return what is wrong afterwards.

        The account is as before at the end.
        """
        kind = KINDS[name]
        before = self.held()
        problems: list[str] = []
        self.theirs: set[tuple[str, str]] = set()
        with self._session(_TIMEOUT if name.startswith("timeout") else 30.0) as zec:
            plan = self._plan(zec, mode, alone="colleague" in name)
            if mode == "undo":
                problems += self._undo(zec, plan, kind, index)
            elif name == "colleague between plan and apply":
                problems += self._drifted(zec, plan, mode, index)
            else:
                problems += self._apply(zec, plan, name, mode, index)
            self.emulator.faults.clear()
            self._sleep(2 * _EVER)  # whatever was on its way has arrived
            frame = zec.journal()
            for run in frame.loc[(frame["event"] == "started") & (frame["kind"] == "apply"), "run_id"]:
                zec.undo(str(run))
        for nic, address in self.theirs:
            self._release(nic, address)
        if self.held() != before:
            problems.append(f"{len(self.held() ^ before)} addresses are not as before after undo")
            self._restore(before)
        return [f"{name}, {mode}, call {index}: {problem}" for problem in problems]

    def _restore(self, before: Held) -> None:
        for owner, address in self.held() - before:
            with self.emulator.state.write() as connection:
                packed = int.from_bytes(bytes(map(int, address.split("."))))
                connection.execute("DELETE FROM held WHERE owner = ? AND address = ?", (owner, packed))

    def _plan(self, zec: Session, mode: str, *, alone: bool) -> Plan:
        """Plan one call for each of some vNICs, of one subnet where their order matters, every third by name."""
        nics = self.account.nics[0] if alone else [nic for four in zip(*self.account.nics, strict=True) for nic in four]
        home = {nic: at for at, mine in enumerate(self.account.nics) for nic in mine}
        counted = mode == "server_count"
        rows: list[dict[str, Any]] = [
            {"nic_id": nic, "ip_addresses": [f"10.0.{home[nic]}.{120 + n}", f"10.0.{home[nic]}.{150 + n}"]}
            if n % 3 == 2 and not counted
            else {"nic_id": nic, "ip_address_count": 2}
            for n, nic in enumerate(nics[: self.calls])
        ]
        plan = zec.plan(rows, mode="server_count" if counted else "picked")
        assert plan.ok, plan.findings.to_string()
        assert len(plan.calls) == self.calls
        return plan

    def _strike(self, kind: Kind, action: str, index: int) -> None:
        for fault, options in kind.faults:
            self.emulator.faults.add(fault, action, **{"nth": index + 1, **options})

    def _takes(self, plan: Plan, index: int) -> tuple[str, str]:
        """Return a neighbour and an address of a call, which the neighbour is going to take."""
        call = plan.calls.iloc[index]
        frame = plan.frame[plan.frame["nic_id"] == call["nic_id"]]
        return self.account.neighbours[0], str(frame["address"].iloc[0])

    # -- ways it can go ------------------------------------------------------------------------------------------

    def _apply(self, zec: Session, plan: Plan, name: str, mode: str, index: int) -> list[str]:
        kind, before = KINDS[name], self.held()
        wanted = {(nic, address) for nic, address in zip(plan.frame["nic_id"], plan.frame["address"], strict=True)}
        theirs: set[tuple[str, str]] = set()
        if kind.refused:
            theirs = {self._takes(plan, index)}
            ((nic, address),) = theirs
            self.emulator.faults.add(
                "actor_before", ASSIGN, nth=index + 1, actor=lambda state: assign(state, nic, [address], None)
            )
        burst = any(options.get("nth") == 0 for _, options in kind.faults)
        self.theirs = theirs
        self._strike(kind, ASSIGN, 0 if burst else index)
        receipt = zec.apply(plan)
        problems = []
        if not kind.shown:
            if receipt.states.get("not_attempted" if mode == "server_count" else "unknown") != 2:
                problems.append(f"what nobody can know is {receipt.states}")
            self._sleep(2 * _EVER)
            receipt = zec.resume(receipt.run_id)
        now = self.held()
        gained = now - before - theirs
        done = self._done(receipt)
        problems += self._journal(zec, gained)
        if done != gained:
            problems.append(f"the receipt says {len(done)} done, {len(gained)} are")
        if before - now or theirs - now:
            problems.append("an address is gone")
        struck = {address for _, address in wanted} & {address for _, address in theirs}
        if mode == "picked":
            call = str(plan.calls["nic_id"].iloc[index])
            expected = {each for each in wanted if not (kind.refused and each[0] == call)}
            if gained != expected:
                problems.append(f"{len(expected - gained)} lost, {len(gained - expected)} too many")
            if kind.refused and not receipt.frame["reason"].str.contains("neighbour-0").any():
                problems.append(f"nobody is told that {struck} went to neighbour-0")
            return problems
        lost = 2 if not kind.effect and not kind.refused else 0
        if len(gained) != len(wanted) - lost:
            problems.append(f"{len(gained)} of {len(wanted)} gained, {lost} may be missing")
        if lost and receipt.states.get("not_attempted") != lost:
            problems.append(f"a count without effect is {receipt.states}")
        return problems

    def _drifted(self, zec: Session, plan: Plan, mode: str, index: int) -> list[str]:
        """A colleague takes an address of a plan before it is applied."""
        nic, address = self._takes(plan, index)
        assign(self.emulator.state, nic, [address], None)
        before = self.held()
        try:
            receipt = zec.apply(plan)
        except PlanDriftedError as error:
            problems = [] if "neighbour-0" in str(error) else [f"nobody is told who: {error}"]
            problems += ["something was sent all the same"] if self.held() != before else []
            problems += [f"a count does not mind: {error}"] if mode == "server_count" else []
        else:
            wrong = mode == "picked" or len(self.held() - before) != len(plan.frame)
            problems = [f"applied all the same: {receipt}"] if wrong else []
        self.theirs = {(nic, address)}
        return problems

    def _undo(self, zec: Session, plan: Plan, kind: Kind, index: int) -> list[str]:
        """The fault strikes the release."""
        before = self.held()
        run = zec.apply(plan).run_id
        burst = any(options.get("nth") == 0 for _, options in kind.faults)
        self._strike(kind, UNASSIGN, 0 if burst else index)
        receipt = zec.undo(run)
        if not kind.shown:
            self._sleep(2 * _EVER)
            receipt = zec.undo(run)
        problems = [] if receipt.ok else [f"undo says {receipt.states}"]
        left = self.held() - before
        return problems + ([f"{len(left)} addresses stay"] if left else [])

    # -- looking -------------------------------------------------------------------------------------------------

    def _release(self, nic: str, address: str) -> None:
        self._restore(self.held() - {(nic, address)})

    @staticmethod
    def _done(receipt: Receipt) -> set[tuple[str, str]]:
        frame = receipt.frame[receipt.frame["state"].isin(_DONE)]
        return set(zip(frame["nic_id"], frame["address"], strict=True))

    @staticmethod
    def _journal(zec: Session, gained: frozenset[tuple[str, str]]) -> list[str]:
        frame = zec.journal()
        record = read_record(zec._journal, str(frame["run_id"].iloc[0]))
        sure = {
            (step.nic_id, address)
            for step in record.steps
            for address in record.past[step.call].returned - record.past[step.call].pre_image
        }
        return [] if sure == gained else [f"the journal has {len(sure)} addresses, {len(gained)} were gained"]
