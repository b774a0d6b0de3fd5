"""Addresses that must not be used though nothing holds them: exclusions of one plan, claims of colleagues."""

from __future__ import annotations

from datetime import UTC, datetime
from enum import IntEnum
from typing import TYPE_CHECKING, NamedTuple, Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from zecnb import typos
from zecnb.addresses import Reason
from zecnb.columns import column, texts_at
from zecnb.errors import UsageError
from zecnb.ledger import keys_of, subnets_of
from zecnb.planner.claimed import read_claims
from zecnb.planner.placement import each
from zecnb.tokens import spans, split

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from zecnb.planner.claimed import Claimed
    from zecnb.snapshot import Snapshot

__all__ = ["Force", "Reservations", "in_some_subnet"]

_TEXT = pa.large_string()
_EXCLUDED = "excluded by this plan"
_CELLS = 1 << 22  # pairs of interval and subnet looked at together


class Force(IntEnum):
    """How much a reservation counts; where several overlap the first of these does."""

    BINDING = 0
    OVERRIDDEN = 1
    EXPIRED = 2


class Reservations(NamedTuple):
    """Disjoint intervals of keys, sorted.

    Attributes:
        low, high: uint64, first and last key of each interval.
        label: int64, position in ``words`` and ``force``.
        words: Arrow strings, what each one is, to be shown.
        force: uint8, a ``Force``.
    """

    low: NDArray[np.uint64]
    high: NDArray[np.uint64]
    label: NDArray[np.int64]
    words: pa.LargeStringArray
    force: NDArray[np.uint8]

    @classmethod
    def of(
        cls,
        snapshot: Snapshot,
        exclude: str | tuple[str, ...] = (),
        claims: pd.DataFrame | None = None,
        now: datetime | None = None,
        *,
        override: bool = False,
    ) -> Self:
        """Read exclusions and claims for every subnet of a snapshot.

        Args:
            snapshot: its subnets are where they apply.
            exclude: addresses, ranges and CIDRs.
            claims: columns ``range, owner, purpose, until``, and ``vpc_id``, ``subnet_id`` to narrow one down;
                see ``claimed.read_claims``.
            now: the time by which claims have expired.
            override: claims warn and do not bind.

        Raises:
            UsageError: a token of ``exclude`` or a claim's range is no address, range or CIDR, or the claims have none.
        """
        claimed = read_claims(claims) if claims is not None else None
        if not exclude and (claimed is None or not len(claimed.low)):
            nothing, none = np.zeros(0, np.uint64), np.zeros(0, np.int64)
            return cls(nothing, nothing, none, pa.nulls(0, _TEXT), np.zeros(0, np.uint8))
        tokens = split(exclude) if isinstance(exclude, str) else pa.array(list(exclude), _TEXT)
        low, high = _excluded(tokens)
        words = pa.array([_EXCLUDED] * len(low), _TEXT)
        force = np.full(len(low), Force.BINDING, np.uint8)
        vpc = subnet = pa.nulls(len(low), _TEXT)
        if claimed is not None:
            low, high = np.append(low, claimed.low), np.append(high, claimed.high)
            words = pa.concat_arrays([words, claimed.words])
            moment = np.datetime64((now or datetime.now(UTC)).astimezone(UTC).replace(tzinfo=None), "us")
            binds = Force.OVERRIDDEN if override else Force.BINDING
            force = np.append(force, np.where(claimed.end <= moment, Force.EXPIRED, binds)).astype(np.uint8)
            vpc = pa.concat_arrays([vpc, claimed.vpc_id])
            subnet = pa.concat_arrays([subnet, claimed.subnet_id])
        hits = _hits(snapshot, low, high, vpc, subnet)
        return cls(*_segments(snapshot, low, high, force, *hits), words, force)

    def find(self, keys: NDArray[np.uint64]) -> NDArray[np.int64]:
        """Return the label of the interval that contains each key, -1 where none does."""
        if not len(self.low):
            return np.full(len(keys), -1)
        at = np.searchsorted(self.low, keys, "right") - 1
        inside = (at >= 0) & (keys <= self.high[at])
        return np.where(inside, self.label[at], -1)

    def binding_keys(self, subnets: NDArray[np.int64]) -> NDArray[np.uint64]:
        """Return the keys that must not be picked in some subnets (sorted positions), sorted."""
        if not len(self.low):
            return np.zeros(0, np.uint64)
        keep = (self.force[self.label] == Force.BINDING) & np.isin(subnets_of(self.low), subnets)
        low, high = self.low[keep], self.high[keep]
        which, within = each((high - low).astype(np.int64) + 1)
        return np.asarray(low[which] + within.astype(np.uint64))


