"""The account as JSON: it comes back to the last row, and what cannot be an account is refused before it is one."""

from __future__ import annotations

import json
import math
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


def _again(table: str, **other: Any) -> Callable[[dict[str, Any]], None]:
    """One more row like the first."""
    return lambda content: content[table].append({**content[table][0], **other})


def _relabel(stack: str, was: str) -> Callable[[dict[str, Any]], None]:
    def change(content: dict[str, Any]) -> None:
        for row in content["subnet"]:
            row["stack"] = stack if row["stack"] == was else row["stack"]

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
        (_set("lb", "public", "[1]"), "the public addresses of a load balancer are no texts: zlb-"),
        (_set("lb", "status", "BOGUS"), "a load balancer has no such stack, or no such status: zlb-"),
        (_set("lb", "vpc_id", "1"), "a load balancer is in no VPC: zlb-"),
        (_set("lb", "subnet_id", "1"), "a load balancer is in no subnet of its VPC: zlb-"),
        (_set("vpc", "cidr", "10.0.0.0/255.255.0.0"), "10.0.0.0/255.255.0.0 is written 10.0.0.0/16"),
        (_set("vpc", "cidr", "10.9.0.0/16"), "a subnet's 10.0.1.0/24 is not in its VPC: "),
        (_set("vpc", "ipv6_cidr", "here"), "here"),
        (_set("vpc", "seq", (1 << 63) - 1), "the seq of a vpc is not from 0 to 2147483648: 9223372036854775807"),
        (_again("subnet", id="2"), "a subnet's 10.0.1.0/24 overlaps 10.0.1.0/24 of the same VPC: 2"),
        (_set("subnet", "ipv6_cidr", "fd00::/112", at=1), "a subnet's IPv6 block fd00::/112 is no /64"),
        (_set("subnet", "ipv6_mask", 200, at=1), "an IPv6 prefix length is not from 64 to 96: "),
        (_relabel("IPv4", "IPv6"), "a subnet's IPv4 CIDR does not fit its stack: "),
        (_relabel("IPv6", "IPv4"), "a subnet's IPv4 CIDR does not fit its stack: "),
        (_relabel("IPv4_IPv6", "IPv4"), "a subnet's IPv6 does not fit its stack: "),
        (_relabel("IPv5", "IPv4"), "a subnet has no such stack: "),
        (_set("nic", "status", "BOGUS"), "a vNIC has no such status, or no such type: "),
        (_set("nic", "stack", "IPv6"), "a vNIC's stack does not fit its subnet, or its IPv6 address: "),
        (_set("nic", "ipv6", "nonsense", at=1), "nonsense"),
        (_set("nic", "ipv6", "fd00::9", at=1), "a vNIC's fd00::9 is not in its subnet's fd00:"),
        (_set("nic", "seq", -1), "the seq of a nic is not from 0 to 2147483648: -1"),
        (_set("nic", "ready_at", math.inf), "the ready_at of a nic is not from 0 to 1099511627776: inf"),
        (_set("held", "position", 1 << 40), "the position of a held is not from 0 to 2147483648"),
        (_again("held", address=(10 << 24) + 300), "a vNIC has two primary addresses: "),
        (_set("held", "kind", "secondary"), "a vNIC has no primary address: "),
        (_again("held", address=(10 << 24) + 300, kind="havip", owner="1"), "an address is held by nobody: 1"),
        (_drop("held"), "a vNIC has no primary address: "),
        (_set("havip", "subnet_id", "1"), "a vNIC or HaVip holds an address of another subnet: havip-"),
        (_set("havip", "vpc_id", "1"), "a HaVip is in no subnet of its VPC: havip-"),
        (_again("havip", id="havip-2"), "a HaVip has not exactly one address: havip-2"),
        (_set("eip", "address", (10 << 24) + 300), "an EIP is bound to an address that its vNIC does not have"),
    ],
)
def test_accounts_that_cannot_be(account: Account, change: Callable[[dict[str, Any]], None], reason: str) -> None:
    """An edited export says what is wrong in it, and leaves the account that is there as it is."""
    account.state.random.seed(7)  # the load balancer's own addresses would now and then be one that is added
    subnet = account.subnet()
    nic = account.nic(subnet, "10.0.1.9")
    account.nic(account.subnet(None, name="six", stack="IPv6"))
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
