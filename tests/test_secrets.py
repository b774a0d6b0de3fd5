"""A canary credential and a canary token on every path: no file and no stream that comes of it holds them."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import nbformat
import pandas as pd
import papermill
import pytest
from nbclient import NotebookClient

from zecnb.emulator import Emulator
from zecnb.emulator.faults import KINDS

if TYPE_CHECKING:
    from collections.abc import Iterator

KEY_ID = "CANARYKEYIDQ7X2VZ8KMT4W"
PASSWORD = "canary-password-5b1f0c7d9e"
TOKEN = "canary-token-a64c2e8f13d7"
CANARIES = [part for whole in (KEY_ID, PASSWORD, TOKEN) for part in (whole, whole[:16], whole[-10:])]


def leaks(folder: Path, *streams: str) -> list[str]:
    """Return where a canary, or a part of one, is found: in files, in what Parquet files hold, in streams."""
    texts = {f"stream {number}": stream for number, stream in enumerate(streams)}
    for path in folder.rglob("*"):
        if path.is_file():
            texts[str(path.relative_to(folder))] = path.read_bytes().decode("latin-1")
            if path.suffix == ".parquet":
                texts[f"{path.name}, unpacked"] = pd.read_parquet(path).to_csv()
    return [f"{where}: {canary}" for where, text in texts.items() for canary in CANARIES if canary in text]


def environment(kind: str, folder: Path, url: str) -> dict[str, str]:
    """Return what a user sets to connect with an access key, or with a token."""
    key = {"ZENLAYERCLOUD_ACCESS_KEY_ID": KEY_ID, "ZENLAYERCLOUD_ACCESS_KEY_PASSWORD": PASSWORD}
    keys = key if kind == "key" else {"ZENLAYER_TOKEN": TOKEN}
    return {**keys, "ZENLAYER_ENDPOINT": url, "ZECNB_STORE": f"sqlite:///{folder / 'journal.db'}"}


@pytest.fixture(params=["key", "token"])
def kind(request: pytest.FixtureRequest) -> str:
    """Which of the two credentials is used."""
    return str(request.param)


@pytest.fixture
def emulator() -> Iterator[Emulator]:
    """A local ZEC that takes the canaries."""
    with Emulator(access_key_id=KEY_ID, access_key_password=PASSWORD, token=TOKEN) as emulator:
        yield emulator


def run(program: str, folder: Path, environ: dict[str, str], *arguments: str) -> tuple[str, str]:
    """Run a program that leaves its files in a folder; return what it printed and complained."""
    done = subprocess.run(
        [sys.executable, "-c", program, *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parent.parent), "PYTHONWARNINGS": "ignore", **environ},
        capture_output=True,
        text=True,
        timeout=900,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    assert "DONE" in done.stdout
    return done.stdout, done.stderr


# -- the test of the test ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["a.txt", "deep/er/b.bin", "c.parquet"])
def test_a_leak_is_found(tmp_path: Path, name: str) -> None:
    """A canary in a file, binary, nested or compressed, does not go unnoticed."""
    path = tmp_path / name
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix == ".parquet":
        pd.DataFrame({"x": [f"..{TOKEN[:16]}.."] * 2}).to_parquet(path, compression="zstd")
    else:
        path.write_bytes(b"\x00\xff" + TOKEN.encode() + b"\x00")
    assert leaks(tmp_path)
    assert leaks(tmp_path / "nowhere", f"signed with {PASSWORD}")
    assert not leaks(tmp_path / "nowhere", "nothing")


# -- success and every fault -------------------------------------------------------------------------------------------

SESSION = """
import copy, logging, pickle, pprint, sys, traceback
from pathlib import Path
import httpx, stamina
logging.basicConfig(level=1, stream=sys.stderr, format="%(name)s %(message)s")
for name in ("matplotlib", "PIL", "asyncio", "sqlalchemy"):
    logging.getLogger(name).setLevel(logging.INFO)
import zecnb, zecnb.session, zecnb.errors
from zecnb.emulator import Emulator
from zecnb.emulator.seeds import WEB_07
from zecnb.execution.evidence import write_events

KEY_ID, PASSWORD, TOKEN, KIND = sys.argv[1:5]
stamina.set_testing(True, attempts=2)
out = Path("out"); out.mkdir()
count = 0


