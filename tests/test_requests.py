"""What is asked for, in every form people have it in: nothing is guessed, nothing is lost."""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zecnb.addresses import Reason
from zecnb.counts import CountState
from zecnb.errors import UsageError
from zecnb.inventory import requests_of
from zecnb.requests import Requests, read_requests

if TYPE_CHECKING:
    from pathlib import Path

ROWS = [
    {"nic_id": "1680855999352675875", "ip_addresses": "10.0.0.10-11, 10.10.10.10", "ip_address_count": None},
    {"nic_id": "1680855999352675876", "ip_addresses": None, "ip_address_count": 3},
]


def asked(requests: Requests) -> list[tuple[str | None, list[str], int | None]]:
    """Return vNIC, addresses and usable count of each request."""
    ids = [*requests.nic_ids.to_pylist(), None]
    texts = requests.asks.text.to_pylist()
    return [
        (
            ids[requests.nic[at]],
            [text for text, owner in zip(texts, requests.ask_request.tolist(), strict=True) if owner == at],
            int(requests.count[at]) if requests.count_state[at] == CountState.GIVEN else None,
        )
        for at in range(len(requests))
    ]


EXPECTED = [
    ("1680855999352675875", ["10.0.0.10", "10.0.0.11", "10.10.10.10"], None),
    ("1680855999352675876", [], 3),
]


# -- one vNIC --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "given",
    [
        "10.0.0.10-11,10.10.10.10",
        " 10.0.0.10 - 10.0.0.11\n10.10.10.10\n",
        ["10.0.0.10", "10.0.0.11", "10.10.10.10"],
        ("10.0.0.10-11", "10.10.10.10"),
        iter(["10.0.0.10/31", "10.10.10.10"]),
        np.array(["10.0.0.10", "10.0.0.11", "10.10.10.10"]),
        pd.Series(["10.0.0.10", "10.0.0.11", "10.10.10.10"]),
        [ipaddress.IPv4Address("10.0.0.10"), ipaddress.IPv4Address("10.0.0.11"), "10.10.10.10"],
        [ipaddress.IPv4Network("10.0.0.10/31"), "10.10.10.10"],
    ],
    ids=["text", "lines", "list", "tuple", "iterator", "array", "series", "addresses", "network"],
)
def test_addresses_of_one_nic(given: Any) -> None:
    """Text and lists of every kind are the same addresses."""
    assert asked(Requests.one(" nic ", ip_addresses=given)) == [("nic", EXPECTED[0][1], None)]


def test_rows_of_one_nic_are_tokens() -> None:
    """The row of an address is the position of the token it came from."""
    requests = Requests.one("nic", ip_addresses="10.0.0.9, 10.0.0.10-12, x, 10.0.0.20")
    assert requests.ask_row.tolist() == [0, 1, 1, 1, 2, 3]
    assert requests.row.tolist() == [0]


@pytest.mark.parametrize("given", [None, "", " ,\n", [], ()])
def test_no_addresses(given: Any) -> None:
    """Nothing, blanks and an empty list name no address."""
    assert asked(Requests.one("nic", ip_addresses=given)) == [("nic", [], None)]


def test_one_address_as_an_object() -> None:
    """An address or network of the standard library stands for itself."""
    assert asked(Requests.one("nic", ip_addresses=ipaddress.IPv4Address("10.0.0.9")))[0][1] == ["10.0.0.9"]
    assert asked(Requests.one("nic", ip_addresses=ipaddress.IPv4Network("10.0.0.8/31")))[0][1] == [
        "10.0.0.8",
        "10.0.0.9",
    ]


def test_numbers_are_bad_tokens() -> None:
    """A number is never read as an address, neither whole nor with a point."""
    requests = Requests.one("nic", ip_addresses=[167772161, 10.10, True])
    assert requests.asks.text.to_pylist() == ["167772161", "10.1", "True"]
    assert set(requests.asks.reason.tolist()) == {Reason.NOT_AN_ADDRESS}


def test_what_is_no_list() -> None:
    """Something that is neither text nor a list is refused by its type."""
    with pytest.raises(UsageError, match="not object"):
        Requests.one("nic", ip_addresses=object())  # type: ignore[arg-type]


