"""Every frame's columns: name, dtype, unit, meaning; one place.

dtypes are pandas 3 names: ``str`` is Arrow-backed text, ``Int64`` a nullable integer. Addresses are shown as
text and held as uint32 inside.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

from zecnb.errors import UsageError
from zecnb.headings import match_columns

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import pandas as pd

__all__ = [
    "CALLS",
    "CHECKED",
    "CLAIMS",
    "COVERAGE",
    "DIFFERENCE",
    "FINDINGS",
    "FORECAST",
    "FREE_BLOCKS",
    "HISTORY",
    "HOLDERS",
    "HOLDER_KINDS",
    "KIND_CODES",
    "MANAGED",
    "MEMORY",
    "NEIGHBOUR",
    "NICS",
    "OCCUPANCY",
    "OVERLAPS",
    "PLACES",
    "PLAN",
    "PROBLEMS",
    "RECEIPT",
    "REGAIN",
    "SOURCES",
    "STEPS",
    "SUBNETS",
    "SUMMARY",
    "TAKES_ADDRESSES",
    "VERDICTS",
    "VPCS",
    "Column",
    "conform",
    "empty",
    "match_columns",
    "unique",
]


class Column(NamedTuple):
    """One column of a frame."""

    dtype: str
    meaning: str


HOLDER_KINDS = ("network", "gateway", "broadcast", "nic_primary", "nic_secondary", "havip", "lb", "lb_health")
"""What can hold an address; the first three are reserved in every subnet (contract.md 7.1).

``lb`` is a load balancer's own address, ``lb_health`` one it sends its health checks from (contract.md 5.16).
"""

KIND_CODES: Mapping[str, int] = MappingProxyType({name: code for code, name in enumerate(HOLDER_KINDS)})
"""What the ledger writes for each."""

TAKES_ADDRESSES = ("AVAILABLE", "USED")
"""States in which a vNIC takes addresses (contract.md A8)."""

VERDICTS = ("OK", "NOOP", "RISK", "BLOCK")
"""From harmless to forbidden; a row's verdict is the worst of its findings."""

