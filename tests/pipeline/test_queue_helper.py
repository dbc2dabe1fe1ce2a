"""What delivers by the blocking twin while the runtime's loop doesn't run. One that helps is never two."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Any

import pytest

from raven.errors import ConnectError, TLSError
from raven.pipeline import BoundStack, Flushed, Queue, Serialize, Stack
from raven.request import Request, Response, Send
from raven.testing import FakeRuntime, ScriptedSink
from raven.testing.scripted import Answer

from .helpers import DSN, Alarm, Line, counted, names, slow

ONE = Queue(workers=1)


class Clock(FakeRuntime):
    """Calls `passes` whenever someone looks at it, because while a thread waits here others go on."""

    passes: Callable[[], object] = staticmethod(lambda: None)

    def monotonic(self) -> float:
        self.passes()
        return super().monotonic()


class Helped:
    """A queue whose loop may stand still, and one who helps then, on a clock of its own.

    The twin takes `takes` seconds of the helper's clock. In the thread of a caller it takes none.
    """

    def __init__(self, queue: Queue = ONE, answers: list[Answer] | None = None, **how: Any) -> None:
        self.helper = FakeRuntime()
        self.runtime = Clock(helper=self.helper, **how)
        self.sent: list[Request] = []
        self.answers: list[int | BaseException] = []
        self.takes = 0.0
        self.in_caller = False
        self.makes: Callable[[], Send | None] = lambda: self.send
        self.line = Line(queue, answers or [200], runtime=self.runtime, twin=lambda: self.makes())
        self.bound = self.line.bound

    async def send(self, request: Request) -> Response:
        self.sent.append(request.copy())
        if self.takes and not self.in_caller:
            await self.helper.sleep(self.takes)
        answer = self.answers.pop(0) if self.answers else 200
        if isinstance(answer, BaseException):
            raise answer
        return Response(answer)

    def put(self, *named: str) -> None:
        self.line.put(*named)

    def flush_here(self, seconds: float = 100.0) -> bool:
        deadline = self.runtime.now + seconds
        self.in_caller = True
        try:
            return self.bound.flush_here(deadline)
        finally:
            self.in_caller = False

    def stop(self) -> None:
        """The loop runs no more, and its workers stand still."""
        self.runtime.runs = self.runtime.spawns = False

    def cancel(self) -> None:
        """All of the loop's tasks are told to stop, and it ends."""
        self.stop()
        for task in self.runtime.tasks.copy():
            self.runtime.tasks.remove(task)
            task.coroutine.close()

    @property
    def helped(self) -> list[str]:
        return names(self.sent)

    @property
    def counts(self) -> dict[str, int]:
        return self.line.counts

    def is_at_rest(self) -> bool:
        """Nobody helps, and the next one may."""
        return not self.helper.tasks and len(self.bound._helper) == 1


@pytest.fixture
def stopped() -> Helped:
    return Helped(runs=False, spawns=False)


def test_where_the_loop_does_not_run_one_helps(stopped: Helped) -> None:
    stopped.put("a", "b")
    assert len(stopped.helper.tasks) == 1
    assert stopped.helped == []
    stopped.helper.advance()
    stopped.put("c")
    stopped.helper.advance()
    assert (stopped.helped, stopped.line.arrived) == (["a", "b", "c"], [])
    assert stopped.counts == {"accepted": 3, "delivered": 3}
    assert stopped.is_at_rest()
    assert stopped.runtime.tasks == []


def test_where_a_loop_is_said_to_run_and_takes_no_worker_one_helps() -> None:
    helped = Helped(spawns=False)
    helped.put("a")
    helped.helper.advance()
    assert helped.helped == ["a"]
    assert len(helped.bound._crew._vacancies) == 1


def test_what_comes_while_one_helps_is_for_the_same(stopped: Helped) -> None:
    stopped.takes = 1.0
    stopped.put("a")
    for name in "bcd":
        stopped.helper.advance(0.5)
        stopped.put(name)
        assert len(stopped.helper.tasks) == 1
    stopped.helper.advance(10.0)
    assert stopped.helped == ["a", "b", "c", "d"]
    assert stopped.counts == {"accepted": 4, "delivered": 4}
    assert stopped.is_at_rest()


