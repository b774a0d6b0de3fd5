"""The account as JSON: it comes back to the last row, and what cannot be an account is refused before it is one."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.emulator.account import ASSIGN, NICS, Account
from zecnb.emulator import Emulator, resources
from zecnb.emulator.exports import export, replace
from zecnb.emulator.seeds import APP_SIN, WEB_07
from zecnb.emulator.state import text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


@pytest.fixture(scope="module")
def demo() -> Iterator[Account]:
    """The demo account; tests only look at it."""
    with Account(seed="demo") as account:
        yield account


def test_export_comes_back(demo: Account, tmp_path: Path) -> None:
    """What is exported and loaded is the same to the last row, and lives on."""
    path = tmp_path / "account.json"
    path.write_text(export(demo.state), encoding="utf-8")
    with Account(seed=str(path)) as again:
        assert again.everything() == demo.everything()
        got = again.ask(ASSIGN, nicId=WEB_07, ipAddressCount=2)["ipAddresses"]
        assert again.show(WEB_07)["secondaryIpv4s"] == [*demo.show(WEB_07)["secondaryIpv4s"], *got]


def test_export_is_text_to_keep(demo: Account) -> None:
    """An export is JSON with a version, and has no credentials."""
    content = json.loads(demo.everything())
    assert content["zec_emulator"] == 1
    assert len(content["nic"]) == len(demo.ask(NICS, pageSize=1000)["dataSet"])
    for secret in (demo.emulator.token, demo.emulator.access_key_id, demo.emulator.access_key_password):
        assert secret not in demo.everything()


def test_loaded_accounts_make_new_ids(demo: Account, tmp_path: Path) -> None:
    """After loading, new resources come after the old ones and do not take their ids."""
    path = tmp_path / "account.json"
    path.write_text(demo.everything(), encoding="utf-8")
    with Account(seed=str(path)) as again:
        made = again.ask("CreateNetworkInterface", name="new-1", subnetId=APP_SIN)["nicId"]
        assert again.ask(NICS, pageSize=1)["dataSet"][0]["nicId"] == made


@pytest.mark.parametrize(
    "content",
    [
        "", "{", "[]", "1", "{}", '{"zec_emulator": 2}', '{"zec_emulator": 1}', '{"zec_emulator": 1, "vpc": 5}',
        '{"zec_emulator": 1, "vpc": [5]}', '{"zec_emulator": 1, "vpc": [{"no_column": 1}]}', "\x00",
        '{"zec_emulator": 1, "vpc": [{"id": {"a": 1}}]}', '{"zec_emulator": 1, "vpc": [{}]}',
        '{"zec_emulator": 1, "vpc": [{"id": "1"}, {"id": "1"}]}',
        '{"zec_emulator": 1, "vpc": [{"id) SELECT sqlite_version(); --": 1}]}', '{"zec_emulator": 1, "vpc": {"id": 1}}',
    ],
)  # fmt: skip
def test_files_that_are_no_export(tmp_path: Path, content: str) -> None:
    """Another file is refused by its name, whatever is wrong with it."""
    path = tmp_path / "notes.json"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(ValueError, match=r"notes\.json is neither"):
        Emulator(str(path))


def test_addresses_in_files_are_numbers(demo: Account) -> None:
    """Addresses are kept as numbers: what an export shows can be compared and sorted."""
    held = json.loads(demo.everything())["held"]
    assert all(text(each["address"]).count(".") == 3 for each in held)


def _set(table: str, name: str, value: Any, at: int = 0) -> Callable[[dict[str, Any]], None]:
    def change(content: dict[str, Any]) -> None:
        content[table][at][name] = value

    return change


def _drop(table: str) -> Callable[[dict[str, Any]], None]:
    return lambda content: content[table].clear()


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (_set("vpc", "name", None), "a vpc has a member of another type, or none"),
        (_set("vpc", "cidr", "10.0.0.0/33"), "not a valid netmask"),
        (_set("vpc", "id", None), "a vpc has a member of another type, or none"),
        (_set("subnet", "cidr", "10.9.9.0/24"), "a subnet's 10.9.9.0/24 is not its network and prefix"),
        (_set("subnet", "prefix", "24x"), "a subnet has a member of another type"),
        (_set("subnet", "ipv6_cidr", "here"), "here"),
        (_drop("vpc"), "a subnet is in no VPC"),
        (_set("nic", "subnet_id", "1"), "a vNIC is in no subnet of its VPC: "),
        (_set("nic", "ready_at", "soon"), "a nic has a member of another type"),
        (_set("nic", "ipv6", "fd00::9"), "a vNIC is in no subnet of its VPC: "),
        (_set("held", "address", "10.0.1.2"), "a held has a member of another type"),
        (_set("held", "address", 3), "an address is held that its subnet does not have"),
        (_set("held", "address", (10 << 24) + 257), "an address is held that its subnet does not have, or reserves"),
        (_set("held", "owner", "nobody"), "an address is held by nobody: nobody"),
        (_drop("havip"), "an address is held by nobody: havip-"),
        (_set("lb", "public", "{}"), "the public addresses of a load balancer are no list"),
        (_set("lb", "public", "["), "no exported account"),
        (_set("eip", "address", (10 << 24) + 300), "an EIP is bound to an address that its vNIC does not have"),
    ],
)
def test_accounts_that_cannot_be(account: Account, change: Callable[[dict[str, Any]], None], reason: str) -> None:
    """An edited export says what is wrong in it, and leaves the account that is there as it is."""
    subnet = account.subnet()
    nic = account.nic(subnet, "10.0.1.9")
    account.ha_vip(subnet)
    resources.create_load_balancer(account.state, subnet, "lb")
    resources.bind_eip(account.state, nic, "10.0.1.9", "eip", "203.0.113.7")
    before = account.everything()
    content = json.loads(before)
    replace(account.state, content)
    assert account.everything() == before
    change(content)
    with pytest.raises(ValueError, match="no exported account") as caught:
        replace(account.state, content)
    assert reason in str(caught.value)
    assert account.everything() == before
