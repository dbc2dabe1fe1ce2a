"""What the tests of transports share whose programs live on a loop or a hub."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Coroutine
from concurrent.futures import Future
from itertools import pairwise
from typing import Any, TypeVar

from raven import Client
from raven.pipeline import Stack
from raven.testing.conformance.transports import home_of
from raven.testing.habitats import Loop

T = TypeVar("T")
PATIENCE = 20.0
"""Seconds after which a wait has failed. Only a test that fails takes that long."""


def loop_of(transport: type[Stack]) -> Loop:
    """The loop on which programs with this transport live."""
    home = home_of(transport.sink)
    assert isinstance(home, Loop)
    return home


def at_home(dsn: str, transport: type[Stack]) -> Client:
    """A client that was made where its transport lives, with time enough for a busy machine."""
    dsn += f"{'&' if '?' in dsn else '?'}timeout=20&total_timeout=60"
    return loop_of(transport).call(lambda: Client(dsn, transport))


def awaited(transport: type[Stack], make: Callable[[], Coroutine[Any, Any, T]]) -> T:
    """Await a coroutine as programs of this kind do, on their loop; and block until it is done."""
    future: Future[T] = Future()

    async def whole() -> None:
        try:
            future.set_result(await make())
        except BaseException as error:
            future.set_exception(error)

    _BEGIN[type(transport.sink).__name__](loop_of(transport), whole)
    return future.result(PATIENCE)


class Ticker:
    """Counts how often a loop comes round, every few milliseconds if it is not held up."""

    def __init__(self, transport: type[Stack]) -> None:
        self._changed = threading.Condition()
        self._times = [time.monotonic()]
        self._stopped = False
        loop_of(transport).soon(lambda: _TICK[type(transport.sink).__name__](self._tick))

    def __enter__(self) -> Ticker:
        self.wait_for_more(1)
        return self

    def __exit__(self, *exc_info: object) -> None:
        self._stopped = True

    def wait_for_more(self, count: int) -> None:
        """Wait until the loop has come round that often from now on."""
        with self._changed:
            enough = len(self._times) + count
            assert self._changed.wait_for(lambda: len(self._times) >= enough, PATIENCE), "the loop is held up"

    @property
    def longest(self) -> float:
        """The longest time for which it did not come round, in seconds."""
        times = [*self._times, time.monotonic()]
        return max(after - before for before, after in pairwise(times))

    def _tick(self) -> bool:
        with self._changed:
            self._times.append(time.monotonic())
            self._changed.notify_all()
        return not self._stopped


EVERY = 0.005


def _tick_in_gevent(tick: Callable[[], bool]) -> None:
    import gevent

    while tick():
        gevent.sleep(EVERY)


def _tick_in_eventlet(tick: Callable[[], bool]) -> None:
    import eventlet

    while tick():
        eventlet.sleep(EVERY)


def _tick_in_asyncio(tick: Callable[[], bool]) -> None:
    import asyncio

    if tick():
        asyncio.get_running_loop().call_later(EVERY, _tick_in_asyncio, tick)


def _tick_in_twisted(tick: Callable[[], bool]) -> None:
    from twisted.internet import reactor

    untyped: Any = reactor
    if tick():
        untyped.callLater(EVERY, _tick_in_twisted, tick)


_TICK = {
    "GeventSink": _tick_in_gevent,
    "EventletSink": _tick_in_eventlet,
    "AsyncioSink": _tick_in_asyncio,
    "TwistedSink": _tick_in_twisted,
}


def _begin_in_asyncio(loop: Loop, make: Callable[[], Coroutine[Any, Any, None]]) -> None:
    import asyncio

    tasks = []
    loop.call(lambda: tasks.append(asyncio.get_running_loop().create_task(make())))


def _begin_in_twisted(loop: Loop, make: Callable[[], Coroutine[Any, Any, None]]) -> None:
    from twisted.internet.defer import Deferred

    loop.call(lambda: Deferred.fromCoroutine(make()))


_BEGIN = {"AsyncioSink": _begin_in_asyncio, "TwistedSink": _begin_in_twisted}
