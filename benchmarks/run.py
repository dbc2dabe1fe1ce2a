"""How fast is Raven, beside other clients?

    python benchmarks/run.py --rounds 5 --readme

Installs the other clients from the package index, each into a virtual environment of its own in ~/.cache/raven-benchmarks,
and runs all of them and this checkout's Raven in turn, in each round, against one server on loopback. Prints tables of
medians and of what became of the goals; with --readme, writes them into benchmarks/speed.md, the plot into
benchmarks/speed.svg, and both in short into the README. It needs Linux, and an otherwise idle machine with two cores.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import re
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from pathlib import Path
from typing import Any

import environments
from environments import CACHE, ROOT, interpreter, variables
from figures import Results
from goals import goal_table, is_ours
from measure import Figures, measure
from plan import runs
from plot import plot
from report import described, report, summary
from server import Server

README = ROOT / "README.md"
BLOCK = re.compile(r"(<!-- speed: .*? -->\n).*?(<!-- end of speed -->)", re.DOTALL)
"""What run.py writes there, and what stands around it."""


def main() -> None:
    """Measure, and report."""
    given = _arguments()
    if given.quick:
        environments.made.update({"raven": sys.executable, "raven transports": sys.executable})
    kept = CACHE / "results.json"
    if given.again:
        measured = json.loads(kept.read_text())
    else:
        CACHE.mkdir(parents=True, exist_ok=True)
        measured = _measured(given)
        if not given.quick:
            kept.write_text(json.dumps(measured))
    results = Results(measured)
    print(report(results))
    if given.readme:
        _write(results)
    failed = [key for key in measured["runs"] if is_ours(key) and (not results.ran(key) or results.lost(key))]
    if failed:
        raise SystemExit(f"these failed, or lost events: {', '.join(failed)}")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5, help="how often everything is run (default 5)")
    parser.add_argument(
        "--only", metavar="TEXT", action="append", help="runs with this in their names only; may be repeated"
    )
    parser.add_argument("--million", action="store_true", help="see what the millionth event costs, too")
    parser.add_argument("--quick", action="store_true", help="Raven only, in this interpreter, few events")
    parser.add_argument("--again", action="store_true", help="run nothing, and report what the last run saw")
    parser.add_argument("--readme", action="store_true", help="write the report into the files that have it")
    return parser.parse_args()


def _measured(given: argparse.Namespace) -> dict[str, Any]:
    wanted = [
        run
        for run in runs(quick=given.quick, million=given.million, peers=not given.quick)
        if not given.only or any(text in run.key for text in given.only)
    ]
    for name in dict.fromkeys(run.environment for run in wanted):
        interpreter(name)  # made before anything is measured
    seen: dict[str, list[Figures]] = {run.key: [] for run in wanted}
    parts: dict[str, list[float]] = defaultdict(list)
    wall: dict[str, list[float]] = defaultdict(list)
    rounds = 1 if given.quick else given.rounds
    for number in range(1, 1 + rounds):
        with Server() as server:
            for run in wanted:
                began = time.monotonic()
                seen[run.key].append(measure(run, server))
                print(f"round {number}, {run.key}: {time.monotonic() - began:.1f} s", file=sys.stderr)
        if not given.only or "parts" in given.only:
            _parts(parts, "micro", "process_time", quick=given.quick)
            if not given.quick:
                _parts(wall, "micro/test_sinks.py", "perf_counter", quick=False)
    return {"runs": seen, "parts": parts, "wall": wall, "machine": machine(), "rounds": rounds}


def _parts(found: dict[str, list[float]], where: str, timer: str, *, quick: bool) -> None:
    """Run micro-benchmarks. The seconds of a call, the median, are added to those that were found before, by name."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "parts.json")
        command = [
            interpreter("raven transports"),
            "-m",
            "pytest",
            "-q",
            "-p",
            "no:cacheprovider",
            f"benchmarks/{where}",
        ]
        options = ["--benchmark-disable"] if quick else [f"--benchmark-json={file}", f"--benchmark-timer=time.{timer}"]
        subprocess.run([*command, *options], cwd=ROOT, env=variables("raven transports"), stdout=sys.stderr, check=True)
        seen = [] if quick else json.loads(file.read_text())["benchmarks"]
    for each in seen:
        extra = each["extra_info"]
        for name, seconds in {extra["name"]: each["stats"]["median"], **extra["beside"]}.items():
            found[name].append(seconds / extra["calls"])


def _write(results: Results) -> None:
    here = Path(__file__).parent
    (here / "speed.md").write_text(report(results), encoding="utf-8")
    (here / "speed.svg").write_text(plot(results), encoding="utf-8")
    text = f"{described(results)}.\n\n{summary(results)}\n\n{goal_table(results)}\n"
    README.write_text(BLOCK.sub(lambda found: found[1] + text + found[2], README.read_text("utf-8")), encoding="utf-8")


def machine() -> str:
    with open("/proc/cpuinfo") as processors:
        names = {line.partition(":")[2].strip() for line in processors if line.startswith("model name")}
    return f"CPython {platform.python_version()}, {os.cpu_count()} cores, {' '.join(names) or platform.machine()}"


if __name__ == "__main__":
    main()
