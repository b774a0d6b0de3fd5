"""What the journal gives away: files of it, and what it may forget."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pandas as pd
import pytest
import sqlalchemy as sa

from zecnb.errors import UsageError
from zecnb.execution.evidence import write_events
from zecnb.execution.journal import EVENTS, LEAST_DAYS, Event, Journal, Run
from zecnb.store import Store

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def store(store_url: str) -> Iterator[Store]:
    """An empty store."""
    opened = Store(store_url)
    yield opened
    opened.close()


def noted(store: Store, kind: str, what: str, days: float, *, ended: bool) -> str:
    """Record a run of so many days ago; return its id."""
    journal, run = Journal(store), Run.new(kind, "acme", what)
    journal.started(run, [], [], None)
    journal.write(run, Event("intent", 0, "nic-1", pre_image=[], asked=["10.0.0.9"]))
    if ended:
        journal.write(run, Event("finished"))
    at = (datetime.now(UTC) - timedelta(days=days)).isoformat(timespec="milliseconds")
    with store.begin() as connection:
        connection.execute(sa.update(EVENTS).where(EVENTS.c.run_id == run.run_id).values(at=at))
    return run.run_id


def test_prune_forgets_old_runs_that_ended(store: Store) -> None:
    """Old and ended goes; young stays, and so does whatever is not finished, however old."""
    noted(store, "apply", "d1", 91, ended=True)
    stays = [noted(store, "apply", "d2", 89, ended=True), noted(store, "apply", "d3", 900, ended=False)]
    assert Journal(store).prune(90) == 3
    assert Journal(store).frame()["run_id"].drop_duplicates().tolist() == stays
    assert Journal(store).prune(90) == 0


def test_prune_keeps_what_is_being_undone(store: Store) -> None:
    """The run that an unfinished or a young undo takes back is needed for it."""
    old = [noted(store, "apply", "d", 400, ended=True) for _ in range(3)]
    noted(store, "undo", old[0], 399, ended=False)
    noted(store, "undo", old[1], 1, ended=True)
    gone = noted(store, "undo", old[2], 398, ended=True)
    Journal(store).prune(90)
    left = set(Journal(store).frame()["run_id"])
    assert set(old[:2]) <= left
    assert not {old[2], gone} & left


@pytest.mark.parametrize("days", [LEAST_DAYS - 1, 0, -5, float("nan")])
def test_prune_keeps_at_least_a_month(store: Store, days: float) -> None:
    """A slip of the finger does not empty the journal."""
    noted(store, "apply", "d", 400, ended=True)
    with pytest.raises(UsageError, match="at least 30 days"):
        Journal(store).prune(days)
    assert len(Journal(store).frame()) == 3


def test_numbers_of_the_frame_are_whole(store: Store) -> None:
    """Call numbers and counts are integers, also where some events have none."""
    noted(store, "apply", "d", 1, ended=True)
    frame = Journal(store).frame()
    assert frame["call"].tolist() == [pd.NA, 0, pd.NA]
    assert frame["http_status"].dtype == "Int64"


def test_csv_runs_nothing(store: Store, tmp_path: Path) -> None:
    """What an attacker names himself is text in a spreadsheet."""
    Journal(store).write(Run.new("apply", "=HYPERLINK(1)", "d"), Event("intent", 0, "+cmd", asked=["@x"], pre_image=[]))
    text = write_events(Journal(store).frame(), tmp_path / "j.csv").read_text(encoding="utf-8")
    for formula in ("'=HYPERLINK(1)", "'+cmd", "'@x"):
        assert formula in text
    assert ",=HYPERLINK" not in text


def test_parquet_gives_back_what_it_got(store: Store, tmp_path: Path) -> None:
    """Lists stay lists, absent stays absent, times stay times, also in an empty journal."""
    empty = pd.read_parquet(write_events(Journal(store).frame(), tmp_path / "empty.parquet"))
    noted(store, "apply", "d", 1, ended=True)
    frame = Journal(store).frame()
    read = pd.read_parquet(write_events(frame, tmp_path / "j.parquet"))
    assert list(empty.columns) == list(read.columns) == list(frame.columns)
    assert list(read["asked"].iloc[1]) == ["10.0.0.9"]
    assert read["asked"].iloc[0] is None
    assert read["at"].tolist() == frame["at"].tolist()
    assert str(empty["at"].dtype) == str(read["at"].dtype)


def test_a_file_that_cannot_be_written(store: Store, tmp_path: Path) -> None:
    """A folder that is not there, or a name of no kind, is an error of usage; nothing half written is left."""
    frame = Journal(store).frame()
    with pytest.raises(UsageError, match=r"does not end in \.csv or \.parquet"):
        write_events(frame, tmp_path / "j.xlsx")
    with pytest.raises(UsageError, match="cannot write"):
        write_events(frame, tmp_path / "no" / "j.csv")
    assert not list(tmp_path.glob("j.*"))
