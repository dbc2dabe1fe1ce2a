"""Carry out one run, and say in a few figures what was seen."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path
from typing import Any

from environments import CACHE, interpreter, variables
from plan import Run
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
    if run.section == "start":
        return _starts(run, server)
    server.begin(run.delay)
    given = {"client": run.client, "port": server.port, "work_kind": run.work, "events": run.events, **run.given}
    command = [interpreter(run.environment), str(HERE / "program.py"), json.dumps(given)]
    with subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=CACHE,  # no repository, of which some clients read the commit
        env=variables(run.environment),
    ) as program:
        assert program.stdout is not None
        if run.given.get("server_stops") and program.stdout.readline():
            server.stop_listening()
        printed, complaints = program.communicate("go\n", PATIENCE)
    if program.returncode:
        return {"failure": _complaint(complaints)}
    seen, tally = json.loads(printed.splitlines()[-1]), server.tally()
    calls = sorted(seen["calls"])
    figures = {
        "version": seen["version"],
        "p50": calls[len(calls) // 2],
        "p99": calls[len(calls) * 99 // 100],
        "made": len(calls),
        "peak": seen["peak"] - seen["idle"],
        "growth": seen["peak"] - seen["rss"],
        "server_cpu": tally["cpu"],
    }
    if run.section in ("down", "up"):
        return figures
    delivered = tally["delivered"]
    if not delivered:
        return {"failure": f"nothing arrived: {_complaint(complaints)}"}
    busy = _busy(seen["bursts"], seen["burst"], dict(tally["arrivals"]))
    return {
        **figures,
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
            return {"failure": _complaint(ran.stderr)}
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


def _complaint(text: str) -> str:
    """The first error that a program told of, or else the last line."""
    errors = [line for line in text.splitlines() if _ERROR.match(line) and not MARKER.search(line.encode())]
    return (errors or text.strip().splitlines()[-1:] or [""])[0][:200]


_ERROR = re.compile(r"[\w.]*(Error|Exception|Exit)\b")
