"""The Plan value: what would be sent, what would happen, and why not."""

from __future__ import annotations

import copy
from datetime import UTC, datetime
from functools import cached_property
from typing import TYPE_CHECKING, Protocol

import pandas as pd

from zecnb import schema
from zecnb.errors import PlanError, UsageError
from zecnb.planner.board import Board
from zecnb.planner.corrected import corrected
from zecnb.planner.judge import Judgement
from zecnb.planner.memory import Memory
from zecnb.planner.options import Options
from zecnb.planner.planfile import digest_of, document_of, read_plan_file, write_plan_file
from zecnb.planner.reservations import Reservations
from zecnb.planner.rows import Rows
from zecnb.render.cells import plural
from zecnb.render.tables import plan_html
from zecnb.schema import VERDICTS

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from zecnb.planner.judge import SubnetCells
    from zecnb.render.compare import BeforeAfterChart
    from zecnb.render.occupancy import OccupancyChart
    from zecnb.requests import Requests
    from zecnb.snapshot import Snapshot

__all__ = ["Plan", "approve", "make_plan"]

_DRAWN = 6  # subnets that a report draws; all of them are in its table


def make_plan(
    snapshot: Snapshot,
    requests: Requests,
    *,
    options: Options | None = None,
    claims: pd.DataFrame | None = None,
    memory: pd.DataFrame | None = None,
    age: float = 0.0,
    now: datetime | None = None,
) -> Plan:
    """Judge requests against what the cloud holds; pure, and the same plan for the same input.

    Args:
        snapshot: what is held.
        requests: what is asked for.
        options: see ``Options``.
        claims: soft reservations, see ``Reservations.of``.
        memory: what earlier runs taught of addresses, columns of ``schema.MEMORY``.
        age: seconds since the snapshot was observed.
        now: the time by which claims have expired.
    """
    options = options or Options()
    reservations = Reservations.of(snapshot, options.exclude, claims, now, override=bool(options.override_claims))
    board = Board(snapshot, requests, options, reservations, Memory.of(snapshot, memory, now), age)
    return Plan(Judgement(Rows(board)))


class Source(Protocol):
    """Where a plan's frames come from: a judgement just made, or a file."""

    @property
    def options(self) -> Options:
        """The options it was made with."""

    @property
    def fingerprints(self) -> dict[str, str]:
        """Digest of each touched subnet."""

    @property
    def observed_at(self) -> datetime:
        """When what it was judged against was read."""

    def frame(self) -> pd.DataFrame:
        """Return the rows."""

    def calls(self) -> pd.DataFrame:
        """Return the calls."""

    def findings(self) -> pd.DataFrame:
        """Return the findings."""

    def summary(self) -> pd.DataFrame:
        """Return the subnets touched."""


