"""What the spool costs a capture, and how fast it drains.

    python benchmarks/spool.py [events in the backlog]

Prints, for each durability, the time of a call to `capture_message` in four processes at once that have a folder in common,
with no server there; and, for growing backlogs, how many events per second `raven spool drain` delivers to a server on
loopback that answers at once. Give 1000000 for the whole of it; the default takes a minute.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import time

from raven.cli import spool as command
from raven.dsn import Dsn
from raven.events.event import new_event_id
from raven.request import Request
from raven.spool import files
from raven.spool.folder import fingerprint

SERVER = r"""
import socket, threading
listening = socket.create_server(("127.0.0.1", 0), backlog=512)
print(listening.getsockname()[1], flush=True)

def serve(connection):
    buffer = b""
    while True:
        while (end := buffer.find(b"\r\n\r\n")) < 0:
            chunk = connection.recv(262144)
            if not chunk:
                return
            buffer += chunk
        head = buffer[:end].lower()
        at = head.index(b"content-length:") + 15
        needed = end + 4 + int(head[at : head.find(b"\r\n", at) if b"\r\n" in head[at:] else None])
        while len(buffer) < needed:
            buffer += connection.recv(262144)
        buffer = buffer[needed:]
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")

while True:
    threading.Thread(target=serve, args=(listening.accept()[0],), daemon=True).start()
"""

CAPTURER = """
import sys, time
from raven import Client
from raven.transport.spooled import SpooledHTTPTransport
from raven.transport.threaded import ThreadedHTTPTransport

folder, durability, events = sys.argv[1], sys.argv[2], int(sys.argv[3])
dsn, transport = "http://key@127.0.0.1:9/1", ThreadedHTTPTransport
if durability != "none":
    dsn, transport = f"{dsn}?spool={folder}&durability={durability}&spool_events=1000000", SpooledHTTPTransport
client = Client(dsn, transport, install_sys_hook=False)
client.capture_message("the first one makes the file")
times = []
for number in range(events):
    before = time.perf_counter()
    client.capture_message("message")
    times.append(time.perf_counter() - before)
    time.sleep(0.001)
print(*times)
client.close(0)
"""
PROCESSES = 4


def captures(durability: str, events: int) -> list[float]:
    with tempfile.TemporaryDirectory() as parent:
        arguments = [sys.executable, "-c", CAPTURER, f"{parent}/spool", durability, str(events)]
        running = [subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True) for _ in range(PROCESSES)]
        return sorted(float(word) for each in running for word in each.communicate()[0].split())


def fill(folder: str, dsn: Dsn, events: int) -> None:
    """As programs that were killed have left it: files of up to 100,000 events."""
    body = json.dumps({"message": "it failed", "level": "error", "tags": {"shop": "north"}, "extra": {"x": "y" * 250}})
    left = events
    while left > 0:
        file = files.make(folder, fingerprint(dsn), durable=False)
        for number in range(1, min(left, 100_000) + 1):
            file.store.put(number, Request(new_event_id(), body=body.encode()), time.time())
        file.let_go()
        left -= 100_000


def drained(dsn: str, events: int) -> float:
    """Events per second."""
    folder = tempfile.mkdtemp()
    try:
        fill(folder, Dsn.parse(dsn), events)
        out = io.StringIO()
        options = argparse.Namespace(
            action="drain", folder=folder, dsn=dsn, replay_dead=False, workers=1, patience=10.0
        )
        began = time.perf_counter()
        code = command.run(options, out)
        seconds = time.perf_counter() - began
        if code != 0 or os.listdir(folder):
            raise SystemExit(f"it was not drained: {out.getvalue()}")
        return events / seconds
    finally:
        shutil.rmtree(folder)


def main() -> None:
    most = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    print(f"{platform.python_implementation()} {platform.python_version()}, {platform.machine()}")
    print(f"{'durability':>12} {'p50 us':>8} {'p99 us':>8} {'worst ms':>9}")
    for durability in ("none", "process", "power"):
        times = captures(durability, 3_000)
        p50, p99, worst = times[len(times) // 2] * 1e6, times[len(times) * 99 // 100] * 1e6, times[-1] * 1e3
        print(f"{durability:>12} {p50:>8.0f} {p99:>8.0f} {worst:>9.1f}")
    print(f"{'backlog':>12} {'events/s':>9}")
    with subprocess.Popen([sys.executable, "-c", SERVER], stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        dsn = f"http://key@127.0.0.1:{int(server.stdout.readline())}/1"
        for events in (each for each in (10_000, 100_000, 1_000_000) if each <= most):
            print(f"{events:>12} {drained(dsn, events):>9.0f}")
        server.kill()


if __name__ == "__main__":
    main()
