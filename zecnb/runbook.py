"""``zecnb runbook``: a notebook executed with parameters, unattended; the exit code says what its runs came to."""

from __future__ import annotations

import ast
import json
import logging
import math
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from queue import Empty
from typing import IO, TYPE_CHECKING, Any, NamedTuple

from zecnb.errors import UsageError
from zecnb.execution.outcome import VARIABLE
from zecnb.render.cells import plain
from zecnb.shell import DRIFTED, FAILED, INTERRUPTED, PARTLY, PENDING, need_lab
from zecnb.showcase import notebooks_folder

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from jupyter_client.asynchronous.client import AsyncKernelClient
    from nbformat import NotebookNode

__all__ = ["Outcome", "run_runbook"]

_SECRET = re.compile(r"password|secret|token|credential", re.IGNORECASE)
_LONGEST = 500  # characters of an error that are repeated
_LOOK_AGAIN = 0.5  # seconds


def run_runbook(notebook: str, given: Sequence[str], out: Path, timeout: int | None = None) -> int:
    """Execute a notebook; leave it, executed as far as it came, and its HTML in a folder.

    Args:
        notebook: path, or the name of one that ships with zecnb, such as ``01-assign``.
        given: parameters, ``name=value`` each.
        out: folder for the two files; made when it is not there.
        timeout: seconds that one cell may take, None for any.

    Returns:
        What the notebook's runs came to: 0 nothing to do or all done, 1 failed and nothing written, 2 changes pending,
        3 something was written and not all is done, 4 drift and nothing written, 130 stopped by Ctrl-C.

    Raises:
        UsageError: there is no such notebook, parameter or kernel; nothing was executed.
    """
    need_lab("papermill", "nbconvert")
    import nbformat

    source = _found(notebook)
    try:
        read = nbformat.read(source, as_version=4)
    except Exception as error:  # nbformat raises its own, jsonschema's and Python's
        raise UsageError(f"{source.name} is no notebook: {_first_line(error)}") from error
    tagged = any("parameters" in cell.metadata.get("tags", []) for cell in read.cells)
    parameters = _parameters(source, given, tagged=tagged)
    target = out / f"{source.stem}.ipynb"
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(f"cannot write to {out}: {error.strerror}") from error
    if target.exists() and target.samefile(source):
        raise UsageError(f"{target} is the notebook itself; choose another folder for the executed one")
    with tempfile.TemporaryDirectory() as folder:
        told = Path(folder) / "told.jsonl"
        failure = _execute(source, target, parameters, told, timeout)
        outcome = Outcome.of(told.read_text(encoding="utf-8") if told.is_file() else "", failure.code)
    for line in outcome.lines:
        print(line)
    page = _export(target) if target.is_file() else None
    print(f"left: {', '.join(str(path) for path in (target, page) if path is not None and path.is_file())}")
    if failure.words:
        print(f"zecnb: {failure.words}", file=sys.stderr)
    return outcome.code


# -- what is asked -----------------------------------------------------------------------------------------------


def _found(notebook: str) -> Path:
    path = Path(notebook)
    if path.is_file():
        return path
    shipped = {each.stem: each for each in sorted(notebooks_folder().glob("*.ipynb"))}
    if notebook in shipped:
        return shipped[notebook]
    raise UsageError(f"there is no notebook {notebook!r}; give a path, or one of {', '.join(shipped)}")


def _parameters(source: Path, given: Sequence[str], *, tagged: bool) -> dict[str, Any]:
    """Read ``name=value`` by the types of the notebook's parameters cell: what is not meant must not run.

    Raises:
        UsageError: there is no such parameter, the value has another type, or it would leave a secret in the file.
    """
    from papermill import inspect_notebook

    if not given:
        return {}
    if not tagged:
        raise UsageError("the notebook has no cell tagged 'parameters', so it takes none")
    known = inspect_notebook(source)
    values: dict[str, Any] = {}
    for text in given:
        name, equals, value = text.partition("=")
        if not equals:
            raise UsageError(f"a parameter is given as name=value, not {text!r}")
        if name not in known:
            raise UsageError(f"the notebook has no parameter {name!r}; it has {', '.join(known)}")
        if _SECRET.search(name):
            raise UsageError(f"{name} would stay in the executed notebook; give secrets in the environment")
        values[name] = _value(name, value, known[name]["inferred_type_name"], known[name]["default"])
    return values


def _value(name: str, text: str, annotation: str, default: str) -> Any:
    """Read a value as YAML, as papermill's ``-y`` does, unless the parameter is a text."""
    import yaml

    kind = _kind(annotation, default)
    if kind is str:
        return text
    try:
        value = yaml.safe_load(text)
    except yaml.YAMLError:
        value = text
    if kind is float and type(value) is int:
        value = float(value)
    if kind is not None and type(value) is not kind:
        raise UsageError(f"{name} is {'true or false' if kind is bool else f'of type {kind.__name__}'}, not {text!r}")
    return value if isinstance(value, bool | int | float | list | dict | None) else text


