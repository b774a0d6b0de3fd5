"""The database behind journal, claims and history: SQLite by default, PostgreSQL by URL."""

from __future__ import annotations

import getpass
import os
import sqlite3
import threading
import time
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

import platformdirs
import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError

from zecnb.errors import JournalError

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["METADATA", "Store", "actor", "default_url"]

METADATA = sa.MetaData()
"""Every table of the store registers here."""

_PATIENCE = 30  # seconds to wait for a lock on an SQLite file
_CREATE_LOCKS = {"sqlite": "BEGIN IMMEDIATE", "postgresql": "SELECT pg_advisory_xact_lock(2053464930)"}


def actor() -> str:
    """Return the user's name; a container's user need not have one."""
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return "unknown"


def default_url() -> str:
    """Return where the store is: ``ZECNB_STORE``, else an SQLite file in the user data directory.

    Raises:
        JournalError: that directory cannot be made.
    """
    url = os.environ.get("ZECNB_STORE")
    if url:
        return url
    folder = Path(platformdirs.user_data_dir("zecnb", appauthor=False))
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise JournalError(
            f"the store's folder {folder} cannot be made: {error.strerror}; ZECNB_STORE=sqlite:////PATH/zecnb.sqlite "
            "puts the store elsewhere"
        ) from error
    return f"sqlite:///{folder / 'zecnb.sqlite'}"


class Store:
    """One database, safe for several threads and processes at once.

    Args:
        url: SQLAlchemy URL; ``default_url()`` when None. A password in it is never shown.

    Attributes:
        label: the URL without its password.

    Raises:
        JournalError: the URL is none, its driver is not installed, or the database cannot be used.
    """

    def __init__(self, url: str | None = None) -> None:
        where = _read_url(url or default_url())
        self.label = where.render_as_string(hide_password=True)
        sqlite = where.get_backend_name() == "sqlite"
        arguments = {"timeout": _PATIENCE} if sqlite else {}
        pool = {"poolclass": sa.StaticPool} if where.database in (None, "", ":memory:") and sqlite else {}
        self._turn: AbstractContextManager[object] = nullcontext()
        if pool:  # one connection for all threads: they take turns
            arguments["check_same_thread"] = False
            self._turn = threading.RLock()
        try:
            # A server may have ended a connection that was idle: each is tried before it is used.
            self._engine = sa.create_engine(where, connect_args=arguments, pool_pre_ping=not sqlite, **pool)
        except (ImportError, SQLAlchemyError, TypeError) as error:  # no driver, no such database, options of another
            raise JournalError(f"the store {self.label} cannot be used: {error}{_advice(where)}") from error
        if sqlite:
            sa.event.listen(self._engine, "connect", _durable)
        with self._guard():
            self._create()

    def _create(self) -> None:
        """Create what is missing; of several that start on an empty database, one does and the others wait."""
        if not METADATA.tables.keys() - sa.inspect(self._engine).get_table_names():
            return
        with self._engine.begin() as connection:
            if lock := _CREATE_LOCKS.get(connection.dialect.name):
                connection.exec_driver_sql(lock)
            METADATA.create_all(connection)

    @contextmanager
    def begin(self) -> Iterator[sa.Connection]:
        """Open a transaction; committed, and durable, when the block ends.

        Raises:
            JournalError: the database cannot be read or written.
        """
        with self._guard(), self._turn, self._engine.begin() as connection:
            yield connection

    @contextmanager
    def _guard(self) -> Iterator[None]:
        try:
            yield
        except SQLAlchemyError as error:
            reason = str(getattr(error, "orig", None) or type(error).__name__)
            raise JournalError(f"the store {self.label} cannot be used: {reason}") from error

    def close(self) -> None:
        """Close every connection; one that all threads share, once nobody is using it."""
        with self._turn:
            self._engine.dispose()

    def __repr__(self) -> str:
        return f"Store({self.label})"


def _read_url(text: str) -> sa.URL:
    try:
        return sa.make_url(text)
    except (SQLAlchemyError, ValueError):  # which may repeat the text, and in it a password
        raise JournalError(
            "the store's URL (ZECNB_STORE, or store=) cannot be read; it looks like sqlite:////PATH/zecnb.sqlite or "
            "postgresql+psycopg://USER:PASSWORD@HOST/DATABASE"
        ) from None


def _advice(where: sa.URL) -> str:
    if where.get_backend_name() != "postgresql":
        return ""
    return "; PostgreSQL needs pip install 'zecnb[postgres]' and a URL that begins with postgresql+psycopg://"


def _durable(connection: object, _record: object) -> None:
    """Readers do not wait for writers, and what is committed survives a power cut."""
    cursor = connection.cursor()  # type: ignore[attr-defined]
    deadline = time.monotonic() + _PATIENCE
    while True:
        try:
            cursor.execute("PRAGMA journal_mode=WAL")
            break
        except sqlite3.OperationalError as error:  # here SQLite does not wait for a lock, as it does elsewhere
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                raise
            time.sleep(0.01)
    cursor.execute("PRAGMA synchronous=FULL")
    cursor.close()
