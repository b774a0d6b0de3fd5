"""Accounts to begin with: a demo that looks like a real one, random ones, exported ones."""

from __future__ import annotations

import random
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from zecnb.emulator import networks, resources
from zecnb.emulator.exports import replace
from zecnb.emulator.saved import ABOUT, plant_saved
from zecnb.emulator.state import text

if TYPE_CHECKING:
    from zecnb.emulator.state import State

__all__ = ["APP_SIN", "WEB_07", "plant"]

WEB_07 = "1680855999352675875"
"""The demo's vNIC ``web-07``, in subnet ``app-sin``."""

APP_SIN = "1272168087751233112"
"""The demo's subnet ``app-sin``, 10.0.4.0/22."""

_DEMO_TIME = "2026-03-02T08:00:00Z"


class _Lot(NamedTuple):
    """A subnet of the demo: its name, CIDR, vNICs, how full it is, and what else holds addresses in it."""

    name: str
    cidr: str
    nics: int
    share: float
    role: str
    havips: int = 0
    balancers: int = 0
    hidden: int = 0


_DEMO: dict[tuple[str, str, str], list[_Lot]] = {
    ("prod-apac", "10.0.0.0/12", "asia-southeast-1"): [
        _Lot("edge-sin", "10.0.0.0/26", 6, 0.40, "edge", havips=2),
        _Lot("lb-sin", "10.0.0.64/26", 2, 0.15, "gw", balancers=3),
        _Lot("mgmt-sin", "10.0.1.0/24", 14, 0.22, "mgmt"),
        _Lot("app-sin", "10.0.4.0/22", 84, 0.60, "web", havips=2, balancers=1),
        _Lot("api-sin", "10.0.8.0/23", 34, 0.46, "api", balancers=1),
        _Lot("db-sin", "10.0.10.0/24", 22, 0.74, "db", havips=2),
        _Lot("cache-sin", "10.0.11.0/25", 14, 0.93, "cache"),
        _Lot("queue-sin", "10.0.11.128/26", 7, 0.87, "mq"),
        _Lot("batch-sin", "10.1.0.0/16", 150, 0.021, "batch"),
        _Lot("build-sin", "10.0.12.0/27", 4, 0.97, "ci"),
    ],
    ("prod-apac", "", "asia-east-1"): [
        _Lot("app-hkg", "10.2.0.0/23", 18, 0.24, "web", balancers=1),
        _Lot("db-hkg", "10.2.2.0/25", 9, 0.52, "db", havips=1),
        _Lot("edge-hkg", "10.2.3.0/28", 2, 0.54, "edge", havips=1),
        _Lot("mgmt-hkg", "10.2.4.0/26", 4, 0.18, "mgmt"),
    ],
    ("prod-apac", "", "asia-north-1"): [
        _Lot("app-tyo", "10.3.0.0/24", 12, 0.33, "web"),
        _Lot("cdn-tyo", "10.3.1.0/24", 20, 0.62, "cdn"),
        _Lot("log-tyo", "10.3.8.0/21", 16, 0.05, "log"),
    ],
    ("prod-emea", "10.128.0.0/14", "europe-central-1"): [
        _Lot("app-fra", "10.128.0.0/23", 26, 0.42, "web", balancers=1),
        _Lot("db-fra", "10.128.2.0/24", 18, 0.48, "db", havips=1, hidden=3),
        _Lot("cache-fra", "10.128.3.0/26", 5, 0.64, "cache"),
        _Lot("edge-fra", "10.128.3.64/27", 4, 0.38, "edge", havips=1),
        _Lot("k8s-fra", "10.128.16.0/20", 60, 0.12, "node"),
        _Lot("voip-fra", "10.128.4.0/24", 24, 0.81, "sbc"),
        _Lot("mgmt-fra", "10.128.5.0/26", 4, 0.20, "mgmt"),
    ],
    ("prod-emea", "", "asia-southwest-1"): [
        _Lot("app-dxb", "10.129.0.0/24", 8, 0.16, "web"),
        _Lot("edge-dxb", "10.129.1.0/28", 2, 0.31, "edge"),
        _Lot("db-dxb", "10.129.2.0/27", 3, 0.45, "db"),
    ],
    ("prod-amer", "172.16.0.0/14", "na-west-1"): [
        _Lot("app-lax", "172.16.0.0/22", 30, 0.19, "web", balancers=1),
        _Lot("db-lax", "172.16.4.0/24", 12, 0.31, "db"),
        _Lot("mgmt-lax", "172.16.5.0/25", 8, 0.35, "mgmt", hidden=9),
        _Lot("game-lax", "172.16.6.0/24", 26, 0.90, "game"),
        _Lot("edge-lax", "172.16.7.0/28", 3, 0.85, "edge"),
        _Lot("cdn-lax", "172.16.8.0/21", 20, 0.06, "cdn"),
    ],
    ("staging", "192.168.0.0/18", "asia-southeast-1"): [
        _Lot("stg-app", "192.168.0.0/24", 10, 0.14, "stg"),
        _Lot("stg-db", "192.168.1.0/26", 4, 0.20, "stg-db"),
        _Lot("stg-lab", "192.168.2.0/29", 1, 0.60, "lab"),
        _Lot("stg-empty", "192.168.4.0/22", 0, 0.0, "none"),
    ],
    ("partner", "192.168.128.0/20", "asia-south-1"): [
        _Lot("peer-bom", "192.168.128.0/24", 6, 0.09, "peer"),
        _Lot("link-bom", "192.168.129.0/28", 2, 0.23, "link"),
    ],
}


