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
TURNS = 10
"""Turns of programs that share the same moments of the machine."""
BURSTS = 50
"""Bursts that an old program has, in turns with a young one."""
STARTS = 3
"""Starts of each client in a round."""
QUEUE_SIZE = 1_000
"""Events that Raven holds at most, by default."""

PEERS = ("raven 6.10", "sentry-sdk", "bugsnag", "rollbar", "elastic-apm", "opentelemetry")


@dataclass(frozen=True)
class Run:
    """One program. `section`, `row` and `work` say what it is for; `given` is what `program.py` gets. `turns` is
    how many it has with another one, where there is another one."""

    section: str
    row: str
    work: str
    environment: str
    client: str
    events: int = 0
    delay: float = 0.0
    given: dict[str, Any] = field(default_factory=dict)
    turns: int = 0

    @property
    def key(self) -> str:
        """What tells it from all others."""
        return f"{self.section}/{self.row}/{self.work}"


def runs(*, quick: bool, million: bool, peers: bool) -> Iterator[Run]:
    """All of a round. `quick` is a few events of each kind, to see that everything works; `peers` are the other clients."""
    share, turns = (20, 1) if quick else (1, TURNS)
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
        given = {"pause": 0.1}
        for work in ("message", "exception") if row in ours else ("message",):  # exceptions for the memory
            yield Run("down", row, work, environment, client, MESSAGES // share, given=given, turns=turns)
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
        given, turns = {"seconds": 3_600}, 10 if quick else BURSTS
        yield Run("flat", f"{size}", "message", "raven", "raven", size, given=given, turns=turns)
