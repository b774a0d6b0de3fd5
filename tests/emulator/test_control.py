"""The control path: what needs the emulator's own token, and what it does with it."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

import zecnb.emulator
from tests.emulator.account import ASSIGN, NICS, Account
from zecnb.emulator import Emulator
from zecnb.emulator.faults import KINDS
from zecnb.emulator.wire import Request


def _ask(account: Account, method: str, path: str, content: Any = None, token: str | None = None) -> tuple[int, Any]:
    key = account.emulator.control_token if token is None else token
    body = b"" if content is None else json.dumps(content).encode()
    answer = account.emulator.handle(Request(method, f"/_zecnb/{path}", {"authorization": f"Bearer {key}"}, body))
    content = json.loads(answer.body)
    return answer.status, content.get("response", content)


def test_keys_of_the_api_do_not_open_it(account: Account) -> None:
    """Neither the API's token nor none at all; nothing is learned about what is there."""
    for token in (account.emulator.token, "", "\ud83d\ude00", account.emulator.control_token[:-1]):
        for path in ("faults", "nothing"):
            status, content = _ask(account, "POST", path, {"kind": "error"}, token)
            assert (status, content["code"]) == (401, "AUTHFAILURE_INVALID_AUTHORIZATION")
    assert account.code(NICS) == "OK"


def test_fault_over_the_control_path(account: Account) -> None:
    """A fault is added, strikes, is listed with how often it did, and taken back."""
    status, content = _ask(account, "POST", "faults", {"kind": "error", "action": NICS, "code": "X_Y", "status": 418})
    assert (status, content["fault"]) == (200, 1)
    assert account.call(NICS)[0] == 418
    [listed] = _ask(account, "GET", "faults")[1]["faults"]
    assert (listed["kind"], listed["code"], listed["fired"]) == ("error", "X_Y", 1)
    _ask(account, "POST", "faults", {"kind": "error", "times": 0})
    assert _ask(account, "DELETE", "faults")[0] == 200
    assert account.code(NICS) == "OK"


def test_chances_with_a_seed(account: Account) -> None:
    """The same seed strikes the same calls, about as many as the probability says."""

    def struck() -> list[bool]:
        _ask(account, "DELETE", "faults")
        _ask(account, "POST", "faults", {"kind": "error", "times": 0, "probability": 0.3, "seed": 7})
        return [account.code(NICS) != "OK" for _ in range(200)]

    first = struck()
    assert first == struck()
    assert 40 <= sum(first) <= 80


def test_colleague_over_the_control_path(account: Account) -> None:
    """A colleague takes the address between the look and the call; one that is refused breaks nothing."""
    subnet = account.subnet()
    mine, theirs = account.nic(subnet), account.nic(subnet)
    actor = {"action": ASSIGN, "body": {"nicId": theirs, "ipAddresses": ["10.0.1.9"]}}
    _ask(account, "POST", "faults", {"kind": "actor_before", "action": ASSIGN, "actor": actor, "times": 2})
    asked = {"nicId": mine, "ipAddresses": ["10.0.1.9"]}
    assert account.code(ASSIGN, **asked) == "INVALID_SUBNET_PRIVATE_IPV4_IN_USED"
    assert account.code(ASSIGN, **asked) == "INVALID_SUBNET_PRIVATE_IPV4_IN_USED"
    assert account.show(theirs)["secondaryIpv4s"] == ["10.0.1.9"]


@pytest.mark.parametrize(
    "wrong",
    [
        {}, {"kind": "nonsense"}, {"kind": "error", "nth": -1}, {"kind": "error", "nth": 1.5},
        {"kind": "error", "probability": 2}, {"kind": "error", "probability": "x"}, {"kind": "error", "status": 200},
        {"kind": "error", "status": True}, {"kind": "error", "code": "not a code"}, {"kind": "error", "code": 1},
        {"kind": "latency", "seconds": 1e9}, {"kind": "error", "surprise": 1}, {"kind": "actor_before", "actor": 1},
        {"kind": "actor_before", "actor": {"action": "X", "body": []}}, {"kind": "error", "seed": "x"}, [], "x", 1,
        {"kind": ["error"]}, {"kind": "error", "action": "NoSuchAction"}, {"kind": "lag", "action": NICS, "seconds": 1},
        {"kind": "actor_before"}, {"kind": "error", "actor": {"action": NICS}}, {"kind": "latency"}, {"kind": "lag"},
        {"kind": "actor_after", "actor": {"action": "Typo"}},
        {"kind": "actor_after", "actor": {"service": "zlb", "action": NICS}},
    ],
    ids=str,
)  # fmt: skip
def test_faults_that_are_none(account: Account, wrong: Any) -> None:
    """What is no fault, or could never act, is refused with a reason, and nothing strikes."""
    status, content = _ask(account, "POST", "faults", wrong)
    assert status == 400
    assert content["message"]
    assert account.code(NICS) == "OK"


