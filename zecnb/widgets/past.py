"""Earlier runs on the panel: the last one and its undo, those that never came to their end, and the history."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import ipywidgets as w

from zecnb.render.panel import quiet_html
from zecnb.render.tables import bare_table, wrap
from zecnb.store import actor
from zecnb.widgets.parts import Offer
from zecnb.widgets.runs import History, history_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from zecnb.execution.receipt import Receipt
    from zecnb.session import Session
    from zecnb.widgets.parts import Question

__all__ = ["Past"]


class Past:
    """What the journal says of earlier runs, and what can be done about them.

    Args:
        session: whose journal it is.
        question: what is asked before anything is written.
        run: does a verb of the session in the background.

    Attributes:
        last: the last run, in words.
        undo: takes back the last run of whoever sits here; colleagues' runs are theirs to undo.
        offer: runs to finish.
        runs: the newest runs as a table.
        history: what was read last.
    """

    def __init__(self, session: Session, question: Question, run: Callable[[Callable[..., Receipt]], None]) -> None:
        self._session, self._question, self._run = session, question, run
        self.last, self.runs = w.HTML(), w.HTML()
        self.undo = w.Button(description="Undo last run", tooltip="Release what your last run added")
        self.offer = Offer(self._resume)
        self.history = History()
        self.undo.on_click(lambda _: self._undo())

    def load(self) -> None:
        """Read the journal.

        Raises:
            JournalError: it cannot be read.
        """
        session = self._session
        at_work = session.at_work()  # before the journal: a run that ends in between is found ended there
        found = history_of(session.journal(), session.account, session.record, me=actor(), at_work=at_work)
        self.history = found
        self.last.value = quiet_html(found.words)
        self.runs.value = wrap(bare_table(found.runs, where="zec.journal()", total=found.total))

    def arrange(self, *, running: bool) -> None:
        """Offer what makes sense now."""
        may = not self._session.read_only
        self.undo.disabled = running or self.history.last is None or not may
        self.offer.show(self.history.interrupted if may else (), running=running)

    def _undo(self) -> None:
        run = self.history.last
        if run is not None and not self.undo.disabled:
            verb = partial(self._session.undo, run)
            self._question.ask(self.history.release, partial(self._run, verb))

    def _resume(self, run: str) -> None:
        self._question.ask(f"Do what is missing of run {run}?", partial(self._run, partial(self._session.resume, run)))
