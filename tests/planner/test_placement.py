"""Counts become addresses: what every policy promises, and what each of them is about."""

from __future__ import annotations

import ipaddress
import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pandas as pd
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.planner.accounts import FRAG, LATER, WEB1, account, codes, held_offsets, one_subnet
from zecnb.errors import UsageError
from zecnb.inventory import Inventory
from zecnb.planner.options import POLICIES
from zecnb.tokens import expand

if TYPE_CHECKING:
    from zecnb.planner.plan import Plan

FIRST = int(ipaddress.ip_address("10.0.0.0"))
SIZE = 64
HELD = held_offsets(26)
COUNTS = st.lists(st.integers(1, 9), min_size=1, max_size=4)
_QUIET = {"warn_at": 1, "critical_at": 1}
few = settings(max_examples=20, deadline=None)


def asked(counts: list[int]) -> list[dict[str, Any]]:
    """Ask for a count for each of several vNICs."""
    return [{"nic_id": f"n{at}", "ip_address_count": number} for at, number in enumerate(counts)]


def picked(plan: Plan) -> dict[int, list[int]]:
    """Return the offsets that each input row got."""
    rows = plan.frame[plan.frame["address"].notna()]
    found: dict[int, list[int]] = {}
    for row, address in zip(rows["row"], rows["address"], strict=True):
        found.setdefault(row, []).append(int(ipaddress.ip_address(address)) - FIRST)
    return found


def free(held: list[int]) -> list[int]:
    """Return the free offsets of the subnet."""
    return [at for at in range(2, SIZE - 1) if at not in set(held)]


def runs(offsets: list[int]) -> list[list[int]]:
    """Return maximal runs of consecutive offsets."""
    found: list[list[int]] = []
    for at in offsets:
        if found and found[-1][-1] == at - 1:
            found[-1].append(at)
        else:
            found.append([at])
    return found


def place(policy: str, held: list[int], count: int, **options: Any) -> list[int]:
    """Return the offsets one vNIC that holds nothing gets; none when it gets none."""
    plan = one_subnet("10.0.0.0/26", held).plan("n0", ip_address_count=count, policy=policy, nic_limit=99, **options)
    return picked(plan).get(0, [])


@few
@given(held=HELD, counts=COUNTS, excluded=st.sets(st.integers(0, SIZE - 1), max_size=12))
def test_what_every_policy_promises(held: list[int], counts: list[int], excluded: set[int]) -> None:
    """Addresses are inside, distinct, neither reserved, held nor excluded, as many as asked or none, and ascending."""
    inventory = one_subnet("10.0.0.0/26", held, nics=len(counts))
    for policy in POLICIES:
        plan = inventory.plan(
            asked(counts), policy=policy, nic_limit=99, exclude=[f"10.0.0.{at}" for at in sorted(excluded)]
        )
        got = picked(plan)
        everything = [at for offsets in got.values() for at in offsets]
        assert len(set(everything)) == len(everything)
        assert set(everything) <= set(free(held)) - excluded
        assert all(got.get(row, []) == sorted(got.get(row, [])) for row in range(len(counts)))
        assert all(len(got.get(row, [])) in (0, number) for row, number in enumerate(counts))
        blocked = set(plan.frame.loc[plan.frame["verdict"] == "BLOCK", "row"])
        assert blocked == set(range(len(counts))) - set(got)


@few
@given(held=HELD, counts=COUNTS)
def test_blocks_of_several_nics(held: list[int], counts: list[int]) -> None:
    """Contiguous ones are contiguous and aligned ones aligned, for every vNIC of a batch."""
    inventory = one_subnet("10.0.0.0/26", held, nics=len(counts))
    for policy in ("contiguous", "aligned"):
        for offsets in picked(inventory.plan(asked(counts), policy=policy, nic_limit=99)).values():
            assert offsets == list(range(offsets[0], offsets[0] + len(offsets)))
            assert policy == "contiguous" or offsets[0] % (1 << (len(offsets) - 1).bit_length()) == 0


