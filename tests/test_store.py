"""The database behind the journal, the same on SQLite and on PostgreSQL where both can."""

from __future__ import annotations

import sqlite3
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa

from tests.postgres import Server, postgres, store_url
from zecnb.errors import JournalError, ZecnbError
from zecnb.execution.journal import EVENTS
from zecnb.store import Store, default_url

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["postgres", "store_url"]

ROW = {
    "at": "2026-03-02T08:00:00+00:00",
    "run_id": "run-1",
    "event": "started",
    "kind": "apply",
    "actor": "ops",
    "host": "box",
    "account": "acme",
    "plan_digest": "d" * 64,
}


@pytest.fixture
def store(store_url: str) -> Iterator[Store]:
    """An empty store."""
    made = Store(store_url)
    yield made
    made.close()


def add(store: Store, run_id: str = "run-1") -> None:
    """Write one row in one transaction."""
    with store.begin() as connection:
        connection.execute(sa.insert(EVENTS).values({**ROW, "run_id": run_id}))


def runs(store: Store) -> list[str]:
    """Return the run of every row."""
    with store.begin() as connection:
        return list(connection.execute(sa.select(EVENTS.c.run_id).order_by(EVENTS.c.id)).scalars())


# -- where it is ---------------------------------------------------------------------------------------------------


def test_default_is_a_file_of_the_user_alone() -> None:
    """Without a setting the store is an SQLite file in the user's data folder, which nobody else may enter."""
    path = Path(sa.make_url(default_url()).database or "")
    assert path.name == "zecnb.sqlite"
    assert path.is_relative_to(Path.home())
    assert path.parent.stat().st_mode & 0o077 == 0


def test_environment_says_where(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """``ZECNB_STORE`` is the place when none is given."""
    monkeypatch.setenv("ZECNB_STORE", f"sqlite:///{tmp_path / 'mine.sqlite'}")
    store = Store()
    add(store)
    store.close()
    assert (tmp_path / "mine.sqlite").exists()


def test_argument_wins_over_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A URL that is given is the place, whatever the environment says."""
    monkeypatch.setenv("ZECNB_STORE", f"sqlite:///{tmp_path / 'other.sqlite'}")
    Store(f"sqlite:///{tmp_path / 'mine.sqlite'}").close()
    assert [path.name for path in tmp_path.glob("*.sqlite")] == ["mine.sqlite"]


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("garbage", "the store's URL .* cannot be read; it looks like sqlite:"),
        ("postgresql://ops:hush@host:port/zecnb", "the store's URL .* cannot be read"),
        ("nosuch://ops:hush@host/zecnb", "the store nosuch://.* cannot be used: .*nosuch"),
        ("postgresql+nosuch://ops:hush@host/zecnb", "the store postgresql.* cannot be used: .*zecnb.postgres"),
        ("mysql+mysqldb://ops:hush@host/zecnb", "the store mysql.* cannot be used: No module named"),
    ],
)
def test_places_that_are_none(monkeypatch: pytest.MonkeyPatch, url: str, reason: str) -> None:
    """A URL that cannot be read, a database that nobody knows and a driver that is missing are said in words."""
    monkeypatch.setenv("ZECNB_STORE", url)
    with pytest.raises(JournalError, match=reason) as caught:
        Store()
    assert "hush" not in str(caught.value)


def test_folder_that_cannot_be_made(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Where the user has no data folder and can have none, the error says how to put the store elsewhere."""
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "file"))
    with pytest.raises(JournalError, match=r"folder .* cannot be made: .*; ZECNB_STORE="):
        Store()


# -- what it promises ----------------------------------------------------------------------------------------------


def test_what_is_committed_is_there_after_reopening(store_url: str, store: Store) -> None:
    """A store opened again has what was written before."""
    add(store)
    store.close()
    again = Store(store_url)
    assert runs(again) == ["run-1"]
    again.close()


def test_transaction_is_all_or_nothing(store: Store) -> None:
    """An error inside the block takes back what the block wrote, and comes out as it is."""

    def write_and_fail() -> None:
        with store.begin() as connection:
            connection.execute(sa.insert(EVENTS).values(ROW))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        write_and_fail()
    assert runs(store) == []


def test_database_errors_are_ours(store: Store) -> None:
    """Whatever the database says arrives as a JournalError that names the store and keeps the cause."""
    with pytest.raises(JournalError, match=r"the store .* cannot be used: ") as caught, store.begin() as connection:
        connection.execute(sa.text("SELECT * FROM no_such_table"))
    assert isinstance(caught.value, ZecnbError)
    assert store.label in str(caught.value)
    assert "no_such_table" in str(caught.value)
    assert isinstance(caught.value.__cause__, sa.exc.SQLAlchemyError)


def test_errors_do_not_repeat_what_was_written(store: Store) -> None:
    """Values of a statement that failed stay out of the message."""
    with pytest.raises(JournalError) as caught, store.begin() as connection:
        connection.execute(sa.text("INSERT INTO no_such_table VALUES (:value)"), {"value": "10.99.99.99"})
    assert "10.99.99.99" not in str(caught.value)


