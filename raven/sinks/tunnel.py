"""Have a proxy connect to a server, over a connection to the proxy that is there already.

It works on any socket that blocks its caller, of whatever library, and takes as long as the socket's timeout allows.
"""

from __future__ import annotations

import re
import socket
from collections.abc import Callable
from functools import partial
from typing import Any

from ..dsn import Dsn
from ..errors import BadResponse, ConnectError, ConnectionLost, NetworkError, ProxyError
from ..first_import import first_import
from .proxy import Proxy
from .resolve import Resolver

Tunnel = Callable[[Any], None]
"""Makes a connected socket one that leads to the server. Raises a `NetworkError`, or OSError."""

_MOST_READ = 65_536
_STATUS = re.compile(rb"HTTP/1\.[01] ([1-5][0-9][0-9])[ \r]")
_WHO = "the proxy wants a user and a password, or others"
_LONGEST_NAME = 127  # bytes; PySocks writes a length of more than that wrongly
_FINAL_SOCKS_ERRORS = ("0x02", "0x07", "0x08")  # forbidden, not supported


def tunnel(proxy: Proxy | None, dsn: Dsn) -> Tunnel | None:
    """What to do with a new connection to this proxy; None if there is nothing to do."""
    if proxy is None or proxy.forwards(dsn):
        return None
    if proxy.scheme == "http":
        return partial(_http, proxy, dsn)
    return partial(_socks, proxy, dsn, Resolver(dsn.host, dsn.port) if proxy.scheme == "socks5" else None)


def _http(proxy: Proxy, dsn: Dsn, sock: Any) -> None:
    server = f"[{dsn.host}]:{dsn.port}" if ":" in dsn.host else f"{dsn.host}:{dsn.port}"
    headers = {"Host": server, **proxy.authorization()}
    lines = [f"CONNECT {server} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items()), "", ""]
    sock.sendall("\r\n".join(lines).encode())
    _check(_answered(sock))


def _answered(sock: Any) -> bytes:
    """The head of an answer. What follows it is read as well, but a server with TLS says nothing before we do."""
    head = b""
    while b"\r\n\r\n" not in head:
        piece = sock.recv(4_096)
        if not piece:
            raise ConnectionLost("the connection was lost while the proxy was asked")
        head += piece
        if not head.startswith(b"HTTP/"[: len(head)]) or len(head) > _MOST_READ:
            raise BadResponse("the proxy's answer is not HTTP")
    return head


def _check(head: bytes) -> None:
    match = _STATUS.match(head)
    status = int(match[1]) if match else 0
    if 200 <= status < 300 and head.endswith(b"\r\n\r\n"):
        return
    if status < 300:
        raise BadResponse("the proxy's answer is not HTTP")
    if status >= 500:
        raise ConnectError(f"the proxy can't reach the server: it answered {status}")
    if status == 407:
        raise ProxyError(f"{_WHO} (it answered 407)")
    raise ProxyError(f"the proxy refused: it answered {status}")


def _socks(proxy: Proxy, dsn: Dsn, resolver: Resolver | None, sock: Any) -> None:
    with first_import():
        import socks

    host = dsn.host
    user, password = proxy.user, proxy.password
    try:
        if resolver is not None:
            host = resolver.resolve(sock.gettimeout() or 0.0)[0][4][0]
        if len(host) > _LONGEST_NAME:
            raise ProxyError(f"a server's name of more than {_LONGEST_NAME} characters can't be told a SOCKS proxy")
        # PySocks can only connect by itself, and not within a time. So its part that speaks SOCKS is called alone; the
        # socket of its own is not used.
        with socks.socksocket() as speaker:
            speaker.set_proxy(
                socks.SOCKS5,
                rdns=True,
                username=user.reveal() if user else None,
                password=password.reveal() if password else None,
            )
            speaker._SOCKS5_request(sock, b"\x01", (host, dsn.port))
    except (socket.gaierror, UnicodeError):  # or a label of the name is too long
        raise ConnectError("the host's name can't be resolved") from None
    except socks.ProxyError as error:
        raise _translate(error) from None


def _translate(error: Exception) -> NetworkError:
    import socks

    text = str(error)
    if isinstance(error, socks.SOCKS5AuthError):
        return ProxyError(_WHO)
    if isinstance(error, socks.SOCKS5Error):
        reason = text.partition(": ")[2]
        if text.startswith(_FINAL_SOCKS_ERRORS):
            return ProxyError(f"the proxy refused: {reason}")
        return ConnectError(f"the proxy can't reach the server: {reason}")
    if "closed" in text:
        return ConnectionLost("the connection was lost while the proxy was asked")
    return BadResponse("the proxy's answer is not SOCKS")
