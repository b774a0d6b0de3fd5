"""How long ago what is judged was read."""

from __future__ import annotations

from datetime import UTC, datetime

from zecnb.planner.options import Options
from zecnb.render.cells import duration

__all__ = ["hours_since", "read_ago"]


def hours_since(observed_at: datetime) -> float:
    """Return how many hours ago something was read, 0 for what a clock says is still to come."""
    return max((datetime.now(UTC) - observed_at).total_seconds(), 0.0) / 3600


def read_ago(observed_at: datetime) -> str:
    """Return how long ago something was read, with a comma before it; nothing while a plan would not call it stale."""
    seconds = hours_since(observed_at) * 3600
    return f", read {duration(seconds)} ago" if seconds > Options.max_age else ""
