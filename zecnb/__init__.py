"""See what Zenlayer ZEC will answer before you assign private IPv4 addresses, then do exactly that.

Start with ``zecnb.demo()`` (a local ZEC in this process) or ``zecnb.connect()`` (the real one).
Public names load on first use, so that importing the package stays cheap.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from zecnb import capacity, scale
    from zecnb.connections import connect, demo
    from zecnb.errors import ZecnbError
    from zecnb.execution.outcome import conclude
    from zecnb.execution.receipt import Receipt
    from zecnb.inventory import Inventory
    from zecnb.planner.plan import Plan, approve
    from zecnb.render.export import write_csv
    from zecnb.render.shown import table
    from zecnb.session import Session
    from zecnb.widgets.explore import explore

__all__ = [
    "Inventory",
    "Plan",
    "Receipt",
    "Session",
    "ZecnbError",
    "__version__",
    "approve",
    "capacity",
    "conclude",
    "connect",
    "demo",
    "explore",
    "scale",
    "table",
    "write_csv",
]

_PARTS = ("capacity", "scale")

_HOMES = {
    "Inventory": "zecnb.inventory",
    "Plan": "zecnb.planner.plan",
    "Receipt": "zecnb.execution.receipt",
    "Session": "zecnb.session",
    "ZecnbError": "zecnb.errors",
    "approve": "zecnb.planner.plan",
    "conclude": "zecnb.execution.outcome",
    "connect": "zecnb.connections",
    "demo": "zecnb.connections",
    "explore": "zecnb.widgets.explore",
    "table": "zecnb.render.shown",
    "write_csv": "zecnb.render.export",
}


def __getattr__(name: str) -> object:
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    if name in _PARTS:
        return import_module(f"zecnb.{name}")
    if name == "__version__":
        from importlib.metadata import version

        return version("zecnb")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__
