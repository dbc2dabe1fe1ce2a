"""The places of a pool of connections."""

from __future__ import annotations

from collections import deque
from typing import Generic, TypeVar

from ..runtimes import Runtime, Waker

C = TypeVar("C")


class Places(Generic[C]):
    """As many as there may be connections: each has an idle one, or None, or is taken. Idle ones are taken first, and the
    one that was used last before the others. Who finds no place free waits for one.

    There is no lock in here: a signal handler may send while we are in here, and a forked child, which closes its parent's
    idle connections when it ends, would wait for ever for what a thread of the parent held.
    """

    def __init__(self, count: int, runtime: Runtime) -> None:
        self._free: deque[C | None] = deque([None] * count)
        self._runtime = runtime
        self._waiting: deque[_Waiter[C]] = deque()

    async def take(self, deadline: float) -> C | None:
        """A place, with the idle connection that is there. Raises TimeoutError if none becomes free before the deadline."""
        try:
            return self._free.pop()
        except IndexError:
            pass
        left = deadline - self._runtime.monotonic()
        if left > 0:
            waiter: _Waiter[C] = _Waiter(self._runtime.waker())
            self._waiting.append(waiter)
            self._hand_over()  # what became free since we looked
            try:
                await waiter.waker.wait(left)
            except BaseException:  # we are told to stop
                for connection in self._left_by(waiter):
                    self.give(connection)
                raise
            given = self._left_by(waiter)
            if given:
                return given[0]
        raise TimeoutError("no connection was free in time")

    def give(self, connection: C | None = None) -> None:
        """Give a place back, with an idle connection or without. Who has waited longest has it, before all who come."""
        self._put(connection)
        self._hand_over()

    def take_idle(self) -> C | None:
        """Take an idle connection out of its place, which stays free. None if there is none. Never waits."""
        for _ in range(len(self._free)):
            try:
                connection = self._free.pop()
            except IndexError:  # others have taken the rest
                return None
            self._free.appendleft(None)
            if connection is not None:
                return connection
        return None

    def _put(self, connection: C | None) -> None:
        if connection is None:
            self._free.appendleft(None)
        else:
            self._free.append(connection)

    def _hand_over(self) -> None:
        while self._free and self._waiting:
            try:
                connection = self._free.pop()
            except IndexError:  # others have taken the rest
                return
            try:
                waiter = self._waiting.popleft()
            except IndexError:  # others have served the rest
                self._put(connection)
                continue
            waiter.given.append(connection)
            waiter.waker.wake()
            if waiter.gone:  # since we took it
                for connection in _taken(waiter.given):
                    self._put(connection)

    def _left_by(self, waiter: _Waiter[C]) -> list[C | None]:
        """The place that a waiter was given, if it was, now that it waits no more."""
        waiter.gone = True
        try:
            self._waiting.remove(waiter)
        except ValueError:  # somebody has it in hand, and gives it a place, or sees that it is gone
            pass
        return _taken(waiter.given)


class _Waiter(Generic[C]):
    def __init__(self, waker: Waker) -> None:
        self.waker = waker
        self.given: deque[C | None] = deque()
        self.gone = False


def _taken(given: deque[C | None]) -> list[C | None]:
    try:
        return [given.pop()]
    except IndexError:
        return []
