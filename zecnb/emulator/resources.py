"""Making and removing VPCs, subnets, vNICs, HaVips, load balancers and elastic IPs (contract.md 5.7-5.17)."""

from __future__ import annotations

import ipaddress
import json
import re
from typing import TYPE_CHECKING, Any

from zecnb.emulator.addressing import find_nic, pick_primary, settle
from zecnb.emulator.listings import REGIONS
from zecnb.emulator.state import number, text
from zecnb.emulator.wire import ApiFailure

if TYPE_CHECKING:
    from zecnb.emulator.state import Row, State

__all__ = [
    "bind_eip",
    "create_ha_vip",
    "create_load_balancer",
    "create_nic",
    "create_subnet",
    "create_vpc",
    "delete_ha_vip",
    "delete_nic",
    "delete_subnet",
    "delete_vpc",
    "hold_hidden",
]

_RANGES = [ipaddress.IPv4Network(each) for each in ("10.0.0.0/9", "10.128.0.0/9", "172.16.0.0/12", "192.168.0.0/16")]


def _network(cidr: str, longest: int) -> ipaddress.IPv4Network:
    """Read a CIDR; fail as A5 says."""
    match = re.fullmatch(r"([0-9.]+)/([0-9]{1,2})", cidr)
    base = number(match[1]) if match else None
    if match is None or base is None or int(match[2]) > 32:
        raise ApiFailure("INVALID_CIDR_BLOCK_FORMAT", f"`{cidr}` is not a CIDR block.")
    try:
        network = ipaddress.IPv4Network((base, int(match[2])))
    except ValueError as error:
        raise ApiFailure("INVALID_CIDR_BLOCK_FORMAT", f"`{cidr}` has host bits set.") from error
    if network.prefixlen > longest:
        raise ApiFailure("INVALID_CIDR_BLOCK_NETMASK_RANGE", f"The prefix of `{cidr}` is longer than {longest}.")
    return network


def create_vpc(state: State, asked: dict[str, Any]) -> dict[str, Any]:
    """CreateVpc."""
    network = _network(asked["cidrBlock"], state.settings.smallest_vpc_prefix)
    if not any(network.subnet_of(each) for each in _RANGES):
        inside = any(each.subnet_of(network) for each in _RANGES)
        code = "INVALID_CIDR_BLOCK_NETMASK_RANGE" if inside else "INVALID_CIDR_BLOCK_NOT_LAN_IP"
        raise ApiFailure(code, f"`{network}` is not inside a private range that VPCs can have.")
    if asked["mtu"] not in (1300, 1500, 9000):
        raise ApiFailure("INVALID_PARAMETER_VALUE", "Parameter `mtu` must be one of 1300, 1500, 9000.")
    with state.write() as connection:
        vpc_id = state.new_id()
        ipv6 = f"fd00:{state.random.randint(1, 65535):x}::/48" if asked["enablePriIpv6"] else None
        connection.execute(
            "INSERT INTO vpc (id, seq, name, cidr, mtu, ipv6_cidr, security_group_id, created) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (
                vpc_id,
                state.next_seq("vpc"),
                asked["name"],
                str(network),
                asked["mtu"],
                ipv6,
                state.new_id(),
                state.now(),
            ),
        )
    return {"vpcId": vpc_id}


def delete_vpc(state: State, asked: dict[str, Any]) -> dict[str, Any]:
    """DeleteVpc."""
    with state.write() as connection:
        vpc = _vpc(state, asked["vpcId"])
        if vpc["is_default"]:
            raise ApiFailure("OPERATION_DENIED_DEFAULT_VPC", "The default VPC cannot be deleted.")
        if state.row("SELECT 1 FROM subnet WHERE vpc_id = ?", vpc["id"]):
            raise ApiFailure("INVALID_VPC_SUBNET_ASSOCIATED", "The VPC has subnets.", 409)
        connection.execute("DELETE FROM vpc WHERE id = ?", (vpc["id"],))
    return {}


def _vpc(state: State, vpc_id: str) -> Row:
    vpc = state.row("SELECT * FROM vpc WHERE id = ?", vpc_id)
    if vpc is None:
        raise ApiFailure("INVALID_VPC_NOT_FOUND", f"The VPC `{vpc_id}` does not exist.")
    return vpc


