"""Plans and receipts as reports: complete, escaped, redacted on request."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

import zecnb
from zecnb.emulator.seeds import WEB_07
from zecnb.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

EVIL = "<img src=x onerror=alert(1)>"


@pytest.fixture(scope="module")
def zec() -> Iterator[zecnb.Session]:
    """The demo account."""
    with zecnb.demo(progress=False) as zec:
        yield zec


def words(path: Path) -> str:
    """Return a report without its pictures."""
    return re.sub(r'base64,[^"]*|<wbr>', "", path.read_text(encoding="utf-8"))


def test_a_plan_says_what_stands_in_its_way(zec: zecnb.Session, tmp_path: Path) -> None:
    """Subnets drawn, every row, every finding with its fix, the calls; nothing points outside."""
    html = words(zec.plan(WEB_07, ip_addresses="10.0.4.93-97").report(tmp_path / "plan.html"))
    for said in ("1 OK, 4 BLOCK. It is never applied as it is.", "10.0.4.94", "held by vNIC web-09", "HELD_BY_NIC"):
        assert said in html
    assert html.count("<img ") == 1
    assert "INVALID_SUBNET_PRIVATE_IPV4_IN_USED" in html
    assert not re.search(r"<script|<link|https?://|url\(|@import", html)


def test_an_inventory_says_in_words_what_was_read(zec: zecnb.Session, tmp_path: Path) -> None:
    """How many of what, and why a picture has fewer subnets; no code, no half ids."""
    html = words(zec.inventory().report(tmp_path / "inventory.html"))
    assert "5 VPCs, 41 subnets (1 without IPv4), 704 vNICs; 5,119 addresses in use seen, 99.8 % of those" in html
    assert "Utilisation of subnets: 40 subnets" in html
    assert "Inventory(" not in html
    assert "…" not in html


def test_a_plan_from_a_file_says_who_approved_it(zec: zecnb.Session, tmp_path: Path) -> None:
    """It has no map to draw; approvals of another plan are not shown."""
    zecnb.approve(zec.plan(WEB_07, ip_address_count=2), by="Ann", note=EVIL).save(tmp_path / "plan.json")
    html = words(zecnb.Plan.load(tmp_path / "plan.json").report(tmp_path / "plan.html", title=EVIL))
    assert "2 OK. It may be applied." in html
    assert ">Ann<" in html
    assert "<img " not in html
    assert html.count("&lt;img src=x onerror=alert(1)&gt;") >= 3


def test_columns_of_ones_own_come_along(zec: zecnb.Session, tmp_path: Path) -> None:
    """A ticket in the batch is in the report, as text."""
    batch = [{"nic_id": WEB_07, "ip_address_count": 1, "ticket": EVIL}]
    html = words(zec.plan(batch).report(tmp_path / "plan.html"))
    assert "<img src=x" not in html
    assert "&lt;img src=x onerror=alert(1)&gt;" in html


def test_a_redacted_plan_names_nobody(zec: zecnb.Session, tmp_path: Path) -> None:
    """Neither vNICs, addresses, who approved, nor why."""
    plan = zecnb.approve(zec.plan(WEB_07, ip_address_count=2), by="Ann Other", note="CHG-7")
    html = words(plan.report(tmp_path / "plan.html", redact=True))
    assert not re.search(r"10\.0\.4|web-\d|\d{15,}|Ann|CHG", html)
    assert "It may be applied." in html


def test_a_receipt_says_what_became_of_each(zec: zecnb.Session, tmp_path: Path) -> None:
    """Addresses with their states; an undo is called what it is; redacted it names none."""
    receipt = zec.apply(zec.plan(WEB_07, ip_address_count=2))
    html = words(receipt.report(tmp_path / "receipt.html"))
    assert "<h1>Addresses assigned</h1>" in html
    assert "2 assigned." in html
    assert receipt.run_id in html
    assert all(f">{address}<" in html for address in receipt.frame["address"])
    undone = words(zec.undo(receipt).report(tmp_path / "undo.html", redact=True))
    assert "<h1>Addresses released</h1>" in undone
    assert not re.search(r"10\.0\.4|\d{15,}", undone)


def test_what_is_left_comes_first(zec: zecnb.Session, tmp_path: Path) -> None:
    """Of a run that was not finished, the rows that wait are shown before all of them."""
    receipt = zec.apply(zec.plan(WEB_07, ip_address_count=2))
    zec.undo(receipt)
    frame = receipt.frame.copy()
    frame.loc[0, "state"] = "not_attempted"
    html = words(zecnb.Receipt("run-1", "apply", frame, stopped=True).report(tmp_path / "receipt.html"))
    assert re.findall(r"<h2>([^<]*)</h2>", html) == ["Not done", "Every address"]
    assert "stopped." in html


def test_a_file_that_cannot_be_written(zec: zecnb.Session, tmp_path: Path) -> None:
    """It is an error that names it."""
    with pytest.raises(UsageError, match="cannot write"):
        zec.plan(WEB_07, ip_address_count=1).report(tmp_path / "missing" / "plan.html")
