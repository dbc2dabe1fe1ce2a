"""What a sink makes of a server's answers, and how it keeps its connections."""

from __future__ import annotations

import gzip
import socket
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import pytest

from raven.errors import BadResponse, Closed, ConnectError, ConnectionLost, SendError, SendTimeout, TLSError
from raven.request import Request, Response
from raven.runtimes.threads import ThreadRuntime
from raven.sinks.http import MOST_READ, HTTPSink
from raven.testing.conformance.conftest import Talk
from raven.testing.conformance.sending import Sender
from raven.testing.http_server import (
    Behaviour,
    Connection,
    Server,
    answer,
    chunk,
    early,
    endless,
    hang_up,
    refusing_port,
    reset,
    reset_at_first_byte,
    response,
    say,
    shut,
)

pytestmark = pytest.mark.usefixtures("kind")

LARGE = b"bodytext" * 2_000_000  # fits no socket's buffer


def test_the_request_is_what_it_was_given(talk: Talk) -> None:
    server, sender = talk()
    assert sender.post(b"some bytes").delivered
    (request,) = server.requests
    assert (request.method, request.target, request.body) == ("POST", "/api/42/envelope/", b"some bytes")
    assert request.headers["host"] == f"127.0.0.1:{server.port}"
    assert request.headers["content-length"] == "10"
    assert request.headers["accept-encoding"] == "identity"
    assert request.headers["x-sentry-auth"].endswith("sentry_secret=secretkey")


def test_a_prefix_of_the_path_stays(talk: Talk) -> None:
    server, sender = talk(path="/some/pre%20fix")
    sender.post()
    assert server.requests[0].target == "/some/pre%20fix/api/42/envelope/"


def test_the_endpoint_is_the_requests_own() -> None:
    with Server() as server, Sender(server.dsn()) as sender:
        sender.send(Request("0" * 32, body=b"{}", endpoint="store"))
        sender.send(Request("0" * 32, body=b"{}"))
    assert [request.target for request in server.requests] == ["/api/42/store/", "/api/42/envelope/"]


def test_one_connection_serves_many_requests(talk: Talk) -> None:
    server, sender = talk(answer(response(200, b"{}"), response(429), response(204), response(500, b"answertext")))
    statuses = [sender.post().status for _ in range(20)]
    assert statuses == [200, 429, 204, *[500] * 17]
    assert server.connections == 1


def test_threads_share_a_bounded_number_of_connections(talk: Talk) -> None:
    everybody = threading.Barrier(3)

    def meet(connection: Connection) -> None:
        connection.request()
        everybody.wait(5)  # so that each of the three is in use at once
        connection.write(response())
        answer()(connection)

    server, sender = talk(meet, connections=3)
    with ThreadPoolExecutor(16) as threads:
        answers = list(threads.map(lambda _: sender.post(), range(64)))
    assert all(each.delivered for each in answers)
    assert len(server.requests) == 64
    assert server.connections == 3


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_an_answer_and_not_followed(talk: Talk, status: int) -> None:
    with Server() as target:
        server, sender = talk(answer(response(status, Location=f"http://127.0.0.1:{target.port}/elsewhere")))
        assert [sender.post().status for _ in range(2)] == [status, status]
        assert (len(server.requests), server.connections) == (2, 1)
        assert target.connections == 0


def test_names_of_headers_are_in_lower_case_and_repeated_ones_are_joined(talk: Talk) -> None:
    _, sender = talk(say(b"HTTP/1.1 429 No\r\nRETRY-After: 7\r\nX-A: 1\r\nx-a: 2\r\nContent-Length: 2\r\n\r\nno"))
    assert sender.post() == Response(429, {"retry-after": "7", "x-a": "1, 2", "content-length": "2"}, b"no")


@pytest.mark.parametrize(
    ("data", "status", "body"),
    [
        (response(204), 204, b""),
        (response(200, chunk(b"ab") + chunk(b"cd") + chunk(b""), Transfer_Encoding="chunked"), 200, b"abcd"),
        (b"HTTP/1.0 200 OK\r\n\r\nto the end", 200, b"to the end"),
        (b"HTTP/1.1 100 Continue\r\n\r\n" + response(200, b"ok"), 200, b"ok"),
        (b"HTTP/1.1 100 Continue\r\n\r\n" * 50 + response(200, b"ok"), 200, b"ok"),
        (response(200, gzip.compress(b"x" * 50_000_000), Content_Encoding="gzip"), 200, None),
        (response(200, b"ok", Content_Encoding="gzip"), 200, b"ok"),
        (response(999, b"ok"), 999, b"ok"),
        (b"HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n", 200, b""),
    ],
    ids=["204", "chunked", "until the end", "100", "many 100", "gzip bomb", "no gzip", "999", "no reason"],
)
def test_an_odd_answer_is_understood(talk: Talk, data: bytes, status: int, body: bytes | None) -> None:
    _, sender = talk(say(data))
    got = sender.post()
    assert got.status == status
    assert got.body == body if body is not None else 0 < len(got.body) <= MOST_READ


