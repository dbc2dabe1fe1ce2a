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
        self._waiting: deque[Waker] = deque()

    async def take(self, deadline: float) -> C | None:
        """A place, with the idle connection that is there. Raises TimeoutError if none becomes free before the deadline."""
        while True:
            try:
                return self._free.pop()
            except IndexError:
                pass
            left = deadline - self._runtime.monotonic()
            if left <= 0:
                raise TimeoutError("no connection was free in time")
            waker = self._runtime.waker()
            self._waiting.append(waker)
            if self._free:  # since we looked
                waker.wake()
            try:
                await waker.wait(left)
            except BaseException:  # we are told to stop, and may have been woken for a place that is another's then
                self._forget(waker)
                if self._free:
                    self._wake()
                raise
            self._forget(waker)

    def give(self, connection: C | None = None) -> None:
        """Give a place back, with an idle connection or without."""
        if connection is None:
            self._free.appendleft(None)
        else:
            self._free.append(connection)
        self._wake()

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

    def _forget(self, waker: Waker) -> None:
        try:
            self._waiting.remove(waker)
        except ValueError:  # it was woken
            pass

    def _wake(self) -> None:
        if self._waiting:
            try:
                self._waiting.popleft().wake()
            except IndexError:  # others have woken the rest
                return
