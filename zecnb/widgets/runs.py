"""What the journal says to a panel: the last run, and runs that never came to their end."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["History", "history_of"]


class History(NamedTuple):
    """What the journal says.

    Attributes:
        last: the last run that added addresses, None when there is none or it was undone.
        words: about the last run of any kind, "" for none.
        interrupted: the last run, when it was stopped or died before its end, else None.
        question: about the interrupted run.
    """

    last: str | None = None
    words: str = ""
    interrupted: str | None = None
    question: str = ""


def history_of(journal: pd.DataFrame, account: str) -> History:
    """Read the history of an account from its journal.

    Args:
        journal: ``Session.journal()``.
        account: label of the account; runs of others are none of this panel's business.
    """
    events = journal[journal["account"] == account]
    begun = events[events["event"] == "started"]
    if not len(begun):
        return History()
    ended = set(events.loc[events["event"] == "finished", "run_id"])
    newest = begun.iloc[-1]
    words = f"last run {_when(newest['at'])}: {_verb(newest)} {_done(events, newest)}, run {newest['run_id']}"
    last = str(newest["run_id"]) if newest["kind"] == "apply" else None
    # Of older ones nothing is said: who began another run since has seen this offer.
    if last is None or last in ended:
        return History(last, words)
    asked = f"Run {last} of {_when(newest['at'])} by {newest['actor']} did not come to its end"
    return History(last, words, last, f"{asked}: {_done(events, newest)} so far.")


def _verb(run: pd.Series) -> str:
    return "assigned" if run["kind"] == "apply" else "released"


def _done(events: pd.DataFrame, run: pd.Series) -> str:
    mine = events[(events["run_id"] == run["run_id"]) & events["event"].isin(["outcome", "resolved"])]
    count = len({address for returned in mine["returned"] if isinstance(returned, list) for address in returned})
    return f"{count:,} address{'es' * (count != 1)}"


def _when(at: pd.Timestamp) -> str:
    """Return a time as a clock on the wall shows it; with the date when it is not today's."""
    local = at.to_pydatetime().astimezone()
    today = datetime.now(UTC).astimezone().date()
    return f"{local:%H:%M}" if local.date() == today else f"{local:%Y-%m-%d %H:%M}"
