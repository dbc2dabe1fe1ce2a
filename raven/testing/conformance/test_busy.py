"""Many events on their way at once: all are delivered or counted, whatever becomes of the transport meanwhile."""

from __future__ import annotations

import logging
import threading
import uuid
from collections import deque
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from raven import Client, stage
from raven.handlers.logging import SentryHandler
from raven.pipeline import Queue, Sign, Stack
from raven.request import Request, Response, Send
from raven.testing.conformance.transports import home_of
from raven.testing.counting_server import CountingServer

EVENTS = 1_000


def workers_of(transport: type[Stack]) -> int:
    """How many of its workers may deliver at once."""
    (queue,) = (stage for stage in transport.stages if isinstance(stage, Queue))
    return queue.workers


def at_home(dsn: str, transport: type[Stack], stack: Stack | None = None) -> Client:
    """A client that was made where its transport lives. `stack` is one that was made of the transport."""
    return home_of(transport.sink).call(lambda: Client(dsn, stack or transport))


@pytest.fixture
def logger() -> Iterator[logging.Logger]:
    """A logger that nobody else uses."""
    found = logging.getLogger(f"program{uuid.uuid4().hex}")
    found.propagate = False
    yield found
    found.handlers.clear()


def test_a_thousand_from_many_threads_arrive_once_each(queued: type[Stack]) -> None:
    with CountingServer() as server:
        with at_home(f"{server.dsn}?timeout=20&total_timeout=60", queued) as client:
            with ThreadPoolExecutor(8) as threads:
                sent = list(threads.map(lambda number: client.capture_message(f"{number}"), range(EVENTS)))
            assert client.flush(60)
        assert server.counts == dict.fromkeys(sent, 1)
        assert client.stats().delivered == EVENTS
        assert server.connections <= workers_of(queued)


def test_of_more_workers_than_connections_none_waits_until_its_time_is_over(queued: type[Stack]) -> None:
    with CountingServer() as server:
        with at_home(server.dsn, queued) as client:  # the first event imports what it needs
            client.capture_message("first")
        server.received.clear()
        server.delay = 0.005
        with at_home(f"{server.dsn}?connections=2&workers=8&attempts=1&timeout=0.5", queued) as client:
            for number in range(300):
                client.capture_message(f"{number}")
            assert client.flush(30)
        assert client.stats().delivered == len(server.received) == 300


def test_what_is_on_its_way_when_it_is_closed_is_counted(queued: type[Stack]) -> None:
    with CountingServer() as server:
        server.hold()
        client = at_home(f"{server.dsn}?timeout=20&total_timeout=60", queued)
        for number in range(EVENTS):
            client.capture_message(f"{number}")
        server.wait_for(workers_of(queued))  # one for each worker
        assert not client.close(0.1)
        stats = client.stats()
        assert (stats.accepted, stats.pending) == (EVENTS, 0)
        assert stats.delivered + sum(stats.dropped.values()) == EVENTS
        server.release()


def test_two_clients_have_their_own_options(queued: type[Stack]) -> None:
    with CountingServer() as one, CountingServer() as other:
        first = at_home(f"{one.dsn}?encoding=none&connections=1&timeout=20", queued)
        second = at_home(f"{other.dsn}?encoding=gzip&compress_above=0&connections=4&timeout=20", queued)
        with first, second:
            threads = [
                threading.Thread(target=lambda client=client: [client.capture_message("x") for _ in range(50)])
                for client in (first, second)
            ]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            assert first.flush(20)
            assert second.flush(20)
        assert (one.connections, {each.encoding for each in one.received}) == (1, {"none"})
        assert {each.encoding for each in other.received} == {"gzip"}
        assert (len(one.received), len(other.received)) == (50, 50)


def test_what_a_handler_of_log_lines_captures_is_delivered(transport: type[Stack], logger: logging.Logger) -> None:
    class Capturing(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            sent.append(client.capture_message(f"a line: {record.getMessage()}"))

    sent: list[str | None] = []
    logger.addHandler(Capturing())
    with CountingServer() as server:
        client = at_home(f"{server.dsn}?timeout=20", transport)
        for _ in range(5):
            home_of(transport.sink).call(lambda: logger.error("from home"))
            logger.error("from another thread")
        assert client.close(20)
        assert server.counts == dict.fromkeys(sent, 1)
        assert len(sent) == 10


def test_what_a_stage_captures_is_delivered_and_what_it_logs_in_a_delivery_is_not_captured(
    queued: type[Stack], logger: logging.Logger
) -> None:
    sent: list[str | None] = []
    inner: list[str | None] = []
    left = deque(range(20))

    @stage
    async def talkative(request: Request, send: Send) -> Response:
        logger.error("one is sent")
        try:
            left.pop()
        except IndexError:
            return await send(request)
        inner.append(client.capture_message("one is sent"))
        return await send(request)

    with CountingServer() as server:
        client = at_home(f"{server.dsn}?timeout=20", queued, queued().before(Sign, talkative))
        logger.addHandler(SentryHandler(client))
        sent += [client.capture_message(f"{number}") for number in left.copy()]
        server.wait_for(40)
        assert client.close(20)
        assert server.counts == dict.fromkeys(sent + inner, 1)
        assert client.stats().accepted == len(sent + inner) == 40


def test_what_the_program_logs_while_events_are_on_their_way_is_captured(
    queued: type[Stack], logger: logging.Logger
) -> None:
    with CountingServer() as server:
        server.hold()
        client = at_home(f"{server.dsn}?timeout=20", queued)
        logger.addHandler(SentryHandler(client))
        home_of(queued.sink).call(lambda: client.capture_message("on its way"))
        server.wait_for(1)
        home_of(queued.sink).call(lambda: logger.error("from home"))
        logger.error("from another thread")
        server.wait_for(3)
        server.release()
        assert client.close(20)
        assert client.stats().delivered == 3
