"""Planning on a Dask cluster what one worker's memory cannot hold, and whether it is what one machine says."""

from __future__ import annotations

import json
import logging
import os
import tempfile
import time
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pyarrow as pa
from distributed import Client, LocalCluster

from tests.bench.data import BAD, text
from tests.bench.measure import Line
from zecnb import scale as at_scale
from zecnb.inventory import Inventory
from zecnb.requests import Requests
from zecnb.schema import SOURCES, empty

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["scale"]

_SIZE = float(os.environ.get("ZECNB_SCALE", "1"))  # 0.1 for a look on a busy machine
_VPCS, _HELD, _ASKED, _NICS, _PREFIX = 4, 3_000, 750, 300, 20
_BLOCKS = max(40, round(1_667 * _SIZE))  # /20 subnets of each VPC, the same addresses in all
_FILES = 40
_OPTIONS = {"nic_limit": 1_000_000, "max_age": 10**9}
_SAMPLE = 10  # address blocks that are planned on one machine too, in each VPC


def scale() -> Iterator[Line]:
    """20 million held addresses, 5 million requests, two workers of 2 GB; a sample compared with one machine."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        began = time.perf_counter()
        held, asked = _write(folder)
        written = time.perf_counter() - began
        about = f"{held:,} held, {asked:,} requests"
        with (
            LocalCluster(
                n_workers=2,
                threads_per_worker=1,
                memory_limit="2GB",
                dashboard_address="127.0.0.1:0",
                silence_logs=logging.CRITICAL,  # workers that end hang up on each other
            ) as cluster,
            Client(cluster) as client,
        ):
            began = time.perf_counter()
            plan = at_scale.plan(folder / "requests", folder / "inventory", client=client, **_OPTIONS)
            counted = time.perf_counter() - began
            yield Line(
                "scale", "read and counted", counted, None, _peak(client), 1, f"{about}; made in {written:.0f} s"
            )
            plan.to_parquet(folder / "plan")
            seconds = time.perf_counter() - began
            note = f"{plan.npartitions} partitions; MB: the larger of 2 workers, from nothing"
            yield Line("scale", "planned and written", seconds, None, _peak(client), 1, note)
        began = time.perf_counter()
        rows = _compare(folder)
        seconds, note = time.perf_counter() - began, f"{rows:,} rows, their findings, calls and subnets identical"
        yield Line("scale", "sample on one machine", seconds, None, 0.0, 1, note)


def _peak(client: Client) -> float:
    """Return the most memory that a worker's process ever had, in MB."""

    def highest() -> int:
        status = Path("/proc/self/status").read_text(encoding="ascii")
        return int(status.partition("VmHWM:")[2].split()[0])

    return max(client.run(highest).values()) * 1024 / 1e6


def _subnets() -> pd.DataFrame:
    at = np.tile(np.arange(_BLOCKS), _VPCS)
    vpc = np.repeat(np.arange(_VPCS), _BLOCKS)
    cidr = text((10 << 24) + at * (1 << (32 - _PREFIX))) + f"/{_PREFIX}"
    return pd.DataFrame(
        {
            "subnet_id": [f"subnet-{i:06d}" for i in range(len(at))],
            "vpc_id": [f"vpc-{i}" for i in vpc],
            "name": [f"net-{i}" for i in range(len(at))],
            "cidr_block": cidr,
            "stack_type": "IPv4",
            "usage_ipv4_count": _HELD,
        }
    )


def _write(folder: Path) -> tuple[int, int]:
    """Write an inventory and requests; return how many addresses are held and how many requests there are."""
    subnets = _subnets()
    inventory, requests = folder / "inventory", folder / "requests"
    for name in (inventory / "holders.parquet", inventory / "nics.parquet", requests):
        name.mkdir(parents=True)
    subnets.to_parquet(inventory / "subnets.parquet")
    empty(SOURCES).to_parquet(inventory / "sources.parquet")
    (inventory / "inventory.json").write_text(json.dumps({"version": 1, "observed_at": datetime.now(UTC).isoformat()}))
    rng = np.random.default_rng(5)
    held = asked = 0
    for number, part in enumerate(np.array_split(np.arange(len(subnets)), _FILES)):
        order = np.argsort(rng.random((len(part), (1 << (32 - _PREFIX)) - 3)), axis=1) + 2
        network = (10 << 24) + (part % _BLOCKS) * (1 << (32 - _PREFIX))
        _nics(subnets, part).to_parquet(inventory / "nics.parquet" / f"{number:03d}.parquet")
        holders = _holders(subnets, part, network, order[:, :_HELD], rng)
        holders.to_parquet(inventory / "holders.parquet" / f"{number:03d}.parquet", row_group_size=500_000)
        batch = _requests(part, network, order[:, _HELD : _HELD + _ASKED], order[:, 0], rng)
        batch.to_parquet(requests / f"{number:03d}.parquet")
        held, asked = held + len(holders), asked + len(batch)
    return held, asked


def _nic_ids(number: np.ndarray) -> pd.Series:
    return (pd.Series(number.ravel()) + 1_700_000_000_000_000_000).astype("str")


