"""Claims in the panel: those on the subnets in view, a new one for what is in the address field, giving one up."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import ipywidgets as w
import numpy as np
import pandas as pd
import pyarrow as pa

from zecnb.errors import ZecnbError
from zecnb.render.panel import quiet_html
from zecnb.render.tables import bare_table, wrap
from zecnb.tokens import spans, split
from zecnb.widgets.parts import offer_choices

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from zecnb.session import Session
    from zecnb.snapshot import Snapshot
    from zecnb.widgets.parts import Question

__all__ = ["ClaimsBox", "touching"]


def touching(claims: pd.DataFrame, snapshot: Snapshot, subnets: Sequence[int]) -> pd.DataFrame:
    """Return the claims that hold in some subnets.

    Args:
        claims: ``Session.claims.list()``.
        snapshot: what has the subnets.
        subnets: their positions.
    """
    low, high, _ = spans(pa.array(claims["range"].tolist(), pa.large_string()))
    touched = np.zeros(len(claims), bool)
    geometry = snapshot.geometry
    for at in subnets:
        row = snapshot.subnets.iloc[at]
        here = (low <= geometry.broadcast[at]) & (high >= geometry.network[at]) & bool(geometry.ipv4[at])
        for name in ("vpc_id", "subnet_id"):
            here &= (claims[name].isna() | (claims[name] == row[name])).to_numpy(bool)
        touched |= here
    return claims[touched]


class ClaimsBox(w.VBox):  # type: ignore[misc]  # ipywidgets is untyped
    """The claims on what is in view, and fields to make and give up one.

    Args:
        session: whose claims.
        do: runs a job in the background: the store may be a database far away.
        asked: returns what stands in the address field.
        question: asked before a claim is given up.
        changed: called in the background when there is a claim more or less.
        told: given how many there are.
    """

    def __init__(
        self,
        session: Session,
        *,
        do: Callable[[Callable[[], None]], None],
        asked: Callable[[], str],
        question: Question,
        changed: Callable[[], None],
        told: Callable[[int], None],
    ) -> None:
        label = {"description_width": "80px"}
        self._session, self._do, self._asked, self._question = session, do, asked, question
        self._changed, self._told = changed, told
        self._where: tuple[Snapshot, list[int]] | None = None
        self.table, self.words = w.HTML(), w.HTML()
        self.choice = w.Dropdown(description="Claim", style=label, layout=w.Layout(width="360px"))
        self.release = w.Button(description="Release", tooltip="Give up the chosen claim")
        self.range = w.Text(
            description="Range", placeholder="what is in the address field", style=label, layout=w.Layout(width="360px")
        )
        self.owner = w.Text(description="Owner", placeholder="Ann", style=label, layout=w.Layout(width="240px"))
        self.purpose = w.Text(
            description="Purpose", placeholder="failover", style=label, layout=w.Layout(width="360px")
        )
        self.until = w.Text(description="Until", placeholder="2026-12-31", style=label, layout=w.Layout(width="240px"))
        self.add = w.Button(description="Claim", tooltip="Block these addresses for every other plan of this account")
        self.add.on_click(lambda _: self._add())
        self.release.on_click(lambda _: self._confirm_release())
        self._held = w.HBox([self.choice, self.release], layout=w.Layout(flex_flow="row wrap"))
        parts = [self.range, self.owner, self.purpose, self.until, self.add]
        fields = w.HBox(parts, layout=w.Layout(flex_flow="row wrap"))
        super().__init__(children=[self.table, self._held, fields, self.words])

    def look(self, snapshot: Snapshot, subnets: list[int]) -> None:
        """Show the claims of some subnets; nothing is read when those are the ones in view already."""
        if self._where is None or self._where[0] is not snapshot or self._where[1] != subnets:
            self._where = snapshot, subnets
            self._do(self.load)

    def load(self) -> None:
        """Read the claims of the subnets in view, or of the account while there are none; not in a callback."""
        claims = self._session.claims.list()
        if self._where is not None:
            claims = touching(claims, *self._where)
        view = claims[["range", "owner", "purpose", "until", "made_by"]].copy()
        view["state"] = claims["expired"].map({True: "expired", False: "binding"})
        place = "this subnet" if self._where is not None and len(self._where[1]) == 1 else "these subnets"
        none = quiet_html(f"No claim touches {place if self._where is not None else 'this account'}.")
        self.table.value = wrap(bare_table(view, where="zec.claims.list()")) if len(claims) else none
        named = zip(claims["range"], claims["owner"], claims["claim_id"], strict=True)
        offer_choices(self.choice, [(f"{range_} · {owner}", claim_id) for range_, owner, claim_id in named])
        self._held.layout.display = None if len(claims) else "none"
        self._told(len(claims))

    def _add(self) -> None:
        tokens = split(self.range.value or self._asked()).to_pylist()
        subnet = None
        if self._where is not None and len(self._where[1]) == 1:
            snapshot, (at,) = self._where
            subnet = snapshot.subnets["subnet_id"].iloc[at]  # the same addresses elsewhere are none of this claim's
        given = {"owner": self.owner.value, "purpose": self.purpose.value, "until": self.until.value}
        rows = pd.DataFrame([{"range": token, **given, "subnet_id": subnet} for token in tokens], dtype="str")
        if not tokens:
            self.words.value = quiet_html("Name a range, or pick addresses first.")
            return
        self._do(partial(self._try, partial(self._session.claims.load, rows), f"claimed {', '.join(tokens[:5])}"))

    def _confirm_release(self) -> None:
        label, claim = self.choice.label, self.choice.value
        if claim is not None:
            verb = partial(self._session.claims.release, claim)
            job = partial(self._try, verb, f"released the claim on {label}")
            self._question.ask(f"Release the claim on {label}?", partial(self._do, job))

    def _try(self, verb: Callable[[], object], done: str) -> None:
        """Change the claims in the background, and say beside the fields what came of it."""
        try:
            verb()
        except ZecnbError as error:
            self.words.value = quiet_html(str(error))
            return
        self.words.value = quiet_html(done)
        self.load()
        self._changed()
