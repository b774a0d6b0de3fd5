"""What the emulator assumes where no document says how ZEC behaves; each a switch with its number."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["Settings", "assumptions", "parse_settings"]


def _assumed(default: Any, number: str, meaning: str) -> Any:
    return field(default=default, metadata={"number": number, "meaning": meaning})


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Switches; ``assumptions()`` lists them with their numbers in contract.md."""

    smallest_subnet_prefix: int = _assumed(29, "A5", "longest prefix of a subnet")
    smallest_vpc_prefix: int = _assumed(28, "A5", "longest prefix of a VPC")
    count_pick: str = _assumed("lowest", "A6", "which addresses a count gets: lowest or random")
    nic_limit: int = _assumed(10, "A9", "private IPv4 addresses a vNIC may have")
    nic_limit_counts_primary: bool = _assumed(True, "A9", "whether the primary counts toward the limit")
    duplicate_in_request: str = _assumed("illegal", "A13", "an address twice in one call: illegal or once")
    page_size_max: int = _assumed(1000, "A21", "largest pageSize")
    ids_max: int = _assumed(100, "A21", "longest list of ids in a filter")
    eip_blocks: str = _assumed(
        "any", "A19", "an EIP blocks the release of any address of its vNIC, or of the bound one"
    )
    eip_batch: str = _assumed("fail", "5.17", "a bad EIP among several: fail the call, or report it in failedEipIds")
    eips_per_address: int = _assumed(4, "4", "EIPs that a private address may have")
    eips_per_call: int = _assumed(100, "5.17", "EIPs that one call may make")
    balancers_per_call: int = _assumed(100, "5.16", "load balancers that one call may make")
    instance_nic_limit: int = _assumed(8, "4", "vNICs that an instance may have")
    detach_unattached: str = _assumed(
        "OPERATION_DENIED_NIC_NOT_EXIST_INSTANCE", "A28", "code for detaching a vNIC that is on no instance"
    )
    vpc_cidr_code: str = _assumed(
        "OPERATION_DENIED_VPC_CIDR_CONFLICT", "5.12", "code for a new VPC CIDR that loses subnets: cut off in the text"
    )
    unsupported_version: str = _assumed("refuse", "A1", "an x-zc-version that does not exist: refuse or ignore")
    balancer_addresses: int = _assumed(1, "7.1", "virtual addresses a load balancer holds besides two health sources")
    recycled_balancer_holds: bool = _assumed(True, "5.16", "whether a terminated load balancer keeps its addresses")
    regions_not_on_sale: tuple[str, ...] = _assumed((), "5.13", "regions that refuse new subnets")
    regions_without_public_ipv6: tuple[str, ...] = _assumed((), "5.13", "regions without public IPv6")
    skew_seconds: float = _assumed(300.0, "2.4", "how far a timestamp may be off")
    lifecycle_seconds: float = _assumed(0.0, "7.3", "how long a vNIC stays PENDING; 0 for instantly AVAILABLE")
    rate_per_second: float = _assumed(0.0, "A22", "calls of one action a second before 429; 0 for no limit")

    def __post_init__(self) -> None:
        for each in fields(self):
            value = getattr(self, each.name)
            if isinstance(value, int | float) and not isinstance(value, bool) and not 0 <= value < math.inf:
                raise ValueError(f"{each.name} is a number from 0, not {value!r}")
        for name, allowed in (
            ("count_pick", ("lowest", "random")),
            ("duplicate_in_request", ("illegal", "once")),
            ("eip_blocks", ("any", "bound")),
            ("eip_batch", ("fail", "report")),
            ("unsupported_version", ("refuse", "ignore")),
            ("detach_unattached", ("OPERATION_DENIED_NIC_NOT_EXIST_INSTANCE", "INVALID_NIC_STATUS")),
        ):
            if getattr(self, name) not in allowed:
                raise ValueError(f"{name} is one of {', '.join(allowed)}, not {getattr(self, name)!r}")


def parse_settings(given: Iterable[str], **more: Any) -> Settings:
    """Read ``NAME=VALUE`` pairs, each value of the type its default has; a list's items are parted by commas.

    Raises:
        ValueError: no such switch, or no such value.
    """
    defaults = {each.name: each.default for each in fields(Settings)}
    values = dict(more)
    for pair in given:
        name, sign, text = pair.partition("=")
        if not sign or name not in defaults:
            raise ValueError(f"{pair!r} is not NAME=VALUE with a name that --assumptions lists")
        values[name] = _read(name, text, defaults[name])
    return Settings(**values)


def _read(name: str, text: str, default: Any) -> Any:
    if isinstance(default, bool):
        if text.lower() not in ("true", "false"):
            raise ValueError(f"{name} is true or false, not {text!r}")
        return text.lower() == "true"
    if isinstance(default, tuple):
        return tuple(filter(None, text.split(",")))
    try:
        return type(default)(text)
    except ValueError as error:
        raise ValueError(f"{name} is a number, not {text!r}") from error


def assumptions(settings: Settings | None = None) -> list[dict[str, Any]]:
    """Return every switch: name, value, default, number in contract.md, meaning."""
    current = settings or Settings()
    return [
        {
            "name": each.name,
            "value": getattr(current, each.name),
            "default": each.default,
            "number": each.metadata["number"],
            "meaning": each.metadata["meaning"],
        }
        for each in fields(Settings)
    ]
