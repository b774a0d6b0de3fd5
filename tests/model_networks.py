"""VPCs and subnets of the model (contract.md 5.12, 5.13, 7.1)."""

from __future__ import annotations

from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv4Network
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.model import Nic

REFUSED = "any code"
VPC_RANGES = [IPv4Network(each) for each in ("10.0.0.0/9", "10.128.0.0/9", "172.16.0.0/12", "192.168.0.0/16")]
"""5.12."""

Codes = set[str]


def cidr_of(text: str) -> IPv4Network | None:
    """Return a CIDR, None for what is none or has host bits (A5)."""
    address, slash, prefix = text.partition("/")
    try:
        return IPv4Network((address, int(prefix))) if slash else None
    except ValueError:
        return None


@dataclass
class Vpc:
    """A VPC: its blocks, its own first, and whether IPv6 is on."""

    blocks: list[IPv4Network]
    six: bool


@dataclass
class Subnet:
    """A subnet, and who holds which address of it; a subnet of IPv6 alone has no network."""

    vpc: str
    region: str
    network: IPv4Network | None
    stack: str = "IPv4"
    held: dict[IPv4Address, str] = field(default_factory=dict)

    @property
    def free(self) -> list[IPv4Address]:
        """What is neither network, gateway, broadcast nor held (7.1), ascending."""
        inner = [] if self.network is None else list(self.network)[2:-1]
        return [each for each in inner if each not in self.held]


