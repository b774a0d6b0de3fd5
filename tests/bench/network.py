"""Cases over HTTP, against the official SDK in a plain loop: how fast the account is read and written."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from zenlayercloud.common.config import Config
from zenlayercloud.common.credential import Credential
from zenlayercloud.zec.v20250901 import models
from zenlayercloud.zec.v20250901.zec_client import ZecClient

import zecnb
from tests.bench.measure import Line, measure
from zecnb.cloud.client import Client
from zecnb.cloud.settings import resolve

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["apply", "fetch"]

_LATENCY = 0.04
_PAGE = 1000
_NICS = 50_000


class _Access(NamedTuple):
    url: str
    id: str
    password: str

    @property
    def keys(self) -> dict[str, str]:
        return {"access_key_id": self.id, "access_key_password": self.password, "endpoint": self.url}

    def sdk(self) -> ZecClient:
        config = Config(scheme="http", domain=self.url.removeprefix("http://"), request_timeout=60)
        return ZecClient(Credential(self.id, self.password), config)


@contextmanager
def _serving(seed: str, latency: float) -> Iterator[_Access]:
    """Run a local ZEC in a process of its own."""
    command = [sys.executable, "-m", "tests.bench.server", seed, str(latency)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdin is not None
        assert server.stdout is not None
        yield _Access(**json.loads(server.stdout.readline()))
        server.stdin.close()


def _pages(client: ZecClient) -> list[Any]:
    """Read every vNIC as the SDK's users do: page after page."""
    request = models.DescribeNetworkInterfacesRequest()
    request.pageSize, request.pageNum = _PAGE, 0
    found: list[Any] = []
    while True:
        request.pageNum += 1
        page = client.DescribeNetworkInterfaces(request)
        found += page.dataSet
        if len(page.dataSet) < _PAGE:
            return found


def fetch() -> Iterator[Line]:
    """50,000 vNICs listed, with 40 ms latency per call and without, 1,000 a page."""
    for latency in (_LATENCY, 0.0):
        note = f"{latency * 1000:.0f} ms latency"
        with _serving(f"random:7:{_NICS}", latency) as access, Client(resolve(**access.keys), page_size=_PAGE) as ours:
            listing = ours.describe_network_interfaces()
            assert listing.complete
            assert len(listing.records) == _NICS
            seconds, peak = measure(ours.describe_network_interfaces, 5)
            yield Line("fetch", f"zecnb, {note}", seconds, 1.0, peak, 5)
            sdk = access.sdk()
            assert len(_pages(sdk)) == _NICS
            taken, peak = measure(lambda sdk=sdk: _pages(sdk), 2, warm=False)
            least = 6 if latency else 3
            yield Line("fetch", f"SDK loop, {note}", taken, taken / seconds, peak, 2, f"at least {least}")
            with zecnb.connect(**access.keys, store="sqlite://", progress=False) as zec:
                more, peak = measure(zec.inventory, 2, warm=False)
            yield Line("fetch", f"zecnb, inventory, {note}", more, more / seconds, peak, 2, "all listings, as frames")


def apply() -> Iterator[Line]:
    """500 vNICs in 50 subnets get an address each, with 40 ms latency per call.

    Ours reads before and after each call and has every call in a journal on disk; the loop does neither.
    """
    with _serving("subnets:50", _LATENCY) as access, tempfile.TemporaryDirectory() as folder:
        store = f"sqlite:///{Path(folder) / 'journal.sqlite'}"
        with zecnb.connect(**access.keys, store=store, progress=False) as zec:
            nics = zec.inventory().nics["nic_id"].tolist()
            times, peaks = [], []
            for _ in range(3):
                plan = zec.plan([{"nic_id": nic, "ip_address_count": 1} for nic in nics])
                receipts: list[zecnb.Receipt] = []
                seconds, peak = measure(lambda p=plan, r=receipts: r.append(zec.apply(p)), 1, warm=False)
                assert receipts[0].states == {"assigned": len(nics)}, receipts[0]
                times.append(seconds)
                peaks.append(peak)
        yield Line("apply", "zecnb", min(times), 1.0, max(peaks), len(times), "checked, journaled, read back")
        client = access.sdk()

        def loop() -> None:
            for nic in nics:
                request = models.BatchAssignNetworkInterfaceIpv4Request()
                request.nicId, request.ipAddressCount = nic, 1
                client.BatchAssignNetworkInterfaceIpv4(request)

        taken, peak = measure(loop, 1, warm=False)
        yield Line("apply", "SDK loop", taken, taken / min(times), peak, 1, "at least 6")
