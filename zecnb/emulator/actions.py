"""One entry per API action: its parameters, and the handler (contract.md 5)."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

from zecnb.emulator import addressing, attachments, balancers, changes, elastic, listings, networks, resources
from zecnb.emulator.fields import Field, Fields, read_fields
from zecnb.emulator.labels import LABELS
from zecnb.emulator.wire import ApiFailure

if TYPE_CHECKING:
    from zecnb.emulator.settings import Settings
    from zecnb.emulator.state import State

__all__ = ["Action", "Context", "find_action"]

_STACKS = ("IPv4", "IPv4_IPv6", "IPv6")
_NEWEST = "2025-09-01"
_CHARGES = ("ByBandwidth", "ByTrafficPackage", "BandwidthCluster")
_STATUSES = ("PENDING", "AVAILABLE", "ATTACHING", "USED", "DETACHING", "DELETING", "CREATE_FAILED")


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
        return self.handler(context, read_fields(body, self.fields, context.state.settings))


def _listing(handler: Callable[[State, dict[str, Any]], dict[str, Any]], *fields: Field, since: str = "") -> Action:
    common = (
        Field("resourceGroupId", str),
        Field("tagKeys", list, longest=20),
        Field("tags", list, longest=20, items=dict),
        Field("pageSize", int, low=1, high="page_size_max"),
        Field("pageNum", int, low=1),
    )

    def read(context: Context, asked: dict[str, Any]) -> dict[str, Any]:
        with context.state.snapshot():
            return handler(context.state, asked)

    return Action((*fields, *common), read, since)


def _plain(handler: Callable[[State, dict[str, Any]], dict[str, Any]], *fields: Field, since: str = "") -> Action:
    return Action(fields, lambda context, asked: handler(context.state, asked), since)


def _texts(*names: str) -> tuple[Field, ...]:
    return tuple(Field(name, str) for name in names)


def _ids(*names: str) -> tuple[Field, ...]:
    return tuple(Field(name, list, longest="ids_max") for name in names)


# -- vNIC addresses ------------------------------------------------------------------------------------------------


def _batch_assign(context: Context, asked: dict[str, Any]) -> dict[str, Any]:
    """BatchAssignNetworkInterfaceIpv4: an empty list counts as absent (A11), a list wins over a count."""
    addresses, count = asked["ipAddresses"], asked["ipAddressCount"]
    settings = context.state.settings
    if count is not None and count < 1 and not (addresses and settings.count_beside_list == "ignored"):
        raise ApiFailure("INVALID_PARAMETER_LESS_MINIMUM", "Parameter `ipAddressCount` must be at least 1.")
    refused = addresses == [] and settings.empty_list == "refused"
    if refused or (not addresses and count is None):
        raise ApiFailure("MISSING_PARAMETER", "Either `ipAddresses` or `ipAddressCount` is required.")
    taken = addressing.assign(context.state, asked["nicId"], addresses, count, lag=context.lag)
    if settings.answer_order == "ascending":
        taken.sort(key=ipaddress.IPv4Address)
    return {"ipAddresses": taken}


def _assign(context: Context, asked: dict[str, Any]) -> dict[str, Any]:
    addressing.assign(context.state, asked["nicId"], [asked["ipAddress"]], None, lag=context.lag)
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
    subnets = [read_fields(each, _SUBNET, state.settings) for each in asked["subnets"]]
    return networks.create_subnets(state, {**asked, "subnets": subnets})


_SUBNET = (
    Field("name", str, required=True, characters="name_characters", shortest=2, longest=63),
    Field("regionId", str, required=True),
    Field("stackType", str, required=True, choices=_STACKS),
    Field("cidrBlock", str),
    Field("ipv6Type", str, choices=("Private", "Public")),
)
_BLOCK = (Field("vpcId", str, required=True), Field("cidrBlock", str, required=True))
_ZEC = {
    "BatchAssignNetworkInterfaceIpv4": Action(
        (Field("nicId", str, required=True), Field("ipAddresses", list), Field("ipAddressCount", int)),
        _batch_assign,
    ),
    "AssignNetworkInterfaceIpv4": Action(
        (Field("nicId", str, required=True), Field("ipAddress", str, required=True)), _assign
    ),
    "UnassignNetworkInterfaceIpv4": Action(
        (Field("nicId", str, required=True), Field("ipAddress", str), Field("ipAddresses", list)), _unassign
    ),
    "DescribeNetworkInterfaceRegions": _plain(listings.regions_of_nics),
    "DescribeNetworkInterfaces": _listing(
        listings.network_interfaces,
        *_ids("nicIds"),
        *_texts("name", "regionId", "vpcId", "subnetId", "instanceId", "securityGroupId"),
        Field("status", str, choices=_STATUSES),
        Field("nicType", str, choices=("Primary", "Secondary")),
        Field("nicSubnetType", str, choices=_STACKS),
    ),
    "CreateNetworkInterface": _plain(
        resources.create_nic,
        Field("name", str, required=True, characters="nic_name_characters", shortest=2, longest=63),
        Field("subnetId", str, required=True),
        Field("nicStackType", str, choices=_STACKS),
        Field("securityGroupId", str),
        *_ids("eipIds"),
        Field("eipBindType", str, choices=("FullNat", "Passthrough")),
        *LABELS,
    ),
    "DeleteNetworkInterface": _plain(resources.delete_nic, Field("nicId", str, required=True)),
    "AttachNetworkInterface": _plain(
        attachments.attach, Field("nicId", str, required=True), Field("instanceId", str, required=True)
    ),
    "DetachNetworkInterface": _plain(attachments.detach, Field("nicId", str, required=True)),
    "ModifyNetworkInterfaceAttribute": _plain(
        changes.modify_nic,
        Field("nicId", str, required=True),
        Field("name", str, characters="nic_name_characters", shortest=2, longest=63),
        Field("securityGroupId", str),
        since=_NEWEST,
    ),
    "ModifyNetworkInterfacesAttribute": _plain(
        changes.modify_nics,
        Field("nicIds", list, required=True, longest="ids_max"),
        Field("name", str, required=True, characters="name_characters", shortest=2, longest=63),
        since=_NEWEST,
    ),
    "ReplaceNetworkInterfacePrimaryIpv4": _plain(
        _replace_primary,
        Field("nicId", str, required=True),
        Field("primaryIpAddress", str),
        Field("rebootInstance", bool),
        since=_NEWEST,
    ),
    "DescribeVpcs": _listing(listings.vpcs, *_ids("vpcIds"), *_texts("name", "cidrBlock")),
    "CreateVpc": _plain(
        networks.create_vpc,
        Field("name", str, required=True, characters="name_characters", shortest=2, longest=63),
        Field("cidrBlock", str, required=True),
        Field("mtu", int, required=True),
        Field("enablePriIpv6", bool),
        *LABELS,
    ),
    "ModifyVpcAttribute": _plain(
        changes.modify_vpc,
        Field("vpcId", str, required=True),
        Field("vpcName", str, characters="nic_name_characters", shortest=2, longest=63),
        Field("cidrBlock", str),
        Field("enableIPv6", bool),
        Field("securityGroupId", str),
    ),
    "AssociateVpcCidrBlock": _plain(networks.associate_block, *_BLOCK, since=_NEWEST),
    "UnassociateVpcCidrBlock": _plain(networks.unassociate_block, *_BLOCK, since=_NEWEST),
    "DeleteVpc": _plain(networks.delete_vpc, Field("vpcId", str, required=True)),
    "DescribeSubnetRegions": _plain(listings.subnet_regions, Field("regionIds", list)),
    "DescribeSubnets": _listing(
        listings.subnets,
        Field("subnetIds", list),
        *_ids("vpcIds"),
        *_texts("name", "cidrBlock", "regionId", "dhcpOptionsSetId"),
    ),
    "CreateSubnet": _plain(networks.create_subnet, Field("vpcId", str, required=True), *_SUBNET),
    "CreateSubnets": _plain(
        _create_subnets,
        Field("vpcId", str, required=True),
        Field("subnets", list, required=True, longest=10, items=dict),
        since=_NEWEST,
    ),
    "ModifySubnetAttribute": _plain(
        changes.modify_subnet,
        Field("subnetId", str, required=True),
        Field("subnetName", str, characters="name_characters", shortest=2, longest=63),
        Field("cidrBlock", str),
    ),
    "ModifySubnetStackType": _plain(
        changes.modify_subnet_stack,
        Field("subnetId", str, required=True),
        Field("stackType", str, required=True, choices=_STACKS),
        Field("ipv6Type", str, choices=("Private", "Public")),
    ),
    "DeleteSubnet": _plain(networks.delete_subnet, Field("subnetId", str, required=True)),
    "DeleteSubnets": _plain(
        networks.delete_subnets, Field("subnetIds", list, required=True, longest="ids_max"), since=_NEWEST
    ),
    "DescribeHaVips": _listing(
        listings.ha_vips,
        *_ids("haVipIds", "ipAddresses"),
        Field("vpcIds", list),
        Field("subnetIds", list),
        Field("instanceIds", list),
        *_texts("name", "regionId"),
        since=_NEWEST,
    ),
    "CreateHaVip": _plain(
        resources.order_ha_vip,
        Field("subnetId", str, required=True),
        Field("name", str, required=True, shortest=1, longest=64),
        Field("ipAddress", str),
        Field("securityGroupId", str),
        LABELS[1],
        since=_NEWEST,
    ),
    "ModifyHaVipAttribute": _plain(
        changes.modify_ha_vip,
        Field("haVipId", str, required=True),
        Field("name", str, longest=64),
        Field("securityGroupId", str),
        since=_NEWEST,
    ),
    "DeleteHaVip": _plain(resources.delete_ha_vip, Field("haVipId", str, required=True), since=_NEWEST),
    "DescribeEips": _listing(
        listings.eips,
        *_ids("eipIds", "ipAddresses"),
        *_texts("regionId", "name", "status", "privateIpAddress", "ipAddress", "associatedId"),
    ),
    "CreateEips": _plain(
        elastic.create_eips,
        Field("regionId", str, required=True),
        Field("internetChargeType", str, required=True, choices=_CHARGES),
        Field("amount", int, low=1, high="eips_per_call"),
        Field("name", str, longest=64),
        *LABELS,
    ),
    "DeleteEip": _plain(elastic.delete_eip, Field("eipId", str, required=True)),
    "AssociateEipAddress": _plain(
        elastic.associate,
        *_ids("eipIds"),
        *_texts("nicId", "lanIp", "loadBalancerId", "natId", "haVipId"),
        Field("bindType", str, choices=("FullNat", "Passthrough")),
    ),
    "UnassociateEipAddress": _plain(elastic.unassociate, *_ids("eipIds")),
    "AvailableLanIp": _plain(elastic.available_lan_ips, Field("eipId", str, required=True)),
}
_ZLB = {
    "DescribeLoadBalancers": _listing(
        listings.load_balancers,
        *_ids("loadBalancerIds"),
        *_texts("regionId", "vpcId", "ipStackType", "loadBalancerName", "securityGroupId"),
    ),
    "CreateLoadBalancer": _plain(
        balancers.create_load_balancers,
        Field("regionId", str, required=True),
        Field("vpcId", str, required=True),
        *_texts("subnetId", "securityGroupId"),
        Field("healthCheckPrivateIps", list),
        Field("loadBalancerName", str, longest=64),
        Field("ipStackType", str, choices=_STACKS),
        Field("number", int, low=1, high="balancers_per_call"),
        *LABELS,
    ),
    "TerminateLoadBalancer": _plain(
        balancers.terminate_load_balancer, Field("loadBalancerId", str, required=True), Field("eipIds", list)
    ),
}
_SERVICES = {"zec": (_ZEC, ("2025-09-01", "2024-04-01")), "zlb": (_ZLB, ("2025-04-01",))}


def find_action(path: str, name: str, version: str, settings: Settings) -> Action:
    """Return the action a request names.

    Args:
        path: of the URL.
        name: of the action.
        version: of the API, the newest when empty (A1).
        settings: whether a version may be missing, or one that does not exist.

    Raises:
        ApiFailure: AUTHFAILURE_UNAUTHORIZED_OPERATION, the code for what does not exist too (contract.md 2.4, A1).
    """
    actions, versions = _SERVICES.get(path.removeprefix("/api/v2/").rstrip("/"), ({}, ()))
    action = actions.get(name)
    known = version in versions
    allowed = settings.unsupported_version == "ignore" if version else settings.missing_version == "newest"
    if action is None or not (known or allowed) or (known and version < action.since):
        raise ApiFailure("AUTHFAILURE_UNAUTHORIZED_OPERATION", f"The action `{name[:80]}` does not exist.")
    return action
