"""Deliver from Tornado's loop."""

from __future__ import annotations

from ..pipeline.defaults import MANY_WORKERS
from ..pipeline.stack import Stack
from ..sinks.tornado import TornadoSink


class TornadoHTTPTransport(Stack):
    """Deliver from tasks, up to 100 at a time. Only inside a Tornado loop."""

    stages = MANY_WORKERS
    sink = TornadoSink()
