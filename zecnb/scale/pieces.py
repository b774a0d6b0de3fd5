"""What is done to one partition at a time, in pandas: reading requests and holders, and planning with them.

Nothing here knows Dask. A *home* is the position of the subnet with which a row must lie together, -1 for
requests of a vNIC that is not known or whose subnet is not listed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa

from zecnb.addresses import Reason, parse, to_text
from zecnb.columns import column, positions, strings, texts_at
from zecnb.geometry import Geometry
from zecnb.holders import SEEN_FROM, read_holders
from zecnb.ledger import addresses_of, subnets_of
from zecnb.planner.plan import make_plan
from zecnb.requests import Requests
from zecnb.schema import HOLDER_KINDS, HOLDERS, KIND_CODES, NICS, conform, unique
from zecnb.snapshot import Snapshot
from zecnb.tokens import Tokens

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from numpy.typing import NDArray

    from zecnb.planner.options import Options
    from zecnb.planner.plan import Plan

__all__ = [
    "Account",
    "Homes",
    "asked_places",
    "elsewhere_as_held",
    "find_homes",
    "held_places",
    "places_by_subnet",
    "plan_part",
    "read_asks",
    "read_held",
    "read_nics",
    "size_of_held",
    "size_of_requests",
]

_HELD_NEEDS = ("subnet_id", "address", "kind", "holder_id")
_PLACE_NEEDS = _HELD_NEEDS[:3]
_NIC_NEEDS = ("nic_id", "subnet_id", "status")
_NIC_COLUMNS = ("nic_id", "name", "subnet_id", "status", "nic_type", "nic_subnet_type", "instance_id")
_OWNED = [KIND_CODES["nic_primary"], KIND_CODES["nic_secondary"]]
_WEAKEST = len(HOLDER_KINDS) - 1  # of two holders of one address the one of the lower kind counts
_LAST = np.iinfo(np.int32).max
_TEXT = pa.large_string()
_ASKS = ("home", "row", "ask", "nic_id", "count", "state", "count_text", "text", "value", "reason")


class Homes(NamedTuple):
    """Where each vNIC is.

    Attributes:
        nic_ids: Arrow strings.
        home: int64, position of each one's subnet, -1 when it is not listed.
    """

    nic_ids: pa.LargeStringArray
    home: NDArray[np.int64]

    def of(self, nic_ids: pa.LargeStringArray) -> NDArray[np.int64]:
        """Return the home of each vNIC, -1 where there is none of that id."""
        return np.append(self.home, -1)[positions(self.nic_ids, nic_ids)]


@dataclass(frozen=True)
class Account:
    """What every partition is told.

    Attributes:
        subnets: all of them, columns of ``schema.SUBNETS``. The API's count is never less than what is held, so
            that a subnet whose holders are elsewhere still has the room it has.
        sources, observed_at: as of the inventory.
        options, claims, memory, age, now: as for ``make_plan``.
        carried: the caller's other columns.
    """

    subnets: pd.DataFrame
    sources: pd.DataFrame
    observed_at: datetime
    options: Options
    claims: pd.DataFrame | None
    memory: pd.DataFrame | None
    age: float
    now: datetime
    carried: Sequence[object]


# -- vNICs ---------------------------------------------------------------------------------------------------------


def find_homes(chunks: Sequence[pd.DataFrame], subnets: pd.DataFrame) -> Homes:
    """Read where each vNIC is.

    Raises:
        UsageError: an id is missing or appears twice.
    """
    nics = pd.concat([conform(chunk, NICS, required=_NIC_NEEDS[:2], what="nics") for chunk in chunks])
    unique(nics["nic_id"], "nics")
    return Homes(column(nics["nic_id"]), positions(column(subnets["subnet_id"]), column(nics["subnet_id"])))


def read_nics(chunk: pd.DataFrame, number: pd.DataFrame, subnets: pd.DataFrame, *, everywhere: bool) -> pd.DataFrame:
    """Read vNICs: what a plan says of them, ``home``, and ``order``, their place among all.

    Args:
        chunk: columns of ``schema.NICS``.
        number: which chunk it is.
        subnets: the subnets.
        everywhere: whether there are requests at home -1: what their ids may be meant to be takes every name.
    """
    nics = conform(chunk, NICS, required=_NIC_NEEDS, what="nics")[list(_NIC_COLUMNS)]
    order = np.int64(number["number"].iloc[0] if len(number) else 0) << np.int64(32)
    nics.insert(0, "home", positions(column(subnets["subnet_id"]), column(nics["subnet_id"])))
    nics.insert(1, "order", order + np.arange(len(nics)))
    if not everywhere:
        return nics
    others = nics[nics["home"] >= 0].assign(home=np.int64(-1))
    others[["subnet_id", "status", "nic_subnet_type"]] = None
    return pd.concat([nics, others.astype(nics.dtypes.to_dict())], ignore_index=True)


# -- requests ------------------------------------------------------------------------------------------------------


def size_of_requests(chunk: pd.DataFrame, homes: Homes) -> pd.DataFrame:
    """Return, as one row, how many ``rows`` there are, addresses that ranges ``span``, and requests at home -1."""
    requests = Requests.from_frame(chunk)
    each = np.bincount(requests.asks.source)
    span = int(each[each > 1].sum()) + _LAST * bool((requests.asks.reason == Reason.TOO_MANY_TOGETHER).any())
    homeless = np.count_nonzero(np.append(homes.of(requests.nic_ids), -1)[requests.nic] < 0)
    return pd.DataFrame({"rows": [len(requests)], "span": [span], "homeless": [homeless]})


def read_asks(chunk: pd.DataFrame, begin: pd.DataFrame, homes: Homes) -> pd.DataFrame:
    """Read requests: one row per address they name, and one per request without any.

    Args:
        chunk: what ``Requests.from_frame`` takes.
        begin: the number of its first row.
        homes: where each vNIC is.
    """
    requests = Requests.from_frame(chunk)
    named = np.bincount(requests.ask_request, minlength=len(requests))
    request = np.repeat(np.arange(len(requests)), np.maximum(named, 1))
    listed = named[request] > 0
    ask = np.where(listed, np.cumsum(listed) - 1, -1)
    nic, at = requests.nic[request], pa.array(ask, mask=~listed)
    asks = pd.DataFrame(
        {
            "home": np.append(homes.of(requests.nic_ids), -1)[nic],
            "row": np.int64(begin["row"].iloc[0] if len(begin) else 0) + request,
            "ask": ask,
            "nic_id": strings(texts_at(requests.nic_ids, nic)),
            "count": requests.count[request],
            "state": requests.count_state[request],
            "count_text": strings(texts_at(requests.count_text, request)),
            "text": strings(requests.asks.text.take(at)),
            "value": np.append(requests.asks.value, np.uint32(0))[ask],
            "reason": np.append(requests.asks.reason, np.uint8(0))[ask],
        }
    )
    if requests.carried is None:
        return asks
    carried = requests.carried.iloc[request].reset_index(drop=True)
    return asks.join(carried.set_axis([f"carried_{at}" for at in range(carried.shape[1])], axis=1))


def _requests_of(asks: pd.DataFrame, carried: Sequence[object]) -> Requests:
    """Return requests as they were read, in the order of their rows."""
    asks = asks.sort_values(["row", "ask"], ignore_index=True)
    row, listed = asks["row"].to_numpy(), asks["ask"].to_numpy() >= 0
    new = np.append(True, row[1:] != row[:-1])[: len(row)]
    first, request = np.flatnonzero(new), np.cumsum(new) - 1
    ids = texts_at(column(asks["nic_id"]), first).dictionary_encode()
    others = asks.iloc[first, len(_ASKS) :].reset_index(drop=True)
    return Requests(
        row=row[first],
        nic_ids=ids.dictionary,
        nic=np.asarray(ids.indices.fill_null(-1)).astype(np.int64),
        count=asks["count"].to_numpy()[first],
        count_state=asks["state"].to_numpy()[first],
        count_text=texts_at(column(asks["count_text"]), first),
        ask_request=request[listed],
        ask_row=row[listed],
        asks=Tokens(
            np.arange(np.count_nonzero(listed)),
            column(asks["text"]).filter(pa.array(listed)),
            asks["value"].to_numpy()[listed],
            asks["reason"].to_numpy()[listed],
        ),
        carried=others.set_axis(list(carried), axis=1) if carried else None,
    )


# -- holders -------------------------------------------------------------------------------------------------------


def size_of_held(chunk: pd.DataFrame, subnets: pd.DataFrame) -> pd.DataFrame:
    """Return, as one row, how many ``rows`` there are, and how many of them are ``strays`` in no listed subnet."""
    held = conform(chunk, HOLDERS, required=_PLACE_NEEDS, what="holders")
    home = positions(column(subnets["subnet_id"]), column(held["subnet_id"]))
    value, _ = parse(column(held["address"]))
    inside = home >= 0
    inside[inside] = Geometry.of(subnets).contains(home[inside], value[inside])
    return pd.DataFrame({"rows": [len(held)], "strays": [np.count_nonzero(~inside)]})


def held_places(chunk: pd.DataFrame, subnets: pd.DataFrame) -> pd.DataFrame:
    """Read where held addresses are, the reserved ones not counted: ``subnet`` and ``address``.

    Raises:
        UsageError: an address is not an IPv4 address, or a kind is not known; names the row of the chunk.
    """
    held = conform(chunk, HOLDERS, required=_PLACE_NEEDS, what="holders")
    ledger, _, _, _ = read_holders(subnets, Geometry.of(subnets), held)
    keys = ledger.keys[ledger.kind >= SEEN_FROM]
    return pd.DataFrame({"subnet": subnets_of(keys), "address": addresses_of(keys)})


def read_held(chunk: pd.DataFrame, number: pd.DataFrame, subnets: pd.DataFrame, homes: Homes) -> pd.DataFrame:
    """Read held addresses, the reserved ones left out, each where it is needed.

    That is with its subnet, and if a vNIC of another subnet holds it, with that subnet too.

    Args:
        chunk: columns of ``schema.HOLDERS``.
        number: which chunk it is; of two holders of one address the earlier counts.
        subnets: the subnets.
        homes: where each vNIC is.
    """
    frame = conform(chunk, HOLDERS, required=_HELD_NEEDS, what="holders")
    ledger, ids, names, _ = read_holders(subnets, Geometry.of(subnets), frame)
    used = np.flatnonzero(ledger.kind >= SEEN_FROM)
    holder = ledger.holder[used]
    at = pa.array(holder)
    subnet = subnets_of(ledger.keys[used])
    held = pd.DataFrame(
        {
            "home": subnet.astype(np.int64),
            "subnet": subnet,
            "address": addresses_of(ledger.keys[used]),
            "kind": ledger.kind[used],
            "holder_id": strings(ids.take(at)),
            "holder_name": strings(names.take(at)),
            "chunk": np.int32(number["number"].iloc[0] if len(number) else 0),
        }
    ).astype({"chunk": np.int32})
    known = positions(homes.nic_ids, ids)[holder]
    home = np.append(homes.home, -1)[known]
    astray = (known >= 0) & (home != subnet) & np.isin(held["kind"], _OWNED)
    return pd.concat([held, held[astray].assign(home=home[astray])], ignore_index=True) if astray.any() else held


def places_by_subnet(places: pd.DataFrame) -> pd.DataFrame:
    """Return how many distinct ``places`` each ``subnet`` has; all of an address are together here."""
    distinct = places.drop_duplicates()
    return distinct.groupby("subnet", as_index=False).size().rename(columns={"size": "places"})


def _in_two_vpcs(places: pd.DataFrame, vpc: NDArray[np.uint32]) -> pd.DataFrame:
    """Return, of each address, the first place in its first two VPCs: enough to say where else it is held."""
    places = places.assign(vpc=vpc[places["subnet"].to_numpy()]).sort_values(["address", "vpc", "subnet"])
    return places.drop_duplicates(["address", "vpc"]).groupby("address").head(2)


def asked_places(asks: pd.DataFrame, subnets: pd.DataFrame, vpc: NDArray[np.uint32]) -> pd.DataFrame:
    """Return which addresses are asked for inside their subnets: ``home``, ``address`` and the number of its VPC."""
    good = asks[(asks["reason"] == Reason.OK) & (asks["ask"] >= 0) & (asks["home"] >= 0)]
    home, value = good["home"].to_numpy(), good["value"].to_numpy()
    inside = Geometry.of(subnets).contains(home, value)
    home, value = home[inside], value[inside]
    return pd.DataFrame({"home": home, "address": value, "asked_in": vpc[home]}).drop_duplicates()


# -- planning ------------------------------------------------------------------------------------------------------


def elsewhere_as_held(asked: pd.DataFrame, places: pd.DataFrame, vpc: NDArray[np.uint32]) -> pd.DataFrame:
    """Return the places in other VPCs of what is asked for, as ``read_held`` does.

    They say that an address is held there, not by whom: a holder that is known otherwise goes before.

    Args:
        asked: of ``asked_places``.
        places: of ``held_places``; of both, all of an address are together here.
        vpc: number of each subnet's VPC.
    """
    matches = asked.merge(_in_two_vpcs(places, vpc), on="address")
    matches = matches[matches["vpc"] != matches["asked_in"]]
    nothing = strings(pa.nulls(len(matches), _TEXT))
    return pd.DataFrame(
        {
            "home": matches["home"].to_numpy(np.int64),
            "subnet": matches["subnet"].to_numpy(np.int32),
            "address": matches["address"].to_numpy(np.uint32),
            "kind": np.full(len(matches), _WEAKEST, np.uint8),
            "holder_id": nothing,
            "holder_name": nothing,
            "chunk": np.full(len(matches), _LAST, np.int32),
        }
    )


def plan_part(asks: pd.DataFrame, nics: pd.DataFrame, held: pd.DataFrame, account: Account) -> Plan:
    """Plan the requests of some subnets, as if there were no others."""
    held = held.sort_values("chunk", kind="stable")
    subnet_ids = account.subnets["subnet_id"].array
    kinds = pd.Series(list(HOLDER_KINDS), dtype="str").array
    holders = pd.DataFrame(
        {
            "subnet_id": subnet_ids.take(held["subnet"].to_numpy()),
            "address": strings(to_text(held["address"].to_numpy())),
            "kind": kinds.take(held["kind"].to_numpy()),
            "holder_id": held["holder_id"].array,
            "holder_name": held["holder_name"].array,
        }
    )
    known = nics.sort_values(["order", "home"], ascending=[True, False]).drop_duplicates("order")
    snapshot = Snapshot.from_frames(
        subnets=account.subnets,
        nics=known[list(_NIC_COLUMNS)],
        holders=holders,
        observed_at=account.observed_at,
        sources=account.sources,
    )
    return make_plan(
        snapshot,
        _requests_of(asks, account.carried),
        options=account.options,
        claims=account.claims,
        memory=account.memory,
        age=account.age,
        now=account.now,
    )
