"""Tags and resource groups: given at creation, shown, filtered by."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.emulator.account import Account

if TYPE_CHECKING:
    from pathlib import Path

REGION = "asia-east-1"
TAGS = {"tags": [{"key": "team", "value": "web"}, {"key": "env", "value": "prod"}]}
SHOWN = {"tags": [{"key": "env", "value": "prod"}, {"key": "team", "value": "web"}]}


def _make(account: Account, kind: str, **labels: Any) -> tuple[str, str, str]:
    """Make a resource; return the action that lists its kind, the filter by id, and its id."""
    if not account.ask("DescribeSubnets")["dataSet"]:
        account.subnet()
    [net] = account.ask("DescribeSubnets")["dataSet"]
    subnet, vpc = net["subnetId"], net["vpcId"]
    match kind:
        case "vpc":
            asked = {"name": "tagged", "cidrBlock": "10.9.0.0/16", "mtu": 1500}
            return "DescribeVpcs", "vpcIds", account.ask("CreateVpc", **asked, **labels)["vpcId"]
        case "nic":
            made = account.ask("CreateNetworkInterface", name="tagged", subnetId=subnet, **labels)
            return "DescribeNetworkInterfaces", "nicIds", made["nicId"]
        case "vip":
            made = account.ask("CreateHaVip", name="tagged", subnetId=subnet, **labels)
            return "DescribeHaVips", "haVipIds", made["haVipId"]
        case "eip":
            made = account.ask("CreateEips", regionId=REGION, internetChargeType="ByBandwidth", name="tagged", **labels)
            return "DescribeEips", "eipIds", made["eipIds"][0]
        case _:
            asked = {"regionId": REGION, "vpcId": vpc, "loadBalancerName": "tagged"}
            made = account.ask("CreateLoadBalancer", service="zlb", **asked, **labels)
            return "DescribeLoadBalancers", "loadBalancerIds", made["loadBalancerIds"][0]


@pytest.mark.parametrize("kind", ["vpc", "nic", "vip", "eip", "lb"])
def test_tags_are_shown_and_found(account: Account, kind: str) -> None:
    """What is made with tags shows them, and filters by key and by tag find it and nothing else."""
    action, by_id, made = _make(account, kind, tags=TAGS)
    service = "zlb" if kind == "lb" else "zec"
    [shown] = account.ask(action, service=service, **{by_id: [made]})["dataSet"]
    assert shown["tags"] == SHOWN
    for asked, count in (
        ({"tagKeys": ["team"]}, 1),
        ({"tagKeys": ["team", "env"]}, 1),
        ({"tagKeys": ["team", "owner"]}, 0),
        ({"tags": [{"key": "team", "value": "web"}]}, 1),
        ({"tags": [{"key": "team", "value": "db"}]}, 0),
    ):
        assert account.ask(action, service=service, **asked)["totalCount"] == count


@pytest.mark.parametrize(
    ("tags", "code"),
    [
        ({"tags": [{"key": "", "value": "x"}]}, "INVALID_PARAMETER_LESS_LENGTH"),
        ({"tags": [{"key": "k" * 65, "value": "x"}]}, "INVALID_PARAMETER_EXCEED_LENGTH"),
        ({"tags": [{"key": "k"}]}, "MISSING_PARAMETER"),
        ({"tags": [{"key": f"k{n}", "value": "x"} for n in range(21)]}, "INVALID_PARAMETER_EXCEED_LENGTH"),
        ({"tags": [{"key": "k", "value": "x"}, {"key": "k", "value": "y"}]}, "INVALID_PARAMETER_VALUE"),
        ({"tags": "x"}, "INVALID_PARAMETER_TYPE"),
        ([], "INVALID_PARAMETER_TYPE"),
    ],
    ids=["no key", "long key", "no value", "too many", "twice", "text", "list"],
)
def test_tags_that_are_none(account: Account, tags: Any, code: str) -> None:
    """Tags have keys and values of 1-64 characters, twenty at most; nothing is made otherwise."""
    asked = {"name": "tagged", "cidrBlock": "10.9.0.0/16", "mtu": 1500}
    assert account.code("CreateVpc", **asked, tags=tags) == code
    assert account.ask("DescribeVpcs")["totalCount"] == 0


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ({"tagKeys": [""]}, "INVALID_PARAMETER_LESS_LENGTH"),
        ({"tagKeys": ["k" * 65]}, "INVALID_PARAMETER_EXCEED_LENGTH"),
        ({"tags": [{"value": "x"}]}, "MISSING_PARAMETER"),
        ({"tags": [{"key": "k", "value": ""}]}, "INVALID_PARAMETER_LESS_LENGTH"),
        ({"tags": [{"key": "k", "value": "v" * 65}]}, "INVALID_PARAMETER_EXCEED_LENGTH"),
        ({"tags": [{"key": "k"}]}, "OK"),
    ],
)
def test_filters_that_are_no_tags(account: Account, asked: dict[str, Any], code: str) -> None:
    """Keys and values of filters have 1-64 characters too (contract.md 4); a key alone is any value."""
    assert account.code("DescribeVpcs", **asked) == code


def test_resource_group_that_is_not_there(account: Account) -> None:
    """There is one resource group; creations in another are refused with 404."""
    asked = {"name": "grouped", "cidrBlock": "10.9.0.0/16", "mtu": 1500}
    status, answer = account.call("CreateVpc", **asked, resourceGroupId="other")
    assert (status, answer["code"]) == (404, "OPERATION_FAILED_RESOURCE_GROUP_NOT_FOUND")
    account.ask("CreateVpc", **asked, resourceGroupId="default")


def test_tags_leave_with_what_they_are_on(account: Account, tmp_path: Path) -> None:
    """A deleted resource leaves no tag behind; an exported one takes its tags along."""
    _, _, gone = _make(account, "nic", tags=TAGS)
    account.ask("DeleteNetworkInterface", nicId=gone)
    assert account.state.rows("SELECT * FROM tag") == []
    _, _, kept = _make(account, "vpc", tags=TAGS)
    path = tmp_path / "account.json"
    path.write_text(account.everything(), encoding="utf-8")
    with Account(seed=str(path)) as copy:
        assert copy.ask("DescribeVpcs", vpcIds=[kept])["dataSet"][0]["tags"] == SHOWN
