"""Utilisation over time: one row per subnet and UTC day in the store, the last observation of the day and its peak."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from zecnb import schema
from zecnb.capacity.observations import checked_history, latest, observation, past_only, read_history_file
from zecnb.render.cells import plural
from zecnb.schema import HISTORY
from zecnb.store import METADATA

if TYPE_CHECKING:
    from pathlib import Path

    from zecnb.capacity.outlook import Forecast
    from zecnb.snapshot import Snapshot
    from zecnb.store import Store

__all__ = ["History"]

DAYS = sa.Table(
    "utilisation",
    METADATA,
    sa.Column("account", sa.String(255), primary_key=True),
    sa.Column("subnet_id", sa.String(64), primary_key=True),
    sa.Column("day", sa.String(10), primary_key=True),
    sa.Column("at", sa.String(32), nullable=False),
    sa.Column("vpc_id", sa.String(64)),
    sa.Column("cidr", sa.String(18), nullable=False),
    sa.Column("usable", sa.BigInteger, nullable=False),
    sa.Column("used", sa.BigInteger, nullable=False),
    sa.Column("peak", sa.BigInteger, nullable=False),
    sa.Column("largest_run", sa.BigInteger),
)

_LAST = ("at", "vpc_id", "cidr", "usable", "used", "largest_run")  # of a day the last observation counts
_BATCH = 2000  # rows per statement
_AS_TEXT = "%Y-%m-%dT%H:%M:%S.%f+00:00"  # sorts as time does


class History:
    """Utilisation of an account's subnets, day by day.

    Args:
        store: the database.
        account: label of the account.
    """

    def __init__(self, store: Store, account: str) -> None:
        self._store = store
        self._account = account

    def record(self, snapshot: Snapshot) -> int:
        """Store how full each IPv4 subnet is; returns how many rows.

        An inventory that is not complete is not stored: it would look as if addresses had been released.

        Raises:
            JournalError: the store cannot be written.
        """
        return 0 if len(snapshot.partial) else self.add(observation(snapshot))

    def add(self, frame: pd.DataFrame) -> int:
        """Store observations; of each day and subnet the last one stays, and the peak of all.

        Args:
            frame: columns of ``schema.HISTORY``, at least ``at, subnet_id, cidr, usable, used``; times without a zone
                are UTC.

        Returns:
            How many rows were written.

        Raises:
            UsageError: a column is missing, or a value cannot be: a day that is still to come, for one.
            JournalError: the store cannot be written.
        """
        rows = _by_day(past_only(checked_history(frame))).assign(account=self._account)
        rows["at"] = rows["at"].dt.strftime(_AS_TEXT)
        records = rows[[column.name for column in DAYS.columns]].astype(object)
        values: list[dict[str, Any]] = records.where(records.notna(), None).to_dict("records")  # type: ignore[assignment]
        with self._store.begin() as connection:
            statement = _upsert(connection.dialect.name)
            for start in range(0, len(values), _BATCH):
                connection.execute(statement, values[start : start + _BATCH])
        return len(values)

    def load(self, path: str | Path) -> int:
        """Store the observations of a CSV, Excel or Parquet file; returns how many rows.

        Raises:
            UsageError: the file cannot be read, misses a column or holds what cannot be; then nothing is stored.
            JournalError: the store cannot be written.
        """
        return self.add(read_history_file(path))

    def frame(self, subnet_id: str | None = None) -> pd.DataFrame:
        """Return what is stored, columns of ``schema.HISTORY``, by subnet and time; ``at`` is UTC.

        Days that are still to come are left out: a clock was wrong when they were stored.

        Args:
            subnet_id: only of this subnet.

        Raises:
            JournalError: the store cannot be read.
        """
        columns = [DAYS.c[name] for name in HISTORY]
        mine = (DAYS.c.account == self._account) & (DAYS.c.at <= latest().strftime(_AS_TEXT))
        query = sa.select(*columns).where(mine).order_by(DAYS.c.subnet_id, DAYS.c.day)
        if subnet_id is not None:
            query = query.where(DAYS.c.subnet_id == subnet_id)
        with self._store.begin() as connection:
            rows = connection.execute(query).all()
        frame = pd.DataFrame([tuple(row) for row in rows], columns=list(HISTORY))
        return checked_history(frame) if len(frame) else schema.empty(HISTORY)

    def forecast(
        self, *, inventory: Snapshot | None = None, journal: pd.DataFrame | None = None, **options: float
    ) -> Forecast:
        """Say when each subnet and VPC runs out, see ``forecast.forecast``.

        Args:
            inventory: gives names, and the subnets of the journal's vNICs.
            journal: ``Session.journal()``, to say which run was behind a step.
            **options: ``warn_at, critical_at, interval, window, horizon``.

        Raises:
            UsageError: an option is not known or cannot be.
            JournalError: the store cannot be read.
        """
        from zecnb.capacity.outlook import outlook

        return outlook(self.frame(), inventory=inventory, journal=journal, **options)

    def __repr__(self) -> str:
        days = sa.func.count(sa.distinct(DAYS.c.day))
        query = sa.select(days, sa.func.count(sa.distinct(DAYS.c.subnet_id))).where(DAYS.c.account == self._account)
        with self._store.begin() as connection:
            count, subnets = connection.execute(query).one()
        return f"History({self._account}: {plural(count, 'day')}, {plural(subnets, 'subnet')})"


def _by_day(frame: pd.DataFrame) -> pd.DataFrame:
    ordered = frame.assign(day=frame["at"].dt.strftime("%Y-%m-%d")).sort_values("at", kind="stable")
    groups = ordered.groupby(["subnet_id", "day"], sort=False)
    last = ordered.drop_duplicates(["subnet_id", "day"], keep="last")
    peak = groups["peak"].max().reindex(pd.MultiIndex.from_frame(last[["subnet_id", "day"]]))
    return last.assign(peak=peak.to_numpy()).reset_index(drop=True)


def _upsert(dialect: str) -> sa.sql.dml.Insert:
    """Return a statement that keeps the later observation of a day and the higher peak."""
    insert = (postgresql if dialect == "postgresql" else sqlite).insert(DAYS)
    new = insert.excluded
    later = new.at >= DAYS.c.at
    kept = {name: sa.case((later, new[name]), else_=DAYS.c[name]) for name in _LAST}
    peak = sa.case((new.peak > DAYS.c.peak, new.peak), else_=DAYS.c.peak)
    key = [DAYS.c.account, DAYS.c.subnet_id, DAYS.c.day]
    statement: sa.sql.dml.Insert = insert.on_conflict_do_update(index_elements=key, set_={**kept, "peak": peak})
    return statement
