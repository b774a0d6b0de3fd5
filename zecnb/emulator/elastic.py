"""Elastic IPs: enough of them to block an undo (contract.md 5.15, 5.17)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from zecnb.emulator.addressing import find_nic, require_ready
from zecnb.emulator.labels import drop_tags, keep_labels
from zecnb.emulator.networks import require_region
from zecnb.emulator.state import number, text
from zecnb.emulator.wire import ApiFailure, NotHereFailure

if TYPE_CHECKING:
    from collections.abc import Callable
    from sqlite3 import Connection

    from zecnb.emulator.state import Row, State

__all__ = ["associate", "available_lan_ips", "bind", "create_eips", "delete_eip", "unassociate"]

_FIRST_PUBLIC = number("198.18.0.0") or 0
"""Public addresses are made up from the range kept for benchmarks, 198.18.0.0/15."""

_OTHERS = {
    "loadBalancerId": ("lb", "INVALID_LB_NOT_FOUND"),
    "nicId": ("nic", ""),
    "natId": ("", "OPERATION_FAILED_RESOURCE_NOT_FOUND"),
    "haVipId": ("havip", "INVALID_HAVIP_NOT_FOUND"),
}
"""What an EIP can be bound to, the first that is given: table, and code when it is not there."""


def create_eips(state: State, asked: dict[str, Any]) -> dict[str, Any]:
    """CreateEips: they exist at once; what they cost is nobody's business here."""
    require_region(state, asked["regionId"])
    made = []
    with state.write() as connection:
        first, amount = state.next_seq("eip"), asked["amount"] or 1
        for at in range(first, first + amount):
            eip = state.new_id()
            name = asked["name"] if amount == 1 else f"{asked['name']}-{at - first + 1}"
            public = text(_FIRST_PUBLIC + at % (1 << 17))
            connection.execute(
                "INSERT INTO eip (id, seq, name, region_id, public, created, charge_type) VALUES (?, ?, ?, ?, ?, ?, ?)",
                (eip, at, name, asked["regionId"], public, state.now(), asked["internetChargeType"]),
            )
            keep_labels(connection, eip, asked)
            made.append(eip)
    return {"eipIds": made, "orderNumber": state.new_id()}


def delete_eip(state: State, asked: dict[str, Any]) -> dict[str, Any]:
    """DeleteEip: not while it is bound."""
    with state.write() as connection:
        eip = _find(state, asked["eipId"])
        if eip["nic_id"]:
            raise ApiFailure("OPERATION_DENIED_EIP_IS_NOT_UN_ASSIGN", "The EIP is bound.")
        drop_tags(connection, eip["id"])
        connection.execute("DELETE FROM eip WHERE id = ?", (eip["id"],))
    return {}


def associate(state: State, asked: dict[str, Any]) -> dict[str, Any]:
    """AssociateEipAddress to a private address of a vNIC, its primary one unless ``lanIp`` says otherwise."""
    target = next((each for each in _OTHERS if asked[each]), None)
    if target is None or not asked["eipIds"]:
        raise ApiFailure("MISSING_PARAMETER", f"Parameter `{'eipIds' if target else 'nicId'}` is required.")
    with state.write() as connection:
        if target != "nicId":
            table, code = _OTHERS[target]
            if not table or state.row(f"SELECT 1 FROM {table} WHERE id = ?", asked[target]) is None:
                raise ApiFailure(code, f"`{asked[target][:80]}` does not exist.")
            raise NotHereFailure(f"Binding by `{target}`")
        nic = find_nic(state, asked["nicId"])
        require_ready(nic)
        address = _address_of(state, nic, asked["lanIp"])
        kind = asked["bindType"] or "FullNat"
        return _each(state, asked["eipIds"], lambda eip: _bind(state, connection, eip, nic, address, kind))


def bind(state: State, connection: Connection, nic: Row, eip_id: str, kind: str) -> None:
    """Bind an EIP to the primary address of a new vNIC; inside a write."""
    _bind(state, connection, _find(state, eip_id), nic, _address_of(state, nic, None), kind)


