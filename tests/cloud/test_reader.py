"""Reading an account: every source, every filter, and what cannot be read."""

from __future__ import annotations

import json
import threading
from typing import TYPE_CHECKING, Any

import httpx
import pandas as pd
import pytest

from tests.cloud.scripted import NICS, beside, connected, failed, ok, scripted
from zecnb import schema
from zecnb.cloud import reader
from zecnb.cloud.reader import read_inventory
from zecnb.emulator import Emulator, resources
from zecnb.emulator.seeds import APP_SIN, WEB_07
from zecnb.emulator.state import text
from zecnb.errors import ApiError, AuthError, CloudError, ProtocolError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from zecnb.cloud.client import Client
    from zecnb.inventory import Inventory

SOURCES = {
    "vpcs": "DescribeVpcs",
    "subnets": "DescribeSubnets",
    "nics": NICS,
    "havips": "DescribeHaVips",
    "load_balancers": "DescribeLoadBalancers",
}
OPTIONAL = ["vpcs", "havips", "load_balancers"]
NEEDED = ["subnets", "nics"]
RESERVED = ["network", "gateway", "broadcast"]


@pytest.fixture(scope="module")
def demo() -> Iterator[Emulator]:
    """The demo account, without a port; for tests that change nothing."""
    emulator = Emulator("demo")
    yield emulator
    emulator.stop()


@pytest.fixture(scope="module")
def whole(demo: Emulator) -> Inventory:
    """All of the demo account."""
    with beside(demo, lambda _: None) as client:
        return read_inventory(client)


def denying(emulator: Emulator, action: str, answer: httpx.Response) -> Client:
    """Return a client of an emulator for which one action is answered otherwise."""

    def instead(request: httpx.Request) -> httpx.Response | None:
        if request.headers["x-zc-action"] != action:
            return None
        return httpx.Response(answer.status_code, headers=answer.headers, content=answer.content)

    return beside(emulator, instead)


def ids(emulator: Emulator, table: str) -> set[str]:
    """Return the ids that the emulator keeps in a table."""
    return {row["id"] for row in emulator.state.rows(f"SELECT id FROM {table}")}


def subnet_of(emulator: Emulator, name: str) -> str:
    """Return the id of a subnet of the demo."""
    row = emulator.state.row("SELECT id FROM subnet WHERE name = ?", name)
    assert row is not None
    return str(row["id"])


def nic_of(emulator: Emulator, name: str) -> str:
    """Return the id of a vNIC of the demo."""
    row = emulator.state.row("SELECT id FROM nic WHERE name = ?", name)
    assert row is not None
    return str(row["id"])


def part(inventory: Inventory, subnet: str) -> pd.DataFrame:
    """Return who holds what in one subnet."""
    holders = inventory.holders
    return holders[holders["subnet_id"] == subnet].reset_index(drop=True)


# -- everything ------------------------------------------------------------------------------------------------------


def test_all_of_the_demo_over_http() -> None:
    """Over HTTP the frames hold what the emulator keeps: every resource, and every address that a listing shows."""
    with Emulator("demo") as emulator:
        with connected(emulator) as client:
            inventory = read_inventory(client)
        state = emulator.state
        assert set(inventory.vpcs["vpc_id"]) == ids(emulator, "vpc")
        assert set(inventory.subnets["subnet_id"]) == ids(emulator, "subnet")
        assert set(inventory.nics["nic_id"]) == ids(emulator, "nic")
        kinds = {"primary": "nic_primary", "secondary": "nic_secondary"}
        kept = {
            (row["subnet_id"], text(row["address"]), kinds.get(row["kind"], row["kind"]), row["owner"])
            for row in state.rows("SELECT * FROM held WHERE kind != 'hidden'")
        }
        hidden = len(state.rows("SELECT 1 FROM held WHERE kind = 'hidden'"))
    held = inventory.holders[~inventory.holders["kind"].isin(RESERVED)]
    assert set(held[["subnet_id", "address", "kind", "holder_id"]].itertuples(index=False, name=None)) == kept
    assert len(held) == len(kept)
    assert inventory.unseen.sum() == hidden > 0


