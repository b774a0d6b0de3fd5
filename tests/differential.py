"""Plans against the emulator: ``python -m tests.differential --n 20000 --seed 1``.

Makes random accounts and random requests, single ones and batches, plans them, then really sends the calls of each
plan, in order, and compares ``predicted`` with the answer. Prints how often each answer came; exits 1 on the first
disagreement, with what it takes to see it again. ``--set nic_limit=4`` flips a switch of the emulator and the planner's
option of the same name.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import time
from collections import Counter
from typing import TYPE_CHECKING, Any

import httpx
import pandas as pd

from zecnb.cloud.auth import Secret, Zc2Auth
from zecnb.cloud.client import Client
from zecnb.cloud.reader import read_inventory
from zecnb.cloud.settings import resolve
from zecnb.emulator import Emulator, Settings, assumptions, networks, parse_settings, resources
from zecnb.emulator.state import State, text
from zecnb.emulator.wire import Request
from zecnb.planner.options import POLICIES

if TYPE_CHECKING:
    from zecnb.inventory import Inventory

HOSTILE = (
    "10.0.0.300", "010.0.0.5", "::1", "::ffff:10.0.0.1", "\uff11\uff10.0.0.1", "10.0.0", "10.0.0.1.2", "ten",
    "10.0.0.-1", "1e3", "10.0.0.1/33", "10.0.0.5-4", "127.0.0.1", "0.0.0.0", "255.255.255.255", "8.8.8.8",
    "0x0a000001", "169.254.1.1", "224.0.0.1", "<img src=x>", "'; DROP TABLE held; --", "\u202e10.0.0.1",
)  # fmt: skip
COUNTS = (0, -1, -(10**9), 10**9, 10**30, True, 3.7, "x", "0", "-7")
STATUSES = (*("AVAILABLE", "USED") * 14, "PENDING", "ATTACHING", "DETACHING", "DELETING", "CREATE_FAILED")


class Account:
    """One random account, its inventory, and a way to send raw calls to it."""

    def __init__(self, seed: int, settings: Settings | None = None) -> None:
        self.chance = random.Random(seed)
        self.emulator = Emulator("empty", settings=settings)
        self.hidden = self.chance.random() < 0.25
        self._fill(self.emulator.state)
        transport = httpx.MockTransport(self._answer)
        keys = self.emulator.access_key_id, self.emulator.access_key_password
        settings = resolve(access_key_id=keys[0], access_key_password=keys[1], endpoint="http://127.0.0.1:1")
        with Client(settings, transport=transport) as client:
            self.inventory = read_inventory(client)
        auth = Zc2Auth(keys[0], Secret(keys[1]))
        self._http = httpx.Client(transport=transport, auth=auth, base_url="http://127.0.0.1:1")
        self.nics = self.inventory.nics.to_dict("records")

    def _answer(self, request: httpx.Request) -> httpx.Response:
        headers = {name.lower(): value for name, value in request.headers.items()}
        answer = self.emulator.handle(Request(request.method, request.url.path, headers, request.content))
        return httpx.Response(answer.status, headers=answer.headers, content=answer.body)

    def _fill(self, state: State) -> None:
        chance = self.chance
        for number in range(chance.randint(1, 2)):
            vpc = networks.create_vpc(
                state, {"name": f"vpc-{number}", "cidrBlock": f"10.{number}.0.0/16", "mtu": 1500, "enablePriIpv6": True}
            )["vpcId"]
            for at in range(chance.randint(1, 4)):
                stack = chance.choice(("IPv4", "IPv4", "IPv4", "IPv4", "IPv4_IPv6", "IPv6"))
                block = f"10.{number}.{at}.0/{chance.choice((24, 26, 27, 28, 29, 29))}"
                asked = {"vpcId": vpc, "name": f"net-{at}", "regionId": "asia-east-1", "stackType": stack}
                asked |= {"ipv6Type": "Private", "cidrBlock": None if stack == "IPv6" else block}
                self._fill_subnet(state, networks.create_subnet(state, asked)["subnetId"], stack)

    def _fill_subnet(self, state: State, subnet: str, stack: str) -> None:
        chance = self.chance
        row = state.row("SELECT * FROM subnet WHERE id = ?", subnet)
        assert row is not None
        for number in range(chance.randint(2, 8)):
            if stack != "IPv6" and not state.free_addresses(row, 1):
                break
            mine = chance.choice(("IPv4", "IPv4_IPv6", "IPv6")) if stack == "IPv4_IPv6" else stack
            asked = {"name": f"vm-{number}", "subnetId": subnet, "nicStackType": mine, "securityGroupId": None}
            kind = chance.choice(("Secondary", "Secondary", "Primary"))
            resources.create_nic(state, asked, status=chance.choice(STATUSES), kind=kind)
        if stack == "IPv6":
            return
        if chance.random() < 0.5 and state.free_addresses(row, 1):
            asked = {"subnetId": subnet, "name": "vip", "ipAddress": None, "securityGroupId": None}
            resources.create_ha_vip(state, asked)
        if chance.random() < 0.4 and len(state.free_addresses(row)) >= 3:
            resources.create_load_balancer(state, subnet, "lb")
        owners = [r["id"] for r in state.rows("SELECT id FROM nic WHERE subnet_id = ? AND stack != 'IPv6'", subnet)]
        with state.write():
            for address in state.free_addresses(row):
                if owners and chance.random() < chance.choice((0.1, 0.4, 0.8)):
                    owner = chance.choice(owners)
                    held = state.row("SELECT COUNT(*) AS n FROM held WHERE owner = ?", owner)
                    if held is not None and held["n"] < 10:
                        state.hold(subnet, address, "secondary", owner, position=held["n"])
        if self.hidden and chance.random() < 0.7 and state.free_addresses(row, 1):
            resources.hold_hidden(state, subnet)

    def send(self, body: dict[str, Any]) -> tuple[str, dict[str, Any]]:
        """Send one call; return ``ACCEPTED`` or the code, and the payload."""
        answer = self._http.post(
            "/api/v2/zec",
            content=json.dumps(body).encode(),
            headers={"content-type": "application/json", "x-zc-action": "BatchAssignNetworkInterfaceIpv4"},
        )
        content = answer.json()
        return ("ACCEPTED", content["response"]) if answer.status_code == 200 else (content["code"], content)

    def restore(self, before: set[tuple[str, int]]) -> None:
        """Take back what calls added."""
        state = self.emulator.state
        with state.write() as connection:
            for row in state.rows("SELECT subnet_id, address FROM held"):
                if (row["subnet_id"], row["address"]) not in before:
                    connection.execute(
                        "DELETE FROM held WHERE subnet_id = ? AND address = ?", (row["subnet_id"], row["address"])
                    )

    def held(self) -> set[tuple[str, int]]:
        """Everything that is held."""
        return {(r["subnet_id"], r["address"]) for r in self.emulator.state.rows("SELECT subnet_id, address FROM held")}

    def hits_hidden(self, nic_id: str, addresses: tuple[str, ...]) -> bool:
        """Whether one of the addresses is held by something that no listing shows."""
        sql = "SELECT address FROM held WHERE kind = 'hidden' AND subnet_id = (SELECT subnet_id FROM nic WHERE id = ?)"
        hidden = {text(row["address"]) for row in self.emulator.state.rows(sql, nic_id)}
        return bool(hidden & set(addresses))

    def close(self) -> None:
        """Forget it."""
        self._http.close()
        self.emulator.stop()

    # -- requests ------------------------------------------------------------------------------------------------

    def request(self) -> dict[str, Any]:
        """Return one random request."""
        chance = self.chance
        nic = chance.choice(self.nics)
        nic_id = chance.choice(("1234567890123456789", "nope")) if chance.random() < 0.04 else nic["nic_id"]
        request: dict[str, Any] = {"nic_id": nic_id, "ip_addresses": None, "ip_address_count": None}
        kind = chance.random()
        if kind < 0.62:
            request["ip_addresses"] = self._addresses(nic)
        elif kind < 0.93:
            request["ip_address_count"] = chance.choice((1, 1, 1, 2, 2, 3, 4, 6, 9))
        elif kind < 0.97:
            request["ip_address_count"] = chance.choice(COUNTS)
        if 0.55 < kind < 0.66:
            request["ip_address_count"] = chance.choice((*COUNTS, 1, 2, 3))
        return request

    def _addresses(self, nic: dict[str, Any]) -> list[str]:
        chance = self.chance
        at = self.inventory.subnet_position(nic["subnet_id"])
        low = int(self.inventory.geometry.network[at])
        high = int(self.inventory.geometry.broadcast[at])
        found: list[str] = []
        for _ in range(chance.choice((1, 1, 1, 2, 2, 3, 5, 12))):
            kind = chance.random()
            if kind < 0.88 and high > low:
                found.append(text(chance.randint(low + 2, high - 1)))
            elif kind < 0.93 and high > low:
                found.append(text(chance.choice((low, high, low + 1))))
            elif kind < 0.96:
                found.append(text(0x0A000000 + chance.randint(0, 0x1FFFF)))
            elif kind < 0.98 and found:
                found.append(chance.choice(found))
            else:
                found.append(chance.choice(HOSTILE))
        if high > low and chance.random() < 0.05:
            start = chance.randint(low, high - 2)
            found.append(f"{text(start)}-{text(min(high, start + 3))}")
        return found


def compare(
    account: Account, requests: list[dict[str, Any]], options: dict[str, Any], tally: Counter[str]
) -> str | None:
    """Plan, send, compare; return a disagreement in words."""
    inventory: Inventory = account.inventory
    if len(requests) == 1:
        one = requests[0]
        plan = inventory.plan(
            one["nic_id"], ip_addresses=one["ip_addresses"], ip_address_count=one["ip_address_count"], **options
        )
    else:
        plan = inventory.plan(requests, **options)
    before = account.held()
    unseen = "UNATTRIBUTED_USAGE" in set(plan.findings["code"])
    raw = {
        str(r["nic_id"]): r["ip_address_count"] for r in requests if type(r["ip_address_count"]) in (bool, float, str)
    }
    try:
        for call in plan.calls.itertuples():
            body: dict[str, Any] = {} if pd.isna(call.nic_id) else {"nicId": call.nic_id}
            if call.addresses:
                body["ipAddresses"] = list(call.addresses)
            if not pd.isna(call.ip_address_count):
                body["ipAddressCount"] = int(call.ip_address_count)
            elif call.predicted == "INVALID_PARAMETER_TYPE":
                body["ipAddressCount"] = raw[str(call.nic_id)]
            answer, payload = account.send(body)
            if answer != call.predicted and unseen and account.hits_hidden(call.nic_id, call.addresses):
                tally["(held by something unseen, and said so)"] += 1
                break  # what follows depends on it
            if answer != call.predicted:
                return f"predicted {call.predicted}, the API says {answer} {payload.get('message', '')}: {body}"
            tally[answer] += 1
    finally:
        account.restore(before)
    if not unseen and plan.ok and any(plan.calls["predicted"] != "ACCEPTED"):
        return f"the plan is OK, yet predicts {plan.calls['predicted'].tolist()}"
    return None


def expectations(settings: Settings) -> dict[str, Any]:
    """Return the planner's options for an emulator's switches: those that a verdict depends on."""
    return {each["planner"]: each["value"] for each in assumptions(settings) if each["planner"]}


def main() -> int:
    """Run the comparison."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--n", type=int, default=20000, help="requests")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--batch", type=int, default=12, help="largest batch")
    parser.add_argument("--set", action="append", default=[], help="NAME=VALUE of an assumption, for both sides")
    given = parser.parse_args()
    settings = parse_settings(given.set)
    tally: Counter[str] = Counter()
    done, number, began = 0, given.seed * 1_000_003, time.monotonic()
    while done < given.n:
        number += 1
        account = Account(number, settings)
        try:
            for round_number in range(25):
                chance = account.chance
                size = 1 if chance.random() < 0.5 else chance.randint(2, given.batch)
                requests = [account.request() for _ in range(size)]
                options: dict[str, Any] = {"policy": chance.choice(POLICIES), **expectations(settings)}
                if chance.random() < 0.1:
                    options["mode"] = "server_count"
                wrong = compare(account, requests, options, tally)
                done += size
                if wrong:
                    print(
                        f"DISAGREEMENT in account {number}, round {round_number}, {options}:\n  {wrong}\n  {requests}"
                    )
                    return 1
        finally:
            account.close()
    seconds = time.monotonic() - began
    print(f"{done:,} requests, {sum(tally.values()):,} calls, no disagreement, {seconds:.0f} s")
    for answer, count in tally.most_common():
        print(f"{count:>9,}  {answer}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
