"""The committed notebooks: executed, small, with parameters, without secrets, ids or times."""

from __future__ import annotations

import re
import subprocess
import sys
import zipfile
from typing import TYPE_CHECKING

import nbformat
import pytest

from zecnb.showcase import notebooks_folder

if TYPE_CHECKING:
    from pathlib import Path

FILES = sorted(notebooks_folder().glob("*.ipynb"))
UNSTEADY = {
    "a run id or UUID": r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}",
    "a request id": r"\bT[0-9A-F]{8}-",
    "a clock time": r"\b\d\d:\d\d:\d\d\b",
    "an object's address": r" at 0x[0-9a-f]{6,}",
    "a port": r"127\.0\.0\.1:\d+",
    "a path of a machine": r"/(home|root|Users|tmp)/",
}
SECRETS = r"(?i)(password|secret|token)['\"]?\s*[:=]\s*['\"][^'\"\s]{6,}|Bearer [A-Za-z0-9._-]{8,}"


def outputs_of(path: Path) -> str:
    """All text that a notebook's outputs hold."""
    notebook = nbformat.read(path, as_version=4)
    parts = []
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            data = output.get("data", {})
            parts.append(str(output.get("text", "")))
            parts += [str(value) for kind, value in data.items() if kind.startswith("text/")]
    return "\n".join(parts)


def test_there_are_notebooks() -> None:
    """The folder that ships is found."""
    assert [path.name for path in FILES][:1] == ["01-assign.ipynb"]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_every_code_cell_was_run_in_order(path: Path) -> None:
    """The numbers of the cells are 1, 2, 3, ..."""
    code = [cell for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "code"]
    assert [cell.execution_count for cell in code] == list(range(1, len(code) + 1))
    assert not [output for cell in code for output in cell.outputs if output.output_type == "error"]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_one_cell_holds_the_parameters(path: Path) -> None:
    """Papermill finds one cell to change."""
    cells = nbformat.read(path, as_version=4).cells
    assert next(cell for cell in cells if "parameters" in cell.metadata.get("tags", [])).cell_type == "code"


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_it_ends_with_an_assertion(path: Path) -> None:
    """A notebook run unattended fails when its job is not done."""
    code = [cell.source for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "code"]
    assert "assert " in code[-1]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_prose_leads_through_it(path: Path) -> None:
    """It begins with a title and what it is for, and says before each step what comes."""
    cells = nbformat.read(path, as_version=4).cells
    prose = [cell.source for cell in cells if cell.cell_type == "markdown"]
    assert cells[0].cell_type == "markdown"
    assert re.match(r"# \S.*\n\n\S", cells[0].source)
    assert len([text for text in prose if text.startswith("## ")]) >= 4
    assert prose[-1].startswith("## End state")


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_nothing_complains(path: Path) -> None:
    """No warning and no log line stands among the outputs."""
    cells = nbformat.read(path, as_version=4).cells
    said = [output for cell in cells for output in cell.get("outputs", []) if output.output_type == "stream"]
    assert [output.text for output in said if output.name == "stderr"] == []


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_it_is_small(path: Path) -> None:
    """At most 500 kB each."""
    assert path.stat().st_size <= 500_000


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_outputs_are_steady_and_hold_no_secret(path: Path) -> None:
    """Nothing in the outputs changes from run to run, or looks like a key."""
    text = outputs_of(path)
    assert {what: re.findall(pattern, text)[:3] for what, pattern in UNSTEADY.items() if re.search(pattern, text)} == {}
    assert not re.search(SECRETS, path.read_text(encoding="utf-8"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_no_widget_state_is_saved(path: Path) -> None:
    """Widgets are made anew by running; neither their state nor their ids, new each time, belong in git."""
    notebook = nbformat.read(path, as_version=4)
    assert "widgets" not in notebook.metadata
    assert "widget-view" not in path.read_text(encoding="utf-8")


def test_the_wheel_ships_them(tmp_path: Path) -> None:
    """With what a page and a runbook need beside them, and nothing that running them left."""
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    subprocess.run(command, cwd=notebooks_folder().parent, check=True, capture_output=True, timeout=300)
    names = zipfile.ZipFile(next(tmp_path.glob("*.whl"))).namelist()
    shipped = {name.partition("_notebooks/")[2] for name in names if "_notebooks/" in name}
    assert shipped == {path.name for path in FILES}
    assert {f"zecnb/render/templates/{name}" for name in ("report.html", "notebook.html.j2", "page/index.html.j2")} <= {
        *names
    }
