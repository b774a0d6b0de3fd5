"""Frames for spreadsheets."""

from __future__ import annotations

import io

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.render.frames import calls, plan_frame
from zecnb.render.export import defuse

_STARTS = "=+-@\t\r\n\uff1d\uff0b\uff0d\uff20"


@pytest.mark.parametrize(
    "cell", ["=1+1", "+cmd|' /C calc'!A0", "-2+3", "@SUM(A1)", "\t=1", "\r=1", "  =1", "\uff1d1", "-", "+"]
)
def test_formulas_become_text(cell: str):
    """Whatever a spreadsheet could take for a formula gets an apostrophe."""
    assert defuse(pd.DataFrame({"name": [cell]}))["name"].tolist() == ["'" + cell]


@pytest.mark.parametrize("cell", ["web-07", "-5", "+3.25", "-1e5", "10.0.4.1", "", "a=b", "1-2", "'=1", "-1,5"])
def test_plain_text_and_numbers_stay(cell: str):
    """Names, addresses and plain numbers are left alone."""
    assert defuse(pd.DataFrame({"name": [cell]}))["name"].tolist() == [cell]


def test_headings_too():
    """A heading is a cell as well."""
    assert defuse(pd.DataFrame({"=1+1": [1]})).columns.tolist() == ["'=1+1"]


def test_lists_become_text():
    """Codes and addresses are joined by commas."""
    assert defuse(calls())["addresses"].tolist() == ["10.0.4.10, 10.0.4.11, 10.0.4.12, 10.0.4.13"]


def test_numbers_keep_their_dtype():
    """Columns of numbers and missing values are not touched."""
    frame = plan_frame()
    done = defuse(frame)
    assert done["row"].dtype == frame["row"].dtype
    assert done["fix"].isna().tolist() == frame["fix"].isna().tolist()
    assert defuse(frame.iloc[:, :0]).shape == (5, 0)


def test_same_name_twice():
    """Two columns of one name, which a user's file may have, are both kept."""
    frame = pd.DataFrame([["=a", "=b"]], columns=["x", "x"])
    assert defuse(frame).to_numpy().tolist() == [["'=a", "'=b"]]


@given(st.lists(st.text(max_size=20), min_size=1, max_size=5))
def test_no_cell_of_a_csv_starts_a_formula(names: list[str]):
    """After export nothing but numbers starts like a formula, and doing it twice changes nothing more."""
    done = defuse(pd.DataFrame({"name": names}))
    again = defuse(done)
    assert again["name"].tolist() == done["name"].tolist()
    assert all(
        cell.lstrip(" \x00")[:1] not in _STARTS or _is_number(cell) for cell in done["name"] if cell.strip(" \x00")
    )


def _is_number(cell: str) -> bool:
    try:
        float(cell.replace(",", "."))
    except ValueError:
        return False
    return True


def test_round_trip_through_csv():
    """What was harmless comes back from a CSV file as it went in."""
    frame = pd.DataFrame({"name": ["web-07", "数据库"], "address": ["10.0.4.1", "10.0.4.2"]})
    text = defuse(frame).to_csv(index=False)
    assert pd.read_csv(io.StringIO(text)).to_numpy().tolist() == frame.to_numpy().tolist()
