"""The ledger for NetBox and phpIPAM, and what theirs says differently.

Column names and checks are those of their import forms: NetBox 4 ``ipam/forms/bulk_import.py``, phpIPAM
``app/admin/import-export/import-ipaddr-check.php`` (which refuses quotes and semicolons in descriptions).
"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from zecnb import addresses
from zecnb.capacity.asked import snapshot_of
from zecnb.columns import column, joined, strings
from zecnb.errors import UsageError
from zecnb.render.export import defuse
from zecnb.schema import NEIGHBOUR, conform, match_columns
from zecnb.sheets import read_rows

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from zecnb.capacity.whatif import Scenario
    from zecnb.snapshot import Snapshot

__all__ = ["differences", "netbox_addresses", "netbox_prefixes", "phpipam_addresses"]

_NETBOX_LIMIT, _PHPIPAM_LIMIT = 200, 64  # letters of a description
_NETBOX_ROLES = {"nic_secondary": "secondary", "havip": "vip", "lb": "vip"}
_NOT_EXPORTED = ("network", "broadcast")
_ADDRESS_NAMES = ("address", "ip_addr", "ip_address")
_NOTE_NAMES = ("description", "hostname", "dns_name")
_TITLE_ROWS = 10  # of phpIPAM's exports: description, CIDR and VLAN of a subnet


def netbox_addresses(snapshot: Snapshot | Scenario[Any], vrfs: Mapping[str, str] | None = None) -> pd.DataFrame:
    """Return held addresses as NetBox imports them: ``address, vrf, status, role, description``.

    Args:
        snapshot: what is held; gateways are reserved, network and broadcast addresses left out.
        vrfs: name of the VRF by VPC id; without one NetBox puts addresses into its global table.

    Raises:
        UsageError: ``vrfs`` is no mapping of names.
    """
    held = _exported(snapshot_of(snapshot))
    return defuse(
        pd.DataFrame(
            {
                "address": held["address"] + held["cidr"].str.replace(r"^[^/]*", "", regex=True),
                "vrf": _named(held["vpc_id"], vrfs),
                "status": np.where(held["kind"] == "gateway", "reserved", "active"),
                "role": held["kind"].map(_NETBOX_ROLES).fillna(""),
                "description": _said(held).str.slice(0, _NETBOX_LIMIT),
            }
        )
    )


def netbox_prefixes(snapshot: Snapshot | Scenario[Any], vrfs: Mapping[str, str] | None = None) -> pd.DataFrame:
    """Return IPv4 subnets as NetBox imports prefixes: ``prefix, vrf, status, description``.

    Args:
        snapshot: its subnets.
        vrfs: name of the VRF by VPC id.

    Raises:
        UsageError: ``vrfs`` is no mapping of names.
    """
    snapshot = snapshot_of(snapshot)
    subnets = snapshot.subnets[snapshot.geometry.ipv4].reset_index(drop=True)
    said = "ZEC subnet " + subnets["name"].fillna("") + " " + subnets["subnet_id"]
    return defuse(
        pd.DataFrame(
            {
                "prefix": subnets["cidr_block"],
                "vrf": _named(subnets["vpc_id"], vrfs),
                "status": "active",
                "description": said.str.slice(0, _NETBOX_LIMIT),
            }
        )
    )


def phpipam_addresses(
    snapshot: Snapshot | Scenario[Any], section: str, vrfs: Mapping[str, str] | None = None
) -> pd.DataFrame:
    """Return held addresses as phpIPAM imports them: ``section, ip_addr, description, vrf, subnet, tag, is_gateway``.

    Args:
        snapshot: what is held; network and broadcast addresses are left out.
        section: name of the section, which must be there, as its subnets must.
        vrfs: name of the VRF by VPC id.

    Raises:
        UsageError: the section has no name, or ``vrfs`` is no mapping of names.
    """
    if not isinstance(section, str) or not section.strip():
        raise UsageError(f"phpIPAM imports into a section: its name, not {section!r}")
    held = _exported(snapshot_of(snapshot))
    gateway = (held["kind"] == "gateway").to_numpy()
    return defuse(
        pd.DataFrame(
            {
                "section": section,
                "ip_addr": held["address"],
                "description": _said(held).str.replace("[;'\"]", " ", regex=True).str.slice(0, _PHPIPAM_LIMIT),
                "vrf": _named(held["vpc_id"], vrfs),
                "subnet": held["cidr"],
                "tag": np.where(gateway, "Reserved", "Used"),
                "is_gateway": np.where(gateway, "yes", "no"),
            }
        )
    )


def differences(
    snapshot: Snapshot | Scenario[Any], theirs: pd.DataFrame | str | Path, *, vpc_id: str | None = None
) -> pd.DataFrame:
    """Return what NetBox or phpIPAM says differently, columns of ``schema.NEIGHBOUR``, by address.

    Args:
        snapshot: what is held.
        theirs: their export, or the path of its CSV or Excel file: a column ``address`` or ``IP Address`` (NetBox),
            ``ip_addr`` or ``ip address`` (phpIPAM, whose exports begin with a title), and a description, if it has
            one. IPv6 rows are passed over.
        vpc_id: only this VPC; needed where VPCs have the same addresses and their export is of one.

    Raises:
        UsageError: the file cannot be read, has no column of addresses, or there is no such VPC.
    """
    snapshot = snapshot_of(snapshot)
    frame, row = _read(theirs)
    where, note = _columns(frame)
    text = frame[where].astype("str").fillna("").str.replace("/.*", "", regex=True).str.strip()
    six = text.str.contains(":", regex=False)
    value, good = addresses.parse(column(text))
    ours = _exported(snapshot)
    shapes = snapshot.geometry
    chosen = shapes.ipv4
    if vpc_id is not None:
        snapshot.vpc_position(vpc_id)
        ours = ours[ours["vpc_id"] == vpc_id].reset_index(drop=True)
        chosen = chosen & (snapshot.subnets["vpc_id"] == vpc_id).to_numpy()
    held, _ = addresses.parse(column(ours["address"]))
    here = np.isin(value, held)
    edge = np.isin(value, np.concatenate([shapes.network[chosen], shapes.broadcast[chosen]]))
    inside = _inside(value, shapes.network[chosen], shapes.broadcast[chosen])
    kind = np.select(
        [~good, here, edge, inside],
        ["unreadable", "same", "only there, reserved here", "only there, free here"],
        "only there, in no subnet here",
    )
    told = pd.DataFrame({"address": text, "difference": kind, "row": row, "theirs": frame[note] if note else pd.NA})
    told = told[(kind != "same") & ~(six | (text == "")).to_numpy(np.bool_)]
    missing = ours[~np.isin(held, value[good])].assign(difference="only here", row=None)
    missing = missing.rename(columns={"kind": "holder_kind"})
    both = pd.concat([missing.astype(object), told.astype(object)], ignore_index=True)
    number, readable = addresses.parse(column(both["address"].astype("str")))
    order = np.lexsort((number, ~readable))
    return conform(both.iloc[order], NEIGHBOUR, required=(), what="differences")


def _exported(snapshot: Snapshot) -> pd.DataFrame:
    """Return ``address, cidr, vpc_id, subnet_id, kind, holder_id, holder_name``, by subnet and address."""
    held = snapshot.holders
    held = held[~held["kind"].isin(_NOT_EXPORTED)].reset_index(drop=True)
    cidr = snapshot.subnets.set_index("subnet_id")["cidr_block"]
    held["cidr"] = held["subnet_id"].map(cidr).astype("str")
    return held


def _said(held: pd.DataFrame) -> pd.Series:
    """Return what holds an address; it begins with a word of ours, so no name is at the start of a cell."""
    parts = (held["kind"], held["holder_name"].fillna(""), held["holder_id"].fillna(""))
    kind, name, who = (column(part.astype("str")) for part in parts)
    return pd.Series(strings(joined(kind, " ", name, " ", who))).str.replace(r"\s+", " ", regex=True)


def _named(vpc: pd.Series, vrfs: Mapping[str, str] | None) -> pd.Series:
    if vrfs is not None and not (isinstance(vrfs, Mapping) and all(isinstance(each, str) for each in vrfs.values())):
        raise UsageError(f"vrfs is the name of a VRF for each VPC id, such as {{'vpc-1': 'blue'}}, not {vrfs!r}")
    return vpc.map(dict(vrfs or {})).astype("str").fillna("")


def _inside(value: NDArray[np.uint32], network: NDArray[np.uint32], broadcast: NDArray[np.uint32]) -> NDArray[np.bool_]:
    """Return whether each address lies in one of the subnets, which may be nested or equal."""
    start, end = np.sort(network), np.sort(broadcast)
    opened, closed = np.searchsorted(start, value, "right"), np.searchsorted(end, value, "left")
    return np.asarray(opened > closed)


def _columns(frame: pd.DataFrame) -> tuple[object, object | None]:
    """Return the columns of addresses and of notes, the latter None when there is none."""
    names = {name: given for given, name in match_columns(frame.columns, (*_ADDRESS_NAMES, *_NOTE_NAMES)).items()}
    where = next((names[name] for name in _ADDRESS_NAMES if name in names), None)
    if where is None:
        raise UsageError(f"theirs needs a column address or ip_addr; there are {', '.join(map(str, frame.columns))}")
    return where, next((names[name] for name in _NOTE_NAMES if name in names), None)


def _read(theirs: object) -> tuple[pd.DataFrame, NDArray[np.int64]]:
    """Return their export with the row of its headings as the columns, and the number of each row below it."""
    if isinstance(theirs, pd.DataFrame):
        return theirs.reset_index(drop=True), np.arange(len(theirs))
    if not isinstance(theirs, str | Path):
        raise UsageError(f"theirs is a DataFrame or the path of a CSV or Excel file, not {type(theirs).__name__}")
    try:
        frame, row = read_rows(theirs)
    except UsageError:
        if (untitled := _untitled(Path(theirs))) is None:
            raise
        return untitled, np.arange(len(untitled))
    if match_columns(frame.columns, _ADDRESS_NAMES):
        return frame, row
    for at in range(min(len(frame), _TITLE_ROWS)):
        heads = frame.iloc[at].tolist()
        if match_columns((each for each in heads if each), _ADDRESS_NAMES):
            below = frame.iloc[at + 1 :].set_axis(heads, axis=1).reset_index(drop=True)
            return below, row[at + 1 :] - row[at] - 1
    return frame, row


def _untitled(path: Path) -> pd.DataFrame | None:
    """Return a text file's table from its headings on, where what stands above has fewer cells; None without any."""
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines(keepends=True)
        for at, line in enumerate(lines[1:_TITLE_ROWS], 1):
            for separator in ",;\t":
                heads = next(csv.reader([line], delimiter=separator), [])
                if match_columns((each for each in heads if each), _ADDRESS_NAMES):
                    rest = io.StringIO("".join(lines[at:]))
                    return pd.read_csv(rest, sep=separator, dtype="str", keep_default_na=False, index_col=False)
    except (OSError, ValueError, csv.Error):
        pass
    return None
