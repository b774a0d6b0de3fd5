"""The rules about addresses: which call is refused, with which code, and what an accepted one does."""

from __future__ import annotations

import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.emulator.account import ASSIGN, UNASSIGN, Account
from zecnb.emulator import Settings, resources

ILLEGAL = "INVALID_PARAMETER_PRIVATE_IP_ILLEGAL"
IN_USED = "INVALID_SUBNET_PRIVATE_IPV4_IN_USED"
LIMIT = "OPERATION_DENIED_NIC_ATTACH_LAN_IP_EXCEED_LIMIT"
INSUFFICIENT = "OPERATION_DENIED_SUBNET_IP_INSUFFICIENT"
NO_IPV4 = "OPERATION_DENIED_SUBNET_TYPE_NOT_SUPPORT_IPV4"


# -- what an accepted call does ------------------------------------------------------------------------------------


def test_list_is_answered_in_the_order_asked(account: Account) -> None:
    """Listed addresses come back, and are listed, in the order of the request (A4, A7)."""
    subnet = account.subnet()
    nic = account.nic(subnet, "10.0.1.50")
    wanted = ["10.0.1.9", "10.0.1.254", "10.0.1.3"]
    assert account.ask(ASSIGN, nicId=nic, ipAddresses=wanted)["ipAddresses"] == wanted
    shown = account.show(nic)
    assert shown["secondaryIpv4s"] == ["10.0.1.50", *wanted]
    assert shown["privateIpList"] == ["10.0.1.2", "10.0.1.50", *wanted]


def test_count_gets_the_lowest_free(account: Account) -> None:
    """A count skips what is held and the three reserved addresses, and goes upward (A6)."""
    subnet = account.subnet("10.0.1.0/28")
    nic = account.nic(subnet, primary="10.0.1.3")
    account.nic(subnet, "10.0.1.5", primary="10.0.1.7")
    account.ha_vip(subnet, "10.0.1.4")
    resources.hold_hidden(account.state, subnet, "10.0.1.8")
    got = account.ask(ASSIGN, nicId=nic, ipAddressCount=4)["ipAddresses"]
    assert got == ["10.0.1.2", "10.0.1.6", "10.0.1.9", "10.0.1.10"]
    assert account.show(nic)["secondaryIpv4s"] == got


def test_count_may_take_the_last_one(account: Account) -> None:
    """Exactly as many as are free is not too many; the broadcast address is never among them."""
    subnet = account.subnet("10.0.1.0/29")
    nic = account.nic(subnet)
    got = account.ask(ASSIGN, nicId=nic, ipAddressCount=4)["ipAddresses"]
    assert got == ["10.0.1.3", "10.0.1.4", "10.0.1.5", "10.0.1.6"]


def test_count_may_be_set_to_random() -> None:
    """With the other answer to A6 a count still gets free addresses, each once, but not the lowest."""
    with Account(settings=Settings(count_pick="random")) as account:
        account.state.random.seed(1)
        subnet = account.subnet("10.0.0.0/20")
        nic = account.nic(subnet, primary="10.0.0.2")
        got = account.ask(ASSIGN, nicId=nic, ipAddressCount=9)["ipAddresses"]
        assert len(set(got)) == 9
        assert got != [f"10.0.0.{n}" for n in range(3, 12)]
        assert sorted(account.held(subnet)) == sorted(["10.0.0.2", *got])


def test_list_wins_over_count(account: Account) -> None:
    """With both fields the list is followed and the count ignored, without a word."""
    subnet = account.subnet()
    nic = account.nic(subnet)
    got = account.ask(ASSIGN, nicId=nic, ipAddresses=["10.0.1.77"], ipAddressCount=500)
    assert got["ipAddresses"] == ["10.0.1.77"]
    assert account.held(subnet) == ["10.0.1.2", "10.0.1.77"]


