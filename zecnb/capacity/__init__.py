"""How long address space lasts, what happens if, and whether a change fits."""
