"""What all charts share: a value that draws itself, fonts, and files with the same bytes each time.

Charts are built on matplotlib's ``Figure``, never on pyplot: nothing is displayed twice, nothing stays in global
state, and any thread may draw. Nothing here reads the user's matplotlib settings, so a style never changes a chart.
"""

from __future__ import annotations

import io
import threading
import unicodedata
from abc import ABC, abstractmethod
from functools import cache, cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import matplotlib as mpl
import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.backends.backend_pdf import FigureCanvasPdf
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties, fontManager, get_font
from matplotlib.patches import Rectangle
from matplotlib.textpath import text_to_path
from PIL import Image

from zecnb.errors import UsageError
from zecnb.files import whole

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pandas as pd
    from matplotlib.axes import Axes

    from zecnb.render.palette import Theme
    from zecnb.render.redact import Redactor

__all__ = ["DPI", "Chart", "blank_axes", "draw_heading", "fit", "hatch", "label", "new_figure", "write"]

DPI = 96
"""Pixels per inch as shown; PNGs are drawn ``scale`` times finer."""

_HINTING = 1.06  # letters are up to this much wider where pixels are few
_SANS, _MONO = "DejaVu Sans", "DejaVu Sans Mono"  # shipped with matplotlib: the same letters everywhere
_FALLBACKS = ("Noto Sans CJK SC", "Noto Sans SC", "Microsoft YaHei", "PingFang SC", "WenQuanYi Zen Hei", "Noto Sans")
_RENDERING = threading.Lock()  # an SVG's ids depend on a global setting, and FreeType is not for two at a time


class Chart(ABC):
    """A picture as a value: shows itself in notebooks, can be saved, and says the same in words and numbers."""

    dark: bool

    @abstractmethod
    def draw(self) -> Figure:
        """Return a new figure of this chart."""

    @abstractmethod
    def text(self) -> str:
        """Return the picture in words and signs, for terminals and screen readers."""

    @property
    @abstractmethod
    def counts(self) -> pd.DataFrame:
        """The numbers of the picture."""

    @abstractmethod
    def redacted(self) -> Self:
        """Return the same picture without names and addresses."""

    def pseudonymous(self, redactor: Redactor) -> Self:  # noqa: ARG002 - a picture of one thing names nothing
        """Return the same picture with the pseudonyms that the tables beside it have."""
        return self.redacted()

    @abstractmethod
    def __repr__(self) -> str: ...

    @cached_property
    def figure(self) -> Figure:
        """The matplotlib figure, for those who want to add to it; what is saved and shown stays as it was."""
        return self.draw()

    def png(self, scale: float = 2.0) -> bytes:
        """Return the picture as PNG.

        Args:
            scale: pixels per CSS pixel, 0.5..4; 2 is sharp on fine screens.
        """
        return _render(self.draw(), "png", scale)

    def save(self, path: str | Path) -> Path:
        """Write the picture; the same chart gives the same bytes.

        Args:
            path: its suffix tells the format: ``.png``, ``.svg`` or ``.pdf``.

        Raises:
            UsageError: it is none of these, or the file cannot be written.
        """
        path = Path(path)
        kind = path.suffix.lower().removeprefix(".")
        if kind not in _FORMATS:
            raise UsageError(f"{path.name}: charts are saved as .png, .svg or .pdf")
        content = _render(self.draw(), kind)
        with whole(path) as partial:
            partial.write_bytes(content)
        return path

    def _repr_png_(self) -> tuple[bytes, dict[str, Any]]:
        figure = self.draw()
        width, height = figure.get_size_inches() * DPI  # CSS pixels
        return _render(figure, "png", 2.0), {"width": round(width), "height": round(height), "alt": repr(self)}


_FORMATS = ("png", "svg", "pdf")
# Dates and versions would make each file differ from the last.
_SVG_METADATA = {"Date": None, "Creator": None}
_PDF_METADATA = {"CreationDate": None, "Creator": None, "Producer": None}


def _render(figure: Figure, kind: str, scale: float = 2.0) -> bytes:
    """Return the figure as a file's bytes; past ``savefig``, which follows the user's settings."""
    target = io.BytesIO()
    with _RENDERING:
        if kind == "png":
            _write_png(figure, target, scale)
        elif kind == "pdf":
            FigureCanvasPdf(figure).print_pdf(target, metadata=_PDF_METADATA)
        else:
            salt = mpl.rcParams["svg.hashsalt"]
            mpl.rcParams["svg.hashsalt"] = "zecnb"
            try:
                FigureCanvasSVG(figure).print_svg(target, metadata=_SVG_METADATA)
            finally:
                mpl.rcParams["svg.hashsalt"] = salt
    return target.getvalue()


def _write_png(figure: Figure, target: io.BytesIO, scale: float) -> None:
    """Write with 256 colours: a third of the size, which notebooks that hold several pictures feel."""
    figure.set_dpi(DPI * scale)
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    picture = Image.fromarray(np.asarray(canvas.buffer_rgba())).convert("RGB")
    few = picture.quantize(256, method=Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE)
    few.save(target, "png", optimize=True, dpi=(figure.dpi, figure.dpi))


