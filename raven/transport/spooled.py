"""Deliver from background threads, and keep on disk what is not delivered yet."""

from __future__ import annotations

from ..pipeline.breaker import Breaker
from ..pipeline.defaults import BACKGROUND
from ..pipeline.queue import Queue
from ..pipeline.spool import Spool
from ..pipeline.stack import Stack
from ..pipeline.stage import Stage
from ..sinks.urllib3 import Urllib3Sink

# What would wait in the breaker waits on disk.
_SPOOLED: dict[type[Stage], Stage] = {Queue: Spool(), Breaker: Breaker(longest_outage=0)}


class SpooledHTTPTransport(Stack):
    """Deliver from background threads, by urllib3. Events are on disk until they are delivered, in the folder that the
    option `spool` names: `Client(dsn + "?spool=/var/spool/shop", transport=SpooledHTTPTransport)`.
    """

    stages = tuple(_SPOOLED.get(type(stage), stage) for stage in BACKGROUND)
    sink = Urllib3Sink()
