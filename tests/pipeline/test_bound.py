"""A stack at work: nothing is raised, everything is counted, and a forked child starts anew."""

from __future__ import annotations

import asyncio
import logging
import os
import threading
from collections import deque
from collections.abc import Callable
from typing import Any

import pytest

from raven.errors import ConnectError
from raven.frozen import made_by
from raven.outcome import DELIVERED, SAMPLE_RATE
from raven.pipeline import BoundStack, Context, Flushed, Queue, RateLimit, Serialize, Stack, Stage, stage
from raven.request import HELD, Request, Response, Send
from raven.testing import FakeRuntime, MemorySink, ScriptedSink
from raven.testing.scripted import Answer

from .helpers import DSN, Alarm, CallSink, counted, new_request, slow


@pytest.fixture(autouse=True)
def _quiet(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.CRITICAL, "raven.delivery")


class Work:
    """A stack on a fake runtime over a scripted sink."""

    def __init__(self, *stages: Stage, answers: list[Answer] | None = None, runtime: FakeRuntime | None = None) -> None:
        self.runtime = runtime or FakeRuntime()
        self.sink = ScriptedSink(answers or [200])
        self.stack: BoundStack = Stack(*stages, sink=self.sink).bind(DSN, runtime=self.runtime)

    def send(self, count: int = 1) -> None:
        for _ in range(count):
            self.stack.send(new_request())

    @property
    def counts(self) -> dict[str, int]:
        return counted(self.stack.stats())


@stage
async def none(request: Request, send: Send) -> Any:
    return None


@stage
async def text(request: Request, send: Send) -> Any:
    return "OK"


@stage
async def forgetful(request: Request, send: Send) -> Any:
    await send(request)


@stage
async def raising(request: Request, send: Send) -> Response:
    raise ZeroDivisionError


@stage
async def raising_late(request: Request, send: Send) -> Response:
    await send(request)
    raise ZeroDivisionError


@stage
async def suspending(request: Request, send: Send) -> Response:
    await asyncio.sleep(0)
    return await send(request)


@pytest.mark.parametrize("broken", [none, text, raising, suspending], ids=repr)
@pytest.mark.parametrize("below", [[], [Queue()]], ids=["no queue", "queue"])
def test_a_broken_stage_is_counted_and_never_raises(broken: Stage, below: list[Stage]) -> None:
    work = Work(broken, *below)
    work.send()
    work.runtime.advance()
    assert work.counts == {"accepted": 1, "internal_sdk_error": 1}
    assert work.sink.received == []


@pytest.mark.parametrize("broken", [forgetful, raising_late], ids=repr)
def test_a_stage_that_fails_after_the_queue_has_the_event_does_not_settle_it_twice(broken: Stage) -> None:
    work = Work(broken, Queue())
    work.send()
    assert work.counts == {"accepted": 1, "pending": 1}
    work.runtime.advance()
    assert work.counts == {"accepted": 1, "delivered": 1}


@pytest.mark.parametrize("broken", [forgetful, raising_late], ids=repr)
def test_without_a_queue_what_the_stage_makes_of_the_answer_counts(broken: Stage) -> None:
    work = Work(broken)
    work.send()
    assert work.counts == {"accepted": 1, "internal_sdk_error": 1}


@pytest.mark.parametrize(
    ("answer", "reason"),
    [(200, "delivered"), (404, "send_error"), (429, "rate_limited"), (ConnectError("no"), "network_error")],
    ids=str,
)
@pytest.mark.parametrize("stages", [[], [Queue()]], ids=["no queue", "queue"])
def test_every_end_is_counted_with_or_without_a_queue(stages: list[Stage], answer: Answer, reason: str) -> None:
    work = Work(*stages, answers=[answer])
    work.send()
    work.stack.flush()
    assert work.counts == {"accepted": 1, reason: 1}


