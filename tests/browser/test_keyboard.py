"""The whole job without a mouse: name a vNIC, pick on the map, assign, undo."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from .conftest import SLOW, shot

pytestmark = pytest.mark.browser

DEMO = "import zecnb\nfrom zecnb.emulator.seeds import WEB_07\nzec = zecnb.demo(progress=False)"


def tab_to(page: Page, what: str, most: int = 40) -> None:
    """Press Tab until the part with that text, label or role has the focus."""
    for _ in range(most):
        page.keyboard.press("Tab")
        said = page.evaluate(
            "(() => { const node = document.activeElement;"
            " const label = node.labels && node.labels[0] ? node.labels[0].innerText : '';"
            " return [node.innerText, label, node.getAttribute('role')].join('|'); })()"
        )
        if re.search(what, said):
            return
    pytest.fail(f"Tab does not lead to {what}")


def test_without_a_mouse(run, page: Page) -> None:
    """Tab leads to every part in order; Space picks and presses."""
    panel = run("keyboard", DEMO, "panel = zec.panel()\npanel")
    status = panel.locator(".zecnb-status")
    panel.get_by_role("button", name="Refresh").focus()
    tab_to(page, r"\|vNIC\|")
    page.keyboard.type("1680855999352675875")
    expect(panel.get_by_role("grid")).to_be_visible(timeout=SLOW)
    tab_to(page, r"\|grid$")
    page.keyboard.press("Control+Home")
    told = panel.locator(".zecnb-map-said")
    for _ in range(200):
        page.keyboard.press("ArrowRight")
        if " · free" in told.inner_text():
            break
    page.keyboard.press("Space")
    expect(status).to_contain_text("Ready 1 OK")
    page.keyboard.press("Shift+ArrowRight")
    expect(panel.get_by_label("Addresses", exact=True)).to_have_value(re.compile(r"10\.0\.4\.\d+"))
    expect(status).to_contain_text("Ready 2 OK")
    tab_to(page, r"^Assign \d")
    shot(panel, "keyboard-assign")
    page.keyboard.press("Space")
    expect(panel.get_by_role("alert").filter(has_text="Assign")).to_be_visible()
    tab_to(page, r"^Yes")
    page.keyboard.press("Space")
    expect(status).to_contain_text("assigned", timeout=SLOW)
    tab_to(page, r"^Undo last run")
    page.keyboard.press("Space")
    tab_to(page, r"^Yes")
    page.keyboard.press("Space")
    expect(status).to_contain_text("released", timeout=SLOW)
