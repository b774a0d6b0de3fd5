"""Random sequences of all actions against a model: ``python -m tests.stateful --steps 5000 --seed 1``.

Prints how often each answer came; exits 1 on the first disagreement, with the shortest sequence that shows it.
"""

from __future__ import annotations

import argparse
import ipaddress
import sys
import time
from collections import Counter
from typing import Any

import hypothesis
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from tests.contract.documented import DOCUMENTED
from tests.emulator.account import Account
from tests.model import OK, REGION, Model, Nic, Subnet, network_of
from zecnb.emulator import attachments

SEEN: Counter[str] = Counter()
LISTED: set[str] = set()
STEPS = 50
VPCS = ("10.0.0.0/16", "10.0.0.0/15", "192.168.0.0/24", "172.16.0.0/12", "10.0.0.0/8", "11.0.0.0/16", "10.0.0.0/29",
        "10.0.0.1/16", "x")  # fmt: skip
NETS = ("10.0.0.0/28", "10.0.0.0/29", "10.0.0.8/29", "10.0.0.0/27", "10.0.1.0/26", "192.168.0.0/28", "10.0.2.0/30",
        "10.0.0.5/29", "8.8.8.0/24", "x")  # fmt: skip
ODD = ("x", "10.0.0.300", "::1", "010.0.0.3", "10.9.9.9", "192.168.0.1", "10.0.0.0")
LAST = st.integers(0, 33)


def text(address: int) -> str:
    """Return dotted decimal."""
    return str(ipaddress.IPv4Address(address))


