"""A bound sink that is made with its first request."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from raven.errors import Closed
from raven.request import Request, Response
from raven.runtimes import drive
from raven.sinks.later import Later


class Bound:
    """Counts those that are made."""

    made = 0

    def __init__(self) -> None:
        type(self).made += 1
        self.closed = 0

    async def __call__(self, request: Request) -> Response:
        if self.closed:
            raise Closed("closed")
        return Response(200)

    def close(self) -> None:
        self.closed += 1


@pytest.fixture
def kind() -> type[Bound]:
    class Counted(Bound):
        made = 0

    return Counted


def send(later: Later[Any]) -> Response:
    async def sent() -> Response:
        response: Response = await later(Request("0" * 32))
        return response

    return drive(sent())


def test_it_is_made_once_with_the_first_request(kind: type[Bound]) -> None:
    later = Later(kind)
    assert kind.made == 0
    assert send(later).delivered
    assert send(later).delivered
    assert kind.made == 1


def test_what_was_never_made_is_not_made_to_be_closed_and_is_closed_from_the_beginning(kind: type[Bound]) -> None:
    later = Later(kind)
    later.close()
    assert kind.made == 0
    with pytest.raises(Closed):
        send(later)


def test_what_was_made_is_closed(kind: type[Bound]) -> None:
    later = Later(kind)
    send(later)
    later.close()
    assert later.made().closed == 1


def test_threads_that_come_at_once_share_one(kind: type[Bound]) -> None:
    making, go_on = threading.Event(), threading.Event()

    def make() -> Bound:
        making.set()
        assert go_on.wait(5)
        return kind()

    later = Later(make)
    threads = [threading.Thread(target=send, args=(later,)) for _ in range(3)]
    threads[0].start()
    assert making.wait(5)
    for thread in threads[1:]:
        thread.start()
    go_on.set()
    for thread in threads:
        thread.join(5)
    assert kind.made == 1
    assert not any(thread.is_alive() for thread in threads)


def test_what_can_not_be_made_is_tried_again(kind: type[Bound]) -> None:
    failures = [ImportError("half installed")]

    def make() -> Bound:
        if failures:
            raise failures.pop()
        return kind()

    later = Later(make)
    with pytest.raises(ImportError):
        send(later)
    assert send(later).delivered