def test_all_sources_are_complete(whole: Inventory) -> None:
    """Each source is said once, with what was read of it."""
    assert list(whole.sources.columns) == list(schema.SOURCES)
    assert sorted(whole.sources["source"]) == sorted(SOURCES)
    assert set(whole.sources["status"]) == {"complete"}
    assert set(whole.sources["scope"]) == {"all"}
    assert set(whole.sources["detail"]) == {""}
    counts = dict(zip(whole.sources["source"], whole.sources["records"], strict=True))
    assert (counts["vpcs"], counts["subnets"], counts["nics"]) == (len(whole.vpcs), len(whole.subnets), len(whole.nics))
    assert whole.partial.empty


@pytest.mark.parametrize("kind", [kind for kind in schema.HOLDER_KINDS if kind not in RESERVED])
def test_every_kind_of_holder(demo: Emulator, whole: Inventory, kind: str) -> None:
    """The demo has every kind of holder, each with the id and name of who holds."""
    found = whole.holders[whole.holders["kind"] == kind]
    assert len(found)
    tables = {"nic_primary": "nic", "nic_secondary": "nic", "havip": "havip", "lb": "lb", "lb_health": "lb"}
    names = {row["id"]: row["name"] for row in demo.state.rows(f"SELECT id, name FROM {tables[kind]}")}
    assert found["holder_name"].tolist() == [names[each] for each in found["holder_id"]]


def test_vnic_of_the_documents(whole: Inventory) -> None:
    """The vNIC that documents name is in its subnet, with its addresses."""
    nic = whole.nics.set_index("nic_id").loc[WEB_07]
    assert (nic["name"], nic["subnet_id"], nic["status"]) == ("web-07", APP_SIN, "USED")
    assert nic["secondary_ipv4_count"] == 2
    assert len(whole.addresses_of_nic(WEB_07)) == 3


def test_subnet_without_ipv4(whole: Inventory) -> None:
    """A subnet with IPv6 only is listed and has no addresses."""
    six = whole.subnets[whole.subnets["stack_type"] == "IPv6"]
    assert six["name"].tolist() == ["ipv6-sin"]
    assert six["cidr_block"].isna().all()
    assert part(whole, six["subnet_id"].iloc[0]).empty


def test_empty_account() -> None:
    """An account without anything is an inventory without anything, complete."""
    with Emulator("empty") as emulator, connected(emulator) as client:
        inventory = read_inventory(client)
    assert (len(inventory.vpcs), len(inventory.subnets), len(inventory.nics), len(inventory.holders)) == (0, 0, 0, 0)
    assert inventory.partial.empty


def test_small_pages_change_nothing(demo: Emulator, whole: Inventory) -> None:
    """What is read in many pages is what is read in one."""
    with beside(demo, lambda _: None, page_size=7) as client:
        assert read_inventory(client).fingerprint == whole.fingerprint


def test_sources_are_read_side_by_side(demo: Emulator) -> None:
    """Subnets, vNICs and HaVips are under way at the same time."""
    together = threading.Barrier(3, timeout=10)

    def instead(request: httpx.Request) -> None:
        if request.headers["x-zc-action"] in (SOURCES["subnets"], SOURCES["nics"], SOURCES["havips"]):
            together.wait()

    with beside(demo, instead) as client:
        assert read_inventory(client).partial.empty


def test_progress(demo: Emulator) -> None:
    """Progress is told after each listing, and ends with all of them done."""
    told: list[tuple[int, int]] = []
    with beside(demo, lambda _: None) as client:
        read_inventory(client, progress=lambda done, of: told.append((done, of)))
    assert [done for done, _ in told] == [1, 2, 3, 4, 5]
    assert all(done <= of for done, of in told)
    assert told[-1] == (5, 5)


# -- a part of it ----------------------------------------------------------------------------------------------------


def test_one_region(demo: Emulator, whole: Inventory) -> None:
    """A region has its own subnets and vNICs, held as in the whole."""
    filters: dict[str, set[str | None]] = {}

    def note(request: httpx.Request) -> None:
        filters.setdefault(request.headers["x-zc-action"], set()).add(json.loads(request.content).get("regionId"))

    with beside(demo, note) as client:
        inventory = read_inventory(client, region_id="europe-central-1")
    # VPCs are global, and so are the subnets beside those asked for.
    everywhere = {"DescribeVpcs": {None}, "DescribeSubnets": {"europe-central-1", None}}
    assert filters == {action: {"europe-central-1"} for action in SOURCES.values()} | everywhere
    expected = whole.subnets[whole.subnets["region_id"] == "europe-central-1"]["subnet_id"]
    assert set(inventory.subnets["subnet_id"]) == set(expected)
    assert inventory.nics["region_id"].unique().tolist() == ["europe-central-1"]
    for subnet in expected:
        pd.testing.assert_frame_equal(part(inventory, subnet), part(whole, subnet))


