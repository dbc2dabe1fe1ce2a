"""What becomes of a queue while the interpreter exits."""

from __future__ import annotations

import gzip
from typing import Any
from weakref import WeakSet

import pytest

from raven import at_exit
from raven.errors import ConnectError
from raven.frozen import made_by
from raven.pipeline import Compress, Envelope, Queue, Serialize, Sign, Stack
from raven.request import Request, Response, Send
from raven.testing import FakeRuntime, ScriptedSink
from raven.testing.scripted import Answer

from .helpers import DSN, Line, counted, names, new_request, slow

ONE = Queue(workers=1)


class Exit:
    """An exit that drains a queue, with a twin of what lies below it."""

    def __init__(self, queue: Queue = ONE, answers: list[Answer] | None = None, *, twin: bool = True, **how: Any):
        self.runtime = FakeRuntime(**how)
        self.sent: list[Request] = []
        self.noticed: list[float] = []
        self.twin_answers: list[int | BaseException] = []
        self.twin_takes = 0.0

        async def send(request: Request) -> Response:
            self.sent.append(request.copy())
            self.runtime.now += self.twin_takes
            answer = self.twin_answers.pop(0) if self.twin_answers else 200
            if isinstance(answer, BaseException):
                raise answer
            return Response(answer)

        def make_twin() -> Send | None:
            self.twins += 1
            return send if twin else None

        self.twins = 0
        self.line = Line(queue, answers or [200], runtime=self.runtime, twin=make_twin)

    def drain(self, seconds: float = 2.0, quiet: float = 0.3) -> float:
        """How long it took."""
        started = self.runtime.now
        self.line.bound.drain(seconds, quiet, lambda: self.noticed.append(self.runtime.now - started))
        return self.runtime.now - started


def test_workers_that_live_on_finish_and_the_twin_is_not_needed() -> None:
    leaving = Exit(answers=[*slow(200, 200, seconds=0.125)])
    leaving.line.put("a", "b")
    assert leaving.drain() == 0.25
    assert leaving.line.counts == {"accepted": 2, "delivered": 2}
    assert (leaving.twins, leaving.noticed) == (0, [])


def test_an_exit_that_takes_longer_is_noticed_once_and_goes_on() -> None:
    leaving = Exit(answers=[*slow(200, 200, seconds=0.5)])
    leaving.line.put("a", "b")
    assert leaving.drain(seconds=2.0, quiet=0.25) == 1.0
    assert leaving.noticed == [0.25]
    assert leaving.line.counts == {"accepted": 2, "delivered": 2}


def test_workers_that_hang_are_left_after_the_time_that_there_is() -> None:
    leaving = Exit(answers=[*slow(200, seconds=60.0)])
    leaving.line.put("a")
    assert leaving.drain(seconds=2.0) == 2.0
    assert (leaving.line.counts, leaving.twins) == ({"accepted": 1, "pending": 1}, 0)


def test_a_short_time_is_not_exceeded_by_the_quiet_one() -> None:
    leaving = Exit(answers=[*slow(200, seconds=60.0)])
    leaving.line.put("a")
    assert leaving.drain(seconds=0.25, quiet=5.0) == 0.25


@pytest.mark.parametrize("survives", [True, False], ids=["no thread can be had", "the loop is gone"])
def test_the_twin_delivers_when_no_worker_can(survives: bool) -> None:
    leaving = Exit(spawns=False, survives_exit=survives)
    leaving.line.put("a", "b", "c")
    leaving.drain()
    assert names(leaving.sent) == ["a", "b", "c"]
    assert leaving.line.counts == {"accepted": 3, "delivered": 3}
    assert (leaving.line.bound.pending(), leaving.noticed) == (0, [])


def test_the_twin_delivers_what_workers_had_begun_if_their_loop_is_gone() -> None:
    leaving = Exit(Queue(workers=2), [*slow(200, 200, seconds=60.0)], survives_exit=False)
    leaving.line.put("a", "b", "c")
    leaving.runtime.advance(0.5)
    leaving.drain()
    assert names(leaving.sent) == ["a", "b", "c"]
    assert leaving.line.counts == {"accepted": 3, "delivered": 3}
    leaving.runtime.advance(100.0)
    assert leaving.line.arrived == ["a", "b"]
    assert leaving.line.counts == {"accepted": 3, "delivered": 3}


