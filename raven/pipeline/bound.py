"""A stack at work: it sends, counts, flushes, and starts anew in a forked child."""

from __future__ import annotations

import enum
import os
from collections import deque
from collections.abc import Sequence
from functools import partial
from typing import Any

from ..dsn import Dsn
from ..errors import Closed
from ..ledger import Ledger, Observer, Stats
from ..outcome import Outcome, outcome_of
from ..own_log import FailureLog
from ..request import Fate, Request, Response, Send
from ..runtimes import CannotWait, Runtime, Waker, drive
from ..runtimes.threads import in_thread
from ..sinks import Sink
from .stage import Context, Stage


class Flushed(enum.Enum):
    """How a flush ended. It is true only if everything was delivered."""

    DELIVERED = "delivered"
    """Everything was delivered that was accepted since the last flush."""
    FAILED = "failed"
    """Everything is settled, but something was dropped since the last flush. `stats()` tells why."""
    TIMEOUT = "timeout"
    """Something is not settled yet."""

    def __bool__(self) -> bool:
        return self is Flushed.DELIVERED


class BoundStack:
    """What `Stack.bind` returns. Every call is safe from any thread."""

    def __init__(self, stages: Sequence[Stage], sink: Sink, dsn: Dsn, runtime: Runtime | None, title: str) -> None:
        self._stages = stages
        self._sink = sink
        self._dsn = dsn
        self._runtime = runtime
        self._title = title
        self._closed = False
        self._observers: tuple[Observer, ...] = ()
        self._lives: dict[int, _Life] = {}
        self._ancestors: list[_Life] = []
        self._life()

    def send(self, request: Request) -> None:
        """Deliver a request, or see that it will be. Never raises because of what becomes of it: the ledger knows."""
        self._life().send(request)

    def discard(self, request: Request, outcome: Outcome) -> None:
        """Count a request that is not to be sent, because the program does not want it."""
        ledger = self._life().ledger
        ledger.accept()
        ledger.settle(request, outcome)

    def observe(self, observer: Observer) -> None:
        """Call `observer(request, outcome)` for each request that is settled, in the thread that settles it."""
        life = self._life()
        self._observers += (observer,)
        life.ledger.observe(observer)

    def flush(self, timeout: float = 5.0) -> Flushed:
        """Wait until all that was sent so far is settled, at most `timeout` seconds.

        On the thread of an event loop that delivers, or when that loop doesn't run, what is left is delivered by the
        calling thread, which blocks it. `aflush` doesn't.
        """
        return self._life().wait(timeout)

    def close(self, timeout: float = 5.0) -> Flushed:
        """Flush, then drop what is left, free everything, and accept no more. Closing again does nothing."""
        self._closed = True
        life = self._life()
        flushed = life.wait(timeout)
        life.close()
        return flushed

    async def aflush(self, timeout: float = 5.0) -> Flushed:
        """`flush`, for a program that awaits."""
        return await self._life().await_(timeout)

    async def aclose(self, timeout: float = 5.0) -> Flushed:
        """`close`, for a program that awaits."""
        self._closed = True
        life = self._life()
        flushed = await life.await_(timeout)
        life.close()
        return flushed

    def stats(self) -> Stats:
        """The counts of this process, now."""
        return self._life().stats()

    def _life(self) -> _Life:
        # A forked child has the parent's queue, locks and sockets, and none of the threads that work on them. It must
        # use none of it. The question is asked each time because uWSGI, by default, runs no at-fork hooks.
        process = os.getpid()
        life = self._lives.get(process)
        if life is None:
            context = Context(self._dsn, self._runtime or self._sink.runtime(), Ledger(self._observers))
            life = self._lives.setdefault(process, _Life(self._stages, self._sink, context, self._closed))
            # The others are of ancestors. Their ids may come again, and they can't be freed: who knows what their locks
            # were doing when the process was copied.
            for other in [each for each in self._lives if each != process]:
                self._ancestors.append(self._lives.pop(other))
        return life

    def __repr__(self) -> str:
        return f"<{self._title} bound to {self._dsn}>"


