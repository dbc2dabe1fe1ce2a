"""The runtime of Twisted."""

from __future__ import annotations

import _thread
import sys
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReadDescriptor, IWriteDescriptor
from twisted.python import threadable
from twisted.python.failure import Failure
from zope.interface import implementer

from .loop import LoopRuntime

T = TypeVar("T")


class TwistedRuntime(LoopRuntime):
    """Workers are coroutines that the reactor carries on. It is whichever the program installs; until it does, none of
    them runs, and before it runs, none begins.

    A child that is forked while the reactor runs can't go on with it, and nothing tells that it doesn't: it has to flush,
    in the function in which it was forked, and end by `os._exit`, since the reactor catches what `sys.exit` raises.
    """

    def is_running(self) -> bool:
        reactor = _reactor()
        return reactor is not None and bool(reactor.running)

    def is_here(self) -> bool:
        return self.is_running() and bool(threadable.isInIOThread())  # type: ignore[no-untyped-call]

    def call(self, function: Callable[[], object]) -> None:
        if not self.is_running():
            raise RuntimeError("no reactor runs")
        _reactor().callFromThread(function)

    def start(self, coroutine: Coroutine[Any, Any, None]) -> None:
        Deferred.fromCoroutine(coroutine)

    def alarm(self) -> _Alarm:
        return _Alarm()

    def allocate_lock(self) -> Any:
        return _thread.allocate_lock()

    async def wait_readable(self, descriptor: int, seconds: float) -> None:
        alarm = _Alarm()
        watched = _Watched(descriptor, alarm)
        _reactor().addReader(watched)
        try:
            await alarm.wait(seconds)
        finally:
            _reactor().removeReader(watched)
        self.stay()

    async def wait_writable(self, descriptor: int, seconds: float) -> None:
        alarm = _Alarm()
        watched = _Watched(descriptor, alarm)
        _reactor().addWriter(watched)
        try:
            await alarm.wait(seconds)
        finally:
            _reactor().removeWriter(watched)
        self.stay()

    async def arun(self, make: Callable[[], Coroutine[Any, Any, T]], seconds: float | None = None) -> T:
        if self.is_here() and _is_in_task():  # on Twisted's reactor above asyncio, whose tasks can't await a Deferred
            import asyncio

            return await Deferred.fromCoroutine(make()).asFuture(asyncio.get_running_loop())
        return await super().arun(make, seconds)


def _reactor() -> Any:
    """The reactor. Not by an import, which would install one, and the program may still want another."""
    return sys.modules.get("twisted.internet.reactor")


def _is_in_task() -> bool:
    if "asyncio" not in sys.modules:
        return False
    import asyncio

    try:
        return asyncio.current_task() is not None
    except RuntimeError:
        return False


class _Alarm:
    def __init__(self) -> None:
        self._deferred: Deferred[None] = Deferred()

    def ring(self) -> None:
        if not self._deferred.called:
            self._deferred.callback(None)

    async def wait(self, seconds: float | None) -> None:
        timer = None if seconds is None else _reactor().callLater(max(0.0, seconds), self.ring)
        try:
            await self._deferred
        finally:
            if timer is not None and timer.active():
                timer.cancel()


@implementer(IReadDescriptor, IWriteDescriptor)
class _Watched:
    """Sets an alarm off when a descriptor is ready."""

    def __init__(self, descriptor: int, alarm: _Alarm) -> None:
        self._descriptor = descriptor
        self._alarm = alarm

    def fileno(self) -> int:
        return self._descriptor

    def logPrefix(self) -> str:
        return "raven"

    def doRead(self) -> None:
        self._alarm.ring()

    def doWrite(self) -> None:
        self._alarm.ring()

    def connectionLost(self, reason: Failure) -> None:
        self._alarm.ring()
