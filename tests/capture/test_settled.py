"""The program is told what became of each of its events."""

from __future__ import annotations

import os

import pytest

from raven import Client, Stack
from raven.errors import ConfigurationError, InvalidOption
from raven.outcome import DELIVERED, Outcome
from raven.pipeline import Queue
from raven.testing import MemorySink, ScriptedSink

DSN = "http://public@sentry.example/1"


def test_it_is_told_of_each_event_once_with_the_truth() -> None:
    told: list[tuple[str, Outcome]] = []
    sink = ScriptedSink([200, 403, 429])
    with Client(DSN, Stack(sink=sink), on_settled=lambda *each: told.append(each)) as client:
        ids = [client.capture_message("hi") for _ in range(3)]
    assert [(each, outcome.reason) for each, outcome in told] == list(
        zip(ids, [None, "send_error", "rate_limited"], strict=True)
    )
    assert told[0][1] is DELIVERED


def test_it_is_told_of_what_the_program_itself_drops() -> None:
    told: list[str | None] = []
    client = Client(
        DSN, Stack(sink=MemorySink()), sample_rate=0.0, on_settled=lambda _, outcome: told.append(outcome.reason)
    )
    client.capture_message("hi")
    assert told == ["sample_rate"]
    client.close()


def test_what_it_raises_harms_nothing_and_what_it_captures_is_not_captured() -> None:
    def settled(event_id: str, outcome: Outcome) -> None:
        client.capture_message("again")
        raise ValueError("a bug")

    client = Client(DSN, Stack(Queue(), sink=MemorySink()), on_settled=settled)
    assert client.capture_message("hi")
    assert client.close()
    assert client.stats().accepted == client.stats().delivered == 1


def test_a_forked_child_is_told_as_well(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[str] = []
    client = Client(DSN, Stack(sink=MemorySink()), on_settled=lambda event_id, _: told.append(event_id))
    process = os.getpid()
    with monkeypatch.context() as patch:
        patch.setattr(os, "getpid", lambda: process + 1)
        event_id = client.capture_message("hi")
    assert told == [event_id]
    client.close()


def test_a_transport_that_can_not_tell_is_refused() -> None:
    class Mute:
        def with_options(self, texts: object, /) -> Mute:
            return self

        def bind(self, dsn: object, /) -> object:
            return object()

    with pytest.raises(ConfigurationError, match=r"^on_settled: this transport has no observe\(\)"):
        Client(DSN, Mute(), on_settled=lambda *_: None)  # type: ignore[arg-type]


def test_only_a_function_is_accepted() -> None:
    with pytest.raises(InvalidOption, match=r"^on_settled: a function"):
        Client(on_settled="no")  # type: ignore[arg-type]