@pytest.mark.parametrize(
    "behaviour",
    [
        answer(response(500, b"x" * 10_000_000)),
        endless(response(500, Transfer_Encoding="chunked"), chunk(b"x" * 4_096)),
        endless(b"HTTP/1.1 500 No\r\n\r\n", b"x" * 4_096),
        endless(response(500, Content_Length="1000000000"), b"x" * 4_096),
    ],
    ids=["10 MB", "endless chunks", "endless", "1 GB"],
)
def test_of_a_long_answer_the_start_is_read_and_the_connection_dropped(talk: Talk, behaviour: Behaviour) -> None:
    server, sender = talk(behaviour, answer())
    got = sender.post()
    assert (got.status, got.body) == (500, b"x" * MOST_READ)
    assert sender.post().status == 200
    assert server.connections == 2


def test_the_connection_of_a_long_answer_is_closed_at_once(talk: Talk) -> None:
    left = threading.Event()

    def babble(connection: Connection) -> None:
        try:
            endless(response(500, Transfer_Encoding="chunked"), chunk(b"x" * 4_096))(connection)
        except OSError:
            left.set()

    _, sender = talk(babble)
    got = sender.post()
    assert left.wait(5)
    assert got.status == 500


@pytest.mark.parametrize(
    "behaviour",
    [
        endless(response(500, Transfer_Encoding="chunked"), chunk(b"x" * 4_096)),
        say(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{}"),
    ],
    ids=["too long", "cut short"],
)
def test_an_answer_that_costs_its_connection_does_not_cost_its_place_in_the_pool(
    talk: Talk, behaviour: Behaviour
) -> None:
    server, sender = talk(behaviour, connections=2)
    for _ in range(5):
        with suppress(ConnectionLost):
            sender.post()
    assert server.connections == 5


def test_an_answer_of_just_the_bound_keeps_its_connection(talk: Talk) -> None:
    server, sender = talk(answer(response(200, b"x" * MOST_READ)))
    assert [len(sender.post().body) for _ in range(3)] == [MOST_READ] * 3
    assert server.connections == 1


def test_an_answer_that_comes_before_the_body_is_sent_is_seen(talk: Talk) -> None:
    server, sender = talk(early(response(413)))
    assert sender.post(LARGE).status == 413
    assert server.wait_for(lambda: server.requests)
    assert sender.post().status == 200
    assert server.connections == 1


def test_an_answer_that_comes_in_place_of_reading_the_body_is_seen(talk: Talk) -> None:
    def last_words(connection: Connection) -> None:
        # FIN before the RST that unread data causes, as a server does that wants its answer to be read.
        shut(connection.socket, socket.SHUT_WR)
        connection.pause(0.05)

    server, sender = talk(early(response(413, Connection="close"), last_words), answer())
    assert sender.post(LARGE).status == 413
    assert sender.post().status == 200
    assert server.connections == 2


@pytest.mark.parametrize(
    "data",
    [
        b"garbage\r\n\r\n",
        b"\x00\xff\xfe answertext\r\n\r\n",
        b"hello, this is HTTP/0.9 answertext\n",
        b"SSH-2.0-OpenSSH_9.9\r\n",
        b"HTTP/1.1 abc OK\r\n\r\n",
        b"HTTP/1.1 99 Low\r\n\r\n",
        b"HTTP/1.1 200 OK" + b"x" * 200_000 + b"\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nX-Long: " + b"x" * 200_000 + b"\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"".join(b"X-%d: 1\r\n" % n for n in range(500)) + b"\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nanswer",
    ],
    ids=["garbage", "bytes", "0.9", "ssh", "letters", "99", "long line", "long header", "headers", "lengths"],
)
def test_what_is_not_http_is_a_bad_response(talk: Talk, data: bytes) -> None:
    server, sender = talk(say(data, Connection.hold), answer())
    error = sender.fail()
    assert type(error) is BadResponse
    assert not error.transient
    assert sender.post().status == 200
    assert server.connections == 2


@pytest.mark.parametrize(
    "behaviour",
    [
        say(b""),
        say(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nanswertext\r\nno chunk"),
        say(b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nanswertext"),
        say(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n50\r\nanswertext"),
        say(b"", reset),
        say(b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nanswertext", reset),
        hang_up,
        reset_at_first_byte,
    ],
    ids=[
        "nothing",
        "no chunk",
        "half a body",
        "half a chunk",
        "reset",
        "reset in the body",
        "at once",
        "at the first byte",
    ],
)
def test_a_lost_connection_is_not_stale_if_it_was_new(talk: Talk, behaviour: Behaviour) -> None:
    server, sender = talk(behaviour, answer())
    error = sender.fail()
    assert isinstance(error, ConnectionLost), error
    assert not error.stale
    assert error.transient
    assert sender.post().status == 200
    assert server.connections == 2


def test_a_connection_that_is_reset_at_once_is_an_error_of_the_network(talk: Talk) -> None:
    _, sender = talk(reset, answer())
    error = sender.fail()
    assert type(error) in (ConnectionLost, ConnectError)  # it may come while the connection is still being made
    assert error.transient


@pytest.mark.parametrize("body", [b"bodytext", LARGE], ids=["small", "large"])
def test_a_used_connection_that_breaks_before_the_answer_is_stale(talk: Talk, body: bytes) -> None:
    server, sender = talk(answer(times=2, then=reset_at_first_byte), answer())
    assert [sender.post().status for _ in range(2)] == [200, 200]
    error = sender.fail(body)
    assert isinstance(error, ConnectionLost), error
    assert error.stale
    assert sender.post().status == 200
    assert server.connections == 2


def test_a_used_connection_that_is_closed_under_the_request_is_stale(talk: Talk) -> None:
    _, sender = talk(answer(times=1, then=Connection.request))
    sender.post()
    error = sender.fail()
    assert isinstance(error, ConnectionLost)
    assert error.stale


def test_a_used_connection_that_breaks_within_the_answer_is_not_stale(talk: Talk) -> None:
    _, sender = talk(answer(response(), b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nanswertext", times=2))
    sender.post()
    error = sender.fail()
    assert isinstance(error, ConnectionLost)
    assert not error.stale


@pytest.mark.parametrize("end", [hang_up, reset], ids=["FIN", "RST"])
def test_a_connection_that_was_closed_while_idle_costs_no_failure(talk: Talk, end: Behaviour) -> None:
    answered, gone = threading.Event(), threading.Event()

    def leave(connection: Connection) -> None:
        assert answered.wait(5)  # RST takes away what the client hasn't read
        if end is reset:
            connection.reset()
        connection.socket.close()
        gone.set()

    server, sender = talk(answer(times=1, then=leave), answer())
    assert sender.post().delivered
    answered.set()
    assert gone.wait(5)
    assert sender.post().delivered
    assert server.connections == 2


def test_a_server_that_closes_after_each_answer_is_no_failure(talk: Talk) -> None:
    server, sender = talk(say(response(Connection="close")))
    assert all(sender.post().delivered for _ in range(3))
    assert server.connections == 3


def test_a_refused_connection_is_a_connect_error() -> None:
    with Sender(f"http://publickey@127.0.0.1:{refusing_port()}/prefix/42") as sender:
        error = sender.fail()
    assert type(error) is ConnectError
    assert str(error) == "the server can't be reached: Connection refused"


@pytest.mark.parametrize("host", ["nosuchhost.invalid", "a" * 70 + ".example"], ids=["unknown", "too long a label"])
def test_a_name_without_an_address_is_a_connect_error(host: str) -> None:
    with Sender(f"http://publickey@{host}/42") as sender:
        error = sender.fail()
    assert type(error) is ConnectError
    assert str(error) == "the host's name can't be resolved"


def test_plain_http_where_tls_is_expected_is_a_tls_error() -> None:
    def bad_request(connection: Connection) -> None:
        connection.read()
        connection.write(response(400, b"answertext"))
        connection.hold()

    with Server(bad_request) as server, Sender(server.dsn().replace("http:", "https:")) as sender:
        error = sender.fail()
    assert type(error) is TLSError
    assert str(error).startswith("TLS could not be set up: ")


def test_tls_where_plain_http_is_expected_is_an_error(talk: Talk) -> None:
    server, _ = talk()
    if server.dsn().startswith("https"):
        with Sender(server.dsn().replace("https:", "http:")) as sender:
            assert isinstance(sender.fail(), (BadResponse, ConnectionLost))


def test_a_closed_sink_keeps_no_connection_and_sends_no_more() -> None:
    ended = threading.Event()

    def watch(connection: Connection) -> None:
        answer(times=1)(connection)
        try:
            connection.read()
        except OSError:
            ended.set()

    with Server(watch) as server, Sender(server.dsn()) as sender:
        assert sender.post().status == 200
        sender.bound.close()
        assert ended.wait(5)
        assert type(sender.fail()) is Closed
        sender.bound.close()
        assert server.connections == 1


@pytest.mark.parametrize("then", [hang_up, reset], ids=["FIN", "RST"])
def test_a_connection_that_is_lost_in_the_tls_handshake_is_not_final(then: Behaviour) -> None:
    def give_up(connection: Connection) -> None:
        connection.read()
        then(connection)

    with Server(give_up) as server, Sender(server.dsn().replace("http:", "https:")) as sender:
        error = sender.fail()
    assert isinstance(error, ConnectionLost)
    assert error.transient
    assert not error.stale


def test_nothing_is_connected_or_imported_before_the_first_request() -> None:
    with Server() as server, Sender(server.dsn()):
        assert server.connections == 0


def test_at_exit_a_blocking_sink_with_the_same_options_takes_its_place(kind: type[HTTPSink]) -> None:
    twin = kind(connections=3, verify_ssl=False).at_exit()
    assert isinstance(twin, HTTPSink)
    assert (twin.connections, twin.verify_ssl) == (3, False)
    assert isinstance(twin.runtime(), ThreadRuntime)
    assert not twin.suspends


def test_every_failure_is_one_of_ours() -> None:
    for error in (BadResponse, ConnectError, ConnectionLost, SendTimeout, TLSError):
        assert issubclass(error, SendError)
