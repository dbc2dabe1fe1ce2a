"""What a program talks to: it captures whatever it is given, and never raises."""

from __future__ import annotations

import asyncio
import json
import pickle
import socket
import subprocess
import sys
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from raven import Client, Flushed, Stack, Stats
from raven.connect import connect
from raven.dsn import Dsn
from raven.errors import ConfigurationError, InvalidDsn, InvalidOption
from raven.outcome import Outcome
from raven.pipeline import Serialize
from raven.request import Request
from raven.testing import MemorySink
from raven.testing.fixtures import Captured
from raven.testing.http_server import Server, answer, response
from raven.transport.http import HTTPTransport
from raven.transport.requests import RequestsHTTPTransport
from raven.transport.threaded import ThreadedHTTPTransport
from raven.transport.threaded_requests import ThreadedRequestsHTTPTransport

DSN = "http://hiddenpublic:hiddensecret@sentry.example/42"
VARIABLES = ("SENTRY_DSN", "SENTRY_RELEASE", "SENTRY_ENVIRONMENT")


@pytest.fixture(autouse=True)
def no_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)


class Kept:
    """A transport of a user's own that only has the right shape."""

    def __init__(self, failure: BaseException | None = None) -> None:
        self.failure = failure
        self.options: dict[str, str] = {}
        self.dsn: Dsn | None = None
        self.events: list[dict[str, Any]] = []
        self.calls: list[tuple[str, float]] = []
        self.discarded: list[str | None] = []

    def with_options(self, texts: Mapping[str, str], /) -> Kept:
        self.options = dict(texts)
        return self

    def bind(self, dsn: Dsn, /) -> Kept:
        self.dsn = dsn
        return self

    def send(self, request: Request) -> None:
        if self.failure is not None:
            raise self.failure
        assert request.event is not None
        assert request.event["event_id"] == request.id
        self.events.append(request.event)

    def discard(self, request: Request, outcome: Outcome) -> None:
        self.discarded.append(outcome.reason)

    def flush(self, timeout: float = 1.0) -> Flushed:
        self.calls.append(("flush", timeout))
        return Flushed.FAILED

    def close(self, timeout: float = 1.0) -> Flushed:
        self.calls.append(("close", timeout))
        return Flushed.TIMEOUT

    async def aflush(self, timeout: float = 1.0) -> Flushed:
        self.calls.append(("aflush", timeout))
        return Flushed.FAILED

    async def aclose(self, timeout: float = 1.0) -> Flushed:
        self.calls.append(("aclose", timeout))
        return Flushed.TIMEOUT

    def stats(self) -> Stats:
        return Stats(accepted=7)


# Without a DSN


@pytest.mark.parametrize("dsn", [None, ""])
def test_without_a_dsn_it_is_disabled(dsn: str | None) -> None:
    with Client(dsn) as client:
        assert not client.enabled
        assert client.capture_message("hello") is None
        assert client.capture_exception(ValueError()) is None
        assert client.capture({"message": "hello"}) is None
        assert client.flush() is Flushed.DELIVERED
        assert client.stats() == Stats()
        assert repr(client) == "<Client disabled>"
    assert client.close() is Flushed.DELIVERED


def test_without_a_dsn_it_costs_nothing() -> None:
    code = """
import sys, threading
from raven import Client
client = Client()
client.capture_message("hello")
assert threading.active_count() == 1, threading.enumerate()
print(sorted({"urllib3", "requests", "gevent", "tenacity", "asyncio", "ssl_context"} & set(sys.modules)))
"""
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=30)
    assert ran.stdout == "[]\n"


def test_a_disabled_client_can_be_awaited() -> None:
    async def program() -> list[Flushed]:
        async with Client() as client:
            return [await client.aflush(), await client.aclose()]

    assert asyncio.run(program()) == [Flushed.DELIVERED] * 2


# How it is set up


def test_the_dsn_comes_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SENTRY_DSN", f"  {DSN}  ")
    transport = Kept()
    assert Client(transport=transport).enabled
    assert transport.dsn == Dsn.parse(DSN)
    assert not Client("", Kept()).enabled
    monkeypatch.setenv("SENTRY_DSN", "  ")
    assert not Client(transport=Kept()).enabled


@pytest.mark.parametrize("dsn", ["  ", "hiddenkey", b"http://hiddenkey@h/1", 5])
def test_a_wrong_dsn_is_refused(dsn: Any) -> None:
    with pytest.raises(InvalidDsn) as raised:
        Client(dsn)
    assert "hidden" not in str(raised.value)


def test_release_and_environment_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SENTRY_RELEASE", " 1.2 ")
    monkeypatch.setenv("SENTRY_ENVIRONMENT", "prod")
    transport = Kept()
    Client(DSN, transport).capture_message("a")
    Client(DSN, transport, release="2.0", environment="test").capture_message("b")
    Client(DSN, transport, release="", environment="").capture_message("c")
    found = [(event.get("release"), event.get("environment")) for event in transport.events]
    assert found == [("1.2", "prod"), ("2.0", "test"), (None, None)]


