"""A queue whose workers depend on a loop that may stop, end, or drop them."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from raven.errors import ConnectError, TLSError
from raven.pipeline import Queue
from raven.request import Request, Response, Send
from raven.testing import FakeRuntime

from .helpers import Line, names


class Loop(FakeRuntime):
    """A loop that can stand still, in which nobody is called, and can drop workers before they begin."""

    def __init__(self, helper: FakeRuntime | None = None) -> None:
        super().__init__(survives_exit=False, helper=helper)
        self.stands_still = False
        self.drops = 0

    def is_running(self) -> bool:
        return not self.stands_still

    def spawn(self, worker: Callable[[], Coroutine[Any, Any, None]]) -> None:
        if self.stands_still:
            raise RuntimeError("no loop runs")
        if self.drops:
            self.drops -= 1
            return
        super().spawn(worker)


def helped(queue: Queue, *twin_answers: int | BaseException) -> tuple[Line, Loop, FakeRuntime, list[Request]]:
    """A line on a loop with a helper, whose twin gives these answers, then 200; and what came to the twin."""
    helper, sent, answers = FakeRuntime(), list[Request](), list(twin_answers)

    async def send(request: Request) -> Response:
        sent.append(request.copy())
        answer = answers.pop(0) if answers else 200
        if isinstance(answer, BaseException):
            raise answer
        return Response(answer)

    def twin() -> Send:
        return send

    loop = Loop(helper)
    return Line(queue, runtime=loop, twin=twin), loop, helper, sent


def test_idle_workers_of_a_loop_that_stands_still_are_not_waited_for() -> None:
    line, loop, helper, sent = helped(Queue(workers=3))
    line.put("a", "b")
    loop.advance(1.0)
    assert len(line.bound._crew._idle) == 3  # one of them was the lookout
    loop.stands_still = True
    for name in "cde":
        line.put(name)
        helper.advance()
    assert (line.arrived, names(sent)) == (["a", "b"], ["c", "d", "e"])
    assert line.counts == {"accepted": 5, "delivered": 5}
    loop.stands_still = False
    line.put("f")
    loop.advance(1.0)
    assert line.arrived == ["a", "b", "f"]


@pytest.mark.parametrize("stands_still", [False, True])
def test_where_no_place_is_left_a_helper_is_called_only_if_the_workers_do_not_hear(stands_still: bool) -> None:
    line, loop, helper, sent = helped(Queue(workers=1))
    line.put("a")
    loop.advance(1.0)
    loop.stands_still = stands_still
    line.put("b")
    helper.advance()
    loop.advance(1.0)
    assert (line.arrived, names(sent)) == ((["a"], ["b"]) if stands_still else (["a", "b"], []))


def test_a_worker_that_is_dropped_before_it_begins_gives_its_place_back_and_a_helper_delivers() -> None:
    line, loop, helper, sent = helped(Queue(workers=1))
    loop.drops = 1
    line.put("a")
    helper.advance()
    assert (names(sent), len(line.bound._crew._vacancies)) == (["a"], 1)
    line.put("b")
    loop.advance()
    assert line.arrived == ["b"]
    assert line.counts == {"accepted": 2, "delivered": 2}


def test_a_flush_in_the_callers_thread_leaves_to_the_workers_what_may_succeed_later() -> None:
    line, loop, _, sent = helped(Queue(workers=1), ConnectError("refused"), TLSError("refused"), 503)
    line.put("a", "b", "c", "d")
    assert not line.bound.flush_here(loop.monotonic() + 5.0)
    assert names(sent) == ["a", "b", "c", "d"]
    assert line.counts == {"accepted": 4, "delivered": 1, "network_error": 1, "send_error": 1, "pending": 1}
    assert line.flush()
    assert line.arrived == ["a"]
    assert line.counts == {"accepted": 4, "delivered": 2, "network_error": 1, "send_error": 1}
