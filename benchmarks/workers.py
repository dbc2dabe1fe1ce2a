"""How many workers should the queue of the threaded transport have?

Sends messages through `ThreadedHTTPTransport` to a loopback server that takes some time to answer, with different numbers
of workers, and prints a table: events per second until the server has answered all, CPU time per event in the sending
process, and the time of a call to `capture_message`.

    python benchmarks/workers.py
"""

from __future__ import annotations

import platform
import statistics
import subprocess
import sys
import time

from raven import Client
from raven.transport.threaded import ThreadedHTTPTransport

SERVER = r"""
import socket, sys, threading, time
latency = float(sys.argv[1])
listening = socket.create_server(("127.0.0.1", 0), backlog=512)
print(listening.getsockname()[1], flush=True)

def serve(connection):
    lines = connection.makefile("rb")
    while lines.readline():
        length = 0
        while (line := lines.readline()) != b"\r\n":
            if line.lower().startswith(b"content-length:"):
                length = int(line.split(b":")[1])
        lines.read(length)
        if latency:
            time.sleep(latency)
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")

while True:
    threading.Thread(target=serve, args=(listening.accept()[0],), daemon=True).start()
"""

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
        command = [sys.executable, "-c", SERVER, str(latency)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
            assert server.stdout is not None
            port = int(server.stdout.readline())
            for workers in (1, 2, 4, 8, 16, 32):
                runs = zip(*(measure(port, workers, events) for _ in range(ROUNDS)), strict=True)
                rate, cpu, p50, p99 = map(statistics.median, runs)
                print(f"{latency * 1e3:>7.0f} ms {workers:>8} {rate:>9.0f} {cpu:>8.0f} {p50:>7.0f} {p99:>7.0f}")
            server.kill()


if __name__ == "__main__":
    main()
