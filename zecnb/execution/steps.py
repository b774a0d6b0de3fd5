"""What execution works with: the steps of a run, and the two things it needs from outside."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple, Protocol

import pandas as pd

if TYPE_CHECKING:
    from collections.abc import Sequence

    from zecnb.inventory import Inventory
    from zecnb.planner.plan import Plan

__all__ = ["Answer", "Api", "Observe", "Progress", "Report", "Step", "steps_of"]


class Step(NamedTuple):
    """One API call to make.

    Attributes:
        call: 0-based order in the plan.
        nic_id: vNIC.
        subnet_id: its subnet; steps of one subnet run one after the other.
        addresses: what the plan says they will be; what is sent, unless a count is.
        ip_address_count: the count to send, None to send addresses.
    """

    call: int
    nic_id: str
    subnet_id: str
    addresses: tuple[str, ...]
    ip_address_count: int | None = None


class Answer(Protocol):
    """What a successful write returns."""

    @property
    def ip_addresses(self) -> Sequence[str]:
        """Addresses the API says it assigned; empty for a release."""

    @property
    def request_id(self) -> str:
        """The API's requestId."""

    @property
    def http_status(self) -> int:
        """HTTP status."""


class Api(Protocol):
    """The writes that execution makes. Both raise ``CloudError``."""

    def batch_assign_network_interface_ipv4(
        self, nic_id: str, *, ip_addresses: Sequence[str] | None = None, ip_address_count: int | None = None
    ) -> Answer:
        """Assign addresses to a vNIC, by list or by count."""

    def unassign_network_interface_ipv4(self, nic_id: str, ip_addresses: Sequence[str]) -> Answer:
        """Release secondary addresses of a vNIC."""

    def bound_addresses(self, nic_ids: Sequence[str]) -> dict[tuple[str, str], str]:
        """Return which addresses of some vNICs something depends on, and what: ``(nic_id, address) -> words``."""


class Observe(Protocol):
    """Reads, fresh, what some vNICs and their subnets hold."""

    def __call__(self, nic_ids: Sequence[str]) -> Inventory:
        """Return an inventory that covers the vNICs and their subnets."""


class Progress(NamedTuple):
    """How far a run is."""

    done: int
    total: int
    doing: str


Report = Callable[[Progress], None]
"""Is told how far a run is; called from worker threads."""


def steps_of(plan: Plan) -> list[Step]:
    """Return the steps of a plan that has no blocked rows, in order of sending."""
    frame = plan.frame
    subnets = dict(zip(frame["nic_id"], frame["subnet_id"], strict=True))
    counted = frame[frame["mode"] == "server_count"].groupby("nic_id", sort=False)["address"].agg(list).to_dict()
    steps = []
    for call, nic_id, addresses, count, _ in plan.calls.itertuples(index=False, name=None):
        if pd.isna(count):
            steps.append(Step(call, nic_id, subnets[nic_id], tuple(addresses)))
            continue
        number = int(count)  # several counts of one vNIC share its predicted addresses in order
        predicted, counted[nic_id] = counted[nic_id][:number], counted[nic_id][number:]
        steps.append(Step(call, nic_id, subnets[nic_id], tuple(predicted), number))
    return steps