def test_empty_list_counts_as_absent(account: Account) -> None:
    """An empty list beside a count leaves the count to be followed (A11)."""
    nic = account.nic(account.subnet())
    got = account.ask(ASSIGN, nicId=nic, ipAddresses=[], ipAddressCount=2)
    assert got["ipAddresses"] == ["10.0.1.3", "10.0.1.4"]


def test_calls_add_and_replace_nothing(account: Account) -> None:
    """A second call adds to what the first gave."""
    nic = account.nic(account.subnet())
    account.ask(ASSIGN, nicId=nic, ipAddresses=["10.0.1.200"])
    account.ask(ASSIGN, nicId=nic, ipAddressCount=1)
    assert account.show(nic)["secondaryIpv4s"] == ["10.0.1.200", "10.0.1.3"]


@pytest.mark.parametrize("kind", ["Primary", "Secondary"])
def test_used_nics_accept(account: Account, kind: str) -> None:
    """A vNIC in use accepts addresses, the instance's own one too (A27)."""
    nic = account.nic(account.subnet(), status="USED", kind=kind)
    assert account.code(ASSIGN, nicId=nic, ipAddressCount=1) == "OK"


def test_dual_stack_nic_accepts(account: Account) -> None:
    """A vNIC with both stacks gets IPv4 addresses; its IPv6 address stays last in the list."""
    nic = account.nic(account.subnet(stack="IPv4_IPv6"), stack="IPv4_IPv6")
    account.ask(ASSIGN, nicId=nic, ipAddresses=["10.0.1.9"])
    shown = account.show(nic)
    assert shown["privateIpList"] == ["10.0.1.2", "10.0.1.9", shown["primaryIpv6"]]


def test_single_assign_follows_the_same_rules(account: Account) -> None:
    """AssignNetworkInterfaceIpv4 adds one address, or answers the same codes."""
    nic = account.nic(account.subnet())
    assert set(account.ask("AssignNetworkInterfaceIpv4", nicId=nic, ipAddress="10.0.1.9")) == {"requestId"}
    assert account.code("AssignNetworkInterfaceIpv4", nicId=nic, ipAddress="10.0.1.9") == IN_USED
    assert account.show(nic)["secondaryIpv4s"] == ["10.0.1.9"]


def test_same_address_in_two_vpcs(account: Account) -> None:
    """Addresses belong to a subnet: two VPCs with the same CIDR do not get in each other's way."""
    nics = [account.nic(account.subnet("10.0.1.0/24", f"net-{n}", vpc=account.vpc(name=f"vpc-{n}"))) for n in range(2)]
    assert [account.code(ASSIGN, nicId=nic, ipAddresses=["10.0.1.9"]) for nic in nics] == ["OK", "OK"]


# -- one thing wrong -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", ["PENDING", "ATTACHING", "DETACHING", "DELETING", "CREATE_FAILED"])
def test_other_states_refuse(account: Account, status: str) -> None:
    """Only AVAILABLE and USED may be changed."""
    nic = account.nic(account.subnet(), "10.0.1.9", status=status)
    assert account.code(ASSIGN, nicId=nic, ipAddressCount=1) == "INVALID_NIC_STATUS"
    assert account.code(UNASSIGN, nicId=nic, ipAddresses=["10.0.1.9"]) == "INVALID_NIC_STATUS"


def test_stack_of_subnet_and_of_nic(account: Account) -> None:
    """Either one without IPv4 is enough to refuse (A16)."""
    six = account.nic(account.subnet(None, "six", "IPv6"))
    six_in_dual = account.nic(account.subnet("10.0.2.0/24", "dual", "IPv4_IPv6"), stack="IPv6")
    assert account.code(ASSIGN, nicId=six, ipAddressCount=1) == NO_IPV4
    assert account.code(ASSIGN, nicId=six_in_dual, ipAddresses=["10.0.2.9"]) == NO_IPV4


