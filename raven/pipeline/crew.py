"""The workers of a queue: who is at work, who is idle, and how many there should be.

Nothing here takes a lock, for the queue's reasons. `_vacancies` has a token for each worker that may be started, `_rests`
one for each that may rest while it holds a request and have another one work in its place, `_lookout` the one for the
lookout. To take a token is to have the right.

How many should be at work depends on the server. One that is far away needs them all: each waits most of the time. One that
answers at once is kept busy by one: more of them only take the interpreter from each other, and from the program. So
while deliveries take no time to speak of, one works, and another one is the lookout, who joins in when that one is held up.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Protocol

from ..request import Request, Rest
from ..runtimes import Runtime, Waker

_RESTING = 4
"""For each of several workers, so many may rest besides."""

_AT_ONCE = 0.001
"""Seconds in which a server that is near has taken an event, if nobody had to wait for the interpreter meanwhile."""

_RECENT = 16
"""So many of the last deliveries tell how far the server is: the quickest of them does."""

_HELD_UP = 0.05
"""Seconds without a step after which a worker is held up. A program that computes lets it have the interpreter every
5 ms, which it needs a few times for one delivery."""


class Employer(Protocol):
    """Whose workers they are. They hold it while they work; otherwise it may go, and the crew doesn't hold it back."""

    async def deliver(self, request: Request, rest: Rest) -> None:
        """See one request through."""

    def help(self) -> bool:
        """Have what is waiting delivered where no worker can be had. False if that can't be either."""

    def is_over(self) -> bool:
        """Whether workers are to go home."""


class Crew:
    """Up to `size` workers that take what is in `waiting`. One that finds nothing for `patience` seconds goes away."""

    def __init__(self, size: int, patience: float, runtime: Runtime, waiting: deque[Request]) -> None:
        self._size = size
        self._patience = patience
        self._runtime = runtime
        self._waiting = waiting
        self._vacancies = deque([None] * size)
        self._rests = deque([None] * (_RESTING * size if size > 1 else 0))
        self._idle: deque[Waker] = deque()
        self._lookout = deque([None])
        self._lasted: deque[float] = deque(maxlen=_RECENT)
        self._is_near = False
        self._moved = 0.0

    def __len__(self) -> int:
        return self._size - len(self._vacancies)

    def is_getting_on(self) -> bool:
        """Whether what is waiting is in the hands of those who are as quick as more would be."""
        at_work = len(self) - len(self._idle) - (not self._lookout)
        return self._is_near and at_work > 0 and self._runtime.monotonic() - self._moved < _HELD_UP

    def call(self, employer: Employer) -> bool:
        """Have one more work. False if nobody does and no worker can be had."""
        if not self._runtime.is_running():  # those who work, and those who are idle, stand still
            return employer.help()
        try:
            self._idle.popleft().wake()
        except IndexError:
            return self._hire(employer) or len(self) > 0
        return True

    def wake_idle(self) -> None:
        """Have those who are idle look whether it is over."""
        for waker in self._idle.copy():
            waker.wake()

    def _hire(self, employer: Employer) -> bool:
        try:
            self._vacancies.pop()
        except IndexError:
            return True
        post = _Post(partial(self._leave, employer), employer.help)
        try:
            self._runtime.spawn(partial(self._work, post, employer))
        except RuntimeError:  # no loop runs, or no thread can be had
            post.leave(None)
            return employer.help()
        return True

    def _leave(self, employer: Employer, call: Callable[[], object] | None) -> None:
        self._vacancies.append(None)
        # Work that came after the worker's last look found no vacancy; now there is one.
        if call is not None and self._waiting and not employer.is_over():
            call()

    async def _work(self, post: _Post, employer: Employer) -> None:
        waker = self._runtime.waker()
        # A worker that doesn't go in peace leaves a loop that ends, which would run no other worker.
        work = partial(self.call, employer)
        call = employer.help if self._runtime.helper is not None else work
        try:
            await self._look_out(waker, employer)
            while not (employer.is_over() or post.left):
                try:
                    request = self._waiting.popleft()
                except IndexError:
                    if not await self._wait_for_work(waker):
                        break
                    await self._look_out(waker, employer)
                else:
                    await self._take(request, post, employer)
            call = work
        finally:
            post.leave(call)

    async def _take(self, request: Request, post: _Post, employer: Employer) -> None:
        began = self._moved = self._runtime.monotonic()
        if self._is_near and self._waiting and self._lookout:
            self.call(employer)
        await employer.deliver(request, partial(self._rest, post, employer))
        self._lasted.append(self._runtime.monotonic() - began)
        self._is_near = min(self._lasted.copy()) < _AT_ONCE

    async def _look_out(self, waker: Waker, employer: Employer) -> None:
        """Hold back while those at work get on. One at a time does; others that come work."""
        try:
            self._lookout.pop()
        except IndexError:
            return
        try:
            held_back = False
            while self._waiting and self.is_getting_on():
                held_back = True
                await waker.wait(_HELD_UP)
            if held_back and self._waiting:
                self._call_all(employer)
        finally:
            self._lookout.append(None)

    def _call_all(self, employer: Employer) -> None:
        """Have all work that there is work for: the server is not as near as it seemed, or is stuck."""
        self._is_near = False
        self._lasted.clear()
        for _ in range(min(len(self._waiting) - 1, self._size)):
            self.call(employer)

    async def _wait_for_work(self, waker: Waker) -> bool:
        self._idle.append(waker)
        woken = False
        try:
            # Whoever came between our last look and that line saw nobody idle.
            woken = bool(self._waiting) or await waker.wait(self._patience)
        finally:  # we may be told to stop
            try:
                self._idle.remove(waker)
            except ValueError:  # someone has called us, so there is, or was, work
                woken = True
        return woken

    @contextmanager
    def _rest(self, post: _Post, employer: Employer) -> Iterator[None]:
        """A time in which a worker only waits, so that another one may have its post. It goes home when it is done."""
        try:
            self._rests.pop()
        except IndexError:
            yield
            return
        try:
            post.leave(partial(self.call, employer))
            yield
        finally:
            self._rests.append(None)


class _Post:
    """A worker's place among the others. It is given back once: by the worker, or when it is freed, since a loop that ends
    drops workers that have not begun.
    """

    def __init__(self, leave: Callable[[Callable[[], object] | None], object], call: Callable[[], object]) -> None:
        self._leave = leave
        self._call = call
        self.left = False

    def leave(self, call: Callable[[], object] | None) -> None:
        """Give it back, and call that if there is work."""
        if not self.left:
            self.left = True
            self._leave(call)

    def __del__(self) -> None:
        self.leave(self._call)
