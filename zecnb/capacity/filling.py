"""How full subnets are when claims keep some of their addresses."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from zecnb.capacity.placing import claimed_keys
from zecnb.ledger import Runs, count_by_subnet, merge

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from zecnb.snapshot import Snapshot

__all__ = ["filling"]


def filling(snapshot: Snapshot, subnets: NDArray[np.int64], claims: pd.DataFrame | None = None) -> pd.DataFrame:
    """Return how full subnets are, one row each; ``used``, ``reserved`` and ``free`` add up to ``usable``.

    Args:
        snapshot: what is held.
        subnets: sorted unique positions of IPv4 subnets.
        claims: reservations, columns of ``schema.CLAIMS``; what is held already is used, not reserved.

    Returns:
        ``subnet_id, name, cidr, usable, used`` (unseen ones included), ``reserved, free, utilisation`` (used of
        usable, 0..1), ``largest_run`` (neither held nor reserved).

    Raises:
        UsageError: a claim's range is no address, range or CIDR.
    """
    taken, claimed = snapshot.ledger.of_subnets(subnets), claimed_keys(snapshot, claims, subnets)
    usable = snapshot.geometry.usable[subnets]
    used = np.minimum((snapshot.seen + snapshot.unseen)[subnets], usable)
    free = np.maximum(usable - used - count_by_subnet(claimed, subnets), 0)
    return pd.DataFrame(
        {
            "subnet_id": snapshot.subnets["subnet_id"].array.take(subnets),
            "name": snapshot.subnets["name"].array.take(subnets),
            "cidr": snapshot.subnets["cidr_block"].array.take(subnets),
            "usable": usable,
            "used": used,
            "reserved": usable - used - free,
            "free": free,
            "utilisation": np.where(usable > 0, used / np.maximum(usable, 1), 1.0),
            "largest_run": Runs.between(merge(taken, claimed)).longest(subnets),
        }
    )
