"""HTTP answers -> payloads or the errors that say what went wrong."""

from __future__ import annotations

import re
from typing import Any

import httpx
import msgspec

from zecnb.cloud.advice import ADVICE, MAY_HAVE_HAPPENED, RETRYABLE
from zecnb.cloud.wire import Envelope, Failure, decode
from zecnb.errors import ApiError, AuthError, ProtocolError, RefusedError, ThrottledError, TransportError

__all__ = ["read_answer", "transport_error"]

_LONGEST = 300
_LONGEST_WAIT = 300.0


def read_answer(action: str, answer: httpx.Response) -> tuple[str, msgspec.Raw]:
    """Return requestId and payload of an answer.

    Raises:
        RefusedError: an edge in front of the API answered.
        ApiError: the API answered with an error code.
        ProtocolError: it is not what the API documents.
    """
    status = answer.status_code
    if status == 403 and answer.headers.get("cf-mitigated"):
        raise RefusedError(
            "an edge in front of the API wants to know whether this is a person",
            action=action,
            code="SECURITY_CHALLENGE",
            http_status=status,
            advice=ADVICE["SECURITY_CHALLENGE"],
        )
    if status == 451:
        raise RefusedError(
            "an edge in front of the API refuses this request for legal reasons",
            action=action,
            code="REQUEST_BLOCKED",
            http_status=status,
            advice=ADVICE["REQUEST_BLOCKED"],
        )
    if status == 200:
        try:
            envelope = decode(answer.content, Envelope)
        except (msgspec.ValidationError, msgspec.DecodeError) as error:
            raise _protocol(action, answer, error) from error
        if bytes(envelope.response).lstrip()[:1] != b"{":
            raise _protocol(action, answer, "the response is no object")
        return plain(envelope.request_id), envelope.response
    try:
        failure = decode(answer.content, Failure)
    except (msgspec.ValidationError, msgspec.DecodeError) as error:
        if status != 429:
            raise _protocol(action, answer, error) from error
        # An edge that counts calls too; it has no requestId.
        failure = Failure("", "REQUEST_LIMIT_EXCEEDED", "an edge in front of the API asks to slow down")
    raise _api_error(action, answer, failure)


def _api_error(action: str, answer: httpx.Response, failure: Failure) -> ApiError:
    status, code = answer.status_code, plain(failure.code)[:96]
    throttled = status == 429 or code == "REQUEST_LIMIT_EXCEEDED"
    kind = ThrottledError if throttled else AuthError if code.startswith("AUTHFAILURE") else ApiError
    error = kind(
        plain(failure.message) or "no message",
        action=action,
        code=code,
        http_status=status,
        request_id=plain(failure.request_id)[:64] or None,
        retryable=throttled or code in RETRYABLE or status >= 500,
        may_have_happened=not throttled and (code in MAY_HAVE_HAPPENED or status >= 500),
        advice=ADVICE.get(code, ""),
    )
    if isinstance(error, ThrottledError):
        error.retry_after = _retry_after(answer)
    return error


def _retry_after(answer: httpx.Response) -> float | None:
    """Return the seconds of a Retry-After header; a date in it, or nonsense, is not followed."""
    text = answer.headers.get("retry-after", "")
    return min(float(text), _LONGEST_WAIT) if re.fullmatch(r"[0-9]{1,6}(\.[0-9]+)?", text) else None


def _protocol(action: str, answer: httpx.Response, why: object) -> ProtocolError:
    kind = answer.headers.get("content-type", "").split(";")[0].strip().lower()
    html = kind == "text/html" or answer.content[:200].lstrip().lower().startswith((b"<!doctype", b"<html"))
    what = "an HTML page instead of JSON; a proxy or login page is in the way" if html else f"not the API's JSON: {why}"
    return ProtocolError(
        f"the answer is {plain(what)}",
        action=action,
        code="PROTOCOL_HTML" if html else "PROTOCOL_BODY",
        http_status=answer.status_code,
        retryable=answer.status_code >= 500,
        may_have_happened=answer.status_code < 300 or answer.status_code >= 500,
        advice="Check endpoint and proxy.",
    )


def transport_error(action: str, error: httpx.HTTPError) -> TransportError:
    """Say what became of a call that got no answer.

    Before a connection stood nothing can have happened; after that everything can.
    """
    connecting = isinstance(error, httpx.ConnectError | httpx.ConnectTimeout | httpx.PoolTimeout | httpx.ProxyError)
    timeout = isinstance(error, httpx.TimeoutException)
    code = "TRANSPORT_CONNECT" if connecting else "TRANSPORT_TIMEOUT" if timeout else "TRANSPORT_BROKEN"
    words = {
        "TRANSPORT_CONNECT": "no connection",
        "TRANSPORT_TIMEOUT": "no answer in time",
        "TRANSPORT_BROKEN": "the connection broke",
    }[code]
    detail = plain(str(error))
    return TransportError(
        f"{words}: {detail}" if detail else words,
        action=action,
        code=code,
        retryable=True,
        may_have_happened=not connecting,
        advice=ADVICE.get(code, "Read before repeating a write."),
    )


def plain(text: Any) -> str:
    """Return untrusted text on one line, without control characters, of bounded length."""
    line = "".join(c if c.isprintable() else " " for c in str(text)[: _LONGEST * 2])
    line = " ".join(line.split())
    return line if len(line) <= _LONGEST else line[: _LONGEST - 3] + "..."
