"""An inventory, as people hold it: how it is asked, and how it shows itself."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import zecnb
from tests.planner.accounts import EVIL, FRAG, WEB1, account, frames, held_offsets, one_subnet
from zecnb.errors import UsageError
from zecnb.inventory import Inventory
from zecnb.planner.options import POLICIES
from zecnb.render.palette import Cell
from zecnb.requests import Requests

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

ACCOUNT = account()


def test_public_name() -> None:
    """It is what the package calls Inventory."""
    assert zecnb.Inventory is Inventory
    assert isinstance(ACCOUNT, Inventory)


# -- plan ------------------------------------------------------------------------------------------------------


def test_plan_of_one_nic_and_of_a_batch() -> None:
    """A vNIC with addresses, a list, a frame, a file's requests: the same question, the same answer."""
    rows = [{"nic_id": WEB1, "ip_addresses": "10.0.4.60-62"}]
    plans = [
        ACCOUNT.plan(WEB1, ip_addresses="10.0.4.60-62"),
        ACCOUNT.plan(rows),
        ACCOUNT.plan(pd.DataFrame(rows)),
        ACCOUNT.plan(Requests.from_frame(pd.DataFrame(rows))),
    ]
    for plan in plans:
        assert plan.frame["address"].tolist() == ["10.0.4.60", "10.0.4.61", "10.0.4.62"]
        assert plan.ok


def test_plan_of_a_file(tmp_path: Path) -> None:
    """A path is read; its other columns come along."""
    path = tmp_path / "requests.csv"
    path.write_text("nicId;Address;owner\nnic-web1;10.0.4.60;Ann\n", encoding="utf-8")
    frame = ACCOUNT.plan(str(path)).frame
    assert frame[["address", "owner"]].to_numpy().tolist() == [["10.0.4.60", "Ann"]]


def test_plan_asks_the_clock_for_the_age() -> None:
    """The inventory's own age decides whether a plan is stale, with no word from the caller."""
    old = account(observed_at=pd.Timestamp("2020-01-01"))
    assert old.plan(WEB1, ip_address_count=1).verdicts == {"RISK": 1}
    assert ACCOUNT.plan(WEB1, ip_address_count=1).verdicts == {"OK": 1}


def test_plan_changes_nothing() -> None:
    """Planning leaves the inventory as it was, for every policy."""
    before = account()
    for policy in POLICIES:
        before.plan(
            [{"nic_id": WEB1, "ip_address_count": 3}, {"nic_id": FRAG, "ip_addresses": "10.0.9.3"}], policy=policy
        )
    assert before.fingerprint == ACCOUNT.fingerprint
    assert before.holders.equals(ACCOUNT.holders)


# -- free addresses --------------------------------------------------------------------------------------------


@settings(max_examples=30, deadline=None)
@given(held=held_offsets(26), count=st.integers(1, 61))
def test_free(held: list[int], count: int) -> None:
    """The lowest free addresses, or how many there are."""
    free = [f"10.0.0.{at}" for at in range(2, 63) if at not in set(held)]
    inventory = one_subnet("10.0.0.0/26", held)
    if count <= len(free):
        assert inventory.free("s", count) == free[:count]
    else:
        with pytest.raises(UsageError, match=f"has {len(free)} free addresses, not {count}"):
            inventory.free("s", count)


@pytest.mark.parametrize("count", [0, -1])
def test_free_of_nothing(count: int) -> None:
    """Fewer than one is refused."""
    with pytest.raises(UsageError, match="ask for 1 or more"):
        ACCOUNT.free("sub-app", count)


def test_free_where() -> None:
    """A subnet that is not there, or has no IPv4, is refused."""
    with pytest.raises(UsageError, match="no subnet 'gone'"):
        ACCOUNT.free("gone", 1)
    with pytest.raises(UsageError, match="has no IPv4"):
        ACCOUNT.free("sub-six", 1)


# -- chart -----------------------------------------------------------------------------------------------------


def test_chart() -> None:
    """A chart shows who holds what, with the subnet's and the vNIC's name."""
    chart = ACCOUNT.chart("sub-app", nic_id=WEB1, dark=True)
    assert (chart.cidr, chart.title, chart.nic_name, chart.dark) == ("10.0.4.0/24", "app", "web-01", True)
    assert np.flatnonzero(chart.cells == Cell.THIS_NIC).tolist() == [10, 11, 12]
    assert ACCOUNT.chart("sub-dark").unseen == 12


def test_chart_without_a_nic() -> None:
    """Without a vNIC none is marked."""
    chart = ACCOUNT.chart("sub-app")
    assert Cell.THIS_NIC not in chart.cells
    assert chart.nic_name == ""


