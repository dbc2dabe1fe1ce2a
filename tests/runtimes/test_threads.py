"""Plain threads as a runtime."""

from __future__ import annotations

import asyncio
import select
import socket
import threading
import time
from collections.abc import Callable, Coroutine, Iterator
from typing import Any

import pytest

from raven.runtimes import drive
from raven.runtimes.threads import ThreadRuntime, _start

RUNTIME = ThreadRuntime()


async def thread_of() -> threading.Thread:
    return threading.current_thread()


def spawned() -> tuple[list[threading.Thread], threading.Event]:
    """The threads in which a worker ran, after it has."""
    ran_in: list[threading.Thread] = []
    ended = threading.Event()

    async def worker() -> None:
        ran_in.append(threading.current_thread())
        ended.set()

    RUNTIME.spawn(worker)
    return ran_in, ended


def worker_that(ran_in: list[threading.Thread]) -> Callable[[], Coroutine[Any, Any, None]]:
    """A worker that writes down in which thread it runs."""

    async def worker() -> None:
        ran_in.append(threading.current_thread())

    return worker


def test_the_clock_is_monotonic() -> None:
    before = time.monotonic()
    assert before <= RUNTIME.monotonic() <= time.monotonic()


def test_daemon_threads_still_run_while_exit_handlers_do() -> None:
    assert RUNTIME.survives_exit


def test_to_sleep_is_to_block() -> None:
    before = time.monotonic()
    drive(RUNTIME.sleep(0.02))
    assert time.monotonic() - before >= 0.02


def test_a_worker_runs_in_a_daemon_thread_with_a_name() -> None:
    ran_in, ended = spawned()
    assert ended.wait(30.0)
    (thread,) = ran_in
    assert (thread.name, thread.daemon) == ("raven-worker", True)
    assert thread is not threading.current_thread()


def test_a_worker_has_to_do_with_the_first_thread_if_no_second_can_be_had(monkeypatch: pytest.MonkeyPatch) -> None:
    class NoThread(threading.Thread):
        def start(self) -> None:
            raise RuntimeError("can't start new thread")

    with monkeypatch.context() as patch:
        patch.setattr(threading, "Thread", NoThread)
        ran_in, ended = spawned()
        assert ended.wait(30.0)
        assert ran_in[0] is not threading.current_thread()
        _start(worker_that(ran_in))
    assert ran_in[0].name != "raven-worker"
    assert ran_in[1] is threading.current_thread()


def test_the_first_thread_starts_the_second_one_and_ends() -> None:
    ran_in: list[threading.Thread] = []
    before = set(threading.enumerate())
    _start(worker_that(ran_in))
    for thread in set(threading.enumerate()) - before:
        thread.join(30.0)
    assert [thread.name for thread in ran_in] == ["raven-worker"]


def test_a_thread_that_cannot_be_had_is_a_runtime_error(monkeypatch: pytest.MonkeyPatch) -> None:
    def no_thread(*_: Any) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr("_thread.start_new_thread", no_thread)
    with pytest.raises(RuntimeError, match="can't start new thread"):
        spawned()


def test_run_stays_in_the_thread_and_arun_does_not() -> None:
    assert RUNTIME.run(thread_of) is threading.current_thread()
    assert asyncio.run(RUNTIME.arun(thread_of)) is not threading.current_thread()


def test_arun_brings_errors_back() -> None:
    async def failing() -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        asyncio.run(RUNTIME.arun(failing))


def waits(timeout: float | None) -> Callable[[Any], bool]:
    return lambda waker: bool(drive(waker.wait(timeout)))


@pytest.mark.parametrize("timeout", [None, 30.0, 1e300, 0.0, -1.0])
def test_a_wake_that_came_before_is_not_lost_and_several_are_one(timeout: float | None) -> None:
    waker = RUNTIME.waker()
    for _ in range(3):
        waker.wake()
    assert waits(timeout)(waker)
    assert not waits(0.0)(waker)


@pytest.mark.parametrize("timeout", [0.0, -5.0, 0.01])
def test_a_wait_ends_without_a_wake(timeout: float) -> None:
    assert not waits(timeout)(RUNTIME.waker())


@pytest.mark.parametrize("timeout", [None, 30.0, 1e300])
def test_a_wake_from_another_thread_ends_a_wait(timeout: float | None) -> None:
    waker = RUNTIME.waker()
    results: list[bool] = []
    waiting = threading.Thread(target=lambda: results.append(waits(timeout)(waker)))
    waiting.start()
    waker.wake()
    waiting.join(30.0)
    assert results == [True]


def test_wakers_are_independent() -> None:
    first, second = RUNTIME.waker(), RUNTIME.waker()
    first.wake()
    assert not waits(0.0)(second)
    assert waits(0.0)(first)


@pytest.fixture(params=["poll", "select"])
def pair(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> Iterator[tuple[socket.socket, socket.socket]]:
    """Two ends of a connection, in a program that has `poll`, and in one that Eventlet has taken it from."""
    if request.param == "select":
        monkeypatch.delattr(select, "poll")
    ours, theirs = socket.socketpair()
    with ours, theirs:
        ours.setblocking(False)
        yield ours, theirs


LONG = 10.0


def test_who_waits_for_a_socket_to_be_readable_is_woken(pair: tuple[socket.socket, socket.socket]) -> None:
    ours, theirs = pair
    sender = threading.Timer(0.02, lambda: theirs.send(b"hello"))
    sender.start()
    began = time.monotonic()
    drive(RUNTIME.wait_readable(ours.fileno(), LONG))
    assert ours.recv(5) == b"hello"
    assert time.monotonic() - began < LONG
    sender.join()


def test_who_waits_for_a_socket_to_be_writable_is_woken(pair: tuple[socket.socket, socket.socket]) -> None:
    ours, theirs = pair
    drive(RUNTIME.wait_writable(ours.fileno(), LONG))
    filled = fill(ours)
    reader = threading.Timer(0.02, lambda: drain(theirs, filled))
    reader.start()
    began = time.monotonic()
    drive(RUNTIME.wait_writable(ours.fileno(), LONG))
    assert ours.send(b"x") == 1
    assert time.monotonic() - began < LONG
    reader.join()


def test_a_wait_for_a_socket_ends_with_its_time(pair: tuple[socket.socket, socket.socket]) -> None:
    ours, _ = pair
    fill(ours)
    began = time.monotonic()
    drive(RUNTIME.wait_readable(ours.fileno(), 0.02))
    drive(RUNTIME.wait_writable(ours.fileno(), 0.02))
    assert 0.039 <= time.monotonic() - began < LONG


def fill(sock: socket.socket) -> int:
    """Send until nothing more is taken. How many bytes that were."""
    sent = 0
    while True:
        try:
            sent += sock.send(b"x" * 65_536)
        except BlockingIOError:
            return sent


def drain(sock: socket.socket, size: int) -> None:
    while size > 0:
        size -= len(sock.recv(65_536))
