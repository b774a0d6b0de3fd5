"""The panel as a person uses it: a real JupyterLab in a real browser."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from .conftest import shot

pytestmark = pytest.mark.browser

SLOW = 60_000  # a kernel starts, a notebook runs


@pytest.fixture
def panel(page: Page, lab: str):
    """The panel of the runbook, all cells run."""
    page.goto(lab.format("01-assign.ipynb"))
    expect(page.locator(".jp-StatusBar-Widget, #jp-bottom-panel").first).to_contain_text("Idle", timeout=SLOW)
    page.locator(".jp-Notebook .jp-MarkdownOutput").first.click()
    page.get_by_role("menuitem", name="Run", exact=True).click()
    page.locator(".lm-Menu-itemLabel").get_by_text("Run All Cells", exact=True).click()
    found = page.locator(".zecnb-panel")
    expect(found).to_have_count(1, timeout=SLOW)
    found.scroll_into_view_if_needed()
    # The last cell is done when its number is there.
    expect(page.locator(".jp-CodeCell .jp-InputPrompt").last).to_have_text(re.compile(r"\[\d+\]:"), timeout=SLOW)
    return found


def test_conflict_fixed_assigned_and_undone(panel) -> None:
    """A conflict is named, fixed by typing, assigned after a question, and undone."""
    status = panel.locator(".zecnb-status")
    assign = panel.get_by_role("button", name=re.compile("^Assign"))
    expect(status).to_contain_text("Blocked 1 OK · 4 blocked", timeout=SLOW)  # once the last cell has undone the run
    expect(panel).to_contain_text("primary of vNIC web-09")
    expect(assign).to_be_disabled()
    shot(panel, "panel-blocked")

    panel.get_by_label("Addresses", exact=True).fill("10.0.4.100-10.0.4.102")
    expect(status).to_contain_text("Ready")
    expect(assign).to_have_text("Assign 3 addresses")
    assign.click()
    expect(panel.get_by_role("alert")).to_contain_text("Assign 3 addresses to")
    panel.get_by_role("button", name="Yes").click()
    expect(status).to_contain_text("3 assigned", timeout=SLOW)
    shot(panel, "panel-done")

    panel.get_by_role("button", name="Undo last run").click()
    panel.get_by_role("button", name="Yes").click()
    expect(status).to_contain_text("3 released", timeout=SLOW)
    shot(panel, "panel-undone")
