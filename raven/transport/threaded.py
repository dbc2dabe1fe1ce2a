"""Deliver from background threads. The default."""

from __future__ import annotations

from ..pipeline.defaults import BACKGROUND
from ..pipeline.stack import Stack
from ..sinks.urllib3 import Urllib3Sink


class ThreadedHTTPTransport(Stack):
    """Deliver from background threads, by urllib3."""

    stages = BACKGROUND
    sink = Urllib3Sink()