def test_many_first_starts_at_once(store_url: str) -> None:
    """Of several that open one empty database at the same moment, none fails."""
    together = threading.Barrier(8)

    def start(number: int) -> None:
        together.wait(20)
        store = Store(store_url)
        add(store, f"run-{number}")
        store.close()

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(start, range(8)))
    last = Store(store_url)
    assert sorted(runs(last)) == [f"run-{number}" for number in range(8)]
    last.close()


def test_threads_share_a_store(store: Store) -> None:
    """Writers in several threads lose nothing."""
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda n: add(store, f"run-{n:02d}"), range(40)))
    assert sorted(runs(store)) == [f"run-{n:02d}" for n in range(40)]


def test_threads_share_a_store_in_memory() -> None:
    """A store in memory is one store, not one per thread."""
    store = Store("sqlite://")
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda n: add(store, f"run-{n:02d}"), range(20)))
    assert sorted(runs(store)) == [f"run-{n:02d}" for n in range(20)]
    store.close()


def test_transactions_in_memory_take_turns() -> None:
    """What one thread takes back is not committed by another that shares the store in memory."""
    store = Store("sqlite://")
    other = threading.Thread(target=add, args=(store, "theirs"))

    def write_and_fail() -> None:
        with store.begin() as connection:
            connection.execute(sa.insert(EVENTS).values({**ROW, "run_id": "ours"}))
            other.start()
            other.join(0.2)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        write_and_fail()
    other.join(10)
    assert runs(store) == ["theirs"]
    store.close()


# -- what it shows -------------------------------------------------------------------------------------------------


def test_password_is_never_shown(tmp_path: Path) -> None:
    """Neither label, repr nor error shows the password of a URL."""
    url = f"postgresql+psycopg://ops:s3cret-word@/journal?host={tmp_path}"
    with pytest.raises(JournalError) as caught:
        Store(url)
    assert "s3cret-word" not in str(caught.value)
    assert "ops:***@" in str(caught.value)


def test_repr_names_the_place(tmp_path: Path) -> None:
    """The repr says which database it is."""
    store = Store(f"sqlite:///{tmp_path / 'x.sqlite'}")
    assert repr(store) == f"Store(sqlite:///{tmp_path / 'x.sqlite'})"
    store.close()


# -- SQLite alone --------------------------------------------------------------------------------------------------


def test_sqlite_survives_a_power_cut(tmp_path: Path) -> None:
    """Every connection writes ahead and waits for the disk."""
    store = Store(f"sqlite:///{tmp_path / 'x.sqlite'}")
    with store.begin() as connection:
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
        assert connection.exec_driver_sql("PRAGMA synchronous").scalar() == 2
    store.close()


def test_file_that_is_no_database(tmp_path: Path) -> None:
    """A file of something else is refused in words, and not touched."""
    path = tmp_path / "x.sqlite"
    path.write_bytes(b"this is no database at all\n" * 50)
    with pytest.raises(JournalError, match="cannot be used: file is not a database"):
        Store(f"sqlite:///{path}")
    assert path.read_bytes().startswith(b"this is no database at all\n")


def test_folder_that_is_not_there(tmp_path: Path) -> None:
    """A place that does not exist is refused in words."""
    with pytest.raises(JournalError, match="cannot be used: unable to open database file"):
        Store(f"sqlite:///{tmp_path / 'nowhere' / 'x.sqlite'}")


def test_a_writer_waits_for_another(tmp_path: Path) -> None:
    """A lock that somebody holds for a moment delays a write and does not fail it."""
    path = tmp_path / "x.sqlite"
    store = Store(f"sqlite:///{path}")
    other = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    other.execute("BEGIN IMMEDIATE")
    release = threading.Timer(0.3, other.execute, ("COMMIT",))
    release.start()
    add(store)
    release.join()
    assert runs(store) == ["run-1"]
    other.close()
    store.close()


# -- PostgreSQL alone ----------------------------------------------------------------------------------------------


def test_server_that_is_gone(postgres: Server, tmp_path: Path) -> None:
    """A server that cannot be reached is said to be that, where a working one is near."""
    working = Store(postgres.new_url())
    add(working)
    working.close()
    with pytest.raises(JournalError, match="cannot be used: connection is bad: "):
        Store(f"postgresql+psycopg://ops@/journal?host={tmp_path}")


def test_connection_that_the_server_ended(postgres: Server) -> None:
    """A connection that the server ended while it was idle is replaced, and nothing is lost."""
    url = postgres.new_url()
    store, other = Store(url), Store(url)
    with store.begin() as connection:
        number = connection.exec_driver_sql("SELECT pg_backend_pid()").scalar()
    with other.begin() as connection:
        ended = connection.execute(sa.text("SELECT pg_terminate_backend(:number, 5000)"), {"number": number}).scalar()
    assert ended
    add(store)
    assert runs(other) == ["run-1"]
    store.close()
    other.close()
