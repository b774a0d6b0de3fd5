"""Approvals: who may apply what, in a session that wants to know."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

import zecnb
from tests.execution.world import ASSIGN, World
from zecnb.emulator.seeds import WEB_07
from zecnb.errors import PlanBlockedError, PlanError, UsageError
from zecnb.planner.plan import Plan

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from zecnb.session import Session


@pytest.fixture
def world() -> Iterator[World]:
    """The demo account."""
    with World() as made:
        yield made


def connected(world: World, *, require_approval: bool = False) -> Session:
    """Connect as a user does."""
    emulator = world.emulator
    zec = zecnb.connect(
        access_key_id=emulator.access_key_id,
        access_key_password=emulator.access_key_password,
        endpoint=emulator.url,
        store="sqlite://",
        progress=False,
        require_approval=require_approval,
    )
    return world.kept(zec)


def test_apply_refuses_a_plan_nobody_approved(world: World) -> None:
    """It says how to approve, and nothing is sent."""
    zec = connected(world, require_approval=True)
    plan = zec.plan(WEB_07, ip_address_count=2)
    with pytest.raises(PlanError, match=r"nothing was sent\. Approve it .*zecnb approve plan\.json"):
        zec.apply(plan)
    assert world.calls(ASSIGN) == 0
    assert zec.journal().empty


def test_apply_takes_an_approved_plan(world: World, tmp_path: Path) -> None:
    """An approval travels in the plan file."""
    zec = connected(world, require_approval=True)
    path = zecnb.approve(zec.plan(WEB_07, ip_address_count=2), "Ann", "CHG-7").save(tmp_path / "plan.json")
    assert zec.apply(Plan.load(path)).ok


def test_approval_of_another_plan_is_none(world: World) -> None:
    """The approval is bound to what was approved."""
    zec = connected(world, require_approval=True)
    other = zecnb.approve(zec.plan(WEB_07, ip_address_count=1), "Ann")
    plan = zec.plan(WEB_07, ip_address_count=2).with_approvals(other.approvals)
    with pytest.raises(PlanError, match="nobody approved this one"):
        zec.apply(plan)


def test_a_blocked_plan_is_called_blocked(world: World) -> None:
    """What cannot be approved is refused for what it is."""
    zec = connected(world, require_approval=True)
    with pytest.raises(PlanBlockedError):
        zec.apply(zec.plan(WEB_07, ip_addresses="10.0.4.300"))


@pytest.mark.parametrize("value", ["1", "true", " Yes "])
def test_the_environment_demands_approval(world: World, monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    """What the environment demands, no argument waives."""
    monkeypatch.setenv("ZECNB_REQUIRE_APPROVAL", value)
    assert connected(world, require_approval=False).require_approval


@pytest.mark.parametrize("value", ["", "0", "off"])
def test_the_environment_may_say_no(world: World, monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    """It is off unless asked for, there or by the argument."""
    monkeypatch.setenv("ZECNB_REQUIRE_APPROVAL", value)
    assert not connected(world).require_approval
    assert connected(world, require_approval=True).require_approval


def test_a_switch_that_is_neither_is_an_error(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """A mistyped policy is not taken for no policy."""
    monkeypatch.setenv("ZECNB_REQUIRE_APPROVAL", "ture")
    with pytest.raises(UsageError, match="ZECNB_REQUIRE_APPROVAL is 1 or 0, not 'ture'"):
        connected(world)
