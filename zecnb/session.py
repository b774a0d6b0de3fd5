"""The one object a notebook holds: reads, plans, applies, undoes."""

from __future__ import annotations

import threading
import time
import weakref
from typing import TYPE_CHECKING, Any, Self

from zecnb.capacity.history import History
from zecnb.claims import Claims
from zecnb.cloud.observer import Observer
from zecnb.cloud.reader import read_inventory
from zecnb.errors import PlanError, ReadOnlyError, UsageError
from zecnb.execution.apply import apply_plan, resume_run
from zecnb.execution.history import read_record
from zecnb.execution.journal import Journal, Run
from zecnb.execution.locks import Lease, at_work
from zecnb.execution.memory import read_memory
from zecnb.execution.outcome import told
from zecnb.execution.receipt import Receipt
from zecnb.execution.stepper import Context
from zecnb.execution.undo import undo_run
from zecnb.inventory import Inventory, requests_of
from zecnb.planner.claimed import with_claims
from zecnb.planner.options import Options
from zecnb.planner.plan import Plan, make_plan
from zecnb.planner.rebase import rebase
from zecnb.progress import bar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from types import TracebackType

    import pandas as pd

    from zecnb.cloud.client import Client
    from zecnb.emulator import Emulator
    from zecnb.execution.history import Record
    from zecnb.execution.steps import Progress
    from zecnb.panel import Panel
    from zecnb.store import Store

__all__ = ["Session"]


