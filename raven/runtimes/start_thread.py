"""Start a thread that hears no signals.

The kernel gives a signal to any thread that doesn't block it. If that were one of ours, the main thread, which runs
Python's handlers, would not be interrupted in what it waits for; and a host whose handlers are C would run them on our
thread. uWSGI ends a worker in one: then two threads end it at once, and none of Python's exit handlers runs.
"""

from __future__ import annotations

import _thread
from collections.abc import Callable
from typing import Any

# The part of `signal` that is always there, while the other takes long to import.
_signal: Any = __import__("_signal")

_OWN = "SIGSEGV", "SIGBUS", "SIGFPE", "SIGILL", "SIGABRT", "SIGTRAP", "SIGSYS", "SIGPROF"
"""Signals that are about what the thread itself does."""
_OTHERS = set(_signal.valid_signals()) - {getattr(_signal, name, 0) for name in _OWN}


def start_thread(function: Callable[..., object], *arguments: object) -> None:
    """Call a function in a thread of its own, for which the interpreter does not wait. Takes no lock.

    A process that it starts hears no signals either, unless it is told to. Raises RuntimeError if no thread can be had.
    """
    if not hasattr(_signal, "pthread_sigmask"):  # Windows, where signals come to the main thread
        _thread.start_new_thread(function, arguments)
        return
    before = _signal.pthread_sigmask(_signal.SIG_BLOCK, ())
    try:
        _signal.pthread_sigmask(_signal.SIG_BLOCK, _OTHERS)
        _thread.start_new_thread(function, arguments)  # it is born with the mask of whoever starts it
    finally:
        _signal.pthread_sigmask(_signal.SIG_SETMASK, before)
