"""Accounts to begin with: a demo worth planning on, random ones that repeat, and exports that come back."""

from __future__ import annotations

import ipaddress
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest

from tests.emulator.account import ASSIGN, NICS, Account
from zecnb.emulator import Emulator
from zecnb.emulator.seeds import APP_SIN, WEB_07
from zecnb.emulator.state import text

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(scope="module")
def demo() -> Iterator[Account]:
    """The demo account; tests only look at it."""
    with Account(seed="demo") as account:
        yield account


def _all(account: Account, action: str, **asked: Any) -> list[dict[str, Any]]:
    service = "zlb" if action == "DescribeLoadBalancers" else "zec"
    answer = account.ask(action, service=service, pageSize=1000, **asked)
    found: list[dict[str, Any]] = answer["dataSet"]
    assert len(found) == answer["totalCount"]
    return found


def _usable(subnet: dict[str, Any]) -> int:
    return ipaddress.IPv4Network(subnet["cidrBlock"]).num_addresses - 3 if subnet["cidrBlock"] else 0


def _seen(account: Account) -> Counter[str]:
    """Count, by subnet, the addresses that listings account for."""
    seen: Counter[str] = Counter()
    for nic in _all(account, NICS):
        seen[nic["subnetId"]] += len([nic["primaryIpv4"]] if nic["primaryIpv4"] else []) + len(nic["secondaryIpv4s"])
    for vip in _all(account, "DescribeHaVips"):
        seen[vip["subnetId"]] += 1
    for balancer in _all(account, "DescribeLoadBalancers"):
        seen[balancer["subnetId"]] += len(balancer["privateIpAddress"]) + len(balancer["healthCheckPrivateIps"])
    return seen


# -- the demo ------------------------------------------------------------------------------------------------------


def test_demo_has_vpcs_and_regions(demo: Account) -> None:
    """Several VPCs, in several regions, one of them in more than one."""
    subnets = _all(demo, "DescribeSubnets")
    assert len(_all(demo, "DescribeVpcs")) >= 4
    assert len({each["regionId"] for each in subnets}) >= 4
    pairs = {(each["vpcId"], each["regionId"]) for each in subnets}
    assert max(Counter(vpc for vpc, _ in pairs).values()) >= 3


def test_demo_has_subnets_of_all_sizes(demo: Account) -> None:
    """About forty subnets, from /28 and smaller to /16."""
    subnets = _all(demo, "DescribeSubnets")
    prefixes = {int(each["cidrBlock"].partition("/")[2]) for each in subnets if each["cidrBlock"]}
    assert 36 <= len(subnets) <= 44
    assert {16, 20, 22, 23, 24, 26, 28} <= prefixes
    assert min(prefixes) == 16


def test_demo_is_full_here_and_empty_there(demo: Account) -> None:
    """Some subnets are nearly full, some nearly empty, one has nothing at all."""
    shares = [each["usageIpv4Count"] / _usable(each) for each in _all(demo, "DescribeSubnets") if each["cidrBlock"]]
    assert sum(share >= 0.9 for share in shares) >= 3
    assert sum(share < 0.1 for share in shares) >= 4
    assert 0.0 in shares
    assert max(shares) <= 1.0


