"""The runtime of gevent, with or without its monkey-patches."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any, ClassVar, TypeVar

import gevent
import gevent.event
import gevent.monkey
import gevent.socket

from . import CannotWait, drive
from .loop import LoopRuntime

T = TypeVar("T")


class GeventRuntime(LoopRuntime):
    """Workers are greenlets, in the thread in which the client was made. To wait is to let other greenlets go on: in a
    program that never waits by gevent, nothing is delivered before a flush or the exit.

    Fork by `gevent.fork`, which is what `os.fork` is in a patched program. It gives the child a hub that works, as the
    child's own greenlets need, and its deliveries.
    """

    cancellation: ClassVar[tuple[type[BaseException], ...]] = (gevent.GreenletExit, *LoopRuntime.cancellation)

    def __init__(self) -> None:
        super().__init__()
        self._hub = gevent.get_hub()

    def is_running(self) -> bool:
        return not self._hub.dead and self._hub.loop is not None

    def is_here(self) -> bool:
        return gevent.get_hub() is self._hub

    def call(self, function: Callable[[], object]) -> None:
        loop = self._hub.loop
        if not self.is_running():
            raise RuntimeError("the hub is gone, with its thread")
        loop.run_callback_threadsafe(function)

    def start(self, coroutine: Coroutine[Any, Any, None]) -> None:
        gevent.spawn(drive, coroutine)

    def alarm(self) -> _Alarm:
        return _Alarm()

    def allocate_lock(self) -> Any:
        return gevent.monkey.get_original("_thread", "allocate_lock")()

    def run(self, make: Callable[[], Coroutine[Any, Any, T]], seconds: float | None = None) -> T:
        if not self.is_here():
            return self._run_there(make, seconds)
        if gevent.getcurrent() is self._hub:  # a callback of its loop can't wait for others
            raise CannotWait
        return drive(make())

    async def wait_readable(self, descriptor: int, seconds: float) -> None:
        try:
            gevent.socket.wait_read(descriptor, timeout=seconds, timeout_exc=TimeoutError())
        except TimeoutError:
            pass
        self.stay()

    async def wait_writable(self, descriptor: int, seconds: float) -> None:
        try:
            gevent.socket.wait_write(descriptor, timeout=seconds, timeout_exc=TimeoutError())
        except TimeoutError:
            pass
        self.stay()


class _Alarm:
    def __init__(self) -> None:
        self._event = gevent.event.Event()

    def ring(self) -> None:
        self._event.set()

    async def wait(self, seconds: float | None) -> None:
        self._event.wait(seconds)
