"""Bad tokens in words: what is wrong with each, and what to write instead; whole columns at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from zecnb.addresses import Reason, parse, to_text
from zecnb.columns import FEW, among, joined, texts_at
from zecnb.tokens import EXPANSION_LIMIT, TOGETHER_LIMIT, spans

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray

__all__ = ["describe", "suggest", "why_not"]

_TEXT = pa.large_string()
_LONGEST = 60
_WRONG = {
    Reason.NOT_AN_ADDRESS: "is not an IPv4 address",
    Reason.OCTET_TOO_LARGE: "has an octet above 255",
    Reason.LEADING_ZERO: "has a leading zero, which some programs read as octal",
    Reason.FOREIGN_DIGITS: "is not written in plain ASCII digits",
    Reason.IPV6: "is an IPv6 address",
    Reason.HOST_BITS: "is a CIDR whose address has host bits set",
    Reason.BAD_PREFIX: "has a prefix length that is not 0..32",
    Reason.RANGE_REVERSED: "is a range whose end lies before its start",
    Reason.TOO_MANY: f"stands for more than {EXPANSION_LIMIT:,} addresses",
    Reason.TOO_MANY_TOGETHER: f"is one of ranges that together stand for more than {TOGETHER_LIMIT:,} addresses",
}
_INSTEAD = {
    Reason.RANGE_REVERSED: "swap the two ends",
    Reason.IPV6: "use the IPv6 action, AssignNetworkInterfaceIpv6",
    Reason.TOO_MANY: "ask for a count, or for smaller ranges",
    Reason.TOO_MANY_TOGETHER: "ask for counts, or plan the rows in several batches",
}
_OTHERWISE = "write four decimal numbers of 0..255, for example 10.0.4.10"
_IN_CELLS = {
    "=": "a formula without a value; open the file in Excel and save it, or write the address",
    "#": "an error of the spreadsheet's formula; mend it there, or write the address",
}
_SIGNS, _IN_CELLS_WORDS = pa.array(_IN_CELLS.keys(), _TEXT), pa.array(_IN_CELLS.values(), _TEXT)
_WRONG_WORDS = pa.array([_WRONG.get(reason, "") for reason in Reason], _TEXT)
_INSTEAD_WORDS = pa.array([_INSTEAD.get(reason, _OTHERWISE) for reason in Reason], _TEXT)


def describe(texts: pa.LargeStringArray | Sequence[str], reasons: ArrayLike) -> pa.LargeStringArray:
    """Say why texts are no addresses.

    Args:
        texts: n bad tokens.
        reasons: n ``Reason``s, as ``addresses.expand`` tells them.
    """
    words = texts_at(_WRONG_WORDS, np.asarray(reasons, np.uint8))
    return joined(_quoted(pa.array(texts, _TEXT)), " ", words)


def suggest(texts: pa.LargeStringArray | Sequence[str], reasons: ArrayLike) -> pa.LargeStringArray:
    """Say what to write instead of bad tokens: what is meant where that is unambiguous, else what is possible.

    Args:
        texts: n bad tokens.
        reasons: n ``Reason``s, as ``addresses.expand`` tells them.
    """
    texts, why = pa.array(texts, _TEXT), np.asarray(reasons, np.uint8)
    words = texts_at(_INSTEAD_WORDS, why)
    for reason, better in (
        (Reason.FOREIGN_DIGITS, _in_ascii),
        (Reason.LEADING_ZERO, _without_zeros),
        (Reason.HOST_BITS, _one_or_block),
    ):
        where = why == reason
        if where.any():
            words = pc.replace_with_mask(words, pa.array(where), better(texts.filter(pa.array(where))))
    sign = pc.utf8_slice_codeunits(texts, 0, 1)
    if among(sign, _IN_CELLS).any():
        words = pc.coalesce(_IN_CELLS_WORDS.take(pc.index_in(sign, _SIGNS)), words)
    return words


def why_not(text: str, reason: int) -> tuple[str, str]:
    """Say of one text why it is no address, and what to write instead."""
    return str(describe([text], [reason])[0]), str(suggest([text], [reason])[0])


def _quoted(texts: pa.LargeStringArray) -> pa.LargeStringArray:
    """Quote texts as Python does, the long ones cut."""
    if len(texts) <= FEW:
        cut = (text if len(text) <= _LONGEST else text[: _LONGEST - 3] + "..." for text in texts.to_pylist())
        return pa.array(map(repr, cut), _TEXT)
    cut = joined(pc.utf8_slice_codeunits(texts, 0, _LONGEST - 3), "...")
    short = pc.if_else(pc.greater(pc.utf8_length(texts), _LONGEST), cut, texts)
    quoted = joined("'", short, "'")
    odd = pc.invert(pc.match_substring_regex(short, r"^[ -&(-\[\]-~]*$"))  # a quote, a backslash, beyond ASCII
    return pc.replace_with_mask(quoted, odd, pa.array([repr(text) for text in short.filter(odd).to_pylist()], _TEXT))


def _in_ascii(texts: pa.LargeStringArray) -> pa.LargeStringArray:
    plain = pc.replace_substring(pc.utf8_normalize(texts, form="NFKC"), "\u3002", ".")
    return _where(parse(plain)[1], joined("write ", plain))


def _without_zeros(texts: pa.LargeStringArray) -> pa.LargeStringArray:
    bare = pc.replace_substring_regex(texts, r"(^|[.-])0+([0-9])", r"\1\2")
    first, last, reason = spans(bare)
    good = (reason == Reason.OK) & (last.astype(np.int64) - first < EXPANSION_LIMIT)
    return _where(good, joined("write ", bare, " if decimal is meant"))


def _one_or_block(texts: pa.LargeStringArray) -> pa.LargeStringArray:
    parts = pc.extract_regex(texts, "^(?P<base>[^/]*)/(?P<prefix>[0-9]+)$")
    base, prefix = pc.struct_field(parts, "base"), pc.struct_field(parts, "prefix")
    host_bits = np.uint64(32) - np.asarray(prefix.cast(pa.uint64()))
    network = (parse(base)[0].astype(np.uint64) >> host_bits << host_bits).astype(np.uint32)
    return joined("write ", base, " for the address or ", to_text(network), "/", prefix, " for the block")


def _where(good: NDArray[np.bool_], words: pa.LargeStringArray) -> pa.LargeStringArray:
    return pc.if_else(pa.array(good), words, pa.scalar(_OTHERWISE, _TEXT))
