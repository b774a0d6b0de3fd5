"""What a NetBox says differently, read over its REST API; needs ``pip install 'zecnb[netbox]'``."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlsplit

import numpy as np
import pandas as pd

from zecnb import addresses
from zecnb.capacity.asked import snapshot_of
from zecnb.capacity.neighbours import differences
from zecnb.columns import column
from zecnb.errors import UsageError
from zecnb.schema import NEIGHBOUR, conform

if TYPE_CHECKING:
    from zecnb.capacity.whatif import Scenario
    from zecnb.snapshot import Snapshot

__all__ = ["Theirs", "netbox_differences", "read_netbox"]

_SECONDS = 30.0  # without an answer
_PAGE = 1000  # records; a NetBox may send fewer


class Theirs(NamedTuple):
    """What a NetBox holds.

    Attributes:
        addresses: ``address`` with prefix length, ``description``, ``vrf``.
        prefixes: ``prefix``, ``status``, ``description``, ``vrf``.
    """

    addresses: pd.DataFrame
    prefixes: pd.DataFrame


def read_netbox(url: str, token: str, *, vrf: str | None = None) -> Theirs:
    """Read the IPv4 addresses and prefixes of a NetBox.

    Args:
        url: of the NetBox, without ``/api``; ``https``, as the token is sent there, except on this machine.
        token: of its API, version 1 or 2; it is sent to it and kept nowhere.
        vrf: only those of the VRF with this name, "" for the global table.

    Raises:
        UsageError: pynetbox is not installed, the URL or the token cannot be, or the NetBox cannot be read; never with
            the token.
    """
    _check(url, token)
    try:
        import pynetbox
        import requests
    except ImportError as error:
        raise UsageError("reading a NetBox needs pynetbox: pip install 'zecnb[netbox]'") from error
    failure = ""
    try:
        with requests.Session() as session:
            session.request = partial(session.request, timeout=_SECONDS)  # type: ignore[method-assign]
            api = pynetbox.api(url, token=token)
            api.http_session = session
            found = Theirs(
                _records(api.ipam.ip_addresses, ("address", "description", "vrf"), vrf),
                _records(api.ipam.prefixes, ("prefix", "status", "description", "vrf"), vrf),
            )
    except pynetbox.RequestError as error:
        status = error.req.status_code
        why = {401: "does not know the token", 403: "refuses the token"}.get(status, f"answers {status}")
        failure = f"{why}: {error.error[:200]}"
    except pynetbox.ContentError:
        failure = "answers, but is no NetBox"
    except (requests.RequestException, ValueError) as error:
        failure = f"cannot be reached: {error}"
    if failure:  # not chained: the other's error holds the request with the token
        raise UsageError(f"NetBox {url} {failure}".replace(token or "\0", "…"))
    return found


def _check(url: object, token: object) -> None:
    """Refuse what cannot be a NetBox and its token before anything is sent; libraries would show the token."""
    try:
        parts = urlsplit(url if isinstance(url, str) else "")
    except ValueError:  # half an IPv6 address, for one
        parts = urlsplit("")
    if "@" in parts.netloc:
        raise UsageError("the URL of a NetBox holds no user or password; the token says who asks")
    here = parts.scheme == "http" and parts.hostname in ("localhost", "127.0.0.1", "::1")
    if not parts.hostname or not (here or parts.scheme == "https"):
        raise UsageError(f"the URL of a NetBox begins with https:// (http:// on this machine only), not {url!r}")
    if not isinstance(token, str) or not token.isascii() or not token.isprintable() or " " in token or not token:
        raise UsageError("the token of a NetBox is one word of plain letters, without blanks or line breaks")


def netbox_differences(
    snapshot: Snapshot | Scenario[Any], url: str, token: str, *, vrf: str | None = None, vpc_id: str | None = None
) -> pd.DataFrame:
    """Return what a NetBox says differently: prefixes, then addresses, columns of ``schema.NEIGHBOUR``.

    Prefixes of VPCs and containers are nothing that a subnet could be, so they are passed over.

    Args:
        snapshot: what is held.
        url: of the NetBox, without ``/api``.
        token: of its API; kept nowhere.
        vrf: only those of the VRF with this name, "" for the global table.
        vpc_id: only this VPC.

    Raises:
        UsageError: the NetBox cannot be read, or there is no such VPC.
    """
    snapshot = snapshot_of(snapshot)
    theirs = read_netbox(url, token, vrf=vrf)
    of_addresses = differences(snapshot, theirs.addresses, vpc_id=vpc_id)
    of_prefixes = _of_prefixes(snapshot, theirs.prefixes, vpc_id)
    return pd.concat([of_prefixes, of_addresses], ignore_index=True)


def _of_prefixes(snapshot: Snapshot, theirs: pd.DataFrame, vpc_id: str | None) -> pd.DataFrame:
    subnets = snapshot.subnets[snapshot.geometry.ipv4]
    if vpc_id is not None:
        subnets = subnets[subnets["vpc_id"] == vpc_id]
    theirs = theirs.assign(row=np.arange(len(theirs)))
    around = pd.concat([snapshot.vpcs["cidr_block"], snapshot.vpcs["secondary_cidr_blocks"].str.split(", ").explode()])
    passed = theirs["prefix"].isin(around) | (theirs["status"] == "container")
    more = theirs[~theirs["prefix"].isin(subnets["cidr_block"]) & ~passed]
    missing = subnets[~subnets["cidr_block"].isin(theirs["prefix"])]
    here = missing[["vpc_id", "subnet_id"]].assign(
        address=missing["cidr_block"],
        difference="only here",
        holder_kind="subnet",
        holder_id=missing["subnet_id"],
        holder_name=missing["name"],
    )
    there = more[["row"]].assign(
        address=more["prefix"], difference="only there, in no subnet here", theirs=more["description"]
    )
    both = pd.concat([here.astype(object), there.astype(object)], ignore_index=True)
    network, prefix, _ = addresses.parse_cidr(column(both["address"].astype("str")))
    return conform(both.iloc[np.lexsort((prefix, network))], NEIGHBOUR, required=(), what="differences")


def _records(endpoint: Any, names: tuple[str, ...], vrf: str | None) -> pd.DataFrame:
    """Return all IPv4 records of a listing, which is read page by page."""
    rows = []
    for record in endpoint.filter(family=4, limit=_PAGE):
        plain = dict(record)
        rows.append([_word(plain.get(name)) for name in names])
    frame = pd.DataFrame(rows, columns=list(names), dtype="str")
    return frame if vrf is None else frame[frame["vrf"] == vrf].reset_index(drop=True)


def _word(value: object) -> str:
    """Return a field as text: of a choice its value, of another record its name."""
    if isinstance(value, dict):
        value = value.get("value", value.get("name"))
    return "" if value is None else str(value)
