"""What is taken from the plan of one partition, and put together again, in pandas.

Rows, calls and findings of one request, vNIC or subnet are in one partition. Two things are not: findings about
the whole plan, of which the one with the lowest row is right, and the numbers of the calls.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd

from zecnb.planner.findings import CATALOGUE
from zecnb.planner.judge import Judgement
from zecnb.schema import CALLS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from zecnb.planner.plan import Plan

__all__ = ["Results", "findings_of_all", "numbered", "order_of_all", "results_of"]

_OF_THE_PLAN = [code for code, entry in CATALOGUE.items() if entry.about == "plan"]
_UNSERVED, _SERVED = 1 << 60, 1 << 61


class Results(NamedTuple):
    """What a part's plan says, all of it worked out.

    A plan works things out when it is asked. One that several tasks asked would change while it is being sent to
    another worker, which ends in a broken message and a cluster that waits for ever.

    Attributes:
        frame, summary: the part's rows and subnets.
        findings, about: its findings; those about the whole plan apart.
        calls: its calls; their ``call`` is a number by which the calls of all parts sort.
    """

    frame: pd.DataFrame
    summary: pd.DataFrame
    findings: pd.DataFrame
    about: pd.DataFrame
    calls: pd.DataFrame


def results_of(plan: Plan) -> Results:
    """Return what a part's plan says."""
    whole = plan.findings["code"].isin(_OF_THE_PLAN)
    findings, about = (plan.findings[each].reset_index(drop=True) for each in (~whole, whole))
    return Results(plan.frame, plan.summary, findings, about, _calls_of(plan))


def findings_of_all(parts: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Return the findings about the whole plan, each where it comes first."""
    found = pd.concat(parts).sort_values("row", kind="stable").drop_duplicates("code")
    return found.sort_values("row", kind="stable", ignore_index=True)


def _calls_of(plan: Plan) -> pd.DataFrame:
    """Return a part's calls, and as their ``call`` a number by which the calls of all parts sort.

    Calls with addresses go by the first row they are for; then those with a count that cannot be served, by row;
    then the others, by subnet and in the order in which it serves them.
    """
    judgement = plan._source  # noqa: SLF001 - a plan shows what it sends, not why in that order
    assert isinstance(judgement, Judgement)
    rows, calls = judgement.rows, judgement.planned_calls
    at, edges = calls.members
    named = edges[1:] > edges[:-1]
    order = np.empty(len(calls.slot), np.int64)
    order[named] = rows.label[at[edges[:-1][named]]]
    request = calls.request[~named]
    served = np.isin(request, rows.room.demands)
    subnet = rows.board.usable_subnet[calls.slot[~named]]
    order[~named] = np.where(
        served,
        _SERVED + (subnet << np.int64(32)) + np.flatnonzero(~named),
        _UNSERVED + rows.board.requests.row[request],
    )
    return plan.calls.assign(call=order)


def order_of_all(parts: Sequence[NDArray[np.int64]]) -> NDArray[np.int64]:
    """Return the numbers by which the calls of all parts sort, sorted."""
    return np.sort(np.concatenate(parts))


def numbered(calls: pd.DataFrame, order: NDArray[np.int64]) -> pd.DataFrame:
    """Return a part's calls, numbered among the calls of all parts."""
    return calls.assign(call=np.searchsorted(order, calls["call"].to_numpy()))[list(CALLS)]
