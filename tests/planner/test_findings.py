"""Every code that a plan can give, once: its severity, its words, who holds the address."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

import pandas as pd
import pytest

from tests.planner.accounts import DB, EVIL, FRAG, WEB1, WEB2, account, codes, frames, one_subnet
from zecnb.errors import UsageError
from zecnb.inventory import Inventory
from zecnb.planner.findings import CATALOGUE
from zecnb.planner.options import Options
from zecnb.planner.plan import make_plan
from zecnb.requests import Requests

IN_USED = "INVALID_SUBNET_PRIVATE_IPV4_IN_USED"
ILLEGAL = "INVALID_PARAMETER_PRIVATE_IP_ILLEGAL"
OUT = "INVALID_IP_OUT_OF_RANGE"
STACK = "OPERATION_DENIED_SUBNET_TYPE_NOT_SUPPORT_IPV4"
LIMIT = "OPERATION_DENIED_NIC_ATTACH_LAN_IP_EXCEED_LIMIT"

PAST = pd.DataFrame([{"range": "10.0.4.60-69", "owner": "Ann", "purpose": "move", "until": "2020-01-01"}])
FUTURE = pd.DataFrame([{"range": "10.0.4.60-69", "owner": "Ann", "purpose": "move", "until": "2999-01-01"}])


def learned(event: str, seconds: float, subnet: str = "sub-app", address: str = "10.0.4.60") -> dict[str, Any]:
    """Remember what happened to an address some seconds ago."""
    at = datetime.now(UTC) - timedelta(seconds=seconds)
    row = {"subnet_id": subnet, "address": address, "event": event, "at": at, "nic_id": WEB2}
    return {"memory": pd.DataFrame([row])}


class Case(NamedTuple):
    """What is asked, and the one finding of ``code`` that comes of it.

    Attributes:
        code, severity, api_code: of the finding.
        ask: one request (a dict) or a batch (a list).
        says, fix: parts of the message and the fix.
        address: the address that the finding is about, None when it is about something else.
        holder: kind, id and name of who has it.
        row: the input row it names.
        options: of the plan.
        inventory: another account than the usual one.
    """

    code: str
    severity: str
    api_code: str | None
    ask: dict[str, Any] | list[dict[str, Any]]
    says: str
    fix: str | None
    address: str | None = None
    holder: tuple[str, str, str] | None = None
    row: int = 0
    options: dict[str, Any] = {}  # noqa: RUF012 - never changed
    inventory: Inventory | None = None


def ips(nic: str, *addresses: str) -> dict[str, Any]:
    """Ask for addresses."""
    return {"nic_id": nic, "ip_addresses": list(addresses)}


def count(nic: str, number: object) -> dict[str, Any]:
    """Ask for a count."""
    return {"nic_id": nic, "ip_address_count": number}


STALE = account(observed_at=datetime.now(UTC) - timedelta(minutes=47))
PARTIAL = account(
    sources=pd.DataFrame(
        [
            {"source": "nics", "scope": "all", "status": "complete", "records": 15, "detail": ""},
            {"source": "havips", "scope": "all", "status": "failed", "records": 0, "detail": "not allowed"},
        ]
    )
)

CASES = [
    Case("SYNTAX", "BLOCK", ILLEGAL, ips(WEB1, "10.0.4.300"), "'10.0.4.300' has an octet above 255", "10.0.4.10",
         address="10.0.4.300"),
    Case("IPV6_GIVEN", "BLOCK", ILLEGAL, ips(WEB1, "::1"), "'::1' is an IPv6", "AssignNetworkInterfaceIpv6",
         address="::1"),
    Case("SPECIAL_RANGE", "BLOCK", OUT, ips(WEB1, "127.0.0.1"), "127.0.0.1 is in the loopback", "10.0.4.0/24",
         address="127.0.0.1"),
    Case("PUBLIC_ADDRESS", "RISK", None, ips("nic-public", "198.51.100.20"), "198.51.100.20 is a public", "check",
         address="198.51.100.20"),
    Case("DUPLICATE_IN_REQUEST", "RISK", None, [ips(WEB1, "10.0.4.60"), ips(WEB1, "10.0.4.60")],
         "10.0.4.60 was already asked for by row 0; it is sent once", "remove", address="10.0.4.60", row=1),
    Case("DUPLICATE_ACROSS_PLAN", "BLOCK", IN_USED, [ips(WEB1, "10.0.4.60"), ips(WEB2, "10.0.4.60")],
         "10.0.4.60 is also asked for by row 0 for vNIC nic-web1", "10.0.4.61 is the next free",
         address="10.0.4.60", row=1),
    Case("COUNT_AND_LIST", "BLOCK", None, ips(WEB1, "10.0.4.60") | {"ip_address_count": 2}, "would drop the count",
         "keep one"),
    Case("EMPTY_REQUEST", "BLOCK", "MISSING_PARAMETER", count(WEB1, None), "neither addresses nor a count", "give"),
    Case("COUNT_NOT_INTEGER", "BLOCK", "INVALID_PARAMETER_TYPE", count(WEB1, "x"), "the count x is not", "1 or more"),
    Case("COUNT_NOT_POSITIVE", "BLOCK", "INVALID_PARAMETER_LESS_MINIMUM", count(WEB1, -3), "the count -3 is",
         "1 or more"),
    Case("NIC_NOT_FOUND", "BLOCK", "INVALID_NIC_NOT_FOUND", ips("web-01", "10.0.4.60"), "there is no vNIC web-01",
         "did you mean nic-web1 (web-01)?"),
    Case("NIC_STATE", "BLOCK", "INVALID_NIC_STATUS", count("nic-new", 1), "vNIC new nic-new is PENDING", "wait until"),
    Case("NIC_PRIMARY", "BLOCK", "INVALID_NIC_STATUS", count("nic-twin", 1), "vNIC twin-01 nic-twin is the primary one",
         "secondary vNIC", options={"primary_nics_accept": False}),
    Case("SUBNET_NOT_IPV4", "BLOCK", STACK, count("nic-six", 1), "subnet six is IPv6", "subnet with IPv4"),
    Case("NIC_STACK_NOT_IPV4", "BLOCK", STACK, count("nic-dual6", 1), "vNIC dual-06 nic-dual6 is IPv6",
         "vNIC with IPv4"),
    Case("NIC_SUBNET_UNKNOWN", "BLOCK", None, count("nic-orphan", 1), "subnet of vNIC orphan nic-orphan", "refresh"),
    Case("OUT_OF_SUBNET", "BLOCK", OUT, ips(WEB1, "10.0.5.9"), "10.0.5.9 is not in 10.0.4.0/24",
         "it is in subnet db 10.0.5.0/28", address="10.0.5.9"),
    Case("NETWORK_ADDRESS", "BLOCK", "INVALID_IP_NETWORK_ADDRESS", ips(WEB1, "10.0.4.0"), "10.0.4.0 is the network",
         "10.0.4.2 is the nearest", address="10.0.4.0", holder=("network", "sub-app", "app")),
    Case("BROADCAST_ADDRESS", "BLOCK", "INVALID_IP_BROADCAST_ADDRESS", ips(WEB1, "10.0.4.255"),
         "10.0.4.255 is the broadcast", "10.0.4.254 is the nearest", address="10.0.4.255",
         holder=("broadcast", "sub-app", "app")),
    Case("GATEWAY_ADDRESS", "BLOCK", "INVALID_IP_FIRST_ADDRESS", ips(WEB1, "10.0.4.1"), "10.0.4.1 is the gateway",
         "10.0.4.2 is the nearest", address="10.0.4.1", holder=("gateway", "sub-app", "app")),
    Case("FIRST_HOST", "RISK", "INVALID_IP_FIRST_ADDRESS", ips("nic-gw", "10.0.6.1"), "whose gateway is 10.0.6.254",
         "10.0.6.2 is the nearest", address="10.0.6.1"),
    Case("ALREADY_ON_NIC", "NOOP", IN_USED, ips(WEB1, "10.0.4.11"), "10.0.4.11 is already on vNIC web-01 nic-web1",
         None, address="10.0.4.11", holder=("nic_secondary", WEB1, "web-01")),
    Case("IS_PRIMARY_OF_NIC", "NOOP", IN_USED, ips(WEB1, "10.0.4.10"),
         "10.0.4.10 is the primary address of vNIC web-01", None, address="10.0.4.10",
         holder=("nic_primary", WEB1, "web-01")),
    Case("HELD_BY_NIC", "BLOCK", IN_USED, ips(WEB1, "10.0.4.21"), f"held by vNIC {EVIL} nic-web2 (secondary), USED",
         "10.0.4.22 is the nearest free", address="10.0.4.21", holder=("nic_secondary", WEB2, EVIL)),
    Case("HELD_BY_HAVIP", "BLOCK", IN_USED, ips(WEB1, "10.0.4.30"), "held by HaVip vip havip-1",
         "10.0.4.29 is the nearest free", address="10.0.4.30", holder=("havip", "havip-1", "vip")),
    Case("HELD_BY_LB", "BLOCK", IN_USED, ips(WEB1, "10.0.4.40"), "held by load balancer edge lb-1",
         "10.0.4.39 is the nearest free", address="10.0.4.40", holder=("lb", "lb-1", "edge")),
    Case("HELD_BY_LB_HEALTHCHECK", "BLOCK", IN_USED, ips(WEB1, "10.0.4.41"),
         "held by the health checks of load balancer edge", "10.0.4.42 is the nearest free", address="10.0.4.41",
         holder=("lb_health", "lb-1", "edge")),
    Case("HELD_BY_UNSEEN", "BLOCK", IN_USED, ips("nic-dark", "10.0.8.60"), "something this key cannot list",
         "10.0.8.59 is the nearest free", address="10.0.8.60",
         options=learned("refused", 7200, "sub-dark", "10.0.8.60")),
    Case("RECENTLY_RELEASED", "RISK", None, ips(WEB1, "10.0.4.60"), "ago from vNIC nic-web2", "10.0.4.59 is the",
         address="10.0.4.60", options=learned("released", 20) | {"cool_down": 86_400.0}),
    Case("HISTORIC_HOLDER", "INFO", None, ips(WEB1, "10.0.4.60"), "was on vNIC nic-web2 until 4 days ago", "no rule",
         address="10.0.4.60", options=learned("released", 4 * 86_400)),
    Case("CROSS_VPC_SAME_ADDRESS", "INFO", None, ips(WEB1, "10.0.4.50"), "VPC vpc-b subnet twin 10.0.4.0/24",
         "if the two VPCs are connected", address="10.0.4.50"),
    Case("RESERVED", "BLOCK", None, ips(WEB1, "10.0.4.60"),
         "10.0.4.60 is reserved: claimed by Ann for move until 2999-01-01", "10.0.4.59 is the nearest free",
         address="10.0.4.60", options={"claims": FUTURE}),
    Case("CLAIM_OVERRIDDEN", "RISK", None, ips(WEB1, "10.0.4.60"), "used all the same: agreed", "tell the owner",
         address="10.0.4.60", options={"claims": FUTURE, "override_claims": "agreed"}),
    Case("CLAIM_EXPIRED", "RISK", None, ips(WEB1, "10.0.4.60"), "10.0.4.60 was reserved: claimed by Ann",
         "ask the owner", address="10.0.4.60", options={"claims": PAST}),
    Case("NIC_LIMIT", "BLOCK", LIMIT, count(WEB1, 9), "2 too many, from row 0 on; 10 is the documented limit",
         "ask for 7 at most"),
    Case("NIC_LIMIT_UNKNOWN", "RISK", LIMIT, count(WEB1, 9), "vNIC web-01 nic-web1 would have 12", "set nic_limit",
         options={"nic_limit": None}),
    Case("SUBNET_INSUFFICIENT", "BLOCK", "OPERATION_DENIED_SUBNET_IP_INSUFFICIENT",
         [count(DB, 8), count("nic-db2", 8)], "8 more wanted in 10.0.5.0/28, 3 left of 11 free", "room in 10.0.",
         row=1),
    Case("EXCLUSIONS_LEAVE_TOO_FEW", "BLOCK", None, count(DB, 3), "3 wanted in 10.0.5.0/28; exclusions, claims",
         "shrink the exclusions", options={"exclude": "10.0.5.4-12"}),
    Case("NO_CONTIGUOUS_RUN", "BLOCK", None, count(FRAG, 4),
         "no run of 4 free addresses in 10.0.9.0/28; the largest run left is 3", "ask for 3 at most",
         options={"policy": "contiguous"}),
    Case("THRESHOLD_CROSSED", "RISK", None, count(DB, 8), "utilisation of db 10.0.5.0/28 goes from 15.4 % to 76.9 %",
         "roomier"),
    Case("UNATTRIBUTED_USAGE", "RISK", None, count("nic-dark", 1), "12 addresses of dark 10.0.8.0/24",
         "expect a refusal"),
    Case("INVENTORY_STALE", "RISK", None, count(WEB1, 1), "the inventory is", "refresh", inventory=STALE),
    Case("INVENTORY_PARTIAL", "RISK", None, count(WEB1, 1), "havips failed (not allowed)", "read it again",
         inventory=PARTIAL),
]  # fmt: skip

ACCOUNT = account()


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.code)
def test_finding(case: Case) -> None:
    """The request gives this finding with its severity, its words, its row and who holds the address."""
    asked = case.ask if isinstance(case.ask, list) else [case.ask]
    plan = (case.inventory or ACCOUNT).plan(asked, **case.options)
    found = plan.findings[(plan.findings["code"] == case.code) & (plan.findings["row"] == case.row)]
    assert len(found) == 1, plan.findings[["row", "code", "message"]].to_string()
    finding = found.iloc[0]
    assert finding["severity"] == case.severity
    assert _text(finding["api_code"]) == case.api_code
    assert _text(finding["address"]) == case.address
    holder = tuple(_text(finding[name]) for name in ("holder_kind", "holder_id", "holder_name"))
    assert holder == (case.holder or (None, None, None))
    assert case.says in finding["message"]
    assert (case.fix is None) == (_text(finding["fix"]) is None)
    assert (case.fix or "") in (_text(finding["fix"]) or "")

    rows = plan.frame[plan.frame["codes"].map(lambda held: case.code in held) & (plan.frame["row"] == case.row)]
    assert set(rows["verdict"]) == {"OK" if case.severity == "INFO" else case.severity}
    assert plan.ok is (case.severity != "BLOCK")
    if case.address is not None:
        assert rows["address"].tolist() == [case.address]
    if case.holder is not None:
        assert rows[["holder_kind", "holder_id", "holder_name"]].to_numpy().tolist() == [list(case.holder)]


def _text(value: object) -> str | None:
    return None if pd.isna(value) else str(value)


def test_every_code_has_a_case() -> None:
    """The cases are the catalogue, in its order."""
    assert [case.code for case in CASES] == list(CATALOGUE)


@pytest.mark.parametrize("code", CATALOGUE)
def test_entries_are_complete(code: str) -> None:
    """Every code has a meaning that is a sentence, a severity of its own kind, and a fix unless it is done already."""
    entry = CATALOGUE[code]
    assert entry.severity in ("INFO", "NOOP", "RISK", "BLOCK")
    assert entry.about in ("address", "request", "nic", "subnet", "plan")
    assert entry.meaning.endswith(".")
    assert entry.message
    assert bool(entry.fix) == (entry.severity != "NOOP")


def test_findings_of_all_rows_at_once() -> None:
    """One plan names every trouble of every row, by row and then in the order of checking."""
    plan = ACCOUNT.plan(
        [
            ips(WEB1, "10.0.4.300", "10.0.5.9", "10.0.4.21", "10.0.4.11"),
            count("nic-new", 0),
            ips("nope", "10.0.4.60") | {"ip_address_count": 3},
        ]
    )
    assert list(zip(plan.findings["row"], plan.findings["code"], strict=True)) == [
        (0, "SYNTAX"),
        (0, "OUT_OF_SUBNET"),
        (0, "ALREADY_ON_NIC"),
        (0, "HELD_BY_NIC"),
        (1, "COUNT_NOT_POSITIVE"),
        (1, "NIC_STATE"),
        (2, "COUNT_AND_LIST"),
        (2, "NIC_NOT_FOUND"),
    ]


def test_one_row_with_several_findings() -> None:
    """A row has all its codes in the order of checking, the worst as verdict, and the reason of the worst."""
    plan = ACCOUNT.plan([ips("nic-dual6", "10.0.4.60")], claims=PAST)
    (row,) = plan.frame.to_dict("records")
    assert row["codes"] == ("NIC_STACK_NOT_IPV4", "OUT_OF_SUBNET")
    assert row["verdict"] == "BLOCK"
    assert row["reason"] == "vNIC dual-06 nic-dual6 is IPv6: it has no IPv4"
    assert row["api_code"] == STACK


def test_noop_is_not_made_worse_by_its_nic() -> None:
    """An address that is there already stays NOOP though the vNIC could take no other."""
    plan = ACCOUNT.plan([ips("nic-full", "10.0.4.101", "10.0.4.60")])
    assert plan.frame["verdict"].tolist() == ["NOOP", "BLOCK"]
    assert plan.frame["codes"].tolist() == [("ALREADY_ON_NIC",), ("NIC_LIMIT",)]


@pytest.mark.parametrize(
    ("address", "word"),
    [
        ("0.0.0.0", "this-network"),
        ("0.255.255.255", "this-network"),
        ("127.255.255.255", "loopback"),
        ("169.254.0.0", "link-local"),
        ("224.0.0.1", "multicast"),
        ("239.255.255.255", "multicast"),
        ("240.0.0.0", "reserved"),
        ("255.255.255.255", "reserved"),
    ],
)
def test_special_ranges(address: str, word: str) -> None:
    """Each range that no subnet can use is called by its name, first and last address included."""
    plan = ACCOUNT.plan(WEB1, ip_addresses=address)
    message = plan.findings.set_index("code").loc["SPECIAL_RANGE", "message"]
    assert message == f"{address} is in the {word} range, which no subnet can use"


@pytest.mark.parametrize(
    "address", ["1.0.0.0", "126.255.255.255", "169.253.255.255", "169.255.0.0", "223.255.255.255", "100.63.255.255"]
)
def test_next_to_a_special_range(address: str) -> None:
    """One address beside such a range is merely public and outside the subnet."""
    assert codes(ACCOUNT.plan(WEB1, ip_addresses=address)) == {"PUBLIC_ADDRESS", "OUT_OF_SUBNET"}


@pytest.mark.parametrize("address", ["10.255.255.255", "172.16.0.0", "172.31.255.255", "192.168.0.0", "100.64.0.0"])
def test_private_ranges(address: str) -> None:
    """Private and shared (100.64/10) addresses are not public."""
    assert codes(ACCOUNT.plan(WEB1, ip_addresses=address)) == {"OUT_OF_SUBNET"}


@pytest.mark.parametrize("token", ["::1", "fe80::1%eth0", "::ffff:10.0.4.60", "2001:db8::/32", "[::1]"])
def test_ipv6_forms(token: str) -> None:
    """Every form of IPv6 is one finding of its own, not a syntax error."""
    assert codes(ACCOUNT.plan(WEB1, ip_addresses=token)) == {"IPV6_GIVEN"}


@pytest.mark.parametrize("status", ["PENDING", "ATTACHING", "DETACHING", "DELETING", "CREATE_FAILED", "SOMETHING_NEW"])
def test_states_that_cannot_take_addresses(status: str) -> None:
    """Every state but AVAILABLE and USED blocks, one that is not known yet included."""
    plan = _with_status(status).plan("n0", ip_address_count=1)
    assert codes(plan) == {"NIC_STATE"}
    assert status in plan.findings["message"].iloc[0]
    assert plan.findings["fix"].iloc[0]


@pytest.mark.parametrize("status", ["AVAILABLE", "USED"])
def test_states_that_can(status: str) -> None:
    """AVAILABLE and USED are fine."""
    assert _with_status(status).plan("n0", ip_address_count=1).ok


def _with_status(status: str) -> Inventory:
    plain = one_subnet()
    return type(plain).from_frames(
        subnets=plain.subnets, nics=plain.nics.assign(status=status), holders=plain.holders.iloc[:0]
    )


def test_same_address_in_another_vpc_is_free() -> None:
    """VPCs may overlap: what web-01 holds in vpc-a can be had in vpc-b, and the other way round."""
    assert ACCOUNT.plan("nic-twin", ip_addresses="10.0.4.10").ok
    assert ACCOUNT.plan(WEB1, ip_addresses="10.0.4.50").ok
    both = ACCOUNT.plan([ips("nic-twin", "10.0.4.60"), ips(WEB1, "10.0.4.60")])
    assert both.frame["verdict"].tolist() == ["OK", "OK"]


def test_holder_is_named_with_its_instance() -> None:
    """Who has the address is said with the instance it is on; nothing of a vNIC that is not listed, or elsewhere."""
    given = frames([("sub-app", "10.0.4.70", "nic_secondary", DB), ("sub-app", "10.0.4.71", "nic_secondary", "gone")])
    given["nics"].loc[given["nics"]["nic_id"] == WEB2, "instance_id"] = "vm-7"
    plan = Inventory.from_frames(**given).plan(WEB1, ip_addresses="10.0.4.20, 10.0.4.70, 10.0.4.71")
    assert plan.frame["reason"].tolist() == [
        f"held by vNIC {EVIL} nic-web2 (primary), USED on instance vm-7",
        "held by vNIC db-01 nic-db (secondary)",
        "held by vNIC gone (secondary)",
    ]


def test_row_that_goes_beyond_the_limit_is_named() -> None:
    """Of the rows of one vNIC the first that is too many is named, whatever the others are."""
    batch = [ips(WEB1, "10.0.4.60, 10.0.4.11"), count(WEB2, 9), count(WEB1, 5), ips(WEB1, "10.0.4.61-62")]
    plan = ACCOUNT.plan(batch, nic_limit=9)
    said = plan.findings.set_index("row")["message"][plan.findings.set_index("row")["code"] == "NIC_LIMIT"]
    assert [text.partition("too many, ")[2] for text in said] == [
        "from row 3 on; 9 is what nic_limit says",
        "from row 1 on; 9 is what nic_limit says",
    ]


def test_both_who_want_one_address_are_told() -> None:
    """A clash blocks both rows, and each names the other."""
    plan = ACCOUNT.plan([ips(WEB1, "10.0.4.60"), ips(WEB2, "10.0.4.60")])
    assert plan.frame["verdict"].tolist() == ["BLOCK", "BLOCK"]
    assert [("row 1" in plan.findings["message"][0]), ("row 0" in plan.findings["message"][1])] == [True, True]


def test_nearest_free_is_free_after_the_plan() -> None:
    """The address named instead is not one that the same plan takes, excludes or has claimed."""
    plan = ACCOUNT.plan(
        [ips(WEB1, "10.0.4.21"), ips(WEB1, "10.0.4.22"), count(WEB2, 1)],
        exclude="10.0.4.23",
        claims=_claim("10.0.4.24"),
    )
    assert plan.frame["address"].tolist()[2] == "10.0.4.2"
    assert plan.frame["fix"].iloc[0] == "10.0.4.19 is the nearest free"


def _claim(text: str) -> pd.DataFrame:
    return pd.DataFrame([{"range": text, "owner": "Ann"}])


def test_nothing_free_is_said() -> None:
    """In a full subnet the fix says so instead of naming an address."""
    full = one_subnet("10.0.0.0/29", range(2, 7))
    plan = full.plan("n0", ip_addresses="10.0.0.4")
    assert plan.findings["fix"].tolist() == ["no address of the subnet is free"]


@pytest.mark.parametrize(
    ("held", "fix"),
    [(range(8, 15), "10.0.0.2 is the nearest free"), ([2, *range(8, 15)], "all that are free were released a moment")],
)
def test_just_released_is_not_offered(held: list[int], fix: str) -> None:
    """Instead of an address that was released a moment ago none of its kind is named."""
    memory = pd.concat([learned("released", 20, "s", f"10.0.0.{at}")["memory"] for at in range(3, 8)])
    plan = one_subnet("10.0.0.0/28", held).plan("n0", ip_addresses="10.0.0.5", memory=memory)
    assert plan.findings["code"].tolist()[0] == "RECENTLY_RELEASED"
    assert fix in plan.findings["fix"][0]


def test_insufficient_names_subnets_with_room() -> None:
    """Subnets of the same VPC with room are named, roomiest first; none of another VPC."""
    fix = (
        ACCOUNT.plan(DB, ip_address_count=12, nic_limit=None)
        .findings.set_index("code")
        .loc["SUBNET_INSUFFICIENT", "fix"]
    )
    assert fix.startswith("room in ")
    assert fix.count("free)") == 3
    assert "10.0.6.0/24 (252 free)" in fix


@pytest.mark.parametrize(("warn", "critical", "word"), [(0.7, 0.9, "warning 70.0 %"), (0.5, 0.7, "critical 70.0 %")])
def test_threshold_is_named(warn: float, critical: float, word: str) -> None:
    """The threshold that is crossed is named; the critical one when both are."""
    plan = ACCOUNT.plan(DB, ip_address_count=8, warn_at=warn, critical_at=critical)
    assert plan.findings["message"].tolist()[0].endswith(f"past {word}")


def test_threshold_passed_before_is_not_crossed() -> None:
    """A subnet that was past the threshold before the plan gives no finding."""
    assert "THRESHOLD_CROSSED" not in codes(ACCOUNT.plan(DB, ip_address_count=1, warn_at=0.1, critical_at=0.9))


@pytest.mark.parametrize(("age", "words"), [(301, "5 min"), (90, "90 s"), (2820, "47 min"), (9000, "2.5 h")])
def test_age_of_the_inventory(age: float, words: str) -> None:
    """Beyond ``max_age`` an inventory is stale, five minutes by default, and its age is said as people would."""
    asked = Requests.one(WEB1, ip_address_count=1)
    plan = make_plan(ACCOUNT, asked, options=Options(max_age=min(300, age - 1)), age=age)
    assert plan.findings["message"].tolist() == [f"the inventory is {words} old"]
    assert make_plan(ACCOUNT, asked, options=Options(max_age=age), age=age).findings.empty


@pytest.mark.parametrize(
    ("until", "code"),
    [
        ("2026-05-04", "RESERVED"),
        ("2026-05-03", "CLAIM_EXPIRED"),
        ("2026-05-04T12:00:01Z", "RESERVED"),
        ("2026-05-04T12:00:00Z", "CLAIM_EXPIRED"),
        ("2026-05-04T13:30:00+02:00", "CLAIM_EXPIRED"),
        (None, "RESERVED"),
        ("", "RESERVED"),
    ],
)
def test_claim_until(until: str | None, code: str) -> None:
    """A day without a time binds until it is over, a moment until it is past, and a claim without an end always."""
    noon = datetime(2026, 5, 4, 12, tzinfo=UTC)
    claims = pd.DataFrame([{"range": "10.0.4.60", "owner": "Ann", "purpose": None, "until": until}])
    plan = make_plan(ACCOUNT, Requests.one(WEB1, ip_addresses="10.0.4.60"), claims=claims, now=noon)
    assert codes(plan) == {code}


@pytest.mark.parametrize(("until", "words"), [("soon", "until 'soon' is not a date"), ("31.12.", "is not a date")])
def test_claim_until_nobody_knows_when(until: str, words: str) -> None:
    """A claim whose end is no date is refused: it must neither bind for ever nor lapse unseen."""
    claims = pd.DataFrame([{"range": "10.0.4.60", "until": until}])
    with pytest.raises(UsageError, match=words):
        ACCOUNT.plan(WEB1, ip_addresses="10.0.4.60", claims=claims)


def test_binding_claim_before_an_expired_one() -> None:
    """Of overlapping claims one that binds counts before one that has expired; of two that bind the first."""
    rows = [
        {"range": "10.0.4.60-70", "owner": "Old", "until": "2020-01-01"},
        {"range": "10.0.4.60-64", "owner": "Ann", "until": None},
        {"range": "10.0.4.62-69", "owner": "Bob", "until": None},
    ]
    plan = ACCOUNT.plan(WEB1, ip_addresses="10.0.4.60, 10.0.4.63, 10.0.4.66, 10.0.4.70", claims=pd.DataFrame(rows))
    said = [text.split("claimed by ")[1].split()[0] for text in plan.frame["reason"]]
    assert said == ["Ann", "Ann", "Bob", "Old"]
    assert plan.frame["verdict"].tolist() == ["BLOCK", "BLOCK", "BLOCK", "RISK"]


def test_claim_of_one_vpc() -> None:
    """A claim narrowed to a VPC or subnet does not bind in another."""
    for narrowed in ({"vpc_id": "vpc-b"}, {"subnet_id": "sub-twin"}):
        claims = pd.DataFrame([{"range": "10.0.4.60", "owner": "Ann", **narrowed}])
        assert not codes(ACCOUNT.plan(WEB1, ip_addresses="10.0.4.60", claims=claims))
        assert codes(ACCOUNT.plan("nic-twin", ip_addresses="10.0.4.60", claims=claims)) == {"RESERVED"}


def test_own_address_inside_an_exclusion() -> None:
    """What a vNIC has already stays NOOP though it is excluded now."""
    plan = ACCOUNT.plan(WEB1, ip_addresses="10.0.4.11", exclude="10.0.4.0/24")
    assert plan.frame["codes"].tolist() == [("ALREADY_ON_NIC",)]


@pytest.mark.parametrize(
    ("limit", "wanted", "ok"), [(10, 7, True), (10, 8, False), (3, 1, False), (30, 27, True), (30, 28, False)]
)
def test_limit_counts_the_primary(limit: int, wanted: int, ok: bool) -> None:
    """The limit is over all addresses of the vNIC, its primary among them."""
    assert ACCOUNT.plan(WEB1, ip_address_count=wanted, nic_limit=limit).ok is ok


def test_limit_counts_distinct_new_addresses() -> None:
    """What is there already and what is asked for twice does not count against the limit."""
    asked = ["10.0.4.10", "10.0.4.11", *[f"10.0.4.{i}" for i in range(60, 67)], "10.0.4.60"]
    assert ACCOUNT.plan(WEB1, ip_addresses=asked).ok
    assert "NIC_LIMIT" in codes(ACCOUNT.plan(WEB1, ip_addresses=[*asked, "10.0.4.67"]))


def test_a_holder_without_an_id() -> None:
    """A holder of which no listing gave the id is not called a question mark."""
    inventory = one_subnet("10.0.0.0/28", more=[("s", "10.0.0.4", "nic_primary", None)])  # type: ignore[list-item]
    plan = inventory.plan("n0", ip_addresses="10.0.0.4")
    assert plan.frame["reason"].tolist() == ["held by vNIC without an id (primary)"]


def test_a_subnet_asked_for_whole() -> None:
    """Addresses that only this plan asks for are not called taken."""
    plan = one_subnet("10.0.0.0/28").plan("n0", ip_addresses="10.0.0.0/28", nic_limit=None)
    assert "this plan, claims or exclusions have every free address of the subnet" in set(plan.findings["fix"])
