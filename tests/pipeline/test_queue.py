"""The queue, step by step on a clock that is moved by hand."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from raven.errors import Closed, ConnectError, InvalidOption, QueueFull
from raven.pipeline import Queue
from raven.request import HELD, Request, Response
from raven.runtimes import drive
from raven.testing import FakeRuntime, ScriptedSink, fake_context
from raven.testing.runtime import FakeWaker

from .helpers import Alarm, Line, names, new_request, slow

ONE = Queue(workers=1)


def test_a_request_is_held_and_nothing_is_sent_before_a_worker_runs() -> None:
    line = Line(ONE)
    request = new_request("a")
    assert drive(line.bound(request)) is HELD
    assert (request.fate.held, line.arrived, line.bound.pending()) == (True, [], 1)
    line.runtime.advance()
    assert (line.arrived, line.bound.pending()) == (["a"], 0)


def test_one_worker_keeps_the_order() -> None:
    line = Line(ONE, slow(*[200] * 10))
    wanted = [str(n) for n in range(10)]
    line.put(*wanted)
    line.runtime.advance(10.0)
    assert line.arrived == wanted
    assert line.counts == {"accepted": 10, "delivered": 10}


@pytest.mark.parametrize(("workers", "seconds"), [(1, 6), (2, 3), (3, 2), (6, 1), (7, 1)])
def test_workers_deliver_side_by_side(workers: int, seconds: int) -> None:
    line = Line(Queue(workers=workers), slow(*[200] * 6))
    line.put(*"abcdef")
    line.runtime.advance(seconds - 0.5)
    assert line.counts["delivered"] == (seconds - 1) * workers if seconds > 1 else "delivered" not in line.counts
    line.runtime.advance(0.5)
    assert line.counts == {"accepted": 6, "delivered": 6}
    assert len(line.runtime.tasks) == min(workers, 6)


class Counting(FakeRuntime):
    """Counts the workers that are started."""

    started = 0

    def spawn(self, worker: Callable[[], Coroutine[Any, Any, None]]) -> None:
        self.started += 1
        super().spawn(worker)


def test_a_worker_is_started_only_when_none_is_idle() -> None:
    runtime = Counting()
    line = Line(Queue(workers=4), runtime=runtime)
    for name in "abc":
        line.put(name)
        line.runtime.advance(1.0)
    assert (line.arrived, runtime.started) == (["a", "b", "c"], 2)  # and the lookout
    line.put("d", "e")
    assert runtime.started == 2


@pytest.mark.parametrize("queue", [Queue(workers=1), Queue(workers=1, worker_idle=2.0)])
def test_an_idle_worker_goes_when_its_time_is_over_and_another_one_comes(queue: Queue) -> None:
    line = Line(queue)
    line.put("a")
    line.runtime.advance()
    line.runtime.advance(queue.worker_idle - 0.5)
    assert len(line.runtime.tasks) == 1
    line.runtime.advance(0.5)
    assert len(line.runtime.tasks) == 0
    for name in "bc":
        line.put(name)
        line.runtime.advance()
    assert (line.arrived, len(line.runtime.tasks)) == (["a", "b", "c"], 1)


def test_work_sets_the_idle_time_back() -> None:
    line = Line(Queue(workers=1, worker_idle=2.0))
    for name in "abc":
        line.put(name)
        line.runtime.advance(1.5)
    assert len(line.runtime.tasks) == 1
    line.runtime.advance(0.5)
    assert len(line.runtime.tasks) == 0


def test_a_worker_without_idle_time_goes_at_once() -> None:
    line = Line(Queue(workers=1, worker_idle=0))
    line.put("a", "b")
    line.runtime.advance()
    assert (line.arrived, len(line.runtime.tasks)) == (["a", "b"], 0)


def test_what_does_not_fit_is_dropped_and_counted() -> None:
    line = Line(Queue(workers=1, queue_size=2), slow(200, 200, 200))
    line.put("a", "b", "c")
    assert line.counts == {"accepted": 3, "pending": 2, "queue_overflow": 1}
    with pytest.raises(QueueFull, match=r"^as many events, or as many bytes, are waiting as may$"):
        drive(line.bound(new_request()))
    line.runtime.advance(0.5)  # the one that is being sent keeps its place
    with pytest.raises(QueueFull):
        drive(line.bound(new_request()))
    line.runtime.advance(0.5)
    line.put("d", "e")
    line.runtime.advance(10.0)
    assert line.arrived == ["a", "b", "d"]
    assert line.counts == {"accepted": 5, "delivered": 3, "queue_overflow": 2}


def test_a_request_that_is_refused_is_not_held() -> None:
    line = Line(Queue(queue_size=1))
    line.put("a")
    request = new_request()
    with pytest.raises(QueueFull):
        drive(line.bound(request))
    assert not request.fate.held


def test_a_request_that_comes_again_or_as_a_copy_is_taken_in_once() -> None:
    line = Line(Queue(workers=1, queue_size=2))
    request = new_request("a")
    line.put_request(request)
    for again in (request, request.copy()):
        assert drive(line.bound(again)) is HELD
    line.put("b", "c")
    line.runtime.advance()
    assert line.arrived == ["a", "b"]
    assert line.counts == {"accepted": 3, "delivered": 2, "queue_overflow": 1}


def test_a_worker_that_cannot_be_had_is_asked_for_again_by_the_next_send() -> None:
    line = Line(ONE, runtime=FakeRuntime(spawns=False))
    line.put("a")
    line.runtime.advance(60.0)
    assert (line.arrived, line.bound.pending()) == ([], 1)
    line.runtime.spawns = True
    line.put("b")
    line.runtime.advance()
    assert (line.arrived, len(line.runtime.tasks)) == (["a", "b"], 1)


def test_a_worker_that_cannot_be_had_is_asked_for_again_by_flush() -> None:
    line = Line(ONE, runtime=FakeRuntime(spawns=False))
    line.put("a")
    assert not line.flush()
    assert line.runtime.now == 1_000.0
    line.runtime.spawns = True
    assert line.flush()
    assert line.arrived == ["a"]


def test_the_workers_that_are_there_do_when_no_more_can_be_had() -> None:
    line = Line(Queue(workers=2), slow(200, 200))
    line.put("a")
    line.runtime.advance()
    line.runtime.spawns = False
    line.put("b")
    assert line.flush()
    assert line.counts == {"accepted": 2, "delivered": 2}


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (ConnectError("no"), "network_error"),
        (ValueError("a bug"), "internal_sdk_error"),
        (SystemExit(), "internal_sdk_error"),
        (Alarm(), "internal_sdk_error"),
        (KeyboardInterrupt(), "internal_sdk_error"),
    ],
    ids=repr,
)
def test_a_worker_survives_whatever_a_stage_raises(error: BaseException, reason: str) -> None:
    line = Line(ONE, [error, 200])
    line.put("a", "b")
    line.runtime.advance()
    assert line.counts == {"accepted": 2, "delivered": 1, reason: 1}
    assert len(line.runtime.tasks) == 1


def test_a_worker_survives_a_stage_that_awaits_something_foreign() -> None:
    class Foreign:
        def __await__(self) -> Any:
            yield self

    async def foreign(request: Request) -> Response:
        if request.body == b"a":
            await Foreign()
        return Response(200)

    line = Line(ONE, send=foreign)
    line.put("a", "b")
    line.runtime.advance()
    assert line.counts == {"accepted": 2, "delivered": 1, "internal_sdk_error": 1}


@pytest.mark.parametrize("answer", [429, 500], ids=str)
def test_what_the_server_refuses_is_counted_as_that(answer: int) -> None:
    line = Line(ONE, [answer])
    line.put("a")
    line.runtime.advance()
    assert line.counts == {"accepted": 1, "rate_limited" if answer == 429 else "send_error": 1}


def test_what_is_no_response_is_counted_as_a_bug() -> None:
    async def lying(request: Request) -> Any:
        return None

    line = Line(ONE, send=lying)
    line.put("a")
    line.runtime.advance()
    assert line.counts == {"accepted": 1, "internal_sdk_error": 1}


@pytest.mark.parametrize("cancellation", [GeneratorExit, Alarm])
def test_a_worker_that_is_told_to_stop_leaves_its_request_unsettled(
    cancellation: type[BaseException], monkeypatch: pytest.MonkeyPatch
) -> None:
    if cancellation is Alarm:
        monkeypatch.setattr(FakeRuntime, "cancellation", (Alarm,))
    line = Line(ONE, [cancellation(), 200])
    line.put("a")
    line.runtime.advance()
    assert (line.counts, line.runtime.tasks) == ({"accepted": 1, "pending": 1}, [])
    assert not line.flush(1.0)
    line.put("b")
    line.runtime.advance()
    assert line.counts == {"accepted": 2, "delivered": 1, "pending": 1}


def test_a_worker_that_is_told_to_stop_is_replaced_if_there_is_work() -> None:
    line = Line(ONE, [GeneratorExit(), 200])
    line.put("a", "b")
    line.runtime.advance()
    assert line.arrived == ["a", "b"]
    assert line.counts == {"accepted": 2, "delivered": 1, "pending": 1}


@pytest.mark.parametrize("raised", [KeyboardInterrupt, GeneratorExit, SystemExit])
def test_where_nobody_can_tell_a_worker_to_stop_all_that_a_stage_raises_is_counted(
    raised: type[BaseException], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(FakeRuntime, "cancellation", ())
    line = Line(ONE, [raised(), 200])
    line.put("a", "b")
    line.runtime.advance()
    assert line.counts == {"accepted": 2, "delivered": 1, "internal_sdk_error": 1}


def test_a_worker_that_is_closed_where_closing_means_nothing_counts_its_request(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(FakeRuntime, "cancellation", ())
    line = Line(ONE, [60.0, 200])
    line.put("a")
    line.runtime.advance()
    (worker,) = line.runtime.tasks
    worker.coroutine.close()
    assert line.counts == {"accepted": 1, "internal_sdk_error": 1}


def test_what_the_stages_do_to_an_attempt_does_not_show() -> None:
    async def framing(request: Request) -> Response:
        request.body, request.event, request.endpoint = b"framed", None, "store"
        request.headers["Framed"] = "1"
        request.due(0.0)
        return Response(200)

    line = Line(ONE, send=framing)
    request = new_request("body", event={"a": 1})
    line.put_request(request)
    line.runtime.advance()
    assert (request.body, request.event, request.endpoint) == (b"body", {"a": 1}, None)
    assert (request.headers, request.deadline) == ({}, None)


@pytest.mark.parametrize("deadline", [None, 1_500.0])
def test_a_worker_leaves_the_deadline_as_it_is(deadline: float | None) -> None:
    line = Line(ONE)
    line.put_request(new_request(deadline=deadline))
    line.runtime.advance()
    assert line.sink.received[0].deadline == deadline


def test_flush_with_nothing_to_wait_for_is_done_at_once() -> None:
    line = Line(ONE)
    assert line.flush(0.0)
    line.put("a")
    line.runtime.advance()
    assert line.flush(-1.0)
    assert line.runtime.slept == []


def test_nobody_is_woken_for_a_flush_that_is_over() -> None:
    line = Line(ONE)
    line.put("a")
    assert line.flush()
    assert not line.bound._flushing


def test_flush_waits_until_all_is_settled() -> None:
    line = Line(ONE, slow(200, 500, 200))
    line.put("a", "b", "c")
    assert line.flush()
    assert line.runtime.now == 1_003.0
    assert line.counts == {"accepted": 3, "delivered": 2, "send_error": 1}


class Waking(FakeRuntime):
    """Counts who is woken."""

    woken = 0

    def waker(self) -> FakeWaker:
        runtime = self

        class Waker(FakeWaker):
            def wake(self) -> None:
                runtime.woken += 1
                super().wake()

        return Waker(self)


def test_a_flush_is_woken_by_the_last_that_it_waits_for_and_not_by_each() -> None:
    runtime = Waking()
    line = Line(ONE, slow(*[200] * 4), runtime=runtime)
    line.put("a", "b", "c")
    flush = runtime.start(line.bound.flush(2_000.0))
    line.put("d")
    runtime.advance(2.5)
    assert (runtime.woken, flush.done) == (0, False)
    runtime.advance(1.0)
    assert (runtime.woken, flush.done, flush.result) == (1, True, True)


@pytest.mark.parametrize(("seconds", "flushed", "now"), [(0.0, False, 0.0), (1.5, False, 1.5), (2.5, True, 2.0)])
def test_flush_ends_with_its_deadline(seconds: float, flushed: bool, now: float) -> None:
    line = Line(ONE, slow(200, 200))
    line.put("a", "b")
    assert line.flush(seconds) is flushed
    assert line.runtime.now == 1_000.0 + now


def test_what_comes_later_does_not_hold_a_flush_up() -> None:
    line = Line(ONE, slow(200, 200, 200))
    line.put("a")
    task = line.runtime.start(line.bound.flush(1_100.0))
    line.put("b", "c")
    line.runtime.advance(1.0)
    assert task.done
    assert task.result is True
    assert line.counts == {"accepted": 3, "delivered": 1, "pending": 2}


def test_flushes_side_by_side_end_each_in_its_time() -> None:
    line = Line(ONE, slow(200, 200))
    tasks = []
    for name in "ab":
        line.put(name)
        tasks.append(line.runtime.start(line.bound.flush(1_100.0)))
    line.runtime.advance(1.0)
    assert [task.done for task in tasks] == [True, False]
    line.runtime.advance(1.0)
    assert [task.result for task in tasks] == [True, True]


def test_close_drops_what_is_left_and_takes_nothing_more() -> None:
    line = Line(ONE, slow(200, 200))
    line.put("a", "b", "c")
    line.close(1.5)
    assert line.runtime.now == 1_001.5
    assert line.counts == {"accepted": 3, "delivered": 1, "shutdown": 2}
    with pytest.raises(Closed, match=r"^the transport is closed$"):
        drive(line.bound(new_request()))
    assert line.bound.pending() == 0


def test_what_a_worker_has_under_way_may_be_delivered_by_the_caller_too_and_counts_once() -> None:
    twin = ScriptedSink([200, ConnectionError()])
    line = Line(ONE, slow(200, 200), twin=lambda: twin.bind(fake_context()))
    line.put("a", "b", "c")
    line.runtime.advance(0.5)
    assert line.bound.flush_here(1_100.0)
    assert (line.arrived, names(twin.received)) == (["a"], ["a", "b", "c"])
    line.runtime.advance(10.0)
    assert line.arrived == ["a"]
    assert line.counts == {"accepted": 3, "delivered": 1, "internal_sdk_error": 2}


def test_without_a_twin_or_without_time_the_caller_delivers_nothing() -> None:
    line = Line(ONE)
    assert line.bound.flush_here(1_100.0)
    line.put("a")
    assert not line.bound.flush_here(1_100.0)
    line = Line(ONE, twin=lambda: ScriptedSink().bind(fake_context()))
    line.put("a")
    assert not line.bound.flush_here(line.runtime.now)
    assert line.counts == {"accepted": 1, "pending": 1}


def test_a_worker_that_is_stopped_while_it_is_idle_is_not_called_any_more() -> None:
    line = Line(Queue(workers=1, worker_idle=1e6), slow(200, 200))
    line.put("a")
    line.runtime.advance(1.0)
    (worker,) = line.runtime.tasks
    worker.coroutine.close()
    line.runtime.tasks.remove(worker)
    line.put("b")
    line.runtime.advance(1.0)
    assert line.arrived == ["a", "b"]


def test_what_is_under_way_when_it_is_closed_is_counted_once() -> None:
    line = Line(ONE, slow(200, 200))
    line.put("a", "b")
    line.runtime.advance(0.5)
    line.close()
    line.runtime.advance(10.0)
    assert line.arrived == ["a"]
    assert line.counts == {"accepted": 2, "shutdown": 2}
    assert line.runtime.tasks == []


def test_a_request_that_was_abandoned_under_way_gives_its_seat_back_once() -> None:
    line = Line(Queue(workers=1, queue_size=1), slow(200))
    line.put("a")
    line.runtime.advance(0.5)
    line.bound.abandon()
    line.runtime.advance(0.5)
    line.put("b", "c")
    line.runtime.advance(1.0)
    assert line.arrived == ["a", "b"]
    assert line.counts == {"accepted": 3, "shutdown": 1, "delivered": 1, "queue_overflow": 1}


def test_close_sends_idle_workers_home() -> None:
    line = Line(Queue(workers=2, worker_idle=1e6), slow(200, 200))
    line.put("a", "b")
    line.runtime.advance(1.0)
    assert len(line.runtime.tasks) == 2
    line.close()
    line.runtime.advance()
    assert line.runtime.tasks == []


class Closing(Request):
    """Closes the queue while that takes it in, as another thread may."""

    line: Line

    def __hash__(self) -> int:
        if not self.line.bound._closed:
            self.line.close()
        return 1


def test_a_request_that_comes_while_it_is_closed_is_settled() -> None:
    request = Closing("0" * 32)
    request.line = line = Line(ONE)
    line.context.ledger.accept()
    assert drive(line.bound(request)) is HELD
    line.runtime.advance(10.0)
    assert line.counts == {"accepted": 1, "shutdown": 1}
    assert (line.arrived, line.bound.pending()) == ([], 0)


@pytest.mark.parametrize("called", [False, True], ids=["nobody calls", "someone calls"])
def test_work_that_comes_while_a_worker_lies_down_is_seen(called: bool) -> None:
    runtime = Counting()
    line = Line(Queue(workers=1, worker_idle=50.0), runtime=runtime)

    class Between(deque[Any]):
        def append(self, waker: Any) -> None:
            super().append(waker)
            if len(line.arrived) == 1:
                late = new_request("b")
                line.context.ledger.accept()
                line.bound._unsettled[late] = 0
                line.bound._waiting.append(late)
                if called:
                    self.popleft().wake()

    line.bound._crew._idle = Between()
    line.put("a")
    line.runtime.advance()
    assert line.arrived == ["a", "b"]
    assert line.counts == {"accepted": 2, "delivered": 2}
    assert (len(line.bound._crew._idle), runtime.started) == (1, 1)


def test_work_that_comes_while_a_worker_leaves_is_seen() -> None:
    line = Line(Queue(workers=1, worker_idle=1.0))
    line.put("a")
    line.runtime.advance(0.5)
    late = new_request("b")
    line.bound._unsettled[late] = 0
    line.context.ledger.accept()

    class Leaving(deque[Any]):
        def append(self, vacancy: Any) -> None:
            line.bound._waiting.append(late)
            super().append(vacancy)

    line.bound._crew._vacancies = Leaving(line.bound._crew._vacancies)
    line.runtime.advance(0.5)
    line.bound._crew._vacancies = deque(line.bound._crew._vacancies)
    assert line.arrived == ["a", "b"]


def test_another_process_has_nothing_pending(monkeypatch: pytest.MonkeyPatch) -> None:
    line = Line(ONE)
    line.put("a")
    assert line.bound.pending() == 1
    process = os.getpid()
    monkeypatch.setattr(os, "getpid", lambda: process + 1)
    assert line.bound.pending() == 0


def test_the_documented_defaults() -> None:
    assert Queue(queue_bytes=2**26, overflow="newest", overflow_timeout=1.0) == Queue()
    assert Queue() == Queue(queue_size=1_000, workers=8, worker_idle=5.0, shutdown_timeout=2.0)
    assert Line(Queue(shutdown_timeout=7.0)).bound.shutdown_timeout == 7.0


@pytest.mark.parametrize(
    ("name", "value", "accepted"),
    [
        ("queue_size", 0, "a whole number from 1 to 1000000"),
        ("queue_bytes", 1, "a whole number of bytes from 65536 to 17179869184"),
        ("overflow", "random", "one of newest, oldest, block"),
        ("overflow_timeout", -1, "a number of seconds that is at least 0"),
        ("workers", 10**10, "a whole number from 1 to 1000"),
        ("worker_idle", -1, "a number of seconds that is at least 0"),
        ("shutdown_timeout", -1, "a number of seconds that is at least 0"),
    ],
)
def test_every_option_has_bounds(name: str, value: Any, accepted: str) -> None:
    with pytest.raises(InvalidOption, match=rf"^{name}: {accepted} is accepted$"):
        Queue(**{name: value})
