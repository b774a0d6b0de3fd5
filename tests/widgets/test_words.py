"""What the panel says while it works."""

from __future__ import annotations

import pytest

from zecnb.widgets.words import under_way


@pytest.mark.parametrize(
    ("done", "total", "seconds", "words"),
    [
        (0, 40, 5.0, "0 of 40 calls"),
        (1, 40, 0.1, "1 of 40 calls"),
        (10, 40, 20.0, "10 of 40 calls, about 60 s left"),
        (1000, 4000, 100.0, "1,000 of 4,000 calls, about 5 min left"),
        (40, 40, 80.0, "40 of 40 calls"),
    ],
)
def test_under_way(done: int, total: int, seconds: float, words: str) -> None:
    """How far, and once there is a pace how long yet."""
    assert under_way(done, total, seconds) == words
