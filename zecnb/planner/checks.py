"""The rules: one small function per finding, from the board's columns to a column of "applies here".

Rules about capacity that depend on what the plan itself takes are in ``room``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow.compute as pc

from zecnb.addresses import Reason
from zecnb.columns import among, texts_at
from zecnb.counts import CountState
from zecnb.planner.options import DOCUMENTED_LIMIT
from zecnb.planner.reservations import Force
from zecnb.schema import KIND_CODES, TAKES_ADDRESSES

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from zecnb.planner.board import Board

    Rule = Callable[[Board], NDArray[np.bool_]]

__all__ = ["ADDRESS_RULES", "NIC_RULES", "PLAN_RULES", "REQUEST_RULES", "SPECIAL_RANGES", "special_range"]

SPECIAL_RANGES = (
    ("this-network", 0x00000000, 0x00FFFFFF),
    ("loopback", 0x7F000000, 0x7FFFFFFF),
    ("link-local", 0xA9FE0000, 0xA9FEFFFF),
    ("multicast", 0xE0000000, 0xEFFFFFFF),
    ("reserved", 0xF0000000, 0xFFFFFFFF),
)
"""Ranges that no subnet can use (RFC 6890): name, first, last."""

_PRIVATE = (
    (0x0A000000, 0x0AFFFFFF),
    (0xAC100000, 0xAC1FFFFF),
    (0xC0A80000, 0xC0A8FFFF),
    (0x64400000, 0x647FFFFF),
)


def special_range(value: NDArray[np.uint32]) -> NDArray[np.int8]:
    """Return the position in ``SPECIAL_RANGES`` of each address, -1 where it is in none."""
    found = np.full(len(value), -1, np.int8)
    for at, (_, low, high) in enumerate(SPECIAL_RANGES):
        found[(value >= low) & (value <= high)] = at
    return found


# -- by address ------------------------------------------------------------------------------------------------


def _syntax(board: Board) -> NDArray[np.bool_]:
    reason = board.requests.asks.reason
    return np.asarray((reason != Reason.OK) & (reason != Reason.IPV6))


def _ipv6_given(board: Board) -> NDArray[np.bool_]:
    return np.asarray(board.requests.asks.reason == Reason.IPV6)


def _special_range(board: Board) -> NDArray[np.bool_]:
    odd = np.flatnonzero(board.parsed & ~board.inside)
    return _where(len(board.parsed), odd[special_range(board.requests.asks.value[odd]) >= 0])


def _public_address(board: Board) -> NDArray[np.bool_]:
    value = board.requests.asks.value
    public = board.parsed.copy()
    for low, high in _PRIVATE:
        public &= (value < low) | (value > high)
    odd = np.flatnonzero(public)
    return _where(len(public), odd[special_range(value[odd]) < 0])


def _duplicate_in_request(board: Board) -> NDArray[np.bool_]:
    return board.repeated & ~board.on_own_nic


def _duplicate_across_plan(board: Board) -> NDArray[np.bool_]:
    at = board.twins.at[board.twins.rival >= 0]
    return _where(len(board.slot), at[~board.on_own_nic[at]])


def _out_of_subnet(board: Board) -> NDArray[np.bool_]:
    return board.judged & ~board.inside


def _held(*kinds: str, own: bool | None = None) -> Rule:
    codes = [KIND_CODES[kind] for kind in kinds]

    def rule(board: Board) -> NDArray[np.bool_]:
        found = board.held_kind == codes[0]
        for code in codes[1:]:
            found |= board.held_kind == code
        if own is not None:
            found &= board.on_own_nic[board.held] == own
        return _where(len(board.slot), board.held[found])

    return rule


def _first_host(board: Board) -> NDArray[np.bool_]:
    if not len(board.snapshot.subnets):
        return np.zeros(len(board.slot), np.bool_)
    geometry, value = board.snapshot.geometry, board.requests.asks.value
    first = geometry.network + np.uint32(1)
    odd_gateway = geometry.ipv4 & (geometry.gateway != first)
    if not odd_gateway.any():
        return np.zeros(len(value), np.bool_)
    return np.asarray(board.inside & odd_gateway[board.home] & (value == first[board.home]))


def _reserved(board: Board) -> NDArray[np.bool_]:
    return _claimed(board, Force.BINDING)


def _claim_overridden(board: Board) -> NDArray[np.bool_]:
    return _claimed(board, Force.OVERRIDDEN)


def _claim_expired(board: Board) -> NDArray[np.bool_]:
    return _claimed(board, Force.EXPIRED)


def _claimed(board: Board, force: Force) -> NDArray[np.bool_]:
    reservations = board.reservations
    if not len(reservations.low):
        return np.zeros(len(board.slot), np.bool_)
    label = np.where(board.inside, reservations.find(board.key), -1)
    return np.asarray((label >= 0) & (reservations.force[label] == force) & ~board.on_own_nic)


def _remembered(board: Board) -> tuple[NDArray[np.intp], NDArray[np.int64]]:
    """Return the free addresses that something is remembered of, and their entries of the memory."""
    if not len(board.memory.keys):
        return np.zeros(0, np.intp), np.zeros(0, np.int64)
    free = np.flatnonzero(board.inside & (board.entry < 0))
    entry = board.memory.find(board.key[free])
    return free[entry >= 0], entry[entry >= 0]


def _held_by_unseen(board: Board) -> NDArray[np.bool_]:
    found, entry = _remembered(board)
    return _where(len(board.slot), found[board.memory.refused[entry]])


def _recently_released(board: Board) -> NDArray[np.bool_]:
    return _released(board, recent=True)


def _historic_holder(board: Board) -> NDArray[np.bool_]:
    return _released(board, recent=False)


def _released(board: Board, *, recent: bool) -> NDArray[np.bool_]:
    found, entry = _remembered(board)
    if not len(found):
        return np.zeros(len(board.slot), np.bool_)
    memory, asked = board.memory, texts_at(board.requests.nic_ids, board.slot[found])
    own = np.asarray(pc.equal(texts_at(memory.nic_ids, entry), asked))
    wanted = (memory.age[entry] < board.options.cool_down) == recent
    return _where(len(board.slot), found[~memory.refused[entry] & ~own & wanted])


def _cross_vpc_same_address(board: Board) -> NDArray[np.bool_]:
    found = np.zeros(len(board.slot), np.bool_)
    if board.snapshot.vpc_count > 1:
        at = np.flatnonzero(board.inside)
        found[at] = board.snapshot.elsewhere(board.key[at]) >= 0
    return found


ADDRESS_RULES: dict[str, Rule] = {
    "SYNTAX": _syntax,
    "IPV6_GIVEN": _ipv6_given,
    "SPECIAL_RANGE": _special_range,
    "PUBLIC_ADDRESS": _public_address,
    "DUPLICATE_IN_REQUEST": _duplicate_in_request,
    "DUPLICATE_ACROSS_PLAN": _duplicate_across_plan,
    "OUT_OF_SUBNET": _out_of_subnet,
    "NETWORK_ADDRESS": _held("network"),
    "BROADCAST_ADDRESS": _held("broadcast"),
    "GATEWAY_ADDRESS": _held("gateway"),
    "FIRST_HOST": _first_host,
    "ALREADY_ON_NIC": _held("nic_secondary", own=True),
    "IS_PRIMARY_OF_NIC": _held("nic_primary", own=True),
    "HELD_BY_NIC": _held("nic_primary", "nic_secondary", own=False),
    "HELD_BY_HAVIP": _held("havip"),
    "HELD_BY_LB": _held("lb"),
    "HELD_BY_LB_HEALTHCHECK": _held("lb_health"),
    "RESERVED": _reserved,
    "CLAIM_OVERRIDDEN": _claim_overridden,
    "CLAIM_EXPIRED": _claim_expired,
    "HELD_BY_UNSEEN": _held_by_unseen,
    "RECENTLY_RELEASED": _recently_released,
    "HISTORIC_HOLDER": _historic_holder,
    "CROSS_VPC_SAME_ADDRESS": _cross_vpc_same_address,
}


# -- by request ------------------------------------------------------------------------------------------------


def _count_and_list(board: Board) -> NDArray[np.bool_]:
    return np.asarray(board.listed & (board.requests.count_state != CountState.ABSENT))


def _empty_request(board: Board) -> NDArray[np.bool_]:
    nothing = ~board.listed & (board.requests.count_state == CountState.ABSENT)
    return np.asarray(nothing | (board.requests.nic < 0))


def _count_not_integer(board: Board) -> NDArray[np.bool_]:
    return np.asarray(board.requests.count_state == CountState.NOT_INTEGER)


def _count_not_positive(board: Board) -> NDArray[np.bool_]:
    return np.asarray(board.requests.count_state == CountState.NOT_POSITIVE)


REQUEST_RULES: dict[str, Rule] = {
    "COUNT_AND_LIST": _count_and_list,
    "EMPTY_REQUEST": _empty_request,
    "COUNT_NOT_INTEGER": _count_not_integer,
    "COUNT_NOT_POSITIVE": _count_not_positive,
}


# -- by slot (a vNIC asked for, and one more for "none given") ---------------------------------------------------


def _nic_not_found(board: Board) -> NDArray[np.bool_]:
    missing = board.nic < 0
    missing[-1] = False
    return missing


def _nic_state(board: Board) -> NDArray[np.bool_]:
    return (board.nic >= 0) & ~among(board.nic_values("status"), TAKES_ADDRESSES)


def _nic_subnet_unknown(board: Board) -> NDArray[np.bool_]:
    return (board.nic >= 0) & (board.subnet < 0)


def _nic_primary(board: Board) -> NDArray[np.bool_]:
    if board.options.primary_nics_accept:
        return np.zeros(len(board.nic), np.bool_)
    return among(board.nic_values("nic_type"), ("Primary",))


def _subnet_not_ipv4(board: Board) -> NDArray[np.bool_]:
    return (board.subnet >= 0) & (board.usable_subnet < 0)


def _nic_stack_not_ipv4(board: Board) -> NDArray[np.bool_]:
    if board.options.stack_check == "subnet":
        return np.zeros(len(board.nic), np.bool_)
    return among(board.nic_values("nic_subnet_type"), ("IPv6",))


def _nic_limit(board: Board) -> NDArray[np.bool_]:
    limit = board.options.cap
    return _over(board, limit) if limit is not None else np.zeros(len(board.nic), np.bool_)


def _nic_limit_unknown(board: Board) -> NDArray[np.bool_]:
    return _over(board, DOCUMENTED_LIMIT) if board.options.nic_limit is None else np.zeros(len(board.nic), np.bool_)


def _over(board: Board, limit: int) -> NDArray[np.bool_]:
    return (board.nic >= 0) & (board.wanted > 0) & (board.nic_used + board.wanted > limit)


NIC_RULES: dict[str, Rule] = {
    "NIC_NOT_FOUND": _nic_not_found,
    "NIC_STATE": _nic_state,
    "NIC_PRIMARY": _nic_primary,
    "NIC_SUBNET_UNKNOWN": _nic_subnet_unknown,
    "SUBNET_NOT_IPV4": _subnet_not_ipv4,
    "NIC_STACK_NOT_IPV4": _nic_stack_not_ipv4,
    "NIC_LIMIT": _nic_limit,
    "NIC_LIMIT_UNKNOWN": _nic_limit_unknown,
}


# -- about the whole plan ----------------------------------------------------------------------------------------

PLAN_RULES: dict[str, Callable[[Board], bool]] = {
    "INVENTORY_STALE": lambda board: board.age > board.options.max_age,
    "INVENTORY_PARTIAL": lambda board: len(board.snapshot.partial) > 0,
}


def _where(length: int, positions: NDArray[np.int64]) -> NDArray[np.bool_]:
    mask = np.zeros(length, np.bool_)
    mask[positions] = True
    return mask
