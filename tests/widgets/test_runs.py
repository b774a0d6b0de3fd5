"""What a panel reads from the journal: the last run, and one that never came to its end."""

from __future__ import annotations

import re

import pandas as pd

from zecnb.execution.history import Past, Record
from zecnb.execution.steps import Step
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
            "nic_id": "n1" if event == "outcome" else None,
            "actor": "ada",
            "account": "mine",
        }
        for run, event, kind, digest, returned in events
    ]
    names = ["at", "run_id", "event", "kind", "plan_digest", "returned", "nic_id", "actor", "account"]
    return pd.DataFrame(rows, columns=names)


def record(run_id: str) -> Record:
    """A run of three addresses for two vNICs, two of them assigned."""
    steps = [Step(0, "n1", "s1", ("10.0.4.1", "10.0.4.2")), Step(1, "n2", "s1", ("10.0.4.3",))]
    past = {0: Past(returned=frozenset(("10.0.4.1", "10.0.4.2"))), 1: Past()}
    rows = [[0, "n1", "10.0.4.1", False], [0, "n1", "10.0.4.2", False], [1, "n2", "10.0.4.3", False]]
    return Record("apply", "mine", run_id, steps, rows, 10, past, finished=False)


def told(events: pd.DataFrame, *, me: str = "ada", at_work: tuple[str, ...] = ()) -> History:
    """What the panel of ada, or of somebody else, is told."""
    return history_of(events, "mine", record, me=me, at_work=at_work)


STARTED = ("r1", "started", "apply", "d1", None)
OUTCOME = ("r1", "outcome", "apply", "d1", ["10.0.4.1", "10.0.4.2"])
FINISHED = ("r1", "finished", "apply", "d1", None)


def test_nothing_happened_yet() -> None:
    """An empty journal has nothing to say."""
    found = told(journal())
    assert (found.last, found.words, found.interrupted, found.total, len(found.runs)) == (None, "", (), 0, 0)


def test_the_last_run_is_told() -> None:
    """When, what and how many; it can be undone."""
    found = told(journal(STARTED, OUTCOME, FINISHED))
    assert "2026-03-01" in found.words
    assert "last run r1 of" in found.words
    assert "by ada assigned: 2 addresses on 1 vNIC" in found.words
    assert found.last == "r1"
    assert found.interrupted == ()


def test_a_run_without_end_is_offered() -> None:
    """A kernel died: the run is offered, with who began it, what it was about and what is missing."""
    (found,) = told(journal(STARTED, OUTCOME)).interrupted
    assert found.run_id == "r1"
    assert "by ada did not come to its end: 2 vNICs, 2 rows, 1 of 3 addresses missing." in found.words


def test_all_runs_without_end_are_offered() -> None:
    """The newest first; one that was undone since is not."""
    undo = [("r4", "started", "undo", "r2", None), ("r4", "finished", "undo", "r2", None)]
    begun = [(run, "started", "apply", "d", None) for run in ("r1", "r2", "r3")]
    found = told(journal(*begun, *undo))
    assert [run.run_id for run in found.interrupted] == ["r3", "r1"]


def test_a_run_stopped_in_its_last_call_is_complete() -> None:
    """Nothing is missing, so there is nothing to offer."""
    whole = [STARTED, OUTCOME, ("r1", "outcome", "apply", "d1", ["10.0.4.3"])]
    found = told(journal(*whole).assign(nic_id=[None, "n1", "n2"]))
    assert found.interrupted == ()
    assert found.runs["end"].tolist() == ["complete"]


def test_a_run_that_a_later_one_completed_is_not_offered() -> None:
    """What was missing has been assigned since; to the same vNIC, that is."""
    later = [("r2", "started", "apply", "d2", None), ("r2", "outcome", "apply", "d2", ["10.0.4.3"])]
    ended = ("r2", "finished", "apply", "d2", None)
    events = journal(STARTED, OUTCOME, *later, ended)
    assert [run.missing for run in told(events).interrupted] == [1]
    events.loc[3, "nic_id"] = "n2"
    assert told(events).interrupted == ()


def test_an_undo_that_was_cut_off_is_begun_again() -> None:
    """What an undo did not come to is undone by undoing the same run again."""
    found = told(journal(STARTED, OUTCOME, FINISHED, ("r2", "started", "undo", "r1", None)))
    assert found.last == "r1"


def test_runs_are_listed_with_their_ends() -> None:
    """Newest first: what each did, and whether it came to its end or was undone."""
    undo = [("r2", "started", "undo", "r1", None), ("r2", "finished", "undo", "r1", None)]
    found = told(journal(STARTED, OUTCOME, FINISHED, *undo, ("r3", "started", "apply", "d3", None)))
    assert found.total == 3
    assert found.runs[["run_id", "what", "end"]].to_numpy().tolist() == [
        ["r3", "assigned", "interrupted"],
        ["r2", "released", "complete"],
        ["r1", "assigned", "undone"],
    ]
    assert found.runs[["by", "vNICs", "addresses"]].iloc[-1].tolist() == ["ada", 1, 2]


def test_an_undone_run_is_not_undone_again() -> None:
    """After an undo there is nothing to undo; the run before it is not next."""
    undo = [("r2", "started", "undo", "r1", None), ("r2", "finished", "undo", "r1", None)]
    found = told(journal(STARTED, OUTCOME, *undo))
    assert found.last is None
    assert found.interrupted == ()
    assert "released" in found.words


def test_runs_of_another_account_are_none_of_ours() -> None:
    """A shared journal offers each account its own runs."""
    found = history_of(journal(STARTED, OUTCOME), "theirs", record, me="ada", at_work=())
    assert (found.last, found.words, found.interrupted, found.total) == (None, "", (), 0)


def test_undo_is_of_ones_own_runs() -> None:
    """A colleague's run is told, and not offered to be taken back; the question says whose, when and how much."""
    events = journal(STARTED, OUTCOME, FINISHED, ("r2", "started", "apply", "d2", None))
    events.loc[events["run_id"] == "r2", "actor"] = "bob"
    found = told(events)
    assert "last run r2" in found.words
    assert found.last == "r1"
    assert re.fullmatch(r"Release what run r1 of 2026-03-01 .* by ada added: 2 addresses on 1 vNIC\?", found.release)
    assert (told(events, me="eve").last, told(events, me="eve").release) == (None, "")


def test_a_run_under_way_is_left_alone() -> None:
    """It is neither interrupted nor to be taken back, whoever began it."""
    found = told(journal(STARTED, OUTCOME), at_work=("r1",))
    assert found.interrupted == ()
    assert found.last is None
    assert found.runs["end"].tolist() == ["under way"]
