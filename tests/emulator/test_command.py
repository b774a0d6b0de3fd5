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


def test_export_is_what_begins_another() -> None:
    """The account as JSON, from Python."""
    with Emulator("random:1:4") as emulator:
        assert len(json.loads(emulator.export())["nic"]) == 4
