"""The steps of a plan at scale: size up, bring together what belongs together, plan each partition.

The first step runs at once, and refuses what cannot mean anything; the others run when results are asked for.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

import dask
import dask.dataframe as dd
import numpy as np
import pandas as pd
import pyarrow as pa
from dask.dataframe.dispatch import make_meta

from zecnb.errors import UsageError
from zecnb.requests import Requests
from zecnb.scale import pieces
from zecnb.scale.result import ScalePlan, on
from zecnb.scale.source import Source, read_batch, read_source
from zecnb.schema import HOLDERS, NICS, SOURCES, conform, match_columns
from zecnb.tokens import TOGETHER_LIMIT

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from dask.delayed import Delayed
    from distributed import Client

    from zecnb.planner.options import Options
    from zecnb.planner.plan import Plan

__all__ = ["make_scale_plan"]

_HELD_EACH, _ASKED_EACH = 250_000, 50_000
"""Rows that one partition is meant to have: some 200 MB while it is planned."""

_NO_HOMES = pieces.Homes(pa.array([], pa.large_string()), np.zeros(0, np.int64))


class _Shared(NamedTuple):
    """A value that every partition is given.

    Attributes:
        delayed: the value, known to Dask.
        example: it, or one of no rows, to know what comes out.
    """

    delayed: Delayed
    example: Any


class _Counted(NamedTuple):
    """What is known of everything before anything is planned.

    Attributes:
        requests, held: how many rows there are.
        begin: of each partition of the requests, the number of its first ``row``.
        homeless: whether a request's vNIC is unknown, or in no listed subnet.
        strays: holders in no listed subnet.
        by_subnet: how many ``places`` are held in each ``subnet``.
    """

    requests: int
    held: int
    begin: pd.DataFrame
    homeless: bool
    strays: int
    by_subnet: pd.DataFrame


def make_scale_plan(
    requests: object,
    inventory: object,
    *,
    client: Client | None,
    claims: pd.DataFrame | None,
    memory: pd.DataFrame | None,
    partitions: int | None,
    options: Options,
) -> ScalePlan:
    """See ``zecnb.scale.plan``."""
    batch, source, now = read_batch(requests), read_source(inventory), datetime.now(UTC)
    carried = Requests.from_frame(make_meta(batch)).carried
    account = pieces.Account(
        subnets=source.subnets,
        sources=source.sources,
        observed_at=source.observed_at,
        options=options,
        claims=claims,
        memory=memory,
        age=max((now - source.observed_at).total_seconds(), 0.0),
        now=now,
        carried=() if carried is None else tuple(carried.columns),
    )
    nothing = _of_no_rows(batch, source, account)  # refuses what means nothing before anything large is read
    with on(client):
        subnets = _Shared(dask.delayed(source.subnets), source.subnets)
        where = _only(source.nics, NICS, "nic_id", "subnet_id").to_delayed()
        (homes,) = dask.persist(dask.delayed(pieces.find_homes)(where, subnets.delayed))
        shared = subnets, _Shared(homes, _NO_HOMES)
        thin = _only(source.holders, HOLDERS, "subnet_id", "address", "kind")
        places = _map(pieces.held_places, thin, subnets).shuffle("address", ignore_index=True)
        if several := len(source.subnets["vpc_id"].unique()) > 1:
            places = places.persist()  # 8 bytes each, on the cluster: every result needs them
        counted = _count(batch, thin, places, *shared)
        account = replace(
            account,
            subnets=_with_counts(source.subnets, counted.by_subnet),
            sources=_with_strays(source.sources, counted.held, counted.strays),
        )
        count = partitions or max(1, -(-counted.held // _HELD_EACH), -(-counted.requests // _ASKED_EACH))
        frames = _together(batch, source, counted, places if several else None, count, *shared)
        told = dask.delayed(account)
        together = zip(*(frame.to_delayed() for frame in frames), strict=True)
        parts = [dask.delayed(pieces.plan_part)(*part, told) for part in together]
    return ScalePlan(parts, nothing, client=client, requests=counted.requests, held=counted.held)


def _of_no_rows(batch: dd.DataFrame, source: Source, account: pieces.Account) -> Plan:
    """Return the plan of no requests: what every partition's looks like."""
    number = pd.DataFrame()
    return pieces.plan_part(
        pieces.read_asks(make_meta(batch), number, _NO_HOMES),
        pieces.read_nics(make_meta(source.nics), number, source.subnets, everywhere=False),
        pieces.read_held(make_meta(source.holders), number, source.subnets, _NO_HOMES),
        account,
    )


