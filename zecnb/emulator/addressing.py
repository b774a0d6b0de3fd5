"""The server's rules about private IPv4 addresses of vNICs (contract.md 5.1-5.4, 7.1, A8-A19)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zecnb.emulator.labels import drop_tags
from zecnb.emulator.networks import is_private
from zecnb.emulator.state import number, text
from zecnb.emulator.wire import ApiFailure

if TYPE_CHECKING:
    from collections.abc import Sequence
    from sqlite3 import Connection

    from zecnb.emulator.state import Row, State

__all__ = [
    "assign",
    "check_address",
    "find_nic",
    "pick_primary",
    "release",
    "remove_nic",
    "replace_primary",
    "require_ipv4",
    "require_ready",
    "settle",
]

_READY = ("AVAILABLE", "USED")
_ILLEGAL = "INVALID_PARAMETER_PRIVATE_IP_ILLEGAL"
_IN_USED = "INVALID_SUBNET_PRIVATE_IPV4_IN_USED"
_MANY = 10_000
"""More addresses than a call looks at one by one, while others wait, before it asks whether a vNIC may have as many."""


def settle(state: State) -> None:
    """Let vNICs whose time has come leave PENDING, ATTACHING, DETACHING and DELETING (contract.md 7.3)."""
    now = state.clock()
    if state.row("SELECT 1 FROM nic WHERE ready_at > 0 AND ready_at <= ?", now) is None:
        return
    due = "ready_at > 0 AND ready_at <= ?"
    with state.write() as connection:
        for row in state.rows(f"SELECT id FROM nic WHERE {due} AND status = 'DELETING'", now):
            remove_nic(connection, row["id"])
        connection.execute(f"UPDATE nic SET instance_id = NULL WHERE {due} AND status = 'DETACHING'", (now,))
        connection.execute(
            f"UPDATE nic SET ready_at = 0, status = CASE status WHEN 'ATTACHING' THEN 'USED' WHEN 'PENDING' THEN ? "
            f"ELSE 'AVAILABLE' END WHERE {due}",
            (state.settings.new_nics_become, now),
        )


def remove_nic(connection: Connection, nic_id: str) -> None:
    """Take a vNIC away with all it holds; inside a write."""
    connection.execute("DELETE FROM held WHERE owner = ?", (nic_id,))
    connection.execute("UPDATE eip SET nic_id = NULL, address = NULL WHERE nic_id = ?", (nic_id,))
    connection.execute("DELETE FROM backend WHERE nic_id = ?", (nic_id,))
    drop_tags(connection, nic_id)
    connection.execute("DELETE FROM nic WHERE id = ?", (nic_id,))


def find_nic(state: State, nic_id: str) -> Row:
    """Return a vNIC, or fail as A3 says."""
    nic = state.row("SELECT * FROM nic WHERE id = ?", nic_id)
    if nic is None:
        raise ApiFailure(state.settings.nic_not_found, f"The vNIC `{nic_id}` does not exist.")
    return nic


def require_ready(nic: Row) -> None:
    """Fail unless the vNIC may be changed."""
    if nic["status"] not in _READY:
        raise ApiFailure("INVALID_NIC_STATUS", f"The vNIC is `{nic['status']}`, which does not allow this operation.")


def require_ipv4(state: State, nic: Row) -> Row:
    """Return the vNIC's subnet; fail when it or the vNIC has no IPv4 (A16)."""
    subnet = state.row("SELECT * FROM subnet WHERE id = ?", nic["subnet_id"])
    assert subnet is not None
    by_nic = state.settings.stack_check == "either" and nic["stack"] == "IPv6"
    if by_nic or subnet["stack"] == "IPv6":
        raise ApiFailure("OPERATION_DENIED_SUBNET_TYPE_NOT_SUPPORT_IPV4", "The subnet does not support IPv4.")
    return subnet


def assign(
    state: State,
    nic_id: str,
    addresses: Sequence[str] | None,
    count: int | None,
    *,
    lag: float = 0.0,
    limited: bool = True,
) -> list[str]:
    """Add secondary addresses, all or none, checking in the order of A8.

    Args:
        state: the resources.
        nic_id: the vNIC.
        addresses: explicit ones; when given, the count is ignored.
        count: how many, when no addresses are given.
        lag: seconds before listings show the effect.
        limited: whether a vNIC may have so many.
    """
    with state.write():
        nic = find_nic(state, nic_id)
        require_ready(nic)
        if nic["type"] == "Primary" and not state.settings.primary_nics_accept:
            raise ApiFailure("INVALID_NIC_STATUS", "The vNIC is the primary one of its instance.")
        subnet = require_ipv4(state, nic)
        if limited and state.settings.limit_checked == "first":
            _check_limit(state, nic_id, len(addresses) if addresses else count or 0)
        elif limited and addresses and len(addresses) > _MANY:
            _check_limit(state, nic_id, len(set(addresses)))
        wanted = _check_each(state, subnet, nic_id, addresses) if addresses else []
        amount = len(wanted) if addresses else count or 0
        if limited:
            _check_limit(state, nic_id, amount)
        if not addresses:
            wanted = _pick(state, subnet, amount)
        row = state.row("SELECT COALESCE(MAX(position), 0) AS n FROM held WHERE owner = ?", nic_id)
        last = int(row["n"]) if row is not None else 0
        seen_from = state.clock() + lag if lag else 0.0
        for position, address in enumerate(wanted, last + 1):
            state.hold(subnet["id"], address, "secondary", nic_id, position=position, seen_from=seen_from)
    return [text(address) for address in wanted]


