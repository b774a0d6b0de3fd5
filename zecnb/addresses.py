"""IPv4 text <-> uint32 columns: single addresses, ranges, CIDRs; a reason for each bad token.

Everything works on whole columns: Arrow string buffers in, numpy arrays out. An address is exactly four decimal
octets without leading zeros, spaces or signs (contract.md A15); anything else is a token with a ``Reason``.
"""

from __future__ import annotations

import re
from enum import IntEnum
from functools import cache, partial
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from zecnb.columns import at_once, writable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

__all__ = [
    "EXPANSION_LIMIT",
    "TOGETHER_LIMIT",
    "Reason",
    "Tokens",
    "compact",
    "expand",
    "parse",
    "parse_cidr",
    "ranges",
    "spans",
    "split",
    "split_cells",
    "to_text",
]

EXPANSION_LIMIT = 1 << 16
"""Addresses that one range or CIDR may stand for: a whole /16."""

TOGETHER_LIMIT = 1 << 20
"""Addresses that the ranges and CIDRs of one input may stand for together: more would fill the memory."""

_BLOCK = 1 << 16  # strings parsed at a time: their bytes and indices stay in the processor's cache
_DOT, _ZERO = ord("."), ord("0")

# Anything people put between addresses, from any keyboard or web page.
_SEPARATORS = "[\\s,;\u00a0\u2000-\u200b\u2028\u2029\u3000\ufeff\uff0c\uff1b\u3001]+"
_DOTTED = r"^([0-9]{1,9}\.){3}[0-9]{1,9}(-(([0-9]{1,9}\.){3})?[0-9]{1,9})?$"
_ABOVE_255 = r"(^|[.-])0*(25[6-9]|2[6-9][0-9]|[3-9][0-9]{2}|[1-9][0-9]{3,})([.-]|$)"
_IPV6 = r"^\[?[0-9A-Fa-f]*:[0-9A-Fa-f:.]*:[0-9A-Fa-f.]*(%[^\s/\]]+)?\]?(/[0-9]+)?$"
_DASHES = "[ \t\u00a0]*[-\u2010-\u2015\u2212][ \t\u00a0]*"
_FOREIGN = "^[\\p{Nd}.\\-\u3002\uff0e\uff61]+$"
_FEW = 32


class Reason(IntEnum):
    """Why a token is no address; ``OK`` when it is one."""

    OK = 0
    NOT_AN_ADDRESS = 1
    OCTET_TOO_LARGE = 2
    LEADING_ZERO = 3
    FOREIGN_DIGITS = 4
    IPV6 = 5
    HOST_BITS = 6
    BAD_PREFIX = 7
    RANGE_REVERSED = 8
    TOO_MANY = 9
    TOO_MANY_TOGETHER = 10


class Tokens(NamedTuple):
    """Addresses and bad tokens of one input, in its order.

    Attributes:
        source: int64, index of the input token each address came from.
        text: Arrow ``large_string``: the address, or the bad token as it was given (without outer blanks).
        value: uint32, the address; 0 where ``reason`` is not OK.
        reason: uint8, a ``Reason``.
    """

    source: NDArray[np.int64]
    text: pa.LargeStringArray
    value: NDArray[np.uint32]
    reason: NDArray[np.uint8]


def _as_text(texts: pa.Array | pa.ChunkedArray | Sequence[str]) -> pa.LargeStringArray:
    if isinstance(texts, pa.ChunkedArray):
        texts = texts.combine_chunks()
    if not isinstance(texts, pa.Array):
        texts = pa.array(texts, pa.large_string())
    if texts.type != pa.large_string():
        texts = texts.cast(pa.large_string())
    return pc.fill_null(texts, "") if texts.null_count else texts