def _kind(annotation: str, default: str) -> type | None:
    """Return the type of a parameter: as annotated, else that of its default; None when it may be anything."""
    kinds = {each.__name__: each for each in (str, int, float, bool, list, dict)}
    if annotation in kinds:
        return kinds[annotation]
    try:
        return kinds.get(type(ast.literal_eval(default)).__name__) if annotation == "None" else None
    except (SyntaxError, ValueError):
        return None


# -- executing ---------------------------------------------------------------------------------------------------


class Failure(NamedTuple):
    """Why a notebook failed by itself.

    Attributes:
        code: exit code it earns for that; 0 when all its cells ran.
        words: for people.
    """

    code: int = 0
    words: str = ""


def _execute(source: Path, target: Path, parameters: dict[str, Any], told: Path, timeout: int | None) -> Failure:
    """Execute a notebook; whatever ends it early is returned, not raised."""
    from nbclient.exceptions import DeadKernelError
    from papermill import execute_notebook
    from papermill.exceptions import PapermillExecutionError

    for name in ("papermill", "traitlets", "asyncio"):
        logging.getLogger(name).setLevel(logging.CRITICAL)  # what they log, tracebacks included, is said in words
    target.unlink(missing_ok=True)  # what an earlier execution left must not pass for this one's
    with tempfile.TemporaryFile("w+") as errors, _stoppable(errors) as options, _environment(told):
        try:
            done = execute_notebook(
                str(source),
                str(target),
                parameters=parameters,
                progress_bar=sys.stderr.isatty(),
                execution_timeout=timeout,
                **options,
            )
        except PapermillExecutionError as error:
            where = f"cell [{error.exec_count}]"
            if error.ename == "KeyboardInterrupt":
                return Failure(INTERRUPTED, f"stopped in {where}")
            said = f"{error.ename}: {error.evalue}" if error.evalue else error.ename
            return Failure(DRIFTED if error.ename == "PlanDriftedError" else FAILED, _short(f"{where}: {said}"))
        except DeadKernelError:
            errors.seek(0)
            last = errors.read().strip().splitlines()[-1:]
            return Failure(FAILED, _short(": ".join(["the kernel died", *last])))
        except KeyboardInterrupt:
            return Failure(INTERRUPTED, "stopped")
        except Exception as error:  # noqa: BLE001 - whatever it is, the run has failed, and that is said in words
            return Failure(FAILED, _short(f"{type(error).__name__}: {_first_line(error)}"))
    return _hidden_failure(done)


def _hidden_failure(notebook: NotebookNode) -> Failure:
    """Find an error that an Output widget caught: the cell went on as if nothing had happened."""
    state = notebook.metadata.get("widgets", {}).get("application/vnd.jupyter.widget-state+json", {}).get("state", {})
    for widget in state.values():
        for output in widget.get("state", {}).get("outputs", []):
            if output.get("output_type") == "error":
                said = f"{output.get('ename', 'error')}: {output.get('evalue', '')}"
                return Failure(FAILED, _short(f"caught by an Output widget: {said}"))
    return Failure()


@contextmanager
def _environment(told: Path) -> Iterator[None]:
    """Let the kernel know where to tell what its runs come to."""
    before = os.environ.get(VARIABLE)
    os.environ[VARIABLE] = str(told)
    try:
        yield
    finally:
        if before is None:
            del os.environ[VARIABLE]
        else:
            os.environ[VARIABLE] = before


def _client() -> type[AsyncKernelClient]:
    """Return a client that hears every reply: what is sent for an Output widget meanwhile can eat its wake-up."""
    from jupyter_client.asynchronous.client import AsyncKernelClient
    from jupyter_client.channels import AsyncZMQSocketChannel

    class Channel(AsyncZMQSocketChannel):
        async def get_msg(self, timeout: float | None = None) -> dict[str, Any]:  # type: ignore[override]  # noqa: ASYNC109 - as there
            end = math.inf if timeout is None else time.monotonic() + timeout
            while True:
                left = end - time.monotonic()
                try:
                    return await super().get_msg(max(0.0, min(left, _LOOK_AGAIN)))
                except Empty:
                    if left <= _LOOK_AGAIN:
                        raise

    class Client(AsyncKernelClient):
        shell_channel_class = Channel

    return Client