@few
@given(held=HELD, counts=COUNTS)
def test_policies_without_shape_use_the_last_address(held: list[int], counts: list[int]) -> None:
    """Where there is room for all counts together, every one is met."""
    inventory = one_subnet("10.0.0.0/26", held, nics=len(counts))
    for policy in ("lowest", "dense", "near", "spread"):
        assert inventory.plan(asked(counts), policy=policy, nic_limit=99).ok == (sum(counts) <= len(free(held)))


@few
@given(held=HELD, counts=COUNTS, policy=st.sampled_from(POLICIES))
def test_the_same_input_gives_the_same_plan(held: list[int], counts: list[int], policy: str) -> None:
    """Judged twice, from inventories read in another order, a batch gives the same digest."""
    first, second = (
        one_subnet("10.0.0.0/26", order, nics=len(counts)).plan(asked(counts), policy=policy, nic_limit=99)
        for order in (held, held[::-1])
    )
    assert first.digest == second.digest


@few
@given(held=HELD, counts=COUNTS)
def test_lowest(held: list[int], counts: list[int]) -> None:
    """All counts together get the lowest free addresses, the larger counts first."""
    got = picked(one_subnet("10.0.0.0/26", held, nics=len(counts)).plan(asked(counts), nic_limit=99))
    if sum(counts) <= len(free(held)):
        order = sorted(got, key=lambda row: (-counts[row], row))
        assert [at for row in order for at in got[row]] == free(held)[: sum(counts)]


@few
@given(held=HELD, count=st.integers(1, 20))
def test_contiguous(held: list[int], count: int) -> None:
    """The lowest run that holds them all, from its start; none when there is no such run."""
    fitting = [run for run in runs(free(held)) if len(run) >= count]
    assert place("contiguous", held, count) == (fitting[0][:count] if fitting else [])


@few
@given(held=HELD, count=st.integers(1, 20))
def test_aligned(held: list[int], count: int) -> None:
    """The lowest free block that starts at a multiple of the next power of two; none when there is none."""
    size, there = 1 << (count - 1).bit_length(), set(free(held))
    blocks = [list(range(at, at + count)) for at in range(0, SIZE, size)]
    assert place("aligned", held, count) == next((block for block in blocks if there >= set(block)), [])


@few
@given(held=HELD, count=st.integers(1, 20))
def test_dense(held: list[int], count: int) -> None:
    """The smallest run that holds them all; where there is none, the smallest runs are filled first."""
    by_size = sorted(runs(free(held)), key=len)
    fitting = [run for run in by_size if len(run) >= count]
    filling = [at for run in by_size for at in run][:count]
    expected = fitting[0][:count] if fitting else sorted(filling)
    assert place("dense", held, count) == (expected if count <= len(free(held)) else [])


@few
@given(held=HELD, count=st.integers(1, 20), own=st.sets(st.integers(2, SIZE - 2), max_size=4))
def test_near(held: list[int], count: int, own: set[int]) -> None:
    """The free addresses closest to one of the vNIC's own, the lower one first; from the start where it has none."""
    others = [at for at in held if at not in own]
    more = [("s", f"10.0.0.{at}", "nic_secondary", "n0") for at in own]
    inventory = one_subnet("10.0.0.0/26", others, more=more)
    there = free([*others, *own])
    anchors = own or {0}
    nearest = sorted(there, key=lambda at: (min(abs(at - each) for each in anchors), at))[:count]
    got = picked(inventory.plan("n0", ip_address_count=count, policy="near", nic_limit=99)).get(0, [])
    assert got == (sorted(nearest) if count <= len(there) else [])


@few
@given(held=HELD, count=st.integers(1, 20))
def test_spread(held: list[int], count: int) -> None:
    """Each is the free address in the middle of one of as many equal parts as are wanted."""
    there = free(held)
    if count <= len(there):
        middles = [(part + 0.5) * len(there) / count for part in range(count)]
        assert place("spread", held, count) == [there[int(middle)] for middle in middles]


