"""The widget panel: fields in, a verdict live, Assign only for the plan on the screen.

Callbacks copy what is in the fields and hand it to one worker thread; the worker calls the session and sets widget
values. No rule about addresses lives here, and whatever is clicked has a line of code that repeats it.
"""

from __future__ import annotations

import base64
import threading
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import ipywidgets as w

from zecnb.errors import ZecnbError
from zecnb.planner.options import POLICIES
from zecnb.render.panel import (
    STYLE,
    code_html,
    headline,
    nic_html,
    picture_html,
    question_html,
    status_html,
    verdicts_html,
)
from zecnb.render.tables import receipt_html
from zecnb.worker import Worker

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from zecnb.execution.receipt import Receipt
    from zecnb.execution.steps import Progress
    from zecnb.planner.plan import Plan
    from zecnb.session import Session

__all__ = ["Fields", "Panel"]

_QUIET = 0.12  # seconds without a keystroke before a preview
_SUGGESTIONS = 30


@dataclass(frozen=True)
class Fields:
    """What is in the fields.

    Attributes:
        nic: what stands in the vNIC field, an id or ``name · id``.
        mode: ``addresses`` or ``count``.
        addresses, count: as typed.
        policy: how a count becomes addresses.
    """

    nic: str = ""
    mode: str = "addresses"
    addresses: str = ""
    count: str = ""
    policy: str = "lowest"

    @property
    def nic_id(self) -> str:
        """The id in the vNIC field."""
        return self.nic.rsplit("·", 1)[-1].strip()

    @property
    def blank(self) -> bool:
        """Whether too little is filled in to preview anything."""
        asked = self.addresses if self.mode == "addresses" else self.count
        return not self.nic_id or not asked.strip()

    def arguments(self) -> dict[str, Any]:
        """Return the keyword arguments of ``Session.plan``."""
        if self.mode == "addresses":
            return {"ip_addresses": self.addresses}
        count: int | str = int(self.count) if self.count.strip().isdecimal() else self.count
        return {"ip_address_count": count, **({"policy": self.policy} if self.policy != "lowest" else {})}

    def code(self, verb: str = "plan") -> str:
        """Return the code that repeats what the fields say."""
        arguments = ", ".join(f"{name}={value!r}" for name, value in self.arguments().items())
        line = f"plan = zec.plan({self.nic_id!r}, {arguments})"
        return f"{line}\nreceipt = zec.apply(plan)" if verb == "apply" else line


