"""HTTP from a thread that does nothing but deliver."""

from __future__ import annotations

from typing import ClassVar

from ..runtimes.poll import PollRuntime
from .sockets import SocketSink


class PollSink(SocketSink):
    """POST from coroutines that take turns in one thread."""

    suspends: ClassVar[bool] = True

    def runtime(self) -> PollRuntime:
        return PollRuntime()
