"""Files of tables: every cell as it is, nothing guessed, nothing lost."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

import pytest
from openpyxl import Workbook

from tests.planner.accounts import WEB1, account
from zecnb.errors import UsageError
from zecnb.requests import read_requests
from zecnb.sheets import read_rows, read_table

if TYPE_CHECKING:
    from pathlib import Path


def excel(folder: Path, *rows: Any, cached: dict[str, str] | None = None) -> Path:
    """Write a sheet as a program does: its formulas have no values, but for those in ``cached``, written as XML."""
    book = Workbook()
    for row in rows:
        book.active.append(row)
    path = folder / "t.xlsx"
    book.save(path)
    if cached:
        from zipfile import ZipFile

        with ZipFile(path) as archive:
            parts = {name: archive.read(name) for name in archive.namelist()}
        sheet = parts["xl/worksheets/sheet1.xml"].decode()
        for old, new in cached.items():
            assert old in sheet
            sheet = sheet.replace(old, new)
        parts["xl/worksheets/sheet1.xml"] = sheet.encode()
        with ZipFile(path, "w") as archive:
            for name, content in parts.items():
                archive.writestr(name, content)
    return path


def test_cells_of_excel_as_text(tmp_path: Path) -> None:
    """Numbers, truth values, days and moments are what a person reads in the cell; a cut id does not look whole."""
    day, moment = datetime(2026, 5, 4), datetime(2026, 5, 4, 18, 30)  # noqa: DTZ001 - Excel knows no zones
    path = excel(tmp_path, list("abcdefg"), [3, 4.0, 2.5, True, day, moment, 1680855999352675875])
    assert read_table(path).iloc[0].tolist() == [
        *("3", "4", "2.5", "True", "2026-05-04", "2026-05-04 18:30:00"),
        "1.680855999352676e+18",
    ]


def test_errors_are_no_blanks(tmp_path: Path) -> None:
    """A cell whose formula failed blocks its row, and a row of nothing else stays."""
    rows = [["nic_id", "ip_addresses", "ip_address_count"], [WEB1, "#REF!", 2], ["#N/A", "#N/A", None]]
    plan = account().plan(excel(tmp_path, *rows))
    assert plan.frame["verdict"].tolist() == ["BLOCK", "BLOCK"]
    assert plan.frame["address"].tolist() == ["#REF!", "#N/A"]
    assert plan.frame["fix"].str.contains("an error of the spreadsheet's formula").tolist() == [True, True]


def test_formulas_without_a_value_are_told(tmp_path: Path) -> None:
    """What no spreadsheet computed yet is blocked with what to do, wherever it stands, and never taken as blank."""
    rows = [["nic_id", "ip_addresses", "ip_address_count"], [WEB1, '="10.0.4."&60', 2], ["=A2", None, "=1+1"]]
    plan = account().plan(excel(tmp_path, *rows))
    assert plan.frame["verdict"].tolist() == ["BLOCK", "BLOCK"]
    told = plan.findings[plan.findings["fix"].str.contains("formula without a value")]
    assert told["code"].tolist() == ["SYNTAX", "NIC_NOT_FOUND"]
    assert "=1+1 is not a whole" in plan.findings["message"].str.cat(sep=" ")


def test_formulas_with_a_value_are_their_value(tmp_path: Path) -> None:
    """What a spreadsheet computed counts, an empty text too."""
    rows = [["nic_id", "ip_addresses", "note"], [WEB1, "=B9", "=C9"]]
    cached = {
        '<c r="B2"><f>B9</f><v /></c>': '<c r="B2" t="str"><f>B9</f><v>10.0.4.60</v></c>',
        '<c r="C2"><f>C9</f><v /></c>': '<c r="C2" t="str"><f>C9</f><v></v></c>',
    }
    assert read_table(excel(tmp_path, *rows, cached=cached)).iloc[0].tolist() == [WEB1, "10.0.4.60", ""]


def test_empty_and_ragged_sheets(tmp_path: Path) -> None:
    """Rows above the headings are passed over, those below counted; what has no heading is kept."""
    frame, row = read_rows(excel(tmp_path, [None], ["a", 2024], [None], [1], [1, 2, "x"]))
    assert frame.columns.tolist() == ["a", "2024", "Unnamed: 2"]
    assert (frame.to_numpy().tolist(), row.tolist()) == ([["1", "", ""], ["1", "2", "x"]], [1, 2])
    with pytest.raises(UsageError, match=r"t\.xlsx is empty"):
        read_rows(excel(tmp_path, [None]))
    assert len(read_table(excel(tmp_path, ["a", "b"]))) == 0


@pytest.mark.parametrize("ending", ["csv", "xlsx"])
def test_columns_that_are_there_twice(tmp_path: Path, ending: str) -> None:
    """One of two columns of the same name is not dropped in silence."""
    head, row = ["nic_id", "ip_addresses", "ip_addresses"], [WEB1, "10.0.4.60", "10.0.4.61"]
    path = tmp_path / "t.csv"
    path.write_text(f"{','.join(head)}\n{','.join(row)}\n")
    with pytest.raises(UsageError, match="columns 'ip_addresses' and 'ip_addresses' both mean 'ip_addresses'"):
        read_requests(path if ending == "csv" else excel(tmp_path, head, row))


@pytest.mark.parametrize("line", ["sep=;\n", '"sep=;"\r\n', "SEP=;\n"])
def test_the_line_that_names_the_separator(tmp_path: Path, line: str) -> None:
    """Excel's own first line of a CSV is no heading."""
    path = tmp_path / "t.csv"
    path.write_text(f"{line}nic_id;ip_addresses\na;10.0.0.1,10.0.0.2\n", newline="")
    assert read_requests(path).asks.text.to_pylist() == ["10.0.0.1", "10.0.0.2"]


@pytest.mark.parametrize("cut", ["1.68086E+18", "1.680855999352675e+18", "1680855999352670000"])
def test_ids_that_a_spreadsheet_cut(cut: str) -> None:
    """Nobody looks for a vNIC of that id: the words say what became of it."""
    plan = account().plan(cut, ip_address_count=1)
    assert plan.frame["codes"].tolist() == [("NIC_NOT_FOUND",)]
    assert "format its column as text" in plan.frame["fix"].iloc[0]