def test_what_comes_while_the_helper_leaves_is_seen(stopped: Helped) -> None:
    bound = stopped.bound

    class Leaving(deque[Any]):
        def append(self, right: Any) -> None:
            if len(stopped.sent) == 1:
                stopped.put("late")  # whoever sends it sees that someone still has the right
            super().append(right)

    bound._helper = Leaving(bound._helper)
    stopped.put("a")
    stopped.helper.advance()
    assert stopped.helped == ["a", "late"]
    assert stopped.is_at_rest()


def test_without_a_twin_what_is_left_stays_and_nobody_tries_for_ever(stopped: Helped) -> None:
    stopped.makes = lambda: None
    stopped.put("a")
    stopped.helper.advance(10.0)
    assert (stopped.counts, stopped.is_at_rest()) == ({"accepted": 1, "pending": 1}, True)
    assert not stopped.flush_here()
    assert stopped.is_at_rest()
    stopped.makes = lambda: stopped.send
    stopped.put("b")
    stopped.helper.advance()
    assert stopped.helped == ["a", "b"]


def test_a_twin_that_cannot_be_made_takes_the_right_to_help_from_nobody(stopped: Helped) -> None:
    def broken() -> Send:
        raise ConnectError("no")

    stopped.makes = broken
    stopped.put("a")
    (task,) = stopped.helper.tasks
    stopped.helper.advance()
    assert type(task.error) is ConnectError
    assert stopped.is_at_rest()
    with pytest.raises(ConnectError):
        stopped.flush_here()
    assert stopped.is_at_rest()
    stopped.makes = lambda: stopped.send
    assert stopped.flush_here()
    assert stopped.counts == {"accepted": 1, "delivered": 1}


def test_a_helper_that_cannot_be_had_is_asked_for_again_by_the_next_send(stopped: Helped) -> None:
    stopped.helper.spawns = False
    stopped.put("a")
    assert (stopped.counts, stopped.is_at_rest()) == ({"accepted": 1, "pending": 1}, True)
    stopped.helper.spawns = True
    stopped.put("b")
    stopped.helper.advance()
    assert stopped.helped == ["a", "b"]


def test_a_flush_that_runs_all_the_same_ends_if_nobody_can_work(stopped: Helped) -> None:
    stopped.helper.spawns = False
    stopped.put("a")
    assert not stopped.line.flush(100.0)
    assert stopped.runtime.now == 1_000.0


@pytest.mark.parametrize(
    "raised", [ConnectError("no"), SystemExit(), KeyboardInterrupt(), GeneratorExit(), Alarm()], ids=repr
)
def test_what_the_helper_cannot_deliver_is_counted(stopped: Helped, raised: BaseException) -> None:
    stopped.answers = [raised, 503]
    stopped.put("a", "b", "c")
    stopped.helper.advance()
    stopped.put("d")
    stopped.helper.advance()
    reason = "network_error" if isinstance(raised, ConnectError) else "internal_sdk_error"
    assert stopped.counts == {"accepted": 4, "delivered": 2, reason: 1, "send_error": 1}
    assert stopped.is_at_rest()


def test_close_ends_the_helper_and_what_is_under_way_is_counted_once(stopped: Helped) -> None:
    stopped.takes = 1.0
    stopped.put("a", "b")
    stopped.helper.advance(0.5)
    stopped.bound.close()
    stopped.helper.advance(10.0)
    assert stopped.helped == ["a"]
    assert stopped.counts == {"accepted": 2, "shutdown": 2}
    assert stopped.is_at_rest()


def test_a_queue_that_is_closed_before_its_helper_begins_sends_nothing(stopped: Helped) -> None:
    stopped.put("a")
    stopped.bound.close()
    stopped.helper.advance()
    assert (stopped.helped, stopped.counts, stopped.is_at_rest()) == ([], {"accepted": 1, "shutdown": 1}, True)


