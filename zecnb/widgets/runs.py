"""What the journal says to a panel: earlier runs, the last one, and those that never came to their end."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import pandas as pd

from zecnb.render.cells import clock, plural

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

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
        last: the run of whoever asks that can be undone next, None when there is none or it was undone.
        release: asks whether to undo it, "" when there is none.
        words: about the last run of any kind, "" for none.
        interrupted: runs to finish, newest first.
        runs: one row per run, newest first: ``when, what, by, vNICs, addresses, end, run_id``.
        total: runs there are; ``runs`` has the newest.
    """

    last: str | None = None
    release: str = ""
    words: str = ""
    interrupted: tuple[Interrupted, ...] = ()
    runs: pd.DataFrame = pd.DataFrame(columns=list(_COLUMNS))
    total: int = 0


def history_of(
    journal: pd.DataFrame, account: str, record_of: Callable[[str], Record], *, me: str, at_work: Collection[str]
) -> History:
    """Read the history of an account from its journal.

    Args:
        journal: ``Session.journal()``.
        account: label of the account; runs of others are none of this panel's business.
        record_of: ``Session.record``; asked for the runs that did not come to their end.
        me: who asks; only one's own last run is offered to be undone.
        at_work: runs under way, which are neither finished nor taken back by anybody else.
    """
    events = journal[journal["account"] == account]
    begun = events[events["event"] == "started"]
    if not len(begun):
        return History()
    begun = begun.iloc[::-1]
    ended = set(events.loc[events["event"] == "finished", "run_id"])
    undone = set(begun.loc[(begun["kind"] == "undo") & begun["run_id"].isin(ended), "plan_digest"])
    open_ = begun[(begun["kind"] == "apply") & ~begun["run_id"].isin({*ended, *undone, *at_work})].head(_LISTED)
    given = _changed(events[events["kind"] == "apply"])
    left = [_interrupted(run, record_of(run["run_id"]), given) for _, run in open_.iterrows()]
    # Stopped in its last call, or a later run did what was missing: there is nothing to finish.
    ended |= {run.run_id for run in left if not run.missing}
    rows = [_row(events, run, ended, undone, at_work) for _, run in begun.head(_LISTED).iterrows()]
    runs, newest = pd.DataFrame(rows), rows[0]
    mine = begun[(begun["actor"] == me) & ~begun["run_id"].isin(at_work)].head(1)
    # An undo that was cut off is finished by undoing the same run again.
    last = (mine["plan_digest"] if mine["kind"].eq("undo").any() else mine["run_id"]).tolist()
    undo = begun[begun["run_id"].isin(set(last) - undone)]
    asked = [_row(events, run, ended, undone, at_work) for _, run in undo.iterrows()]
    return History(
        last=asked[0]["run_id"] if asked else None,
        release=f"Release what {_words(asked[0], 'added')}?" if asked else "",
        words=f"last {_words(newest, str(newest['what']))}",
        interrupted=tuple(run for run in left if run.missing),
        runs=runs,
        total=len(begun),
    )


def _words(row: dict[str, Any], did: str) -> str:
    many, nics = plural(row["addresses"], "address", "addresses"), plural(row["vNICs"], "vNIC")
    return f"run {row['run_id']} of {row['when']} by {row['by']} {did}: {many} on {nics}"


def _row(
    events: pd.DataFrame, run: pd.Series, ended: set[str], undone: set[str], at_work: Collection[str]
) -> dict[str, Any]:
    name, mine = run["run_id"], events[events["run_id"] == run["run_id"]]
    changed = _changed(mine)
    end = "undone" if name in undone else "complete" if name in ended else "interrupted"
    if name in at_work:
        end = "under way"
    verb = "assigned" if run["kind"] == "apply" else "released"
    values = (
        clock(run["at"].to_pydatetime()),
        verb,
        run["actor"],
        mine["nic_id"].nunique(),
        len(changed),
        end,
        name,
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
