"""What the machine's parts share: calling, drawing, and comparing every listing after each step."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from tests.emulator.account import Account
from tests.model import HERE, LIMIT, THERE, Model, Rules
from tests.model_networks import REFUSED, Subnet, Vpc, cidr_of
from zecnb.emulator import Settings, attachments

if TYPE_CHECKING:
    from collections.abc import Iterable

SEEN: Counter[str] = Counter()
"""Answers, by action and code."""

LISTED: set[str] = set()
"""Actions that were only asked for to compare."""

OK = "OK"
ODD = ("x", "10.0.0.300", "::1", "010.0.0.3", "10.9.9.9", "192.168.0.1", "10.0.0.0", " 10.0.0.9", "10.0.0.9/32", "")
LAST = st.integers(0, 33)
RULES = st.one_of(
    st.just(Rules()),
    st.builds(
        Rules,
        limit=st.sampled_from([10, 4, 1]),
        limit_counts_primary=st.booleans(),
        limit_first=st.booleans(),
        twice_is_once=st.booleans(),
        own_is_fine=st.booleans(),
        any_eip_blocks=st.booleans(),
        slow=st.sampled_from([0.0, 5.0]),
    ),
)
"""Half of the examples follow the assumptions, the others some of them the other way round."""


def settings_of(rules: Rules) -> Settings:
    """Return the switches that say the same."""
    return Settings(
        nic_limit=rules.limit,
        nic_limit_counts_primary=rules.limit_counts_primary,
        limit_checked="first" if rules.limit_first else "last",
        duplicate_in_request="once" if rules.twice_is_once else "illegal",
        held_by_itself="accepted" if rules.own_is_fine else "in_use",
        eip_blocks="any" if rules.any_eip_blocks else "bound",
        lifecycle_seconds=rules.slow,
    )


class Base(RuleBasedStateMachine):
    """The emulator, the model, and a clock that both follow."""

    account: Account
    model: Model

    @initialize(rules=RULES)
    def begin(self, rules: Rules) -> None:
        """Have something to work with."""
        self.model = Model(rules)
        self.gone = ["1000000000000000000"]
        self.account = Account(settings=settings_of(rules), clock=lambda: 1e9 + self.model.now)
        self.account.state.random.seed(1)  # the same ids each time: an example can be run again
        vpc = self.ask("CreateVpc", set(), name="first", cidrBlock="10.0.0.0/16", mtu=1500)["vpcId"]
        self.model.vpcs[vpc] = Vpc([cidr_of("10.0.0.0/16")], six=False)
        for cidr, stack in (("10.0.0.0/28", "IPv4"), ("10.0.0.16/28", "IPv4_IPv6")):
            asked = {"vpcId": vpc, "name": "net", "regionId": HERE, "stackType": stack, "cidrBlock": cidr}
            subnet = self.ask("CreateSubnet", set(), **asked, ipv6Type="Private")["subnetId"]
            self.model.subnets[subnet] = Subnet(vpc, HERE, cidr_of(cidr), stack)
            for each in (None, "IPv6" if stack == "IPv4_IPv6" else None):
                made = self.ask("CreateNetworkInterface", set(), name="vm", subnetId=subnet, nicStackType=each)["nicId"]
                self.model.add_nic(made, subnet, each)
        for number, region in enumerate((HERE, HERE, THERE)):
            made = attachments.create_instance(self.account.state, f"host-{number}", region)
            self.model.instances[made] = region
        asked = {"regionId": HERE, "internetChargeType": "ByBandwidth", "name": "eip", "amount": 5}
        self.model.eips = dict.fromkeys(self.ask("CreateEips", set(), **asked)["eipIds"], (HERE, None))
        self.model.pass_time(5.0)
        nic, host = next(iter(self.model.nics)), next(iter(self.model.instances))
        refused = isinstance(self.model.assign(nic, [], 1), str)
        self.ask("BatchAssignNetworkInterfaceIpv4", {LIMIT} if refused else set(), nicId=nic, ipAddressCount=1)
        self.ask("AttachNetworkInterface", self.model.attach(nic, host), nicId=nic, instanceId=host)
        self.model.pass_time(5.0)

    def teardown(self) -> None:
        """End the emulator."""
        if hasattr(self, "account"):
            self.account.emulator.stop()

    def ask(self, action: str, expected: set[str] | None, **asked: Any) -> dict[str, Any]:
        """Call; the answer is one of the codes expected, success when there are none, anything when None."""
        body = {name: value for name, value in asked.items() if value is not None}
        service = "zlb" if "LoadBalancer" in action else "zec"
        status, content = self.account.call(action, service=service, **body)
        code = OK if status == 200 else content["code"]
        SEEN[f"{action} {code}"] += 1
        if expected is not None:
            fits = code in (expected or {OK}) or (REFUSED in expected and code != OK)
            assert fits, f"{action}({body}): {code}, not {expected or OK}"
        return content["response"] if status == 200 else {"code": code}

    def draw(self, data: st.DataObject, known: Iterable[str]) -> str:
        """Return the id of one of them, or now and then of something that is gone."""
        return data.draw(st.sampled_from([*sorted(known) * 4, *self.gone[-1:]]))

    def draw_address(self, data: st.DataObject, nic: str = "") -> str:
        """Return an address, a free one of the vNIC's subnet more often than not."""
        own = self.model.subnets[self.model.nics[nic].subnet].free if nic in self.model.nics else []
        free = [str(each) for each in own[:6]]
        return data.draw(st.one_of(LAST.map(lambda n: f"10.0.0.{n}"), st.sampled_from([*free * 4, *ODD])))

    @rule(seconds=st.sampled_from([1.0, 2.0, 5.0]))
    def wait(self, seconds: float) -> None:
        """Time passes, and vNICs leave the states that are on the way."""
        self.model.pass_time(seconds)

    # -- what listings show --------------------------------------------------------------------------------------

    @invariant()
    def listings_show_the_model(self) -> None:
        """After each step every listing shows what the model has."""
        if not hasattr(self, "account"):
            return
        model = self.model
        bound = Counter(at[0] for _, at in model.eips.values() if at)
        assert self._listed(
            "DescribeNetworkInterfaces", "nicId", "subnetId", "primaryIpv4", "secondaryIpv4s", "name", "instanceId",
            "status", "nicSubnetType",
        ) == {
            name: (nic.subnet, nic.primary and str(nic.primary), [str(each) for each in nic.secondary], nic.name,
                   nic.instance, nic.status, nic.stack)
            for name, nic in model.nics.items()
        }  # fmt: skip
        for each in self.account.ask("DescribeNetworkInterfaces", pageSize=1000)["dataSet"]:
            four = [each["primaryIpv4"]] * (each["primaryIpv4"] is not None) + each["secondaryIpv4s"]
            assert each["privateIpList"] == four + [each["primaryIpv6"]] * (each["nicSubnetType"] != "IPv4")
            assert len(each["publicIpList"]) == bound[each["nicId"]]
        assert self._listed("DescribeSubnets", "subnetId", "vpcId", "cidrBlock", "stackType", "usageIpv4Count") == {
            name: (net.vpc, net.network and str(net.network), net.stack, len(net.held))
            for name, net in model.subnets.items()
        }
        assert self._listed("DescribeVpcs", "vpcId", "cidrBlock", "secondaryCidrBlocks", "usageIpv4Count") == {
            name: (str(vpc.blocks[0]), [str(each) for each in vpc.blocks[1:]],
                   sum(len(net.held) for net in model.subnets.values() if net.vpc == name))
            for name, vpc in model.vpcs.items()
        }  # fmt: skip
        assert self._listed("DescribeHaVips", "haVipId", "subnetId", "ipAddress") == {
            name: (subnet, str(address)) for name, (subnet, address) in model.vips.items()
        }
        assert self._listed("DescribeEips", "eipId", "regionId", "nicId", "privateIpAddress", "status") == {
            name: (region, *((at[0], str(at[1]), "BINDED") if at else (None, None, "UNBIND")))
            for name, (region, at) in model.eips.items()
        }
        assert self._listed("DescribeLoadBalancers", "loadBalancerId", "vpcId", "status") == model.balancers

    def _listed(self, action: str, key: str, *fields: str) -> dict[str, tuple[Any, ...]]:
        LISTED.add(action)
        answer = self.account.ask(action, service="zlb" if "Load" in action else "zec", pageSize=1000)
        assert answer["totalCount"] == len(answer["dataSet"])
        return {each[key]: tuple(each[field] for field in fields) for each in answer["dataSet"]}