def _nics(subnets: pd.DataFrame, part: np.ndarray) -> pd.DataFrame:
    number = part[:, None] * _NICS + np.arange(_NICS)
    frame = pd.DataFrame({"nic_id": _nic_ids(number)})
    frame["name"] = "vm-" + pd.Series(number.ravel()).astype("str")
    frame["subnet_id"] = subnets["subnet_id"].to_numpy()[np.repeat(part, _NICS)]
    frame["status"] = "USED"
    return frame


def _holders(
    subnets: pd.DataFrame, part: np.ndarray, network: np.ndarray, offset: np.ndarray, rng: np.random.Generator
) -> pd.DataFrame:
    nic = part[:, None] * _NICS + rng.integers(0, _NICS, offset.shape)
    frame = pd.DataFrame({"subnet_id": subnets["subnet_id"].to_numpy()[np.repeat(part, offset.shape[1])]})
    frame["address"] = text((network[:, None] + offset).ravel())
    frame["kind"] = "nic_secondary"
    frame["holder_id"] = _nic_ids(nic)
    frame["holder_name"] = "vm-" + pd.Series(nic.ravel()).astype("str")
    return frame


def _requests(
    part: np.ndarray, network: np.ndarray, offset: np.ndarray, held: np.ndarray, rng: np.random.Generator
) -> pd.DataFrame:
    """Return requests of one address each, 5 % of them wrong in every way, and one in fifty a count instead."""
    nic = _nic_ids(part[:, None] * _NICS + rng.integers(0, _NICS, offset.shape)).to_numpy(object)
    asked = text((network[:, None] + offset).ravel()).to_numpy(object)
    kind = rng.random(len(asked))
    asked[kind < 0.01] = rng.choice(BAD, np.count_nonzero(kind < 0.01))
    of = np.repeat(np.arange(len(part)), offset.shape[1])
    for low, values in ((0.01, network[of]), (0.02, network[of] + held[of]), (0.03, network[of] + 1)):
        wrong = (kind >= low) & (kind < low + 0.01)
        asked[wrong] = text(values[wrong]).to_numpy(object)
    twice = np.flatnonzero((kind >= 0.04) & (kind < 0.05))
    asked[twice] = asked[np.maximum(twice - 1, 0)]
    counts = kind > 0.98
    asked[counts] = None
    frame = pd.DataFrame({"nic_id": nic, "ip_addresses": pd.Series(asked, dtype="str")})
    frame["nic_id"] = frame["nic_id"].astype("str")
    frame["ip_address_count"] = pd.array(np.where(counts, 2, 0), dtype="Int64")
    frame.loc[~counts, "ip_address_count"] = pd.NA
    frame["ticket"] = "CHG-" + pd.Series(of).astype("str")
    return frame.sample(frac=1, random_state=int(part[0]), ignore_index=True)


def _compare(folder: Path) -> int:
    """Plan some address blocks of every VPC on one machine; return how many rows are the same."""
    subnets = _subnets()
    blocks = np.linspace(0, _BLOCKS - 1, _SAMPLE).astype(int)
    chosen = (np.arange(_VPCS)[:, None] * _BLOCKS + blocks).ravel()
    ids = subnets["subnet_id"].iloc[chosen].tolist()
    source, filters = folder / "inventory", [("subnet_id", "in", ids)]
    nics = pd.read_parquet(source / "nics.parquet", filters=filters)
    holders = pd.read_parquet(source / "holders.parquet", filters=filters)
    inventory = Inventory.from_frames(subnets=subnets, nics=nics, holders=holders)
    names = pa.array(nics["nic_id"])
    row, found, before = [], [], 0
    for path in sorted((folder / "requests").iterdir()):
        batch = pd.read_parquet(path)
        mine = np.flatnonzero(batch["nic_id"].isin(nics["nic_id"]))
        row.append(before + mine)
        found.append(batch.iloc[mine])
        before += len(batch)
    rows, requests = np.concatenate(row), Requests.from_frame(pd.concat(found))
    one = inventory.plan(replace(requests, row=rows, ask_row=rows[requests.ask_request]), **_OPTIONS)
    plan = folder / "plan"
    frame = pd.read_parquet(plan / "frame", filters=filters).sort_values("row", kind="stable", ignore_index=True)
    frame["codes"] = frame["codes"].map(tuple)
    pd.testing.assert_frame_equal(frame, one.frame)
    findings = pd.read_parquet(plan / "findings", filters=[("row", "in", rows.tolist())])
    findings = findings.sort_values("row", kind="stable", ignore_index=True)
    pd.testing.assert_frame_equal(findings, one.findings)
    calls = pd.read_parquet(plan / "calls", filters=[("nic_id", "in", names.to_pylist())])
    calls = calls.sort_values("call", ignore_index=True).assign(call=np.arange(len(calls)))
    calls["addresses"] = calls["addresses"].map(tuple)
    pd.testing.assert_frame_equal(calls, one.calls)
    summary = pd.read_parquet(plan / "summary", filters=filters).sort_values("subnet_id", ignore_index=True)
    pd.testing.assert_frame_equal(summary, one.summary.sort_values("subnet_id", ignore_index=True))
    return len(frame)
