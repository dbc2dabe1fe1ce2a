"""How many workers should the queue of the threaded transport have?

Sends messages through `ThreadedHTTPTransport` to a loopback server that takes some time to answer, with different numbers
of workers, and prints a table: events per second until the server has answered all, CPU time per event in the sending
process, and the time of a call to `capture_message`.

    python benchmarks/workers.py
"""

from __future__ import annotations

import platform
import statistics
import time

from server import Server

from raven import Client
from raven.transport.threaded import ThreadedHTTPTransport

ROUNDS = 3


def measure(port: int, workers: int, events: int) -> tuple[float, float, float, float]:
    transport = ThreadedHTTPTransport(workers=workers, queue_size=events + 1, connections=max(10, workers), timeout=5)
    calls = []
    with Client(f"http://key@127.0.0.1:{port}/1", transport) as client:
        client.capture_message("the first one connects")
        client.flush()
        wall, cpu = time.perf_counter(), time.process_time()
        for number in range(events):
            before = time.perf_counter()
            client.capture_message(f"message {number}")
            calls.append(time.perf_counter() - before)
        if not client.flush(600):
            raise SystemExit(f"events were lost: {client.stats()}")
        wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    calls.sort()
    return events / wall, cpu / events * 1e6, calls[events // 2] * 1e6, calls[events * 99 // 100] * 1e6


def main() -> None:
    print(f"{platform.python_implementation()} {platform.python_version()}, {platform.machine()}, median of {ROUNDS}")
    print(f"{'server':>10} {'workers':>8} {'events/s':>9} {'CPU us':>8} {'p50 us':>7} {'p99 us':>7}")
    for latency, events in ((0.0, 3_000), (0.1, 200)):
        with Server() as server:
            server.begin(latency)
            for workers in (1, 2, 4, 8, 16, 32):
                runs = zip(*(measure(server.port, workers, events) for _ in range(ROUNDS)), strict=True)
                rate, cpu, p50, p99 = map(statistics.median, runs)
                print(f"{latency * 1e3:>7.0f} ms {workers:>8} {rate:>9.0f} {cpu:>8.0f} {p50:>7.0f} {p99:>7.0f}")


if __name__ == "__main__":
    main()
