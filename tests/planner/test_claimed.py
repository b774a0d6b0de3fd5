"""Claims as columns."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from tests.planner.accounts import WEB1, account
from zecnb.errors import UsageError
from zecnb.planner.claimed import as_days, ends_of_claims, read_claims, with_claims
from zecnb.planner.reservations import Reservations, in_some_subnet

INVENTORY = account()


def end_of(until: str | None) -> str | None:
    """Return the end of one claim as text."""
    end, _ = ends_of_claims(as_days(pa.array([until], pa.large_string())))
    return None if np.isnat(end[0]) else str(end[0])


@pytest.mark.parametrize(
    ("until", "end"),
    [
        ("2027-03-05", "2027-03-06T00:00:00.000000"),
        ("2027-03-05 00:00:00", "2027-03-06T00:00:00.000000"),
        ("2027-03-05T00:00", "2027-03-06T00:00:00.000000"),
        ("2027-03-05T00:00Z", "2027-03-05T00:00:00.000000"),
        ("2027-03-05 18:00", "2027-03-05T18:00:00.000000"),
        ("2027-03-05T18:00:00.123456789+02:00", "2027-03-05T16:00:00.123456"),
        ("9999-12-31", "10000-01-01T00:00:00.000000"),
        (None, None),
    ],
)
def test_ends(until: str | None, end: str | None) -> None:
    """A day lasts to its end, and so does a spreadsheet's date cell; a moment is one."""
    assert end_of(until) == end


@pytest.mark.parametrize(
    "until",
    [
        "05.03.2027",
        "01/02/2027",
        "now",
        "today",
        "18:00",
        "2027-02",
        "2027",
        "46000",
        "2027-02-30",
        "1 Feb 2027",
        "NaT",
    ],
)
def test_only_iso_dates(until: str) -> None:
    """Nothing that could mean another day, or another day tomorrow, is read as a date; the row is named."""
    claims = pd.DataFrame({"range": ["10.0.4.1", "10.0.4.2"], "until": [None, until]})
    with pytest.raises(UsageError, match=r"row 1: until .* is not a date; write 2026-12-31 or 2026-12-31T18:00Z"):
        read_claims(claims)


def test_stored_claims_with_odd_ends_bind() -> None:
    """What the store took once without being sure of its end breaks no plan: it binds, and says so."""
    claims = pd.DataFrame({"claim_id": ["a"], "range": ["10.0.4.60"], "owner": ["Ann"], "until": ["05.03.2027"]})
    plan = INVENTORY.plan(WEB1, ip_addresses="10.0.4.60", claims=claims)
    assert plan.frame["codes"].tolist() == [("RESERVED",)]
    assert "until 05.03.2027, which is no date: it binds until it is released" in plan.frame["reason"].iloc[0]


@pytest.mark.parametrize("until", [dt.date(2026, 5, 4), pd.Timestamp("2026-05-04"), np.datetime64("2026-05-04")])
def test_dates_are_days(until: object) -> None:
    """A date or a midnight that is no text is the last day the claim binds."""
    for values in ([until], pd.Series([until], dtype=object)):
        claimed = read_claims(pd.DataFrame({"range": ["10.0.4.60"], "owner": ["Ann"], "until": values}))
        assert str(claimed.end[0]) == "2026-05-05T00:00:00.000000"
        assert claimed.words.to_pylist() == ["claimed by Ann until 2026-05-04"]


def test_names_match_as_everywhere() -> None:
    """Headings of a spreadsheet do."""
    claimed = read_claims(pd.DataFrame({"Range": ["10.0.4.60 "], "OWNER": ["Ann"], "Purpose": ["x"], "Subnet ID": [7]}))
    assert claimed.words.to_pylist() == ["claimed by Ann for x"]
    assert claimed.subnet_id.to_pylist() == ["7"]


@pytest.mark.parametrize(
    ("claims", "words"),
    [
        ("cl.csv", r"not str; zec.claims.load\(FILE\) takes"),
        (pd.DataFrame({"owner": ["Ann"]}), "a column range, .* known; there are owner"),
        (pd.DataFrame({"range": ["10.0.4.1", "10.0.4.300"]}), "row 1: range '10.0.4.300' has an octet above 255"),
        (pd.DataFrame({"range": [None]}), "row 0: range ''"),
        (pd.DataFrame({"range": [10.1]}), "'range' arrived as floating-point numbers"),
        (pd.DataFrame({"range": [7]}), "row 0: range '7' is not"),
        (pd.DataFrame({"range": ["10.0.4.1"], "subnet_id": [1.5e18]}), "'subnet_id' arrived as floating-point numbers"),
    ],
)
def test_what_is_no_claim(claims: object, words: str) -> None:
    """It is refused in words."""
    with pytest.raises(UsageError, match=words):
        read_claims(claims)


def test_rows_of_more_claims_are_the_callers() -> None:
    """What is wrong in claims beside the stored ones is named by the row they have."""
    held = pd.DataFrame({"claim_id": ["a", "b"], "range": ["10.0.4.1", "10.0.4.2"]})
    with pytest.raises(UsageError, match="row 0: range 'x'"):
        with_claims(held, pd.DataFrame({"Range": ["x"]}))
    assert with_claims(held, pd.DataFrame({"Range": ["10.0.4.3"]}))["range"].tolist()[2] == "10.0.4.3"


def test_many_overlapping_claims() -> None:
    """Of however many that overlap each address belongs to the first that counts most, as one by one."""
    random = np.random.default_rng(3)
    low = random.integers(0, 200, 300)
    high = np.minimum(low + random.integers(0, 60, 300), 255)
    past = random.random(300) < 0.5
    claims = pd.DataFrame(
        {
            "range": [f"10.0.4.{a}-{b}" for a, b in zip(low, high, strict=True)],
            "owner": [str(at) for at in range(300)],
            "until": np.where(past, "2020-01-01", "2999-01-01"),
        }
    )
    found = Reservations.of(INVENTORY, claims=claims.iloc[::60])
    every = Reservations.of(INVENTORY, claims=claims)
    for reservations, kept in ((found, np.arange(0, 300, 60)), (every, np.arange(300))):
        at = next(i for i, cidr in enumerate(INVENTORY.subnets["cidr_block"]) if str(cidr).startswith("10.0.4.0/"))
        keys = (np.uint64(at) << np.uint64(32)) + np.uint64(10 << 24 | 4 << 8) + np.arange(256, dtype=np.uint64)
        label = reservations.find(keys)
        for octet in range(256):
            over = [(past[i], n) for n, i in enumerate(kept) if low[i] <= octet <= high[i]]
            assert label[octet] == (min(over)[1] if over else -1)


def test_claims_that_lie_nowhere() -> None:
    """A claim binds nothing where no subnet has its range, or not the one it is narrowed to."""
    claims = pd.DataFrame(
        {
            "range": ["10.0.4.60", "203.0.113.0/24", "10.0.4.60", "0.0.0.0/0"],
            "subnet_id": [None, None, "app-sin", None],
        }
    )
    assert in_some_subnet(INVENTORY, read_claims(claims)).tolist() == [True, False, False, True]
