"""One call of SQLite at a time, and none in the middle of a fork.

SQLite's own locks are copied by a fork as they are, and in the child nobody would release those that another thread had. So
a fork waits until no call is under way. The lock is re-entrant, because a signal handler or a `__del__` that interrupts the
holder may capture an event itself. It finds whole statements only, since SQLite calls nothing back.

Where no at-fork hooks run, as under uWSGI by default, the child gets a new lock all the same; a fork that comes just then
may leave it unable to use SQLite.
"""

from __future__ import annotations

import os
import threading
from typing import Any

_LONGEST = 5.0
"""Seconds that a fork is held up for at most."""

_gates: dict[int, Any] = {}
_closed: list[Any] = []


def gate() -> Any:
    """This process's lock, to be held around each call of SQLite."""
    found = _gates.get(os.getpid())
    return found if found is not None else _gates.setdefault(os.getpid(), threading.RLock())


def _before() -> None:
    if gate().acquire(timeout=_LONGEST):
        _closed.append(gate())


def _after_in_parent() -> None:
    if _closed:
        _closed.pop().release()


def _after_in_child() -> None:
    _closed.clear()
    _gates.clear()


os.register_at_fork(before=_before, after_in_parent=_after_in_parent, after_in_child=_after_in_child)
