"""Whatever a stage raises in a delivery costs that event alone: it is counted once, and the next one is delivered."""

from __future__ import annotations

import greenlet

from raven.ledger import Stats
from raven.pipeline import Sign, Stack, stage
from raven.request import Request, Response, Send
from raven.testing.counting_server import CountingServer
from tests.faults.conftest import at_home


class Own(BaseException):
    """What is no Exception."""


ERRORS = [ValueError, RecursionError, MemoryError, StopIteration, Own, SystemExit, greenlet.GreenletExit]


def test_the_event_is_counted_and_the_worker_goes_on(queued: type[Stack]) -> None:
    # What ends programs, tasks and greenlets is not for a worker of theirs to catch.
    meant_for_others = queued.sink.runtime().cancellation
    errors = [error for error in ERRORS if not issubclass(error, meant_for_others)]
    left = errors.copy()

    @stage
    async def failing(request: Request, send: Send) -> Response:
        if left:
            raise left.pop()
        return await send(request)

    with CountingServer() as server:
        with at_home(server.dsn, queued(workers=1, timeout=20.0).before(Sign, failing)) as client:
            sent = [client.capture_message(f"{number}") for number in range(len(errors) + 1)]
            assert not client.flush(20)
            stats = client.stats()
            assert stats == Stats(len(sent), 1, dropped={"internal_sdk_error": len(errors)})
        assert server.counts == {sent[-1]: 1}
