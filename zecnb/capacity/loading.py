"""The past with what a scenario adds to it, or takes away, on every day of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from zecnb.capacity.whatif import Scenario
    from zecnb.snapshot import Snapshot

__all__ = ["loaded"]


def loaded(history: pd.DataFrame, scenario: Scenario[Any]) -> pd.DataFrame:
    """Return a history as if the scenario's addresses had been held, and its CIDRs been there, all along.

    Subnets that the scenario cut into parts stay as they were, so that their VPC does not lose what they hold. Ranges
    it reserves count for nothing: who claims them has yet to use them.

    Args:
        history: columns of ``schema.HISTORY``.
        scenario: of an inventory with these subnets.
    """
    if not len(history):
        return history
    used, usable = (_change(history["subnet_id"], *sides) for sides in zip(*_sides(scenario), strict=True))
    more = {name: (history[name] + used).clip(lower=0) for name in ("used", "peak")}
    return history.assign(**more, usable=(history["usable"] + usable).clip(lower=0))


def _sides(scenario: Scenario[Any]) -> list[tuple[pd.Series, pd.Series]]:
    """Return used and usable by subnet, in the base and in the scenario."""

    def side(snapshot: Snapshot) -> tuple[pd.Series, pd.Series]:
        ids = pd.Index(snapshot.subnets["subnet_id"])
        return pd.Series(snapshot.seen + snapshot.unseen, ids), pd.Series(snapshot.geometry.usable, ids)

    return [side(scenario.base), side(scenario.inventory)]


def _change(subnet_id: pd.Series, was: pd.Series, now: pd.Series) -> pd.Series:
    return subnet_id.map(now.sub(was)).fillna(0).astype(np.int64)
