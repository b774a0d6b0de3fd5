"""Listings: the fields each resource has, filters, pages, and what a lag does to them."""

from __future__ import annotations

import ipaddress
import threading
from typing import Any

import pytest

from tests.emulator.account import ASSIGN, NICS, UNASSIGN, Account
from zecnb.emulator import Settings, resources

NIC_FIELDS = {
    "nicId", "name", "status", "nicType", "regionId", "nicSubnetType", "publicIpList", "privateIpList", "primaryIpv4",
    "primaryIpv6", "ipv6Cidr", "secondaryIpv4s", "macAddress", "instanceId", "vpcId", "subnetId", "createTime",
    "updateTime", "resourceGroup", "securityGroupId", "tags",
}  # fmt: skip
SUBNET_FIELDS = {
    "subnetId", "regionId", "name", "cidrBlock", "gatewayIpAddress", "ipv6CidrBlock", "ipv6GatewayIpAddress",
    "stackType", "ipv6Type", "vpcId", "vpcName", "usageIpv4Count", "usageIpv6Count", "createTime", "isDefault",
    "dhcpOptionsSetId", "ipv6MaskLength",
}  # fmt: skip
VPC_FIELDS = {
    "vpcId", "name", "cidrBlock", "secondaryCidrBlocks", "ipv6CidrBlock", "mtu", "isDefault", "createTime",
    "usageIpv4Count", "usageIpv6Count", "securityGroupId", "dnsZoneIds", "resourceGroup", "tags",
}  # fmt: skip
HAVIP_FIELDS = {
    "haVipId", "name", "regionId", "vpcId", "subnetId", "securityGroupId", "ipAddress", "associatedInstances",
    "masterInstanceId", "associatedEips", "createTime", "tags",
}  # fmt: skip
LB_FIELDS = {
    "regionId", "loadBalancerId", "loadBalancerName", "vpcId", "subnetId", "ipStackType", "status", "publicIpAddress",
    "privateIpAddress", "healthCheckPrivateIps", "listenerCount", "backendServerCount", "createTime", "resourceGroup",
    "tags", "securityGroupId",
}  # fmt: skip
EIP_FIELDS = {
    "eipId", "name", "regionId", "status", "publicIpAddresses", "privateIpAddress", "nicId", "associatedId",
    "associatedType", "instanceId", "bindType", "createTime", "resourceGroupId", "resourceGroupName", "tags",
    "internetChargeType", "prefixLength", "isDefault", "isCustomized", "peerRegionId", "eipV4Type", "networkLineType",
    "cidrId", "flowPackage", "flowPackages", "bandwidth", "rateLimitMode", "eipGeoRefs", "blockInfoList",
    "expiredTime", "bandwidthCluster", "operationInfo",
}  # fmt: skip


@pytest.fixture
def ids(account: Account) -> dict[str, str]:
    """One of everything in the account."""
    vpc = account.vpc()
    subnet = account.subnet("10.0.1.0/24", "net-one", vpc=vpc)
    six = account.subnet(None, "net-six", "IPv6", vpc=vpc)
    dual = account.subnet("10.0.2.0/24", "net-dual", "IPv4_IPv6", vpc=vpc)
    made = {
        "vpc": vpc, "subnet": subnet, "six_net": six, "dual_net": dual,
        "web": account.nic(subnet, "10.0.1.30", name="web-1", status="USED", kind="Primary"),
        "db": account.nic(subnet, name="db-1"),
        "six": account.nic(six, name="six-1", stack="IPv6"),
        "dual": account.nic(dual, name="dual-1", stack="IPv4_IPv6"),
        "vip": account.ha_vip(subnet, "10.0.1.40", "vip-1"),
        "lb": resources.create_load_balancer(account.state, subnet, "lb-one", public=["198.51.100.1"]),
    }  # fmt: skip
    made["eip"] = resources.bind_eip(account.state, made["web"], "10.0.1.30", "eip-1", "203.0.113.1")
    return made


def _names(account: Account, action: str, **asked: Any) -> set[str]:
    service = "zlb" if action == "DescribeLoadBalancers" else "zec"
    answer = account.ask(action, service=service, **asked)
    assert answer["totalCount"] == len(answer["dataSet"])
    return {each.get("name") or each["loadBalancerName"] for each in answer["dataSet"]}


