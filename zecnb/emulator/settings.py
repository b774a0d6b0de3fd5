"""What the emulator assumes where no document says how ZEC behaves; each a switch with its number."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["FIXED", "Settings", "assumptions", "assumptions_table", "parse_settings"]


FIXED = {
    "A20": "no text has a cap; what a vNIC may have is one",
    "A23": "no client reads these statuses",
    "A24": "an account of one team has no other team's resources",
    "A25": "writes take turns; a scripted fault answers INVALID_OPERATION_TIMEOUT",
    "3": "common codes that no page gives a status for have that of their kind: 400, 404, 500, 503, 504",
    "5": "parameters that no document names are ignored, since clients are older and newer than the API",
    "5.4": "ReplaceNetworkInterfacePrimaryIpv4 has the codes of AssignNetworkInterfaceIpv4: its text has none",
    "5.6": "filters join with AND: a listing that ignored one would show what was not asked for",
    "5.7": "what else CreateNetworkInterface refuses has the codes of sibling actions: its table is cut off",
    "5.12": "CreateVpc has the codes of CreateSubnet, DeleteVpc that of ModifyVpcAttribute for a default VPC",
    "5.13": "ModifySubnetAttribute has the codes of CreateSubnet; a subnet's IPv6 block is a /64, its masks from there",
}
"""Assumptions of contract.md that are no switch, and why."""


def _assumed(default: Any, number: str, meaning: str, *, planner: str = "", choices: tuple[str, ...] = ()) -> Any:
    about = {"number": number, "meaning": meaning, "planner": planner, "choices": choices}
    return field(default=default, metadata=about)


_KINDS = {
    bool: "True or False",
    int: "a whole number",
    float: "a number",
    str: "a text",
    tuple: "a tuple of texts",
}


def _fits(value: Any, default: Any) -> bool:
    """Say whether a value is of the type that a default has."""
    if isinstance(default, tuple):
        return isinstance(value, tuple) and all(isinstance(each, str) for each in value)
    if isinstance(default, float):
        return isinstance(value, int | float) and not isinstance(value, bool)
    return type(value) is type(default)


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Switches; ``assumptions()`` lists them with their numbers in contract.md."""

    smallest_subnet_prefix: int = _assumed(29, "A5", "longest prefix of a subnet")
    smallest_vpc_prefix: int = _assumed(28, "A5", "longest prefix of a VPC")
    count_pick: str = _assumed(
        "lowest", "A6", "which addresses a count gets: lowest or random", choices=("lowest", "random")
    )
    nic_limit: int = _assumed(10, "A9", "private IPv4 addresses a vNIC may have", planner="nic_limit")
    nic_limit_counts_primary: bool = _assumed(
        True, "A9", "whether the primary counts toward the limit", planner="nic_limit_counts_primary"
    )
    nic_limit_code: str = _assumed(
        "OPERATION_DENIED_NIC_ATTACH_LAN_IP_EXCEED_LIMIT", "A28", "code for more addresses than a vNIC may have",
        choices=("OPERATION_DENIED_NIC_ATTACH_LAN_IP_EXCEED_LIMIT", "INVALID_NIC_PRIVATE_IP_EXCEED_LIMIT"),
        planner="nic_limit_code",
    )  # fmt: skip
    limit_checked: str = _assumed(
        "last", "A8", "the limit is checked after the addresses or before: last or first",
        planner="limit_checked", choices=("last", "first"),
    )  # fmt: skip
    nic_not_found: str = _assumed(
        "INVALID_NIC_NOT_FOUND", "A3", "code for a vNIC that does not exist",
        planner="nic_not_found", choices=("INVALID_NIC_NOT_FOUND", "OPERATION_FAILED_RESOURCE_NOT_FOUND"),
    )  # fmt: skip
    nic_name_characters: str = _assumed("._/-", "A2", "what names of vNICs may have besides letters and digits")
    name_characters: str = _assumed(
        ".-", "A2", "what names of VPCs, subnets and EIPs may have besides letters and digits"
    )
    nics_rename_characters: str = _assumed(".-", "A2", "the same where one call renames many vNICs, by its own text")
    vpc_rename_characters: str = _assumed("._/-", "A2", "the same where a VPC is renamed, by its own text")
    private_ip_order: str = _assumed(
        "assigned", "A4", "order of a vNIC's secondary addresses: assigned or ascending",
        choices=("assigned", "ascending"),
    )  # fmt: skip
    answer_order: str = _assumed(
        "request", "A7", "order of the addresses that an assign answers: request or ascending",
        choices=("request", "ascending"),
    )  # fmt: skip
    nothing_asked_code: str = _assumed(
        "MISSING_PARAMETER", "A10", "code for neither addresses nor a count",
        choices=("MISSING_PARAMETER", "INVALID_PARAMETER_VALUE"),
    )  # fmt: skip
    empty_list: str = _assumed(
        "absent", "A11", "an empty list of addresses: absent, or refused whatever the count",
        choices=("absent", "refused"),
    )  # fmt: skip
    count_beside_list: str = _assumed(
        "checked", "A12", "a count below 1 beside a list: checked or ignored", choices=("checked", "ignored")
    )
    duplicate_in_request: str = _assumed(
        "illegal", "A13", "an address twice in one call: illegal or once", choices=("illegal", "once")
    )
    held_by_itself: str = _assumed(
        "in_use", "A14", "an address that the vNIC has already: in_use or accepted", choices=("in_use", "accepted")
    )
    leading_zeros: str = _assumed(
        "illegal", "A15", "010.0.4.09 for 10.0.4.9: illegal or accepted", choices=("illegal", "accepted")
    )
    public_address: str = _assumed(
        "out_of_range", "A15", "an address outside the subnet that is not private: out_of_range or illegal",
        choices=("out_of_range", "illegal"),
    )  # fmt: skip
    usage_counts_reserved: bool = _assumed(
        False, "A17", "whether usage counts contain network, gateway and broadcast address"
    )
    stack_check: str = _assumed(
        "either", "A16", "IPv4 must be on both vNIC and subnet, or on the subnet: either or subnet",
        planner="stack_check", choices=("either", "subnet"),
    )  # fmt: skip
    release_foreign: str = _assumed(
        "illegal", "A18", "releasing an address that the vNIC does not have: illegal or ignored",
        choices=("illegal", "ignored"),
    )  # fmt: skip
    release_nothing: str = _assumed(
        "missing", "A18", "releasing no address at all: missing (MISSING_PARAMETER) or accepted",
        choices=("missing", "accepted"),
    )  # fmt: skip
    assign_has_limit: bool = _assumed(
        True, "5.2", "whether AssignNetworkInterfaceIpv4 has the limit of addresses on a vNIC too"
    )
    detach_keeps_addresses: bool = _assumed(True, "A26", "whether a detached vNIC keeps its secondary addresses")
    primary_nics_accept: bool = _assumed(
        True, "A27", "whether primary vNICs of instances take more addresses", planner="primary_nics_accept"
    )
    listing_order: str = _assumed(
        "newest", "5.6", "what listings begin with: newest or oldest", choices=("newest", "oldest")
    )
    page_size_max: int = _assumed(1000, "A21", "largest pageSize")
    ids_max: int = _assumed(100, "A21", "longest list of ids in a filter")
    eip_blocks: str = _assumed(
        "any", "A19", "an EIP blocks the release of any address of its vNIC, or of the bound one",
        choices=("any", "bound"),
    )  # fmt: skip
    eip_not_found: str = _assumed(
        "INVALID_EIP_NOT_FOUND", "5.15", "code for an EIP that does not exist",
        choices=("INVALID_EIP_NOT_FOUND", "OPERATION_FAILED_RESOURCE_NOT_FOUND"),
    )  # fmt: skip
    eip_batch: str = _assumed(
        "report", "5.17", "an EIP that cannot be bound or loosened: report it in failedEipIds, or fail the call",
        choices=("report", "fail"),
    )  # fmt: skip
    eip_loosened_again: str = _assumed(
        "accepted", "5.17", "loosening an EIP that is not bound: accepted, or refused as older texts say",
        choices=("accepted", "refused"),
    )  # fmt: skip
    ha_vip_limit: int = _assumed(10, "4", "HaVips a team may make; 0 for no limit")
    ha_vip_limit_code: str = _assumed("OPERATION_DENIED_HAVIP_EXCEED_LIMIT", "4", "code for more HaVips than that")
    eips_per_address: int = _assumed(4, "4", "EIPs that a private address may have")
    eips_per_call: int = _assumed(100, "5.17", "EIPs that one call may make")
    balancers_per_call: int = _assumed(100, "5.16", "load balancers that one call may make")
    instance_nic_limit: int = _assumed(8, "4", "vNICs that an instance may have")
    detach_unattached: str = _assumed(
        "OPERATION_DENIED_NIC_NOT_EXIST_INSTANCE", "A28", "code for detaching a vNIC that is on no instance",
        choices=("OPERATION_DENIED_NIC_NOT_EXIST_INSTANCE", "INVALID_NIC_STATUS"),
    )  # fmt: skip
    new_nic_subnet_not_found: str = _assumed(
        "INVALID_SUBNET_NOT_FOUND", "5.7", "code for a new vNIC in a subnet that does not exist",
        choices=("INVALID_SUBNET_NOT_FOUND", "OPERATION_FAILED_RESOURCE_NOT_FOUND"),
    )  # fmt: skip
    new_nic_stack_code: str = _assumed(
        "INVALID_SUBNET_IPSTACK_NOT_SUPPORT", "5.7", "code for a new vNIC of a stack that its subnet has not",
        choices=("INVALID_SUBNET_IPSTACK_NOT_SUPPORT", "OPERATION_DENIED_SUBNET_TYPE_NOT_SUPPORT"),
    )  # fmt: skip
    vpc_cidr_code: str = _assumed(
        "OPERATION_DENIED_VPC_CIDR_CONFLICT", "5.12", "code for a new VPC CIDR that loses subnets: cut off in the text"
    )
    subnet_cidr_code: str = _assumed(
        "OPERATION_DENIED_SUBNET_CIDR_CONFLICT", "5.13", "code for a subnet that overlaps another: cut off in the text"
    )
    private_ipv6: str = _assumed(
        "anywhere", "5.13", "private IPv6 in subnets: anywhere, or where the VPC has IPv6 (enabled)",
        choices=("anywhere", "enabled"),
    )  # fmt: skip
    unknown_key_code: str = _assumed(
        "AUTHFAILURE_INVALID_AUTHORIZATION", "2.4", "code for an access key or token that does not exist",
        choices=("AUTHFAILURE_INVALID_AUTHORIZATION", "AUTHFAILURE_SIGNATURE_FAILURE",
                 "AUTHFAILURE_UNAUTHORIZED_OPERATION"),
    )  # fmt: skip
    unsupported_version: str = _assumed(
        "refuse", "A1", "an x-zc-version that does not exist: refuse or ignore", choices=("refuse", "ignore")
    )
    missing_version: str = _assumed(
        "newest", "A1", "no x-zc-version at all: newest or refuse", choices=("newest", "refuse")
    )
    balancer_addresses: int = _assumed(1, "7.1", "virtual addresses a load balancer holds besides two health sources")
    recycled_balancer_holds: bool = _assumed(True, "5.16", "whether a terminated load balancer keeps its addresses")
    regions_not_on_sale: tuple[str, ...] = _assumed((), "5.13", "regions that refuse new subnets")
    regions_without_public_ipv6: tuple[str, ...] = _assumed((), "5.13", "regions without public IPv6")
    skew_seconds: float = _assumed(300.0, "2.4", "how far a timestamp may be off")
    lifecycle_seconds: float = _assumed(0.0, "7.3", "how long a vNIC stays PENDING, ATTACHING, DETACHING or DELETING")
    new_nics_become: str = _assumed(
        "AVAILABLE", "7.3", "what a new vNIC is when it leaves PENDING: AVAILABLE or CREATE_FAILED",
        choices=("AVAILABLE", "CREATE_FAILED"),
    )  # fmt: skip
    rate_per_second: float = _assumed(0.0, "A22", "calls of one action a second before 429; 0 for no limit")

    def __post_init__(self) -> None:
        for each in fields(self):
            value = getattr(self, each.name)
            if not _fits(value, each.default):
                raise ValueError(f"{each.name} is {_KINDS[type(each.default)]}, not {value!r}")
            if isinstance(value, int | float) and not isinstance(value, bool) and not 0 <= value < math.inf:
                raise ValueError(f"{each.name} is a number from 0, not {value!r}")
            allowed = each.metadata["choices"]
            if allowed and value not in allowed:
                raise ValueError(f"{each.name} is one of {', '.join(allowed)}, not {value!r}")


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
    """Return every switch: name, value, default, number in contract.md, meaning, and the planner's option.

    Where the planner has an option of the same name (``zecnb.planner.options``) whoever learns how ZEC behaves flips
    both; "" where it has none, and plans go by the default.
    """
    current = settings or Settings()
    return [
        {
            "name": each.name,
            "value": getattr(current, each.name),
            "default": each.default,
            "number": each.metadata["number"],
            "meaning": each.metadata["meaning"],
            "planner": each.metadata["planner"],
        }
        for each in fields(Settings)
    ]


def assumptions_table(settings: Settings | None = None) -> str:
    """Return every switch as a line of text, then the assumptions that are none."""
    lines = [f"{'number':8}{'name':29}{'planner':9}{'value':52}meaning"]
    for each in assumptions(settings):
        value = json.dumps(each["value"]) + ("" if each["value"] == each["default"] else " (changed)")
        planner = "option" if each["planner"] else "-"
        lines.append(f"{each['number']:8}{each['name']:29}{planner:9}{value:52}{each['meaning']}")
    lines += [f"{number:8}{'(no switch)':29}{'-':9}{'':52}{why}" for number, why in FIXED.items()]
    lines.append(
        "planner: where plans have an option of the same name flip both, and they agree; else plans go by the default."
    )
    return "\n".join(lines)
