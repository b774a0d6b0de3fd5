"""How a session comes about: connected to the real API, or to a local one of its own."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from zecnb.claims import Claims
from zecnb.cloud.client import Client
from zecnb.cloud.settings import account_of, resolve
from zecnb.errors import UsageError
from zecnb.session import Session
from zecnb.store import Store

if TYPE_CHECKING:
    import httpx
    import pandas as pd

__all__ = ["connect", "demo", "stored_claims"]


def connect(
    *,
    access_key_id: str | None = None,
    access_key_password: str | None = None,
    token: str | None = None,
    endpoint: str | None = None,
    profile: str | None = None,
    read_only: bool = False,
    require_approval: bool = False,
    transport: httpx.BaseTransport | None = None,
    store: str | None = None,
    progress: bool = True,
) -> Session:
    """Connect to the real ZEC API; never to the emulator.

    Credentials come from the arguments, else the environment, else the profile file; where ``profile`` is given, from
    it and not from the environment.

    Args:
        access_key_id: id of an access key; best left to the environment or the profile file.
        access_key_password: its password.
        token: a personal access token instead.
        endpoint: host, host:port or URL; else ``ZENLAYERCLOUD_DOMAIN``, else ``ZENLAYER_ENDPOINT``, else
            ``console.zenlayer.com``; without a scheme ``ZENLAYERCLOUD_SCHEME`` or HTTPS. Plain HTTP only to loopback.
        profile: profile of ``~/.zenlayer/credentials.json``; ``ZENLAYER_PROFILE`` where neither arguments nor
            environment have credentials.
        read_only: refuse every write before it reaches the network.
        require_approval: apply only plans that ``zecnb.approve`` approved; ``ZECNB_REQUIRE_APPROVAL=1`` demands it
            of every session, whatever is given here.
        transport: an httpx transport, for proxies and tests.
        store: SQLAlchemy URL of the journal; ``ZECNB_STORE`` or a file in the user data directory by default.
        progress: show a progress bar for waits over a second.

    Raises:
        CredentialsError: no credentials; says what was looked for and names ``zecnb.demo()``.
        UsageError: half an access key, an endpoint that cannot be used, or ``ZECNB_REQUIRE_APPROVAL`` is neither yes
            nor no.
        JournalError: the store cannot be used.
    """
    require_approval = _demanded("ZECNB_REQUIRE_APPROVAL") or require_approval
    settings = resolve(
        access_key_id=access_key_id,
        access_key_password=access_key_password,
        token=token,
        endpoint=endpoint,
        profile=profile,
    )
    client = Client(settings, transport=transport, read_only=read_only)
    return Session(client, settings.account, store=Store(store), progress=progress, require_approval=require_approval)


def _demanded(variable: str) -> bool:
    """Read a switch of the environment; what is neither yes nor no is an error, not a no."""
    text = os.environ.get(variable, "").strip().lower()
    if text not in ("", "0", "no", "off", "false", "1", "yes", "on", "true"):
        raise UsageError(f"{variable} is 1 or 0, not {text!r}")
    return text in ("1", "yes", "on", "true")


def demo(seed: str = "demo", *, progress: bool = True, store: str = "sqlite://") -> Session:
    """Start a local ZEC in this process, on loopback, and connect to it; it ends with the session.

    Args:
        seed: the account it holds: ``demo``, ``empty``, ``random:SEED:SIZE`` or an exported JSON file.
        progress: show a progress bar for waits over a second.
        store: where the journal goes; by default it is forgotten with the session, as the account is.

    Raises:
        UsageError: the seed is no account's name and no file that holds one.
        JournalError: the store cannot be used.
    """
    from zecnb.emulator import Emulator

    try:
        emulator = Emulator(seed=seed)
    except ValueError as error:
        raise UsageError(str(error)) from error
    emulator.start()
    try:
        settings = resolve(
            access_key_id=emulator.access_key_id,
            access_key_password=emulator.access_key_password,
            endpoint=emulator.url,
        )
        return Session(Client(settings), f"{seed} (local)", store=Store(store), progress=progress, emulator=emulator)
    except BaseException:
        emulator.stop()
        raise


def stored_claims(endpoint: str | None = None) -> tuple[str, pd.DataFrame]:
    """Return an account's label and what is claimed on it, by the store alone: without a key, and asking nobody.

    Args:
        endpoint: as for ``connect``.

    Raises:
        JournalError: the store cannot be read.
        UsageError: the endpoint cannot be used.
    """
    account, store = account_of(endpoint), Store()
    try:
        return account, Claims(store, account).list()
    finally:
        store.close()
