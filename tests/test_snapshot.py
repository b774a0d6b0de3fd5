"""Frames become a snapshot: what is added, what is refused with its row, what stays the same in any order."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.planner.accounts import HOLDERS as HELD
from tests.planner.accounts import WEB1, account, frames, one_subnet
from zecnb.errors import UsageError
from zecnb.schema import COVERAGE, HOLDERS, NICS, SOURCES, SUBNETS, VPCS
from zecnb.snapshot import Snapshot

ACCOUNT = account()


def given_frames(**changed: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Return the account's frames, some of them changed."""
    return frames() | changed


# -- frames ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "columns"),
    [
        ("vpcs", VPCS),
        ("subnets", SUBNETS),
        ("nics", NICS),
        ("holders", HOLDERS),
        ("sources", SOURCES),
        ("coverage", COVERAGE),
    ],
)
def test_columns(name: str, columns: Any) -> None:
    """Every frame has the columns and dtypes of the schema, in a full account and in an empty one."""
    nothing = Snapshot.from_frames(**{name: frame.iloc[:0] for name, frame in frames().items()})
    for snapshot in (ACCOUNT, nothing):
        dtypes = {column: str(dtype) for column, dtype in getattr(snapshot, name).dtypes.items()}
        assert dtypes == {column: each.dtype for column, each in columns.items()}


def test_camel_case() -> None:
    """Frames with the API's own names are read as well."""
    camel = {
        name: frame.rename(columns=lambda c: "".join([p.title() if i else p for i, p in enumerate(c.split("_"))]))
        for name, frame in frames().items()
    }
    assert "cidrBlock" in camel["subnets"].columns
    assert Snapshot.from_frames(**camel).fingerprint == ACCOUNT.fingerprint


def test_holders_have_the_reserved_addresses() -> None:
    """Network, gateway and broadcast of every IPv4 subnet are among the holders, held by the subnet."""
    held = ACCOUNT.holders
    reserved = held[held["kind"].isin(["network", "gateway", "broadcast"])]
    assert len(reserved) == 3 * 8
    app = reserved[reserved["subnet_id"] == "sub-app"]
    assert dict(zip(app["kind"], app["address"], strict=True)) == {
        "network": "10.0.4.0", "gateway": "10.0.4.1", "broadcast": "10.0.4.255",
    }  # fmt: skip
    assert set(app["holder_id"]) == {"sub-app"}
    assert set(app["holder_name"]) == {"app"}


def test_holders_are_those_given() -> None:
    """Every other holder is as it was given, by subnet and address, with its VPC."""
    held = ACCOUNT.holders
    rest = held[~held["kind"].isin(["network", "gateway", "broadcast"])]
    rows = rest[["subnet_id", "address", "kind", "holder_id"]].itertuples(index=False, name=None)
    assert sorted(rows) == sorted(HELD)
    assert rest.loc[rest["subnet_id"] == "sub-twin", "vpc_id"].tolist() == ["vpc-b"]


def test_holders_of_a_frame_make_the_same_account() -> None:
    """The holders an inventory shows, reserved ones included, can be given to the next."""
    again = Snapshot.from_frames(subnets=ACCOUNT.subnets, nics=ACCOUNT.nics, holders=ACCOUNT.holders)
    assert again.fingerprint == ACCOUNT.fingerprint
    pd.testing.assert_frame_equal(again.holders, ACCOUNT.holders)


def test_defaults() -> None:
    """VPCs come from the subnets, a vNIC's stack from its subnet, its count of secondaries from the holders."""
    assert sorted(ACCOUNT.vpcs["vpc_id"]) == ["vpc-a", "vpc-b"]
    nics = ACCOUNT.nics.set_index("nic_id")
    assert nics["nic_subnet_type"][["nic-dual", "nic-dual6", "nic-six", WEB1]].tolist() == [
        "IPv4_IPv6", "IPv6", "IPv6", "IPv4",
    ]  # fmt: skip
    assert nics["secondary_ipv4_count"][[WEB1, "nic-full", "nic-new"]].tolist() == [2, 9, 0]
    assert pd.isna(nics["nic_subnet_type"]["nic-orphan"])


