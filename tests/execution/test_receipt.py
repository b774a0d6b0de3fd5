"""The receipt as a value: counts, exit codes, and how it shows itself."""

from __future__ import annotations

from itertools import combinations

import pandas as pd
import pytest

from zecnb.execution.receipt import DONE_STATES, STATES, Receipt
from zecnb.schema import RECEIPT, conform


def receipt(*states: str, kind: str = "apply", stopped: bool = False, reason: str | None = None) -> Receipt:
    """Return a receipt of rows in these states."""
    rows = [
        {"row": n, "nic_id": "nic-a", "address": f"10.0.4.{n + 2}", "state": state, "reason": reason}
        for n, state in enumerate(states)
    ]
    frame = conform(pd.DataFrame(rows, columns=list(RECEIPT)), RECEIPT, required=(), what="receipt")
    return Receipt("run-1", kind, frame, stopped=stopped)


@pytest.mark.parametrize("state", ["assigned", "already_present", "assigned_other", "released", "already_absent"])
def test_done(state: str) -> None:
    """A receipt of nothing but this is ok, and exits 0."""
    assert receipt(state, state).ok
    assert receipt(state).exit_code == 0


@pytest.mark.parametrize("state", ["rejected", "not_attempted", "kept"])
def test_not_done(state: str) -> None:
    """A receipt of nothing but this wrote nothing: exit 1."""
    assert not receipt(state).ok
    assert receipt(state).exit_code == 1


def test_unknown_may_have_written() -> None:
    """What nobody knows is not called nothing: exit 3."""
    assert not receipt("unknown").ok
    assert receipt("unknown").exit_code == 3


@pytest.mark.parametrize("done", ["assigned", "assigned_other", "released", "unknown"])
@pytest.mark.parametrize("not_done", ["rejected", "not_attempted", "kept"])
def test_partly(done: str, not_done: str) -> None:
    """Some written and some not is partly, in any order: exit 3."""
    assert receipt(done, not_done).exit_code == 3
    assert receipt(not_done, done).exit_code == 3


def test_in_place_is_not_written() -> None:
    """Rows that were in place before do not make a failed run a partial one."""
    assert receipt("already_present", "rejected").exit_code == 1
    assert receipt("already_absent", "kept").exit_code == 1


def test_every_documented_state_has_a_meaning() -> None:
    """Each state of the schema is either done or not, and two of them never exit 2 or 4, which mean other things."""
    for pair in combinations(STATES, 2):
        assert receipt(*pair).exit_code in (0, 1, 3)
        assert receipt(*pair).ok == (set(pair) <= set(DONE_STATES))


def test_nothing_to_do() -> None:
    """A run of no rows is ok."""
    empty = receipt()
    assert empty.ok
    assert empty.exit_code == 0
    assert empty.states == {}
    assert repr(empty) == "Receipt(apply: nothing to do)"


def test_states_are_counted_in_order_of_appearance() -> None:
    """Rows are counted by state, as plain numbers."""
    states = receipt("rejected", "assigned", "rejected").states
    assert list(states.items()) == [("rejected", 2), ("assigned", 1)]
    assert {type(count) for count in states.values()} == {int}


def test_repr() -> None:
    """The repr says what was done, how often, and whether it was stopped."""
    assert repr(receipt("assigned", "assigned", "rejected")) == "Receipt(apply: 2 assigned, 1 rejected)"
    assert repr(receipt("released", kind="undo", stopped=True)) == "Receipt(undo: 1 released; stopped)"
    assert "1,200 assigned" in repr(receipt(*["assigned"] * 1200))


def test_html_escapes_reasons() -> None:
    """A reason may quote a name, and a name may be anything."""
    html = receipt("rejected", reason="held by <script>alert(1)</script>")._repr_html_()
    assert "<script>" not in html
    assert "&lt;script&gt;" in html
    assert "10.0.4.2" in html
