"""What a panel reads from the journal: the last run, and one that never came to its end."""

from __future__ import annotations

import pandas as pd

from zecnb.widgets.runs import History, history_of


def journal(*events: tuple[str, str, str, str, list[str] | None]) -> pd.DataFrame:
    """Events as ``(run_id, event, kind, plan_digest, returned)``, a day apart from today."""
    rows = [
        {
            "at": pd.Timestamp("2026-03-01T12:04:00Z"),
            "run_id": run,
            "event": event,
            "kind": kind,
            "plan_digest": digest,
            "returned": returned,
            "actor": "ada",
            "account": "mine",
        }
        for run, event, kind, digest, returned in events
    ]
    names = ["at", "run_id", "event", "kind", "plan_digest", "returned", "actor", "account"]
    return pd.DataFrame(rows, columns=names)


STARTED = ("r1", "started", "apply", "d1", None)
OUTCOME = ("r1", "outcome", "apply", "d1", ["10.0.4.1", "10.0.4.2"])
FINISHED = ("r1", "finished", "apply", "d1", None)


def test_nothing_happened_yet() -> None:
    """An empty journal has nothing to say."""
    assert history_of(journal(), "mine") == History()


def test_the_last_run_is_told() -> None:
    """When, what and how many; it can be undone."""
    found = history_of(journal(STARTED, OUTCOME, FINISHED), "mine")
    assert "2026-03-01" in found.words
    assert "assigned 2 addresses, run r1" in found.words
    assert found.last == "r1"
    assert found.interrupted is None


def test_a_run_without_end_is_offered() -> None:
    """A kernel died: the run is offered, with who began it and how far it came."""
    found = history_of(journal(STARTED, OUTCOME), "mine")
    assert found.interrupted == "r1"
    assert "by ada did not come to its end: 2 addresses so far" in found.question


def test_an_undone_run_is_not_undone_again() -> None:
    """After an undo there is nothing to undo; the run before it is not next."""
    undo = [("r2", "started", "undo", "r1", None), ("r2", "finished", "undo", "r1", None)]
    found = history_of(journal(STARTED, OUTCOME, *undo), "mine")
    assert found.last is None
    assert found.interrupted is None
    assert "released" in found.words


def test_runs_of_another_account_are_none_of_ours() -> None:
    """A shared journal offers each account its own runs."""
    assert history_of(journal(STARTED, OUTCOME), "theirs") == History()
