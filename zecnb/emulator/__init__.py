"""A local ZEC: it stands alone, shares no rule with the rest of the package, and judges the planner.

In Python, faults are scripted with ``emulator.faults.add(kind, action, **options)``, and taken back with
``emulator.faults.clear()``. From other processes the control path does it: HTTP to ``/_zecnb/...`` with the header
``Authorization: Bearer TOKEN``, the emulator's ``control_token`` (``zecnb emulator --control`` prints it). Bodies and
answers are JSON; what is refused is told in ``message``.

=====================  =============================================================================================
``POST faults``        a fault, as below; answers its number
``GET faults``         every fault, and how often it has ``fired``
``DELETE faults``      take all back; calls that wait because of one go on
``GET calls``          how many calls of each action there were
``GET state``          the whole account, as ``--export`` writes it
``PUT state``          put such an account in place of the present one
``POST instances``     ``regionId``, and ``name``, ``status`` (RUNNING or STOPPED) if wanted: an instance to attach to
``POST obstacles``     ``resourceId``, ``code``: deleting this VPC or subnet, or using this instance, fails with it
``DELETE balancers``   release the load balancers that are terminated, which stay in the recycle bin until then
``GET assumptions``    every switch and its value
=====================  =============================================================================================

A fault is ``{"kind": ..., "action": ...}``; without an action it strikes calls of all. ``nth``: only that call of it,
counted from 1; ``times``: how often at most, 1 by default, 0 for always; ``probability`` from 0 to 1, and ``seed`` to
begin the chances anew. The faults of one call act in the order they were added; one that has nothing left to act on,
because another has answered already, is not used up. The kinds:

==================  ================================================================================================
``latency``         wait ``seconds``, then go on
``error``           answer ``code``, with its own or the given ``status``; nothing is done
``error_after``     do it, then answer ``code``
``throttle``        429 ``REQUEST_LIMIT_EXCEEDED``, with ``seconds`` as Retry-After if given; nothing is done
``timeout_before``  no answer for ``seconds``, then the connection breaks; nothing is done
``timeout_after``   do it, no answer for ``seconds``, then the connection breaks
``reset_before``    the connection breaks; nothing is done
``reset_after``     do it, then the connection breaks
``truncated``       do it, then half an answer
``garbage``         do it, then an answer that is no JSON
``challenge``       403 of an edge that takes the client for a robot; nothing is done
``blocked``         451 of an edge; nothing is done
``lag``             do it, but listings show it only ``seconds`` later; for calls that assign or release addresses
``actor_before``    a colleague's call comes first: ``"actor": {"action": ..., "body": {...}}``, ``service`` if not zec
``actor_after``     a colleague's call comes between this one and its answer
==================  ================================================================================================
"""

from zecnb.emulator.server import Emulator
from zecnb.emulator.settings import Settings, assumptions, assumptions_table, parse_settings

__all__ = ["Emulator", "Settings", "assumptions", "assumptions_table", "parse_settings"]