def parse(
    texts: pa.Array | pa.ChunkedArray | Sequence[str],
) -> tuple[NDArray[np.uint32], NDArray[np.bool_]]:
    """Parse a column of single addresses.

    Args:
        texts: n strings; null is no address.

    Returns:
        values: uint32[n], 0 where the text is no address.
        good: bool[n], whether it is one.
    """
    column = _as_text(texts)
    values = np.zeros(len(column), np.uint32)
    good = np.zeros(len(column), np.bool_)
    if len(column) <= _FEW:  # laying columns out takes longer than reading a few
        found = [_one(text) for text in column.to_pylist()]
        return np.array([value or 0 for value in found], np.uint32), np.array([v is not None for v in found], np.bool_)
    offsets = np.frombuffer(column.buffers()[1], np.int64)[column.offset : column.offset + len(column) + 1]
    raw = column.buffers()[2]
    data = np.frombuffer(raw, np.uint8) if raw is not None and raw.size else np.zeros(0, np.uint8)

    def block(begin: int) -> None:
        end = min(begin + _BLOCK, len(column))
        edges = offsets[begin : end + 1]
        _parse_block(data[edges[0] : edges[-1]], edges - edges[0], values[begin:end], good[begin:end])

    at_once(len(column), [partial(block, begin) for begin in range(0, len(column), _BLOCK)])
    return values, good


def _one(text: str) -> int | None:
    octets = text.split(".")
    if len(octets) != 4 or not all(o.isascii() and o.isdigit() and (o == "0" or o[0] != "0") for o in octets):
        return None
    numbers = [int(o) for o in octets if len(o) <= 3]
    return int.from_bytes(bytes(numbers), "big") if len(numbers) == 4 and max(numbers) <= 255 else None


def _parse_block(
    data: NDArray[np.uint8], offsets: NDArray[np.int64], values: NDArray[np.uint32], good: NDArray[np.bool_]
) -> None:
    """Parse one block in place: ``data`` holds the strings, ``offsets`` their edges."""
    digit = data - np.uint8(_ZERO)  # wraps, so that anything but 0-9 is above 9
    other = np.flatnonzero(digit > 9)
    is_dot = data[other] == _DOT
    dots = other[is_dot].astype(np.int32)
    edges = offsets.astype(np.int32)
    first = np.searchsorted(dots, edges)
    candidate = np.diff(first) == 3
    strange = other[~is_dot]
    if strange.size:
        candidate[np.searchsorted(edges, strange, "right") - 1] = False
    candidate &= np.diff(edges) <= 15
    rows = slice(None) if candidate.all() else np.flatnonzero(candidate)
    lower, upper, at = edges[:-1][rows], edges[1:][rows], first[:-1][rows]
    if not len(at):
        return
    total: NDArray[np.uint32] = np.zeros(len(at), np.uint32)
    fine = np.ones(len(at), np.bool_)
    for octet in range(4):
        stop = dots[at + octet] if octet < 3 else upper
        length = stop - lower
        # Positions before the string's own start wrap or hit a neighbour; their digits are masked.
        value = digit[stop - 1].astype(np.uint32)
        value += np.where(length >= 2, digit[stop - 2], 0).astype(np.uint32) * np.uint32(10)
        value += np.where(length >= 3, digit[stop - 3], 0).astype(np.uint32) * np.uint32(100)
        fine &= (length >= 1) & (length <= 3) & (value <= 255)
        fine &= (length == 1) | (digit[np.minimum(lower, len(digit) - 1)] != 0)
        total = (total << np.uint32(8)) | value
        lower = stop + 1
    values[rows] = np.where(fine, total, 0)
    good[rows] = fine


_TEXT = pa.large_string()
_DOT_TEXT = pa.scalar(".", _TEXT)
_OCTETS = pa.array([str(i) for i in range(256)], _TEXT)


def to_text(values: NDArray[np.uint32]) -> pa.LargeStringArray:
    """Return addresses as text, one per value."""
    parts = [_halves().take(pa.array(half)) for half in (values >> np.uint32(16), values & np.uint32(0xFFFF))]
    return pc.binary_join_element_wise(*parts, _DOT_TEXT)