@pytest.mark.parametrize("error", [SystemExit(), KeyboardInterrupt(), Alarm()], ids=repr)
def test_what_is_meant_for_the_program_reaches_it_and_is_counted(
    error: BaseException, caplog: pytest.LogCaptureFixture
) -> None:
    work = Work(answers=[error])
    with caplog.at_level(logging.WARNING, "raven.delivery"), pytest.raises(type(error)):
        work.send()
    assert work.counts == {"accepted": 1, "internal_sdk_error": 1}
    assert f"a stage raised {type(error).__name__} in " in caplog.text


def test_a_request_that_is_sent_again_is_settled_again() -> None:
    work = Work(Queue())
    request = new_request()
    for _ in range(2):
        work.stack.send(request)
        work.runtime.advance()
    other = Work()
    other.stack.send(request)
    assert work.counts == {"accepted": 2, "delivered": 2}
    assert other.counts == {"accepted": 1, "delivered": 1}


def test_flush_is_true_only_if_everything_was_delivered_since_the_last_one() -> None:
    work = Work(Queue(workers=1), answers=slow(200, 500, 200, 200, 200))
    assert work.stack.flush() is Flushed.DELIVERED
    results = []
    for _ in range(3):
        work.send()
        results.append(work.stack.flush())
    assert results == [Flushed.DELIVERED, Flushed.FAILED, Flushed.DELIVERED]
    assert [bool(result) for result in Flushed] == [True, False, False]
    work.send(2)
    assert work.stack.flush(1.5) is Flushed.TIMEOUT
    assert work.runtime.now == 1_004.5


def test_a_failure_is_told_by_the_next_flush_that_does_not_time_out() -> None:
    work = Work(Queue(workers=1), answers=slow(500, 200, 200))
    work.send(2)
    assert work.stack.flush(1.5) is Flushed.TIMEOUT
    assert work.stack.flush() is Flushed.FAILED
    assert work.stack.flush() is Flushed.DELIVERED


def test_flushes_that_overlap_tell_of_the_same_failure() -> None:
    work = Work(Queue(workers=1), answers=slow(400))
    work.send()
    life = work.stack._life()
    tasks = [work.runtime.start(life.flush(5.0)) for _ in range(3)]
    work.runtime.advance(2.0)
    assert [task.result for task in tasks] == [Flushed.FAILED] * 3


def test_a_flush_without_a_queue_waits_for_what_other_threads_send() -> None:
    entered, leave = threading.Event(), threading.Event()

    @stage
    async def blocking(request: Request, send: Send) -> Response:
        entered.set()
        leave.wait(30.0)
        return await send(request)

    stack = Stack(blocking, sink=MemorySink()).bind(DSN)
    sender = threading.Thread(target=stack.send, args=(Request("0" * 32),))
    sender.start()
    assert entered.wait(30.0)
    assert stack.flush(0.01) is Flushed.TIMEOUT
    flushed: list[Flushed] = []
    flusher = threading.Thread(target=lambda: flushed.append(stack.flush(30.0)))
    flusher.start()
    leave.set()
    flusher.join(30.0)
    sender.join(30.0)
    assert flushed == [Flushed.DELIVERED]


@pytest.mark.parametrize("copied", [False, True], ids=["itself", "a copy"])
def test_a_stage_that_sends_a_request_twice_has_it_counted_once(copied: bool) -> None:
    @stage
    async def twice(request: Request, send: Send) -> Response:
        await send(request.copy() if copied else request)
        return await send(request.copy() if copied else request)

    work = Work(twice, Queue(workers=1))
    work.send(3)
    assert work.stack.flush() is Flushed.DELIVERED
    assert work.counts == {"accepted": 3, "delivered": 3}


def test_a_request_that_is_sent_again_is_counted_again() -> None:
    work = Work(Queue(workers=1))
    request = Request("0" * 32)
    for _ in range(2):
        work.stack.send(request)
        assert work.stack.flush() is Flushed.DELIVERED
    assert work.counts == {"accepted": 2, "delivered": 2}


