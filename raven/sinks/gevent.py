"""HTTP from gevent's greenlets."""

from __future__ import annotations

from ..require import require
from ..runtimes import Runtime
from .sockets import SocketSink


class GeventSink(SocketSink):
    """POST from greenlets. While one waits, the others go on, whether the program is monkey-patched or not."""

    def __post_init__(self) -> None:
        super().__post_init__()
        require("gevent", "gevent", "this transport", "gevent")

    def runtime(self) -> Runtime:
        from ..runtimes.gevent import GeventRuntime

        return GeventRuntime()
