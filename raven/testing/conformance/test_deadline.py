"""An attempt ends at its deadline, whatever the server does."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from raven.errors import ConnectError, SendTimeout
from raven.request import Request, Response
from raven.sinks.http import HTTPSink
from raven.testing.conformance.conftest import Talk
from raven.testing.conformance.sending import SHORT, Sender, ends_after
from raven.testing.http_server import (
    Behaviour,
    Connection,
    Server,
    answer,
    chunk,
    dripping,
    early,
    endless,
    full_backlog,
    mute,
    refusing_port,
    response,
    say,
    silent,
)

pytestmark = pytest.mark.usefixtures("kind")

SLOW = response(200, b"x" * 5_000)
HALF = b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nanswertext"
CHUNKED = response(200, Transfer_Encoding="chunked")


@pytest.mark.parametrize(
    "behaviour",
    [
        silent,
        mute,
        dripping(b"", SLOW),
        dripping(b"HTTP/1.1 200 OK\r\n", b"X-Drip: 1\r\n" * 500),
        dripping(SLOW[:-4_999], SLOW[-4_999:]),
        dripping(CHUNKED, chunk(b"x") * 500),
        say(b"HTTP/1.1 200", silent),
        say(HALF, silent),
        say(CHUNKED + b"50\r\nanswertext", silent),
        endless(b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 100),
    ],
    ids=[
        "silent",
        "reads only",
        "drips the head",
        "drips headers",
        "drips the body",
        "drips chunks",
        "stops in the head",
        "stops in the body",
        "stops in a chunk",
        "100 for ever",
    ],
)
def test_the_deadline_holds_for_an_answer(talk: Talk, behaviour: Behaviour) -> None:
    _, sender = talk(behaviour, timeout=SHORT)
    with ends_after(SHORT):
        error = sender.fail()
    assert type(error) is SendTimeout
    assert error.transient


@pytest.mark.parametrize("used", [False, True], ids=["new connection", "used connection"])
@pytest.mark.parametrize("then", [silent, dripping(b"", SLOW)], ids=["stops", "drips"])
def test_the_deadline_holds_for_a_body_that_nobody_reads(talk: Talk, used: bool, then: Behaviour) -> None:
    server, sender = talk(answer(times=1, then=early(b"", silent)) if used else early(b"", silent), timeout=SHORT)
    if used:
        sender.post()
    with ends_after(SHORT):
        error = sender.fail(b"x" * 16_000_000)
    assert type(error) is SendTimeout
    assert server.connections == 1


def test_the_deadline_holds_on_a_used_connection(talk: Talk) -> None:
    server, sender = talk(answer(times=1, then=dripping(b"", SLOW)), timeout=SHORT)
    sender.post()
    with ends_after(SHORT):
        assert type(sender.fail()) is SendTimeout
    assert server.connections == 1


def test_a_connection_that_ran_out_of_time_is_not_used_again(talk: Talk) -> None:
    server, sender = talk(say(HALF, silent), answer(), timeout=SHORT)
    sender.fail()
    assert sender.post() == Response(200, {"content-length": "0"})
    assert server.connections == 2


def test_an_answer_that_drips_within_the_time_is_read(talk: Talk) -> None:
    _, sender = talk(dripping(response(200, b"x" * 10)[:-10], b"x" * 10, every=0.01))
    assert sender.post().body == b"x" * 10


def test_the_wait_for_a_free_connection_counts(talk: Talk) -> None:
    _, sender = talk(mute, connections=1)
    with ThreadPoolExecutor(2) as threads:
        began = time.monotonic()
        first, second = threads.submit(sender.fail, timeout=0.4), threads.submit(sender.fail, timeout=0.6)
        assert (type(first.result()), type(second.result())) == (SendTimeout, SendTimeout)
    assert time.monotonic() - began < 0.6 + 0.3


def test_a_free_connection_that_never_comes_is_a_timeout(talk: Talk) -> None:
    server, sender = talk(mute, connections=1)
    with ThreadPoolExecutor(1) as threads:
        first = threads.submit(sender.fail, timeout=0.6)
        assert server.wait_for(lambda: server.requests)
        with ends_after(0.2):
            assert type(sender.fail(timeout=0.2)) is SendTimeout
        assert type(first.result()) is SendTimeout
    assert server.connections == 1


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_the_deadline_holds_for_a_connection_that_is_not_made(scheme: str) -> None:
    with full_backlog() as port, Sender(f"{scheme}://publickey@127.0.0.1:{port}/42", timeout=SHORT) as sender:
        with ends_after(SHORT):
            error = sender.fail()
        assert type(error) is SendTimeout


def drip_hello(connection: Connection) -> None:
    connection.read()
    connection.write(b"\x16\x03\x03\x40\x00")  # the head of a long message, of which little ever comes
    connection.drip(b"\x02" * 500, 0.05)


@pytest.mark.parametrize("behaviour", [silent, drip_hello], ids=["hangs", "drips"])
def test_the_deadline_holds_for_a_tls_handshake(behaviour: Behaviour) -> None:
    with Server(behaviour) as server:
        with Sender(server.dsn().replace("http:", "https:"), timeout=SHORT) as sender, ends_after(SHORT):
            error = sender.fail()
        assert type(error) is SendTimeout


@pytest.mark.parametrize("left", [0.0, -1.0])
def test_no_attempt_begins_when_the_time_is_over(talk: Talk, left: float) -> None:
    server, sender = talk()
    with ends_after(0.0):
        error = sender.fail(timeout=left)
    assert type(error) is SendTimeout
    assert server.connections == 0


def test_without_a_deadline_there_is_one_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("raven.sinks.http.LONGEST_ATTEMPT", SHORT)
    with Server(mute) as server, Sender(server.dsn()) as sender, ends_after(SHORT), pytest.raises(SendTimeout):
        sender.send(Request("0" * 32, body=b""))


@pytest.fixture
def hanging_names(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """The names that were asked for, from a name server that answers "nosuch" only when the test is over."""
    real, asked, over = socket.getaddrinfo, list[str](), threading.Event()
    answered = threading.Semaphore(0)

    def getaddrinfo(host: str, port: int, *, flags: int = 0, **options: Any) -> Any:
        if flags & socket.AI_NUMERICHOST or host != "hangs.example":
            return real(host, port, flags=flags, **options)
        asked.append(host)
        over.wait()
        answered.release()
        raise socket.gaierror(socket.EAI_NONAME, "no such name")

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    yield asked
    over.set()
    for _ in asked:
        assert answered.acquire(timeout=5)


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_the_deadline_holds_for_a_name_server_that_hangs(hanging_names: list[str], scheme: str) -> None:
    with Sender(f"{scheme}://publickey@hangs.example/42", timeout=SHORT) as sender, ends_after(SHORT):
        assert type(sender.fail()) is SendTimeout


@pytest.mark.parametrize("proxy", ["http", "socks5", "socks5h"])
def test_the_deadline_holds_for_the_name_of_a_proxy(hanging_names: list[str], kind: type[HTTPSink], proxy: str) -> None:
    sink = kind(http_proxy=f"{proxy}://hangs.example")
    with Sender("http://publickey@127.0.0.1/42", sink, SHORT) as sender, ends_after(SHORT):
        assert type(sender.fail()) is SendTimeout


def test_the_deadline_holds_for_a_name_that_is_looked_up_for_a_proxy(
    hanging_names: list[str], kind: type[HTTPSink]
) -> None:
    with Server(silent) as via:
        sink = kind(http_proxy=f"socks5://127.0.0.1:{via.port}")
        with Sender("http://publickey@hangs.example/42", sink, SHORT) as sender, ends_after(SHORT):
            assert type(sender.fail()) is SendTimeout


def test_however_many_ask_a_name_server_that_hangs_it_costs_one_thread(hanging_names: list[str]) -> None:
    with Sender("http://publickey@hangs.example/42", timeout=0.1) as sender, ThreadPoolExecutor(8) as threads:
        errors = list(threads.map(lambda _: sender.fail(), range(24)))
    assert {type(error) for error in errors} == {SendTimeout}
    assert hanging_names == ["hangs.example"]


def test_a_name_is_looked_up_anew_for_each_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    ports = iter([refusing_port()])
    real = socket.getaddrinfo
    with Server() as server:

        def getaddrinfo(host: str, port: int, *, flags: int = 0, **options: Any) -> Any:
            if flags & socket.AI_NUMERICHOST:
                raise socket.gaierror(socket.EAI_NONAME, "not a number")
            return real("127.0.0.1", next(ports, server.port), **options)

        monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
        with Sender("http://publickey@moves.example/42") as sender:
            assert type(sender.fail()) is ConnectError
            assert sender.post().delivered


@pytest.fixture
def addresses(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Make a name have these addresses."""

    def have(*addresses: tuple[str, int]) -> None:
        found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", address) for address in addresses]

        def getaddrinfo(host: str, *arguments: Any, flags: int = 0, **options: Any) -> Any:
            if flags & socket.AI_NUMERICHOST:
                raise socket.gaierror(socket.EAI_NONAME, "not a number")
            return found

        monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)

    return have


def test_when_the_first_address_refuses_the_second_is_tried(addresses: Callable[..., None]) -> None:
    with Server() as server, Sender("http://publickey@two.example/42") as sender:
        addresses(("127.0.0.1", refusing_port()), ("127.0.0.1", server.port))
        assert sender.post().delivered


def test_when_the_first_address_hangs_it_has_half_of_the_time(addresses: Callable[..., None]) -> None:
    with full_backlog() as dead, Server() as server, Sender("http://publickey@two.example/42", timeout=0.6) as sender:
        addresses(("127.0.0.1", dead), ("127.0.0.1", server.port))
        with ends_after(0.3):
            assert sender.post().delivered


def test_when_all_addresses_hang_the_deadline_holds(addresses: Callable[..., None]) -> None:
    with full_backlog() as dead, Sender("http://publickey@three.example/42", timeout=SHORT) as sender:
        addresses(*[("127.0.0.1", dead)] * 3)
        with ends_after(SHORT):
            assert type(sender.fail()) is SendTimeout


def test_a_name_with_no_address_at_all_is_a_connect_error(addresses: Callable[..., None]) -> None:
    with Sender("http://publickey@none.example/42") as sender:
        addresses()
        assert type(sender.fail()) is ConnectError
