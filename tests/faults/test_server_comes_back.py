"""A server that is not there for a while costs no event and no order, and is not hammered meanwhile."""

from __future__ import annotations

import time
from collections import deque

from raven.ledger import Stats
from raven.pipeline import Breaker, Stack, stage
from raven.request import Request, Response, Send
from raven.testing.counting_server import CountingServer
from raven.testing.http_server import refusing_port
from raven.testing.process import poll
from tests.faults.conftest import at_home

EVENTS = 10
TRIES = 9


def test_all_is_delivered_in_its_order_when_it_is_there_again(queued: type[Stack]) -> None:
    tried: deque[float] = deque()

    @stage
    async def watch(request: Request, send: Send) -> Response:
        tried.append(time.monotonic())
        return await send(request)

    port = refusing_port()
    stack = queued(workers=1, backoff=0.01, attempts=1_000, breaker_pause=0.02, total_timeout=60.0, timeout=20.0)
    client = at_home(f"http://public@127.0.0.1:{port}/1", stack.after(Breaker, watch))
    sent = [client.capture_message(f"{number}") for number in range(EVENTS)]
    assert poll(lambda: len(tried) >= TRIES or None, 20)
    assert client.stats() == Stats(accepted=EVENTS, pending=EVENTS)
    # After the first five tries, each pause is about twice as long as the one before, and no shorter than half of that.
    assert tried[TRIES - 1] - tried[4] >= 0.01 + 0.02 + 0.04 + 0.08
    with CountingServer(port=port) as server:
        assert client.close(40)
        assert [each.event_id for each in server.received] == sent
    assert client.stats() == Stats(accepted=EVENTS, delivered=EVENTS)
