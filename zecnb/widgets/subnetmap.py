"""The subnet map as a widget: every address a cell, to look at and to pick from.

Cells travel as one byte per address, what changes while a person types as four bytes per changed cell. Who holds an
address is asked for when someone looks at it: a /16 has tens of thousands of names.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import anywidget
import numpy as np
import traitlets

from zecnb.addresses import Reason, compact
from zecnb.render.cells import plain
from zecnb.render.palette import DARK, LIGHT, MARKS, Cell, Theme
from zecnb.tokens import expand, split

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

__all__ = ["LARGEST", "SubnetMap"]

LARGEST = 1 << 20
"""Addresses of the largest subnet the widget takes: a /12, 1 MB."""

_STATIC = Path(__file__).parent / "static"
_SOUGHT = (Cell.PLANNED, Cell.CONFLICT)  # drawn as markers where cells are too small to see


class SubnetMap(anywidget.AnyWidget):
    """Every address of a subnet as a cell; click, drag or keys pick free ones into ``selection``.

    Attributes:
        network: first address, as a number.
        cells: uint8, one ``palette.Cell`` per address: what is held, without the plan.
        overlay: little-endian uint32 per cell that the plan changes: offset << 8 | ``palette.Cell``.
        selection: the picked addresses as ranges, as ``compact`` writes them; changed from both sides.
        heading, note: plain text above and below, untrusted.
        unseen: addresses used by something no listing shows.
        marks, themes: the palette.
    """

    _esm = _STATIC / "subnetmap.js"
    _css = _STATIC / "subnetmap.css"

    network = traitlets.Int(0).tag(sync=True)
    cells = traitlets.Bytes(b"").tag(sync=True)
    overlay = traitlets.Bytes(b"").tag(sync=True)
    selection = traitlets.Unicode("").tag(sync=True)
    heading = traitlets.Unicode("").tag(sync=True)
    note = traitlets.Unicode("").tag(sync=True)
    unseen = traitlets.Int(0).tag(sync=True)
    marks: Any = traitlets.List().tag(sync=True)
    themes = traitlets.Dict().tag(sync=True)

    def __init__(self, **traits: Any) -> None:
        super().__init__(marks=_marks(), themes={"light": _theme(LIGHT), "dark": _theme(DARK)}, **traits)
        self._holder_of: Callable[[int], str] = lambda _: ""
        self.on_msg(self._asked)

    def __repr__(self) -> str:
        return f"SubnetMap({self.heading})"

    def show(
        self,
        network: int,
        base: NDArray[np.uint8],
        shown: NDArray[np.uint8],
        *,
        heading: str = "",
        note: str = "",
        unseen: int = 0,
        holder_of: Callable[[int], str] | None = None,
    ) -> None:
        """Show a subnet; the parts change together, and what did not change is not sent again.

        Args:
            network: first address.
            base: uint8, one ``palette.Cell`` per address: what is held.
            shown: the same with a plan drawn in.
            heading: above the map, untrusted text.
            note: below it, untrusted text.
            unseen: addresses used by something no listing shows.
            holder_of: offset of an address -> who holds it, untrusted text; asked for the cell one looks at.
        """
        changed = np.flatnonzero(base != shown).astype("<u4")
        self._holder_of = holder_of or (lambda _: "")
        with self.hold_sync():
            self.network = network
            self.cells = base.tobytes()
            self.overlay = (changed << np.uint32(8) | shown[changed]).astype("<u4").tobytes()
            self.heading, self.note, self.unseen = plain(heading), plain(note), unseen

    def asked(self, text: str) -> NDArray[np.uint32]:
        """Return the addresses of this subnet that a text names, sorted and distinct."""
        found = expand(split(text))
        values = found.value[found.reason == Reason.OK].astype(np.int64)
        inside = (values >= self.network) & (values < self.network + len(self.cells))
        return np.unique(values[inside]).astype(np.uint32)

    def merged(self, text: str, picked: str) -> str:
        """Return a text with the addresses of this subnet replaced by those picked; the rest of it stays."""
        if compact(self.asked(text)) == picked:
            return text
        tokens = split(text)
        found = expand(tokens)
        good = found.reason == Reason.OK
        outside = good & ~np.isin(found.value, self.asked(text))
        bad = dict.fromkeys(str(word) for word in found.text.filter(~good).to_pylist())
        return ", ".join(filter(None, [picked, compact(np.unique(found.value[outside])), *bad]))

    def _asked(self, _: object, message: object, __: object) -> None:
        """Answer who holds an address; what comes from a browser is checked."""
        offset = message.get("holder_of") if isinstance(message, dict) else None
        if isinstance(offset, int) and 0 <= offset < len(self.cells):
            self.send({"offset": offset, "words": plain(self._holder_of(offset))})


def _marks() -> list[dict[str, Any]]:
    """Return the palette's states by code, as the browser draws them."""
    return [
        {
            **MARKS[cell]._asdict(),
            "shape": _points(MARKS[cell].shape),
            "sought": cell in _SOUGHT,
            "stays": cell == Cell.CONFLICT,
        }
        for cell in Cell
    ]


def _points(shape: str | tuple[tuple[float, float], ...]) -> str | list[list[float]]:
    return shape if isinstance(shape, str) else [list(point) for point in shape]


def _theme(colours: Theme) -> dict[str, str]:
    return {name: value for name, value in colours._asdict().items() if isinstance(value, str)}