class Panel(w.VBox):  # type: ignore[misc]  # ipywidgets is untyped
    """A panel for one vNIC: preview, assign, undo.

    Attributes:
        plan: the plan on the screen, None while there is none.
        receipt: of the last run, None before it.
    """

    plan: Plan | None
    receipt: Receipt | None

    def __init__(
        self,
        session: Session,
        *,
        nic_id: str | None = None,
        ip_addresses: str | Iterable[str] | None = None,
        ip_address_count: int | None = None,
    ) -> None:
        self.plan = None
        self.receipt = None
        self._session = session
        self._shown: Fields | None = None  # the fields that ``plan`` answers
        self._names: list[str] = []
        self._stop = threading.Event()
        self._running = False
        self._answer: Callable[[], None] = self._dismiss
        self._worker = Worker(quiet=_QUIET, on_error=self._show_error)
        self._reader = Worker(quiet=0.0, on_error=self._show_error)
        self._build()
        super().__init__(children=self._rows())
        self.add_class("zecnb-panel")
        self._restore(nic_id, ip_addresses, ip_address_count)
        self._watch()
        self._reader.do(self._load_names)
        self._changed()
        session.watchers.add(self)

    def __repr__(self) -> str:
        return f"Panel({self._session.account})"

    # -- what is on the screen -----------------------------------------------------------------------------------

    def _build(self) -> None:
        wide = w.Layout(width="100%")
        label = {"description_width": "80px"}
        self._head = w.HTML(headline(self._session.account))
        self._refresh = w.Button(description="Refresh", tooltip="Read the account again", layout=w.Layout(width="90px"))
        self._nic = w.Combobox(description="vNIC", placeholder="type a name or an id", layout=wide, style=label)
        self._about = w.HTML(layout=w.Layout(margin="0 0 0 84px"))
        self._mode = w.ToggleButtons(
            options=[("Addresses", "addresses"), ("Count", "count")],
            description="Ask for",
            tooltips=["Addresses, ranges and CIDRs", "How many more; the policy chooses which"],
            style={**label, "button_width": "96px"},
        )
        self._addresses = w.Textarea(
            description="Addresses",
            placeholder="10.0.4.10, 10.0.4.20-23, 10.0.4.32/30 - one per line, or between commas or blanks",
            rows=2,
            layout=wide,
            style=label,
        )
        self._count = w.Text(description="Count", placeholder="4", layout=w.Layout(width="180px"), style=label)
        self._policy = w.Dropdown(
            options=list(POLICIES), description="Policy", layout=w.Layout(width="240px"), style=label
        )
        self._status, self._table, self._chart = w.HTML(), w.HTML(), w.HTML()
        self._bar = w.IntProgress(layout=w.Layout(width="100%"))
        self._assign = w.Button(description="Assign", button_style="primary", layout=w.Layout(width="170px"))
        self._cancel = w.Button(description="Stop", tooltip="End after the call under way")
        self._save = w.Button(description="Save plan", tooltip="Write the plan as a JSON file")
        self._code = w.Button(description="Copy as code", tooltip="Show the code that does the same")
        self._undo = w.Button(description="Undo last run", tooltip="Release what the last run added")
        self._question = w.HTML()
        self._yes, self._no = w.Button(description="Yes", button_style="warning"), w.Button(description="No")
        self._ask = w.HBox([self._question, self._yes, self._no])
        self._ask.add_class("zecnb-ask")
        self._receipt, self._snippet = w.HTML(), w.HTML()

    def _rows(self) -> list[w.Widget]:
        top = w.HBox([self._head, self._refresh], layout=w.Layout(justify_content="space-between"))
        self._by_count = w.HBox([self._count, self._policy])
        verbs = w.HBox(
            [self._assign, self._cancel, self._save, self._code, self._undo], layout=w.Layout(flex_flow="row wrap")
        )
        fields = [self._nic, self._about, self._mode, self._addresses, self._by_count]
        verdict = [self._status, self._table, self._chart]
        return [w.HTML(STYLE), top, *fields, *verdict, self._bar, verbs, self._ask, self._receipt, self._snippet]

    def _watch(self) -> None:
        for field in (self._nic, self._mode, self._addresses, self._count, self._policy):
            field.observe(lambda _: self._changed(), names="value")
        for button, act in (
            (self._refresh, self._reread),
            (self._assign, self._confirm_assign),
            (self._undo, self._confirm_undo),
            (self._save, self._save_plan),
            (self._code, self._show_code),
            (self._cancel, self._halt),
            (self._yes, self._agree),
            (self._no, self._dismiss),
        ):
            button.on_click(lambda _, act=act: act())

    # -- fields --------------------------------------------------------------------------------------------------

    @property
    def fields(self) -> Fields:
        """What is in the fields now."""
        return Fields(self._nic.value, self._mode.value, self._addresses.value, self._count.value, self._policy.value)

    def _restore(
        self, nic_id: str | None, ip_addresses: str | Iterable[str] | None, ip_address_count: int | None
    ) -> None:
        """Fill the fields: with what stood in them when the same cell ran before, else from the arguments."""
        text = ip_addresses if isinstance(ip_addresses, str | None) else ", ".join(map(str, ip_addresses))
        asked = Fields(
            nic=nic_id or "",
            mode="count" if ip_address_count is not None else "addresses",
            addresses=text or "",
            count="" if ip_address_count is None else str(ip_address_count),
        )
        fields = self._session.panel_memory.get(asked, asked)
        self._asked = asked
        self._nic.value, self._mode.value, self._addresses.value = fields.nic, fields.mode, fields.addresses
        self._count.value, self._policy.value = fields.count, fields.policy

    def _changed(self) -> None:
        """Take back the verdict at once, and ask for a new one."""
        fields = self.fields
        self._session.panel_memory[self._asked] = fields
        self._addresses.layout.display = None if fields.mode == "addresses" else "none"
        self._by_count.layout.display = None if fields.mode == "count" else "none"
        self._suggest(fields.nic)
        self._answer = self._dismiss
        self._snippet.value = ""
        if fields != self._shown:
            self.plan = None
        self._arrange()
        if fields.blank:
            self._table.value = self._chart.value = self._about.value = ""
            self._status.value = status_html("empty", "Name a vNIC, and addresses or a count.")
        elif self.plan is None:
            self._status.value = status_html("loading", "…")
            self._worker.soon(partial(self._preview, fields))

    def _suggest(self, typed: str) -> None:
        """Offer the vNICs whose name or id contains what was typed."""
        needle = typed.strip().lower()
        found = [name for name in self._names if needle in name.lower()][:_SUGGESTIONS]
        if list(self._nic.options) != found:
            self._nic.options = found

    def _load_names(self) -> None:
        inventory = self._session.inventory()
        pairs = zip(inventory.nics["name"].fillna(""), inventory.nics["nic_id"], strict=True)
        self._names = sorted(f"{name} · {nic_id}" if name else nic_id for name, nic_id in pairs)
        self._suggest(self._nic.value)
        if self.plan is None:
            self._head.value = headline(self._session.account, inventory.age, inventory.share_seen)

    # -- preview -------------------------------------------------------------------------------------------------

    def _preview(self, fields: Fields) -> None:
        """Judge what the fields say; runs in the worker."""
        plan = self._session.plan(fields.nic_id, **fields.arguments())
        if fields != self.fields:
            return  # typed on meanwhile: another preview is on its way
        snapshot = plan.snapshot
        table = verdicts_html(plan.frame)
        chart = _picture(plan) if len(plan.summary) == 1 else ""
        if fields != self.fields:
            return
        # Everything is made by now, so the parts change together and never contradict each other.
        self.plan, self._shown = plan, fields
        self._head.value = headline(self._session.account, plan.age, snapshot.share_seen if snapshot else None)
        self._about.value = nic_html(*snapshot.describe_nic(fields.nic_id), plan.options.nic_limit) if snapshot else ""
        self._status.value = status_html(_state(plan), _tally(plan), plan.summary)
        self._table.value, self._chart.value = table, chart
        self._arrange()

    def _show_error(self, error: Exception) -> None:
        """Say in words, inside the panel, what went wrong."""
        words = str(error) if isinstance(error, ZecnbError) else f"{type(error).__name__}: {error}"
        self._status.value = status_html("error", words)
        self._running = False
        self._arrange()

    def _arrange(self) -> None:
        """Enable and show exactly what makes sense now."""
        plan, running = self.plan, self._running
        current = plan is not None and self._shown == self.fields and not running
        wanted = int(plan.frame["verdict"].isin(["OK", "RISK"]).sum()) if plan is not None and current else 0
        ready = bool(current and plan is not None and plan.ok and wanted)
        self._assign.disabled = not ready
        self._assign.description = f"Assign {wanted} address{'es' * (wanted != 1)}" if ready else "Assign"
        self._save.disabled = self._code.disabled = not current
        self._undo.disabled = running or self.receipt is None or self.receipt.kind != "apply"
        self._bar.layout.display = self._cancel.layout.display = None if running else "none"
        self._ask.layout.display = "none" if self._answer == self._dismiss or running else None

    def outdated(self) -> None:
        """Judge again: the session has changed or read something since."""
        if not self._running:
            self._shown = None
            self._changed()

    def _reread(self) -> None:
        self._session.refresh()
        self._reader.do(self._load_names)

    # -- writing -------------------------------------------------------------------------------------------------

    def _confirm(self, question: str, answer: Callable[[], None]) -> None:
        self._question.value = question_html(question)
        self._answer = answer
        self._arrange()

    def _agree(self) -> None:
        self._answer()

    def _halt(self) -> None:
        self._stop.set()

    def _dismiss(self) -> None:
        self._answer = self._dismiss
        self._arrange()

    def _confirm_assign(self) -> None:
        if self.plan is not None and not self._assign.disabled:
            question = f"{self._assign.description} to {self._nic.value}?"
            self._confirm(question, partial(self._run, partial(self._session.apply, self.plan)))

    def _confirm_undo(self) -> None:
        if self.receipt is not None and not self._undo.disabled:
            verb = partial(self._session.undo, self.receipt)
            self._confirm("Release what the last run added?", partial(self._run, verb))

    def _run(self, verb: Callable[..., Receipt]) -> None:
        self._stop = threading.Event()
        self._running = True
        self._bar.value = 0
        self._status.value = status_html("running", "…")
        self._dismiss()
        self._worker.do(partial(self._execute, verb, self._stop))

    def _execute(self, verb: Callable[..., Receipt], stop: threading.Event) -> None:
        """Run in the worker, then show what became of it and what holds now."""
        self.receipt = verb(report=self._progress, stop=stop)
        self._receipt.value = receipt_html(self.receipt.frame, f"run {self.receipt.run_id}")
        self._running = False
        self._shown = None
        if not self.fields.blank:
            self._preview(self.fields)
        self._status.value = status_html("done" if self.receipt.ok else "partly", self.receipt.words)

    def _progress(self, progress: Progress) -> None:
        self._bar.max, self._bar.value = max(progress.total, 1), progress.done

    # -- taking it along -----------------------------------------------------------------------------------------

    def _save_plan(self) -> None:
        if self.plan is not None:
            path = self.plan.save(f"plan-{self.plan.digest[:12]}.json")
            self._snippet.value = code_html(f"plan = zecnb.Plan.load({path.name!r})")

    def _show_code(self) -> None:
        self._snippet.value = code_html(self.fields.code("apply"))


def _state(plan: Plan) -> str:
    if not plan.ok:
        return "blocked"
    if "RISK" in plan.verdicts:
        return "risk"
    return "ready" if "OK" in plan.verdicts else "nothing"


def _tally(plan: Plan) -> str:
    words = {"OK": "OK", "NOOP": "there already", "RISK": "at risk", "BLOCK": "blocked"}
    return " · ".join(f"{count:,} {words[verdict]}" for verdict, count in plan.verdicts.items())


def _picture(plan: Plan) -> str:
    chart = plan.chart()
    return picture_html(base64.b64encode(chart.png()).decode(), chart.text())
