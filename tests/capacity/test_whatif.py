"""What-if scenarios: what each step does, and that nothing it is given changes."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.execution.conftest import world
from tests.planner.accounts import DB, FRAG, WEB1, WEB2, account, one_subnet
from zecnb.capacity.comparison import compare
from zecnb.capacity.whatif import Scenario
from zecnb.errors import PlanBlockedError, UsageError
from zecnb.inventory import Inventory
from zecnb.planner.options import POLICIES

if TYPE_CHECKING:
    from pathlib import Path

    from tests.execution.world import World

__all__ = ["world"]

Step = Callable[[Scenario[Inventory]], Scenario[Inventory]]


def held(inventory: Inventory, nic_id: str) -> list[str]:
    """Return the addresses of a vNIC in order."""
    return sorted(inventory.addresses_of_nic(nic_id), key=lambda text: tuple(map(int, text.split("."))))


# -- steps ---------------------------------------------------------------------------------------------------------


def test_new_nics_get_the_lowest_free_addresses() -> None:
    """Two vNICs of three addresses take the six lowest free ones, their primary first."""
    inventory = account().what_if().add_nics("sub-app", 2, 3).inventory
    new = inventory.nics[inventory.nics["nic_id"].str.startswith("new:")]
    assert new["primary_ipv4"].tolist() == ["10.0.4.2", "10.0.4.5"]
    assert held(inventory, "new:sub-app:2") == ["10.0.4.5", "10.0.4.6", "10.0.4.7"]
    assert new["secondary_ipv4_count"].tolist() == [2, 2]


def test_new_nics_beyond_the_room_are_said() -> None:
    """Only whole vNICs come to be; how many addresses are short is a problem, not an error."""
    scenario = one_subnet("10.0.0.0/28", held=range(2, 8)).what_if().add_nics("s", 4, 3)
    assert scenario.inventory.left.tolist() == [1]
    assert scenario.problems[["what", "id", "count"]].to_numpy().tolist() == [["subnet", "s", 6]]
    assert not scenario.ok


def test_new_nics_twice_have_different_ids() -> None:
    """A second round of new vNICs does not collide with the first."""
    scenario = account().what_if().add_nics("sub-app", 1).add_nics("sub-app", 2)
    assert scenario.inventory.nics["nic_id"].is_unique
    assert len(scenario.inventory.nics) == len(account().nics) + 3


def test_more_addresses_than_a_nic_holds() -> None:
    """A vNIC beyond the documented limit is refused, and allowed when the limit is lifted."""
    with pytest.raises(UsageError, match="10 addresses at most, not 11"):
        account().what_if().add_nics("sub-app", 1, 11)
    assert account().what_if().add_nics("sub-app", 1, 11, nic_limit=None).ok


@pytest.mark.parametrize("number", [0, -1, 1.5, True])
def test_numbers_that_cannot_be(number: Any) -> None:
    """A count is a whole number of one or more."""
    with pytest.raises(UsageError, match="whole number"):
        account().what_if().add_nics("sub-app", number)


def test_unseen_addresses_take_room() -> None:
    """What the API counts and no listing shows is not given away."""
    scenario = one_subnet("10.0.0.0/28", usage=10).what_if().add_nics("s", 4)
    assert scenario.problems["count"].tolist() == [1]


def test_usage_follows_what_is_held() -> None:
    """The API's count grows by what was added, so that as much stays unseen as before."""
    before = account()
    after = before.what_if().add_nics("sub-dark", 2, 2).inventory
    at = before.subnet_position("sub-dark")
    assert after.subnets["usage_ipv4_count"].iloc[at] == 17
    assert after.unseen.tolist() == before.unseen.tolist()


def test_drained_nic_keeps_its_primary() -> None:
    """Draining releases the secondary addresses only: the primary cannot be released."""
    inventory = account().what_if().drain(WEB1).inventory
    assert held(inventory, WEB1) == ["10.0.4.10"]


