"""The Describe actions: filters, paging, and the exact field sets of contract.md 6."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from zecnb.emulator.labels import GROUP, tag_condition, tags_of
from zecnb.emulator.state import number, text

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from zecnb.emulator.state import Row, State

__all__ = [
    "eips",
    "ha_vips",
    "load_balancers",
    "network_interfaces",
    "regions_of_nics",
    "subnet_regions",
    "subnets",
    "vpcs",
]

_REGIONS = {
    "asia-east-1": "Hong Kong",
    "asia-north-1": "Tokyo",
    "asia-southeast-1": "Singapore",
    "asia-southwest-1": "Dubai",
    "asia-south-1": "Mumbai",
    "na-west-1": "Los Angeles",
    "europe-central-1": "Frankfurt",
}


class _Where:
    """Conditions of a listing, joined by AND."""

    def __init__(self) -> None:
        self.parts: list[str] = []
        self.values: list[Any] = []

    def equals(self, column: str, value: str | None) -> None:
        if value:
            self.parts.append(f"{column} = ?")
            self.values.append(value)

    def among(self, column: str, values: Sequence[str] | None) -> None:
        if values:
            self.parts.append(f"{column} IN ({','.join('?' * len(values))})")
            self.values.extend(values)

    def like(self, column: str, value: str | None) -> None:
        if value:
            self.parts.append(f"instr({column}, ?) > 0")
            self.values.append(value)

    @property
    def sql(self) -> str:
        return f" WHERE {' AND '.join(self.parts)}" if self.parts else ""


def _page(
    state: State, table: str, where: _Where, asked: dict[str, Any], shape: Callable[[list[Row]], list[dict[str, Any]]]
) -> dict[str, Any]:
    """Count, cut the page, newest first, and shape it."""
    size, page = asked["pageSize"] or 20, asked["pageNum"] or 1
    counted = state.row(f"SELECT COUNT(*) AS n FROM {table}{where.sql}", *where.values)
    sql = f"SELECT * FROM {table}{where.sql} ORDER BY seq DESC LIMIT ? OFFSET ?"
    offset = min((page - 1) * size, 1 << 62)
    found = state.rows(sql, *where.values, size, offset)
    return {"totalCount": counted["n"] if counted else 0, "dataSet": shape(found)}


def vpcs(state: State, asked: dict[str, Any]) -> dict[str, Any]:
    """DescribeVpcs."""
    where = _Where()
    where.among("id", asked["vpcIds"])
    where.like("name", asked["name"])
    where.like("cidr", asked["cidrBlock"])
    _by_labels(where, asked)

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
                "usageIpv4Count": _count(
                    state, "held WHERE subnet_id IN (SELECT id FROM subnet WHERE vpc_id = ?)", row["id"]
                ),
                "usageIpv6Count": _count(state, "nic WHERE vpc_id = ? AND ipv6 IS NOT NULL", row["id"]),
                "securityGroupId": row["security_group_id"],
                "dnsZoneIds": [],
                "resourceGroup": GROUP,
                "tags": tags[row["id"]],
            }
            for row in rows
        ]

    return _page(state, "vpc", where, asked, shape)


def _secondary_blocks(state: State) -> dict[str, list[str]]:
    """Return the added address blocks of every VPC that has some, oldest first."""
    found: dict[str, list[str]] = {}
    for row in state.rows("SELECT vpc_id, cidr FROM vpc_block ORDER BY seq"):
        found.setdefault(row["vpc_id"], []).append(row["cidr"])
    return found


def _count(state: State, what: str, *values: Any) -> int:
    row = state.row(f"SELECT COUNT(*) AS n FROM {what}", *values)
    return int(row["n"]) if row is not None else 0


def _by_labels(where: _Where, asked: dict[str, Any]) -> None:
    """Keep what has the tags asked for; everything is in the default resource group, so another one has nothing."""
    group = asked["resourceGroupId"]
    if group and group != GROUP["resourceGroupId"]:
        where.parts.append("0")
    condition, values = tag_condition(asked)
    if condition:
        where.parts.append(condition)
        where.values += values


def subnets(state: State, asked: dict[str, Any]) -> dict[str, Any]:
    """DescribeSubnets."""
    where = _Where()
    where.among("id", asked["subnetIds"])
    where.like("name", asked["name"])
    where.like("cidr", asked["cidrBlock"])
    where.equals("region_id", asked["regionId"])
    where.among("vpc_id", asked["vpcIds"])
    if asked["dhcpOptionsSetId"]:
        where.parts.append("0")
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
                "usageIpv4Count": state.usage(row["id"]),
                "usageIpv6Count": _count(state, "nic WHERE subnet_id = ? AND ipv6 IS NOT NULL", row["id"]),
                "createTime": row["created"],
                "isDefault": bool(row["is_default"]),
                "dhcpOptionsSetId": None,
                "ipv6MaskLength": None,
            }
            for row in rows
        ]

    return _page(state, "subnet", where, asked, shape)


def network_interfaces(state: State, asked: dict[str, Any]) -> dict[str, Any]:
    """DescribeNetworkInterfaces."""
    where = _Where()
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
    _by_labels(where, asked)
    return _page(state, "nic", where, asked, lambda rows: _nics(state, rows))


def _nics(state: State, rows: list[Row]) -> list[dict[str, Any]]:
    held, tags = _held_by(state, [row["id"] for row in rows]), tags_of(state, rows)
    marks = ",".join("?" * len(rows))
    public: dict[str, list[str]] = {}
    for row in state.rows(f"SELECT nic_id, public FROM eip WHERE nic_id IN ({marks})", *(r["id"] for r in rows)):
        public.setdefault(row["nic_id"], []).append(row["public"])
    shaped = []
    for row in rows:
        own = held.get(row["id"], [])
        primary = next((text(a) for kind, a in own if kind == "primary"), None)
        held_order = sorted(own, key=lambda each: each[1]) if state.settings.private_ip_order == "ascending" else own
        secondary = [text(a) for kind, a in held_order if kind == "secondary"]
        intranet = [*([primary] if primary else []), *secondary, *([row["ipv6"]] if row["ipv6"] else [])]
        shaped.append(
            {
                "nicId": row["id"],
                "name": row["name"],
                "status": row["status"],
                "nicType": row["type"],
                "regionId": row["region_id"],
                "nicSubnetType": row["stack"],
                "publicIpList": public.get(row["id"], []),
                "privateIpList": intranet,
                "primaryIpv4": primary,
                "primaryIpv6": row["ipv6"],
                "ipv6Cidr": f"{row['ipv6']}/128" if row["ipv6"] else None,
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


def _held_by(state: State, owners: list[str]) -> dict[str, list[tuple[str, int]]]:
    """Return what owners hold, in order of assignment, as listings show it now."""
    now = state.clock()
    marks = ",".join("?" * len(owners))
    found: dict[str, list[tuple[str, int]]] = {}
    sql = (
        f"SELECT owner, kind, address, position FROM held WHERE owner IN ({marks}) AND seen_from <= ? "
        f"UNION ALL SELECT owner, kind, address, position FROM lingering WHERE owner IN ({marks}) AND until > ? "
        "AND NOT EXISTS (SELECT 1 FROM held AS back WHERE back.owner = lingering.owner "
        "AND back.address = lingering.address) "
        "ORDER BY owner, position"
    )
    for row in state.rows(sql, *owners, now, *owners, now):
        found.setdefault(row["owner"], []).append((row["kind"], row["address"]))
    return found


def ha_vips(state: State, asked: dict[str, Any]) -> dict[str, Any]:
    """DescribeHaVips."""
    where = _Where()
    where.among("id", asked["haVipIds"])
    where.like("name", asked["name"])
    where.equals("region_id", asked["regionId"])
    where.among("vpc_id", asked["vpcIds"])
    where.among("subnet_id", asked["subnetIds"])
    if asked["ipAddresses"]:
        wanted = [number(each) for each in asked["ipAddresses"]]
        marks = ",".join("?" * len(wanted))
        where.parts.append(f"id IN (SELECT owner FROM held WHERE kind = 'havip' AND address IN ({marks}))")
        where.values.extend(wanted)
    if asked["instanceIds"]:
        where.parts.append("0")
    _by_labels(where, asked)

    def shape(rows: list[Row]) -> list[dict[str, Any]]:
        held, tags = _held_by(state, [row["id"] for row in rows]), tags_of(state, rows)
        return [
            {
                "haVipId": row["id"],
                "name": row["name"],
                "regionId": row["region_id"],
                "vpcId": row["vpc_id"],
                "subnetId": row["subnet_id"],
                "securityGroupId": row["security_group_id"],
                "ipAddress": text(held[row["id"]][0][1]) if row["id"] in held else None,
                "associatedInstances": [],
                "masterInstanceId": None,
                "associatedEips": [],
                "createTime": row["created"],
                "tags": tags[row["id"]],
            }
            for row in rows
        ]

    return _page(state, "havip", where, asked, shape)


def load_balancers(state: State, asked: dict[str, Any]) -> dict[str, Any]:
    """DescribeLoadBalancers of service zlb (contract.md 5.16)."""
    where = _Where()
    where.equals("region_id", asked["regionId"])
    where.equals("vpc_id", asked["vpcId"])
    where.among("id", asked["loadBalancerIds"])
    name = asked["loadBalancerName"]
    if name and name.endswith("*"):
        where.like("name", name[:-1])
    else:
        where.equals("name", name)
    if asked["securityGroupId"] or (asked["ipStackType"] and asked["ipStackType"] != "IPv4"):
        where.parts.append("0")
    _by_labels(where, asked)

    def shape(rows: list[Row]) -> list[dict[str, Any]]:
        held, tags = _held_by(state, [row["id"] for row in rows]), tags_of(state, rows)
        return [
            {
                "regionId": row["region_id"],
                "loadBalancerId": row["id"],
                "loadBalancerName": row["name"],
                "vpcId": row["vpc_id"],
                "subnetId": row["subnet_id"],
                "ipStackType": "IPv4",
                "status": row["status"],
                "publicIpAddress": json.loads(row["public"]),
                "privateIpAddress": [text(a) for kind, a in held.get(row["id"], []) if kind == "lb"],
                "healthCheckPrivateIps": [text(a) for kind, a in held.get(row["id"], []) if kind == "lb_health"],
                "listenerCount": 1,
                "backendServerCount": _count(state, "backend WHERE lb_id = ?", row["id"]),
                "createTime": row["created"],
                "resourceGroup": GROUP,
                "tags": tags[row["id"]],
                "securityGroupId": None,
            }
            for row in rows
        ]

    return _page(state, "lb", where, asked, shape)


def eips(state: State, asked: dict[str, Any]) -> dict[str, Any]:
    """DescribeEips (contract.md 5.17)."""
    where = _Where()
    where.among("id", asked["eipIds"])
    where.equals("region_id", asked["regionId"])
    where.like("name", asked["name"])
    if asked["privateIpAddress"]:
        where.parts.append("address = ?")
        where.values.append(number(asked["privateIpAddress"]))
    where.equals("public", asked["ipAddress"])
    where.among("public", asked["ipAddresses"])
    where.equals("nic_id", asked["associatedId"])
    if asked["status"]:
        where.parts.append({"BOUND": "nic_id IS NOT NULL", "UNBOUND": "nic_id IS NULL"}.get(asked["status"], "0"))
    _by_labels(where, asked)

    def shape(rows: list[Row]) -> list[dict[str, Any]]:
        tags = tags_of(state, rows)
        return [
            {
                "eipId": row["id"],
                "name": row["name"],
                "regionId": row["region_id"],
                "status": "BOUND" if row["nic_id"] else "UNBOUND",
                "publicIpAddresses": [row["public"]],
                "privateIpAddress": text(row["address"]) if row["nic_id"] else None,
                "nicId": row["nic_id"],
                "associatedId": row["nic_id"],
                "associatedType": "NIC" if row["nic_id"] else None,
                "instanceId": None,
                "bindType": "FullNat" if row["nic_id"] else None,
                "createTime": row["created"],
                **GROUP,
                "tags": tags[row["id"]],
            }
            for row in rows
        ]

    return _page(state, "eip", where, asked, shape)


def regions_of_nics(_state: State, _asked: dict[str, Any]) -> dict[str, Any]:
    """DescribeNetworkInterfaceRegions."""
    return {"regionIds": list(_REGIONS)}


def subnet_regions(_state: State, asked: dict[str, Any]) -> dict[str, Any]:
    """DescribeSubnetRegions."""
    wanted = asked["regionIds"] or list(_REGIONS)
    return {
        "regionSet": [
            {"regionId": region, "regionName": name, "regionTitle": name, "enablePubIpv6": True}
            for region, name in _REGIONS.items()
            if region in wanted
        ]
    }


REGIONS = tuple(_REGIONS)
"""Regions that resources can be in (contract.md 6)."""