def plant(state: State, seed: str) -> None:
    """Fill an empty state.

    Args:
        state: the resources.
        seed: ``demo``, ``empty``, ``random:SEED:SIZE`` (SIZE vNICs), or the path of an exported JSON file or of the
            folder of a saved inventory.

    Raises:
        ValueError: no such seed, or a file that is no export.
    """
    if seed == "demo":
        _demo(state)
    elif seed.startswith("random:"):
        match = re.fullmatch(r"random:([0-9]{1,18})(?::([0-9]{1,6}))?", seed)
        if match is None:
            raise ValueError(
                f"{seed!r} is neither a seed's name nor an exported account: random:SEED:SIZE has a whole "
                "number, and another one up to 999999"
            )
        _random(state, int(match[1]), int(match[2] or 100))
    elif seed != "empty":
        _load(state, Path(seed))


# -- the demo ------------------------------------------------------------------------------------------------------


def _demo(state: State) -> None:
    vpcs: dict[str, str] = {}
    for (name, cidr, region), lots in _DEMO.items():
        if name not in vpcs:
            vpcs[name] = _make_vpc(state, name, cidr)
        for lot in lots:
            subnet = _make_subnet(state, vpcs[name], lot.name, region, lot.cidr)
            if lot.name == "app-sin":
                subnet = _rename(state, "subnet", subnet, APP_SIN)
            _settle(state, subnet, lot)
    _make_subnet(state, vpcs["prod-apac"], "ipv6-sin", "asia-southeast-1", None, "IPv6")
    dual = _make_subnet(state, vpcs["prod-emea"], "dual-fra", "europe-central-1", "10.128.6.0/25", "IPv4_IPv6")
    for number in range(1, 4):
        stack = ("IPv4", "IPv4_IPv6", "IPv6")[number - 1]
        _make_nic(state, dual, f"dual-{number:02d}", stack=stack)
    six = _by_name(state, "subnet", "ipv6-sin")
    _make_nic(state, six, "six-01", stack="IPv6")
    for status in ("PENDING", "ATTACHING", "DETACHING", "DELETING", "CREATE_FAILED", "AVAILABLE"):
        _make_nic(state, _by_name(state, "subnet", "stg-app"), f"stg-{status.lower().replace('_', '-')}", status=status)
    for number, name in enumerate(("web-03", "web-21", "edge-01", "api-05", "db-02", "sbc-04", "game-11"), 1):
        nic = _by_name(state, "nic", name)
        row = state.row("SELECT address FROM held WHERE owner = ? ORDER BY position DESC", nic)
        assert row is not None
        resources.bind_eip(state, nic, text(row["address"]), f"eip-{name}", f"203.0.113.{number * 7}")
    with state.write() as connection:
        for table in ("vpc", "subnet", "nic", "havip", "lb", "eip"):
            connection.execute(f"UPDATE {table} SET created = ?", (_DEMO_TIME,))
        connection.execute("UPDATE nic SET updated = ?", (_DEMO_TIME,))


