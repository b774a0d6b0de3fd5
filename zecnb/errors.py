"""Every exception zecnb raises on purpose.

    ZecnbError
    ├── UsageError              an argument, file or option that cannot mean anything (also a ValueError)
    ├── CredentialsError        no usable credentials or endpoint; says what was looked for
    ├── ReadOnlyError           a write was asked of a read-only session; nothing was sent
    ├── PlanError               a plan that must not be applied; nothing was sent
    │   ├── PlanBlockedError    it has blocked rows
    │   ├── PlanDriftedError    the cloud changed since; ``changes`` says what
    │   └── PlanEditedError     its content no longer matches its digest
    ├── LockedError             another run works on the same subnet; this one makes no calls
    ├── JournalError            the journal or store cannot be read or written
    └── CloudError              a call to the API that did not succeed
        ├── ApiError            the API answered with an error code
        │   ├── AuthError       ... about who is calling
        │   └── ThrottledError  ... about how often
        ├── RefusedError        an edge in front of the API answered (403 challenge, 451)
        ├── ProtocolError       the answer is not what the API documents (HTML, missing keys)
        └── TransportError      no answer: name resolution, connection, TLS, timeout, reset

Bad addresses are not exceptions: they are rows of ``Plan.findings``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "ApiError",
    "AuthError",
    "CloudError",
    "CredentialsError",
    "JournalError",
    "LockedError",
    "PlanBlockedError",
    "PlanDriftedError",
    "PlanEditedError",
    "PlanError",
    "ProtocolError",
    "ReadOnlyError",
    "RefusedError",
    "ThrottledError",
    "TransportError",
    "UsageError",
    "ZecnbError",
]


class ZecnbError(Exception):
    """Base of every exception zecnb raises on purpose; all of them survive pickling, as between processes."""

    def __reduce__(self) -> tuple[object, ...]:
        return _rebuild, (type(self), self.args), self.__dict__


def _rebuild(kind: type[ZecnbError], args: tuple[object, ...]) -> ZecnbError:
    return kind.__new__(kind, *args)


class UsageError(ZecnbError, ValueError):
    """An argument, file or option that cannot mean anything; nothing was done."""


class CredentialsError(ZecnbError):
    """No usable credentials or endpoint; the message lists what was looked for."""


class ReadOnlyError(ZecnbError):
    """A write was asked of a read-only session; nothing was sent."""


class PlanError(ZecnbError):
    """A plan that must not be applied; nothing was sent."""


class PlanBlockedError(PlanError):
    """The plan has blocked rows."""


class PlanDriftedError(PlanError):
    """The cloud changed between plan and apply.

    Attributes:
        changes: one row per change. ``nic_id`` and ``address`` say where; ``was`` is what the plan relied on, ``free``
            for an address that somebody holds now, else ``accepted``; ``now`` says in words what is in the way, and
            ``api_code`` what the API would answer (NA when it would not notice).
    """

    def __init__(self, message: str, changes: pd.DataFrame) -> None:
        super().__init__(message)
        self.changes = changes


class PlanEditedError(PlanError):
    """The plan's content no longer matches its digest."""


class LockedError(ZecnbError):
    """Another run works on the same subnet; says which, whose, where and since when."""


class JournalError(ZecnbError):
    """The journal or store cannot be read or written."""


class CloudError(ZecnbError):
    """A call to the API that did not succeed.

    Attributes:
        action: the API action, for example ``DescribeSubnets``.
        code: the API's error code, or a local one in the same style (``TRANSPORT_TIMEOUT``).
        http_status: HTTP status of the answer, None when there was none.
        request_id: the API's requestId, to quote to support, None when there was none.
        retryable: whether the same *read* may succeed when repeated.
        may_have_happened: whether a *write* that failed this way may have taken effect.
        advice: what to do next, "" when nothing useful is known.
    """

    def __init__(
        self,
        message: str,
        *,
        action: str,
        code: str,
        http_status: int | None = None,
        request_id: str | None = None,
        retryable: bool = False,
        may_have_happened: bool = False,
        advice: str = "",
    ) -> None:
        super().__init__(message)
        self.action = action
        self.code = code
        self.http_status = http_status
        self.request_id = request_id
        self.retryable = retryable
        self.may_have_happened = may_have_happened
        self.advice = advice

    def __str__(self) -> str:
        status = f"HTTP {self.http_status}, " if self.http_status else ""
        request = f", requestId {self.request_id}" if self.request_id else ""
        advice = f" {self.advice}" if self.advice else ""
        return f"{self.action}: {self.args[0]} ({status}{self.code}{request}).{advice}"


class ApiError(CloudError):
    """The API answered with an error code."""


class AuthError(ApiError):
    """The API refused who is calling (``AUTHFAILURE_*``)."""


class ThrottledError(ApiError):
    """The API asks to slow down.

    Attributes:
        retry_after: seconds the answer asked to wait, None when it did not say.
    """

    retry_after: float | None = None


class RefusedError(CloudError):
    """An edge in front of the API answered instead of it."""


class ProtocolError(CloudError):
    """The answer is not what the API documents."""


class TransportError(CloudError):
    """No answer arrived."""
