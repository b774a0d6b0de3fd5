"""Describe actions for VPCs, subnets and vNICs: filters and the exact field sets of contract.md 6."""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING, Any

from zecnb.emulator.labels import GROUP, tags_of
from zecnb.emulator.pages import Where, count, held_by, page, usage_shown
from zecnb.emulator.state import text

if TYPE_CHECKING:
    from zecnb.emulator.state import Row, State

__all__ = ["network_interfaces", "regions_of", "regions_of_nics", "subnet_regions", "subnets", "vpcs"]

_REGIONS = {
    "asia-east-1": "Hong Kong",
    "asia-north-1": "Tokyo",
    "asia-southeast-1": "Singapore",
    "asia-southwest-1": "Dubai",
    "asia-south-1": "Mumbai",
    "na-west-1": "Los Angeles",
    "europe-central-1": "Frankfurt",
}


def vpcs(state: State, asked: dict[str, Any]) -> dict[str, Any]:
    """DescribeVpcs."""
    where = Where()
    where.among("id", asked["vpcIds"])
    where.like("name", asked["name"])
    where.like("cidr", asked["cidrBlock"])
    where.labels(asked)

    def shape(rows: list[Row]) -> list[dict[str, Any]]:
        tags, blocks = tags_of(state, rows), _secondary_blocks(state)
        return [
            {
                "vpcId": row["id"],
                "name": row["name"],
                "cidrBlock": row["cidr"],
                "secondaryCidrBlocks": blocks.get(row["id"], []),
                "ipv6CidrBlock": row["ipv6_cidr"],
                "mtu": row["mtu"],
                "isDefault": bool(row["is_default"]),
                "createTime": row["created"],
                "usageIpv4Count": _usage(state, "vpc_id", row["id"]),
                "usageIpv6Count": count(state, "nic WHERE vpc_id = ? AND ipv6 IS NOT NULL", row["id"]),
                "securityGroupId": row["security_group_id"],
                "dnsZoneIds": [],
                "resourceGroup": GROUP,
                "tags": tags[row["id"]],
            }
            for row in rows
        ]

    return page(state, "vpc", where, asked, shape)


def _usage(state: State, column: str, value: str) -> int:
    """Return how many addresses are in use in a subnet, or in all of a VPC (A17)."""
    used = usage_shown(state, f"subnet_id IN (SELECT id FROM subnet WHERE {column} = ?)", value)
    if state.settings.usage_counts_reserved:
        used += 3 * count(state, f"subnet WHERE {column} = ? AND cidr IS NOT NULL", value)
    return used


def _secondary_blocks(state: State) -> dict[str, list[str]]:
    """Return the added address blocks of every VPC that has some, oldest first."""
    found: dict[str, list[str]] = {}
    for row in state.rows("SELECT vpc_id, cidr FROM vpc_block ORDER BY seq"):
        found.setdefault(row["vpc_id"], []).append(row["cidr"])
    return found


def subnets(state: State, asked: dict[str, Any]) -> dict[str, Any]:
    """DescribeSubnets."""
    where = Where()
    where.among("id", asked["subnetIds"])
    where.like("name", asked["name"])
    where.like("cidr", asked["cidrBlock"])
    where.equals("region_id", asked["regionId"])
    where.among("vpc_id", asked["vpcIds"])
    where.nothing(asked["dhcpOptionsSetId"])
    names = {row["id"]: row["name"] for row in state.rows("SELECT id, name FROM vpc")}

    def shape(rows: list[Row]) -> list[dict[str, Any]]:
        return [
            {
                "subnetId": row["id"],
                "regionId": row["region_id"],
                "name": row["name"],
                "cidrBlock": row["cidr"],
                "gatewayIpAddress": text(row["network"] + 1) if row["cidr"] else None,
                "ipv6CidrBlock": row["ipv6_cidr"],
                "ipv6GatewayIpAddress": row["ipv6_cidr"].replace("/64", "1") if row["ipv6_cidr"] else None,
                "stackType": row["stack"],
                "ipv6Type": row["ipv6_type"],
                "vpcId": row["vpc_id"],
                "vpcName": names.get(row["vpc_id"]),
                "usageIpv4Count": _usage(state, "id", row["id"]),
                "usageIpv6Count": count(state, "nic WHERE subnet_id = ? AND ipv6 IS NOT NULL", row["id"]),
                "createTime": row["created"],
                "isDefault": bool(row["is_default"]),
                "dhcpOptionsSetId": None,
                "ipv6MaskLength": row["ipv6_mask"],
            }
            for row in rows
        ]

    return page(state, "subnet", where, asked, shape)


