"""Short runs of what is thrown at the emulator; ``python -m tests.fuzz`` and ``python -m tests.hammer`` are long."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from tests import fuzz, hammer

if TYPE_CHECKING:
    import pytest


def test_malformed_requests() -> None:
    """Some hundreds, also over a socket: no fault of its own, answers in the API's shape."""
    logging.getLogger("zecnb.emulator").disabled = True
    try:
        seen, _ = fuzz.run(600, 3, sockets=0.05)
    finally:
        logging.getLogger("zecnb.emulator").disabled = False
    assert seen["200"] > 5
    assert seen["400"] > 100


def test_one_subnet_under_the_hammer(capsys: pytest.CaptureFixture[str]) -> None:
    """Clients at the same time, a kill, a restart: one account could have answered so, and nothing is lost."""
    assert hammer.run(1.5, 8, 1) == []
    assert "calls of 8 clients" in capsys.readouterr().out
