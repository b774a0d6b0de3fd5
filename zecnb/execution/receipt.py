"""The Receipt value: what became of every address of a run."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from zecnb.render.tables import receipt_html

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["DONE_STATES", "Receipt"]

DONE_STATES = ("assigned", "already_present", "assigned_other", "released", "already_absent")
"""States that leave nothing to do."""

_WROTE = ("assigned", "assigned_other", "released")


@dataclass(frozen=True, eq=False, repr=False)
class Receipt:
    """What became of every address of a run.

    Attributes:
        run_id: names the run in the journal, for ``resume`` and ``undo``.
        kind: ``apply`` or ``undo``.
        frame: columns of ``schema.RECEIPT``.
        stopped: whether it was stopped before the end.
    """

    run_id: str
    kind: str
    frame: pd.DataFrame = field()
    stopped: bool = False

    @property
    def states(self) -> dict[str, int]:
        """Rows by state."""
        return {str(state): int(count) for state, count in self.frame["state"].value_counts(sort=False).items()}

    @property
    def ok(self) -> bool:
        """Whether nothing is left to do."""
        return bool(self.frame["state"].isin(DONE_STATES).all())

    @property
    def exit_code(self) -> int:
        """0 when all is done, 3 when only some of it was, 1 when nothing was written."""
        if self.ok:
            return 0
        uncertain = (*_WROTE, "unknown")
        return 3 if self.frame["state"].isin(uncertain).any() else 1

    @property
    def words(self) -> str:
        """What became of it, for people: ``3 assigned, 1 already present``."""
        states = ", ".join(f"{count:,} {state.replace('_', ' ')}" for state, count in self.states.items())
        return f"{states or 'nothing to do'}{'; stopped' if self.stopped else ''}"

    def __repr__(self) -> str:
        return f"Receipt({self.kind}: {self.words})"

    def _repr_html_(self) -> str:
        return receipt_html(self.frame, repr(self))
