"""Whatever a client is given, the program goes on."""

from __future__ import annotations

import logging
import traceback
from typing import Any, NoReturn

import pytest

from raven import Client, Flushed, Stack
from raven.errors import ConnectError
from raven.own_log import Sparingly
from raven.pipeline import Serialize
from raven.testing import ScriptedSink
from raven.testing.counting_server import CountingServer
from raven.testing.fixtures import Captured
from raven.transport.http import HTTPTransport
from raven.transport.requests import RequestsHTTPTransport
from raven.transport.threaded import ThreadedHTTPTransport
from raven.transport.threaded_requests import ThreadedRequestsHTTPTransport
from tests.test_client import DSN, Kept


class Bad:
    """An object that raises whatever is asked of it."""

    def refuse(self, *arguments: object) -> NoReturn:
        raise RuntimeError("hiddentext")

    __repr__ = __str__ = __len__ = __iter__ = __bool__ = __getitem__ = __eq__ = refuse
    items = keys = __getattr__ = refuse
    __hash__ = None  # type: ignore[assignment]


@pytest.fixture(autouse=True)
def nothing_logged_yet(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("raven.client._log", Sparingly(logging.getLogger("raven.client")))


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


def killing(kind: type, *, raised: type[BaseException]) -> type:
    """A subclass of which all that an onlooker might call raises that."""

    def refuse(self: object, *arguments: object) -> NoReturn:
        raise raised("hiddentext")

    names = [
        *("__repr__", "__str__", "__len__", "__iter__", "__bool__", "__getitem__", "__eq__", "__hash__", "items"),
        *("keys", "__getattribute__"),
    ]
    return type("Killing", (kind,), {**dict.fromkeys(names, refuse), "__class__": property(refuse)})


@pytest.mark.parametrize("raised", [RuntimeError, SystemExit, MemoryError, GeneratorExit, RecursionError])
@pytest.mark.parametrize("kind", [dict, list, object, str])
@pytest.mark.parametrize(
    "name",
    [
        *("params", "tags", "extra", "data", "hint", "mechanism", "user"),
        *("request", "level", "fingerprint", "transaction", "logger", "stack"),
    ],
)
def test_an_argument_that_kills_whoever_looks_costs_no_event(
    raven_captured: Captured, name: str, kind: type, raised: type[BaseException]
) -> None:
    client, given = raven_captured.client, {name: killing(kind, raised=raised)()}
    through: type[BaseException] | None = None
    try:
        client.capture_message("a message", **given)
        client.capture_exception(ValueError("an error"), message="a message", **given)
        client.capture({"message": "an event"}, **given)
        client.add_breadcrumb("a breadcrumb", **given)
        with client.context(**given):
            client.capture_message("in a context")
    except BaseException as error:  # of which pytest would show what was asked
        through = type(error)
    assert through is None
    assert [event.get("message") for event in raven_captured.events] == [None, None, "an event", None]
    assert "hidden" not in str(raven_captured.events)


@pytest.mark.parametrize(
    "call",
    [
        lambda client: client.capture_message("x", params=5),
        lambda client: client.capture_message("x", tags=["a"]),
        lambda client: client.capture_message("x", extra=5),
        lambda client: client.capture_message("x", data=5),
        lambda client: client.capture_exception(ValueError(), data=Bad()),
    ],
)
def test_an_argument_of_the_wrong_type_is_told_in_words(raven_captured: Captured, call: Any) -> None:
    assert call(raven_captured.client)
    (event,) = raven_captured.events
    assert " that is no " in str(event)


@pytest.mark.parametrize(
    "call",
    [
        lambda client: client.capture_exception(("a",)),
        lambda client: client.capture(5),
        lambda client: client.capture(None, x=1) or client.capture(Bad()),
        lambda client: client.capture("raven.events.Query"),
    ],
)
def test_what_can_not_be_captured_is_logged_without_its_text(
    raven_captured: Captured, caplog: pytest.LogCaptureFixture, call: Any
) -> None:
    call(raven_captured.client)
    assert raven_captured.events == []
    assert {record.name for record in caplog.records} == {"raven.client"}
    assert all("could not be captured" in record.getMessage() for record in caplog.records)
    assert "hidden" not in caplog.text


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
    ]
    assert {record.levelno for record in caplog.records} == {logging.WARNING}


