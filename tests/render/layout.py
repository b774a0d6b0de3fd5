"""Looks at a drawn figure as a reader would: no text cut off, no text over another."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_TOUCH = 1.0  # pixels by which boxes may overlap: they include room for letters that are not there


def check_texts(figure: Figure) -> None:
    """Assert that all texts lie inside the figure and none on another."""
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    texts = [text for axes in figure.axes for text in axes.texts if text.get_text().strip()]
    boxes = np.array([text.get_window_extent(canvas.get_renderer()).extents for text in texts])
    width, height = figure.get_size_inches() * figure.dpi
    for text, (left, bottom, right, top) in zip(texts, boxes, strict=True):
        inside = left >= 0 and bottom >= 0 and right <= width and top <= height
        assert inside, f"{text.get_text()!r} is cut off"
    low = np.maximum(boxes[:, None, :2], boxes[None, :, :2])
    high = np.minimum(boxes[:, None, 2:], boxes[None, :, 2:])
    over = ((high - low) > _TOUCH).all(axis=2)
    pairs = [(texts[a].get_text(), texts[b].get_text()) for a, b in np.argwhere(np.triu(over, 1))]
    assert not pairs, f"texts overlap: {pairs[:5]}"
