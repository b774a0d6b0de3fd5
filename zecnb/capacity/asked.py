"""What callers ask for: numbers and vNICs, checked before anything is thought of."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from zecnb.columns import is_whole, positions
from zecnb.errors import UsageError
from zecnb.render.cells import plural
from zecnb.snapshot import Snapshot

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

__all__ = ["MOST", "exceeds", "nic_positions", "snapshot_of", "whole"]

MOST = 1 << 32
"""No number of addresses or vNICs is larger."""


def snapshot_of(held: object) -> Snapshot:
    """Return an inventory, or what a scenario results in.

    Raises:
        UsageError: it is neither.
    """
    inventory = getattr(held, "inventory", held)
    if not isinstance(inventory, Snapshot):
        raise UsageError(
            f"an inventory or a scenario is wanted, as zec.inventory() reads it, not {type(held).__name__}"
        )
    return inventory


def nic_positions(snapshot: Snapshot, nic_ids: str | Sequence[str]) -> NDArray[np.int64]:
    """Return the positions of vNICs, sorted, each once.

    Raises:
        UsageError: one is not there.
    """
    ids = [nic_ids] if isinstance(nic_ids, str) else list(nic_ids) if isinstance(nic_ids, Iterable) else [nic_ids]
    if odd := [each for each in ids if not isinstance(each, str)]:
        raise UsageError(f"vNIC ids are text, not {odd[0]!r}")
    at = positions(snapshot.nic_ids, pa.array(ids, pa.large_string()))
    if (at < 0).any():
        missing = ids[int(np.argmax(at < 0))]
        raise UsageError(f"no vNIC {missing!r} in this inventory of {plural(len(snapshot.nics), 'vNIC')}")
    return np.unique(at)


def exceeds(used: NDArray[np.int64] | int, nic_limit: int | None) -> NDArray[np.bool_]:
    """Return whether so many addresses are more than a vNIC may have.

    Raises:
        UsageError: the limit is no whole number of 1 or more.
    """
    if nic_limit is None:
        return np.zeros(np.shape(used), np.bool_)
    whole(nic_limit=nic_limit)
    return np.asarray(np.asarray(used) > nic_limit)


def whole(least: int = 1, /, **numbers: int | None) -> None:
    """Check that numbers are whole, and neither too small nor beyond ``MOST``.

    Raises:
        UsageError: one is not; names it.
    """
    for name, value in numbers.items():
        if not is_whole(value) or not least <= value <= MOST:
            raise UsageError(f"{name} is a whole number of {least} or more, not {value!r}")
