"""What is measured: every run of a round."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from clients import TRANSPORTS

MESSAGES, EXCEPTIONS = 2_000, 1_000
LATENCY = 0.1
"""Seconds that the server far away takes."""
DISTANT = 2_000
"""Events to it."""
CONCURRENCY = 100
"""How many of them may be under way at a time, by default, with the transports for loops."""
SIZES = (1_000, 10_000, 100_000, 1_000_000)
STARTS = 3
"""Starts of each client in a round."""
QUEUE_SIZE = 1_000
"""Events that Raven holds at most, by default."""

PEERS = ("raven 6.10", "sentry-sdk", "bugsnag", "rollbar", "elastic-apm", "opentelemetry")


@dataclass(frozen=True)
class Run:
    """One program. `section`, `row` and `work` say what it is for; `given` is what `program.py` gets. `times` is
    how often it is run in a round."""

    section: str
    row: str
    work: str
    environment: str
    client: str
    events: int = 0
    delay: float = 0.0
    given: dict[str, Any] = field(default_factory=dict)
    times: int = 1

    @property
    def key(self) -> str:
        """What tells it from all others."""
        return f"{self.section}/{self.row}/{self.work}"


def runs(*, quick: bool, million: bool, peers: bool) -> Iterator[Run]:
    """All of a round. `quick` is a few events of each kind, to see that everything works; `peers` are the other clients."""
    share = 20 if quick else 1
    others = PEERS if peers else ()
    ours = ("raven", "raven bare") if peers else ("raven",)
    for row in ("raw sockets", *ours, *others):
        environment = "raven" if row == "raw sockets" else row
        client = "raven" if row in ours else row
        yield Run("clients", row, "message", environment, client, MESSAGES // share)
        yield Run("clients", row, "exception", environment, client, EXCEPTIONS // share)
        if row == "raw sockets":
            continue
        yield Run("start", row, "message", environment, client, STARTS)
        for section, stops in (("down", True), ("up", False)):
            given = {"pause": 0.1, "server_stops": stops}
            yield Run(section, row, "message", environment, client, MESSAGES // share, given=given)
            if row in ours:  # for the memory
                yield Run(section, row, "exception", environment, client, MESSAGES // share, given=given)
    for transport in TRANSPORTS:
        given = {"options": {"transport": transport}}
        for client in ("raven", "raven 6.10") if peers and transport != "asyncio" else ("raven",):
            environment = f"{client} transports"
            for work, events in (("message", MESSAGES // 2), ("exception", EXCEPTIONS // 5)):
                yield Run(
                    "transports", f"{client} {transport}", work, environment, client, events // share, given=given
                )
    for transport in ("gevent", "eventlet", "asyncio", "tornado", "twisted"):
        events = DISTANT // share
        given = {"options": {"transport": transport, "queue_size": DISTANT, "timeout": 5}, "burst": DISTANT}
        yield Run("distant", transport, "message", "raven transports", "raven", events, LATENCY, given)
    for size in SIZES if million else SIZES[:-1]:
        if quick and size > SIZES[0]:
            break
        times = 1 if quick else max(1, 50_000 // size)  # what is over soon is disturbed easily
        yield Run("flat", f"{size}", "message", "raven", "raven", size, given={"seconds": 3_600}, times=times)
