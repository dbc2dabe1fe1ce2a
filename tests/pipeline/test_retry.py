"""Retry: what is tried again, how often, after which pause, and when it ends."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from typing import Literal

import pytest

from raven.chance import chance
from raven.errors import (
    BadResponse,
    ConnectError,
    ConnectionLost,
    InvalidOption,
    NetworkError,
    RateLimited,
    SendError,
    SendTimeout,
    TLSError,
)
from raven.pipeline import Retry
from raven.request import Request, Response
from raven.testing import FakeRuntime, StageDriver
from raven.testing.scripted import Answer

from .helpers import Alarm, bind_over, new_request

NETWORK = [NetworkError("no"), ConnectError("no"), SendTimeout("no"), ConnectionLost("no")]
LONG = 60.0  # seconds; the longest pauses before eight tries are 35.5 in all, and by chance more than the default's 30
FINAL = [TLSError("no"), BadResponse("no"), SendError("no"), RateLimited("no")]


@pytest.fixture
def longest_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """Chance always takes the longest pause that it may."""
    monkeypatch.setattr(chance, "uniform", lambda least, most: most)


def ending(driver: StageDriver, request: Request | None = None) -> int | SendError:
    """What a send comes to: a status or an error."""
    try:
        return driver.send(request or new_request()).status
    except SendError as error:
        return error


@pytest.mark.parametrize(
    ("answer", "default", "spec"),
    [
        *[(error, 8, 8) for error in NETWORK],
        *[(error, 1, 1) for error in FINAL],
        *[(status, 1, 1) for status in (200, 204, 301, 307, 400, 401, 403, 404, 409, 413, 415, 429, 499)],
        *[(status, 8, 1) for status in (408, 502, 503, 504)],
        *[(status, 2, 1) for status in (500, 501, 505, 507, 599)],
    ],
    ids=str,
)
@pytest.mark.parametrize("mode", ["default", "spec"])
def test_how_often_each_outcome_is_tried(
    mode: Literal["default", "spec"], answer: Answer, default: int, spec: int
) -> None:
    driver = StageDriver(Retry(mode=mode, total_timeout=LONG), [answer])
    assert ending(driver) == answer
    assert len(driver.received) == (default if mode == "default" else spec)


@pytest.mark.parametrize("attempts", [1, 2, 3])
@pytest.mark.parametrize(("answer", "most"), [(503, 3), (500, 2), (ConnectError("no"), 3)], ids=str)
def test_attempts_bounds_them_all(attempts: int, answer: Answer, most: int) -> None:
    driver = StageDriver(Retry(attempts=attempts), [answer])
    ending(driver)
    assert len(driver.received) == min(attempts, most)
    assert len(driver.runtime.slept) == min(attempts, most) - 1


@pytest.mark.parametrize(
    ("answers", "tried"),
    [
        ([503, 200], 2),
        ([ConnectError("no"), 503, 502, SendTimeout("no"), 200], 5),
        ([503, 400, 200], 2),
        ([ConnectError("no"), TLSError("no"), 200], 2),
        ([500, 503, 503, 200], 4),
        ([503, 500, 200], 2),
        ([503, 503, 500, 200], 3),
    ],
    ids=str,
)
def test_it_ends_with_the_first_result_that_is_final(answers: list[Answer], tried: int) -> None:
    driver = StageDriver(Retry(), answers)
    assert ending(driver) == answers[tried - 1]
    assert len(driver.received) == tried


def test_the_last_result_stands() -> None:
    errors: list[Answer] = [ConnectError("first"), ConnectError("second"), SendTimeout("third")]
    assert ending(StageDriver(Retry(attempts=3), errors)) is errors[-1]
    assert ending(StageDriver(Retry(attempts=2), [ConnectError("first"), 503])) == 503


def test_the_statuses_can_be_chosen() -> None:
    stage = Retry(total_timeout=LONG).with_options({"statuses": "418,500"})
    for status, tried in ((418, 8), (500, 8), (503, 2), (408, 1)):
        driver = StageDriver(stage, [status])
        ending(driver)
        assert len(driver.received) == tried


@pytest.mark.usefixtures("longest_pauses")
@pytest.mark.parametrize(
    ("stage", "pauses"),
    [
        (Retry(attempts=5), [0.5, 1.0, 2.0, 4.0]),
        (Retry(attempts=8, total_timeout=100.0), [0.5, 1.0, 2.0, 4.0, 8.0, 10.0, 10.0]),
        (Retry(attempts=5, backoff=2.0, longest_backoff=3.0), [2.0, 3.0, 3.0, 3.0]),
        (Retry(attempts=5, backoff=0), [0.0, 0.0, 0.0, 0.0]),
        (Retry(attempts=5, longest_backoff=0), [0.0, 0.0, 0.0, 0.0]),
    ],
)
@pytest.mark.parametrize("answer", [503, ConnectError("no")], ids=str)
def test_the_longest_pauses_double_up_to_their_bound(stage: Retry, pauses: list[float], answer: Answer) -> None:
    driver = StageDriver(stage, [answer])
    ending(driver)
    assert driver.runtime.slept == pauses


def test_the_pauses_are_random_from_zero_on() -> None:
    seen: list[float] = []
    for _ in range(200):
        driver = StageDriver(Retry(attempts=2), [503])
        ending(driver)
        seen += driver.runtime.slept
    assert 0.0 <= min(seen) < 0.05
    assert 0.45 < max(seen) <= 0.5


@pytest.mark.usefixtures("longest_pauses")
@pytest.mark.parametrize(("asked", "pause"), [("3", 3.0), ("0.75", 0.75), ("0.1", 0.5), ("garbage", 0.5), ("-3", 0.5)])
@pytest.mark.parametrize("status", [408, 500, 503])
def test_the_pause_is_at_least_what_the_server_asks_for(status: int, asked: str, pause: float) -> None:
    driver = StageDriver(Retry(), [Response(status, {"retry-after": asked}), 200])
    assert ending(driver) == 200
    assert driver.runtime.slept == [pause]


def test_a_server_that_asks_for_more_time_than_there_is_is_not_tried_again() -> None:
    driver = StageDriver(Retry(), [Response(503, {"retry-after": "3600"}), 200])
    assert ending(driver) == 503
    assert driver.runtime.slept == []


@pytest.mark.usefixtures("longest_pauses")
@pytest.mark.parametrize(("total", "tried"), [(0.5, 1), (0.51, 2), (1.5, 2), (1.51, 3)])
def test_a_pause_that_would_reach_the_end_is_not_begun(total: float, tried: int) -> None:
    driver = StageDriver(Retry(total_timeout=total), [503])
    assert ending(driver) == 503
    assert len(driver.received) == tried
    assert driver.runtime.now < 1_000.0 + total


@pytest.mark.usefixtures("longest_pauses")
def test_slow_answers_use_the_time_up() -> None:
    driver = StageDriver(Retry(total_timeout=9.5, attempts=9), [4.0, 503, 4.0, 503, 4.0, 503, 200])
    assert ending(driver) == 503
    assert driver.runtime.now == 1_000.0 + 4.0 + 0.5 + 4.0
    assert [request.deadline for request in driver.received] == [1_009.5, 1_009.5]


@pytest.mark.usefixtures("longest_pauses")
@pytest.mark.parametrize(("deadline", "seen", "tried"), [(1_001.0, 1_001.0, 2), (1_090.0, 1_030.0, 7)])
def test_the_earlier_deadline_is_obeyed(deadline: float, seen: float, tried: int) -> None:
    driver = StageDriver(Retry(), [503])
    ending(driver, new_request(deadline=deadline))
    assert {request.deadline for request in driver.received} == {seen}
    assert len(driver.received) == tried


def stale() -> ConnectionLost:
    return ConnectionLost("idle for too long", stale=True)


@pytest.mark.parametrize(
    ("answers", "attempts", "tried", "pauses"),
    [
        ([stale(), 200], 1, 2, 0),
        ([stale(), 503, 503, 200], 2, 3, 1),
        ([stale(), stale(), 200], 1, 2, 0),
        ([stale(), stale(), 200], 2, 3, 1),
        ([stale(), 400, 200], 5, 2, 0),
        ([ConnectionLost("reset"), 200], 1, 1, 0),
        ([503, stale(), 503, 200], 3, 3, 2),
    ],
    ids=str,
)
def test_a_stale_connection_is_replaced_at_once_and_not_counted(
    answers: list[Answer], attempts: int, tried: int, pauses: int
) -> None:
    driver = StageDriver(Retry(attempts=attempts), answers)
    assert ending(driver) is answers[tried - 1]
    assert len(driver.received) == tried
    assert len(driver.runtime.slept) == pauses


@pytest.mark.parametrize("error", [ValueError("a bug"), Alarm(), KeyboardInterrupt(), GeneratorExit()], ids=repr)
@pytest.mark.parametrize("before", [[], [503], [stale()]], ids=["first", "later", "after a stale one"])
def test_what_is_no_error_of_ours_passes_untried(error: BaseException, before: list[Answer]) -> None:
    driver = StageDriver(Retry(), [*before, error])
    with pytest.raises(type(error)) as raised:
        driver.send(new_request())
    assert raised.value is error
    assert len(driver.received) == len(before) + 1


@pytest.mark.parametrize("stage", [Retry(attempts=2), Retry(attempts=1), Retry(mode="spec")])
def test_each_attempt_gets_the_request_as_it_came(stage: Retry) -> None:
    seen: list[bytes | None] = []

    async def framing(request: Request) -> Response:
        seen.append(request.body)
        request.body = b"<" + (request.body or b"") + b">"
        request.headers["Framed"] = "1"
        raise stale() if len(seen) == 1 else ConnectError("no")

    request = new_request("body")
    with pytest.raises(ConnectError):
        bind_over(stage, framing)(request)
    assert set(seen) == {b"body"}
    assert (request.body, request.headers) == (b"body", {})


def answers_503_then(answer: Callable[[], Response | None]) -> Callable[[], Response | None]:
    first = [Response(503)]
    return lambda: first.pop() if first else answer()


@pytest.mark.parametrize("late", [False, True])
def test_a_stack_that_returns_no_response_is_not_tried_again(late: bool) -> None:
    calls: list[Request] = []
    answer = answers_503_then(lambda: None) if late else lambda: None

    async def lying(request: Request) -> Response:
        calls.append(request)
        return answer()  # type: ignore[return-value]  # that is the lie

    with pytest.raises(AttributeError):
        bind_over(Retry(), lying)(new_request())
    assert len(calls) == 1 + late


def test_a_pause_that_is_cancelled_ends_the_send() -> None:
    driver = StageDriver(Retry(), [503])
    task = driver.runtime.start(driver.bound(new_request()))
    with pytest.raises(Alarm):
        task.coroutine.throw(Alarm())
    assert len(driver.received) == 1


def test_tenacity_is_imported_only_after_a_failure() -> None:
    code = """
