"""The fields of the panel: what is asked for, how it is typed, and the code that repeats it."""

from __future__ import annotations

import tempfile
from collections import Counter
from dataclasses import astuple, dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import ipywidgets as w

from zecnb.errors import UsageError
from zecnb.planner.options import POLICIES, Options
from zecnb.render.panel import quiet_html
from zecnb.sheets import read_table

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from zecnb.planner.plan import Plan
    from zecnb.session import Session

__all__ = ["MODES", "POLICY_HELP", "Fields", "Form"]

MODES = {"addresses": "Addresses", "count": "Count", "batch": "Batch"}

POLICY_HELP = {
    "lowest": "the lowest free addresses",
    "dense": "the smallest free run that holds them all, else the smallest runs first: large runs stay whole",
    "contiguous": "one run without gaps, or nothing",
    "aligned": "one run that begins at a multiple of the next power of two, so that one CIDR can cover it",
    "near": "those closest to what the vNIC has already",
    "spread": "evenly over the free addresses",
}

_SUGGESTIONS = 30
_FILE = "requests.csv"
_TEXTS = (".csv", ".tsv", ".txt")
_SHEETS = (".xlsx", ".xlsm")


@dataclass(frozen=True)
class Fields:
    """What is in the fields.

    Attributes:
        nic: what stands in the vNIC field, an id or ``name · id``.
        mode: one of ``MODES``.
        addresses, count: as typed.
        policy: how a count becomes addresses.
        batch: the text of a CSV file.
        warn_at, critical_at: utilisation in percent from which on a subnet is said to be filling, or nearly full.
    """

    nic: str = ""
    mode: str = "addresses"
    addresses: str = ""
    count: str = ""
    policy: str = "lowest"
    batch: str = ""
    warn_at: float = 100 * Options.warn_at
    critical_at: float = 100 * Options.critical_at

    @property
    def nic_id(self) -> str:
        """The id in the vNIC field; "" for a batch."""
        return "" if self.mode == "batch" else self.nic.rsplit("·", 1)[-1].strip()

    @property
    def blank(self) -> bool:
        """Whether too little is filled in to judge anything."""
        asked = {"addresses": self.addresses, "count": self.count, "batch": self.batch}[self.mode]
        return not asked.strip() or (self.mode != "batch" and not self.nic_id)

    def emptied(self) -> Fields:
        """Return the same without what is asked for."""
        nothing: dict[str, Any] = {self.mode: ""}
        return replace(self, **nothing)

    def arguments(self) -> dict[str, Any]:
        """Return the keyword arguments of ``Session.plan``."""
        chosen: dict[str, Any] = {
            name: round(getattr(self, name) / 100, 6)
            for name in ("warn_at", "critical_at")
            if getattr(self, name) != getattr(Fields, name)
        }
        if self.mode == "addresses":
            return {"ip_addresses": self.addresses, **chosen}
        policy = {"policy": self.policy} if self.policy != "lowest" else {}
        if self.mode == "batch":
            return {**policy, **chosen}
        count: int | str = int(self.count) if self.count.strip().isdecimal() else self.count
        return {"ip_address_count": count, **policy, **chosen}

    def plan(self, session: Session) -> Plan:
        """Judge what the fields say; a pasted batch is read exactly as a file of the same text."""
        if self.mode != "batch":
            return session.plan(self.nic_id, **self.arguments())
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / _FILE
            path.write_text(self.batch, encoding="utf-8", newline="")
            return session.plan(str(path), **self.arguments())

    def code(self) -> str:
        """Return the code that repeats what the fields say."""
        first = _FILE if self.mode == "batch" else self.nic_id
        arguments = ", ".join([repr(first), *(f"{name}={value!r}" for name, value in self.arguments().items())])
        return f"plan = zec.plan({arguments})"