def tell(thing):
    global count
    count += 1
    texts = [repr(thing), str(thing), pprint.pformat(thing), ascii(vars(thing) if hasattr(thing, "__dict__") else "")]
    for name in ("_repr_html_", "_repr_markdown_", "_repr_svg_"):
        if callable(getattr(thing, name, None)) and not isinstance(thing, type):
            texts.append(str(getattr(thing, name)()))
    (out / f"{count:03d}.txt").write_text("\\n".join(texts), encoding="utf-8")
    for protocol in range(2, pickle.HIGHEST_PROTOCOL + 1):
        try:
            (out / f"{count:03d}.{protocol}.pickle").write_bytes(pickle.dumps(thing, protocol))
        except (TypeError, AttributeError, pickle.PicklingError, NotImplementedError) as error:
            print(f"{type(thing).__name__} cannot be pickled: {error}")


def attempt(what, *arguments, **options):
    try:
        return what(*arguments, **options)
    except zecnb.ZecnbError as error:
        told = traceback.TracebackException.from_exception(error, capture_locals=True)
        print("".join(told.format()))
        traceback.print_exception(error)
        tell(error)
        logging.getLogger("user").exception("it failed")
        return None


def work(zec, label):
    zec.refresh()
    inventory = attempt(zec.inventory)
    plan = attempt(zec.plan, WEB_07, ip_address_count=1)
    receipt = attempt(zec.apply, plan) if plan is not None else None
    undone = attempt(zec.undo, receipt) if receipt is not None else None
    for thing in (inventory, plan, receipt, undone):
        if thing is not None:
            tell(thing)
    if plan is not None:
        zecnb.approve(plan, "Ann", "CHG-7").save(out / f"{label}.json")
    if inventory is not None:
        inventory.save(out / f"{label}-held")
    print(label, plan, receipt, undone)
    return receipt


with Emulator(access_key_id=KEY_ID, access_key_password=PASSWORD, token=TOKEN) as emulator:
    with zecnb.connect(progress=False, endpoint=emulator.url) as zec:
        zec._sleep = lambda _: None
        assert work(zec, "success").ok
        for kind in sys.argv[5:]:
            actions = ("BatchAssignNetworkInterfaceIpv4", "DescribeNetworkInterfaces")
            for action in actions[:1] if kind == "lag" else actions:
                emulator.faults.add(kind, action, seconds=0.01, times=3, code="AUTHFAILURE_SIGNATURE_FAILURE")
                work(zec, f"{kind}-{action}")
                emulator.faults.clear()
        write_events(zec.journal(), out / "journal.csv")
        write_events(zec.journal(), out / "journal.parquet")
        inventory = zec.inventory()
        inventory.report(out / "report.html")
        inventory.report(out / "redacted.html", redact=True)
        panel = zec.panel(WEB_07, ip_address_count=1)
        for thing in (zec, zec._client, panel, zec.journal(), inventory.subnets, emulator):
            tell(thing)
        for name in (*zecnb.__all__, *zecnb.errors.__all__):
            tell(getattr(zecnb, name, None) or getattr(zecnb.errors, name))
    wrong = {"token": "not" + TOKEN[::-1]} if KIND == "token" else {
        "access_key_id": KEY_ID[::-1], "access_key_password": PASSWORD[::-1]}
    with zecnb.connect(progress=False, endpoint=emulator.url, **wrong) as zec:
        attempt(zec.inventory)
attempt(zec.inventory)
print("DONE", count)
"""


def test_a_session_in_fair_and_foul_weather(tmp_path: Path, kind: str) -> None:
    """Success, each fault on a write and on a read, at DEBUG, with tracebacks and their locals, to files."""
    environ = environment(kind, tmp_path, "unused.invalid")
    out, err = run(SESSION, tmp_path, environ, KEY_ID, PASSWORD, TOKEN, kind, *(k for k in KINDS if "actor" not in k))
    assert "Traceback" in out
    assert "DescribeNetworkInterfaces took" in err
    assert "Session cannot be pickled" in out
    assert len(list((tmp_path / "out").glob("*.json"))) > 10
    assert {"journal.db", "out"} <= {path.name for path in tmp_path.iterdir()}
    assert leaks(tmp_path, out, err) == []


# -- the shell ---------------------------------------------------------------------------------------------------------

SHELL = """
import sys
from zecnb.cli import main
for line in sys.argv[1:]:
    sys.argv = ["zecnb", *line.split()]
    try:
        main()
    except SystemExit as end:
        print(line, "ended with", end.code)
