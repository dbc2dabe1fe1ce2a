"""Blocking HTTP, on connections that urllib3 makes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..options import option
from ..runtimes import Runtime
from ..runtimes.threads import ThreadRuntime
from . import Sink
from .sockets import SocketSink

if TYPE_CHECKING:
    from .connections import Connections


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

    def load(self) -> type[Connections]:
        from .urllib3_connections import Urllib3Connections

        return Urllib3Connections
