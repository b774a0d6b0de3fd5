"""The palette: every state can be told apart without its colour, and colours by people of any vision."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from zecnb.execution.receipt import STATES
from zecnb.render.palette import DARK, LIGHT, MARKS, TONES, UNSEEN, Cell, Theme, fills, theme, tone_of, tones
from zecnb.schema import VERDICTS


def _rgb(colour: str) -> np.ndarray:
    return np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255


def _luminance(colour: str) -> float:
    """Return relative luminance as WCAG 2.2 defines it."""
    parts = _rgb(colour)
    linear = np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)
    return float(linear @ [0.2126, 0.7152, 0.0722])


def _contrast(one: str, other: str) -> float:
    low, high = sorted((_luminance(one), _luminance(other)))
    return (high + 0.05) / (low + 0.05)


def test_codes_are_fixed():
    """Planner and map write these numbers, so they must not move."""
    assert [(cell.name, int(cell)) for cell in Cell] == [
        ("FREE", 0),
        ("THIS_NIC", 1),
        ("OTHER_NIC", 2),
        ("HAVIP", 3),
        ("LB", 4),
        ("RESERVED", 5),
        ("PLANNED", 6),
        ("CONFLICT", 7),
        ("CLAIMED", 8),
    ]


def test_each_state_has_its_own_word_shape_and_sign():
    """No two states share any of the three ways of telling them without colour."""
    marks = [*MARKS.values(), UNSEEN]
    for field in ("word", "shape", "sign", "rank"):
        values = [getattr(mark, field) for mark in marks]
        assert len(set(values)) == len(marks), field


def test_shapes_stand_out_from_their_cells():
    """A shape, and the number beside it, reads on its cell: WCAG's 4.5:1."""
    for mark in MARKS.values():
        if mark.shape:
            assert _contrast(mark.ink, mark.fill) >= 4.5, mark.word


@pytest.mark.parametrize("paint", [LIGHT, DARK])
def test_text_reads_on_paper(paint: Theme):
    """Main and secondary text have WCAG's 4.5:1 on paper and on free cells."""
    for text, ground in itertools.product((paint.text, paint.quiet), (paint.paper, paint.free)):
        assert _contrast(text, ground) >= 4.5


@pytest.mark.parametrize("paint", [LIGHT, DARK])
def test_ramp_goes_one_way(paint: Theme):
    """Each step of the ramp is further from the paper than the last, and black reads on all."""
    distance = [abs(_luminance(colour) - _luminance(paint.paper)) for colour in paint.ramp]
    assert distance == sorted(distance)
    assert min(_contrast("#000000", colour) for colour in paint.ramp) >= 4.5


def test_fills_follow_the_codes():
    """Row n of the colour table is the fill of state n, free space the theme's."""
    table = fills(LIGHT)
    assert table.shape == (len(Cell), 3)
    assert table[Cell.CONFLICT].tolist() == [0xD5, 0x5E, 0x00]
    assert table[Cell.FREE].tolist() == [0xEE, 0xF1, 0xF4]


def test_theme_by_background():
    """The dark theme has the darker paper."""
    assert theme(dark=True) is DARK
    assert theme(dark=False) is LIGHT


def test_every_verdict_and_state_has_a_tone():
    """Nothing that the planner or a receipt says is shown as an unknown error."""
    assert set(TONES) >= {*VERDICTS, *STATES, "ACCEPTED", "complete", "partial", "failed"}
    assert {tone.name for tone in tones()} == {"good", "same", "care", "bad", "none"}


def test_unknown_words_are_bad():
    """An error code of the API is no known state: it is shown as bad."""
    assert tone_of("INVALID_NIC_NOT_FOUND") == TONES["BLOCK"]
