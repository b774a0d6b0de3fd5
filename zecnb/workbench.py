"""The commands around notebooks: ``demo``, ``lab`` and ``runbook``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

__all__ = ["demo", "lab", "runbook"]


def demo(
    *, out: Annotated[Path, typer.Option(help="Folder for the table, the chart and the report.")] = Path("zecnb-demo")
) -> int:
    """Do the main job, end to end, on an embedded emulator: preview, apply, verify, undo."""
    from zecnb.showcase import run_demo

    return run_demo(out)


def lab(
    folder: Annotated[Path, typer.Argument(help="Where notebooks and saved plans go.")] = Path("zecnb-notebooks"),
    *,
    demo: Annotated[
        bool, typer.Option("--demo", help="Open 01-assign, which is on a local ZEC; with --app, the panel on one.")
    ] = False,
    app: Annotated[bool, typer.Option("--app", help="Only the panel, as a page of its own.")] = False,
    port: Annotated[int, typer.Option(min=0, max=65535, help="Where it listens; 0 takes a free one.")] = 0,
    browser: Annotated[bool, typer.Option("--browser/--no-browser", help="Open it.")] = True,
) -> int:
    """Open JupyterLab on a copy of the notebooks (files you changed are kept), or the panel as a page."""
    if app:
        from zecnb.page import run_app

        return run_app(folder, demo_account=demo, port=port, browser=browser)
    from zecnb.showcase import run_lab

    return run_lab(folder, open_runbook=demo, port=port, browser=browser)


def runbook(
    notebook: Annotated[str, typer.Argument(help="A notebook, or the name of one that ships, such as 01-assign.")],
    *,
    parameter: Annotated[
        list[str] | None, typer.Option("--parameter", "-p", metavar="NAME=VALUE", help="May be repeated.")
    ] = None,
    out: Annotated[Path, typer.Option(help="Folder for the executed notebook and its HTML.")],
    timeout: Annotated[int | None, typer.Option(min=1, help="Seconds that one cell may take.")] = None,
) -> int:
    """Execute a notebook unattended, in this folder; the exit code says what its runs came to.

    0 nothing to do or all done; 1 failed or blocked, nothing written; 2 changes pending; 3 something was written and
    not all went well; 4 drift, nothing written; 130 stopped. The notebook is left as far as it came.
    """
    from zecnb.runbook import run_runbook

    return run_runbook(notebook, parameter or (), out, timeout)
