"""A long table looked around in: found, filtered, sorted, turned over, and never markup."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pandas as pd
import pytest

import zecnb
from zecnb.emulator.seeds import WEB_07
from zecnb.errors import UsageError

if TYPE_CHECKING:
    from zecnb.widgets.explore import Explorer

NIC = "<img src=x onerror=alert(1)>"


def frame(rows: int = 120) -> pd.DataFrame:
    """Rows with an address, a verdict, a number, a time and a hostile name."""
    verdicts = ["OK", "BLOCK", "RISK", "NOOP"]
    return pd.DataFrame(
        {
            "address": [f"10.0.{k // 50}.{(k * 7) % 50}" for k in range(rows)],
            "verdict": [verdicts[k % 4] for k in range(rows)],
            "size": range(rows),
            "at": [datetime(2026, 3, 1 + k % 28, tzinfo=UTC) for k in range(rows)],
            "name": [f"{NIC} {k}" for k in range(rows)],
            "codes": [["A", "B"] if k % 2 else None for k in range(rows)],
            "nothing": None,
        }
    )


def rendered(explorer: Explorer) -> str:
    """What stands in the table once it is done, without markup."""
    assert explorer._worker.idle()
    return re.sub(r"<[^>]+>", " ", explorer._table.value)


def words(explorer: Explorer) -> str:
    """What is said above the table."""
    assert explorer._worker.idle()
    return re.sub(r"<[^>]+>", "", explorer._words.value)


def first(explorer: Explorer) -> str:
    """The first address in view."""
    return re.search(r"10\.0\.\d+\.\d+", rendered(explorer))[0]


def test_a_page_at_a_time() -> None:
    """Twenty rows are in view, the words say which of how many; the ends of the table have no way on."""
    explorer = zecnb.explore(frame())
    assert words(explorer) == "120 of 120 rows: rows 1 to 20, page 1 of 6"
    assert explorer._table.value.count("<tr>") == 21
    assert explorer.back.disabled
    for _ in range(5):
        explorer.on.click()
    assert words(explorer).endswith("rows 101 to 120, page 6 of 6")
    assert explorer.on.disabled
    explorer.back.click()
    assert "page 5 of 6" in words(explorer)


def test_found_by_words_in_any_column() -> None:
    """All the words must be in the row, whatever their case; a new search begins at its first page."""
    explorer = zecnb.explore(frame())
    explorer.page.value = 3
    explorer.find.value = "block 10.0.1."
    assert words(explorer) == "12 of 120 rows: rows 1 to 12, page 1 of 1"
    explorer.find.value = "nowhere (["
    assert words(explorer) == "no row has that"
    assert explorer._table.value == ""


def test_filtered_by_verdict() -> None:
    """The worst verdict comes first in the list, with how many rows have it."""
    explorer = zecnb.explore(frame())
    assert [label for label, _ in explorer.only.options] == ["all", "BLOCK (30)", "RISK (30)", "NOOP (30)", "OK (30)"]
    explorer.only.value = "BLOCK"
    assert words(explorer).startswith("30 of 120 rows")
    assert "RISK" not in rendered(explorer)


@pytest.mark.parametrize(
    ("column", "lowest", "highest"),
    [
        ("address", "10.0.0.0", "10.0.2.49"),
        ("verdict", "10.0.0.0", "10.0.0.7"),
        ("size", "10.0.0.0", "10.0.2.33"),
        ("name", "10.0.0.0", "10.0.1.43"),
    ],
)
def test_sorted(column: str, lowest: str, highest: str) -> None:
    """Addresses by number, verdicts by how bad they are, words as in a lexicon; either way round."""
    explorer = zecnb.explore(frame())
    explorer.sort.value = column
    assert first(explorer) == lowest
    explorer.down.value = True
    assert first(explorer) == highest


def test_names_stay_text() -> None:
    """Markup in cells and in column names is shown, and is no markup."""
    explorer = zecnb.explore(frame().rename(columns={"size": NIC}))
    assert explorer._worker.idle()
    assert "<img" not in explorer._table.value
    assert "&lt;img src=x onerror" in explorer._table.value
    bundle = explorer._repr_mimebundle_()
    assert "<img" not in bundle["text/html"]


def test_pages_without_widgets_get_the_first_rows() -> None:
    """Beside the widget there is a plain table that says how many rows are left out."""
    assert "70 more rows" in zecnb.explore(frame())._repr_mimebundle_()["text/html"]


def test_columns_without_values_are_left_out() -> None:
    """A column that says nothing takes no room; an empty frame is no error."""
    assert "nothing" not in rendered(zecnb.explore(frame()))
    assert words(zecnb.explore(frame(0))) == "no row has that"


def test_plans_and_journals_and_nothing_else() -> None:
    """What has a frame is taken, and any frame; the rest is refused in words."""
    with zecnb.demo(progress=False) as zec:
        receipt = zec.apply(zec.plan(WEB_07, ip_address_count=2))
        assert "assigned" in rendered(zecnb.explore(receipt))
        assert "intent" in rendered(zecnb.explore(zec.journal()))
        assert "OK" in rendered(zecnb.explore(zec.plan(WEB_07, ip_address_count=2)))
    with pytest.raises(UsageError, match="takes a DataFrame, a plan or a receipt, not int"):
        zecnb.explore(3)
