"""An account in dictionaries, written from contract.md alone: what each call may answer and what it does.

Where no document says in which order errors are evaluated, a call may answer any of the codes that apply; addresses of
vNICs follow the order of A8.
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass, field

REGION = "asia-east-1"
OK = "OK"
RANGES = [ipaddress.ip_network(each) for each in ("10.0.0.0/9", "10.128.0.0/9", "172.16.0.0/12", "192.168.0.0/16")]


def network_of(text: str) -> ipaddress.IPv4Network | None:
    """Return a CIDR without host bits, None for anything else."""
    try:
        return ipaddress.IPv4Network(text) if "/" in text else None
    except ValueError:
        return None


@dataclass
class Subnet:
    """A subnet and who holds what in it."""

    vpc: str
    network: ipaddress.IPv4Network
    stack: str = "IPv4"
    held: dict[int, str] = field(default_factory=dict)

    @property
    def free(self) -> list[int]:
        """Free addresses, ascending: all but network, gateway, broadcast and what is held (7.1)."""
        first, last = int(self.network.network_address) + 2, int(self.network.broadcast_address)
        return [each for each in range(first, last) if each not in self.held]


@dataclass
class Nic:
    """A vNIC."""

    subnet: str
    primary: int
    secondary: list[int] = field(default_factory=list)
    name: str = ""
    instance: str | None = None

    @property
    def status(self) -> str:
        """USED when bound, else AVAILABLE: transitions are instant (7.4)."""
        return "USED" if self.instance else "AVAILABLE"


class Model:
    """What the account must be."""

    def __init__(self) -> None:
        self.vpcs: dict[str, ipaddress.IPv4Network] = {}
        self.blocks: dict[str, list[ipaddress.IPv4Network]] = {}
        self.six: set[str] = set()
        self.subnets: dict[str, Subnet] = {}
        self.nics: dict[str, Nic] = {}
        self.vips: dict[str, tuple[str, int]] = {}
        self.eips: dict[str, tuple[str, int] | None] = {}
        self.balancers: dict[str, tuple[str, str]] = {}
        self.instances: set[str] = set()

    # -- networks ------------------------------------------------------------------------------------------------

    def vpc_cidr(self, cidr: str) -> set[str]:
        """5.12 and A5."""
        network = network_of(cidr)
        if network is None:
            return {"INVALID_CIDR_BLOCK_FORMAT"}
        if any(network.subnet_of(each) for each in RANGES):
            return {"INVALID_CIDR_BLOCK_NETMASK_RANGE"} if network.prefixlen > 28 else set()
        return {"INVALID_CIDR_BLOCK_NOT_LAN_IP", "INVALID_CIDR_BLOCK_NETMASK_RANGE"}

    def delete_vpc(self, vpc: str) -> set[str]:
        """5.12."""
        if vpc not in self.vpcs:
            return {"INVALID_VPC_NOT_FOUND"}
        codes = set()
        if any(each.vpc == vpc for each in self.subnets.values()):
            codes |= {"INVALID_VPC_SUBNET_ASSOCIATED"}
        if any(self.subnets[subnet].vpc == vpc for subnet, _ in self.balancers.values()):
            codes |= {"INVALID_VPC_LB_ASSOCIATED"}
        return codes

    def modify_vpc(self, vpc: str, cidr: str | None, six: bool | None) -> set[str]:
        """5.12."""
        if vpc not in self.vpcs:
            return {"INVALID_VPC_NOT_FOUND"}
        codes = {"OPERATION_DENIED_VPC_CANT_DISABLE_IPV6"} if six is False and vpc in self.six else set()
        if cidr is not None:
            codes |= (bad := self.vpc_cidr(cidr))
            network = network_of(cidr)
            used = any(each.vpc == vpc for each in self.subnets.values())
            if not bad and network is not None:
                lost = used and not self.vpcs[vpc].subnet_of(network)
                if lost or any(network.overlaps(each) for each in self.blocks.get(vpc, [])):
                    codes |= {"OPERATION_DENIED_VPC_CIDR_CONFLICT"}
        return codes

    def associate_block(self, vpc: str, cidr: str) -> set[str]:
        """5.13, by the rules of 5.12; does it when nothing speaks against it."""
        codes, network = self.vpc_cidr(cidr), network_of(cidr)
        if vpc not in self.vpcs:
            return codes | {"INVALID_VPC_NOT_FOUND"}
        if not codes and network is not None:
            if any(network.overlaps(each) for each in [self.vpcs[vpc], *self.blocks.get(vpc, [])]):
                return {"OPERATION_DENIED_VPC_CIDR_CONFLICT"}
            self.blocks.setdefault(vpc, []).append(network)
        return codes

    def unassociate_block(self, vpc: str, cidr: str) -> set[str]:
        """5.13: a block that holds a subnet stays; does it when nothing speaks against it."""
        if vpc not in self.vpcs:
            return {"INVALID_VPC_NOT_FOUND"}
        network = network_of(cidr)
        if network is None or network not in self.blocks.get(vpc, []):
            return {"OPERATION_FAILED_RESOURCE_NOT_FOUND"}
        if any(each.vpc == vpc and each.network.subnet_of(network) for each in self.subnets.values()):
            return {"INVALID_VPC_SUBNET_ASSOCIATED"}
        self.blocks[vpc].remove(network)
        return set()

    def create_subnets(self, vpc: str, cidrs: list[str]) -> set[str]:
        """5.13 and 4: ten at most, all or none; what each of them would be refused for."""
        if not cidrs:
            return {"MISSING_PARAMETER"}
        if len(cidrs) > 10:
            return {"INVALID_PARAMETER_EXCEED_LENGTH"}
        if vpc not in self.vpcs:
            return {"INVALID_VPC_NOT_FOUND"}
        codes, networks = set(), [network_of(each) for each in cidrs]
        for cidr in cidrs:
            codes |= self.subnet_cidr(vpc, cidr)
        good = [each for each in networks if each is not None]
        if any(one.overlaps(other) for at, one in enumerate(good) for other in good[:at]):
            codes |= {"OPERATION_DENIED_SUBNET_CIDR_CONFLICT"}
        return codes

    def delete_subnet(self, subnet: str) -> set[str]:
        """5.13; does it when nothing speaks against it."""
        if subnet not in self.subnets:
            return {"INVALID_SUBNET_NOT_FOUND"}
        if self.subnets[subnet].held:
            return {"INVALID_SUBNET_IN_USE"}
        del self.subnets[subnet]
        return set()

    def subnet_cidr(self, vpc: str, cidr: str, besides: str = "") -> set[str]:
        """5.13 and A5."""
        network = network_of(cidr)
        if network is None:
            return {"INVALID_CIDR_BLOCK_FORMAT", "INVALID_IP_BROADCAST_ADDRESS"}
        codes = {"INVALID_CIDR_BLOCK_NETMASK_RANGE"} if network.prefixlen > 29 else set()
        if not any(network.overlaps(each) for each in RANGES):
            codes |= {"INVALID_CIDR_BLOCK_NOT_LAN_IP"}
        if not any(network.subnet_of(each) for each in [self.vpcs[vpc], *self.blocks.get(vpc, [])]):
            codes |= {"INVALID_PARAMETER_SUBNET_CIDR_NOT_BELONG_VPC"}
        for name, other in self.subnets.items():
            if other.vpc == vpc and name != besides and other.network.overlaps(network):
                codes |= {"OPERATION_DENIED_SUBNET_CIDR_CONFLICT"}
        return codes

    def modify_subnet(self, subnet: str, cidr: str) -> set[str]:
        """5.13."""
        if subnet not in self.subnets:
            return {"INVALID_SUBNET_NOT_FOUND"}
        known = self.subnets[subnet]
        if known.stack != "IPv4":
            return {"OPERATION_DENIED_SUBNET_TYPE_NOT_SUPPORT"}
        codes = self.subnet_cidr(known.vpc, cidr, besides=subnet)
        network = network_of(cidr)
        if network is not None and known.held and not known.network.subnet_of(network):
            codes |= {"INVALID_SUBNET_IN_USE"}
        return codes

    # -- addresses of vNICs --------------------------------------------------------------------------------------

    def assign(self, nic: str, addresses: list[str] | None, count: int | None) -> str | list[int]:
        """5.1, A6-A14: the code, or the addresses assigned."""
        if not addresses and count is None:
            return "MISSING_PARAMETER"
        if count is not None and count < 1:
            return "INVALID_PARAMETER_LESS_MINIMUM"
        if nic not in self.nics:
            return "INVALID_NIC_NOT_FOUND"
        known = self.nics[nic]
        subnet = self.subnets[known.subnet]
        wanted: list[int] = []
        for each in addresses or []:
            code = self._judge(subnet, each, wanted)
            if code != OK:
                return code
            wanted.append(int(ipaddress.IPv4Address(each)))
        amount = len(wanted) or (count or 0)
        if 1 + len(known.secondary) + amount > 10:
            return "OPERATION_DENIED_NIC_ATTACH_LAN_IP_EXCEED_LIMIT"
        if not wanted:
            if amount > len(subnet.free):
                return "OPERATION_DENIED_SUBNET_IP_INSUFFICIENT"
            wanted = subnet.free[:amount]
        known.secondary += wanted
        subnet.held |= dict.fromkeys(wanted, nic)
        return wanted

    def _judge(self, subnet: Subnet, text: str, before: list[int]) -> str:
        try:
            address = ipaddress.IPv4Address(text)
        except ValueError:
            return "INVALID_PARAMETER_PRIVATE_IP_ILLEGAL"
        if int(address) in before:
            return "INVALID_PARAMETER_PRIVATE_IP_ILLEGAL"
        if address not in subnet.network:
            return "INVALID_IP_OUT_OF_RANGE"
        if address == subnet.network.network_address:
            return "INVALID_IP_NETWORK_ADDRESS"
        if address == subnet.network.broadcast_address:
            return "INVALID_IP_BROADCAST_ADDRESS"
        if int(address) == int(subnet.network.network_address) + 1:
            return "INVALID_IP_FIRST_ADDRESS"
        return "INVALID_SUBNET_PRIVATE_IPV4_IN_USED" if int(address) in subnet.held else OK

    def unassign(self, nic: str, addresses: list[str]) -> set[str]:
        """5.3, A18, A19; does it when nothing speaks against it."""
        if nic not in self.nics:
            return {"INVALID_NIC_NOT_FOUND"}
        if not addresses:
            return {"MISSING_PARAMETER"}
        known, codes, gone = self.nics[nic], set(), []
        for each in addresses:
            try:
                address = int(ipaddress.IPv4Address(each))
            except ValueError:
                address = -1
            if address == known.primary:
                codes |= {"INVALID_NIC_PRIMARY_IP_CANT_DETACH"}
            elif address not in known.secondary:
                codes |= {"INVALID_PARAMETER_PRIVATE_IP_ILLEGAL"}
            gone.append(address)
        if any(bound and bound[0] == nic for bound in self.eips.values()):
            codes |= {"INVALID_NIC_HAS_PUBLIC_IP_CANT_DETACH"}
        if not codes:
            for address in set(gone):
                known.secondary.remove(address)
                del self.subnets[known.subnet].held[address]
        return codes

    def replace_primary(self, nic: str, address: str | None) -> str | int:
        """5.4: the code, or the primary address now."""
        if nic not in self.nics:
            return "INVALID_NIC_NOT_FOUND"
        known = self.nics[nic]
        subnet = self.subnets[known.subnet]
        if address is None:
            if not subnet.free:
                return "OPERATION_DENIED_SUBNET_IP_INSUFFICIENT"
            new = subnet.free[0]
        elif address == str(ipaddress.IPv4Address(known.primary)):
            return known.primary
        else:
            code = self._judge(subnet, address, [])
            if code != OK:
                return code
            new = int(ipaddress.IPv4Address(address))
        del subnet.held[known.primary]
        subnet.held[new] = nic
        for eip, bound in self.eips.items():
            if bound == (nic, known.primary):
                self.eips[eip] = (nic, new)
        known.primary = new
        return new

    def delete_nic(self, nic: str) -> set[str]:
        """5.8; does it when nothing speaks against it."""
        if nic not in self.nics:
            return {"INVALID_NIC_NOT_FOUND"}
        known = self.nics[nic]
        if known.instance:
            return {"INVALID_NIC_ATTACHED"}
        subnet = self.subnets[known.subnet]
        subnet.held = {address: owner for address, owner in subnet.held.items() if owner != nic}
        self.eips = {eip: None if bound and bound[0] == nic else bound for eip, bound in self.eips.items()}
        del self.nics[nic]
        return set()