def test_an_idle_worker_of_a_loop_that_stopped_is_not_waited_for() -> None:
    helped = Helped(Queue(workers=2, worker_idle=1e6), slow(200, 200))
    helped.put("a", "b")
    helped.runtime.advance(1.0)
    helped.stop()
    for name in "cde":
        helped.put(name)
        helped.helper.advance()
    assert (helped.line.arrived, helped.helped) == (["a", "b"], ["c", "d", "e"])
    helped.runtime.runs = True
    helped.put("f")
    helped.runtime.advance(1.0)
    assert helped.line.arrived == ["a", "b", "f"]
    assert helped.counts == {"accepted": 6, "delivered": 6}


def test_busy_workers_of_a_loop_that_stopped_are_not_waited_for() -> None:
    helped = Helped(ONE, slow(200))
    helped.put("a", "b")
    helped.runtime.advance(0.5)
    helped.stop()
    helped.put("c")
    helped.helper.advance()
    assert (helped.line.arrived, helped.helped) == (["a"], ["b", "c"])
    helped.runtime.runs = True
    helped.runtime.advance(1.0)
    assert helped.counts == {"accepted": 3, "delivered": 3}


def test_what_a_cancelled_worker_had_begun_is_delivered_with_the_rest() -> None:
    helped = Helped(Queue(workers=2), slow(200, 200))
    helped.put("a", "b", "c")
    helped.runtime.advance(0.5)
    helped.cancel()
    helped.helper.advance()
    assert helped.line.arrived == ["a", "b"]
    assert sorted(helped.helped) == ["a", "b", "c"]
    assert helped.counts == {"accepted": 3, "delivered": 3}
    assert len(helped.bound._crew._vacancies) == 2


