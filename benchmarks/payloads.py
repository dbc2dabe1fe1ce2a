"""What do the events of broken programs tell, and what do they give away: Raven's, and sentry-sdk's?

Runs every program of `tests/corpus` under Raven and under the newest sentry-sdk 2, both with default settings, against
one Bugsink, and prints a markdown table of the facts that their events should show and the secrets that they should hide.
Raven is given its handler for `logging`, which sentry-sdk brings by default. Without an event nothing counts as shown or
hidden. A program that has not ended after 20 seconds is killed.

    python benchmarks/payloads.py

It needs Raven installed with its extra "demo". Sentry-sdk is installed into a virtual environment that is thrown away.
"""

from __future__ import annotations

import platform
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

# The corpus is no part of what is installed.
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from environments import install

import raven
from raven.testing.bugsink import Bugsink
from tests.corpus.harness import Event, Program, Stored, lacks, leaks, programs, run_all


@dataclass(frozen=True)
class Score:
    """How an SDK did with a program."""

    shown: int
    hidden: int
    misses: list[str]

    @classmethod
    def of(cls, program: Program, events: list[Event]) -> Score:
        if len(events) != program.events:
            return cls(0, 0, [f"{len(events) or 'no'} event{'s' * (len(events) > 1)}"])
        lost, leaked = lacks(program, events), leaks(program, events)
        misses = [*(f"lacks `{fact}`" for fact in lost), *(f"has `{secret}`" for secret in leaked)]
        return cls(len(program.shows) - len(lost), len(program.hides) - len(leaked), misses)

    def cell(self, program: Program) -> str:
        counts = f"{_of(self.shown, program.shows)} / {_of(self.hidden, program.hides)}"
        return "; ".join([counts, *self.misses]).replace("|", r"\|")


def _of(number: int, facts: list[str]) -> str:
    return f"{number}/{len(facts)}" if facts else "-"


def main() -> None:
    every = [program for program in programs() if program.can_run]
    with tempfile.TemporaryDirectory() as folder, Bugsink() as bugsink:
        scratch = Path(folder, "scratch")
        scratch.mkdir()
        packages = ["sentry-sdk>=2,<3", *(["exceptiongroup"] if sys.version_info < (3, 11) else [])]
        other = install(Path(folder, "environment"), *packages)
        version = [other, "-c", "import sentry_sdk; print(sentry_sdk.VERSION)"]
        sentry = f"sentry-sdk {subprocess.run(version, check=True, capture_output=True, text=True).stdout.strip()}"
        scores = []
        for sdk, python in (("raven", sys.executable), ("sentry", other)):
            stored = Stored(bugsink)
            runs = run_all(every, sdk, bugsink.dsn, scratch, python, side_by_side=2)
            scores.append([Score.of(program, stored.of(run.result())) for program, run in runs.items()])
    print(f"{platform.python_implementation()} {platform.python_version()}; facts shown / secrets hidden\n")
    print(f"| program | trait | Raven {raven.__version__} | {sentry} |\n|---|---|---|---|")
    for program, *row in zip(every, *scores, strict=True):
        print(f"| {program.name} | {program.trait} | {' | '.join(score.cell(program) for score in row)} |")
    facts, secrets = sum(len(program.shows) for program in every), sum(len(program.hides) for program in every)
    totals = [
        f"{sum(score.shown for score in own)}/{facts} / {sum(each.hidden for each in own)}/{secrets}" for own in scores
    ]
    print(f"| **all** | | {' | '.join(f'**{total}**' for total in totals)} |")
    right = [f"{sum(not score.misses for score in own)}/{len(every)}" for own in scores]
    print(f"| **programs that miss nothing** | | {' | '.join(f'**{count}**' for count in right)} |")


if __name__ == "__main__":
    main()
