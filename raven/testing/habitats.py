"""Where the programs of a concurrency library live, so that a test can be one of them."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, TypeVar

from ..runtimes import drive
from ..runtimes.loop import LoopRuntime

T = TypeVar("T")


class Habitat:
    """Code runs where it is called, as with threads."""

    def call(self, function: Callable[[], T]) -> T:
        """Call a function where a program of this kind would, and return what it returns."""
        return function()


class Loop(Habitat):
    """A thread with a loop, a hub or a reactor, for as long as the process lives. Functions are called in it."""

    def __init__(self) -> None:
        begun = threading.Event()
        threading.Thread(target=self.live, args=(begun.set,), name=type(self).__name__, daemon=True).start()
        assert begun.wait(10)

    def live(self, begun: Callable[[], object]) -> None:
        """Run the loop. `begun` is to be called when it runs."""
        raise NotImplementedError

    def soon(self, function: Callable[[], object]) -> None:
        """Have the loop call a function. From any thread."""
        raise NotImplementedError

    def call(self, function: Callable[[], T]) -> T:
        future: Future[T] = Future()

        def answer() -> None:
            try:
                future.set_result(function())
            except BaseException as error:
                future.set_exception(error)

        self.soon(answer)
        return future.result(30)


class AsyncioLoop(Loop):
    """A loop of asyncio's."""

    def live(self, begun: Callable[[], object]) -> None:
        import asyncio

        self._loop = asyncio.new_event_loop()
        self._loop.call_soon(begun)
        self._loop.run_forever()

    def soon(self, function: Callable[[], object]) -> None:
        self._loop.call_soon_threadsafe(function)


class Greenlets(Loop):
    """A hub, and greenlets on it."""

    def runtime(self) -> LoopRuntime:
        """The runtime of the library."""
        raise NotImplementedError

    def live(self, begun: Callable[[], object]) -> None:
        self._runtime = self.runtime()
        self._runtime.start(_call(begun))
        while True:
            drive(self._runtime.sleep(_LONG))

    def soon(self, function: Callable[[], object]) -> None:
        self._runtime.call(lambda: self._runtime.start(_call(function)))


_LONG = 3_600.0


async def _call(function: Callable[[], object]) -> None:
    function()


class GeventHub(Greenlets):
    """gevent's."""

    def runtime(self) -> LoopRuntime:
        from raven.runtimes.gevent import GeventRuntime

        return GeventRuntime()


class EventletHub(Greenlets):
    """Eventlet's."""

    def runtime(self) -> LoopRuntime:
        from raven.runtimes.eventlet import EventletRuntime

        return EventletRuntime()


class Reactor(Loop):
    """Twisted's reactor, which a process has just one of."""

    _reactor: Any

    def live(self, begun: Callable[[], object]) -> None:
        from twisted.internet import reactor

        self._reactor = reactor
        self._reactor.callWhenRunning(begun)
        self._reactor.run(installSignalHandlers=False)

    def soon(self, function: Callable[[], object]) -> None:
        self._reactor.callFromThread(function)


_made: dict[type[Habitat], Habitat] = {}


def habitat(kind: type[Habitat]) -> Habitat:
    """The one of this kind that the process has."""
    if kind not in _made:
        _made[kind] = kind()
    return _made[kind]
