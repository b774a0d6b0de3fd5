"""Who may call: signatures, clocks, keys and tokens, each by a signer written for the test."""

from __future__ import annotations

import hashlib
import hmac
import json
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from zecnb.emulator.auth import Keys, verify
from zecnb.emulator.wire import ApiFailure, Request

if TYPE_CHECKING:
    from tests.emulator.account import Account

NOW = 1764000000
KEYS = Keys("FAKE-ACCESS-KEY-ID-0001", "FAKE-ACCESS-KEY-PASSWORD-do-not-use", "fake-token")
BODY = b'{"nicId": "1272168087751233112", "ipAddresses": ["10.0.0.3", "10.0.0.4"]}'
INVALID = "AUTHFAILURE_INVALID_AUTHORIZATION"
WRONG = "AUTHFAILURE_SIGNATURE_FAILURE"
EXPIRED = "AUTHFAILURE_SIGNATURE_EXPIRED"


def signed(
    body: bytes = BODY,
    host: str = "console.zenlayer.com",
    *,
    at: int = NOW,
    password: str = KEYS.access_key_password,
    content_type: str = "application/json",
    fold: bool = False,
) -> Request:
    """Sign as the documents say; ``fold`` lower-cases the values, which SDKs do not."""
    values = [each.strip().lower() if fold else each for each in (content_type, host)]
    payload = hashlib.sha256(body).hexdigest()
    canonical = f"POST\n/\n\ncontent-type:{values[0]}\nhost:{values[1]}\n\ncontent-type;host\n{payload}"
    text = f"ZC2-HMAC-SHA256\n{at}\n{hashlib.sha256(canonical.encode()).hexdigest()}"
    return _with_signature(
        hmac.new(password.encode(), text.encode(), hashlib.sha256).hexdigest(), body, host, at, content_type
    )


def _with_signature(
    signature: str, body: bytes, host: str, at: int = NOW, content_type: str = "application/json"
) -> Request:
    headers = {
        "content-type": content_type,
        "host": host,
        "authorization": f"ZC2-HMAC-SHA256 Credential={KEYS.access_key_id}, SignedHeaders=content-type;host, "
        f"Signature={signature}",
        "x-zc-timestamp": str(at),
        "x-zc-signature-method": "ZC2-HMAC-SHA256",
        "x-zc-action": "DescribeVpcs",
    }
    return Request("POST", "/api/v2/zec", headers, body)


def _header(request: Request, **headers: str) -> Request:
    """Change headers; ``_`` stands for ``-``, an empty value removes one."""
    changed = {**request.headers, **{name.replace("_", "-"): value for name, value in headers.items()}}
    return replace(request, headers={name: value for name, value in changed.items() if value})


def _verdict(request: Request, now: float = NOW, skew: float = 300.0) -> str:
    """Return the code a request is turned away with, ``OK`` when it passes."""
    try:
        verify(request, KEYS, now, skew)
    except ApiFailure as error:
        return error.code if error.status == 401 else f"{error.code} with {error.status}"
    return "OK"


@pytest.mark.parametrize(
    ("signature", "body", "host"),
    [
        ("88f46aacd88ac0a2a0aa1ce812146e99ea516e043f85f616574665e06c608a96", BODY, "console.zenlayer.com"),
        ("729676ffff8c5660b299ca0fe36c0030ff5f5a4eef7909e5c5b1c435a2224b12", BODY, "127.0.0.1:8080"),
        ("758ea519447bd3092957d54b0574caaf29d52c1c1af078d7eaea66ac16845fa9", b"{}", "console.zenlayer.com"),
        (
            "1c45e396484c975e14e48181c9c5656cf57e8739c8f60e5ae5d1c17d82c68c3d",
            rb'{"name": "\u6d4b\u8bd5-nic"}',
            "console.zenlayer.com",
        ),
    ],
)
def test_signatures_of_the_official_sdk(signature: str, body: bytes, host: str) -> None:
    """Signatures made by the official SDK with a frozen clock pass; one other digit does not."""
    assert _verdict(_with_signature(signature, body, host)) == "OK"
    other = signature[:-1] + ("0" if signature[-1] != "0" else "1")
    assert _verdict(_with_signature(other, body, host)) == WRONG


def test_signature_in_capitals() -> None:
    """Hexadecimal digits are the same in capitals."""
    request = signed()
    lead, _, signature = request.headers["authorization"].rpartition("=")
    assert _verdict(_header(request, authorization=f"{lead}={signature.upper()}")) == "OK"


def test_values_as_sent_and_folded() -> None:
    """Header values may be signed as sent (SDKs) or lower-cased (documents): both pass."""
    kind = "application/json; charset=UTF-8"
    for fold in (False, True):
        assert _verdict(signed(content_type=kind, host="Console.Zenlayer.com", fold=fold)) == "OK"


@pytest.mark.parametrize(
    "request_",
    [
        replace(signed(), body=BODY + b" "),
        _header(signed(), host="other.example"),
        _header(signed(), content_type="text/plain"),
        _header(signed(), x_zc_timestamp=str(NOW + 1)),
        signed(password="wrong"),
        signed(password=""),
    ],
    ids=["body", "host", "content type", "timestamp", "password", "no password"],
)
def test_what_the_signature_covers(request_: Request) -> None:
    """Body, host, content type and timestamp are covered, and the password is needed."""
    assert _verdict(request_) == WRONG


def test_what_the_signature_does_not_cover() -> None:
    """Action, version and path are not covered: no official client signs them."""
    request = _header(signed(), x_zc_action="DeleteVpc", x_zc_version="2024-04-01")
    assert _verdict(replace(request, path="/api/v2/zlb")) == "OK"


