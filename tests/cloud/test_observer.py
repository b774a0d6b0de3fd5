"""Reading for a run: once for all who ask, where the vNICs were found before, and by VPC where that is fewer calls."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from tests.cloud.scripted import NICS, connected
from zecnb.cloud.lanes import Lanes
from zecnb.cloud.observer import Observer
from zecnb.cloud.reader import read_inventory
from zecnb.emulator import Emulator
from zecnb.emulator.seeds import WEB_07

if TYPE_CHECKING:
    from collections.abc import Iterator

    import httpx

    from zecnb.cloud.client import Client


@pytest.fixture
def emulator() -> Iterator[Emulator]:
    """The demo account."""
    with Emulator() as emulator:
        yield emulator


@pytest.fixture
def client(emulator: Emulator) -> Iterator[Client]:
    """A connection to it."""
    with connected(emulator) as client:
        yield client


def many(client: Client, count: int) -> list[str]:
    """Return a vNIC of each of the first so many subnets of one VPC."""
    nics = read_inventory(client).nics
    first = nics[(nics["vpc_id"] == nics["vpc_id"].mode()[0]) & nics["primary_ipv4"].notna()].drop_duplicates(
        "subnet_id"
    )
    return first["nic_id"].head(count).tolist()


def test_the_second_look_needs_one_listing_less(emulator: Emulator, client: Client) -> None:
    """Where a vNIC is is known from the first look; both see the same."""
    observe = Observer(client)
    first = observe([WEB_07])
    calls = emulator.faults.calls[NICS]
    second = observe([WEB_07])
    assert (calls, emulator.faults.calls[NICS] - calls) == (2, 1)
    assert second.addresses_of_nic(WEB_07) == first.addresses_of_nic(WEB_07)
    assert second.fingerprint == first.fingerprint


def test_the_second_look_is_fresh(client: Client) -> None:
    """What happened in between is seen."""
    observe = Observer(client)
    before = observe([WEB_07]).addresses_of_nic(WEB_07)
    client.batch_assign_network_interface_ipv4(WEB_07, ip_address_count=1)
    assert len(observe([WEB_07]).addresses_of_nic(WEB_07) - before) == 1


def test_a_vnic_that_left_its_subnet_is_looked_for(emulator: Emulator, client: Client) -> None:
    """A vNIC that is not where it was is read by its id; one that is gone is nowhere."""
    observe = Observer(client)
    other = many(client, 2)[0]
    observe([other])
    observe._homes[other] = observe._homes.get(WEB_07) or next(
        (nic.subnet_id, nic.vpc_id) for nic in client.describe_network_interfaces(nic_ids=[WEB_07]).records
    )
    assert observe([other]).nic_position(other) >= 0
    with emulator.state.write() as connection:
        connection.execute("DELETE FROM nic WHERE id = ?", (other,))
    assert observe([other]).nic_position(other) < 0


@pytest.mark.parametrize("count", [3, 8])
def test_many_subnets_of_a_vpc_are_one_listing(emulator: Emulator, client: Client, count: int) -> None:
    """A few subnets are read one by one, many of a VPC as a whole; what is seen of them is the same."""
    nics = many(client, count)
    calls = emulator.faults.calls[NICS]
    together = read_inventory(client, nic_ids=nics)
    assert emulator.faults.calls[NICS] - calls == (1 + count if count == 3 else 2)
    assert len(together.subnets) == count
    for nic in nics:
        alone = read_inventory(client, nic_ids=[nic])
        assert together.addresses_of_nic(nic) == alone.addresses_of_nic(nic)
        subnet = alone.subnets["subnet_id"].iloc[0]
        assert together.occupancy(subnet).equals(alone.occupancy(subnet))


def test_a_vpc_with_too_many_vnics_is_read_by_subnet(
    emulator: Emulator, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One call tells that it is not worth it; then it is a call for each subnet."""
    nics = many(client, 8)
    whole = read_inventory(client, nic_ids=nics)
    monkeypatch.setattr("zecnb.cloud.reader._WORTH", 1)
    calls = emulator.faults.calls[NICS]
    assert read_inventory(client, nic_ids=nics).fingerprint == whole.fingerprint
    assert emulator.faults.calls[NICS] - calls == 1 + 1 + 8


def test_at_most_reads_one_page(emulator: Emulator) -> None:
    """A listing longer than wanted is its first page and its length, and does not call itself complete."""
    with connected(emulator, page_size=10) as client:
        every = client.describe_network_interfaces()
        assert (every.complete, every.total) == (True, len(every.records))
        calls = emulator.faults.calls[NICS]
        part = client.describe_network_interfaces(at_most=20)
        assert (part.complete, part.total, len(part.records)) == (False, every.total, 10)
        assert emulator.faults.calls[NICS] - calls == 1
        assert client.describe_network_interfaces(at_most=every.total).records == every.records


def test_threads_read_together(emulator: Emulator, client: Client) -> None:
    """Twenty who ask while the first reads share few reads, and each sees its own vNIC."""
    nics = many(client, 8)
    observe = Observer(client)
    observe(nics)
    emulator.faults.add("latency", times=0, seconds=0.05)
    calls = emulator.faults.calls["DescribeHaVips"]
    start = threading.Barrier(20)

    def look(nic: str) -> bool:
        start.wait(10)
        return observe([nic]).nic_position(nic) >= 0

    with ThreadPoolExecutor(20) as pool:
        assert all(pool.map(look, (nics * 3)[:20]))
    assert emulator.faults.calls["DescribeHaVips"] - calls < 10


def test_lanes_open_when_all_are_busy() -> None:
    """Who calls alone uses the first client; the next one opens when eight calls are under way."""
    made: list[httpx.Limits] = []

    class Http:
        def __init__(self, limits: httpx.Limits) -> None:
            made.append(limits)

        def close(self) -> None:
            made.pop()

    lanes = Lanes(Http, 16)
    for _ in range(3):
        with lanes.lane() as http:
            assert http is lanes.first
    held = [lanes.lane() for _ in range(20)]
    used = [each.__enter__() for each in held]
    assert [used.count(http) for http in dict.fromkeys(used)] == [8 + 2, 8 + 2]
    assert len(made) == 2
    assert {limits.max_connections for limits in made} == {8}
    for each in held:
        each.__exit__(None, None, None)
    with lanes.lane() as http:
        assert http is lanes.first
    lanes.close()
    assert made == []
