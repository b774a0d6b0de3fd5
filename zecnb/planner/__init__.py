"""Inventory + requests -> Plan; pure, no I/O."""
