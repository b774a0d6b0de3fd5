"""VPCs with their address blocks, and subnets (contract.md 5.12, 5.13)."""

from __future__ import annotations

import ipaddress
import re
from typing import TYPE_CHECKING, Any

from zecnb.emulator.labels import drop_tags, keep_labels
from zecnb.emulator.listings import regions_of
from zecnb.emulator.state import number
from zecnb.emulator.wire import ApiFailure

if TYPE_CHECKING:
    from collections.abc import Iterable
    from sqlite3 import Connection

    from zecnb.emulator.state import Row, State

__all__ = [
    "IPV6_MASK",
    "PRIVATE",
    "associate_block",
    "blocks_of",
    "create_subnet",
    "create_subnets",
    "create_vpc",
    "delete_subnet",
    "delete_subnets",
    "delete_vpc",
    "find_subnet",
    "find_vpc",
    "is_private",
    "new_ipv6_cidr",
    "remove_load_balancer",
    "require_apart",
    "require_free",
    "require_ipv6_type",
    "require_region",
    "subnet_network",
    "unassociate_block",
    "vpc_network",
]

IPV6_MASK = 96
"""Prefix length of a vNIC's IPv6 when none is asked for (contract.md 5.13)."""

PRIVATE = [ipaddress.IPv4Network(each) for each in ("10.0.0.0/9", "10.128.0.0/9", "172.16.0.0/12", "192.168.0.0/16")]
"""What the blocks of VPCs are in (contract.md 5.12)."""


def is_private(address: int) -> bool:
    """Say whether an address is in a range that VPCs can have."""
    return any(ipaddress.IPv4Address(address) in each for each in PRIVATE)


def _network(cidr: str, longest: int, broadcast_code: str = "", *, shortest: int = 0) -> ipaddress.IPv4Network:
    """Read a CIDR; fail as A5 says, with a code of its own for a broadcast address when there is one (5.13)."""
    match = re.fullmatch(r"([0-9.]+)/(0|[1-9][0-9]?)", cidr)
    base = number(match[1]) if match else None
    if match is None or base is None or int(match[2]) > 32:
        raise ApiFailure("INVALID_CIDR_BLOCK_FORMAT", f"`{cidr}` is not a CIDR block.")
    try:
        network = ipaddress.IPv4Network((base, int(match[2])))
    except ValueError as error:
        last = (1 << (32 - int(match[2]))) - 1
        code = broadcast_code if broadcast_code and base & last == last else "INVALID_CIDR_BLOCK_FORMAT"
        raise ApiFailure(code, f"`{cidr}` has host bits set.") from error
    if not shortest <= network.prefixlen <= longest:
        words = f"The prefix of `{cidr}` is not from {shortest} to {longest}."
        raise ApiFailure("INVALID_CIDR_BLOCK_NETMASK_RANGE", words)
    return network


def vpc_network(state: State, cidr: str) -> ipaddress.IPv4Network:
    """Read a VPC's CIDR; fail as 5.12 and A5 say."""
    network = _network(cidr, state.settings.smallest_vpc_prefix)
    if not any(network.subnet_of(each) for each in PRIVATE):
        inside = any(each.subnet_of(network) for each in PRIVATE)
        code = "INVALID_CIDR_BLOCK_NETMASK_RANGE" if inside else "INVALID_CIDR_BLOCK_NOT_LAN_IP"
        raise ApiFailure(code, f"`{network}` is not inside a private range that VPCs can have.")
    return network


def blocks_of(state: State, vpc: Row) -> list[ipaddress.IPv4Network]:
    """Return the address blocks of a VPC: its own first, then those added, oldest first."""
    rows = state.rows("SELECT cidr FROM vpc_block WHERE vpc_id = ? ORDER BY seq", vpc["id"])
    return [ipaddress.IPv4Network(each) for each in (vpc["cidr"], *(row["cidr"] for row in rows))]


def require_apart(state: State, network: ipaddress.IPv4Network, blocks: Iterable[ipaddress.IPv4Network]) -> None:
    """Fail when a block of a VPC overlaps another one of it."""
    for block in blocks:
        if network.overlaps(block):
            raise ApiFailure(state.settings.vpc_cidr_code, f"`{network}` overlaps `{block}` of the same VPC.")


def associate_block(state: State, asked: dict[str, Any]) -> dict[str, Any]:
    """AssociateVpcCidrBlock: one more block, by the rules of the first, apart from those the VPC has."""
    network = vpc_network(state, asked["cidrBlock"])
    with state.write() as connection:
        vpc = find_vpc(state, asked["vpcId"])
        require_apart(state, network, blocks_of(state, vpc))
        values = (vpc["id"], state.next_seq("vpc_block"), str(network))
        connection.execute("INSERT INTO vpc_block (vpc_id, seq, cidr) VALUES (?, ?, ?)", values)
    return {}


