"""Making and removing vNICs and HaVips, and what seeds and tests make directly (contract.md 5.7-5.17)."""

from __future__ import annotations

import ipaddress
import json
from typing import TYPE_CHECKING, Any

from zecnb.emulator.addressing import check_address, find_nic, pick_primary, remove_nic
from zecnb.emulator.attachments import add_instance
from zecnb.emulator.elastic import bind
from zecnb.emulator.labels import drop_tags, keep_labels
from zecnb.emulator.networks import IPV6_MASK, find_subnet, find_vpc
from zecnb.emulator.state import number, text
from zecnb.emulator.wire import ApiFailure

if TYPE_CHECKING:
    from sqlite3 import Connection

    from zecnb.emulator.state import Row, State

__all__ = [
    "bind_eip",
    "create_ha_vip",
    "create_load_balancer",
    "create_nic",
    "delete_ha_vip",
    "delete_nic",
    "hold_hidden",
    "obstruct",
    "order_ha_vip",
    "require_group",
]


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
        subnet = state.row("SELECT * FROM subnet WHERE id = ?", asked["subnetId"])
        if subnet is None:
            code = state.settings.new_nic_subnet_not_found
            raise ApiFailure(code, f"The subnet `{asked['subnetId']}` does not exist.")
        stack = asked["nicStackType"] or ("IPv6" if subnet["stack"] == "IPv6" else "IPv4")
        if subnet["stack"] not in (stack, "IPv4_IPv6"):
            raise ApiFailure(state.settings.new_nic_stack_code, f"The subnet does not support `{stack}`.")
        if stack != "IPv4" and subnet["ipv6_type"] == "Public" and not asked.get("internetChargeType"):
            raise ApiFailure("MISSING_PARAMETER", "Parameter `internetChargeType` is required for public IPv6.")
        if asked.get("internetChargeType") == "BandwidthCluster" and not asked.get("clusterId"):
            raise ApiFailure("MISSING_PARAMETER", "Parameter `clusterId` is required for a bandwidth cluster.")
        require_group(state, asked["securityGroupId"])
        nic_id = state.new_id()
        slow = state.settings.lifecycle_seconds
        created = state.now()
        vpc = find_vpc(state, subnet["vpc_id"])
        mac = "fa:16:3e:" + ":".join(f"{state.random.randint(0, 255):02x}" for _ in range(3))
        instance = None
        if status in ("USED", "DETACHING"):
            instance = add_instance(state, connection, f"{asked['name']}-host", subnet["region_id"])
        connection.execute(
            "INSERT INTO nic VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                nic_id,
                state.next_seq("nic"),
                asked["name"],
                subnet["region_id"],
                subnet["vpc_id"],
                subnet["id"],
                status or ("PENDING" if slow > 0 else state.settings.new_nics_become),
                kind,
                stack,
                mac,
                instance,
                asked["securityGroupId"] or vpc["security_group_id"],
                new_ipv6(state, subnet, state.next_seq("nic")) if stack != "IPv4" else None,
                state.clock() + slow if slow > 0 and status is None else 0.0,
                created,
                created,
            ),
        )
        if stack != "IPv6":
            state.hold(subnet["id"], pick_primary(state, subnet) if address is None else address, "primary", nic_id)
        keep_labels(connection, nic_id, asked)
        for eip in asked.get("eipIds") or []:
            bind(state, connection, find_nic(state, nic_id), eip, asked["eipBindType"] or "FullNat")
    return {"nicId": nic_id}


def new_ipv6(state: State, subnet: Row, seq: int) -> str:
    """Return an address for the vNIC that is made as number ``seq``, which no other one of the subnet gets.

    It is in a prefix of its own as long as the subnet's mask leaves one: with a mask of 64 the subnet is one prefix.
    """
    block, mask = ipaddress.IPv6Network(subnet["ipv6_cidr"]), subnet["ipv6_mask"] or IPV6_MASK
    bits = mask - block.prefixlen
    at = (state.random.randint(16, 65535) << 16 | seq & 0xFFFF) % (1 << bits)
    return str(block.network_address + (at << (128 - mask)) + 2 + (seq >> min(bits, 16)))


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


