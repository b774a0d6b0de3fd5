"""The local ZEC that runs are made on, and the databases their journals are in."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.execution.world import World
from tests.postgres import postgres, store_url

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["postgres", "store_url", "world"]


@pytest.fixture
def world() -> Iterator[World]:
    """The demo account."""
    with World() as made:
        yield made
