"""Making and removing VPCs, subnets, vNICs, HaVips, load balancers and elastic IPs (contract.md 5.7-5.17)."""

from __future__ import annotations

import ipaddress
import json
import re
from typing import TYPE_CHECKING, Any

from zecnb.emulator.addressing import check_address, find_nic, pick_primary, remove_nic
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
    "find_subnet",
    "find_vpc",
    "hold_hidden",
    "new_ipv6_cidr",
    "obstruct",
    "require_free",
    "require_group",
    "require_ipv6_type",
    "subnet_network",
    "vpc_network",
]

_RANGES = [ipaddress.IPv4Network(each) for each in ("10.0.0.0/9", "10.128.0.0/9", "172.16.0.0/12", "192.168.0.0/16")]


def _network(cidr: str, longest: int, broadcast_code: str = "") -> ipaddress.IPv4Network:
    """Read a CIDR; fail as A5 says, with a code of its own for a broadcast address when there is one (5.13)."""
    match = re.fullmatch(r"([0-9.]+)/([0-9]{1,2})", cidr)
    base = number(match[1]) if match else None
    if match is None or base is None or int(match[2]) > 32:
        raise ApiFailure("INVALID_CIDR_BLOCK_FORMAT", f"`{cidr}` is not a CIDR block.")
    try:
        network = ipaddress.IPv4Network((base, int(match[2])))
    except ValueError as error:
        last = (1 << (32 - int(match[2]))) - 1
        code = broadcast_code if broadcast_code and base & last == last else "INVALID_CIDR_BLOCK_FORMAT"
        raise ApiFailure(code, f"`{cidr}` has host bits set.") from error
    if network.prefixlen > longest:
        raise ApiFailure("INVALID_CIDR_BLOCK_NETMASK_RANGE", f"The prefix of `{cidr}` is longer than {longest}.")
    return network


def vpc_network(state: State, cidr: str) -> ipaddress.IPv4Network:
    """Read a VPC's CIDR; fail as 5.12 and A5 say."""
    network = _network(cidr, state.settings.smallest_vpc_prefix)
    if not any(network.subnet_of(each) for each in _RANGES):
        inside = any(each.subnet_of(network) for each in _RANGES)
        code = "INVALID_CIDR_BLOCK_NETMASK_RANGE" if inside else "INVALID_CIDR_BLOCK_NOT_LAN_IP"
        raise ApiFailure(code, f"`{network}` is not inside a private range that VPCs can have.")
    return network


def create_vpc(state: State, asked: dict[str, Any]) -> dict[str, Any]:
    """CreateVpc."""
    network = vpc_network(state, asked["cidrBlock"])
    if asked["mtu"] not in (1300, 1500, 9000):
        raise ApiFailure("INVALID_PARAMETER_VALUE", "Parameter `mtu` must be one of 1300, 1500, 9000.")
    with state.write() as connection:
        vpc_id = state.new_id()
        ipv6 = f"fd00:{state.random.randint(1, 65535):x}::/48" if asked["enablePriIpv6"] else None
        group = state.new_id()
        connection.execute("INSERT INTO security_group VALUES (?)", (group,))
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
                group,
                state.now(),
            ),
        )
    return {"vpcId": vpc_id}


def delete_vpc(state: State, asked: dict[str, Any]) -> dict[str, Any]:
    """DeleteVpc."""
    with state.write() as connection:
        vpc = find_vpc(state, asked["vpcId"])
        if vpc["is_default"]:
            raise ApiFailure("OPERATION_DENIED_DEFAULT_VPC", "The default VPC cannot be deleted.")
        if state.row("SELECT 1 FROM subnet WHERE vpc_id = ?", vpc["id"]):
            raise ApiFailure("INVALID_VPC_SUBNET_ASSOCIATED", "The VPC has subnets.")
        if state.row("SELECT 1 FROM lb WHERE vpc_id = ?", vpc["id"]):
            raise ApiFailure("INVALID_VPC_LB_ASSOCIATED", "The VPC has load balancers.")
        require_free(state, vpc["id"])
        connection.execute("DELETE FROM vpc WHERE id = ?", (vpc["id"],))
    return {}


def require_free(state: State, resource_id: str) -> None:
    """Fail when something that is not modelled here stands in the way; ``obstruct`` puts it there."""
    row = state.row("SELECT code FROM obstacle WHERE resource_id = ?", resource_id)
    if row is not None:
        raise ApiFailure(row["code"], f"`{resource_id}` is held by another resource.")


