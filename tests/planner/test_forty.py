"""A spreadsheet with one of each problem: every finding in one run, with rows, holders and what the caller brought."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd
import pytest

from tests.planner.accounts import frames
from zecnb import addresses, columns, tokens, typos
from zecnb.inventory import Inventory
from zecnb.planner import naming, wording
from zecnb.planner.findings import CATALOGUE
from zecnb.render.export import defuse

if TYPE_CHECKING:
    from zecnb.planner.plan import Plan

FILE = Path(__file__).parent / "forty.csv"
ELSEWHERE = {"NIC_LIMIT_UNKNOWN", "NIC_PRIMARY"}
"""They need that no limit is set, which excludes NIC_LIMIT, or an expectation that is off by default."""


def account() -> Inventory:
    """The usual account, read 20 minutes ago without its HaVips' permission, and a small subnet with exclusions."""
    given = frames(
        [("sub-tight", "10.0.10.2", "nic_primary", "nic-tight"), ("sub-gw", "10.0.6.11", "nic_primary", "nic-gw2")]
    )
    subnet = {"vpc_id": "vpc-a", "stack_type": "IPv4", "subnet_id": "sub-tight", "cidr_block": "10.0.10.0/28"}
    nics = [
        {"nic_id": "nic-tight", "subnet_id": "sub-tight", "name": "tight", "status": "USED"},
        {"nic_id": "nic-gw2", "subnet_id": "sub-gw", "name": "gw-02", "status": "USED"},
    ]
    given["subnets"] = pd.concat([given["subnets"], pd.DataFrame([subnet])], ignore_index=True)
    given["nics"] = pd.concat([given["nics"], pd.DataFrame(nics)], ignore_index=True)
    denied = {"source": "havips", "scope": "all", "status": "failed", "records": 0, "detail": "not allowed"}
    return Inventory.from_frames(
        **given, observed_at=datetime.now(UTC) - timedelta(minutes=20), sources=pd.DataFrame([denied])
    )


def judged() -> Plan:
    """The file, judged in one run."""
    now = datetime.now(UTC)
    past = [
        ("sub-dark", "10.0.8.60", "refused", now - timedelta(hours=2), "nic-dark"),
        ("sub-dual", "10.0.7.70", "released", now - timedelta(seconds=30), "nic-web2"),
        ("sub-dual", "10.0.7.71", "released", now - timedelta(days=7), "nic-web2"),
    ]
    claims = [("10.0.7.90", "Ann", "2999-01-01"), ("10.0.7.100", "Bob", "2020-01-01")]
    return account().plan(
        FILE,
        policy="contiguous",
        exclude="10.0.7.80, 10.0.10.4-13",
        override_claims="agreed with Ann",
        claims=pd.DataFrame(claims, columns=["range", "owner", "until"]),
        memory=pd.DataFrame(past, columns=["subnet_id", "address", "event", "at", "nic_id"]),
        warn_at=0.006,
    )


@pytest.fixture(scope="module")
def plan() -> Plan:
    """The file, judged once for all tests."""
    return judged()


def test_every_finding_in_one_run(plan: Plan) -> None:
    """Nothing in the catalogue is missing, and nothing outside it comes up."""
    assert set(CATALOGUE) - set(plan.findings["code"]) == ELSEWHERE
    assert set(plan.findings["code"]) <= set(CATALOGUE)


def test_every_row_of_the_file_is_judged(plan: Plan) -> None:
    """Forty rows and a few more go in, each comes out with its number."""
    assert len(pd.read_csv(FILE)) >= 40
    assert set(plan.frame["row"]) == set(range(len(pd.read_csv(FILE))))


def test_held_addresses_name_their_holder(plan: Plan) -> None:
    """Each address that the API would call in use has a holder's id and name, unless nothing can show it."""
    held = plan.frame[plan.frame["codes"].map(lambda codes: any(code.startswith("HELD_BY") for code in codes))]
    shown = held[held["codes"].map(lambda codes: "HELD_BY_UNSEEN" not in codes)]
    assert len(shown) >= 4
    assert shown[["holder_kind", "holder_id", "holder_name"]].notna().all(axis=None)
    assert len(held) == len(shown) + 1


def test_what_the_caller_brought_comes_back(plan: Plan) -> None:
    """Other columns go through, and what looks like a formula is defused on the way into a file."""
    tickets = plan.frame.drop_duplicates("row")["ticket"].tolist()
    assert tickets == pd.read_csv(FILE)["ticket"].tolist()
    assert defuse(plan.frame)["ticket"].str.startswith("'=cmd").any()


def test_nothing_is_half_said(plan: Plan) -> None:
    """Every finding has words, and a fix unless it is done already; every blocked row has a reason."""
    assert plan.findings["message"].str.len().min() > 10
    assert not plan.findings["message"].str.contains(r"\?|nan|None|<NA>", regex=True).any()
    assert plan.findings.loc[plan.findings["severity"] != "NOOP", "fix"].notna().all()
    assert plan.frame.loc[plan.frame["verdict"] == "BLOCK", "reason"].notna().all()
    assert not plan.ok


@pytest.mark.parametrize("few", [0, 10_000])
def test_few_and_many_rows_are_said_alike(plan: Plan, few: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Few rows are worded by Python and many by Arrow: nobody can tell."""
    for module in (addresses, columns, naming, tokens, typos, wording):
        monkeypatch.setattr(module, "FEW", few)
    again = judged()
    for name in ("frame", "findings", "summary", "calls"):
        one, other = (getattr(each, name).replace(r"\d+ s ago", "lately", regex=True) for each in (again, plan))
        pd.testing.assert_frame_equal(one, other)
