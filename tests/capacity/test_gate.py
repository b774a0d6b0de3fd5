"""``zecnb check --rules`` as a gate in a shell: real processes, exit codes, output for people and machines."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.test_cli import Shell, shell

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["shell"]


def write(folder: Path, text: str) -> None:
    """Write the rules."""
    (folder / "rules.toml").write_text(text)


def test_kept_rules_open_the_gate(shell: Shell) -> None:
    """Rules that hold everywhere give exit code 0."""
    write(shell.folder, "minimum_free = 0\n")
    done = shell.run("check", "--rules", "rules.toml")
    assert (done.returncode, done.stdout.split(":")[0]) == (0, "passed"), done.stderr


def test_broken_rules_close_it(shell: Shell) -> None:
    """A rule that fails somewhere gives exit code 1, the subnets as JSON and as Markdown."""
    write(shell.folder, "minimum_free = 1000\nminimum_days_to_full = 30\n")
    said, code = shell.json("check", "--rules", "rules.toml")
    assert (code, said["ok"], said["exit_code"]) == (1, False, 1)
    assert {row["result"] for row in said["results"]} >= {"fail", "unknown"}
    shown = shell.run("check", "--rules", "rules.toml", "--markdown")
    assert shown.returncode == 1
    assert shown.stdout.startswith("**Address space failed: ")
    assert "| fail | `" in shown.stdout


def test_shell_script_is_gated(shell: Shell) -> None:
    """What stands behind ``&&`` runs only when the rules hold."""
    write(shell.folder, "minimum_free = 1000\n")
    rules = [("minimum_free = 1000\n", False), ("minimum_free = 0\n", True)]
    for text, opened in rules:
        write(shell.folder, text)
        assert (shell.run("check", "--rules", "rules.toml").returncode == 0) is opened


def test_each_check_is_a_day_of_history(shell: Shell) -> None:
    """What a check reads is remembered for the next: the store knows the day."""
    from zecnb.capacity.history import History
    from zecnb.store import Store

    write(shell.folder, "minimum_free = 0\n")
    shell.run("check", "--rules", "rules.toml")
    store = Store(shell.environ["ZECNB_STORE"])
    from sqlalchemy import text

    with store.begin() as connection:
        account = connection.execute(text("SELECT DISTINCT account FROM utilisation")).scalar_one()
    assert len(History(store, account).frame()) > 3
    store.close()


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("--need", "1"),
        ("--rules", "rules.toml", "--need", "1"),
        ("--subnet", "s", "--need", "1", "--markdown"),
        ("--rules", "nowhere.toml"),
        ("--rules", "wrong.toml"),
    ],
)
def test_questions_that_cannot_be(shell: Shell, arguments: tuple[str, ...]) -> None:
    """Half a question, two at once, or wrong rules: one line and exit code 1, before anything is read."""
    (shell.folder / "wrong.toml").write_text(json.dumps("x"))
    done = shell.run("check", *arguments)
    assert done.returncode == 1
    assert done.stderr.startswith("zecnb: ")
    assert len(done.stderr.splitlines()) == 1
