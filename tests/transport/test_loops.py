"""asyncio, Tornado and Twisted: the loop is never held up, and what is captured where it doesn't run is delivered too."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Iterator

import pytest
from tornado.ioloop import IOLoop

from raven import Client
from raven.pipeline import Stack
from raven.pipeline.bound import Flushed
from raven.testing.counting_server import CountingServer
from raven.testing.process import poll
from raven.transport.asyncio import AsyncioHTTPTransport
from raven.transport.tornado import TornadoHTTPTransport
from raven.transport.twisted import TwistedHTTPTransport
from tests.fixtures import Trusted
from tests.transport.homes import PATIENCE, Ticker, at_home, awaited, loop_of

LOOPS: list[type[Stack]] = [AsyncioHTTPTransport, TornadoHTTPTransport, TwistedHTTPTransport]
OF_ASYNCIO = LOOPS[:2]
EVENTS = 50

of_asyncio = pytest.mark.parametrize("of_asyncio", OF_ASYNCIO, ids=lambda transport: transport.__name__)


@pytest.fixture(params=LOOPS, ids=lambda transport: transport.__name__)
def looped(request: pytest.FixtureRequest) -> type[Stack]:
    """Each of the three."""
    transport: type[Stack] = request.param
    return transport


@pytest.fixture
def server() -> Iterator[CountingServer]:
    with CountingServer() as running:
        yield running


def capture(client: Client, count: int) -> list[str]:
    """The ids of so many messages."""
    return [str(client.capture_message(f"{number}")) for number in range(count)]


def helpers() -> list[str]:
    """The threads that deliver where no loop runs."""
    return [thread.name for thread in threading.enumerate() if thread.name.startswith("raven-")]


@pytest.fixture(autouse=True)
def no_helpers_left() -> None:
    """Threads that others have left here, if any, end before the test and are told from its own."""
    assert poll(lambda: not helpers() or None, PATIENCE)


def test_sends_wait_side_by_side(looped: type[Stack], server: CountingServer) -> None:
    server.delay = 0.2
    client = at_home(server.dsn, looped)

    async def send() -> list[str]:
        sent = capture(client, EVENTS)
        assert await client.aflush(PATIENCE)
        return sent

    with Ticker(looped) as ticker:
        began = time.monotonic()
        sent = awaited(looped, send)
        took = time.monotonic() - began
    assert server.counts == dict.fromkeys(sent, 1)
    assert took < EVENTS * server.delay / 2, "one after another, it would take 10 seconds"
    assert ticker.longest < EVENTS * server.delay / 4
    client.close()


def test_the_loop_goes_on_while_no_answer_comes(looped: type[Stack], server: CountingServer) -> None:
    server.hold()
    client = at_home(server.dsn, looped)
    with Ticker(looped) as ticker:
        sent = loop_of(looped).call(lambda: capture(client, EVENTS))
        server.wait_for(EVENTS)
        ticker.wait_for_more(20)
        assert (client.stats().pending, helpers()) == (EVENTS, [])
        server.release()
        assert awaited(looped, lambda: client.aclose(PATIENCE))
    assert server.counts == dict.fromkeys(sent, 1)


def test_the_loop_goes_on_while_a_flush_is_awaited(looped: type[Stack], server: CountingServer) -> None:
    server.hold()
    client = at_home(server.dsn, looped)
    flushed: list[Flushed] = []

    async def wait() -> None:
        capture(client, 3)
        flushed.append(await client.aflush(PATIENCE))

    with Ticker(looped) as ticker:
        waiting = threading.Thread(target=awaited, args=(looped, wait))
        waiting.start()
        server.wait_for(3)
        ticker.wait_for_more(20)
        assert flushed == []
        server.release()
        waiting.join(PATIENCE)
    assert flushed == [Flushed.DELIVERED]
    client.close()


def test_a_flush_that_is_awaited_ends_in_time(looped: type[Stack], server: CountingServer) -> None:
    server.hold()
    client = at_home(server.dsn, looped)

    async def wait() -> Flushed:
        capture(client, 1)
        return await client.aflush(0.05)

    assert awaited(looped, wait) is Flushed.TIMEOUT
    server.release()
    assert awaited(looped, lambda: client.aclose(PATIENCE)) is Flushed.DELIVERED
    assert client.capture_message("closed") is None


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_one_after_another_they_share_a_connection(looped: type[Stack], trusted: Trusted, scheme: str) -> None:
    tls, query = (trusted.context, f"?ca_certs={trusted.ca_certs}") if scheme == "https" else (None, "")
    with CountingServer(tls=tls) as server:
        client = at_home(server.dsn + query, looped)

        async def send() -> list[str]:
            sent = []
            for _ in range(20):
                sent += capture(client, 1)
                assert await client.aflush(PATIENCE)
            return sent

        sent = awaited(looped, send)
        assert server.counts == dict.fromkeys(sent, 1)
        assert server.connections == 1
        client.close()


def test_other_threads_capture_and_flush(looped: type[Stack], server: CountingServer) -> None:
    client = at_home(server.dsn, looped)
    sent: list[str] = []
    flushed: list[Flushed] = []

    def work() -> None:
        sent.extend(capture(client, 10))
        flushed.append(client.flush(PATIENCE))

    with Ticker(looped) as ticker:
        server.hold()
        threads = [threading.Thread(target=work) for _ in range(3)]
        for thread in threads:
            thread.start()
        server.wait_for(30)
        ticker.wait_for_more(5)
        assert (flushed, helpers()) == ([], [])
        server.release()
        for thread in threads:
            thread.join(PATIENCE)
    assert flushed == [Flushed.DELIVERED] * 3
    assert server.counts == dict.fromkeys(sent, 1)
    client.close()


def test_events_of_a_thread_need_no_flush(looped: type[Stack], server: CountingServer) -> None:
    client = at_home(server.dsn, looped)
    sent = capture(client, 20)
    server.wait_for(20)
    assert server.counts == dict.fromkeys(sent, 1)
    client.close()


def test_another_loop_awaits_a_flush(looped: type[Stack], server: CountingServer) -> None:
    client = at_home(server.dsn, looped)

    async def elsewhere() -> Flushed:
        capture(client, 5)
        return await client.aclose(PATIENCE)

    assert asyncio.run(elsewhere())
    assert client.stats().delivered == 5


@pytest.mark.parametrize("end", ["flush", "close"])
def test_a_flush_on_the_loop_itself_delivers(looped: type[Stack], server: CountingServer, end: str) -> None:
    client = at_home(server.dsn, looped)

    def work() -> tuple[list[str], Flushed]:
        return capture(client, 5), getattr(client, end)(PATIENCE)

    sent, flushed = loop_of(looped).call(work)
    assert flushed is Flushed.DELIVERED
    assert set(server.counts) == set(sent)
    assert client.stats().delivered == 5
    client.close()


def test_a_flush_on_the_loop_itself_delivers_once_more_what_its_tasks_can_not_finish(
    looped: type[Stack], server: CountingServer
) -> None:
    server.hold()
    client = at_home(server.dsn, looped)
    (sent,) = loop_of(looped).call(lambda: capture(client, 1))
    server.wait_for(1)
    flushed: list[Flushed] = []
    loop_of(looped).soon(lambda: flushed.append(client.flush(PATIENCE)))
    server.wait_for(2)
    server.release()
    loop_of(looped).call(lambda: None)  # after that
    assert flushed == [Flushed.DELIVERED]
    assert server.counts == {sent: 2}
    assert (client.stats().accepted, client.stats().delivered) == (1, 1)
    client.close()


def test_a_short_flush_on_the_loop_itself_drops_nothing(looped: type[Stack], server: CountingServer) -> None:
    server.hold()
    client = at_home(server.dsn, looped)
    sent, flushed = loop_of(looped).call(lambda: (capture(client, 3), client.flush(0.1)))
    assert flushed is Flushed.TIMEOUT
    server.release()
    assert client.flush(PATIENCE) is Flushed.DELIVERED
    assert set(server.counts) == set(sent)
    assert client.stats().delivered == 3
    client.close()


# In what follows there is no loop yet, or no more. Twisted's reactor can't be started twice, and is tested so by programs.


@of_asyncio
def test_what_is_captured_before_the_loop_and_after_it_is_delivered_at_once(
    of_asyncio: type[Stack], server: CountingServer
) -> None:
    client = Client(f"{server.dsn}?timeout=20", of_asyncio)
    sent = capture(client, 3)
    server.wait_for(3)

    async def work() -> None:
        sent.extend(capture(client, 3))
        assert await client.aflush(PATIENCE)

    asyncio.run(work())
    sent += capture(client, 3)
    server.wait_for(9)
    assert client.flush(PATIENCE)
    assert server.counts == dict.fromkeys(sent, 1)
    client.close()


@of_asyncio
def test_what_is_left_when_a_loop_ends_is_delivered_at_once(of_asyncio: type[Stack], server: CountingServer) -> None:
    client = Client(f"{server.dsn}?timeout=20", of_asyncio)

    async def work() -> list[str]:
        return capture(client, 5)

    sent = asyncio.run(work())
    server.wait_for(5)
    assert client.flush(PATIENCE)
    assert set(server.counts) == set(sent)
    client.close()


@of_asyncio
def test_what_is_on_its_way_when_a_loop_ends_is_sent_again(of_asyncio: type[Stack], server: CountingServer) -> None:
    server.hold()
    client = Client(f"{server.dsn}?timeout=20", of_asyncio)

    async def work() -> list[str]:
        sent = capture(client, 5)
        await asyncio.to_thread(server.wait_for, 5)
        return sent

    sent = asyncio.run(work())
    server.release()
    server.wait_for(10)
    assert client.flush(PATIENCE)
    assert server.counts == dict.fromkeys(sent, 2)
    assert client.stats().delivered == 5
    client.close()


@of_asyncio
def test_each_new_loop_delivers(of_asyncio: type[Stack], server: CountingServer) -> None:
    client = Client(f"{server.dsn}?timeout=20", of_asyncio)

    async def work() -> list[str]:
        server.hold()
        sent = capture(client, 20)
        await asyncio.to_thread(server.wait_for, len(server.received) + 20)
        assert helpers() == []
        server.release()
        assert await client.aflush(PATIENCE)
        return sent

    sent = [event_id for _ in range(3) for event_id in asyncio.run(work())]
    assert server.counts == dict.fromkeys(sent, 1)
    client.close()


def cancelling(make: Callable[[], object]) -> None:
    """A loop that ends as asyncio.run ends it: tasks that have not begun never do."""

    async def main() -> None:
        make()

    asyncio.run(main())


def closing(make: Callable[[], object]) -> None:
    """A loop that is closed with tasks in it."""
    loop = asyncio.new_event_loop()
    loop.call_soon(make)
    loop.call_soon(loop.stop)
    loop.run_forever()
    loop.close()


@of_asyncio
@pytest.mark.parametrize("end", [cancelling, closing])
def test_loops_that_end_early_leave_no_worker_behind_that_never_works(
    of_asyncio: type[Stack], server: CountingServer, end: Callable[[Callable[[], object]], None]
) -> None:
    client = Client(f"{server.dsn}?timeout=20&workers=2", of_asyncio)
    sent: list[str] = []
    for _ in range(5):
        end(lambda: sent.extend(capture(client, 3)))

    async def last() -> Flushed:
        sent.extend(capture(client, 1))
        return await client.aflush(PATIENCE)

    assert asyncio.run(last())
    assert set(server.counts) == set(sent)
    assert client.stats().delivered == 16
    client.close()


@of_asyncio
def test_a_loop_that_is_run_again_and_again(of_asyncio: type[Stack], server: CountingServer) -> None:
    client = Client(f"{server.dsn}?timeout=20", of_asyncio)
    loop = asyncio.new_event_loop()

    async def work() -> list[str]:
        sent = capture(client, 5)
        assert await client.aflush(PATIENCE)
        return sent

    sent = loop.run_until_complete(work())
    sent += capture(client, 1)  # its workers are idle, and nobody runs them
    server.wait_for(6)
    sent += loop.run_until_complete(work())
    loop.close()
    sent += capture(client, 1)
    server.wait_for(12)
    sent += asyncio.run(work())
    assert client.flush(PATIENCE)
    assert server.counts == dict.fromkeys(sent, 1)
    client.close()


@of_asyncio
def test_workers_that_are_idle_in_a_loop_that_stands_still_are_not_called_in_another(
    of_asyncio: type[Stack], server: CountingServer
) -> None:
    client = Client(f"{server.dsn}?timeout=20&workers=3", of_asyncio)
    loop = asyncio.new_event_loop()

    async def work() -> list[str]:
        sent = capture(client, 3)
        assert await client.aflush(PATIENCE)
        return sent

    async def one() -> list[str]:
        sent = capture(client, 1)
        assert await client.aflush(PATIENCE)
        return sent

    sent = loop.run_until_complete(work()) + asyncio.run(one()) + loop.run_until_complete(work()) + asyncio.run(one())
    loop.close()
    assert set(server.counts) == set(sent)
    assert client.stats().delivered == 8
    client.close()


@of_asyncio
def test_a_loop_that_is_closed_in_the_middle_of_deliveries(of_asyncio: type[Stack], server: CountingServer) -> None:
    server.hold()
    client = Client(f"{server.dsn}?timeout=20&workers=2", of_asyncio)
    loop = asyncio.new_event_loop()

    async def work() -> list[str]:
        sent = capture(client, 5)
        await asyncio.to_thread(server.wait_for, 2)
        return sent

    async def end() -> Flushed:
        return await client.aflush(PATIENCE)

    sent = loop.run_until_complete(work())
    loop.run_until_complete(loop.shutdown_default_executor())
    loop.close()
    server.release()
    assert asyncio.run(end()) is Flushed.DELIVERED
    assert set(server.counts) == set(sent)
    assert client.stats().delivered == 5
    client.close()


def test_tornado_runs_its_loop(server: CountingServer) -> None:
    client = Client(f"{server.dsn}?timeout=20", TornadoHTTPTransport)

    async def work() -> list[str]:
        sent = capture(client, 5)
        assert await client.aflush(PATIENCE)
        return sent

    loop = IOLoop(make_current=False)
    sent = loop.run_sync(work)
    sent += loop.run_sync(work)
    loop.close()
    assert server.counts == dict.fromkeys(sent, 1)
    client.close()


def test_a_transport_whose_loop_never_runs_is_awaited_elsewhere(server: CountingServer) -> None:
    """One of a transport for greenlets, too, in a program of tasks: odd, and yet nothing is lost."""

    async def work() -> Flushed:
        client = Client(f"gevent+{server.dsn}?timeout=20")
        capture(client, 5)
        return await client.aclose(PATIENCE)

    assert asyncio.run(work())
    assert len(server.counts) == 5
