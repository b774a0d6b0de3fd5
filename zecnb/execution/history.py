"""What the journal says of an earlier attempt at a run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from zecnb.errors import UsageError
from zecnb.execution.steps import Step

if TYPE_CHECKING:
    from collections.abc import Iterable

    from zecnb.execution.journal import Journal

__all__ = ["Past", "Record", "read_record"]


@dataclass(frozen=True)
class Past:
    """What the journal says of one step.

    Attributes:
        asked: addresses that were sent and may have been taken: not refused, and no read-back told since.
        pre_image: what the vNIC held before the first call.
        returned: addresses that the API, or a read-back, said were assigned or released.
        begun: whether a call was begun.
        clear: whether what became of every call begun is known; a refusal does not tell what an earlier, lost call did.
        request_id: of the last answer.
    """

    asked: frozenset[str] = frozenset()
    pre_image: frozenset[str] = frozenset()
    returned: frozenset[str] = frozenset()
    begun: bool = False
    clear: bool = True
    request_id: str | None = None

    @property
    def ours(self) -> frozenset[str]:
        """Addresses that the step has, or may have, changed and that were not there before it."""
        return (self.asked | self.returned) - self.pre_image


@dataclass(frozen=True)
class Record:
    """A run as the journal has it.

    Attributes:
        kind, account, plan_digest: as in ``Run``.
        steps, rows, nic_limit: what it set out to do.
        past: what became of each step so far, by call.
        finished: whether it came to its end.
    """

    kind: str
    account: str
    plan_digest: str
    steps: list[Step]
    rows: list[list[Any]]
    nic_limit: int | None
    past: dict[int, Past]
    finished: bool


def read_record(journal: Journal, run_id: str) -> Record:
    """Read a run from the journal.

    Raises:
        UsageError: there is no such run.
    """
    events = journal.events(run_id)
    first = next((event for event in events if event["event"] == "started"), None)
    if first is None:
        raise UsageError(f"run {run_id!r} has no beginning in the journal")
    detail = first["detail"]
    steps = [Step(call, nic, subnet, tuple(asked), count) for call, nic, subnet, asked, count in detail["steps"]]
    by_call: dict[int, list[dict[str, Any]]] = {step.call: [] for step in steps}
    for event in events:
        if event["call"] in by_call:
            by_call[event["call"]].append(event)
    return Record(
        kind=first["kind"],
        account=first["account"],
        plan_digest=first["plan_digest"],
        steps=steps,
        rows=detail["rows"],
        nic_limit=detail["nic_limit"],
        past={call: _past(own) for call, own in by_call.items()},
        finished=any(event["event"] == "finished" for event in events),
    )


def _past(events: Iterable[dict[str, Any]]) -> Past:
    asked: set[str] = set()
    sent: set[str] = set()
    returned: set[str] = set()
    pre_image: frozenset[str] | None = None
    clear = True
    request_id = None
    for event in events:
        request_id = event["request_id"] or request_id
        match event["event"]:
            case "intent":
                asked |= sent
                sent = set(event["asked"] or ())
                pre_image = frozenset(event["pre_image"] or ()) if pre_image is None else pre_image
                clear = False
            case "outcome":
                if event["state"] == "rejected":
                    sent = set()
                returned |= set(event["returned"] or ())
                clear = event["state"] == "accepted" or (event["state"] == "rejected" and not asked)
            case "resolved":
                asked, sent = set(), set()
                returned |= set(event["returned"] or ())
                clear = True
    asked |= sent
    begun = pre_image is not None
    return Past(frozenset(asked), pre_image or frozenset(), frozenset(returned), begun, clear, request_id)
