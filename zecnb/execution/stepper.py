"""One call: make it, and find out what became of it.

The rules (anchors of safe writing against an API without idempotency tokens):

- the intent is durable before the call, the outcome after it;
- a refusal for the rate is waited out, any other refusal ends the step and is explained by a fresh read;
- after an ambiguous end (timeout, reset, 5xx, unreadable answer) the vNIC is read, with patience, since effects may
  lag; a *list* is sent again only for what is still missing, a *count* is never sent again.
"""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from zecnb.errors import CloudError, ThrottledError
from zecnb.execution.drift import changes, is_clear
from zecnb.execution.journal import Event
from zecnb.execution.steps import Progress

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from contextlib import AbstractContextManager

    import pandas as pd

    from zecnb.execution.journal import Journal, Run
    from zecnb.execution.locks import Lease
    from zecnb.execution.steps import Answer, Api, Observe, Report, Step
    from zecnb.inventory import Inventory

__all__ = ["Context", "Outcome", "Stepper"]

_PATIENCE = (0.2, 0.5, 1.0, 2.0, 4.0)  # seconds between looks at a vNIC whose last call has an unknown outcome
_THROTTLE = (1.0, 2.0, 4.0, 8.0, 16.0)  # seconds between tries of a call that was refused for its rate
_SENDS = 3


@dataclass(frozen=True)
class Context:
    """What a run works with.

    Attributes:
        api, observe: the cloud.
        journal, run: where every step is recorded first.
        lease: what keeps other runs off the subnets meanwhile.
        nic_limit: see ``Options``.
        stop: set by another thread to end after the calls under way.
        report: told how far the run is.
        sleep: how to wait, in seconds.
    """

    api: Api
    observe: Observe
    journal: Journal
    run: Run
    lease: Lease
    nic_limit: int | None = None
    stop: threading.Event = field(default_factory=threading.Event)
    report: Report | None = None
    sleep: Callable[[float], None] = time.sleep

    def alone(self, steps: Sequence[Step]) -> AbstractContextManager[None]:
        """Have the subnets of some steps to oneself while a block runs.

        Raises:
            LockedError: another run has one of them, and did not end in time.
        """

        def tell(words: str) -> None:
            if self.report is not None:
                self.report(Progress(0, len(steps), words))

        return self.lease.hold([step.subnet_id for step in steps], stop=self.stop, tell=tell)


@dataclass
class Outcome:
    """What became of one step.

    Attributes:
        states: a receipt state for each address.
        api_code, request_id: of the last answer.
        reasons: why an address is not done.
    """

    states: dict[str, str]
    api_code: str | None = None
    request_id: str | None = None
    reasons: dict[str, str] = field(default_factory=dict)


