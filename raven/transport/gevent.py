"""Deliver from gevent's greenlets."""

from __future__ import annotations

from ..pipeline.many_workers import MANY_WORKERS
from ..pipeline.stack import Stack
from ..sinks.gevent import GeventSink


class GeventedHTTPTransport(Stack):
    """Deliver from greenlets, up to 100 at a time (`maximum_outstanding_requests`). Only inside a gevent loop."""

    stages = MANY_WORKERS
    sink = GeventSink()
