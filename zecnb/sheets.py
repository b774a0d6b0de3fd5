"""CSV, TSV and Excel files -> frames of text: every cell as it is, nothing guessed."""

from __future__ import annotations

import csv
import io
import re
import warnings
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zipfile import BadZipFile, ZipFile

import numpy as np
import pandas as pd
import pyarrow.compute as pc

from zecnb.columns import column
from zecnb.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

__all__ = ["OTHER_TABLES", "TABLE_ENDINGS", "read_rows", "read_table"]

_TEXT_ENDINGS = (".csv", ".tsv", ".txt")
_EXCEL_ENDINGS = (".xlsx", ".xlsm")
TABLE_ENDINGS = _TEXT_ENDINGS + _EXCEL_ENDINGS
"""Files that ``read_table`` reads."""
OTHER_TABLES = (".xls", ".xlsb", ".ods", ".numbers", ".json", ".parquet", ".feather")
"""Tables that it does not read; a text that ends so is meant as a file all the same."""

_SEP_LINE = re.compile(r'"?sep=([,;\t])"?\r?\n', re.IGNORECASE)  # Excel's own first line
_EXACT = 1e15  # beyond it a number of a spreadsheet has lost digits


def read_table(source: str | Path) -> pd.DataFrame:
    """Read a CSV, TSV or Excel file, every cell as text; rows without any text are left out.

    Raises:
        UsageError: it cannot be read, or is no such file.
    """
    return read_rows(source)[0]


def read_rows(source: str | Path) -> tuple[pd.DataFrame, NDArray[np.int64]]:
    """Read a table, and where its rows stand below the header: those without any text count, and are left out."""
    frame = _read_file(Path(source))
    blank = np.ones(len(frame), np.bool_)
    for at in range(frame.shape[1]):
        blank &= np.asarray(pc.equal(pc.utf8_trim_whitespace(pc.fill_null(column(frame.iloc[:, at]), "")), ""))
    row = np.flatnonzero(~blank)
    return frame.iloc[row].reset_index(drop=True), row


def _read_file(path: Path) -> pd.DataFrame:
    ending = path.suffix.lower()
    try:
        if ending in _EXCEL_ENDINGS:
            return _read_excel(path)
        if ending in _TEXT_ENDINGS:
            text = path.read_text(encoding="utf-8-sig").lstrip("\r\n")
            told = _SEP_LINE.match(text)
            return _read_text(text[told.end() :], told[1]) if told else _read_text(text, _separator(text))
    except UnicodeDecodeError as error:
        raise UsageError(f"{path.name} is not UTF-8 text; save it as CSV UTF-8, or as Excel") from error
    except pd.errors.EmptyDataError as error:
        raise UsageError(f"{path.name} is empty") from error
    except pd.errors.ParserError as error:
        what = "a quote is opened and never closed, or a row has more cells than the header"
        raise UsageError(f"{path.name} cannot be read: {what}") from error
    except BadZipFile as error:
        raise UsageError(f"{path.name} is no Excel workbook; save it as .xlsx, or as CSV UTF-8") from error
    except ImportError as error:
        raise UsageError(f"{path.name}: reading Excel needs openpyxl: pip install 'zecnb[excel]'") from error
    except (OSError, ValueError, KeyError, csv.Error) as error:
        raise UsageError(f"{path.name} cannot be read: {error}") from error
    raise UsageError(f"{path.name}: a table ends in {', '.join(TABLE_ENDINGS)}; save it as one of these")


def _read_text(text: str, separator: str) -> pd.DataFrame:
    with warnings.catch_warnings():
        warnings.simplefilter("error", pd.errors.ParserWarning)
        try:
            frame = pd.read_csv(
                io.StringIO(text),
                dtype=str,
                keep_default_na=False,
                skip_blank_lines=False,  # they count as rows
                index_col=False,  # else cells beyond the header would shift all columns
                sep=separator,
            )
        except pd.errors.ParserWarning as error:
            raise ValueError(
                f"a row has more cells than the header has columns; put cells that hold {separator!r} in quotes"
            ) from error
    if len(names := next(csv.reader(io.StringIO(text), delimiter=separator))) == frame.shape[1]:
        frame.columns = _headings(names)  # pandas numbers those that are there twice, which would hide it
    return frame


def _separator(text: str) -> str:
    """Return what separates the header's columns; spreadsheets of some countries write semicolons."""
    header = text.split("\n", 1)[0]
    return max((",", ";", "\t"), key=header.count)


def _headings(names: Iterable[str]) -> pd.Index:
    return pd.Index([name or f"Unnamed: {at}" for at, name in enumerate(names)], dtype=object)


# -- Excel -------------------------------------------------------------------------------------------------------


def _read_excel(path: Path) -> pd.DataFrame:
    """Read the first sheet; the first row with anything in it is the header."""
    rows = _cells(path, values=True)
    if _has_formulas(path):
        for row, formulas in zip(rows, _cells(path, values=False), strict=True):
            # Of a formula that nobody computed there is only the formula; it must not look like an empty cell.
            row[:] = [
                text if text is not None else formula if formula and formula.startswith("=") else None
                for text, formula in zip(row, formulas, strict=True)
            ]
    table = [["" if cell is None else cell for cell in row] for row in rows]
    first = next((at for at, row in enumerate(table) if any(cell.strip() for cell in row)), None)
    if first is None:
        raise pd.errors.EmptyDataError
    width = max(max(at for at, cell in enumerate(row, 1) if cell) for row in table[first:] if any(row))
    padded = [(row + [""] * width)[:width] for row in table[first:]]
    body = {at: pd.Series([row[at] for row in padded[1:]], dtype="str") for at in range(width)}
    frame = pd.DataFrame(body, index=range(len(padded) - 1))
    frame.columns = _headings(padded[0])
    return frame


def _has_formulas(path: Path) -> bool:
    with ZipFile(path) as archive:
        sheets = [name for name in archive.namelist() if name.startswith("xl/worksheets/") and name.endswith(".xml")]
        return any(re.search(rb"<(\w+:)?f[ />]", archive.read(name)) for name in sheets)


def _cells(path: Path, *, values: bool) -> list[list[str | None]]:
    """Return the cells of the first sheet as text: what their formulas gave, or the formulas; None for nothing."""
    from openpyxl import load_workbook

    book: Any = load_workbook(path, read_only=True, data_only=values, keep_links=False)
    try:
        sheet = book.worksheets[0]
        sheet.reset_dimensions()  # what a file says of its size need not be true
        return [[_cell(cell.value, cell.data_type) for cell in row] for row in sheet.rows]
    finally:
        book.close()


def _cell(value: object, kind: str) -> str | None:
    """Return a cell as text; None when nothing is in it, "" when a formula gave that."""
    if value is None:
        return "" if kind == "str" else None
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < _EXACT else str(value)
    if isinstance(value, datetime):  # a day is midnight there
        return str(value.date()) if value.time() == datetime.min.time() else str(value)
    return str(value)
