"""An account in dictionaries, written from contract.md alone: what each call may answer and what it does.

No document says in which order errors are evaluated, so a call may answer any of the codes that apply; only
assigning has an order (A8) and hence one code. ``REFUSED`` stands where no document names a code. A call that nothing
speaks against is done by the same method that judges it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from ipaddress import IPv4Address

from tests.model_networks import REFUSED, Codes, Networks, Subnet

HERE, THERE = "asia-east-1", "na-west-1"
LIMIT, FEW = "OPERATION_DENIED_NIC_ATTACH_LAN_IP_EXCEED_LIMIT", "OPERATION_DENIED_SUBNET_IP_INSUFFICIENT"
ILLEGAL, NO_IPV4 = "INVALID_PARAMETER_PRIVATE_IP_ILLEGAL", "OPERATION_DENIED_SUBNET_TYPE_NOT_SUPPORT_IPV4"
IN_USED = "INVALID_SUBNET_PRIVATE_IPV4_IN_USED"


@dataclass(frozen=True)
class Rules:
    """What is assumed, by the numbers of section 9; ``slow`` is how long vNICs take to change their status (7.3)."""

    limit: int = 10  # A9
    limit_counts_primary: bool = True  # A9
    limit_first: bool = False  # A8 the other way round
    twice_is_once: bool = False  # A13 the other way round
    own_is_fine: bool = False  # A14 the other way round
    any_eip_blocks: bool = True  # A19
    slow: float = 0.0


@dataclass
class Nic:
    """A vNIC; ``due`` is when it leaves the status it is in for a while."""

    subnet: str
    stack: str
    primary: IPv4Address | None
    name: str
    status: str
    due: float
    secondary: list[IPv4Address] = field(default_factory=list)
    instance: str | None = None


class Model(Networks):
    """What the account must be.

    Args:
        rules: the assumptions.
    """

    def __init__(self, rules: Rules) -> None:
        super().__init__()
        self.rules = rules
        self.now = 0.0
        self.instances: dict[str, str] = {}
        self.vips: dict[str, tuple[str, IPv4Address]] = {}
        self.eips: dict[str, tuple[str, tuple[str, IPv4Address] | None]] = {}

    def pass_time(self, seconds: float) -> None:
        """7.3: PENDING, ATTACHING, DETACHING and DELETING end when their time has come."""
        self.now += seconds
        for name, nic in list(self.nics.items()):
            if nic.due > self.now or nic.status in ("AVAILABLE", "USED"):
                continue
            if nic.status == "DELETING":
                self._forget(name)
            else:
                nic.instance = None if nic.status == "DETACHING" else nic.instance
                nic.status = "USED" if nic.status == "ATTACHING" else "AVAILABLE"

    def _enter(self, nic: Nic, passing: str, lasting: str) -> None:
        nic.status = passing if self.rules.slow else lasting
        nic.due = self.now + self.rules.slow

    def _forget(self, name: str) -> None:
        net = self.subnets[self.nics.pop(name).subnet]
        net.held = {address: owner for address, owner in net.held.items() if owner != name}
        self.eips = {eip: (region, None if at and at[0] == name else at) for eip, (region, at) in self.eips.items()}

    # -- vNICs (5.7-5.11) ------------------------------------------------------------------------------------------

    def new_nic(self, subnet: str, stack: str | None) -> Codes:
        """What speaks against a vNIC."""
        if subnet not in self.subnets:
            return {"INVALID_SUBNET_NOT_FOUND"}
        net = self.subnets[subnet]
        stack = stack or self.stack_of(net)
        if stack not in {"IPv4_IPv6": ("IPv4", "IPv4_IPv6", "IPv6")}.get(net.stack, (net.stack,)):
            return {"INVALID_SUBNET_IPSTACK_NOT_SUPPORT"}
        return {FEW} if stack != "IPv6" and not net.free else set()

    @staticmethod
    def stack_of(net: Subnet) -> str:
        """5.7: the stack of a vNIC for which none is asked."""
        return "IPv6" if net.stack == "IPv6" else "IPv4"

    def add_nic(self, name: str, subnet: str, stack: str | None) -> None:
        """CreateNetworkInterface has made it."""
        net = self.subnets[subnet]
        stack = stack or self.stack_of(net)
        primary = net.free[0] if stack != "IPv6" else None
        if primary is not None:
            net.held[primary] = name
        self.nics[name] = Nic(subnet, stack, primary, "vm", "", 0.0)
        self._enter(self.nics[name], "PENDING", "AVAILABLE")

    def drop_nic(self, name: str) -> Codes:
        """DeleteNetworkInterface."""
        if name not in self.nics:
            return {"INVALID_NIC_NOT_FOUND"}
        nic = self.nics[name]
        if nic.status != "AVAILABLE":
            return {"INVALID_NIC_ATTACHED"} if nic.status == "USED" else {"INVALID_NIC_STATUS"}
        if self.rules.slow:
            self._enter(nic, "DELETING", "")
        else:
            self._forget(name)
        return set()

    def attach(self, name: str, instance: str) -> Codes:
        """AttachNetworkInterface: the instance id shows at once (7.4)."""
        codes = set() if instance in self.instances else {"INVALID_INSTANCE_NOT_FOUND"}
        if name not in self.nics:
            return codes | {"INVALID_NIC_NOT_FOUND"}
        nic = self.nics[name]
        if nic.status != "AVAILABLE":
            codes |= {"INVALID_NIC_ATTACHED"} if nic.status == "USED" else {"INVALID_NIC_STATUS"}
        if instance in self.instances and self.instances[instance] != self.subnets[nic.subnet].region:
            codes |= {"INVALID_NIC_INSTANCE_REGION_MISMATCH"}
        if sum(each.instance == instance for each in self.nics.values()) >= 8:
            codes |= {"INVALID_INSTANCE_NIC_LIMIT"}
        if not codes:
            nic.instance = instance
            self._enter(nic, "ATTACHING", "USED")
        return codes

    def detach(self, name: str) -> Codes:
        """DetachNetworkInterface: addresses stay (A26)."""
        if name not in self.nics:
            return {"INVALID_NIC_NOT_FOUND"}
        nic = self.nics[name]
        if nic.status != "USED":
            free = nic.status == "AVAILABLE"
            return {"OPERATION_DENIED_NIC_NOT_EXIST_INSTANCE", "INVALID_NIC_STATUS"} if free else {"INVALID_NIC_STATUS"}
        self._enter(nic, "DETACHING", "AVAILABLE")
        nic.instance = nic.instance if self.rules.slow else None
        return set()

    def rename(self, names: list[str], new: str, *, many: bool) -> Codes:
        """ModifyNetworkInterface(s)Attribute: all or none; the rules of names are A2's."""
        codes = set() if set(names) <= set(self.nics) else {"INVALID_NIC_NOT_FOUND"}
        inner = new[1:-1].replace("-", "").replace(".", "")
        inner = inner if many else inner.replace("/", "").replace("_", "")
        if len(new) < 2:
            codes |= {"INVALID_PARAMETER_LESS_LENGTH"}
        elif len(new) > 63:
            codes |= {"INVALID_PARAMETER_EXCEED_LENGTH"}
        elif not (new[0] + inner + new[-1]).isalnum():
            codes |= {"INVALID_PARAMETER_PATTERN_ERROR"}
        if not many and not codes and self.nics[names[0]].status not in ("AVAILABLE", "USED"):
            codes |= {"INVALID_NIC_STATUS"}
        for name in [] if codes else names:
            self.nics[name].name = new
        return codes

    # -- addresses (5.1-5.4) ---------------------------------------------------------------------------------------

    def assign(self, name: str, texts: list[str], count: int | None) -> str | list[IPv4Address]:
        """BatchAssignNetworkInterfaceIpv4 in the order of A8: its one code, or the addresses assigned."""
        if count is not None and count < 1:
            return "INVALID_PARAMETER_LESS_MINIMUM"  # A12
        if not texts and count is None:
            return "MISSING_PARAMETER"  # A10, A11
        nic = self._ready(name)
        if isinstance(nic, str):
            return nic
        net, rules, room = self.subnets[nic.subnet], self.rules, self.room(nic)
        if rules.limit_first and (len(texts) or count or 0) > room:
            return LIMIT
        wanted: list[IPv4Address] = []
        for text in texts:
            address = _address(text)
            if address in wanted:
                if rules.twice_is_once:
                    continue
                return ILLEGAL  # A13
            if rules.own_is_fine and address is not None and net.held.get(address) == name:
                continue
            if (code := self._free(net, address)) is not None:
                return code
            wanted.append(address)
        if (len(wanted) if texts else count or 0) > room:
            return LIMIT
        if not texts:
            if (count or 0) > len(net.free):
                return FEW
            wanted = net.free[:count]  # A6
        nic.secondary += wanted
        net.held |= dict.fromkeys(wanted, name)
        return wanted

    def room(self, nic: Nic) -> int:
        """How many more addresses a vNIC may have (A9)."""
        counted = self.rules.limit_counts_primary and nic.primary is not None
        return self.rules.limit - len(nic.secondary) - counted

    def _ready(self, name: str) -> Nic | str:
        """The first three steps of A8."""
        if name not in self.nics:
            return "INVALID_NIC_NOT_FOUND"
        nic = self.nics[name]
        if nic.status not in ("AVAILABLE", "USED"):
            return "INVALID_NIC_STATUS"
        return NO_IPV4 if nic.stack == "IPv6" or self.subnets[nic.subnet].stack == "IPv6" else nic

    @staticmethod
    def _free(net: Subnet, address: IPv4Address | None) -> str | None:
        """The fourth step of A8: None when it can be taken."""
        if address is None:
            return ILLEGAL
        if address not in net.network:
            return "INVALID_IP_OUT_OF_RANGE"
        places = {0: "INVALID_IP_NETWORK_ADDRESS", -1: "INVALID_IP_BROADCAST_ADDRESS", 1: "INVALID_IP_FIRST_ADDRESS"}
        for place, code in places.items():
            if address == net.network[place]:
                return code
        return IN_USED if address in net.held else None

    def release(self, name: str, texts: list[str]) -> Codes:
        """UnassignNetworkInterfaceIpv4: all or none (A18, A19)."""
        codes = set() if texts else {"MISSING_PARAMETER"}
        if name not in self.nics:
            return codes | {"INVALID_NIC_NOT_FOUND"}
        nic, net = self.nics[name], self.subnets[self.nics[name].subnet]
        if nic.status not in ("AVAILABLE", "USED"):
            codes |= {"INVALID_NIC_STATUS"}
        gone = {_address(text) for text in texts}
        if nic.primary is not None and nic.primary in gone:
            codes |= {"INVALID_NIC_PRIMARY_IP_CANT_DETACH"}
        if gone - {nic.primary} - set(nic.secondary) or (None in gone):
            codes |= {ILLEGAL}
        bound = {at[1] for _, at in self.eips.values() if at and at[0] == name}
        if (bound and self.rules.any_eip_blocks) or bound & gone:
            codes |= {"INVALID_NIC_HAS_PUBLIC_IP_CANT_DETACH"}
        for address in set() if codes else gone:
            nic.secondary.remove(address)
            del net.held[address]
        return codes

    def replace_primary(self, name: str, text: str | None) -> str | IPv4Address:
        """ReplaceNetworkInterfacePrimaryIpv4: the code, or the primary address now."""
        nic = self._ready(name)
        if isinstance(nic, str):
            return nic
        net = self.subnets[nic.subnet]
        if text is None and not net.free:
            return FEW
        new = net.free[0] if text is None else _address(text)
        if new is not None and new == nic.primary:
            return new
        if (code := self._free(net, new)) is not None:
            return code
        del net.held[nic.primary]
        net.held[new] = name
        moved = {(name, nic.primary): (name, new)}
        self.eips = {eip: (region, moved.get(at, at) if at else None) for eip, (region, at) in self.eips.items()}
        nic.primary = new
        return new

    # -- what else holds or guards addresses (5.14-5.17) -----------------------------------------------------------

    def new_vip(self, subnet: str, text: str | None) -> Codes:
        """What speaks against a HaVip: a team has ten (4)."""
        codes = {REFUSED} if len(self.vips) >= 10 else set()
        if subnet not in self.subnets:
            return codes | {"INVALID_SUBNET_NOT_FOUND"}
        net = self.subnets[subnet]
        if net.network is None:
            return codes | {REFUSED}
        bad = self._free(net, _address(text)) if text else None if net.free else FEW
        return codes | ({bad} if bad else set())

    def add_vip(self, vip: str, subnet: str, text: str | None) -> None:
        """CreateHaVip has made it."""
        net = self.subnets[subnet]
        address = _address(text) if text else net.free[0]
        net.held[address] = vip
        self.vips[vip] = (subnet, address)

    def bind(self, eip: str, name: str, text: str | None) -> Codes | None:
        """AssociateEipAddress, four to an address (4); None when the EIP is reported as failed."""
        if name not in self.nics:
            return {"INVALID_NIC_NOT_FOUND"}
        nic = self.nics[name]
        if nic.status not in ("AVAILABLE", "USED"):
            return {"INVALID_NIC_STATUS"}
        address = _address(text) if text else nic.primary
        if address is None or address not in [nic.primary, *nic.secondary]:
            return {REFUSED}
        region, at = self.eips.get(eip, ("", None))
        full = sum(each == (name, address) for _, each in self.eips.values()) >= 4
        if at or full or region != self.subnets[nic.subnet].region:
            return None
        self.eips[eip] = (region, (name, address))
        return set()


def _address(text: str) -> IPv4Address | None:
    """A15: four decimal numbers without leading zeros."""
    try:
        return IPv4Address(text)
    except ValueError:
        return None
