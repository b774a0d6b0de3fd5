"""The whole emulator as one callable: verify, dispatch, shape the reply."""

from __future__ import annotations

import json
import logging
import math
import threading
import time
from collections import defaultdict, deque
from typing import TYPE_CHECKING, Any

from zecnb.emulator.actions import Context, find_action, name_of
from zecnb.emulator.auth import Keys, verify
from zecnb.emulator.control import PREFIX, Control
from zecnb.emulator.settings import Settings
from zecnb.emulator.wire import ApiFailure, NotHereFailure, Request, Response, failure, new_request_id, success

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from zecnb.emulator.actions import Action
    from zecnb.emulator.faults import Fault, Faults
    from zecnb.emulator.state import State

__all__ = ["App"]

_log = logging.getLogger("zecnb.emulator")
_LARGEST_BODY = 4 << 20


class App:
    """Answers requests.

    Args:
        state: the resources.
        keys: who may call.
        faults: what goes wrong on purpose.
        clock: Unix seconds.
        sleep: waits for seconds, as the faults' own waits by default.
        control_token: opens the control path; nothing does when empty.
    """

    def __init__(
        self,
        state: State,
        keys: Keys,
        faults: Faults,
        *,
        clock: Callable[[], float] = time.time,
        sleep: Callable[[float], None] | None = None,
        control_token: str = "",
    ) -> None:
        self._state = state
        self._keys = keys
        self._faults = faults
        self._clock = clock
        self._sleep = sleep or faults.waits.sleep
        self._control = Control(state, faults, control_token, self._act) if control_token else None
        self._recent: dict[str, deque[float]] = defaultdict(deque)
        self._counting = threading.Lock()

    def handle(self, request: Request) -> Response:
        """Answer one request; never raises."""
        for step in self.steps(request):
            if isinstance(step, Response):
                return step
            self._sleep(step)
        raise AssertionError("the last step is the answer")

    def steps(self, request: Request) -> Iterator[float | Response]:
        """Answer one request: seconds to wait before the next step, and last the answer; never raises.

        Whoever takes the steps waits its own way, so that a wait keeps no thread where there are few.
        """
        request_id = new_request_id()
        version = request.headers.get("x-zc-version", "")
        name = name_of(request.headers.get("x-zc-action", ""), version)
        try:
            if self._control is not None and request.path.startswith(PREFIX):
                yield self._control.handle(request)
                return
            settings = self._state.settings
            verify(request, self._keys, self._clock(), settings.skew_seconds, unknown=settings.unknown_key_code)
            action = self._find(request, name, version)
            body = _read_body(request)
            self._limit_rate(name)
            yield from self._with_faults(request_id, name, lambda lag: action.run(Context(self._state, lag), body))
        except ApiFailure as error:
            yield _refuse(request_id, error)
        except Exception:  # noqa: BLE001 - a client gets an answer, whatever is wrong here
            if self._state.closed:  # under its feet
                yield failure(request_id, ApiFailure("SERVICE_TEMPORARY_UNAVAILABLE", "The emulator has stopped."))
                return
            _log.exception("%s failed inside the emulator", name)
            yield failure(request_id, ApiFailure("INTERNAL_SERVER_ERROR", "The emulator has a defect; see its log."))

    def _act(self, service: str, name: str, body: dict[str, Any]) -> dict[str, Any]:
        """Do what a colleague asks, past keys, rates and faults."""
        return find_action(f"/api/v2/{service}", name, "", Settings()).run(Context(self._state), body)

    def _find(self, request: Request, name: str, version: str) -> Action:
        if request.method != "POST":
            raise ApiFailure("AUTHFAILURE_UNAUTHORIZED_OPERATION", "Only POST is supported.")
        return find_action(request.path, name, version, self._state.settings)

    def _limit_rate(self, name: str) -> None:
        rate = self._state.settings.rate_per_second
        if rate <= 0:
            return
        most = max(int(rate), 1)  # whole calls, in as many seconds as they take at this rate
        with self._counting:
            now, recent = self._clock(), self._recent[name]
            while recent and recent[0] <= now - most / rate:
                recent.popleft()
            if len(recent) >= most:
                raise ApiFailure("REQUEST_LIMIT_EXCEEDED", "Too many requests.")
            recent.append(now)

    # -- faults --------------------------------------------------------------------------------------------------

    def _with_faults(
        self, request_id: str, name: str, act: Callable[[float], dict[str, Any]]
    ) -> Iterator[float | Response]:
        faults = self._faults.strike(name)
        for fault in faults:
            if fault.kind in ("latency", "timeout_before"):
                yield fault.seconds
            early = self._before(fault, request_id)
            if early is not None:
                yield early
                return
        try:
            answer = success(request_id, act(max((each.seconds for each in faults if each.kind == "lag"), default=0.0)))
        except ApiFailure as error:
            answer = _refuse(request_id, error)
        for fault in faults:
            if fault.kind == "timeout_after":
                yield fault.seconds
            answer = self._after(fault, request_id, answer)
        yield answer

    def _before(self, fault: Fault, request_id: str) -> Response | None:
        match fault.kind:
            case "actor_before" if fault.actor is not None:
                fault.actor(self._state)
            case "error":
                return failure(request_id, ApiFailure(fault.code, "A scripted fault.", fault.status))
            case "throttle":
                limited = failure(request_id, ApiFailure("REQUEST_LIMIT_EXCEEDED", "Too many requests."))
                headers = {"retry-after": str(math.ceil(fault.seconds))} if fault.seconds else {}
                return Response(limited.status, limited.body, {**limited.headers, **headers})
            case "timeout_before" | "reset_before":
                return Response(0, aborted=True)
            case "challenge":
                page = b"<!DOCTYPE html><title>Just a moment...</title>"
                return Response(403, page, {"content-type": "text/html", "cf-mitigated": "challenge"})
            case "blocked":
                return Response(451, b"<html>Unavailable</html>", {"content-type": "text/html"})
        return None

    def _after(self, fault: Fault, request_id: str, answer: Response) -> Response:
        match fault.kind:
            case "actor_after" if fault.actor is not None:
                fault.actor(self._state)
            case "error_after":
                return failure(request_id, ApiFailure(fault.code, "A scripted fault.", fault.status))
            case "timeout_after" | "reset_after":
                return Response(0, aborted=True)
            case "truncated":
                half = answer.body[: len(answer.body) // 2]
                return Response(answer.status, half, answer.headers, length=len(answer.body))
            case "garbage":
                return Response(answer.status, b"\x00\xffnot json", answer.headers)
        return answer


def _refuse(request_id: str, error: ApiFailure) -> Response:
    """Answer an error; whoever runs the emulator is told what a client missed in it."""
    if isinstance(error, NotHereFailure):
        _log.warning("unimplemented here, or no such thing: %r", str(error))
    return failure(request_id, error)


def _read_body(request: Request) -> dict[str, Any]:
    media, _, options = request.headers.get("content-type", "").lower().partition(";")
    if media.strip() != "application/json" or ("charset" in options and "utf-8" not in options):
        raise ApiFailure("INVALID_PARAMETER_TYPE", "The Content-Type is not application/json in UTF-8.")
    if len(request.body) > _LARGEST_BODY:
        raise ApiFailure("INVALID_PARAMETER_EXCEED_LENGTH", "The request body is too large.")
    try:
        body = json.loads(request.body.decode("utf-8") or "{}")
    except (ValueError, RecursionError) as error:
        raise ApiFailure("INVALID_PARAMETER_TYPE", "The request body is not JSON in UTF-8.") from error
    if not isinstance(body, dict):
        raise ApiFailure("INVALID_PARAMETER_TYPE", "The request body is not a JSON object.")
    return body
