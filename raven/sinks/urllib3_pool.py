"""urllib3's connection pool, with a deadline that holds.

urllib3 gives a socket its timeout anew for each read, so a server that sends a byte now and then can hold a request for
ever. Here a timeout that is set on a socket is the time for everything that follows.
"""

from __future__ import annotations

import encodings.idna  # noqa: F401  resolving a name imports it, and a fork must not come in between
import errno
import queue
import socket
import ssl
import time
from typing import Any

from urllib3 import HTTPConnectionPool, HTTPSConnectionPool, Timeout
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import ConnectTimeoutError

from ..dsn import Dsn
from ..runtimes import drive
from ..runtimes.threads import ThreadRuntime
from .places import Places
from .resolve import Address
from .route import Route
from .tls import TLSSettings
from .tunnel import Read, Write

_LEAST = 0.001
"""Seconds. A timeout of 0 would mean not to block at all."""


_TLS_BROKEN = (ssl.SSLEOFError, ssl.SSLZeroReturnError, ssl.SSLSyscallError)


class StaleConnection(ConnectionResetError):
    """A connection that had served before broke before the next answer began."""


class Until(Timeout):
    """The time until a moment of the monotonic clock. urllib3's own starts only when a connection is free."""

    def __init__(self, deadline: float) -> None:
        super().__init__()
        self._deadline = deadline

    def clone(self) -> Until:
        return Until(self._deadline)

    @property
    def connect_timeout(self) -> float:
        return max(_LEAST, self._deadline - time.monotonic())

    @property
    def read_timeout(self) -> float:
        return self.connect_timeout


def make_pool(dsn: Dsn, tls: TLSSettings | None, connections: int, route: Route) -> HTTPConnectionPool:
    """A pool for one server, of that many connections at most. Nothing is connected yet.

    urllib3 is not told of a proxy: to it, the connections are to the server.
    """
    if tls is None:
        plain = _Pool(dsn.host, dsn.port, maxsize=connections, block=True)
        plain.conn_kw["route"] = route
        return plain
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.sslsocket_class = _DeadlineSSLSocket
    tls.apply(context)
    pool = _TLSPool(dsn.host, dsn.port, maxsize=connections, block=True, ssl_context=context)
    pool.conn_kw["route"] = route
    return pool


class _Deadline:
    """Mixed into a socket class: a timeout is the time for all that follows, not for each step of it.

    gevent's sockets, which a monkey-patched program has, give themselves options that others lack.
    """

    _deadline: float | None = None

    def settimeout(self, seconds: float | None) -> None:
        self._deadline = None if seconds is None else time.monotonic() + seconds
        super().settimeout(seconds)  # type: ignore[misc]

    def gettimeout(self) -> float | None:
        return None if self._deadline is None else max(_LEAST, self._deadline - time.monotonic())

    def recv_into(self, *arguments: Any, **options: Any) -> int:
        self._arm()
        return super().recv_into(*arguments, **options)  # type: ignore[misc, no-any-return]

    def recv(self, *arguments: Any, **options: Any) -> bytes:
        self._arm()
        return super().recv(*arguments, **options)  # type: ignore[misc, no-any-return]

    def send(self, *arguments: Any, **options: Any) -> int:
        self._arm()
        return super().send(*arguments, **options)  # type: ignore[misc, no-any-return]

    def sendall(self, *arguments: Any, **options: Any) -> None:
        self._arm()
        super().sendall(*arguments, **options)  # type: ignore[misc]

    def _arm(self) -> None:
        if self._deadline is None:
            return
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError("timed out")
        super().settimeout(left)  # type: ignore[misc]


class _DeadlineSocket(_Deadline, socket.socket):
    pass


class _DeadlineSSLSocket(_Deadline, ssl.SSLSocket):
    pass


class _Exchanges:
    """Mixed into a connection class: connects within the time, and knows a stale connection when it breaks."""

    sock: Any
    host: str
    timeout: float | None
    socket_options: Any

    def __init__(self, *arguments: Any, route: Route, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._route = route
        self._answers = 0

    def _new_conn(self) -> socket.socket:
        self._answers = 0
        seconds = self.timeout or 0.0
        deadline = time.monotonic() + seconds

        async def connect(address: Address, left: float) -> socket.socket:
            return _connected(address, self.socket_options or (), left, deadline)

        try:
            return drive(self._route.connect(connect, _ends, seconds))
        except TimeoutError as error:
            raise ConnectTimeoutError(self, "not connected in time") from error

    def send(self, data: Any) -> None:
        try:
            super().send(data)  # type: ignore[misc]
        except _TLS_BROKEN:
            # As without TLS: urllib3 then looks for an answer that came before.
            raise BrokenPipeError(errno.EPIPE, "the connection was lost") from None

    def getresponse(self) -> Any:
        try:
            response = super().getresponse()  # type: ignore[misc]
        except (ConnectionError, *_TLS_BROKEN) as error:
            if self._answers:
                raise StaleConnection(error.errno, "the server had closed it") from None
            raise
        self._answers += 1
        return response


class _Connection(_Exchanges, HTTPConnection):
    pass


class _TLSConnection(_Exchanges, HTTPSConnection):
    pass


class _Places(queue.LifoQueue[Any]):
    """What urllib3 takes for a queue with its connections.

    It closes them in an exit handler of its own, for which it takes all places away, without waiting, as nobody else does.
    Whoever sends after that would wait for one in vain, so the places stay.
    """

    def __init__(self, maxsize: int = 0) -> None:
        super().__init__(maxsize)
        self._places: Places[Any] = Places(maxsize, ThreadRuntime())

    def put(self, connection: Any, block: bool = True, timeout: float | None = None) -> None:
        if block:  # urllib3 fills its queue with None in the beginning
            return
        self._places.give(connection)

    def get(self, block: bool = True, timeout: float | None = None) -> Any:
        if block:
            try:
                return drive(self._places.take(time.monotonic() + (timeout or 0.0)))
            except TimeoutError:
                raise queue.Empty from None
        connection = self._places.take_idle()
        if connection is None:
            raise queue.Empty
        return connection


class _Waiting:
    """Mixed into a pool class: the wait for a free connection is a part of the timeout, whoever asks."""

    def urlopen(self, *arguments: Any, timeout: Until, **options: Any) -> Any:
        options["pool_timeout"] = timeout.connect_timeout
        return super().urlopen(*arguments, timeout=timeout, **options)  # type: ignore[misc]


class _Pool(_Waiting, HTTPConnectionPool):  # type: ignore[misc]
    ConnectionCls = _Connection
    QueueCls = _Places


class _TLSPool(_Waiting, HTTPSConnectionPool):  # type: ignore[misc]
    ConnectionCls = _TLSConnection
    QueueCls = _Places

    def _validate_conn(self, conn: Any) -> None:
        # As in urllib3, but for its warning of each unverified request. The sink has logged one.
        if conn.is_closed:
            conn.connect()


def _connected(address: Address, options: Any, left: float, deadline: float) -> socket.socket:
    family, kind, protocol, _, place = address
    sock = _DeadlineSocket(family, kind, protocol)
    try:
        for option in options:
            sock.setsockopt(*option)
        sock.settimeout(left)
        sock.connect(place)
        sock.settimeout(max(_LEAST, deadline - time.monotonic()))
    except BaseException:
        sock.close()
        raise
    return sock


def _ends(sock: socket.socket) -> tuple[Write, Read]:
    async def write(data: bytes) -> None:
        sock.sendall(data)

    async def read(most: int) -> bytes:
        return sock.recv(most)

    return write, read
