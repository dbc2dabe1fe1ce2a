"""The medians of what was seen, and how they are written."""

from __future__ import annotations

import statistics
from typing import Any


class Results:
    """What `run.py` has measured: `runs` has a list of figures, one for each round, by the key of a run; `parts` has the
    seconds of CPU time of the micro-benchmarks, by name, and `wall` those of the clock, the median of all rounds."""

    def __init__(self, results: dict[str, Any]) -> None:
        self.runs: dict[str, list[dict[str, Any]]] = results["runs"]
        self.parts, self.wall = (
            {name: statistics.median(rounds) for name, rounds in results[which].items()} for which in ("parts", "wall")
        )
        self.machine: str = results["machine"]
        self.rounds: int = results["rounds"]

    def ran(self, key: str) -> bool:
        """Whether there are figures of this run."""
        return key in self.runs and all("failure" not in each for each in self.runs[key])

    def failure(self, key: str) -> str:
        """Why there are none."""
        return next((str(each["failure"]) for each in self.runs.get(key, ()) if "failure" in each), "not run")

    def value(self, key: str, name: str) -> float:
        """The median of a figure."""
        return statistics.median(self._all(key, name))

    def text(self, key: str, name: str, unit: float = 1.0) -> str:
        """The median of a figure and, in brackets, the least and the greatest, in this unit."""
        if not self.ran(key):
            return "-"
        every = self._all(key, name)
        middle, least, most = (each / unit for each in (statistics.median(every), min(every), max(every)))
        return short(middle) if len(every) == 1 else f"{short(middle)} ({short(least)}-{short(most)})"

    def first(self, key: str) -> dict[str, Any]:
        """The figures of the first round."""
        return self.runs[key][0]

    def lost(self, key: str) -> float:
        """The share of what was captured that never came, in all rounds. None, where that isn't looked at."""
        if "delivered" not in self.first(key):
            return 0.0
        made, came = (sum(self._all(key, name)) for name in ("made", "delivered"))
        return 1 - came / made

    def rows(self, section: str) -> list[str]:
        """The rows of a section, in the order of the plan."""
        return list(dict.fromkeys(key.split("/")[1] for key in self.runs if key.startswith(f"{section}/")))

    def _all(self, key: str, name: str) -> list[float]:
        return [each[name] for each in self.runs[key]]


MICRO, MILLI = 1e-6, 1e-3
KIB, MIB = 1 << 10, 1 << 20


def short(number: float) -> str:
    """Three digits are enough."""
    if abs(number) >= 99.95:
        return f"{number:,.0f}"
    return f"{number:.1f}" if abs(number) >= 9.995 else f"{number:.2f}"


def ratio(ours: float, theirs: float) -> str:
    """How many times theirs, or the part of theirs."""
    return f"{ours / theirs:.2f}" if ours >= theirs else f"1/{theirs / ours:.1f}"


def table(head: list[str], rows: list[list[str]]) -> str:
    """In markdown."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
