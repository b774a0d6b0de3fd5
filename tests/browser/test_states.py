"""Every state of the panel, light and dark, narrow and wide: taken to be looked at, and kept free of overflow."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import Locator, Page, expect

from zecnb.emulator import Emulator

from .accounts import connection, several
from .conftest import SLOW, shot, theme

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.browser

DEMO = "import zecnb\nfrom zecnb.emulator.seeds import WEB_07\nzec = zecnb.demo(progress=False)"
WIDTHS = (700, 1600)


@pytest.fixture
def emulator() -> Iterator[Emulator]:
    """An account of this process."""
    with Emulator(seed="empty") as started:
        yield started


def looks(page: Page, panel: Locator, name: str) -> None:
    """Take the panel in every look; nothing runs out of it sideways."""
    now = page.evaluate("document.body.dataset.jpThemeLight") == "true"
    for look in ("Light", "Dark") if now else ("Dark", "Light"):  # each change of theme takes its time
        if (look == "Light") != now:
            theme(page, f"JupyterLab {look}")
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 2500})
            panel.scroll_into_view_if_needed()
            page.wait_for_timeout(150)
            shot(panel, f"state-{name}-{look.lower()}-{width}")
            beyond = panel.evaluate(
                "node => [...node.querySelectorAll('button, input, textarea, .progress, .zecnb-status, .zn-scroll')]"
                ".filter(part => part.offsetParent)"
                ".map(part => part.getBoundingClientRect().right - node.getBoundingClientRect().right)"
            )
            assert max(beyond) <= 0, f"{name}: something is cut off at {width} px"


def unfold(panel: Locator, name: str) -> None:
    """Open a section."""
    panel.get_by_role("button", name=re.compile(f"▸ {name}")).click()


def test_one_vnic(run, page: Page) -> None:
    """Empty, ready, in conflict, claimed by somebody, waiting for an approval, approved."""
    panel = run("states", DEMO, "zec.require_approval = True\npanel = zec.panel()\npanel")
    page.locator(".jp-SideBar [data-id=filebrowser]").click()  # the side bar takes half of a narrow screen
    status, field = panel.locator(".zecnb-status"), panel.get_by_label("Addresses", exact=True)
    looks(page, panel, "empty")
    panel.get_by_label("vNIC", exact=True).fill("1680855999352675875")
    field.fill("10.0.4.93-97, 10.0.7.240-242")
    expect(status).to_contain_text("Blocked")
    looks(page, panel, "conflict")
    field.fill("10.0.7.240-242")
    expect(status).to_contain_text("Not approved yet")
    expect(panel.locator(".zecnb-map-said")).to_have_text("3 picked")
    expect(panel.get_by_role("button", name="Assign", exact=True)).to_be_disabled()
    unfold(panel, "Claims")
    unfold(panel, "Thresholds")
    looks(page, panel, "unapproved")
    panel.get_by_label("Range", exact=True).fill("10.0.4.100-10.0.4.107")
    panel.get_by_label("Owner", exact=True).fill("Ann")
    panel.get_by_label("Purpose", exact=True).fill("failover")
    panel.get_by_role("button", name="Claim", exact=True).click()
    expect(panel).to_contain_text("claimed 10.0.4.100-10.0.4.107")
    field.fill("10.0.4.100-101")
    expect(panel.locator("tbody")).to_contain_text(["claimed by Ann for failover"])
    looks(page, panel, "claimed")
    field.fill("10.0.7.240-242")
    expect(status).to_contain_text("Not approved yet")
    panel.get_by_label("Approver").fill("Ann")
    panel.get_by_label("Note").fill("CHG-7")
    panel.get_by_role("button", name="Approve", exact=True).click()
    expect(status).to_contain_text("approved by Ann")
    expect(panel.get_by_role("button", name="Assign 3 addresses")).to_be_enabled()
    looks(page, panel, "approved")
    field.fill("10.0.7.240-243")
    expect(panel).to_contain_text("The approval by Ann is void")
    expect(panel.get_by_role("button", name="Assign", exact=True)).to_be_disabled()


def test_a_batch(run, page: Page, emulator: Emulator, folder: Path) -> None:
    """Blocked, applying, stopped and interrupted twice over, and an account that cannot be reached."""
    nics = several(emulator.state, 10)
    emulator.faults.add("latency", "BatchAssignNetworkInterfaceIpv4", times=0, seconds=2)
    panel = run("batch-states", connection(emulator, f"sqlite:///{folder}/states.db"), "panel = zec.panel()\npanel")
    page.locator(".jp-SideBar [data-id=filebrowser]").click()
    status = panel.locator(".zecnb-status")
    panel.get_by_role("button", name="Batch", exact=True).click()
    csv = panel.get_by_label("CSV", exact=True)
    rows = [f"{nic},10.0.4.{100 + k}" for k, nic in enumerate(nics)]
    csv.fill("\n".join(["nic_id,ip_addresses", *rows, f"{nics[0]},10.0.4.0", f"{nics[1]},10.0.4.300", "17,10.0.4.9"]))
    expect(status).to_contain_text("Blocked")
    looks(page, panel, "batch-blocked")
    for part in (rows[:5], rows[5:]):
        csv.fill("\n".join(["nic_id,ip_addresses", *part]))
        panel.get_by_role("button", name=re.compile("^Assign 5")).click()
        panel.get_by_role("button", name="Yes").click()
        expect(status).to_contain_text(re.compile("[1-3] of 5 calls"), timeout=SLOW)
        shot(panel, f"state-applying-{page.viewport_size['width']}")
        panel.get_by_role("button", name="Stop", exact=True).click()
        expect(status).to_contain_text("Partly done", timeout=SLOW)
    expect(panel.get_by_label("Run", exact=True)).to_be_visible()
    unfold(panel, "History")
    looks(page, panel, "interrupted")
    emulator.stop()
    panel.get_by_role("button", name="Refresh").click()
    expect(status).to_contain_text("It did not work", timeout=SLOW)
    looks(page, panel, "error")
