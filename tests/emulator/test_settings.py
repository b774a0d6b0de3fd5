"""Assumptions as switches: listed with their numbers, and none that switches nothing."""

from __future__ import annotations

import re
from dataclasses import FrozenInstanceError, fields
from pathlib import Path
from typing import Any

import pytest

import zecnb.emulator
from zecnb.emulator import Settings, assumptions, parse_settings
from zecnb.emulator.settings import FIXED


def test_every_switch_is_listed_with_number_and_meaning() -> None:
    """Whoever doubts an answer finds the assumption behind it."""
    listed = assumptions()
    assert [each["name"] for each in listed] == [each.name for each in fields(Settings)]
    assert all(re.fullmatch(r"A\d+|\d(\.\d+)?", each["number"]) and each["meaning"] for each in listed)


def test_defaults_are_the_assumptions() -> None:
    """What holds when nothing is said."""
    values = {each["name"]: each["value"] for each in assumptions()}
    assert (values["nic_limit"], values["nic_limit_counts_primary"]) == (10, True)
    assert (values["count_pick"], values["duplicate_in_request"], values["eip_blocks"]) == ("lowest", "illegal", "any")
    assert (values["skew_seconds"], values["rate_per_second"], values["lifecycle_seconds"]) == (300.0, 0.0, 0.0)
    assert values == {each["name"]: each["default"] for each in assumptions()}


def test_values_of_given_settings_beside_defaults() -> None:
    """A changed switch shows its value and what it would be."""
    [limit] = [each for each in assumptions(Settings(nic_limit=3)) if each["name"] == "nic_limit"]
    assert (limit["value"], limit["default"], limit["number"]) == (3, 10, "A9")


@pytest.mark.parametrize("wrong", [{"count_pick": "highest"}, {"duplicate_in_request": ""}, {"eip_blocks": "ANY"}])
def test_words_that_are_none(wrong: dict[str, Any]) -> None:
    """A word that no rule knows is refused, and the known ones are named."""
    [name] = wrong
    with pytest.raises(ValueError, match=f"{name} is one of .*, not '{wrong[name]}'"):
        Settings(**wrong)


@pytest.mark.parametrize(
    ("wrong", "kind"),
    [
        ({"nic_limit": "5"}, "a whole number"), ({"nic_limit": 5.5}, "a whole number"),
        ({"nic_limit": True}, "a whole number"), ({"nic_limit_counts_primary": 1}, "True or False"),
        ({"skew_seconds": "1"}, "a number"), ({"rate_per_second": None}, "a number"),
        ({"name_characters": None}, "a text"), ({"regions_not_on_sale": "asia-east-1"}, "a tuple of texts"),
    ],
)  # fmt: skip
def test_values_of_another_type(wrong: dict[str, Any], kind: str) -> None:
    """What a rule would stumble over later is refused at once."""
    [name] = wrong
    with pytest.raises(ValueError, match=f"{name} is {kind}, not "):
        Settings(**wrong)
    assert Settings(skew_seconds=1).skew_seconds == 1


def test_every_assumption_of_the_sheet_is_a_switch_or_says_why_not() -> None:
    """A1 to A28 are all accounted for, and none twice."""
    switched = {each["number"] for each in assumptions() if each["number"].startswith("A")}
    fixed = {number for number in FIXED if number.startswith("A")}
    assert {"2.4", "5.2", "5.7", "5.13", "5.15"} <= {each["number"] for each in assumptions()}
    assert {"3", "5", "5.4", "5.6", "5.12"} <= FIXED.keys()
    assert switched & fixed == set()
    assert switched | fixed == {f"A{number}" for number in range(1, 29)}
    assert all(FIXED.values())


def test_settings_do_not_change() -> None:
    """An emulator's assumptions hold as long as it runs."""
    with pytest.raises(FrozenInstanceError):
        Settings().nic_limit = 3  # type: ignore[misc]


def test_every_switch_is_read_somewhere() -> None:
    """A switch that no rule reads would promise what it does not do."""
    folder = Path(zecnb.emulator.__file__).parent
    code = "\n".join(path.read_text() for path in folder.glob("*.py") if path.name != "settings.py")
    idle = [each.name for each in fields(Settings) if not re.search(rf"\b{each.name}\b", code)]
    assert idle == []


def test_switches_from_words() -> None:
    """Each word becomes what the switch holds."""
    words = ["nic_limit=3", "nic_limit_counts_primary=false", "count_pick=random", "skew_seconds=1.5",
             "regions_not_on_sale=asia-east-1,na-west-1"]  # fmt: skip
    read = parse_settings(words, rate_per_second=2.0)
    assert (read.nic_limit, read.nic_limit_counts_primary, read.count_pick) == (3, False, "random")
    assert (read.skew_seconds, read.rate_per_second) == (1.5, 2.0)
    assert read.regions_not_on_sale == ("asia-east-1", "na-west-1")


@pytest.mark.parametrize(
    "word", ["nic_limit", "nic_limit=x", "nic_limit=-1", "nobody=1", "count_pick=highest", "eip_blocks=",
             "nic_limit_counts_primary=1", "skew_seconds=nan", "skew_seconds=inf", "=1"],
)  # fmt: skip
def test_words_that_set_nothing(word: str) -> None:
    """A wrong name or value is refused with a reason."""
    with pytest.raises(ValueError, match=r"\w"):
        parse_settings([word])