def new_figure(width: float, height: float, paint: Theme) -> Figure:
    """Return an empty figure; sizes in inches."""
    return Figure((width, height), DPI, facecolor=paint.paper, edgecolor=paint.paper, layout="none")  # type: ignore[arg-type]


def blank_axes(figure: Figure, left: float, top: float, width: float, height: float) -> Axes:
    """Return axes without frame or ticks; all in inches, ``top`` measured from the figure's upper edge."""
    full_width, full_height = figure.get_size_inches()
    bottom = full_height - top - height
    box = (left / full_width, bottom / full_height, width / full_width, height / full_height)
    axes = figure.add_axes(box, facecolor="none")
    axes.set_axis_off()
    return axes


def write(
    axes: Axes,
    x: float,
    y: float,
    text: str,
    *,
    colour: str,
    size: float = 8.5,
    mono: bool = False,
    weight: str = "normal",
    width: float | None = None,
    **more: Any,
) -> None:
    """Write plain text (no mathtext: a dollar sign in a name is a dollar sign).

    Args:
        axes: where to.
        x: in the axes' own units.
        y: in the axes' own units.
        text: what to write, see ``label``.
        colour: of the letters.
        size: points.
        mono: with letters of one width.
        weight: normal or bold.
        width: inches it may take; a longer text gets an ellipsis.
        more: what matplotlib's ``Axes.text`` takes.
    """
    font = _font(size, weight, mono=mono)
    text = text if width is None else fit(text, width, size, weight)
    axes.text(
        x, y, text, color=colour, fontproperties=font, parse_math=False, **({"va": "center", "ha": "left"} | more)
    )


def hatch(axes: Axes, x: float, y: float, width: float, height: float, colour: str = "#000000") -> None:
    """Draw stripes over a part of a bar."""
    box = Rectangle((x, y), width, height, fill=False, hatch="//////", edgecolor=colour, linewidth=0, zorder=3)
    box.set_hatch_linewidth(0.6)
    axes.add_patch(box)


def fit(text: str, width: float, size: float, weight: str = "normal") -> str:
    """Return as much of a text as ``width`` inches hold at ``size`` points, with an ellipsis if not all."""
    font = _font(size, weight, mono=False)
    if _inches(text, font) <= width:
        return text
    few, many = 0, len(text)
    while many - few > 1:
        middle = (few + many) // 2
        few, many = (middle, many) if _inches(text[:middle] + "…", font) <= width else (few, middle)
    return text[:few].rstrip() + "…"


def draw_heading(figure: Figure, title: str, line: str, paint: Theme, *, after: str = "") -> Axes:
    """Write a chart's title and the line below it.

    Args:
        figure: where to.
        title: shortened when there is no room for all of it.
        line: below the title.
        paint: the theme.
        after: follows the title and is never shortened.

    Returns:
        Axes over the whole width, in inches.
    """
    width = figure.get_size_inches()[0]
    head = blank_axes(figure, 0, 0, width, 1)
    head.set_xlim(0, width)
    head.set_ylim(1, 0)
    room = width - 0.3
    if after and title:
        after = f" · {after}"
    title = fit(title, room - _inches(after, _font(11, "bold", mono=False)), 11, "bold") + after
    write(head, 0.15, 0.23, title, colour=paint.text, size=11, weight="bold")
    write(head, 0.15, 0.47, line, colour=paint.quiet, size=8.5, width=room)
    return head


def _font(size: float, weight: str, *, mono: bool) -> FontProperties:
    return FontProperties(family=list(_families(mono=mono)), weight=weight, size=size)


def _inches(text: str, font: FontProperties) -> float:
    width, _, _ = text_to_path.get_text_width_height_descent(text, font, ismath=False)
    return float(width) / 72 * _HINTING


@cache
def _families(*, mono: bool) -> tuple[str, ...]:
    """Return the font and those installed ones that have more letters, in order."""
    installed = {entry.name for entry in fontManager.ttflist}
    return (_MONO if mono else _SANS, *(name for name in _FALLBACKS if name in installed))


@cache
def _letters() -> frozenset[int]:
    paths = (fontManager.findfont(FontProperties(family=[name])) for name in _families(mono=False))
    return frozenset(code for path in paths for code in get_font(path).get_charmap())


def _drawable(text: str) -> Iterator[str]:
    letters = _letters()
    for letter in text:
        if letter.isspace() or unicodedata.category(letter) in {"Cc", "Cf", "Co", "Cs"}:
            yield " "
        else:
            yield letter if ord(letter) in letters else "□"


def label(text: str, limit: int = 48) -> str:
    """Return untrusted text fit for one line of a picture.

    Line breaks and control characters become blanks, letters that no installed font has a box, and text beyond
    ``limit`` characters an ellipsis.
    """
    line = " ".join("".join(_drawable(text[: 4 * limit])).split())
    return line if len(line) <= limit else line[: limit - 1].rstrip() + "…"