class Stepper:
    """Makes one call and finds out what became of it.

    Args:
        context: what the run works with.
        step: the call.
        ours: addresses that an earlier, interrupted attempt at this step asked for and that were not there before.
        doubt: whether that attempt ended without a clear outcome, so that it may take effect yet.
        release: whether to release the step's addresses instead of assigning them.

    Attributes:
        seen: what was read after the call and shows its effect; None when nothing does.
    """

    def __init__(
        self,
        context: Context,
        step: Step,
        *,
        ours: frozenset[str] = frozenset(),
        doubt: bool = False,
        release: bool = False,
    ) -> None:
        self.context = context
        self.step = step
        self.ours = ours
        self.doubt = doubt
        self.release = release
        self.seen: Inventory | None = None
        self._settled: dict[str, str] = {}
        self._done = "released" if release else "assigned"

    def run(self, known: Inventory | None = None) -> Outcome:
        """Do it.

        Args:
            known: what was read a moment ago; read now when None, or when it does not show the vNIC.
        """
        if known is not None and known.nic_position(self.step.nic_id) < 0:
            known = None
        try:
            snapshot = known if known is not None else self.context.observe([self.step.nic_id])
        except CloudError as error:
            return self._end("not_attempted", error, f"the vNIC could not be read before the call: {error}")
        held = snapshot.addresses_of_nic(self.step.nic_id)
        if not self.release and not is_clear(snapshot, self.step, self.context.nic_limit):
            drifted = changes(snapshot, [self.step], self.context.nic_limit)
            if len(drifted):
                return self._blame(drifted, "not_attempted", None)
        if self.step.ip_address_count is not None:
            return self._count(held)
        todo = self._left(list(self.step.addresses), held)
        already = "already_absent" if self.release else "already_present"
        for address in set(self.step.addresses) - set(todo):
            self._settled[address] = self._done if address in self.ours else already
        if todo:
            return self._list(todo, held)
        return self._resolved({}, None) if self.doubt else self._outcome({})

    def _left(self, addresses: list[str], held: set[str]) -> list[str]:
        return [address for address in addresses if (address in held) == self.release]

    # -- a list of addresses -------------------------------------------------------------------------------------

    def _list(self, todo: list[str], held: set[str]) -> Outcome:
        left, request_id, doubt = todo, None, self.doubt
        for _ in range(_SENDS):
            try:
                answer = self._send(left, held)
            except CloudError as error:
                request_id = error.request_id or request_id
                if not error.may_have_happened and not doubt:
                    return self._rejected(error)
                doubt = True  # from here on a refusal may be about our own addresses, which do not show yet
                now = self.look(lambda there: not self._left(todo, there))
                if now is None:
                    return self._end("unknown", error)
                left = self._left(todo, now)
                if left and not error.may_have_happened:
                    self._settled |= dict.fromkeys(set(todo) - set(left), self._done)
                    return self._rejected(error, doubt=True)
            else:
                now = self.look(lambda there: not self._left(todo, there))
                left = self._left(todo, now) if now is not None else []
                states = {a: "unknown" if a in left else self._done for a in todo}
                states |= {a: "assigned_other" for a in answer.ip_addresses if a not in todo and not self.release}
                outcome = self._resolved(states, answer.request_id)
                outcome.reasons = dict.fromkeys(left, "the API accepted it, but no listing shows it yet")
                return outcome
            if not left:
                return self._resolved(dict.fromkeys(todo, self._done), request_id)
        states = {a: "not_attempted" if a in left else self._done for a in todo}
        outcome = self._resolved(states, request_id)
        outcome.reasons = dict.fromkeys(left, f"{_SENDS} calls ended without a clear answer and had no effect")
        return outcome

    # -- a count -------------------------------------------------------------------------------------------------

    def _count(self, held: set[str]) -> Outcome:
        """Send a count, once: sent again it would assign again."""
        wanted = self.step.ip_address_count or 0
        try:
            answer = self._send([], held)
        except CloudError as error:
            if not error.may_have_happened:
                return self._rejected(error)
            now = self.look(lambda there: len(there - held) >= wanted)
            new = sorted(now - held) if now is not None else None
            if new is not None and len(new) == wanted:
                return self._resolved(self._counted(new), error.request_id)
            if new == []:
                why = "no effect of the call shows; a count is never sent twice: resume to look again"
                return self._end("not_attempted", error, why)
            return self._end("unknown", error)
        return self._resolved(self._counted(answer.ip_addresses), answer.request_id)

    def _counted(self, got: Sequence[str]) -> dict[str, str]:
        return {a: "assigned" if a in self.step.addresses else "assigned_other" for a in got}

    # -- shared --------------------------------------------------------------------------------------------------

    def _send(self, addresses: list[str], held: set[str]) -> Answer:
        """Record the intent, make the call, record the outcome; wait and repeat only when refused for the rate."""
        context, step = self.context, self.step
        for pause in (*_THROTTLE, None):
            context.lease.check(step.subnet_id)
            intent = Event(
                "intent",
                call=step.call,
                nic_id=step.nic_id,
                pre_image=sorted(held),
                asked=addresses,
                ip_address_count=step.ip_address_count,
            )
            context.journal.write(context.run, intent)
            began = time.monotonic()
            try:
                answer = self._call(addresses)
            except CloudError as error:
                state = "unknown" if error.may_have_happened else "rejected"
                outcome = intent._replace(event="outcome", state=state, code=error.code)
                self._record(outcome, began, error.request_id, error.http_status)
                if not isinstance(error, ThrottledError) or pause is None or context.stop.is_set():
                    raise
                context.sleep(max(pause, error.retry_after or 0.0))
            else:
                outcome = intent._replace(event="outcome", state="accepted", returned=list(answer.ip_addresses))
                self._record(outcome, began, answer.request_id, answer.http_status)
                return answer
        raise AssertionError("the last try returns or raises")

    def _call(self, addresses: list[str]) -> Answer:
        api, step = self.context.api, self.step
        if self.release:
            return api.unassign_network_interface_ipv4(step.nic_id, addresses)
        if step.ip_address_count is not None:
            return api.batch_assign_network_interface_ipv4(step.nic_id, ip_address_count=step.ip_address_count)
        return api.batch_assign_network_interface_ipv4(step.nic_id, ip_addresses=addresses)

    def _record(self, event: Event, began: float, request_id: str | None, http_status: int | None) -> None:
        milliseconds = round((time.monotonic() - began) * 1000, 1)
        filled = event._replace(request_id=request_id, http_status=http_status, duration_ms=milliseconds)
        self.context.journal.write(self.context.run, filled)

    def look(self, settled: Callable[[set[str]], bool]) -> set[str] | None:
        """Read the vNIC until what is expected shows, for a while; return what it holds, None if unreadable."""
        held: set[str] | None = None
        for pause in (*_PATIENCE, None):
            try:
                inventory = self.context.observe([self.step.nic_id])
                held = inventory.addresses_of_nic(self.step.nic_id)
            except CloudError:
                held = None
            if held is not None and settled(held):
                self.seen = inventory
                break
            if pause is not None:
                self.context.sleep(pause)
        return held

    def _rejected(self, error: CloudError, *, doubt: bool = False) -> Outcome:
        """Find out which addresses the API meant: it names a class of error, never an address.

        Args:
            error: the refusal.
            doubt: whether an earlier call for the same addresses may have taken effect.
        """
        state = "unknown" if doubt else "kept" if self.release else "rejected"
        if self.release:
            return self._end(state, error, str(error))
        try:
            guilty = changes(self.context.observe([self.step.nic_id]), [self.step], self.context.nic_limit)
        except CloudError:
            return self._end(state, error, str(error))
        if not len(guilty):
            return self._end(state, error, f"{error} No listing shows why.")
        if doubt:
            self._resolved(self._settled, error.request_id)
        return self._blame(guilty, "rejected", error)

    def _blame(self, guilty: pd.DataFrame, state: str, error: CloudError | None) -> Outcome:
        """End the step; the guilty addresses get their own reason, the others name them."""
        reasons = {a: why for a, why in zip(guilty["address"], guilty["now"], strict=True) if isinstance(a, str)}
        shared = f"refused together with {', '.join(reasons)}" if reasons else str(guilty["now"].iloc[0])
        outcome = self._end(state, error, shared)
        outcome.reasons |= {a: why for a, why in reasons.items() if a in outcome.reasons}
        outcome.api_code = outcome.api_code or guilty["api_code"].iloc[0]
        return outcome

    def _end(self, state: str, error: CloudError | None, reason: str = "") -> Outcome:
        left = [a for a in self.step.addresses if a not in self._settled]
        outcome = self._outcome(dict.fromkeys(left, state), error.request_id if error else None)
        outcome.api_code = error.code if error else None
        outcome.reasons = dict.fromkeys(left, reason or f"the outcome is not known: {error}")
        return outcome

    def _resolved(self, states: dict[str, str], request_id: str | None) -> Outcome:
        """Record what the read-back showed."""
        every = {**self._settled, **states}
        changed = sorted(a for a, state in every.items() if state in ("assigned", "assigned_other", "released"))
        event = Event("resolved", self.step.call, self.step.nic_id, returned=changed, request_id=request_id)
        self.context.journal.write(self.context.run, event)
        return self._outcome(states, request_id)

    def _outcome(self, states: dict[str, str], request_id: str | None = None) -> Outcome:
        return Outcome({**self._settled, **states}, None, request_id)
