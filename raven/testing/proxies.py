"""Proxies, as behaviours of `raven.testing.http_server.Server`.

    with Server() as target, Server(connecting(target)) as proxy:
        send_through(proxy.port)
        assert proxy.requests[0].method == "CONNECT"

Whatever server they are asked for, they connect to the one that they were given, so that any name can be tested.
"""

from __future__ import annotations

import base64
import select
import socket
from collections.abc import Callable
from urllib.parse import urlsplit

from raven.testing.http_server import Behaviour, Connection, Received, Server, response

USER, PASSWORD = "proxyuser", "proxypassword"
CREDENTIALS = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
GRANTED = b"HTTP/1.1 200 Connection established\r\n\r\n"
WANTED = response(407, b"who are you?", Proxy_Authenticate='Basic realm="test"', Connection="close")
SOCKS_GRANTED = b"\x05\x00\x00\x01\x7f\x00\x00\x01\x00\x00"


def connecting(target: Server, *, authorized: bool = False) -> Behaviour:
    """A proxy that makes a connection to the server, when asked to CONNECT. It may want the credentials above."""

    def behave(connection: Connection) -> None:
        request = connection.request()
        assert request.method == "CONNECT"
        if authorized and not _is_authorized(request):
            connection.write(WANTED)
            return
        connection.write(GRANTED)
        _carry(connection, target)

    return behave


def forwarding(target: Server, *, authorized: bool = False) -> Behaviour:
    """A proxy that makes the requests itself."""

    def behave(connection: Connection) -> None:
        with socket.create_connection((target.host, target.port)) as onward:
            while True:
                request = connection.request()
                if authorized and not _is_authorized(request):
                    connection.write(WANTED)
                    return
                lines = [f"{name}: {value}" for name, value in request.headers.items() if not name.startswith("proxy-")]
                head = "\r\n".join([f"{request.method} {urlsplit(request.target).path} HTTP/1.1", *lines, "", ""])
                onward.sendall(head.encode("latin-1") + request.body)
                while connection.socket not in (ready := select.select([connection.socket, onward], (), ())[0]):
                    data = onward.recv(65_536) if ready else b""
                    if not data:
                        return
                    connection.write(data)

    return behave


def socks(
    target: Server,
    *,
    authorized: bool = False,
    reply: bytes = SOCKS_GRANTED,
    asked: Callable[[str, int], object] = lambda host, port: None,
) -> Behaviour:
    """A SOCKS5 proxy. `asked` is told of the server's name or address, as it came."""

    def behave(connection: Connection) -> None:
        version, count = _exactly(connection, 2)
        methods = _exactly(connection, count)
        assert version == 5
        wanted = 2 if authorized else 0
        if wanted not in methods:
            connection.write(b"\x05\xff")
            return
        connection.write(bytes((5, wanted)))
        if authorized:
            _, length = _exactly(connection, 2)
            user = _exactly(connection, length)
            password = _exactly(connection, _exactly(connection, 1)[0])
            good = (user, password) == (USER.encode(), PASSWORD.encode())
            connection.write(b"\x01\x00" if good else b"\x01\x01")
            if not good:
                return
        _, _, _, kind = _exactly(connection, 4)
        if kind == 3:
            host = _exactly(connection, _exactly(connection, 1)[0]).decode()
        else:
            family = socket.AF_INET if kind == 1 else socket.AF_INET6
            host = socket.inet_ntop(family, _exactly(connection, 4 if kind == 1 else 16))
        asked(host, int.from_bytes(_exactly(connection, 2), "big"))
        connection.write(reply)
        if reply == SOCKS_GRANTED:
            _carry(connection, target)

    return behave


def _is_authorized(request: Received) -> bool:
    return request.headers.get("proxy-authorization") == f"Basic {CREDENTIALS}"


def _exactly(connection: Connection, count: int) -> bytes:
    data = b""
    while len(data) < count:
        data += connection.read(count - len(data))
    return data


def _carry(connection: Connection, target: Server) -> None:
    """Whatever one says, tell the other, until one of them has nothing more to say."""
    with socket.create_connection((target.host, target.port)) as onward:
        ends = {connection.socket: onward, onward: connection.socket}
        while True:
            for end in select.select(list(ends), (), ())[0]:
                data = end.recv(65_536)
                if not data:
                    return
                ends[end].sendall(data)
