"""Deliver at once by requests, and hold the program up meanwhile."""

from __future__ import annotations

from ..pipeline.foreground import FOREGROUND
from ..pipeline.stack import Stack
from ..sinks.requests import RequestsSink


class RequestsHTTPTransport(Stack):
    """Deliver in the thread that captures, by requests. Otherwise as `HTTPTransport`.

    A capture returns when the event is delivered or dropped, after `total_timeout` (2.5) seconds at the latest.
    """

    stages = FOREGROUND
    sink = RequestsSink()
