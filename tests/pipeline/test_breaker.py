"""The breaker: when it opens, who may ask, who waits and for how long, and when it closes."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from raven.chance import chance
from raven.errors import (
    CircuitOpen,
    ConnectError,
    ConnectionLost,
    InvalidStack,
    RateLimited,
    SendError,
    SendTimeout,
    TLSError,
)
from raven.pipeline import Breaker, Queue, Retry, Stack, Timeout
from raven.request import Request, Response
from raven.testing import FakeRuntime, MemorySink, ScriptedSink, StageDriver, fake_context
from raven.testing.runtime import Task
from raven.testing.scripted import Answer

from .helpers import DSN, Alarm, Line, counted, new_request

DOWN = ConnectError("no")


@pytest.fixture(autouse=True)
def longest_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """Chance always takes the longest pause that it may."""
    monkeypatch.setattr(chance, "uniform", lambda least, most: most)


def tell(driver: StageDriver, request: Request | None = None) -> int | SendError:
    """What a send comes to: a status or an error."""
    try:
        return driver.send(request or new_request()).status
    except SendError as error:
        return error


def opened(breaker: Breaker, *answers: Answer) -> StageDriver:
    """A breaker that two failures have just opened; what follows is answered by these."""
    driver = StageDriver(breaker, [DOWN, DOWN, *answers])
    assert [tell(driver), tell(driver)] == [DOWN, DOWN]
    assert driver.bound.is_open
    driver.received.clear()
    return driver


def begin(driver: StageDriver, deadline: float | None = None) -> Task:
    return driver.runtime.start(driver.bound(new_request(deadline=deadline)))


TWO = Breaker(breaker_failures=2)


@pytest.mark.parametrize("failure", [DOWN, SendTimeout("no"), ConnectionLost("no"), 408, 502, 503, 504], ids=str)
def test_failures_in_a_row_open_it(failure: Answer) -> None:
    driver = StageDriver(Breaker(breaker_failures=3), [failure])
    for opens in (False, False, True):
        assert tell(driver) == failure
        assert driver.bound.is_open is opens


@pytest.mark.parametrize("answer", [200, 204, 302, 400, 413, 429, 500, 501], ids=str)
def test_a_server_that_answers_is_not_down(answer: int) -> None:
    driver = StageDriver(TWO, [DOWN, answer, DOWN, answer, answer])
    assert [tell(driver) for _ in range(5)] == [DOWN, answer, DOWN, answer, answer]
    assert not driver.bound.is_open


@pytest.mark.parametrize(
    "error", [TLSError("no"), RateLimited("no"), ConnectionLost("idle for too long", stale=True)], ids=str
)
def test_failures_that_say_nothing_of_the_server_count_for_nothing(error: SendError) -> None:
    driver = StageDriver(TWO, [DOWN, error, error, DOWN])
    for opens in (False, False, False, True):
        tell(driver)
        assert driver.bound.is_open is opens


def test_while_it_is_open_nothing_is_sent_before_the_pause_is_over() -> None:
    driver = opened(TWO, 200)
    tasks = [begin(driver) for _ in range(3)]
    driver.runtime.advance(0.9)
    assert driver.received == []
    driver.runtime.advance(0.1)
    assert [task.result.status for task in tasks] == [200, 200, 200]


def test_one_at_a_time_asks_whether_the_server_is_back() -> None:
    driver = opened(TWO, 5.0, DOWN, 200)
    tasks = [begin(driver) for _ in range(3)]
    driver.runtime.advance(5.9)
    assert len(driver.received) == 1
    driver.runtime.advance(0.1)
    assert [task.done for task in tasks] == [True, False, False]
    assert tasks[0].error is DOWN
    driver.runtime.advance(1.9)
    assert len(driver.received) == 1
    driver.runtime.advance(0.1)
    assert [task.result.status for task in tasks[1:]] == [200, 200]


def test_the_others_go_on_the_moment_that_it_succeeds() -> None:
    driver = opened(TWO, 5.0, 200)
    tasks = [begin(driver) for _ in range(3)]
    driver.runtime.advance(5.9)
    assert len(driver.received) == 1
    driver.runtime.advance(0.1)
    assert all(task.done for task in tasks)


def test_each_pause_is_twice_as_long_as_the_one_before_up_to_half_a_minute() -> None:
    driver = opened(Breaker(breaker_failures=2, longest_outage=1e6), DOWN)
    asked: list[float] = []
    for _ in range(8):
        tell(driver)
        asked.append(driver.runtime.now)
    pauses = [after - before for before, after in zip([1_000.0, *asked], asked, strict=False)]
    assert pauses == [1.0, 2.0, 4.0, 8.0, 16.0, 30.0, 30.0, 30.0]


def test_after_a_success_the_pauses_begin_anew() -> None:
    driver = opened(TWO, DOWN, DOWN, 200, DOWN, DOWN, 200)
    for _ in range(5):
        tell(driver)
    now = driver.runtime.now
    assert driver.bound.is_open
    assert tell(driver) == 200
    assert driver.runtime.now == now + 1.0


def test_pauses_are_random_so_that_clients_do_not_ask_all_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    seen = set()
    for _ in range(50):
        driver = opened(TWO, 200)
        tell(driver)
        seen.add(driver.runtime.now)
    assert len(seen) > 40
    assert 1_000.5 <= min(seen) < max(seen) <= 1_001.0


def test_failures_under_way_when_it_opens_do_not_make_the_pause_longer() -> None:
    driver = StageDriver(TWO, [0.5, DOWN, 0.5, DOWN, 0.5, DOWN, 0.5, DOWN, 200])
    for _ in range(4):
        begin(driver)
    driver.runtime.advance(0.5)
    assert driver.bound.is_open
    assert tell(driver) == 200
    assert driver.runtime.now == 1_001.5


def test_an_event_is_kept_for_so_long_and_then_fails() -> None:
    driver = opened(Breaker(breaker_failures=2, breaker_pause=20.0, longest_outage=10.0), 200)
    error = tell(driver)
    assert isinstance(error, CircuitOpen)
    assert (error.reason, error.transient, str(error)) == (
        "network_error",
        False,
        "the server is down, as the tries before have shown",
    )
    assert (driver.runtime.now, driver.received) == (1_010.0, [])


def test_without_patience_it_fails_at_once_but_the_one_whose_turn_it_is() -> None:
    driver = opened(Breaker(breaker_failures=2, longest_outage=0), DOWN, 200)
    assert isinstance(tell(driver), CircuitOpen)
    assert driver.runtime.now == 1_000.0
    driver.runtime.advance(1.0)
    assert tell(driver) is DOWN
    assert isinstance(tell(driver), CircuitOpen)
    driver.runtime.advance(2.0)
    assert tell(driver) == 200
    assert not driver.bound.is_open


@pytest.mark.parametrize(("deadline", "latest", "put_off"), [(1_001.0, None, 1_002.0), (1_001.0, 1_001.5, 1_001.5)])
def test_the_time_of_waiting_does_not_count_for_the_deadline(
    deadline: float, latest: float | None, put_off: float
) -> None:
    driver = opened(TWO, 200)
    assert tell(driver, new_request(deadline=deadline, latest=latest)) == 200
    assert driver.received[0].deadline == put_off


def test_those_that_wait_for_another_ones_try_do_not_lose_that_time_either() -> None:
    driver = opened(TWO, 5.0, 200, 200)
    begin(driver)
    begin(driver, deadline=1_001.0)
    begin(driver)
    driver.runtime.advance(6.0)
    assert [request.deadline for request in driver.received] == [None, 1_007.0, None]


def test_beyond_the_latest_moment_nothing_is_kept() -> None:
    driver = opened(TWO, 200)
    error = tell(driver, new_request(latest=1_000.5))
    assert isinstance(error, SendTimeout)
    assert driver.runtime.now == 1_000.5


@pytest.mark.parametrize("end", [Alarm(), ValueError("a bug"), TLSError("no")], ids=repr)
def test_one_that_asks_and_does_not_learn_it_leaves_it_to_the_next(end: BaseException) -> None:
    driver = opened(TWO, end, 200)
    driver.runtime.advance(1.0)
    with pytest.raises(type(end)):
        driver.send(new_request())
    assert tell(driver) == 200


def test_one_that_is_cancelled_while_it_asks_or_waits_leaves_it_to_the_next() -> None:
    driver = opened(TWO, 60.0, 200, 201)
    driver.runtime.advance(1.0)
    asking, waiting, next_one = (begin(driver) for _ in range(3))
    for task in (waiting, asking):
        driver.runtime.tasks.remove(task)
        task.coroutine.close()
    driver.runtime.advance(0.0)
    assert next_one.result.status == 201
    assert not driver.bound._waiting


def test_who_waits_goes_when_the_transport_is_closed() -> None:
    runtime = FakeRuntime()
    stack = Stack(Queue(workers=2), Breaker(breaker_failures=1, breaker_pause=30.0), sink=ScriptedSink([DOWN]))
    bound = stack.bind(DSN, runtime=runtime)
    for _ in range(4):
        bound.send(new_request())
    runtime.advance(5.0)
    assert len(runtime.tasks) == 2
    bound.close(0.0)
    runtime.advance(1.0)
    assert runtime.tasks == []
    assert counted(bound.stats()) == {"accepted": 4, "network_error": 1, "shutdown": 3}


class Racing(FakeRuntime):
    """Something happens while a waker is made."""

    between: Callable[[], None] | None = None

    def monotonic(self) -> float:
        if self.between is not None:
            between, self.between = self.between, None
            between()
        return super().monotonic()


def test_what_changes_while_one_lies_down_is_seen() -> None:
    driver = opened(TWO, 200)
    runtime = Racing()
    driver.bound._runtime = runtime
    runtime.between = lambda: setattr(driver.bound, "_failures", 0)
    assert runtime.run(lambda: driver.bound(new_request())).status == 200
    assert runtime.now == 1_000.0


def test_with_retry_nothing_is_lost_in_a_long_outage_and_few_tries_are_made() -> None:
    down = True

    async def server(request: Request) -> Response:
        arrived.append(runtime.now)
        if down:
            raise DOWN
        return Response(200)

    arrived: list[float] = []
    runtime = FakeRuntime()
    context = fake_context(runtime)
    line = Line(Queue(), send=Retry().bind(Breaker().bind(server, context), context), runtime=runtime)
    line.put(*map(str, range(200)))
    runtime.advance(250.0)
    assert line.counts == {"accepted": 200, "pending": 200}
    assert len(arrived) < 60
    down = False
    runtime.advance(100.0)
    assert line.counts == {"accepted": 200, "delivered": 200}


def test_it_stands_below_retry_and_queue() -> None:
    for above in (Retry(), Queue()):
        with pytest.raises(InvalidStack, match="Breaker can't stand above"):
            Stack(Breaker(), above, sink=MemorySink())
    Stack(Queue(), Retry(), Breaker(), Timeout(), sink=MemorySink())


def test_the_documented_defaults() -> None:
    assert Breaker() == Breaker(breaker_failures=5, breaker_pause=1.0, longest_outage=300.0)
