"""Free blocks of VPCs, judged by the standard library."""

from __future__ import annotations

from ipaddress import IPv4Network, collapse_addresses
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.cloud.scripted import beside
from tests.emulator.account import Account
from zecnb.capacity.room import free_blocks, overlaps, places
from zecnb.cloud.reader import read_inventory
from zecnb.errors import UsageError
from zecnb.inventory import Inventory


def inventory(vpcs: dict[str, str | None], subnets: list[tuple[str, str]], **secondary: str) -> Inventory:
    """Return VPCs with CIDRs, and subnets: VPC and CIDR; and the secondary CIDRs of VPCs."""
    more = [secondary.get(vpc) for vpc in vpcs]
    return Inventory.from_frames(
        vpcs=pd.DataFrame({"vpc_id": list(vpcs), "cidr_block": list(vpcs.values()), "secondary_cidr_blocks": more}),
        subnets=pd.DataFrame(
            [
                {"subnet_id": f"s{n}", "vpc_id": vpc, "cidr_block": cidr, "stack_type": "IPv4"}
                for n, (vpc, cidr) in enumerate(subnets)
            ],
            columns=["subnet_id", "vpc_id", "cidr_block", "stack_type"],
        ),
        nics=pd.DataFrame(columns=["nic_id", "subnet_id", "status"]),
        holders=pd.DataFrame(columns=["subnet_id", "address", "kind", "holder_id"]),
    )


def test_free_blocks_are_what_subnets_leave() -> None:
    """A /16 less one /24 at its start leaves one block of each size up to the half."""
    blocks = free_blocks(inventory({"v": "10.0.0.0/16"}, [("v", "10.0.0.0/24")]))
    assert blocks["cidr"].tolist() == [f"10.0.{1 << n}.0/{24 - n}" for n in range(8)]
    assert int(blocks["size"].sum()) == 65536 - 256


def test_empty_vpc_is_one_block() -> None:
    """A VPC without subnets is free as a whole, the largest there is too."""
    assert free_blocks(inventory({"v": "10.0.0.0/8"}, []))["cidr"].tolist() == ["10.0.0.0/8"]


def test_full_vpc_has_none() -> None:
    """A VPC that its subnets fill has no free block, nor one whose CIDR nobody told."""
    full = inventory({"v": "10.0.0.0/24", "w": None}, [("v", "10.0.0.0/25"), ("v", "10.0.0.128/25")])
    assert len(free_blocks(full)) == 0


def test_secondary_cidrs_count() -> None:
    """Secondary CIDRs are room too, joined where they meet."""
    blocks = free_blocks(inventory({"v": "10.0.0.0/24"}, [], v="10.0.1.0/24, 172.16.0.0/24"))
    assert blocks["cidr"].tolist() == ["10.0.0.0/23", "172.16.0.0/24"]


def test_secondary_cidrs_are_read() -> None:
    """What a VPC was given beside its first CIDR is read from the API, and is room until a subnet takes it."""
    with Account() as account:
        vpc = account.vpc("10.0.0.0/24")
        for block in ("192.168.0.0/24", "172.16.0.0/16"):
            account.ask("AssociateVpcCidrBlock", vpcId=vpc, cidrBlock=block)
        account.subnet("10.0.0.0/24", vpc=vpc)
        account.subnet("192.168.0.0/25", vpc=vpc)
        with beside(account.emulator, lambda _: None) as client:
            read = read_inventory(client)
    assert read.vpcs["secondary_cidr_blocks"].tolist() == ["192.168.0.0/24, 172.16.0.0/16"]
    assert free_blocks(read, vpc)["cidr"].tolist() == ["172.16.0.0/16", "192.168.0.128/25"]


def test_vpcs_with_equal_cidrs_stay_apart() -> None:
    """A subnet takes room in its own VPC only."""
    blocks = free_blocks(inventory({"v": "10.0.0.0/24", "w": "10.0.0.0/24"}, [("v", "10.0.0.0/25")]))
    assert blocks[["vpc_id", "cidr"]].to_numpy().tolist() == [["v", "10.0.0.128/25"], ["w", "10.0.0.0/24"]]


@st.composite
def cut(draw: st.DrawFn) -> list[str]:
    """Draw disjoint subnets of 10.0.0.0/20."""
    left = [IPv4Network("10.0.0.0/20")]
    chosen = []
    for _ in range(draw(st.integers(0, 6))):
        if not left:
            break
        whole = left.pop(draw(st.integers(0, len(left) - 1)))
        prefix = draw(st.integers(whole.prefixlen, 27))
        parts = list(whole.subnets(new_prefix=prefix))
        taken = parts[draw(st.integers(0, len(parts) - 1))]
        chosen.append(str(taken))
        left += list(whole.address_exclude(taken)) if taken != whole else []
    return chosen


