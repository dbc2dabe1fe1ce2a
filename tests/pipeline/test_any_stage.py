"""What holds for every stage, over a rest of the stack that fails, is slow, or lies."""

from __future__ import annotations

from typing import Any

import pytest

from raven.errors import SendError
from raven.pipeline import (
    Breaker,
    Compress,
    Envelope,
    RateLimit,
    Report,
    Retry,
    Serialize,
    Shrink,
    Sign,
    Stage,
    Store,
    Timeout,
    stage,
)
from raven.request import Request, Response, Send
from raven.testing import FakeRuntime, StageDriver

from .helpers import Alarm, bind_over, new_request


@stage
async def passing(request: Request, send: Send) -> Response:
    return await send(request)


STAGES: list[Stage] = [
    Serialize(),
    Report(),
    RateLimit(),
    Shrink(),
    Envelope(),
    Store(),
    Compress(compress_above=0),
    Compress(encoding="br", compress_above=0),
    Compress(encoding="none"),
    Sign(),
    Retry(),
    Breaker(),
    Timeout(),
    passing,
]
every_stage = pytest.mark.parametrize("each", STAGES, ids=repr)


@every_stage
@pytest.mark.parametrize("error", [SendError("no"), ValueError("a bug"), Alarm()], ids=repr)
def test_an_error_from_below_passes_as_it_is(each: Stage, error: BaseException) -> None:
    driver = StageDriver(each, [error])
    with pytest.raises(type(error)) as raised:
        driver.send(body=b"{}")
    assert raised.value is error
    assert len(driver.received) == 1


@every_stage
@pytest.mark.parametrize("status", [200, 302, 400, 429], ids=str)
def test_an_answer_from_below_passes_as_it_is(each: Stage, status: int) -> None:
    answer = Response(status, {"x-sentry-error": "why"}, b"body")
    driver = StageDriver(each, [answer])
    assert driver.send(body=b"{}") is answer


@every_stage
def test_a_slow_answer_is_waited_for(each: Stage) -> None:
    driver = StageDriver(each, [60.0, 201])
    task = driver.runtime.start(driver.bound(new_request("{}")))
    driver.runtime.advance(59.0)
    assert not task.done
    driver.runtime.advance(1.0)
    assert task.result.status == 201
    assert driver.runtime.slept == [60.0]


@every_stage
def test_slow_answers_side_by_side_do_not_wait_for_each_other(each: Stage) -> None:
    driver = StageDriver(each, [5.0, 200, 1.0, 201])
    slow, fast = (driver.runtime.start(driver.bound(new_request("{}"))) for _ in range(2))
    driver.runtime.advance(1.0)
    assert (slow.done, fast.result.status) == (False, 201)
    driver.runtime.advance(4.0)
    assert slow.result.status == 200


@every_stage
def test_what_is_no_response_is_not_taken_for_success(each: Stage) -> None:
    calls: list[Request] = []

    async def lying(request: Request) -> Any:
        calls.append(request)

    try:
        response: Response | None = bind_over(each, lying)(new_request("{}"))
    except AttributeError:
        response = None
    assert response is None
    assert len(calls) == 1


@every_stage
def test_a_stage_is_a_value(each: Stage) -> None:
    assert each == each.with_options({})
    assert hash(each) == hash(each.with_options({}))
    if each is not passing:
        assert eval(repr(each)) == each
        assert repr(type(each)()) == f"{type(each).__name__}()"


@every_stage
def test_one_stage_can_be_bound_any_number_of_times(each: Stage) -> None:
    first, second = StageDriver(each), StageDriver(each)
    assert first.bound is not second.bound
    assert isinstance(first.runtime, FakeRuntime)
    first.send(body=b"{}")
    assert (len(first.received), len(second.received)) == (1, 0)