def test_one_vpc(demo: Emulator, whole: Inventory) -> None:
    """A VPC has its own subnets, held as in the whole, and no other VPC is there."""
    vpc = whole.vpcs.set_index("name").loc["prod-apac", "vpc_id"]
    with beside(demo, lambda _: None) as client:
        inventory = read_inventory(client, vpc_id=vpc)
    expected = whole.subnets[whole.subnets["vpc_id"] == vpc]["subnet_id"]
    assert inventory.vpcs["vpc_id"].tolist() == [vpc]
    assert set(inventory.subnets["subnet_id"]) == set(expected)
    for subnet in expected:
        pd.testing.assert_frame_equal(part(inventory, subnet), part(whole, subnet))
    assert f"VPC {vpc}" in set(inventory.sources["scope"])


@pytest.mark.parametrize("names", [["app-sin"], ["app-sin", "db-fra", "ipv6-sin"], ["stg-empty"]])
@pytest.mark.parametrize("each", [64, 0])
def test_some_subnets(
    demo: Emulator, whole: Inventory, monkeypatch: pytest.MonkeyPatch, names: list[str], each: int
) -> None:
    """Some subnets are held as in the whole, whether their vNICs are read one subnet at a time or all at once."""
    monkeypatch.setattr(reader, "_EACH", each)
    asked = [subnet_of(demo, name) for name in names]
    with beside(demo, lambda _: None) as client:
        inventory = read_inventory(client, subnet_ids=asked)
    assert set(inventory.subnets["subnet_id"]) == set(asked)
    assert set(inventory.nics["subnet_id"]) <= set(asked)
    assert inventory.partial.empty
    for subnet in asked:
        pd.testing.assert_frame_equal(part(inventory, subnet), part(whole, subnet))


@pytest.mark.parametrize("names", [["web-07"], ["web-07", "web-12"], ["web-07", "db-02", "node-05"]])
def test_some_vnics(demo: Emulator, whole: Inventory, names: list[str]) -> None:
    """For some vNICs everything in their subnets is read, and nothing of other subnets."""
    nics = [nic_of(demo, name) for name in names]
    asked: list[str] = []
    with beside(demo, lambda request: asked.append(request.headers["x-zc-action"])) as client:
        inventory = read_inventory(client, nic_ids=nics)
    subnets = set(whole.nics.set_index("nic_id").loc[nics, "subnet_id"])
    assert set(inventory.subnets["subnet_id"]) == subnets
    assert set(nics) <= set(inventory.nics["nic_id"])
    for subnet in subnets:
        pd.testing.assert_frame_equal(part(inventory, subnet), part(whole, subnet))
    assert asked.count(NICS) == 1 + len(subnets)
    assert set(asked) == set(SOURCES.values())


@pytest.mark.parametrize("by", ["nic_ids", "homes", "subnet_ids", "region_id"])
def test_the_subnets_beside_them_are_known(demo: Emulator, whole: Inventory, by: str) -> None:
    """Of the other subnets of the VPC the listing is there, so that advice does not deny what exists."""
    home = whole.subnets.set_index("name").loc["app-sin"]
    filters: dict[str, Any] = {
        "nic_ids": [nic_of(demo, "web-07")],
        "homes": {home["subnet_id"]: home["vpc_id"]},
        "subnet_ids": [home["subnet_id"]],
        "region_id": home["region_id"],
    }
    with beside(demo, lambda _: None) as client:
        inventory = read_inventory(client, **{by: filters[by]})
    every = set(whole.subnets.loc[whole.subnets["vpc_id"].isin(inventory.subnets["vpc_id"]), "subnet_id"])
    assert {*inventory.subnets["subnet_id"], *inventory.beside["subnet_id"]} == every
    assert not set(inventory.subnets["subnet_id"]) & set(inventory.beside["subnet_id"])
    assert set(inventory.coverage["subnet_id"]) <= set(inventory.subnets["subnet_id"])