def test_chart_of_what_is_not_there() -> None:
    """A subnet or vNIC that is not there is refused with how many there are."""
    with pytest.raises(UsageError, match="no subnet 'gone' in this inventory of 9 subnets"):
        ACCOUNT.chart("gone")
    with pytest.raises(UsageError, match="no vNIC 'gone' in this inventory of 15 vNICs"):
        ACCOUNT.chart("sub-app", nic_id="gone")
    with pytest.raises(UsageError, match="subnet sub-six has no IPv4"):
        ACCOUNT.chart("sub-six")


# -- how it shows itself ---------------------------------------------------------------------------------------


def test_repr() -> None:
    """One line with what there is, how much of it is accounted for, and what could not be read."""
    assert repr(ACCOUNT) == "Inventory(2 VPCs, 9 subnets, 15 vNICs, 29 addresses, coverage 70.7 %)"
    sources = pd.DataFrame(
        [{"source": "havips", "status": "failed", "records": 0}, {"source": "lbs", "status": "partial", "records": 1}]
    )
    assert repr(account(sources=sources)).endswith(", partial: havips, lbs)")


def test_html_is_escaped() -> None:
    """Names are untrusted: none of them becomes markup."""
    given = frames()
    given["subnets"]["name"] = EVIL
    html = Inventory.from_frames(**given)._repr_html_()
    assert EVIL not in html
    assert "&lt;img" in html


# -- saved inventories -----------------------------------------------------------------------------------------


def test_save_and_load(tmp_path: Path) -> None:
    """What is read back is the same content, as old as it was, and gives the same plan."""
    back = Inventory.load(ACCOUNT.save(tmp_path / "inventory"))
    assert back.fingerprint == ACCOUNT.fingerprint
    assert back.observed_at == ACCOUNT.observed_at
    for name in ("vpcs", "subnets", "nics", "holders", "sources", "coverage"):
        pd.testing.assert_frame_equal(getattr(back, name), getattr(ACCOUNT, name))
    ask = [{"nic_id": WEB1, "ip_address_count": 3}]
    assert back.plan(ask).digest == ACCOUNT.plan(ask).digest


@pytest.mark.parametrize("name", ["vpcs.parquet", "nics.parquet", "holders.parquet", "inventory.json"])
def test_file_of_a_saved_inventory_that_is_missing(tmp_path: Path, name: str) -> None:
    """The missing file is named."""
    folder = ACCOUNT.save(tmp_path / "inventory")
    (folder / name).unlink()
    with pytest.raises(UsageError, match=rf"^\S*inventory is no saved inventory: {name} is missing$"):
        Inventory.load(folder)


def test_saved_inventory_that_was_cut(tmp_path: Path) -> None:
    """A file with fewer rows than were saved is refused; a folder of an older release does not say how many."""
    folder = ACCOUNT.save(tmp_path / "inventory")
    ACCOUNT.holders.head(10).to_parquet(folder / "holders.parquet")
    saved = len(ACCOUNT.holders)
    with pytest.raises(UsageError, match=rf"^\S*inventory: holders\.parquet has 10 rows, {saved} were saved"):
        Inventory.load(folder)
    about = json.loads((folder / "inventory.json").read_text(encoding="utf-8"))
    del about["rows"]
    (folder / "inventory.json").write_text(json.dumps(about), encoding="utf-8")
    assert len(Inventory.load(folder).holders) < saved


@pytest.mark.parametrize(
    "about",
    [
        '{"version": 1e999, "observed_at": "2026-01-01"}',
        '{"version": 1, "observed_at": "2026-01-01", "rows": 7}',
        '{"version": 1, "observed_at": "2026-01-01", "rows": {"nics": "7"}}',
        '{"version": 1, "observed_at": "9999-99-99"}',
        "[]",
        "{",
    ],
)
def test_saved_inventory_with_a_broken_description(tmp_path: Path, about: str) -> None:
    """Whatever ``inventory.json`` holds, what cannot be read is said in words."""
    folder = ACCOUNT.save(tmp_path / "inventory")
    (folder / "inventory.json").write_text(about, encoding="utf-8")
    with pytest.raises(UsageError, match="inventory"):
        Inventory.load(folder)


def test_difference() -> None:
    """An address that is taken later is named with who holds it; nothing is different from itself."""
    later = account([("sub-app", "10.0.4.99", "nic_secondary", WEB1)])
    assert ACCOUNT.diff(account()).empty
    rows = ACCOUNT.diff(later)
    taken = rows[rows["what"] == "address"]
    assert taken[["id", "subnet_id", "change"]].to_numpy().tolist() == [["10.0.4.99", "sub-app", "taken"]]
    assert "web-01" in taken["now"].iloc[0] or WEB1 in taken["now"].iloc[0]


# -- what to release to gain a block -------------------------------------------------------------------------------


