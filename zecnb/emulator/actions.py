"""One entry per API action: its parameters, and the handler (contract.md 5)."""

from __future__ import annotations

import ipaddress
import logging
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

from zecnb.emulator import addressing, attachments, balancers, changes, elastic, holdings, listings, networks, resources
from zecnb.emulator.checks import STATUSES
from zecnb.emulator.fields import Field, Fields, read_fields
from zecnb.emulator.parameters import (
    CHARGES,
    LABEL_FILTERS,
    LABELS,
    NEW_SUBNET,
    NIC_NAME,
    NICS_RENAME,
    PAGE,
    PRICE,
    STACKS,
    VPC_RENAME,
    choice,
    ids,
    named,
    needed,
    texts,
    unheeded,
)
from zecnb.emulator.wire import ApiFailure, NotHereFailure

if TYPE_CHECKING:
    from zecnb.emulator.settings import Settings
    from zecnb.emulator.state import State

__all__ = ["SERVICES", "Action", "Context", "find_action", "knows", "name_of"]

_log = logging.getLogger("zecnb.emulator")
_NEWEST = "2025-09-01"


class Context(NamedTuple):
    """What a handler may need besides its parameters.

    Attributes:
        state: the resources.
        lag: seconds before listings show what this call does (a fault).
    """

    state: State
    lag: float = 0.0


Handler = Callable[[Context, dict[str, Any]], dict[str, Any]]


class Action(NamedTuple):
    """One API action.

    Attributes:
        fields: its parameters.
        handler: what it does.
        since: the oldest version that has it, any when empty.
    """

    fields: Fields
    handler: Handler
    since: str = ""

    def run(self, context: Context, body: dict[str, Any]) -> dict[str, Any]:
        """Check the parameters and do it, on a state that is up to date."""
        addressing.settle(context.state)
        asked = read_fields(body, self.fields, context.state.settings)
        if lost := [field.name for field in self.fields if not field.heeded and asked[field.name] is not None]:
            _log.warning("%s changes nothing here: it is unimplemented", " and ".join(lost))
        return self.handler(context, asked)


def _plain(handler: Callable[[State, dict[str, Any]], dict[str, Any]], *fields: Field, since: str = "") -> Action:
    return Action(fields, lambda context, asked: handler(context.state, asked), since)


def _listing(handler: Callable[[State, dict[str, Any]], dict[str, Any]], *fields: Field, since: str = "") -> Action:
    """Return an action that lists resources as they are at one moment."""

    def read(context: Context, asked: dict[str, Any]) -> dict[str, Any]:
        with context.state.snapshot():
            return handler(context.state, asked)

    return Action((*fields, *PAGE), read, since)


# -- vNIC addresses ------------------------------------------------------------------------------------------------


def _batch_assign(context: Context, asked: dict[str, Any]) -> dict[str, Any]:
    """BatchAssignNetworkInterfaceIpv4: an empty list counts as absent (A11), a list wins over a count."""
    addresses, count = asked["ipAddresses"], asked["ipAddressCount"]
    settings = context.state.settings
    if count is not None and count < 1 and not (addresses and settings.count_beside_list == "ignored"):
        raise ApiFailure("INVALID_PARAMETER_LESS_MINIMUM", "Parameter `ipAddressCount` must be at least 1.")
    refused = addresses == [] and settings.empty_list == "refused"
    if refused or (not addresses and count is None):
        raise ApiFailure(settings.nothing_asked_code, "Either `ipAddresses` or `ipAddressCount` is required.")
    taken = addressing.assign(context.state, asked["nicId"], addresses, count, lag=context.lag)
    if settings.answer_order == "ascending":
        taken.sort(key=ipaddress.IPv4Address)
    return {"ipAddresses": taken}


def _assign(context: Context, asked: dict[str, Any]) -> dict[str, Any]:
    limited = context.state.settings.assign_has_limit
    addressing.assign(context.state, asked["nicId"], [asked["ipAddress"]], None, lag=context.lag, limited=limited)
    return {}


