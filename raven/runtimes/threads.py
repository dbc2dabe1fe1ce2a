"""The runtime of plain threads: to wait is to block."""

from __future__ import annotations

import _thread
import os
import select
import sys
import threading
import time
from collections.abc import Callable, Coroutine
from typing import Any, ClassVar, TypeVar

from . import CannotWait
from .drive import drive
from .start_thread import start_thread

T = TypeVar("T")


class ThreadWaker:
    """A lock that is taken from the start. Releasing it is one atomic step, unlike `threading.Event.set`."""

    def __init__(self) -> None:
        self._lock = _thread.allocate_lock()
        self._lock.acquire()

    def wake(self) -> None:
        try:
            self._lock.release()
        except RuntimeError:  # it is awake already
            return

    async def wait(self, timeout: float | None) -> bool:
        return self._lock.acquire(timeout=-1 if timeout is None else max(0.0, min(timeout, _LONGEST)))


_LONGEST = threading.TIMEOUT_MAX


class ThreadRuntime:
    """Workers are daemon threads. They go on while the interpreter carries out its exit handlers."""

    cancellation: ClassVar[tuple[type[BaseException], ...]] = ()
    helper: ClassVar[None] = None

    @property
    def survives_exit(self) -> bool:
        return may_have_threads()

    def is_running(self) -> bool:
        return True

    def monotonic(self) -> float:
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        time.sleep(seconds)

    def spawn(self, worker: Callable[[], Coroutine[Any, Any, None]]) -> None:
        if not may_have_threads():
            raise RuntimeError("no thread may run here")
        # Not threading.Thread here: its start() takes a lock that is not re-entrant, and we may be in a signal handler
        # that interrupted another start(). The plain thread can wait for that lock without harm.
        start_thread(_start, worker)

    def waker(self) -> ThreadWaker:
        return ThreadWaker()

    def run(self, make: Callable[[], Coroutine[Any, Any, T]], seconds: float | None = None) -> T:
        if not may_have_threads():
            raise CannotWait
        return drive(make())

    async def wait_readable(self, descriptor: int, seconds: float) -> None:
        _wait(descriptor, seconds, writable=False)

    async def wait_writable(self, descriptor: int, seconds: float) -> None:
        _wait(descriptor, seconds, writable=True)

    async def arun(self, make: Callable[[], Coroutine[Any, Any, T]], seconds: float | None = None) -> T:
        return await in_thread(lambda: self.run(make))


def may_have_threads() -> bool:
    """Whether threads may be started. Not in the process that uWSGI forks its workers from.

    By default uWSGI forks without Python's knowledge: if a thread runs at that moment, the workers have a copy of the
    interpreter's lock that nobody will ever release, and serve nothing.
    """
    uwsgi: Any = sys.modules.get("uwsgi")  # which is there in uWSGI only
    if uwsgi is None or getattr(uwsgi, "opt", {}).get("py-call-uwsgi-fork-hooks"):
        return True
    return bool(uwsgi.worker_id() or uwsgi.masterpid() not in (0, os.getpid()))


async def in_thread(function: Callable[[], T]) -> T:
    """Call a function without blocking the loop, if that is one of asyncio's. For others' there is no way that we know."""
    import asyncio  # only programs that await come here

    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return function()
    return await asyncio.to_thread(function)


def _wait(descriptor: int, seconds: float, *, writable: bool) -> None:
    if hasattr(select, "poll"):
        poll = select.poll()
        poll.register(descriptor, select.POLLOUT if writable else select.POLLIN)
        poll.poll(seconds * 1_000)
    else:  # Eventlet's patch takes it away, and its own select is bounded by no number of descriptors
        select.select([] if writable else [descriptor], [descriptor] if writable else [], [], seconds)


def _start(worker: Callable[[], Coroutine[Any, Any, None]]) -> None:
    try:
        threading.Thread(target=_run, args=(worker,), name="raven-worker", daemon=True).start()
    except RuntimeError:  # no second thread can be had, so this one has to do
        _run(worker)


def _run(worker: Callable[[], Coroutine[Any, Any, None]]) -> None:
    drive(worker())
