"""A call for every code of every action, and the account in which each of them can be met."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from zecnb.emulator import attachments, resources

if TYPE_CHECKING:
    from tests.emulator.account import Account
    from zecnb.emulator.state import State

__all__ = ["BEHIND", "CASES", "CLOSED", "DEFAULTS", "ELSEWHERE", "ITEM", "REGION", "plant", "with_ids"]

NOWHERE = "1000000000000000000"
REGION, ELSEWHERE, CLOSED = "asia-east-1", "na-west-1", "asia-north-1"
BEHIND = (
    "INVALID_VPC_BANDWIDTH_ASSOCIATED", "INVALID_VPC_NAT_ASSOCIATED", "INVALID_VPC_UNMANAGED_EGRESS_IP_ASSOCIATED",
    "INVALID_VPC_ZBG_ASSOCIATED",
)  # fmt: skip

ITEM = {"name": "new", "regionId": REGION, "stackType": "IPv4", "cidrBlock": "10.0.10.0/24"}
BAD_SUBNETS: list[tuple[str, int, dict[str, Any]]] = [
    ("INVALID_REGION_NOT_FOUND", 404, {"regionId": "moon-1"}),
    ("INVALID_REGION_NOT_ON_SALE", 400, {"regionId": CLOSED}),
    ("INVALID_CIDR_BLOCK_FORMAT", 400, {"cidrBlock": "10.0.9.1/24"}),
    ("INVALID_CIDR_BLOCK_NETMASK_RANGE", 400, {"cidrBlock": "10.0.9.0/30"}),
    ("INVALID_CIDR_BLOCK_NOT_EMPTY", 400, {"cidrBlock": None}),
    ("INVALID_CIDR_BLOCK_NOT_LAN_IP", 400, {"cidrBlock": "8.8.8.0/24"}),
    ("INVALID_CIDR_IPV6_ONLY", 400, {"stackType": "IPv6", "ipv6Type": "Private"}),
    ("INVALID_IP_BROADCAST_ADDRESS", 400, {"cidrBlock": "10.0.9.255/24"}),
    ("INVALID_PARAMETER_SUBNET_CIDR_NOT_BELONG_VPC", 400, {"cidrBlock": "10.77.0.0/24"}),
    ("INVALID_PARAMETER_SUBNET_IPV6_TYPE_NOT_FOUND", 400, {"stackType": "IPv4_IPv6", "cidrBlock": "10.0.9.0/24"}),
    ("OPERATION_DENIED_REGION_NOT_SUPPORT_PUB_IPV6", 400,
     {"stackType": "IPv4_IPv6", "ipv6Type": "Public", "regionId": ELSEWHERE, "cidrBlock": "10.0.9.0/24"}),
    ("OPERATION_DENIED_SUBNET_CIDR_CONFLICT", 400, {"cidrBlock": "10.0.1.0/25"}),
    ("OPERATION_FAILED_RESOURCE_NOT_FOUND", 404, {"cidrBlock": "10.0.9.0/24", "dhcpOptionsSetId": NOWHERE}),
    ("OPERATION_FAILED_RESOURCE_NOT_FOUND", 404,
     {"stackType": "IPv6", "ipv6Type": "Public", "cidrBlock": None, "ipv6CidrBlockId": NOWHERE}),
    ("INVALID_PARAMETER_VALUE", 400,
     {"stackType": "IPv6", "ipv6Type": "Private", "cidrBlock": None, "ipv6MaskLength": 96}),
    ("INVALID_PARAMETER_EXCEED_MAXIMUM", 400,
     {"stackType": "IPv6", "ipv6Type": "Public", "cidrBlock": None, "ipv6MaskLength": 97}),
]  # fmt: skip
"""What is wrong with a subnet, alone or among several."""

CASES: list[tuple[str, str, int, dict[str, Any]]] = [
    # -- addresses of vNICs --
    ("BatchAssignNetworkInterfaceIpv4", "INVALID_NIC_STATUS", 400, {"nicId": "@pending", "ipAddressCount": 1}),
    ("BatchAssignNetworkInterfaceIpv4", "OPERATION_DENIED_SUBNET_TYPE_NOT_SUPPORT_IPV4", 400,
     {"nicId": "@six", "ipAddressCount": 1}),
    ("BatchAssignNetworkInterfaceIpv4", "INVALID_SUBNET_PRIVATE_IPV4_IN_USED", 409,
     {"nicId": "@plain", "ipAddresses": ["10.0.1.101"]}),
    ("BatchAssignNetworkInterfaceIpv4", "INVALID_IP_OUT_OF_RANGE", 400,
     {"nicId": "@plain", "ipAddresses": ["10.0.9.9"]}),
    ("BatchAssignNetworkInterfaceIpv4", "INVALID_IP_NETWORK_ADDRESS", 400,
     {"nicId": "@plain", "ipAddresses": ["10.0.1.0"]}),
    ("BatchAssignNetworkInterfaceIpv4", "INVALID_IP_BROADCAST_ADDRESS", 400,
     {"nicId": "@plain", "ipAddresses": ["10.0.1.255"]}),
    ("BatchAssignNetworkInterfaceIpv4", "INVALID_IP_FIRST_ADDRESS", 400,
     {"nicId": "@plain", "ipAddresses": ["10.0.1.1"]}),
    ("BatchAssignNetworkInterfaceIpv4", "OPERATION_DENIED_SUBNET_IP_INSUFFICIENT", 400,
     {"nicId": "@crammed", "ipAddressCount": 1}),
    ("BatchAssignNetworkInterfaceIpv4", "INVALID_PARAMETER_PRIVATE_IP_ILLEGAL", 400,
     {"nicId": "@plain", "ipAddresses": ["10.0.1.300"]}),
    ("BatchAssignNetworkInterfaceIpv4", "OPERATION_DENIED_NIC_ATTACH_LAN_IP_EXCEED_LIMIT", 400,
     {"nicId": "@full", "ipAddressCount": 1}),
    ("BatchAssignNetworkInterfaceIpv4", "INVALID_NIC_NOT_FOUND", 404, {"nicId": NOWHERE, "ipAddressCount": 1}),
    ("BatchAssignNetworkInterfaceIpv4", "MISSING_PARAMETER", 400, {"nicId": "@plain"}),
    ("BatchAssignNetworkInterfaceIpv4", "INVALID_PARAMETER_LESS_MINIMUM", 400,
     {"nicId": "@plain", "ipAddressCount": 0}),
    ("UnassignNetworkInterfaceIpv4", "INVALID_NIC_NOT_FOUND", 404,
     {"nicId": NOWHERE, "ipAddresses": ["10.0.1.101"]}),
    ("UnassignNetworkInterfaceIpv4", "INVALID_NIC_STATUS", 400,
     {"nicId": "@pending", "ipAddresses": ["10.0.1.101"]}),
    ("UnassignNetworkInterfaceIpv4", "INVALID_NIC_HAS_PUBLIC_IP_CANT_DETACH", 409,
     {"nicId": "@public", "ipAddresses": ["10.0.1.120"]}),
    ("UnassignNetworkInterfaceIpv4", "INVALID_NIC_PRIMARY_IP_CANT_DETACH", 409,
     {"nicId": "@plain", "ipAddresses": ["@first"]}),
    ("UnassignNetworkInterfaceIpv4", "INVALID_PARAMETER_PRIVATE_IP_ILLEGAL", 400,
     {"nicId": "@plain", "ipAddresses": ["10.0.1.101"]}),
    ("UnassignNetworkInterfaceIpv4", "MISSING_PARAMETER", 400, {"nicId": "@plain"}),
    ("AssignNetworkInterfaceIpv4", "INVALID_NIC_NOT_FOUND", 404, {"nicId": NOWHERE, "ipAddress": "10.0.1.99"}),
    ("AssignNetworkInterfaceIpv4", "INVALID_NIC_STATUS", 400, {"nicId": "@pending", "ipAddress": "10.0.1.99"}),
    ("AssignNetworkInterfaceIpv4", "OPERATION_DENIED_SUBNET_TYPE_NOT_SUPPORT_IPV4", 400,
     {"nicId": "@six", "ipAddress": "10.0.1.99"}),
    ("AssignNetworkInterfaceIpv4", "INVALID_IP_OUT_OF_RANGE", 400, {"nicId": "@plain", "ipAddress": "10.0.9.9"}),
    ("AssignNetworkInterfaceIpv4", "INVALID_IP_NETWORK_ADDRESS", 400, {"nicId": "@plain", "ipAddress": "10.0.1.0"}),
    ("AssignNetworkInterfaceIpv4", "INVALID_IP_FIRST_ADDRESS", 400, {"nicId": "@plain", "ipAddress": "10.0.1.1"}),
    ("AssignNetworkInterfaceIpv4", "INVALID_IP_BROADCAST_ADDRESS", 400,
     {"nicId": "@plain", "ipAddress": "10.0.1.255"}),
    ("AssignNetworkInterfaceIpv4", "INVALID_SUBNET_PRIVATE_IPV4_IN_USED", 409,
     {"nicId": "@plain", "ipAddress": "10.0.1.101"}),
    ("AssignNetworkInterfaceIpv4", "OPERATION_DENIED_NIC_ATTACH_LAN_IP_EXCEED_LIMIT", 400,
     {"nicId": "@full", "ipAddress": "10.0.1.99"}),
    ("AssignNetworkInterfaceIpv4", "MISSING_PARAMETER", 400, {"nicId": "@plain"}),
    ("UnassignNetworkInterfaceIpv4", "INVALID_NIC_LB_ASSOCIATED", 409,
     {"nicId": "@backend", "ipAddresses": ["10.0.1.150"]}),
    ("ReplaceNetworkInterfacePrimaryIpv4", "INVALID_NIC_NOT_FOUND", 404, {"nicId": NOWHERE}),
    ("ReplaceNetworkInterfacePrimaryIpv4", "INVALID_NIC_STATUS", 400, {"nicId": "@pending"}),
    ("ReplaceNetworkInterfacePrimaryIpv4", "OPERATION_DENIED_SUBNET_TYPE_NOT_SUPPORT_IPV4", 400, {"nicId": "@six"}),
    ("ReplaceNetworkInterfacePrimaryIpv4", "INVALID_IP_OUT_OF_RANGE", 400,
     {"nicId": "@plain", "primaryIpAddress": "10.0.9.9"}),
    ("ReplaceNetworkInterfacePrimaryIpv4", "INVALID_IP_NETWORK_ADDRESS", 400,
     {"nicId": "@plain", "primaryIpAddress": "10.0.1.0"}),
    ("ReplaceNetworkInterfacePrimaryIpv4", "INVALID_IP_FIRST_ADDRESS", 400,
     {"nicId": "@plain", "primaryIpAddress": "10.0.1.1"}),
    ("ReplaceNetworkInterfacePrimaryIpv4", "INVALID_IP_BROADCAST_ADDRESS", 400,
     {"nicId": "@plain", "primaryIpAddress": "10.0.1.255"}),
    ("ReplaceNetworkInterfacePrimaryIpv4", "INVALID_SUBNET_PRIVATE_IPV4_IN_USED", 409,
     {"nicId": "@plain", "primaryIpAddress": "10.0.1.101"}),
    ("ReplaceNetworkInterfacePrimaryIpv4", "INVALID_PARAMETER_PRIVATE_IP_ILLEGAL", 400,
     {"nicId": "@plain", "primaryIpAddress": "x"}),
    ("ReplaceNetworkInterfacePrimaryIpv4", "OPERATION_DENIED_SUBNET_IP_INSUFFICIENT", 400, {"nicId": "@crammed"}),
    # -- vNICs --
    ("CreateNetworkInterface", "INVALID_SUBNET_NOT_FOUND", 404, {"name": "new", "subnetId": NOWHERE}),
    ("CreateNetworkInterface", "INVALID_SECURITY_GROUP_NOT_FOUND", 404,
     {"name": "new", "subnetId": "@wide", "securityGroupId": NOWHERE}),
    ("CreateNetworkInterface", "OPERATION_DENIED_SUBNET_IP_INSUFFICIENT", 400, {"name": "new", "subnetId": "@tight"}),
    ("CreateNetworkInterface", "INVALID_SUBNET_IPSTACK_NOT_SUPPORT", 400,
     {"name": "new", "subnetId": "@wide", "nicStackType": "IPv6"}),
    ("CreateNetworkInterface", "INVALID_PARAMETER_VALUE", 400,
     {"name": "new", "subnetId": "@wide", "nicStackType": "ipv4"}),
    ("CreateNetworkInterface", "INVALID_PARAMETER_PATTERN_ERROR", 400, {"name": "-new", "subnetId": "@wide"}),
    ("CreateNetworkInterface", "INVALID_PARAMETER_LESS_LENGTH", 400, {"name": "n", "subnetId": "@wide"}),
    ("CreateNetworkInterface", "INVALID_PARAMETER_EXCEED_LENGTH", 400, {"name": "n" * 64, "subnetId": "@wide"}),
    ("CreateNetworkInterface", "MISSING_PARAMETER", 400, {"subnetId": "@wide"}),
    ("CreateNetworkInterface", "MISSING_PARAMETER", 400, {"name": "new", "subnetId": "@public_six"}),
    ("CreateNetworkInterface", "MISSING_PARAMETER", 400,
     {"name": "new", "subnetId": "@public_six", "internetChargeType": "BandwidthCluster"}),
    ("CreateNetworkInterface", "INVALID_PARAMETER_VALUE", 400,
     {"name": "new", "subnetId": "@public_six", "internetChargeType": "Free"}),
    ("DeleteNetworkInterface", "INVALID_NIC_NOT_FOUND", 404, {"nicId": NOWHERE}),
    ("DeleteNetworkInterface", "INVALID_NIC_ATTACHED", 400, {"nicId": "@used"}),
    ("DeleteNetworkInterface", "INVALID_NIC_PRIMARY_CANT_DELETE", 409, {"nicId": "@primary"}),
    ("DeleteNetworkInterface", "INVALID_NIC_STATUS", 400, {"nicId": "@pending"}),
    ("AttachNetworkInterface", "INVALID_NIC_NOT_FOUND", 404, {"nicId": NOWHERE, "instanceId": "@running"}),
    ("AttachNetworkInterface", "INVALID_INSTANCE_NOT_FOUND", 404, {"nicId": "@plain", "instanceId": NOWHERE}),
    ("AttachNetworkInterface", "INVALID_NIC_ATTACHED", 400, {"nicId": "@used", "instanceId": "@running"}),
    ("AttachNetworkInterface", "INVALID_NIC_STATUS", 400, {"nicId": "@pending", "instanceId": "@running"}),
    ("AttachNetworkInterface", "INVALID_NIC_INSTANCE_REGION_MISMATCH", 409,
     {"nicId": "@plain", "instanceId": "@far"}),
    ("AttachNetworkInterface", "OPERATION_DENIED_INSTANCE_STATUS_NOT_SUPPORT", 400,
     {"nicId": "@plain", "instanceId": "@stopped"}),
    ("AttachNetworkInterface", "INVALID_INSTANCE_PRECHECK_ABNORMAL", 400,
     {"nicId": "@plain", "instanceId": "@abnormal"}),
    ("AttachNetworkInterface", "INVALID_INSTANCE_NIC_LIMIT", 400, {"nicId": "@plain", "instanceId": "@laden"}),
    ("DetachNetworkInterface", "INVALID_NIC_NOT_FOUND", 404, {"nicId": NOWHERE}),
    ("DetachNetworkInterface", "INVALID_NIC_STATUS", 400, {"nicId": "@pending"}),
    ("DetachNetworkInterface", "INVALID_NIC_PRIMARY_CANT_DETACH", 409, {"nicId": "@primary"}),
    ("DetachNetworkInterface", "INVALID_NIC_LB_ASSOCIATED", 409, {"nicId": "@backend"}),
    ("DetachNetworkInterface", "OPERATION_DENIED_INSTANCE_STATUS_NOT_SUPPORT", 400, {"nicId": "@halted"}),
    ("DetachNetworkInterface", "OPERATION_DENIED_NIC_NOT_EXIST_INSTANCE", 403, {"nicId": "@plain"}),
    ("DetachNetworkInterface", "INVALID_INSTANCE_PRECHECK_ABNORMAL", 400, {"nicId": "@on_abnormal"}),
    ("ModifyNetworkInterfaceAttribute", "INVALID_NIC_NOT_FOUND", 404, {"nicId": NOWHERE, "name": "new"}),
    ("ModifyNetworkInterfaceAttribute", "INVALID_NIC_STATUS", 400, {"nicId": "@pending", "name": "new"}),
    ("ModifyNetworkInterfaceAttribute", "INVALID_SECURITY_GROUP_NOT_FOUND", 404,
     {"nicId": "@plain", "securityGroupId": NOWHERE}),
    ("ModifyNetworkInterfacesAttribute", "INVALID_NIC_NOT_FOUND", 404, {"nicIds": ["@plain", NOWHERE], "name": "new"}),
    ("ModifyNetworkInterfacesAttribute", "INVALID_PARAMETER_EXCEED_LENGTH", 400,
     {"nicIds": [NOWHERE] * 101, "name": "new"}),
    ("ModifyNetworkInterfacesAttribute", "MISSING_PARAMETER", 400, {"nicIds": [], "name": "new"}),
    ("DescribeNetworkInterfaces", "INVALID_PARAMETER_EXCEED_MAXIMUM", 400, {"pageSize": 1001}),
    ("DescribeNetworkInterfaces", "INVALID_PARAMETER_LESS_MINIMUM", 400, {"pageNum": 0}),
    ("DescribeNetworkInterfaces", "INVALID_PARAMETER_EXCEED_LENGTH", 400, {"nicIds": [NOWHERE] * 101}),
    ("DescribeNetworkInterfaces", "INVALID_PARAMETER_TYPE", 400, {"pageSize": "20"}),
    ("DescribeNetworkInterfaces", "INVALID_PARAMETER_VALUE", 400, {"status": "Available"}),
    # -- VPCs --
    ("CreateVpc", "INVALID_CIDR_BLOCK_FORMAT", 400, {"name": "new", "cidrBlock": "10.9.0.0", "mtu": 1500}),
    ("CreateVpc", "INVALID_CIDR_BLOCK_NETMASK_RANGE", 400, {"name": "new", "cidrBlock": "10.0.0.0/8", "mtu": 1500}),
    ("CreateVpc", "INVALID_CIDR_BLOCK_NOT_LAN_IP", 400, {"name": "new", "cidrBlock": "11.0.0.0/16", "mtu": 1500}),
    ("CreateVpc", "INVALID_PARAMETER_VALUE", 400, {"name": "new", "cidrBlock": "10.9.0.0/16", "mtu": 1400}),
    ("DeleteVpc", "INVALID_VPC_NOT_FOUND", 404, {"vpcId": NOWHERE}),
    ("DeleteVpc", "OPERATION_DENIED_DEFAULT_VPC", 400, {"vpcId": "@default_vpc"}),
    ("DeleteVpc", "INVALID_VPC_SUBNET_ASSOCIATED", 409, {"vpcId": "@vpc"}),
    ("DeleteVpc", "INVALID_VPC_LB_ASSOCIATED", 409, {"vpcId": "@balanced"}),
    *(("DeleteVpc", code, 409, {"vpcId": f"@{code}"}) for code in BEHIND),
    ("ModifyVpcAttribute", "INVALID_VPC_NOT_FOUND", 404, {"vpcId": NOWHERE, "vpcName": "new"}),
    ("ModifyVpcAttribute", "OPERATION_DENIED_DEFAULT_VPC", 400, {"vpcId": "@default_vpc", "vpcName": "new"}),
    ("ModifyVpcAttribute", "OPERATION_DENIED_VPC_CANT_DISABLE_IPV6", 400, {"vpcId": "@vpc", "enableIPv6": False}),
    ("ModifyVpcAttribute", "OPERATION_DENIED_VPC_CIDR_CONFLICT", 400, {"vpcId": "@vpc", "cidrBlock": "10.0.1.0/24"}),
    ("ModifyVpcAttribute", "INVALID_CIDR_BLOCK_FORMAT", 400, {"vpcId": "@vpc", "cidrBlock": "10.0.0.0"}),
    ("CreateVpc", "OPERATION_FAILED_RESOURCE_GROUP_NOT_FOUND", 404,
     {"name": "new", "cidrBlock": "10.9.0.0/16", "mtu": 1500, "resourceGroupId": "other"}),
    ("AssociateVpcCidrBlock", "INVALID_VPC_NOT_FOUND", 404, {"vpcId": NOWHERE, "cidrBlock": "10.9.0.0/16"}),
    ("AssociateVpcCidrBlock", "INVALID_CIDR_BLOCK_FORMAT", 400, {"vpcId": "@vpc", "cidrBlock": "10.9.0.0"}),
    ("AssociateVpcCidrBlock", "INVALID_CIDR_BLOCK_NETMASK_RANGE", 400, {"vpcId": "@vpc", "cidrBlock": "10.9.0.0/29"}),
    ("AssociateVpcCidrBlock", "INVALID_CIDR_BLOCK_NOT_LAN_IP", 400, {"vpcId": "@vpc", "cidrBlock": "11.0.0.0/16"}),
    ("AssociateVpcCidrBlock", "OPERATION_DENIED_VPC_CIDR_CONFLICT", 400,
     {"vpcId": "@vpc", "cidrBlock": "10.0.128.0/17"}),
    ("UnassociateVpcCidrBlock", "INVALID_VPC_NOT_FOUND", 404, {"vpcId": NOWHERE, "cidrBlock": "10.9.0.0/16"}),
    ("UnassociateVpcCidrBlock", "OPERATION_FAILED_RESOURCE_NOT_FOUND", 404,
     {"vpcId": "@vpc", "cidrBlock": "10.0.0.0/16"}),
    ("UnassociateVpcCidrBlock", "INVALID_VPC_SUBNET_ASSOCIATED", 409,
     {"vpcId": "@vpc", "cidrBlock": "192.168.0.0/24"}),
    # -- subnets --
    ("CreateSubnets", "INVALID_VPC_NOT_FOUND", 404, {"vpcId": NOWHERE, "subnets": [ITEM]}),
    ("CreateSubnets", "INVALID_PARAMETER_EXCEED_LENGTH", 400, {"vpcId": "@vpc", "subnets": [ITEM] * 11}),
    ("CreateSubnets", "MISSING_PARAMETER", 400, {"vpcId": "@vpc", "subnets": []}),
    *(("CreateSubnets", code, status, {"vpcId": "@vpc", "subnets": [ITEM, {**ITEM, **changed}]})
      for code, status, changed in BAD_SUBNETS),
    ("CreateSubnet", "INVALID_VPC_NOT_FOUND", 404, {"vpcId": NOWHERE}),
    *(("CreateSubnet", code, status, changed) for code, status, changed in BAD_SUBNETS),
    ("DeleteSubnet", "INVALID_SUBNET_NOT_FOUND", 404, {"subnetId": NOWHERE}),
    ("DeleteSubnet", "INVALID_SUBNET_IN_USE", 409, {"subnetId": "@wide"}),
    ("DeleteSubnet", "OPERATION_DENIED_DEFAULT_SUBNET", 400, {"subnetId": "@default_subnet"}),
    ("DeleteSubnets", "MISSING_PARAMETER", 400, {"subnetIds": []}),
    ("DeleteSubnets", "INVALID_PARAMETER_EXCEED_LENGTH", 400, {"subnetIds": [NOWHERE] * 101}),
    ("ModifySubnetAttribute", "INVALID_SUBNET_NOT_FOUND", 404, {"subnetId": NOWHERE, "subnetName": "new"}),
    ("ModifySubnetAttribute", "INVALID_SUBNET_IN_USE", 409, {"subnetId": "@wide", "cidrBlock": "10.0.1.0/25"}),
    ("ModifySubnetAttribute", "OPERATION_DENIED_SUBNET_CIDR_CONFLICT", 400,
     {"subnetId": "@wide", "cidrBlock": "10.0.0.0/22"}),
    ("ModifySubnetAttribute", "OPERATION_DENIED_SUBNET_TYPE_NOT_SUPPORT", 400,
     {"subnetId": "@six_net", "cidrBlock": "10.0.9.0/24"}),
    ("ModifySubnetStackType", "INVALID_SUBNET_NOT_FOUND", 404, {"subnetId": NOWHERE, "stackType": "IPv4_IPv6"}),
    ("ModifySubnetStackType", "OPERATION_DENIED_DEFAULT_SUBNET", 400,
     {"subnetId": "@default_subnet", "stackType": "IPv4_IPv6"}),
    ("ModifySubnetStackType", "OPERATION_DENIED_SUBNET_TYPE_NOT_SUPPORT", 400,
     {"subnetId": "@wide", "stackType": "IPv6"}),
    ("ModifySubnetStackType", "INVALID_PARAMETER_SUBNET_IPV6_TYPE_NOT_FOUND", 400,
     {"subnetId": "@wide", "stackType": "IPv4_IPv6"}),
    # -- HaVips --
    ("CreateHaVip", "INVALID_SUBNET_NOT_FOUND", 404, {"subnetId": NOWHERE, "name": "vip"}),
    ("CreateHaVip", "INVALID_SECURITY_GROUP_NOT_FOUND", 404,
     {"subnetId": "@wide", "name": "vip", "securityGroupId": NOWHERE}),
    ("CreateHaVip", "INVALID_SUBNET_PRIVATE_IPV4_IN_USED", 409,
     {"subnetId": "@wide", "name": "vip", "ipAddress": "10.0.1.101"}),
    ("CreateHaVip", "INVALID_PARAMETER_LESS_LENGTH", 400, {"subnetId": "@wide", "name": ""}),
    ("ModifyHaVipAttribute", "MISSING_PARAMETER", 400, {"haVipId": "@ha_vip"}),
    ("ModifyHaVipAttribute", "INVALID_HAVIP_NOT_FOUND", 404, {"haVipId": "havip-none", "name": "new"}),
    ("ModifyHaVipAttribute", "INVALID_SECURITY_GROUP_NOT_FOUND", 404,
     {"haVipId": "@ha_vip", "securityGroupId": NOWHERE}),
    ("DeleteHaVip", "INVALID_HAVIP_NOT_FOUND", 404, {"haVipId": "havip-none"}),
    # -- elastic IPs --
    ("CreateEips", "INVALID_REGION_NOT_FOUND", 404, {"regionId": "moon-1"}),
    ("CreateEips", "INVALID_PARAMETER_TYPE", 400, {"amount": "2"}),
    ("CreateEips", "INVALID_PARAMETER_LESS_MINIMUM", 400, {"amount": 0}),
    ("CreateEips", "INVALID_PARAMETER_PATTERN_ERROR", 400, {"name": "a_b"}),
    ("DescribeEips", "INVALID_PARAMETER_VALUE", 400, {"status": "BOUND"}),
    ("DeleteEip", "INVALID_EIP_NOT_FOUND", 404, {"eipId": NOWHERE}),
    ("DeleteEip", "OPERATION_DENIED_EIP_IS_NOT_UN_ASSIGN", 400, {"eipId": "@bound_eip"}),
    ("CreateEips", "MISSING_PARAMETER", 400, {"internetChargeType": "ByBandwidth", "name": None}),
    ("AssociateEipAddress", "INVALID_LB_NOT_FOUND", 404, {"eipIds": ["@free_eip"], "loadBalancerId": NOWHERE}),
    ("AssociateEipAddress", "INVALID_HAVIP_NOT_FOUND", 404, {"eipIds": ["@free_eip"], "haVipId": NOWHERE}),
    ("AssociateEipAddress", "INVALID_EIP_NOT_FOUND", 404, {"eipIds": [NOWHERE], "nicId": "@plain"}),
    ("AssociateEipAddress", "INVALID_NIC_NOT_FOUND", 404, {"eipIds": ["@free_eip"], "nicId": NOWHERE}),
    ("AssociateEipAddress", "INVALID_NIC_STATUS", 400, {"eipIds": ["@free_eip"], "nicId": "@pending"}),
    ("AssociateEipAddress", "OPERATION_FAILED_RESOURCE_NOT_FOUND", 404, {"eipIds": ["@free_eip"], "natId": NOWHERE}),
    ("AssociateEipAddress", "OPERATION_DENIED_EIP_STATUS_NOT_SUPPORT", 400,
     {"eipIds": ["@bound_eip"], "nicId": "@plain"}),
    ("AssociateEipAddress", "OPERATION_DENIED_EIP_ZONE_NOT_SAME", 400, {"eipIds": ["@far_eip"], "nicId": "@plain"}),
    ("AssociateEipAddress", "OPERATION_DENIED_EIP_INSTANCE_EXCEED_LIMIT", 400,
     {"eipIds": ["@free_eip"], "nicId": "@public", "lanIp": "10.0.1.120"}),
    ("AssociateEipAddress", "INVALID_PARAMETER_PRIVATE_IP_ILLEGAL", 400,
     {"eipIds": ["@free_eip"], "nicId": "@plain", "lanIp": "10.0.1.120"}),
    ("UnassociateEipAddress", "INVALID_EIP_NOT_FOUND", 404, {"eipIds": [NOWHERE]}),
    ("UnassociateEipAddress", "OPERATION_DENIED_EIP_NOT_ASSIGNED", 400, {"eipIds": ["@free_eip"]}),
    ("AvailableLanIp", "INVALID_EIP_NOT_FOUND", 404, {"eipId": NOWHERE}),
    # -- load balancers --
    ("CreateLoadBalancer", "INVALID_SUBNET_IPV4_INSUFFICIENT", 400, {"subnetId": "@tight"}),
    ("CreateLoadBalancer", "INVALID_VPC_NOT_FOUND", 404, {"vpcId": NOWHERE}),
    ("CreateLoadBalancer", "INVALID_SUBNET_NOT_FOUND", 404, {"subnetId": NOWHERE}),
    ("CreateLoadBalancer", "INVALID_REGION_NOT_FOUND", 404, {"regionId": "moon-1"}),
    ("TerminateLoadBalancer", "INVALID_LB_NOT_FOUND", 404, {"loadBalancerId": "zlb-none"}),
    ("TerminateLoadBalancer", "OPERATION_FAILED_FOR_RECYCLE_RESOURCE", 400, {"loadBalancerId": "@recycled"}),
]  # fmt: skip

DEFAULTS = {
    "CreateSubnet": {"vpcId": "@vpc", "name": "new", "regionId": REGION, "stackType": "IPv4",
                     "cidrBlock": "10.0.9.0/24"},
    "CreateEips": {"regionId": REGION, "internetChargeType": "ByBandwidth", "name": "new"},
    "CreateLoadBalancer": {"regionId": REGION, "vpcId": "@vpc", "loadBalancerName": "new"},
}  # fmt: skip


def with_ids(asked: dict[str, Any], ids: dict[str, str]) -> dict[str, Any]:
    """Return the parameters of a call; ids are named by ``@name``, and None leaves a parameter out."""
    return {name: _with_ids(value, ids) for name, value in asked.items() if value is not None}


def _with_ids(value: Any, ids: dict[str, str]) -> Any:
    if isinstance(value, list):
        return [_with_ids(each, ids) for each in value]
    return ids[value[1:]] if isinstance(value, str) and value.startswith("@") else value


def plant(account: Account) -> dict[str, str]:
    """Make one account in which every code can be met; return ids by name."""
    account.state.random.seed(2)  # load balancers take addresses at random: here always the same
    state, vpc = account.state, account.vpc()
    wide = account.subnet("10.0.1.0/24", "wide", vpc=vpc)
    tight = account.subnet("10.0.2.0/29", "tight", vpc=vpc)
    six_net = account.subnet(None, "six", "IPv6", vpc=vpc)
    asked = {"vpcId": vpc, "name": "six", "regionId": REGION, "stackType": "IPv6", "ipv6Type": "Public"}
    public_six = account.ask("CreateSubnet", **asked)["subnetId"]
    ids = {"public_six": public_six, "vpc": vpc, "wide": wide, "tight": tight, "six_net": six_net}
    ids["plain"] = account.nic(wide, name="plain")
    ids["full"] = account.nic(wide, *(f"10.0.1.{n}" for n in range(101, 110)), name="full")
    ids["pending"] = account.nic(wide, name="pending", status="PENDING")
    ids["used"] = account.nic(wide, name="used", status="USED")
    ids["primary"] = account.nic(wide, name="primary", status="USED", kind="Primary")
    ids["backend"] = account.nic(wide, "10.0.1.150", name="backend", status="USED")
    ids["halted"] = account.nic(wide, name="halted", status="USED")
    ids["public"] = account.nic(wide, "10.0.1.120", name="public")
    ids["six"] = account.nic(six_net, name="six", stack="IPv6")
    ids["crammed"] = account.nic(tight, *(f"10.0.2.{n}" for n in range(3, 7)), name="crammed")
    ids["running"] = attachments.create_instance(state, "running", REGION)
    ids["far"] = attachments.create_instance(state, "far", ELSEWHERE)
    ids["stopped"] = attachments.create_instance(state, "stopped", REGION, "STOPPED")
    ids["abnormal"] = attachments.create_instance(state, "abnormal", REGION)
    ids["laden"] = attachments.create_instance(state, "laden", REGION)
    resources.obstruct(state, ids["abnormal"], "INVALID_INSTANCE_PRECHECK_ABNORMAL")
    ids["on_abnormal"] = account.nic(wide, name="on-abnormal", status="USED")
    host = account.show(ids["on_abnormal"])["instanceId"]
    resources.obstruct(state, host, "INVALID_INSTANCE_PRECHECK_ABNORMAL")
    ids["first"] = account.show(ids["plain"])["primaryIpv4"]
    account.ask("AssociateVpcCidrBlock", vpcId=vpc, cidrBlock="192.168.0.0/24")
    account.subnet("192.168.0.0/26", "secondary", vpc=vpc)
    for number in range(8):
        nic = account.nic(wide, name=f"load-{number}")
        account.ask("AttachNetworkInterface", nicId=nic, instanceId=ids["laden"])
    ids["ha_vip"] = account.ha_vip(wide)
    ids["lb"] = resources.create_load_balancer(state, wide, "lb")
    ids["recycled"] = resources.create_load_balancer(state, wide, "gone", status="RECYCLED")
    for number in range(4):
        ids["bound_eip"] = resources.bind_eip(state, ids["public"], "10.0.1.120", f"e{number}", f"203.0.113.{number}")
    priced = {"name": "eip", "internetChargeType": "ByBandwidth"}
    [ids["free_eip"]] = account.ask("CreateEips", regionId=REGION, **priced)["eipIds"]
    [ids["far_eip"]] = account.ask("CreateEips", regionId=ELSEWHERE, **priced)["eipIds"]
    ids["balanced"] = account.vpc("10.3.0.0/16", "balanced")
    account.ask("CreateLoadBalancer", service="zlb", regionId=REGION, vpcId=ids["balanced"], loadBalancerName="bare")
    account.ask("AssociateVpcCidrBlock", vpcId=ids["balanced"], cidrBlock="172.16.0.0/16")
    ids["empty"] = account.vpc("10.8.0.0/16", "empty")
    for number, code in enumerate(BEHIND, 4):
        ids[code] = account.vpc(f"10.{number}.0.0/16", f"behind-{number}")
        resources.obstruct(state, ids[code], code)
    ids["default_vpc"] = account.vpc("10.2.0.0/16", "default")
    ids["default_subnet"] = account.subnet("10.2.0.0/24", "default", vpc=ids["default_vpc"])
    _plant_by_hand(state, ids)
    return ids


def _plant_by_hand(state: State, ids: dict[str, str]) -> None:
    """Make what no action makes: defaults, a backend, an instance that is stopped under its vNIC."""
    with state.write() as connection:
        connection.execute("UPDATE vpc SET is_default = 1 WHERE id = ?", (ids["default_vpc"],))
        connection.execute("UPDATE subnet SET is_default = 1 WHERE id = ?", (ids["default_subnet"],))
        connection.execute("INSERT INTO backend VALUES (?, ?, ?)", (ids["lb"], ids["backend"], (10 << 24) + 406))
        connection.execute(
            "UPDATE instance SET status = 'STOPPED' WHERE id = (SELECT instance_id FROM nic WHERE id = ?)",
            (ids["halted"],),
        )
