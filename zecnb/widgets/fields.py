"""The fields of the panel: what is asked for, how it is typed, and the code that repeats it."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import ipywidgets as w

from zecnb.planner.options import POLICIES
from zecnb.render.panel import quiet_html

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


@dataclass(frozen=True)
class Fields:
    """What is in the fields.

    Attributes:
        nic: what stands in the vNIC field, an id or ``name · id``.
        mode: one of ``MODES``.
        addresses, count: as typed.
        policy: how a count becomes addresses.
        batch: the text of a CSV file.
    """

    nic: str = ""
    mode: str = "addresses"
    addresses: str = ""
    count: str = ""
    policy: str = "lowest"
    batch: str = ""

    @property
    def nic_id(self) -> str:
        """The id in the vNIC field; "" for a batch."""
        return "" if self.mode == "batch" else self.nic.rsplit("·", 1)[-1].strip()

    @property
    def blank(self) -> bool:
        """Whether too little is filled in to judge anything."""
        asked = {"addresses": self.addresses, "count": self.count, "batch": self.batch}[self.mode]
        return not asked.strip() or (self.mode != "batch" and not self.nic_id)

    def arguments(self) -> dict[str, Any]:
        """Return the keyword arguments of ``Session.plan``."""
        if self.mode == "addresses":
            return {"ip_addresses": self.addresses}
        policy = {"policy": self.policy} if self.policy != "lowest" else {}
        if self.mode == "batch":
            return policy
        count: int | str = int(self.count) if self.count.strip().isdecimal() else self.count
        return {"ip_address_count": count, **policy}

    def plan(self, session: Session) -> Plan:
        """Judge what the fields say; a pasted batch is read exactly as a file of the same text."""
        if self.mode != "batch":
            return session.plan(self.nic_id, **self.arguments())
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / _FILE
            path.write_text(self.batch, encoding="utf-8", newline="")
            return session.plan(str(path), **self.arguments())

    def code(self, verb: str = "plan") -> str:
        """Return the code that repeats what the fields say."""
        first = _FILE if self.mode == "batch" else self.nic_id
        arguments = ", ".join([repr(first), *(f"{name}={value!r}" for name, value in self.arguments().items())])
        line = f"plan = zec.plan({arguments})"
        return f"{line}\nreceipt = zec.apply(plan)" if verb == "apply" else line


class Form(w.VBox):  # type: ignore[misc]  # ipywidgets is untyped
    """The fields as widgets.

    Args:
        changed: called whenever a field has another value.
    """

    def __init__(self, changed: Callable[[], None]) -> None:
        label = {"description_width": "80px"}
        self.nic = w.Combobox(
            description="vNIC", placeholder="type a name or an id", layout=w.Layout(width="100%"), style=label
        )
        self.about = w.HTML(layout=w.Layout(margin="0 0 0 88px"))
        self.mode = w.ToggleButtons(
            options=[(word, mode) for mode, word in MODES.items()],
            description="Ask for",
            tooltips=["Addresses, ranges and CIDRs", "How many more; the policy chooses which", "A CSV of many vNICs"],
            style={**label, "button_width": "96px"},
        )
        self.addresses = w.Textarea(
            description="Addresses",
            placeholder="10.0.4.10, 10.0.4.20-23, 10.0.4.32/30 - or pick them on the map",
            rows=2,
            layout=w.Layout(width="100%"),
            style=label,
        )
        self.count = w.Text(description="Count", placeholder="4", layout=w.Layout(width="180px"), style=label)
        self.policy = w.Dropdown(
            options=list(POLICIES), description="Policy", layout=w.Layout(width="240px"), style=label
        )
        self.help = w.HTML(layout=w.Layout(margin="0 0 0 88px"))
        self.upload = w.FileUpload(accept=".csv,.tsv,.txt", description="Upload CSV", tooltip="Its text goes below")
        self.batch = w.Textarea(
            description="CSV",
            placeholder="nic_id,ip_addresses,ip_address_count\n1680855999352675875,10.0.4.100-102,",
            rows=6,
            layout=w.Layout(width="100%"),
            style=label,
        )
        self.batch.add_class("zecnb-csv")
        self._names: list[str] = []
        self._changed = changed
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
        values = (self.nic, self.mode, self.addresses, self.count, self.policy, self.batch)
        return Fields(*(field.value for field in values))

    def fill(self, fields: Fields) -> None:
        """Put values into the fields, then watch them."""
        self.nic.value, self.mode.value, self.addresses.value = fields.nic, fields.mode, fields.addresses
        self.count.value, self.policy.value, self.batch.value = fields.count, fields.policy, fields.batch
        for field in (self.nic, self.mode, self.addresses, self.count, self.policy, self.batch):
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
        for field in (self.nic, self.mode, self.addresses, self.count, self.policy, self.batch, self.upload):
            field.disabled = running
        self._suggest()

    def offer(self, names: Iterable[str]) -> None:
        """Take the vNICs to offer, ``name · id`` each."""
        self._names = sorted(names)
        self._suggest()

    def _suggest(self) -> None:
        needle = self.nic.value.strip().lower()
        found = [name for name in self._names if needle in name.lower()][:_SUGGESTIONS]
        if list(self.nic.options) != found:
            self.nic.options = found

    def _take(self, _: object) -> None:
        """Put an uploaded file's text into the field, where it can be read and changed."""
        for file in self.upload.value:
            self.batch.value = bytes(file["content"]).decode("utf-8-sig", errors="replace")
        if self.upload.value:
            self.upload.value = ()