def test_spread_of_several_nics_is_interleaved() -> None:
    """Each vNIC's own addresses are spread over the whole subnet, not only over a part of it."""
    plan = one_subnet("10.0.0.0/26", nics=2).plan(asked([4, 4]), policy="spread")
    for offsets in picked(plan).values():
        assert offsets[0] < 20
        assert offsets[-1] > 44


@pytest.mark.parametrize("policy", POLICIES)
def test_exclusions_of_every_form(policy: str) -> None:
    """Addresses, ranges and blocks are kept out, given as text or as a list."""
    for exclude in ("10.0.0.2, 10.0.0.3-9 10.0.0.16/28", ["10.0.0.2", "10.0.0.3-10.0.0.9", "10.0.0.16/28"]):
        got = place(policy, [], 4, exclude=exclude)
        assert len(got) == 4
        assert not set(got) & {*range(2, 10), *range(16, 32)}


@pytest.mark.parametrize("exclude", ["10.0.0.300", "10.0.0.9-2", "10.0.0.1/24", "::1", ["10.0.0.2", ""]])
def test_exclusions_that_mean_nothing(exclude: object) -> None:
    """A token of exclude that is none is refused, with what is wrong: silently ignoring it would pick it."""
    with pytest.raises(UsageError, match="exclude, entry"):
        one_subnet().plan("n0", ip_address_count=1, exclude=exclude)


@pytest.mark.parametrize("policy", POLICIES)
def test_addresses_asked_for_by_name_are_not_picked(policy: str) -> None:
    """What another row of the plan asks for by name goes to that row."""
    names = [f"10.0.0.{at}" for at in range(2, 62)]
    plan = one_subnet("10.0.0.0/26", nics=2).plan(
        [{"nic_id": "n0", "ip_address_count": 1}, {"nic_id": "n1", "ip_addresses": names}], policy=policy, nic_limit=99
    )
    assert picked(plan)[0] == [62]
    assert plan.ok


def test_larger_counts_are_served_first() -> None:
    """A small count does not break up the only run that holds a large one, whatever the order of the rows."""
    gap = [at for at in range(2, 63) if at not in range(10, 18)]
    inventory = one_subnet("10.0.0.0/26", [at for at in gap if at not in (40, 50)], nics=3)
    for counts in ([1, 8], [8, 1]):
        assert inventory.plan(asked(counts), policy="contiguous").ok


@pytest.mark.parametrize("policy", POLICIES)
def test_reason_says_why(policy: str) -> None:
    """Every picked address says why it was picked."""
    plan = one_subnet().plan("n0", ip_address_count=3, policy=policy)
    words = {
        "lowest": "lowest free address",
        "dense": "smallest run that holds them all, 10.0.0.2-10.0.0.254",
        "contiguous": "lowest run that holds them all, 10.0.0.2-10.0.0.254",
        "aligned": "lowest aligned block that holds them all, in 10.0.0.2-10.0.0.254",
        "near": "nearest free address to those the vNIC has",
        "spread": "evenly spread over the free addresses",
    }
    assert set(plan.frame["reason"]) == {words[policy]}


def test_reason_says_why_beside_a_finding() -> None:
    """A picked address with a finding says both: why it was picked, and what to know of it."""
    plan = one_subnet("10.0.0.0/29").plan("n0", ip_address_count=5, policy="dense")
    assert plan.frame["verdict"].tolist() == ["RISK"] * 5
    why, _, finding = plan.frame["reason"][0].partition("; ")
    assert why == "smallest run that holds them all, 10.0.0.2-10.0.0.6"
    assert finding == "utilisation of s 10.0.0.0/29 goes from 0.0 % to 100.0 %, past critical 90.0 %"
    assert len(set(plan.frame["reason"])) == 1


def test_reason_says_why_of_each() -> None:
    """Among rows named and picked, with findings and without, each has its own words."""
    inventory = one_subnet("10.0.0.0/28", [4], nics=2)
    batch = [{"nic_id": "n0", "ip_addresses": "10.0.0.4, 10.0.0.3"}, {"nic_id": "n1", "ip_address_count": 2}]
    plan = inventory.plan(batch, memory=released(*range(2, 15)), **_QUIET)
    assert plan.frame["address"].tolist() == ["10.0.0.4", "10.0.0.3", "10.0.0.13", "10.0.0.14"]
    assert [text.partition(" was released")[0] for text in plan.frame["reason"]] == [
        "held by HaVip v",
        "10.0.0.3",
        "lowest free address, those just released left out; 10.0.0.13",
        "lowest free address, those just released left out; 10.0.0.14",
    ]