def _settle(state: State, subnet: str, lot: _Lot) -> None:
    """Fill a subnet with vNICs and what else holds addresses in it."""
    for number in range(1, lot.havips + 1):
        asked = {"subnetId": subnet, "name": f"vip-{lot.name}-{number}", "ipAddress": None, "securityGroupId": None}
        resources.create_ha_vip(state, asked)
    for number in range(1, lot.balancers + 1):
        resources.create_load_balancer(state, subnet, f"lb-{lot.name}-{number}", public=[f"198.51.100.{number}"])
    for _ in range(lot.hidden):
        resources.hold_hidden(state, subnet)
    row = state.row("SELECT * FROM subnet WHERE id = ?", subnet)
    assert row is not None
    usable = (1 << (32 - row["prefix"])) - 3
    wanted = min(round(usable * lot.share) - state.usage(subnet), usable - state.usage(subnet))
    taken = _clusters(state.random, state.free_addresses(row), max(wanted, lot.nics) if lot.nics else 0)
    fixed = {"web-07": 3, "web-12": 10} if lot.name == "app-sin" else {}
    sizes = _sizes(state.random, len(taken), [fixed.get(f"{lot.role}-{n:02d}") for n in range(1, lot.nics + 1)])
    start = 0
    for number, size in enumerate(sizes, 1):
        own, start = taken[start : start + size], start + size
        first = _count_named(state, lot.role)
        name = f"{lot.role}-{first + 1:02d}"
        status = "AVAILABLE" if number % 9 == 0 else "USED"
        kind = "Primary" if number % 3 == 1 and status == "USED" else "Secondary"
        nic = _make_nic(state, subnet, name, status=status, kind=kind, address=own[0])
        if name == "web-07":
            nic = _rename(state, "nic", nic, WEB_07)
        with state.write():
            for position, address in enumerate(own[1:], 1):
                state.hold(subnet, address, "secondary", nic, position=position)


def _clusters(chance: random.Random, free: list[int], wanted: int) -> list[int]:
    """Choose addresses the way years of use do: in runs, with gaps of all sizes between them."""
    wanted = min(wanted, len(free))
    if not wanted:
        return []
    spare, at = len(free) - wanted, 0
    chosen: list[int] = []
    while len(chosen) < wanted:
        run = min(chance.choice((1, 2, 3, 5, 8, 13)), wanted - len(chosen))
        chosen += free[at : at + run]
        at += run
        gap = min(spare, chance.choice((0, 1, 1, 2, 3, 4, 6, 9)) if spare < len(free) * 0.9 else chance.randint(0, 40))
        at, spare = at + gap, spare - gap
    return chosen


def _sizes(chance: random.Random, total: int, fixed: list[int | None]) -> list[int]:
    """Deal addresses to vNICs: 1 to 9 each, some given."""
    sizes = [each or 1 for each in fixed]
    open_places = [i for i, each in enumerate(fixed) if each is None]
    left = total - sum(sizes)
    while left > 0 and open_places:
        at = chance.choice(open_places)
        sizes[at] += 1
        left -= 1
        if sizes[at] == 9:
            open_places.remove(at)
    return sizes


def _make_vpc(state: State, name: str, cidr: str) -> str:
    asked = {"name": name, "cidrBlock": cidr, "mtu": 1500, "enablePriIpv6": True}
    return str(networks.create_vpc(state, asked)["vpcId"])


