"""The shell while it writes: Ctrl-C once and twice, and what a terminal is asked."""

from __future__ import annotations

import json
import os
import pty
import re
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

import pytest

from zecnb.emulator import Emulator
from zecnb.emulator.seeds import APP_SIN

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

ASSIGN, UNASSIGN = "BatchAssignNetworkInterfaceIpv4", "UnassignNetworkInterfaceIpv4"
SLOW = 1.5  # seconds that the API takes for a write
NICS = 3


class Shell:
    """A shell in a folder of its own, on an account whose writes are slow."""

    def __init__(self, emulator: Emulator, folder: Path) -> None:
        self.emulator = emulator
        self.folder = folder
        self.environ = {
            **os.environ,
            "ZENLAYERCLOUD_ACCESS_KEY_ID": emulator.access_key_id,
            "ZENLAYERCLOUD_ACCESS_KEY_PASSWORD": emulator.access_key_password,
            "ZENLAYER_ENDPOINT": emulator.url,
            "ZECNB_STORE": f"sqlite:///{folder / 'journal.db'}",
        }

    def start(self, *arguments: str, stdin: int = subprocess.DEVNULL) -> subprocess.Popen[str]:
        """Start a command."""
        return subprocess.Popen(
            [sys.executable, "-m", "zecnb", *arguments],
            cwd=self.folder,
            env=self.environ,
            stdin=stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, *arguments: str) -> tuple[int, str, str]:
        """Run a command to its end; return exit code, output and errors."""
        with self.start(*arguments) as running:
            out, err = running.communicate(timeout=90)
        return running.returncode, out, err

    def plan(self) -> None:
        """Leave a plan of one address for each of some vNICs of one subnet: as many calls, in turn."""
        rows = self.emulator.state.rows(
            "SELECT id FROM nic WHERE subnet_id = ? AND status = 'USED' AND "
            "(SELECT COUNT(*) FROM held WHERE owner = nic.id) < 6 LIMIT ?",
            APP_SIN,
            NICS,
        )
        batch = "".join(f"{row['id']},1\n" for row in rows)
        (self.folder / "batch.csv").write_text(f"nic_id,ip_address_count\n{batch}")
        code, _, err = self.run("plan", "--from", "batch.csv", "--out", "plan.json")
        assert code == 2, err

    def wait_for(self, action: str, calls: int = 1) -> None:
        """Return once the API was called so often."""
        deadline = time.monotonic() + 60
        while self.emulator.faults.calls[action] < calls:
            assert time.monotonic() < deadline, f"no {action}"
            time.sleep(0.01)

    def held(self) -> int:
        """Return how many addresses the subnet's vNICs hold."""
        row = self.emulator.state.row("SELECT COUNT(*) AS n FROM held WHERE subnet_id = ?", APP_SIN)
        assert row is not None
        return int(row["n"])


@pytest.fixture
def shell(tmp_path: Path) -> Iterator[Shell]:
    """A shell with a plan, on an account whose writes are slow from then on."""
    with Emulator() as emulator:
        shell = Shell(emulator, tmp_path)
        shell.plan()
        for action in (ASSIGN, UNASSIGN):
            emulator.faults.add("latency", action, times=0, seconds=SLOW)
        yield shell


def interrupted(shell: Shell, action: str, times: int, *arguments: str) -> tuple[int, str, str, float]:
    """Run a command and press Ctrl-C while its first call is under way; return how long it went on, too."""
    with shell.start(*arguments) as running:
        shell.wait_for(action)
        began = time.monotonic()
        for _ in range(times):
            running.send_signal(signal.SIGINT)
            time.sleep(0.2)
        out, err = running.communicate(timeout=90)
        return running.returncode, out, err, time.monotonic() - began


def test_ctrl_c_finishes_the_call_in_flight(shell: Shell) -> None:
    """One Ctrl-C: the call under way is finished and recorded, no other begins, and how to go on is said."""
    before = shell.held()
    code, out, err, _ = interrupted(shell, ASSIGN, 1, "apply", "plan.json", "--yes")
    assert code == 3, err
    assert "stopping after the call under way" in err
    assert "Traceback" not in err
    run = re.search(r"zecnb resume (\w+)", out)
    assert run is not None
    assert shell.emulator.faults.calls[ASSIGN] == 1
    assert shell.held() == before + 1
    code, out, err = shell.run("resume", run[1], "--json")
    assert code == 0, err
    assert {row["state"] for row in json.loads(out)["rows"]} == {"assigned"}
    assert shell.held() == before + NICS
    assert shell.emulator.faults.calls[ASSIGN] == NICS