@cache
def _halves() -> pa.LargeStringArray:
    """Every two octets as text: joining two such takes a good half of the time that four single ones take."""
    half = np.arange(1 << 16)
    return pc.binary_join_element_wise(
        *(_OCTETS.take(pa.array(octet)) for octet in (half >> 8, half & 0xFF)), _DOT_TEXT
    )


def ranges(first: NDArray[np.uint32], last: NDArray[np.uint32]) -> pa.LargeStringArray:
    """Return runs of addresses as text: ``10.0.4.10-13``, ``10.0.4.255-10.0.5.0``, or ``10.0.4.40`` for a single one.

    Args:
        first: uint32[n], where each run begins.
        last: uint32[n], where it ends.
    """
    same = (first >> np.uint32(8)) == (last >> np.uint32(8))
    octet = _OCTETS.take(pa.array((last & np.uint32(0xFF)).astype(np.uint8)))
    begin = to_text(first)
    end = pc.if_else(pa.array(same), octet, to_text(last))
    return pc.if_else(pa.array(first == last), begin, pc.binary_join_element_wise(begin, end, pa.scalar("-", _TEXT)))


def compact(values: NDArray[np.uint32]) -> str:
    """Return addresses as ranges, ``10.0.4.10-13, 10.0.4.40``.

    Args:
        values: sorted and distinct.
    """
    first = np.append(True, np.diff(values) != 1)[: len(values)]
    last = np.append(first[1:], True)[: len(values)]
    return ", ".join(ranges(values[first], values[last]).to_pylist())


def parse_cidr(
    texts: pa.Array | pa.ChunkedArray | Sequence[str],
) -> tuple[NDArray[np.uint32], NDArray[np.int64], NDArray[np.uint8]]:
    """Parse a column of CIDRs.

    Args:
        texts: n strings such as ``10.0.4.0/22``; null is no CIDR.

    Returns:
        network: uint32[n], first address.
        prefix: int64[n], 0..32; -1 where the text is no CIDR.
        reason: uint8[n], a ``Reason``.
    """
    column = _as_text(texts)
    parts = pc.extract_regex(column, r"^(?P<base>[^/]*)/(?P<prefix>[0-9]{1,3})$")
    base, base_good = parse(pc.struct_field(parts, "base"))
    prefix_text = pc.fill_null(pc.struct_field(parts, "prefix"), "999")
    prefix = np.asarray(pc.cast(prefix_text, pa.int64()))
    reason = np.where(base_good, Reason.OK, Reason.NOT_AN_ADDRESS).astype(np.uint8)
    reason[base_good & (prefix > 32)] = Reason.BAD_PREFIX
    host_mask = ((np.uint64(1) << np.clip(32 - prefix, 0, 32).astype(np.uint64)) - np.uint64(1)).astype(np.uint32)
    reason[(reason == Reason.OK) & ((base & host_mask) != 0)] = Reason.HOST_BITS
    return base, np.where(reason == Reason.OK, prefix, -1), reason


def split(text: str) -> pa.LargeStringArray:
    """Split what a person typed or pasted into tokens: lines, commas, semicolons and blanks separate them.

    Blanks around a dash do not, so ``10.0.0.10 - 10.0.0.20`` is one token.
    """
    joined = _compiled(_DASHES).sub("-", writable(text))
    return pa.array([token for token in _compiled(_SEPARATORS).split(joined) if token], pa.large_string())


def split_cells(cells: pa.LargeStringArray) -> pa.LargeListArray:
    """Split each cell as ``split`` does; null and blank cells have no tokens."""
    joined = pc.replace_substring_regex(pc.fill_null(cells, ""), _DASHES, "-")
    tokens = pc.split_pattern_regex(joined, _SEPARATORS).cast(pa.large_list(pa.large_string()))
    kept = np.asarray(pc.not_equal(tokens.flatten(), ""))
    edges = np.concatenate([[0], np.cumsum(kept)])[np.asarray(tokens.offsets)]
    return pa.LargeListArray.from_arrays(pa.array(edges, pa.int64()), tokens.flatten().filter(pa.array(kept)))