class Session:
    """A connection to one account; use it as a context manager, or ``close()`` it.

    Args:
        client: calls the API.
        account: its label, never a credential.
        store: where the journal is.
        progress: show a progress bar for waits over a second.
        emulator: the local ZEC behind it, which ends with the session.
        require_approval: apply approved plans only.
        sleep: how runs wait, in seconds.

    Attributes:
        account: label of the account, never a credential.
        emulator: the local ZEC behind it, None for the real API.
        require_approval: whether ``apply`` takes approved plans only.
        expectations: options that every plan begins with, its own come on top; for what you know of the API and no
            document says, such as ``{"nic_limit_counts_primary": False}`` (see ``zecnb emulator --assumptions``).
        last_run: id of the run begun last, None before the first; what to resume after an error.
        watchers: panels; their ``outdated()`` is called when what was read is forgotten.
    """

    def __init__(
        self,
        client: Client,
        account: str,
        *,
        store: Store,
        progress: bool = True,
        emulator: Emulator | None = None,
        require_approval: bool = False,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.account = account
        self.emulator = emulator
        self.require_approval = require_approval
        self.expectations: dict[str, Any] = {}
        self.last_run: str | None = None
        self._client = client
        self._store = store
        self._journal = Journal(store)
        self._observe = Observer(client)
        self._progress = progress
        self._sleep = sleep
        self._lock = threading.Lock()
        self._kept: dict[str, tuple[float, Inventory]] = {}
        self._remembered: tuple[int, pd.DataFrame] | None = None
        self.watchers: weakref.WeakSet[Any] = weakref.WeakSet()

    # -- reading -------------------------------------------------------------------------------------------------

    def inventory(
        self,
        *,
        region_id: str | None = None,
        vpc_id: str | None = None,
        subnet_id: str | None = None,
        nic_id: str | None = None,
        remember: bool = False,
    ) -> Inventory:
        """Read what the account, or a part of it, holds now.

        Args:
            region_id: only this region.
            vpc_id: only this VPC.
            subnet_id: only this subnet.
            nic_id: only this vNIC and its subnet.
            remember: store how full each subnet is, for ``history()``; what was not read completely is not stored.

        Raises:
            CloudError: vNICs or subnets could not be read. Other sources make the inventory partial instead.
            UsageError: there is no such VPC, subnet or vNIC.
        """
        with bar("reading the inventory", shown=self._progress) as tick:
            inventory = read_inventory(
                self._client,
                region_id=region_id,
                vpc_id=vpc_id,
                subnet_ids=[subnet_id] if subnet_id is not None else None,
                nic_ids=[nic_id] if nic_id is not None else None,
                progress=tick,
            )
        for what, given, there in (
            ("VPC", vpc_id, inventory.vpcs["vpc_id"]),
            ("subnet", subnet_id, inventory.subnets["subnet_id"]),
            ("vNIC", nic_id, inventory.nics["nic_id"]),
        ):
            if given is not None and given not in set(there):
                raise UsageError(f"there is no {what} {given!r} on this account, or this key may not see it")
        if remember:
            self.history().record(inventory)
        return inventory

    def history(self) -> History:
        """Return how full the account's subnets were, day by day."""
        return History(self._store, self.account)

    def plan(
        self,
        requests: object,
        *,
        ip_addresses: str | Iterable[object] | None = None,
        ip_address_count: object = None,
        claims: pd.DataFrame | None = None,
        **options: Any,
    ) -> Plan:
        """Judge one vNIC's request or a batch against what the cloud holds; sends nothing.

        Reads only what it must: the vNICs asked for, their subnets' vNICs and HaVips, their VPCs' load balancers;
        what was read is kept for ``max_age`` seconds.

        Args:
            requests: a vNIC id, or a batch: a DataFrame, a list of dicts, the path of a CSV or Excel file.
            ip_addresses: for one vNIC, text or a list: addresses, ranges ``10.0.0.10-20``, CIDRs.
            ip_address_count: for one vNIC, how many more addresses.
            claims: more soft reservations than ``Session.claims`` has, columns of ``schema.CLAIMS``.
            **options: see ``zecnb.planner.options.Options``.

        Raises:
            UsageError: an argument that cannot mean anything. Bad addresses are findings, not errors.
            CloudError: what is needed could not be read.
        """
        chosen = Options.of({**self.expectations, **options})
        asked = requests_of(requests, ip_addresses, ip_address_count)
        nics = sorted({nic for nic in asked.nic_ids.to_pylist() if nic})
        snapshot = self._recent(nics, chosen.max_age)
        claimed = self._claimed(claims)
        age = snapshot.age if chosen.max_age else 0.0  # what was read for this plan alone is as new as can be
        return make_plan(snapshot, asked, options=chosen, claims=claimed, memory=self._memory(), age=age)

    def rebase(self, plan: Plan, *, claims: pd.DataFrame | None = None) -> Plan:
        """Make a plan that the cloud overtook again, on what it holds now; sends nothing.

        Addresses that were picked are picked anew where somebody took them; those that were named are never replaced:
        where somebody took one, the new plan blocks it and says who. Approvals stay with the old plan.

        Args:
            plan: one whose ``apply`` raised ``PlanDriftedError``, or any other.
            claims: as in ``plan``.

        Raises:
            UsageError: a row of the plan has no address.
            CloudError: what is needed could not be read.
        """
        inventory = self._observe(sorted(set(plan.frame["nic_id"].dropna())))
        age = inventory.age if plan.options.max_age else 0.0
        return rebase(plan, inventory, claims=self._claimed(claims), memory=self._memory(), age=age)

    def _claimed(self, more: pd.DataFrame | None) -> pd.DataFrame:
        held = self.claims.list()
        return held if more is None else with_claims(held, more)

    @property
    def claims(self) -> Claims:
        """Soft reservations that every plan of this account honours."""
        return Claims(self._store, self.account, self._ids_by_name)

    def _ids_by_name(self, column: str) -> dict[str, str]:
        """Return the ids, by name, of the VPCs or subnets in what was read for plans lately."""
        with self._lock:
            kept = [inventory for _, inventory in self._kept.values()]
        frames = [inventory.vpcs if column == "vpc_id" else inventory.subnets for inventory in kept]
        return {name: each for frame in frames for each, name in frame[[column, "name"]].dropna().to_numpy().tolist()}

    def _memory(self) -> pd.DataFrame:
        """Return what the journal taught of addresses; read again only when it has grown."""
        newest = self._journal.newest()
        with self._lock:
            known = self._remembered
        if known is None or known[0] != newest:
            known = newest, read_memory(self._journal, self.account)
            with self._lock:
                self._remembered = known
        return known[1]

    def _recent(self, nics: list[str], max_age: float) -> Inventory:
        key = "\n".join(nics)
        with self._lock:
            kept = self._kept.get(key)
        if kept is not None and time.monotonic() - kept[0] <= max_age:
            return kept[1]
        began = time.monotonic()
        inventory = self._observe(nics)
        with self._lock:
            self._kept = {k: v for k, v in self._kept.items() if began - v[0] <= max_age}
            self._kept[key] = (began, inventory)
        return inventory

    def refresh(self) -> None:
        """Forget what was read; the next plan reads again."""
        with self._lock:
            self._kept.clear()
        for watcher in list(self.watchers):
            watcher.outdated()

    # -- writing -------------------------------------------------------------------------------------------------

    def apply(
        self,
        plan: Plan,
        *,
        report: Callable[[Progress], None] | None = None,
        stop: threading.Event | None = None,
    ) -> Receipt:
        """Do what a plan says, or nothing: re-read, refuse on drift, send, read back.

        Args:
            plan: one without blocked rows.
            report: told how far it is, from worker threads; a progress bar when None.
            stop: set it to end after the calls under way.

        Raises:
            PlanBlockedError, PlanDriftedError, ReadOnlyError: nothing was sent.
            PlanError: this session requires an approval and the plan has none; nothing was sent.
            UsageError: it is no plan, or an earlier run of it sent a count with an unclear end; nothing was sent.
            LockedError: another run works on one of its subnets; or this one slept and lost its lock, and stopped.
            CloudError: the state before the first call could not be read; nothing was sent.
            JournalError: the journal cannot be written; nothing is sent after that.
        """
        if not isinstance(plan, Plan):
            raise UsageError(f"apply takes a Plan, not {type(plan).__name__}")
        if self.require_approval and plan.ok and not plan.approved:
            raise PlanError(
                "this session applies approved plans only, and nobody approved this one; nothing was sent. Approve it "
                'with zecnb.approve(plan, by="NAME", note="WHY"), or zecnb approve plan.json --by NAME --note WHY'
            )
        run = Run.new("apply", self.account, plan.digest)
        return self._execute(run, plan.options.cap, report, stop, lambda context: apply_plan(plan, context))

    def resume(
        self, run_id: str, *, report: Callable[[Progress], None] | None = None, stop: threading.Event | None = None
    ) -> Receipt:
        """Finish an interrupted run: do what is missing, repeat nothing.

        Raises:
            UsageError: there is no such run, it was made on another account, or it is an undo.
            ReadOnlyError, LockedError, CloudError, JournalError: as of ``apply``.
        """
        record = read_record(self._journal, run_id)
        self._same_account(run_id, record.account)
        run = Run(run_id, record.kind, record.account, record.plan_digest)
        return self._execute(run, record.nic_limit, report, stop, resume_run)

    def undo(
        self,
        receipt_or_run_id: Receipt | str,
        *,
        report: Callable[[Progress], None] | None = None,
        stop: threading.Event | None = None,
    ) -> Receipt:
        """Release what a run added, and nothing else; what something depends on stays, with the reason.

        Raises:
            UsageError: there is no such run, it was made on another account, or it is an undo itself.
            ReadOnlyError, LockedError, CloudError, JournalError: as of ``apply``.
        """
        run_id = receipt_or_run_id.run_id if isinstance(receipt_or_run_id, Receipt) else receipt_or_run_id
        self._same_account(run_id, read_record(self._journal, run_id).account)
        run = Run.new("undo", self.account, run_id)
        return self._execute(run, None, report, stop, lambda context: undo_run(context, run_id))

    def _same_account(self, run_id: str, account: str) -> None:
        if account != self.account:
            raise UsageError(f"run {run_id} was made on account {account!r}, this session is on {self.account!r}")

    def _execute(
        self,
        run: Run,
        nic_limit: int | None,
        report: Callable[[Progress], None] | None,
        stop: threading.Event | None,
        work: Callable[[Context], Receipt],
    ) -> Receipt:
        if self.read_only:
            raise ReadOnlyError("this session is read-only: connect(read_only=False) to write; nothing was sent")
        self.last_run = run.run_id
        verb = "assigning" if run.kind == "apply" else "releasing"
        with told(run, self._journal) as ends, bar(verb, shown=self._progress) as tick:
            context = Context(
                api=self._client,
                observe=self._observe,
                journal=self._journal,
                run=run,
                lease=Lease(self._store, run),
                nic_limit=nic_limit,
                stop=stop or threading.Event(),
                report=report or (lambda progress: tick(progress.done, progress.total)),
                sleep=self._sleep,
            )
            try:
                return ends(work(context))
            finally:
                self.refresh()

    def journal(self) -> pd.DataFrame:
        """Return every event of every run, oldest first."""
        return self._journal.frame()

    def at_work(self) -> set[str]:
        """Return the runs, of this store, that live processes of this machine are working on right now."""
        return at_work(self._store)

    @property
    def read_only(self) -> bool:
        """Whether it refuses every write."""
        return self._client.read_only

    def record(self, run_id: str) -> Record:
        """Return what a run set out to do and what became of each call so far.

        Raises:
            UsageError: there is no such run.
        """
        return read_record(self._journal, run_id)

    # -- looking -------------------------------------------------------------------------------------------------

    def panel(
        self,
        nic_id: str | None = None,
        ip_addresses: str | Iterable[str] | None = None,
        ip_address_count: int | None = None,
    ) -> Panel:
        """Return the widget panel; running its cell again keeps what was typed.

        Args:
            nic_id: the vNIC, an id; may be left to the field.
            ip_addresses: what the address field begins with.
            ip_address_count: what the count field begins with.
        """
        from zecnb.panel import Panel

        return Panel(self, nic_id=nic_id, ip_addresses=ip_addresses, ip_address_count=ip_address_count)

    def close(self) -> None:
        """Close connections; ends the local ZEC of a demo session."""
        self._client.close()
        self._store.close()
        if self.emulator is not None:
            self.emulator.stop()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"Session({self.account}{', read-only' if self.read_only else ''})"
