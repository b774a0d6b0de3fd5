"""Column names as people write them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from zecnb.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["match_columns"]


def match_columns(given: Iterable[object], wanted: Iterable[str]) -> dict[object, str]:
    """Map given column names to wanted ones, ignoring case, blanks, dashes and underscores.

    So ``nicId``, ``NIC ID`` and ``nic_id`` are all ``nic_id``. Names that match nothing are left out.

    Raises:
        UsageError: two given columns mean the same wanted one.
    """
    by_letters = {_letters(name): name for name in wanted}
    found: dict[object, str] = {}
    for name in given:
        match = by_letters.get(_letters(name))
        if match is None:
            continue
        if match in found.values():
            first = next(k for k, v in found.items() if v == match)
            raise UsageError(f"columns {first!r} and {name!r} both mean {match!r}; keep one of them")
        found[name] = match
    return found


def _letters(name: object) -> str:
    return re.sub(r"[^a-z0-9]", "", str(name).lower())
