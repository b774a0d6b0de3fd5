"""Which actions there are, in which service and version, and that odd bodies never break one."""

from __future__ import annotations

import json
import random
from typing import Any

import pytest

from tests.emulator.account import ASSIGN, NICS, Account
from zecnb.emulator import Settings
from zecnb.emulator.actions import _ZEC, find_action
from zecnb.emulator.wire import ApiFailure

UNKNOWN = "AUTHFAILURE_UNAUTHORIZED_OPERATION"


@pytest.mark.parametrize(
    ("service", "action", "version", "status"),
    [
        ("zec", NICS, "2025-09-01", 200),
        ("zec", NICS, "2024-04-01", 200),
        ("zec", NICS, "", 200),
        ("zec", NICS, "2023-01-01", 403),
        ("zec", NICS, "2025-04-01", 403),
        ("zlb", "DescribeLoadBalancers", "2025-04-01", 200),
        ("zlb", "DescribeLoadBalancers", "", 200),
        ("zlb", "DescribeLoadBalancers", "2025-09-01", 403),
        ("zlb", NICS, "2025-04-01", 403),
        ("zec", "DescribeLoadBalancers", "2025-09-01", 403),
        ("bmc", NICS, "", 403),
        ("", NICS, "", 403),
        ("zec/x", NICS, "", 403),
        ("zec", "NoSuchAction", "", 403),
        ("zec", "", "", 403),
        ("zec", "describenetworkinterfaces", "", 403),
    ],
)
def test_service_action_and_version(account: Account, service: str, action: str, version: str, status: int) -> None:
    """What does not exist is not permitted, one code for both; without a version the newest is meant (A1)."""
    found, content = account.call(action, service=service, version=version)
    assert found == status
    assert content.get("code") == (None if status == 200 else UNKNOWN)


def test_long_action_names_are_cut() -> None:
    """An answer does not repeat whatever length of nonsense it is sent."""
    with pytest.raises(ApiFailure) as caught:
        find_action("/api/v2/zec", "x" * 10_000, "", Settings())
    assert len(str(caught.value)) < 200


@pytest.mark.parametrize("action", sorted(_ZEC))
def test_odd_bodies_break_nothing(action: str) -> None:
    """Whatever JSON a parameter is given, an action answers, and never with a fault of its own."""
    values: list[Any] = [
        None, True, 0, -1, 10**30, 1.5, "", "x", "\ud800", "\x00", "'; DROP TABLE nic; --", "a" * 5000, [], [[]],
        [None], ["\udfff"], ["x"] * 101, {}, {"a": {"b": []}}, [{}], "10.0.1.0/24", "IPv4",
    ]  # fmt: skip
    chance = random.Random(action)
    with Account() as account:
        known = [account.nic(account.subnet()), account._vpc]
        names = [field.name for field in _ZEC[action].fields]
        for _ in range(60):
            body = {name: chance.choice([*values, *known]) for name in names if chance.random() < 0.8}
            status, content = account.call(action, **body)
            assert status in (200, 400, 403, 404, 409), (body, content)


@pytest.mark.parametrize("asked", [{"nicId": 1}, {"nicId": ["1"]}, {"nicId": True}])
def test_ids_are_texts(account: Account, asked: dict[str, Any]) -> None:
    """An id sent as a number would lose digits: it is refused."""
    assert account.code(ASSIGN, ipAddressCount=1, **asked) == "INVALID_PARAMETER_TYPE"


@pytest.mark.parametrize(
    "asked",
    [
        {"ipAddresses": "10.0.1.9"}, {"ipAddresses": [10]}, {"ipAddresses": [None]}, {"ipAddresses": {"0": "10.0.1.9"}},
        {"ipAddressCount": "3"}, {"ipAddressCount": 3.0}, {"ipAddressCount": True}, {"ipAddressCount": [3]},
    ],
)  # fmt: skip
def test_types_of_batch_assign(account: Account, asked: dict[str, Any]) -> None:
    """A list is a list of texts, a count a whole number."""
    nic = account.nic(account.subnet())
    assert account.code(ASSIGN, nicId=nic, **asked) == "INVALID_PARAMETER_TYPE"


def test_fields_that_are_unknown_are_ignored(account: Account) -> None:
    """Newer clients may send more than is known here."""
    nic = account.nic(account.subnet())
    assert account.ask(ASSIGN, nicId=nic, ipAddressCount=1, clientToken="x", dryRun=True)["ipAddresses"]


def test_message_names_the_parameter(account: Account) -> None:
    """The message says which parameter is wrong, in the API's own style."""
    _, content = account.call(ASSIGN, nicId="1", ipAddressCount=0)
    assert "`ipAddressCount`" in content["message"]
    assert json.dumps(content).isascii()