def test_dense_says_when_it_fills() -> None:
    """Where no run holds the whole count, dense says that it fills small ones."""
    plan = account().plan(FRAG, ip_address_count=4, policy="dense")
    assert plan.frame["reason"].str.startswith("no run holds them all; fills the smallest ones first, ").all()


# -- when a policy cannot be met -------------------------------------------------------------------------------


@few
@given(held=HELD, count=st.integers(2, 30))
@example(held=[12, 22, 32, 42, 52], count=15)
def test_contiguous_names_what_would_do(held: list[int], count: int) -> None:
    """Where no run is long enough, the longest is named, and asking for that many is met."""
    inventory = one_subnet("10.0.0.0/26", held)
    plan = inventory.plan("n0", ip_address_count=count, policy="contiguous", nic_limit=99)
    if codes(plan) & {"NO_CONTIGUOUS_RUN"}:
        fix = plan.findings["fix"].iloc[0]
        named = re.fullmatch(r"ask for (\d+) at most, or use policy dense", fix)
        assert named is not None
        longest = max(runs(free(held)), key=len)
        assert int(named[1]) == len(longest)
        said = expand([plan.findings["message"].iloc[0].rpartition(" ")[2]]).value
        assert (said - FIRST).tolist() == longest
        assert inventory.plan("n0", ip_address_count=int(named[1]), policy="contiguous", nic_limit=99).ok
        assert inventory.plan("n0", ip_address_count=count, policy="dense", nic_limit=99).ok


@few
@given(held=HELD, count=st.integers(2, 30))
@example(held=[12, 22, 32, 42, 52], count=15)
def test_aligned_names_what_would_do(held: list[int], count: int) -> None:
    """Where no aligned block is long enough, asking for the number that the fix names is met."""
    inventory = one_subnet("10.0.0.0/26", held)
    plan = inventory.plan("n0", ip_address_count=count, policy="aligned", nic_limit=99)
    if codes(plan) & {"NO_CONTIGUOUS_RUN"}:
        named = re.search(r"ask for (\d+) at most", plan.findings["fix"].iloc[0])
        assert named is not None
        said = expand([plan.findings["message"].iloc[0].rpartition(" ")[2]]).value - FIRST
        assert len(said) == int(named[1])
        assert set(said.tolist()) <= set(free(held))
        assert said[0] % (1 << (len(said) - 1).bit_length()) == 0
        assert inventory.plan("n0", ip_address_count=int(named[1]), policy="aligned", nic_limit=99).ok


@pytest.mark.parametrize(
    ("policy", "count", "words"),
    [
        ("contiguous", 12, "ask for 3 at most, or use policy dense; 10.0.2.0/26 has a run of 61"),
        ("aligned", 12, "ask for 2 at most, or use policy dense; 10.0.1.0/24 has an aligned block of 16"),
        ("contiguous", 62, "ask for 3 at most, or use policy dense"),
    ],
)
def test_other_subnet_with_a_run_is_named(policy: str, count: int, words: str) -> None:
    """Of the subnets of the VPC the one with the longest run is named, if that holds the count."""
    inventory = neighbours([at for at in range(2, 254) if at % 4 == 0])
    plan = inventory.plan("n", ip_address_count=count, policy=policy, nic_limit=None, exclude="10.0.1.0-200")
    assert plan.findings.loc[plan.findings["code"] == "NO_CONTIGUOUS_RUN", "fix"].tolist() == [words]