def test_deleted_nic_is_gone_with_its_primary() -> None:
    """With delete the vNIC and all its addresses go."""
    inventory = account().what_if().drain([WEB1], delete=True).inventory
    assert inventory.nic_position(WEB1) == -1
    assert int(account().seen.sum()) - int(inventory.seen.sum()) == 3


def test_drain_of_nobody() -> None:
    """A vNIC that is not there is an error that names it."""
    with pytest.raises(UsageError, match="no vNIC 'nic-x'"):
        account().what_if().drain("nic-x")


def test_grow_gives_each_nic_more() -> None:
    """Every vNIC of the subnet gets so many more, disjoint and lowest first."""
    inventory = account().what_if().grow(2, subnet_id="sub-db").inventory
    assert held(inventory, DB) == ["10.0.5.2", "10.0.5.4", "10.0.5.5"]
    assert held(inventory, "nic-db2") == ["10.0.5.3", "10.0.5.6", "10.0.5.7"]


def test_grow_stops_at_the_limit() -> None:
    """A vNIC that would exceed its limit gets nothing and is said."""
    scenario = account().what_if().grow(1, subnet_id="sub-app")
    assert scenario.problems[["id", "problem"]].to_numpy().tolist() == [["nic-full", "would exceed 10 addresses"]]


def test_grow_of_all_passes_over_what_takes_no_ipv4() -> None:
    """IPv6-only vNICs and those being made are passed over; asked for by name they are said."""
    assert set(account().what_if().grow(1, nic_limit=None).problems["id"]) == set()
    named = account().what_if().grow(1, nic_ids=["nic-new", "nic-dual6"])
    assert sorted(named.problems["id"]) == ["nic-dual6", "nic-new"]


def test_reserved_ranges_are_kept_clear() -> None:
    """Later steps pick beside a reserved range."""
    scenario = account().what_if().reserve("10.0.4.2-10.0.4.9", owner="net").add_nics("sub-app", 1)
    assert scenario.inventory.nics["primary_ipv4"].iloc[-1] == "10.0.4.13"


def test_reserved_ranges_bind_plans() -> None:
    """The scenario's claims can be given to the planner."""
    scenario = account().what_if().reserve("10.0.4.2-10.0.4.9", owner="net", purpose="blue")
    plan = scenario.inventory.plan(WEB1, ip_addresses="10.0.4.5", claims=scenario.claims)
    assert "RESERVED" in set(plan.findings["code"])


def test_reserving_nonsense() -> None:
    """A range that is none is refused at once."""
    with pytest.raises(UsageError):
        account().what_if().reserve("10.0.4.900")


def test_split_keeps_who_holds_what() -> None:
    """Each part has its own reserved addresses; vNICs go with their primary."""
    inventory = account().what_if().split("sub-app", 25).inventory
    assert inventory.subnets["cidr_block"].iloc[:2].tolist() == ["10.0.4.0/25", "10.0.4.128/25"]
    assert inventory.nics.set_index("nic_id")["subnet_id"][WEB1] == "sub-app#1"
    assert int(inventory.seen[0]) == 18
    assert held(inventory, WEB1) == ["10.0.4.10", "10.0.4.11", "10.0.4.12"]


def test_split_says_what_cannot_stay() -> None:
    """Addresses that become reserved, or lie in another part than their vNIC, are left out and said."""
    inventory = one_subnet(
        "10.0.0.0/24",
        more=[
            ("s", "10.0.0.10", "nic_primary", "n0"),
            ("s", "10.0.0.127", "nic_secondary", "n0"),
            ("s", "10.0.0.200", "nic_secondary", "n0"),
        ],
    )
    scenario = inventory.what_if().split("s", 25)
    assert held(scenario.inventory, "n0") == ["10.0.0.10"]
    assert [text.split()[0] for text in scenario.problems["problem"]] == ["10.0.0.127", "10.0.0.200"]