def unassociate_block(state: State, asked: dict[str, Any]) -> dict[str, Any]:
    """UnassociateVpcCidrBlock: not the VPC's own, and not while a subnet lies in it."""
    with state.write() as connection:
        vpc = find_vpc(state, asked["vpcId"])
        block = asked["cidrBlock"]
        if state.row("SELECT 1 FROM vpc_block WHERE vpc_id = ? AND cidr = ?", vpc["id"], block) is None:
            raise ApiFailure("OPERATION_FAILED_RESOURCE_NOT_FOUND", f"`{block}` is no secondary block of the VPC.")
        network = ipaddress.IPv4Network(block)
        for row in state.rows("SELECT cidr FROM subnet WHERE vpc_id = ? AND cidr IS NOT NULL", vpc["id"]):
            if network.overlaps(ipaddress.IPv4Network(row["cidr"])):
                raise ApiFailure("INVALID_VPC_SUBNET_ASSOCIATED", f"The subnet `{row['cidr']}` lies in `{block}`.")
        connection.execute("DELETE FROM vpc_block WHERE vpc_id = ? AND cidr = ?", (vpc["id"], block))
    return {}


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
        keep_labels(connection, vpc_id, asked)
    return {"vpcId": vpc_id}


def delete_vpc(state: State, asked: dict[str, Any]) -> dict[str, Any]:
    """DeleteVpc."""
    with state.write() as connection:
        vpc = find_vpc(state, asked["vpcId"])
        if vpc["is_default"]:
            raise ApiFailure("OPERATION_DENIED_DEFAULT_VPC", "The default VPC cannot be deleted.")
        if state.row("SELECT 1 FROM subnet WHERE vpc_id = ?", vpc["id"]):
            raise ApiFailure("INVALID_VPC_SUBNET_ASSOCIATED", "The VPC has subnets.")
        balancers = state.rows("SELECT id, status FROM lb WHERE vpc_id = ?", vpc["id"])
        if any(row["status"] != "RECYCLED" or state.settings.recycled_balancer_holds for row in balancers):
            raise ApiFailure("INVALID_VPC_LB_ASSOCIATED", "The VPC has load balancers.")
        require_free(state, vpc["id"])
        for row in balancers:
            remove_load_balancer(connection, row["id"])
        connection.execute("DELETE FROM vpc_block WHERE vpc_id = ?", (vpc["id"],))
        drop_tags(connection, vpc["id"])
        connection.execute("DELETE FROM vpc WHERE id = ?", (vpc["id"],))
    return {}


def remove_load_balancer(connection: Connection, balancer: str) -> None:
    """Take a load balancer away with all it holds; inside a write."""
    connection.execute("DELETE FROM held WHERE owner = ?", (balancer,))
    connection.execute("DELETE FROM backend WHERE lb_id = ?", (balancer,))
    drop_tags(connection, balancer)
    connection.execute("DELETE FROM lb WHERE id = ?", (balancer,))


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
    with state.write() as connection:
        return {"subnetId": _add_subnet(state, connection, asked)}


def create_subnets(state: State, asked: dict[str, Any]) -> dict[str, Any]:
    """CreateSubnets: all of them in one VPC, or none (contract.md 4); each also has its siblings to respect."""
    with state.write() as connection:
        made = [_add_subnet(state, connection, {**each, "vpcId": asked["vpcId"]}) for each in asked["subnets"]]
    return {"subnetIds": made}


def _add_subnet(state: State, connection: Connection, asked: dict[str, Any]) -> str:
    region, stack, cidr = asked["regionId"], asked["stackType"], asked["cidrBlock"]
    require_region(state, region)
    if region in state.settings.regions_not_on_sale:
        raise ApiFailure("INVALID_REGION_NOT_ON_SALE", f"The region `{region}` is not on sale.")
    vpc = find_vpc(state, asked["vpcId"])
    network = None
    if stack == "IPv6":
        if cidr:
            raise ApiFailure("INVALID_CIDR_IPV6_ONLY", "An IPv6 subnet has no IPv4 CIDR block.")
    elif not cidr:
        raise ApiFailure("INVALID_CIDR_BLOCK_NOT_EMPTY", "Parameter `cidrBlock` is required for IPv4.")
    else:
        network = subnet_network(state, vpc, cidr)
    if asked.get("dhcpOptionsSetId"):
        raise ApiFailure("OPERATION_FAILED_RESOURCE_NOT_FOUND", "The DHCP options set does not exist.")
    six = stack != "IPv4"
    if six:
        require_ipv6_type(state, region, vpc, asked)
    subnet_id = state.new_id()
    block = new_ipv6_cidr(state)  # drawn for every subnet: the demo's ids come out of the same hat
    connection.execute(
        "INSERT INTO subnet (id, seq, vpc_id, region_id, name, cidr, network, prefix, stack, ipv6_type, "
        "ipv6_cidr, ipv6_mask, created) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            subnet_id,
            state.next_seq("subnet"),
            vpc["id"],
            region,
            asked["name"],
            str(network) if network else None,
            int(network.network_address) if network else 0,
            network.prefixlen if network else 32,
            stack,
            asked["ipv6Type"] if six else None,
            block if six else None,
            (asked.get("ipv6MaskLength") or IPV6_MASK) if six else None,
            state.now(),
        ),
    )
    return subnet_id


