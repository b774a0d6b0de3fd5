"""Runbooks unattended: real kernels, real exit codes, files that are left, and nothing that waits."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

import nbformat
import pytest
import zmq
from jupyter_client.channels import AsyncZMQSocketChannel

import zecnb
from zecnb.emulator import Emulator
from zecnb.emulator.seeds import WEB_07
from zecnb.errors import PlanBlockedError, UsageError
from zecnb.execution.outcome import VARIABLE
from zecnb.runbook import Outcome, run_runbook

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    Run = Callable[..., tuple[int, str, str]]

DEMO = "import zecnb\nzec = zecnb.demo(progress=False)"
PLAN = f"plan = zec.plan({WEB_07!r}, ip_address_count=2)"
APPLY = "receipt = zec.apply(plan)"


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Every test in a folder of its own."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write(
    path: Path, *cells: str, parameters: str | None = None, tags: tuple[str, ...] = (), kernel: str = "python3"
) -> Path:
    """Write a notebook of these cells; ``tags`` are those of the last one."""
    code = [nbformat.v4.new_code_cell(cell) for cell in cells]
    code[-1].metadata["tags"] = list(tags)
    if parameters is not None:
        code.insert(0, nbformat.v4.new_code_cell(parameters, metadata={"tags": ["parameters"]}))
    metadata = {"kernelspec": {"name": kernel, "display_name": kernel, "language": "python"}}
    nbformat.write(nbformat.v4.new_notebook(cells=code, metadata=metadata), path)
    return path


def words_of(path: Path) -> str:
    """Return all text that the outputs of a notebook hold."""
    return json.dumps([cell.get("outputs", []) for cell in nbformat.read(path, as_version=4).cells])


@pytest.fixture
def run(here: Path, capfd: pytest.CaptureFixture[str]) -> Run:
    """Run a notebook of the given cells; returns exit code, output and errors."""

    def runner(*cells: str, given: tuple[str, ...] = (), timeout: int | None = None, **about: Any) -> Any:
        code = run_runbook(str(write(here / "book.ipynb", *cells, **about)), given, here / "out", timeout)
        told = capfd.readouterr()
        assert "Traceback" not in told.out + told.err
        assert (here / "out" / "book.ipynb").is_file()
        assert (here / "out" / "book.html").is_file()
        return code, told.out, told.err

    return runner


# -- what came of it ---------------------------------------------------------------------------------------------


def test_the_shipped_runbook_with_other_parameters(here: Path) -> None:
    """By its name, as a process: two addresses instead of four, assigned and taken back, both files left, exit 0."""
    done = subprocess.run(
        [sys.executable, "-m", "zecnb", "runbook", "01-assign", "-p", "IP_ADDRESS_COUNT=2", "--out", "out"],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    assert ": 2 assigned\n" in done.stdout
    executed = nbformat.read(here / "out" / "01-assign.ipynb", as_version=4)
    injected = next(cell for cell in executed.cells if "injected-parameters" in cell.metadata.get("tags", []))
    assert "IP_ADDRESS_COUNT = 2" in injected.source
    assert "2 assigned (exit code 0)" in words_of(here / "out" / "01-assign.ipynb")
    assert "2 assigned (exit code 0)" in (here / "out" / "01-assign.html").read_text(encoding="utf-8")


def test_a_preview_exits_2(run: Run) -> None:
    """A notebook that concludes with a plan whose changes are pending says so."""
    code, out, _ = run(DEMO, PLAN, "zecnb.conclude(plan)")
    assert code == 2
    assert "concluded: Plan(2 OK; 1 call, 1 subnet)\n" in out


def test_an_error_after_writing_exits_3(run: Run) -> None:
    """1 would promise that nothing was written, and a scheduler would run it once more."""
    code, out, err = run(DEMO, PLAN, APPLY, "raise KeyError('next')", "receipt = None")
    assert code == 3
    assert ": 2 assigned\n" in out
    assert err == "zecnb: cell [4]: KeyError: 'next'\n"


def test_an_error_after_all_was_taken_back_exits_1(run: Run) -> None:
    """Nothing is left of what was written."""
    assert run(DEMO, PLAN, APPLY, "undone = zec.undo(receipt)", "assert False")[0] == 1


def test_the_part_that_ran_is_left(run: Run, here: Path) -> None:
    """An error fails the run in words; the cells before it keep their outputs, those after it were not run."""
    code, out, err = run("print('before')", "1 / 0", "print('after')")
    assert (code, err) == (1, "zecnb: cell [2]: ZeroDivisionError: division by zero\n")
    assert out == f"left: {here / 'out' / 'book.ipynb'}, {here / 'out' / 'book.html'}\n"
    said = words_of(here / "out" / "book.ipynb")
    assert "before" in said
    assert "after" not in said
    assert "ZeroDivisionError" in (here / "out" / "book.html").read_text(encoding="utf-8")


def test_an_error_that_a_tag_allows_fails_all_the_same(run: Run) -> None:
    """A failure inside always fails the run."""
    code, _, err = run("1 / 0", tags=("raises-exception",))
    assert (code, "ZeroDivisionError" in err) == (1, True)


def test_an_error_that_an_output_widget_swallows_fails(run: Run) -> None:
    """The cell and papermill call it success; the run is none."""
    code, _, err = run("import ipywidgets\nwith ipywidgets.Output():\n    1 / 0")
    assert (code, err) == (1, "zecnb: caught by an Output widget: ZeroDivisionError: division by zero\n")


def test_a_reply_whose_wake_up_got_lost_is_found(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who waits for a kernel without end may wait for ever: the socket is looked at again and again."""
    look = AsyncZMQSocketChannel.get_msg

    async def deaf(channel: AsyncZMQSocketChannel, timeout: float | None = None) -> dict[str, Any]:  # noqa: ASYNC109
        if channel.socket.type == zmq.SUB:  # nothing is sent over that one
            return await look(channel, timeout)
        await asyncio.sleep(3600 if timeout is None else timeout)
        return await look(channel, 0)

    monkeypatch.setattr(AsyncZMQSocketChannel, "get_msg", deaf)
    assert run("import time\ntime.sleep(1)")[0] == 0


