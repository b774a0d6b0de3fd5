"""How long ago what is judged was read."""

from __future__ import annotations

from datetime import UTC, datetime

from zecnb.planner.options import Options
from zecnb.render.cells import duration

__all__ = ["read_ago"]


def read_ago(observed_at: datetime) -> str:
    """Return how long ago something was read, with a comma before it; nothing while a plan would not call it stale."""
    seconds = (datetime.now(UTC) - observed_at).total_seconds()
    return f", read {duration(seconds)} ago" if seconds > Options.max_age else ""
