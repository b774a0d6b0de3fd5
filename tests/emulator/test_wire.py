"""Envelopes, request ids and HTTP statuses."""

from __future__ import annotations

import json
import re

import pytest

from zecnb.emulator.wire import CODES, ApiFailure, Request, failure, new_request_id, success

REQUEST_ID = r"T[0-9A-F]{8}-[0-9A-F]{4}-4[0-9A-F]{3}-[89AB][0-9A-F]{3}-[0-9A-F]{12}"


def test_request_ids() -> None:
    """T and an upper-case UUID of version 4, 37 characters, never the same."""
    made = [new_request_id() for _ in range(200)]
    assert all(re.fullmatch(REQUEST_ID, each) and len(each) == 37 for each in made)
    assert len(set(made)) == 200


def test_success_names_the_request_twice() -> None:
    """The request id stands outside and inside; the payload beside the inner one."""
    answer = success("T1", {"ipAddresses": ["10.0.0.3"]})
    assert answer.status == 200
    assert json.loads(answer.body) == {"requestId": "T1", "response": {"requestId": "T1", "ipAddresses": ["10.0.0.3"]}}


def test_success_without_payload_is_an_object() -> None:
    """Clients read ``response``: it is there even when there is nothing to say."""
    assert json.loads(success("T1", {}).body)["response"] == {"requestId": "T1"}


def test_failure_is_flat() -> None:
    """Exactly request id, code and message; no ``response``."""
    answer = failure("T1", ApiFailure("INVALID_NIC_STATUS", "no"))
    assert json.loads(answer.body) == {"requestId": "T1", "code": "INVALID_NIC_STATUS", "message": "no"}


@pytest.mark.parametrize(
    ("code", "status"),
    [
        ("INVALID_NIC_STATUS", 400),
        ("INVALID_SUBNET_PRIVATE_IPV4_IN_USED", 409),
        ("INVALID_NIC_NOT_FOUND", 404),
        ("REQUEST_LIMIT_EXCEEDED", 429),
        ("AUTHFAILURE_SIGNATURE_FAILURE", 401),
        ("AUTHFAILURE_UNAUTHORIZED_OPERATION", 403),
        ("INTERNAL_SERVER_ERROR", 500),
        ("SERVICE_TEMPORARY_UNAVAILABLE", 503),
        ("REQUEST_TIMED_OUT", 504),
        ("SOMETHING_NEW", 400),
    ],
)
def test_status_of_a_code(code: str, status: int) -> None:
    """Each code has its HTTP status; one that nobody listed is the caller's fault."""
    assert failure("T1", ApiFailure(code, "no")).status == status


def test_status_can_be_given() -> None:
    """A status that is given wins over the table."""
    assert ApiFailure("INTERNAL_SERVER_ERROR", "no", 502).status == 502


def test_codes_look_like_codes() -> None:
    """Codes are upper snake case, and none is listed that is a plain 400."""
    assert all(re.fullmatch(r"[A-Z0-9]+(_[A-Z0-9]+)+", code) and 401 <= status <= 504 for code, status in CODES.items())


def test_answers_are_utf_8_json() -> None:
    """Any text can be said: other scripts as they are, half a surrogate pair as a question mark."""
    answer = failure("T1", ApiFailure("X", "測試 \ud800"))
    assert answer.headers["content-type"] == "application/json;charset=UTF-8"
    assert json.loads(answer.body.decode("utf-8"))["message"] == "測試 ?"


def test_requests_do_not_show_headers() -> None:
    """Headers hold credentials: they are not printed."""
    assert "secret" not in repr(Request("POST", "/", {"authorization": "secret"}))
