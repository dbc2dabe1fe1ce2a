"""Where the time of an event goes, in the default stack.

    python benchmarks/parts.py --readme

profiles captures in the program's thread, and their deliveries in a worker, to a server on loopback that answers at once,
and sums up what the functions of each file took of the processor. What a builtin took, a system call too, counts for who
called it; so does what the standard library took. A profiler makes Python code slower and leaves the rest as it is: trust
the order, and not the digits. Then it looks, without a profiler, at what makes calls slow that are slower than others.
"""

from __future__ import annotations

import argparse
import cProfile
import pstats
import time
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import work
from figures import table
from program import BURST
from run import machine
from server import Server
from tail import bursts, tail

import raven
from raven import Client, stage
from raven.pipeline import Queue
from raven.request import Request, Response, Send
from raven.transport.threaded import ThreadedHTTPTransport

HOME = str(Path(raven.__file__).parent) + "/"
LEAST = 0.02
"""The share of a file that is a row of its own."""
Where = tuple[str, int, str]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--readme", action="store_true", help="write the tables into benchmarks/parts.md as well")
    parser.add_argument("--quick", action="store_true", help="measure little, to see that it works")
    given = parser.parse_args()
    rounds = 1 if given.quick else 20
    text = "\n\n".join(
        [
            "# Where the time of an event goes",
            f"Printed by `python benchmarks/parts.py`, whose docstring says how it is measured. {machine()}.",
            _parts("A message", rounds, work.text, Client.capture_message),
            _parts("An exception of 20 frames", rounds, work.error, Client.capture_exception),
        ]
    )
    print(text)
    if given.readme:
        Path(__file__).with_suffix(".md").write_text(text + "\n", encoding="utf-8")


def _parts(title: str, rounds: int, make: Callable[[int], Any], capture: Callable[[Client, Any], object]) -> str:
    caller, worker = cProfile.Profile(), cProfile.Profile(time.thread_time)  # a worker waits, too

    @stage
    async def profiled(request: Request, send: Send) -> Response:
        worker.enable()
        try:
            return await send(request)
        finally:
            worker.disable()

    with Server() as server:
        stack = ThreadedHTTPTransport(workers=1).after(Queue, profiled)
        with Client(f"http://public@127.0.0.1:{server.port}/1", stack) as client:
            for _, subject in bursts(client, 1, make):
                capture(client, subject)
            worker.clear()
            for _, subject in bursts(client, rounds, make):
                caller.enable()
                capture(client, subject)
                caller.disable()
    tables = (_table("in the program's thread", caller, rounds), _table("in a worker", worker, rounds))
    return "\n\n".join([f"## {title}", *tables, tail(rounds, make, capture)])


def _table(where: str, profile: cProfile.Profile, rounds: int) -> str:
    took: defaultdict[str, float] = defaultdict(float)
    stats: Any = pstats.Stats(profile)
    for function, (*_, callers) in stats.stats.items():
        if _is_ours(function):
            took[_name(function)] += stats.stats[function][2]
            continue
        for caller, (*_, own, _) in callers.items():
            took[_owner(stats.stats, caller)] += own
    whole = sum(took.values())
    rows = sorted(((share / whole, name) for name, share in took.items()), reverse=True)
    small = sum(share for share, _ in rows if share < LEAST)
    shown = [[name, f"{share:.0%}"] for share, name in rows if share >= LEAST]
    each = whole / (rounds * BURST) * 1e6
    return table([f"{where} ({each:.0f} us, profiled)", "share"], [*shown, ["all else", f"{small:.0%}"]])


def _owner(stats: dict[Where, Any], function: Where) -> str:
    """The file of ours on whose behalf a function ran: its own, or that of whoever called it most."""
    seen: set[Where] = set()
    while not _is_ours(function) and function not in seen:
        seen.add(function)
        callers = stats[function][4]
        if not callers:
            break
        function = max(callers, key=lambda each: callers[each][3])
    return _name(function) if _is_ours(function) else "Python"


def _is_ours(function: Where) -> bool:
    return function[0].startswith(HOME)


def _name(function: Where) -> str:
    return function[0].removeprefix(HOME)


if __name__ == "__main__":
    main()
