"""The state: addresses as numbers, writes all or none, ids and times as the API has them."""

from __future__ import annotations

import random
import re
import sqlite3
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zecnb.emulator.state import State, number, text

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.emulator.account import Account


@pytest.fixture
def state() -> Iterator[State]:
    """An empty state."""
    made = State(seed=1)
    yield made
    made.close()


@given(st.integers(0, 2**32 - 1))
def test_text_and_number_are_inverse(address: int) -> None:
    """Every address has one text, and that text is read back."""
    assert number(text(address)) == address


@given(st.text(alphabet="0123456789. +-x/", max_size=16))
def test_what_is_read_has_no_other_spelling(given_: str) -> None:
    """A text that is read is the one text of its address."""
    value = number(given_)
    assert value is None or text(value) == given_


def _network(cidr: str, account: Account) -> tuple[str, sqlite3.Row]:
    subnet = account.subnet(cidr)
    row = account.state.row("SELECT * FROM subnet WHERE id = ?", subnet)
    assert row is not None
    return subnet, row


@pytest.mark.parametrize("prefix", [22, 24, 28, 29])
def test_free_addresses_of_an_empty_subnet(account: Account, prefix: int) -> None:
    """Everything but network, gateway and broadcast is free."""
    _, row = _network(f"10.0.4.0/{prefix}", account)
    free = account.state.free_addresses(row)
    assert len(free) == 2 ** (32 - prefix) - 3
    assert (free[0] & 255, free[-1]) == (2, row["network"] + 2 ** (32 - prefix) - 2)


def test_free_addresses_against_a_slow_count(account: Account) -> None:
    """Free is what is neither reserved nor held, ascending, and as many as wanted."""
    subnet, row = _network("10.0.4.0/26", account)
    chance = random.Random(5)
    for _ in range(20):
        taken = chance.sample(range(row["network"], row["network"] + 64), chance.randint(0, 64))
        with account.state.write() as connection:
            connection.execute("DELETE FROM held")
            for address in taken:
                account.state.hold(subnet, address, "hidden", "")
        slow = [each for each in range(row["network"] + 2, row["network"] + 63) if each not in taken]
        wanted = chance.randint(0, 64)
        assert account.state.free_addresses(row) == slow
        assert account.state.free_addresses(row, wanted) == slow[:wanted]


def test_write_is_undone_by_an_error(state: State) -> None:
    """When a write fails half-way, nothing of it is left."""

    def fail() -> None:
        with state.write():
            state.hold("s", 1, "hidden", "")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert state.usage("s") == 0


def test_address_is_held_once(state: State) -> None:
    """The database itself refuses a second holder of an address."""
    with state.write():
        state.hold("s", 1, "primary", "a")
    with pytest.raises(sqlite3.IntegrityError), state.write():
        state.hold("s", 1, "secondary", "b")
    assert [row["owner"] for row in state.rows("SELECT owner FROM held")] == ["a"]


def test_readers_see_whole_writes(state: State) -> None:
    """While a write is under way, others read what was before it."""
    with state.write():
        state.hold("s", 1, "hidden", "")
        seen: list[int] = []
        reader = threading.Thread(target=lambda: seen.append(state.usage("s")))
        reader.start()
        reader.join(10)
    assert (seen, state.usage("s")) == ([0], 1)


def test_threads_that_end_leave_no_connection(state: State) -> None:
    """A server whose threads come and go does not run out of files."""
    for _ in range(20):
        thread = threading.Thread(target=state.usage, args=("s",))
        thread.start()
        thread.join(10)
    assert len(state._open) <= 2


def test_ids_look_like_real_ones(state: State) -> None:
    """19 digits for most, a short word after a kind for others; none twice."""
    ids = [state.new_id() for _ in range(500)]
    assert all(re.fullmatch(r"1\d{18}", each) for each in ids)
    assert re.fullmatch(r"havip-[a-z0-9]{8}", state.short_id("havip"))
    assert len(set(ids)) == 500


def test_time_as_the_api_writes_it() -> None:
    """UTC to the second, from the clock it was given."""
    state = State(clock=lambda: 1640995200.9)
    assert state.now() == "2022-01-01T00:00:00Z"
    state.close()


def test_temporary_state_is_gone_after_close(state: State) -> None:
    """Without a file nothing stays on the disk."""
    folder = state._path.parent
    assert folder.exists()
    state.close()
    assert not folder.exists()


def test_file_is_kept(tmp_path: Path) -> None:
    """With a file the next one reads what the last one wrote."""
    path = tmp_path / "state.sqlite"
    first = State(path)
    with first.write():
        first.hold("s", 1, "hidden", "")
    first.close()
    second = State(path)
    assert second.usage("s") == 1
    second.close()


@pytest.mark.parametrize(("kept", "level"), [(True, 2), (False, 0)])
def test_files_are_synced(tmp_path: Path, kept: bool, level: int) -> None:
    """A write to a file that is kept reaches the disk before it is answered; a temporary one need not."""
    state = State(tmp_path / "state.sqlite" if kept else None)
    [found] = state.rows("PRAGMA synchronous")
    assert found[0] == level
    state.close()


def test_two_on_one_file(tmp_path: Path) -> None:
    """Two states on one file, as two processes have, take turns: neither writes on what the other has changed."""
    states = [State(tmp_path / "state.sqlite") for _ in range(2)]

    def add(state: State) -> None:
        for _ in range(30):
            with state.write():
                state.hold("s", state.usage("s"), "hidden", "")

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(add, states))
    assert states[0].usage("s") == 60
    for state in states:
        state.close()


def test_saved_file_is_whole(state: State, tmp_path: Path) -> None:
    """Saving writes everything to one file, in place of what was left of an earlier attempt."""
    (tmp_path / "copy.sqlite.new").write_text("half")
    with state.write():
        state.hold("s", 1, "hidden", "")
    state.save(tmp_path / "copy.sqlite")
    assert [each.name for each in tmp_path.iterdir()] == ["copy.sqlite"]
    copy = State(tmp_path / "copy.sqlite")
    assert copy.usage("s") == 1
    copy.close()
