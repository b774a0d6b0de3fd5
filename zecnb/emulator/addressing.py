"""The server's rules about private IPv4 addresses of vNICs (contract.md 5.1-5.4, 7.1, A8-A19)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zecnb.emulator.state import number, text
from zecnb.emulator.wire import ApiFailure

if TYPE_CHECKING:
    from collections.abc import Sequence

    from zecnb.emulator.state import Row, State

__all__ = ["assign", "find_nic", "pick_primary", "release", "require_ipv4", "require_ready", "settle"]

_READY = ("AVAILABLE", "USED")
_ILLEGAL = "INVALID_PARAMETER_PRIVATE_IP_ILLEGAL"
_IN_USED = "INVALID_SUBNET_PRIVATE_IPV4_IN_USED"


def settle(state: State) -> None:
    """Let vNICs whose time has come leave PENDING."""
    if state.settings.lifecycle_seconds > 0:
        with state.write() as connection:
            connection.execute(
                "UPDATE nic SET status = 'AVAILABLE' WHERE status = 'PENDING' AND ready_at > 0 AND ready_at <= ?",
                (state.clock(),),
            )


def find_nic(state: State, nic_id: str) -> Row:
    """Return a vNIC, or fail as A3 says."""
    nic = state.row("SELECT * FROM nic WHERE id = ?", nic_id)
    if nic is None:
        raise ApiFailure("INVALID_NIC_NOT_FOUND", f"The vNIC `{nic_id}` does not exist.")
    return nic


def require_ready(nic: Row) -> None:
    """Fail unless the vNIC may be changed."""
    if nic["status"] not in _READY:
        raise ApiFailure("INVALID_NIC_STATUS", f"The vNIC is `{nic['status']}`, which does not allow this operation.")


def require_ipv4(state: State, nic: Row) -> Row:
    """Return the vNIC's subnet; fail when it or the vNIC has no IPv4 (A16)."""
    subnet = state.row("SELECT * FROM subnet WHERE id = ?", nic["subnet_id"])
    assert subnet is not None
    if nic["stack"] == "IPv6" or subnet["stack"] == "IPv6":
        raise ApiFailure("OPERATION_DENIED_SUBNET_TYPE_NOT_SUPPORT_IPV4", "The subnet does not support IPv4.")
    return subnet


def assign(
    state: State, nic_id: str, addresses: Sequence[str] | None, count: int | None, *, lag: float = 0.0
) -> list[str]:
    """Add secondary addresses, all or none, checking in the order of A8.

    Args:
        state: the resources.
        nic_id: the vNIC.
        addresses: explicit ones; when given, the count is ignored.
        count: how many, when no addresses are given.
        lag: seconds before listings show the effect.
    """
    settle(state)
    with state.write():
        nic = find_nic(state, nic_id)
        require_ready(nic)
        subnet = require_ipv4(state, nic)
        wanted = _check_each(state, subnet, addresses) if addresses else []
        amount = len(wanted) if addresses else count or 0
        _check_limit(state, nic_id, amount)
        if not addresses:
            wanted = _pick(state, subnet, amount)
        row = state.row("SELECT COALESCE(MAX(position), 0) AS n FROM held WHERE owner = ?", nic_id)
        last = int(row["n"]) if row is not None else 0
        seen_from = state.clock() + lag if lag else 0.0
        for position, address in enumerate(wanted, last + 1):
            state.hold(subnet["id"], address, "secondary", nic_id, position=position, seen_from=seen_from)
    return [text(address) for address in wanted]


def _check_each(state: State, subnet: Row, addresses: Sequence[str]) -> list[int]:
    """Check addresses in order; the first that is wrong decides the code."""
    network = subnet["network"]
    broadcast = network + (1 << (32 - subnet["prefix"])) - 1
    wanted: list[int] = []
    known: set[int] = set()
    for given in addresses:
        address = number(given)
        if address is None:
            raise ApiFailure(_ILLEGAL, f"`{given}` is not a valid private IP address.")
        if address in known:
            if state.settings.duplicate_in_request == "once":
                continue
            raise ApiFailure(_ILLEGAL, f"`{given}` is given twice.")
        if not network <= address <= broadcast:
            raise ApiFailure("INVALID_IP_OUT_OF_RANGE", f"`{given}` does not belong to `{subnet['cidr']}`.")
        if address == network:
            raise ApiFailure("INVALID_IP_NETWORK_ADDRESS", f"`{given}` is the network address.")
        if address == broadcast:
            raise ApiFailure("INVALID_IP_BROADCAST_ADDRESS", f"`{given}` is the broadcast address.")
        if address == network + 1:
            raise ApiFailure("INVALID_IP_FIRST_ADDRESS", f"`{given}` is the gateway address.")
        if state.row("SELECT 1 FROM held WHERE subnet_id = ? AND address = ?", subnet["id"], address):
            raise ApiFailure(_IN_USED, "The private IPv4 address is in use.")
        known.add(address)
        wanted.append(address)
    return wanted