VPCS: Mapping[str, Column] = {
    "vpc_id": Column("str", "the API's vpcId"),
    "name": Column("str", "display name, untrusted text"),
    "cidr_block": Column("str", "IPv4 CIDR"),
    "secondary_cidr_blocks": Column("str", "further IPv4 CIDRs with commas, NA when there is none or not told"),
    "usage_ipv4_count": Column("Int64", "addresses in use as the API counts them, NA when not told"),
}
SUBNETS: Mapping[str, Column] = {
    "subnet_id": Column("str", "the API's subnetId"),
    "vpc_id": Column("str", "VPC it lies in"),
    "region_id": Column("str", "region, NA when not told"),
    "name": Column("str", "display name, untrusted text"),
    "cidr_block": Column("str", "IPv4 CIDR, NA in an IPv6-only subnet"),
    "gateway_ip_address": Column("str", "gateway, in the CIDR; the first address when not told"),
    "stack_type": Column("str", "IPv4, IPv4_IPv6 or IPv6"),
    "usage_ipv4_count": Column("Int64", "addresses in use as the API counts them, NA when not told"),
}
NICS: Mapping[str, Column] = {
    "nic_id": Column("str", "the API's nicId"),
    "name": Column("str", "display name, untrusted text"),
    "region_id": Column("str", "region, NA when not told"),
    "vpc_id": Column("str", "VPC"),
    "subnet_id": Column("str", "subnet; a vNIC stays in it for life (contract.md A26)"),
    "status": Column("str", "PENDING, AVAILABLE, ATTACHING, USED, DETACHING, DELETING, CREATE_FAILED"),
    "nic_type": Column("str", "Primary (made with an instance) or Secondary"),
    "nic_subnet_type": Column("str", "the vNIC's own stack: IPv4, IPv4_IPv6 or IPv6"),
    "primary_ipv4": Column("str", "primary address, NA on an IPv6-only vNIC"),
    "secondary_ipv4_count": Column("Int64", "how many secondary IPv4 addresses it has"),
    "instance_id": Column("str", "instance it is attached to, NA when unattached"),
}
HOLDERS: Mapping[str, Column] = {
    "vpc_id": Column("str", "VPC"),
    "subnet_id": Column("str", "subnet"),
    "address": Column("str", "held IPv4 address"),
    "kind": Column("str", "one of HOLDER_KINDS"),
    "holder_id": Column("str", "id of the vNIC, HaVip or load balancer; the subnet's for reserved addresses"),
    "holder_name": Column("str", "its name, untrusted text"),
}
COVERAGE: Mapping[str, Column] = {
    "subnet_id": Column("str", "subnet"),
    "name": Column("str", "its name"),
    "cidr": Column("str", "its CIDR"),
    "usable": Column("int64", "addresses that can be assigned: size - 3"),
    "seen": Column("int64", "held addresses that some listing shows, without the reserved three"),
    "usage": Column("Int64", "addresses in use as the API counts them"),
    "unseen": Column("int64", "usage - seen when positive: held by something no listing shows"),
    "coverage": Column("float64", "seen / usage, 0..1; 1 when nothing is used"),
}
SOURCES: Mapping[str, Column] = {
    "source": Column("str", "what was read: vpcs, subnets, nics, havips, load_balancers; holders, for what was given"),
    "scope": Column("str", "the filter it was read with"),
    "status": Column("str", "complete, partial or failed"),
    "records": Column("int64", "records read"),
    "detail": Column("str", "why it is not complete"),
}
OCCUPANCY: Mapping[str, Column] = {
    "subnet_id": Column("str", "subnet"),
    "cidr": Column("str", "its CIDR"),
    "usable": Column("int64", "size - 3"),
    "used": Column("int64", "max of seen and the API's count"),
    "unseen": Column("int64", "used by something no listing shows"),
    "utilisation": Column("float64", "used / usable, 0..1"),
    "free": Column("int64", "usable - used"),
    "runs": Column("int64", "maximal runs of free addresses"),
    "largest_run": Column("int64", "length of the longest free run"),
    "fragmentation": Column("float64", "1 - largest_run / free addresses seen, 0..1; 0 when full"),
    "blocks_4": Column("int64", "aligned free blocks of 4"),
    "blocks_8": Column("int64", "aligned free blocks of 8"),
    "blocks_16": Column("int64", "aligned free blocks of 16"),
    "blocks_32": Column("int64", "aligned free blocks of 32"),
}
PLAN: Mapping[str, Column] = {
    "row": Column("int64", "the caller's 0-based input row"),
    "nic_id": Column("str", "vNIC"),
    "nic_name": Column("str", "its name, NA when unknown"),
    "subnet_id": Column("str", "its subnet, NA when unknown"),
    "mode": Column("str", "explicit, picked or server_count"),
    "address": Column("str", "the address, NA where there is none; a bad token as it was given"),
    "verdict": Column("str", "OK, NOOP, RISK or BLOCK: the worst of its findings"),
    "codes": Column("object", "tuple of finding codes, in check order"),
    "holder_kind": Column("str", "what holds the address now, one of HOLDER_KINDS, NA when free"),
    "holder_id": Column("str", "id of the holder"),
    "holder_name": Column("str", "its name, untrusted text"),
    "api_code": Column("str", "what the API would answer for this row alone, NA when it would accept"),
    "reason": Column("str", "the worst finding in words; for a picked address first why it was picked"),
    "fix": Column("str", "what to do instead"),
}
CALLS: Mapping[str, Column] = {
    "call": Column("int64", "0-based order of sending"),
    "nic_id": Column("str", "vNIC"),
    "addresses": Column("object", "tuple of addresses to send, empty for a count"),
    "ip_address_count": Column("Int64", "count to send, NA when addresses are sent"),
    "predicted": Column("str", "ACCEPTED or the API's error code"),
}
FINDINGS: Mapping[str, Column] = {
    "row": Column("int64", "the caller's 0-based input row; the first one, for a finding about a vNIC or subnet"),
    "address": Column("str", "the address, NA when the finding is about the request, vNIC or subnet"),
    "code": Column("str", "stable code, see zecnb.planner.findings.CATALOGUE"),
    "severity": Column("str", "INFO, NOOP, RISK or BLOCK"),
    "api_code": Column("str", "what the API would answer, NA when it would not notice"),
    "holder_kind": Column("str", "what holds the address"),
    "holder_id": Column("str", "id of the holder"),
    "holder_name": Column("str", "its name, untrusted text"),
    "message": Column("str", "what is wrong"),
    "fix": Column("str", "what to do next"),
}
SUMMARY: Mapping[str, Column] = {
    "subnet_id": Column("str", "subnet touched by the plan"),
    "cidr": Column("str", "its CIDR"),
    "usable": Column("int64", "size - 3"),
    "used_before": Column("int64", "used now, without the reserved three; includes unseen"),
    "used_after": Column("int64", "used when every OK and RISK row is done"),
    "utilisation_before": Column("float64", "used / usable, 0..1"),
    "utilisation_after": Column("float64", "used / usable, 0..1"),
    "free_after": Column("int64", "usable - used_after"),
    "largest_run_before": Column("int64", "longest free run, addresses"),
    "largest_run_after": Column("int64", "longest free run, addresses"),
    "unseen": Column("int64", "used by something no listing shows"),
}
DIFFERENCE: Mapping[str, Column] = {
    "what": Column("str", "vpc, subnet, nic or address"),
    "id": Column("str", "its id, or the address"),
    "subnet_id": Column("str", "its subnet; NA for a VPC"),
    "change": Column("str", "added, removed, changed; for an address taken, released, moved"),
    "field": Column("str", "what changed, NA unless change is changed"),
    "was": Column("str", "value before; for an address who held it"),
    "now": Column("str", "value after; for an address who holds it"),
}
CLAIMS: Mapping[str, Column] = {
    "claim_id": Column("str", "names the claim; NA in a file of claims that are new"),
    "range": Column("str", "address, range or CIDR"),
    "owner": Column("str", "whose it is"),
    "purpose": Column("str", "what for"),
    "until": Column("str", "last day (2026-12-31) or moment it binds, NA for ever"),
    "link": Column("str", "a ticket or page"),
    "vpc_id": Column("str", "only in this VPC, NA in all"),
    "subnet_id": Column("str", "only in this subnet, NA in all"),
    "made_by": Column("str", "who entered it"),
    "made_at": Column("datetime64[us, UTC]", "when"),
    "expired": Column("boolean", "whether it no longer binds and only warns"),
}
MEMORY: Mapping[str, Column] = {
    "subnet_id": Column("str", "subnet"),
    "address": Column("str", "address"),
    "event": Column("str", "refused: the API said in use; released: an undo released it"),
    "at": Column("datetime64[us, UTC]", "when"),
    "nic_id": Column("str", "the vNIC it was for"),
}
HISTORY: Mapping[str, Column] = {
    "at": Column("datetime64[us, UTC]", "last observation of the UTC day"),
    "subnet_id": Column("str", "subnet"),
    "vpc_id": Column("str", "VPC, NA when not told"),
    "cidr": Column("str", "its CIDR then"),
    "usable": Column("int64", "addresses that could be assigned"),
    "used": Column("int64", "used, unseen ones included"),
    "peak": Column("int64", "most used in any observation of the day"),
    "largest_run": Column("Int64", "longest free run, NA when not told"),
}
FORECAST: Mapping[str, Column] = {
    "level": Column("str", "subnet or vpc"),
    "id": Column("str", "its id"),
    "status": Column("str", "full, filling, later (not before the horizon), not filling, or not enough data"),
    "days": Column("int64", "distinct days of data"),
    "last_day": Column("datetime64[us]", "last day of data, UTC"),
    "usable": Column("int64", "addresses that can be assigned, on the last day"),
    "used": Column("int64", "used on the last day"),
    "slope": Column("float64", "addresses per day, median of the pairwise slopes; a step that came once is none"),
    "slope_low": Column("float64", "lower end of its interval"),
    "slope_high": Column("float64", "upper end of its interval"),
    "warn_from": Column("datetime64[us]", "earliest day at the warning threshold; NaT beyond the horizon"),
    "warn_to": Column("datetime64[us]", "latest day; NaT beyond the horizon"),
    "critical_from": Column("datetime64[us]", "earliest day at the critical threshold"),
    "critical_to": Column("datetime64[us]", "latest day"),
    "full_from": Column("datetime64[us]", "earliest day without a free address"),
    "full_to": Column("datetime64[us]", "latest day"),
    "weekly": Column("bool", "whether a weekday pattern was found and used"),
    "steps": Column("int64", "step changes in the data"),
}
STEPS: Mapping[str, Column] = {
    "subnet_id": Column("str", "subnet"),
    "day": Column("datetime64[us]", "UTC day on which its use jumped"),
    "change": Column("int64", "addresses more (or less) than when it was last observed before"),
    "run_id": Column("str", "a run of that day that touched the subnet, NA when the journal has none"),
    "plan_digest": Column("str", "the plan of that run"),
}
NEIGHBOUR: Mapping[str, Column] = {
    "address": Column("str", "the address, or what they wrote"),
    "difference": Column("str", "only here; only there, free, reserved or in no subnet here; unreadable"),
    "vpc_id": Column("str", "VPC, of an address that is only here"),
    "subnet_id": Column("str", "its subnet"),
    "holder_kind": Column("str", "one of HOLDER_KINDS"),
    "holder_id": Column("str", "id of the holder"),
    "holder_name": Column("str", "its name, untrusted text"),
    "row": Column("Int64", "0-based row of theirs"),
    "theirs": Column("str", "their description, untrusted text"),
}
MANAGED: Mapping[str, Column] = {
    "nic_id": Column("str", "vNIC"),
    "nic_name": Column("str", "its name, untrusted text; NA when it is not there any more"),
    "resource": Column("str", "address of the resource in the Terraform state"),
    "recorded": Column("int64", "secondary addresses the state knows"),
    "held": Column("int64", "secondary addresses it has now"),
    "foreign": Column("int64", "held ones that the state does not know"),
    "gone": Column("int64", "recorded ones that are not held"),
    "warning": Column("str", "what the resource would do"),
}
CHECKED: Mapping[str, Column] = {
    "result": Column("str", "fail, unknown or pass"),
    "subnet_id": Column("str", "subnet, NA when it is about the inventory or the rules"),
    "name": Column("str", "its name, untrusted text"),
    "cidr": Column("str", "its CIDR"),
    "rule": Column("str", "one of capacity.rules.RULES, or complete_inventory, maximum_age_hours, match"),
    "limit": Column("Float64", "what the rule asks for"),
    "value": Column("Float64", "what there is; NA when unknown, or when it does not fill"),
    "reason": Column("str", "both in words"),
}
FREE_BLOCKS: Mapping[str, Column] = {
    "vpc_id": Column("str", "VPC"),
    "cidr": Column("str", "block that no subnet has, as large as alignment allows"),
    "prefix": Column("int64", "its prefix length"),
    "size": Column("int64", "its addresses"),
}
PLACES: Mapping[str, Column] = {
    "vpc_id": Column("str", "VPC"),
    "cidr": Column("str", "where the new subnet fits"),
    "inside": Column("str", "the free block it would be cut from"),
    "places": Column("int64", "how many subnets of that size the block holds"),
}
OVERLAPS: Mapping[str, Column] = {
    "vpc_id": Column("str", "VPC"),
    "cidr": Column("str", "its CIDR, the larger one"),
    "other_vpc_id": Column("str", "another VPC"),
    "other_cidr": Column("str", "its CIDR, inside the first"),
    "shared": Column("int64", "addresses in both"),
}
PROBLEMS: Mapping[str, Column] = {
    "step": Column("int64", "0-based step of the scenario"),
    "what": Column("str", "subnet, nic, havip, lb or range"),
    "id": Column("str", "its id, or the range"),
    "count": Column("int64", "addresses concerned"),
    "problem": Column("str", "what could not be done, and why"),
}
REGAIN: Mapping[str, Column] = {
    "block": Column("str", "aligned block, first and last address"),
    "to_release": Column("int64", "addresses held in it"),
    "stuck": Column("int64", "of those, primaries, HaVips and load balancers, which cannot simply be released"),
    "addresses": Column("object", "tuple of the held addresses"),
    "holders": Column("object", "tuple of who holds each: kind, name and id"),
}
RECEIPT: Mapping[str, Column] = {
    "row": Column("int64", "the caller's 0-based input row"),
    "nic_id": Column("str", "vNIC"),
    "address": Column("str", "address asked for, or got"),
    "state": Column("str", "one of zecnb.execution.receipt.STATES"),
    "api_code": Column("str", "the API's error code, NA when it accepted"),
    "request_id": Column("str", "the API's requestId, NA when there was no call"),
    "reason": Column("str", "why it was left or is not known, in words; NA when all is well"),
}


