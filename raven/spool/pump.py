"""The worker that replays: first what its own process left on disk, then what others did."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial

from ..request import Send
from ..runtimes import Runtime, Waker
from .orphans import Orphans
from .own import Own
from .pace import Pace
from .replay import Replay, Source
from .row import Row

LOOK = 10.0
"""Seconds after which to look again for files that have no owner any more."""

Twin = Callable[[], Send | None]


class Pump:
    """At most one at a time. It is started when there is something for it, and goes when there is nothing more."""

    def __init__(self, runtime: Runtime, send: Send, twin: Twin, own: Own, orphans: Orphans, pace: Pace) -> None:
        self._runtime = runtime
        self._send = send
        self._twin = twin
        self._own = own
        self._orphans = orphans
        self._pace = pace
        self._replay = Replay(pace)
        self._vacancy = deque([None])
        self._files = deque([None])
        """The right to use, or to close, what has been adopted."""
        self._idle: deque[Waker] = deque()
        self._others = False
        self._next_look = 0.0
        self._stopped = False
        self._process = os.getpid()

    def look(self) -> None:
        """Look into the folder; start if there is something for us."""
        self._look()
        if self._others or next(iter(self._orphans), None) is not None:
            self.call()

    def look_again(self) -> None:
        """The same, if it is long ago that we looked."""
        if self._runtime.monotonic() >= self._next_look:
            self.call()

    def call(self) -> None:
        """See that someone replays. If nobody can be had, whoever calls next tries again."""
        if self._stopped:
            return
        try:
            self._vacancy.pop()
        except IndexError:
            for waker in self._idle.copy():
                waker.wake()
            return
        runtime, make = self._runtime, self._given
        if not runtime.is_running():
            if runtime.helper is None:
                self._vacancy.append(None)
                return
            runtime, make = runtime.helper, self._twin
        try:
            runtime.spawn(partial(self._work, runtime, make, _Turn(self._give_back)))
        except RuntimeError:  # no loop runs, or no thread can be had
            self._vacancy.append(None)

    def call_for_one(self) -> None:
        """The same because one more waits: for that, whoever replays need not be woken while there is a pause."""
        if self._vacancy or self._pace.left() <= 0:
            self.call()

    def _given(self) -> Send | None:
        return self._send

    @contextmanager
    def hurried(self) -> Iterator[None]:
        """A block in which someone waits for it."""
        self._pace.hurry()
        try:
            self.call()
            yield
        finally:
            self._pace.no_hurry()

    def stop(self) -> None:
        """Take up nothing more, and let go of all files: now, or when what is under way is done."""
        self._stopped = True
        self._finish()
        for waker in self._idle.copy():
            waker.wake()

    def _finish(self) -> None:
        try:
            self._files.pop()
        except IndexError:  # whoever has them does it when he is done
            return
        self._own.let_go()
        self._orphans.release()
        self._files.append(None)

    async def replay_here(self, send: Send, left: Callable[[], float]) -> None:
        """Replay this process's own in the calling thread, as long as there is time and it succeeds."""
        while (seconds := left()) > 0 and self._pace.left() <= 0 and (row := self._own.take()) is not None:
            await self._replay.deliver(self._own, row, send, self._runtime.monotonic() + seconds)

    async def _work(self, runtime: Runtime, make: Twin, turn: _Turn) -> None:
        peaceful = False
        try:
            send = make()
            waker = runtime.waker()
            while send is not None and (left := await self._step(send)) is not None:
                if left > 0:
                    await self._wait(waker, left)
            peaceful = send is not None
        finally:
            turn.end(call=peaceful)

    async def _step(self, send: Send) -> float | None:
        """Deliver one if it is time. Returns for how many seconds to wait then; None if there is nothing to wait for."""
        try:
            self._files.pop()
        except IndexError:  # they are being closed
            return None
        try:
            self._look_if_due()
            left = self._pace.left()
            if self._stopped or left > 0:
                return None if self._stopped else left
            found = self._take()
            if found is None:
                return LOOK if self._others or self._own.has_work() else None
            await self._replay.deliver(*found, send)
            return self._pace.left()
        finally:
            self._files.append(None)
            if self._stopped:
                self._finish()

    async def _wait(self, waker: Waker, seconds: float) -> None:
        self._idle.append(waker)
        try:
            await waker.wait(min(seconds, LOOK))
        finally:
            self._idle.remove(waker)

    def _take(self) -> tuple[Source, Row] | None:
        self._own.rescue()
        row = self._own.take()
        return self._orphans.take() if row is None else (self._own, row)

    def _look_if_due(self) -> None:
        if self._runtime.monotonic() >= self._next_look:
            self._look()

    def _look(self) -> None:
        self._next_look = self._runtime.monotonic() + LOOK
        self._others = self._orphans.look()

    def _give_back(self, call: bool) -> None:
        self._vacancy.append(None)
        # What came after the last look found the vacancy taken.
        if call and not self._stopped and self._own.has_work() and os.getpid() == self._process:
            self.call()


class _Turn:
    """The pump's vacancy while it works. It is given back once: at the end, or when a loop drops what it has not begun."""

    def __init__(self, give_back: Callable[[bool], None]) -> None:
        self._give_back = [give_back]

    def end(self, *, call: bool = True) -> None:
        try:
            give_back = self._give_back.pop()
        except IndexError:
            return
        give_back(call)

    def __del__(self) -> None:
        self.end()
