"""Import something heavy at its first use, in whatever thread that is.

A fork copies the interpreter as it is at that moment. If a worker is importing a module just then, the child has half of
the module, and with it a lock that nobody will ever release. So a fork waits until such an import is over.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager

_LONGEST = 5.0
"""Seconds that a fork is held up for at most."""

_lock = threading.RLock()


@contextmanager
def first_import() -> Iterator[None]:
    """No fork comes while the block is carried out. It imports, and does nothing else."""
    with _lock:
        yield


def _before() -> None:
    _lock.acquire(timeout=_LONGEST)


def _after_in_parent() -> None:
    try:
        _lock.release()
    except RuntimeError:  # it was not to be had in time
        return


def _after_in_child() -> None:
    global _lock
    _lock = threading.RLock()


os.register_at_fork(before=_before, after_in_parent=_after_in_parent, after_in_child=_after_in_child)
