"""Many events on their way at once: all are delivered or counted, whatever becomes of the transport meanwhile."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from raven import Client
from raven.transport.threaded import ThreadedHTTPTransport
from raven.transport.threaded_requests import ThreadedRequestsHTTPTransport
from tests.counting_server import CountingServer

Transport = type[ThreadedHTTPTransport] | type[ThreadedRequestsHTTPTransport]
TRANSPORTS: list[Transport] = [ThreadedHTTPTransport, ThreadedRequestsHTTPTransport]
EVENTS = 1_000

all_transports = pytest.mark.parametrize("transport", TRANSPORTS, ids=lambda transport: transport.__name__)


@all_transports
def test_a_thousand_from_many_threads_arrive_once_each(transport: Transport) -> None:
    with CountingServer() as server:
        with Client(f"{server.dsn}?timeout=20&total_timeout=60", transport) as client:
            with ThreadPoolExecutor(8) as threads:
                sent = list(threads.map(lambda number: client.capture_message(f"{number}"), range(EVENTS)))
            assert client.flush(60)
        assert server.counts == dict.fromkeys(sent, 1)
        assert client.stats().delivered == EVENTS
        assert server.connections <= 8


@all_transports
def test_what_is_on_its_way_when_it_is_closed_is_counted(transport: Transport) -> None:
    with CountingServer() as server:
        server.hold()
        client = Client(f"{server.dsn}?timeout=20&total_timeout=60", transport)
        for number in range(EVENTS):
            client.capture_message(f"{number}")
        server.wait_for(8)  # one for each worker
        assert not client.close(0.1)
        stats = client.stats()
        assert (stats.accepted, stats.pending) == (EVENTS, 0)
        assert stats.delivered + sum(stats.dropped.values()) == EVENTS
        server.release()


@all_transports
def test_two_clients_have_their_own_options(transport: Transport) -> None:
    with CountingServer() as one, CountingServer() as other:
        first = Client(f"{one.dsn}?encoding=none&connections=1&timeout=20", transport)
        second = Client(f"{other.dsn}?encoding=gzip&compress_above=0&connections=4&timeout=20", transport)
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