@pytest.mark.parametrize("prefix", [24, 23, 30, "25"])
def test_split_that_cuts_nothing(prefix: Any) -> None:
    """A prefix must be longer than the subnet's and not beyond the smallest subnet."""
    with pytest.raises(UsageError, match="splits into /25 to /29"):
        account().what_if().split("sub-app", prefix)


def test_split_keeps_claims_of_the_subnet() -> None:
    """What was reserved in the subnet stays reserved in its parts, over their edges too, and there only."""
    stored = pd.DataFrame({"range": ["10.0.4.60-10.0.5.3"], "owner": ["Ann"], "subnet_id": ["sub-app"]})
    before = account().what_if(claims=stored).reserve("10.0.4.200-203", subnet_id="sub-app")
    after = before.split("sub-app", 25).split("sub-app#2", 26)
    reserved = compare(after, everything=True).frame.set_index("subnet_id")["reserved_what if"]
    assert reserved[["sub-app#1", "sub-app#2#1", "sub-app#2#2"]].tolist() == [57, 61, 61]
    assert reserved[["sub-db", "sub-twin"]].tolist() == [0, 0]


@pytest.mark.parametrize("number", [np.int64, np.int8])
def test_prefixes_of_numpy(number: type[np.integer]) -> None:
    """A prefix may be numpy's."""
    scenario = account().what_if().split("sub-app", number(25)).widen("sub-db", number(27))
    assert scenario.steps == account().what_if().split("sub-app", 25).widen("sub-db", 27).steps


def test_what_must_be_released_first_is_not_for_now() -> None:
    """Requests that can be done now leave out addresses that the base still holds."""
    inventory = account()
    scenario = inventory.what_if().drain(WEB1).grow(10, nic_ids=[WEB2], nic_limit=None)
    now = scenario.requests(new=False)
    assert inventory.plan(now, nic_limit=100, claims=scenario.claims).ok
    assert not set(now["ip_addresses"].iloc[0].split(", ")) & {"10.0.4.11", "10.0.4.12"}
    assert {"10.0.4.11", "10.0.4.12"} <= set(scenario.requests()["ip_addresses"].iloc[0].split(", "))


def test_split_keeps_the_count_of_unseen() -> None:
    """What no listing shows is still somewhere: it is counted once, and said."""
    scenario = account().what_if().split("sub-dark", 25)
    assert int(scenario.inventory.unseen.sum()) == int(account().unseen.sum())
    assert scenario.problems["count"].tolist() == [12]


def test_widen_gives_room() -> None:
    """A subnet of the double size holds the same and has room for more."""
    before, after = account(), account().what_if().widen("sub-frag", 27).inventory
    at = before.subnet_position("sub-frag")
    assert after.geometry.usable[at] == 29
    assert after.seen[at] == before.seen[at]


def test_widen_moves_the_gateway_with_the_first_address() -> None:
    """When the network begins earlier, the old gateway address becomes free and the new first one is reserved."""
    before = one_subnet("10.0.0.128/25", gateway="10.0.0.129")
    after = before.what_if().widen("s", 24).inventory
    assert after.free("s", 128)[-2:] == ["10.0.0.128", "10.0.0.129"]


def test_widen_into_a_neighbour() -> None:
    """A subnet cannot widen over another one of its VPC; the error names that one."""
    with pytest.raises(UsageError, match=r"sub-db 10\.0\.5\.0/28 in the way"):
        account().what_if().widen("sub-app", 23)


def test_moved_nics_are_made_anew() -> None:
    """A moved vNIC has as many addresses in the new subnet and none in the old."""
    inventory = account().what_if().move([WEB1, WEB2], "sub-gw").inventory
    assert held(inventory, WEB1) == ["10.0.6.1", "10.0.6.2", "10.0.6.3"]
    assert held(inventory, WEB2) == ["10.0.6.4", "10.0.6.5"]
    row = inventory.nics.set_index("nic_id").loc[WEB1]
    assert (row["subnet_id"], row["primary_ipv4"]) == ("sub-gw", "10.0.6.1")


