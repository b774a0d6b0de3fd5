"""``zecnb demo`` and ``zecnb lab``: the main job on the embedded emulator, and the notebooks."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

from zecnb.connections import demo
from zecnb.errors import UsageError, ZecnbError
from zecnb.render.export import write_csv
from zecnb.render.report import Section, Table, html_report
from zecnb.render.text import table_text
from zecnb.shell import need_lab

__all__ = ["notebooks_folder", "run_demo", "run_lab"]

_COLUMNS = ["address", "verdict", "reason", "fix"]


def run_demo(out: Path) -> int:
    """Preview, apply, verify and undo on the demo account; leave a table, a chart and a report.

    Args:
        out: folder for ``plan.csv``, ``occupancy.png`` and ``report.html``; made when it is not there.
    """
    from zecnb.emulator.seeds import WEB_07

    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(f"cannot make the folder {out}: {error.strerror}") from error
    with demo(progress=False) as zec:
        print(f"A local ZEC with a demo account is listening; {zec!r} speaks HTTP to it.\n")
        print("1. Preview: somebody asks for 10.0.4.93-97 on web-07.")
        wish = zec.plan(WEB_07, ip_addresses="10.0.4.93-97")
        print(table_text(wish.frame[_COLUMNS]))
        print(f"{wish}: nothing is sent, and the API would have said only {wish.calls['predicted'][0]}.\n")

        print("2. Plan: four addresses in one run instead.")
        plan = zec.plan(WEB_07, ip_address_count=4, policy="contiguous")
        print(table_text(plan.frame[_COLUMNS[:3]]))
        print(table_text(plan.summary.drop(columns="subnet_id")))
        chart = plan.chart()

        print("\n3. Apply: re-read, send, read back.")
        receipt = zec.apply(plan)
        print(table_text(receipt.frame[["address", "state", "request_id"]]))
        print(receipt)

        print("\n4. Verify: the same plan again finds everything in place.")
        again = zec.plan(WEB_07, ip_addresses=plan.frame["address"].tolist())
        print(again)

        print("\n5. Undo: release what this run added, and nothing else.")
        undone = zec.undo(receipt)
        print(undone)

        write_csv(plan.frame, out / "plan.csv")
        chart.save(out / "occupancy.png")
        sections = [
            Section("What was asked first", [f"{wish}"], [Table(wish.frame[_COLUMNS])]),
            Section(
                "What was done",
                [f"{plan}", f"{receipt}"],
                [Table(plan.frame[_COLUMNS[:3]]), Table(plan.summary)],
                [chart],
            ),
            Section("Taken back", [f"{undone}"], [Table(undone.frame[["address", "state"]])]),
        ]
        html_report(out / "report.html", "Four more addresses for web-07", sections, lines=["Account: demo (local)"])
    if not (receipt.ok and undone.ok and set(again.verdicts) == {"NOOP"}):
        raise ZecnbError("the demo did not end as it should; please report this with the output above")
    print(f"\nLeft in {out}{'' if str(out).endswith('/') else '/'}: plan.csv, occupancy.png, report.html")
    return 0


def notebooks_folder() -> Path:
    """Return where the notebooks are: in the package, or in the checkout it is installed from."""
    here = Path(__file__).resolve().parent
    packed = here / "_notebooks"
    return packed if packed.is_dir() else here.parent / "notebooks"


def run_lab(folder: Path, *, open_runbook: bool = False, port: int = 0, browser: bool = True) -> int:
    """Copy the notebooks and open JupyterLab on them; files that are there already stay as they are.

    Args:
        folder: where to; made when it is not there.
        open_runbook: show the first notebook at once.
        port: where it listens; 0 takes a free one.
        browser: open it.

    Raises:
        UsageError: JupyterLab is not installed.
    """
    need_lab("jupyterlab")
    folder.mkdir(parents=True, exist_ok=True)
    for source in sorted(notebooks_folder().glob("*.ipynb")):
        target = folder / source.name
        if not target.exists():
            shutil.copyfile(source, target)
    command = [sys.executable, "-m", "jupyterlab"]
    command += ["01-assign.ipynb"] if open_runbook else []
    command += [f"--port={port}"] if port else []
    command += [] if browser else ["--no-browser"]
    return subprocess.run(command, cwd=folder, check=False).returncode  # noqa: S603