class _Life:
    """All of a bound stack's state, in one process."""

    def __init__(self, stages: Sequence[Stage], sink: Sink, context: Context, closed: bool) -> None:
        self.runtime = context.runtime
        self.ledger = context.ledger
        self.ledger.observe(FailureLog(context.runtime.monotonic, context.dsn.origin))
        self.ledger.observe(self._wake)
        self._closed = closed
        self._parts = compose(stages, sink, context.replace(is_closed=lambda: self._closed))
        self._holding = [part for part in self._parts if hasattr(part, "flush_here")]
        self._reporting = [part for part in self._parts if hasattr(part, "report_here")]
        self._flushing: deque[Waker] = deque()
        self._unfinished: deque[tuple[Request, object]] = deque()
        self._failed_before = 0

    def send(self, request: Request) -> None:
        request.fate = Fate()
        result: Any = None
        self.ledger.accept()
        try:
            result = drive(self._pass(request))
        except Exception as error:
            result = error
        except BaseException as error:
            result = error
            raise
        finally:
            if not request.fate.held:
                self._unfinished.append((request, result))
                self._finish()
            del result  # an error would hold itself, by its traceback

    def stats(self) -> Stats:
        self._finish()
        return self.ledger.stats()

    def _finish(self) -> None:
        # What is put off here is put off by a program at its recursion limit, where not even the ledger can be called.
        while self._unfinished:
            try:
                request, result = self._unfinished.popleft()
            except IndexError:  # another thread has it
                return
            try:
                self.ledger.settle(request, outcome_of(result))
            except RecursionError:
                self._unfinished.append((request, result))
                return

    async def _pass(self, request: Request) -> Response:
        if self._closed:
            raise Closed("the transport is closed")
        response: Response = await self._parts[0](request)
        return response

    def wait(self, timeout: float) -> Flushed:
        deadline = self.runtime.monotonic() + timeout
        before = self._failed_before
        try:
            return self.runtime.run(lambda: self.flush(timeout), timeout)
        except CannotWait:
            return self._flush_here(deadline, before)

    async def await_(self, timeout: float) -> Flushed:
        deadline = self.runtime.monotonic() + timeout
        before = self._failed_before
        try:
            return await self.runtime.arun(lambda: self.flush(timeout), timeout)
        except CannotWait:
            return await in_thread(lambda: self._flush_here(deadline, before))

    def _flush_here(self, deadline: float, before: int) -> Flushed:
        settled = [part.flush_here(deadline) for part in self._holding]
        for reporting in self._reporting:
            reporting.report_here(deadline)
        return self._flushed(all(settled), before)

    async def flush(self, timeout: float) -> Flushed:
        deadline = self.runtime.monotonic() + timeout
        before = self._failed_before
        settled = True
        for part in self._holding:
            settled = await part.flush(deadline) and settled
        if not self._holding:
            settled = await self._until_none_is_pending(deadline)
        for reporting in self._reporting:
            await reporting.report(deadline)
        return self._flushed(settled, before)

    def _flushed(self, settled: bool, before: int) -> Flushed:
        failed = self.stats().failed
        if not settled:
            return Flushed.TIMEOUT
        # Flushes that overlap began with the same number, so all of them tell of the same failures.
        self._failed_before = failed
        return Flushed.DELIVERED if failed == before else Flushed.FAILED

    async def _until_none_is_pending(self, deadline: float) -> bool:
        """Nothing is held, but other threads may be sending right now."""
        waker = self.runtime.waker()
        self._flushing.append(waker)
        try:
            while self.stats().pending:
                left = deadline - self.runtime.monotonic()
                if left <= 0:
                    return False
                await waker.wait(left)
            return True
        finally:
            self._flushing.remove(waker)

    def _wake(self, request: Request, outcome: Outcome) -> None:
        for waker in self._flushing.copy():
            waker.wake()

    def close(self) -> None:
        if not self._closed:
            self._closed = True
            for part in self._parts:
                if hasattr(part, "close"):
                    part.close()


def compose(stages: Sequence[Stage], sink: Sink, context: Context) -> list[Any]:
    """Bind the sink, and on it each stage, the lowest first. The result is in the stack's order."""
    bound: list[Any] = [sink.bind(context)]
    for at in range(len(stages) - 1, -1, -1):
        below = context.replace(twin=partial(_twin, stages[at + 1 :], sink, context))
        bound.append(stages[at].bind(bound[-1], below))
    bound.reverse()
    return bound


def _twin(stages: Sequence[Stage], sink: Sink, context: Context) -> Send | None:
    blocking = sink.at_exit()
    if blocking is None:
        return None
    stages = [stage for stage in stages if stage.role != "report"]  # it has not told what the other has
    send: Send = compose(stages, blocking, context.replace(runtime=blocking.runtime()))[0]
    return send
