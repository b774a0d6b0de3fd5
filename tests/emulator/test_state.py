"""The state: addresses as numbers, writes all or none, ids and times as the API has them."""

from __future__ import annotations

import random
import re
import sqlite3
import threading
import tracemalloc
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.emulator.account import Account
from zecnb.emulator.state import State, number, text

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


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


def test_random_free_addresses_are_a_sample_of_the_free_ones(account: Account) -> None:
    """The choice is that of a sample of all free addresses, without listing them; None when there are too few."""
    subnet, row = _network("10.0.4.0/26", account)
    chance = random.Random(5)
    for amount in (0, 1, 3, 20):
        taken = chance.sample(range(row["network"], row["network"] + 64), 25)
        with account.state.write() as connection:
            connection.execute("DELETE FROM held")
            for address in taken:
                account.state.hold(subnet, address, "hidden", "")
        free = account.state.free_addresses(row)
        account.state.random.seed(amount)
        assert account.state.random_free(row, amount) == random.Random(amount).sample(free, amount)
        assert account.state.random_free(row, len(free) + 1) is None


def test_random_free_addresses_of_a_huge_subnet(account: Account) -> None:
    """Eight million free addresses are not made for the two that are wanted."""
    subnet = account.subnet("10.0.0.0/9", vpc=account.vpc("10.0.0.0/9"))
    row = account.state.row("SELECT * FROM subnet WHERE id = ?", subnet)
    assert row is not None
    tracemalloc.start()
    found = account.state.random_free(row, 2)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert found is not None
    assert len(set(found)) == 2
    assert peak < 1_000_000


def test_write_is_undone_by_an_error(state: State) -> None:
    """When a write fails half-way, nothing of it is left."""

    def fail() -> None:
        with state.write():
            state.hold("s", 1, "hidden", "")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert state.usage("s") == 0


def test_write_whose_last_step_fails_is_undone_too(state: State) -> None:
    """When the commit itself fails, as on a full disk, nothing of it is left and the next write goes on."""
    connection = state._connection()
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute("CREATE TABLE late (id TEXT REFERENCES vpc (id) DEFERRABLE INITIALLY DEFERRED)")

    def fail() -> None:
        with state.write():
            state.hold("s", 1, "hidden", "")
            connection.execute("INSERT INTO late VALUES ('nobody')")

    with pytest.raises(sqlite3.IntegrityError):
        fail()
    with state.write():
        state.hold("s", 2, "hidden", "")
    assert [row["address"] for row in state.rows("SELECT address FROM held")] == [2]


def test_snapshot_is_one_moment(state: State) -> None:
    """Reads in a snapshot do not see what others write between them."""
    with state.snapshot():
        before = state.usage("s")
        writer = threading.Thread(target=_hold_one, args=(state,))
        writer.start()
        writer.join(10)
        assert (before, state.usage("s")) == (0, 0)
    assert state.usage("s") == 1


def _hold_one(state: State) -> None:
    with state.write():
        state.hold("s", 1, "hidden", "")


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


def test_saved_file_knows_nothing_of_a_deleted_one(state: State, tmp_path: Path) -> None:
    """What a killed emulator left beside a file that was then deleted is not replayed into the next of its name."""
    path = tmp_path / "state.sqlite"
    killed = State(path)
    with killed.write():
        killed.hold("s", 1, "hidden", "")
    left = (tmp_path / "state.sqlite-wal").read_bytes()
    killed.close()
    path.unlink()
    (tmp_path / "state.sqlite-wal").write_bytes(left)
    state.save(path)
    again = State(path)
    assert again.usage("s") == 0
    again.close()


# -- files that were there before ----------------------------------------------------------------------------------


def _database(path: Path, *statements: str) -> None:
    connection = sqlite3.connect(path)
    for statement in statements:
        connection.execute(statement)
    connection.close()


@pytest.mark.parametrize(
    ("statements", "reason"),
    [
        (["CREATE TABLE songs (title TEXT)"], "something else"),
        (["CREATE TABLE nic (id TEXT)"], "something else"),
        (["PRAGMA user_version = 99"], "newer zecnb"),
    ],
    ids=["songs", "half of ours", "newer"],
)
def test_database_that_is_none_of_its_own(tmp_path: Path, statements: list[str], reason: str) -> None:
    """A database of something else, or of a newer version, is refused by its name and not changed by a byte."""
    path = tmp_path / "other.sqlite"
    _database(path, *statements)
    before = path.read_bytes()
    with pytest.raises(ValueError, match=rf"other\.sqlite cannot keep .*{reason}"):
        State(path)
    assert path.read_bytes() == before
    assert [each.name for each in tmp_path.iterdir()] == ["other.sqlite"]


def test_damaged_file(tmp_path: Path) -> None:
    """A file whose pages are overwritten is refused at the start, not in the middle of a call."""
    path = tmp_path / "state.sqlite"
    first = State(path)
    with first.write() as connection:
        for number_ in range(2000):
            first.hold("s", number_, "hidden", "")
        connection.execute("INSERT INTO security_group VALUES ('g')")
    first.close()
    content = bytearray(path.read_bytes())
    for page in range(8, len(content) // 4096):
        content[page * 4096 : page * 4096 + 64] = b"\xff" * 64
    path.write_bytes(content)
    with pytest.raises(ValueError, match=r"state\.sqlite cannot keep an emulator's state"):
        State(path)


def test_file_of_an_older_version(tmp_path: Path, account: Account) -> None:
    """A file of the second version gets the columns it lacks; everything else stays as it was."""
    path = tmp_path / "state.sqlite"
    nic = account.nic(account.subnet(), "10.0.1.9")
    account.state.save(path)
    lost = {"subnet": ["ipv6_mask"], "lb": ["stack", "security_group_id"], "eip": ["charge_type", "bind_type"]}
    drops = [f"ALTER TABLE {table} DROP COLUMN {column}" for table, columns in lost.items() for column in columns]
    _database(path, *drops, "PRAGMA user_version = 2")
    with Account(db=path) as again:
        assert again.show(nic)["secondaryIpv4s"] == ["10.0.1.9"]
        [eip] = again.ask("CreateEips", regionId="asia-east-1", internetChargeType="ByBandwidth", name="new")["eipIds"]
        assert again.ask("DescribeEips")["dataSet"][0]["eipId"] == eip
