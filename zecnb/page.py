"""``zecnb lab --app``: the panel alone, as a page that Voila serves; each visitor has a session of their own."""

from __future__ import annotations

import secrets
import socket
import tempfile
import webbrowser
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

from zecnb.connections import connect, demo
from zecnb.errors import UsageError, ZecnbError
from zecnb.render.cells import plain
from zecnb.shell import need_lab

if TYPE_CHECKING:
    import ipywidgets as w

__all__ = ["page", "run_app"]

_DEMO_NIC = "1680855999352675875"  # web-07, so that there is something to look at
_STYLE = (
    "<style>.zecnb-page{max-width:1100px;margin:0 auto;padding:12px 16px 40px;font-family:var(--jp-ui-font-family);"
    "color:var(--jp-ui-font-color1)}.zecnb-page h1{font-size:20px;margin:.4em 0 0}.zecnb-page p{margin:.3em 0 .8em;"
    "font-size:13px;line-height:1.5;overflow-wrap:break-word;word-break:normal;max-width:90ch}</style>"
)


def page(*, demo_account: bool) -> w.Box:
    """Return what the page shows: which account it is on, and the panel; or in words why there is none.

    Args:
        demo_account: a local ZEC that this page alone has; else whatever ``connect()`` finds, never the local one.
    """
    import ipywidgets as w

    try:
        zec = demo(progress=False) if demo_account else connect(progress=False)
    except ZecnbError as error:
        says = "<h1>zecnb cannot connect</h1>"
        lines = [*str(error).splitlines(), "Or start this page with: zecnb lab --app --demo"]
        body: list[Any] = [w.HTML(f"<p role='alert'>{'<br>'.join(escape(plain(line)) for line in lines)}</p>")]
    else:
        where = (
            "Demo account: a local ZEC that exists for this page alone. Try anything; it is forgotten with the page."
            if demo_account
            else f"Account at {zec.account}. What is assigned here is assigned for real."
        )
        says = f"<h1>Assign private IPv4 addresses</h1><p>{escape(plain(where))}</p>"
        body = [zec.panel(_DEMO_NIC if demo_account else None)]
    shown = w.VBox([w.HTML(_STYLE + says), *body])
    shown.add_class("zecnb-page")
    return shown


def run_app(folder: Path, *, demo_account: bool, port: int = 0, browser: bool = True) -> int:
    """Serve the page on loopback until it is stopped; whoever has the printed URL, with its token, can use it.

    Args:
        folder: where what the page saves goes; made when it is not there.
        demo_account: see ``page``.
        port: where it listens; 0 takes a free one.
        browser: open it.

    Raises:
        UsageError: Voila is not installed, or the port is taken.
    """
    need_lab("voila")
    import nbformat

    folder.mkdir(parents=True, exist_ok=True)
    source = f"import os\nfrom zecnb.page import page\n\nos.chdir({str(folder.resolve())!r})\npage({demo_account=})"
    notebook = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell(source)],
        metadata={
            "kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"},
            "title": "zecnb",
        },
    )
    with tempfile.TemporaryDirectory(prefix="zecnb-") as served:
        nbformat.write(notebook, Path(served) / "zecnb.ipynb")
        return _serve(Path(served) / "zecnb.ipynb", port, browser=browser)


def _serve(notebook: Path, port: int, *, browser: bool) -> int:
    """Run Voila until Ctrl-C or SIGTERM."""
    from traitlets.config import Config
    from voila.app import Voila

    token = secrets.token_urlsafe(24)

    class Served(Voila):  # type: ignore[misc]  # Voila is untyped
        def setup_template_dirs(self) -> None:
            super().setup_template_dirs()
            self.template_paths.insert(0, str(Path(__file__).parent / "render" / "templates" / "page"))

        def launch_browser(self) -> None:  # Voila calls it once it listens; its own opens a page without the token
            url = f"{self.connection_url}?token={token}"
            print(f"zecnb: the panel is at {url}", flush=True)
            if browser:
                webbrowser.open(url)

    settings = {
        "Voila": {
            "ip": "127.0.0.1",
            "port": port or _free_port(),
            "port_retries": 0,
            "token": token,
            "open_browser": True,
            "notebook_path": str(notebook),
            "log_level": "ERROR",
        },
        "VoilaConfiguration": {"allow_template_override": "NO"},
    }
    served = Served(config=Config(settings))
    served.initialize([])
    try:
        served.start()
    except SystemExit as error:  # Voila's way to say that it cannot listen; it has said why
        raise UsageError(f"port {port} cannot be used") from error
    return 0


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
