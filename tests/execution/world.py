"""A local ZEC, sessions on it, and what they waited for: waiting moves the clock of the ZEC instead of taking time."""

from __future__ import annotations

import tempfile
import time
from functools import cache
from typing import Any, Self

import httpx

from zecnb.cloud.client import Client
from zecnb.cloud.settings import resolve
from zecnb.emulator import Emulator
from zecnb.emulator.exports import export
from zecnb.emulator.state import number, text
from zecnb.execution.journal import Journal
from zecnb.session import Session
from zecnb.store import Store

__all__ = ["ASSIGN", "UNASSIGN", "World", "unfinished"]

ASSIGN, UNASSIGN = "BatchAssignNetworkInterfaceIpv4", "UnassignNetworkInterfaceIpv4"


def unfinished(zec: Session) -> list[str]:
    """Return the runs that the journal has no end of."""
    journal = zec.journal()
    return sorted({*journal["run_id"]} - {*journal.loc[journal["event"] == "finished", "run_id"]})


@cache
def _demo() -> str:
    """Return the demo account as an emulator exports it: quicker to load than to make."""
    emulator = Emulator()
    try:
        return export(emulator.state)
    finally:
        emulator.state.close()


class World:
    """The demo account and whoever works on it.

    Attributes:
        emulator: the local ZEC.
        waited: seconds that runs waited, one entry per wait.
    """

    def __init__(self, **settings: Any) -> None:
        self.waited: list[float] = []
        self._open: list[Any] = []
        with tempfile.NamedTemporaryFile("w", suffix=".json", encoding="utf-8") as file:
            file.write(_demo())
            file.flush()
            began = time.time()  # it stands still but for the waits, however slow the machine is
            self.emulator = Emulator(file.name, clock=lambda: began + sum(self.waited), **settings)

    def client(self, *, timeout: float = 30.0, read_only: bool = False) -> Client:
        """Connect to it."""
        settings = resolve(
            access_key_id=self.emulator.access_key_id,
            access_key_password=self.emulator.access_key_password,
            endpoint=self.emulator.url,
        )
        wait: dict[str, Any] = {"sleep": self.waited.append, "clock": lambda: sum(self.waited)}
        plain = httpx.HTTPTransport(verify=False)  # to loopback without TLS: reading certificates would take longer
        return self.kept(Client(settings, transport=plain, timeout=timeout, read_only=read_only, **wait))

    def session(
        self, store: str = "sqlite://", *, account: str = "acme", timeout: float = 30.0, read_only: bool = False
    ) -> Session:
        """Return one more session on it."""
        client = self.client(timeout=timeout, read_only=read_only)
        return self.kept(Session(client, account, store=Store(store), progress=False, sleep=self.waited.append))

    def journal(self, url: str) -> Journal:
        """Open a journal on connections of its own."""
        return Journal(self.kept(Store(url)))

    def kept(self, thing: Any) -> Any:
        """Close something when this ends."""
        self._open.append(thing)
        return thing

    def nic(self, name: str) -> str:
        """Return the id of a vNIC."""
        row = self.emulator.state.row("SELECT id FROM nic WHERE name = ?", name)
        assert row is not None
        return str(row["id"])

    def held(self, nic_id: str) -> list[str]:
        """Return what a vNIC really holds, in order of assignment, its primary first."""
        rows = self.emulator.state.rows("SELECT address FROM held WHERE owner = ? ORDER BY position", nic_id)
        return [text(row["address"]) for row in rows]

    def owner(self, address: str) -> str | None:
        """Return who really holds an address."""
        row = self.emulator.state.row("SELECT owner FROM held WHERE address = ?", number(address))
        return str(row["owner"]) if row is not None else None

    def calls(self, action: str) -> int:
        """Return how often an action was called."""
        return self.emulator.faults.calls[action]

    def __enter__(self) -> Self:
        self.emulator.start()
        return self

    def __exit__(self, *_: object) -> None:
        for thing in reversed(self._open):
            thing.close()
        self.emulator.stop()
