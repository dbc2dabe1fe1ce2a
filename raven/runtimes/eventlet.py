"""The runtime of Eventlet, with or without its monkey-patches."""

from __future__ import annotations

import os
import warnings
from collections import deque
from collections.abc import Callable, Coroutine
from typing import Any, ClassVar, TypeVar
from weakref import WeakKeyDictionary

import greenlet

from . import CannotWait, drive
from .loop import LoopRuntime

with warnings.catch_warnings():  # Eventlet warns of its own end, with a category of its own
    warnings.filterwarnings("ignore", r"\s*Eventlet is deprecated")
    import eventlet
    import eventlet.event
    import eventlet.hubs
    import eventlet.patcher

T = TypeVar("T")


class EventletRuntime(LoopRuntime):
    """Workers are green threads, in the thread in which the client was made. To wait is to let others go on: in
    a program that never waits by Eventlet, nothing is delivered before a flush or the exit.

    A forked child has its parent's hub, and if it lets that go on, what it does is done to the parent: they share an epoll.
    So a thread delivers in the child, unless it has made a hub of its own (`eventlet.hubs.use_hub()`) before it captures.
    """

    cancellation: ClassVar[tuple[type[BaseException], ...]] = (greenlet.GreenletExit, *LoopRuntime.cancellation)

    def __init__(self) -> None:
        super().__init__()
        self._hub = eventlet.hubs.get_hub()
        self._door = _door_of(self._hub)

    def is_running(self) -> bool:
        return self._door is not None and not self._hub.greenlet.dead

    def is_here(self) -> bool:
        return eventlet.hubs.get_hub() is self._hub

    def call(self, function: Callable[[], object]) -> None:
        if self._door is None or not self.is_running():
            raise RuntimeError("the hub is the parent's, or gone with its thread")
        self._door.call(function)

    def start(self, coroutine: Coroutine[Any, Any, None]) -> None:
        eventlet.spawn(drive, coroutine)

    def alarm(self) -> _Alarm:
        return _Alarm()

    def allocate_lock(self) -> Any:
        return eventlet.patcher.original("_thread").allocate_lock()

    def run(self, make: Callable[[], Coroutine[Any, Any, T]], seconds: float | None = None) -> T:
        if not self.is_here():
            return self._run_there(make, seconds)
        if (
            self._door is None or greenlet.getcurrent() is self._hub.greenlet
        ):  # a timer of the hub can't wait for others
            raise CannotWait
        return drive(make())

    async def wait_readable(self, descriptor: int, seconds: float) -> None:
        try:
            eventlet.hubs.trampoline(descriptor, read=True, timeout=seconds, timeout_exc=TimeoutError())
        except TimeoutError:
            pass
        self.stay()

    async def wait_writable(self, descriptor: int, seconds: float) -> None:
        try:
            eventlet.hubs.trampoline(descriptor, write=True, timeout=seconds, timeout_exc=TimeoutError())
        except TimeoutError:
            pass
        self.stay()


class _Alarm:
    def __init__(self) -> None:
        self._event = eventlet.event.Event()

    def ring(self) -> None:
        if not self._event.ready():
            self._event.send()

    async def wait(self, seconds: float | None) -> None:
        self._event.wait(seconds)


class _Door:
    """Brings functions to a hub from other threads. A hub notices nothing but timers and descriptors, so it is a pipe."""

    def __init__(self) -> None:
        self._calls: deque[Callable[[], object]] = deque()
        self._knocked = False
        self._process = os.getpid()
        self._inside, self._outside = os.pipe()
        for end in (self._inside, self._outside):
            os.set_blocking(end, False)
        eventlet.spawn(self._answer)

    def call(self, function: Callable[[], object]) -> None:
        self._calls.append(function)
        if not self._knocked:
            self._knocked = True
            os.write(self._outside, b"x")

    def _answer(self) -> None:
        while True:
            eventlet.hubs.trampoline(self._inside, read=True)
            if os.getpid() != self._process:  # it is the parent's door, and who knocked meant the parent
                return
            os.read(self._inside, 512)
            self._knocked = False  # before the look, so that whoever comes after it knocks
            while self._calls:
                self._calls.popleft()()


_doors: WeakKeyDictionary[Any, tuple[int, _Door]] = WeakKeyDictionary()


def _door_of(hub: Any) -> _Door | None:
    """The hub's door. None in a forked child that has its parent's hub."""
    process, door = _doors.get(hub, (os.getpid(), None))
    if process != os.getpid():
        return None
    if door is None:
        door = _Door()
        _doors[hub] = (process, door)
    return door
