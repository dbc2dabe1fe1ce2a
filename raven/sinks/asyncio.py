"""HTTP on asyncio's loop, which is Tornado's as well."""

from __future__ import annotations

from typing import ClassVar

from ..runtimes import Runtime
from .sockets import SocketSink


class AsyncioSink(SocketSink):
    """POST from tasks of the loop, which it never blocks."""

    suspends: ClassVar[bool] = True

    def runtime(self) -> Runtime:
        from ..runtimes.asyncio import AsyncioRuntime

        return AsyncioRuntime()