def _make_subnet(state: State, vpc: str, name: str, region: str, cidr: str | None, stack: str = "IPv4") -> str:
    asked = {
        "vpcId": vpc,
        "name": name,
        "regionId": region,
        "cidrBlock": cidr,
        "stackType": stack,
        "ipv6Type": None if stack == "IPv4" else "Private",
    }
    return str(networks.create_subnet(state, asked)["subnetId"])


def _make_nic(state: State, subnet: str, name: str, *, stack: str | None = None, **options: Any) -> str:
    asked = {"name": name, "subnetId": subnet, "nicStackType": stack, "securityGroupId": None}
    options.setdefault("status", "AVAILABLE")
    return str(resources.create_nic(state, asked, **options)["nicId"])


def _by_name(state: State, table: str, name: str) -> str:
    row = state.row(f"SELECT id FROM {table} WHERE name = ?", name)
    assert row is not None, f"the demo has no {table} {name}"
    return str(row["id"])


def _count_named(state: State, role: str) -> int:
    row = state.row("SELECT COUNT(*) AS n FROM nic WHERE name GLOB ?", f"{role}-[0-9]*")
    assert row is not None
    return int(row["n"])


def _rename(state: State, table: str, old: str, new: str) -> str:
    """Give a resource the id that documents name."""
    with state.write() as connection:
        connection.execute(f"UPDATE {table} SET id = ? WHERE id = ?", (new, old))
        connection.execute("UPDATE held SET owner = ? WHERE owner = ?", (new, old))
    return new


# -- random accounts -----------------------------------------------------------------------------------------------


def _random(state: State, seed: int, size: int) -> None:
    """Make a random account of ``size`` vNICs, in one transaction, so that 50,000 take seconds."""
    chance = random.Random(seed)
    state.random.seed(seed)
    vpc = _make_vpc(state, "random", "10.0.0.0/9")
    prefix = 20 if size > 2000 else 24
    count = max(1, -(-size // (700 if prefix == 20 else 40)))
    step = 1 << (32 - prefix)
    subnets = [
        _make_subnet(state, vpc, f"net-{n:04d}", "asia-east-1", f"{text((10 << 24) + n * step)}/{prefix}")
        for n in range(count)
    ]
    with state.bulk() as connection:
        connection.execute("UPDATE vpc SET created = ?", (_DEMO_TIME,))
        connection.execute("UPDATE subnet SET created = ?", (_DEMO_TIME,))
        rows = {row["id"]: dict(row) for row in state.rows("SELECT * FROM subnet")}
        group = state.rows("SELECT security_group_id FROM vpc")[0][0]
        free = {each: iter(range(rows[each]["network"] + 2, rows[each]["network"] + step - 1)) for each in subnets}
        nics: list[tuple[Any, ...]] = []
        held: list[tuple[Any, ...]] = []
        for n in range(size):
            subnet = rows[subnets[n % count]]
            nic = state.new_id()
            nics.append((
                nic, n + 1, f"vm-{n:05d}", subnet["region_id"], subnet["vpc_id"], subnet["id"], "AVAILABLE",
                "Secondary",
                "IPv4", f"fa:16:3e:{n >> 16 & 255:02x}:{n >> 8 & 255:02x}:{n & 255:02x}", None, group, None, 0.0,
                _DEMO_TIME, _DEMO_TIME,
            ))  # fmt: skip
            for position in range(1 + chance.choice((0, 0, 1, 3))):
                address = next(free[subnet["id"]], None)
                if address is not None:
                    kind = "secondary" if position else "primary"
                    held.append((subnet["id"], address, kind, nic, position, 0.0))
                if chance.random() < 0.3:
                    next(free[subnet["id"]], None)
        connection.executemany("INSERT INTO nic VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)", sorted(nics))
        connection.executemany("INSERT INTO held VALUES (?,?,?,?,?,?)", sorted(held))


def _load(state: State, path: Path) -> None:
    try:
        if (path / ABOUT).is_file():
            plant_saved(state, path)
        else:
            replace(state, msgspec.json.decode(path.read_bytes()))
    except (OSError, ValueError, msgspec.DecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise ValueError(
            f"{path.name or repr(str(path))} is neither a seed's name nor an exported account: {reason}"
        ) from error