def _bind(state: State, connection: Connection, eip: Row, nic: Row, address: int, kind: str) -> None:
    if eip["nic_id"]:
        raise ApiFailure("OPERATION_DENIED_EIP_STATUS_NOT_SUPPORT", "The EIP is bound already.")
    if eip["region_id"] != nic["region_id"]:
        raise ApiFailure("OPERATION_DENIED_EIP_ZONE_NOT_SAME", "EIP and vNIC are in two regions.")
    bound = state.row("SELECT COUNT(*) AS n FROM eip WHERE nic_id = ? AND address = ?", nic["id"], address)
    if bound is not None and bound["n"] >= state.settings.eips_per_address:
        raise ApiFailure("OPERATION_DENIED_EIP_INSTANCE_EXCEED_LIMIT", "The private IP has too many EIPs.")
    values = (nic["id"], address, kind, eip["id"])
    connection.execute("UPDATE eip SET nic_id = ?, address = ?, bind_type = ? WHERE id = ?", values)


def unassociate(state: State, asked: dict[str, Any]) -> dict[str, Any]:
    """UnassociateEipAddress: one that is not bound is fine by default, as the newest text says."""
    if not asked["eipIds"]:
        raise ApiFailure("MISSING_PARAMETER", "Parameter `eipIds` is required.")
    with state.write() as connection:

        def loosen(eip: Row) -> None:
            if not eip["nic_id"] and state.settings.eip_loosened_again == "refused":
                raise ApiFailure("OPERATION_DENIED_EIP_NOT_ASSIGNED", "The EIP is not bound.")
            connection.execute("UPDATE eip SET nic_id = NULL, address = NULL WHERE id = ?", (eip["id"],))

        return _each(state, asked["eipIds"], loosen)


def available_lan_ips(state: State, asked: dict[str, Any]) -> dict[str, Any]:
    """AvailableLanIp: private addresses of vNICs that the EIP could be bound to, not free ones of a subnet."""
    eip = _find(state, asked["eipId"])
    rows = state.rows(
        "SELECT held.address, nic.id, nic.name, nic.instance_id, instance.name AS host FROM nic "
        "JOIN held ON held.owner = nic.id LEFT JOIN instance ON instance.id = nic.instance_id "
        "WHERE nic.region_id = ? AND nic.status IN ('AVAILABLE', 'USED') AND (SELECT COUNT(*) FROM eip "
        "WHERE eip.nic_id = nic.id AND eip.address = held.address) < ? ORDER BY nic.seq, held.position",
        eip["region_id"],
        state.settings.eips_per_address,
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


def _each(state: State, eip_ids: list[str], act: Callable[[Row], None]) -> dict[str, Any]:
    """Do it for each EIP; one that cannot be done is reported, or fails the call."""
    failed = []
    for eip_id in eip_ids:
        try:
            act(_find(state, eip_id))
        except ApiFailure:
            if state.settings.eip_batch == "fail":
                raise
            failed.append(eip_id)
    return {"failedEipIds": failed}


def _find(state: State, eip_id: str) -> Row:
    eip = state.row("SELECT * FROM eip WHERE id = ?", eip_id)
    if eip is None:
        raise ApiFailure(state.settings.eip_not_found, f"The EIP `{eip_id}` does not exist.")
    return eip


def _address_of(state: State, nic: Row, given: str | None) -> int:
    if given:
        held = state.row("SELECT address FROM held WHERE owner = ? AND address = ?", nic["id"], number(given))
    else:
        held = state.row("SELECT address FROM held WHERE owner = ? AND kind = 'primary'", nic["id"])
    if held is None:
        raise ApiFailure("INVALID_PARAMETER_PRIVATE_IP_ILLEGAL", f"`{given or ''}` is no private IP of this vNIC.")
    return int(held["address"])