@pytest.mark.parametrize(
    "text",
    [
        "10.0.1.300", "10.0.1", "10.0.1.2.3", "010.0.1.9", "10.0.1.09", " 10.0.1.9", "10.0.1.9 ", "10.0.1.9\n", "",
        "::1", "::ffff:10.0.1.9", "10.0.1.9/32", "10.0.1.-9", "10.0.1.+9", "10.0.1.0x9", "167772425", "10.0.1.",
        "ten", "\uff11\uff10.0.1.9", "10.0.1.\u0669", "10.0.1.9\x00", "10.0.1.1e1", "10..1.9", "\ud800",
        "'; DROP TABLE held; --",
    ],
)  # fmt: skip
def test_what_is_no_address(account: Account, text: str) -> None:
    """Four decimal octets without leading zeros, and nothing else, is an address (A15)."""
    nic = account.nic(account.subnet())
    assert account.code(ASSIGN, nicId=nic, ipAddresses=[text]) == ILLEGAL


@pytest.mark.parametrize("text", ["10.0.2.1", "10.0.0.255", "8.8.8.8", "0.0.0.0", "255.255.255.255", "127.0.0.1"])
def test_outside_of_the_subnet(account: Account, text: str) -> None:
    """A well-formed address elsewhere, public or not, is out of range (A15)."""
    nic = account.nic(account.subnet())
    assert account.code(ASSIGN, nicId=nic, ipAddresses=[text]) == "INVALID_IP_OUT_OF_RANGE"


@pytest.mark.parametrize(
    ("cidr", "network", "first", "broadcast"),
    [
        ("10.0.1.0/24", "10.0.1.0", "10.0.1.1", "10.0.1.255"),
        ("10.0.1.16/29", "10.0.1.16", "10.0.1.17", "10.0.1.23"),
        ("10.0.4.0/22", "10.0.4.0", "10.0.4.1", "10.0.7.255"),
        ("10.0.0.0/16", "10.0.0.0", "10.0.0.1", "10.0.255.255"),
    ],
)
def test_three_reserved_addresses(account: Account, cidr: str, network: str, first: str, broadcast: str) -> None:
    """Network, gateway and broadcast have a code each, whatever the prefix."""
    nic = account.nic(account.subnet(cidr))
    found = [account.code(ASSIGN, nicId=nic, ipAddresses=[each]) for each in (network, first, broadcast)]
    assert found == ["INVALID_IP_NETWORK_ADDRESS", "INVALID_IP_FIRST_ADDRESS", "INVALID_IP_BROADCAST_ADDRESS"]


def test_octets_of_zero_and_255_inside(account: Account) -> None:
    """In a wide subnet an address that ends in .0 or .255 is as good as any other."""
    nic = account.nic(account.subnet("10.0.4.0/22"))
    assert account.code(ASSIGN, nicId=nic, ipAddresses=["10.0.4.255", "10.0.5.0", "10.0.6.255"]) == "OK"


def test_held_by_anything(account: Account) -> None:
    """Occupied is occupied: by a vNIC, its secondaries, a HaVip, a load balancer, or what no listing shows."""
    subnet = account.subnet()
    nic = account.nic(subnet, "10.0.1.10")
    account.nic(subnet, "10.0.1.11", primary="10.0.1.12")
    account.ha_vip(subnet, "10.0.1.13")
    resources.hold_hidden(account.state, subnet, "10.0.1.14")
    balancer = resources.create_load_balancer(account.state, subnet, "lb")
    [shown] = account.ask("DescribeLoadBalancers", service="zlb", loadBalancerIds=[balancer])["dataSet"]
    held = [
        "10.0.1.11", "10.0.1.12", "10.0.1.13", "10.0.1.14", *shown["privateIpAddress"], *shown["healthCheckPrivateIps"],
    ]  # fmt: skip
    assert len(held) == 7
    assert {account.code(ASSIGN, nicId=nic, ipAddresses=[each]) for each in held} == {IN_USED}


@pytest.mark.parametrize("address", ["10.0.1.2", "10.0.1.9"], ids=["primary", "secondary"])
def test_already_on_this_nic(account: Account, address: str) -> None:
    """Asking for what the vNIC has is refused, not forgiven (A14)."""
    nic = account.nic(account.subnet(), "10.0.1.9")
    assert account.code(ASSIGN, nicId=nic, ipAddresses=[address]) == IN_USED


