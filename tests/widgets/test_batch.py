"""A batch in the panel: the corrected file plans clean, files are safe to open, markup stays text."""

from __future__ import annotations

import base64
import re
from typing import TYPE_CHECKING

import pandas as pd
import pytest

import zecnb
from zecnb.emulator.seeds import APP_SIN, WEB_07
from zecnb.widgets.batch import batch_html, corrected, write_files

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


def test_the_corrected_file_plans_clean(zec: Session, free: list[str], held: str) -> None:
    """Blocked, repeated and foreign addresses go, the rest stays, and what is left has no block."""
    rows = [
        {"nic_id": WEB_07, "ip_addresses": f"{free[0]}, {held}, ten", "owner": "ada"},
        {"nic_id": WEB_07, "ip_addresses": free[0], "owner": "again"},
        {"nic_id": "1", "ip_addresses": free[1], "owner": "nobody"},
        {"nic_id": WEB_07, "ip_address_count": 2, "owner": "bob"},
    ]
    fixed = corrected(zec.plan(rows))
    assert fixed["owner"].tolist() == ["ada", "bob"]
    assert fixed["ip_addresses"].tolist() == [free[0], ""]
    assert fixed["ip_address_count"].tolist() == ["", "2"]
    assert f"{held}: held by vNIC web-" in fixed["left_out"].iloc[0]
    again = zec.plan(fixed)
    assert again.ok
    assert again.verdicts["OK"] == 3


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


def test_markup_in_a_batch_stays_text(zec: Session) -> None:
    """What stands in a file is untrusted."""
    plan = zec.plan([{"nic_id": "<img src=x onerror=alert(1)>", "ip_addresses": "<script>alert(2)</script>"}])
    shown = batch_html(plan)
    assert "<img" not in shown
    assert "<script" not in shown


def test_large_files_are_not_put_into_the_page(zec: Session, held: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Beyond a size the words say where the file can be had."""
    monkeypatch.setattr("zecnb.widgets.batch._LARGEST_LINK", 10)
    shown = batch_html(zec.plan([{"nic_id": WEB_07, "ip_addresses": held}]))
    assert "href" not in shown
    assert "Save plan writes it" in shown
