"""How fast is Raven, beside other clients?

    python benchmarks/run.py --rounds 5 --readme

Installs the other clients from the package index, each into a virtual environment of its own in ~/.cache/raven-benchmarks,
and runs all of them and this checkout's Raven in turn, in each round, against one server on loopback. Prints tables of
medians and of what became of the goals. It needs Linux, and an otherwise idle machine with two cores or more.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
import time
from typing import Any

from environments import CACHE
from measure import Figures, measure
from plan import runs
from server import Server


def main() -> None:
    """Measure, and report."""
    given = _arguments()
    file = CACHE / "results.json"
    results = _measured(given)
    CACHE.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(results))
    for key, rounds in results["runs"].items():
        print(key, [{k: v for k, v in each.items() if k not in ("sample",)} for each in rounds][:1])


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5, help="how often everything is run (default 5)")
    parser.add_argument("--only", metavar="TEXT", action="append", help="only runs with this in their name")
    parser.add_argument("--million", action="store_true", help="see what the millionth event costs, too")
    parser.add_argument("--quick", action="store_true", help="Raven only, one round, few events: does it all work?")
    return parser.parse_args()


def _measured(given: argparse.Namespace) -> dict[str, Any]:
    wanted = [
        run
        for run in runs(quick=given.quick, million=given.million, peers=not given.quick)
        if not given.only or any(text in run.key for text in given.only)
    ]
    seen: dict[str, list[Figures]] = {run.key: [] for run in wanted}
    rounds = 1 if given.quick else given.rounds
    with Server() as server:
        for number in range(1, 1 + rounds):
            for run in wanted:
                began = time.monotonic()
                seen[run.key].append(measure(run, server))
                print(f"round {number}, {run.key}: {time.monotonic() - began:.1f} s", file=sys.stderr)
    return {"runs": seen, "machine": _machine(), "rounds": rounds}


def _machine() -> str:
    with open("/proc/cpuinfo") as processors:
        names = {line.partition(":")[2].strip() for line in processors if line.startswith("model name")}
    return f"CPython {platform.python_version()}, {os.cpu_count()} cores, {' '.join(names) or platform.machine()}"


if __name__ == "__main__":
    main()
