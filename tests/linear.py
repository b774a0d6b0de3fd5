"""Whether a history of calls on one subnet is one that a single account can give: linearizability of the whole subnet.

Each call has its effect at one moment between its start and its end. The checker looks for an order of these moments
in which every answer is right: lists and counts all or none, a count the lowest free addresses (A6), a refusal for a
reason that holds at that moment. It walks through the ends of calls, lets a write happen only when one that ends needs
it, and goes back when an answer cannot be explained.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

__all__ = ["FEW", "ILLEGAL", "IN_USED", "LIMIT", "LOST", "NOBODY", "OK", "Call", "disorder"]

NOBODY = ""
"""Who has an address that is free."""

IN_USED, ILLEGAL = "INVALID_SUBNET_PRIVATE_IPV4_IN_USED", "INVALID_PARAMETER_PRIVATE_IP_ILLEGAL"
FEW, LIMIT = "OPERATION_DENIED_SUBNET_IP_INSUFFICIENT", "OPERATION_DENIED_NIC_ATTACH_LAN_IP_EXCEED_LIMIT"
OK, LOST = "OK", "no answer"
MOST = 9
"""How many addresses a vNIC may have besides its primary one (A9)."""

PATIENCE = 5_000_000
"""How many places are looked at before the checker gives up."""

State = tuple[str, ...]
Place = tuple[State, frozenset[int]]
"""Who has each address, and which calls under way have had their effect."""


@dataclass(frozen=True)
class Call:
    """A call and its answer.

    Attributes:
        start, end: seconds; the end is infinite when no answer came.
        kind: take, give, or look: a listing that shows all that a vNIC has besides its primary address.
        nic: the vNIC.
        spots: numbers of the addresses asked for; of a count those assigned, none when it was refused.
        count: how many, when no addresses were asked for.
        code: of the answer.
    """

    start: float
    end: float
    kind: str
    nic: str
    spots: tuple[int, ...] = ()
    count: int = 0
    code: str = OK

    @property
    def changes(self) -> bool:
        """Whether it has an effect."""
        return self.kind != "look" and self.code in (OK, LOST)

    def after(self, state: State) -> State | None:
        """Return who has what after it, None when it cannot be answered so in this state."""
        if self.kind == "look":
            return state if {at for at, who in enumerate(state) if who == self.nic} == set(self.spots) else None
        if self.kind == "give":
            right = all(state[spot] == self.nic for spot in self.spots)
            return (_with(state, self.spots, NOBODY) if right else None) if self.changes else None if right else state
        code, spots = self._assigned(state)
        if code != (OK if self.code == LOST else self.code):
            return None
        if self.code == OK and spots != self.spots:
            return None
        return _with(state, spots, self.nic) if code == OK else state

    def _assigned(self, state: State) -> tuple[str, tuple[int, ...]]:
        """Return code and addresses that assigning answers in this state (A8)."""
        if not self.count and any(state[spot] != NOBODY for spot in self.spots):
            return IN_USED, ()
        if state.count(self.nic) + (self.count or len(self.spots)) > MOST:
            return LIMIT, ()
        if not self.count:
            return OK, self.spots
        free = tuple(at for at, who in enumerate(state) if who == NOBODY)[: self.count]
        return (OK, free) if len(free) == self.count else (FEW, ())


def _with(state: State, spots: Sequence[int], who: str) -> State:
    changed = list(state)
    for spot in spots:
        changed[spot] = who
    return tuple(changed)


class _Search:
    """The ends of calls in time, and the ways to each of them."""

    def __init__(self, calls: Sequence[Call]) -> None:
        self.calls, self.looked = calls, 0
        self.ends: list[int] = []
        self._under_way: list[tuple[list[int], list[int]]] = []
        moments = [(call.start, 0, number) for number, call in enumerate(calls)]
        moments += [(call.end, 1, number) for number, call in enumerate(calls) if call.end != float("inf")]
        now: list[int] = []
        for _, order, number in sorted(moments):
            if order == 0:
                now.append(number)
                continue
            self.ends.append(number)
            others = [each for each in now if each != number]
            by_end = sorted(others, key=lambda each: calls[each].end)  # who ends first has had its effect first, mostly
            self._under_way.append(
                ([each for each in by_end if calls[each].changes], [each for each in now if not calls[each].changes])
            )
            now = others

    def ways(self, at: int, place: Place) -> Iterator[Place]:
        """Yield the places right after a call's end, those with few other effects before it first."""
        number = self.ends[at]
        writes, reads = self._under_way[at]
        waiting, known = deque([place]), {place}
        while waiting:
            self.looked += 1
            state, done = waiting.popleft()
            # What only looks has its moment as soon as its answer is right: that spoils nothing for the others.
            done |= {each for each in reads if each not in done and self.calls[each].after(state) is not None}
            if number in done:
                yield state, done - {number}
                continue
            if self.calls[number].changes and (new := self.calls[number].after(state)) is not None:
                yield new, done
            for other in writes:
                new = None if other in done else self.calls[other].after(state)
                if new is not None and (further := (new, done | {other})) not in known:
                    known.add(further)
                    waiting.append(further)


def disorder(calls: Sequence[Call], state: State) -> str | None:
    """Return None when there is an order that explains every answer, else the first end that none explains.

    Args:
        calls: in any order.
        state: who has each address before the first of them.
    """
    search = _Search(calls)
    start: Place = (state, frozenset())
    path = [(start, search.ways(0, start))] if search.ends else []
    hopeless: set[tuple[int, Place]] = set()
    furthest = 0
    while path:
        place, ways = path[-1]
        furthest = max(furthest, len(path) - 1)
        found = next(ways, None)
        if search.looked > PATIENCE:
            return f"gave up at {search.calls[search.ends[furthest]]}"
        if found is None:
            hopeless.add((len(path) - 1, place))
            path.pop()
        elif len(path) == len(search.ends):
            return None
        elif (len(path), found) not in hopeless:
            path.append((found, search.ways(len(path), found)))
    return str(search.calls[search.ends[furthest]]) if search.ends else None
