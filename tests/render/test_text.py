"""Tables for terminals."""

from __future__ import annotations

import unicodedata

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.render.frames import EVIL, calls, coverage, plan_frame, receipt, summary
from zecnb.render.text import table_text


def _across(line: str) -> int:
    return sum(2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in line)


def test_small_table():
    """Text to the left, numbers to the right, a rule below the headings."""
    frame = pd.DataFrame({"name": ["web-07", "db"], "used": [3, 1021]})
    assert table_text(frame, width=80).splitlines() == [
        "name     used",
        "------  -----",
        "web-07      3",
        "db      1,021",
    ]


@pytest.mark.parametrize("width", [100, 120, 160])
@pytest.mark.parametrize(
    "frame", [plan_frame()[["row", "nic_name", "address", "verdict", "reason", "fix"]], coverage(), receipt()]
)
def test_lines_fit_the_terminal(frame: pd.DataFrame, width: int):
    """No line is wider than the terminal, so that none breaks where it should not."""
    assert max(map(_across, table_text(frame, width=width).splitlines())) <= width


def test_wide_letters_are_aligned():
    """East Asian letters take two columns; what follows them is still aligned."""
    lines = table_text(
        pd.DataFrame({"name": ["数据库", "db"], "cidr": ["10.0.8.0/28", "10.0.9.0/28"]}), width=80
    ).splitlines()
    assert _across(lines[2].partition("10.")[0]) == _across(lines[3].partition("10.")[0])


def test_long_texts_are_wrapped_not_cut():
    """All words of a long reason are there, on several lines."""
    frame = plan_frame()[["address", "reason", "fix"]]
    words = set(" ".join(frame["reason"].dropna()).split())
    assert words <= set(table_text(frame, width=60).split())


def test_ids_and_networks_are_never_split():
    """Half of a network is another network: where there is no room, other columns give way, else lines get long."""
    frame = coverage()[["subnet_id", "cidr", "name"]].assign(
        subnet_id="1614492982154492769", cidr="172.16.16.0/24", name="a name of many words that may be wrapped"
    )
    for width in (60, 30):
        lines = table_text(frame, width=width).splitlines()
        assert lines[2].split()[:2] == ["1614492982154492769", "172.16.16.0/24"]


def test_ids_in_a_sentence_are_split_last():
    """A column of text that can give way does, before an id in the one beside it is split."""
    frame = pd.DataFrame({"why": ["held by web-03 1680855999352675001"], "fix": ["take the next free one instead"]})
    assert "1680855999352675001" in table_text(frame, width=34)


def test_verdicts_have_symbols():
    """A verdict is a symbol and a word."""
    assert "✕ BLOCK" in table_text(plan_frame()[["address", "verdict"]], width=80)


def test_rows_beyond_the_limit_are_counted():
    """What is not shown is said."""
    lines = table_text(pd.DataFrame({"n": range(100_000)}), limit=10, width=80).splitlines()
    assert len(lines) == 2 + 10 + 1
    assert lines[-1] == "... 99,990 more rows"


def test_empty_table():
    """A table without rows says so."""
    assert table_text(plan_frame().head(0)[["address", "verdict"]], width=80).splitlines()[-1] == "(no rows)"


def test_columns_in_the_order_asked():
    """Only the columns asked for, in that order."""
    assert table_text(summary(), ["cidr", "unseen"], width=80).splitlines()[0].split() == ["cidr", "unseen"]


def test_calls_show_their_addresses():
    """All addresses of a call are there."""
    text = table_text(calls(), width=120)
    assert "10.0.4.13" in text
    assert "INVALID_SUBNET_PRIVATE_IPV4_IN_USED" in text


def test_too_many_columns_leave_none_out():
    """In a terminal that is too narrow lines get long rather than columns lost."""
    text = table_text(summary(), width=20)
    assert "628" in text
    assert "unseen" in text


@given(st.lists(st.text(max_size=40), min_size=1, max_size=5), st.integers(20, 120))
def test_any_text_stays_a_table(names: list[str], width: int):
    """Whatever names hold, no escape sequence reaches the terminal and no line is too wide."""
    text = table_text(pd.DataFrame({"name": names, "n": range(len(names))}), width=width)
    assert "\x1b" not in text
    assert max(map(_across, text.splitlines())) <= width
    assert EVIL not in text