def test_a_kernel_that_dies(run: Run) -> None:
    """It is said in words, with the last that the kernel had to say."""
    code, _, err = run("import os, sys\nos.write(2, b'out of luck\\n')\nos._exit(7)")
    assert (code, err) == (1, "zecnb: the kernel died: out of luck\n")


def test_a_kernel_that_dies_in_the_middle_of_a_run(run: Run) -> None:
    """Something may have been written, and how to go on is said."""
    die = "import os\nzec.apply(plan, report=lambda progress: os._exit(9))"
    code, out, err = run(DEMO, PLAN, die)
    assert code == 3
    assert "did not come to an end; finish it with: zecnb resume " in out
    assert err.startswith("zecnb: the kernel died")


def test_nothing_waits_for_input(run: Run) -> None:
    """``input`` is an error, and what a cell starts finds its input at an end."""
    code, _, err = run("import subprocess, sys\nassert subprocess.run(['cat']).returncode == 0", "input('Sure?')")
    assert (code, err.partition(":")[0], "StdinNotImplementedError" in err) == (1, "zecnb", True)


def test_a_cell_that_takes_too_long(run: Run) -> None:
    """With a time-out the run ends."""
    code, _, err = run("import time\ntime.sleep(60)", timeout=1)
    assert (code, err) == (
        1,
        "zecnb: CellTimeoutError: A cell timed out while it was being executed, after 1 seconds.\n",
    )


# -- drift and Ctrl-C, on an account that others use too -----------------------------------------------------------


