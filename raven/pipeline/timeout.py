"""Bound one attempt."""

from __future__ import annotations

from typing import ClassVar

from ..options import option
from ..request import Request, Response, Send
from .stage import Context, Stage


class Timeout(Stage):
    """Give what lies below `timeout` seconds (default 1) in all: to find, to connect, to send and to be answered.

    It writes the deadline, and the sink keeps it. Stands below Retry to bound each attempt. Above Retry it bounds all of
    them together, as `Retry(total_timeout=...)` does anyway.
    """

    role: ClassVar[str] = "timeout"
    below: ClassVar[dict[str, str]] = {"queue": "the time spent waiting in the queue would count"}

    timeout: float = option(1.0, above=0, unit="seconds")

    def bind(self, send: Send, context: Context) -> Send:
        seconds, monotonic = self.timeout, context.runtime.monotonic

        async def timeout(request: Request) -> Response:
            overall = request.deadline
            request.due(monotonic() + seconds)
            try:
                return await send(request)
            finally:
                request.deadline = overall  # the next attempt has its own

        return timeout
