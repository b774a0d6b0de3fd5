"""Load balancers of service zlb: enough of them to hold addresses (contract.md 5.16, 7.1)."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from zecnb.emulator.addressing import check_address
from zecnb.emulator.labels import keep_labels
from zecnb.emulator.networks import find_subnet, find_vpc, remove_load_balancer, require_region
from zecnb.emulator.resources import require_group
from zecnb.emulator.wire import ApiFailure

if TYPE_CHECKING:
    from zecnb.emulator.state import Row, State

__all__ = ["create_load_balancers", "empty_recycle_bin", "terminate_load_balancer"]

_SOURCES = 2
"""Health-check sources of a load balancer (contract.md 7.1)."""


def create_load_balancers(state: State, asked: dict[str, Any]) -> dict[str, Any]:
    """CreateLoadBalancer: with a subnet each holds two sources and its virtual address, all chosen at random.

    Sources that are asked for without a subnet mean nothing, as the text says.
    """
    require_region(state, asked["regionId"])
    amount, given = asked["number"] or 1, (asked["healthCheckPrivateIps"] or []) if asked["subnetId"] else []
    if given and (len(given) != _SOURCES or amount != 1):
        raise ApiFailure("INVALID_PARAMETER_VALUE", f"`healthCheckPrivateIps` are {_SOURCES}, of one load balancer.")
    made = []
    with state.write() as connection:
        vpc = find_vpc(state, asked["vpcId"])
        subnet = find_subnet(state, asked["subnetId"]) if asked["subnetId"] else None
        if subnet is not None and (subnet["vpc_id"] != vpc["id"] or subnet["region_id"] != asked["regionId"]):
            raise ApiFailure("INVALID_SUBNET_NOT_FOUND", "The subnet is not in this VPC and region.")
        require_group(state, asked["securityGroupId"])
        for at in range(1, amount + 1):
            balancer = state.short_id("zlb")
            name = asked["loadBalancerName"] if amount == 1 else f"{asked['loadBalancerName']}-{at}"
            values = (
                balancer, state.next_seq("lb"), name, asked["regionId"], vpc["id"], asked["subnetId"] or None,
                "RUNNING", json.dumps([]), state.now(), asked["ipStackType"] or "IPv4",
                asked["securityGroupId"] or None,
            )  # fmt: skip
            connection.execute(f"INSERT INTO lb VALUES ({', '.join('?' * len(values))})", values)
            if subnet is not None:
                _hold(state, subnet, balancer, given)
            keep_labels(connection, balancer, asked)
            made.append(balancer)
    return {"orderNumber": state.new_id(), "loadBalancerIds": made}


def _hold(state: State, subnet: Row, balancer: str, given: list[str]) -> None:
    for position, source in enumerate(given, 1):
        state.hold(subnet["id"], check_address(state, subnet, source), "lb_health", balancer, position=position)
    sources = 0 if given else _SOURCES
    chosen = state.random_free(subnet, sources + state.settings.balancer_addresses)
    if chosen is None:
        raise ApiFailure("INVALID_SUBNET_IPV4_INSUFFICIENT", "The subnet has not enough free addresses.")
    for position, address in enumerate(chosen[:sources], 1):
        state.hold(subnet["id"], address, "lb_health", balancer, position=position)
    for address in chosen[sources:]:
        state.hold(subnet["id"], address, "lb", balancer)


def terminate_load_balancer(state: State, asked: dict[str, Any]) -> dict[str, Any]:
    """TerminateLoadBalancer: it goes to the recycle bin, and keeps its addresses there unless a setting says no.

    Without its addresses it is in no subnet any more, and its VPC can be deleted, with it.
    """
    with state.write() as connection:
        balancer = state.row("SELECT * FROM lb WHERE id = ?", asked["loadBalancerId"])
        if balancer is None:
            raise ApiFailure("INVALID_LB_NOT_FOUND", f"The load balancer `{asked['loadBalancerId']}` does not exist.")
        if balancer["status"] == "RECYCLED":
            raise ApiFailure("OPERATION_FAILED_FOR_RECYCLE_RESOURCE", "The load balancer is in the recycle bin.")
        connection.execute("UPDATE lb SET status = 'RECYCLED' WHERE id = ?", (balancer["id"],))
        connection.execute("DELETE FROM backend WHERE lb_id = ?", (balancer["id"],))
        if not state.settings.recycled_balancer_holds:
            connection.execute("DELETE FROM held WHERE owner = ?", (balancer["id"],))
            connection.execute("UPDATE lb SET subnet_id = NULL WHERE id = ?", (balancer["id"],))
    return {}


def empty_recycle_bin(state: State) -> list[str]:
    """Release every terminated load balancer, as ZEC does after a time nobody tells; return their ids."""
    with state.write() as connection:
        gone = [row["id"] for row in state.rows("SELECT id FROM lb WHERE status = 'RECYCLED' ORDER BY seq")]
        for balancer in gone:
            remove_load_balancer(connection, balancer)
    return gone