def test_move_without_room_leaves_the_nic() -> None:
    """A vNIC that has no room in the new subnet stays whole in the old one, and is said."""
    scenario = account().what_if().move("nic-full", "sub-frag")
    assert len(held(scenario.inventory, "nic-full")) == 10
    assert scenario.problems["id"].tolist() == ["nic-full"]


# -- plans ---------------------------------------------------------------------------------------------------------


def test_saved_plan_is_followed(tmp_path: Path) -> None:
    """A plan and its file give the same inventory."""
    inventory = account()
    plan = inventory.plan(WEB1, ip_address_count=3)
    by_file = inventory.what_if().apply(plan.save(tmp_path / "plan.json")).inventory
    assert by_file.fingerprint == inventory.what_if().apply(plan).inventory.fingerprint
    assert by_file.fingerprint != inventory.fingerprint


def test_blocked_plan_is_not_followed() -> None:
    """A plan that would be refused is refused here too."""
    with pytest.raises(PlanBlockedError):
        account().what_if().apply(account().plan(WEB1, ip_addresses="10.0.4.20"))


def test_plan_whose_addresses_are_gone() -> None:
    """A plan that no longer fits names the address and its holder."""
    inventory = account()
    plan = inventory.plan(WEB1, ip_addresses="10.0.4.2")
    with pytest.raises(UsageError, match=r"10\.0\.4\.2 for nic-web1 is held by nic_primary new:sub-app:1"):
        inventory.what_if().add_nics("sub-app", 1).apply(plan)


def test_plan_twice_is_once() -> None:
    """What a vNIC has already is not added again."""
    inventory = account()
    plan = inventory.plan(WEB1, ip_address_count=2)
    once = inventory.what_if().apply(plan)
    assert once.apply(plan).inventory.fingerprint == once.inventory.fingerprint


def test_what_if_of_a_plan_is_what_applying_it_gives(world: World) -> None:
    """On the emulator the inventory after applying is the one that was thought of, holder by holder."""
    session = world.session()
    before = session.inventory()
    nics = before.nics[before.nics["status"].isin(["USED", "AVAILABLE"]) & (before.nic_used < 7)]
    batch = [{"nic_id": nic, "ip_address_count": 1 + n % 3} for n, nic in enumerate(nics["nic_id"].head(12))]
    unsure = set(before.plan(batch).frame.query("verdict != 'OK'")["nic_id"])
    plan = before.plan([row for row in batch if row["nic_id"] not in unsure])
    assert plan.ok
    assert len(plan.calls) > 5
    thought = before.what_if().apply(plan).inventory
    assert session.apply(plan).ok
    after = session.inventory()
    assert thought.fingerprint == after.fingerprint
    assert len(thought.diff(after)) == 0
    counts = [each.subnets.sort_values("subnet_id")["usage_ipv4_count"].tolist() for each in (thought, after)]
    assert counts[0] == counts[1]


# -- requests ------------------------------------------------------------------------------------------------------


def test_requests_are_the_additions() -> None:
    """Growth of vNICs that exist becomes one row each, with the very addresses."""
    inventory = account()
    scenario = inventory.what_if().grow(2, subnet_id="sub-db")
    assert scenario.requests().to_dict("records")[0] == {
        "nic_id": DB,
        "ip_addresses": "10.0.5.4, 10.0.5.5",
        "subnet_id": "sub-db",
        "exists": True,
    }


def test_requests_plan_to_the_same_inventory() -> None:
    """Planning a scenario's requests on what is now leads to the scenario."""
    inventory = account()
    scenario = inventory.what_if().grow(2, subnet_id="sub-db").grow(1, nic_ids=[FRAG])
    plan = inventory.plan(scenario.requests())
    assert plan.ok
    assert inventory.what_if().apply(plan).inventory.fingerprint == scenario.inventory.fingerprint