class Plan:
    """What would be sent, what would happen, and why not.

    Make one with ``Session.plan`` or ``Inventory.plan``; it never changes.

    Attributes:
        approvals: who approved what: each ``by``, ``note``, ``at`` and the ``digest`` it is bound to.
    """

    def __init__(self, source: Source, approvals: Iterable[dict[str, str]] = ()) -> None:
        self._source = source
        self.approvals = tuple(approvals)

    @classmethod
    def load(cls, path: str | Path) -> Plan:
        """Read a plan file.

        Raises:
            UsageError: the file cannot be read, is no plan, or is of another version; says which.
            PlanEditedError: it was edited since it was written; says which fields differ.
        """
        source = read_plan_file(path)
        return cls(source, source.approvals)

    def save(self, path: str | Path) -> Path:
        """Write the plan as JSON: sorted, readable in ``git diff``, without secrets.

        Raises:
            UsageError: it cannot be written.
        """
        return write_plan_file(self, path)

    @cached_property
    def frame(self) -> pd.DataFrame:
        """One row per address asked for or picked, columns of ``schema.PLAN``, then the caller's own."""
        return self._source.frame()

    @cached_property
    def calls(self) -> pd.DataFrame:
        """One row per API call in order of sending, columns of ``schema.CALLS``."""
        return self._source.calls()

    @cached_property
    def findings(self) -> pd.DataFrame:
        """One row per finding, columns of ``schema.FINDINGS``."""
        return self._source.findings()

    @cached_property
    def summary(self) -> pd.DataFrame:
        """One row per subnet touched, columns of ``schema.SUMMARY``."""
        return self._source.summary()

    @property
    def options(self) -> Options:
        """The options it was made with."""
        return self._source.options

    @property
    def snapshot(self) -> Snapshot | None:
        """What it was judged against; None when it was read from a file."""
        return self._source.rows.board.snapshot if isinstance(self._source, Judgement) else None

    @property
    def observed_at(self) -> datetime:
        """When what it was judged against was read, UTC."""
        return self._source.observed_at

    @property
    def age(self) -> float:
        """Seconds since then."""
        return max((datetime.now(UTC) - self.observed_at).total_seconds(), 0.0)

    @cached_property
    def verdicts(self) -> dict[str, int]:
        """Rows by verdict, worst last; verdicts that do not occur are left out."""
        counts = self.frame["verdict"].value_counts()
        return {verdict: int(counts[verdict]) for verdict in VERDICTS if verdict in counts.index}

    @property
    def adds(self) -> int:
        """How many addresses it would add; one that is asked for twice is sent once."""
        added = self.frame[self.frame["verdict"].isin(["OK", "RISK"])]
        return len(added.drop_duplicates(["nic_id", "address"]))

    @property
    def ok(self) -> bool:
        """Whether something was asked for and nothing of it is blocked; risks are for the reader to weigh."""
        return bool(self.verdicts) and "BLOCK" not in self.verdicts

    @property
    def exit_code(self) -> int:
        """0 when there is nothing to do, 2 when changes are pending, 1 when it is blocked or empty."""
        if not self.ok:
            return 1
        return 2 if len(self.calls) else 0

    def with_approvals(self, approvals: Iterable[dict[str, str]]) -> Plan:
        """Return the same plan with these approvals instead of its own."""
        same = copy.copy(self)  # frames that were made already are shared
        same.approvals = tuple(approvals)
        return same

    @property
    def approved(self) -> bool:
        """Whether somebody approved exactly this; see ``approve``."""
        return any(approval["digest"] == self.digest for approval in self.approvals)

    @property
    def fingerprints(self) -> dict[str, str]:
        """Digest of each touched subnet as it was when the plan was made."""
        return self._source.fingerprints

    @cached_property
    def digest(self) -> str:
        """SHA-256 over everything that makes this plan this plan, 64 hex digits."""
        return digest_of(document_of(self))

    def corrected(self) -> pd.DataFrame:
        """Return what was asked for without what is wrong in it, to plan again or to hand back.

        Returns:
            One row per input row that keeps anything, in its order: ``nic_id``; ``ip_addresses`` as ranges or
            ``ip_address_count``; the caller's own columns; ``left_out``, what was taken away and why.
        """
        return corrected(self.frame)

    def cells(self, subnet_id: str | None = None) -> SubnetCells:
        """Return what a picture of a touched subnet needs.

        Args:
            subnet_id: one of those touched; may be left out when there is only one.

        Raises:
            UsageError: the plan touches several subnets or none, or not this one, or it was read from a file.
        """
        judged = self._source if isinstance(self._source, Judgement) else None
        touched = judged.touched if judged is not None else self.summary["subnet_id"].tolist()
        if subnet_id is None and len(touched) == 1:
            subnet_id = touched[0]
        if subnet_id is None or subnet_id not in touched:
            names = ", ".join(touched[:5]) or "none"
            raise UsageError(f"name one of the {len(touched)} subnets the plan touches: {names}")
        if judged is None:
            raise UsageError("a plan read from a file holds no map of its subnets; plan again to draw it")
        return judged.picture(subnet_id)

    def chart(self, subnet_id: str | None = None, *, dark: bool = False) -> OccupancyChart:
        """Draw a subnet with the plan in it; see ``cells`` for the arguments and errors.

        Args:
            subnet_id: one of those touched; may be left out when there is only one.
            dark: for dark backgrounds.
        """
        from zecnb.render.occupancy import OccupancyChart

        picture = self.cells(subnet_id)
        return OccupancyChart(
            picture.cidr,
            picture.cells,
            unseen=picture.unseen,
            title=picture.title,
            nic_name=picture.nic_name,
            dark=dark,
            before=picture.before,
        )

    def compare(self, subnet_id: str | None = None, *, dark: bool = False) -> BeforeAfterChart:
        """Draw a subnet as it is beside what the plan would make of it; see ``cells`` for the arguments and errors.

        Args:
            subnet_id: one of those touched; may be left out when there is only one.
            dark: for dark backgrounds.
        """
        from zecnb.render.compare import BeforeAfterChart

        picture = self.cells(subnet_id)
        return BeforeAfterChart(
            picture.cidr, picture.before, picture.cells, title=picture.title, unseen=picture.unseen, dark=dark
        )

    def report(self, path: str | Path, *, title: str = "Plan", redact: bool = False) -> Path:
        """Write one HTML file that needs nothing beside it: the subnets, every row and finding, what would be sent.

        Args:
            path: where to; overwritten when it exists.
            title: plain text.
            redact: replace ids, names and addresses by pseudonyms, the same by the same.

        Raises:
            UsageError: the file cannot be written.
        """
        from zecnb.render.report import Section, Table, html_report

        own = [name for name in self.frame.columns if name not in schema.PLAN]
        columns = ["row", "nic_name", "nic_id", "address", "verdict", "reason", "fix", *own]
        said = ["row", "address", "severity", "code", "message", "fix", "api_code"]
        drawn = self.summary["subnet_id"].tolist()[:_DRAWN] if self.snapshot is not None else []
        sections = [
            Section("Subnets", ["Before and after."], [Table(self.summary)], [self.compare(each) for each in drawn]),
            Section("Rows", ["One for each address."], [Table(self.frame, columns=columns, limit=1000)]),
            Section("Calls", ["What would be sent, and what the API would answer."], [Table(self.calls, limit=1000)]),
        ]
        if len(self.findings):
            words = "Every finding of every row; the worst of a row is its verdict."
            sections.insert(2, Section("Findings", [words], [Table(self.findings, columns=said, limit=1000)]))
        if self.approved:
            given = pd.DataFrame([each for each in self.approvals if each["digest"] == self.digest])
            given["at"] = pd.to_datetime(given["at"], utc=True)
            sections.append(Section("Approvals", ["Of exactly this plan."], [Table(given[["by", "at", "note"]])]))
        tally = ", ".join(f"{count:,} {verdict}" for verdict, count in self.verdicts.items()) or "no rows"
        lines = [
            f"{tally}. {'It may be applied.' if self.ok else 'It is never applied as it is.'}",
            f"Judged by what was read at {self.observed_at:%Y-%m-%d %H:%M} UTC; digest {self.digest[:16]}",
        ]
        return html_report(path, title, sections, lines=lines, redact=redact)

    def __repr__(self) -> str:
        rows = ", ".join(f"{count:,} {verdict}" for verdict, count in self.verdicts.items()) or "empty"
        return f"Plan({rows}; {plural(len(self.calls), 'call')}, {plural(len(self.summary), 'subnet')})"

    def _repr_html_(self) -> str:
        return plan_html(self.frame, self.calls, self.findings, self.summary)


def approve(plan: Plan, by: str, note: str = "") -> Plan:
    """Return the plan with an approval bound to its digest; any edit voids it.

    Args:
        plan: one that may be applied.
        by: who approves.
        note: why, a ticket, a link.

    Raises:
        PlanError: the plan has blocked rows, or none at all.
        UsageError: nobody is named.
    """
    if not by.strip():
        raise UsageError("an approval names who gives it")
    if not plan.ok:
        what = "a plan with blocked rows" if plan.verdicts else "an empty plan"
        raise PlanError(f"{what} cannot be approved")
    at = datetime.now(UTC).isoformat(timespec="seconds")
    approval = {"by": by.strip(), "note": note, "at": at, "digest": plan.digest}
    return plan.with_approvals([*plan.approvals, approval])