def create_subnet(state: State, asked: dict[str, Any]) -> dict[str, Any]:
    """CreateSubnet."""
    if asked["regionId"] not in REGIONS:
        raise ApiFailure("INVALID_REGION_NOT_FOUND", f"The region `{asked['regionId']}` does not exist.")
    stack, cidr = asked["stackType"], asked["cidrBlock"]
    with state.write() as connection:
        vpc = _vpc(state, asked["vpcId"])
        network = None
        if stack == "IPv6":
            if cidr:
                raise ApiFailure("INVALID_CIDR_IPV6_ONLY", "An IPv6 subnet has no IPv4 CIDR block.")
        elif not cidr:
            raise ApiFailure("INVALID_CIDR_BLOCK_NOT_EMPTY", "Parameter `cidrBlock` is required for IPv4.")
        else:
            network = _subnet_network(state, vpc, cidr)
        if stack != "IPv4" and not asked["ipv6Type"]:
            raise ApiFailure("INVALID_PARAMETER_SUBNET_IPV6_TYPE_NOT_FOUND", "Parameter `ipv6Type` is required.")
        subnet_id = state.new_id()
        ipv6 = f"fd00:{state.random.randint(1, 65535):x}:{state.random.randint(1, 65535):x}::/64"
        connection.execute(
            "INSERT INTO subnet (id, seq, vpc_id, region_id, name, cidr, network, prefix, stack, ipv6_type, "
            "ipv6_cidr, created) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                subnet_id,
                state.next_seq("subnet"),
                vpc["id"],
                asked["regionId"],
                asked["name"],
                str(network) if network else None,
                int(network.network_address) if network else 0,
                network.prefixlen if network else 32,
                stack,
                asked["ipv6Type"] if stack != "IPv4" else None,
                ipv6 if stack != "IPv4" else None,
                state.now(),
            ),
        )
    return {"subnetId": subnet_id}


def _subnet_network(state: State, vpc: Row, cidr: str) -> ipaddress.IPv4Network:
    network = _network(cidr, state.settings.smallest_subnet_prefix)
    if not network.subnet_of(ipaddress.IPv4Network(vpc["cidr"])):
        raise ApiFailure("INVALID_PARAMETER_SUBNET_CIDR_NOT_BELONG_VPC", f"`{network}` is not in `{vpc['cidr']}`.")
    for row in state.rows("SELECT cidr FROM subnet WHERE vpc_id = ? AND cidr IS NOT NULL", vpc["id"]):
        if network.overlaps(ipaddress.IPv4Network(row["cidr"])):
            raise ApiFailure("OPERATION_DENIED_SUBNET_CIDR_CONFLICT", f"`{network}` overlaps `{row['cidr']}`.")
    return network


def _subnet(state: State, subnet_id: str) -> Row:
    subnet = state.row("SELECT * FROM subnet WHERE id = ?", subnet_id)
    if subnet is None:
        raise ApiFailure("INVALID_SUBNET_NOT_FOUND", f"The subnet `{subnet_id}` does not exist.")
    return subnet


def delete_subnet(state: State, asked: dict[str, Any]) -> dict[str, Any]:
    """DeleteSubnet."""
    with state.write() as connection:
        subnet = _subnet(state, asked["subnetId"])
        if state.usage(subnet["id"]) or state.row("SELECT 1 FROM nic WHERE subnet_id = ?", subnet["id"]):
            raise ApiFailure("INVALID_SUBNET_IN_USE", "The subnet is in use.", 409)
        connection.execute("DELETE FROM subnet WHERE id = ?", (subnet["id"],))
    return {}


def create_nic(
    state: State,
    asked: dict[str, Any],
    *,
    status: str | None = None,
    kind: str = "Secondary",
    address: int | None = None,
) -> dict[str, Any]:
    """CreateNetworkInterface; seeds also choose status, type and primary address."""
    with state.write() as connection:
        subnet = _subnet(state, asked["subnetId"])
        stack = asked["nicStackType"] or ("IPv6" if subnet["stack"] == "IPv6" else "IPv4")
        if subnet["stack"] not in (stack, "IPv4_IPv6"):
            raise ApiFailure("INVALID_SUBNET_IPSTACK_NOT_SUPPORT", f"The subnet does not support `{stack}`.")
        nic_id = state.new_id()
        slow = state.settings.lifecycle_seconds
        created = state.now()
        vpc = _vpc(state, subnet["vpc_id"])
        attached = status in ("USED", "DETACHING")
        connection.execute(
            "INSERT INTO nic VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                nic_id,
                state.next_seq("nic"),
                asked["name"],
                subnet["region_id"],
                subnet["vpc_id"],
                subnet["id"],
                status or ("PENDING" if slow > 0 else "AVAILABLE"),
                kind,
                stack,
                "fa:16:3e:" + ":".join(f"{state.random.randint(0, 255):02x}" for _ in range(3)),
                state.new_id() if attached else None,
                asked["securityGroupId"] or vpc["security_group_id"],
                f"{subnet['ipv6_cidr'].removesuffix('/64')}{state.random.randint(16, 65535):x}"
                if stack != "IPv4"
                else None,
                state.clock() + slow if slow > 0 and status is None else 0.0,
                created,
                created,
            ),
        )
        if stack != "IPv6":
            state.hold(subnet["id"], pick_primary(state, subnet) if address is None else address, "primary", nic_id)
    return {"nicId": nic_id}