def _check_limit(state: State, nic_id: str, more: int) -> None:
    settings = state.settings
    kinds = ("primary", "secondary") if settings.nic_limit_counts_primary else ("secondary", "secondary")
    row = state.row("SELECT COUNT(*) AS n FROM held WHERE owner = ? AND kind IN (?, ?)", nic_id, *kinds)
    assert row is not None
    if row["n"] + more > settings.nic_limit:
        raise ApiFailure(
            "OPERATION_DENIED_NIC_ATTACH_LAN_IP_EXCEED_LIMIT",
            f"The vNIC would have more than `{settings.nic_limit}` private IPs.",
        )


def _pick(state: State, subnet: Row, amount: int) -> list[int]:
    """Choose free addresses (A6)."""
    usable = (1 << (32 - subnet["prefix"])) - 3
    if amount > usable - state.usage(subnet["id"]):
        raise ApiFailure("OPERATION_DENIED_SUBNET_IP_INSUFFICIENT", "The subnet has not enough free addresses.")
    if state.settings.count_pick == "random":
        return state.random.sample(state.free_addresses(subnet), amount)
    return state.free_addresses(subnet, amount)


def pick_primary(state: State, subnet: Row) -> int:
    """Return the lowest free address for a new vNIC or HaVip; inside a write."""
    return _pick(state, subnet, 1)[0]


def release(state: State, nic_id: str, addresses: Sequence[str], *, lag: float = 0.0) -> None:
    """Remove secondary addresses, all or none (contract.md 5.3, A18, A19).

    Args:
        state: the resources.
        nic_id: the vNIC.
        addresses: what to remove.
        lag: seconds before listings show the effect.
    """
    settle(state)
    with state.write() as connection:
        nic = find_nic(state, nic_id)
        require_ready(nic)
        if not addresses:
            raise ApiFailure("MISSING_PARAMETER", "Parameter `ipAddresses` is required.")
        gone: list[int] = []
        for given in addresses:
            address = number(given)
            held = address is not None and state.row(
                "SELECT * FROM held WHERE subnet_id = ? AND address = ? AND owner = ?",
                nic["subnet_id"],
                address,
                nic_id,
            )
            if not held or address is None:
                raise ApiFailure(_ILLEGAL, f"`{given}` is not a private IP of this vNIC.")
            if held["kind"] == "primary":
                raise ApiFailure("INVALID_NIC_PRIMARY_IP_CANT_DETACH", "The primary IP cannot be removed.")
            gone.append(address)
        _check_dependants(state, nic_id, gone)
        for address in gone:
            if lag:
                connection.execute(
                    "INSERT INTO lingering SELECT subnet_id, address, kind, owner, position, ? FROM held "
                    "WHERE subnet_id = ? AND address = ?",
                    (state.clock() + lag, nic["subnet_id"], address),
                )
            connection.execute("DELETE FROM held WHERE subnet_id = ? AND address = ?", (nic["subnet_id"], address))


def _check_dependants(state: State, nic_id: str, gone: Sequence[int]) -> None:
    bound = {row["address"] for row in state.rows("SELECT address FROM eip WHERE nic_id = ?", nic_id)}
    if (bound and state.settings.eip_blocks == "any") or bound & set(gone):
        raise ApiFailure("INVALID_NIC_HAS_PUBLIC_IP_CANT_DETACH", "The vNIC has an elastic IP.")
    backends = {row["address"] for row in state.rows("SELECT address FROM backend WHERE nic_id = ?", nic_id)}
    if backends & set(gone):
        raise ApiFailure("INVALID_NIC_LB_ASSOCIATED", "The private IP is a backend of a load balancer.")
