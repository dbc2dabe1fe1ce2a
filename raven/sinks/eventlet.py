"""HTTP from Eventlet's green threads."""

from __future__ import annotations

from ..require import require
from ..runtimes import Runtime
from .sockets import SocketSink


class EventletSink(SocketSink):
    """POST from green threads. While one waits, the others go on, whether the program is monkey-patched or not."""

    def __post_init__(self) -> None:
        super().__post_init__()
        require("eventlet", "eventlet", "this transport", "eventlet")

    def runtime(self) -> Runtime:
        from ..runtimes.eventlet import EventletRuntime

        return EventletRuntime()
