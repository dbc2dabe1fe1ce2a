"""The exit handler: what it drains, in which time, and what it says. What it does in a real exit is tested elsewhere."""

from __future__ import annotations

import atexit
import io
import multiprocessing.process
import multiprocessing.util
import os
import sys
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any
from weakref import WeakSet, WeakValueDictionary

import pytest

from raven import at_exit
from raven.pipeline import Queue
from raven.testing import FakeRuntime, fake_context


class Clock:
    def __init__(self) -> None:
        self.now = 100.0


class Draining:
    """A queue that takes some time to drain."""

    def __init__(self, clock: Clock, pending: int, takes: float = 0.0, shutdown_timeout: float = 2.0) -> None:
        self.clock, self.left, self.takes = clock, pending, takes
        self.shutdown_timeout = shutdown_timeout
        self.calls: list[tuple[float, float]] = []
        self.error: BaseException | None = None
        self.abandoned = False

    def pending(self) -> int:
        return self.left

    def drain(self, seconds: float, quiet: float, notice: Callable[[], None]) -> None:
        self.calls.append((seconds, quiet))
        self.clock.now += min(quiet, self.takes)
        if self.takes > quiet:
            notice()
            notice()
        self.clock.now += max(0.0, min(seconds, self.takes) - quiet)
        self.left = 0
        if self.error is not None:
            raise self.error

    def abandon(self) -> None:
        self.abandoned = True


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(at_exit, "time", SimpleNamespace(monotonic=lambda: clock.now))
    return clock


@pytest.fixture
def queues(monkeypatch: pytest.MonkeyPatch, clock: Clock) -> Callable[..., list[Draining]]:
    """A function that makes queues, which are the only ones that there are."""

    class InOrder(dict[Any, None]):
        """A WeakSet has no order."""

        def add(self, queue: object) -> None:
            self[queue] = None

    registered = InOrder()
    monkeypatch.setattr(at_exit, "_queues", registered)
    monkeypatch.setattr(at_exit, "_spent", 0.0)
    monkeypatch.setattr(at_exit, "_said", [])

    def make(*arguments: tuple[Any, ...]) -> list[Draining]:
        made = [Draining(clock, *each) for each in arguments]
        for queue in made:
            at_exit.register(queue)
        return made

    return make


Queues = Callable[..., list[Draining]]


def test_nothing_is_said_or_done_without_anything_pending(queues: Queues, capsys: pytest.CaptureFixture[str]) -> None:
    (queue,) = queues((0,))
    at_exit.drain()
    assert queue.calls == []
    assert capsys.readouterr() == ("", "")


def test_a_short_exit_is_silent(queues: Queues, capsys: pytest.CaptureFixture[str]) -> None:
    (queue,) = queues((3, 0.25))
    at_exit.drain()
    assert queue.calls == [(2.0, 0.3)]
    assert capsys.readouterr() == ("", "")


def test_a_longer_exit_says_once_what_it_waits_for(queues: Queues, capsys: pytest.CaptureFixture[str]) -> None:
    first, second = queues((3, 0.5, 2.0), (4, 9.0, 2.5))
    at_exit.drain()
    assert first.calls == [(2.0, 0.3)]
    assert second.calls == [(2.0, 0.0)]
    line = "raven: delivering 7 events before exit, for at most 2.5 seconds (Ctrl-C to stop)\n"
    assert capsys.readouterr() == ("", line)


def test_the_queues_share_the_time(queues: Queues) -> None:
    quick, slow, late = queues((1, 0.125), (1, 5.0), (1, 0.0, 1.0))
    at_exit.drain()
    assert quick.calls == [(2.0, 0.3)]
    assert slow.calls == [(1.875, 0.3 - 0.125)]
    assert late.calls == [(0.0, 0.0)]
    assert all(queue.abandoned for queue in (quick, slow, late))


def test_later_calls_have_what_the_first_left_of_the_time_and_say_no_second_line(
    queues: Queues, clock: Clock, capsys: pytest.CaptureFixture[str]
) -> None:
    (queue,) = queues((1, 1.5))
    at_exit.drain()
    clock.now += 100.0  # what others do at exit is not ours to count
    for seconds in (0.5, 0.0):
        queue.left = 1
        at_exit.drain()
        assert queue.calls[-1] == (seconds, 0.0)
    assert len(capsys.readouterr().err.splitlines()) == 1


def test_ctrl_c_ends_it_without_a_word(queues: Queues, capsys: pytest.CaptureFixture[str]) -> None:
    first, second = queues((1,), (1,))
    first.error = KeyboardInterrupt()
    at_exit.drain()
    assert second.calls == []
    assert second.abandoned
    assert capsys.readouterr() == ("", "")
    at_exit.drain()
    assert second.calls == [(0.0, 0.0)]  # no more waiting after Ctrl-C


class Closed(io.StringIO):
    def __init__(self, error: Exception) -> None:
        super().__init__()
        self.error = error

    def write(self, text: str) -> int:
        raise self.error


