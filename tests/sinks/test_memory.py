"""The sink that keeps what it is given, and what every sink has."""

from __future__ import annotations

from typing import Any

import pytest

from raven.request import Request, Response
from raven.runtimes import drive
from raven.runtimes.threads import ThreadRuntime
from raven.sinks import Sink
from raven.sinks.memory import MemorySink
from raven.testing import fake_context


def test_it_keeps_a_copy_of_each_request_and_answers_200() -> None:
    sink = MemorySink()
    bound: Any = sink.bind(fake_context())
    request = Request("0" * 32, body=b"one")
    assert drive(bound(request)) == Response(200)
    request.body = b"changed"
    assert [each.body for each in sink.requests] == [b"one"]
    assert sink.at_exit() is sink
    assert isinstance(sink.runtime(), ThreadRuntime)


def test_each_has_a_list_of_its_own() -> None:
    assert MemorySink().requests is not MemorySink().requests
    assert MemorySink() != MemorySink()


class Empty(Sink):
    """A sink that lacks everything."""


def test_a_sink_must_say_how_it_runs_and_sends() -> None:
    with pytest.raises(NotImplementedError, match=r"Empty needs a runtime\(\)"):
        Empty().runtime()
    with pytest.raises(NotImplementedError, match=r"Empty needs a bind\(context\)"):
        Empty().bind(fake_context())
    assert Empty().at_exit() is None
    assert not Empty.suspends
