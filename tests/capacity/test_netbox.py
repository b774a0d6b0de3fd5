"""A NetBox over REST: real HTTP, pages, tokens, and what it says differently."""

from __future__ import annotations

import sys
import traceback
from typing import TYPE_CHECKING

import pandas as pd
import pytest

from tests.capacity.netbox import LARGEST_PAGE, TOKEN, NetBox, running
from tests.planner.accounts import EVIL, account
from zecnb.capacity.neighbours import netbox_addresses, netbox_prefixes
from zecnb.capacity.netbox import netbox_differences, read_netbox
from zecnb.errors import UsageError
from zecnb.inventory import Inventory

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def netbox() -> NetBox:
    """A NetBox that was filled from the account's own export."""
    made = NetBox()
    for row in netbox_addresses(account(), {"vpc-b": "blue"}).itertuples():
        made.add_address(str(row.address), str(row.description), str(row.vrf) or None)
    for row in netbox_prefixes(account(), {"vpc-b": "blue"}).itertuples():
        made.add_prefix(str(row.prefix), description=str(row.description), vrf=str(row.vrf) or None)
    return made


@pytest.fixture
def url(netbox: NetBox) -> Iterator[str]:
    """Where it listens."""
    with running(netbox) as where:
        yield where


def test_export_that_was_imported_does_not_differ(netbox: NetBox, url: str) -> None:
    """What was exported, imported and read back over many pages has no difference."""
    assert len(netbox.addresses) > 3 * LARGEST_PAGE
    assert len(netbox_differences(account(), url, TOKEN)) == 0
    asked = [path for path in netbox.asked if "ip-addresses" in path]
    assert len(asked) == -(-len(netbox.addresses) // LARGEST_PAGE)


def test_each_difference_is_told(netbox: NetBox, url: str) -> None:
    """Prefixes and addresses that one side alone has, with who holds them here and what is said there."""
    netbox.addresses = [each for each in netbox.addresses if each["address"] != "10.0.4.30/24"]
    netbox.prefixes = [each for each in netbox.prefixes if each["prefix"] != "10.0.9.0/28"]
    netbox.add_address("10.0.4.77/24", EVIL)
    netbox.add_prefix("10.0.99.0/24", description="old lab")
    found = netbox_differences(account(), url, TOKEN)
    assert found[["address", "difference", "holder_kind"]].fillna("").to_numpy().tolist() == [
        ["10.0.9.0/28", "only here", "subnet"],
        ["10.0.99.0/24", "only there, in no subnet here", ""],
        ["10.0.4.30", "only here", "havip"],
        ["10.0.4.77", "only there, free here", ""],
    ]
    assert found["theirs"].dropna().tolist() == ["old lab", EVIL]


def test_containers_and_vpcs_are_no_subnets(netbox: NetBox, url: str) -> None:
    """A container and the prefix of a whole VPC are nothing to report."""
    netbox.add_prefix("10.0.0.0/12", status="container")
    for cidr in ("10.0.0.0/16", "172.16.0.0/16", "172.17.0.0/16"):
        netbox.add_prefix(cidr)
    base = account()
    vpcs = pd.DataFrame(
        {"vpc_id": ["vpc-a"], "cidr_block": "10.0.0.0/16", "secondary_cidr_blocks": "172.16.0.0/16, 172.17.0.0/16"}
    )
    known = Inventory.from_frames(vpcs=vpcs, subnets=base.subnets, nics=base.nics, holders=base.holders)
    assert len(netbox_differences(known, url, TOKEN)) == 0


def test_ipv6_is_not_asked_for(netbox: NetBox, url: str) -> None:
    """Records of IPv6 stay where they are."""
    netbox.add_address("2001:db8::1/64")
    assert len(read_netbox(url, TOKEN).addresses) == len(netbox.addresses) - 1


def test_one_vrf_is_one_vpc(url: str) -> None:
    """With a VRF only its records are compared, with a VPC only its addresses."""
    assert set(read_netbox(url, TOKEN, vrf="blue").addresses["vrf"]) == {"blue"}
    assert len(netbox_differences(account(), url, TOKEN, vrf="blue", vpc_id="vpc-b")) == 0
    assert "vpc-a" in set(netbox_differences(account(), url, TOKEN, vrf="blue")["vpc_id"])


def test_token_that_is_refused_is_not_told(url: str) -> None:
    """A refused token is said, and is in no message, chained error or traceback."""
    secret = "s3cr3t" * 6
    with pytest.raises(UsageError, match="refuses the token") as caught:
        read_netbox(url, secret)
    shown = "".join(traceback.format_exception(caught.value))
    assert secret not in shown
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None


@pytest.mark.parametrize("secret", ["s3cr3t-token\n", "s3cr3t token", " s3cr3t", "s3cr\u00e9t", "", None, 5])
def test_token_that_cannot_be_is_not_told(netbox: NetBox, url: str, secret: object) -> None:
    """A token with a line break from a file, or none at all, is refused before anything is sent, and not shown."""
    with pytest.raises(UsageError, match="the token of a NetBox is one word") as caught:
        read_netbox(url, secret)  # type: ignore[arg-type]
    assert "s3cr" not in "".join(traceback.format_exception_only(caught.value))
    assert not netbox.asked


@pytest.mark.parametrize(
    "where", ["http://netbox.example.com", "netbox.example.com", "ftp://127.0.0.1", "http://[::1", "", None, 5]
)
def test_url_that_would_show_the_token(where: object) -> None:
    """The token goes nowhere in the clear except within this machine, and nowhere that is no URL."""
    with pytest.raises(UsageError, match="begins with https://"):
        read_netbox(where, TOKEN)  # type: ignore[arg-type]


def test_password_in_the_url_is_not_told() -> None:
    """A URL with a password is refused without showing it."""
    with pytest.raises(UsageError, match="holds no user or password") as caught:
        read_netbox("https://ann:s3cr3t@netbox.example.com", TOKEN)
    assert "s3cr3t" not in "".join(traceback.format_exception_only(caught.value))


def test_prefixes_are_in_the_order_of_their_addresses(netbox: NetBox, url: str) -> None:
    """Prefixes that differ are told by address, not by letter."""
    for cidr in ("10.0.100.0/24", "10.0.20.0/24", "10.0.20.0/23"):
        netbox.add_prefix(cidr)
    told = netbox_differences(account(), url, TOKEN)["address"].tolist()
    assert told == ["10.0.20.0/23", "10.0.20.0/24", "10.0.100.0/24"]


def test_address_that_is_no_netbox(netbox: NetBox, url: str) -> None:
    """A server that is no NetBox, a path that is not there, and nobody at all are each said."""
    netbox.broken = True
    with pytest.raises(UsageError, match="is no NetBox"):
        read_netbox(url, TOKEN)
    with pytest.raises(UsageError, match="answers 404"):
        read_netbox(f"{url}/elsewhere", TOKEN)
    with pytest.raises(UsageError, match="cannot be reached"):
        read_netbox("http://127.0.0.1:1", TOKEN)


def test_without_pynetbox(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the extra it is said how to get it."""
    monkeypatch.setitem(sys.modules, "pynetbox", None)
    with pytest.raises(UsageError, match=r"zecnb\[netbox\]"):
        read_netbox("http://127.0.0.1:1", TOKEN)
