"""The subnet map without a browser: what it sends, what it takes back, and that the palette is the only source."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest

from zecnb.addresses import parse
from zecnb.render.palette import DARK, LIGHT, MARKS, Cell
from zecnb.widgets import subnetmap
from zecnb.widgets.subnetmap import SubnetMap

STATIC = Path(subnetmap.__file__).parent / "static"
NETWORK = int(parse(["10.0.4.0"])[0][0])


def shown(**options: object) -> SubnetMap:
    """A map of a /24: the gateway reserved, .10 held, .20 planned, .10 in conflict."""
    base = np.zeros(256, np.uint8)
    base[[0, 1, 255]], base[10] = Cell.RESERVED, Cell.OTHER_NIC
    drawn = base.copy()
    drawn[20], drawn[10] = Cell.PLANNED, Cell.CONFLICT
    picture = SubnetMap()
    picture.show(NETWORK, base, drawn, heading="app · 10.0.4.0/24", **options)
    return picture


def test_cells_are_one_byte_each() -> None:
    """A subnet travels as bytes; what the plan changes as four bytes per changed cell."""
    picture = shown()
    assert isinstance(picture.cells, bytes)
    assert len(picture.cells) == 256
    assert picture.cells[10] == Cell.OTHER_NIC
    changed = np.frombuffer(picture.overlay, "<u4")
    assert [(int(entry) >> 8, int(entry) & 255) for entry in changed] == [(10, Cell.CONFLICT), (20, Cell.PLANNED)]


def test_typing_sends_no_cells_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """Another plan over the same subnet sends the overlay only."""
    picture = shown()
    sent: list[list[str]] = []
    monkeypatch.setattr(picture, "send_state", lambda key: sent.append(sorted(key)))
    base = np.frombuffer(picture.cells, np.uint8)
    drawn = base.copy()
    drawn[30] = Cell.PLANNED
    picture.show(NETWORK, base, drawn, heading=picture.heading)
    assert sent == [["overlay"]]


def test_the_palette_is_the_only_source() -> None:
    """Colours, words and shapes reach the browser from the palette, and none stands in the script."""
    picture = SubnetMap()
    assert [mark["word"] for mark in picture.marks] == [mark.word for mark in MARKS.values()]
    assert [mark["fill"] for mark in picture.marks] == [mark.fill for mark in MARKS.values()]
    assert picture.themes["light"]["free"] == LIGHT.free
    assert picture.themes["dark"]["free"] == DARK.free
    assert not re.search(r"#[0-9a-fA-F]{6}", (STATIC / "subnetmap.js").read_text())
    json.dumps(picture.marks)


def test_the_script_knows_every_shape() -> None:
    """Each marker of the palette that goes by a name has its outline in the script."""
    script = (STATIC / "subnetmap.js").read_text()
    named = {mark.shape for mark in MARKS.values() if isinstance(mark.shape, str) and mark.shape}
    assert named <= set(re.findall(r'^  "(.)": ', script, re.MULTILINE))


def test_names_become_text_only() -> None:
    """The script writes no markup: what it shows is untrusted."""
    script = (STATIC / "subnetmap.js").read_text()
    assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(|new Function", script)
    assert "http" not in script + (STATIC / "subnetmap.css").read_text()


def test_headings_lose_what_steers_a_screen() -> None:
    """Line breaks and characters that reverse the reading order become stand-ins."""
    picture = SubnetMap()
    picture.show(NETWORK, np.zeros(8, np.uint8), np.zeros(8, np.uint8), heading="a\u202eb\nc", note="d\x1be")
    assert picture.heading == "a\ufffdb c"
    assert picture.note == "d\ufffde"


@pytest.mark.parametrize(
    ("field", "picked", "merged"),
    [
        ("", "10.0.4.5-6", "10.0.4.5-6"),
        ("10.0.4.5", "", ""),
        ("10.0.4.5 10.0.4.6", "10.0.4.5-6", "10.0.4.5 10.0.4.6"),
        ("10.0.9.1, 10.0.4.5", "10.0.4.7", "10.0.4.7, 10.0.9.1"),
        ("10.0.4.5, ten, 10.0.4.300", "10.0.4.5, 10.0.4.9", "10.0.4.5, 10.0.4.9, ten, 10.0.4.300"),
    ],
)
def test_picks_keep_the_rest_of_the_field(field: str, picked: str, merged: str) -> None:
    """What was typed stays unless it says something else than the map; other subnets and bad tokens stay too."""
    assert shown().merged(field, picked) == merged


@pytest.mark.parametrize("message", [None, [], {}, {"holder_of": "1"}, {"holder_of": -1}, {"holder_of": 256}])
def test_odd_questions_get_no_answer(message: object, monkeypatch: pytest.MonkeyPatch) -> None:
    """Messages from a browser are checked before they are used."""
    picture = shown(holder_of=lambda _: "somebody")
    sent: list[object] = []
    monkeypatch.setattr(picture, "send", sent.append)
    picture._asked(picture, message, [])
    assert sent == []


def test_the_holder_is_asked_for_when_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    """One cell, one answer, as plain text."""
    picture = shown(holder_of=lambda offset: f"web-{offset}\n<b>")
    sent: list[object] = []
    monkeypatch.setattr(picture, "send", sent.append)
    picture._asked(picture, {"holder_of": 10}, [])
    assert sent == [{"offset": 10, "words": "web-10 <b>"}]


def test_repr_is_one_line() -> None:
    """The text form says which subnet it is."""
    assert repr(shown()) == "SubnetMap(app · 10.0.4.0/24)"
