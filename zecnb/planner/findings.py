"""The catalogue of findings: every code the planner, an apply or an undo can report, in one place.

A template's ``{names}`` are columns that ``wording`` knows; codes are stable and meant for ``df.query``.
The order is the order of checking: syntax, request, geometry, holders, vNIC, capacity, confidence.
"""

from __future__ import annotations

from typing import NamedTuple

__all__ = ["CATALOGUE", "LATER", "PLANNED", "Code", "Later", "bit"]

_ILLEGAL = "INVALID_PARAMETER_PRIVATE_IP_ILLEGAL"
_IN_USED = "INVALID_SUBNET_PRIVATE_IPV4_IN_USED"
_OUT = "INVALID_IP_OUT_OF_RANGE"
_STACK = "OPERATION_DENIED_SUBNET_TYPE_NOT_SUPPORT_IPV4"
_LIMIT = "OPERATION_DENIED_NIC_ATTACH_LAN_IP_EXCEED_LIMIT"


class Code(NamedTuple):
    """One entry of the catalogue.

    Attributes:
        severity: BLOCK (will fail or must not run), RISK (may fail), NOOP (already so), INFO (worth knowing).
        about: address, request, nic, subnet or plan: what one finding of it speaks of.
        api_code: what the API answers, "" where it would not notice (contract.md 5.1, A10-A16).
        meaning: for the documentation.
        message, fix: templates; a fix may be "" where there is nothing to do.
    """

    severity: str
    about: str
    api_code: str
    meaning: str
    message: str
    fix: str


_HELD = "held by {holder}"
_NEAREST = "{nearest}"