def order_ha_vip(state: State, asked: dict[str, Any]) -> dict[str, Any]:
    """CreateHaVip, as many as a team may have (contract.md 4); seeds make more."""
    limit = state.settings.ha_vip_limit
    with state.write() as connection:
        row = state.row("SELECT COUNT(*) AS n FROM havip")
        if limit and row is not None and row["n"] >= limit:
            raise ApiFailure(state.settings.ha_vip_limit_code, f"A team may have `{limit}` HaVips.")
        return {"haVipId": _add_ha_vip(state, connection, asked)}


def create_ha_vip(state: State, asked: dict[str, Any]) -> dict[str, Any]:
    """Make a HaVip, whatever the limit."""
    with state.write() as connection:
        return {"haVipId": _add_ha_vip(state, connection, asked)}


def _add_ha_vip(state: State, connection: Connection, asked: dict[str, Any]) -> str:
    subnet = find_subnet(state, asked["subnetId"])
    if subnet["stack"] == "IPv6":
        raise ApiFailure("OPERATION_DENIED_SUBNET_TYPE_NOT_SUPPORT_IPV4", "The subnet does not support IPv4.")
    require_group(state, asked["securityGroupId"])
    address = check_address(state, subnet, asked["ipAddress"]) if asked["ipAddress"] else pick_primary(state, subnet)
    vip = state.short_id("havip")
    made = (
        vip, state.next_seq("havip"), asked["name"], subnet["region_id"], subnet["vpc_id"], subnet["id"],
        asked["securityGroupId"] or find_vpc(state, subnet["vpc_id"])["security_group_id"], state.now(),
    )  # fmt: skip
    connection.execute("INSERT INTO havip VALUES (?, ?, ?, ?, ?, ?, ?, ?)", made)
    state.hold(subnet["id"], address, "havip", vip)
    keep_labels(connection, vip, asked)
    return vip


def delete_ha_vip(state: State, asked: dict[str, Any]) -> dict[str, Any]:
    """DeleteHaVip."""
    with state.write() as connection:
        if state.row("SELECT 1 FROM havip WHERE id = ?", asked["haVipId"]) is None:
            raise ApiFailure("INVALID_HAVIP_NOT_FOUND", f"The HaVip `{asked['haVipId']}` does not exist.")
        connection.execute("DELETE FROM held WHERE owner = ?", (asked["haVipId"],))
        drop_tags(connection, asked["haVipId"])
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
            "INSERT INTO lb (id, seq, name, region_id, vpc_id, subnet_id, status, public, created) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
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
        chosen = state.random_free(subnet, 3)
        assert chosen is not None
        for position, address in enumerate(chosen):
            state.hold(subnet_id, address, "lb_health" if position else "lb", balancer, position=position)
    return balancer


def bind_eip(state: State, nic_id: str, address: str, name: str, public: str) -> str:
    """Make an elastic IP bound to a private address of a vNIC."""
    with state.write() as connection:
        nic = find_nic(state, nic_id)
        eip = state.new_id()
        connection.execute(
            "INSERT INTO eip (id, seq, name, region_id, public, nic_id, address, created) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (eip, state.next_seq("eip"), name, nic["region_id"], public, nic_id, number(address), state.now()),
        )
    return eip


def hold_hidden(state: State, subnet_id: str, address: str | None = None) -> str:
    """Let something that no listing shows hold an address; a random free one by default."""
    with state.write():
        subnet = find_subnet(state, subnet_id)
        chosen = [check_address(state, subnet, address)] if address else state.random_free(subnet, 1)
        assert chosen
        [value] = chosen
        state.hold(subnet_id, value, "hidden", "")
    return text(value)


def obstruct(state: State, resource_id: str, code: str) -> None:
    """Let something that is not modelled here make calls about a VPC, a subnet or an instance fail with a code."""
    with state.write() as connection:
        connection.execute("INSERT INTO obstacle VALUES (?, ?)", (resource_id, code))
