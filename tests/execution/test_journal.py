"""The journal, the same on SQLite and on PostgreSQL."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pandas as pd
import pytest
import sqlalchemy as sa

from tests.execution.world import ASSIGN, World
from zecnb.emulator.seeds import WEB_07
from zecnb.errors import JournalError, UsageError
from zecnb.execution.history import read_record
from zecnb.execution.journal import EVENTS, Event, Journal, Run
from zecnb.execution.steps import Step
from zecnb.store import Store

if TYPE_CHECKING:
    from collections.abc import Iterator

STEPS = [
    Step(0, "nic-a", "subnet-1", ("10.0.0.4", "10.0.0.5")),
    Step(1, "nic-b", "subnet-1", ("10.0.0.6",), 1),
]
ROWS = [[0, "nic-a", "10.0.0.4", False], [0, "nic-a", "10.0.0.5", False], [1, "nic-b", "10.0.0.6", False]]


@pytest.fixture
def store(store_url: str) -> Iterator[Store]:
    """An empty store."""
    made = Store(store_url)
    yield made
    made.close()


@pytest.fixture
def journal(store: Store) -> Journal:
    """An empty journal."""
    return Journal(store)


def a_run(kind: str = "apply") -> Run:
    """Return a run that did nothing yet."""
    return Run.new(kind, "acme", "d" * 64)


def intent(call: int, nic: str, asked: list[str], held: list[str], count: int | None = None) -> Event:
    """Return the event before a call."""
    return Event("intent", call=call, nic_id=nic, pre_image=held, asked=asked, ip_address_count=count)


# -- what it keeps -------------------------------------------------------------------------------------------------


def test_event_comes_back_whole(journal: Journal) -> None:
    """Every field of an event is read back as it was written."""
    run = a_run()
    event = Event(
        "outcome",
        call=3,
        nic_id="nic-a",
        pre_image=["10.0.0.4"],
        asked=["10.0.0.5", "10.0.0.6"],
        ip_address_count=2,
        returned=["10.0.0.5"],
        state="accepted",
        request_id="T1",
        http_status=200,
        code="INVALID_NIC_STATUS",
        duration_ms=12.5,
        detail={"why": ["ü", None, 1.5]},
    )
    journal.write(run, event)
    (row,) = journal.events(run.run_id)
    assert {name: row[name] for name in event._fields} == event._asdict()
    assert {name: row[name] for name in run._fields} == run._asdict()


def test_events_of_a_run_in_order(journal: Journal) -> None:
    """Events come back in the order they were written, those of other runs left out."""
    ours, other = a_run(), a_run()
    for number in range(5):
        journal.write(ours, Event("intent", call=number))
        journal.write(other, Event("intent", call=100 + number))
    assert [event["call"] for event in journal.events(ours.run_id)] == [0, 1, 2, 3, 4]


def test_lists_absent_and_empty_are_told_apart(journal: Journal) -> None:
    """A vNIC that held nothing is not one that nobody looked at."""
    run = a_run()
    journal.write(run, Event("intent", pre_image=[]))
    journal.write(run, Event("intent"))
    assert [event["pre_image"] for event in journal.events(run.run_id)] == [[], None]


def test_unknown_run_is_an_error(journal: Journal, store: Store) -> None:
    """A run nobody made is refused by name, with the store that was searched."""
    with pytest.raises(UsageError, match="there is no run 'nope' in ") as caught:
        journal.events("nope")
    assert store.label in str(caught.value)


def test_frame_has_every_event_oldest_first(journal: Journal) -> None:
    """The frame shows all runs, times in UTC, without the detail that only machines read."""
    first, second = a_run(), a_run("undo")
    journal.started(first, STEPS, ROWS, 10)
    journal.write(second, Event("finished"))
    frame = journal.frame()
    assert frame["run_id"].tolist() == [first.run_id, second.run_id]
    assert frame["kind"].tolist() == ["apply", "undo"]
    assert frame["event"].tolist() == ["started", "finished"]
    assert "detail" not in frame
    assert str(frame["at"].dt.tz) == "UTC"
    assert (pd.Timestamp.now("UTC") - frame["at"]).dt.total_seconds().between(-1, 60).all()


def test_frame_of_an_empty_journal(journal: Journal) -> None:
    """Before the first run the frame has its columns and no rows."""
    frame = journal.frame()
    assert frame.empty
    assert {"run_id", "at", "event", "nic_id", "request_id"} <= set(frame.columns)


def test_says_who_and_where(journal: Journal, monkeypatch: pytest.MonkeyPatch, store: Store) -> None:
    """Each event names a user and a host; a user without a name is unknown."""
    journal.write(a_run(), Event("finished"))
    monkeypatch.setattr("getpass.getuser", lambda: (_ for _ in ()).throw(KeyError("uid 4711")))
    Journal(store).write(a_run(), Event("finished"))
    frame = journal.frame()
    assert frame["actor"].str.len().min() > 0
    assert frame["actor"].tolist()[1] == "unknown"
    assert frame["host"].str.len().min() > 0


# -- append-only ---------------------------------------------------------------------------------------------------


def test_only_inserts_and_reads(world: World, store_url: str) -> None:
    """Apply, resume and undo never change or remove an event."""
    zec = world.session(store_url)
    said: list[str] = []

    def listener(_conn: object, _cursor: object, statement: str, *_: object) -> None:
        if "subnet_lock" not in statement:  # locks come and go
            said.append(statement.split(maxsplit=1)[0].upper())

    sa.event.listen(zec._store._engine, "before_cursor_execute", listener)
    receipt = zec.apply(zec.plan(WEB_07, ip_address_count=2))
    zec.resume(receipt.run_id)
    zec.undo(receipt)
    assert set(said) == {"INSERT", "SELECT"}


def test_what_is_written_stays(world: World, store_url: str) -> None:
    """What a run left in the journal is, to the letter, still there after later runs."""
    zec = world.session(store_url)
    receipt = zec.apply(zec.plan(WEB_07, ip_address_count=2))
    before = zec.journal()
    zec.resume(receipt.run_id)
    zec.undo(receipt)
    after = zec.journal()
    assert len(after) > len(before)
    pd.testing.assert_frame_equal(after.iloc[: len(before)][before.columns], before, check_dtype=False)


# -- durable before the call ---------------------------------------------------------------------------------------


def test_intent_is_durable_before_the_call(world: World, store_url: str) -> None:
    """When the API is reached, another connection already reads what is being asked and what was held before."""
    zec, other = world.session(store_url), world.journal(store_url)
    seen: list[pd.DataFrame] = []
    world.emulator.faults.add("actor_before", ASSIGN, actor=lambda _: seen.append(other.frame()))
    held = world.held(WEB_07)
    plan = zec.plan(WEB_07, ip_address_count=2)
    zec.apply(plan)
    (frame,) = seen
    assert frame["event"].tolist() == ["started", "intent"]
    assert frame["asked"].iloc[1] == plan.frame["address"].tolist()
    assert sorted(frame["pre_image"].iloc[1]) == sorted(held)
    assert frame["plan_digest"].tolist() == [plan.digest] * 2


def test_release_is_durable_before_the_call_too(world: World, store_url: str) -> None:
    """The same for the calls of an undo."""
    zec, other = world.session(store_url), world.journal(store_url)
    receipt = zec.apply(zec.plan(WEB_07, ip_address_count=2))
    seen: list[pd.DataFrame] = []
    world.emulator.faults.add(
        "actor_before", "UnassignNetworkInterfaceIpv4", actor=lambda _: seen.append(other.frame())
    )
    zec.undo(receipt)
    undo = seen[0][seen[0]["kind"] == "undo"]
    assert undo["event"].tolist() == ["started", "intent"]
    assert undo["plan_digest"].tolist() == [receipt.run_id] * 2


def test_no_call_without_a_journal(world: World, store_url: str) -> None:
    """When the intent cannot be written, nothing is sent."""
    zec = world.session(store_url)
    plan = zec.plan(WEB_07, ip_address_count=2)
    held = world.held(WEB_07)
    with zec._store.begin() as connection:
        connection.execute(sa.text("DROP TABLE journal"))
    with pytest.raises(JournalError, match="cannot be used"):
        zec.apply(plan)
    assert world.calls(ASSIGN) == 0
    assert world.held(WEB_07) == held


def test_journal_lost_between_calls_ends_the_run(world: World, store_url: str) -> None:
    """A journal that goes away during a run lets no further call out."""
    zec = world.session(store_url)
    nics = [world.nic("web-01"), world.nic("web-02"), world.nic("web-04")]
    plan = zec.plan([{"nic_id": nic, "ip_address_count": 1} for nic in nics])
    assert plan.ok

    def lose(_: Any) -> None:
        with zec._store.begin() as connection:
            connection.execute(sa.text("DROP TABLE journal"))

    world.emulator.faults.add("actor_after", ASSIGN, actor=lose)
    with pytest.raises(JournalError):
        zec.apply(plan)
    assert world.calls(ASSIGN) == 1


# -- several writers -----------------------------------------------------------------------------------------------

WRITER = """
import sys
from zecnb.execution.journal import Event, Journal, Run
from zecnb.store import Store
store = Store(sys.argv[1])
journal, run = Journal(store), Run(sys.argv[2], "apply", "acme", "d" * 64)
print("ready", flush=True)
sys.stdin.readline()
for number in range(int(sys.argv[3])):
    journal.write(run, Event("intent", call=number, asked=[f"10.0.0.{number}"]))