import sys
from raven.pipeline import Retry
from raven.testing import StageDriver
for answer in (200, 400):
    StageDriver(Retry(), [answer]).send(body=b"")
assert "tenacity" not in sys.modules
StageDriver(Retry(), [503, 200]).send(body=b"")
assert "tenacity" in sys.modules
"""
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


def test_two_sends_at_once_share_nothing() -> None:
    runtime = FakeRuntime()
    driver = StageDriver(Retry(), [503, 503, 200])
    tasks = [driver.runtime.start(driver.bound(new_request())) for _ in range(2)]
    driver.runtime.advance(5.0)
    assert [task.result.status for task in tasks] == [200, 200]
    assert runtime.slept == []


@pytest.mark.parametrize(
    ("name", "value", "accepted"),
    [
        ("attempts", 0, "a whole number that is at least 1"),
        ("total_timeout", 0, "a number of seconds greater than 0"),
        ("backoff", -1, "a number of seconds that is at least 0"),
        ("longest_backoff", -1, "a number of seconds that is at least 0"),
        ("mode", "always", "one of default, spec"),
        ("statuses", {"503"}, "a list of whole numbers with commas between them from 400 to 599"),
        ("statuses", {399}, "a list of whole numbers with commas between them from 400 to 599"),
        ("statuses", {600}, "a list of whole numbers with commas between them from 400 to 599"),
    ],
)
def test_every_option_has_bounds(name: str, value: object, accepted: str) -> None:
    with pytest.raises(InvalidOption, match=f"^{name}: {accepted} is accepted$"):
        Retry(**{name: value})  # type: ignore[arg-type]  # the wrong type is what is tested