@given(cut())
def test_blocks_agree_with_the_standard_library(taken: list[str]) -> None:
    """Free blocks are exactly those that ``ipaddress`` collapses the rest into."""
    rest = [IPv4Network("10.0.0.0/20")]
    for cidr in map(IPv4Network, taken):
        rest = [part for each in rest for part in (each.address_exclude(cidr) if cidr.subnet_of(each) else [each])]
    blocks = free_blocks(inventory({"v": "10.0.0.0/20"}, [("v", cidr) for cidr in taken]))
    assert blocks["cidr"].tolist() == [str(each) for each in collapse_addresses(rest)]


def test_places_prefer_the_smallest_block() -> None:
    """A new subnet goes first where it leaves large blocks whole."""
    found = places(inventory({"v": "10.0.0.0/16"}, [("v", "10.0.0.0/24")]), 25)
    assert found.iloc[0].tolist() == ["v", "10.0.1.0/25", "10.0.1.0/24", 2]
    assert int(found["places"].sum()) == (65536 - 256) // 128


def test_places_of_a_size_that_is_nowhere() -> None:
    """Where no block is large enough there is no place."""
    assert len(places(inventory({"v": "10.0.0.0/16"}, [("v", "10.0.0.0/24")]), 16)) == 0


@pytest.mark.parametrize("prefix", [7, 30, 24.0, True])
def test_prefix_that_cannot_be(prefix: Any) -> None:
    """A prefix ZEC does not make is refused."""
    with pytest.raises(UsageError, match="prefix is 8 to 29"):
        places(inventory({"v": "10.0.0.0/16"}, []), prefix)


def test_vpc_that_is_not_there() -> None:
    """An unknown VPC is named."""
    with pytest.raises(UsageError, match="no VPC 'w'"):
        free_blocks(inventory({"v": "10.0.0.0/16"}, []), "w")


def test_vpc_cidr_that_is_none() -> None:
    """A CIDR that cannot be read is said."""
    with pytest.raises(UsageError, match="VPC CIDR"):
        free_blocks(inventory({"v": "10.0.0.0/33"}, []))
    with pytest.raises(UsageError, match="VPC CIDR"):
        free_blocks(inventory({"v": "10.0.0.0/16"}, [], v="10.1.0.0"))


def test_one_vpc_alone() -> None:
    """Only the VPC asked for is looked at."""
    blocks = free_blocks(inventory({"v": "10.0.0.0/24", "w": "10.1.0.0/24"}, []), "w")
    assert blocks["cidr"].tolist() == ["10.1.0.0/24"]


def test_overlaps_are_pairs_of_vpcs() -> None:
    """Equal and nested CIDRs of different VPCs overlap; neighbours do not, nor CIDRs of one VPC."""
    vpcs = {"a": "10.0.0.0/8", "b": "10.1.0.0/16", "c": "10.1.0.0/16", "d": "11.0.0.0/8"}
    found = overlaps(inventory(vpcs, [], a="10.2.0.0/16"))
    assert found[["vpc_id", "other_vpc_id", "shared"]].to_numpy().tolist() == [
        ["a", "b", 65536],
        ["a", "c", 65536],
        ["b", "c", 65536],
    ]


@given(st.lists(st.tuples(st.integers(0, 15), st.integers(20, 28)), max_size=8))
def test_overlaps_agree_with_the_standard_library(drawn: list[tuple[int, int]]) -> None:
    """Two VPCs are a pair exactly when ``ipaddress`` says that their CIDRs overlap."""
    cidrs = [IPv4Network((0x0A000000 + (at << 8), prefix), strict=False) for at, prefix in drawn]
    found = overlaps(inventory({f"v{n}": str(cidr) for n, cidr in enumerate(cidrs)}, []))
    pairs = {frozenset(pair) for pair in found[["vpc_id", "other_vpc_id"]].to_numpy().tolist()}
    assert pairs == {
        frozenset((f"v{a}", f"v{b}")) for a in range(len(cidrs)) for b in range(a) if cidrs[a].overlaps(cidrs[b])
    }


def test_places_of_a_scenario_and_of_numpy() -> None:
    """A scenario's subnets count, and a prefix may be numpy's."""
    made = inventory({"v": "10.0.0.0/16"}, [("v", "10.0.0.0/24")])
    pd.testing.assert_frame_equal(places(made.what_if(), np.int64(24)), places(made, 24))
    assert len(overlaps(made.what_if())) == 0


def test_unknown_vpc() -> None:
    """A VPC that is not there is said, with how many there are."""
    with pytest.raises(UsageError, match=r"no VPC 'w' in this inventory, which has 1$"):
        free_blocks(inventory({"v": "10.0.0.0/16"}, []), "w")
