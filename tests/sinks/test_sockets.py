"""What the connections on plain sockets do that no answer shows: who has a place, and what is closed when."""

from __future__ import annotations

import asyncio
import gc
import threading
import warnings
from collections import deque
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from raven.errors import Closed
from raven.request import Request, Response
from raven.runtimes import Waker
from raven.sinks.asyncio import AsyncioSink
from raven.sinks.connections import Connections
from raven.sinks.places import Places
from raven.sinks.stream import Stream
from raven.testing import FakeRuntime, fake_context
from raven.testing.conformance.sending import Sender
from raven.testing.http_server import PATIENCE, Behaviour, Connection, Server, answer, mute, response
from raven.testing.runtime import FakeWaker, Task

from ..pipeline.helpers import repeatable

pytestmark = pytest.mark.filterwarnings("error")


def idle(bound: Connections) -> list[Stream]:
    """Its idle connections."""
    return [stream for stream in bound._places._free if stream is not None]


def bound_to(server: Server, connections: int = 10) -> Connections:
    """A sink whose loop is the one that runs."""
    sink = AsyncioSink(connections=connections)
    return sink.bind(fake_context(sink.runtime(), server.dsn())).made()


def post(bound: Connections) -> Coroutine[Any, Any, Response]:
    return bound(Request("0" * 32, body=b"body", endpoint="envelope"))


async def until(condition: Callable[[], object], server: Server) -> None:
    """Wait until the server has seen that, while the loop goes on."""
    assert await asyncio.to_thread(server.wait_for, condition)


class Seen:
    """What a connection's end of a client was seen to do."""

    def __init__(self) -> None:
        self.hung_up = threading.Event()

    def mute(self, connection: Connection) -> None:
        """Read a request, say nothing, and wait for the end."""
        connection.request()
        self.end(connection)

    def end(self, connection: Connection) -> None:
        try:
            connection.read()
        except OSError:
            self.hung_up.set()


@pytest.fixture
def seen() -> Seen:
    return Seen()


class Gate:
    """Answers when it is open."""

    def __init__(self) -> None:
        self.open = threading.Event()

    def __call__(self, connection: Connection) -> None:
        while True:
            connection.request()
            assert self.open.wait(PATIENCE)
            connection.write(response())


@pytest.fixture
def gate() -> Iterator[Gate]:
    gate = Gate()
    yield gate
    gate.open.set()


@pytest.mark.parametrize("connections", [1, 2])
def test_a_task_that_is_cancelled_in_mid_exchange_gives_its_place_back_and_closes_its_connection(
    connections: int, seen: Seen
) -> None:
    async def main(server: Server) -> None:
        bound = bound_to(server, connections)
        kept: list[Stream] = []  # so that nobody closes them by forgetting them
        connects = bound._connect

        async def connect(deadline: float) -> Stream:
            kept.append(await connects(deadline))
            return kept[-1]

        bound._connect = connect  # type: ignore[method-assign]
        task = asyncio.create_task(post(bound))
        await until(lambda: server.requests, server)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert len(bound._places._free) == connections
        assert await asyncio.to_thread(seen.hung_up.wait, PATIENCE)
        assert (await post(bound)).delivered
        assert server.connections == 2
        bound.close()

    with Server(seen.mute, answer()) as server:
        asyncio.run(main(server))


def test_a_task_that_is_cancelled_while_it_connects_leaves_nothing() -> None:
    async def main(server: Server) -> None:
        bound = bound_to(server, 1)
        task = asyncio.create_task(post(bound))
        await asyncio.sleep(0)  # it has begun to connect, or has just done so
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert len(bound._places._free) == 1
        gc.collect()
        assert (await post(bound)).delivered
        bound.close()

    with Server() as server:
        asyncio.run(main(server))


def test_no_more_connections_are_made_than_there_may_be(gate: Gate) -> None:
    async def main(server: Server) -> None:
        bound = bound_to(server, 2)
        tasks = [asyncio.create_task(post(bound)) for _ in range(7)]
        await until(lambda: len(server.requests) == 2, server)
        assert len(bound._places._waiting) == 5
        gate.open.set()
        assert all(each.delivered for each in await asyncio.gather(*tasks))
        assert (server.connections, len(server.requests), len(idle(bound))) == (2, 7, 2)
        bound.close()

    with Server(gate) as server:
        asyncio.run(main(server))


@pytest.mark.parametrize("times", [1, 2])
def test_a_program_that_forgets_to_close_is_not_warned(seen: Seen, times: int) -> None:
    async def main(server: Server) -> None:
        bound = bound_to(server)
        for _ in range(times):
            assert (await post(bound)).delivered

    with Server(answer(times=times, then=seen.end)) as server, warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        asyncio.run(main(server))
        gc.collect()
        assert seen.hung_up.wait(PATIENCE)
        assert [str(each.message) for each in warned] == []