class Networks:
    """VPCs and subnets, and what keeps them."""

    def __init__(self) -> None:
        self.vpcs: dict[str, Vpc] = {}
        self.subnets: dict[str, Subnet] = {}
        self.nics: dict[str, Nic] = {}
        self.balancers: dict[str, tuple[str, str]] = {}

    def block(self, text: str) -> Codes:
        """What speaks against a block of a VPC."""
        network = cidr_of(text)
        if network is None:
            return {"INVALID_CIDR_BLOCK_FORMAT"}
        if not any(network.subnet_of(each) for each in VPC_RANGES):
            return {"INVALID_CIDR_BLOCK_NOT_LAN_IP", "INVALID_CIDR_BLOCK_NETMASK_RANGE"}
        return {"INVALID_CIDR_BLOCK_NETMASK_RANGE"} if network.prefixlen > 28 else set()

    def add_block(self, vpc: str, text: str) -> Codes:
        """AssociateVpcCidrBlock: blocks of one VPC do not overlap."""
        codes = self.block(text) | (set() if vpc in self.vpcs else {"INVALID_VPC_NOT_FOUND"})
        if not codes and any(cidr_of(text).overlaps(each) for each in self.vpcs[vpc].blocks):
            codes = {REFUSED}
        if not codes:
            self.vpcs[vpc].blocks.append(cidr_of(text))
        return codes

    def drop_block(self, vpc: str, text: str) -> Codes:
        """UnassociateVpcCidrBlock: one that was added and holds no subnet."""
        if vpc not in self.vpcs:
            return {"INVALID_VPC_NOT_FOUND"}
        block = cidr_of(text)
        if block not in self.vpcs[vpc].blocks[1:]:
            return {REFUSED}
        if any(net.network and net.network.subnet_of(block) for net in self._nets(vpc)):
            return {REFUSED}
        self.vpcs[vpc].blocks.remove(block)
        return set()

    def _nets(self, vpc: str) -> list[Subnet]:
        return [each for each in self.subnets.values() if each.vpc == vpc]

    def change_vpc(self, vpc: str, text: str | None, six: bool | None) -> Codes:
        """ModifyVpcAttribute: a new CIDR contains the old one when there are subnets; IPv6 never goes."""
        if vpc not in self.vpcs:
            return {"INVALID_VPC_NOT_FOUND"} | (self.block(text) if text else set())
        known, new = self.vpcs[vpc], cidr_of(text or "")
        codes = {"OPERATION_DENIED_VPC_CANT_DISABLE_IPV6"} if known.six and six is False else set()
        if text:
            codes |= self.block(text)
            lost = new is not None and self._nets(vpc) and not known.blocks[0].subnet_of(new)
            if lost or (new is not None and any(new.overlaps(each) for each in known.blocks[1:])):
                codes |= {"OPERATION_DENIED_VPC_CIDR_CONFLICT"}
        if not codes:
            known.six = known.six or bool(six)
            known.blocks[0] = new or known.blocks[0]
        return codes

    def drop_vpc(self, vpc: str) -> Codes:
        """DeleteVpc."""
        if vpc not in self.vpcs:
            return {"INVALID_VPC_NOT_FOUND"}
        codes = {"INVALID_VPC_SUBNET_ASSOCIATED"} if self._nets(vpc) else set()
        codes |= {"INVALID_VPC_LB_ASSOCIATED"} if any(at == vpc for at, _ in self.balancers.values()) else set()
        if not codes:
            del self.vpcs[vpc]
        return codes

    def net(self, vpc: str, text: str | None, stack: str, six_type: str | None, besides: str = "") -> Codes:
        """What speaks against a subnet of a VPC."""
        codes = set() if vpc in self.vpcs else {"INVALID_VPC_NOT_FOUND"}
        if stack != "IPv4" and six_type is None:
            codes |= {"INVALID_PARAMETER_SUBNET_IPV6_TYPE_NOT_FOUND"}
        if stack == "IPv6":
            return codes | ({"INVALID_CIDR_IPV6_ONLY"} if text else set())
        if not text:
            return codes | {"INVALID_CIDR_BLOCK_NOT_EMPTY"}
        network = cidr_of(text)
        if network is None:
            return codes | {"INVALID_CIDR_BLOCK_FORMAT", "INVALID_IP_BROADCAST_ADDRESS"}
        blocks = self.vpcs[vpc].blocks if vpc in self.vpcs else []
        if network.prefixlen > 29 or network.prefixlen < min((each.prefixlen for each in blocks), default=0):
            codes |= {"INVALID_CIDR_BLOCK_NETMASK_RANGE"}
        if not network.is_private:
            codes |= {"INVALID_CIDR_BLOCK_NOT_LAN_IP"}
        if vpc in self.vpcs and not any(network.subnet_of(each) for each in self.vpcs[vpc].blocks):
            codes |= {"INVALID_PARAMETER_SUBNET_CIDR_NOT_BELONG_VPC"}
        beside = [each.network for name, each in self.subnets.items() if each.vpc == vpc and name != besides]
        if any(each and each.overlaps(network) for each in beside):
            codes |= {"OPERATION_DENIED_SUBNET_CIDR_CONFLICT"}
        return codes

    def change_net(self, subnet: str, text: str) -> Codes:
        """ModifySubnetAttribute: IPv4 subnets alone, and the new CIDR contains the old one when it is in use."""
        if subnet not in self.subnets:
            return {"INVALID_SUBNET_NOT_FOUND"}
        known, new = self.subnets[subnet], cidr_of(text)
        if known.stack != "IPv4":
            return set() if known.network is not None and text == str(known.network) else {REFUSED}
        codes = self.net(known.vpc, text, "IPv4", None, besides=subnet)
        if new is not None and known.held and not known.network.subnet_of(new):
            codes |= {REFUSED}
        if not codes:
            known.network = new
        return codes

    def change_stack(self, subnet: str, stack: str) -> Codes:
        """ModifySubnetStackType: IPv6 can be added to IPv4, and what is so already stays so."""
        if subnet not in self.subnets:
            return {"INVALID_SUBNET_NOT_FOUND"}
        known = self.subnets[subnet]
        if stack != known.stack and (known.stack, stack) != ("IPv4", "IPv4_IPv6"):
            return {"OPERATION_DENIED_SUBNET_TYPE_NOT_SUPPORT"}
        known.stack = stack
        return set()

    def drop_net(self, subnet: str) -> Codes:
        """DeleteSubnet: nothing holds anything in it, and no vNIC is."""
        if subnet not in self.subnets:
            return {"INVALID_SUBNET_NOT_FOUND"}
        if self.subnets[subnet].held or any(nic.subnet == subnet for nic in self.nics.values()):
            return {"INVALID_SUBNET_IN_USE"}
        del self.subnets[subnet]
        return set()
