"""Random sequences of all actions against a model: ``python -m tests.stateful --steps 5000 --seed 1``."""

from __future__ import annotations

from typing import Any

import hypothesis
from hypothesis.stateful import run_state_machine_as_test

from tests.stateful.base import LISTED, SEEN
from tests.stateful.networks import Networks
from tests.stateful.nics import Nics
from tests.stateful.others import Others

__all__ = ["LISTED", "SEEN", "Comparison", "run"]

STEPS = 50


class Comparison(Networks, Nics, Others):
    """The emulator and the model, asked the same."""


def run(steps: int, seed: int | None) -> None:
    """Run about so many steps; raise on the first disagreement."""
    settings = hypothesis.settings(
        max_examples=max(1, steps // STEPS), stateful_step_count=STEPS, deadline=None, database=None, print_blob=False,
        suppress_health_check=list(hypothesis.HealthCheck),
    )  # fmt: skip
    machine: Any = Comparison if seed is None else hypothesis.seed(seed)(Comparison)
    run_state_machine_as_test(machine, settings=settings)