@pytest.mark.parametrize("cancellation", [GeneratorExit, Alarm])
def test_a_worker_that_is_told_to_stop_on_a_loop_that_goes_on_is_helped_out(
    cancellation: type[BaseException], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(FakeRuntime, "cancellation", (cancellation,))
    helped = Helped(ONE, [cancellation(), 200])
    helped.put("a", "b")
    helped.runtime.advance()
    helped.helper.advance()
    assert (helped.line.arrived, helped.helped) == (["a"], ["b", "a"])
    assert helped.counts == {"accepted": 2, "delivered": 2}


def test_a_worker_that_was_called_and_told_to_stop_before_it_knew_leaves_its_work_to_others() -> None:
    helped = Helped(Queue(workers=1, worker_idle=1e6))
    helped.put("a")
    helped.runtime.advance()
    helped.put("b")
    helped.cancel()
    helped.helper.advance()
    assert (helped.line.arrived, helped.helped) == (["a"], ["b"])
    assert len(helped.bound._crew._vacancies) == 1


def test_a_worker_that_is_dropped_before_it_begins_gives_its_vacancy_back() -> None:
    helped = Helped(Queue(workers=2))
    helped.put("a", "b")
    helped.cancel()
    assert len(helped.bound._crew._vacancies) == 2
    helped.helper.advance()
    assert (helped.line.arrived, helped.helped) == ([], ["a", "b"])
    helped.runtime.runs = helped.runtime.spawns = True
    helped.put("c")
    helped.runtime.advance()
    assert helped.line.arrived == ["c"]


def test_a_worker_that_is_dropped_when_all_is_done_calls_nobody() -> None:
    helped = Helped()
    helped.put("a")
    assert helped.flush_here()
    helped.cancel()
    assert helped.is_at_rest()
    assert len(helped.bound._crew._vacancies) == 1


def test_where_nobody_helps_a_worker_that_is_dropped_before_it_begins_is_replaced_by_the_next_send() -> None:
    line = Line(ONE)
    line.put("a")
    line.runtime.tasks.clear()
    assert line.runtime.tasks == []
    line.put("b")
    line.runtime.advance()
    assert line.arrived == ["a", "b"]


def test_the_loop_may_go_on_while_one_helps() -> None:
    helped = Helped(Queue(workers=2), [1.0, 200], runs=False)
    helped.takes = 1.0
    helped.put("a", "b", "c")
    helped.helper.advance(0.5)
    helped.runtime.runs = True
    helped.put("d")
    helped.runtime.advance(0.5)
    helped.helper.advance(10.0)
    helped.runtime.advance(10.0)
    assert sorted([*helped.helped, *helped.line.arrived]) == ["a", "b", "c", "d"]
    assert helped.counts == {"accepted": 4, "delivered": 4}
    assert helped.is_at_rest()


def test_the_caller_delivers_what_workers_had_begun_and_what_waits() -> None:
    helped = Helped(ONE, slow(200))
    helped.put("a", "b")
    helped.runtime.advance(0.5)
    helped.stop()
    assert helped.flush_here()
    assert helped.helped == ["a", "b"]
    assert helped.is_at_rest()
    helped.cancel()
    helped.helper.advance()
    assert helped.helped == ["a", "b"]
    assert helped.counts == {"accepted": 2, "delivered": 2}


def test_the_caller_waits_for_who_helps_and_delivers_nothing_twice(stopped: Helped) -> None:
    stopped.takes = 1.0
    stopped.put("a", "b", "c")
    stopped.helper.advance(0.5)
    stopped.runtime.passes = lambda: stopped.helper.advance(1.0)
    assert stopped.bound.flush_here(1_100.0)
    assert stopped.helped == ["a", "b", "c"]
    assert stopped.is_at_rest()
    assert not stopped.bound._flushing


def test_what_comes_later_does_not_hold_the_caller_up(stopped: Helped) -> None:
    stopped.takes = 1.0
    stopped.put("a", "b")
    stopped.helper.advance()
    later = iter("cdefgh")

    def passes() -> None:
        stopped.put(next(later))
        stopped.helper.advance(1.0)

    stopped.runtime.passes = passes
    assert stopped.bound.flush_here(1_100.0)
    assert stopped.helped == ["a", "b", "c"]
    assert len(stopped.helper.tasks) == 1


def test_the_caller_takes_over_when_the_helper_has_gone() -> None:
    """One who helps doesn't know of what workers had begun."""
    helped = Helped(ONE, slow(200))
    helped.put("begun")
    helped.runtime.advance(0.5)
    helped.stop()
    helped.takes = 1.0
    helped.put("a")
    helped.helper.advance(0.5)

    def passes() -> None:
        helped.in_caller = False
        helped.helper.advance(1.0)
        helped.in_caller = True

    helped.runtime.passes = passes
    assert helped.flush_here()
    assert helped.helped == ["a", "begun"]
    assert helped.counts == {"accepted": 2, "delivered": 2}


def test_a_helper_that_hangs_is_waited_for_until_the_deadline(stopped: Helped, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("raven.pipeline.queue._LOOK_UP", 0.0)
    stopped.takes = 1e6
    stopped.put("a", "b")
    stopped.helper.advance()

    def passes() -> None:
        stopped.runtime.now += 0.25

    stopped.runtime.passes = passes
    assert not stopped.bound.flush_here(1_002.0)
    assert stopped.runtime.now == 1_002.0
    assert stopped.helped == ["a"]


@pytest.mark.parametrize("quiet", [0.5, 5.0])
def test_the_exit_waits_for_who_helps_and_says_so(stopped: Helped, quiet: float) -> None:
    stopped.takes = 1.0
    stopped.runtime.survives_exit = False
    stopped.put("a", "b")
    stopped.helper.advance()

    def passes() -> None:
        stopped.runtime.now += 0.25
        stopped.helper.advance(0.25)

    stopped.runtime.passes = passes
    noticed: list[float] = []
    stopped.bound.drain(10.0, quiet, lambda: noticed.append(stopped.runtime.now))
    assert stopped.counts == {"accepted": 2, "delivered": 2}
    assert stopped.helped == ["a", "b"]
    assert bool(noticed) is (quiet == 0.5)


def test_what_the_caller_has_no_time_for_is_left_to_a_helper(stopped: Helped) -> None:
    stopped.helper.spawns = False
    stopped.put("a", "b", "c")
    stopped.helper.spawns = True

    async def slowly(request: Request) -> Response:
        if stopped.in_caller:
            stopped.runtime.now += 1.0
        return await stopped.send(request)

    stopped.makes = lambda: slowly
    assert not stopped.flush_here(1.5)
    assert stopped.helped == ["a", "b"]
    stopped.helper.advance()
    assert stopped.helped == ["a", "b", "c"]
    assert stopped.is_at_rest()


def test_what_fails_for_the_caller_and_may_succeed_later_is_left_to_a_helper(stopped: Helped) -> None:
    stopped.helper.spawns = False
    stopped.put("a", "b", "c")
    stopped.helper.spawns = True
    stopped.answers = [ConnectError("no"), TLSError("never")]
    assert not stopped.flush_here()
    assert stopped.counts == {"accepted": 3, "delivered": 1, "pending": 1, "network_error": 1}
    assert list(stopped.bound._waiting)
    stopped.helper.advance()
    assert stopped.helped == ["a", "b", "c", "a"]
    assert stopped.counts == {"accepted": 3, "delivered": 2, "network_error": 1}
    assert stopped.is_at_rest()


def test_what_a_caller_who_is_interrupted_had_begun_is_left_to_a_helper(stopped: Helped) -> None:
    stopped.helper.spawns = False
    stopped.put("a", "b")
    stopped.helper.spawns = True
    stopped.answers = [KeyboardInterrupt()]
    with pytest.raises(KeyboardInterrupt):
        stopped.flush_here()
    assert stopped.counts == {"accepted": 2, "pending": 2}
    stopped.helper.advance()
    assert sorted(stopped.helped) == ["a", "a", "b"]
    assert stopped.counts == {"accepted": 2, "delivered": 2}
    assert stopped.is_at_rest()


def test_a_handler_that_interrupts_the_caller_and_flushes_does_not_deliver_it_too(
    stopped: Helped, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("raven.pipeline.queue._LOOK_UP", 0.0)
    stopped.helper.spawns = False
    stopped.put("a", "b")
    inner: list[bool] = []

    async def interrupted(request: Request) -> Response:
        stopped.put("from the handler")
        stopped.runtime.passes = lambda: setattr(stopped.runtime, "now", stopped.runtime.now + 0.1)
        inner.append(stopped.bound.flush_here(stopped.runtime.now + 1.0))
        stopped.runtime.passes = lambda: None
        return await stopped.send(request)

    stopped.makes = lambda: interrupted
    assert stopped.flush_here()
    assert inner == [False, False]
    assert stopped.helped == ["a", "b"]
    stopped.makes = lambda: stopped.send
    assert stopped.flush_here()
    assert stopped.counts == {"accepted": 4, "delivered": 4}


def bound_stack(runtime: FakeRuntime, sink: ScriptedSink) -> BoundStack:
    return Stack(Serialize(), ONE, sink=sink).bind(DSN, runtime=runtime)


@pytest.mark.parametrize("aflush", [True, False])
def test_who_flushes_where_nobody_waits_for_the_loop_delivers(aflush: bool) -> None:
    sink = ScriptedSink()
    stack = bound_stack(FakeRuntime(waits=False, runs=False, spawns=False), sink)
    stack.send(Request("0" * 32, event={}))
    flushed = asyncio.run(stack.aflush()) if aflush else stack.flush()
    assert flushed is Flushed.DELIVERED
    assert len(sink.received) == 1
    stack.send(Request("1" * 32, event={}))
    flushed = asyncio.run(stack.aclose()) if aflush else stack.close()
    assert flushed is Flushed.DELIVERED
    assert counted(stack.stats()) == {"accepted": 2, "delivered": 2}