def test_a_send_at_the_recursion_limit_is_counted() -> None:
    stack = Stack(Serialize(), sink=MemorySink()).bind(DSN)
    raised = 0

    def deeper() -> None:
        nonlocal raised
        try:
            stack.send(Request("0" * 32, event={}))
        except RecursionError:
            raised += 1
        deeper()

    with pytest.raises(RecursionError):
        deeper()
    stats = stack.stats()
    assert stats.pending == 0
    assert stats.accepted == stats.delivered + sum(stats.dropped.values())
    assert stack.flush() in (Flushed.DELIVERED, Flushed.FAILED)


def test_what_is_discarded_is_counted_and_is_no_failure() -> None:
    work = Work(Serialize())
    work.stack.discard(new_request(), SAMPLE_RATE)
    assert counted(work.stack.stats()) == {"accepted": 1, "sample_rate": 1}
    assert work.stack.flush()
    assert work.sink.received == []


def test_drops_that_were_asked_for_are_no_failure() -> None:
    work = Work(RateLimit(), answers=[429])
    work.send(2)
    assert work.stack.flush() is Flushed.FAILED
    assert work.stack.flush() is Flushed.DELIVERED


@pytest.mark.parametrize("call", [BoundStack.flush, BoundStack.close])
def test_the_time_to_wait_is_five_seconds_unless_it_is_given(call: Callable[..., Flushed]) -> None:
    for given, waited in (((), 5.0), ((2.0,), 2.0)):
        work = Work(Queue(), answers=[60.0, 200])
        work.send()
        assert call(work.stack, *given) is Flushed.TIMEOUT
        assert work.runtime.now == 1_000.0 + waited


def test_the_async_calls_wait_as_long() -> None:
    for call in (BoundStack.aflush, BoundStack.aclose):
        work = Work(Queue(), answers=[60.0, 200])
        work.send()
        assert asyncio.run(call(work.stack)) is Flushed.TIMEOUT
        assert work.runtime.now == 1_005.0


def test_close_delivers_what_it_can_and_drops_the_rest() -> None:
    work = Work(Queue(workers=1), answers=slow(200, 200))
    work.send(3)
    assert work.stack.close(1.5) is Flushed.TIMEOUT
    assert work.counts == {"accepted": 3, "delivered": 1, "shutdown": 2}
    work.runtime.advance(60.0)
    assert work.counts == {"accepted": 3, "delivered": 1, "shutdown": 2}


@pytest.mark.parametrize("stages", [[], [Queue()]], ids=["no queue", "queue"])
def test_a_closed_stack_takes_nothing_more(stages: list[Stage]) -> None:
    work = Work(*stages)
    assert work.stack.close() is Flushed.DELIVERED
    work.send()
    assert work.counts == {"accepted": 1, "shutdown": 1}
    assert work.stack.close() is Flushed.FAILED
    assert work.sink.received == []


class Tracked(Stage):
    """Writes down what is done to it."""

    name: Any = ""
    log: list[str] = made_by(list)
    holds: Any = False
    settles: Any = True

    def bind(self, send: Send, context: Context) -> Any:
        outer = self

        class Plain:
            async def __call__(self, request: Request) -> Response:
                return await send(request)

            def close(self) -> None:
                outer.log.append(f"close {outer.name}")

        class Holds:
            async def __call__(self, request: Request) -> Response:
                return await send(request)

            async def flush(self, deadline: float) -> bool:
                outer.log.append(f"flush {outer.name} {deadline:g}")
                await context.runtime.sleep(1.0)
                return bool(outer.settles)

            def flush_here(self, deadline: float) -> bool:
                outer.log.append(f"flush {outer.name} here {deadline:g}")
                return bool(outer.settles)

            def close(self) -> None:
                outer.log.append(f"close {outer.name}")

        return Holds() if self.holds else Plain()


def test_where_nothing_can_be_waited_for_every_part_is_flushed_by_the_caller() -> None:
    log: list[str] = []
    parts = Tracked("a", log, holds=True, settles=False), Tracked("b", log), Tracked("c", log, holds=True)
    work = Work(*parts, runtime=FakeRuntime(waits=False))
    assert work.stack.flush(9.0) is Flushed.TIMEOUT
    assert log == ["flush a here 1009", "flush c here 1009"]
    assert work.stack.close(3.0) is Flushed.TIMEOUT
    assert log[2:] == ["flush a here 1003", "flush c here 1003", "close a", "close b", "close c"]