@pytest.mark.parametrize(
    ("action", "fields"),
    [
        (NICS, NIC_FIELDS),
        ("DescribeSubnets", SUBNET_FIELDS),
        ("DescribeVpcs", VPC_FIELDS),
        ("DescribeHaVips", HAVIP_FIELDS),
        ("DescribeLoadBalancers", LB_FIELDS),
        ("DescribeEips", EIP_FIELDS),
    ],
)
@pytest.mark.usefixtures("ids")
def test_fields(account: Account, action: str, fields: set[str]) -> None:
    """A listing has its documented fields, and one list at its top, which is what some clients merge pages by."""
    answer = account.ask(action, service="zlb" if "Load" in action else "zec")
    assert set(answer) == {"requestId", "totalCount", "dataSet"}
    assert {frozenset(each) for each in answer["dataSet"]} == {frozenset(fields)}


def test_nic(account: Account, ids: dict[str, str]) -> None:
    """A vNIC in use, with a secondary address and an elastic IP."""
    shown = account.show(ids["web"])
    assert shown["privateIpList"] == ["10.0.1.2", "10.0.1.30"]
    assert (shown["primaryIpv4"], shown["secondaryIpv4s"]) == ("10.0.1.2", ["10.0.1.30"])
    assert (shown["publicIpList"], shown["nicType"], shown["status"]) == (["203.0.113.1"], "Primary", "USED")
    assert shown["instanceId"].isdigit()
    assert (shown["primaryIpv6"], shown["ipv6Cidr"]) == (None, None)
    assert shown["resourceGroup"]["resourceGroupId"] == "default"
    assert shown["tags"] == {"tags": []}


def test_nic_without_ipv4(account: Account, ids: dict[str, str]) -> None:
    """An IPv6 vNIC has no primary IPv4: null, not empty text."""
    shown = account.show(ids["six"])
    assert (shown["primaryIpv4"], shown["secondaryIpv4s"], shown["instanceId"]) == (None, [], None)
    assert shown["privateIpList"] == [shown["primaryIpv6"]]


def test_usage_counts_what_is_held(account: Account, ids: dict[str, str]) -> None:
    """Primaries, secondaries, HaVips, load balancers and unseen holders count; the three reserved ones do not (A17)."""

    def usage() -> int:
        [shown] = account.ask("DescribeSubnets", subnetIds=[ids["subnet"]])["dataSet"]
        return int(shown["usageIpv4Count"])

    assert usage() == 3 + 1 + 3
    resources.hold_hidden(account.state, ids["subnet"])
    account.ask(ASSIGN, nicId=ids["db"], ipAddressCount=4)
    assert usage() == 12
    account.ask(UNASSIGN, nicId=ids["db"], ipAddresses=account.show(ids["db"])["secondaryIpv4s"])
    assert usage() == 8


def test_usage_of_a_vpc_is_that_of_its_subnets(account: Account, ids: dict[str, str]) -> None:
    """A VPC adds up its subnets, for both kinds of address."""
    [vpc] = account.ask("DescribeVpcs", vpcIds=[ids["vpc"]])["dataSet"]
    subnets = account.ask("DescribeSubnets", vpcIds=[ids["vpc"]])["dataSet"]
    assert vpc["usageIpv4Count"] == sum(each["usageIpv4Count"] for each in subnets) == 8
    assert vpc["usageIpv6Count"] == sum(each["usageIpv6Count"] for each in subnets) == 2


def test_subnets_by_stack(account: Account, ids: dict[str, str]) -> None:
    """What a stack does not have is null; the gateway is the first address."""
    shown = {each["subnetId"]: each for each in account.ask("DescribeSubnets")["dataSet"]}
    four, six = shown[ids["subnet"]], shown[ids["six_net"]]
    assert (four["gatewayIpAddress"], four["ipv6CidrBlock"], four["ipv6Type"]) == ("10.0.1.1", None, None)
    assert (six["cidrBlock"], six["gatewayIpAddress"], six["ipv6Type"]) == (None, None, "Private")
    assert six["ipv6GatewayIpAddress"] == six["ipv6CidrBlock"].replace("::/64", "::1")


def test_elastic_ip(account: Account, ids: dict[str, str]) -> None:
    """An elastic IP is bound to a vNIC and one of its addresses."""
    [shown] = account.ask("DescribeEips", eipIds=[ids["eip"]])["dataSet"]
    assert (shown["status"], shown["nicId"], shown["privateIpAddress"]) == ("BINDED", ids["web"], "10.0.1.30")


