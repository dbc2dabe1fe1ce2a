"""Where no thread may run, because uWSGI will fork that process, whoever sends delivers."""

from __future__ import annotations

import os
import sys
import weakref
from types import SimpleNamespace
from typing import Any

import pytest

from raven import Stack, at_exit
from raven.dsn import Dsn
from raven.errors import ConnectError
from raven.ledger import Stats
from raven.pipeline import Queue
from raven.pipeline.bound import Flushed
from raven.request import Request
from raven.runtimes.threads import may_have_threads
from raven.testing import ScriptedSink
from raven.testing.driver import DSN


@pytest.fixture(autouse=True)
def young(monkeypatch: pytest.MonkeyPatch) -> None:
    """No exit has spent any time, and no other queue is left to drain."""
    monkeypatch.setattr(at_exit, "_queues", weakref.WeakSet())
    monkeypatch.setattr(at_exit, "_spent", 0.0)


def in_uwsgi(monkeypatch: pytest.MonkeyPatch, worker: int = 0, master: int | None = None, **options: Any) -> None:
    module = SimpleNamespace(worker_id=lambda: worker, masterpid=lambda: master or os.getpid(), opt=options)
    monkeypatch.setitem(sys.modules, "uwsgi", module)


def test_only_the_process_that_uwsgi_forks_must_have_none(monkeypatch: pytest.MonkeyPatch) -> None:
    assert may_have_threads()
    in_uwsgi(monkeypatch)
    assert not may_have_threads()
    in_uwsgi(monkeypatch, worker=1)
    assert may_have_threads()
    in_uwsgi(monkeypatch, master=os.getppid())  # in a mule
    assert may_have_threads()
    in_uwsgi(monkeypatch, **{"py-call-uwsgi-fork-hooks": True})
    assert may_have_threads()


@pytest.fixture
def no_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where none may be started, and none is."""
    in_uwsgi(monkeypatch)
    monkeypatch.setattr("_thread.start_new_thread", lambda *_: pytest.fail("a thread was started"))


def test_what_is_sent_is_delivered_by_whoever_sends(no_threads: None) -> None:
    bound = Stack(Queue(), sink=ScriptedSink()).bind(Dsn.parse(DSN))
    bound.send(Request("0" * 32, body=b"x"))
    assert bound.stats() == Stats(accepted=1, delivered=1)
    assert bound.flush(1) is Flushed.DELIVERED
    bound.close()


def test_what_fails_waits_for_the_next_send_or_flush_or_the_end(no_threads: None) -> None:
    sink = ScriptedSink([ConnectError("nobody is there")])
    bound = Stack(Queue(), sink=sink).bind(Dsn.parse(DSN))
    bound.send(Request("0" * 32, body=b"x"))
    assert bound.stats() == Stats(accepted=1, pending=1)
    assert bound.flush(1) is Flushed.TIMEOUT
    assert len(sink.received) == 2
    at_exit.drain()
    assert bound.stats().pending == 0
    assert len(sink.received) == 3
