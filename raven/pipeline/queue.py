"""Let the program go on while workers deliver.

Nothing here takes a lock, because a capture may come from a signal handler or a `__del__` that interrupts another one.
What threads share are deques and a dict, whose single operations are atomic, and every step leaves them in a state that
the next one, from whatever thread, can work on:

- `_helper` has one token, and to take it is to have the right to deliver by the blocking twin, as with `_seats` and with
  the tokens of the crew.
- `_unsettled` has every request from when it is taken in until it is settled, and the size of its seat, so at exit it is
  known what is left. Whoever removes it gives its seat back.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterable
from contextlib import nullcontext
from typing import ClassVar, Literal

from .. import at_exit
from ..errors import Closed, QueueFull, SendError
from ..options import option
from ..outcome import Outcome, outcome_of
from ..own_log import not_capturing_lines
from ..request import HELD, Request, Response, Rest, Send
from ..runtimes import CannotWait, Waker, drive
from ..runtimes.threads import ThreadWaker, may_have_threads
from .crew import Crew
from .seats import Seats
from .stage import Context, Stage

_LOOK_UP = 0.1
"""Seconds after which who waits for another thread looks at the clock."""

Leave = tuple[type[BaseException], ...]
Spare = Callable[[object], bool]
"""Whether a request that came to this is left unsettled."""


class Queue(Stage):
    """Hold up to `queue_size` events (default 1000), of up to `queue_bytes` bytes in all (default 64 MiB; parts
    of 4 KiB aren't counted), and let workers of the runtime carry them down the rest of the stack.

    Stands below Serialize and above all that may wait. It answers at once, so `send` costs the program next to nothing
    however slow the server is. When it is full, an event is dropped as "queue_overflow": with `overflow` "newest" (the
    default) the one that comes; with "oldest" the one that has waited longest, if any still waits; with "block" whoever
    sends waits for up to `overflow_timeout` seconds (default 1) before the one that comes is dropped. On the thread of a
    loop that delivers, where waiting would be in vain, "block" is "newest".

    At most `workers` (default 8) deliver side by side, and besides up to four times as many that try again: while one
    waits for that, another one works in its place. With one worker none does, and events arrive in order. While the server
    takes each event within a millisecond one works, for more would only compete with it for the interpreter. A worker is
    started when more should work and none is idle, and goes away after `worker_idle` seconds without work (default 5). As
    in raven-python 6, `workers` may be called `maximum_outstanding_requests` or `pool_size`.

    Where the runtime's loop doesn't run, before it begins and after it has ended, one thread delivers, by the sink that
    takes the place of this one at exit. When the interpreter exits, what is left is delivered within `shutdown_timeout`
    seconds (default 2).
    """

    role: ClassVar[str] = "queue"

    queue_size: int = option(1_000, minimum=1, maximum=1_000_000)
    queue_bytes: int = option(67_108_864, minimum=65_536, maximum=2**34, unit="bytes")
    overflow: Literal["newest", "oldest", "block"] = "newest"
    overflow_timeout: float = option(1.0, minimum=0, unit="seconds")
    workers: int = option(8, minimum=1, maximum=1_000, aliases=("maximum_outstanding_requests", "pool_size"))
    worker_idle: float = option(5.0, minimum=0, unit="seconds")
    shutdown_timeout: float = option(2.0, minimum=0, unit="seconds")

    def bind(self, send: Send, context: Context) -> BoundQueue:
        return BoundQueue(self, send, context)


class BoundQueue:
    """The queue of one transport in one process."""

    def __init__(self, queue: Queue, send: Send, context: Context) -> None:
        self._options = queue
        self._send = send
        self._context = context
        self._runtime = context.runtime
        self._waiting: deque[Request] = deque()
        self._unsettled: dict[Request, int] = {}
        self._seats = Seats(queue.queue_size, queue.queue_bytes)
        self._flushing: deque[tuple[Waker, list[Request] | None]] = deque()
        self._helper = deque([None])
        self._closed = False
        self._process = os.getpid()
        self._crew = Crew(queue.workers, queue.worker_idle, context.runtime, self._waiting)
        at_exit.register(self)

    async def __call__(self, request: Request) -> Response:
        if self._closed:
            raise Closed("the transport is closed")
        if request.fate.held:  # a stage above sends it, or a copy of it, a second time
            return HELD
        size = len(request.body or b"")
        if not (self._seats.take(size) or self._make_room(size)):
            self._call_worker()  # perhaps nobody could be had when those came that fill it
            raise QueueFull("as many events, or as many bytes, are waiting as may")
        self._unsettled[request] = size
        request.fate.held = True
        if self._closed:  # since we asked, and whoever closed it may not have seen this one
            self._drop(request)
            return HELD
        self._waiting.append(request)
        self._call_worker()
        if at_exit.is_over():  # we were called by an exit handler that runs after ours
            at_exit.drain()
        elif not may_have_threads():  # nobody will work here, and perhaps there will be no exit handler either
            self.flush_here(self._runtime.monotonic() + self._options.shutdown_timeout)
        return HELD

    def _make_room(self, size: int) -> bool:
        """Take a seat after all, if the policy has a way to one."""
        if not self._seats.has_room_ever(size):
            return False
        if self._options.overflow == "oldest":
            return self._displace(size)
        if self._options.overflow == "block":
            seconds = self._options.overflow_timeout
            deadline = self._runtime.monotonic() + seconds
            try:
                return self._runtime.run(lambda: self._wait_for_seat(size, deadline), seconds)
            except CannotWait:
                return False
        return False

    def _displace(self, size: int) -> bool:
        while not self._seats.take(size):
            try:
                oldest = self._waiting.popleft()
            except IndexError:
                return False
            self._settle(oldest, outcome_of(QueueFull("a newer event has taken its place")))
        return True

    async def _wait_for_seat(self, size: int, deadline: float) -> bool:
        waker = self._runtime.waker()
        entry = (waker, None)
        self._flushing.append(entry)
        try:
            while not self._seats.take(size):
                left = deadline - self._runtime.monotonic()
                if left <= 0 or self._closed or not self._call_worker():
                    return False
                await waker.wait(left)
            return True
        finally:
            self._flushing.remove(entry)

    async def flush(self, deadline: float) -> bool:
        """Wait until all that is held now is settled, at most until `deadline`. Whether it is settled."""
        held = list(self._unsettled.copy())  # a finalizer can come between the steps of list(), not of copy()
        waker = self._runtime.waker()
        entry = (waker, held)
        self._flushing.append(entry)
        try:
            while True:
                while held and held[-1] not in self._unsettled:
                    held.pop()
                left = deadline - self._runtime.monotonic()
                if not held or left <= 0 or not self._call_worker():
                    return not held
                await waker.wait(left)
        finally:
            self._flushing.remove(entry)

    def flush_here(self, deadline: float) -> bool:
        """Deliver all that is held now in the calling thread, until `deadline`. Whether it is settled.

        What a worker is delivering just now is delivered once more, which does no harm: servers store one id once. What
        fails here for want of time is left to the workers.
        """
        return self._deliver_here(deadline, lambda: None, may_succeed_later)

    def close(self) -> None:
        """Take nothing more, and drop what is left as "shutdown"."""
        self._closed = True
        self.abandon()
        self._crew.wake_idle()

    def abandon(self) -> None:
        """Drop all that is held, as "shutdown"."""
        for request in self._unsettled.copy():
            self._drop(request)

    def pending(self) -> int:
        """How many requests are taken in and not settled. In a forked child none is: they are its parent's."""
        return len(self._unsettled) if os.getpid() == self._process else 0

    @property
    def shutdown_timeout(self) -> float:
        """How long to drain for, in seconds."""
        return self._options.shutdown_timeout

    def drain(self, seconds: float, quiet: float, notice: Callable[[], None]) -> None:
        """Deliver what is left while the interpreter exits, in the calling thread if there is no other way.

        It takes at most `seconds`. `notice` is called when it takes longer than `quiet` seconds.
        """
        now = self._runtime.monotonic()
        deadline, loud = now + seconds, now + quiet
        if self._runtime.survives_exit:
            settled = self._runtime.run(lambda: self.flush(min(loud, deadline)))
            if not settled and len(self._crew):
                notice()
                self._runtime.run(lambda: self.flush(deadline))
            if settled or len(self._crew):
                return
        # No worker is left: a thread can't be started any more, or the loop that ran the workers is gone.
        monotonic = self._runtime.monotonic
        self._deliver_here(
            deadline,
            lambda: notice() if monotonic() >= loud else None,
            lambda result: monotonic() >= deadline and may_succeed_later(result),
        )

    def _deliver_here(self, deadline: float, look_up: Callable[[], None], spare: Spare) -> bool:
        held = list(self._unsettled.copy())
        waker = ThreadWaker()
        entry = (waker, held)
        self._flushing.append(entry)
        try:
            while True:
                while held and held[-1] not in self._unsettled:
                    held.pop()
                if not held:
                    return True
                look_up()
                left = deadline - self._runtime.monotonic()
                if left <= 0:
                    return False
                if self._may_help():
                    return self._deliver_all(held, deadline, look_up, spare)
                drive(waker.wait(min(left, _LOOK_UP)))
        finally:
            self._flushing.remove(entry)

    def _deliver_all(
        self, requests: Iterable[Request], deadline: float, look_up: Callable[[], None], spare: Spare
    ) -> bool:
        send = None
        try:
            send = self._context.twin()
            for request in requests if send is not None else ():
                look_up()
                if self._runtime.monotonic() < deadline and send is not None:
                    waited = self._take(request)
                    try:
                        drive(self._deliver(request, send, (KeyboardInterrupt,), deadline, spare))
                    finally:
                        if waited and request in self._unsettled:
                            self._waiting.append(request)
        finally:
            self._give_help_back(used=send is not None)
        return not any(request in self._unsettled for request in requests)

    def _take(self, request: Request) -> bool:
        try:
            self._waiting.remove(request)
        except ValueError:  # a worker has it, and may never be done
            return False
        return True

    def _may_help(self) -> bool:
        """Take the right to deliver by the twin, which one thread has at a time, so that nothing is delivered twice."""
        try:
            self._helper.pop()
        except IndexError:
            return False
        return True

    def _give_help_back(self, *, used: bool) -> None:
        self._helper.append(None)
        self._wake_flushing()
        if used and self._waiting and not self._closed:  # what came since our last look found the right taken
            self._call_worker()

    def _call_worker(self) -> bool:
        """See that someone works if there is work. False if nobody does and no worker can be had."""
        return not self._waiting or self._crew.is_getting_on() or self._crew.call(self)

    def help(self) -> bool:
        """See that a thread delivers what is waiting. If none can be had, the next send or flush tries again."""
        helper = self._runtime.helper
        if helper is None:
            return False
        if not self._may_help():
            return True
        try:
            helper.spawn(self._help)
        except RuntimeError:
            self._helper.append(None)
            return False
        return True

    async def _help(self) -> None:
        send = None
        try:
            send = self._context.twin()
            while send is not None and not self._closed:
                try:
                    request = self._waiting.popleft()
                except IndexError:
                    return
                await self._deliver(request, send, ())
        finally:
            self._give_help_back(used=send is not None)

    async def _deliver(
        self,
        request: Request,
        send: Send,
        leave: Leave,
        deadline: float | None = None,
        spare: Spare = lambda result: False,
        rest: Rest = nullcontext,
    ) -> bool:
        """Carry a request down the rest of the stack, and settle it. Whether the server has it."""
        if request not in self._unsettled:  # the queue was closed meanwhile
            return False
        attempt = request.copy()  # what the stages below do to it must not show if it has to be sent once more
        attempt.rest = rest
        if deadline is not None:
            attempt.due(deadline)
            attempt.latest = deadline
        result: object
        try:
            with not_capturing_lines():
                result = await send(attempt)
        except leave:
            if self._runtime.helper is not None:
                self._waiting.append(request)
            raise  # we are told to stop, and nothing is known of the event: it stays unsettled
        except GeneratorExit as error:  # a stage suspends where nothing can, and we are being closed for it
            self._settle(request, outcome_of(error))
            raise
        except BaseException as error:  # not even a stage that raises SystemExit may take the worker with it
            result = error
        try:
            if not spare(result):
                self._settle(request, outcome_of(result))
            return isinstance(result, Response) and result.delivered
        finally:
            del result  # an error would hold itself, by its traceback

    async def deliver(self, request: Request, rest: Rest) -> bool:
        """See one request through, in a worker. Whether the server has it."""
        return await self._deliver(request, self._send, self._runtime.cancellation, rest=rest)

    def is_over(self) -> bool:
        """Whether there is nothing to be done here any more: it is closed, or its parent process's."""
        return self._closed or os.getpid() != self._process

    def _drop(self, request: Request) -> None:
        self._settle(request, outcome_of(Closed("the transport was closed before it could be delivered")))

    def _settle(self, request: Request, outcome: Outcome) -> None:
        try:
            self._context.ledger.settle(request, outcome)
        finally:  # whatever an observer raises
            size = self._unsettled.pop(request, None)  # only now, so that a flush that ends finds it counted
            if size is not None:  # nobody else has settled it
                self._seats.give(size)
                self._wake_flushing(request)

    def _wake_flushing(self, settled: Request | None = None) -> None:
        """Wake those who wait for this one, or all. A flush waits for the last of those that it has seen unsettled."""
        for waker, held in self._flushing.copy():
            if settled is None or held is None or settled in held[-1:]:
                waker.wake()


def may_succeed_later(result: object) -> bool:
    """Whether this is a failure after which it is worth to try again."""
    return isinstance(result, SendError) and result.transient
