"""A stack at work: it sends, counts, flushes, and starts anew in a forked child."""

from __future__ import annotations

import enum
import os
from typing import TYPE_CHECKING, Any

from ..dsn import Dsn
from ..errors import Closed
from ..failure_log import FailureLog
from ..ledger import Ledger, Stats
from ..outcome import outcome_of
from ..request import HELD, Request, Response
from ..runtimes import Runtime, drive
from .stage import Context, Holding

if TYPE_CHECKING:
    from .stack import Stack


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

    def __init__(self, stack: Stack, dsn: Dsn, runtime: Runtime | None = None) -> None:
        self._stack = stack
        self._dsn = dsn
        self._runtime = runtime
        self._lives: dict[int, _Life] = {}
        self._life()

    def send(self, request: Request) -> None:
        """Deliver a request, or see that it will be. Never raises because of what becomes of it: the ledger knows."""
        self._life().send(request)

    def flush(self, timeout: float = 5.0) -> Flushed:
        """Wait until all that was sent so far is settled, at most `timeout` seconds."""
        life = self._life()
        return life.runtime.run(lambda: life.flush(timeout))

    def close(self, timeout: float = 5.0) -> Flushed:
        """Flush, then drop what is left, free everything, and accept no more. Closing again does nothing."""
        life = self._life()
        return life.runtime.run(lambda: life.close(timeout))

    async def aflush(self, timeout: float = 5.0) -> Flushed:
        """`flush`, for a program that awaits."""
        life = self._life()
        return await life.runtime.arun(lambda: life.flush(timeout))

    async def aclose(self, timeout: float = 5.0) -> Flushed:
        """`close`, for a program that awaits."""
        life = self._life()
        return await life.runtime.arun(lambda: life.close(timeout))

    def stats(self) -> Stats:
        """The counts of this process, now."""
        return self._life().ledger.stats()

    def _life(self) -> _Life:
        # A forked child has the parent's queue, locks and sockets, and none of the threads that work on them. It must
        # use none of it. The question is asked each time because uWSGI, by default, runs no at-fork hooks.
        process = os.getpid()
        life = self._lives.get(process)
        if life is None:
            life = _Life(self._stack, self._dsn, self._runtime or self._stack.sink.runtime())
            life = self._lives.setdefault(process, life)
        return life

    def __repr__(self) -> str:
        return f"<{self._stack!r} bound to {self._dsn}>"


class _Life:
    """All of a bound stack's state, in one process."""

    def __init__(self, stack: Stack, dsn: Dsn, runtime: Runtime) -> None:
        self.runtime = runtime
        self.ledger = Ledger()
        self.ledger.observe(FailureLog(runtime.monotonic, dsn.origin))
        self._send, self._parts = stack.compose(Context(dsn, runtime, self.ledger))
        self._failed_before = 0
        self._closed = False

    def send(self, request: Request) -> None:
        self.ledger.accept()
        result: Any = None
        try:
            result = drive(self._pass(request))
        except Exception as error:
            result = error
        except BaseException as error:
            result = error
            raise
        finally:
            if result is not HELD:
                self.ledger.settle(request, outcome_of(result))

    async def _pass(self, request: Request) -> Response:
        if self._closed:
            raise Closed("the transport is closed")
        return await self._send(request)

    async def flush(self, timeout: float) -> Flushed:
        deadline = self.runtime.monotonic() + timeout
        settled = True
        for part in self._parts:
            if isinstance(part, Holding):
                settled = await part.flush(deadline) and settled
        return self._flushed(settled)

    async def close(self, timeout: float) -> Flushed:
        flushed = await self.flush(timeout)
        if not self._closed:
            self._closed = True
            for part in self._parts:
                if isinstance(part, Holding):
                    await part.close(self.runtime.monotonic())
                elif hasattr(part, "close"):
                    part.close()
        return flushed

    def _flushed(self, settled: bool) -> Flushed:
        failed = self.ledger.stats().failed
        before, self._failed_before = self._failed_before, failed
        if not settled:
            return Flushed.TIMEOUT
        return Flushed.DELIVERED if failed == before else Flushed.FAILED