store.close()
"""


def test_two_processes_write_at_once(store_url: str, journal: Journal) -> None:
    """Nothing of either is lost, mixed up or out of order."""
    count = 60
    command = [sys.executable, "-c", WRITER, store_url]
    pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    writers = [subprocess.Popen([*command, name, str(count)], **pipes) for name in ("one", "two")]
    for writer in writers:
        assert writer.stdout.readline() == "ready\n"
    for writer in writers:
        writer.stdin.write("go\n")
        writer.stdin.flush()
    for writer in writers:
        writer.communicate(timeout=60)
    assert [writer.returncode for writer in writers] == [0, 0]
    for name in ("one", "two"):
        events = journal.events(name)
        assert [event["call"] for event in events] == list(range(count))
        assert [event["asked"] for event in events] == [[f"10.0.0.{n}"] for n in range(count)]
    assert journal.frame()["id"].is_unique


def test_threads_write_at_once(journal: Journal) -> None:
    """Workers of one run share a journal."""
    run = a_run()
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda n: journal.write(run, Event("intent", call=n)), range(80)))
    assert sorted(event["call"] for event in journal.events(run.run_id)) == list(range(80))


def test_a_reader_does_not_wait_for_a_writer(store: Store, journal: Journal) -> None:
    """Events can be read while another transaction is open."""
    run = a_run()
    journal.write(run, Event("started"))
    open_, done = threading.Event(), threading.Event()

    def write() -> None:
        with store.begin() as connection:
            values = {"at": "2026-01-01T00:00:00+00:00", "actor": "a", "host": "h", "event": "intent", **run._asdict()}
            connection.execute(sa.insert(EVENTS).values(values))
            open_.set()
            done.wait(20)

    with ThreadPoolExecutor(1) as pool:
        writing = pool.submit(write)
        assert open_.wait(20)
        assert [event["event"] for event in journal.events(run.run_id)] == ["started"]
        done.set()
        writing.result()
    assert [event["event"] for event in journal.events(run.run_id)] == ["started", "intent"]


# -- history -------------------------------------------------------------------------------------------------------


def test_record_has_what_the_run_set_out_to_do(journal: Journal) -> None:
    """Steps, rows and the limit come back from the journal alone."""
    run = a_run()
    journal.started(run, STEPS, ROWS, 10)
    record = read_record(journal, run.run_id)
    assert record.steps == STEPS
    assert record.rows == ROWS
    assert (record.kind, record.account, record.plan_digest, record.nic_limit) == ("apply", "acme", "d" * 64, 10)
    assert not record.finished
    assert not any(past.begun for past in record.past.values())


def test_record_of_a_finished_run(journal: Journal) -> None:
    """A run that came to its end says so."""
    run = a_run()
    journal.started(run, STEPS, ROWS, 10)
    journal.write(run, Event("finished"))
    assert read_record(journal, run.run_id).finished


def test_record_of_a_call_in_doubt(journal: Journal) -> None:
    """An intent without an outcome is begun and not clear; what it asked for may be ours."""
    run = a_run()
    journal.started(run, STEPS, ROWS, None)
    journal.write(run, intent(0, "nic-a", ["10.0.0.4", "10.0.0.5"], ["10.0.0.5", "10.0.0.9"]))
    past = read_record(journal, run.run_id).past[0]
    assert past.begun
    assert not past.clear
    assert past.ours == {"10.0.0.4"}


def test_record_of_an_unknown_outcome_is_not_clear(journal: Journal) -> None:
    """An outcome that nobody knows leaves the call in doubt; what a read-back showed settles it."""
    run = a_run()
    journal.started(run, STEPS, ROWS, None)
    asked = intent(1, "nic-b", [], ["10.0.0.9"], 1)
    journal.write(run, asked)
    journal.write(run, asked._replace(event="outcome", state="unknown", code="TRANSPORT_TIMEOUT"))
    assert not read_record(journal, run.run_id).past[1].clear
    journal.write(run, Event("resolved", call=1, nic_id="nic-b", returned=["10.0.0.6"], request_id="T9"))
    past = read_record(journal, run.run_id).past[1]
    assert past.clear
    assert past.returned == {"10.0.0.6"}
    assert past.request_id == "T9"


def test_record_keeps_the_first_pre_image(journal: Journal) -> None:
    """What was held before the first of several sends is what counts."""
    run = a_run()
    journal.started(run, STEPS, ROWS, None)
    journal.write(run, intent(0, "nic-a", ["10.0.0.4", "10.0.0.5"], ["10.0.0.9"]))
    journal.write(run, intent(0, "nic-a", ["10.0.0.5"], ["10.0.0.9", "10.0.0.4"]))
    past = read_record(journal, run.run_id).past[0]
    assert past.pre_image == {"10.0.0.9"}
    assert past.ours == {"10.0.0.4", "10.0.0.5"}


def test_record_without_a_beginning(journal: Journal) -> None:
    """Events without a start cannot be finished or taken back."""
    run = a_run()
    journal.write(run, Event("intent", call=0))
    with pytest.raises(UsageError, match="has no beginning in the journal"):
        read_record(journal, run.run_id)


def test_run_ids_differ() -> None:
    """Each run has a name of its own, short enough to type."""
    names = {a_run().run_id for _ in range(100)}
    assert len(names) == 100
    assert {len(name) for name in names} == {12}


def test_nothing_secret_is_written(world: World, store_url: str) -> None:
    """Neither half of the access key is anywhere in the store."""
    zec = world.session(store_url)
    zec.undo(zec.apply(zec.plan(WEB_07, ip_address_count=1)))
    with zec._store.begin() as connection:
        content = str([dict(row) for row in connection.execute(sa.select(EVENTS)).mappings()])
    assert world.emulator.access_key_password not in content
    assert world.emulator.access_key_id not in content
    assert os.environ["HOME"] not in content