@pytest.fixture
def emulator(here: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Emulator]:
    """A local ZEC that ``connect()`` finds."""
    with Emulator() as emulator:
        monkeypatch.setenv("ZENLAYERCLOUD_ACCESS_KEY_ID", emulator.access_key_id)
        monkeypatch.setenv("ZENLAYERCLOUD_ACCESS_KEY_PASSWORD", emulator.access_key_password)
        monkeypatch.setenv("ZENLAYER_ENDPOINT", emulator.url)
        monkeypatch.setenv("ZECNB_STORE", f"sqlite:///{here / 'journal.db'}")
        yield emulator


def neighbours(zec: zecnb.Session, count: int) -> list[str]:
    """Return vNICs of the subnet of ``WEB_07`` that have room."""
    nics = zec.inventory().nics
    home = nics.set_index("nic_id")["subnet_id"][WEB_07]
    ready = nics[(nics["subnet_id"] == home) & (nics["status"] == "USED") & (nics["secondary_ipv4_count"] < 4)]
    return ready.loc[ready["nic_id"] != WEB_07, "nic_id"].head(count).tolist()


def test_drift_exits_4(run: Run, here: Path, emulator: Emulator) -> None:
    """What a colleague took since the plan stops the notebook before anything is sent; no secret stays in it."""
    with zecnb.connect(progress=False) as zec:
        plan = zec.plan(WEB_07, ip_address_count=2)
        plan.save("mine.json")
        zec.apply(zec.plan(neighbours(zec, 1)[0], ip_addresses=plan.frame["address"].iloc[0]))
    code, out, err = run("import zecnb\nzecnb.connect().apply(zecnb.Plan.load('mine.json'))")
    assert code == 4
    assert ": ended by PlanDriftedError\n" in out
    assert err.startswith("zecnb: cell [1]: PlanDriftedError: ")
    for path in (here / "out").iterdir():
        assert emulator.access_key_password not in path.read_text(encoding="utf-8")


@pytest.mark.parametrize("times", [1, 2])
def test_ctrl_c(here: Path, emulator: Emulator, times: int) -> None:
    """Once: the call under way is recorded and no other begins. Twice: the kernel is killed. How to go on is said."""
    with zecnb.connect(progress=False) as zec:
        zec.plan([{"nic_id": nic, "ip_address_count": 1} for nic in neighbours(zec, 3)]).save("plan.json")
    write(here / "book.ipynb", "import zecnb", "zecnb.connect().apply(zecnb.Plan.load('plan.json'))", "print('after')")
    emulator.faults.add("latency", "BatchAssignNetworkInterfaceIpv4", times=0, seconds=1.5)
    command = [sys.executable, "-m", "zecnb", "runbook", "book.ipynb", "--out", "out"]
    with subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as running:
        deadline = time.monotonic() + 60
        while not emulator.faults.calls["BatchAssignNetworkInterfaceIpv4"]:
            assert time.monotonic() < deadline
            time.sleep(0.02)
        for _ in range(times):
            running.send_signal(signal.SIGINT)
            time.sleep(0.2)
        out, err = running.communicate(timeout=60)
    assert running.returncode == 130, err
    assert "Traceback" not in err
    assert "finish it with: zecnb resume " in out
    assert emulator.faults.calls["BatchAssignNetworkInterfaceIpv4"] == 1
    assert "after" not in words_of(here / "out" / "book.ipynb")
    with zecnb.connect(progress=False) as zec:
        journal = zec.journal()
        assert ("outcome" in set(journal["event"])) is (times == 1)
        assert zec.resume(journal["run_id"].iloc[0]).ok


# -- what is asked -------------------------------------------------------------------------------------------------

TYPED = "NAME: str = '1'\nCOUNT: int = 4\nSHARE: float = 0.5\nAPPLY: bool = True\nLIST: list = []\nOLD = 3\nANY = None"