def _unassign(context: Context, asked: dict[str, Any]) -> dict[str, Any]:
    """UnassignNetworkInterfaceIpv4: the list wins over the deprecated single address."""
    addresses = asked["ipAddresses"] or ([asked["ipAddress"]] if asked["ipAddress"] else [])
    addressing.release(context.state, asked["nicId"], addresses, lag=context.lag)
    return {}


def _replace_primary(state: State, asked: dict[str, Any]) -> dict[str, Any]:
    """ReplaceNetworkInterfacePrimaryIpv4; there is no machine here to reboot."""
    address = addressing.replace_primary(state, asked["nicId"], asked["primaryIpAddress"] or None)
    return {"nicId": asked["nicId"], "primaryIpAddress": address}


def _create_subnets(state: State, asked: dict[str, Any]) -> dict[str, Any]:
    """CreateSubnets: each of them has the parameters of CreateSubnet."""
    if not asked["subnets"]:
        raise ApiFailure("MISSING_PARAMETER", "Parameter `subnets` is required.")
    subnets = [read_fields(each, NEW_SUBNET, state.settings) for each in asked["subnets"]]
    return networks.create_subnets(state, {**asked, "subnets": subnets})


_ZEC = {
    "BatchAssignNetworkInterfaceIpv4": Action(
        # No cap on the list but what a vNIC may have (A20), and what a body may be.
        (*needed("nicId"), Field("ipAddresses", list, longest=1 << 20), Field("ipAddressCount", int)),
        _batch_assign,
    ),
    "AssignNetworkInterfaceIpv4": Action(needed("nicId", "ipAddress"), _assign),
    "UnassignNetworkInterfaceIpv4": Action(
        (*needed("nicId"), Field("ipAddress", str), Field("ipAddresses", list)), _unassign
    ),
    "DescribeNetworkInterfaceRegions": _plain(listings.regions_of_nics),
    "DescribeNetworkInterfaces": _listing(
        listings.network_interfaces,
        *ids("nicIds"),
        *texts("name", "regionId", "vpcId", "subnetId", "instanceId", "securityGroupId"),
        choice("status", *STATUSES),
        choice("nicType", "Primary", "Secondary"),
        choice("nicSubnetType", *STACKS),
        *LABEL_FILTERS,
    ),
    "CreateNetworkInterface": _plain(
        resources.create_nic,
        named("name", required=True, characters=NIC_NAME),
        *needed("subnetId"),
        choice("nicStackType", *STACKS),
        *texts("securityGroupId", "clusterId"),
        Field("bandwidth", int),
        Field("packageSize", float),
        *ids("eipIds"),
        choice("eipBindType", "FullNat", "Passthrough"),
        *PRICE,
        *LABELS,
    ),
    "DeleteNetworkInterface": _plain(resources.delete_nic, *needed("nicId")),
    "AttachNetworkInterface": _plain(attachments.attach, *needed("nicId", "instanceId")),
    "DetachNetworkInterface": _plain(attachments.detach, *needed("nicId")),
    "ModifyNetworkInterfaceAttribute": _plain(
        changes.modify_nic,
        *needed("nicId"),
        named("name", characters=NIC_NAME),
        *texts("securityGroupId"),
        since=_NEWEST,
    ),
    "ModifyNetworkInterfacesAttribute": _plain(
        changes.modify_nics,
        Field("nicIds", list, required=True, longest="ids_max"),
        named("name", required=True, characters=NICS_RENAME),
    ),
    "ReplaceNetworkInterfacePrimaryIpv4": _plain(
        _replace_primary,
        *needed("nicId"),
        *texts("primaryIpAddress"),
        Field("rebootInstance", bool),
        since=_NEWEST,
    ),
    "DescribeVpcs": _listing(listings.vpcs, *ids("vpcIds"), *texts("name", "cidrBlock"), *LABEL_FILTERS),
    "CreateVpc": _plain(
        networks.create_vpc,
        named("name", required=True),
        *needed("cidrBlock"),
        Field("mtu", int, required=True),
        Field("enablePriIpv6", bool),
        *LABELS,
    ),
    "ModifyVpcAttribute": _plain(
        changes.modify_vpc,
        *needed("vpcId"),
        named("vpcName", characters=VPC_RENAME),
        *texts("cidrBlock", "securityGroupId"),
        Field("enableIPv6", bool),
    ),
    "AssociateVpcCidrBlock": _plain(networks.associate_block, *needed("vpcId", "cidrBlock"), since=_NEWEST),
    "UnassociateVpcCidrBlock": _plain(networks.unassociate_block, *needed("vpcId", "cidrBlock"), since=_NEWEST),
    "DeleteVpc": _plain(networks.delete_vpc, *needed("vpcId")),
    "DescribeSubnetRegions": _plain(listings.subnet_regions, Field("regionIds", list)),
    "DescribeSubnets": _listing(
        listings.subnets,
        Field("subnetIds", list),
        *ids("vpcIds"),
        *texts("name", "cidrBlock", "regionId", "dhcpOptionsSetId"),
    ),
    "CreateSubnet": _plain(networks.create_subnet, *needed("vpcId"), *NEW_SUBNET),
    "CreateSubnets": _plain(
        _create_subnets,
        *needed("vpcId"),
        Field("subnets", list, required=True, longest=10, items=dict),
        since=_NEWEST,
    ),
    "ModifySubnetAttribute": _plain(
        changes.modify_subnet, *needed("subnetId"), named("subnetName"), *texts("cidrBlock")
    ),
    "ModifySubnetStackType": _plain(
        changes.modify_subnet_stack,
        *needed("subnetId"),
        choice("stackType", *STACKS, required=True),
        *NEW_SUBNET[4:5],
        *NEW_SUBNET[6:],
    ),
    "DeleteSubnet": _plain(networks.delete_subnet, *needed("subnetId")),
    "DeleteSubnets": _plain(
        networks.delete_subnets, Field("subnetIds", list, required=True, longest="ids_max"), since=_NEWEST
    ),
    "DescribeHaVips": _listing(
        holdings.ha_vips,
        *ids("haVipIds", "ipAddresses"),
        Field("vpcIds", list),
        Field("subnetIds", list),
        Field("instanceIds", list),
        *texts("name", "regionId"),
        *LABEL_FILTERS[1:],
        since=_NEWEST,
    ),
    "CreateHaVip": _plain(
        resources.order_ha_vip,
        *needed("subnetId"),
        Field("name", str, required=True, shortest=1, longest=64),
        *texts("ipAddress", "securityGroupId"),
        LABELS[1],
        since=_NEWEST,
    ),
    "ModifyHaVipAttribute": _plain(
        changes.modify_ha_vip,
        *needed("haVipId"),
        Field("name", str, longest=64),
        *texts("securityGroupId"),
        since=_NEWEST,
    ),
    "DeleteHaVip": _plain(resources.delete_ha_vip, *needed("haVipId"), since=_NEWEST),
    "DescribeEips": _listing(
        holdings.eips,
        *ids("eipIds", "ipAddresses", "cidrIds"),
        *texts("regionId", "name", "privateIpAddress", "ipAddress", "associatedId", "instanceId"),
        choice(
            "status",
            *("CREATING", "DELETING", "ASSIGNING", "BINDED", "RECYCLING", "RECYCLED", "UNBIND", "CREATE_FAILED"),
        ),
        choice("internetChargeType", *CHARGES),
        Field("prefixLength", int, low=24, high=32),
        Field("isDefault", bool),
        Field("isCustomized", bool),
        *LABEL_FILTERS,
    ),
    "CreateEips": _plain(
        elastic.create_eips,
        *needed("regionId"),
        choice("internetChargeType", *CHARGES, required=True),
        named("name", required=True),
        Field("amount", int, low=1, high="eips_per_call"),
        *texts("eipV4Type", "networkLineType", "primaryIsp", "clusterId"),
        Field("bandwidth", int),
        Field("flowPackage", float),
        choice("bindType", "FullNat", "Passthrough"),
        choice("rateLimitMode", "LOOSE", "STRICT"),
        *unheeded(cidrId=str, publicIp=str, peerRegionId=str, instanceId=str, instanceIds=list, prefixLength=int),
        PRICE[1],
        *LABELS,
    ),
    "DeleteEip": _plain(elastic.delete_eip, *needed("eipId")),
    "AssociateEipAddress": _plain(
        elastic.associate,
        *ids("eipIds"),
        *texts("nicId", "lanIp", "loadBalancerId", "natId", "haVipId"),
        choice("bindType", "FullNat", "Passthrough"),
    ),
    "UnassociateEipAddress": _plain(elastic.unassociate, *ids("eipIds")),
    "AvailableLanIp": _plain(elastic.available_lan_ips, *needed("eipId")),
}
_ZLB = {
    "DescribeLoadBalancers": _listing(
        holdings.load_balancers,
        *ids("loadBalancerIds"),
        *texts("regionId", "vpcId", "loadBalancerName", "securityGroupId"),
        choice("ipStackType", *STACKS),
        *LABEL_FILTERS,
    ),
    "CreateLoadBalancer": _plain(
        balancers.create_load_balancers,
        *needed("regionId", "vpcId"),
        Field("loadBalancerName", str, required=True, shortest=1, longest=64),
        *texts("subnetId", "securityGroupId", "ipNetworkType", "networkLineType", "bandwidthClusterId"),
        Field("healthCheckPrivateIps", list),
        choice("ipStackType", *STACKS),
        Field("number", int, low=1, high="balancers_per_call"),
        Field("bandwidthMbps", int, low=1),
        Field("trafficPackageSize", float, low=0, high=999_999),
        *unheeded(eipIds=list),
        *PRICE,
        *LABELS,
    ),
    "TerminateLoadBalancer": _plain(
        balancers.terminate_load_balancer, *needed("loadBalancerId"), *unheeded(eipIds=list)
    ),
}
_SPELT = {("2024-04-01", "UnAssignNetworkInterfaceIpv4"): "UnassignNetworkInterfaceIpv4"}
"""What a version's clients call an action otherwise than its documents: the vendor's Python SDK 2.0.77 sends these."""

