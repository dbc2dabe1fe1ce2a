"""Have each event on disk before it is sent.

What comes in is stored first, and then handed to a memory queue of its own, whose workers deliver it. Whatever they can't
deliver now stays where it is, and is replayed later, by one worker beside them (`raven.spool.pump`), by another process or
by the program's next start. So a full queue, a server that is down and a process that is killed cost no event.

As in `queue`, nothing here takes a lock that is not re-entrant, and what threads share are dicts and deques.
"""

from __future__ import annotations

import itertools
import os
from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, ClassVar, Literal

from .. import at_exit
from ..errors import Closed, ConfigurationError, InvalidOption, SendError
from ..ledger import Ledger
from ..options import option
from ..outcome import DELIVERED, SPOOLED, Outcome
from ..own_log import Sparingly, logger
from ..request import HELD, Fate, Request, Response, Send
from ..runtimes import Waker, drive
from .queue import Queue
from .stage import Context, Stage

if TYPE_CHECKING:
    from ..spool.own import Own
    from ..spool.pace import Pace
    from ..spool.pump import Pump


class Spool(Stage):
    """Keep each event in a file in the folder `spool` until a server has it. Stands where Queue would:
    `stack.replace(Queue, Spool("/var/spool/shop"))`.

    When a capture returns, its event is stored: it survives the process, however that ends. With `durability` "process"
    (the default) that costs the caller a write to the kernel, 30 to 70 microseconds where we measured it; with "power" it
    survives the loss of power as well, and costs the time in which the disk confirms a write, 0.3 to 0.5 milliseconds there
    (benchmarks/spool.md). If the disk doesn't take it, it is delivered from memory, as by Queue.

    The folder is made if it is missing. It must be on a local disk, must belong to the user, and nobody else may write in
    it. Processes and projects may share it: each process has a file of its own there, and whichever is alive delivers what
    others left. An event is sent twice only if it was under way when a process was killed or its client closed.

    What the server can't take now (it is down, or has asked to be left alone) stays. It is replayed in order, after what is
    new, one every `replay_pause` seconds (default 0.1), after failures with pauses that grow to a minute. What the server
    refuses for good becomes a dead letter, which `raven spool` shows and replays.

    Of one process's file, and of all that others left together, no more is kept than `spool_events` (default 100,000),
    `spool_bytes` (default 256 MiB) and what is younger than `spool_age` seconds (default 30 days). The oldest go first, as
    "cache_overflow" or "expired".

    `workers`, `worker_idle` and `shutdown_timeout` are as in Queue. At exit, and when the client is closed, what is left
    counts as "spooled".
    """

    role: ClassVar[str] = "queue"
    needs: ClassVar[dict[str, str]] = {"serialize": "it stores the body that is made there"}

    spool: str | None = None
    spool_events: int = option(100_000, minimum=1)
    spool_bytes: int = option(268_435_456, minimum=10_000, unit="bytes")
    spool_age: float = option(2_592_000.0, above=0, unit="seconds")
    durability: Literal["process", "power"] = "process"
    replay_pause: float = option(0.1, minimum=0, unit="seconds")
    workers: int = option(8, minimum=1, maximum=1_000, aliases=("maximum_outstanding_requests", "pool_size"))
    worker_idle: float = option(5.0, minimum=0, unit="seconds")
    shutdown_timeout: float = option(2.0, minimum=0, unit="seconds")

    def bind(self, send: Send, context: Context) -> BoundSpool:
        """Raises `ConfigurationError` if there is no folder, or it is not safe."""
        if not self.spool:
            raise InvalidOption("spool: a folder is needed, as in ?spool=/var/spool/shop")
        return BoundSpool(self, self.spool, send, context)