def test_given_frames_are_left_alone() -> None:
    """Building a snapshot changes nothing in the frames it was built from."""
    given = frames()
    before = {name: frame.copy(deep=True) for name, frame in given.items()}
    Snapshot.from_frames(**given)
    for name, frame in given.items():
        pd.testing.assert_frame_equal(frame, before[name])


@pytest.mark.parametrize(
    ("stack", "cidr", "ipv4"),
    [
        ("IPv4", "10.0.0.0/24", True),
        ("IPv4_IPv6", "10.0.0.0/24", True),
        ("IPv6", None, False),
        ("IPv6", "10.0.0.0/24", False),
        ("IPv4", None, False),
    ],
)
def test_which_subnets_have_ipv4(stack: str, cidr: str | None, ipv4: bool) -> None:
    """A subnet has IPv4 when its stack does and it has an IPv4 block."""
    subnets = pd.DataFrame([{"subnet_id": "s", "vpc_id": "v", "cidr_block": cidr, "stack_type": stack}])
    snapshot = Snapshot.from_frames(
        subnets=subnets, nics=frames()["nics"].iloc[:0], holders=frames()["holders"].iloc[:0]
    )
    assert len(snapshot.coverage) == ipv4
    assert len(snapshot.holders) == 3 * ipv4


# -- what is refused -------------------------------------------------------------------------------------------


def _set(name: str, row: int, column: str, value: Any) -> dict[str, pd.DataFrame]:
    frame = frames()[name].astype({column: object})
    frame.loc[row, column] = value
    return {name: frame}


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        (_set("subnets", 1, "subnet_id", "sub-app"), "subnets, row 1: id 'sub-app' is missing or appears twice"),
        (_set("subnets", 1, "subnet_id", None), "subnets, row 1: id nan is missing or appears twice"),
        (_set("nics", 2, "nic_id", WEB1), "nics, row 2: id 'nic-web1' is missing or appears twice"),
        (
            _set("subnets", 2, "cidr_block", "10.0.6.1/24"),
            "subnets, row 2 (sub-gw): cidr_block '10.0.6.1/24' is a CIDR",
        ),
        (_set("subnets", 0, "cidr_block", "fd00::/64"), "subnets, row 0 (sub-app): cidr_block 'fd00::/64' is not"),
        (_set("subnets", 0, "cidr_block", ""), "subnets, row 0 (sub-app): cidr_block '' is not"),
        (_set("subnets", 0, "gateway_ip_address", "10.0.4"), "subnets, row 0: gateway_ip_address is not an IPv4"),
        (
            _set("subnets", 0, "gateway_ip_address", "10.0.5.1"),
            "subnets, row 0 (sub-app): gateway_ip_address 10.0.5.1 is not in 10.0.4.0/24",
        ),
        (_set("subnets", 0, "usage_ipv4_count", "many"), "subnets: column usage_ipv4_count must be Int64"),
        (_set("holders", 3, "address", "10.0.4.300"), "holders, row 3: address '10.0.4.300' is not an IPv4 address"),
        (_set("holders", 3, "address", None), "holders, row 3: address nan is not an IPv4 address"),
        (_set("holders", 3, "kind", "vip"), "holders, row 3: kind 'vip' is none of network, gateway, broadcast"),
        (_set("holders", 3, "kind", None), "holders, row 3: kind nan is none of"),
        ({"nics": frames()["nics"].drop(columns="status")}, "nics: column status missing; there are nic_id"),
        ({"holders": pd.DataFrame()}, "holders: columns subnet_id, address, kind, holder_id missing"),
    ],
    ids=lambda value: value[:40] if isinstance(value, str) else "",
)
def test_what_is_refused(changed: dict[str, pd.DataFrame], words: str) -> None:
    """What cannot mean anything is refused with its frame, row and value."""
    with pytest.raises(UsageError) as caught:
        Snapshot.from_frames(**given_frames(**changed))
    assert words in str(caught.value)


