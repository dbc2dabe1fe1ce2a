"""How many of a queue's workers are at work: one where the server is near, and as many as there may be where it is not."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

from raven.errors import SendError
from raven.pipeline import Queue
from raven.request import Request, Response
from raven.runtimes import drive
from raven.testing import FakeRuntime, fake_context

from .helpers import counted, new_request

QUICK = 0.0005
SLOW = 0.2


class Counting(FakeRuntime):
    """Counts the workers that are started."""

    started = 0

    def spawn(self, worker: Callable[[], Coroutine[Any, Any, None]]) -> None:
        self.started += 1
        super().spawn(worker)


class Shop:
    """A queue over a server that takes `seconds` for each event. `most` is how many it had at a time."""

    def __init__(self, workers: int = 8, helper: FakeRuntime | None = None) -> None:
        self.runtime = Counting(helper=helper)
        self.context = fake_context(self.runtime)
        self.seconds = QUICK
        self.refuses = False
        self.under_way = self.most = 0
        self.bound: Any = Queue(workers=workers).bind(self._serve, self.context)

    async def _serve(self, request: Request) -> Response:
        if self.refuses:
            raise SendError("it wants none")
        self.under_way += 1
        self.most = max(self.most, self.under_way)
        try:
            await self.runtime.sleep(self.seconds)
        finally:
            self.under_way -= 1
        return Response(200)

    def put(self, count: int) -> None:
        for _ in range(count):
            self.context.ledger.accept()
            drive(self.bound(new_request()))

    def deliver(self, count: int, seconds: float) -> None:
        """Put so many, and see that they are delivered after so long, and no sooner."""
        before = self.counts.get("delivered", 0)
        self.most = 0
        self.put(count)
        self.runtime.advance(seconds - QUICK / 2)
        assert self.counts.get("delivered", 0) < before + count
        self.runtime.advance(QUICK)
        assert self.counts["delivered"] == before + count

    @property
    def counts(self) -> dict[str, int]:
        return counted(self.context.ledger.stats())


def test_before_anything_is_known_of_the_server_all_work() -> None:
    shop = Shop()
    shop.deliver(16, 2 * QUICK)
    assert shop.most == 8


def test_a_server_that_is_near_keeps_one_busy() -> None:
    shop = Shop()
    shop.deliver(1, QUICK)
    shop.deliver(20, 20 * QUICK)
    assert shop.most == 1
    assert len(shop.bound._crew) == 2  # who works, and the lookout


def test_one_that_is_far_keeps_all_busy() -> None:
    shop = Shop()
    shop.seconds = SLOW
    shop.deliver(1, SLOW)
    shop.deliver(16, 2 * SLOW)
    assert shop.most == 8


def test_when_it_gets_slow_all_soon_work_though_nothing_else_comes() -> None:
    shop = Shop()
    shop.deliver(1, QUICK)
    shop.seconds = SLOW
    shop.put(8)
    shop.runtime.advance(0.11)
    assert shop.most == 8
    shop.runtime.advance(SLOW)
    assert shop.counts == {"accepted": 9, "delivered": 9}
    shop.deliver(8, SLOW)
    assert shop.most == 8


def test_what_comes_right_after_one_that_hangs_is_soon_in_other_hands() -> None:
    shop = Shop()
    shop.deliver(1, QUICK)
    shop.seconds = 100.0
    shop.put(1)
    shop.runtime.advance(0.01)
    shop.seconds = QUICK
    shop.put(1)
    shop.runtime.advance(0.1)
    assert shop.counts == {"accepted": 3, "delivered": 2, "pending": 1}


def test_where_the_loop_stops_in_the_middle_the_helper_is_called_at_once() -> None:
    shop = Shop(helper=FakeRuntime())
    shop.deliver(1, QUICK)
    shop.seconds = SLOW
    shop.put(1)
    shop.runtime.advance(0.01)
    shop.runtime.runs = False
    shop.put(1)
    assert shop.runtime.helper is not None
    assert len(shop.runtime.helper.tasks) == 1


def test_what_is_refused_at_once_says_nothing_of_the_server() -> None:
    shop = Shop()
    shop.seconds = SLOW
    for _ in range(20):
        shop.deliver(1, SLOW)
        shop.refuses = True
        shop.put(1)
        shop.runtime.advance(QUICK)
        shop.refuses = False
    shop.deliver(8, SLOW)
    assert shop.most == 8


def test_who_is_held_back_while_it_is_closed_calls_nobody() -> None:
    shop = Shop()
    shop.deliver(1, QUICK)
    shop.seconds = SLOW
    shop.put(8)
    shop.runtime.advance(0.01)
    shop.bound.close()
    shop.runtime.advance(0.1)
    assert shop.runtime.started == 2


def test_what_comes_while_one_is_held_up_is_not() -> None:
    shop = Shop()
    shop.deliver(1, QUICK)
    shop.seconds = SLOW
    shop.put(1)
    shop.runtime.advance(0.06)
    shop.put(1)
    shop.runtime.advance(SLOW)
    assert shop.counts == {"accepted": 3, "delivered": 3}


def test_when_it_is_quick_again_one_works() -> None:
    shop = Shop()
    shop.seconds = SLOW
    shop.deliver(16, 2 * SLOW)
    shop.seconds = QUICK
    for _ in range(5):  # a quarter of the last sixteen, and one more
        shop.deliver(1, QUICK)
    shop.deliver(10, 10 * QUICK)
    assert shop.most == 1


def test_one_that_gets_slower_little_by_little_is_far_in_the_end() -> None:
    shop = Shop()
    shop.deliver(1, QUICK)
    shop.seconds = 0.004
    shop.put(17)
    shop.runtime.advance(16 * 0.004)
    shop.runtime.advance(0.1)
    shop.deliver(8, 0.004)
    assert shop.most == 8


def test_one_worker_has_no_lookout() -> None:
    shop = Shop(workers=1)
    shop.deliver(1, QUICK)
    shop.deliver(10, 10 * QUICK)
    assert len(shop.bound._crew) == 1


def test_a_lookout_that_is_told_to_stop_leaves_its_place() -> None:
    shop = Shop()
    shop.deliver(1, QUICK)
    shop.seconds = SLOW
    shop.put(8)
    shop.runtime.advance(0.01)
    (lookout,) = (task for task in shop.runtime.tasks if task.waiting_for is not None)
    assert not shop.bound._crew._lookout
    lookout.coroutine.close()
    shop.runtime.tasks.remove(lookout)
    assert shop.bound._crew._lookout
    shop.runtime.advance(0.1)
    shop.put(1)
    shop.runtime.advance(2 * SLOW)
    assert shop.counts == {"accepted": 10, "delivered": 10}