def test_advice_names_subnets_that_were_not_read(demo: Emulator) -> None:
    """Where an address belongs, and where there is room, is said whatever was read for the plan."""
    with beside(demo, lambda _: None) as client:
        inventory = read_inventory(client, nic_ids=[nic_of(demo, "web-07")])
    asked = [
        {"nic_id": nic_of(demo, "web-07"), "ip_addresses": "10.0.10.9"},
        {"nic_id": nic_of(demo, "web-07"), "ip_addresses": "10.9.0.1"},
        {"nic_id": nic_of(demo, "web-12"), "ip_address_count": 500},
    ]
    fixes = inventory.plan(asked, nic_limit=None).findings.query("severity == 'BLOCK'")["fix"].tolist()
    assert fixes == [
        "it is in subnet db-sin 10.0.10.0/24",
        "no subnet of this VPC contains it",
        "room in 10.1.0.0/16 (64,183 free)",
    ]


def test_unknown_vnic(demo: Emulator) -> None:
    """Of a vNIC that does not exist nothing but the attempt is there."""
    with beside(demo, lambda _: None) as client:
        inventory = read_inventory(client, nic_ids=["9" * 19])
    assert (len(inventory.subnets), len(inventory.nics), len(inventory.holders)) == (0, 0, 0)
    assert inventory.sources[["source", "scope", "status", "records"]].to_numpy().tolist() == [
        ["nics", "1 ids", "complete", 0]
    ]


def test_names_are_looked_up(demo: Emulator) -> None:
    """What was given as an id and is a name, or part of one, is known by its id; nothing of its subnet is."""
    with beside(demo, lambda _: None) as client:
        inventory = read_inventory(
            client, nic_ids=["web-07", "db-0", "x", "\x07bell", "w" * 64, nic_of(demo, "web-12")]
        )
    known = set(inventory.nics["name"])
    assert {"web-07", "db-02", "web-12"} <= known
    assert "cache-01" not in known
    assert inventory.subnets["name"].tolist() == ["app-sin"]
    asked = [{"nic_id": nic, "ip_address_count": 1} for nic in ("web-07", "db-0", "nothing like it")]
    fixes = inventory.plan(asked).findings["fix"].tolist()
    assert fixes[0] == f"did you mean {nic_of(demo, 'web-07')} (web-07)?"
    assert fixes[1].count(" or ") == 2
    assert fixes[2] == "check the id; a vNIC just made needs a refresh"


def test_a_wrong_id_costs_no_call(demo: Emulator) -> None:
    """Ids are numbers: only what can be a name is looked up as one."""
    asked: list[str] = []
    with beside(demo, lambda request: asked.append(request.headers["x-zc-action"])) as client:
        read_inventory(client, nic_ids=["9" * 19])
    assert asked == [NICS]


def test_vnic_whose_subnet_is_not_shown(demo: Emulator) -> None:
    """A vNIC that was read stays, even when its subnet is not listed: a plan must not say that it does not exist."""
    with denying(demo, "DescribeSubnets", ok({"totalCount": 0, "dataSet": []})) as client:
        inventory = read_inventory(client, nic_ids=[WEB_07])
    assert WEB_07 in set(inventory.nics["nic_id"])
    assert "NIC_SUBNET_UNKNOWN" in inventory.plan(WEB_07, ip_address_count=1).frame["codes"].iloc[0]


def test_vnic_without_vpc() -> None:
    """When a vNIC does not say its VPC, the load balancers of its subnet's VPC are read all the same."""
    nics = [_nic("n-1", "s-1", "10.0.1.2", vpcId="v-1"), _nic("n-2", "s-2", "10.0.2.2")]
    lb = {"loadBalancerId": "lb-1", "vpcId": "v-2", "privateIpAddress": ["10.0.2.9"]}
    account = _Account(
        DescribeNetworkInterfaces=nics,
        DescribeSubnets=[_subnet("s-1", "v-1", "10.0.1.0/24"), _subnet("s-2", "v-2", "10.0.2.0/24")],
        DescribeLoadBalancers=[lb],
    )
    with scripted(account) as client:
        inventory = read_inventory(client, nic_ids=["n-1", "n-2"])
    assert "10.0.2.9" in set(part(inventory, "s-2")["address"])


