"""HTTP on Twisted's reactor."""

from __future__ import annotations

from typing import ClassVar

from ..require import require
from ..runtimes import Runtime
from .sockets import SocketSink


class TwistedSink(SocketSink):
    """POST from coroutines that the reactor carries on, and never block it. TLS is Python's own, so that pyOpenSSL isn't
    needed.
    """

    suspends: ClassVar[bool] = True

    def __post_init__(self) -> None:
        super().__post_init__()
        require("twisted", "twisted", "this transport", "twisted")

    def runtime(self) -> Runtime:
        from ..runtimes.twisted import TwistedRuntime

        return TwistedRuntime()
