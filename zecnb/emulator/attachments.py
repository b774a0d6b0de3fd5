"""Attaching vNICs to instances, which are here only for that (contract.md 5.9, 5.10)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from zecnb.emulator.addressing import find_nic
from zecnb.emulator.networks import require_free
from zecnb.emulator.wire import ApiFailure

if TYPE_CHECKING:
    from sqlite3 import Connection

    from zecnb.emulator.state import Row, State

__all__ = ["add_instance", "attach", "create_instance", "detach"]


def create_instance(state: State, name: str, region: str, status: str = "RUNNING") -> str:
    """Make an instance, which no action of contract.md 5 does; return its id."""
    with state.write() as connection:
        return add_instance(state, connection, name, region, status)


def add_instance(state: State, connection: Connection, name: str, region: str, status: str = "RUNNING") -> str:
    """Make an instance inside a write; return its id."""
    instance = state.new_id()
    values = (instance, state.next_seq("instance"), name, region, status)
    connection.execute("INSERT INTO instance VALUES (?, ?, ?, ?, ?)", values)
    return instance


def attach(state: State, asked: dict[str, Any]) -> dict[str, Any]:
    """AttachNetworkInterface: the instance id shows at once, as Terraform needs (contract.md 7.4)."""
    with state.write() as connection:
        nic = find_nic(state, asked["nicId"])
        instance = _find_instance(state, asked["instanceId"])
        if nic["status"] == "USED":
            raise ApiFailure("INVALID_NIC_ATTACHED", "The vNIC is attached already.")
        if nic["status"] != "AVAILABLE":
            raise ApiFailure("INVALID_NIC_STATUS", f"The vNIC is `{nic['status']}`.")
        _require_running(state, instance)
        if nic["region_id"] != instance["region_id"]:
            raise ApiFailure("INVALID_NIC_INSTANCE_REGION_MISMATCH", "vNIC and instance are in two regions.")
        row = state.row("SELECT COUNT(*) AS n FROM nic WHERE instance_id = ?", instance["id"])
        if row is not None and row["n"] >= state.settings.instance_nic_limit:
            raise ApiFailure("INVALID_INSTANCE_NIC_LIMIT", "The instance has as many vNICs as it may have.")
        slow = state.settings.lifecycle_seconds
        connection.execute(
            "UPDATE nic SET status = ?, instance_id = ?, ready_at = ?, updated = ? WHERE id = ?",
            (
                "ATTACHING" if slow > 0 else "USED",
                instance["id"],
                state.clock() + slow if slow > 0 else 0.0,
                state.now(),
                nic["id"],
            ),
        )
    return {}


def detach(state: State, asked: dict[str, Any]) -> dict[str, Any]:
    """DetachNetworkInterface; the vNIC keeps its addresses (A26)."""
    with state.write() as connection:
        nic = find_nic(state, asked["nicId"])
        if nic["type"] == "Primary":
            raise ApiFailure("INVALID_NIC_PRIMARY_CANT_DETACH", "A primary vNIC cannot be detached.")
        if nic["status"] == "AVAILABLE":
            raise ApiFailure(state.settings.detach_unattached, "The vNIC is attached to no instance.")
        if nic["status"] != "USED":
            raise ApiFailure("INVALID_NIC_STATUS", f"The vNIC is `{nic['status']}`.")
        _require_running(state, _find_instance(state, nic["instance_id"]))
        if state.row("SELECT 1 FROM backend WHERE nic_id = ?", nic["id"]):
            raise ApiFailure("INVALID_NIC_LB_ASSOCIATED", "The vNIC is a backend of a load balancer.")
        slow = state.settings.lifecycle_seconds
        if slow > 0:
            values = ("DETACHING", nic["instance_id"], state.clock() + slow, state.now(), nic["id"])
        else:
            values = ("AVAILABLE", None, 0.0, state.now(), nic["id"])
        connection.execute("UPDATE nic SET status = ?, instance_id = ?, ready_at = ?, updated = ? WHERE id = ?", values)
        if not state.settings.detach_keeps_addresses:
            connection.execute("DELETE FROM held WHERE owner = ? AND kind = 'secondary'", (nic["id"],))
            loosen = "UPDATE eip SET nic_id = NULL, address = NULL WHERE nic_id = ? AND address NOT IN"
            connection.execute(f"{loosen} (SELECT address FROM held WHERE owner = ?)", (nic["id"], nic["id"]))
    return {}


def _find_instance(state: State, instance_id: str | None) -> Row:
    instance = state.row("SELECT * FROM instance WHERE id = ?", instance_id)
    if instance is None:
        raise ApiFailure("INVALID_INSTANCE_NOT_FOUND", f"The instance `{instance_id}` does not exist.")
    return instance


def _require_running(state: State, instance: Row) -> None:
    if instance["status"] != "RUNNING":
        raise ApiFailure("OPERATION_DENIED_INSTANCE_STATUS_NOT_SUPPORT", f"The instance is `{instance['status']}`.")
    require_free(state, instance["id"])
