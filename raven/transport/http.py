"""Deliver at once, and hold the program up meanwhile."""

from __future__ import annotations

from ..pipeline.foreground import FOREGROUND
from ..pipeline.stack import Stack
from ..sinks.urllib3 import Urllib3Sink


class HTTPTransport(Stack):
    """Deliver in the thread that captures, by urllib3. For scripts, and for programs that must not have threads.

    A capture returns when the event is delivered or dropped, after `total_timeout` (2.5) seconds at the latest.
    """

    stages = FOREGROUND
    sink = Urllib3Sink()
