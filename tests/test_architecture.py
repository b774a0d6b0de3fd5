"""The arrows between the parts, read from the source: nested and type-only imports count too."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import zecnb

ROOT = Path(zecnb.__file__).parent

_BASE = {"errors", "files", "schema", "addresses", "tokens"}
_HELD = _BASE | {"columns", "geometry", "ledger", "snapshot"}

ALLOWED: dict[str, set[str]] = {
    # the pure core, from the bottom up
    "errors": set(),
    "files": {"errors"},
    "headings": {"errors"},
    "schema": {"errors", "headings"},
    "addresses": {"columns"},
    "columns": set(),
    "geometry": {"addresses", "columns", "errors", "typos"},
    "tokens": {"addresses", "columns"},
    "typos": {"addresses", "columns", "tokens"},
    "counts": {"columns"},
    "ledger": set(),
    "lookup": {"geometry", "ledger"},
    "holders": _BASE | {"columns", "geometry", "ledger"},
    "kin": {"columns", "geometry", "ledger"},
    "snapshot": _BASE | {"columns", "geometry", "holders", "kin", "ledger", "lookup"},
    "sheets": {"columns", "errors"},
    "requests": _HELD | {"counts", "sheets"},
    "archive": _HELD,
    "difference": _HELD,
    "planner": _HELD | {"counts", "requests", "lookup", "render", "typos"},
    "capacity": _HELD | {"planner", "render", "sheets", "store", "typos"},
    "inventory": _HELD | {"archive", "difference", "requests", "sheets", "planner", "render", "capacity"},
    "scale": _HELD | {"holders", "planner", "render", "requests"},
    # values in, pictures and text out
    "render": _BASE,
    # the edges
    "store": {"errors"},
    "execution": _HELD | {"requests", "inventory", "planner", "render", "store", "together"},
    "together": set(),
    "progress": set(),
    "cloud": _HELD | {"inventory", "together"},
    "emulator": set(),
    "claims": _BASE | {"columns", "planner", "sheets", "store"},
    # what wires them
    "session": {"capacity", "claims"}
    | {"errors", "inventory", "planner", "execution", "cloud", "store", "emulator", "panel", "progress"},
    "connections": {"claims", "cloud", "emulator", "errors", "session", "store"},
    "widgets": _HELD | {"execution", "planner", "render", "sheets", "session", "store"},
    "panel": _HELD | {"execution", "planner", "render", "session", "widgets"},
    "page": {"connections", "errors", "render", "shell"},
    "runbook": {"errors", "execution", "render", "shell", "showcase"},
    "showcase": {"connections", "errors", "emulator", "render", "shell"},
    "workbench": {"page", "runbook", "showcase"},
    "cli": {"errors", "execution", "gate", "planner", "render", "emulator", "shell", "store", "workbench"},
    "gate": {"capacity", "connections", "errors", "inventory", "planner", "render", "shell"},
    "shell": {"connections", "errors", "execution", "planner", "render", "session", "store"},
    "testing": {"cloud", "emulator", "session", "store"},
    "__main__": {"cli"},
    "__init__": {
        "capacity",
        "connections",
        "errors",
        "execution",
        "inventory",
        "planner",
        "render",
        "scale",
        "session",
        "widgets",
    },
}
"""What each part may import; ``render`` is a leaf that gets values, so whoever has values may call it."""

MODULES = sorted(path.relative_to(ROOT) for path in ROOT.rglob("*.py"))


def part_of(module: Path) -> str:
    """Return the part a module belongs to: its package, or itself."""
    return module.parts[0].removesuffix(".py")


def imports_of(module: Path) -> set[str]:
    """Return the parts that a module imports, at whatever depth it does so."""
    found: set[str] = set()
    for node in ast.walk(ast.parse((ROOT / module).read_text(encoding="utf-8"))):
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{module}: imports are absolute"
            names = (
                [f"{node.module}.{alias.name}" for alias in node.names]
                if node.module == "zecnb"
                else [node.module or ""]
            )
        found |= {name.split(".")[1] for name in names if name.startswith("zecnb.")}
    return found


@pytest.mark.parametrize("module", MODULES, ids=str)
def test_imports_follow_the_arrows(module: Path) -> None:
    """A module imports its own part and those its part may know."""
    part = part_of(module)
    assert imports_of(module) - {part} <= ALLOWED[part]


@pytest.mark.parametrize("module", MODULES, ids=str)
def test_modules_stay_small(module: Path) -> None:
    """No module has more than 400 lines."""
    assert len((ROOT / module).read_text(encoding="utf-8").splitlines()) <= 400


def test_every_arrow_is_used() -> None:
    """The table allows nothing that nobody does."""
    used: dict[str, set[str]] = {}
    for module in MODULES:
        used.setdefault(part_of(module), set()).update(imports_of(module) - {part_of(module)})
    idle = {part: ALLOWED[part] - used.get(part, set()) for part in ALLOWED}
    assert {part: sorted(names - _HELD) for part, names in idle.items() if names - _HELD} == {}


def test_the_emulator_stands_alone() -> None:
    """The oracle shares no rule, signing or wire code with what it judges, in either direction."""
    theirs = {part for module in MODULES if part_of(module) == "emulator" for part in imports_of(module)}
    users = {part_of(module) for module in MODULES if "emulator" in imports_of(module)}
    assert theirs <= {"emulator"}
    assert users <= {"connections", "session", "showcase", "cli", "emulator", "testing"}


@pytest.mark.parametrize("part", ["planner", "ledger", "snapshot", "requests", "addresses", "difference"])
def test_the_core_does_no_io(part: str) -> None:
    """The pure core opens no socket, no database and no process."""
    forbidden = {"httpx", "socket", "subprocess", "sqlalchemy", "sqlite3", "urllib", "asyncio"}
    for module in MODULES:
        if part_of(module) == part:
            names = {
                alias.name.split(".")[0]
                for node in ast.walk(ast.parse((ROOT / module).read_text(encoding="utf-8")))
                if isinstance(node, ast.Import)
                for alias in node.names
            }
            assert not names & forbidden
