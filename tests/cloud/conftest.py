"""Retries without waiting."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import stamina

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def quick_retries() -> Iterator[None]:
    """Let retries happen at once, as often as the client would."""
    with stamina.set_testing(True, attempts=1000, cap=True):
        yield
