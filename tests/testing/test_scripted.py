"""ScriptedSink answers as it is told, MemorySink keeps what it gets."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest

from raven.errors import ConnectError
from raven.request import Request, Response
from raven.runtimes.threads import ThreadRuntime
from raven.testing import FakeRuntime, MemorySink, ScriptedSink, fake_context
from raven.testing.scripted import Answer


def answers(sink: ScriptedSink, count: int, runtime: FakeRuntime | None = None) -> list[Any]:
    """What the sink says to so many requests."""
    runtime = runtime or FakeRuntime()
    send: Any = sink.bind(fake_context(runtime))
    said: list[Any] = []
    for _ in range(count):
        try:
            response = runtime.run(lambda: send(Request("0" * 32)))
        except Exception as error:
            said.append(error)
        else:
            assert isinstance(response.status, int)
            said.append(response.status)
    return said


LOST = ConnectError("no")


@pytest.mark.parametrize(
    ("script", "said"),
    [
        ([], [200, 200, 200]),
        ([404], [404, 404, 404]),
        ([503, 200], [503, 200, 200]),
        ([LOST, Response(201), 500], [LOST, 201, 500]),
        ([200, LOST], [200, LOST, LOST]),
        (iter([1, 2]), [1, 2, 2]),
        ([5.0], [200, 200, 200]),
        ([404, 5.0], [404, 200, 200]),
    ],
)
def test_the_answers_come_in_order_and_the_last_one_again_and_again(script: Iterable[Answer], said: list[Any]) -> None:
    assert answers(ScriptedSink(script), 3) == said


def test_without_a_script_it_is_200() -> None:
    assert answers(ScriptedSink(), 2) == [200, 200]


def test_a_response_is_given_as_it_is() -> None:
    response = Response(200, {"a": "b"}, b"body")
    runtime = FakeRuntime()
    send: Any = ScriptedSink([response]).bind(fake_context(runtime))
    assert runtime.run(lambda: send(Request("0" * 32))) is response


def test_floats_are_pauses_before_the_answer() -> None:
    runtime = FakeRuntime()
    assert answers(ScriptedSink([1.5, 2.0, 503, 0.25, LOST, 200]), 3, runtime) == [503, LOST, 200]
    assert runtime.slept == [1.5, 2.0, 0.25]


def test_a_pause_belongs_to_the_request_that_came_first() -> None:
    runtime = FakeRuntime()
    send: Any = ScriptedSink([5.0, 201, 202]).bind(fake_context(runtime))
    first, second = (runtime.start(send(Request("0" * 32))) for _ in range(2))
    assert (first.done, second.result.status) == (False, 202)
    runtime.advance(5.0)
    assert first.result.status == 201


@pytest.mark.parametrize("kind", [ScriptedSink, MemorySink])
def test_what_arrives_is_kept_as_it_was(kind: type[ScriptedSink] | type[MemorySink]) -> None:
    sink = kind()
    runtime = FakeRuntime()
    send: Any = sink.bind(fake_context(runtime))
    request = Request("0" * 32, body=b"then", headers={"A": "1"})
    assert runtime.run(lambda: send(request)) == Response(200)
    request.body = b"now"
    request.headers["A"] = "2"
    (kept,) = sink.requests if isinstance(sink, MemorySink) else sink.received
    assert (kept.body, kept.headers) == (b"then", {"A": "1"})


@pytest.mark.parametrize("kind", [ScriptedSink, MemorySink])
def test_the_fake_sinks_send_from_threads_and_stand_in_for_themselves_at_exit(kind: type[Any]) -> None:
    sink = kind()
    assert isinstance(sink.runtime(), ThreadRuntime)
    assert sink.at_exit() is sink
    assert not sink.suspends
    assert not sink.needs


@pytest.mark.parametrize("kind", [ScriptedSink, MemorySink])
def test_each_fake_sink_is_itself_alone(kind: type[Any]) -> None:
    first, second = kind(), kind()
    assert first == first.with_options({})
    assert first != second
    assert len({first, second}) == 2


def test_the_repr_has_no_requests() -> None:
    sink = ScriptedSink([503])
    answers(sink, 1)
    assert repr(sink) == "ScriptedSink(answers=[503])"
    assert repr(MemorySink()) == "MemorySink()"


def test_every_binding_begins_the_script_anew() -> None:
    sink = ScriptedSink([1, 2])
    assert answers(sink, 2) == answers(sink, 2) == [1, 2]
    assert len(sink.received) == 4