@pytest.mark.parametrize(
    "stderr", [None, Closed(OSError()), Closed(ValueError()), object()], ids=["none", "broken", "closed", "no file"]
)
def test_a_stderr_that_is_gone_does_not_matter(
    queues: Queues, monkeypatch: pytest.MonkeyPatch, stderr: object, capsys: pytest.CaptureFixture[str]
) -> None:
    (queue,) = queues((1, 1.0))
    monkeypatch.setattr(sys, "stderr", stderr)
    at_exit.drain()
    assert queue.left == 0
    assert capsys.readouterr().out == ""


def test_the_handler_is_over_when_it_has_run(queues: Queues, monkeypatch: pytest.MonkeyPatch) -> None:
    assert not at_exit.is_over()
    monkeypatch.setattr(at_exit, "_over", False)
    (queue,) = queues((1,))
    assert not at_exit.is_over()
    at_exit._handler()
    assert (queue.left, at_exit.is_over()) == (0, True)
    queue.left = 1
    at_exit._handler()
    assert len(queue.calls) == 1


@pytest.fixture
def fresh_process(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """As if no queue had been made in this process yet."""
    monkeypatch.setattr(at_exit, "_registered_in", set())
    monkeypatch.setattr(at_exit, "_queues", WeakSet())
    yield
    atexit.unregister(at_exit._handler)
    atexit.register(at_exit._handler)


def bound_queue() -> object:
    return Queue().bind(lambda request: pytest.fail("nothing is sent"), fake_context(FakeRuntime()))


@pytest.mark.usefixtures("fresh_process")
def test_all_queues_of_a_process_share_one_handler_and_a_child_does_not_inherit_a_second_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    handlers: list[object] = [at_exit._handler]
    monkeypatch.setattr(atexit, "register", handlers.append)
    monkeypatch.setattr(atexit, "unregister", handlers.remove)
    kept = [bound_queue() for _ in range(3)]
    assert handlers == [at_exit._handler]
    handlers.append("something that is to be done before it")
    kept.append(bound_queue())
    assert handlers[0] is at_exit._handler
    process = os.getpid()
    monkeypatch.setattr(os, "getpid", lambda: process + 1)
    kept.append(bound_queue())
    assert handlers == ["something that is to be done before it", at_exit._handler]
    assert at_exit._registered_in == {process, process + 1}


@pytest.mark.usefixtures("fresh_process")
def test_a_queue_that_nobody_needs_any_more_can_go() -> None:
    kept = bound_queue()
    bound_queue()
    assert list(at_exit._queues) == [kept]


@pytest.mark.usefixtures("fresh_process")
@pytest.mark.parametrize("child", [False, True], ids=["parent", "child"])
def test_a_child_of_multiprocessing_has_a_finalizer_whenever_it_becomes_one(
    monkeypatch: pytest.MonkeyPatch, child: bool
) -> None:
    finalizers: dict[Any, Any] = {}
    after_fork: WeakValueDictionary[Any, Any] = WeakValueDictionary()
    monkeypatch.setattr(multiprocessing.util, "_finalizer_registry", finalizers)
    monkeypatch.setattr(multiprocessing.util, "_afterfork_registry", after_fork)
    monkeypatch.setattr(multiprocessing.process, "parent_process", lambda: object() if child else None)
    kept = bound_queue()
    ours = [(-100, at_exit._handler)]
    assert [(key[0], each._callback) for key, each in finalizers.items()] == (ours if child else [])
    finalizers.clear()
    for (*_, call), subject in after_fork.items():
        call(subject)
    assert [(key[0], each._callback) for key, each in finalizers.items()] == ours
    del kept


@pytest.mark.usefixtures("fresh_process")
def test_a_program_without_multiprocessing_does_not_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "multiprocessing.util")
    kept = bound_queue()
    assert "multiprocessing.util" not in sys.modules
    del kept


class Speaker:
    """Something with a last word, which it is given some seconds to say."""

    def __init__(self) -> None:
        self.seconds: list[float] = []

    def drain(self, seconds: float) -> None:
        self.seconds.append(seconds)


@pytest.mark.parametrize(
    ("timeouts", "takes", "seconds"),
    [([], 0.0, [2.0]), ([0.5, 1.5], 0.25, [1.0]), ([10.0], 1.5, [0.5]), ([0.5], 0.5, []), ([0.0], 0.0, [])],
)
def test_a_report_has_what_is_left_of_the_time_that_queues_allow(
    queues: Queues, monkeypatch: pytest.MonkeyPatch, timeouts: list[float], takes: float, seconds: list[float]
) -> None:
    speaker = Speaker()
    monkeypatch.setattr(at_exit, "_reports", {speaker})
    queues(*((1, takes, timeout) for timeout in timeouts))
    at_exit.drain()
    assert speaker.seconds == pytest.approx(seconds)
