"""What the panel says of its fields and of a plan, in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zecnb.render.cells import duration
from zecnb.render.panel import coverage_words, headline, status_html

if TYPE_CHECKING:
    from zecnb.planner.plan import Plan
    from zecnb.snapshot import Snapshot
    from zecnb.widgets.fields import Fields

__all__ = ["basis_html", "missing", "state", "tally", "target", "under_way", "verdict_html"]


def basis_html(account: str, snapshot: Snapshot, of: str = "the subnets read") -> str:
    """Return the line that says what a verdict rests on: whose account, read when, and how much of it was seen."""
    partly = list(dict.fromkeys(str(source) for source in snapshot.partial["source"]))
    seen = coverage_words(of, snapshot.share_seen, int(snapshot.unseen.sum()), partly)
    return headline(account, snapshot.observed_at, seen if len(snapshot.subnets) else "")


def missing(fields: Fields) -> str:
    """Return what to fill in next."""
    if fields.mode == "batch":
        return "Upload or paste a CSV with the columns nic_id and ip_addresses or ip_address_count."
    if not fields.nic_id:
        return "Name a vNIC, and addresses or a count."
    return "Name addresses or pick them on the map." if fields.mode == "addresses" else "Say how many."


def state(plan: Plan) -> str:
    """Return the state that the status line shows."""
    if not plan.ok:
        return "blocked"
    if "RISK" in plan.verdicts:
        return "risk"
    return "ready" if "OK" in plan.verdicts else "nothing"


def tally(plan: Plan) -> str:
    """Return how many addresses have which verdict."""
    words = {"OK": "OK", "NOOP": "there already", "RISK": "at risk", "BLOCK": "blocked"}
    said = " · ".join(f"{count:,} {words[verdict]}" for verdict, count in plan.verdicts.items())
    rows = len(plan.frame)
    return f"{said} of {rows:,} addresses" if rows > 1 and not plan.ok else said


def target(plan: Plan) -> str:
    """Return the vNIC that a plan is about, or how many there are."""
    nics = plan.frame[["nic_name", "nic_id"]].fillna("").drop_duplicates().itertuples(index=False, name=None)
    names = [" · ".join(filter(None, nic)) for nic in nics]
    return names[0] if len(names) == 1 else f"{len(names):,} vNICs"


def under_way(done: int, total: int, seconds: float) -> str:
    """Return how far a run is, and how long the rest will take at the pace so far."""
    left = f", about {duration(seconds / done * (total - done))} left" if 0 < done < total and seconds >= 1 else ""
    return f"{done:,} of {total:,} calls{left}"


def verdict_html(plan: Plan, *, unapproved: bool) -> str:
    """Return the status line of a plan.

    Args:
        plan: the plan on the screen.
        unapproved: whether it must not be applied for want of an approval.
    """
    if not len(plan.frame) and not len(plan.findings):
        return status_html("empty", "There are no rows below the header.")
    words = f"{tally(plan)} · approved by {plan.approvals[-1]['by']}" if plan.approvals else tally(plan)
    now = "unapproved" if unapproved and plan.ok and plan.adds else state(plan)
    options = plan.options
    return status_html(now, words, plan.summary, warn_at=options.warn_at, critical_at=options.critical_at)
