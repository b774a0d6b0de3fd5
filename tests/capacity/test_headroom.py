"""Whether so many more fit."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.planner.accounts import EVIL, account, held_offsets, one_subnet
from zecnb.capacity.headroom import headroom
from zecnb.errors import UsageError
from zecnb.inventory import Inventory


def test_more_fits_up_to_what_is_free() -> None:
    """A subnet holds exactly as many more as it has free."""
    free = int(account().left[0])
    assert headroom(account(), subnet_id="sub-app", more=free)
    short = headroom(account(), subnet_id="sub-app", more=free + 2)
    assert (short.fits, short.short, short.wanted) == (False, 2, free + 2)


def test_unseen_addresses_are_not_free() -> None:
    """What the API counts and nobody lists takes room."""
    assert headroom(one_subnet("10.0.0.0/28", usage=12), more=1).fits
    assert not headroom(one_subnet("10.0.0.0/28", usage=13), more=1).fits


def test_claims_take_room() -> None:
    """Reserved ranges are not free."""
    claims = pd.DataFrame({"range": ["10.0.0.2-10.0.0.9"]})
    assert headroom(one_subnet("10.0.0.0/28"), more=5, claims=claims).fits
    assert headroom(one_subnet("10.0.0.0/28"), more=6, claims=claims).short == 1


def test_vpc_shares_among_its_subnets() -> None:
    """For a VPC it is enough that its subnets together have room."""
    frame = headroom(account(), vpc_id="vpc-a", more=1000).frame
    assert "sub-twin" not in set(frame["subnet_id"])
    assert headroom(account(), vpc_id="vpc-a", more=int(frame["free"].sum())).fits
    assert headroom(account(), vpc_id="vpc-a", more=int(frame["free"].sum()) + 1).short == 1


def test_per_nic_counts_nics_that_take_addresses() -> None:
    """Each vNIC that can take IPv4 addresses wants its part; others want nothing."""
    row = headroom(account(), subnet_id="sub-dual", per_nic=3).frame.iloc[0]
    assert (row["nics"], row["wanted"]) == (1, 3)


def test_per_nic_beyond_the_limit() -> None:
    """VNICs that would exceed their limit are counted, though the subnet has room."""
    found = headroom(account(), subnet_id="sub-app", per_nic=1)
    assert (found.short, found.over_limit, found.fits) == (0, 1, False)


def test_without_a_limit() -> None:
    """Without a limit no vNIC exceeds it, and only the subnet's room counts."""
    found = headroom(account(), subnet_id="sub-app", per_nic=70, nic_limit=None)
    assert (found.short, found.over_limit, found.fits) == (0, 0, True)
    assert found.frame["nic_room"].isna().all()
    assert headroom(account(), subnet_id="sub-app", per_nic=79, nic_limit=None).short == 2


def test_numbers_add_up() -> None:
    """Used, reserved and free are all that is usable, whatever is claimed or unseen."""
    claims = pd.DataFrame({"range": ["10.0.8.0/24", "10.0.4.0/25"]})
    frame = headroom(account(), more=0, claims=claims).frame
    assert (frame["used"] + frame["reserved"] + frame["free"] == frame["usable"]).all()
    dark = frame.set_index("subnet_id").loc["sub-dark"]
    assert dark[["used", "reserved", "free"]].tolist() == [13, 240, 0]


def test_to_limit_wants_what_each_nic_may_have() -> None:
    """To the limit means ten less what each vNIC has."""
    found = headroom(account(), subnet_id="sub-db", to_limit=True)
    assert (found.wanted, found.short) == (18, 7)


@settings(max_examples=40)
@given(held_offsets(26), st.integers(0, 60))
def test_verdict_agrees_with_the_what_if(held: list[int], more: int) -> None:
    """So many more fit if and only if so many new vNICs can be added in thought."""
    inventory = one_subnet("10.0.0.0/26", held=held)
    fits = headroom(inventory, more=more).fits
    assert fits == (more == 0 or inventory.what_if().add_nics("s", more).ok)


@pytest.mark.parametrize(
    "given_",
    [
        {},
        {"more": 1, "per_nic": 1},
        {"more": -1},
        {"more": 1.5},
        {"more": True},
        {"more": 10**30},
        {"per_nic": -1},
        {"per_nic": 1, "nic_limit": 0},
        {"to_limit": True, "nic_limit": -4},
        {"to_limit": True, "nic_limit": None},
        {"more": 1, "claims": pd.DataFrame({"owner": ["Ann"]})},
        {"more": 1, "vpc_id": "x"},
        {"more": 1, "subnet_id": "x"},
    ],
)
def test_questions_that_cannot_be(given_: dict[str, Any]) -> None:
    """Exactly one question, of a subnet or VPC that is there."""
    with pytest.raises(UsageError):
        headroom(account(), **given_)


def test_subnet_outside_the_vpc() -> None:
    """A subnet named with another VPC is a mistake that is said."""
    with pytest.raises(UsageError, match="is not in VPC vpc-b"):
        headroom(account(), subnet_id="sub-app", vpc_id="vpc-b", more=1)


def test_html_escapes_names() -> None:
    """Names that hold markup are shown as text, under the answer."""
    base = account()
    evil = Inventory.from_frames(subnets=base.subnets.assign(name=EVIL), nics=base.nics, holders=base.holders)
    shown = headroom(evil, more=1)._repr_html_()
    assert EVIL not in shown
    assert "1 wanted, 1,503 free in 8 subnets: fits" in shown


def test_vpc_without_subnets() -> None:
    """A VPC that no subnet is in has no room."""
    base = account()
    vpcs = pd.DataFrame({"vpc_id": ["vpc-a", "vpc-b", "vpc-new"], "cidr_block": [None, None, "10.9.0.0/16"]})
    inventory = Inventory.from_frames(vpcs=vpcs, subnets=base.subnets, nics=base.nics, holders=base.holders)
    assert headroom(inventory, vpc_id="vpc-new", more=3).short == 3


def test_repr_is_the_answer() -> None:
    """The repr says what was wanted and whether it fits."""
    over = headroom(account(), subnet_id="sub-app", per_nic=1)
    assert repr(over) == "Headroom(3 wanted, 235 free in 1 subnet: 1 vNIC beyond the limit)"
    assert repr(headroom(one_subnet("10.0.0.0/28"), more=20)) == "Headroom(20 wanted, 13 free in 1 subnet: short by 7)"


def test_headroom_of_a_scenario() -> None:
    """A scenario is asked with what it adds and what it keeps."""
    scenario = account().what_if().add_nics("sub-app", 5).reserve("10.0.4.200-209")
    row = headroom(scenario, subnet_id="sub-app", more=1).frame.iloc[0]
    assert (row["used"], row["reserved"], row["free"]) == (23, 10, 220)
    with pytest.raises(UsageError, match="an inventory or a scenario is wanted"):
        headroom(None, more=1)  # type: ignore[arg-type]
