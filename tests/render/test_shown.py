"""A frame to read: the same in a notebook and in a terminal."""

from __future__ import annotations

import pandas as pd
import pytest

from tests.render import frames
from zecnb.errors import UsageError
from zecnb.render.shown import table


def test_nothing_is_cut_off():
    """Long sentences are there from the first to the last word, as HTML and as text."""
    words = " ".join(f"word{at}" for at in range(40))
    shown = table(pd.DataFrame({"message": [words]}))
    assert words in shown._repr_html_()
    assert words in " ".join(repr(shown).split())
    assert "1680855999352675875" in table(pd.DataFrame({"nic_id": ["1680855999352675875"]}))._repr_html_()


def test_columns_and_caption():
    """What is asked for is shown, in that order."""
    shown = table(frames.findings(), ["code", "row"], caption="Findings")
    assert shown._repr_html_().index(">code<") < shown._repr_html_().index(">row<")
    assert "message" not in shown._repr_html_()
    assert repr(shown).startswith("Findings\ncode")


def test_columns_without_any_value_are_left_out():
    """A column that says nothing takes no room, unless it is asked for."""
    frame = pd.DataFrame({"code": ["A"], "holder_id": pd.Series([None], dtype="str")})
    assert "holder" not in repr(table(frame))
    assert "holder" in repr(table(frame, ["code", "holder_id"]))


def test_what_has_a_frame_is_shown():
    """Plans and receipts come with theirs."""

    class Receipt:
        frame = frames.receipt()

    assert "assigned" in repr(table(Receipt()))


def test_more_rows_than_fit_are_counted():
    """How many are left out is said."""
    shown = table(pd.DataFrame({"code": ["A"] * 60}), limit=10)
    assert "50 more rows" in repr(shown)
    assert "50 more rows" in shown._repr_html_()


@pytest.mark.parametrize("what", [None, "frame", [1]])
def test_what_is_no_frame(what: object):
    """Anything else is refused by name."""
    with pytest.raises(UsageError, match=f"not {type(what).__name__}"):
        table(what)


def test_a_column_that_is_not_there():
    """The columns there are, are named."""
    with pytest.raises(UsageError, match=r"no column 'codes'; there are row"):
        table(frames.findings(), ["codes"])