@pytest.mark.parametrize("nic", [1680855999352675875, 1.5, None, b"nic"])
def test_an_id_is_text(nic: Any) -> None:
    """A vNIC id as a number may have lost digits already; it is refused."""
    with pytest.raises(UsageError, match="nic_id is the vNIC's id as text"):
        Requests.one(nic, ip_address_count=1)


@pytest.mark.parametrize("nic", ["", "  "])
def test_blank_id(nic: str) -> None:
    """A blank id is none; that becomes a finding, not an error."""
    assert asked(Requests.one(nic, ip_address_count=1)) == [(None, [], 1)]


# -- frames ----------------------------------------------------------------------------------------------------


def test_list_of_dicts() -> None:
    """Rows as dicts, keys missing in some of them."""
    assert asked(read_requests(ROWS)) == EXPECTED
    short = [{k: v for k, v in row.items() if v is not None} for row in ROWS]
    assert asked(read_requests(short)) == EXPECTED
    assert asked(read_requests(tuple(ROWS))) == EXPECTED


def test_frame() -> None:
    """A DataFrame of any index; rows are numbered by position."""
    requests = read_requests(pd.DataFrame(ROWS, index=["x", "y"]))
    assert asked(requests) == EXPECTED
    assert requests.row.tolist() == [0, 1]
    assert requests.ask_row.tolist() == [0, 0, 0]


def test_requests_are_taken_as_they_are() -> None:
    """What was read already is not read again."""
    requests = read_requests(ROWS)
    assert read_requests(requests) is requests
    assert repr(requests) == "Requests(2 requests, 2 vNICs, 3 addresses)"


@pytest.mark.parametrize(
    ("nic", "addresses", "count"),
    [
        ("nic_id", "ip_addresses", "ip_address_count"),
        ("nicId", "ipAddresses", "ipAddressCount"),
        ("NIC ID", "IP Addresses", "IP-Address-Count"),
        ("Nic", "Address", "IP_ADDRESS_COUNT"),
        (" nic_id ", "IP Address", "ip address count"),
        ("NICID", "addresses", "ipaddresscount"),
    ],
)
def test_names_of_columns(nic: str, addresses: str, count: str) -> None:
    """Case, blanks, dashes and the API's camelCase do not matter; an address column may have its usual names."""
    rows = [dict(zip((nic, addresses, count), row.values(), strict=True)) for row in ROWS]
    assert asked(read_requests(rows)) == EXPECTED


@pytest.mark.parametrize("cell", [["10.0.0.9", "10.0.0.10"], ("10.0.0.9-10",), np.array(["10.0.0.9", "10.0.0.10"])])
def test_cells_that_are_lists(cell: Any) -> None:
    """A cell may be a list of tokens, beside text and nothing."""
    frame = pd.DataFrame({"nic_id": ["a", "b", "c", "d"], "ip_addresses": [cell, "10.0.0.1", None, float("nan")]})
    assert [texts for _, texts, _ in asked(read_requests(frame))] == [["10.0.0.9", "10.0.0.10"], ["10.0.0.1"], [], []]


def test_ids_are_shared() -> None:
    """Rows of one vNIC, blanks around its id or not, are of one vNIC."""
    requests = read_requests([{"nic_id": nic, "ip_address_count": 1} for nic in ("b", " b", "a", "b\n", "", None)])
    assert requests.nic_ids.to_pylist()[:2] == ["b", "a"]
    assert requests.nic.tolist() == [0, 0, 1, 0, -1, -1]


def test_ids_as_whole_numbers() -> None:
    """Ids in a column of whole numbers are their digits, none lost."""
    frame = pd.DataFrame({"nic_id": [1680855999352675875, 2], "ip_address_count": [1, 1]})
    assert [nic for nic, _, _ in asked(read_requests(frame))] == ["1680855999352675875", "2"]


