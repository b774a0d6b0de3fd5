"""The shell: real processes against a real emulator, their output, exit codes and signals."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

import pytest

from zecnb.cli import main
from zecnb.emulator import Emulator
from zecnb.emulator.seeds import APP_SIN, WEB_07

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SECRET = "canary-secret-of-the-shell"


class Shell:
    """Runs ``zecnb`` as a user would, in a folder of its own."""

    def __init__(self, emulator: Emulator, folder: Path) -> None:
        self.folder = folder
        self.emulator = emulator
        self.environ = {
            **os.environ,
            "ZENLAYERCLOUD_ACCESS_KEY_ID": emulator.access_key_id,
            "ZENLAYERCLOUD_ACCESS_KEY_PASSWORD": emulator.access_key_password,
            "ZENLAYER_ENDPOINT": emulator.url,
            "ZECNB_STORE": f"sqlite:///{folder / 'journal.db'}",
        }

    def run(self, *arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
        """Run a command to its end."""
        return subprocess.run(
            [sys.executable, "-m", "zecnb", *arguments],
            cwd=self.folder,
            env={**self.environ, **environ},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )

    def json(self, *arguments: str) -> tuple[Any, int]:
        """Run a command with ``--json``; return what it printed and its exit code."""
        done = self.run(*arguments, "--json")
        assert not done.stderr, done.stderr
        return json.loads(done.stdout), done.returncode


@pytest.fixture
def shell(tmp_path: Path) -> Iterator[Shell]:
    """A shell on an account of its own."""
    with Emulator(access_key_password=SECRET) as emulator:
        yield Shell(emulator, tmp_path)


def test_plan_apply_undo_end_to_end(shell: Shell) -> None:
    """A plan goes through a file into the cloud and back out, with the documented exit codes."""
    planned = shell.run("plan", "--nic", WEB_07, "--count", "3", "--out", "plan.json")
    assert planned.returncode == 2, planned.stderr
    assert "ACCEPTED" in planned.stdout
    receipt, code = shell.json("apply", "plan.json", "--yes")
    assert code == 0
    assert [row["state"] for row in receipt["rows"]] == ["assigned"] * 3
    again, code = shell.json("apply", "plan.json", "--yes")
    assert (code, {row["state"] for row in again["rows"]}) == (0, {"already_present"})
    undone, code = shell.json("undo", receipt["run_id"], "--yes")
    assert (code, {row["state"] for row in undone["rows"]}) == (0, {"released"})
    events, code = shell.json("journal", "--run", receipt["run_id"])
    assert code == 0
    assert len(events["events"]) >= 2


def test_a_blocked_plan_exits_1_and_names_the_holder(shell: Shell) -> None:
    """A conflict is named with its holder and nothing is pending."""
    answer, code = shell.json("plan", "--nic", WEB_07, "--ip", "10.0.4.93-97")
    assert code == 1
    held = [row for row in answer["rows"] if row["verdict"] == "BLOCK"]
    assert held
    assert all(row["holder_id"] for row in held if row["holder_kind"])
    assert answer["calls"][0]["predicted"] == "INVALID_SUBNET_PRIVATE_IPV4_IN_USED"


def test_nothing_to_do_exits_0(shell: Shell) -> None:
    """Addresses that are there already leave nothing to send."""
    rows, _ = shell.json("plan", "--nic", WEB_07, "--count", "1", "--out", "plan.json")
    shell.json("apply", "plan.json", "--yes")
    again, code = shell.json("plan", "--nic", WEB_07, "--ip", rows["rows"][0]["address"])
    assert (code, again["rows"][0]["verdict"]) == (0, "NOOP")


def test_a_batch_from_a_file(shell: Shell) -> None:
    """``--from`` reads a CSV and keeps its row numbers."""
    (shell.folder / "batch.csv").write_text(f"nicId,ip_addresses\n{WEB_07},10.0.4.300\nnobody,10.0.4.9\n")
    answer, code = shell.json("plan", "--from", "batch.csv")
    assert code == 1
    assert [(row["row"], row["codes"]) for row in answer["rows"]] == [(0, ["SYNTAX"]), (1, ["NIC_NOT_FOUND"])]


def test_the_corrected_batch(shell: Shell) -> None:
    """What is left of a batch without its problems comes as a file that plans clean."""
    (shell.folder / "batch.csv").write_text(f"nic_id,ip_addresses,note\n{WEB_07},10.0.4.300 10.0.7.240,=1+1\n")
    assert shell.run("plan", "--from", "batch.csv", "--corrected", "clean.csv").returncode == 1
    assert (shell.folder / "clean.csv").read_text().splitlines()[1].startswith(f"{WEB_07},10.0.7.240,,'=1+1,10.0.4.300")
    assert shell.run("plan", "--from", "clean.csv").returncode == 2


@pytest.mark.parametrize("option", ["--out", "--corrected"])
def test_a_file_that_cannot_be_written(shell: Shell, option: str) -> None:
    """Is said in one line."""
    done = shell.run("plan", "--nic", WEB_07, "--count", "1", option, "missing/file")
    assert done.returncode == 1
    assert re.fullmatch(r"zecnb: cannot write missing/file: [^\n]+\n", done.stderr)


def test_a_name_is_told_its_id(shell: Shell) -> None:
    """Who gives the name of a vNIC is told what to give."""
    answer, _ = shell.json("plan", "--nic", "web-07", "--count", "1")
    assert answer["findings"][0]["fix"] == f"did you mean {WEB_07} (web-07)?"


def test_drift_exits_4_and_writes_nothing(shell: Shell) -> None:
    """What a colleague took between plan and apply is named, and nothing is sent."""
    shell.run("plan", "--nic", WEB_07, "--count", "2", "--out", "mine.json")
    shell.run("plan", "--nic", WEB_07, "--count", "2", "--out", "theirs.json")
    other, _ = shell.json("inventory")
    assert other["sources"]
    taken = json.loads((shell.folder / "mine.json").read_text())["rows"][0]["address"]
    nics = [row for row in other["occupancy"] if row["free"] > 10]
    assert nics
    batch = f"nic_id,ip_addresses\n{_neighbour(shell)},{taken}\n"
    (shell.folder / "steal.csv").write_text(batch)
    assert shell.run("plan", "--from", "steal.csv", "--out", "steal.json").returncode == 2
    assert shell.json("apply", "steal.json", "--yes")[1] == 0
    drifted = shell.run("apply", "mine.json", "--yes")
    assert drifted.returncode == 4
    assert taken in drifted.stderr + drifted.stdout


def _neighbour(shell: Shell) -> str:
    """Another ready vNIC of the same subnet with room."""
    import zecnb

    with zecnb.connect(
        access_key_id=shell.emulator.access_key_id,
        access_key_password=SECRET,
        endpoint=shell.emulator.url,
        store="sqlite://",
    ) as zec:
        inventory = zec.inventory()
        home = inventory.nics.set_index("nic_id")["subnet_id"][WEB_07]
        nics = inventory.nics
        ready = nics[(nics["subnet_id"] == home) & (nics["status"] == "USED") & (nics["nic_id"] != WEB_07)]
        return str(ready[ready["secondary_ipv4_count"] < 5]["nic_id"].iloc[0])


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["plan"], "give either --nic"),
        (["plan", "--nic", "x", "--from", "y.csv"], "give either --nic"),
        (["plan", "--from", "y.csv", "--ip", "10.0.4.9"], "give either --nic"),
        (["plan", "--from", "y.csv", "--count", "2"], "give either --nic"),
        (["plan", "--from", "missing.csv"], "missing.csv"),
        (["plan", "--nic", "x", "--count", "1", "--set", "nic_limit=many"], "nic_limit=many: expected"),
        (["plan", "--nic", WEB_07, "--count", "2", "--policy", "best"], "policy is one of"),
        (["apply", "missing.json", "--yes"], "missing.json"),
        (["undo", "no-such-run", "--yes"], "no-such-run"),
        (["resume", "no-such-run"], "no-such-run"),
        (["frobnicate"], "No such command"),
    ],
    ids=lambda value: " ".join(value)[:40] if isinstance(value, list) else "",
)
def test_wrong_use_is_one_line_and_exit_1(
    shell: Shell,
    arguments: list[str],
    words: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """A mistake is one helpful line on stderr, never a traceback."""
    for name, value in shell.environ.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(shell.folder)
    monkeypatch.setattr(sys, "argv", ["zecnb", *arguments])
    with pytest.raises(SystemExit) as stopped:
        main()
    assert stopped.value.code == 1
    told = capsys.readouterr().err
    assert told.startswith("zecnb: ")
    assert words in told
    assert told.count("\n") == 1


def test_apply_without_a_terminal_asks_for_yes(shell: Shell) -> None:
    """With nobody to ask, nothing is written and the way out is said."""
    shell.run("plan", "--nic", WEB_07, "--count", "1", "--out", "plan.json")
    done = shell.run("apply", "plan.json")
    assert done.returncode == 1
    assert "--yes" in done.stderr


def test_an_edited_plan_is_refused(shell: Shell) -> None:
    """A plan file that was changed by hand is refused with what differs."""
    shell.run("plan", "--nic", WEB_07, "--count", "1", "--out", "plan.json")
    file = shell.folder / "plan.json"
    plan = json.loads(file.read_text())
    plan["rows"][0]["address"] = "10.0.4.250"
    file.write_text(json.dumps(plan))
    done = shell.run("apply", "plan.json", "--yes")
    assert done.returncode == 1
    assert "edited" in done.stderr


def test_no_credentials_names_the_three_ways(shell: Shell) -> None:
    """Without credentials the error says where they were looked for."""
    done = shell.run("inventory", ZENLAYERCLOUD_ACCESS_KEY_ID="", ZENLAYERCLOUD_ACCESS_KEY_PASSWORD="")
    assert done.returncode == 1
    for words in ("ZENLAYERCLOUD_ACCESS_KEY_ID", "credentials.json", "zecnb.demo()"):
        assert words in done.stderr


def test_verbose_logging_holds_no_secret(shell: Shell) -> None:
    """``-vv`` tells what is called and never the password."""
    done = subprocess.run(
        [sys.executable, "-m", "zecnb", "-vv", "plan", "--nic", WEB_07, "--count", "1"],
        env=shell.environ,
        cwd=shell.folder,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert "DescribeNetworkInterfaces" in done.stderr
    assert SECRET not in done.stderr + done.stdout


def test_inventory_is_saved_as_parquet(shell: Shell) -> None:
    """``inventory --out`` leaves a folder that loads again."""
    from zecnb.inventory import Inventory

    assert shell.run("inventory", "--out", "held").returncode == 0
    assert len(Inventory.load(shell.folder / "held").subnets) > 30


def test_demo_leaves_table_chart_and_report(tmp_path: Path) -> None:
    """``zecnb demo`` does the whole job and leaves what it says."""
    done = subprocess.run(
        [sys.executable, "-m", "zecnb", "demo", "--out", str(tmp_path / "out")],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert not done.stderr
    assert {path.name for path in (tmp_path / "out").iterdir()} == {"plan.csv", "occupancy.png", "report.html"}
    assert (tmp_path / "out" / "occupancy.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_emulator_says_one_line_and_stops_when_told(number: signal.Signals) -> None:
    """``zecnb emulator --json`` prints its access once it listens, and ends cleanly."""
    with subprocess.Popen(
        [sys.executable, "-m", "zecnb", "emulator", "--json"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as running:
        assert running.stdout is not None
        assert running.stderr is not None
        try:
            access = json.loads(running.stdout.readline())
            assert set(access) == {"url", "access_key_id", "access_key_password", "token"}
            time.sleep(0.1)
            running.send_signal(number)
            assert running.wait(10) == 0
            assert running.stdout.read() == ""
            assert "Traceback" not in running.stderr.read()
        finally:
            running.kill()


@pytest.mark.parametrize(
    "arguments", [["--seed", "random:x"], ["--seed", "missing.json"], ["--db", "no/such/folder/zec.db"]], ids=" ".join
)
def test_an_emulator_that_cannot_start_says_why(
    arguments: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A wrong seed or file is one line and exit 1."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", ["zecnb", "emulator", *arguments])
    with pytest.raises(SystemExit) as stopped:
        main()
    assert stopped.value.code == 1
    assert capsys.readouterr().err.startswith("zecnb: the emulator cannot start: ")


# -- approvals, room, reports, the journal as a file -----------------------------------------------------------------


class Caller:
    """Runs commands in this process."""

    def __init__(self, shell: Shell, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
        self._monkeypatch = monkeypatch
        self._capsys = capsys
        self.folder = shell.folder
        self.emulator = shell.emulator
        for name, value in shell.environ.items():
            monkeypatch.setenv(name, value)
        monkeypatch.chdir(shell.folder)

    def __call__(self, *arguments: str) -> tuple[int, str, str]:
        """Return exit code, output and errors."""
        self._monkeypatch.setattr(sys, "argv", ["zecnb", *arguments])
        with pytest.raises(SystemExit) as ended:
            main()
        told = self._capsys.readouterr()
        return int(ended.value.code or 0), told.out, told.err


@pytest.fixture
def call(shell: Shell, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Caller:
    """Commands in this process, on an account of their own."""
    return Caller(shell, monkeypatch, capsys)


def test_approve_then_apply(call: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where approval is required, apply refuses and says how; an approved file is applied and shows by whom."""
    monkeypatch.setenv("ZECNB_REQUIRE_APPROVAL", "1")
    assert call("plan", "--nic", WEB_07, "--count", "1", "--out", "plan.json")[0] == 2
    code, _, err = call("apply", "plan.json", "--yes")
    assert (code, "zecnb approve plan.json --by NAME --note WHY" in err) == (1, True)
    code, out, _ = call("approve", "plan.json", "--by", "Ann", "--note", "CHG-7")
    assert code == 0
    assert "approved by Ann at " in out
    code, out, _ = call("apply", "plan.json", "--yes")
    assert code == 0
    assert ": CHG-7" in out