def test_elastic_ip_outlives_its_nic(account: Account, ids: dict[str, str]) -> None:
    """When the vNIC goes, the elastic IP stays, unbound."""
    eip = resources.bind_eip(account.state, ids["db"], "10.0.1.3", "eip-2", "203.0.113.2")
    account.ask("DeleteNetworkInterface", nicId=ids["db"])
    [shown] = account.ask("DescribeEips", eipIds=[eip])["dataSet"]
    assert (shown["status"], shown["nicId"], shown["privateIpAddress"]) == ("UNBIND", None, None)


@pytest.mark.parametrize(
    ("asked", "names"),
    [
        ({"name": "-1"}, {"web-1", "db-1", "six-1", "dual-1"}),
        ({"name": "web"}, {"web-1"}),
        ({"name": "%"}, set()),
        ({"status": "USED"}, {"web-1"}),
        ({"nicType": "Primary"}, {"web-1"}),
        ({"nicSubnetType": "IPv4_IPv6"}, {"dual-1"}),
        ({"regionId": "asia-east-1", "nicSubnetType": "IPv6"}, {"six-1"}),
        ({"regionId": "na-west-1"}, set()),
        ({"subnetId": "subnet"}, {"web-1", "db-1"}),
        ({"vpcId": "vpc", "status": "AVAILABLE"}, {"db-1", "six-1", "dual-1"}),
        ({"nicIds": ["web", "six", "nobody"]}, {"web-1", "six-1"}),
        ({"nicIds": ["nobody"]}, set()),
        ({"nicIds": [], "name": ""}, {"web-1", "db-1", "six-1", "dual-1"}),
        ({"resourceGroupId": "default", "name": "db"}, {"db-1"}),
        ({"resourceGroupId": "other"}, set()),
        ({"tagKeys": ["team"]}, set()),
        ({"tags": [{"key": "team", "value": "web"}]}, set()),
        ({"instanceId": "1"}, set()),
    ],
)
def test_filters_of_nics(account: Account, ids: dict[str, str], asked: dict[str, Any], names: set[str]) -> None:
    """Filters join with AND; an empty one is none; what nobody has finds nothing, with 200."""

    def known(value: Any) -> Any:
        return [ids.get(each, each) for each in value] if isinstance(value, list) and "tags" not in asked else value

    asked = {
        key: ids.get(value, value) if key in ("subnetId", "vpcId") else known(value) for key, value in asked.items()
    }
    assert _names(account, NICS, **asked) == names


@pytest.mark.parametrize(
    ("action", "asked", "names"),
    [
        ("DescribeVpcs", {"name": "mai"}, {"main"}),
        ("DescribeVpcs", {"cidrBlock": "10.0"}, {"main"}),
        ("DescribeVpcs", {"cidrBlock": "172."}, set()),
        ("DescribeSubnets", {"cidrBlock": "10.0.1"}, {"net-one"}),
        ("DescribeSubnets", {"name": "net"}, {"net-one", "net-six", "net-dual"}),
        ("DescribeSubnets", {"regionId": "na-west-1"}, set()),
        ("DescribeSubnets", {"dhcpOptionsSetId": "x"}, set()),
        ("DescribeHaVips", {"ipAddresses": ["10.0.1.40"]}, {"vip-1"}),
        ("DescribeHaVips", {"ipAddresses": ["10.0.1.30", "x"]}, set()),
        ("DescribeHaVips", {"instanceIds": ["1"]}, set()),
        ("DescribeHaVips", {"tagKeys": ["team"]}, set()),
        ("DescribeHaVips", {"name": "vip"}, {"vip-1"}),
        ("DescribeLoadBalancers", {"loadBalancerName": "lb-*"}, {"lb-one"}),
        ("DescribeLoadBalancers", {"loadBalancerName": "lb-"}, set()),
        ("DescribeLoadBalancers", {"loadBalancerName": "lb-one"}, {"lb-one"}),
        ("DescribeLoadBalancers", {"ipStackType": "IPv6"}, set()),
        ("DescribeLoadBalancers", {"ipStackType": "IPv4"}, {"lb-one"}),
        ("DescribeLoadBalancers", {"securityGroupId": "1"}, set()),
        ("DescribeEips", {"privateIpAddress": "10.0.1.30"}, {"eip-1"}),
        ("DescribeEips", {"privateIpAddress": "x"}, set()),
        ("DescribeEips", {"ipAddress": "203.0.113.1"}, {"eip-1"}),
        ("DescribeEips", {"ipAddresses": ["203.0.113.1", "203.0.113.2"]}, {"eip-1"}),
        ("DescribeEips", {"status": "BINDED"}, {"eip-1"}),
        ("DescribeEips", {"status": "UNBIND"}, set()),
        ("DescribeEips", {"status": "RECYCLED"}, set()),
        ("DescribeEips", {"instanceId": "1"}, set()),
        ("DescribeEips", {"cidrIds": ["1"]}, set()),
        ("DescribeEips", {"internetChargeType": "ByBandwidth"}, {"eip-1"}),
        ("DescribeEips", {"internetChargeType": "BandwidthCluster"}, set()),
        ("DescribeEips", {"prefixLength": 32, "isDefault": False, "isCustomized": False}, {"eip-1"}),
        ("DescribeEips", {"prefixLength": 28}, set()),
        ("DescribeEips", {"isDefault": True}, set()),
        ("DescribeEips", {"name": "eip"}, {"eip-1"}),
    ],
)
@pytest.mark.usefixtures("ids")
def test_filters_of_others(account: Account, action: str, asked: dict[str, Any], names: set[str]) -> None:
    """Each listing has its own filters: names and CIDRs by part, the rest exactly."""
    assert _names(account, action, **asked) == names


