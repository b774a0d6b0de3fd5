"""Changing what is there: VPCs, subnets, vNICs and HaVips (contract.md 5.11-5.14)."""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING, Any

from zecnb.emulator.addressing import find_nic, require_ready
from zecnb.emulator.networks import (
    IPV6_MASK,
    blocks_of,
    find_subnet,
    find_vpc,
    new_ipv6_cidr,
    require_apart,
    require_ipv6_type,
    subnet_network,
    vpc_network,
)
from zecnb.emulator.resources import require_group
from zecnb.emulator.wire import ApiFailure

if TYPE_CHECKING:
    from zecnb.emulator.state import Row, State

__all__ = ["modify_ha_vip", "modify_nic", "modify_nics", "modify_subnet", "modify_subnet_stack", "modify_vpc"]


def modify_vpc(state: State, asked: dict[str, Any]) -> dict[str, Any]:
    """ModifyVpcAttribute: nothing of a default VPC, and a new CIDR keeps every subnet."""
    with state.write() as connection:
        vpc = find_vpc(state, asked["vpcId"])
        if vpc["is_default"]:
            raise ApiFailure("OPERATION_DENIED_DEFAULT_VPC", "The default VPC cannot be changed.")
        if asked["enableIPv6"] is False and vpc["ipv6_cidr"]:
            raise ApiFailure("OPERATION_DENIED_VPC_CANT_DISABLE_IPV6", "IPv6 cannot be disabled.")
        cidr = _new_vpc_cidr(state, vpc, asked["cidrBlock"]) if asked["cidrBlock"] else vpc["cidr"]
        require_group(state, asked["securityGroupId"])
        ipv6 = vpc["ipv6_cidr"]
        if asked["enableIPv6"] and not ipv6:
            ipv6 = f"fd00:{state.random.randint(1, 65535):x}::/48"
        name, group = asked["vpcName"] or vpc["name"], asked["securityGroupId"] or vpc["security_group_id"]
        connection.execute(
            "UPDATE vpc SET name = ?, cidr = ?, ipv6_cidr = ?, security_group_id = ? WHERE id = ?",
            (name, cidr, ipv6, group, vpc["id"]),
        )
    return {}


def _new_vpc_cidr(state: State, vpc: Row, cidr: str) -> str:
    network = vpc_network(state, cidr)
    used = state.row("SELECT 1 FROM subnet WHERE vpc_id = ?", vpc["id"])
    if used and not ipaddress.IPv4Network(vpc["cidr"]).subnet_of(network):
        raise ApiFailure(state.settings.vpc_cidr_code, f"`{network}` does not contain `{vpc['cidr']}`.")
    require_apart(state, network, blocks_of(state, vpc)[1:])
    return str(network)


def modify_subnet(state: State, asked: dict[str, Any]) -> dict[str, Any]:
    """ModifySubnetAttribute: only IPv4 subnets get another CIDR, which contains the old one when it is in use.

    Terraform sends the CIDR that is there with every new name, whatever the stack: that is no other one.
    """
    with state.write() as connection:
        subnet = find_subnet(state, asked["subnetId"])
        if asked["cidrBlock"] and asked["cidrBlock"] != subnet["cidr"]:
            if subnet["stack"] != "IPv4":
                raise ApiFailure("OPERATION_DENIED_SUBNET_TYPE_NOT_SUPPORT", "Only the CIDR of IPv4 subnets changes.")
            network = subnet_network(state, find_vpc(state, subnet["vpc_id"]), asked["cidrBlock"], besides=subnet["id"])
            kept = ipaddress.IPv4Network(subnet["cidr"]).subnet_of(network)
            if not kept and (
                state.usage(subnet["id"]) or state.row("SELECT 1 FROM nic WHERE subnet_id = ?", subnet["id"])
            ):
                raise ApiFailure("INVALID_SUBNET_IN_USE", f"`{network}` does not contain `{subnet['cidr']}`.")
            connection.execute(
                "UPDATE subnet SET cidr = ?, network = ?, prefix = ? WHERE id = ?",
                (str(network), int(network.network_address), network.prefixlen, subnet["id"]),
            )
        if asked["subnetName"]:
            connection.execute("UPDATE subnet SET name = ? WHERE id = ?", (asked["subnetName"], subnet["id"]))
    return {}


