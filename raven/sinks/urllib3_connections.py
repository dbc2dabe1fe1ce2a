"""Connections of urllib3's that go our way to the server, through the proxy that leads there, within a time."""

from __future__ import annotations

import encodings.idna  # noqa: F401  resolving a name imports it, and a fork must not come in between
import socket
from collections.abc import Callable, Coroutine
from typing import Any

from urllib3.connection import HTTPConnection

from ..runtimes import drive
from .connections import Connections
from .stream import Stream

Reach = Callable[[], Coroutine[Any, Any, Stream]]


class Urllib3Connections(Connections):
    """Those that urllib3 makes.

    TLS is begun by ourselves: where gevent or Eventlet has patched Python, each step of a handshake of urllib3's has the
    whole time anew.
    """

    async def _reach(self, deadline: float) -> Stream:
        reach = super()._reach
        connection = _Connection(self._dsn.host, self._dsn.port, reach=lambda: reach(deadline))
        connection.connect()
        return connection.stream


class _Connection(HTTPConnection):
    """Where urllib3 would resolve the name and connect, `reach` does."""

    stream: Stream

    def __init__(self, *arguments: Any, reach: Reach, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._reach = reach

    def _new_conn(self) -> socket.socket:
        self.stream = drive(self._reach())
        return self.stream.socket
