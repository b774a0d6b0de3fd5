"""The calls that rows stand for, and what the API would answer to each, in its own order of checking."""

from __future__ import annotations

from itertools import combinations
from typing import Any

import pandas as pd
import pytest

from tests.planner.accounts import DB, WEB1, WEB2, account, one_subnet
from zecnb.inventory import Inventory

ACCEPTED = "ACCEPTED"
MISSING = "MISSING_PARAMETER"
TYPE = "INVALID_PARAMETER_TYPE"
MINIMUM = "INVALID_PARAMETER_LESS_MINIMUM"
NOT_FOUND = "INVALID_NIC_NOT_FOUND"
STATUS = "INVALID_NIC_STATUS"
STACK = "OPERATION_DENIED_SUBNET_TYPE_NOT_SUPPORT_IPV4"
ILLEGAL = "INVALID_PARAMETER_PRIVATE_IP_ILLEGAL"
OUT = "INVALID_IP_OUT_OF_RANGE"
NETWORK = "INVALID_IP_NETWORK_ADDRESS"
BROADCAST = "INVALID_IP_BROADCAST_ADDRESS"
FIRST = "INVALID_IP_FIRST_ADDRESS"
IN_USED = "INVALID_SUBNET_PRIVATE_IPV4_IN_USED"
LIMIT = "OPERATION_DENIED_NIC_ATTACH_LAN_IP_EXCEED_LIMIT"
ROOM = "OPERATION_DENIED_SUBNET_IP_INSUFFICIENT"

ACCOUNT = account()


def listed(*rows: dict[str, Any], inventory: Inventory = ACCOUNT, **options: Any) -> list[tuple[Any, ...]]:
    """Return the calls of a batch: vNIC, addresses, count, prediction."""
    calls = inventory.plan(list(rows), **options).calls
    assert calls["call"].tolist() == list(range(len(calls)))
    return [
        (c.nic_id, c.addresses, None if pd.isna(c.ip_address_count) else int(c.ip_address_count), c.predicted)
        for c in calls.itertuples()
    ]


def ips(nic: str, *addresses: str) -> dict[str, Any]:
    """Ask for addresses."""
    return {"nic_id": nic, "ip_addresses": list(addresses)}


def count(nic: str, number: object) -> dict[str, Any]:
    """Ask for a count."""
    return {"nic_id": nic, "ip_address_count": number}


# -- which calls -----------------------------------------------------------------------------------------------


def test_one_call_for_each_nic() -> None:
    """Rows of one vNIC are gathered into one call, in their order; calls stand in the order of the first rows."""
    assert listed(
        ips(WEB2, "10.0.4.70"), ips(WEB1, "10.0.4.62"), ips(WEB2, "10.0.4.60-61"), ips(WEB1, "10.0.4.80/31")
    ) == [
        (WEB2, ("10.0.4.70", "10.0.4.60", "10.0.4.61"), None, ACCEPTED),
        (WEB1, ("10.0.4.62", "10.0.4.80", "10.0.4.81"), None, ACCEPTED),
    ]


def test_picked_addresses_are_sent_by_name() -> None:
    """A count goes out as the addresses it became, together with what is asked for by name."""
    assert listed(count(WEB1, 2), ips(WEB1, "10.0.4.61")) == [
        (WEB1, ("10.0.4.2", "10.0.4.3", "10.0.4.61"), None, ACCEPTED)
    ]


def test_noops_and_repetitions_are_left_out() -> None:
    """What is there already and what was asked for before is not sent; a call of nothing is none."""
    assert listed(ips(WEB1, "10.0.4.10", "10.0.4.60", "10.0.4.11", "10.0.4.60")) == [
        (WEB1, ("10.0.4.60",), None, ACCEPTED)
    ]
    assert listed(ips(WEB1, "10.0.4.10", "10.0.4.11")) == []


def test_blocked_calls_are_shown_as_asked() -> None:
    """A call that would fail is shown with all it would send, bad tokens included."""
    assert listed(ips(WEB1, "10.0.4.60", "10.0.4.30", " 10.0.4.300 ")) == [
        (WEB1, ("10.0.4.60", "10.0.4.30", "10.0.4.300"), None, IN_USED)
    ]


