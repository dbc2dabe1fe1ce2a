"""Processes that are killed at any moment, while they capture. In the long form: `python -m tests.faults.killed 1000`.

Four processes at a time share a folder. Each captures as fast as it can, and says which captures have returned, until it is
killed with `kill -9` at a random moment; then another one begins. In the end what they left is delivered by one more.
"""

from __future__ import annotations

import os
import random
import subprocess
import sys
import tempfile
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from raven.testing.counting_server import CountingServer

CROWD = 4
WORKERS = 2

_NURSERY = """
import os, random, select, signal, sys, time
import raven.spool.pump, sqlite3, urllib3  # here, so that no child has to
from raven import Client
from raven.pipeline import Serialize, Stack
from raven.sinks.memory import MemorySink
from raven.transport.spooled import SpooledHTTPTransport as T

dsn, kills, seed = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
random.seed(seed)
Client("http://a@localhost/1", Stack(Serialize(), sink=MemorySink())).capture_message("the first one imports")

def live(ready):
    client = Client(dsn, T, install_sys_hook=False)
    while True:
        event_id = client.capture_message("x" * random.choice([10, 100, 1000, 20000]))
        os.write(1, event_id.encode() + b"\\n")
        os.write(ready, b".")
        if random.random() < 0.2:
            time.sleep(0.001)

for _ in range(kills):
    reading, ready = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        try:
            live(ready)
        finally:
            os._exit(1)
    os.close(ready)
    if random.random() < 0.8:  # else before, or while, the file is made
        select.select([reading], [], [])
    time.sleep(random.uniform(0.0, 0.08))
    os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    os.close(reading)
    assert status == signal.SIGKILL, status
"""

_HEIR = """
import os, sys, time
from raven import Client
from raven.transport.spooled import SpooledHTTPTransport as T

dsn, folder, seconds = sys.argv[1], sys.argv[2], float(sys.argv[3])
client = Client(dsn, T)
deadline = time.monotonic() + seconds
while os.listdir(folder) and time.monotonic() < deadline:
    time.sleep(0.05)
client.close()
assert not os.listdir(folder), os.listdir(folder)
"""


@dataclass(frozen=True)
class Outcome:
    """`returned`: ids of the captures that had returned. `arrived`: how often the server got each."""

    returned: set[str]
    arrived: Counter[str]
    kills: int

    @property
    def lost(self) -> set[str]:
        return self.returned - set(self.arrived)

    @property
    def repeated(self) -> int:
        return sum(self.arrived.values()) - len(self.arrived)

    @property
    def in_flight(self) -> int:
        """The most that may arrive twice: what the workers and the one that replays had under way at each kill."""
        return self.kills * (WORKERS + 1)


def kill(kills: int, *, patience: float = 60.0, seed: int | None = None) -> Outcome:
    """Kill so many processes, have the rest delivered, and tell what came of their captures."""
    seed = random.randrange(10**9) if seed is None else seed
    with tempfile.TemporaryDirectory() as parent, CountingServer() as server:
        folder = os.path.join(parent, "spool")
        dsn = f"{server.dsn}?spool={folder}&workers={WORKERS}&timeout=20&replay_pause=0"
        shares = [kills // CROWD + (each < kills % CROWD) for each in range(CROWD)]
        outputs = [os.path.join(parent, f"returned-{each}") for each in range(CROWD)]
        nurseries = []
        try:
            for each, output in enumerate(outputs):
                command = [sys.executable, "-c", _NURSERY, dsn, str(shares[each]), str(seed + each)]
                with open(output, "wb") as file:
                    nurseries.append(subprocess.Popen(command, stdout=file))
            codes = [nursery.wait(3_600) for nursery in nurseries]
            assert not any(codes), codes
        finally:
            for nursery in nurseries:
                nursery.kill()
        returned = {line for output in outputs for line in Path(output).read_text().split()}
        heir = [sys.executable, "-c", _HEIR, dsn, folder, str(patience)]
        subprocess.run(heir, check=True, timeout=patience + 30)
        return Outcome(returned, Counter(each.event_id for each in server.received), kills)


if __name__ == "__main__":
    outcome = kill(int(sys.argv[1]), patience=3_000.0)
    print(f"{outcome.kills} kills, {len(outcome.returned)} captures returned, {len(outcome.arrived)} events arrived")
    print(f"{len(outcome.lost)} lost, {outcome.repeated} arrived twice (at most {outcome.in_flight} were in flight)")
    sys.exit(bool(outcome.lost) or outcome.repeated > outcome.in_flight)
