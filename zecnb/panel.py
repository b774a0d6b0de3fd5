"""The widget panel: fields in, a verdict live, Assign only for the plan on the screen.

Callbacks copy what is in the fields and hand it to one worker thread; the worker calls the session and sets widget
values. No rule about addresses lives here, and whatever is clicked has a line of code that repeats it.
"""

from __future__ import annotations

import base64
import threading
from functools import partial
from typing import TYPE_CHECKING, Any

import ipywidgets as w

from zecnb.addresses import compact
from zecnb.errors import PlanError, ZecnbError
from zecnb.render.cells import duration, plural
from zecnb.render.panel import (
    STYLE,
    code_html,
    headline,
    nic_html,
    status_html,
    verdicts_html,
)
from zecnb.render.tables import receipt_html
from zecnb.widgets.approval import Approval
from zecnb.widgets.batch import batch_html
from zecnb.widgets.claims import ClaimsBox
from zecnb.widgets.fields import Fields, Form
from zecnb.widgets.keep import code_of, saved_html
from zecnb.widgets.map import draw, subnets_of
from zecnb.widgets.parts import Folds, Question, Writing
from zecnb.widgets.past import Past
from zecnb.widgets.subnetmap import SubnetMap
from zecnb.widgets.words import basis_html, missing, target, verdict_html
from zecnb.widgets.worker import Alarm, Worker

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from zecnb.execution.receipt import Receipt
    from zecnb.planner.plan import Plan
    from zecnb.session import Session

__all__ = ["Panel"]

_TYPED: dict[tuple[str, Fields], Fields] = {}
"""What was typed into panels, by account and arguments, so that running cells again keeps it."""

_QUIET = 0.05  # seconds without a keystroke before a preview
_PICTURE_WAIT = 3.0  # seconds that the static picture may hold up the first display


