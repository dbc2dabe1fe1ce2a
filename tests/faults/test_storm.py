"""A server that answers 503 to everybody is left alone, and gets all that was captured when it is well again."""

from __future__ import annotations

import math
import random
import time
from collections import deque

from raven import Client
from raven.ledger import Stats
from raven.pipeline import Breaker, Stack, stage
from raven.request import Request, Response, Send
from raven.testing.counting_server import Answer, CountingServer
from raven.testing.process import poll
from tests.faults.conftest import at_home

CLIENTS = 10
EVENTS = 100
WORKERS = 8
PROBES = 3
PAUSE = 0.05


def test_each_client_asks_by_one_try_at_a_time_and_loses_nothing(queued: type[Stack]) -> None:
    ill = [503]
    tries: list[deque[float]] = [deque() for _ in range(CLIENTS)]

    def watched(tried: deque[float]) -> Stack:
        @stage
        async def watch(request: Request, send: Send) -> Response:
            tried.append(time.monotonic())
            return await send(request)

        made = queued(workers=WORKERS, breaker_pause=PAUSE, backoff=0.01, timeout=20.0, total_timeout=60.0)
        return made.after(Breaker, watch)

    def answers(number: int) -> Answer:
        return ill[0]

    numbers = random.getstate()
    with CountingServer(answers) as server:
        began = time.monotonic()
        clients: list[Client] = [at_home(server.dsn, watched(tried)) for tried in tries]
        sent = [client.capture_message(f"{number}") for number in range(EVENTS) for client in clients]
        assert poll(lambda: min(map(len, tries)) >= WORKERS + PROBES or None, 20)
        # Four may have failed and all workers be trying when the fifth fails, and threads that fail at the same moment may
        # count as one. Then the pauses double, from half of PAUSE.
        most = WORKERS + 10 + math.log2((time.monotonic() - began) / (PAUSE / 2))
        assert max(map(len, tries)) <= most
        ill[0] = 200
        assert all(client.close(40) for client in clients)
        assert server.counts == dict.fromkeys(sent, 1)
    assert random.getstate() == numbers  # those that the program draws are not for us
    assert {client.stats().delivered for client in clients} == {EVENTS}
    assert clients[0].stats() == Stats(accepted=EVENTS, delivered=EVENTS)
