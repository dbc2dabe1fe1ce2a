"""Connections of urllib3's that go our way to the server, through the proxy that leads there, within a time."""

from __future__ import annotations

import encodings.idna  # noqa: F401  resolving a name imports it, and a fork must not come in between
import socket
import ssl
import time
from collections.abc import Callable, Coroutine
from typing import Any

from urllib3.connection import HTTPConnection, HTTPSConnection

from ..dsn import Dsn
from ..runtimes import drive
from .connections import Connections
from .stream import Stream
from .translate import of_socket

Reach = Callable[[], Coroutine[Any, Any, Stream]]

_LEAST = 0.001
"""Seconds. A timeout of 0 would mean not to block at all."""


class Urllib3Connections(Connections):
    """Those that urllib3 makes."""

    async def _connect(self, deadline: float) -> Stream:
        try:
            return connect(self._dsn, self._context(), lambda: self._reach(deadline), deadline)
        except OSError as error:  # of TLS
            raise of_socket(error) from None


def connect(dsn: Dsn, context: ssl.SSLContext | None, reach: Reach, deadline: float) -> Stream:
    """A connection to the server, with TLS if there is a context. `reach` makes one without TLS.

    Raises what `reach` does, or an OSError of TLS.
    """
    connection: _Connection | _TLSConnection
    if context is None:
        connection = _Connection(dsn.host, dsn.port, reach=reach, deadline=deadline)
    else:
        connection = _TLSConnection(dsn.host, dsn.port, reach=reach, deadline=deadline, ssl_context=context)
    try:
        connection.connect()
    except BaseException:
        connection.close()
        raise
    stream = connection.stream
    stream.socket = connection.sock
    stream.socket.setblocking(False)
    return stream


class _Reaching:
    """Mixed into a connection class: where urllib3 would resolve the name and connect, we do."""

    stream: Stream

    def __init__(self, *arguments: Any, reach: Reach, deadline: float, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._reach = reach
        self._deadline = deadline

    def _new_conn(self) -> socket.socket:
        self.stream = drive(self._reach())
        # The time for the whole handshake, which Python does not begin anew for each of its steps.
        self.stream.socket.settimeout(max(_LEAST, self._deadline - time.monotonic()))
        return self.stream.socket


class _Connection(_Reaching, HTTPConnection):
    pass


class _TLSConnection(_Reaching, HTTPSConnection):
    pass
