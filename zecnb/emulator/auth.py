"""Checking who calls: the verifier recipe of contract.md 2, written apart from any client."""

from __future__ import annotations

import hashlib
import hmac
import re
from typing import TYPE_CHECKING

from zecnb.emulator.wire import ApiFailure

if TYPE_CHECKING:
    from zecnb.emulator.wire import Request

__all__ = ["Keys", "verify"]

_SCHEME = "ZC2-HMAC-SHA256"
_MALFORMED = "AUTHFAILURE_INVALID_AUTHORIZATION"
_HEADER = re.compile(
    r"ZC2-HMAC-SHA256\s+Credential=(?P<id>[^,\s]+)\s*,\s*SignedHeaders=(?P<names>[^,\s]+)\s*,"
    r"\s*Signature=(?P<signature>[0-9a-fA-F]+)\s*"
)


class Keys:
    """The account's access key and token; never shown."""

    def __init__(self, access_key_id: str, access_key_password: str, token: str) -> None:
        self.access_key_id = access_key_id
        self.access_key_password = access_key_password
        self.token = token

    def __repr__(self) -> str:
        return "Keys(***)"


def verify(request: Request, keys: Keys, now: float, skew: float, *, unknown: str = _MALFORMED) -> None:
    """Let a request pass or not.

    Args:
        request: what was sent.
        keys: who may call.
        now: Unix seconds.
        skew: how many of them a timestamp may be off.
        unknown: code for a key or token that is not ours.

    Raises:
        ApiFailure: one of the AUTHFAILURE codes (contract.md 2.4).
    """
    header = request.headers.get("authorization", "")
    if header.startswith("Bearer "):
        if not hmac.compare_digest(header[7:].strip().encode(), keys.token.encode()):
            raise ApiFailure(unknown, "The access token is not valid.")
        return
    match = _HEADER.fullmatch(header)
    if match is None:
        raise ApiFailure(_MALFORMED, "The Authorization header is not well formed.")
    if not hmac.compare_digest(match["id"].encode(), keys.access_key_id.encode()):
        raise ApiFailure(unknown, "The access key does not exist.")
    names = [name.strip().lower() for name in match["names"].split(";")]
    if not {"content-type", "host"} <= set(names) or any(name not in request.headers for name in names):
        raise ApiFailure(_MALFORMED, "SignedHeaders needs content-type and host.")
    if request.headers.get("x-zc-signature-method") != _SCHEME:
        raise ApiFailure(_MALFORMED, f"x-zc-signature-method must be {_SCHEME}.")
    timestamp = request.headers.get("x-zc-timestamp", "")
    if not re.fullmatch(r"[0-9]{1,12}", timestamp):
        raise ApiFailure(_MALFORMED, "x-zc-timestamp must be Unix seconds.")
    if abs(now - int(timestamp)) > skew:
        raise ApiFailure("AUTHFAILURE_SIGNATURE_EXPIRED", "The timestamp is more than five minutes off.")
    given = match["signature"].lower()
    # SDKs sign header values as they are, the documents say lower-cased and trimmed: both are right.
    candidates = (
        [request.headers[name] for name in names],
        [request.headers[name].strip().lower() for name in names],
    )
    right = [_signature(keys, timestamp, names, values, request.body) for values in candidates]
    matches = [hmac.compare_digest(given, each) for each in right]
    if not any(matches):
        raise ApiFailure("AUTHFAILURE_SIGNATURE_FAILURE", "The signature does not match.")


def _signature(keys: Keys, timestamp: str, names: list[str], values: list[str], body: bytes) -> str:
    lines = "".join(f"{name}:{value}\n" for name, value in zip(names, values, strict=True))
    canonical = f"POST\n/\n\n{lines}\n{';'.join(names)}\n{hashlib.sha256(body).hexdigest()}"
    text = f"{_SCHEME}\n{timestamp}\n{hashlib.sha256(canonical.encode('utf-8', 'surrogateescape')).hexdigest()}"
    return hmac.new(keys.access_key_password.encode(), text.encode(), hashlib.sha256).hexdigest()