def test_server_count_sends_the_count() -> None:
    """In that mode counts are sent, each in a call of its own, after the calls by name, the larger first."""
    assert listed(count(WEB1, 2), ips(WEB1, "10.0.4.61"), count(WEB1, 3), mode="server_count") == [
        (WEB1, ("10.0.4.61",), None, ACCEPTED),
        (WEB1, (), 3, ACCEPTED),
        (WEB1, (), 2, ACCEPTED),
    ]


def test_server_count_predicts_the_lowest() -> None:
    """Rows show the addresses the API is expected to take, and say that this is a prediction."""
    frame = ACCOUNT.plan(WEB1, ip_address_count=2, mode="server_count").frame
    assert frame["address"].tolist() == ["10.0.4.2", "10.0.4.3"]
    assert set(frame["mode"]) == {"server_count"}
    assert frame["reason"].str.startswith("a prediction").all()


def test_list_and_count_together() -> None:
    """Such a row is a call of its own that shows both; the API would take the list, so the plan alone refuses it."""
    both = ips(WEB1, "10.0.4.60") | {"ip_address_count": 2}
    assert listed(both, ips(WEB1, "10.0.4.61")) == [
        (WEB1, ("10.0.4.60",), 2, ACCEPTED),
        (WEB1, ("10.0.4.61",), None, ACCEPTED),
    ]
    assert not ACCOUNT.plan([both]).ok


@pytest.mark.parametrize(
    ("number", "shown", "predicted"),
    [
        (0, 0, MINIMUM),
        (-1, -1, MINIMUM),
        ("x", None, TYPE),
        (True, None, TYPE),
        (3.7, None, TYPE),
        (10**9, 10**9, LIMIT),
    ],
)
def test_unusable_counts(number: object, shown: int | None, predicted: str) -> None:
    """A count that the API would refuse is shown with its answer, and refused beside a list as well."""
    assert listed(count(WEB1, number)) == [(WEB1, (), shown, predicted)]
    if predicted != LIMIT:
        ((_, _, _, answer),) = listed(ips(WEB1, "10.0.4.60") | {"ip_address_count": number})
        assert answer == predicted


def test_nothing_asked() -> None:
    """A row without addresses and count is a call that lacks a parameter, as the API sees it."""
    assert listed(ips(WEB1)) == [(WEB1, (), None, MISSING)]


@pytest.mark.parametrize("nic", ["", "  ", None])
@pytest.mark.parametrize("rest", [{"ip_addresses": "10.0.4.60"}, {"ip_address_count": 2}, {"ip_addresses": "x"}])
def test_no_nic(nic: str | None, rest: dict[str, Any]) -> None:
    """A row without a vNIC lacks a parameter, whatever else it asks; the rows beside it are judged as ever."""
    plan = ACCOUNT.plan([{"nic_id": nic, **rest}, ips(WEB1, "10.0.4.61")])
    assert sorted(plan.calls["predicted"]) == [ACCEPTED, MISSING]
    assert plan.frame["verdict"].tolist() == ["BLOCK", "OK"]
    assert "EMPTY_REQUEST" in plan.frame["codes"].iloc[0]


def test_no_nic_at_all() -> None:
    """A batch that names no vNIC in any row is judged as well."""
    for rest in (
        {"ip_addresses": "10.0.4.60-75"},
        {"ip_addresses": "x"},
        {"ip_address_count": 1},
        {"ip_addresses": ""},
    ):
        plan = ACCOUNT.plan([{"nic_id": "", **rest}])
        assert set(plan.calls["predicted"]) == {MISSING}
        assert set(plan.frame["verdict"]) == {"BLOCK"}
        assert "EMPTY_REQUEST" in set(plan.findings["code"])


def test_unknown_subnet() -> None:
    """Where the vNIC's subnet is not known no answer is claimed."""
    assert listed(ips("nic-orphan", "10.0.4.60")) == [("nic-orphan", ("10.0.4.60",), None, "UNKNOWN")]


def test_exclusions_are_not_the_apis() -> None:
    """What only this plan refuses the API would accept; the plan blocks it all the same."""
    plan = ACCOUNT.plan(WEB1, ip_addresses="10.0.4.60", exclude="10.0.4.60")
    assert plan.calls["predicted"].tolist() == [ACCEPTED]
    assert not plan.ok
    assert plan.frame["api_code"].isna().all()


