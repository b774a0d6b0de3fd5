"""The account that is tortured: small subnets with vNICs to work on and neighbours that nobody may touch."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING, NamedTuple

from zecnb.emulator import networks, resources
from zecnb.emulator.addressing import assign
from zecnb.emulator.server import Emulator
from zecnb.emulator.state import text

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["Account", "Held", "make_account", "read_held"]

Held = frozenset[tuple[str, str]]
"""Who holds what: ``(owner, address)``."""


class Account(NamedTuple):
    """Ids of what is in it.

    Attributes:
        nics: vNICs to work on, by subnet.
        neighbours: one vNIC a subnet whose addresses are none of our business.
    """

    nics: list[list[str]]
    neighbours: list[str]


def make_account(
    db: Path | None = None, *, subnets: int = 10, nics: int = 20, emulator: Emulator | None = None
) -> Account:
    """Fill an empty emulator, by default one on a new file, which is closed again."""
    made = emulator or Emulator("empty", db=db)
    state = made.state
    asked = {"name": "main", "cidrBlock": "10.0.0.0/16", "mtu": 1500, "enablePriIpv6": False}
    vpc = str(networks.create_vpc(state, asked)["vpcId"])
    ours: list[list[str]] = []
    neighbours: list[str] = []
    for at in range(subnets):
        asked = {
            "vpcId": vpc,
            "name": f"net-{at}",
            "regionId": "asia-east-1",
            "cidrBlock": f"10.0.{at}.0/24",
            "stackType": "IPv4",
            "ipv6Type": None,
        }
        subnet = str(networks.create_subnet(state, asked)["subnetId"])
        names = [f"vm-{at}-{n}" for n in range(nics)] + [f"neighbour-{at}"]
        made_nics = [
            str(
                resources.create_nic(
                    state,
                    {"name": name, "subnetId": subnet, "nicStackType": None, "securityGroupId": None},
                    status="AVAILABLE",
                )["nicId"]
            )
            for name in names
        ]
        neighbours.append(made_nics.pop())
        ours.append(made_nics)
        assign(state, neighbours[-1], [f"10.0.{at}.{n}" for n in (100, 105, 250)], None)
        assign(state, ours[-1][0], [f"10.0.{at}.60"], None)  # there before anything begins
        resources.create_ha_vip(state, {"subnetId": subnet, "name": "vip", "ipAddress": None, "securityGroupId": None})
    if emulator is None:
        made.stop()
    return Account(ours, neighbours)


def read_held(db: Path) -> Held:
    """Read from a cloud's own file who holds what."""
    with closing(sqlite3.connect(db, timeout=30)) as connection:
        rows = connection.execute("SELECT owner, address FROM held")
        return frozenset((owner, text(address)) for owner, address in rows)
