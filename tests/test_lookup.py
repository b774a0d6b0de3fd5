"""The laid-out table of addresses, held against sorted keys."""

from __future__ import annotations

import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from zecnb.geometry import Geometry
from zecnb.ledger import Ledger, Runs, keys_of, merge
from zecnb.lookup import AddressTable
from zecnb.schema import SUBNETS, conform

few = settings(max_examples=80, deadline=None)
PREFIXES = st.lists(st.integers(27, 32), min_size=1, max_size=5)


def geometry_of(blocks: list[str]) -> Geometry:
    """Return IPv4 subnets of those CIDRs."""
    frame = pd.DataFrame({"subnet_id": blocks, "cidr_block": blocks, "stack_type": "IPv4"})
    return Geometry.of(conform(frame, SUBNETS, required=("subnet_id",), what="subnets"))


@st.composite
def held(draw: st.DrawFn) -> tuple[Geometry, np.ndarray, np.ndarray, np.ndarray]:
    """Draw subnets side by side, some of them touched, the keys held in all, and free keys that a plan takes."""
    prefixes = draw(PREFIXES)
    blocks = [f"10.0.{at}.0/{prefix}" for at, prefix in enumerate(prefixes)]
    geometry = geometry_of(blocks)
    every = np.arange(len(blocks))
    bounds = merge(keys_of(every, geometry.network), keys_of(every, geometry.broadcast))
    inside = np.concatenate(
        [keys_of(np.full(1 << (32 - p), at), geometry.network[at] + np.arange(1 << (32 - p), dtype=np.uint32))
         for at, p in enumerate(prefixes)]
    )  # fmt: skip
    some = np.array([draw(st.sampled_from("hpf")) for _ in inside])
    taken = merge(bounds, inside[some == "h"])
    touched = np.array(sorted(draw(st.sets(st.sampled_from(every.tolist())))), np.int64)
    planned = np.setdiff1d(inside[some == "p"], taken)
    return geometry, touched, taken, planned[np.isin(planned >> np.uint64(32), touched)]


def table_of(geometry: Geometry, keys: np.ndarray) -> AddressTable:
    """Return the table of those keys."""
    ledger = Ledger(keys, np.zeros(len(keys), np.uint8), np.zeros(len(keys), np.int32))
    table = AddressTable.of(geometry, ledger)
    assert table is not None
    return table


@few
@given(held())
def test_the_longest_free_run_is_that_of_the_sorted_keys(drawn: tuple) -> None:
    """Also where untouched subnets lie between those touched, and where nothing is free."""
    geometry, touched, taken, planned = drawn
    table = table_of(geometry, taken)
    longest = table.longest_free(touched, table.places_of(planned[::-1]))
    assert longest.tolist() == Runs.between(merge(taken, planned)).longest(touched).tolist()


@few
@given(held())
def test_marked_places_are_the_keys_again(drawn: tuple) -> None:
    """Keys to places and back, sorted."""
    geometry, _, taken, _ = drawn
    table = table_of(geometry, taken)
    assert table.keys(table.entry >= 0).tolist() == taken.tolist()


def test_a_mostly_empty_range_is_not_laid_out() -> None:
    """A /8 with nothing in it would be 64 MB of nothing."""
    geometry = geometry_of(["10.0.0.0/8"])
    nothing = np.zeros(0, np.uint64)
    assert AddressTable.of(geometry, Ledger(nothing, nothing.astype(np.uint8), nothing.astype(np.int32))) is None