def delete_nic(state: State, asked: dict[str, Any]) -> dict[str, Any]:
    """DeleteNetworkInterface; what it held is free at once."""
    settle(state)
    with state.write() as connection:
        nic = find_nic(state, asked["nicId"])
        if nic["type"] == "Primary":
            raise ApiFailure("INVALID_NIC_PRIMARY_CANT_DELETE", "A primary vNIC cannot be deleted.")
        if nic["status"] == "USED" or nic["instance_id"]:
            raise ApiFailure("INVALID_NIC_ATTACHED", "The vNIC is attached to an instance.")
        if nic["status"] not in ("AVAILABLE", "CREATE_FAILED"):
            raise ApiFailure("INVALID_NIC_STATUS", f"The vNIC is `{nic['status']}`.")
        connection.execute("DELETE FROM held WHERE owner = ?", (nic["id"],))
        connection.execute("UPDATE eip SET nic_id = NULL, address = NULL WHERE nic_id = ?", (nic["id"],))
        connection.execute("DELETE FROM nic WHERE id = ?", (nic["id"],))
    return {}


def create_ha_vip(state: State, asked: dict[str, Any]) -> dict[str, Any]:
    """CreateHaVip."""
    with state.write() as connection:
        subnet = _subnet(state, asked["subnetId"])
        if subnet["stack"] == "IPv6":
            raise ApiFailure("OPERATION_DENIED_SUBNET_TYPE_NOT_SUPPORT_IPV4", "The subnet does not support IPv4.")
        address = _free(state, subnet, asked["ipAddress"]) if asked["ipAddress"] else pick_primary(state, subnet)
        vip = state.short_id("havip")
        connection.execute(
            "INSERT INTO havip VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (
                vip,
                state.next_seq("havip"),
                asked["name"],
                subnet["region_id"],
                subnet["vpc_id"],
                subnet["id"],
                asked["securityGroupId"],
                state.now(),
            ),
        )
        state.hold(subnet["id"], address, "havip", vip)
    return {"haVipId": vip}


def _free(state: State, subnet: Row, given: str) -> int:
    address = number(given)
    network, size = subnet["network"], 1 << (32 - subnet["prefix"])
    if address is None:
        raise ApiFailure("INVALID_PARAMETER_PRIVATE_IP_ILLEGAL", f"`{given}` is not a valid private IP address.")
    if not network <= address < network + size:
        raise ApiFailure("INVALID_IP_OUT_OF_RANGE", f"`{given}` does not belong to `{subnet['cidr']}`.")
    if address in (network, network + 1, network + size - 1):
        raise ApiFailure("INVALID_IP_FIRST_ADDRESS", f"`{given}` is reserved.")
    if state.row("SELECT 1 FROM held WHERE subnet_id = ? AND address = ?", subnet["id"], address):
        raise ApiFailure("INVALID_SUBNET_PRIVATE_IPV4_IN_USED", "The private IPv4 address is in use.")
    return address


def delete_ha_vip(state: State, asked: dict[str, Any]) -> dict[str, Any]:
    """DeleteHaVip."""
    with state.write() as connection:
        if state.row("SELECT 1 FROM havip WHERE id = ?", asked["haVipId"]) is None:
            raise ApiFailure("INVALID_HAVIP_NOT_FOUND", f"The HaVip `{asked['haVipId']}` does not exist.")
        connection.execute("DELETE FROM held WHERE owner = ?", (asked["haVipId"],))
        connection.execute("DELETE FROM havip WHERE id = ?", (asked["haVipId"],))
    return {}


# -- what seeds and tests make directly ----------------------------------------------------------------------------


def create_load_balancer(
    state: State, subnet_id: str, name: str, *, public: list[str] | None = None, status: str = "RUNNING"
) -> str:
    """Make a load balancer: one virtual address and two health-check sources in the subnet (contract.md 7.1)."""
    with state.write() as connection:
        subnet = _subnet(state, subnet_id)
        balancer = state.short_id("zlb")
        connection.execute(
            "INSERT INTO lb VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                balancer,
                state.next_seq("lb"),
                name,
                subnet["region_id"],
                subnet["vpc_id"],
                subnet_id,
                status,
                json.dumps(public or []),
                state.now(),
            ),
        )
        chosen = state.random.sample(state.free_addresses(subnet), 3)
        for position, address in enumerate(chosen):
            state.hold(subnet_id, address, "lb_health" if position else "lb", balancer, position=position)
    return balancer


def bind_eip(state: State, nic_id: str, address: str, name: str, public: str) -> str:
    """Make an elastic IP bound to a private address of a vNIC."""
    with state.write() as connection:
        nic = find_nic(state, nic_id)
        eip = state.new_id()
        connection.execute(
            "INSERT INTO eip VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (eip, state.next_seq("eip"), name, nic["region_id"], public, nic_id, number(address), state.now()),
        )
    return eip


def hold_hidden(state: State, subnet_id: str, address: str | None = None) -> str:
    """Let something that no listing shows hold an address; a random free one by default."""
    with state.write():
        subnet = _subnet(state, subnet_id)
        value = _free(state, subnet, address) if address else state.random.choice(state.free_addresses(subnet))
        state.hold(subnet_id, value, "hidden", "")
    return text(value)
