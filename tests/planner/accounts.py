"""A small synthetic account with every kind of holder, and random subnets for properties."""

from __future__ import annotations

import ipaddress
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pandas as pd
from hypothesis import strategies as st

from zecnb.inventory import Inventory

if TYPE_CHECKING:
    from collections.abc import Iterable

    from zecnb.planner.plan import Plan

LATER = datetime(2200, 1, 1, tzinfo=UTC)
"""When these inventories are read: they never grow stale, however long a test run takes."""

FLIPPED: dict[str, Any] = {
    "nic_limit_counts_primary": False,
    "limit_checked": "first",
    "nic_limit_code": "INVALID_NIC_PRIVATE_IP_EXCEED_LIMIT",
    "nic_not_found": "OPERATION_FAILED_RESOURCE_NOT_FOUND",
    "stack_check": "subnet",
    "primary_nics_accept": False,
}
"""What no document says of the API, all the other way round."""

EVIL = "<img src=x onerror=alert(1)>"

WEB1, WEB2, DB, FRAG = "nic-web1", "nic-web2", "nic-db", "nic-frag"

SUBNETS: list[dict[str, Any]] = [
    {"subnet_id": "sub-app", "cidr_block": "10.0.4.0/24", "name": "app"},
    {"subnet_id": "sub-db", "cidr_block": "10.0.5.0/28", "name": "db"},
    {"subnet_id": "sub-gw", "cidr_block": "10.0.6.0/24", "name": "gw", "gateway_ip_address": "10.0.6.254"},
    {"subnet_id": "sub-dual", "cidr_block": "10.0.7.0/24", "name": "dual", "stack_type": "IPv4_IPv6"},
    {"subnet_id": "sub-dark", "cidr_block": "10.0.8.0/24", "name": "dark", "usage_ipv4_count": 13},
    {"subnet_id": "sub-frag", "cidr_block": "10.0.9.0/28", "name": "frag"},
    {"subnet_id": "sub-public", "cidr_block": "198.51.100.0/24", "name": "public"},
    {"subnet_id": "sub-six", "cidr_block": None, "name": "six", "stack_type": "IPv6"},
    {"subnet_id": "sub-twin", "cidr_block": "10.0.4.0/24", "name": "twin", "vpc_id": "vpc-b"},
]
"""Every subnet is IPv4 and in vpc-a unless it says otherwise; sub-twin has the CIDR of sub-app in another VPC."""

NICS: list[dict[str, Any]] = [
    {"nic_id": WEB1, "subnet_id": "sub-app", "name": "web-01"},
    {"nic_id": WEB2, "subnet_id": "sub-app", "name": EVIL},
    {"nic_id": "nic-full", "subnet_id": "sub-app", "name": "full"},
    {"nic_id": "nic-new", "subnet_id": "sub-app", "name": "new", "status": "PENDING"},
    {"nic_id": DB, "subnet_id": "sub-db", "name": "db-01", "status": "AVAILABLE"},
    {"nic_id": "nic-db2", "subnet_id": "sub-db", "name": "db-02"},
    {"nic_id": "nic-gw", "subnet_id": "sub-gw", "name": "gw-01"},
    {"nic_id": "nic-dual", "subnet_id": "sub-dual", "name": "dual-01"},
    {"nic_id": "nic-dual6", "subnet_id": "sub-dual", "name": "dual-06", "nic_subnet_type": "IPv6"},
    {"nic_id": "nic-dark", "subnet_id": "sub-dark", "name": "dark-01"},
    {"nic_id": FRAG, "subnet_id": "sub-frag", "name": "frag-01"},
    {"nic_id": "nic-public", "subnet_id": "sub-public", "name": "public-01"},
    {"nic_id": "nic-six", "subnet_id": "sub-six", "name": "six-01"},
    {"nic_id": "nic-twin", "subnet_id": "sub-twin", "name": "twin-01", "nic_type": "Primary"},
    {"nic_id": "nic-orphan", "subnet_id": "sub-gone", "name": "orphan"},
]
"""Every vNIC is USED and of its subnet's stack unless it says otherwise."""

