"""Run the bench: ``python -m tests.bench [case ...] [--json]``. Ratios are against peers in the same run."""

from __future__ import annotations

import argparse
import json
import platform
import sys

import numpy as np
import pandas as pd

from tests.bench.cases import CASES


def main() -> int:
    """Run the cases asked for, all by default, and print their lines."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("case", nargs="*", help=f"of {', '.join(CASES)}; all by default")
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    arguments = parser.parse_args()
    if unknown := [case for case in arguments.case if case not in CASES]:
        parser.error(f"no case {', '.join(unknown)}; there are {', '.join(CASES)}")
    if not arguments.json:
        print(f"Python {platform.python_version()}, pandas {pd.__version__}, numpy {np.__version__}")
        print(f"{'case':12}{'who':32}{'seconds':>11}{'ratio':>9}{'peak MB':>9}{'runs':>6}  note")
    lines = []
    for case in arguments.case or CASES:
        for line in CASES[case]():
            lines.append(line)
            if not arguments.json:
                ratio = "" if line.ratio is None else f"{line.ratio:,.2f}"
                numbers = f"{line.seconds:>11.5f}{ratio:>9}{line.peak_mb:>9.0f}{line.runs:>6}"
                print(f"{line.case:12}{line.who:32}{numbers}  {line.note}", flush=True)
    if arguments.json:
        print(json.dumps([line._asdict() for line in lines], indent=1))
    return 0


if __name__ == "__main__":
    sys.exit(main())