def test_duplicate_in_one_request(account: Account) -> None:
    """An address twice in one call is illegal (A13)."""
    subnet = account.subnet()
    nic = account.nic(subnet)
    assert account.code(ASSIGN, nicId=nic, ipAddresses=["10.0.1.9", "10.0.1.8", "10.0.1.9"]) == ILLEGAL
    assert account.held(subnet) == ["10.0.1.2"]


def test_duplicate_may_be_set_to_count_once() -> None:
    """With the other answer to A13 the second mention is dropped, also toward the limit."""
    with Account(settings=Settings(duplicate_in_request="once", nic_limit=3)) as account:
        nic = account.nic(account.subnet())
        got = account.ask(ASSIGN, nicId=nic, ipAddresses=["10.0.1.9", "10.0.1.8", "10.0.1.9"])
        assert got["ipAddresses"] == ["10.0.1.9", "10.0.1.8"]


@pytest.mark.parametrize("by", ["list", "count"])
def test_limit_counts_the_primary(account: Account, by: str) -> None:
    """Ten private addresses: the primary and nine more, however they are asked for (A9)."""
    subnet = account.subnet()
    nic = account.nic(subnet, *(f"10.0.1.{n}" for n in range(101, 109)))
    two = {"ipAddresses": ["10.0.1.9", "10.0.1.8"]} if by == "list" else {"ipAddressCount": 2}
    one = {"ipAddresses": ["10.0.1.9"]} if by == "list" else {"ipAddressCount": 1}
    assert account.code(ASSIGN, nicId=nic, **two) == LIMIT
    assert account.code(ASSIGN, nicId=nic, **one) == "OK"
    assert len(account.show(nic)["privateIpList"]) == 10
    assert account.code(ASSIGN, nicId=nic, ipAddressCount=1) == LIMIT


def test_limit_may_leave_the_primary_out() -> None:
    """With the other answer to A9 ten secondaries fit beside the primary."""
    with Account(settings=Settings(nic_limit_counts_primary=False)) as account:
        nic = account.nic(account.subnet())
        assert account.code(ASSIGN, nicId=nic, ipAddressCount=11) == LIMIT
        assert account.code(ASSIGN, nicId=nic, ipAddressCount=10) == "OK"


def test_limit_is_a_setting() -> None:
    """The limit follows the instance's size in the newer text: it can be set."""
    with Account(settings=Settings(nic_limit=30)) as account:
        nic = account.nic(account.subnet())
        assert account.code(ASSIGN, nicId=nic, ipAddressCount=29) == "OK"
        assert account.code(ASSIGN, nicId=nic, ipAddressCount=1) == LIMIT


def test_ipv6_does_not_count_toward_the_limit(account: Account) -> None:
    """Only private IPv4 addresses are limited."""
    nic = account.nic(account.subnet(stack="IPv4_IPv6"), stack="IPv4_IPv6")
    assert account.code(ASSIGN, nicId=nic, ipAddressCount=9) == "OK"


def test_too_few_free(account: Account) -> None:
    """One more than is free is refused, and says so before anything is given."""
    nic = account.nic(account.subnet("10.0.1.0/29"))
    assert account.code(ASSIGN, nicId=nic, ipAddressCount=5) == INSUFFICIENT


def test_unseen_holders_use_room_up(account: Account) -> None:
    """What no listing shows makes a count fail all the same."""
    subnet = account.subnet("10.0.1.0/29")
    nic = account.nic(subnet)
    resources.hold_hidden(account.state, subnet)
    assert account.code(ASSIGN, nicId=nic, ipAddressCount=4) == INSUFFICIENT
    assert account.code(ASSIGN, nicId=nic, ipAddressCount=3) == "OK"


# -- two things wrong at once: which one is named (A8) -------------------------------------------------------------

