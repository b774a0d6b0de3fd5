"""How full and how fragmented subnets are: every number recomputed the slow way."""

from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.planner.accounts import WEB1, account, held_offsets, one_subnet
from zecnb.errors import UsageError
from zecnb.planner.occupancy import BLOCKS, cells
from zecnb.render.palette import Cell
from zecnb.schema import OCCUPANCY

few = settings(max_examples=30, deadline=None)
ACCOUNT = account()


@few
@given(held=held_offsets(26), usage=st.none() | st.integers(0, 61))
def test_numbers_of_a_subnet(held: list[int], usage: int | None) -> None:
    """Used, free, runs, fragmentation and aligned blocks are what counting address by address gives."""
    (row,) = one_subnet("10.0.0.0/26", held, usage=usage).occupancy("s").to_dict("records")
    free = [at for at in range(2, 63) if at not in set(held)]
    lengths: list[int] = []
    for before, at in zip([None, *free], free, strict=False):
        if before is not None and at == before + 1:
            lengths[-1] += 1
        else:
            lengths.append(1)
    used = max(len(held), usage or 0)
    assert (row["usable"], row["used"], row["free"]) == (61, used, 61 - used)
    assert row["unseen"] == used - len(held)
    assert row["utilisation"] == pytest.approx(used / 61)
    assert (row["runs"], row["largest_run"]) == (len(lengths), max(lengths, default=0))
    assert row["fragmentation"] == pytest.approx(1 - max(lengths) / len(free) if free else 0)
    for size in BLOCKS:
        blocks = [at for at in range(0, 64, size) if set(range(at, at + size)) <= set(free)]
        assert row[f"blocks_{size}"] == len(blocks)


def test_columns() -> None:
    """Names and dtypes are those of the schema, also where there is no subnet."""
    nothing = type(ACCOUNT).from_frames(
        subnets=ACCOUNT.subnets.iloc[:0], nics=ACCOUNT.nics.iloc[:0], holders=ACCOUNT.holders.iloc[:0]
    )
    for frame in (ACCOUNT.occupancy(), ACCOUNT.occupancy("sub-app"), nothing.occupancy()):
        assert {name: str(dtype) for name, dtype in frame.dtypes.items()} == {n: c.dtype for n, c in OCCUPANCY.items()}


def test_all_subnets_or_one() -> None:
    """Without a subnet every IPv4 one has a row, in the order of the inventory; with one, the same row alone."""
    everything = ACCOUNT.occupancy()
    assert everything["subnet_id"].tolist() == [
        "sub-app", "sub-db", "sub-gw", "sub-dual", "sub-dark", "sub-frag", "sub-public", "sub-twin",
    ]  # fmt: skip
    for at, subnet in enumerate(everything["subnet_id"]):
        alone = ACCOUNT.occupancy(subnet)
        pd.testing.assert_frame_equal(alone, everything.iloc[[at]].reset_index(drop=True))


def test_overlapping_subnets_are_apart() -> None:
    """Two VPCs with the same CIDR have numbers of their own."""
    used = ACCOUNT.occupancy().set_index("subnet_id")["used"]
    assert (used["sub-app"], used["sub-twin"]) == (18, 1)


def test_fragmented_subnet() -> None:
    """Runs of two and three: the longest is three of nine free addresses."""
    (row,) = ACCOUNT.occupancy("sub-frag").to_dict("records")
    assert (row["free"], row["runs"], row["largest_run"]) == (9, 4, 3)
    assert row["fragmentation"] == pytest.approx(1 - 3 / 9)


def test_which_subnets_there_are() -> None:
    """A subnet that is not there, or has no IPv4, is refused."""
    with pytest.raises(UsageError, match="no subnet 'gone' in this inventory of 9 subnets"):
        ACCOUNT.occupancy("gone")
    with pytest.raises(UsageError, match="subnet sub-six has no IPv4"):
        ACCOUNT.occupancy("sub-six")


@pytest.mark.parametrize("prefix", [29, 30, 31, 32])
def test_tiny_subnets(prefix: int) -> None:
    """Where nothing can be assigned the subnet is full, not empty."""
    (row,) = one_subnet(f"10.0.0.0/{prefix}").occupancy("s").to_dict("records")
    usable = max((1 << (32 - prefix)) - 3, 0)
    assert (row["usable"], row["free"], row["largest_run"]) == (usable, usable, usable)
    assert row["utilisation"] == (0 if usable else 1)


def test_full_subnet() -> None:
    """Nothing free: no run, no block, no fragmentation."""
    (row,) = one_subnet("10.0.0.0/28", range(2, 15)).occupancy("s").to_dict("records")
    assert (row["free"], row["runs"], row["largest_run"], row["fragmentation"]) == (0, 0, 0, 0)
    assert row["utilisation"] == 1


def test_usage_beyond_what_fits() -> None:
    """A count of the API that exceeds the subnet fills it; it never goes beyond."""
    (row,) = one_subnet("10.0.0.0/28", [2], usage=99).occupancy("s").to_dict("records")
    assert (row["used"], row["free"], row["utilisation"]) == (13, 0, 1)


def test_cells() -> None:
    """One cell for each address, by what holds it; a vNIC's own are marked when it is named."""
    at = ACCOUNT.subnet_position("sub-app")
    plain = cells(ACCOUNT, at)
    mine = cells(ACCOUNT, at, ACCOUNT.nic_position(WEB1))
    assert len(plain) == 256
    wanted = {0: 5, 1: 5, 255: 5, 10: 2, 11: 2, 20: 2, 30: 3, 40: 4, 41: 4, 60: 0}
    assert {i: int(plain[i]) for i in wanted} == wanted
    assert {i for i in range(256) if mine[i] == Cell.THIS_NIC} == {10, 11, 12}
    assert (plain[mine == Cell.THIS_NIC] == Cell.OTHER_NIC).all()


def test_cells_use_the_codes_of_the_palette() -> None:
    """The planner's numbers for cells are the palette's."""
    found = cells(ACCOUNT, ACCOUNT.subnet_position("sub-app"), ACCOUNT.nic_position(WEB1))
    assert {Cell(int(code)) for code in found} == {
        Cell.FREE, Cell.THIS_NIC, Cell.OTHER_NIC, Cell.HAVIP, Cell.LB, Cell.RESERVED,
    }  # fmt: skip
