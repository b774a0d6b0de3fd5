"""Calls about VPCs and subnets."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from tests.model import HERE, THERE
from tests.model_networks import Subnet, Vpc, cidr_of
from tests.stateful.base import Base

if TYPE_CHECKING:
    from tests.model_networks import Codes

VPCS = ("10.0.0.0/16", "10.0.0.0/15", "192.168.0.0/24", "172.16.0.0/12", "10.0.0.0/8", "11.0.0.0/16", "10.0.0.0/29",
        "10.0.0.1/16", "010.0.0.0/16", "x")  # fmt: skip
NETS = ("10.0.0.0/28", "10.0.0.0/29", "10.0.0.8/29", "10.0.0.0/27", "10.0.1.0/26", "192.168.0.0/28", "10.0.2.0/30",
        "10.0.0.5/29", "10.0.0.7/29", "8.8.8.0/24", "x")  # fmt: skip
STACKS = st.sampled_from(["IPv4", "IPv4", "IPv4_IPv6", "IPv6"])
KINDS = st.sampled_from(["Private", "Private", None])


class Networks(Base):
    """Making, changing and deleting them."""

    @precondition(lambda self: len(self.model.vpcs) < 4)
    @rule(cidr=st.sampled_from(VPCS), mtu=st.sampled_from([1500, 9000, 1400]), six=st.booleans())
    def create_vpc(self, cidr: str, mtu: int, *, six: bool) -> None:
        """CreateVpc."""
        codes = self.model.block(cidr) | (set() if mtu in (1300, 1500, 9000) else {"INVALID_PARAMETER_VALUE"})
        answer = self.ask("CreateVpc", codes, name="new", cidrBlock=cidr, mtu=mtu, enablePriIpv6=six)
        if not codes:
            self.model.vpcs[answer["vpcId"]] = Vpc([cidr_of(cidr)], six)

    @rule(data=st.data(), cidr=st.sampled_from([None, *VPCS]), six=st.sampled_from([None, True, False]))
    def modify_vpc(self, data: st.DataObject, cidr: str | None, *, six: bool | None) -> None:
        """ModifyVpcAttribute."""
        vpc = self.draw(data, self.model.vpcs)
        self.ask("ModifyVpcAttribute", self.model.change_vpc(vpc, cidr, six), vpcId=vpc, cidrBlock=cidr, enableIPv6=six)

    @rule(data=st.data())
    def delete_vpc(self, data: st.DataObject) -> None:
        """DeleteVpc."""
        vpc = self.draw(data, self.model.vpcs)
        codes = self.model.drop_vpc(vpc)
        self.ask("DeleteVpc", codes, vpcId=vpc)
        self.gone += [] if codes else [vpc]

    @rule(data=st.data(), cidr=st.sampled_from(VPCS))
    def associate_block(self, data: st.DataObject, cidr: str) -> None:
        """AssociateVpcCidrBlock."""
        vpc = self.draw(data, self.model.vpcs)
        self.ask("AssociateVpcCidrBlock", self.model.add_block(vpc, cidr), vpcId=vpc, cidrBlock=cidr)

    @rule(data=st.data(), cidr=st.sampled_from(VPCS))
    def unassociate_block(self, data: st.DataObject, cidr: str) -> None:
        """UnassociateVpcCidrBlock, of a block that is there more often than not."""
        added = [name for name, vpc in self.model.vpcs.items() if vpc.blocks[1:]]
        vpc = self.draw(data, added or self.model.vpcs)
        own = [str(each) for each in self.model.vpcs[vpc].blocks[1:]] if vpc in self.model.vpcs else []
        cidr = data.draw(st.sampled_from([cidr, *own * 3]))
        self.ask("UnassociateVpcCidrBlock", self.model.drop_block(vpc, cidr), vpcId=vpc, cidrBlock=cidr)

    @precondition(lambda self: len(self.model.subnets) < 6)
    @rule(data=st.data(), cidr=st.sampled_from([None, *NETS]), stack=STACKS, kind=KINDS, there=st.booleans())
    def create_subnet(
        self, data: st.DataObject, cidr: str | None, stack: str, kind: str | None, *, there: bool
    ) -> None:
        """CreateSubnet."""
        vpc, region = self.draw(data, self.model.vpcs), THERE if there else HERE
        codes = self.model.net(vpc, cidr, stack, kind)
        asked = {"vpcId": vpc, "name": "net", "regionId": region, "stackType": stack, "cidrBlock": cidr}
        answer = self.ask("CreateSubnet", codes, **asked, ipv6Type=kind)
        if not codes:
            self.model.subnets[answer["subnetId"]] = Subnet(vpc, region, cidr_of(cidr or ""), stack)

    @precondition(lambda self: len(self.model.subnets) < 6)
    @rule(data=st.data(), many=st.booleans())
    def create_subnets(self, data: st.DataObject, *, many: bool) -> None:
        """CreateSubnets: ten at most, all or none; in the VPC's blocks more often than not."""
        vpc = self.draw(data, self.model.vpcs)
        blocks = self.model.vpcs[vpc].blocks if vpc in self.model.vpcs else []
        inside = [f"{each.network_address + 16 * at}/28" for each in blocks for at in (0, 5, 6, 7)]
        cidrs = data.draw(st.lists(st.sampled_from([*inside * 3, *NETS]), max_size=3))
        cidrs = cidrs * 4 if many and len(cidrs) == 3 else cidrs
        codes = self._several(vpc, cidrs)
        asked = [{"name": "net", "regionId": HERE, "stackType": "IPv4", "cidrBlock": each} for each in cidrs]
        answer = self.ask("CreateSubnets", codes, vpcId=vpc, subnets=asked)
        for subnet, cidr in [] if codes else zip(answer["subnetIds"], cidrs, strict=True):
            self.model.subnets[subnet] = Subnet(vpc, HERE, cidr_of(cidr))

    def _several(self, vpc: str, cidrs: list[str]) -> Codes:
        if not cidrs:
            return {"MISSING_PARAMETER"}
        if len(cidrs) > 10:
            return {"INVALID_PARAMETER_EXCEED_LENGTH"}
        codes: Codes = set().union(*(self.model.net(vpc, each, "IPv4", None) for each in cidrs))
        good = [network for each in cidrs if (network := cidr_of(each))]
        if any(one.overlaps(other) for at, one in enumerate(good) for other in good[:at]):
            codes |= {"OPERATION_DENIED_SUBNET_CIDR_CONFLICT"}
        return codes

    @rule(data=st.data(), amount=st.integers(0, 3))
    def delete_subnets(self, data: st.DataObject, amount: int) -> None:
        """DeleteSubnets: each on its own, those that stay with their codes."""
        subnets = [self.draw(data, self.model.subnets) for _ in range(amount)]
        left = [(each, codes) for each in subnets if (codes := self.model.drop_net(each))]
        answer = self.ask("DeleteSubnets", set() if subnets else {"MISSING_PARAMETER"}, subnetIds=subnets)
        assert [(each["subnetId"], {each["errorCode"]}) for each in answer.get("failedSubnets", [])] == left
        self.gone += [each for each in subnets if each not in dict(left)]

    @rule(data=st.data(), cidr=st.sampled_from(NETS))
    def modify_subnet(self, data: st.DataObject, cidr: str) -> None:
        """ModifySubnetAttribute."""
        subnet = self.draw(data, self.model.subnets)
        self.ask("ModifySubnetAttribute", self.model.change_net(subnet, cidr), subnetId=subnet, cidrBlock=cidr)

    @rule(data=st.data(), stack=STACKS)
    def modify_stack(self, data: st.DataObject, stack: str) -> None:
        """ModifySubnetStackType."""
        subnet = self.draw(data, self.model.subnets)
        codes = self.model.change_stack(subnet, stack)
        self.ask("ModifySubnetStackType", codes, subnetId=subnet, stackType=stack, ipv6Type="Private")

    @rule(data=st.data())
    def delete_subnet(self, data: st.DataObject) -> None:
        """DeleteSubnet."""
        subnet = self.draw(data, self.model.subnets)
        codes = self.model.drop_net(subnet)
        self.ask("DeleteSubnet", codes, subnetId=subnet)
        self.gone += [] if codes else [subnet]

    @rule()
    def regions(self) -> None:
        """DescribeSubnetRegions and DescribeNetworkInterfaceRegions speak of the same regions."""
        nets = [each["regionId"] for each in self.ask("DescribeSubnetRegions", set())["regionSet"]]
        assert {HERE, THERE} <= set(nets)
        assert self.ask("DescribeNetworkInterfaceRegions", set())["regionIds"] == nets
