"""How long address space lasts, what happens if, and whether a change fits.

What a notebook needs of it; ``Session.history()`` and ``Inventory.what_if()`` are where it begins.
"""

from zecnb.capacity.checking import check
from zecnb.capacity.comparison import compare
from zecnb.capacity.headroom import headroom
from zecnb.capacity.neighbours import differences, netbox_addresses, netbox_prefixes, phpipam_addresses
from zecnb.capacity.netbox import netbox_differences
from zecnb.capacity.outlook import outlook
from zecnb.capacity.room import free_blocks, overlaps, places
from zecnb.capacity.terraform import managed_nics

__all__ = [
    "check",
    "compare",
    "differences",
    "free_blocks",
    "headroom",
    "managed_nics",
    "netbox_addresses",
    "netbox_differences",
    "netbox_prefixes",
    "outlook",
    "overlaps",
    "phpipam_addresses",
    "places",
]
