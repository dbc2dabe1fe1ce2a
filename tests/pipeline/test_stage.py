"""What a stage is, and how a function becomes one."""

from __future__ import annotations

from typing import Any

import pytest

from raven.errors import InvalidOption
from raven.options import option
from raven.pipeline import Context, Stage, stage
from raven.pipeline.stage import Holding
from raven.request import Request, Response, Send
from raven.testing import StageDriver, fake_context


@stage
async def tag_host(request: Request, send: Send) -> Response:
    assert request.event is not None
    request.event["server_name"] = "web-1"
    return await send(request)


@stage
async def other(request: Request, send: Send) -> Response:
    return await send(request)


def test_a_function_becomes_a_stage() -> None:
    driver = StageDriver(tag_host, [202])
    assert driver.send(event={"message": "hi"}).status == 202
    assert driver.received[0].event == {"message": "hi", "server_name": "web-1"}


def test_a_stage_of_a_function_is_named_for_it_and_is_a_value() -> None:
    assert repr(tag_host) == "tag_host"
    assert tag_host == stage(tag_host.function)
    assert hash(tag_host) == hash(stage(tag_host.function))
    assert tag_host != other


class Callable_:
    def __repr__(self) -> str:
        return "a callable"

    async def __call__(self, request: Request, send: Send) -> Response:
        return await send(request)


def test_a_callable_without_a_name_is_shown_as_it_is() -> None:
    assert repr(stage(Callable_())) == "a callable"


def test_a_stage_without_behaviour_says_what_it_needs() -> None:
    class Empty(Stage):
        pass

    with pytest.raises(NotImplementedError, match=r"^Empty needs a bind\(send, context\)$"):
        StageDriver(Empty())


class Sample(Stage):
    """Lets one of so many pass."""

    one_of: int = option(2, minimum=1)

    def bind(self, send: Send, context: Context) -> Send:
        seen = 0

        async def sample(request: Request) -> Response:
            nonlocal seen
            seen += 1
            return await send(request) if seen % self.one_of == 0 else Response(200)

        return sample


def test_a_stage_of_ones_own_has_options_and_state() -> None:
    driver = StageDriver(Sample().with_options({"one_of": "3", "unknown": "1"}))
    for _ in range(7):
        driver.send()
    assert len(driver.received) == 2
    assert repr(Sample(one_of=3)) == "Sample(one_of=3)"
    with pytest.raises(InvalidOption, match=r"^one_of: a whole number that is at least 1 is accepted$"):
        Sample(one_of=0)


def test_a_context_has_no_twin_unless_it_is_given_one() -> None:
    context = fake_context()
    assert Context(context.dsn, context.runtime, context.ledger).twin() is None


def test_only_what_can_flush_and_close_holds() -> None:
    class Bound:
        async def flush(self, deadline: float) -> bool:
            return True

    assert not isinstance(Bound(), Holding)
    closing: Any = type("Closing", (Bound,), {"close": Bound.flush, "flush_here": Bound.flush})
    assert isinstance(closing(), Holding)


def test_a_request_shows_its_size_and_not_what_is_in_it() -> None:
    request = Request("0" * 32, event={"secret": 1}, headers={"X-Sentry-Auth": "secret"})
    assert repr(request) == f"<Request error {'0' * 32} no body>"
    request.body = b"secret"
    assert repr(request) == f"<Request error {'0' * 32} 6 bytes>"
