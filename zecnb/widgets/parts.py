"""Small parts of the panel: a question before a write and the write under way, sections that open, runs to finish."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

import ipywidgets as w

from zecnb.render.panel import question_html
from zecnb.widgets.words import under_way

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from zecnb.execution.steps import Progress
    from zecnb.widgets.runs import Interrupted

__all__ = ["Folds", "Offer", "Question", "Writing", "offer_choices"]


def offer_choices(dropdown: w.Dropdown, options: Sequence[tuple[str, str]]) -> None:
    """Give a dropdown new options; the chosen one stays chosen while it is there, else the first is."""
    if list(dropdown.options) == list(options):
        return
    chosen = dropdown.value
    dropdown.options = tuple(options)
    values = [value for _, value in options]
    dropdown.index = values.index(chosen) if chosen in values else 0 if values else None


class Question(w.HBox):  # type: ignore[misc]  # ipywidgets is untyped
    """A question with Yes and No, hidden while there is none."""

    def __init__(self) -> None:
        self._answer: Callable[[], None] | None = None
        self.words = w.HTML()
        self.yes, self.no = w.Button(description="Yes", button_style="warning"), w.Button(description="No")
        self.yes.on_click(lambda _: self._agree())
        self.no.on_click(lambda _: self.dismiss())
        super().__init__(children=[self.words, self.yes, self.no], layout=w.Layout(display="none"))
        self.add_class("zecnb-ask")

    def ask(self, words: str, answer: Callable[[], None]) -> None:
        """Show a question; Yes calls ``answer``."""
        self.words.value = question_html(words)
        self._answer = answer
        self.layout.display = None

    def dismiss(self) -> None:
        """Take the question back; a click that comes late does nothing."""
        self._answer = None
        self.layout.display = "none"

    def _agree(self) -> None:
        answer = self._answer
        self.dismiss()
        if answer is not None:
            answer()


class Writing:
    """The bar and the Stop button of a run under way; hidden while there is none.

    Args:
        tell: puts words on the status line.

    Attributes:
        active: whether a run is under way.
    """

    def __init__(self, tell: Callable[[str], None]) -> None:
        self._tell, self._halt, self._began = tell, threading.Event(), 0.0
        self.active = False
        self.bar = w.IntProgress(layout=w.Layout(width="auto", display="none"))
        self.stop = w.Button(
            description="Stop", tooltip="End after the call under way", layout=w.Layout(display="none")
        )
        self.stop.on_click(lambda _: self._stop())

    def begin(self) -> threading.Event:
        """Show that a run begins; return what ends it early."""
        self.active, self._halt, self._began = True, threading.Event(), time.monotonic()
        self.bar.value, self.stop.disabled = 0, False
        self.bar.layout.display = self.stop.layout.display = None
        self._tell("…")
        return self._halt

    def report(self, progress: Progress) -> None:
        """Show how far it is."""
        self.bar.max, self.bar.value = max(progress.total, 1), progress.done
        if not self._halt.is_set():
            self._tell(under_way(progress.done, progress.total, time.monotonic() - self._began))

    def end(self) -> None:
        """Show that it is over."""
        self.active = False
        self.bar.layout.display = self.stop.layout.display = "none"

    def _stop(self) -> None:
        self._halt.set()
        self.stop.disabled = True
        self._tell("stopping after the call under way")


class Folds(w.VBox):  # type: ignore[misc]  # ipywidgets is untyped
    """Sections that are closed until their button is pressed.

    Args:
        parts: heading -> what is below it.
    """

    def __init__(self, parts: Mapping[str, w.Widget]) -> None:
        self._parts = dict(parts)
        for part in parts.values():
            part.add_class("zecnb-fold")
        self._notes = dict.fromkeys(parts, "")
        self.toggles = {
            name: w.ToggleButton(tooltip=f"Show or hide {name.lower()}", layout=w.Layout(width="auto"))
            for name in parts
        }
        for name, toggle in self.toggles.items():
            toggle.observe(lambda _, name=name: self._arrange(name), names="value")
            self._arrange(name)
        buttons = w.HBox(list(self.toggles.values()), layout=w.Layout(flex_flow="row wrap"))
        super().__init__(children=[buttons, *parts.values()])

    def tell(self, name: str, note: str) -> None:
        """Say beside a heading what one would find below it; "" for nothing."""
        self._notes[name] = note
        self._arrange(name)

    def unfold(self, name: str) -> None:
        """Open a section."""
        self.toggles[name].value = True

    def _arrange(self, name: str) -> None:
        toggle, note = self.toggles[name], self._notes[name]
        toggle.description = f"{'▾' if toggle.value else '▸'} {name}{f' ({note})' if note else ''}"
        self._parts[name].layout.display = None if toggle.value else "none"


class Offer(w.HBox):  # type: ignore[misc]  # ipywidgets is untyped
    """Runs that did not come to their end, to be finished one by one.

    Args:
        resume: called with the id of the chosen run.
    """

    def __init__(self, resume: Callable[[str], None]) -> None:
        self._runs: dict[str, Interrupted] = {}
        self._left: set[str] = set()  # runs that were not to be resumed
        self.choice = w.Dropdown(description="Run", layout=w.Layout(width="auto"), style={"description_width": "auto"})
        self.words = w.HTML(layout=w.Layout(flex="1 1 300px"))
        self.resume = w.Button(description="Resume", button_style="warning", tooltip="Do what is missing of it")
        self.drop = w.Button(description="Not now", tooltip="Leave that run as it is")
        self.choice.observe(lambda _: self._tell(), names="value")
        self.resume.on_click(lambda _: self._chosen(resume))
        self.drop.on_click(lambda _: self._chosen(self._leave))
        super().__init__(
            children=[self.choice, self.words, self.resume, self.drop],
            layout=w.Layout(display="none", flex_flow="row wrap"),
        )
        self.add_class("zecnb-ask")

    def show(self, runs: tuple[Interrupted, ...], *, running: bool = False) -> None:
        """Offer runs, newest first; hidden while one is under way or when there is none."""
        self._runs = {run.run_id: run for run in runs if run.run_id not in self._left}
        options = [(f"{run.when} · {run.run_id}", run.run_id) for run in self._runs.values()]
        before = dict(self.choice.options).values()
        offer_choices(self.choice, options)
        if options and options[0][1] not in before:
            self.choice.index = 0  # the run that was stopped just now
        self.choice.layout.display = None if len(options) > 1 else "none"
        self.layout.display = "none" if running or not options else None
        self._tell()

    def _tell(self) -> None:
        run = self._runs.get(self.choice.value)
        words = question_html(run.words if run is not None else "")
        if self.words.value != words:
            self.words.value = words

    def _chosen(self, act: Callable[[str], None]) -> None:
        if self.choice.value is not None:
            act(self.choice.value)

    def _leave(self, run_id: str) -> None:
        self._left.add(run_id)
        self.show(tuple(self._runs.values()))
