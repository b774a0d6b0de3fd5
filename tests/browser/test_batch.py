"""Many vNICs at once: a CSV uploaded and pasted, stopped half way, taken up again after a kernel that died."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import httpx
import pandas as pd
import pytest
from playwright.sync_api import Locator, Page, expect

import zecnb
from zecnb.emulator import Emulator

from .accounts import connection, several
from .conftest import SLOW, shot

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.browser

SLOWLY = {"times": 0, "seconds": 0.7}  # each write


@pytest.fixture
def emulator():
    """An account of this process."""
    with Emulator(seed="empty") as started:
        yield started


def csv_of(nics: list[str]) -> str:
    """A batch of two addresses for each vNIC."""
    rows = [f'{nic},"10.0.4.{100 + 2 * k},10.0.4.{101 + 2 * k}",team {k}' for k, nic in enumerate(nics)]
    return "\n".join(["nic_id,ip_addresses,owner", *rows])


def fill(panel: Locator, text: str) -> None:
    """Paste a batch."""
    panel.get_by_role("button", name="Batch", exact=True).click()
    panel.get_by_label("CSV", exact=True).fill(text)


def test_a_file_is_judged_and_corrected(run, page: Page, emulator: Emulator, tmp_path: Path) -> None:
    """Findings name their rows; the corrected file plans without a block, the plan file loads."""
    nics = several(emulator.state, 3)
    panel = run("batch", connection(emulator), "panel = zec.panel()\npanel")
    panel.get_by_role("button", name="Batch", exact=True).click()
    file = tmp_path / "wishes.csv"
    file.write_text(f"{csv_of(nics)}\n{nics[0]},10.0.4.100,again\n{nics[1]},10.0.9.1 10.0.4.300,far\n")
    with page.expect_file_chooser() as chooser:
        panel.get_by_role("button", name="Upload CSV").click()
    chooser.value.set_files(file)
    status = panel.locator(".zecnb-status")
    expect(status).to_contain_text("Blocked")
    expect(panel.locator("tbody tr").filter(has_text="10.0.9.1").first).to_contain_text("4")
    shot(panel, "batch-findings")
    with page.expect_download() as fixed:
        panel.get_by_role("link", name="Download corrected file").click()
    fixed.value.save_as(tmp_path / "fixed.csv")
    frame = pd.read_csv(tmp_path / "fixed.csv", dtype=str, keep_default_na=False)
    assert frame["nic_id"].tolist()[:3] == nics
    assert frame["owner"].tolist()[:3] == ["team 0", "team 1", "team 2"]
    with page.expect_download() as plan:
        panel.get_by_role("link", name="Download plan").click()
    plan.value.save_as(tmp_path / "plan.json")
    assert not zecnb.Plan.load(tmp_path / "plan.json").ok

    fill(panel, (tmp_path / "fixed.csv").read_text())
    expect(status).to_contain_text("Ready")
    panel.get_by_role("button", name=re.compile("^Assign 6 addresses")).click()
    panel.get_by_role("button", name="Yes").click()
    expect(status).to_contain_text("6 assigned", timeout=SLOW)
    shot(panel, "batch-done")


def test_stopped_then_resumed_after_the_kernel_died(run, lab: str, folder: Path, emulator: Emulator) -> None:
    """Stop ends after the call under way; a run cut off by its kernel is found in the journal and finished."""
    nics = several(emulator.state, 8)
    emulator.faults.add("latency", "BatchAssignNetworkInterfaceIpv4", **SLOWLY)
    cells = (connection(emulator, f"sqlite:///{folder}/runs.db"), "panel = zec.panel()\npanel")
    panel = run("stop", *cells)
    status = panel.locator(".zecnb-status")
    assign, yes = panel.get_by_role("button", name=re.compile("^Assign")), panel.get_by_role("button", name="Yes")
    fill(panel, csv_of(nics[:4]))
    expect(status).to_contain_text("Ready")
    assign.click()
    yes.click()
    expect(status).to_contain_text(re.compile("[12] of 4 calls"), timeout=SLOW)
    shot(panel, "batch-running")
    panel.get_by_role("button", name="Stop", exact=True).click()
    expect(status).to_contain_text("Partly done", timeout=SLOW)
    expect(status).to_contain_text("not attempted")
    shot(panel, "batch-stopped")

    fill(panel, csv_of(nics))
    expect(status).to_contain_text("Ready")
    assign.click()
    yes.click()
    expect(status).to_contain_text(re.compile("[2-6] of [4-8] calls"), timeout=SLOW)
    server, token = lab.split("/lab/", maxsplit=1)[0], re.search("token=([0-9a-f]+)", lab)[1]
    sessions = httpx.get(f"{server}/api/sessions", params={"token": token}, timeout=30).json()
    (kernel,) = (session["kernel"]["id"] for session in sessions if session["path"] == "stop.ipynb")
    httpx.post(f"{server}/api/kernels/{kernel}/restart", params={"token": token}, timeout=60)

    panel = run("stop", *cells)
    status = panel.locator(".zecnb-status")
    expect(panel).to_contain_text("did not come to its end", timeout=SLOW)
    shot(panel, "batch-interrupted")
    panel.get_by_role("button", name="Resume").click()
    panel.get_by_role("button", name="Yes").click()
    expect(status).to_contain_text("Done", timeout=SLOW)
    shot(panel, "batch-resumed")
    expect(panel).not_to_contain_text("did not come to its end")
    held = emulator.state.rows("SELECT address FROM held WHERE kind = 'secondary'")
    assert len(held) == 16
    assert len({row["address"] for row in held}) == 16