def require_region(state: State, region: str) -> None:
    """Fail when there is no such region."""
    if region not in regions_of(state):
        raise ApiFailure("INVALID_REGION_NOT_FOUND", f"The region `{region}` does not exist.")


def require_ipv6_type(state: State, region: str, vpc: Row, asked: dict[str, Any]) -> None:
    """Fail unless the kind of IPv6 is given, the region has it, and what only public IPv6 has is not asked of another.

    Nobody has public IPv6 blocks of their own here.
    """
    kind, block, mask = asked["ipv6Type"], asked.get("ipv6CidrBlockId"), asked.get("ipv6MaskLength")
    if not kind:
        raise ApiFailure("INVALID_PARAMETER_SUBNET_IPV6_TYPE_NOT_FOUND", "Parameter `ipv6Type` is required.")
    if kind == "Public" and region in state.settings.regions_without_public_ipv6:
        raise ApiFailure("OPERATION_DENIED_REGION_NOT_SUPPORT_PUB_IPV6", f"`{region}` has no public IPv6.")
    if kind == "Private" and state.settings.private_ipv6 == "enabled" and not vpc["ipv6_cidr"]:
        raise ApiFailure("OPERATION_DENIED_SUBNET_TYPE_NOT_SUPPORT_IPV6", "The VPC has no IPv6.")
    if kind != "Public" and (block or mask):
        raise ApiFailure("INVALID_PARAMETER_VALUE", "Only public IPv6 has `ipv6CidrBlockId` and `ipv6MaskLength`.")
    if block:
        raise ApiFailure("OPERATION_FAILED_RESOURCE_NOT_FOUND", f"The IPv6 CIDR block `{block[:80]}` does not exist.")


def new_ipv6_cidr(state: State) -> str:
    """Return a random IPv6 block of a subnet."""
    return f"fd00:{state.random.randint(1, 65535):x}:{state.random.randint(1, 65535):x}::/64"


def subnet_network(state: State, vpc: Row, cidr: str, *, besides: str = "") -> ipaddress.IPv4Network:
    """Read a subnet's CIDR: private, in its VPC, beside its siblings (5.13); ``besides`` is the subnet itself."""
    blocks = blocks_of(state, vpc)
    widest = min(block.prefixlen for block in blocks)
    longest = state.settings.smallest_subnet_prefix
    network = _network(cidr, longest, "INVALID_IP_BROADCAST_ADDRESS", shortest=widest)
    if not any(network.overlaps(each) for each in PRIVATE):
        raise ApiFailure("INVALID_CIDR_BLOCK_NOT_LAN_IP", f"`{network}` is not private.")
    if not any(network.subnet_of(block) for block in blocks):
        shown = ", ".join(f"`{block}`" for block in blocks)
        raise ApiFailure("INVALID_PARAMETER_SUBNET_CIDR_NOT_BELONG_VPC", f"`{network}` is not in {shown}.")
    siblings = "SELECT cidr FROM subnet WHERE vpc_id = ? AND cidr IS NOT NULL AND id <> ?"
    for row in state.rows(siblings, vpc["id"], besides):
        if network.overlaps(ipaddress.IPv4Network(row["cidr"])):
            raise ApiFailure(state.settings.subnet_cidr_code, f"`{network}` overlaps `{row['cidr']}`.")
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
        _remove_subnet(state, connection, asked["subnetId"])
    return {}


def delete_subnets(state: State, asked: dict[str, Any]) -> dict[str, Any]:
    """DeleteSubnets: those that cannot be deleted are reported, the others are gone (contract.md 5.13)."""
    if not asked["subnetIds"]:
        raise ApiFailure("MISSING_PARAMETER", "Parameter `subnetIds` is required.")
    failed = []
    with state.write() as connection:
        for subnet_id in asked["subnetIds"]:
            try:
                _remove_subnet(state, connection, subnet_id)
            except ApiFailure as error:
                failed.append({"subnetId": subnet_id, "errorCode": error.code, "errorMsg": str(error)})
    return {"failedSubnets": failed}


def _remove_subnet(state: State, connection: Connection, subnet_id: str) -> None:
    subnet = find_subnet(state, subnet_id)
    if subnet["is_default"]:
        raise ApiFailure("OPERATION_DENIED_DEFAULT_SUBNET", "The default subnet cannot be deleted.")
    if state.usage(subnet_id) or state.row("SELECT 1 FROM nic WHERE subnet_id = ?", subnet_id):
        raise ApiFailure("INVALID_SUBNET_IN_USE", "The subnet is in use.")
    require_free(state, subnet_id)
    connection.execute("DELETE FROM subnet WHERE id = ?", (subnet_id,))
