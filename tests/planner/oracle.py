"""A second opinion on plans, written with ``ipaddress``, loops and dicts: slow, plain, and shares nothing.

It judges what the emulator cannot know: claims, exclusions, age, what earlier runs taught.
"""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["Claim", "Oracle"]


class Claim(NamedTuple):
    """A range of one subnet or all, and what it does: bind or warn."""

    first: str
    last: str
    kind: str


class Oracle:
    """One subnet, its vNICs and what is known of its addresses.

    Attributes:
        cidr: the subnet.
        held: holder of each held address: a vNIC id, or another id that is none.
        primary: address of each vNIC's primary.
        claims: what is claimed or excluded.
        refused: addresses that the API refused before.
        released: seconds since another vNIC gave an address up.
        dark: whether the API counts more addresses than listings show.
    """

    def __init__(
        self,
        cidr: str,
        held: dict[str, str],
        primary: dict[str, str],
        claims: Iterable[Claim] = (),
        refused: Iterable[str] = (),
        released: dict[str, float] | None = None,
        *,
        dark: bool = False,
    ) -> None:
        self.block = ipaddress.IPv4Network(cidr)
        self.held, self.primary = held, primary
        self.claims, self.refused, self.released, self.dark = list(claims), set(refused), released or {}, dark

    def codes(self, nic: str, address: str, *, stale: bool, cool_down: float = 300) -> set[str]:
        """Return the findings about one address asked for by name, alone in its plan."""
        value = ipaddress.IPv4Address(address)
        found: set[str] = set()
        owner = self.held.get(address)
        done = owner == nic
        if value not in self.block:
            found.add("OUT_OF_SUBNET")
        elif value == self.block.network_address:
            found.add("NETWORK_ADDRESS")
        elif value == self.block.broadcast_address:
            found.add("BROADCAST_ADDRESS")
        elif value == self.block.network_address + 1:
            found.add("GATEWAY_ADDRESS")
        elif done:
            found.add("IS_PRIMARY_OF_NIC" if self.primary.get(nic) == address else "ALREADY_ON_NIC")
        elif owner is not None:
            found.add("HELD_BY_NIC" if owner in self.primary else "HELD_BY_HAVIP")
        else:
            found |= self._learned(address, cool_down)
        if value in self.block and not done:
            found |= self._claimed(value)
        if not done:
            found |= {"INVENTORY_STALE"} if stale else set()
            found |= {"UNATTRIBUTED_USAGE"} if self.dark else set()
        return found

    def _learned(self, address: str, cool_down: float) -> set[str]:
        if address in self.refused and self.dark:
            return {"HELD_BY_UNSEEN"}
        if address in self.released:
            return {"RECENTLY_RELEASED" if self.released[address] < cool_down else "HISTORIC_HOLDER"}
        return set()

    def _claimed(self, value: ipaddress.IPv4Address) -> set[str]:
        kinds = [
            claim.kind
            for claim in self.claims
            if ipaddress.IPv4Address(claim.first) <= value <= ipaddress.IPv4Address(claim.last)
        ]
        if "bind" in kinds:
            return {"RESERVED"}
        return {"CLAIM_EXPIRED"} if kinds else set()

    def lowest(self, count: int, cool_down: float = 300) -> list[str]:
        """Return what a count gets: what was released a moment ago last, and of that the oldest first."""

        def turn(address: str) -> float:
            age = self.released.get(address, cool_down)
            return cool_down - min(age, cool_down)

        best = sorted(self.free(), key=turn)[:count]  # the sort keeps the lower of equals first
        return sorted(best, key=ipaddress.IPv4Address)

    def free(self) -> list[str]:
        """Return the addresses that may be picked, ascending."""
        return [
            str(value)
            for value in list(self.block.hosts())[1:]
            if str(value) not in self.held
            and not (self.dark and str(value) in self.refused)
            and "RESERVED" not in self._claimed(value)
        ]