@pytest.mark.parametrize(("off", "verdict"), [(0, "OK"), (300, "OK"), (-300, "OK"), (301, EXPIRED), (-301, EXPIRED)])
def test_clock_skew(off: int, verdict: str) -> None:
    """Five minutes either way are allowed, one second more is not."""
    assert _verdict(signed(at=NOW + off)) == verdict


def test_skew_is_told_before_a_wrong_signature() -> None:
    """An old request is called old, whatever its signature."""
    assert _verdict(signed(at=NOW - 900, password="wrong")) == EXPIRED


def test_same_request_twice() -> None:
    """Clients send the same signature again when they retry: there is no replay protection."""
    request = signed()
    assert [_verdict(request), _verdict(request)] == ["OK", "OK"]


@pytest.mark.parametrize("timestamp", ["", "soon", "-1764000000", "1764000000.5", "1764000000000000", "١٧٦٤"])
def test_timestamps_that_are_none(timestamp: str) -> None:
    """A timestamp is Unix seconds, and must be there."""
    assert _verdict(_header(signed(), x_zc_timestamp=timestamp)) == INVALID


@pytest.mark.parametrize(
    "header",
    [
        "",
        "Basic Zm9v",
        "ZC2-HMAC-SHA256",
        "ZC2-HMAC-SHA256 Credential=FAKE-ACCESS-KEY-ID-0001, SignedHeaders=content-type;host",
        "ZC2-HMAC-SHA256 Credential=FAKE-ACCESS-KEY-ID-0001, SignedHeaders=content-type;host, Signature=nothex",
        "ZC2-HMAC-SHA512 Credential=FAKE-ACCESS-KEY-ID-0001, SignedHeaders=content-type;host, Signature=00",
        "ZC2-HMAC-SHA256 Credential=FAKE-ACCESS-KEY-ID-0001, SignedHeaders=host, Signature=00",
        "ZC2-HMAC-SHA256 Credential=FAKE-ACCESS-KEY-ID-0001, SignedHeaders=content-type, Signature=00",
        "ZC2-HMAC-SHA256 Credential=FAKE-ACCESS-KEY-ID-0001, SignedHeaders=content-type;host;x-none, Signature=00",
        "ZC2-HMAC-SHA256 Credential=SOMEBODY-ELSE, SignedHeaders=content-type;host, Signature=00",
    ],
)
def test_headers_that_do_not_do(header: str) -> None:
    """A missing, malformed or foreign Authorization header, and an unknown key, have one code."""
    assert _verdict(_header(signed(), authorization=header)) == INVALID


def test_other_signature_method() -> None:
    """Another method than the one there is is not tried."""
    assert _verdict(_header(signed(), x_zc_signature_method="ZC3")) == INVALID


def test_signature_method_is_said_too() -> None:
    """A signed request names its method in a header of its own, as every official client does (contract.md 1)."""
    assert _verdict(_header(signed(), x_zc_signature_method="")) == "AUTHFAILURE_INVALID_AUTHORIZATION"


def test_more_signed_headers() -> None:
    """A caller may sign further headers; then these are covered too."""
    request = _header(signed(), x_zc_service="zec")
    canonical = (
        "POST\n/\n\ncontent-type:application/json\nhost:console.zenlayer.com\nx-zc-service:zec\n\n"
        f"content-type;host;x-zc-service\n{hashlib.sha256(BODY).hexdigest()}"
    )
    text = f"ZC2-HMAC-SHA256\n{NOW}\n{hashlib.sha256(canonical.encode()).hexdigest()}"
    signature = hmac.new(KEYS.access_key_password.encode(), text.encode(), hashlib.sha256).hexdigest()
    full = _header(
        request,
        authorization=f"ZC2-HMAC-SHA256 Credential={KEYS.access_key_id}, SignedHeaders=content-type;host;x-zc-service, "
        f"Signature={signature}",
    )
    assert _verdict(full) == "OK"
    assert _verdict(_header(full, x_zc_service="zlb")) == WRONG


@pytest.mark.parametrize(
    ("token", "verdict"),
    [("fake-token", "OK"), (" fake-token ", "OK"), ("", INVALID), ("fake-toke", INVALID), ("Fake-Token", INVALID)],
)
def test_tokens(token: str, verdict: str) -> None:
    """The token passes without timestamp or signature; nothing near it does."""
    request = Request("POST", "/api/v2/zec", {"authorization": f"Bearer {token}"})
    assert _verdict(request) == verdict


def test_keys_are_never_shown() -> None:
    """Printing keys, or a request, tells nothing."""
    shown = repr(KEYS) + repr(signed())
    for secret in (KEYS.access_key_id, KEYS.access_key_password, KEYS.token):
        assert secret not in shown


def test_refusals_have_the_usual_envelope(account: Account) -> None:
    """A caller who is turned away gets code, message and request id as with any other error, and no secret."""
    answer = account.emulator.handle(Request("POST", "/api/v2/zec", {"authorization": "Bearer wrong"}))
    assert answer.status == 401
    content = json.loads(answer.body)
    assert set(content) == {"requestId", "code", "message"}
    assert account.emulator.token not in content["message"]


def test_refused_callers_learn_nothing_about_actions(account: Account) -> None:
    """Who calls is checked before what is called."""
    headers = {"authorization": "Bearer wrong", "x-zc-action": "NoSuchAction"}
    answer = account.emulator.handle(Request("GET", "/nowhere", headers, b"not json"))
    assert json.loads(answer.body)["code"] == INVALID
