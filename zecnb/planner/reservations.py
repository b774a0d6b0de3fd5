"""Addresses that must not be used though nothing holds them: exclusions of one plan, claims of colleagues."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from enum import IntEnum
from typing import TYPE_CHECKING, Any, NamedTuple, Self

import numpy as np
import pandas as pd
import pyarrow as pa

from zecnb import addresses, typos
from zecnb.errors import UsageError
from zecnb.ledger import keys_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from zecnb.snapshot import Snapshot

__all__ = ["Force", "Reservations", "end_of_claim"]

_EXCLUDED = "excluded by this plan"


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
        words: what each one is, to be shown.
        force: uint8, a ``Force``.
    """

    low: NDArray[np.uint64]
    high: NDArray[np.uint64]
    label: NDArray[np.int64]
    words: list[str]
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
            claims: columns ``range, owner, purpose, until``, and ``vpc_id``, ``subnet_id`` to narrow one down.
            now: the time by which claims have expired.
            override: claims warn and do not bind.

        Raises:
            UsageError: a token of ``exclude`` or a claim's range is no address, range or CIDR, or the claims have none.
        """
        if claims is not None and (not isinstance(claims, pd.DataFrame) or (len(claims) and "range" not in claims)):
            raise UsageError("claims are a DataFrame with a column range, and owner, purpose, until if known")
        if not exclude and (claims is None or not len(claims)):
            nothing, none = np.zeros(0, np.uint64), np.zeros(0, np.int64)
            return cls(nothing, nothing, none, [], np.zeros(0, np.uint8))
        tokens = addresses.split(exclude) if isinstance(exclude, str) else pa.array(list(exclude), pa.large_string())
        low, high = _intervals(tokens, "exclude")
        words = [_EXCLUDED] * len(low)
        force = [Force.BINDING] * len(low)
        vpc: list[str | None] = [None] * len(low)
        subnet: list[str | None] = [None] * len(low)
        if claims is not None and len(claims):
            first, last = _intervals(pa.array(claims["range"].tolist(), pa.large_string()), "claims")
            low, high = np.append(low, first), np.append(high, last)
            for claim in claims.to_dict("records"):
                words.append(_claim_words(claim))
                past = _is_past(claim.get("until"), now or datetime.now(UTC))
                force.append(Force.EXPIRED if past else Force.OVERRIDDEN if override else Force.BINDING)
                vpc.append(_text(claim.get("vpc_id")))
                subnet.append(_text(claim.get("subnet_id")))
        kinds = np.array(force, np.uint8)
        return cls(*_segments(snapshot, low, high, vpc, subnet, kinds), words, kinds)

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
        keep = (self.force[self.label] == Force.BINDING) & np.isin(
            (self.low >> np.uint64(32)).astype(np.int64), subnets
        )
        low, length = self.low[keep], (self.high[keep] - self.low[keep]).astype(np.int64) + 1
        within = np.arange(int(length.sum())) - np.repeat(np.cumsum(length) - length, length)
        return np.asarray(np.repeat(low, length) + within.astype(np.uint64))


def _intervals(tokens: pa.LargeStringArray, what: str) -> tuple[NDArray[np.uint32], NDArray[np.uint32]]:
    low, high, reason = addresses.spans(tokens)
    if (reason != addresses.Reason.OK).any():
        at = int(np.flatnonzero(reason)[0])
        said, hint = typos.why_not(tokens[at].as_py() or "", int(reason[at]))
        raise UsageError(f"{what}, entry {at}: {said}; {hint}")
    return low, high


def _segments(
    snapshot: Snapshot,
    low: NDArray[np.uint32],
    high: NDArray[np.uint32],
    vpc: list[str | None],
    subnet: list[str | None],
    force: NDArray[np.uint8],
) -> tuple[NDArray[np.uint64], NDArray[np.uint64], NDArray[np.int64]]:
    """Cut overlapping intervals into disjoint ones; the stronger wins, of equal ones the first."""
    geometry = snapshot.geometry
    starts: list[NDArray[np.uint64]] = []
    ends: list[NDArray[np.uint64]] = []
    labels: list[NDArray[np.int64]] = []
    for at in range(len(low)):  # a handful of exclusions and claims, each against all subnets at once
        touched = geometry.ipv4 & (geometry.network <= high[at]) & (geometry.broadcast >= low[at])
        if vpc[at]:
            touched &= (snapshot.subnets["vpc_id"] == vpc[at]).to_numpy()
        if subnet[at]:
            touched &= (snapshot.subnets["subnet_id"] == subnet[at]).to_numpy()
        where = np.flatnonzero(touched)
        starts.append(keys_of(where, np.maximum(geometry.network[where], low[at])))
        ends.append(keys_of(where, np.minimum(geometry.broadcast[where], high[at])))
        labels.append(np.full(len(where), at))
    if not starts:
        nothing = np.zeros(0, np.uint64)
        return nothing, nothing, np.zeros(0, np.int64)
    start, end, label = np.concatenate(starts), np.concatenate(ends) + np.uint64(1), np.concatenate(labels)
    edges = np.unique(np.concatenate([start, end]))
    owner = np.full(max(len(edges) - 1, 0), -1)
    order = np.lexsort((label, force[label]))
    for at in order[::-1]:  # later ones first, so that the one that counts paints last
        owner[np.searchsorted(edges, start[at]) : np.searchsorted(edges, end[at])] = label[at]
    kept = owner >= 0
    return edges[:-1][kept], edges[1:][kept] - np.uint64(1), owner[kept]


def _claim_words(claim: Mapping[Any, object]) -> str:
    owner, purpose, until = (_text(claim.get(name)) for name in ("owner", "purpose", "until"))
    parts = [f"claimed by {owner}" if owner else "claimed"]
    if purpose:
        parts.append(f"for {purpose}")
    if until:
        parts.append(f"until {until}")
    return " ".join(parts)


def _is_past(until: object, now: datetime) -> bool:
    text = _text(until)
    return bool(text and end_of_claim(text) <= pd.Timestamp(now))


def end_of_claim(until: str) -> pd.Timestamp:
    """Return the moment a claim ends; a day without a time lasts to its end, UTC.

    Raises:
        UsageError: the text is no date.
    """
    when = pd.to_datetime(until, utc=True, errors="coerce")
    if pd.isna(when):
        raise UsageError(f"claims: until {until!r} is not a date; write 2026-12-31 or 2026-12-31T18:00Z")
    return when + pd.Timedelta(days=1) if len(until) <= 10 else when


def _text(value: object) -> str | None:
    return (
        None
        if value is None or value is pd.NA or value is pd.NaT or (isinstance(value, float) and math.isnan(value))
        else str(value).strip() or None
    )
