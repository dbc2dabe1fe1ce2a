"""What the stages cost, over a sink that costs nothing."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest
import work

from raven import Client, Stack, stage
from raven.pipeline import Compress, Envelope, RateLimit, Retry, Serialize, Sign, Stage, Store, Timeout
from raven.request import Request, Response, Send
from raven.runtimes import drive
from raven.runtimes.threads import ThreadRuntime
from raven.testing import MemorySink, fake_context
from raven.transport.http import HTTPTransport

Many = Callable[..., None]
ID = "0" * 32
DELIVERED = Response(200)


async def answer(request: Request) -> Response:
    """The rest of a stack, which costs nothing."""
    return DELIVERED


@stage
async def pass_through(request: Request, send: Send) -> Response:
    """A stage that does nothing."""
    return await send(request)


def event() -> dict[str, Any]:
    """An exception's event, as it comes to a stack."""
    kept: list[dict[str, Any]] = []

    @stage
    async def keep(request: Request, send: Send) -> Response:
        kept.append(request.event or {})
        return DELIVERED

    with Client("http://key@localhost/1", Stack(keep, Serialize(), sink=MemorySink())) as client:
        client.capture_exception(work.error(1))
    return kept[0]


EVENT = event()


def bound(stages: tuple[Stage, ...]) -> Send:
    """Those stages, over the sink that costs nothing."""
    context, send = fake_context(ThreadRuntime()), answer
    for each in reversed(stages):
        send = each.bind(send, context)
    return send


def driven(send: Send, make: Callable[[], Request]) -> Callable[[int], None]:
    """Send so many requests."""

    def send_all(count: int) -> None:
        for _ in range(count):
            drive(send(make()))

    return send_all


def body() -> bytes:
    """The event's bytes."""
    made: list[bytes] = []

    async def keep(request: Request) -> Response:
        made.append(request.body or b"")
        return DELIVERED

    drive(Serialize().bind(keep, fake_context())(Request(ID, "error", EVENT)))
    return made[0]


BODY = body()


def test_the_driver(many: Many) -> None:
    many("the driver", driven(answer, lambda: REQUEST))


def new_request() -> Request:
    return Request(ID, body=BODY, endpoint="envelope", deadline=time.monotonic() + 5)


REQUEST = new_request()


def test_a_request_is_made(many: Many) -> None:
    many("a request is made, as for each stage below", driven(answer, new_request))


def test_eight_stages_that_pass_through(many: Many) -> None:
    many("eight stages that pass through", driven(bound((pass_through,) * 8), lambda: REQUEST))


@pytest.mark.parametrize(
    "given",
    [RateLimit(), Envelope(), Store(), Compress(), Sign(), Retry(), Timeout()],
    ids=lambda each: type(each).__name__,
)
def test_a_stage(many: Many, given: Stage) -> None:
    many(type(given).__name__, driven(bound((given,)), new_request))


def test_serialize(many: Many) -> None:
    many("Serialize", driven(bound((Serialize(),)), lambda: Request(ID, "error", dict(EVENT))))


def test_all_stages_of_the_synchronous_transport(many: Many) -> None:
    many("HTTPTransport", driven(bound(HTTPTransport.stages), lambda: Request(ID, "error", dict(EVENT))))
