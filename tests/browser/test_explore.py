"""A table of 100,000 rows in a real JupyterLab: quick, from nowhere else, and never markup."""

from __future__ import annotations

import re
import time
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, expect

from .accounts import HOSTILE
from .conftest import SLOW, shot, theme
from .test_safe import violations

pytestmark = pytest.mark.browser

TABLE = f"""import pandas as pd
import zecnb
names = {list(HOSTILE)!r}
rows = 100_000
frame = pd.DataFrame({{
    "address": [f"10.{{k >> 16 & 255}}.{{k >> 8 & 255}}.{{k & 255}}" for k in range(rows)],
    "verdict": [("OK", "OK", "OK", "NOOP", "RISK", "BLOCK")[k % 6] for k in range(rows)],
    "holder_name": [f"{{names[k % len(names)]}} {{k}}" for k in range(rows)],
    names[0]: range(rows),
}})"""


def test_a_hundred_thousand_rows(run, page: Page, capsys: pytest.CaptureFixture[str]) -> None:
    """Found, filtered and turned over; hostile names stay text; nothing is asked of the network."""
    page.add_init_script("window.hacked = 0")
    asked: set[str | None] = set()
    page.on("request", lambda request: asked.add(urlsplit(request.url).hostname))
    table = run("explore", TABLE, "table = zecnb.explore(frame)\ntable")
    page.locator(".jp-SideBar [data-id=filebrowser]").click()
    status = table.get_by_role("status")
    expect(status).to_contain_text("rows 1 to 20, page 1 of 5,000")
    began = time.perf_counter()
    table.get_by_label("Find", exact=True).fill("10.1.7.9")
    expect(status).to_contain_text("11 of 100,000 rows", timeout=SLOW)
    found = time.perf_counter() - began
    table.get_by_label("Find", exact=True).fill("img onerror")
    expect(status).to_contain_text("16,667 of 100,000 rows")
    table.get_by_label("Find", exact=True).fill("")
    table.get_by_label("Verdict", exact=True).select_option(label="BLOCK (16,666)")
    expect(status).to_contain_text("16,666 of 100,000 rows")
    expect(table.locator("tbody tr").first).to_contain_text("BLOCK")
    table.get_by_label("Verdict", exact=True).select_option(label="all")
    table.get_by_label("Sort by", exact=True).select_option(label="address")
    table.get_by_label("descending", exact=True).check()
    expect(table.locator("tbody tr").first).to_contain_text("10.1.134.159")
    table.get_by_role("button", name="Next").click()
    expect(status).to_contain_text("rows 21 to 40, page 2 of 5,000")
    found_bad: dict[str, list[str]] = {}
    for look in ("Light", "Dark"):
        theme(page, f"JupyterLab {look}")
        for width in (700, 1600):
            page.set_viewport_size({"width": width, "height": 2500})
            page.wait_for_timeout(200)
            shot(table, f"explore-{look.lower()}-{width}")
        found_bad[look] = violations(page, table)
    with capsys.disabled():
        print(f"\n100,000 rows: found in {found * 1000:.0f} ms")
    assert found_bad == {"Light": [], "Dark": []}
    assert page.evaluate("window.hacked") == 0
    assert table.locator("img, svg, iframe, script, a").count() == 0
    assert asked <= {"127.0.0.1", None, ""}, asked
    assert re.search("javascript:window.hacked", table.inner_text())
