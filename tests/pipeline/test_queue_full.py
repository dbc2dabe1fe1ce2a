"""A queue that is full: which event is dropped, and who waits."""

from __future__ import annotations

import threading

from raven.ledger import Ledger
from raven.pipeline import Context, Queue
from raven.request import Request, Response
from raven.runtimes import drive
from raven.runtimes.threads import ThreadRuntime
from raven.testing import FakeRuntime

from .helpers import DSN, CallSink, Line, counted, new_request, slow

SLOW = slow(*[200] * 10)


def test_bytes_bound_it_as_well() -> None:
    line = Line(Queue(workers=1, queue_bytes=65_536), SLOW)
    line.put(*["x" * 20_480] * 4)  # five blocks each, of sixteen
    assert line.counts == {"accepted": 4, "pending": 3, "queue_overflow": 1}
    line.runtime.advance(3.0)
    line.put("x" * 20_480)
    line.runtime.advance(1.0)
    assert line.counts == {"accepted": 5, "delivered": 4, "queue_overflow": 1}


def test_oldest_drops_what_has_waited_longest() -> None:
    line = Line(Queue(workers=1, queue_size=3, overflow="oldest"), SLOW)
    line.put(*"abcde")
    assert line.counts == {"accepted": 5, "pending": 3, "queue_overflow": 2}
    line.runtime.advance(10.0)
    assert line.arrived == ["c", "d", "e"]


def test_oldest_drops_as_many_as_the_bytes_need() -> None:
    line = Line(Queue(workers=1, queue_bytes=65_536, overflow="oldest"), SLOW)
    line.put("a" * 20_480, "b" * 20_480, "c" * 20_480, "d" * 40_960)
    line.runtime.advance(10.0)
    assert [name[0] for name in line.arrived] == ["c", "d"]
    assert line.counts == {"accepted": 4, "delivered": 2, "queue_overflow": 2}


def test_oldest_leaves_alone_what_is_on_its_way() -> None:
    line = Line(Queue(workers=2, queue_size=2, overflow="oldest"), SLOW)
    line.put("a", "b")
    line.runtime.advance(0.5)
    line.put("c")
    line.runtime.advance(10.0)
    assert line.arrived == ["a", "b"]
    assert line.counts == {"accepted": 3, "delivered": 2, "queue_overflow": 1}


def test_block_waits_for_a_seat() -> None:
    line = Line(Queue(workers=1, queue_size=3, overflow="block", overflow_timeout=5.0), SLOW)
    line.put(*"abcd")
    assert line.runtime.now == 1_001.0
    assert line.counts == {"accepted": 4, "delivered": 1, "pending": 3}
    line.runtime.advance(10.0)
    assert line.arrived == ["a", "b", "c", "d"]
    assert not line.bound._flushing


def test_block_waits_no_longer_than_it_may() -> None:
    line = Line(Queue(workers=1, queue_size=3, overflow="block", overflow_timeout=0.5), SLOW)
    line.put(*"abcd")
    assert line.runtime.now == 1_000.5
    line.runtime.advance(10.0)
    assert line.counts == {"accepted": 4, "delivered": 3, "queue_overflow": 1}


def test_block_does_not_wait_where_nobody_works() -> None:
    line = Line(Queue(queue_size=1, overflow="block"), runtime=FakeRuntime(spawns=False))
    line.put("a", "b")
    assert line.runtime.now == 1_000.0
    assert line.counts == {"accepted": 2, "pending": 1, "queue_overflow": 1}


def test_block_does_not_wait_where_waiting_would_be_in_vain() -> None:
    line = Line(Queue(workers=1, queue_size=3, overflow="block"), SLOW, runtime=FakeRuntime(waits=False))
    line.put(*"abcd")
    assert line.counts == {"accepted": 4, "pending": 3, "queue_overflow": 1}


def test_block_ends_when_the_queue_is_closed() -> None:
    line = Line(Queue(workers=1, queue_size=1, overflow="block", overflow_timeout=100.0), slow(200, seconds=60.0))
    line.put("a")

    async def close() -> None:
        await line.runtime.sleep(1.0)
        line.bound.close()
        line.bound._seats.take(0)  # somebody else has the seat that is free now

    line.runtime.start(close())
    line.put("b")
    assert line.counts == {"accepted": 2, "shutdown": 1, "queue_overflow": 1}
    assert line.runtime.now == 1_001.0