def test_without_a_twin_what_is_left_stays_pending() -> None:
    leaving = Exit(spawns=False, twin=False)
    leaving.line.put("a")
    leaving.drain()
    assert leaving.line.counts == {"accepted": 1, "pending": 1}


def test_the_twin_has_until_the_deadline() -> None:
    leaving = Exit(spawns=False)
    leaving.twin_takes = 0.75
    leaving.line.put("a", "b", "c", "d")
    assert leaving.drain(seconds=1.5, quiet=0.75) == 1.5
    assert names(leaving.sent) == ["a", "b"]
    assert [request.deadline for request in leaving.sent] == [1_001.5, 1_001.5]
    assert leaving.noticed[0] == 0.75
    assert leaving.line.counts == {"accepted": 4, "delivered": 2, "pending": 2}


def test_an_earlier_deadline_of_the_request_is_kept() -> None:
    leaving = Exit(spawns=False)
    leaving.line.put_request(new_request(deadline=1_000.5))
    leaving.drain()
    assert leaving.sent[0].deadline == 1_000.5


def test_what_the_twin_cannot_deliver_is_counted_and_the_next_one_is_tried() -> None:
    leaving = Exit(spawns=False)
    leaving.twin_answers = [ConnectError("no"), SystemExit(), 503]
    leaving.line.put(*"abcd")
    leaving.drain()
    assert leaving.line.counts == {
        "accepted": 4,
        "delivered": 1,
        "network_error": 1,
        "internal_sdk_error": 1,
        "send_error": 1,
    }


def test_ctrl_c_ends_the_drain() -> None:
    leaving = Exit(spawns=False)
    leaving.twin_answers = [200, KeyboardInterrupt()]
    leaving.line.put(*"abc")
    with pytest.raises(KeyboardInterrupt):
        leaving.drain()
    assert leaving.line.counts == {"accepted": 3, "delivered": 1, "pending": 2}


@pytest.fixture
def exiting(monkeypatch: pytest.MonkeyPatch) -> None:
    """An exit of its own, in which no other queue has a part."""
    monkeypatch.setattr(at_exit, "_queues", WeakSet())
    monkeypatch.setattr(at_exit, "_spent", 0.0)
    monkeypatch.setattr(at_exit, "_said", [])


class DyingSink(ScriptedSink):
    """A sink whose library is gone at exit."""

    twin: ScriptedSink = made_by(ScriptedSink)

    def at_exit(self) -> ScriptedSink:
        return self.twin


@pytest.mark.usefixtures("exiting")
def test_a_request_that_was_under_way_is_framed_once_by_the_twin_of_a_whole_stack() -> None:
    runtime, sink = FakeRuntime(survives_exit=False), DyingSink([60.0, 200])
    stack = Stack(Serialize(), ONE, Envelope(), Compress(compress_above=0), Sign(), sink=sink).bind(
        DSN, runtime=runtime
    )
    stack.send(Request("0" * 32, event={"message": "hi"}))
    runtime.advance(1.0)
    at_exit.drain()
    assert counted(stack.stats()) == {"accepted": 1, "delivered": 1}
    (begun,), (drained,) = sink.received, sink.twin.received
    for request in (begun, drained):
        envelope = gzip.decompress(request.body or b"")
        assert envelope.endswith(b'\n{"type": "event", "length": 16}\n{"message":"hi"}\n')
        assert envelope.count(b"\n") == 3
    assert begun.headers == drained.headers


def test_what_is_sent_after_the_exit_handler_is_delivered_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(at_exit, "_over", True)
    leaving = Exit()
    leaving.line.put("late")
    assert leaving.line.arrived == ["late"]
    assert leaving.line.counts == {"accepted": 1, "delivered": 1}


class NoTwinSink(ScriptedSink):
    """A sink that nothing can stand in for."""

    def at_exit(self) -> None:
        return None


@pytest.mark.usefixtures("exiting")
def test_of_a_whole_stack_whose_sink_has_no_twin_what_is_left_is_dropped() -> None:
    sink = NoTwinSink()
    stack = Stack(Serialize(), ONE, sink=sink).bind(DSN, runtime=FakeRuntime(survives_exit=False))
    stack.send(Request("0" * 32, event={"message": "hi"}))
    at_exit.drain()
    assert counted(stack.stats()) == {"accepted": 1, "shutdown": 1}
    assert not sink.received
