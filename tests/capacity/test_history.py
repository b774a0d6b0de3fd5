"""Utilisation over time, the same on SQLite and on PostgreSQL."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pandas as pd
import pytest

from tests.execution.conftest import world
from tests.planner.accounts import account, one_subnet
from tests.postgres import postgres, store_url
from zecnb.capacity.history import History
from zecnb.capacity.observations import observation
from zecnb.errors import UsageError
from zecnb.inventory import Inventory
from zecnb.schema import HISTORY
from zecnb.store import Store

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.execution.world import World

__all__ = ["postgres", "store_url", "world"]

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


@pytest.fixture
def history(store_url: str) -> Iterator[History]:
    """An empty history."""
    store = Store(store_url)
    yield History(store, "acme")
    store.close()


def row(at: datetime, used: int, **more: Any) -> dict[str, Any]:
    """Return one observation."""
    return {"at": at, "subnet_id": "s", "cidr": "10.0.0.0/24", "usable": 253, "used": used, **more}


def test_inventory_is_recorded(history: History) -> None:
    """One row per IPv4 subnet comes back as it was observed."""
    inventory = account(observed_at=NOON)
    assert history.record(inventory) == 8
    stored = history.frame()
    expected = observation(inventory).sort_values("subnet_id", ignore_index=True)
    pd.testing.assert_frame_equal(stored, expected)
    assert dict(stored.dtypes.astype(str)) == {name: column.dtype for name, column in HISTORY.items()}


def test_unseen_counts_as_used(history: History) -> None:
    """What the API counts and nobody lists is used."""
    history.record(one_subnet("10.0.0.0/28", usage=5))
    assert history.frame()["used"].tolist() == [5]


def test_last_of_a_day_stays(history: History) -> None:
    """Of several observations in a day the last counts, whatever the order they came in; the peak is kept."""
    history.add(pd.DataFrame([row(NOON, 9), row(NOON - timedelta(hours=3), 12)]))
    history.add(pd.DataFrame([row(NOON + timedelta(hours=2), 7)]))
    history.add(pd.DataFrame([row(NOON - timedelta(hours=5), 30)]))
    stored = history.frame()
    assert stored[["used", "peak"]].to_numpy().tolist() == [[7, 30]]
    assert stored["at"].iloc[0] == NOON + timedelta(hours=2)


def test_days_are_utc(history: History) -> None:
    """Two moments of one local day that are two days in UTC are two rows."""
    history.add(
        pd.DataFrame([row(datetime(2026, 3, 2, 23, 59, tzinfo=UTC), 1), row(datetime(2026, 3, 3, tzinfo=UTC), 2)])
    )
    assert history.frame()["used"].tolist() == [1, 2]


def test_accounts_stay_apart(store_url: str) -> None:
    """One store holds the history of several accounts."""
    store = Store(store_url)
    History(store, "acme").add(pd.DataFrame([row(NOON, 1)]))
    History(store, "other").add(pd.DataFrame([row(NOON, 2)]))
    assert History(store, "acme").frame()["used"].tolist() == [1]
    assert repr(History(store, "other")) == "History(other: 1 days, 1 subnets)"
    store.close()


def test_incomplete_inventory_is_not_recorded(history: History) -> None:
    """What was only partly read would look like released addresses, so it is left out."""
    sources = pd.DataFrame([{"source": "nics", "scope": "", "status": "partial", "records": 1, "detail": "page 2"}])
    assert history.record(account(sources=sources)) == 0
    assert len(history.frame()) == 0
    assert list(history.frame().columns) == list(HISTORY)


def test_one_subnet_alone(history: History) -> None:
    """The history of one subnet can be asked for."""
    history.record(account(observed_at=NOON))
    assert history.frame("sub-db")["cidr"].tolist() == ["10.0.5.0/28"]


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_past_is_imported(history: History, tmp_path: Path, kind: str) -> None:
    """Files of past observations come in; doing it twice changes nothing."""
    past = pd.DataFrame([row(NOON - timedelta(days=n), 100 - n) for n in range(40)])
    path = tmp_path / f"past.{kind}"
    past.to_csv(path, index=False) if kind == "csv" else past.to_parquet(path)
    assert history.load(path) == 40
    once = history.frame()
    history.load(path)
    pd.testing.assert_frame_equal(history.frame(), once)
    assert once["used"].tolist() == list(range(61, 101))


def test_many_rows(history: History) -> None:
    """More rows than one statement takes are stored in one transaction."""
    many = pd.DataFrame([row(NOON - timedelta(days=n), n, subnet_id=f"s{m}") for n in range(30) for m in range(150)])
    assert history.add(many) == 4500
    assert len(history.frame()) == 4500


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("at,subnet_id,used\n2026-03-02,s,1\n", "usable"),
        ("at,subnet_id,cidr,usable,used\nyesterday,s,10.0.0.0/24,253,1\n", "column at"),
        ("at,subnet_id,cidr,usable,used\n2026-03-02,s,10.0.0.0/24,253,many\n", "column used"),
        ("at,subnet_id,cidr,usable,used\n2026-03-02,s,10.0.0.0/24,253,-1\n", "row 0"),
    ],
)
def test_files_that_cannot_be_used(history: History, tmp_path: Path, text: str, words: str) -> None:
    """A file with a missing column, a bad time or number is refused, and nothing of it stored."""
    path = tmp_path / "past.csv"
    path.write_text(text)
    with pytest.raises(UsageError, match=words):
        history.load(path)
    assert len(history.frame()) == 0


def test_files_of_another_kind(history: History, tmp_path: Path) -> None:
    """Only CSV and Parquet are read; a file that is not there is said."""
    with pytest.raises(UsageError, match=r"\.csv or \.parquet"):
        history.load(tmp_path / "past.xlsx")
    with pytest.raises(UsageError, match="cannot be read"):
        history.load(tmp_path / "past.csv")


def test_history_is_of_the_inventory_type() -> None:
    """An observation is of when the inventory was read."""
    assert set(
        observation(
            Inventory.from_frames(
                subnets=account().subnets, nics=account().nics, holders=account().holders, observed_at=NOON
            )
        )["at"]
    ) == {pd.Timestamp(NOON)}


# -- a session -----------------------------------------------------------------------------------------------------


def test_session_remembers_what_it_reads(world: World) -> None:
    """Each reading that is to be remembered is one day of the session's history, and of no other account's."""
    session = world.session()
    session.inventory()
    assert len(session.history().frame()) == 0
    inventory = session.inventory(remember=True)
    stored = session.history().frame()
    pd.testing.assert_frame_equal(
        stored, observation(inventory).sort_values("subnet_id", ignore_index=True), check_dtype=True
    )
    assert len(world.session(account="other").history().frame()) == 0
