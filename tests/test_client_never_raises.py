"""Whatever a client is given, the program goes on."""

from __future__ import annotations

import logging
from typing import Any, NoReturn

import pytest

from raven import Client, Flushed, Stack
from raven.errors import ConnectError
from raven.pipeline import Serialize
from raven.testing import ScriptedSink
from raven.testing.fixtures import Captured
from tests.test_client import DSN, Kept


class Bad:
    """An object that raises whatever is asked of it."""

    def refuse(self, *arguments: object) -> NoReturn:
        raise RuntimeError("hiddentext")

    __repr__ = __str__ = __len__ = __iter__ = __bool__ = __getitem__ = __eq__ = refuse
    items = keys = __getattr__ = refuse
    __hash__ = None  # type: ignore[assignment]


def hostile_calls(client: Client) -> list[str | None]:
    bad: Any = Bad()
    bad_mapping = type("BadMapping", (dict,), {"items": Bad.refuse, "keys": Bad.refuse})(a=1)
    return [
        client.capture_message(bad),
        client.capture_message("%s", params=(bad,)),
        client.capture_message("x", tags={"a": bad}, extra={"a": bad}, data={"a": bad}),
        client.capture_message("x", level=bad),
        client.capture_exception(ValueError(bad)),
        client.capture({"message": bad}),
        client.capture({"a": bad_mapping}),
    ]


def test_hostile_values_are_captured_as_words(raven_captured: Captured) -> None:
    ids = hostile_calls(raven_captured.client)
    assert None not in ids
    assert [event["event_id"] for event in raven_captured.events] == ids


@pytest.mark.parametrize(
    "call",
    [
        lambda client: client.capture_message("x", params=5),
        lambda client: client.capture_message("x", tags=Bad()),
        lambda client: client.capture_message("x", tags=["a"]),
        lambda client: client.capture_message("x", extra=5),
        lambda client: client.capture_message("x", data=5),
        lambda client: client.capture_exception(ValueError(), data=Bad()),
        lambda client: client.capture_exception(("a",)),
        lambda client: client.capture(5),
        lambda client: client.capture(None, x=1) or client.capture(Bad()),
        lambda client: client.capture("raven.events.Query"),
        lambda client: client.capture("raven.events.Message", nosuch=1),
        lambda client: client.capture("raven.events.Message"),
    ],
)
def test_what_can_not_be_captured_is_logged_without_its_text(
    raven_captured: Captured, caplog: pytest.LogCaptureFixture, call: Any
) -> None:
    call(raven_captured.client)
    assert all(record.name == "raven.client" for record in caplog.records)
    assert all("could not be captured" in record.getMessage() for record in caplog.records)
    assert "hidden" not in caplog.text
    assert bool(caplog.records) or raven_captured.events


@pytest.mark.parametrize("failure", [RuntimeError("hiddentext"), MemoryError(), RecursionError(), OSError()], ids=repr)
def test_a_transport_that_raises_is_not_the_programs_trouble(
    failure: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    client = Client(DSN, Kept(failure))
    assert client.capture_message("x") is None
    assert client.capture_exception(ValueError()) is None
    assert client.capture({}) is None
    assert [record.getMessage() for record in caplog.records] == [
        f"an event could not be captured: {type(failure).__name__} was raised"
    ] * 3
    assert {record.levelno for record in caplog.records} == {logging.ERROR}


def test_ctrl_c_goes_through() -> None:
    with pytest.raises(KeyboardInterrupt):
        Client(DSN, Kept(KeyboardInterrupt())).capture_message("x")


def test_an_event_that_is_not_delivered_has_its_id_all_the_same() -> None:
    with Client(DSN, Stack(Serialize(), sink=ScriptedSink([ConnectError("no")]))) as client:
        assert client.capture_message("x") is not None
        assert client.flush() is Flushed.FAILED
        assert client.flush() is Flushed.DELIVERED
        assert client.stats().dropped == {"network_error": 1}
