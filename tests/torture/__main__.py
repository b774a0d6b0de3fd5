"""Torture, as in ``python -m tests.torture --kills 300 --seed 1``: ends with 1 when anything is not as planned."""

from __future__ import annotations

import argparse
import sys

_ENOUGH = 100  # kills that reach every step boundary


def main() -> int:
    """Do what was asked for, and print the counts."""
    parser = argparse.ArgumentParser(prog="python -m tests.torture", description=__doc__)
    parser.add_argument("--kills", type=int, default=0, help="kill workers and clouds this often")
    parser.add_argument("--faults", action="store_true", help="every wire fault at every call of a plan")
    parser.add_argument("--rounds", type=int, default=0, help="rounds of two processes with overlapping plans")
    parser.add_argument("--calls", type=int, default=6, help="calls of the plan that meets wire faults")
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    problems: list[str] = []
    if asked.kills:
        problems += kill(asked.kills, asked.seed)
    if asked.faults:
        problems += strike(asked.calls)
    if asked.rounds:
        problems += race(asked.rounds, asked.seed)
    for problem in problems:
        print("PROBLEM", problem)
    print(f"{len(problems)} problems")
    return 1 if problems else 0


def kill(kills: int, seed: int) -> list[str]:
    """Kill, and print what came of it."""
    from contextlib import ExitStack

    from tests.postgres import Server, find_programs
    from tests.torture.children import BOUNDARIES, boundaries_of
    from tests.torture.kills import Torture

    with ExitStack() as stack:
        programs = find_programs()
        server = stack.enter_context(Server(programs)) if programs else None
        torture = Torture(kills, seed, new_store=server.new_url if server else None)
        torture.run()
    for name in ("lost", "double", "foreign touched", "journal and cloud disagree"):
        torture.counts[name] += 0
    for name, count in sorted(torture.counts.items()):
        print(f"{name:36}{count:>7,}")
    for what in ("apply", "resume", "undo"):
        there = boundaries_of(what)
        hit = sum(1 for boundary in there if torture.covered[f"{what}: {boundary}"])
        print(f"{f'step boundaries hit, {what}':36}{hit:>7} of {len(there)}")
    print(f"{'seconds':36}{torture.seconds:>7.0f}")
    hits = {each.partition(": ")[2] for each, count in torture.covered.items() if count}
    missed = [f"nobody died {boundary}" for boundary in BOUNDARIES if boundary not in hits]
    return torture.problems + (missed if kills >= _ENOUGH else [])


def strike(calls: int) -> list[str]:
    """Let every fault strike every call, and print what came of it."""
    import logging
    import time

    from tests.torture.faults import KINDS, MODES, Lab

    logging.getLogger("uvicorn.error").disabled = True  # it complains of every fault
    began = time.monotonic()
    problems: list[str] = []
    cases = 0
    with Lab(calls) as lab:
        for name in KINDS:
            before, since = len(problems), time.monotonic()
            for mode in MODES:
                if mode == "undo" and name.startswith("colleague"):
                    continue
                for index in range(calls):
                    problems += lab.case(name, mode, index)
                    cases += 1
            print(f"{name:36}{len(problems) - before:>7} problems{time.monotonic() - since:>7.1f} s", flush=True)
    print(f"{'wire faults, cases':36}{cases:>7,}")
    print(f"{'seconds':36}{time.monotonic() - began:>7.0f}")
    return problems


def race(rounds: int, seed: int) -> list[str]:
    """Let two processes want the same, and print what came of it."""
    from tests.torture.rivals import Rivals

    rivals = Rivals(rounds, seed)
    rivals.run()
    for name, count in sorted(rivals.counts.items()):
        print(f"{name:36}{count:>7,}")
    print(f"{'seconds':36}{rivals.seconds:>7.0f}")
    return rivals.problems


if __name__ == "__main__":
    sys.exit(main())
