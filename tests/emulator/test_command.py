"""``zecnb emulator`` in a shell: its options."""

from __future__ import annotations

import json
import signal
import ssl
import subprocess
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from tests.emulator.account import Account
from zecnb.cli import main
from zecnb.emulator import Emulator

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@contextmanager
def _running(*arguments: str) -> Iterator[dict[str, Any]]:
    command = [sys.executable, "-m", "zecnb", "emulator", "--json", *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield json.loads(process.stdout.readline())
            process.send_signal(signal.SIGTERM)
            assert process.wait(20) == 0
        finally:
            process.kill()


def test_everything_in_one_run(tmp_path: Path) -> None:
    """TLS, a switch, a rate, the control path, and the account as a file at the end."""
    path = tmp_path / "account.json"
    given = ("--tls", "--control", "--seed", "random:3:5", "--set", "nic_limit=7", "--rate", "2", "--export", str(path))
    with _running(*given) as access:
        assert access["url"].startswith("https://")
        context = ssl.create_default_context(cafile=access["certificate"])
        with httpx.Client(base_url=access["url"], verify=context) as client:
            key = {"authorization": f"Bearer {access['control_token']}"}
            listed = client.get("/_zecnb/assumptions", headers=key).json()["response"]["assumptions"]
            key = {"authorization": f"Bearer {access['token']}", "x-zc-action": "DescribeVpcs"}
            statuses = [client.post("/api/v2/zec", json={}, headers=key).status_code for _ in range(5)]
    values = {each["name"]: each["value"] for each in listed}
    assert (values["nic_limit"], values["rate_per_second"]) == (7, 2.0)
    assert statuses[:2] == [200, 200]
    assert statuses[-1] == 429
    with Account(seed=str(path)) as again:
        assert again.ask("DescribeNetworkInterfaces")["totalCount"] == 5


def test_lifecycle() -> None:
    """With a lifecycle a new vNIC is pending."""
    with _running("--seed", "random:3:5", "--lifecycle-ms", "60000") as access, httpx.Client() as client:

        def ask(action: str, **body: Any) -> Any:
            key = {"authorization": f"Bearer {access['token']}", "x-zc-action": action}
            return client.post(f"{access['url']}/api/v2/zec", json=body, headers=key).json()["response"]

        subnet = ask("DescribeSubnets")["dataSet"][0]["subnetId"]
        nic = ask("CreateNetworkInterface", name="new", subnetId=subnet)["nicId"]
        assert ask("DescribeNetworkInterfaces", nicIds=[nic])["dataSet"][0]["status"] == "PENDING"


def _said(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    monkeypatch.setattr(sys, "argv", ["zecnb", "emulator", *arguments])
    with pytest.raises(SystemExit) as stopped:
        main()
    said = capsys.readouterr()
    return int(stopped.value.code or 0), said.out, said.err


def test_assumptions_as_a_table(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """Every switch has a line with its number, value and meaning; a changed one says so."""
    code, out, _ = _said(monkeypatch, capsys, "--assumptions", "--set", "nic_limit=3")
    lines = {line.split()[1]: line for line in out.splitlines()}
    assert code == 0
    assert lines["nic_limit"].startswith("A9 ")
    assert "3 (changed)" in lines["nic_limit"]
    assert '"lowest"' in lines["count_pick"]


def test_assumptions_as_json(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """The same for programs."""
    _, out, _ = _said(monkeypatch, capsys, "--assumptions", "--json")
    assert {"duplicate_in_request", "eip_blocks", "nic_limit_counts_primary"} <= {e["name"] for e in json.loads(out)}


@pytest.mark.parametrize(
    "wrong", [["--host", "0.0.0.0"], ["--set", "nobody=1"], ["--set", "count_pick=x"]], ids=" ".join
)
def test_what_it_refuses(wrong: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """A host that others reach without the flag, and a switch that is none, are one line and exit 1."""
    code, out, err = _said(monkeypatch, capsys, *wrong)
    assert (code, out) == (1, "")
    assert err.startswith("zecnb: the emulator cannot start: ")
    assert len(err.splitlines()) == 1


@pytest.mark.parametrize(
    "wrong", [["--port", "x"], ["--port", "70000"], ["--rate", "-1"], ["--export", "."]], ids=" ".join
)
def test_options_that_are_none(
    wrong: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A value that an option cannot have is one line that names the option, and exit 1."""
    code, out, err = _said(monkeypatch, capsys, *wrong)
    assert (code, out, len(err.splitlines())) == (1, "", 1)
    assert f"'{wrong[0]}'" in err


def test_export_without_a_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """An export that could not be written at the end is refused at the start."""
    code, _, err = _said(monkeypatch, capsys, "--seed", "empty", "--export", str(tmp_path / "nowhere" / "x.json"))
    assert code == 1
    assert "its folder is not there" in err


def test_export_that_fails_at_the_end(tmp_path: Path) -> None:
    """When the folder goes meanwhile, that is one line and exit 1; what was there stays as it was."""
    folder = tmp_path / "there"
    folder.mkdir()
    command = [sys.executable, "-m", "zecnb", "emulator", "--seed", "empty", "--export", str(folder / "account.json")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline()
        folder.rmdir()
        process.send_signal(signal.SIGTERM)
        _, err = process.communicate(timeout=20)
    assert process.returncode == 1
    assert err.startswith("zecnb: the account was not written to ")
    assert len(err.splitlines()) == 1


@pytest.mark.parametrize("given", ["a folder", "a device", "text"])
def test_file_that_cannot_keep_a_state(
    given: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """What is no file of an emulator is refused by its name, and stays what it is."""
    (tmp_path / "notes.txt").write_text("not a database")
    path = {"a folder": str(tmp_path), "a device": "/dev/null", "text": str(tmp_path / "notes.txt")}[given]
    code, _, err = _said(monkeypatch, capsys, "--db", path)
    assert code == 1
    assert path in err
    assert (tmp_path / "notes.txt").read_text() == "not a database"


def test_export_is_what_begins_another() -> None:
    """The account as JSON, from Python."""
    with Emulator("random:1:4") as emulator:
        assert len(json.loads(emulator.export())["nic"]) == 4
