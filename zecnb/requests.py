"""What is asked for: fields, a DataFrame, CSV or Excel -> one value the planner reads."""

from __future__ import annotations

import ipaddress
import math
import numbers
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from zecnb.addresses import parse
from zecnb.columns import at_once, column, texts_at, writable
from zecnb.counts import no_counts, read_column, read_values
from zecnb.errors import UsageError
from zecnb.schema import match_columns
from zecnb.sheets import read_rows
from zecnb.tokens import Tokens, expand, split, split_cells

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from numpy.typing import NDArray

__all__ = ["Requests", "read_requests"]

_FIELDS = ("nic_id", "ip_addresses", "ip_address_count")
_ALIASES = {
    "address": "ip_addresses",
    "ip_address": "ip_addresses",
    "addresses": "ip_addresses",
    "nic": "nic_id",
}


@dataclass(frozen=True, repr=False, eq=False)
class Requests:
    """Requests and the addresses they name, as columns.

    Attributes:
        row: int64[n], the number by which the caller knows each request.
        nic_ids: Arrow strings, the distinct vNIC ids, in order of appearance.
        nic: int64[n], position in ``nic_ids``, -1 when none was given.
        count: int64[n], 0 when absent or unusable.
        count_state: uint8[n], a ``CountState``.
        count_text: Arrow strings, a count that is not usable as it was given, null elsewhere.
        ask_request: int64[m], request of each address.
        ask_row: int64[m], the caller's row number of each address.
        asks: the addresses and bad tokens, m of them.
        carried: the caller's other columns, one row per request, or None.
        written: Arrow strings, the id of each request where all are written as they are: rows need no copy, then.
    """

    row: NDArray[np.int64]
    nic_ids: pa.LargeStringArray
    nic: NDArray[np.int64]
    count: NDArray[np.int64]
    count_state: NDArray[np.uint8]
    count_text: pa.LargeStringArray
    ask_request: NDArray[np.int64]
    ask_row: NDArray[np.int64]
    asks: Tokens
    carried: pd.DataFrame | None = None
    written: pa.LargeStringArray | None = None

    def __len__(self) -> int:
        return len(self.row)

    @cached_property
    def one_each(self) -> bool:
        """Whether each request names exactly one address: a column by request is one by address, then."""
        return np.array_equal(self.ask_request, np.arange(len(self.row)))

    def __repr__(self) -> str:
        return f"Requests({len(self)} requests, {len(self.nic_ids)} vNICs, {len(self.ask_row)} addresses)"

    @classmethod
    def one(
        cls,
        nic_id: str,
        *,
        ip_addresses: str | Iterable[object] | None = None,
        ip_address_count: object = None,
    ) -> Requests:
        """Ask for one vNIC, in the API's own fields.

        Args:
            nic_id: vNIC id.
            ip_addresses: text with addresses, ranges and CIDRs between commas, blanks or lines; or a list of
                such tokens. A finding's row is the position of the token.
            ip_address_count: how many more addresses. NaN and NA mean none was given.

        Raises:
            UsageError: the id is no text. Bad addresses and counts are findings, not errors.
        """
        if not isinstance(nic_id, str):
            raise UsageError(f"nic_id is the vNIC's id as text, not {type(nic_id).__name__}")
        tokens = _tokens(ip_addresses)
        count, state, text = read_values([ip_address_count])
        found = expand(tokens)
        name = writable(nic_id.strip())
        return cls(
            row=np.zeros(1, np.int64),
            nic_ids=pa.array([name] if name else [], pa.large_string()),
            nic=np.array([0 if name else -1]),
            count=count,
            count_state=state,
            count_text=text,
            ask_request=np.zeros(len(found.value), np.int64),
            ask_row=found.source,
            asks=found,
        )

    @classmethod
    def from_frame(cls, frame: pd.DataFrame, row: NDArray[np.int64] | None = None) -> Requests:
        """Ask for what a frame's rows say; ``nic_id`` and at least one of ``ip_addresses``, ``ip_address_count``.

        Column names match case-insensitively and in the API's camelCase; other columns are carried through.
        A cell of ``ip_addresses`` is text with one or more tokens, or a list of them.

        Args:
            frame: one row per request.
            row: the numbers by which the caller knows the rows; their positions by default.

        Raises:
            UsageError: a needed column is missing, or addresses arrived as numbers.
        """
        names = _fields(frame)
        reading: list[Callable[[], Any]] = [
            lambda: _address_column(frame, names.get("ip_addresses")),
            lambda: _id_column(frame[names["nic_id"]]),
        ]
        (source, found), (nic, nic_ids, written) = at_once(len(frame), reading)
        asked = names.get("ip_address_count")
        count, state, count_text = no_counts(len(frame)) if asked is None else read_column(frame[asked])
        others = [at for at, name in enumerate(frame.columns) if name not in names.values()]
        return cls(
            row=np.arange(len(frame)) if row is None else row,
            nic_ids=nic_ids,
            nic=nic,
            count=count,
            count_state=state,
            count_text=count_text,
            ask_request=source,
            ask_row=source if row is None else row[source],
            asks=found,
            carried=frame.iloc[:, others].reset_index(drop=True) if others else None,
            written=written,
        )


