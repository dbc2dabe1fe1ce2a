"""Deliver from tasks of asyncio's loop."""

from __future__ import annotations

from ..pipeline.many_workers import MANY_WORKERS
from ..pipeline.stack import Stack
from ..sinks.asyncio import AsyncioSink


class AsyncioHTTPTransport(Stack):
    """Deliver from tasks, up to 100 at a time. Only inside a loop."""

    stages = MANY_WORKERS
    sink = AsyncioSink()