def test_account_goes_over_the_control_path(account: Account) -> None:
    """What is exported here becomes the account there, in place of what was there; nonsense changes nothing."""
    nic = account.nic(account.subnet(), "10.0.1.9")
    _, content = _ask(account, "GET", "state")
    with Account(seed="random:1:20") as other:
        before = other.everything()
        for wrong in ({}, {"state": 1}, {"zec_emulator": 2}, {**content["state"], "nic": [{"id": {}}]}):
            assert _ask(other, "PUT", "state", wrong)[0] == 400
        assert other.everything() == before
        assert _ask(other, "PUT", "state", content)[0] == 200
        assert other.everything() == account.everything()
        assert other.show(nic)["secondaryIpv4s"] == ["10.0.1.9"]


def test_instances_and_obstacles(account: Account) -> None:
    """What no action makes is made here: an instance to attach to, something unseen in the way of a deletion."""
    nic = account.nic(account.subnet())
    made = _ask(account, "POST", "instances", {"name": "host", "regionId": "asia-east-1"})[1]["instanceId"]
    assert account.code("AttachNetworkInterface", nicId=nic, instanceId=made) == "OK"
    vpc = account.vpc("10.5.0.0/16")
    assert _ask(account, "POST", "obstacles", {"resourceId": vpc, "code": "INVALID_VPC_NAT_ASSOCIATED"})[0] == 200
    assert account.call("DeleteVpc", vpcId=vpc)[0] == 409
    assert _ask(account, "POST", "instances", {"regionId": "moon-1"})[0] == 400
    assert _ask(account, "POST", "obstacles", {"resourceId": vpc, "code": "x"})[0] == 400
    status, content = _ask(account, "POST", "obstacles", {"resourceId": "nobody", "code": "INVALID_VPC_NAT_ASSOCIATED"})
    assert (status, content["message"][:46]) == (400, "there is no VPC, subnet or instance nobody for")


def test_recycle_bin_is_emptied_here(account: Account) -> None:
    """Nothing says when ZEC releases a terminated load balancer; here it is when this is asked for."""
    subnet = account.subnet()
    asked = {"regionId": "asia-east-1", "vpcId": account._vpc, "subnetId": subnet, "loadBalancerName": "lb"}
    [balancer] = account.ask("CreateLoadBalancer", service="zlb", **asked)["loadBalancerIds"]
    assert _ask(account, "DELETE", "balancers")[1]["loadBalancerIds"] == []
    account.ask("TerminateLoadBalancer", service="zlb", loadBalancerId=balancer)
    assert _ask(account, "DELETE", "balancers")[1]["loadBalancerIds"] == [balancer]
    assert account.code("DeleteSubnet", subnetId=subnet) == "OK"


def test_reference_names_what_there_is(account: Account) -> None:
    """The package's docstring has every kind of fault and every path, and no other."""
    words = zecnb.emulator.__doc__ or ""
    assert re.findall(r"^``(\w+)``  ", words, re.MULTILINE) == list(KINDS)
    paths = set(re.findall(r"^``([A-Z]+ \w+)``  ", words, re.MULTILINE))
    tried = {f"{method} {path.partition(' ')[2]}" for path in paths for method in ("GET", "POST", "PUT", "DELETE")}
    assert {each for each in tried if _ask(account, *each.split())[0] != 404} == paths


def test_what_it_assumes_and_what_was_called(account: Account) -> None:
    """Switches and counts of calls can be read."""
    account.call(NICS)
    assert _ask(account, "GET", "calls")[1]["calls"] == {NICS: 1}
    assert {"nic_limit", "count_pick"} <= {
        each["name"] for each in _ask(account, "GET", "assumptions")[1]["assumptions"]
    }
    assert _ask(account, "GET", "nothing")[0] == 404


def test_seed_of_the_chances() -> None:
    """An emulator's faults are repeatable when it is given a seed."""

    def struck(seed: int) -> list[int]:
        emulator = Emulator("empty", fault_seed=seed)
        emulator.faults.add("error", times=0, probability=0.5)
        found = [len(emulator.faults.strike("x")) for _ in range(50)]
        emulator.stop()
        return found

    assert struck(3) == struck(3) != struck(4)
