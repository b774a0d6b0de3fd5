"""Soft reservations of a planning session, in the store: who wants which addresses, what for, until when."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pyarrow as pa
import sqlalchemy as sa

from zecnb.columns import column, strings
from zecnb.errors import UsageError
from zecnb.planner.claimed import as_days, ends_of_claims, read_claims
from zecnb.schema import CLAIMS, conform, empty
from zecnb.sheets import read_rows
from zecnb.store import METADATA, actor

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from numpy.typing import NDArray

    from zecnb.store import Store

__all__ = ["Claims"]

_TABLE = sa.Table(
    "claims",
    METADATA,
    sa.Column("id", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True, autoincrement=True),
    sa.Column("claim_id", sa.String(12), nullable=False, unique=True),
    sa.Column("account", sa.String(255), nullable=False, index=True),
    sa.Column("range", sa.String(64), nullable=False),
    sa.Column("owner", sa.String(255), nullable=False),
    sa.Column("purpose", sa.Text),
    sa.Column("until", sa.String(40)),
    sa.Column("link", sa.Text),
    sa.Column("vpc_id", sa.String(64)),
    sa.Column("subnet_id", sa.String(64)),
    sa.Column("made_by", sa.String(128), nullable=False),
    sa.Column("made_at", sa.String(32), nullable=False),
    sa.Column("released_at", sa.String(32)),
)
_GIVEN = ("range", "owner", "purpose", "until", "link", "vpc_id", "subnet_id")


class Claims:
    """The claims of one account; every plan honours them, expired ones warn.

    Args:
        store: the database, shared by whoever plans with it.
        account: label of the account.
        ids_by_name: returns the ids, by name, of what was read lately, for ``vpc_id`` or ``subnet_id``: a claim
            narrowed to a name would bind nothing.
    """

    def __init__(
        self, store: Store, account: str, ids_by_name: Callable[[str], Mapping[str, str]] | None = None
    ) -> None:
        self._store = store
        self._account = account
        self._ids_by_name = ids_by_name

    def add(
        self,
        range: str,  # noqa: A002 - the column's name
        owner: str,
        *,
        purpose: str | None = None,
        until: str | None = None,
        link: str | None = None,
        vpc_id: str | None = None,
        subnet_id: str | None = None,
    ) -> str:
        """Claim an address, range or CIDR; return the claim's id.

        Args:
            range: ``10.0.4.40``, ``10.0.4.40-47`` or ``10.0.4.40/29``.
            owner: whose it is.
            purpose: what for.
            until: last day or moment it binds, ``2026-12-31`` or ``2026-12-31T18:00Z`` (UTC without a zone); None
                for ever. Midnight without a zone is that day, as in a spreadsheet's date cell.
            link: a ticket or page.
            vpc_id: only in this VPC; in all when None.
            subnet_id: only in this subnet; in all when None.

        Raises:
            UsageError: the range or the date is none, or nobody is named.
            JournalError: the store cannot be written.
        """
        given = (range, owner, purpose, until, link, vpc_id, subnet_id)
        return self.load(pd.DataFrame([dict(zip(_GIVEN, given, strict=True))]))[0]

    def load(self, source: pd.DataFrame | str | Path) -> list[str]:
        """Add every claim of a DataFrame, CSV or Excel file, or none; return their ids.

        Raises:
            UsageError: a row that is no claim, named with what is wrong; then nothing is added.
            JournalError: the store cannot be written.
        """
        table, row = (source, None) if isinstance(source, pd.DataFrame) else read_rows(source)
        claims = conform(table, CLAIMS, required=("range", "owner"), what="claims")[list(_GIVEN)]
        claims = claims.apply(lambda text: text.str.strip()).replace("", pd.NA)
        claims["until"] = strings(as_days(column(claims["until"])))
        row = np.arange(len(claims)) if row is None else row
        read_claims(claims, row)
        if (nobody := np.flatnonzero(claims["owner"].isna())).size:
            raise UsageError(f"claims, row {row[nobody[0]]}: nobody is named as owner")
        self._no_names(claims, row)
        values = claims.astype(object).where(claims.notna(), None).to_dict("records")
        same = {
            "account": self._account,
            "made_by": actor(),
            "made_at": datetime.now(UTC).isoformat(timespec="seconds"),
        }
        rows = [{**claim, **same, "claim_id": uuid.uuid4().hex[:12]} for claim in values]
        if rows:
            with self._store.begin() as connection:
                connection.execute(sa.insert(_TABLE), rows)
        return [str(row["claim_id"]) for row in rows]

    def _no_names(self, claims: pd.DataFrame, row: NDArray[np.int64]) -> None:
        for where in ("vpc_id", "subnet_id"):
            if self._ids_by_name is None or not claims[where].notna().any():
                continue
            ids = self._ids_by_name(where)
            if (names := np.flatnonzero(claims[where].isin(set(ids) - set(ids.values())))).size:
                name = claims[where].iloc[names[0]]
                raise UsageError(f"claims, row {row[names[0]]}: {where} {name!r} is a name; the id is {ids[name]}")

    def release(self, claim_id: str) -> None:
        """Give up a claim; it is kept in the store, released.

        Raises:
            UsageError: there is no such claim, or it is released already.
            JournalError: the store cannot be written.
        """
        mine = (_TABLE.c.claim_id == claim_id) & (_TABLE.c.account == self._account) & _TABLE.c.released_at.is_(None)
        now = datetime.now(UTC).isoformat(timespec="seconds")
        with self._store.begin() as connection:
            if not connection.execute(sa.update(_TABLE).where(mine).values(released_at=now)).rowcount:
                raise UsageError(f"there is no claim {claim_id!r} on account {self._account}")

    def list(self) -> pd.DataFrame:
        """Return the claims that were not released, oldest first, columns of ``schema.CLAIMS``.

        Raises:
            JournalError: the store cannot be read.
        """
        mine = (_TABLE.c.account == self._account) & _TABLE.c.released_at.is_(None)
        columns = [_TABLE.c[name] for name in CLAIMS if name != "expired"]
        chosen = sa.select(*columns).where(mine).order_by(_TABLE.c.id)
        with self._store.begin() as connection:
            rows = connection.execute(chosen).all()
        if not rows:
            return empty(CLAIMS)
        frame = pd.DataFrame([tuple(row) for row in rows], columns=[column.name for column in columns])
        frame["made_at"] = pd.to_datetime(frame["made_at"], utc=True, format="ISO8601")
        end, _ = ends_of_claims(as_days(pa.array([row.until for row in rows], pa.large_string())))
        frame["expired"] = end <= np.datetime64(datetime.now(UTC).replace(tzinfo=None), "us")
        return conform(frame, CLAIMS, required=(), what="claims")

    def __repr__(self) -> str:
        frame = self.list()
        return f"Claims({len(frame):,} on {self._account}, {int(frame['expired'].sum()):,} expired)"
