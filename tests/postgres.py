"""A real PostgreSQL server for tests: on a unix socket in a folder of its own, gone when the tests end."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from itertools import count
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlencode

import psycopg
import pytest

__all__ = ["HOW", "Server", "find_programs", "postgres", "store_url"]

HOW = "no PostgreSQL server: apt-get install postgresql, or set ZECNB_POSTGRES_BIN to the folder of initdb and postgres"

_QUICK = {"fsync": "off", "full_page_writes": "off", "shared_buffers": "16MB", "max_connections": "40"}


def find_programs() -> Path | None:
    """Return the folder of ``initdb`` and ``postgres``, the newest version's; None when there is none."""
    given = os.environ.get("ZECNB_POSTGRES_BIN")
    if given:
        return Path(given)
    there = [path.parent for path in Path("/usr/lib/postgresql").glob("*/bin/postgres")]
    if there:
        return max(there, key=lambda folder: float(folder.parent.name))
    on_path = shutil.which("postgres")
    return Path(on_path).resolve().parent if on_path else None


def _account() -> dict[str, Any]:
    """Return as whom to run: PostgreSQL refuses to run as root."""
    if os.geteuid() != 0:
        return {}
    for name in ("postgres", "nobody"):
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}
    raise RuntimeError("PostgreSQL does not run as root, and there is neither a user postgres nor nobody")


class Server:
    """A server with a superuser ``tester``, reachable through its socket only; stop it, or use it as a context.

    Args:
        programs: folder of ``initdb`` and ``postgres``.
    """

    def __init__(self, programs: Path) -> None:
        self._numbers = count(1)
        self._as = _account()
        self._folder = Path(tempfile.mkdtemp(prefix="zecnb-pg-"))  # short: a socket's path has room for 107 characters
        if self._as:
            os.chown(self._folder, self._as["user"], self._as["group"])
        data, self._log = self._folder / "data", self._folder / "log"
        settings = [part for name, value in _QUICK.items() for part in ("-c", f"{name}={value}")]
        make = [programs / "initdb", "-D", data, "-U", "tester", "-A", "trust", "-E", "UTF8", "--no-sync", "--locale=C"]
        run = [programs / "postgres", "-D", data, "-k", self._folder, "-c", "listen_addresses=", *settings]
        place = {"cwd": self._folder, "env": {"PATH": os.environ["PATH"], "LC_ALL": "C", "TZ": "UTC"}, **self._as}
        self._process: subprocess.Popen[bytes] | None = None
        try:
            with self._log.open("wb") as log:
                output = {"stdin": subprocess.DEVNULL, "stdout": log, "stderr": log}
                subprocess.run(make, check=True, **output, **place)
                self._process = subprocess.Popen(run, **output, **place)
            self._wait()
        except BaseException as error:
            said = self._log.read_text(errors="replace")[-2000:] if self._log.exists() else ""
            self.stop()
            raise RuntimeError(f"the PostgreSQL server does not start:\n{said}") from error

    def _wait(self) -> None:
        deadline = time.monotonic() + 30
        while True:
            try:
                psycopg.connect(self._where).close()
            except psycopg.OperationalError:
                assert self._process is not None
                if self._process.poll() is not None or time.monotonic() > deadline:
                    raise
                time.sleep(0.05)
            else:
                return

    @property
    def _where(self) -> str:
        return f"host={self._folder} user=tester dbname=postgres"

    def new_url(self) -> str:
        """Make an empty schema, much faster than a database and as separate; return the SQLAlchemy URL of it."""
        name = f"test_{next(self._numbers)}"
        with psycopg.connect(self._where) as connection:
            connection.execute(f"CREATE SCHEMA {name}".encode())
        query = urlencode({"host": self._folder, "options": f"-csearch_path={name}"})
        return f"postgresql+psycopg://tester@/postgres?{query}"

    def stop(self) -> None:
        """Stop it at once and remove its folder."""
        if self._process is not None:
            self._process.send_signal(signal.SIGQUIT)
            try:
                self._process.wait(20)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
            self._process = None
        shutil.rmtree(self._folder, ignore_errors=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


_SERVER = pytest.StashKey[Server]()


@pytest.fixture(scope="session")
def postgres(pytestconfig: pytest.Config) -> Server:
    """The server, started for the first test that asks; the same one wherever this fixture is imported."""
    if _SERVER not in pytestconfig.stash:
        programs = find_programs()
        if programs is None:
            pytest.skip(HOW)
        server = Server(programs)
        pytestconfig.add_cleanup(server.stop)
        pytestconfig.stash[_SERVER] = server
    return pytestconfig.stash[_SERVER]


@pytest.fixture(params=["sqlite", "postgresql"])
def store_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """URL of an empty store that processes can share: one run of the test on SQLite, one on PostgreSQL."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'store.sqlite'}"
    return request.getfixturevalue("postgres").new_url()
