"""Inventory: what the cloud holds now, and what can be asked of it."""

from __future__ import annotations

import numbers
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from zecnb.addresses import to_text
from zecnb.archive import read_archive, write_archive
from zecnb.columns import is_whole
from zecnb.difference import difference
from zecnb.errors import UsageError
from zecnb.ledger import addresses_of
from zecnb.planner.occupancy import cells, occupancy, regain
from zecnb.planner.options import Options
from zecnb.planner.plan import make_plan
from zecnb.render.cells import duration, percent, plural
from zecnb.render.tables import inventory_html
from zecnb.requests import Requests, read_requests
from zecnb.sheets import OTHER_TABLES, TABLE_ENDINGS
from zecnb.snapshot import Snapshot

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    import pandas as pd

    from zecnb.capacity.whatif import Scenario
    from zecnb.planner.plan import Plan
    from zecnb.render.figures import Chart

__all__ = ["Inventory", "requests_of"]


def requests_of(requests: object, ip_addresses: str | Iterable[object] | None, ip_address_count: object) -> Requests:
    """Read what ``plan`` was called with: a vNIC id and the API's fields, or a batch.

    A text is a file when it ends as a table does and no address or count is given beside it.

    Raises:
        UsageError: it is neither, or the file cannot be read.
    """
    one = ip_addresses is not None or ip_address_count is not None
    if isinstance(requests, numbers.Number):
        raise UsageError(f'a vNIC id is text, as a number may lose digits: write "{requests}", in quotes')
    if isinstance(requests, str) and (one or not requests.lower().endswith(TABLE_ENDINGS + OTHER_TABLES)):
        return Requests.one(requests, ip_addresses=ip_addresses, ip_address_count=ip_address_count)
    if one:
        raise UsageError("ip_addresses and ip_address_count go with one vNIC id; a batch names them in its rows")
    return read_requests(requests)


