"""Greenlets, without monkey-patches: deliveries hold nobody up, from wherever they are asked for."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator

import greenlet
import pytest

from raven import Client
from raven.pipeline import Stack
from raven.pipeline.bound import Flushed
from raven.testing.counting_server import CountingServer
from raven.testing.process import poll
from raven.transport.eventlet import EventletHTTPTransport
from raven.transport.gevent import GeventedHTTPTransport
from tests.transport.homes import PATIENCE, Ticker, at_home, loop_of

GREEN: list[type[Stack]] = [GeventedHTTPTransport, EventletHTTPTransport]
EVENTS = 50


@pytest.fixture(params=GREEN, ids=lambda transport: transport.__name__)
def green(request: pytest.FixtureRequest) -> type[Stack]:
    """Each of the two."""
    transport: type[Stack] = request.param
    return transport


@pytest.fixture
def server() -> Iterator[CountingServer]:
    with CountingServer() as running:
        yield running


def capture(client: Client, count: int) -> list[str]:
    """The ids of so many messages."""
    return [str(client.capture_message(f"{number}")) for number in range(count)]


def in_hub(transport: type[Stack], function: Callable[[], object]) -> None:
    """Call a function in the hub itself, where nothing can be waited for."""

    def gevents() -> None:
        import gevent

        gevent.get_hub().loop.run_callback(function)

    def eventlets() -> None:
        import eventlet.hubs

        eventlet.hubs.get_hub().schedule_call_global(0, function)

    loop_of(transport).call(gevents if transport is GeventedHTTPTransport else eventlets)


def test_the_library_is_not_monkey_patched() -> None:
    assert threading.current_thread.__module__ == "threading"
    assert time.sleep.__module__ == "time"


def test_sends_wait_side_by_side(green: type[Stack], server: CountingServer) -> None:
    server.delay = 0.2
    client = at_home(server.dsn, green)
    with Ticker(green) as ticker:
        began = time.monotonic()
        sent = loop_of(green).call(lambda: capture(client, EVENTS))
        assert loop_of(green).call(lambda: client.flush(PATIENCE))
        took = time.monotonic() - began
    assert server.counts == dict.fromkeys(sent, 1)
    assert took < EVENTS * server.delay / 2, "one after another, it would take 10 seconds"
    assert ticker.longest < EVENTS * server.delay / 4
    client.close()


def test_greenlets_go_on_while_no_answer_comes(green: type[Stack], server: CountingServer) -> None:
    server.hold()
    client = at_home(server.dsn, green)
    with Ticker(green) as ticker:
        sent = loop_of(green).call(lambda: capture(client, EVENTS))
        server.wait_for(EVENTS)
        ticker.wait_for_more(20)
        assert client.stats().pending == EVENTS
        server.release()
    assert client.close(PATIENCE)
    assert server.counts == dict.fromkeys(sent, 1)


@pytest.mark.parametrize("option", ["maximum_outstanding_requests", "pool_size", "workers"])
def test_no_more_are_on_their_way_at_once_than_allowed(green: type[Stack], server: CountingServer, option: str) -> None:
    server.hold()
    client = at_home(f"{server.dsn}?{option}=3", green)
    sent = loop_of(green).call(lambda: capture(client, 20))
    server.wait_for(3)
    server.release()
    assert client.close(PATIENCE)
    assert server.counts == dict.fromkeys(sent, 1)
    assert server.connections == 3


def test_no_more_connections_are_used_at_once_than_allowed(green: type[Stack], server: CountingServer) -> None:
    server.hold()
    client = at_home(f"{server.dsn}?connections=2", green)
    sent = loop_of(green).call(lambda: capture(client, 20))
    server.wait_for(2)
    server.release()
    assert client.close(PATIENCE)
    assert server.counts == dict.fromkeys(sent, 1)
    assert server.connections == 2


def test_another_thread_captures_and_flushes(green: type[Stack], server: CountingServer) -> None:
    client = at_home(server.dsn, green)
    sent: list[str] = []
    flushed: list[Flushed] = []

    def work() -> None:
        sent.extend(capture(client, 20))
        flushed.append(client.flush(PATIENCE))

    with Ticker(green) as ticker:
        server.hold()
        thread = threading.Thread(target=work)
        thread.start()
        server.wait_for(20)
        ticker.wait_for_more(5)  # the flush of a thread doesn't hold the hub up
        assert flushed == []
        server.release()
        thread.join(PATIENCE)
    assert flushed == [Flushed.DELIVERED]
    assert server.counts == dict.fromkeys(sent, 1)
    client.close()


def test_events_of_a_thread_need_no_flush(green: type[Stack], server: CountingServer) -> None:
    client = at_home(server.dsn, green)
    sent = capture(client, 20)
    server.wait_for(20)
    assert server.counts == dict.fromkeys(sent, 1)
    client.close()


def test_a_capture_in_the_hub_is_delivered_by_greenlets(green: type[Stack], server: CountingServer) -> None:
    client = at_home(server.dsn, green)
    sent: list[str] = []
    in_hub(green, lambda: sent.extend(capture(client, 20)))
    server.wait_for(20)
    assert client.flush(PATIENCE)
    assert server.counts == dict.fromkeys(sent, 1)
    client.close()


def test_a_flush_in_the_hub_delivers(green: type[Stack], server: CountingServer) -> None:
    client = at_home(server.dsn, green)
    flushed: list[Flushed] = []
    done = threading.Event()

    def work() -> None:
        capture(client, 5)
        flushed.append(client.flush(PATIENCE))
        done.set()

    in_hub(green, work)
    assert done.wait(PATIENCE)
    assert flushed == [Flushed.DELIVERED]
    assert client.stats().delivered == 5
    client.close()


def test_a_capture_outlives_the_thread_whose_hub_the_client_was_made_on(
    green: type[Stack], server: CountingServer
) -> None:
    clients: list[Client] = []
    mains: list[greenlet.greenlet] = []

    def work() -> None:
        mains.append(greenlet.getcurrent())
        client = Client(f"{server.dsn}?timeout=20", green)
        clients.append(client)
        capture(client, 2)
        assert client.flush(PATIENCE)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join(PATIENCE)
    assert poll(lambda: mains[0].dead or None, PATIENCE)  # a moment after the thread
    capture(clients[0], 3)
    server.wait_for(5)
    assert clients[0].flush(PATIENCE)
    assert clients[0].stats().delivered == 5
    clients[0].close()