SERVICES = {"zec": (_ZEC, ("2025-09-01", "2024-04-01")), "zlb": (_ZLB, ("2025-04-01",))}
"""Actions and versions of each service."""


def name_of(spelt: str, version: str) -> str:
    """Return an action's name as documents write it, however the clients of a version spell it."""
    return _SPELT.get((version, spelt), spelt)


def knows(service: str, name: str) -> bool:
    """Return whether a service has an action in any version."""
    actions, _ = SERVICES.get(service, ({}, ()))
    return name in actions


def find_action(path: str, name: str, version: str, settings: Settings) -> Action:
    """Return the action a request names.

    Args:
        path: of the URL.
        name: of the action.
        version: of the API, the newest when empty (A1).
        settings: whether a version may be missing, or one that does not exist.

    Raises:
        NotHereFailure: there is none of this name in this version (contract.md 2.4, A1).
    """
    actions, versions = SERVICES.get(path.removeprefix("/api/v2/").rstrip("/"), ({}, ()))
    action = actions.get(name)
    known = version in versions
    allowed = settings.unsupported_version == "ignore" if version else settings.missing_version == "newest"
    if action is None or not (known or allowed) or (known and version < action.since):
        raise NotHereFailure(f"The action `{name[:80]}` of version `{version[:80]}` at `{path[:80]}`")
    return action
