"""Soft reservations in the store, and what plans make of them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pandas as pd
import pytest
import sqlalchemy as sa

import zecnb
from tests.postgres import postgres, store_url  # noqa: F401 - fixtures
from zecnb.claims import Claims
from zecnb.emulator.seeds import WEB_07
from zecnb.errors import UsageError
from zecnb.schema import CLAIMS
from zecnb.store import Store

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def claims(store_url: str) -> Iterator[Claims]:  # noqa: F811
    """The claims of one account, on SQLite and on PostgreSQL."""
    store = Store(store_url)
    yield Claims(store, "acme")
    store.close()


def test_add_and_list(claims: Claims) -> None:
    """What was claimed is listed with who, what for and until when."""
    made = claims.add("10.0.4.40-47", "Ann", purpose="blue/green", until="2999-12-31", link="https://t/1")
    frame = claims.list()
    assert frame.dtypes.astype(str).tolist() == [column.dtype for column in CLAIMS.values()]
    row = frame.iloc[0]
    assert (row["claim_id"], row["range"], row["owner"], row["purpose"]) == (made, "10.0.4.40-47", "Ann", "blue/green")
    assert not row["expired"]
    assert row["made_at"].tzinfo is not None
    assert row["made_by"]


def test_nothing_claimed(claims: Claims) -> None:
    """An account without claims has an empty frame of the same columns."""
    assert list(claims.list().columns) == list(CLAIMS)
    assert not len(claims.list())


def test_release(claims: Claims) -> None:
    """A released claim is listed no longer and cannot be released twice."""
    made = claims.add("10.0.4.40", "Ann")
    claims.release(made)
    assert not len(claims.list())
    with pytest.raises(UsageError, match="there is no claim"):
        claims.release(made)


def test_accounts_are_apart(claims: Claims) -> None:
    """One account neither sees nor releases the claims of another."""
    made = claims.add("10.0.4.40", "Ann")
    other = Claims(claims._store, "other")
    assert not len(other.list())
    with pytest.raises(UsageError, match="there is no claim"):
        other.release(made)


def test_expired_claims_stay_and_say_so(claims: Claims) -> None:
    """A claim past its day is marked, not gone."""
    claims.add("10.0.4.40", "Ann", until="2020-01-01")
    assert claims.list()["expired"].tolist() == [True]


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"range": "10.0.4.300", "owner": "Ann"}, "row 0: range '10.0.4.300' has an octet above 255"),
        ({"range": "10.0.4.9/24", "owner": "Ann"}, "host bits"),
        ({"range": "", "owner": "Ann"}, "row 0: range"),
        ({"range": "10.0.4.9", "owner": " "}, "nobody is named"),
        ({"range": "10.0.4.9", "owner": "Ann", "until": "soon"}, "'soon' is not a date"),
    ],
)
def test_what_is_no_claim_is_refused(claims: Claims, given: dict[str, str], words: str) -> None:
    """A wrong range, owner or date is named, and nothing is added."""
    with pytest.raises(UsageError, match=words):
        claims.load(pd.DataFrame([{"range": "10.0.4.1", "owner": "Bob"}, given][::-1]))
    assert not len(claims.list())


def test_load_a_csv(claims: Claims, tmp_path: Path) -> None:
    """A CSV made in a spreadsheet: other columns are left out, blanks are nothing."""
    (tmp_path / "claims.csv").write_text(
        "Range;Owner;Until;Ticket\n10.0.4.40/29;Ann;;7\n10.0.5.0/28; Bob ;2999-01-01;8\n"
    )
    assert len(claims.load(tmp_path / "claims.csv")) == 2
    assert claims.list()["owner"].tolist() == ["Ann", "Bob"]
    assert claims.list()["until"].isna().tolist() == [True, False]


def test_the_text_form_counts(claims: Claims) -> None:
    """The repr is one line."""
    claims.add("10.0.4.40", "Ann", until="2020-01-01")
    assert repr(claims) == "Claims(1 on acme, 1 expired)"


def test_every_plan_honours_claims() -> None:
    """An address under claim is blocked by name, not picked, and free again once released."""
    with zecnb.demo(progress=False) as zec:
        free = zec.plan(WEB_07, ip_address_count=1).frame["address"].iloc[0]
        made = zec.claims.add(free, "Ann", purpose="failover")
        blocked = zec.plan(WEB_07, ip_addresses=free)
        assert blocked.frame["codes"].tolist() == [("RESERVED",)]
        assert "claimed by Ann for failover" in blocked.frame["reason"].iloc[0]
        assert zec.plan(WEB_07, ip_address_count=1).frame["address"].iloc[0] != free
        assert zec.plan(WEB_07, ip_addresses=free, override_claims="agreed").frame["verdict"].tolist() == ["RISK"]
        zec.claims.release(made)
        assert zec.plan(WEB_07, ip_addresses=free).ok


def test_claims_given_with_a_plan_add_to_the_stored_ones() -> None:
    """The store's claims hold beside those given for one plan."""
    with zecnb.demo(progress=False) as zec:
        first, second = zec.plan(WEB_07, ip_address_count=2).frame["address"]
        zec.claims.add(first, "Ann")
        more = pd.DataFrame([{"range": second, "owner": "Bob"}])
        plan = zec.plan(WEB_07, ip_addresses=[first, second], claims=more)
        assert plan.frame["codes"].tolist() == [("RESERVED",), ("RESERVED",)]


