"""The long run.

Prints how often each answer came; exits 1 on the first disagreement, with the shortest sequence that shows it, and when
an action was never called.
"""

from __future__ import annotations

import argparse
import sys
import time

from tests.contract.documented import DOCUMENTED
from tests.stateful import LISTED, SEEN, run


def main() -> int:
    """Run until enough steps are done."""
    parser = argparse.ArgumentParser(prog="python -m tests.stateful", description=__doc__)
    parser.add_argument("--steps", type=int, default=5000)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    began, seed = time.perf_counter(), arguments.seed
    while SEEN.total() < arguments.steps:
        run(arguments.steps - SEEN.total(), seed)
        seed += 1
    for answer, times in sorted(SEEN.items()):
        print(f"{times:7}  {answer}")
    left = sorted(set(DOCUMENTED) - LISTED - {each.partition(" ")[0] for each in SEEN})
    if left:
        print(f"never called: {', '.join(left)}")
        return 1
    print(f"{SEEN.total():,} calls without disagreement in {time.perf_counter() - began:.1f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
