"""A local ZEC: it stands alone, shares no rule with the rest of the package, and judges the planner."""

from zecnb.emulator.server import Emulator
from zecnb.emulator.settings import Settings, assumptions, assumptions_table, parse_settings

__all__ = ["Emulator", "Settings", "assumptions", "assumptions_table", "parse_settings"]