@contextmanager
def _stoppable(errors: IO[str]) -> Iterator[dict[str, Any]]:
    """Let the first Ctrl-C (or SIGTERM) interrupt the cell under way, and the second kill the kernel.

    An interrupted run ends the calls under way and records them, as everywhere.

    Args:
        errors: gets what the kernel itself has to say.

    Yields:
        What papermill must hand to its client for that.
    """
    from jupyter_client.manager import AsyncKernelManager

    kernels: list[Kernel] = []
    stopped = False

    class Kernel(AsyncKernelManager):
        client_factory = _client()

        def __init__(self, **options: Any) -> None:
            super().__init__(**options)
            if self.has_trait("transport_encryption"):  # jupyter_client 8.10: others on the machine cannot listen in
                self.transport_encryption = "auto"
            kernels.append(self)

        async def _async_launch_kernel(self, kernel_cmd: list[str], **options: Any) -> None:
            options |= {"stdin": subprocess.DEVNULL, "stderr": errors}  # nothing a cell starts can wait for input
            await super()._async_launch_kernel(kernel_cmd, **options)

    def on_signal(_number: int, _frame: object) -> None:
        nonlocal stopped
        again, stopped = stopped, True
        pids = [pid for kernel in kernels if (pid := getattr(kernel.provisioner, "pid", None)) is not None]
        for pid in pids:
            os.kill(pid, signal.SIGKILL if again else signal.SIGINT)
        if again or not pids:
            raise KeyboardInterrupt
        print("zecnb: stopping after the call under way; once more to stop now", file=sys.stderr, flush=True)

    def on_cell_start(**_: Any) -> None:
        if stopped:  # the signal came between two cells
            raise KeyboardInterrupt

    before = {each: signal.signal(each, on_signal) for each in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield {"kernel_manager_class": Kernel, "on_cell_start": on_cell_start}
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)


# -- what came of it ---------------------------------------------------------------------------------------------


class Outcome(NamedTuple):
    """What the runs of a notebook came to.

    Attributes:
        code: the exit code.
        lines: each run in words, and how to go on with it.
    """

    code: int
    lines: list[str]

    @classmethod
    def of(cls, told: str, failure: int = 0) -> Outcome:
        """Judge what was told.

        Args:
            told: lines of ``zecnb.execution.outcome``.
            failure: exit code that the notebook earned by itself, 0 when all its cells ran.
        """
        said = [json.loads(line) for line in told.splitlines()]
        runs = {each["run_id"]: each for each in said if "run_id" in each}  # what is told last of a run holds
        wrote = {run_id for run_id, run in runs.items() if run["wrote"]}
        for run_id, run in runs.items():
            if run["of"] in runs and run["exit_code"] == 0:
                wrote -= {run_id, run["of"]}  # taken back: nothing is left of the two
        concluded = [each for each in said if "run_id" not in each][-1:]
        codes = {failure, *(each["exit_code"] for each in (*runs.values(), *concluded))} - {0}
        lines = [*map(_line, runs.values()), *(f"concluded: {each['words']}" for each in concluded)]
        return cls(_worst(codes, wrote=bool(wrote)), lines)


def _worst(codes: set[int], *, wrote: bool) -> int:
    """Return one exit code for several; 1 and 4 promise that nothing was written."""
    if INTERRUPTED in codes:
        return INTERRUPTED
    if codes <= {PENDING}:
        return max(codes, default=0)
    if wrote or PARTLY in codes:
        return PARTLY
    return DRIFTED if DRIFTED in codes else FAILED


def _line(run: dict[str, Any]) -> str:
    words = f"{run['kind']} {run['run_id']}: {run['words']}"
    if run["exit_code"] == PARTLY:
        words += (
            f"; finish it with: zecnb {'undo ' + run['of'] if run['kind'] == 'undo' else 'resume ' + run['run_id']}"
        )
    return words


def _first_line(error: Exception) -> str:
    return (str(error).strip() or "no reason given").splitlines()[0]


def _short(text: str) -> str:
    text = plain(text)
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "\u2026"


# -- as a page ---------------------------------------------------------------------------------------------------


def _export(notebook: Path) -> Path:
    """Write an executed notebook as one HTML file beside it, which runs nothing and asks nothing of the network."""
    import nbformat
    from jinja2 import PackageLoader
    from nbconvert import HTMLExporter
    from traitlets.config import Config

    shown = ["text/html", "text/markdown", "image/svg+xml", "image/png", "image/jpeg", "text/plain"]
    exporter = HTMLExporter(
        config=Config({"NbConvertBase": {"display_data_priority": shown}}),
        extra_loaders=[PackageLoader("zecnb.render")],
        template_file="notebook.html.j2",
        embed_images=True,
    )
    content = nbformat.read(notebook, as_version=4)
    content.metadata.pop("widgets", None)  # there is no script that could show them
    html, _ = exporter.from_notebook_node(content, {"metadata": {"name": notebook.stem}})
    page = notebook.with_suffix(".html")
    page.write_text(html, encoding="utf-8")
    return page