def test_a_blocked_plan_is_not_approved(call: Caller) -> None:
    """There is nothing to approve in it."""
    call("plan", "--nic", WEB_07, "--ip", "10.0.4.300", "--out", "plan.json")
    code, _, err = call("approve", "plan.json", "--by", "Ann")
    assert (code, "cannot be approved" in err) == (1, True)


def test_report_names_everything_or_nothing(call: Caller) -> None:
    """The report has occupancy, coverage and sources; redacted it has the same without names and addresses."""
    assert call("report", "--out", "all.html")[0] == 0
    assert call("report", "--out", "none.html", "--redact")[0] == 0
    named, redacted = ((call.folder / name).read_text(encoding="utf-8") for name in ("all.html", "none.html"))
    for html in (named, redacted):
        for words in ("utilisation", "Coverage", "Sources", "load_balancers"):
            assert words in html
    for words in ("app-sin", APP_SIN, "10.0.4.0/22"):
        assert words in named
        assert words not in redacted


def test_report_of_a_plan_file(call: Caller) -> None:
    """A plan given is what the report is about; no account is asked."""
    call("plan", "--nic", WEB_07, "--ip", "10.0.4.93", "--out", "plan.json")
    calls = sum(call.emulator.faults.calls.values())
    assert call("report", "plan.json", "--out", "plan.html")[0] == 0
    assert sum(call.emulator.faults.calls.values()) == calls
    assert "held by vNIC" in (call.folder / "plan.html").read_text(encoding="utf-8")


