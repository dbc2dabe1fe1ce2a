"""The loop of our own: how it begins and ends, and what it does when things go wrong in it."""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextvars import ContextVar
from functools import partial

import pytest

from raven.errors import StageSuspended
from raven.runtimes import CannotWait
from raven.runtimes.poll import PollRuntime

LONG = 30.0


@pytest.fixture
def runtime() -> PollRuntime:
    return PollRuntime()


async def answer() -> int:
    return 42


def test_it_ends_when_all_workers_are_done_and_those_that_they_have_spawned(runtime: PollRuntime) -> None:
    done: list[str] = []

    async def child() -> None:
        await runtime.sleep(0.01)
        done.append("child")

    async def worker() -> None:
        runtime.spawn(child)
        done.append("worker")

    runtime.carry_out(worker, worker)
    assert done == ["worker", "worker", "child", "child"]


def test_with_nothing_to_do_it_ends_at_once(runtime: PollRuntime) -> None:
    runtime.carry_out()
    assert not runtime.is_running()


def test_workers_wait_for_their_sockets_at_the_same_time(runtime: PollRuntime) -> None:
    """Each answers the next one: one after the other, they would wait for ever."""
    order: list[int] = []
    pairs = [socket.socketpair() for _ in range(4)]

    async def worker(number: int) -> None:
        await runtime.wait_readable(pairs[number][0].fileno(), LONG)
        order.append(number)
        if number:
            pairs[number - 1][1].send(b"x")

    async def begin() -> None:
        pairs[3][1].send(b"x")

    runtime.carry_out(*[partial(worker, number) for number in range(4)], begin)
    assert order == [3, 2, 1, 0]
    for pair in pairs:
        for end in pair:
            end.close()


def test_the_first_that_is_due_goes_on_first(runtime: PollRuntime) -> None:
    order: list[float] = []

    async def sleeper(seconds: float) -> None:
        await runtime.sleep(seconds)
        order.append(seconds)

    async def stall() -> None:
        time.sleep(0.05)  # and all are due

    runtime.carry_out(*[partial(sleeper, seconds) for seconds in (0.03, 0.01, 0.02)], stall)
    assert order == [0.01, 0.02, 0.03]


def test_while_nothing_is_due_it_uses_no_processor(runtime: PollRuntime) -> None:
    async def sleeper() -> None:
        await runtime.sleep(0.2)

    began = time.thread_time()
    runtime.carry_out(sleeper, sleeper)
    assert time.thread_time() - began < 0.1


def test_what_a_worker_raises_is_raised_when_the_others_are_done(runtime: PollRuntime) -> None:
    done: list[str] = []

    async def broken() -> None:
        raise ZeroDivisionError

    async def other() -> None:
        await runtime.sleep(0.01)
        done.append("other")

    with pytest.raises(ZeroDivisionError):
        runtime.carry_out(broken, other)
    assert done == ["other"]
    assert not runtime.is_running()


def test_what_it_can_not_wait_for_is_an_error_in_the_worker_that_does(runtime: PollRuntime) -> None:
    seen: list[BaseException] = []

    async def worker() -> None:
        for _ in range(2):
            try:
                await asyncio.sleep(0)
            except StageSuspended as error:
                seen.append(error)
        await runtime.sleep(0)

    runtime.carry_out(worker)
    assert len(seen) == 2


def test_each_worker_has_variables_of_its_own(runtime: PollRuntime) -> None:
    mine = ContextVar("mine", default=0)
    seen: list[int] = []

    async def worker(number: int) -> None:
        mine.set(number)
        await runtime.sleep(0)
        seen.append(mine.get())

    runtime.carry_out(*[partial(worker, number) for number in (1, 2, 3)])
    assert seen == [1, 2, 3]
    assert mine.get() == 0


@pytest.mark.parametrize("when", ["before", "after"])
def test_before_and_after_it_nothing_can_be_had_of_it(runtime: PollRuntime, when: str) -> None:
    if when == "after":
        runtime.carry_out()
    with pytest.raises(RuntimeError):
        runtime.spawn(lambda: runtime.sleep(0))
    with pytest.raises(CannotWait):
        runtime.run(answer)
    runtime.waker().wake()


def test_calls_from_other_threads_are_all_made_however_many_come(runtime: PollRuntime) -> None:
    """More than the bell can hold, while nobody listens to it."""
    made: list[int] = []
    blocked, release = threading.Event(), threading.Event()

    async def worker() -> None:
        blocked.set()
        assert release.wait(LONG)
        while len(made) < 5_000:
            await runtime.sleep(0.001)

    with ThreadPoolExecutor(1) as threads:
        running = threads.submit(runtime.carry_out, worker)
        assert blocked.wait(LONG)
        for number in range(5_000):
            runtime.call(partial(made.append, number))
        release.set()
        running.result(LONG)
    assert made == list(range(5_000))
