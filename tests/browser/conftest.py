"""A real JupyterLab on a copy of the notebooks, and a Chromium to drive it."""

from __future__ import annotations

import json
import os
import re
import secrets
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import nbformat
import pytest

if TYPE_CHECKING:
    from collections.abc import Iterable

playwright = pytest.importorskip("playwright.sync_api")
expect = playwright.expect
expect.set_options(timeout=20_000)  # a machine may be busy with other things

HERE = Path(__file__).resolve().parent
SHOTS = HERE / "screenshots"
SLOW = 60_000  # milliseconds: a kernel starts, a notebook runs
ARGUMENTS = (
    "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update", "--no-first-run",
    "--disable-sync", "--disable-quic",
)  # fmt: skip


def chromium() -> str | None:
    """Where a Chromium is."""
    return os.environ.get("ZECNB_CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")


@pytest.fixture(scope="session")
def browser():
    """A headless Chromium."""
    path = chromium()
    if path is None:
        pytest.skip("no Chromium: apt-get install chromium, or set ZECNB_CHROMIUM=path")
    with playwright.sync_playwright() as driver:
        started = driver.chromium.launch(executable_path=path, args=list(ARGUMENTS))
        yield started
        started.close()


@pytest.fixture(scope="session")
def folder(tmp_path_factory) -> Path:
    """The folder that the JupyterLab shows."""
    return tmp_path_factory.mktemp("lab")


@pytest.fixture(scope="session")
def lab(folder: Path):
    """URL of a JupyterLab with the notebooks; the token is in it."""
    work = folder
    for notebook in (HERE.parents[1] / "notebooks").glob("*.ipynb"):
        shutil.copy(notebook, work)
    settings = {
        # Every cell stays in the page, so that a test finds what a person would scroll to.
        "notebook-extension/tracker": {"windowingMode": "none"},
        "apputils-extension/notification": {"fetchNews": "false"},
    }
    for name, values in settings.items():
        path = work / ".settings" / "@jupyterlab" / f"{name}.jupyterlab-settings"
        path.parent.mkdir(parents=True)
        path.write_text(json.dumps(values))
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    token = secrets.token_hex(16)
    environment = {**os.environ, "JUPYTERLAB_SETTINGS_DIR": str(work / ".settings"), "HOME": str(work)}
    command = [
        sys.executable, "-m", "jupyterlab", "--no-browser", "--ip=127.0.0.1", f"--port={port}", "--allow-root",
        f"--IdentityProvider.token={token}", f"--ServerApp.root_dir={work}", "--LabApp.news_url=",
        "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
    ]  # fmt: skip
    with (work / "lab.log").open("w") as log:
        server = subprocess.Popen(command, cwd=work, env=environment, stdout=log, stderr=log)
    url = f"http://127.0.0.1:{port}"
    try:
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            try:
                if httpx.get(f"{url}/api/status", params={"token": token}).status_code == 200:
                    break
            except httpx.TransportError:
                time.sleep(0.3)
        else:
            pytest.fail((work / "lab.log").read_text()[-2000:])
        yield f"{url}/lab/tree/{{}}?token={token}&reset"
    finally:
        server.terminate()
        server.wait(20)


@pytest.fixture
def page(browser, request: pytest.FixtureRequest):
    """A fresh page whose console errors fail the test."""
    context = browser.new_context(viewport={"width": 1280, "height": 1400})
    page = context.new_page()
    problems: list[str] = []
    page.set_default_timeout(20_000)
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on("console", lambda said: problems.append(said.text) if said.type == "error" else None)
    yield page
    shot(page, f"last-{request.node.name}"[:60])
    context.close()
    assert not problems, problems


@pytest.fixture
def run(page, lab: str, folder: Path):
    """Run a notebook of the given cells in JupyterLab; returns its panel once the last cell is done."""

    def start(name: str, first: str, *cells: str):
        forget = "import zecnb.panel\nzecnb.panel._TYPED.clear()  # of an earlier test with the same kernel\n"
        write_notebook(folder / f"{name}.ipynb", [forget + first, *cells])
        return run_all(page, lab, f"{name}.ipynb")

    return start


def write_notebook(path: Path, cells: Iterable[str]) -> None:
    """Write a notebook of code cells."""
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    shown = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells], metadata=kernel)
    nbformat.write(shown, path)


def run_all(page, lab: str, name: str):
    """Open a notebook, run all its cells, and return the panel in it."""
    page.goto(lab.format(name))
    expect(page.locator(".jp-StatusBar-Widget, #jp-bottom-panel").first).to_contain_text("Idle", timeout=SLOW)
    page.locator(".jp-Notebook .jp-Cell").first.click()
    page.get_by_role("menuitem", name="Run", exact=True).click()
    page.locator(".lm-Menu-itemLabel").get_by_text("Run All Cells", exact=True).click()
    found = page.locator(".zecnb-panel")
    expect(found).to_have_count(1, timeout=SLOW)
    # The last cell is done when its number is there.
    expect(page.locator(".jp-CodeCell .jp-InputPrompt").last).to_have_text(re.compile(r"\[\d+\]:"), timeout=SLOW)
    found.scroll_into_view_if_needed()
    return found


def theme(page, name: str) -> None:
    """Choose a theme of JupyterLab."""
    page.get_by_role("menuitem", name="Settings", exact=True).click()
    page.locator(".lm-Menu-itemLabel").get_by_text("Theme", exact=True).hover()
    page.locator(".lm-Menu-itemLabel").get_by_text(name, exact=True).click()


def shot(what, name: str) -> None:
    """Take a screenshot of a page or a part of it, to look at."""
    SHOTS.mkdir(exist_ok=True)
    page = getattr(what, "page", what)
    expect(page.locator("#jupyterlab-splash")).to_have_count(0)  # it fades away over what it covers
    what.screenshot(path=SHOTS / f"{name}.png")
