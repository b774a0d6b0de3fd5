"""Describe actions for what else holds or guards addresses: HaVips, load balancers, elastic IPs (5.14, 5.16, 5.17)."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from zecnb.emulator.labels import GROUP, tags_of
from zecnb.emulator.pages import Where, count, held_by, page
from zecnb.emulator.state import number, text

if TYPE_CHECKING:
    from zecnb.emulator.state import Row, State

__all__ = ["eips", "ha_vips", "load_balancers"]

_PREFIX = 32
"""Prefix length of an elastic IP of one address."""

_UNKNOWN = (
    "peerRegionId", "eipV4Type", "networkLineType", "cidrId", "flowPackage", "bandwidth", "rateLimitMode",
    "expiredTime", "bandwidthCluster", "operationInfo",
)  # fmt: skip
"""Fields of an elastic IP that are about lines and prices, of which nothing is known here."""


def ha_vips(state: State, asked: dict[str, Any]) -> dict[str, Any]:
    """DescribeHaVips."""
    where = Where()
    where.among("id", asked["haVipIds"])
    where.like("name", asked["name"])
    where.equals("region_id", asked["regionId"])
    where.among("vpc_id", asked["vpcIds"])
    where.among("subnet_id", asked["subnetIds"])
    if asked["ipAddresses"]:
        wanted = [number(each) for each in asked["ipAddresses"]]
        marks = ",".join("?" * len(wanted))
        where.add(f"id IN (SELECT owner FROM held WHERE kind = 'havip' AND address IN ({marks}))", *wanted)
    where.nothing(asked["instanceIds"])
    where.labels(asked)

    def shape(rows: list[Row]) -> list[dict[str, Any]]:
        held, tags = held_by(state, [row["id"] for row in rows]), tags_of(state, rows)
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

    return page(state, "havip", where, asked, shape)


def load_balancers(state: State, asked: dict[str, Any]) -> dict[str, Any]:
    """DescribeLoadBalancers of service zlb (contract.md 5.16)."""
    where = Where()
    where.equals("region_id", asked["regionId"])
    where.equals("vpc_id", asked["vpcId"])
    where.among("id", asked["loadBalancerIds"])
    name = asked["loadBalancerName"]
    if name and name.endswith("*"):
        where.like("name", name[:-1])
    else:
        where.equals("name", name)
    where.equals("security_group_id", asked["securityGroupId"])
    where.equals("stack", asked["ipStackType"])
    where.labels(asked)

    def shape(rows: list[Row]) -> list[dict[str, Any]]:
        held, tags = held_by(state, [row["id"] for row in rows]), tags_of(state, rows)
        return [
            {
                "regionId": row["region_id"],
                "loadBalancerId": row["id"],
                "loadBalancerName": row["name"],
                "vpcId": row["vpc_id"],
                "subnetId": row["subnet_id"],
                "ipStackType": row["stack"],
                "status": row["status"],
                "publicIpAddress": json.loads(row["public"]),
                "privateIpAddress": [text(a) for kind, a in held.get(row["id"], []) if kind == "lb"],
                "healthCheckPrivateIps": [text(a) for kind, a in held.get(row["id"], []) if kind == "lb_health"],
                "listenerCount": 1,
                "backendServerCount": count(state, "backend WHERE lb_id = ?", row["id"]),
                "createTime": row["created"],
                "resourceGroup": GROUP,
                "tags": tags[row["id"]],
                "securityGroupId": row["security_group_id"],
            }
            for row in rows
        ]

    return page(state, "lb", where, asked, shape)


def eips(state: State, asked: dict[str, Any]) -> dict[str, Any]:
    """DescribeEips: those of single addresses, none of a customer's own block (contract.md 5.17)."""
    where = Where()
    where.among("id", asked["eipIds"])
    where.equals("region_id", asked["regionId"])
    where.like("name", asked["name"])
    if asked["privateIpAddress"]:
        where.add("address = ?", number(asked["privateIpAddress"]))
    where.equals("public", asked["ipAddress"])
    where.among("public", asked["ipAddresses"])
    where.equals("nic_id", asked["associatedId"])
    if asked["instanceId"]:
        where.add("nic_id IN (SELECT id FROM nic WHERE instance_id = ?)", asked["instanceId"])
    where.equals("charge_type", asked["internetChargeType"])
    where.nothing(asked["cidrIds"] or asked["isDefault"] or asked["isCustomized"])
    where.nothing(asked["prefixLength"] not in (None, _PREFIX))
    if asked["status"]:
        where.add({"BINDED": "nic_id IS NOT NULL", "UNBIND": "nic_id IS NULL"}.get(asked["status"], "0"))
    where.labels(asked)
    return page(state, "eip", where, asked, lambda rows: _eips(state, rows))


def _eips(state: State, rows: list[Row]) -> list[dict[str, Any]]:
    tags, marks = tags_of(state, rows), ",".join("?" * len(rows))
    bound = [row["nic_id"] for row in rows]
    found = state.rows(f"SELECT id, instance_id FROM nic WHERE id IN ({marks})", *bound)
    hosts = {row["id"]: row["instance_id"] for row in found}
    return [
        {
            "eipId": row["id"],
            "name": row["name"],
            "regionId": row["region_id"],
            "status": "BINDED" if row["nic_id"] else "UNBIND",
            "publicIpAddresses": [row["public"]],
            "privateIpAddress": text(row["address"]) if row["nic_id"] else None,
            "nicId": row["nic_id"],
            "associatedId": row["nic_id"],
            "associatedType": "NIC" if row["nic_id"] else None,
            "instanceId": hosts.get(row["nic_id"]),
            "bindType": row["bind_type"] if row["nic_id"] else None,
            "internetChargeType": row["charge_type"],
            "prefixLength": _PREFIX,
            "isDefault": False,
            "isCustomized": False,
            **dict.fromkeys(_UNKNOWN),
            "flowPackages": [],
            "eipGeoRefs": [],
            "blockInfoList": [],
            "createTime": row["created"],
            **GROUP,
            "tags": tags[row["id"]],
        }
        for row in rows
    ]