# -- what cannot be read ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("source", OPTIONAL)
@pytest.mark.parametrize("nic_ids", [None, [WEB_07]])
def test_denied_source(demo: Emulator, source: str, nic_ids: list[str] | None) -> None:
    """A source that the key may not read makes the inventory partial, and says which and why; the rest is there."""
    with denying(demo, SOURCES[source], failed(403, "AUTHFAILURE_UNAUTHORIZED_OPERATION")) as client:
        inventory = read_inventory(client, nic_ids=nic_ids)
    (row,) = inventory.partial.to_dict("records")
    assert (row["source"], row["status"], row["records"]) == (source, "failed", 0)
    assert SOURCES[source] in row["detail"]
    assert "AUTHFAILURE_UNAUTHORIZED_OPERATION" in row["detail"]
    assert "Ask for the permission" in row["detail"]
    assert source in repr(inventory)
    assert WEB_07 in set(inventory.nics["nic_id"])


def test_several_denied_sources(demo: Emulator) -> None:
    """With all that can be missing missing, subnets and vNICs are still there, and each gap is said."""
    denied = {SOURCES[source] for source in OPTIONAL}

    def instead(request: httpx.Request) -> httpx.Response | None:
        if request.headers["x-zc-action"] in denied:
            return failed(403, "AUTHFAILURE_UNAUTHORIZED_OPERATION")
        return None

    with beside(demo, instead) as client:
        inventory = read_inventory(client)
    assert sorted(inventory.partial["source"]) == sorted(OPTIONAL)
    assert len(inventory.nics) == len(ids(demo, "nic"))


@pytest.mark.usefixtures("quick_retries")
@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (failed(500, "INTERNAL_SERVER_ERROR"), "INTERNAL_SERVER_ERROR"),
        (failed(400, "INVALID_PARAMETER_TYPE"), "INVALID_PARAMETER_TYPE"),
        (httpx.Response(451), "REQUEST_BLOCKED"),
        (httpx.Response(200, html="<html>"), "PROTOCOL_HTML"),
        (ok({"totalCount": 1}), "PROTOCOL_BODY"),
    ],
)
def test_failing_source(demo: Emulator, answer: httpx.Response, said: str) -> None:
    """Whatever keeps a source from being read, it is said, and the rest is there."""
    with denying(demo, SOURCES["havips"], answer) as client:
        inventory = read_inventory(client)
    (row,) = inventory.partial.to_dict("records")
    assert (row["source"], row["status"]) == ("havips", "failed")
    assert said in row["detail"]


def test_source_that_will_not_hold_still(demo: Emulator) -> None:
    """A listing that keeps changing is partial, with what was read of it and why it is not all."""
    answer = ok({"totalCount": 3, "dataSet": [{"haVipId": "h", "subnetId": APP_SIN, "ipAddress": "10.0.4.200"}]})
    with denying(demo, SOURCES["havips"], answer) as client:
        inventory = read_inventory(client)
    (row,) = inventory.partial.to_dict("records")
    assert (row["source"], row["status"], row["records"]) == ("havips", "partial", 1)
    assert "1 records read of 3" in row["detail"]


def test_emulator_without_answer() -> None:
    """Over HTTP: a source whose connection always breaks makes the inventory partial."""
    with Emulator("random:3:5") as emulator:
        emulator.faults.add("reset_before", SOURCES["load_balancers"], times=0)
        with connected(emulator, attempts=2) as client:
            inventory = read_inventory(client)
    (row,) = inventory.partial.to_dict("records")
    assert row["source"] == "load_balancers"
    assert "TRANSPORT_BROKEN" in row["detail"]
    assert len(inventory.nics) == 5


@pytest.mark.parametrize("source", NEEDED)
@pytest.mark.parametrize("nic_ids", [None, [WEB_07]])
def test_denied_need(demo: Emulator, source: str, nic_ids: list[str] | None) -> None:
    """Without subnets or vNICs nothing can be said: that is an error, not an empty inventory."""
    with (
        denying(demo, SOURCES[source], failed(403, "AUTHFAILURE_UNAUTHORIZED_OPERATION")) as client,
        pytest.raises(AuthError, match=SOURCES[source]),
    ):
        read_inventory(client, nic_ids=nic_ids)


@pytest.mark.parametrize("source", OPTIONAL)
def test_wrong_key_is_no_gap(demo: Emulator, source: str) -> None:
    """An error about who is calling is never taken for one missing permission."""
    with (
        denying(demo, SOURCES[source], failed(401, "AUTHFAILURE_SIGNATURE_FAILURE")) as client,
        pytest.raises(AuthError, match="AUTHFAILURE_SIGNATURE_FAILURE"),
    ):
        read_inventory(client)


