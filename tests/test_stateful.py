"""A short run of the comparison with the model; ``python -m tests.stateful`` is the long one."""

from __future__ import annotations

from tests import stateful


def test_emulator_does_what_the_model_does() -> None:
    """Random calls of every action agree with the model in codes, addresses and listings."""
    before = stateful.SEEN.total()
    stateful.run(200, None)
    assert stateful.SEEN.total() > before
