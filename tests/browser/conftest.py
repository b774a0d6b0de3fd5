"""A real JupyterLab on a copy of the notebooks, and a Chromium to drive it."""

from __future__ import annotations

import json
import os
import secrets
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest

playwright = pytest.importorskip("playwright.sync_api")

HERE = Path(__file__).resolve().parent
SHOTS = HERE / "screenshots"
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
def lab(tmp_path_factory):
    """URL of a JupyterLab with the notebooks; the token is in it."""
    work = tmp_path_factory.mktemp("lab")
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
        yield f"{url}/lab/tree/{{}}?token={token}"
    finally:
        server.terminate()
        server.wait(20)


@pytest.fixture
def page(browser):
    """A fresh page whose console errors fail the test."""
    context = browser.new_context(viewport={"width": 1280, "height": 1400})
    page = context.new_page()
    problems: list[str] = []
    page.set_default_timeout(20_000)
    page.on("pageerror", lambda error: problems.append(str(error)))
    yield page
    shot(page, "last")
    context.close()
    assert not problems, problems


def shot(what, name: str) -> None:
    """Take a screenshot of a page or a part of it, to look at."""
    SHOTS.mkdir(exist_ok=True)
    what.screenshot(path=SHOTS / f"{name}.png")