def test_requests_of_new_nics_can_be_left_out() -> None:
    """VNICs that have to be made first are marked, and can be left out."""
    scenario = account().what_if().add_nics("sub-app", 2, 3).grow(1, nic_ids=[DB]).move(WEB1, "sub-gw")
    assert sorted(scenario.requests()["nic_id"]) == sorted([DB, WEB1, "new:sub-app:1", "new:sub-app:2"])
    assert scenario.requests(new=False)["nic_id"].tolist() == [DB]


def test_nothing_asked_gives_no_requests() -> None:
    """A scenario that only releases asks for nothing."""
    assert len(account().what_if().drain(WEB1).requests()) == 0


# -- laws ----------------------------------------------------------------------------------------------------------

STEPS: dict[str, Step] = {
    "add": lambda s: s.add_nics("sub-app", 3, 4),
    "grow": lambda s: s.grow(1),
    "drain": lambda s: s.drain(["nic-full", "nic-gw"]),
    "reserve": lambda s: s.reserve("10.0.4.50-60"),
    "move": lambda s: s.move([WEB2, "nic-public"], "sub-gw"),
    "widen": lambda s: s.widen("sub-db", 27) if s.inventory.geometry.usable[1] == 13 else s,
    "split": lambda s: s.split("sub-dual", 26) if "sub-dual" in set(s.inventory.subnets["subnet_id"]) else s,
}


@settings(max_examples=10)
@given(st.lists(st.sampled_from(sorted(STEPS)), max_size=5))
def test_steps_never_change_what_they_are_given(names: list[str]) -> None:
    """Whatever is chained, the inventory at the start and every scenario on the way stay as they were."""
    scenario = account().what_if()
    passed = [(scenario, scenario.inventory.fingerprint, scenario.steps, len(scenario.claims))]
    for name in names:
        scenario = STEPS[name](scenario)
        passed.append((scenario, scenario.inventory.fingerprint, scenario.steps, len(scenario.claims)))
    for each, fingerprint, steps, claims in passed:
        fresh = Inventory.from_frames(
            subnets=each.inventory.subnets, nics=each.inventory.nics, holders=each.inventory.holders
        )
        assert fresh.fingerprint == fingerprint
        assert (each.steps, len(each.claims)) == (steps, claims)
    assert passed[0][1] == account().fingerprint


@settings(max_examples=10)
@given(st.lists(st.sampled_from(sorted(STEPS)), max_size=3), st.lists(st.sampled_from(sorted(STEPS)), max_size=3))
def test_scenarios_compose(first: list[str], second: list[str]) -> None:
    """Going on from a scenario is the same as beginning anew from the inventory it resulted in."""
    scenario = account().what_if()
    for name in first:
        scenario = STEPS[name](scenario)
    anew = scenario.inventory.what_if(claims=scenario.claims)
    for name in second:
        scenario, anew = STEPS[name](scenario), STEPS[name](anew)
    assert scenario.inventory.fingerprint == anew.inventory.fingerprint
    assert scenario.claims.equals(anew.claims)


@settings(max_examples=10)
@given(st.lists(st.sampled_from(sorted(STEPS)), max_size=4))
def test_no_address_is_held_twice(names: list[str]) -> None:
    """Held addresses, unseen ones and free ones always add up to the subnet's size."""
    scenario = account().what_if()
    for name in names:
        scenario = STEPS[name](scenario)
    inventory = scenario.inventory
    occupancy = inventory.occupancy()
    assert (occupancy["used"] + occupancy["free"] == occupancy["usable"]).all()
    assert (occupancy["used"] == (inventory.seen + inventory.unseen)[inventory.geometry.ipv4]).all()


