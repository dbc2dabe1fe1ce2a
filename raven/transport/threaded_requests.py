"""Deliver from background threads by requests."""

from __future__ import annotations

from ..pipeline.defaults import BACKGROUND
from ..pipeline.stack import Stack
from ..sinks.requests import RequestsSink


class ThreadedRequestsHTTPTransport(Stack):
    """Deliver from background threads, by requests. Otherwise as `ThreadedHTTPTransport`."""

    stages = BACKGROUND
    sink = RequestsSink()
