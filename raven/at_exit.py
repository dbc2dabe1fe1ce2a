"""Deliver what is still queued when the interpreter exits.

One handler serves all queues of the process. Python's `atexit` does not run in a child that `multiprocessing` forked
(before 3.13), which ends in `os._exit` after its own finalizers, so there the handler is one of those.
"""

from __future__ import annotations

import atexit
import os
import sys
import time
import weakref
from typing import Protocol

_MOMENT = 0.3
"""Seconds that an exit may take before it says what it waits for."""


class Draining(Protocol):
    """Something that still has requests to deliver."""

    @property
    def shutdown_timeout(self) -> float: ...

    def pending(self) -> int: ...

    def drain(self, seconds: float) -> bool: ...


# Weak, so that a client that nobody needs any more can go. A queue with work is held by its worker.
_queues: weakref.WeakSet[Draining] = weakref.WeakSet()
_registered_in: set[int] = set()


def register(queue: Draining) -> None:
    """Drain this queue at exit, if it still exists then."""
    _queues.add(queue)
    process = os.getpid()
    if process not in _registered_in:
        _registered_in.add(process)
        _register_handler()


def _register_handler() -> None:
    multiprocessing = sys.modules.get("multiprocessing.process")
    if multiprocessing is not None and multiprocessing.parent_process() is not None:
        from multiprocessing.util import Finalize

        Finalize(None, drain, exitpriority=-100)
    atexit.unregister(drain)  # a child has inherited its parent's
    atexit.register(drain)


def drain() -> None:
    """Deliver what is queued, within the time that each queue allows, and say so on stderr if that is no short time."""
    queues = [queue for queue in tuple(_queues) if queue.pending()]
    if not queues:
        return
    started = time.monotonic()
    try:
        if _drain(queues, started, _MOMENT):
            return
        longest = max(queue.shutdown_timeout for queue in queues)
        count = sum(queue.pending() for queue in queues)
        _say(f"raven: delivering {count} events before exit, for at most {longest:g} seconds (Ctrl-C to stop)")
        _drain(queues, started, None)
    except KeyboardInterrupt:
        return


def _drain(queues: list[Draining], started: float, moment: float | None) -> bool:
    elapsed = time.monotonic() - started
    done = True
    for queue in queues:
        allowed = queue.shutdown_timeout if moment is None else min(moment, queue.shutdown_timeout)
        done = queue.drain(max(0.0, allowed - elapsed)) and done
        elapsed = time.monotonic() - started
    return done


def _say(line: str) -> None:
    try:
        print(line, file=sys.stderr, flush=True)
    except (OSError, ValueError, AttributeError):  # stderr is closed, or there is none
        return