def test_repr_says_what_was_done() -> None:
    """The repr is the chain of steps and how many problems there were."""
    scenario = account().what_if("plan B").add_nics("sub-db", 20)
    assert repr(scenario) == "Scenario(plan B: add 11 vNICs with 1 address each to sub-db, 1 problem)"


def test_what_if_of_any_plan_is_what_applying_it_gives(world: World) -> None:
    """Plan after plan of chosen and explicit addresses, whatever the policy: thought and done are the same."""
    session = world.session()
    for number, policy in enumerate(POLICIES):
        before = session.inventory()
        able = before.nics[before.nics["status"].isin(["USED", "AVAILABLE"]) & (before.nic_used < 8)]
        batch = [{"nic_id": nic, "ip_address_count": 1 + number % 2} for nic in able["nic_id"].iloc[number::30]]
        unsure = set(before.plan(batch, policy=policy).frame.query("verdict != 'OK'")["nic_id"])
        plan = before.plan([row for row in batch if row["nic_id"] not in unsure], policy=policy)
        assert plan.ok, policy
        assert len(plan.calls), policy
        thought = before.what_if().apply(plan).inventory
        assert session.apply(plan).ok
        assert thought.fingerprint == session.inventory().fingerprint, policy


# -- what cannot be ------------------------------------------------------------------------------------------------

WRONG: dict[str, tuple[Callable[[Scenario[Inventory]], object], str]] = {
    "a limit of words": (lambda s: s.add_nics("sub-app", 1, 2, nic_limit="x"), "nic_limit is a whole number"),  # type: ignore[arg-type]
    "a limit below one": (lambda s: s.grow(1, nic_limit=-1), "nic_limit is a whole number of 1 or more, not -1"),
    "a number beyond measure": (lambda s: s.grow(10**18, nic_limit=None), "by is a whole number of 1 or more, not 10"),
    "ids of numbers": (lambda s: s.drain([1]), "vNIC ids are text, not 1"),  # type: ignore[list-item]
    "no ids": (lambda s: s.drain(None), "vNIC ids are text, not None"),  # type: ignore[arg-type]
    "a subnet's name": (lambda s: s.add_nics("app", 1), "that is a name, its id is sub-app"),
    "a subnet that is not there": (lambda s: s.move(WEB1, "nowhere"), "no subnet 'nowhere'"),
    "a subnet without IPv4": (lambda s: s.move(WEB1, "sub-six"), "sub-six has no IPv4"),
    "no range": (lambda s: s.reserve([]), r"a range is an address, a range or a CIDR as text, not \[\]"),
    "a range of nothing": (lambda s: s.reserve(None), "as text, not None"),  # type: ignore[arg-type]
    "a range in no such subnet": (lambda s: s.reserve("10.0.4.2", subnet_id="nowhere"), "no subnet 'nowhere'"),
    "a plan that is none": (lambda s: s.apply(s), "apply takes a plan or the path of a saved one, not Scenario"),  # type: ignore[arg-type]
    "a prefix that is a flag": (lambda s: s.widen("sub-app", True), "widens to /8 to /23, not /True"),
    "a prefix beyond all": (lambda s: s.widen("sub-public", 7), "widens to /8 to /23, not /7"),
}


@pytest.mark.parametrize("wrong", WRONG)
def test_steps_that_cannot_be(wrong: str) -> None:
    """What cannot mean anything is refused at once, and said."""
    step, words = WRONG[wrong]
    with pytest.raises(UsageError, match=words):
        step(account().what_if())


@pytest.mark.parametrize("claims", [["10.0.4.2"], pd.DataFrame({"owner": ["Ann"]})])
def test_claims_that_are_none(claims: Any) -> None:
    """Claims without ranges are refused, by a scenario as by a plan."""
    for begin in (account().what_if, lambda claims: account().plan(WEB1, ip_address_count=1, claims=claims)):
        with pytest.raises(UsageError, match="claims are a DataFrame with a column range"):
            begin(claims=claims)


