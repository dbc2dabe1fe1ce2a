"""The runtime of asyncio, and so of Tornado, whose loop is asyncio's."""

from __future__ import annotations

import _thread
import asyncio
from collections.abc import Callable, Coroutine
from contextvars import Context
from typing import Any, ClassVar

from .loop import LoopRuntime


class AsyncioRuntime(LoopRuntime):
    """Workers are tasks of a loop: of the first that runs where an event is sent or the client is made, and when that one
    has ended, of the next. A loop that is stopped may go on, and its workers with it, unless another one runs by then.

    A child that is forked in a coroutine has no loop, for it would share the parent's selector: a thread delivers.
    """

    cancellation: ClassVar[tuple[type[BaseException], ...]] = (asyncio.CancelledError, *LoopRuntime.cancellation)

    def __init__(self) -> None:
        super().__init__()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._tasks: dict[asyncio.Task[None], list[Coroutine[Any, Any, None]]] = {}  # a loop holds its tasks but weakly
        self._attach()

    def _attach(self) -> asyncio.AbstractEventLoop | None:
        """The loop, if there is one that runs."""
        loop = self._loop
        if loop is not None and loop.is_running():
            return loop
        try:
            self._loop = asyncio.get_running_loop()
        except RuntimeError:
            if loop is None or not loop.is_closed():  # it may go on
                return None
            self._loop = None
        if loop is not None:
            self._end_tasks()
        return self._loop

    def _end_tasks(self) -> None:
        """End what a loop has left behind that was not asked to cancel it, and does nothing for it any more."""
        for task in self._tasks.copy():
            coroutine = task.get_coro()
            try:
                if coroutine is not None:
                    coroutine.close()
            except (RuntimeError, ValueError):  # a stage doesn't let it end, or the loop has just gone on
                pass
            self._forget(task)

    def _forget(self, task: asyncio.Task[None]) -> None:
        to_begin = self._tasks.pop(task, [])
        while to_begin:  # it was cancelled before it began
            to_begin.pop().close()
        if task.done() and not task.cancelled():
            task.exception()  # what a signal handler raised has ended the loop; nobody needs to be told that it is in here

    def is_running(self) -> bool:
        return self._attach() is not None

    def is_here(self) -> bool:
        loop = self._attach()
        try:
            return loop is not None and asyncio.get_running_loop() is loop
        except RuntimeError:
            return False

    def call(self, function: Callable[[], object]) -> None:
        loop = self._attach()
        if loop is None:
            raise RuntimeError("no event loop runs")
        # In no context of whoever calls, who may be in the middle of a capture: what a worker captures is none of its.
        loop.call_soon_threadsafe(function, context=Context())

    def start(self, coroutine: Coroutine[Any, Any, None]) -> None:
        # Not the coroutine itself: if the task is cancelled before it begins, that is told to the coroutine, which can't
        # do anything about it, and the error then holds it.
        to_begin = [coroutine]

        async def whole() -> None:
            await to_begin.pop()

        task = asyncio.get_running_loop().create_task(whole())
        # A loop that is closed with tasks in it complains of each; of ours nothing is lost.
        task._log_destroy_pending = False  # type: ignore[attr-defined]
        self._tasks[task] = to_begin
        task.add_done_callback(self._forget)

    def alarm(self) -> _Alarm:
        return _Alarm(asyncio.get_running_loop())

    def allocate_lock(self) -> Any:
        return _thread.allocate_lock()

    async def wait_readable(self, descriptor: int, seconds: float) -> None:
        alarm = self.alarm()
        loop = asyncio.get_running_loop()
        loop.add_reader(descriptor, alarm.ring)
        try:
            await alarm.wait(seconds)
        finally:
            if not loop.is_closed():
                loop.remove_reader(descriptor)
        self.stay()

    async def wait_writable(self, descriptor: int, seconds: float) -> None:
        alarm = self.alarm()
        loop = asyncio.get_running_loop()
        loop.add_writer(descriptor, alarm.ring)
        try:
            await alarm.wait(seconds)
        finally:
            if not loop.is_closed():
                loop.remove_writer(descriptor)
        self.stay()


class _Alarm:
    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._future = loop.create_future()

    def ring(self) -> None:
        if not self._future.done():
            self._future.set_result(None)

    async def wait(self, seconds: float | None) -> None:
        timer = None if seconds is None else self._loop.call_later(seconds, self.ring)
        try:
            await self._future
        finally:
            if timer is not None:
                timer.cancel()
