"""What all charts share: files, formats, untrusted text, threads."""

from __future__ import annotations

import io
import re
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import matplotlib as mpl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from tests.render.frames import EVIL
from tests.render.subnets import subnet
from zecnb.errors import UsageError
from zecnb.render.figures import DPI, label
from zecnb.render.occupancy import OccupancyChart

if TYPE_CHECKING:
    from pathlib import Path


def _chart(**more: object) -> OccupancyChart:
    return OccupancyChart("10.0.4.0/26", subnet(26), **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("suffix", "magic"), [("png", b"\x89PNG"), ("svg", b"<?xml"), ("pdf", b"%PDF"), ("PNG", b"\x89PNG")]
)
def test_suffix_tells_the_format(tmp_path: Path, suffix: str, magic: bytes):
    """Each format is written by its suffix, in either case."""
    assert _chart().save(tmp_path / f"chart.{suffix}").read_bytes().startswith(magic)


@pytest.mark.parametrize("kind", ["png", "svg", "pdf"])
def test_same_chart_same_bytes(tmp_path: Path, kind: str):
    """No dates, no random ids: a chart in version control changes only when its content does."""
    one, other = (_chart().save(tmp_path / f"{name}.{kind}").read_bytes() for name in "ab")
    assert one == other


def test_unknown_format_is_refused(tmp_path: Path):
    """A format nobody can write is an error that lists those that can be."""
    with pytest.raises(UsageError, match=r"\.png, \.svg or \.pdf"):
        _chart().save(tmp_path / "chart.gif")


def test_folder_that_is_not_there(tmp_path: Path):
    """A file that cannot be written is a UsageError that names it."""
    with pytest.raises(UsageError, match="cannot write"):
        _chart().save(tmp_path / "missing" / "chart.png")


def test_users_style_changes_nothing():
    """Whatever a notebook set in matplotlib, the same chart comes out."""
    before = _chart().png()
    with mpl.rc_context({"font.size": 20, "axes.facecolor": "red", "savefig.bbox": "tight", "figure.autolayout": True}):
        assert _chart().png() == before


def test_saving_leaves_settings_alone(tmp_path: Path):
    """The one global setting that SVG needs is put back."""
    before = dict(mpl.rcParams)
    _chart().save(tmp_path / "chart.svg")
    assert dict(mpl.rcParams) == before


def test_own_figure_is_not_what_is_shown():
    """Adding to ``.figure`` does not change what is shown or saved later."""
    chart = _chart()
    before = chart.png()
    chart.figure.text(0.5, 0.5, "mine", fontsize=40)
    assert chart.figure is chart.figure
    assert chart.png() == before


def test_notebook_picture_has_its_size_and_words():
    """A notebook gets the size in CSS pixels, half of the file's, and a text for who cannot see it."""
    data, shown = _chart()._repr_png_()
    width, height = Image.open(io.BytesIO(data)).size
    assert (shown["width"] * 2, shown["height"] * 2) == pytest.approx((width, height), abs=2)
    assert shown["alt"].startswith("OccupancyChart(10.0.4.0/26: ")


def test_scale_sets_the_pixels():
    """A scale of one gives one pixel per CSS pixel."""
    width = Image.open(io.BytesIO(_chart().png(scale=1))).size[0]
    assert width == round(_chart().draw().get_size_inches()[0] * DPI)


def test_threads_do_not_mix():
    """Sixteen charts drawn at once by four threads are those drawn one by one."""
    charts = [OccupancyChart("10.0.4.0/28", subnet(28), title=f"subnet {n}") for n in range(16)]
    alone = [chart.png(scale=1) for chart in charts]
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(lambda chart: chart.png(scale=1), charts)) == alone


def test_names_are_plain_text():
    """A dollar sign starts no formula, and markup in a name is text in an SVG."""
    chart = _chart(title="cost $x_1$ \\frac", nic_name=EVIL)
    texts = [text.get_text() for axes in chart.figure.axes for text in axes.texts]
    assert any("cost $x_1$ \\frac" in text for text in texts)
    assert chart.png()


def test_no_markup_in_svg(tmp_path: Path):
    """An SVG has no element that a name could bring in."""
    svg = _chart(title=EVIL, nic_name="<script>alert(1)</script>").save(tmp_path / "chart.svg").read_text()
    assert not re.search(r"<(img|script|foreignObject|a)\b", svg)


@given(st.text(alphabet=st.characters(exclude_categories=()), max_size=300))
def test_any_name_fits_one_line(name: str):
    """Whatever a name holds, its label is one printable line of bounded length."""
    line = label(name, 30)
    assert len(line) <= 30
    assert line == " ".join(line.split())
    assert line.isprintable()


@settings(max_examples=25)  # each draws a picture
@given(st.text(alphabet=st.characters(exclude_categories=()), max_size=30))
def test_any_name_can_be_drawn(name: str):
    """No name makes drawing fail or warn (warnings are errors here)."""
    OccupancyChart("10.0.4.0/30", subnet(30), title=name, nic_name=name).png(scale=0.5)


def test_letters_without_a_font_become_boxes():
    """A letter that no installed font has is a box, not a warning."""
    assert label("web\U0001f9ff07") == "web□07"