def test_a_billion_nics_take_no_memory() -> None:
    """What finds no room is counted, not made."""
    scenario = account().what_if().add_nics("sub-app", 10**9, 10)
    assert scenario.problems["count"].tolist() == [(10**9 - 23) * 10]
    assert scenario.steps == ("add 23 vNICs with 10 addresses each to sub-app",)


def test_named_nics_of_another_subnet_are_said() -> None:
    """A vNIC asked for by name and by a subnet it is not in is not passed over in silence."""
    problems = account().what_if().grow(1, nic_ids=[WEB1, DB], subnet_id="sub-app").problems
    assert problems[["id", "problem"]].to_numpy().tolist() == [[DB, "is not in sub-app"]]


def test_who_finds_no_room_leaves_it_to_the_next() -> None:
    """Of vNICs that are moved together the small one fits where the large one does not."""
    scenario = account().what_if().move(["nic-full", WEB1, WEB2], "sub-frag")
    assert scenario.problems["id"].tolist() == ["nic-full"]
    assert held(scenario.inventory, WEB1) == ["10.0.9.3", "10.0.9.4", "10.0.9.6"]
    assert held(scenario.inventory, WEB2) == ["10.0.9.7", "10.0.9.9"]


def test_moved_nic_without_addresses_gets_a_primary() -> None:
    """A vNIC of IPv6 that is made anew in an IPv4 subnet has an address there, and can take more."""
    inventory = account().what_if().move("nic-six", "sub-app").grow(1, nic_ids=["nic-six"]).inventory
    assert held(inventory, "nic-six") == ["10.0.4.2", "10.0.4.3"]


def test_reserving_what_is_nowhere_is_said() -> None:
    """A range that no subnet has keeps nothing free."""
    scenario = account().what_if().reserve(["10.0.4.200-210", "99.0.0.1"])
    assert scenario.problems[["what", "id", "problem"]].to_numpy().tolist() == [
        ["range", "99.0.0.1", "lies in no IPv4 subnet of this inventory"]
    ]
    outside = account().what_if().reserve("10.0.5.3", subnet_id="sub-app")
    assert outside.problems["problem"].tolist() == ["lies outside sub-app"]


def test_widen_beyond_the_vpc() -> None:
    """A subnet cannot be larger than its VPC, where that is known; a secondary CIDR will do."""
    frames = account()
    vpcs = pd.DataFrame(
        {"vpc_id": ["vpc-b"], "cidr_block": "10.0.4.0/22", "secondary_cidr_blocks": "10.0.0.0/20, 172.16.0.0/12"}
    )
    inventory = Inventory.from_frames(vpcs=vpcs, subnets=frames.subnets, nics=frames.nics, holders=frames.holders)
    assert inventory.what_if().widen("sub-twin", 20).ok
    with pytest.raises(UsageError, match=r"cannot widen to 10\.0\.0\.0/19: its VPC has 10\.0\.4\.0/22, 10\.0\.0\.0/20"):
        inventory.what_if().widen("sub-twin", 19)


def test_plan_whose_nic_is_gone() -> None:
    """A plan for a vNIC that the scenario deleted names it."""
    inventory = account()
    plan = inventory.plan(WEB1, ip_addresses="10.0.4.2")
    with pytest.raises(UsageError, match="vNIC 'nic-web1', which is not here"):
        inventory.what_if().drain(WEB1, delete=True).apply(plan)


def test_plan_whose_nic_moved_away() -> None:
    """A plan for addresses of a subnet that its vNIC has left names the address."""
    inventory = account()
    plan = inventory.plan(WEB1, ip_addresses="10.0.4.2")
    with pytest.raises(UsageError, match=r"10\.0\.4\.2 for nic-web1 is outside its subnet"):
        inventory.what_if().move(WEB1, "sub-gw").apply(plan)