def read_requests(source: object) -> Requests:
    """Read a batch of requests.

    Args:
        source: a ``Requests``, a DataFrame, a list of dicts, or the path of a CSV, TSV or Excel file. Files are
            read as text throughout, so ``10.10`` stays what it is.

    Raises:
        UsageError: nothing of the kind, a file that cannot be read, or columns that are missing.
    """
    if isinstance(source, Requests):
        return source
    if isinstance(source, pd.DataFrame):
        return Requests.from_frame(source)
    if isinstance(source, str | Path):
        return Requests.from_frame(*read_rows(source))
    if isinstance(source, list | tuple) and all(isinstance(item, dict) for item in source):
        return Requests.from_frame(_frame_of(source))
    raise UsageError(
        f"requests are a DataFrame, a list of dicts, or the path of a CSV or Excel file, not {type(source).__name__}"
    )


def _frame_of(rows: Sequence[dict[Any, object]]) -> pd.DataFrame:
    """Return dicts as a frame; what they call differently, row by row, is one column."""
    columns = {key: [row.get(key) for row in rows] for key in _keys(rows)}
    wanted = {name: [key for key in columns if match_columns([key], [name])] for name in (*_FIELDS, *_ALIASES)}
    same: dict[str, list[Any]] = {}
    for name, keys in wanted.items():
        same.setdefault(_ALIASES.get(name, name), []).extend(keys)
    for first, *others in (keys for keys in same.values() if len(keys) > 1):
        for at, row in enumerate(rows):
            given = [key for key in (first, *others) if row.get(key) is not None]
            if len(given) > 1:
                raise UsageError(f"row {at}: {given[0]!r} and {given[1]!r} mean the same; keep one of them")
            columns[first][at] = row[given[0]] if given else None
        for key in others:
            del columns[key]
    return pd.DataFrame({key: _object(values) for key, values in columns.items()})


def _keys(rows: Sequence[dict[str, object]]) -> list[str]:
    return list(dict.fromkeys(key for row in rows for key in row)) or list(_FIELDS[:2])


def _object(values: list[object]) -> pd.Series:
    """Keep values as they are: pandas would turn a count beside a None into a float."""
    return pd.Series(values, dtype=object)


def _fields(frame: pd.DataFrame) -> dict[str, Any]:
    matched = match_columns(frame.columns, [*_FIELDS, *_ALIASES])
    names: dict[str, Any] = {}
    for given, name in matched.items():
        field = _ALIASES.get(name, name)
        if field in names:
            raise UsageError(f"columns {names[field]!r} and {given!r} both mean {field!r}; keep one of them")
        names[field] = given
    there = ", ".join(map(str, frame.columns)) or "no columns"
    if "nic_id" not in names:
        raise UsageError(f"requests need a column nic_id; there are {there}")
    if len(names) == 1:
        raise UsageError(f"requests need a column ip_addresses or ip_address_count; there are {there}")
    return names