def neighbours(held: list[int]) -> Inventory:
    """Return a /24 with held addresses, two empty subnets beside it, and a large one in another VPC."""
    blocks = {"s": "10.0.0.0/24", "t": "10.0.1.0/24", "u": "10.0.2.0/26", "w": "10.9.0.0/16"}
    subnets = pd.DataFrame({"subnet_id": blocks.keys(), "cidr_block": blocks.values(), "stack_type": "IPv4"})
    rows = [{"subnet_id": "s", "address": f"10.0.0.{at}", "kind": "havip", "holder_id": "v"} for at in held]
    return Inventory.from_frames(
        subnets=subnets.assign(vpc_id=["v", "v", "v", "w"]),
        nics=pd.DataFrame([{"nic_id": "n", "subnet_id": "s", "status": "USED"}]),
        holders=pd.DataFrame(rows),
        observed_at=LATER,
    )


@few
@given(held=HELD, excluded=st.sets(st.integers(2, SIZE - 2), min_size=1), count=st.integers(1, 40))
@example(held=[], excluded=set(range(2, 60)), count=10)
def test_exclusions_name_what_is_left(held: list[int], excluded: set[int], count: int) -> None:
    """Where exclusions leave too few, how many they leave is said, and is right."""
    inventory = one_subnet("10.0.0.0/26", held)
    exclude = [f"10.0.0.{at}" for at in sorted(excluded)]
    plan = inventory.plan("n0", ip_address_count=count, nic_limit=99, exclude=exclude)
    left, there = len(set(free(held)) - excluded), len(free(held))
    if left < count <= there:
        assert codes(plan) == {"EXCLUSIONS_LEAVE_TOO_FEW"}
        message = plan.findings["message"].iloc[0]
        assert f" leave {left} of them" in message


def test_insufficient_says_how_many_are_left() -> None:
    """How many are free and how many the rest of the plan leaves is said; that many are met."""
    inventory = one_subnet("10.0.0.0/28", range(2, 8), nics=2)
    plan = inventory.plan(asked([4, 6]))
    message = plan.findings.set_index("code").loc["SUBNET_INSUFFICIENT", "message"]
    assert message == "4 more wanted in 10.0.0.0/28, 1 left of 7 free after the rest of the plan"
    assert inventory.plan(asked([1, 6]), warn_at=1, critical_at=1).ok


def test_unseen_usage_counts_as_taken() -> None:
    """Addresses the API counts and nothing shows leave less room, though any free-looking one may be picked."""
    inventory = one_subnet("10.0.0.0/28", usage=10)
    assert inventory.plan("n0", ip_address_count=3).ok
    assert "SUBNET_INSUFFICIENT" in codes(inventory.plan("n0", ip_address_count=4))


@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize("cidr", ["10.0.0.0/29", "10.0.0.0/30", "10.0.0.0/31", "10.0.0.0/32"])
def test_tiny_subnets(policy: str, cidr: str) -> None:
    """A /29 has five addresses to give, a /30 one, smaller ones none; nothing fails."""
    usable = max(ipaddress.ip_network(cidr).num_addresses - 3, 0)
    inventory = one_subnet(cidr)
    plan = inventory.plan("n0", ip_address_count=usable + 1, policy=policy)
    assert codes(plan) >= {"SUBNET_INSUFFICIENT"}
    if usable:
        assert picked(inventory.plan("n0", ip_address_count=1, policy=policy))


@pytest.mark.parametrize("policy", POLICIES)
def test_no_count_is_too_large(policy: str) -> None:
    """An absurd count is refused at once, and takes nothing from the others."""
    plan = one_subnet(nics=2).plan(asked([10**9, 2]), policy=policy)
    assert plan.frame.groupby("row")["verdict"].agg(set).tolist() == [{"BLOCK"}, {"OK"}]


@pytest.mark.parametrize("policy", POLICIES)
def test_gateway_elsewhere_is_not_picked(policy: str) -> None:
    """A gateway that is not the first address is kept out; the first, which the API may reserve, too."""
    inventory = one_subnet("10.0.0.0/28", range(2, 10), gateway="10.0.0.12")
    got = picked(inventory.plan("n0", ip_address_count=2, policy=policy)).get(0, [])
    assert len(got) == 2
    assert not set(got) & {0, 1, 12, 15}


