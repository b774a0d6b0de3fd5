"""What the journal taught about addresses: which the API refused though nothing shows a holder, which were released."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from zecnb.execution.history import read_record
from zecnb.planner.memory import REFUSED, RELEASED
from zecnb.schema import MEMORY, conform

if TYPE_CHECKING:
    from zecnb.execution.journal import Journal

__all__ = ["read_memory"]

_IN_USED = "INVALID_SUBNET_PRIVATE_IPV4_IN_USED"


def read_memory(journal: Journal, account: str) -> pd.DataFrame:
    """Return what an account's runs taught of addresses, columns of ``schema.MEMORY``.

    A refusal is laid at an address only where the call had no other: the API does not say which it means.

    Raises:
        JournalError: the journal cannot be read.
    """
    events = journal.frame()
    events = events[(events["account"] == account) & events["event"].isin(["outcome", "resolved"])]
    undone = (events["kind"] == "undo") & events["returned"].map(bool)
    refused = (events["kind"] == "apply") & (events["code"] == _IN_USED) & (events["asked"].map(_length) == 1)
    homes: dict[str, dict[int, str]] = {}
    rows = []
    for event in events[undone | refused].to_dict("records"):
        run = event["run_id"]
        if run not in homes:
            homes[run] = {step.call: step.subnet_id for step in read_record(journal, run).steps}
        named, what = (event["returned"], RELEASED) if event["kind"] == "undo" else (event["asked"], REFUSED)
        subnet = homes[run].get(event["call"])
        rows += [(subnet, address, what, event["at"], event["nic_id"]) for address in named]
    return conform(pd.DataFrame(rows, columns=list(MEMORY)), MEMORY, required=(), what="memory")


def _length(value: object) -> int:
    return len(value) if isinstance(value, list) else 0
