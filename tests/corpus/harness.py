"""Runs the programs of the corpus under an SDK, and tells how their events fulfil what they ask for."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import uuid
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from raven.testing.bugsink import Bugsink

Event = dict[str, Any]

FOLDER = Path(__file__).resolve().parent
LONGEST_RUN = 20.0  # seconds, for a program that an SDK does not let end
# To be put behind a DSN: on a machine that is busy with tests, the programs' exits may wait for longer.
RAVEN_OPTIONS = "?timeout=10&shutdown_timeout=15"

_FACT = re.compile(r"# (trait|shows|hides|events|needs|golden)(?: (3\.\d+))?: (.*)")
# What a child gets of the environment: nothing that would change what is in an event.
_INHERITED = ("PATH", "HOME", "LD_LIBRARY_PATH", "SYSTEMROOT")


@dataclass(frozen=True)
class Program:
    """A program of the corpus."""

    path: Path

    @property
    def name(self) -> str:
        return self.path.stem

    @property
    def trait(self) -> str:
        return self._told("trait")[0]

    @property
    def shows(self) -> list[str]:
        return self._told("shows")

    @property
    def hides(self) -> list[str]:
        return self._told("hides")

    @property
    def events(self) -> int:
        return int((self._told("events") or ["1"])[0])

    @property
    def has_golden(self) -> bool:
        return self.events > 0 and not self._told("golden")

    @property
    def can_run(self) -> bool:
        """Whether this Python is new enough for it."""
        return all(_version(needed) <= sys.version_info for needed in self._told("needs"))

    @property
    def golden(self) -> Path:
        return FOLDER / "golden" / f"{self.name}.json"

    @cached_property
    def _facts(self) -> list[tuple[str, str, str]]:
        lines = self.path.read_text(encoding="utf-8").partition('"""\n\n')[2].splitlines()
        comments = lines[: next(number for number, line in enumerate(lines) if not line.startswith("#"))]
        found = [_FACT.fullmatch(comment) for comment in comments]
        if not comments or None in found:
            raise ValueError(f"{self.path}: a line of its header is no fact")
        return [(fact[1], fact[2] or "3.0", fact[3]) for fact in found if fact is not None]

    def _told(self, kind: str) -> list[str]:
        return [text for each, since, text in self._facts if each == kind and _version(since) <= sys.version_info]


def programs(names: list[str] | None = None) -> list[Program]:
    """All programs, or those of these names."""
    found = [Program(path) for path in sorted((FOLDER / "programs").glob("*.py"))]
    unknown = set(names or ()) - {program.name for program in found}
    if unknown:
        raise ValueError(f"there is no program {', '.join(sorted(unknown))}")
    return [program for program in found if not names or program.name in names]


@dataclass(frozen=True)
class Run:
    """A program that has run. `release` is what its events have as their release, and no others."""

    release: str
    output: str


def run(program: Program, sdk: str, dsn: str, temporary: Path, python: str = sys.executable) -> Run:
    """Run a program to its end under an SDK of the folder `sdk`. It may use the folder `temporary`."""
    release = uuid.uuid4().hex
    environment = {name: value for name, value in os.environ.items() if name in _INHERITED} | {
        "LANG": "C.UTF-8",
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONHASHSEED": "0",
        "PYTHONPATH": str(FOLDER / "sdk" / sdk),
        "SENTRY_DSN": dsn,
        "SENTRY_RELEASE": release,
        "TMPDIR": str(temporary),
    }
    with subprocess.Popen(
        [python, program.path.name],
        cwd=program.path.parent,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    ) as process:
        try:
            output, _ = process.communicate(timeout=LONGEST_RUN)
        except subprocess.TimeoutExpired:
            process.kill()
            output = process.communicate()[0] + f"\nkilled after {LONGEST_RUN:g} s".encode()
    return Run(release, output.decode("utf-8", "replace"))


def run_all(
    programs: list[Program],
    sdk: str,
    dsn: str,
    temporary: Path,
    python: str = sys.executable,
    side_by_side: int = 4,
) -> dict[Program, Future[Run]]:
    """Run programs side by side. This returns at once."""
    pool = ThreadPoolExecutor(side_by_side)
    runs = {program: pool.submit(run, program, sdk, dsn, temporary, python) for program in programs}
    pool.shutdown(wait=False)
    return runs


class Stored:
    """The events that have come to a Bugsink since this was made, by their release."""

    def __init__(self, bugsink: Bugsink) -> None:
        self._bugsink = bugsink
        self._seen = set(bugsink.events())
        self._events: list[Event] = []

    def of(self, run: Run) -> list[Event]:
        """What a program has sent that has ended, in the order in which it happened."""
        for event_id in self._bugsink.events():
            if event_id not in self._seen:
                self._seen.add(event_id)
                self._events.append(self._bugsink.event(event_id))
        mine = [event for event in self._events if event.get("release") == run.release]
        return sorted(mine, key=lambda event: str(event.get("timestamp")))


def misses(program: Program, events: list[Event]) -> list[str]:
    """In which ways the events are not what the program asks for."""
    if len(events) != program.events:
        return [f"{len(events)} events instead of {program.events}"]
    return [
        *(f"does not show: {fact}" for fact in lacks(program, events)),
        *(f"does not hide: {secret}" for secret in leaks(program, events)),
    ]


def lacks(program: Program, events: list[Event]) -> list[str]:
    """What the events should show and don't."""
    text = text_of(events)
    return [fact for fact in program.shows if fact not in text]


def leaks(program: Program, events: list[Event]) -> list[str]:
    """What the events should hide and don't."""
    text = text_of(events)
    return [secret for secret in program.hides if secret in text]


def text_of(events: list[Event]) -> str:
    """All keys and values of the events, a line each: `function=main`."""
    return "\n".join(_lines([{key: value for key, value in event.items() if key != "release"} for event in events], ""))


def _lines(value: Any, key: str) -> Iterator[str]:
    if isinstance(value, dict):
        for name, inner in value.items():
            yield name
            yield from _lines(inner, name)
    elif isinstance(value, list):
        for inner in value:
            yield from _lines(inner, key)
    else:
        yield f"{key}={value}"


def _version(text: str) -> tuple[int, ...]:
    return tuple(map(int, text.split(".")))
