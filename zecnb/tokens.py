"""What people write for addresses -> columns: singles, ranges and CIDRs; a ``Reason`` for each token that is none."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from zecnb.addresses import Reason, as_text, parse, parse_cidr, read_one, to_text
from zecnb.columns import FEW, joined, texts_at, writable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

__all__ = ["EXPANSION_LIMIT", "TOGETHER_LIMIT", "Tokens", "expand", "spans", "split", "split_cells"]

EXPANSION_LIMIT = 1 << 16
"""Addresses that one range or CIDR may stand for: a whole /16."""

TOGETHER_LIMIT = 1 << 20
"""Addresses that the ranges and CIDRs of one input may stand for together: more would fill the memory."""

_TEXT = pa.large_string()

# Anything people put between addresses, from any keyboard or web page.
_SEPARATORS = "[\\s,;\u00a0\u2000-\u200b\u2028\u2029\u3000\ufeff\uff0c\uff1b\u3001]+"
_DOTTED = r"^([0-9]{1,9}\.){3}[0-9]{1,9}(-(([0-9]{1,9}\.){3})?[0-9]{1,9})?$"
_ABOVE_255 = r"(^|[.-])0*(25[6-9]|2[6-9][0-9]|[3-9][0-9]{2}|[1-9][0-9]{3,})([.-]|$)"
_IPV6 = r"^\[?[0-9A-Fa-f]*:[0-9A-Fa-f:.]*:[0-9A-Fa-f.]*(%[^\s/\]]+)?\]?(/[0-9]+)?$"
_DASHES = "[ \t\u00a0]*[-\u2010-\u2015\u2212][ \t\u00a0]*"
_FOREIGN = "^[\\p{Nd}.\\-\u3002\uff0e\uff61]+$"


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


def split(text: str) -> pa.LargeStringArray:
    """Split what a person typed or pasted into tokens: lines, commas, semicolons and blanks separate them.

    Blanks around a dash do not, so ``10.0.0.10 - 10.0.0.20`` is one token.
    """
    dashed = _compiled(_DASHES).sub("-", writable(text))
    return pa.array([token for token in _compiled(_SEPARATORS).split(dashed) if token], _TEXT)


def split_cells(cells: pa.LargeStringArray) -> pa.LargeListArray:
    """Split each cell as ``split`` does; null and blank cells have no tokens."""
    dashed = pc.replace_substring_regex(pc.fill_null(cells, ""), _DASHES, "-")
    tokens = pc.split_pattern_regex(dashed, _SEPARATORS).cast(pa.large_list(_TEXT))
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
    text = as_text(tokens)
    if len(text) <= FEW:
        few = [token.strip() for token in text.to_pylist()]
        found = [_span(token) for token in few]
        if sum(size for _, size, _ in found) <= FEW:
            return _written_out(few, found)
    value, good = parse(text) if parsed is None else parsed
    reason = np.zeros(len(text), np.uint8)
    source = np.arange(len(text), dtype=np.int64)
    if good.all():
        return Tokens(source, text, value, reason)
    rest = np.flatnonzero(~good)
    given = texts_at(text, rest)
    odd = pc.utf8_trim_whitespace(given)
    first, size, why = _spans(odd)
    large = size > EXPANSION_LIMIT
    why[large], size[large], first[large] = Reason.TOO_MANY, 1, 0
    many = size > 1
    if int(size[many].sum()) > TOGETHER_LIMIT:
        why[many], size[many], first[many] = Reason.TOO_MANY_TOGETHER, 1, 0
    reason[rest] = why
    value[rest] = first
    if not odd.equals(given):
        text = pc.replace_with_mask(text, pa.array(~good), odd)
    blocks = rest[why == Reason.OK]
    if len(blocks):
        counts = np.ones(len(text), np.int64)
        counts[rest] = size
        source, begin = np.repeat(source, counts), np.repeat(np.cumsum(counts) - counts, counts)
        value, reason = value[source] + (np.arange(len(source)) - begin).astype(np.uint32), reason[source]
        inside = np.isin(source, blocks)
        text = pc.replace_with_mask(texts_at(text, source), inside, to_text(value[inside]))
    return Tokens(source, text, value, reason)


def _written_out(given: list[str], found: list[tuple[int, int, Reason]]) -> Tokens:
    """Return what a few tokens stand for, that is what ``expand`` makes of them."""
    source = [at for at, (_, size, _) in enumerate(found) for _ in range(size)]
    value = np.array([first + more for first, size, _ in found for more in range(size)], np.uint32)
    reason = np.array([found[at][2] for at in source], np.uint8)
    text = [given[at] if why else one for at, why, one in zip(source, reason, to_text(value).to_pylist(), strict=True)]
    return Tokens(np.array(source, np.int64), pa.array(text, _TEXT), value, reason)


def spans(tokens: pa.LargeStringArray) -> tuple[NDArray[np.uint32], NDArray[np.uint32], NDArray[np.uint8]]:
    """Return first address, last address and ``Reason`` of tokens, however large their ranges and CIDRs."""
    first, size, why = _spans(pc.utf8_trim_whitespace(pc.fill_null(tokens, "")))
    return first, (first + (size - 1)).astype(np.uint32), why


def _spans(odd: pa.LargeStringArray) -> tuple[NDArray[np.uint32], NDArray[np.int64], NDArray[np.uint8]]:
    """Return first address, number of addresses (1 for a bad token) and reason of each token."""
    if len(odd) <= FEW:
        found = [_span(token) for token in odd.to_pylist()]
        return (
            np.array([begin for begin, _, _ in found], np.uint32),
            np.array([length for _, length, _ in found], np.int64),
            np.array([reason for _, _, reason in found], np.uint8),
        )
    first, good = parse(odd)
    size = np.ones(len(odd), np.int64)
    why = np.where(good, Reason.OK, Reason.NOT_AN_ADDRESS).astype(np.uint8)
    many = np.flatnonzero(np.asarray(pc.match_substring_regex(odd, "[-/]")))
    first[many], size[many], why[many] = _blocks(texts_at(odd, many))
    bad = np.flatnonzero(why == Reason.NOT_AN_ADDRESS)
    why[bad] = _classify(texts_at(odd, bad))
    return first, size, why


def _span(token: str) -> tuple[int, int, Reason]:
    """Read one token as ``_spans`` reads many."""
    if (single := read_one(token)) is not None:
        return single, 1, Reason.OK
    if "/" in token:
        base, _, prefix = token.partition("/")
        network = read_one(base)
        if network is not None and prefix.isascii() and prefix.isdigit() and len(prefix) <= 3:
            size = 1 << max(32 - int(prefix), 0)
            why = Reason.BAD_PREFIX if int(prefix) > 32 else Reason.HOST_BITS if network % size else Reason.OK
            return (network, size, why) if why == Reason.OK else (0, 1, why)
    elif token.count("-") == 1:
        low_text, high_text = (end.strip() for end in token.split("-"))
        low = read_one(low_text)
        high = read_one(high_text if "." in high_text else f"0.0.0.{high_text}")
        if low is not None and high is not None:
            high |= 0 if "." in high_text else low & 0xFFFFFF00
            return (low, high - low + 1, Reason.OK) if low <= high else (0, 1, Reason.RANGE_REVERSED)
    return 0, 1, Reason(int(_classify(pa.array([token], _TEXT))[0]))


def _blocks(texts: pa.LargeStringArray) -> tuple[NDArray[np.uint32], NDArray[np.int64], NDArray[np.uint8]]:
    """Read ranges and CIDRs."""
    first = np.zeros(len(texts), np.uint32)
    size = np.ones(len(texts), np.int64)
    why = np.full(len(texts), Reason.NOT_AN_ADDRESS, np.uint8)
    is_cidr = np.asarray(pc.match_substring(texts, "/"))
    for which, read in ((np.flatnonzero(~is_cidr), _ranges), (np.flatnonzero(is_cidr), _cidrs)):
        if len(which):
            first[which], size[which], why[which] = read(texts_at(texts, which))
    return first, size, why


def _ranges(texts: pa.LargeStringArray) -> tuple[NDArray[np.uint32], NDArray[np.int64], NDArray[np.uint8]]:
    pieces = pc.split_pattern(texts, "-")
    two = np.flatnonzero(np.asarray(pc.list_value_length(pieces)) == 2)
    ends = pc.utf8_trim_whitespace(pieces.take(pa.array(two)).flatten())
    low_text, high_text = (texts_at(ends, np.arange(len(two)) * 2 + end) for end in (0, 1))
    is_octet = pc.invert(pc.match_substring(high_text, "."))
    alone = joined("0.0.0.", high_text)
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
    dotted = _match(bad, _DOTTED)
    if dotted.any():
        leading = dotted & _match(bad, r"(^|[.-])0[0-9]")
        why[dotted & ~leading & _match(bad, _ABOVE_255)] = Reason.OCTET_TOO_LARGE
        why[leading] = Reason.LEADING_ZERO
    if not dotted.all():
        why[_match(bad, _IPV6)] = Reason.IPV6
        why[_match(bad, "[^\\x00-\\x7f]") & _match(bad, _FOREIGN)] = Reason.FOREIGN_DIGITS
    return why


def _match(texts: pa.LargeStringArray, pattern: str) -> NDArray[np.bool_]:
    """Return which texts match; of a few, Python's own engine tells sooner than Arrow's has read the pattern."""
    if len(texts) > FEW:
        return np.asarray(pc.match_substring_regex(texts, pattern))
    engine = _compiled(pattern.replace(r"\p{Nd}", r"\d"))
    return np.array([engine.search(text) is not None for text in texts.to_pylist()], np.bool_)


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern)
