"""Calls about vNICs and their addresses."""

from __future__ import annotations

from ipaddress import IPv4Address
from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st
from hypothesis.stateful import rule

from tests.stateful.base import Base

if TYPE_CHECKING:
    from tests.model import Nic

NAMES = ("a", "ab", "a/b", "a_b", "-a", "a-", "x" * 64, "x" * 63, "vm-2", "v.m", "")


class Nics(Base):
    """Making, moving and deleting them, giving and taking addresses."""

    @rule(data=st.data(), stack=st.sampled_from([None, None, "IPv4", "IPv4_IPv6", "IPv6"]))
    def create_nic(self, data: st.DataObject, stack: str | None) -> None:
        """CreateNetworkInterface."""
        subnet = self.draw(data, self.model.subnets)
        codes = self.model.new_nic(subnet, stack)
        answer = self.ask("CreateNetworkInterface", codes, name="vm", subnetId=subnet, nicStackType=stack)
        if not codes:
            self.model.add_nic(answer["nicId"], subnet, stack)

    @rule(data=st.data())
    def delete_nic(self, data: st.DataObject) -> None:
        """DeleteNetworkInterface."""
        nic = self.draw(data, self.model.nics)
        codes = self.model.drop_nic(nic)
        self.ask("DeleteNetworkInterface", codes, nicId=nic)
        self.gone += [] if codes else [nic]

    @rule(data=st.data(), name=st.sampled_from(NAMES))
    def rename(self, data: st.DataObject, name: str) -> None:
        """ModifyNetworkInterfaceAttribute; an empty security group is none (5.11)."""
        nic = self.draw(data, self.model.nics)
        codes = self.model.rename([nic], name, many=False)
        self.ask("ModifyNetworkInterfaceAttribute", codes, nicId=nic, name=name, securityGroupId="")

    @rule(data=st.data(), name=st.sampled_from(NAMES))
    def rename_all(self, data: st.DataObject, name: str) -> None:
        """ModifyNetworkInterfacesAttribute: all or none."""
        nics = [self.draw(data, self.model.nics) for _ in range(data.draw(st.integers(1, 3)))]
        self.ask("ModifyNetworkInterfacesAttribute", self.model.rename(nics, name, many=True), nicIds=nics, name=name)

    @rule(data=st.data())
    def attach(self, data: st.DataObject) -> None:
        """AttachNetworkInterface."""
        nic, host = self.draw(data, self.model.nics), self.draw(data, self.model.instances)
        self.ask("AttachNetworkInterface", self.model.attach(nic, host), nicId=nic, instanceId=host)

    @rule(data=st.data())
    def detach(self, data: st.DataObject) -> None:
        """DetachNetworkInterface."""
        nic = self.draw(data, self.model.nics)
        self.ask("DetachNetworkInterface", self.model.detach(nic), nicId=nic)

    # -- addresses -----------------------------------------------------------------------------------------------

    @rule(data=st.data())
    def assign_one(self, data: st.DataObject) -> None:
        """AssignNetworkInterfaceIpv4."""
        nic = self.draw(data, self.model.nics)
        address = self.draw_address(data, nic)
        expected = self.model.assign(nic, [address], None)
        answer = self.ask("AssignNetworkInterfaceIpv4", None, nicId=nic, ipAddress=address)
        found = answer.get("code", expected)
        assert found == expected, f"assign {address} to {nic}: {found}, not {expected}"

    @rule(data=st.data(), amount=st.integers(0, 4), count=st.sampled_from([None, None, 1, 3, 0, -1]))
    def assign_listed(self, data: st.DataObject, amount: int, count: int | None) -> None:
        """BatchAssignNetworkInterfaceIpv4 with a list, and sometimes a count beside it."""
        nic = self.draw(data, self.model.nics)
        self._assign(nic, [self.draw_address(data, nic) for _ in range(amount)], count)

    @rule(data=st.data(), own=st.booleans())
    def assign_twice(self, data: st.DataObject, *, own: bool) -> None:
        """BatchAssignNetworkInterfaceIpv4 with an address twice (A13), or with one that the vNIC has already (A14)."""
        nic = self.draw(data, self.model.nics)
        known = self.model.nics.get(nic)
        had = [str(each) for each in known.secondary] if known and own else []
        address = data.draw(st.sampled_from(had)) if had else self.draw_address(data, nic)
        self._assign(nic, [address, address] if not had else [address], None)

    @rule(data=st.data(), count=st.sampled_from([1, 2, 3, 4, 8, 9, 10, 0, 10**30]))
    def assign_counted(self, data: st.DataObject, count: int) -> None:
        """BatchAssignNetworkInterfaceIpv4 with a count."""
        self._assign(self.draw(data, self.model.nics), [], count)

    @rule(data=st.data(), over=st.sampled_from([0, 1]), listed=st.booleans(), bad=st.booleans())
    def assign_to_the_limit(self, data: st.DataObject, over: int, *, listed: bool, bad: bool) -> None:
        """BatchAssignNetworkInterfaceIpv4 with just as many as a vNIC may have, or one more, or a bad one."""
        nic = data.draw(st.sampled_from([*sorted(self.model.nics), *self.gone[-1:]]))
        known = self.model.nics.get(nic)
        count = max(self.model.room(known), 0) + over if known else 1
        free = self.model.subnets[known.subnet].free[:count] if known else []
        asked = [str(each) for each in free] + (["10.0.0.1"] if bad else [])
        self._assign(nic, asked if listed else [], None if listed else count)

    def _assign(self, nic: str, addresses: list[str], count: int | None) -> None:
        expected = self.model.assign(nic, addresses, count)
        asked = {"nicId": nic, "ipAddresses": addresses, "ipAddressCount": count}
        answer = self.ask("BatchAssignNetworkInterfaceIpv4", None, **asked)
        found = answer.get("code") or [IPv4Address(each) for each in answer["ipAddresses"]]
        assert found == expected, f"assign {addresses} or {count} to {nic}: {found}, not {expected}"

    @rule(data=st.data(), single=st.booleans())
    def unassign(self, data: st.DataObject, *, single: bool) -> None:
        """UnassignNetworkInterfaceIpv4, sometimes with the deprecated single address."""
        nic = self.draw(data, self.model.nics)
        known = self.model.nics.get(nic)
        own = [*known.secondary * 3, known.primary] if known else []
        amount = 1 if single else data.draw(st.integers(0, 3))
        asked = [self._one(data, own) for _ in range(amount)]
        given: dict[str, Any] = {"ipAddress": asked[0]} if single else {"ipAddresses": asked}
        judged = [each for each in asked if each] if single else asked  # empty text is none
        self.ask("UnassignNetworkInterfaceIpv4", self.model.release(nic, judged), nicId=nic, **given)

    def _one(self, data: st.DataObject, own: list[IPv4Address | None]) -> str:
        mine = [str(each) for each in own if each]
        return data.draw(st.sampled_from(mine)) if mine and data.draw(st.integers(0, 3)) else self.draw_address(data)

    @rule(data=st.data(), smallest=st.booleans())
    def replace_primary(self, data: st.DataObject, *, smallest: bool) -> None:
        """ReplaceNetworkInterfacePrimaryIpv4, of vNICs that have an EIP more often than of others: it follows."""
        bound = [at[0] for _, at in self.model.eips.values() if at]
        nic = self.draw(data, [*self.model.nics, *bound * 2])
        address = None if smallest else self.draw_address(data, nic) or None
        expected = self.model.replace_primary(nic, address)
        answer = self.ask("ReplaceNetworkInterfacePrimaryIpv4", None, nicId=nic, primaryIpAddress=address)
        found = answer.get("code") or IPv4Address(answer["primaryIpAddress"])
        assert found == expected, f"primary {address} of {nic}: {found}, not {expected}"

    # -- looking -------------------------------------------------------------------------------------------------

    @rule(data=st.data(), size=st.integers(1, 3))
    def look(self, data: st.DataObject, size: int) -> None:
        """DescribeNetworkInterfaces with filters that join by AND (5.6), page by page: each match once."""
        tests = self._filters(data)
        chosen = data.draw(st.lists(st.sampled_from(sorted(tests)), max_size=3, unique=True))
        asked = {name: tests[name][0] for name in chosen}
        wanted = {name for name, nic in self.model.nics.items() if all(tests[each][1](name, nic) for each in chosen)}
        found: list[str] = []
        for number in range(1, len(self.model.nics) + 2):
            page = self.ask("DescribeNetworkInterfaces", set(), **asked, pageSize=size, pageNum=number)
            assert page["totalCount"] == len(wanted)
            found += [each["nicId"] for each in page["dataSet"]]
        assert sorted(found) == sorted(wanted), asked

    def _filters(self, data: st.DataObject) -> dict[str, Any]:
        """Return filters: a value, and who has it."""
        model = self.model
        ids = [self.draw(data, model.nics) for _ in range(2)]
        subnet, host = self.draw(data, model.subnets), self.draw(data, model.instances)
        vpc = self.draw(data, model.vpcs)
        status = data.draw(st.sampled_from(["AVAILABLE", "USED", "PENDING", "DELETING"]))
        stack, part = data.draw(st.sampled_from(["IPv4", "IPv6"])), data.draw(st.sampled_from(["v", "m-", "x", "%"]))

        def in_vpc(_: str, nic: Nic) -> bool:
            return model.subnets[nic.subnet].vpc == vpc

        return {
            "nicIds": (ids, lambda name, _: name in ids),
            "subnetId": (subnet, lambda _, nic: nic.subnet == subnet),
            "instanceId": (host, lambda _, nic: nic.instance == host),
            "vpcId": (vpc, in_vpc),
            "status": (status, lambda _, nic: nic.status == status),
            "nicSubnetType": (stack, lambda _, nic: nic.stack == stack),
            "name": (part, lambda _, nic: part in nic.name),
            "nicType": ("Secondary", lambda *_: True),
        }
