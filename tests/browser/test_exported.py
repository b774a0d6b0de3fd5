"""What a runbook leaves as HTML: names stay text, nothing runs, nothing is asked of the network."""

from __future__ import annotations

from typing import TYPE_CHECKING

import nbformat
import pytest

from tests.test_runbook import write
from zecnb.emulator import Emulator
from zecnb.runbook import run_runbook

from .accounts import HOSTILE, hostile
from .conftest import shot

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.browser


@pytest.fixture
def asked(page: Page) -> list[str]:
    """What the page asks for, but for itself and what is inside it."""
    found: list[str] = []
    page.add_init_script("window.hacked = 0")
    page.on("request", lambda request: found.append(request.url) if not request.url.startswith("data:") else None)
    return found


def test_hostile_names_never_run(page: Page, asked: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Plans, inventories, receipts, charts and errors with hostile names are text; the console is free of errors."""
    with Emulator(seed="empty") as emulator:
        nics = hostile(emulator.state)
        monkeypatch.setenv("ZENLAYERCLOUD_ACCESS_KEY_ID", emulator.access_key_id)
        monkeypatch.setenv("ZENLAYERCLOUD_ACCESS_KEY_PASSWORD", emulator.access_key_password)
        monkeypatch.setenv("ZENLAYER_ENDPOINT", emulator.url)
        book = write(
            tmp_path / "book.ipynb",
            "import zecnb\nzec = zecnb.connect(store='sqlite://', progress=False)\nzec.inventory()",
            f"plan = zec.plan([{{'nic_id': nic, 'ip_addresses': '10.0.4.2-5'}} for nic in {nics!r}])\nplan",
            "display(plan.chart(), plan.frame, zec.inventory().chart())",
            f"zec.apply(zec.plan({nics[0]!r}, ip_addresses='10.0.4.40'))",
            "zec.panel()",
            f"raise ValueError({HOSTILE[0]!r})",
        )
        assert run_runbook(str(book), [], tmp_path / "out") == 3
    page.goto((tmp_path / "out" / "book.html").as_uri())
    page.wait_for_timeout(300)
    shot(page, "exported-hostile")
    assert page.evaluate("window.hacked") == 0
    assert page.locator("img[src=x], svg[onload], iframe, script").count() == 0
    text = page.locator("main").inner_text()
    assert all(name in text for name in HOSTILE[:2])
    assert [url for url in asked if not url.endswith("/book.html")] == []


def test_scripts_of_a_notebook_do_not_run(browser: Browser, tmp_path: Path) -> None:
    """Not even markup that a notebook's author displays on purpose runs or loads anything."""
    from zecnb.runbook import _export

    markup = "<script>window.hacked=1</script><img src=x onerror=window.hacked=2><img src=http://127.0.0.1:9/a.png>"
    output = nbformat.v4.new_output("display_data", {"text/html": markup, "application/javascript": "window.hacked=3"})
    cells = [nbformat.v4.new_code_cell("1", outputs=[output]), nbformat.v4.new_markdown_cell(f"# Hello $x$ {markup}")]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), tmp_path / "book.ipynb")
    context = browser.new_context()
    page, answered = context.new_page(), []
    page.on("response", lambda response: answered.append(response.url))
    page.goto(_export(tmp_path / "book.ipynb").as_uri())
    page.wait_for_timeout(300)
    assert page.evaluate("window.hacked") is None
    assert [url for url in answered if not url.startswith(("data:", "file:"))] == []
    assert page.locator("h1").inner_text().startswith("Hello")
    context.close()
