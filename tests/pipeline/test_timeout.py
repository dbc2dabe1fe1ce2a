"""Timeout writes the deadline of one attempt."""

from __future__ import annotations

import pytest

from raven.errors import InvalidOption, SendError
from raven.pipeline import Timeout
from raven.request import Request, Response
from raven.testing import FakeRuntime, StageDriver

from .helpers import Alarm, bind_over, new_request

START = FakeRuntime().monotonic()


@pytest.mark.parametrize(("stage", "seconds"), [(Timeout(), 1.0), (Timeout(timeout=2.5), 2.5)])
def test_the_deadline_is_that_many_seconds_away(stage: Timeout, seconds: float) -> None:
    driver = StageDriver(stage)
    driver.send(body=b"")
    assert driver.received[0].deadline == START + seconds


def test_each_attempt_has_its_own() -> None:
    driver = StageDriver(Timeout(timeout=1.0), [5.0, 503, 200])
    request = new_request()
    driver.send(request)
    assert request.deadline is None
    driver.send(request)
    assert [each.deadline for each in driver.received] == [START + 1.0, START + 6.0]


@pytest.mark.parametrize(("overall", "seen"), [(0.5, 0.5), (1.0, 1.0), (2.0, 1.0)])
def test_it_is_never_later_than_one_that_is_there(overall: float, seen: float) -> None:
    driver = StageDriver(Timeout(timeout=1.0))
    request = new_request(deadline=START + overall)
    driver.send(request)
    assert driver.received[0].deadline == START + seen
    assert request.deadline == START + overall


@pytest.mark.parametrize("error", [SendError("no"), ValueError(), Alarm()])
def test_it_is_taken_back_when_the_attempt_fails(error: BaseException) -> None:
    driver = StageDriver(Timeout(), [error])
    request = new_request(deadline=START + 9.0)
    with pytest.raises(type(error)):
        driver.send(request)
    assert request.deadline == START + 9.0


def test_it_is_taken_back_from_a_stack_that_writes_another() -> None:
    async def impatient(request: Request) -> Response:
        request.due(0.0)
        return Response(200)

    request = new_request()
    bind_over(Timeout(), impatient)(request)
    assert request.deadline is None


def test_it_has_to_be_some_time() -> None:
    with pytest.raises(InvalidOption, match=r"^timeout: a number of seconds greater than 0 is accepted$"):
        Timeout(timeout=0)