def _count(batch: dd.DataFrame, held: dd.DataFrame, places: dd.DataFrame, subnets: _Shared, homes: _Shared) -> _Counted:
    """Read everything once.

    Raises:
        UsageError: a value that cannot mean anything, or ranges beyond measure.
    """
    asked, rows, by_subnet = dask.compute(
        _map(pieces.size_of_requests, batch, homes),
        _map(pieces.size_of_held, held, subnets),
        _map(pieces.places_by_subnet, places),
    )
    if int(asked["span"].sum()) > TOGETHER_LIMIT:
        raise UsageError(
            f"the ranges and CIDRs of the requests stand for more than {TOGETHER_LIMIT:,} addresses together; "
            "ask for counts, or for single addresses"
        )
    return _Counted(
        requests=int(asked["rows"].sum()),
        held=int(rows["rows"].sum()),
        begin=pd.DataFrame({"row": np.cumsum(asked["rows"]) - asked["rows"]}),
        homeless=bool(asked["homeless"].any()),
        strays=int(rows["strays"].sum()),
        by_subnet=by_subnet,
    )


def _together(
    batch: dd.DataFrame,
    source: Source,
    counted: _Counted,
    places: dd.DataFrame | None,
    count: int,
    subnets: _Shared,
    homes: _Shared,
) -> tuple[dd.DataFrame, dd.DataFrame, dd.DataFrame]:
    """Return requests, vNICs and held addresses, in partitions that hold the same subnets.

    Requests and vNICs wait on the cluster, so that held addresses, of which there are more, need not: each
    partition of those is planned as soon as it is together.
    """
    asks = _map(pieces.read_asks, batch, _one_each(counted.begin), homes)
    by_name = partial(pieces.read_nics, everywhere=counted.homeless)
    nics = _map(by_name, source.nics, _numbers(source.nics), subnets)
    asks, nics = dask.persist(*(frame.shuffle("home", npartitions=count) for frame in (asks, nics)))
    held = _map(pieces.read_held, source.holders, _numbers(source.holders), subnets, homes)
    if places is not None:
        vpc = pd.factorize(source.subnets["vpc_id"])[0].astype(np.uint32)
        shared = _Shared(dask.delayed(vpc), vpc)
        asked = _map(pieces.asked_places, asks, subnets, shared).shuffle("address", npartitions=places.npartitions)
        held = dd.concat([held, _map(pieces.elsewhere_as_held, asked, places, shared)])
    return asks, nics, held.shuffle("home", npartitions=count)


def _map(function: Callable[..., pd.DataFrame], frame: dd.DataFrame, *others: dd.DataFrame | _Shared) -> dd.DataFrame:
    """Do something to each partition of a frame, with the same partition of others and what all share."""
    examples = [other.example if isinstance(other, _Shared) else make_meta(other) for other in others]
    given = [other.delayed if isinstance(other, _Shared) else other for other in others]
    meta = function(make_meta(frame), *examples)
    return dd.map_partitions(function, frame, *given, meta=meta)


def _only(frame: dd.DataFrame, columns: Mapping[str, Any], *wanted: str) -> dd.DataFrame:
    """Return some columns of a frame, whatever their spelling."""
    names = match_columns(frame.columns, columns)
    return frame[[given for given, name in names.items() if name in wanted]]


def _one_each(frame: pd.DataFrame) -> dd.DataFrame:
    """Return a frame of as many partitions as it has rows."""
    return dd.from_pandas(frame.reset_index(drop=True), npartitions=len(frame))


def _numbers(frame: dd.DataFrame) -> dd.DataFrame:
    """Return the number of each partition of a frame."""
    return _one_each(pd.DataFrame({"number": range(frame.npartitions)}))


def _with_counts(subnets: pd.DataFrame, counted: pd.DataFrame) -> pd.DataFrame:
    """Return subnets whose count of used addresses is never less than those that are held."""
    seen = np.bincount(counted["subnet"], counted["places"], minlength=len(subnets)).astype(np.int64)
    usage = subnets["usage_ipv4_count"].fillna(0).to_numpy(np.int64)
    return subnets.assign(usage_ipv4_count=pd.array(np.maximum(usage, seen), dtype="Int64"))


def _with_strays(sources: pd.DataFrame, held: int, strays: int) -> pd.DataFrame:
    """Return what was read, with the holders that are left out, as ``Snapshot.from_frames`` says it."""
    if strays:
        words = f"{strays} addresses lie in no listed IPv4 subnet"
        stray = pd.DataFrame([("holders", "", "partial", held, words)], columns=list(SOURCES))
        sources = pd.concat([sources, stray], ignore_index=True) if len(sources) else stray
    return conform(sources, SOURCES, required=(), what="sources")
