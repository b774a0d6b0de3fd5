"""Synthetic subnets, one uint8 state per address, the same each time."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from zecnb.render.palette import Cell

if TYPE_CHECKING:
    from numpy.typing import NDArray


def subnet(prefix: int, held: float = 0.6) -> NDArray[np.uint8]:
    """Return a subnet with every state in it (from /27 on), about ``held`` of it taken, three addresses planned."""
    rng = np.random.default_rng(prefix)
    size = 1 << (32 - prefix)
    cells = np.where(rng.random(size) < held, Cell.OTHER_NIC, Cell.FREE).astype(np.uint8)
    if size >= 32:
        places = rng.permutation(np.arange(2, size - 1))
        for state, at in zip((Cell.THIS_NIC, Cell.HAVIP, Cell.LB, Cell.CONFLICT, Cell.CLAIMED), places, strict=False):
            cells[at] = state
        cells[places[10:13]] = Cell.PLANNED
    if size >= 4:
        cells[[0, 1, -1]] = Cell.RESERVED
    return cells