ORDER: list[tuple[str, dict[str, Any], str]] = [
    ("count below 1 before unknown vNIC", {"nicId": "nobody", "ipAddressCount": 0}, "INVALID_PARAMETER_LESS_MINIMUM"),
    ("count below 1 though a list is given", {"ipAddresses": ["10.0.1.9"], "ipAddressCount": -1},
     "INVALID_PARAMETER_LESS_MINIMUM"),
    ("neither field before unknown vNIC", {"nicId": "nobody"}, "MISSING_PARAMETER"),
    ("empty list and no count before state", {"nicId": "pending", "ipAddresses": []}, "MISSING_PARAMETER"),
    ("wrong type before count below 1", {"ipAddresses": "10.0.1.9", "ipAddressCount": 0}, "INVALID_PARAMETER_TYPE"),
    ("no vNIC before wrong type", {"nicId": None, "ipAddresses": 5}, "MISSING_PARAMETER"),
    ("unknown vNIC before bad address", {"nicId": "nobody", "ipAddresses": ["x"]}, "INVALID_NIC_NOT_FOUND"),
    ("state before stack", {"nicId": "pending_six", "ipAddressCount": 1}, "INVALID_NIC_STATUS"),
    ("state before bad address", {"nicId": "pending", "ipAddresses": ["x"]}, "INVALID_NIC_STATUS"),
    ("state before limit", {"nicId": "pending", "ipAddressCount": 99}, "INVALID_NIC_STATUS"),
    ("stack before bad address", {"nicId": "six", "ipAddresses": ["x"]}, NO_IPV4),
    ("stack before limit", {"nicId": "six", "ipAddressCount": 99}, NO_IPV4),
    ("first bad address decides: range", {"ipAddresses": ["10.9.9.9", "x"]}, "INVALID_IP_OUT_OF_RANGE"),
    ("first bad address decides: syntax", {"ipAddresses": ["x", "10.9.9.9"]}, ILLEGAL),
    ("first bad address decides: network", {"ipAddresses": ["10.0.1.0", "10.0.1.15"]}, "INVALID_IP_NETWORK_ADDRESS"),
    ("first bad address decides: broadcast", {"ipAddresses": ["10.0.1.15", "10.0.1.0"]},
     "INVALID_IP_BROADCAST_ADDRESS"),
    ("first bad address decides: gateway", {"ipAddresses": ["10.0.1.1", "10.0.1.14"]}, "INVALID_IP_FIRST_ADDRESS"),
    ("first bad address decides: in use", {"ipAddresses": ["10.0.1.14", "10.0.1.1"]}, IN_USED),
    ("in use before a later duplicate", {"ipAddresses": ["10.0.1.14", "10.0.1.14"]}, IN_USED),
    ("duplicate before a later bad one", {"ipAddresses": ["10.0.1.9", "10.0.1.9", "10.9.9.9"]}, ILLEGAL),
    ("bad address after good ones before limit", {"nicId": "full", "ipAddresses": ["10.0.1.9", "10.9.9.9"]},
     "INVALID_IP_OUT_OF_RANGE"),
    ("in use before limit", {"nicId": "full", "ipAddresses": ["10.0.1.14"]}, IN_USED),
    ("limit before too few free", {"ipAddressCount": 500}, LIMIT),
    ("limit of a list", {"nicId": "full", "ipAddresses": ["10.0.1.9"]}, LIMIT),
]  # fmt: skip


@pytest.fixture
def crowded(account: Account) -> tuple[Account, dict[str, str]]:
    """A /28 with a plain vNIC, one at its limit, one without IPv4 and two that are not ready."""
    subnet = account.subnet("10.0.1.0/28")
    other = account.subnet("10.0.2.0/24", "other")
    six = account.subnet(None, "six", "IPv6")
    nics = {
        "plain": account.nic(subnet, primary="10.0.1.2"),
        "pending": account.nic(other, status="PENDING"),
        "six": account.nic(six),
        "pending_six": account.nic(six, status="PENDING"),
    }
    nics["full"] = account.nic(subnet, *(f"10.0.1.{n}" for n in (3, 4, 5, 6, 7, 8, 10, 11, 12)), primary="10.0.1.14")
    return account, nics


