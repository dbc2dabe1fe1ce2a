"""What a client captures, in all the ways that it can be called."""

from __future__ import annotations

import sys
from typing import Any

import pytest

from raven import Client, Stack
from raven.testing import MemorySink
from raven.testing.fixtures import Captured
from tests.test_client import DSN, Kept


def test_a_message(raven_captured: Captured) -> None:
    event_id = raven_captured.client.capture_message(
        "%s ordered", params=("Zoë",), level="info", tags={"shop": 1}, extra={"cart": {1}}, data={"logger": "shop"}
    )
    (event,) = raven_captured.events
    assert event["event_id"] == event_id
    assert event["level"] == "info"
    assert event["logentry"] == {"message": "%s ordered", "params": ["Zoë"], "formatted": "Zoë ordered"}
    assert event["tags"] == {"shop": "1"}
    assert event["extra"] == {"cart": [1]}
    assert event["logger"] == "shop"


@pytest.mark.parametrize(
    "capture",
    [
        lambda client, error: client.capture_exception(),
        lambda client, error: client.capture_exception(True),
        lambda client, error: client.capture_exception(error),
        lambda client, error: client.capture_exception(sys.exc_info()),
        lambda client, error: client.capture_exception(exc_info=error),
        lambda client, error: client.capture("raven.events.Exception"),
        lambda client, error: client.capture("raven.events.Exception", exc_info=sys.exc_info()),
        lambda client, error: client.capture("Exception", exc_info=error),
        lambda client, error: client.captureException(),
    ],
)
def test_the_exception_that_is_being_handled(raven_captured: Captured, capture: Any) -> None:
    try:
        raise ValueError("no")
    except ValueError as error:
        event_id = capture(raven_captured.client, error)
    (event,) = raven_captured.events
    (value,) = event["exception"]["values"]
    assert (value["type"], value["value"], event["level"]) == ("ValueError", "no", "error")
    assert value["stacktrace"]["frames"][-1]["context_line"].strip() == 'raise ValueError("no")'
    assert event["event_id"] == event_id


@pytest.mark.parametrize("nothing", [None, True, False, (None, None, None)])
def test_without_an_exception_there_is_nothing_to_capture(raven_captured: Captured, nothing: Any) -> None:
    assert raven_captured.client.capture_exception(nothing) is None
    assert raven_captured.events == []


def test_an_exception_that_is_none_of_exception_is_captured_too(raven_captured: Captured) -> None:
    assert raven_captured.client.capture_exception(KeyboardInterrupt()) is not None
    assert raven_captured.events[0]["exception"]["values"][0]["type"] == "KeyboardInterrupt"


def test_an_event_of_the_programs_own(raven_captured: Captured) -> None:
    event_id = raven_captured.client.capture({"message": "mine", "level": "fatal", "platform": "other"})
    (event,) = raven_captured.events
    assert event["event_id"] == event_id
    assert (event["message"], event["level"], event["platform"]) == ("mine", "fatal", "other")
    assert event["timestamp"]


def test_the_names_of_raven_6_are_the_same_calls(raven_captured: Captured) -> None:
    assert Client.captureMessage is Client.capture_message
    assert Client.captureException is Client.capture_exception
    raven_captured.client.capture("raven.events.Message", message="%s", params=(1,), tags={"a": 1})
    (event,) = raven_captured.events
    assert event["logentry"]["formatted"] == "1"
    assert event["tags"] == {"a": "1"}


def test_the_tags_of_the_client_are_on_every_event_and_those_of_the_call_go_before() -> None:
    transport = Kept()
    tags = {"a": 1, "b": 2}
    client = Client(DSN, transport, tags=tags)
    tags["a"] = 5
    client.capture_message("x", tags={"b": 3})
    client.capture_exception(ValueError())
    assert [event["tags"] for event in transport.events] == [{"a": "1", "b": "3"}, {"a": "1", "b": "2"}]


def test_data_goes_before_all_else(raven_captured: Captured) -> None:
    raven_captured.client.capture_message("x", level="info", data={"level": "fatal", "logentry": {"message": "y"}})
    (event,) = raven_captured.events
    assert (event["level"], event["logentry"]) == ("fatal", {"message": "y"})


def test_an_id_of_the_programs_own_is_kept_if_it_is_one(raven_captured: Captured) -> None:
    mine = "0123456789abcdef" * 2
    assert raven_captured.client.capture({"event_id": mine}) == mine
    assert raven_captured.client.capture_message("x", data={"event_id": mine}) == mine


class OwnText(str):
    """Text that is no plain text."""


@pytest.mark.parametrize(
    "wrong",
    ["", "x" * 32, "0" * 31, "0" * 33, "A" * 32, "٣" * 32, 5, None, b"0" * 32, OwnText("0" * 32), object()],
    ids=lambda each: type(each).__name__,
)
def test_what_is_no_id_is_replaced(raven_captured: Captured, wrong: object) -> None:
    event_id = raven_captured.client.capture({"event_id": wrong})
    assert event_id is not None
    assert event_id != wrong if isinstance(wrong, str) else True
    assert [event["event_id"] for event in raven_captured.events] == [event_id]
    assert len(event_id) == 32


def test_what_it_makes_is_known_to_be_plain() -> None:
    sink = MemorySink()
    with Client(DSN, Stack(sink=sink)) as client:
        client.capture_message("hello", extra={"share": float("nan")})
    assert sink.requests[0].plain
    assert (sink.requests[0].event or {})["extra"] == {"share": "nan"}
