"""What the runtimes have in common that run everything in the thread of one loop, hub or reactor."""

from __future__ import annotations

import _thread
import os
import time
from collections.abc import Callable, Coroutine
from typing import Any, ClassVar, Protocol, TypeVar

from . import CannotWait
from .threads import ThreadRuntime, in_thread

T = TypeVar("T")

FOR_THE_PROGRAM: tuple[type[BaseException], ...] = (KeyboardInterrupt, SystemExit)
"""What signal handlers raise. If they interrupt a worker, because it runs on the main thread, it is not the worker's."""

_GRACE = 0.2
"""Seconds that a coroutine may take beyond its own time, before its loop counts as one that does nothing for us."""


class Forked(BaseException):
    """Raised in the copy of a worker that a forked child has of its parent's, when it would go on."""


class Alarm(Protocol):
    """Wakes one waiter, once. Made and used on the loop's thread only."""

    def ring(self) -> None:
        """Wake the waiter. More than once does nothing."""

    async def wait(self, seconds: float | None) -> None:
        """Wait for the ring, at most that long (None: for ever)."""


class LoopRuntime:
    """A runtime whose workers run in the thread of one loop. A library's own says what its loop is."""

    cancellation: ClassVar[tuple[type[BaseException], ...]] = (GeneratorExit, Forked, *FOR_THE_PROGRAM)
    survives_exit: ClassVar[bool] = False
    helper: ClassVar[ThreadRuntime] = ThreadRuntime()

    def __init__(self) -> None:
        self._process = os.getpid()

    def call(self, function: Callable[[], object]) -> None:
        """Have the loop call a function soon. From any thread; RuntimeError if no loop runs."""
        raise NotImplementedError

    def start(self, coroutine: Coroutine[Any, Any, None]) -> None:
        """Begin a coroutine. On the loop's thread."""
        raise NotImplementedError

    def alarm(self) -> Alarm:
        """A new alarm. On the loop's thread."""
        raise NotImplementedError

    def is_running(self) -> bool:
        raise NotImplementedError

    def is_here(self) -> bool:
        """Whether the caller is on the loop's thread, and the loop runs."""
        raise NotImplementedError

    def allocate_lock(self) -> Any:
        """A lock that blocks the thread that waits for it, not only a greenlet of it."""
        raise NotImplementedError

    def monotonic(self) -> float:
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        await self.alarm().wait(seconds)
        self.stay()

    def stay(self) -> None:
        """Called by a coroutine that has waited. A child that goes on with the loop, the hub or the reactor that it was
        forked in has its parent's workers too, and what they wait for is their parent's.
        """
        if os.getpid() != self._process:
            raise Forked

    def spawn(self, worker: Callable[[], Coroutine[Any, Any, None]]) -> None:
        async def whole() -> None:
            try:
                await worker()
            except Forked:
                return

        self.call(lambda: self.start(whole()))

    def waker(self) -> LoopWaker:
        return LoopWaker(self)

    def run(self, make: Callable[[], Coroutine[Any, Any, T]], seconds: float | None = None) -> T:
        if self.is_here():
            raise CannotWait
        return self._run_there(make, seconds)

    def _run_there(self, make: Callable[[], Coroutine[Any, Any, T]], seconds: float | None) -> T:
        over = self.allocate_lock()
        over.acquire()
        results: list[T] = []
        errors: list[BaseException] = []

        async def whole() -> None:
            try:
                results.append(await make())
            except BaseException as error:
                errors.append(error)
                if isinstance(error, FOR_THE_PROGRAM):
                    raise
            finally:
                over.release()

        try:
            self.call(lambda: self.start(whole()))
        except RuntimeError:
            raise CannotWait from None
        if not over.acquire(timeout=-1 if seconds is None else min(seconds + _GRACE, _thread.TIMEOUT_MAX)):
            raise CannotWait
        if errors:
            if isinstance(errors[0], self.cancellation):  # its loop ends
                errors.clear()
                raise CannotWait
            raise errors.pop()  # which would hold itself, by its traceback
        return results[0]

    async def arun(self, make: Callable[[], Coroutine[Any, Any, T]], seconds: float | None = None) -> T:
        if self.is_here():
            return await make()
        return await in_thread(lambda: self.run(make, seconds))


class LoopWaker:
    """An alarm that any thread can set off, before or while it is waited for."""

    def __init__(self, runtime: LoopRuntime) -> None:
        self._runtime = runtime
        self._awake = False
        self._alarm: Alarm | None = None

    def wake(self) -> None:
        self._awake = True
        alarm = self._alarm
        if alarm is not None:
            try:
                self._runtime.call(alarm.ring)
            except RuntimeError:  # the loop doesn't run, or is gone, and the waiter with it
                return

    async def wait(self, timeout: float | None) -> bool:
        if not self._awake:
            self._alarm = alarm = self._runtime.alarm()
            try:
                if not self._awake:  # since we looked; from now on, whoever wakes us sees the alarm
                    await alarm.wait(timeout)
                    self._runtime.stay()
            finally:
                self._alarm = None
        awake, self._awake = self._awake, False
        return awake