@pytest.mark.parametrize(
    ("action", "field"),
    [
        ("DescribeVpcs", "vpcIds"),
        ("DescribeSubnets", "vpcIds"),
        ("DescribeHaVips", "vpcIds"),
        ("DescribeHaVips", "haVipIds"),
        ("DescribeHaVips", "subnetIds"),
        ("DescribeLoadBalancers", "loadBalancerIds"),
        ("DescribeEips", "eipIds"),
    ],
)
def test_filters_by_id(account: Account, ids: dict[str, str], action: str, field: str) -> None:
    """A listing by ids finds its own, and nothing for an id that nobody has."""
    key = {"vpcIds": "vpc", "haVipIds": "vip", "subnetIds": "subnet", "loadBalancerIds": "lb", "eipIds": "eip"}[field]
    assert _names(account, action, **{field: [ids[key], "nobody"]})
    assert _names(account, action, **{field: ["nobody"]}) == set()


def test_pages(account: Account) -> None:
    """Pages are cut newest first, add up, and each names the total; behind the last one there is nothing."""
    subnet = account.subnet()
    made = [account.nic(subnet, name=f"vm-{n:02d}") for n in range(25)]
    pages = [account.ask(NICS, pageSize=10, pageNum=n) for n in (1, 2, 3, 4)]
    assert [each["totalCount"] for each in pages] == [25] * 4
    assert [len(each["dataSet"]) for each in pages] == [10, 10, 5, 0]
    assert [nic["nicId"] for each in pages for nic in each["dataSet"]] == made[::-1]


def test_page_by_default(account: Account) -> None:
    """Without a word about pages, the first 20."""
    subnet = account.subnet()
    for number in range(21):
        account.nic(subnet, name=f"vm-{number}")
    answer = account.ask(NICS)
    assert (answer["totalCount"], len(answer["dataSet"])) == (21, 20)


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ({"pageSize": 1000}, "OK"),
        ({"pageSize": 1001}, "INVALID_PARAMETER_EXCEED_MAXIMUM"),
        ({"pageSize": 0}, "INVALID_PARAMETER_LESS_MINIMUM"),
        ({"pageNum": 0}, "INVALID_PARAMETER_LESS_MINIMUM"),
        ({"pageNum": 10**30}, "OK"),
        ({"pageSize": "20"}, "INVALID_PARAMETER_TYPE"),
        ({"nicIds": ["1"] * 100}, "OK"),
        ({"nicIds": ["1"] * 101}, "INVALID_PARAMETER_EXCEED_LENGTH"),
        ({"tagKeys": ["a"] * 21}, "INVALID_PARAMETER_EXCEED_LENGTH"),
        ({"status": "available"}, "INVALID_PARAMETER_VALUE"),
        ({"nicIds": ["\ud800"]}, "OK"),
        ({"name": "'; DROP TABLE nic; --"}, "OK"),
        ({"name": "\x00"}, "OK"),
    ],
)
def test_limits_of_a_listing(account: Account, asked: dict[str, Any], code: str) -> None:
    """Page sizes and lists of ids have their limits (A21); odd text is text."""
    assert account.code(NICS, **asked) == code