def test_ids_as_floats_are_refused() -> None:
    """Ids that went through a float have lost digits: 1680855999352675875 would be another vNIC."""
    with pytest.raises(UsageError, match="column 'nic_id' arrived as floating-point numbers: ids lose digits"):
        read_requests(pd.DataFrame({"nic_id": [1680855999352675875.0], "ip_address_count": [1]}))


@pytest.mark.parametrize("values", [[10.10, 10.2], [1, 2], [10.10, None]])
def test_addresses_as_numbers_are_refused(values: list[Any]) -> None:
    """A column of addresses that a reader made numbers of is refused, not guessed at."""
    with pytest.raises(UsageError, match="column 'ip_addresses' arrived as numbers"):
        read_requests(pd.DataFrame({"nic_id": ["a"] * len(values), "ip_addresses": values}))


def test_empty_column_of_numbers() -> None:
    """An empty column, which a reader may give a number's dtype, names no addresses."""
    frame = pd.DataFrame({"nic_id": ["a"], "ip_addresses": [float("nan")], "ip_address_count": [2]})
    assert asked(read_requests(frame)) == [("a", [], 2)]


def test_unknown_columns_are_carried() -> None:
    """Other columns follow as they are, one row for each request."""
    frame = pd.DataFrame(ROWS, index=[7, 8]).assign(ticket=["=1+1", "@x"], when=pd.Timestamp("2026-01-01"))
    carried = read_requests(frame).carried
    assert carried is not None
    assert carried["ticket"].tolist() == ["=1+1", "@x"]
    assert carried["when"].dtype.kind == "M"
    assert carried.index.tolist() == [0, 1]
    assert read_requests(ROWS).carried is None


@pytest.mark.parametrize(
    ("columns", "words"),
    [
        (["vnic", "ip_addresses"], "need a column nic_id; there are vnic, ip_addresses"),
        (["nic_id", "ips"], "need a column ip_addresses or ip_address_count; there are nic_id, ips"),
        (["nic_id"], "need a column ip_addresses or ip_address_count; there are nic_id"),
        ([], "need a column nic_id; there are no columns"),
        ([0, 1], "need a column nic_id; there are 0, 1"),
        (["nic_id", "nicId", "address"], "columns 'nic_id' and 'nicId' both mean 'nic_id'; keep one of them"),
        (["nic", "nicId", "address"], "columns 'nic' and 'nicId' both mean 'nic_id'; keep one of them"),
        (["nic", "address", "ip_addresses"], "columns 'address' and 'ip_addresses' both mean 'ip_addresses'; keep one"),
    ],
)
def test_columns_that_are_missing_or_double(columns: list[Any], words: str) -> None:
    """What is missing or there twice is named, with what is there."""
    with pytest.raises(UsageError) as caught:
        read_requests(pd.DataFrame([["x"] * len(columns)], columns=columns))
    assert words in str(caught.value)


@pytest.mark.parametrize("source", [5, None, {"nic_id": "a"}, ["10.0.0.1"], b"nic_id", {"10.0.0.1"}])
def test_what_is_no_batch(source: Any) -> None:
    """Anything else is refused by its type, with what would do."""
    with pytest.raises(UsageError, match=f"path of a CSV or Excel file, not {type(source).__name__}"):
        read_requests(source)


@pytest.mark.parametrize("ending", ["csv", "xlsx"])
def test_rows_are_counted_as_a_spreadsheet_shows_them(tmp_path: Path, ending: str) -> None:
    """Blank lines ask for nothing, and the rows below them keep their numbers."""
    path = tmp_path / f"batch.{ending}"
    if ending == "csv":
        path.write_text("\nnic_id,ip_addresses\n\n , \na,10.0.0.1\n\nb,10.0.0.2-3\n,\n\n", encoding="utf-8")
    else:
        rows = [(None, None), (" ", " "), ("a", "10.0.0.1"), (None, None), ("b", "10.0.0.2-3"), (None, None)]
        pd.DataFrame(rows, columns=["nic_id", "ip_addresses"]).to_excel(path, index=False)
    requests = read_requests(path)
    assert requests.nic_ids.to_pylist() == ["a", "b"]
    assert requests.row.tolist() == [2, 4]
    assert requests.ask_row.tolist() == [2, 4, 4]


