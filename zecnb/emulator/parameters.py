"""Parameters that several actions have (contract.md 4, 5)."""

from __future__ import annotations

from zecnb.emulator.fields import Field

__all__ = [
    "CHARGES",
    "LABELS",
    "LABEL_FILTERS",
    "NEW_SUBNET",
    "NICS_RENAME",
    "NIC_NAME",
    "PAGE",
    "PRICE",
    "STACKS",
    "VPC_RENAME",
    "choice",
    "ids",
    "named",
    "needed",
    "texts",
    "unheeded",
]

STACKS = ("IPv4", "IPv4_IPv6", "IPv6")
CHARGES = ("ByBandwidth", "ByTrafficPackage", "BandwidthCluster")
NIC_NAME = "nic_name_characters"
"""The setting that says what names of vNICs may have inside."""

NICS_RENAME, VPC_RENAME = "nics_rename_characters", "vpc_rename_characters"
"""Those of two actions whose texts say otherwise (contract.md 4)."""


def texts(*names: str) -> tuple[Field, ...]:
    """Return parameters that are any text."""
    return tuple(Field(each, str) for each in names)


def ids(*names: str) -> tuple[Field, ...]:
    """Return parameters that are lists of no more ids than one call may have."""
    return tuple(Field(each, list, longest="ids_max") for each in names)


def needed(*names: str) -> tuple[Field, ...]:
    """Return texts without which nothing is done."""
    return tuple(Field(each, str, required=True) for each in names)


def choice(field: str, *allowed: str, required: bool = False) -> Field:
    """Return an enumeration."""
    return Field(field, str, required=required, choices=allowed)


def named(field: str, *, required: bool = False, characters: str = "name_characters") -> Field:
    """Return a name of 2 to 63 characters (A2)."""
    return Field(field, str, required=required, characters=characters, shortest=2, longest=63)


def unheeded(**kinds: type) -> tuple[Field, ...]:
    """Return parameters that are checked and then change nothing here; who gives one finds it in the log."""
    return tuple(Field(each, kind, heeded=False) for each, kind in kinds.items())


PAGE = (Field("pageSize", int, low=1, high="page_size_max"), Field("pageNum", int, low=1))
LABELS = (Field("resourceGroupId", str), Field("tags", dict))
"""Of creations; their ``tags`` are an object, those of filters a list."""

LABEL_FILTERS = (
    Field("resourceGroupId", str),
    Field("tagKeys", list, longest=20),
    Field("tags", list, longest=20, items=dict),
)
PRICE = (choice("internetChargeType", *CHARGES), Field("marketingOptions", dict))
NEW_SUBNET = (
    named("name", required=True),
    *needed("regionId"),
    choice("stackType", *STACKS, required=True),
    Field("cidrBlock", str),
    choice("ipv6Type", "Private", "Public"),
    *texts("dhcpOptionsSetId", "ipv6CidrBlockId"),
    Field("ipv6MaskLength", int, low=64, high=96),
)
