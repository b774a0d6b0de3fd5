"""IPv4 text <-> uint32 columns: addresses, CIDRs, and runs of addresses in words.

Everything works on whole columns: Arrow string buffers in, numpy arrays out. An address is exactly four decimal
octets without leading zeros, spaces or signs (contract.md A15); anything else is a token with a ``Reason``.
"""

from __future__ import annotations

from enum import IntEnum
from functools import cache, partial
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from zecnb.columns import FEW, at_once, joined, texts_at

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

__all__ = ["Reason", "as_text", "compact", "parse", "parse_cidr", "ranges", "read_one", "to_text"]

_BLOCK = 1 << 16  # strings parsed at a time: their bytes and indices stay in the processor's cache
_DOT, _ZERO = ord("."), ord("0")
_LONGEST = len("255.255.255.255")
_LEAD = np.zeros(3, np.uint8)  # what stands before the first octet's three places


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


def as_text(texts: pa.Array | pa.ChunkedArray | Sequence[str]) -> pa.LargeStringArray:
    """Return texts as one Arrow column, null as blank."""
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
    column = as_text(texts)
    values = np.zeros(len(column), np.uint32)
    good = np.zeros(len(column), np.bool_)
    if len(column) <= FEW:  # laying columns out takes longer than reading a few
        found = [read_one(text) for text in column.to_pylist()]
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


def read_one(text: str) -> int | None:
    """Parse one address, None when it is none."""
    octets = text.split(".")
    if len(octets) != 4 or not all(o.isascii() and o.isdigit() and (o == "0" or o[0] != "0") for o in octets):
        return None
    numbers = [int(o) for o in octets if len(o) <= 3]
    return int.from_bytes(bytes(numbers), "big") if len(numbers) == 4 and max(numbers) <= 255 else None


def _parse_block(
    data: NDArray[np.uint8], offsets: NDArray[np.int64], values: NDArray[np.uint32], good: NDArray[np.bool_]
) -> None:
    """Parse one block in place: ``data`` holds the strings, ``offsets`` their edges."""
    digit = np.append(_LEAD, data)
    digit -= np.uint8(_ZERO)  # wraps, so that anything but 0-9 is above 9
    is_dot = data == _DOT
    dots, strange = np.flatnonzero(is_dot), np.flatnonzero((digit[len(_LEAD) :] > 9) & ~is_dot)
    first = np.append(np.int32(0), np.cumsum(is_dot, dtype=np.int32))[offsets]
    fine = (np.diff(first) == 3) & (np.diff(offsets) <= _LONGEST)
    fine[np.searchsorted(offsets, strange, "right") - 1] = False
    if not fine.any():
        return
    # From here on what stands for rows that are not fine means nothing, and is not stored.
    dot = np.minimum(first[:-1], len(dots) - 3).astype(np.intp)
    stop = np.stack([dots[dot], dots[1:][dot], dots[2:][dot], offsets[1:]])
    length = stop.astype(np.uint8)  # wraps, and so does the difference: of such short texts it is exact
    length[1:] -= length[:-1] + np.uint8(1)
    length[0] -= offsets[:-1].astype(np.uint8)
    three, two, one = (digit[back:][stop] for back in range(len(_LEAD)))  # before the octet's own: a neighbour's
    two *= length > 1
    three *= length > 2
    value = (three.astype(np.uint16) * np.uint16(10) + two) * np.uint16(10) + one
    whole = (length == 1) | ((length == 2) & (two > 0)) | ((length == 3) & (three > 0))
    fine &= (whole & (value <= 255)).all(axis=0)
    octets = value.astype(np.uint32) << np.array([[24], [16], [8], [0]], np.uint32)
    np.multiply(np.bitwise_or.reduce(octets), fine, out=values)
    good[:] = fine


_TEXT = pa.large_string()
_DOT_TEXT = pa.scalar(".", _TEXT)
_OCTETS = pa.array([str(i) for i in range(256)], _TEXT)


def to_text(values: NDArray[np.uint32]) -> pa.LargeStringArray:
    """Return addresses as text, one per value."""
    if len(values) <= FEW:
        return pa.array([".".join(map(str, value.to_bytes(4, "big"))) for value in values.tolist()], _TEXT)
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
    octet = texts_at(_OCTETS, last & np.uint32(0xFF))
    begin = to_text(first)
    end = pc.if_else(pa.array(same), octet, to_text(last))
    return pc.if_else(pa.array(first == last), begin, joined(begin, "-", end))


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
    column = as_text(texts)
    parts = pc.extract_regex(column, r"^(?P<base>[^/]*)/(?P<prefix>[0-9]{1,3})$")
    base, base_good = parse(pc.struct_field(parts, "base"))
    prefix_text = pc.fill_null(pc.struct_field(parts, "prefix"), "999")
    prefix = np.asarray(pc.cast(prefix_text, pa.int64()))
    reason = np.where(base_good, Reason.OK, Reason.NOT_AN_ADDRESS).astype(np.uint8)
    reason[base_good & (prefix > 32)] = Reason.BAD_PREFIX
    host_mask = ((np.uint64(1) << np.clip(32 - prefix, 0, 32).astype(np.uint64)) - np.uint64(1)).astype(np.uint32)
    reason[(reason == Reason.OK) & ((base & host_mask) != 0)] = Reason.HOST_BITS
    return base, np.where(reason == Reason.OK, prefix, -1), reason
