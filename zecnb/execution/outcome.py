"""What a notebook's runs came to, told to the ``zecnb runbook`` that executes it; nothing is told without one.

Whatever the notebook does with its receipts, they end up in the file that the environment names: one JSON object a
line, each appended at once. A run's first line stands there before anything is sent, so that a kernel that dies in
the middle leaves a run without an end, which nobody mistakes for success.
"""

from __future__ import annotations

import json
import os
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from zecnb.errors import JournalError, UsageError
from zecnb.execution.receipt import Receipt

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from zecnb.execution.journal import Journal, Run
    from zecnb.planner.plan import Plan

__all__ = ["VARIABLE", "conclude", "told"]

VARIABLE = "ZECNB_RUNBOOK"
"""Names the file in the environment."""

_PARTLY = 3


@contextmanager
def told(run: Run, journal: Journal) -> Iterator[Callable[[Receipt], Receipt]]:
    """Tell that a run begins, and how it ends: by the receipt that the caller hands in, or by an error."""
    about = {"run_id": run.run_id, "kind": run.kind, "of": run.plan_digest if run.kind == "undo" else ""}

    def ends(receipt: Receipt) -> Receipt:
        _tell(**about, exit_code=receipt.exit_code, wrote=receipt.wrote, words=receipt.words)
        return receipt

    _tell(**about, exit_code=_PARTLY, wrote=True, words="did not come to an end")
    try:
        yield ends
    except BaseException as error:
        sent = _sent(run.run_id, journal)
        _tell(**about, exit_code=_PARTLY if sent else 0, wrote=sent, words=f"ended by {type(error).__name__}")
        raise


def _sent(run_id: str, journal: Journal) -> bool:
    """Tell whether a call of a run may have been sent."""
    try:
        return any(event["event"] == "intent" for event in journal.events(run_id))
    except UsageError:  # not one event: it was refused before it began
        return False
    except JournalError:
        return True


def conclude(result: Plan | Receipt) -> str:
    """Say what a notebook came to, in its last cell; ``zecnb runbook`` exits with that.

    Receipts count without it; it is for a notebook that may only plan: ``zecnb.conclude(receipt or plan)``.

    Args:
        result: a receipt, or the plan when nothing was applied.

    Returns:
        The same in words, with the exit code.
    """
    words = result.words if isinstance(result, Receipt) else repr(result)
    _tell(exit_code=result.exit_code, words=words)
    return f"{words} (exit code {result.exit_code})"


def _tell(**what: Any) -> None:
    path = os.environ.get(VARIABLE)
    if path:
        with Path(path).open("a", encoding="utf-8") as file:
            file.write(json.dumps(what) + "\n")