def expand(
    tokens: pa.Array | pa.ChunkedArray | Sequence[str],
    parsed: tuple[NDArray[np.uint32], NDArray[np.bool_]] | None = None,
) -> Tokens:
    """Turn tokens into addresses: singles, ``A-B`` ranges (full or last octet) and CIDRs without host bits.

    Args:
        tokens: n strings; blanks around a token are dropped.
        parsed: what ``parse(tokens)`` said, when it is known already.

    Returns:
        One entry per address, and one per bad token, in input order. A range or CIDR that stands for more than
        ``EXPANSION_LIMIT`` addresses is a bad token; where the others stand for more than ``TOGETHER_LIMIT``
        together, all of them are: what becomes of one does not depend on the order.
    """
    text = _as_text(tokens)
    value, good = parse(text) if parsed is None else parsed
    reason = np.zeros(len(text), np.uint8)
    source = np.arange(len(text), dtype=np.int64)
    if good.all():
        return Tokens(source, text, value, reason)
    rest = np.flatnonzero(~good)
    odd = pc.utf8_trim_whitespace(text.take(pa.array(rest)))
    first, size, why = _spans(odd)
    large = size > EXPANSION_LIMIT
    why[large], size[large], first[large] = Reason.TOO_MANY, 1, 0
    many = size > 1
    if int(size[many].sum()) > TOGETHER_LIMIT:
        why[many], size[many], first[many] = Reason.TOO_MANY_TOGETHER, 1, 0
    reason[rest] = why
    counts = np.ones(len(text), np.int64)
    counts[rest] = size
    value[rest] = first
    if not odd.equals(text.take(pa.array(rest))):
        text = _replace(text, rest, odd)
    if (size > 1).any() or ((why == Reason.OK) & (size == 1)).any():
        within = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
        touched = np.repeat(np.isin(source, rest) & (reason == Reason.OK), counts)
        source, reason = np.repeat(source, counts), np.repeat(reason, counts)
        value = np.repeat(value, counts) + within.astype(np.uint32)
        text = _replace(text.take(pa.array(source)), np.flatnonzero(touched), to_text(value[touched]))
    return Tokens(source, text, value, reason)


def _replace(text: pa.LargeStringArray, where: NDArray[np.intp], new: pa.LargeStringArray) -> pa.LargeStringArray:
    mask = np.zeros(len(text), np.bool_)
    mask[where] = True
    return pc.replace_with_mask(text, pa.array(mask), new)


def spans(tokens: pa.LargeStringArray) -> tuple[NDArray[np.uint32], NDArray[np.uint32], NDArray[np.uint8]]:
    """Return first address, last address and ``Reason`` of tokens, however large their ranges and CIDRs."""
    first, size, why = _spans(pc.utf8_trim_whitespace(pc.fill_null(tokens, "")))
    return first, (first + (size - 1)).astype(np.uint32), why


def _spans(odd: pa.LargeStringArray) -> tuple[NDArray[np.uint32], NDArray[np.int64], NDArray[np.uint8]]:
    """Return first address, number of addresses (1 for a bad token) and reason of each token."""
    first, good = parse(odd)
    size = np.ones(len(odd), np.int64)
    why = np.where(good, Reason.OK, Reason.NOT_AN_ADDRESS).astype(np.uint8)
    many = np.flatnonzero(np.asarray(pc.match_substring_regex(odd, "[-/]")))
    first[many], size[many], why[many] = _blocks(odd.take(pa.array(many)))
    bad = np.flatnonzero(why == Reason.NOT_AN_ADDRESS)
    why[bad] = _classify(odd.take(pa.array(bad)))
    return first, size, why