def test_a_runbook_that_cannot_run_is_one_line(call: Caller) -> None:
    """A wrong name and a wrong parameter: exit 1, and nothing is left."""
    code, out, err = call("runbook", "nowhere", "--out", "out")
    assert (code, out, err.startswith("zecnb: there is no notebook 'nowhere'")) == (1, "", True)
    code, out, err = call("runbook", "01-assign", "-p", "APPLY=maybe", "--out", "out")
    assert (code, out, err) == (1, "", "zecnb: APPLY is true or false, not 'maybe'\n")
    assert not (call.folder / "out").exists()


def test_journal_as_csv_and_parquet(call: Caller) -> None:
    """Both files have every event; in the CSV nothing runs as a formula."""
    import pandas as pd

    call("plan", "--nic", WEB_07, "--count", "2", "--out", "plan.json")
    assert call("apply", "plan.json", "--yes")[0] == 0
    for name in ("journal.csv", "journal.parquet"):
        code, out, _ = call("journal", "--out", name)
        assert (code, out) == (0, f"{len(json.loads(call('journal', '--json')[1])['events'])} events in {name}\n")
    table, kept = pd.read_csv(call.folder / "journal.csv"), pd.read_parquet(call.folder / "journal.parquet")
    assert table["event"].tolist() == kept["event"].tolist()
    assert [len(each) for each in kept.loc[kept["event"] == "intent", "asked"]] == [2]
    assert call("journal", "--out", "journal.xls")[0] == 1
    assert {path.name for path in call.folder.glob("journal*")} >= {"journal.csv", "journal.parquet"}
    assert not list(call.folder.glob("*.part"))


def test_pruning_the_journal(call: Caller) -> None:
    """It asks first, keeps what is young, and never keeps less than a month."""
    call("plan", "--nic", WEB_07, "--count", "1", "--out", "plan.json")
    call("apply", "plan.json", "--yes")
    code, _, err = call("journal", "--prune", "90")
    assert (code, "--yes" in err) == (1, True)
    assert call("journal", "--prune", "90", "--yes")[:2] == (0, "0 events forgotten\n")
    code, _, err = call("journal", "--prune", "1", "--yes")
    assert (code, "at least 30 days" in err) == (1, True)
