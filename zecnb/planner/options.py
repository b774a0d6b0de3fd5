"""What a caller can choose about a plan."""

from __future__ import annotations

import numbers
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, get_type_hints

import msgspec

from zecnb.columns import writable
from zecnb.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["DOCUMENTED_LIMIT", "POLICIES", "WHOLE", "Options", "parse_options"]

POLICIES = ("lowest", "dense", "contiguous", "aligned", "near", "spread")

WHOLE = ("contiguous", "aligned")
"""Policies by which a count gets one run or nothing."""

DOCUMENTED_LIMIT = 10
"""Private IPv4 addresses per vNIC, the primary included (contract.md 4, A9)."""

_MOST = 1 << 32  # addresses there are

_MODES = ("picked", "server_count")
_STACK_CHECKS = ("either", "subnet")
_LIMIT_TURNS = ("last", "first")
_LIMIT_CODES = ("OPERATION_DENIED_NIC_ATTACH_LAN_IP_EXCEED_LIMIT", "INVALID_NIC_PRIVATE_IP_EXCEED_LIMIT")
_NOT_FOUND_CODES = ("INVALID_NIC_NOT_FOUND", "OPERATION_FAILED_RESOURCE_NOT_FOUND")
_CHOICES = {
    "policy": POLICIES,
    "mode": _MODES,
    "limit_checked": _LIMIT_TURNS,
    "nic_limit_code": _LIMIT_CODES,
    "nic_not_found": _NOT_FOUND_CODES,
    "stack_check": _STACK_CHECKS,
}


@dataclass(frozen=True, kw_only=True)
class Options:
    """What a caller can choose about a plan.

    ``nic_limit`` to ``primary_nics_accept`` are what no document says of the API: the emulator has a switch of the
    same name for each (``zecnb emulator --assumptions``).

    Attributes:
        policy: how a count becomes addresses. ``lowest``: the lowest free ones. ``dense``: the smallest run that
            holds them all, else the smallest runs first. ``contiguous``: one run, the lowest, or another where
            more counts of the plan fit that way; larger counts come first, and one that fits nowhere holds up
            those behind it. ``aligned``: the same, from a multiple of the next power of two. ``near``: closest to
            what the vNIC has. ``spread``: evenly over the free addresses.
        mode: ``picked`` chooses addresses now; ``server_count`` sends the count, and which addresses the API
            takes is a prediction (contract.md A6).
        nic_limit: addresses a vNIC may have, its primary included; None when it is not known, then more than
            the documented 10 is a risk and not a block.
        nic_limit_counts_primary: whether that limit counts the primary address (contract.md A9).
        limit_checked: whether the API checks it after the addresses (``last``) or before (``first``), so which code it
            answers when both are wrong (contract.md A8).
        nic_limit_code: what it answers when a vNIC would have more (contract.md A28).
        nic_not_found: what it answers when there is no such vNIC (contract.md A3).
        stack_check: ``either``: a vNIC without IPv4 gets no IPv4 address, whatever its subnet has; ``subnet``: only
            its subnet counts (contract.md A16).
        primary_nics_accept: whether primary vNICs of instances take more addresses (contract.md A27).
        exclude: addresses, ranges and CIDRs never to pick, as text or a list.
        warn_at, critical_at: utilisation, 0..1, above which a subnet is said to be filling.
        max_age: seconds after which an inventory is stale; with 0 a session reads anew for every plan.
        cool_down: seconds for which an address that was released is a risk to use again.
        override_claims: why claimed addresses may be used all the same; "" when they may not.
    """

    policy: str = "lowest"
    mode: str = "picked"
    nic_limit: int | None = DOCUMENTED_LIMIT
    nic_limit_counts_primary: bool = True
    limit_checked: str = _LIMIT_TURNS[0]
    nic_limit_code: str = _LIMIT_CODES[0]
    nic_not_found: str = _NOT_FOUND_CODES[0]
    stack_check: str = _STACK_CHECKS[0]
    primary_nics_accept: bool = True
    exclude: str | tuple[str, ...] = ()
    warn_at: float = 0.75
    critical_at: float = 0.90
    max_age: float = 300.0
    cool_down: float = 300.0
    override_claims: str = ""

    def __post_init__(self) -> None:
        for name, allowed in _CHOICES.items():
            if getattr(self, name) not in allowed:
                raise UsageError(f"{name} is one of {', '.join(allowed)}, not {getattr(self, name)!r}")
        for name in ("nic_limit_counts_primary", "primary_nics_accept"):
            if not isinstance(getattr(self, name), bool):
                raise UsageError(f"{name} is true or false, not {getattr(self, name)!r}")
        limit = self.nic_limit
        if limit is not None and (
            isinstance(limit, bool) or not isinstance(limit, numbers.Integral) or not 0 < limit <= _MOST
        ):
            raise UsageError(f"nic_limit is a whole number of 1 to {_MOST:,}, or None for no limit, not {limit!r}")
        for name in ("warn_at", "critical_at"):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, numbers.Real) or not 0 <= float(value) <= 1:
                raise UsageError(f"{name} is a utilisation of 0..1, not {value!r}")
        for name in ("max_age", "cool_down"):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, numbers.Real) or not float(value) >= 0:
                raise UsageError(f"{name} is seconds of 0 or more, not {value!r}")
        if not isinstance(self.override_claims, str):
            raise UsageError("override_claims is the reason, in words")
        if not isinstance(self.exclude, str):
            try:
                object.__setattr__(self, "exclude", tuple(writable(str(item)) for item in self.exclude))
            except TypeError:
                raise UsageError("exclude is text or a list of addresses, ranges and CIDRs") from None

    @property
    def cap(self) -> int | None:
        """Addresses a vNIC may have with its primary, whether the limit counts it or not; None when not known."""
        return None if self.nic_limit is None else int(self.nic_limit) + (not self.nic_limit_counts_primary)

    @classmethod
    def of(cls, options: dict[str, Any]) -> Options:
        """Check keyword arguments.

        Raises:
            UsageError: an option that does not exist, or a value it cannot have.
        """
        known = [field.name for field in fields(cls)]
        for name in options:
            if name not in known:
                raise UsageError(f"there is no option {name!r}; there are {', '.join(known)}")
        return cls(**options)


def parse_options(given: Iterable[str]) -> dict[str, Any]:
    """Read ``NAME=VALUE`` pairs as a shell gives them; ``none`` where an option may be None.

    Raises:
        UsageError: no such option, or a value of another type.
    """
    types = get_type_hints(Options)
    chosen: dict[str, Any] = {}
    for pair in given:
        name, sign, text = pair.partition("=")
        if not sign or name not in types:
            raise UsageError(f"{pair!r} is not NAME=VALUE with a name of {', '.join(types)}")
        try:
            chosen[name] = msgspec.convert(None if text == "none" else text, types[name], strict=False)
        except msgspec.ValidationError as error:
            raise UsageError(f"{name}={text}: {str(error)[:1].lower()}{str(error)[1:]}") from error
    return chosen
