"""What if: chained steps on an inventory, each giving a new one; nothing is sent and nothing is changed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Generic, TypeVar

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from zecnb.addresses import to_text
from zecnb.capacity import reshape, steps
from zecnb.capacity.freshness import read_ago
from zecnb.columns import positions, strings
from zecnb.errors import UsageError
from zecnb.ledger import addresses_of, keys_of
from zecnb.planner.claimed import read_claims
from zecnb.planner.options import DOCUMENTED_LIMIT
from zecnb.planner.plan import Plan
from zecnb.planner.reservations import in_some_subnet
from zecnb.render.cells import plural
from zecnb.schema import CLAIMS, KIND_CODES, PROBLEMS, conform, empty
from zecnb.snapshot import Snapshot

if TYPE_CHECKING:
    from collections.abc import Sequence

    from zecnb.capacity.steps import Change

__all__ = ["Scenario"]

S = TypeVar("S", bound=Snapshot)

_CLAIMS = ("range", "owner", "purpose", "until", "vpc_id", "subnet_id", "claim_id")
_SECONDARY = KIND_CODES["nic_secondary"]


@dataclass(frozen=True, repr=False, eq=False)
class Scenario(Generic[S]):
    """An inventory after some steps that were only thought of; each step returns a new scenario.

    Make one with ``Inventory.what_if()``. New addresses are always the lowest free ones, and what has no room or
    may not be is left out and said in ``problems``.

    Attributes:
        base, base_claims: what it started from.
        inventory: what it results in.
        name: what it is called in comparisons.
        steps: what was done, in words.
        claims: ranges that were reserved, columns ``range, owner, purpose, until, vpc_id, subnet_id, claim_id``.
        problems: what could not be done, columns of ``schema.PROBLEMS``.
    """

    base: S
    base_claims: pd.DataFrame
    inventory: S
    name: str
    steps: tuple[str, ...]
    claims: pd.DataFrame
    problems: pd.DataFrame

    @classmethod
    def of(cls, inventory: S, name: str = "what if", claims: pd.DataFrame | None = None) -> Scenario[S]:
        """Begin.

        Args:
            inventory: what is held now.
            name: what the scenario is called.
            claims: reservations that hold already, columns of ``schema.CLAIMS``.

        Raises:
            UsageError: the claims are no DataFrame with ranges.
        """
        if claims is None:
            claims = empty(CLAIMS)
        read_claims(claims)  # checks
        held = conform(claims, CLAIMS, required=(), what="claims")[list(_CLAIMS)]
        return cls(inventory, held, inventory, name, (), held, empty(PROBLEMS))

    @property
    def ok(self) -> bool:
        """Whether every step could be done in full."""
        return not len(self.problems)

    def named(self, name: str) -> Scenario[S]:
        """Return the same under another name."""
        return replace(self, name=name)

    # -- steps -------------------------------------------------------------------------------------------------

    def add_nics(
        self, subnet_id: str, count: int, addresses: int = 1, *, nic_limit: int | None = DOCUMENTED_LIMIT
    ) -> Scenario[S]:
        """Add vNICs to a subnet.

        Args:
            subnet_id: an IPv4 subnet.
            count: how many vNICs.
            addresses: how many addresses each, its primary included.
            nic_limit: addresses a vNIC may have (contract.md A9), None for no limit.

        Raises:
            UsageError: there is no such subnet, or a number cannot be.
        """
        return self._next(steps.add_nics(self.inventory, self.claims, subnet_id, count, addresses, nic_limit))

    def drain(self, nic_ids: str | Sequence[str], *, delete: bool = False) -> Scenario[S]:
        """Release the secondary addresses of vNICs; with ``delete`` the vNICs and their primaries too.

        Raises:
            UsageError: there is no such vNIC.
        """
        return self._next(steps.drain(self.inventory, nic_ids, delete=delete))

    def grow(
        self,
        by: int,
        *,
        nic_ids: Sequence[str] | None = None,
        subnet_id: str | None = None,
        nic_limit: int | None = DOCUMENTED_LIMIT,
    ) -> Scenario[S]:
        """Give each vNIC so many more addresses.

        Args:
            by: how many more each.
            nic_ids: which vNICs, all by default.
            subnet_id: only those of one subnet.
            nic_limit: addresses a vNIC may have, its primary included (contract.md A9), None for no limit.

        Raises:
            UsageError: there is no such vNIC or subnet, or ``by`` cannot be.
        """
        return self._next(steps.grow(self.inventory, self.claims, by, nic_ids, subnet_id, nic_limit))

    def reserve(
        self, ranges: str | Iterable[str], *, owner: str = "", purpose: str = "", subnet_id: str | None = None
    ) -> Scenario[S]:
        """Keep ranges from being picked, by later steps and by plans that are given ``claims``.

        Args:
            ranges: an address, a range ``10.0.4.200-239``, a CIDR, or several.
            owner: whose it is.
            purpose: what for.
            subnet_id: the subnet, where several have these addresses.

        Raises:
            UsageError: a range is no address, range or CIDR, or there is no such subnet.
        """
        asked = [ranges] if isinstance(ranges, str) else list(ranges) if isinstance(ranges, Iterable) else [ranges]
        if not asked or not all(isinstance(each, str) for each in asked):
            raise UsageError(f"a range is an address, a range or a CIDR as text, not {ranges!r}")
        if subnet_id is not None:
            self.inventory.ipv4_position(subnet_id)
        new = pd.DataFrame({"range": asked, "owner": owner, "purpose": purpose, "subnet_id": subnet_id})
        new = new.reindex(columns=list(_CLAIMS)).astype("str")
        where = "in no IPv4 subnet of this inventory" if subnet_id is None else f"outside {subnet_id}"
        problems = [
            ("range", text, 0, f"lies {where}")
            for text, reached in zip(asked, in_some_subnet(self.inventory, read_claims(new)), strict=True)
            if not reached
        ]
        note = f"reserve {', '.join(asked)}"
        claims = pd.concat([self.claims, new], ignore_index=True).astype("str")
        return replace(self, steps=(*self.steps, note), claims=claims, problems=self._problems_with(problems))

    def split(self, subnet_id: str, prefix: int) -> Scenario[S]:
        """Cut a subnet into parts of ``/prefix``, called ``subnet_id#1`` and so on; see ``reshape.split``.

        Claims of the subnet become claims of its addresses in its VPC, so that they hold in the parts.

        Raises:
            UsageError: there is no such subnet, or the prefix cuts nothing.
        """
        made = self._next(reshape.split(self.inventory, subnet_id, prefix))
        return replace(made, claims=reshape.claims_by_vpc(self.inventory, self.claims, subnet_id))

    def widen(self, subnet_id: str, prefix: int) -> Scenario[S]:
        """Give a subnet the larger CIDR around its own.

        Raises:
            UsageError: there is no such subnet, the prefix widens nothing, or other subnets are in the way.
        """
        return self._next(reshape.widen(self.inventory, subnet_id, prefix))

    def move(self, nic_ids: str | Sequence[str], subnet_id: str) -> Scenario[S]:
        """Make vNICs anew in another subnet, with as many addresses as they have.

        Raises:
            UsageError: there is no such vNIC or subnet.
        """
        return self._next(steps.move(self.inventory, self.claims, nic_ids, subnet_id))

    def apply(self, plan: Plan | str | Path) -> Scenario[S]:
        """Hold what a plan, or a saved one, would assign.

        Raises:
            PlanBlockedError: it has blocked rows.
            UsageError: its vNICs or addresses are not there or not free in this scenario.
        """
        if not isinstance(plan, Plan | str | Path):
            raise UsageError(f"apply takes a plan or the path of a saved one, not {type(plan).__name__}")
        return self._next(steps.follow_plan(self.inventory, plan if isinstance(plan, Plan) else Plan.load(plan)))

    def _next(self, change: Change) -> Scenario[S]:
        return replace(
            self,
            inventory=_rebuilt(self.inventory, change),
            steps=(*self.steps, change.note),
            problems=self._problems_with(change.problems),
        )

    def _problems_with(self, more: list[tuple[str, str, int, str]]) -> pd.DataFrame:
        """Return the problems so far and those of the next step."""
        rows = [(len(self.steps), *problem) for problem in more]
        new = pd.DataFrame(rows, columns=list(PROBLEMS)).astype({k: v.dtype for k, v in PROBLEMS.items()})
        return pd.concat([self.problems, new], ignore_index=True) if rows else self.problems

    # -- what comes of it --------------------------------------------------------------------------------------

    def requests(self, *, new: bool = True) -> pd.DataFrame:
        """Return the secondary addresses that are new here as a batch for the planner.

        Args:
            new: also for vNICs that have to be made first; their ids are placeholders, except for moved ones.

        Returns:
            ``nic_id``, ``ip_addresses`` (text with commas), ``subnet_id`` and ``exists``, one row per vNIC;
            ``base.plan(scenario.requests(new=False), claims=scenario.claims)`` plans those that can be done now:
            without addresses that have to be released first.
        """
        now, base = self.inventory, self.base
        secondary = now.ledger.kind == _SECONDARY
        keys, nic = now.ledger.keys[secondary], now.holder_nic[now.ledger.holder[secondary]]
        made = steps.new_nics_at(now, base)
        was_key, was_nic = _seen_from(base, now)
        at = np.searchsorted(was_key, keys) if len(was_key) else np.zeros(len(keys), np.int64)
        at = np.minimum(at, max(len(was_key) - 1, 0))
        had = (was_key[at] == keys) & (was_nic[at] == nic) if len(was_key) else np.zeros(len(keys), np.bool_)
        wanted = np.flatnonzero((nic >= 0) & (~had | made[nic]) & (new | ~made[nic]))
        if not new:
            home = base.nic_subnet[positions(base.nic_ids, now.nic_ids)[nic[wanted]]]
            wanted = wanted[base.ledger.find(keys_of(home, addresses_of(keys[wanted]))) < 0]
        wanted = wanted[np.argsort(nic[wanted], kind="stable")]
        nics, first = np.unique(nic[wanted], return_index=True)
        texts = to_text(addresses_of(keys[wanted])).cast(pa.large_string())
        lists = pa.LargeListArray.from_arrays(np.append(first, len(wanted)).astype(np.int64), texts)
        return pd.DataFrame(
            {
                "nic_id": now.nics["nic_id"].array.take(nics),
                "ip_addresses": strings(pc.binary_join(lists, pa.scalar(", ", pa.large_string()))),
                "subnet_id": now.nics["subnet_id"].array.take(nics),
                "exists": ~made[nics],
            }
        )

    def __repr__(self) -> str:
        said = "; ".join(self.steps) or "nothing yet"
        short = f", {plural(len(self.problems), 'problem')}" if len(self.problems) else ""
        return f"Scenario({self.name}: {said}{short}{read_ago(self.base.observed_at)})"


def _seen_from(base: Snapshot, now: Snapshot) -> tuple[np.ndarray, np.ndarray]:
    """Return the base's secondary addresses in the other's positions: sorted keys, and the vNIC of each."""
    secondary = base.ledger.kind == _SECONDARY
    keys, holder = base.ledger.keys[secondary], base.ledger.holder[secondary]
    home = positions(now.subnet_ids, base.subnet_ids)[(keys >> np.uint64(32)).astype(np.int64)]
    nic = positions(now.nic_ids, base.holder_ids)[holder]
    stays = (home >= 0) & (nic >= 0)
    key = keys_of(home[stays], addresses_of(keys[stays]))
    order = np.argsort(key, kind="stable")
    return key[order], nic[stays][order]


def _rebuilt(before: S, change: Change) -> S:
    """Return the inventory of changed frames; what the API counts moves with what is held."""
    subnets = change.subnets
    after = type(before).from_frames(
        subnets=subnets,
        nics=change.nics,
        holders=change.holders,
        vpcs=before.vpcs,
        observed_at=before.observed_at,
        sources=before.sources,
        beside=before.beside,
    )
    was = pd.Series(before.seen, index=before.subnets["subnet_id"])
    delta = pd.Series(after.seen, index=subnets["subnet_id"]).sub(was).reindex(subnets["subnet_id"]).fillna(0)
    after.subnets["usage_ipv4_count"] += delta.to_numpy().astype(np.int64)  # NA stays NA; a part has its own count
    by_vpc = pd.Series(after.seen).groupby(after.subnets["vpc_id"].to_numpy()).sum()
    by_vpc = by_vpc.sub(pd.Series(before.seen).groupby(before.subnets["vpc_id"].to_numpy()).sum(), fill_value=0)
    after.vpcs["usage_ipv4_count"] += by_vpc.reindex(after.vpcs["vpc_id"]).fillna(0).to_numpy().astype(np.int64)
    return after