print("DONE")
"""


def test_the_shell_at_its_most_talkative(tmp_path: Path, emulator: Emulator, kind: str) -> None:
    """``-vv`` and every command that reads, writes or leaves a file, also when it fails."""
    from zecnb.emulator.seeds import APP_SIN, WEB_07

    emulator.faults.add("error", "DescribeVpcs", code="INTERNAL_SERVER_ERROR", times=1)
    lines = [
        f"-vv plan --nic {WEB_07} --count 1 --out plan.json",
        "approve plan.json --by Ann --note CHG-7",
        "-vv apply plan.json --yes --json",
        "-vv undo nonsense --yes",
        "journal --out journal.csv",
        "journal --json",
        "-vv report --out report.html",
        "inventory --out held --json",
        f"check --subnet {APP_SIN} --need 1",
        "-vv inventory --profile nobody",
    ]
    out, err = run(SHELL, tmp_path, environment(kind, tmp_path, emulator.url), *lines)
    for ended in (f"{lines[0]} ended with 2", f"{lines[2]} ended with 0", f"{lines[3]} ended with 1"):
        assert ended in out
    assert {"plan.json", "journal.csv", "report.html", "held"} <= {path.name for path in tmp_path.iterdir()}
    assert "DescribeVpcs" in err
    assert leaks(tmp_path, out, err) == []


# -- notebooks ---------------------------------------------------------------------------------------------------------

CELLS = [
    "from IPython.display import display\nimport logging, zecnb\nlogging.basicConfig(level=logging.DEBUG)",
    "zec = zecnb.connect()\nzec",
    "nic_id, count = zec.inventory().nics['nic_id'].iloc[0], 2",
    "plan = zec.plan(nic_id, ip_address_count=count)\nplan",
    "panel = zec.panel(nic_id, ip_address_count=count)\ndisplay(panel)\npanel",
    "receipt = zec.apply(plan)\nreceipt",
    "display(zec.journal(), zec._client, vars(zec).keys())",
    "zec.undo('no-such-run')",
    "zec.inventory(subnet_id='no-such-subnet')",
    "zec.close()\nzec.inventory()",
]


def notebook() -> Any:
    """Return a notebook that does the job, shows everything, and meets errors."""
    book = nbformat.v4.new_notebook(
        metadata={"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    )
    book.cells = [nbformat.v4.new_code_cell(source, metadata={"tags": ["raises-exception"]}) for source in CELLS]
    book.cells[2].metadata["tags"].append("parameters")
    return book


def outputs(book: Any) -> str:
    """Return what the cells showed, as text."""
    return "\n".join(str(output) for cell in book.cells for output in cell.get("outputs", []))


@pytest.fixture
def as_user(tmp_path: Path, emulator: Emulator, kind: str, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The environment of a user with one of the credentials; returns a folder."""
    for name, value in environment(kind, tmp_path, emulator.url).items():
        monkeypatch.setenv(name, value)
    return tmp_path


@pytest.mark.filterwarnings("ignore")  # of the notebook machinery, about itself
def test_a_notebook_run_by_papermill(as_user: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """What papermill leaves has the outputs, logs and errors, and no secret."""
    source, target = as_user / "in.ipynb", as_user / "out.ipynb"
    nbformat.write(notebook(), source)
    with pytest.raises(papermill.PapermillExecutionError) as failed:  # the errors on purpose; all cells ran
        papermill.execute_notebook(source, target, parameters={"count": 1}, progress_bar=False, log_output=True)
    shown = outputs(nbformat.read(target, as_version=4))
    assert "Receipt(apply: 1 assigned)" in shown
    assert "no-such-run" in shown
    assert "the connection is closed" in shown
    assert leaks(as_user, *capfd.readouterr(), shown, str(failed.value)) == []


@pytest.mark.filterwarnings("ignore")
def test_widget_state_saved_by_nbclient(as_user: Path) -> None:
    """The state of the panel's widgets, as saved in the notebook, holds no secret."""
    book = NotebookClient(notebook(), timeout=120, store_widget_state=True).execute()
    nbformat.write(book, as_user / "run.ipynb")
    state = book.metadata["widgets"]["application/vnd.jupyter.widget-state+json"]["state"]
    assert len(state) > 10
    assert leaks(as_user, str(state), outputs(book)) == []
