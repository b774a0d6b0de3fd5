"""What the panel says of its fields and of a plan, in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zecnb.render.cells import duration

if TYPE_CHECKING:
    from zecnb.planner.plan import Plan
    from zecnb.widgets.fields import Fields

__all__ = ["missing", "sent", "state", "tally", "under_way"]


def missing(fields: Fields) -> str:
    """Return what to fill in next."""
    if fields.mode == "batch":
        return "Upload or paste a CSV with the columns nic_id and ip_addresses or ip_address_count."
    if not fields.nic_id:
        return "Name a vNIC, and addresses or a count."
    return "Name addresses or pick them on the map." if fields.mode == "addresses" else "Say how many."


def sent(plan: Plan) -> int:
    """Return how many addresses the plan would add; one that is asked for twice is sent once."""
    added = plan.frame[plan.frame["verdict"].isin(["OK", "RISK"])]
    return len(added.drop_duplicates(["nic_id", "address"]))


def state(plan: Plan) -> str:
    """Return the state that the status line shows."""
    if not plan.ok:
        return "blocked"
    if "RISK" in plan.verdicts:
        return "risk"
    return "ready" if "OK" in plan.verdicts else "nothing"


def tally(plan: Plan) -> str:
    """Return how many rows have which verdict."""
    words = {"OK": "OK", "NOOP": "there already", "RISK": "at risk", "BLOCK": "blocked"}
    return " · ".join(f"{count:,} {words[verdict]}" for verdict, count in plan.verdicts.items())


def under_way(done: int, total: int, seconds: float) -> str:
    """Return how far a run is, and how long the rest will take at the pace so far."""
    left = f", about {duration(seconds / done * (total - done))} left" if 0 < done < total and seconds >= 1 else ""
    return f"{done:,} of {total:,} calls{left}"