def released(*offsets: int) -> pd.DataFrame:
    """Remember that addresses were released, the first a second ago, the next two seconds ago, and so on."""
    now = datetime.now(UTC)
    rows = [
        {"subnet_id": "s", "address": f"10.0.0.{at}", "event": "released", "at": now - timedelta(seconds=ago + 1)}
        for ago, at in enumerate(offsets)
    ]
    return pd.DataFrame(rows).assign(nic_id="gone")


@pytest.mark.parametrize("policy", POLICIES)
def test_just_released_is_not_picked(policy: str) -> None:
    """What was released a moment ago is left alone as long as other addresses are free."""
    got = place(policy, [], 4, memory=released(*range(2, 9)))
    assert len(got) == 4
    assert not set(got) & set(range(2, 9))


def test_just_released_is_picked_after_a_while() -> None:
    """Once it has cooled down it is like any other free address."""
    assert place("lowest", [], 2, memory=released(2, 3), cool_down=1) == [2, 3]


@pytest.mark.parametrize("policy", ["lowest", "dense", "near", "spread"])
def test_just_released_is_picked_where_nothing_else_is_left(policy: str) -> None:
    """Only as many as are needed, those released longest ago, and it is said."""
    inventory = one_subnet("10.0.0.0/28", range(8, 15))
    plan = inventory.plan(
        "n0", ip_address_count=4, policy=policy, memory=released(3, 4, 5, 6), warn_at=1, critical_at=1
    )
    assert picked(plan) == {0: [2, 5, 6, 7]}
    assert plan.frame.loc[plan.frame["verdict"] == "RISK", "address"].tolist() == ["10.0.0.5", "10.0.0.6"]


@pytest.mark.parametrize("policy", ["contiguous", "aligned"])
def test_just_released_is_picked_where_no_other_run_is_left(policy: str) -> None:
    """A run that needs what was released is had all the same."""
    inventory = one_subnet("10.0.0.0/28", [2, 3, *range(8, 15)])
    assert picked(inventory.plan("n0", ip_address_count=4, policy=policy, memory=released(4))) == {0: [4, 5, 6, 7]}


def test_prediction_knows_nothing_of_releases() -> None:
    """The API gives a count the lowest free addresses, whatever was released."""
    assert place("lowest", [], 2, mode="server_count", memory=released(2)) == [2, 3]


@few
@given(held=HELD, counts=COUNTS, gone=st.lists(st.integers(2, 62), max_size=20, unique=True))
@pytest.mark.parametrize("policy", POLICIES)
def test_releases_never_block(policy: str, held: list[int], counts: list[int], gone: list[int]) -> None:
    """What fits without a memory fits with it: no address twice, and none that is held."""
    inventory, batch = one_subnet("10.0.0.0/26", held, nics=4), asked(counts)
    memory = released(*gone) if gone else None
    plain = inventory.plan(batch, policy=policy, nic_limit=99)
    plan = inventory.plan(batch, policy=policy, nic_limit=99, memory=memory)
    got = [at for each in picked(plan).values() for at in each]
    assert len(got) == len(set(got))
    assert not set(got) - set(free(held))
    blocked, blocked_before = ((each.frame["verdict"] == "BLOCK").sum() for each in (plan, plain))
    assert blocked <= blocked_before


@pytest.mark.parametrize(
    "options",
    [
        {"policy": "Lowest"},
        {"policy": None},
        {"mode": "auto"},
        {"nic_limit": 0},
        {"nic_limit": True},
        {"nic_limit": 2.5},
        {"warn_at": 75},
        {"critical_at": -0.1},
        {"warn_at": True},
        {"max_age": -1},
        {"max_age": float("nan")},
        {"exclude": 5},
        {"polcy": "lowest"},
    ],
)
def test_options_that_mean_nothing(options: dict[str, Any]) -> None:
    """An option that does not exist or cannot have its value is refused by its name."""
    with pytest.raises(UsageError, match=next(iter(options))):
        account().plan(WEB1, ip_address_count=1, **options)