CATALOGUE: dict[str, Code] = {
    # -- syntax
    "SYNTAX": Code("BLOCK", "address", _ILLEGAL, "The token is no IPv4 address.", "{syntax}", "{suggestion}"),
    "IPV6_GIVEN": Code(
        "BLOCK", "address", _ILLEGAL, "The token is an IPv6 address, mapped ones included.", "{syntax}", "{suggestion}"
    ),
    "SPECIAL_RANGE": Code(
        "BLOCK",
        "address",
        _OUT,
        "Loopback, link-local, multicast, this-network (0/8) or reserved (240/4).",
        "{address} is in the {special} range, which no subnet can use",
        "ask for an address of {cidr}",
    ),
    "PUBLIC_ADDRESS": Code(
        "RISK",
        "address",
        "",
        "A public address: only a subnet that contains it can take it.",
        "{address} is a public address",
        "check that it is meant",
    ),
    # -- request
    "DUPLICATE_IN_REQUEST": Code(
        "RISK",
        "address",
        "",
        "The same address twice for one vNIC; it is sent once.",
        "{address} was already asked for by row {earlier_row}; it is sent once",
        "remove one of the two",
    ),
    "DUPLICATE_ACROSS_PLAN": Code(
        "BLOCK",
        "address",
        _IN_USED,
        "Two vNICs want one address.",
        "{address} is also asked for by row {rival_row} for vNIC {rival_nic}",
        _NEAREST,
    ),
    "COUNT_AND_LIST": Code(
        "BLOCK",
        "request",
        "",
        "Both addresses and a count are given; the API silently drops the count.",
        "addresses and a count are both given; the API would drop the count without a word",
        "keep one of them",
    ),
    "EMPTY_REQUEST": Code(
        "BLOCK",
        "request",
        "MISSING_PARAMETER",
        "Neither addresses nor a count, or no vNIC.",
        "{missing}",
        "give a vNIC and addresses or a count",
    ),
    "COUNT_NOT_INTEGER": Code(
        "BLOCK",
        "request",
        "INVALID_PARAMETER_TYPE",
        "The count is no whole number.",
        "the count {count_text} is not a whole number",
        "give a whole number of 1 or more",
    ),
    "COUNT_NOT_POSITIVE": Code(
        "BLOCK",
        "request",
        "INVALID_PARAMETER_LESS_MINIMUM",
        "The count is below 1.",
        "the count {count_text} is below 1",
        "give a whole number of 1 or more",
    ),
    # -- vNIC
    "NIC_NOT_FOUND": Code(
        "BLOCK",
        "nic",
        "INVALID_NIC_NOT_FOUND",
        "No such vNIC in the inventory.",
        "there is no vNIC {nic_id} in this inventory",
        "{near_nic}",
    ),
    "NIC_STATE": Code(
        "BLOCK",
        "nic",
        "INVALID_NIC_STATUS",
        "The vNIC is neither AVAILABLE nor USED.",
        "vNIC {nic} is {status}; it must be AVAILABLE or USED",
        "{status_fix}",
    ),
    "NIC_PRIMARY": Code(
        "BLOCK",
        "nic",
        "INVALID_NIC_STATUS",
        "An instance's primary vNIC, and primary_nics_accept is off.",
        "vNIC {nic} is the primary one of its instance, and primary_nics_accept is off",
        "use a secondary vNIC",
    ),
    "SUBNET_NOT_IPV4": Code(
        "BLOCK",
        "nic",
        _STACK,
        "The subnet has no IPv4.",
        "subnet {subnet} is {stack_type}: it has no IPv4",
        "use a vNIC in a subnet with IPv4",
    ),
    "NIC_STACK_NOT_IPV4": Code(
        "BLOCK",
        "nic",
        _STACK,
        "The vNIC has no IPv4.",
        "vNIC {nic} is {nic_stack}: it has no IPv4",
        "use a vNIC with IPv4",
    ),
    "NIC_SUBNET_UNKNOWN": Code(
        "BLOCK",
        "nic",
        "",
        "The vNIC's subnet is not in the inventory, so nothing can be judged.",
        "the subnet of vNIC {nic} is not in this inventory",
        "refresh the inventory, or check that the key may list subnets",
    ),
    # -- geometry
    "OUT_OF_SUBNET": Code(
        "BLOCK",
        "address",
        _OUT,
        "The address is not in the vNIC's subnet.",
        "{address} is not in {cidr}, the subnet of vNIC {nic}",
        "{sibling}",
    ),
    "NETWORK_ADDRESS": Code(
        "BLOCK",
        "address",
        "INVALID_IP_NETWORK_ADDRESS",
        "The subnet's first address.",
        "{address} is the network address of {cidr}",
        _NEAREST,
    ),
    "BROADCAST_ADDRESS": Code(
        "BLOCK",
        "address",
        "INVALID_IP_BROADCAST_ADDRESS",
        "The subnet's last address.",
        "{address} is the broadcast address of {cidr}",
        _NEAREST,
    ),
    "GATEWAY_ADDRESS": Code(
        "BLOCK",
        "address",
        "INVALID_IP_FIRST_ADDRESS",
        "The subnet's gateway.",
        "{address} is the gateway of {cidr}",
        _NEAREST,
    ),
    "FIRST_HOST": Code(
        "RISK",
        "address",
        "INVALID_IP_FIRST_ADDRESS",
        "The first host address where the gateway is another one; the API may reserve it all the same.",
        "{address} is the first address of {cidr}, whose gateway is {gateway}; the API may refuse it",
        _NEAREST,
    ),
    # -- holders
    "ALREADY_ON_NIC": Code(
        "NOOP",
        "address",
        _IN_USED,
        "A secondary address of this vNIC already; left out of the call.",
        "{address} is already on vNIC {nic}; left out of the call",
        "",
    ),
    "IS_PRIMARY_OF_NIC": Code(
        "NOOP",
        "address",
        _IN_USED,
        "The primary address of this vNIC; left out of the call.",
        "{address} is the primary address of vNIC {nic}; left out of the call",
        "",
    ),
    "HELD_BY_NIC": Code("BLOCK", "address", _IN_USED, "Another vNIC has it.", _HELD + "{holder_state}", _NEAREST),
    "HELD_BY_HAVIP": Code("BLOCK", "address", _IN_USED, "A HaVip has it.", _HELD, _NEAREST),
    "HELD_BY_LB": Code("BLOCK", "address", _IN_USED, "A load balancer has it.", _HELD, _NEAREST),
    "HELD_BY_LB_HEALTHCHECK": Code(
        "BLOCK", "address", _IN_USED, "A load balancer's health checks come from it.", _HELD, _NEAREST
    ),
    "HELD_BY_UNSEEN": Code(
        "BLOCK",
        "address",
        _IN_USED,
        "The API said in use, and no listing shows a holder; learned from an earlier answer.",
        "{address} is held by something this key cannot list: the API refused it {memory_age} ago",
        _NEAREST,
    ),
    "RECENTLY_RELEASED": Code(
        "RISK",
        "address",
        "",
        "Released less than cool_down seconds ago; neighbours and firewalls may still know its last vNIC.",
        "{address} was released {memory_age} ago from vNIC {memory_nic}",
        "wait a little, or take another one: {nearest}",
    ),
    "HISTORIC_HOLDER": Code(
        "INFO",
        "address",
        "",
        "Another vNIC had it before; firewall rules may still name it.",
        "{address} was on vNIC {memory_nic} until {memory_age} ago",
        "check that no rule still means that vNIC",
    ),
    "CROSS_VPC_SAME_ADDRESS": Code(
        "INFO",
        "address",
        "",
        "The same address is held in another VPC; it matters where the two are connected.",
        "{address} is also held in {other_vpc}",
        "check it if the two VPCs are connected",
    ),
    "RESERVED": Code(
        "BLOCK",
        "address",
        "",
        "Excluded by this plan or claimed by somebody.",
        "{address} is reserved: {claim}",
        _NEAREST,
    ),
    "CLAIM_OVERRIDDEN": Code(
        "RISK",
        "address",
        "",
        "Claimed by somebody; the plan uses it all the same and says why (override_claims).",
        "{address} is reserved: {claim}; used all the same: {override}",
        "tell the owner",
    ),
    "CLAIM_EXPIRED": Code(
        "RISK",
        "address",
        "",
        "A claim on it has expired; ask its owner.",
        "{address} was reserved: {claim}",
        "ask the owner, or remove the claim",
    ),
    # -- capacity
    "NIC_LIMIT": Code(
        "BLOCK",
        "nic",
        _LIMIT,
        "More addresses than the vNIC may have.",
        "vNIC {nic} has {nic_used} of {cap} addresses and would get {wanted} more: {overflow} too many, "
        "from row {overflow_row} on; {cap_source}",
        "ask for {nic_room} at most, or set nic_limit if your vNICs may have more",
    ),
    "NIC_LIMIT_UNKNOWN": Code(
        "RISK",
        "nic",
        _LIMIT,
        "Beyond the documented limit of 10, and no limit was set.",
        "vNIC {nic} would have {nic_after} addresses; 10 is documented, more may depend on the instance size",
        "ask the provider, then set nic_limit",
    ),
    "SUBNET_INSUFFICIENT": Code(
        "BLOCK",
        "request",
        "OPERATION_DENIED_SUBNET_IP_INSUFFICIENT",
        "Not enough free addresses, counted over the whole plan.",
        "{count} more wanted in {cidr}, {left} left of {available} free after the rest of the plan",
        "{roomy}",
    ),
    "EXCLUSIONS_LEAVE_TOO_FEW": Code(
        "BLOCK",
        "request",
        "",
        "Enough free addresses, but too many of them are excluded, claimed or asked for by name.",
        "{count} wanted in {cidr}; exclusions, claims and addresses asked for by name leave {pickable} of them",
        "shrink the exclusions or ask for fewer",
    ),
    "NO_CONTIGUOUS_RUN": Code(
        "BLOCK",
        "request",
        "",
        "Enough free addresses, but no run (or aligned block) of that many.",
        "no {shape} of {count} free addresses in {cidr}{beside}; "
        "the largest {shape} left is {largest_run}, {run_range}",
        "{run_fix}",
    ),
    "THRESHOLD_CROSSED": Code(
        "RISK",
        "subnet",
        "",
        "The plan takes the subnet past the warning or critical utilisation.",
        "utilisation of {subnet} goes from {util_before} to {util_after}, past {threshold}",
        "use a roomier subnet, or widen this one",
    ),
    # -- confidence
    "UNATTRIBUTED_USAGE": Code(
        "RISK",
        "subnet",
        "",
        "The API counts more addresses in use than any listing shows; each free one may be taken.",
        "{unseen} addresses of {subnet} are held by something no listing shows; a free-looking one may be among them",
        "expect a refusal, or find the holders",
    ),
    "INVENTORY_STALE": Code(
        "RISK",
        "plan",
        "",
        "The inventory is older than max_age.",
        "the inventory is {age} old",
        "refresh it",
    ),
    "INVENTORY_PARTIAL": Code(
        "RISK",
        "plan",
        "",
        "A source failed, was denied or changed while it was read.",
        "the inventory is not complete: {blind}",
        "read it again, or ask for the missing permission",
    ),
}
"""Findings of a plan, in check order."""


