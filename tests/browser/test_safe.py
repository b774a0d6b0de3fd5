"""Names that would run as markup never do; the panel passes axe-core in every mode and theme."""

from __future__ import annotations

import re
from importlib.resources import files

import pytest
from playwright.sync_api import Locator, Page, expect

from zecnb.emulator import Emulator

from .accounts import HOSTILE, connection, hostile
from .conftest import SLOW, shot, theme

pytestmark = pytest.mark.browser


def test_hostile_names_never_run(run, page: Page) -> None:
    """Names in the suggestions, the map, the tables, the question, the receipt and a pasted file stay text."""
    page.add_init_script("window.hacked = 0")
    with Emulator(seed="empty") as emulator:
        nics = hostile(emulator.state)
        panel = run("hostile", connection(emulator), "panel = zec.panel()\npanel", "panel.plan, zec.inventory()")
        field, status = panel.get_by_label("Addresses", exact=True), panel.locator(".zecnb-status")
        vnic = panel.get_by_label("vNIC", exact=True)
        vnic.fill("img")
        vnic.fill(f"{HOSTILE[0]} · {nics[0]}")
        grid = panel.get_by_role("grid")
        expect(grid).to_be_visible(timeout=SLOW)
        field.fill("10.0.4.2-8, <img src=x onerror=window.hacked=9>")
        expect(status).to_contain_text("Blocked")
        grid.focus()
        for _ in range(9):
            page.keyboard.press("ArrowRight")
            page.wait_for_timeout(120)
        expect(panel.locator(".zecnb-map")).to_contain_text(HOSTILE[1])
        expect(panel).to_contain_text(HOSTILE[2])
        shot(panel, "hostile")
        field.fill("10.0.4.40")
        panel.get_by_role("button", name=re.compile("^Assign 1 address")).click()
        expect(panel).to_contain_text(f"to {HOSTILE[0]}")
        panel.get_by_role("button", name="Yes").click()
        expect(status).to_contain_text("1 assigned", timeout=SLOW)
        panel.get_by_role("button", name="Copy as code").click()
        for section in ("Approval", "Claims", "History"):
            panel.get_by_role("button", name=re.compile(f"▸ {section}")).click()
        for label, value in (("Range", "10.0.4.44"), ("Owner", HOSTILE[0]), ("Purpose", HOSTILE[3])):
            panel.get_by_label(label, exact=True).fill(value)
        panel.get_by_role("button", name="Claim", exact=True).click()
        expect(panel.get_by_label("Claim", exact=True)).to_contain_text(HOSTILE[0])
        field.fill("10.0.4.44")
        expect(panel.locator("tbody").first).to_contain_text(f"claimed by {HOSTILE[0]}")
        field.fill("10.0.4.42")
        expect(status).to_contain_text("Ready")
        panel.get_by_label("Approver").fill(HOSTILE[1])
        panel.get_by_label("Note").fill(HOSTILE[4])
        panel.get_by_role("button", name="Approve", exact=True).click()
        expect(status).to_contain_text(f"approved by {HOSTILE[1]}")
        panel.get_by_role("button", name="Copy as code").click()
        panel.get_by_role("button", name="Release", exact=True).click()
        shot(panel, "hostile-sections")
        panel.get_by_role("button", name="No", exact=True).click()
        panel.get_by_role("button", name="Batch", exact=True).click()
        panel.get_by_label("CSV", exact=True).fill(f'nic_id,ip_addresses,note\n"{HOSTILE[0]}",10.0.4.41,"{HOSTILE[3]}"')
        expect(status).to_contain_text("Blocked")
        page.wait_for_timeout(300)
        assert page.evaluate("window.hacked") == 0
        assert panel.locator("img[src=x], svg[onload], iframe, script").count() == 0


def violations(page: Page, panel: Locator) -> list[str]:
    """What axe-core finds serious or critical in the panel."""
    if not page.evaluate("typeof axe === 'object'"):
        page.evaluate(files("axe_playwright_python").joinpath("axe.min.js").read_text(encoding="utf-8"))
    report = panel.evaluate("async node => await axe.run(node)")
    assert len(report["passes"]) > 15, "axe has not looked at anything"
    found = report["violations"]
    bad = [each for each in found if each["impact"] in ("serious", "critical")]
    return [f"{each['id']}: {each['help']}: {[node['html'][:200] for node in each['nodes'][:3]]}" for each in bad]


def test_axe_finds_nothing_serious(run, page: Page) -> None:
    """No serious violation: light and dark; one vNIC blocked, a count, a batch, a question asked."""
    panel = run(
        "axe",
        "import zecnb\nfrom zecnb.emulator.seeds import WEB_07\nzec = zecnb.demo(progress=False)",
        'panel = zec.panel(WEB_07, ip_addresses="10.0.4.93-97")\npanel',
    )
    status = panel.locator(".zecnb-status")
    for section in ("Approval", "Claims", "Thresholds", "History"):
        panel.get_by_role("button", name=re.compile(f"▸ {section}")).click()
    panel.get_by_label("Owner", exact=True).fill("Ann")
    panel.get_by_label("Range", exact=True).fill("10.0.7.200-201")
    panel.get_by_role("button", name="Claim", exact=True).click()
    expect(panel).to_contain_text("claimed 10.0.7.200-201")
    found: dict[str, list[str]] = {}
    for look in ("Light", "Dark"):
        theme(page, f"JupyterLab {look}")
        panel.get_by_role("button", name="Addresses", exact=True).click()
        expect(status).to_contain_text("Blocked")
        panel.get_by_role("grid").focus()
        found[f"{look}, blocked"] = violations(page, panel)
        panel.get_by_role("button", name="Count", exact=True).click()
        panel.get_by_label("Count", exact=True).fill("3")
        expect(status).to_contain_text("Ready")
        panel.get_by_role("button", name="Assign 3 addresses").click()
        found[f"{look}, asked"] = violations(page, panel)
        shot(panel, f"panel-count-{look.lower()}")
        panel.get_by_role("button", name="Batch", exact=True).click()
        panel.get_by_label("CSV", exact=True).fill("nic_id,ip_addresses\n1680855999352675875,10.0.4.93\n")
        expect(status).to_contain_text("Blocked")
        found[f"{look}, batch"] = violations(page, panel)
        shot(panel, f"panel-batch-{look.lower()}")
    assert {state: list_ for state, list_ in found.items() if list_} == {}
