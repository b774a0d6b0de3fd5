"""One switch of the emulator and one option of the planner for what no document says: flipped together they agree."""

from __future__ import annotations

from collections import Counter
from dataclasses import fields
from typing import Any

import pytest

import zecnb
from tests.differential import Account, compare, expectations
from tests.planner import accounts
from zecnb.emulator import Settings, assumptions
from zecnb.emulator.seeds import WEB_07
from zecnb.errors import UsageError
from zecnb.planner.options import Options

FLIPPED = {"nic_limit": 4, **accounts.FLIPPED}
ROUNDS, ACCOUNTS = 25, 8


def _first_disagreement(settings: Settings, options: dict[str, Any]) -> str | None:
    """Plan random requests under these options, send them under those settings; return what differs first."""
    for seed in range(ACCOUNTS):
        account = Account(seed, settings)
        try:
            for _ in range(ROUNDS):
                wrong = compare(account, [account.request()], options, Counter())
                if wrong:
                    return wrong
        finally:
            account.close()
    return None


def test_every_expectation_has_its_switch() -> None:
    """Each switch that names an option names one of the planner with the same name and the same default."""
    named = {each["name"]: each["planner"] for each in assumptions() if each["planner"]}
    assert named == {name: name for name in FLIPPED}
    planner = {each.name: each.default for each in fields(Options)}
    assert {name: planner[name] for name in named} == expectations(Settings())


@pytest.mark.parametrize("name", FLIPPED)
def test_flipped_together_they_agree(name: str) -> None:
    """Who learns the truth and flips both sides gets plans that the API does as predicted."""
    settings = Settings(**{name: FLIPPED[name]})
    assert _first_disagreement(settings, expectations(settings)) is None


@pytest.mark.parametrize("name", FLIPPED)
@pytest.mark.parametrize("side", ["planner", "emulator"])
def test_flipped_alone_they_do_not(name: str, side: str) -> None:
    """With one side flipped the same requests show it: the agreement above is no accident."""
    flipped = Settings(**{name: FLIPPED[name]})
    settings, options = (Settings(), flipped) if side == "planner" else (flipped, Settings())
    assert _first_disagreement(settings, expectations(options)) is not None


def test_limit_without_the_primary_is_one_more_with_it() -> None:
    """A limit that leaves the primary out allows one address more; no limit stays none."""
    assert Options(nic_limit=4, nic_limit_counts_primary=False).cap == 5
    assert Options(nic_limit=None, nic_limit_counts_primary=False).cap is None


def test_expectation_of_a_session_holds_for_each_plan() -> None:
    """What is said once to the session every plan begins with; a plan's own option comes on top."""
    with zecnb.demo(progress=False) as zec:
        zec.expectations = {"nic_limit": 3}
        assert zec.plan(WEB_07, ip_address_count=1).options.nic_limit == 3
        assert not zec.plan(WEB_07, ip_address_count=1).ok
        assert zec.plan(WEB_07, ip_address_count=1, nic_limit=10).ok
        zec.expectations = {"nic_limt": 3}
        with pytest.raises(UsageError, match="no option 'nic_limt'"):
            zec.plan(WEB_07, ip_address_count=1)


def test_apply_keeps_the_plan_s_expectation() -> None:
    """What a plan allows under an expectation is not refused as drift when it is applied."""
    with zecnb.demo(progress=False) as zec:
        six = next(nic for nic in zec.inventory().nics.itertuples() if nic.name == "dual-03")
        assert not zec.plan(six.nic_id, ip_address_count=1).ok
        zec.emulator.state.settings = Settings(stack_check="subnet")
        receipt = zec.apply(zec.plan(six.nic_id, ip_address_count=1, stack_check="subnet"))
        assert receipt.ok
