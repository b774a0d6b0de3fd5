"""Resources on SQLite: one file, every write one transaction, readers never in the way."""

from __future__ import annotations

import random
import shutil
import sqlite3
import tempfile
import threading
import time
from bisect import bisect_right
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from zecnb.emulator.settings import Settings
from zecnb.emulator.tables import prepare, unindexed
from zecnb.emulator.wire import ApiFailure

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ["State", "number", "text"]

Row = sqlite3.Row


def text(address: int) -> str:
    """Return an address in dotted decimal."""
    return f"{address >> 24}.{address >> 16 & 255}.{address >> 8 & 255}.{address & 255}"


def number(dotted: str) -> int | None:
    """Return an address as a number, None when it is not four decimal octets without leading zeros (A15)."""
    parts = dotted.split(".")
    if len(parts) != 4:
        return None
    value = 0
    for part in parts:
        if not (1 <= len(part) <= 3 and part.isascii() and part.isdigit()) or (len(part) > 1 and part[0] == "0"):
            return None
        if int(part) > 255:
            return None
        value = value << 8 | int(part)
    return value


@contextmanager
def _transaction(connection: sqlite3.Connection, begin: str) -> Iterator[sqlite3.Connection]:
    """Do all of it or nothing; also when it is the last step that fails, as on a full disk."""
    connection.execute(begin)
    try:
        yield connection
        connection.execute("COMMIT")
    except BaseException:
        connection.rollback()
        raise


