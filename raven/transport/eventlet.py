"""Deliver from Eventlet's green threads."""

from __future__ import annotations

from ..pipeline.many_workers import MANY_WORKERS
from ..pipeline.stack import Stack
from ..sinks.eventlet import EventletSink


class EventletHTTPTransport(Stack):
    """Deliver from green threads, up to 100 at a time (`pool_size`). Only inside an Eventlet loop."""

    stages = MANY_WORKERS
    sink = EventletSink()
