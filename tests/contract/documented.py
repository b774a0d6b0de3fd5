"""Every business code that contract.md section 5 gives an action, newest generation, with its HTTP status.

Written from contract.md alone, and for elastic IPs from their own pages of the documents. Older generations' codes for
the same conditions are switches of the emulator (A3, A28).
"""

from __future__ import annotations

__all__ = ["COMMON", "DOCUMENTED"]

_ADDRESS = {
    "INVALID_NIC_STATUS": 400,
    "OPERATION_DENIED_SUBNET_TYPE_NOT_SUPPORT_IPV4": 400,
    "INVALID_SUBNET_PRIVATE_IPV4_IN_USED": 409,
    "INVALID_IP_OUT_OF_RANGE": 400,
    "INVALID_IP_NETWORK_ADDRESS": 400,
    "INVALID_IP_BROADCAST_ADDRESS": 400,
    "INVALID_IP_FIRST_ADDRESS": 400,
    "INVALID_NIC_NOT_FOUND": 404,
}
_LIMIT = {"OPERATION_DENIED_NIC_ATTACH_LAN_IP_EXCEED_LIMIT": 400}
_CIDR = {
    "INVALID_CIDR_BLOCK_FORMAT": 400,
    "INVALID_CIDR_BLOCK_NETMASK_RANGE": 400,
    "INVALID_CIDR_BLOCK_NOT_LAN_IP": 400,
}
_NO_GROUP = {"INVALID_SECURITY_GROUP_NOT_FOUND": 404}
_SUBNET = {
    **_CIDR,
    "INVALID_CIDR_BLOCK_NOT_EMPTY": 400,
    "INVALID_CIDR_IPV6_ONLY": 400,
    "INVALID_IP_BROADCAST_ADDRESS": 400,
    "INVALID_PARAMETER_SUBNET_CIDR_NOT_BELONG_VPC": 400,
    "INVALID_PARAMETER_SUBNET_IPV6_TYPE_NOT_FOUND": 400,
    "INVALID_REGION_NOT_FOUND": 404,
    "INVALID_REGION_NOT_ON_SALE": 400,
    "INVALID_VPC_NOT_FOUND": 404,
    "OPERATION_DENIED_REGION_NOT_SUPPORT_PUB_IPV6": 400,
    "OPERATION_DENIED_SUBNET_CIDR_CONFLICT": 400,
}