class BoundSpool:
    """The spool of one transport in one process."""

    def __init__(self, spool: Spool, folder: str, send: Send, context: Context) -> None:
        self._context = context
        self._runtime = context.runtime
        self._process = os.getpid()
        self._numbers = itertools.count(1)
        self._unsettled: dict[_Entry, None] = {}
        self._stored: dict[int, _Entry] = {}
        """Those that are on disk, by number."""
        self._in_hand: dict[Fate, _Entry] = {}
        """Those that the memory queue has, by the fate that they have there."""
        self._flushing: deque[Waker] = deque()
        self._closed = False
        at_exit.register(self)
        at_exit.register_holder(self)
        queue = Queue(workers=spool.workers, worker_idle=spool.worker_idle, shutdown_timeout=spool.shutdown_timeout)
        below = context.replace(ledger=_Results(self._came_back), twin=self._watched_twin)
        self._queue = queue.bind(self._watched(send), below)
        at_exit.forget(self._queue)
        self.shutdown_timeout = spool.shutdown_timeout
        self._pace, self._own, self._pump = _files(spool, folder, send, context, self._ended)
        self._pump.look()

    async def __call__(self, request: Request) -> Response:
        if self._closed:
            raise Closed("the transport is closed")
        if request.fate.held:  # a stage above sends it, or a copy of it, a second time
            return HELD
        entry = _Entry(next(self._numbers), request)
        self._unsettled[entry] = None
        try:
            self._keep(entry, request)
            if entry.stored and not self._pace.lets_through():
                self._park(entry)
            else:
                await self._hand_over(entry, request)
        except BaseException:  # not taken in: whoever called us counts it
            self._forget(entry)
            raise
        request.fate.held = True
        if self._closed:  # since we asked, and whoever closed it may not have seen this one
            self._leave_behind()
        self._pump.look_again()
        if at_exit.is_over():  # we were called by an exit handler that runs after ours
            at_exit.drain()
            self.let_go()
        return HELD

    async def _hand_over(self, entry: _Entry, request: Request) -> None:
        again = request.copy()
        again.fate = Fate()
        self._in_hand[again.fate] = entry
        try:
            await self._queue(again)
        except SendError:
            del self._in_hand[again.fate]
            if not entry.stored:
                raise
            self._park(entry)

    async def flush(self, deadline: float) -> bool:
        """Wait until all that is held now is settled, at most until `deadline`. Whether it is settled.

        What waits on disk is replayed without pauses meanwhile, unless the server asks for them.
        """
        held = list(self._unsettled.copy())
        waker = self._runtime.waker()
        self._flushing.append(waker)
        try:
            with self._pump.hurried():
                await self._queue.flush(deadline)
                while True:
                    while held and held[-1] not in self._unsettled:
                        held.pop()
                    left = deadline - self._runtime.monotonic()
                    if not held or left <= 0:
                        return not held
                    self._pump.call()
                    await waker.wait(min(left, _LOOK_UP))
        finally:
            self._flushing.remove(waker)

    def flush_here(self, deadline: float) -> bool:
        """Deliver all that is held now in the calling thread, until `deadline`. Whether it is settled."""
        held = list(self._unsettled.copy())
        self._queue.flush_here(deadline)
        self._replay_here(lambda: deadline - self._runtime.monotonic())
        return not any(entry in self._unsettled for entry in held)

    def drain(self, seconds: float, quiet: float, notice: Callable[[], None]) -> None:
        """Deliver what is left while the interpreter exits, in at most `seconds`. What is left then stays on disk."""
        monotonic = self._runtime.monotonic
        deadline, loud = monotonic() + seconds, monotonic() + quiet

        def left() -> float:
            if monotonic() >= loud:
                notice()
            return deadline - monotonic()

        self._queue.drain(seconds, quiet, notice)
        self._replay_here(left)

    def _replay_here(self, left: Callable[[], float]) -> None:
        self._pace.hurry()
        try:
            if self._own.has_work() and left() > 0:
                send = self._context.twin()
                if send is not None:
                    drive(self._pump.replay_here(send, left))
        finally:
            self._pace.no_hurry()

    def close(self) -> None:
        """Take nothing more. What is left stays on disk, and counts as "spooled"; what is in memory only is dropped."""
        self._closed = True
        self._queue.close()
        self._leave_behind()
        self.let_go()

    def abandon(self) -> None:
        """Leave what is left on disk, and count it as "spooled"."""
        self._queue.abandon()
        self._leave_behind()

    def let_go(self) -> None:
        """Close the files, for whoever comes next. The pump does it if it has an event under way."""
        if os.getpid() == self._process:
            self._pump.stop()

    def pending(self) -> int:
        """How many are taken in and not settled. In a forked child none is: they are its parent's."""
        return len(self._unsettled) if os.getpid() == self._process else 0

    def _keep(self, entry: _Entry, request: Request) -> None:
        self._stored[entry.number] = entry
        if self._own.put(entry.number, request):
            entry.stored = entry.number in self._stored  # else another thread has dropped it already, as the oldest
        else:
            del self._stored[entry.number]

    def _forget(self, entry: _Entry) -> None:
        self._unsettled.pop(entry, None)
        if self._stored.pop(entry.number, None) is not None:
            self._own.gone(entry.number)

    def _park(self, entry: _Entry) -> None:
        """Leave it on disk for the pump."""
        entry.in_hand = False
        if entry.stored:
            self._own.park(entry.number)
            self._pump.call_for_one()
        else:  # it was dropped from the disk while the queue had it
            self._settle(entry, _OVERFLOWN)

    def _watched(self, send: Send) -> Send:
        """What is below, for the workers of the queue: it notes what comes of each try."""

        async def watched(request: Request) -> Response:
            result: object = None
            try:
                result = response = await send(request)
                return response
            except BaseException as error:
                result = error
                raise
            finally:
                entry = self._in_hand.get(request.fate)
                if entry is not None:
                    entry.result = result
                del result  # an error would hold itself, by its traceback

        return watched

    def _watched_twin(self) -> Send | None:
        send = self._context.twin()
        return None if send is None else self._watched(send)

    def _came_back(self, request: Request, outcome: Outcome) -> None:
        """The memory queue is done with one."""
        from ..spool.verdict import Verdict, asked_pause, is_down, verdict

        entry = self._in_hand.pop(request.fate)
        result, entry.result = entry.result, None
        if outcome == DELIVERED:
            if entry.stored:
                self._own.gone(entry.number)
            self._settle(entry, DELIVERED)
            if self._pace.succeeded():
                self._pump.call()
        elif not entry.stored:
            self._settle(entry, outcome)
        elif outcome.reason in _NOT_TRIED:
            self._park(entry)
        elif verdict(result) is Verdict.HELD:
            self._own.note(f"{outcome.reason}: {outcome.detail}")
            self._pace.failed(asked_pause(result, entry.category), down=is_down(result))
            self._park(entry)
        else:
            self._own.dead(entry.number, outcome)
            self._settle(entry, outcome)

    def _ended(self, number: int, outcome: Outcome) -> None:
        """One is not on disk any more: it was replayed, or dropped."""
        entry = self._stored.pop(number, None)
        if entry is None:
            return
        entry.stored = False
        if not entry.in_hand:  # else what comes of it is settled when the queue is done with it
            self._settle(entry, outcome)

    def _leave_behind(self) -> None:
        for entry in self._unsettled.copy():
            if entry.stored:
                self._settle(entry, SPOOLED)

    def _settle(self, entry: _Entry, outcome: Outcome) -> None:
        self._context.ledger.settle(Request(entry.id, entry.category, fate=entry.fate), outcome)
        self._stored.pop(entry.number, None)
        self._unsettled.pop(entry, None)  # only now, so that a flush that ends finds it counted
        for waker in self._flushing.copy():
            waker.wake()


