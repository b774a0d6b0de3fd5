"""What a plan asks for without what is wrong in it."""

from __future__ import annotations

import ipaddress
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.planner.accounts import held_offsets, one_subnet
from zecnb.tokens import expand, split

HELD = held_offsets(26)
TOKENS = st.lists(
    st.integers(0, 70).map(lambda at: f"10.0.0.{at}") | st.sampled_from(["ten", "10.0.0.300"]), max_size=4
)
ROWS = st.lists(
    st.fixed_dictionaries(
        {"nic_id": st.sampled_from(["n0", "n1", "n2", "none", ""])},
        optional={
            "ip_addresses": TOKENS.map(", ".join),
            "ip_address_count": st.integers(-1, 5),
            "owner": st.text("ab="),
        },
    ),
    min_size=1,
    max_size=6,
)


def numbers(text: str) -> list[int]:
    """Return the addresses of a cell."""
    return expand(split(text)).value.tolist()


@settings(max_examples=60, deadline=None)
@given(held=HELD, rows=ROWS)
def test_what_is_kept_and_what_is_left_out(held: list[int], rows: list[dict[str, Any]]) -> None:
    """Held against the plan row by row: good addresses and counts stay, everything else is told with its reason."""
    asked = [{"ip_addresses": None, "owner": "", **row} for row in rows]
    plan = one_subnet("10.0.0.0/26", held, nics=3).plan(asked, nic_limit=99)
    fixed = plan.corrected()
    at = 0
    for label, part in plan.frame.groupby("row", sort=True):
        twice = part["codes"].map(lambda codes: any(code.startswith("DUPLICATE") for code in codes)).astype(bool)
        good = part["verdict"].isin(["OK", "RISK"]) & ~twice
        if not good.any():
            continue
        row, kept, away = fixed.iloc[at], part[good], part[~good]
        at += 1
        named = kept.loc[kept["mode"] == "explicit", "address"]
        assert row["nic_id"] == part["nic_id"].iloc[0]
        assert row["owner"] == asked[int(label)]["owner"]
        assert numbers(row["ip_addresses"]) == sorted({int(ipaddress.ip_address(each)) for each in named})
        assert row["ip_address_count"] == (str(len(kept) - len(named)) if len(kept) > len(named) else "")
        told = [f"{each.address}: {each.reason}" for each in away.itertuples() if each.address]
        assert row["left_out"] == "; ".join(told)
    assert at == len(fixed)


@settings(max_examples=30, deadline=None)
@given(held=HELD, rows=ROWS)
def test_the_corrected_batch_has_no_block(held: list[int], rows: list[dict[str, Any]]) -> None:
    """Planned again, what was kept has the addresses it had and nothing that is blocked."""
    inventory = one_subnet("10.0.0.0/26", held, nics=3)
    asked = [{"ip_addresses": None, "owner": "", **row} for row in rows]
    plan = inventory.plan(asked, nic_limit=99)
    fixed = plan.corrected()
    if not len(fixed):
        return
    again = inventory.plan(fixed, nic_limit=99)
    assert again.ok
    assert again.verdicts.get("OK", 0) + again.verdicts.get("RISK", 0) == len(
        plan.frame[plan.frame["verdict"].isin(["OK", "RISK"])].drop_duplicates(["nic_id", "address"])
    )
    assert not again.corrected()["left_out"].any()


def test_ranges_are_written_short() -> None:
    """Neighbours that a row names become one range."""
    asked = [{"nic_id": "n0", "ip_addresses": "10.0.0.9, 10.0.0.10-12, 10.0.0.1, 10.0.0.20"}]
    fixed = one_subnet("10.0.0.0/26", []).plan(asked, nic_limit=99).corrected()
    assert fixed["ip_addresses"].tolist() == ["10.0.0.9-12, 10.0.0.20"]
    assert fixed["left_out"].tolist() == ["10.0.0.1: 10.0.0.1 is the gateway of 10.0.0.0/26"]


def test_long_ranges_can_be_read_again() -> None:
    """More addresses in a row than one range may stand for become several ranges, none of which is refused."""
    inventory = one_subnet("10.0.0.0/14", nics=2)
    batch = [{"nic_id": nic, "ip_addresses": f"10.{at}.0.2-10.{at}.255.254"} for at, nic in enumerate(["n0", "n1"])]
    plan = inventory.plan([*batch, {"nic_id": "n0", "ip_addresses": "10.0.255.255, 10.1.0.0-1"}], nic_limit=99_999)
    fixed = plan.corrected().assign(nic_id="n0")
    one = inventory.plan(
        [{"nic_id": "n0", "ip_addresses": ", ".join(fixed["ip_addresses"])}], nic_limit=10**6
    ).corrected()
    assert one["ip_addresses"].tolist() == ["10.0.0.2-10.0.255.255, 10.1.0.0-10.1.255.254"]
    assert inventory.plan(one[["nic_id", "ip_addresses"]], nic_limit=10**6).ok
