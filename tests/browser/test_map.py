"""The subnet map in a real JupyterLab: seen, picked from by mouse and by keyboard, in any theme and width."""

from __future__ import annotations

import re
import statistics
import time
from ipaddress import ip_address

import numpy as np
import pytest
from playwright.sync_api import Locator, Page, expect

import zecnb
from zecnb.addresses import compact
from zecnb.emulator import Emulator

from .accounts import connection, large
from .conftest import SLOW, shot, theme

pytestmark = pytest.mark.browser

DEMO = "import zecnb\nfrom zecnb.emulator.seeds import WEB_07\nzec = zecnb.demo(progress=False)"

WATCH = """panel => {
    // Milliseconds from each key to the verdict that answers it.
    window.answers = [];
    let began = null;
    let taken = false; // the verdict before the key has been taken back
    document.addEventListener("keydown", () => { began = performance.now(); taken = false; }, true);
    new MutationObserver((changes) => {
        // Looked for among what was added: on a busy machine the next verdict may be there before this is called.
        const added = changes.flatMap((change) => [...change.addedNodes]);
        taken ||= added.some((node) => node.classList?.contains("loading"));
        const status = panel.querySelector(".zecnb-status");
        if (began === null || !taken || !status || status.classList.contains("loading")) return;
        window.answers.push(performance.now() - began);
        began = null;
    }).observe(panel, { subtree: true, childList: true, characterData: true });
}"""


@pytest.fixture
def panel(run) -> Locator:
    """A panel on a vNIC of a /22, nothing asked for yet."""
    found = run("map", DEMO, "panel = zec.panel(WEB_07)\npanel")
    expect(found.get_by_role("grid")).to_be_visible(timeout=SLOW)
    return found


def said(panel: Locator) -> str:
    """What stands below the map about one address."""
    return panel.locator(".zecnb-map-said").inner_text()


def walk(panel: Locator, page: Page, to: str) -> str:
    """Go with the keyboard to the first cell that is told so; return its address."""
    panel.get_by_role("grid").focus()
    page.keyboard.press("Control+Home")
    for _ in range(200):
        page.keyboard.press("ArrowRight")
        if to in said(panel):
            break
    return said(panel).split(" ")[0]


def free_cell(panel: Locator, page: Page, skip: int = 0) -> tuple[float, float, str]:
    """Move the pointer over the map until it is on a free address; return where that is."""
    grid = panel.get_by_role("grid")
    grid.scroll_into_view_if_needed()
    box = grid.bounding_box()
    for y in range(12, 300, 17):
        for x in range(120, int(box["width"]) - 20, 17):
            page.mouse.move(box["x"] + x, box["y"] + y)
            if " · free" in said(panel):
                if not skip:
                    return box["x"] + x, box["y"] + y, said(panel).split(" ")[0]
                skip -= 1
    pytest.fail("there is no free cell")


def test_looks(panel: Locator, page: Page) -> None:
    """Light and dark, narrow and wide: taken to be looked at; the map never runs out of its panel."""
    panel.get_by_label("Addresses", exact=True).fill("10.0.4.93-97, 10.0.7.240-242")
    expect(panel.locator(".zecnb-status")).to_contain_text("Blocked")
    for part in (".zecnb-status", ".zecnb-map-legend"):  # a blocked plan takes nothing, here as there
        expect(panel.locator(part)).to_contain_text("free 408")
    expect(panel.locator(".zecnb-map-title")).to_contain_text("408 free · largest free run 62")
    page.locator(".jp-SideBar [data-id=filebrowser]").click()  # the side bar takes half of a narrow screen
    for look in ("Light", "Dark"):
        theme(page, f"JupyterLab {look}")
        for width in (700, 1600):
            page.set_viewport_size({"width": width, "height": 1900})
            panel.scroll_into_view_if_needed()
            page.wait_for_timeout(400)
            shot(panel, f"map-{look.lower()}-{width}")
            assert panel.locator(".zecnb-map").bounding_box()["width"] <= panel.bounding_box()["width"]


def test_picked_by_mouse(panel: Locator, page: Page) -> None:
    """A click picks a free address into the field and is judged; another click takes it back."""
    x, y, address = free_cell(panel, page)
    field = panel.get_by_label("Addresses", exact=True)
    page.mouse.click(x, y)
    expect(field).to_have_value(address)
    expect(panel.locator(".zecnb-status")).to_contain_text("Ready 1 OK")
    expect(panel.locator(".zecnb-map-legend")).to_contain_text("planned 1")
    page.mouse.click(x, y)
    expect(field).to_have_value("")


def test_dragged_over(panel: Locator, page: Page) -> None:
    """A drag picks the free addresses between its ends and leaves the held ones."""
    with zecnb.demo(progress=False) as zec:
        held = set(zec.inventory().holders["address"])
    x, y, first = free_cell(panel, page)
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 60, y, steps=4)  # a few cells: no more than the vNIC has room for
    last = said(panel).split(" ")[0]
    page.mouse.up()
    between = range(int(ip_address(first)), int(ip_address(last)) + 1)
    free = np.array([at for at in between if str(ip_address(at)) not in held], np.uint32)
    assert 1 < free.size < len(between)
    expect(panel.get_by_label("Addresses", exact=True)).to_have_value(compact(free))
    expect(panel.locator(".zecnb-map-legend")).to_contain_text(f"planned {free.size}conflict 0")