def test_limits_are_settings() -> None:
    """The largest page and the longest list of ids can be set (A21)."""
    with Account(settings=Settings(page_size_max=50, ids_max=3)) as account:
        asked: list[dict[str, Any]] = [
            {"pageSize": 50},
            {"pageSize": 51},
            {"nicIds": ["1"] * 3},
            {"nicIds": ["1"] * 4},
        ]
        assert [account.code(NICS, **each) for each in asked] == [
            "OK",
            "INVALID_PARAMETER_EXCEED_MAXIMUM",
            "OK",
            "INVALID_PARAMETER_EXCEED_LENGTH",
        ]


def test_many_subnet_ids(account: Account, ids: dict[str, str]) -> None:
    """For ids of subnets no limit is printed."""
    assert len(account.ask("DescribeSubnets", subnetIds=[ids["subnet"], *map(str, range(5000))])["dataSet"]) == 1


def test_regions(account: Account) -> None:
    """Regions that subnets and vNICs can be in, all or those asked for."""
    regions = account.ask("DescribeNetworkInterfaceRegions")["regionIds"]
    assert "asia-east-1" in regions
    assert [each["regionId"] for each in account.ask("DescribeSubnetRegions")["regionSet"]] == regions
    [one] = account.ask("DescribeSubnetRegions", regionIds=["asia-east-1", "moon-1"])["regionSet"]
    assert set(one) == {"regionId", "regionName", "regionTitle", "enablePubIpv6"}


def test_regions_follow_the_settings() -> None:
    """A region that sells no subnets is not listed for them, and one without public IPv6 says so (contract.md 5.13)."""
    settings = Settings(regions_not_on_sale=("asia-north-1",), regions_without_public_ipv6=("na-west-1",))
    with Account(settings=settings) as account:
        shown = {each["regionId"]: each["enablePubIpv6"] for each in account.ask("DescribeSubnetRegions")["regionSet"]}
    assert "asia-north-1" not in shown
    assert [region for region, there in shown.items() if not there] == ["na-west-1"]


def test_public_ipv6(account: Account, ids: dict[str, str]) -> None:
    """A public IPv6 address is among the public ones, a private one among the private ones (contract.md 6)."""
    asked = {"vpcId": ids["vpc"], "name": "open", "regionId": "asia-east-1", "stackType": "IPv6", "ipv6Type": "Public"}
    subnet = account.ask("CreateSubnet", **asked)["subnetId"]
    nic = account.ask("CreateNetworkInterface", name="vm", subnetId=subnet, internetChargeType="ByBandwidth")["nicId"]
    shown = account.show(nic)
    assert (shown["publicIpList"], shown["privateIpList"]) == ([shown["primaryIpv6"]], [])
    inside = account.show(ids["six"])
    assert (inside["publicIpList"], inside["privateIpList"]) == ([], [inside["primaryIpv6"]])


def test_ipv6_prefixes(account: Account, ids: dict[str, str]) -> None:
    """A vNIC has an IPv6 prefix of its own, as long as its subnet says: 96 unless another is asked for (5.13)."""
    asked = {"vpcId": ids["vpc"], "name": "open", "regionId": "asia-east-1", "stackType": "IPv6", "ipv6Type": "Public"}
    wide = account.ask("CreateSubnet", **asked, ipv6MaskLength=80)["subnetId"]
    shown = {each["subnetId"]: each for each in account.ask("DescribeSubnets")["dataSet"]}
    masks = [shown[each]["ipv6MaskLength"] for each in (ids["subnet"], ids["six_net"], wide)]
    assert masks == [None, 96, 80]
    made = [
        account.ask("CreateNetworkInterface", name="vm", subnetId=wide, internetChargeType="ByBandwidth")["nicId"]
        for _ in range(20)
    ]
    prefixes = {ipaddress.IPv6Network(account.show(each)["ipv6Cidr"]) for each in made}
    assert len(prefixes) == 20
    assert all(each.prefixlen == 80 for each in prefixes)
    assert all(each.subnet_of(ipaddress.IPv6Network(shown[wide]["ipv6CidrBlock"])) for each in prefixes)
    assert all(
        ipaddress.IPv6Address(account.show(each)["primaryIpv6"])
        in ipaddress.IPv6Network(account.show(each)["ipv6Cidr"])
        for each in made
    )


