"""The pictures of the README, finer than a screen draws them: ``.github/assets`` has copies of the newest ones."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from .conftest import run_all, shot, write_notebook

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.browser

SCALE = 1.5
CELLS = (
    "import zecnb\nzec = zecnb.demo(progress=False)\nzec.claims.add('10.0.4.240-245', 'Ann', purpose='failover')",
    "panel = zec.panel('1680855999352675875', ip_addresses='10.0.4.93-97, 10.0.7.240-241')\npanel",
)
BATCH = """nic_id,ip_addresses,ip_address_count,ticket
1680855999352675875,"10.0.4.93, 10.0.7.240-241",,NET-1
1949789172351122957,10.0.4.300,,NET-2
1382216235636101369,10.0.10.9,,NET-3
1551081868242079831,,4,NET-4
1584802825965993059,10.0.4.240,,NET-5"""


def test_three_pictures(browser, lab: str, folder: Path) -> None:
    """A conflict named before anything is sent, the map with claims, a batch with one of several problems."""
    write_notebook(folder / "pictures.ipynb", CELLS)
    context = browser.new_context(viewport={"width": 1400, "height": 1900}, device_scale_factor=SCALE)
    try:
        page = context.new_page()
        panel = run_all(page, lab, "pictures.ipynb")
        status = panel.locator(".zecnb-status")
        expect(status).to_contain_text("3 OK · 4 blocked")
        expect(panel.locator(".zecnb-map-said")).to_have_text("7 picked")
        expect(panel.locator(".zecnb-map")).to_contain_text("claimed 3")
        shot(panel, "readme-panel")
        shot(panel.locator(".zecnb-map"), "readme-map")
        panel.get_by_role("button", name="Batch", exact=True).click()
        panel.get_by_label("CSV", exact=True).fill(BATCH)
        expect(status).to_contain_text(re.compile("OK · 4 blocked"))
        shot(panel, "readme-batch")
    finally:
        context.close()
