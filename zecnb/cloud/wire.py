"""Payload <-> typed records (contract.md 5 and 6); unknown fields are ignored, missing ones are None."""

from __future__ import annotations

from typing import Any

import msgspec

__all__ = [
    "LISTINGS",
    "Assigned",
    "Eip",
    "Envelope",
    "Failure",
    "HaVip",
    "LoadBalancer",
    "Nic",
    "Page",
    "Subnet",
    "Vpc",
]


class _Record(msgspec.Struct, rename="camel", kw_only=True, gc=False):
    """A record of the API; names are its own in snake_case."""


class Vpc(_Record):
    """VpcInfo."""

    vpc_id: str
    name: str | None = None
    cidr_block: str | None = None
    secondary_cidr_blocks: list[str] | None = None  # told by the newest version only (contract.md 6)
    usage_ipv4_count: int | None = None


class Subnet(_Record):
    """SubnetInfo."""

    subnet_id: str
    vpc_id: str
    region_id: str | None = None
    name: str | None = None
    cidr_block: str | None = None
    gateway_ip_address: str | None = None
    stack_type: str = "IPv4"
    usage_ipv4_count: int | None = None

    def __post_init__(self) -> None:
        self.cidr_block = self.cidr_block or None  # of a subnet with IPv6 only


class Nic(_Record):
    """NicInfo, as far as planning needs it."""

    nic_id: str
    subnet_id: str
    status: str
    name: str | None = None
    region_id: str | None = None
    vpc_id: str | None = None
    nic_type: str | None = None
    nic_subnet_type: str | None = None
    primary_ipv4: str | None = None
    secondary_ipv4s: list[str] | None = msgspec.field(default=None, name="secondaryIpv4s")  # camel makes it Ipv4S
    instance_id: str | None = None


class HaVip(_Record):
    """HaVipInfo."""

    ha_vip_id: str
    subnet_id: str
    name: str | None = None
    vpc_id: str | None = None
    ip_address: str | None = None


class LoadBalancer(_Record):
    """A load balancer of service zlb."""

    load_balancer_id: str
    load_balancer_name: str | None = None
    vpc_id: str | None = None
    subnet_id: str | None = None
    status: str | None = None
    private_ip_address: list[str] | None = None
    health_check_private_ips: list[str] | None = None


class Eip(_Record):
    """An elastic IP, bound to a vNIC and one of its private addresses."""

    eip_id: str
    name: str | None = None
    nic_id: str | None = None
    private_ip_address: str | None = None
    public_ip_addresses: list[str] | None = None


class Page(msgspec.Struct, rename="camel", gc=False):
    """One page of a listing; ``data_set`` is decoded by the listing's own record."""

    total_count: int
    data_set: msgspec.Raw


class Assigned(msgspec.Struct, rename="camel"):
    """What BatchAssignNetworkInterfaceIpv4 returns."""

    ip_addresses: list[str] | None = None


class Envelope(msgspec.Struct, rename="camel"):
    """A successful answer."""

    request_id: str
    response: msgspec.Raw


class Failure(msgspec.Struct, rename="camel"):
    """A failed answer."""

    request_id: str
    code: str
    message: str


LISTINGS: dict[str, tuple[type[_Record], str]] = {
    "DescribeVpcs": (Vpc, "vpc_id"),
    "DescribeSubnets": (Subnet, "subnet_id"),
    "DescribeNetworkInterfaces": (Nic, "nic_id"),
    "DescribeHaVips": (HaVip, "ha_vip_id"),
    "DescribeLoadBalancers": (LoadBalancer, "load_balancer_id"),
    "DescribeEips": (Eip, "eip_id"),
}
"""Record and id field of each listing."""

_DECODERS: dict[Any, Any] = {}


def decode(raw: bytes | msgspec.Raw, kind: Any) -> Any:
    """Decode JSON as ``kind``.

    Raises:
        msgspec.ValidationError, msgspec.DecodeError: it is something else.
    """
    decoder = _DECODERS.get(kind)
    if decoder is None:
        decoder = _DECODERS[kind] = msgspec.json.Decoder(kind)
    try:
        return decoder.decode(raw)
    except RecursionError:
        raise msgspec.DecodeError("JSON is nested too deeply") from None
