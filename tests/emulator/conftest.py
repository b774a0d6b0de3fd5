"""An empty account for each test."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.emulator.account import Account

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def account() -> Iterator[Account]:
    """An empty account, called without a socket."""
    with Account() as made:
        yield made
