"""The Receipt value: what became of every address of a run."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from zecnb.render.tables import receipt_html

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd

__all__ = ["DONE_STATES", "STATES", "Receipt"]

DONE_STATES = ("assigned", "already_present", "assigned_other", "released", "already_absent")
"""States that leave nothing to do."""

STATES = (*DONE_STATES, "rejected", "kept", "not_attempted", "unknown")
"""What became of an address; an undo says released, already_absent and kept."""

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
        return 3 if self.wrote else 1

    @property
    def wrote(self) -> bool:
        """Whether the run changed something, or may have."""
        return bool(self.frame["state"].isin((*_WROTE, "unknown")).any())

    @property
    def words(self) -> str:
        """What became of it, for people: ``3 assigned, 1 already present``."""
        states = ", ".join(f"{count:,} {state.replace('_', ' ')}" for state, count in self.states.items())
        return f"{states or 'nothing to do'}{'; stopped' if self.stopped else ''}"

    def report(self, path: str | Path, *, title: str = "", redact: bool = False) -> Path:
        """Write one HTML file that needs nothing beside it: what became of every address.

        Args:
            path: where to; overwritten when it exists.
            title: plain text; what the run did by default.
            redact: replace ids, names and addresses by pseudonyms, the same by the same.

        Raises:
            UsageError: the file cannot be written.
        """
        from zecnb.render.report import Section, Table, html_report

        verb = "Addresses assigned" if self.kind == "apply" else "Addresses released"
        said = self.words[0].upper() + self.words[1:] + "."
        rest = self.frame[~self.frame["state"].isin(DONE_STATES)]
        parts = [("Not done", "What is left, and why.", rest)] if 0 < len(rest) < len(self.frame) else []
        sections = [
            Section(heading, [words], [Table(part.dropna(axis="columns", how="all"), limit=1000)])
            for heading, words, part in (*parts, ("Every address", "In the order of the plan.", self.frame))
        ]
        return html_report(path, title or verb, sections, lines=[said, f"Run {self.run_id}"], redact=redact)

    def __repr__(self) -> str:
        return f"Receipt({self.kind}: {self.words})"

    def _repr_html_(self) -> str:
        return receipt_html(self.frame, repr(self))
