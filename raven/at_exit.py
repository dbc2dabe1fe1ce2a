"""Deliver what is still queued when the interpreter exits.

One handler serves all queues of the process. Python's `atexit` does not run in a child that `multiprocessing` forked
(before 3.13), which ends in `os._exit` after its own finalizers, so there the handler is one of those. Nor does it in a
process of Celery's pool, of whose end nobody hears but through Celery's own signal.
"""

from __future__ import annotations

import atexit
import os
import sys
import time
import weakref
from collections.abc import Callable
from typing import Protocol

_MOMENT = 0.3
"""Seconds that an exit may take before it says what it waits for."""

_LAST_WORDS = 2.0
"""Seconds after the beginning of the exit until which a report may be made, if no queue allows less."""


class Draining(Protocol):
    """Something that still has requests to deliver."""

    @property
    def shutdown_timeout(self) -> float: ...

    def pending(self) -> int: ...

    def drain(self, seconds: float, quiet: float, notice: Callable[[], None]) -> None:
        """Deliver them within `seconds`. Call `notice` if that takes longer than `quiet` seconds."""

    def abandon(self) -> None:
        """Drop what is left."""


class Holder(Protocol):
    """Something that has files open."""

    def let_go(self) -> None:
        """Close them, when all is delivered that will be."""


class Reporting(Protocol):
    """Something that has a last word to say when all is delivered."""

    def drain(self, seconds: float) -> None:
        """Say it within `seconds`."""


# Weak, so that a client that nobody needs any more can go. A queue with work is held by its worker.
_queues: weakref.WeakSet[Draining] = weakref.WeakSet()
_holders: weakref.WeakSet[Holder] = weakref.WeakSet()
_reports: weakref.WeakSet[Reporting] = weakref.WeakSet()
_registered_in: set[int] = set()
_over = False
_said: list[str] = []
_spent = 0.0
"""Seconds of the exit that were spent on delivering."""


def register(queue: Draining) -> None:
    """Drain this queue at exit, if it still exists then."""
    _queues.add(queue)
    _register_in_process()


def register_report(report: Reporting) -> None:
    """Have this say its last word at exit, after all queues are drained, if it still exists then."""
    _reports.add(report)
    _register_in_process()


def _register_in_process() -> None:
    process = os.getpid()
    if process not in _registered_in:
        _registered_in.add(process)
        _register_handler()


def forget(queue: Draining) -> None:
    """Leave this queue alone: it belongs to another one, which is registered itself."""
    _queues.discard(queue)


def register_holder(holder: Holder) -> None:
    """Have this let go after all queues are drained, if it still exists then."""
    _holders.add(holder)


def _register_handler() -> None:
    if "multiprocessing.util" in sys.modules:
        from multiprocessing.process import parent_process
        from multiprocessing.util import register_after_fork

        if parent_process() is not None:
            _register_finalizer(_queues)
        # A child of the fork server may import the program, and us, before it counts as a child; when it begins to, it
        # forgets all finalizers, and then calls what is registered here.
        register_after_fork(_queues, _register_finalizer)
    if "celery.signals" in sys.modules:
        from celery.signals import worker_process_shutdown

        worker_process_shutdown.connect(_handler, weak=False, dispatch_uid="raven")
    atexit.unregister(_handler)  # a child has inherited its parent's
    atexit.register(_handler)


def _register_finalizer(_: object) -> None:
    from multiprocessing.util import Finalize

    Finalize(None, _handler, exitpriority=-100)


def _handler(**_: object) -> None:
    global _over
    if not _over:  # from Python 3.13, a child of multiprocessing runs its atexit handlers as well
        drain()
        _over = True
        for holder in tuple(_holders):
            holder.let_go()


def is_over() -> bool:
    """Whether the handler has run, so that nobody else will deliver what is queued from now on."""
    return _over


def drain() -> None:
    """Deliver what is queued, within the time that each queue allows, and say so on stderr if that is no short time.

    All calls in a process share that time, and the one line. What is left in the end is dropped.
    """
    global _spent
    queues = [queue for queue in tuple(_queues) if queue.pending()]
    started = time.monotonic() - _spent

    def notice() -> None:
        if not _said:
            count = sum(queue.pending() for queue in queues)
            longest = max(queue.shutdown_timeout for queue in queues)
            line = f"raven: delivering {count} events before exit, for at most {longest:g} seconds (Ctrl-C to stop)"
            _said.append(line)
            _say(line)

    try:
        for queue in queues:
            elapsed = time.monotonic() - started
            queue.drain(max(0.0, queue.shutdown_timeout - elapsed), max(0.0, _MOMENT - elapsed), notice)
        longest = max((queue.shutdown_timeout for queue in tuple(_queues)), default=_LAST_WORDS)
        for report in tuple(_reports):
            left = min(_LAST_WORDS, longest) - (time.monotonic() - started)
            if left > 0:
                report.drain(left)
    except KeyboardInterrupt:
        _spent = float("inf")
    finally:
        for queue in queues:
            queue.abandon()
        _spent = max(_spent, time.monotonic() - started)


def _say(line: str) -> None:
    if sys.stderr is None:  # print() would take stdout
        return
    try:
        print(line, file=sys.stderr, flush=True)
    except (OSError, ValueError, AttributeError):  # it is closed, or not a file
        return
