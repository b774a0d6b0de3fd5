"""What one takes along from the panel: the plan as a file, and the code that does what was clicked."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from zecnb.render.panel import code_html, files_html
from zecnb.widgets.batch import links, write_files

if TYPE_CHECKING:
    from zecnb.planner.plan import Plan
    from zecnb.widgets.fields import Fields

__all__ = ["code_of", "saved_html"]


def saved_html(plan: Plan, fields: Fields) -> str:
    """Write the plan beside the notebook, of a batch its corrected file and findings too.

    Returns:
        The code to load it, where it is, and a link for whoever sits at another machine.

    Raises:
        OSError: it cannot be written there.
    """
    if fields.mode == "batch":
        names = write_files(plan, Path.cwd())
        code = f"plan = zecnb.Plan.load({names[-1]!r})\n# beside it: {names[0]}, {names[1]}"
    else:
        code = f"plan = zecnb.Plan.load({plan.save(f'plan-{plan.digest[:12]}.json').name!r})"
    return code_html(code) + files_html(f"Written to {Path.cwd()}", links(plan, ("Plan",)))


def code_of(plan: Plan | None, fields: Fields) -> str:
    """Return the code that repeats what the fields say, with the approval the plan has."""
    lines = [fields.code(), "receipt = zec.apply(plan)"]
    if plan is not None and plan.approved:
        last = plan.approvals[-1]
        lines.insert(1, f"plan = zecnb.approve(plan, by={last['by']!r}, note={last['note']!r})")
    if fields.mode == "batch":
        lines.insert(0, "# requests.csv: a file with the text of the field above")
    return "\n".join(lines)