class Inventory(Snapshot):
    """What the cloud held at one moment: frames to look at, and plans, occupancy and charts made from them.

    Make one with ``Session.inventory()`` or ``Inventory.from_frames(...)``.
    """

    def plan(
        self,
        requests: object,
        *,
        ip_addresses: str | Iterable[object] | None = None,
        ip_address_count: object = None,
        claims: pd.DataFrame | None = None,
        memory: pd.DataFrame | None = None,
        **options: Any,
    ) -> Plan:
        """Judge one vNIC's request or a batch against this inventory; sends nothing.

        Args:
            requests: a vNIC id, or a batch: a DataFrame, a list of dicts, the path of a CSV or Excel file.
            ip_addresses: for one vNIC, text or a list: addresses, ranges ``10.0.0.10-20``, CIDRs.
            ip_address_count: for one vNIC, how many more addresses.
            claims: soft reservations, columns of ``schema.CLAIMS``; ``range`` and ``owner`` are enough. Those of the
                store, ``Session.claims.list()``, are not known here: ``Session.plan`` honours them by itself.
            memory: what earlier runs taught of addresses, columns of ``schema.MEMORY``.
            **options: see ``zecnb.planner.options.Options``.

        Raises:
            UsageError: an argument that cannot mean anything. Bad addresses are findings, not errors.
        """
        return make_plan(
            self,
            requests_of(requests, ip_addresses, ip_address_count),
            options=Options.of(options),
            claims=claims,
            memory=memory,
            age=self.age,
        )

    def what_if(self, name: str = "what if", *, claims: pd.DataFrame | None = None) -> Scenario[Self]:
        """Begin a scenario: steps that are only thought of, each giving a new inventory; this one never changes.

        Args:
            name: what it is called in comparisons.
            claims: soft reservations that hold already, as for ``plan``.
        """
        from zecnb.capacity.whatif import Scenario

        return Scenario.of(self, name, claims)

    def free(self, subnet_id: str, count: int) -> list[str]:
        """Return the lowest free addresses of a subnet, as far as listings show it.

        Args:
            subnet_id: an IPv4 subnet.
            count: how many, 1 or more.

        Raises:
            UsageError: there is no such subnet, it has no IPv4, or it has not that many.
        """
        at = self.ipv4_position(subnet_id)
        if not is_whole(count):
            raise UsageError(f"count is a whole number of 1 or more, not {count!r}")
        part = self.free_runs.within(at, most=count)
        before = np.cumsum(part.length)
        if count < 1 or not len(before) or before[-1] < count:
            left = self.free_runs.totals(np.array([at]))[0]
            raise UsageError(f"subnet {subnet_id} has {left:,} free addresses, not {count:,}; ask for 1 or more")
        place = np.arange(count)
        run = np.searchsorted(before, place, "right")
        first = addresses_of(part.start[run]) - (before[run] - part.length[run]).astype(np.uint32)
        return [str(text) for text in to_text(first + place.astype(np.uint32)).to_pylist()]

    def report(self, path: str | Path, *, title: str = "Private IPv4 addresses", redact: bool = False) -> Path:
        """Write one HTML file that needs nothing beside it: how full each subnet is, and how sure that is.

        Args:
            path: where to; overwritten when it exists.
            title: plain text.
            redact: replace ids, names and addresses by pseudonyms, the same by the same.

        Raises:
            UsageError: the file cannot be written.
        """
        from zecnb.render.report import Section, Table, html_report

        held = self.occupancy().sort_values("utilisation", ascending=False, kind="stable")
        names = self.subnets.set_index("subnet_id")["name"]
        held.insert(1, "name", held["subnet_id"].map(names).astype("str"))
        charts = [self.chart(kind=kind) for kind in ("utilisation", "vpcs")] if len(held) else []
        sections = [
            Section("Subnets", ["The fullest first."], [Table(held, limit=1000)], charts),
            Section(
                "Coverage",
                [
                    f"Listings show who holds {percent(self.share_seen)} of the addresses that the API counts as used.",
                    *self.missing,
                ],
                [Table(self.coverage, limit=1000)],
            ),
            Section("Sources", ["What was read, and how far."], [Table(self.sources)]),
        ]
        lines = [self._words(), f"Read at {self.observed_at:%Y-%m-%d %H:%M} UTC"]
        return html_report(path, title, sections, lines=lines, redact=redact)

    def diff(self, other: Inventory) -> pd.DataFrame:
        """Return what is different in a later inventory, columns of ``schema.DIFFERENCE``.

        Raises:
            UsageError: the other is no inventory.
        """
        if not isinstance(other, Snapshot):
            raise UsageError(f"diff takes another inventory, not {type(other).__name__}")
        return difference(self, other)

    def save(self, path: str | Path) -> Path:
        """Write everything into a folder of Parquet files.

        Raises:
            UsageError: the folder holds something else, or cannot be written.
        """
        return write_archive(self, path)

    @classmethod
    def load(cls, path: str | Path) -> Self:
        """Read a saved inventory; it stays as old as it is, and every plan made from it says so.

        Raises:
            UsageError: the folder is no saved inventory, or one of a newer version.
        """
        return cls.from_frames(**read_archive(path))

    def occupancy(self, subnet_id: str | None = None) -> pd.DataFrame:
        """Return how full and fragmented each IPv4 subnet, or one, is; columns of ``schema.OCCUPANCY``.

        Raises:
            UsageError: there is no such subnet, or it has no IPv4.
        """
        at = np.flatnonzero(self.geometry.ipv4) if subnet_id is None else np.array([self.ipv4_position(subnet_id)])
        return occupancy(self, at)

    def regain(self, subnet_id: str, size: int = 16) -> pd.DataFrame:
        """Return which aligned blocks could be had by releasing the fewest addresses, best first.

        Args:
            subnet_id: an IPv4 subnet.
            size: addresses of the block, a power of two of 2 or more.

        Returns:
            At most ten rows, columns of ``schema.REGAIN``; blocks with reserved addresses are left out.

        Raises:
            UsageError: there is no such subnet, it has no IPv4, or the size is no power of two.
        """
        if not is_whole(size) or size < 2 or size & (size - 1):
            raise UsageError(f"size is a power of two of 2 or more, not {size!r}")
        return regain(self, self.ipv4_position(subnet_id), int(size))

    def chart(
        self, subnet_id: str | None = None, *, kind: str = "", nic_id: str | None = None, dark: bool = False
    ) -> Chart:
        """Draw the account, or one subnet.

        Args:
            subnet_id: an IPv4 subnet; None for all of them.
            kind: of a subnet ``occupancy`` (who holds what, the default), ``runs`` (how long the free runs are) or
                ``fragmentation`` (where they are); of the account ``utilisation`` (subnets ranked, the default) or
                ``vpcs`` (tiles by VPC).
            nic_id: the vNIC to mark as "this vNIC" in an occupancy.
            dark: for dark backgrounds.

        Raises:
            UsageError: there is no such subnet, vNIC or kind, or the subnet has no IPv4.
        """
        if subnet_id is None:
            return self._account_chart(kind or "utilisation", dark=dark)
        at = self.ipv4_position(subnet_id)
        nic = -1 if nic_id is None else self.nic_position(nic_id)
        if nic_id is not None and nic < 0:
            raise UsageError(f"no vNIC {nic_id!r} in this inventory of {len(self.nics)} vNICs")
        return self._subnet_chart(at, nic, kind or "occupancy", dark=dark)

    def _account_chart(self, kind: str, *, dark: bool) -> Chart:
        from zecnb.render.charts import UtilisationChart, VpcChart

        kinds = {"utilisation": UtilisationChart, "vpcs": VpcChart}
        if kind not in kinds:
            raise UsageError(f"kind is one of {', '.join(kinds)}, not {kind!r}; others need a subnet_id")
        about = self.subnets[["subnet_id", "name", "vpc_id"]]
        vpcs = self.vpcs[["vpc_id", "name"]].rename(columns={"name": "vpc_name"})
        frame = self.occupancy().merge(about, on="subnet_id").merge(vpcs, on="vpc_id", how="left")
        return kinds[kind](frame, dark=dark)

    def _subnet_chart(self, at: int, nic: int, kind: str, *, dark: bool) -> Chart:
        from zecnb.render.occupancy import OccupancyChart
        from zecnb.render.runs import FragmentationChart, FreeRunChart

        cidr, codes = self.subnets["cidr_block"].iloc[at], cells(self, at, nic)
        title = self.subnets["name"].fillna("").iloc[at] or self.subnets["subnet_id"].iloc[at]
        match kind:
            case "runs":
                return FreeRunChart(cidr, codes, title=title, dark=dark)
            case "fragmentation":
                return FragmentationChart(cidr, codes, title=title, dark=dark)
            case "occupancy":
                name = self.nics["name"].fillna("").iloc[nic] if nic >= 0 else ""
                unseen = int(self.unseen[at])
                return OccupancyChart(cidr, codes, unseen=unseen, title=title, nic_name=name, dark=dark)
        raise UsageError(f"kind is one of occupancy, runs, fragmentation for a subnet, not {kind!r}")

    def _words(self) -> str:
        """Return what was read, for people; subnets without IPv4 are in no picture or table of addresses."""
        rest = len(self.subnets) - int(self.geometry.ipv4.sum())
        subnets = plural(len(self.subnets), "subnet") + (f" ({rest:,} without IPv4)" if rest else "")
        counts = (plural(len(self.vpcs), "VPC"), subnets, plural(len(self.nics), "vNIC"))
        held = plural(int(self.seen.sum()), "address in use", "addresses in use")
        return f"{', '.join(counts)}; {held} seen, {percent(self.share_seen)} of those the API counts"

    def __repr__(self) -> str:
        held, share = int(self.seen.sum()), percent(self.share_seen)
        partial = f", partial: {', '.join(dict.fromkeys(self.partial['source']))}" if len(self.partial) else ""
        old = f", read {duration(self.age)} ago" if self.age > Options().max_age else ""
        return (
            f"Inventory({len(self.vpcs):,} VPCs, {len(self.subnets):,} subnets, {len(self.nics):,} vNICs, "
            f"{held:,} addresses, coverage {share}{partial}{old})"
        )

    def _repr_html_(self) -> str:
        return inventory_html(repr(self), self.coverage, self.sources)