class Comparison(RuleBasedStateMachine):
    """The emulator and the model, asked the same."""

    def __init__(self) -> None:
        super().__init__()
        self.account = Account()
        self.account.state.random.seed(1)  # the same ids each time: an example can be run again
        self.model = Model()
        self.gone = ["1000000000000000000"]

    def teardown(self) -> None:
        """End the emulator."""
        self.account.emulator.stop()

    def _ask(self, action: str, expected: set[str] | None, **asked: Any) -> dict[str, Any] | None:
        """Call; the answer is one of the codes expected, or success when there are none."""
        body = {name: value for name, value in asked.items() if value is not None}
        service = "zlb" if "LoadBalancer" in action else "zec"
        status, content = self.account.call(action, service=service, **body)
        code = OK if status == 200 else content["code"]
        SEEN[f"{action} {code}"] += 1
        if expected is not None:
            assert code in (expected or {OK}), f"{action}({body}): {code}, not {expected or OK}"
        return content["response"] if status == 200 else {"code": code}

    def _draw(self, data: st.DataObject, known: Any) -> str:
        return data.draw(st.sampled_from([*sorted(known) * 4, *self.gone[-1:]]))

    def _address(self, data: st.DataObject, nic: str = "") -> str:
        """Return an address, a free one of the vNIC's subnet more often than not."""
        own = self.model.subnets[self.model.nics[nic].subnet].free if nic in self.model.nics else []
        free = [text(each) for each in own[:6]]
        return data.draw(st.one_of(LAST.map(lambda n: f"10.0.0.{n}"), st.sampled_from([*free * 3, *ODD])))

    # -- networks ------------------------------------------------------------------------------------------------

    @initialize()
    def begin(self) -> None:
        """Have something to work with."""
        vpc = self._ask("CreateVpc", set(), name="first", cidrBlock="10.0.0.0/16", mtu=1500)["vpcId"]
        self.model.vpcs[vpc] = network_of("10.0.0.0/16")
        asked = {"vpcId": vpc, "name": "net", "regionId": REGION, "stackType": "IPv4", "cidrBlock": "10.0.0.0/28"}
        subnet = self._ask("CreateSubnet", set(), **asked)["subnetId"]
        self.model.subnets[subnet] = Subnet(vpc, network_of("10.0.0.0/28"))
        for number in range(2):
            self.model.instances.add(attachments.create_instance(self.account.state, f"host-{number}", REGION))
            self._make_nic(subnet)

    @precondition(lambda self: len(self.model.vpcs) < 4)
    @rule(cidr=st.sampled_from(VPCS), mtu=st.sampled_from([1500, 9000, 1400]), six=st.booleans())
    def create_vpc(self, cidr: str, mtu: int, *, six: bool) -> None:
        """CreateVpc."""
        codes = self.model.vpc_cidr(cidr) | (set() if mtu in (1300, 1500, 9000) else {"INVALID_PARAMETER_VALUE"})
        answer = self._ask("CreateVpc", codes, name="new", cidrBlock=cidr, mtu=mtu, enablePriIpv6=six)
        if not codes:
            self.model.vpcs[answer["vpcId"]] = network_of(cidr)
            self.model.six |= {answer["vpcId"]} if six else set()

    @rule(data=st.data(), cidr=st.sampled_from([None, *VPCS]), six=st.sampled_from([None, True, False]))
    def modify_vpc(self, data: st.DataObject, cidr: str | None, *, six: bool | None) -> None:
        """ModifyVpcAttribute."""
        vpc = self._draw(data, self.model.vpcs)
        codes = self.model.modify_vpc(vpc, cidr, six)
        self._ask("ModifyVpcAttribute", codes, vpcId=vpc, cidrBlock=cidr, enableIPv6=six)
        if not codes:
            self.model.vpcs[vpc] = network_of(cidr) if cidr else self.model.vpcs[vpc]
            self.model.six |= {vpc} if six else set()

    @rule(data=st.data())
    def delete_vpc(self, data: st.DataObject) -> None:
        """DeleteVpc."""
        vpc = self._draw(data, self.model.vpcs)
        codes = self.model.delete_vpc(vpc)
        self._ask("DeleteVpc", codes, vpcId=vpc)
        if not codes:
            del self.model.vpcs[vpc]
            self.model.blocks.pop(vpc, None)
            self.gone.append(vpc)

    @rule(data=st.data(), cidr=st.sampled_from(VPCS))
    def associate_block(self, data: st.DataObject, cidr: str) -> None:
        """AssociateVpcCidrBlock."""
        vpc = self._draw(data, self.model.vpcs)
        self._ask("AssociateVpcCidrBlock", self.model.associate_block(vpc, cidr), vpcId=vpc, cidrBlock=cidr)

    @rule(data=st.data(), cidr=st.sampled_from(VPCS))
    def unassociate_block(self, data: st.DataObject, cidr: str) -> None:
        """UnassociateVpcCidrBlock, of a block that is there more often than not."""
        vpc = self._draw(data, [each for each, blocks in self.model.blocks.items() if blocks] or self.model.vpcs)
        own = [str(each) for each in self.model.blocks.get(vpc, [])]
        cidr = data.draw(st.sampled_from([cidr, *own * 3]))
        self._ask("UnassociateVpcCidrBlock", self.model.unassociate_block(vpc, cidr), vpcId=vpc, cidrBlock=cidr)

    @precondition(lambda self: len(self.model.subnets) < 6)
    @rule(data=st.data(), cidr=st.sampled_from(NETS), stack=st.sampled_from(["IPv4", "IPv4_IPv6"]), kind=st.booleans())
    def create_subnet(self, data: st.DataObject, cidr: str, stack: str, *, kind: bool) -> None:
        """CreateSubnet."""
        vpc = self._draw(data, self.model.vpcs)
        codes = self.model.subnet_cidr(vpc, cidr) if vpc in self.model.vpcs else {"INVALID_VPC_NOT_FOUND"}
        if stack != "IPv4" and not kind:
            codes = codes | {"INVALID_PARAMETER_SUBNET_IPV6_TYPE_NOT_FOUND"}
        asked = {"vpcId": vpc, "name": "net", "regionId": REGION, "stackType": stack, "cidrBlock": cidr}
        answer = self._ask("CreateSubnet", codes, **asked, ipv6Type="Private" if kind else None)
        if not codes:
            self.model.subnets[answer["subnetId"]] = Subnet(vpc, network_of(cidr), stack)

    @precondition(lambda self: len(self.model.subnets) < 6)
    @rule(data=st.data(), many=st.booleans())
    def create_subnets(self, data: st.DataObject, *, many: bool) -> None:
        """CreateSubnets: all or none; in the VPC's blocks more often than not."""
        vpc = self._draw(data, self.model.vpcs)
        blocks = [self.model.vpcs[vpc], *self.model.blocks.get(vpc, [])] if vpc in self.model.vpcs else []
        inside = [f"{each.network_address + 16 * at}/28" for each in blocks for at in (0, 5, 6, 7)]
        cidrs = data.draw(st.lists(st.sampled_from([*inside * 3, *NETS]), max_size=3))
        cidrs = cidrs * 4 if many and len(cidrs) == 3 else cidrs
        codes = self.model.create_subnets(vpc, cidrs)
        asked = [{"name": "net", "regionId": REGION, "stackType": "IPv4", "cidrBlock": each} for each in cidrs]
        answer = self._ask("CreateSubnets", codes, vpcId=vpc, subnets=asked)
        for subnet, cidr in [] if codes else zip(answer["subnetIds"], cidrs, strict=True):
            self.model.subnets[subnet] = Subnet(vpc, network_of(cidr))

    @rule(data=st.data(), amount=st.integers(0, 3))
    def delete_subnets(self, data: st.DataObject, amount: int) -> None:
        """DeleteSubnets: each on its own, those that stay with their codes."""
        subnets = [self._draw(data, self.model.subnets) for _ in range(amount)]
        left = [(each, codes) for each in subnets if (codes := self.model.delete_subnet(each))]
        answer = self._ask("DeleteSubnets", set() if subnets else {"MISSING_PARAMETER"}, subnetIds=subnets)
        failed = [(each["subnetId"], {each["errorCode"]}) for each in answer.get("failedSubnets", [])]
        assert failed == left
        self.gone += [each for each in subnets if each not in dict(left)]

    @rule(data=st.data(), cidr=st.sampled_from(NETS))
    def modify_subnet(self, data: st.DataObject, cidr: str) -> None:
        """ModifySubnetAttribute."""
        subnet = self._draw(data, self.model.subnets)
        codes = self.model.modify_subnet(subnet, cidr)
        self._ask("ModifySubnetAttribute", codes, subnetId=subnet, cidrBlock=cidr)
        if not codes:
            self.model.subnets[subnet].network = network_of(cidr)

    @rule(data=st.data(), stack=st.sampled_from(["IPv4", "IPv4_IPv6", "IPv6"]))
    def modify_stack(self, data: st.DataObject, stack: str) -> None:
        """ModifySubnetStackType: IPv6 can be added."""
        subnet = self._draw(data, self.model.subnets)
        codes = set() if subnet in self.model.subnets else {"INVALID_SUBNET_NOT_FOUND"}
        if not codes and (self.model.subnets[subnet].stack, stack) != ("IPv4", "IPv4_IPv6"):
            codes = set() if self.model.subnets[subnet].stack == stack else {"OPERATION_DENIED_SUBNET_TYPE_NOT_SUPPORT"}
        self._ask("ModifySubnetStackType", codes, subnetId=subnet, stackType=stack, ipv6Type="Private")
        if not codes:
            self.model.subnets[subnet].stack = stack

    @rule(data=st.data())
    def delete_subnet(self, data: st.DataObject) -> None:
        """DeleteSubnet."""
        subnet = self._draw(data, self.model.subnets)
        codes = self.model.delete_subnet(subnet)
        self._ask("DeleteSubnet", codes, subnetId=subnet)
        self.gone += [] if codes else [subnet]

    # -- vNICs ---------------------------------------------------------------------------------------------------

    def _make_nic(self, subnet: str) -> None:
        codes = set() if subnet in self.model.subnets else {"INVALID_SUBNET_NOT_FOUND"}
        if not codes and not self.model.subnets[subnet].free:
            codes = {"OPERATION_DENIED_SUBNET_IP_INSUFFICIENT"}
        answer = self._ask("CreateNetworkInterface", codes, name="vm", subnetId=subnet, nicStackType="IPv4")
        if not codes:
            primary = self.model.subnets[subnet].free[0]
            self.model.nics[answer["nicId"]] = Nic(subnet, primary, name="vm")
            self.model.subnets[subnet].held[primary] = answer["nicId"]

    @rule(data=st.data())
    def create_nic(self, data: st.DataObject) -> None:
        """CreateNetworkInterface."""
        self._make_nic(self._draw(data, self.model.subnets))

    @rule(data=st.data())
    def delete_nic(self, data: st.DataObject) -> None:
        """DeleteNetworkInterface."""
        nic = self._draw(data, self.model.nics)
        codes = self.model.delete_nic(nic)
        self._ask("DeleteNetworkInterface", codes, nicId=nic)
        self.gone += [] if codes else [nic]

    @rule(data=st.data(), name=st.sampled_from(["a", "ab", "a/b", "-a", "x" * 64, "vm-2"]))
    def rename(self, data: st.DataObject, name: str) -> None:
        """ModifyNetworkInterfaceAttribute: A2 for names of vNICs."""
        nic = self._draw(data, self.model.nics)
        codes = {"a": {"INVALID_PARAMETER_LESS_LENGTH"}, "-a": {"INVALID_PARAMETER_PATTERN_ERROR"},
                 "x" * 64: {"INVALID_PARAMETER_EXCEED_LENGTH"}}.get(name, set())  # fmt: skip
        codes = codes | (set() if nic in self.model.nics else {"INVALID_NIC_NOT_FOUND"})
        self._ask("ModifyNetworkInterfaceAttribute", codes, nicId=nic, name=name, securityGroupId="")
        if not codes:
            self.model.nics[nic].name = name

    @rule(data=st.data())
    def rename_all(self, data: st.DataObject) -> None:
        """ModifyNetworkInterfacesAttribute: all or none."""
        nics = [self._draw(data, self.model.nics) for _ in range(data.draw(st.integers(1, 3)))]
        codes = set() if set(nics) <= set(self.model.nics) else {"INVALID_NIC_NOT_FOUND"}
        self._ask("ModifyNetworkInterfacesAttribute", codes, nicIds=nics, name="fleet")
        for nic in [] if codes else nics:
            self.model.nics[nic].name = "fleet"

    @rule(data=st.data())
    def attach(self, data: st.DataObject) -> None:
        """AttachNetworkInterface."""
        nic, host = self._draw(data, self.model.nics), self._draw(data, self.model.instances)
        codes = set() if nic in self.model.nics else {"INVALID_NIC_NOT_FOUND"}
        codes |= set() if host in self.model.instances else {"INVALID_INSTANCE_NOT_FOUND"}
        if nic in self.model.nics and self.model.nics[nic].instance:
            codes |= {"INVALID_NIC_ATTACHED"}
        if sum(each.instance == host for each in self.model.nics.values()) >= 8:
            codes |= {"INVALID_INSTANCE_NIC_LIMIT"}
        self._ask("AttachNetworkInterface", codes, nicId=nic, instanceId=host)
        if not codes:
            self.model.nics[nic].instance = host

    @rule(data=st.data())
    def detach(self, data: st.DataObject) -> None:
        """DetachNetworkInterface."""
        nic = self._draw(data, self.model.nics)
        codes = set() if nic in self.model.nics else {"INVALID_NIC_NOT_FOUND"}
        if not codes and not self.model.nics[nic].instance:
            codes = {"OPERATION_DENIED_NIC_NOT_EXIST_INSTANCE"}
        self._ask("DetachNetworkInterface", codes, nicId=nic)
        if not codes:
            self.model.nics[nic].instance = None

    # -- addresses -----------------------------------------------------------------------------------------------

    @rule(data=st.data())
    def assign_one(self, data: st.DataObject) -> None:
        """AssignNetworkInterfaceIpv4."""
        nic = self._draw(data, self.model.nics)
        address = self._address(data, nic)
        expected = self.model.assign(nic, [address], None)
        answer = self._ask("AssignNetworkInterfaceIpv4", None, nicId=nic, ipAddress=address)
        found = answer.get("code", expected)
        assert found == expected, f"assign {address} to {nic}: {found}, not {expected}"

    @rule(data=st.data(), amount=st.integers(0, 4), count=st.sampled_from([None, 1, 3, 0, -1]))
    def assign_listed(self, data: st.DataObject, amount: int, count: int | None) -> None:
        """BatchAssignNetworkInterfaceIpv4 with a list, and sometimes a count beside it."""
        nic = self._draw(data, self.model.nics)
        self._assign(nic, [self._address(data, nic) for _ in range(amount)], count)

    @rule(data=st.data(), count=st.sampled_from([1, 2, 3, 4, 8, 9, 10, 0, 10**30]))
    def assign_counted(self, data: st.DataObject, count: int) -> None:
        """BatchAssignNetworkInterfaceIpv4 with a count."""
        self._assign(self._draw(data, self.model.nics), [], count)

    def _assign(self, nic: str, addresses: list[str], count: int | None) -> None:
        expected = self.model.assign(nic, addresses, count)
        asked = {"nicId": nic, "ipAddresses": addresses, "ipAddressCount": count}
        answer = self._ask("BatchAssignNetworkInterfaceIpv4", None, **asked)
        found = answer.get("code") or [int(ipaddress.IPv4Address(each)) for each in answer["ipAddresses"]]
        assert found == expected, f"assign {addresses} or {count} to {nic}: {found}, not {expected}"

    @rule(data=st.data())
    def unassign(self, data: st.DataObject) -> None:
        """UnassignNetworkInterfaceIpv4."""
        nic = self._draw(data, self.model.nics)
        known = self.model.nics.get(nic)
        own = [*known.secondary * 3, known.primary] if known else []
        drawn = [
            text(data.draw(st.sampled_from(own))) if own and data.draw(st.integers(0, 3)) else self._address(data)
            for _ in range(data.draw(st.integers(0, 3)))
        ]
        self._ask("UnassignNetworkInterfaceIpv4", self.model.unassign(nic, drawn), nicId=nic, ipAddresses=drawn)

    @rule(data=st.data(), smallest=st.booleans())
    def replace_primary(self, data: st.DataObject, *, smallest: bool) -> None:
        """ReplaceNetworkInterfacePrimaryIpv4."""
        nic = self._draw(data, self.model.nics)
        address = None if smallest else self._address(data, nic)
        expected = self.model.replace_primary(nic, address)
        answer = self._ask("ReplaceNetworkInterfacePrimaryIpv4", None, nicId=nic, primaryIpAddress=address)
        found = answer.get("code") or int(ipaddress.IPv4Address(answer["primaryIpAddress"]))
        assert found == expected, f"primary {address} of {nic}: {found}, not {expected}"

    # -- what else holds addresses, or blocks an undo ------------------------------------------------------------

    @rule(data=st.data(), chosen=st.booleans())
    def create_vip(self, data: st.DataObject, *, chosen: bool) -> None:
        """CreateHaVip."""
        subnet, address = self._draw(data, self.model.subnets), self._address(data) if chosen else None
        codes = set() if subnet in self.model.subnets else {"INVALID_SUBNET_NOT_FOUND"}
        known = self.model.subnets.get(subnet)
        if known and address and (code := self.model._judge(known, address, [])) != OK:
            codes = {code}
        if known and not address and not known.free:
            codes = {"OPERATION_DENIED_SUBNET_IP_INSUFFICIENT"}
        if len(self.model.vips) >= 10:
            codes = codes | {"OPERATION_DENIED_HAVIP_EXCEED_LIMIT"}
        answer = self._ask("CreateHaVip", codes, subnetId=subnet, name="vip", ipAddress=address)
        if known and not codes:
            value = int(ipaddress.IPv4Address(address)) if address else known.free[0]
            self.model.vips[answer["haVipId"]] = (subnet, value)
            known.held[value] = answer["haVipId"]

    @rule(data=st.data(), modify=st.booleans())
    def delete_vip(self, data: st.DataObject, *, modify: bool) -> None:
        """DeleteHaVip and ModifyHaVipAttribute."""
        vip = self._draw(data, self.model.vips)
        codes = set() if vip in self.model.vips else {"INVALID_HAVIP_NOT_FOUND"}
        if modify:
            self._ask("ModifyHaVipAttribute", codes, haVipId=vip, name="other")
            return
        self._ask("DeleteHaVip", codes, haVipId=vip)
        if not codes:
            subnet, address = self.model.vips.pop(vip)
            del self.model.subnets[subnet].held[address]
            self.gone.append(vip)

    @precondition(lambda self: len(self.model.eips) < 6)
    @rule()
    def create_eip(self) -> None:
        """CreateEips."""
        answer = self._ask("CreateEips", set(), regionId=REGION, internetChargeType="ByBandwidth")
        self.model.eips[answer["eipIds"][0]] = None

    @rule(data=st.data(), primary=st.booleans())
    def bind_eip(self, data: st.DataObject, *, primary: bool) -> None:
        """AssociateEipAddress."""
        eip, nic = self._draw(data, self.model.eips), self._draw(data, self.model.nics)
        known = self.model.nics.get(nic)
        own = [known.primary, *known.secondary] if known else []
        address = data.draw(st.sampled_from(own)) if own and not primary else None
        codes = set() if known else {"INVALID_NIC_NOT_FOUND"}
        codes |= set() if eip in self.model.eips else {"INVALID_EIP_NOT_FOUND"}
        if self.model.eips.get(eip):
            codes |= {"OPERATION_DENIED_EIP_STATUS_NOT_SUPPORT"}
        at = (nic, address if address is not None else known.primary) if known else None
        if at and sum(bound == at for bound in self.model.eips.values()) >= 4:
            codes |= {"OPERATION_DENIED_EIP_INSTANCE_EXCEED_LIMIT"}
        given = text(address) if address is not None else None
        self._ask("AssociateEipAddress", codes, eipIds=[eip], nicId=nic, lanIp=given)
        if not codes:
            self.model.eips[eip] = at

    @rule(data=st.data(), delete=st.booleans())
    def loosen_eip(self, data: st.DataObject, *, delete: bool) -> None:
        """UnassociateEipAddress and DeleteEip."""
        eip = self._draw(data, self.model.eips)
        codes = set() if eip in self.model.eips else {"INVALID_EIP_NOT_FOUND"}
        bound = self.model.eips.get(eip)
        if delete:
            codes |= {"OPERATION_DENIED_EIP_STATUS_NOT_SUPPORT"} if bound else set()
            self._ask("DeleteEip", codes, eipId=eip)
            if not codes:
                del self.model.eips[eip]
                self.gone.append(eip)
            return
        codes |= {"OPERATION_DENIED_EIP_NOT_ASSIGNED"} if not codes and not bound else set()
        self._ask("UnassociateEipAddress", codes, eipIds=[eip])
        if not codes:
            self.model.eips[eip] = None

    @rule(data=st.data())
    def create_balancer(self, data: st.DataObject) -> None:
        """CreateLoadBalancer: which addresses it takes is its own choice, of free ones."""
        subnet = self._draw(data, self.model.subnets)
        known = self.model.subnets.get(subnet)
        codes = set() if known else {"INVALID_SUBNET_NOT_FOUND", "INVALID_VPC_NOT_FOUND"}
        if known and len(known.free) < 3:
            codes = {"INVALID_SUBNET_IPV4_INSUFFICIENT"}
        vpc = known.vpc if known else "nobody"
        asked = {"regionId": REGION, "vpcId": vpc, "subnetId": subnet, "loadBalancerName": "lb"}
        answer = self._ask("CreateLoadBalancer", codes, **asked)
        if known and not codes:
            [balancer] = answer["loadBalancerIds"]
            [shown] = self._ask("DescribeLoadBalancers", set(), loadBalancerIds=[balancer])["dataSet"]
            taken = [
                int(ipaddress.IPv4Address(each)) for each in shown["privateIpAddress"] + shown["healthCheckPrivateIps"]
            ]
            assert len(set(taken)) == 3
            assert set(taken) <= set(known.free)
            known.held |= dict.fromkeys(taken, balancer)
            self.model.balancers[balancer] = (subnet, "RUNNING")

    @rule(data=st.data())
    def terminate_balancer(self, data: st.DataObject) -> None:
        """TerminateLoadBalancer: it keeps its addresses in the recycle bin (5.16)."""
        balancer = self._draw(data, self.model.balancers)
        codes = set() if balancer in self.model.balancers else {"INVALID_LB_NOT_FOUND"}
        if not codes and self.model.balancers[balancer][1] == "RECYCLED":
            codes = {"OPERATION_FAILED_FOR_RECYCLE_RESOURCE"}
        self._ask("TerminateLoadBalancer", codes, loadBalancerId=balancer)
        if not codes:
            self.model.balancers[balancer] = (self.model.balancers[balancer][0], "RECYCLED")

    @rule()
    def regions(self) -> None:
        """DescribeSubnetRegions and DescribeNetworkInterfaceRegions speak of the same regions."""
        nets = [each["regionId"] for each in self._ask("DescribeSubnetRegions", set())["regionSet"]]
        nics = self._ask("DescribeNetworkInterfaceRegions", set())["regionIds"]
        assert REGION in nets
        assert nets == nics

    @rule(data=st.data())
    def bindable(self, data: st.DataObject) -> None:
        """AvailableLanIp: every private address of every vNIC, all of them in one region here."""
        eip = self._draw(data, self.model.eips)
        codes = set() if eip in self.model.eips else {"INVALID_EIP_NOT_FOUND"}
        answer = self._ask("AvailableLanIp", codes, eipId=eip)
        if not codes:
            found = {(each["nicId"], each["lanIp"], each["instanceId"]) for each in answer["lanIps"]}
            assert found == {
                (name, text(each), nic.instance)
                for name, nic in self.model.nics.items()
                for each in (nic.primary, *nic.secondary)
            }

    # -- what listings show --------------------------------------------------------------------------------------

    @invariant()
    def listings_show_the_model(self) -> None:
        """After each step every listing shows what the model has."""
        model = self.model
        listed = {
            each["nicId"]: (
                each["subnetId"], each["primaryIpv4"], each["secondaryIpv4s"], each["name"], each["instanceId"],
                each["status"], len(each["publicIpList"]),
            )
            for each in self._list("DescribeNetworkInterfaces")
        }  # fmt: skip
        bound = Counter(at[0] for at in model.eips.values() if at)
        assert listed == {
            name: (
                nic.subnet, text(nic.primary), [text(each) for each in nic.secondary], nic.name, nic.instance,
                nic.status, bound[name],
            )
            for name, nic in model.nics.items()
        }  # fmt: skip
        subnets = {
            each["subnetId"]: (each["vpcId"], each["cidrBlock"], each["stackType"], each["usageIpv4Count"])
            for each in self._list("DescribeSubnets")
        }
        assert subnets == {
            name: (each.vpc, str(each.network), each.stack, len(each.held)) for name, each in model.subnets.items()
        }
        vpcs = {
            each["vpcId"]: (each["cidrBlock"], each["secondaryCidrBlocks"], each["ipv6CidrBlock"] is not None)
            for each in self._list("DescribeVpcs")
        }
        assert vpcs == {
            name: (str(network), [str(each) for each in model.blocks.get(name, [])], name in model.six)
            for name, network in model.vpcs.items()
        }
        vips = {each["haVipId"]: (each["subnetId"], each["ipAddress"]) for each in self._list("DescribeHaVips")}
        assert vips == {name: (subnet, text(address)) for name, (subnet, address) in model.vips.items()}
        eips = {each["eipId"]: (each["nicId"], each["privateIpAddress"]) for each in self._list("DescribeEips")}
        assert eips == {name: (at[0], text(at[1])) if at else (None, None) for name, at in model.eips.items()}

    def _list(self, action: str) -> list[dict[str, Any]]:
        LISTED.add(action)
        found: list[dict[str, Any]] = self.account.ask(action, pageSize=1000)["dataSet"]
        return found


def run(steps: int, seed: int | None) -> None:
    """Run about so many steps; raise on the first disagreement."""
    examples = max(1, steps // STEPS)
    settings = hypothesis.settings(
        max_examples=examples, stateful_step_count=STEPS, deadline=None, database=None, print_blob=False,
        suppress_health_check=list(hypothesis.HealthCheck),
    )  # fmt: skip
    machine: Any = Comparison if seed is None else hypothesis.seed(seed)(Comparison)
    run_state_machine_as_test(machine, settings=settings)


def main() -> int:
    """Run until enough steps are done."""
    parser = argparse.ArgumentParser(prog="python -m tests.stateful", description=__doc__)
    parser.add_argument("--steps", type=int, default=5000)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    began, seed = time.perf_counter(), arguments.seed
    while SEEN.total() < arguments.steps:
        run(arguments.steps - SEEN.total(), seed)
        seed += 1
    for answer, times in sorted(SEEN.items()):
        print(f"{times:7}  {answer}")
    left = sorted(set(DOCUMENTED) - LISTED - {each.partition(" ")[0] for each in SEEN})
    if left:
        print(f"never called: {', '.join(left)}")
        return 1
    print(f"{SEEN.total():,} calls without disagreement in {time.perf_counter() - began:.1f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
