"""``zecnb check`` as a gate: real processes and shell scripts, exit codes, output for people and machines."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest
from sqlalchemy import text

import zecnb
from tests.test_cli import Caller, Shell, call, shell
from zecnb.capacity.history import History
from zecnb.emulator.seeds import APP_SIN, WEB_07
from zecnb.store import Store

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["call", "shell"]

FREE = 408  # addresses in the demo account's app-sin


def write(folder: Path, rules: str) -> None:
    """Write the rules."""
    (folder / "rules.toml").write_text(rules)


# -- rules ---------------------------------------------------------------------------------------------------------


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


GROWTH = """
set -eu
zecnb() { "$PYTHON" -m zecnb "$@"; }
zecnb plan --nic "$NIC" --count 4 --out growth.json >/dev/null || test $? = 2
zecnb check --rules rules.toml --plan growth.json --markdown >comment.md
zecnb apply growth.json --yes --json >receipt.json
"""


@pytest.mark.parametrize(("least", "opened"), [(FREE - 4, True), (FREE - 3, False)])
def test_a_script_applies_only_what_keeps_the_rules(shell: Shell, least: int, opened: bool) -> None:
    """A pipeline plans a change, asks whether the rules would still be kept, and only then applies it."""
    write(shell.folder, f'[[subnets]]\nmatch = "app-sin"\nminimum_free = {least}\n')
    environ = {**shell.environ, "PYTHON": sys.executable, "NIC": WEB_07}
    done = subprocess.run(
        ["bash", "-c", GROWTH], cwd=shell.folder, env=environ, capture_output=True, text=True, timeout=300, check=False
    )
    assert (done.returncode == 0) is opened, done.stderr
    assert (shell.folder / "receipt.json").exists() is opened
    assert shell.emulator.faults.calls["BatchAssignNetworkInterfaceIpv4"] == opened
    comment = (shell.folder / "comment.md").read_text()
    assert comment.startswith(f"**Address space {'passed' if opened else 'failed'}: 1 {'pass' if opened else 'fail'}**")


def test_the_past_can_come_from_a_file(call: Caller) -> None:
    """A pipeline without a store of its own knows how long it lasts by a file, and is told so when it ends soon."""
    write(call.folder, 'unknown = "fail"\n[[subnets]]\nmatch = "app-sin"\nminimum_days_to_full = 30\n')
    rules = ("check", "--rules", "rules.toml")
    assert call(*rules)[0] == 1  # a day of history is not enough
    today = pd.Timestamp.now("UTC").floor("s")
    day = np.arange(-40, 1)
    for per_day, code in ((1, 0), (20, 1)):
        past = {"at": today + pd.to_timedelta(day, unit="D"), "cidr": "10.0.4.0/22", "usable": 1021}
        frame = pd.DataFrame({**past, "subnet_id": APP_SIN, "used": np.maximum(613 + per_day * day, 0)})
        frame.to_csv(call.folder / "past.csv", index=False)
        assert call(*rules, "--history", "past.csv")[0] == code


def test_a_saved_inventory_needs_no_key(call: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was saved elsewhere is judged without an account, with a plan on top of it."""
    call("inventory", "--out", "saved")
    call("plan", "--nic", WEB_07, "--count", "4", "--out", "growth.json")
    for name in ("ZENLAYERCLOUD_ACCESS_KEY_ID", "ZENLAYERCLOUD_ACCESS_KEY_PASSWORD", "ZENLAYER_ENDPOINT"):
        monkeypatch.delenv(name)
    write(call.folder, f'[[subnets]]\nmatch = "app-sin"\nminimum_free = {FREE}\n')
    saved = ("check", "--rules", "rules.toml", "--inventory", "saved")
    assert call(*saved)[0] == 0
    code, out, _ = call(*saved, "--plan", "growth.json", "--json")
    assert (code, json.loads(out)["results"][0]["value"]) == (1, FREE - 4)


def test_what_is_claimed_is_not_free(call: Caller) -> None:
    """Colleagues' claims count in a gate as they do in a plan."""
    write(call.folder, f'[[subnets]]\nmatch = "app-sin"\nminimum_free = {FREE}\n')
    assert call("check", "--rules", "rules.toml")[0] == 0
    with zecnb.connect(progress=False) as zec:
        zec.claims.add("10.0.7.192-10.0.7.200", "Ann")
    code, out, _ = call("check", "--rules", "rules.toml", "--json")
    assert (code, json.loads(out)["results"][0]["value"]) == (1, FREE - 8)
    assert call("check", "--subnet", APP_SIN, "--need", str(FREE))[0] == 1
    assert call("check", "--subnet", APP_SIN, "--need", str(FREE - 8))[0] == 0