@pytest.mark.parametrize(
    ("given", "means"),
    [
        ("NAME=1680855999352675875", "'1680855999352675875'"),
        ("NAME=a=b", "'a=b'"),
        ("NAME=", "''"),
        ("COUNT=7", "7"),
        ("SHARE=1", "1.0"),
        ("APPLY=false", "False"),
        ("APPLY=No", "False"),
        ("LIST=[1, a]", "[1, 'a']"),
        ("OLD=8", "8"),
        ("ANY=null", "None"),
        ("ANY=2026-12-31", "'2026-12-31'"),
        ("ANY='; import os #", '"\'; import os #"'),
    ],
)
def test_parameters_are_typed(here: Path, given: str, means: str) -> None:
    """A text stays the text it is; everything else is YAML, as in papermill."""
    from papermill import inspect_notebook

    from zecnb.runbook import _parameters

    path = write(here / "typed.ipynb", "1", parameters=TYPED)
    assert set(inspect_notebook(path)) == {"NAME", "COUNT", "SHARE", "APPLY", "LIST", "OLD", "ANY"}
    assert [repr(value) for value in _parameters(path, [given], tagged=True).values()] == [means]


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ("APPLY=flase", "APPLY is true or false, not 'flase'"),
        ("COUNT=four", "COUNT is of type int, not 'four'"),
        ("COUNT=true", "COUNT is of type int, not 'true'"),
        ("OLD=x", "OLD is of type int"),
        ("NOPE=1", "no parameter 'NOPE'; it has NAME, COUNT"),
        ("COUNT", "name=value, not 'COUNT'"),
        ("API_TOKEN=x", "give secrets in the environment"),
    ],
)
def test_what_is_not_meant_does_not_run(here: Path, given: str, says: str) -> None:
    """A wrong parameter is an error before anything is executed or written."""
    write(here / "typed.ipynb", "1 / 0", parameters=f"{TYPED}\nAPI_TOKEN = ''")
    with pytest.raises(UsageError, match=says):
        run_runbook("typed.ipynb", [given], here / "out")
    assert not (here / "out").exists()


def test_a_notebook_without_a_parameters_cell_takes_none(here: Path) -> None:
    """They would be silently lost otherwise."""
    write(here / "plain.ipynb", "COUNT = 1")
    with pytest.raises(UsageError, match="no cell tagged 'parameters'"):
        run_runbook("plain.ipynb", ["COUNT=2"], here / "out")


@pytest.mark.parametrize(
    ("content", "says"), [(None, "there is no notebook 'x.ipynb'.* 01-assign"), ("{", "x.ipynb is no notebook")]
)
def test_what_is_no_notebook(here: Path, content: str | None, says: str) -> None:
    """A name that leads nowhere, or to something else."""
    if content is not None:
        (here / "x.ipynb").write_text(content)
    with pytest.raises(UsageError, match=says):
        run_runbook("x.ipynb", [], here / "out")


def test_a_kernel_that_is_not_there(run: Run) -> None:
    """A notebook of another language is an error in words."""
    code, _, err = run("1", kernel="cobol")
    assert (code, err) == (1, "zecnb: NoSuchKernel: No such kernel named cobol\n")


def test_the_notebook_itself_is_never_overwritten(here: Path) -> None:
    """DIR may not be where it is."""
    path = write(here / "book.ipynb", "1")
    before = path.read_bytes()
    with pytest.raises(UsageError, match="is the notebook itself"):
        run_runbook("book.ipynb", [], here)
    assert path.read_bytes() == before


# -- judging what was told -----------------------------------------------------------------------------------------


def told(*runs: tuple[str, str, int, bool], concluded: int | None = None) -> str:
    """Return lines as a kernel tells them: run, run it undoes or "", exit code, whether it wrote."""
    lines = [
        {"run_id": run, "kind": "undo" if of else "apply", "of": of, "exit_code": code, "wrote": wrote, "words": "x"}
        for run, of, code, wrote in runs
    ]
    lines += [] if concluded is None else [{"exit_code": concluded, "words": "x"}]
    return "".join(json.dumps(line) + "\n" for line in lines)


