"""Have a proxy connect to a server, over a connection to the proxy that is there already, of whatever library."""

from __future__ import annotations

import re
import socket
from collections.abc import Awaitable, Callable

from ..dsn import Dsn
from ..errors import BadResponse, ConnectError, ConnectionLost, ProxyError
from ..first_import import first_import
from ..runtimes import Runtime
from .proxy import Proxy
from .resolve import Resolver

Write = Callable[[bytes], Awaitable[None]]
Read = Callable[[int], Awaitable[bytes]]
"""Reads some bytes, at most that many. None at all: the connection is closed."""

_MOST_READ = 65_536
_VERSION = 5
_ADDRESS_SIZES = {1: 4, 4: 16, 3: 0}  # by the kind of address; a name begins with its own length
_STATUS = re.compile(rb"HTTP/1\.[01] ([1-5][0-9][0-9])[ \r]")
_WHO = "the proxy wants a user and a password, or others"
_FINAL_SOCKS_REASONS = ("connection not allowed", "command not supported", "address type not supported")


class Tunnel:
    """Makes a connection to a proxy one that leads to the server. `opened` says whether there is any need of that."""

    def __init__(self, proxy: Proxy, dsn: Dsn, runtime: Runtime) -> None:
        self._proxy = proxy
        self._dsn = dsn
        self._resolver = Resolver(dsn.host, dsn.port, runtime)

    async def open(self, write: Write, read: Read, seconds: float) -> None:
        """Ask the proxy, within what time `write` and `read` have; `seconds` are for looking the server's name up.

        Raises a `NetworkError`, or what `write` and `read` raise.
        """
        if self._proxy.scheme == "http":
            await self._connect(write, read)
            return
        host = self._dsn.host
        if self._proxy.scheme == "socks5":
            try:
                host = (await self._resolver.resolve(seconds))[0][4][0]
            except socket.gaierror:
                raise ConnectError("the host's name can't be resolved") from None
        await self._socks(host, write, read)

    async def _connect(self, write: Write, read: Read) -> None:
        host, port = self._dsn.host, self._dsn.port
        server = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        headers = {"Host": server, **self._proxy.authorization()}
        lines = [f"CONNECT {server} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items()), "", ""]
        await write("\r\n".join(lines).encode())
        head = b""
        while b"\r\n\r\n" not in head:
            head += await _some(read, 4_096)
            if not head.startswith(b"HTTP/"[: len(head)]) or len(head) > _MOST_READ:
                raise BadResponse("the proxy's answer is not HTTP")
        _check_head(head)

    async def _socks(self, host: str, write: Write, read: Read) -> None:
        with first_import():
            from socksio import ProtocolError, socks5

        user, password = self._proxy.user, self._proxy.password
        methods = [socks5.SOCKS5AuthMethod.NO_AUTH_REQUIRED]
        if user is not None:
            methods.append(socks5.SOCKS5AuthMethod.USERNAME_PASSWORD)
        try:
            await write(socks5.SOCKS5AuthMethodsRequest(methods).dumps())
            answer = await _exactly(read, 2)
            if answer[0] != _VERSION:
                raise ProtocolError
            method = socks5.SOCKS5AuthReply.loads(answer).method
            if method not in methods:
                raise ProxyError(_WHO)
            if method is socks5.SOCKS5AuthMethod.USERNAME_PASSWORD and user is not None and password is not None:
                who = socks5.SOCKS5UsernamePasswordRequest(user.reveal().encode(), password.reveal().encode())
                await write(who.dumps())
                if not socks5.SOCKS5UsernamePasswordReply.loads(await _exactly(read, 2)).success:
                    raise ProxyError(_WHO)
            address = (host, self._dsn.port)
            await write(socks5.SOCKS5CommandRequest.from_address(socks5.SOCKS5Command.CONNECT, address).dumps())
            code = socks5.SOCKS5ReplyCode(await _reply_code(read))
        except (ProtocolError, ValueError):
            raise BadResponse("the proxy's answer is not SOCKS") from None
        if code is not socks5.SOCKS5ReplyCode.SUCCEEDED:
            reason = code.name.lower().replace("_", " ")
            if reason.startswith(_FINAL_SOCKS_REASONS):
                raise ProxyError(f"the proxy refused: {reason}")
            raise ConnectError(f"the proxy can't reach the server: {reason}")


def tunnel(proxy: Proxy | None, dsn: Dsn, runtime: Runtime) -> Tunnel | None:
    """What to do with a new connection to this proxy; None if there is nothing to do."""
    return None if proxy is None or proxy.forwards(dsn) else Tunnel(proxy, dsn, runtime)


def _check_head(head: bytes) -> None:
    match = _STATUS.match(head)
    status = int(match[1]) if match else 0
    # The server says nothing before we do, with TLS as without.
    if 200 <= status < 300 and head.endswith(b"\r\n\r\n"):
        return
    if status < 300:
        raise BadResponse("the proxy's answer is not HTTP")
    if status >= 500:
        raise ConnectError(f"the proxy can't reach the server: it answered {status}")
    if status == 407:
        raise ProxyError(f"{_WHO} (it answered 407)")
    raise ProxyError(f"the proxy refused: it answered {status}")


async def _reply_code(read: Read) -> bytes:
    """Read a SOCKS reply (RFC 1928, 6), and return its code. The address in it is of no use to us."""
    version, code, _, kind = await _exactly(read, 4)
    if version != _VERSION or kind not in _ADDRESS_SIZES:
        raise ValueError
    await _exactly(read, _ADDRESS_SIZES[kind] or (await _exactly(read, 1))[0])
    await _exactly(read, 2)
    return bytes((code,))


async def _exactly(read: Read, size: int) -> bytes:
    data = b""
    while len(data) < size:
        data += await _some(read, size - len(data))
    return data


async def _some(read: Read, most: int) -> bytes:
    data = await read(most)
    if not data:
        raise ConnectionLost("the connection was lost while the proxy was asked")
    return data
