"""Deliver from background threads, and keep on disk what is not delivered yet."""

from __future__ import annotations

from ..pipeline.defaults import BACKGROUND
from ..pipeline.spool import Spool
from ..pipeline.stack import Stack
from ..sinks.urllib3 import Urllib3Sink


class SpooledHTTPTransport(Stack):
    """Deliver from background threads, by urllib3. Events are on disk until they are delivered, in the folder that the
    option `spool` names: `Client(dsn + "?spool=/var/spool/shop", transport=SpooledHTTPTransport)`.
    """

    stages = (BACKGROUND[0], Spool(), *BACKGROUND[2:])
    sink = Urllib3Sink()
