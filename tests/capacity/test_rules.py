"""Rules: each fails and passes, and a gate that cannot see does not open."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest

from tests.capacity.test_forecast import history
from tests.planner.accounts import EVIL, LATER, account, one_subnet
from zecnb.capacity.checking import check
from zecnb.capacity.rules import Rules, read_rules
from zecnb.errors import UsageError
from zecnb.inventory import Inventory

if TYPE_CHECKING:
    from pathlib import Path

TODAY = pd.Timestamp("2026-06-01", tz="UTC")


def inventory(held: int) -> Inventory:
    """Return a /24 with so many addresses held from .2 on."""
    made = one_subnet(held=range(2, 2 + held))
    return Inventory.from_frames(
        subnets=made.subnets, nics=made.nics, holders=made.holders, observed_at=TODAY.to_pydatetime()
    )


def without_ipv4() -> dict[str, Inventory]:
    """Return an account without any subnet, and one whose only subnet has IPv6 only."""
    frames = account()
    six = frames.subnets["subnet_id"] == "sub-six"
    chosen = {"nothing": frames.subnets[six & ~six], "six only": frames.subnets[six]}
    return {
        name: Inventory.from_frames(
            subnets=subnets,
            nics=frames.nics[frames.nics["subnet_id"].isin(subnets["subnet_id"])],
            holders=frames.holders.iloc[:0],
        )
        for name, subnets in chosen.items()
    }


CASES: list[tuple[str, float, float]] = [
    ("minimum_free", 53, 54),
    ("maximum_utilisation", 200 / 253, 0.79),
    ("minimum_largest_run", 53, 54),
    ("minimum_days_to_full", 27, 28),
]
"""Rule, a limit that 200 of 253 held addresses (two more each day) keep, and one that they break."""


@pytest.mark.parametrize(("rule", "kept", "broken"), CASES)
def test_rule_passes_and_fails(rule: str, kept: float, broken: float) -> None:
    """Each rule passes at its limit and fails beyond it, with the exit code to match."""
    past = history(np.arange(40) * 2 + 122)
    good, bad = (check(inventory(200), {rule: limit}, past) for limit in (kept, broken))
    assert (good.ok, good.exit_code, good.frame["result"].tolist()) == (True, 0, ["pass"])
    assert (bad.ok, bad.exit_code, bad.frame["result"].tolist()) == (False, 1, ["fail"])
    assert bad.frame["rule"].tolist() == [rule]


@pytest.mark.parametrize(
    ("past", "result", "words"),
    [
        (None, "unknown", "no history"),
        (history(np.arange(5)), "unknown", "not enough data"),
        (history(np.arange(40), subnet="other"), "unknown", "no history"),
        (history([100] * 40), "pass", "not filling"),
        (history(np.arange(40) * 2 + 60).assign(at=lambda f: f["at"] - pd.Timedelta(days=7)), "pass", "full in "),
        (
            history([100] * 40).assign(at=lambda f: f["at"] - pd.Timedelta(days=8)),
            "unknown",
            "a history that ends 2026-",
        ),
    ],
)
def test_days_to_full_without_a_date(past: pd.DataFrame | None, result: str, words: str) -> None:
    """Without enough history, or with one that ended long ago, it is unknown; what does not fill passes."""
    checked = check(inventory(100), {"minimum_days_to_full": 30}, past)
    assert checked.frame["result"].tolist() == [result]
    assert checked.frame["reason"].iloc[0].startswith(words)
    assert checked.ok


@pytest.mark.parametrize(("hours", "good"), [(23, False), (24.5, True)])
def test_maximum_age(hours: float, good: bool) -> None:
    """An inventory that was read longer ago than the rule allows fails as a whole; this rule may be the only one."""
    checked = check(_read_before(timedelta(hours=24)), {"maximum_age_hours": hours})
    assert checked.ok is good
    assert checked.headline.endswith(", read 24.0 h ago")


def test_a_short_maximum_age() -> None:
    """The age is said also where it is not worth a word by itself."""
    checked = check(_read_before(timedelta(seconds=60)), {"maximum_age_hours": 0.01})
    assert checked.frame["reason"].tolist() == ["read 60 s ago, at most 0.01 hours ago"]


def _read_before(age: timedelta) -> Inventory:
    frames = {"subnets": account().subnets, "nics": account().nics, "holders": account().holders}
    return Inventory.from_frames(**frames, observed_at=datetime.now(UTC) - age)


def test_unknown_can_fail() -> None:
    """On request what cannot be judged fails."""
    assert not check(inventory(1), {"minimum_days_to_full": 30, "unknown": "fail"}).ok


def test_special_limits_win() -> None:
    """Subnets that match by name, id or CIDR have limits of their own, the later table before the earlier."""
    rules = {
        "minimum_free": 240,
        "subnets": [
            {"match": "d*", "minimum_free": 1},
            {"match": ["10.0.7.0/24", "sub-g?"], "minimum_free": 250},
        ],
    }
    limits = check(account(), rules).frame.set_index("subnet_id")["limit"]
    assert limits[["sub-app", "sub-db", "sub-dual", "sub-gw", "sub-dark"]].tolist() == [240, 1, 250, 250, 1]


def test_rules_for_some_only() -> None:
    """Without general limits only the subnets that match are judged."""
    checked = check(account(), {"subnets": [{"match": "sub-db", "minimum_free": 1}]})
    assert checked.frame["subnet_id"].tolist() == ["sub-db"]


def test_pattern_that_matches_nothing() -> None:
    """A pattern without a subnet fails: mistyped, it would guard nothing."""
    checked = check(account(), {"subnets": [{"match": "nobody", "minimum_free": 1}]})
    assert checked.frame[["result", "reason"]].to_numpy().tolist() == [["fail", "no IPv4 subnet matches nobody"]]
    assert not checked.ok


def test_pattern_of_a_subnet_without_ipv4() -> None:
    """A subnet that has IPv6 only has no room to guard: its pattern is said like one that matches nothing."""
    checked = check(account(), {"subnets": [{"match": "six", "minimum_free": 1}]})
    assert checked.frame["reason"].tolist() == ["no IPv4 subnet matches six"]


@pytest.mark.parametrize("name", ["nothing", "six only"])
def test_account_without_ipv4(name: str) -> None:
    """Where there is nothing to judge the gate says so, and opens only if what is unknown may pass."""
    rules = {"minimum_free": 1, "maximum_utilisation": 0.5, "minimum_largest_run": 1, "minimum_days_to_full": 1}
    checked = check(without_ipv4()[name], rules)
    assert checked.frame[["result", "reason"]].to_numpy().tolist() == [["unknown", "there is no IPv4 subnet"]]
    assert checked.ok
    assert not check(without_ipv4()[name], {**rules, "unknown": "fail"}).ok


def test_patterns_are_no_regular_expressions() -> None:
    """A dot is a dot."""
    assert (
        len(check(account(), {"subnets": [{"match": "sub.db", "minimum_free": 1}]}).frame.query("rule != 'match'")) == 0
    )


def test_partial_inventory_fails() -> None:
    """What could be read in part only fails, whatever the rules say."""
    sources = pd.DataFrame(
        [{"source": "nics", "scope": "", "status": "partial", "records": 1, "detail": "page 2 failed"}]
    )
    checked = check(account(sources=sources), {"minimum_free": 0})
    assert not checked.ok
    assert checked.frame.iloc[0][["rule", "reason"]].tolist() == [
        "complete_inventory",
        "nics: partial. page 2 failed",
    ]


def test_scenarios_can_be_checked() -> None:
    """A what-if is gated as what is: before anything is done."""
    rules = {"minimum_free": 50}
    scenario = inventory(200).what_if().add_nics("s", 2, 3)
    assert check(inventory(200), rules).ok
    assert not check(scenario, rules).ok
    assert not check(scenario.inventory, rules).ok


def test_claims_are_not_free() -> None:
    """What somebody claimed is not there for others: neither free nor in a run, and not used."""
    claims = pd.DataFrame({"range": ["10.0.0.202-211"], "owner": "Ann"})
    rules = {"minimum_free": 53, "minimum_largest_run": 53, "maximum_utilisation": 200 / 253}
    assert check(inventory(200), rules).ok
    claimed = check(inventory(200), rules, claims=claims).frame.set_index("rule")["value"]
    assert claimed[["minimum_free", "minimum_largest_run"]].tolist() == [43, 43]
    assert claimed["maximum_utilisation"] == pytest.approx(200 / 253)


def test_scenario_brings_its_claims() -> None:
    """What a scenario reserved counts in its gate, as it does in its comparison."""
    scenario = inventory(200).what_if().reserve("10.0.0.202-211")
    assert check(scenario, {"minimum_free": 44}).frame["reason"].tolist() == ["43 free, at least 44"]
    more = pd.DataFrame({"range": ["10.0.0.212"], "owner": "Bob"})
    assert check(scenario, {"minimum_free": 43}, claims=more).frame["value"].tolist() == [42]


def test_scenario_is_full_earlier() -> None:
    """What a scenario adds lies on top of the past, so that it is full earlier than what is now."""
    past, rules = history(np.arange(40) * 2 + 122), {"minimum_days_to_full": 20}
    scenario = inventory(200).what_if().add_nics("s", 3, 5)
    now, then = (check(each, rules, past).frame["value"].iloc[0] for each in (inventory(200), scenario))
    assert (now, then) == (27, 19)  # 53 and 38 free, two a day


# -- files ---------------------------------------------------------------------------------------------------------


def test_file_is_read(tmp_path: Path) -> None:
    """The file of the documentation is valid."""
    path = tmp_path / "rules.toml"
    path.write_text('minimum_free = 16\nunknown = "fail"\n\n[[subnets]]\nmatch = ["db-*"]\nminimum_free = 4\n')
    rules = read_rules(path)
    assert rules == Rules.of({"minimum_free": 16, "unknown": "fail", "subnets": [{"match": "db-*", "minimum_free": 4}]})
    assert check(account(), path).frame["rule"].iloc[0] in ("minimum_free", "match")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ({"minimum_fre": 1}, "did you mean minimum_free"),
        ({"colour": 1}, "there are minimum_free"),
        ({3: 3}, "there is no 3; there are minimum_free"),
        ({"minimum_free": -1}, "0 or more, not -1"),
        ({"minimum_free": True}, "not True"),
        ({"minimum_free": "9"}, "not '9'"),
        ({"maximum_utilisation": 90}, "0 to 1, not 90"),
        ({"minimum_free": float("inf")}, "0 or more, not inf"),
        ({"minimum_free": float("nan")}, "0 or more, not nan"),
        ({"minimum_free": 10**400}, "0 or more, not 10000"),
        (["minimum_free"], "a mapping or the path of a TOML file, not list"),
        ({}, "there is none"),
        ({"minimum_free": 1, "unknown": "maybe"}, "unknown is"),
        ({"subnets": {"match": "a"}}, r"\[\[subnets\]\]"),
        ({"maximum_age_hours": -1}, "0 or more, not -1"),
        ({"subnets": [{"match": "a", "maximum_age_hours": 1}]}, "there is no maximum_age_hours"),
        ({"subnets": [{"minimum_free": 1}]}, "match"),
        ({"subnets": [{"match": [], "minimum_free": 1}]}, "match"),
    ],
)
def test_rules_that_cannot_be(content: dict[str, Any], words: str) -> None:
    """A mistake in the rules is an error that names it, never a rule that is left out."""
    with pytest.raises(UsageError, match=words):
        Rules.of(content)


@pytest.mark.parametrize("text", ["minimum_free = ", "minimum_free = 1\nminimum_free = 2\n", None])
def test_files_that_cannot_be_read(tmp_path: Path, text: str | None) -> None:
    """A file that is not there or no TOML is refused with its name."""
    path = tmp_path / "rules.toml"
    if text is not None:
        path.write_text(text)
    with pytest.raises(UsageError, match=r"rules\.toml cannot be read"):
        read_rules(path)


# -- output --------------------------------------------------------------------------------------------------------


def test_failures_come_first() -> None:
    """The frame begins with what failed."""
    results = check(account(), {"minimum_free": 100}).frame["result"].tolist()
    assert results == sorted(results)
    assert set(results) == {"fail", "pass"}


def test_reasons_say_what_is_and_what_is_wanted() -> None:
    """Each rule says in one phrase what there is and what the limit asks for."""
    rules = {"minimum_free": 54, "maximum_utilisation": 0.5, "minimum_largest_run": 54, "minimum_days_to_full": 30}
    said = check(inventory(200), rules, history(np.arange(40) * 2 + 122)).frame["reason"].tolist()
    assert said == [
        "53 free, at least 54",
        "79.1 % used, at most 50.0 %",
        "53 in the largest run, at least 54",
        "full in 27 days, at least 30 days",
    ]


def test_json_is_for_machines() -> None:
    """JSON has verdict, exit code and every row, without NaN."""
    said = json.loads(check(inventory(200), {"minimum_free": 54, "minimum_days_to_full": 1}).json())
    assert (said["ok"], said["exit_code"], len(said["results"])) == (False, 1, 2)
    assert said["results"][0]["reason"] == "53 free, at least 54"
    assert said["results"][1]["value"] is None


def test_markdown_lists_what_is_not_passed() -> None:
    """A pull request shows the verdict and the failures only."""
    said = check(account(), {"minimum_free": 11}).markdown()
    assert said.splitlines()[0] == "**Address space failed: 1 fail, 7 pass**"
    assert said.count("\n| ") == 2
    assert "| fail | `frag` | `10.0.9.0/28` | `minimum_free` | `9 free, at least 11` |" in said


def test_markdown_of_a_pass_is_one_line() -> None:
    """Nothing failed, nothing listed."""
    assert check(account(), {"minimum_free": 0}).markdown() == "**Address space passed: 8 pass**\n\n"


@pytest.mark.parametrize("name", [EVIL, "a|b", "`@team` x", "new\nline", "[x](http://y)"])
def test_names_cannot_break_out_of_markdown(name: str) -> None:
    """A name stays one code span in one cell."""
    base = inventory(200)
    made = Inventory.from_frames(
        subnets=base.subnets.assign(name=name), nics=base.nics, holders=base.holders, observed_at=LATER
    )
    row = check(made, {"minimum_free": 60}).markdown().splitlines()[4]
    assert row.count("|") == 6
    assert row.count("`") == 8


def test_markdown_is_limited() -> None:
    """Many failures are counted, not listed."""
    said = check(account(), {"minimum_free": 1000}).markdown(limit=3)
    assert "… 5 more" in said
    assert said.count("| fail |") == 3


def test_text_and_html_say_the_verdict() -> None:
    """Terminal and notebook begin with the verdict."""
    checked = check(account(), {"minimum_free": 11})
    assert checked.text().startswith("failed: 1 fail, 7 pass\n")
    assert "failed: 1 fail, 7 pass" in checked._repr_html_()
    assert repr(checked) == "Checked(failed: 1 fail, 7 pass)"