def test_where_nothing_can_be_waited_for_the_queue_delivers_in_the_callers_thread() -> None:
    work = Work(Queue(), answers=[200, 503], runtime=FakeRuntime(waits=False))
    work.send(2)
    assert work.stack.flush() is Flushed.FAILED
    assert work.counts == {"accepted": 2, "delivered": 1, "send_error": 1}
    work.runtime.advance(10.0)
    assert len(work.sink.received) == 2
    work.send()
    assert work.stack.close() is Flushed.DELIVERED
    assert work.counts == {"accepted": 3, "delivered": 2, "send_error": 1}


def test_every_part_is_flushed_and_closed_once_from_the_top() -> None:
    log: list[str] = []
    work = Work(Tracked("a", log), Tracked("b", log, holds=True), Tracked("c", log, holds=True), Tracked("d", log))
    assert work.stack.close(9.0) is Flushed.DELIVERED
    assert log == ["flush b 1009", "flush c 1009", "close a", "close b", "close c", "close d"]
    work.stack.close(9.0)
    assert log[6:] == ["flush b 1011", "flush c 1011"]


@pytest.mark.parametrize(("first", "second"), [(False, True), (True, False)])
def test_a_flush_is_done_only_if_every_part_is(first: bool, second: bool) -> None:
    log: list[str] = []
    parts = [Tracked("a", log, holds=True, settles=first), Tracked("b", log, holds=True, settles=second)]
    assert Work(*parts).stack.flush() is Flushed.TIMEOUT
    assert len(log) == 2


def test_the_sink_is_closed_too() -> None:
    closed: list[str] = []

    class Bound:
        async def __call__(self, request: Request) -> Response:
            return Response(200)

        def close(self) -> None:
            closed.append("sink")

    class Sink(MemorySink):
        def bind(self, context: Context) -> Any:
            return Bound()

    Stack(sink=Sink()).bind(DSN).close()
    assert closed == ["sink"]


def test_awaiting_does_not_block_the_loop() -> None:
    gate, waiting = threading.Event(), threading.Event()

    def answer(request: Request) -> Response:
        waiting.set()
        assert gate.wait(30.0)
        return Response(200)

    bound = Stack(Queue(), sink=CallSink(call=answer)).bind(DSN)

    async def program(wait: Callable[[float], Any]) -> Flushed:
        bound.send(new_request())
        task = asyncio.ensure_future(wait(30.0))
        while not waiting.is_set():
            await asyncio.sleep(0)
        gate.set()  # only a loop that is free comes here
        flushed: Flushed = await task
        return flushed

    assert asyncio.run(program(bound.aflush)) is Flushed.DELIVERED
    gate.clear()
    waiting.clear()
    assert asyncio.run(program(bound.aclose)) is Flushed.DELIVERED
    bound.send(new_request())
    assert counted(bound.stats()) == {"accepted": 3, "delivered": 2, "shutdown": 1}


def test_another_process_has_a_life_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    work = Work(Queue(workers=1), RateLimit(), answers=slow(200, 200, 200))
    work.send(2)
    work.runtime.advance(0.5)
    process = os.getpid()
    with monkeypatch.context() as child:
        child.setattr(os, "getpid", lambda: process + 1)
        assert work.counts == {}
        assert work.stack.flush(0.0) is Flushed.DELIVERED
        work.send()
        assert work.counts == {"accepted": 1, "pending": 1}
        child.setattr(os, "getpid", lambda: process)  # a grandchild whose id has come round
        assert work.counts == {}


