"""Approving in the panel: where it is demanded nothing goes without, and an edit voids it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

import zecnb
from zecnb.emulator.seeds import APP_SIN, WEB_07

if TYPE_CHECKING:
    from collections.abc import Iterator

    from zecnb.panel import Panel
    from zecnb.session import Session


@pytest.fixture
def zec() -> Iterator[Session]:
    """An account whose session applies approved plans only."""
    with zecnb.demo(progress=False) as zec:
        zec.require_approval = True
        yield zec


def settle(panel: Panel) -> Panel:
    """Wait until the panel has nothing left to do."""
    for worker in (panel._worker, panel._reader, panel._worker):
        assert worker.idle()
    return panel


def said(panel: Panel) -> str:
    """What the approval section and the status line say."""
    return re.sub(r"<[^>]+>", " ", panel._approval.words.value + panel._status.value)


def approve(panel: Panel, by: str = "Ann", note: str = "CHG-7") -> None:
    """Fill in the fields and press Approve."""
    panel._approval.by.value, panel._approval.note.value = by, note
    panel._approval.button.click()
    settle(panel)


def test_nothing_is_assigned_without_an_approval(zec: Session) -> None:
    """Assign stays off until somebody approved; then the very plan on the screen is applied."""
    panel = settle(zec.panel(WEB_07, ip_address_count=2))
    assert panel.plan.ok
    assert panel._assign.disabled
    assert "Not approved yet" in said(panel)
    assert panel._approval.layout.display is None
    approve(panel)
    assert "Approved by Ann: CHG-7" in said(panel)
    assert "approved by Ann" in panel._status.value
    panel._assign.click()
    panel._ask.yes.click()
    settle(panel)
    assert panel.receipt.states == {"assigned": 2}


def test_an_edit_voids_it(zec: Session) -> None:
    """Another plan is not approved; the very same one, typed again, is."""
    panel = settle(zec.panel(WEB_07, ip_address_count=2))
    approve(panel)
    assert not panel._assign.disabled
    panel.form.count.value = "3"
    assert panel._assign.disabled
    settle(panel)
    assert panel._assign.disabled
    assert "The approval by Ann is void" in said(panel)
    panel.form.count.value = "2"
    settle(panel)
    assert not panel._assign.disabled
    assert "Approved by Ann" in said(panel)


def test_what_somebody_changed_meanwhile_voids_it(zec: Session) -> None:
    """A colleague takes the address: the plan made anew is another one."""
    panel = settle(zec.panel(WEB_07, ip_address_count=1))
    approve(panel)
    taken = panel.plan.frame["address"].tolist()
    zec.require_approval = False
    zec.apply(zec.plan(zec.inventory(subnet_id=APP_SIN).nics["nic_id"].iloc[0], ip_addresses=taken))
    settle(panel)
    assert panel.plan.frame["address"].tolist() != taken
    assert not panel.plan.approved
    assert panel._assign.disabled


def test_nobody_is_no_approver(zec: Session) -> None:
    """An approval names who gives it."""
    panel = settle(zec.panel(WEB_07, ip_address_count=2))
    approve(panel, by="  ")
    assert "names who gives it" in said(panel)
    assert panel._assign.disabled


def test_a_blocked_plan_cannot_be_approved(zec: Session) -> None:
    """Approve is off, and says why."""
    panel = settle(zec.panel(WEB_07, ip_addresses="10.0.4.0"))
    assert panel._approval.button.disabled
    assert "blocked rows cannot be approved" in said(panel)


def test_an_approval_that_comes_late_is_for_nothing(zec: Session) -> None:
    """Between Approve and its answer somebody typed on: the new plan is not approved."""
    panel = settle(zec.panel(WEB_07, ip_address_count=2))
    old = panel.plan
    panel.form.count.value = "3"
    panel._approval._sign(old, "Ann", "")
    settle(panel)
    assert not panel.plan.approved


def test_the_code_says_who_approved(zec: Session) -> None:
    """Copy as code repeats the approval too."""
    panel = settle(zec.panel(WEB_07, ip_address_count=2))
    approve(panel, note="it's <b>fine</b>")
    panel._code.click()
    names: dict[str, object] = {"zec": zec, "zecnb": zecnb}
    code = re.sub(r"<[^>]+>", "", panel._snippet.value)
    assert "zecnb.approve(plan, by=" in code
    assert "<b>" not in panel._snippet.value + panel._approval.words.value
    exec(panel.fields.code(), names)
    assert names["plan"].digest == panel.plan.digest


def test_without_a_demand_it_is_folded_away() -> None:
    """Other sessions assign without; a saved plan keeps an approval given all the same."""
    with zecnb.demo(progress=False) as zec:
        panel = settle(zec.panel(WEB_07, ip_address_count=2))
        assert panel._approval.layout.display == "none"
        assert not panel._assign.disabled
        approve(panel)
        assert panel.plan.approved
