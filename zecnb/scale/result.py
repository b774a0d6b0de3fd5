"""A plan whose rows are on Dask."""

from __future__ import annotations

from contextlib import nullcontext
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import dask
import dask.dataframe as dd
import pyarrow as pa

from zecnb.errors import UsageError
from zecnb.render.cells import plural
from zecnb.scale import outcome
from zecnb.schema import VERDICTS

if TYPE_CHECKING:
    from collections.abc import Sequence
    from contextlib import AbstractContextManager
    from datetime import datetime

    import pandas as pd
    from dask.delayed import Delayed
    from distributed import Client

    from zecnb.planner.options import Options
    from zecnb.planner.plan import Plan

__all__ = ["ScalePlan", "on"]

_FRAMES = ("frame", "findings", "calls", "summary")
_LISTS = ("codes", "addresses")  # columns of tuples of text


def on(client: Client | None) -> AbstractContextManager[object]:
    """Have what is computed inside run on a client; on Dask's current scheduler when None."""
    return nullcontext() if client is None else client.as_current()


class ScalePlan:
    """What would be sent, what would happen, and why not, in partitions by subnet.

    Make one with ``zecnb.scale.plan``. Its frames have the columns and the rows of ``Plan``'s. They are Dask
    frames: nothing is planned before a result is asked for, and then again for each result, so that asking for
    all of them at once, as ``to_parquet`` does, costs a quarter of asking one by one.

    Order: each partition has its rows in the order of the requests. ``frame`` and ``findings`` are in the order of
    ``Plan`` once they are sorted by ``row`` (with a sort that keeps the order of equals), ``calls`` by ``call``;
    ``summary`` has one row per subnet, in the order of the inventory within each partition.
    """

    def __init__(
        self, parts: Sequence[Delayed], empty: Plan, *, client: Client | None, requests: int, held: int
    ) -> None:
        self._parts = list(parts)
        self._results = [dask.delayed(outcome.results_of)(part) for part in self._parts]
        self._empty = empty
        self._client = client
        self.requests, self.held = requests, held

    @property
    def npartitions(self) -> int:
        """How many partitions there are."""
        return len(self._parts)

    @property
    def options(self) -> Options:
        """The options it was made with."""
        return self._empty.options

    @property
    def observed_at(self) -> datetime:
        """When what it was judged against was read, UTC."""
        return self._empty.observed_at

    @cached_property
    def frame(self) -> dd.DataFrame:
        """One row per address asked for or picked, columns of ``schema.PLAN``, then the caller's own."""
        return _frame([each.frame for each in self._results], self._empty.frame)

    @cached_property
    def findings(self) -> dd.DataFrame:
        """One row per finding, columns of ``schema.FINDINGS``; those about the whole plan are the last partition."""
        about = dask.delayed(outcome.findings_of_all)([each.about for each in self._results])
        return _frame([*(each.findings for each in self._results), about], self._empty.findings)

    @cached_property
    def calls(self) -> dd.DataFrame:
        """One row per API call, columns of ``schema.CALLS``; ``call`` is the order of sending."""
        parts = [each.calls for each in self._results]
        order = dask.delayed(outcome.order_of_all)([part["call"].to_numpy() for part in parts])
        return _frame([dask.delayed(outcome.numbered)(part, order) for part in parts], self._empty.calls)

    @cached_property
    def summary(self) -> dd.DataFrame:
        """One row per subnet touched, columns of ``schema.SUMMARY``."""
        return _frame([each.summary for each in self._results], self._empty.summary)

    @cached_property
    def verdicts(self) -> dict[str, int]:
        """Rows by verdict, worst last; verdicts that do not occur are left out. Plans everything on first use."""
        with on(self._client):
            counts = self.frame["verdict"].value_counts().compute()
        return {verdict: int(counts[verdict]) for verdict in VERDICTS if verdict in counts.index}

    @property
    def ok(self) -> bool:
        """Whether nothing is blocked; risks are for the reader to weigh. Plans everything on first use."""
        return bool(self.verdicts) and "BLOCK" not in self.verdicts

    def part(self, number: int) -> Plan:
        """Return a partition as an ordinary plan, to be looked at, saved, approved and applied.

        The parts of a plan have no subnet and no vNIC in common, so they can be applied in any order.

        Args:
            number: 0 to ``npartitions - 1``.

        Raises:
            UsageError: there is no such part.
        """
        if not isinstance(number, int) or not 0 <= number < self.npartitions:
            raise UsageError(f"the plan has parts 0 to {self.npartitions - 1}, not {number!r}")
        with on(self._client):
            plan: Plan = self._parts[number].compute()
        return plan

    def compute(self) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame, pd.DataFrame]:
        """Return ``frame``, ``findings``, ``calls`` and ``summary`` in memory, rows in the order of ``Plan``'s."""
        with on(self._client):
            frame, findings, calls, summary = dask.compute(*(getattr(self, name) for name in _FRAMES))
        return (
            frame.sort_values("row", kind="stable", ignore_index=True),
            findings.sort_values("row", kind="stable", ignore_index=True),
            calls.sort_values("call", ignore_index=True),
            summary.reset_index(drop=True),
        )

    def to_parquet(self, folder: str | Path) -> Path:
        """Plan everything and write it: folders ``frame``, ``findings``, ``calls``, ``summary`` of Parquet files.

        Partitions are planned and written one after the other by each worker, so that little is in memory at once.

        Args:
            folder: where to, for all workers the same place; must not be there yet.

        Raises:
            UsageError: the folder is there already.
        """
        target = Path(folder)
        if target.exists():
            raise UsageError(f"{target} is there already; choose another folder")
        with on(self._client):
            dask.compute(
                *(
                    getattr(self, name).to_parquet(
                        target / name, write_index=False, compute=False, schema=_schema(getattr(self._empty, name))
                    )
                    for name in _FRAMES
                )
            )
        return target

    def __repr__(self) -> str:
        many = plural(self.npartitions, "partition")
        return f"ScalePlan({self.requests:,} requests, {self.held:,} held addresses, {many}; planned when asked for)"


def _frame(parts: Sequence[Delayed], meta: pd.DataFrame) -> dd.DataFrame:
    with dask.config.set({"dataframe.convert-string": False}):  # columns of tuples stay that
        return dd.from_delayed(parts, meta=meta)


def _schema(meta: pd.DataFrame) -> pa.Schema:
    """Return what a frame is written as; of a column of the caller's that may hold anything, text."""
    schema = pa.Schema.from_pandas(meta, preserve_index=False)
    for at, field in enumerate(schema):
        if pa.types.is_null(field.type):
            kind = pa.list_(pa.large_string()) if field.name in _LISTS else pa.large_string()
            schema = schema.set(at, field.with_type(kind))
    return schema.remove_metadata()