def test_a_held_cell_is_told_and_not_picked(panel: Locator, page: Page) -> None:
    """Who holds an address is said below the map; a click on it asks for nothing."""
    address = walk(panel, page, "other vNIC")
    expect(panel.locator(".zecnb-map-said")).to_contain_text(re.compile(r"other vNIC · nic \w+ · web-\d+ · \d+"))
    page.keyboard.press("Space")
    field = panel.get_by_label("Addresses", exact=True)
    expect(field).to_have_value("")
    field.fill(address)
    expect(panel.locator(".zecnb-map-legend")).to_contain_text("conflict 1")


def test_picked_by_keyboard(panel: Locator, page: Page) -> None:
    """Arrows move and tell, Space picks, Shift with arrows picks a range; the words reach screen readers."""
    grid = panel.get_by_role("grid")
    address = walk(panel, page, " · free")
    active = panel.locator(f"#{grid.get_attribute('aria-activedescendant')}")
    expect(active).to_have_text(f"{address}, free")
    page.keyboard.press("Space")
    field = panel.get_by_label("Addresses", exact=True)
    expect(field).to_have_value(address)
    expect(panel.locator("[aria-selected=true]")).to_contain_text("picked")
    for _ in range(20):
        page.keyboard.press("Shift+ArrowRight")
    expect(field).to_have_value(re.compile(rf"^{re.escape(address)}(-|, )"))
    shot(panel, "map-keyboard")


def test_a_range_begins_where_one_is(panel: Locator, page: Page) -> None:
    """Shift with arrows adds to what is in the field now: neither older picks come back, nor are newer ones lost."""
    grid, field = panel.get_by_role("grid"), panel.get_by_label("Addresses", exact=True)
    first = walk(panel, page, " · free")
    page.keyboard.press("Shift+ArrowRight")
    expect(field).to_have_value(re.compile(rf"^{re.escape(first)}"))
    field.fill("10.0.7.240")
    expect(panel.locator(".zecnb-map-said")).to_contain_text("1 picked")
    grid.focus()
    page.keyboard.press("Space")
    page.keyboard.press("Shift+ArrowRight")
    expect(field).to_have_value(re.compile("10.0.7.240$"))
    expect(field).not_to_have_value(re.compile(rf"^{re.escape(first)}(,|-)"))


def test_no_key_is_a_command_of_the_notebook(panel: Locator, page: Page) -> None:
    """With the focus on the map or a button, x does not cut the cell and b adds none."""
    cells = page.locator(".jp-Notebook .jp-Cell")
    count = cells.count()
    for part in (panel.get_by_role("grid"), panel.get_by_role("button", name="Refresh")):
        part.focus()
        for key in ("x", "b", "a"):
            page.keyboard.press(key)
        page.wait_for_timeout(200)
        assert cells.count() == count
    expect(panel).to_be_visible()


def test_sixteen(run, page: Page, capsys: pytest.CaptureFixture[str]) -> None:
    """A /16 with 39,000 held addresses opens, answers each key and zooms; how soon is printed, to be under 200 ms."""
    with Emulator(seed="empty") as emulator:
        nic = large(emulator.state)
        panel = run("sixteen", connection(emulator), "panel = zec.panel()\npanel")
        status = panel.locator(".zecnb-status")
        panel.get_by_label("vNIC", exact=True).fill(nic)
        expect(panel.get_by_role("grid")).to_be_visible(timeout=SLOW)  # reads 4,400 vNICs once
        expect(panel.locator(".zecnb-map-legend")).to_contain_text(re.compile("other vNIC 39,"))
        panel.get_by_label("vNIC", exact=True).fill("")
        expect(panel.get_by_role("grid")).to_be_hidden()
        began = time.perf_counter()
        panel.get_by_label("vNIC", exact=True).fill(nic)
        expect(panel.get_by_role("grid")).to_be_visible()
        opened = time.perf_counter() - began

        field = panel.get_by_label("Addresses", exact=True)
        field.fill("10.1.200.1")
        field.press("End")
        expect(status).to_contain_text(re.compile("Ready|Blocked"))  # 10.1.200.1 may be held
        panel.evaluate(WATCH)
        for count in range(1, 25):
            field.press("2" if count % 2 else "Backspace")  # 10.1.200.12 and 10.1.200.1
            page.wait_for_function("count => window.answers.length >= count", arg=count, timeout=20_000)
            page.wait_for_timeout(60)
        answers = page.evaluate("window.answers")
        median = statistics.median(answers)
        with capsys.disabled():
            print(
                f"\n/16 with 39,000 held: key to verdict median {median:.0f} ms, worst {max(answers):.0f} ms; "
                f"map open in {opened * 1000:.0f} ms"
            )
        shot(panel, "map-16-whole")
        panel.get_by_role("button", name="Zoom in").click()
        panel.get_by_role("button", name="Zoom in").click()
        page.wait_for_timeout(200)
        shot(panel, "map-16-near")