def find_vpc(state: State, vpc_id: str) -> Row:
    """Return a VPC, or fail."""
    vpc = state.row("SELECT * FROM vpc WHERE id = ?", vpc_id)
    if vpc is None:
        raise ApiFailure("INVALID_VPC_NOT_FOUND", f"The VPC `{vpc_id}` does not exist.")
    return vpc


def create_subnet(state: State, asked: dict[str, Any]) -> dict[str, Any]:
    """CreateSubnet."""
    if asked["regionId"] not in REGIONS:
        raise ApiFailure("INVALID_REGION_NOT_FOUND", f"The region `{asked['regionId']}` does not exist.")
    if asked["regionId"] in state.settings.regions_not_on_sale:
        raise ApiFailure("INVALID_REGION_NOT_ON_SALE", f"The region `{asked['regionId']}` is not on sale.")
    stack, cidr = asked["stackType"], asked["cidrBlock"]
    with state.write() as connection:
        vpc = find_vpc(state, asked["vpcId"])
        network = None
        if stack == "IPv6":
            if cidr:
                raise ApiFailure("INVALID_CIDR_IPV6_ONLY", "An IPv6 subnet has no IPv4 CIDR block.")
        elif not cidr:
            raise ApiFailure("INVALID_CIDR_BLOCK_NOT_EMPTY", "Parameter `cidrBlock` is required for IPv4.")
        else:
            network = subnet_network(state, vpc, cidr)
        if stack != "IPv4":
            require_ipv6_type(state, asked["regionId"], asked["ipv6Type"])
        subnet_id = state.new_id()
        ipv6 = new_ipv6_cidr(state)
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


def require_ipv6_type(state: State, region: str, kind: str | None) -> None:
    """Fail unless the kind of IPv6 is given and the region has it."""
    if not kind:
        raise ApiFailure("INVALID_PARAMETER_SUBNET_IPV6_TYPE_NOT_FOUND", "Parameter `ipv6Type` is required.")
    if kind == "Public" and region in state.settings.regions_without_public_ipv6:
        raise ApiFailure("OPERATION_DENIED_REGION_NOT_SUPPORT_PUB_IPV6", f"`{region}` has no public IPv6.")


def new_ipv6_cidr(state: State) -> str:
    """Return a random IPv6 block of a subnet."""
    return f"fd00:{state.random.randint(1, 65535):x}:{state.random.randint(1, 65535):x}::/64"


def subnet_network(state: State, vpc: Row, cidr: str, *, besides: str = "") -> ipaddress.IPv4Network:
    """Read a subnet's CIDR: private, in its VPC, beside its siblings (5.13); ``besides`` is the subnet itself."""
    network = _network(cidr, state.settings.smallest_subnet_prefix, "INVALID_IP_BROADCAST_ADDRESS")
    if not any(network.overlaps(each) for each in _RANGES):
        raise ApiFailure("INVALID_CIDR_BLOCK_NOT_LAN_IP", f"`{network}` is not private.")
    if not network.subnet_of(ipaddress.IPv4Network(vpc["cidr"])):
        raise ApiFailure("INVALID_PARAMETER_SUBNET_CIDR_NOT_BELONG_VPC", f"`{network}` is not in `{vpc['cidr']}`.")
    siblings = "SELECT cidr FROM subnet WHERE vpc_id = ? AND cidr IS NOT NULL AND id <> ?"
    for row in state.rows(siblings, vpc["id"], besides):
        if network.overlaps(ipaddress.IPv4Network(row["cidr"])):
            raise ApiFailure("OPERATION_DENIED_SUBNET_CIDR_CONFLICT", f"`{network}` overlaps `{row['cidr']}`.")
    return network


def find_subnet(state: State, subnet_id: str) -> Row:
    """Return a subnet, or fail."""
    subnet = state.row("SELECT * FROM subnet WHERE id = ?", subnet_id)
    if subnet is None:
        raise ApiFailure("INVALID_SUBNET_NOT_FOUND", f"The subnet `{subnet_id}` does not exist.")
    return subnet


