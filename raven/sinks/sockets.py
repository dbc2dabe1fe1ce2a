"""HTTP on plain sockets, for every runtime that can wait for one."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, ClassVar

from ..options import option
from ..pipeline.stage import Context
from . import Sink
from .http import HTTPSink, warn_if_unverified
from .later import Later

if TYPE_CHECKING:
    from .connections import Connections


class SocketSink(HTTPSink):
    """POST the body and wait for the answer, as the runtime waits. Connections are kept open; none is opened, and nothing
    that is needed for one is imported, before the first request. At most `connections` (default 100) are used at once.

    At the interpreter's exit `Urllib3Sink` takes its place.
    """

    suspends: ClassVar[bool] = False

    connections: int = option(100, minimum=1, maximum=1_000)

    def at_exit(self) -> Sink:
        from .urllib3 import Urllib3Sink

        return Urllib3Sink(**self.options())

    def bind(self, context: Context) -> Later[Connections]:
        tls, proxy = self.tls(context.dsn), self.proxy(context.dsn)  # what is wrong with them is better known now
        warn_if_unverified(context.dsn, tls)
        # uWSGI ends Python from an exit handler of C, and there OpenSSL can't be loaded any more.
        if "uwsgi" in sys.modules:
            import ssl  # noqa: F401
        return Later(lambda: self.load()(context, tls, proxy, self.connections))

    def load(self) -> type[Connections]:
        """Import what sends."""
        from .connections import Connections

        return Connections