@pytest.mark.parametrize(
    ("said", "failure", "code"),
    [
        (told(), 0, 0),
        (told(), 1, 1),
        (told(), 4, 4),
        (told(concluded=2), 0, 2),
        (told(concluded=2), 1, 1),
        (told(concluded=1), 0, 1),
        (told(("a", "", 0, True)), 0, 0),
        (told(("a", "", 0, True)), 1, 3),
        (told(("a", "", 0, True)), 4, 3),
        (told(("a", "", 0, True)), 130, 130),
        (told(("a", "", 0, True), concluded=2), 0, 2),
        (told(("a", "", 1, False)), 0, 1),
        (told(("a", "", 1, False), ("b", "", 0, True)), 0, 3),
        (told(("a", "", 3, True)), 0, 3),
        (told(("a", "", 3, True), ("a", "", 0, True)), 0, 0),
        (told(("a", "", 3, True), ("a", "", 0, False)), 4, 4),
        (told(("a", "", 0, True), ("b", "a", 0, True)), 1, 1),
        (told(("a", "", 0, True), ("b", "a", 3, True)), 0, 3),
        (told(("b", "earlier", 0, True)), 1, 3),
    ],
)
def test_one_exit_code_for_all(said: str, failure: int, code: int) -> None:
    """1 and 4 promise that nothing was written; what is told last of a run holds; what was taken back is gone."""
    assert Outcome.of(said, failure).code == code


def test_how_to_go_on() -> None:
    """A run that is not finished says what finishes it."""
    lines = Outcome.of(told(("a", "", 3, True), ("b", "a", 3, True))).lines
    assert lines == ["apply a: x; finish it with: zecnb resume a", "undo b: x; finish it with: zecnb undo a"]


# -- telling -------------------------------------------------------------------------------------------------------


def last(path: Path) -> dict[str, Any]:
    """Return what was told last."""
    return dict(json.loads(path.read_text(encoding="utf-8").splitlines()[-1]))


def test_a_refused_plan_wrote_nothing(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A notebook that catches the error has not failed for it."""
    monkeypatch.setenv(VARIABLE, str(here / "told"))
    with zecnb.demo(progress=False) as zec, pytest.raises(PlanBlockedError):
        zec.apply(zec.plan(WEB_07, ip_addresses="10.0.4.93"))
    assert (last(here / "told")["exit_code"], last(here / "told")["wrote"]) == (0, False)


def test_a_run_that_breaks_off_wrote_something(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Once a call may have been sent, only a receipt makes it good."""
    monkeypatch.setenv(VARIABLE, str(here / "told"))

    def stop(_progress: object) -> None:
        raise KeyboardInterrupt

    with zecnb.demo(progress=False) as zec:
        with pytest.raises(KeyboardInterrupt):
            zec.apply(zec.plan(WEB_07, ip_address_count=1), report=stop)
        assert (last(here / "told")["exit_code"], last(here / "told")["wrote"]) == (3, True)
        assert zec.last_run is not None
        zec.resume(zec.last_run)
    assert (last(here / "told")["exit_code"], last(here / "told")["wrote"]) == (0, True)


def test_outside_of_a_runbook_nothing_is_told(here: Path) -> None:
    """``conclude`` says it to whoever reads the notebook, and that is all."""
    assert VARIABLE not in os.environ
    with zecnb.demo(progress=False) as zec:
        plan = zec.plan(WEB_07, ip_address_count=1)
        assert zecnb.conclude(plan) == "Plan(1 OK; 1 call, 1 subnet) (exit code 2)"
        assert zecnb.conclude(zec.apply(plan)) == "1 assigned (exit code 0)"
    assert list(here.iterdir()) == []
