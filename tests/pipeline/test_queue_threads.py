"""The queue under real threads, signals and finalizers. Nothing here waits for time to pass."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Coroutine, Iterator
from typing import Any, ClassVar, TypeVar

import pytest

from raven.pipeline import BoundStack, Flushed, Queue, Serialize, Stack
from raven.request import Request, Response
from raven.runtimes import CannotWait
from raven.runtimes.threads import ThreadRuntime, ThreadWaker

from . import reentry
from .helpers import DSN, Alarm, CallSink, counted, names, new_request

T = TypeVar("T")
LONG = 30.0


class Server:
    """Takes requests in any thread. It answers while its gate is open, which it is at first."""

    def __init__(self, **options: float) -> None:
        self.gate = threading.Event()
        self.gate.set()
        self.arrived = threading.Semaphore(0)
        self.received: list[Request] = []
        self.threads: list[threading.Thread] = []
        self.failures: list[BaseException] = []
        self.stack: BoundStack = Stack(
            Queue().with_options({k: str(v) for k, v in options.items()}), sink=self.sink
        ).bind(DSN)

    @property
    def sink(self) -> CallSink:
        return CallSink(call=self.answer)

    def answer(self, request: Request) -> Response:
        self.threads.append(threading.current_thread())
        self.received.append(request.copy())
        self.arrived.release()
        assert self.gate.wait(LONG)
        if self.failures:
            raise self.failures.pop()
        return Response(200)

    def send(self, count: int) -> None:
        for _ in range(count):
            self.stack.send(new_request())

    def wait_for_arrivals(self, count: int) -> None:
        for _ in range(count):
            assert self.arrived.acquire(timeout=LONG)

    @property
    def counts(self) -> dict[str, int]:
        return counted(self.stack.stats())


def run_in_threads(count: int, call: Callable[[], None]) -> None:
    """Run it in that many threads that begin together, and wait for them all."""
    start = threading.Barrier(count)

    def begin() -> None:
        start.wait(LONG)
        call()

    threads = [threading.Thread(target=begin) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(LONG)
        assert not thread.is_alive()


def test_one_worker_keeps_the_order() -> None:
    server = Server(workers=1)
    wanted = [str(n) for n in range(500)]
    for name in wanted:
        server.stack.send(new_request(name))
    assert server.stack.flush(LONG) is Flushed.DELIVERED
    assert names(server.received) == wanted
    assert threading.current_thread() not in server.threads


def test_the_bound_is_exact_under_eight_threads() -> None:
    server = Server(queue_size=100, workers=4)
    server.gate.clear()
    run_in_threads(8, lambda: server.send(50))
    assert server.counts == {"accepted": 400, "pending": 100, "queue_overflow": 300}
    server.gate.set()
    assert server.stack.flush(LONG) is Flushed.FAILED
    assert server.counts == {"accepted": 400, "delivered": 100, "queue_overflow": 300}


def test_all_of_eight_threads_is_delivered_by_eight_workers() -> None:
    server = Server(queue_size=10_000, worker_idle=0)
    run_in_threads(8, lambda: server.send(500))
    assert server.stack.flush(LONG) is Flushed.DELIVERED
    assert server.counts == {"accepted": 4_000, "delivered": 4_000}
    assert len({request.id for request in server.received}) == 4_000


def test_workers_are_hired_as_they_are_needed_and_no_more() -> None:
    server = Server(workers=3)
    server.gate.clear()
    for _ in range(5):
        server.stack.send(new_request())
    server.wait_for_arrivals(3)
    assert len(set(server.threads)) == 3
    server.gate.set()
    assert server.stack.flush(LONG)
    assert len(set(server.threads)) <= 3


def test_workers_are_let_go_and_others_come() -> None:
    server = Server(workers=2, worker_idle=0.01)
    for _ in range(3):
        server.stack.send(new_request())
        assert server.stack.flush(LONG)
        for thread in server.threads:
            thread.join(LONG)
            assert not thread.is_alive()
    assert len(server.received) == 3
    assert all(thread.daemon and thread.name == "raven-worker" for thread in server.threads)


def test_a_worker_survives_what_no_exception_is() -> None:
    server = Server(workers=1)
    server.failures = [SystemExit(), Alarm()]
    for _ in range(3):
        server.stack.send(new_request())
    assert server.stack.flush(LONG) is Flushed.FAILED
    assert server.counts == {"accepted": 3, "delivered": 1, "internal_sdk_error": 2}
    assert len(set(server.threads)) == 1


def test_a_thread_that_cannot_be_had_is_asked_for_again(monkeypatch: pytest.MonkeyPatch) -> None:
    server = Server()

    def no_thread(*_: object) -> None:
        raise RuntimeError("can't start new thread")

    with monkeypatch.context() as patch:
        patch.setattr("_thread.start_new_thread", no_thread)
        server.stack.send(new_request("a"))
        assert server.stack.flush(LONG) is Flushed.TIMEOUT
        assert server.counts == {"accepted": 1, "pending": 1}
    server.stack.send(new_request("b"))
    assert server.stack.flush(LONG) is Flushed.DELIVERED
    assert names(server.received) == ["a", "b"]


def test_what_is_captured_during_a_flush_does_not_hold_it_up() -> None:
    hold_first, hold_second, second = threading.Event(), threading.Event(), threading.Event()

    def answer(request: Request) -> Response:
        if request.body == b"first":
            assert hold_first.wait(LONG)
        else:
            second.set()
            assert hold_second.wait(LONG)
        return Response(200)

    class Watching(ThreadRuntime):
        """Knows when a flush begins to wait."""

        flushing = threading.Event()

        def waker(self) -> ThreadWaker:
            if threading.current_thread().name == "flush":
                self.flushing.set()
            return super().waker()

    stack = Stack(Queue(workers=1), sink=CallSink(call=answer)).bind(DSN, runtime=Watching())
    stack.send(new_request("first"))
    results: list[Flushed] = []
    flushing = threading.Thread(target=lambda: results.append(stack.flush(LONG)), name="flush")
    flushing.start()
    assert Watching.flushing.wait(LONG)
    stack.send(new_request("second"))
    hold_first.set()
    flushing.join(LONG)
    assert results == [Flushed.DELIVERED]
    assert second.wait(LONG)
    assert counted(stack.stats()) == {"accepted": 2, "delivered": 1, "pending": 1}
    hold_second.set()
    assert stack.flush(LONG)


def test_a_flush_that_times_out_says_so_and_the_next_one_can_succeed() -> None:
    server = Server()
    server.gate.clear()
    server.stack.send(new_request())
    assert server.stack.flush(0.01) is Flushed.TIMEOUT
    server.gate.set()
    assert server.stack.flush(LONG) is Flushed.DELIVERED


def test_close_drops_the_rest_and_what_ends_after_it_is_counted_once() -> None:
    server = Server(workers=2)
    server.gate.clear()
    for _ in range(5):
        server.stack.send(new_request())
    server.wait_for_arrivals(2)
    assert server.stack.close(0.01) is Flushed.TIMEOUT
    assert server.counts == {"accepted": 5, "shutdown": 5}
    server.gate.set()
    for thread in server.threads:
        thread.join(LONG)
        assert not thread.is_alive()
    assert server.counts == {"accepted": 5, "shutdown": 5}
    assert len(server.received) == 2


def test_close_in_the_middle_of_sends_settles_each_once() -> None:
    for _ in range(20):
        server = Server()
        closing = threading.Thread(target=server.stack.close)
        started = threading.Event()

        def send(server: Server = server, started: threading.Event = started) -> None:
            for _ in range(50):
                server.stack.send(new_request())
                started.set()

        sending = [threading.Thread(target=send) for _ in range(2)]
        for thread in sending:
            thread.start()
        assert started.wait(LONG)
        closing.start()
        for thread in [*sending, closing]:
            thread.join(LONG)
        counts = server.counts
        assert counts["accepted"] == 100
        assert counts.get("delivered", 0) + counts.get("shutdown", 0) == 100
        assert "pending" not in counts


@pytest.fixture
def tracebacks() -> Iterator[list[str]]:
    """The threads that died of an error."""
    died: list[str] = []
    hook, threading.excepthook = threading.excepthook, lambda args: died.append(str(args.exc_value))
    yield died
    threading.excepthook = hook
    assert died == []


class StoppedRuntime(ThreadRuntime):
    """One whose loop never runs, so that a thread helps."""

    helper: ClassVar[Any] = ThreadRuntime()

    def is_running(self) -> bool:
        return False

    def run(self, make: Callable[[], Coroutine[Any, Any, T]], seconds: float | None = None) -> T:
        raise CannotWait


def test_where_no_loop_runs_one_thread_at_a_time_delivers_all_of_eight_once() -> None:
    busy, twice = threading.Lock(), list[str]()
    received: list[Request] = []

    def deliver(request: Request) -> Response:
        if not busy.acquire(blocking=False):
            twice.append(threading.current_thread().name)
            return Response(200)
        received.append(request)
        time.sleep(0)  # whoever wants to go on does, and a second one comes in while we are here
        busy.release()
        return Response(200)

    stack = Stack(Queue(queue_size=10_000), sink=CallSink(call=deliver)).bind(DSN, runtime=StoppedRuntime())

    def send() -> None:
        for number in range(200):
            stack.send(new_request())
            if number % 50 == 0:
                stack.flush(LONG)

    run_in_threads(8, send)
    assert stack.flush(LONG) is Flushed.DELIVERED
    assert counted(stack.stats()) == {"accepted": 1_600, "delivered": 1_600}
    assert len({request.id for request in received}) == len(received) == 1_600
    assert twice == []


def test_close_while_a_thread_helps_settles_each_once() -> None:
    begun, release = threading.Event(), threading.Event()
    helpers: list[threading.Thread] = []

    def deliver(request: Request) -> Response:
        helpers.append(threading.current_thread())
        begun.set()
        assert release.wait(LONG)
        return Response(200)

    stack = Stack(Queue(), sink=CallSink(call=deliver)).bind(DSN, runtime=StoppedRuntime())
    for _ in range(5):
        stack.send(new_request())
    assert begun.wait(LONG)
    assert stack.close(0.01) is Flushed.TIMEOUT
    assert counted(stack.stats()) == {"accepted": 5, "shutdown": 5}
    release.set()
    (helper,) = helpers
    helper.join(LONG)
    assert not helper.is_alive()
    assert counted(stack.stats()) == {"accepted": 5, "shutdown": 5}
    assert helpers == [helper]


@pytest.mark.parametrize(
    "program", [reentry.signals_in_sends, reentry.finalizers_in_sends, reentry.signals_where_no_loop_runs]
)
def test_a_signal_handler_or_a_finalizer_that_sends_in_the_middle_of_a_send_blocks_nothing(
    program: Callable[[], None],
) -> None:
    reentry.run_alone(program)


@pytest.mark.usefixtures("tracebacks")
def test_a_stack_that_is_entered_again_by_its_own_sink_goes_on() -> None:
    received: list[Request] = []

    def answer(request: Request) -> Response:
        received.append(request)
        if len(received) < 10:
            stack.send(new_request("again", event={}))
        return Response(200)

    stack = Stack(Serialize(), Queue(workers=1), sink=CallSink(call=answer)).bind(DSN)
    stack.send(new_request())
    while stack.stats().delivered < 10:
        assert stack.flush(LONG)
    assert counted(stack.stats()) == {"accepted": 10, "delivered": 10}
