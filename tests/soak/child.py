"""One transport of the soak: `python -m tests.soak.child SECONDS SEED TRANSPORT`."""

from __future__ import annotations

import gc
import os
import random
import sys
import threading
import time
from collections import Counter
from typing import Any

from raven import Client
from raven.outcome import Outcome
from raven.pipeline import Stack
from raven.testing.conformance.transports import TRANSPORTS, home_of
from raven.testing.counting_server import Answer, CountingServer
from raven.testing.process import poll

YEAR = 365 * 86_400.0
FAULTS: tuple[Answer, ...] = (500, 502, 503, 504, 408, 404, 413, 429, 301, "close", "take and close")
QUICK: dict[str, Any] = {
    "timeout": 2.0,
    "backoff": 0.01,
    "longest_backoff": 0.1,
    "breaker_pause": 0.05,
    "longest_limit": 0.1,
    "retry_share": 5.0,
    "total_timeout": 3.0,
}
"""So that a round of faults is soon over."""
MOST_MEMORY = 48.0
"""MiB that the process may have grown by since the first rounds."""


class Soak:
    """A server that fails, and a client of it. `round` has them go through one mix of faults."""

    def __init__(self, transport: type[Stack], dice: random.Random) -> None:
        self._dice = dice
        self._faulty = 0.0
        self._server = CountingServer(self._answer).__enter__()
        self._port = self._server.port
        self._got: set[str] = set()
        self._captured: set[str] = set()
        self._before: set[str] = set()
        self._settled: Counter[str] = Counter()
        self._delivered: set[str] = set()
        made = transport(**QUICK)
        self._client = home_of(made.sink).call(lambda: Client(self._server.dsn, made, on_settled=self._note))
        self.events = 0

    def _answer(self, number: int) -> Answer:
        return self._dice.choice(FAULTS) if self._dice.random() < self._faulty else 200

    def _note(self, event_id: str, outcome: Outcome) -> None:
        self._settled[event_id] += 1
        if outcome.reason is None:
            self._delivered.add(event_id)

    def round(self) -> None:
        """Faults, and then none, until all is settled; then look whether it is true."""
        self._faulty = self._dice.choice([0.0, 0.2, 0.5, 1.0])
        mishap = self._dice.choice([self._nothing, self._gone, self._silent, self._slow])
        threads = [threading.Thread(target=self._capture) for _ in range(3)]
        for thread in threads:
            thread.start()
        mishap()
        for thread in threads:
            thread.join()
        self._client.flush(self._dice.choice([0.0, 0.05]))
        self._faulty = 0.0
        settled = poll(lambda: self._client.flush(5).name != "TIMEOUT" or None, 60)
        assert settled, f"an event is never settled: {self._client.stats()}"
        self._check()

    def _capture(self) -> None:
        for _ in range(self._dice.randrange(40)):
            event_id = self._client.capture_message("soak", extra={"a": "x" * self._dice.randrange(2_000)})
            assert event_id is not None
            self._captured.add(event_id)
            stats = self._client.stats()
            assert stats.accepted == stats.delivered + stats.pending + sum(stats.dropped.values()), stats

    def _nothing(self) -> None:
        pass

    def _gone(self) -> None:
        """Nobody listens for a while."""
        self._server.__exit__(None, None, None)
        self._keep()
        time.sleep(self._dice.uniform(0, 0.2))
        self._server = CountingServer(self._answer, port=self._port).__enter__()

    def _silent(self) -> None:
        self._server.hold()
        time.sleep(self._dice.choice([0.1, 0.5, 2.2]))
        self._server.release()

    def _slow(self) -> None:
        self._server.delay = self._dice.uniform(0, 0.05)
        time.sleep(0.2)
        self._server.delay = 0.0

    def _keep(self) -> None:
        self._got |= set(self._server.counts)
        self._server.received.clear()

    def _check(self) -> None:
        self._keep()
        self.events += len(self._captured)
        stats = self._client.stats()
        assert stats.accepted == self.events, stats
        assert stats.pending == 0, stats
        assert stats.delivered + sum(stats.dropped.values()) == self.events, stats
        assert self._settled == dict.fromkeys(self._captured, 1)
        # A server that is late takes one after its client has given it up.
        assert self._delivered <= self._got <= self._captured | self._before
        self._before = self._captured.copy()
        for each in (self._got, self._captured, self._settled, self._delivered):
            each.clear()

    def end(self) -> None:
        self._client.close(5)
        self._server.__exit__(None, None, None)


def stepped(dice: random.Random) -> None:
    """Have the wall clock jump at any look at it. What asks the interpreter itself, such as datetime, is not concerned."""
    real, shift = time.time, [0.0]

    def jumping() -> float:
        if dice.random() < 0.01:
            shift[0] = dice.uniform(-YEAR, YEAR)
        return real() + shift[0]

    time.time = jumping


def held() -> tuple[int, int]:
    """Threads and open files."""
    gc.collect()
    return threading.active_count(), len(os.listdir("/proc/self/fd"))


def memory() -> float:
    """MiB in use."""
    gc.collect()
    with open("/proc/self/statm") as statm:
        return int(statm.read().split()[1]) * os.sysconf("SC_PAGESIZE") / 2**20


def main(seconds: float, seed: int, name: str) -> None:
    transport = next(each for each in TRANSPORTS if each.__name__ == name)
    dice = random.Random(f"{seed} {name}")
    if name != "TwistedHTTPTransport":  # Twisted's reactor goes by the wall clock, which is a limit that we document
        stepped(dice)
    warm = Soak(transport, dice)  # what is made once for all clients is made here
    for _ in range(2):
        warm.round()
    warm.end()
    time.sleep(0.1)
    before, used = held(), 0.0
    soak, rounds, began = Soak(transport, dice), 0, time.monotonic()
    while time.monotonic() - began < seconds:
        soak.round()
        rounds += 1
        if rounds == 20:
            used = memory()
    grown = memory() - used if used else 0.0
    soak.end()
    after = poll(lambda: held() if held() <= before else None, 10) or held()
    left = f"{before} threads and files before, {after} after, {grown:.0f} MiB more"
    print(f"{name}: {rounds} rounds, {soak.events} events, {left}")
    assert all(now <= then for now, then in zip(after, before, strict=True)), "something is left over"
    assert grown < MOST_MEMORY, "memory grows"


if __name__ == "__main__":
    main(float(sys.argv[1]), int(sys.argv[2]), sys.argv[3])