def test_empty_batches() -> None:
    """No rows are no requests."""
    for empty in ([], pd.DataFrame({"nic_id": [], "ip_addresses": []}, dtype="str")):
        assert asked(read_requests(empty)) == []


@settings(deadline=None, max_examples=50)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["a", "b", ""]),
            st.lists(st.sampled_from(["10.0.0.1", "10.0.0.2-3", "x"]), max_size=3),
            st.none() | st.integers(1, 9),
        ),
        max_size=6,
    )
)
def test_a_batch_is_its_rows(rows: list[tuple[str, list[str], int | None]]) -> None:
    """A batch is what its rows are one by one, however their cells are written."""
    said = {"10.0.0.1": ["10.0.0.1"], "10.0.0.2-3": ["10.0.0.2", "10.0.0.3"], "x": ["x"]}
    expected = [(nic or None, [a for token in tokens for a in said[token]], count) for nic, tokens, count in rows]
    for join in (", ".join, list, "\n".join):
        batch = [
            {"nic_id": nic, "ip_addresses": join(tokens), "ip_address_count": count} for nic, tokens, count in rows
        ]
        assert asked(read_requests(batch)) == expected


# -- files -----------------------------------------------------------------------------------------------------

TABLE = [
    ["nicId", "Address", "ipAddressCount", "ticket"],
    ["1680855999352675875", "10.0.0.10-11 10.10.10.10", "", "=HYPERLINK(1)"],
    ["1680855999352675876", "", "3", "-1+1"],
]


def _write(path: Path, separator: str, *, encoding: str = "utf-8", end: str = "\n") -> Path:
    path.write_bytes("".join(separator.join(row) + end for row in TABLE).encode(encoding))
    return path


def _check(requests: Requests) -> None:
    assert asked(requests) == EXPECTED
    assert requests.carried is not None
    assert requests.carried["ticket"].tolist() == ["=HYPERLINK(1)", "-1+1"]


@pytest.mark.parametrize(
    ("name", "separator", "encoding", "end"),
    [
        ("r.csv", ",", "utf-8", "\n"),
        ("r.csv", ",", "utf-8-sig", "\r\n"),
        ("r.csv", ";", "utf-8", "\r\n"),
        ("r.CSV", "\t", "utf-8", "\n"),
        ("r.tsv", "\t", "utf-8-sig", "\n"),
        ("r.txt", "\t", "utf-8", "\n"),
        ("r.csv", ",", "utf-8", "\n\n"),
    ],
    ids=["csv", "byte order mark", "semicolons", "tabs", "tsv", "txt", "blank lines"],
)
def test_text_files(tmp_path: Path, name: str, separator: str, encoding: str, end: str) -> None:
    """Commas, semicolons and tabs, a byte order mark, blank lines and either line end are read the same."""
    path = _write(tmp_path / name, separator, encoding=encoding, end=end)
    _check(read_requests(path))
    _check(read_requests(str(path)))


def test_excel_files(tmp_path: Path) -> None:
    """Excel is read as text: ids keep their digits, cells that look like formulas are text."""
    path = tmp_path / "r.xlsx"
    pd.DataFrame(TABLE[1:], columns=TABLE[0]).map(lambda cell: f"'{cell}" if cell[:1] == "=" else cell).to_excel(
        path, index=False
    )
    requests = read_requests(path)
    assert asked(requests) == EXPECTED


def test_formula_cells_in_excel(tmp_path: Path) -> None:
    """A formula that a cell really has is neither run nor shown as an address."""
    from openpyxl import Workbook

    book = Workbook()
    for row in TABLE:
        book.active.append(row)
    book.active["B3"] = '="10.0.0."&"77"'
    book.save(tmp_path / "r.xlsx")
    requests = read_requests(tmp_path / "r.xlsx")
    assert "10.0.0.77" not in requests.asks.text.to_pylist()


