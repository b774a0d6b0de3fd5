"""The map's own arithmetic, in a browser but without JupyterLab: ranges and layouts."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import numpy as np
import pytest

from zecnb.addresses import compact
from zecnb.widgets.subnetmap import SubnetMap

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.browser


@pytest.fixture
def script(page: Page):
    """Call an exported function of the script."""
    source = SubnetMap._esm if isinstance(SubnetMap._esm, str) else str(SubnetMap._esm)
    page.goto("about:blank")
    url = "URL.createObjectURL(new Blob([source], {type: 'text/javascript'}))"
    page.evaluate(f"async source => {{ window.part = await import({url}) }}", source)
    return lambda name, *arguments: page.evaluate(f"given => window.part.{name}(...given)", list(arguments))


def test_ranges_as_python_writes_them(script) -> None:
    """Both sides write and read the same ranges: a selection is compared as text."""
    chance = random.Random(7)
    for _ in range(40):
        start = chance.choice([0x0A0004F0, 0xC0A80000, 0xFFFFFF00])
        wanted = sorted({min(start + chance.randrange(400), 0xFFFFFFFF) for _ in range(chance.randrange(60))})
        text = compact(np.array(wanted, np.uint32))
        assert script("ranges", wanted) == text
        assert script("values", text) == wanted


@pytest.mark.parametrize("width", [320, 700, 1072])
def test_every_address_has_its_cell(script, width: int) -> None:
    """To /20 each address is a cell wide enough for a pointer; beyond, zoom leads there."""
    for prefix in range(12, 30):
        size = 1 << (32 - prefix)
        grid = script("layout", size, width, 0)
        assert grid["columns"] * grid["rows"] * grid["fold"] >= size
        assert grid["fold"] == (1 if prefix >= 16 else size >> 16)
        assert (grid["levels"] == 1) == (prefix >= 20)
        near = grid if prefix >= 20 else script("layout", size, width, 2)
        assert near["fold"] == 1
        assert min(near["w"], near["h"]) >= 10
