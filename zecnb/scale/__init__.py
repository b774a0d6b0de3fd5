"""Plans for inventories larger than memory: the planner's own functions on Dask, partitioned by subnet.

Needs ``pip install 'zecnb[scale]'``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from zecnb.errors import UsageError
from zecnb.planner.options import Options

if TYPE_CHECKING:
    import pandas as pd
    from distributed import Client

    from zecnb.scale.result import ScalePlan

__all__ = ["plan"]


def plan(
    requests: object,
    inventory: object,
    *,
    client: Client | None = None,
    claims: pd.DataFrame | None = None,
    memory: pd.DataFrame | None = None,
    partitions: int | None = None,
    **options: Any,
) -> ScalePlan:
    """Judge a batch against an inventory, both of any size; sends nothing.

    The results are those of ``Inventory.plan``: requests and holders are brought together by subnet, and each
    partition is planned by the same functions. (Not settled is only who holds an address that two holders are
    listed for, one of them a vNIC of another subnet; the API lists no such thing, contract.md A26.)

    This call reads everything once, to count it and to refuse what cannot mean anything; planning happens when a
    result of the plan is asked for. The cluster keeps the requests and vNICs, by subnet, and where addresses are
    held (8 bytes each, when there are several VPCs), and spills them to disk when they are too many; held
    addresses with their holders pass through. Each worker knows the subnets, and id and subnet of every vNIC (some
    40 bytes each).

    Args:
        requests: a Dask or pandas DataFrame, or the path of a Parquet file or a folder of them, as
            ``Inventory.plan`` takes it; a row's number is its place in the order of the partitions.
        inventory: the folder of a saved inventory, in which ``holders.parquet`` and ``nics.parquet`` may be
            folders of Parquet files too; or a dict of what ``Inventory.from_frames`` takes, where ``nics`` and
            ``holders`` may be Dask frames.
        client: of a Dask cluster; Dask's current scheduler when None.
        claims: soft reservations, columns of ``schema.CLAIMS``.
        memory: what earlier runs taught of addresses, columns of ``schema.MEMORY``.
        partitions: how many to plan in; by the number of requests and held addresses when None.
        **options: see ``zecnb.planner.options.Options``.

    Raises:
        UsageError: an argument, file or column that cannot mean anything; Dask is not installed; or ranges and
            CIDRs of the requests stand for more than 1,048,576 addresses together (``Inventory.plan`` blocks all
            rows that have any). Bad addresses are findings, not errors.
    """
    chosen = Options.of(options)
    if partitions is not None and (isinstance(partitions, bool) or not isinstance(partitions, int) or partitions < 1):
        raise UsageError(f"partitions is a whole number of 1 or more, not {partitions!r}")
    if client is not None and not hasattr(client, "as_current"):
        raise UsageError(f"client is one of Dask's, distributed.Client(...), not {client!r}")
    try:
        from zecnb.scale.planning import make_scale_plan
    except ImportError as error:
        raise UsageError("planning at scale needs Dask: pip install 'zecnb[scale]'") from error
    return make_scale_plan(
        requests, inventory, client=client, claims=claims, memory=memory, partitions=partitions, options=chosen
    )