@pytest.mark.parametrize(
    ("answer", "kind"), [(ok({}), ProtocolError), (failed(400, "INVALID_PARAMETER_TYPE"), ApiError)]
)
def test_unreadable_need(demo: Emulator, answer: httpx.Response, kind: type[CloudError]) -> None:
    """The error of a listing that is needed arrives as it is."""
    with denying(demo, NICS, answer) as client, pytest.raises(kind):
        read_inventory(client)


# -- where the addresses of load balancers are -----------------------------------------------------------------------


class _Account:
    """Answers listings from lists, with the filters that reading uses."""

    def __init__(self, **records: list[dict[str, Any]]) -> None:
        self._records = records

    def __call__(self, request: httpx.Request) -> httpx.Response:
        body = json.loads(request.content)
        found = self._records.get(request.headers["x-zc-action"], [])
        for name in {"nicIds", "subnetIds", "vpcIds", "subnetId", "vpcId"} & set(body):
            wanted = body[name] if isinstance(body[name], list) else [body[name]]
            found = [record for record in found if record.get(name.removesuffix("s")) in wanted]
        return ok({"totalCount": len(found), "dataSet": found})


def _subnet(subnet_id: str, vpc_id: str, cidr: str | None, **more: Any) -> dict[str, Any]:
    return {"subnetId": subnet_id, "vpcId": vpc_id, "cidrBlock": cidr, "stackType": "IPv4", **more}


def _nic(nic_id: str, subnet_id: str, primary: str | None, **more: Any) -> dict[str, Any]:
    return {"nicId": nic_id, "subnetId": subnet_id, "status": "USED", "primaryIpv4": primary, **more}


def _lb(vpc_id: str | None, *private: str, health: tuple[str, ...] = ()) -> dict[str, Any]:
    return {
        "loadBalancerId": f"lb-{vpc_id}",
        "loadBalancerName": "front",
        "vpcId": vpc_id,
        "privateIpAddress": list(private),
        "healthCheckPrivateIps": list(health),
    }


def _held(inventory: Inventory) -> list[tuple[str, str, str]]:
    held = inventory.holders[inventory.holders["kind"].isin(["lb", "lb_health"])]
    return sorted(held[["subnet_id", "address", "kind"]].itertuples(index=False, name=None))


def _read(*balancers: dict[str, Any], subnets: list[dict[str, Any]] | None = None) -> Inventory:
    nets = subnets or [
        _subnet("a-1", "a", "10.0.0.0/24"),
        _subnet("a-2", "a", "10.0.1.0/26"),
        _subnet("b-1", "b", "10.0.0.0/24"),
    ]
    with scripted(_Account(DescribeSubnets=nets, DescribeLoadBalancers=list(balancers))) as client:
        return read_inventory(client)


@pytest.mark.parametrize(
    ("balancer", "expected"),
    [
        pytest.param(_lb("a", "10.0.0.9"), [("a-1", "10.0.0.9", "lb")], id="in its VPC"),
        pytest.param(_lb("b", "10.0.0.9"), [("b-1", "10.0.0.9", "lb")], id="in the VPC with the same addresses"),
        pytest.param(
            _lb("a", "10.0.0.9", "10.0.1.9"),
            [("a-1", "10.0.0.9", "lb"), ("a-2", "10.0.1.9", "lb")],
            id="in two subnets",
        ),
        pytest.param(
            _lb("a", "10.0.1.9", health=("10.0.1.10",)),
            [("a-2", "10.0.1.10", "lb_health"), ("a-2", "10.0.1.9", "lb")],
            id="with probes",
        ),
        pytest.param(_lb("a", "10.0.1.62"), [("a-2", "10.0.1.62", "lb")], id="last usable address"),
        pytest.param(_lb("a", "10.0.1.63"), [], id="broadcast, which stays reserved"),
        pytest.param(_lb("a", "10.0.1.64"), [], id="just behind a subnet"),
        pytest.param(_lb("a", "9.255.255.255"), [], id="before every subnet"),
        pytest.param(_lb("b", "10.0.1.9"), [], id="another VPC's subnet"),
        pytest.param(_lb("c", "10.0.0.9"), [], id="unknown VPC"),
        pytest.param(_lb(None, "10.0.0.9"), [], id="no VPC"),
        pytest.param(_lb("a", "2001:db8::9", "nonsense"), [], id="no IPv4"),
        pytest.param(_lb("a"), [], id="no addresses"),
    ],
)
def test_settled(balancer: dict[str, Any], expected: list[tuple[str, str, str]]) -> None:
    """An address of a load balancer belongs to the subnet of its own VPC that contains it, or to none."""
    assert _held(_read(balancer)) == expected


