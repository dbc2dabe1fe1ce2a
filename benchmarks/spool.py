"""What the spool costs a capture, how fast it drains, and what it saves in an outage.

    python benchmarks/spool.py --backlog 1000000 --readme

Prints, for each durability, the time of a call to `capture_message` in four processes at once that have a folder in common,
with no server there, a thousand calls a second in each; for growing backlogs, how many events per second `raven spool
drain` delivers to a server on loopback that answers at once; and how many events of an outage arrive in the end, beside
other clients (`outage.py`), which are installed from the package index. With --readme the tables go into
benchmarks/spool.md, too.
"""

from __future__ import annotations

import argparse
import io
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from figures import table
from outage import ENDS, EVENTS, ROWS, arrived
from program import BURST
from run import machine
from server import Server
from work import text

from raven.cli import spool as command
from raven.dsn import Dsn
from raven.events.event import new_event_id
from raven.request import Request
from raven.spool import files
from raven.spool.folder import fingerprint

CAPTURER = """
import sys, time
from raven import Client
from raven.transport.spooled import SpooledHTTPTransport
from raven.transport.threaded import ThreadedHTTPTransport

folder, durability, events, burst = sys.argv[1], sys.argv[2], *map(int, sys.argv[3:])
dsn, transport = "http://key@127.0.0.1:9/1", ThreadedHTTPTransport
if durability != "none":
    dsn, transport = f"{dsn}?spool={folder}&durability={durability}&spool_events=1000000", SpooledHTTPTransport
client = Client(dsn, transport, install_sys_hook=False)
client.capture_message("the first one makes the file, and its delivery imports what it needs")
client.flush(2)
times = []
for number in range(events):
    before = time.perf_counter()
    client.capture_message("message")
    times.append(time.perf_counter() - before)
    if number % burst == burst - 1:
        time.sleep(0.001 * burst)
print(*times)
client.close(0)
"""
BODY = b'{"message": "%s", "level": "error", "tags": {"shop": "north"}, "extra": {"x": "%s"}}'
PROCESSES = 4
DURABILITIES = {"none": "no spool", "process": "survives the process", "power": "survives the loss of power"}


def captures(durability: str, events: int, burst: int) -> list[float]:
    with tempfile.TemporaryDirectory() as parent:
        arguments = [sys.executable, "-c", CAPTURER, f"{parent}/spool", durability, str(events), str(burst)]
        running = [subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True) for _ in range(PROCESSES)]
        return sorted(float(word) for each in running for word in each.communicate()[0].split())


def fill(folder: str, dsn: Dsn, events: int, count: int) -> None:
    """As programs that were killed have left it, in so many files."""
    for first in range(0, events, events // count):
        file = files.make(folder, fingerprint(dsn), durable=False)
        for number in range(first, min(first + events // count, events)):
            file.store.put(
                1 + number, Request(new_event_id(), body=BODY % (text(number).encode(), b"y" * 250)), time.time()
            )
        file.let_go()


def drained(server: Server, events: int, count: int) -> float:
    """Events per second."""
    dsn = f"http://key@127.0.0.1:{server.port}/1"
    folder = tempfile.mkdtemp()
    server.begin()
    try:
        fill(folder, Dsn.parse(dsn), events, count)
        out = io.StringIO()
        options = argparse.Namespace(
            action="drain", folder=folder, dsn=dsn, replay_dead=False, workers=None, patience=10.0
        )
        began = time.perf_counter()
        code = command.run(options, out)
        seconds = time.perf_counter() - began
        if code != 0 or os.listdir(folder) or server.tally()["delivered"] != events:
            raise SystemExit(f"it was not drained: {out.getvalue()}")
        return events / seconds
    finally:
        shutil.rmtree(folder)


def main() -> None:
    given = _arguments()
    text = "\n\n".join(_parts(given.backlog)) + "\n"
    print(text, end="")
    if given.readme:
        Path(__file__).with_suffix(".md").write_text(text, encoding="utf-8")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--backlog", type=int, default=100_000, help="events in the largest backlog (default 100000)")
    parser.add_argument("--readme", action="store_true", help="write the tables into benchmarks/spool.md as well")
    return parser.parse_args()


def _parts(most: int) -> Iterator[str]:
    yield "# What the spool costs, and what it saves"
    yield f"Printed by `python benchmarks/spool.py`, whose docstring says what is measured. {machine()}."
    yield (
        f"## A capture, in {PROCESSES} processes at once, the server being down\n\n"
        f"In bursts of {BURST}, as in `run.py`, and singly, where the processor has done something else before each.\n"
        "The first event is not counted: its delivery imports what it needs, which holds up captures of the same moment\n"
        "for up to 30 ms, once in the life of a process.\n\n"
    ) + table(
        ["", *(f"{how}: {figure}" for how in ("burst", "single") for figure in ("p50, us", "p99, us", "worst, ms"))],
        [[title, *_capture_figures(each, BURST), *_capture_figures(each, 1)] for each, title in DURABILITIES.items()],
    )
    yield "## `raven spool drain`, by backlog\n\n" + table(
        ["events", "in files", "events/s", "us per event"], list(_drain_rows(most))
    )
    yield f"## Of {EVENTS} events that a program captures while the server is down, so many arrive\n\n" + table(
        ["", "without an outage", *(f"it {what}, and is started again later" for what in ENDS.values())],
        [[row, f"{arrived(row, 'exit', outage=False)}", *(f"{arrived(row, end)}" for end in ENDS)] for row in ROWS],
    )


def _capture_figures(durability: str, burst: int) -> list[str]:
    times = captures(durability, 3_000, burst)
    p50, p99, worst = times[len(times) // 2] * 1e6, times[len(times) * 99 // 100] * 1e6, times[-1] * 1e3
    return [f"{p50:.0f}", f"{p99:.0f}", f"{worst:.1f}"]


def _drain_rows(most: int) -> Iterator[list[str]]:
    sizes = [each for each in (10_000, 100_000, 1_000_000) if each < most]
    with Server() as server:
        for events, count in [(sizes[-1] if sizes else most, 1), *((each, 10) for each in [*sizes, most])]:
            rate = drained(server, events, count)
            yield [f"{events:,}", f"{count}", f"{rate:,.0f}", f"{1e6 / rate:.0f}"]


if __name__ == "__main__":
    main()
