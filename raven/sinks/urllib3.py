"""Blocking HTTP, on connections that urllib3 makes."""

from __future__ import annotations

from dataclasses import dataclass

from ..first_import import first_import
from ..options import option
from ..pipeline.stage import Context
from ..runtimes import Runtime
from ..runtimes.threads import ThreadRuntime
from . import Sink
from .sockets import BoundSocketSink, SocketSink
from .stream import Stream
from .translate import of_socket


@dataclass(frozen=True, repr=False)
class Urllib3Sink(SocketSink):
    """POST the body and wait for the answer. Connections are kept open and shared by all threads; none is opened, and
    urllib3 is not imported, before the first request. At most `connections` (default 10) are used at once.

    urllib3 makes the connections, and no more: its own way to write a request and to read an answer costs several times
    what all the rest of a delivery does.
    """

    connections: int = option(10, minimum=1, maximum=1_000)

    def runtime(self) -> Runtime:
        return ThreadRuntime()

    def at_exit(self) -> Sink:
        return self

    def bind(self, context: Context) -> BoundUrllib3:
        return BoundUrllib3(self, context)


class BoundUrllib3(BoundSocketSink):
    """The connections to one server, by way of its proxy if there is one."""

    async def _connect(self, deadline: float) -> Stream:
        with first_import():
            from .urllib3_connection import connect

        try:
            return connect(self._dsn, self._context(), lambda: self._reach(deadline), deadline)
        except OSError as error:  # of TLS
            raise of_socket(error) from None
