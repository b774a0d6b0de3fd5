"""What is offered instead of addresses that cannot be had."""

from __future__ import annotations

import ipaddress
import re
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.planner.accounts import held_offsets, one_subnet
from zecnb import lookup

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pandas as pd

    from zecnb.inventory import Inventory
    from zecnb.planner.plan import Plan

HELD = held_offsets(26)
ASKED = st.lists(st.tuples(st.sampled_from(["n0", "n1", "n2"]), st.integers(0, 63)), min_size=1, max_size=9)
few = settings(max_examples=60, deadline=None)


@pytest.fixture(params=["table", "sorted keys"], autouse=True, scope="module")
def how(request: pytest.FixtureRequest) -> Iterator[None]:
    """Small accounts are laid out as a table, others are searched: both must offer the same."""
    with pytest.MonkeyPatch.context() as patch:
        if request.param != "table":
            patch.setattr(lookup, "_NEVER", 0)
        yield


def account(held: list[int]) -> Inventory:
    """Return a subnet of 64 addresses with three vNICs, made anew: what was laid out before does not count."""
    return one_subnet("10.0.0.0/26", held, nics=3)


def offers(plan: Plan) -> pd.Series:
    """Return the offset offered to each blocked row, NaN where there is none."""
    blocked = plan.frame[plan.frame["verdict"] == "BLOCK"]
    return blocked["fix"].str.extract(r"^10\.0\.0\.(\d+) is the (?:nearest|next) free$")[0].astype(float)


@few
@given(held=HELD, asked=ASKED)
def test_offers_are_free_and_apart(held: list[int], asked: list[tuple[str, int]]) -> None:
    """No two rows that differ are offered the same, and nobody is offered what the plan takes."""
    plan = account(held).plan([{"nic_id": nic, "ip_addresses": f"10.0.0.{at}"} for nic, at in asked], nic_limit=99)
    rows = plan.frame.assign(offer=offers(plan)).dropna(subset="offer").drop_duplicates(["nic_id", "address"])
    assert rows["offer"].is_unique
    free = set(range(2, 63)) - set(held) - {at for _, at in asked}
    assert set(rows["offer"]) <= free
    blocked = plan.frame[plan.frame["verdict"] == "BLOCK"].drop_duplicates(["nic_id", "address"])
    assert len(rows) == min(len(blocked), len(free))


@few
@given(held=HELD, asked=ASKED)
def test_all_the_advice_together_gives_no_new_conflict(held: list[int], asked: list[tuple[str, int]]) -> None:
    """A batch in which every blocked address is replaced by what is offered for it has nothing blocked."""
    inventory = account(held)
    plan = inventory.plan([{"nic_id": nic, "ip_addresses": f"10.0.0.{at}"} for nic, at in asked], nic_limit=99)
    if plan.ok or offers(plan).isna().any():
        return
    instead = "10.0.0." + offers(plan).astype(int).astype("str")
    fixed = plan.frame.assign(ip_addresses=instead.reindex(plan.frame.index).fillna(plan.frame["address"]))
    assert inventory.plan(fixed[["nic_id", "ip_addresses"]], nic_limit=99).ok


@few
@given(held=HELD, at=st.integers(0, 63))
def test_one_alone_is_offered_the_nearest(held: list[int], at: int) -> None:
    """The lower of two as near; none where nothing is free."""
    plan = account(held).plan("n0", ip_addresses=f"10.0.0.{at}", nic_limit=99)
    free = [offset for offset in range(2, 63) if offset not in set(held)]
    if plan.ok:
        return
    fix = plan.frame["fix"].iloc[0]
    if not free:
        assert fix == "no address of the subnet is free"
        return
    nearest = min(free, key=lambda offset: (abs(offset - at), offset))
    assert fix == f"{ipaddress.ip_address('10.0.0.0') + nearest} is the nearest free"


def test_the_next_ones_are_said_to_be_next() -> None:
    """Rows that want the same get what is free beside it, in words that are true."""
    plan = account([10, 11, 12]).plan("n0", ip_addresses="10.0.0.10-12", nic_limit=99)
    assert plan.frame["fix"].tolist() == [
        "10.0.0.9 is the nearest free",
        "10.0.0.13 is the next free",
        "10.0.0.14 is the next free",
    ]


def test_too_few_for_all() -> None:
    """Where there are fewer free addresses than rows, the others are told so."""
    held = [at for at in range(2, 63) if at not in (30, 31)]
    fixes = account(held).plan("n0", ip_addresses="10.0.0.40-43", nic_limit=99).frame["fix"].tolist()
    assert [bool(re.match(r"10\.0\.0\.3[01] is", fix)) for fix in fixes].count(True) == 2
    assert fixes.count("the few free addresses are offered to other rows") == 2
