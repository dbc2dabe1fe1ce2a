"""Why the slowest calls are slow: what else went on while they ran."""

from __future__ import annotations

import gc
import resource
import statistics
import time
from collections.abc import Callable, Iterator
from typing import Any

from figures import MICRO, short, table
from program import BURST
from server import Server

from raven import Client
from raven.transport.threaded import ThreadedHTTPTransport

FIRST = "the first of a burst, after some milliseconds' rest"
COLLECTED = "the garbage collector ran"
SWITCHED = "another thread had the interpreter for a while"
NONE = "nothing of that"


def bursts(client: Client, rounds: int, make: Callable[[int], Any]) -> Iterator[tuple[int, Any]]:
    """What to capture, with its number in its burst. After each burst all is delivered."""
    for _ in range(rounds):
        yield from enumerate([make(number) for number in range(BURST)])
        client.flush()


def tail(rounds: int, make: Callable[[int], Any], capture: Callable[[Client, Any], object]) -> str:
    """A table of calls in bursts, beside the default stack's workers and a server that answers at once: of how many what is
    true, what those take, and their share of the slowest hundredth. A call of which several things are true counts for the
    first.
    """
    collections: list[float] = []

    def note(phase: str, _: object) -> None:
        collections.append(time.perf_counter())

    calls: list[tuple[float, str]] = []
    with Server() as server, Client(f"http://public@127.0.0.1:{server.port}/1", ThreadedHTTPTransport) as client:
        for _, subject in bursts(client, 1, make):
            capture(client, subject)
        gc.callbacks.append(note)
        try:
            for number, subject in bursts(client, rounds, make):
                collections.clear()
                before = resource.getrusage(resource.RUSAGE_THREAD)
                began = time.perf_counter()
                capture(client, subject)
                took = time.perf_counter() - began
                after = resource.getrusage(resource.RUSAGE_THREAD)
                if not number:
                    what = FIRST
                elif collections:
                    what = COLLECTED
                else:
                    what = NONE if after.ru_nvcsw == before.ru_nvcsw else SWITCHED
                calls.append((took, what))
        finally:
            gc.callbacks.remove(note)
    slowest = sorted(calls, reverse=True)[: max(1, len(calls) // 100)]
    rows = []
    for what in (FIRST, COLLECTED, SWITCHED, NONE):
        these = [took for took, name in calls if name == what]
        among = sum(name == what for _, name in slowest) / len(slowest)
        median = short(statistics.median(these) / MICRO) if these else "-"
        rows.append([what, f"{len(these) / len(calls):.1%}", median, f"{among:.0%}"])
    every = [took for took, _ in calls]
    whole = f"all; the 99th percentile is {short(statistics.quantiles(every, n=100)[-1] / MICRO)} us"
    rows.append([whole, "100%", short(statistics.median(every) / MICRO), "100%"])
    return table(["during a call", "of the calls", "median, us", "of the slowest hundredth"], rows)