def test_a_date_cell_is_the_last_day_it_binds(claims: Claims, tmp_path: Path) -> None:
    """Excel knows no day without a time."""
    today = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0, tzinfo=None)
    pd.DataFrame({"range": ["10.0.4.1"], "owner": ["Ann"], "until": [today]}).to_excel(tmp_path / "c.xlsx", index=False)
    claims.load(tmp_path / "c.xlsx")
    frame = claims.list()
    assert (frame["until"].tolist(), frame["expired"].tolist()) == ([f"{today:%Y-%m-%d}"], [False])


def test_rows_of_a_file_are_counted_as_they_stand(claims: Claims, tmp_path: Path) -> None:
    """Blank rows count, so that the one that is wrong is found."""
    (tmp_path / "c.csv").write_text("range,owner,until\n\n\n10.0.4.1,Ann,soon\n")
    with pytest.raises(UsageError, match="claims, row 2: until 'soon' is not a date"):
        claims.load(tmp_path / "c.csv")


def test_odd_ends_in_the_store_break_nothing(claims: Claims) -> None:
    """A claim that an older version took binds until it is released."""
    claims.add("10.0.4.40", "Ann", until="2020-01-01")
    with claims._store.begin() as connection:
        connection.execute(sa.text("update claims set until = '05.03.2020'"))
    assert claims.list()["expired"].tolist() == [False]
    claims.release(claims.list()["claim_id"].iloc[0])


def test_more_claims_of_a_plan_are_named_as_everywhere() -> None:
    """Their columns match as those of a file do, and no path is taken for them."""
    with zecnb.demo(progress=False) as zec:
        free = zec.plan(WEB_07, ip_address_count=1).frame["address"].iloc[0]
        more = pd.DataFrame({"Range": [free], "Owner": ["Bob"]})
        zec.claims.add("10.9.9.9", "Ann")
        assert zec.plan(WEB_07, ip_addresses=free, claims=more).frame["codes"].tolist() == [("RESERVED",)]
        with pytest.raises(UsageError, match="claims are a DataFrame"):
            zec.plan(WEB_07, ip_addresses=free, claims="claims.csv")  # type: ignore[arg-type]


def test_a_claim_narrowed_to_a_name_is_told_the_id() -> None:
    """Narrowed to a name it would bind nothing; what was not read yet may be claimed all the same."""
    with zecnb.demo(progress=False) as zec:
        plan = zec.plan(WEB_07, ip_address_count=1)
        subnet = plan.summary["subnet_id"].iloc[0]
        with pytest.raises(UsageError, match=f"row 0: subnet_id 'app-sin' is a name; the id is {subnet}"):
            zec.claims.add("10.0.4.40", "Ann", subnet_id="app-sin")
        zec.claims.add("10.0.4.40", "Ann", subnet_id=subnet)
        zec.claims.add("10.0.4.40", "Ann", subnet_id="made-tomorrow")