HOLDERS: list[tuple[str, str, str, str]] = [
    ("sub-app", "10.0.4.10", "nic_primary", WEB1),
    ("sub-app", "10.0.4.11", "nic_secondary", WEB1),
    ("sub-app", "10.0.4.12", "nic_secondary", WEB1),
    ("sub-app", "10.0.4.20", "nic_primary", WEB2),
    ("sub-app", "10.0.4.21", "nic_secondary", WEB2),
    ("sub-app", "10.0.4.30", "havip", "havip-1"),
    ("sub-app", "10.0.4.40", "lb", "lb-1"),
    ("sub-app", "10.0.4.41", "lb_health", "lb-1"),
    ("sub-app", "10.0.4.100", "nic_primary", "nic-full"),
    *(("sub-app", f"10.0.4.{last}", "nic_secondary", "nic-full") for last in range(101, 110)),
    ("sub-db", "10.0.5.2", "nic_primary", DB),
    ("sub-db", "10.0.5.3", "nic_primary", "nic-db2"),
    ("sub-gw", "10.0.6.10", "nic_primary", "nic-gw"),
    ("sub-dual", "10.0.7.10", "nic_primary", "nic-dual"),
    ("sub-dark", "10.0.8.10", "nic_primary", "nic-dark"),
    *(("sub-frag", f"10.0.9.{last}", "nic_secondary" if last > 2 else "nic_primary", FRAG) for last in (2, 5, 8, 11)),
    ("sub-public", "198.51.100.10", "nic_primary", "nic-public"),
    ("sub-twin", "10.0.4.50", "nic_primary", "nic-twin"),
]
"""Subnet, address, kind, holder."""

NAMES = {nic["nic_id"]: nic["name"] for nic in NICS} | {"havip-1": "vip", "lb-1": "edge"}


def frames(more: Iterable[tuple[str, str, str, str]] = ()) -> dict[str, pd.DataFrame]:
    """Return what ``Inventory.from_frames`` takes.

    Args:
        more: further holders: subnet, address, kind, holder.
    """
    held = pd.DataFrame([*HOLDERS, *more], columns=["subnet_id", "address", "kind", "holder_id"])
    held["holder_name"] = [NAMES.get(holder) for holder in held["holder_id"]]
    return {
        "subnets": pd.DataFrame([{"vpc_id": "vpc-a", "stack_type": "IPv4", **row} for row in SUBNETS]),
        "nics": pd.DataFrame([{"status": "USED", **row} for row in NICS]),
        "holders": held,
    }


def account(more: Iterable[tuple[str, str, str, str]] = (), **given: Any) -> Inventory:
    """Return the account.

    Args:
        more: further holders: subnet, address, kind, holder.
        **given: further arguments of ``Inventory.from_frames``.
    """
    return Inventory.from_frames(**frames(more), **{"observed_at": LATER, **given})


def one_subnet(
    cidr: str = "10.0.0.0/24",
    held: Iterable[int | str] = (),
    *,
    nics: int = 1,
    more: Iterable[tuple[str, str, str, str]] = (),
    usage: int | None = None,
    gateway: str | None = None,
) -> Inventory:
    """Return a subnet ``s`` with vNICs ``n0``, ``n1``, ... that hold nothing, and addresses that HaVip ``v`` holds.

    Args:
        cidr: the subnet.
        held: addresses, or their offsets from the first.
        nics: how many vNICs.
        more: further holders: subnet, address, kind, holder.
        usage: how many addresses the API counts; None when it does not tell.
        gateway: another gateway than the first address.
    """
    first = ipaddress.ip_network(cidr).network_address
    text = [at if isinstance(at, str) else str(first + at) for at in held]
    rows = [*(("s", address, "havip", "v") for address in text), *more]
    return Inventory.from_frames(
        subnets=pd.DataFrame(
            [
                {
                    "subnet_id": "s",
                    "vpc_id": "v",
                    "cidr_block": cidr,
                    "stack_type": "IPv4",
                    "usage_ipv4_count": usage,
                    "gateway_ip_address": gateway,
                }
            ]
        ),
        nics=pd.DataFrame([{"nic_id": f"n{i}", "subnet_id": "s", "status": "USED"} for i in range(nics)]),
        holders=pd.DataFrame(rows, columns=["subnet_id", "address", "kind", "holder_id"]),
        observed_at=LATER,
    )


def codes(plan: Plan) -> set[str]:
    """Return the codes of a plan's findings."""
    return set(plan.findings["code"])


def added(plan: Plan) -> list[tuple[str, str, str, str]]:
    """Return what a plan would add, as holders; a repetition adds nothing."""
    rows = plan.frame[plan.frame["verdict"].isin(["OK", "RISK"]) & plan.frame["address"].notna()]
    return [
        (row.subnet_id, row.address, "nic_secondary", row.nic_id)
        for row in rows.itertuples()
        if "DUPLICATE_IN_REQUEST" not in row.codes
    ]


@st.composite
def held_offsets(draw: st.DrawFn, prefix: int) -> list[int]:
    """Draw offsets of held addresses, never the reserved three; runs of them, so that gaps have every length."""
    last = (1 << (32 - prefix)) - 2
    runs = draw(st.lists(st.tuples(st.integers(2, last), st.integers(1, 9)), max_size=12))
    return sorted({at for start, length in runs for at in range(start, min(start + length, last + 1))})
