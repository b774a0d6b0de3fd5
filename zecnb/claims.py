"""Soft reservations of a planning session, in the store: who wants which addresses, what for, until when."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pandas as pd
import pyarrow as pa
import sqlalchemy as sa

from zecnb import addresses
from zecnb.errors import UsageError
from zecnb.planner.reservations import end_of_claim
from zecnb.requests import read_table
from zecnb.schema import CLAIMS, conform
from zecnb.store import METADATA, actor
from zecnb.typos import why_not

if TYPE_CHECKING:
    from pathlib import Path

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
    """

    def __init__(self, store: Store, account: str) -> None:
        self._store = store
        self._account = account

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
            until: last day or moment it binds, ``2026-12-31`` or ``2026-12-31T18:00Z``; None for ever.
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
        table = source if isinstance(source, pd.DataFrame) else read_table(source)
        claims = conform(table, CLAIMS, required=("range", "owner"), what="claims")[list(_GIVEN)]
        claims = claims.apply(lambda text: text.str.strip()).replace("", pd.NA)
        _check(claims)
        now = datetime.now(UTC).isoformat(timespec="seconds")
        rows = [
            {
                **{name: None if pd.isna(value) else value for name, value in claim.items()},
                "claim_id": uuid.uuid4().hex[:12],
                "account": self._account,
                "made_by": actor(),
                "made_at": now,
            }
            for claim in claims.to_dict("records")
        ]
        if rows:
            with self._store.begin() as connection:
                connection.execute(sa.insert(_TABLE), rows)
        return [str(row["claim_id"]) for row in rows]

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
            rows = [dict(row) for row in connection.execute(chosen).mappings()]
        now = pd.Timestamp(datetime.now(UTC))
        for row in rows:
            row["made_at"] = pd.Timestamp(row["made_at"])
            row["expired"] = bool(row["until"] and end_of_claim(row["until"]) <= now)
        return conform(pd.DataFrame(rows, columns=list(CLAIMS)), CLAIMS, required=(), what="claims")

    def __repr__(self) -> str:
        frame = self.list()
        return f"Claims({len(frame):,} on {self._account}, {int(frame['expired'].sum()):,} expired)"


def _check(claims: pd.DataFrame) -> None:
    """Refuse a frame with a row that is no claim."""
    _, _, why = addresses.spans(pa.array(claims["range"].fillna(""), pa.large_string()))
    for at, claim in enumerate(claims.to_dict("records")):
        if why[at]:
            text = claim["range"] if isinstance(claim["range"], str) else ""
            raise UsageError(f"claims, row {at}: range {why_not(text, int(why[at]))[0]}")
        if not isinstance(claim["owner"], str):
            raise UsageError(f"claims, row {at}: nobody is named as owner")
        if isinstance(claim["until"], str):
            end_of_claim(claim["until"])