def _blocks(texts: pa.LargeStringArray) -> tuple[NDArray[np.uint32], NDArray[np.int64], NDArray[np.uint8]]:
    """Read ranges and CIDRs."""
    first = np.zeros(len(texts), np.uint32)
    size = np.ones(len(texts), np.int64)
    why = np.full(len(texts), Reason.NOT_AN_ADDRESS, np.uint8)
    is_cidr = np.asarray(pc.match_substring(texts, "/"))
    for which, read in ((np.flatnonzero(~is_cidr), _ranges), (np.flatnonzero(is_cidr), _cidrs)):
        if len(which):
            first[which], size[which], why[which] = read(texts.take(pa.array(which)))
    return first, size, why


def _ranges(texts: pa.LargeStringArray) -> tuple[NDArray[np.uint32], NDArray[np.int64], NDArray[np.uint8]]:
    pieces = pc.split_pattern(texts, "-")
    two = np.flatnonzero(np.asarray(pc.list_value_length(pieces)) == 2)
    ends = pc.utf8_trim_whitespace(pieces.take(pa.array(two)).flatten())
    low_text, high_text = (ends.take(pa.array(np.arange(len(two)) * 2 + end)) for end in (0, 1))
    is_octet = pc.invert(pc.match_substring(high_text, "."))
    alone = pc.binary_join_element_wise(pa.scalar("0.0.0", pa.large_string()), high_text, _DOT_TEXT)
    low, low_good = parse(low_text)
    high, high_good = parse(pc.if_else(is_octet, alone, high_text))
    high = np.where(np.asarray(is_octet), (low & np.uint32(0xFFFFFF00)) | high, high)
    good = low_good & high_good
    forward = good & (high >= low)
    first, size = np.zeros(len(texts), np.uint32), np.ones(len(texts), np.int64)
    why = np.full(len(texts), Reason.NOT_AN_ADDRESS, np.uint8)
    why[two[good]] = np.where(forward, Reason.OK, Reason.RANGE_REVERSED)[good]
    first[two[forward]] = low[forward]
    size[two[forward]] = (high.astype(np.int64) - low.astype(np.int64) + 1)[forward]
    return first, size, why


def _cidrs(texts: pa.LargeStringArray) -> tuple[NDArray[np.uint32], NDArray[np.int64], NDArray[np.uint8]]:
    network, prefix, why = parse_cidr(texts)
    good = why == Reason.OK
    return np.where(good, network, 0).astype(np.uint32), np.where(good, np.left_shift(1, 32 - prefix), 1), why


def _classify(bad: pa.LargeStringArray) -> NDArray[np.uint8]:
    """Say more than "not an address" where the shape tells."""
    why = np.full(len(bad), Reason.NOT_AN_ADDRESS, np.uint8)
    dotted, leading = _match(bad, _DOTTED), _match(bad, r"(^|[.-])0[0-9]")
    why[dotted & _match(bad, _ABOVE_255) & ~leading] = Reason.OCTET_TOO_LARGE
    why[dotted & leading] = Reason.LEADING_ZERO
    why[_match(bad, _IPV6)] = Reason.IPV6
    why[_match(bad, "[^\\x00-\\x7f]") & _match(bad, _FOREIGN)] = Reason.FOREIGN_DIGITS
    return why


def _match(texts: pa.LargeStringArray, pattern: str) -> NDArray[np.bool_]:
    """Return which texts match; of a few, Python's own engine tells sooner than Arrow's has read the pattern."""
    if len(texts) > _FEW:
        return np.asarray(pc.match_substring_regex(texts, pattern))
    engine = _compiled(pattern.replace(r"\p{Nd}", r"\d"))
    return np.array([engine.search(text) is not None for text in texts.to_pylist()], np.bool_)


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern)
