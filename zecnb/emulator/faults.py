"""Scripted faults: by action, by nth call, by probability; what networks and clouds do to a client."""

from __future__ import annotations

import random
import threading
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from zecnb.emulator.waits import Waits

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["KINDS", "LAGGING", "LATER", "Fault", "Faults"]

KINDS = (
    "latency",  # wait ``seconds`` before doing anything
    "error",  # answer ``code`` without doing anything
    "error_after",  # do it, then answer ``code``
    "throttle",  # 429 without doing anything; ``seconds`` as Retry-After when given
    "timeout_before",  # no answer for ``seconds``, nothing done
    "timeout_after",  # do it, then no answer for ``seconds``
    "reset_before",  # the connection breaks, nothing done
    "reset_after",  # do it, then the connection breaks
    "truncated",  # do it, then half an answer
    "garbage",  # do it, then something that is no JSON
    "challenge",  # 403 of an edge that takes the client for a robot
    "blocked",  # 451 of an edge
    "lag",  # do it, but listings show it only ``seconds`` later: of calls that assign or release addresses
    "actor_before",  # ``actor`` acts first
    "actor_after",  # ``actor`` acts between the call and its answer
)

LAGGING = (
    "BatchAssignNetworkInterfaceIpv4",
    "AssignNetworkInterfaceIpv4",
    "UnassignNetworkInterfaceIpv4",
)
"""Actions whose effect can show later (``lag``)."""

LATER = ("latency", "lag")
"""Kinds that are nothing without ``seconds``."""

_INSTEAD = ("error", "throttle", "timeout_before", "reset_before", "challenge", "blocked")
"""Kinds that answer, or break the connection, in place of the API."""

_FIRST = ("latency", "actor_before")
"""Kinds that act before the API does."""

_LOST = ("timeout_after", "reset_after")
"""Kinds after which there is no answer that another could change."""


@dataclass(frozen=True)
class Fault:
    """One scripted fault.

    Attributes:
        kind: one of ``KINDS``.
        action: the API action, "" for every one.
        nth: which call of it, counted from 1 since the fault was added; 0 for every one.
        times: how often at most; 0 for always.
        probability: 0..1, how likely each time.
        seconds: of waiting or of Retry-After.
        code, status: of an error answer.
        actor: a colleague, called with the state.
    """

    kind: str
    action: str = ""
    nth: int = 0
    times: int = 1
    probability: float = 1.0
    seconds: float = 0.0
    code: str = "INTERNAL_SERVER_ERROR"
    status: int | None = None
    actor: Callable[[Any], None] | None = None


class Faults:
    """The faults of an emulator, safe to change while it runs.

    Args:
        seed: of the probabilities.
    """

    def __init__(self, seed: int = 0) -> None:
        self._random = random.Random(seed)
        self._lock = threading.Lock()
        self._faults: dict[int, Fault] = {}
        self._seen: Counter[int] = Counter()
        self._fired: Counter[int] = Counter()
        self._next = 0
        self.calls: Counter[str] = Counter()
        """Calls by action, faulty or not."""
        self.waits = Waits()
        """What calls wait in, for those kinds that wait."""

    def add(self, kind: str, action: str = "", **options: Any) -> int:
        """Script a fault; see ``Fault`` for the options. Returns its number.

        Raises:
            ValueError: there is no such kind, or not for this action.
        """
        if kind not in KINDS:
            raise ValueError(f"kind is one of {', '.join(KINDS)}, not {kind!r}")
        if kind == "lag" and action not in ("", *LAGGING):
            raise ValueError(f"only {', '.join(LAGGING)} can show later (lag), not {action}")
        with self._lock:
            self._next += 1
            self._faults[self._next] = Fault(kind, action, **options)
            return self._next

    def reseed(self, seed: int) -> None:
        """Begin the chances anew."""
        with self._lock:
            self._random.seed(seed)

    def describe(self) -> list[dict[str, Any]]:
        """Return every fault with its number and how often it has struck."""
        with self._lock:
            return [
                {
                    "fault": number,
                    **{name: value for name, value in vars(fault).items() if name != "actor"},
                    "fired": self._fired[number],
                }
                for number, fault in self._faults.items()
            ]

    def clear(self) -> None:
        """Take back every fault; calls that wait because of one go on."""
        with self._lock:
            self._faults.clear()
        self.waits.wake()

    def fired(self, number: int) -> int:
        """Return how often a fault has struck."""
        return self._fired[number]

    def strike(self, action: str) -> list[Fault]:
        """Return the faults that act on this call; those that come too late to act on it are not used up."""
        with self._lock:
            self.calls[action] += 1
            struck = _acting([each for each in self._faults.items() if self._strikes(*each, action)])
            self._fired.update(number for number, _ in struck)
            return [fault for _, fault in struck]

    def _strikes(self, number: int, fault: Fault, action: str) -> bool:
        if fault.action not in ("", action) or (fault.kind == "lag" and action not in LAGGING):
            return False
        self._seen[number] += 1
        if fault.nth and self._seen[number] != fault.nth:
            return False
        if fault.times and self._fired[number] >= fault.times:
            return False
        return fault.probability >= 1.0 or self._random.random() < fault.probability


def _acting(struck: list[tuple[int, Fault]]) -> list[tuple[int, Fault]]:
    """Leave out what has nothing left to act on: the first that answers in place of the API ends the call."""
    kinds = [fault.kind for _, fault in struck]
    end = next((at for at, kind in enumerate(kinds) if kind in _INSTEAD), None)
    if end is not None:
        return [*(each for each in struck[:end] if each[1].kind in _FIRST), struck[end]]
    lost = next((at for at, kind in enumerate(kinds) if kind in _LOST), len(kinds))
    still = (*_FIRST, "lag", "actor_after")
    return [each for at, each in enumerate(struck) if at <= lost or each[1].kind in still]
