"""The README tells the truth: its code runs, its names and commands exist, its findings are all there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import zecnb
from zecnb import errors
from zecnb.capacity.rules import read_rules
from zecnb.cli import app
from zecnb.planner.findings import CATALOGUE, LATER
from zecnb.planner.options import POLICIES

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
PYTHON = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
SHELL = "\n".join(re.findall(r"```sh\n(.*?)```", README, re.DOTALL))


@pytest.mark.parametrize(
    "name", [name for name in zecnb.__all__ if name not in ("ZecnbError", "__version__", "Receipt")]
)
def test_public_names_are_mentioned(name: str) -> None:
    """Whoever reads the README meets each public name, as a name or as what makes it."""
    assert re.search(rf"\b{name.lower()}\b", README.lower())


def test_the_five_line_cell_runs() -> None:
    """The cell that does the job does it."""
    names: dict[str, object] = {}
    exec(PYTHON[0], names)
    session = names["zec"]
    assert isinstance(session, zecnb.Session)
    try:
        receipt = names["receipt"]
        assert isinstance(receipt, zecnb.Receipt)
        assert receipt.ok
        assert len(PYTHON[0].strip().splitlines()) <= 6
    finally:
        session.close()


def test_commands_in_the_readme_exist() -> None:
    """Each ``zecnb VERB`` shown is a command."""
    commands = {command.name or command.callback.__name__ for command in app.registered_commands if command.callback}
    shown = set(re.findall(r"zecnb ([a-z]+)", SHELL))
    assert shown
    assert shown <= commands


def test_the_rules_in_the_readme_are_rules(tmp_path: Path) -> None:
    """They can be read as they stand there."""
    (text,) = re.findall(r"```toml\n(.*?)```", README, re.DOTALL)
    path = tmp_path / "rules.toml"
    path.write_text(text, encoding="utf-8")
    assert [len(group.limits) for group in read_rules(path).groups] == [3, 1]


def test_policies_are_listed() -> None:
    """Each policy is named."""
    assert all(f"`{policy}`" in README for policy in POLICIES)


def test_files_it_points_to_are_there() -> None:
    """Pictures and linked files exist."""
    for target in re.findall(r"\]\(([^)#]+)\)", README):
        assert target.startswith("http") or (ROOT / target).is_file(), target


@pytest.mark.parametrize("code", CATALOGUE)
def test_every_finding_has_its_line(code: str) -> None:
    """The table of findings says of each code what the catalogue says."""
    entry = CATALOGUE[code]
    answer = f"`{entry.api_code}`" if entry.api_code else "-"
    assert f"| `{code}` | {entry.severity} | {answer} | {entry.meaning} |" in README


def test_the_table_of_findings_is_the_catalogue() -> None:
    """In the catalogue's order, and nothing else."""
    table = README.partition("## Findings")[2].partition("## ")[0]
    assert re.findall(r"^\| `([A-Z_0-9]+)` \|", table, re.MULTILINE) == [*CATALOGUE, *LATER]


@pytest.mark.parametrize("code", LATER)
def test_what_comes_up_later_has_its_line(code: str) -> None:
    """The second table says where each is met: an error that exists, or a state of a receipt."""
    entry = LATER[code]
    assert f"| `{code}` | {entry.severity} | `{entry.where}` | {entry.meaning} |" in README
    assert hasattr(errors, entry.where) or entry.where in ("kept", "unknown")