def test_numbers_in_excel(tmp_path: Path) -> None:
    """Counts that Excel holds as numbers are counts; ids that it rounded are not digits made up."""
    from openpyxl import Workbook

    book = Workbook()
    book.active.append(["nic_id", "ip_address_count"])
    book.active.append(["1680855999352675875", 3])
    book.active.append(["1680855999352675876", 4.0])
    book.save(tmp_path / "r.xlsx")
    assert [count for _, _, count in asked(read_requests(tmp_path / "r.xlsx"))] == [3, 4]


@pytest.mark.parametrize("text", ["10.10", "010", "1e5", "NA", "null", "nan", "None", "TRUE", "1,5"])
def test_cells_are_read_as_written(tmp_path: Path, text: str) -> None:
    """A file's cells are text: nothing becomes a number, a truth value or missing."""
    path = tmp_path / "r.csv"
    path.write_text(
        f'nic_id,ip_addresses,note\n{text.replace(",", ".")},"{text.replace(",", " ")}","{text}"\n', encoding="utf-8"
    )
    requests = read_requests(path)
    assert requests.nic_ids.to_pylist() == [text.replace(",", ".")]
    assert requests.asks.text.to_pylist() == text.split(",")
    assert requests.carried is not None
    assert requests.carried["note"].tolist() == [text]


def test_quoted_cells_over_lines(tmp_path: Path) -> None:
    """A quoted cell may hold commas and lines of addresses."""
    path = tmp_path / "r.csv"
    path.write_text('nic_id,ip_addresses\na,"10.0.0.1,\n10.0.0.2; 10.0.0.3"\n', encoding="utf-8")
    assert asked(read_requests(path)) == [("a", ["10.0.0.1", "10.0.0.2", "10.0.0.3"], None)]


def test_semicolons_beside_commas(tmp_path: Path) -> None:
    """In a file with semicolons a cell may list addresses with commas."""
    path = tmp_path / "r.csv"
    path.write_text("nic_id;ip_addresses\na;10.0.0.1,10.0.0.2\n", encoding="utf-8")
    assert asked(read_requests(path)) == [("a", ["10.0.0.1", "10.0.0.2"], None)]


def test_commas_that_are_not_quoted(tmp_path: Path) -> None:
    """A list of addresses without quotes is refused: its cells would slip under the wrong columns."""
    path = tmp_path / "r.csv"
    path.write_text("nic_id,ip_addresses\na,10.0.0.1,10.0.0.2\n", encoding="utf-8")
    with pytest.raises(UsageError, match=r"r\.csv cannot be read: .*put cells that hold ',' in quotes"):
        read_requests(path)


def test_blank_lines_before_the_header(tmp_path: Path) -> None:
    """Blank lines at the top do not hide the header, nor what separates its columns."""
    path = tmp_path / "r.csv"
    path.write_text("\n\nnic_id;ip_addresses\na;10.0.0.1\n", encoding="utf-8")
    assert asked(read_requests(path)) == [("a", ["10.0.0.1"], None)]


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("gone.csv", None, "gone.csv cannot be read"),
        ("open.csv", b'nic_id\n"a\n', "open.csv cannot be read: a quote is opened and never closed"),
        ("gone.xlsx", None, "gone.xlsx cannot be read"),
        ("empty.csv", b"", "empty.csv is empty"),
        ("ragged.csv", b"nic_id,ip_addresses\na,b,c,d\n", "more cells than the header has columns"),
        ("longer.csv", b"nic_id,ip_addresses\na,10.0.0.1\nb,10.0.0.2,10.0.0.3\n", "longer.csv cannot be read"),
        ("latin.csv", "nic_id,ip_addresses,n\na,10.0.0.1,\xfc\n".encode("latin-1"), "latin.csv is not UTF-8 text"),
        ("nul.xlsx", b"PK\x03\x04 no workbook", "nul.xlsx is no Excel workbook"),
        ("header.csv", b"vnic,address\n", "need a column nic_id; there are vnic, address"),
        ("r.json", b"[]", "r.json: a table ends in .csv, .tsv, .txt, .xlsx"),
        ("r.xls", b"", "r.xls: a table ends in"),
        ("r", b"", "r: a table ends in"),
    ],
)
def test_files_that_cannot_be_read(tmp_path: Path, name: str, content: bytes | None, words: str) -> None:
    """A file that is missing, broken or of another kind is an error that names it, never a traceback."""
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(UsageError) as caught:
        read_requests(tmp_path / name)
    assert words in str(caught.value)


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    """A folder with such a name cannot be read."""
    (tmp_path / "r.csv").mkdir()
    with pytest.raises(UsageError, match=r"r\.csv cannot be read"):
        read_requests(tmp_path / "r.csv")


