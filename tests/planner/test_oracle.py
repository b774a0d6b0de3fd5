"""Plans against a second opinion, where the emulator cannot judge: claims, exclusions, age, earlier runs."""

from __future__ import annotations

import ipaddress
from datetime import UTC, datetime, timedelta
from typing import Any

import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.planner.oracle import Claim, Oracle
from zecnb.inventory import Inventory

CIDR = "10.0.0.0/27"
HOSTS = [str(host) for host in ipaddress.IPv4Network(CIDR)]

offsets = st.integers(0, 31)
spans = st.tuples(offsets, offsets).map(sorted)


@st.composite
def worlds(draw: st.DrawFn) -> dict[str, Any]:
    """Draw one subnet with two vNICs, a HaVip, claims of every kind and a past."""
    places = draw(st.permutations(range(2, 31)))
    primary = {"nic-a": HOSTS[places[0]], "nic-b": HOSTS[places[1]]}
    held = {address: nic for nic, address in primary.items()}
    for at in places[2 : 2 + draw(st.integers(0, 12))]:
        held[HOSTS[at]] = draw(st.sampled_from(["nic-a", "nic-b", "havip-1"]))
    claims = [
        Claim(HOSTS[low], HOSTS[high], kind)
        for (low, high), kind in draw(st.lists(st.tuples(spans, st.sampled_from(["bind", "warn"])), max_size=3))
    ]
    excluded = [Claim(HOSTS[low], HOSTS[high], "bind") for low, high in draw(st.lists(spans, max_size=1))]
    past = draw(st.dictionaries(st.sampled_from(HOSTS[2:31]), st.sampled_from(["refused", 20.0, 9e5]), max_size=5))
    return {
        "held": held,
        "primary": primary,
        "claims": claims,
        "excluded": excluded,
        "past": past,
        "dark": draw(st.booleans()),
        "age": draw(st.sampled_from([10.0, 4000.0])),
    }


def inventory(world: dict[str, Any]) -> Inventory:
    """Build what the planner sees."""
    kinds = {"havip-1": "havip"}
    rows = [
        ("s", address, kinds.get(who, "nic_primary" if world["primary"].get(who) == address else "nic_secondary"), who)
        for address, who in world["held"].items()
    ]
    usage = len(rows) + (3 if world["dark"] else 0)
    return Inventory.from_frames(
        subnets=pd.DataFrame(
            [{"subnet_id": "s", "vpc_id": "v", "cidr_block": CIDR, "stack_type": "IPv4", "usage_ipv4_count": usage}]
        ),
        nics=pd.DataFrame([{"nic_id": nic, "subnet_id": "s", "status": "USED"} for nic in world["primary"]]),
        holders=pd.DataFrame(rows, columns=["subnet_id", "address", "kind", "holder_id"]),
        observed_at=datetime.now(UTC) - timedelta(seconds=world["age"]),
    )


def oracle(world: dict[str, Any]) -> Oracle:
    """Build what the oracle sees."""
    return Oracle(
        CIDR,
        world["held"],
        world["primary"],
        [*world["excluded"], *world["claims"]],
        [address for address, what in world["past"].items() if what == "refused"],
        {address: what for address, what in world["past"].items() if what != "refused"},
        dark=world["dark"],
    )


def arguments(world: dict[str, Any]) -> dict[str, Any]:
    """Return what the plan is told besides."""
    claims = [
        (f"{claim.first}-{claim.last}", "Ann", "2999-01-01" if claim.kind == "bind" else "2020-01-01")
        for claim in world["claims"]
    ]
    past = [
        ("s", address, "refused" if what == "refused" else "released",
         datetime.now(UTC) - timedelta(seconds=60 if what == "refused" else what), "nic-gone")
        for address, what in world["past"].items()
    ]  # fmt: skip
    return {
        "exclude": [f"{claim.first}-{claim.last}" for claim in world["excluded"]],
        "claims": pd.DataFrame(claims, columns=["range", "owner", "until"]),
        "memory": pd.DataFrame(past, columns=["subnet_id", "address", "event", "at", "nic_id"]),
        "warn_at": 1.0,
        "critical_at": 1.0,
        "nic_limit": 1000,
    }


@settings(max_examples=150)
@given(worlds(), st.sampled_from(["nic-a", "nic-b"]), st.sampled_from([*HOSTS, "10.0.1.4"]))
def test_one_address(world: dict[str, Any], nic: str, address: str) -> None:
    """The findings about an address are those that plain reasoning gives."""
    plan = inventory(world).plan(nic, ip_addresses=[address], **arguments(world))
    expected = oracle(world).codes(nic, address, stale=world["age"] > 300)
    assert set(plan.frame["codes"].iloc[0]) == expected


@settings(max_examples=100)
@given(worlds(), st.integers(1, 30))
def test_lowest(world: dict[str, Any], count: int) -> None:
    """A count gets the lowest addresses that plain reasoning leaves, or is blocked when the API would lack them."""
    plan = inventory(world).plan("nic-a", ip_address_count=count, **arguments(world))
    free = oracle(world).free()
    api_free = 29 - len(world["held"]) - (3 if world["dark"] else 0)
    codes = set(plan.frame["codes"].iloc[0])
    if count > api_free:
        assert "SUBNET_INSUFFICIENT" in codes
    elif count > len(free):
        assert "EXCLUSIONS_LEAVE_TOO_FEW" in codes
    else:
        assert plan.frame["address"].tolist() == oracle(world).lowest(count)
