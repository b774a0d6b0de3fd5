"""Background work: order, the latest preview, errors, and an end."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

import pytest

from zecnb.widgets.worker import Alarm, Worker

if TYPE_CHECKING:
    from collections.abc import Callable


class Log:
    """What ran, and what went wrong."""

    def __init__(self) -> None:
        self.ran: list[str] = []
        self.errors: list[Exception] = []

    def job(self, name: str) -> Callable[[], None]:
        """Return a job that notes its name."""
        return lambda: self.ran.append(name)


@pytest.fixture
def log() -> Log:
    """An empty log."""
    return Log()


@pytest.fixture
def worker(log: Log) -> Worker:
    """A worker that lets a preview wait for a moment."""
    return Worker(quiet=0.05, on_error=log.errors.append)


def blocked(worker: Worker) -> threading.Event:
    """Keep the worker busy until the returned event is set."""
    busy, go = threading.Event(), threading.Event()

    def job() -> None:
        busy.set()
        go.wait(10)

    worker.do(job)
    assert busy.wait(10)
    return go


def test_jobs_run_in_order(worker: Worker, log: Log) -> None:
    """Jobs run one after the other, as they were given."""
    for number in range(50):
        worker.do(log.job(str(number)))
    assert worker.idle()
    assert log.ran == [str(number) for number in range(50)]


def test_jobs_run_in_another_thread(worker: Worker) -> None:
    """Nothing runs in the caller's thread, and all of it in one."""
    ran: list[threading.Thread] = []
    go = blocked(worker)
    for _ in range(3):
        worker.do(lambda: ran.append(threading.current_thread()))
    assert ran == []
    go.set()
    assert worker.idle()
    assert len(set(ran)) == 1
    assert ran[0] is not threading.current_thread()


def test_one_job_at_a_time(worker: Worker) -> None:
    """Jobs given by many threads never overlap, and none is lost."""
    inside, most, done = 0, 0, 0

    def job() -> None:
        nonlocal inside, most, done
        inside += 1
        most = max(most, inside)
        time.sleep(0.001)
        inside -= 1
        done += 1

    givers = [threading.Thread(target=lambda: [worker.do(job) for _ in range(10)]) for _ in range(5)]
    for giver in givers:
        giver.start()
    for giver in givers:
        giver.join()
    assert worker.idle()
    assert (most, done) == (1, 50)


def test_do_does_not_wait(worker: Worker) -> None:
    """Giving a job returns at once, however long the jobs before it take."""
    go = blocked(worker)
    for _ in range(100):
        worker.do(lambda: None)
    assert not worker.idle(0)  # the job before them has not ended
    go.set()
    assert worker.idle()


def test_only_the_latest_preview_runs(log: Log) -> None:
    """Of previews that follow each other quickly, the last one runs, once."""
    worker = Worker(quiet=0.5, on_error=log.errors.append)
    for number in range(10):
        worker.soon(log.job(f"preview {number}"))
    assert worker.idle()
    assert log.ran == ["preview 9"]


def test_preview_waits_for_quiet(log: Log) -> None:
    """A preview runs only when nothing newer came for the time that was asked for."""
    worker = Worker(quiet=1, on_error=log.errors.append)
    began = time.monotonic()
    ran: list[float] = []
    worker.soon(log.job("old"))
    time.sleep(0.1)
    worker.soon(lambda: ran.append(time.monotonic() - began))
    assert worker.idle()
    assert log.ran == []
    assert ran[0] >= 1.1


def test_previews_far_apart_all_run(worker: Worker, log: Log) -> None:
    """A preview that had its turn does not stand back for a later one."""
    worker.soon(log.job("first"))
    assert worker.idle()
    worker.soon(log.job("second"))
    assert worker.idle()
    assert log.ran == ["first", "second"]


def test_jobs_go_before_a_preview(log: Log) -> None:
    """A job given while a preview waits does not wait with it."""
    worker = Worker(quiet=0.2, on_error=log.errors.append)
    worker.soon(log.job("preview"))
    worker.do(log.job("job"))
    assert worker.idle()
    assert log.ran == ["job", "preview"]


def test_preview_is_kept_while_a_job_runs(worker: Worker, log: Log) -> None:
    """A preview asked for during a job runs after it; a newer one takes its place."""
    go = blocked(worker)
    worker.soon(log.job("old"))
    worker.soon(log.job("new"))
    go.set()
    assert worker.idle()
    assert log.ran == ["new"]


def test_job_may_give_a_job(worker: Worker, log: Log) -> None:
    """A job can ask for more work; it runs afterwards."""

    def job() -> None:
        worker.do(log.job("second"))
        log.ran.append("first")

    worker.do(job)
    assert worker.idle()
    assert log.ran == ["first", "second"]


def test_error_is_reported_and_work_goes_on(worker: Worker, log: Log) -> None:
    """What a job raises is handed over as it is, and the jobs after it run."""
    error = ValueError("no")

    def fail() -> None:
        raise error

    worker.do(fail)
    worker.do(log.job("after"))
    worker.soon(fail)
    assert worker.idle()
    assert log.errors == [error, error]
    assert log.ran == ["after"]


def test_idle_gives_up(worker: Worker) -> None:
    """Waiting for the end of work that does not end is over after the timeout, and says so."""
    go = blocked(worker)
    assert not worker.idle(0.05)
    go.set()
    assert worker.idle()


def test_idle_before_any_work(worker: Worker) -> None:
    """A worker that was given nothing is idle."""
    assert worker.idle(0)


def test_thread_ends_and_begins_again(worker: Worker, log: Log) -> None:
    """Without work there is no thread; new work starts one."""
    before = threading.active_count()
    for _ in range(3):
        worker.do(log.job("job"))
        assert worker.idle()
        deadline = time.monotonic() + 5
        while threading.active_count() > before and time.monotonic() < deadline:
            time.sleep(0.001)
        assert threading.active_count() == before
    assert log.ran == ["job"] * 3


def test_threads_do_not_keep_the_program_alive(worker: Worker) -> None:
    """The thread is a daemon: a kernel can end while it waits."""
    daemons: list[bool] = []
    worker.do(lambda: daemons.append(threading.current_thread().daemon))
    assert worker.idle()
    assert daemons == [True]


def test_an_error_that_cannot_be_shown_does_not_stop_later_jobs(caplog: pytest.LogCaptureFixture) -> None:
    """When telling about an error fails as well, that is logged and the next job runs all the same."""

    def fail(error: Exception) -> None:
        raise RuntimeError("cannot be shown") from error

    worker, done = Worker(quiet=0.0, on_error=fail), threading.Event()
    worker.do(lambda: 1 / 0)
    worker.do(done.set)
    assert done.wait(5)
    assert "cannot be shown" in caplog.text


def test_an_alarm_goes_off_once() -> None:
    """Set again, what was set before is forgotten; cancelled, nothing comes."""
    gone_off: list[str] = []
    done = threading.Event()
    alarm = Alarm()
    alarm.set(60, lambda: gone_off.append("first"))
    first = alarm._timer
    alarm.set(0.01, lambda: (gone_off.append("second"), done.set()))
    assert first.finished.is_set()  # cancelled
    assert done.wait(10)
    alarm.set(60, lambda: gone_off.append("third"))
    alarm.cancel()
    assert alarm._timer.finished.is_set()
    Alarm().cancel()
    assert gone_off == ["second"]
