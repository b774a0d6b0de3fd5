"""What the emulator assumes where no document says how ZEC behaves; each a switch with its number."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import Any

__all__ = ["Settings", "assumptions"]


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
    skew_seconds: float = _assumed(300.0, "2.4", "how far a timestamp may be off")
    lifecycle_seconds: float = _assumed(0.0, "7.3", "how long a vNIC stays PENDING; 0 for instantly AVAILABLE")
    rate_per_second: float = _assumed(0.0, "A22", "calls of one action a second before 429; 0 for no limit")

    def __post_init__(self) -> None:
        for name, allowed in (
            ("count_pick", ("lowest", "random")),
            ("duplicate_in_request", ("illegal", "once")),
            ("eip_blocks", ("any", "bound")),
        ):
            if getattr(self, name) not in allowed:
                raise ValueError(f"{name} is one of {', '.join(allowed)}, not {getattr(self, name)!r}")


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
