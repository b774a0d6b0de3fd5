"""The database behind journal, claims and history: SQLite by default, PostgreSQL by URL."""

from __future__ import annotations

import os
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import platformdirs
import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError

from zecnb.errors import JournalError

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["METADATA", "Store", "default_url"]

METADATA = sa.MetaData()
"""Every table of the store registers here."""


def default_url() -> str:
    """Return where the store is: ``ZECNB_STORE``, else an SQLite file in the user data directory."""
    url = os.environ.get("ZECNB_STORE")
    if url:
        return url
    folder = Path(platformdirs.user_data_dir("zecnb", appauthor=False))
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    return f"sqlite:///{folder / 'zecnb.sqlite'}"


class Store:
    """One database, safe for several threads and processes at once.

    Args:
        url: SQLAlchemy URL; ``default_url()`` when None. A password in it is never shown.
    """

    def __init__(self, url: str | None = None) -> None:
        where = sa.make_url(url or default_url())
        self.label = where.render_as_string(hide_password=True)
        sqlite = where.get_backend_name() == "sqlite"
        arguments = {"timeout": 30} if sqlite else {}
        pool = {"poolclass": sa.StaticPool} if where.database in (None, "", ":memory:") and sqlite else {}
        if pool:
            arguments["check_same_thread"] = False
        self._engine = sa.create_engine(where, connect_args=arguments, **pool)
        if sqlite:
            sa.event.listen(self._engine, "connect", _durable)
        with self._guard():
            METADATA.create_all(self._engine)

    @contextmanager
    def begin(self) -> Iterator[sa.Connection]:
        """Open a transaction; committed, and durable, when the block ends.

        Raises:
            JournalError: the database cannot be read or written.
        """
        with self._guard(), self._engine.begin() as connection:
            yield connection

    @contextmanager
    def _guard(self) -> Iterator[None]:
        try:
            yield
        except SQLAlchemyError as error:
            reason = str(getattr(error, "orig", None) or type(error).__name__)
            raise JournalError(f"the store {self.label} cannot be used: {reason}") from error

    def close(self) -> None:
        """Close every connection."""
        self._engine.dispose()

    def __repr__(self) -> str:
        return f"Store({self.label})"


def _durable(connection: object, _record: object) -> None:
    """Readers do not wait for writers, and what is committed survives a power cut."""
    cursor = connection.cursor()  # type: ignore[attr-defined]
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA synchronous=FULL")
    cursor.close()