# -- what the API answers first (contract A8) ------------------------------------------------------------------

ADDRESSES = {
    "10.0.4.300": ILLEGAL,
    "::1": ILLEGAL,
    "10.0.5.9": OUT,
    "127.0.0.1": OUT,
    "8.8.8.8": OUT,
    "10.0.4.0": NETWORK,
    "10.0.4.255": BROADCAST,
    "10.0.4.1": FIRST,
    "10.0.4.21": IN_USED,
    "10.0.4.30": IN_USED,
    "10.0.4.40": IN_USED,
    "10.0.4.41": IN_USED,
}
"""What the API answers for each of these, asked by web-01."""


@pytest.mark.parametrize("address", ADDRESSES)
def test_each_wrong_address(address: str) -> None:
    """One wrong address fails the whole call with its code."""
    assert listed(ips(WEB1, "10.0.4.60", address)) == [(WEB1, ("10.0.4.60", address), None, ADDRESSES[address])]


@pytest.mark.parametrize(("first", "second"), list(combinations(ADDRESSES, 2)))
def test_the_first_wrong_address_decides(first: str, second: str) -> None:
    """Addresses are checked in their order, whatever is wrong with them."""
    for order in ((first, second), (second, first)):
        ((_, _, _, answer),) = listed(ips(WEB1, *order))
        assert answer == ADDRESSES[order[0]]


LADDER: list[tuple[str, dict[str, Any]]] = [
    (MINIMUM, {"ip_address_count": 0}),
    (NOT_FOUND, {"nic_id": "nope"}),
    (STATUS, {"status": "PENDING"}),
    (STACK, {"nic_subnet_type": "IPv6"}),
    (IN_USED, {"ip_addresses": ["10.0.0.9", "10.0.0.300"]}),
    (LIMIT, {"ip_addresses": [f"10.0.0.{at}" for at in range(20, 31)]}),
]
"""The order of checking: what is answered, and how to provoke it."""


def _provoke(*troubles: dict[str, Any]) -> str:
    """Ask with several troubles at once; return the answer."""
    plain = one_subnet(held=[9])
    state: dict[str, Any] = {"status": "USED", "nic_subnet_type": "IPv4"}
    request: dict[str, Any] = {"nic_id": "n0", "ip_addresses": []}
    for trouble in troubles:
        for name, value in trouble.items():
            if name == "ip_addresses":
                request[name] = [*request[name], *value]
            else:
                (state if name in state else request)[name] = value
    if not request["ip_addresses"] and "ip_address_count" not in request:
        request["ip_addresses"] = ["10.0.0.50"]
    inventory = Inventory.from_frames(subnets=plain.subnets, nics=plain.nics.assign(**state), holders=plain.holders)
    ((_, _, _, answer),) = listed(request, inventory=inventory)
    return str(answer)


@pytest.mark.parametrize(("answer", "trouble"), LADDER, ids=[answer for answer, _ in LADDER])
def test_each_trouble_alone(answer: str, trouble: dict[str, Any]) -> None:
    """Each trouble is answered with its code."""
    assert _provoke(trouble) == answer


@pytest.mark.parametrize(
    ("earlier", "later"), list(combinations(LADDER, 2)), ids=[f"{a[0]}-{b[0]}" for a, b in combinations(LADDER, 2)]
)
def test_the_earlier_check_decides(earlier: tuple[str, dict[str, Any]], later: tuple[str, dict[str, Any]]) -> None:
    """Of two troubles the one that the API checks first is answered."""
    assert _provoke(earlier[1], later[1]) == earlier[0]


@pytest.mark.parametrize("nic", ["nope", "nic-new", "nic-six", "nic-dual6"])
def test_missing_before_the_nic(nic: str) -> None:
    """That nothing is asked is answered before anything about the vNIC; a bad count as well."""
    assert listed(ips(nic))[0][3] == MISSING
    assert listed(count(nic, "x"))[0][3] == TYPE
    assert listed(count(nic, 0))[0][3] == MINIMUM


