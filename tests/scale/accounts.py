"""Random accounts and batches in which everything goes wrong that can, for a chosen seed."""

from __future__ import annotations

import random
from datetime import UTC, datetime
from typing import Any

import pandas as pd

from tests.planner.accounts import FLIPPED, LATER
from zecnb.planner.options import POLICIES

HOSTILE = (
    "10.0.0.300", "010.0.0.5", "::1", "\uff11\uff10.0.0.1", "10.0.0", "ten", "10.0.0.1/33", "10.0.0.9-4", "127.0.0.1",
    "8.8.8.8", "224.0.0.9", "<img src=x>", "10.0.0.1/30", "-",
)  # fmt: skip
COUNTS = (0, -3, 10**30, 3.7, "x", "2", 1, 1, 2, 3, 5, 9)


def account(seed: int) -> dict[str, Any]:
    """Return what ``Inventory.from_frames`` takes: three VPCs with much the same addresses, and one without id."""
    chance = random.Random(seed)
    subnets: list[dict[str, Any]] = []
    for vpc in ("vpc-b", "vpc-a", None, "vpc-c"):
        for at in range(chance.randint(2, 5)):
            stack = chance.choice(("IPv4", "IPv4", "IPv4", "IPv4_IPv6", "IPv6"))
            subnets.append(
                {
                    "subnet_id": f"sub-{vpc}-{at}",
                    "vpc_id": vpc,
                    "region_id": chance.choice(("east", "west", None)),
                    "name": chance.choice((f"net {at}", None, "")),
                    "cidr_block": None if stack == "IPv6" else f"10.0.{at}.0/{chance.choice((24, 26, 28, 29))}",
                    "gateway_ip_address": f"10.0.{at}.3" if chance.random() < 0.2 and stack != "IPv6" else None,
                    "stack_type": stack,
                    "usage_ipv4_count": chance.choice((None, None, 0, 5, 30)),
                }
            )
    chance.shuffle(subnets)
    nics = [
        {
            "nic_id": f"nic-{chance.randrange(10**6):06d}-{at}",
            "name": chance.choice((f"vm-{at}", "twin", None, "")),
            "subnet_id": chance.choice(subnets)["subnet_id"] if chance.random() < 0.95 else "sub-unlisted",
            "status": chance.choice(("USED", "USED", "USED", "AVAILABLE", "PENDING", "DELETING")),
            "nic_subnet_type": chance.choice((None, None, None, None, "IPv6")),
            "nic_type": chance.choice(("Primary", "Secondary", None)),
        }
        for at in range(40)
    ]
    holders: list[tuple[str, str, str, str | None, str | None]] = []
    astray: set[tuple[str, str]] = set()
    for _ in range(chance.randint(100, 400)):
        nic = chance.choice(nics)
        home = nic["subnet_id"] if chance.random() < 0.9 else chance.choice(subnets)["subnet_id"]
        at = home.rpartition("-")[2] if chance.random() < 0.98 and home != "sub-unlisted" else "9"
        kind = chance.choice(("nic_secondary",) * 6 + ("nic_primary", "havip", "lb", "lb_health", "network"))
        holder = nic["nic_id"] if kind.startswith("nic") else chance.choice(("holder-1", "holder-2", None))
        last = chance.choice((chance.randint(0, 15), chance.randint(0, 255)))
        place = (home, f"10.0.{at}.{last}")
        if place in astray or (home != nic["subnet_id"] and any(each[:2] == place for each in holders)):
            continue  # who holds it, if two vNICs of two subnets seem to, only one machine can say
        if home != nic["subnet_id"]:
            astray.add(place)
        holders.append((*place, kind, holder, nic["name"]))
    return {
        "subnets": pd.DataFrame(subnets).astype({"usage_ipv4_count": "Int64"}),
        "nics": pd.DataFrame(nics),
        "holders": pd.DataFrame(holders, columns=["subnet_id", "address", "kind", "holder_id", "holder_name"]),
        "observed_at": LATER if chance.random() < 0.7 else datetime(2020, 1, 1, tzinfo=UTC),
    }


def batch(frames: dict[str, Any], seed: int, size: int = 150) -> pd.DataFrame:
    """Return requests: every kind of address, count and vNIC there is, and two columns of the caller's own."""
    chance = random.Random(seed)
    nics = frames["nics"].to_dict("records")
    rows = []
    for at in range(size):
        nic = chance.choice(nics[: chance.choice((3, 40))])
        text = [_token(chance, nic["subnet_id"]) for _ in range(chance.choice((1, 1, 1, 2, 3, 8)))]
        kind = chance.random()
        rows.append(
            {
                "nic_id": _nic(chance, nic),
                "ip_addresses": chance.choice((", ", "\n")).join(text) if kind < 0.65 else None,
                "ip_address_count": chance.choice(COUNTS) if kind > 0.6 else None,
                "ticket": f"T-{at}",
                "reason": chance.choice(("move", None)),
            }
        )
    return pd.DataFrame(rows)


def _nic(chance: random.Random, nic: dict[str, Any]) -> str | None:
    kind = chance.random()
    if kind < 0.9:
        return str(nic["nic_id"]) if kind < 0.85 else f" {nic['nic_id']} "
    if kind < 0.94:
        return nic["name"]
    return chance.choice((nic["nic_id"][:-1] + "?", "nope", "", None))


def _token(chance: random.Random, subnet: str) -> str:
    at = subnet.rpartition("-")[2] if chance.random() < 0.9 and subnet != "sub-unlisted" else chance.choice("0123")
    kind, last = chance.random(), chance.choice((chance.randint(0, 15), chance.randint(0, 255)))
    if kind < 0.05:
        return chance.choice(HOSTILE)
    return f"10.0.{at}.{last}" if kind < 0.97 else f"10.0.{at}.{min(last, 250)}-{min(last, 250) + 3}"


def options(seed: int) -> dict[str, Any]:
    """Return keyword arguments of ``plan``."""
    chance = random.Random(seed)
    chosen: dict[str, Any] = {"policy": chance.choice(POLICIES), "nic_limit": chance.choice((10, 40, None))}
    if chance.random() < 0.2:
        chosen["mode"] = "server_count"
    chosen |= {name: value for name, value in FLIPPED.items() if chance.random() < 0.3}
    if chance.random() < 0.5:
        chosen["exclude"] = "10.0.1.8-11, 10.0.2.0/29"
    if chance.random() < 0.5:
        chosen["claims"] = pd.DataFrame(
            [
                ("10.0.0.4-9", "dba", None, None),
                ("10.0.1.0/28", "net", "vpc-a", None),
                ("10.0.0.0/24", "old", None, "2020-01-01"),
            ],
            columns=["range", "owner", "vpc_id", "until"],
        )
        chosen["override_claims"] = chance.choice(("", "agreed"))
    if chance.random() < 0.5:
        now = pd.Timestamp(datetime.now(UTC)).floor("h") - pd.Timedelta(minutes=30)  # words say days, not seconds
        chosen["cool_down"] = 90 * 86_400.0
        chosen["memory"] = pd.DataFrame(
            [
                (f"sub-{vpc}-{at}", f"10.0.{at}.{last}", event, now - pd.Timedelta(days=days), "nic-before")
                for vpc in ("vpc-a", "vpc-b")
                for at in (0, 1)
                for last, event, days in zip(range(4, 12), ("refused", "released") * 4, (3, 300) * 4, strict=True)
            ],
            columns=["subnet_id", "address", "event", "at", "nic_id"],
        )
    return chosen