def _check_each(state: State, subnet: Row, nic_id: str, addresses: Sequence[str]) -> list[int]:
    """Check addresses in order; the first that is wrong decides the code."""
    wanted: list[int] = []
    known: set[int] = set()
    for given in addresses:
        address = _read(state, given)
        if address is not None and address in known:
            if state.settings.duplicate_in_request == "once":
                continue
            raise ApiFailure(_ILLEGAL, f"`{given}` is given twice.")
        if state.settings.held_by_itself == "accepted" and _has(state, subnet, nic_id, address):
            continue
        address = check_address(state, subnet, given)
        known.add(address)
        wanted.append(address)
    return wanted


def _has(state: State, subnet: Row, nic_id: str, address: int | None) -> bool:
    sql = "SELECT 1 FROM held WHERE subnet_id = ? AND address = ? AND owner = ?"
    return state.row(sql, subnet["id"], address, nic_id) is not None


def _read(state: State, given: str) -> int | None:
    """Return an address as a number, None when it is none (A15)."""
    address = number(given)
    if address is None and state.settings.leading_zeros == "accepted":
        return number(".".join(part.lstrip("0") or part[:1] for part in given.split(".")))
    return address


def check_address(state: State, subnet: Row, given: str) -> int:
    """Return an address that can be taken in a subnet, or fail in the order of A8."""
    address = _read(state, given)
    network = subnet["network"]
    broadcast = network + (1 << (32 - subnet["prefix"])) - 1
    if address is None:
        raise ApiFailure(_ILLEGAL, f"`{given}` is not a valid private IP address.")
    if not network <= address <= broadcast:
        if state.settings.public_address == "illegal" and not is_private(address):
            raise ApiFailure(_ILLEGAL, f"`{given}` is not a private IP address.")
        raise ApiFailure("INVALID_IP_OUT_OF_RANGE", f"`{given}` does not belong to `{subnet['cidr']}`.")
    if address == network:
        raise ApiFailure("INVALID_IP_NETWORK_ADDRESS", f"`{given}` is the network address.")
    if address == broadcast:
        raise ApiFailure("INVALID_IP_BROADCAST_ADDRESS", f"`{given}` is the broadcast address.")
    if address == network + 1:
        raise ApiFailure("INVALID_IP_FIRST_ADDRESS", f"`{given}` is the gateway address.")
    if state.row("SELECT 1 FROM held WHERE subnet_id = ? AND address = ?", subnet["id"], address):
        raise ApiFailure(_IN_USED, "The private IPv4 address is in use.")
    return address


def _check_limit(state: State, nic_id: str, more: int) -> None:
    settings = state.settings
    kinds = ("primary", "secondary") if settings.nic_limit_counts_primary else ("secondary", "secondary")
    row = state.row("SELECT COUNT(*) AS n FROM held WHERE owner = ? AND kind IN (?, ?)", nic_id, *kinds)
    assert row is not None
    if row["n"] + more > settings.nic_limit:
        raise ApiFailure(
            settings.nic_limit_code,
            f"The vNIC would have more than `{settings.nic_limit}` private IPs.",
        )


def _pick(state: State, subnet: Row, amount: int) -> list[int]:
    """Choose free addresses (A6)."""
    usable = (1 << (32 - subnet["prefix"])) - 3
    if amount <= usable - state.usage(subnet["id"]):
        chosen = state.random_free if state.settings.count_pick == "random" else state.free_addresses
        if (found := chosen(subnet, amount)) is not None:
            return found
    raise ApiFailure("OPERATION_DENIED_SUBNET_IP_INSUFFICIENT", "The subnet has not enough free addresses.")


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
    if not addresses and state.settings.release_nothing != "accepted":
        raise ApiFailure("MISSING_PARAMETER", "Parameter `ipAddresses` is required.")
    with state.write() as connection:
        nic = find_nic(state, nic_id)
        require_ready(nic)
        gone: list[int] = []
        for given in addresses:
            address = _read(state, given)
            held = address is not None and state.row(
                "SELECT * FROM held WHERE subnet_id = ? AND address = ? AND owner = ?",
                nic["subnet_id"],
                address,
                nic_id,
            )
            if not held and state.settings.release_foreign == "ignored":
                continue
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


def replace_primary(state: State, nic_id: str, given: str | None) -> str:
    """Give a vNIC another primary address, by default the lowest free one (contract.md 5.4); return it.

    The former one is free at once. The same one again changes nothing. An EIP bound to the former one follows.
    """
    with state.write() as connection:
        nic = find_nic(state, nic_id)
        require_ready(nic)
        subnet = require_ipv4(state, nic)
        held = state.row("SELECT address FROM held WHERE owner = ? AND kind = 'primary'", nic_id)
        old = None if held is None else int(held["address"])
        if given is not None and old is not None and _read(state, given) == old:
            return text(old)
        new = pick_primary(state, subnet) if given is None else check_address(state, subnet, given)
        connection.execute("DELETE FROM held WHERE owner = ? AND kind = 'primary'", (nic_id,))
        state.hold(subnet["id"], new, "primary", nic_id)
        connection.execute("UPDATE eip SET address = ? WHERE nic_id = ? AND address = ?", (new, nic_id, old))
        connection.execute("UPDATE nic SET updated = ? WHERE id = ?", (state.now(), nic_id))
    return text(new)
