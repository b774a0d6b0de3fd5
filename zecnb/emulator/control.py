"""The emulator's own door, ``/_zecnb/...``: faults, state and what no action makes; it has a token of its own."""

from __future__ import annotations

import hmac
import json
import re
from typing import TYPE_CHECKING, Any

from zecnb.emulator import attachments, balancers, exports, resources
from zecnb.emulator.actions import SERVICES, knows
from zecnb.emulator.faults import LATER
from zecnb.emulator.listings import regions_of
from zecnb.emulator.settings import assumptions
from zecnb.emulator.wire import ApiFailure, Response, failure, new_request_id, success

if TYPE_CHECKING:
    from collections.abc import Callable

    from zecnb.emulator.faults import Faults
    from zecnb.emulator.state import State
    from zecnb.emulator.wire import Request

__all__ = ["PREFIX", "Control"]

PREFIX = "/_zecnb/"
_NUMBERS = {"nth": 1e9, "times": 1e9, "probability": 1.0, "seconds": 3600.0}
"""Options of a fault that are numbers, and the largest each may be."""

_CODE = r"[A-Z][A-Z0-9_]{0,99}"
_STATUSES = ("RUNNING", "STOPPED")


class Control:
    """Answers requests to the control path.

    Args:
        state: the resources.
        faults: what goes wrong on purpose.
        token: who has it may do all of this.
        act: runs an API action as a colleague would, without faults.
    """

    def __init__(
        self, state: State, faults: Faults, token: str, act: Callable[[str, str, dict[str, Any]], dict[str, Any]]
    ) -> None:
        self._state = state
        self._faults = faults
        self._token = token
        self._act = act

    def handle(self, request: Request) -> Response:
        """Answer one request; a wrong token, an unknown path and a body that says nothing are told apart by code."""
        request_id = new_request_id()
        given = request.headers.get("authorization", "").removeprefix("Bearer ").strip()
        if not hmac.compare_digest(given.encode("utf-8", "replace"), self._token.encode()):
            return failure(request_id, ApiFailure("AUTHFAILURE_INVALID_AUTHORIZATION", "Not the control token."))
        name = f"{request.method} {request.path.removeprefix(PREFIX).rstrip('/')}"
        doing: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
            "POST faults": self._add_fault,
            "GET faults": self._list_faults,
            "DELETE faults": self._clear_faults,
            "GET state": self._export,
            "PUT state": self._import,
            "GET assumptions": lambda _: {"assumptions": assumptions(self._state.settings)},
            "GET calls": lambda _: {"calls": dict(self._faults.calls)},
            "POST instances": self._add_instance,
            "POST obstacles": self._add_obstacle,
            "DELETE balancers": lambda _: {"loadBalancerIds": balancers.empty_recycle_bin(self._state)},
        }
        if name not in doing:
            unknown = ApiFailure("OPERATION_FAILED_RESOURCE_NOT_FOUND", f"There is no `{name[:80]}` here.")
            return failure(request_id, unknown)
        try:
            return success(request_id, doing[name](_object(json.loads(request.body.decode("utf-8") or "{}"))))
        except ApiFailure as error:
            return failure(request_id, error)
        except (ValueError, TypeError, RecursionError) as error:
            return failure(request_id, ApiFailure("INVALID_PARAMETER_VALUE", str(error)[:400]))

    # -- faults --------------------------------------------------------------------------------------------------

    def _add_fault(self, body: dict[str, Any]) -> dict[str, Any]:
        known = {"kind", "action", "code", "status", "actor", "seed", *_NUMBERS}
        if unknown := sorted(set(body) - known):
            raise ValueError(f"a fault has no {', '.join(unknown)}")
        options = {name: _number(name, body[name]) for name in _NUMBERS if name in body}
        for name in ("kind", "action", "code"):
            if name in body and not isinstance(body[name], str):
                raise ValueError(f"{name} is a text")
        kind, action = body.get("kind", ""), body.get("action", "")
        if action:
            self._require_action(action)
        if kind in LATER and not options.get("seconds"):
            raise ValueError(f"{kind} does nothing without seconds")
        if kind.startswith("actor_") != ("actor" in body):
            raise ValueError("actor_before and actor_after have an actor, and no other kind has one")
        if "code" in body:
            if not re.fullmatch(_CODE, body["code"]):
                raise ValueError("code is an API error code")
            options["code"] = body["code"]
        if "status" in body:
            if type(body["status"]) is not int or not 400 <= body["status"] <= 599:
                raise ValueError("status is an HTTP status from 400 to 599")
            options["status"] = body["status"]
        if "actor" in body:
            options["actor"] = self._actor(body["actor"])
        if "seed" in body:
            if type(body["seed"]) is not int:
                raise ValueError("seed is a whole number")
            self._faults.reseed(body["seed"])
        return {"fault": self._faults.add(kind, action, **options)}

    def _actor(self, given: Any) -> Callable[[Any], None]:
        """Return a colleague that makes one API call; whether it is refused is nobody's business."""
        if not isinstance(given, dict) or not isinstance(given.get("action"), str):
            raise ValueError("actor is an object of action and body")  # noqa: TRY004 - one message for both
        service, action, body = str(given.get("service", "zec")), given["action"], given.get("body", {})
        if not isinstance(body, dict):
            raise ValueError("the actor's body is an object")  # noqa: TRY004
        self._require_action(action, service)

        def act(_state: Any) -> None:
            try:
                self._act(service, action, body)
            except ApiFailure:
                return

        return act

    def _require_action(self, name: str, *services: str) -> None:
        if not any(knows(service, name) for service in services or SERVICES):
            raise ValueError(f"there is no action {name[:80]} in {' or '.join(services or SERVICES)[:80]} here")

    def _list_faults(self, _body: dict[str, Any]) -> dict[str, Any]:
        return {"faults": self._faults.describe()}

    def _clear_faults(self, _body: dict[str, Any]) -> dict[str, Any]:
        self._faults.clear()
        return {}

    # -- state ---------------------------------------------------------------------------------------------------

    def _export(self, _body: dict[str, Any]) -> dict[str, Any]:
        return {"state": json.loads(exports.export(self._state))}

    def _import(self, body: dict[str, Any]) -> dict[str, Any]:
        exports.replace(self._state, body.get("state", body))
        return {}

    def _add_instance(self, body: dict[str, Any]) -> dict[str, Any]:
        name, region, status = body.get("name", "host"), body.get("regionId"), body.get("status", "RUNNING")
        known = regions_of(self._state)
        if not isinstance(name, str) or not isinstance(region, str) or region not in known or status not in _STATUSES:
            raise ValueError(f"an instance has a name, a regionId of {', '.join(known)}, and a status of {_STATUSES}")
        return {"instanceId": attachments.create_instance(self._state, name, region, status)}

    def _add_obstacle(self, body: dict[str, Any]) -> dict[str, Any]:
        resource, code = body.get("resourceId"), body.get("code")
        if not isinstance(resource, str) or not isinstance(code, str) or not re.fullmatch(_CODE, code):
            raise ValueError("an obstacle has a resourceId and an error code")
        tables = ("vpc", "subnet", "instance")
        if not any(self._state.row(f"SELECT 1 FROM {table} WHERE id = ?", resource) for table in tables):
            raise ValueError(f"there is no VPC, subnet or instance {resource[:80]} for an obstacle to be in the way of")
        resources.obstruct(self._state, resource, code)
        return {}


def _object(content: Any) -> dict[str, Any]:
    if not isinstance(content, dict):
        raise ApiFailure("INVALID_PARAMETER_TYPE", "The body is not a JSON object.")
    return content


def _number(name: str, value: Any) -> Any:
    whole = name in ("nth", "times")
    if isinstance(value, bool) or not isinstance(value, int if whole else (int, float)):
        raise ValueError(f"{name} is a {'whole ' if whole else ''}number")  # noqa: TRY004 - one kind of error for all
    if not 0 <= value <= _NUMBERS[name]:
        raise ValueError(f"{name} is from 0 to {_NUMBERS[name]:g}")
    return value
