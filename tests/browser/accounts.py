"""Accounts for the browser tests, held by an emulator in the test's own process: faults and state are at hand."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zecnb.emulator import seeds

if TYPE_CHECKING:
    from zecnb.emulator import Emulator
    from zecnb.emulator.state import State

HOSTILE = (
    "<img src=x onerror=window.hacked=1>",
    '"><svg onload=window.hacked=2>',
    "'-window.hacked=3-'",
    "</script><script>window.hacked=4</script>",
    "<a href=javascript:window.hacked=5>web</a>",
    "</textarea><iframe srcdoc='<script>parent.hacked=6</script>'>",
)
"""Names that would run if anything took them for markup."""


def connection(emulator: Emulator, store: str = "sqlite://") -> str:
    """Return the cell that connects a notebook to an emulator."""
    arguments = {
        "access_key_id": emulator.access_key_id,
        "access_key_password": emulator.access_key_password,
        "endpoint": emulator.url,
        "store": store,
        "progress": False,
    }
    said = ", ".join(f"{name}={value!r}" for name, value in arguments.items())
    return f"import zecnb\nzec = zecnb.connect({said})"


def large(state: State) -> str:
    """Fill a /16 with 39,000 held addresses; return a vNIC in it."""
    vpc = seeds._make_vpc(state, "large", "10.0.0.0/12")
    subnet = seeds._make_subnet(state, vpc, "batch", "asia-southeast-1", "10.1.0.0/16")
    seeds._settle(state, subnet, seeds._Lot("batch", "10.1.0.0/16", 4400, 0.596, "batch"))
    return seeds._make_nic(state, subnet, "mine", status="USED")


def hostile(state: State) -> list[str]:
    """Make a subnet and vNICs with hostile names; return the vNICs."""
    vpc = seeds._make_vpc(state, HOSTILE[0], "10.0.0.0/16")
    subnet = seeds._make_subnet(state, vpc, HOSTILE[1], "asia-southeast-1", "10.0.4.0/26")
    return [seeds._make_nic(state, subnet, name, status="USED") for name in HOSTILE]


def several(state: State, count: int) -> list[str]:
    """Make vNICs in one empty subnet; return them."""
    vpc = seeds._make_vpc(state, "several", "10.0.0.0/16")
    subnet = seeds._make_subnet(state, vpc, "app", "asia-southeast-1", "10.0.4.0/24")
    return [seeds._make_nic(state, subnet, f"app-{number:02d}", status="USED") for number in range(1, count + 1)]
