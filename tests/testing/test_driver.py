"""StageDriver drives one stage over a scripted sink."""

from __future__ import annotations

import pytest

from raven.dsn import Dsn
from raven.errors import ConnectError
from raven.ledger import Stats
from raven.pipeline import Serialize, Sign, Timeout, stage
from raven.request import Request, Response, Send
from raven.runtimes.threads import ThreadRuntime
from raven.testing import FakeRuntime, StageDriver, fake_context


@stage
async def passing(request: Request, send: Send) -> Response:
    return await send(request)


@stage
async def slow(request: Request, send: Send) -> Response:
    request.headers["Slow"] = "1"
    return await send(request)


def test_what_is_sent_comes_out_and_the_answer_comes_back() -> None:
    driver = StageDriver(passing, [202])
    assert driver.send(body=b"x", headers={"A": "1"}, category="client_report").status == 202
    (request,) = driver.received
    assert (request.body, request.headers, request.category) == (b"x", {"A": "1"}, "client_report")


def test_a_request_of_ones_own_is_passed_as_it_is() -> None:
    driver = StageDriver(slow)
    request = Request("0" * 32, event={"a": 1})
    driver.send(request)
    assert request.headers == {"Slow": "1"}
    assert driver.received[0].id == "0" * 32
    assert driver.received[0].event == {"a": 1}


def test_each_request_that_it_makes_has_an_id_of_its_own_and_is_an_error() -> None:
    driver = StageDriver(passing)
    for _ in range(2):
        assert driver.send(event={"message": "hi"}).status == 200
    first, second = driver.received
    assert len(first.id) == 32
    assert first.id != second.id
    assert (first.category, first.body, first.headers) == ("error", None, {})


def test_what_came_out_stays_as_it_was() -> None:
    driver = StageDriver(Serialize())
    request = Request("0" * 32, event={"a": 1})
    driver.send(request)
    request.body = b"changed"
    assert driver.received[0].body == b'{"a":1}'


def test_what_the_stage_raises_is_raised() -> None:
    with pytest.raises(ConnectError, match="no"):
        StageDriver(passing, [ConnectError("no")]).send()


def test_the_clock_and_the_account_can_be_seen() -> None:
    driver = StageDriver(Timeout(timeout=3.0), [2.0, 200])
    driver.send()
    assert driver.runtime.now == 1_002.0
    assert driver.received[0].deadline == 1_003.0
    assert driver.context.ledger.stats() == Stats()
    assert driver.context.runtime is driver.runtime


def test_the_dsn_can_be_given() -> None:
    driver = StageDriver(Sign(), dsn="https://other@sentry.example/7")
    driver.send()
    assert "sentry_key=other" in driver.received[0].headers["X-Sentry-Auth"]
    assert driver.context.dsn.project == "7"


def test_a_fake_context_has_everything() -> None:
    context = fake_context()
    assert context.dsn == Dsn.parse("http://public@sentry.example/1")
    assert isinstance(context.runtime, FakeRuntime)
    assert context.twin() is None
    runtime = ThreadRuntime()

    async def twin(request: Request) -> Response:
        return Response(200)

    context = fake_context(runtime, "http://other@sentry.example/2", twin)
    assert (context.runtime, context.dsn.project, context.twin()) == (runtime, "2", twin)
