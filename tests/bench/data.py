"""Data that every side of a comparison gets: accounts and requests of a chosen size, the same for a seed."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd

from zecnb.addresses import to_text
from zecnb.inventory import Inventory

__all__ = ["Judged", "one_subnet", "text", "to_judge", "to_place"]

BAD = (
    "10.{}.{}.300", "010.{}.{}.5", "fe80::{}:{}", "host-{}-{}", "10.{}.{}", "127.0.{}.{}", "8.8.{}.{}", "224.0.{}.{}"
)  # fmt: skip


class Judged(NamedTuple):
    """A batch to judge, and what is held.

    Attributes:
        subnets, nics, holders: as ``Inventory.from_frames`` takes them.
        requests: one row per address: ``nic_id``, ``ip_addresses``.
    """

    subnets: pd.DataFrame
    nics: pd.DataFrame
    holders: pd.DataFrame
    requests: pd.DataFrame

    def inventory(self) -> Inventory:
        """Return the inventory."""
        return Inventory.from_frames(subnets=self.subnets, nics=self.nics, holders=self.holders)


def text(values: np.ndarray) -> pd.Series:
    """Return addresses as a text column."""
    return pd.Series(pd.array(to_text(values.astype(np.uint32)), dtype="str"))


def to_judge(scale: float = 1.0, seed: int = 7) -> Judged:
    """Return 1,000,000 addresses over 2,000 vNICs and 500 subnets with 1,500,000 held ones, times ``scale``.

    5 % of the addresses are bad, in every way, hardly any like another. Ten times as many would not fit the private
    ranges.
    """
    rng = np.random.default_rng(seed)
    count, nics_per = max(1, round(500 * scale)), 4
    prefix = rng.choice([18, 19, 19, 19, 20], count)
    size = 1 << (32 - prefix)
    network = (10 << 24) + np.concatenate([[0], np.cumsum(np.full(count, 1 << 14))[:-1]])
    subnets = pd.DataFrame(
        {
            "subnet_id": [f"subnet-{i:05d}" for i in range(count)],
            "vpc_id": "vpc-1",
            "cidr_block": text(network) + "/" + pd.Series(prefix).astype("str"),
            "stack_type": "IPv4",
        }
    )
    nics = pd.DataFrame(
        {
            "nic_id": [f"nic-{i:06d}" for i in range(count * nics_per)],
            "subnet_id": np.repeat(subnets["subnet_id"].to_numpy(), nics_per),
            "status": "USED",
            "name": [f"vm-{i}" for i in range(count * nics_per)],
        }
    )
    held_at = np.repeat(np.arange(count), (size * (1_500_000 * scale / size.sum())).astype(int))
    offsets = np.concatenate([rng.permutation(size[i] - 3)[: np.count_nonzero(held_at == i)] + 2 for i in range(count)])
    owner = held_at * nics_per + rng.integers(0, nics_per, len(held_at))
    holders = pd.DataFrame(
        {
            "subnet_id": subnets["subnet_id"].array.take(held_at),
            "address": text(network[held_at] + offsets),
            "kind": pd.Series(["nic_secondary"], dtype="str").array.take(np.zeros(len(held_at), int)),
            "holder_id": nics["nic_id"].array.take(owner),
            "holder_name": nics["name"].array.take(owner),
        }
    )
    free = [np.setdiff1d(np.arange(2, size[i] - 1), offsets[held_at == i]) for i in range(count)]
    wanted = round(1_000_000 * scale)
    per = wanted // count
    at = np.repeat(np.arange(count), per)
    chosen = np.concatenate([rng.choice(f, per, replace=False) if len(f) >= per else np.resize(f, per) for f in free])
    values = network[at] + chosen
    asked = text(values)
    bad = rng.random(len(at)) < 0.05
    wrong = np.flatnonzero(bad)
    kind = rng.integers(0, 4, len(wrong))
    odd = wrong[kind == 0]
    asked.iloc[odd] = [BAD[i % len(BAD)].format(i >> 8 & 255, i & 255) for i in odd.tolist()]
    taken = wrong[kind == 1]
    asked.iloc[taken] = text(network[at[taken]] + rng.choice([0, 1], len(taken))).to_numpy()
    held = wrong[kind == 2]
    asked.iloc[held] = holders["address"].to_numpy()[rng.integers(0, len(holders), len(held))]
    twice = wrong[kind == 3]
    asked.iloc[twice] = asked.to_numpy()[np.maximum(twice - 1, 0)]
    requests = pd.DataFrame({"nic_id": nics["nic_id"].array.take(at * nics_per + rng.integers(0, nics_per, len(at)))})
    requests["ip_addresses"] = asked
    return Judged(subnets, nics, holders, requests.reset_index(drop=True))


def to_place(scale: float = 1.0, seed: int = 11) -> Judged:
    """Return 10,000 vNICs that want 8 addresses each in 1,000 subnets, 60-95 % full and fragmented, times ``scale``."""
    rng = np.random.default_rng(seed)
    count, nics_per = round(1000 * scale), 10
    size = 1 << 10
    network = (10 << 24) + np.arange(count) * size
    ids = np.array([f"subnet-{i:05d}" for i in range(count)])
    subnets = pd.DataFrame({"subnet_id": ids, "vpc_id": "vpc-1", "stack_type": "IPv4"})
    subnets["cidr_block"] = text(network) + "/22"
    nics = pd.DataFrame({"nic_id": [f"nic-{i:06d}" for i in range(count * nics_per)]})
    nics["subnet_id"], nics["status"] = np.repeat(ids, nics_per), "USED"
    free = rng.random((count, size)) > rng.uniform(0.6, 0.95, count)[:, None]
    free[:, [0, 1, -1]] = True  # the reserved ones are no holders
    at, offset = np.nonzero(~free)
    holders = pd.DataFrame({"subnet_id": ids[at], "address": text(network[at] + offset), "kind": "nic_secondary"})
    holders["holder_id"] = "other"
    requests = pd.DataFrame({"nic_id": nics["nic_id"], "ip_address_count": 8})
    return Judged(subnets, nics, holders, requests)


def one_subnet(held: int = 39_321, seed: int = 3) -> Inventory:
    """Return a /16 with so many held addresses."""
    rng = np.random.default_rng(seed)
    offsets = rng.permutation((1 << 16) - 3)[:held] + 2
    nics = np.arange(held) // 8
    return Inventory.from_frames(
        subnets=pd.DataFrame(
            [("big", "vpc-1", "10.0.0.0/16", "IPv4")], columns=["subnet_id", "vpc_id", "cidr_block", "stack_type"]
        ),
        nics=pd.DataFrame(
            {"nic_id": [f"nic-{i}" for i in range(nics.max() + 1)], "subnet_id": "big", "status": "USED"}
        ),
        holders=pd.DataFrame(
            {
                "subnet_id": "big",
                "address": text((10 << 24) + offsets),
                "kind": "nic_secondary",
                "holder_id": [f"nic-{i}" for i in nics],
            }
        ),
    )
