"""The checker of histories: it finds an order where there is one, and none where there is none."""

from __future__ import annotations

import itertools
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.linear import FEW, ILLEGAL, IN_USED, LIMIT, LOST, MOST, NOBODY, OK, Call, State, disorder

EVER = float("inf")


def _take(start: float, end: float, nic: str, *spots: int, code: str = OK) -> Call:
    return Call(start, end, "take", nic, spots, code=code)


def _give(start: float, end: float, nic: str, *spots: int, code: str = OK) -> Call:
    return Call(start, end, "give", nic, spots, code=code)


def _count(start: float, end: float, nic: str, count: int, *spots: int, code: str = OK) -> Call:
    return Call(start, end, "take", nic, spots, count, code)


def _look(start: float, end: float, nic: str, *spots: int) -> Call:
    return Call(start, end, "look", nic, spots)


@pytest.mark.parametrize(
    ("calls", "possible"),
    [
        ([_take(0, 1, "a", 0), _give(2, 3, "a", 0), _take(4, 5, "b", 0)], True),
        ([_take(0, 1, "a", 0), _take(2, 3, "b", 0)], False),
        ([_take(0, 3, "a", 0), _give(1, 2, "a", 0)], True),
        ([_take(2, 3, "a", 0), _give(0, 1, "a", 0)], False),
        ([_take(0, 1, "a", 0), _look(2, 3, "a")], False),
        ([_take(0, EVER, "a", 0, code=LOST), _look(2, 3, "a")], True),
        ([_take(0, EVER, "a", 0, code=LOST), _look(2, 3, "a", 0)], True),
        ([_take(1, EVER, "a", 0, code=LOST), _look(0, 0.5, "a", 0)], False),
        ([_count(0, EVER, "a", 2, code=LOST), _look(2, 3, "a", 0, 1)], True),
        ([_count(0, EVER, "a", 2, code=LOST), _look(2, 3, "a", 0)], False),
        ([_take(0, 1, "b", 0, code=IN_USED)], False),
        ([_take(0, 3, "a", 0), _take(1, 2, "b", 0, 1, code=IN_USED)], True),
        ([_take(0, 3, "a", 0, 1), _look(1, 2, "a", 0)], False),
        ([_take(0, 3, "a", 0, 1), _look(1, 2, "a"), _look(1, 2, "a", 0, 1)], True),
        ([_take(0, 3, "a", 0, 1), _look(1, 1.5, "a", 0, 1), _look(1.7, 2, "a")], False),
        ([_count(0, 1, "a", 2, 0, 1)], True),
        ([_count(0, 1, "a", 2, 0, 2)], False),
        ([_take(0, 3, "b", 1), _count(1, 2, "a", 2, 0, 2)], True),
        ([_count(0, 1, "a", 3, code=FEW)], False),
        ([_take(0, 3, "b", 1), _count(1, 2, "a", 3, code=FEW), _give(0, 3, "b", 1)], True),
        ([_count(0, 1, "a", MOST + 1, code=LIMIT)], True),
        ([_take(0, 1, "a", 0), _give(2, 3, "a", 0, code=ILLEGAL)], False),
        ([_take(0, 1, "a", 0), _give(2, 3, "b", 0, code=ILLEGAL)], True),
        ([], True),
    ],
)  # fmt: skip
def test_histories(calls: list[Call], *, possible: bool) -> None:
    """Three addresses, nobody has one; some histories of them can be, some cannot."""
    assert (disorder(calls, (NOBODY,) * 3) is None) is possible


CALLS = st.builds(
    Call,
    start=st.integers(0, 8),
    end=st.just(0),
    kind=st.sampled_from(["take", "take", "give", "look"]),
    nic=st.sampled_from("ab"),
    spots=st.lists(st.integers(0, 2), max_size=2, unique=True).map(tuple),
    count=st.sampled_from([0, 0, 1, 2]),
    code=st.sampled_from([OK, OK, OK, IN_USED, FEW, ILLEGAL, LOST]),
)


def _sane(call: Call, length: int) -> Call:
    """Return a call that a client could have noted."""
    end = EVER if call.code == LOST else call.start + length
    if call.kind == "look":
        return replace(call, count=0, code=OK, end=call.start + length)
    count = 0 if call.kind == "give" else call.count
    spots = call.spots if call.code == OK or not count else ()
    return replace(call, end=end, count=count, spots=spots or (() if count else (0,)))


def _slowly(calls: list[Call], state: State) -> bool:
    """Try every order that respects which calls ended before others began; a lost call may be left out."""
    lost = [each for each in calls if each.code == LOST]
    for size in range(len(lost) + 1):
        for gone in itertools.combinations(range(len(lost)), size):
            left = [each for each in calls if not any(each is lost[at] for at in gone)]
            if any(_fits(order, state) for order in itertools.permutations(left)):
                return True
    return False


def _fits(order: tuple[Call, ...], state: State) -> bool:
    now: State | None = state
    for at, call in enumerate(order):
        if any(later.end < call.start for later in order[at + 1 :]):
            return False
        now = call.after(now) if now is not None else None
    return now is not None


@given(st.lists(st.tuples(CALLS, st.integers(1, 6)), max_size=5))
def test_against_trying_everything(drawn: list[tuple[Call, int]]) -> None:
    """What the checker says of a small history is what trying every order says."""
    calls = [_sane(call, length) for call, length in drawn]
    assert (disorder(calls, (NOBODY,) * 3) is None) is _slowly(calls, (NOBODY,) * 3)