def network_interfaces(state: State, asked: dict[str, Any]) -> dict[str, Any]:
    """DescribeNetworkInterfaces."""
    where = Where()
    where.among("id", asked["nicIds"])
    where.like("name", asked["name"])
    for field, column in (
        ("regionId", "region_id"),
        ("vpcId", "vpc_id"),
        ("subnetId", "subnet_id"),
        ("instanceId", "instance_id"),
        ("securityGroupId", "security_group_id"),
        ("status", "status"),
        ("nicType", "type"),
        ("nicSubnetType", "stack"),
    ):
        where.equals(column, asked[field])
    where.labels(asked)
    return page(state, "nic", where, asked, lambda rows: _nics(state, rows))


def _nics(state: State, rows: list[Row]) -> list[dict[str, Any]]:
    held, tags = held_by(state, [row["id"] for row in rows]), tags_of(state, rows)
    marks = ",".join("?" * len(rows))
    public: dict[str, list[str]] = {}
    bound = f"SELECT nic_id, public FROM eip WHERE nic_id IN ({marks}) ORDER BY seq"
    for row in state.rows(bound, *(row["id"] for row in rows)):
        public.setdefault(row["nic_id"], []).append(row["public"])
    nets = {row["id"]: row for row in state.rows("SELECT id, ipv6_type, ipv6_mask FROM subnet WHERE stack <> 'IPv4'")}
    shaped = []
    for row in rows:
        own = held.get(row["id"], [])
        primary = next((text(a) for kind, a in own if kind == "primary"), None)
        held_order = sorted(own, key=lambda each: each[1]) if state.settings.private_ip_order == "ascending" else own
        secondary = [text(a) for kind, a in held_order if kind == "secondary"]
        intranet = [*([primary] if primary else []), *secondary]
        outside = public.get(row["id"], [])
        block = None
        if row["ipv6"]:
            net = nets[row["subnet_id"]]
            (outside if net["ipv6_type"] == "Public" else intranet).append(row["ipv6"])
            block = str(ipaddress.IPv6Network((row["ipv6"], net["ipv6_mask"]), strict=False))
        shaped.append(
            {
                "nicId": row["id"],
                "name": row["name"],
                "status": row["status"],
                "nicType": row["type"],
                "regionId": row["region_id"],
                "nicSubnetType": row["stack"],
                "publicIpList": outside,
                "privateIpList": intranet,
                "primaryIpv4": primary,
                "primaryIpv6": row["ipv6"],
                "ipv6Cidr": block,
                "secondaryIpv4s": secondary,
                "macAddress": row["mac"],
                "instanceId": row["instance_id"],
                "vpcId": row["vpc_id"],
                "subnetId": row["subnet_id"],
                "createTime": row["created"],
                "updateTime": row["updated"],
                "resourceGroup": GROUP,
                "securityGroupId": row["security_group_id"],
                "tags": tags[row["id"]],
            }
        )
    return shaped


def regions_of(state: State) -> dict[str, str]:
    """Return regions and their titles: those that documents name, and others that an imported account is in."""
    others = state.rows("SELECT DISTINCT region_id AS id FROM subnet ORDER BY id")
    return _REGIONS | {row["id"]: row["id"] for row in others if row["id"] not in _REGIONS}


def regions_of_nics(state: State, _asked: dict[str, Any]) -> dict[str, Any]:
    """DescribeNetworkInterfaceRegions."""
    return {"regionIds": list(regions_of(state))}


def subnet_regions(state: State, asked: dict[str, Any]) -> dict[str, Any]:
    """DescribeSubnetRegions: where subnets can be made."""
    settings, wanted = state.settings, asked["regionIds"]
    return {
        "regionSet": [
            {
                "regionId": region,
                "regionName": title,
                "regionTitle": title,
                "enablePubIpv6": region not in settings.regions_without_public_ipv6,
            }
            for region, title in regions_of(state).items()
            if (not wanted or region in wanted) and region not in settings.regions_not_on_sale
        ]
    }