DOCUMENTED: dict[str, dict[str, int]] = {
    "BatchAssignNetworkInterfaceIpv4": {
        **_ADDRESS,
        **_LIMIT,
        "OPERATION_DENIED_SUBNET_IP_INSUFFICIENT": 400,
        "INVALID_PARAMETER_PRIVATE_IP_ILLEGAL": 400,
    },
    "AssignNetworkInterfaceIpv4": {**_ADDRESS, **_LIMIT},
    "UnassignNetworkInterfaceIpv4": {
        "INVALID_NIC_NOT_FOUND": 404,
        "INVALID_NIC_STATUS": 400,
        "INVALID_NIC_PRIMARY_IP_CANT_DETACH": 409,
        "INVALID_NIC_HAS_PUBLIC_IP_CANT_DETACH": 409,
        "INVALID_NIC_LB_ASSOCIATED": 409,
    },
    "ReplaceNetworkInterfacePrimaryIpv4": _ADDRESS,
    "DescribeNetworkInterfaceRegions": {},
    "DescribeNetworkInterfaces": {},
    "CreateNetworkInterface": {
        **_NO_GROUP,
        "INVALID_SUBNET_NOT_FOUND": 404,
        "OPERATION_DENIED_SUBNET_IP_INSUFFICIENT": 400,
        "INVALID_SUBNET_IPSTACK_NOT_SUPPORT": 400,
    },
    "DeleteNetworkInterface": {
        "INVALID_NIC_ATTACHED": 400,
        "INVALID_NIC_PRIMARY_CANT_DELETE": 409,
        "INVALID_NIC_STATUS": 400,
        "INVALID_NIC_NOT_FOUND": 404,
    },
    "AttachNetworkInterface": {
        "INVALID_INSTANCE_NOT_FOUND": 404,
        "INVALID_NIC_ATTACHED": 400,
        "INVALID_NIC_INSTANCE_REGION_MISMATCH": 409,
        "INVALID_NIC_NOT_FOUND": 404,
        "INVALID_NIC_STATUS": 400,
        "OPERATION_DENIED_INSTANCE_STATUS_NOT_SUPPORT": 400,
        "INVALID_INSTANCE_NIC_LIMIT": 400,
        "INVALID_INSTANCE_PRECHECK_ABNORMAL": 400,
    },
    "DetachNetworkInterface": {
        "INVALID_NIC_LB_ASSOCIATED": 409,
        "INVALID_NIC_NOT_FOUND": 404,
        "INVALID_NIC_PRIMARY_CANT_DETACH": 409,
        "INVALID_NIC_STATUS": 400,
        "OPERATION_DENIED_INSTANCE_STATUS_NOT_SUPPORT": 400,
        "OPERATION_DENIED_NIC_NOT_EXIST_INSTANCE": 403,
        "INVALID_INSTANCE_PRECHECK_ABNORMAL": 400,
    },
    "ModifyNetworkInterfaceAttribute": {**_NO_GROUP, "INVALID_NIC_NOT_FOUND": 404, "INVALID_NIC_STATUS": 400},
    "ModifyNetworkInterfacesAttribute": {"INVALID_NIC_NOT_FOUND": 404},
    "DescribeVpcs": {},
    "CreateVpc": {**_CIDR, "INVALID_PARAMETER_VALUE": 400},
    "DeleteVpc": {
        "INVALID_VPC_NOT_FOUND": 404,
        "INVALID_VPC_SUBNET_ASSOCIATED": 409,
        "INVALID_VPC_BANDWIDTH_ASSOCIATED": 409,
        "INVALID_VPC_LB_ASSOCIATED": 409,
        "INVALID_VPC_NAT_ASSOCIATED": 409,
        "INVALID_VPC_UNMANAGED_EGRESS_IP_ASSOCIATED": 409,
        "INVALID_VPC_ZBG_ASSOCIATED": 409,
        "OPERATION_DENIED_DEFAULT_VPC": 400,
    },
    "ModifyVpcAttribute": {
        "INVALID_VPC_NOT_FOUND": 404,
        "OPERATION_DENIED_DEFAULT_VPC": 400,
        "OPERATION_DENIED_VPC_CANT_DISABLE_IPV6": 400,
        "OPERATION_DENIED_VPC_CIDR_CONFLICT": 400,
    },
    "AssociateVpcCidrBlock": {},
    "UnassociateVpcCidrBlock": {},
    "DescribeSubnetRegions": {},
    "DescribeSubnets": {},
    "CreateSubnet": _SUBNET,
    "CreateSubnets": _SUBNET,
    "DeleteSubnet": {"INVALID_SUBNET_IN_USE": 409, "INVALID_SUBNET_NOT_FOUND": 404},
    "DeleteSubnets": {},
    "ModifySubnetAttribute": {},
    "ModifySubnetStackType": {
        "INVALID_SUBNET_NOT_FOUND": 404,
        "OPERATION_DENIED_DEFAULT_SUBNET": 400,
        "OPERATION_DENIED_SUBNET_TYPE_NOT_SUPPORT": 400,
    },
    "DescribeHaVips": {},
    "CreateHaVip": {},
    "ModifyHaVipAttribute": {"INVALID_HAVIP_NOT_FOUND": 404},
    "DeleteHaVip": {"INVALID_HAVIP_NOT_FOUND": 404},
    "AvailableLanIp": {"INVALID_EIP_NOT_FOUND": 404},
    "DescribeEips": {},
    "CreateEips": {"INVALID_PARAMETER_TYPE": 400},
    "DeleteEip": {"OPERATION_DENIED_EIP_IS_NOT_UN_ASSIGN": 400},
    "AssociateEipAddress": {"INVALID_LB_NOT_FOUND": 404},
    "UnassociateEipAddress": {"OPERATION_DENIED_EIP_NOT_ASSIGNED": 400},
    "DescribeLoadBalancers": {},
    "CreateLoadBalancer": {"INVALID_SUBNET_IPV4_INSUFFICIENT": 400},
    "TerminateLoadBalancer": {},
}
"""Every action of section 5 and of the issue, {} where no code of its own is known."""

COMMON: dict[str, int] = {
    "AUTHFAILURE_INVALID_AUTHORIZATION": 401,
    "AUTHFAILURE_SIGNATURE_FAILURE": 401,
    "AUTHFAILURE_SIGNATURE_EXPIRED": 401,
    "AUTHFAILURE_UNAUTHORIZED_OPERATION": 403,
    "INTERNAL_SERVER_ERROR": 500,
    "SERVICE_TEMPORARY_UNAVAILABLE": 503,
    "REQUEST_TIMED_OUT": 504,
    "INVALID_OPERATION_TIMEOUT": 400,
    "REQUEST_LIMIT_EXCEEDED": 429,
    "MISSING_PARAMETER": 400,
    "INVALID_PARAMETER_TYPE": 400,
    "INVALID_PARAMETER_EXCEED_MAXIMUM": 400,
    "INVALID_PARAMETER_LESS_MINIMUM": 400,
    "INVALID_PARAMETER_EXCEED_LENGTH": 400,
    "INVALID_PARAMETER_LESS_LENGTH": 400,
    "INVALID_PARAMETER_PATTERN_ERROR": 400,
    "INVALID_PARAMETER_DATE_FORMAT_ERROR": 400,
    "INVALID_PARAMETER_VALUE": 400,
    "OPERATION_FAILED_RESOURCE_NOT_FOUND": 404,
    "OPERATION_FAILED_RESOURCE_GROUP_NOT_FOUND": 404,
    "OPERATION_FAILED_FOR_RECYCLE_RESOURCE": 400,
}
"""Codes of any action (contract.md 2.4 and 3)."""
