"""FakeRuntime: everything in one thread, one step at a time, on a clock that is moved by hand."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from raven.errors import StageSuspended
from raven.testing import FakeRuntime


class Diary:
    """Coroutines that write down what they do, and when."""

    def __init__(self) -> None:
        self.runtime = FakeRuntime()
        self.lines: list[str] = []

    def write(self, line: str) -> None:
        self.lines.append(f"{self.runtime.now - 1_000.0:g} {line}")

    async def sleeper(self, name: str, *pauses: float) -> str:
        for seconds in pauses:
            await self.runtime.sleep(seconds)
            self.write(name)
        return name

    async def waiter(self, waker: Any, timeout: float | None) -> None:
        self.write(f"woken: {await waker.wait(timeout)}")


@pytest.fixture
def diary() -> Diary:
    return Diary()


def test_start_runs_until_something_waits(diary: Diary) -> None:
    done = diary.runtime.start(diary.sleeper("a"))
    assert (done.done, done.result, done.error) == (True, "a", None)
    waiting = diary.runtime.start(diary.sleeper("b", 1.0))
    assert not waiting.done
    assert diary.runtime.now == 1_000.0


def test_advance_runs_what_comes_due_in_the_order_in_which_it_does(diary: Diary) -> None:
    diary.runtime.start(diary.sleeper("a", 3.0, 1.0))
    diary.runtime.start(diary.sleeper("b", 2.0, 1.0))
    diary.runtime.advance(3.5)
    assert diary.lines == ["2 b", "3 a", "3 b"]
    assert diary.runtime.now == 1_003.5
    diary.runtime.advance(0.5)
    assert diary.lines[3:] == ["4 a"]
    assert diary.runtime.tasks == []
    assert diary.runtime.slept == [3.0, 2.0, 1.0, 1.0]


def test_those_that_are_due_at_once_take_turns(diary: Diary) -> None:
    for name in "ab":
        diary.runtime.start(diary.sleeper(name, 1.0, 0.0, 0.0))
    diary.runtime.advance(1.0)
    assert diary.lines == ["1 a", "1 b"] * 3


def test_run_jumps_over_the_time_in_which_all_wait(diary: Diary) -> None:
    diary.runtime.start(diary.sleeper("other", 5.0, 100.0))
    assert diary.runtime.run(lambda: diary.sleeper("mine", 60.0)) == "mine"
    assert diary.lines == ["5 other", "60 mine"]
    assert diary.runtime.now == 1_060.0


def test_run_raises_what_the_coroutine_raises_and_others_keep_theirs(diary: Diary) -> None:
    async def failing(error: BaseException) -> None:
        await diary.runtime.sleep(1.0)
        raise error

    other = diary.runtime.start(failing(KeyboardInterrupt()))
    with pytest.raises(ZeroDivisionError):
        diary.runtime.run(lambda: failing(ZeroDivisionError()))
    assert other.done
    assert isinstance(other.error, KeyboardInterrupt)


def test_run_says_so_if_nothing_will_ever_happen(diary: Diary) -> None:
    with pytest.raises(RuntimeError, match="every task waits for ever"):
        diary.runtime.run(lambda: diary.waiter(diary.runtime.waker(), None))


def test_arun_is_run_for_those_who_await(diary: Diary) -> None:
    assert asyncio.run(diary.runtime.arun(lambda: diary.sleeper("a", 60.0))) == "a"


def test_a_spawned_worker_runs_when_time_goes_on(diary: Diary) -> None:
    async def worker() -> None:
        diary.write("worker")

    diary.runtime.spawn(worker)
    assert diary.lines == []
    diary.runtime.advance()
    assert diary.lines == ["0 worker"]
    assert diary.runtime.now == 1_000.0


def test_a_spawned_worker_that_never_runs_does_not_matter(diary: Diary) -> None:
    async def worker() -> None:
        diary.write("worker")

    diary.runtime.spawn(worker)
    diary.runtime.tasks.clear()
    assert diary.lines == []


def test_no_worker_can_be_had_if_it_is_told_so() -> None:
    async def worker() -> None: ...

    with pytest.raises(RuntimeError, match="can't start new thread"):
        FakeRuntime(spawns=False).spawn(worker)


def test_whether_workers_survive_the_exit_can_be_told() -> None:
    assert FakeRuntime().survives_exit
    assert not FakeRuntime(survives_exit=False).survives_exit


def test_a_wake_ends_a_wait_at_once(diary: Diary) -> None:
    waker = diary.runtime.waker()
    diary.runtime.start(diary.waiter(waker, 10.0))
    diary.runtime.advance(4.0)
    waker.wake()
    assert diary.lines == []
    diary.runtime.advance()
    assert diary.lines == ["4 woken: True"]


def test_a_wait_without_a_wake_ends_in_time(diary: Diary) -> None:
    diary.runtime.start(diary.waiter(diary.runtime.waker(), 10.0))
    diary.runtime.advance(10.0)
    assert diary.lines == ["10 woken: False"]


@pytest.mark.parametrize("timeout", [None, 10.0, 0.0])
def test_a_wake_that_came_before_is_not_lost_and_several_are_one(diary: Diary, timeout: float | None) -> None:
    waker = diary.runtime.waker()
    waker.wake()
    waker.wake()
    diary.runtime.start(diary.waiter(waker, timeout))
    diary.runtime.start(diary.waiter(waker, 1.0))
    diary.runtime.advance(1.0)
    assert diary.lines == ["0 woken: True", "1 woken: False"]


def test_a_wait_for_ever_can_be_woken(diary: Diary) -> None:
    waker = diary.runtime.waker()
    task = diary.runtime.start(diary.waiter(waker, None))
    diary.runtime.advance(1e9)
    assert not task.done
    waker.wake()
    diary.runtime.advance()
    assert task.done


def test_what_it_does_not_know_is_named_and_the_coroutine_can_go_on(diary: Diary) -> None:
    with pytest.raises(StageSuspended, match="awaited a bare yield"):
        diary.runtime.run(lambda: asyncio.sleep(0))

    async def careful() -> str:
        for _ in range(2):
            with pytest.raises(StageSuspended):
                await asyncio.sleep(0)
        return await diary.sleeper("went on", 1.0)

    assert diary.runtime.run(careful) == "went on"


def test_it_can_be_told_to_stop() -> None:
    assert FakeRuntime.cancellation == (GeneratorExit,)