def delete_subnet(state: State, asked: dict[str, Any]) -> dict[str, Any]:
    """DeleteSubnet."""
    with state.write() as connection:
        subnet = find_subnet(state, asked["subnetId"])
        if subnet["is_default"]:
            raise ApiFailure("OPERATION_DENIED_DEFAULT_SUBNET", "The default subnet cannot be deleted.")
        if state.usage(subnet["id"]) or state.row("SELECT 1 FROM nic WHERE subnet_id = ?", subnet["id"]):
            raise ApiFailure("INVALID_SUBNET_IN_USE", "The subnet is in use.")
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
        subnet = find_subnet(state, asked["subnetId"])
        stack = asked["nicStackType"] or ("IPv6" if subnet["stack"] == "IPv6" else "IPv4")
        if subnet["stack"] not in (stack, "IPv4_IPv6"):
            raise ApiFailure("INVALID_SUBNET_IPSTACK_NOT_SUPPORT", f"The subnet does not support `{stack}`.")
        require_group(state, asked["securityGroupId"])
        nic_id = state.new_id()
        slow = state.settings.lifecycle_seconds
        created = state.now()
        vpc = find_vpc(state, subnet["vpc_id"])
        mac = "fa:16:3e:" + ":".join(f"{state.random.randint(0, 255):02x}" for _ in range(3))
        instance = None
        if status in ("USED", "DETACHING"):
            instance = state.new_id()
            values = (instance, state.next_seq("instance"), f"{asked['name']}-host", subnet["region_id"], "RUNNING")
            connection.execute("INSERT INTO instance VALUES (?, ?, ?, ?, ?)", values)
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
                mac,
                instance,
                asked["securityGroupId"] or vpc["security_group_id"],
                new_ipv6(state, subnet) if stack != "IPv4" else None,
                state.clock() + slow if slow > 0 and status is None else 0.0,
                created,
                created,
            ),
        )
        if stack != "IPv6":
            state.hold(subnet["id"], pick_primary(state, subnet) if address is None else address, "primary", nic_id)
    return {"nicId": nic_id}


def new_ipv6(state: State, subnet: Row) -> str:
    """Return a random address of a subnet's IPv6 block."""
    return f"{subnet['ipv6_cidr'].removesuffix('/64')}{state.random.randint(16, 65535):x}"


def require_group(state: State, group: str | None) -> None:
    """Fail when a security group is named that does not exist; empty text counts as absent (contract.md 5.11)."""
    if group and state.row("SELECT 1 FROM security_group WHERE id = ?", group) is None:
        raise ApiFailure("INVALID_SECURITY_GROUP_NOT_FOUND", f"The security group `{group}` does not exist.")


def delete_nic(state: State, asked: dict[str, Any]) -> dict[str, Any]:
    """DeleteNetworkInterface; what it held is free when it is gone: at once, without a lifecycle."""
    with state.write() as connection:
        nic = find_nic(state, asked["nicId"])
        if nic["type"] == "Primary":
            raise ApiFailure("INVALID_NIC_PRIMARY_CANT_DELETE", "A primary vNIC cannot be deleted.")
        if nic["status"] == "USED":
            raise ApiFailure("INVALID_NIC_ATTACHED", "The vNIC is attached to an instance.")
        if nic["status"] not in ("AVAILABLE", "CREATE_FAILED"):
            raise ApiFailure("INVALID_NIC_STATUS", f"The vNIC is `{nic['status']}`.")
        slow = state.settings.lifecycle_seconds
        if slow > 0:
            leave = (state.clock() + slow, nic["id"])
            connection.execute("UPDATE nic SET status = 'DELETING', ready_at = ? WHERE id = ?", leave)
        else:
            remove_nic(connection, nic["id"])
    return {}


def create_ha_vip(state: State, asked: dict[str, Any]) -> dict[str, Any]:
    """CreateHaVip."""
    with state.write() as connection:
        subnet = find_subnet(state, asked["subnetId"])
        if subnet["stack"] == "IPv6":
            raise ApiFailure("OPERATION_DENIED_SUBNET_TYPE_NOT_SUPPORT_IPV4", "The subnet does not support IPv4.")
        require_group(state, asked["securityGroupId"])
        address = (
            check_address(state, subnet, asked["ipAddress"]) if asked["ipAddress"] else pick_primary(state, subnet)
        )
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
        subnet = find_subnet(state, subnet_id)
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
        subnet = find_subnet(state, subnet_id)
        value = check_address(state, subnet, address) if address else state.random.choice(state.free_addresses(subnet))
        state.hold(subnet_id, value, "hidden", "")
    return text(value)


def obstruct(state: State, resource_id: str, code: str) -> None:
    """Let something that is not modelled here make calls about a VPC or an instance fail with a code."""
    with state.write() as connection:
        connection.execute("INSERT INTO obstacle VALUES (?, ?)", (resource_id, code))
