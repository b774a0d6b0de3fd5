"""The Plan value: what would be sent, what would happen, and why not."""

from __future__ import annotations

import hashlib
import json
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from zecnb.errors import UsageError
from zecnb.planner.board import Board
from zecnb.planner.judge import Judgement
from zecnb.planner.options import Options
from zecnb.planner.reservations import Reservations
from zecnb.planner.rows import Rows
from zecnb.render.occupancy import OccupancyChart
from zecnb.render.tables import plan_html

if TYPE_CHECKING:
    from datetime import datetime

    import pandas as pd

    from zecnb.requests import Requests
    from zecnb.snapshot import Snapshot

__all__ = ["Plan", "make_plan"]


def make_plan(
    snapshot: Snapshot,
    requests: Requests,
    *,
    options: Options | None = None,
    claims: pd.DataFrame | None = None,
    age: float = 0.0,
    now: datetime | None = None,
) -> Plan:
    """Judge requests against what the cloud holds; pure, and the same plan for the same input.

    Args:
        snapshot: what is held.
        requests: what is asked for.
        options: see ``Options``.
        claims: soft reservations, see ``Reservations.of``.
        age: seconds since the snapshot was observed.
        now: the time by which claims have expired.
    """
    options = options or Options()
    reservations = Reservations.of(snapshot, options.exclude, claims, now)
    board = Board(snapshot, requests, options, reservations, age)
    return Plan(Judgement(Rows(board)))


class Plan:
    """What would be sent, what would happen, and why not.

    Attributes:
        judgement: the judged columns behind the frames.
    """

    def __init__(self, judgement: Judgement) -> None:
        self.judgement = judgement

    @cached_property
    def frame(self) -> pd.DataFrame:
        """One row per address asked for or picked, columns of ``schema.PLAN``, then the caller's own."""
        return self.judgement.frame()

    @cached_property
    def calls(self) -> pd.DataFrame:
        """One row per API call in order of sending, columns of ``schema.CALLS``."""
        return self.judgement.calls.frame()

    @cached_property
    def findings(self) -> pd.DataFrame:
        """One row per finding, columns of ``schema.FINDINGS``."""
        return self.judgement.findings()

    @cached_property
    def summary(self) -> pd.DataFrame:
        """One row per subnet touched, columns of ``schema.SUMMARY``."""
        return self.judgement.summary()

    @property
    def options(self) -> Options:
        """The options it was made with."""
        return self.judgement.rows.board.options

    @property
    def snapshot(self) -> Snapshot:
        """What it was judged against."""
        return self.judgement.rows.board.snapshot

    @cached_property
    def verdicts(self) -> dict[str, int]:
        """Rows by verdict, worst last; verdicts that do not occur are left out."""
        from zecnb.schema import VERDICTS

        count = np.bincount(self.judgement.verdict, minlength=len(VERDICTS)).tolist()
        return {verdict: count[rank] for rank, verdict in enumerate(VERDICTS) if count[rank]}

    @property
    def ok(self) -> bool:
        """Whether nothing is blocked; risks are for the reader to weigh."""
        return "BLOCK" not in self.verdicts and len(self.judgement.rows.request) > 0

    @cached_property
    def fingerprints(self) -> dict[str, str]:
        """Digest of each touched subnet as it was when the plan was made."""
        return self.snapshot.fingerprints(self.judgement.rows.room.subnets.tolist())

    @cached_property
    def digest(self) -> str:
        """SHA-256 over everything that makes this plan this plan, 64 hex digits."""
        rows = self.judgement.rows
        content = hashlib.sha256()
        content.update(json.dumps([self._options(), self.fingerprints], sort_keys=True).encode())
        for part in (rows.label, rows.slot, rows.mode, rows.key, rows.mask):
            content.update(np.ascontiguousarray(part).tobytes())
        for texts in (rows.text, rows.board.requests.nic_ids):
            content.update(json.dumps(texts.to_pylist()).encode())
        content.update(json.dumps(self.calls["predicted"].tolist()).encode())
        return content.hexdigest()

    def _options(self) -> dict[str, Any]:
        from dataclasses import asdict

        return asdict(self.options)

    def chart(self, subnet_id: str | None = None, *, dark: bool = False) -> OccupancyChart:
        """Draw a subnet with the plan in it.

        Args:
            subnet_id: one of those touched; may be left out when there is only one.
            dark: for dark backgrounds.

        Raises:
            UsageError: the plan touches several subnets or none, or not this one.
        """
        touched = self.summary["subnet_id"].tolist()
        if subnet_id is None:
            if len(touched) != 1:
                raise UsageError(f"the plan touches {len(touched)} subnets; name one: {', '.join(touched) or 'none'}")
            subnet_id = touched[0]
        if subnet_id not in touched:
            raise UsageError(f"the plan does not touch subnet {subnet_id!r}; it touches {', '.join(touched) or 'none'}")
        at = self.snapshot.subnet_position(subnet_id)
        names = self.frame["nic_name"].dropna().unique()
        subnet = self.snapshot.subnets.iloc[at]
        return OccupancyChart(
            subnet["cidr_block"],
            self.judgement.cells(at),
            unseen=int(self.snapshot.unseen[at]),
            title=str(subnet["name"]) if subnet["name"] == subnet["name"] else subnet_id,
            nic_name=str(names[0]) if len(names) == 1 else "",
            dark=dark,
        )

    def __repr__(self) -> str:
        rows = ", ".join(f"{count:,} {verdict}" for verdict, count in self.verdicts.items()) or "empty"
        calls = len(self.judgement.calls.slot)
        subnets = len(self.judgement.rows.room.subnets)
        return f"Plan({rows}; {calls:,} call{'s' * (calls != 1)}, {subnets:,} subnet{'s' * (subnets != 1)})"

    def _repr_html_(self) -> str:
        return plan_html(self.frame, self.calls, self.findings, self.summary)