def _id_column(series: pd.Series) -> tuple[NDArray[np.int64], pa.LargeStringArray, pa.LargeStringArray | None]:
    """Return the position of each id among the distinct ones, -1 for none; those; and all, if none needs trimming."""
    if pd.api.types.is_float_dtype(series.dtype) and series.notna().any():
        raise UsageError(f"column {series.name!r} arrived as floating-point numbers: ids lose digits; read it as text")
    try:
        text = series.astype("str")
    except UnicodeEncodeError:
        text = series.map(lambda value: writable(value) if isinstance(value, str) else value).astype("str")
    given = column(text)
    coded = given.dictionary_encode()
    trimmed = pc.utf8_trim_whitespace(coded.dictionary).dictionary_encode()  # blanks around an id may make two of one
    nic = np.asarray(pc.fill_null(trimmed.indices.take(coded.indices), -1)).astype(np.int64)
    nic[nic == pc.index(trimmed.dictionary, "").as_py()] = -1
    clean = trimmed.dictionary.equals(coded.dictionary) and (nic >= 0).all()
    return nic, trimmed.dictionary, given if clean else None


def _address_column(frame: pd.DataFrame, name: object) -> tuple[NDArray[np.int64], Tokens]:
    """Return the request and the tokens of every address in the column."""
    if name is None:
        return np.zeros(0, np.int64), expand(pa.array([], pa.large_string()))
    series = frame[name]
    if pd.api.types.is_numeric_dtype(series.dtype) and len(series) and series.notna().any():
        raise UsageError(f"column {name!r} arrived as numbers, which addresses are not; read it as text")
    if isinstance(series.dtype, pd.StringDtype):
        text = column(series)
        owner = np.arange(len(text))
    else:
        lists = [_token_list(value) for value in series.tolist()]
        text = pa.array([token for tokens in lists for token in tokens], pa.large_string())
        owner = np.repeat(np.arange(len(lists)), [len(tokens) for tokens in lists])
    parsed = parse(text)
    if parsed[1].all():
        return owner, expand(text, parsed)
    text, owner, parsed = _split_cells(text, owner, parsed)
    found = expand(text, parsed)
    ranges = len(found.source) > len(owner)  # else each token is one address, and the owners are as they were
    return owner[found.source] if ranges else owner, found


def _split_cells(
    text: pa.LargeStringArray, owner: NDArray[np.int64], parsed: tuple[NDArray[np.uint32], NDArray[np.bool_]]
) -> tuple[pa.LargeStringArray, NDArray[np.int64], tuple[NDArray[np.uint32], NDArray[np.bool_]]]:
    """Split the cells that are no single address into tokens, keeping the order, and parse those."""
    value, whole = parsed
    odd = np.flatnonzero(~whole)
    cells = texts_at(text, odd)
    pieces = split_cells(cells)
    lengths = np.ones(len(text), np.int64)
    lengths[odd] = np.asarray(pc.list_value_length(pieces)).astype(np.int64)
    if (lengths == 1).all() and pieces.flatten().equals(cells):
        return text, owner, parsed
    order = np.concatenate([np.flatnonzero(whole), np.repeat(odd, lengths[odd])])
    new_value, new_whole = parse(pieces.flatten())
    rank = np.argsort(order, kind="stable")
    return (
        texts_at(pa.concat_arrays([text.filter(pa.array(whole)), pieces.flatten()]), rank),
        owner[order[rank]],
        (
            np.concatenate([value[whole], new_value])[rank],
            np.concatenate([np.ones(np.count_nonzero(whole), np.bool_), new_whole])[rank],
        ),
    )


def _tokens(value: str | Iterable[object] | None) -> pa.LargeStringArray:
    if value is None:
        return pa.array([], pa.large_string())
    if isinstance(value, str):
        return split(value)
    return pa.array(_token_list(value), pa.large_string())


def _token_list(value: object) -> list[str]:
    """Return a cell or argument as tokens; what is no text becomes text, to be refused with its row."""
    if isinstance(value, str):
        return [writable(value)]
    if value is None or value is pd.NA or value is pd.NaT or (isinstance(value, float) and math.isnan(value)):
        return []
    if isinstance(value, bytes | bytearray):  # a list of numbers to Python
        raise UsageError("ip_addresses is text or a list of text, not bytes; decode them first")
    if isinstance(value, ipaddress.IPv4Network | ipaddress.IPv4Address | ipaddress.IPv6Address | numbers.Number):
        return [str(value)]
    try:
        return [writable(item if isinstance(item, str) else str(item)) for item in value]  # type: ignore[attr-defined]
    except TypeError:
        raise UsageError(f"ip_addresses is text or a list of text, not {type(value).__name__}") from None
