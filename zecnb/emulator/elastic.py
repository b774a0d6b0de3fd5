"""Elastic IPs: enough of them to block an undo (contract.md 5.15, 5.17)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from zecnb.emulator.addressing import find_nic
from zecnb.emulator.labels import drop_tags, keep_labels
from zecnb.emulator.listings import REGIONS
from zecnb.emulator.state import number, text
from zecnb.emulator.wire import ApiFailure

if TYPE_CHECKING:
    from collections.abc import Callable
    from sqlite3 import Connection

    from zecnb.emulator.state import Row, State

__all__ = ["associate", "available_lan_ips", "bind_eips", "create_eips", "delete_eip", "unassociate"]

_FIRST_PUBLIC = number("198.18.0.0") or 0
"""Public addresses are made up from the range kept for benchmarks, 198.18.0.0/15."""


def create_eips(state: State, asked: dict[str, Any]) -> dict[str, Any]:
    """CreateEips: they exist at once; what they cost is nobody's business here."""
    if asked["regionId"] not in REGIONS:
        raise ApiFailure("INVALID_REGION_NOT_FOUND", f"The region `{asked['regionId']}` does not exist.")
    made = []
    with state.write() as connection:
        first = state.next_seq("eip")
        for at in range(first, first + (asked["amount"] or 1)):
            eip = state.new_id()
            name = asked["name"] or f"eip-{at}"
            values = (eip, at, name, asked["regionId"], text(_FIRST_PUBLIC + at % (1 << 17)), None, None, state.now())
            connection.execute("INSERT INTO eip VALUES (?, ?, ?, ?, ?, ?, ?, ?)", values)
            keep_labels(connection, eip, asked)
            made.append(eip)
    return {"eipIds": made, "orderNumber": state.new_id()}


def delete_eip(state: State, asked: dict[str, Any]) -> dict[str, Any]:
    """DeleteEip: not while it is bound."""
    with state.write() as connection:
        eip = _find(state, asked["eipId"])
        if eip["nic_id"]:
            raise ApiFailure("OPERATION_DENIED_EIP_STATUS_NOT_SUPPORT", "The EIP is bound.")
        drop_tags(connection, eip["id"])
        connection.execute("DELETE FROM eip WHERE id = ?", (eip["id"],))
    return {}


def associate(state: State, asked: dict[str, Any]) -> dict[str, Any]:
    """AssociateEipAddress to a private address of a vNIC, its primary one unless ``lanIp`` says otherwise."""
    if not asked["nicId"]:
        if asked["loadBalancerId"] or asked["natId"] or asked["haVipId"]:
            raise ApiFailure("OPERATION_FAILED_RESOURCE_NOT_FOUND", "EIPs can only be bound to vNICs here.")
        raise ApiFailure("MISSING_PARAMETER", "Parameter `nicId` is required.")
    _require_ids(asked)
    with state.write() as connection:
        nic = find_nic(state, asked["nicId"])
        if nic["status"] not in ("AVAILABLE", "USED"):
            raise ApiFailure("INVALID_NIC_STATUS", f"The vNIC is `{nic['status']}`.")
        return {"failedEipIds": bind_eips(state, connection, nic, asked["lanIp"], asked["eipIds"])}


def bind_eips(state: State, connection: Connection, nic: Row, lan_ip: str | None, eip_ids: list[str]) -> list[str]:
    """Bind EIPs to a private address of a vNIC, the primary one when none is named; return those that failed.

    Inside a write.
    """
    address = _address_of(state, nic, lan_ip)

    def bind(eip: Row) -> None:
        if eip["nic_id"]:
            raise ApiFailure("OPERATION_DENIED_EIP_STATUS_NOT_SUPPORT", "The EIP is bound already.")
        if eip["region_id"] != nic["region_id"]:
            raise ApiFailure("OPERATION_DENIED_EIP_ZONE_NOT_SAME", "EIP and vNIC are in two regions.")
        bound = state.row("SELECT COUNT(*) AS n FROM eip WHERE nic_id = ? AND address = ?", nic["id"], address)
        if bound is not None and bound["n"] >= state.settings.eips_per_address:
            raise ApiFailure("OPERATION_DENIED_EIP_INSTANCE_EXCEED_LIMIT", "The private IP has too many EIPs.")
        connection.execute("UPDATE eip SET nic_id = ?, address = ? WHERE id = ?", (nic["id"], address, eip["id"]))

    return _each(state, eip_ids, bind)


def unassociate(state: State, asked: dict[str, Any]) -> dict[str, Any]:
    """UnassociateEipAddress."""
    _require_ids(asked)
    with state.write() as connection:

        def loosen(eip: Row) -> None:
            if not eip["nic_id"]:
                raise ApiFailure("OPERATION_DENIED_EIP_NOT_ASSIGNED", "The EIP is not bound.")
            connection.execute("UPDATE eip SET nic_id = NULL, address = NULL WHERE id = ?", (eip["id"],))

        return {"failedEipIds": _each(state, asked["eipIds"], loosen)}


def available_lan_ips(state: State, asked: dict[str, Any]) -> dict[str, Any]:
    """AvailableLanIp: private addresses of vNICs that the EIP could be bound to, not free ones of a subnet."""
    eip = _find(state, asked["eipId"])
    rows = state.rows(
        "SELECT held.address, nic.id, nic.name, nic.instance_id, instance.name AS host FROM nic "
        "JOIN held ON held.owner = nic.id LEFT JOIN instance ON instance.id = nic.instance_id "
        "WHERE nic.region_id = ? AND nic.status IN ('AVAILABLE', 'USED') ORDER BY nic.seq, held.position",
        eip["region_id"],
    )
    return {
        "lanIps": [
            {
                "lanIp": text(row["address"]),
                "nicId": row["id"],
                "nicName": row["name"],
                "instanceId": row["instance_id"],
                "instanceName": row["host"],
            }
            for row in rows
        ]
    }


def _require_ids(asked: dict[str, Any]) -> None:
    if not asked["eipIds"]:
        raise ApiFailure("MISSING_PARAMETER", "Parameter `eipIds` is required.")


def _each(state: State, eip_ids: list[str], act: Callable[[Row], None]) -> list[str]:
    """Do it for each EIP; one that cannot be done fails the call or is reported."""
    failed = []
    for eip_id in eip_ids:
        try:
            act(_find(state, eip_id))
        except ApiFailure:
            if state.settings.eip_batch == "fail":
                raise
            failed.append(eip_id)
    return failed


def _find(state: State, eip_id: str) -> Row:
    eip = state.row("SELECT * FROM eip WHERE id = ?", eip_id)
    if eip is None:
        raise ApiFailure("INVALID_EIP_NOT_FOUND", f"The EIP `{eip_id}` does not exist.")
    return eip


def _address_of(state: State, nic: Row, given: str | None) -> int:
    if given:
        held = state.row("SELECT address FROM held WHERE owner = ? AND address = ?", nic["id"], number(given))
    else:
        held = state.row("SELECT address FROM held WHERE owner = ? AND kind = 'primary'", nic["id"])
    if held is None:
        raise ApiFailure("INVALID_PARAMETER_PRIVATE_IP_ILLEGAL", f"`{given or ''}` is no private IP of this vNIC.")
    return int(held["address"])
