"""A batch in the panel: every finding with its row, the file without what is wrong, and files to take along."""

from __future__ import annotations

import base64
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from zecnb.render import tables
from zecnb.render.export import write_csv
from zecnb.render.panel import files_html

if TYPE_CHECKING:
    from collections.abc import Collection

    from zecnb.planner.plan import Plan

__all__ = ["batch_html", "links", "write_files"]

_MOST_LINKED = 5_000  # rows of a plan whose files travel as links in the page: they are made with every preview
_FILES = {"Corrected file": ("corrected", ".csv"), "Findings": ("findings", ".csv"), "Plan": ("plan", ".json")}


def batch_html(plan: Plan) -> str:
    """Return the findings of a batch with their rows, what the rows become, and links to the files."""
    shown = tables.batch_html(plan.frame, plan.findings, plan.summary)
    if not len(plan.findings):
        return shown + files_html("", links(plan, ("Plan",)))
    kept, asked = len(plan.corrected()), int(plan.frame["row"].nunique())
    words = f"The corrected file keeps {kept:,} of {asked:,} rows. Row 0 is the first below the header."
    return shown + files_html(words, links(plan))


def links(plan: Plan, words: Collection[str] = tuple(_FILES)) -> list[tuple[str, str, str]]:
    """Return word, file name and content of each file as a ``data:`` URL, "" for one too large for a link."""
    if len(plan.frame) > _MOST_LINKED:
        return [(word, "", "") for word in words]
    with tempfile.TemporaryDirectory() as folder:
        files = _written(plan, Path(folder))
        return [(word, files[word].name, _url(files[word])) for word in words]


def _url(path: Path) -> str:
    kind = "application/json" if path.suffix == ".json" else "text/csv;charset=utf-8"
    return f"data:{kind};base64,{base64.b64encode(path.read_bytes()).decode()}"


def write_files(plan: Plan, folder: Path) -> list[str]:
    """Write the plan, the corrected file and the findings; return their names."""
    return [path.name for path in _written(plan, folder).values()]


def _written(plan: Plan, folder: Path) -> dict[str, Path]:
    stem = plan.digest[:12]
    paths = {word: folder / f"{name}-{stem}{ending}" for word, (name, ending) in _FILES.items()}
    # Names in the account and cells of the caller's are untrusted: no spreadsheet takes them for formulas.
    write_csv(plan.corrected(), paths["Corrected file"])
    write_csv(plan.findings, paths["Findings"])
    plan.save(paths["Plan"])
    return paths