class Later(NamedTuple):
    """What only an apply, a resume or an undo can find out.

    Attributes:
        severity: as in ``Code``.
        where: the exception that says it, or the state of a row of the receipt, whose ``reason`` has the words.
        meaning: for the documentation.
    """

    severity: str
    where: str
    meaning: str


LATER: dict[str, Later] = {
    "DRIFTED": Later("BLOCK", "PlanDriftedError", "The cloud changed since the plan; `changes` says was and is."),
    "PLAN_EDITED": Later("BLOCK", "PlanEditedError", "The plan file no longer matches its digest; names what differs."),
    "APPROVAL_VOID": Later("BLOCK", "PlanError", "An approval is demanded, and none is bound to this digest."),
    "LOCKED": Later("BLOCK", "LockedError", "Another run of this store works on one of the subnets."),
    "DEPENDANT_BOUND": Later("BLOCK", "kept", "An EIP or a load balancer's backend depends on the address (undo)."),
    "PRIMARY_NOT_RELEASABLE": Later("BLOCK", "kept", "The address is its vNIC's primary by now (undo)."),
    "OUTCOME_UNKNOWN": Later("RISK", "unknown", "No answer, and reading back did not tell; `resume` looks again."),
    "THROTTLED": Later("RISK", "ThrottledError", "The API asks to slow down (`REQUEST_LIMIT_EXCEEDED`)."),
    "AUTH_DENIED": Later("BLOCK", "AuthError", "The API refused who is calling (`AUTHFAILURE_...`)."),
    "TRANSPORT": Later("RISK", "TransportError", "No answer arrived: name, connection, TLS, timeout, reset."),
}
"""What comes up after planning: not in ``Plan.findings``, but in errors and receipts."""

PLANNED: tuple[str, ...] = tuple(CATALOGUE)
"""Codes by bit position."""

assert len(PLANNED) <= 63, "findings are bits of a uint64"

_BITS = {code: 1 << at for at, code in enumerate(PLANNED)}


def bit(code: str) -> int:
    """Return the mask bit of a code."""
    return _BITS[code]
