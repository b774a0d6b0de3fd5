"""Who is calling: ZC2-HMAC-SHA256 and bearer tokens as ``httpx.Auth`` (contract.md 2)."""

from __future__ import annotations

import hashlib
import hmac
import time
from typing import TYPE_CHECKING, NoReturn

import httpx

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

__all__ = ["BearerAuth", "Secret", "Zc2Auth", "sign"]

METHOD = "ZC2-HMAC-SHA256"
_SIGNED = "content-type;host"


class Secret:
    """Text that no repr, format, pickle or copy shows; ``reveal()`` gives it to the one place that needs it."""

    __slots__ = ("_reveal",)

    def __init__(self, text: str) -> None:
        def reveal() -> str:  # a closure, so that no attribute holds the text
            return text

        self._reveal: Callable[[], str] = reveal

    def reveal(self) -> str:
        """Return the text."""
        return self._reveal()

    def __repr__(self) -> str:
        return "Secret(***)"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a secret cannot be pickled or copied")


def sign(*, password: str, timestamp: str, content_type: str, host: str, body: bytes) -> str:
    """Return the ZC2 signature of a request, lower-case hex (contract.md 2.1).

    Args:
        password: access key password.
        timestamp: Unix seconds as text, as in ``x-zc-timestamp``.
        content_type: header value, verbatim.
        host: header value, verbatim, with the port if it has one.
        body: exact bytes of the body.
    """
    payload = hashlib.sha256(body).hexdigest()
    headers = f"content-type:{content_type}\nhost:{host}\n"
    canonical = f"POST\n/\n\n{headers}\n{_SIGNED}\n{payload}"
    text = f"{METHOD}\n{timestamp}\n{hashlib.sha256(canonical.encode()).hexdigest()}"
    return hmac.new(password.encode(), text.encode(), hashlib.sha256).hexdigest()


class Zc2Auth(httpx.Auth):
    """Signs each request with an access key.

    Args:
        key_id: access key id.
        password: access key password.
        clock: returns Unix seconds.
    """

    requires_request_body = True

    def __init__(self, key_id: str, password: Secret, *, clock: Callable[[], float] = time.time) -> None:
        self._key_id = key_id
        self._password = password
        self._clock = clock

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """Add signature, method and timestamp."""
        timestamp = str(int(self._clock()))
        signature = sign(
            password=self._password.reveal(),
            timestamp=timestamp,
            content_type=request.headers["content-type"],
            host=request.headers["host"],
            body=request.content,
        )
        request.headers["x-zc-timestamp"] = timestamp
        request.headers["x-zc-signature-method"] = METHOD
        request.headers["authorization"] = (
            f"{METHOD} Credential={self._key_id}, SignedHeaders={_SIGNED}, Signature={signature}"
        )
        yield request

    def __repr__(self) -> str:
        return "Zc2Auth(access key)"


class BearerAuth(httpx.Auth):
    """Presents a personal access token (contract.md 2.3)."""

    def __init__(self, token: Secret) -> None:
        self._token = token

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """Add the token."""
        request.headers["authorization"] = f"Bearer {self._token.reveal()}"
        yield request

    def __repr__(self) -> str:
        return "BearerAuth(token)"
