"""What to do about an error code, and which of them say nothing of what happened (contract.md 3, 5)."""

from __future__ import annotations

__all__ = ["ADVICE", "MAY_HAVE_HAPPENED", "RETRYABLE"]

RETRYABLE = frozenset(
    {
        "INTERNAL_SERVER_ERROR",
        "INVALID_OPERATION_TIMEOUT",
        "REQUEST_LIMIT_EXCEEDED",
        "REQUEST_TIMED_OUT",
        "SERVICE_TEMPORARY_UNAVAILABLE",
    }
)
"""Codes after which the same read may succeed."""

MAY_HAVE_HAPPENED = RETRYABLE - {"REQUEST_LIMIT_EXCEEDED"}
"""Codes after which a write may have taken effect; any 5xx says as little."""

ADVICE = {
    "AUTHFAILURE_INVALID_AUTHORIZATION": "Check the access key id or token: it is unknown, expired or malformed.",
    "AUTHFAILURE_SIGNATURE_EXPIRED": "Set this machine's clock: it is more than five minutes off.",
    "AUTHFAILURE_SIGNATURE_FAILURE": "Check the access key password.",
    "AUTHFAILURE_UNAUTHORIZED_OPERATION": "Ask for the permission for this action, or check that the API has it.",
    "INTERNAL_SERVER_ERROR": "Try again later; quote the requestId to support if it persists.",
    "INVALID_IP_BROADCAST_ADDRESS": "Leave out the subnet's last address.",
    "INVALID_IP_FIRST_ADDRESS": "Leave out the subnet's gateway.",
    "INVALID_IP_NETWORK_ADDRESS": "Leave out the subnet's first address.",
    "INVALID_IP_OUT_OF_RANGE": "Use addresses of the vNIC's own subnet.",
    "INVALID_NIC_HAS_PUBLIC_IP_CANT_DETACH": "Unbind the vNIC's EIPs first.",
    "INVALID_NIC_LB_ASSOCIATED": "Remove the address from its load balancer first.",
    "INVALID_NIC_NOT_FOUND": "Check the vNIC id; it may have been deleted.",
    "INVALID_NIC_PRIMARY_IP_CANT_DETACH": "A primary address stays with its vNIC.",
    "INVALID_NIC_PRIVATE_IP_EXCEED_LIMIT": "Ask for fewer addresses or use another vNIC.",
    "INVALID_NIC_STATUS": "Wait until the vNIC is AVAILABLE or USED.",
    "INVALID_OPERATION_TIMEOUT": "Read the vNIC before trying again: the call may have taken effect.",
    "INVALID_PARAMETER_PRIVATE_IP_ILLEGAL": "Plan first: it names the address that is no private IPv4 address.",
    "INVALID_SUBNET_PRIVATE_IPV4_IN_USED": "Plan again: it names the address and who holds it.",
    "OPERATION_DENIED_NIC_ATTACH_LAN_IP_EXCEED_LIMIT": "Ask for fewer addresses or use another vNIC.",
    "OPERATION_DENIED_SUBNET_IP_INSUFFICIENT": "Use a subnet with more room, or widen this one.",
    "OPERATION_DENIED_SUBNET_TYPE_NOT_SUPPORT_IPV4": "Use a vNIC in a subnet with IPv4.",
    "REQUEST_BLOCKED": "An edge refuses this network; call from another one or ask the provider.",
    "REQUEST_LIMIT_EXCEEDED": "Slow down, or run fewer sessions at once.",
    "REQUEST_TIMED_OUT": "Try again; read before repeating a write.",
    "SECURITY_CHALLENGE": "An edge took this client for a robot; call from another network or ask the provider.",
    "SERVICE_TEMPORARY_UNAVAILABLE": "Try again later.",
    "TRANSPORT_CONNECT": "Check network, proxy and endpoint.",
    "TRANSPORT_TIMEOUT": "Check the network; read before repeating a write.",
}
