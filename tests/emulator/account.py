"""A small account in an emulator, and short ways to fill it and to call it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Self

from zecnb.emulator import Emulator, exports, networks, resources
from zecnb.emulator.state import number, text
from zecnb.emulator.wire import Request

if TYPE_CHECKING:
    from zecnb.emulator.state import State

ASSIGN = "BatchAssignNetworkInterfaceIpv4"
UNASSIGN = "UnassignNetworkInterfaceIpv4"
NICS = "DescribeNetworkInterfaces"


class Account:
    """An emulator that begins empty; ``options`` are the emulator's."""

    def __init__(self, **options: Any) -> None:
        self.emulator = Emulator(options.pop("seed", "empty"), **options)
        self._vpc = ""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.emulator.stop()

    @property
    def state(self) -> State:
        """What the emulator keeps."""
        return self.emulator.state

    # -- filling -------------------------------------------------------------------------------------------------

    def vpc(self, cidr: str = "10.0.0.0/16", name: str = "main") -> str:
        """Make a VPC."""
        asked = {"name": name, "cidrBlock": cidr, "mtu": 1500, "enablePriIpv6": True}
        return str(networks.create_vpc(self.state, asked)["vpcId"])

    def subnet(
        self, cidr: str | None = "10.0.1.0/24", name: str = "net", stack: str = "IPv4", vpc: str | None = None
    ) -> str:
        """Make a subnet, in a VPC made once unless another is named."""
        if vpc is None:
            self._vpc = self._vpc or self.vpc()
        asked = {
            "vpcId": vpc or self._vpc,
            "name": name,
            "regionId": "asia-east-1",
            "cidrBlock": cidr,
            "stackType": stack,
            "ipv6Type": "Private",
        }
        return str(networks.create_subnet(self.state, asked)["subnetId"])

    def nic(
        self,
        subnet: str,
        *more: str,
        status: str = "AVAILABLE",
        stack: str | None = None,
        name: str = "vm",
        kind: str = "Secondary",
        primary: str | None = None,
    ) -> str:
        """Make a vNIC; ``more`` are its secondary addresses."""
        asked = {"name": name, "subnetId": subnet, "nicStackType": stack, "securityGroupId": None}
        address = number(primary) if primary else None
        made = resources.create_nic(self.state, asked, status=status, kind=kind, address=address)
        nic = str(made["nicId"])
        with self.state.write():
            for position, each in enumerate(more, 1):
                value = number(each)
                assert value is not None
                self.state.hold(subnet, value, "secondary", nic, position=position)
        return nic

    def ha_vip(self, subnet: str, address: str | None = None, name: str = "vip") -> str:
        """Make a HaVip."""
        asked = {"subnetId": subnet, "name": name, "ipAddress": address, "securityGroupId": None}
        return str(resources.create_ha_vip(self.state, asked)["haVipId"])

    # -- calling -------------------------------------------------------------------------------------------------

    def call(self, action: str, *, service: str = "zec", version: str = "", **body: Any) -> tuple[int, dict[str, Any]]:
        """Call an action; return HTTP status and the envelope."""
        return self.send(json.dumps(body).encode(), {"x-zc-action": action, "x-zc-version": version}, service)

    def send(self, body: bytes, headers: dict[str, str] | None = None, service: str = "zec") -> tuple[int, Any]:
        """Send bytes with a good token; return HTTP status and what came back."""
        common = {
            "authorization": f"Bearer {self.emulator.token}",
            "content-type": "application/json",
            "host": "127.0.0.1",
            "x-zc-action": ASSIGN,
        }
        answer = self.emulator.handle(Request("POST", f"/api/v2/{service}", {**common, **(headers or {})}, body))
        return answer.status, json.loads(answer.body)

    def code(self, action: str, **body: Any) -> str:
        """Call an action; return the error code, ``OK`` when there is none."""
        status, content = self.call(action, **body)
        return "OK" if status == 200 else str(content["code"])

    def ask(self, action: str, **body: Any) -> dict[str, Any]:
        """Call an action that succeeds; return its payload."""
        status, content = self.call(action, **body)
        assert status == 200, content
        payload: dict[str, Any] = content["response"]
        return payload

    # -- looking -------------------------------------------------------------------------------------------------

    def show(self, nic: str) -> dict[str, Any]:
        """Return a vNIC as the API shows it."""
        found: dict[str, Any] = self.ask(NICS, nicIds=[nic])["dataSet"][0]
        return found

    def held(self, subnet: str) -> list[str]:
        """Return every address that something holds in a subnet, ascending."""
        rows = self.state.rows("SELECT address FROM held WHERE subnet_id = ? ORDER BY address", subnet)
        return [text(row["address"]) for row in rows]

    def everything(self) -> str:
        """Return the whole state, to compare."""
        return exports.export(self.state)