def test_what_is_claimed_is_not_free_offline(call: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    """Against a saved inventory the store says what is claimed, by the endpoint alone; a store named must answer."""
    write(call.folder, f'[[subnets]]\nmatch = "app-sin"\nminimum_free = {FREE}\n')
    call("inventory", "--out", "saved")
    with zecnb.connect(progress=False) as zec:
        zec.claims.add("10.0.7.192-10.0.7.200", "Ann")
    for name in ("ZENLAYERCLOUD_ACCESS_KEY_ID", "ZENLAYERCLOUD_ACCESS_KEY_PASSWORD"):
        monkeypatch.delenv(name)
    code, out, err = call("check", "--rules", "rules.toml", "--inventory", "saved", "--json")
    assert (code, json.loads(out)["results"][0]["value"]) == (1, FREE - 8)
    assert err.startswith("zecnb: 1 claim of 127.0.0.1:")
    assert call("check", "--subnet", APP_SIN, "--need", str(FREE), "--inventory", "saved")[0] == 1
    assert call("check", "--subnet", APP_SIN, "--need", str(FREE - 8), "--inventory", "saved")[0] == 0
    code, _, err = call("check", "--rules", "rules.toml", "--inventory", "saved", "--endpoint", "example.com")
    assert (code, err) == (0, "zecnb: 0 claims of example.com in the store\n")
    monkeypatch.setenv("ZECNB_STORE", f"sqlite:///{call.folder}/nowhere/store.db")
    code, out, err = call("check", "--rules", "rules.toml", "--inventory", "saved")
    assert (code, out) == (1, "")
    assert "cannot be used" in err


def test_no_store_is_said(call: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where no store was named and none can be made, a saved inventory is judged without claims, which is said."""
    call("inventory", "--out", "saved")
    (call.folder / "file").write_text("")
    monkeypatch.delenv("ZECNB_STORE")
    monkeypatch.setenv("XDG_DATA_HOME", str(call.folder / "file"))
    code, _, err = call("check", "--subnet", APP_SIN, "--need", "1", "--inventory", "saved")
    assert code == 0
    assert err.startswith("zecnb: claims are not known, there is no store")


def test_an_old_inventory_is_said(call: Caller) -> None:
    """However it is shown, an answer that rests on an old inventory says how old; a rule may forbid that."""
    call("inventory", "--out", "saved")
    about = json.loads((call.folder / "saved" / "inventory.json").read_text())
    about["observed_at"] = (pd.Timestamp.now("UTC") - pd.Timedelta(days=696)).isoformat()
    (call.folder / "saved" / "inventory.json").write_text(json.dumps(about))
    room = ("check", "--inventory", "saved", "--subnet", APP_SIN, "--need", "1")
    rules = ("check", "--inventory", "saved", "--rules", "rules.toml")
    write(call.folder, "minimum_free = 0\n")
    assert call(*room)[1].endswith(f"yes: {FREE} free, 1 needed, read 696 days ago\n")
    assert call(*rules)[1].splitlines()[0].endswith(" pass, read 696 days ago")
    assert " pass, read 696 days ago**" in call(*rules, "--markdown")[1]
    for each in (room, rules):
        assert json.loads(call(*each, "--json")[1])["observed_at"] == about["observed_at"]
    write(call.folder, "maximum_age_hours = 24\n")
    code, out, _ = call(*rules)
    assert code == 1
    assert "read 696 days ago, at most 24 hours ago" in " ".join(out.split())


def test_a_history_that_is_still_to_come(call: Caller) -> None:
    """A file whose days are still to come is refused, as the store refuses it."""
    write(call.folder, "minimum_days_to_full = 30\n")
    (call.folder / "past.csv").write_text(f"at,subnet_id,cidr,usable,used\n2999-01-01,{APP_SIN},10.0.4.0/22,1021,600\n")
    code, _, err = call("check", "--rules", "rules.toml", "--history", "past.csv")
    assert (code, err) == (1, "zecnb: history, row 0: at is 2999-01-01, which is still to come\n")


def test_each_check_is_a_day_of_history(shell: Shell) -> None:
    """What a check reads is remembered for the next: the store knows the day."""
    write(shell.folder, "minimum_free = 0\n")
    shell.run("check", "--rules", "rules.toml")
    store = Store(shell.environ["ZECNB_STORE"])
    with store.begin() as connection:
        account = connection.execute(text("SELECT DISTINCT account FROM utilisation")).scalar_one()
    assert len(History(store, account).frame()) > 3
    store.close()


# -- room ----------------------------------------------------------------------------------------------------------


def test_check_says_yes_and_no(call: Caller) -> None:
    """Exit 0 when the subnet has the room, 1 when it has one less, with the numbers."""
    code, out, _ = call("check", "--subnet", APP_SIN, "--need", "1", "--json")
    answer = json.loads(out)
    assert (code, answer["ok"], answer["wanted"], answer["short"]) == (0, True, 1, 0)
    free = answer["subnets"][0]["free"]
    assert free == FREE
    code, out, _ = call("check", "--subnet", APP_SIN, "--need", str(free))
    assert code == 0
    assert out.endswith(f"yes: {free:,} free, {free:,} needed\n")
    code, out, _ = call("check", "--subnet", APP_SIN, "--need", str(free + 1))
    assert code == 1
    assert out.endswith(f"no: {free:,} free, {free + 1:,} needed\n")


def test_check_of_every_nic(call: Caller) -> None:
    """So many more on each vNIC, or each up to its limit: the subnet must have the room and the vNICs too."""
    code, out, _ = call("check", "--subnet", APP_SIN, "--per-nic", "1")
    assert (code, out.endswith(f"no: {FREE} free, 84 needed, 1 vNIC beyond the limit\n")) == (1, True)
    assert call("check", "--subnet", APP_SIN, "--per-nic", "1", "--nic-limit", "20")[0] == 0
    assert call("check", "--subnet", APP_SIN, "--to-limit")[0] == 0
    assert call("check", "--subnet", APP_SIN, "--to-limit", "--nic-limit", "20")[0] == 1


def test_check_of_a_vpc(call: Caller) -> None:
    """A VPC has room when its subnets together have it."""
    with zecnb.connect(progress=False) as zec:
        held = zec.inventory()
    vpc = held.subnets.set_index("subnet_id").loc[APP_SIN, "vpc_id"]
    free = int(held.left[held.geometry.ipv4 & (held.subnets["vpc_id"] == vpc).to_numpy()].sum())
    assert call("check", "--vpc", str(vpc), "--need", str(free))[0] == 0
    code, out, _ = call("check", "--vpc", str(vpc), "--need", str(free + 1), "--json")
    assert (code, json.loads(out)["short"]) == (1, 1)


def test_check_after_a_plan(call: Caller) -> None:
    """What a plan would take is taken, though nothing was sent."""
    call("plan", "--nic", WEB_07, "--count", "4", "--out", "growth.json")
    assert call("check", "--subnet", APP_SIN, "--need", str(FREE), "--plan", "growth.json")[0] == 1
    assert call("check", "--subnet", APP_SIN, "--need", str(FREE - 4), "--plan", "growth.json")[0] == 0


def test_check_that_cannot_see_is_a_no(call: Caller) -> None:
    """Where a listing fails the answer is no, and says what was not read."""
    call.emulator.faults.add("error", "DescribeHaVips", times=0, code="AUTHFAILURE_UNAUTHORIZED_OPERATION")
    code, out, _ = call("check", "--subnet", APP_SIN, "--need", "1")
    assert code == 1
    assert out.splitlines()[-1].startswith(f"no: {FREE} free, 1 needed, havips: failed. DescribeHaVips")


def test_check_of_a_subnet_that_is_not_there(call: Caller) -> None:
    """That is an error, not a no."""
    code, out, err = call("check", "--subnet", "nowhere", "--need", "1")
    assert (code, out) == (1, "")
    assert "nowhere" in err


# -- questions that cannot be --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("--need", "1"),
        ("--subnet", "s"),
        ("--subnet", "s", "--vpc", "v", "--need", "1"),
        ("--subnet", "s", "--need", "1", "--to-limit"),
        ("--subnet", "s", "--need", "0"),
        ("--rules", "rules.toml", "--need", "1"),
        ("--rules", "rules.toml", "--subnet", "s"),
        ("--rules", "rules.toml", "--json", "--markdown"),
        ("--subnet", "s", "--need", "1", "--markdown"),
        ("--subnet", "s", "--need", "1", "--history", "past.csv"),
        ("--subnet", "s", "--need", "1", "--plan", "nowhere.json"),
        ("--subnet", "s", "--need", "1", "--inventory", "nowhere"),
        ("--rules", "nowhere.toml"),
        ("--rules", "wrong.toml"),
        ("--rules", "rules.toml", "--history", "nowhere.csv"),
    ],
)
def test_questions_that_cannot_be(call: Caller, arguments: tuple[str, ...]) -> None:
    """Half a question, two at once, or wrong files: one line and exit code 1, before anything is read."""
    (call.folder / "wrong.toml").write_text(json.dumps("x"))
    write(call.folder, "minimum_free = 1\n")
    code, out, err = call("check", *arguments)
    assert (code, out) == (1, "")
    assert err.startswith("zecnb: ")
    assert len(err.splitlines()) == 1
    assert call.emulator.faults.calls["DescribeSubnets"] == 0
