"""A program that captures events, and says what that cost it. It runs in the environment of the client that it uses.

    echo 1000 | python program.py '{"client": "sentry-sdk", "port": 8000, "work_kind": "message"}'

It warms up, prints a line, and reads from stdin how many events to capture: each line is a turn. It captures them in bursts
of 100 (the length of sentry-sdk's queue, the shortest that any client has by default, so that none has to drop events), and
after each waits until the client has nothing under way any more. The warm-up and the raising of the exceptions are not part
of what is measured. With a `pause` it waits for so many seconds instead, whatever becomes of the events. It ends with its
stdin, without its exit handlers. The events are numbered from `first`.

Prints JSON after each turn: `calls`, the seconds of each capture; `bursts`, the moment at which each of them began; `cpu`,
seconds that the whole process used; `rss` and `peak`, bytes of memory after the warm-up, and at most; `idle`, bytes before
the client was imported.
"""

from __future__ import annotations

import gc
import json
import os
import sys
import time
import traceback
from array import array
from typing import Any

BURST = 100
MOST_SECONDS = 10.0
"""After which no new burst begins, unless the program is told otherwise."""


def main() -> None:
    given = json.loads(sys.argv[1])
    transport = given.get("options", {}).get("transport", "")
    import habitats

    habitats.patch(transport)
    import clients
    import work

    async def run(sleep: clients.Sleep) -> None:
        await _measure(clients, work, sleep, **given)

    habitats.live(transport, run)


async def _measure(
    clients: Any,
    work: Any,
    sleep: Any,
    client: str,
    port: int,
    work_kind: str = "message",
    options: dict[str, Any] | None = None,
    first: int = 0,
    burst: int = BURST,
    pause: float | None = None,
    seconds: float = MOST_SECONDS,
) -> None:
    idle = _memory("VmRSS")
    started = clients.start(client, port, options or {})
    make, capture = (work.text, started.message) if work_kind == "message" else (work.error, started.exception)
    for number in range(1, 1 + BURST):
        capture(make(-number))
    await started.settle(sleep)
    gc.collect()
    rss = _memory("VmRSS")
    print("warm", flush=True)
    clock = time.perf_counter
    for line in sys.stdin:
        after = first + int(line)
        calls = array("d")  # which the garbage collector need not look through
        bursts: list[float] = []
        cpu, began = 0.0, time.monotonic()
        while first < after and time.monotonic() <= began + seconds:
            subjects = [make(number) for number in range(first, min(first + burst, after))]
            first += len(subjects)
            cpu -= time.process_time()
            bursts.append(time.monotonic())
            for subject in subjects:
                before = clock()
                capture(subject)
                calls.append(clock() - before)
            await (started.settle(sleep) if pause is None else sleep(pause))
            cpu += time.process_time()
        seen = {
            "version": clients.version(started),
            "calls": calls.tolist(),
            "bursts": bursts,
            "burst": burst,
            "cpu": cpu,
            "idle": idle,
            "rss": rss,
            "peak": _memory("VmHWM"),
        }
        print(json.dumps(seen), flush=True)


def _memory(name: str) -> int:
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) << 10 for line in status if line.startswith(f"{name}:"))


if __name__ == "__main__":
    try:
        main()
    except BaseException:
        traceback.print_exc()
        sys.stderr.flush()
        os._exit(1)
    os._exit(0)