def test_demo_is_fragmented(demo: Account) -> None:
    """Where the demo's main job is done, free space is in many runs, most of them short."""
    network = ipaddress.IPv4Network("10.0.4.0/22")
    held = set(demo.held(APP_SIN))
    line = "".join("x" if str(each) in held else "." for each in list(network)[2:-1])
    runs = [len(run) for run in line.split("x") if run]
    assert len(runs) >= 40
    assert sorted(runs)[len(runs) // 2] <= 6


def test_demo_has_other_holders(demo: Account) -> None:
    """HaVips and load balancers hold addresses too, and elastic IPs are bound to some."""
    assert len(_all(demo, "DescribeHaVips")) >= 5
    assert len(_all(demo, "DescribeLoadBalancers")) >= 5
    bound = _all(demo, "DescribeEips", status="BINDED")
    assert len(bound) >= 5
    nics = {each["nicId"]: each for each in _all(demo, NICS)}
    assert all(each["privateIpAddress"] in nics[each["nicId"]]["privateIpList"] for each in bound)


def test_demo_has_unseen_holders_in_few_subnets(demo: Account) -> None:
    """In some subnets more is held than listings account for; in none less."""
    seen = _seen(demo)
    unseen = {each["name"]: each["usageIpv4Count"] - seen[each["subnetId"]] for each in _all(demo, "DescribeSubnets")}
    assert min(unseen.values()) == 0
    assert sorted(name for name, count in unseen.items() if count) == ["db-fra", "mgmt-lax"]


def test_demo_has_every_stack(demo: Account) -> None:
    """An IPv6-only subnet with a vNIC, and a dual one with vNICs of all three stacks."""
    subnets = {each["subnetId"]: each for each in _all(demo, "DescribeSubnets")}
    found = {(subnets[each["subnetId"]]["stackType"], each["nicSubnetType"]) for each in _all(demo, NICS)}
    dual = {("IPv4_IPv6", stack) for stack in ("IPv4", "IPv4_IPv6", "IPv6")}
    assert found == {("IPv4", "IPv4"), ("IPv6", "IPv6")} | dual


def test_demo_has_nics_in_every_state(demo: Account) -> None:
    """All seven states, and both types; one in use has an instance, one available has none."""
    nics = _all(demo, NICS)
    states = {"PENDING", "AVAILABLE", "ATTACHING", "USED", "DETACHING", "DELETING", "CREATE_FAILED"}
    assert {each["status"] for each in nics} == states
    assert {each["nicType"] for each in nics} == {"Primary", "Secondary"}
    assert all(each["instanceId"] for each in nics if each["status"] == "USED")
    assert not any(each["instanceId"] for each in nics if each["status"] == "AVAILABLE")


def test_demo_has_a_nic_at_its_limit(demo: Account) -> None:
    """One vNIC has ten addresses, none has more, and every one with IPv4 has a primary."""
    nics = _all(demo, NICS)
    sizes = Counter(
        len(each["secondaryIpv4s"]) + bool(each["primaryIpv4"]) for each in nics if each["nicSubnetType"] != "IPv6"
    )
    assert sizes[10] >= 1
    assert (min(sizes), max(sizes)) == (1, 10)
    assert all(each["primaryIpv4"] for each in nics if each["nicSubnetType"] != "IPv6")
    [full] = [each["nicId"] for each in nics if each["name"] == "web-12"]
    assert demo.code(ASSIGN, nicId=full, ipAddressCount=1) == "OPERATION_DENIED_NIC_ATTACH_LAN_IP_EXCEED_LIMIT"


@pytest.mark.parametrize("seed", ["demo", "random:3:120", "random:3:5000"])
def test_only_what_can_be_held_is_held(seed: str) -> None:
    """Every held address is inside of its subnet, and none is network, gateway or broadcast."""
    with Account(seed=seed) as account:
        _check_held(account)


def _check_held(account: Account) -> None:
    for subnet in _all(account, "DescribeSubnets"):
        held = account.held(subnet["subnetId"])
        assert len(held) == subnet["usageIpv4Count"]
        if subnet["cidrBlock"]:
            network = ipaddress.IPv4Network(subnet["cidrBlock"])
            assert {str(network[0]), str(network[1]), str(network[-1])}.isdisjoint(held)
            assert all(ipaddress.IPv4Address(each) in network for each in held)


def test_demo_nic_that_documents_name(demo: Account) -> None:
    """web-07 has the id that documents give, three addresses, and room beside it."""
    nic = demo.show(WEB_07)
    assert (nic["name"], nic["subnetId"], nic["status"]) == ("web-07", APP_SIN, "USED")
    assert len(nic["privateIpList"]) == 3
    assert nic["publicIpList"] == []


def test_demo_names_are_unique(demo: Account) -> None:
    """A name means one thing, so that a person can say it."""
    for action in (NICS, "DescribeSubnets", "DescribeVpcs", "DescribeHaVips", "DescribeEips"):
        names = [each["name"] for each in _all(demo, action)]
        assert len(names) == len(set(names))


def test_demo_is_the_same_each_time(demo: Account) -> None:
    """Ids, addresses and times of the demo are those of the last one, whatever the clock says."""
    with Account(seed="demo", clock=lambda: 1.0) as again:
        assert again.everything() == demo.everything()


# -- random accounts -----------------------------------------------------------------------------------------------


def test_random_is_the_same_for_the_same_seed() -> None:
    """A random account repeats, whatever the clock says; another seed makes another one."""
    made = []
    for seed, clock in (("random:5:120", 1.0), ("random:5:120", 9e8), ("random:6:120", 1.0)):
        with Account(seed=seed, clock=lambda clock=clock: clock) as account:
            made.append(account.everything())
    assert made[0] == made[1]
    assert made[0] != made[2]


@pytest.mark.parametrize("size", [1, 79, 100, 3000])
def test_random_has_the_size_asked_for(size: int) -> None:
    """As many vNICs as asked for, each with a primary and none with more than its limit."""
    with Account(seed=f"random:3:{size}") as account:
        rows = account.state.rows("SELECT owner, kind FROM held")
        per_nic = Counter(row["owner"] for row in rows)
        assert account.ask(NICS, pageSize=1)["totalCount"] == len(per_nic) == size
        assert sum(row["kind"] == "primary" for row in rows) == size
        assert max(per_nic.values()) <= 10


def test_random_vnics_have_a_security_group() -> None:
    """A vNIC has the security group of its VPC, as any that is made without one."""
    with Account(seed="random:1:5") as account:
        [vpc] = _all(account, "DescribeVpcs")
        assert {each["securityGroupId"] for each in _all(account, NICS)} == {vpc["securityGroupId"]}


def test_random_without_size() -> None:
    """Without a size it is a hundred vNICs."""
    with Account(seed="random:1") as account:
        assert account.ask(NICS)["totalCount"] == 100


def test_random_subnets_have_room_for_every_primary() -> None:
    """Where vNICs with many addresses come together, the last one still gets its primary."""
    with Account(seed="random:181:79") as account:
        row = account.state.row("SELECT COUNT(*) AS n FROM held WHERE kind = 'primary'")
        assert row is not None
        assert row["n"] == 79


def test_random_of_thousands_has_wide_subnets() -> None:
    """Thousands of vNICs lie in subnets wide enough for them."""
    with Account(seed="random:1:5000") as account:
        subnets = _all(account, "DescribeSubnets")
        assert len(subnets) >= 7
        assert all(each["usageIpv4Count"] < _usable(each) for each in subnets)


# -- empty, and files ----------------------------------------------------------------------------------------------


def test_empty(account: Account) -> None:
    """An empty account has nothing."""
    assert [account.ask(each)["totalCount"] for each in ("DescribeVpcs", "DescribeSubnets", NICS)] == [0, 0, 0]


@pytest.mark.parametrize("seed", ["dmeo", "random:x", "random:1:x", "random:", "random:1:-5", ""])
def test_seeds_that_are_none(seed: str) -> None:
    """A seed that is misspelt is refused, and named."""
    with pytest.raises(ValueError, match="neither a seed"):
        Emulator(seed)


def test_refused_seed_leaves_nothing(tmp_path: Path) -> None:
    """After a refused seed there is no file that the next start would take for an account."""
    path = tmp_path / "account.sqlite"
    with pytest.raises(ValueError, match="neither"):
        Emulator("dmeo", db=path)
    assert list(tmp_path.iterdir()) == []
    with Account(seed="random:1:5", db=path) as account:
        assert account.ask(NICS)["totalCount"] == 5


def test_empty_file_is_new(tmp_path: Path) -> None:
    """A file that a program made for it, and that has nothing in it, is seeded like one that is not there."""
    path = tmp_path / "account.sqlite"
    path.touch()
    with Account(seed="random:1:5", db=path) as account:
        assert account.ask(NICS)["totalCount"] == 5


def test_file_is_seeded_once(tmp_path: Path) -> None:
    """A file that is there is taken as it is, whatever seed is named beside it."""
    path = tmp_path / "account.sqlite"
    for seed in ("random:1:5", "random:1:9"):
        with Account(seed=seed, db=path) as account:
            assert account.ask(NICS)["totalCount"] == 5


def test_demo_on_a_file_goes_on_making_new_ids(tmp_path: Path) -> None:
    """On a file the demo's repeatable ids do not begin again, neither at the first start nor at the next."""
    made: list[str] = []
    for start in range(2):
        with Account(seed="demo", db=tmp_path / "demo.sqlite") as account:
            made = made or [row["id"] for row in account.state.rows("SELECT id FROM nic UNION ALL SELECT id FROM vpc")]
            subnet = account.state.row("SELECT id FROM subnet WHERE name = 'stg-empty'")
            assert subnet is not None
            made += [account.nic(subnet["id"], name=f"new-{start}-{number}") for number in range(30)]
    assert len(set(made)) == len(made)


def test_the_demo_stays_as_it_is_documented() -> None:
    """Notebooks, README and examples name addresses of the demo: what is drawn, and in which order, does not change."""
    emulator = Emulator()
    try:
        subnet = emulator.state.row("SELECT * FROM subnet WHERE id = ?", APP_SIN)
        assert subnet is not None
        free = [text(value) for value in emulator.state.free_addresses(subnet)]
        assert free[:3] == ["10.0.4.7", "10.0.4.8", "10.0.4.11"]
        assert "10.0.4.94" in free
        assert not {"10.0.4.93", "10.0.4.95", "10.0.4.96", "10.0.4.97"} & set(free)
    finally:
        emulator.state.close()