def modify_subnet_stack(state: State, asked: dict[str, Any]) -> dict[str, Any]:
    """ModifySubnetStackType: IPv6 can be added to an IPv4 subnet; the same stack again changes nothing."""
    with state.write() as connection:
        subnet = find_subnet(state, asked["subnetId"])
        if subnet["is_default"]:
            raise ApiFailure("OPERATION_DENIED_DEFAULT_SUBNET", "The default subnet cannot be changed.")
        stack, ipv6 = asked["stackType"], subnet["ipv6_cidr"]
        if stack != subnet["stack"]:
            if (subnet["stack"], stack) != ("IPv4", "IPv4_IPv6"):
                raise ApiFailure(
                    "OPERATION_DENIED_SUBNET_TYPE_NOT_SUPPORT", f"`{subnet['stack']}` cannot become `{stack}`."
                )
            require_ipv6_type(state, subnet["region_id"], find_vpc(state, subnet["vpc_id"]), asked)
            ipv6, mask = new_ipv6_cidr(state), asked["ipv6MaskLength"] or IPV6_MASK
            connection.execute(
                "UPDATE subnet SET stack = ?, ipv6_type = ?, ipv6_cidr = ?, ipv6_mask = ? WHERE id = ?",
                (stack, asked["ipv6Type"], ipv6, mask, subnet["id"]),
            )
    return {"ipv6CidrBlock": ipv6}


def modify_nic(state: State, asked: dict[str, Any]) -> dict[str, Any]:
    """ModifyNetworkInterfaceAttribute: name and security group; empty text is what Terraform sends for none."""
    with state.write() as connection:
        nic = find_nic(state, asked["nicId"])
        require_ready(nic)
        require_group(state, asked["securityGroupId"])
        name, group = asked["name"] or nic["name"], asked["securityGroupId"] or nic["security_group_id"]
        connection.execute(
            "UPDATE nic SET name = ?, security_group_id = ?, updated = ? WHERE id = ?",
            (name, group, state.now(), nic["id"]),
        )
    return {}


def modify_nics(state: State, asked: dict[str, Any]) -> dict[str, Any]:
    """ModifyNetworkInterfacesAttribute: one name for all; an unknown id fails the whole call."""
    if not asked["nicIds"]:
        raise ApiFailure("MISSING_PARAMETER", "Parameter `nicIds` is required.")
    with state.write() as connection:
        for nic_id in asked["nicIds"]:
            nic = find_nic(state, nic_id)
            connection.execute(
                "UPDATE nic SET name = ?, updated = ? WHERE id = ?", (asked["name"], state.now(), nic["id"])
            )
    return {}


def modify_ha_vip(state: State, asked: dict[str, Any]) -> dict[str, Any]:
    """ModifyHaVipAttribute: name or security group."""
    if not asked["name"] and not asked["securityGroupId"]:
        raise ApiFailure("MISSING_PARAMETER", "Parameter `name` or `securityGroupId` is required.")
    with state.write() as connection:
        vip = state.row("SELECT * FROM havip WHERE id = ?", asked["haVipId"])
        if vip is None:
            raise ApiFailure("INVALID_HAVIP_NOT_FOUND", f"The HaVip `{asked['haVipId']}` does not exist.")
        require_group(state, asked["securityGroupId"])
        name, group = asked["name"] or vip["name"], asked["securityGroupId"] or vip["security_group_id"]
        connection.execute("UPDATE havip SET name = ?, security_group_id = ? WHERE id = ?", (name, group, vip["id"]))
    return {}
