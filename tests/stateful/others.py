"""Calls about what else holds addresses, or blocks an undo."""

from __future__ import annotations

from ipaddress import IPv4Address

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from tests.model import HERE, THERE
from tests.stateful.base import Base


class Others(Base):
    """HaVips, elastic IPs and load balancers."""

    @rule(data=st.data(), chosen=st.booleans())
    def create_vip(self, data: st.DataObject, *, chosen: bool) -> None:
        """CreateHaVip."""
        subnet, address = self.draw(data, self.model.subnets), self.draw_address(data) if chosen else None
        codes = self.model.new_vip(subnet, address)
        answer = self.ask("CreateHaVip", codes, subnetId=subnet, name="vip", ipAddress=address)
        if not codes:
            self.model.add_vip(answer["haVipId"], subnet, address)

    @rule(data=st.data(), name=st.sampled_from(["other", "x" * 64, "x" * 65, None]))
    def modify_vip(self, data: st.DataObject, name: str | None) -> None:
        """ModifyHaVipAttribute: names of 1-64 characters."""
        vip = self.draw(data, self.model.vips)
        codes = set() if vip in self.model.vips else {"INVALID_HAVIP_NOT_FOUND"}
        codes |= {"MISSING_PARAMETER"} if name is None else set()
        codes |= {"INVALID_PARAMETER_EXCEED_LENGTH"} if name and len(name) > 64 else set()
        self.ask("ModifyHaVipAttribute", codes, haVipId=vip, name=name)

    @rule(data=st.data())
    def delete_vip(self, data: st.DataObject) -> None:
        """DeleteHaVip."""
        vip = self.draw(data, self.model.vips)
        codes = set() if vip in self.model.vips else {"INVALID_HAVIP_NOT_FOUND"}
        self.ask("DeleteHaVip", codes, haVipId=vip)
        if not codes:
            subnet, address = self.model.vips.pop(vip)
            del self.model.subnets[subnet].held[address]
            self.gone.append(vip)

    # -- elastic IPs ---------------------------------------------------------------------------------------------

    @precondition(lambda self: len(self.model.eips) < 8)
    @rule(there=st.integers(0, 3))
    def create_eip(self, there: int) -> None:
        """CreateEips."""
        asked = {"regionId": HERE if there else THERE, "internetChargeType": "ByBandwidth", "name": "eip"}
        [eip] = self.ask("CreateEips", set(), **asked)["eipIds"]
        self.model.eips[eip] = (asked["regionId"], None)

    @rule(data=st.data(), primary=st.booleans(), amount=st.sampled_from([1, 1, 2, 5]))
    def bind_eips(self, data: st.DataObject, amount: int, *, primary: bool) -> None:
        """AssociateEipAddress: EIPs that cannot be bound are reported, the others are bound."""
        eips, nic = (
            data.draw(st.permutations([*sorted(self.model.eips), self.gone[-1]])),
            self.draw(data, self.model.nics),
        )
        eips = eips[:amount]
        known = self.model.nics.get(nic)
        own = [str(each) for each in (known.primary, *known.secondary) if each] if known else []
        address = data.draw(st.sampled_from([*own * 3, "10.0.0.9"])) if not primary else None
        codes = [self.model.bind(eip, nic, address) for eip in eips]
        refused = set().union(*(each or set() for each in codes))
        answer = self.ask("AssociateEipAddress", refused, eipIds=eips, nicId=nic, lanIp=address)
        failed = [eip for eip, each in zip(eips, codes, strict=True) if each is None]
        assert answer.get("failedEipIds", []) == failed

    @rule(data=st.data())
    def loosen_eip(self, data: st.DataObject) -> None:
        """UnassociateEipAddress, once more without harm; one that is not there is reported."""
        eip = self.draw(data, self.model.eips)
        answer = self.ask("UnassociateEipAddress", set(), eipIds=[eip])
        assert answer["failedEipIds"] == ([] if eip in self.model.eips else [eip])
        if eip in self.model.eips:
            self.model.eips[eip] = (self.model.eips[eip][0], None)

    @rule(data=st.data())
    def delete_eip(self, data: st.DataObject) -> None:
        """DeleteEip: not while it is bound."""
        eip = self.draw(data, self.model.eips)
        codes = set() if eip in self.model.eips else {"INVALID_EIP_NOT_FOUND"}
        codes |= {"OPERATION_DENIED_EIP_IS_NOT_UN_ASSIGN"} if self.model.eips.get(eip, ("", None))[1] else set()
        self.ask("DeleteEip", codes, eipId=eip)
        if not codes:
            del self.model.eips[eip]
            self.gone.append(eip)

    @rule(data=st.data())
    def bindable(self, data: st.DataObject) -> None:
        """AvailableLanIp: private addresses in the EIP's region of vNICs that take one (5.15)."""
        eip, model = self.draw(data, self.model.eips), self.model
        codes = set() if eip in model.eips else {"INVALID_EIP_NOT_FOUND"}
        answer = self.ask("AvailableLanIp", codes, eipId=eip)
        if not codes:
            taken = [at for _, at in model.eips.values() if at]
            assert {(each["nicId"], each["lanIp"], each["instanceId"]) for each in answer["lanIps"]} == {
                (name, str(each), nic.instance)
                for name, nic in model.nics.items()
                for each in (nic.primary, *nic.secondary)
                if each
                and nic.status in ("AVAILABLE", "USED")
                and model.subnets[nic.subnet].region == model.eips[eip][0]
                and taken.count((name, each)) < 4
            }

    # -- load balancers ------------------------------------------------------------------------------------------

    @rule(data=st.data(), there=st.integers(0, 3))
    def create_balancer(self, data: st.DataObject, there: int) -> None:
        """CreateLoadBalancer: which addresses it takes is its own choice, of free ones (7.1)."""
        subnet, region = self.draw(data, self.model.subnets), HERE if there else THERE
        known = self.model.subnets.get(subnet)
        vpc = known.vpc if known else self.draw(data, self.model.vpcs)
        codes = set() if known and known.region == region else {"INVALID_SUBNET_NOT_FOUND"}
        codes |= set() if vpc in self.model.vpcs else {"INVALID_VPC_NOT_FOUND"}
        codes |= {"INVALID_SUBNET_IPV4_INSUFFICIENT"} if known and len(known.free) < 3 else set()
        asked = {"regionId": region, "vpcId": vpc, "subnetId": subnet, "loadBalancerName": "lb"}
        answer = self.ask("CreateLoadBalancer", codes, **asked)
        if known and not codes:
            [balancer] = answer["loadBalancerIds"]
            [shown] = self.ask("DescribeLoadBalancers", set(), loadBalancerIds=[balancer])["dataSet"]
            taken = {IPv4Address(each) for each in shown["privateIpAddress"] + shown["healthCheckPrivateIps"]}
            assert len(taken) == 3
            assert taken <= set(known.free)
            known.held |= dict.fromkeys(taken, balancer)
            self.model.balancers[balancer] = (vpc, "RUNNING")

    @rule(data=st.data())
    def terminate_balancer(self, data: st.DataObject) -> None:
        """TerminateLoadBalancer: it keeps its addresses in the recycle bin (5.16)."""
        balancer = self.draw(data, self.model.balancers)
        vpc, status = self.model.balancers.get(balancer, ("", ""))
        codes = set() if status else {"INVALID_LB_NOT_FOUND"}
        codes |= {"OPERATION_FAILED_FOR_RECYCLE_RESOURCE"} if status == "RECYCLED" else set()
        self.ask("TerminateLoadBalancer", codes, loadBalancerId=balancer)
        if not codes:
            self.model.balancers[balancer] = (vpc, "RECYCLED")