class _Entry:
    """An event that was taken in. `stored`: it is on disk. `in_hand`: the memory queue has it, or is about to."""

    __slots__ = ("category", "fate", "id", "in_hand", "number", "result", "stored")

    def __init__(self, number: int, request: Request) -> None:
        self.number = number
        self.id = request.id
        self.category = request.category
        self.fate = request.fate
        self.stored = False
        self.in_hand = True
        self.result: object = None


class _Results(Ledger):
    """What the memory queue has for a ledger: it tells what became of each request."""

    def __init__(self, tell: Callable[[Request, Outcome], None]) -> None:
        super().__init__()
        self._tell = tell

    def settle(self, request: Request, outcome: Outcome) -> None:
        if request.fate.close():
            self._tell(request, outcome)


_LOOK_UP = 1.0
"""Seconds after which who flushes sees to it again that someone replays."""
_NOT_TRIED = frozenset({"shutdown", "queue_overflow"})
_OVERFLOWN = Outcome("cache_overflow", "the spool was full, and this was the oldest event in it")
_accepted: set[str] = set()
"""Folders that were safe once, when a client was made. A forked child, which binds in the middle of a capture, must do with
memory if they are not any more."""


def _files(
    spool: Spool, folder: str, send: Send, context: Context, ended: Callable[[int, Outcome], None]
) -> tuple[Pace, Own, Pump]:
    from ..spool.bounds import Bounds, Clock
    from ..spool.folder import fingerprint, secured
    from ..spool.orphans import Orphans
    from ..spool.own import Own
    from ..spool.pace import Pace
    from ..spool.pump import Pump

    monotonic = context.runtime.monotonic
    log, clock = Sparingly(logger, monotonic), Clock(monotonic)
    where = os.path.abspath(folder)
    try:
        where = secured(where)
    except OSError as error:
        log.warn("folder", "the folder of the spool can't be had (%s)", type(error).__name__)
    except ConfigurationError:
        if where not in _accepted:
            raise
    _accepted.add(os.path.abspath(folder))
    project = fingerprint(context.dsn)
    bounds = Bounds(spool.spool_events, spool.spool_bytes, spool.spool_age)
    durable = spool.durability == "power"
    pace = Pace(monotonic, spool.replay_pause)
    own = Own(where, project, bounds, clock, monotonic, log, ended, durable=durable)
    orphans = Orphans(where, project, bounds, clock, log, lambda: own.path)
    return pace, own, Pump(context.runtime, send, context.twin, own, orphans, pace)
