"""Claims as columns: what each covers, until when it binds, and how it is told."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from zecnb.columns import column, joined
from zecnb.errors import UsageError
from zecnb.schema import CLAIMS, conform, match_columns
from zecnb.tokens import spans
from zecnb.typos import why_not

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Claimed", "as_days", "ends_of_claims", "read_claims", "with_claims"]

_TEXT = pa.large_string()
_READ = ("claim_id", "range", "owner", "purpose", "until", "vpc_id", "subnet_id")
_ZONE = r"( ?(Z|[+-]\d{2}(:?\d{2})?))?"
_ISO = rf"^\d{{4}}-\d{{2}}-\d{{2}}([T ]\d{{2}}:\d{{2}}(:\d{{2}}(\.\d+)?)?{_ZONE})?$"
_MIDNIGHT = r"^(\d{4}-\d{2}-\d{2})[T ]00:00(:00(\.0+)?)?$"  # a spreadsheet's date cell as text
_DAY = np.timedelta64(1, "D")


class Claimed(NamedTuple):
    """Claims by row.

    Attributes:
        low, high: uint32, first and last address.
        end: datetime64[us], the moment it ends in UTC, NaT when it does not.
        words: Arrow strings, the claim to be shown.
        vpc_id, subnet_id: Arrow strings, where alone it holds, null for everywhere.
    """

    low: NDArray[np.uint32]
    high: NDArray[np.uint32]
    end: NDArray[np.datetime64]
    words: pa.LargeStringArray
    vpc_id: pa.LargeStringArray
    subnet_id: pa.LargeStringArray


def read_claims(claims: object, row: NDArray[np.int64] | None = None) -> Claimed:
    """Read a frame of claims; column names match as everywhere.

    A claim of the store (with a ``claim_id``) whose end is no date binds until it is released, and says so: it was
    checked less strictly once. Any other is refused.

    Args:
        claims: a column ``range``; ``owner, purpose, until, vpc_id, subnet_id`` if known.
        row: the numbers by which the caller knows the rows; their positions by default.

    Raises:
        UsageError: it is no DataFrame, has no ranges, or holds what is no range or no date; names the row.
    """
    what = "claims are a DataFrame with a column range, and owner, purpose, until if known"
    if not isinstance(claims, pd.DataFrame):
        raise UsageError(f"{what}, not {type(claims).__name__}; zec.claims.load(FILE) takes a CSV or Excel file")
    names = {name: given for given, name in match_columns(claims.columns, CLAIMS).items()}
    if len(claims) and "range" not in names:
        there = ", ".join(map(str, claims.columns)) or "no columns"
        raise UsageError(f"{what}; there are {there}")
    row = np.arange(len(claims)) if row is None else row
    text = {name: _text(claims, names.get(name)) for name in _READ}
    text["until"] = as_days(text["until"])
    low, high, reason = spans(text["range"])
    if reason.any():
        at = int(np.flatnonzero(reason)[0])
        said, hint = why_not(text["range"][at].as_py() or "", int(reason[at]))
        raise UsageError(f"claims, row {row[at]}: range {said}; {hint}")
    end, wrong = ends_of_claims(text["until"])
    stored = np.asarray(text["claim_id"].is_valid())
    if (refused := np.flatnonzero(wrong & ~stored)).size:
        at = int(refused[0])
        raise UsageError(
            f"claims, row {row[at]}: until {text['until'][at].as_py()!r} is not a date; "
            "write 2026-12-31 or 2026-12-31T18:00Z"
        )
    return Claimed(low, high, end, _words(text, wrong), text["vpc_id"], text["subnet_id"])


def with_claims(held: pd.DataFrame, more: pd.DataFrame) -> pd.DataFrame:
    """Return claims and more of them, which are checked by themselves first, as their rows are the caller's.

    Raises:
        UsageError: see ``read_claims``.
    """
    read_claims(more)
    return pd.concat([held, conform(more, CLAIMS, required=(), what="claims")], ignore_index=True)


def as_days(until: pa.LargeStringArray) -> pa.LargeStringArray:
    """Write midnight without a zone as the day, which is what a spreadsheet's date cell means."""
    return pc.replace_substring_regex(until, _MIDNIGHT, r"\1")


def ends_of_claims(until: pa.LargeStringArray) -> tuple[NDArray[np.datetime64], NDArray[np.bool_]]:
    """Return the moment each claim ends, UTC, NaT where none is given or can be read; and where it cannot.

    A day lasts to its end.
    """
    if not until.null_count < len(until):
        return np.full(len(until), "NaT", "datetime64[us]"), np.zeros(len(until), np.bool_)
    iso = pc.match_substring_regex(until, _ISO)
    short = pc.replace_substring_regex(pc.if_else(iso, until, None), r"(\.\d{6})\d+", r"\1")
    when = pd.to_datetime(pd.Series(short.to_pylist(), dtype="str"), utc=True, format="ISO8601", errors="coerce")
    end = when.dt.tz_localize(None).to_numpy("datetime64[us]")
    day = np.asarray(pc.fill_null(pc.equal(pc.utf8_length(until), len("2026-12-31")), fill_value=False))
    return np.where(day, end + _DAY, end), np.isnat(end) & np.asarray(until.is_valid())


def _text(claims: pd.DataFrame, given: object) -> pa.LargeStringArray:
    """Return a column as text without outer blanks; null where nothing is given."""
    if given is None:
        return pa.nulls(len(claims), _TEXT)
    series = claims[given]
    if pd.api.types.is_float_dtype(series.dtype) and series.notna().any():
        raise UsageError(f"claims: column {given!r} arrived as floating-point numbers; read it as text")
    text = column(series if isinstance(series.dtype, pd.StringDtype) else series.astype("str"))
    text = pc.utf8_trim_whitespace(text)
    return pc.if_else(pc.equal(text, ""), pa.scalar(None, _TEXT), text)


def _words(text: dict[str, pa.LargeStringArray], wrong: NDArray[np.bool_]) -> pa.LargeStringArray:
    until = text["until"]
    if wrong.any():
        odd = joined(until, ", which is no date: it binds until it is released")
        until = pc.if_else(pa.array(wrong), odd, until)
    parts = [pa.array(["claimed"] * len(until), _TEXT)]
    for lead, some in (("by ", text["owner"]), ("for ", text["purpose"]), ("until ", until)):
        parts.append(joined(lead, some))
    return pc.binary_join_element_wise(*parts, pa.scalar(" ", _TEXT), null_handling="skip")
