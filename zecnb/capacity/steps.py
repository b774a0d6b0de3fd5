"""What each step of a what-if does to the frames of an inventory; pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa

from zecnb import addresses
from zecnb.capacity.asked import exceeds, nic_positions, whole
from zecnb.capacity.placing import allot
from zecnb.columns import column, joined, positions, strings
from zecnb.errors import PlanBlockedError, UsageError
from zecnb.ledger import addresses_of, keys_of, subnets_of
from zecnb.render.cells import plural
from zecnb.schema import HOLDER_KINDS, HOLDERS, TAKES_ADDRESSES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from zecnb.planner.plan import Plan
    from zecnb.snapshot import Snapshot

__all__ = [
    "NIC_KINDS",
    "Change",
    "add_nics",
    "drain",
    "follow_plan",
    "grow",
    "growable",
    "holders_of",
    "move",
    "new_nics_at",
]

NIC_KINDS = ("nic_primary", "nic_secondary")


class Change(NamedTuple):
    """Frames after a step, and what is to be said of it.

    Attributes:
        subnets, nics, holders: as ``Snapshot.from_frames`` takes them.
        note: what was done.
        problems: ``(what, id, addresses concerned, problem)``, one per thing that could not be done.
    """

    subnets: pd.DataFrame
    nics: pd.DataFrame
    holders: pd.DataFrame
    note: str
    problems: list[tuple[str, str, int, str]]


def holders_of(snapshot: Snapshot) -> pd.DataFrame:
    """Return what is held without the reserved addresses, which follow from the subnets."""
    held = snapshot.holders
    return held[snapshot.is_used].reset_index(drop=True)


def add_nics(
    snapshot: Snapshot, claims: pd.DataFrame, subnet_id: str, count: int, each: int, nic_limit: int | None
) -> Change:
    """Add vNICs with so many addresses each, their primary included."""
    whole(count=count, addresses=each)
    at = snapshot.ipv4_position(subnet_id)
    if exceeds(each, nic_limit):
        raise UsageError(f"a vNIC holds {nic_limit} addresses at most, not {each}; nic_limit=None lifts that")
    seats = min(count, int(snapshot.left[at]) // each)  # of a million vNICs that find no room none is thought of
    placed = allot(snapshot, claims, np.full(seats, at), np.full(seats, each))
    made = int(placed.fits.sum())
    home = snapshot.subnets.iloc[at]
    ids = _fresh_ids(snapshot, subnet_id, made)
    nics = pd.DataFrame(
        {
            "nic_id": ids,
            "name": ids,
            "region_id": home["region_id"],
            "vpc_id": home["vpc_id"],
            "subnet_id": subnet_id,
            "status": "AVAILABLE",
            "nic_type": "Secondary",
            "primary_ipv4": strings(addresses.to_text(addresses_of(placed.key[::each]))),
        }
    )
    kinds = np.where(np.arange(len(placed.key)) % each == 0, *NIC_KINDS)
    held = _held(snapshot, placed.key, kinds, ids.take(placed.owner), ids.take(placed.owner))
    rest = f"no room for {count - made:,} of {plural(count, 'new vNIC')}"
    short = [("subnet", subnet_id, (count - made) * each, rest)]
    return Change(
        snapshot.subnets,
        _joined(snapshot.nics, nics),
        _joined(holders_of(snapshot), held),
        f"add {plural(made, 'vNIC')} with {plural(each, 'address', 'addresses')} each to {subnet_id}",
        short if made < count else [],
    )


def drain(snapshot: Snapshot, nic_ids: Sequence[str], *, delete: bool) -> Change:
    """Release what vNICs hold: the secondary addresses; the primary only goes with the vNIC (contract.md A9)."""
    at = nic_positions(snapshot, nic_ids)
    ids = snapshot.nics["nic_id"].iloc[at]
    held = holders_of(snapshot)
    released = held["kind"].isin(NIC_KINDS if delete else NIC_KINDS[1:]) & held["holder_id"].isin(ids)
    nics = snapshot.nics.drop(index=snapshot.nics.index[at]).reset_index(drop=True) if delete else snapshot.nics
    verb = "delete" if delete else "drain"
    note = f"{verb} {plural(len(at), 'vNIC')}, {plural(int(released.sum()), 'address', 'addresses')} released"
    return Change(snapshot.subnets, nics, held[~released].reset_index(drop=True), note, [])


def growable(snapshot: Snapshot) -> NDArray[np.bool_]:
    """Return which vNICs could take another IPv4 address, their limit aside."""
    takes = snapshot.nics["status"].isin(TAKES_ADDRESSES) & (snapshot.nics["nic_subnet_type"] != "IPv6")
    at = snapshot.nic_subnet
    return np.asarray(takes.to_numpy() & (at >= 0) & snapshot.geometry.ipv4[np.maximum(at, 0)])


def grow(
    snapshot: Snapshot,
    claims: pd.DataFrame,
    by: int,
    nic_ids: Sequence[str] | None,
    subnet_id: str | None,
    nic_limit: int | None,
) -> Change:
    """Give each vNIC so many more addresses; one that cannot have all of them gets none."""
    whole(by=by)
    chosen = np.arange(len(snapshot.nics)) if nic_ids is None else nic_positions(snapshot, nic_ids)
    problems = []
    if subnet_id is not None:
        here = snapshot.nic_subnet[chosen] == snapshot.ipv4_position(subnet_id)
        if nic_ids is not None:  # of all vNICs those of other subnets are not meant
            problems.append(_each("nic", snapshot, chosen[~here], by, f"is not in {subnet_id}"))
        chosen = chosen[here]
    able = growable(snapshot)[chosen]
    over = able & exceeds(snapshot.nic_used[chosen] + by, nic_limit)
    problems.append(_each("nic", snapshot, chosen[over], by, f"would exceed {nic_limit} addresses"))
    if nic_ids is not None:  # of all vNICs those that cannot take any are passed over
        problems.append(_each("nic", snapshot, chosen[~able], by, "takes no IPv4 addresses in its state or stack"))
    chosen = chosen[able & ~over]
    placed = allot(snapshot, claims, snapshot.nic_subnet[chosen], np.full(len(chosen), by))
    problems.append(_each("nic", snapshot, chosen[~placed.fits], by, "its subnet has no room left"))
    nic = chosen[placed.owner]
    ids, names = (snapshot.nics[name].array.take(nic) for name in ("nic_id", "name"))
    held = _held(snapshot, placed.key, np.full(len(placed.key), NIC_KINDS[1]), ids, names)
    return Change(
        snapshot.subnets,
        snapshot.nics,
        _joined(holders_of(snapshot), held),
        f"grow {plural(int(placed.fits.sum()), 'vNIC')} by {by:,}, {plural(len(held), 'address', 'addresses')}",
        [each for part in problems for each in part],
    )


def move(snapshot: Snapshot, claims: pd.DataFrame, nic_ids: Sequence[str], subnet_id: str) -> Change:
    """Make vNICs anew in another subnet with as many addresses; a vNIC stays in its subnet for life (A26)."""
    at, home = nic_positions(snapshot, nic_ids), snapshot.ipv4_position(subnet_id)
    chosen = at[snapshot.nic_subnet[at] != home]
    placed = allot(snapshot, claims, np.full(len(chosen), home), np.maximum(snapshot.nic_used[chosen], 1))
    ids = snapshot.nics["nic_id"].array.take(chosen[placed.fits])
    held = holders_of(snapshot)
    released = held["kind"].isin(NIC_KINDS) & held["holder_id"].isin(ids)
    owner = chosen[placed.owner]
    first = np.append(True, owner[1:] != owner[:-1])[: len(owner)]
    columns = (snapshot.nics[name].array.take(owner) for name in ("nic_id", "name"))
    new = _held(snapshot, placed.key, np.where(first, *NIC_KINDS), *columns)
    nics = snapshot.nics.copy()
    row = snapshot.subnets.iloc[home]
    moved = chosen[placed.fits]
    about = {"subnet_id": subnet_id, **row[["vpc_id", "region_id"]], "nic_subnet_type": row["stack_type"]}
    for name, value in about.items():
        nics.loc[moved, name] = value
    nics.loc[owner[first], "primary_ipv4"] = new["address"].array[first]
    note = f"move {plural(len(moved), 'vNIC')} to {subnet_id}, {plural(len(new), 'address', 'addresses')}"
    lost = _each("nic", snapshot, chosen[~placed.fits], 0, f"{subnet_id} has no room for its addresses")
    return Change(snapshot.subnets, nics, _joined(held[~released].reset_index(drop=True), new), note, lost)


def follow_plan(snapshot: Snapshot, plan: Plan) -> Change:
    """Hold what a plan would assign.

    Raises:
        PlanBlockedError: it has blocked rows; applying it would be refused too.
        UsageError: what it takes is not there any more, or held by another.
    """
    if not plan.ok:
        raise PlanBlockedError("the plan has blocked rows; it would not be applied")
    rows = plan.frame[plan.frame["verdict"].isin(["OK", "RISK"]) & plan.frame["address"].notna()]
    rows = rows.drop_duplicates(["nic_id", "address"])
    nic = positions(snapshot.nic_ids, column(rows["nic_id"]))
    if (nic < 0).any():
        raise UsageError(f"the plan assigns to vNIC {rows['nic_id'].iloc[int(np.argmin(nic))]!r}, which is not here")
    value, _ = addresses.parse(column(rows["address"]))
    home = snapshot.nic_subnet[nic]
    outside = (home < 0) | ~snapshot.geometry.contains(home, value)
    key = keys_of(np.maximum(home, 0), value)
    entry = snapshot.ledger.find(key)
    taken = entry >= 0
    holder = np.where(taken, snapshot.ledger.holder[np.maximum(entry, 0)], 0) if len(entry) else entry
    same = taken & (snapshot.holder_nic[holder] == nic)
    if (wrong := (taken & ~same) | outside).any():
        at = int(np.argmax(wrong))
        who = "outside its subnet" if outside[at] else f"held by {_who(snapshot, int(entry[at]))}"
        raise UsageError(
            f"the plan's {rows['address'].iloc[at]} for {rows['nic_id'].iloc[at]} is {who} in this scenario"
        )
    part = np.flatnonzero(~same)
    names = snapshot.nics["name"].array.take(nic[part])
    held = _held(snapshot, key[part], np.full(len(part), NIC_KINDS[1]), rows["nic_id"].array.take(part), names)
    note = f"apply plan {plan.digest[:8]}, {plural(len(held), 'address', 'addresses')}"
    return Change(snapshot.subnets, snapshot.nics, _joined(holders_of(snapshot), held), note, [])


def _who(snapshot: Snapshot, entry: int) -> str:
    """Return kind, name and id of who holds an address."""
    holder = int(snapshot.ledger.holder[entry])
    words = (snapshot.holder_names[holder].as_py(), snapshot.holder_ids[holder].as_py())
    return " ".join(filter(None, (HOLDER_KINDS[snapshot.ledger.kind[entry]], *dict.fromkeys(words))))


def _held(
    snapshot: Snapshot, key: NDArray[np.uint64], kind: NDArray[np.str_], ids: object, names: object
) -> pd.DataFrame:
    """Return holders, columns of ``schema.HOLDERS``."""
    at = subnets_of(key)
    return pd.DataFrame(
        {
            "vpc_id": snapshot.subnets["vpc_id"].array.take(at),
            "subnet_id": snapshot.subnets["subnet_id"].array.take(at),
            "address": strings(addresses.to_text(addresses_of(key))),
            "kind": pd.array(kind, dtype="str"),
            "holder_id": ids,
            "holder_name": names,
        },
        columns=list(HOLDERS),
    )


def _joined(old: pd.DataFrame, new: pd.DataFrame) -> pd.DataFrame:
    if not len(new):
        return old
    return pd.concat([old, new.reindex(columns=old.columns).astype(old.dtypes)], ignore_index=True)


def _fresh_ids(snapshot: Snapshot, subnet_id: str, count: int) -> pd.api.extensions.ExtensionArray:
    """Return ids that no vNIC has and that nobody takes for one of the API's."""
    prefix = f"new:{subnet_id}:"
    first = int(snapshot.nics["nic_id"].str.startswith(prefix).sum())
    number = pa.array(np.arange(first + 1, first + count + 1)).cast(pa.large_string())
    return strings(joined(prefix, number))


def new_nics_at(snapshot: Snapshot, base: Snapshot) -> NDArray[np.bool_]:
    """Return which vNICs have to be made first: they are not in the base, or there in another subnet."""
    at = positions(base.nic_ids, snapshot.nic_ids)
    was = base.nics["subnet_id"].array.take(np.maximum(at, 0)) if len(base.nics) else snapshot.nics["subnet_id"].array
    return np.asarray((at < 0) | (was != snapshot.nics["subnet_id"].array))


def _each(
    what: str, snapshot: Snapshot, nics: NDArray[np.integer], count: int, problem: str
) -> list[tuple[str, str, int, str]]:
    wanted = np.full(len(nics), count) if count else snapshot.nic_used[nics]
    ids = snapshot.nics["nic_id"].array.take(nics)
    return [(what, str(nic), int(n), problem) for nic, n in zip(ids, wanted, strict=True)]