def test_listing_is_of_one_moment(account: Account) -> None:
    """While vNICs come and go, each that a page shows has its address, and the count is that of the same moment."""
    subnet, over = account.subnet(), threading.Event()

    def come_and_go() -> None:
        while not over.is_set():
            nic = account.ask("CreateNetworkInterface", name="vm", subnetId=subnet)["nicId"]
            account.ask("DeleteNetworkInterface", nicId=nic)

    thread = threading.Thread(target=come_and_go)
    thread.start()
    try:
        for _ in range(300):
            answer = account.ask(NICS)
            assert len(answer["dataSet"]) == answer["totalCount"]
            assert all(each["primaryIpv4"] for each in answer["dataSet"])
    finally:
        over.set()
        thread.join(10)


@pytest.mark.parametrize(("order", "names"), [("newest", ["vm-2", "vm-1"]), ("oldest", ["vm-1", "vm-2"])])
def test_order_of_listings(order: str, names: list[str]) -> None:
    """No document says in which order (5.6): what relies on one can be found by flipping it."""
    with Account(settings=Settings(listing_order=order)) as account:
        subnet = account.subnet()
        for name in ("vm-1", "vm-2"):
            account.nic(subnet, name=name)
        assert [each["name"] for each in account.ask(NICS)["dataSet"]] == names


def test_lag_of_an_assignment() -> None:
    """With a lag the addresses are taken at once, and shown later."""
    now = [1000.0]
    with Account(clock=lambda: now[0]) as account:
        nic = account.nic(account.subnet())
        account.emulator.faults.add("lag", ASSIGN, seconds=5.0)
        got = account.ask(ASSIGN, nicId=nic, ipAddressCount=2)["ipAddresses"]
        assert account.show(nic)["secondaryIpv4s"] == []
        assert account.code(ASSIGN, nicId=nic, ipAddresses=got) == "INVALID_SUBNET_PRIVATE_IPV4_IN_USED"
        now[0] += 5.0
        assert account.show(nic)["secondaryIpv4s"] == got


def test_lag_of_a_release() -> None:
    """With a lag released addresses are free at once, and shown for a while yet."""
    now = [1000.0]
    with Account(clock=lambda: now[0]) as account:
        subnet = account.subnet()
        nic, other = account.nic(subnet, "10.0.1.8", "10.0.1.9"), account.nic(subnet)
        account.emulator.faults.add("lag", UNASSIGN, seconds=5.0)
        account.ask(UNASSIGN, nicId=nic, ipAddresses=["10.0.1.8"])
        assert account.show(nic)["secondaryIpv4s"] == ["10.0.1.8", "10.0.1.9"]
        assert account.code(ASSIGN, nicId=other, ipAddresses=["10.0.1.8"]) == "OK"
        now[0] += 5.0
        assert account.show(nic)["secondaryIpv4s"] == ["10.0.1.9"]


def test_lag_of_the_counts() -> None:
    """A count of what is held shows what the lists show: an assignment later, a release later, none of them twice."""
    now = [1000.0]
    with Account(clock=lambda: now[0]) as account:
        nic = account.nic(account.subnet(), "10.0.1.8")

        def shown() -> tuple[int, int]:
            [net], [vpc] = account.ask("DescribeSubnets")["dataSet"], account.ask("DescribeVpcs")["dataSet"]
            return net["usageIpv4Count"], vpc["usageIpv4Count"]

        account.emulator.faults.add("lag", ASSIGN, seconds=5.0)
        account.ask(ASSIGN, nicId=nic, ipAddresses=["10.0.1.9"])
        assert shown() == (2, 2)
        now[0] += 5.0
        assert shown() == (3, 3)
        account.emulator.faults.add("lag", UNASSIGN, seconds=5.0)
        account.ask(UNASSIGN, nicId=nic, ipAddresses=["10.0.1.8", "10.0.1.9"])
        assert shown() == (3, 3)
        account.ask(ASSIGN, nicId=nic, ipAddresses=["10.0.1.8"])
        assert shown() == (3, 3)
        now[0] += 5.0
        assert shown() == (2, 2)


def test_released_with_lag_and_assigned_again_shows_once() -> None:
    """An address that comes back to its vNIC while the listing still shows it is not shown twice."""
    now = [1000.0]
    with Account(clock=lambda: now[0]) as account:
        nic = account.nic(account.subnet(), "10.0.1.8")
        account.emulator.faults.add("lag", UNASSIGN, seconds=5.0)
        account.ask(UNASSIGN, nicId=nic, ipAddresses=["10.0.1.8"])
        account.ask(ASSIGN, nicId=nic, ipAddresses=["10.0.1.8"])
        assert account.show(nic)["secondaryIpv4s"] == ["10.0.1.8"]