class State:
    """The account's resources.

    Args:
        path: file that keeps them; a temporary one, removed on ``close``, when None.
        settings: the assumptions.
        clock: Unix seconds.
        seed: of ids and random choices, for accounts that are the same each time.

    Raises:
        ValueError: the file cannot be one that keeps a state; it is left as it was.
    """

    def __init__(
        self,
        path: str | Path | None = None,
        settings: Settings | None = None,
        *,
        clock: Callable[[], float] = time.time,
        seed: int | None = None,
    ) -> None:
        self.settings = settings or Settings()
        self.clock = clock
        self.random = random.Random(seed)
        self._folder = Path(tempfile.mkdtemp(prefix="zec-emulator-")) if path is None else None
        self._path = self._folder / "state.sqlite" if self._folder else Path(str(path))
        self._durable = path is not None
        self._local = threading.local()
        self._open: dict[threading.Thread, sqlite3.Connection] = {}
        self._opening = threading.Lock()
        self._lock = threading.RLock()
        self.closed = False
        """Whether it refuses everything, see ``close``."""
        try:
            self._prepare()
        except (sqlite3.Error, ValueError) as error:
            self.close()
            raise ValueError(f"{self._path} cannot keep an emulator's state: {error}") from error

    def _prepare(self) -> None:
        """Look at the file before anything of it is changed, then make or update its tables."""
        connection = sqlite3.connect(self._path, timeout=60, isolation_level=None)
        with closing(connection):
            with _transaction(connection, "BEGIN IMMEDIATE"):
                prepare(connection)
            connection.execute("PRAGMA journal_mode=WAL")

    def _connection(self) -> sqlite3.Connection:
        if self.closed:  # a call that was under way must not write what nobody hears of
            raise ApiFailure("SERVICE_TEMPORARY_UNAVAILABLE", "The emulator has stopped.")
        connection: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if connection is None:
            connection = sqlite3.connect(self._path, timeout=60, isolation_level=None, check_same_thread=False)
            connection.row_factory = sqlite3.Row
            connection.execute(f"PRAGMA synchronous={'FULL' if self._durable else 'OFF'}")
            self._local.connection = connection
            with self._opening:
                for thread in [each for each in self._open if not each.is_alive()]:
                    self._open.pop(thread).close()
                self._open[threading.current_thread()] = connection
        return connection

    @contextmanager
    def write(self) -> Iterator[sqlite3.Connection]:
        """Open a write transaction: all of it happens, durably, or nothing; writers take turns (A25)."""
        with self._lock, _transaction(self._connection(), "BEGIN IMMEDIATE") as connection:
            yield connection

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        """Let several reads see the account at one moment, whatever others write meanwhile."""
        with _transaction(self._connection(), "BEGIN"):
            yield

    @contextmanager
    def bulk(self) -> Iterator[sqlite3.Connection]:
        """Open a write for many rows."""
        with self.write() as connection, unindexed(connection):
            yield connection

    def rows(self, sql: str, *values: Any) -> list[Row]:
        """Read rows."""
        return self._connection().execute(sql, values).fetchall()

    def row(self, sql: str, *values: Any) -> Row | None:
        """Read one row, None when there is none."""
        found: Row | None = self._connection().execute(sql, values).fetchone()
        return found

    # -- making ids and times --------------------------------------------------------------------------------------

    def new_id(self) -> str:
        """Return an id as real ones look: 19 decimal digits."""
        return str(self.random.randint(1_200_000_000_000_000_000, 1_999_999_999_999_999_999))

    def short_id(self, lead: str) -> str:
        """Return an id like ``havip-4f2k9x1c``."""
        return f"{lead}-{''.join(self.random.choices('abcdefghijkmnpqrstuvwxyz23456789', k=8))}"

    def next_seq(self, table: str) -> int:
        """Return the next creation number of a table."""
        row = self.row(f"SELECT COALESCE(MAX(seq), 0) + 1 AS n FROM {table}")
        assert row is not None
        return int(row["n"])

    def now(self) -> str:
        """Return the time as the API writes it."""
        return datetime.fromtimestamp(self.clock(), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")

    # -- questions that several actions ask ------------------------------------------------------------------------

    def usage(self, subnet_id: str) -> int:
        """Return how many addresses resources hold in a subnet (A17)."""
        row = self.row("SELECT COUNT(*) AS n FROM held WHERE subnet_id = ?", subnet_id)
        assert row is not None
        return int(row["n"])

    def free_addresses(self, subnet: Row, wanted: int | None = None) -> list[int]:
        """Return free addresses of a subnet, ascending, the three reserved ones left out."""
        first, last = subnet["network"] + 2, subnet["network"] + (1 << (32 - subnet["prefix"])) - 2
        sql = "SELECT address FROM held WHERE subnet_id = ? ORDER BY address"
        found: list[int] = []
        at = first
        for (taken,) in self._connection().execute(sql, (subnet["id"],)):
            while at < taken and at <= last:
                found.append(at)
                at += 1
                if wanted is not None and len(found) == wanted:
                    return found
            at = max(at, taken + 1)
        while at <= last and (wanted is None or len(found) < wanted):
            found.append(at)
            at += 1
        return found

    def random_free(self, subnet: Row, amount: int) -> list[int] | None:
        """Return that many free addresses of a subnet at random, None when there are not as many.

        The same choice as a sample of ``free_addresses``, which may be millions, without listing them.
        """
        first, last = subnet["network"] + 2, subnet["network"] + (1 << (32 - subnet["prefix"])) - 2
        sql = "SELECT address FROM held WHERE subnet_id = ? AND address BETWEEN ? AND ? ORDER BY address"
        taken = [address for (address,) in self._connection().execute(sql, (subnet["id"], first, last))]
        free = last - first + 1 - len(taken)
        if amount > free:
            return None
        # How many free ones are below each taken one rises with them, so the n-th free one is found by halving.
        below = [address - first - at for at, address in enumerate(taken)]
        return [first + rank + bisect_right(below, rank) for rank in self.random.sample(range(free), amount)]

    def hold(
        self, subnet_id: str, address: int, kind: str, owner: str, *, position: int = 0, seen_from: float = 0.0
    ) -> None:
        """Note that somebody holds an address; inside a write."""
        self._connection().execute(
            "INSERT INTO held VALUES (?, ?, ?, ?, ?, ?)", (subnet_id, address, kind, owner, position, seen_from)
        )

    def save(self, path: Path) -> None:
        """Write everything to a file, which appears whole or not at all."""
        new = path.with_name(f"{path.name}.new")
        new.unlink(missing_ok=True)
        try:
            self._connection().execute("VACUUM INTO ?", (str(new),))
        except sqlite3.Error as error:
            raise ValueError(f"{path} cannot be written: {error}") from error
        for left in ("-wal", "-shm"):  # of a file of this name that was killed and then deleted: SQLite would replay it
            path.with_name(path.name + left).unlink(missing_ok=True)
        new.replace(path)

    def close(self) -> None:
        """Close every connection after the write under way, and refuse whatever comes; a temporary file is removed."""
        with self._lock, self._opening:
            self.closed = True
            for connection in self._open.values():
                connection.close()
            self._open.clear()
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)
