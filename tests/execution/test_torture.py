"""Small sizes of ``python -m tests.torture``: killed, struck by every wire fault, raced; nothing lost or doubled."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.torture.faults import KINDS, MODES, Lab
from tests.torture.kills import Torture
from tests.torture.rivals import Rivals

if TYPE_CHECKING:
    from collections.abc import Iterator

CASES = [(name, MODES[at % (2 if name.startswith("colleague") else 3)]) for at, name in enumerate(KINDS)]
"""Each kind in one of the modes in turn; all in all modes at all calls: ``python -m tests.torture --faults``."""


@pytest.fixture(scope="module")
def lab() -> Iterator[Lab]:
    """A small account whose plans make two calls."""
    with Lab(2) as made:
        yield made


@pytest.mark.parametrize(("name", "mode"), CASES, ids=[f"{name}, {mode}" for name, mode in CASES])
def test_wire_fault(lab: Lab, name: str, mode: str) -> None:
    """Account, receipt and journal are as planned, whatever happens to the second call; undo takes it back."""
    assert lab.case(name, mode, 1) == []


def test_killed_and_resumed() -> None:
    """Workers and clouds killed while plans are applied and undone: the account is what the plans say."""
    torture = Torture(12, 4, calls=(10, 20), say=lambda _: None)
    torture.run()
    assert torture.problems == []
    assert torture.kills >= 12
    assert torture.counts["workers killed"] > 0
    assert torture.counts["clouds killed"] > 0
    assert not torture.counts["lost"] + torture.counts["double"] + torture.counts["foreign touched"]


def test_overlapping_plans_at_once() -> None:
    """Two processes want the same addresses, with a store in common and without: one has each, the other knows who."""
    rivals = Rivals(4, 7)
    rivals.run()
    assert rivals.problems == []
    assert rivals.counts["promised twice"] == 0
    assert rivals.counts["lost to the other"] > 0