def test_strays_are_left_out_and_said() -> None:
    """Holders outside their subnet or in one that is not listed are no error: listings are read one by one."""
    more = [
        ("sub-app", "10.0.5.77", "havip", "h"),
        ("gone", "10.0.4.77", "havip", "h"),
        ("sub-six", "10.0.4.78", "lb", "l"),
    ]
    snapshot = account(more)
    assert snapshot.fingerprint == ACCOUNT.fingerprint
    assert snapshot.partial[["source", "status", "detail"]].to_numpy().tolist() == [
        ["holders", "partial", "3 addresses lie in no listed IPv4 subnet"]
    ]


def test_strays_beside_given_sources() -> None:
    """What was read stays in the sources beside what was left out."""
    sources = pd.DataFrame([("nics", "", "complete", 15, "")], columns=list(SOURCES))
    snapshot = account([("gone", "10.0.4.77", "havip", "h")], sources=sources)
    assert snapshot.sources["source"].tolist() == ["nics", "holders"]
    assert snapshot.partial["source"].tolist() == ["holders"]
    assert account(sources=sources).partial.empty


def test_one_address_with_two_holders() -> None:
    """Listings that changed while they were read may show an address twice; it counts once, a vNIC first."""
    snapshot = one_subnet(held=[9], more=[("s", "10.0.0.9", "nic_primary", "n0"), ("s", "10.0.0.1", "lb", "l")])
    held = snapshot.holders.set_index("address")["kind"]
    assert held["10.0.0.9"] == "nic_primary"
    assert held["10.0.0.1"] == "gateway"
    assert snapshot.seen.tolist() == [1]


# -- numbers ---------------------------------------------------------------------------------------------------


def test_coverage() -> None:
    """Coverage is what listings show of what the API counts: all of it where the API does not tell."""
    coverage = ACCOUNT.coverage.set_index("subnet_id")
    assert coverage.loc["sub-dark", ["usable", "seen", "usage", "unseen"]].tolist() == [253, 1, 13, 12]
    assert coverage.loc["sub-dark", "coverage"] == pytest.approx(1 / 13)
    assert coverage.loc["sub-app", "coverage"] == 1
    assert "sub-six" not in coverage.index
    assert ACCOUNT.share_seen == pytest.approx(29 / 41)


@pytest.mark.parametrize(("usage", "unseen", "coverage"), [(None, 0, 1), (0, 0, 1), (1, 0, 1), (2, 0, 1), (8, 6, 0.25)])
def test_usage_of_the_api(usage: int | None, unseen: int, coverage: float) -> None:
    """Two are seen: a smaller count of the API is an older one, a larger one means holders nobody lists."""
    row = one_subnet(held=[9, 10], usage=usage).coverage.iloc[0]
    assert (row["seen"], row["unseen"], row["coverage"]) == (2, unseen, coverage)


def test_nothing_used_is_all_seen() -> None:
    """Where nothing is used nothing is unseen."""
    assert one_subnet().coverage["coverage"].tolist() == [1]
    assert one_subnet().share_seen == 1


def test_addresses_of_a_nic() -> None:
    """A vNIC's addresses are its own, the primary included, and of its subnet only."""
    assert ACCOUNT.addresses_of_nic(WEB1) == {"10.0.4.10", "10.0.4.11", "10.0.4.12"}
    assert ACCOUNT.addresses_of_nic("nic-new") == set()
    assert ACCOUNT.addresses_of_nic("nic-orphan") == set()
    assert ACCOUNT.addresses_of_nic("gone") == set()


def test_describe_nic() -> None:
    """Name, state, subnet and number of addresses; blanks where there is none."""
    assert ACCOUNT.describe_nic(WEB1) == ("web-01", "USED", "app 10.0.4.0/24", 3)
    assert ACCOUNT.describe_nic("nic-six") == ("six-01", "USED", "six", 0)
    assert ACCOUNT.describe_nic("nic-orphan") == ("orphan", "USED", "sub-gone", 0)
    assert ACCOUNT.describe_nic("gone") == ("", "", "", 0)


# -- time ------------------------------------------------------------------------------------------------------