class Panel(w.VBox):  # type: ignore[misc]  # ipywidgets is untyped
    """A panel for one vNIC or a batch: preview, pick on the map, approve, assign, undo, resume, claim.

    Attributes:
        plan: the plan on the screen, None while there is none.
        receipt: of the last run, None before it.
        form: the fields.
        map: the subnet of the vNIC.
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
        self._account = f"{session.account}, read-only" if session.read_only else session.account
        self._shown: Fields | None = None  # the fields that ``plan`` answers
        self._done: Fields | None = None  # fields that were assigned: asked again, a count picks further addresses
        self._mapped = ""  # the vNIC whose subnet is on the map
        self._placing: int | None = None  # the thread that shows on the map what the field says
        self._worker = Worker(quiet=_QUIET, on_error=self._show_error)
        self._alarm = Alarm()  # goes off when the plan on the screen has become old
        self._reader = Worker(quiet=0.0, on_error=self._show_error)
        self.form, self.map = Form(self._changed, self._worker.do), SubnetMap(layout=w.Layout(display="none"))
        self._build()
        super().__init__(children=self._rows())
        self.add_class("zecnb-panel")
        self._restore(nic_id, ip_addresses, ip_address_count)
        self._watch()
        self._reader.do(self._load_names)
        self._reader.do(self._load_history)
        self._reader.do(self._claims.load)
        self._changed()
        session.watchers.add(self)

    def __repr__(self) -> str:
        return f"Panel({self._session.account})"

    def _repr_mimebundle_(self, **options: Any) -> tuple[dict[str, Any], dict[str, Any]]:
        """Add the picture of the plan, for pages that load no widgets."""
        bundle: dict[str, Any] = super()._repr_mimebundle_(**options)
        if not self._worker.idle(_PICTURE_WAIT) or self.plan is None or len(self.plan.summary) != 1:
            return bundle, {}
        picture, size = self.plan.chart()._repr_png_()
        return {**bundle, "image/png": base64.b64encode(picture).decode()}, {"image/png": size}

    # -- what is on the screen -----------------------------------------------------------------------------------

    def _build(self) -> None:
        self._head = w.HTML(headline(self._account), layout=w.Layout(flex="1 1 auto"))
        self._refresh = w.Button(
            description="Refresh", tooltip="Read the account again", layout=w.Layout(flex="0 0 90px")
        )
        self._status, self._table = w.HTML(), w.HTML()
        self._assign = w.Button(description="Assign", layout=w.Layout(width="170px"))
        self._save = w.Button(description="Save plan", tooltip="Write the plan as a JSON file")
        self._code = w.Button(description="Copy as code", tooltip="Show the code that does the same")
        self._receipt, self._snippet = w.HTML(), w.HTML()
        self._writing = Writing(lambda words: self._tell("running", words))
        self._ask = Question()
        self._past = Past(self._session, self._ask, self._run)
        self._claims = ClaimsBox(
            self._session,
            do=self._reader.do,
            asked=lambda: self.form.addresses.value if self.form.mode.value == "addresses" else "",
            question=self._ask,
            changed=self._judge_again,
            told=lambda count: self._folds.tell("Claims", f"{count:,}"),
        )
        required = self._session.require_approval
        self._approval = Approval(required=required, do=self._reader.do, given=self._approved)
        parts = {"Approval": self._approval, "Claims": self._claims, "Thresholds": self.form.thresholds}
        self._folds = Folds({**parts, "History": self._past.runs})
        if required:
            self._folds.unfold("Approval")

    def _rows(self) -> list[w.Widget]:
        wrap = w.Layout(flex_flow="row wrap")
        top = w.HBox([self._head, self._refresh], layout=w.Layout(justify_content="space-between"))
        verbs = w.HBox([self._assign, self._writing.stop, self._save, self._code, self._past.undo], layout=wrap)
        # What grows and shrinks comes below the map: it must not move between two clicks on it.
        verdict = [self._status, self.map, self._table]
        end = [self._writing.bar, verbs, self._ask, self._past.last, self._folds, self._receipt, self._snippet]
        return [w.HTML(STYLE), top, self._past.offer, self.form, *verdict, *end]

    def _watch(self) -> None:
        self.map.observe(lambda change: self._pick(change["new"]), names="selection")
        for button, act in (
            (self._refresh, self._reread),
            (self._assign, self._confirm_assign),
            (self._save, self._save_plan),
            (self._code, self._show_code),
        ):
            button.on_click(lambda _, act=act: act())

    # -- fields --------------------------------------------------------------------------------------------------

    @property
    def fields(self) -> Fields:
        """What is in the fields now."""
        return self.form.fields

    def _restore(
        self, nic_id: str | None, ip_addresses: str | Iterable[str] | None, ip_address_count: int | None
    ) -> None:
        """Fill the fields: with what stood in them when the same cell ran before, else from the arguments."""
        text = ip_addresses if isinstance(ip_addresses, str | None) else ", ".join(map(str, ip_addresses))
        self._asked = Fields(
            nic=nic_id or "",
            mode="count" if ip_address_count is not None else "addresses",
            addresses=text or "",
            count="" if ip_address_count is None else str(ip_address_count),
        )
        self.form.fill(_TYPED.get((self._session.account, self._asked), self._asked))

    def _changed(self) -> None:
        """Take back the verdict at once, and ask for a new one."""
        fields = self.fields
        _TYPED[self._session.account, self._asked] = fields
        self._ask.dismiss()
        self._snippet.value = ""
        if fields != self._shown:
            self.plan = None
        if fields != self._done:
            self._done = None
        if fields.nic_id != self._mapped:
            self._hide_map()
        self._arrange()
        if fields.blank:
            self._table.value = ""
            self._tell("empty", missing(fields))
        if self.plan is None and (fields.nic_id or not fields.blank):
            if not fields.blank and fields != self._done:
                self._tell("loading", "…")
            self._worker.soon(partial(self._preview, fields))
        elif fields.blank:
            self._hide_map()

    def _hide_map(self) -> None:
        self.map.layout.display = "none"
        self.form.about.value = self._mapped = ""

    def _pick(self, picked: str) -> None:
        """Put what was picked on the map into the address field; picking after a count asks for addresses.

        The map itself may say something older by now: a preview under way shows there what it was asked for.
        """
        form = self.form
        if threading.get_ident() == self._placing:
            return
        if form.mode.value == "addresses":
            form.addresses.value = self.map.merged(form.addresses.value, picked)
        elif picked:
            form.addresses.value = picked
            form.mode.value = "addresses"

    def _place(self, text: str) -> None:
        """Show on the map what a text names; that is no pick, and must not write an older text into the field."""
        self._placing = threading.get_ident()
        try:
            self.map.selection = compact(self.map.asked(text))
        finally:
            self._placing = None

    def _load_names(self) -> None:
        inventory = self._session.inventory()
        pairs = zip(inventory.nics["name"].fillna(""), inventory.nics["nic_id"], strict=True)
        before = self.fields
        self.form.offer(f"{name} · {nic_id}" if name else nic_id for name, nic_id in pairs)
        if self.fields != before:  # what was typed is the name of a vNIC, as is known only now
            self._changed()
        if self.fields.blank and not self.fields.nic_id:  # else a preview tells it, of what that rests on
            self._head.value = basis_html(self._account, inventory, "the account")

    # -- preview -------------------------------------------------------------------------------------------------

    def _preview(self, fields: Fields) -> None:
        """Judge what the fields say, of what was done already only where; runs in the worker."""
        asked = fields.emptied() if fields == self._done else fields
        if asked.blank and not asked.nic_id:
            return
        plan = self._approval.restored(asked.plan(self._session))
        if fields != self.fields:
            return  # typed on meanwhile: another preview is on its way
        batch = fields.mode == "batch"
        table = "" if asked.blank else batch_html(plan) if batch else verdicts_html(plan.frame)
        if fields != self.fields:
            return
        # Everything is made by now, so the parts change together and never contradict each other.
        snapshot = plan.snapshot
        if snapshot is not None:
            self._head.value = basis_html(self._account, snapshot)
        if snapshot is not None and not batch:
            self.form.about.value = nic_html(*snapshot.describe_nic(fields.nic_id), plan.options.cap)
        if snapshot is not None and (subnets := subnets_of(plan, snapshot, fields.nic_id)):
            self._claims.look(snapshot, subnets)
        self.map.layout.display = None if not batch and draw(self.map, plan, fields.nic_id) else "none"
        self._mapped = fields.nic_id
        if not batch:
            self._place(fields.addresses if fields.mode == "addresses" else "")
        if asked.blank:
            return
        self.plan, self._shown = plan, fields
        self._tell_verdict(plan)
        self._table.value = table
        self._alarm.set(max(plan.options.max_age - plan.age, 0) + 1, self._expire)
        self._arrange()

    def _expire(self) -> None:
        """Take back a verdict that has become old: what it rests on may have changed since."""
        plan = self.plan
        if plan is not None and plan.age > plan.options.max_age and not self._writing.active:
            self.plan = self._shown = None
            self._ask.dismiss()
            self._tell("old", f"what was read is {duration(plan.age)} old; Refresh reads it again")
            self._arrange()

    def _tell(self, state: str, words: str) -> None:
        self._status.value = status_html(state, words)

    def _tell_verdict(self, plan: Plan) -> None:
        self._status.value = verdict_html(plan, unapproved=self._approval.demands(plan))

    def _approved(self, plan: Plan, approved: Plan) -> None:
        """Take over an approval, unless the plan on the screen is another one by now."""
        if self.plan is plan:
            self.plan = approved
            self._tell_verdict(approved)
            self._arrange()

    def _show_error(self, error: Exception) -> None:
        """Say in words, inside the panel, what went wrong."""
        words = str(error) if isinstance(error, ZecnbError) else f"{type(error).__name__}: {error}"
        self._writing.end()
        self._forget_verdict()
        self._tell("error", words)
        self._arrange()

    def _forget_verdict(self) -> None:
        """Take the verdict off the screen, so that it cannot be assigned either, and the map that went with it."""
        self.plan = self._shown = None
        self._table.value = ""
        self._hide_map()

    def _arrange(self) -> None:
        """Enable and show exactly what makes sense now."""
        plan, running = self.plan, self._writing.active
        current = plan is not None and self._shown == self.fields and not running
        wanted = plan.adds if plan is not None and current else 0
        may = not self._session.read_only
        ready = bool(may and current and plan is not None and plan.ok and wanted and not self._approval.demands(plan))
        self.form.arrange(running=running)
        self._assign.disabled = not ready
        self._assign.button_style = "primary" if ready else ""  # a pale blue still looks like a button
        self._assign.description = f"Assign {plural(wanted, 'address', 'addresses')}" if ready else "Assign"
        self._save.disabled = self._code.disabled = not current
        self._past.arrange(running=running)
        self._approval.arrange(plan if current else None)

    def outdated(self) -> None:
        """Judge again: the session has changed or read something since."""
        if not self._writing.active:
            self._judge_again()
            self._reader.do(self._load_history)
            self._reader.do(self._claims.load)

    def _judge_again(self) -> None:
        self._shown = None
        self._changed()

    def _reread(self) -> None:
        self._done = None
        self._session.refresh()
        self._reader.do(self._load_names)

    # -- writing -------------------------------------------------------------------------------------------------

    def _confirm_assign(self) -> None:
        plan = self.plan
        if plan is None or self._assign.disabled:
            return
        self._ask.ask(f"{self._assign.description} to {target(plan)}?", partial(self._assign_now, plan))

    def _assign_now(self, plan: Plan) -> None:
        """Send the plan that was agreed to, unless what it rests on has become old meanwhile."""
        if plan.age > plan.options.max_age:
            self._tell("stale", "what this rests on is old; look again, then assign")
            self._reread()
        else:
            self._done = self.fields if self.fields.mode != "addresses" else None
            self._run(partial(self._session.apply, plan))

    def _run(self, verb: Callable[..., Receipt]) -> None:
        stop = self._writing.begin()
        self._arrange()
        self._worker.do(partial(self._execute, verb, stop))

    def _execute(self, verb: Callable[..., Receipt], stop: threading.Event) -> None:
        """Run in the worker, then show what became of it and what holds now."""
        try:
            receipt = self.receipt = verb(report=self._writing.report, stop=stop)
            end, words = "done" if receipt.ok else "partly", receipt.words
            self._done = self._done if receipt.wrote else None
            self._approval.forget()
            self._receipt.value = receipt_html(receipt.frame, f"run {receipt.run_id}")
        except ZecnbError as error:
            end, words = "error", str(error)
            self._done = None if isinstance(error, PlanError) else self._done  # which says that nothing was sent
        finally:
            self._writing.end()
            self.plan = self._shown = None
            self._reader.do(self._load_history)
        if self._done is not None:
            self._table.value = ""
        try:
            self._preview(self.fields)
        except ZecnbError as error:
            self._forget_verdict()
            words += f" · what holds now could not be read: {error}"
        self._tell(end, words)
        self._arrange()

    def _load_history(self) -> None:
        self._past.load()
        self._folds.tell("History", f"{self._past.history.total:,}")
        self._arrange()

    # -- taking it along -----------------------------------------------------------------------------------------

    def _save_plan(self) -> None:
        if self.plan is not None:
            self._snippet.value = saved_html(self.plan, self.fields)

    def _show_code(self) -> None:
        self._snippet.value = code_html(code_of(self.plan, self.fields))