def test_a_stack_that_was_closed_is_closed_in_the_child_too(monkeypatch: pytest.MonkeyPatch) -> None:
    closings: list[Callable[[BoundStack], Flushed]] = [BoundStack.close, lambda stack: asyncio.run(stack.aclose())]
    for close in closings:
        work = Work()
        close(work.stack)
        process = os.getpid()
        with monkeypatch.context() as child:
            child.setattr(os, "getpid", lambda process=process: process + 1)
            work.send()
            assert work.counts == {"accepted": 1, "shutdown": 1}
    assert work.sink.received == []


def test_the_sink_gives_the_runtime_unless_it_is_given() -> None:
    made: list[FakeRuntime] = []

    class Sink(MemorySink):
        def runtime(self) -> FakeRuntime:
            made.append(FakeRuntime())
            return made[-1]

    bound = Stack(Queue(), sink=Sink()).bind(DSN)
    bound.send(new_request())
    assert bound.flush()
    assert len(made) == 1
    Stack(sink=Sink()).bind(DSN, runtime=FakeRuntime())
    assert len(made) == 1


def test_the_repr_has_the_stack_and_no_key() -> None:
    bound = Stack(Serialize(), sink=MemorySink()).bind(DSN)
    assert repr(bound) == "<Stack(Serialize(), sink=MemorySink()) bound to http://***@sentry.example/1>"


def test_losses_are_logged(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING, "raven.delivery")
    Work(answers=[503]).send()
    assert caplog.messages == [
        "an event was not delivered to http://sentry.example (send_error): the server answered 503"
    ]


def test_what_a_stage_holds_itself_is_left_to_it() -> None:
    @stage
    async def holding(request: Request, send: Send) -> Response:
        request.fate.held = True
        return HELD

    work = Work(holding)
    work.send()
    assert work.counts == {"accepted": 1, "pending": 1}


def test_a_flush_without_a_queue_wakes_when_the_last_one_is_settled_or_its_time_is_over() -> None:
    requests: list[Request] = []

    @stage
    async def holding(request: Request, send: Send) -> Response:
        request.fate.held = True
        requests.append(request)
        return HELD

    work = Work(holding)
    work.send(2)
    life = work.stack._life()
    assert work.stack.flush(2.0) is Flushed.TIMEOUT
    assert work.runtime.now == 1_002.0
    assert work.stack.flush(0.0) is Flushed.TIMEOUT
    task = work.runtime.start(life.flush(5.0))
    for request in requests:
        assert not task.done
        work.runtime.advance(1.0)
        life.ledger.settle(request, DELIVERED)
        work.runtime.advance()
    assert task.result is Flushed.DELIVERED
    assert not life._flushing


def test_what_another_thread_is_about_to_count_is_left_to_it() -> None:
    class Taken(deque[Any]):
        """Another thread takes what is in it as soon as it was looked at."""

        def __bool__(self) -> bool:
            return True

    work = Work()
    work.stack._life()._unfinished = Taken()
    assert work.counts == {}


def test_an_observer_is_told_of_each_request_and_in_a_forked_child_too(monkeypatch: pytest.MonkeyPatch) -> None:
    bound = Stack(sink=ScriptedSink([200, 403])).bind(DSN)
    told: list[tuple[str, str | None]] = []
    bound.observe(lambda request, outcome: told.append((request.id, outcome.reason)))
    sent = [new_request() for _ in range(3)]
    for request in sent[:2]:
        bound.send(request)
    process = os.getpid()
    with monkeypatch.context() as patch:
        patch.setattr(os, "getpid", lambda: process + 1)
        bound.send(sent[2])
    assert told == list(zip([request.id for request in sent], [None, "send_error", None], strict=True))


def test_a_stage_with_a_flush_of_another_kind_is_not_taken_for_one_that_holds() -> None:
    class Half(Stage):
        def bind(self, send: Send, context: Context) -> Any:
            class Bound:
                async def __call__(self, request: Request) -> Response:
                    return await send(request)

                def flush(self) -> None:
                    raise AssertionError

            return Bound()

    work = Work(Half())
    work.send()
    assert work.stack.flush() is Flushed.DELIVERED
    assert work.stack.close() is Flushed.DELIVERED
    assert work.counts == {"accepted": 1, "delivered": 1}
