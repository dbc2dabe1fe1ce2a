"""Deliver from Twisted's reactor."""

from __future__ import annotations

from ..pipeline.many_workers import MANY_WORKERS
from ..pipeline.stack import Stack
from ..sinks.twisted import TwistedSink


class TwistedHTTPTransport(Stack):
    """Deliver from coroutines, up to 100 at a time. Only inside a Twisted reactor."""

    stages = MANY_WORKERS
    sink = TwistedSink()