@pytest.mark.parametrize(("asked", "code"), [each[1:] for each in ORDER], ids=[each[0] for each in ORDER])
def test_which_fault_is_named(crowded: tuple[Account, dict[str, str]], asked: dict[str, Any], code: str) -> None:
    """Checks go from cheap to costly, addresses in their order; a refused call changes nothing at all."""
    account, nics = crowded
    nic = asked.get("nicId", "plain")
    before = account.everything()
    assert account.code(ASSIGN, **{**asked, "nicId": nics.get(nic, nic)}) == code
    assert account.everything() == before


# -- releasing -----------------------------------------------------------------------------------------------------


def test_release_frees_at_once(account: Account) -> None:
    """Released addresses are free for the next call, of anybody; the others stay, in order."""
    subnet = account.subnet()
    nic = account.nic(subnet, "10.0.1.7", "10.0.1.8", "10.0.1.9")
    assert set(account.ask(UNASSIGN, nicId=nic, ipAddresses=["10.0.1.9", "10.0.1.7"])) == {"requestId"}
    assert account.show(nic)["secondaryIpv4s"] == ["10.0.1.8"]
    assert account.code(ASSIGN, nicId=account.nic(subnet), ipAddresses=["10.0.1.7"]) == "OK"


def test_release_list_wins_over_single(account: Account) -> None:
    """With both fields the list is followed."""
    nic = account.nic(account.subnet(), "10.0.1.7", "10.0.1.8")
    account.ask(UNASSIGN, nicId=nic, ipAddress="10.0.1.7", ipAddresses=["10.0.1.8"])
    assert account.show(nic)["secondaryIpv4s"] == ["10.0.1.7"]


@pytest.mark.parametrize("given", ["10.0.1.50", "10.0.1.99", "10.0.1.1", "10.9.9.9", "x", ""])
def test_release_of_what_is_not_there(account: Account, given: str) -> None:
    """An address of another, a free one, or none at all: the whole call fails and nothing goes (A18)."""
    subnet = account.subnet()
    nic = account.nic(subnet, "10.0.1.7")
    account.nic(subnet, "10.0.1.50")
    before = account.everything()
    assert account.code(UNASSIGN, nicId=nic, ipAddresses=["10.0.1.7", given]) == ILLEGAL
    assert account.everything() == before


@pytest.mark.parametrize("asked", [{}, {"ipAddresses": []}, {"ipAddress": ""}])
def test_release_of_nothing(account: Account, asked: dict[str, Any]) -> None:
    """Without an address the call lacks a parameter (A18)."""
    nic = account.nic(account.subnet(), "10.0.1.7")
    assert account.code(UNASSIGN, nicId=nic, **asked) == "MISSING_PARAMETER"
    assert account.code(UNASSIGN, nicId="nobody", **asked) == "MISSING_PARAMETER"  # parameters come first (A8)


def test_primary_stays(account: Account) -> None:
    """The primary cannot be removed, and what was named before it stays too."""
    nic = account.nic(account.subnet(), "10.0.1.7")
    code = account.code(UNASSIGN, nicId=nic, ipAddresses=["10.0.1.7", "10.0.1.2"])
    assert code == "INVALID_NIC_PRIMARY_IP_CANT_DETACH"
    assert account.show(nic)["secondaryIpv4s"] == ["10.0.1.7"]


def test_elastic_ip_blocks_every_release(account: Account) -> None:
    """While a vNIC has an elastic IP, none of its addresses can be removed (A19)."""
    nic = account.nic(account.subnet(), "10.0.1.7", "10.0.1.8")
    resources.bind_eip(account.state, nic, "10.0.1.7", "eip", "203.0.113.7")
    code = "INVALID_NIC_HAS_PUBLIC_IP_CANT_DETACH"
    assert account.code(UNASSIGN, nicId=nic, ipAddresses=["10.0.1.8"]) == code
    assert account.code(UNASSIGN, nicId=nic, ipAddresses=["10.0.1.7"]) == code


