"""Utilisation over time, the same on SQLite and on PostgreSQL."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pandas as pd
import pytest

from tests.execution.conftest import world
from tests.planner.accounts import account, one_subnet
from tests.postgres import postgres, store_url
from zecnb.capacity.history import DAYS, History
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
HEAD = "at,subnet_id,cidr,usable,used\n"


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
    held = one_subnet("10.0.0.0/28", usage=5)
    history.record(Inventory.from_frames(subnets=held.subnets, nics=held.nics, holders=held.holders, observed_at=NOON))
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
    assert repr(History(store, "other")) == "History(other: 1 day, 1 subnet)"
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
        ("at,subnet_id,used\n2026-03-02,s,1\n", "columns cidr, usable missing; there are at, subnet_id, used"),
        (HEAD + "2026-03-02,s,10.0.0.0/24,253,1\nyesterday,s,10.0.0.0/24,253,1\n", "row 1: at is 'yesterday', no time"),
        (HEAD + "02.03.2026,s,10.0.0.0/24,253,1\n", "row 0: at is '02.03.2026', no time; write 2026-03-02"),
        (HEAD + "2026-03-02,s,10.0.0.0/24,253,many\n", "row 0: used is 'many', no whole number"),
        (HEAD + "2026-03-02,s,10.0.0.0/24,253,-1\n", "row 0: used is '-1', no whole number of 0 or more"),
        (HEAD + "2026-03-02,s,10.0.0.0/24,253,9.5\n", "row 0: used is '9.5', no whole number"),
        (HEAD + "2026-03-02,s,10.0.0.0/24,253,inf\n", "row 0: used is 'inf', no whole number"),
        (HEAD + '2026-03-02,s,10.0.0.0/24,"1,021",9\n', "row 0: usable is '1,021', no whole number"),
        (HEAD + "2026-03-02,s,10.0.0.0/24,,9\n", "row 0: usable is nothing, no whole number"),
        (HEAD + "2026-03-02,,10.0.0.0/24,253,9\n", "row 0: subnet_id is nothing, no id"),
        (HEAD + "\n\n2026-03-02,1.27217E+18,10.0.0.0/24,253,9\n", "row 2: subnet_id is '1.27217E.18', an id that a"),
        (HEAD + f"2026-03-02,{'s' * 65},10.0.0.0/24,253,9\n", "no id of 1 to 64 letters"),
        (HEAD + "2026-03-02,s,10.0.0.0,253,9\n", "row 0: cidr is '10.0.0.0', no CIDR"),
        (HEAD + "2999-01-01,s,10.0.0.0/24,253,9\n", "row 0: at is 2999-01-01, which is still to come"),
        (HEAD + "2026-03-02,s,10.0.0.0/24,253,9,more\n", "a row has more cells than the header has columns"),
    ],
)
def test_files_that_cannot_be_used(history: History, tmp_path: Path, text: str, words: str) -> None:
    """A file with a missing column or a value that cannot be is refused with its row, and nothing of it stored."""
    path = tmp_path / "past.csv"
    path.write_text(text)
    with pytest.raises(UsageError, match=words):
        history.load(path)
    assert len(history.frame()) == 0


def test_files_of_another_kind(history: History, tmp_path: Path) -> None:
    """Only tables and Parquet are read; a file that is not there, or broken, is said."""
    with pytest.raises(UsageError, match=r"past\.json: history is read from \.csv, .* or \.parquet"):
        history.load(tmp_path / "past.json")
    for name in ("past.csv", "past.xlsx", "past.parquet"):
        with pytest.raises(UsageError, match=f"{name} cannot be read"):
            history.load(tmp_path / name)
    pd.DataFrame({"at": ["2026-03-02"], "used": [1]}).to_parquet(tmp_path / "past.parquet")
    with pytest.raises(UsageError, match="columns subnet_id, cidr, usable missing; there are at, used"):
        history.load(tmp_path / "past.parquet")
    (tmp_path / "past.parquet").write_text("no")
    with pytest.raises(UsageError, match=r"past\.parquet cannot be read"):
        history.load(tmp_path / "past.parquet")


@pytest.mark.parametrize("given", [[1], None, 5])
def test_what_is_no_frame(history: History, given: Any) -> None:
    """What is no DataFrame is named, and so is what is no file."""
    with pytest.raises(UsageError, match="history is a DataFrame with the columns at, subnet_id"):
        history.add(given)
    with pytest.raises(UsageError, match="history is read from the path of a file"):
        history.load(given)


def test_ids_that_lost_their_digits(history: History) -> None:
    """Ids that arrived as floating-point numbers are no ids any more."""
    with pytest.raises(UsageError, match="vpc_id arrived as floating-point numbers"):
        history.add(pd.DataFrame([row(NOON, 1, vpc_id=1.2e18)]))


def test_peak_is_never_below_used(history: History) -> None:
    """A peak that was written down wrong is what was used, at least."""
    history.add(pd.DataFrame([row(NOON, 9, peak=3), row(NOON - timedelta(days=1), 9, peak=12)]))
    assert history.frame()["peak"].tolist() == [12, 9]


def test_days_to_come_are_left_out(history: History, store_url: str) -> None:
    """A day stored while a clock was years ahead does not hide what is known of today."""
    history.add(pd.DataFrame([row(NOON, 9)]))
    values = {column.name: None for column in DAYS.columns} | row(NOON, 9) | {"account": "acme", "peak": 9}
    store = Store(store_url)
    with store.begin() as connection:
        connection.execute(
            DAYS.insert().values(values | {"day": "2999-01-01", "at": "2999-01-01T00:00:00.000000+00:00"})
        )
    assert history.frame()["at"].tolist() == [pd.Timestamp(NOON)]
    store.close()


def test_spreadsheets_of_other_countries(history: History, tmp_path: Path) -> None:
    """A CSV with semicolons and a cell too many in each row of an Excel file are read all the same."""
    path = tmp_path / "past.csv"
    path.write_text(HEAD.replace(",", ";") + "2026-03-02;s;10.0.0.0/24;253;9\n")
    assert history.load(path) == 1
    past = pd.DataFrame([row(NOON - timedelta(days=n), 100 - n) for n in range(3)])
    past.assign(at=past["at"].dt.tz_localize(None)).to_excel(tmp_path / "past.xlsx", index=False)
    assert history.load(tmp_path / "past.xlsx") == 3
    assert history.frame()["used"].tolist() == [98, 99, 100]


def test_moments_of_any_zone(history: History) -> None:
    """The day is that of UTC, whatever zone a time is written in; without one it is UTC."""
    written = ["2026-03-03T02:00:00+08:00", "2026-03-02T23:30:00-05:00", "2026-03-04 01:00"]
    history.add(pd.DataFrame([row(at, used) for used, at in enumerate(written)]))  # type: ignore[arg-type]
    assert history.frame()["at"].dt.strftime("%Y-%m-%d %H").tolist() == [
        "2026-03-02 18",
        "2026-03-03 04",
        "2026-03-04 01",
    ]


def test_clock_that_went_back(history: History) -> None:
    """When a clock is set back the later time of the day stays, and so does the higher peak."""
    for hours, used in ((2, 7), (1, 30), (3, 8), (0, 1)):
        history.add(pd.DataFrame([row(NOON + timedelta(hours=hours), used)]))
    assert history.frame()[["used", "peak"]].to_numpy().tolist() == [[8, 30]]


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
