"""No fork comes in the middle of a call of SQLite."""

from __future__ import annotations

import os
import threading
import time

import pytest

from raven.spool import gate as module
from raven.spool.gate import gate

# What other tests have loaded, Eventlet for one, warns of a fork.
pytestmark = pytest.mark.filterwarnings(
    "ignore:.*fork:DeprecationWarning", "ignore::pytest.PytestUnraisableExceptionWarning"
)


def test_a_fork_waits_until_a_call_is_over_and_the_child_has_a_lock_of_its_own() -> None:
    inside, over = threading.Event(), []

    def call() -> None:
        with gate():
            inside.set()
            time.sleep(0.2)
            over.append(True)

    thread = threading.Thread(target=call)
    thread.start()
    inside.wait()
    child = os.fork()
    if child == 0:
        free = gate().acquire(timeout=1.0)
        os._exit(0 if free and over else 1)
    assert os.waitpid(child, 0)[1] == 0
    thread.join()
    with gate():
        pass


def test_a_call_that_does_not_end_holds_a_fork_up_for_a_while_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_LONGEST", 0.01)
    inside, end = threading.Event(), threading.Event()

    def call() -> None:
        with gate():
            inside.set()
            end.wait()

    thread = threading.Thread(target=call)
    thread.start()
    inside.wait()
    child = os.fork()
    if child == 0:
        os._exit(0 if gate().acquire(timeout=1.0) else 1)
    assert os.waitpid(child, 0)[1] == 0
    end.set()
    thread.join()


def test_whoever_interrupts_the_holder_may_go_in() -> None:
    with gate(), gate():
        pass


def test_a_child_has_its_own_even_where_no_hooks_run(monkeypatch: pytest.MonkeyPatch) -> None:
    ours = gate()
    process = os.getpid()
    monkeypatch.setattr(os, "getpid", lambda: process + 1)
    assert gate() is not ours
    monkeypatch.undo()
    module._gates.pop(process + 1)
