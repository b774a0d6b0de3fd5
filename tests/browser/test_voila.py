"""The panel as a page of its own: ``zecnb lab --app``, a real Voila, a real browser."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from typing import TYPE_CHECKING

import httpx
import pytest
from playwright.sync_api import Page, expect

from .conftest import SHOTS, SLOW, shot
from .test_safe import violations

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.browser


def serve(folder: Path, *options: str) -> tuple[subprocess.Popen[str], str]:
    """Start the page; return its process and its URL, with the token."""
    running = subprocess.Popen(
        [sys.executable, "-m", "zecnb", "lab", "saved", "--app", "--no-browser", *options],
        cwd=folder,
        env={**os.environ, "HOME": str(folder)},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert running.stdout is not None
    found = re.search(r"http://127\.0\.0\.1:\d+/\?token=\S+", running.stdout.readline())
    if found is None:
        running.kill()
    assert found is not None
    return running, found[0]


def end(running: subprocess.Popen[str]) -> None:
    """Stop it; not by SIGINT, which a process ignores whose shell runs it in the background."""
    running.terminate()
    running.communicate(timeout=30)


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """URL of the page on the demo account."""
    running, url = serve(tmp_path_factory.mktemp("app"), "--demo")
    yield url
    end(running)


@pytest.fixture
def asked(page: Page) -> list[str]:
    """Every address that the page asks anything of, but for this machine's."""
    strangers: list[str] = []
    page.on("request", lambda request: strangers.append(request.url) if _strange(request.url) else None)
    return strangers


def _strange(url: str) -> bool:
    return not url.startswith(("http://127.0.0.1:", "ws://127.0.0.1:", "data:", "blob:"))


def test_without_the_token_nobody_gets_in(url: str) -> None:
    """Neither the page nor the files behind it."""
    base = url.partition("?")[0]
    for path in ("", "voila/render/zecnb.ipynb", "voila/files/zecnb.ipynb"):
        answer = httpx.get(f"{base}{path}")
        assert answer.status_code != 200, path
        assert "zecnb-page" not in answer.text


def test_conflict_fixed_assigned_and_undone(page: Page, url: str, asked: list[str]) -> None:
    """The whole job on the page: it says which account it is on, and asks nothing of any other machine."""
    page.goto(url)
    shown = page.locator(".zecnb-page")
    expect(shown).to_contain_text("Demo account: a local ZEC", timeout=SLOW)
    panel = page.locator(".zecnb-panel")
    status, assign = panel.locator(".zecnb-status"), panel.get_by_role("button", name=re.compile("^Assign"))
    expect(panel.get_by_role("grid")).to_be_visible(timeout=SLOW)
    field = panel.get_by_label("Addresses", exact=True)
    field.fill("10.0.4.93-97")
    expect(status).to_contain_text("Blocked", timeout=SLOW)
    expect(panel).to_contain_text("primary of vNIC web-09")
    expect(assign).to_be_disabled()
    shot(page, "voila-blocked")
    field.fill("10.0.4.100-10.0.4.102")
    expect(status).to_contain_text("Ready")
    assign.click()
    panel.get_by_role("button", name="Yes").click()
    expect(status).to_contain_text("3 assigned", timeout=SLOW)
    panel.get_by_role("button", name="Undo last run").click()
    panel.get_by_role("button", name="Yes").click()
    expect(status).to_contain_text("3 released", timeout=SLOW)
    assert page.title() == "zecnb"
    assert asked == []


@pytest.mark.parametrize("look", ["light", "dark"])
def test_looks(page: Page, url: str, look: str) -> None:
    """Light and dark, narrow and wide: nothing is cut off, and axe-core finds nothing serious."""
    page.goto(f"{url}&theme={look}")
    panel = page.locator(".zecnb-panel")
    expect(panel.get_by_role("grid")).to_be_visible(timeout=SLOW)
    panel.get_by_label("Addresses", exact=True).fill("10.0.4.93-97")
    expect(panel.locator(".zecnb-status")).to_contain_text("Blocked", timeout=SLOW)
    for width in (700, 1600):
        page.set_viewport_size({"width": width, "height": 1000})
        page.wait_for_timeout(300)
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        page.screenshot(path=SHOTS / f"voila-{look}-{width}.png", full_page=True)
    assert violations(page, page.locator(".zecnb-page")) == []


def test_no_credentials_are_said_on_the_page(page: Page, tmp_path: Path) -> None:
    """Without ``--demo`` it never falls back to the local ZEC; what is missing is said in words."""
    running, url = serve(tmp_path)
    try:
        page.goto(url)
        shown = page.locator(".zecnb-page")
        expect(shown).to_contain_text("zecnb cannot connect", timeout=SLOW)
        expect(shown).to_contain_text("ZENLAYERCLOUD_ACCESS_KEY_ID")
        expect(page.locator(".zecnb-panel")).to_have_count(0)
        shot(page, "voila-no-credentials")
        page.goto("about:blank")  # it would go on asking for its server
    finally:
        end(running)
