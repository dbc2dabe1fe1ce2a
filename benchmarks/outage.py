"""What is left of an outage: a program captures while the server is down, ends, and is started again when it is back.

    program: python outage.py '{"client": "sentry-sdk", "port": 8000, "options": {}, "events": 100, "end": "kill -9"}'

`end` is how the program ends: "exit", "kill -9", or "" for the second start, which captures nothing and lives until its
stdin ends.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))

EVENTS = 100
PATIENCE = 25.0
"""Seconds that the second start has: Raven delivers ten events per second that waited on disk."""
ENDS = {"exit": "ends", "kill -9": "is killed"}
ROWS: dict[str, tuple[str, dict[str, Any]]] = {
    "Raven, SpooledHTTPTransport": ("raven", {"transport": "spooled"}),
    "Raven, ThreadedHTTPTransport": ("raven", {}),
    "sentry-sdk": ("sentry-sdk", {}),
    "raven 6.10": ("raven 6.10", {}),
}


def arrived(row: str, end: str, *, outage: bool = True) -> int:
    """How many of the events have arrived in the end. Without an outage: all, or it is not the outage that loses them."""
    from environments import interpreter, variables
    from server import Server

    client, options = ROWS[row]
    with tempfile.TemporaryDirectory() as parent, Server() as server:
        given = {"client": client, "port": server.port, "events": EVENTS, "options": dict(options)}
        if options.get("transport") == "spooled":
            given["options"]["spool"] = f"{parent}/spool"
        if outage:
            server.stop_listening()
        command = [interpreter(client), __file__]
        quiet = {"env": variables(client), "stderr": subprocess.DEVNULL}
        first = subprocess.run([*command, json.dumps({**given, "end": end})], timeout=120, **quiet)
        _must_have_ended(row, first.returncode, end)
        if outage:
            server.begin()
        again = [*command, json.dumps({**given, "events": 0, "end": ""})]
        with subprocess.Popen(again, stdin=subprocess.PIPE, **quiet) as second:
            deadline = time.monotonic() + PATIENCE
            while (count := int(server.tally()["delivered"])) < EVENTS and time.monotonic() < deadline:
                time.sleep(0.1)
            second.communicate()
        _must_have_ended(row, second.returncode)
        return count


def _must_have_ended(row: str, code: int, end: str = "exit") -> None:
    """A program that failed has captured nothing, which is no loss."""
    if code != (-signal.SIGKILL if end == "kill -9" else 0):
        raise SystemExit(f"{row}: its program failed ({code})")


def _program(client: str, port: int, options: dict[str, Any], events: int, end: str) -> None:
    import clients
    import work

    started = clients.start(client, port, options)
    for number in range(events):
        started.message(work.text(number))
    if end == "kill -9":
        os.kill(os.getpid(), signal.SIGKILL)
    if not end:
        sys.stdin.read()


if __name__ == "__main__":
    _program(**json.loads(sys.argv[1]))
