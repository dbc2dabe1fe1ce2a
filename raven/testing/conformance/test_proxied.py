"""Sending through real proxies: good ones, ones that refuse, and ones that behave badly."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import pytest

from raven.client import Client
from raven.errors import (
    BadResponse,
    ConnectError,
    ConnectionLost,
    ProxyError,
    SendTimeout,
    TLSError,
)
from raven.request import Response
from raven.sinks.http import HTTPSink
from raven.testing.conformance.conftest import Authority
from raven.testing.conformance.sending import SHORT, TIMEOUT, Sender, ends_after
from raven.testing.http_server import (
    Behaviour,
    Connection,
    Server,
    answer,
    dripping,
    endless,
    full_backlog,
    hang_up,
    mute,
    refusing_port,
    reset_at_first_byte,
    response,
    say,
    silent,
)
from raven.testing.proxies import CREDENTIALS, GRANTED, PASSWORD, USER, connecting, forwarding, socks
from raven.transport.http import HTTPTransport

pytestmark = pytest.mark.usefixtures("kind")

ROUTES = [
    (scheme, proxy) for scheme in ("http", "https") for proxy in ("http", "socks5", "socks5h")
]  # of the server, of the proxy
CONNECTING = [route for route in ROUTES if route != ("http", "http")]
NAME = "sentry.example"


class Net:
    """Makes servers, proxies to them, and senders that go by these."""

    def __init__(self, stack: ExitStack, authority: Authority, kind: type[HTTPSink]) -> None:
        self._stack = stack
        self._authority = authority
        self._kind = kind
        self._context = authority.server_context(NAME, "localhost", "127.0.0.1", "::1")
        self.asked: list[tuple[str, int]] = []

    def server(self, scheme: str, *behaviours: Behaviour, host: str = "127.0.0.1") -> Server:
        """A server."""
        context = self._context if scheme == "https" else None
        return self._stack.enter_context(Server(*behaviours, context=context, host=host))

    def good(self, scheme: str, proxy: str, target: Server, authorized: bool = False) -> Behaviour:
        """A proxy of this kind, to this server."""
        if proxy != "http":
            return socks(target, authorized=authorized, asked=lambda host, port: self.asked.append((host, port)))
        return (connecting if scheme == "https" else forwarding)(target, authorized=authorized)

    def sender(
        self, dsn: str, proxy: str, port: int, *, user: str = "", timeout: float = TIMEOUT, host: str = "127.0.0.1"
    ) -> Sender:
        """What sends to that server by the proxy at this port."""
        url = f"{proxy}://{user}{'@' if user else ''}{host}:{port}"
        sink = self._kind(ca_certs=self._authority.file, **{f"{dsn.partition(':')[0]}_proxy": url})  # type: ignore[arg-type]
        return self._stack.enter_context(Sender(dsn, sink, timeout))


@pytest.fixture
def net(authority: Authority, kind: type[HTTPSink]) -> Iterator[Net]:
    with ExitStack() as stack:
        yield Net(stack, authority, kind)


def dsn_of(scheme: str, host: str = NAME, port: int = 9000) -> str:
    return f"{scheme}://publickey:secretkey@{host}:{port}/prefix/42"


# Good ones


@pytest.mark.parametrize("authorized", [False, True], ids=["open", "with a password"])
@pytest.mark.parametrize(("scheme", "proxy"), ROUTES)
def test_events_go_by_the_proxy(net: Net, scheme: str, proxy: str, authorized: bool) -> None:
    target = net.server(scheme)
    via = net.server("http", net.good(scheme, proxy, target, authorized))
    host = "localhost" if proxy == "socks5" else NAME  # the one that we look up ourselves
    user = f"{USER}:{PASSWORD}" if authorized else ""
    sender = net.sender(dsn_of(scheme, host, target.port), proxy, via.port, user=user)
    assert all(sender.post(b"some bytes").delivered for _ in range(3))
    assert via.connections == 1  # which is kept alive
    assert [(each.method, each.target, each.body) for each in target.requests] == [
        ("POST", "/prefix/api/42/envelope/", b"some bytes")
    ] * 3
    for request in target.requests:
        assert request.headers["host"] == f"{host}:{target.port}"
        assert request.headers["x-sentry-auth"].endswith("sentry_secret=secretkey")
        assert not [name for name in request.headers if name.startswith("proxy-")]


@pytest.mark.parametrize(("scheme", "proxy"), [route for route in ROUTES if route[1] != "socks5"])
def test_the_proxy_looks_the_name_up(net: Net, scheme: str, proxy: str) -> None:
    target = net.server(scheme)
    via = net.server("http", net.good(scheme, proxy, target))
    assert net.sender(dsn_of(scheme, NAME, 9000), proxy, via.port).post().delivered
    if proxy == "socks5h":
        assert net.asked == [(NAME, 9000)]
    elif scheme == "https":
        assert (via.requests[0].method, via.requests[0].target) == ("CONNECT", f"{NAME}:9000")
        assert via.requests[0].headers == {"host": f"{NAME}:9000"}
    else:
        assert via.requests[0].target == f"http://{NAME}:9000/prefix/api/42/envelope/"
        assert via.requests[0].headers["host"] == f"{NAME}:9000"


def test_with_socks5_the_name_is_looked_up_here(net: Net) -> None:
    target = net.server("http")
    via = net.server("http", net.good("http", "socks5", target))
    assert net.sender(dsn_of("http", "localhost"), "socks5", via.port).post().delivered
    assert net.asked[0][0] in ("127.0.0.1", "::1")
    error = net.sender(dsn_of("http", "nosuchhost.invalid"), "socks5", via.port).fail()
    assert (type(error), str(error)) == (ConnectError, "the host's name can't be resolved")
    assert len(net.asked) == 1


@pytest.mark.parametrize(("scheme", "proxy"), ROUTES)
def test_ipv6_all_the_way(net: Net, scheme: str, proxy: str) -> None:
    target = net.server(scheme, host="::1")
    via = net.server("http", net.good(scheme, proxy, target), host="::1")
    assert net.sender(target.dsn(), proxy, via.port, host="[::1]").post().delivered
    assert target.requests[0].headers["host"] == f"[::1]:{target.port}"


@pytest.mark.parametrize(("scheme", "proxy"), CONNECTING)
def test_a_used_tunnel_that_breaks_is_stale(net: Net, scheme: str, proxy: str) -> None:
    target = net.server(scheme, answer(times=2, then=reset_at_first_byte), answer())
    via = net.server("http", net.good(scheme, proxy, target))
    sender = net.sender(dsn_of(scheme, "localhost"), proxy, via.port)
    assert [sender.post().status for _ in range(2)] == [200, 200]
    error = sender.fail()
    assert isinstance(error, ConnectionLost)
    assert error.stale
    assert sender.post().delivered


def test_it_is_the_server_whose_certificate_counts(net: Net, authority: Authority) -> None:
    target = net.server("https")
    via = net.server("http", connecting(target))
    error = net.sender(dsn_of("https", "elsewhere.example"), "http", via.port).fail()
    assert type(error) is TLSError
    assert str(error).startswith("the server's certificate was refused: ")


def test_many_threads_share_few_tunnels(net: Net, authority: Authority, kind: type[HTTPSink]) -> None:
    target = net.server("https")
    via = net.server("http", connecting(target))
    sink = kind(ca_certs=authority.file, https_proxy=f"http://127.0.0.1:{via.port}", connections=2)
    with Sender(dsn_of("https"), sink) as sender, ThreadPoolExecutor(8) as threads:
        assert all(each.delivered for each in threads.map(lambda _: sender.post(), range(40)))
    assert via.connections == target.connections <= 2


def test_a_redirect_through_a_proxy_is_an_answer(net: Net) -> None:
    via = net.server("http", answer(response(302, Location="http://elsewhere.example/")))
    assert net.sender(dsn_of("http"), "http", via.port).post().status == 302
    assert len(via.requests) == 1


def test_two_clients_have_their_own_proxies(net: Net, kind: type[HTTPSink]) -> None:
    first, second = net.server("http"), net.server("http")
    one = net.server("http", forwarding(first))
    other = net.server("http", forwarding(second))
    for via in (one, other, one):
        assert net.sender(dsn_of("http"), "http", via.port).post().delivered
    assert (len(first.requests), len(second.requests)) == (2, 1)


# Ones that refuse


@pytest.mark.parametrize("user", ["", f"{USER}:wrong"], ids=["none", "wrong"])
@pytest.mark.parametrize(("scheme", "proxy"), ROUTES)
def test_credentials_that_a_proxy_does_not_take(net: Net, scheme: str, proxy: str, user: str) -> None:
    target = net.server(scheme)
    via = net.server("http", net.good(scheme, proxy, target, authorized=True))
    sender = net.sender(dsn_of(scheme, "localhost"), proxy, via.port, user=user)
    if (scheme, proxy) == ("http", "http"):
        assert sender.post().status == 407  # it can't be told from an answer of the server
    else:
        error = sender.fail()
        assert type(error) is ProxyError
        assert not error.transient
        assert str(error).startswith("the proxy wants a user and a password, or others")
    assert target.requests == []


@pytest.mark.parametrize(
    ("status", "kind_of_error"),
    [(400, ProxyError), (403, ProxyError), (302, ProxyError), (502, ConnectError), (503, ConnectError)],
)
def test_a_proxy_that_does_not_connect(net: Net, status: int, kind_of_error: type[Exception]) -> None:
    via = net.server("http", say(response(status, b"answertext")))
    error = net.sender(dsn_of("https"), "http", via.port).fail()
    assert type(error) is kind_of_error
    assert str(status) in str(error)
    assert error.transient is (status >= 500)


@pytest.mark.parametrize(
    ("code", "kind_of_error", "text"),
    [
        (1, ConnectError, "the proxy can't reach the server: general server failure"),
        (2, ProxyError, "the proxy refused: connection not allowed by ruleset"),
        (5, ConnectError, "the proxy can't reach the server: connection refused"),
        (8, ProxyError, "the proxy refused: address type not supported"),
        (99, BadResponse, "the proxy's answer is not SOCKS"),
    ],
)
def test_a_socks_proxy_that_does_not_connect(net: Net, code: int, kind_of_error: type[Exception], text: str) -> None:
    reply = bytes((5, code, 0, 1, 0, 0, 0, 0, 0, 0))
    via = net.server("http", socks(net.server("http"), reply=reply))
    error = net.sender(dsn_of("http"), "socks5h", via.port).fail()
    assert (type(error), str(error)) == (kind_of_error, text)


@pytest.mark.parametrize(("scheme", "proxy"), ROUTES)
def test_a_proxy_that_is_not_there(net: Net, scheme: str, proxy: str) -> None:
    error = net.sender(dsn_of(scheme, "127.0.0.1"), proxy, refusing_port()).fail()
    assert (type(error), str(error)) == (ConnectError, "the proxy can't be reached: Connection refused")
    error = net.sender(dsn_of(scheme, "127.0.0.1"), proxy, 1, host="nosuchproxy.invalid").fail()
    assert (type(error), str(error)) == (ConnectError, "the proxy's name can't be resolved")


def test_a_socks_proxy_is_told_the_longest_name(net: Net) -> None:
    name = ".".join([letter * 61 for letter in "abcd"]) + ".names"
    assert len(name) == 253
    via = net.server("http", net.good("http", "socks5h", net.server("http")))
    assert net.sender(dsn_of("http", name), "socks5h", via.port).post().delivered
    assert net.asked == [(name, 9000)]


# Ones that behave badly


@pytest.mark.parametrize("behaviour", [hang_up, reset_at_first_byte, say(b"HTTP/1.1 200 OK\r\n")])
def test_a_proxy_that_hangs_up(net: Net, behaviour: Behaviour) -> None:
    error = net.sender(dsn_of("https"), "http", net.server("http", behaviour).port).fail()
    assert type(error) in (ConnectionLost, ConnectError)
    assert error.transient
    assert not getattr(error, "stale", False)


def after_greeting(data: bytes, then: Behaviour) -> Behaviour:
    """Read something, write this, and go on as `then`."""

    def behave(connection: Connection) -> None:
        connection.read()
        connection.write(data)
        then(connection)

    return behave


@pytest.mark.parametrize("data", [b"", b"\x05", b"\x05\x00"])
def test_a_socks_proxy_that_hangs_up(net: Net, data: bytes) -> None:
    via = net.server("http", after_greeting(data, hang_up))
    error = net.sender(dsn_of("http"), "socks5h", via.port).fail()
    assert type(error) in (ConnectionLost, ConnectError)
    assert error.transient


@pytest.mark.parametrize(
    "behaviour",
    [
        say(b"garbage\r\n\r\n", Connection.hold),
        say(b"\x05\x00 answertext", Connection.hold),
        say(b"HTTP/9 abc\r\n\r\n", Connection.hold),
        say(b"HTTP/1.1 100 Continue\r\n\r\n", Connection.hold),
        say(GRANTED + b"answertext", Connection.hold),
        endless(b"HTTP/1.1 200 OK\r\n", b"X-Long: answertext\r\n" * 100),
    ],
    ids=["garbage", "socks", "no status", "100", "more after the head", "endless head"],
)
def test_a_proxy_that_does_not_speak_http(net: Net, behaviour: Behaviour) -> None:
    error = net.sender(dsn_of("https"), "http", net.server("http", behaviour).port).fail()
    assert type(error) is BadResponse
    assert str(error) == "the proxy's answer is not HTTP"


@pytest.mark.parametrize("data", [b"HTTP/1.1 400 answertext", b"\x04\x00", b"\x05\x03", b"\x05\x00\x04\x00\x00\x01"])
def test_a_proxy_that_does_not_speak_socks(net: Net, data: bytes) -> None:
    via = net.server("http", after_greeting(data, Connection.hold))
    error = net.sender(dsn_of("http"), "socks5h", via.port).fail()
    assert type(error) is BadResponse
    assert str(error) == "the proxy's answer is not SOCKS"


def drip_socks(connection: Connection) -> None:
    connection.read()
    connection.write(b"\x05\x00")
    connection.read()
    connection.write(b"\x05\x00\x00\x03\xff")
    connection.drip(b"x" * 300, 0.05)


HTTP_IDS = ["silent", "mute", "drips", "drips headers", "silent after the head"]


@pytest.mark.parametrize(
    "behaviour",
    [
        silent,
        mute,
        dripping(b"", b"HTTP/1.1 200 " + b"x" * 100),
        dripping(b"HTTP/1.1 200 OK\r\n", b"X-Drip: 1\r\n" * 50),
        say(GRANTED, silent),
    ],
    ids=HTTP_IDS,
)
def test_the_deadline_holds_for_a_proxy_that_connects(net: Net, behaviour: Behaviour) -> None:
    sender = net.sender(dsn_of("https"), "http", net.server("http", behaviour).port, timeout=SHORT)
    with ends_after(SHORT):
        assert type(sender.fail()) is SendTimeout


@pytest.mark.parametrize("behaviour", [silent, mute, dripping(b"", response())])
def test_the_deadline_holds_for_a_proxy_that_forwards(net: Net, behaviour: Behaviour) -> None:
    sender = net.sender(dsn_of("http"), "http", net.server("http", behaviour).port, timeout=SHORT)
    with ends_after(SHORT):
        assert type(sender.fail()) is SendTimeout


@pytest.mark.parametrize("behaviour", [silent, after_greeting(b"\x05\x00", silent), drip_socks])
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_the_deadline_holds_for_a_socks_proxy(net: Net, scheme: str, behaviour: Behaviour) -> None:
    sender = net.sender(dsn_of(scheme), "socks5h", net.server("http", behaviour).port, timeout=SHORT)
    with ends_after(SHORT):
        assert type(sender.fail()) is SendTimeout


@pytest.mark.parametrize(("scheme", "proxy"), ROUTES)
@pytest.mark.parametrize("behaviour", [mute, dripping(b"", response(200, b"x" * 500))], ids=["mute", "drips"])
def test_the_deadline_holds_for_a_server_behind_a_proxy(
    net: Net, scheme: str, proxy: str, behaviour: Behaviour
) -> None:
    target = net.server(scheme, behaviour)
    via = net.server("http", net.good(scheme, proxy, target))
    sender = net.sender(dsn_of(scheme, "127.0.0.1"), proxy, via.port, timeout=SHORT)
    with ends_after(SHORT):
        assert type(sender.fail()) is SendTimeout


@pytest.mark.parametrize(("scheme", "proxy"), ROUTES)
def test_the_deadline_holds_for_a_proxy_that_is_not_reached(net: Net, scheme: str, proxy: str) -> None:
    with full_backlog() as port:
        sender = net.sender(dsn_of(scheme, "127.0.0.1"), proxy, port, timeout=SHORT)
        with ends_after(SHORT):
            assert type(sender.fail()) is SendTimeout


# Secrets


def test_the_credentials_are_shown_nowhere(
    authority: Authority, kind: type[HTTPSink], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    with Server(say(response(407))) as via:
        url = f"http://{USER}:{PASSWORD}@127.0.0.1:{via.port}"
        sink = kind(http_proxy=url, https_proxy=url)
        stack = HTTPTransport(http_proxy=url, https_proxy=url)
        client = Client(f"{dsn_of('https')}?https_proxy={url}&attempts=1", stack)
        client.capture_message("hello")
        with Sender(dsn_of("https"), sink) as sender:
            error = sender.fail()
        shown = repr((sink, stack, client, sender.bound, vars(sender.bound), sink.proxy, vars(sink), error))
        client.close()
    for secret in (USER, PASSWORD, CREDENTIALS):
        assert secret not in shown + caplog.text
    assert "http_proxy=***" in shown
    assert "the proxy wants a user and a password" in caplog.text
    assert isinstance(Response(407), Response)