def in_some_subnet(snapshot: Snapshot, claimed: Claimed) -> NDArray[np.bool_]:
    """Return whether each claim has an address in a subnet in which it holds; others bind nothing."""
    which, _ = _hits(snapshot, claimed.low, claimed.high, claimed.vpc_id, claimed.subnet_id)
    found = np.zeros(len(claimed.low), np.bool_)
    found[which] = True
    return found


def _excluded(tokens: pa.LargeStringArray) -> tuple[NDArray[np.uint32], NDArray[np.uint32]]:
    low, high, reason = spans(tokens)
    if (reason != Reason.OK).any():
        at = int(np.flatnonzero(reason)[0])
        said, hint = typos.why_not(tokens[at].as_py() or "", int(reason[at]))
        raise UsageError(f"exclude, entry {at}: {said}; {hint}")
    return low, high


def _hits(
    snapshot: Snapshot,
    low: NDArray[np.uint32],
    high: NDArray[np.uint32],
    vpc: pa.LargeStringArray,
    subnet: pa.LargeStringArray,
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return which interval lies in which subnet, a pair of positions for each that do."""
    geometry = snapshot.geometry
    step = max(_CELLS // max(len(geometry.ipv4), 1), 1)
    pairs = [(np.zeros(0, np.int64), np.zeros(0, np.int64))]
    for at in range(0, len(low), step):
        first, last = low[at : at + step, None], high[at : at + step, None]
        found, subnets = np.nonzero(geometry.ipv4 & (geometry.network <= last) & (geometry.broadcast >= first))
        pairs.append((found + at, subnets))
    which, where = (np.concatenate(part) for part in zip(*pairs, strict=True))
    for narrowed, ids in ((vpc, column(snapshot.subnets["vpc_id"])), (subnet, snapshot.subnet_ids)):
        if narrowed.null_count < len(narrowed):
            same = pc.fill_null(pc.equal(texts_at(narrowed, which), texts_at(ids, where)), fill_value=False)
            kept = np.asarray(pc.or_(same, narrowed.is_null().take(pa.array(which))))
            which, where = which[kept], where[kept]
    return which, where


def _segments(
    snapshot: Snapshot,
    low: NDArray[np.uint32],
    high: NDArray[np.uint32],
    force: NDArray[np.uint8],
    which: NDArray[np.int64],
    where: NDArray[np.int64],
) -> tuple[NDArray[np.uint64], NDArray[np.uint64], NDArray[np.int64]]:
    """Cut overlapping intervals into disjoint ones; the stronger wins, of equal ones the first."""
    geometry = snapshot.geometry
    start = keys_of(where, np.maximum(geometry.network[where], low[which]))
    end = keys_of(where, np.minimum(geometry.broadcast[where], high[which])) + np.uint64(1)
    edges = np.unique(np.concatenate([start, end]))
    order = np.lexsort((np.arange(len(low)), force))  # the one that counts first
    rank = np.empty(len(low), np.int64)
    rank[order] = np.arange(len(low))
    best = _lowest_over(len(edges), np.searchsorted(edges, start), np.searchsorted(edges, end), rank[which])
    kept = np.flatnonzero(best < len(low))
    return edges[kept], edges[kept + 1] - np.uint64(1), order[best[kept]]


def _lowest_over(
    length: int, begin: NDArray[np.int64], end: NDArray[np.int64], rank: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Return the lowest rank of the intervals ``begin..end`` over each place, the largest number where there is none.

    Each interval is two that overlap, of a power of two, kept by that power; from the widest down each is halved.
    """
    none = np.iinfo(np.int64).max
    power = np.frexp(end - begin)[1] - 1
    best = np.full(length, none)
    for level in range(int(power.max(initial=0)), -1, -1):
        here = power == level
        np.minimum.at(best, begin[here], rank[here])
        np.minimum.at(best, end[here] - (1 << level), rank[here])
        if level:
            half = 1 << (level - 1)
            best[half:] = np.minimum(best[half:], best[:-half])  # reads what was there before
    return best
