"""Requests and responses as the emulator sees them, and the errors its rules raise."""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass, field
from typing import Any

__all__ = ["CODES", "ApiFailure", "NotHereFailure", "Request", "Response", "failure", "new_request_id", "success"]

CODES = {
    "AUTHFAILURE_INVALID_AUTHORIZATION": 401,
    "AUTHFAILURE_SIGNATURE_EXPIRED": 401,
    "AUTHFAILURE_SIGNATURE_FAILURE": 401,
    "AUTHFAILURE_UNAUTHORIZED_OPERATION": 403,
    "INTERNAL_SERVER_ERROR": 500,
    "INVALID_EIP_NOT_FOUND": 404,
    "INVALID_HAVIP_NOT_FOUND": 404,
    "INVALID_INSTANCE_NOT_FOUND": 404,
    "INVALID_LB_NOT_FOUND": 404,
    "INVALID_NIC_INSTANCE_REGION_MISMATCH": 409,
    "INVALID_NIC_HAS_PUBLIC_IP_CANT_DETACH": 409,
    "INVALID_NIC_LB_ASSOCIATED": 409,
    "INVALID_NIC_NOT_FOUND": 404,
    "INVALID_NIC_PRIVATE_IP_EXCEED_LIMIT": 403,
    "INVALID_NIC_PRIMARY_CANT_DELETE": 409,
    "INVALID_NIC_PRIMARY_CANT_DETACH": 409,
    "INVALID_NIC_PRIMARY_IP_CANT_DETACH": 409,
    "INVALID_REGION_NOT_FOUND": 404,
    "INVALID_SECURITY_GROUP_NOT_FOUND": 404,
    "INVALID_SUBNET_IN_USE": 409,
    "INVALID_SUBNET_NOT_FOUND": 404,
    "INVALID_SUBNET_PRIVATE_IPV4_IN_USED": 409,
    "INVALID_VPC_BANDWIDTH_ASSOCIATED": 409,
    "INVALID_VPC_LB_ASSOCIATED": 409,
    "INVALID_VPC_NAT_ASSOCIATED": 409,
    "INVALID_VPC_NOT_FOUND": 404,
    "INVALID_VPC_SUBNET_ASSOCIATED": 409,
    "INVALID_VPC_UNMANAGED_EGRESS_IP_ASSOCIATED": 409,
    "INVALID_VPC_ZBG_ASSOCIATED": 409,
    "OPERATION_DENIED_NIC_NOT_EXIST_INSTANCE": 403,
    "OPERATION_FAILED_RESOURCE_GROUP_NOT_FOUND": 404,
    "OPERATION_FAILED_RESOURCE_NOT_FOUND": 404,
    "REQUEST_LIMIT_EXCEEDED": 429,
    "REQUEST_TIMED_OUT": 504,
    "SERVICE_TEMPORARY_UNAVAILABLE": 503,
}
"""HTTP status of each code that is not a plain 400 (contract.md 2.4, 3, 5, A23)."""


class ApiFailure(Exception):
    """The answer is an error code.

    Attributes:
        code: the API's code.
        status: HTTP status.
    """

    def __init__(self, code: str, message: str, status: int | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.status = status if status is not None else CODES.get(code, 400)


class NotHereFailure(ApiFailure):
    """What is asked for does not exist, or not in this emulator: the API has one code for both (contract.md 2.4)."""

    def __init__(self, what: str) -> None:
        super().__init__("AUTHFAILURE_UNAUTHORIZED_OPERATION", f"{what} does not exist.")


@dataclass(frozen=True)
class Request:
    """An HTTP request; header names are lower case."""

    method: str
    path: str
    headers: dict[str, str] = field(repr=False)
    body: bytes = b""


@dataclass(frozen=True)
class Response:
    """An HTTP response, or the lack of one.

    Attributes:
        status, headers, body: of the response.
        length: Content-Length to announce when it is not that of the body.
        aborted: the connection breaks before anything is sent.
    """

    status: int
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    length: int | None = None
    aborted: bool = False


def new_request_id() -> str:
    """Return ``T`` and an upper-case UUID (contract.md 1)."""
    return f"T{str(uuid.uuid4()).upper()}"


def success(request_id: str, payload: dict[str, Any]) -> Response:
    """Wrap a payload."""
    return _json(200, {"requestId": request_id, "response": {"requestId": request_id, **payload}})


def failure(request_id: str, error: ApiFailure) -> Response:
    """Wrap an error."""
    return _json(error.status, {"requestId": request_id, "code": error.code, "message": str(error)})


def _json(status: int, content: dict[str, Any]) -> Response:
    body = json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")
    return Response(status, body, {"content-type": "application/json;charset=UTF-8"})
