"""The runtime of a loop of our own, in a thread that does nothing but deliver."""

from __future__ import annotations

import _thread
import math
import select
import socket
import time
from collections import deque
from collections.abc import Callable, Coroutine, Generator
from contextvars import Context
from functools import partial
from typing import Any

from .drive import suspended_by
from .loop import LoopRuntime

_LONGEST = 3_600.0
"""Seconds of one wait for the sockets at most: the system counts them in milliseconds, and not very far."""


class PollRuntime(LoopRuntime):
    """Coroutines that take turns in one thread, which waits for all their sockets at once.

    Threads that wait for a socket each take the interpreter from one another several times in every exchange; without that
    an exchange takes two thirds of the time (`benchmarks/spool.md`). But what blocks, as a file does now and then, holds up
    all of them. One coroutine at a time may wait for a socket.

    It is for the workers that `carry_out` is given: what others call or spawn when these are done may be left undone.
    """

    def __init__(self) -> None:
        super().__init__()
        self._thread: int | None = None
        self._calls: deque[Callable[[], object]] = deque()
        self._workers = 0
        self._errors: list[Exception] = []
        self._waiting: dict[_Alarm, Callable[[], object]] = {}
        self._sockets: dict[int, _Alarm] = {}

    def carry_out(self, *workers: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Run workers, and whatever is spawned meanwhile, until all of it is done. May be called once. The first exception
        that a worker raised is raised here in the end.
        """
        self._bell, self._ring = socket.socketpair()
        with self._bell, self._ring:
            self._bell.setblocking(False)
            self._ring.setblocking(False)
            self._poll = select.poll()
            self._poll.register(self._bell, select.POLLIN)
            self._thread = _thread.get_ident()
            try:
                for worker in workers:
                    self.spawn(worker)
                while self._make_calls():
                    self._go_on()
            finally:
                self._thread = None
        if self._errors:
            raise self._errors.pop(0)  # which would hold itself, by its traceback

    def call(self, function: Callable[[], object]) -> None:
        if self._thread is None:
            raise RuntimeError("the loop does not run")
        self._calls.append(function)
        try:
            self._ring.send(b"\0")
        except BlockingIOError:  # it has been rung often enough
            return
        except OSError:
            raise RuntimeError("the loop is over") from None

    def start(self, coroutine: Coroutine[Any, Any, None]) -> None:
        self._workers += 1
        self._calls.append(partial(self._step, coroutine, Context()))

    def alarm(self) -> _Alarm:
        return _Alarm()

    def is_running(self) -> bool:
        return self._thread is not None

    def is_here(self) -> bool:
        return self._thread == _thread.get_ident()

    def allocate_lock(self) -> Any:
        return _thread.allocate_lock()

    async def wait_readable(self, descriptor: int, seconds: float) -> None:
        await self._wait_for(descriptor, select.POLLIN, seconds)

    async def wait_writable(self, descriptor: int, seconds: float) -> None:
        await self._wait_for(descriptor, select.POLLOUT, seconds)

    async def _wait_for(self, descriptor: int, event: int, seconds: float) -> None:
        self._poll.register(descriptor, event)
        self._sockets[descriptor] = alarm = _Alarm()
        try:
            await alarm.wait(seconds)
        finally:
            self._poll.unregister(descriptor)
            del self._sockets[descriptor]
        self.stay()

    def _make_calls(self) -> bool:
        """Whether something is left to do then."""
        for _ in range(len(self._calls)):
            self._calls.popleft()()
        return bool(self._calls) or self._workers > 0

    def _go_on(self) -> None:
        """Wait until something is due, and go on with that."""
        seconds = 0.0
        if not self._calls:
            seconds = min(min(alarm.due for alarm in self._waiting) - time.monotonic(), _LONGEST)
        for descriptor, _ in self._poll.poll(max(0.0, seconds) * 1_000):
            if descriptor == self._bell.fileno():
                self._bell.recv(65_536)
            else:
                self._sockets[descriptor].ring()
        now = time.monotonic()
        for alarm in sorted((each for each in self._waiting if each.due <= now), key=_due):
            self._waiting.pop(alarm)()

    def _step(self, coroutine: Coroutine[Any, Any, None], context: Context) -> None:
        """Run a coroutine until it waits."""
        try:
            awaited = context.run(coroutine.send, None)
            while not isinstance(awaited, _Alarm):
                awaited = context.run(coroutine.throw, suspended_by(awaited))
        except StopIteration:
            self._workers -= 1
        except Exception as error:
            self._workers -= 1
            self._errors.append(error)
        else:
            self._waiting[awaited] = partial(self._step, coroutine, context)


class _Alarm:
    """What a coroutine waits for: the moment when it is due, which is at once when it is rung."""

    def __init__(self) -> None:
        self.due = math.inf

    def ring(self) -> None:
        self.due = -math.inf

    async def wait(self, seconds: float | None) -> None:
        if seconds is not None:
            self.due = min(self.due, time.monotonic() + seconds)
        if self.due > -math.inf:
            await self

    def __await__(self) -> Generator[_Alarm, None, None]:
        yield self


def _due(alarm: _Alarm) -> float:
    return alarm.due
