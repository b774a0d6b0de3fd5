"""Approving the plan on the screen: who, why, and in words whether it still counts."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import ipywidgets as w

from zecnb.planner.plan import approve
from zecnb.render.panel import quiet_html

if TYPE_CHECKING:
    from collections.abc import Callable

    from zecnb.planner.plan import Plan

__all__ = ["Approval"]


class Approval(w.VBox):  # type: ignore[misc]  # ipywidgets is untyped
    """Name, note and Approve; an approval counts for the plan it was given to and for no other.

    Args:
        required: whether the session applies approved plans only.
        do: runs a job in the background: the digest of a large batch takes a while.
        given: called with the plan that was approved, and the same plan with its approval.
    """

    def __init__(
        self, *, required: bool, do: Callable[[Callable[[], None]], None], given: Callable[[Plan, Plan], None]
    ) -> None:
        label = {"description_width": "80px"}
        self._required, self._do, self._given = required, do, given
        self._plan: Plan | None = None
        self._held: Plan | None = None  # the plan that was approved last
        self.words = w.HTML()
        self.by = w.Text(description="Approver", placeholder="Ann", style=label, layout=w.Layout(width="300px"))
        self.note = w.Text(
            description="Note", placeholder="CHG-7: why, a ticket", style=label, layout=w.Layout(width="340px")
        )
        self.button = w.Button(description="Approve", tooltip="Bind an approval to exactly this plan")
        self.button.on_click(lambda _: self._approve())
        fields = w.HBox([self.by, self.note, self.button], layout=w.Layout(flex_flow="row wrap"))
        super().__init__(children=[self.words, fields])

    def demands(self, plan: Plan) -> bool:
        """Whether a plan must not be applied for want of an approval."""
        return self._required and not plan.approved

    def restored(self, plan: Plan) -> Plan:
        """Return a plan with the approvals that were given to the very same plan before it was made again."""
        if self._held is None or not plan.ok or plan.digest != self._held.digest:
            return plan
        return plan.with_approvals(self._held.approvals)

    def forget(self) -> None:
        """Speak no longer of an approval: what it was given for is done."""
        self._held = None

    def arrange(self, plan: Plan | None) -> None:
        """Say what holds of the plan on the screen, None while there is none."""
        self._plan = plan
        self.button.disabled = plan is None or not plan.ok
        self.words.value = quiet_html(self._state(plan))

    def _state(self, plan: Plan | None) -> str:
        if plan is not None and plan.approvals:
            last = plan.approvals[-1]
            return f"Approved by {last['by']}{': ' if last['note'] else ''}{last['note']} ({last['at']})"
        if self._held is not None:
            who = self._held.approvals[-1]["by"]
            return f"The approval by {who} is void: it was given to another plan than the one asked for now."
        if plan is not None and not plan.ok:
            return "A plan with blocked rows cannot be approved."
        if self._required:
            return "This session assigns approved plans only; nobody approved this one."
        return "Not approved. This session does not demand it; Save plan keeps an approval in the file."

    def _approve(self) -> None:
        plan = self._plan
        if plan is None:
            return
        if not self.by.value.strip():
            self.words.value = quiet_html("An approval names who gives it.")
            return
        self._do(partial(self._sign, plan, self.by.value, self.note.value))

    def _sign(self, plan: Plan, by: str, note: str) -> None:
        approved = approve(plan, by, note.strip())
        if plan is self._plan:
            self._held = approved
            self._given(plan, approved)