def test_limit_before_room() -> None:
    """A count that is too much for the vNIC and the subnet is refused for the vNIC."""
    inventory = one_subnet("10.0.0.0/29", range(2, 6))
    assert listed(count("n0", 20), inventory=inventory)[0][3] == LIMIT
    assert listed(count("n0", 20), inventory=inventory, nic_limit=None)[0][3] == ROOM
    assert listed(count("n0", 20), inventory=inventory, mode="server_count")[0][3] == LIMIT


def test_frame_marks_the_first_answer_of_each_row() -> None:
    """A row's ``api_code`` is what the API would say to that row alone."""
    frame = ACCOUNT.plan(
        [ips("nic-new", "10.0.4.21"), ips(WEB1, "10.0.4.21"), ips(WEB1, "10.0.4.60"), ips("nope", "x")]
    ).frame
    assert frame["api_code"].fillna("").tolist() == [STATUS, IN_USED, "", NOT_FOUND]


# -- one call after the other ----------------------------------------------------------------------------------


def test_calls_see_what_earlier_ones_took() -> None:
    """Of two calls that want one address the first is accepted; the second is not."""
    assert [call[3] for call in listed(ips(WEB1, "10.0.4.60"), ips(WEB2, "10.0.4.60"))] == [ACCEPTED, IN_USED]


def test_a_refused_call_takes_nothing() -> None:
    """What a call that fails asked for is free for the next."""
    rows = (ips(WEB1, "10.0.4.60", "10.0.4.30"), ips(WEB2, "10.0.4.60"))
    assert [call[3] for call in listed(*rows)] == [IN_USED, ACCEPTED]


def test_counts_see_what_earlier_calls_took() -> None:
    """Counts sent to the API are served from what the calls before have left, to the last address."""
    inventory = one_subnet("10.0.0.0/28", nics=3)
    rows = (ips("n0", "10.0.0.2-9"), count("n1", 4), count("n2", 2))
    assert listed(*rows, inventory=inventory, mode="server_count") == [
        ("n0", tuple(f"10.0.0.{at}" for at in range(2, 10)), None, ACCEPTED),
        ("n1", (), 4, ACCEPTED),
        ("n2", (), 2, ROOM),
    ]


def test_limit_over_several_calls_of_a_nic() -> None:
    """What an earlier call added to a vNIC counts against its limit in the next."""
    rows = (ips(WEB1, "10.0.4.60-64"), count(WEB1, 2), count(WEB1, 3))
    assert [call[3] for call in listed(*rows, mode="server_count")] == [ACCEPTED, LIMIT, ACCEPTED]


def test_ok_plans_predict_acceptance() -> None:
    """Whatever vNICs ask for together, if nothing is blocked every call is accepted."""
    plan = ACCOUNT.plan([count(WEB1, 7), count(WEB2, 8), ips(DB, "10.0.5.9"), count("nic-db2", 5)], warn_at=1)
    assert plan.ok
    assert set(plan.calls["predicted"]) == {ACCEPTED}


# -- what no document says ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(("turn", "code"), [("last", IN_USED), ("first", LIMIT)])
def test_turn_of_the_limit(turn: str, code: str) -> None:
    """Where an address is held and there are too many, the one whose turn is first is what the API answers."""
    plan = ACCOUNT.plan(WEB1, ip_addresses="10.0.4.60-61, 10.0.4.20", nic_limit=4, limit_checked=turn)
    assert plan.calls["predicted"].tolist() == [code]
    assert plan.frame["api_code"].tolist() == [LIMIT, LIMIT, code]


def test_codes_that_may_be_others() -> None:
    """The code of a vNIC that is not there, and that of the limit, are those expected, wherever they are told."""
    other = {
        "nic_limit_code": "INVALID_NIC_PRIVATE_IP_EXCEED_LIMIT",
        "nic_not_found": "OPERATION_FAILED_RESOURCE_NOT_FOUND",
    }
    plan = ACCOUNT.plan([count(WEB1, 8), count("nobody", 1)], **other)
    for found in (plan.calls["predicted"], plan.frame["api_code"]):
        assert sorted(found) == sorted(other.values())
    assert set(other.values()) <= set(plan.findings["api_code"])
