"""Deliver from Tornado's loop."""

from __future__ import annotations

from ..pipeline.many_workers import MANY_WORKERS
from ..pipeline.stack import Stack
from ..sinks.asyncio import AsyncioSink


class TornadoHTTPTransport(Stack):
    """Deliver from tasks, up to 100 at a time. Only inside a Tornado loop, which is asyncio's.

    Not by Tornado's own client, which makes a connection for each request. So it needs no package, not even Tornado.
    """

    stages = MANY_WORKERS
    sink = AsyncioSink()
