"""How one value is shown."""

from __future__ import annotations

import datetime as dt
import json
import unicodedata

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.render.frames import calls, plan_frame, summary
from zecnb.render.cells import NOTHING, Kind, heading, kind_of, percent, plain, plural, records, shorten, show


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("verdict", Kind.WORD),
        ("address", Kind.MONO),
        ("nic_id", Kind.MONO),
        ("nic_name", Kind.TEXT),
        ("codes", Kind.LIST),
        ("api_code", Kind.CODE),
        ("row", Kind.NUMBER),
        ("reason", Kind.TEXT),
    ],
)
def test_kind_of_plan_columns(name: str, kind: Kind):
    """What a column holds is told by its name and dtype."""
    assert kind_of(name, plan_frame()[name]) is kind


def test_kind_of_shares():
    """Utilisation is a share of 0..1; a column of booleans is no number."""
    assert kind_of("utilisation_before", summary()["utilisation_before"]) is Kind.SHARE
    assert kind_of("flag", pd.Series([True, False])) is Kind.TEXT


@pytest.mark.parametrize(
    ("share", "said"),
    [(0, "0.0 %"), (0.612, "61.2 %"), (1, "100.0 %"), (0.0004, "< 0.1 %"), (0.99971, "> 99.9 %"), (1.2, "120.0 %")],
)
def test_percent(share: float, said: str):
    """A share is never rounded to nothing or to all when it is not."""
    assert percent(share) == said


@pytest.mark.parametrize(
    ("value", "said"),
    [(1021, "1,021"), (np.int64(65536), "65,536"), (0.123456, "0.123"), (float("inf"), "inf"), (3.0, "3")],
)
def test_numbers(value: object, said: str):
    """Numbers have thousands separators and no more digits than matter."""
    assert show(value, "used", Kind.NUMBER).text == said


@pytest.mark.parametrize("value", [None, pd.NA, float("nan"), pd.NaT])
@pytest.mark.parametrize("kind", list(Kind))
def test_missing_values(value: object, kind: Kind):
    """Every kind of nothing is shown the same."""
    assert show(value, "x", kind).text == NOTHING


def test_identifiers_keep_both_ends():
    """An id is shortened in its middle, with the whole of it kept beside."""
    shown = show("1680855999352675875", "nic_id", Kind.MONO, limit=90)
    assert shown.text == "1680855…675875"
    assert shown.full == "1680855999352675875"


def test_addresses_are_never_shortened():
    """The longest address fits."""
    assert show("255.255.255.255/32", "cidr", Kind.MONO, limit=90).full == ""


def test_lists_say_how_many_more():
    """Of a long list the first three are shown, and how many more there are."""
    addresses = tuple(f"10.0.4.{n}" for n in range(10))
    shown = show(addresses, "addresses", Kind.LIST, limit=90)
    assert shown.text == "10.0.4.0, 10.0.4.1, 10.0.4.2 … 7 more"
    assert shown.full == ", ".join(addresses)


def test_huge_values_do_not_grow_the_page():
    """A list of a /16 keeps a bounded full text."""
    addresses = tuple(f"10.0.{n // 256}.{n % 256}" for n in range(65536))
    assert len(show(addresses, "addresses", Kind.LIST, limit=90).full) <= 1000


def test_words_have_tones():
    """Verdicts bring a symbol; other words in such a column stay plain; a predicted error is bad."""
    tones = [show("BLOCK", "verdict", Kind.WORD).tone, show("INVALID_X", "predicted", Kind.WORD).tone]
    assert all(tone is not None and tone.name == "bad" for tone in tones)
    assert show("odd", "verdict", Kind.WORD).tone is None


def test_times_to_the_second():
    """A time is shown in ISO format without fractions."""
    moment = dt.datetime(2026, 5, 3, 12, 4, 5, 678, tzinfo=dt.UTC)
    assert show(moment, "at", Kind.TEXT).text == "2026-05-03 12:04:05+00:00"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("web-07", "web-07"),
        ("a\nb\tc", "a b c"),
        ("\x1b[31mred", "\ufffd[31mred"),
        ("user\u202etxt.exe", "user\ufffdtxt.exe"),
        ("数据库 é", "数据库 é"),
        ("\ud800", "\ufffd"),
    ],
)
def test_plain(text: str, said: str):
    """Escape sequences and reversed reading order cannot reach a terminal or a page; letters of any script can."""
    assert plain(text) == said


@given(st.text(alphabet=st.characters(exclude_categories=())))
def test_plain_is_harmless(text: str):
    """Nothing that steers is left, nothing is lost in length, and encoding it raises nothing."""
    said = plain(text)
    assert len(said) == len(text)
    assert not {unicodedata.category(letter) for letter in said} & {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"}
    said.encode()


@given(st.text(), st.integers(3, 50), st.booleans())
def test_shorten_keeps_its_limit(text: str, limit: int, middle: bool):
    """The short form is never longer than asked, and short texts are left alone."""
    short = shorten(text, limit, middle=middle)
    assert len(short) <= limit
    assert short == text or len(text) > limit


def test_heading():
    """Column names are written with blanks."""
    assert heading("utilisation_before") == "utilisation before"


def test_records_are_json():
    """Frames become lists of records, missing values null, tuples lists."""
    content = records({"frame": plan_frame(), "calls": calls(), "digest": "ab12"})
    parsed = json.loads(json.dumps(content))
    assert parsed["digest"] == "ab12"
    assert parsed["frame"][0]["reason"] is None
    assert parsed["frame"][2]["codes"] == ["HELD_BY_NIC"]
    assert parsed["calls"][0]["ip_address_count"] is None
    assert parsed["calls"][0]["addresses"][0] == "10.0.4.10"


def test_records_of_numbers_and_times():
    """Numpy numbers and times do not stop JSON."""
    frame = pd.DataFrame({"n": np.array([1, 2]), "at": pd.to_datetime(["2026-05-03", None]), "share": [0.5, np.nan]})
    parsed = json.loads(json.dumps(records({"frame": frame})))
    assert parsed["frame"] == [{"n": 1, "at": "2026-05-03T00:00:00", "share": 0.5}, {"n": 2, "at": None, "share": None}]


def test_plural():
    """Counts take thousands separators and the right form."""
    assert [plural(1, "run"), plural(2, "run"), plural(1024, "address", "addresses")] == [
        "1 run",
        "2 runs",
        "1,024 addresses",
    ]
