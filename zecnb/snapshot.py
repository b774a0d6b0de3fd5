"""What the cloud held at one moment, as frames for people and integer columns for the planner."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import TYPE_CHECKING, Self

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from zecnb import addresses, schema
from zecnb.columns import column, positions, strings, texts_at
from zecnb.errors import UsageError
from zecnb.geometry import Geometry
from zecnb.holders import SEEN_FROM, read_holders
from zecnb.kin import Kin
from zecnb.ledger import Ledger, Runs, addresses_of, keys_of, subnets_of
from zecnb.lookup import AddressTable

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

__all__ = ["Snapshot"]


@dataclass(frozen=True, repr=False, eq=False)
class Snapshot:
    """What the cloud held at one moment.

    Attributes:
        vpcs, subnets, nics: frames with the columns of ``schema.VPCS``, ``SUBNETS``, ``NICS``; a row's position
            is what the integer columns refer to.
        sources: what was read and how completely, columns of ``schema.SOURCES``.
        observed_at: when the reading began, UTC.
        geometry: the subnets as numbers.
        ledger: every held address, the reserved ones included.
        holder_ids, holder_names: Arrow strings, the table ``ledger.holder`` points into.
        beside: further subnets of the same VPCs of which only the listing was read; columns of ``schema.SUBNETS``.
    """

    vpcs: pd.DataFrame
    subnets: pd.DataFrame
    nics: pd.DataFrame
    sources: pd.DataFrame
    observed_at: datetime
    geometry: Geometry
    ledger: Ledger
    holder_ids: pa.LargeStringArray
    holder_names: pa.LargeStringArray
    beside: pd.DataFrame

    @classmethod
    def from_frames(
        cls,
        *,
        subnets: pd.DataFrame,
        nics: pd.DataFrame,
        holders: pd.DataFrame,
        vpcs: pd.DataFrame | None = None,
        observed_at: datetime | None = None,
        sources: pd.DataFrame | None = None,
        beside: pd.DataFrame | None = None,
    ) -> Self:
        """Build one from frames; column names match case-insensitively and in the API's camelCase too.

        Holders outside their subnet, or in a subnet that is not listed, are left out and said in ``sources``.

        Args:
            subnets: at least ``subnet_id, vpc_id, cidr_block, stack_type``.
            nics: at least ``nic_id, subnet_id, status``; ``nic_subnet_type`` defaults to the subnet's stack.
            holders: at least ``subnet_id, address, kind, holder_id``; reserved addresses are added by themselves.
            vpcs: defaults to the VPCs that the subnets name.
            observed_at: when this was true; now by default. A time without zone is UTC.
            sources: how completely it was read; complete by default.
            beside: further subnets of these VPCs, of which nothing but this is known; advice names them.

        Raises:
            UsageError: a column is missing, an id appears twice, or a value cannot mean anything; names the row.
        """
        for what, frame in (("subnets", subnets), ("nics", nics), ("holders", holders), ("vpcs", vpcs)):
            _no_cut_ids(frame, what)
        needed = ("subnet_id", "vpc_id", "cidr_block", "stack_type")
        subnets = schema.conform(subnets, schema.SUBNETS, required=needed, what="subnets")
        nics = schema.conform(nics, schema.NICS, required=("nic_id", "subnet_id", "status"), what="nics")
        needed = ("subnet_id", "address", "kind", "holder_id")
        held = schema.conform(holders, schema.HOLDERS, required=needed, what="holders")
        schema.unique(subnets["subnet_id"], "subnets")
        schema.unique(nics["nic_id"], "nics")
        if observed_at is not None and not isinstance(observed_at, datetime):
            raise UsageError(f"observed_at is a datetime, not {observed_at!r}")
        geometry = Geometry.of(subnets)
        home = positions(column(subnets["subnet_id"]), column(nics["subnet_id"]))
        stack = pd.Series(subnets["stack_type"].array.take(home, allow_fill=True), index=nics.index)
        nics["nic_subnet_type"] = nics["nic_subnet_type"].fillna(stack)
        if vpcs is None:
            vpcs = pd.DataFrame({"vpc_id": subnets["vpc_id"].dropna().unique()})
        vpcs = schema.conform(vpcs, schema.VPCS, required=("vpc_id",), what="vpcs")
        schema.unique(vpcs["vpc_id"], "vpcs")
        entries, ids, names, strays = read_holders(subnets, geometry, held)
        nics["secondary_ipv4_count"] = _count_secondaries(nics["nic_id"], entries, ids)
        sources = schema.empty(schema.SOURCES) if sources is None else sources
        if strays:
            stray = pd.DataFrame([("holders", "", "partial", len(held), strays)], columns=list(schema.SOURCES))
            sources = pd.concat([sources, stray], ignore_index=True) if len(sources) else stray
        beside = schema.empty(schema.SUBNETS) if beside is None else beside
        when = observed_at or datetime.now(UTC)
        return cls(
            vpcs=vpcs,
            subnets=subnets,
            nics=nics,
            sources=schema.conform(sources, schema.SOURCES, required=(), what="sources"),
            observed_at=when.replace(tzinfo=UTC) if when.tzinfo is None else when.astimezone(UTC),
            geometry=geometry,
            ledger=entries,
            holder_ids=ids,
            holder_names=names,
            beside=schema.conform(beside, schema.SUBNETS, required=(), what="beside"),
        )

    # -- what people look at ---------------------------------------------------------------------------------

    @property
    def holders(self) -> pd.DataFrame:
        """One row per held address, columns of ``schema.HOLDERS``, by subnet and address; built on each access."""
        subnet = subnets_of(self.ledger.keys)
        kinds = pd.Series(list(schema.HOLDER_KINDS), dtype="str").array
        return pd.DataFrame(
            {
                "vpc_id": self.subnets["vpc_id"].array.take(subnet),
                "subnet_id": self.subnets["subnet_id"].array.take(subnet),
                "address": strings(addresses.to_text(addresses_of(self.ledger.keys))),
                "kind": kinds.take(self.ledger.kind),
                "holder_id": strings(texts_at(self.holder_ids, self.ledger.holder)),
                "holder_name": strings(texts_at(self.holder_names, self.ledger.holder)),
            }
        )

    @cached_property
    def coverage(self) -> pd.DataFrame:
        """Seen against counted, one row per IPv4 subnet, columns of ``schema.COVERAGE``."""
        usage = self.subnets["usage_ipv4_count"]
        counted = usage.fillna(pd.Series(self.seen)).to_numpy(np.int64)
        frame = pd.DataFrame(
            {
                "subnet_id": self.subnets["subnet_id"],
                "name": self.subnets["name"],
                "cidr": self.subnets["cidr_block"],
                "usable": self.geometry.usable,
                "seen": self.seen,
                "usage": usage,
                "unseen": self.unseen,
                "coverage": np.where(counted > 0, np.minimum(self.seen / np.maximum(counted, 1), 1.0), 1.0),
            }
        )
        return frame[self.geometry.ipv4].reset_index(drop=True)

    @cached_property
    def partial(self) -> pd.DataFrame:
        """The rows of ``sources`` that are not complete."""
        return self.sources[self.sources["status"] != "complete"]

    @property
    def missing(self) -> list[str]:
        """What was not read completely, in words."""
        rows = self.partial[["source", "status", "detail"]].astype(object).fillna("").to_numpy().tolist()
        return [f"{source}: {status}. {detail}".removesuffix(". ") for source, status, detail in rows]

    @property
    def age(self) -> float:
        """Seconds since it was observed."""
        return max((datetime.now(UTC) - self.observed_at).total_seconds(), 0.0)

    @property
    def share_seen(self) -> float:
        """Addresses that some listing shows, of those the API counts, 0..1."""
        counted = int(self.seen.sum() + self.unseen.sum())
        return float(self.seen.sum()) / counted if counted else 1.0

    def describe_nic(self, nic_id: str) -> tuple[str, str, str, int]:
        """Return name, status, subnet (name and CIDR) and number of addresses of a vNIC; blanks when there is none."""
        nic = self.nic_position(nic_id)
        if nic < 0:
            return "", "", "", 0
        row = self.nics.iloc[nic]
        home = self.subnets.iloc[int(self.nic_subnet[nic])] if self.nic_subnet[nic] >= 0 else None
        parts = (home["name"], home["cidr_block"]) if home is not None else (row["subnet_id"],)
        subnet = " ".join(part for part in parts if isinstance(part, str))
        return row["name"] if isinstance(row["name"], str) else "", row["status"], subnet, int(self.nic_used[nic])

    def texts(self, frame: str, name: str) -> pa.LargeStringArray:
        """Return a column of ``subnets`` or ``nics`` as Arrow strings; made once."""
        key = f"{frame}.{name}"
        if key not in self._texts:
            self._texts[key] = column(getattr(self, frame)[name])
        return self._texts[key]

    @cached_property
    def drawn(self) -> dict[str, tuple[tuple[int, int], NDArray[np.uint8]]]:
        """As ``last``, which subnet and vNIC were drawn last, and the cells: one value, for threads share it."""
        return {}

    @cached_property
    def _texts(self) -> dict[str, pa.LargeStringArray]:
        return {}

    @property
    def subnet_ids(self) -> pa.LargeStringArray:
        """Subnet ids by position."""
        return self.texts("subnets", "subnet_id")

    @property
    def nic_ids(self) -> pa.LargeStringArray:
        """VNIC ids by position."""
        return self.texts("nics", "nic_id")

    # -- what the planner reads ------------------------------------------------------------------------------

    @property
    def is_used(self) -> NDArray[np.bool_]:
        """Whether each ledger entry is an address in use, not one of the reserved three."""
        return np.asarray(self.ledger.kind >= SEEN_FROM)

    @cached_property
    def seen(self) -> NDArray[np.int64]:
        """Held addresses per subnet position, without the reserved ones."""
        return np.bincount(subnets_of(self.ledger.keys[self.is_used]), minlength=len(self.subnets))

    @cached_property
    def unseen(self) -> NDArray[np.int64]:
        """Addresses per subnet position that the API counts and no listing shows."""
        usage = self.subnets["usage_ipv4_count"].fillna(0).to_numpy(np.int64)
        return np.where(self.geometry.ipv4, np.maximum(usage - self.seen, 0), 0)

    @cached_property
    def vpc(self) -> NDArray[np.int64]:
        """Number of each subnet's VPC."""
        return np.asarray(pd.factorize(self.subnets["vpc_id"])[0], np.int64)

    @property
    def vpc_count(self) -> int:
        """Number of VPCs that the subnets are in."""
        return int(self.vpc.max(initial=-1)) + 1

    @cached_property
    def _by_address(self) -> tuple[NDArray[np.uint64], NDArray[np.int64]]:
        """``address << 32 | VPC`` of every address in use, sorted, and its subnet position."""
        keys = self.ledger.keys[self.is_used]
        subnet = subnets_of(keys)
        turned = keys_of(addresses_of(keys), self.vpc[subnet].astype(np.uint32))
        order = np.argsort(turned, kind="stable")
        return turned[order], subnet[order].astype(np.int64)

    def elsewhere(self, keys: NDArray[np.uint64]) -> NDArray[np.int64]:
        """Return a subnet of another VPC that holds the same address, -1 where there is none, for each key."""
        turned, subnet = self._by_address
        if not len(turned):
            return np.full(len(keys), -1)
        address, vpc = addresses_of(keys), self.vpc[subnets_of(keys)]
        first = np.searchsorted(turned, keys_of(address, np.zeros(len(keys), np.uint32)))
        after = np.searchsorted(turned, keys_of(address, (vpc + 1).astype(np.uint32)))
        found = np.full(len(keys), -1)
        for place in (after, first):  # of a VPC that comes earlier, else of one that comes later
            at = np.minimum(place, len(turned) - 1)
            match = (turned[at] >> np.uint64(32) == address) & (self.vpc[subnet[at]] != vpc)
            found[match] = subnet[at[match]]
        return found

    @cached_property
    def nic_subnet(self) -> NDArray[np.int64]:
        """Subnet position of each vNIC, -1 when its subnet is not listed."""
        return positions(self.subnet_ids, column(self.nics["subnet_id"]))

    @cached_property
    def holder_nic(self) -> NDArray[np.int64]:
        """Position of the vNIC behind each holder, -1 when it is none."""
        return positions(self.nic_ids, self.holder_ids)

    @cached_property
    def nic_used(self) -> NDArray[np.int64]:
        """Private IPv4 addresses on each vNIC, the primary included."""
        owned = np.isin(self.ledger.kind, [schema.KIND_CODES["nic_primary"], schema.KIND_CODES["nic_secondary"]])
        nic = self.holder_nic[self.ledger.holder[owned]]
        return np.bincount(nic[nic >= 0], minlength=len(self.nics))

    @cached_property
    def table(self) -> AddressTable | None:
        """Every address as one row of numbers, None when there are too many."""
        return AddressTable.of(self.geometry, self.ledger)

    @cached_property
    def free_runs(self) -> Runs:
        """Runs of addresses that no listing shows as held."""
        return Runs.between(self.ledger.keys)

    @cached_property
    def largest_run(self) -> NDArray[np.int64]:
        """Longest free run per subnet position."""
        return self.free_runs.longest(np.arange(len(self.subnets)))

    @cached_property
    def left(self) -> NDArray[np.int64]:
        """Free addresses per subnet position, by the API's own count."""
        return np.asarray(np.maximum(self.geometry.usable - self.seen - self.unseen, 0))

    @cached_property
    def kin(self) -> Kin:
        """The subnets, and those beside them."""
        return Kin.of(self.subnets, self.left, self.beside)

    def nic_position(self, nic_id: str) -> int:
        """Return the position of a vNIC, -1 when there is none of that id."""
        return int(pc.index(self.nic_ids, nic_id).as_py())

    def addresses_of_nic(self, nic_id: str, *, secondary: bool = False) -> set[str]:
        """Return the private IPv4 addresses of a vNIC, or the secondary ones only."""
        nic = self.nic_position(nic_id)
        if nic < 0 or self.nic_subnet[nic] < 0:
            return set()
        part = self.ledger.within(int(self.nic_subnet[nic]))
        own = self.holder_nic[self.ledger.holder[part]] == nic
        if secondary:
            own &= self.ledger.kind[part] == schema.KIND_CODES["nic_secondary"]
        return set(addresses.to_text(addresses_of(self.ledger.keys[part][own])).to_pylist())

    def subnet_position(self, subnet_id: str) -> int:
        """Return the position of a subnet.

        Raises:
            UsageError: there is none of that id.
        """
        at = int(pc.index(self.subnet_ids, subnet_id).as_py()) if isinstance(subnet_id, str) else -1
        if at < 0:
            named = self.subnets.loc[self.subnets["name"] == subnet_id, "subnet_id"]
            hint = f"; that is a name, its id is {named.iloc[0]}" if len(named) else ""
            raise UsageError(f"no subnet {subnet_id!r} in this inventory of {len(self.subnets)} subnets{hint}")
        return at

    def vpc_position(self, vpc_id: str) -> int:
        """Return the position of a VPC.

        Raises:
            UsageError: there is none of that id.
        """
        at = np.flatnonzero((self.vpcs["vpc_id"] == vpc_id).to_numpy(np.bool_))
        if not len(at):
            raise UsageError(f"no VPC {vpc_id!r} in this inventory, which has {len(self.vpcs):,}")
        return int(at[0])

    def ipv4_position(self, subnet_id: str) -> int:
        """Return the position of a subnet that has IPv4.

        Raises:
            UsageError: there is none of that id, or it has no IPv4.
        """
        at = self.subnet_position(subnet_id)
        if not self.geometry.ipv4[at]:
            raise UsageError(f"subnet {subnet_id} has no IPv4")
        return at

    def fingerprints(self, subnets: Iterable[int]) -> dict[str, str]:
        """Return a digest per subnet (by position) of its own row, its vNICs' states and who holds what in it."""
        done = {}
        for at in subnets:
            digest = hashlib.blake2b(digest_size=12)
            row = self.subnets.iloc[at]
            digest.update(repr([row[c] for c in ("subnet_id", "cidr_block", "stack_type")]).encode())
            members = self.nics[self.nic_subnet == at].sort_values("nic_id")
            for name in ("nic_id", "status", "nic_subnet_type"):
                digest.update("\n".join(members[name].fillna("")).encode() + b"\0")
            part = self.ledger.within(at)
            digest.update(addresses_of(self.ledger.keys[part]).tobytes() + self.ledger.kind[part].tobytes())
            holders = pc.fill_null(texts_at(self.holder_ids, self.ledger.holder[part]), "")
            digest.update("\n".join(holders.to_pylist()).encode())
            digest.update(str(int(self.unseen[at])).encode())
            done[str(row["subnet_id"])] = digest.hexdigest()
        return done

    @cached_property
    def fingerprint(self) -> str:
        """A digest of everything above: equal for equal content, whatever the order it was read in."""
        parts = sorted(self.fingerprints(range(len(self.subnets))).items())
        return hashlib.blake2b(repr(parts).encode(), digest_size=12).hexdigest()


def _no_cut_ids(frame: object, what: str) -> None:
    floats = frame.select_dtypes("float").dropna(axis=1, how="all") if isinstance(frame, pd.DataFrame) else ()
    if cut := list(schema.match_columns(floats, ("vpc_id", "subnet_id", "nic_id", "holder_id"))):
        raise UsageError(f"{what}: {cut[0]} arrived as floating-point numbers: ids lose digits; read it as text")


def _count_secondaries(nic_ids: pd.Series, ledger: Ledger, ids: pa.LargeStringArray) -> pd.Series:
    nic = positions(column(nic_ids), ids)[ledger.holder[ledger.kind == schema.KIND_CODES["nic_secondary"]]]
    return pd.Series(np.bincount(nic[nic >= 0], minlength=len(nic_ids)), dtype="Int64")