def test_regain_names_the_cheapest_block() -> None:
    """The block with the fewest held addresses comes first, with who holds them; reserved blocks are left out."""
    frame = account().regain("sub-frag", 4)
    assert frame["block"].tolist() == ["10.0.9.4-10.0.9.7", "10.0.9.8-10.0.9.11"]
    assert frame["to_release"].tolist() == [1, 2]
    assert frame["stuck"].tolist() == [0, 0]
    assert frame["addresses"].iloc[0] == ("10.0.9.5",)
    assert frame["holders"].iloc[0] == ("nic_secondary frag-01 nic-frag",)


def test_regain_puts_what_is_stuck_last() -> None:
    """Primaries, HaVips and load balancers cannot simply be released."""
    frame = account().regain("sub-app", 8)
    assert frame["stuck"].is_monotonic_increasing
    assert frame["stuck"].max() > 0


def test_releasing_what_regain_says_gains_the_block() -> None:
    """Without those addresses the subnet has one aligned block more."""
    held = account()
    best = held.regain("sub-frag", 4).iloc[0]
    rest = held.holders[~((held.holders["subnet_id"] == "sub-frag") & held.holders["address"].isin(best["addresses"]))]
    after = Inventory.from_frames(subnets=held.subnets, nics=held.nics, holders=rest)
    assert after.occupancy("sub-frag")["blocks_4"].iloc[0] == held.occupancy("sub-frag")["blocks_4"].iloc[0] + 1


@pytest.mark.parametrize("size", [0, 1, 3, -4, True, 2.0, "8"])
def test_regain_takes_powers_of_two(size: object) -> None:
    """Other sizes are refused."""
    with pytest.raises(UsageError, match="power of two"):
        account().regain("sub-app", size)


def test_regain_of_a_block_larger_than_the_subnet() -> None:
    """There is none, and that is no error."""
    assert not len(account().regain("sub-db", 64))


# -- pictures ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["", "occupancy", "runs", "fragmentation"])
def test_every_kind_of_subnet_picture_draws(kind: str) -> None:
    """Each kind gives a picture with its numbers and its text."""
    chart = account().chart("sub-app", kind=kind)
    assert chart.png().startswith(b"\x89PNG")
    assert len(chart.counts)
    assert chart.text()


@pytest.mark.parametrize("kind", ["", "utilisation", "vpcs"])
def test_every_kind_of_account_picture_draws(kind: str) -> None:
    """The whole account, ranked or by VPC."""
    chart = account().chart(kind=kind)
    assert chart.png().startswith(b"\x89PNG")
    assert len(chart.counts)


@pytest.mark.parametrize(("subnet", "kind"), [(None, "runs"), ("sub-app", "vpcs"), ("sub-app", "pie")])
def test_unknown_kinds_of_pictures_are_named(subnet: str | None, kind: str) -> None:
    """The error says which there are."""
    with pytest.raises(UsageError, match="kind is one of"):
        account().chart(subnet, kind=kind)


def test_a_plan_beside_what_it_would_make() -> None:
    """Before and after differ by the plan's addresses."""
    plan = account().plan(WEB1, ip_address_count=3)
    picture = plan.cells()
    assert np.count_nonzero(picture.cells != picture.before) == 3
    assert plan.compare().png().startswith(b"\x89PNG")


def test_an_old_inventory_says_how_old() -> None:
    """A fresh one needs no words; one read hours ago is never shown without its age."""
    assert "ago" not in repr(account())
    assert "read 3.0 h ago" in repr(account(observed_at=datetime.now(UTC) - timedelta(hours=3)))


@pytest.mark.parametrize(
    ("ask", "words"),
    [
        (lambda inv: inv.diff(None), "diff takes another inventory, not NoneType"),
        (lambda inv: inv.load(None), "path of a folder, not NoneType"),
        (lambda inv: inv.free("sub-app", 2.5), "count is a whole number of 1 or more, not 2.5"),
        (lambda inv: inv.free("sub-app", "2"), "count is a whole number of 1 or more, not '2'"),
        (lambda _: account(observed_at="2026-01-01"), "observed_at is a datetime, not '2026-01-01'"),
        (
            lambda _: account(vpcs=pd.DataFrame({"vpc_id": ["v", "v"]})),
            "vpcs, row 1: id 'v' is missing or appears twice",
        ),
    ],
)
def test_what_cannot_be_is_said(ask: Callable[[Inventory], object], words: str) -> None:
    """An argument of another kind is named."""
    with pytest.raises(UsageError, match=words):
        ask(account())


def test_numbers_of_numpy() -> None:
    """Counts and sizes may be numpy's."""
    assert account().free("sub-app", np.int64(2)) == account().free("sub-app", 2)
    pd.testing.assert_frame_equal(account().regain("sub-app", np.int64(16)), account().regain("sub-app", 16))
