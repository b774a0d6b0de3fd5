"""A plan on the map: its numbers are those of the plan's summary, as in every other picture of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

import zecnb
from zecnb.emulator.seeds import WEB_07
from zecnb.widgets.map import draw
from zecnb.widgets.subnetmap import SubnetMap

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="module")
def zec() -> Iterator[zecnb.Session]:
    """The demo account."""
    with zecnb.demo(progress=False) as zec:
        yield zec


@pytest.mark.parametrize("asked", ["10.0.7.240-249", "10.0.4.93-97, 10.0.7.240-242", "10.0.7.240-241"])
def test_one_plan_one_set_of_numbers(zec: zecnb.Session, asked: str) -> None:
    """Chart, comparison and map say the free addresses and the longest run of the summary, blocked or not."""
    plan = zec.plan(WEB_07, ip_addresses=asked)
    summary = plan.summary.iloc[0]
    free, longest = summary["free_after"], summary["largest_run_after"]
    assert f"{free} free · longest free run {longest}" in plan.chart().text()
    assert f"→ {free} · longest free run {summary['largest_run_before']} → {longest}" in repr(plan.compare())
    counts = plan.chart().counts.set_index("state")["count"]
    assert counts["free"] == free
    assert plan.compare().counts.set_index("state")["after"].equals(counts.rename("after"))
    picture = SubnetMap()
    assert draw(picture, plan, WEB_07)
    assert f"{free} free · largest free run {longest}" in picture.heading


def test_a_subnet_nothing_is_planned_in(zec: zecnb.Session) -> None:
    """It is told as it is."""
    inventory = zec.inventory()
    used = inventory.occupancy().set_index("subnet_id")
    for subnet, free in used["free"].items():
        nics = inventory.nics[inventory.nics["subnet_id"] == subnet]
        if not len(nics) or used.loc[subnet, "unseen"] == 0:
            continue
        picture = SubnetMap()
        nic_id = nics["nic_id"].iloc[0]
        assert draw(picture, zec.plan(nic_id, ip_addresses=""), nic_id)
        shown = int((np.frombuffer(picture.cells, np.uint8) == 0).sum())
        assert f"{free} free ({shown} shown less {shown - free} unseen)" in picture.heading