class CapturingHandler(logging.Handler):
    """A handler that captures all that is logged."""

    def __init__(self, client: Client) -> None:
        super().__init__()
        self.client, self.records = client, 0

    def emit(self, record: logging.LogRecord) -> None:
        self.records += 1
        self.client.capture_message(record.getMessage())


@pytest.mark.parametrize(
    "transport", [HTTPTransport, ThreadedHTTPTransport, RequestsHTTPTransport, ThreadedRequestsHTTPTransport]
)
@pytest.mark.parametrize("up", [True, False], ids=["a server", "no server"])
def test_what_a_delivery_has_logged_is_not_captured(transport: type[Stack], up: bool) -> None:
    root = logging.getLogger()
    with CountingServer() as server:
        dsn = server.dsn if up else "http://key@127.0.0.1:1/1"
        with Client(dsn, transport(attempts=2)) as client:
            handler, level = CapturingHandler(client), root.level
            root.addHandler(handler)
            root.setLevel(logging.DEBUG)
            try:
                client.capture_message("the only one")
                client.flush(30.0)
            finally:
                root.removeHandler(handler)
                root.setLevel(level)
    assert client.stats().accepted == 1
    # One line tells what became of the event, at DEBUG, and another one that it failed.
    assert handler.records == (1 if up else 2)


def test_a_capture_that_fails_in_a_handler_that_captures_goes_round_once() -> None:
    client = Client(DSN, Kept(ValueError("no")))
    handler = CapturingHandler(client)
    logging.getLogger("raven").addHandler(handler)
    try:
        assert client.capture_message("x") is None
    finally:
        logging.getLogger("raven").removeHandler(handler)
    assert handler.records == 1


def test_a_capture_at_the_recursion_limit_does_not_raise_by_itself(raven_captured: Captured) -> None:
    escaped: list[str] = []

    def deeper() -> None:
        try:
            raven_captured.client.capture_message("deep")
        except RecursionError as error:
            frames = [frame.name for frame in traceback.extract_tb(error.__traceback__)]
            escaped.extend(frames[2:])  # the calls of capture_message and of what it calls are the program's
        deeper()

    with pytest.raises(RecursionError):
        deeper()
    assert escaped == []
    stats = raven_captured.client.stats()
    assert stats.pending == 0
    assert stats.accepted == stats.delivered + sum(stats.dropped.values())


@pytest.mark.parametrize("given", [{"exc_info": True}, {"exc_info": ValueError("v")}, {"stack": True, "date": None}])
def test_what_captures_of_raven_6_took_by_name_costs_no_event(raven_captured: Captured, given: dict[str, Any]) -> None:
    try:
        raise ValueError("v")
    except ValueError:
        assert raven_captured.client.captureException(**given) is not None
    assert raven_captured.events[0]["exception"]["values"][-1]["type"] == "ValueError"


def test_a_mapping_is_captured_with_what_is_given_by_name(raven_captured: Captured) -> None:
    raven_captured.client.capture({"message": "m"}, level="info", tags={"a": 1}, user={"id": 7}, fingerprint=["f"])
    (event,) = raven_captured.events
    assert (event["level"], event["tags"], event["user"], event["fingerprint"]) == (
        "info",
        {"a": "1"},
        {"id": 7},
        ["f"],
    )


def test_ctrl_c_goes_through() -> None:
    with pytest.raises(KeyboardInterrupt):
        Client(DSN, Kept(KeyboardInterrupt())).capture_message("x")


def test_an_event_that_is_not_delivered_has_its_id_all_the_same() -> None:
    with Client(DSN, Stack(Serialize(), sink=ScriptedSink([ConnectError("no")]))) as client:
        assert client.capture_message("x") is not None
        assert client.flush() is Flushed.FAILED
        assert client.flush() is Flushed.DELIVERED
        assert client.stats().dropped == {"network_error": 1}