def test_empty_variables_are_as_good_as_none(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("SENTRY_RELEASE", "  ")
    monkeypatch.chdir(tmp_path)  # where there is no repository
    transport = Kept()
    Client(DSN, transport).capture_message("a")
    assert "release" not in transport.events[0]


def test_the_name_of_the_server_is_the_hosts() -> None:
    transport = Kept()
    Client(DSN, transport).capture_message("a")
    Client(DSN, transport, server_name="web-1").capture_message("b")
    assert [event["server_name"] for event in transport.events] == [socket.gethostname(), "web-1"]


@pytest.mark.parametrize("name", ["release", "environment", "server_name"])
def test_what_must_be_text_is_refused_if_it_is_not(name: str) -> None:
    arguments: dict[str, Any] = {name: 5}
    with pytest.raises(ConfigurationError, match=f"^{name}: text is accepted, not int"):
        Client(DSN, **arguments)


@pytest.mark.parametrize(
    ("query", "name"),
    [
        ("nosuch=hidden", "nosuch"),
        ("timeout=hidden", "timeout"),
        ("verify_ssl=hidden", "verify_ssl"),
        ("timeout=0", "t"),
    ],
)
def test_a_wrong_option_is_refused_by_its_name(query: str, name: str) -> None:
    with pytest.raises(InvalidOption, match=name) as raised:
        Client(f"{DSN}?{query}")
    assert "hidden" not in str(raised.value)


@pytest.mark.parametrize("wrong", [5, "threaded", object, Client, lambda: None])
def test_what_is_no_transport_is_refused(wrong: Any) -> None:
    with pytest.raises(ConfigurationError, match=r"^transport: a transport class or a Stack is accepted, not "):
        Client(DSN, wrong)


def test_connect_takes_a_class_an_instance_and_whatever_has_the_shape() -> None:
    dsn = Dsn.parse(DSN + "?max_event_size=5000")
    for transport in (HTTPTransport, HTTPTransport(), Stack(Serialize(), sink=MemorySink())):
        bound = connect(dsn, transport)
        assert "max_event_size=5000" in repr(bound)
        assert bound.close() is Flushed.DELIVERED
    own = Kept()
    assert connect(dsn, own) is own
    assert own.options == {"max_event_size": "5000"}
    assert own.dsn == dsn
    assert isinstance(connect(dsn, Kept), Kept)


@pytest.mark.parametrize(
    ("prefix", "name"),
    [
        ("", "ThreadedHTTPTransport"),
        ("threaded+", "ThreadedHTTPTransport"),
        ("sync+", "HTTPTransport"),
        ("requests+", "RequestsHTTPTransport"),
        ("threaded+requests+", "ThreadedRequestsHTTPTransport"),
    ],
)
def test_the_scheme_may_name_the_transport(prefix: str, name: str) -> None:
    with Client(prefix + DSN) as client:
        assert repr(client).startswith(f"<Client <{name}() bound to ")
    with Client("threaded+" + DSN, HTTPTransport) as client:
        assert repr(client).startswith("<Client <HTTPTransport() ")


def test_a_transport_that_is_not_there_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    dsn = Dsn.parse(DSN)
    object.__setattr__(dsn, "transport", "nosuch")
    with pytest.raises(ConfigurationError, match=r"begins with nosuch\+"):
        connect(dsn, None)


def test_it_shows_no_secret_and_can_not_be_pickled() -> None:
    with Client(DSN + "?timeout=5") as client:
        assert "hidden" not in f"{client} {client!r} {vars(client)}"
        for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
            with pytest.raises(TypeError):
                pickle.dumps(client, protocol)
    assert repr(client) == "<Client disabled>"


# How it ends


def test_a_closed_client_captures_no_more(raven_captured: Captured) -> None:
    client = raven_captured.client
    client.capture_message("before")
    assert client.close() is Flushed.DELIVERED
    assert not client.enabled
    assert client.capture_message("after") is None
    assert client.capture_exception(ValueError()) is None
    assert client.capture({}) is None
    assert client.close() is Flushed.DELIVERED
    assert len(raven_captured.events) == 1
    assert client.stats().accepted == 1


def test_times_and_results_are_handed_on() -> None:
    transport = Kept()
    client = Client(DSN, transport)
    assert client.flush(1.5) is Flushed.FAILED
    assert asyncio.run(client.aflush(2.5)) is Flushed.FAILED
    assert client.close(3.5) is Flushed.TIMEOUT
    assert asyncio.run(client.aclose(4.5)) is Flushed.TIMEOUT
    assert transport.calls == [("flush", 1.5), ("aflush", 2.5), ("close", 3.5), ("aclose", 4.5)]
    assert client.stats() == Stats(accepted=7)


def test_leaving_the_block_closes() -> None:
    transport = Kept()
    with Client(DSN, transport) as client:
        assert client.enabled

    async def program() -> None:
        async with Client(DSN, transport) as client:
            assert client.enabled

    asyncio.run(program())
    assert transport.calls == [("close", 5.0), ("aclose", 5.0)]
    with pytest.raises(ZeroDivisionError), Client(DSN, transport):
        raise ZeroDivisionError
    assert transport.calls[2:] == [("close", 5.0)]


@pytest.mark.parametrize(
    "transport", [HTTPTransport, ThreadedHTTPTransport, RequestsHTTPTransport, ThreadedRequestsHTTPTransport]
)
def test_it_delivers(transport: type[Stack]) -> None:
    with Server(answer(response(200, b"{}"))) as server:
        with Client(server.dsn("timeout=5&encoding=none"), transport) as client:
            event_id = client.capture_message("hello")
            assert client.flush()
            assert client.stats().delivered == 1
        (request,) = server.requests
    lines = request.body.split(b"\n")
    assert json.loads(lines[2])["event_id"] == event_id
    assert request.headers["x-sentry-auth"].endswith("sentry_key=publickey, sentry_secret=secretkey")


def test_a_program_that_awaits_is_not_blocked() -> None:
    async def program(client: Client) -> Flushed:
        client.capture_message("hello")
        flushing = asyncio.create_task(client.aflush())
        await asyncio.sleep(0)
        assert not flushing.done()
        go.set()
        return await flushing

    go = threading.Event()

    def late(connection: Any) -> None:
        connection.request()
        assert go.wait(5)
        connection.write(response())

    with Server(late) as server, Client(server.dsn("timeout=5")) as client:
        assert asyncio.run(program(client)) is Flushed.DELIVERED
