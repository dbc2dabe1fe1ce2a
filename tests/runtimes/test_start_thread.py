"""A thread of ours hears no signals, and whoever starts it hears them as before."""

from __future__ import annotations

import _thread
import queue
import signal
from collections.abc import Callable

import pytest

from raven.runtimes import start_thread as module
from raven.runtimes.start_thread import start_thread

FAULTS = {signal.SIGSEGV, signal.SIGBUS, signal.SIGFPE, signal.SIGILL, signal.SIGABRT}


def blocked() -> set[int]:
    return set(signal.pthread_sigmask(signal.SIG_BLOCK, ()))


def blocked_in_thread(start: Callable[..., None]) -> set[int]:
    found: queue.Queue[set[int]] = queue.Queue()
    start(lambda: found.put(blocked()))
    return found.get(timeout=20)


def test_what_is_for_the_process_is_blocked_and_what_is_for_the_thread_is_not() -> None:
    there = blocked_in_thread(start_thread)
    assert {signal.SIGHUP, signal.SIGINT, signal.SIGTERM, signal.SIGUSR1, signal.SIGALRM, signal.SIGCHLD} <= there
    assert not FAULTS & there


def test_whoever_starts_it_has_the_mask_that_he_had() -> None:
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGUSR2})
    try:
        blocked_in_thread(start_thread)
        assert blocked() == before | {signal.SIGUSR2}
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def test_the_mask_is_as_before_if_no_thread_can_be_had(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*arguments: object) -> None:
        raise RuntimeError("can't start new thread")

    before = blocked()
    monkeypatch.setattr(_thread, "start_new_thread", refuse)
    with pytest.raises(RuntimeError):
        start_thread(print)
    assert blocked() == before


def test_where_there_are_no_masks_it_is_a_plain_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_signal", object())
    assert blocked_in_thread(start_thread) == blocked()