def test_times_are_utc() -> None:
    """A time without a zone is UTC, one of another zone is the same moment, and none is now."""
    noon = datetime(2026, 1, 2, 12, tzinfo=UTC)
    assert account(observed_at=noon.replace(tzinfo=None)).observed_at == noon
    shifted = account(observed_at=noon.astimezone(timezone(timedelta(hours=8)))).observed_at
    assert (shifted, shifted.utcoffset()) == (noon, timedelta(0))
    assert Snapshot.from_frames(**frames()).age < 60


def test_age() -> None:
    """Age is in seconds, and never below zero, whatever the clocks say."""
    assert account(observed_at=datetime.now(UTC) - timedelta(hours=1)).age == pytest.approx(3600, abs=30)
    assert account(observed_at=datetime.now(UTC) + timedelta(hours=1)).age == 0


# -- fingerprints ----------------------------------------------------------------------------------------------


@settings(max_examples=10, deadline=None)
@given(st.randoms(use_true_random=False))
def test_fingerprint_in_any_order(chance: Any) -> None:
    """Content read in another order, at another time, has the same fingerprint."""
    shuffled = {name: frame.sample(frac=1, random_state=chance.randint(0, 99)) for name, frame in frames().items()}
    assert Snapshot.from_frames(**shuffled).fingerprint == ACCOUNT.fingerprint


@pytest.mark.parametrize(
    "changed",
    [
        {"holders": frames([("sub-app", "10.0.4.99", "havip", "h")])["holders"]},
        {"holders": frames()["holders"].iloc[1:]},
        _set("holders", 1, "holder_id", "nic-web2"),
        _set("holders", 1, "kind", "nic_primary"),
        _set("nics", 0, "status", "DETACHING"),
        _set("nics", 0, "nic_subnet_type", "IPv6"),
        {"nics": frames()["nics"].iloc[1:]},
        _set("subnets", 0, "usage_ipv4_count", 77),
        _set("subnets", 0, "gateway_ip_address", "10.0.4.254"),
        _set("subnets", 0, "stack_type", "IPv4_IPv6"),
    ],
    ids=["taken", "released", "moved", "kind", "state", "stack", "gone", "usage", "gateway", "subnet's stack"],
)
def test_fingerprint_of_a_change(changed: dict[str, pd.DataFrame]) -> None:
    """Whatever a verdict may depend on changes the fingerprint of its subnet, and of no other."""
    before = ACCOUNT.fingerprints(range(len(ACCOUNT.subnets)))
    after = Snapshot.from_frames(**given_frames(**changed)).fingerprints(range(len(ACCOUNT.subnets)))
    assert {name for name in before if before[name] != after[name]} == {"sub-app"}


def test_fingerprint_of_a_holder_without_id() -> None:
    """Somebody holds it, and nobody knows who: the same as an id of no letters, and still told from another's."""
    unknown = Snapshot.from_frames(**given_frames(**_set("holders", 1, "holder_id", None)))
    assert (
        unknown.fingerprint == Snapshot.from_frames(**given_frames(**_set("holders", 1, "holder_id", ""))).fingerprint
    )
    assert unknown.fingerprint != ACCOUNT.fingerprint


def test_fingerprint_ignores_names() -> None:
    """A new display name changes nothing that a plan relies on."""
    nics = frames()["nics"].assign(name="renamed")
    assert Snapshot.from_frames(**given_frames(nics=nics)).fingerprint == ACCOUNT.fingerprint


@pytest.mark.parametrize(("name", "column"), [("subnets", "subnet_id"), ("nics", "nicId"), ("holders", "holder_id")])
def test_ids_as_floats_are_refused(name: str, column: str) -> None:
    """Ids that went through a float have lost digits, and would be those of others."""
    frame = given_frames()[name]
    same = next(each for each in frame.columns if each.replace("_", "") == column.lower().replace("_", ""))
    cut = frame.drop(columns=same).assign(**{column: 1.680855999352675e18})
    with pytest.raises(UsageError, match=f"{name}: {column} arrived as floating-point numbers: ids lose digits"):
        Snapshot.from_frames(**given_frames(**{name: cut}))
