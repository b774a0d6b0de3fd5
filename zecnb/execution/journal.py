"""Every step durable before it is sent: an append-only table of events."""

from __future__ import annotations

import json
import socket
import uuid
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

import pandas as pd
import sqlalchemy as sa

from zecnb.errors import UsageError
from zecnb.store import METADATA, actor
from zecnb.together import Together

if TYPE_CHECKING:
    from collections.abc import Iterable

    from zecnb.execution.steps import Step
    from zecnb.store import Store

__all__ = ["LEAST_DAYS", "Event", "Journal", "Run"]

LEAST_DAYS = 30
"""What the journal remembers at least."""

EVENTS = sa.Table(
    "journal",
    METADATA,
    sa.Column("id", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True, autoincrement=True),
    sa.Column("at", sa.String(32), nullable=False),
    sa.Column("run_id", sa.String(40), nullable=False, index=True),
    sa.Column("event", sa.String(16), nullable=False),
    sa.Column("kind", sa.String(8), nullable=False),
    sa.Column("actor", sa.String(128), nullable=False),
    sa.Column("host", sa.String(255), nullable=False),
    sa.Column("account", sa.String(255), nullable=False),
    sa.Column("plan_digest", sa.String(64), nullable=False),
    sa.Column("call", sa.Integer),
    sa.Column("nic_id", sa.String(64)),
    sa.Column("pre_image", sa.JSON),
    sa.Column("asked", sa.JSON),
    sa.Column("ip_address_count", sa.BigInteger),
    sa.Column("returned", sa.JSON),
    sa.Column("state", sa.String(24)),
    sa.Column("request_id", sa.String(64)),
    sa.Column("http_status", sa.Integer),
    sa.Column("code", sa.String(96)),
    sa.Column("duration_ms", sa.Float),
    sa.Column("detail", sa.JSON),
)


class Run(NamedTuple):
    """What every event of one run shares.

    Attributes:
        run_id: names it.
        kind: ``apply`` or ``undo``.
        account: label of the account, never a credential.
        plan_digest: digest of the plan; of an undo, the run it undoes.
    """

    run_id: str
    kind: str
    account: str
    plan_digest: str

    @classmethod
    def new(cls, kind: str, account: str, plan_digest: str) -> Run:
        """Start a run with a fresh id."""
        return cls(uuid.uuid4().hex[:12], kind, account, plan_digest)


class Event(NamedTuple):
    """One event of a run; see the table for meanings."""

    event: str
    call: int | None = None
    nic_id: str | None = None
    pre_image: list[str] | None = None
    asked: list[str] | None = None
    ip_address_count: int | None = None
    returned: list[str] | None = None
    state: str | None = None
    request_id: str | None = None
    http_status: int | None = None
    code: str | None = None
    duration_ms: float | None = None
    detail: Any = None


class Journal:
    """Append-only record of runs.

    Args:
        store: the database.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._append = Together(self._insert)  # the threads of a run share one commit
        self._who = {"actor": actor(), "host": socket.gethostname()}

    def write(self, run: Run, event: Event) -> None:
        """Append an event; it is durable when this returns.

        Raises:
            JournalError: it could not be written; the caller must not go on.
        """
        at = datetime.now(UTC).isoformat(timespec="milliseconds")
        row = {"at": at, **self._who, **run._asdict(), **event._asdict()}
        self._append(row)

    def _insert(self, rows: list[dict[str, Any]]) -> None:
        with self._store.begin() as connection:
            connection.execute(sa.insert(EVENTS), rows)

    def started(self, run: Run, steps: Iterable[Step], rows: list[list[Any]], nic_limit: int | None) -> None:
        """Record what a run is going to do, enough to finish it from here alone."""
        detail = {"steps": [list(step) for step in steps], "rows": rows, "nic_limit": nic_limit}
        self.write(run, Event("started", detail=json.loads(json.dumps(detail))))

    def events(self, run_id: str) -> list[dict[str, Any]]:
        """Return the events of a run in order.

        Raises:
            UsageError: there is no such run.
        """
        with self._store.begin() as connection:
            found = connection.execute(sa.select(EVENTS).where(EVENTS.c.run_id == run_id).order_by(EVENTS.c.id))
            events = [dict(row) for row in found.mappings()]
        if not events:
            raise UsageError(f"there is no run {run_id!r} in {self._store.label}")
        return events

    def frame(self) -> pd.DataFrame:
        """Return every event, oldest first; ``at`` is UTC."""
        columns = [column for column in EVENTS.columns if column.name != "detail"]
        with self._store.begin() as connection:
            rows = connection.execute(sa.select(*columns).order_by(EVENTS.c.id)).mappings().all()
        frame = pd.DataFrame([dict(row) for row in rows], columns=[column.name for column in columns])
        frame["at"] = pd.to_datetime(frame["at"], utc=True, format="ISO8601")
        return frame.astype(dict.fromkeys(("call", "ip_address_count", "http_status"), "Int64"))

    def prune(self, days: float) -> int:
        """Forget runs that ended longer ago; return how many events that were.

        Unfinished runs stay, whatever their age, and so does what a run that stays undoes. A run that is forgotten
        can no longer be undone or resumed.

        Args:
            days: at least ``LEAST_DAYS``.

        Raises:
            UsageError: less than that.
            JournalError: the journal cannot be written.
        """
        if not days >= LEAST_DAYS:
            raise UsageError(f"the journal keeps at least {LEAST_DAYS} days, so not {days:g}")
        before = (datetime.now(UTC) - timedelta(days=days)).isoformat(timespec="milliseconds")
        run_id = EVENTS.c.run_id
        ended = sa.select(run_id).where(EVENTS.c.event == "finished")
        recent = sa.select(run_id).where(EVENTS.c.at >= before)
        stays = sa.or_(run_id.in_(recent), run_id.not_in(ended))
        undone = sa.select(EVENTS.c.plan_digest).where(EVENTS.c.kind == "undo", stays)
        victims = sa.select(run_id).where(sa.not_(stays), run_id.not_in(undone))
        with self._store.begin() as connection:
            return connection.execute(sa.delete(EVENTS).where(run_id.in_(victims))).rowcount

    def newest(self) -> int:
        """Return the number of the newest event, 0 when there is none."""
        with self._store.begin() as connection:
            return int(connection.execute(sa.select(sa.func.max(EVENTS.c.id))).scalar() or 0)

    def runs_of(self, kind: str, account: str, plan_digest: str) -> list[str]:
        """Return the runs of a plan, or the undos of a run, oldest first."""
        wanted = {"event": "started", "kind": kind, "account": account, "plan_digest": plan_digest}
        begun = sa.select(EVENTS.c.run_id).filter_by(**wanted).order_by(EVENTS.c.id)
        with self._store.begin() as connection:
            return list(connection.execute(begun).scalars())