def test_elastic_ip_may_block_the_bound_address_only() -> None:
    """With the other answer to A19 only the address it is bound to is kept."""
    with Account(settings=Settings(eip_blocks="bound")) as account:
        nic = account.nic(account.subnet(), "10.0.1.7", "10.0.1.8")
        resources.bind_eip(account.state, nic, "10.0.1.7", "eip", "203.0.113.7")
        code = "INVALID_NIC_HAS_PUBLIC_IP_CANT_DETACH"
        assert account.code(UNASSIGN, nicId=nic, ipAddresses=["10.0.1.8", "10.0.1.7"]) == code
        assert account.code(UNASSIGN, nicId=nic, ipAddresses=["10.0.1.8"]) == "OK"


def test_backend_of_a_load_balancer_stays(account: Account) -> None:
    """An address that a load balancer sends to cannot be removed; its neighbours can."""
    nic = account.nic(account.subnet(), "10.0.1.7", "10.0.1.8")
    with account.state.write() as connection:
        connection.execute("INSERT INTO backend VALUES ('zlb-1', ?, ?)", (nic, 0x0A000107))
    assert account.code(UNASSIGN, nicId=nic, ipAddresses=["10.0.1.7"]) == "INVALID_NIC_LB_ASSOCIATED"
    assert account.code(UNASSIGN, nicId=nic, ipAddresses=["10.0.1.8"]) == "OK"


# -- many at once --------------------------------------------------------------------------------------------------


def _together(account: Account, calls: list[dict[str, Any]]) -> list[tuple[str, list[str]]]:
    """Send calls from 16 threads that start together; return code and addresses of each."""
    barrier = threading.Barrier(16)

    def run(mine: list[dict[str, Any]]) -> list[tuple[str, list[str]]]:
        barrier.wait(10)
        answers = [account.call(ASSIGN, **each) for each in mine]
        return [
            ("OK", content["response"]["ipAddresses"]) if status == 200 else (content["code"], [])
            for status, content in answers
        ]

    with ThreadPoolExecutor(16) as pool:
        return [each for part in pool.map(run, [calls[n::16] for n in range(16)]) for each in part]


def test_threads_never_get_the_same_address_by_count(account: Account) -> None:
    """16 threads asking for counts get different addresses, until the subnet is full and not one less."""
    subnet = account.subnet("10.0.1.0/26")
    nics = [account.nic(subnet) for _ in range(16)]
    answers = _together(account, [{"nicId": nic, "ipAddressCount": 1} for nic in nics for _ in range(4)])
    given = [address for _, got in answers for address in got]
    assert len(given) == len(set(given)) == 61 - 16
    assert Counter(code for code, _ in answers) == {"OK": 45, INSUFFICIENT: 19}
    assert len(account.held(subnet)) == 61


def test_threads_never_get_the_same_address_by_list(account: Account) -> None:
    """16 threads after the same addresses: each address goes to one of them, the others are told that it is used."""
    subnet = account.subnet()
    nics = [account.nic(subnet) for _ in range(16)]
    wanted = [f"10.0.1.{n}" for n in range(100, 105)]
    answers = _together(account, [{"nicId": nic, "ipAddresses": [each]} for nic in nics for each in wanted])
    assert Counter(code for code, _ in answers) == {"OK": 5, IN_USED: 75}
    holders = [nic for nic in nics for _ in account.show(nic)["secondaryIpv4s"]]
    assert len(holders) == 5


def test_threads_do_not_pass_the_limit(account: Account) -> None:
    """16 threads on one vNIC stop at its limit."""
    nic = account.nic(account.subnet())
    answers = _together(account, [{"nicId": nic, "ipAddressCount": 1}] * 32)
    assert Counter(code for code, _ in answers) == {"OK": 9, LIMIT: 23}
    assert len(account.show(nic)["privateIpList"]) == 10