def test_what_is_under_way_when_another_thread_closes_is_answered_and_then_closed(seen: Seen) -> None:
    written = threading.Event()

    def behave(connection: Connection) -> None:
        connection.request()
        assert written.wait(PATIENCE)
        connection.write(response())
        seen.end(connection)

    with ExitStack() as stack:
        server = stack.enter_context(Server(behave))
        sender = stack.enter_context(Sender(server.dsn(), AsyncioSink(connections=1)))
        threads = stack.enter_context(ThreadPoolExecutor(2))
        first = threads.submit(sender.post)
        assert server.wait_for(lambda: server.requests)
        waiting = sender.bound.made()._places._waiting
        signal = threading.Event()

        class Noticed(deque[Waker]):
            def append(self, waker: Waker) -> None:
                super().append(waker)
                signal.set()

        sender.bound.made()._places._waiting = Noticed(waiting)
        second = threads.submit(sender.fail)
        assert signal.wait(PATIENCE)
        sender.bound.close()
        written.set()
        assert first.result(PATIENCE).delivered
        assert type(second.result(PATIENCE)) is Closed
        assert seen.hung_up.wait(PATIENCE)
        assert type(sender.fail()) is Closed
        assert server.connections == 1


def test_a_connection_that_becomes_idle_while_another_thread_closes_is_closed(seen: Seen) -> None:
    async def main(server: Server) -> None:
        bound = bound_to(server)

        class Late(deque[Any]):
            def append(self, stream: Any) -> None:
                bound.close()
                super().append(stream)

        bound._places._free = Late([None])
        assert (await post(bound)).delivered
        assert not idle(bound)
        assert await asyncio.to_thread(seen.hung_up.wait, PATIENCE)

    with Server(answer(times=1, then=seen.end)) as server:
        asyncio.run(main(server))


@pytest.mark.parametrize("behaviour", [mute, answer(b"nothing")], ids=["timeout", "no HTTP"])
def test_an_exchange_that_fails_gives_its_place_back(behaviour: Behaviour) -> None:
    async def main(server: Server) -> None:
        sink = AsyncioSink(connections=1)
        runtime = sink.runtime()
        bound = sink.bind(fake_context(runtime, server.dsn())).made()
        for _ in range(3):
            with pytest.raises(Exception, match=r"in time|not HTTP"):
                await bound(Request("0" * 32, body=b"", endpoint="envelope", deadline=runtime.monotonic() + 0.05))
            assert len(bound._places._free) == 1
        assert not idle(bound)

    with Server(behaviour) as server:
        asyncio.run(main(server))


def test_a_header_that_would_not_stay_in_its_line_takes_no_place() -> None:
    async def main(server: Server) -> None:
        bound = bound_to(server, 1)
        with pytest.raises(ValueError, match="line break"):
            await bound(Request("0" * 32, body=b"", endpoint="envelope", headers={"A": "b\r\nc: d"}))
        assert len(bound._places._free) == 1
        assert server.connections == 0

    with Server() as server:
        asyncio.run(main(server))


class Crowd:
    """Tasks that take places and give them back, on a clock that is moved by hand."""

    def __init__(self, count: int) -> None:
        self.runtime = FakeRuntime()
        self.count = count
        self.places: Places[Any] = Places(count, self.runtime)
        self.having: list[Task] = []
        self.waiting: list[Task] = []

    def take(self, seconds: float = 1_000.0) -> None:
        self.waiting.append(self.runtime.start(self.places.take(self.runtime.now + seconds)))
        self.look()

    def give(self) -> None:
        if self.having:
            self.having.pop()
            self.places.give()

    def cancel(self, at: int) -> None:
        """One that waits is told to stop, perhaps after it was woken and before it knows."""
        if self.waiting:
            task = self.waiting.pop(at % len(self.waiting))
            self.runtime.tasks.remove(task)
            task.coroutine.close()

    def run(self, seconds: float = 0.0) -> None:
        self.runtime.advance(seconds)
        self.look()

    def look(self) -> None:
        for task in [each for each in self.waiting if each.done]:
            self.waiting.remove(task)
            if task.error is None:
                self.having.append(task)
            else:
                assert type(task.error) is TimeoutError


def test_a_place_whose_taker_was_told_to_stop_is_for_the_next_one() -> None:
    crowd = Crowd(1)
    for _ in range(3):
        crowd.take()
    assert (len(crowd.having), len(crowd.waiting)) == (1, 2)
    crowd.give()
    crowd.cancel(0)
    crowd.run()
    assert (len(crowd.having), len(crowd.waiting)) == (1, 0)


def test_a_place_that_is_given_between_the_look_and_the_wait_is_seen() -> None:
    crowd = Crowd(1)
    crowd.take()
    makes: Callable[[], FakeWaker] = crowd.runtime.waker

    def late() -> FakeWaker:
        crowd.places.give()
        return makes()

    crowd.runtime.waker = late  # type: ignore[method-assign]
    crowd.take()
    assert len(crowd.having) == 2
    assert not crowd.places._waiting


Step = tuple[str, int]


@given(
    st.integers(1, 3),
    st.lists(
        st.tuples(st.sampled_from(["take", "give", "cancel", "run", "run", "wait"]), st.integers(0, 5)), max_size=40
    ),
)
@repeatable
def test_no_place_is_free_while_someone_waits_for_one(count: int, steps: list[Step]) -> None:
    crowd = Crowd(count)
    for step, number in steps:
        if step == "take":
            crowd.take(seconds=5.0 + number)
        elif step == "give":
            crowd.give()
        elif step == "cancel":
            crowd.cancel(number)
        else:
            crowd.run(number if step == "wait" else 0.0)
        assert len(crowd.having) <= count
    crowd.run()
    free = len(crowd.places._free)
    assert free + len(crowd.having) == count
    assert not (free and crowd.waiting)
    assert len(crowd.places._waiting) == len(crowd.waiting)
    crowd.run(100.0)
    assert not crowd.waiting
    assert not crowd.places._waiting
