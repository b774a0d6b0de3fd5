"""A batch in the panel: what each row becomes, files that are safe to open, markup that stays text."""

from __future__ import annotations

import base64
import re
from typing import TYPE_CHECKING

import pandas as pd
import pytest

import zecnb
from zecnb.emulator.seeds import APP_SIN, WEB_07
from zecnb.widgets.batch import batch_html, write_files

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from zecnb.session import Session


@pytest.fixture(scope="module")
def zec() -> Iterator[Session]:
    """One demo account; nothing here writes."""
    with zecnb.demo(progress=False) as zec:
        yield zec


@pytest.fixture(scope="module")
def free(zec: Session) -> list[str]:
    """Free addresses of the subnet of web-07."""
    return zec.inventory().free(APP_SIN, 8)


@pytest.fixture(scope="module")
def held(zec: Session) -> str:
    """An address of another vNIC in that subnet."""
    holders = zec.inventory().holders
    here = holders[(holders["subnet_id"] == APP_SIN) & (holders["kind"] == "nic_secondary")]
    return here[here["holder_id"] != WEB_07]["address"].iloc[0]


def test_nothing_wrong_offers_the_plan_only(zec: Session, free: list[str]) -> None:
    """Without findings there is nothing to correct."""
    shown = batch_html(zec.plan([{"nic_id": WEB_07, "ip_addresses": free[0]}]))
    assert re.findall(r"download='([a-z]+)-", shown) == ["plan"]


def test_links_hold_the_files(zec: Session, held: str) -> None:
    """What a link downloads is what Save plan writes."""
    plan = zec.plan([{"nic_id": WEB_07, "ip_addresses": held}])
    shown = batch_html(plan)
    assert re.findall(r"download='([a-z]+)-", shown) == ["corrected", "findings", "plan"]
    content = base64.b64decode(re.search(r"findings-\w+\.csv' href='data:[^,]+,([^']+)'", shown)[1]).decode()
    assert "HELD" in content
    assert "web-" in content


def test_files_are_safe_to_open(zec: Session, free: list[str], held: str, tmp_path: Path) -> None:
    """A text that a spreadsheet would compute is kept as text."""
    rows = [{"nic_id": WEB_07, "ip_addresses": f"{free[0]} {held}", "note": "=cmd|' /C calc'!A0"}]
    names = write_files(zec.plan(rows), tmp_path)
    assert [name.split("-")[0] for name in names] == ["corrected", "findings", "plan"]
    note = pd.read_csv(tmp_path / names[0], dtype=str)["note"].iloc[0]
    assert note.startswith("'=")
    assert zecnb.Plan.load(tmp_path / names[2]).frame["row"].tolist() == [0, 0]


def test_formulas_of_every_kind_are_defused(zec: Session, free: list[str], held: str, tmp_path: Path) -> None:
    """Full-width signs, leading blanks and headings count too."""
    row = {"nic_id": WEB_07, "ip_addresses": f"{free[0]} {held}", "note": "\uff1d1+1", "=2+2": " =3+3"}
    names = write_files(zec.plan([row]), tmp_path)
    fixed = pd.read_csv(tmp_path / names[0], dtype=str)
    assert fixed["note"].tolist() == ["'\uff1d1+1"]
    assert fixed["'=2+2"].tolist() == ["' =3+3"]


def test_a_batch_shows_what_each_row_becomes(zec: Session) -> None:
    """Addresses that a count became are listed, and so are the subnets."""
    plan = zec.plan([{"nic_id": WEB_07, "ip_address_count": 2}])
    shown = batch_html(plan)
    assert "Addresses (2)" in shown
    assert all(address in shown for address in plan.frame["address"])
    assert "Subnets, before and after" in shown


def test_markup_in_a_batch_stays_text(zec: Session) -> None:
    """What stands in a file is untrusted."""
    plan = zec.plan([{"nic_id": "<img src=x onerror=alert(1)>", "ip_addresses": "<script>alert(2)</script>"}])
    shown = batch_html(plan)
    assert "<img" not in shown
    assert "<script" not in shown


def test_large_files_are_not_put_into_the_page(zec: Session, held: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Beyond so many rows the words say where the file can be had."""
    monkeypatch.setattr("zecnb.widgets.batch._MOST_LINKED", 0)
    shown = batch_html(zec.plan([{"nic_id": WEB_07, "ip_addresses": held}]))
    assert "href" not in shown
    assert "Save plan writes it" in shown