def test_block_holds_a_thread_up_until_there_is_room() -> None:
    may_go = threading.Event()

    def answer(request: object) -> Response:
        may_go.wait(60.0)
        return Response(200)

    context = Context(DSN, ThreadRuntime(), Ledger())
    stage = Queue(workers=1, queue_size=1, overflow="block", overflow_timeout=60.0)
    queue = stage.bind(CallSink(call=answer).bind(context), context)
    for _ in range(2):
        context.ledger.accept()
    drive(queue(new_request()))
    second = threading.Thread(target=lambda: drive(queue(new_request())))
    second.start()
    while not queue._flushing:
        second.join(0.001)
    assert second.is_alive()
    may_go.set()
    second.join(60.0)
    assert not second.is_alive()
    assert drive(queue.flush(context.runtime.monotonic() + 60.0))
    assert counted(context.ledger.stats()) == {"accepted": 2, "delivered": 2}
    queue.close()


def test_a_worker_that_rests_has_another_one_work_in_its_place() -> None:
    line = resting_line(Queue(workers=2))
    line.put("wait", "wait", "wait", "a", "b")
    line.runtime.advance()
    assert line.counts == {"accepted": 5, "delivered": 2, "pending": 3}
    line.runtime.advance(60.0)
    assert line.counts == {"accepted": 5, "delivered": 5}
    line.runtime.advance(60.0)
    assert (len(line.bound._crew._vacancies), len(line.bound._crew._rests), line.runtime.tasks) == (2, 8, [])


def test_no_more_rest_than_may() -> None:
    line = resting_line(Queue(workers=2))
    line.put(*["wait"] * 10, "a")
    line.runtime.advance()
    assert (len(line.bound._crew._rests), line.counts) == (0, {"accepted": 11, "pending": 11})
    assert len(line.runtime.tasks) == 10
    line.runtime.advance(60.0)
    assert line.counts == {"accepted": 11, "delivered": 11}


def test_one_worker_does_not_rest_because_it_keeps_the_order() -> None:
    line = resting_line(Queue(workers=1))
    line.put("wait", "a")
    line.runtime.advance()
    assert line.counts == {"accepted": 2, "pending": 2}
    line.runtime.advance(60.0)
    assert line.counts == {"accepted": 2, "delivered": 2}


def resting_line(queue: Queue) -> Line:
    """A queue over something that rests for a minute over a request with the name "wait"."""
    runtime = FakeRuntime()

    async def send(request: Request) -> Response:
        if request.body == b"wait":
            with request.rest():
                await runtime.sleep(60.0)
        return Response(200)

    return Line(queue, runtime=runtime, send=send)


def test_an_observer_that_raises_system_exit_loses_no_seat_and_stops_no_event() -> None:
    line = Line(Queue(workers=1, queue_size=1))

    def leave(*_: object) -> None:
        raise SystemExit

    line.context.ledger.observe(leave)
    line.put("a")
    line.runtime.advance()
    line.put("b")
    line.runtime.advance()
    assert line.arrived == ["a", "b"]
    assert (line.counts, len(line.bound._seats)) == ({"accepted": 2, "delivered": 2}, 1)


def test_what_can_never_fit_takes_no_others_place_and_waits_for_nothing() -> None:
    for overflow in ("oldest", "block"):
        line = Line(Queue(workers=1, queue_bytes=65_536).with_options({"overflow": overflow}), SLOW)
        line.put(*"abc", "x" * 70_000)
        assert line.counts == {"accepted": 4, "pending": 3, "queue_overflow": 1}
        assert line.runtime.now == 1_000.0


def test_where_nobody_could_be_had_while_it_filled_the_next_send_finds_someone() -> None:
    runtime = FakeRuntime(spawns=False)
    line = Line(Queue(queue_size=2), runtime=runtime)
    line.put("a", "b")
    runtime.spawns = True
    line.put("c")
    runtime.advance()
    assert line.counts == {"accepted": 3, "delivered": 2, "queue_overflow": 1}
