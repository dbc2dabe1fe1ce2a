"""Carry out one run, and say in a few figures what was seen."""

from __future__ import annotations

import json
import re
import subprocess
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any

from environments import CACHE, interpreter, variables
from plan import SIZES, Run
from program import BURST
from server import Server
from work import MARKER

HERE = Path(__file__).parent
PATIENCE = 4_000
"""Seconds for one run, at most."""

Figures = dict[str, Any]
"""What one run showed: seconds of a call at the median (`p50`) and at the 99th percentile (`p99`), and of CPU time of the
whole process for each delivered event (`cpu`); events per second (`rate`), until the server had them, the waits between the
bursts left out; how many were `made` and `delivered`; bytes of a delivered event (`wire`, `plain`), of memory (`peak`: more
than before the client was imported; `growth`: more than after the warm-up). Or `failure`, a text."""


def measure(run: Run, server: Server) -> Figures:
    """Run it in its environment, against that server."""
    try:
        return {"start": _starts, "down": _outages, "flat": _ages}.get(run.section, _captures)(run, server)
    except _Failed as failure:
        return {"failure": str(failure)}


def _captures(run: Run, server: Server) -> Figures:
    server.begin(run.delay)
    with _program(run, server) as program:
        seen, tally = program.capture(run.events), server.tally()
        delivered = tally["delivered"]
        if not delivered:
            raise program.failed()
    busy = _busy(seen["bursts"], seen["burst"], dict(tally["arrivals"]))
    return {
        "version": seen["version"],
        **_percentiles(seen["calls"]),
        "made": len(seen["calls"]),
        "peak": seen["peak"] - seen["idle"],
        "server_cpu": tally["cpu"],
        "delivered": delivered,
        "repeated": tally["repeated"],
        "connections": tally["connections"],
        "events_per_request": delivered / tally["requests_with_events"],
        "cpu": seen["cpu"] / delivered,
        "rate": delivered / busy,
        "seconds": busy + run.delay,
        "wire": tally["wire"] / delivered,
        "plain": tally["plain"] / delivered,
        "sample": tally["sample"],
    }


def _outages(run: Run, server: Server) -> Figures:
    """What captures are like while the server is down, and, in turns with that, while another one is up ("up p50", ...)."""
    server.begin()
    with Server() as other, _program(run, server) as up, _program(run, other) as down:
        other.stop_listening()
        turns = [_turn(number, down, up, run.events // run.turns) for number in range(run.turns)]
    figures = {}
    for name, seen in zip(("", "up "), zip(*turns, strict=True), strict=True):
        each = _percentiles([call for turn in seen for call in turn["calls"]])
        each["growth"] = seen[-1]["peak"] - seen[-1]["rss"]
        figures.update({f"{name}{figure}": value for figure, value in each.items()})
    return figures


def _turn(number: int, one: _Program, other: _Program, events: int) -> tuple[dict[str, Any], dict[str, Any]]:
    """What both say. Each is the first one in half of the turns."""
    if number % 2:
        seen = other.capture(events)
        return one.capture(events), seen
    return one.capture(events), other.capture(events)


def _percentiles(calls: list[float]) -> dict[str, float]:
    calls = sorted(calls)
    return {"p50": calls[len(calls) // 2], "p99": calls[len(calls) * 99 // 100]}


def _ages(run: Run, server: Server) -> Figures:
    """What an event costs a program that has `run.events` behind it, and one that has none when their turns begin, which
    are a burst long: the young one is the measure of what the machine is up to just then.

    `cpu` and `young` are seconds of CPU time for an event, of the old one and of the young one, in all turns together;
    `share` is the one as a part of the other.
    """
    server.begin()
    old_cpu = young_cpu = 0.0
    with _program(run, server) as old, _program(run, server, first=2 * max(SIZES)) as young:
        made = len(old.capture(run.events)["calls"])
        for number in range(run.turns):
            of_old, of_young = _turn(number, old, young, BURST)
            old_cpu += of_old["cpu"]
            young_cpu += of_young["cpu"]
        delivered = server.tally()["delivered"]
    each = run.turns * BURST
    return {
        "made": made + 2 * each,
        "delivered": delivered,
        "cpu": old_cpu / each,
        "young": young_cpu / each,
        "share": old_cpu / young_cpu,
    }


class _Failed(Exception):
    """A program did not do what it was to do. Says the first error that it told of, or else the last line."""

    def __init__(self, complaints: str) -> None:
        lines = complaints.strip().splitlines()
        errors = [line for line in lines if _ERROR.match(line) and not MARKER.search(line.encode())]
        super().__init__((errors or lines[-1:] or ["it ended, or nothing arrived, without a word"])[0][:200])


class _Program:
    """`program.py`, warm."""

    def __init__(self, process: subprocess.Popen[str], complaints: IO[str]) -> None:
        assert process.stdin is not None
        assert process.stdout is not None
        self._questions, self._answers, self._complaints = process.stdin, process.stdout, complaints
        self._answer("warm")

    def capture(self, events: int) -> dict[str, Any]:
        """Have it capture so many. What it says of them."""
        with suppress(OSError):  # it has ended, and can't answer either
            self._questions.write(f"{events}\n")
            self._questions.flush()
        seen: dict[str, Any] = json.loads(self._answer("{"))
        return seen

    def failed(self) -> _Failed:
        """What to raise when it did."""
        self._complaints.seek(0)
        return _Failed(self._complaints.read())

    def _answer(self, begins: str) -> str:
        for line in self._answers:
            if line.startswith(begins):  # clients print too
                return line
        raise self.failed()


@contextmanager
def _program(run: Run, server: Server, first: int = 0) -> Iterator[_Program]:
    """Its first event has the number `first`."""
    given = {"client": run.client, "port": server.port, "work_kind": run.work, "first": first, **run.given}
    with tempfile.TemporaryFile("w+") as complaints:
        process = subprocess.Popen(
            [interpreter(run.environment), str(HERE / "program.py"), json.dumps(given)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=complaints,
            text=True,
            cwd=CACHE,  # no repository, of which some clients read the commit
            env=variables(run.environment),
        )
        patience = threading.Timer(PATIENCE, process.kill)
        patience.start()
        try:
            yield _Program(process, complaints)
        finally:
            process.communicate()
            patience.cancel()


def _starts(run: Run, server: Server) -> Figures:
    """`ready` is the seconds to import the client and make it ready, `first` those until the server has a first event."""
    command = [interpreter(run.environment), str(HERE / "start.py"), run.client, str(server.port)]
    ready, first = [], []
    for _ in range(run.events):
        server.begin()
        ran = subprocess.run(
            command,
            capture_output=True,
            text=True,
            cwd=CACHE,
            env=variables(run.environment),
            timeout=PATIENCE,
            check=False,
        )
        arrivals = server.tally()["arrivals"]
        if ran.returncode or not arrivals:
            raise _Failed(ran.stderr)
        seconds, began = map(float, ran.stdout.split())
        ready.append(seconds)
        first.append(arrivals[0][1] - began)
    return {"ready": sorted(ready)[len(ready) // 2], "first": sorted(first)[len(first) // 2]}


def _busy(bursts: list[float], size: int, arrivals: dict[int, float]) -> float:
    """Seconds from the beginning of each burst until the server had all that it ever got of it."""
    seconds = 0.0
    for number, began in enumerate(bursts):
        came = [arrivals[event] for event in range(number * size, (number + 1) * size) if event in arrivals]
        seconds += max(came, default=began) - began
    return seconds


_ERROR = re.compile(r"[\w.]*(Error|Exception|Exit)\b")