def empty(columns: Mapping[str, Column]) -> pd.DataFrame:
    """Return a frame of no rows with the columns and dtypes of ``columns``."""
    import pandas as pd

    return pd.DataFrame({name: pd.Series([], dtype=column.dtype) for name, column in columns.items()})


def conform(frame: pd.DataFrame, columns: Mapping[str, Column], *, required: Iterable[str], what: str) -> pd.DataFrame:
    """Return ``frame`` with exactly ``columns``: names matched, missing ones NA, dtypes set, index reset.

    Raises:
        UsageError: it is no DataFrame, a required column is missing, or a value does not fit its column's dtype.
    """
    import pandas as pd

    if not isinstance(frame, pd.DataFrame):
        raise UsageError(f"{what} is a DataFrame with the columns {', '.join(columns)}, not {type(frame).__name__}")
    names = match_columns(frame.columns, columns)
    missing = [name for name in required if name not in names.values()]
    if missing:
        raise UsageError(
            f"{what}: column{'s' if len(missing) > 1 else ''} {', '.join(missing)} missing; "
            f"there are {', '.join(map(str, frame.columns)) or 'no columns'}"
        )
    given = frame[list(names)].rename(columns=names).reset_index(drop=True)
    done: dict[str, pd.Series] = {}
    for name, column in columns.items():
        series = given[name] if name in given else pd.Series(pd.NA, index=given.index, dtype=object)
        try:
            done[name] = series.astype(pd.api.types.pandas_dtype(column.dtype))
        except (TypeError, ValueError) as error:
            raise UsageError(f"{what}: column {name} must be {column.dtype}: {error}") from error
    return pd.DataFrame(done, columns=list(columns))


def unique(ids: pd.Series, what: str) -> None:
    """Make sure that every row has an id of its own.

    Raises:
        UsageError: one is missing or appears twice; names the row.
    """
    if (bad := ids.isna() | ids.duplicated()).any():
        at = int(bad.to_numpy().argmax())
        raise UsageError(f"{what}, row {at}: id {ids.iloc[at]!r} is missing or appears twice")
