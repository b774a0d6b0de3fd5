"""What the journal says to a panel: earlier runs, the last one, and those that never came to their end."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import pandas as pd

from zecnb.render.cells import clock, plural

if TYPE_CHECKING:
    from collections.abc import Callable

    from zecnb.execution.history import Record

__all__ = ["History", "Interrupted", "history_of"]

_LISTED = 10  # runs in the table, and offered to be finished, at most: the newest
_COLUMNS = ("when", "what", "by", "vNICs", "addresses", "end", "run_id")


class Interrupted(NamedTuple):
    """A run that was stopped or died before its end.

    Attributes:
        run_id: names it.
        when, words: what it set out to do and what is missing; plain text.
        missing: how many addresses no run has assigned so far.
    """

    run_id: str
    when: str
    words: str
    missing: int


class History(NamedTuple):
    """What the journal says.

    Attributes:
        last: the run to undo next, None when there is none or it was undone.
        words: about the last run of any kind, "" for none.
        interrupted: runs to finish, newest first.
        runs: one row per run, newest first: ``when, what, by, vNICs, addresses, end, run_id``.
        total: runs there are; ``runs`` has the newest.
    """

    last: str | None = None
    words: str = ""
    interrupted: tuple[Interrupted, ...] = ()
    runs: pd.DataFrame = pd.DataFrame(columns=list(_COLUMNS))
    total: int = 0


def history_of(journal: pd.DataFrame, account: str, record_of: Callable[[str], Record]) -> History:
    """Read the history of an account from its journal.

    Args:
        journal: ``Session.journal()``.
        account: label of the account; runs of others are none of this panel's business.
        record_of: ``Session.record``; asked for the runs that did not come to their end.
    """
    events = journal[journal["account"] == account]
    begun = events[events["event"] == "started"]
    if not len(begun):
        return History()
    begun = begun.iloc[::-1]
    ended = set(events.loc[events["event"] == "finished", "run_id"])
    undone = set(begun.loc[(begun["kind"] == "undo") & begun["run_id"].isin(ended), "plan_digest"])
    newest = begun.iloc[0]
    # An undo that was cut off is finished by undoing the same run again.
    last = str(newest["run_id"] if newest["kind"] == "apply" else newest["plan_digest"])
    open_ = begun[(begun["kind"] == "apply") & ~begun["run_id"].isin(ended | undone)].head(_LISTED)
    given = _changed(events[events["kind"] == "apply"])
    left = [_interrupted(run, record_of(run["run_id"]), given) for _, run in open_.iterrows()]
    # Stopped in its last call, or a later run did what was missing: there is nothing to finish.
    ended |= {run.run_id for run in left if not run.missing}
    runs = pd.DataFrame([_row(events, run, ended, undone) for _, run in begun.head(_LISTED).iterrows()])
    done = runs.iloc[0]
    return History(
        last=None if last in undone else last,
        words=f"last run {done['when']}: {done['what']} {plural(done['addresses'], 'address', 'addresses')}, "
        f"run {done['run_id']}",
        interrupted=tuple(run for run in left if run.missing),
        runs=runs,
        total=len(begun),
    )


def _row(events: pd.DataFrame, run: pd.Series, ended: set[str], undone: set[str]) -> dict[str, object]:
    mine = events[events["run_id"] == run["run_id"]]
    changed = _changed(mine)
    end = "undone" if run["run_id"] in undone else "complete" if run["run_id"] in ended else "interrupted"
    verb = "assigned" if run["kind"] == "apply" else "released"
    values = (
        clock(run["at"].to_pydatetime()),
        verb,
        run["actor"],
        mine["nic_id"].nunique(),
        len(changed),
        end,
        run["run_id"],
    )
    return dict(zip(_COLUMNS, values, strict=True))


def _changed(events: pd.DataFrame) -> set[tuple[str, str]]:
    """Return vNIC and address of what the API, or a read-back, said was assigned or released."""
    answers = events[events["event"].isin(["outcome", "resolved"])]
    return {
        (nic, address)
        for nic, returned in zip(answers["nic_id"], answers["returned"], strict=True)
        if isinstance(returned, list)
        for address in returned
    }


def _interrupted(run: pd.Series, record: Record, given: set[tuple[str, str]]) -> Interrupted:
    wanted = missing = 0
    for step in record.steps:
        wanted += step.ip_address_count or len(step.addresses)
        if step.ip_address_count is not None:
            missing += step.ip_address_count - len(record.past[step.call].returned)
        else:
            missing += sum((step.nic_id, address) not in given for address in step.addresses)
    rows, nics = len({row for row, *_ in record.rows}), {step.nic_id for step in record.steps}
    where = f"vNIC {next(iter(nics))}" if len(nics) == 1 else plural(len(nics), "vNIC")
    when = clock(run["at"].to_pydatetime())
    words = (
        f"Run {run['run_id']} of {when} by {run['actor']} did not come to its end: "
        f"{where}, {plural(rows, 'row')}, {missing:,} of {plural(wanted, 'address', 'addresses')} missing."
    )
    return Interrupted(run["run_id"], when, words, missing)