def test_settled_where_nothing_is() -> None:
    """Load balancers without any IPv4 subnet hold nothing."""
    six = _subnet("s", "a", None) | {"stackType": "IPv6"}
    assert _held(_read(_lb("a", "10.0.0.9"), subnets=[six])) == []


@pytest.mark.parametrize("cidr", ["", None])
def test_subnet_with_ipv6_only(cidr: str | None) -> None:
    """A subnet whose IPv4 CIDR is empty has none, as with null."""
    subnets = [_subnet("s", "a", cidr) | {"stackType": "IPv6"}, _subnet("a-1", "a", "10.0.0.0/24")]
    inventory = _read(_lb("a", "10.0.0.9"), subnets=subnets)
    assert inventory.subnets["cidr_block"].isna().tolist() == [True, False]
    assert _held(inventory) == [("a-1", "10.0.0.9", "lb")]


def test_missing_lists() -> None:
    """A vNIC without addresses, and one whose lists are null, are vNICs that hold nothing."""
    nics = [_nic("n-1", "s", None, secondaryIpv4s=None), _nic("n-2", "s", "10.0.0.5")]
    account = _Account(DescribeSubnets=[_subnet("s", "v", "10.0.0.0/24")], DescribeNetworkInterfaces=nics)
    with scripted(account) as client:
        inventory = read_inventory(client)
    assert inventory.nics["secondary_ipv4_count"].tolist() == [0, 0]
    assert len(inventory.holders) == 3 + 1


def test_address_outside_its_subnet() -> None:
    """An address that the API lists outside its subnet is left out and said."""
    account = _Account(
        DescribeSubnets=[_subnet("s", "v", "10.0.0.0/24")], DescribeNetworkInterfaces=[_nic("n", "s", "10.9.9.9")]
    )
    with scripted(account) as client:
        inventory = read_inventory(client)
    assert inventory.nics["nic_id"].tolist() == ["n"]
    (row,) = inventory.partial.to_dict("records")
    assert (row["source"], row["status"]) == ("holders", "partial")


@pytest.mark.parametrize("gateway", ["10.0.0.20", "192.168.0.1", "fe80::1", ""])
def test_gateway_outside_its_subnet(gateway: str) -> None:
    """A gateway that is no address of its subnet reserves nothing, there or elsewhere: the first address does."""
    subnets = [_subnet("s", "v", "10.0.0.0/28", gatewayIpAddress=gateway), _subnet("t", "w", "10.1.0.0/28")]
    account = _Account(DescribeSubnets=subnets, DescribeNetworkInterfaces=[_nic("n", "t", "10.1.0.5")])
    with scripted(account) as client:
        inventory = read_inventory(client)
    held = part(inventory, "s")
    assert held.loc[held["kind"] == "gateway", "address"].tolist() == ["10.0.0.1"]
    assert inventory.plan("n", ip_addresses="10.1.0.4").ok


# -- while others work -----------------------------------------------------------------------------------------------


def test_colleague_while_reading() -> None:
    """What a colleague makes just after a listing is seen by the next read, and the fingerprint tells the two apart."""
    with Emulator("random:3:20") as emulator, connected(emulator) as client:
        before = read_inventory(client)
        subnet = before.subnets["subnet_id"].iloc[0]
        asked = {"subnetId": subnet, "name": "vip-late", "ipAddress": None, "securityGroupId": None}
        emulator.faults.add("actor_after", SOURCES["havips"], actor=lambda state: resources.create_ha_vip(state, asked))
        during = read_inventory(client)
        after = read_inventory(client)
    assert "havip" not in set(during.holders["kind"])
    assert after.holders[after.holders["kind"] == "havip"]["holder_name"].tolist() == ["vip-late"]
    assert after.fingerprint != before.fingerprint