# -- how plan is called ----------------------------------------------------------------------------------------


def test_a_text_is_a_file_or_a_nic(tmp_path: Path) -> None:
    """A text that ends like a file is one, unless addresses or a count stand beside it."""
    path = str(_write(tmp_path / "r.csv", ","))
    assert len(requests_of(path, None, None)) == 2
    assert asked(requests_of("nic.csv", None, 2)) == [("nic.csv", [], 2)]
    assert asked(requests_of("nic", None, None)) == [("nic", [], None)]


def test_a_number_is_no_nic() -> None:
    """An id without its quotes is told so, whatever stands beside it."""
    for addresses in ((None, None), ("10.0.0.1", None)):
        with pytest.raises(UsageError, match=r'a vNIC id is text, .* write "1680855999352675875", in quotes'):
            requests_of(1680855999352675875, *addresses)


@pytest.mark.parametrize("name", ["r.xls", "r.ods", "r.json", "r.Parquet"])
def test_other_tables_are_files_too(name: str) -> None:
    """A table of another kind is not taken for a vNIC's id."""
    with pytest.raises(UsageError, match=r"a table ends in \.csv, .*; save it as one of these"):
        requests_of(name, None, None)


def test_stray_bytes_are_escaped() -> None:
    """Halves of characters, which no file and no reply can hold, are shown as what they are."""
    assert Requests.one("n\ud800", ip_addresses="10.0.4.2\udcff").asks.text.to_pylist() == ["10.0.4.2\\udcff"]
    frame = pd.DataFrame(
        {"nic_id": ["n\ud800"], "ip_addresses": ["10.0.4.2\ud800"], "ip_address_count": ["\ud800"]}, dtype=object
    )
    requests = read_requests(frame)
    assert requests.nic_ids.to_pylist() == ["n\\ud800"]
    assert requests.asks.text.to_pylist() == ["10.0.4.2\\ud800"]
    assert requests.count_text.to_pylist() == ["\\ud800"]


def test_bytes_are_no_addresses() -> None:
    """Bytes are a list of numbers to Python; they are refused instead."""
    with pytest.raises(UsageError, match="not bytes; decode them first"):
        Requests.one("n", ip_addresses=b"10.0.4.2")  # type: ignore[arg-type]


def test_dicts_that_call_the_same_differently() -> None:
    """Each row may use the names it likes, but not two for the same."""
    rows = [{"nicId": "a", "ipAddresses": ["10.0.0.1"]}, {"nic_id": "b", "address": "10.0.0.2", "nicId": None}]
    assert asked(read_requests(rows)) == [("a", ["10.0.0.1"], None), ("b", ["10.0.0.2"], None)]
    with pytest.raises(UsageError, match="row 1: 'nicId' and 'nic_id' mean the same; keep one of them"):
        read_requests([rows[0], {"nic_id": "b", "nicId": "c", "address": "10.0.0.2"}])


def test_a_column_of_nothing_is_no_column_of_numbers() -> None:
    """No id at all is a finding of each row, not lost digits."""
    assert asked(read_requests(pd.DataFrame({"nic_id": [None, np.nan], "ip_address_count": [1, 2]}))) == [
        (None, [], 1),
        (None, [], 2),
    ]


def test_own_columns_of_any_name_are_carried() -> None:
    """Columns that are there twice, or called by no text, are carried each."""
    frame = pd.DataFrame([["a", "10.0.0.1", 1, 2, 3]], columns=["nic_id", "address", "note", "note", 5])
    carried = read_requests(frame).carried
    assert carried is not None
    assert carried.to_numpy().tolist() == [[1, 2, 3]]
