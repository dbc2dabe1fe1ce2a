"""Many events on their way at once: all are delivered or counted, whatever becomes of the transport meanwhile."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

from raven import Client
from raven.pipeline import Queue, Stack
from raven.testing.conformance.transports import home_of
from raven.testing.counting_server import CountingServer

EVENTS = 1_000


def workers_of(transport: type[Stack]) -> int:
    """How many of its workers may deliver at once."""
    (queue,) = (stage for stage in transport.stages if isinstance(stage, Queue))
    return queue.workers


def at_home(dsn: str, transport: type[Stack]) -> Client:
    """A client that was made where its transport lives."""
    return home_of(transport.sink).call(lambda: Client(dsn, transport))


def test_a_thousand_from_many_threads_arrive_once_each(queued: type[Stack]) -> None:
    with CountingServer() as server:
        with at_home(f"{server.dsn}?timeout=20&total_timeout=60", queued) as client:
            with ThreadPoolExecutor(8) as threads:
                sent = list(threads.map(lambda number: client.capture_message(f"{number}"), range(EVENTS)))
            assert client.flush(60)
        assert server.counts == dict.fromkeys(sent, 1)
        assert client.stats().delivered == EVENTS
        assert server.connections <= workers_of(queued)


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