class Form(w.VBox):  # type: ignore[misc]  # ipywidgets is untyped
    """The fields as widgets.

    Args:
        changed: called whenever a field has another value.
        do: runs a job in the background: a large spreadsheet takes a while to read.

    Attributes:
        thresholds: the fields of the thresholds, to be shown apart.
    """

    def __init__(self, changed: Callable[[], None], do: Callable[[Callable[[], None]], None]) -> None:
        label = {"description_width": "80px"}
        self.nic = w.Combobox(
            description="vNIC", placeholder="type a name or an id", layout=w.Layout(width="auto"), style=label
        )
        self.about = w.HTML(layout=w.Layout(margin="0 0 0 88px"))
        self.mode = w.ToggleButtons(
            options=[(word, mode) for mode, word in MODES.items()],
            description="Ask for",
            tooltip="What is asked for",
            tooltips=["Addresses, ranges and CIDRs", "How many more; the policy chooses which", "A CSV of many vNICs"],
            style={**label, "button_width": "96px"},
        )
        self.addresses = w.Textarea(
            description="Addresses",
            placeholder="10.0.4.10, 10.0.4.20-23, 10.0.4.32/30 - or pick them on the map",
            rows=2,
            layout=w.Layout(width="auto"),
            style=label,
        )
        self.count = w.Text(description="Count", placeholder="4", layout=w.Layout(width="180px"), style=label)
        self.policy = w.Dropdown(
            options=list(POLICIES), description="Policy", layout=w.Layout(width="240px"), style=label
        )
        self.help = w.HTML(layout=w.Layout(margin="0 0 0 88px"))
        self.upload = w.FileUpload(
            accept=",".join(_TEXTS + _SHEETS),
            description="Upload CSV or Excel",
            tooltip="Its text goes below",
            layout=w.Layout(width="auto"),
        )
        self.batch = w.Textarea(
            description="CSV",
            placeholder="nic_id,ip_addresses,ip_address_count\n1680855999352675875,10.0.4.100-102,",
            rows=6,
            layout=w.Layout(width="auto"),
            style=label,
        )
        self.batch.add_class("zecnb-csv")
        self.warn_at, self.critical_at = (
            w.BoundedFloatText(
                description=words,
                tooltip="Utilisation of the subnet",
                min=0,
                max=100,
                step=5,
                style=label,
                layout=w.Layout(width="170px"),
            )
            for words in ("Warning %", "Critical %")
        )
        self._order = w.HTML()
        self.thresholds = w.VBox([w.HBox([self.warn_at, self.critical_at]), self._order])
        self._names: list[str] = []
        self._ids: dict[str, str] = {}  # of names, whatever their case, that one vNIC only has
        self._changed, self._do = changed, do
        self._by_count = w.HBox([self.count, self.policy], layout=w.Layout(flex_flow="row wrap"))
        self._file = w.HBox([self.upload], layout=w.Layout(margin="0 0 0 88px"))
        super().__init__(
            children=[
                self.mode, self.nic, self.about, self.addresses, self._file, self.batch, self._by_count, self.help,
            ]
        )  # fmt: skip

    @property
    def fields(self) -> Fields:
        """What is in the fields now."""
        nic, *others = (field.value for field in self._inputs)
        return Fields(self._ids.get(nic.strip().casefold(), nic), *others)

    @property
    def _inputs(self) -> tuple[w.Widget, ...]:
        """The widgets in the order of ``Fields``."""
        asked = (self.nic, self.mode, self.addresses, self.count, self.policy, self.batch)
        return (*asked, self.warn_at, self.critical_at)

    def fill(self, fields: Fields) -> None:
        """Put values into the fields, then watch them."""
        for field, value in zip(self._inputs, astuple(fields), strict=True):
            field.value = value
            field.observe(lambda _: self._changed(), names="value")
        self.upload.observe(self._take, names="value")

    def arrange(self, *, running: bool) -> None:
        """Show the fields of the mode, and offer the vNICs whose name or id contains what was typed."""
        mode = self.mode.value
        for part, modes in (
            (self.nic, ("addresses", "count")),
            (self.about, ("addresses", "count")),
            (self.addresses, ("addresses",)),
            (self._file, ("batch",)),
            (self.batch, ("batch",)),
            (self._by_count, ("count", "batch")),
            (self.help, ("count", "batch")),
        ):
            part.layout.display = None if mode in modes else "none"
        self.count.layout.display = None if mode == "count" else "none"
        self.help.value = quiet_html(f"{self.policy.value}: {POLICY_HELP[self.policy.value]}")
        low, high = self.warn_at.value, self.critical_at.value
        order = "A plan that takes a subnet there is a risk, and says so."
        self._order.value = quiet_html(order if low <= high else "Critical is below warning: nothing is warned of.")
        for field in (*self._inputs, self.upload):
            field.disabled = running
        self._suggest()

    def offer(self, names: Iterable[str]) -> None:
        """Take the vNICs to offer, ``name · id`` each."""
        self._names = sorted(names)
        pairs = [each.rpartition(" · ")[::2] for each in self._names]
        called = Counter(name.casefold() for name, _ in pairs)
        self._ids = {name.casefold(): nic_id for name, nic_id in pairs if name and called[name.casefold()] == 1}
        self._suggest()

    def _suggest(self) -> None:
        needle = self.nic.value.strip().lower()
        found = [name for name in self._names if needle in name.lower()][:_SUGGESTIONS]
        if list(self.nic.options) != found:
            self.nic.options = found

    def _take(self, _: object) -> None:
        """Put an uploaded file's text into the field, where it can be read and changed."""
        for file in self.upload.value:
            self._do(partial(self._read, file["name"], bytes(file["content"])))
        if self.upload.value:
            self.upload.value = ()

    def _read(self, name: str, content: bytes) -> None:
        self.batch.value = _text_of(name, content)


def _text_of(name: str, content: bytes) -> str:
    """Return an uploaded file as the text of a CSV file.

    Raises:
        UsageError: it is no text, and no spreadsheet that can be read; says why.
    """
    ending = Path(name).suffix
    if ending.lower() in _TEXTS:
        try:
            return content.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            raise UsageError(f"{name} is not UTF-8 text; save it as CSV UTF-8, or as Excel") from error
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"uploaded{ending}"  # a browser's name for a file may be no path at all
        path.write_bytes(content)
        try:
            return read_table(path).to_csv(index=False)
        except UsageError as error:
            raise UsageError(str(error).replace(path.name, name, 1)) from error
