"""Claims in the panel: seen where they hold, made from what is picked, given up after a question."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

import zecnb
from zecnb.emulator.seeds import APP_SIN, WEB_07
from zecnb.widgets.claims import touching

if TYPE_CHECKING:
    from collections.abc import Iterator

    from zecnb.panel import Panel
    from zecnb.session import Session


@pytest.fixture
def zec() -> Iterator[Session]:
    """An account of the test's own."""
    with zecnb.demo(progress=False) as zec:
        yield zec


@pytest.fixture
def free(zec: Session) -> list[str]:
    """Free addresses of the subnet of web-07."""
    return zec.inventory().free(APP_SIN, 3)


def settle(panel: Panel) -> Panel:
    """Wait until the panel has nothing left to do."""
    for worker in (panel._worker, panel._reader, panel._worker, panel._reader):
        assert worker.idle()
    return panel


def said(panel: Panel) -> str:
    """What the claims section says."""
    return re.sub(r"<[^>]+>", " ", panel._claims.table.value + panel._claims.words.value)


def test_those_of_the_subnet_are_listed(zec: Session, free: list[str]) -> None:
    """Who, what for and until when; claims on other subnets are not in view, and the heading counts."""
    zec.claims.add(free[0], "<b>Ann</b>", purpose="failover", until="2999-12-31")
    zec.claims.add("192.168.77.0/24", "Zoe")
    panel = settle(zec.panel(WEB_07))
    assert "&lt;b&gt;Ann&lt;/b&gt;" in said(panel)
    assert "failover" in said(panel)
    assert "2999-12-31" in said(panel)
    assert "Zoe" not in said(panel)
    assert panel._folds.toggles["Claims"].description.endswith("Claims (1)")


def test_a_plan_that_hits_a_claim_says_whose(zec: Session, free: list[str]) -> None:
    """The verdict names the owner, and nothing can be assigned."""
    zec.claims.add(free[0], "Ann", purpose="failover")
    panel = settle(zec.panel(WEB_07, ip_addresses=free[0]))
    assert "claimed by Ann for failover" in panel._table.value
    assert panel._assign.disabled


def test_what_is_in_the_address_field_is_claimed(zec: Session, free: list[str]) -> None:
    """Without a range of its own the claim is on the addresses asked for, in this subnet only; the verdict follows."""
    panel = settle(zec.panel(WEB_07, ip_addresses=", ".join(free)))
    assert not panel._assign.disabled
    panel._claims.owner.value, panel._claims.purpose.value = "Ann", "launch"
    panel._claims.add.click()
    settle(panel)
    held = zec.claims.list()
    assert held["range"].tolist() == free
    assert held["subnet_id"].tolist() == [APP_SIN] * 3
    assert "claimed by Ann for launch" in panel._table.value
    assert panel._assign.disabled


def test_what_is_no_claim_is_words(zec: Session, free: list[str]) -> None:
    """A bad range, no owner, a bad date, nothing at all: said beside the fields, and the verdict stays."""
    panel = settle(zec.panel(WEB_07, ip_address_count=1))
    form = panel._claims
    for values, words in (
        (("", "", ""), "Name a range"),
        ((free[0], "", ""), "nobody is named as owner"),
        (("10.0.4.300", "Ann", ""), "octet above 255"),
        ((free[0], "Ann", "soon"), "not a date"),
    ):
        form.range.value, form.owner.value, form.until.value = values
        form.add.click()
        settle(panel)
        assert words in said(panel)
    assert not len(zec.claims.list())
    assert not panel._assign.disabled


def test_given_up_after_a_question(zec: Session, free: list[str]) -> None:
    """Release asks first; then the addresses are free to plan again."""
    zec.claims.add(free[0], "Ann")
    zec.claims.add(free[1], "Bob")
    panel = settle(zec.panel(WEB_07, ip_addresses=free[1]))
    panel._claims.choice.index = 1
    panel._claims.release.click()
    assert f"Release the claim on {free[1]} · Bob?" in panel._ask.words.value
    panel._ask.no.click()
    settle(panel)
    assert len(zec.claims.list()) == 2
    panel._claims.release.click()
    panel._ask.yes.click()
    settle(panel)
    assert zec.claims.list()["owner"].tolist() == ["Ann"]
    assert not panel._assign.disabled


def test_touching_means_range_and_place(zec: Session, free: list[str]) -> None:
    """A claim touches a subnet when its range overlaps and it is not narrowed down to somewhere else."""
    inventory = zec.inventory()
    at = inventory.subnet_position(APP_SIN)
    vpc = inventory.subnets["vpc_id"].iloc[at]
    for owner, where in (
        ("all", {}),
        ("here", {"subnet_id": APP_SIN}),
        ("vpc", {"vpc_id": vpc}),
        ("other subnet", {"subnet_id": "1"}),
        ("other vpc", {"vpc_id": "1"}),
    ):
        zec.claims.add(free[0], owner, **where)
    zec.claims.add("172.31.0.0/16", "far")
    assert touching(zec.claims.list(), inventory, [at])["owner"].tolist() == ["all", "here", "vpc"]
