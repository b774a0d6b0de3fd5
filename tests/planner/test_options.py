"""Options as a shell gives them."""

from __future__ import annotations

import pytest

from zecnb.errors import UsageError
from zecnb.planner.options import Options, parse_options


def test_each_value_gets_the_type_of_its_option() -> None:
    """Numbers, yes and no, text, and None where it is allowed."""
    given = ["nic_limit=20", "primary_nics_accept=false", "warn_at=0.8", "mode=server_count", "exclude=10.0.0.1"]
    chosen = parse_options(given)
    expected = {"nic_limit": 20, "primary_nics_accept": False, "warn_at": 0.8, "mode": "server_count"}
    assert chosen == expected | {"exclude": "10.0.0.1"}
    assert Options.of(chosen).nic_limit == 20


def test_a_limit_may_be_unknown() -> None:
    """Then more than the documented 10 is a risk, and not a block."""
    assert parse_options(["nic_limit=none"]) == {"nic_limit": None}


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ("nic_limit=many", "nic_limit=many: expected `int \\| null`"),
        ("primary_nics_accept=perhaps", "expected `bool`"),
        ("nic_limit", "not NAME=VALUE"),
        ("nic_lmit=3", "with a name of policy, mode, nic_limit"),
    ],
)
def test_what_is_no_option_is_said(given: str, words: str) -> None:
    """The pair, and what it should have been."""
    with pytest.raises(UsageError, match=words):
        parse_options([given])


@pytest.mark.parametrize("limit", [0, True, 2.5, 99999999999999999999999])
def test_limits_that_cannot_be(limit: object) -> None:
    """A number beyond all addresses there are is refused like one that is none."""
    with pytest.raises(UsageError, match="nic_limit is a whole number of 1 to 4,294,967,296, or None"):
        Options.of({"nic_limit": limit})