def test_a_second_ctrl_c_stops_now(shell: Shell) -> None:
    """Two: it ends before the API answers and says how to resume, which leaves what the plan says."""
    before = shell.held()
    code, out, err, lasted = interrupted(shell, ASSIGN, 2, "apply", "plan.json", "--yes", "--json")
    assert code == 130
    assert out == ""
    assert lasted < SLOW
    run = re.search(r"stopped at once; run (\w+) is not finished; finish it with: zecnb resume \1\n", err)
    assert run is not None, err
    code, out, err = shell.run("resume", run[1], "--json")
    assert code == 0, err
    assert {row["state"] for row in json.loads(out)["rows"]} == {"assigned"}
    assert shell.held() == before + NICS


def test_a_second_ctrl_c_in_an_undo_says_to_undo_again(shell: Shell) -> None:
    """An interrupted undo is finished by the same undo."""
    before = shell.held()
    code, out, err = shell.run("apply", "plan.json", "--yes", "--json")
    assert code == 0, err
    run = json.loads(out)["run_id"]
    code, _, err, _ = interrupted(shell, UNASSIGN, 2, "undo", run, "--yes")
    assert code == 130
    assert f"finish it with: zecnb undo {run}\n" in err
    code, _, err = shell.run("undo", run, "--yes")
    assert code == 0, err
    assert shell.held() == before


def test_a_second_ctrl_c_before_the_first_call(shell: Shell) -> None:
    """While nothing was sent yet there is nothing to resume, and that is said."""
    shell.emulator.faults.add("latency", "DescribeNetworkInterfaces", times=0, seconds=SLOW)
    calls = shell.emulator.faults.calls["DescribeNetworkInterfaces"]
    with shell.start("apply", "plan.json", "--yes") as running:
        shell.wait_for("DescribeNetworkInterfaces", calls + 1)
        for _ in range(2):
            running.send_signal(signal.SIGINT)
            time.sleep(0.2)
        _, err = running.communicate(timeout=90)
    assert running.returncode == 130
    assert "stopped at once; nothing was sent\n" in err
    assert shell.emulator.faults.calls[ASSIGN] == 0


def test_sigterm_is_one_ctrl_c(shell: Shell) -> None:
    """A scheduler that ends the job gets the call under way finished, too."""
    with shell.start("apply", "plan.json", "--yes", "--json") as running:
        shell.wait_for(ASSIGN)
        running.send_signal(signal.SIGTERM)
        out, err = running.communicate(timeout=90)
    assert running.returncode == 3, err
    receipt = json.loads(out)
    assert receipt["stopped"]
    assert sorted(row["state"] for row in receipt["rows"]) == ["assigned", *["not_attempted"] * (NICS - 1)]


def answered(shell: Shell, answer: str, *arguments: str) -> tuple[int, Any, str]:
    """Run a command on a terminal and answer what it asks."""
    ours, theirs = pty.openpty()
    try:
        with shell.start(*arguments, stdin=theirs) as running:
            os.write(ours, answer.encode())
            out, err = running.communicate(timeout=90)
        return running.returncode, out, err
    finally:
        os.close(ours)
        os.close(theirs)


def test_no_on_the_terminal_does_nothing(shell: Shell) -> None:
    """Whoever says no, or only presses return, gets exit 1 and nothing sent."""
    for answer in ("n\n", "\n"):
        code, _, err = answered(shell, answer, "apply", "plan.json")
        assert code == 1
        assert f"Assign {NICS} addresses in {NICS} calls? [y/N]" in err
        assert err.endswith("zecnb: nothing was done\n")
    assert shell.emulator.faults.calls[ASSIGN] == 0


def test_yes_on_the_terminal_does_it(shell: Shell) -> None:
    """The question stands beside the output: what is piped on is the JSON alone."""
    code, out, err = answered(shell, "y\n", "apply", "plan.json", "--json")
    assert code == 0, err
    assert {row["state"] for row in json.loads(out)["rows"]} == {"assigned"}
    assert "[y/N]" in err
